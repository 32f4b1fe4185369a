"""程序体检: what still stands in the way of a year's vote, with whom, and on what it rests (steps.md, step 3).

One list for the task of T−10, the page of the year and the printed sheet. A room above adds what it knows with
`register_check`; every rule lives where its act is refused and is only read here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.utils.timezone import localdate
from django.utils.translation import gettext

from projects.cycles.documents.tables import STANDINGS
from projects.cycles.models import Cycle, CycleState, Session, SessionState
from projects.cycles.rulebook import GRADES
from projects.cycles.selectors import paper_of, session_of, sitting_term
from projects.cycles.terms import term_faults
from projects.deliberation import rules, selectors
from projects.deliberation.models import BudgetLine, Receipt, Visit
from projects.deliberation.rules import Level, Line
from projects.selection.rules import surplus_faults
from projects.selection.selectors import candidates_of as listed_of
from projects.selection.selectors import unanswered as unanswered_proposals
from workflow.flows.meetings import quorum_needed
from workflow.flows.models import Deadline
from workflow.people.models import Unit
from workflow.people.saying import listed, said_again
from workflow.roles.selectors import holders_of

Check = Callable[[Cycle, date], Sequence[Line]]
BEFORE = (CycleState.PREPARING, CycleState.COLLECTING, CycleState.SELECTING)
DURING = (CycleState.DELIBERATING, CycleState.VOTING)
MOST_NAMED = 3
_checks: list[Check] = []


def register_check(check: Check) -> Check:
    """Have `check` add its lines to every sheet; a decorator. It reads alone and gives no line where it asks nothing."""
    if check not in _checks:
        _checks.append(check)
    return check


def readiness_sheet(cycle: Cycle, on: date) -> list[Line]:
    """程序体检 of a cycle as it stands on a day, in the order of the year."""
    lines = rules.readiness(_preparation(cycle, on))
    for check in _checks:
        lines += check(cycle, on)
    return rules.before_its_time(lines) if cycle.state in BEFORE else lines


def obstacles_to_ready(cycle: Cycle, at: datetime) -> list[str]:
    """The sheet's blocking lines."""
    return rules.blocking(readiness_sheet(cycle, localdate(at)))


def _preparation(cycle: Cycle, on: date) -> rules.Preparation:
    session = session_of(cycle, "vote")
    candidates = list(listed_of(cycle))
    notice = paper_of(cycle, "convening")
    return rules.Preparation(
        deputies=cycle.deputies_in_office,
        convened=session is not None and session.state != SessionState.PLANNED,
        bill=paper_of(cycle, "bill") is not None,
        candidates=len(candidates),
        seats=cycle.seats,
        surplus=_surplus(cycle, len(candidates)),
        surplus_faults=_surplus_faults(cycle, len(candidates)),
        notice=notice.data.get("warnings", []) if notice else [],
        undecided=selectors.open_motions(cycle),
        questions=selectors.open_questions(cycle),
        leaderless=selectors.leaderless(cycle.unit, on),
        credentials=term_faults(session, sitting_term(cycle.unit)) if session else [],
        unanswered=unanswered_proposals(cycle).count(),
        late=late_tasks(cycle, on),
        **_money(cycle, candidates),
        **_attendance(cycle, session, on),
        **_materials(cycle),
        **_meetings(cycle),
    )


def _surplus(cycle: Cycle, candidates: int) -> list[str]:
    return selectors.surplus_told(cycle, candidates, cycle.seats) if cycle.seats else []


def _surplus_faults(cycle: Cycle, candidates: int) -> list[str]:
    if not cycle.seats or not candidates:
        return []
    return surplus_faults(candidates, cycle.seats, allow_equal=cycle.rules.allow_equal_vote)


def _money(cycle: Cycle, candidates: list[Any]) -> dict[str, Any]:
    funded = set(BudgetLine.objects.filter(item__cycle=cycle).values_list("item_id", flat=True))
    # What the congress added itself has no line: its paper says so plainly (rules.md §6.1).
    lacking = [item for item in candidates if item.pk not in funded and not item.added_in_session]
    return {"unfunded": [item.title for item in lacking]}


def _attendance(cycle: Cycle, session: Session | None, on: date) -> dict[str, Any]:
    """Whether those on the roll who still hold their office can make a quorum (组织法 14)."""
    if session is None or cycle.deputies_in_office is None:
        return {}
    sitting = {user.pk for user in selectors.deputies_to_attend(cycle, on)}
    named = selectors.roll_of(cycle).values_list("user_id", flat=True)
    able = sum(user is None or user in sitting for user in named)
    return {"quorum": quorum_needed(cycle.rules.quorum, cycle.deputies_in_office), "able": able}


def _materials(cycle: Cycle) -> dict[str, Any]:
    receipts = dict(Receipt.objects.filter(cycle=cycle).values_list("user_id", "received_at"))
    sent = paper_of(cycle, "materials")
    if not receipts:
        return {}
    roll = selectors.roll_of(cycle).exclude(user=None)
    return {
        "sent": True,
        "unsent": [line.name for line in roll if line.user_id not in receipts],
        "unconfirmed": sum(received is None for received in receipts.values()),
        "sent_late": sent.data.get("warnings", []) if sent else [],
    }


def _meetings(cycle: Cycle) -> dict[str, Any]:
    return {
        "visits": Visit.objects.filter(cycle=cycle).count(),
        "visits_closed": paper_of(cycle, "visits") is not None,
        "trained": paper_of(cycle, "training") is not None,
    }


def open_tasks_of(cycle: Cycle) -> dict[str, Deadline]:
    """The year's open tasks by key; of several with one key the first due."""
    held = Deadline.objects.filter(about=cycle.reference, done_at=None, cancelled=False)
    return {deadline.key: deadline for deadline in held.order_by("-due_on", "-pk")}


def late_tasks(cycle: Cycle, on: date) -> set[str]:
    """The keys of open tasks whose day is past."""
    return {key for key, task in open_tasks_of(cycle).items() if task.binds_on and task.binds_on < on}


# --- what a page shows


@dataclass(frozen=True)
class SheetRow:
    """A line with the people who must act and the open task that settles it, None where there is none now."""

    line: Line
    people: str
    task_id: int | None

    @property
    def grade(self) -> str:
        """The grade of what it rests on, in words."""
        return str(GRADES[self.line.point.grade])

    @property
    def is_open(self) -> bool:
        """Whether what it waits for is somebody's turn already, and not late."""
        return self.line.level is Level.WAITING and self.task_id is not None

    @property
    def standing(self) -> str:
        """How it stands on the page and on the paper: the line's level, or that it is somebody's turn now (`STANDINGS`)."""
        return "open" if self.is_open else self.line.level.value

    @property
    def said(self) -> str:
        """The same in words."""
        return gettext(STANDINGS[self.standing])


@dataclass(frozen=True)
class Sheet:
    """The sheet of a page. missing: lines that keep the vote from being held; open_now: those somebody can settle now;
    waiting: those whose time has not come; told: those that only inform."""

    rows: list[SheetRow]

    def _of(self, *levels: Level) -> list[SheetRow]:
        return [row for row in self.rows if row.line.level in levels]

    @property
    def missing(self) -> list[SheetRow]:
        return self._of(Level.BLOCKING, Level.LATE)

    @property
    def open_now(self) -> list[SheetRow]:
        return [row for row in self.rows if row.is_open]

    @property
    def waiting(self) -> list[SheetRow]:
        return [row for row in self._of(Level.WAITING) if not row.is_open]

    @property
    def told(self) -> list[SheetRow]:
        return self._of(Level.WARNING)


def sheet_of(cycle: Cycle, on: date) -> Sheet:
    """The sheet with who must act by name, for the page and the printed paper."""
    tasks, named = open_tasks_of(cycle), _Names(cycle.unit, on)
    return Sheet(
        [
            SheetRow(line, named.of(line.point.office), _task_of(line, tasks))
            for line in _joined(readiness_sheet(cycle, on))
        ]
    )


def _joined(lines: Sequence[Line]) -> list[Line]:
    """Lines of one point that stand alike as one, so that the sheet stays one sheet."""
    groups = groupby(lines, key=lambda line: (line.point, line.level))
    return [
        point.line(level, listed((said_again(line.note) for line in found), "；"))
        for (point, level), found in groups
    ]


def _task_of(line: Line, tasks: dict[str, Deadline]) -> int | None:
    task = tasks.get(line.point.task)
    return task.pk if task and line.level is not Level.DONE else None


class _Names:
    """Who holds an office, asked once per office; empty for offices held inside a department or above the township."""

    def __init__(self, unit: Unit, on: date) -> None:
        self._unit, self._on = unit, on
        self._known: dict[str, str] = {}

    def of(self, office: str) -> str:
        if office not in self._known:
            people = [user.name for user in holders_of(office, self._unit, self._on)]
            told = listed(people[:MOST_NAMED])
            if len(people) > MOST_NAMED:
                told = gettext("%(names)s等 %(n)s 人") % {"names": told, "n": len(people)}
            self._known[office] = told
        return self._known[office]


def readiness_page(cycle: Cycle) -> dict[str, Any]:
    """What the task's page shows."""
    return {"sheet": sheet_of(cycle, localdate()), "session": session_of(cycle, "vote")}
