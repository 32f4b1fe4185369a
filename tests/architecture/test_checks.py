"""The system checks refuse what no flow, machine or table may be."""

from __future__ import annotations

import pytest
from django.core.checks import run_checks
from django.db import connection
from django_fsm import FSMField, transition
from viewflow import this
from viewflow.workflow import Flow, nodes

from workflow import checks
from workflow.machines.models import Record
from workflow.people.isolation import tenant_tables, unprotected_tables


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
