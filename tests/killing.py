"""A process killed (SIGKILL) in the middle of an act: before each of its statements in turn, before and after its commit.

The act runs in a forked child on a connection of its own to a real PostgreSQL, so nothing of it is asked whether it
wants to end: what stands afterwards is what the database kept.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any

import psycopg
from django.db import connections

PATIENCE_SECONDS = 10


class Commit(Enum):
    """Where a child is killed beside its statements: just before its first commit, or just after it."""

    BEFORE = "before the commit"
    AFTER = "after the commit"


Place = int | Commit  # the number of a statement, from 1, commits counted among them, or a commit


def killed_at_each_statement(
    work: Callable[[], Any], watch: psycopg.Connection[Any], *, every: int = 1
) -> Iterator[int]:
    """Run `work` until it gets through; yield n after the child was killed before its nth statement or commit.

    every: only each so manieth of them.

    watch: a connection that sees when the server has noticed (the child's session is gone). The last child is killed
    after the commit, before it could tell anybody. What each killed child did is the test's to look at.
    """
    connections.close_all()
    number = 1 - every
    while True:
        number += every
        if not _killed(work, number):
            return
        _gone(watch)
        yield number


def killed_around_the_commit(work: Callable[[], Any], watch: psycopg.Connection[Any]) -> Iterator[Commit]:
    """The same at the two places that tell most: all is done and nothing committed, and committed with nobody told.

    What an act commits of itself too early, or only in a second transaction, is missing or half done at one of them.
    """
    connections.close_all()
    for place in Commit:
        assert _killed(work, place), place
        _gone(watch)
        yield place


def _killed(work: Callable[[], Any], place: Place) -> bool:
    """Whether the child was killed at the place; False where it never came there and died after its commit."""
    child = os.fork()
    if child == 0:
        _live(work, place)
    _pid, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.waitstatus_to_exitcode(status) == 0, "the act failed of itself"
    return False


def _live(work: Callable[[], Any], place: Place) -> None:
    """The child's whole life; never returns."""
    left = place if isinstance(place, int) else 0
    mine = connections["default"]

    def step(run: Callable[..., Any], *args: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            _die()
        return run(*args)

    def commit() -> None:
        if place is Commit.BEFORE:
            _die()
        step(real)
        if place is Commit.AFTER:
            _die()

    real = mine._commit
    mine._commit = commit
    try:
        with mine.execute_wrapper(step):
            work()
        os._exit(0)
    except BaseException:  # the parent's test goes on in the parent alone
        os._exit(1)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _gone(watch: psycopg.Connection[Any]) -> None:
    """Wait until the killed child's session has ended in the server, and with it its transaction."""
    limit = time.monotonic() + PATIENCE_SECONDS
    others = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    while time.monotonic() < limit:
        found = watch.execute(others).fetchone()
        if found and found[0] == 0:
            return
        time.sleep(0.002)
    raise AssertionError("the server still holds the killed child's session")
