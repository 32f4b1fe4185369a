"""Stretches of a chain followed beside one another, by processes that read what the asking transaction reads.

The processes are programs of their own, not copies of this one: a copy would hold its connections and locks.
"""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from typing import Any

from django.db import OperationalError, connection
from psycopg.conninfo import make_conninfo

from workflow.audit import stretches as program
from workflow.audit.checking import Part
from workflow.audit.stretches import Given, Stretch
from workflow.people.isolation import SET, SYSTEM

ROOT = Path(__file__).parents[2]
log = logging.getLogger(__name__)


def can_be_shared() -> bool:
    """Whether other processes can read what this transaction reads: of what it has written itself they would see nothing."""
    if not connection.in_atomic_block or connection.savepoint_ids:
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')"
        )
        return cursor.fetchone() == ("repeatable read", "on")


@contextmanager
def readers(wanted: int) -> Iterator[list[Connection]]:
    """Processes that read what this transaction reads, until the end of the block.

    Fewer than wanted, or none, where the machine starts no more or the database takes no more connections: that is no
    reason for a trail to go unverified.
    """
    given, begun = _given(), list[Connection]()
    with ExitStack() as started:
        for _number in range(wanted):
            try:
                begun.append(started.enter_context(_process(given)))
            except OSError as error:
                log.warning("no further process to verify a trail with: %s", error)
                break
        yield [process for process in begun if _is_ready(process)]


def followed_beside(stretches: Sequence[Stretch], processes: Sequence[Connection]) -> Iterator[Part]:
    """What came of each, in their order. OperationalError where a process fails at one, once those before it are told.

    processes: as `readers` gives them, at least one.
    """
    waiting = iter(enumerate(stretches))
    found: dict[int, Part | OperationalError] = {}
    at_work: dict[Connection, int] = {}
    for process in processes:
        _ask_next(process, waiting, at_work)
    for number in range(len(stretches)):
        while number not in found:
            ready = wait(list(at_work))
            for process in [one for one in at_work if one in ready]:
                answer = found[at_work.pop(process)] = _answer(process)
                if isinstance(answer, Part):
                    _ask_next(process, waiting, at_work)
        told = found.pop(number)
        if isinstance(told, OperationalError):
            raise told
        yield told


def _given() -> Given:
    """How a process comes to this transaction's view of the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = cursor.fetchone()[0]
    info = connection.connection.info
    return Given(make_conninfo(info.dsn, password=info.password), snapshot, SET, SYSTEM.values())


@contextmanager
def _process(given: Given) -> Iterator[Connection]:
    """A process at work until the end of the block. What it is given holds a password, so that it is no argument."""
    ours, theirs = Pipe()
    with ours:
        with theirs:
            command = [sys.executable, "-m", program.__name__, str(theirs.fileno())]
            process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()]
            )
        try:
            with suppress(OSError):  # it is gone already; asking it will tell
                ours.send(given)
            yield ours
        finally:
            process.kill()
            process.wait()


def _ask_next(
    process: Connection, waiting: Iterator[tuple[int, Stretch]], at_work: dict[Connection, int]
) -> None:
    number, stretch = next(waiting, (0, None))
    if stretch:
        with suppress(OSError):
            process.send(stretch)
        at_work[process] = number


def _answer(process: Connection) -> Part | OperationalError:
    answer: Part | str = _heard(process)
    return OperationalError(answer) if isinstance(answer, str) else answer


def _is_ready(process: Connection) -> bool:
    reason: str | None = _heard(process)
    if reason is not None:
        log.warning("a process to verify a trail with is not ready: %s", reason)
    return reason is None


def _heard(process: Connection) -> Any:
    try:
        return process.recv()
    except (EOFError, OSError):
        return "核验进程中途退出，没有给出结果"
