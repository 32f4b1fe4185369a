"""A vote by device against a model in plain Python: whatever is tried in whatever order, the two never differ.

The model knows nothing of locks, seals or tables: a set of who voted, a list of ballots, a state. Every step is tried
whether it is allowed or not; what the system refuses the model refuses (integrity.md §4).
"""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from projects.ballots import boxes, keys, rolls, sealing
from projects.ballots.figures import decided, empty_sheet
from projects.ballots.models import Box, RollEntry
from projects.ballots.rules import Paper, count_ballots
from projects.ballots.services import declare, open_box, sign
from tests.long import LONG, sized
from tests.projects.ballots.conftest import PASSPHRASES, Hall, opening
from workflow.flows.errors import Refused
from workflow.machines.services import Conflict
from workflow.people.isolation import SYSTEM, apply

pytestmark = [pytest.mark.long, pytest.mark.django_db]

DEPUTIES = [f"代表{n}" for n in range(1, 9)]
TITLES = ("水厂", "卫生室", "村道")
deputy = st.sampled_from(DEPUTIES)
LEAST = 3
ballot = st.lists(st.sampled_from(TITLES), unique=True, max_size=3)


REACHED = set[str]()


class VoteMachine(RuleBasedStateMachine):
    """One vote; `made` is set by the test to the fixture that makes a hall."""

    made: Any

    @initialize(keys_held=st.booleans())
    def begin(self, keys_held: bool) -> None:
        self.held = transaction.atomic()
        self.held.__enter__()
        apply(SYSTEM)
        self.hall: Hall = self.made(TITLES, deputies=len(DEPUTIES), least=LEAST)
        self.state, self.offices = "defined", set[str]()
        self.on_paper, self.cast = set[str](), dict[str, tuple[str, list[str]]]()
        self.signed, self.count = set[str](), None
        for office in PASSPHRASES if keys_held else ():
            self.hold_key(office)

    def teardown(self) -> None:
        if hasattr(self, "held"):
            transaction.set_rollback(True)
            self.held.__exit__(None, None, None)

    def tries(self, work: Any, *, allowed: bool) -> Any:
        """Do a step in both worlds: it must be refused exactly where the model refuses it."""
        try:
            with transaction.atomic():
                result = work()
        except (Refused, Conflict):
            assert not allowed
            return None
        assert allowed
        self.hall.vote.refresh_from_db()
        return result

    @rule(office=st.sampled_from(sorted(PASSPHRASES)))
    def hold_key(self, office: str) -> None:
        allowed = self.state == "defined"
        act = self.hall.act(office)
        self.tries(lambda: keys.hold_key(act, self.hall.locked, office, PASSPHRASES[office]), allowed=allowed)
        if allowed:
            self.offices.add(office)

    @rule(on_paper=st.sets(deputy, max_size=4))
    def open(self, on_paper: set[str]) -> None:
        allowed = (
            self.state == "defined" and len(self.offices) == 3 and not self.names_somebody(len(on_paper))
        )
        self.tries(lambda: self.hall.open(on_paper=tuple(on_paper)), allowed=allowed)
        if allowed:
            self.state, self.on_paper = "open", set(on_paper)

    @rule(name=deputy, said=ballot, again=st.booleans())
    def vote(self, name: str, said: list[str], again: bool) -> None:
        before = self.cast.get(name)
        token = before[0] if before and again else sealing.new_token()
        sound = len(said) <= self.hall.vote.seats
        repeated = before is not None and again
        fresh = self.state == "open" and name not in self.on_paper and before is None
        known = self.state not in ("defined",)
        tracker = self.tries(
            lambda: self.hall.cast(name, said, token), allowed=known and sound and (repeated or fresh)
        )
        if tracker and fresh:
            self.cast[name] = (token, said)

    @rule(said=ballot.filter(lambda marks: len(marks) <= 2))
    def everybody_left_votes(self, said: list[str]) -> None:
        for name in DEPUTIES:
            if name not in self.cast and name not in self.on_paper:
                self.vote(name, said, again=False)

    def names_somebody(self, paper: int) -> bool:
        """Whether so many on paper, beside the rest by device, are a group too small to be counted."""
        device = len(DEPUTIES) - paper
        return 0 < device < LEAST or (device > 0 and 0 < paper < LEAST)

    @rule(names=st.sets(deputy, min_size=1, max_size=5))
    def take_paper(self, names: set[str]) -> None:
        paper = len(self.on_paper) + len(names)
        left = len(DEPUTIES) - paper
        free = not names & (self.on_paper | set(self.cast))
        allowed = self.state == "open" and free and (left < LEAST or not self.names_somebody(paper))
        act, lines = self.hall.act("teller"), [self.hall.line(name).pk for name in names]
        self.tries(lambda: rolls.to_paper(act, self.hall.locked, lines, reason="改用纸质票"), allowed=allowed)
        if allowed:
            self.on_paper |= names

    @rule()
    def empty_the_box(self) -> None:
        allowed = self.state == "open" and 0 < len(DEPUTIES) - len(self.on_paper) < LEAST
        act = self.hall.act("chief_teller")
        self.tries(lambda: rolls.empty_box(act, self.hall.locked, reason="电子票太少"), allowed=allowed)
        if allowed:
            self.on_paper, self.cast = set(DEPUTIES), {}

    @rule()
    def close(self) -> None:
        all_on_paper = len(self.on_paper) == len(DEPUTIES)
        enough = all_on_paper or not 0 < len(self.on_paper) < LEAST
        allowed = self.state == "open" and (len(self.cast) >= LEAST or not self.cast) and enough
        returned = len(self.on_paper)
        self.tries(lambda: self.hall.close(on_paper=returned), allowed=allowed)
        if allowed:
            self.state = "closed"

    @rule()
    def key_the_paper(self) -> None:
        keyed = self.count is not None
        allowed = self.state == "closed" and not keyed and bool(self.on_paper or not self.cast)
        figures = _all_abstain(self.hall, len(self.on_paper))
        self.tries(lambda: self.hall.key(figures), allowed=allowed)
        if allowed:
            self.count = len(self.on_paper)
            if not self.cast:
                self.state = "keyed"

    @rule(pair=st.permutations(sorted(PASSPHRASES)))
    def open_the_box(self, pair: list[str]) -> None:
        allowed = self.state == "closed" and bool(self.cast) and (self.count is not None or not self.on_paper)
        act = self.hall.act("chief_teller")
        self.tries(lambda: open_box(act, self.hall.vote, opening(pair[0]), opening(pair[1])), allowed=allowed)
        if allowed:
            self.state = "keyed"

    @rule(office=st.sampled_from(["chief_teller", "teller"]))
    def sign(self, office: str) -> None:
        allowed = self.state == "keyed" and office not in self.signed
        self.tries(lambda: sign(self.hall.act(office), self.hall.vote, office), allowed=allowed)
        if allowed:
            self.signed.add(office)
            self.state = "certified" if len(self.signed) == 2 else "keyed"

    @rule()
    def declare(self) -> None:
        allowed = self.state == "certified"
        self.tries(lambda: declare(self.hall.act("chair"), self.hall.vote), allowed=allowed)
        if allowed:
            self.state = "declared"

    @rule()
    def go_on(self) -> None:
        """The step a hall would take now, so that short walks reach the end too."""
        if self.state == "defined":
            for office in PASSPHRASES:
                self.hold_key(office)
            self.open(set(DEPUTIES[:LEAST]))
        elif self.state == "open" and 0 < len(DEPUTIES) - len(self.on_paper) < LEAST:
            self.empty_the_box()
        elif self.state == "open" and len(self.cast) < LEAST and len(self.on_paper) < len(DEPUTIES):
            self.everybody_left_votes([TITLES[0]])
        elif self.state == "open":
            self.close()
        elif self.state == "closed":
            self.key_the_paper()
            self.open_the_box(sorted(PASSPHRASES))
        elif self.state == "keyed":
            self.sign("chief_teller")
            self.sign("teller")
        else:
            self.declare()

    @invariant()
    def the_two_agree(self) -> None:
        if not hasattr(self, "state"):
            return
        vote = self.hall.vote
        assert vote.state == self.state
        REACHED.add(self.state)
        assert Box.objects.filter(vote_number=vote.pk).count() == len(self.cast)
        voted = RollEntry.objects.filter(vote=vote, voted=True).values_list("line__name", flat=True)
        assert set(voted) == set(self.cast)
        if self.state in ("keyed", "certified", "declared"):
            self.the_sums_are_those_of_the_ballots()

    def the_sums_are_those_of_the_ballots(self) -> None:
        paper = Paper(TITLES, boxes.paper_of(self.hall.vote).mode, self.hall.vote.seats)
        expected = count_ballots([said for _token, said in self.cast.values()], paper=paper)
        outcome = decided(self.hall.vote)
        for title, of in outcome.count.sums.items():
            assert of.in_favour == expected.sums[title].in_favour
            assert of.abstain == expected.sums[title].abstain + len(self.on_paper)
        assert outcome.problems == ()


def _all_abstain(hall: Hall, ballots: int) -> dict[str, Any]:
    """A tally of paper on which nobody marked anything."""
    empty = empty_sheet(hall.vote)
    return empty | {
        "valid": ballots,
        "sums": {title: of | {"abstain": ballots} for title, of in empty["sums"].items()},
    }


def test_no_order_of_steps_makes_the_vote_and_its_model_differ(quick_stretching, new_hall):
    VoteMachine.made = staticmethod(new_hall)
    run_state_machine_as_test(
        VoteMachine,
        settings=settings(
            max_examples=sized("votes", 12, 1_000),
            stateful_step_count=sized("vote_steps", 30, 50),
            deadline=None,
            derandomize=not LONG,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert sorted(REACHED) == ["certified", "closed", "declared", "defined", "keyed", "open"]
