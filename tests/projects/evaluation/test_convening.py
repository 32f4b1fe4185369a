"""The presidium calls what evaluates a year, and what measures again."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from projects.ballots.models import Vote
from projects.cycles.deadlines_moving import recompute
from projects.cycles.models import Cycle, CycleSession, Paper, Session
from projects.cycles.selectors import session_of, sitting_term
from projects.cycles.terms import found_term
from projects.deliberation.events import ROLL_CHANGE
from projects.deliberation.services import set_roll
from projects.demo.cast import Casting
from projects.demo.play.deliberation import roll_data
from projects.demo.play.evaluation import BODY, play_opening, play_tellers
from projects.demo.play.stage import open_tasks
from projects.demo.play.terms import play_election
from projects.evaluation import selectors
from projects.portal.acts import Offer, offers_in
from projects.voting.services import business_left
from tests.builders import at, do, open_task
from tests.projects.evaluation.test_evaluation import (
    ALL_GOOD,
    CALL,
    REPORT,
    T2,
    asked,
    assembled,
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
from workflow.audit.services import Act
from workflow.flows.errors import InvalidForm, NotYourTurn, Obstructed
from workflow.flows.events import perform
from workflow.flows.models import Meeting
from workflow.machines.services import fire
from workflow.people.models import User
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import holders_of
from workflow.roles.services import grant

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
    with pytest.raises(InvalidForm, match="已定于2028年1月20日"):
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
    # The next year's preliminary meeting opens it, this year's does not.
    assert open_tasks(cycle, "evaluation.preliminary") == []
    with pytest.raises(Obstructed, match="由预备会议开幕"):
        do("evaluation.presidium_report", town.of("chair"), T2, **REPORT)
    fire(session, "begin", town.act("clerk", at(T2)))
    do("evaluation.presidium_report", town.of("chair"), T2, **REPORT)
    measured(town, cycle, ALL_GOOD.marks)
    session.refresh_from_db()
    # The vote of the next year is still to come, the evaluation no longer keeps the session open.
    assert session.state == "open"
    assert [str(cycle) in reason for reason in business_left(session)] == [False]


def test_an_evaluation_still_to_be_held_keeps_the_session_open(town, cycle):
    session = voting_session(town, state_arrows=("convene", "begin"))
    asked(town, cycle)
    called(town)
    assert any(str(cycle) in reason for reason in business_left(session))


def test_a_by_election_after_the_roll_is_entered_until_the_measurement_opens(town, cycle):
    assembled(town, cycle)
    session, newcomer = session_of(cycle, "evaluation"), town.people["station"][0]
    grant(
        user=newcomer, office="deputy", unit=town.unit, act=town.act("clerk", at(T2)), since=date(2028, 1, 18)
    )
    clerk = RoleGrant.objects.get(office="clerk", unit=town.unit)
    assert Offer(ROLL_CHANGE, session) in offers_in(cycle, clerk, at(T2)), "the page of the year offers it"
    joined = {"change": "join", "joiner": newcomer.pk, "reason": "补选结果公告"}
    perform("deliberation.roll_change", session, actor=clerk.user, data=joined, at=at(T2))
    session.refresh_from_db()
    assert (session.deputies_in_office, session.roll.count()) == (21, 21)
    do("evaluation.presidium_report", town.of("chair"), T2, **REPORT)
    play_tellers(town, cycle, date(2028, 1, 18))
    attended(town, 14, on_leave=7)
    do("evaluation.measure_open", town.of("chair"), T2, issued=14)
    do("evaluation.measure_open_confirm", town.of("chief_teller"), T2, confirmed="on")
    vote = Vote.objects.get()
    assert (vote.state, vote.deputies_in_office, vote.deputies_present) == ("open", 21, 14)
    assert Offer(ROLL_CHANGE, session) not in offers_in(cycle, clerk, at(T2))


def test_a_first_session_of_a_new_congress_that_only_evaluates_seats_it_before_anything_else(town, cycle):
    found_term(town.act("clerk", at("2023-01-10")), town.unit, 18, since=date(2023, 1, 10))
    asked(town, cycle)
    on = date(2027, 12, 30)
    admin = User.objects.get(username="admin@T01")
    leaving = town.deputies[-1]
    play_election(town, Casting(Act(admin, "admin", town.unit, at(str(on))), on), term=19, on=on)
    called(town, term=19, session_number=1)
    listed(town)
    assert holders_of("deputy", town.unit, date(2028, 1, 17)) != sorted(town.deputies, key=lambda u: u.pk)
    play_opening(town, cycle, date.fromisoformat(T2))
    assert sitting_term(town.unit).number == 19 and leaving not in holders_of(
        "deputy", town.unit, date(2028, 1, 18)
    )
    # The old tellers are out of office with their term; the new congress adopts its own.
    assert holders_of("chief_teller", town.unit, date(2028, 1, 18)) == []
    do("evaluation.presidium_report", town.of("chair"), T2, **REPORT)
    town.people["chief_teller"], town.people["teller"] = [town.deputies[0]], town.deputies[1:3]
    measured(town, cycle, ALL_GOOD.marks)
    do("supervision.close_session", town.of("chair"), T2)
    assert session_of(cycle, "evaluation").state == "closed"


# The reviews


def test_the_presidium_hears_the_reviews_and_its_conclusion_is_kept(town, cycle):
    reported(town, cycle)
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
    assert open_task("evaluation.preliminary").due_on == date(2028, 7, 20)
    assert recompute(cycle) == 0, "a session that measures again does not move with T2"
    with pytest.raises(Obstructed, match="7月20日"):
        play_opening(town, cycle, date(2028, 7, 19))
    play_opening(town, cycle, date(2028, 7, 20))
    assert open_task("evaluation.adopt_tellers").due_on == date(2028, 7, 20)
    measured(town, cycle, {3: [(), (20, 0, 0)]}, day="2028-07-20", round_=1)
    do("supervision.close_session", town.of("chair"), "2028-07-20", {"subject": session.reference})
    session.refresh_from_db()
    assert session.state == "closed"
    assert open_task("evaluation.publish").due_on == date(2028, 8, 3)


def test_a_planned_session_is_chosen_on_its_own_day(town, cycle):
    failed(town, cycle)
    planned = Session.objects.create(unit=town.unit, term=18, number=5, held_on=date(2028, 7, 25))
    with pytest.raises(InvalidForm, match="已定于2028年7月25日"):
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
    assert "第十八届人民代表大会第四次会议" in shown and "2028年度" in shown
    assert 'value="18"' in shown and "会前 15 天" in shown
