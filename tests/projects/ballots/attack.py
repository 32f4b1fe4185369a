"""Who has everything of the database and the machine tries to pair voters with ballots; knows nothing of the product.

A source is any place that names voters or ballots: a table with its system columns, the write-ahead log, a log, a folder
of messages. Of every source each column is taken as a key and as an order, and every voters' source is laid beside
every ballots' source: equal values are joined, orders are paired place by place, forwards and backwards. What a voter
is joined to becomes known of the voter: the columns of the joined row are voters' columns from then on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Subject = Hashable  # a voter, or a ballot
Column = dict[Subject, Any]  # a subject → what the source says of it
LEAST = 0.5  # of the subjects a column must tell apart to be of use


@dataclass
class Source:
    """What one place says: the name of a column → subject → value."""

    name: str
    columns: dict[str, Column]

    def useful(self) -> Iterator[tuple[str, Column]]:
        for name, column in self.columns.items():
            known = {subject: value for subject, value in column.items() if value is not None}
            if len(set(known.values())) > LEAST * max(len(known), 2):
                yield f"{self.name}.{name}", known


def from_rows(name: str, rows: Iterable[Mapping[str, Any]], subject_of: Callable[[Any], Subject]) -> Source:
    """A table. A subject with several rows has the first and the last of them, in the order given."""
    columns: dict[str, Column] = {}
    for row in rows:
        subject = subject_of(row)
        if subject is None:
            continue
        for column, value in row.items():
            columns.setdefault(f"{column}, first", {}).setdefault(subject, _plain(value))
            columns.setdefault(f"{column}, last", {})[subject] = _plain(value)
    return Source(name, columns)


def _plain(value: Any) -> Any:
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).hex()
    return value if isinstance(value, (int, str, float, tuple, type(None))) else str(value)


def from_text(name: str, text: str, words: Mapping[Subject, Iterable[str]]) -> Source:
    """A text: where each subject is first and last mentioned, by any of its words."""
    first: Column = {}
    last: Column = {}
    for subject, names in words.items():
        found = [(text.find(word), text.rfind(word)) for word in names if word and word in text]
        if found:
            first[subject] = min(one for one, _other in found)
            last[subject] = max(other for _one, other in found)
    return Source(name, {"first mention": first, "last mention": last})


Pairs = dict[Subject, Subject]  # voter → ballot


def pairings(voters: list[Source], ballots: list[Source]) -> Iterator[tuple[str, Pairs]]:
    """Every way of pairing there is, by name; columns that put their subjects in one order are one column."""
    of_voters = [one for source in voters for one in source.useful()]
    of_ballots = [one for source in ballots for one in source.useful()]
    orders = _orders(of_voters)
    for here, column in of_voters:
        for there, other in of_ballots:
            if pairs := joined(column, other):
                yield f"{here} = {there}", pairs
                _orders(_learned(f"{here} = {there}", pairs, of_ballots), orders)
    theirs = _orders(of_ballots)
    for mine, here in orders.items():
        for other, there in theirs.items():
            yield f"{here} beside {there}", dict(zip(mine, other, strict=False))
            yield f"{here} against {there}", dict(zip(mine, reversed(other), strict=False))


Orders = dict[tuple[Subject, ...], str]  # subjects in an order → the first column found that puts them so


def _orders(columns: Iterable[tuple[str, Column]], known: Orders | None = None) -> Orders:
    known = {} if known is None else known
    for name, column in columns:
        if ordered := _ordered(column):
            known.setdefault(tuple(ordered), name)
    return known


def joined(column: Column, other: Column) -> Pairs:
    """Voters and ballots of which two columns say the same, where that is one of each."""
    said, times = {value: subject for subject, value in other.items()}, Counter(other.values())
    mine = Counter(column.values())
    return {
        subject: said[value]
        for subject, value in column.items()
        if mine[value] == 1 and times.get(value) == 1
    }


def _learned(way: str, pairs: Pairs, of_ballots: list[tuple[str, Column]]) -> Iterator[tuple[str, Column]]:
    """What is known of the voters once they are joined to ballots."""
    for name, column in of_ballots:
        learned = {voter: column[ballot] for voter, ballot in pairs.items() if ballot in column}
        if len(learned) > LEAST * len(column):
            yield f"{way} → {name}", learned


def _ordered(column: Column) -> list[Subject]:
    try:
        return sorted(column, key=column.__getitem__)
    except TypeError:  # values of several kinds have no order
        return []


def matches(voters: list[Source], ballots: list[Source], truth: Pairs) -> dict[str, int]:
    """How many voters each way of pairing gives their own ballot; the best one of a name that comes twice."""
    found: dict[str, int] = {}
    for name, pairs in pairings(voters, ballots):
        right = sum(truth.get(voter) == ballot for voter, ballot in pairs.items())
        found[name] = max(right, found.get(name, 0))
    return found


def best_guess(votes: list[dict[str, int]]) -> int:
    """Matches over all votes of an attacker who uses at each half of them what did best at the other half.

    The best of hundreds of ways, chosen after the fact, looks better than chance; one chosen beforehand does not. Leaving
    out one vote at a time would not do: whichever way is ahead stays ahead, and is chosen by what it is then judged by.
    """
    one, other = votes[::2], votes[1::2]
    return _used_on(other, _best(_together(one))) + _used_on(one, _best(_together(other)))


def _together(votes: list[dict[str, int]]) -> dict[str, int]:
    total = Counter[str]()
    for vote in votes:
        total.update(vote)
    return total


def _used_on(votes: list[dict[str, int]], way: str) -> int:
    return sum(vote.get(way, 0) for vote in votes)


def _best(scores: dict[str, int]) -> str:
    return max(scores, key=lambda way: (scores[way], way), default="")
