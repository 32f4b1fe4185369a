"""The roll changes at the very moment its votes are dealt with: the task is whose turn it then is, and N what the roll says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import projects.deliberation.events
import projects.voting.events  # noqa: F401  registers the events
from projects.cycles.models import RollLine
from projects.demo.play.voting import play_attendance
from tests.builders import do
from tests.projects.voting.conftest import DAY, Hall, T
from tests.projects.voting.test_roll_between_votes import leaves, seated, waiting
from tests.racing import at_once
from workflow.flows.errors import Busy, Obstructed, Refused, Taken
from workflow.people.isolation import SYSTEM, within

pytestmark = pytest.mark.long(rounds=20)


@pytest.fixture
def _system():
    """Nothing: here every block says its context itself, for its commit is real."""


@pytest.fixture
def hall(fresh_database: str) -> Hall:
    """Fifty on the roll, their number not counted yet, committed."""
    with within(SYSTEM):
        return seated(["文化礼堂", "村道硬化"], seats=1)


def leaving(hall: Hall) -> Callable[[], Any]:
    def work() -> str:
        with within(SYSTEM):
            leaves(hall)
        return "left"

    return work


def doing(hall: Hall, key: str, office: str, **data: Any) -> Callable[[], Any]:
    with within(SYSTEM):
        actor = hall.town.of(office)

    def work() -> str:
        with within(SYSTEM):
            do(key, actor, DAY, **data)
        return "done"

    return work


def told(hall: Hall) -> tuple[list[str], int, int | None, int]:
    with within(SYSTEM):
        vote = hall.vote
        in_office = RollLine.objects.in_office().filter(session=hall.session).count()
        return waiting(hall), vote.deputies_in_office, vote.deputies_present, in_office


def called(hall: Hall) -> None:
    with within(SYSTEM):
        play_attendance(hall.town, hall.cycle, t=T, present=45)


def test_whoever_counts_while_a_deputy_leaves_counts_again_or_has_counted_the_new_roll(hall):
    with within(SYSTEM):
        gone = RollLine.objects.get(session=hall.session, name="代表00").pk
        absent = [str(pk) for pk in RollLine.objects.exclude(pk=gone).values_list("pk", flat=True)[:5]]
    counting = doing(hall, "voting.attendance", "clerk", present=45, on_leave=0, absent=absent)
    ended = at_once(counting, leaving(hall))
    keys, n, present, in_office = told(hall)
    assert n == in_office and ended[1] in ("left", Busy)
    if ended[1] == "left":
        assert (n, keys, present) == (49, ["voting.attendance"], None)


def test_the_ballots_are_issued_on_a_roll_call_that_counts_or_not_at_all(hall):
    called(hall)
    ended = at_once(doing(hall, "voting.open", "chair", issued=45), leaving(hall))
    keys, n, present, in_office = told(hall)
    assert n == in_office
    assert (ended[1], keys, present) in (
        ("left", ["voting.attendance"], None),
        (Busy, ["voting.open_confirm"], 45),
    )


def test_a_vote_opens_before_the_deputy_leaves_or_waits_for_a_new_roll_call(hall):
    called(hall)
    with within(SYSTEM):
        do("voting.open", hall.town.of("chair"), DAY, issued=45)
    ended = at_once(doing(hall, "voting.open_confirm", "chief_teller", confirmed=True), leaving(hall))
    keys, n, present, in_office = told(hall)
    assert (n, keys) in ((50, ["voting.close"]), (49, ["voting.attendance"])) and n == in_office
    assert (n == 50) == (ended[0] == "done") and (present is None) == (n == 49)
    assert ended[0] in ("done", Taken, Obstructed, Refused, Busy) and ended[1] in (
        "left",
        Obstructed,
        Refused,
        Busy,
    )
