"""What tests stand on: the run-time role, its rights, and databases that are thrown away."""

from __future__ import annotations

import socket
import threading
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import ProgrammingError, connection
from django.utils import timezone


def remember(key: str) -> None:
    Session.objects.create(session_key=key, session_data="", expire_date=timezone.now() + timedelta(hours=1))


@pytest.mark.django_db
def test_tests_run_as_the_run_time_role() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        )
        assert cursor.fetchone() == (settings.APP_ROLE, False, False)


@pytest.mark.django_db
@pytest.mark.parametrize("statement", ["CREATE TABLE stray (id int)", "TRUNCATE django_session"])
def test_the_run_time_role_changes_no_tables(statement: str) -> None:
    with connection.cursor() as cursor, pytest.raises(ProgrammingError):
        cursor.execute(statement)


@pytest.mark.django_db
@pytest.mark.parametrize("time", [1, 2])
def test_what_an_ordinary_test_writes_is_rolled_back(time: int) -> None:
    assert not Session.objects.exists()
    remember("once")


@pytest.mark.parametrize("time", [1, 2])
def test_a_fresh_database_takes_commits_of_other_threads(
    fresh_database: str, owner_connection: psycopg.Connection[Any], time: int
) -> None:
    assert not Session.objects.exists()
    thread = threading.Thread(target=remember, args=("thread",))
    thread.start()
    thread.join()
    assert Session.objects.get().session_key == "thread"
    row = owner_connection.execute(
        "SELECT current_database(), current_user, count(*) FROM django_session"
    ).fetchone()
    assert row == (fresh_database, settings.OWNER_ROLE, 1)


def test_every_table_belongs_to_the_owner(
    fresh_database: str, owner_connection: psycopg.Connection[Any]
) -> None:
    rows = owner_connection.execute(
        "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
    ).fetchall()
    assert rows == [(settings.OWNER_ROLE,)]


def test_a_server_that_takes_the_call_and_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = {"host": "127.0.0.1", "port": mute.getsockname()[1]}
        with pytest.raises(psycopg.OperationalError, match="timeout"):
            psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None} | address)
