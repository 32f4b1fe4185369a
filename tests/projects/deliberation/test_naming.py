"""确定复票计票人 at the desk of every vote: the same act, and those named key the recount there."""

from __future__ import annotations

import json
from typing import Any

import pytest

import projects.evaluation.events
import projects.supervision.events  # noqa: F401  registers the events
from projects.ballots.selectors import compared_with_first
from projects.cycles.models import Paper
from tests.projects.portal.votes_under_way import ON_PAPER, Said, UnderWay
from workflow.audit.models import Entry
from workflow.flows.errors import InvalidForm, Obstructed
from workflow.flows.events import event
from workflow.flows.models import Meeting
from workflow.people.models import User
from workflow.roles.selectors import holders_of


@pytest.fixture
def held(at_desk: UnderWay) -> UnderWay:
    """One kind of vote, by telephone and on paper, its ballots collected and keyed, its box open."""
    at_desk.open_by_telephone()
    at_desk.advance(Said(), "keyed")
    return at_desk


def staff(held: UnderWay) -> list[User]:
    return [held.town.of("gov_clerk"), held.town.of("finance")]


def name(held: UnderWay, users: list[User], **more: Any) -> Entry:
    members = held.town.people["presidium"]
    data = {
        "counters": [str(user.pk) for user in users], "reason": "代表要求复核票数", "held_on": held.day,
        "attended": [str(user.pk) for user in members], "votes_for": len(members), "votes_against": 0,
        "votes_abstain": 0, "minutes": "主席团研究，确定复票计票人。",
    } | more  # fmt: skip
    return held.perform("name_counters", "clerk", data)


def test_those_the_presidium_names_key_the_paper_again(held):
    first, named = held.now, staff(held)
    door = str(event(f"{held.tasks}name_counters").title)
    assert door.endswith("确定复票计票人")
    with pytest.raises(Obstructed, match=f"人选由主席团确定后，人大办办理“{door}”。"):
        held.perform("recount", "chief_teller", {"reason": "代表要求复核票数。"})

    entry = name(held, named)

    assert json.loads(entry.body)["after"]["vote"] == first.reference
    met, listed = (
        Meeting.objects.get(title="确定复票计票人"),
        Paper.objects.filter(kind="tellers").latest("pk"),
    )
    assert (met.body, met.about) == ("presidium", held.subject.reference)
    assert listed.published_at and all(user.name in listed.body for user in named)
    assert (listed.step, listed.cycle) == (first.step, held.cycle)
    held.perform("recount", "chief_teller", {"reason": "代表要求复核票数。"})
    held.act("recount_confirm", "teller", decision="agree")
    held.act("count_again", "chief_teller", returned=ON_PAPER)
    held.act("count_again_confirm", "teller", confirmed=True)
    held.town.people["counter"] += named
    for turn, holder in (("first", 3), ("second", 4)):
        held.act(f"key_{turn}", "counter", holder, **held.sheet(Said()))
    held.open_box("chief_teller", "chair")
    assert held.now.follows == first and held.now.state == "keyed"
    assert compared_with_first(held.now).differences == ()


def test_too_few_are_not_named_and_nobody_loses_the_office(held):
    serving = holders_of("counter", held.town.unit, held.now.session.held_on)
    with pytest.raises(InvalidForm, match="复票还缺 2 名计票人，现确定 1 名"):
        name(held, staff(held)[:1])
    name(held, staff(held))
    assert set(serving) < set(holders_of("counter", held.town.unit, held.now.session.held_on))
