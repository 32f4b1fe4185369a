"""What the servers around the ballot must not write down: PostgreSQL is asked, nginx's file is read."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlparse
from django.conf import settings
from django.core.checks import run_checks
from django.db import OperationalError, connection
from psycopg import sql

from projects.ballots import database
from projects.ballots.models import RollEntry
from projects.site.env import PROJECT
from projects.site.postgres import SETTINGS, Cluster
from projects.site.quiet import LETTERS_PAGES, VOTERS_PAGES
from workflow.flows.errors import Refused
from workflow.people.isolation import SYSTEM, within


@contextmanager
def told(**values: str) -> Iterator[None]:
    """A server whose settings differ in these: what it is asked is answered from a table in the place of its own."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE pg_settings AS SELECT name, setting FROM pg_catalog.pg_settings")
        cursor.execute("SET LOCAL search_path = pg_temp, public, pg_catalog")
        for name, value in values.items():
            cursor.execute("DELETE FROM pg_settings WHERE name = %s", [name.replace("__", ".")])
            cursor.execute("INSERT INTO pg_settings VALUES (%s, %s)", [name.replace("__", "."), value])
    yield


TELLTALE = [
    ("log_statement", "mod"),
    ("log_duration", "on"),
    ("log_min_duration_statement", "250"),
    ("log_min_error_statement", "error"),
    ("log_min_messages", "debug1"),
    ("log_lock_waits", "on"),
    ("log_error_verbosity", "default"),
    ("log_parameter_max_length", "-1"),
    ("log_parameter_max_length_on_error", "64"),
    ("track_commit_timestamp", "on"),
    ("auto_explain__log_min_duration", "0"),
    ("pgaudit__log", "write"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "value"), TELLTALE)
def test_a_server_that_would_name_voters_in_its_log_opens_no_vote_by_device(hall, name, value):
    assert database.obstacles_to_silence() == []
    asked = name.replace("__", ".")

    with told(**{name: value}):
        with pytest.raises(Refused, match=f"数据库参数 {re.escape(asked)} 现为“{value}”"):
            hall.open()
        found = [
            m
            for m in run_checks(include_deployment_checks=True, databases=["default"])
            if m.id == "projects.E001"
        ]
    assert len(found) == 1 and asked in found[0].msg


@pytest.mark.django_db
def test_on_a_server_that_keeps_silent_the_vote_opens(hall):
    hall.open()

    assert hall.vote.state == "open"
    assert not [
        m
        for m in run_checks(include_deployment_checks=True, databases=["default"])
        if m.id == "projects.E001"
    ]


def test_the_embedded_server_is_set_as_a_foreign_one_is_asked_to_be():
    if settings.CLUSTER is None:
        pytest.skip("no embedded server here")
    for name, value in SETTINGS.items():
        assert name not in database.SILENT or value.strip("'") in database.SILENT[name]


def test_a_cast_that_waits_for_its_line_of_the_roll_leaves_no_place_of_it_in_the_log(
    fresh_database, quick_stretching, new_hall
):
    """As long as the server waits before it looks for a deadlock, and until the wait is cut off."""
    if settings.CLUSTER is None:
        pytest.skip("the log of another machine is not at hand")
    log = settings.CLUSTER.run / "server.log"
    with within(SYSTEM):
        hall = new_hall()
        hall.hold_keys()
        hall.open()
    before, casting = log.stat().st_size, []

    def cast() -> None:
        with within(SYSTEM), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '1500ms'")
            casting.append(cursor.connection.info.backend_pid)
            hall.cast("代表1", ["水厂"])

    with within(SYSTEM), ThreadPoolExecutor(1) as elsewhere:
        RollEntry.objects.select_for_update().get(pk=hall.entry("代表1").pk)
        with pytest.raises(OperationalError, match="lock timeout"):
            elsewhere.submit(cast).result()

    # Other tests write into the same log: what concerns this cast is under its own process.
    lines = log.read_bytes()[before:].decode(errors="replace").splitlines()
    written = "\n".join(line for line in lines if f"[{casting[0]}]" in line)
    assert "lock timeout" in written
    assert not re.search("tuple|projects_|still waiting", written), written


LOUD = {
    "log_statement": "all",
    "log_duration": "on",
    "log_min_duration_statement": "0",
    "log_min_duration_sample": "0",
    "log_transaction_sample_rate": "1",
    "log_min_error_statement": "error",
    "log_min_messages": "debug1",
    "log_lock_waits": "on",
    "log_error_verbosity": "verbose",
    "log_parameter_max_length": "-1",
    "log_parameter_max_length_on_error": "-1",
}


@pytest.fixture
def foreign() -> Iterator[Cluster]:
    """A server of others, which logs every statement with what was given to it."""
    with tempfile.TemporaryDirectory(prefix="pj", dir="/var/tmp") as folder:
        Path(folder).chmod(0o711)
        cluster = Cluster(Path(folder) / "pg", durable=False)
        cluster.start()
        cluster.hold()
        with cluster.superuser() as connected:
            for name, value in LOUD.items():
                connected.execute(
                    sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value))
                )
        cluster.stop()
        cluster.start()
        yield cluster
        cluster.release()


def test_the_file_for_a_server_of_others_makes_roles_that_keep_silent_where_all_is_logged(
    foreign: Cluster,
) -> None:
    statements = sqlparse.split((PROJECT / "docs" / "deploy" / "postgres.sql").read_text(encoding="utf-8"))
    with foreign.superuser() as connected:
        before = settings_of(connected)
        for statement in statements:
            connected.execute(statement)
    with psycopg.connect(foreign.urls().app) as connected:
        after = settings_of(connected)

    assert {name for name, value in before.items() if value not in database.SILENT[name]} == set(LOUD)
    assert {name for name, value in after.items() if value not in database.SILENT[name]} == set()


def settings_of(connected: psycopg.Connection[Any]) -> dict[str, str]:
    rows = connected.execute(
        "SELECT name, setting FROM pg_settings WHERE name = ANY (%s)", [list(database.SILENT)]
    )
    return dict(rows.fetchall())


def test_nginx_writes_nothing_down_of_a_ballot():
    text = re.sub(r"#.*", "", (PROJECT / "docs" / "deploy" / "nginx.conf").read_text(encoding="utf-8"))
    [ballot] = re.findall(rf"location {VOTERS_PAGES} {{(.*?)}}", text, re.S)
    said = dict(re.findall(r"(\w+)\s+([^;]+);", ballot))

    assert said["access_log"] == "off"
    assert said["error_log"].startswith("/dev/null")
    assert (said["gzip"], said["proxy_cache"], said["proxy_store"]) == ("off", "off", "off")
    assert said["client_body_in_file_only"] == "off" and said["proxy_max_temp_file_size"] == "0"
    assert said["client_body_buffer_size"] == said["client_max_body_size"]
    assert "$request_body" not in text


def test_nginx_does_not_name_the_link_of_a_letter_to_somebody_new():
    text = re.sub(r"#.*", "", (PROJECT / "docs" / "deploy" / "nginx.conf").read_text(encoding="utf-8"))
    [invitation] = re.findall(rf"location {LETTERS_PAGES} {{(.*?)}}", text, re.S)
    said = dict(re.findall(r"(\w+)\s+([^;]+);", invitation))
    assert said["access_log"] == "off" and said["error_log"].startswith("/dev/null")
