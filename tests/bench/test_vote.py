"""Casting a ballot, as a ladder in one run: the same statements raw, the service, HTTP with the production server.

Every layer casts ballots nobody cast before, on a durable server of its own, at 1, 8 and 32 clients in turn; over HTTP
by browsers let in by a slip's code and by browsers that are signed in. Goals (performance.md): HTTP ≥ 0.7 × the three raw
statements at 32 clients, p99 ≤ 50 ms; 300 deputies within 60 s at p95 ≤ 500 ms; 1 300 votes and 100 000 ballots in ≤ 60 s.
Measured or not: an error, a ballot that was acknowledged and is not in its box, or one that is there twice, fails.
"""

from __future__ import annotations

import json
import os
import secrets
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from queue import SimpleQueue
from random import Random
from typing import Any
from urllib.parse import urlencode

import psutil
import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.middleware.csrf import _mask_cipher_secret
from django.test import Client, override_settings

from projects.ballots import boxes, rolls, sealing, together
from projects.ballots.casting import Voter
from projects.ballots.models import Box
from projects.ballots.rules import Paper
from projects.cycles.models import RollLine
from projects.portal import voter_admission as door
from projects.site.env import PROJECT
from projects.site.postgres import DATABASE, Cluster
from tests.bench.large import own_server
from tests.bench.report import milliseconds, publish
from tests.polling import (
    FORM_KEY,
    PAPER,
    Phone,
    admission,
    connected_to,
    token_on,
    token_with,
    tracker_on,
    web_server,
)
from tests.projects.ballots.conftest import Hall, new_hall, quick_stretching  # noqa: F401
from tests.site.test_supervisor import _free_port
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import User

ENTER = "/ballot/"
CLIENTS, ROUNDS, BALLOTS = (1, 8, 32), 3, {1: 300, 8: 1_500, 32: 3_000}
WARM = 1_000  # ballots before the clock runs, until every thread of the web server has its connection
TITLES = tuple(f"项目{n}" for n in range(1, 13))
HALL, SPREAD_SECONDS = 300, 50
TOWNS, PROVINCE, DEPUTIES = 1_300, 100_000, 77  # 1 300 × 77 > 100 000
# As many processes of the web server as production starts here by itself.
WORKERS, THREADS = min(os.cpu_count() or 1, 4), settings.WEB_THREADS
RAW, ALONE, TOGETHER = "raw, three statements", "service, each alone", "service"
BY_CODE, SIGNED_IN = "HTTP, by code", "HTTP, signed in"

# A township with its session, its open vote and its roll, copied from one that was opened through the services.
BASE = 1_000_000
COPIES = {
    "workflow_unit": "jsonb_build_object('id', n, 'code', 'P' || n)",
    "projects_session": "jsonb_build_object('id', n, 'unit_id', n)",
    "projects_vote": "jsonb_build_object('id', n, 'unit_id', n, 'session_id', n)",
    "projects_option": "jsonb_build_object('id', n * 1000::bigint + (t).id, 'unit_id', n, 'vote_id', n)",
    "projects_rollline": "jsonb_build_object('id', n * 1000::bigint + (t).id, 'unit_id', n, 'session_id', n)",
    "projects_rollentry": "jsonb_build_object('id', n * 1000::bigint + (t).id, 'unit_id', n, 'vote_id', n,"
    " 'line_id', n * 1000::bigint + (t).line_id, 'code_used', true,"
    " 'code_hash', encode(sha256(convert_to('code of ' || n * 1000::bigint + (t).id, 'UTF8')), 'hex'))",
}


@dataclass
class Ballots:
    """Deputies who have not voted, handed out once each, and what they vote on; hall: the vote the others copy."""

    hall: Hall
    paper: Paper
    voters: list[Voter]

    @property
    def public_key(self) -> str:
        return self.hall.vote.public_key

    def next(self, number: int) -> list[Voter]:
        """So many deputies of as few townships as may be, which vote side by side: who comes when is drawn by lot."""
        taken, self.voters = self.voters[:number], self.voters[number:]
        assert len(taken) == number, "too few deputies"
        return Random(number).sample(taken, number)


@pytest.fixture
def cluster(template_database: str) -> Iterator[Cluster]:
    """A durable server of its own: what is acknowledged is on the disk."""
    with own_server(template_database, durable=True) as made:
        yield made


@pytest.fixture
def votes(
    cluster: Cluster,
    quick_stretching: None,  # noqa: F811
    new_hall: Callable[..., Hall],  # noqa: F811
    django_db_blocker: Any,
) -> Iterator[Callable[[int], Ballots]]:
    """Make a hall with an open vote, and so many townships that are copies of it, 77 deputies on every roll."""

    def several(number: int) -> Ballots:
        with within(SYSTEM):
            hall = new_hall(TITLES, deputies=HALL, seats=5)
            hall.hold_keys()
            hall.open()
            paper = boxes.paper_of(hall.vote)
        copy(cluster, hall, number)
        with within(SYSTEM), connection.cursor() as cursor:
            cursor.execute(
                "SELECT unit_id, vote_id, id, left(code_hash, %s) FROM projects_rollentry WHERE id > %s",
                [door.OF_HASH, BASE],
            )
            return Ballots(hall, paper, [Voter(*row) for row in cursor.fetchall()])

    with django_db_blocker.unblock(), connected_to(cluster):
        yield several


def copy(cluster: Cluster, hall: Hall, number: int) -> None:
    own = {
        "workflow_unit": ("id", hall.unit.pk),
        "projects_session": ("id", hall.vote.session_id),
        "projects_vote": ("id", hall.vote.pk),
        "projects_rollline": ("session_id", hall.vote.session_id),
    }
    with cluster.superuser(DATABASE) as opened:
        opened.execute(
            "SET session_replication_role = 'replica'"
        )  # no act, and no change to be caught either
        for table, changes in COPIES.items():
            column, value = own.get(table, ("vote_id", hall.vote.pk))
            opened.execute(
                f"INSERT INTO {table} SELECT (jsonb_populate_record(t, {changes})).*"
                f" FROM (SELECT t FROM {table} t WHERE {column} = {value} ORDER BY id LIMIT {DEPUTIES}) copied"
                f" CROSS JOIN generate_series({BASE} + 1, {BASE} + {number}) n"
            )
        opened.execute("VACUUM ANALYZE")


# The layers: each casts for all these voters by so many clients and says how long each ballot took


@dataclass
class Run:
    """latencies and wall in seconds. receipts: what the voters were told; errors: how many were told none, by reason."""

    latencies: list[float]
    wall: float
    receipts: list[str]
    errors: Counter[str] = field(default_factory=Counter)


def by_threads(clients: int, voters: list[Voter], work: Callable[[Voter], str]) -> Run:
    """work: cast, and say the receipt."""
    waiting, latencies, receipts, mutex = iter(voters), list[float](), list[str](), threading.Lock()

    def client() -> None:
        mine = []
        while True:
            with mutex:
                voter = next(waiting, None)
            if voter is None:
                break
            start = time.perf_counter()
            receipts.append(work(voter))
            mine.append(time.perf_counter() - start)
        latencies.extend(mine)
        connection.close()

    start = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        for done in [pool.submit(client) for _ in range(clients)]:
            done.result()
    return Run(latencies, time.perf_counter() - start, receipts)


def raw(cluster: Cluster, clients: int, voters: list[Voter]) -> Run:
    """Lock the vote, mark the roll, fill the box, commit: psycopg alone, connected before the clock runs, nothing sealed."""
    opened = [psycopg.connect(cluster.urls().app, prepare_threshold=0) for _client in range(clients)]
    free = SimpleQueue[psycopg.Connection[Any]]()
    for one in opened:
        one.execute("SELECT set_config('piaojue.mode', 'system', false)")
        one.commit()
        free.put(one)

    def work(voter: Voter) -> str:
        own = free.get_nowait()
        own.execute("SELECT 1 FROM projects_vote WHERE id = %s AND state = 'open' FOR SHARE", [voter.vote_id])
        key, cipher = secrets.token_hex(32), secrets.token_bytes(76)
        own.execute(
            "UPDATE projects_rollentry SET voted = true, mark = %s WHERE id = %s AND vote_id = %s AND NOT voted",
            [key, voter.entry_id, voter.vote_id],
        )
        own.execute(
            "INSERT INTO projects_box (key, unit_id, vote_number, cipher) VALUES (%s, %s, %s, %s)",
            [key, voter.unit_id, voter.vote_id, cipher],
        )
        own.commit()
        free.put(own)
        return sealing.tracker_of(cipher)

    found = by_threads(clients, voters, work)
    for one in opened:
        one.close()
    return found


def service(ballots: Ballots, clients: int, voters: list[Voter], *, alone: bool = False) -> Run:
    marks = [TITLES[0], TITLES[3]]

    def work(voter: Voter) -> str:
        return together.cast(voter, marks, ballots.paper, sealing.new_token(), ballots.public_key).tracker

    with override_settings(GROUP_COMMIT=not alone):
        return by_threads(clients, voters, work)


def cookies_by_code(voter: Voter) -> dict[str, str]:
    """What a browser holds that was let in by the code of a slip."""
    return {"ballot": admission(voter.unit_id, voter.vote_id, voter.entry_id, code=voter.code)}


def cookies_signed_in(voter: Voter, session: str = "") -> dict[str, str]:
    """What a browser holds that is signed in. session: its key, as good as any: the ballot is bound to it by its hash."""
    key = session or secrets.token_hex(16)
    bound = admission(voter.unit_id, voter.vote_id, voter.entry_id, session=door.hash_of_session(key))
    return {"sessionid": key, "ballot": bound}


def over_http(
    port: int, clients: int, voters: list[Voter], cookies_of: Callable[[Voter], dict[str, str]]
) -> Callable[[], Run]:
    """The last request of a ballot, checked against forgery; made ready before it runs."""
    marks = {f"m{n}": str(int(n in (1, 4))) for n in range(1, len(TITLES) + 1)}
    requests = []
    for voter in voters:
        cookies = {"csrftoken": FORM_KEY} | cookies_of(voter)
        token = token_with(cookies["ballot"], sealing.new_token())
        secret = {"token": token, "csrfmiddlewaretoken": _mask_cipher_secret(FORM_KEY)}
        body = urlencode({"op": "cast"} | secret | marks)
        requests.append(["; ".join(f"{name}={value}" for name, value in cookies.items()), body])
    given = json.dumps({"port": port, "clients": clients, "requests": requests})

    def run() -> Run:
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.load"], cwd=PROJECT, capture_output=True, text=True, check=True,
            input=given,
        )  # fmt: skip
        told = json.loads(done.stdout)
        return Run(told["latencies"], told["seconds"], told["receipts"], Counter(told["errors"]))

    return run


def sessions_of(hall: Hall, names: list[str]) -> list[str]:
    """Sign these deputies in; the keys of their sessions."""
    keys = []
    with within(SYSTEM):
        for name in names:
            user = User.objects.create(username=name, name=name)
            RollLine.objects.filter(pk=hall.line(name).pk).update(user=user)
            browser = Client()
            browser.force_login(user)
            keys.append(browser.session.session_key)
    return keys


def codes_of(hall: Hall, names: list[str]) -> list[str]:
    """Print these deputies' slips; the codes on them."""
    with within(SYSTEM):
        lines = [hall.line(name).pk for name in names]
        return [code for _entry, code in rolls.new_codes(hall.act("clerk"), hall.locked, lines)]


def assert_both_are_let_in_so(hall: Hall, port: int) -> None:
    """The cookies of the ladder are those the site itself gives to whoever comes in by code and by signing in."""
    [code], [session] = codes_of(hall, ["代表1"]), sessions_of(hall, ["代表2"])
    with within(SYSTEM):
        first, second = hall.entry("代表1"), hall.entry("代表2")
    with_code = Voter(first.unit_id, first.vote_id, first.pk, first.code_hash[: door.OF_HASH])
    by_code, signed_in = Phone(port), Phone(port, {"sessionid": session})
    by_code.post(ENTER, {"code": code})
    signed_in.get(ENTER)
    assert by_code.cookies["ballot"] == cookies_by_code(with_code)["ballot"]
    wanted = cookies_signed_in(Voter(second.unit_id, second.vote_id, second.pk), session)
    assert signed_in.cookies["ballot"] == wanted["ballot"]


# What became of the ballots


def in_the_boxes() -> Counter[str]:
    """The receipts of all ballots there are."""
    with within(SYSTEM):
        ciphers = Box.objects.values_list("cipher", flat=True)
        return Counter(sealing.tracker_of(bytes(cipher)) for cipher in ciphers)


def lost(receipts: list[str], stored: Counter[str]) -> int:
    """How many were acknowledged and are nowhere."""
    return (Counter(receipts) - stored).total()


def doubled() -> int:
    """How many ballots there are more, or fewer, than marks on the roll of their vote."""
    with within(SYSTEM), connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(abs(coalesce(b.n, 0) - coalesce(r.n, 0))), 0)"
            " FROM (SELECT vote_number, count(*) AS n FROM projects_box GROUP BY 1) b FULL JOIN"
            " (SELECT vote_id, count(*) AS n FROM projects_rollentry WHERE voted GROUP BY 1) r ON vote_id = vote_number"
        )
        return int(cursor.fetchone()[0])


def cpu_of(web: int, database: int) -> Counter[str]:
    """Seconds of processor time used so far: by the web server, the database, and here (the clients, living or ended)."""
    used = Counter({"here": sum(psutil.Process().cpu_times()[:4])})
    for name, pid in (("web", web), ("database", database)):
        for one in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                used[name] += sum(one.cpu_times()[:4])
    return used


def median_of(runs: list[dict[str, float]]) -> dict[str, float]:
    return {name: round(statistics.median(run[name] for run in runs), 3) for name in runs[0]}


@pytest.mark.bench
def test_casting_a_ballot(votes: Callable[[int], Ballots], cluster: Cluster, tmp_path: Path) -> None:
    ballots, port = votes((5 * ROUNDS * sum(BALLOTS.values()) + 2 * WARM) // DEPUTIES + 1), _free_port()
    seen: dict[tuple[str, int], list[Run]] = {}
    cpu: dict[tuple[str, int], list[dict[str, float]]] = {}
    layers: dict[str, Callable[[int, list[Voter]], Callable[[], Run]]] = {
        RAW: lambda clients, voters: partial(raw, cluster, clients, voters),
        ALONE: lambda clients, voters: partial(service, ballots, clients, voters, alone=True),
        TOGETHER: lambda clients, voters: partial(service, ballots, clients, voters),
        BY_CODE: lambda clients, voters: over_http(port, clients, voters, cookies_by_code),
        SIGNED_IN: lambda clients, voters: over_http(port, clients, voters, cookies_signed_in),
    }
    with web_server(tmp_path, cluster, port, workers=WORKERS, threads=THREADS) as web:
        assert cluster.postmaster_pid
        running = web, cluster.postmaster_pid
        assert_both_are_let_in_so(ballots.hall, port)
        warm = [
            over_http(port, 2 * THREADS, ballots.next(WARM), way)()
            for way in (cookies_by_code, cookies_signed_in)
        ]
        for _round in range(ROUNDS):
            for clients in CLIENTS:
                for name, layer in layers.items():
                    voters = ballots.next(BALLOTS[clients])
                    run, before = layer(clients, voters), cpu_of(*running)
                    seen.setdefault((name, clients), []).append(run())
                    after = cpu_of(*running)
                    used = {f"cpu_{who}_ms": 1000 * (after[who] - before[who]) / len(voters) for who in after}
                    cpu.setdefault((name, clients), []).append(used)
    rates = {
        key: statistics.median(len(run.latencies) / run.wall for run in runs) for key, runs in seen.items()
    }
    stored, twice = in_the_boxes(), doubled()
    rows = [
        {
            "layer": name, "clients": clients, "ballots_per_s": round(rates[name, clients]),
            **milliseconds([one for run in runs for one in run.latencies]),
            **median_of(cpu[name, clients]),
            "of_raw": round(rates[name, clients] / rates[RAW, clients], 2),
            "errors": sum(run.errors.total() for run in runs),
            "lost": sum(lost(run.receipts, stored) for run in runs),
        }
        for (name, clients), runs in sorted(seen.items(), key=lambda one: (one[0][1], list(layers).index(one[0][0])))
    ]  # fmt: skip
    most = CLIENTS[-1]
    of_raw = {name: f"{rates[name, most] / rates[RAW, most]:.2f}" for name in (BY_CODE, SIGNED_IN)}
    of_http = median_of(cpu[SIGNED_IN, most])
    notes = [
        f"HTTP / raw at {most} clients: {of_raw[BY_CODE]} by code, {of_raw[SIGNED_IN]} signed in (goal ≥ 0.7, stretch 1.0)",
        f"processor time per ballot over HTTP, server and database: {of_http['cpu_web_ms'] + of_http['cpu_database_ms']:.2f} ms"
        " (Helios: 110 ms for 2 questions, 590 ms for 15)",
        f"web server: {WORKERS} process(es) of {THREADS} threads, profile demo (as production but for the files of the"
        " pages); requests as Chrome sends them, made ready before the clock runs, from a process of their own (here)",
        f"{ROUNDS} rounds of {BALLOTS} ballots by clients, layers in turn, fsync and synchronous_commit on;"
        f" {stored.total()} ballots in the boxes, {twice} more or fewer than marks on the rolls",
    ]
    publish("vote", rows, notes)
    errors = sum((run.errors for run in (*warm, *(one for runs in seen.values() for one in runs))), Counter())
    assert not errors, errors
    assert (sum(row["lost"] for row in rows), twice) == (0, 0)


# The day itself


@pytest.mark.bench
def test_three_hundred_deputies_within_a_minute(
    votes: Callable[[int], Ballots], cluster: Cluster, tmp_path: Path
) -> None:
    """From the slip's code, or from a page they are signed in on, to the receipt, each at a moment of their own."""
    ballots, port, latencies, errors = votes(1), _free_port(), list[float](), Counter[str]()
    names, receipts = [f"代表{n}" for n in range(1, HALL + 1)], list[str]()
    codes, sessions = codes_of(ballots.hall, names[::2]), sessions_of(ballots.hall, names[1::2])
    start = time.perf_counter() + 1

    def vote(number: int, secret: str) -> None:
        phone = Phone(port) if number % 2 == 0 else Phone(port, {"sessionid": secret})

        def ask(wanted: int, work: Callable[[], tuple[int, str]]) -> str:
            since = time.perf_counter()
            status, page = work()
            latencies.append(time.perf_counter() - since)
            errors.update([str(status)] if status != wanted else [])
            return page

        time.sleep(max(0, start + number * SPREAD_SECONDS / HALL - time.perf_counter()))
        if number % 2 == 0:
            ask(200, lambda: phone.get(f"{ENTER}c/{secret}/"))
            ask(302, lambda: phone.post(ENTER, {"code": secret}))
        else:
            ask(302, lambda: phone.get(ENTER))
        token = token_on(ask(200, lambda: phone.get(PAPER)))
        marks = {f"m{n}": str(int((number + n) % 3 == 0)) for n in range(1, len(TITLES) + 1)}
        for op in ("check", "cast"):
            page = ask(200, lambda op=op: phone.post(PAPER, marks | {"op": op, "token": token}))
        receipts.append(tracker_on(page))

    both = [one for pair in zip(codes, sessions, strict=True) for one in pair]
    with web_server(tmp_path, cluster, port, workers=WORKERS, threads=THREADS):
        with ThreadPoolExecutor(HALL) as pool:
            for done in [pool.submit(vote, number, secret) for number, secret in enumerate(both)]:
                done.result()
        seconds = time.perf_counter() - start
    row = {
        "deputies": HALL, "requests": len(latencies), "seconds": round(seconds),
        **milliseconds(latencies), "p95_ms": round(statistics.quantiles(latencies, n=20)[-1] * 1000, 1),
        "errors": errors.total(), "lost": lost(receipts, in_the_boxes()), "doubled": doubled(),
    }  # fmt: skip
    publish(
        "burst", [row], ["half by a slip's code, half signed in; goal: p95 ≤ 500 ms, p99 ≤ 1 s, 0 errors"]
    )
    assert (len(receipts), row["errors"], row["lost"], row["doubled"]) == (HALL, 0, 0, 0), errors


@pytest.mark.bench
def test_a_provinces_morning(votes: Callable[[int], Ballots]) -> None:
    """1 300 townships vote at once on one node; whoever votes where is drawn, so that no batch is of one vote."""
    ballots = votes(TOWNS)
    voters = ballots.next(PROVINCE)
    Random(20270120).shuffle(voters)
    connection.close()
    start = time.perf_counter()
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("fork")) as pool:
        shares = [pool.submit(cast_share, ballots, voters[n::WORKERS]) for n in range(WORKERS)]
        receipts = [receipt for share in shares for receipt in share.result()]
    seconds = time.perf_counter() - start
    row = {
        "votes": TOWNS, "ballots": len(receipts), "seconds": round(seconds, 1), "ballots_per_s": round(PROVINCE / seconds),
        "lost": lost(receipts, in_the_boxes()), "doubled": doubled(),
    }  # fmt: skip
    publish(
        "province",
        [row],
        [f"the service in {WORKERS} process(es) of {THREADS} threads; goal ≤ 60 s, 0 lost, 0 doubled"],
    )
    assert (len(receipts), row["lost"], row["doubled"]) == (PROVINCE, 0, 0)


def cast_share(ballots: Ballots, voters: list[Voter]) -> list[str]:
    """What one process casts; the receipts."""
    return service(ballots, THREADS, voters).receipts
