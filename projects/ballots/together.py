"""Ballots that wait together share one transaction; each is answered after its commit.

The first to come takes along whoever waits and writes for all of them, on a connection of this process; meanwhile the
next ones gather. Shared by many, the transaction's number no longer pairs a mark with a cipher; a savepoint for each
would give each a number of its own, so there is none: the statement leaves out whatever cannot be stored, and what
was left out, or met an error, is cast alone (integrity.md §2.2, performance.md "Casting a ballot").
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from dataclasses import dataclass, field

import psycopg
from django.conf import settings
from django.db import connection

from projects.ballots import casting
from projects.ballots.casting import Sealed, Voter
from projects.ballots.rules import Paper
from workflow.people.isolation import SET, Context, of_units, within

MOST = 200  # ballots in one transaction


def cast(voter: Voter, ballot: object, paper: Paper, token: str, public_key: str) -> str:
    """Cast a ballot, committed when this returns, and return its tracker; as `casting.cast` but for the transaction.

    Inside a transaction, or where the site is set so (`GROUP_COMMIT`), the ballot is cast alone.
    """
    sealed = casting.seal(voter, ballot, paper, token, public_key)
    alone = connection.in_atomic_block or not settings.GROUP_COMMIT
    if not alone and _BATCHES.stored(sealed):
        return sealed.tracker
    with within(of_units((voter.unit_id,), writes=(voter.unit_id,))):
        return casting.store(sealed, token)


@dataclass
class _Waiting:
    """A ballot, and what became of it: stored, or its thread leads the next batch."""

    sealed: Sealed
    stored: bool = False
    leads: bool = False
    told: threading.Event = field(default_factory=threading.Event)


class _Batches:
    """The ballots of this process on their way: one batch is written at a time, by the thread of its first ballot."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._waiting: list[_Waiting] = []
        self._busy = False
        self._opened: psycopg.Connection[tuple[bytes]] | None = None
        self._opened_for: tuple[int, str, str] | None = None

    def stored(self, sealed: Sealed) -> bool:
        """Whether the ballot is in and committed; False leaves it to be cast alone."""
        mine = _Waiting(sealed)
        with self._mutex:
            self._waiting.append(mine)
            mine.leads, self._busy = not self._busy, True
        if not mine.leads:
            mine.told.wait()
        if mine.leads:
            self._lead()
        return mine.stored

    def _lead(self) -> None:
        with self._mutex:
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        try:
            self._write(batch)
        finally:
            with self._mutex:
                following = self._waiting[0] if self._waiting else None
                self._busy = following is not None
            for one in batch:
                one.told.set()
            if following:
                following.leads = True
                following.told.set()

    def _write(self, batch: list[_Waiting]) -> None:
        try:
            stored = self._commit([one.sealed for one in batch])
        except psycopg.Error:
            # Whether it was committed is unknown: each comes again alone, and its token finds what is in.
            self._forget()
            return
        for one in batch:
            one.stored = one.sealed.cipher in stored

    def _commit(self, ballots: list[Sealed]) -> set[bytes]:
        """Store what can be stored without waiting, in one round trip; the ciphers that are in."""
        units = tuple({ballot.voter.unit_id for ballot in ballots})
        context: Context = of_units(units, writes=units)
        opened = self._connection()
        with opened.pipeline():
            opened.execute("BEGIN")
            opened.execute(SET, context.values())
            cursor = opened.execute(casting.STORE_FREE, casting.arguments(ballots))
            opened.execute("COMMIT")
        return {cipher for (cipher,) in cursor.fetchall()}

    def _connection(self) -> psycopg.Connection[tuple[bytes]]:
        """This process' own connection for ballots, of the database in use now; its statements stay prepared."""
        wanted = (os.getpid(), connection.settings_dict["HOST"], connection.settings_dict["NAME"])
        if self._opened is None or self._opened.closed or self._opened_for != wanted:
            self._forget()
            told = connection.get_connection_params() | {"cursor_factory": psycopg.Cursor, "context": None}
            self._opened = psycopg.connect(**told | {"autocommit": True, "prepare_threshold": 0})
            self._opened_for = wanted
        return self._opened

    def _forget(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None and self._opened_for and self._opened_for[0] == os.getpid():
            with suppress(psycopg.Error):
                opened.close()


_BATCHES = _Batches()
