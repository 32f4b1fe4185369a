"""What of a unit's trail is exported, read a chunk at a time: memory stays flat however long the trail is.

Every format reads the same extract, so every format has the same entries with the same hashes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.timezone import get_default_timezone

from workflow.audit.chain import Link
from workflow.audit.heads import standing_of
from workflow.audit.models import Head
from workflow.audit.selectors import Line
from workflow.people.models import Unit

CHUNK = 5_000
# COPY's binary form: a signature and two numbers, then of the only row how many fields it has, and of each field its length.
_FIELDS, _LENGTH = 19 + 2, 4
# `chain.stamp` of the time of recording.
STAMP = """to_char(l.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
_FROM = """
    FROM workflow_leaf l JOIN workflow_entry e ON e.id = l.entry_id {}
    WHERE l.unit_id = %s AND l.index <= %s
"""
_CHUNK = """
    SELECT l.unit_id, l.index, l.entry_id, l.recorded_at, e.body, l.prev, l.hash {} AND l.index > %s
    ORDER BY l.index LIMIT %s
"""

# Of a bare column the planner would take the least and the greatest from the index of numbers, and walk from both its ends
# through everybody's entries to those of this chunk.
_NUMBERS = """
    SELECT min(entry_id + 0), max(entry_id + 0) FROM workflow_leaf WHERE unit_id = %s AND index > %s AND index <= %s
"""


@dataclass(frozen=True)
class Extract:
    """The entries of a unit up to `until`, of them a year's acts (local time) and one subject's where these are given.

    outside: how many of the unit's entries are under the last head that left the system, 0 where none has.
    subject: "kind:id" of a record, with everything done inside it. index and prev stay the chain's own, so what is left
    out shows as gaps. within: opens the context every chunk is read in (its own transaction for long work); tick: told
    after each chunk how many lines were read, and may raise to stop.
    """

    unit: Unit
    until: int
    year: int | None = None
    subject: str = ""
    within: Callable[[], AbstractContextManager[Any]] = nullcontext
    tick: Callable[[int], None] | None = None
    outside: int = 0

    @property
    def after_head(self) -> int:
        """How many of the unit's entries stand after the last head that left; all of them where none has."""
        return max(self.until - self.outside, 0)

    def whole(self) -> Extract:
        """The unit's whole trail as far as this goes, read the same way."""
        return replace(self, year=None, subject="")

    def beat(self) -> None:
        """Tell whoever looks on that the work goes on, with nothing more read; it may raise to stop."""
        if self.tick:
            self.tick(0)

    def total(self) -> int:
        """How many entries there are."""
        return int(self._rows(f"SELECT count(*) {self._where()[0]}", self._where()[1])[0][0])

    def span(self) -> tuple[int, int]:
        """The places in the chain of the first and the last of them; 0, 0 where there is none."""
        where, values = self._where()
        first, last = self._rows(f"SELECT min(l.index), max(l.index) {where}", values)[0]
        return (first or 0, last or 0)

    def lines(self, *, about: str | None = None) -> Iterator[Line]:
        """The entries in the order of the chain.

        about: those of one whole ("cycle:3") alone, the whole's own arrows among them; "" for what belongs to none.
        """
        where, values = self._where()
        if about:
            where, values = (
                f"{where} AND (e.about = %s OR e.about = '' AND e.subject = %s)",
                [*values, about, about],
            )
        elif about is not None:
            wholes = [one for (one,) in self.distinct("about")]
            where, values = f"{where} AND e.about = '' AND e.subject <> ALL (%s)", [*values, wholes]
        last, read = 0, 0
        while rows := self._rows(_CHUNK.format(where), [*values, last, CHUNK]):
            for row in rows:
                yield Line(Link._make(row))
            last, read = rows[-1][1], read + len(rows)
            if self.tick:
                self.tick(len(rows))

    def copied(self, columns: str, options: str, *, read: str = "") -> Iterator[list[bytes]]:
        """The entries as the server itself writes them out, in the order of the chain: the rows of a chunk at a time.

        columns: SQL over the leaf `l`, the entry `e` and what `read` joins to them. options: of COPY.
        """
        for rows in self._chunks(f"SELECT {columns} ", "", options, read=read):
            if rows:
                yield rows
            if self.tick:
                self.tick(len(rows))

    def joined(self, line: str) -> Iterator[bytes]:
        """The entries as lines of text, in the order of the chain: those of a chunk at a time.

        line: SQL of one of them with its line feed, over the leaf `l` and the entry `e`. The server puts a chunk together:
        one long value is read in a fraction of the time of as many rows, and in COPY's binary form it stands as it is.
        """
        head, tail = "SELECT count(*), string_agg(line, '') FROM (", ") lines"
        for pieces in self._chunks(f"{head}SELECT {line} AS line ", tail, "FORMAT binary"):
            row = memoryview(b"".join(pieces))
            count, text = _field(row, _FIELDS)
            lines, _end = _field(row, text)
            if lines:
                yield bytes(lines)
            if self.tick:
                self.tick(int.from_bytes(count, "big"))

    def _chunks(self, head: str, tail: str, options: str, *, read: str = "") -> Iterator[list[bytes]]:
        """What COPY writes of each chunk of the chain, whose rows stand in its order between `head` and `tail`."""
        where, values = self._where(read)
        query = (
            f"COPY ({head}{where} AND l.index > %s AND l.index <= %s AND e.id BETWEEN %s AND %s ORDER BY l.index{tail})"
            f" TO STDOUT ({options})"
        )
        for last in range(0, self.until, CHUNK):
            here = [last, last + CHUNK]
            with self.within(), connection.cursor() as cursor:
                # Without the numbers its entries have, the whole table would be read for each chunk.
                cursor.execute(_NUMBERS, [self.unit.pk, *here])
                with cursor.copy(query, [*values, *here, *cursor.fetchone()]) as copy:
                    rows = [bytes(row) for row in copy]
            yield rows

    def distinct(self, *columns: str) -> list[tuple[str, ...]]:
        """The different values of columns of `workflow_entry`, in their order."""
        where, values = self._where()
        names = ", ".join(f"e.{column}" for column in columns)
        return [tuple(row) for row in self._rows(f"SELECT DISTINCT {names} {where} ORDER BY {names}", values)]

    def _where(self, read: str = "") -> tuple[str, list[Any]]:
        where = _FROM.format(read)
        values: list[Any] = [self.unit.pk, self.until]
        if self.year is not None:
            zone = get_default_timezone()
            where += " AND e.at >= %s AND e.at < %s"
            values += [datetime(year, 1, 1, tzinfo=zone) for year in (self.year, self.year + 1)]
        if self.subject:
            where += " AND (e.subject = %s OR e.about = %s)"
            values += [self.subject, self.subject]
        return where, values

    def _rows(self, sql: str, values: list[Any]) -> list[tuple[Any, ...]]:
        with self.within(), connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall()


def _field(row: memoryview, start: int) -> tuple[memoryview, int]:
    """A field of a row in COPY's binary form, and where the next one starts; what is null is empty."""
    begin = start + _LENGTH
    end = begin + max(0, int.from_bytes(row[start:begin], "big", signed=True))
    return row[begin:end], end


def extract_of(unit: Unit, **wanted: Any) -> Extract:
    """What stands now: entries written later are not in it, however long the reading takes."""
    head = Head.objects.filter(unit=unit).first()
    return Extract(unit, head.size if head else 0, outside=standing_of(unit).outside, **wanted)
