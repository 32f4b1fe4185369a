"""``manage.py up`` for real: started, hit, killed piece by piece, and stopped without a trace."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psutil
import pytest

from projects.site.env import PROJECT
from projects.site.postgres import Cluster
from projects.site.supervisor import LONGEST_PAUSE_SECONDS, Child, why_no_listening
from tests.databases import Server, as_url
from tests.site.test_env import PRODUCTION

RECOVERY_SECONDS = 10
START_SECONDS = 120  # a new cluster and every migration, perhaps beside other tests


class Site:
    """A running ``manage.py up`` with a folder of its own.

    more: what the environment says besides; headers: what a proxy before the site adds to every request.
    """

    def __init__(self, var: Path, more: Mapping[str, str] | None = None, **headers: str) -> None:
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.port = _free_port()
        self.cluster = Cluster(var / "pg")
        self.output = var / "output.txt"
        environ = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE_")}
        environ |= {
            "PIAOJUE_PROFILE": "demo", "PIAOJUE_VAR": str(var), "DJANGO_SETTINGS_MODULE": "projects.site.settings",
        }  # fmt: skip
        environ |= more or {}
        with self.output.open("wb") as output:
            self.process = psutil.Popen(
                [sys.executable, "manage.py", "up", "--port", str(self.port)],
                cwd=PROJECT, env=environ, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def page(self, path: str = "/") -> str:
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=self.headers)
        with urllib.request.urlopen(asked, timeout=5) as answered:
            return str(answered.read().decode())

    def answers(self) -> bool:
        try:
            self.page()
        except urllib.error.HTTPError as refused:
            return refused.code < 500
        except OSError:
            return False
        return True

    def child(self, word: str) -> psutil.Process | None:
        """The direct child whose command line holds ``word``."""
        for process in self.process.children():
            if process.status() != psutil.STATUS_ZOMBIE and word in process.cmdline():
                return process
        return None

    def everything(self) -> list[psutil.Process]:
        server = self.cluster.postmaster_pid
        return [*self.process.children(recursive=True), *([psutil.Process(server)] if server else [])]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """One for all sites of this module: only the first start makes a cluster and migrates it."""
    with tempfile.TemporaryDirectory(prefix="pj", dir="/var/tmp") as made:
        Path(made).chmod(0o711)
        yield Path(made)


@pytest.fixture
def running(folder: Path) -> Iterator[Site]:
    site = Site(folder)
    try:
        assert eventually(site.answers, START_SECONDS), site.output.read_text()
        assert eventually(lambda: site.child("worker") and site.child("beat"))
        yield site
    finally:
        clear(site)


def clear(site: Site) -> None:
    """End whatever a test left running."""
    left = site.everything() if site.process.poll() is None else []
    if left:
        site.process.terminate()
        assert site.process.wait(20) == 0
    for process in alive(left):
        process.kill()
    site.cluster.stop()


def eventually(question: Callable[[], object], seconds: float = RECOVERY_SECONDS) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if question():
            return True
        time.sleep(0.1)
    return False


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_what_is_killed_comes_back_and_a_stop_ends_everything(running: Site) -> None:
    told = f"还没有演示人员，请先运行 {os.path.relpath(sys.executable, PROJECT)} manage.py demo。"
    assert eventually(lambda: told in running.output.read_text()), "who may sign in stands under the address"
    for word in ("granian", "worker", "beat"):
        kill_and_await(running, word)
    assert eventually(running.answers)
    server = running.cluster.postmaster_pid
    assert server
    os.kill(server, signal.SIGKILL)
    assert eventually(lambda: running.cluster.postmaster_pid not in (None, server) and running.answers())

    assert_a_second_one_is_refused(running)
    before = running.everything()
    assert len(before) >= 4
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(20) == 0
    assert alive(before) == []
    assert running.cluster.postmaster_pid is None
    assert f"http://127.0.0.1:{running.port}/" in running.output.read_text()


def kill_and_await(running: Site, word: str) -> None:
    killed = running.child(word)
    assert killed
    killed.kill()
    assert eventually(lambda: running.child(word) not in (None, killed)), word


def assert_a_second_one_is_refused(running: Site) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "up", "--port", str(running.port)],
        cwd=PROJECT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert str(running.port) in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "已被占用" in why_no_listening("127.0.0.1", running.port)


def test_a_production_site_starts_with_its_styles_and_leaves_no_process_when_its_supervisor_is_killed(
    folder: Path, database_server: Server, fresh_database: str
) -> None:
    environ = PRODUCTION | {
        "DATABASE_URL": as_url(database_server.url("app", fresh_database)),
        "DATABASE_OWNER_URL": as_url(database_server.url("owner", fresh_database)),
        "CELERY_BROKER_URL": "filesystem://",
        "PIAOJUE_PROXIES": "1",
    }
    site = Site(
        folder, environ, Host="piaojue.example.cn", X_Forwarded_Proto="https", X_Forwarded_For="192.0.2.1"
    )
    try:
        assert eventually(site.answers, START_SECONDS), site.output.read_text()
        found = re.findall(r'href="(/static/css/[^"]+[.]css)"', site.page("/login/"))
        assert found and all(re.search(r"[.][0-9a-f]{12}[.]css$", name) for name in found)
        assert all("{" in site.page(name) for name in found)
        assert "演示" not in site.output.read_text()
        children = site.process.children(recursive=True)
        assert len(children) >= 3
        site.process.kill()
        assert eventually(lambda: not alive(children), 20), alive(children)
    finally:
        clear(site)


def test_an_address_of_another_machine_is_not_called_a_port_that_is_taken() -> None:
    assert "不是本机的地址" in why_no_listening("192.0.2.1", 8000)
    assert why_no_listening("127.0.0.1", 0) == ""


def test_a_child_that_keeps_dying_waits_longer_each_time_up_to_a_limit() -> None:
    child = Child("x", [sys.executable, "-c", "raise SystemExit(1)"])
    pauses = []
    for _ in range(9):
        child.start()
        assert child.process
        child.process.wait()
        assert child.died()
        child.bury()
        pauses.append(child.pause)
    assert pauses == sorted(pauses)
    assert pauses[0] < 1
    assert pauses[-1] == LONGEST_PAUSE_SECONDS


def test_a_child_that_ran_long_starts_again_at_once() -> None:
    child = Child("x", [sys.executable, "-c", ""], pause=LONGEST_PAUSE_SECONDS)
    child.start()
    assert child.process
    child.process.wait()
    child.started -= 60
    child.bury()
    assert child.pause < 1


def test_a_child_that_ignores_the_stop_is_killed() -> None:
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    child = Child("x", [sys.executable, "-c", code])
    child.start()
    time.sleep(0.3)
    process = child.process
    assert process
    child.tell_to_stop()
    child.end(time.monotonic() + 0.3)
    assert process.returncode == -signal.SIGKILL
