"""A deputy leaves the roll at the moment a vote is opened or defined: whatever the order, N is the roll it is held on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from psycopg.errors import LockNotAvailable

from projects.ballots import rolls
from projects.ballots.models import Vote
from projects.ballots.services import define_vote, open_vote, record_attendance
from projects.cycles.models import RollLine, Session
from projects.deliberation.intake import change_roll
from tests.projects.ballots.conftest import Hall
from tests.racing import at_once
from workflow.flows.errors import Refused
from workflow.flows.events import _locked
from workflow.people.isolation import SYSTEM, within

pytestmark = pytest.mark.long(rounds=20)


@pytest.fixture
def hall(fresh_database: str, quick_stretching: None, new_hall: Callable[..., Hall]) -> Hall:
    """Twelve deputies are counted as here and their vote by device is about to open, committed."""
    with within(SYSTEM):
        made = new_hall()
        made.hold_keys()
        record_attendance(made.act("clerk"), made.vote, present=12, on_leave=0)
    return made


def leaving(hall: Hall) -> Callable[[], Any]:
    with within(SYSTEM):
        act, line = hall.act("clerk"), hall.line("代表12").pk

    def work() -> str:
        with within(SYSTEM), transaction.atomic():
            session = Session.objects.select_for_update(no_key=True).get(pk=hall.vote.session_id)
            given = {"joiner": "", "delegation": "", "leaver": str(line), "reason": "大会接受其辞职"}
            change_roll(act, session, change="leave", **given)
        return "left"

    return work


def opening(hall: Hall) -> Callable[[], Any]:
    with within(SYSTEM):
        act, pk = hall.act("chair"), hall.vote.pk

    def work() -> str:
        with within(SYSTEM):
            open_vote(act, Vote.objects.get(pk=pk), present=12, on_leave=0, issued=12)
        return "opened"

    return work


def defining(hall: Hall) -> Callable[[], Any]:
    with within(SYSTEM):
        act = hall.act("chair")

    def work() -> str:
        with within(SYSTEM):
            define_vote(
                act, session=hall.vote.session, about="", purpose="resolution", title="决议的表决", mode="each",
                seats=1, rules=hall.vote.rules, deputies_in_office=12, options=[("paper:1", "决议（草案）")], step=4,
            )  # fmt: skip
        return "defined"

    return work


def test_of_a_vote_that_opens_and_a_deputy_who_leaves_one_waits_for_the_other(hall: Hall) -> None:
    ended = at_once(opening(hall), leaving(hall))

    with within(SYSTEM):
        vote, in_office = Vote.objects.get(pk=hall.vote.pk), RollLine.objects.in_office().count()
        frozen = vote.roll.count()
    assert (ended, vote.state, vote.deputies_in_office, frozen, in_office) in (
        (["opened", Refused], "open", 12, 12, 12),
        ([Refused, "left"], "defined", 11, 0, 11),
    )


def test_a_row_that_refers_to_a_session_is_written_while_its_roll_changes(
    hall: Hall, owner_connection: Any
) -> None:
    # A recount's vote refers to it at its commit, and holds the votes whoever changes the roll waits for.
    with within(SYSTEM), transaction.atomic():
        _locked(hall.vote.session)
        owner_connection.execute("SELECT set_config('piaojue.mode', 'system', false)")
        with owner_connection.transaction():
            owner_connection.execute("SELECT FROM projects_session FOR KEY SHARE NOWAIT")
        with pytest.raises(LockNotAvailable), owner_connection.transaction():
            owner_connection.execute("SELECT FROM projects_session FOR SHARE NOWAIT")


def test_a_vote_that_is_defined_while_a_deputy_leaves_counts_the_roll_as_it_is_then(hall: Hall) -> None:
    assert at_once(defining(hall), leaving(hall)) == ["defined", "left"]

    with within(SYSTEM):
        votes = Vote.objects.order_by("pk")
        assert [vote.deputies_in_office for vote in votes] == [11, 11]
        assert [rolls.obstacles_to_freezing(vote, None) for vote in votes] == [[], []]
