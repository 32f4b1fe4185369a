"""Every kind of vote at its desk, brought to the moment its ballots are out, and from there to the tellers' signatures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import projects.voting.events  # noqa: F401  registers the events
from projects.ballots import sealing
from projects.ballots.boxes import paper_of
from projects.ballots.casting import Voter
from projects.ballots.figures import PRESSED, field_name
from projects.ballots.models import Purpose, RollEntry, Vote
from projects.ballots.rules import Mode
from projects.ballots.selectors import current_vote
from projects.ballots.services import put_question
from projects.ballots.together import cast
from projects.cycles.models import Cycle, RollLine, Session
from projects.cycles.papers import make_paper
from projects.cycles.rulebook import Rules
from projects.cycles.services import create_cycle, fix_session
from projects.demo.cast import Township
from projects.evaluation import measuring
from projects.supervision import changing
from projects.supervision.models import Change, Project
from projects.voting.desk import DESK
from projects.voting.drafts import resolution_text
from projects.voting.flows import VotingFlow
from tests.builders import at, do, every_office, township
from tests.projects.ballots.conftest import PASSPHRASES
from tests.projects.evaluation.conftest import year_under_supervision
from tests.projects.evaluation.test_evaluation import T2, before_hall
from tests.projects.supervision.conftest import year_of
from tests.projects.supervision.test_changes import ask
from tests.projects.voting.conftest import DAY, T, settled
from workflow.audit.models import Entry
from workflow.flows.acting import acting
from workflow.flows.events import perform
from workflow.machines.models import Record
from workflow.machines.services import fire

IN_OFFICE, ON_PAPER = 20, 5
PRESSING = IN_OFFICE - ON_PAPER
TITLES = ["文化礼堂", "村道硬化"]
HOLDING = {"chief_teller": "hold_chief", "teller": "hold_teller", "chair": "hold_chair"}
STAGES = ("open", "closed", "keyed once", "keyed", "signed once")
EXTRA_DAY = "2027-06-18"


@dataclass(frozen=True)
class Said:
    """The ballots in favour of what stands first on the paper: so many by telephone or pressed, so many on paper."""

    by_device: int = 9
    on_paper: int = 2


@dataclass(frozen=True)
class UnderWay:
    """A vote at its desk. subject: what it is about; tasks: how the desk's tasks are called, own: those called otherwise.

    day: of the vote; records: what is shown of it besides, the vote itself the last.
    """

    town: Township
    cycle: Cycle
    subject: Record
    tasks: str
    day: str
    records: tuple[Record, ...]
    vote: Vote
    own: Mapping[str, str] = field(default_factory=dict)

    def key(self, task: str) -> str:
        """What a task of every desk ("certify_chief") is called at this one."""
        return self.own.get(task, f"{self.tasks}{task}")

    def act(self, task: str, office: str, holder: int = 1, **data: Any) -> None:
        do(self.key(task), self.town.of(office, holder), self.day, **data)

    def perform(self, event: str, office: str, data: dict[str, Any], *, in_person: bool = True) -> Entry:
        """What is done at no turn."""
        return perform(
            f"{self.tasks}{event}", self.subject, actor=self.town.of(office), office=office, data=data,
            at=at(self.day), reauthenticated=in_person,
        )  # fmt: skip

    @property
    def now(self) -> Vote:
        """The vote as it stands, or the one that has taken its place."""
        found = current_vote(self.vote.about, self.vote.purpose)
        assert found is not None
        return found

    @property
    def lines(self) -> list[str]:
        """The roll's lines in order."""
        found = RollLine.objects.filter(session=self.vote.session).order_by("pk")
        return [str(pk) for pk in found.values_list("pk", flat=True)]

    def advance(self, said: Said, stage: str) -> None:
        """Cast what is cast by telephone, and go on as far as the stage."""
        if self.vote.device:
            self.cast(said.by_device)
        for step in (self._close, self._key_first, self._key_second_and_open, self._sign)[
            : STAGES.index(stage)
        ]:
            step(said)

    def cast(self, in_favour: int, *, most: int = IN_OFFICE) -> None:
        """So many by telephone for what stands first on the paper, the others against it; at most so many in all."""
        vote = self.now
        paper = paper_of(vote)
        on_roll = RollEntry.objects.filter(vote=vote, channel="device").order_by("pk")
        for n, entry in enumerate(on_roll[:most]):
            voter = Voter(vote.unit_id, vote.pk, entry.pk)
            marks = _marks(paper.mode, paper.candidates, in_favour=n < in_favour)
            cast(voter, marks, paper, sealing.new_token(), vote.public_key)

    def _close(self, said: Said) -> None:
        pressed = {"returned": PRESSING, "paper_returned": ON_PAPER}
        self.act("close", "chief_teller", **pressed if self.vote.keypad else {"returned": ON_PAPER})
        self.act("close_confirm", "teller", confirmed=True)

    def sheet(self, said: Said) -> dict[str, Any]:
        """What a counter keys."""
        pressed = self._figures(PRESSED, PRESSING, said.by_device) if self.vote.keypad else {}
        return {"valid": ON_PAPER, "invalid": 0} | self._figures("", ON_PAPER, said.on_paper) | pressed

    def _figures(self, prefix: str, whole: int, in_favour: int) -> dict[str, int]:
        """What is keyed of one way to vote: so many for what stands first, the rest against it or for the others."""
        found: dict[str, int] = {}
        for option in self.now.options.all():
            votes = in_favour if option.position == 1 else whole - in_favour
            against = whole - votes if option.position == 1 and self.vote.mode == Mode.EACH else 0
            marks = {"for": votes, "against": against, "abstain": whole - votes - against, "not_pressed": 0}
            found |= {prefix + field_name(mark, option): n for mark, n in marks.items()}
        return found

    def _key_first(self, said: Said) -> None:
        self.act("key_first", "counter", **self.sheet(said))

    def _key_second_and_open(self, said: Said) -> None:
        self.act("key_second", "counter", 2, **self.sheet(said))
        if self.vote.device:
            self.open_box()

    def open_box(self, first: str = "chief_teller", second: str = "teller") -> None:
        """By the passphrases of two who hold the key."""
        given = {"first": first, "second": second}
        words = {f"{which}_passphrase": PASSPHRASES[office] for which, office in given.items()}
        self.act("open_box", "chief_teller", **given, **words)

    def _sign(self, said: Said) -> None:
        self.act("certify_chief", "chief_teller", confirmed=True)

    def hold(self, *offices: str) -> None:
        """The passphrases of these holders of the key, of all three where none is named."""
        for office in offices or HOLDING:
            words = PASSPHRASES[office]
            self.act(HOLDING[office], office, passphrase=words, repeated=words)

    def attend(self) -> None:
        """Everybody is here."""
        self.act("attendance", "clerk", present=IN_OFFICE, on_leave=0)

    def open_by_telephone(self) -> UnderWay:
        """The key made, everybody here, five of them on paper."""
        self.hold()
        return self.opened()

    def opened(self) -> UnderWay:
        """Everybody here, five of them on paper."""
        self.attend()
        self.act("open", "chair", on_paper=self.lines[:ON_PAPER])
        self.act("open_confirm", "chief_teller", confirmed=True)
        self.vote.refresh_from_db()
        return self


def _marks(mode: Mode, candidates: Iterable[str], *, in_favour: bool) -> Any:
    first, *others = candidates
    if mode is Mode.EACH:
        return {first: "for" if in_favour else "against"}
    return [first if in_favour else others[0]]


def on_the_roll(town: Township, session: Session) -> None:
    RollLine.objects.bulk_create(
        RollLine(unit=town.unit, session=session, user=town.of("deputy", n), name=f"代表{n}")
        for n in range(1, IN_OFFICE + 1)
    )


def projects_by_telephone(**rules: Any) -> UnderWay:
    """The vote on projects, its key not made yet."""
    return _on_projects(ballot_channel="device", **rules)


def projects_by_keypad() -> UnderWay:
    """Fifteen press and five have paper; of each project they may be for or against it."""
    return _on_projects(ballot_channel="keypad", ballot_mode="each").opened()


def _on_projects(**rules: Any) -> UnderWay:
    hall = settled(TITLES, seats=1, in_office=IN_OFFICE, **rules)
    on_the_roll(hall.town, hall.session)
    every_office(hall.town)
    records = (hall.cycle, hall.session, hall.vote)
    return UnderWay(hall.town, hall.cycle, hall.cycle, "voting.", DAY, records, hall.vote)


def satisfaction_by_telephone() -> UnderWay:
    """A measurement of one project, its key not made yet."""
    town = township()
    cycle = year_under_supervision(town, ["村道硬化"], rules=Rules(ballot_channel="device"))
    every_office(town)
    before_hall(town, cycle)
    vote, project = measuring.DESK.vote_of(cycle), Project.objects.get(cycle=cycle)
    records = (cycle, vote.session, project, project.measurements.get(), vote)
    own = {"certify_chief": "evaluation.measure_certify"}
    return UnderWay(town, cycle, cycle, "evaluation.measure_", T2, records, vote, own)


def change_by_telephone() -> UnderWay:
    """The vote on a change at an extra session, its key not made yet."""
    town = township()
    year = year_of(town, ballot_channel="device").building()
    every_office(town)
    ask(year, "place", place="第9村")
    year.called(EXTRA_DAY).event("session_roll", town.of("clerk"), "2027-06-02", year.cycle)
    year.opened(EXTRA_DAY).do("decide_change", town.of("clerk"), EXTRA_DAY)
    change = Change.objects.get()
    vote = changing.DESK.vote_of(change)
    records = (year.cycle, vote.session, change.project, change, vote)
    return UnderWay(
        town, year.cycle, change, "supervision.change_", EXTRA_DAY, records, vote,
        {"declare": "supervision.declare_change"},
    )  # fmt: skip


def method_by_telephone() -> UnderWay:
    """The 票决办法 before the congress, in a year that deliberates still; its key not made yet."""
    town, book = township(), Rules(ballot_channel="device", method_adoption="ballot")
    act = town.act("clerk", at(DAY))
    with acting(act):
        cycle = create_cycle(
            act, year=2027, opens_on=date(2026, 9, 1), planned_t=T, planned_t2=date(2028, 1, 18)
        )
        fire(cycle, "open", act, rules_data=book.frozen_json())
        for arrow in ("begin_selection", "begin_deliberation"):
            fire(cycle, arrow, act)
        session = fix_session(act, cycle, use="vote", term=19, number=2, held_on=T)
        for arrow in ("convene", "begin"):
            fire(session, arrow, act)
        on_the_roll(town, session)
        draft = make_paper(act, cycle, "method", "票决办法（草案）", body="一、无记名投票。")
        vote = put_question(
            act,
            session,
            book,
            about=cycle.reference,
            purpose=Purpose.METHOD,
            title="票决办法的表决",
            option=(draft.reference, draft.title),
            deputies_in_office=IN_OFFICE,
            step=3,
        )
        VotingFlow.begin(cycle)
    every_office(town)
    records = (cycle, session, vote)
    return UnderWay(town, cycle, cycle, "voting.", DAY, records, vote, {"declare": "voting.declare_method"})


def resolution_by_telephone() -> UnderWay:
    """The resolution on a result announced a moment before, by the same desk."""
    held = projects_by_telephone(resolution_adoption="ballot").open_by_telephone()
    held.advance(Said(), STAGES[-1])
    held.act("certify_teller", "teller", confirmed=True)
    held.act("declare", "chair", confirmed=True)
    held.act("put_resolution", "clerk", body=resolution_text(held.cycle), number="")
    vote = DESK.vote_of(held.cycle)
    own = {"declare": "voting.declare_resolution"}
    return replace(held, records=(*held.records[:-1], vote), vote=vote, own=own)


@dataclass(frozen=True)
class Kind:
    """day: of the vote; build: makes it in an empty database, in `KINDS` to the moment its ballots are out."""

    day: str
    build: Callable[[], UnderWay]


BY_TELEPHONE = {
    "projects": Kind(DAY, projects_by_telephone),
    "satisfaction": Kind(T2, satisfaction_by_telephone),
    "change": Kind(EXTRA_DAY, change_by_telephone),
    "method": Kind(DAY, method_by_telephone),
    "resolution": Kind(DAY, resolution_by_telephone),
}
KINDS = {
    kind: Kind(of.day, lambda build=of.build: build().open_by_telephone())
    for kind, of in BY_TELEPHONE.items()
} | {"keypad": Kind(DAY, projects_by_keypad)}
