"""Two people at once on a real PostgreSQL: whatever the order, one effect."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection

from projects.ballots.figures import count_rules, field_name, sheet
from projects.ballots.models import Keying, Signature, Vote
from projects.ballots.services import (
    close_vote,
    continue_vote,
    declare,
    define_vote,
    key_tally,
    open_vote,
    recount,
    sign,
)
from projects.cycles.models import Session
from projects.cycles.rulebook import Rules
from tests.builders import at
from workflow.audit.models import Entry
from workflow.audit.services import Act
from workflow.flows.errors import Refused
from workflow.machines.services import Conflict
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit, UnitKind, User
from workflow.people.services import create_unit

pytestmark = pytest.mark.long(rounds=20)


@pytest.fixture
def vote(fresh_database: str) -> Vote:
    with within(SYSTEM):
        county = create_unit(code="C", name="示范县", kind=UnitKind.COUNTY)
        unit = create_unit(code="T", name="青溪镇", kind=UnitKind.TOWNSHIP, parent=county)
        for name in ("one", "two"):
            User.objects.create(username=name, name=name)
        session = Session.objects.create(unit=unit, term=19, number=2, held_on=date(2027, 1, 20))
        return define_vote(
            act_of(unit, "one"),
            session=session,
            about="cycle:1",
            purpose="projects",
            title="表决票",
            mode="select",
            seats=1,
            rules=count_rules(Rules()),
            deputies_in_office=50,
            options=[("item:1", "甲"), ("item:2", "乙")],
            step=4,
        )


def act_of(unit: Unit, name: str) -> Act:
    return Act(User.objects.get(username=name), "chair", unit, at("2027-01-20"))


def at_once(vote: Vote, *works: Callable[[Act, Vote], Any]) -> list[str]:
    """Run each work in a thread and transaction of its own, released together; what each came to, by class name."""
    barrier, ended = threading.Barrier(len(works)), []

    def run(name: str, work: Callable[[Act, Vote], Any]) -> None:
        try:
            with within(SYSTEM):
                mine, act = Vote.objects.get(pk=vote.pk), act_of(vote.unit, name)
                barrier.wait(10)
                work(act, mine)
            ended.append("done")
        except (Conflict, Refused) as refusal:
            ended.append(type(refusal).__name__)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=run, args=(name, work))
        for name, work in zip(("one", "two"), works, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return sorted(ended)


def opening(act: Act, vote: Vote) -> None:
    open_vote(act, vote, present=45, on_leave=0, issued=45)


def figures(vote: Vote, sums: tuple[int, int] = (42, 3)) -> dict[str, Any]:
    marks = {
        field_name(mark, option): number
        for option, of in zip(vote.options.all(), ((one, 45 - one) for one in sums), strict=True)
        for mark, number in zip(("for", "abstain"), of, strict=True)
    }
    return sheet(vote, valid=45, invalid=0, marks=marks)


def to_closed(vote: Vote) -> None:
    with within(SYSTEM):
        opening(act_of(vote.unit, "one"), vote)
        close_vote(act_of(vote.unit, "one"), vote, returned=45)


def to_keyed(vote: Vote, sums: tuple[int, int] = (42, 3)) -> None:
    to_closed(vote)
    with within(SYSTEM):
        for turn, name in ((1, "one"), (2, "two")):
            key_tally(act_of(vote.unit, name), vote, turn=turn, figures=figures(vote, sums))


def test_of_two_people_opening_one_vote_exactly_one_wins(vote):
    assert at_once(vote, opening, opening) == ["Conflict", "done"]
    with within(SYSTEM):
        assert Vote.objects.get().state == "open"
        assert Entry.objects.filter(action="vote.open").count() == 1


def test_of_two_people_closing_with_too_many_ballots_one_new_vote_is_made(vote):
    with within(SYSTEM):
        opening(act_of(vote.unit, "one"), vote)

    def closing(act: Act, mine: Vote) -> None:
        close_vote(act, mine, returned=46)

    assert at_once(vote, closing, closing) == ["Conflict", "done"]
    with within(SYSTEM):
        assert Vote.objects.filter(follows=vote).count() == 1


def test_two_counters_keying_at_once_are_compared_once_and_accepted(vote):
    to_closed(vote)
    first = lambda act, mine: key_tally(act, mine, turn=1, figures=figures(mine))  # noqa: E731
    second = lambda act, mine: key_tally(act, mine, turn=2, figures=figures(mine))  # noqa: E731
    assert at_once(vote, first, second) == ["done", "done"]
    with within(SYSTEM):
        assert Vote.objects.get().state == "keyed"
        assert Entry.objects.filter(action="vote.accept_tally").count() == 1


def test_two_counters_keying_the_same_turn_at_once_leave_one_keying(vote):
    to_closed(vote)
    first = lambda act, mine: key_tally(act, mine, turn=1, figures=figures(mine))  # noqa: E731
    assert at_once(vote, first, first) == ["Refused", "done"]
    with within(SYSTEM):
        assert Keying.objects.count() == 1


def test_both_tellers_signing_at_once_certify_once(vote):
    to_keyed(vote)
    chief = lambda act, mine: sign(act, mine, "chief_teller")  # noqa: E731
    teller = lambda act, mine: sign(act, mine, "teller")  # noqa: E731
    assert at_once(vote, chief, teller) == ["done", "done"]
    with within(SYSTEM):
        assert Vote.objects.get().state == "certified"
        assert Signature.objects.count() == 2
        assert Entry.objects.filter(action="vote.certify").count() == 1


def test_of_opening_a_run_off_and_counting_the_tie_again_at_once_exactly_one_is_done(vote):
    with within(SYSTEM):
        Vote.objects.update(rules=vote.rules | {"majority_base": "none"}, mode="each")
        vote.refresh_from_db()
    to_keyed(vote, (22, 22))
    with within(SYSTEM):
        sign(act_of(vote.unit, "one"), vote, "chief_teller")
        sign(act_of(vote.unit, "two"), vote, "teller")
        declare(act_of(vote.unit, "one"), vote)
        runoff = continue_vote(act_of(vote.unit, "one"), vote)

    def counting_again(act: Act, mine: Vote) -> None:
        recount(act, mine.follows, reason="代表要求复核。")

    ended = at_once(runoff, opening, counting_again)

    with within(SYSTEM):
        runoff.refresh_from_db()
        recounts = Vote.objects.filter(is_recount=True).count()
        assert (ended, runoff.state, recounts) in [
            (["Conflict", "done"], "void", 1),
            (["Refused", "done"], "open", 0),
        ]
