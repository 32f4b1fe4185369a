"""A stretch of a unit's chain read from the database and followed; as a program, one after the other for `beside.py`.

Needs no Django: a process begun for it is at work at once.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from workflow.audit.checking import Asked, End, Part, Row, followed

AT_A_TIME = 2_000  # rows
LEAST, MOST = -(2**63), 2**63 - 1
# The bytes that are hashed, and times without a zone: neither has to be made over in Python. Two leaves of one index, which an
# owner may bring about, always come in one order.
_ROWS = """
    SELECT l.unit_id, l.index, l.entry_id, l.recorded_at AT TIME ZONE 'UTC', l.prev, l.hash,
           convert_to(e.body, 'UTF8'), e.unit_id, e.at AT TIME ZONE 'UTC', coalesce(u.username, ''),
           e.action, e.subject, e.about, e.task
    FROM workflow_leaf l
    LEFT JOIN workflow_entry e ON e.id = l.entry_id AND e.id BETWEEN %s AND %s
    LEFT JOIN workflow_user u ON u.id = e.actor_id
    WHERE l.unit_id = %s AND l.index BETWEEN %s AND %s ORDER BY l.index, l.entry_id
"""
# Without the numbers its entries have, the whole table might be read for each stretch; of the bare column the planner would
# take the least and the greatest from the index of numbers, and walk through everybody's entries to those.
_NUMBERS = """
    SELECT min(entry_id + 0), max(entry_id + 0) FROM workflow_leaf WHERE unit_id = %s AND index BETWEEN %s AND %s
"""
_BEFORE = """
    SELECT index, hash, entry_id FROM workflow_leaf WHERE unit_id = %s AND index < %s ORDER BY index DESC, entry_id DESC LIMIT 1
"""


class Stretch(NamedTuple):
    """The leaves of a unit with the index `first` to `last`, and what is asked of them."""

    unit_id: int
    first: int
    last: int
    asked: Asked


class Given(NamedTuple):
    """How a process comes to read what another transaction reads: where, its snapshot, and its context as a statement."""

    address: str
    snapshot: str
    context: str
    values: Sequence[str]


def follow(connection: psycopg.Connection[Any], stretch: Stretch) -> Part:
    """Recompute a stretch as what follows the leaf before it. Needs a transaction."""
    found = connection.execute(_BEFORE, [stretch.unit_id, stretch.first]).fetchone()
    return followed(
        stretch.unit_id, _rows(connection, stretch), End(*found) if found else End(), stretch.asked
    )


def _rows(connection: psycopg.Connection[Any], stretch: Stretch) -> Iterator[Row]:
    which = [stretch.unit_id, stretch.first, stretch.last]
    numbers = connection.execute(_NUMBERS, which).fetchone() or ()
    with connection.cursor("stretch", binary=True) as cursor:
        cursor.execute(_ROWS, [*numbers, *which])
        while rows := cursor.fetchmany(AT_A_TIME):
            yield from map(Row._make, rows)


def main() -> None:
    """Say that it is ready (None), then follow the stretches that are asked for until nobody asks.

    Each answer is what came of one; instead of it, or of being ready, why nothing can.
    """
    asking = Connection(int(sys.argv[1]))
    with suppress(EOFError):
        given: Given = asking.recv()
        try:
            with psycopg.connect(given.address) as connection:
                connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                connection.read_only = True
                connection.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(given.snapshot))
                connection.execute(given.context, given.values)
                asking.send(None)
                while True:
                    asking.send(follow(connection, asking.recv()))
        except psycopg.Error as error:
            asking.send(str(error))


if __name__ == "__main__":
    main()
