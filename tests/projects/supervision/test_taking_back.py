"""取回 in step 5: plans, reports, lines of the ledger, what was put right and answered, until somebody acts on it."""

from __future__ import annotations

import json

import pytest
from django.core.files.storage import default_storage

from projects.cycles.models import Attachment, Paper
from projects.supervision.duties import open_due_reports
from projects.supervision.flows.progress import ProgressFlow, RedLightFlow
from projects.supervision.models import Inquiry, Plan, Progress, Project
from tests.builders import at, do, open_task
from tests.files import picture
from tests.projects.supervision.conftest import PLAN
from tests.projects.supervision.test_supervision import (
    DONE,
    SIGNED,
    UNTENDERED,
    WON,
    fix,
    found_one,
    hear,
    plan_fix,
    planned_contract,
    reported,
)
from workflow.audit.models import Entry
from workflow.flows.errors import Refused, Taken
from workflow.flows.models import Deadline
from workflow.flows.processes import running
from workflow.flows.services import claim, complete, send_back
from workflow.flows.taking_back import take_back

pytestmark = pytest.mark.django_db


def taken(key: str, actor, day: str) -> Entry:
    done = (
        Deadline.objects.filter(key=f"supervision.{key}").exclude(done_at=None).order_by("-done_at", "-pk")[0]
    )
    return take_back(done.pk, actor=actor, reason="数字写错", at=at(day, 15))


# The plan


def test_a_first_plan_is_taken_back_until_the_mayor_acts_on_it(year):
    year.grouped()
    clerk = year.clerk_of(year.project())
    year.do("plan", clerk, "2027-02-15", **PLAN)
    taken("plan", clerk, "2027-02-15")
    assert not Plan.objects.exists() and not year.project().milestones.exists()
    year.do("plan", clerk, "2027-02-16", **PLAN | {"responsible": "新任负责人"})
    confirming = year.task("confirm_plan")
    claim(confirming.pk, actor=year.town.of("mayor"), at=at("2027-02-16"))
    with pytest.raises(Taken, match=r"确认实施计划”已由.*认领"):
        taken("plan", clerk, "2027-02-16")
    assert year.project().plan.responsible == "新任负责人"


def test_a_plan_drawn_up_again_gives_way_to_the_one_before(year):
    year.grouped()
    clerk, mayor = year.clerk_of(year.project()), year.town.of("mayor")
    year.do("plan", clerk, "2027-02-15", **PLAN)
    first = Plan.objects.values().get()
    nodes = list(year.project().milestones.values_list("title", "due_on", "percent"))
    send_back(year.task("confirm_plan").pk, actor=mayor, reason="节点太少，请补充。", at=at("2027-02-16"))
    other = PLAN | {"funds": "全部由县级补助解决。", "node_title_2": "桥涵完工", "node_on_2": "2027-07-20"}
    year.do("plan", clerk, "2027-02-17", **other)
    assert Plan.objects.get().funds != first["funds"]
    taken("plan", clerk, "2027-02-17")
    again = Plan.objects.values().get()
    assert all(again[name] == value for name, value in first.items() if name != "replaced")
    assert list(year.project().milestones.values_list("title", "due_on", "percent")) == nodes


def test_the_mayors_confirmation_is_taken_back_and_a_published_plan_keeps_nothing_of_the_one_before(year):
    year.grouped()
    clerk, mayor = year.clerk_of(year.project()), year.town.of("mayor")
    year.do("plan", clerk, "2027-02-15", **PLAN)
    year.do("confirm_plan", mayor, "2027-02-16")
    reviewing = year.task("review_plan")
    taken("confirm_plan", mayor, "2027-02-16")
    reviewing.refresh_from_db()
    assert reviewing.cancelled and year.task("confirm_plan")
    send_back(year.task("confirm_plan").pk, actor=mayor, reason="节点太少，请补充。", at=at("2027-02-17"))
    year.do("plan", clerk, "2027-02-18", **PLAN)
    assert Plan.objects.get().replaced["milestones"]
    year.do("confirm_plan", mayor, "2027-02-19")
    year.do("review_plan", year.town.of("clerk"), "2027-03-01", **year.presidium("2027-03-01"))
    assert Plan.objects.get().replaced == {}


# Reports


def test_a_report_is_taken_back_on_its_day_with_its_figures_nodes_and_photos(year):
    year.building()
    year.report("2027-04-02", 4)
    open_due_reports(at("2027-05-05", 7))
    clerk, node = year.clerk_of(year.project()), year.project().milestones.first()
    data = {"percent": 14, "invested_fen": "90", "funded_fen": "95", "milestones_done": [str(node.pk)]}
    task = year.task("progress")
    complete(task.pk, actor=clerk, data=data, files={"photos": [picture("现场.jpg")]}, at=at("2027-05-05"))
    kept = Attachment.objects.get(subject=year.project().reference)
    with pytest.raises(Taken, match="只能在办结当日取回"):
        taken("progress", clerk, "2027-05-06")
    entry = taken("progress", clerk, "2027-05-05")
    project = year.project()
    assert (project.percent, project.invested_fen, project.funded_fen, project.light) == (
        4, 10_000_000, 20_000_000, "green",
    )  # fmt: skip
    assert list(project.reports.values_list("period", flat=True)) == ["2027-03"]
    node.refresh_from_db()
    assert node.done_on is None and not Attachment.objects.filter(pk=kept.pk).exists()
    assert json.loads(entry.body)["reason"] == "数字写错" and running(ProgressFlow, project).exists()
    year.do("progress", clerk, "2027-05-05", **data | {"percent": 12})
    assert year.project().percent == 12


def test_the_stored_photo_goes_once_the_taking_back_stands(year, django_capture_on_commit_callbacks):
    year.building()
    open_due_reports(at("2027-04-02", 7))
    clerk = year.clerk_of(year.project())
    data = {"percent": 4, "invested_fen": "10", "funded_fen": "20"}
    task = year.task("progress")
    complete(task.pk, actor=clerk, data=data, files={"photos": [picture("现场.jpg")]}, at=at("2027-04-02"))
    name = Attachment.objects.get(subject=year.project().reference).file.name
    with django_capture_on_commit_callbacks(execute=True):
        taken("progress", clerk, "2027-04-02")
        assert default_storage.exists(name)
    assert not default_storage.exists(name)


def until_red(year) -> None:
    year.building()
    for day, percent in (("2027-04-02", 3), ("2027-05-05", 10), ("2027-06-02", 10), ("2027-07-02", 10)):
        year.report(day, percent)


def test_the_red_light_a_report_raised_goes_with_it_until_the_mayor_acts_on_it(year):
    until_red(year)
    clerk = year.clerk_of(year.project())
    year.report("2027-08-03", 12)
    red = year.task("red_light")
    claim(red.pk, actor=year.town.of("mayor"), at=at("2027-08-03"))
    with pytest.raises(Taken, match=r"办理红灯督办”已由.*认领"):
        taken("progress", clerk, "2027-08-03")
    assert year.project().light == "red"
    type(red.task).objects.filter(pk=red.pk).update(owner=None, status="NEW")
    taken("progress", clerk, "2027-08-03")
    red.refresh_from_db()
    assert red.cancelled and not running(RedLightFlow, year.project()).exists()
    assert year.project().light == "yellow"
    year.do("progress", clerk, "2027-08-03", percent=45, invested_fen="100", funded_fen="120")
    assert not running(RedLightFlow, year.project()).exists()


def test_a_red_light_raised_before_stays_when_a_later_report_is_taken_back(year):
    until_red(year)
    clerk = year.clerk_of(year.project())
    year.report("2027-08-03", 12)
    red = year.task("red_light")
    year.report("2027-09-02", 14)
    taken("progress", clerk, "2027-09-02")
    assert year.task("red_light").pk == red.pk and year.project().percent == 12


def test_a_report_another_one_has_followed_stays(year):
    year.building()
    open_due_reports(at("2027-05-05", 7))
    clerk = year.clerk_of(year.project())
    tasks = {
        d.task.data["period"]: d for d in Deadline.objects.filter(key="supervision.progress", done_at=None)
    }
    for period, percent in (("2027-03", 4), ("2027-04", 12)):
        data = {"percent": percent, "invested_fen": "10", "funded_fen": "20"}
        complete(tasks[period].pk, actor=clerk, data=data, at=at("2027-05-05"))
    with pytest.raises(Refused, match="之后的报告期已经报告"):
        take_back(tasks["2027-03"].pk, actor=clerk, reason="数字写错", at=at("2027-05-05", 15))
    assert Progress.objects.count() == 2 and year.project().percent == 12


# The ledger of money

PAID = {
    "way": "paid", "source": "own", "amount_fen": "100", "paid_on": "2027-04-22", "party": "恒立建设有限公司",
    "words": "合同签订后的预付款。",
}  # fmt: skip


def test_the_only_contract_is_not_taken_back_once_money_was_paid_on_it(year):
    planned_contract(year, **UNTENDERED)
    clerk, finance = year.clerk_of(year.project()), year.town.of("finance")
    year.do("contract", clerk, "2027-04-22", **SIGNED)
    year.event("pay", finance, "2027-04-22", **PAID)
    with pytest.raises(Refused, match="已经按此登记付款，不能取回"):
        taken("contract", clerk, "2027-04-22")
    assert [line.kind for line in year.project().contracts.all()] == ["contract"]
    year.event("pay", finance, "2027-04-22", **PAID | {"way": "back"})
    taken("contract", clerk, "2027-04-22")
    assert not year.project().contracts.exists() and year.task("contract")


def test_a_contract_is_taken_back_while_another_covers_what_was_paid(year):
    planned_contract(year, **UNTENDERED)
    clerk, project = year.clerk_of(year.project()), year.project()
    other = SIGNED | {"amount_fen": 100_000_000, "unit": project.unit, "kind": "contract"}
    project.contracts.create(**other)
    year.do("contract", clerk, "2027-04-22", **SIGNED | {"amount_fen": "200"})
    year.event("pay", year.town.of("finance"), "2027-04-22", **PAID)
    taken("contract", clerk, "2027-04-22")
    assert [line.amount_fen for line in project.contracts.all()] == [100_000_000]


def test_a_line_of_the_ledger_is_taken_back_before_the_next_is_registered(year):
    planned_contract(year)
    clerk = year.clerk_of(year.project())
    year.do("tender", clerk, "2027-04-12", **WON)
    taken("tender", clerk, "2027-04-12")
    assert not year.project().contracts.exists() and year.task("tender")
    year.do("tender", clerk, "2027-04-12", outcome="none", no_tender="财政评审后未达到规定限额。")
    taken("tender", clerk, "2027-04-12")
    assert year.project().plan.no_tender == ""
    year.do("tender", clerk, "2027-04-12", **WON)
    year.do("contract", clerk, "2027-04-22", **SIGNED)
    with pytest.raises(Taken, match="后续流程已经结束"):
        done = Deadline.objects.get(key="supervision.tender", done_at__isnull=False, cancelled=False)
        take_back(done.pk, actor=clerk, reason="数字写错", at=at("2027-04-22", 15))
    taken("contract", clerk, "2027-04-22")
    assert [line.kind for line in year.project().contracts.all()] == ["tender"]
    year.do("contract", clerk, "2027-04-23", **SIGNED | {"amount_fen": "300"})


def test_a_contract_that_was_paid_under_or_completed_on_stays(year):
    planned_contract(year, **UNTENDERED)
    clerk, finance = year.clerk_of(year.project()), year.town.of("finance")
    year.do("contract", clerk, "2027-04-22", **SIGNED)
    year.project().contracts.filter(kind="contract").update(amount_fen=390_000_000)
    paid = {"way": "paid", "source": "own", "amount_fen": "385", "paid_on": "2027-04-22", "party": "恒立"}
    year.event("pay", finance, "2027-04-22", **paid)
    with pytest.raises(Refused, match="已经按此登记付款"):
        taken("contract", clerk, "2027-04-22")
    assert year.project().contracts.exists()
    year.event("pay", finance, "2027-04-22", **paid | {"way": "back", "words": "误付，全部退回。"})
    Project.objects.filter(pk=year.project().pk).update(state="completed")
    with pytest.raises(Refused, match="项目已报完工"):
        taken("contract", clerk, "2027-04-22")
    Project.objects.filter(pk=year.project().pk).update(state="building")
    taken("contract", clerk, "2027-04-22")
    assert not year.project().contracts.exists()


def test_completion_reported_stays_and_says_the_way_back(year):
    planned_contract(year, **UNTENDERED)
    clerk = year.clerk_of(year.project())
    year.do("contract", clerk, "2027-04-22", **SIGNED)
    year.do("accept", clerk, "2027-10-09", **DONE)
    with pytest.raises(Taken, match=r"申请完工验收”不能取回：.*由代表监督小组退回"):
        taken("accept", clerk, "2027-10-09")


# Findings and questions


def test_what_was_planned_and_put_right_is_taken_back(year):
    finding = found_one(year)
    clerk = year.clerk_of(year.project())
    plan_fix(year)
    taken("plan_rectify", clerk, "2027-05-24")
    finding.refresh_from_db()
    assert (finding.measures, finding.responsible, finding.fix_by) == ("", "", None)
    plan_fix(year)
    fix(year, "2027-06-10")
    assert Attachment.objects.filter(subject=finding.reference).exists()
    taken("rectify", clerk, "2027-06-10")
    finding.refresh_from_db()
    assert (finding.state, finding.remedy) == ("open", "")
    assert not Attachment.objects.filter(subject=finding.reference).exists()
    fix(year, "2027-06-11")
    year.do("recheck", year.members()[0], "2027-06-15", decision="close")
    with pytest.raises(Taken, match="复查整改”不能取回：复查即销号"):
        taken("recheck", year.members()[0], "2027-06-15")


def test_a_special_report_and_a_written_answer_are_taken_back_until_the_presidium_meets(year):
    reported(year)
    mayor = year.town.of("mayor")
    given = Deadline.objects.get(key="supervision.give_report", cancelled=False)
    day = str(given.done_at.date())
    taken("give_report", mayor, day)
    assert not Paper.objects.filter(kind="special_report").exists()
    do("supervision.give_report", mayor, day, report="上半年各项目总体进度正常，个别项目滞后。")
    hear(year, asked_1="资金有无拖欠？")
    do("supervision.mayor_answer", mayor, "2027-07-26", answer="没有拖欠。")
    taken("mayor_answer", mayor, "2027-07-26")
    asked = Inquiry.objects.get()
    assert (asked.state, asked.answer) == ("asked", "") and open_task("supervision.mayor_answer")
    do("supervision.mayor_answer", mayor, "2027-07-27", answer="没有拖欠，附明细。")
    do("supervision.accept_answer", year.town.of("clerk"), "2027-08-02", **year.presidium("2027-08-02"))
    with pytest.raises(Taken, match="后续流程已经结束"):
        taken("mayor_answer", mayor, "2027-08-02")
