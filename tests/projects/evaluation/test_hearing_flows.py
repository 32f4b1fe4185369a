"""Residents and reviews moved into flows of their own: finished steps follow, what is under way is finished first."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.db import connection
from viewflow.workflow.models import Task

from projects.demo.play.stage import open_tasks
from tests.projects.evaluation.test_evaluation import assembled, reported
from workflow.flows.models import Deadline

pytestmark = pytest.mark.django_db

migration = import_module("projects.migrations.0027_hearing_flows")
editor = SimpleNamespace(connection=connection)


def written(task: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT flow_task FROM viewflow_task WHERE id = %s", [task])
        return cursor.fetchone()[0]


def test_finished_steps_follow_and_one_under_way_stops_the_upgrade(town, cycle):
    reported(town, cycle)
    review = open_tasks(cycle, "evaluation.review")[0].task_id
    with pytest.raises(RuntimeError, match="群众评价、现场评议没有办结"):
        migration.put_back(None, editor)
    Task.objects.filter(process__flow_class__contains="ReviewFlow").update(status="DONE")
    Task.objects.filter(process__flow_class__contains="HearingFlow").update(status="DONE")
    migration.put_back(None, editor)
    assert written(review) == "projects/evaluation.flows.EvaluationFlow.review"
    migration.give_own_flows(None, editor)
    assert written(review) == "projects/evaluation.flows.ReviewFlow.review"
    assert str(Deadline.objects.get(task=review).task.flow_task.task_title) == "现场评议"


def test_a_session_that_is_open_stops_the_upgrade(town, cycle):
    assembled(town, cycle)
    with pytest.raises(RuntimeError, match="会议正在举行"):
        migration.put_back(None, editor)
