"""The page of one session of the congress and the list of a township's: who sees them, and what they never say."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from projects.ballots.models import Vote
from projects.cycles.models import Paper, RollLine, Session
from projects.deliberation.models import AddedMatter, Question, Withdrawal
from projects.demo.play.voting import Sheet, play_attendance, play_ballot, play_closing, play_opening
from projects.portal.beside import sessions as dated
from projects.portal.session_selectors import session_page
from projects.supervision.models import Interpellation
from tests.addresses import signed_in
from tests.builders import at, do, every_office, open_task, township
from tests.projects.evaluation.conftest import year_under_supervision
from tests.projects.evaluation.test_evaluation import ALL_GOOD, T2, announced, key_both, opened, signed
from tests.projects.supervision.conftest import Year, year_of
from tests.projects.supervision.test_changes import draft
from tests.projects.voting.conftest import Hall, T, settled
from workflow.flows.events import perform
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import User
from workflow.roles.models import RoleGrant

pytestmark = pytest.mark.django_db

SUMS = {"文化礼堂": 37, "村道硬化": 8}
DAY = "2027-06-18"  # of the extra session of `Year.in_session`


@pytest.fixture(autouse=True)
def _system(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    apply(SYSTEM)


def voting(**rules) -> Hall:
    """50 deputies on the roll of a session that votes on two candidates for one place."""
    hall = settled(list(SUMS), seats=1, in_office=50, **rules)
    RollLine.objects.bulk_create(
        RollLine(unit=hall.town.unit, session=hall.session, name=f"代表{n:02}") for n in range(50)
    )
    return hall


def seen(grant_or_user: RoleGrant | User, path: str, status: int = 200) -> str:
    """What somebody reads at an address."""
    client = Client()
    if isinstance(grant_or_user, RoleGrant):
        client = signed_in(grant_or_user)
    else:
        client.force_login(grant_or_user)
    answer = client.get(path)
    apply(SYSTEM)
    assert answer.status_code == status, (path, answer.status_code)
    return answer.content.decode()


def page(user: RoleGrant | User, session: Session, status: int = 200) -> str:
    return seen(user, reverse("session", args=[session.pk]), status)


def of_extra(year: Year) -> Session:
    return Session.objects.get(unit=year.town.unit, uses=None)


# ------------------------------------------------------------------------------- who sees it


def test_every_office_of_a_township_and_above_it_reads_the_session_and_no_other_townships_office_does():
    hall = voting()
    away = township("T02", name="柳河镇")
    for office, grant in every_office(hall.town).items():
        if grant.scope:  # an auditor's or an expert's: below
            continue
        shown = page(grant, hall.session)
        assert str(hall.session) in shown and "投票表决" in shown, office
    for grant in every_office(away).values():
        assert str(hall.session) not in page(grant, hall.session, 404)
    assert Client().get(reverse("session", args=[hall.session.pk])).status_code == 302


def test_an_auditor_of_money_and_evaluation_reads_no_vote_of_step_four_and_is_told_the_limit():
    hall = voting()
    grants = every_office(hall.town)
    shown = page(grants["auditor"], hall.session)
    assert "查阅范围" in shown and "投票表决" not in shown and "代表名册" not in shown
    assert "闭会前尚待办理" not in shown and "议程已经办完" not in shown
    assert "投票表决" in page(grants["clerk"], hall.session)


def test_what_may_be_done_on_the_session_is_offered_where_it_stands():
    hall = voting()
    shown = page(hall.town.of("clerk"), hall.session)
    assert f"/do/deliberation.roll_change/{hall.session.pk}/" in shown
    assert "/do/deliberation.roll_change/" not in page(hall.town.of("mayor"), hall.session)


# ------------------------------------------------------------------------------- what it says


def test_no_sum_and_no_result_of_a_vote_stands_there_before_it_is_announced():
    hall = voting()
    readers = [hall.town.of(office) for office in ("clerk", "chair", "chief_teller", "counter", "deputy")]

    def nothing_is_told() -> None:
        for reader in readers:
            shown = page(reader, hall.session)
            assert "尚未宣布" in shown and ">37<" not in shown and "入选 1 个" not in shown
            assert "计票结果报告单" not in shown or reader == hall.town.of("chief_teller")

    before = page(hall.town.of("clerk"), hall.session)
    assert "尚未投票" in before and "已确定" not in before
    play_attendance(hall.town, hall.cycle, t=T, present=45, on_leave=3)
    play_opening(hall.town, hall.cycle, t=T, issued=45)
    assert "尚未投票" not in page(hall.town.of("clerk"), hall.session)
    nothing_is_told()
    play_closing(hall.town, hall.cycle, t=T, returned=45)
    nothing_is_told()
    vote = hall.vote
    # The figures are in the record, as they are once keyed and signed; the page does not read them.
    Vote.objects.filter(pk=vote.pk).update(state="certified", outcome={"elected": ["文化礼堂"], "sums": SUMS})
    nothing_is_told()


def test_once_announced_the_result_the_attendance_and_the_papers_are_there():
    hall = voting()
    play_ballot(hall.town, hall.cycle, t=T, present=45, on_leave=3, sheet=Sheet(SUMS))
    shown = page(hall.town.of("clerk"), hall.session)
    assert "入选 1 个" in shown and "文化礼堂" in shown and "尚未宣布" not in shown
    assert "计票结果报告单" in shown
    facts = session_page(hall.session, every_office(hall.town)["clerk"], at(T.isoformat(), 17))
    attendance = facts["attendance"]
    assert (attendance.in_office, attendance.present, attendance.leave, attendance.absent) == (50, 45, 3, 2)
    assert [row.named for row in facts["votes"]] == [("文化礼堂",)]


def test_who_left_the_roll_between_two_votes_stands_there_with_time_and_grounds_and_the_vote_before_as_it_was():
    hall = voting()
    play_ballot(hall.town, hall.cycle, t=T, present=45, on_leave=3, sheet=Sheet(SUMS))
    assert "代表变动" not in page(hall.town.of("clerk"), hall.session).replace("登记代表变动", "")
    gone = RollLine.objects.get(name="代表00")
    data = {"change": "leave", "leaver": gone.pk, "reason": "大会接受其辞职"}
    perform(
        "deliberation.roll_change",
        hall.session,
        actor=hall.town.of("clerk"),
        data=data,
        at=at(T.isoformat(), 16),
    )
    hall.session.refresh_from_db()
    facts = session_page(hall.session, every_office(hall.town)["clerk"], at(T.isoformat(), 17))
    attendance = facts["attendance"]
    assert (attendance.in_office, attendance.on_roll) == (49, 49)
    assert [(one.name, one.word) for one in attendance.changes] == [("代表00", "代表资格终止")]
    assert [(row.vote.deputies_in_office, row.vote.deputies_present) for row in facts["votes"]] == [(50, 45)]
    for shown in (
        page(hall.town.of("mayor"), hall.session),
        seen(hall.town.of("clerk"), reverse("event", args=["deliberation.roll_change", hall.session.pk])),
    ):
        assert "代表00" in shown and "大会接受其辞职" in shown and "1月20日 16:00" in shown


def test_what_still_keeps_it_open_stands_on_top_and_the_end_of_it_says_when():
    year = year_of(township()).building().in_session()
    session, town = of_extra(year), year.town
    clean = page(town.of("clerk"), session)
    closing = open_task("supervision.close_session")
    assert "议程已经办完" in clean and f'href="/tasks/{closing.pk}/"' in clean
    asked = Question.objects.create(
        unit=town.unit, cycle=year.cycle, session=session, department=town.departments[0], by=town.deputies[0],
        words="进度为何缓慢？",
    )  # fmt: skip
    owing = page(town.of("clerk"), session)
    assert "闭会前尚待办理" in owing and f"{town.departments[0].name}尚未答复代表的询问。" in owing
    assert "进度为何缓慢？" in owing and "待答复" in owing and "议程已经办完" not in owing
    Question.objects.filter(pk=asked.pk).update(state="answered", answer="已增派人手。")
    do("supervision.close_session", town.of("chair"), "2027-06-19", confirmed=True)
    session.refresh_from_db()
    over = session_page(session, every_office(town)["clerk"], at("2027-09-01"))
    assert over["closed_on"] == date(2027, 6, 19) and not over["is_held"]
    shown = page(town.of("clerk"), session)
    assert "已闭会" in shown and "已增派人手。" in shown and "闭会前尚待办理" not in shown


def test_presidium_agenda_and_what_was_passed_by_show_of_hands_come_from_the_preliminary_meeting():
    year = year_of(township()).in_session()
    session, town = of_extra(year), year.town
    facts = session_page(session, every_office(town)["clerk"], at(DAY, 17))
    assert sorted(facts["presidium"]) == sorted(user.name for user in town.people["presidium"])
    assert facts["agenda"].body == "审议民生实事项目调整事项。"
    (opening,) = facts["decisions"]
    assert (opening.title, opening.votes_for, opening.agreed) == ("临时会议开幕（预备会议）", 20, True)
    assert {"convening", "agenda"} <= {paper.kind for paper in facts["papers"]}
    shown = page(town.of("presidium"), session)
    assert "临时会议" in shown and "审议民生实事项目调整事项。" in shown and facts["presidium"][0] in shown


def test_what_is_passed_before_or_after_a_session_is_none_of_its_own():
    year = year_of(township()).in_session()
    session = of_extra(year)
    earlier = Session.objects.create(
        unit=year.town.unit, term=19, number=2, held_on=date(2027, 1, 20), state="closed"
    )
    grant = every_office(year.town)["clerk"]
    assert session_page(session, grant, at(DAY))["decisions"]
    assert not session_page(earlier, grant, at(DAY))["decisions"]
    assert not session_page(earlier, grant, at(DAY))["papers"]


def test_a_motion_still_being_signed_is_its_signers_own():
    year = year_of(township()).building().in_session()
    session = of_extra(year)
    draft(year)
    assert "质询案" not in page(year.clerk_of(year.project()), session).partition("<main")[2]
    Interpellation.objects.update(state="tabled")
    shown = page(year.town.of("clerk"), session)
    assert "村道硬化项目为何长期停工" in shown and "联名代表 1 名" in shown
    assert "答复形式，主席团尚未决定" in shown


def test_a_measurement_stands_there_with_its_rates_once_it_is_announced():
    town = township()
    cycle = year_under_supervision(town, ["村道硬化", "自来水管网改造", "老年食堂"])
    opened(town, cycle)
    session = Session.objects.get(uses__cycle=cycle, uses__use="evaluation")
    key_both(town, cycle, ALL_GOOD.marks)
    signed(town)
    reader = town.of("clerk")
    before = page(reader, session)
    assert "尚未宣布" in before and "满意率" not in before and ">95%<" not in before
    assert f"{cycle}尚有事项须在本次会议办理。" in before
    announced(town)
    shown = page(reader, session)
    assert "已测评 3 个项目" in shown and "满意率" in shown and "95%" in shown
    facts = session_page(session, every_office(town)["clerk"], at(T2, 17))
    assert next((line.marks.satisfied, line.passed) for line in facts["measured"]) == (18, True)
    assert {"presidium_report", "tellers", "measurement"} <= {paper.kind for paper in facts["papers"]}


# ------------------------------------------------------------------------------- the list, and the ways there


def test_the_list_has_a_townships_own_sessions_by_year_and_says_when_there_is_none():
    hall = voting()
    away = township("T02", name="柳河镇")
    address = reverse("sessions")
    assert "还没有会议" in seen(away.of("clerk"), address)
    Session.objects.create(unit=hall.town.unit, term=19, number=1, held_on=date(2026, 1, 20), state="closed")
    shown = seen(hall.town.of("clerk"), address)
    assert "第十九届人民代表大会第一次会议" in shown and "第十九届人民代表大会第二次会议" in shown
    assert f'href="{reverse("session", args=[hall.session.pk])}"' in shown
    last = seen(hall.town.of("clerk"), f"{address}?year=2026")
    assert "第一次会议" in last and "第二次会议" not in last
    assert "第二次会议" not in seen(away.of("clerk"), f"{address}?unit={hall.town.unit.code}")


def test_a_county_turns_the_list_to_a_township_below_it_and_a_long_list_is_paged():
    hall = voting()
    first = date(1990, 1, 10)
    Session.objects.bulk_create(
        Session(
            unit=hall.town.unit, term=n, number=1, held_on=first + timedelta(days=365 * n), state="closed"
        )
        for n in range(1, 31)
    )
    county = every_office(hall.town)["county"]
    code = hall.town.unit.code
    shown = seen(county, f"{reverse('sessions')}?unit={code}")
    assert "第十九届人民代表大会第二次会议" in shown and "下一页" in shown
    assert "第一届人民代表大会第一次会议" in seen(county, f"{reverse('sessions')}?unit={code}&page=2")
    seen(county, f"{reverse('sessions')}?unit=T09", 404)


def test_the_calendar_the_year_the_vote_and_the_navigation_lead_to_it():
    hall = voting()
    address = reverse("session", args=[hall.session.pk])
    assert address in [one.url for one in dated(hall.town.unit, T, T)]
    reader = hall.town.of("clerk")
    for path in (
        reverse("year", args=[hall.cycle.pk]),
        reverse("vote", args=[hall.vote.pk]),
        reverse("sessions"),
    ):
        assert f'href="{address}"' in seen(reader, path), path
    shown = seen(reader, address)
    assert f'href="{reverse("vote", args=[hall.vote.pk])}"' in shown
    assert f'href="{reverse("year", args=[hall.cycle.pk])}"' in shown
    assert 'href="/sessions/"' in shown and 'href="/votes/"' in shown


def test_a_session_takes_as_many_queries_for_many_rows_as_for_one(client):
    hall = voting()
    town, session = hall.town, hall.session
    play_ballot(town, hall.cycle, t=T, present=45, on_leave=3, sheet=Sheet(SUMS))
    client.force_login(town.of("clerk"))

    def more(n: int) -> None:
        told = {"unit": town.unit, "cycle": hall.cycle}
        Question.objects.create(
            **told, session=session, department=town.departments[0], by=town.deputies[0], words=f"问{n}"
        )
        Interpellation.objects.create(**told, session=session, words=f"质询{n}", state="tabled")
        AddedMatter.objects.create(**told, title=f"增加{n}", content="理由。", state="tabled")
        Withdrawal.objects.create(unit=town.unit, item=hall.items[0], reason=f"理由{n}")
        Paper.objects.create(
            **told, kind="minutes", title=f"纪要{n}", subject=session.reference, made_on=T, step=4
        )
        vote = hall.vote
        options = list(vote.options.all())
        vote.pk, vote.purpose = None, "change"  # a declared one each, of no year's own result
        vote._state.adding = True
        vote.save()
        for option in options:
            option.pk, option.vote = None, vote
            option._state.adding = True
            option.save()

    def cost() -> int:
        path = reverse("session", args=[session.pk])
        client.get(path)
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(path)
        apply(SYSTEM)
        assert answer.status_code == 200
        return len(asked)

    more(1)
    one = cost()
    for n in range(2, 7):
        more(n)
    assert cost() == one
