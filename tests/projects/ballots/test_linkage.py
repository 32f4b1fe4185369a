"""Who has the database and the machine cannot tell who voted how: an attacker pairs voters with ballots, no better than by chance.

Every voter's ballot is different, so a right pairing is a match and chance gives one match per vote. Deputies vote over
HTTP, half of them signed in and half by code, each in a transaction of its own. The attacker has every table that names
a deputy with its system columns, the dump, the write-ahead log, the logs of the server and the site, the broker's
folder, the letters, and the ballots as they leave the count, which nobody keeps. The same attack (attack.py) breaks a
schema as usual systems have it, by each of its leaks alone (integrity.md §2, §4).

Where it ends: while a vote is open, whoever has the database pairs deputies with sealed ballots, never with what is in
them, and the test asserts that it can. Closing writes box and roll anew, so the tables tell no pair any more; the
write-ahead log of the hours before still does, and so do the places of the old rows in the files until the server uses
them again. The run-time role cannot clear those (VACUUM is the owner's). The attack after closing therefore leaves the
log out: with it, it takes the database and two holders of the key together, whom the product does not claim to resist.
"""

from __future__ import annotations

import io
import logging
import math
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import combinations, islice
from random import Random
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.core.cache import cache
from django.test import Client
from psycopg.rows import dict_row

from projects.ballots import boxes, keys, rolls, sealing
from projects.ballots.models import RollEntry
from projects.cycles.models import RollLine
from tests.long import LONG
from tests.polling import token_with
from tests.projects.ballots.attack import Pairs, Source, best_guess, from_rows, from_text, matches
from tests.projects.ballots.conftest import Hall, opening
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import User

pytestmark = pytest.mark.long

TITLES = tuple(f"项目{n}" for n in range(1, 13))
SEATS = 5
PASSWORD = "试验用的密码-2027"
ROLL, BOX, SESSIONS = "projects_rollentry", "projects_box", "django_session"


def most_by_chance(votes: int) -> int:
    """Matches of blind guessing, and three standard deviations: 33 for 20 votes (integrity.md §4).

    Five for the few votes of a short run, which is made too often for one in four hundred to fail by chance.
    """
    return math.floor(votes + (3 if LONG else 5) * math.sqrt(votes))


# Voting


@dataclass
class Vote:
    """One vote that was held: who cast what, and the words by which a text would name them."""

    hall: Hall
    codes: dict[int, str]
    said: dict[int, tuple[str, ...]] = field(default_factory=dict)
    tracker: dict[int, str] = field(default_factory=dict)


@pytest.fixture
def votes(fresh_database: str, quick_stretching: None, new_hall: Any, size: Any) -> list[Vote]:
    """Votes under way on one roll; every second deputy has an account and signs in, the others have a code."""
    cache.clear()
    made: list[Vote] = []
    voters = size("linkage_voters", 16, 200)
    for _vote in range(size("linkage_votes", 3, 20)):
        with within(SYSTEM):
            hall = new_hall(TITLES, deputies=voters, seats=SEATS, beside=made[0].hall if made else None)
            if not made:
                give_accounts(hall)
            hall.hold_keys()
            hall.open()
            without = RollLine.objects.filter(session=hall.vote.session, user=None).values_list(
                "pk", flat=True
            )
            printed = rolls.new_codes(hall.act("clerk"), hall.locked, list(without))
            made.append(Vote(hall, {entry.pk: code for entry, code in printed}))
    return made


def give_accounts(hall: Hall) -> None:
    for line in list(RollLine.objects.filter(session=hall.vote.session).order_by("pk"))[::2]:
        user = User(username=f"deputy-{line.pk:06}", name=line.name)
        user.set_password(PASSWORD)
        user.save()
        line.user = user
        line.save(update_fields=["user"])


def hold(vote: Vote, draws: Random) -> None:
    """Every deputy casts a ballot nobody else casts, in an order drawn by lot."""
    with within(SYSTEM):
        users = dict(RollEntry.objects.filter(vote=vote.hall.vote).values_list("pk", "line__user__username"))
    ballots = draws.sample(list(islice(combinations(TITLES, SEATS), 2 * len(users))), len(users))
    vote.said = dict(zip(users, ballots, strict=True))
    phone = Client()
    for entry in draws.sample(list(users), len(users)):
        phone.cookies.clear()  # another deputy's
        vote.tracker[entry] = cast_over_http(phone, vote, entry, users[entry])


def cast_over_http(phone: Client, vote: Vote, entry: int, username: str | None) -> str:
    """Come in, cast, keep the receipt."""
    if username:
        signed_in = phone.post("/login/", {"username": username, "password": PASSWORD})
        assert signed_in.status_code == 302, signed_in
    data = {"vote": vote.hall.vote.pk} if username else {"code": vote.codes[entry]}
    assert phone.post("/ballot/", data).headers["Location"] == "/ballot/paper/"
    marks = {f"m{n}": "1" for n, title in enumerate(TITLES, 1) if title in vote.said[entry]}
    token = token_with(phone.cookies["ballot"].value, sealing.new_token())
    done = phone.post("/ballot/paper/", {"op": "cast", "token": token, **marks})
    assert done.status_code == 200
    return re.search(r"[A-Z2-7]{4}(-[A-Z2-7]{4}){3}", done.content.decode())[0]


# What the attacker has


def naming_columns() -> Iterator[tuple[str, str, str]]:
    """Every column of the database that names a deputy: table, column, and what it names them by."""
    kinds = {RollEntry: "entry", RollLine: "line", User: "user"}
    for model in apps.get_models(include_auto_created=True):
        for column in model._meta.local_concrete_fields:
            named = model if column.primary_key else column.related_model
            if named in kinds:
                yield model._meta.db_table, column.column, kinds[named]
            elif column.name == "username" and model is not User:
                yield model._meta.db_table, column.column, "username"


class Attacker:
    """Reads everything, about one vote at a time."""

    def __init__(self, owner: psycopg.Connection[Any], logs: io.StringIO) -> None:
        self.owner, self.logs = owner, logs
        owner.execute("SET piaojue.mode = 'system'")
        self.start = self._wal_end()

    def of_voters(self, vote: Vote, *, wal: bool = True) -> list[Source]:
        names = self._names(vote)
        seen = [
            from_rows(f"{table} by {column}", self.table(table, wal=wal), lambda row, c=column, k=kind: names[k].get(row[c]))
            for table, column, kind in naming_columns()
        ]  # fmt: skip
        return [*seen, self._sessions(names["user"]), *self._texts(self._words_of_voters(vote))]

    def of_ballots(self, vote: Vote, *, wal: bool = True) -> list[Source]:
        rows = [row for row in self.table(BOX, wal=wal) if row["vote_number"] == vote.hall.vote.pk]
        for row in rows:
            row["tracker"] = sealing.tracker_of(bytes(row["cipher"]))
        words = {row["tracker"]: [row["key"], bytes(row["cipher"]).hex(), row["tracker"]] for row in rows}
        return [from_rows("box", rows, lambda row: row["tracker"]), *self._texts(words)]

    def _names(self, vote: Vote) -> dict[str, dict[Any, int]]:
        with within(SYSTEM):
            rows = RollEntry.objects.filter(vote=vote.hall.vote).values_list(
                "pk", "line_id", "line__user_id", "line__user__username"
            )
            known = list(rows)
        by = {"entry": 0, "line": 1, "user": 2, "username": 3}
        return {
            kind: {row[place]: row[0] for row in known if row[place] is not None}
            for kind, place in by.items()
        }

    def _words_of_voters(self, vote: Vote) -> dict[int, list[str]]:
        with within(SYSTEM):
            rows = RollEntry.objects.filter(vote=vote.hall.vote).values_list(
                "pk", "mark", "code_hash", "line__user__username"
            )
            return {pk: [mark, code_hash, name or "", vote.codes.get(pk, "")] for pk, mark, code_hash, name in rows}  # fmt: skip

    def table(self, table: str, *, wal: bool) -> list[dict[str, Any]]:
        """All rows in the order of the heap, with the system columns."""
        query = f'SELECT xmin::text::bigint AS "xmin", xmax::text::bigint AS "xmax", ctid::text AS "ctid", t.* FROM "{table}" t'
        with self.owner.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(query).fetchall()
        written = self._wal(table) if wal and table in (ROLL, BOX) else {}
        for row in rows:
            row["ctid"] = tuple(int(part) for part in row["ctid"].strip("()").split(","))
            row["wal tx"], row["wal place"] = written.get(row["ctid"], (None, None))
        return sorted(rows, key=lambda row: row["ctid"])

    def _sessions(self, users: dict[int, int]) -> Source:
        rows = self.table(SESSIONS, wal=False)
        told = SessionStore()
        return from_rows(
            "sessions",
            rows,
            lambda row: users.get(int(told.decode(row["session_data"]).get("_auth_user_id", 0))),
        )

    # the machine

    def _wal_end(self) -> str:
        return str(self.owner.execute("SELECT pg_current_wal_insert_lsn()").fetchone()[0])

    def _wal(self, table: str) -> dict[tuple[int, int], tuple[int, int]]:
        """Where a row lies in a table → the transaction and the place in the log of the last that wrote it there."""
        if settings.CLUSTER is None:
            return {}
        with settings.CLUSTER.superuser() as flushed:
            flushed.execute("SELECT pg_switch_wal()")
        node = self.owner.execute("SELECT pg_relation_filenode(%s)", [table]).fetchone()[0]
        told = settings.CLUSTER.tool(
            "pg_waldump",
            "--path",
            str(settings.CLUSTER.data / "pg_wal"),
            "--start",
            self.start,
            "--rmgr",
            "Heap",
        )
        assert told.stdout, told.stderr
        found = {}
        for line in told.stdout.splitlines():
            if match := re.search(
                rf"tx:\s*(\d+), lsn: (\w+)/(\w+),.*desc: .*?(?:new_off: |INSERT(?:\+INIT)? off: )(\d+).*"
                rf"blkref #0: rel \d+/\d+/{node} (?:fork main )?blk (\d+)",
                line,
            ):
                tx, high, low, offset, block = match.groups()
                found[int(block), int(offset)] = (int(tx), (int(high, 16) << 32) + int(low, 16))
        return found

    def _texts(self, words: dict[Any, list[str]]) -> list[Source]:
        return [from_text(name, text, words) for name, text in self.files().items()]

    def files(self) -> dict[str, str]:
        found = {"site's log": self.logs.getvalue()}
        for name, folder in (("broker", settings.BROKER_DIR), ("letters", settings.VAR_DIR / "mail")):
            files = sorted(folder.rglob("*"), key=lambda path: path.stat().st_mtime_ns)
            found[name] = "\n".join(path.read_text(errors="replace") for path in files if path.is_file())
        if settings.CLUSTER is not None:
            found["server's log"] = (settings.CLUSTER.run / "server.log").read_text(errors="replace")
            database = self.owner.info.dbname
            found["dump"] = settings.CLUSTER.tool(
                "pg_dump",
                "--host",
                str(settings.CLUSTER.run),
                "--username",
                "postgres",
                "--data-only",
                database,
            ).stdout
        return found


@pytest.fixture
def whole_log() -> Iterator[None]:
    """The write-ahead log from here on, which a checkpoint (of another database's tests, say) would begin to use again."""
    if settings.CLUSTER is None:
        yield
        return
    name = f"attacker_{os.getpid()}"
    with settings.CLUSTER.superuser() as superuser:
        superuser.execute("SELECT pg_create_physical_replication_slot(%s, true)", [name])
        yield
        superuser.execute("SELECT pg_drop_replication_slot(%s)", [name])


@pytest.fixture
def attacker(
    fresh_database: str,
    owner_connection: psycopg.Connection[Any],
    whole_log: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Attacker:
    """With all that the site writes to its log, as it is set up."""
    logs = io.StringIO()
    loggers = [logging.getLogger(name) for name in ("", *settings.LOGGING["loggers"])]
    for handler in {handler for logger in loggers for handler in logger.handlers}:
        if type(handler) is logging.StreamHandler:
            monkeypatch.setattr(handler, "stream", logs)
    return Attacker(owner_connection, logs)


# The attack


def opened(hall: Hall) -> list[tuple[str, ...]]:
    """The ballots as they leave the count, which nobody keeps: more than an attacker ever gets."""
    with within(SYSTEM):
        private = keys.private_key(hall.vote, opening("chief_teller"), opening("teller"))
        ballots = sealing.open_box(boxes.in_box(hall.vote), private, boxes.paper_of(hall.vote))
    return [tuple(title for title in TITLES if title in ballot) for ballot in ballots]  # type: ignore[operator]


def close(hall: Hall) -> None:
    with within(SYSTEM):
        hall.close()


def as_source(ballots: list[tuple[str, ...]]) -> Source:
    said = {ballot: "".join(ballot) for ballot in ballots}
    return Source("opened", {"place": {ballot: n for n, ballot in enumerate(ballots)}, "said": said})


def test_nobody_is_linked_to_a_ballot_better_than_by_chance(votes, attacker, record_property):
    draws, choices, ciphers_open, ciphers_closed = Random(20270120), [], [], []
    for vote in votes:
        hold(vote, draws)
        mine, theirs = attacker.of_voters(vote), attacker.of_ballots(vote)
        ciphers_open.append(matches(mine, theirs, vote.tracker))
        close(vote.hall)
        ballots = opened(vote.hall)
        assert sorted(ballots) == sorted(vote.said.values())
        after = attacker.of_voters(vote, wal=False), attacker.of_ballots(vote, wal=False)
        ciphers_closed.append(matches(*after, vote.tracker))
        everything = [*mine, *(Source(f"closed {source.name}", source.columns) for source in after[0])]
        choices.append(matches(everything, [*theirs, as_source(ballots)], vote.said))

    told = {
        "choices": best_guess(choices),
        "ciphers while open": best_guess(ciphers_open),
        "ciphers after closing": best_guess(ciphers_closed),
    }
    for name, found in told.items():
        record_property(f"matches, {name}", found)
    record_property("ways of pairing", len({way for vote in choices for way in vote}))
    assert told["ciphers while open"] >= 0.99 * sum(len(vote.tracker) for vote in votes), told
    assert told["choices"] <= most_by_chance(len(votes)), told
    assert told["ciphers after closing"] <= most_by_chance(len(votes)), told


# The control


@pytest.fixture
def leaky(fresh_database: str, owner_connection: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    """The tables of a usual system: a voter's row marked with the time, a ballot without the voter, one transaction."""
    owner_connection.execute(
        "CREATE TABLE leaky_voter (id int PRIMARY KEY, voted_at timestamptz);"
        "CREATE TABLE leaky_history (id serial PRIMARY KEY, voter int);"
        "CREATE TABLE leaky_ballot (id serial PRIMARY KEY, key uuid DEFAULT gen_random_uuid(),"
        " cast_at timestamptz DEFAULT clock_timestamp(), said text)"
    )
    return owner_connection


def vote_in_a_usual_system(owner: psycopg.Connection[Any], first: int, voters: int, draws: Random) -> Pairs:
    """Everybody votes, in an order drawn by lot; who said what."""
    said = {
        first + n: "".join(ballot) for n, ballot in enumerate(islice(combinations(TITLES, SEATS), voters))
    }
    owner.execute("TRUNCATE leaky_voter, leaky_history, leaky_ballot")
    with owner.cursor() as cursor:
        cursor.executemany("INSERT INTO leaky_voter VALUES (%s)", [[voter] for voter in said])
    for voter in draws.sample(list(said), voters):
        with owner.transaction():
            owner.execute("UPDATE leaky_voter SET voted_at = clock_timestamp() WHERE id = %s", [voter])
            owner.execute("INSERT INTO leaky_history (voter) VALUES (%s)", [voter])
            owner.execute("INSERT INTO leaky_ballot (said) VALUES (%s)", [said[voter]])
    return dict(said)


@pytest.mark.parametrize("leak", ["id", "cast_at", "ctid", "xmin"])
def test_the_same_attack_breaks_a_usual_system_by_each_of_its_leaks(
    leaky, attacker, size, record_property, leak
):
    voters, votes, found = size("linkage_voters", 16, 200), size("linkage_votes", 3, 20), []
    for number in range(votes):
        truth = vote_in_a_usual_system(leaky, number * voters, voters, Random(number))
        mine = [
            from_rows("voter", attacker.table("leaky_voter", wal=False), lambda row: row["id"]),
            from_rows("history", attacker.table("leaky_history", wal=False), lambda row: row["voter"]),
        ]
        rows = [{"said": row["said"], leak: row[leak]} for row in attacker.table("leaky_ballot", wal=False)]
        found.append(matches(mine, [from_rows("ballot", rows, lambda row: row["said"])], truth))
    record_property("matches", best_guess(found))
    assert best_guess(found) >= 0.99 * votes * voters


def test_of_many_ways_that_know_nothing_the_best_is_no_better_than_chance_and_one_that_knows_a_little_is_found():
    # Two thousand ways, twenty votes: one match a vote by chance, so the best of them has nearly forty after the fact.
    draws = Random(1)
    by_chance = [
        {f"way {n}": sum(draws.random() < 1 / 40 for _ in range(40)) for n in range(2_000)}
        for _vote in range(20)
    ]
    after_the_fact = max(sum(vote[f"way {n}"] for vote in by_chance) for n in range(2_000))
    assert best_guess(by_chance) <= 20 + 3 * math.sqrt(20) < after_the_fact
    assert best_guess([vote | {"way 7": vote["way 7"] + 2} for vote in by_chance]) >= 40


# What is posted


def test_what_a_voter_posts_is_found_nowhere(votes, attacker):
    """A marked token, cast, and a marked mark, refused: in no file of the server (tables, write-ahead log, logs) or of
    the site (letters, messages of the queue, uploads), in no dump and in no line of the log.

    A word written into a table after them is found there, so the search would have found them.
    """
    if settings.CLUSTER is None:
        pytest.skip("the files of an external server are not at hand")
    vote, posted, control = (
        votes[0],
        ["canary-7f3a9c-token", "canary-88d0-mark"],
        "canary-51b2-of-the-control",
    )
    phone, code = Client(raise_request_exception=False), next(iter(vote.codes.values()))
    phone.post("/ballot/", {"code": code})
    sent = {"op": "cast", "token": token_with(phone.cookies["ballot"].value, posted[0])}
    assert phone.post("/ballot/paper/", sent | {"m1": posted[1]}).status_code == 422
    assert "您的票已投出" in phone.post("/ballot/paper/", sent | {"m1": "1"}).content.decode()
    attacker.owner.execute("CREATE TABLE kept (said text)")
    attacker.owner.execute("INSERT INTO kept VALUES (%s)", [control])

    assert eventually(lambda: files_with(control))
    texts = attacker.files()
    assert control in texts["dump"]
    for word in posted:
        assert files_with(word) == []
        assert [name for name, text in texts.items() if word in text] == []


def files_with(word: str) -> list[str]:
    """Files of the database's server and of the site that hold a word."""
    searched = subprocess.run(
        ["grep", "-rlaF", word, str(settings.CLUSTER.data), str(settings.VAR_DIR)],
        capture_output=True, text=True,
    )  # fmt: skip
    return searched.stdout.split()


def eventually(question: Callable[[], Any], seconds: float = 30) -> bool:
    """Whether it comes true: the server writes its log a moment after the commit where tests run without fsync."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if question():
            return True
        time.sleep(0.2)
    return False
