"""PostgreSQL's own programs, run on a database: the embedded server's, or those on this machine's path."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from tarfile import TarError
from typing import IO, Any

import psycopg
from django.core.management.base import CommandError
from django.db import DatabaseError
from psycopg.conninfo import make_conninfo

from projects.site.postgres import Cluster, ClusterError

NAMED = {"NAME": "dbname", "USER": "user", "HOST": "host", "PORT": "port"}
# pg_dump itself lifts the limits of time; whoever reads for the whole system says so to the policies.
AS_SYSTEM = "-c piaojue.mode=system"


class Unusable(Exception):
    """What was asked for cannot be done; the message is one line for the operator."""


# Where the message alone would not say what it is about.
OF_WHAT: tuple[tuple[type[Exception], str], ...] = (
    (TarError, "附件包无法读取："),
    (OSError, "文件无法读写："),
    (psycopg.Error, "数据库出错："),
    (DatabaseError, "数据库出错："),
)


@contextmanager
def in_one_line(more: str = "") -> Iterator[None]:
    """Unusable for what a database, a program, a file or an archive refuses inside. more: what is to be done about it."""
    try:
        yield
    except (Unusable, ClusterError, CommandError, psycopg.Error, DatabaseError, TarError, OSError) as error:
        said = (str(error).strip().splitlines() or [type(error).__name__])[0]
        what = next((words for kind, words in OF_WHAT if isinstance(error, kind)), "")
        raise Unusable(f"{what}{said}{more}") from error


@dataclass(frozen=True)
class Access:
    """A database as the programs are told of it. database: Django's settings; cluster: whose programs, None for the path's."""

    database: Mapping[str, Any]
    cluster: Cluster | None

    def conninfo(self) -> str:
        """Without the password, which a list of processes would show."""
        given = {libpq: self.database[name] for name, libpq in NAMED.items() if self.database.get(name)}
        more = {name: value for name, value in self.database.get("OPTIONS", {}).items() if name != "options"}
        return make_conninfo("", **given, **more)

    def connect(self) -> psycopg.Connection[Any]:
        """An autocommit connection that sees everything."""
        password = self.database.get("PASSWORD") or None
        return psycopg.connect(self.conninfo(), password=password, options=AS_SYSTEM, autocommit=True)

    def run(
        self, name: str, *arguments: str, source: IO[bytes] | None = None, target: IO[bytes] | None = None
    ) -> str:
        """Run a program on this database; what it prints, where no target is given. Unusable with its last words."""
        environ = {"PGOPTIONS": AS_SYSTEM, "PGPASSWORD": self.database.get("PASSWORD") or ""}
        on = ("--dbname", self.conninfo())
        if self.cluster is not None:
            done = self.cluster.tool(name, *on, *arguments, source=source, target=target, environ=environ)
        else:
            done = _from_path(name, *on, *arguments, source=source, target=target, environ=environ)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["没有说明。"])[-1]
            raise Unusable(f"{name}：{re.sub(rf'^{name}: (error|detail): ', '', last)}")
        return done.stdout or ""


def _from_path(
    name: str, *arguments: str, source: IO[bytes] | None, target: IO[bytes] | None, environ: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    found = shutil.which(name)
    if found is None:
        raise Unusable(
            f"没有找到 {name}：请安装版本不低于数据库服务器的 PostgreSQL 客户端，例如 apt-get install postgresql-client。"
        )
    return subprocess.run(
        [found, *arguments], env={**os.environ, "LC_ALL": "C", **environ}, text=True,
        stdin=source or subprocess.DEVNULL, stdout=target or subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
