"""One terminal for the whole site: the embedded server, the web server, the worker and the clock.

Each is a child process in a group of its own; one that dies is started again, sooner or later (0.2 s to 3 s)
depending on how often it died: voting goes on within ten seconds whatever dies, however often.  Nothing is left behind
when the supervisor stops.
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType

from projects.site.env import PROJECT
from projects.site.postgres import Cluster, ClusterError

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 3.0
STEADY_SECONDS = 10.0
FAREWELL_SECONDS = 10.0
TICK_SECONDS = 0.2
PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)


@dataclass
class Child:
    """One process to keep alive."""

    name: str
    command: Sequence[str]
    pause: float = FIRST_PAUSE_SECONDS
    started: float = 0.0
    due: float = 0.0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command,
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )
        self.started = time.monotonic()

    def died(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def bury(self) -> None:
        """Forget a dead process, end what it left of its group, and set the time of the next start."""
        lived = time.monotonic() - self.started
        self.pause = (
            FIRST_PAUSE_SECONDS if lived > STEADY_SECONDS else min(self.pause * 2, LONGEST_PAUSE_SECONDS)
        )
        self.due = time.monotonic() + self.pause
        self._kill_group()
        self.process = None

    def tell_to_stop(self) -> None:
        """Ask the process alone: a worker ends its own pool in good order."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def end(self, deadline: float) -> None:
        """Wait for a process that was told to stop; past the deadline it is killed."""
        if self.process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.0, deadline - time.monotonic()))
        self._kill_group()
        self.process.wait()
        self.process = None

    def _kill_group(self) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)


class Supervisor:
    """Keeps ``children`` and the embedded server alive until it is told to stop."""

    def __init__(self, children: list[Child], cluster: Cluster | None, say: Callable[[str], None]) -> None:
        self.children = children
        self.cluster = cluster
        self.say = say
        self.stopping = threading.Event()

    def run(self) -> None:
        """Start everything, watch it, and stop everything on SIGINT, SIGTERM or SIGHUP."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        try:
            for child in self.children:
                child.start()
            while not self.stopping.wait(TICK_SECONDS):
                self._look_after_database()
                self._look_after_children()
        finally:
            self._end_all()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping.set()

    def _look_after_children(self) -> None:
        for child in self.children:
            if child.died():
                child.bury()
                self.say(f"{child.name} 已退出，{child.pause:.1f} 秒后重新启动。")
            elif child.process is None and time.monotonic() >= child.due:
                child.start()

    def _look_after_database(self) -> None:
        if self.cluster is None or self.cluster.is_running():
            return
        self.say("内嵌 PostgreSQL 已退出，正在重新启动。")
        try:
            self.cluster.ensure()
        except ClusterError as wrong:
            self.say(str(wrong))

    def _end_all(self) -> None:
        for child in self.children:
            child.tell_to_stop()
        deadline = time.monotonic() + FAREWELL_SECONDS
        for child in self.children:
            child.end(deadline)


def site(host: str, port: int, *, workers: int = 1, threads: int = 4) -> list[Child]:
    """The three processes of a site: web (with workers of its own, each with so many threads), worker, clock.

    The web server would warn of more threads than twice the cores: they are meant for a hall that votes at once, and
    wait for the database.
    """
    celery = [sys.executable, "-m", "celery", "--quiet", "-A", "projects.site.celery:app"]
    return [
        Child("网站", [
            sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port),
            "--workers", str(workers), "--respawn-failed-workers", "--respawn-interval", "0.5",
            "--blocking-threads", str(threads), "--http", "1", "--no-ws", "--no-access-log",
            "--log-level", "error", "projects.site.wsgi:application",
        ]),
        Child("后台任务", [*celery, "worker", "--loglevel", "WARNING", "--concurrency", "2", "--without-gossip"]),
        Child("定时任务", [*celery, "beat", "--loglevel", "WARNING", "--pidfile="]),
    ]  # fmt: skip


def why_no_listening(host: str, port: int) -> str:
    """Why no web server can listen there, and what to do; empty where one can."""
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except PermissionError:
        return f"没有权限监听端口 {port}，请用 --port 另选一个 1024 以上的。"
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return f"端口 {port} 已被占用，请用 --port 另选一个。"
        return f"{host} 不是本机的地址，请用 --host 另选一个。"
    return ""


def answers(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def _die_with_parent() -> None:
    # Without this a killed supervisor would leave the port taken and two clocks ticking.
    ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGTERM)
