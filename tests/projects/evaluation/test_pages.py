"""Step 6's tasks as their offices see them in the browser."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from projects.demo.play.evaluation import play_opening
from projects.evaluation.flows import (
    AddendumFlow,
    EvaluationFlow,
    HearingFlow,
    LookBackFlow,
    MeasurementFlow,
    MeasurementRecountFlow,
    ReviewFlow,
)
from projects.portal.staff_selectors import tasks_by_step
from tests.builders import do, open_task
from tests.projects.evaluation.test_evaluation import (
    ALL_GOOD,
    REPORT,
    T2,
    asked,
    assembled,
    called,
    keyed,
    listed,
    opened,
    reported,
)
from workflow.flows.nodes import OfficeView
from workflow.roles.middleware import SESSION_KEY
from workflow.roles.models import RoleGrant

pytestmark = pytest.mark.django_db


def page(user, key, office="") -> str:
    """The task's page, acting in an office where the person holds several."""
    client = Client()
    client.force_login(user)
    if office:
        session = client.session
        session[SESSION_KEY] = RoleGrant.objects.get(user=user, office=office).pk
        session.save()
    response = client.get(f"/tasks/{open_task(key).task_id}/")
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def test_the_mayor_sees_the_projects_beside_the_report(town, cycle):
    shown = page(town.of("mayor"), "evaluation.completion_report")
    assert "老年食堂" in shown and "100 万元" in shown and "报告正文" in shown


def test_the_clerk_sees_that_a_sample_is_insufficient(town, cycle):
    reported(town, cycle)
    assert "样本不足" in page(town.of("clerk"), "evaluation.residents")


def test_the_clerk_opens_the_session_and_records_who_counts(town, cycle):
    asked(town, cycle)
    called(town)
    listed(town)
    shown = page(town.of("clerk"), "evaluation.preliminary")
    assert "第十八届人民代表大会第四次会议" in shown and "选举产生的主席团成员" in shown
    assert "会议定于一月十八日举行" in shown, "the notice stands beside it"
    play_opening(town, cycle, date.fromisoformat(T2))
    do("evaluation.presidium_report", town.of("chair"), T2, **REPORT)
    shown = page(town.of("clerk"), "evaluation.adopt_tellers")
    assert "总监票人" in shown and "1. 村道硬化" in shown


def test_the_chair_reads_what_keeps_the_session_open_and_the_years_page_lists_the_closing(town, cycle):
    assembled(town, cycle)
    shown = page(town.of("chair"), "supervision.close_session", "chair")
    assert "宣布闭会" in shown and "尚有事项须在本次会议办理" in shown
    closing = open_task("supervision.close_session")
    assert closing in [task for step in tasks_by_step(cycle) for task in step.open]


def test_the_second_counter_sees_no_figure_of_the_first(town, cycle):
    opened(town, cycle)
    do("evaluation.measure_key_first", town.of("counter", 1), T2, **keyed(cycle, ALL_GOOD, 20, 0))
    shown = page(town.of("counter", 2), "evaluation.measure_key_second")
    assert "1. 村道硬化：基本满意" in shown
    assert 'value="18"' not in shown and 'value="16"' not in shown


def test_the_teller_sees_the_agreed_sheet_and_what_it_comes_to(town, cycle):
    opened(town, cycle)
    for n, key in enumerate(("evaluation.measure_key_first", "evaluation.measure_key_second"), 1):
        do(key, town.of("counter", n), T2, **keyed(cycle, ALL_GOOD, 20, 0))
    shown = page(town.of("teller"), "evaluation.measure_certify_teller", "teller")
    assert "满意率 95%" in shown and "计票结果报告单" in shown


def test_nobody_else_sees_the_sheet_before_the_signatures(town, cycle):
    opened(town, cycle)
    for n, key in enumerate(("evaluation.measure_key_first", "evaluation.measure_key_second"), 1):
        do(key, town.of("counter", n), T2, **keyed(cycle, ALL_GOOD, 20, 0))
    for office in ("chair", "clerk", "mayor", "deputy", "counter"):
        shown = page(town.of(office), "evaluation.measure_certify_teller")
        assert "此处不显示" in shown and "满意率" not in shown


def test_every_step_says_what_it_rests_on():
    steps = [
        n
        for flow in (
            ReviewFlow,
            HearingFlow,
            EvaluationFlow,
            MeasurementFlow,
            MeasurementRecountFlow,
            LookBackFlow,
            AddendumFlow,
        )
        for n in flow.instance.nodes()
        if isinstance(n, OfficeView)
    ]
    assert len(steps) == 34
    assert all(str(step.basis) and str(step.task_title) for step in steps)
