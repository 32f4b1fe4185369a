"""Every task of the room has its key and its term to itself, and what stood under the older keys follows."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.db import connection
from viewflow.workflow.models import Task

from projects.cycles.deadlines import TASK_TIMES
from projects.cycles.models import Cycle
from projects.cycles.rulebook import load
from projects.supervision.flows.changes import ChangeFlow, RatifyFlow
from projects.supervision.flows.sessions import InterpellationFlow
from tests.projects.supervision.test_changes import ask, decide
from workflow.flows.base import flows
from workflow.flows.models import Deadline

pytestmark = pytest.mark.django_db

migration = import_module("projects.migrations.0008_keys_of_their_own")
modules = import_module("projects.migrations.0030_flows_by_subject")
editor = SimpleNamespace(connection=connection)


def test_a_key_means_one_task_and_its_term_names_it():
    titles: dict[str, set[str]] = {}
    for flow in flows():
        for node in flow.steps():
            if flow.room == "supervision":
                titles.setdefault(node.key, set()).add(str(node.task_title))
    decided = titles.pop("supervision.decide_change")
    assert decided == {
        "提请大会表决项目调整",
        "主席团决定项目调整",
    }  # one act, by the body the rulebook names
    assert [key for key, names in titles.items() if len(names) > 1] == []
    for flow in (ChangeFlow, RatifyFlow, InterpellationFlow):
        for node in flow.steps():
            assert node.key in TASK_TIMES


def test_open_tasks_and_frozen_rulebooks_take_the_new_keys(year):
    year.building()
    ask(year, "place", place="第9村")
    year.in_session()
    decide(year, "2027-06-18")
    task = year.task("announce_change")
    before = load(Cycle.objects.get(pk=year.cycle.pk).rules_data).deadlines

    modules.put_together(None, editor)
    migration.share_keys(None, editor)
    with connection.cursor() as cursor:
        cursor.execute("SELECT flow_task FROM viewflow_task WHERE id = %s", [task.pk])
        assert cursor.fetchone()[0] == "projects/supervision.flows.ChangeFlow.change"
    assert Deadline.objects.get(pk=task.pk).key == "supervision.change"
    old = Cycle.objects.get(pk=year.cycle.pk).rules_data["deadlines"]
    assert "supervision.change" in old and "supervision.announce_change" not in old
    old["supervision.question"] = 40  # working days, as the older rulebook allowed
    Cycle.objects.filter(pk=year.cycle.pk).update(
        rules_data=Cycle.objects.get(pk=year.cycle.pk).rules_data | {"deadlines": old}
    )

    migration.give_own_keys(None, editor)
    modules.take_apart(None, editor)
    assert Task.objects.get(pk=task.pk).flow_task.name == "announce_change"
    assert Deadline.objects.get(pk=task.pk).key == "supervision.announce_change"
    after = load(Cycle.objects.get(pk=year.cycle.pk).rules_data).deadlines
    assert after == before | {"supervision.answer_interpellation": 30}
    year.do("announce_change", year.town.of("clerk"), "2027-06-20", number="第 7 号", words="现予公告。")
    assert year.project().place == "第9村"


def test_processes_and_tasks_follow_their_flow_to_its_module(year):
    year.building()
    task = year.task("inspect")

    def kept() -> list[tuple[str, str]]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT p.flow_class, t.flow_task FROM viewflow_task t JOIN viewflow_process p ON p.id = t.process_id "
                "WHERE p.flow_class LIKE 'projects/supervision%' ORDER BY t.id"
            )
            return cursor.fetchall()

    before = kept()
    modules.put_together(None, editor)
    assert {flow for flow, _task in kept()} == {
        f"projects/supervision.flows.{name}" for name in ("SupervisionFlow", "ProjectFlow", "InspectFlow")
    }
    modules.take_apart(None, editor)
    assert kept() == before
    assert any(node.endswith("InspectFlow.inspect") for _flow, node in before)
    year.do("inspect", year.members()[0], "2027-05-20", on="2027-05-20", place="路边", words="现场察看路基。")
    assert year.task("inspect").pk != task.pk


def test_every_flow_of_the_room_is_told_where_it_stands_now():
    mine = {
        f.__name__: f.__module__ for f in flows() if f.room == "supervision" and "supervision" in f.__module__
    }
    moved = {name: module for module, names in modules.MODULES.items() for name in names}
    assert {name: mine[name].rpartition(".")[2] for name in moved} == moved
