"""A polling place for tests: a durable server of its own, the real web server over it, and telephones that vote."""

from __future__ import annotations

import http.client
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from django.conf import settings
from django.core.signing import Signer
from django.db import connections

from projects.portal import voter_admission
from projects.site import env
from projects.site.postgres import DATABASE, Cluster
from projects.site.supervisor import answers, site
from tests.site.test_supervisor import eventually

PAPER = "/ballot/paper/"


def restore(template: str, cluster: Cluster) -> None:
    """Fill an empty cluster with a copy of a database of the tests' server, which is migrated already."""
    source = settings.CLUSTER.urls(template).owner.replace("piaojue_owner", "postgres", 1)
    dumped = settings.CLUSTER.tool("pg_dump", "--inserts", "--dbname", source)
    assert dumped.returncode == 0, dumped.stderr
    plain = "\n".join(line for line in dumped.stdout.splitlines() if not line.startswith("\\"))
    with cluster.superuser(DATABASE) as opened:
        opened.execute("DROP SCHEMA public CASCADE")
        opened.execute("CREATE SCHEMA public")
        opened.execute("GRANT ALL ON SCHEMA public TO piaojue_owner, piaojue_app")
        opened.execute(plain.replace("CREATE SCHEMA public;", "").encode())


@contextmanager
def connected_to(cluster: Cluster) -> Iterator[None]:
    """Point every connection Django opens at a cluster of its own, as the run-time role."""
    alias, wanted = connections.settings["default"], env.database_settings(cluster.urls().app)
    before = {name: alias[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
    connections.close_all()
    alias.update({name: wanted[name] for name in before})
    try:
        yield
    finally:
        connections.close_all()
        alias.update(before)


@contextmanager
def web_server(var: Path, cluster: Cluster, port: int, *, workers: int, threads: int) -> Iterator[int]:
    """The web server alone, started as `manage.py up` starts it; yields the id of its process."""
    environ = environment(var) | {"DATABASE_URL": cluster.urls().app}
    with (var / "web.log").open("ab") as log:
        process = subprocess.Popen(
            site("127.0.0.1", port, workers=workers, threads=threads)[0].command,
            env=environ, cwd=env.PROJECT, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        assert eventually(lambda: answers("127.0.0.1", port), 60), (var / "web.log").read_text()
        yield process.pid
    finally:
        process.terminate()
        process.wait(20)


def environment(var: Path) -> dict[str, str]:
    """The environment of a site of its own in `var`; it shares the tests' secret, so that admissions can be made."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE_")}
    return mine | {
        "PIAOJUE_PROFILE": "demo",
        "PIAOJUE_VAR": str(var),
        "DJANGO_SETTINGS_MODULE": "projects.site.settings",
        "SECRET_KEY": settings.SECRET_KEY,
    }


def admission(unit: int, vote: int, entry: int, *, code: str = "", session: str = "") -> str:
    """The cookie of a browser that was let in. code, session: what it is bound to, as `Admission` has it."""
    told = {"unit": unit, "vote": vote, "entry": entry, "code": code, "session": session}
    return Signer(salt=voter_admission.SALT).sign_object(told)


FORM_KEY = "k" * 32  # a form's key and its cookie's may be the same


@dataclass
class Phone:
    """A deputy's browser: one connection, kept as long as it holds; cookies as given."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    timeout: float = 20
    _opened: http.client.HTTPConnection | None = None

    def get(self, path: str) -> tuple[int, str]:
        return self._ask("GET", path)

    def post(self, path: str, fields: Mapping[str, str]) -> tuple[int, str]:
        self.cookies.setdefault("csrftoken", FORM_KEY)
        body = urlencode({**fields, "csrfmiddlewaretoken": self.cookies["csrftoken"]})
        return self._ask("POST", path, body)

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[int, str]:
        """Status and page; an OSError or http.client.HTTPException where no answer came."""
        if self._opened is None:
            self._opened = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
        heads = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            heads["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            self._opened.request(method, path, body, heads)
            answer = self._opened.getresponse()
            page = answer.read().decode()
        except (OSError, http.client.HTTPException):
            self._opened.close()
            self._opened = None
            raise
        for name, value in re.findall(r"^Set-Cookie: (\w+)=([^;]*)", str(answer.headers), re.M | re.I):
            self.cookies[name] = value
        return answer.status, page


def token_with(cookie: str, own: str) -> str:
    """A token of the entry a cookie admits to, made of a secret of one's own."""
    admitted = voter_admission.Admission(**Signer(salt=voter_admission.SALT).unsign_object(cookie))
    return voter_admission.token_of(admitted, own)


def token_on(page: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found, page
    return found[1]


def tracker_on(page: str) -> str:
    found = re.search(r"[A-Z2-7]{4}(-[A-Z2-7]{4}){3}", page)
    assert found, page
    return found[0]
