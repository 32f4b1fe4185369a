"""The presidium calls what evaluates a year, and what measures again."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from projects.ballots.models import Vote
from projects.cycles.models import Cycle, CycleSession, Paper, Session
from projects.cycles.selectors import session_of
from projects.deliberation.services import set_roll
from projects.demo.play.deliberation import roll_data
from projects.demo.play.evaluation import BODY
from projects.demo.play.stage import open_tasks
from projects.evaluation import selectors
from projects.voting.services import obstacles_to_ending
from tests.builders import at, do, open_task
from tests.projects.evaluation.test_evaluation import (
    ALL_GOOD,
    CALL,
    REPORT,
    T2,
    asked,
    attended,
    called,
    in_session,
    listed,
    measured,
    minutes,
    reported,
    reviewed,
    second,
)
from workflow.audit.models import Entry
from workflow.flows.errors import InvalidForm, NotYourTurn, Obstructed
from workflow.flows.models import Meeting
from workflow.machines.services import fire

pytestmark = pytest.mark.django_db


def notices(**more):
    return Paper.objects.filter(kind="convening", **more)


# The evaluation session


def test_the_presidium_calls_the_session_and_the_clerk_makes_its_roll(town, cycle):
    reported(town, cycle)
    # Fifteen days before is the New Year's holiday: the working day before it.
    assert open_task("evaluation.convene").due_on == date(2027, 12, 31)
    called(town)
    session = session_of(cycle, "evaluation")
    assert (session.state, str(session.held_on)) == ("convened", T2)
    notice = notices().get()
    assert notice.published_at and notice.step == 6 and "第十八届" in notice.title
    assert Meeting.objects.get(task__deadline__key="evaluation.convene").agreed
    listed(town)
    session.refresh_from_db()
    assert (session.deputies_in_office, session.roll.count()) == (20, 20)


def test_nobody_but_the_presidium_calls_it_and_only_with_a_majority(town, cycle):
    reported(town, cycle)
    task_data = {**minutes(town, "2027-12-31"), **CALL}
    for office in ("mayor", "gov_clerk"):
        with pytest.raises(NotYourTurn):
            do("evaluation.convene", town.of(office), "2027-12-31", **task_data)
    with pytest.raises(InvalidForm, match="没有形成决定"):
        called(town, **minutes(town, "2027-12-31", agree=False))
    assert not Session.objects.exists()
    called(town)


def test_a_notice_in_time_is_told_nothing(town, cycle):
    reported(town, cycle)
    called(town, "2027-12-31")
    assert notices().get().data["warnings"] == []


def test_a_short_notice_stands_and_says_so(town, cycle):
    reported(town, cycle)
    called(town, "2028-01-10")
    assert "15" in notices().get().data["warnings"][0]


def test_a_session_that_is_over_or_stands_on_another_day_is_refused(town, cycle):
    reported(town, cycle)
    there = Session.objects.create(unit=town.unit, term=18, number=4, held_on=date(2028, 1, 20))
    with pytest.raises(InvalidForm, match="已定于 2028-01-20"):
        called(town)
    act = town.act("chair", at("2027-12-30"))
    for arrow in ("convene", "begin", "end"):
        fire(there, arrow, act)
    with pytest.raises(InvalidForm, match="已经闭会"):
        called(town, session_on="2028-01-20")


def voting_session(town, *, state_arrows=("convene",)):
    """The session the next year votes at, on the same day, with its roll."""
    session = Session.objects.create(unit=town.unit, term=18, number=4, held_on=date.fromisoformat(T2))
    following = Cycle.objects.create(
        unit=town.unit,
        year=2028,
        opens_on=date(2027, 9, 1),
        planned_t=date.fromisoformat(T2),
        planned_t2=date(2029, 1, 18),
    )
    act = town.act("clerk", at("2027-12-20"))
    for arrow in ("open", "begin_selection", "begin_deliberation"):
        fire(following, arrow, act)
    CycleSession.objects.create(unit=town.unit, cycle=following, session=session, use="vote")
    for arrow in state_arrows:
        fire(session, arrow, act)
    set_roll(act, session, roll_data(town))
    return session


def test_a_session_the_next_year_votes_at_is_not_called_twice(town, cycle):
    session = voting_session(town)
    asked(town, cycle)
    entry = called(town)
    assert '"called_already":true' in entry.body and not notices().exists()
    assert Entry.objects.filter(action="session.convene", subject=session.reference).count() == 1
    assert open_tasks(cycle, "evaluation.roll") == []
    do("evaluation.presidium_report", town.of("chair"), T2, **REPORT)
    with pytest.raises(Obstructed, match="由预备会议开幕"):
        attended(town, 20)
    fire(session, "begin", town.act("clerk", at(T2)))
    measured(town, cycle, ALL_GOOD.marks)
    session.refresh_from_db()
    # The vote of the next year is still to come, the evaluation no longer keeps the session open.
    assert session.state == "open"
    assert [str(cycle) in reason for reason in obstacles_to_ending(session)] == [False]


def test_an_evaluation_still_to_be_held_keeps_the_session_open(town, cycle):
    session = voting_session(town, state_arrows=("convene", "begin"))
    asked(town, cycle)
    called(town)
    assert any(str(cycle) in reason for reason in obstacles_to_ending(session))


# The reviews


def test_the_presidium_hears_the_reviews_and_its_conclusion_is_kept(town, cycle):
    reported(town, cycle)
    assert open_tasks(cycle, "evaluation.conclude_reviews") == []
    reviewed(town, cycle)
    data = {"conclusion": "各项目使用正常，建议明确管护责任。"}
    with pytest.raises(InvalidForm, match="没有形成决定"):
        day = "2027-12-28"
        do("evaluation.conclude_reviews", town.of("clerk"), day, **minutes(town, day, agree=False), **data)
    do("evaluation.conclude_reviews", town.of("clerk"), day, **minutes(town, day), **data)
    paper = Paper.objects.get(kind="minutes", title__contains="现场评议")
    assert len(paper.data["scores"]) == 3 and set(paper.data["scores"].values()) == {"90"}
    assert "建议明确管护责任" in paper.body and "老年食堂：90 分" in paper.body


# Measuring again


def failed(town, cycle):
    in_session(town, cycle)
    measured(town, cycle, {1: [(20, 0, 0)], 2: [(20, 0, 0)], 3: [(14, 0, 6)]})
    task = open_task("evaluation.rectify")
    do("evaluation.rectify", town.department_clerk(task.seat), "2028-03-01", remedy=BODY["rectify"])


def call_again(town, **more):
    data = {"occasion": "next_session", "measured_on": "2028-07-20", "body": BODY["second"], **more}
    return do(
        "evaluation.second_measure", town.of("clerk"), "2028-06-20", **minutes(town, "2028-06-20"), **data
    )


def test_the_next_session_is_created_called_held_and_closed(town, cycle):
    failed(town, cycle)
    with pytest.raises(InvalidForm, match="须写明届次"):
        call_again(town)
    call_again(town, term=18, session_number=5)
    session = Session.objects.get(number=5)
    assert (session.state, session_of(cycle, "remeasure")) == ("convened", session)
    assert notices(subject=session.reference, published_at__isnull=False).exists()
    assert Vote.objects.latest("pk").session == session
    assert selectors.occasion_of(cycle)["title"] == str(session)
    with pytest.raises(Obstructed, match="2028-07-20"):
        attended(town, 20, day="2028-07-19")
    measured(town, cycle, {3: [(), (20, 0, 0)]}, day="2028-07-20", round_=1)
    session.refresh_from_db()
    assert session.state == "closed"
    assert open_task("evaluation.publish")


def test_a_planned_session_is_chosen_on_its_own_day(town, cycle):
    failed(town, cycle)
    planned = Session.objects.create(unit=town.unit, term=18, number=5, held_on=date(2028, 7, 25))
    with pytest.raises(InvalidForm, match="已定于 2028-07-25"):
        call_again(town, term=18, session_number=5)
    call_again(town, term=18, session_number=5, measured_on="2028-07-25")
    assert Vote.objects.latest("pk").session == planned and Session.objects.count() == 2


def test_the_chair_alone_calls_no_second_measurement(town, cycle):
    failed(town, cycle)
    data = {"occasion": "deputies_meeting", "measured_on": "2028-03-20", "body": BODY["second"]}
    alone = minutes(town, "2028-03-10") | {"attended": [str(town.of("chair").pk)], "votes_for": 1}
    with pytest.raises(InvalidForm, match="不能开会"):
        do("evaluation.second_measure", town.of("clerk"), "2028-03-10", **alone, **data)
    with pytest.raises(NotYourTurn):
        do(
            "evaluation.second_measure",
            town.of("mayor"),
            "2028-03-10",
            **minutes(town, "2028-03-10"),
            **data,
        )
    second(town)
    meeting = Meeting.objects.get(task__deadline__key="evaluation.second_measure")
    assert (meeting.body, meeting.agreed, meeting.votes_for) == ("presidium", True, meeting.members)
    assert Vote.objects.latest("pk").session is None
    assert selectors.occasion_of(cycle)["title"] == "代表会议"


def test_the_pages_show_what_is_planned_already(town, cycle):
    voting_session(town)
    reported(town, cycle)
    client = Client()
    client.force_login(town.of("clerk"))
    shown = client.get(f"/tasks/{open_task('evaluation.convene').task_id}/").content.decode()
    assert "第十八届人民代表大会第四次会议" in shown and "2028 年度" in shown
    assert 'value="18"' in shown and "会前 15 天" in shown
