"""A vote against a model in plain Python: whatever is tried in whatever order, the two never differ.

The model knows nothing of locks, seals or tables: a set of who voted, a list of ballots, a state. Every step is tried
whether it is allowed or not; what the system refuses the model refuses. A vote may be marked in each of the three ways,
be by device and on paper or on paper alone, be void and held again, counted again, and continued among those who tie;
until it opens deputies come late and the roll is called again (integrity.md §4).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from projects.ballots import boxes, rolls, sealing
from projects.ballots.figures import decided, empty_sheet
from projects.ballots.models import Box, RollEntry, Vote
from projects.ballots.services import (
    continue_vote,
    declare,
    key_tally,
    open_box,
    order_vote,
    record_attendance,
    recount,
    sign,
    void_vote,
)
from tests.long import LONG, sized
from tests.projects.ballots.conftest import PASSPHRASES, met, opening
from tests.projects.ballots.plain_count import Marks
from tests.projects.ballots.vote_opening import (
    DEPUTIES,
    LEAST,
    QUORUM,
    REACHED,
    TITLES,
    Opening,
    deputy,
    seldom,
)
from workflow.flows.errors import Refused

pytestmark = [pytest.mark.long, pytest.mark.django_db]

deputies = st.sets(deputy, min_size=1, max_size=5)
# In the order the deputy marks them, which is that of urgency where the paper is marked by rank.
ballot = st.dictionaries(
    st.sampled_from(TITLES), st.sampled_from(["for", "for", "against", "abstain"]), max_size=3
)
# What everybody would mark on paper; as many are collected as were handed out.
BLANK: list[Marks] = [{} for _deputy in DEPUTIES]
papers = st.lists(ballot, min_size=len(DEPUTIES), max_size=len(DEPUTIES))

STATES = {"defined", "open", "closed", "keyed", "certified", "declared"}
TURNS = {
    "by device", "on paper", "held again", "counted again", "run-off", "keyed apart", "holder left", "code replaced",
    "select", "each", "rank", "came late", "counted wrong", "figures overtaken", "below quorum", "opened with absent",
    "marked on paper", "spoiled", "added up",
}  # fmt: skip


class VoteMachine(Opening):
    """One vote from its definition to its end, and those that follow it."""

    # While it is open

    @property
    def voting(self) -> bool:
        return self.state == "open" and not self.again

    @rule(name=deputy, said=ballot, again=st.booleans())
    def vote(self, name: str, said: Marks, again: bool) -> None:
        before = self.cast.get(name)
        token = before[0] if before and again else sealing.new_token()
        repeated = before is not None and again and not self.again
        fresh = self.voting and name in self.here - self.on_paper and before is None
        tracker = self.tries(
            lambda: self.hall.cast(name, self.paper.written(said), token),
            allowed=self.paper.is_sound(said) and (repeated or fresh),
        )
        if tracker and fresh:
            self.cast[name] = (token, said)

    @rule(halves=st.booleans())
    def everybody_left_votes(self, halves: bool) -> None:
        """All for one, or half of them for another."""
        left = [name for name in sorted(self.here) if name not in self.cast and name not in self.on_paper]
        for n, name in enumerate(left):
            self.vote(name, {self.paper.titles[n % 2 if halves else 0]: "for"}, again=False)

    @rule(names=deputies | st.just(set(DEPUTIES)), times=st.integers(1, 2), asked=st.booleans())
    def print_codes(self, names: set[str], times: int, asked: bool) -> None:
        """Who has a code gets another one only where a second person has asked for it."""
        waiting = (names & self.here) - self.on_paper - set(self.cast)
        allowed = self.device and self.voting and bool(waiting)
        act, lines = self.hall.act("clerk"), [self.hall.line(name).pk for name in names]
        for _time in range(times):
            replaced = waiting & set(self.codes)
            if asked and allowed and replaced:
                again = [self.hall.line(name).pk for name in replaced]
                rolls.ask_for_codes(self.hall.act("teller"), self.hall.locked, again, reason="纸条遗失")
            may = allowed and (asked or not replaced)
            printed = self.tries(lambda: rolls.new_codes(act, self.hall.locked, lines), allowed=may) or []
            assert {entry.line.name for entry, _code in printed} == (waiting if may else set())
            for entry, code in printed:
                self.has_code(entry.line.name, code)

    def has_code(self, name: str, code: str) -> None:
        if older := self.codes.get(name):
            self.dead.append(older)
            self.reached("code replaced")
        self.codes[name] = code
        self.used.discard(name)

    @rule(name=deputy)
    def come_in_by_code(self, name: str) -> None:
        """A code is good once, and of no use any more to who has voted without it."""
        if code := self.codes.get(name):
            allowed = name not in self.used and name not in self.cast
            self.tries(lambda: rolls.enter_by_code(code), allowed=allowed)
            if allowed:
                self.used.add(name)
        if self.dead:
            self.tries(lambda: rolls.enter_by_code(self.dead[-1]), allowed=False)

    def forget_codes(self, names: set[str]) -> None:
        for name in names & set(self.codes):
            self.dead.append(self.codes.pop(name))

    @rule(names=deputies)
    def take_paper(self, names: set[str]) -> None:
        paper = len(self.on_paper) + len(names)
        left = len(self.here) - paper
        free = names <= self.here - self.on_paper - set(self.cast)
        allowed = self.device and self.voting and free and (left < LEAST or not self.names_somebody(paper))
        act, lines = self.hall.act("teller"), [self.hall.line(name).pk for name in names]
        self.tries(lambda: rolls.to_paper(act, self.hall.locked, lines, reason="改用纸质票"), allowed=allowed)
        if allowed:
            self.on_paper |= names
            self.forget_codes(names)

    @rule()
    def empty_the_box(self) -> None:
        allowed = self.device and self.voting and 0 < len(self.here) - len(self.on_paper) < LEAST
        act = self.hall.act("chief_teller")
        self.tries(lambda: rolls.empty_box(act, self.hall.locked, reason="电子票太少"), allowed=allowed)
        if allowed:
            self.on_paper, self.cast = self.here, {}
            self.forget_codes(set(DEPUTIES))

    # Closing, or holding it again

    @property
    def may_close(self) -> bool:
        all_on_paper = len(self.on_paper) == len(self.here)
        enough = all_on_paper or not 0 < len(self.on_paper) < LEAST
        return self.state == "open" and (len(self.cast) >= LEAST or not self.cast) and enough

    @rule()
    def close(self) -> None:
        allowed = self.may_close
        self.tries(lambda: self.hall.close(on_paper=len(self.on_paper)), allowed=allowed)
        if allowed:
            self.state = "closed"
            self.forget_codes(set(DEPUTIES))

    @rule(really=seldom)
    def more_come_back_than_were_issued(self, really: bool) -> None:
        """Void whatever is in the box: it is not counted."""
        allowed = self.state == "open"
        if not allowed or really:
            new = self.tries(lambda: self.hall.close(on_paper=len(self.on_paper) + 1), allowed=allowed)
            if allowed:
                self.is_held_again(new)

    @rule(really=seldom)
    def it_is_void(self, really: bool) -> None:
        allowed = self.state in ("open", "closed", "keyed")
        if not allowed or really:
            act = self.hall.act("chair")
            new = self.tries(lambda: void_vote(act, self.hall.vote, reason="重来"), allowed=allowed)
            if allowed:
                self.is_held_again(new)

    def is_held_again(self, new: Vote) -> None:
        """Once the presidium has decided so, not before."""
        assert self.hall.vote.state == "void" and new.follows_id == self.hall.vote.pk
        self.follow(new)
        act = self.hall.act("clerk")
        with pytest.raises(Refused, match="须由主席团决定重新投票"):
            record_attendance(act, self.hall.vote, present=len(DEPUTIES), on_leave=0)
        order_vote(self.hall.vote, met(self.hall.unit))
        self.starts_anew("defined")
        self.reached("held again")

    @rule(really=seldom)
    def it_is_counted_again(self, really: bool) -> None:
        allowed = self.state in ("closed", "keyed", "certified", "declared")
        if not allowed or really:
            act = self.hall.act("chief_teller")
            new = self.tries(lambda: recount(act, self.hall.vote, reason="要求复核"), allowed=allowed)
            if allowed:
                self.follow(new)
                self.count_anew("open")
                self.again = True
                self.reached("counted again")

    # Counting

    @property
    def may_key(self) -> bool:
        return self.state == "closed" and not self.counted and bool(self.on_paper or not self.cast)

    def key(self, first: dict[str, Any], second: dict[str, Any]) -> Any:
        """By two who have keyed nothing yet: a recount is another pair's."""
        vote = self.hall.vote
        for turn, figures in ((1, first), (2, second)):
            self.counters += 1
            rejected = key_tally(self.hall.act(f"counter{self.counters}"), vote, turn=turn, figures=figures)
        return rejected

    @rule(collected=papers)
    def key_the_paper(self, collected: list[Marks]) -> None:
        collected = [self.marked(said) for said in collected[: len(self.on_paper)]]
        allowed, figures = self.may_key, self.sheet(collected)
        self.tries(lambda: self.key(figures, figures), allowed=allowed)
        if allowed:
            self.counted = True
            self.read = [said for said in collected if self.paper.is_sound(said)]
            self.spoiled = len(collected) - len(self.read)
            self.kinds_of_paper_reached()
            if not self.cast:
                self.state = "keyed"

    @rule()
    def key_the_paper_apart(self) -> None:
        """One of them sees a vote the other does not: both keyings are kept, neither counts."""
        if not self.on_paper:
            return
        blank: list[Marks] = [{} for _ballot in self.on_paper]
        figures, other = self.sheet(blank), self.sheet([{self.paper.titles[0]: "for"}, *blank[1:]])
        rejected = self.tries(lambda: self.key(figures, other), allowed=self.may_key)
        if self.may_key:
            assert rejected
            self.reached("keyed apart")

    def marked(self, said: Marks) -> Marks:
        """What of it stands on this paper: among those who tie there are fewer to mark."""
        return {title: mark for title, mark in said.items() if title in self.paper.titles}

    def sheet(self, collected: list[Marks]) -> dict[str, Any]:
        """The tally of these papers; one with too many marks is invalid."""
        sound = [said for said in collected if self.paper.is_sound(said)]
        empty = empty_sheet(self.hall.vote)
        sums = {
            title: {"for": of[0], "abstain": len(sound) - of[0] - of[1]}
            | ({"against": of[1]} if self.paper.mode == "each" or not self.hall.vote.device else {})
            | ({"points": of[2]} if self.paper.mode == "rank" else {})
            for title, of in self.paper.sums(sound).items()
        }
        return empty | {"valid": len(sound), "invalid": len(collected) - len(sound), "sums": sums}

    def kinds_of_paper_reached(self) -> None:
        if self.spoiled:
            self.reached("spoiled")
        if any(self.read):
            by_device = any(said for _token, said in self.cast.values())
            self.reached("added up" if by_device else "marked on paper")

    @rule(pair=st.permutations(sorted(PASSPHRASES)))
    def open_the_box(self, pair: list[str]) -> None:
        ready = self.state == "closed" and bool(self.cast) and (self.counted or not self.on_paper)
        allowed = ready and set(pair[:2]) not in self.opened_by
        act = self.hall.act("chief_teller")
        self.tries(lambda: open_box(act, self.hall.vote, opening(pair[0]), opening(pair[1])), allowed=allowed)
        if allowed:
            self.state = "keyed"
            self.opened_by.append(set(pair[:2]))

    @rule(office=st.sampled_from(["chief_teller", "teller"]))
    def sign(self, office: str) -> None:
        allowed = self.state == "keyed" and office not in self.signed
        self.tries(lambda: sign(self.hall.act(office), self.hall.vote, office), allowed=allowed)
        if allowed:
            self.signed.add(office)
            self.state = "certified" if len(self.signed) == 2 else "keyed"

    @rule()
    def declare(self) -> None:
        """The result is announced, and those who tie are voted on again."""
        allowed, (elected, tied) = self.state == "certified", self.paper.result(self.ballots)
        act = self.hall.act("chair")
        self.tries(lambda: declare(act, self.hall.vote), allowed=allowed)
        if not allowed:
            return
        self.state = "declared"
        self.the_two_agree()
        assert (self.hall.vote.outcome["elected"], set(self.hall.vote.outcome["tied"])) == (elected, tied)
        new = continue_vote(act, self.hall.vote)
        assert bool(new) == bool(tied)
        if new:
            self.follow(new)
            self.paper = self.paper.run_off(elected, tied)
            self.starts_anew("defined")
            self.reached("run-off")

    @property
    def ballots(self) -> list[Marks]:
        """What was cast by device, and what was read of the papers."""
        return [said for _token, said in self.cast.values()] + self.read

    @rule(steps=st.integers(1, 5), collected=papers)
    def go_on(self, steps: int, collected: list[Marks]) -> None:
        """The steps a hall would take now, so that short walks reach the end too."""
        for _step in range(steps):
            self._go_one_step(collected)
            self.the_two_agree()

    def _go_one_step(self, collected: list[Marks]) -> None:
        step = {
            "defined": self._go_and_open,
            "open": self._go_and_vote,
            "closed": lambda: (self.key_the_paper(collected), self.open_the_box(sorted(PASSPHRASES))),
            "keyed": lambda: (self.sign("chief_teller"), self.sign("teller")),
            "certified": self.declare,
            "declared": self.declare,
        }
        step[self.state]()

    def _go_and_open(self) -> None:
        for office in PASSPHRASES if self.device else ():
            self.hold_key(office)
        if not self.called or self.present != len(self.here) or self.present < QUORUM:
            self.call_the_roll(set(), set(), wrongly=False)
        if self.said is None:
            self.say_what_is_issued(set(sorted(self.here)[: len(self.here) // 2]))
        self.confirm_the_opening("chief_teller")

    def _go_and_vote(self) -> None:
        device = len(self.here) - len(self.on_paper)
        if 0 < device < LEAST:
            self.empty_the_box()
        elif self.voting and len(self.cast) < min(LEAST, device):
            self.everybody_left_votes(halves=True)
        else:
            self.close()

    # The two agree

    @invariant()
    def the_two_agree(self) -> None:
        if not hasattr(self, "state"):
            return
        vote = self.hall.vote
        kept = boxes.of(vote)
        assert vote.state == self.state
        self.reached(self.state)
        assert Box.objects.filter(vote_number=kept.pk).count() == len(self.cast)
        voted = RollEntry.objects.filter(vote=kept, voted=True).values_list("line__name", flat=True)
        assert set(voted) == set(self.cast)
        if self.state in ("keyed", "certified", "declared"):
            self.the_sums_are_those_of_the_ballots()

    def the_sums_are_those_of_the_ballots(self) -> None:
        outcome, valid = decided(self.hall.vote), len(self.ballots)
        assert (outcome.count.valid, outcome.count.invalid) == (valid, self.spoiled)
        sums = self.paper.sums(self.ballots)
        found = {
            title: (of.in_favour, of.against, of.points, of.abstain)
            for title, of in outcome.count.sums.items()
        }
        assert found == {title: (*of, valid - of[0] - of[1]) for title, of in sums.items()}
        assert outcome.problems == ()


@pytest.mark.minutes
def test_no_order_of_steps_makes_the_vote_and_its_model_differ(quick_stretching, new_hall, record_property):
    walks, steps = sized("votes", 40, 1_000), sized("vote_steps", 30, 50)
    record_property("walks", f"{walks} × {steps}")
    VoteMachine.made = staticmethod(new_hall)
    REACHED.clear()
    run_state_machine_as_test(
        VoteMachine,
        settings=settings(
            max_examples=walks,
            stateful_step_count=steps,
            deadline=None,
            derandomize=not LONG,
            suppress_health_check=list(HealthCheck),
        ),
    )
    # What chance leaves out is kept with the result; the walk below takes every turn.
    record_property("turns not taken", ", ".join(sorted(TURNS - REACHED)))
    assert STATES <= REACHED


def walk(*, device: bool, mode: str = "select", seats: int = 1) -> Iterator[VoteMachine]:
    """A vote and its model, for steps in an order that is written down."""
    made = VoteMachine()
    made.begin(device=device, keys_held=False, seats=seats, majority=False, mode=mode, capped=False)
    try:
        yield made
        made.the_two_agree()
    finally:
        made.teardown()


def test_a_walk_takes_every_turn_there_is(quick_stretching, new_hall):
    """What chance may leave out of a short run: the two agree along one walk through all of it."""
    VoteMachine.made = staticmethod(new_hall)
    REACHED.clear()
    for vote in walk(device=True):
        vote.hold_key("teller")
        vote.a_holder_leaves("teller")
        one, other, late, *_here = DEPUTIES
        vote.call_the_roll({one, other}, {late}, wrongly=False)
        vote.say_what_is_issued(set())
        vote.come_late(late)
        for office in PASSPHRASES:
            vote.hold_key(office)
        vote.say_what_is_issued(set(DEPUTIES[-3:]))
        vote.come_late(one)
        vote.confirm_the_opening("chief_teller")
        vote.call_the_roll({other}, set(), wrongly=True)
        vote.say_what_is_issued(set())
        vote.call_the_roll({other}, set(), wrongly=False)
        vote.go_on(1, BLANK)  # opened, all but one being here
        assert vote.state == "open" and other not in vote.here
        vote.print_codes(set(DEPUTIES), times=2, asked=True)
        vote.come_in_by_code(DEPUTIES[-1])
        vote.it_is_void(really=True)
        vote.go_on(3, BLANK)  # opened, half of the telephones for one and half for another, closed
        vote.key_the_paper_apart()
        vote.it_is_counted_again(really=True)
        vote.go_on(5, BLANK)  # closed, counted, signed, announced; the run-off is open
        assert vote.paper.titles == TITLES[:2] and vote.state == "open"
        vote.go_on(2, BLANK)
        vote.more_come_back_than_were_issued(really=True)
    alike = {TITLES[0]: "for"}
    for vote in walk(device=False):
        vote.go_on(5, [{TITLES[1]: "for"} | alike, *[alike] * 7])  # the first one has too many marks
    for mode in ("each", "rank"):
        for vote in walk(device=True, mode=mode, seats=2):
            vote.go_on(1, BLANK)
            vote.vote(DEPUTIES[-1], {TITLES[2]: "for", TITLES[0]: "against"}, again=False)
            vote.go_on(5, [alike] * 8)  # the others, closed, counted, signed, announced
    assert REACHED == STATES | TURNS
