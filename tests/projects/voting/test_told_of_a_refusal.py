"""Whoever asked for what a second person has to agree to hears that they did not, and why."""

from __future__ import annotations

from django.db import connection

import projects.voting.events  # noqa: F401  registers the events
from notifications.models import Delivery
from notifications.post import post_unit
from tests.builders import do
from tests.notifications.office import give_mailboxes
from tests.projects.voting.conftest import DAY
from tests.projects.voting.test_voting import (
    SIPING,
    ask_for_new_vote,
    ask_recount,
    collected,
    counted,
    minutes,
)

WHY = "两次录入相符，没有必要。"


def letters(town, action):
    """What the post wrote of the acts of a key, by who it went to."""
    with connection.cursor() as cursor:  # what a commit does
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    assert post_unit(town.unit.pk)
    return {one.recipient: one for one in Delivery.objects.filter(entry__action=action)}


def test_the_chief_teller_reads_why_the_recount_is_not_agreed_to(hall):
    give_mailboxes()
    collected(hall)
    counted(hall, SIPING)
    ask_recount(hall)
    do("voting.recount_confirm", hall.town.of("teller"), DAY, decision="decline", reason=WHY)

    told = letters(hall.town, "voting.recount_confirm")

    assert set(told) == {hall.town.of("chief_teller")}
    (letter,) = told.values()
    assert (
        letter.title.startswith("您提出的复票未获同意")
        and f"监票人不同意，没有办理。理由：{WHY}" in letter.body
    )


def test_of_a_recount_that_is_agreed_to_nobody_reads_that_it_was_not(hall):
    give_mailboxes()
    collected(hall)
    counted(hall, SIPING)
    ask_recount(hall)
    do("voting.recount_confirm", hall.town.of("teller"), DAY, decision="agree")

    told = letters(hall.town, "voting.recount_confirm")

    assert not any("未获同意" in letter.title for letter in told.values())


def test_whoever_entered_the_presidiums_minutes_reads_why_the_chair_does_not_confirm_them(hall):
    give_mailboxes()
    collected(hall)
    clerk = hall.town.of("clerk")
    ask_for_new_vote(hall, clerk, minutes(hall, "投票箱封条破损。"), "clerk")
    do("voting.void_confirm", hall.town.of("chair"), DAY, decision="decline", reason=WHY)

    told = letters(hall.town, "voting.void_confirm")

    assert set(told) == {clerk}
    assert told[clerk].title.startswith("您提出的重新投票未获同意") and WHY in told[clerk].body
