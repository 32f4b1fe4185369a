"""The embedded server: found, started, killed, started again, and never at the price of a folder's mode."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import psycopg
import pytest

from projects.site import postgres
from projects.site.env import PROJECT
from projects.site.postgres import APP_ROLE, OWNER_ROLE, Cluster, ClusterError

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to another account")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="pj", dir="/var/tmp") as folder:
        Path(folder).chmod(0o711)
        made = Cluster(Path(folder) / "pg")
        yield made
        made.hold()
        made.release()


def modes(folder: Path) -> dict[Path, int]:
    return {part: stat.S_IMODE(part.stat().st_mode) for part in (folder, *folder.parents)}


def start_in_a_process(folder: Path) -> subprocess.CompletedProcess[str]:
    code = f"from projects.site.postgres import Cluster; print(Cluster({str(folder)!r}).ensure().app)"
    return subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True)


def test_ensure_gives_two_addresses_that_answer(cluster: Cluster) -> None:
    urls = cluster.ensure()
    for url, role in ((urls.owner, OWNER_ROLE), (urls.app, APP_ROLE)):
        with psycopg.connect(url) as connection:
            row = connection.execute("SELECT current_user, current_database()").fetchone()
        assert row == (role, "piaojue")


def test_neither_role_may_pass_row_level_security(cluster: Cluster) -> None:
    cluster.ensure()
    with cluster.superuser() as connection:
        rows = connection.execute(
            "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles"
            " WHERE rolname LIKE 'piaojue%' ORDER BY 1"
        ).fetchall()
    assert rows == [(APP_ROLE, False, False, False, False), (OWNER_ROLE, False, False, False, True)]


def test_the_run_time_role_makes_no_tables(cluster: Cluster) -> None:
    with (
        psycopg.connect(cluster.ensure().app) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("CREATE TABLE stray (id int)")


def test_the_database_speaks_utf8_in_locale_c(cluster: Cluster) -> None:
    with psycopg.connect(cluster.ensure().app) as connection:
        row = connection.execute(
            "SELECT pg_encoding_to_char(encoding), datcollate FROM pg_database WHERE datname = current_database()"
        ).fetchone()
    assert row == ("UTF8", "C")


def test_there_is_no_tcp_port_and_the_socket_folder_is_private(cluster: Cluster) -> None:
    cluster.ensure()
    with cluster.superuser() as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    assert stat.S_IMODE(cluster.run.stat().st_mode) == 0o700
    assert stat.S_IMODE(cluster.data.stat().st_mode) == 0o700
    assert len(os.fsencode(cluster.run / ".s.PGSQL.5432")) < 100


def test_a_failing_statement_leaves_no_trace_in_the_log(cluster: Cluster) -> None:
    with psycopg.connect(cluster.ensure().app) as connection, pytest.raises(psycopg.errors.DivisionByZero):
        connection.execute("SELECT 'secret-mark', %s / 0", [1])
    assert "secret-mark" not in (cluster.run / "server.log").read_text()


def test_a_second_ensure_takes_no_time(cluster: Cluster) -> None:
    cluster.ensure()
    before = time.monotonic()
    Cluster(cluster.asked_for).ensure()
    assert time.monotonic() - before < 0.3


def test_after_a_kill_the_server_starts_again_with_its_data(cluster: Cluster) -> None:
    urls = cluster.ensure()
    with psycopg.connect(urls.owner) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 1 AS one")
    killed = cluster.postmaster_pid
    assert killed
    os.kill(killed, signal.SIGKILL)
    with psycopg.connect(cluster.ensure().owner) as connection:
        assert connection.execute("SELECT one FROM kept").fetchone() == (1,)
    assert cluster.postmaster_pid != killed


def test_a_lock_file_with_a_strangers_number_does_not_stop_the_start(cluster: Cluster) -> None:
    cluster.ensure()
    lock = (cluster.data / "postmaster.pid").read_text()
    cluster.stop()
    (cluster.data / "postmaster.pid").write_text(lock.replace(lock.split("\n")[0], str(os.getpid()), 1))
    assert not cluster.is_running()
    cluster.ensure()
    assert cluster.is_running()
    assert cluster.postmaster_pid != os.getpid()


@pytest.mark.parametrize("fresh", [True, False])
def test_processes_starting_at_once_share_one_server(fresh: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="pj", dir="/var/tmp") as folder:
        Path(folder).chmod(0o711)
        cluster = Cluster(Path(folder) / "pg", durable=False)
        if not fresh:
            cluster.ensure()
            cluster.stop()
        with ThreadPoolExecutor(4) as pool:
            done = list(pool.map(lambda _: start_in_a_process(cluster.asked_for), range(4)))
        servers = [
            process
            for process in psutil.process_iter(["cmdline"])
            if str(cluster.data) in (process.info["cmdline"] or [])
        ]
        cluster.stop()
    assert [one.returncode for one in done] == [0] * 4, done
    assert len({one.stdout for one in done}) == 1
    assert len(servers) == 1


def test_the_last_user_stops_the_server_and_no_earlier_one(cluster: Cluster) -> None:
    cluster.ensure()
    other = Cluster(cluster.asked_for)
    other.ensure()
    assert other.release() is False
    assert cluster.is_running()
    assert cluster.release() is True
    assert not cluster.is_running()
    assert cluster.release() is False


def test_stopping_a_stopped_server_is_no_error(cluster: Cluster) -> None:
    cluster.stop()
    cluster.stop()
    assert not cluster.is_running()


@pytest.mark.parametrize("mode", [0o700, 0o711, 0o755])
def test_folders_that_stood_before_keep_their_modes(mode: int) -> None:
    with tempfile.TemporaryDirectory(prefix="pj", dir="/var/tmp") as outer:
        Path(outer).chmod(0o755)
        stood = Path(outer) / "stood"
        stood.mkdir()
        stood.chmod(mode)
        before = modes(stood)
        made = Cluster(stood / "var" / "pg", durable=False)
        try:
            made.ensure()
            assert modes(stood) == before
            assert made.folder.is_relative_to(stood) or (os.geteuid() == 0 and mode == 0o700)
        finally:
            made.release()
            shutil.rmtree(made.folder)


@as_root
def test_behind_a_closed_folder_the_data_moves_where_its_account_can_pass(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    made = Cluster(closed / "pg", durable=False)
    assert made.folder.is_relative_to("/var/tmp")
    assert Cluster(closed / "pg").urls() == made.urls()
    assert Cluster(closed / "other").folder != made.folder


@as_root
def test_the_server_never_runs_as_root(cluster: Cluster) -> None:
    cluster.ensure()
    assert psutil.Process(cluster.postmaster_pid).uids().real != 0


@as_root
def test_a_data_folder_of_somebody_else_is_refused() -> None:
    with tempfile.TemporaryDirectory(prefix="pj", dir="/var/tmp") as folder:
        Path(folder).chmod(0o711)
        made = Cluster(Path(folder) / "pg", durable=False)
        made.data.mkdir(parents=True)
        os.chown(made.data, 12345, 12345)
        with pytest.raises(ClusterError, match="12345"):
            made.ensure()


def test_a_long_path_gets_a_short_socket_folder(tmp_path: Path) -> None:
    made = Cluster(tmp_path / ("deep" * 30) / "pg")
    assert len(os.fsencode(made.run / ".s.PGSQL.5432")) < 100
    assert made.run.is_relative_to("/var/tmp")


def test_a_server_that_cannot_start_says_why_in_one_line(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.ensure()
    cluster.stop()
    monkeypatch.setattr(postgres, "PATIENCE_SECONDS", 1)
    monkeypatch.setitem(postgres.SETTINGS, "no_such_setting", "1")
    with pytest.raises(ClusterError) as refusal:
        cluster.ensure()
    assert "\n" not in str(refusal.value)
