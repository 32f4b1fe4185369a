"""Letters while somebody stands in for another, and of what was taken back: from the trail, as the post writes them."""

from __future__ import annotations

from datetime import date

import pytest

from projects.demo.play import selection as play
from tests.builders import at, do, meeting_of, open_task
from tests.notifications.conftest import SCHEME
from tests.projects.selection.test_selection import D0, year
from workflow.flows.models import Deadline
from workflow.flows.services import urge
from workflow.flows.taking_back import take_back
from workflow.people.models import User
from workflow.roles.models import RoleGrant
from workflow.roles.services import grant, lapse
from workflow.roles.standing_in import end_stand_in, name_stand_in

pytestmark = pytest.mark.django_db


def named(town, person, office: str = "chair") -> RoleGrant:
    held = RoleGrant.objects.select_related("user", "unit", "tenant").get(
        user=town.of(office), office=office, stands_for=None
    )
    return name_stand_in(
        grant=held,
        person=person,
        since=date(2026, 8, 12),
        until=date(2026, 8, 20),
        reason="年休假",
        act=town.act(office, at("2026-08-11")),
    )


def told(letters) -> dict[str, str]:
    return {d.recipient.username: d.title for d in letters if d.channel == "in_app"}


def test_whoever_stands_in_is_told_the_days_and_both_are_told_when_it_ends(town, cycle, post) -> None:
    post()
    standing = named(town, town.of("clerk"))
    letters = post()
    assert told(letters) == {town.of("clerk").username: "代办：人大主席、副主席"}
    assert "2026年8月12日 至 2026年8月20日" in letters[0].body and "年休假" in letters[0].body
    act = town.act("chair", at("2026-08-13"))
    end_stand_in(standing=standing, act=act, reason="提前销假")
    assert told(post()) == {town.of("clerk").username: "代办已终止：人大主席、副主席"}


def test_when_the_clerk_ends_it_holder_and_stand_in_are_told(town, cycle, post) -> None:
    person = town.deputies[4]
    standing = named(town, person)
    post()
    act = town.act("clerk", at("2026-08-13"))
    end_stand_in(standing=standing, act=act, reason="另有安排", keepers=("clerk",))
    assert set(told(post())) == {person.username, town.of("chair").username}


def test_whose_office_ends_by_its_date_is_told_as_if_it_had_been_taken_away(town, cycle, post) -> None:
    person = User.objects.create(username="acting@T01", name="高翔", email="acting@piaojue.example")
    act = town.act("clerk", at("2026-08-10"))
    grant(
        user=person,
        office="finance",
        unit=town.unit,
        act=act,
        since=date(2026, 8, 10),
        until=date(2026, 8, 14),
    )
    post()
    assert lapse(at("2026-08-15")) == 1
    letters = post()
    assert told(letters) == {"acting@T01": "任职终止：财政所"} and "任职期满" in letters[0].body


def test_an_urge_and_a_new_task_reach_holder_and_stand_in(town, cycle, post) -> None:
    person = town.deputies[4]
    named(town, person)
    post()
    urge(open_task("collection.scheme").task, act=town.act("clerk", at("2026-08-13")), words="请办理。")
    both = {person.username, town.of("chair").username}
    assert set(told(post())) == both
    do("collection.scheme", person, "2026-08-14", **SCHEME)
    post()
    members = town.people["party"]
    do("collection.scheme_party", members[0], "2026-08-18", **meeting_of(members, "2026-08-18", agree=False))
    assert set(told(post())) == both


def test_whose_task_is_called_off_by_a_taking_back_is_told_why(town, post) -> None:
    cycle = year(town)
    play.merge_all(town, cycle, D0)
    play.screen_all(town, cycle, D0)
    post()
    screening = Deadline.objects.filter(key="selection.screen").order_by("-pk")[0]
    take_back(screening.pk, actor=town.of("gov_clerk"), reason="漏了一项核对", at=at("2026-10-16"))
    letters = [d for d in post() if d.channel == "in_app" and d.title.startswith("已取回")]
    assert {town.of("finance"), town.of("legal")} <= {d.recipient for d in letters}
    assert all("漏了一项核对" in d.body for d in letters)
