"""A project not finished in its year: what closes the year over it, and what it adds to the dossier later."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import pytest

from projects.cycles.models import Cycle, Paper
from projects.cycles.rulebook import Rules
from projects.cycles.selectors import paper_of
from projects.cycles.services import create_cycle
from projects.demo.play.evaluation import (
    BODY,
    Figures,
    close_year,
    play_convening,
    play_opening,
    play_session,
    waiting_jobs,
)
from projects.demo.play.stage import open_tasks
from projects.evaluation import selectors
from projects.evaluation.addenda import build_addendum
from projects.evaluation.flows import EvaluationFlow
from projects.evaluation.models import Addendum, Archive, Measurement
from projects.evaluation.services import publish_account
from projects.portal.public_selectors import year_of
from projects.supervision.duties import open_due_reports
from projects.supervision.flows.projects import ProjectFlow
from projects.supervision.models import Project
from tests.builders import at, do, meeting_of, open_task
from tests.plays import play_after_session, play_inquiry
from tests.projects.evaluation.conftest import (
    TO_SUPERVISION,
    item_of,
    project_of,
    year_under_supervision,
)
from tests.projects.supervision.conftest import PLAN
from tests.standing import stands
from workflow.audit.models import Entry
from workflow.flows.acting import acting
from workflow.flows.errors import InvalidForm, NotYourTurn, Obstructed, Refused
from workflow.flows.events import events_on, perform
from workflow.flows.models import Deadline
from workflow.flows.tasks import run_job
from workflow.inbox.story import line_of
from workflow.machines.services import fire
from workflow.people.isolation import SYSTEM, apply
from workflow.roles.models import RoleGrant

pytestmark = pytest.mark.django_db

T2 = date(2028, 1, 18)
FIGURES = Figures(marks={1: [(18, 2, 0)], 2: [(20, 0, 0)]})
WHY = {"reason": "主体已完工，附属工程须待土地手续办结后实施。", "carried_until": "2028-06-30"}
ENDS = {"finish_by": "2027-10-30", "node_on_3": "2027-10-30"}


@pytest.fixture
def late(town):
    """A year whose second project is being built when the year is evaluated."""
    year_under_supervision(town, ["村道硬化", "老年食堂"], unfinished=(2,))
    project = Project.objects.get(number=2)
    Project.objects.filter(pk=project.pk).update(building_since=date(2027, 3, 1), percent=80)
    return Project.objects.get(pk=project.pk)


def carry(town, project, day="2027-12-20", actor=None, **more):
    data = meeting_of(town.people["presidium"], day) | WHY | more
    data.pop("return_reason", None)
    return perform("evaluation.carry_over", project, actor=actor or town.of("clerk"), data=data, at=at(day))


@stands
def inquired(town, project):
    play_inquiry(town, project.cycle, t2=T2, figures=FIGURES)
    project.cycle.refresh_from_db()


@stands
def met(town, project):
    play_convening(town, project.cycle, t2=T2, term=18, number=4)
    play_session(town, project.cycle, t2=T2, figures=FIGURES)


def test_a_year_does_not_close_over_an_unfinished_project(client, town, late):
    inquired(town, late)
    met(town, late)
    with pytest.raises(Obstructed, match=r"老年食堂.*跨年续建"):
        do("evaluation.publish", town.of("clerk"), "2028-01-28", body=BODY["account"])
    with pytest.raises(Refused, match="须验收"):
        publish_account(town.act("clerk", at("2028-01-28")), late.cycle, number="", body="提前公布。")
    carry(town, late, "2028-01-20")
    close_year(town, late.cycle, T2)
    assert late.cycle.state == "closed"
    assert year_of(late.cycle, T2).sentence == "年度已归档；1 个项目跨年续建，继续监督。"
    client.force_login(town.of("clerk"))
    for address in (f"/years/{late.cycle_id}/", f"/t/{town.unit.code}/2027/"):
        page = client.get(address).content.decode()
        assert "1 个项目跨年续建，继续监督" in page and page.count('aria-current="step"') == 1
    apply(SYSTEM)
    Project.objects.filter(pk=late.pk).update(state="accepted")
    assert year_of(late.cycle, T2).sentence == "全年工作已经办结。"
    account = paper_of(late.cycle, "account").body
    assert "老年食堂：跨年续建，预计2028年6月30日完成" in account and "土地手续" in account
    note = zipfile.ZipFile(io.BytesIO(Archive.objects.get().file.read())).read("备考表.txt").decode()
    assert "跨年续建项目" in note and "老年食堂" in note


@pytest.mark.parametrize("arrow", ["stop", "accept"])
def test_a_year_closes_over_a_project_stopped_or_accepted_since(town, late, arrow):
    inquired(town, late)
    met(town, late)
    act = town.act("clerk", at("2028-01-20"))
    for step in ["stop"] if arrow == "stop" else ["finish", "accept"]:
        fire(Project.objects.get(pk=late.pk), step, act)
    close_year(town, late.cycle, T2)
    assert late.cycle.state == "closed"


def test_carrying_over_moves_nothing_the_congress_decided(town, late):
    inquired(town, late)
    before = (late.state, late.target, late.budget_fen, late.finish_by, late.place)
    carry(town, late)
    late.refresh_from_db()
    assert (late.state, late.target, late.budget_fen, late.finish_by, late.place) == before
    assert (late.carried_on, late.carried_until) == (date(2027, 12, 20), date(2028, 6, 30))
    entry = Entry.objects.get(action="project.carry_over")
    assert WHY["reason"] in entry.body and line_of(entry).what == "决定跨年续建"
    paper = Paper.objects.get(subject=late.reference, kind="minutes")
    assert WHY["reason"] in paper.body and paper.data["for"] == paper.data["of"]


def test_only_the_presidium_carries_over_with_a_majority_and_a_written_reason(town, late):
    inquired(town, late)
    for office in ("mayor", "department"):
        with pytest.raises(NotYourTurn):
            carry(town, late, actor=town.of(office))
    with pytest.raises(InvalidForm, match="没有形成决定"):
        carry(town, late, **meeting_of(town.people["presidium"], "2027-12-20", agree=False))
    for wrong in ({"reason": ""}, {"reason": "未完工"}, {"carried_until": "2027-12-20"}):
        with pytest.raises(InvalidForm):
            carry(town, late, **wrong)
    carry(town, late)
    with pytest.raises(Obstructed, match="已经决定"):
        carry(town, late, "2027-12-21")


def test_nothing_is_carried_over_before_the_report_nor_when_it_is_accepted(town, late):
    clerk = RoleGrant.objects.get(user=town.of("clerk"), office="clerk")
    with pytest.raises(Obstructed, match="报告完成情况以后"):
        carry(town, late, "2027-11-10")
    inquired(town, late)
    done = Project.objects.get(number=1)
    with pytest.raises((Obstructed, NotYourTurn)):
        carry(town, done)
    keys = {p.pk: [e.key for e in events_on(p, clerk, at("2027-12-20"))] for p in (done, late)}
    assert "evaluation.carry_over" in keys[late.pk] and "evaluation.carry_over" not in keys[done.pk]


def test_what_is_carried_over_before_the_session_is_not_on_its_paper(town, late):
    inquired(town, late)
    carry(town, late)
    met(town, late)
    assert [m.project.number for m in Measurement.objects.all()] == [1]
    close_year(town, late.cycle, T2)
    assert late.cycle.state == "closed"


def test_a_year_that_carries_over_all_it_has_publishes_without_a_measurement(town):
    cycle = year_under_supervision(town, ["老年食堂"], unfinished=(1,))
    only = Project.objects.get()
    inquired(town, only)
    carry(town, only)
    play_convening(town, cycle, t2=T2, term=18, number=4)
    play_opening(town, cycle, T2)
    do("evaluation.presidium_report", town.of("chair"), str(T2), body=BODY["presidium"])
    close_year(town, cycle, T2)
    assert cycle.state == "closed" and not Measurement.objects.exists()


# After its year


@stands
def carried_over_and_closed(town, project):
    """The year is closed over the project, which is then planned anew by its own flow, as a real one would be."""
    inquired(town, project)
    carry(town, project)
    met(town, project)
    close_year(town, project.cycle, T2)


@pytest.fixture
def building(town):
    """The same, with the flow of the second project running."""
    cycle = year_under_supervision(town, ["村道硬化"])
    act = town.act("clerk", at("2027-01-25"))
    project = project_of(town, act, item_of(act, cycle, 3, "老年食堂", "elect"), arrows=("assign",))
    Project.objects.filter(pk=project.pk).update(number=2)
    project = Project.objects.get(pk=project.pk)
    with acting(act):
        ProjectFlow.begin(project)
    return project


def group_deputy(town):
    return town.deputies[6]


@stands
def carried_and_accepted(town, project):
    clerk = town.department_clerk(project.department)
    do("supervision.plan", clerk, "2027-02-15", **PLAN | ENDS)
    do("supervision.confirm_plan", town.of("mayor"), "2027-02-16")
    data = meeting_of(town.people["presidium"], "2027-03-01")
    do("supervision.review_plan", town.of("clerk"), "2027-03-01", **data)
    carried_over_and_closed(town, project)
    assert open_due_reports(at("2028-04-03")) > 0  # still under supervision, its year closed
    do("supervision.accept", clerk, "2028-05-20", completed_on="2028-05-18", materials="竣工图、检测报告。")
    assert open_tasks(project.cycle, "evaluation.addendum") == []
    do("supervision.agree_acceptance", group_deputy(town), "2028-05-25", words="现场核验，同意验收。")


def handed_over(town, project, day="2028-06-05"):
    data = {"receiver": "青溪镇档案室", "keeper": "赵平", "checker": "王超"}
    do("evaluation.addendum", town.of("clerk"), day, **data)
    for task in waiting_jobs_of(project):
        run_job(task.pk)


def waiting_jobs_of(project):
    from viewflow.workflow.models import Task
    from viewflow.workflow.status import STATUS

    waiting = Task.objects.filter(flow_task_type="JOB", status=STATUS.SCHEDULED).select_related("process")
    return [task for task in waiting if task.process.artifact == project]


def titles_in(addendum):
    return [line["title"] for line in addendum.manifest]


def test_its_acceptance_makes_an_addendum_to_the_dossier(town, building):
    carried_and_accepted(town, building)
    task = open_task("evaluation.addendum")
    assert (task.office, task.due_on) == ("clerk", date(2028, 6, 23))
    handed_over(town, building)
    addendum = Addendum.objects.get()
    assert (addendum.archive, addendum.project, addendum.number) == (Archive.objects.get(), building, 1)
    titles = titles_in(addendum)
    assert "代表监督小组验收意见：“老年食堂”" in titles and "补充卷宗移交清单：“老年食堂”" in titles
    agreed = next(line for line in addendum.manifest if line["title"].startswith("代表监督小组验收意见"))
    assert agreed["author"] == building.group.name
    # What the year's own dossier holds is not filed twice.
    archived = {line["reference"] for line in Archive.objects.get().manifest if line["reference"]}
    assert not archived & {line["reference"] for line in addendum.manifest}
    file = zipfile.ZipFile(io.BytesIO(addendum.file.read()))
    assert {"归档目录.csv", "SHA256SUMS", "说明.txt", "办理记录/trail.jsonl"} <= set(file.namelist())
    note, handed = (file.read(f"{name}.txt").decode("utf-8-sig") for name in ("备考表", "移交清单"))
    assert WHY["reason"] in note and "整理人：赵平" in note and "所列文件的原件均在" in note
    assert "移交单位：青溪镇人民代表大会主席团" in handed and "接收单位：青溪镇档案室" in handed
    # The numbers an archive gives go on where the year's own dossier ended.
    place = len(Archive.objects.get().manifest) + 1
    assert addendum.manifest[0]["code"].endswith(f"-{place:04d}")
    register = next(name for name in file.namelist() if "项目台账" in name)
    lines = file.read(register).decode("utf-8-sig").splitlines()
    assert len(lines) == 2 and "老年食堂" in lines[1]
    assert Entry.objects.filter(action="archive.add").count() == 1


def test_an_addendum_is_made_once_however_often_it_is_asked_for(town, building):
    carried_and_accepted(town, building)
    handed_over(town, building)
    assert build_addendum(town.act("clerk", at("2028-06-10")), building) is None
    assert Addendum.objects.count() == 1


def test_what_hangs_on_the_plans_finish_is_due_by_the_day_it_is_carried_until(client, town, building):
    clerk = town.department_clerk(building.department)
    do("supervision.plan", clerk, "2027-02-15", **PLAN | ENDS)
    do("supervision.confirm_plan", town.of("mayor"), "2027-02-16")
    minutes = meeting_of(town.people["presidium"], "2027-03-01")
    do("supervision.review_plan", town.of("clerk"), "2027-03-01", **minutes)
    inquired(town, building)
    accept = open_task("supervision.accept")
    before = dict(Deadline.objects.exclude(pk=accept.pk).values_list("pk", "due_on"))
    carry(town, building)
    assert accept.due_on <= date(2027, 12, 31)
    assert Deadline.objects.get(pk=accept.pk).due_on == date(2028, 6, 30)
    assert dict(Deadline.objects.filter(pk__in=before).values_list("pk", "due_on")) == before
    client.force_login(town.of("clerk"))
    page = client.get(f"/projects/{building.pk}/").content.decode()
    assert "跨年续建至" in page and "2028年6月30日" in page


def test_a_project_accepted_in_its_year_makes_no_addendum(town, building):
    clerk = town.department_clerk(building.department)
    do("supervision.plan", clerk, "2027-02-15", **PLAN | ENDS)
    do("supervision.confirm_plan", town.of("mayor"), "2027-02-16")
    data = meeting_of(town.people["presidium"], "2027-03-01")
    do("supervision.review_plan", town.of("clerk"), "2027-03-01", **data)
    do("supervision.accept", clerk, "2027-10-20", completed_on="2027-10-18", materials="竣工图、检测报告。")
    do("supervision.agree_acceptance", group_deputy(town), "2027-10-25", words="现场核验，同意验收。")
    assert open_tasks(building.cycle, "evaluation.addendum") == []


def next_year(town):
    """The following year under supervision, with one project of its own, accepted."""
    act = town.act("clerk", at("2028-01-25"))
    cycle = create_cycle(
        act, year=2028, opens_on=date(2027, 9, 1), planned_t=date(2028, 1, 18), planned_t2=date(2029, 1, 18)
    )
    fire(cycle, "open", act, rules_data=Rules().frozen_json())
    for arrow in TO_SUPERVISION:
        fire(cycle, arrow, act)
    project_of(town, act, item_of(act, cycle, 8, "路灯安装", "elect"))
    Project.objects.filter(cycle=cycle).update(number=1)
    with acting(town.act("clerk", at("2028-11-20"))):
        EvaluationFlow.begin(cycle)
    return cycle


def test_the_next_year_measures_it_and_the_result_joins_its_own_years_dossier(town, building):
    carried_and_accepted(town, building)
    handed_over(town, building)
    cycle, t2 = next_year(town), date(2029, 1, 18)
    figures = Figures(marks={1: [(20, 0, 0)], 2: [(19, 1, 0)]})
    play_inquiry(town, cycle, t2=t2, figures=figures)
    play_convening(town, cycle, t2=t2, term=18, number=6)
    play_session(town, cycle, t2=t2, figures=figures)
    measured = Measurement.objects.get(project=building)
    assert (measured.cycle, measured.state) == (cycle, "closed")
    assert [o.title for o in measured.vote.options.all()] == ["1. 路灯安装", "老年食堂（2027 年度续建）"]
    assert selectors.owed_projects(cycle) == []
    handed_over(town, building, "2029-01-25")
    first, second = Addendum.objects.all()
    assert (first.number, second.number) == (1, 2)
    assert any("满意度测评结果" in title for title in titles_in(second))
    play_after_session(town, cycle, t2=t2, figures=figures)
    assert Cycle.objects.get(pk=cycle.pk).state == "closed"
    assert "老年食堂（2027 年度续建）" in paper_of(cycle, "account").body
    # The year it belongs to shows the round as well.
    assert [line.project for line in selectors.measurement_table(building.cycle)][-1] == building


def test_a_result_below_the_rate_adds_nothing_before_it_has_passed(town, building):
    carried_and_accepted(town, building)
    handed_over(town, building)
    cycle, t2 = next_year(town), date(2029, 1, 18)
    figures = Figures(marks={1: [(20, 0, 0)], 2: [(10, 4, 6), (20, 0, 0)]})
    play_inquiry(town, cycle, t2=t2, figures=figures)
    play_convening(town, cycle, t2=t2, term=18, number=6)
    play_session(town, cycle, t2=t2, figures=figures)
    assert open_tasks(building.cycle, "evaluation.addendum") == []
    play_after_session(town, cycle, t2=t2, figures=figures)
    assert len(open_tasks(building.cycle, "evaluation.addendum")) == 1
    assert waiting_jobs(cycle) == []
