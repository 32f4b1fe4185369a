"""A vote over HTTP while its servers are killed: what was acknowledged is in the box, once, and is what was marked.

The whole site as an operator starts it (`manage.py up`: web workers, Celery worker, clock, PostgreSQL with a data
folder of its own, fsync on), killed by process id without warning; telephones send the same ballot until they are told
its receipt.
"""

from __future__ import annotations

import http.client
import os
import re
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any

import psutil
import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test import Client
from pytest_django import DjangoDbBlocker

from projects.ballots import boxes, keys, sealing
from projects.ballots.models import Box, RollEntry, Vote
from projects.ballots.services import close_vote, open_box
from projects.site.postgres import Cluster
from tests.long import LONG
from tests.polling import PAPER, Phone, admission, connected_to, environment, restore, token_on, tracker_on
from tests.projects.ballots.conftest import Hall, opening
from tests.site.test_supervisor import Site, clear, eventually
from workflow.people.isolation import SYSTEM, within

TITLES = ("水厂", "卫生室", "村道", "路灯")
PHONES = 8
PATIENCE_SECONDS = 120  # for one ballot, on a machine busy with other tests
# The goal is ten seconds, and make long, which runs alone, holds it to that. In make test the site shares its processors
# with the other tests, whose load it waits for too: there the bound only says that it comes back; how long it took
# is recorded as `recovery_seconds`.
RECOVERY_SECONDS = 10 if LONG else 60


@pytest.fixture
def power(template_database: str, django_db_blocker: DjangoDbBlocker) -> Iterator[Cluster]:
    """A database of its own, with nothing but the kernel's promises between it and the disk."""
    if settings.CLUSTER is None:
        pytest.skip("the database server of another machine cannot be killed")
    with tempfile.TemporaryDirectory(prefix="pj", dir="/var/tmp") as folder:
        Path(folder).chmod(0o711)
        cluster = Cluster(Path(folder) / "pg", durable=True)
        cluster.ensure()
        restore(template_database, cluster)
        with cluster.superuser() as opened:
            assert opened.execute("SHOW fsync").fetchone() == ("on",)
        try:
            with django_db_blocker.unblock(), connected_to(cluster):
                yield cluster
        finally:
            cluster.release()
            cluster.stop()


@pytest.fixture
def hall(
    power: Cluster, quick_stretching: None, new_hall: Callable[..., Hall], size: Callable[[str, int, int], int],
) -> Hall:  # fmt: skip
    with within(SYSTEM):
        made = new_hall(TITLES, deputies=size("ballots", 300, 10_000))
        made.hold_keys()
        made.open()
    return made


@pytest.fixture
def site(power: Cluster, hall: Hall, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """The whole site over it, with two processes of the web server."""
    var = power.folder.parent
    for name, value in environment(var).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PIAOJUE_WORKERS", "2")
    started = Site(var)
    try:
        assert eventually(started.answers, 60), started.output.read_text()
        assert eventually(lambda: started.child("worker"), 60)
        yield started
    finally:
        clear(started)


@dataclass
class Voting:
    """Deputies voting by several telephones; acknowledged: what was marked, by the receipt that came back.

    resumed: a ballot first sent after the last kill, whose moment `since` is, has its receipt.
    """

    site: Site
    waiting: Iterator[tuple[int, str]]
    acknowledged: dict[str, list[int]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    mutex: threading.Lock = field(default_factory=threading.Lock)
    since: float = 0.0
    resumed: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """One telephone after the other, until no deputy is left or something was answered that never should be."""
        while not self.wrong:
            with self.mutex:
                entry, cookie = next(self.waiting, (0, ""))
            if not entry:
                return
            try:
                self._vote(entry, Phone(self.site.port, {"ballot": cookie}, timeout=10))
            except AssertionError as wrong:
                self.wrong.append(str(wrong))

    def _vote(self, entry: int, phone: Phone) -> None:
        chosen = Random(entry).sample(range(1, len(TITLES) + 1), 2)
        marks = {f"m{n}": str(int(n in chosen)) for n in range(1, len(TITLES) + 1)}
        token, began = token_on(self._insist(lambda: phone.get(PAPER))), time.monotonic()
        tracker = self._cast(phone, marks | {"op": "cast", "token": token}, twice=bool(entry % 2))
        with self.mutex:
            self.acknowledged[tracker] = chosen
            if began > self.since:
                self.resumed.set()

    def _cast(self, phone: Phone, sent: dict[str, str], *, twice: bool) -> str:
        """The receipt; who taps twice is told the same one on both connections."""
        phones = [phone, Phone(phone.port, dict(phone.cookies), phone.timeout)][: 1 + twice]
        with ThreadPoolExecutor(len(phones)) as taps:
            pages = taps.map(lambda one: self._insist(lambda: one.post(PAPER, sent)), phones)
            told = {tracker_on(page) for page in pages}
        assert len(told) == 1, told
        return told.pop()

    def killed(self) -> None:
        """From now on only a ballot that is sent first from now on shows that voting goes on."""
        with self.mutex:
            self.since = time.monotonic()
            self.resumed.clear()

    def _insist(self, ask: Callable[[], tuple[int, str]]) -> str:
        """Ask until there is a page; what a server that is down or coming up answers is worth another try."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            with suppress(OSError, http.client.HTTPException):
                status, page = ask()
                if status == 200:
                    return page
                assert status == 503, page
            time.sleep(0.05)
        raise AssertionError("no answer for too long")


def targets(site: Site) -> Iterator[Callable[[], int | None]]:
    """In turn: the database, a worker of the web server, the Celery worker, the database, the web server itself."""

    def web_worker() -> int | None:
        web = site.child("granian")
        young = [one for one in web.children() if one.status() != psutil.STATUS_ZOMBIE] if web else []
        return max((one.pid for one in young), default=None)

    def child(word: str) -> int | None:
        found = site.child(word)
        return found.pid if found else None

    database = lambda: site.cluster.postmaster_pid  # noqa: E731
    return cycle([database, web_worker, lambda: child("worker"), database, lambda: child("granian")])


@pytest.mark.minutes
@pytest.mark.long
def test_whatever_is_killed_no_acknowledged_ballot_is_lost_or_doubled(
    site: Site,
    hall: Hall,
    size: Callable[[str, int, int], int],
    record_property: Callable[[str, Any], None],
) -> None:
    kills = size("kills", 10, 50)
    with within(SYSTEM):
        entries = list(RollEntry.objects.filter(vote=hall.vote).values_list("pk", flat=True))
    voting = Voting(site, iter([(pk, admission(hall.unit.pk, hall.vote.pk, pk)) for pk in entries]))
    phones = [threading.Thread(target=voting.run) for _ in range(PHONES)]
    for phone in phones:
        phone.start()

    killed, recoveries = Counter[int](), []
    for turn, target in zip(range(1, kills + 1), targets(site), strict=False):
        goal = turn * len(entries) // (kills + 1)
        assert eventually(lambda goal=goal: len(voting.acknowledged) >= goal or voting.wrong, 600)
        assert eventually(lambda target=target: target(), 60), site.output.read_text()
        pid = target()
        assert pid and not voting.wrong, voting.wrong
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            killed[pid] += 1
        voting.killed()
        assert voting.resumed.wait(60) or voting.wrong, site.output.read_text()
        recoveries.append(time.monotonic() - voting.since)
    for phone in phones:
        phone.join(600)

    record_property("recovery_seconds", round(max(recoveries), 2))
    assert voting.wrong == []
    assert len(killed) == kills
    assert set(killed.values()) == {1}
    assert max(recoveries) <= RECOVERY_SECONDS, recoveries
    assert_nothing_lost(hall, voting, len(entries))


def assert_nothing_lost(hall: Hall, voting: Voting, deputies: int) -> None:
    assert eventually(hall_answers, 30)
    with within(SYSTEM):
        stored = [sealing.tracker_of(bytes(one)) for one in Box.objects.values_list("cipher", flat=True)]
        assert set(voting.acknowledged) <= set(stored)
        assert len(stored) == len(set(stored)) == deputies
        assert RollEntry.objects.filter(vote=hall.vote, voted=True).count() == deputies
        close_vote(hall.act("chief_teller"), hall.vote, returned=0)
        vote = Vote.objects.get(pk=hall.vote.pk)
        private = keys.private_key(vote, opening("chief_teller"), opening("teller"))
        opened = sealing.open_box(boxes.in_box(vote), private, boxes.paper_of(vote))
    marked = [sorted(TITLES[n - 1] for n in chosen) for chosen in voting.acknowledged.values()]
    assert sorted(sorted(ballot) for ballot in opened) == sorted(marked)


def hall_answers() -> bool:
    connection.close()
    try:
        connection.ensure_connection()
    except OperationalError:
        return False
    return True


# The power goes


def cut_the_power(power: Cluster) -> None:
    pid = power.postmaster_pid
    assert pid
    backends = psutil.Process(pid).children()
    os.kill(pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(pid), *backends] if psutil.pid_exists(pid) else backends, 20)


@pytest.mark.parametrize("together", [True, False])
def test_a_database_that_restarts_while_somebody_casts_takes_the_same_ballot_afterwards(
    power: Cluster, hall: Hall, settings: Any, together: bool
) -> None:
    settings.GROUP_COMMIT = together
    with within(SYSTEM):
        first = RollEntry.objects.filter(vote=hall.vote)[0]
    phone = Client()
    phone.cookies["ballot"] = admission(hall.unit.pk, hall.vote.pk, first.pk)
    token = token_on(phone.get(PAPER).content.decode())

    cut_the_power(power)
    sent = {"op": "cast", "token": token, "m1": "1", "m2": "0", "m3": "1", "m4": "0"}
    away = phone.post(PAPER, sent)
    looked = phone.get(PAPER)
    assert (away.status_code, looked.status_code) == (503, 503)
    assert "再提交一次" in away.content.decode() and "再提交一次" not in looked.content.decode()
    power.start()
    fields = dict(re.findall(r'type="hidden" name="(token|m\d)" value="([^"]*)"', away.content.decode()))
    assert fields == {name: value for name, value in sent.items() if name != "op"}
    done = phone.post(PAPER, fields | {"op": "cast"})

    assert done.status_code == 200
    with within(SYSTEM):
        [stored] = Box.objects.values_list("cipher", flat=True)
    assert tracker_on(done.content.decode()) == sealing.tracker_of(bytes(stored))


def test_a_power_cut_between_closing_and_counting_changes_nothing(power: Cluster, hall: Hall) -> None:
    with within(SYSTEM):
        names = [entry.line.name for entry in hall.vote.roll.select_related("line")[:7]]
        for name in names:
            hall.cast(name, [TITLES[0], TITLES[2]])
        hall.close()
        trackers = boxes.trackers_of(hall.vote)

    cut_the_power(power)
    connection.close()
    power.start()

    with within(SYSTEM):
        vote = Vote.objects.get(pk=hall.vote.pk)
        assert (vote.state, vote.returned) == ("closed", 7)
        assert sealing.digest_of_box(boxes.in_box(vote)) == vote.box_digest == hall.vote.box_digest
        assert boxes.trackers_of(vote) == trackers
        open_box(hall.act("chief_teller"), vote, opening("chief_teller"), opening("teller"))
        assert Vote.objects.get(pk=vote.pk).figures["sums"][TITLES[2]]["for"] == 7
