"""A year's entries as the checks read them. Pure: no database, no clock; the day comes in as `today`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from workflow.people.sentences import in_a_row
from workflow.people.sentences import sentence as _

SHANGHAI = ZoneInfo("Asia/Shanghai")
# An office's act stands on the year, the notice or the candidate, and names in `after` the record it made.
LAID_BEFORE = ("question", "objection", "withdrawal")


@dataclass(frozen=True)
class Act:
    """One entry: its number, and of the body what the checks ask for. at: aware; after, before: as in the trail."""

    id: int
    action: str
    subject: str
    actor: str
    office: str
    at: datetime
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    label: str = ""

    @property
    def on(self) -> date:
        """The act's day in local time."""
        return self.at.astimezone(SHANGHAI).date()

    @property
    def record(self) -> str:
        """The record it is on; of an act that lays one before somebody (a question, an objection), that one."""
        return next((str(self.after[kind]) for kind in LAID_BEFORE if self.after.get(kind)), self.subject)


def act_of(number: int, body: Mapping[str, Any]) -> Act:
    """An entry's number and body as an act."""
    return Act(
        number, body["action"], body["subject"], body["actor"], body["office"], datetime.fromisoformat(body["at"]),
        body["before"], body["after"], body["reason"], body["label"],
    )  # fmt: skip


def movers_on(acts: Iterable[Act], record: str, kind: str) -> int:
    """How many had signed a motion: the largest number any act on it says. kind: of the record, as `after` names it."""
    about = (act for act in acts if act.subject == record or act.after.get(kind) == record)
    return max((int(act.after.get("movers") or 0) for act in about), default=0)


@dataclass(frozen=True)
class Terms:
    """What the year's rulebook says of days and numbers, as frozen when it opened; the defaults of rules.md.

    archive_by, look_back_by: days of the calendar, by the year and by its closing; None where nobody says them.
    part_of_year: a cycle of half a year or a month, not of a whole one.
    """

    receive_wd: int = 5
    notice_wd: int = 5
    convene_days: int = 15
    materials_days: int = 7
    announce_wd: int = 5
    file_days: int = 15
    tell_wd: int = 10
    hand_over_wd: int = 5
    plan_days: int = 45
    groups_days: int = 45
    least_group: int = 2
    subdistrict: bool = False
    part_of_year: bool = False
    archive_by: date | None = None
    look_back_by: date | None = None


@dataclass(frozen=True)
class Year:
    """A township's year: its acts in the order of the trail, the day it is looked at, and its terms.

    sessions: the openings of every session its congress has held, of other years' too, where the whole trail is at hand.
    """

    acts: tuple[Act, ...]
    today: date
    terms: Terms = Terms()
    sessions: tuple[Act, ...] = ()

    @cached_property
    def _by_action(self) -> dict[str, list[Act]]:
        found: dict[str, list[Act]] = defaultdict(list)
        for act in self.acts:
            found[act.action].append(act)
        return found

    def all(self, *actions: str) -> list[Act]:
        """The acts of these kinds, oldest first."""
        return sorted(
            (act for name in actions for act in self._by_action.get(name, ())), key=lambda act: act.id
        )

    def first(self, *actions: str) -> Act | None:
        """The first act of these kinds."""
        return next(iter(self.all(*actions)), None)

    def last(self, *actions: str) -> Act | None:
        """The last act of these kinds."""
        return next(reversed(self.all(*actions)), None)

    def last_before(self, until: Act, *actions: str, subject: str = "") -> Act | None:
        """The last act of these kinds before another one; subject: on this record alone."""
        found = [a for a in self.all(*actions) if a.id < until.id and subject in ("", a.subject)]
        return found[-1] if found else None

    def by_subject(self, *actions: str) -> dict[str, list[Act]]:
        """The acts of these kinds, record by record."""
        found: dict[str, list[Act]] = defaultdict(list)
        for act in self.all(*actions):
            found[act.subject].append(act)
        return found

    def by_record(self, *actions: str) -> dict[str, list[Act]]:
        """The same by `Act.record`."""
        found: dict[str, list[Act]] = defaultdict(list)
        for act in self.all(*actions):
            found[act.record].append(act)
        return found


class Status(StrEnum):
    HELD = "held"
    NOT_HELD = "not_held"
    NOT_YET = "not_yet"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True)
class Finding:
    """What a check found. evidence: numbers of entries; note: in Chinese, what deviates, with the reason on record."""

    status: Status
    evidence: tuple[int, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Check:
    """One rule. step: 0 for what runs through the year; article: where it stands (law, or a section of rules.md).

    money: it is about the projects' money, wherever it stands.
    """

    code: str
    step: int
    title: str
    article: str
    find: Callable[[Year], Finding]
    money: bool = False

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of the work it belongs to, as an office's scope names them; "0" is in no scope."""
        return (str(self.step), "money") if self.money else (str(self.step),)


PARTED = _("%(first)s；%(rest)s")


def held(*acts: Act | None) -> Finding:
    return Finding(Status.HELD, _ids(acts))


def broken(note: str, *acts: Act | None) -> Finding:
    """Not held; the reasons written down with the acts stand after the note."""
    reasons = dict.fromkeys(act.reason for act in acts if act and act.reason)
    if reasons:
        told = in_a_row([*reasons], PARTED)
        note = _("%(note)s（记录的理由：%(reasons)s）") % {"note": note, "reasons": told}
    return Finding(Status.NOT_HELD, _ids(acts), note)


def not_yet(note: str = "", *acts: Act | None) -> Finding:
    return Finding(Status.NOT_YET, _ids(acts), note)


def not_applicable(note: str) -> Finding:
    return Finding(Status.NOT_APPLICABLE, (), note)


def _ids(acts: Iterable[Act | None]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(act.id for act in acts if act is not None))
