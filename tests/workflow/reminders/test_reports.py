"""A task that stays overdue is reported: to the office above, then to the unit above, each once, by the rulebook."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from django.db import connection
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from projects.cycles.models import Cycle
from projects.cycles.reminding import NEXT_OFFICE, policy_by_rules, policy_of_year
from projects.cycles.rulebook import RulebookError, Rules
from projects.cycles.rulebook import load as load_rules
from projects.lifecycle.intake import start_year
from projects.offices import HALL
from tests.builders import at, open_task, township
from workflow.audit.models import Entry
from workflow.flows.models import Deadline
from workflow.people.isolation import SYSTEM, apply, within
from workflow.reminders.policy import policy_of
from workflow.reminders.rules import Cadence, Policy, Report, reminder_on, reports_on
from workflow.reminders.services import REPORT, remind_due, reports_of
from workflow.roles import registry

DUE = date(2026, 9, 10)
PLAN = {
    "opens_on": date(2026, 9, 1),
    "planned_t": date(2027, 1, 20),
    "planned_t2": date(2028, 1, 18),
    "year": 2027,
}
POLICY = Policy(next_after=5, above_after=15, next_office={"clerk": "chair"}, above="county")


def reported(days: int, office: str = "clerk", policy: Policy = POLICY, **more: bool) -> list[Report]:
    return reports_on(DUE + timedelta(days=days), DUE, office, policy, **more)


# --------------------------------------------------------------------------------------- the rule


@pytest.mark.parametrize(
    ("days", "levels"), [(-1, []), (0, []), (4, []), (5, ["next"]), (14, ["next"]), (15, ["next", "above"])]
)
def test_a_task_is_reported_upwards_the_longer_it_is_late(days: int, levels: list[str]) -> None:
    assert [report.level for report in reported(days)] == levels


def test_nothing_is_reported_of_a_provisional_day_or_where_the_rules_say_never() -> None:
    assert reported(20) and reported(20, provisional=True) == []
    assert reported(20, policy=Policy(next_office={"clerk": "chair"}, above="county")) == []


def test_an_office_that_answers_to_nobody_is_reported_to_the_unit_above_alone() -> None:
    assert [report.office for report in reported(20, "chair")] == ["county"]


@given(st.integers(1, 60), st.integers(0, 60), st.integers(-10, 200))
def test_what_is_due_stays_due_until_it_is_written(near: int, far: int, days: int) -> None:
    policy = Policy(next_after=near, above_after=far, next_office={"clerk": "chair"}, above="county")
    now, later = ({r.level for r in reported(d, policy=policy)} for d in (days, days + 1))
    assert now <= later


def test_every_office_answers_to_one_of_the_hall_and_the_chain_ends() -> None:
    for office in NEXT_OFFICE:
        seen = [office]
        while (office := NEXT_OFFICE.get(office, "")) and office not in seen:
            assert registry.office(office).kinds == HALL
            seen.append(office)
        assert office == ""


# ------------------------------------------------------------------------------------ the rulebook


def test_the_rulebook_sets_cadence_and_reports() -> None:
    usual = policy_by_rules(Rules())
    assert usual.cadence == Cadence() and (usual.next_after, usual.above_after) == (5, 15)
    own = policy_by_rules(
        Rules().with_values({"remind_before_days": 0, "remind_again_days": 2, "escalate_county_days": 0})
    )
    assert own.cadence == Cadence(before=(), after=(1, 2), again=2) and own.above_after == 0
    late = [
        d for d in range(1, 8) if reminder_on(DUE + timedelta(days=d), DUE, date(2026, 1, 1), own.cadence)
    ]
    assert late == [1, 2, 4, 6]


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("remind_before_days", 31, "到期前提醒"),
        ("remind_again_days", 0, "超期后再次提醒"),
        ("escalate_days", 61, "超期报告主管职务"),
        ("escalate_county_days", 5, "应早于“超期报告县人大”"),
    ],
)
def test_what_is_out_of_range_is_refused_by_name(key: str, value: int, said: str) -> None:
    assert Rules().with_values({key: 20 if key != "escalate_days" else 9})
    with pytest.raises(RulebookError, match=said):
        Rules().with_values({key: value})


def test_a_rulebook_frozen_before_there_were_reports_takes_the_usual_ones() -> None:
    old = {k: v for k, v in Rules().frozen_json().items() if not k.startswith(("remind_", "escalate_"))}
    assert load_rules(old) == Rules()


@pytest.mark.django_db
def test_each_setting_is_shown_with_range_default_and_grade() -> None:
    rows = {row.key: row for row in Rules().describe()}
    row = rows["escalate_days"]
    assert (row.range, row.default, row.grade, row.group) == ("0–60 天", "5 天", "D", "general")


# --------------------------------------------------------------------------------------- the sweep


@pytest.fixture
def town(db):  # type: ignore[no-untyped-def]
    apply(SYSTEM)
    made = township()
    start_year(made.act("chair", at("2026-08-10")), **PLAN)
    return made


@pytest.fixture
def task(town):  # type: ignore[no-untyped-def]
    """A task of the department's kind: one whose office answers to another."""
    held = open_task("collection.scheme")
    Deadline.objects.filter(pk=held.pk).update(office="clerk")
    held.refresh_from_db()
    return held


def late(task: Deadline, days: int) -> str:
    return str(task.due_on + timedelta(days=days))  # type: ignore[operator]


def told(task: Deadline) -> list[dict[str, object]]:
    return [json.loads(entry.body)["after"] for entry in reports_of(task)]


def test_a_task_is_reported_once_to_each(town, task) -> None:
    for days in (4, 5, 5, 6, 20, 21):
        remind_due(at(late(task, days)))
    own, above = told(task)
    assert (own["office"], own["seat"], own["days"]) == ("chair", town.unit.code, 5)
    assert (above["office"], above["seat"], above["days"]) == ("county", town.unit.parent.code, 20)
    assert Entry.objects.filter(action=REPORT).count() == 2


def test_a_day_missed_is_made_up_for_and_a_new_deadline_counts_anew(task) -> None:
    remind_due(at(late(task, 9)))
    assert [after["days"] for after in told(task)] == [9]
    Deadline.objects.filter(pk=task.pk).update(due_on=task.due_on + timedelta(days=10))
    remind_due(at(late(task, 14)))
    assert len(told(task)) == 1
    remind_due(at(late(task, 15)))
    assert [after["days"] for after in told(task)] == [9, 5]


def test_the_years_own_rules_count(town, task) -> None:
    cycle = Cycle.objects.get()
    rules = Rules().with_values({"escalate_days": 2, "escalate_county_days": 0})
    Cycle.objects.filter(pk=cycle.pk).update(rules_data=rules.frozen_json())
    assert policy_of(cycle.reference).next_after == 2 and policy_of("").next_after == 5
    remind_due(at(late(task, 2)))
    remind_due(at(late(task, 40)))
    assert [after["level"] for after in told(task)] == ["next"]
    assert policy_of_year(cycle.reference).above_after == 0


def test_the_page_of_the_task_says_to_whom_it_was_reported(town, task, client, monkeypatch) -> None:
    from django.utils import timezone

    remind_due(at(late(task, 5)))
    monkeypatch.setattr(timezone, "now", lambda: at(late(task, 6)))
    client.force_login(town.of("chair"))
    page = client.get(reverse("task", args=[task.pk])).content.decode()
    assert "已超期上报" in page and "超期 5 天，报告青溪镇人大主席" in page
    monkeypatch.setattr(timezone, "now", lambda: at(str(task.due_on)))
    assert "已超期上报" not in client.get(reverse("task", args=[task.pk])).content.decode()


def test_a_steps_own_facts_take_no_place_on_the_page_around_them(town, task, client, monkeypatch) -> None:
    from django.utils import timezone

    remind_due(at(late(task, 5)))
    monkeypatch.setattr(timezone, "now", lambda: at(late(task, 6)))
    client.force_login(town.of("chair"))
    address, node = reverse("task", args=[task.pk]), task.task.flow_task
    facts = node.context(task.task.process.artifact)
    own = dict.fromkeys(("escalations", "deadline", "history", "seat_called", "next_steps", "comment_form"))
    assert own.keys() <= client.get(address).context.keys()
    monkeypatch.setattr(node, "context", lambda _subject: facts | own)
    page = client.get(address).content.decode()
    assert "超期 5 天，报告青溪镇人大主席" in page and task.label in page and "启动日" in page


def test_the_sweep_asks_once_about_many_tasks_that_are_told_already(
    town, task, django_assert_max_num_queries
) -> None:
    when = at(late(task, 30))
    remind_due(when)
    with django_assert_max_num_queries(14):
        assert remind_due(when) == 0


def test_of_two_sweeps_at_once_one_reports(fresh_database: str) -> None:
    with within(SYSTEM):
        made = township()
        start_year(made.act("chair", at("2026-08-10")), **PLAN)
        held = open_task("collection.scheme")
        Deadline.objects.filter(pk=held.pk).update(office="clerk")
    when = at(late(held, 16))

    def sweep(_n: int) -> int:
        try:
            return remind_due(when)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(sweep, range(4)))
    remind_due(when)
    with within(SYSTEM):
        assert len(reports_of(held)) == 2
