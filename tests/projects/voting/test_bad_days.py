"""Power cut, process killed, two people at once around the end of a vote: nothing half done, no ballot lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection

import projects.voting.events  # noqa: F401  registers the events
from projects.ballots import boxes, sealing
from projects.ballots.models import Box, KeyHolder, Keying, RollEntry, Signature, Vote
from projects.cycles.models import Paper
from projects.demo.play.voting import Sheet, keyed
from projects.selection.models import Item
from projects.voting.flows import RecountFlow, TurnFlow, VoidFlow, VotingFlow
from tests.builders import at, do, open_task
from tests.killing import killed_around_the_commit, killed_at_each_statement
from tests.long import LONG, sized
from tests.projects.ballots.conftest import PASSPHRASES
from tests.projects.voting.conftest import DAY, Hall
from tests.projects.voting.test_device_flow import (
    HOLDING,
    TITLES,
    attend,
    close,
    hand_paper,
    line,
    made,
    open_box,
    opened,
    vote_all,
)
from tests.projects.voting.test_voting import ask_for_new_vote, ask_recount, counted, minutes
from tests.racing import at_once
from workflow.audit.models import Entry
from workflow.flows.errors import Busy, NotYourTurn, Obstructed, Taken
from workflow.flows.events import perform
from workflow.flows.models import Deadline, Meeting
from workflow.flows.services import complete
from workflow.people.isolation import SYSTEM, within

CAST = 12
AT_THE_DESK = {
    "hold_chief", "hold_teller", "hold_chair", "open", "open_confirm", "turn_confirm", "void_confirm", "close",
    "close_confirm", "key_first", "key_second", "open_box", "certify_chief", "certify_teller", "recount_confirm",
    "declare",
}  # fmt: skip


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
    """What an act changes: votes and what waits on them, the box, roll, keys, keyings and signatures, tasks, papers, trail."""
    kept = (Vote, Box, RollEntry, KeyHolder, Keying, Signature, Item, Deadline, Paper, Meeting)
    with within(SYSTEM):
        rows = [list(model.objects.order_by("pk").values()) for model in kept]
        return [*rows, Entry.objects.count()]


@dataclass(frozen=True)
class Act:
    """Something two people do to a vote, one after the other. whole: what is so once it is done, and then all of it."""

    key: str
    do: Callable[[], Any]
    whole: Callable[[Vote], bool]


def act_of(
    hall: Hall, key: str, office: str, whole: Callable[[Vote], bool], *, counter: int = 1, **data: Any
) -> Act:
    def act() -> None:
        with within(SYSTEM):
            do(f"voting.{key}", hall.town.of(office, counter), DAY, **data)

    return Act(key, act, whole)


def killed_all_along(hall: Hall, watch: Any, act: Act) -> int:
    """Play an act to its commit, killed on the way; how often.

    Nothing of a killed one stands, until one is killed after its commit: then all of it does, and what is left (the
    trail's signed head) the sweep makes up for.
    """
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
        assert act.whole(hall.vote), act.key
    connection.close()
    return kills


AGREED = {"decision": "agree", "reason": ""}
ASK = {"reason": "电子票太少", "confirmed": True}
ON_PAPER = range(1, 6)


def with_keys(hall: Hall) -> Iterator[Act]:
    """Three passphrases, one after another; the third makes the key."""
    for held, (office, task) in enumerate(HOLDING.items(), 1):
        words = PASSPHRASES[office]

        def whole(vote: Vote, held: int = held) -> bool:
            shares = vote.holders.exclude(sealed_share="").count()
            return vote.holders.count() == held and (shares, len(vote.public_key)) == (
                (3, 64) if held == 3 else (0, 0)
            )

        yield act_of(hall, task, office, whole, passphrase=words, repeated=words)


def opened_by_two(hall: Hall) -> Iterator[Act]:
    with within(SYSTEM):
        attend(hall)
        lines = [line(hall, n) for n in ON_PAPER]
    yield act_of(
        hall, "open", "chair", lambda vote: len(vote.awaiting["open"]["on_paper"]) == 5, on_paper=lines
    )
    yield act_of(
        hall, "open_confirm", "chief_teller",
        lambda vote: vote.state == "open" and vote.awaiting == {} and vote.roll.count() == vote.issued == 20,
        confirmed=True,
    )  # fmt: skip


def turned_to_paper_and_void(hall: Hall) -> Iterator[Act]:
    """Three have voted and one of four telephones is left: the box is emptied; then the presidium has it held again."""
    with within(SYSTEM):
        first = hall.vote
        vote_all(hall, most=3)
        hand_paper(hall, *range(9, 20))
        by_hand(hall, "turn_to_paper", "chief_teller", ASK)
    yield act_of(
        hall, "turn_confirm", "teller",
        lambda vote: not Box.objects.exists() and vote.roll.filter(channel="paper").count() == vote.paper_issued == 20,
        **AGREED,
    )  # fmt: skip
    with within(SYSTEM):
        ask_for_new_vote(hall, hall.town.of("clerk"), minutes(hall, "投票箱封条破损。"), "clerk")
    yield act_of(
        hall, "void_confirm", "chair",
        lambda vote: (
            (vote.state, vote.follows, vote.follows.state) == ("defined", first, "void")
            and len(vote.public_key) == 64
            and Meeting.objects.filter(title="决定重新投票").count() == 1
        ),
        **AGREED,
    )  # fmt: skip


def closed_by_two(hall: Hall) -> Iterator[Act]:
    def whole(vote: Vote) -> bool:
        published = Paper.objects.filter(kind="trackers", subject=vote.reference)
        frozen = vote.box_digest == sealing.digest_of_box(boxes.in_box(vote))
        return vote.state == "closed" and vote.returned == CAST + 5 and frozen and published.count() == 1

    yield act_of(hall, "close", "chief_teller", lambda vote: "close" in vote.awaiting, returned=5)
    yield act_of(hall, "close_confirm", "teller", whole, confirmed=True)


def counted_by_two(hall: Hall) -> Iterator[Act]:
    with within(SYSTEM):
        sheet = keyed(hall.vote, Sheet({TITLES[0]: 1, TITLES[1]: 4}))
    for n, turn in enumerate(("first", "second"), 1):
        yield act_of(
            hall, f"key_{turn}", "counter",
            lambda vote, n=n: vote.keyings.count() == n and vote.state == "closed", counter=n, **sheet,
        )  # fmt: skip
    yield Act(
        "open_box",
        lambda: box_opened(hall),
        lambda vote: vote.state == "keyed" and vote.figures["valid"] == CAST + 5,
    )


def box_opened(hall: Hall) -> None:
    with within(SYSTEM):
        open_box(hall)


def signed_by_two(hall: Hall) -> Iterator[Act]:
    yield act_of(
        hall, "certify_chief", "chief_teller", lambda vote: vote.signatures.count() == 1, confirmed=True
    )
    yield act_of(
        hall, "certify_teller", "teller",
        lambda vote: (
            vote.state == "certified"
            and vote.signatures.count() == 2
            and Paper.objects.filter(kind="tally_report", subject=vote.reference).count() == 1
            and not any("sums" in keying.figures for keying in vote.keyings.all())
        ),
        confirmed=True,
    )  # fmt: skip


def counted_again_and_declared(hall: Hall) -> Iterator[Act]:
    with within(SYSTEM):
        first = hall.vote
        ask_recount(hall)
    yield act_of(
        hall, "recount_confirm", "teller",
        lambda vote: vote.is_recount and (vote.state, vote.follows, vote.box_of) == ("open", first, first),
        **AGREED,
    )  # fmt: skip
    with within(SYSTEM):
        close(hall, returned=5)
        counted(hall, {TITLES[0]: 1, TITLES[1]: 4}, pair=(3, 4))
        open_box(hall, second="chair", second_passphrase=PASSPHRASES["chair"])
        do("voting.certify_chief", hall.town.of("chief_teller"), DAY, confirmed=True)
        do("voting.certify_teller", hall.town.of("teller"), DAY, confirmed=True)
    yield act_of(
        hall, "declare", "chair",
        lambda vote: (
            vote.state == "declared"
            and sorted(Item.objects.values_list("state", flat=True)) == ["elected", "not_elected"]
            and Paper.objects.get(kind="tally_report", subject=vote.reference).published_at is not None
        ),
        confirmed=True,
    )  # fmt: skip


def by_hand(hall: Hall, event: str, office: str, data: dict[str, Any]) -> None:
    perform(
        f"voting.{event}", hall.cycle, actor=hall.town.of(office), data=data, at=at(DAY), reauthenticated=True
    )


@pytest.mark.long
def test_killed_anywhere_in_what_two_people_do_to_a_vote_it_is_done_whole_or_not_at_all_and_no_ballot_is_lost(
    fresh_database, monkeypatch, owner_connection
):
    """One vote through every such act: turned to paper, held again, closed, counted, signed, counted again, declared."""
    with within(SYSTEM):
        hall = made(monkeypatch)
    before, after = (
        (with_keys, opened_by_two, turned_to_paper_and_void, opened_by_two),
        (closed_by_two, counted_by_two, signed_by_two, counted_again_and_declared),
    )
    killed = {act.key: killed_all_along(hall, owner_connection, act) for part in before for act in part(hall)}
    with within(SYSTEM):
        vote_all(hall, most=CAST)
        acknowledged = [bytes(cipher) for cipher in Box.objects.values_list("cipher", flat=True)]
    connection.close()
    killed |= {act.key: killed_all_along(hall, owner_connection, act) for part in after for act in part(hall)}

    assert set(killed) == AT_THE_DESK
    assert min(killed.values()) >= (10 if LONG else 2), killed
    with within(SYSTEM):
        assert sorted(boxes.in_box(hall.vote)) == sorted(acknowledged) and len(acknowledged) == CAST
        assert hall.vote.figures["sums"][TITLES[0]]["for"] == CAST + 1


def test_every_act_of_the_desk_that_is_done_in_person_is_killed():
    """A task that comes to the vote's flows later is to be killed too; roll call, resolution and notice are no act of two."""
    steps = {
        node.key.removeprefix("voting.")
        for flow in (VotingFlow, TurnFlow, RecountFlow, VoidFlow)
        for node in flow.steps()
    }
    assert steps - {"attendance", "settle_tie", "resolution", "announce"} == AT_THE_DESK


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
