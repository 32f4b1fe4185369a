"""No task of the year without a term: each is a row of the rulebook and of the seat table."""

from __future__ import annotations

from projects.cycles.deadlines import TASK_TIMES
from workflow.flows.base import flows


def test_every_task_of_a_flow_has_its_deadline_in_the_rulebook():
    keys = {node.key for flow in flows() if flow.__module__.startswith("projects.") for node in flow.steps()}
    assert len(keys) > 80
    assert keys - set(TASK_TIMES) == set()
