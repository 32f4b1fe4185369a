"""What the database itself refuses: another township's rows, and any change of the trail."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.db import DatabaseError, connection, transaction

from projects.lifecycle.intake import start_year
from tests.builders import at, township
from tests.tables import tenant_tables
from workflow.people.isolation import (
    ONE_AT_A_TIME,
    PUBLIC,
    SYSTEM,
    apply,
    of_units,
    policies,
    worked_out_once,
)

pytestmark = pytest.mark.django_db
PLAN = {
    "year": 2027,
    "opens_on": date(2026, 9, 1),
    "planned_t": date(2027, 1, 20),
    "planned_t2": date(2028, 1, 18),
}


def run(sql: str):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else None


@pytest.fixture
def two_towns(db):
    apply(SYSTEM)
    towns = township("T01"), township("T02", name="柳河镇")
    for town in towns:
        start_year(town.act("chair", at("2026-08-10")), **PLAN)
    return towns


def counts() -> dict[str, int]:
    return {
        table: run(f"SELECT count(*) FROM {table}")[0][0] for table in [*tenant_tables(), "viewflow_task"]
    }


def test_a_townships_context_sees_its_own_rows_and_none_of_anothers(two_towns):
    one, other = two_towns
    apply(of_units((one.unit.pk,)))
    assert run("SELECT DISTINCT unit_id FROM projects_cycle") == [(one.unit.pk,)]
    assert run("SELECT DISTINCT tenant_id FROM workflow_rolegrant") == [(one.unit.pk,)]
    assert run(f"SELECT count(*) FROM viewflow_task WHERE owner_permission_obj_pk = '{other.unit.pk}'") == [
        (0,)
    ]


def test_without_a_context_nothing_is_seen(two_towns):
    assert counts()["projects_cycle"] == 2
    apply(of_units(()))
    assert {table: n for table, n in counts().items() if n} == {}


def test_a_gate_is_seen_by_the_township_its_process_is_about_and_by_no_other(two_towns):
    gates = (
        "SELECT DISTINCT p.data->>'unit' FROM viewflow_task t JOIN viewflow_process p ON p.id = t.process_id "
        "WHERE t.owner_permission_obj_pk IS NULL"
    )
    assert sorted(run(gates)) == sorted([(str(town.unit.pk),) for town in two_towns])
    for town in two_towns:
        apply(of_units((town.unit.pk,)))
        assert run(gates) == [(str(town.unit.pk),)]
    apply(of_units((two_towns[0].unit.pk,), writes=(two_towns[0].unit.pk,)))
    theirs = f"(SELECT id FROM viewflow_process WHERE data->>'unit' = '{two_towns[1].unit.pk}')"
    assert run(f"UPDATE viewflow_task SET status = 'DONE' WHERE process_id IN {theirs} RETURNING id") == []


def test_the_public_sees_no_year_in_preparation(two_towns):
    apply(PUBLIC)
    assert counts()["projects_cycle"] == 0


def test_a_townships_context_cannot_write_anothers_row(two_towns):
    one, other = two_towns
    apply(of_units((one.unit.pk,), writes=(one.unit.pk,)))
    assert run("UPDATE projects_cycle SET period = '甲' RETURNING unit_id") == [(one.unit.pk,)]
    with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        run(
            "INSERT INTO workflow_entry (unit_id, at, body) "
            f'VALUES ({other.unit.pk}, now(), \'{{"action": "x", "subject": "y"}}\')'
        )


def test_a_policy_reads_the_context_once_a_statement_and_not_at_every_row(db):
    found = [(table, name, told) for table, name, *both in policies() for told in both if told]
    assert len(found) > 300
    at_each_row = [(table, name) for table, name, told in found if worked_out_once(told) != told]
    assert at_each_row == [*ONE_AT_A_TIME]


def test_what_is_added_one_at_a_time_is_added_by_whom_the_policies_of_such_tables_let(db):
    checks = {(table, name): check or "" for table, name, _using, check in policies()}

    def told(of: tuple[str, str]) -> str:
        return re.sub(r" AS \w+|\s", "", worked_out_once(checks[of]))

    # Forced with write="units", as they are.
    assert {told(bare) for bare in ONE_AT_A_TIME} == {told(("workflow_urge", "adds"))}


def test_a_setting_that_is_read_at_every_row_is_put_into_a_subquery():
    mode, units = (
        "current_setting('piaojue.mode'::text, true)",
        "current_setting('piaojue.units'::text, true)",
    )
    array = f"(NULLIF({units}, ''::text))::bigint[]"
    told = f"(({mode} = 'system'::text) OR (unit_id = ANY ({array})) OR (u.tenant_id = ANY ({array})))"
    once = worked_out_once(told)
    assert once == (
        f"(((SELECT {mode}) = 'system'::text) OR (unit_id IN (SELECT unnest({array})))"
        f" OR (u.tenant_id = ANY ((SELECT {array})::bigint[])))"
    )
    assert worked_out_once(once) == once


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE workflow_entry SET body = '{}'",
        "DELETE FROM workflow_entry",
        "TRUNCATE workflow_entry CASCADE",
        "UPDATE workflow_leaf SET index = 9",
        "DELETE FROM workflow_leaf",
        "INSERT INTO workflow_leaf (entry_id, unit_id, index, recorded_at, prev, hash) SELECT 1, 1, 1, now(), '', ''",
        "UPDATE workflow_head SET size = 0",
        "DELETE FROM workflow_head",
        "ALTER TABLE workflow_entry DISABLE TRIGGER ALL",
        "DROP TABLE workflow_leaf",
    ],
)
def test_the_run_time_role_cannot_change_the_trail(two_towns, sql):
    assert run("SELECT count(*) > 0 FROM workflow_entry") == [(True,)]
    with pytest.raises(DatabaseError, match=r"permission denied|must be owner"), transaction.atomic():
        run(sql)


def test_what_a_policy_asks_in_a_function_is_asked_as_the_caller_and_never_of_a_table_of_the_callers_own():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT p.proname, p.proargtypes[0]::regtype::text, p.prosecdef, p.proconfig,"
            " pg_has_role(p.proowner, 'MEMBER')"
            " FROM pg_depend d JOIN pg_proc p ON p.oid = d.refobjid AND d.refclassid = 'pg_proc'::regclass"
            " WHERE d.classid = 'pg_policy'::regclass AND p.pronamespace = 'public'::regnamespace ORDER BY 1"
        )
        asked = cursor.fetchall()
        names = {name for name, *_rest in asked}
        assert {"viewflow_process_is_read", "viewflow_task_is_written", "viewflow_task_in_scope"} <= names
        for name, of, as_owner, settings, owned in asked:
            assert (as_owner, settings, owned) == (False, ["search_path=public, pg_temp"], False), name
            # What it names is looked up when it is called, not when it is made.
            cursor.execute(f'SELECT "{name}"({"0" if of == "bigint" else f"NULL::{of}"})')


def test_a_table_of_the_sessions_own_stands_before_none_a_policy_asks():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('piaojue.mode', 'unit', true), set_config('piaojue.units', '{7}', true)"
        )
        cursor.execute("CREATE TEMP TABLE viewflow_process (id bigint, data jsonb)")
        cursor.execute("INSERT INTO viewflow_process VALUES (1, '{\"unit\": 7}')")
        cursor.execute("SELECT count(*), viewflow_process_is_read(1) FROM viewflow_process")
        assert cursor.fetchone() == (1, False)
