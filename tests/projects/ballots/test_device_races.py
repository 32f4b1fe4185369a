"""Casting at the same moment on a real PostgreSQL: whatever the order, every ballot that was acknowledged is in, once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from projects.ballots import boxes, sealing
from projects.ballots.casting import AlreadyVoted, VoteClosed
from projects.ballots.models import Box, RollEntry, Vote
from projects.ballots.services import close_vote
from projects.ballots.together import cast
from tests.projects.ballots.conftest import Hall
from tests.racing import at_once
from workflow.people.isolation import SYSTEM, within

pytestmark = pytest.mark.long(rounds=20)


@pytest.fixture
def hall(fresh_database: str, quick_stretching: None, new_hall: Callable[..., Hall]) -> Hall:
    """A vote by device, open, committed: threads meet it as web workers do."""
    with within(SYSTEM):
        made = new_hall()
        made.hold_keys()
        made.open()
    return made


def casting(hall: Hall, name: str, token: str, ballot: tuple[str, ...] = ("水厂",)) -> Callable[[], Any]:
    """One deputy's device, as the page of the ballot casts: with whoever else casts from this process."""
    with within(SYSTEM):
        voter, paper = hall.voter(name), boxes.paper_of(hall.vote)
    return lambda: cast(voter, list(ballot), paper, token, hall.vote.public_key).tracker


def closing(hall: Hall) -> Callable[[], Any]:
    with within(SYSTEM):
        act, pk = hall.act("chief_teller"), hall.vote.pk

    def work() -> Any:
        with within(SYSTEM):
            return close_vote(act, Vote.objects.get(pk=pk), returned=0).state

    return work


def stored(hall: Hall) -> tuple[int, int]:
    """Ballots in the box, deputies marked as having voted."""
    with within(SYSTEM):
        in_box = Box.objects.filter(vote_number=hall.vote.pk).count()
        return in_box, RollEntry.objects.filter(vote=hall.vote, voted=True).count()


def test_a_double_tap_is_one_ballot_with_one_tracker(hall):
    token = sealing.new_token()

    first, second = at_once(casting(hall, "代表1", token), casting(hall, "代表1", token, ("村道",)))

    assert first == second and isinstance(first, str)
    assert stored(hall) == (1, 1)


def test_of_two_devices_of_one_deputy_one_is_refused(hall):
    ended = at_once(*(casting(hall, "代表1", sealing.new_token()) for _device in range(4)))

    assert sorted(isinstance(one, str) for one in ended) == [False, False, False, True]
    assert {one for one in ended if not isinstance(one, str)} == {AlreadyVoted}
    assert stored(hall) == (1, 1)


def test_all_deputies_at_once_are_all_in(hall):
    ended = at_once(*(casting(hall, f"代表{n}", sealing.new_token()) for n in range(1, 13)))

    assert len(set(ended)) == 12 and all(isinstance(one, str) for one in ended)
    assert stored(hall) == (12, 12)


def test_closing_waits_for_the_casts_in_flight_and_refuses_those_after_it(hall):
    for n in range(1, 7):
        casting(hall, f"代表{n}", sealing.new_token())()

    *cast_, closed = at_once(
        *(casting(hall, f"代表{n}", sealing.new_token()) for n in range(7, 13)), closing(hall)
    )

    assert closed == "closed"
    acknowledged = [one for one in cast_ if isinstance(one, str)]
    assert {one for one in cast_ if not isinstance(one, str)} <= {VoteClosed}
    with within(SYSTEM):
        vote = Vote.objects.get(pk=hall.vote.pk)
        assert set(acknowledged) <= set(boxes.trackers_of(vote))
        assert vote.returned == 6 + len(acknowledged)
        assert sealing.digest_of_box(boxes.in_box(vote)) == vote.box_digest


def test_of_two_who_close_at_once_one_closes(hall):
    for n in range(1, 7):
        casting(hall, f"代表{n}", sealing.new_token())()

    ended = at_once(closing(hall), closing(hall))

    assert sorted(str(one) for one in ended) == ["<class 'workflow.machines.services.Conflict'>", "closed"]
