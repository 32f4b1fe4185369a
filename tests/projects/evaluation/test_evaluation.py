"""Step 6: from the completion report to the closed year."""

from __future__ import annotations

import json
from datetime import date, timedelta
from hashlib import sha256
from types import SimpleNamespace

import pytest
from django.urls import reverse

from projects.ballots import figures as fig
from projects.ballots import keypad
from projects.ballots.figures import digest_of, field_name, titles_of
from projects.ballots.models import Vote
from projects.ballots.reporting import tally_report
from projects.ballots.selectors import compared_with_first, signatures_hold
from projects.cycles.documents.parts import Document
from projects.cycles.due import due_date
from projects.cycles.models import Paper, RollLine
from projects.cycles.rulebook import Rules
from projects.cycles.selectors import closing_day, paper_of, session_date, session_of
from projects.demo.play.deliberation import roll_data
from projects.demo.play.evaluation import (
    BODY,
    Figures,
    close_year,
    keyed,
    play_convening,
    play_measure_closing,
    play_measure_opening,
    play_measurement,
    play_opening,
    play_session,
    play_tellers,
    waiting_jobs,
)
from projects.demo.play.stage import assembly, open_tasks
from projects.evaluation import selectors
from projects.evaluation.conformance import Status
from projects.evaluation.conforming import conformance_of, terms_of
from projects.evaluation.duties import open_due_hearings
from projects.evaluation.measuring import DESK
from projects.evaluation.models import Archive, Measurement, Rating, Review
from projects.evaluation.services import publish_account, rate_project
from projects.selection.models import Item
from projects.supervision.models import Project
from tests.builders import at, do, meeting_of, open_task, township
from tests.fallen import entered
from tests.files import picture
from tests.plays import play_after_session, play_evaluation, play_inquiry, play_look_back
from tests.projects.evaluation.conftest import DAY, year_under_supervision
from tests.projects.supervision.conftest import year_of
from tests.projects.voting.conftest import page_of
from tests.projects.voting.test_keypad_flow import as_counter, confirm, send
from tests.standing import stands
from tests.statements import counting
from workflow.audit.models import Entry
from workflow.audit.services import Act
from workflow.flows.errors import InvalidForm, NotYourTurn, Obstructed, Refused
from workflow.flows.events import perform
from workflow.flows.models import Deadline, Meeting
from workflow.flows.services import complete, send_back
from workflow.flows.taking_back import take_back
from workflow.flows.tasks import run_job
from workflow.inbox.story import line_of
from workflow.machines.services import fire
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import User
from workflow.roles.selectors import holders_of
from workflow.roles.services import end_offices, grant

pytestmark = pytest.mark.django_db

T2 = "2028-01-18"
REPORT = {"body": "主席团按季组织视察。"}
CALL = {
    "term": 18,
    "session_number": 4,
    "session_on": T2,
    "session_days": "1",
    "body": "会议定于一月十八日举行。",
}
SIGN = {"confirmed": "on"}
ALL_GOOD = Figures(marks={1: [(18, 2, 0)], 2: [(20, 0, 0)], 3: [(16, 3, 1)]})


@stands
def reported(town, cycle):
    do("evaluation.completion_report", town.of("mayor"), DAY, body=BODY["completion"])
    cycle.refresh_from_db()


@stands
def reviewed(town, cycle):
    for task in open_tasks(cycle, "evaluation.review"):
        n = int(task.seat.code.rpartition("G")[2])
        marks = {f"mark_{code}": 90 for code in selectors.dimensions_of(cycle)}
        actor = town.deputies[n * 2]
        complete(task.task_id, actor=actor, data={**marks, "words": "使用正常。"}, at=at("2027-12-10"))


def minutes(town, day, **more):
    """A meeting of the whole presidium that agrees."""
    return meeting_of(town.people["presidium"], day, **more)


@stands
def asked(town, cycle):
    """Residents and groups have been heard, and the presidium on what the groups found."""
    reported(town, cycle)
    reviewed(town, cycle)
    do("evaluation.residents", town.of("clerk"), "2027-12-30", body=BODY["round"])
    data = minutes(town, "2027-12-28", conclusion="各项目使用正常。")
    do("evaluation.conclude_reviews", town.of("clerk"), "2027-12-28", **data)


def called(town, day="2027-12-31", **more):
    """The presidium calls the evaluation session."""
    return do("evaluation.convene", town.of("clerk"), day, **{**minutes(town, day), **CALL, **more})


@stands
def listed(town, day="2028-01-02"):
    do("evaluation.roll", town.of("clerk"), day, **roll_data(town))


@stands
def assembled(town, cycle):
    """The evaluation session is called and opened by its preliminary meeting."""
    asked(town, cycle)
    called(town)
    listed(town)
    play_opening(town, cycle, date.fromisoformat(T2))


@stands
def in_session(town, cycle):
    assembled(town, cycle)
    do("evaluation.presidium_report", town.of("chair"), T2, **REPORT)


@stands
def before_hall(town, cycle):
    """The presidium has reported, and those who count are adopted."""
    in_session(town, cycle)
    play_tellers(town, cycle, date.fromisoformat(T2))


@stands
def opened(town, cycle):
    """Twenty ballots handed out and collected."""
    before_hall(town, cycle)
    play_measure_opening(town, cycle, date.fromisoformat(T2))
    play_measure_closing(town, cycle, date.fromisoformat(T2), returned=20)


def attended(town, present, on_leave=0, day=T2):
    """Who is here; the last on the roll are on leave."""
    lines = [str(pk) for pk in RollLine.objects.order_by("pk").values_list("pk", flat=True)]
    data = {"present": present, "on_leave": on_leave, "leave": lines[len(lines) - on_leave :]}
    do("evaluation.measure_attendance", town.of("clerk"), day, **data)


def key_both(town, cycle, marks=None, first=1, **more):
    """Both counters key alike. first: of which pair of counters."""
    figures = Figures(marks=marks or ALL_GOOD.marks)
    for n, key in enumerate(("evaluation.measure_key_first", "evaluation.measure_key_second"), first):
        do(key, town.of("counter", n), T2, **keyed(cycle, figures, 20, 0) | more)


@stands
def signed(town):
    do("evaluation.measure_certify", town.of("chief_teller"), T2, **SIGN)
    do("evaluation.measure_certify_teller", town.of("teller"), T2, **SIGN)


def more_counters(town, more):
    """Others than those who counted count again."""
    act = town.act("chair", at("2027-06-01"))
    for n in range(more):
        user = User.objects.create(username=f"counter-{n}", name=f"计票人{n}")
        grant(user=user, office="counter", unit=town.unit, act=act, since=date(2027, 1, 1))
        town.people["counter"].append(user)


@stands
def announced(town):
    do("evaluation.measure_declare", town.of("chair"), T2, **SIGN)


def measured(town, cycle, marks, day=T2, round_=0):
    play_measurement(town, cycle, date.fromisoformat(day), Figures(marks=marks), round_=round_)


def test_the_year_closes_when_every_project_reaches_the_rate(town, cycle):
    play_evaluation(town, cycle, t2=date(2028, 1, 18), term=18, number=4, figures=ALL_GOOD)
    assert cycle.state == "closed"
    assert set(Measurement.objects.values_list("state", "round")) == {("closed", 1)}
    assert session_of(cycle, "evaluation").held_on == date(2028, 1, 18)
    assert Archive.objects.get().cycle == cycle
    # 30 September 2029 is a Sunday and the National Day holidays follow it.
    assert open_task("evaluation.look_back").due_on == date(2029, 10, 4)


def test_candidates_not_elected_return_to_the_pool_with_their_history(town, cycle):
    play_evaluation(town, cycle, t2=date(2028, 1, 18), term=18, number=4, figures=ALL_GOOD)
    item = Item.objects.get(title="村史馆建设")
    assert (item.state, item.cycle) == ("reserved", cycle)
    assert item.sources.get().proposal.state == "pooled"
    assert set(Item.objects.exclude(pk=item.pk).values_list("state", flat=True)) == {"elected"}


def test_the_completion_report_says_what_is_accepted_and_what_is_not(town):
    cycle = year_under_supervision(town, ["村道硬化", "老年食堂"], unfinished=(2,))
    late = Project.objects.get(number=2)
    with pytest.raises(InvalidForm, match="原因"):
        do("evaluation.completion_report", town.of("mayor"), DAY, body=BODY["completion"])
    why = {f"why_{late.pk}": "土地调整延误，三月底完成。"}
    do("evaluation.completion_report", town.of("mayor"), DAY, body=BODY["completion"], **why)
    paper = paper_of(cycle, "completion_report")
    assert paper.data["unfinished"] == [late.reference]
    assert "土地调整延误" in paper.body and "完成 96 万元" in paper.body
    cycle.refresh_from_db()
    assert cycle.state == "evaluating"


def test_completion_is_reported_by_the_mayor_alone_and_thirty_days_before_the_session(town, cycle):
    assert open_task("evaluation.completion_report").due_on == date(2027, 12, 17)
    with pytest.raises(NotYourTurn):
        do("evaluation.completion_report", town.of("chair"), DAY, body=BODY["completion"])


# Residents


def rate(town, project, grade="satisfied", day="2027-12-01", **more):
    return rate_project(Act(None, "resident", town.unit, at(day)), project, grade=grade, **more)


def test_a_resident_rates_without_an_account_and_the_words_stay_out_of_the_trail(town, cycle):
    reported(town, cycle)
    rate(town, Project.objects.get(number=1), words="路修得好，感谢张三")
    entry = Entry.objects.get(action="evaluation.rate")
    assert entry.actor is None and "张三" not in entry.body
    assert Rating.objects.get().grade == "satisfied"


def test_a_project_is_rated_from_its_acceptance_on_until_the_round_is_closed(town, cycle):
    project = Project.objects.get(number=1)
    rate(town, project, day="2027-11-01")
    reported(town, cycle)
    rate(town, project)
    do("evaluation.residents", town.of("clerk"), "2027-12-30", body=BODY["round"])
    with pytest.raises(Refused, match="不是群众评价的时间"):
        rate(town, project, day="2027-12-31")


def test_an_unfinished_project_is_not_rated(town):
    cycle = year_under_supervision(town, ["村道硬化"], unfinished=(1,))
    late = Project.objects.get()
    why = {f"why_{late.pk}": "土地调整延误，三月底完成。"}
    do("evaluation.completion_report", town.of("mayor"), DAY, body=BODY["completion"], **why)
    with pytest.raises(Refused, match="尚未验收"):
        rate(town, late)
    assert cycle


def test_an_unknown_grade_is_refused(town, cycle):
    reported(town, cycle)
    with pytest.raises(Refused, match="请选择"):
        rate(town, Project.objects.get(number=1), grade="superb")


def test_a_sample_below_the_smallest_is_shown_as_insufficient(town, cycle):
    reported(town, cycle)
    project = Project.objects.get(number=1)
    for _ in range(29):
        rate(town, project)
    assert selectors.ratings_of(cycle)[0].rate == "样本不足"
    rate(town, project, "dissatisfied")
    line = selectors.ratings_of(cycle)[0]
    assert (line.rating.sample, line.rate) == (30, "96.6%")
    assert selectors.ratings_of(cycle)[1].rate == "样本不足"


def test_closing_the_round_writes_down_every_sample(town, cycle):
    reported(town, cycle)
    project = Project.objects.get(number=2)
    rate(town, project)
    entry = do("evaluation.residents", town.of("clerk"), "2027-12-30", body=BODY["round"])
    assert f'"{project.reference}":1' in entry.body
    paper = paper_of(cycle, "measurement")
    assert paper.title.endswith("群众评价情况") and "样本 1 份，少于最低样本 30 份" in paper.body


def test_a_residents_own_rating_is_not_told_as_one_that_was_registered(town, cycle):
    reported(town, cycle)
    project = Project.objects.get(number=1)
    rate(town, project, day="2027-12-01")
    own = Entry.objects.filter(action="evaluation.rate").latest("id")
    data = {"grade": "satisfied", "words": "路灯亮了。"}
    registered = perform("evaluation.rate", project, actor=town.of("station"), data=data, at=at("2027-12-02"))
    assert [line_of(own).what, line_of(own).who] == ["评价完工项目", "群众"]
    assert line_of(registered).what == "登记群众评价"


def test_a_station_registers_what_a_resident_says(town, cycle):
    reported(town, cycle)
    project = Project.objects.get(number=1)
    data = {"grade": "basic", "words": "李四说灯太暗"}
    entry = perform("evaluation.rate", project, actor=town.of("station"), data=data, at=at("2027-12-02"))
    assert Rating.objects.get().grade == "basic" and "李四" not in entry.body
    # Nor anything a reader of the trail could find the words from by trying.
    assert (
        '"words":{"hmac-sha256":"' in entry.body
        and sha256(data["words"].encode()).hexdigest() not in entry.body
    )
    with pytest.raises(NotYourTurn):
        perform("evaluation.rate", project, actor=town.of("mayor"), data=data, at=at("2027-12-02"))


# Review


def test_a_group_reviews_its_own_project_by_the_weighted_dimensions(town, cycle):
    reported(town, cycle)
    assert len(open_tasks(cycle, "evaluation.review")) == 3
    task = open_tasks(cycle, "evaluation.review")[0]
    marks = {f"mark_{code}": 80 for code in selectors.dimensions_of(cycle)} | {"mark_target": 100}
    data = {**marks, "words": "使用正常。"}
    with pytest.raises(NotYourTurn):
        complete(task.task_id, actor=town.deputies[4], data=data, at=at("2027-12-10"))
    complete(task.task_id, actor=town.deputies[2], data=data, at=at("2027-12-10"))
    review = Review.objects.get()
    assert review.project.number == 1
    assert selectors.said_score(selectors.review_score(review.project)) == "84"


def test_a_review_is_taken_back_on_its_day_until_the_presidium_concludes(town, cycle):
    reported(town, cycle)
    reviewed(town, cycle)
    done = Deadline.objects.filter(key="evaluation.review").select_related("done_by").order_by("pk")[0]
    again = {"actor": done.done_by, "reason": "漏评一项", "at": at("2027-12-10", 15)}
    take_back(done.pk, **again)
    assert Review.objects.count() == 2 and len(open_tasks(cycle, "evaluation.review")) == 1
    reviewed(town, cycle)
    Deadline.objects.filter(key="evaluation.conclude_reviews").update(done_at=at("2027-12-10", 12))
    with pytest.raises(Refused, match="主席团已经听取"):
        take_back(done.pk, **again)
    assert Review.objects.count() == 3


def test_a_mark_above_a_hundred_or_a_missing_one_is_refused(town, cycle):
    reported(town, cycle)
    task = open_tasks(cycle, "evaluation.review")[0]
    marks = {f"mark_{code}": 80 for code in selectors.dimensions_of(cycle)}
    for wrong in ({"mark_target": 101}, {"mark_target": ""}):
        with pytest.raises(InvalidForm, match="目标完成度"):
            data = {**marks, **wrong, "words": "使用正常。"}
            complete(task.task_id, actor=town.deputies[2], data=data, at=at("2027-12-10"))


def test_the_presidium_reports_only_in_the_session_and_after_the_round_and_every_review(town, cycle):
    reported(town, cycle)
    called(town)
    listed(town)
    assert open_tasks(cycle, "evaluation.presidium_report") == []
    play_opening(town, cycle, date(2028, 1, 18))
    assert open_task("evaluation.presidium_report").due_on == date(2028, 1, 18)
    with pytest.raises(Obstructed) as refused:
        do("evaluation.presidium_report", town.of("chair"), T2, **REPORT)
    assert "群众评价尚未结束" in str(refused.value) and "尚未听取现场评议" in str(refused.value)
    conclusion = minutes(town, T2, conclusion="各项目使用正常。")
    with pytest.raises(Obstructed, match="“村道硬化”尚未现场评议"):
        do("evaluation.conclude_reviews", town.of("clerk"), T2, **conclusion)
    reviewed(town, cycle)
    do("evaluation.conclude_reviews", town.of("clerk"), T2, **conclusion)
    do("evaluation.residents", town.of("clerk"), T2, body=BODY["round"])
    do("evaluation.presidium_report", town.of("chair"), T2, **REPORT)


def test_the_record_of_the_convening_has_the_day_and_the_notice_and_leaves_out_what_was_not_entered(
    town, cycle
):
    reported(town, cycle)
    called(town)
    met = Meeting.objects.latest("pk")
    decided = dict(met.decided)
    assert met.finding == "会议同意。" and decided["会议日期（评估）"] == "2028年1月18日"
    assert decided["会议通知和建议议程"] == CALL["body"]
    assert not decided.keys() & {"会议日期", "出席人员", "赞成", "会议纪要", "文号"}


# Beside supervision


def test_a_project_is_reviewed_from_its_acceptance_and_all_of_them_from_october(town):
    year = year_of(township("T02")).building()
    project = year.project()
    year.do(
        "accept",
        year.clerk_of(project),
        "2027-06-15",
        completed_on="2027-06-15",
        materials="竣工图、检测报告。",
    )
    assert open_tasks(year.cycle, "evaluation.review") == []
    year.do("agree_acceptance", year.members()[0], "2027-06-18", words="资料齐全，同意验收。")
    task = open_task("evaluation.review", subject=project.reference)
    assert task.seat == project.group and task.due_on == date(2027, 12, 31)
    assert open_due_hearings(at("2027-09-30"), cycle=year.cycle) == 0
    assert open_due_hearings(at("2027-10-01"), cycle=year.cycle) == 1
    asked = Entry.objects.filter(action="evaluation.ask")
    told = json.loads(asked.get().body)
    assert (told["subject"], told["actor"], told["step"]) == (year.cycle.reference, "", 6)
    assert open_due_hearings(at("2027-10-02"), cycle=year.cycle) == 0
    assert asked.count() == 1, "whom nobody is asked anew, nothing is written of"
    judged = selectors.judged_projects(year.cycle)
    assert len(open_tasks(year.cycle, "evaluation.review")) == len(judged) == 3
    assert open_task("evaluation.residents").due_on == date(2027, 12, 31)


def test_a_task_of_the_fourth_quarter_that_opens_after_it_is_late_from_the_start(town, cycle):
    do("evaluation.completion_report", town.of("mayor"), "2028-01-10", body=BODY["completion"])
    for key in ("evaluation.residents", "evaluation.conclude_reviews"):
        task = open_task(key)
        assert (task.opened_on, task.due_on) == (date(2028, 1, 10), date(2027, 12, 31))
    # What is counted from the session starts when it became possible.
    assert open_task("evaluation.convene").due_on == date(2028, 1, 10)


# The ballot


def test_a_hall_below_two_thirds_is_not_opened(town, cycle):
    before_hall(town, cycle)
    attended(town, 13, 7)
    with pytest.raises(Obstructed, match="须有 14 人以上出席，实到 13 人"):
        do("evaluation.measure_open", town.of("chair"), T2, issued=13)
    send_back(
        open_task("evaluation.measure_open").task_id,
        actor=town.of("chair"),
        to="measure_attendance",
        reason="又有代表到会，重新清点。",
        at=at(T2),
    )
    attended(town, 14, 6)
    do("evaluation.measure_open", town.of("chair"), T2, issued=14)
    assert Vote.objects.get().state == "defined"
    do("evaluation.measure_open_confirm", town.of("chief_teller"), T2, **SIGN)
    assert Vote.objects.get().state == "open"


def test_what_the_chair_entered_is_sent_back_by_the_chief_teller(town, cycle):
    before_hall(town, cycle)
    attended(town, 20)
    do("evaluation.measure_open", town.of("chair"), T2, issued=19)
    shown = DESK.at_opening(cycle)["entered"]
    assert ("发出测评票", 19) in [(str(label), n) for label, n in shown["figures"]]
    task = open_task("evaluation.measure_open_confirm").task_id
    chief = town.of("chief_teller")
    send_back(task, actor=chief, to="measure_open", reason="应发出二十张。", at=at(T2))
    assert DESK.at_opening(cycle)["entered"] is None
    do("evaluation.measure_open", town.of("chair"), T2, issued=20)
    do("evaluation.measure_open_confirm", chief, T2, **SIGN)
    assert Vote.objects.get().issued == 20


def test_more_papers_than_deputies_present_are_not_handed_out(town, cycle):
    before_hall(town, cycle)
    attended(town, 18, 2)
    with pytest.raises(InvalidForm, match="发出测评票 19 张，多于实到 18 人"):
        do("evaluation.measure_open", town.of("chair"), T2, issued=19)


def test_nothing_of_the_session_is_done_before_its_day(town, cycle):
    asked(town, cycle)
    called(town)
    listed(town)
    with pytest.raises(Obstructed, match="2028年1月18日"):
        play_opening(town, cycle, date(2028, 1, 17))
    assert open_tasks(cycle, "evaluation.presidium_report") == []
    play_opening(town, cycle, date(2028, 1, 18))
    do("evaluation.presidium_report", town.of("chair"), T2, **REPORT)


def test_a_preliminary_meeting_elects_the_presidium_and_opens_the_session(town, cycle):
    asked(town, cycle)
    called(town)
    listed(town)
    assert open_task("evaluation.preliminary").due_on == date(2028, 1, 18)
    data = assembly(20, 13, date(2028, 1, 18)) | {"agenda": BODY["agenda"]}
    presidium = [str(user.pk) for user in town.deputies[5:12]]
    with pytest.raises(InvalidForm, match="不能开会"):
        do("evaluation.preliminary", town.of("clerk"), T2, **data, presidium=presidium)
    data = assembly(20, 14, date(2028, 1, 18)) | {"agenda": BODY["agenda"]}
    do("evaluation.preliminary", town.of("clerk"), T2, **data, presidium=presidium)
    assert session_of(cycle, "evaluation").state == "open"
    assert holders_of("presidium", town.unit, date(2028, 1, 18)) == town.deputies[5:12]
    adopted = Paper.objects.filter(cycle=cycle, kind="agenda", data__adopted=True).get()
    assert adopted.published_at and adopted.step == 6


def test_last_years_tellers_do_not_serve_and_those_adopted_leave_with_the_session(town, cycle):
    in_session(town, cycle)
    chief, tellers = town.deputies[0], town.deputies[1:3]
    data = assembly(20, 20, date(2028, 1, 18)) | {"counters": [str(u.pk) for u in town.people["counter"]]}
    chosen = {"chief_teller": str(chief.pk), "tellers": [str(user.pk) for user in tellers]}
    with pytest.raises(InvalidForm, match="总监票人不能同时担任监票人"):
        do(
            "evaluation.adopt_tellers",
            town.of("clerk"),
            T2,
            **data,
            **(chosen | {"tellers": [str(chief.pk), chosen["tellers"][0]]}),
        )
    do("evaluation.adopt_tellers", town.of("clerk"), T2, **data, **chosen)
    attended(town, 20)
    do("evaluation.measure_open", town.of("chair"), T2, issued=20)
    with pytest.raises(NotYourTurn):
        do("evaluation.measure_open_confirm", town.of("chief_teller"), T2, **SIGN)
    do("evaluation.measure_open_confirm", chief, T2, **SIGN)
    assert holders_of("teller", town.unit, date(2028, 1, 18)) == tellers
    town.people["chief_teller"], town.people["teller"] = [chief], tellers
    play_measure_closing(town, cycle, date.fromisoformat(T2), returned=20)
    key_both(town, cycle)
    signed(town)
    announced(town)
    do("supervision.close_session", town.of("chair"), T2)
    for office in ("chief_teller", "teller", "counter"):
        assert holders_of(office, town.unit, date(2028, 1, 19)) == []


def test_one_person_cannot_key_twice(town, cycle):
    opened(town, cycle)
    data = keyed(cycle, ALL_GOOD, 20, 0)
    do("evaluation.measure_key_first", town.of("counter", 1), T2, **data)
    with pytest.raises(Refused, match="不同的人"):
        do("evaluation.measure_key_second", town.of("counter", 1), T2, **data)
    with pytest.raises(NotYourTurn):
        do("evaluation.measure_key_second", town.of("clerk"), T2, **data)


def test_figures_that_do_not_balance_are_named_in_the_words_of_the_paper_and_keyed_again(town, cycle):
    opened(town, cycle)
    key_both(town, cycle, {**ALL_GOOD.marks, 1: [(18, 2, 0)]}, **{first_field(cycle): 17})
    assert Vote.objects.get().state == "closed"
    told = DESK.at_keying(cycle)["unbalanced"]
    assert told == ["项目“1. 村道硬化”：满意 17 ＋ 基本满意 2 ＋ 不满意 0 ＝ 19 票 ≠ 有效票 20 张。"]
    key_both(town, cycle)
    assert Vote.objects.get().state == "keyed"


def first_field(cycle):
    return field_name("for", Vote.objects.latest("pk").options.first())


def test_differing_keyings_are_refused_and_keyed_again_without_showing_figures(town, cycle):
    opened(town, cycle)
    other = Figures(marks=ALL_GOOD.marks | {1: [(17, 3, 0)]})
    do("evaluation.measure_key_first", town.of("counter", 1), T2, **keyed(cycle, ALL_GOOD, 20, 0))
    do("evaluation.measure_key_second", town.of("counter", 2), T2, **keyed(cycle, other, 20, 0))
    vote = Vote.objects.get()
    assert (vote.state, vote.figures) == ("closed", {})
    assert DESK.at_keying(cycle)["differ"] == ["“1. 村道硬化”的满意", "“1. 村道硬化”的基本满意"]
    assert open_tasks(cycle, "evaluation.measure_certify") == []
    do("evaluation.measure_key_second", town.of("counter", 1), T2, **keyed(cycle, ALL_GOOD, 20, 0))
    do("evaluation.measure_key_first", town.of("counter", 2), T2, **keyed(cycle, ALL_GOOD, 20, 0))
    vote.refresh_from_db()
    assert (vote.state, vote.keyings.count()) == ("keyed", 4)


def test_no_sum_is_in_the_trail_or_readable_before_both_have_signed_and_the_chair_has_announced(town, cycle):
    opened(town, cycle)
    before = Entry.objects.order_by("-id").values_list("id", flat=True)[0]
    key_both(town, cycle)
    do("evaluation.measure_certify", town.of("chief_teller"), T2, **SIGN)
    written = "".join(Entry.objects.filter(id__gt=before).values_list("body", flat=True))
    assert all(word not in written for word in ("in_favour", "满意 ", "satisfied", '"sums"', "for_"))
    do("evaluation.measure_certify_teller", town.of("teller"), T2, **SIGN)
    assert selectors.measurement_table(cycle) == []
    assert selectors.account_of(cycle).lines[0].outcome == "尚未测评"
    announced(town)
    assert len(selectors.measurement_table(cycle)) == 3


def test_the_two_signatures_are_of_two_people_under_the_same_digest(town, cycle):
    opened(town, cycle)
    key_both(town, cycle)
    with pytest.raises(NotYourTurn):
        do("evaluation.measure_certify_teller", town.of("chief_teller"), T2, **SIGN)
    do("evaluation.measure_certify_teller", town.of("teller"), T2, **SIGN)
    do("evaluation.measure_certify", town.of("chief_teller"), T2, **SIGN)
    vote = Vote.objects.get()
    assert {s.digest for s in vote.signatures.all()} == {digest_of(vote)}
    assert vote.signatures.count() == 2 and signatures_hold(vote)


def test_figures_changed_between_the_signatures_are_not_certified(town, cycle):
    opened(town, cycle)
    key_both(town, cycle)
    do("evaluation.measure_certify", town.of("chief_teller"), T2, **SIGN)
    vote = Vote.objects.get()
    vote.figures["sums"]["1. 村道硬化"] |= {"for": 20, "abstain": 0}
    Vote.objects.filter(pk=vote.pk).update(figures=vote.figures)
    with pytest.raises(Refused, match="数字与前一人签字时不同"):
        do("evaluation.measure_certify_teller", town.of("teller"), T2, **SIGN)
    assert Vote.objects.get().state == "keyed"


def test_more_returned_than_issued_makes_the_measurement_void_and_it_is_held_again(town, cycle):
    before_hall(town, cycle)
    day = date.fromisoformat(T2)
    play_measure_opening(town, cycle, day, issued=19)
    play_measure_closing(town, cycle, day, returned=20)
    void, again = Vote.objects.order_by("pk")
    assert (void.state, again.state, again.follows) == ("void", "defined", void)
    assert {m.vote for m in Measurement.objects.all()} == {again}
    with pytest.raises(LookupError):
        measured(town, cycle, ALL_GOOD.marks)
    early = minutes(town, (day - timedelta(days=1)).isoformat())
    with pytest.raises(InvalidForm, match="会议日期不能早于所议事项发生之日"):
        do("evaluation.measure_revote", town.of("presidium"), T2, **early)
    do("evaluation.measure_revote", town.of("presidium"), T2, **minutes(town, T2))
    measured(town, cycle, ALL_GOOD.marks)
    assert open_task("evaluation.publish")


def test_the_presidium_orders_a_new_measurement_where_no_ballot_was_valid(town, cycle):
    opened(town, cycle)
    empty = dict.fromkeys(keyed(cycle, ALL_GOOD, 20, 0), 0) | {"invalid": 20, "spoiled_unreadable": 20}
    for n, key in enumerate(("evaluation.measure_key_first", "evaluation.measure_key_second"), 1):
        do(key, town.of("counter", n), T2, **empty)
    with pytest.raises(Refused, match="没有有效票，不能得出结果"):
        do("evaluation.measure_certify", town.of("chief_teller"), T2, **SIGN)
    data = minutes(town, T2) | {"reason": "测评票全部无效，重新测评。"}
    clerk, moment = town.of("clerk"), at(T2, 12)
    early = data | {"held_on": (date.fromisoformat(T2) - timedelta(days=1)).isoformat()}
    with pytest.raises(InvalidForm, match="会议日期不能早于所议事项发生之日"):
        perform("evaluation.measure_void", cycle, actor=clerk, data=early, at=moment, reauthenticated=True)
    perform("evaluation.measure_void", cycle, actor=clerk, data=data, at=moment, reauthenticated=True)
    no = {"decision": "decline", "reason": "纪要尚未核对。"}
    do("evaluation.measure_void_confirm", town.of("chair"), T2, **no)
    assert Vote.objects.count() == 1
    perform("evaluation.measure_void", cycle, actor=clerk, data=data, at=moment, reauthenticated=True)
    do("evaluation.measure_void_confirm", town.of("chair"), T2, decision="agree")
    void, again = Vote.objects.order_by("pk")
    assert (void.state, again.follows_because) == ("void", "测评票全部无效，重新测评。")
    assert Meeting.objects.get(about=cycle.reference, title="决定重新测评").agreed
    measured(town, cycle, ALL_GOOD.marks)
    assert set(Measurement.objects.values_list("state", flat=True)) == {"closed"}
    assert open_task("evaluation.publish")


def asked_to_recount(cycle, chief, data, hour):
    moment = at(T2, hour)
    perform("evaluation.measure_recount", cycle, actor=chief, data=data, at=moment, reauthenticated=True)


def test_keyings_that_agree_and_are_wrong_are_counted_again_before_and_after_the_signatures(
    town, cycle, client
):
    opened(town, cycle)
    key_both(town, cycle, {**ALL_GOOD.marks, 1: [(8, 2, 10)]})
    more_counters(town, 4)
    data = {"reason": "计票人把两个项目的票记混了，重新清点。"}
    chief = town.of("chief_teller")
    for n in (1, 2):
        if n == 2:
            signed(town)
        asked_to_recount(cycle, chief, data, 13 + n)
        with pytest.raises(Obstructed, match="正在等待监票人确认"):
            asked_to_recount(cycle, chief, data, 13 + n)
        if n == 1:
            no = {"decision": "decline", "reason": "数字已经核对。"}
            do("evaluation.measure_recount_confirm", town.of("teller"), T2, **no)
            assert Vote.objects.count() == 1
            asked_to_recount(cycle, chief, data, 13 + n)
        do("evaluation.measure_recount_confirm", town.of("teller"), T2, decision="agree")
        page = page_of("evaluation.measure_count_again", chief, "chief_teller", client)
        assert "满意度测评：复票清点" in page and "前次收回 20" in " ".join(page.split())
        play_measure_closing(town, cycle, date.fromisoformat(T2), returned=20)
        wrong = {**ALL_GOOD.marks, 1: [(8, 2, 10)]}
        key_both(town, cycle, wrong if n == 1 else None, first=2 * n + 1)
    signed(town)
    announced(town)
    wrong, again, last = Vote.objects.order_by("pk")
    assert (wrong.state, again.state, last.state) == ("keyed", "certified", "declared")
    assert (last.follows, {m.vote for m in Measurement.objects.all()}) == (again, {last})
    compared = compared_with_first(last).sentence
    assert (
        "“1. 村道硬化”的满意前次 8，本次 18" in compared
        and "“1. 村道硬化”的不满意前次 10，本次 0" in compared
    )
    assert not any(word in compared for word in ("赞成", "反对", "弃权"))
    report = Paper.objects.get(kind="tally_report", subject=last.reference)
    assert report.data["compared"] == compared
    assert Measurement.objects.get(project__number=1).state == "closed"
    with pytest.raises(Obstructed, match="结果已经宣布"):
        asked_to_recount(cycle, chief, data, 17)


def test_a_recount_asked_for_leaves_the_inbox_when_the_measurement_is_announced(town, cycle):
    opened(town, cycle)
    key_both(town, cycle, ALL_GOOD.marks)
    more_counters(town, 2)
    asked_to_recount(cycle, town.of("chief_teller"), {"reason": "代表要求复核票数。"}, 14)
    signed(town)
    assert open_task("evaluation.measure_recount_confirm")
    announced(town)
    assert not open_tasks(cycle, "evaluation.measure_recount_confirm")
    assert "结果已经宣布，不再复票。" in Entry.objects.get(action="flow.cancel").body


def test_the_signed_report_has_the_grades_and_what_follows(town, cycle):
    opened(town, cycle)
    key_both(town, cycle, {**ALL_GOOD.marks, 3: [(12, 2, 5)]})
    signed(town)
    paper = Paper.objects.get(kind="tally_report")
    assert (
        "3. 老年食堂：满意 12 票，基本满意 2 票，不满意 5 票，未作评价 1 票。满意率 70%，算法：" in paper.body
    )
    sheet = next(
        p for p in tally_report(paper, Document(title="", parts=())).parts if "结果" in getattr(p, "head", ())
    )
    assert sheet.head == ("序号", "项目名称", "满意", "基本满意", "不满意", "未作评价", "结果")
    assert sheet.rows[2] == ("3", "3. 老年食堂", "12", "2", "5", "1", "整改后再次测评")
    assert paper.step == 6


@pytest.mark.parametrize("flipped", [{"good": True}, {"consequence": "close"}])
def test_a_finding_that_does_not_follow_from_the_marks_is_not_announced_whoever_has_signed_it(
    town, cycle, flipped
):
    opened(town, cycle)
    key_both(town, cycle, {**ALL_GOOD.marks, 3: [(12, 2, 5)]})
    signed(town)
    vote = Vote.objects.get()
    title = titles_of(vote)[2]
    line = vote.outcome["lines"][title]
    assert not line["good"] and line["consequence"] == "rectify"
    lines = vote.outcome["lines"] | {title: line | flipped}
    Vote.objects.filter(pk=vote.pk).update(outcome=vote.outcome | {"lines": lines})
    vote = Vote.objects.get()
    vote.signatures.update(digest=digest_of(vote))
    assert signatures_hold(vote)
    with pytest.raises(Refused, match="与总监票人、监票人签字时不一致"):
        announced(town)
    assert Vote.objects.get().state == "certified"


def test_a_hall_with_a_device_of_its_own_presses_the_grades(town, client):
    cycle = year_under_supervision(
        town, ["村道硬化"], rules=Rules(ballot_channel="keypad", ballot_mode="each")
    )
    opened(town, cycle)
    vote = Vote.objects.get()
    assert vote.keypad and DESK.at_keying(cycle)["vote"] == vote
    page = page_of("evaluation.measure_key_first", town.of("counter"), "counter", client)
    assert "按键测评的代表" in page and "按键表决的代表" not in page
    data = keyed(cycle, Figures(marks={1: [(15, 2, 1)]}), 20, 0)
    for n, key in enumerate(("evaluation.measure_key_first", "evaluation.measure_key_second"), 1):
        do(key, town.of("counter", n), T2, **data)
    signed(town)
    announced(town)
    done = Measurement.objects.get()
    assert (done.satisfied, done.basic, done.dissatisfied, done.unmarked) == (15, 2, 1, 2)
    told = Paper.objects.get(kind="measurement", data__of="deputies").body
    head = told.partition("\n")[0]
    assert (
        head.endswith("应到代表 20 人，实到 20 人。按键测评 20 人，表决器记录 20 人。")
        and "测评票" not in told
    )
    vote.refresh_from_db()
    assert fig.handed_told(vote) in Paper.objects.get(kind="tally_report").body, "the report says it so"
    client.force_login(town.of("clerk"))
    for page in ("vote", "hall_board"):
        shown = client.get(reverse(page, args=[vote.pk])).content.decode()
        assert "按键测评的代表" in shown and "按键表决的代表" not in shown


def test_the_file_of_a_hall_s_device_is_read_by_its_grades(town, client):
    cycle = year_under_supervision(
        town, ["村道硬化"], rules=Rules(ballot_channel="keypad", ballot_mode="each")
    )
    opened(town, cycle)
    task, vote = open_task("evaluation.measure_key_first").pk, Vote.objects.get()
    as_counter(client, SimpleNamespace(town=town), 1)
    empty = client.get(reverse("totals_table", args=[task, "csv"])).content.decode("utf-8-sig")
    assert empty.startswith("序号,项目名称,满意,基本满意,不满意,未作评价\r\n")
    assert "满意、基本满意、不满意、未作评价" in client.get(f"/tasks/{task}/totals/").content.decode()
    pressed = {titles_of(vote)[0]: {"for": 15, "abstain": 2, "against": 1, "not_pressed": 2}}
    refused = send(client, task, keypad.as_csv(keypad.as_rows(titles_of(vote), pressed)))
    assert (
        refused.status_code == 422 and "表头须有这些列：项目名称、满意、基本满意" in refused.content.decode()
    )
    rows = keypad.as_rows(titles_of(vote), pressed, keypad.GRADE_HEADS)
    preview = send(client, task, keypad.as_csv(rows, keypad.GRADE_HEADS))
    assert "每个项目的满意、基本满意、不满意、未作评价合计都是 20 人。" in preview.content.decode()
    assert confirm(client, task, preview).status_code == 302
    assert vote.keyings.get().figures["sums"][titles_of(vote)[0]]["abstain"] == 2


# Consequences


def test_exactly_eighty_per_cent_closes_and_one_ballot_less_does_not(town, cycle):
    in_session(town, cycle)
    measured(town, cycle, {1: [(10, 6, 4)], 2: [(10, 5, 5)], 3: [(10, 2, 8)]})
    verdicts = {m.project.number: (m.verdict, m.severe, m.state) for m in Measurement.objects.all()}
    assert verdicts == {
        1: ("close", False, "closed"),
        2: ("rectify", False, "rectifying"),
        3: ("rectify", False, "rectifying"),
    }
    assert len(open_tasks(cycle, "evaluation.rectify")) == 2
    assert open_tasks(cycle, "evaluation.rectify")[0].due_on == date(2028, 3, 20)  # the 18th is a Saturday


def test_below_sixty_is_named_to_the_public_and_reported_to_the_party(town, cycle):
    in_session(town, cycle)
    measured(town, cycle, {1: [(20, 0, 0)], 2: [(20, 0, 0)], 3: [(10, 1, 9)]})
    assert Measurement.objects.get(severe=True).project.number == 3
    public, party = Paper.objects.filter(kind="circular").order_by("pk")
    assert public.published_at and "质询案" in public.body and "55%" in public.body
    assert party.published_at is None and party.data["to"] == ["party"]


def interpellated(town, cycle):
    """Ten deputies put a 质询案 about the project named badly."""
    data = {
        "project": Project.objects.get(number=3).pk,
        "movers": [str(user.pk) for user in town.deputies[:10]],
        "words": "老年食堂为何迟迟不能正常供餐？",
    }
    files = {"signed": [picture("质询案.jpg")]}
    perform("supervision.interpellate", cycle, actor=town.of("deputy"), data=data, files=files, at=at(T2, 15))


@pytest.mark.parametrize("form", ["session", "written"])
def test_the_chair_closes_the_session_once_an_interpellation_is_answered_or_to_be_answered_in_writing(
    town, cycle, form
):
    in_session(town, cycle)
    measured(town, cycle, {1: [(20, 0, 0)], 2: [(20, 0, 0)], 3: [(10, 1, 9), (20, 0, 0)]})
    session = session_of(cycle, "evaluation")
    assert session.state == "open"
    assert [p.number for p in selectors.projects_to_question(cycle)] == [3]
    interpellated(town, cycle)
    chair, mayor = town.of("chair"), town.of("mayor")
    with pytest.raises(Obstructed, match="主席团尚未决定"):
        do("supervision.close_session", chair, T2)
    do("supervision.admit_interpellation", town.of("clerk"), T2, **minutes(town, T2), answer_form=form)
    answer = {"answer": "供餐设备已到位，本月恢复供餐。"}
    if form == "session":
        with pytest.raises(Obstructed, match="尚未在会议上答复"):
            do("supervision.close_session", chair, T2)
        do("supervision.answer_interpellation", mayor, T2, **answer)
    do("supervision.close_session", chair, T2)
    session.refresh_from_db()
    assert session.state == "closed"
    if form == "written":
        do("supervision.answer_interpellation", mayor, "2028-01-25", **answer)


def test_a_session_is_closed_by_its_chair_alone_and_not_before_the_measurement(town, cycle):
    in_session(town, cycle)
    with pytest.raises(Obstructed, match="尚有事项须在本次会议办理"):
        do("supervision.close_session", town.of("chair"), T2)
    measured(town, cycle, ALL_GOOD.marks)
    assert session_of(cycle, "evaluation").state == "open"
    with pytest.raises(NotYourTurn):
        do("supervision.close_session", town.of("clerk"), T2)
    do("supervision.close_session", town.of("chair"), T2)
    assert session_of(cycle, "evaluation").state == "closed"


def test_below_eighty_nothing_is_closed_without_another_measurement(town, cycle):
    in_session(town, cycle)
    measured(town, cycle, {1: [(20, 0, 0)], 2: [(20, 0, 0)], 3: [(14, 0, 6)]})
    assert open_tasks(cycle, "evaluation.publish") == []
    with pytest.raises(Refused, match="未经再次测评达标不得销号"):
        publish_account(town.act("clerk", at("2028-02-01")), cycle, number="", body="提前公布。")
    task = open_task("evaluation.rectify")
    assert task.seat == Project.objects.get(number=3).department
    do("evaluation.rectify", town.department_clerk(task.seat), "2028-03-01", remedy=BODY["rectify"])
    assert Measurement.objects.get(project__number=3).state == "rectified"
    take_back(task.pk, actor=town.department_clerk(task.seat), reason="措施写错", at=at("2028-03-01", 15))
    measurement = Measurement.objects.get(project__number=3)
    assert (measurement.state, measurement.remedy) == ("rectifying", "")
    assert not Paper.objects.filter(kind="rectification").exists()
    do("evaluation.rectify", town.department_clerk(task.seat), "2028-03-01", remedy=BODY["rectify"])
    with pytest.raises(Refused, match="待再次测评"):
        publish_account(town.act("clerk", at("2028-03-02")), cycle, number="", body="提前公布。")


@stands
def second(town, day="2028-03-20"):
    data = {"occasion": "deputies_meeting", "measured_on": day, "body": BODY["second"]}
    do("evaluation.second_measure", town.of("clerk"), "2028-03-10", **minutes(town, "2028-03-10"), **data)


@stands
def failed_once(town, cycle, marks=(14, 0, 6)):
    in_session(town, cycle)
    measured(town, cycle, {1: [(20, 0, 0)], 2: [(20, 0, 0)], 3: [marks]})
    task = open_task("evaluation.rectify")
    do("evaluation.rectify", town.department_clerk(task.seat), "2028-03-01", remedy=BODY["rectify"])
    second(town)


def test_the_second_measurement_asks_only_about_the_rectified_project_and_may_close_it(town, cycle):
    failed_once(town, cycle)
    assert [o.title for o in Vote.objects.latest("pk").options.all()] == ["3. 老年食堂"]
    measured(town, cycle, {3: [(), (16, 0, 4)]}, day="2028-03-20", round_=1)
    rounds = list(
        Measurement.objects.filter(project__number=3).order_by("round").values_list("round", "state")
    )
    assert rounds == [(1, "superseded"), (2, "closed")]
    # Ten working days after the occasion of the round, not after T2: Qingming falls inside.
    assert open_task("evaluation.publish").due_on > date(2028, 3, 31)


def test_the_measurements_of_a_year_and_what_follows_them_say_which_they_are_and_the_latest_stands_first(
    client, town, cycle
):
    failed_once(town, cycle)
    measured(town, cycle, {3: [(), (15, 0, 5)]}, day="2028-03-20", round_=1)
    year = "青溪镇2027年度民生实事项目"
    measurements = Vote.objects.filter(purpose="measurement").order_by("pk")
    assert [vote.title for vote in measurements] == [f"{year}第{n}次满意度测评" for n in "一二"]
    papers = Paper.objects.filter(kind__in=("measurement", "circular", "rectification")).order_by("pk")
    titles = [paper.title for paper in papers if paper.data.get("of") != "residents"]
    assert len(titles) == len(set(titles)) == 5
    assert ["第一次" in t for t in titles] == [True, True, False, False, False], titles
    assert all("第二次" in t for t in titles[2:])
    client.force_login(town.of("clerk"))
    shown = [vote.pk for vote in client.get("/votes/").context["page"]]
    apply(SYSTEM)
    assert shown[:2] == [vote.pk for vote in reversed(measurements)]


def test_a_second_failure_is_severe_at_any_rate_and_measured_again(town, cycle):
    failed_once(town, cycle)
    assert Paper.objects.filter(kind="circular").count() == 0
    measured(town, cycle, {3: [(), (15, 0, 5)]}, day="2028-03-20", round_=1)
    again = Measurement.objects.get(project__number=3, round=2)
    assert (again.severe, again.state, again.verdict) == (True, "rectifying", "rectify_and_name")
    assert Paper.objects.filter(kind="circular").count() == 2
    assert open_tasks(cycle, "evaluation.publish") == []


def test_who_is_missing_at_a_measurement_is_sent_to_the_act_of_its_session(town, cycle):
    before_hall(town, cycle)
    end_offices(unit=town.unit, offices=["counter"], act=town.act("clerk", at(T2)), reason="另行确定")
    with pytest.raises(Obstructed, match="由人大办提请大会通过人选后，办理“登记大会通过的监票人、计票人”"):
        attended(town, 20)
    data = assembly(20, 20, date(2028, 1, 18)) | {
        "chief_teller": str(town.of("chief_teller").pk),
        "tellers": [str(user.pk) for user in town.people["teller"]],
        "counters": [str(user.pk) for user in town.people["counter"]],
    }
    perform("supervision.adopt_tellers", cycle, actor=town.of("clerk"), data=data, at=at(T2))
    attended(town, 20)


def test_tellers_of_the_second_measurement_are_adopted_at_its_meeting_and_leave_with_it(town, cycle):
    failed_once(town, cycle)
    assert open_task("evaluation.adopt_tellers").due_on == date(2028, 3, 20)
    with pytest.raises(Obstructed, match="3月20日"):
        play_tellers(town, cycle, date(2028, 3, 19))
    day = at("2028-03-20")
    end_offices(unit=town.unit, offices=["counter"], act=town.act("clerk", day), reason="另行确定")
    assert "由人大办提请会议通过人选后，请系统管理员按通过的名单授权。" in DESK.ready(cycle, day)[-1]
    measured(town, cycle, {3: [(), (16, 0, 4)]}, day="2028-03-20", round_=1)
    for office in ("chief_teller", "teller", "counter"):
        assert holders_of(office, town.unit, date(2028, 3, 21)) == []


def test_a_year_closed_a_year_late_is_looked_back_at_a_year_later(town, cycle):
    """Measured in December, again in March: closed in 2028, so the third quarter after it is that of 2029."""
    figures = Figures(marks={1: [(20, 0, 0)], 2: [(12, 0, 8), (18, 2, 0)], 3: [(20, 0, 0)]})
    assert terms_of(cycle).look_back_by == date(2029, 10, 4), "by the planned session of January 2028"
    play_evaluation(town, cycle, t2=date(2027, 12, 28), term=18, number=4, figures=figures)
    assert (session_date(cycle, "evaluation").year, closing_day(cycle).year) == (2027, 2028)
    task = open_task("evaluation.look_back")
    assert task.due_on == terms_of(cycle).look_back_by == date(2029, 10, 4)
    with pytest.raises(Obstructed, match="2029 年 7 月 1 日起办理"):
        play_look_back(town, cycle, date(2028, 8, 21))
    seen = {check.code: finding.status for check, finding in conformance_of(cycle, date(2029, 7, 1))}
    assert seen["look_back"] == Status.NOT_YET
    play_look_back(town, cycle, date(2029, 8, 20))
    seen = {check.code: finding.status for check, finding in conformance_of(cycle, date(2029, 11, 1))}
    assert seen["look_back"] == Status.HELD


def test_the_archive_is_due_for_the_checks_when_it_is_due_for_the_clerk(town):
    rules = Rules().with_values({"deadlines.evaluation.archive": 30})
    cycle = year_under_supervision(town, ["村道硬化"], rules=rules)
    due = due_date(cycle, "evaluation.archive", date(2028, 2, 1))
    assert due and terms_of(cycle).archive_by == due.on == date(2028, 7, 31), "30 July is a Sunday"


def test_a_year_with_two_rounds_plays_through_and_every_round_is_in_the_account(town, cycle):
    figures = Figures(
        marks={1: [(20, 0, 0)], 2: [(12, 0, 8), (17, 2, 1)], 3: [(11, 0, 9), (15, 0, 5), (20, 0, 0)]}
    )
    with counting() as counted:
        play_evaluation(town, cycle, t2=date(2028, 1, 18), term=18, number=4, figures=figures)
    assert counted.over({"projects": 3, "desk": 5, "members": 7}) == {}
    assert cycle.state == "closed"
    account = selectors.account_of(cycle)
    assert [len(line.rounds) for line in account.lines] == [1, 2, 3]
    body = paper_of(cycle, "account").body
    assert "第 3 次测评：满意 20 票" in body and "整改：" in body
    assert paper_of(cycle, "account").published_at


def decided_on_place(town, project, day, place, *, agree=True):
    """The government asks to build a project elsewhere, and the presidium decides it by itself."""
    asked_for = {"what": "place", "place": place, "reason": "原址未能完成征地，需要另行选址。"}
    perform("supervision.ask_change", project, actor=town.of("mayor"), data=asked_for, at=at(day))
    data = meeting_of(town.people["presidium"], day, agree=agree)
    do("supervision.decide_change", town.of("clerk"), day, **data)
    if agree:
        notice = {"number": "第 7 号", "words": "经决定，对项目作如下调整，现予公告。"}
        do("supervision.announce_change", town.of("clerk"), day, **notice)


def test_what_the_presidium_decided_itself_stands_in_its_report_and_in_the_account(client, town):
    """rules.md §7: presidium_decides + report."""
    rules = Rules(change_policy="presidium_decides")
    cycle = year_under_supervision(town, ["村道硬化", "老年食堂"], rules=rules, unfinished=(1,))
    project = Project.objects.get(number=1)
    decided_on_place(town, project, "2027-06-10", "第8村", agree=False)
    decided_on_place(town, project, "2027-06-20", "第9村")
    project.refresh_from_db()
    for arrow in ("finish", "accept"):
        fire(project, arrow, town.act("clerk", at("2027-10-20")))
    play_inquiry(town, cycle, t2=date(2028, 1, 18), figures=ALL_GOOD)
    play_convening(town, cycle, t2=date(2028, 1, 18), term=18, number=4)
    play_opening(town, cycle, date(2028, 1, 18))
    client.force_login(town.of("chair"))
    page = client.get(f"/tasks/{open_task('evaluation.presidium_report').task_id}/").content.decode()
    assert "主席团决定的项目调整" in page and "第9村" in page and "第8村" not in page
    play_session(town, cycle, t2=date(2028, 1, 18), figures=ALL_GOOD)
    play_after_session(town, cycle, t2=date(2028, 1, 18), figures=ALL_GOOD)
    (agreed,) = project.changes.filter(state="announced")
    assert paper_of(cycle, "presidium_report").data["changes"] == [agreed.reference]
    for kind in ("presidium_report", "account"):
        body = paper_of(cycle, kind).body
        assert "1. “村道硬化”调整地点（重大调整，2027年6月20日决定，已公告）。建设地点由“" in body
        assert "改为“第9村”。理由：原址未能完成征地，需要另行选址。" in body and "第8村" not in body


def test_a_year_in_which_the_presidium_changed_nothing_reports_no_change(town, cycle):
    in_session(town, cycle)
    report = paper_of(cycle, "presidium_report")
    assert report.body == REPORT["body"] and report.data["changes"] == []


def test_a_rulebook_with_levels_judges_the_real_table_of_zhenhai(town):
    names = ["教育惠民", "公共卫生", "老旧小区改造", "食品安全", "照料中心", "交通治堵", "停车场", "住房保障"]
    figures = [
        (28, 1, 0),
        (20, 8, 1),
        (26, 3, 0),
        (29, 0, 0),
        (17, 11, 1),
        (26, 3, 0),
        (17, 11, 1),
        (28, 1, 0),
    ]
    rules = Rules(satisfaction_formula="majority_classes", satisfaction_base="in_office")
    big = township("T02", deputies=34, name="镇海镇")
    cycle = year_under_supervision(big, names, rules=rules)
    marks = {n: [triple] for n, triple in enumerate(figures, 1)}
    plan = Figures(marks=marks, absent=5)
    play_evaluation(big, cycle, t2=date(2028, 1, 21), term=16, number=1, figures=plan)
    assert cycle.state == "closed"
    reasons = [m.judgement for m in Measurement.objects.order_by("project__number")]
    assert all("结果为满意" in reason for reason in reasons)
    assert {m.base for m in Measurement.objects.all()} == {34}


# Closing and looking back


def test_the_archive_is_made_once_however_often_the_job_runs(town, cycle):
    in_session(town, cycle)
    measured(town, cycle, ALL_GOOD.marks)
    close_year(town, cycle, date(2028, 1, 18))
    archive = Archive.objects.get()
    assert waiting_jobs(cycle) == []
    from viewflow.workflow.models import Task

    job = Task.objects.get(flow_task_type="JOB")
    assert run_job(job.pk) is False
    assert Archive.objects.get().sha256 == archive.sha256
    assert Entry.objects.filter(action="archive.make").count() == 1


def test_the_look_back_sends_what_it_finds_to_the_department_and_looks_again(town, cycle):
    play_evaluation(town, cycle, t2=date(2028, 1, 18), term=18, number=4, figures=ALL_GOOD)
    play_look_back(town, cycle, date(2029, 8, 20), wanting=[2])
    assert open_tasks(cycle, "evaluation.look_back") == []
    records = list(Paper.objects.filter(kind="look_back").order_by("pk"))
    assert len(records) == 2 and "管护责任未落实" in records[0].body
    assert list(records[1].data["projects"]) == [str(Project.objects.get(number=2).pk)]
    actions = list(
        Entry.objects.filter(action__startswith="evaluation.look_back")
        .order_by("id")
        .values_list("action", flat=True)
    )
    assert actions == ["evaluation.look_back", "evaluation.look_back_fix", "evaluation.look_back"]


def test_who_had_typed_a_look_back_too_late_reads_every_project_by_its_name(town, cycle):
    play_evaluation(town, cycle, t2=date(2028, 1, 18), term=18, number=4, figures=ALL_GOOD)
    first, second = (Project.objects.get(number=number).pk for number in (1, 2))
    data = {"held_on": "2029-08-20", "minutes": "听取情况，同意。", "votes_for": 7, "votes_against": 0}
    data |= {"votes_abstain": 0, "attended": [str(u.pk) for u in town.people["presidium"]]}
    for project in Project.objects.all():
        state = "problem" if project.pk == second else "good"
        data |= {f"state_{project.pk}": state, f"words_{project.pk}": "按实际情况。"}
    entry = do("evaluation.look_back", town.of("clerk"), "2029-08-20", **data)
    typed = {f"state_{first}": "good", f"words_{first}": "使用正常。"}
    title = Project.objects.get(pk=first).title
    assert entered(Deadline.objects.get(entry_id=entry.pk), town.of("clerk"), "clerk", **typed) == {
        title: "运行良好",
        f"“{title}”的情况": "使用正常。",
    }


def test_a_look_back_the_presidium_does_not_agree_to_is_refused(town, cycle):
    play_evaluation(town, cycle, t2=date(2028, 1, 18), term=18, number=4, figures=ALL_GOOD)
    data = {"held_on": "2029-08-20", "minutes": "未形成一致意见。", "votes_for": 0, "votes_against": 7}
    data |= {"votes_abstain": 0, "attended": [str(u.pk) for u in town.people["presidium"]]}
    for project in Project.objects.all():
        data |= {f"state_{project.pk}": "good", f"words_{project.pk}": "使用正常。"}
    with pytest.raises(InvalidForm, match="没有形成决定"):
        do("evaluation.look_back", town.of("clerk"), "2029-08-20", **data)


def test_nobody_looks_back_before_the_third_quarter_of_the_year_after(town, cycle):
    play_evaluation(town, cycle, t2=date(2028, 1, 18), term=18, number=4, figures=ALL_GOOD)
    with pytest.raises(Obstructed, match="2029 年 7 月 1 日起办理"):
        play_look_back(town, cycle, date(2029, 6, 29))
    assert not Paper.objects.filter(kind="look_back").exists()
    play_look_back(town, cycle, date(2029, 7, 2))
    assert Paper.objects.filter(kind="look_back").exists()
