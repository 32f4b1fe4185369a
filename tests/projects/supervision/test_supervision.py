"""Step 5: from the 交办单 to acceptance."""

from __future__ import annotations

import json
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from projects.cycles.models import Attachment, Cycle, Paper
from projects.evaluation.ledgers import LEDGERS
from projects.supervision.duties import open_due_reports
from projects.supervision.flows.progress import ProgressFlow, RedLightFlow
from projects.supervision.models import Finding, Inquiry, Project
from projects.supervision.selectors import lights_of, money_of, project_file
from tests.builders import arranged, at, do, open_task
from tests.files import picture
from tests.projects.supervision.conftest import PLAN
from tests.standing import stands
from workflow.audit.models import Entry
from workflow.flows.errors import InvalidForm, NotYourTurn, Obstructed, Refused, Taken
from workflow.flows.models import Deadline
from workflow.flows.processes import running
from workflow.flows.services import complete, send_back
from workflow.flows.taking_back import take_back
from workflow.people.isolation import apply
from workflow.roles.selectors import context_of, grants_of, holders_of

pytestmark = pytest.mark.django_db

VISIT = {"on": "2027-05-20", "place": "第1村", "words": "察看路基施工情况。"}
DONE = {"completed_on": "2027-10-08", "materials": "竣工图、检测报告、结算资料。"}


def open_keys(reference: str) -> list[str]:
    """The open tasks of step 5; an accepted project also has its review, of step 6."""
    rows = Deadline.objects.filter(subject=reference, step=5, done_at=None, cancelled=False).order_by("key")
    return list(rows.values_list("key", flat=True))


# Founding and handing over


def test_every_elected_item_becomes_a_project_with_what_was_decided(year):
    found = list(Project.objects.filter(cycle=year.cycle))
    assert [p.number for p in found] == [1, 2, 3]
    assert [p.budget_fen for p in found] == [p.item.investment_fen for p in found]
    assert {p.state for p in found} == {"elected"}
    assert open_task("supervision.hand_over").due_on == date(2027, 1, 27)
    assert Entry.objects.filter(action="project.found").count() == 3


def test_handing_over_assigns_every_project_and_opens_a_plan_with_its_department(year):
    year.handed_over()
    assert {p.state for p in Project.objects.all()} == {"assigned"}
    paper = Paper.objects.get(kind="assignment")
    assert [row["department"] for row in paper.data["projects"]] == [
        d.name for d in year.town.departments[:3]
    ]
    assert {d.seat_id for d in Deadline.objects.filter(key="supervision.plan")} == {
        d.pk for d in year.town.departments[:3]
    }


def test_the_leaders_name_does_not_enter_the_trail(year):
    year.handed_over()
    assert Project.objects.filter(leader="副镇长").count() == 3
    assert not Entry.objects.filter(body__contains="副镇长").exists()


def test_handing_over_without_a_majority_is_no_decision(year):
    rows = {f"leader_{p.pk}": "副镇长" for p in Project.objects.all()}
    data = year.presidium("2027-01-25", agree=False) | rows
    with pytest.raises(InvalidForm, match="半数"):
        do("supervision.hand_over", year.town.of("clerk"), "2027-01-25", **data)


def test_the_mayor_does_not_hand_over_to_himself(year):
    with pytest.raises(NotYourTurn):
        do("supervision.hand_over", year.town.of("mayor"), "2027-01-25", **year.presidium("2027-01-25"))


def test_a_plan_across_the_spring_festival_is_due_after_forty_five_days(year):
    year.handed_over()
    assert year.task("plan").due_on == date(2027, 3, 8)  # T + 45 = Saturday 6 March 2027
    assert year.task("plan").provisional


def test_founding_twice_founds_nothing_new(year):
    from projects.supervision.services import found_projects

    assert found_projects(year.town.act("chair", at("2027-01-21")), year.cycle) == []


# Groups


def test_every_group_gets_a_unit_and_its_inspectors(year):
    year.grouped()
    project = year.project()
    assert project.group.kind == "group" and project.group.tenant_id == year.town.unit.pk
    assert holders_of("inspector", project.group, date(2027, 2, 1)) == year.members()
    assert [d.office for d in Deadline.objects.filter(key="supervision.inspect")] == ["inspector"] * 3


def test_a_group_of_one_is_refused(year):
    year.handed_over()
    rows = {f"members_{p.pk}": [str(u.pk) for u in year.members()] for p in Project.objects.all()}
    rows[f"members_{year.project().pk}"] = [str(year.members()[0].pk)]
    with pytest.raises(InvalidForm, match="至少 2 名"):
        do("supervision.groups", year.town.of("clerk"), "2027-02-01", **(year.presidium("2027-02-01") | rows))


def test_who_is_no_deputy_joins_no_group(year):
    year.handed_over()
    outsider = year.town.of("gov_clerk")
    rows = {f"members_{p.pk}": [str(u.pk) for u in year.members()] for p in Project.objects.all()}
    rows[f"members_{year.project().pk}"] = [str(year.members()[0].pk), str(outsider.pk)]
    with pytest.raises(InvalidForm):
        do("supervision.groups", year.town.of("clerk"), "2027-02-01", **(year.presidium("2027-02-01") | rows))


def test_the_groups_are_formed_within_the_townships_own_rows(year):
    """Row-level security lets the clerk make the group's offices, and no more than the own township's."""
    year.handed_over()
    clerk = year.town.of("clerk")
    apply(context_of(grants_of(clerk, date(2027, 2, 1))[0]))
    rows = {f"members_{p.pk}": [str(u.pk) for u in year.members(p.number)] for p in Project.objects.all()}
    do("supervision.groups", clerk, "2027-02-01", **(year.presidium("2027-02-01") | rows))
    assert year.project().group is not None


# Plan


def test_the_plan_is_confirmed_reviewed_and_published(year):
    year.building()
    project = year.project()
    assert (project.state, project.building_since) == ("building", date(2027, 3, 1))
    assert project.plan.published_at == at("2027-03-01")
    assert [m.percent for m in project.milestones.all()] == [10, 60, 100]
    assert year.task("accept").due_on == date(2027, 12, 20)


def test_another_departments_clerk_cannot_draw_up_the_plan(year):
    from tests.projects.supervision import conftest

    year.handed_over()
    with pytest.raises(NotYourTurn):
        year.do("plan", year.clerk_of(year.project(2)), "2027-02-15", **conftest.PLAN)


def test_the_mayor_sends_the_plan_back_with_a_reason(year):
    from tests.projects.supervision import conftest

    year.handed_over()
    year.do("plan", year.clerk_of(year.project()), "2027-02-15", **conftest.PLAN)
    send_back(
        year.task("confirm_plan").task_id,
        actor=year.town.of("mayor"),
        reason="资金安排没有写到年度预算科目。",
        at=at("2027-02-16"),
    )
    assert year.task("plan").office == "department"


def test_the_presidium_sends_the_plan_back_to_the_department(year):
    from tests.projects.supervision import conftest

    year.handed_over()
    year.do("plan", year.clerk_of(year.project()), "2027-02-15", **conftest.PLAN)
    year.do("confirm_plan", year.town.of("mayor"), "2027-02-16")
    entry = year.do(
        "review_plan", year.town.of("clerk"), "2027-02-20", **year.presidium("2027-02-20", agree=False)
    )
    assert entry.action == "supervision.review_plan.return"
    assert year.project().state == "assigned" and year.project().plan.published_at is None
    assert year.task("plan")


def test_a_plan_cannot_move_the_deadline_the_congress_decided(year):
    from tests.projects.supervision import conftest

    year.handed_over()
    late = conftest.PLAN | {"finish_by": "2027-12-31", "node_on_3": "2027-12-31"}
    with pytest.raises(InvalidForm, match="工期调整"):
        year.do("plan", year.clerk_of(year.project()), "2027-02-15", **late)


def test_a_node_without_its_date_is_refused(year):
    from tests.projects.supervision import conftest

    year.handed_over()
    with pytest.raises(InvalidForm, match="节点 2"):
        year.do("plan", year.clerk_of(year.project()), "2027-02-15", **(conftest.PLAN | {"node_on_2": ""}))


# Progress and lights


def test_a_period_is_asked_for_once(year):
    year.building()
    assert open_due_reports(at("2027-05-03")) == 2  # March and April
    assert open_due_reports(at("2027-05-04")) == 0
    periods = [d.task.data["period"] for d in Deadline.objects.filter(key="supervision.progress")]
    assert sorted(periods) == ["2027-03", "2027-04"]


def test_a_small_project_reports_by_the_quarter(year):
    year.building(3)
    open_due_reports(at("2027-04-02"))
    assert year.task("progress", 3).task.data == {"period": "2027-Q1"}


def test_a_report_changes_the_figures_and_the_light_is_worked_out(year):
    year.building()
    entry = year.report("2027-04-02", 4)
    project = year.project()
    report = project.reports.get()
    assert (report.expected, report.light, project.light, project.percent) == (3, "green", "green", 4)
    assert (project.invested_fen, project.funded_fen) == (10_000_000, 20_000_000)
    assert json.loads(entry.body)["after"]["light"] == "green"
    assert lights_of(year.cycle) == {"green": 1, "": 2}


def test_a_report_keeps_its_photos(year):
    year.building()
    open_due_reports(at("2027-04-02", 7))
    photo = picture("现场.jpg")
    complete(
        year.task("progress").task_id,
        actor=year.clerk_of(year.project()),
        data={"percent": 4, "invested_fen": "10", "funded_fen": "20"},
        files={"photos": [photo]},
        at=at("2027-04-02"),
    )
    kept = Attachment.objects.get(subject=year.project().reference)
    assert (kept.name, kept.public) == ("现场.jpg", True)


def test_a_program_is_no_photo(year):
    year.building()
    open_due_reports(at("2027-04-02", 7))
    with pytest.raises(InvalidForm, match="格式不收"):
        complete(
            year.task("progress").task_id,
            actor=year.clerk_of(year.project()),
            data={"percent": 4, "invested_fen": "10", "funded_fen": "20"},
            files={"photos": [SimpleUploadedFile("a.exe", b"MZ")]},
            at=at("2027-04-02"),
        )


def test_progress_does_not_fall(year):
    year.building()
    year.report("2027-04-02", 10)
    with pytest.raises(InvalidForm, match="不能小于"):
        year.report("2027-05-05", 9)


def test_falling_behind_wants_an_explanation(year):
    year.building()
    year.report("2027-04-02", 3)
    year.report("2027-05-05", 10)
    year.report("2027-06-02", 18)
    with pytest.raises(InvalidForm, match="原因"):
        year.report("2027-07-02", 20, problems="")


def test_a_yellow_light_opens_no_task(year):
    year.building()
    for day, percent in (("2027-04-02", 3), ("2027-05-05", 10), ("2027-06-02", 18), ("2027-07-02", 20)):
        year.report(day, percent)
    assert year.project().light == "yellow"
    assert not Deadline.objects.filter(key="supervision.red_light").exists()


def test_a_red_light_is_a_task_of_the_mayor(year):
    year.building()
    for day, percent in (("2027-04-02", 3), ("2027-05-05", 10), ("2027-06-02", 10), ("2027-07-02", 10)):
        year.report(day, percent)
    year.report("2027-08-03", 12)
    assert year.project().light == "red"
    task = year.task("red_light")
    assert (task.office, task.due_on) == ("mayor", date(2027, 8, 17))
    year.report("2027-09-02", 14)
    year.do(
        "red_light",
        year.town.of("mayor"),
        "2027-09-03",
        measures="增加两个班组，倒排工期。",
        responsible="分管副镇长",
        back_on="2027-10-30",
    )
    assert Paper.objects.get(kind="rectification").data["back_on"] == "2027-10-30"


def test_a_flows_last_step_is_taken_back_on_the_day_it_was_done(year):
    year.building()
    for day, percent in (("2027-04-02", 3), ("2027-05-05", 10), ("2027-06-02", 10), ("2027-07-02", 10)):
        year.report(day, percent)
    year.report("2027-08-03", 12)
    mayor, task = year.town.of("mayor"), year.task("red_light")
    answer = {"measures": "增加两个班组。", "responsible": "分管副镇长", "back_on": "2027-10-30"}
    year.do("red_light", mayor, "2027-08-04", **answer)
    with pytest.raises(Taken, match="只能在办结当日取回"):
        take_back(task.pk, actor=mayor, reason="责任人写错", at=at("2027-08-05"))
    take_back(task.pk, actor=mayor, reason="责任人写错", at=at("2027-08-04", 15))
    assert not Paper.objects.filter(kind="rectification").exists()
    assert year.task("red_light").pk == task.pk and running(RedLightFlow, year.project()).exists()
    year.do("red_light", mayor, "2027-08-05", **answer | {"responsible": "镇长"})
    assert Paper.objects.get(kind="rectification").data["responsible"] == "镇长"
    assert not running(RedLightFlow, year.project()).exists()


def test_a_late_report_turns_the_light_yellow_then_red(year):
    year.building()
    open_due_reports(at("2027-04-01"))
    open_due_reports(at("2027-04-20"))
    assert year.project().light == "", "nobody can have missed a provisional day"
    arranged()
    open_due_reports(at("2027-04-20"))
    assert year.project().light == "yellow"
    open_due_reports(at("2027-05-20"))
    arranged()
    assert year.project().light == "yellow"  # April's report was asked for this very day
    open_due_reports(at("2027-06-10"))
    assert year.project().light == "red" and year.task("red_light")
    open_due_reports(at("2027-06-11"))
    assert Deadline.objects.filter(key="supervision.red_light").count() == 1


def test_the_sweep_asks_as_the_system(year):
    from projects.supervision.tasks import sweep_reports

    year.building()
    sweep_reports()
    task = Deadline.objects.filter(key="supervision.progress").first()
    assert (task.started_by if task else None) is None


def test_one_failing_project_keeps_no_other_waiting(year, monkeypatch, caplog):
    year.building().planned(2)
    begin, broken = ProgressFlow.begin, year.project().pk

    def failing(subject, **more):
        if subject.pk == broken:
            raise RuntimeError("计划缺失")
        return begin(subject, **more)

    monkeypatch.setattr(ProgressFlow, "begin", failing)
    assert open_due_reports(at("2027-04-02")) == 1
    assert year.task("progress", 2).task.data == {"period": "2027-03"}
    assert f"project:{broken}" in caplog.text and "计划缺失" in caplog.text
    monkeypatch.undo()
    assert open_due_reports(at("2027-04-02")) == 1  # asked for as soon as it can be
    assert year.task("progress").task.data == {"period": "2027-03"}


# Money and contracts

CONTRACT = {"number": "2027-1", "party": "恒立建设有限公司", "signed_on": "2027-03-10", "words": ""}


@stands
def planned_contract(year, number=1, **more):
    """A plan with a contract: by tender on 10 April unless said otherwise, signed on the 20th."""
    year.grouped()
    plan = PLAN | {"tender_by": "2027-04-10", "contract_by": "2027-04-20"} | more
    year.do("plan", year.clerk_of(year.project(number)), "2027-02-15", number, **plan)
    year.do("confirm_plan", year.town.of("mayor"), "2027-02-16", number)
    year.do("review_plan", year.town.of("clerk"), "2027-03-01", number, **year.presidium("2027-03-01"))


UNTENDERED = {"tender_by": "", "no_tender": "未达到规定的招标限额。"}
WON = CONTRACT | {"signed_on": "2027-04-10", "amount_fen": "372", "outcome": "held"}
SIGNED = CONTRACT | {"signed_on": "2027-04-20", "amount_fen": "370"}
SETTLED = CONTRACT | {"signed_on": "2027-11-30", "amount_fen": "375"}


@stands
def contracted(year):
    planned_contract(year, **UNTENDERED)
    year.do("contract", year.clerk_of(year.project()), "2027-04-22", **SIGNED)


def test_variations_add_up_with_the_contract_against_the_budget(year):
    contracted(year)
    clerk = year.clerk_of(year.project())
    assert money_of(year.project())["contracted"] == 370_000_000
    more = CONTRACT | {"amount_fen": "9"}
    year.event("further_line", clerk, "2027-05-12", kind="variation", **more)
    with pytest.raises(Refused, match="超出票决确定的总投资"):
        year.event("further_line", clerk, "2027-05-13", kind="variation", **more)
    assert money_of(year.project())["contracted"] == 379_000_000


@pytest.mark.parametrize(
    ("told", "refusal"),
    [
        ({"no_tender": ""}, "签订合同而不招标采购的，须写明理由"),
        ({"tender_by": "2027-04-10", "no_tender": "未达到规定限额。"}, "不填不招标的理由"),
        ({"tender_by": "2027-04-21"}, "招标采购不能晚于签订合同"),
        ({"tender_by": "2027-04-10", "contract_by": ""}, "须填写计划签订合同日期"),
        ({"contract_by": "2027-11-21", "no_tender": "未达到规定限额。"}, "签订合同不能晚于计划完工"),
    ],
)
def test_a_plan_names_its_tender_or_why_there_is_none(year, told, refusal):
    year.grouped()
    clerk, plan = year.clerk_of(year.project()), PLAN | {"contract_by": "2027-04-20"}
    with pytest.raises(InvalidForm, match=refusal):
        year.do("plan", clerk, "2027-02-15", **(plan | told))
    year.do("plan", clerk, "2027-02-15", **(plan | {"no_tender": "未达到规定限额。"}))
    assert year.project().plan.no_tender == "未达到规定限额。"


def test_tender_and_contract_are_tasks_one_after_the_other_each_clocked_from_the_plans_day(year):
    planned_contract(year)
    clerk = year.clerk_of(year.project())
    assert (year.task("tender").office, year.task("tender").due_on) == ("department", date(2027, 4, 23))
    assert not Deadline.objects.filter(key="supervision.contract").exists()
    with pytest.raises(Obstructed, match="招标采购、合同尚未登记"):
        year.do("accept", clerk, "2027-10-09", **DONE)
    with pytest.raises(NotYourTurn):
        year.do("tender", year.clerk_of(year.project(2)), "2027-04-12", **WON)
    with pytest.raises(InvalidForm, match="已招标采购的，须填写"):
        year.do("tender", clerk, "2027-04-12", **(WON | {"party": ""}))
    entry = year.do("tender", clerk, "2027-04-12", **WON)
    assert (entry.action, entry.subject) == ("supervision.tender", year.project().reference)
    assert year.task("contract").due_on == date(2027, 5, 6)  # ten working days, the May holiday between
    with pytest.raises(Obstructed, match="招标采购、合同尚未登记"):
        year.do("accept", clerk, "2027-10-09", **DONE)
    year.do("contract", clerk, "2027-04-22", **SIGNED)
    assert [c.kind for c in year.project().contracts.order_by("pk")] == ["tender", "contract"]
    year.do("accept", clerk, "2027-10-09", **DONE)


def test_a_tender_that_passes_the_cost_decided_is_not_registered(year):
    planned_contract(year)
    with pytest.raises(Refused, match="超出票决确定的总投资"):
        year.do("tender", year.clerk_of(year.project()), "2027-04-12", **(WON | {"amount_fen": "381"}))
    assert year.task("tender")


def test_a_planned_tender_that_is_not_held_says_why_and_the_contract_follows(year):
    planned_contract(year)
    clerk = year.clerk_of(year.project())
    with pytest.raises(InvalidForm, match="不招标的，须写明理由"):
        year.do("tender", clerk, "2027-04-12", outcome="none")
    year.do("tender", clerk, "2027-04-12", outcome="none", no_tender="财政评审后未达到规定限额。")
    project = year.project()
    assert project.plan.no_tender == "财政评审后未达到规定限额。" and not project.contracts.exists()
    (ledger,) = (ledger for ledger in LEDGERS if ledger.title == "招标合同结算台账")
    (row,) = ledger.rows(year.cycle)
    assert (row[2], row[-1]) == ("不招标", "财政评审后未达到规定限额。")
    assert year.task("contract")


def test_without_a_tender_the_contract_is_asked_for_at_once(year):
    planned_contract(year, **UNTENDERED)
    assert not Deadline.objects.filter(key="supervision.tender").exists()
    assert year.task("contract").due_on == date(2027, 5, 6)


def test_nothing_is_registered_before_the_plan_is_published(year):
    year.grouped()
    clerk, line = year.clerk_of(year.project()), CONTRACT | {"signed_on": "2027-02-10", "amount_fen": "370"}
    with pytest.raises(Obstructed, match="实施计划尚未公布"):
        year.event("further_line", clerk, "2027-02-12", kind="tender", **line)
    year.planned()
    year.event("further_line", clerk, "2027-03-12", kind="tender", **line)


def test_what_a_task_asks_for_is_not_registered_beside_it(year):
    planned_contract(year)
    clerk = year.clerk_of(year.project())
    line = CONTRACT | {"amount_fen": "1"}
    for kind, refusal in (
        ("tender", "已有待办任务"),
        ("contract", "招标采购尚未登记"),
        ("variation", "还没有登记合同"),
        ("settlement", "验收或者终止后登记"),
    ):
        with pytest.raises(InvalidForm, match=refusal):
            year.event("further_line", clerk, "2027-04-12", kind=kind, **line)
    year.do("tender", clerk, "2027-04-12", **WON)
    year.event("further_line", clerk, "2027-04-13", kind="tender", **line)  # a second tender, of another lot
    with pytest.raises(InvalidForm, match="已有待办任务"):
        year.event("further_line", clerk, "2027-04-13", kind="contract", **line)
    year.do("contract", clerk, "2027-04-22", **SIGNED)
    year.event("further_line", clerk, "2027-04-23", kind="contract", **line)
    assert year.project().contracts.count() == 4


def test_a_plan_without_a_contract_waits_for_none(year):
    year.building()
    assert not Deadline.objects.filter(key__in=("supervision.tender", "supervision.contract")).exists()
    year.do("accept", year.clerk_of(year.project()), "2027-10-09", **DONE)
    year.do("agree_acceptance", year.members()[0], "2027-10-12", words="现场核验与计划一致，同意通过验收。")
    assert not Deadline.objects.filter(key="supervision.settlement").exists()


@stands
def accepted(year):
    contracted(year)
    year.do("accept", year.clerk_of(year.project()), "2027-10-09", **DONE)
    year.do("agree_acceptance", year.members()[0], "2027-10-12", words="现场核验与计划一致，同意通过验收。")


def test_after_acceptance_the_finance_office_registers_the_settlement(year):
    accepted(year)
    task = year.task("settlement")
    assert (task.office, task.opened_on, task.due_on) == ("finance", date(2027, 10, 12), date(2027, 12, 13))
    with pytest.raises(NotYourTurn):
        year.do("settlement", year.clerk_of(year.project()), "2027-12-01", **SETTLED)
    entry = year.do("settlement", year.town.of("finance"), "2027-12-01", **SETTLED)
    assert entry.action == "supervision.settlement"
    assert money_of(year.project())["settled"] == 375_000_000
    more = SETTLED | {"amount_fen": "2", "words": "附属工程另行结算。"}
    year.event("further_line", year.town.of("finance"), "2027-12-02", kind="settlement", **more)
    assert money_of(year.project())["settled"] == 377_000_000


def test_a_settlement_above_the_cost_decided_says_why_and_moves_no_cost(year):
    accepted(year)
    finance, above = year.town.of("finance"), SETTLED | {"amount_fen": "381"}
    with pytest.raises(InvalidForm, match="须写明超出的原因和资金来源"):
        year.do("settlement", finance, "2027-12-01", **above)
    why = {"words": "主材调差 1 万元，由县级补助资金承担。"}
    year.do("settlement", finance, "2027-12-01", **(above | why))
    assert year.project().budget_fen == 380_000_000


def received_audit(year, day="2027-09-01", **more):
    report = {"number": "审投报〔2027〕3号", "title": "村道硬化项目审计报告", "received_on": "2027-09-01"}
    return year.event("receive_audit", year.town.of("gov_clerk"), day, **(report | more))


OPINION = {"body": "资金使用合规。"}


def test_an_audit_report_received_is_the_finance_offices_task_clocked_from_its_receipt(year):
    year.building()
    received_audit(year, "2027-09-03")
    task = Deadline.objects.get(key="supervision.audit")
    assert (task.office, task.due_on) == ("finance", date(2027, 9, 16))  # the 15th is the Mid-Autumn Festival
    with pytest.raises(Refused, match="已经登记收到"):
        received_audit(year, "2027-09-04")
    with pytest.raises(NotYourTurn):
        do("supervision.audit", year.town.of("gov_clerk"), "2027-09-10", **OPINION)
    do("supervision.audit", year.town.of("finance"), "2027-09-16", **OPINION)
    (paper,) = Paper.objects.filter(kind="audit_report")
    assert (paper.number, paper.data["received_on"]) == ("审投报〔2027〕3号", "2027-09-01")
    assert year.project().audits.get().state == "registered"


def test_an_audit_registered_late_says_why(year):
    year.building()
    received_audit(year)
    finance = year.town.of("finance")
    with pytest.raises(InvalidForm, match="2027年9月16日 前登记，已逾期"):
        do("supervision.audit", finance, "2027-09-17", **OPINION)
    do("supervision.audit", finance, "2027-09-17", **OPINION, late_reason="等待报告原件。")
    assert Paper.objects.get(kind="audit_report").data["late_reason"] == "等待报告原件。"


def test_a_report_entered_late_is_due_the_day_it_is_entered(year):
    year.building()
    received_audit(year, "2027-09-20")
    assert Deadline.objects.get(key="supervision.audit").due_on == date(2027, 9, 20)


def test_what_an_audit_found_goes_to_the_department_and_back_until_finance_closes_it(year):
    year.building()
    received_audit(year)
    finance = year.town.of("finance")
    do("supervision.audit", finance, "2027-09-10", **OPINION, issues="变更单没有监理单位签字")
    plan_fix(year, "2027-09-13", "2027-09-30")
    fix(year, "2027-09-20")
    with pytest.raises(NotYourTurn):
        year.do("recheck", year.members()[0], "2027-09-22", decision="close")
    year.do("recheck", finance, "2027-09-22", decision="back", reason="签字仍不完整，请补齐。")
    assert (Finding.objects.get().tries, year.task("rectify").office) == (1, "department")
    fix(year, "2027-09-24")
    year.do("recheck", finance, "2027-09-26", decision="close")
    assert Finding.objects.get().state == "closed"


def test_an_older_rulebook_that_knows_none_of_these_terms_takes_the_usual_ones(year):
    told = Cycle.objects.get(pk=year.cycle.pk).rules_data
    deadlines = {
        k: v
        for k, v in told["deadlines"].items()
        if k not in ("supervision.tender", "supervision.settlement")
    }
    Cycle.objects.filter(pk=year.cycle.pk).update(rules_data=told | {"deadlines": deadlines})
    accepted(year)
    assert year.task("settlement").due_on == date(2027, 12, 13)


def test_a_foreign_department_registers_nothing(year):
    year.building()
    with pytest.raises(NotYourTurn):
        year.event(
            "further_line",
            year.clerk_of(year.project(2)),
            "2027-03-12",
            kind="tender",
            amount_fen="10",
            **CONTRACT,
        )


# Inspections and findings


def test_the_group_inspects_by_the_quarter_and_the_next_visit_opens_by_itself(year):
    year.building()
    assert date(2027, 5, 1) <= year.task("inspect").due_on <= date(2027, 5, 10)  # three months on, a holiday
    year.do("inspect", year.members()[0], "2027-05-20", **VISIT)
    assert year.task("inspect").opened_on == date(2027, 5, 20)
    assert year.project().inspections.count() == 1


def test_the_rulebook_says_how_often_the_group_visits(under):
    year = under(inspection_period="monthly")
    year.building()
    year.do("inspect", year.members()[0], "2027-08-18", **(VISIT | {"on": "2027-08-18"}))
    assert year.task("inspect").due_on == date(2027, 9, 20)  # a month on is a Saturday


def test_a_visit_cannot_lie_in_the_future(year):
    year.building()
    with pytest.raises(InvalidForm, match="不能晚于今天"):
        year.do("inspect", year.members()[0], "2027-05-10", **VISIT)


def test_another_projects_group_does_not_inspect_this_one(year):
    year.building()
    with pytest.raises(NotYourTurn):
        year.do("inspect", year.members(2)[0], "2027-05-20", **VISIT)
    with pytest.raises(NotYourTurn):
        year.event("inspect", year.members(2)[0], "2027-05-20", **VISIT)


def found_one(year, **more):
    year.building()
    year.do("inspect", year.members()[0], "2027-05-20", **(VISIT | {"findings": "路基压实度不够\n"} | more))
    return Finding.objects.get()


PLANNED = {"measures": "重新碾压，逐层检测。", "responsible": "项目负责人"}


def plan_fix(year, day="2027-05-24", fix_by="2027-06-15"):
    return year.do("plan_rectify", year.clerk_of(year.project()), day, **PLANNED, fix_by=fix_by)


def fix(year, day, **more):
    """What was done, with a picture of it unless the test says why there is none."""
    files = {} if "unproved" in more else {"files": [picture("整改后.jpg")]}
    data = {"remedy": "已重新碾压并检测合格。", **more}
    return complete(
        year.task("rectify").task_id,
        actor=year.clerk_of(year.project()),
        data=data,
        files=files,
        at=at(day),
    )


def test_a_finding_is_planned_for_before_it_is_rectified(year):
    finding = found_one(year)
    assert year.task("plan_rectify").due_on == date(2027, 5, 27)
    with pytest.raises(InvalidForm, match="2027年6月21日 前"):  # 30 days on is a Saturday
        plan_fix(year, fix_by="2027-06-22")
    with pytest.raises(InvalidForm, match="不能早于今天"):
        plan_fix(year, fix_by="2027-05-23")
    entry = plan_fix(year, fix_by="2027-06-21")
    finding.refresh_from_db()
    assert (finding.state, finding.fix_by, finding.measures) == (
        "open",
        date(2027, 6, 21),
        PLANNED["measures"],
    )
    assert "responsible" not in json.loads(entry.body)["after"]
    assert year.task("rectify").due_on == date(2027, 6, 21)


def test_the_plans_own_day_is_the_term_of_the_work(year):
    found_one(year)
    plan_fix(year, fix_by="2027-06-08")
    assert year.task("rectify").due_on == date(2027, 6, 8)


def test_a_rectification_is_proved_or_says_why_it_cannot_be(year):
    finding = found_one(year)
    plan_fix(year)
    with pytest.raises(InvalidForm, match="佐证材料"):
        fix(year, "2027-06-10", unproved="")
    fix(year, "2027-06-10", unproved="隐蔽工程已回填，请到现场开挖抽检。")
    finding.refresh_from_db()
    assert (finding.state, finding.unproved) == ("rectified", "隐蔽工程已回填，请到现场开挖抽检。")
    year.do("recheck", year.members()[0], "2027-06-12", decision="back", reason="请补拍影像。")
    fix(year, "2027-06-14")
    finding.refresh_from_db()
    assert (finding.unproved, finding.tries) == ("", 1)
    assert Attachment.objects.get(subject=finding.reference).name == "整改后.jpg"


def test_a_finding_is_rectified_and_closed_by_whoever_raised_it(year):
    finding = found_one(year)
    plan_fix(year)
    fix(year, "2027-06-10")
    with pytest.raises(Refused):
        year.do("recheck", year.members()[1], "2027-06-15", decision="close")
    year.do("recheck", year.members()[0], "2027-06-15", decision="close")
    finding.refresh_from_db()
    assert finding.state == "closed"


def test_a_finding_not_fixed_goes_back_and_is_counted(year):
    finding = found_one(year)
    plan_fix(year)
    fix(year, "2027-06-10", remedy="已安排整改。")
    entry = year.do(
        "recheck", year.members()[0], "2027-06-15", decision="back", reason="现场没有变化，请重新压实。"
    )
    finding.refresh_from_db()
    assert (finding.state, finding.tries) == ("open", 1)
    assert entry.action == "supervision.recheck.return"
    assert year.task("rectify").due_on == date(2027, 7, 15)  # the rulebook's term anew
    fix(year, "2027-06-20", remedy="已重新压实，附检测报告。")
    send_back(
        year.task("recheck").task_id,
        actor=year.members()[0],
        reason="检测报告缺少盖章。",
        at=at("2027-06-22"),
    )
    finding.refresh_from_db()
    assert (finding.state, finding.tries) == ("open", 2)


def test_going_back_wants_a_reason(year):
    found_one(year)
    plan_fix(year)
    fix(year, "2027-06-10")
    with pytest.raises(InvalidForm, match="理由"):
        year.do("recheck", year.members()[0], "2027-06-15", decision="back", reason="")


def test_a_senior_deputys_finding_is_rechecked_by_the_senior_deputy(year):
    year.building()
    senior = year.town.of("senior_deputy")
    year.event("inspect", senior, "2027-05-20", **(VISIT | {"findings": "排水沟未做\n警示牌缺失"}))
    assert Finding.objects.count() == 2
    rows = Deadline.objects.filter(key="supervision.plan_rectify", done_at=None).order_by("pk")
    assert rows.count() == 2
    data = PLANNED | {"fix_by": "2027-06-01"}
    complete(rows[0].task_id, actor=year.clerk_of(year.project()), data=data, at=at("2027-05-24"))
    fix(year, "2027-06-01", remedy="已补做排水沟。")
    assert year.task("recheck").office == "senior_deputy"
    year.do("recheck", senior, "2027-06-03", decision="close")
    assert Finding.objects.filter(state="closed").count() == 1


def test_each_problem_an_audit_names_is_the_departments_to_plan_for(year):
    year.building()
    with pytest.raises(NotYourTurn):
        year.event("receive_audit", year.town.of("finance"), "2027-09-01", number="1", title="t")
    received_audit(year)
    issues = "工程量多计 1.2 万元\n资料归档不及时"
    do("supervision.audit", year.town.of("finance"), "2027-09-02", **OPINION, issues=issues)
    assert Deadline.objects.filter(key="supervision.plan_rectify", done_at=None).count() == 2


# Acceptance


def finished(year):
    year.building()
    for day, percent in (("2027-04-02", 5), ("2027-05-06", 20)):
        year.report(day, percent)
    year.do("accept", year.clerk_of(year.project()), "2027-10-09", **DONE)


def test_a_project_is_accepted_with_the_groups_consent(year):
    finished(year)
    assert year.project().state == "completed" and year.project().percent == 100
    year.do("agree_acceptance", year.members()[1], "2027-10-15", words="资料齐全，同意验收。")
    project = year.project()
    assert (project.state, project.accepted_on, project.light) == ("accepted", date(2027, 10, 15), "green")
    assert open_keys(project.reference) == []
    assert open_due_reports(at("2027-12-05")) == 0


def test_the_group_sends_acceptance_back_and_the_project_is_built_again(year):
    finished(year)
    assert year.project().percent == 100
    send_back(
        year.task("agree_acceptance").task_id,
        actor=year.members()[0],
        reason="路肩没有完成，请补做后再申请。",
        at=at("2027-10-12"),
    )
    project = year.project()
    reported = project.reports.order_by("period").last()
    assert (project.state, project.completed_on) == ("building", None)
    assert project.percent == (reported.percent if reported else 0) < 100
    assert year.task("accept")
    open_due_reports(at("2027-11-02"))
    periods = [
        d.task.data["period"]
        for d in Deadline.objects.filter(key="supervision.progress", done_at=None, cancelled=False)
    ]
    assert "2027-10" in periods


def test_a_visit_between_completion_and_acceptance_does_not_end_the_visits(year):
    finished(year)
    year.do("inspect", year.members()[0], "2027-10-11", **(VISIT | {"on": "2027-10-11"}))
    send_back(
        year.task("agree_acceptance").task_id,
        actor=year.members()[0],
        reason="路肩没有完成，请补做后再申请。",
        at=at("2027-10-12"),
    )
    assert year.task("inspect").opened_on == date(2027, 10, 11)
    year.do("accept", year.clerk_of(year.project()), "2027-10-20", **DONE)
    year.do("agree_acceptance", year.members()[0], "2027-10-22", words="同意验收。")
    assert open_keys(year.project().reference) == []


def test_acceptance_is_refused_over_an_open_finding(year):
    found_one(year)
    with pytest.raises(Obstructed, match="1 个问题未整改"):
        year.do("accept", year.clerk_of(year.project()), "2027-10-09", **DONE)


def test_a_problem_found_after_completion_holds_up_the_groups_consent(year):
    finished(year)
    visit = VISIT | {"on": "2027-10-10", "findings": "路肩有裂缝。"}
    year.event("inspect", year.members()[0], "2027-10-10", **visit)
    with pytest.raises(Obstructed, match="1 个问题未整改"):
        year.do("agree_acceptance", year.members()[0], "2027-10-12", words="同意验收。")
    plan_fix(year, "2027-10-12", fix_by="2027-10-14")
    fix(year, "2027-10-13", remedy="裂缝已修补。")
    year.do("recheck", year.members()[0], "2027-10-14", decision="close", reason="")
    year.do("agree_acceptance", year.members()[0], "2027-10-15", words="同意验收。")
    assert year.project().state == "accepted"


def test_five_colours_end_in_blue(under):
    year = under(light_scale="five")
    finished(year)
    year.do("agree_acceptance", year.members()[0], "2027-10-15", words="同意验收。")
    assert year.project().light == "blue"


# The year's report


def reported(year, day="2027-07-12"):
    year.grouped()
    do("supervision.give_report", year.town.of("mayor"), day, report="上半年各项目总体按计划推进。")


def hear(year, day="2027-07-20", *, agree=True, **asked):
    do("supervision.special_report", year.town.of("clerk"), day, **year.presidium(day, agree=agree), **asked)


def test_the_government_reports_before_the_presidium_hears(year):
    year.grouped()
    task = open_task("supervision.give_report")
    assert (task.office, task.due_on) == ("mayor", date(2027, 8, 16))  # 15 August is a Sunday
    assert not Deadline.objects.filter(key="supervision.special_report").exists()
    with pytest.raises(NotYourTurn):  # the presidium's clerk writes no report for the government
        do("supervision.give_report", year.town.of("clerk"), "2027-07-12", report="代拟的报告。")
    do("supervision.give_report", year.town.of("mayor"), "2027-07-12", report="上半年总体按计划推进。")
    assert Paper.objects.get(kind="special_report").made_by == year.town.of("mayor")
    assert open_task("supervision.special_report").due_on == date(2027, 8, 31)


def test_a_report_heard_without_a_question_ends_the_matter(year):
    reported(year)
    hear(year)
    assert not Inquiry.objects.exists()
    assert not Deadline.objects.filter(key="supervision.special_report", done_at=None).exists()
    assert year.task("plan")  # the projects' own flows go on


def test_a_report_the_presidium_is_not_content_with_is_given_again_by_the_mayor(year):
    reported(year)
    with pytest.raises(InvalidForm, match="待再次听取时提出"):
        hear(year, agree=False, asked_1="滞后项目何时赶上？")
    hear(year, agree=False)
    task = open_task("supervision.give_report")
    assert (task.office, task.opened_on) == ("mayor", date(2027, 7, 20))


def test_each_question_is_answered_in_writing_by_whom_the_presidium_asked(year):
    reported(year)
    road = year.project().department
    hear(year, asked_1="滞后项目何时赶上？", answering_1=str(road.pk), asked_2="资金有无拖欠？")
    assert Entry.objects.filter(action="inquiry.ask").count() == 2
    assert open_task("supervision.department_answer").seat == road
    answer = {"answer": "十月底前赶上。"}
    with pytest.raises(NotYourTurn):
        do("supervision.department_answer", year.town.of("mayor"), "2027-07-26", **answer)
    with pytest.raises(NotYourTurn):
        do("supervision.mayor_answer", year.clerk_of(year.project()), "2027-07-26", **answer)
    do("supervision.department_answer", year.clerk_of(year.project()), "2027-07-26", **answer)
    do("supervision.accept_answer", year.town.of("clerk"), "2027-08-02", **year.presidium("2027-08-02"))
    do("supervision.mayor_answer", year.town.of("mayor"), "2027-07-28", answer="没有拖欠。")
    assert [i.state for i in Inquiry.objects.order_by("pk")] == ["accepted", "answered"]
    kept = Paper.objects.get(kind="written_answer")
    assert (kept.body, kept.data["asked"]) == ("十月底前赶上。", "滞后项目何时赶上？")


def test_an_answer_the_presidium_is_not_content_with_goes_back_and_is_counted(year):
    reported(year)
    hear(year, asked_1="资金有无拖欠？")
    do("supervision.mayor_answer", year.town.of("mayor"), "2027-07-26", answer="正在了解。")
    entry = do(
        "supervision.accept_answer",
        year.town.of("clerk"),
        "2027-08-02",
        **year.presidium("2027-08-02", agree=False),
    )
    asked = Inquiry.objects.get()
    assert (entry.action, asked.state, asked.tries) == ("supervision.accept_answer.return", "asked", 1)
    assert not Paper.objects.filter(kind="written_answer").exists()
    do("supervision.mayor_answer", year.town.of("mayor"), "2027-08-05", answer="没有拖欠，附拨付明细。")
    do("supervision.accept_answer", year.town.of("clerk"), "2027-08-10", **year.presidium("2027-08-10"))
    assert Paper.objects.get(kind="written_answer").body == "没有拖欠，附拨付明细。"


def test_the_project_file_gathers_everything(year):
    found_one(year)
    known = project_file(year.project(), date(2027, 7, 1))
    assert len(known["findings"]) == 1 and len(known["milestones"]) == 3
    assert known["expected"] == 39 and known["money"]["budget"] == 380_000_000
    assert known["group"] == year.members()
