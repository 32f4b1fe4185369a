"""Databases for tests: one migrated template for every state of the migrations, and quick copies of it."""

from __future__ import annotations

import ast
import fcntl
import hashlib
import importlib.metadata
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections
from psycopg import sql
from psycopg.conninfo import make_conninfo

from projects.site.env import PROJECT
from projects.site.postgres import Urls

PACKAGES = ("workflow", "projects", "notifications")
DISTRIBUTIONS = ("django", "django-viewflow", "django-axes", "django-otp")
KEPT_SECONDS = 24 * 60 * 60
_numbers = count(1)


@dataclass(frozen=True)
class Server:
    """Where test databases are made: the embedded server, or the one the environment names."""

    urls: Urls

    def url(self, role: str, database: str) -> str:
        """Return the address of ``database`` for the role ``owner`` or ``app``."""
        return make_conninfo(getattr(self.urls, role), dbname=database)

    def owner(self, database: str | None = None) -> psycopg.Connection[Any]:
        """Open an autocommit connection as the owner, who may create databases."""
        url = self.url("owner", database) if database else self.urls.owner
        return psycopg.connect(url, autocommit=True)

    def template(self) -> str:
        """Return the name of a migrated database nobody is connected to, made once per state of the migrations."""
        name = f"piaojue_template_{fingerprint()}"
        with _one_at_a_time(), closing(self.owner()) as connection:
            if name not in databases(connection):
                self._sweep(connection)
                self._make_template(connection, name)
        return name

    def clone(self, template: str) -> str:
        """Copy the template into a new database of this process and return its name."""
        name = f"piaojue_test_{os.getpid()}_{next(_numbers)}"
        with closing(self.owner()) as connection:
            connection.execute(
                # Files are copied, not written through the log: nobody writes to the template, and it is small.
                sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
        return name

    def drop(self, name: str) -> None:
        # The owner may not end sessions of another role, which a test's threads may have left open.
        with closing(psycopg.connect(self.urls.app, autocommit=True)) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = %s AND usename = current_user",
                [name],
            )
        with closing(self.owner()) as connection:
            _drop(connection, name)

    def _make_template(self, connection: psycopg.Connection[Any], name: str) -> None:
        unfinished = f"{name}_unfinished"
        _drop(connection, unfinished)
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(unfinished)))
        self._migrate(unfinished)
        connection.execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(unfinished), sql.Identifier(name))
        )
        connection.execute(
            sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), str(int(time.time())))
        )

    def _migrate(self, database: str) -> None:
        given = {
            "DATABASE_URL": as_url(self.url("app", database)),
            "DATABASE_OWNER_URL": as_url(self.url("owner", database)),
        }
        done = subprocess.run(
            [sys.executable, str(PROJECT / "manage.py"), "migrate", "--verbosity", "0"],
            env={**os.environ, **given}, cwd=PROJECT, capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"migrations failed:\n{done.stderr}")

    def _sweep(self, connection: psycopg.Connection[Any]) -> None:
        """Drop what killed test runs and old migrations left behind."""
        for name, comment in databases(connection).items():
            owner = re.fullmatch(r"piaojue_test_(\d+)_\d+", name)
            if owner and settings.CLUSTER and not _alive(int(owner[1])):
                _drop(connection, name)
            if name.startswith("piaojue_template_") and comment and int(comment) < time.time() - KEPT_SECONDS:
                _drop(connection, name)


def databases(connection: psycopg.Connection[Any]) -> dict[str, str | None]:
    """Return the names of all databases with their comments."""
    rows = connection.execute("SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database")
    return dict(rows.fetchall())


def as_url(conninfo: str) -> str:
    """Write a libpq key-value string as the kind of address operators give."""
    parts = psycopg.conninfo.conninfo_to_dict(conninfo)
    query = "&".join(f"{name}={value}" for name, value in parts.items())
    return f"postgresql:///?{query}"


@contextmanager
def connected_to(database: str) -> Iterator[None]:
    """Point every connection Django opens, in any thread, at ``database``."""
    alias = connections.settings["default"]
    before = alias["NAME"]
    connections.close_all()
    alias["NAME"] = database
    try:
        yield
    finally:
        connections.close_all()
        alias["NAME"] = before


def fingerprint() -> str:
    """Digest the migrations, what they import from this project, and the versions of the apps with tables."""
    digest = hashlib.sha256()
    for name in DISTRIBUTIONS:
        digest.update(f"{name}={importlib.metadata.version(name)}\n".encode())
    for path in sorted(_with_imports(_migrations())):
        digest.update(path.relative_to(PROJECT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def _migrations() -> set[Path]:
    found = {
        path for package in PACKAGES for path in (PROJECT / package).rglob("migrations/*") if path.is_file()
    }
    models = {path for package in PACKAGES for path in (PROJECT / package).rglob("models.py")}
    return found | models | {PROJECT / "projects" / "site" / "apps.py"}


def _with_imports(start: set[Path]) -> set[Path]:
    seen: set[Path] = set()
    waiting = list(start)
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            waiting.extend(_imports(path) if path.suffix == ".py" else [])
    return seen


def _imports(path: Path) -> Iterator[Path]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from _files(node.module, *(f"{node.module}.{alias.name}" for alias in node.names))
        elif isinstance(node, ast.Import):
            yield from _files(*(alias.name for alias in node.names))


def _files(*modules: str) -> Iterator[Path]:
    for module in modules:
        if module.split(".")[0] in PACKAGES:
            base = PROJECT.joinpath(*module.split("."))
            yield from (path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file())


def _drop(connection: psycopg.Connection[Any], name: str) -> None:
    """Drop a database; a session of the other role that is just ending is waited for, a few seconds at most."""
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    for _ in range(25):
        try:
            connection.execute(statement)
            return
        except psycopg.errors.InsufficientPrivilege:
            time.sleep(0.2)
    connection.execute(statement)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
    with (settings.VAR_DIR / "template.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
