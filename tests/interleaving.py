"""Two works at once, statement by statement, in an order that is chosen: every statement is a place to wait.

Each work runs in a thread of its own on a connection of its own to a real PostgreSQL. Before every statement, and
before the commit, the thread waits until it is let go; one whose statement waits for a lock of the other in the server
(pg_blocking_pids) is left waiting, and the other goes on. The orders are found depth first: a run notes at every step
who could have gone instead, and the next run takes the last choice that was not tried yet.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any

import psycopg
from django.db import connection, connections

Work = Callable[[], Any]
# The start of a transaction, its context and its savepoints touch no row: what goes before or after them is no other order.
QUIET = ("BEGIN", "SELECT set_config", "SELECT coalesce(current_setting", "SAVEPOINT", "RELEASE SAVEPOINT")
PATIENCE_SECONDS = 30


class Stuck(AssertionError):
    """A work neither came to its next statement nor waits for a lock."""


_THIS = threading.local()


def pause(said: str) -> None:
    """Wait to be let go, for a statement on a connection that is not Django's; said: what it is about to do."""
    if not said.startswith(QUIET):
        _THIS.player.pause(said)


class Player:
    """A thread with a connection of its own that does one work after the other, each statement when it is let go."""

    def __init__(self) -> None:
        self.works: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self.turn, self.changed = threading.Semaphore(0), threading.Condition()
        self.waiting = self.ended = True
        self.said: list[str] = []
        self.backend, self.result = 0, None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def begin(self, work: Work) -> None:
        """Start a work; it stops before its first statement."""
        self.waiting, self.ended, self.said, self.result = False, False, [], None
        self.works.put(work)

    def go(self) -> None:
        self.waiting = False
        self.turn.release()

    def stands(self, seconds: float) -> bool:
        """Whether it waits to be let go or has ended, asked for so long."""
        with self.changed:
            return self.changed.wait_for(lambda: self.waiting or self.ended, seconds)

    def leave(self) -> None:
        self.works.put(None)
        self.thread.join(PATIENCE_SECONDS)

    def _run(self) -> None:
        _THIS.player = self
        try:
            connection.ensure_connection()
            self.backend = connection.connection.info.backend_pid
            mine = connections["default"]
            commit = mine._commit
            mine._commit = lambda: (self.pause("COMMIT"), commit())[1]
            with connection.execute_wrapper(self._statement):
                while (work := self.works.get()) is not None:
                    self._do(work)
            del mine._commit
        finally:
            connection.close()

    def _do(self, work: Work) -> None:
        try:
            self.result = work()
        except Exception as error:
            self.result = error
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def _statement(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        pause(sql)
        return execute(sql, params, many, context)

    def pause(self, said: str) -> None:
        with self.changed:
            self.said.append(said)
            self.waiting = True
            self.changed.notify_all()
        self.turn.acquire()


class Scheduler:
    """Lets two players' works go on, one statement at a time, in the order it is told."""

    def __init__(self, watch: psycopg.Connection[Any], players: Sequence[Player]) -> None:
        self.watch, self.players = watch, players

    def run(self, works: Sequence[Work], choose: Callable[[list[int]], int]) -> list[Any]:
        """Play the works to their ends; choose: of the numbers of those who can go on, who does.

        Returns what each returned, or the error it ended with.
        """
        for player, work in zip(self.players, works, strict=True):
            player.begin(work)
        while True:
            able = self._able()
            if not able:
                return [player.result for player in self.players]
            self.players[choose(able)].go()

    def said(self) -> list[list[str]]:
        """What each player's statements were in the last run."""
        return [player.said for player in self.players]

    def _able(self) -> list[int]:
        """Who waits to be let go, once everybody else has ended or waits for a lock; nobody once all have ended."""
        limit = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < limit:
            moving = [player for player in self.players if not player.stands(0.002)]
            able = [n for n, player in enumerate(self.players) if player.waiting]
            if not moving or (able and all(self._is_blocked(player) for player in moving)):
                return able
        raise Stuck([player.said[-1:] for player in self.players])

    def _is_blocked(self, player: Player) -> bool:
        found = self.watch.execute(
            "SELECT cardinality(pg_blocking_pids(%s)) > 0", [player.backend]
        ).fetchone()
        return bool(found and found[0]) and not player.stands(0)


@contextmanager
def scheduler(watch: psycopg.Connection[Any], *, players: int = 2) -> Iterator[Scheduler]:
    """A scheduler with its threads; watch: a connection that sees who waits for whom."""
    playing = [Player() for _player in range(players)]
    try:
        yield Scheduler(watch, playing)
    finally:
        for player in playing:
            player.leave()


# Orders


class EveryOrder:
    """All orders, depth first. `choose` plays one; `advance` goes to the next and says whether there is one."""

    def __init__(self) -> None:
        self.path: list[tuple[int, list[int]]] = []
        self.step = 0

    def choose(self, able: list[int]) -> int:
        if self.step == len(self.path):
            self.path.append((able[0], able[1:]))
        self.step += 1
        taken = self.path[self.step - 1][0]
        if taken not in able:
            raise AssertionError(
                "the same choices led to another place: the works are not the same every time"
            )
        return taken

    def advance(self) -> bool:
        self.step = 0
        while self.path:
            _tried, left = self.path.pop()
            if left:
                self.path.append((left[0], left[1:]))
                return True
        return False


class SomeOrders:
    """Orders drawn by lot, the same ones in every run."""

    def __init__(self, seed: int) -> None:
        self.draws = Random(seed)

    def choose(self, able: list[int]) -> int:
        return self.draws.choice(able)

    def advance(self) -> bool:
        return True


def one_after_the_other(first: int) -> Callable[[list[int]], int]:
    """A serial order: `first` goes as long as it can."""
    return lambda able: first if first in able else able[0]
