"""A vote by device on a township's own roll, reached through the services."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest

from projects.ballots import keys, rolls, sealing
from projects.ballots.boxes import paper_of
from projects.ballots.casting import Voter
from projects.ballots.figures import count_rules
from projects.ballots.models import RollEntry, Vote
from projects.ballots.services import close_vote, define_vote, key_tally, open_vote, record_attendance
from projects.ballots.together import cast
from projects.cycles.models import Cycle, RollLine, Session
from projects.cycles.rulebook import Rules
from projects.selection.models import Item
from tests.builders import at
from workflow.audit.services import Act
from workflow.flows.models import Meeting
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import Unit, UnitKind, User
from workflow.people.services import create_unit

PASSPHRASES = {
    "chief_teller": "一条大河波浪宽，风吹稻花香",
    "teller": "我家就在岸上住，听惯号子",
    "chair": "看惯了船上的白帆，好风光",
}
QUICK = {"name": "argon2id", "ops": 1, "memory": 8192}


def two_holders(second: str = "chair") -> dict[str, str]:
    """What the chief teller and another holder enter to open the box together."""
    return {
        "first": "chief_teller", "first_passphrase": PASSPHRASES["chief_teller"],
        "second": second, "second_passphrase": PASSPHRASES[second],
    }  # fmt: skip


@pytest.fixture
def quick_stretching(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Argon2id at its least: what is stored says which figures it was stretched with."""
    real = sealing.new_holder
    monkeypatch.setattr(keys.sealing, "new_holder", lambda passphrase: real(passphrase, QUICK))
    yield


def met(unit: Unit) -> Meeting:
    """The presidium's decision to vote again."""
    return Meeting.objects.create(
        unit=unit, body="presidium", about="cycle:1", title="决定重新投票", held_on=date(2027, 1, 20), members=7,
        present=7, votes_for=7, votes_against=0, votes_abstain=0, agreed=True, minutes="一致同意重新投票。",
    )  # fmt: skip


@dataclass
class Hall:
    """A vote by device and the people around it; every act is done by the account its office is named after."""

    unit: Unit
    vote: Vote
    tokens: dict[str, str] = field(default_factory=dict)

    def act(self, name: str) -> Act:
        user, _made = User.objects.get_or_create(username=name, defaults={"name": name})
        return Act(user, name, self.unit, at("2027-01-20"))

    def hold_keys(self) -> None:
        for office, passphrase in PASSPHRASES.items():
            keys.hold_key(self.act(office), self.locked, office, passphrase)
        self.vote.refresh_from_db()

    def open(self, *, on_paper: tuple[str, ...] = (), absent: tuple[str, ...] = ()) -> None:
        present = self.vote.deputies_in_office - len(absent)
        record_attendance(
            self.act("clerk"), self.vote, present=present, on_leave=len(absent),
            leave=[str(self.line(name).pk) for name in absent],
        )  # fmt: skip
        open_vote(
            self.act("chair"), self.vote, present=present, on_leave=len(absent), issued=present,
            on_paper=[self.line(name).pk for name in on_paper],
        )  # fmt: skip
        self.vote.refresh_from_db()

    @property
    def locked(self) -> Vote:
        return Vote.objects.select_for_update(of=("self",)).get(pk=self.vote.pk)

    def line(self, name: str) -> RollLine:
        return RollLine.objects.get(session=self.vote.session, name=name)

    def entry(self, name: str) -> RollEntry:
        return RollEntry.objects.get(vote=self.vote, line__name=name)

    def voter(self, name: str) -> Voter:
        entry = RollEntry.objects.filter(vote=self.vote, line__name=name).first()
        return Voter(self.unit.pk, self.vote.pk, entry.pk if entry else 0)

    def describe(self, account: str) -> None:
        """Let the options be projects of a year, which the ballot says something of."""
        cycle = Cycle.objects.create(
            unit=self.unit, year=2027, opens_on=date(2026, 9, 1), planned_t=date(2027, 1, 20), planned_t2=date(2028, 1, 18)
        )  # fmt: skip
        Item.objects.bulk_create(
            Item(
                pk=option.reference.removeprefix("item:"), unit=self.unit, cycle=cycle, number=option.position,
                title=option.title, content=f"{account}（之{option.position}）", investment_fen=option.position * 10**8,
                finish_by=date(2027, 10, 31), support=126, category="交通出行",
            )
            for option in self.vote.options.all()
        )  # fmt: skip

    def new_code(self, name: str) -> str:
        """A code printed for a deputy; one who has a code gets another as two people give it."""
        lines = [self.line(name).pk]
        if self.entry(name).code_hash:
            rolls.ask_for_codes(self.act("teller"), self.locked, lines, reason="纸条遗失")
        [(_entry, code)] = rolls.new_codes(self.act("clerk"), self.locked, lines)
        return code

    def cast(self, name: str, ballot: Any, token: str | None = None) -> str:
        token = token or self.tokens.setdefault(name, sealing.new_token())
        return cast(self.voter(name), ballot, paper_of(self.vote), token, self.vote.public_key).tracker

    def close(self, *, on_paper: int = 0) -> Vote:
        now = close_vote(self.act("chief_teller"), self.vote, returned=on_paper)
        self.vote.refresh_from_db()
        return now

    def key(self, figures: dict[str, Any]) -> Any:
        key_tally(self.act("counter1"), self.vote, turn=1, figures=figures)
        rejected = key_tally(self.act("counter2"), self.vote, turn=2, figures=figures)
        self.vote.refresh_from_db()
        return rejected


def opening(office: str, **more: str) -> keys.Opening:
    return keys.Opening(office, **(more or {"passphrase": PASSPHRASES[office]}))


@pytest.fixture
def hall_of(db: None, quick_stretching: None, new_hall: Callable[..., Hall]) -> Callable[..., Hall]:
    """Make a hall in the test's own transaction."""
    return new_hall


def _session(deputies: int) -> Session:
    """A session of a new township with its roll."""
    county = create_unit(code="C", name="示范县", kind=UnitKind.COUNTY)
    unit = create_unit(code="T", name="青溪镇", kind=UnitKind.TOWNSHIP, parent=county)
    session = Session.objects.create(unit=unit, term=19, number=2, held_on=date(2027, 1, 20))
    RollLine.objects.bulk_create(
        RollLine(unit=unit, session=session, name=f"代表{n}") for n in range(1, deputies + 1)
    )
    return session


@pytest.fixture
def new_hall() -> Callable[..., Hall]:
    """Make a hall: deputies 代表1 … on the session's roll, a vote by device (or on paper alone) defined on it.

    beside: another hall whose session and roll this vote shares. about: its year by reference, where there is one.
    """

    def made(
        titles: tuple[str, ...] = ("水厂", "卫生室", "村道"), *, deputies: int = 12, seats: int = 2,
        mode: str = "select", beside: Hall | None = None, least: int = 5, device: bool = True,
        about: str = "", **rules: Any,
    ) -> Hall:  # fmt: skip
        apply(SYSTEM)
        session = beside.vote.session if beside else _session(deputies)
        hall = Hall(session.unit, None)  # type: ignore[arg-type]
        hall.vote = define_vote(
            hall.act("chair"), session=session, about=about, purpose="projects", title="表决票", mode=mode,
            seats=seats, rules=count_rules(Rules(ballot_mode=mode)) | rules, deputies_in_office=deputies,
            options=[(f"item:{n}", title) for n, title in enumerate(titles, 1)], step=4, device=device, device_least=least,
        )  # fmt: skip
        return hall

    return made


@pytest.fixture
def hall(hall_of: Callable[..., Hall]) -> Hall:
    """Twelve deputies, three candidates, two seats; the keys are held."""
    made = hall_of()
    made.hold_keys()
    return made
