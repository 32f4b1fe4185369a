"""What the run-time role may not do to the trail, its leaves, its heads and the rows changed past the acts; and the tricks."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from tests.builders import at
from workflow.audit.models import Entry
from workflow.audit.services import Act, write_down
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import Unit, UnitKind
from workflow.people.services import create_unit

pytestmark = pytest.mark.django_db
CHAIN = ("workflow_leaf", "workflow_head")
SIGNED = (
    "workflow_treehead", "workflow_cosignature", "workflow_signingkey", "workflow_stamp", "workflow_stampfailure",
)  # fmt: skip
OF_ALL_UNITS = ("workflow_signingkey", "workflow_stampfailure")  # without a unit of their own
SALT = "workflow_salt"  # opens what an entry commits to: never another one, and erased with the text it opens
TRAIL = ("workflow_entry", *CHAIN, *SIGNED)
FUNCTIONS = (
    "piaojue_append_leaf()",
    "piaojue_refuse_change()",
    "piaojue_begin_act()",
    "piaojue_watch_row()",
    "piaojue_in_act(bigint)",
)
OWNER = settings.OWNER_ROLE
ON_EACH = (
    "DELETE FROM {}",
    "TRUNCATE {} CASCADE",
    "ALTER TABLE {} DISABLE TRIGGER ALL",
    "ALTER TABLE {} DISABLE TRIGGER USER",
    "ALTER TABLE {} DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE {} NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE {} RENAME TO gone",
    "ALTER TABLE {} SET SCHEMA pg_temp",
    "DROP TABLE {} CASCADE",
    "CREATE TRIGGER t BEFORE INSERT ON {} FOR EACH ROW EXECUTE FUNCTION piaojue_refuse_change()",
    "CREATE RULE r AS ON INSERT TO {} DO INSTEAD NOTHING",
    "CREATE POLICY p ON {} USING (true)",
    "LOCK TABLE {} IN ACCESS EXCLUSIVE MODE",
)
OF_SESSIONS = (
    f'SET ROLE "{OWNER}"',
    f'SET SESSION AUTHORIZATION "{OWNER}"',
    f'GRANT "{OWNER}" TO current_user',
    "SET session_replication_role = 'replica'",
    "SELECT set_config('session_replication_role', 'replica', true)",
    f"ALTER ROLE \"{settings.APP_ROLE}\" SET session_replication_role = 'replica'",
    f'ALTER ROLE "{settings.APP_ROLE}" BYPASSRLS',
    "CREATE SCHEMA evil",
    "CREATE FUNCTION public.evil() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE TABLE public.evil (id int)",
    "CREATE EVENT TRIGGER evil ON ddl_command_end EXECUTE FUNCTION piaojue_refuse_change()",
    "COPY workflow_entry FROM PROGRAM 'echo'",
    "UPDATE pg_trigger SET tgenabled = 'D'",
)


def statements() -> list[str]:
    changed = [f"UPDATE {table} SET unit_id = unit_id" for table in TRAIL if table not in OF_ALL_UNITS]
    changed += [f"UPDATE {SALT} SET value = value"]
    named = [
        f"DROP TRIGGER {name} ON workflow_entry" for name in ("entry_leaf", "entry_fixed", "entry_begins")
    ]
    named += [f"DROP TRIGGER {name} ON projects_cycle" for name in ("watched", "watched_whole", "kept")]
    named += [f"ALTER TABLE projects_cycle DISABLE TRIGGER {name}" for name in ("watched", "ALL")]
    functions = [
        f"{verb} FUNCTION {name} {rest}".strip()
        for name in FUNCTIONS
        for verb, rest in (("DROP", "CASCADE"), ("ALTER", "RESET ALL"), ("ALTER", "SECURITY INVOKER"))
    ]
    replaced = [
        f"CREATE OR REPLACE FUNCTION public.{name} RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$"
        for name in FUNCTIONS[:4]
    ]
    written = [
        "INSERT INTO workflow_leaf (entry_id, unit_id, index, recorded_at, prev, hash) SELECT 1, 1, 1, now(), '', ''",
        "INSERT INTO workflow_head (unit_id, size, hash) SELECT 1, 1, ''",
        "SELECT piaojue_note_row(1, 'UPDATE', 'projects_cycle', '{}', '{}', '{}')",
    ]
    each = [one.format(table) for one in ON_EACH for table in TRAIL]
    each += [one.format(SALT) for one in ON_EACH if not one.startswith(("DELETE", "LOCK"))]
    return [*each, *changed, *named, *functions, *replaced, *written, *OF_SESSIONS]


@pytest.fixture
def act() -> Act:
    apply(SYSTEM)
    unit = create_unit(code="T01", name="青溪镇", kind=UnitKind.TOWNSHIP)
    return Act(None, "system", unit, at("2026-08-10"))


def run(statement: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def refusal_of(statement: str) -> str:
    """What the database says to a statement; empty where it lets it pass."""
    try:
        with transaction.atomic():
            run(statement)
            transaction.set_rollback(True)
    except DatabaseError as error:
        return str(error)
    return ""


def test_the_run_time_role_changes_empties_and_unguards_nothing(act):
    write_down(act, "test.act", "thing:1")
    said = {statement: refusal_of(statement) for statement in statements()}
    # As the versions of the server word it.
    reasons = (
        "permission denied",
        "must be owner",
        "must be able to SET ROLE",
        "must be superuser",
        "must have admin option",
    )
    passed = {
        statement: reason for statement, reason in said.items() if not any(one in reason for one in reasons)
    }
    assert passed == {} and len(said) > 100
    # What it may do is write an entry down and read it.
    assert (
        refusal_of(
            "INSERT INTO workflow_entry (unit_id, at, body) SELECT unit_id, at, body FROM workflow_entry"
        )
        == ""
    )


@pytest.mark.parametrize(
    "path", ["", "SET LOCAL search_path = pg_temp, public"], ids=["usual", "pg_temp first"]
)
def test_tables_of_the_sessions_own_by_the_same_names_are_given_nothing(act, path):
    run(path or "SELECT 1")
    for table in CHAIN:
        run(f"CREATE TEMP TABLE {table} (LIKE public.{table} INCLUDING ALL)")
        run(f"GRANT ALL ON pg_temp.{table} TO PUBLIC")
    with connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO public.workflow_entry (unit_id, at, body) VALUES (%s, now(), \'{"action": "x"}\')',
            [act.unit.pk],
        )
    run("SET CONSTRAINTS ALL IMMEDIATE")
    assert run(
        "SELECT (SELECT count(*) FROM public.workflow_leaf), (SELECT size FROM public.workflow_head)"
    ) == [(1, 1)]
    assert [run(f"SELECT count(*) FROM pg_temp.{table}") for table in CHAIN] == [[(0,)], [(0,)]]


def test_a_changed_row_is_written_down_where_it_belongs_whatever_the_session_has_made(act):
    run("CREATE TEMP TABLE workflow_entry (LIKE public.workflow_entry)")
    run("CREATE TEMP TABLE workflow_unit (LIKE public.workflow_unit)")
    run("GRANT ALL ON pg_temp.workflow_entry, pg_temp.workflow_unit TO PUBLIC")
    run(
        "INSERT INTO projects_session (unit_id, term, number, held_on, days, state, called)"
        f" VALUES ({act.unit.pk}, 5, 1, '2027-01-20', 1, 'planned', '')"
    )
    run("SET CONSTRAINTS ALL IMMEDIATE")
    assert run("SELECT action, unit_id FROM public.workflow_entry") == [("row.add", act.unit.pk)]


def test_no_right_on_the_trail_is_left_over(act):
    rights = {
        table: {
            right
            for right in ("INSERT", "UPDATE", "DELETE", "TRUNCATE", "TRIGGER", "REFERENCES")
            if run(f"SELECT has_table_privilege('{settings.APP_ROLE}', '{table}', '{right}')") == [(True,)]
        }
        for table in (*TRAIL, SALT)
    }
    assert rights == {
        "workflow_entry": {"INSERT"},
        **{table: set() for table in CHAIN},
        **{table: {"INSERT"} for table in SIGNED},
        SALT: {"INSERT", "DELETE"},
    }
    assert Unit.objects.count() == 1 and Entry.objects.count() == 0


@pytest.mark.parametrize(
    "function", ["piaojue_append_leaf()", "piaojue_watch_row('unit_id', 'x', 'id', 'pg_temp.f()', '', '')"]
)
def test_a_function_that_runs_as_the_owner_is_hung_on_no_table_of_the_sessions_own(act, function):
    """It would write leaves of its maker's choice, or evaluate its maker's function with the owner's rights."""
    run("CREATE TEMP TABLE mine (unit_id bigint, id bigint)")
    made = f"CREATE TRIGGER t AFTER INSERT ON mine FOR EACH ROW EXECUTE FUNCTION {function}"
    assert "permission denied for function" in refusal_of(made)


def test_the_run_time_role_may_call_nothing_that_runs_as_somebody_else():
    assert (
        run(
            "SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace"
            " AND has_function_privilege(oid, 'EXECUTE')"
        )
        == []
    )
