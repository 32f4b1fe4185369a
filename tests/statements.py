"""How many statements completing a task takes: at most thirty, and what writes row by row stands in one table.

performance.md counts the engine's part: the office checked, the machine moved, the entry, the next step and its day.
A flow that goes on through several steps at once writes the rows of each, a body's decision those of everything decided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from unittest.mock import patch

from django.db import connection

from workflow.flows import services
from workflow.people.models import User

MOST = 30
# A step the flow passes or opens besides the first: its row, its link and its outcome; somebody's turn is also a day,
# read from the session it hangs on.
A_STEP = 7
NEXT_STEP = 'INSERT INTO "viewflow_task" '
# A savepoint opens and closes without a word to any table.
UNCOUNTED = ("SAVEPOINT", "RELEASE")


@dataclass(frozen=True)
class Allowance:
    """What a kind of task may take over the thirty, and why.

    per: statements for each of what it is about, by what these are called. besides: a fixed number.
    """

    reason: str
    per: Mapping[str, int] = field(default_factory=dict)
    besides: int = 0

    def of(self, things: Mapping[str, int]) -> int:
        return self.besides + sum(each * things[what] for what, each in self.per.items())


GIVEN = "each office given is checked against the person's others, under their lock, with an entry"
ENDED = "each office that ends is locked, ended and written down, its stand-ins end, its claims go back"
MOVED = "each of them is moved along its own machine, with an entry"
JOINED = "a join looks for the branches that are still open"
LET_GO = "what was handed in on an earlier task can no longer be taken back"
LISTED = "the notices of a meeting that list it, which its decision may leave with nothing"
HALL = "the guards of a hall read the vote, its session and its paper as they stand under the lock"
BALANCED = "what is keyed is held against what came back where it is typed"
BARRED = "whom a rule keeps from it is asked before the form is, and once more under the lock"

ALLOWED: dict[str, Allowance] = {
    "selection.merge": Allowance("each proposal gets its source; " + MOVED, {"proposals": 2}),
    "selection.draft_list": Allowance(MOVED, {"proposals": 1}),
    "selection.conclude": Allowance(MOVED, {"proposals": 1}),
    "selection.answer": Allowance(MOVED, {"proposals": 1}),
    "deliberation.readiness": Allowance(
        "each check of the sheet reads what it is about; the paper names who is to act, office by office",
        {"checks": 3},
        besides=8,
    ),
    "deliberation.roll": Allowance(
        f"{JOINED}; {LET_GO}; where each sat before, under which term, and whether it was voted on",
        besides=16,
    ),
    "deliberation.materials": Allowance(LET_GO, besides=1),
    "deliberation.preliminary": Allowance(GIVEN, {"members": 2}),
    "deliberation.settle": Allowance(
        "each list the ballot is drawn from is read", {"candidates": 1}, besides=7
    ),
    "deliberation.adopt_method": Allowance(GIVEN, {"desk": 4}),
    "voting.open_confirm": Allowance(
        HALL + ", and whether a recount of the one before is asked for", besides=3
    ),
    "evaluation.measure_open_confirm": Allowance(HALL, besides=3),
    "voting.key_second": Allowance(f"{HALL}; {BARRED}; {BALANCED}", besides=6),
    "evaluation.measure_key_second": Allowance(f"{BARRED}; {BALANCED}", besides=2),
    "voting.certify_teller": Allowance(HALL + "; the report is made", besides=10),
    "voting.resolution": Allowance(
        "what its text tells is held against the session and the votes", besides=2
    ),
    "voting.opinions_reply": Allowance(LET_GO, besides=1),
    "supervision.groups": Allowance(f"{GIVEN}; each group is a unit; {LISTED}", {"members": 4}, besides=1),
    "supervision.close_session": Allowance(ENDED, {"desk": 8}),
    "evaluation.convene": Allowance(f"{HALL}; {LISTED}", besides=5),
    "evaluation.roll": Allowance(
        "where each sat before, under which term, and whether it was voted on", besides=5
    ),
    "evaluation.preliminary": Allowance(GIVEN, {"members": 3}),
    "evaluation.conclude_reviews": Allowance(JOINED + "; what each group found", {"projects": 3}),
    "evaluation.presidium_report": Allowance(
        "a line of the paper and a measurement each; the roll it is held on, under its session's lock",
        {"projects": 2},
        besides=2,
    ),
    "evaluation.adopt_tellers": Allowance(GIVEN, {"desk": 2}),
    "evaluation.measure_certify_teller": Allowance(
        f"{HALL}; {BARRED}; the report is made; earlier rounds of each", {"projects": 4}, besides=11
    ),
    "evaluation.measure_declare": Allowance(
        f"{ENDED}; {MOVED}; what was signed is worked out again; which measurement it is",
        {"desk": 8, "projects": 9},
        besides=3,
    ),
    "evaluation.second_measure": Allowance(
        f"a line of the paper and a measurement each; which it is; {LET_GO}; {LISTED}",
        {"projects": 1},
        besides=3,
    ),
    "evaluation.publish": Allowance(
        "each project's ratings, reviews and rounds; what the congress has not ratified; the session the archive follows",
        {"projects": 1},
        besides=3,
    ),
}


@dataclass
class Counted:
    """The statements of the longest turn at each kind of task."""

    by_kind: dict[str, list[str]] = field(default_factory=dict)

    def keep(self, kind: str, statements: list[str]) -> None:
        if len(statements) > len(self.by_kind.get(kind, ())):
            self.by_kind[kind] = statements

    def over(self, things: Mapping[str, int]) -> dict[str, str]:
        """The kinds of task that took more than they may. things: how many there were of what allowances are given for."""
        found = {}
        for kind, statements in sorted(self.by_kind.items()):
            steps = sum(statement.startswith(NEXT_STEP) for statement in statements)
            allowed = ALLOWED.get(kind)
            most = MOST + A_STEP * max(0, steps - 1) + (allowed.of(things) if allowed else 0)
            if len(statements) > most:
                found[kind] = f"{len(statements)} > {most}"
        return found


@contextmanager
def counting() -> Iterator[Counted]:
    """Count the statements of every turn at a task taken in this thread until the context is left."""
    counted, taken = Counted(), services._turn

    @contextmanager
    def turn_counted(task_id: int, actor: User, at: datetime, request_id: str) -> Iterator[Any]:
        statements: list[str] = []

        def note(execute: Callable[..., Any], statement: Any, *more: Any) -> Any:
            text = str(statement)
            if not text.startswith(UNCOUNTED):
                statements.append(text)
            return execute(statement, *more)

        with connection.execute_wrapper(note), taken(task_id, actor, at, request_id) as turn:
            yield turn
        counted.keep(turn.node.key, statements)

    with patch.object(services, "_turn", turn_counted):
        yield counted
