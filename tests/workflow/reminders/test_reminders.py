"""Reminders: the rule, and the sweep that writes them once a day."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.lifecycle.intake import start_year
from tests.builders import at, do, open_task, township
from workflow.audit.models import Entry
from workflow.people.isolation import SYSTEM, apply
from workflow.reminders.rules import Reminder, reminder_on
from workflow.reminders.services import remind_due

DUE, OPENED = date(2026, 9, 10), date(2026, 9, 1)
PLAN = {
    "opens_on": date(2026, 9, 1),
    "planned_t": date(2027, 1, 20),
    "planned_t2": date(2028, 1, 18),
    "year": 2027,
}


def reminded(days: int, **more: bool) -> Reminder | None:
    return reminder_on(DUE + timedelta(days=days), DUE, OPENED, **more)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (-4, None),
        (-3, Reminder("before", 3)),
        (-1, None),
        (0, Reminder("on", 0)),
        (1, Reminder("after", 1)),
        (2, None),
        (7, Reminder("after", 7)),
        (8, None),
        (14, Reminder("after", 14)),
        (21, Reminder("after", 21)),
    ],
)
def test_a_task_is_reminded_of_before_on_and_after_its_day(days: int, expected: Reminder | None) -> None:
    assert reminded(days) == expected


def test_a_provisional_day_cannot_be_missed() -> None:
    assert reminded(1) and reminded(1, provisional=True) is None
    assert reminded(0, provisional=True) == Reminder("on", 0)


def test_nobody_is_reminded_on_the_day_a_task_opens() -> None:
    assert reminder_on(OPENED, OPENED, OPENED) is None
    assert reminder_on(OPENED, OPENED, OPENED - timedelta(days=1)) == Reminder("on", 0)


@given(st.integers(-400, 400))
def test_a_reminder_says_how_far_the_day_is(days: int) -> None:
    found = reminder_on(DUE + timedelta(days=days), DUE, date(2020, 1, 1))
    assert found is None or (found.days == abs(days) and (found.when == "after") == (days > 0))


@given(st.integers(1, 400))
def test_a_late_task_is_reminded_of_at_least_once_a_week(days: int) -> None:
    assert any(reminded(day) for day in range(days, days + 7))


@pytest.fixture
def town(db):  # type: ignore[no-untyped-def]
    apply(SYSTEM)
    made = township()
    start_year(made.act("chair", at("2026-08-10")), **PLAN)
    return made


def reminders() -> list[Entry]:
    return list(Entry.objects.filter(action="deadline.remind").order_by("pk"))


def test_the_sweep_writes_one_entry_for_a_task_and_day(town) -> None:  # type: ignore[no-untyped-def]
    task = open_task("collection.scheme")
    day = str(task.due_on)
    assert (remind_due(at(day)), remind_due(at(day, 15))) == (1, 0)
    (entry,) = reminders()
    after = json.loads(entry.body)["after"]
    assert (entry.subject, after["task_id"], after["when"]) == (task.subject, task.pk, "on")
    assert remind_due(at(str(task.due_on + timedelta(days=1)))) == 1


def test_a_task_that_is_done_is_not_reminded_of(town) -> None:  # type: ignore[no-untyped-def]
    task = open_task("collection.scheme")
    scheme = {"leading_group": "组长和成员", "body": "分三个阶段六个环节实施。"}
    do("collection.scheme", town.of("chair"), "2026-08-12", **{k: str(v) for k, v in PLAN.items()}, **scheme)
    remind_due(at(str(task.due_on)))
    assert all(json.loads(entry.body)["after"]["task_id"] != task.pk for entry in reminders())
