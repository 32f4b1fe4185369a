"""`make long`: the same properties, races and chaos as `make test` at full size, and the file that says what was run.

PIAOJUE_LONG chooses the full sizes. PIAOJUE_LONG_<NAME> (EXAMPLES, BOXES, PLAIN_BOXES, SEALED_BOXES,
LINKAGE_VOTES, LINKAGE_VOTERS, ORDERS, VOTES, VOTE_STEPS, WALKS, MOVES, FIGURES, KINDS, ROUNDS, EVENTS, KILLS,
AWAY, BALLOTS, TAMPERINGS, TAMPERINGS_OF_FILES, DATABASE_TAMPERINGS, CLEAN_ENTRIES, ENTRIES_OF_FILES, KILL_EVERY,
BY_HAND, TOWNSHIPS, TOWNSHIPS_AGAIN, DAYS, YEARS)
overrides one of them; the result file then says so.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from projects.site.env import PROJECT

LONG = bool(os.environ.get("PIAOJUE_LONG"))
RESULT = PROJECT / "var" / "long" / "result.json"
OVERRIDE = "PIAOJUE_LONG_"


def sized(name: str, short: int, full: int) -> int:
    """How large a test is in this run: `short` in make test, `full` in make long."""
    return int(os.environ.get(OVERRIDE + name.upper(), full)) if LONG else short


def examples(short: int) -> int:
    """How many examples a property gets that needs more, or fewer, than the hundred of make test."""
    return sized("examples", short, 1_500)


class ResultFile:
    """Keeps what every test of the long run was and came to; written once, by the process that started the run."""

    def __init__(self) -> None:
        self.started, self.tests = time.monotonic(), dict[str, dict[str, Any]]()
        self.commit = _commit()  # now: the tree may move on during the run

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Any:
        handle = getattr(getattr(item, "obj", None), "hypothesis", None)
        calls: list[None] = []
        inner = handle.inner_test if handle else None
        if handle:
            handle.inner_test = _counted(inner, calls)
        yield
        if handle:
            handle.inner_test = inner
            item.user_properties.append(("examples", len(calls)))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        seconds = self.tests.get(report.nodeid, {}).get("seconds", 0) + report.duration
        if report.when == "call" or report.outcome != "passed":
            figures = dict(report.user_properties)
            self.tests[report.nodeid] = figures | {"outcome": report.outcome, "seconds": round(seconds, 2)}

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(session.config, "workerinput"):
            return
        RESULT.parent.mkdir(parents=True, exist_ok=True)
        RESULT.write_text(json.dumps(self._summary(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.write_line(str(RESULT.relative_to(PROJECT)))

    def _summary(self) -> dict[str, Any]:
        return {
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "commit": self.commit,
            "cores": os.cpu_count(),
            "seconds": round(time.monotonic() - self.started),
            "overrides": {k: v for k, v in os.environ.items() if k.startswith(OVERRIDE)},
            "tests": dict(sorted(self.tests.items())),
        }


def _counted(inner: Callable[..., Any], calls: list[None]) -> Callable[..., Any]:
    @functools.wraps(inner)
    def run(*args: Any, **kwargs: Any) -> Any:
        calls.append(None)
        return inner(*args, **kwargs)

    return run


def _commit() -> str:
    """The commit the run belongs to; "-dirty" when the tree differs from it."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True).stdout.strip()
