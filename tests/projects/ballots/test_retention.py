"""Ballots are kept sealed as long as the rulebook says, and then destroyed by two people; what was counted stays."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection

from notifications.models import Delivery
from notifications.post import post_unit
from projects.ballots import boxes, events, keys, retention
from projects.ballots.models import Box, RollEntry, Vote
from projects.ballots.selectors import signatures_hold
from projects.ballots.services import declare, open_box, sign
from projects.cycles.models import Session
from projects.cycles.rulebook import Rules
from tests.builders import at
from tests.projects.ballots.conftest import opening
from workflow.audit.models import Entry
from workflow.flows.errors import NotInPerson, NotYourTurn, Obstructed, Refused
from workflow.flows.events import perform
from workflow.people.models import Unit, User
from workflow.roles.models import RoleGrant

pytestmark = pytest.mark.django_db
LATER = "2027-09-01"


@pytest.fixture
def over(hall):
    """The vote counted, signed and announced, its session closed; clerk and teller in office."""
    hall.open()
    for n in range(1, 13):
        hall.cast(f"代表{n}", ["水厂"])
    hall.close()
    open_box(hall.act("chief_teller"), hall.vote, opening("chief_teller"), opening("teller"))
    for office in ("chief_teller", "teller"):
        sign(hall.act(office), hall.vote, office)
    declare(hall.act("chair"), hall.vote)
    for office in ("clerk", "teller"):
        RoleGrant.objects.create(
            user=hall.act(office).person,
            office=office,
            unit=hall.unit,
            tenant=hall.unit,
            since=date(2020, 1, 1),
        )
    Session.objects.filter(pk=hall.vote.session_id).update(state="closed")
    hall.vote = Vote.objects.get(pk=hall.vote.pk)
    return hall


def next_session(hall, state="closed"):
    Session.objects.create(unit=hall.unit, term=19, number=3, held_on=date(2027, 8, 1), state=state)


def do(hall, key, office, *, day=LATER, **more):
    return perform(
        key, hall.vote, actor=hall.act(office).person, data={"confirmed": True}, at=at(day), **more
    )


def destroyed(hall):
    do(hall, "ballots.destroy", "clerk", reauthenticated=True)
    return do(hall, "ballots.confirm_destroy", "teller", reauthenticated=True)


def test_before_the_next_session_has_closed_they_are_kept(over):
    with pytest.raises(Obstructed, match="封存至下次会议闭会"):
        destroyed(over)
    next_session(over, "open")
    with pytest.raises(Obstructed, match="封存至下次会议闭会"):
        destroyed(over)
    assert Box.objects.count() == 12
    Session.objects.filter(number=3).update(state="closed")
    destroyed(over)
    assert not Box.objects.exists()


def test_where_the_rulebook_says_a_month_it_is_a_month_after_the_session(over, monkeypatch):
    monkeypatch.setattr(
        "projects.ballots.retention._rules_of", lambda _vote: Rules(ballot_retention="one_month")
    )
    with pytest.raises(Obstructed, match="封存至2027年2月"):
        do(over, "ballots.destroy", "clerk", day="2027-02-19", reauthenticated=True)
    do(over, "ballots.destroy", "clerk", day="2027-02-23", reauthenticated=True)


def test_box_shares_and_codes_are_gone_and_digest_roll_and_sums_stay(over):
    next_session(over)
    before = (over.vote.box_digest, over.vote.roll_digest, over.vote.figures)
    entry = destroyed(over)
    vote = Vote.objects.get(pk=over.vote.pk)
    assert (vote.box_digest, vote.roll_digest, vote.figures) == before
    assert vote.destroyed_on == date(2027, 9, 1) and signatures_hold(vote)
    assert set(vote.holders.values_list("sealed_share", "salt")) == {("", "")}
    assert set(RollEntry.objects.values_list("code_hash", "mark")) == {("", "")}
    assert RollEntry.objects.filter(voted=True).count() == 12
    assert (
        '"sealed":12' in entry.body
        and vote.box_digest in entry.body
        and '"box_as_frozen":true' in entry.body
        and '"reauthenticated":true' in entry.body
    )
    for office in ("chief_teller", "teller"):
        with pytest.raises(Refused, match="没有"):
            keys.share_of(vote, opening(office))
    with pytest.raises(Refused, match="已经销毁"):
        boxes.export(vote)
    with pytest.raises(Obstructed, match="已经销毁"):
        over.vote = vote
        destroyed(over)


def test_how_long_backups_may_still_hold_them_is_said_until_then(over, settings):
    settings.BACKUP_KEPT_DAYS = 40
    assert retention.in_backups_until(over.vote, date(2027, 9, 1)) is None
    over.vote.destroyed_on = date(2027, 9, 1)
    assert retention.in_backups_until(over.vote, date(2027, 9, 1)) == date(2027, 10, 11)
    assert retention.in_backups_until(over.vote, date(2027, 10, 11)) is None
    for event in (events.DESTROY, events.CONFIRM_DESTROY, events.CONFIRM_FOR_PRESIDIUM):
        assert "随备份轮换删去" in str(event.hint)


def test_it_takes_the_clerk_and_a_teller_each_in_person(over):
    next_session(over)
    with pytest.raises(Obstructed, match="尚未提出"):
        do(over, "ballots.confirm_destroy", "teller", reauthenticated=True)
    with pytest.raises(NotYourTurn):
        do(over, "ballots.destroy", "teller", reauthenticated=True)
    with pytest.raises(NotInPerson):
        do(over, "ballots.destroy", "clerk")
    do(over, "ballots.destroy", "clerk", reauthenticated=True)
    RoleGrant.objects.create(
        user=over.act("clerk").person,
        office="teller",
        unit=over.unit,
        tenant=over.unit,
        since=date(2020, 1, 1),
    )
    with pytest.raises(Refused, match="须由另一人确认"):
        do(over, "ballots.confirm_destroy", "clerk", reauthenticated=True)
    assert Box.objects.count() == 12
    do(over, "ballots.confirm_destroy", "teller", reauthenticated=True)
    assert Entry.objects.filter(action__startswith="ballots.").count() == 2


def test_the_watchers_are_called_to_a_destruction_and_hear_with_the_county_that_it_is_done(over):
    next_session(over)
    county = Unit.objects.get(pk=over.unit.parent_id)
    leader = User.objects.create(username="county@SF00", name="县人大常委会")
    for user, office, unit in (
        (over.act("chair").person, "chair", over.unit),
        (over.act("chief_teller").person, "chief_teller", over.unit),
        (leader, "county", county),
    ):
        RoleGrant.objects.create(
            user=user, office=office, unit=unit, tenant=unit.tenant or unit, since=date(2020, 1, 1)
        )
    watchers = {over.act(office).person for office in ("chair", "chief_teller", "teller")}

    def told(title):
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        post_unit(over.unit.pk)
        letters = Delivery.objects.filter(title__startswith=title, channel="in_app")
        return {letter.recipient for letter in letters.select_related("recipient")}

    do(over, "ballots.destroy", "clerk", reauthenticated=True)
    assert told("请到场监督销毁选票") == watchers and not told("选票已销毁")
    do(over, "ballots.confirm_destroy", "teller", reauthenticated=True)
    others = {over.act(office).person for office in ("chair", "chief_teller", "clerk")}
    assert told("选票已销毁") == {leader, *others}, "whoever did it is not told"
    assert "电子票 12 张" in Delivery.objects.filter(title__startswith="选票已销毁").first().body


@pytest.fixture
def unwatched(over):
    """The tellers have left office with their session, the next one has closed; the chair is in office."""
    RoleGrant.objects.filter(office__in=("teller", "chief_teller"), unit=over.unit).delete()
    seated(over, "chair")
    next_session(over)
    return over


def seated(hall, office, person=None):
    RoleGrant.objects.create(
        user=person or hall.act(office).person,
        office=office,
        unit=hall.unit,
        tenant=hall.unit,
        since=date(2020, 1, 1),
    )


def test_where_no_teller_is_in_office_the_chair_stands_by_for_the_presidium(unwatched):
    with pytest.raises(Obstructed, match="尚未提出"):
        do(unwatched, "ballots.confirm_for_presidium", "chair", reauthenticated=True)
    do(unwatched, "ballots.destroy", "clerk", reauthenticated=True)
    with pytest.raises(NotInPerson):
        do(unwatched, "ballots.confirm_for_presidium", "chair")
    with pytest.raises(NotYourTurn):
        do(unwatched, "ballots.confirm_for_presidium", "clerk", reauthenticated=True)
    with pytest.raises(NotYourTurn):
        do(unwatched, "ballots.confirm_destroy", "chair", reauthenticated=True)
    assert Box.objects.count() == 12
    entry = do(unwatched, "ballots.confirm_for_presidium", "chair", reauthenticated=True)
    assert not Box.objects.exists() and '"sealed":12' in entry.body
    assert Vote.objects.get(pk=unwatched.vote.pk).destroyed_on == date(2027, 9, 1)


def test_the_chair_does_not_stand_in_for_a_teller_who_is_in_office(unwatched):
    do(unwatched, "ballots.destroy", "clerk", reauthenticated=True)
    seated(unwatched, "teller")
    with pytest.raises(Obstructed, match="监票人在任"):
        do(unwatched, "ballots.confirm_for_presidium", "chair", reauthenticated=True)
    do(unwatched, "ballots.confirm_destroy", "teller", reauthenticated=True)
    assert not Box.objects.exists()


def test_the_chair_too_waits_for_the_next_session_and_is_another_person_than_who_asked(unwatched):
    Session.objects.filter(number=3).update(state="open")
    with pytest.raises(Obstructed, match="封存至下次会议闭会"):
        do(unwatched, "ballots.destroy", "clerk", reauthenticated=True)
    Session.objects.filter(number=3).update(state="closed")
    do(unwatched, "ballots.destroy", "clerk", reauthenticated=True)
    seated(unwatched, "chair", unwatched.act("clerk").person)
    with pytest.raises(Refused, match="须由另一人确认"):
        do(unwatched, "ballots.confirm_for_presidium", "clerk", reauthenticated=True)
    Session.objects.filter(number=3).update(state="open")
    with pytest.raises(Obstructed, match="封存至下次会议闭会"):
        do(unwatched, "ballots.confirm_for_presidium", "chair", reauthenticated=True)
    assert Box.objects.count() == 12
