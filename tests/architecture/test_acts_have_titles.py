"""Every act the trail may bear is called something in Chinese."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from projects.supervision import summaries
from workflow.flows.base import flows
from workflow.flows.nodes import MeetingView
from workflow.inbox.story import title_of_action
from workflow.machines.graph import arrows, machines
from workflow.reminders import services as reminders

ROOT = Path(__file__).parents[2]


def written_actions() -> Iterator[tuple[str, str]]:
    """The actions named where an entry is written, with the file; those made of a record's own names are left out."""
    for room in ("projects", "workflow", "notifications"):
        for path in sorted((ROOT / room).rglob("*.py")):
            for call in ast.walk(ast.parse(path.read_text())):
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "write_down":
                    named = call.args[1]
                    for part in (named.body, named.orelse) if isinstance(named, ast.IfExp) else (named,):
                        if isinstance(part, ast.Constant):
                            yield part.value, path.name


REMINDED = {(action, "services.py") for action in (reminders.ACTION, reminders.REPORT)}
ACTIONS = sorted(
    {
        *written_actions(),
        (summaries.ACTION, "summaries.py"),
        (reminders.ACTION, "services.py"),
        (reminders.REPORT, "services.py"),
    }
)


def test_the_acts_of_the_code_are_found() -> None:
    assert {"archive.add", "vote.follow_roll", "change.undo", "grant.give"} <= {
        action for action, _ in ACTIONS
    }


@pytest.mark.parametrize(("action", "where"), ACTIONS)
def test_an_act_that_is_written_down_has_a_title(action: str, where: str) -> None:
    assert title_of_action(action) != action, where


STAYING = sorted({f"{m.kind}.{a.name}" for m in machines() for a in arrows(m) if a.source == a.target})


@pytest.mark.parametrize("action", STAYING)
def test_an_arrow_that_leaves_a_record_where_it_is_has_a_title_of_its_own(action: str) -> None:
    assert "project.carry_over" in STAYING
    assert title_of_action(action) != action and "转为" not in title_of_action(action)


USUAL = MeetingView.__init__.__kwdefaults__["findings"]
ASKING = sorted(
    node.key
    for flow in flows()
    for node in flow.steps()
    if isinstance(node, MeetingView) and "是否" in node.task_title
)


@pytest.mark.parametrize("key", ASKING)
def test_the_record_of_a_decision_on_whether_something_is_so_says_which_of_the_two_it_is(key: str) -> None:
    assert "supervision.classify_change" in ASKING
    (node,) = (step for flow in flows() for step in flow.steps() if step.key == key)
    assert not set(map(str, node.findings)) & set(map(str, USUAL))
