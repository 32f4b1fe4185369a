"""A township over a database in which commits are real, its broker and its workers; brokers that go away and lose all."""

from __future__ import annotations

import contextlib
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
import redis
from django.test import Client
from kombu import Connection

from notifications import waking
from notifications.models import Address, Delivery
from notifications.sealing import seal
from notifications.tasks import sweep_units
from projects.demo.cast import Township
from projects.lifecycle.intake import start_year
from projects.site.celery import app
from projects.site.env import PROJECT
from tests.builders import at, open_task, township
from tests.databases import Server, as_url
from workflow.audit.models import Entry
from workflow.flows.services import urge
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import User

FILES = ""
REDIS = "redis://127.0.0.1:6379/13"
RABBITMQ = "amqp://guest:guest@127.0.0.1:5672//"
NOWHERE = "redis://127.0.0.1:1/0"
PLAN = {
    "opens_on": date(2026, 9, 1),
    "planned_t": date(2027, 1, 20),
    "planned_t2": date(2028, 1, 18),
    "year": 2027,
}
BROKERS = pytest.mark.parametrize("url", [FILES, REDIS, RABBITMQ], ids=["files", "redis", "rabbitmq"])


def give_mailboxes() -> None:
    """Everybody gets an address named after the username."""
    people = list(User.objects.all())
    for user in people:
        user.email = f"{user.username.replace('@', '.').lower()}@example.org"
    User.objects.bulk_update(people, ["email"])


def reached(url: str) -> str:
    """The broker's address again; the test is skipped, with the reason, where nothing listens there."""
    port = urlsplit(url).port
    if port is None:
        return url
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        pytest.skip(f"nothing listens on 127.0.0.1:{port}, so {url.partition(':')[0]} cannot be tried")
    return url


class Gate:
    """A door before a broker others use too: what goes through it can be cut off and let through again."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._to = (parts.hostname or "127.0.0.1", parts.port or 0)
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])
        login = f"{parts.username}:{parts.password}@" if parts.username else ""
        self.url = urlunsplit(parts._replace(netloc=f"{login}127.0.0.1:{self._port}"))
        self._held: list[socket.socket] = []
        self.open()

    def open(self) -> None:
        self._door = socket.create_server(("127.0.0.1", self._port))
        threading.Thread(target=self._serve, args=(self._door,), daemon=True).start()

    def close(self) -> None:
        """Nobody gets through, and whoever was through is cut off."""
        with contextlib.suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        for one in self._held:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._held.clear()

    def _serve(self, door: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                inside, _from = door.accept()
                outside = socket.create_connection(self._to)
                self._held += [inside, outside]
                threading.Thread(target=_pass_on, args=(inside, outside), daemon=True).start()


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    """Both ways, until either end hangs up."""
    with contextlib.suppress(OSError), closing(one), closing(other):
        while True:
            for ready in select.select([one, other], [], [])[0]:
                data = ready.recv(65536)
                if not data:
                    return
                (other if ready is one else one).sendall(data)


@dataclass
class Office:
    """A township over a database in which commits are real, its broker and its workers."""

    var: Path
    database: str
    queue: str = field(default_factory=lambda: f"letters-{uuid.uuid4().hex[:12]}")
    broker: str = FILES
    gate: Gate | None = None
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

    def kill_worker(self) -> None:
        """Outright, as an operating system out of memory would."""
        self.workers[-1].send_signal(signal.SIGKILL)
        self.workers[-1].wait()

    def revive_worker(self) -> None:
        """What the product's supervisor does: one that has ended is started again."""
        if self.workers[-1].poll() is not None:
            self.start_worker()

    def broker_goes(self) -> None:
        """The broker is away; the folder of the file transport is no folder any more."""
        if self.gate:
            self.gate.close()
        else:
            self._messages.rename(self._messages.with_name("away"))
            self._messages.touch()

    def broker_comes(self) -> None:
        if self.gate:
            self.gate.open()
        else:
            self._messages.unlink()
            self._messages.with_name("away").rename(self._messages)

    def wipe_broker(self) -> None:
        """Every message that waits is lost."""
        if self.broker == FILES:
            shutil.rmtree(self.var / "broker")
            use_broker(self, FILES)
        elif self.broker.startswith("redis"):
            leave_nothing_on(REDIS, self.queue)
        else:
            with Connection(RABBITMQ) as opened:
                opened.default_channel.queue_purge(self.queue)

    @property
    def _messages(self) -> Path:
        return self.var / "broker" / "messages"

    def urge_by_page(self, client: Client, words: str) -> int:
        """The same act through the page of the task; the status of the answer."""
        with within(SYSTEM):
            number = open_task("collection.scheme").pk
        return client.post(f"/tasks/{number}/", {"op": "urge", "words": words}).status_code

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

    def told_to_group(self) -> list[str]:
        """The number of every letter the receiver of the township's robot got."""
        path = self.var / "letters" / "wecom.jsonl"
        return re.findall(r"entry-\d+\.letter-\d+", path.read_text()) if path.exists() else []

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
        Address.objects.create(
            unit=opened.town.unit,
            channel="wecom",
            sealed=seal({"token": "0123456789"}),
            hint="…6789",
            changed_at=at("2026-08-11"),
        )
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
    if opened.gate:
        opened.gate.close()
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
    for name in ("messages", "control"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    folders = {
        "data_folder_in": str(folder / "messages"),
        "data_folder_out": str(folder / "messages"),
        "control_folder": str(folder / "control"),
    }
    prefix = {"global_keyprefix": office.queue} if url.startswith("redis") else {}
    use(
        {
            "broker_url": url or "filesystem://localhost",
            "broker_transport_options": prefix if url else folders,
            "task_default_queue": office.queue,
        }
    )


def use_broker_behind_a_gate(office: Office, url: str) -> None:
    """The broker at a door of its own, so that it can go away for this test alone; the file transport needs none."""
    office.gate = Gate(url) if url else None
    use_broker(office, office.gate.url if office.gate else FILES)


def leave_nothing_on(broker: str, queue: str) -> None:
    """Others use these brokers too."""
    if broker.startswith("redis") and broker != NOWHERE:
        with closing(redis.Redis.from_url(REDIS)) as server:
            for key in server.scan_iter(f"{queue}*"):
                server.delete(key)
    elif broker.startswith("amqp"):
        with Connection(RABBITMQ) as opened:
            opened.default_channel.queue_delete(queue)
            opened.default_channel.exchange_delete(queue)
