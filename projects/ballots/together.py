"""Ballots that wait together share one transaction; each is answered after its commit.

One thread of this process writes them, on a connection of its own: it takes along whoever waits, and meanwhile the next
ones gather. Shared by many, the transaction's number no longer pairs a mark with a cipher; a savepoint for each
would give each a number of its own, so there is none: the statement leaves out whatever cannot be stored, and what
was left out, or met an error, is cast alone (integrity.md §2.2, performance.md "Casting a ballot"). Nobody waits for
ever: a database that gives no answer leaves the outcome unknown, and the same token finds it later.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from queue import Empty, SimpleQueue

import psycopg
from django.conf import settings
from django.db import OperationalError, connection

from projects.ballots import casting
from projects.ballots.casting import Cast, Sealed, Voter
from projects.ballots.rules import Paper
from workflow.people.isolation import SET, Context, of_units, within

MOST = 200  # ballots in one transaction
# Every row is found by its key, however many ballots there are; planning took longer than storing.
PLANNED_ONCE = "-c plan_cache_mode=force_generic_plan"
PATIENCE_SECONDS = 5.0  # no batch waits for a lock: who waits so long waits for the server itself


def cast(voter: Voter, ballot: object, paper: Paper, token: str, public_key: str) -> Cast:
    """Cast a ballot, committed when this returns, and return its tracker.

    ballot, paper: as `rules.read_ballot` takes them. public_key: the open vote's. The same token again is the same
    ballot and the same tracker, whatever the ballot says then, and `before` says so. Raises VoteClosed, AlreadyVoted,
    CodeReplaced, or Refused for a ballot that would be invalid; OperationalError where the database gives no answer in
    time. Inside a transaction, or where the site is set so (`GROUP_COMMIT`), the ballot is cast alone.
    """
    sealed = casting.seal(voter, ballot, paper, token, public_key)
    alone = connection.in_atomic_block or not settings.GROUP_COMMIT
    if not alone and _WRITER.stored(sealed):
        return Cast(sealed.tracker, before=False)
    with within(of_units((voter.unit_id,), writes=(voter.unit_id,))):
        tracker = casting.store(sealed, token)
    # Every seal is another cipher: another tracker is another request's ballot, this one's own a lost answer.
    return Cast(tracker, before=tracker != sealed.tracker)


class _Waiting:
    """A ballot, and what became of it. told: a lock that is held until its batch has ended."""

    __slots__ = ("sealed", "stored", "told")

    def __init__(self, sealed: Sealed) -> None:
        self.sealed, self.stored, self.told = sealed, False, threading.Lock()
        self.told.acquire()


class _Writer:
    """Writes the ballots of this process, one batch at a time."""

    def __init__(self) -> None:
        self._waiting: SimpleQueue[_Waiting] = SimpleQueue()
        self._mutex = threading.Lock()
        self._thread: threading.Thread | None = None
        self._began: float | None = None
        self._opened: psycopg.Connection[tuple[bytes]] | None = None
        self._opened_for: tuple[str, str] | None = None

    def stored(self, sealed: Sealed) -> bool:
        """Whether the ballot is in and committed; False leaves it to be cast alone. OperationalError: nobody knows."""
        mine = _Waiting(sealed)
        self._waiting.put(mine)
        self._keep_writing()
        if not mine.told.acquire(timeout=self._patience()):
            raise OperationalError("the database gave no answer in time")
        return mine.stored

    def _patience(self) -> float:
        """How many seconds to wait: none where the batch under way has had them all."""
        began = self._began
        return PATIENCE_SECONDS if began is None else max(0.0, began + PATIENCE_SECONDS - time.monotonic())

    def _keep_writing(self) -> None:
        """A thread that died, or stayed behind in the process this one was forked from, is replaced."""
        if self._thread is not None and self._thread.is_alive():
            return
        with self._mutex:
            if self._thread is None or not self._thread.is_alive():
                self._opened = None
                self._thread = threading.Thread(target=self._write_for_ever, name="ballots", daemon=True)
                self._thread.start()

    def _write_for_ever(self) -> None:
        while True:
            batch = [self._waiting.get()]
            with suppress(Empty):
                while len(batch) < MOST:
                    batch.append(self._waiting.get_nowait())
            self._began = time.monotonic()
            try:
                self._write(batch)
            finally:
                self._began = None
                for one in batch:
                    one.told.release()

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
        """The connection for ballots, of the database in use now; its statements stay prepared."""
        wanted = (connection.settings_dict["HOST"], connection.settings_dict["NAME"])
        if self._opened is None or self._opened.closed or self._opened_for != wanted:
            self._forget()
            told = connection.get_connection_params() | {"cursor_factory": psycopg.Cursor, "context": None}
            told["options"] = f"{told.get('options', '')} {PLANNED_ONCE}"
            self._opened = psycopg.connect(**told | {"autocommit": True, "prepare_threshold": 0})
            self._opened_for = wanted
        return self._opened

    def _forget(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            with suppress(psycopg.Error):
                opened.close()


_WRITER = _Writer()
