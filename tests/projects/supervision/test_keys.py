"""Every task of the room has its key and its term to itself, and what stood under the older keys follows."""

from __future__ import annotations

import pytest

from projects.cycles.deadlines import TASK_TIMES
from projects.supervision.flows.changes import ChangeFlow, RatifyFlow
from projects.supervision.flows.sessions import InterpellationFlow
from workflow.flows.base import flows

pytestmark = pytest.mark.django_db


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
