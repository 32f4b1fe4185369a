"""Every kind of vote, brought to the moment its ballots are out, and from there to the tellers' signatures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import projects.voting.events  # noqa: F401  registers the events
from projects.ballots import sealing
from projects.ballots.boxes import paper_of
from projects.ballots.casting import Voter
from projects.ballots.models import RollEntry, Vote
from projects.ballots.rules import Mode
from projects.ballots.together import cast
from projects.cycles.models import Cycle, RollLine
from projects.cycles.rulebook import Rules
from projects.demo.cast import Township
from projects.demo.play.voting import Sheet, keyed, play_opening
from projects.evaluation import measuring
from projects.supervision import changing
from projects.supervision.models import Change, Project
from tests.builders import do, every_office, township
from tests.projects.ballots.conftest import PASSPHRASES
from tests.projects.evaluation.conftest import year_under_supervision
from tests.projects.evaluation.test_evaluation import T2, before_hall
from tests.projects.supervision.conftest import year_of
from tests.projects.supervision.test_changes import ask
from tests.projects.voting.conftest import DAY, T, settled
from workflow.machines.models import Record

IN_OFFICE, ON_PAPER = 20, 5
TITLES = ["文化礼堂", "村道硬化"]
STAGES = ("open", "closed", "keyed once", "keyed", "signed once")
EXTRA_DAY = "2027-06-18"


@dataclass(frozen=True)
class Said:
    """The ballots in favour of what stands first on the paper: so many by telephone, so many on paper or pressed."""

    by_device: int = 9
    on_paper: int = 2


@dataclass(frozen=True)
class UnderWay:
    """A vote whose ballots are out. tasks: how the desk's tasks are called; signing: its first signature; day: of the vote.

    records: what is shown of it besides, the vote itself the last.
    """

    town: Township
    cycle: Cycle
    tasks: str
    signing: str
    day: str
    records: tuple[Record, ...]
    vote: Vote

    def act(self, task: str, office: str, holder: int = 1, **data: Any) -> None:
        do(f"{self.tasks}{task}", self.town.of(office, holder), self.day, **data)

    def advance(self, said: Said, stage: str) -> None:
        """Cast what is cast by telephone, and go on as far as the stage."""
        if self.vote.device:
            self._cast(said.by_device)
        for step in (self._close, self._key_first, self._key_second_and_open, self._sign)[
            : STAGES.index(stage)
        ]:
            step(said)

    def _cast(self, in_favour: int) -> None:
        paper = paper_of(self.vote)
        for n, entry in enumerate(RollEntry.objects.filter(vote=self.vote, channel="device").order_by("pk")):
            voter = Voter(self.vote.unit_id, self.vote.pk, entry.pk)
            marks = _marks(paper.mode, paper.candidates, in_favour=n < in_favour)
            cast(voter, marks, paper, sealing.new_token(), self.vote.public_key)

    @property
    def _in_hand(self) -> int:
        """Ballots on paper, or deputies who press."""
        return ON_PAPER if self.vote.device else IN_OFFICE

    def _close(self, said: Said) -> None:
        self.act("close", "chief_teller", returned=self._in_hand)
        self.act("close_confirm", "teller", confirmed=True)

    def _sheet(self, said: Said) -> dict[str, Any]:
        first, *others = paper_of(self.vote).candidates
        rest = self._in_hand - said.on_paper
        sums = {first: said.on_paper} | dict.fromkeys(others, rest)
        against = {first: rest} if self.vote.mode == Mode.EACH else {}
        return keyed(Vote.objects.get(pk=self.vote.pk), Sheet(sums, against))

    def _key_first(self, said: Said) -> None:
        self.act("key_first", "counter", **self._sheet(said))

    def _key_second_and_open(self, said: Said) -> None:
        self.act("key_second", "counter", 2, **self._sheet(said))
        if self.vote.device:
            given = {"first": "chief_teller", "second": "teller"}
            words = {f"{which}_passphrase": PASSPHRASES[office] for which, office in given.items()}
            self.act("open_box", "chief_teller", **given, **words)

    def _sign(self, said: Said) -> None:
        self.act(self.signing, "chief_teller", confirmed=True)

    def open_by_telephone(self) -> UnderWay:
        """The key made, everybody here, five of them on paper."""
        for office, task in (("chief_teller", "chief"), ("teller", "teller"), ("chair", "chair")):
            words = PASSPHRASES[office]
            self.act(f"hold_{task}", office, passphrase=words, repeated=words)
        self.act("attendance", "clerk", present=IN_OFFICE, on_leave=0)
        lines = RollLine.objects.filter(session=self.vote.session).order_by("pk").values_list("pk", flat=True)
        self.act("open", "chair", on_paper=[str(line) for line in lines[:ON_PAPER]])
        self.act("open_confirm", "chief_teller", confirmed=True)
        self.vote.refresh_from_db()
        return self


def _marks(mode: Mode, candidates: Iterable[str], *, in_favour: bool) -> Any:
    first, *others = candidates
    if mode is Mode.EACH:
        return {first: "for" if in_favour else "against"}
    return [first if in_favour else others[0]]


def projects_by_telephone() -> UnderWay:
    hall = settled(TITLES, seats=1, in_office=IN_OFFICE, ballot_channel="device")
    RollLine.objects.bulk_create(
        RollLine(unit=hall.town.unit, session=hall.session, user=hall.town.of("deputy", n), name=f"代表{n}")
        for n in range(1, IN_OFFICE + 1)
    )
    every_office(hall.town)
    records = (hall.cycle, hall.session, hall.vote)
    held = UnderWay(hall.town, hall.cycle, "voting.", "certify_chief", DAY, records, hall.vote)
    return held.open_by_telephone()


def projects_by_keypad() -> UnderWay:
    """Twenty press; of each project they may be for or against it."""
    hall = settled(TITLES, seats=1, in_office=IN_OFFICE, ballot_channel="keypad", ballot_mode="each")
    every_office(hall.town)
    records = (hall.cycle, hall.session, hall.vote)
    held = UnderWay(hall.town, hall.cycle, "voting.", "certify_chief", DAY, records, hall.vote)
    held.act("attendance", "clerk", present=IN_OFFICE, on_leave=0)
    play_opening(hall.town, hall.cycle, t=T, issued=IN_OFFICE)
    return held


def satisfaction_by_telephone() -> UnderWay:
    town = township()
    cycle = year_under_supervision(town, ["村道硬化"], rules=Rules(ballot_channel="device"))
    every_office(town)
    before_hall(town, cycle)
    vote, project = measuring.DESK.vote_of(cycle), Project.objects.get(cycle=cycle)
    records = (cycle, vote.session, project, project.measurements.get(), vote)
    return UnderWay(town, cycle, "evaluation.measure_", "certify", T2, records, vote).open_by_telephone()


def change_by_telephone() -> UnderWay:
    town = township()
    year = year_of(town, ballot_channel="device").building()
    every_office(town)
    ask(year, "place", place="第9村")
    year.called(EXTRA_DAY).event("session_roll", town.of("clerk"), "2027-06-02", year.cycle)
    year.opened(EXTRA_DAY).do("decide_change", town.of("clerk"), EXTRA_DAY)
    change = Change.objects.get()
    vote = changing.DESK.vote_of(change)
    records = (year.cycle, vote.session, change.project, change, vote)
    held = UnderWay(town, year.cycle, "supervision.change_", "certify_chief", EXTRA_DAY, records, vote)
    return held.open_by_telephone()


@dataclass(frozen=True)
class Kind:
    """day: on which its ballots are out; build: makes it in an empty database."""

    day: str
    build: Callable[[], UnderWay]


KINDS = {
    "projects": Kind(DAY, projects_by_telephone),
    "keypad": Kind(DAY, projects_by_keypad),
    "satisfaction": Kind(T2, satisfaction_by_telephone),
    "change": Kind(EXTRA_DAY, change_by_telephone),
}
