"""Real workers over real brokers: killed, away, wiped."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from notifications import waking
from notifications.models import Delivery, Posted
from notifications.post import post_unit
from notifications.tasks import sweep_deliveries, sweep_units
from projects.demo.cast import Township
from projects.lifecycle.services import start_year
from projects.site.celery import app
from projects.site.env import PROJECT
from tests.builders import at, open_task, township
from tests.databases import Server, as_url
from tests.notifications.conftest import PLAN, give_mailboxes
from workflow.audit.models import Entry
from workflow.flows.services import urge
from workflow.people.isolation import SYSTEM, within

REDIS = "redis://127.0.0.1:6379/13"
RABBITMQ = "amqp://guest:guest@127.0.0.1:5672//"
NOWHERE = "redis://127.0.0.1:1/0"


@dataclass
class Office:
    """A township over a database in which commits are real, its broker and its workers."""

    var: Path
    database: str
    queue: str = field(default_factory=lambda: f"letters-{uuid.uuid4().hex[:12]}")
    broker: str = ""
    town: Township = field(init=False)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start_worker(self) -> subprocess.Popen[bytes]:
        worker = subprocess.Popen(
            [
                sys.executable, "-m", "celery", "--quiet", "-A", "tests.notifications.worker:app", "worker",
                "--pool", "solo", "--loglevel", "WARNING", "-Q", self.queue,
                "--without-gossip", "--without-mingle", "--without-heartbeat",
            ],
            env={**os.environ, **self._environment()},
            cwd=PROJECT,
            stdout=(self.var / "worker.log").open("ab"),
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.workers.append(worker)
        return worker

    def _environment(self) -> dict[str, str]:
        return {
            "DJANGO_SETTINGS_MODULE": "projects.site.settings",
            "PIAOJUE_PROFILE": "test",
            "PIAOJUE_VAR": str(self.var),
            "DATABASE_URL": self.database,
            "CELERY_BROKER_URL": self.broker,
            "TEST_QUEUE": self.queue,
        }

    def urge(self, words: str) -> None:
        """One act, one commit: the chair is told, inside the site and by e-mail."""
        with within(SYSTEM):
            clerk = self.town.act("clerk", at("2026-08-18"))
            urge(open_task("collection.scheme").task, act=clerk, words=words)

    def mails(self) -> list[str]:
        """The Message-ID of every e-mail that has left."""
        texts = [path.read_text() for path in (self.var / "mail").glob("*.log")]
        return [found for text in texts for found in re.findall(r"^Message-ID: (\S+)", text, re.M)]

    def log(self) -> str:
        return (self.var / "worker.log").read_text()


def until(met: Callable[[], bool], office: Office, seconds: float = 60) -> None:
    """Wait for something a worker does; fails with the worker's log."""
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline, office.log()
        time.sleep(0.02)


def letters() -> list[Delivery]:
    with within(SYSTEM):
        return list(Delivery.objects.filter(entry__action="task.urge").order_by("pk"))


def urges() -> set[int]:
    with within(SYSTEM):
        return set(Entry.objects.filter(action="task.urge").values_list("pk", flat=True))


@pytest.fixture
def office(
    fresh_database: str, database_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Office]:
    """Everything set up and told; the broker is a folder until a test says otherwise."""
    opened = Office(tmp_path, as_url(database_server.url("app", fresh_database)))
    use_broker(opened, "")
    monkeypatch.setattr(waking, "_rests_until", float("inf"))
    with within(SYSTEM):
        opened.town = township(deputies=14)
        give_mailboxes()
        start_year(opened.town.act("chair", at("2026-08-10")), **PLAN)
    sweep_units()
    with within(SYSTEM):
        Delivery.objects.update(status="sent")
    monkeypatch.setattr(waking, "_rests_until", 0.0)
    before = {name: app.conf[name] for name in CHANGED}
    yield opened
    for worker in opened.workers:
        worker.kill()
        worker.wait()
    leave_nothing_on(opened.broker, opened.queue)
    use(before)


CHANGED = ("broker_url", "broker_transport_options", "task_default_queue")


def use(conf: dict[str, object]) -> None:
    """Have this process send by another broker from now on."""
    app.conf.update(conf)
    app.__dict__.pop("amqp", None)
    app._pool = None


def use_broker(office: Office, url: str) -> None:
    office.broker = url
    folder = office.var / "broker"
    for name in ("messages", "control", "processed"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    folders = {
        "data_folder_in": str(folder / "messages"),
        "data_folder_out": str(folder / "messages"),
        "control_folder": str(folder / "control"),
    }
    options = {"": folders, REDIS: {"global_keyprefix": office.queue}}
    use(
        {
            "broker_url": url or "filesystem://localhost",
            "broker_transport_options": options.get(url, {}),
            "task_default_queue": office.queue,
        }
    )


def leave_nothing_on(broker: str, queue: str) -> None:
    """Others use these brokers too."""
    if broker == REDIS:
        with closing(redis.Redis.from_url(broker)) as server:
            for key in server.scan_iter(f"{queue}*"):
                server.delete(key)
    elif broker == RABBITMQ:
        with app.connection_for_write() as opened:
            opened.default_channel.queue_delete(queue)
            opened.default_channel.exchange_delete(queue)


def test_a_rolled_back_act_sends_nothing(office: Office) -> None:
    with pytest.raises(ZeroDivisionError), within(SYSTEM):
        office.urge("这一次不算。")
        raise ZeroDivisionError
    assert not list((office.var / "broker" / "messages").iterdir())
    assert sweep_units() == 0 and letters() == []
    office.urge("这一次算。")
    assert list((office.var / "broker" / "messages").iterdir())
    assert sweep_units() == 1 and {d.channel for d in letters()} == {"in_app", "email"}


def test_two_workers_at_one_trail_do_not_wait_for_each_other(office: Office) -> None:
    office.urge("请尽快报送。")
    unit_id = office.town.unit.pk
    with ThreadPoolExecutor(1) as other, within(SYSTEM):
        Posted.objects.select_for_update().get(pk=unit_id)
        assert other.submit(in_a_thread, unit_id).result(timeout=10) is False
    assert letters() == [] and post_unit(unit_id) and len(letters()) == 2


def in_a_thread(unit_id: int) -> bool:
    try:
        return post_unit(unit_id)
    finally:
        connection.close()


def test_with_the_broker_away_the_act_stands_and_the_sweep_delivers(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    use_broker(office, NOWHERE)
    for n in range(5):
        office.urge(f"第{n}次催办。")
    assert caplog.text.count("broker away") == 1, "looking for it takes seconds, so it is not done every time"
    assert len(urges()) == 5 and letters() == []
    assert sweep_units() == 1
    assert Counter(d.entry_id for d in letters() if d.channel == "in_app") == Counter(urges())


@pytest.mark.long
def test_killed_workers_and_a_wiped_broker_lose_no_letter_and_double_none(
    office: Office, size: Callable[[str, int, int], int], record_property: Callable[[str, object], None]
) -> None:
    events, kills = size("events", 30, 10_000), size("kills", 2, 20)
    for turn in range(kills):
        kill_at_work(office, range(turn * events // kills, (turn + 1) * events // kills))
        assert not has_sent(events), "the workers were killed too late to show anything"
        if turn == kills // 2:
            shutil.rmtree(office.var / "broker")
            use_broker(office, "")
    age_what_was_left()
    office.start_worker()
    sweep_units.apply_async()
    sweep_deliveries.apply_async()
    until(lambda: everything_told(events), office, 60 + events)

    in_app = Counter(d.entry_id for d in letters() if d.channel == "in_app")
    assert in_app == Counter(urges()) and len(in_app) == events
    mails = office.mails()
    with within(SYSTEM):
        sent, doubtful = by_mail("sent").count(), by_mail("unknown").count()
    record_property("mails", len(mails))
    record_property("doubtful", doubtful)
    assert sent + doubtful == events and doubtful <= kills  # at most one for every kill
    assert max(Counter(mails).values()) == 1
    assert sent <= len(mails) <= events


def kill_at_work(office: Office, acts: range) -> None:
    """Urge so often with a new worker at work, and kill it outright once it has sent some of what there is to send."""
    with within(SYSTEM):
        goal = by_mail("sent").count() + random.Random(acts.start).randint(1, max(1, len(acts) // 6))
    worker = office.start_worker()
    for n in acts:
        office.urge(f"第{n}次催办。")
    until(lambda: has_sent(goal), office, 60 + len(acts))
    worker.send_signal(signal.SIGKILL)
    worker.wait()


def by_mail(status: str) -> QuerySet[Delivery]:
    """Letters of the urges by e-mail; needs the system's context."""
    return Delivery.objects.filter(entry__action="task.urge", channel="email", status=status)


def has_sent(goal: int) -> bool:
    with within(SYSTEM):
        return by_mail("sent").count() >= goal


def everything_told(events: int) -> bool:
    """Every letter is written and nothing more happens to any by itself."""
    with within(SYSTEM):
        told = Delivery.objects.filter(entry__action="task.urge")
        return told.count() == events * 2 and not told.filter(status__in=WAITING).exists()


WAITING = ("queued", "sending", "failed")


def age_what_was_left() -> None:
    """Five minutes pass for letters whose sender was killed."""
    with within(SYSTEM):
        old = timezone.now() - timedelta(minutes=6)
        Delivery.objects.filter(status="sending").update(changed_at=old)


@pytest.mark.parametrize(("url", "port"), [(REDIS, 6379), (RABBITMQ, 5672)], ids=["redis", "rabbitmq"])
def test_a_letter_arrives_by_every_broker_offered(office: Office, url: str, port: int) -> None:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        pytest.skip(f"nothing listens on 127.0.0.1:{port}, so {url.partition(':')[0]} cannot be tried")
    use_broker(office, url)
    office.start_worker()
    office.urge("请尽快报送。")
    until(lambda: len(office.mails()) == 1, office)
    assert {(d.channel, d.recipient_id) for d in letters()} == {
        ("in_app", office.town.of("chair").pk),
        ("email", office.town.of("chair").pk),
    }


def test_the_clock_sends_only_what_a_worker_knows() -> None:
    app.loader.import_default_modules()
    scheduled = {entry["task"]: entry["schedule"] for entry in app.conf.beat_schedule.values()}
    assert scheduled.keys() <= app.tasks.keys()
    assert scheduled[sweep_units.name] == scheduled[sweep_deliveries.name] == 60
