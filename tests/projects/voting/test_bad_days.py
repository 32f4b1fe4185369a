"""Power cut, process killed, two people at once around the end of a vote: nothing half done, no ballot lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection

import projects.evaluation.events
import projects.supervision.events
import projects.voting.events  # noqa: F401  registers the events
from projects.ballots import boxes, sealing
from projects.ballots.models import Box, KeyHolder, Keying, RollEntry, Signature, Vote
from projects.ballots.questions import is_carried
from projects.cycles.models import Paper
from projects.evaluation.flows import (
    MeasurementFlow,
    MeasurementRecountFlow,
    MeasurementTurnFlow,
    MeasurementVoidFlow,
)
from projects.evaluation.models import Measurement
from projects.selection.models import Item
from projects.supervision.flows.changes import ChangeFlow, ChangeRecountFlow, ChangeTurnFlow, ChangeVoidFlow
from projects.supervision.models import Change, Project
from projects.voting.flows import RecountFlow, TurnFlow, VoidFlow, VotingFlow
from tests.builders import at, do, meeting_of, open_task
from tests.killing import killed_around_the_commit, killed_at_each_statement
from tests.long import LONG, sized
from tests.projects.ballots.conftest import PASSPHRASES, QUICK
from tests.projects.portal.votes_under_way import BY_TELEPHONE, HOLDING, Said, UnderWay
from tests.projects.voting.conftest import DAY
from tests.projects.voting.test_device_flow import made, open_box, opened, vote_all
from tests.projects.voting.test_voting import ask_for_new_vote, minutes, second_pair
from tests.racing import at_once
from workflow.audit.models import Entry
from workflow.flows.base import OfficeFlow
from workflow.flows.errors import Busy, NotYourTurn, Obstructed, Taken
from workflow.flows.models import Deadline, Meeting
from workflow.flows.services import complete
from workflow.people.isolation import SYSTEM, within

CAST = 12
AT_THE_DESK = {
    "hold_chief", "hold_teller", "hold_chair", "open", "open_confirm", "turn_confirm", "void_confirm", "close",
    "close_confirm", "key_first", "key_second", "open_box", "certify_chief", "certify_teller", "recount_confirm",
    "count_again", "count_again_confirm", "declare",
}  # fmt: skip
# Killed at each desk in make test; all else at that desk alone which sees most: the same steps draw every one of them.
AT_EVERY_DESK = {"turn_confirm", "void_confirm", "recount_confirm", "count_again", "count_again_confirm"}
FULLY = "projects"
# What is no act of two at a desk: the roll call, what a body decides, and what a room does before its vote and after it.
OF_THE_ROOMS = {
    "voting.attendance", "voting.settle_tie", "voting.put_resolution", "voting.resolution", "voting.announce",
    "evaluation.measure_attendance", "supervision.change_attendance", "supervision.decide_change",
    "supervision.announce_change", "voting.revote", "evaluation.measure_revote", "supervision.change_revote",
}  # fmt: skip
OF_THE_YEAR = (VotingFlow, TurnFlow, RecountFlow, VoidFlow)
FLOWS: dict[str, tuple[type[OfficeFlow], ...]] = {
    "projects": OF_THE_YEAR,
    "method": OF_THE_YEAR,
    "resolution": OF_THE_YEAR,
    "satisfaction": (MeasurementFlow, MeasurementTurnFlow, MeasurementRecountFlow, MeasurementVoidFlow),
    "change": (ChangeFlow, ChangeTurnFlow, ChangeRecountFlow, ChangeVoidFlow),
}


@pytest.fixture
def _system():
    """Nothing: here every block says its context itself, for its commit is real."""


@pytest.fixture
def hall(fresh_database, monkeypatch):
    """Twelve ballots in the box, nothing on paper, the chief teller has said that none came back."""
    with within(SYSTEM):
        hall = made(monkeypatch)
        opened(hall)
        vote_all(hall, most=CAST)
        do("voting.close", hall.town.of("chief_teller"), DAY, returned=0)
    return hall


def standing() -> list[Any]:
    """What an act changes: votes and what waits on them, the box, roll, keys, keyings and signatures, tasks, papers, trail.

    And what a vote is about.
    """
    about = (Item, Measurement, Project, Change)
    kept = (Vote, Box, RollEntry, KeyHolder, Keying, Signature, Deadline, Paper, Meeting, *about)
    with within(SYSTEM):
        rows = [list(model.objects.order_by("pk").values()) for model in kept]
        return [*rows, Entry.objects.count()]


@dataclass(frozen=True)
class Act:
    """Something two people do to a vote, one after the other. whole: what is so once it is done, and then all of it."""

    task: str
    do: Callable[[], Any]
    whole: Callable[[Vote], bool]


def act_of(
    held: UnderWay, task: str, office: str, whole: Callable[[Vote], bool], *, counter: int = 1, **data: Any
) -> Act:
    def act() -> None:
        with within(SYSTEM):
            held.act(task, office, counter, **data)

    return Act(task, act, whole)


def killed_all_along(held: UnderWay, watch: Any, act: Act, *, only: set[str]) -> int:
    """Play an act to its commit, killed on the way; how often. only: other tasks are done without a kill.

    Nothing of a killed one stands, until one is killed after its commit: then all of it does, and what is left (the
    trail's signed head) the sweep makes up for.
    """
    if act.task not in only:
        act.do()
        connection.close()
        return 0
    before, kills = standing(), 0
    places = (
        killed_at_each_statement(act.do, watch, every=sized("kill_every", 1, 1))
        if LONG
        else killed_around_the_commit(act.do, watch)
    )
    for kills, _place in enumerate(places, 1):  # noqa: B007  the last number is how many
        if standing() != before:
            break
        connection.close()
    with within(SYSTEM):
        assert act.whole(held.now), act.task
    connection.close()
    return kills


AGREED = {"decision": "agree", "reason": ""}
ASK = {"reason": "电子票太少", "confirmed": True}


def with_keys(held: UnderWay) -> Iterator[Act]:
    """Three passphrases, one after another; the third makes the key."""
    for number, (office, task) in enumerate(HOLDING.items(), 1):
        words = PASSPHRASES[office]

        def whole(vote: Vote, number: int = number) -> bool:
            shares = vote.holders.exclude(sealed_share="").count()
            return vote.holders.count() == number and (shares, len(vote.public_key)) == (
                (3, 64) if number == 3 else (0, 0)
            )

        yield act_of(held, task, office, whole, passphrase=words, repeated=words)


def opened_by_two(held: UnderWay) -> Iterator[Act]:
    with within(SYSTEM):
        held.attend()
        lines = held.lines[:5]
    yield act_of(
        held, "open", "chair", lambda vote: len(vote.awaiting["open"]["on_paper"]) == 5, on_paper=lines
    )
    yield act_of(
        held, "open_confirm", "chief_teller",
        lambda vote: vote.state == "open" and vote.awaiting == {} and vote.roll.count() == vote.issued == 20,
        confirmed=True,
    )  # fmt: skip


def turned_to_paper_and_void(held: UnderWay) -> Iterator[Act]:
    """Three have voted and one of four telephones is left: the box is emptied; then the presidium has it held again."""
    with within(SYSTEM):
        first = held.now
        held.cast(3, most=3)
        waiting = (
            first.roll.filter(channel="device", voted=False).order_by("pk").values_list("line_id", flat=True)
        )
        lines = [str(line) for line in waiting[: waiting.count() - 1]]
        held.perform("hand_paper", "teller", {"lines": lines, "reason": "手机没电"})
        held.perform("turn_to_paper", "chief_teller", ASK)
    yield act_of(
        held, "turn_confirm", "teller",
        lambda vote: (
            not Box.objects.filter(vote_number=vote.pk).exists()
            and vote.roll.filter(channel="paper").count() == vote.paper_issued == 20
        ),
        **AGREED,
    )  # fmt: skip
    with within(SYSTEM):
        presidium = meeting_of(held.town.people["presidium"], held.day)
        held.perform("void", "clerk", {"reason": "投票箱封条破损。"} | presidium)
        met = Meeting.objects.count()
    yield act_of(
        held, "void_confirm", "chair",
        lambda vote: (
            (vote.state, vote.follows, vote.follows.state) == ("defined", first, "void")
            and len(vote.public_key) == 64
            and Meeting.objects.count() == met + 1
        ),
        **AGREED,
    )  # fmt: skip


def closed_by_two(held: UnderWay) -> Iterator[Act]:
    def whole(vote: Vote) -> bool:
        published = Paper.objects.filter(kind="trackers", subject=vote.reference)
        frozen = vote.box_digest == sealing.digest_of_box(boxes.in_box(vote))
        return vote.state == "closed" and vote.returned == CAST + 5 and frozen and published.count() == 1

    yield act_of(held, "close", "chief_teller", lambda vote: "close" in vote.awaiting, returned=5)
    yield act_of(held, "close_confirm", "teller", whole, confirmed=True)


ONE_OF_FIVE = Said(on_paper=1)


def counted_by_two(held: UnderWay) -> Iterator[Act]:
    with within(SYSTEM):
        sheet = held.sheet(ONE_OF_FIVE)
    for n, turn in enumerate(("first", "second"), 1):
        yield act_of(
            held, f"key_{turn}", "counter",
            lambda vote, n=n: vote.keyings.count() == n and vote.state == "closed", counter=n, **sheet,
        )  # fmt: skip
    yield Act(
        "open_box",
        lambda: box_opened(held),
        lambda vote: vote.state == "keyed" and vote.figures["valid"] == CAST + 5,
    )


def box_opened(held: UnderWay) -> None:
    with within(SYSTEM):
        held.open_box()


def signed_by_two(held: UnderWay) -> Iterator[Act]:
    yield act_of(
        held, "certify_chief", "chief_teller", lambda vote: vote.signatures.count() == 1, confirmed=True
    )
    yield act_of(
        held, "certify_teller", "teller",
        lambda vote: (
            vote.state == "certified"
            and vote.signatures.count() == 2
            and Paper.objects.filter(kind="tally_report", subject=vote.reference).count() == 1
            and not any("sums" in keying.figures for keying in vote.keyings.all())
        ),
        confirmed=True,
    )  # fmt: skip


def counted_again_and_declared(held: UnderWay) -> Iterator[Act]:
    with within(SYSTEM):
        first = held.now
        second_pair(held)
        held.perform("recount", "chief_teller", {"reason": "代表要求复核票数。"})
    yield act_of(
        held, "recount_confirm", "teller",
        lambda vote: vote.is_recount and (vote.state, vote.follows, vote.box_of) == ("open", first, first),
        **AGREED,
    )  # fmt: skip
    yield act_of(held, "count_again", "chief_teller", lambda vote: "close" in vote.awaiting, returned=5)
    yield act_of(
        held, "count_again_confirm", "teller",
        lambda vote: (vote.state, vote.returned) == ("closed", CAST + 5), confirmed=True,
    )  # fmt: skip
    with within(SYSTEM):
        for counter, turn in ((3, "first"), (4, "second")):
            held.act(f"key_{turn}", "counter", counter, **held.sheet(ONE_OF_FIVE))
        held.open_box(second="chair")
        held.act("certify_chief", "chief_teller", confirmed=True)
        held.act("certify_teller", "teller", confirmed=True)
    yield act_of(
        held, "declare", "chair",
        lambda vote: vote.state == "declared" and what_was_decided(vote), confirmed=True,
    )  # fmt: skip


def what_was_decided(vote: Vote) -> bool:
    """Whether what follows the announcement is there, in the vote's own room: all of it."""
    if vote.purpose == "measurement":
        measured = Measurement.objects.get(vote=vote)
        result = Paper.objects.filter(kind="measurement", subject=vote.reference)
        return measured.satisfied == CAST + 1 and result.count() == 1
    if vote.purpose == "change":
        change = Change.objects.get()
        return change.state == "agreed" and _resolved(change)
    report = Paper.objects.get(kind="tally_report", subject=vote.reference)
    if vote.is_question:
        return is_carried(vote) and report.published_at is not None
    states = sorted(Item.objects.values_list("state", flat=True))
    return states == ["elected", "not_elected"] and report.published_at is not None


def _resolved(change: Change) -> bool:
    return Paper.objects.filter(kind="resolution", subject=change.reference).count() == 1


@pytest.mark.long
@pytest.mark.parametrize("kind", sorted(BY_TELEPHONE))
def test_killed_anywhere_in_what_two_people_do_to_a_vote_it_is_done_whole_or_not_at_all_and_no_ballot_is_lost(
    fresh_database, monkeypatch, owner_connection, settings, tmp_path, kind
):
    """One vote through every such act: turned to paper, held again, closed, counted, signed, counted again, declared."""
    real = sealing.new_holder
    monkeypatch.setattr(sealing, "new_holder", lambda passphrase: real(passphrase, QUICK))
    settings.MEDIA_ROOT = tmp_path
    only = AT_THE_DESK if LONG or kind == FULLY else AT_EVERY_DESK
    with within(SYSTEM):
        held = BY_TELEPHONE[kind].build()
    before, after = (
        (with_keys, opened_by_two, turned_to_paper_and_void, opened_by_two),
        (closed_by_two, counted_by_two, signed_by_two, counted_again_and_declared),
    )

    def play(*parts: Callable[[UnderWay], Iterator[Act]]) -> dict[str, int]:
        acts = (act for part in parts for act in part(held))
        return {act.task: killed_all_along(held, owner_connection, act, only=only) for act in acts}

    killed = play(*before)
    with within(SYSTEM):
        held.cast(CAST, most=CAST)
        acknowledged = boxes.in_box(held.now)
    connection.close()
    killed |= play(*after)

    assert set(killed) == AT_THE_DESK
    assert min(killed[task] for task in only) >= (10 if LONG else 2), killed
    with within(SYSTEM):
        assert boxes.in_box(held.now) == acknowledged and len(acknowledged) == CAST
        first, *_others = held.now.figures["sums"].values()
        assert first["for"] == CAST + 1


@pytest.mark.parametrize("kind", sorted(FLOWS))
def test_every_act_of_the_desk_that_is_done_in_person_is_killed(kind):
    """A task that comes to a vote's flows later is to be killed too; what a room does beside its desk is no act of two."""
    own = {
        "evaluation.measure_certify": "certify_chief",
        "supervision.declare_change": "declare",
        "voting.declare_method": "declare",
        "voting.declare_resolution": "declare",
    }
    steps = {node.key for flow in FLOWS[kind] for node in flow.steps()} - OF_THE_ROOMS
    names = {
        own.get(key, key.split(".")[1].removeprefix("measure_").removeprefix("change_")) for key in steps
    }
    assert names == AT_THE_DESK
    assert set(FLOWS) == set(BY_TELEPHONE)


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
