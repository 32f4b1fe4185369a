"""A ballot as it is filled in on a page: what was posted, as the lines of the page and as the ballot to be cast.

Marks travel as short codes of one length, so that the size of a request says little of what is in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from projects.ballots.boxes import paper_of
from projects.ballots.casting import faults_of_ballot
from projects.ballots.models import Option, Vote, VoteState
from projects.ballots.rules import Choice, Mode, Paper
from projects.voting.ballot_sheet import facts_of
from projects.voting.selectors import items_of
from workflow.people.saying import listed

CHOICES = {"1": Choice.FOR, "2": Choice.AGAINST, "3": Choice.ABSTAIN}
CHOICE_WORDS = {"1": _lazy("赞成"), "2": _lazy("反对"), "3": _lazy("弃权")}
GRADE_WORDS = {"1": _lazy("满意"), "3": _lazy("基本满意"), "2": _lazy("不满意")}
NOT_ON_PAPER = ""
NO_MARK = "0"
MOST_KEPT = 2_000


@dataclass(frozen=True)
class Line:
    """One candidate on the page. mark: as posted, "" for none: "1" chosen; "1" to "3" (`each`); the place (`rank`)."""

    position: int
    title: str
    item: Any
    mark: str
    width: int = 1
    graded: bool = False

    @property
    def posted(self) -> str:
        """The mark as every page posts it: of one length for a vote, none included."""
        return (self.mark or NO_MARK).zfill(self.width)

    @property
    def name(self) -> str:
        return f"m{self.position}"

    @cached_property
    def facts(self) -> list[tuple[Promise, str]]:
        """What the printed ballot says of it too; none of what is no project of the year."""
        return facts_of(self.item).told if self.item else []

    @property
    def word(self) -> Any:
        """What an unmarked or marked line of mode `each` says."""
        if self.graded:
            return GRADE_WORDS.get(self.mark, _("没有评价，按未作评价计"))
        return CHOICE_WORDS.get(self.mark, _("没有表态，按弃权计"))


Kind = tuple[str, str, bool]  # language, size of letters, whether the ballot was in before
Pages = dict[Kind, list[bytes]]  # in parts


@dataclass(frozen=True)
class Sheet:
    """What stands on a ballot, whoever fills it in. items: the candidates' own records, by reference.

    last_pages: what is shown once it is cast, as far as it has been. sizes: of its pages by language, as far as measured.
    """

    vote: Vote | None
    paper: Paper
    options: list[Option]
    items: Mapping[str, Any] = field(default_factory=dict)
    last_pages: Pages = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)

    @cached_property
    def titles(self) -> dict[int, str]:
        """What stands at each position."""
        return {option.position: option.title for option in self.options}

    @cached_property
    def fields(self) -> dict[str, int]:
        """The position whose mark each field of the form posts."""
        return {f"m{position}": position for position in self.titles}


@dataclass(frozen=True)
class Filled:
    """A vote's ballot as far as it is filled in. ballot: as `together.cast` takes it; faults: why it cannot be cast.

    posted: the marks by position, without what stands for none.
    """

    sheet: Sheet
    posted: Mapping[int, str]
    ballot: object
    faults: list[str]

    @property
    def vote(self) -> Vote | None:
        """None on a practice ballot."""
        return self.sheet.vote

    @property
    def paper(self) -> Paper:
        return self.sheet.paper

    @cached_property
    def lines(self) -> list[Line]:
        return _lines(self.sheet, self.posted)

    @property
    def counted(self) -> int:
        """How many marks count against the number of places."""
        each = self.paper.mode is Mode.EACH
        return sum(line.mark == "1" if each else bool(line.mark) for line in self.lines)

    @property
    def most(self) -> int:
        """How many marks in favour there may be; 0 where there is no such limit."""
        return self.paper.seats if self.paper.mode is not Mode.EACH or self.paper.each_cap else 0

    @property
    def marked(self) -> list[Line]:
        """The lines with a mark, in the order chosen where there is one."""
        found = [line for line in self.lines if line.mark]
        return sorted(found, key=lambda line: int(line.mark)) if self.paper.mode is Mode.RANK else found

    @property
    def unmarked(self) -> list[Line]:
        return [line for line in self.lines if not line.mark]

    @property
    def places(self) -> list[tuple[str, str]]:
        """The places of mode `rank`: as posted, as read."""
        wide = width_of(self.paper)
        return [(str(place).zfill(wide), str(place)) for place in range(1, self.paper.seats + 1)]

    @property
    def no_mark(self) -> str:
        """What a line without a mark posts."""
        return NO_MARK.zfill(width_of(self.paper))

    @property
    def choices(self) -> list[tuple[str, Any]]:
        return list((GRADE_WORDS if self.paper.blank_apart else CHOICE_WORDS).items())


# From opening on nothing of it changes, and a cast is checked against the key it was sealed to. The database is part
# of the name: one process may meet several (tests).
_KEPT: dict[tuple[str, str, int], Sheet] = {}


def _name_of(vote_id: int) -> tuple[str, str, int]:
    used = connection.settings_dict
    return used["HOST"], used["NAME"], vote_id


def kept_sheet(vote_id: int) -> Sheet | None:
    """The ballot of a vote that this process has shown since it opened."""
    return _KEPT.get(_name_of(vote_id))


def forget_sheet(vote_id: int) -> None:
    """Read it anew the next time: it is not what the database holds now."""
    _KEPT.pop(_name_of(vote_id), None)


def sheet_of(vote: Vote) -> Sheet:
    """A vote's ballot; read once per process from opening on. vote: with its unit and session."""
    if found := kept_sheet(vote.pk):
        return found
    options = list(vote.options.all())
    sheet = Sheet(vote, paper_of(vote), options, items_of([option.reference for option in options]))
    if vote.state != VoteState.DEFINED:
        if len(_KEPT) >= MOST_KEPT:
            _KEPT.clear()
        _KEPT[_name_of(vote.pk)] = sheet
    return sheet


def filled(vote: Vote, data: Mapping[str, Any] = MappingProxyType({})) -> Filled:
    """Read what was posted, an empty ballot where nothing was. A mark the page does not offer makes a fault."""
    return filled_on(sheet_of(vote), data)


def filled_on(sheet: Sheet, data: Mapping[str, Any]) -> Filled:
    """The same on a sheet at hand; a practice ballot has no vote."""
    paper, titles = sheet.paper, sheet.titles
    posted = {
        position: value
        for name, position in sheet.fields.items()
        if (value := _without_zeros(data.get(name, "")))
    }
    strange = [name for name in data if name.startswith("m") and name not in sheet.fields]
    ballot = [NOT_ON_PAPER] if strange else READ[paper.mode](posted, titles)
    faults = _faults_of_places(posted, titles) if paper.mode is Mode.RANK else []
    return Filled(sheet, posted, ballot, faults or faults_of_ballot(ballot, paper))


def width_of(paper: Paper) -> int:
    """How many digits every mark of the paper is posted with."""
    return len(str(paper.seats)) if paper.mode is Mode.RANK else 1


def _without_zeros(value: str) -> str:
    return value.lstrip(NO_MARK)


def _lines(sheet: Sheet, posted: Mapping[int, str]) -> list[Line]:
    paper = sheet.paper
    known = {
        Mode.SELECT: ["1"],
        Mode.EACH: list(CHOICES),
        Mode.RANK: [str(n + 1) for n in range(paper.seats)],
    }
    return [
        Line(
            option.position,
            option.title,
            sheet.items.get(option.reference),
            mark if (mark := posted.get(option.position, "")) in known[paper.mode] else "",
            width_of(paper),
            paper.blank_apart,
        )
        for option in sheet.options
    ]


def _select(posted: Mapping[int, str], titles: Mapping[int, str]) -> object:
    return [titles[position] if value == "1" else NOT_ON_PAPER for position, value in posted.items()]


def _each(posted: Mapping[int, str], titles: Mapping[int, str]) -> object:
    return {titles[position]: CHOICES.get(value, NOT_ON_PAPER) for position, value in posted.items()}


def _rank(posted: Mapping[int, str], titles: Mapping[int, str]) -> object:
    if not all(value.isascii() and value.isdigit() for value in posted.values()):
        return [NOT_ON_PAPER]
    return [titles[position] for position in sorted(posted, key=lambda one: int(posted[one]))]


READ = {Mode.SELECT: _select, Mode.EACH: _each, Mode.RANK: _rank}


def _faults_of_places(posted: Mapping[int, str], titles: Mapping[int, str]) -> list[str]:
    """Two at one place, or a place left out before a later one: what was meant cannot be told from that."""
    at: dict[int, list[str]] = {}
    for position, value in posted.items():
        if value.isascii() and value.isdigit():
            at.setdefault(int(value), []).append(titles[position])
    twice = [
        _("第 %(place)s 位排了 %(n)s 项：%(titles)s。每位只能排一项。")
        % {"place": place, "n": len(there), "titles": listed(there)}
        for place, there in sorted(at.items())
        if len(there) > 1
    ]
    missing = [place for place in range(1, max(at, default=0)) if place not in at]
    if missing and not twice:
        places = listed(map(str, missing[:10]))
        return [_("第 %(places)s 位空着，请从第 1 位起依次排，中间不要空。") % {"places": places}]
    return twice
