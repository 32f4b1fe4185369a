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
from projects.supervision.flows import ChangeFlow, InterpellationFlow, RatifyFlow
from tests.projects.supervision.test_changes import ask, decide
from workflow.flows.base import flows
from workflow.flows.models import Deadline

pytestmark = pytest.mark.django_db

migration = import_module("projects.migrations.0008_keys_of_their_own")
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
    assert Task.objects.get(pk=task.pk).flow_task.name == "announce_change"
    assert Deadline.objects.get(pk=task.pk).key == "supervision.announce_change"
    after = load(Cycle.objects.get(pk=year.cycle.pk).rules_data).deadlines
    assert after == before | {"supervision.answer_interpellation": 30}
    year.do("announce_change", year.town.of("clerk"), "2027-06-20", number="第 7 号", words="现予公告。")
    assert year.project().place == "第9村"
