"""A ballot as it is filled in on a page: what was posted, as the lines of the page and as the ballot to be cast.

Marks travel as short codes of one length, so that the size of a request says little of what is in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from projects.ballots.boxes import paper_of
from projects.ballots.casting import faults_of_ballot
from projects.ballots.models import Option, Vote
from projects.ballots.rules import Choice, Mode, Paper
from projects.voting.selectors import items_of

CHOICES = {"1": Choice.FOR, "2": Choice.AGAINST, "3": Choice.ABSTAIN}
CHOICE_WORDS = {"1": _lazy("赞成"), "2": _lazy("反对"), "3": _lazy("弃权")}
NOT_ON_PAPER = ""


@dataclass(frozen=True)
class Line:
    """One candidate on the page. mark: as posted, "" for none: "1" chosen; "1" to "3" (`each`); the place (`rank`)."""

    position: int
    title: str
    item: Any
    mark: str

    @property
    def name(self) -> str:
        return f"m{self.position}"

    @property
    def word(self) -> Any:
        """What an unmarked or marked line of mode `each` says."""
        return CHOICE_WORDS.get(self.mark, _("没有表态，按弃权计"))


@dataclass(frozen=True)
class Filled:
    """A vote's ballot as far as it is filled in. ballot: as `casting.cast` takes it; faults: why it cannot be cast.

    vote: None on a practice ballot.
    """

    vote: Vote | None
    paper: Paper
    lines: list[Line]
    ballot: object
    faults: list[str]

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
    def places(self) -> list[str]:
        return [str(place) for place in range(1, self.paper.seats + 1)]

    @property
    def choices(self) -> list[tuple[str, Any]]:
        return list(CHOICE_WORDS.items())


def filled(vote: Vote, data: Mapping[str, Any] = MappingProxyType({})) -> Filled:
    """Read what was posted, an empty ballot where nothing was. A mark the page does not offer makes a fault."""
    return filled_on(paper_of(vote), list(vote.options.all()), data, vote)


def filled_on(
    paper: Paper, options: list[Option], data: Mapping[str, Any], vote: Vote | None = None
) -> Filled:
    """The same on a paper of its own; a practice ballot has no vote."""
    posted = {option.position: value for option in options if (value := data.get(f"m{option.position}"))}
    titles = {option.position: option.title for option in options}
    strange = [name for name in data if name.startswith("m") and name[1:] not in map(str, titles)]
    ballot = [NOT_ON_PAPER] if strange else READ[paper.mode](posted, titles)
    faults = _faults_of_places(posted, titles) if paper.mode is Mode.RANK else []
    return Filled(
        vote, paper, _lines(options, posted, paper), ballot, faults or faults_of_ballot(ballot, paper)
    )


def _lines(options: list[Option], posted: Mapping[int, str], paper: Paper) -> list[Line]:
    items = items_of([option.reference for option in options])
    known = {
        Mode.SELECT: ["1"],
        Mode.EACH: list(CHOICES),
        Mode.RANK: [str(n + 1) for n in range(paper.seats)],
    }
    return [
        Line(
            option.position,
            option.title,
            items.get(option.reference),
            mark if (mark := posted.get(option.position, "")) in known[paper.mode] else "",
        )
        for option in options
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
        % {"place": place, "n": len(there), "titles": "、".join(there)}
        for place, there in sorted(at.items())
        if len(there) > 1
    ]
    missing = [place for place in range(1, max(at, default=0)) if place not in at]
    if missing and not twice:
        places = "、".join(map(str, missing[:10]))
        return [_("第 %(places)s 位空着，请从第 1 位起依次排，中间不要空。") % {"places": places}]
    return twice
