"""程序体检: every condition of the vote with who must act, from the first paper to the first ballot."""

from __future__ import annotations

from datetime import date

import pytest

from projects.ballots.models import Vote
from projects.ballots.services import record_attendance
from projects.cycles.documents.tables import tables_of
from projects.cycles.models import Cycle, CycleState, Paper, RollLine
from projects.deliberation.models import Receipt
from projects.deliberation.readiness import obstacles_to_ready, readiness_sheet, sheet_of
from projects.deliberation.rules import Level
from projects.demo.play import deliberation as play
from projects.demo.play.stage import moment
from tests.builders import arranged, at, do, open_task
from tests.projects.deliberation.test_deliberation import (  # noqa: F401
    SEATS,
    T,
    _system,
    adopt,
    cycle,
    heard,
    opened,
    prepared,
    reported,
    settle,
    town,
)
from workflow.roles.models import RoleGrant
from workflow.roles.services import revoke

pytestmark = pytest.mark.django_db

WEEK_BEFORE = date(2027, 1, 12)


def levels(cycle, on) -> dict[str, list[Level]]:  # noqa: F811
    found: dict[str, list[Level]] = {}
    for line in readiness_sheet(Cycle.objects.get(pk=cycle.pk), on):
        found.setdefault(line.what, []).append(line.level)
    return found


def test_every_line_names_an_office_an_article_and_its_grade(prepared):  # noqa: F811
    for line in readiness_sheet(prepared, WEEK_BEFORE):
        assert line.who and line.point.office and line.point.basis and line.point.grade in "LRSNTD", line.what


def test_a_prepared_session_waits_for_its_day_alone(town, prepared):  # noqa: F811
    now = levels(prepared, WEEK_BEFORE)
    for what in (
        "代表名册",
        "法定人数",
        "会议通知",
        "议案",
        "候选项目",
        "差额",
        "预算草案",
        "答复提出人",
        "会议材料",
    ):
        assert set(now[what]) == {Level.DONE}, what
    waiting = [what for what, found in now.items() if found == [Level.WAITING]]
    assert waiting == ["会议举行", "票决办法", "票面", "监票人、计票人", "到会人数"]
    assert "开箱口令" not in now


def test_after_the_adopted_method_only_the_attendance_is_left(town, heard):  # noqa: F811
    settle(town, heard)
    before = levels(heard, T)
    assert before["票决办法"] == [Level.WAITING] and before["监票人、计票人"] == [Level.WAITING]
    adopt(town, heard)
    now = levels(heard, T)
    assert [what for what, found in now.items() if Level.DONE not in found] == ["到会人数"]
    vote = Vote.objects.get()
    record_attendance(town.act("clerk", moment(T, 14)), vote, present=14, on_leave=6)
    assert Level.BLOCKING in levels(heard, T)["本次投票名册"], "the roll still has all of them present"
    away = vote.session.roll.values_list("pk", flat=True)[:6]
    vote.session.roll.filter(pk__in=list(away)).update(presence="leave")
    assert {line.level for line in readiness_sheet(Cycle.objects.get(), T)} <= {Level.DONE, Level.WARNING}


def test_too_few_present_stop_the_vote_by_article_14(town, heard):  # noqa: F811
    settle(town, heard)
    adopt(town, heard)
    record_attendance(town.act("clerk", moment(T, 14)), Vote.objects.get(), present=13, on_leave=7)
    [line] = [line for line in readiness_sheet(Cycle.objects.get(), T) if line.what == "到会人数"]
    assert line.level is Level.BLOCKING and "《地方组织法》第十四条" in line.note


def test_a_roll_whose_deputies_have_left_office_cannot_make_a_quorum(town, prepared):  # noqa: F811
    assert levels(prepared, WEEK_BEFORE)["法定人数"] == [Level.DONE]
    for user in town.deputies[-7:]:
        held = RoleGrant.objects.get(user=user, office="deputy")
        revoke(grant=held, act=town.act("clerk", at("2027-01-11")), reason="调离")
    [line] = [line for line in readiness_sheet(prepared, WEEK_BEFORE) if line.what == "法定人数"]
    assert line.level is Level.BLOCKING
    assert line.note == "须有 14 人以上出席，名册上在任 13 人，不能举行会议"


def test_materials_not_sent_are_late_after_their_day_and_do_not_stop_the_check(town, reported):  # noqa: F811
    play.play_agenda(town, reported, t=T, seats=SEATS)
    play.play_papers(town, reported, t=T)
    play.play_visits(town, reported, t=T)
    do("deliberation.readiness", town.of("chair"), "2027-01-10", words="")
    due = open_task("deliberation.materials").due_on
    assert levels(reported, due)["会议材料"] == [Level.WAITING]
    assert levels(reported, date(2027, 1, 18))["会议材料"] == [Level.WAITING], (
        "nobody can have missed a provisional day"
    )
    arranged()
    assert levels(reported, date(2027, 1, 18))["会议材料"] == [Level.LATE]
    assert obstacles_to_ready(Cycle.objects.get(), at("2027-01-18")) == []


def test_a_deputy_without_the_materials_is_named(town, prepared):  # noqa: F811
    Receipt.objects.filter(user=town.deputies[3]).delete()
    [line] = [line for line in readiness_sheet(prepared, WEEK_BEFORE) if line.what == "会议材料"]
    assert line.level is Level.WARNING and town.deputies[3].name in line.note


def test_the_sheet_leads_to_the_open_task_and_names_who_holds_it(town, reported):  # noqa: F811
    play.play_agenda(town, reported, t=T, seats=SEATS)
    rows = {row.line.what: row for row in sheet_of(Cycle.objects.get(), date(2027, 1, 3)).rows}
    assert rows["议案"].task_id == open_task("deliberation.bill").pk
    assert rows["议案"].people == town.of("mayor").name and rows["议案"].grade == "国家法律"
    assert rows["会议通知"].people.endswith("等 7 人")
    assert rows["答复提出人"].task_id is None


def test_before_step_3_nothing_blocks_yet(town, cycle):  # noqa: F811
    assert Level.BLOCKING in {line.level for line in readiness_sheet(cycle, date(2026, 12, 21))}
    cycle.__dict__["state"] = CycleState.SELECTING
    assert Level.BLOCKING not in {line.level for line in readiness_sheet(cycle, date(2026, 12, 21))}


def test_the_confirmed_sheet_keeps_what_each_line_rests_on(town, reported):  # noqa: F811
    play.play_agenda(town, reported, t=T, seats=SEATS)
    play.play_papers(town, reported, t=T)
    do("deliberation.readiness", town.of("chair"), "2027-01-10", words="")
    lines = Paper.objects.get(kind="readiness").data["lines"]
    assert {
        "what": "议案",
        "who": "乡镇长",
        "level": "done",
        "note": "已提交",
        "grade": "L",
        "basis": "《地方组织法》第二十二条",
    } in lines
    assert RollLine.objects.count() == 20


def test_the_confirmed_sheet_says_what_the_page_said_when_it_was_confirmed(town, reported):  # noqa: F811
    play.play_agenda(town, reported, t=T, seats=SEATS)
    play.play_papers(town, reported, t=T)
    page = sheet_of(Cycle.objects.get(), date(2027, 1, 10))
    do("deliberation.readiness", town.of("chair"), "2027-01-10", words="")
    [table] = tables_of(Paper.objects.get(kind="readiness"))
    assert [(row[1], row[3]) for row in table.rows] == [(row.line.what, row.said) for row in page.rows]
    assert page.open_now and page.waiting
    assert {"待办", "未到时间", "具备"} <= {row[3] for row in table.rows}
