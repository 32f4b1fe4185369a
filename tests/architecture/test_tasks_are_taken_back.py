"""Every task of a person is taken back by a counter-act of its own, or says why it stays done."""

from __future__ import annotations

import pytest
from django.utils.translation import gettext_lazy

from workflow.flows.base import flows
from workflow.flows.nodes import MeetingView, OfficeView
from workflow.flows.taking_back import nothing_to_undo

STEPS = {node.key: node for flow in flows() for node in flow.instance.nodes() if isinstance(node, OfficeView)}


def settled(node: OfficeView) -> bool:
    """What nobody takes back by what it is: confirmed as final, done in person, decided by a body."""
    return node.irreversible or node.in_person or isinstance(node, MeetingView)


def test_the_steps_of_the_year_are_found():
    assert len(STEPS) > 100 and {"collection.receive", "selection.draft_list"} <= STEPS.keys()


@pytest.mark.parametrize("key", sorted(STEPS))
def test_a_task_is_taken_back_or_says_why_it_stays_done(key):
    node = STEPS[key]
    assert [bool(node.undo), bool(node.stays), settled(node)].count(True) == 1
    if node.stays:
        assert len(str(node.stays)) > 10 and str(node.stays).endswith("。")


def test_what_the_township_writes_day_by_day_can_be_taken_back():
    assert {
        "collection.receive",
        "selection.merge",
        "selection.draft_list",
        "supervision.plan",
        "supervision.progress",
    } <= {key for key, node in STEPS.items() if node.undo}


@pytest.mark.parametrize(
    "more",
    [{}, {"undo": nothing_to_undo, "stays": "已经报出。"}, {"undo": nothing_to_undo, "irreversible": True}],
)
def test_a_step_that_says_neither_or_both_cannot_be_drawn(more):
    assert OfficeView(office="clerk", title=gettext_lazy("受理"), act=lambda: None, undo=nothing_to_undo)
    with pytest.raises(ValueError, match="is taken back, says why not"):
        OfficeView(office="clerk", title=gettext_lazy("受理"), act=lambda: None, **more)
