"""Step 3: from the report to the Party committee to the defined ballot."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from django.template.loader import render_to_string

import projects.deliberation.events  # noqa: F401
from projects.ballots.models import Vote
from projects.ballots.services import open_vote, record_attendance
from projects.collection.intake import obstacles_to_taking_up
from projects.collection.models import Proposal
from projects.collection.services import new_code, submit_proposal
from projects.cycles.deadlines import TASK_TIMES
from projects.cycles.documents.composing import document_of
from projects.cycles.models import Cycle, Paper, RollLine, Session
from projects.cycles.papers import digest_of
from projects.cycles.rulebook import Rules
from projects.cycles.selectors import paper_of, session_of
from projects.cycles.services import adopt_rulebook, create_cycle, fix_session
from projects.deliberation import intake, rules
from projects.deliberation.flows import DeliberationFlow, MatterFlow, QuestionFlow, WithdrawalFlow
from projects.deliberation.intake import confirm_materials
from projects.deliberation.method import method_draft
from projects.deliberation.models import (
    AddedMatter,
    BudgetLine,
    Opinion,
    Question,
    Receipt,
    Visit,
    Withdrawal,
)
from projects.deliberation.readiness import readiness_sheet
from projects.deliberation.replies import decide_withdrawal
from projects.deliberation.selectors import (
    candidates_of,
    obstacles_to_beginning,
    obstacles_to_settling,
    obstacles_to_vote,
)
from projects.demo.play import deliberation as play
from projects.demo.play import stage
from projects.demo.play.stage import assembly, do_task, meeting, moment, open_tasks
from projects.selection.models import Item, Source
from tests.builders import at, do, meeting_of, open_task, township
from tests.files import picture
from tests.plays import play_deliberation
from tests.standing import standing
from workflow.audit.models import Entry
from workflow.audit.services import Act
from workflow.flows.acting import acting
from workflow.flows.errors import InvalidForm, NotYourTurn, Obstructed, Refused
from workflow.flows.events import events, events_on, perform
from workflow.flows.models import Deadline, Meeting
from workflow.flows.services import complete, send_back
from workflow.machines.services import fire
from workflow.people.isolation import SYSTEM, apply
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import holders_of, live_grants
from workflow.roles.services import grant, revoke

pytestmark = pytest.mark.django_db

T = date(2027, 1, 20)
PLAN = {"term": 19, "number": 2}
TITLES = (
    "农村道路硬化",
    "村级饮水管网改造",
    "老年助餐点",
    "中心小学操场改造",
    "集镇路灯亮化",
    "敬老院无障碍改造",
)
SEATS = 4
FLOWS = (DeliberationFlow, QuestionFlow, WithdrawalFlow, MatterFlow)


@pytest.fixture(autouse=True)
def _system(db):
    apply(SYSTEM)


@pytest.fixture
def town(db):
    apply(SYSTEM)
    return township()


@pytest.fixture
def cycle(town):
    return year_at_step_3(town)


def year_at_step_3(town):
    """A year at the door of step 3, with six candidates."""
    return standing(f"year at step 3 of {town.unit.code}", lambda: _year_at_step_3(town))


def _year_at_step_3(town):
    act = town.act("chair", at("2026-09-01"))
    cycle = create_cycle(act, year=2027, opens_on=date(2026, 9, 1), planned_t=T, planned_t2=date(2028, 1, 18))
    fire(cycle, "open", act, rules_data=Rules().frozen_json())
    fire(cycle, "begin_selection", act)
    for n, title in enumerate(TITLES, 1):
        candidate(town, cycle, n, title)
    fire(cycle, "begin_deliberation", town.act("chair", at("2026-12-20")))
    begin = town.act("chair", at("2026-12-20"))
    with acting(begin):
        DeliberationFlow.begin(cycle)
    return cycle


def candidate(town, cycle, n, title):
    act = town.act("gov_clerk", at("2026-12-01"))
    item = Item.objects.create(
        unit=town.unit,
        cycle=cycle,
        number=n,
        title=title,
        content=f"实施{title}。",
        category="交通出行",
        investment_fen=50_000_000,
        funding={"own": 30_000_000, "upper": 20_000_000},
        department=town.departments[n % 6],
        leader=town.of("mayor").name,
        finish_by=date(2027, 11, 30),
    )
    for arrow in ("pass_screening", "draft", "list_candidate"):
        fire(item, arrow, act)
    return item


def played(name, cycle, play_it):
    """The cycle after a play that leaves nothing but rows."""
    standing(f"{name} {cycle}", lambda: play_it() and None)
    cycle.refresh_from_db()
    return cycle


@pytest.fixture
def reported(town, cycle):
    return played("reported", cycle, lambda: play.play_report(town, cycle, t=T, **PLAN))


@pytest.fixture
def prepared(town, cycle):
    return played(
        "prepared",
        cycle,
        lambda: play.play_preparation(town, cycle, t=T, seats=SEATS, unconfirmed=18, **PLAN),
    )


@pytest.fixture
def opened(town, prepared):
    return played("opened", prepared, lambda: play.play_opening(town, prepared, t=T))


@pytest.fixture
def heard(town, opened):
    return played("heard", opened, lambda: play.play_delegations(town, opened, t=T))


def settle(town, cycle, mode="select", **more):
    data = play.settlement_data(town, cycle, t=T, seats=SEATS, mode=mode) | more
    return do_task(cycle, "deliberation.settle", town.of("presidium"), T, hour=11, **data)


def adopt(town, cycle, present=19, **more):
    return do_task(
        cycle, "deliberation.adopt_method", town.of("clerk"), T, hour=13, **assembly(20, present, T, **more)
    )


def ask(town, cycle, day=T, candidate=""):
    data = {"department": town.departments[0].pk, "candidate": candidate, "words": "管护经费如何保障？"}
    return perform(
        "deliberation.ask", cycle, actor=town.deputies[5], office="deputy", data=data, at=moment(day, 10)
    )


# --- the whole


def test_deliberation_ends_with_a_ballot_of_the_candidates_in_the_order_of_the_paper(town, cycle):
    vote = play_deliberation(town, cycle, t=T, seats=SEATS, mode="select", **PLAN)
    assert [(o.position, o.title) for o in vote.options.all()] == list(enumerate(TITLES, 1))
    assert [o.reference for o in vote.options.all()] == [i.reference for i in Item.objects.order_by("number")]
    assert (vote.mode, vote.seats, vote.deputies_in_office) == ("select", 4, 20)
    assert vote.rules["quorum"] == "2/3" and vote.rules["majority_base"] == "in_office"
    assert set(Item.objects.values_list("state", "ballot_number")) == {("on_ballot", n) for n in range(1, 7)}
    assert open_tasks(cycle, "deliberation.adopt_method") == []


def test_the_trail_ties_the_vote_to_the_method_word_for_word(town, cycle):
    vote = play_deliberation(town, cycle, t=T, seats=SEATS, mode="select", **PLAN)
    adopted = json.loads(Entry.objects.get(action="deliberation.adopt_method").body)["after"]
    method = paper_of(cycle, "method")
    assert (adopted["vote"], adopted["method"]) == (vote.reference, method.reference)
    assert adopted["method_digest"] == digest_of(method)
    method.body += "（改）"
    assert adopted["method_digest"] != digest_of(method)


def test_the_method_says_by_how_many_it_was_adopted(town, cycle):
    play_deliberation(town, cycle, t=T, seats=SEATS, mode="select", **PLAN)
    method = paper_of(cycle, "method")
    adopted = method.data["adopted"]
    assert {"for", "against", "abstain"} < set(adopted)
    assert adopted["for"] + adopted["against"] + adopted["abstain"] == adopted["present"]
    assert (adopted["members"], adopted["of"], adopted["needed"]) == (20, 20, 11)
    printed = document_of(method)
    assert "须有全体代表 20 人的过半数即 11 票以上赞成，通过。" in printed.parts[-1].text
    assert printed.caption == "（2027年1月20日通过）" and printed.signature == ""


def test_the_trail_tells_the_steps_in_their_order(town, cycle):
    play_deliberation(town, cycle, t=T, seats=SEATS, mode="select", **PLAN)
    told = list(
        Entry.objects.filter(action__startswith="deliberation.")
        .order_by("id")
        .values_list("action", flat=True)
    )
    steps = [a.removeprefix("deliberation.") for a in told if "visit" not in a and "confirm" not in a]
    assert steps == [
        *("report_party", "party_reply", "agenda", "bill", "budget", "convene", "roll", "training"),
        *("readiness", "materials", "preliminary", "explain", "deliberate", "deliberate", "deliberate"),
        *("ask", "reply", "settle", "adopt_method"),
    ]


def test_the_paper_follows_the_numbers_the_presidium_gives(town, heard):
    items = list(candidates_of(heard))
    orders = {f"order_{item.pk}": len(items) - n for n, item in enumerate(items)}
    settle(town, heard, **orders)
    adopt(town, heard)
    vote = Vote.objects.get()
    assert [o.title for o in vote.options.all()] == list(reversed(TITLES))


# --- deadlines


def test_deadlines_count_back_from_the_session_over_rest_days(town, cycle):
    # T−25 is a Saturday, so the Friday before it.
    assert open_task("deliberation.report_party").due_on == date(2026, 12, 25)
    play.play_report(town, cycle, t=T, **PLAN)
    assert open_task("deliberation.agenda").due_on == date(2026, 12, 31)


def test_a_session_moved_by_the_presidium_moves_the_deadlines_that_hang_on_it(town, reported):
    later = T + timedelta(days=7)
    data = meeting(town.people["presidium"], date(2026, 12, 29)) | {
        "session_on": later.isoformat(),
        "session_days": "1",
        "seats": SEATS,
        "candidates": [str(item.pk) for item in candidates_of(reported)],
        "agenda": play.AGENDA,
        "attending": play.ATTENDING,
    }
    do_task(reported, "deliberation.agenda", town.of("presidium"), date(2026, 12, 29), **data)
    reported.refresh_from_db()
    assert reported.planned_t == later and session_of(reported, "vote").held_on == later
    assert open_task("deliberation.convene").due_on == date(2027, 1, 12)


# --- report and agenda


def test_the_report_names_the_session_and_binds_the_year_to_it(town, reported):
    session = session_of(reported, "vote")
    assert (session.term, session.number, session.held_on, session.state) == (19, 2, T, "planned")


def test_the_party_committee_returns_the_report_and_the_session_takes_the_new_day(town, cycle):
    data = {
        "term": 19,
        "number": 1,
        "session_on": "2027-01-15",
        "session_days": "1",
        "body": "妥否，请批示。",
    }
    do("deliberation.report_party", town.of("chair"), "2026-12-22", **data)
    do(
        "deliberation.party_reply",
        town.of("party"),
        "2026-12-23",
        **meeting_of(town.people["party"], "2026-12-23", agree=False),
    )
    again = data | {"number": 2, "session_on": T.isoformat()}
    do("deliberation.report_party", town.of("chair"), "2026-12-24", **again)
    assert list(Session.objects.values_list("number", "held_on")) == [(2, T)]


def test_another_office_does_not_report(town, cycle):
    with pytest.raises(NotYourTurn):
        do("deliberation.report_party", town.of("clerk"), "2026-12-22", term=19, number=2)


def test_a_session_after_the_evaluation_is_refused(town, cycle):
    data = {"term": 19, "number": 2, "session_on": "2028-02-01", "session_days": "1", "body": "请批示。"}
    with pytest.raises(InvalidForm, match="评估会期"):
        do("deliberation.report_party", town.of("chair"), "2026-12-22", **data)


def test_the_presidium_returns_the_list_to_the_mayor_and_gets_it_back(town, reported):
    play.play_agenda(town, reported, t=T, seats=SEATS, agree=False)
    kept = [str(item.pk) for item in candidates_of(reported)][:5]
    do(
        "deliberation.revise_list",
        town.of("mayor"),
        "2026-12-30",
        kept=kept,
        words="敬老院改造已由上级立项，不再列入。",
    )
    assert Item.objects.get(number=6).state == "left_out"
    assert open_task("deliberation.agenda").office == "presidium"
    assert candidates_of(reported).count() == 5


def test_an_equal_number_of_candidates_is_refused(town, reported):
    with pytest.raises(InvalidForm, match="不允许等额"):
        play.play_agenda(town, reported, t=T, seats=6)


def test_a_surplus_below_the_rulebooks_is_noted_and_passes(town, reported):
    play.play_agenda(town, reported, t=T, seats=5)
    entry = Entry.objects.get(action="deliberation.agenda")
    assert '"warnings":[]' in entry.body
    item = candidates_of(reported).first()
    fire(item, "withdraw", town.act("clerk", at("2027-01-01")))
    lines = [line for line in readiness_sheet(Cycle.objects.get(), date(2027, 1, 8)) if line.what == "差额"]
    assert [line.level for line in lines] == [rules.Level.WAITING]
    assert "不允许等额票决" in lines[0].note and lines[0].point.task == "deliberation.settle"


def test_a_candidate_left_off_the_agenda_needs_a_reason(town, reported):
    data = meeting(town.people["presidium"], date(2026, 12, 30)) | {
        "session_on": T.isoformat(),
        "session_days": "1",
        "seats": 3,
        "candidates": [str(item.pk) for item in candidates_of(reported)][:5],
        "agenda": play.AGENDA,
        "attending": play.ATTENDING,
    }
    with pytest.raises(InvalidForm, match="写明理由"):
        do("deliberation.agenda", town.of("presidium"), "2026-12-30", **data)
    do(
        "deliberation.agenda",
        town.of("presidium"),
        "2026-12-30",
        **data,
        left_out_reason="要素保障尚未落实。",
    )
    assert Item.objects.get(number=6).decision_reason == "要素保障尚未落实。"


# --- what is dropped is answered


def proposal_behind(town, cycle, number: int) -> Proposal:
    """A proposer who has been told that the matter is a candidate."""
    clerk, item = town.act("gov_clerk", at("2026-12-15")), Item.objects.get(number=number)
    made = Proposal.objects.create(
        unit=town.unit, cycle=cycle, code=new_code(), title=item.title, content="。", received_at=clerk.at
    )
    Source.objects.create(unit=town.unit, item=item, proposal=made)
    fire(made, "accept", clerk)
    fire(made, "merge", clerk)
    fire(made, "carry", clerk, outcome="carried", outcome_words="已列为候选项目。", answered_at=clerk.at)
    return made


def put_on_agenda(town, cycle, *, without: Item, day: str = "2026-12-30") -> None:
    kept = candidates_of(cycle).exclude(pk=without.pk)
    data = meeting(town.people["presidium"], date.fromisoformat(day)) | {
        "session_on": T.isoformat(),
        "session_days": "1",
        "seats": SEATS,
        "candidates": [str(item.pk) for item in kept],
        "agenda": play.AGENDA,
        "attending": play.ATTENDING,
        "left_out_reason": "要素保障尚未落实。",
    }
    do("deliberation.agenda", town.of("presidium"), day, **data)


def answer_dropped(town, proposal: Proposal, outcome: str = "reserve") -> None:
    words = "本年度要素保障不足，已列入储备库。"
    data = {f"outcome_{proposal.pk}": outcome, f"words_{proposal.pk}": words, f"deputy_{proposal.pk}": ""}
    do("selection.answer", town.of("gov_clerk"), "2027-01-04", **data)


def test_a_candidate_left_off_the_agenda_owes_its_proposers_an_answer_from_that_day(town, reported):
    stays, dropped = proposal_behind(town, reported, 1), proposal_behind(town, reported, 6)
    put_on_agenda(town, reported, without=Item.objects.get(number=6))
    stays.refresh_from_db(), dropped.refresh_from_db()
    assert (stays.state, stays.outcome) == ("carried", "carried")
    assert (dropped.state, dropped.outcome, dropped.outcome_words) == ("merged", "", "")
    task = open_task("selection.answer")
    assert (task.office, task.opened_on, task.due_on) == (
        "gov_clerk",
        date(2026, 12, 30),
        date(2027, 1, 7),
    )
    answer_dropped(town, dropped)
    dropped.refresh_from_db()
    assert (dropped.state, dropped.outcome) == ("answered", "reserve")
    assert Item.objects.get(number=6).state == "reserved"


def test_what_the_government_drops_from_a_returned_list_is_answered_from_that_day(town, reported):
    dropped = proposal_behind(town, reported, 6)
    play.play_agenda(town, reported, t=T, seats=SEATS, agree=False)
    kept = [str(item.pk) for item in candidates_of(reported)][:5]
    words = "敬老院改造已由上级立项，不再列入。"
    do("deliberation.revise_list", town.of("mayor"), "2026-12-31", kept=kept, words=words)
    assert open_task("selection.answer").due_on == date(2027, 1, 8)
    answer_dropped(town, dropped, "declined")
    assert Item.objects.get(number=6).state == "left_out"


def test_neither_the_readiness_check_nor_the_vote_passes_over_an_unanswered_proposer(town, reported):
    dropped = proposal_behind(town, reported, 6)
    put_on_agenda(town, reported, without=Item.objects.get(number=6))

    def stands_in_the_way() -> list[bool]:
        sheet = readiness_sheet(Cycle.objects.get(), date(2027, 1, 8))
        blocked = any(ln.what == "答复提出人" and ln.level is rules.Level.BLOCKING for ln in sheet)
        told = [
            *obstacles_to_settling(reported, at("2027-01-20")),
            *obstacles_to_vote(reported, at("2027-01-20")),
        ]
        return [blocked, sum("1 件意见建议未答复" in text for text in told) == 2]

    assert stands_in_the_way() == [True, True]
    answer_dropped(town, dropped)
    assert stands_in_the_way() == [False, False]


# --- preparation


def test_finance_sends_the_bill_back_to_the_mayor(town, reported):
    play.play_agenda(town, reported, t=T, seats=SEATS)
    bill = {"body": "提请审议。", "report": "形成过程。", "funds": "本级预算。"}
    do("deliberation.bill", town.of("mayor"), "2026-12-31", **bill)
    task = open_task("deliberation.budget")
    send_back(task.task_id, actor=town.of("finance"), reason="资金来源与预算不符", at=at("2027-01-04"))
    do("deliberation.bill", town.of("mayor"), "2027-01-05", **bill)
    do("deliberation.budget", town.of("finance"), "2027-01-05", **play.budget_data(reported))
    assert (
        BudgetLine.objects.count() == 6
        and paper_of(reported, "budget_table").data["total_fen"] == 180_000_000
    )


def test_more_money_than_the_project_costs_is_refused(town, reported):
    play.play_agenda(town, reported, t=T, seats=SEATS)
    do("deliberation.bill", town.of("mayor"), "2026-12-31", body="提请。", report="过程。", funds="预算。")
    data = play.budget_data(reported)
    first = candidates_of(reported).first()
    with pytest.raises(InvalidForm, match="多于项目总投资"):
        do("deliberation.budget", town.of("finance"), "2027-01-04", **data | {f"amount_{first.pk}": "51"})


def test_the_notice_is_published_and_the_session_convened(town, prepared):
    assert session_of(prepared, "vote").state == "convened"
    notice = paper_of(prepared, "convening")
    assert notice.published_at and notice.data["warnings"] == []


def test_a_notice_shorter_than_the_rule_is_noted_on_the_sheet(town, reported):
    play.play_agenda(town, reported, t=T, seats=SEATS)
    data = meeting(town.people["presidium"], date(2027, 1, 8)) | {"body": "请准时出席。"}
    entry = do("deliberation.convene", town.of("presidium"), "2027-01-08", **data)
    assert "距会议 12 天" in entry.body
    assert any("距会议 12 天" in line.note for line in readiness_sheet(reported, date(2027, 1, 8)))


def test_a_notice_the_presidium_did_not_agree_to_is_not_published(town, reported):
    play.play_agenda(town, reported, t=T, seats=SEATS)
    data = meeting(town.people["presidium"], date(2027, 1, 4), agree=False) | {"body": "请准时出席。"}
    with pytest.raises(InvalidForm, match="没有形成决定"):
        do("deliberation.convene", town.of("presidium"), "2027-01-04", **data)


def test_the_roll_is_everybody_in_office(town, prepared):
    session = session_of(prepared, "vote")
    assert (session.deputies_in_office, prepared.deputies_in_office, RollLine.objects.count()) == (20, 20, 20)
    lead = RollLine.objects.get(user=town.of("delegation_lead"))
    assert lead.delegation == town.delegations[0]


def test_a_session_does_not_end_over_a_question_and_nobody_answers_after_it(town, opened):
    from projects.supervision.sessions import obstacles_to_closing

    play.play_question(town, opened, t=T, answered=False)
    session, task = session_of(opened, "vote"), open_task("deliberation.reply")
    department = Question.objects.get().department
    owed = f"{department.name}尚未答复代表的询问。"
    assert owed in obstacles_to_closing(session, moment(T, 16))
    fire(session, "end", town.act("chair", moment(T, 17)))
    clerk, data = town.department_clerk(department), {"answer": "建成后由所在村管护。"}
    with pytest.raises(Obstructed, match="没有开会"):
        complete(task.task_id, actor=clerk, data=data, at=moment(T, 18))


def test_a_question_answered_in_the_session_no_longer_keeps_it_open(town, opened):
    from projects.supervision.sessions import obstacles_to_closing

    play.play_question(town, opened, t=T)
    assert not [o for o in obstacles_to_closing(session_of(opened, "vote"), moment(T, 16)) if "询问" in o]


def change_roll(town, cycle, on, **data):
    clerk = town.of("clerk")
    session = session_of(cycle, "vote")
    return perform("deliberation.roll_change", session, actor=clerk, data=data, at=moment(on, 10))


def test_the_roll_follows_a_by_election_and_a_departure_with_the_reason(town, prepared):
    newcomer, on = town.people["station"][0], date(2027, 1, 18)
    act = town.act("clerk", at("2027-01-18"))
    grant(user=newcomer, office="deputy", unit=town.unit, act=act, since=on)
    with pytest.raises(InvalidForm, match="依据"):
        change_roll(town, prepared, on, change="join", joiner=newcomer.pk, reason="")
    entry = change_roll(town, prepared, on, change="join", joiner=newcomer.pk, reason="补选结果公告")
    assert Cycle.objects.get().deputies_in_office == 21
    assert '"before":20' in entry.body and '"deputies_in_office":21' in entry.body
    assert "补选结果公告" in entry.body and newcomer.username in entry.body
    assert Receipt.objects.filter(user=newcomer).exists()
    gone = RollLine.objects.get(user=town.deputies[-1])
    assert town.deputies[-1] in holders_of("deputy", town.unit, on)
    change_roll(town, prepared, on, change="leave", leaver=gone.pk, reason="调离本行政区域")
    assert Session.objects.get().deputies_in_office == 20
    still = holders_of("deputy", town.unit, on)
    assert newcomer in still and town.deputies[-1] not in still
    assert "调离本行政区域" in Entry.objects.get(action="grant.revoke").body


def test_who_is_no_deputy_any_more_leads_no_delegation_either_and_keeps_no_office_of_the_hall(town, prepared):
    on, lead = date(2027, 1, 18), town.of("delegation_lead")
    before = live_grants(on).filter(office="delegation_lead").count()
    assert {g.office for g in live_grants(on).filter(user=lead)} >= {"deputy", "delegation_lead"}
    line = RollLine.objects.get(user=lead)
    change_roll(town, prepared, on, change="leave", leaver=line.pk, reason="罢免决议通过")
    assert not live_grants(on).filter(user=lead).exists()
    assert live_grants(on).filter(office="delegation_lead").count() == before - 1
    with pytest.raises(NotYourTurn):
        data = {"on": "2027-01-18", "place": "石坝村", "voters": "3", "words": "走访了三户。"}
        perform("deliberation.visit", prepared, actor=lead, data=data, at=moment(on, 12))


def test_a_change_in_the_session_moves_the_base_of_the_vote_until_it_opens(town, heard):
    settle(town, heard)
    adopt(town, heard)
    vote, act = Vote.objects.get(), town.act("clerk", moment(T, 14))
    ill = [str(RollLine.objects.get(user=town.deputies[-2]).pk)]
    record_attendance(act, vote, present=19, on_leave=1, leave=ill)
    leaver = RollLine.objects.get(user=town.deputies[-1])
    change_roll(town, heard, T, change="leave", leaver=leaver.pk, reason="代表资格终止公告")
    vote.refresh_from_db()
    assert (vote.deputies_in_office, vote.deputies_present) == (19, None)
    body = Entry.objects.get(action="vote.follow_roll").body
    assert '"before":{"deputies_in_office":20}' in body and '"after":{"deputies_in_office":19}' in body
    open_vote(act, vote, present=18, on_leave=1, issued=18)
    with pytest.raises(Obstructed, match="代表变动在结果宣布以后登记"):
        change_roll(town, heard, T, change="leave", leaver=RollLine.objects.first().pk, reason="调离本地")
    data = {"joiner": "", "delegation": "", "leaver": RollLine.objects.first().pk, "reason": "调离本地"}
    with pytest.raises(Refused, match="代表变动在结果宣布以后登记"):
        intake.change_roll(act, Session.objects.get(), change="leave", **data)
    vote.refresh_from_db()
    assert (vote.deputies_in_office, RollLine.objects.in_office().count()) == (19, 19)


def test_materials_leave_a_receipt_for_every_deputy_and_each_confirms_once(town, prepared):
    assert Receipt.objects.count() == 20
    assert Receipt.objects.filter(received_at=None).count() == 18
    last = town.deputies[-1]
    grant = RoleGrant.objects.get(user=last, office="deputy")
    day = at("2027-01-19")
    offered = [event.key for event in events_on(prepared, grant, day)]
    assert "deliberation.confirm_materials" in offered
    perform("deliberation.confirm_materials", prepared, actor=last, data={}, at=day)
    assert [e.key for e in events_on(prepared, grant, day)] == [
        key for key in offered if key != "deliberation.confirm_materials"
    ]
    with pytest.raises(NotYourTurn):
        perform("deliberation.confirm_materials", prepared, actor=last, data={}, at=day)
    with pytest.raises(Refused, match="已经确认"):
        confirm_materials(Act(last, "deputy", town.unit, day), prepared)


def test_materials_sent_late_are_noted(town, reported):
    play.play_agenda(town, reported, t=T, seats=SEATS)
    play.play_papers(town, reported, t=T)
    do("deliberation.readiness", town.of("chair"), "2027-01-11", words="")
    entry = do("deliberation.materials", town.of("clerk"), "2027-01-16", words="会议材料一套。")
    assert "距会议 4 天" in entry.body


def test_every_delegations_lead_records_its_visit_before_the_clerk_sums_up(town, reported):
    play.play_agenda(town, reported, t=T, seats=SEATS)
    tasks = open_tasks(reported, "deliberation.visit_voters")
    assert [task.seat for task in tasks] == town.delegations
    assert {task.due_on for task in tasks} == {date(2027, 1, 12)}
    data = {"on": "2027-01-06", "place": "集镇老街", "voters": 18, "words": "居民反映雨后积水严重。"}
    with pytest.raises(NotYourTurn):
        complete(tasks[0].task_id, actor=town.delegation_lead(tasks[1].seat), data=data, at=at("2027-01-06"))
    for task in tasks:
        assert open_tasks(reported, "deliberation.visits") == []
        complete(task.task_id, actor=town.delegation_lead(task.seat), data=data, at=at("2027-01-06"))
    assert {visit.by for visit in Visit.objects.all()} == set(town.people["delegation_lead"])
    assert open_task("deliberation.visits").due_on == date(2027, 1, 13)


def test_a_delegations_task_is_told_by_its_lead_on_its_own_page_and_in_the_years_list(client, town, reported):
    play.play_agenda(town, reported, t=T, seats=SEATS)
    task = open_tasks(reported, "deliberation.visit_voters")[0]
    client.force_login(town.of("clerk"))
    for path, times in ((f"/tasks/{task.task_id}/", 2), (f"/years/{reported.pk}/", 1)):
        page = client.get(path).content.decode()
        assert page.count(f"{task.seat.name}团长") >= times, path


def test_whoever_is_shown_where_the_deputies_called_is_on_record_whoever_they_are(client, town, reported):
    play.play_agenda(town, reported, t=T, seats=SEATS)
    data = {"on": "2027-01-06", "place": "集镇老街", "voters": 18, "words": "居民反映雨后积水严重。"}
    first, *others = open_tasks(reported, "deliberation.visit_voters")
    second, clerk = others[0], town.of("clerk")
    client.force_login(clerk)
    client.get(f"/tasks/{second.task_id}/")
    apply(SYSTEM)
    shown = Entry.objects.filter(action="personal.read")
    assert not shown.exists(), "nothing was recorded yet"
    complete(first.task_id, actor=town.delegation_lead(first.seat), data=data, at=at("2027-01-06"))
    # To whose turn it is and to whoever else reads the page alike.
    for user in (clerk, clerk, town.delegation_lead(second.seat)):
        client.force_login(user)
        assert "集镇老街" in client.get(f"/tasks/{second.task_id}/").content.decode()
        apply(SYSTEM)
    assert [entry.actor for entry in shown.order_by("pk")] == [clerk, town.delegation_lead(second.seat)]
    assert {entry.subject for entry in shown} == {reported.reference}
    assert not any("集镇老街" in entry.body for entry in shown)
    whose = {"data": "visits", "of": [Visit.objects.get().reference]}
    assert [json.loads(entry.body)["after"] for entry in shown] == [whose, whose]


def test_what_is_recorded_later_on_the_same_day_and_shown_then_is_on_record_too(client, town, reported):
    play.play_agenda(town, reported, t=T, seats=SEATS)
    data = {"on": "2027-01-06", "place": "集镇老街", "voters": 18, "words": "居民反映雨后积水严重。"}
    first, second, third, *_rest = open_tasks(reported, "deliberation.visit_voters")
    client.force_login(town.of("clerk"))
    for task in (first, second):
        complete(task.task_id, actor=town.delegation_lead(task.seat), data=data, at=at("2027-01-06"))
        client.get(f"/tasks/{third.task_id}/")
        client.get(f"/tasks/{third.task_id}/")
        apply(SYSTEM)
    shown = Entry.objects.filter(action="personal.read").order_by("pk")
    told = [json.loads(entry.body)["after"]["of"] for entry in shown]
    assert told == [[visit.reference] for visit in Visit.objects.order_by("pk")]


def test_the_session_waits_for_visits_and_training_too(town, reported):
    play.play_agenda(town, reported, t=T, seats=SEATS)
    play.play_papers(town, reported, t=T)
    do("deliberation.readiness", town.of("chair"), "2027-01-08", words="")
    do("deliberation.materials", town.of("clerk"), "2027-01-11", words="会议材料一套。")
    assert open_tasks(reported, "deliberation.preliminary") == []
    play.play_visits(town, reported, t=T)
    assert Visit.objects.count() == 4 and open_task("deliberation.preliminary").due_on == T


def test_a_visit_after_the_round_is_closed_is_refused(town, prepared):
    data = {"on": "2027-01-15", "place": "三组", "voters": 2, "words": "道路破损。"}
    with pytest.raises(Obstructed, match="已经汇总"):
        perform(
            "deliberation.visit",
            prepared,
            actor=town.deputies[0],
            office="deputy",
            data=data,
            at=at("2027-01-15"),
        )


def test_an_undecided_withdrawal_stops_the_readiness_sheet(town, reported):
    play.play_agenda(town, reported, t=T, seats=SEATS)
    play.play_papers(town, reported, t=T)
    item = candidates_of(reported).last()
    data = {"reason": "上级已立项实施。"}
    perform("deliberation.withdraw", item, actor=town.of("mayor"), data=data, at=at("2027-01-06"))
    with pytest.raises(Obstructed, match="撤回申请，主席团尚未决定（主席团）"):
        do("deliberation.readiness", town.of("chair"), "2027-01-08", words="")


# --- the session


def test_the_session_begins_with_two_thirds_on_its_day(town, opened):
    assert session_of(opened, "vote").state == "open"
    assert obstacles_to_beginning(opened, moment(T)) == []


def test_a_session_below_two_thirds_does_not_begin(town, prepared):
    play_it = {"presidium": [str(u.pk) for u in town.people["presidium"]], "agenda": play.AGENDA}
    with pytest.raises(InvalidForm, match="须 14 人以上"):
        do("deliberation.preliminary", town.of("clerk"), T.isoformat(), **assembly(20, 13, T), **play_it)
    do("deliberation.preliminary", town.of("clerk"), T.isoformat(), **assembly(20, 14, T), **play_it)
    assert session_of(prepared, "vote").state == "open"


def test_a_session_does_not_begin_before_its_day(town, prepared):
    day = T - timedelta(days=1)
    data = assembly(20, 20, day) | {"presidium": [str(town.deputies[0].pk)], "agenda": play.AGENDA}
    with pytest.raises(Obstructed, match="尚未到会期"):
        do("deliberation.preliminary", town.of("clerk"), day.isoformat(), **data)


def test_the_presidium_elected_takes_the_place_of_the_last_one(town, prepared):
    elected = [town.of("chair"), *town.deputies[10:16]]
    data = assembly(20, 20, T) | {"presidium": [str(u.pk) for u in elected], "agenda": play.AGENDA}
    do("deliberation.preliminary", town.of("clerk"), T.isoformat(), **data)
    held = RoleGrant.objects.filter(office="presidium", revoked_at=None).values_list("user", flat=True)
    assert set(held) == {u.pk for u in elected}


def test_every_delegation_has_a_task_at_its_own_seat(town, opened):
    tasks = open_tasks(opened, "deliberation.deliberate")
    assert [task.seat for task in tasks] == town.delegations
    with pytest.raises(NotYourTurn):
        do(
            "deliberation.deliberate",
            town.delegation_lead(town.delegations[1]),
            T.isoformat(),
            {"seat": tasks[0].seat},
        )


def test_opinions_stand_by_delegation_and_candidate(town, heard):
    assert Opinion.objects.count() == 6
    assert set(Opinion.objects.values_list("delegation", flat=True)) == {u.pk for u in town.delegations}
    assert open_task("deliberation.settle").due_on == T


def test_a_question_outside_a_session_is_refused(town, prepared):
    with pytest.raises(Obstructed, match="会议期间"):
        ask(town, prepared, T - timedelta(days=3))
    play.play_opening(town, prepared, t=T)
    ask(town, prepared)
    assert open_task("deliberation.reply").seat == town.departments[0]


def supervised(town, cycle, *arrows):
    """The year after its vote: the first candidate elected, the others not, the session over."""
    play.play_settlement(town, cycle, t=T, seats=SEATS, mode="select")
    act = town.act("chair", moment(T, 15))
    for n, item in enumerate(Item.objects.order_by("number")):
        fire(item, "not_elect" if n else "elect", act)
    for arrow in ("begin_vote", "begin_supervision", *arrows):
        fire(cycle, arrow, act)
    fire(session_of(cycle, "vote"), "end", act)
    return Item.objects.get(state="elected")


def held(town, cycle, day, *, use="", number=3):
    """Another session, convened and begun on a day."""
    act = town.act("chair", moment(day, 9))
    if use:
        session = fix_session(act, cycle, use=use, term=19, number=number, held_on=day)
    else:
        session = Session.objects.create(unit=town.unit, term=19, number=number, held_on=day)
    fire(session, "convene", act)
    fire(session, "begin", act)
    return session


def test_a_question_may_be_asked_at_the_evaluation_session_about_an_elected_project(town, heard):
    elected = supervised(town, heard, "begin_evaluation")
    day = date(2028, 1, 18)
    with pytest.raises(Obstructed, match="会议期间提出"):
        ask(town, heard, day)
    session = held(town, heard, day, use="evaluation")
    ask(town, heard, day, candidate=str(elected.pk))
    question = Question.objects.get()
    assert (question.session, question.item) == (session, elected)
    assert open_task("deliberation.reply").due_on == day
    do("deliberation.reply", town.people["department"][0], day.isoformat(), answer="由村里管护。")
    question.refresh_from_db()
    assert question.state == "answered"


def test_a_question_names_no_project_that_was_not_elected(town, heard):
    supervised(town, heard)
    day = date(2027, 6, 20)
    held(town, heard, day)
    with pytest.raises(InvalidForm):
        ask(town, heard, day, candidate=str(Item.objects.filter(state="not_elected")[0].pk))
    ask(town, heard, day)


def test_a_question_may_be_asked_at_an_extra_session_until_it_is_over(town, heard):
    supervised(town, heard)
    day = date(2027, 6, 20)
    session = held(town, heard, day)
    ask(town, heard, day)
    assert Question.objects.get().session == session
    fire(session, "end", town.act("chair", moment(day, 17)))
    with pytest.raises(Obstructed, match="会议期间提出"):
        ask(town, heard, day)


def test_candidates_not_before_the_congress_yet_are_no_matter_of_another_session(town, prepared):
    held(town, prepared, T - timedelta(days=3), number=9)
    with pytest.raises(Obstructed, match="会议期间提出"):
        ask(town, prepared, T - timedelta(days=3))


def test_the_page_for_asking_names_the_session_and_what_was_asked_there(client, town, heard):
    supervised(town, heard)
    session = held(town, heard, date(2027, 6, 20))
    ask(town, heard, date(2027, 6, 20))
    client.force_login(town.deputies[7])
    page = client.get(f"/do/deliberation.ask/{heard.pk}/")
    apply(SYSTEM)
    shown = page.content.decode()
    assert page.status_code == 200 and str(session) in shown
    assert "管护经费如何保障？" in shown and TITLES[0] in shown


def test_the_ballot_is_not_settled_over_an_unanswered_question(town, heard):
    ask(town, heard)
    with pytest.raises(Obstructed, match=f"{town.departments[0].name}尚未答复"):
        settle(town, heard)
    do("deliberation.reply", town.people["department"][0], T.isoformat(), answer="由村里管护，经费列入预算。")
    assert Question.objects.get().state == "answered"
    settle(town, heard)
    assert open_task("deliberation.adopt_method")


def test_where_the_hall_presses_keypads_it_is_settled_project_by_project(town, heard):
    by_keypad = Rules(ballot_channel="keypad", ballot_mode="each")
    Cycle.objects.filter(pk=heard.pk).update(rules_data=by_keypad.frozen_json())
    heard.refresh_from_db()
    with pytest.raises(InvalidForm) as refused:
        settle(town, heard)
    assert list(refused.value.form.errors) == ["mode"]
    settle(town, heard, mode="each")
    adopt(town, heard)
    vote = Vote.objects.get()
    assert (vote.mode, vote.keypad) == ("each", True)


def test_a_method_nobody_wrote_over_is_drawn_up_by_what_was_chosen(town, heard):
    untouched = method_draft(heard.rules, len(TITLES), heard.seats or 0).replace("\n", "\r\n")
    settle(town, heard, mode="rank", seats=SEATS - 1, method=untouched)
    text = paper_of(heard, "method").body
    assert f"应选 {SEATS - 1} 个" in text and "按轻重缓急写明次序" in text
    adopt(town, heard)
    assert (Vote.objects.get().mode, Vote.objects.get().seats) == ("rank", SEATS - 1)


def test_a_method_that_says_otherwise_than_the_ballot_is_refused(town, heard):
    own = method_draft(heard.rules, len(TITLES), SEATS) + "\n七、其他事项由主席团决定。"
    with pytest.raises(InvalidForm, match=f"应选 {SEATS} 个") as refused:
        settle(town, heard, seats=SEATS - 1, method=own)
    assert list(refused.value.form.errors) == ["method"]
    settle(town, heard, method=own)
    assert "其他事项" in paper_of(heard, "method").body


def test_the_presidium_sends_the_list_back_to_the_delegations(town, heard):
    data = meeting(town.people["presidium"], T, agree=False)
    entry = do_task(heard, "deliberation.settle", town.of("presidium"), T, hour=11, **data)
    assert entry.action == "deliberation.settle.return"
    assert len(open_tasks(heard, "deliberation.deliberate")) == 3
    play.play_delegations(town, heard, t=T)
    settle(town, heard)
    assert open_task("deliberation.adopt_method")


def test_the_congress_that_refuses_the_method_sends_it_back_to_the_presidium(town, heard):
    settle(town, heard)
    data = assembly(20, 19, T, votes_for=10) | {"return_reason": "监票人名单须再协商。"}
    do_task(heard, "deliberation.adopt_method", town.of("clerk"), T, hour=13, **data)
    assert not Vote.objects.exists() and set(Item.objects.values_list("state", flat=True)) == {"candidate"}
    settle(town, heard)
    adopt(town, heard)
    assert Vote.objects.count() == 1


def test_ten_of_twenty_deputies_do_not_adopt_a_method_and_eleven_do(town, heard):
    settle(town, heard)
    with pytest.raises(InvalidForm, match="须写明理由"):
        adopt(town, heard, votes_for=10)
    adopt(town, heard, votes_for=11)
    adopted = paper_of(heard, "method").data["adopted"]
    assert (adopted["for"], adopted["members"], adopted["agreed"]) == (11, 20, True)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"seats": 6}, "不允许等额"),
        ({"tellers": []}, "必填"),
        ({"method": ""}, "必填"),
        ({"seats": 7}, "少于应选"),
    ],
)
def test_a_settlement_that_breaks_a_rule_is_refused(town, heard, wrong, sentence):
    with pytest.raises(InvalidForm, match=sentence):
        settle(town, heard, **wrong)


def test_a_chief_teller_who_is_a_teller_and_a_counter_who_is_a_deputy_are_refused(town, heard):
    chief = str(town.of("chief_teller").pk)
    with pytest.raises(InvalidForm, match="不能同时担任"):
        settle(town, heard, tellers=[chief, str(town.of("teller").pk)])
    with pytest.raises(InvalidForm, match="计票人"):
        settle(town, heard, counters=[str(u.pk) for u in town.deputies[:2]])


def test_a_teller_who_leads_a_project_is_noted(town, heard):
    Item.objects.filter(number=1).update(leader=town.of("teller").name)
    settle(town, heard)
    assert TITLES[0] in paper_of(heard, "method").data["warnings"][0]


def test_the_tellers_adopted_hold_their_offices_and_the_former_ones_no_longer(town, heard):
    chosen = town.deputies[14:17]
    settle(town, heard, chief_teller=str(chosen[0].pk), tellers=[str(u.pk) for u in chosen[1:]])
    assert town.of("teller").pk in _holders("teller")
    adopt(town, heard)
    assert _holders("chief_teller") == {chosen[0].pk}
    assert _holders("teller") == {u.pk for u in chosen[1:]}


def _holders(office):
    return set(RoleGrant.objects.filter(office=office, revoked_at=None).values_list("user", flat=True))


def test_names_of_tellers_stay_out_of_the_trail(town, heard):
    entry = settle(town, heard)
    assert town.of("chief_teller").name not in entry.body


# --- withdrawal and added matters


def test_a_withdrawal_the_presidium_agrees_to_takes_the_candidate_off(town, opened):
    play.play_withdrawal(town, candidates_of(opened).last(), T)
    assert Item.objects.get(number=6).state == "withdrawn"
    play.play_delegations(town, opened, t=T)
    settle(town, opened)
    adopt(town, opened)
    assert Vote.objects.get().options.count() == 5


def test_a_withdrawal_the_presidium_refuses_leaves_the_candidate(town, opened):
    play.play_withdrawal(town, candidates_of(opened).last(), T, agree=False)
    assert Item.objects.get(number=6).state == "candidate"
    assert Entry.objects.filter(action="withdrawal.refuse", body__contains="群众呼声较高").exists()


def test_only_the_mayor_asks_to_withdraw(town, opened):
    item = candidates_of(opened).last()
    with pytest.raises(NotYourTurn):
        perform(
            "deliberation.withdraw", item, actor=town.of("clerk"), data={"reason": "另有安排"}, at=moment(T)
        )


def test_a_candidate_is_withdrawn_until_the_congress_adopts_what_it_votes_on(town, heard):
    settle(town, heard)
    adopt(town, heard)
    with pytest.raises(Obstructed, match="现为“提交票决”，不能撤回"):
        ask_back(town, Item.objects.get(number=6), hour=14)
    assert not Withdrawal.objects.exists()


def ask_back(town, item, hour=12):
    data = {"reason": "上级已立项实施。"}
    perform("deliberation.withdraw", item, actor=town.of("mayor"), data=data, at=moment(T, hour))


def consent(town, cycle, agree=True):
    data = meeting(town.people["presidium"], T, agree=agree) | {
        "words": "" if agree else "群众呼声较高，仍提交票决。"
    }
    do_task(cycle, "deliberation.consent_withdraw", town.of("presidium"), T, hour=12, **data)


def test_a_candidate_withdrawn_from_a_settled_list_has_it_settled_anew(town, heard):
    settle(town, heard)
    ask_back(town, candidates_of(heard).last())
    with pytest.raises(Obstructed, match="主席团尚未决定"):
        adopt(town, heard)
    consent(town, heard)
    assert Item.objects.get(number=6).state == "withdrawn"
    assert not open_tasks(heard, "deliberation.adopt_method")
    entry = json.loads(Entry.objects.get(action="deliberation.adopt_method.return").body)
    assert (entry["office"], entry["after"]["returns_to"]) == ("presidium", "settle")
    assert entry["reason"] == f"“{TITLES[-1]}”已经撤回，表决事项须由主席团重新确定。"
    settle(town, heard)
    adopt(town, heard)
    assert [option.title for option in Vote.objects.get().options.all()] == list(TITLES[:-1])


def by_ballot(cycle):
    """The same year, where the rulebook has the 票决办法 adopted by ballot."""
    Cycle.objects.filter(pk=cycle.pk).update(rules_data=Rules(method_adoption="ballot").frozen_json())
    return Cycle.objects.get(pk=cycle.pk)


def put_method(town, cycle, **more):
    data = assembly(20, 19, T, **more)
    return do_task(cycle, "deliberation.put_method", town.of("clerk"), T, hour=13, **data)


def test_a_candidate_withdrawn_before_the_method_is_put_to_the_ballot_has_the_list_settled_anew(town, heard):
    cycle = by_ballot(heard)
    settle(town, cycle)
    ask_back(town, candidates_of(cycle).last())
    with pytest.raises(Obstructed, match="主席团尚未决定"):
        put_method(town, cycle)
    consent(town, cycle)
    assert not open_tasks(cycle, "deliberation.put_method")
    entry = json.loads(Entry.objects.get(action="deliberation.put_method.return").body)
    assert (entry["office"], entry["after"]["returns_to"]) == ("presidium", "settle")
    settle(town, cycle)
    put_method(town, cycle)
    assert Vote.objects.get().purpose == "method" and Item.objects.get(number=6).state == "withdrawn"


def test_the_presidium_agrees_to_no_withdrawal_of_what_is_voted_on_by_ballot(town, heard):
    cycle = by_ballot(heard)
    settle(town, cycle)
    put_method(town, cycle)
    item = candidates_of(cycle).last()
    with pytest.raises(Obstructed, match="票决办法已经付投票表决，不能再撤回"):
        ask_back(town, item, hour=14)
    withdrawal = Withdrawal.objects.create(unit=town.unit, item=item, reason="上级已立项实施。")
    agreed = Meeting(agreed=True, minutes="同意撤回。")
    with pytest.raises(Obstructed, match="票决办法已经付投票表决，不能再撤回"):
        decide_withdrawal(town.act("presidium", moment(T, 14)), withdrawal, meeting=agreed, words="")
    assert Withdrawal.objects.get().state == "asked" and Item.objects.get(number=6).state == "candidate"


def test_a_withdrawal_refused_leaves_the_settled_list_before_the_congress(town, heard):
    settle(town, heard)
    ask_back(town, candidates_of(heard).last())
    consent(town, heard, agree=False)
    assert open_tasks(heard, "deliberation.adopt_method")
    adopt(town, heard)
    assert Vote.objects.get().options.count() == len(TITLES)


def test_an_undecided_withdrawal_stops_the_settlement(town, heard):
    item = candidates_of(heard).last()
    data = {"reason": "上级已立项实施。"}
    perform("deliberation.withdraw", item, actor=town.of("mayor"), data=data, at=moment(T, 10))
    with pytest.raises(Obstructed, match="主席团尚未决定"):
        settle(town, heard)
    with pytest.raises(Obstructed, match="等待主席团决定"):
        perform("deliberation.withdraw", item, actor=town.of("mayor"), data=data, at=moment(T, 10))


def table(town, cycle, movers, day=T):
    data = {"title": "村道安全护栏", "content": "临水路段事故多发。", "movers": [str(u.pk) for u in movers]}
    return perform(
        "deliberation.added_matter",
        cycle,
        actor=movers[0],
        office="deputy",
        data=data,
        files={"signed": [picture("联名提议.jpg")]},
        at=moment(day, 10),
    )


def cosign(user):
    matter = AddedMatter.objects.get()
    return perform("deliberation.cosign", matter, actor=user, office="deputy", data={}, at=moment(T, 10))


def test_a_deputy_signs_in_person_and_with_the_fifth_the_matter_is_tabled(town, opened):
    first, *others = town.deputies[:5]
    data = {"title": "村道安全护栏", "content": "临水路段事故多发。"}
    given = {"actor": first, "office": "deputy", "at": moment(T, 10)}
    ticked = data | {"movers": [str(u.pk) for u in town.deputies[:5]]}
    with pytest.raises(InvalidForm, match="不代他人勾选"):
        perform("deliberation.added_matter", opened, data=ticked, **given)
    perform("deliberation.added_matter", opened, data=data, **given)
    for user in others[:3]:
        cosign(user)
    with pytest.raises(NotYourTurn):
        cosign(first)
    assert AddedMatter.objects.get().state == "gathering"
    assert not Deadline.objects.filter(key="deliberation.added_matter").exists()
    cosign(others[3])
    assert AddedMatter.objects.get().state == "tabled"
    assert Deadline.objects.filter(key="deliberation.added_matter", done_at=None).exists()
    with pytest.raises(Obstructed, match="已提交主席团"):
        cosign(town.deputies[5])


def test_a_matter_too_few_have_signed_lapses_when_the_congress_has_adopted_what_it_votes_on(town, heard):
    signed = {"title": "村道安全护栏", "content": "临水路段事故多发。"}
    given = {"actor": town.deputies[0], "office": "deputy", "at": moment(T, 10)}
    perform("deliberation.added_matter", heard, data=signed, **given)
    cosign(town.deputies[1])
    settle(town, heard)
    assert AddedMatter.objects.get().state == "gathering", "the congress may still send the ballot back"
    adopt(town, heard)
    matter = AddedMatter.objects.get()
    entry = Entry.objects.get(action="matter.lapse")
    assert (matter.state, entry.subject) == ("lapsed", matter.reference)
    assert all(user.username in entry.body for user in town.deputies[:2])
    with pytest.raises(Obstructed, match="已经确定"):
        cosign(town.deputies[2])


def test_four_movers_are_refused_and_five_table_a_matter(town, opened):
    with pytest.raises(InvalidForm, match="5 名以上"):
        table(town, opened, town.deputies[:4])
    table(town, opened, town.deputies[:5])
    assert AddedMatter.objects.get().movers.count() == 5


def test_a_matter_is_not_tabled_outside_the_session_nor_after_the_settlement(town, prepared):
    with pytest.raises(Obstructed, match="会议期间"):
        table(town, prepared, town.deputies[:5], T - timedelta(days=2))
    play.play_opening(town, prepared, t=T)
    play.play_delegations(town, prepared, t=T)
    settle(town, prepared)
    with pytest.raises(Obstructed, match="已经确定"):
        table(town, prepared, town.deputies[:5])


def test_an_added_matter_becomes_a_candidate_that_says_it_was_not_examined(town, heard):
    play.play_added_matter(town, heard, T, title="村道安全护栏")
    item = Item.objects.get(added_in_session=True)
    assert (item.state, item.number) == ("candidate", 7)
    assert item.decision_reason == rules.ADDED_PLAINLY
    assert rules.ADDED_PLAINLY in Paper.objects.get(subject=AddedMatter.objects.get().reference).body
    settle(town, heard)
    adopt(town, heard)
    assert Vote.objects.get().options.last().title == "村道安全护栏"


@pytest.mark.parametrize(("decision", "state"), [("suggestion", "suggestion"), ("reserve", "reserved")])
def test_a_matter_not_listed_keeps_the_list_as_it_was(town, heard, decision, state):
    play.play_added_matter(town, heard, T, title="村道安全护栏", decision=decision)
    assert AddedMatter.objects.get().state == state and Item.objects.count() == 6


def reserved_matter(town, cycle):
    """What came of a matter the presidium decided to keep in reserve."""
    play.play_added_matter(town, cycle, T, title="村道安全护栏", decision="reserve")
    return Proposal.objects.get(title="村道安全护栏")


def test_a_matter_is_kept_in_reserve_where_nothing_is_taken_in_outside_the_window(town, heard):
    rules = Rules().with_values({"pool_all_year": False})
    adopt_rulebook(town.act("chair", at("2027-01-04")), town.unit, rules)
    Cycle.objects.filter(pk=heard.pk).update(rules_data=rules.frozen_json())
    with pytest.raises(Refused, match="不在征集期"):
        submit_proposal(town.act("station", moment(T)), title="村口路灯", content="村口无灯。")
    kept = reserved_matter(town, heard)
    mover = AddedMatter.objects.get().movers.order_by("pk").first()
    assert (kept.state, kept.cycle, kept.proposer) == ("pooled", None, mover)
    assert kept.standing == "列入储备库" and kept.outcome_words == "代表联名依法提出，经研究作出决定。"
    reason = Entry.objects.get(action="proposal.pool", subject=kept.reference).body
    assert "主席团决定列入储备库" in reason
    assert obstacles_to_taking_up(kept, moment(T)) == ["目前没有正在征集的年度，启动征集后再提出。"]


def test_a_matter_kept_in_reserve_waits_though_another_year_is_collecting(town, heard):
    chair = town.act("chair", at("2027-01-04"))
    days = {"opens_on": date(2027, 1, 4), "planned_t": date(2027, 7, 20), "planned_t2": date(2028, 1, 18)}
    other = create_cycle(chair, year=2027, period="下半年", **days)
    fire(other, "open", chair, rules_data=Rules().frozen_json())
    Cycle.objects.filter(pk=other.pk).update(
        window_from=T - timedelta(days=5), window_to=T + timedelta(days=5)
    )
    assert (
        submit_proposal(town.act("station", moment(T)), title="村口路灯", content="村口无灯。").cycle == other
    )
    kept = reserved_matter(town, heard)
    assert (kept.state, kept.cycle) == ("pooled", None) and obstacles_to_taking_up(kept, moment(T)) == []


def test_an_undecided_matter_stops_the_settlement(town, heard):
    table(town, heard, town.deputies[:5])
    with pytest.raises(Obstructed, match="村道安全护栏"):
        settle(town, heard)


def test_the_guard_of_the_vote_names_what_deliberation_owes(town, prepared):
    reasons = obstacles_to_vote(prepared, moment(T))
    assert any("会议期间" in r for r in reasons) and any("票决办法" in r for r in reasons)


def test_a_manner_other_than_the_rulebooks_is_noted_and_counts_by_its_own_rules(town, heard):
    settle(town, heard, mode="each")
    assert any("与本年度规则所定不同" in note for note in paper_of(heard, "method").data["warnings"])
    adopt(town, heard)
    assert (Vote.objects.get().mode, Vote.objects.get().rules["each_cap"]) == ("each", False)


def test_a_delegation_without_a_lead_is_named_on_the_sheet(town, prepared):
    lead = RoleGrant.objects.get(office="delegation_lead", unit=town.delegations[2])
    revoke(grant=lead, act=town.act("clerk", at("2027-01-11")), reason="辞去团长")
    notes = [line.note for line in readiness_sheet(prepared, date(2027, 1, 12))]
    assert any(town.delegations[2].name in note for note in notes)


def test_step_3_goes_back_along_these_edges_alone():
    back = {n.name: [t.key for t in n.returns] for flow in FLOWS for n in flow.steps() if n.returns}
    assert back == {
        "party_reply": ["deliberation.report_party"],
        "agenda": ["deliberation.revise_list"],
        "budget": ["deliberation.bill"],
        "settle": ["deliberation.deliberate"],
        "put_method": ["deliberation.settle"],
        "adopt_method": ["deliberation.settle"],
    }


def test_every_task_of_the_rulebook_has_its_seat_in_step_3():
    wanted = {key for key in TASK_TIMES if key.startswith("deliberation.")}
    tasks = {node.key for flow in FLOWS for node in flow.steps()}
    acts = {event.key for event in events() if event.key.startswith("deliberation.")}
    assert wanted <= tasks | acts
    assert tasks - wanted <= {"deliberation.revise_list"}


# --- pages


def test_every_step_shows_its_page_before_it_is_done(town, cycle, monkeypatch):
    shown = {}

    def shows_first(task_id, **given):
        deadline = Deadline.objects.get(pk=task_id)
        node, subject = deadline.task.flow_task, deadline.task.process.artifact
        if node.page:
            context = node.context(subject) if node.context else {}
            shown[node.name] = render_to_string(node.page, {"hall": town.unit} | context)
        return complete(task_id, **given)

    monkeypatch.setattr(stage, "complete", shows_first)
    monkeypatch.setattr(play, "complete", shows_first)
    play.play_preparation(town, cycle, t=T, seats=SEATS, **PLAN)
    play.play_opening(town, cycle, t=T)
    play.play_withdrawal(town, candidates_of(cycle).last(), T)
    play.play_added_matter(town, cycle, T, title="村道安全护栏")
    play.play_delegations(town, cycle, t=T)
    play.play_question(town, cycle, t=T)
    play.play_settlement(town, cycle, t=T, seats=SEATS, mode="select")
    elsewhere = {
        "revise_list",
        "put_method",
    }  # nobody sends the list back; put_method has adopt_method's page
    wanted = {node.name for flow in FLOWS for node in flow.steps() if node.page} - elsewhere
    assert set(shown) == wanted
    for name, words in {
        "agenda": "50 万元",
        "convene": "会前 15 天",
        "readiness": "实有代表 20 人",
        "visits": "共 4 次，走访选民 57 人",
        "preliminary": "还有 1 名代表没有确认",
        "settle": rules.ADDED_PLAINLY,
        "adopt_method": "11 票以上",
        "consent_withdraw": "上级同类项目",
        "reply": "管护",
        "added_matter": rules.ADDED_PLAINLY,
    }.items():
        assert words in shown.get(name, ""), name
