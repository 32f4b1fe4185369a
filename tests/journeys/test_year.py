"""A township's whole year, from the scheme to the archived dossier, every task on its page by the office whose turn it is."""

from __future__ import annotations

import zipfile
from datetime import date, timedelta

import pytest
from playwright.sync_api import Browser

from projects.ballots.models import Vote
from projects.cycles.models import Cycle
from projects.cycles.selectors import papers_of
from projects.demo.cast import Township
from projects.demo.play import deliberation as sitting
from projects.demo.play.collection import play_collection
from projects.demo.play.evaluation import Figures
from projects.demo.play.selection import play_selection
from projects.demo.play.stage import assembly, close_session, do_task, meeting, say_what_is_generated
from projects.demo.play.voting import (
    Sheet,
    _drafted,
    keyed,
    play_after_vote,
    play_announcement,
    play_attendance,
    play_closing,
    play_opening,
    play_voting,
)
from projects.evaluation.models import Archive
from projects.lifecycle.intake import start_year
from projects.selection.models import Item
from projects.supervision.models import Project
from projects.voting.selectors import vote_of
from tests.builders import at, township
from tests.journeys.stage import Stage
from tests.long import LONG
from tests.plays import play_deliberation, play_evaluation, play_supervision
from workflow.audit.models import Entry
from workflow.flows.models import Deadline
from workflow.people.isolation import SYSTEM, within
from workflow.roles.models import RoleGrant

pytestmark = pytest.mark.minutes

T = date(2026, 1, 20)
T2 = date(2027, 1, 19)


SIPING = {"农村人居环境整治和饮水工程": 42, "民生公路": 3}
SIPING_TOLD = (
    "公开报道载明的：发出 45 张、收回 45 张，农村人居环境整治和饮水工程得 42 票。"
    "演示生成的：全体代表 50 人、请假 5 人、另一项目的票数，会期、金额和人员。"
)
LANTING_PRINTED = {
    "实施文化惠民工程": 61,
    "实施“整洁兰亭”三级联创工程": 61,
    "完成“两江”综合整治工程": 60,
}
LANTING = {
    **LANTING_PRINTED,
    "实行镇村卫生一体化管理工程": 58,
    "下溪村安全饮水管网改造": 57,
    "东桥村农村道路硬化": 55,
    "石门村路灯亮化": 53,
    "镇中心小学运动场改造": 50,
    "沙岭村居家养老服务站建设": 48,
    "集镇停车场建设": 45,
    "派出所异地新建工程": 30,
    "老街排水改造": 28,
}


LANTING_TOLD = (
    f"公开报道载明的：候选项目 12 个、应选 10 个，{'、'.join(f'{title}得 {n} 票' for title, n in LANTING_PRINTED.items())}。"
    "演示生成的：全体代表 68 人、实到 65 人、其余项目的名称和票数，会期、金额和人员。"
)


def founded(stage: Stage, name: str, deputies: int, told: str) -> tuple[Township, Cycle]:
    """A township whose chair has founded the year 2026. told: which of its figures are printed, which generated."""
    stage.now = at("2025-08-01")
    with within(SYSTEM):
        town = township("J01", name=name, deputies=deputies)
        plan = {"year": 2026, "opens_on": date(2025, 9, 1), "planned_t": T, "planned_t2": T2}
        cycle = start_year(town.act("chair", at("2025-08-01")), **plan)
        say_what_is_generated(town, cycle, date(2025, 8, 1), told)
        return town, cycle


def play_to_the_end(town: Township, cycle: Cycle, *, valid: int, absent: int, term: int, number: int) -> None:
    """What follows a vote: the projects built and judged by the deputies, and the year closed."""
    play_after_vote(town, cycle, t=T)
    play_supervision(town, cycle, until=T2 - timedelta(days=46))
    cycle.refresh_from_db()
    numbers = list(Project.objects.filter(cycle=cycle).values_list("number", flat=True))
    marks = {n: [(valid - 5, 4, 1)] for n in numbers}
    figures = Figures(marks=marks, absent=absent, residents={numbers[0]: (1, 1, 0)})
    play_evaluation(town, cycle, t2=T2, term=term, number=number, figures=figures)


@pytest.mark.long
def test_a_year_runs_from_the_scheme_to_the_archive_on_the_figures_of_siping(
    browser: Browser, served, size
) -> None:
    """45 ballots issued and returned, 42 for the first of two candidates; N is set to 50 (generated).

    Its vote is held in the window; in make long every act of the year is, however often it comes.
    """
    rooms = () if LONG else ("resident", "voting")
    stage = Stage(browser, served.url, by_hand=size("by_hand", 1, 10_000), rooms=rooms)
    with stage.on():
        town, cycle = founded(stage, "四屏镇", 50, SIPING_TOLD)
        with stage.reading():
            play_collection(town, cycle, proposals=6, titles=list(SIPING))
            play_selection(town, cycle, list(SIPING), 1)
            cycle.refresh_from_db()
            play_deliberation(town, cycle, t=T, term=2, number=4, seats=1, mode="select")
            play_voting(town, cycle, t=T, present=45, sums=SIPING, on_leave=5)
            play_to_the_end(town, cycle, valid=45, absent=5, term=2, number=6)
        elected, _other = SIPING
        assert "得 42 票" in followed(stage, town, elected)
        with within(SYSTEM):
            vote = Vote.objects.get(about_reference=cycle.reference, purpose="projects")
            assert (vote.issued, vote.returned) == (45, 45)
            assert titles(cycle, "elected") == {elected}
            assert_archived(cycle, SIPING_TOLD)
            assert_done_on_pages(stage, town)


def test_a_year_with_returns_and_refusals_runs_to_the_archive_on_the_figures_of_lanting(
    browser: Browser, served
) -> None:
    """61, 61 and 60 are printed; N 68, 65 present and the other sums are generated to agree with them."""
    slips = {
        "selection.draft_list": {"seats": 12},
        "voting.open": {"issued": 66},
    }
    stage = Stage(browser, served.url, themselves=True, slips=slips)
    with stage.on():
        town, cycle = founded(stage, "兰亭镇", 68, LANTING_TOLD)
        with stage.reading():
            return_the_scheme(town, cycle)
            play_collection(town, cycle, proposals=14, titles=list(LANTING))
            play_selection(town, cycle, list(LANTING), 10)
            cycle.refresh_from_db()
            play_contested_deliberation(town, cycle)
            play_contested_vote(town, cycle)
            play_to_the_end(town, cycle, valid=65, absent=3, term=16, number=4)
        with within(SYSTEM):
            vote = Vote.objects.get(about_reference=cycle.reference, purpose="projects")
            lost = {"派出所异地新建工程", "老街排水改造"}
            assert titles(cycle, "elected") == set(LANTING) - lost
            assert vote.deputies_present == 65
            assert vote.outcome["majority"] == {"base": "in_office", "of": 68, "needed": 35}
            assert vote.outcome["tied"] == []
            assert_archived(cycle, LANTING_TOLD)
            assert_done_on_pages(stage, town)
    assert "差额" in stage.told["selection.draft_list"]
    assert "实到" in stage.told["voting.open"]


def return_the_scheme(town: Township, cycle: Cycle) -> None:
    """The Party committee sends the chair's first scheme back."""
    first, second = date(2025, 8, 4), date(2025, 8, 6)
    days = {
        "opens_on": str(cycle.opens_on),
        "planned_t": str(cycle.planned_t),
        "planned_t2": str(cycle.planned_t2),
    }
    words = {"leading_group": "组长：党委书记。", "body": "按照三个阶段、六个环节组织实施。"}
    do_task(cycle, "collection.scheme", town.of("chair"), first, **days, **words)
    do_task(
        cycle,
        "collection.scheme_party",
        town.of("party"),
        second,
        **meeting(town.people["party"], second, agree=False),
    )


def play_contested_deliberation(town: Township, cycle: Cycle) -> None:
    """The presidium sends the list back and gets it again; a withdrawal is not agreed to, a matter not added."""
    with_seats = {"t": T, "seats": 10}
    sitting.play_report(town, cycle, t=T, term=16, number=2)
    sitting.play_agenda(town, cycle, **with_seats, agree=False)
    kept = [str(item.pk) for item in Item.objects.filter(cycle=cycle, state="candidate")]
    words = "已逐项写明资金来源和责任单位，名单不变。"
    do_task(
        cycle, "deliberation.revise_list", town.of("mayor"), T - timedelta(days=21), kept=kept, words=words
    )
    sitting.play_agenda(town, cycle, **with_seats)
    sitting.play_papers(town, cycle, t=T)
    sitting.play_visits(town, cycle, t=T)
    do_task(
        cycle, "deliberation.readiness", town.of("chair"), T - timedelta(days=10), words="各项准备基本就绪。"
    )
    sitting.play_materials(town, cycle, t=T)
    sitting.play_opening(town, cycle, t=T)
    sitting.play_withdrawal(town, Item.objects.get(cycle=cycle, title="老街排水改造"), T, agree=False)
    sitting.play_added_matter(town, cycle, T, title="集镇农贸市场改造", decision="suggestion")
    sitting.play_delegations(town, cycle, t=T)
    sitting.play_question(town, cycle, t=T)
    sitting.play_settlement(town, cycle, **with_seats, mode="select")


def play_contested_vote(town: Township, cycle: Cycle) -> None:
    """The two keyings differ the first time, are not accepted and are made again; then the day goes on."""
    play_attendance(town, cycle, t=T, present=65, on_leave=3)
    play_opening(town, cycle, t=T, issued=65)
    play_closing(town, cycle, t=T, returned=65)
    sheet = keyed(vote_of(cycle), Sheet(LANTING))
    for second in (sheet | {"valid": 64, "invalid": 1, "spoiled_unreadable": 1}, sheet):
        do_task(cycle, "voting.key_first", town.of("counter", 1), T, hour=15, **sheet)
        do_task(cycle, "voting.key_second", town.of("counter", 2), T, hour=15, **second)
    for node, office in (
        ("certify_chief", "chief_teller"),
        ("certify_teller", "teller"),
        ("declare", "chair"),
    ):
        do_task(cycle, f"voting.{node}", town.of(office), T, hour=15, confirmed=True)
    resolved = _drafted(cycle, "voting.resolution") | assembly(68, 65, T)
    do_task(cycle, "voting.resolution", town.of("clerk"), T, hour=16, **resolved)
    close_session(town, T)
    play_announcement(town, cycle, T + timedelta(days=2))


def followed(stage: Stage, town: Township, title: str) -> str:
    """What whoever proposed it reads by its number in the end."""
    with stage.resident(town.unit) as resident:
        return resident.look_up(stage.codes[title])


def titles(cycle: Cycle, state: str) -> set[str]:
    return set(Item.objects.filter(cycle=cycle, state=state).values_list("title", flat=True))


def assert_archived(cycle: Cycle, told: str) -> None:
    """The year is closed, its papers were made, and the dossier's first form stands and says what was generated."""
    assert Cycle.objects.get(pk=cycle.pk).state == "closed"
    with zipfile.ZipFile(Archive.objects.get(cycle=cycle).file) as dossier:
        [note] = [name for name in dossier.namelist() if name.endswith("演示数据说明.html")]
        assert told in dossier.read(note).decode()
        assert "各环节应有文件均已收入。" in dossier.read("备考表.txt").decode("utf-8-sig")
    assert not PAPERS - set(papers_of(cycle).values_list("kind", flat=True))


def assert_done_on_pages(stage: Stage, town: Township) -> None:
    """No kind of task was done in the year, or in the rooms on stage, that was not done on its page.

    Every office did its first behind the sign-in page; of those who vote in secret no sign-in is written down.
    """
    done = Deadline.objects.filter(unit=town.unit).exclude(done_at=None)
    keys = {
        key for key in done.values_list("key", flat=True) if not stage.rooms or key.startswith(stage.rooms)
    }
    assert keys and not keys - set(stage.done)
    signed = Entry.objects.filter(action="auth.sign_in").values_list("actor__username", flat=True)
    voters = RoleGrant.objects.filter(office="deputy", tenant=town.unit).values_list(
        "user__username", flat=True
    )
    assert set(signed) == set(stage.signed_in.values()) - set(voters)


PAPERS = {"scheme", "call", "bill", "method", "tally_report", "resolution", "announcement", "account"}
