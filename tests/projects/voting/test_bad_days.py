"""Power cut, process killed, two people at once around the end of a vote: nothing half done, no ballot lost."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

import projects.voting.events  # noqa: F401  registers the events
from projects.ballots.models import Box, RollEntry, Vote
from projects.cycles.models import Paper
from tests.builders import at, do, open_task
from tests.killing import killed_at_each_statement
from tests.long import sized
from tests.projects.voting.conftest import DAY
from tests.projects.voting.test_device_flow import made, open_box, opened, vote_all
from tests.projects.voting.test_voting import ask_for_new_vote, minutes
from tests.racing import at_once
from workflow.audit.models import Entry
from workflow.flows.errors import Busy, NotYourTurn, Obstructed, Taken
from workflow.flows.models import Deadline
from workflow.flows.services import complete
from workflow.people.isolation import SYSTEM, within

CAST = 6


@pytest.fixture
def _system():
    """Nothing: here every block says its context itself, for its commit is real."""


@pytest.fixture
def hall(fresh_database, monkeypatch):
    """Six ballots in the box, nothing on paper, the chief teller has said that none came back."""
    with within(SYSTEM):
        hall = made(monkeypatch)
        opened(hall)
        vote_all(hall, most=CAST)
        do("voting.close", hall.town.of("chief_teller"), DAY, returned=0)
    return hall


def standing(hall: Any) -> tuple[Any, ...]:
    """What an act changes: the vote and what waits on it, the box, the roll, tasks, papers, the trail."""
    with within(SYSTEM):
        vote = Vote.objects.filter(pk=hall.vote.pk).values().get()
        tasks = sorted(Deadline.objects.values_list("task_id", "done_at", "cancelled"))
        counts = [rows.objects.count() for rows in (Vote, Box, Entry, Paper)]
        voted = RollEntry.objects.filter(vote=hall.vote, voted=True).count()
        return vote, tasks, counts, voted


def act_of(hall: Any, key: str, office: str, **data: Any):
    def act() -> None:
        with within(SYSTEM):
            do(key, hall.town.of(office), DAY, **data)

    return act


def killed_all_along(hall: Any, watch: Any, act: Any) -> int:
    """Play an act to its commit, killed before each of its statements; how often.

    Nothing of a killed one stands, until one is killed after its commit: what is left then (the trail's signed head) the
    sweep makes up for.
    """
    before, kills = standing(hall), 0
    every = sized("kill_every", 4, 1)
    for kills in killed_at_each_statement(act, watch, every=every):  # noqa: B007  the last number is how many
        if standing(hall) != before:
            break
        connection.close()
    assert standing(hall) != before
    return kills


@pytest.mark.long
def test_killed_at_any_statement_of_closing_opening_or_signing_the_act_was_not_done_and_can_be_done(
    hall, owner_connection
):
    acts = {
        "voting.close_confirm": act_of(hall, "voting.close_confirm", "teller", confirmed=True),
        "voting.open_box": lambda: within_system(open_box, hall),
        "voting.certify_chief": act_of(hall, "voting.certify_chief", "chief_teller", confirmed=True),
        "voting.certify_teller": act_of(hall, "voting.certify_teller", "teller", confirmed=True),
    }
    for key, act in acts.items():
        assert killed_all_along(hall, owner_connection, act) > 10, key

    with within(SYSTEM):
        assert hall.vote.state == "certified" and hall.vote.figures["valid"] == CAST
        assert Box.objects.count() == CAST
        assert Paper.objects.filter(kind="tally_report", subject=hall.vote.reference).count() == 1


def within_system(work: Any, *args: Any) -> None:
    with within(SYSTEM):
        work(*args)


@pytest.mark.long(rounds=10)
def test_a_new_vote_confirmed_while_a_teller_signs_happens_before_the_signature_or_not_at_all(
    hall, owner_connection
):
    with within(SYSTEM):
        do("voting.close_confirm", hall.town.of("teller"), DAY, confirmed=True)
        open_box(hall)
        ask_for_new_vote(hall, hall.town.of("clerk"), minutes(hall, "投票箱封条破损。"), "clerk")
        signing = open_task("voting.certify_chief").task_id
        voiding = open_task("voting.void_confirm").task_id
        counted = hall.vote
    ended = at_once(
        lambda: completed(signing, hall.town.of("chief_teller"), confirmed=True),
        lambda: completed(voiding, hall.town.of("chair"), decision="agree", reason=""),
    )

    with within(SYSTEM):
        counted.refresh_from_db()
        agreed = Deadline.objects.get(pk=voiding).done_at is not None
        assert agreed == (counted.state == "void") == (hall.vote != counted)
        assert (ended[1] == "done") == agreed
        assert "done" in ended and set(ended) <= {"done", Busy, NotYourTurn, Obstructed, Taken}, ended


def completed(task_id: int, actor: Any, **data: Any) -> str:
    with within(SYSTEM):
        complete(task_id, actor=actor, data=data, at=at(DAY), reauthenticated=True)
    return "done"
