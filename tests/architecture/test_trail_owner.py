"""The owner of the database may do more than the run-time role; even so the trail refuses."""

from __future__ import annotations

import psycopg
import pytest


def test_not_even_the_owner_changes_it_without_first_taking_the_trigger_away(
    fresh_database, owner_connection
):
    owner_connection.execute("SELECT set_config('piaojue.mode', 'system', false)")
    owner_connection.execute(
        "INSERT INTO workflow_unit (code, name, kind, path) VALUES ('U', '镇', 'township', '/')"
    )
    owner_connection.execute(
        "INSERT INTO workflow_entry (unit_id, at, body) SELECT id, now(), '{}' FROM workflow_unit WHERE code = 'U'"
    )
    for sql in ("UPDATE workflow_entry SET body = 'x'", "TRUNCATE workflow_entry CASCADE"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
            owner_connection.execute(sql)
