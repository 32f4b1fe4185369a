"""Provisional days are settled once the holidays they rest on are arranged: once, with an entry, whoever is at it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

from projects.cycles.deadlines_moving import recompute
from projects.cycles.models import Cycle
from projects.cycles.rulebook import Rules
from projects.demo.cast import Township
from projects.lifecycle.intake import start_year
from projects.oversight.figures import figures_by_year
from projects.site.celery import app, settle_what_was_provisional
from tests.builders import at, open_task, township
from tests.racing import at_once
from workflow.audit.models import Entry
from workflow.calendar import workdays
from workflow.calendar.offsets import Offset
from workflow.flows import settling
from workflow.flows.events import perform
from workflow.flows.models import Deadline
from workflow.flows.settling import ACTION, settle_due
from workflow.flows.tasks import sweep_provisional
from workflow.people.isolation import SYSTEM, apply, within
from workflow.reminders.services import remind_due

YEAR = workdays.last_published() + 1  # the first one nobody has arranged
PLAN = {
    "opens_on": date(YEAR, 9, 1),
    "planned_t": date(YEAR + 1, 1, 20),
    "planned_t2": date(YEAR + 2, 1, 18),
    "year": YEAR + 1,
}
SCHEME = "collection.scheme"  # ten working days before the year opens
Arrange = Callable[..., None]


@pytest.fixture
def arrange(monkeypatch: pytest.MonkeyPatch) -> Arrange:
    """The data of the next year arrive. rest: days that are holidays in it, beside those the law names."""

    def arrive(*rest: date) -> None:
        known, worked = workdays._published_years(), workdays._working_days
        monkeypatch.setattr(workdays, "_published_years", lambda: known | {YEAR})
        monkeypatch.setattr(workdays, "_working_days", lambda year: worked(year) - set(rest))

    return arrive


def begun() -> Township:
    made = township()
    start_year(made.act("chair", at(f"{YEAR}-08-10")), **PLAN)
    return made


@pytest.fixture
def town(db: None) -> Township:
    apply(SYSTEM)
    return begun()


def settled() -> list[dict[str, Any]]:
    return [json.loads(entry.body) for entry in Entry.objects.filter(action=ACTION).order_by("pk")]


def after(task: Deadline, days: int) -> Any:
    assert task.due_on
    return at(str(task.due_on + timedelta(days=days)))


NOW = at(f"{YEAR}-08-11")
DAYS_BEFORE = 150


def before(vote: date) -> date:
    return workdays.previous_working_day(vote - timedelta(days=DAYS_BEFORE))


@pytest.fixture
def before_the_vote(monkeypatch: pytest.MonkeyPatch) -> None:
    """The task counts back from the vote, and so hangs on its session."""
    usual = Rules.offset

    def offset(rules: Rules, key: str) -> Offset:
        return Offset("T", -DAYS_BEFORE, "d") if key == SCHEME else usual(rules, key)

    monkeypatch.setattr(Rules, "offset", offset)


def test_a_day_is_settled_once_and_says_so_in_one_entry(town: Township, arrange: Arrange) -> None:
    task = open_task(SCHEME)
    assert task.provisional and task.binds_on is None
    arrange()
    assert (settle_due(NOW), settle_due(NOW)) == (1, 0)
    now = open_task(SCHEME)
    assert (now.due_on, now.provisional, now.binds_on) == (task.due_on, False, task.due_on)
    (body,) = settled()
    assert (body["subject"], body["office"], body["before"]["provisional"]) == (task.subject, "system", True)
    assert (body["after"]["task_id"], body["after"]["provisional"]) == (task.pk, False)
    assert body["reason"].startswith("放假安排已公布，期限确定为")


def test_a_day_the_arrangement_moves_is_moved_and_both_days_are_told(
    town: Township, arrange: Arrange
) -> None:
    task = open_task(SCHEME)
    arrange(workdays.previous_working_day(PLAN["opens_on"] - timedelta(days=1)))
    assert settle_due(NOW) == 1
    now = open_task(SCHEME)
    assert (now.due_on, now.provisional) == (workdays.previous_working_day(task.due_on - timedelta(1)), False)
    (body,) = settled()
    assert (body["before"]["due_on"], body["after"]["due_on"]) == (str(task.due_on), str(now.due_on))
    assert "（暂定）改为" in body["reason"]


def test_nothing_is_settled_before_its_year_is_arranged(town: Township) -> None:
    assert settle_due(NOW) == 0 and settled() == [] and open_task(SCHEME).provisional


@pytest.mark.parametrize("over", [{"done_at": NOW}, {"cancelled": True}])
def test_what_is_over_keeps_the_day_it_had(town: Township, arrange: Arrange, over: dict[str, Any]) -> None:
    task = open_task(SCHEME)
    Deadline.objects.filter(pk=task.pk).update(**over)
    arrange()
    assert settle_due(NOW) == 0 and Deadline.objects.get(pk=task.pk).provisional


def test_reminders_and_what_is_overdue_follow_a_settled_day(town: Township, arrange: Arrange) -> None:
    task, cycle = open_task(SCHEME), Cycle.objects.get()

    def overdue() -> int:
        return figures_by_year([cycle.pk], task.due_on + timedelta(days=1))[cycle.pk].overdue

    assert (remind_due(after(task, 1)), overdue()) == (0, 0)
    arrange()
    settle_due(after(task, 1))
    assert (remind_due(after(task, 1)), overdue()) == (1, 1)
    told = json.loads(Entry.objects.get(action="deadline.remind").body)["after"]
    assert (told["task_id"], told["when"], told["days"]) == (task.pk, "after", 1)


def test_one_that_fails_is_logged_and_keeps_no_others_waiting(
    town: Township, arrange: Arrange, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    start_year(township("T02", name="柳河镇").act("chair", at(f"{YEAR}-08-10")), **PLAN)
    apply(SYSTEM)
    first, second = Deadline.objects.filter(key=SCHEME).order_by("unit_id", "pk")
    worked_out = settling._worked_out

    def broken(deadline: Deadline) -> Any:
        if deadline.pk == first.pk:
            raise ZeroDivisionError
        return worked_out(deadline)

    arrange()
    monkeypatch.setattr(settling, "_worked_out", broken)
    assert settle_due(NOW) == 1 and f"task:{first.pk}" in caplog.text
    apply(SYSTEM)
    assert open_task(SCHEME, pk=first.pk).provisional and not open_task(SCHEME, pk=second.pk).provisional


def test_a_session_that_is_moved_settles_what_hangs_on_it_though_its_day_stays(
    before_the_vote: None, town: Township, arrange: Arrange
) -> None:
    cycle, task = Cycle.objects.get(), open_task(SCHEME)
    assert recompute(cycle) == 0 and open_task(SCHEME).provisional
    arrange()
    assert recompute(cycle) == 0, "no day moves"
    now = open_task(SCHEME)
    assert (now.due_on, now.provisional) == (task.due_on, False)


def test_the_command_says_how_far_the_data_reach_and_how_many_days_were_settled(
    town: Township, arrange: Arrange
) -> None:
    arrange()
    out = StringIO()
    call_command("settle_deadlines", stdout=out)
    assert f"到 {YEAR} 年为止，重新计算了 1 项暂定期限" in out.getvalue()


def test_the_sweep_runs_every_day_and_whenever_a_worker_starts(
    town: Township, arrange: Arrange, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "workflow.flows.tasks.sweep_provisional"
    assert name in {beat["task"] for beat in settings.CELERY_BEAT_SCHEDULE.values()} and name in app.tasks
    sent: list[str] = []
    monkeypatch.setattr(app, "send_task", lambda task, **_more: sent.append(task))
    settle_what_was_provisional(sender=None)
    assert sent == [name]
    arrange()
    assert (sweep_provisional(), sweep_provisional()) == (1, 0)


def test_of_several_workers_at_once_one_settles_a_day(fresh_database: str, arrange: Arrange) -> None:
    with within(SYSTEM):
        begun()
    arrange()
    assert sum(at_once(*[lambda: settle_due(NOW)] * 4)) == 1
    with within(SYSTEM):
        assert len(settled()) == 1 and not open_task(SCHEME).provisional


def test_a_day_settled_while_its_session_moves_stands_by_the_new_session(
    before_the_vote: None, fresh_database: str, arrange: Arrange
) -> None:
    with within(SYSTEM):
        town, cycle = begun(), Cycle.objects.get()
        assert open_task(SCHEME).due_on == before(PLAN["planned_t"])
    arrange()
    moved = PLAN["planned_t"] + timedelta(days=7)
    data = {"use": "vote", "new_day": str(moved), "reason": "与上级会议时间冲突。"}

    def move() -> None:
        with within(SYSTEM):
            perform("cycles.move_session", cycle, actor=town.of("chair"), data=data, at=NOW)

    at_once(move, lambda: settle_due(NOW))
    settle_due(NOW)
    with within(SYSTEM):
        now = open_task(SCHEME)
        assert (now.due_on, now.provisional) == (before(moved), False)
