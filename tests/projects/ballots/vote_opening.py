"""What happens to a vote before it opens, in the system and in a model of it: the first half of the vote's machine."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from projects.ballots import keys
from projects.ballots.models import Vote
from projects.ballots.services import confirm_opening, enter_opening, record_arrivals, record_attendance
from tests.builders import at
from tests.projects.ballots.conftest import PASSPHRASES, Hall
from tests.projects.ballots.plain_count import Marks, PlainPaper
from workflow.flows.errors import Refused
from workflow.machines.services import Conflict
from workflow.people.isolation import SYSTEM, apply

DEPUTIES = [f"代表{n}" for n in range(1, 9)]
TITLES = ("水厂", "卫生室", "村道")
LEAST = 3
QUORUM = 6  # two thirds of eight (组织法 14)
deputy = st.sampled_from(DEPUTIES)
holder = st.sampled_from(sorted(PASSPHRASES))
seldom = st.sampled_from([False] * 3 + [True])  # what begins anew, or no walk would come far
few = st.sets(deputy, max_size=2)

REACHED = set[str]()


class Opening(RuleBasedStateMachine):
    """A vote up to its opening: keys held and given back, the roll called, deputies coming late, two people who open it.

    `made` is set by the test to the fixture that makes a hall. What comes after the opening is the subclass's.
    """

    made: Any

    @initialize(
        device=st.sampled_from([True, True, True, False]),
        keys_held=st.booleans(),
        seats=st.integers(1, 2),
        majority=st.booleans(),
        mode=st.sampled_from(["select", "each", "rank"]),
        capped=st.booleans(),
    )
    def begin(
        self, device: bool, keys_held: bool, seats: int, majority: bool, mode: str, capped: bool
    ) -> None:
        self.held = transaction.atomic()
        self.held.__enter__()
        apply(SYSTEM)
        rules = {} if majority else {"majority_base": "none"}
        self.hall: Hall = self.made(
            TITLES,
            deputies=len(DEPUTIES),
            least=LEAST,
            seats=seats,
            device=device,
            mode=mode,
            each_cap=capped and mode == "each",
            **rules,
        )
        needed = len(DEPUTIES) // 2 + 1 if majority else 1
        self.device, self.paper = device, PlainPaper(TITLES, seats, mode, capped, needed)
        self.offices, self.counters = set[str](), 0
        self.starts_anew("defined")
        self.reached("by device" if device else "on paper")
        self.reached(mode)
        for office in PASSPHRASES if keys_held and device else ():
            self.hold_key(office)

    def starts_anew(self, state: str) -> None:
        """Nobody is counted, nobody has voted; who holds the keys goes on holding them."""
        self.called, self.away, self.present = False, set[str](), 0
        self.said: set[str] | None = None
        self.on_paper, self.cast = set[str](), dict[str, tuple[str, Marks]]()
        self.count_anew(state)
        self.again = False
        self.codes, self.used, self.dead = dict[str, str](), set[str](), list[str]()
        self.opened_by = list[set[str]]()

    def count_anew(self, state: str) -> None:
        self.state, self.signed, self.counted = state, set[str](), False
        self.read, self.spoiled = list[Marks](), 0

    def follow(self, new: Vote) -> None:
        """From now on it is the vote that has taken this one's place."""
        self.hall.vote = new
        self.hall.vote.refresh_from_db()
        self.hall.tokens.clear()

    def reached(self, where: str) -> None:
        REACHED.add(where)

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

    # Before

    @rule(office=holder)
    def hold_key(self, office: str) -> None:
        allowed = self.device and self.state == "defined"
        act = self.hall.act(office)
        self.tries(lambda: keys.hold_key(act, self.hall.locked, office, PASSPHRASES[office]), allowed=allowed)
        if allowed:
            self.offices.add(office)

    @rule(office=holder)
    def a_holder_leaves(self, office: str) -> None:
        allowed = self.state == "defined" and office in self.offices
        act = self.hall.act("chair")
        self.tries(
            lambda: keys.release_holder(act, self.hall.locked, office, reason="因病离会"), allowed=allowed
        )
        if allowed:
            self.offices.remove(office)
            self.reached("holder left")

    @rule(on_leave=few, absent=few, wrongly=seldom)
    def call_the_roll(self, on_leave: set[str], absent: set[str], wrongly: bool) -> None:
        """Who is here is counted, again as often as somebody comes or goes; sometimes one too few."""
        away = on_leave | absent
        present = len(DEPUTIES) - len(away) - wrongly
        act, lines = self.hall.act("clerk"), self.lines_of
        allowed = self.state == "defined"
        self.tries(
            lambda: record_attendance(
                act, self.hall.vote, present=present, on_leave=len(on_leave - absent),
                leave=lines(on_leave - absent), absent=lines(absent),
            ),
            allowed=allowed,
        )  # fmt: skip
        if allowed:
            self.called, self.away, self.present = True, away, present
            self.overtaken()

    def lines_of(self, names: set[str]) -> list[str]:
        return [str(self.hall.line(name).pk) for name in sorted(names)]

    def overtaken(self) -> None:
        """What was said to be issued rested on another number present."""
        if self.said is not None:
            self.reached("figures overtaken")
        self.said = None

    @rule(name=deputy)
    def come_late(self, name: str) -> None:
        allowed = self.state == "defined" and self.called and name in self.away
        act, line = self.hall.act("clerk"), self.hall.line(name).pk
        moment = at("2027-01-20")
        self.tries(
            lambda: record_arrivals(act, self.hall.vote, lines=[line], arrived_at=moment), allowed=allowed
        )
        if allowed:
            self.away.remove(name)
            self.present += 1
            self.overtaken()
            self.reached("came late")

    @property
    def here(self) -> set[str]:
        return set(DEPUTIES) - self.away

    def may_open(self, on_paper: set[str]) -> bool:
        """Whether these may vote on paper and all others here by device, on the roll as it was last called."""
        ready = self.state == "defined" and self.called
        counted = self.present == len(self.here) and self.present >= QUORUM
        if ready and self.present < QUORUM:
            self.reached("below quorum")
        if ready and self.present != len(self.here):
            self.reached("counted wrong")
        if not self.device:
            return ready and counted
        by_device = (
            len(self.offices) == 3 and on_paper <= self.here and not self.names_somebody(len(on_paper))
        )
        return ready and counted and by_device

    @rule(on_paper=st.sets(deputy, max_size=4))
    def say_what_is_issued(self, on_paper: set[str]) -> None:
        """The chair enters it; nothing is open yet."""
        allowed, act = self.may_open(on_paper), self.hall.act("chair")
        lines = [self.hall.line(name).pk for name in on_paper] if self.device else []
        self.tries(
            lambda: enter_opening(act, self.hall.vote, issued=self.present, on_paper=lines), allowed=allowed
        )
        if allowed:
            self.said = set(on_paper)

    @rule(office=st.sampled_from(["chief_teller", "chief_teller", "chair"]))
    def confirm_the_opening(self, office: str) -> None:
        """The second of two people; the first is refused."""
        said = self.said
        allowed = said is not None and office != "chair" and self.may_open(said)
        act = self.hall.act(office)
        self.tries(lambda: confirm_opening(act, self.hall.vote), allowed=allowed)
        if allowed and said is not None:
            self.state, self.said = "open", None
            self.on_paper = said if self.device else self.here
            if self.away:
                self.reached("opened with absent")

    def names_somebody(self, paper: int) -> bool:
        """Whether so many on paper, beside the rest by device, are a group too small to be counted."""
        device = len(self.here) - paper
        return 0 < device < LEAST or (device > 0 and 0 < paper < LEAST)
