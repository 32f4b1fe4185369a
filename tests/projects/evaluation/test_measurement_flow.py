"""The steps of a measurement moved into a flow of their own: finished ones follow, one under way is finished first."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.db import connection
from viewflow.workflow.models import Task

from tests.builders import do, open_task
from tests.projects.evaluation.test_evaluation import T2, before_hall
from workflow.flows.models import Deadline

pytestmark = pytest.mark.django_db

migration = import_module("projects.migrations.0023_measurement_flow")
editor = SimpleNamespace(connection=connection)


def written(task: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT flow_task FROM viewflow_task WHERE id = %s", [task])
        return cursor.fetchone()[0]


def test_a_finished_step_follows_and_one_under_way_stops_the_upgrade(town, cycle):
    before_hall(town, cycle)
    do("evaluation.measure_attendance", town.of("clerk"), T2, present=20, on_leave=0)
    waiting = open_task("evaluation.measure_open").task_id
    with pytest.raises(RuntimeError, match="还有 1 项满意度测评正在计票"):
        migration.put_back(None, editor)
    Task.objects.filter(pk=waiting).update(status="DONE")
    migration.put_back(None, editor)
    assert written(waiting) == "projects/evaluation.flows.EvaluationFlow.measure_open"
    migration.give_own_flow(None, editor)
    assert written(waiting) == "projects/evaluation.flows.MeasurementFlow.measure_open"
    assert str(Deadline.objects.get(task=waiting).task.flow_task.task_title) == "满意度测评：发出测评票"
