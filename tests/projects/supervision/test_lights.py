"""A light set by hand: by whom, for how long, what goes with it, and that every page shows the same."""

from __future__ import annotations

import json
from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction
from django.template.loader import render_to_string
from django.urls import reverse

from notifications.models import Delivery
from notifications.post import post_unit
from projects.cycles.models import Paper
from projects.evaluation.ledgers import LEDGERS
from projects.oversight.figures import figures_by_year
from projects.oversight.past import Past
from projects.portal.acts import Offer
from projects.portal.county_lists import _project_line
from projects.supervision import lights, rules
from projects.supervision.changing import put_into_effect
from projects.supervision.duties import open_due_reports
from projects.supervision.flows.progress import RedLightFlow
from projects.supervision.models import Change, Progress, Project
from projects.supervision.rules import GREEN, ORANGE, RED, YELLOW, Lit, Scale
from projects.supervision.selectors import light_shown, lights_of, project_file, year_overview
from projects.supervision.summaries import make_due_summaries
from tests.builders import arranged, at, township
from tests.notifications.office import give_mailboxes
from tests.projects.oversight.slow import slow_figures
from tests.projects.supervision.conftest import Year
from workflow.audit.models import Entry
from workflow.flows.errors import InvalidForm, NotYourTurn, Obstructed, Refused
from workflow.flows.events import event
from workflow.flows.models import Deadline
from workflow.flows.processes import running
from workflow.flows.taking_back import take_back
from workflow.people.isolation import SYSTEM, apply

pytestmark = pytest.mark.django_db
WHY = "桥台开裂，现场已经停工，进度数字没有反映。"
FIVE = Scale(kind="five")


@pytest.fixture
def built(year) -> Year:
    """A project in its first month of work, on schedule: green."""
    year.building()
    year.report("2027-04-02", 4)
    return year


def set_to(year: Year, light: str, day: str = "2027-04-10", reason: str = WHY, actor=None) -> Entry:
    return year.event("set_light", actor or year.town.of("chair"), day, light=light, reason=reason)


def restored(year: Year, day: str = "2027-04-12", actor=None) -> Entry:
    return year.event("restore_light", actor or year.town.of("chair"), day, reason="已经复工，原因消除。")


def until_red(year: Year) -> Year:
    """A project whose reports have brought it to red, its 督办 waiting."""
    year.building()
    for day, percent in (("2027-04-02", 3), ("2027-05-05", 10), ("2027-06-02", 10), ("2027-07-02", 10)):
        year.report(day, percent)
    year.report("2027-08-03", 12)
    return year


# The rule


def test_a_light_is_set_to_a_colour_of_the_scale_other_than_that_of_accepted_work():
    assert rules.colours_to_set(Scale()) == [GREEN, YELLOW, RED]
    assert rules.colours_to_set(FIVE) == [GREEN, YELLOW, ORANGE, RED]
    assert rules.setting_faults(FIVE, Lit(GREEN), ORANGE, 0) == []
    for scale, colour in ((Scale(), ORANGE), (Scale(), "purple"), (Scale(), ""), (FIVE, rules.BLUE)):
        assert rules.setting_faults(scale, Lit(GREEN), colour, 0) == [
            "本年度规则的亮灯分级中没有可供人工调整的这种颜色。"
        ]


def test_what_is_shown_or_worked_out_anyway_is_no_setting():
    assert rules.setting_faults(Scale(), Lit(GREEN), GREEN, 0) == ["现在已经亮“正常”，不需要调整。"]
    by_hand = rules.set_by_hand(Lit(GREEN), RED, WHY)
    assert rules.setting_faults(Scale(), by_hand, RED, 0) == ["现在已经亮“严重滞后”，不需要调整。"]
    assert rules.setting_faults(Scale(), by_hand, GREEN, 0) == [
        "“正常”就是按规则计算的亮灯；要恢复，请撤销人工调整。"
    ]
    assert rules.setting_faults(Scale(), by_hand, YELLOW, 0) == []
    assert rules.set_by_hand(by_hand, YELLOW, "另有原因。") == Lit(YELLOW, GREEN, "另有原因。")


def test_no_setting_stands_against_a_report_that_is_late():
    assert rules.setting_faults(Scale(), Lit(YELLOW), GREEN, 1) == [
        "有 1 期进度报告逾期未报，至少亮“预警”，不能调整为“正常”。"
    ]
    assert rules.setting_faults(Scale(), Lit(RED), YELLOW, 2) == [
        "有 2 期进度报告逾期未报，至少亮“严重滞后”，不能调整为“预警”。"
    ]
    assert rules.setting_faults(Scale(), Lit(YELLOW), RED, 1) == []


@pytest.mark.parametrize(
    ("lit", "overdue", "then"),
    [
        (Lit(GREEN), 0, Lit(GREEN)),
        (Lit(GREEN), 1, Lit(YELLOW)),
        (Lit(GREEN, YELLOW, WHY), 0, Lit(GREEN, YELLOW, WHY)),
        (Lit(GREEN, YELLOW, WHY), 1, Lit(YELLOW)),
        (Lit(GREEN, RED, WHY), 1, Lit(RED)),
        (Lit(YELLOW, RED, WHY), 1, Lit(YELLOW, RED, WHY)),
        (Lit(YELLOW, GREEN, WHY), 1, Lit(YELLOW)),
        (Lit(RED, GREEN, WHY), 1, Lit(RED, YELLOW, WHY)),
        (Lit(RED, GREEN, WHY), 2, Lit(RED)),
        (Lit(RED, "", WHY), 0, Lit(RED, "", WHY)),
    ],
)
def test_while_reports_are_missing_a_setting_ends_where_they_ask_for_more(lit, overdue, then):
    assert rules.lit_while_late(lit, overdue) == then
    assert rules.lit_while_late(then, overdue) == then, "a second sweep changes nothing"


def test_what_is_told_names_both_colours_the_end_and_the_reason():
    assert rules.setting_told(Lit(RED, GREEN, "停工。")) == (
        "人工调整为“严重滞后”（按规则计算为“正常”），至下一期进度报告提交时止。理由：停工。"
    )
    assert rules.setting_told(Lit(RED)) == ""


# Setting and restoring


def test_the_chair_sets_a_light_and_the_trail_keeps_both_colours_the_reason_and_by_whom(built):
    set_to(built, RED)
    project = built.project()
    assert project.lit == Lit(RED, GREEN, WHY)
    entry = Entry.objects.get(action="project.adjust_light")
    said = json.loads(entry.body)
    assert said["after"]["light_before"] == GREEN and said["after"]["light"] == RED and said["reason"] == WHY
    assert (entry.actor, said["office"]) == (built.town.of("chair"), "chair")
    assert Progress.objects.get().light == GREEN, "the report says what the rulebook says"


@pytest.mark.parametrize("office", ["clerk", "presidium", "mayor", "gov_clerk", "finance", "party"])
def test_no_other_office_sets_or_restores_it(built, office):
    other = built.town.people[office][-1]
    with pytest.raises(NotYourTurn, match=r"“人工调整亮灯”由人大主席、副主席办理"):
        set_to(built, RED, actor=other)
    set_to(built, RED)
    with pytest.raises(NotYourTurn):
        restored(built, actor=other)
    restored(built)


def test_another_townships_chair_does_not_nor_does_the_responsible_unit(built):
    stranger = township("T02", name="石桥镇").of("chair")
    for actor in (stranger, built.clerk_of(built.project())):
        with pytest.raises(NotYourTurn):
            set_to(built, RED, actor=actor)
    assert built.project().lit == Lit(GREEN)


def test_only_of_a_project_that_is_being_built(year):
    year.grouped()
    with pytest.raises(Obstructed, match="当前为“已交办”，只有实施中的项目"):
        set_to(year, RED)
    year.planned()
    set_to(year, RED)


@pytest.mark.parametrize("state", ["suspended", "stopped", "completed", "accepted", "elected"])
def test_not_of_one_suspended_ended_or_finished(built, state):
    Project.objects.filter(pk=built.project().pk).update(state=state)
    with pytest.raises(Obstructed, match="只有实施中的项目可以人工调整亮灯"):
        set_to(built, RED)


@pytest.mark.parametrize(
    ("light", "reason"),
    [(ORANGE, WHY), ("blue", WHY), ("", WHY), (GREEN, WHY), (RED, ""), (RED, "停"), (RED, "长" * 301)],
)
def test_the_form_refuses_another_scales_colour_the_same_one_and_a_reason_that_is_none(built, light, reason):
    with pytest.raises(InvalidForm):
        set_to(built, light, reason=reason)
    assert built.project().lit == Lit(GREEN)
    set_to(built, RED, reason="长" * 300)
    assert built.project().light_reason == "长" * 300


def test_the_door_itself_refuses_what_the_form_would(built):
    act, project = built.town.act("chair", at("2027-04-10")), built.project()
    with pytest.raises(Refused, match="没有可供人工调整的这种颜色"):
        lights.set_light(act, project, light=ORANGE, reason=WHY)
    with pytest.raises(Refused, match="不需要撤销"):
        lights.restore_light(act, project, reason=WHY)


def test_nothing_is_set_aside_without_a_reason(built):
    with pytest.raises(IntegrityError, match="light_set_aside_for_a_reason"), transaction.atomic():
        Project.objects.update(light_set_aside=RED)


def test_what_was_set_is_withdrawn_once(built):
    set_to(built, YELLOW)
    restored(built)
    assert built.project().lit == Lit(GREEN)
    with pytest.raises(Obstructed, match="没有人工调整，不需要撤销"):
        restored(built)


def test_one_setting_replaces_another_and_keeps_what_was_worked_out(built):
    set_to(built, RED)
    set_to(built, YELLOW, "2027-04-11", "已经局部复工。")
    assert built.project().lit == Lit(YELLOW, GREEN, "已经局部复工。")


# How long it stands


def test_the_next_report_ends_it(built):
    set_to(built, RED)
    built.report("2027-05-05", 14)
    assert built.project().lit == Lit(GREEN)
    assert json.loads(Entry.objects.filter(action="project.report").latest("pk").body)["after"] == {
        "state": "building", "percent": 14, "invested_fen": 10_000_000, "funded_fen": 20_000_000, "light": GREEN,
        "light_set_aside": "", "light_reason": "",
    }  # fmt: skip


def taken_back(year: Year, day: str) -> None:
    done = Deadline.objects.filter(key="supervision.progress").exclude(done_at=None).latest("done_at", "pk")
    take_back(done.pk, actor=year.clerk_of(year.project()), reason="数字写错", at=at(day, 15))


def test_a_report_taken_back_leaves_the_light_as_it_was_set_before(built):
    set_to(built, YELLOW)
    built.report("2027-05-05", 14)
    taken_back(built, "2027-05-05")
    assert built.project().lit == Lit(YELLOW, GREEN, WHY)


def test_a_report_on_which_a_light_was_set_is_not_taken_back_before_that_is_withdrawn(built):
    set_to(built, YELLOW, "2027-04-02")
    with pytest.raises(Refused, match="已人工调整亮灯，不能取回；须先撤销人工调整"):
        taken_back(built, "2027-04-02")
    restored(built, "2027-04-02")
    taken_back(built, "2027-04-02")
    assert built.project().lit == Lit("") and not Progress.objects.exists()


def test_a_missing_report_ends_a_milder_light_and_leaves_a_sterner_one(built):
    set_to(built, RED)
    open_due_reports(at("2027-05-05", 7))
    arranged()
    open_due_reports(at("2027-05-25", 7))
    assert built.project().lit == Lit(RED, YELLOW, WHY)
    restored(built, "2027-05-25")
    assert built.project().lit == Lit(YELLOW)
    with pytest.raises(InvalidForm, match="1 期进度报告逾期未报，至少亮“预警”"):
        set_to(built, GREEN, "2027-05-26")
    set_to(built, RED, "2027-05-26")


def test_a_milder_light_does_not_outlast_the_day_of_the_next_report(year):
    until_red(year)
    set_to(year, GREEN, "2027-08-05")
    open_due_reports(at("2027-09-02", 7))
    arranged()
    open_due_reports(at("2027-09-25", 7))
    assert year.project().lit == Lit(RED) and year.task("red_light")


def test_reporting_completion_ends_it(built):
    set_to(built, YELLOW)
    done = {"completed_on": "2027-10-08", "materials": "竣工图、检测报告、结算资料。"}
    for key in ("tender", "contract"):
        Deadline.objects.filter(key=f"supervision.{key}").update(cancelled=True)
    built.do("accept", built.clerk_of(built.project()), "2027-10-08", **done)
    assert (built.project().state, built.project().lit) == ("completed", Lit(GREEN))


@pytest.mark.parametrize(("what", "state"), [("suspend", "suspended"), ("stop", "stopped")])
def test_a_decision_that_suspends_or_ends_the_work_ends_it(built, what, state):
    set_to(built, YELLOW)
    project = built.project()
    change = Change.objects.create(
        unit=project.unit, project=project, what=what, reason="用地争议。", asked_on=date(2027, 5, 1), state="agreed"
    )  # fmt: skip
    put_into_effect(built.town.act("clerk", at("2027-05-10")), change, number="", words="公告。")
    assert (built.project().state, built.project().lit) == (state, Lit(GREEN))


# What goes with a red light


def test_a_light_set_to_red_is_a_task_of_the_mayor_and_withdrawn_takes_it_back(built):
    set_to(built, YELLOW)
    assert not running(RedLightFlow, built.project()).exists()
    set_to(built, RED, "2027-04-11")
    assert built.task("red_light").office == "mayor"
    restored(built)
    assert not running(RedLightFlow, built.project()).exists()


def test_a_red_light_set_to_another_colour_ends_its_task_and_restored_asks_again(year):
    until_red(year)
    first = year.task("red_light")
    set_to(year, YELLOW, "2027-08-05")
    first.refresh_from_db()
    assert first.cancelled
    restored(year, "2027-08-06")
    assert year.project().lit == Lit(RED) and year.task("red_light").pk != first.pk


def test_the_task_of_a_light_that_was_red_before_is_left_alone(year):
    until_red(year)
    year.report("2027-09-02", 60)
    waiting = year.task("red_light")
    assert year.project().light != RED
    set_to(year, YELLOW if year.project().light == GREEN else GREEN, "2027-09-05")
    assert year.task("red_light").pk == waiting.pk


def test_a_red_report_after_a_light_set_to_red_asks_once(built):
    set_to(built, RED)
    task = built.task("red_light")
    for day, percent in (("2027-05-05", 4), ("2027-06-02", 4), ("2027-07-02", 4)):
        built.report(day, percent)
    assert built.project().lit == Lit(RED) and built.task("red_light").pk == task.pk


# Who hears of it


def test_the_responsible_unit_hears_that_it_was_set_and_withdrawn_and_why(built):
    give_mailboxes()
    clerk = built.clerk_of(built.project())
    why = WHY.ljust(300, "。")
    set_to(built, YELLOW, reason=why)
    restored(built)
    with connection.cursor() as cursor:  # what a commit does
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    assert post_unit(built.town.unit.pk)
    letters = {
        one.title: one.body for one in Delivery.objects.filter(recipient=clerk, title__contains="亮灯")
    }
    assert set(letters) == {"亮灯已人工调整：村道硬化", "亮灯的人工调整已撤销：村道硬化"}
    assert f"理由：{why}" in letters["亮灯已人工调整：村道硬化"]
    assert "理由：已经复工，原因消除。" in letters["亮灯的人工调整已撤销：村道硬化"]


# Where it is shown


TOLD = f"人工调整为“严重滞后”（按规则计算为“正常”），至下一期进度报告提交时止。理由：{WHY}"


@pytest.fixture
def red_by_hand(built) -> Year:
    set_to(built, RED)
    return built


def test_the_file_and_the_board_say_it_was_set_by_hand_and_what_was_worked_out(red_by_hand):
    project = red_by_hand.project()
    assert light_shown(project).words == "严重滞后（人工调整）" and light_shown(project).note == TOLD
    for page, context in (
        ("project.html", project_file(project, date(2027, 4, 11))),
        ("projects.html", year_overview(red_by_hand.cycle)),
    ):
        html = render_to_string(f"steps/supervision/{page}", context)
        assert "严重滞后（人工调整）" in html and TOLD in html
    assert lights_of(red_by_hand.cycle) == {RED: 1, "": 2}
    restored(red_by_hand)
    html = render_to_string("steps/supervision/project.html", project_file(red_by_hand.project()))
    assert "人工调整" not in html


def read(client, address: str, user=None) -> str:
    client.force_login(user) if user else client.logout()
    answer = client.get(address)
    apply(SYSTEM)
    assert answer.status_code == 200, address
    return answer.content.decode()


def test_the_projects_page_and_the_public_one_say_why(client, red_by_hand):
    town, project = red_by_hand.town, red_by_hand.project()
    inside = read(client, reverse("project", args=[project.pk]), town.of("clerk"))
    outside = read(client, reverse("public_project", args=[town.unit.code, project.pk]))
    listed = read(client, reverse("township_year", args=[town.unit.code, 2027]))
    for page in (inside, outside, listed):
        assert "严重滞后（人工调整）" in page
    assert TOLD in inside and TOLD in outside


def test_the_chair_is_offered_it_with_the_colours_of_the_scale_and_what_comes_of_it(client, built):
    project, chair = built.project(), built.town.of("chair")
    assert Offer(event("supervision.set_light"), project).url in read(
        client, reverse("project", args=[project.pk]), chair
    )
    address = Offer(event("supervision.set_light"), project).url
    form = read(client, address, chair)
    assert "红灯（严重滞后）" in form and "橙灯" not in form and "至下一期进度报告提交时止" in form
    checked = client.post(address, {"light": RED, "reason": WHY, "op": "submit"}).content.decode()
    assert "由乡镇长办理" in checked
    apply(SYSTEM)
    assert built.project().lit == Lit(GREEN), "confirmed on a page of its own"


def test_the_list_behind_the_countys_number_says_why(client, red_by_hand):
    line = _project_line(red_by_hand.project(), date(2027, 4, 11))
    assert f"实施中；{TOLD}" in line.cells


def test_the_countys_figure_counts_the_light_shown_and_a_day_that_is_over_as_it_stood(red_by_hand):
    cycle = red_by_hand.cycle

    def red(day: date) -> int:
        shown: int = figures_by_year([cycle.pk], day)[cycle.pk].red
        assert shown == slow_figures(cycle, day)["red"]
        return shown

    assert red(date(2027, 4, 11)) == 1
    restored(red_by_hand)
    assert red(date(2027, 4, 13)) == 0
    before = Past((cycle.pk,), date(2027, 4, 11))
    assert before.figures()[cycle.pk].red == 1
    assert before.put_back(red_by_hand.project()).lit == Lit(RED, GREEN, WHY)


def test_the_summary_and_the_ledger_say_it(red_by_hand):
    make_due_summaries(at("2027-04-11"))
    paper = Paper.objects.filter(kind="progress_summary").latest("pk")
    assert f"亮灯：严重滞后（人工调整）。{TOLD}" in paper.body.splitlines()[0]
    ledger = next(one for one in LEDGERS if one.title == "项目台账")
    row = dict(zip(ledger.columns, next(iter(ledger.rows(red_by_hand.cycle))), strict=True))
    assert (row["亮灯"], row["亮灯说明"]) == ("严重滞后（人工调整）", TOLD)


def test_the_story_tells_it_to_everybody(client, red_by_hand):
    restored(red_by_hand)
    told = read(client, reverse("project_story", args=[red_by_hand.town.unit.code, red_by_hand.project().pk]))
    assert "人工调整亮灯为“严重滞后”" in told and WHY in told and "恢复亮灯“正常”" in told
