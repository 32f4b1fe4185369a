"""The system checks refuse what no flow, machine or table may be."""

from __future__ import annotations

import pytest
from django.core.checks import run_checks
from django.db import connection
from django_fsm import FSMField, transition
from viewflow import this
from viewflow.workflow import Flow, nodes

from tests.tables import tenant_tables
from workflow import checks
from workflow.machines.models import Record
from workflow.people.isolation import unprotected_tables


def test_the_project_passes_its_own_checks():
    assert [m for m in run_checks() if m.id and m.id.startswith("workflow.")] == []


def test_a_flow_without_the_lock_is_refused(monkeypatch):
    class Careless(Flow):
        start = nodes.StartHandle().Next(this.end)
        end = nodes.End()

    monkeypatch.setattr(checks, "_subclasses", lambda base: [Careless])
    assert [m.id for m in checks.flows_hold_the_lock(None)] == ["workflow.E001"]


def test_a_human_step_without_an_office_is_refused(monkeypatch):
    class Ownerless(Flow):
        start = nodes.StartHandle().Next(this.work)
        work = nodes.View(None).Next(this.end)
        end = nodes.End()

    monkeypatch.setattr(checks, "_subclasses", lambda base: [Ownerless])
    assert [m.id for m in checks.human_steps_name_an_office(None)] == ["workflow.E002"]


def test_a_state_without_a_label_is_refused(monkeypatch):
    class Unlabelled(Record):
        state = FSMField(default="new", choices=[("new", "新")], protected=True)

        class Meta:
            app_label = "tests"
            abstract = False
            managed = False

        @transition(field=state, source="new", target="gone")
        def leave(self) -> None:
            """Reaches a state nobody has named."""

    monkeypatch.setattr(checks, "machines", lambda: [Unlabelled])
    assert [m.id for m in checks.states_have_labels(None)] == ["workflow.E003"]


@pytest.mark.django_db
def test_every_table_has_a_forced_policy_or_a_reason():
    assert len(tenant_tables()) > 40
    assert unprotected_tables() == []


def test_a_table_that_lost_its_policy_is_named(fresh_database, owner_connection):
    assert unprotected_tables() == []
    owner_connection.execute("ALTER TABLE projects_proposal NO FORCE ROW LEVEL SECURITY")
    owner_connection.execute("CREATE TABLE workflow_of_tomorrow (id bigint)")
    found = checks.tables_are_isolated(None, databases=["default"])
    assert [(m.id, m.msg.split()[1]) for m in found] == [
        ("workflow.E004", "projects_proposal"),
        ("workflow.E004", "workflow_of_tomorrow"),
    ]
    connection.close()


POWERS = {
    "is a superuser": "pg_roles AS SELECT rolname, true AS rolsuper, false AS rolbypassrls FROM pg_catalog.pg_roles",
    "may pass by": "pg_roles AS SELECT rolname, false AS rolsuper, true AS rolbypassrls FROM pg_catalog.pg_roles",
    "owns the tables": "pg_class AS SELECT relkind, relnamespace, current_user::regrole AS relowner"
    " FROM pg_catalog.pg_class",
}


@pytest.mark.django_db
@pytest.mark.parametrize("power", POWERS)
def test_a_role_that_the_policies_do_not_bind_is_refused_before_the_site_goes_out(power):
    assert checks.the_role_is_bound_by_the_policies(None, databases=["default"]) == []
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP VIEW {POWERS[power]}")
        cursor.execute("SET LOCAL search_path = pg_temp, public, pg_catalog")
    (found,) = checks.the_role_is_bound_by_the_policies(None, databases=["default"])
    assert found.id == "workflow.E005" and power in found.msg


def test_a_signing_key_that_cannot_be_read_is_refused_before_the_site_goes_out(settings, tmp_path):
    key = tmp_path / "trail-key"
    settings.TRAIL_KEY, settings.TRAIL_KEY_FILE, settings.SIGNING_KEYS_MADE = "", str(key), False
    settings.COUNTY_KEY_FILE = ""
    assert [m.id for m in checks.the_trail_can_be_signed(None)] == ["workflow.E006"]
    key.write_text("ab" * 32)
    key.chmod(0o644)
    assert "600" in checks.the_trail_can_be_signed(None)[0].msg
    key.chmod(0o600)
    assert checks.the_trail_can_be_signed(None) == []
