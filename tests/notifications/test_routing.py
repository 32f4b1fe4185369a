"""The routing table, and which entry a task is told by: pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from notifications.openings import Opened, Written, entry_that_opened
from notifications.rendering import Facts, TaskFacts, render
from notifications.routing import ROUTES, UNTOLD, URGENT, Audience, routes_of
from workflow.flows.base import flows
from workflow.flows.nodes import OfficeEnd, OfficeView, SubFlow
from workflow.inbox.story import _titles
from workflow.machines.graph import machines
from workflow.roles import registry

NOON = datetime(2026, 9, 1, 4, tzinfo=UTC)
TASK = TaskFacts(7, "发布征集公告", "青溪镇 2027 年度民生实事项目", "青溪镇", date(2026, 9, 8), False, False)
FACTS = Facts(
    unit="青溪镇",
    who="党政办",
    office="代表",
    label="安装路灯",
    reason="地点没有写明",
    on=date(2026, 9, 1),
    after={"days": 3, "planned_t": "2027-01-20", "window_from": "2026-09-03", "window_to": "2026-10-08"},
    tasks=(TASK,),
)


def letters_of(action: str, **after: object) -> list[str]:
    return [route.letter for route in routes_of(action, after)]


def test_a_return_is_told_as_a_return_before_it_is_told_as_a_task() -> None:
    assert letters_of("selection.party_study.return") == ["returned", "opened"]


def test_a_late_reminder_is_told_otherwise_than_an_early_one() -> None:
    assert letters_of("deadline.remind", when="before")[0] == "reminded"
    late = next(routes_of("deadline.remind", {"when": "after"}))
    assert (late.letter, late.urgency) == ("overdue", URGENT)


def test_the_county_and_the_party_hear_of_a_severe_measurement_alone() -> None:
    def told(severe: bool) -> set[str]:
        routes = routes_of("measurement.fail", {"severe": severe})
        return {office for route in routes for office in route.offices}

    assert {"county", "party", "chair"} <= told(True)
    assert "chair" in told(False) and not {"county", "party"} & told(False)


@pytest.mark.parametrize("action", ["supervision.call_session", "evaluation.second_measure"])
def test_deputies_are_told_of_every_meeting_they_are_called_to(action: str) -> None:
    assert any("deputy" in route.offices for route in routes_of(action, {}))


@pytest.mark.parametrize(
    "action",
    [
        "cycle.move_session",
        "deliberation.convene",
        "deliberation.materials",
        "supervision.call_session",
        "evaluation.convene",
        "evaluation.second_measure",
    ],
)
def test_the_first_session_of_a_new_congress_calls_those_elected_to_it_and_not_the_old_deputies(
    action: str,
) -> None:
    def told(**after: object) -> set[str]:
        routes = [route for route in routes_of(action, after) if route.audience is Audience.OFFICES]
        return {office for route in routes for office in route.offices}

    assert "deputy" in told(opens_term=False) and "deputy_elect" not in told(opens_term=False)
    assert "deputy_elect" in told(opens_term=True) and not {"deputy", "delegation_lead"} & told(
        opens_term=True
    )


def test_an_act_without_a_row_of_its_own_only_tells_whose_turn_it_is() -> None:
    assert [route.audience for route in routes_of("selection.merge", {})] == [Audience.NEXT]


def test_every_office_of_the_table_is_in_the_seat_table() -> None:
    known = {office.code for office in registry.offices()}
    assert {code for route in ROUTES for code in route.offices} <= known


def may_be_the_last(step: OfficeView) -> bool:
    """Whether some way from a step leads to the end of its flow, and of those that wait for it, past no other step."""
    waiting = [node for flow in flows() for node in flow.instance.nodes() if isinstance(node, SubFlow)]
    seen: list[Any] = []
    queue = [edge.dst for edge in step._outgoing() if edge.label is None]
    while queue:
        here = queue.pop()
        if isinstance(here, OfficeView) or here in seen:
            continue
        seen.append(here)
        ways = [here]
        if isinstance(here, OfficeEnd):
            ways = [node for node in waiting if node.child is here.flow_class]
            if not ways:
                return True
        elif isinstance(here, SubFlow):
            ways = [here.child.instance.node("start")]
        queue += [edge.dst for way in ways for edge in way._outgoing()]
    return False


def named_actions() -> tuple[set[str], set[str]]:
    """What an entry may be called: arrows of records, and everything else."""
    arrows = {
        f"{model.kind}.{arrow.name}" for model in machines() for arrow in model().get_all_state_transitions()
    }
    return arrows, _titles().keys() - arrows


def test_every_action_of_the_table_can_happen() -> None:
    arrows, others = named_actions()
    assert {route.pattern for route in ROUTES if "*" not in route.pattern} <= arrows | others


def test_every_act_has_a_row_or_a_step_that_follows_or_a_reason_why_it_is_told_to_nobody() -> None:
    _arrows, others = named_actions()
    followed = {step.key for flow in flows() for step in flow.steps()}
    followed -= {step.key for flow in flows() for step in flow.steps() if may_be_the_last(step)}
    rows = [route for route in ROUTES if route.pattern != "*"]
    routed = {action for action in others if any(fnmatchcase(action, row.pattern) for row in rows)}
    listed = [action for actions in UNTOLD.values() for action in actions]
    assert sorted(others - followed - routed) == sorted(listed)


def test_that_somebody_came_late_is_told_to_nobody_and_the_reason_stands_there() -> None:
    assert letters_of("voting.arrive") == ["opened"]
    (reason,) = (reason for reason, actions in UNTOLD.items() if "voting.arrive" in actions)
    assert "in the hall" in reason


def test_whoever_asked_for_a_change_hears_that_it_is_refused_and_the_deputies_that_one_is_undone() -> None:
    refused, revoked = next(routes_of("change.refuse", {})), next(routes_of("change.revoke", {}))
    assert (refused.audience, refused.letter) == (Audience.AUTHOR, "change_refused")
    assert {"deputy", "mayor", "department"} <= set(revoked.offices) and revoked.letter == "change_revoked"


def test_those_who_watch_over_the_ballots_are_told_before_and_after_they_are_destroyed() -> None:
    def told(action: str) -> set[str]:
        return {office for route in routes_of(action, {}) for office in route.offices}

    assert {"chief_teller", "teller", "chair"} <= told("ballots.destroy")
    assert (
        "county" not in told("ballots.destroy") and next(routes_of("ballots.destroy", {})).urgency == URGENT
    )
    assert {"chief_teller", "teller", "presidium", "chair", "county"} <= told("ballots.confirm_destroy")
    assert told("ballots.confirm_for_presidium") == told("ballots.confirm_destroy")
    assert {"deputy", "chair", "county"} <= told("vote.empty_box")


def test_a_county_figure_put_right_at_night_is_told_to_the_administrator_and_the_county() -> None:
    above, at_home, _opened = routes_of("oversight.repair", {"differences": 1})
    assert (above.audience, set(above.offices)) == (Audience.ABOVE, {"admin", "county"})
    assert (at_home.audience, at_home.offices, at_home.letter) == (Audience.OFFICES, ("admin",), "repaired")


@pytest.mark.parametrize("name", sorted({route.letter for route in ROUTES}))
def test_every_letter_has_a_title_and_whole_words(name: str) -> None:
    letter = render(name, FACTS)
    assert letter.title and "\n" not in letter.title and "None" not in letter.title + letter.body
    assert letter.body and "{" not in letter.body


def test_no_letter_lies_unused() -> None:
    folder = Path(settings.BASE_DIR) / "templates" / "notifications" / "letters"
    assert {p.stem for p in folder.glob("[!_]*.txt")} == {route.letter for route in ROUTES}


def test_several_tasks_of_one_act_are_one_letter() -> None:
    both = replace(FACTS, tasks=(TASK, replace(TASK, task_id=8, label="修桥")))
    letter = render("opened", both)
    assert letter.title == "请办理：发布征集公告等 2 项" and "修桥" in letter.body


def written(number: int, *, minutes: int = 0, **more: object) -> Written:
    given = {
        "entry_id": number,
        "action": "collection.open",
        "actor": 5,
        "about": "cycle:1",
        "task": "collection.open/9",
        "at": NOON,
        "on": date(2026, 9, 1),
        "recorded_at": NOON + timedelta(minutes=minutes),
    }
    return Written(**{**given, **more})  # type: ignore[arg-type]


def opened(*, minutes: int = 0, **more: object) -> Opened:
    given = {
        "task_id": 1,
        "by": 5,
        "about": "cycle:1",
        "on": date(2026, 9, 1),
        "created_at": NOON + timedelta(minutes=minutes),
    }
    return Opened(**{**given, **more})  # type: ignore[arg-type]


def test_of_what_one_act_wrote_the_task_is_told_by_the_act_itself() -> None:
    entries = [written(1, action="cycle.open"), written(2)]
    assert entry_that_opened(opened(), entries, complete=True) == (entries[1], True)


def test_a_task_made_after_an_act_was_committed_is_not_that_acts() -> None:
    entries = [written(1), written(2, minutes=9, at=NOON + timedelta(minutes=8), task="collection.open/10")]
    assert entry_that_opened(opened(minutes=5), entries, complete=True) == (entries[1], True)


def test_a_task_waits_for_its_entry_while_more_follow() -> None:
    stranger = [written(1, actor=6)]
    assert entry_that_opened(opened(), stranger, complete=False) == (None, False)
    assert entry_that_opened(opened(), stranger, complete=True) == (stranger[0], False)


def test_clocks_that_disagree_lose_no_letter() -> None:
    assert entry_that_opened(opened(minutes=60), [written(1)], complete=True)[0] is not None


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(0, 9)), min_size=1, max_size=8),
    st.integers(1, 3),
    st.integers(0, 9),
)
def test_at_the_end_of_the_trail_every_task_is_told_by_one_of_its_entries(
    acts: list[tuple[int, int]], by: int, minutes: int
) -> None:
    entries = [
        written(n, actor=actor, minutes=m, at=NOON + timedelta(seconds=n))
        for n, (actor, m) in enumerate(acts)
    ]
    entry, sure = entry_that_opened(opened(by=by, minutes=minutes), entries, complete=True)
    assert entry in entries and sure == any(actor == by for actor, _ in acts)
