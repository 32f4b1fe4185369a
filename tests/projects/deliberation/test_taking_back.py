"""取回 in step 3: what a delegation, and the clerk after them, wrote down, until somebody acts on it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from viewflow.workflow.models import Task

from projects.cycles.models import Paper
from projects.deliberation.models import BudgetLine, Opinion, Visit
from projects.demo.play import deliberation as play
from projects.demo.play.stage import do_task, moment
from tests.builders import open_task, township
from tests.projects.deliberation.test_deliberation import PLAN, SEATS, T, played, year_at_step_3
from workflow.flows.errors import Taken
from workflow.flows.models import Deadline
from workflow.flows.services import claim
from workflow.flows.taking_back import take_back
from workflow.people.isolation import SYSTEM, apply

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(db):
    apply(SYSTEM)
    return township()


@pytest.fixture
def prepared(town):
    """All is ready: the preliminary meeting waits for the clerk."""
    cycle = year_at_step_3(town)
    return played(
        "prepared",
        cycle,
        lambda: play.play_preparation(town, cycle, t=T, seats=SEATS, unconfirmed=18, **PLAN),
    )


@pytest.fixture
def heard(town, prepared):
    opened = played("opened", prepared, lambda: play.play_opening(town, prepared, t=T))
    return played("heard", opened, lambda: play.play_delegations(town, opened, t=T))


def done(key: str) -> Deadline:
    return Deadline.objects.select_related("done_by").filter(key=key).exclude(done_at=None).order_by("-pk")[0]


def taken(deadline: Deadline) -> None:
    take_back(deadline.pk, actor=deadline.done_by, reason="数字有误", at=moment(T, 8))


def test_the_last_branch_is_taken_back_and_the_meeting_waits_again(town, prepared):
    meeting, visits = open_task("deliberation.preliminary"), done("deliberation.visits")
    taken(visits)
    meeting.refresh_from_db()
    assert meeting.cancelled and not Paper.objects.filter(kind="visits").exists()
    assert not Deadline.objects.filter(key="deliberation.preliminary", cancelled=False).exists()
    do_task(prepared, "deliberation.visits", town.of("clerk"), T, hour=8, body="各团走访情况。")
    assert open_task("deliberation.preliminary").pk != meeting.pk
    play.play_opening(town, prepared, t=T)


def test_a_delegations_visit_is_taken_back_only_until_it_is_summed_up(prepared):
    with pytest.raises(Taken, match="汇总走访视察情况”已由"):
        taken(done("deliberation.visit_voters"))
    assert Visit.objects.exists()


def test_a_delegations_opinions_are_taken_back_until_the_presidium_looks_at_them(town, heard):
    settling, deliberated = open_task("deliberation.settle"), done("deliberation.deliberate")
    before = Opinion.objects.count()
    taken(deliberated)
    settling.refresh_from_db()
    assert settling.cancelled and 0 < Opinion.objects.count() < before
    assert not Opinion.objects.filter(delegation=deliberated.seat).exists()
    join = Task.objects.filter(process=deliberated.task.process, flow_task_type="JOIN").order_by("-pk")[0]
    assert join.status == "CANCELED"


def test_once_the_clerk_has_claimed_them_for_the_presidium_they_stay(town, heard):
    claim(open_task("deliberation.settle").pk, actor=town.of("clerk"), at=moment(T, 11))
    with pytest.raises(Taken, match=r"听取审议情况，确定表决事项”已由.*认领"):
        taken(done("deliberation.deliberate"))


def test_what_was_trained_is_taken_back_with_its_paper(town, prepared):
    for key, kind in (("training", "training"), ("visits", "visits")):
        taken(done(f"deliberation.{key}"))
        assert not Paper.objects.filter(kind=kind).exists()
    with pytest.raises(Taken, match=r"印发会议材料”已由.*办结"):
        taken(done("deliberation.readiness"))
    with pytest.raises(Taken, match="核定代表名册”不能取回：名册是法定人数和过半数的基数"):
        taken(done("deliberation.roll"))
    with pytest.raises(Taken, match=r"向党委请示会议筹备”不能取回：.*由党委会议退回"):
        taken(done("deliberation.report_party"))


def test_the_budget_table_is_taken_back_while_the_others_are_at_work(town):
    cycle = year_at_step_3(town)
    play.play_report(town, cycle, t=T, **PLAN)
    play.play_agenda(town, cycle, t=T, seats=SEATS)
    bill = {"body": "提请审议票决。", "report": "经公开征集形成。", "funds": "列入年度预算草案。"}
    do_task(cycle, "deliberation.bill", town.of("mayor"), T - timedelta(days=20), **bill)
    do_task(
        cycle, "deliberation.budget", town.of("finance"), T - timedelta(days=19), **play.budget_data(cycle)
    )
    assert BudgetLine.objects.exists()
    taken(done("deliberation.budget"))
    assert not BudgetLine.objects.exists() and not Paper.objects.filter(kind="budget_table").exists()
    do_task(
        cycle, "deliberation.budget", town.of("finance"), T - timedelta(days=19), **play.budget_data(cycle)
    )
    assert BudgetLine.objects.exists()
