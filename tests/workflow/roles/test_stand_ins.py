"""代办: who may act in another's office, for how long, and what nobody does for another."""

from __future__ import annotations

import json
from datetime import date

import pytest
from django.db import transaction
from django.utils import timezone

from projects.cycles.models import Paper
from projects.cycles.papers import maker_of
from projects.cycles.terms import fill_office
from projects.lifecycle.intake import start_year
from projects.lifecycle.seat_table import grants_held
from tests.builders import SINCE, at, open_task, seat_chair, township
from workflow.audit.models import Entry
from workflow.flows.errors import InvalidForm, NotInPerson, NotYourTurn, Obstructed
from workflow.flows.events import perform
from workflow.flows.models import Deadline
from workflow.flows.services import claim, complete
from workflow.inbox.selectors import claimed_by, count_todo
from workflow.inbox.story import line_of
from workflow.people.isolation import SYSTEM, apply
from workflow.roles import registry, standing_in
from workflow.roles import services as roles
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import holders_of, own_grants
from workflow.roles.services import GrantRefused, grant, lapse, revoke

pytestmark = pytest.mark.django_db

PLAN = {
    "year": 2027,
    "opens_on": date(2026, 9, 1),
    "planned_t": date(2027, 1, 20),
    "planned_t2": date(2028, 1, 18),
}
SCHEME = {
    "opens_on": "2026-09-01",
    "planned_t": "2027-01-20",
    "planned_t2": "2028-01-18",
    "leading_group": "组长、副组长和成员",
    "body": "按照三个阶段六个环节组织实施。",
}
WEEK = {"since": date(2026, 8, 12), "until": date(2026, 8, 14), "reason": "年休假"}


@pytest.fixture
def town(db):
    apply(SYSTEM)
    made = township()
    start_year(made.act("chair", at("2026-08-10")), **PLAN)
    return made


def own(town, office: str) -> RoleGrant:
    return RoleGrant.objects.select_related("user", "unit", "tenant").get(
        user=town.of(office), office=office, stands_for=None, revoked_at=None
    )


def named(town, person, *, office: str = "chair", day: str = "2026-08-11", **more):
    days = WEEK | more
    return standing_in.name_stand_in(
        grant=own(town, office), person=person, act=town.act(office, at(day)), **days
    )


def scheme_by(town, user, day: str) -> Entry:
    return complete(open_task("collection.scheme").pk, actor=user, data=SCHEME, at=at(day))


def test_a_stand_in_acts_within_the_days_and_every_entry_says_for_whom(town):
    clerk, chair = town.of("clerk"), town.of("chair")
    named(town, clerk)
    with pytest.raises(NotYourTurn):
        scheme_by(town, clerk, "2026-08-11")
    with pytest.raises(NotYourTurn):
        scheme_by(town, clerk, "2026-08-15")
    before = Entry.objects.count()
    entry = scheme_by(town, clerk, "2026-08-14")
    body = json.loads(entry.body)
    assert (body["actor"], body["office"], body["stands_for"]) == (clerk.username, "chair", chair.username)
    written = Entry.objects.order_by("pk")[before:]
    assert written and all(json.loads(one.body)["stands_for"] == chair.username for one in written)
    assert line_of(entry).office == f"人大主席、副主席（代{chair.name}）" and line_of(entry).who == clerk.name
    assert Deadline.objects.get(key="collection.scheme").done_for == chair.username


def test_the_paper_says_who_made_it_for_whom(client, town):
    named(town, town.of("clerk"))
    scheme_by(town, town.of("clerk"), "2026-08-14")
    paper = Paper.objects.get(kind="scheme")
    assert maker_of(paper) == f"{town.of('clerk').name}（代{town.of('chair').name}）"
    client.force_login(town.of("chair"))
    assert maker_of(paper) in client.get(f"/papers-on-file/{paper.pk}/").content.decode()


def test_the_seat_is_the_holders(town):
    named(town, town.deputies[5], since=date(2026, 8, 11))
    seats = grants_held(town.unit, date(2026, 8, 12))["chair"]
    assert [g.user for g in seats] == [town.of("chair")]


def test_an_act_in_ones_own_office_is_written_as_ever(town):
    assert "stands_for" not in json.loads(scheme_by(town, town.of("chair"), "2026-08-12").body)


def test_what_the_holder_has_claimed_waits_for_the_stand_in_too(town):
    claim(open_task("collection.scheme").pk, actor=town.of("chair"), at=at("2026-08-11"))
    standing = named(town, town.of("clerk"))
    assert [d.key for d in claimed_by(standing)] == ["collection.scheme"] and count_todo(standing) == 1
    assert scheme_by(town, town.of("clerk"), "2026-08-12").action == "collection.scheme"


def test_who_stands_in_for_a_chair_takes_no_seat_and_is_elected_by_nobody(town):
    """组织法 18 speaks of who holds the office; who only acts in it for some days does not."""
    clerk, act = town.of("clerk"), town.act("clerk", at("2026-08-01"))
    named(town, clerk)
    seats = [seat_chair(user, town.unit, act) for user in town.deputies[3:5]]
    assert len(holders_of("chair", town.unit, date(2026, 8, 13))) == 4
    with pytest.raises(GrantRefused, match="合计不超过三人"):
        seat_chair(town.deputies[5], town.unit, act)
    with pytest.raises(GrantRefused, match="本级在任代表"):
        grant(user=clerk, office="chair", unit=town.unit, act=act, since=SINCE)
    revoke(grant=seats[0], act=act, reason="辞去副主席职务")
    assert seat_chair(town.deputies[5], town.unit, act)


def test_a_stand_in_who_is_elected_holds_the_office_and_one_whose_holder_stays_stands_in_on(town):
    person, chair = town.deputies[3], own(town, "chair")
    standing, act = named(town, person), town.act("clerk", at("2026-08-13"))
    fill_office(act, "chair", [chair.user, person], document="大会选举")
    assert {held.user for held in own_grants("chair", town.unit, act.on)} == {chair.user, person}
    standing.refresh_from_db()
    assert standing.revoked_at is None
    fill_office(act, "chair", [person], document="大会选举")
    standing.refresh_from_db()
    assert standing.revoked_at, "with the office of whom it stands for"
    assert [held.user for held in own_grants("chair", town.unit, act.on)] == [person]


def test_an_office_that_conflicts_is_refused_naming_the_article(town):
    assert named(town, town.of("clerk"), until=date(2026, 8, 12))
    with pytest.raises(GrantRefused, match="第十八条"):
        named(town, town.of("mayor"), since=date(2026, 8, 13))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"since": date(2026, 8, 10)}, "不能早于今天"),
        ({"until": date(2026, 8, 11), "since": date(2026, 8, 12)}, "不能早于起始日"),
    ],
)
def test_days_that_cannot_be_are_refused(town, more, words):
    with pytest.raises(GrantRefused, match=words):
        named(town, town.of("clerk"), **more)
    assert named(town, town.of("clerk"))


def test_who_is_offered_is_accepted_and_who_is_not_is_refused_with_the_same_words(town):
    held, day = own(town, "chair"), date(2026, 8, 12)
    known = standing_in.candidates(held, day)
    assert {one.person.pk for one in known} == set(
        RoleGrant.objects.filter(tenant=town.unit).values_list("user", flat=True)
    )
    assert {"conflict", "oneself", None} == {one.refused and one.refused.code for one in known}
    for one in known:
        try:
            with transaction.atomic():
                named(town, one.person)
                transaction.set_rollback(True)
            found = ""
        except GrantRefused as refused:
            found = str(refused)
        assert found == str(one.refused or ""), one.titles


def test_a_second_stand_in_for_the_same_days_is_refused_and_one_after_the_other_is_not(town):
    named(town, town.of("clerk"))
    with pytest.raises(GrantRefused, match="已经指定"):
        named(town, town.deputies[3], since=date(2026, 8, 14), until=date(2026, 8, 20))
    assert named(town, town.deputies[3], since=date(2026, 8, 15), until=date(2026, 8, 20))


def test_only_somebody_of_the_township_who_does_not_hold_the_office_stands_in(town):
    other = township("T02", name="柳河镇")
    with pytest.raises(GrantRefused, match="在任人员"):
        named(town, other.of("clerk"))
    with pytest.raises(GrantRefused, match="自己"):
        named(town, town.of("chair"))
    colleague = town.deputies[5]
    grant(
        user=colleague, office="chair", unit=town.unit, act=town.act("clerk", at("2026-08-01")), since=SINCE
    )
    with pytest.raises(GrantRefused, match="直接转办"):
        named(town, colleague)
    assert named(town, town.of("clerk"))


@pytest.mark.parametrize("office", ["deputy", "presidium", "party", "chief_teller", "teller", "counter"])
def test_a_vote_a_membership_and_a_tellers_work_are_nobody_elses(town, office):
    held = RoleGrant.objects.filter(office=office, tenant=town.unit).select_related("user", "unit").first()
    if held is None:
        held = grant(
            user=town.deputies[7],
            office=office,
            unit=town.unit,
            act=town.act("clerk", at("2026-08-01")),
            since=SINCE,
        )
    act = held.act(town.unit, at("2026-08-11"))
    with pytest.raises(GrantRefused) as refused:
        standing_in.name_stand_in(grant=held, person=town.of("finance"), act=act, **WEEK)
    assert refused.value.code == "personal"
    assert str(refused.value) == str(registry.office(office).personal) and "不能" in str(refused.value)


def test_what_is_done_in_person_is_refused_to_a_stand_in(town):
    from projects.ballots.figures import count_rules
    from projects.ballots.services import define_vote
    from projects.cycles.models import Cycle
    from projects.cycles.services import fix_session

    cycle, act = Cycle.objects.get(), town.act("clerk", at("2026-08-11"))
    session = fix_session(act, cycle, use="vote", term=18, number=2, held_on=date(2027, 1, 20))
    vote = define_vote(
        act, session=session, about=cycle.reference, purpose="projects", title="票决", mode="select", seats=1,
        rules=count_rules(cycle.rules), deputies_in_office=16, options=[("item:0", "甲"), ("item:1", "乙")], step=4,
    )  # fmt: skip
    named(town, town.deputies[3], office="clerk")
    given = {"office": "clerk", "data": {}, "at": at("2026-08-12"), "reauthenticated": True}
    with pytest.raises(NotInPerson, match="代办人不能代办"):
        perform("ballots.destroy", vote, actor=town.deputies[3], **given)
    with pytest.raises((InvalidForm, Obstructed)):  # the holder comes further: to the time
        perform("ballots.destroy", vote, actor=town.of("clerk"), **given)


def test_the_holder_and_the_clerk_end_it_and_nobody_else(town):
    person = town.deputies[3]
    standing = named(town, person)
    for office in ("finance", "mayor"):
        with pytest.raises(GrantRefused, match="委托人本人"):
            standing_in.end_stand_in(
                standing=standing, act=town.act(office, at("2026-08-12")), reason="不合适", keepers=("clerk",)
            )
    claim(open_task("collection.scheme").pk, actor=person, at=at("2026-08-12"))
    standing_in.end_stand_in(
        standing=standing, act=town.act("clerk", at("2026-08-13")), reason="提前销假", keepers=("clerk",)
    )
    assert open_task("collection.scheme").task.owner_id is None
    with pytest.raises(NotYourTurn):
        scheme_by(town, person, "2026-08-13")
    assert Entry.objects.filter(action="stand_in.end").count() == 1


def test_it_ends_by_itself_and_what_was_claimed_goes_back_to_the_queue(town):
    person = town.deputies[3]
    standing = named(town, person)
    claim(open_task("collection.scheme").pk, actor=person, at=at("2026-08-13"))
    assert lapse(at("2026-08-14", hour=23)) == 0
    assert lapse(at("2026-08-15", hour=0)) == 1 and lapse(at("2026-08-15")) == 0
    assert open_task("collection.scheme").task.owner_id is None
    entry = Entry.objects.get(action="stand_in.end")
    assert json.loads(entry.body)["reason"] == "代办期满，自动终止。"
    standing.refresh_from_db()
    assert standing.revoked_at


def last_day(town, day: str, **more) -> RoleGrant:
    """The chair's office given once more, with a last day, in place of the one without."""
    held, act = own(town, "chair"), town.act("clerk", at("2026-08-10"))
    revoke(grant=held, act=act, reason="改为有期限的任职")
    return grant(
        user=held.user,
        office="chair",
        unit=town.unit,
        act=act,
        since=SINCE,
        until=date.fromisoformat(day),
        **more,
    )


def test_an_office_of_ones_own_that_ends_by_its_date_frees_what_was_claimed_in_it(town):
    ended = last_day(town, "2026-08-14")
    standing = named(town, town.deputies[3])
    claim(open_task("collection.scheme").pk, actor=town.of("chair"), at=at("2026-08-13"))
    assert lapse(at("2026-08-14", hour=23)) == 0
    assert open_task("collection.scheme").task.owner == town.of("chair")
    assert lapse(at("2026-08-15", hour=0)) == 2 and lapse(at("2026-08-15")) == 0
    assert open_task("collection.scheme").task.owner_id is None
    reasons = {e.subject: json.loads(e.body)["reason"] for e in Entry.objects.order_by("-pk")[:2]}
    assert reasons == {
        f"grant:{standing.pk}": "代办期满，自动终止。",
        f"grant:{ended.pk}": "任职期满，自动终止。",
    }
    assert Entry.objects.latest("pk").action == "grant.revoke"


def test_an_end_that_cannot_be_written_down_keeps_no_other_waiting(town, monkeypatch, caplog):
    ended, other = last_day(town, "2026-08-14"), named(town, town.deputies[3])
    honest = roles.write_down

    def refuse(act, action, subject, **more):
        if subject == f"grant:{other.pk}":
            raise RuntimeError("refused")
        return honest(act, action, subject, **more)

    monkeypatch.setattr(roles, "write_down", refuse)
    elsewhere = township("T02", name="石坝镇")
    RoleGrant.objects.filter(user=elsewhere.of("chair"), office="chair").update(until=date(2026, 8, 14))
    assert lapse(at("2026-08-15")) == 1 and f"grant:{other.pk}" in caplog.text
    assert not RoleGrant.objects.filter(pk__in=[ended.pk, other.pk], revoked_at__isnull=False).exists()
    assert not RoleGrant.objects.filter(office="chair", tenant=elsewhere.unit, revoked_at=None).exists()
    monkeypatch.setattr(roles, "write_down", honest)
    assert lapse(at("2026-08-15")) == 2


def test_who_is_appointed_again_keeps_what_they_had_claimed(town):
    first = last_day(town, "2026-08-14")
    again = grant(
        user=first.user,
        office="chair",
        unit=town.unit,
        act=town.act("clerk", at("2026-08-13")),
        since=date(2026, 8, 15),
    )
    claim(open_task("collection.scheme").pk, actor=first.user, at=at("2026-08-13"))
    assert lapse(at("2026-08-15")) == 1
    assert open_task("collection.scheme").task.owner == first.user
    revoke(grant=again, act=town.act("clerk", at("2026-08-16")), reason="调离")
    assert open_task("collection.scheme").task.owner_id is None


def test_it_ends_with_the_office_it_stands_for(town):
    standing = named(town, town.of("clerk"))
    revoke(grant=own(town, "chair"), act=town.act("clerk", at("2026-08-12")), reason="调离")
    standing.refresh_from_db()
    assert standing.revoked_at


def test_a_stand_in_hands_the_office_to_nobody(town):
    standing = named(town, town.of("clerk"), since=date(2026, 8, 11))
    with pytest.raises(GrantRefused, match="不能再委托"):
        standing_in.name_stand_in(
            grant=standing,
            person=town.deputies[3],
            act=standing.act(town.unit, at("2026-08-11")),
            **WEEK,
        )


def test_letters_go_to_both(town):
    from notifications.audience import Roster

    clerk, chair = town.of("clerk"), town.of("chair")
    named(town, clerk)
    claim(open_task("collection.scheme").pk, actor=chair, at=at("2026-08-11"))
    roster, task = Roster.of(town.unit), open_task("collection.scheme")
    assert roster.whose_turn(task, date(2026, 8, 12)) == [chair, clerk]
    assert roster.whose_turn(task, date(2026, 8, 15)) == [chair]
    assert {chair, clerk} <= set(roster.in_offices(["chair"], date(2026, 8, 12)))


def test_the_pages_name_show_refuse_and_end(client, town):
    today = timezone.localdate()
    chair, clerk = town.of("chair"), town.of("clerk")
    client.force_login(chair)
    assert "指定代办人" in client.get("/stand-ins/").content.decode()
    data = {
        "person": town.of("mayor").pk,
        "since": today.isoformat(),
        "until": today.isoformat(),
        "reason": "休假",
    }
    offered = client.get("/stand-ins/").content.decode()
    assert f'<option value="{clerk.pk}">' in offered
    assert f'<option value="{town.of("mayor").pk}">' not in offered
    refused = client.post("/stand-ins/", data)
    assert refused.status_code == 422 and "第十八条" in refused.content.decode()
    page = client.post("/stand-ins/", data | {"person": clerk.pk}, follow=True).content.decode()
    assert "代办中" in page and clerk.name in page
    client.force_login(clerk)
    standing = RoleGrant.objects.get(user=clerk, stands_for__isnull=False)
    client.post("/office/", {"grant": standing.pk})
    home = client.get("/inbox/").content.decode()
    assert f"（代{chair.name}）" in home and "拟订年度实施方案" in home
    assert "不能再委托他人" in client.get("/stand-ins/").content.decode()
    client.force_login(town.of("finance"))
    end = f"/stand-ins/{standing.pk}/end/"
    assert client.post(end, {"reason": "不合适"}).status_code == 422
    client.force_login(chair)
    assert "没有代办" in client.post(end, {"reason": "提前回来"}, follow=True).content.decode()
    client.force_login(town.deputies[0])
    assert "投票表决不得委托他人" in client.get("/stand-ins/").content.decode()
