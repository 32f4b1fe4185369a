"""What a box of ballots says: each read on its own, the valid ones summed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from projects.ballots.rules.terms import Choice, Count, Mode, Paper, Sum, VoteFile


@dataclass(frozen=True, slots=True)
class Marks:
    """What one valid ballot says: ids in favour (in `rank` in order of urgency), ids against; all others abstain.

    abstaining: ids expressly marked so; only a paper that counts the unmarked apart asks.
    """

    in_favour: tuple[str, ...]
    against: tuple[str, ...] = ()
    abstaining: tuple[str, ...] = ()


def whole_count(vote: VoteFile) -> Count:
    """The opened ballots and the tally added up."""
    count = count_ballots(vote.ballots, paper=vote.paper)
    return count + vote.tally if vote.tally else count


def count_ballots(box: Iterable[object], *, paper: Paper) -> Count:
    """Count an opened box (rules.md §6.2).

    box: in `select` and `rank` lists of ids, in `each` mappings of id to Choice; any order of ballots. Every id on the
    paper gets a sum; valid + invalid = ballots in the box. A bad ballot is invalid, never an exception; an empty one
    is valid and abstains on all.
    """
    read = [read_ballot(ballot, paper) for ballot in box]
    valid = [marks for marks in read if marks is not None]
    in_favour = Counter(one for marks in valid for one in marks.in_favour)
    against = Counter(one for marks in valid for one in marks.against)
    points = _points(valid, paper)
    blank = _left_blank(valid, paper)
    sums = {
        one: Sum(
            in_favour[one],
            against[one],
            len(valid) - in_favour[one] - against[one] - blank[one],
            blank[one],
            points[one],
        )
        for one in paper.candidates
    }
    return Count(sums, len(valid), len(read) - len(valid))


def _left_blank(valid: Iterable[Marks], paper: Paper) -> Counter[str]:
    """How many ballots left each candidate empty, where that is counted apart."""
    if not paper.blank_apart:
        return Counter()
    return Counter(
        one
        for marks in valid
        for one in paper.candidates
        if one not in {*marks.in_favour, *marks.against, *marks.abstaining}
    )


def read_ballot(ballot: object, paper: Paper) -> Marks | None:
    """The marks of one ballot, or None where it is invalid: an id not on the paper, an unknown mark, too many marks."""
    if paper.mode is Mode.EACH:
        return _read_each(ballot, paper)
    ids = _distinct_ids(ballot, ordered=paper.mode is Mode.RANK)
    if ids is None or len(ids) > paper.seats or not set(ids) <= set(paper.candidates):
        return None
    return Marks(ids)


def _distinct_ids(ballot: object, *, ordered: bool) -> tuple[str, ...] | None:
    kinds = (list, tuple) if ordered else (list, tuple, set, frozenset)
    if not isinstance(ballot, kinds) or not all(isinstance(one, str) for one in ballot):
        return None
    # A repeat counts once, at its first place, and takes no place of its own.
    return tuple(dict.fromkeys(ballot))


def _read_each(ballot: object, paper: Paper) -> Marks | None:
    if not isinstance(ballot, Mapping) or not set(ballot) <= set(paper.candidates):
        return None
    if not all(isinstance(mark, str) and mark in _CHOICES for mark in ballot.values()):
        return None
    in_favour = tuple(one for one, mark in ballot.items() if mark == Choice.FOR)
    if paper.each_cap and len(in_favour) > paper.seats:
        return None
    against, abstaining = (
        tuple(one for one, mark in ballot.items() if mark == choice)
        for choice in (Choice.AGAINST, Choice.ABSTAIN)
    )
    return Marks(in_favour, against, abstaining)


_CHOICES = frozenset(str(choice) for choice in Choice)


def _points(valid: Iterable[Marks], paper: Paper) -> Counter[str]:
    points: Counter[str] = Counter()
    if paper.mode is Mode.RANK:
        for marks in valid:
            for place, one in enumerate(marks.in_favour):
                points[one] += paper.seats - place
    return points
