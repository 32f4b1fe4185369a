"""更换监票人、计票人 at the desk of every vote: the same act, the same refusals, the same entry and list."""

from __future__ import annotations

import json
from typing import Any

import pytest

import projects.evaluation.events
import projects.supervision.events  # noqa: F401  registers the events
from projects.cycles.models import Paper, SessionState
from projects.deliberation.replacing import places_of
from projects.supervision.models import Change
from tests.builders import at, do, township
from tests.projects.portal.votes_under_way import EXTRA_DAY, UnderWay
from tests.projects.supervision.conftest import year_of
from tests.projects.supervision.test_changes import ask
from workflow.audit.models import Entry
from workflow.flows.errors import InvalidForm, NotInPerson, NotYourTurn, Obstructed
from workflow.flows.events import perform
from workflow.flows.models import Deadline, Meeting
from workflow.machines.services import fire
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import User
from workflow.roles.selectors import holders_of
from workflow.roles.services import end_offices

WORDS = "新任监票人自己记得住的一句话"


@pytest.fixture
def held(at_desk: UnderWay) -> UnderWay:
    return at_desk


def decision(day: str, leaving: str, successor: User, **more: Any) -> dict[str, Any]:
    return {
        "leaving": leaving, "successor": str(successor.pk), "reason": "因病离会", "held_on": day,
        "present_number": 18, "votes_for": 18, "votes_against": 0, "votes_abstain": 0,
        "minutes": "主席团提名，大会表决通过。",
    } | more  # fmt: skip


def replace(held: UnderWay, office: str, leaving: User, successor: User, **more: Any) -> Entry:
    in_person = more.pop("in_person", True)
    data = decision(held.day, f"{office}:{leaving.pk}", successor, **more)
    return held.perform("replace_teller", "clerk", data, in_person=in_person)


def serving(held: UnderWay, office: str) -> list[User]:
    return holders_of(office, held.town.unit, at(held.day).date())


def free_deputy(held: UnderWay) -> User:
    """A deputy who is neither of the presidium nor a teller."""
    return held.town.of("deputy", 19)


def waiting() -> set[str]:
    return set(Deadline.objects.filter(done_at=None, cancelled=False).values_list("key", flat=True))


def test_the_hall_replaces_a_teller_and_the_list_the_minutes_and_the_entry_say_so(held):
    old, new = held.town.of("teller"), free_deputy(held)

    entry = replace(held, "teller", old, new)

    assert new in serving(held, "teller") and old not in serving(held, "teller")
    after = json.loads(entry.body)["after"]
    assert (after["office"], after["left"], after["successor"]) == ("teller", old.username, new.username)
    assert (entry.subject, after["votes_for"]) == (held.subject.reference, 18)
    met = Meeting.objects.get(title="更换监票人、计票人")
    assert (met.body, met.members, met.present, met.votes_for) == ("congress", 20, 18, 18)
    assert Paper.objects.filter(kind="minutes", title="大会纪要（更换监票人、计票人）").exists()
    listed = Paper.objects.filter(kind="tellers").latest("pk")
    assert listed.published_at and new.name in listed.body and old.name not in listed.body
    assert "因病离会" in Entry.objects.filter(action="grant.revoke").latest("pk").body


def test_whose_share_of_the_key_it_was_has_it_no_longer_and_the_successor_sets_another(held):
    held.hold()
    old, new, key = held.town.of("teller"), free_deputy(held), held.now.public_key
    assert held.now.holders.get(office="teller").by == old

    replace(held, "teller", old, new)

    assert held.now.public_key == "" and not held.now.holders.filter(office="teller").exists()
    assert held.key("hold_teller") in waiting() and held.key("attendance") not in waiting()
    words = {"passphrase": WORDS, "repeated": WORDS}
    with pytest.raises(NotYourTurn):
        do(held.key("hold_teller"), old, held.day, **words)
    do(held.key("hold_teller"), new, held.day, **words)
    held.hold("chief_teller", "chair")
    assert held.key("attendance") in waiting() and held.now.public_key not in ("", key)
    assert held.now.holders.get(office="teller").by == new


def test_a_counter_who_leaves_touches_no_key(held):
    held.hold()
    key, old, new = held.now.public_key, held.town.of("counter"), held.town.of("clerk")
    replace(held, "counter", old, new)
    assert new in serving(held, "counter") and old not in serving(held, "counter")
    assert held.now.public_key == key and held.key("attendance") in waiting()


def test_a_decision_the_hall_did_not_take_replaces_nobody(held):
    old, new = held.town.of("teller"), free_deputy(held)
    with pytest.raises(InvalidForm, match="没有形成决定"):
        replace(held, "teller", old, new, votes_for=10, votes_against=8)
    with pytest.raises(InvalidForm, match="三分之二"):
        replace(held, "teller", old, new, present_number=12, votes_for=12)
    with pytest.raises(NotInPerson):
        replace(held, "teller", old, new, in_person=False)
    assert old in serving(held, "teller") and not Meeting.objects.filter(title="更换监票人、计票人").exists()


def test_nobody_but_the_clerk_enters_it(held):
    data = decision(held.day, f"teller:{held.town.of('teller').pk}", free_deputy(held))
    with pytest.raises(NotYourTurn):
        held.perform("replace_teller", "chief_teller", data)


def test_who_serves_already_or_is_of_the_wrong_kind_does_not_take_the_place(held):
    town = held.town
    for office, wrong in (
        ("teller", town.of("chief_teller")),
        ("teller", town.of("clerk")),
        ("counter", town.of("counter", 2)),
        ("counter", free_deputy(held)),
    ):
        with pytest.raises(InvalidForm):
            replace(held, office, town.of(office), wrong)


def test_a_place_whose_office_has_ended_already_is_filled_the_same_way(held):
    """The list of this session names who left; one of an earlier session names nobody for this vote."""
    old, new = held.town.of("chief_teller"), free_deputy(held)
    replace(held, "chief_teller", old, held.town.of("deputy", 18))
    act = held.town.act("clerk", at(held.day))
    end_offices(unit=held.town.unit, offices=["chief_teller"], act=act, reason="代表资格终止")
    (gone,) = [place for place in places_of(held.now, at(held.day).date()) if not place.holds]
    assert (gone.office, gone.user) == ("chief_teller", held.town.of("deputy", 18))

    replace(held, "chief_teller", gone.user, new)

    assert serving(held, "chief_teller") == [new]
    Paper.objects.filter(kind="tellers").update(made_on="2026-01-01")
    end_offices(unit=held.town.unit, offices=["chief_teller"], act=act, reason="代表资格终止")
    assert all(place.holds for place in places_of(held.now, at(held.day).date()))


def test_once_ballots_are_out_nobody_is_replaced(held):
    held.open_by_telephone()
    with pytest.raises(Obstructed, match="投票已经开始，监票人、计票人不再更换"):
        replace(held, "teller", held.town.of("teller"), free_deputy(held))


def test_outside_a_session_nobody_is_replaced(held):
    session = held.now.session
    if session.state == SessionState.OPEN:
        fire(session, "end", held.town.act("chair", at(held.day)))
    with pytest.raises(Obstructed, match="会议举行期间才更换"):
        replace(held, "teller", held.town.of("teller"), free_deputy(held))


def test_while_another_change_is_voted_on_at_the_session_its_tellers_stay(db):
    """Both votes are about one year: that they are two is told by the votes themselves."""
    apply(SYSTEM)
    year = year_of(township()).building().planned(2)
    for number in (1, 2):
        ask(year, "place", number, place=f"第{number + 7}村")
    year.in_session(EXTRA_DAY)
    for number in (1, 2):
        year.do("decide_change", year.town.of("clerk"), EXTRA_DAY, number)
    year.do("change_attendance", year.town.of("clerk"), EXTRA_DAY, 1, present=20, on_leave=0)
    year.do("change_open", year.town.of("chair"), EXTRA_DAY, 1, issued=20)
    year.do("change_open_confirm", year.town.of("chief_teller"), EXTRA_DAY, 1, confirmed="on")

    other = Change.objects.get(project=year.project(2))
    data = decision(EXTRA_DAY, f"teller:{year.town.of('teller').pk}", year.town.of("deputy", 19))
    with pytest.raises(Obstructed, match="本次会议另有投票正在进行"):
        perform(
            "supervision.change_replace_teller", other, actor=year.town.of("clerk"), data=data,
            at=at(EXTRA_DAY), reauthenticated=True,
        )  # fmt: skip
