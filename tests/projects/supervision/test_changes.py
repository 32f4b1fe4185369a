"""Change, 质询 and the session they need."""

from __future__ import annotations

import json
from datetime import date

import pytest
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from projects.ballots.models import Vote
from projects.ballots.selectors import PROJECTS, current_vote
from projects.cycles.divisions import division_of
from projects.cycles.models import Attachment, Paper, Session
from projects.evaluation.services import obstacles_to_closing as obstacles_to_ending_year
from projects.portal.acts import offers_in
from projects.selection.models import Item
from projects.supervision.changing import put_into_effect, vote_on
from projects.supervision.duties import open_due_reports
from projects.supervision.forms.projects import PlanForm
from projects.supervision.models import Change, Interpellation, Project
from projects.supervision.selectors import (
    change_facts,
    decided_by_presidium,
    lines_of,
    project_file,
)
from projects.supervision.sessions import opening_facts
from tests.builders import at, do, open_task
from tests.files import picture
from tests.projects.evaluation.test_evaluation import more_counters
from tests.projects.supervision.conftest import PLAN
from tests.projects.supervision.test_supervision import SETTLED, contracted
from tests.projects.voting.conftest import page_of
from tests.standing import stands
from workflow.audit.models import Entry
from workflow.flows.errors import InvalidForm, NotYourTurn, Obstructed, Refused, Taken
from workflow.flows.events import events, perform
from workflow.flows.models import Deadline, Meeting
from workflow.machines.services import fire
from workflow.people.isolation import SYSTEM, apply
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import holders_of
from workflow.roles.services import end_offices

pytestmark = pytest.mark.django_db

NOTICE = {"number": "第 7 号", "words": "经决定，对项目作如下调整，现予公告。"}
REASON = "征地未能按期完成，施工条件尚不具备，需要调整。"
FIXED = ("target", "budget_fen", "finish_by", "place", "department_id", "title", "content")


def fixed(project: Project) -> tuple:
    return tuple(getattr(project, name) for name in FIXED)


def ask(year, what: str, number: int = 1, day: str = "2027-05-10", **values):
    data = {"what": what, "reason": REASON, **values}
    return year.event("ask_change", year.town.of("mayor"), day, year.project(number), **data)


@stands
def put_to_vote(year, day: str, number: int = 1, present: int = 20):
    """The change is put to the vote, its ballots are handed out and collected."""
    year.do("decide_change", year.town.of("clerk"), day, number)
    attend_and_collect(year, day, number, present)
    return vote_on(year.project(number).changes.latest("pk"))


def attend_and_collect(year, day: str, number: int = 1, present: int = 20, returned: int | None = None):
    year.do("change_attendance", year.town.of("clerk"), day, number, present=present, on_leave=0)
    year.do("change_open", year.town.of("chair"), day, number, issued=present)
    year.do("change_open_confirm", year.town.of("chief_teller"), day, number, confirmed="on")
    collect(year, day, number, present if returned is None else returned)


def collect(year, day: str, number: int, returned: int):
    vote = vote_on(year.project(number).changes.latest("pk"))
    step = "change_count_again" if vote.is_recount else "change_close"
    year.do(step, year.town.of("chief_teller"), day, number, returned=returned)
    year.do(f"{step}_confirm", year.town.of("teller"), day, number, confirmed="on")


def count(year, day: str, votes_for: int, number: int = 1, present: int = 20, first: int = 1):
    """Two counters key alike: so many for, all others but one against."""
    vote = vote_on(year.project(number).changes.latest("pk"))
    against = max(present - votes_for - 1, 0)
    marks = {"for": votes_for, "against": against, "abstain": present - votes_for - against}
    data = {f"{mark}_{vote.options.get().pk}": n for mark, n in marks.items()}
    for n, key in enumerate(("change_key_first", "change_key_second"), first):
        year.do(key, year.town.of("counter", n), day, number, valid=present, invalid=0, **data)


def sign(year, day: str, number: int = 1):
    year.do("change_certify_chief", year.town.of("chief_teller"), day, number, confirmed="on")
    year.do("change_certify_teller", year.town.of("teller"), day, number, confirmed="on")


def decide(year, day: str, votes_for: int = 20, number: int = 1):
    """The whole secret ballot on a change, to the announcement of its result."""
    put_to_vote(year, day, number)
    count(year, day, votes_for, number)
    sign(year, day, number)
    return year.do("declare_change", year.town.of("chair"), day, number, confirmed="on")


def ratify(year, day: str, votes_for: int):
    return year.do("ratify_change", year.town.of("clerk"), day, **year.congress(day, votes_for))


# Nothing moves without a decision


def test_asking_moves_nothing(year):
    year.building()
    before = fixed(year.project())
    ask(year, "deadline", finish_by="2028-03-31")
    assert fixed(year.project()) == before
    assert year.task("decide_change").office == "clerk"
    assert Entry.objects.filter(action="change.ask").exists()


def test_no_task_and_no_event_alters_what_the_congress_decided(year):
    """Every form of the room is handed the protected fields beside its own; the project keeps its values."""
    year.grouped()
    before = fixed(year.project())
    smuggled = {
        "target": "别的目标",
        "budget_fen": "999",
        "finish_by": "2029-01-01",
        "place": "别处",
        "department": str(year.town.departments[4].pk),
        "title": "别的项目",
        "content": "别的内容",
    }
    # An earlier finish is the plan's to set, and moves no deadline.
    earlier = PLAN | {"finish_by": "2027-11-20", "tender_by": "2027-04-10", "contract_by": "2027-04-20"}
    year.do("plan", year.clerk_of(year.project()), "2027-02-15", **(smuggled | earlier))
    year.do("confirm_plan", year.town.of("mayor"), "2027-02-16", **smuggled)
    review = smuggled | year.presidium("2027-03-01")
    year.do("review_plan", year.town.of("clerk"), "2027-03-01", **review)
    assert fixed(year.project()) == before and year.project().plan.target == ""
    year.report("2027-04-02", 4, **smuggled)
    year.do(
        "inspect",
        year.members()[0],
        "2027-05-20",
        **(smuggled | {"on": "2027-05-20", "place": "第1村", "words": "察看现场。"}),
    )
    clerk, finance = year.clerk_of(year.project()), year.town.of("finance")
    line = smuggled | {"party": "公司", "amount_fen": "10", "signed_on": "2027-05-20", "words": ""}
    year.do("tender", clerk, "2027-06-01", **line, outcome="held")
    year.do("contract", clerk, "2027-06-01", **line)
    year.event("further_line", finance, "2027-06-01", **line, kind="variation")
    report = smuggled | {"number": "1", "title": "审计报告", "received_on": "2027-06-01"}
    year.event("receive_audit", year.town.of("gov_clerk"), "2027-06-02", **report)
    year.do("audit", finance, "2027-06-02", **smuggled, body="合规。")
    year.do(
        "accept",
        year.clerk_of(year.project()),
        "2027-10-09",
        **(smuggled | {"completed_on": "2027-10-08", "materials": "竣工资料。"}),
    )
    year.do("agree_acceptance", year.members()[0], "2027-10-12", **(smuggled | {"words": "同意验收。"}))
    year.do("settlement", finance, "2027-12-01", **(line | {"amount_fen": "400", "words": "主材调差。"}))
    assert fixed(year.project()) == before


def test_a_plan_states_a_target_only_where_the_congress_decided_none(year):
    from projects.supervision.building import draw_up_plan

    year.handed_over()
    entry = year.do("plan", year.clerk_of(year.project()), "2027-02-15", **PLAN)
    assert "target" not in json.loads(entry.body)["after"]
    with pytest.raises(Refused, match="不能改动"):
        draw_up_plan(
            year.town.act("department", at("2027-02-15")),
            year.project(),
            target="别的目标",
            starts_on=date(2027, 3, 1),
            finish_by=date(2027, 11, 20),
            funds="",
            safeguards="",
            responsible="",
            milestones=[],
            titles=[],
        )
    second = year.project(2)
    assert PlanForm(subject=second, act=None, node=None, seat=None).fields.keys().isdisjoint({"target"})
    second.target = ""
    assert PlanForm(subject=second, act=None, node=None, seat=None).fields["target"].required


def test_a_decided_target_is_the_plans_from_its_notice_on(year):
    year.building()
    ask(year, "content", target="硬化村道 5 公里")
    year.in_session()
    decide(year, "2027-06-18")
    assert shown_target(year) == "完成“村道硬化”"  # decided, but not announced yet
    year.do("announce_change", year.town.of("clerk"), "2027-06-20", **NOTICE)
    assert shown_target(year) == "硬化村道 5 公里"


def shown_target(year) -> str:
    """What every page shows as the year's target, the plan's included."""
    project = year.project()
    html = render_to_string("steps/supervision/project.html", project_file(project))
    assert project.target in html
    return project.target


CHANGED = st.fixed_dictionaries(
    {},
    optional={
        "target": st.just("别的目标"),
        "budget_fen": st.sampled_from([None, 1, 999_000_000]),
        "place": st.just("别处"),
        "finish_by": st.just(date(2029, 1, 1)),
    },
).filter(bool)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=CHANGED, through=st.sampled_from(["update", "save", "fire"]))
def test_the_database_refuses_what_no_decided_change_says(year, values, through):
    """Whatever of the four, however written, whether asked for or not: only a change decided moves it."""
    project = year.project()
    before = fixed(project)
    with transaction.atomic():
        with pytest.raises(IntegrityError, match="decided change"), transaction.atomic():
            if through == "update":
                Project.objects.filter(pk=project.pk).update(**values)
            elif through == "save":
                for name, value in values.items():
                    setattr(project, name, value)
                project.save()
            else:
                fire(project, "assign", year.town.act("clerk", at("2027-01-25")), **values)
        transaction.set_rollback(True)
    assert fixed(year.project()) == before


def test_a_change_decided_moves_what_it_says_and_to_no_other_value(year):
    year.building()
    ask(year, "place", place="第9村")
    row = Project.objects.filter(pk=year.project().pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        row.update(place="第9村")  # asked for, not decided
    year.in_session()
    decide(year, "2027-06-18")
    for values in ({"place": "第8村"}, {"place": "第9村", "target": "别的目标"}, {"finish_by": "2028-01-01"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            row.update(**values)
    year.do("announce_change", year.town.of("clerk"), "2027-06-20", **NOTICE)
    assert year.project().place == "第9村"
    with pytest.raises(IntegrityError), transaction.atomic():
        row.update(place="第1村")  # what the congress has decided is not undone either


def test_a_change_is_put_into_effect_once_it_is_decided_and_not_before(year):
    year.building()
    ask(year, "place", place="第9村")
    with pytest.raises(Refused, match="没有经过决定"):
        put_into_effect(year.town.act("clerk", at("2027-05-11")), Change.objects.get(), **NOTICE)
    assert year.project().place == "第1村"
    year.in_session()
    decide(year, "2027-06-18")
    put_into_effect(year.town.act("clerk", at("2027-06-20")), Change.objects.get(), **NOTICE)
    assert (year.project().place, Change.objects.get().state) == ("第9村", "announced")


def test_only_the_mayor_asks(year):
    year.building()
    data = {"what": "place", "place": "第9村", "reason": REASON}
    for office in ("clerk", "chair", "finance", "department"):
        with pytest.raises(NotYourTurn):
            year.event("ask_change", year.town.of(office), "2027-05-10", **data)


def test_asking_for_the_same_value_is_no_change(year):
    year.building()
    with pytest.raises(InvalidForm, match="与原来不同"):
        ask(year, "place", place="第1村")


def test_a_second_request_waits_for_the_first(year):
    year.building()
    ask(year, "place", place="第9村")
    with pytest.raises(Obstructed, match="未决定"):
        ask(year, "deadline", finish_by="2028-03-31")
    with pytest.raises(Obstructed, match="调整申请未决定"):
        year.do(
            "accept",
            year.clerk_of(year.project()),
            "2027-10-09",
            completed_on="2027-10-08",
            materials="竣工资料。",
        )


# The congress decides


def test_the_congress_decides_only_in_session(year):
    year.building()
    ask(year, "place", place="第9村")
    with pytest.raises(Obstructed, match="会议期间"):
        year.do("decide_change", year.town.of("clerk"), "2027-05-20")
    year.in_session()
    year.do("decide_change", year.town.of("clerk"), "2027-06-18")


def test_half_of_all_deputies_is_no_majority(year):
    year.building()
    ask(year, "place", place="第9村")
    year.in_session()
    decide(year, "2027-06-18", votes_for=10)
    change = Change.objects.get()
    assert change.state == "refused" and year.project().place == "第1村"
    paper = Paper.objects.get(kind="minutes", subject=change.reference)
    assert paper.title == "关于“村道硬化”调整地点的表决情况"
    assert not Paper.objects.filter(kind="resolution").exists()
    told = {name: paper.data[name] for name in ("agreed", "for", "against", "abstain", "of", "needed")}
    assert told == {"agreed": False, "for": 10, "against": 9, "abstain": 1, "of": 20, "needed": 11}
    assert "以无记名投票方式表决，发出表决票 20 张" in division_of(paper)
    assert (
        "赞成 10 票，反对 9 票，弃权 1 票。需 11 票（全体代表 20 人的过半数），得 10 票，未通过。"
        in paper.body
    )


def test_a_change_is_decided_by_a_secret_ballot_of_the_engine_with_its_report_in_the_year(year):
    year.building()
    ask(year, "place", place="第9村")
    year.in_session()
    vote = put_to_vote(year, "2027-06-18")
    assert (vote.purpose, vote.mode, vote.seats, vote.rules["majority_base"]) == (
        "change",
        "each",
        1,
        "in_office",
    )
    assert vote.session.state == "open" and vote.about_reference == year.cycle.reference
    count(year, "2027-06-18", 12)
    with pytest.raises(NotYourTurn):
        year.do("change_certify_teller", year.town.of("chief_teller"), "2027-06-18", confirmed="on")
    sign(year, "2027-06-18")
    report = Paper.objects.get(kind="tally_report", subject=vote.reference)
    assert (report.cycle, report.step) == (year.cycle, 5)
    assert "村道硬化：调整地点：赞成 12 票" in report.body and "应选" not in report.body
    # Signed is not announced: nothing is decided yet, and the year's own vote is another.
    assert Change.objects.get().state == "asked"
    assert current_vote(year.cycle.reference, *PROJECTS) is None


@pytest.mark.parametrize("base", ["present", "valid"])
def test_a_congress_asks_the_majority_of_all_deputies_whatever_its_rulebook_says(under, base):
    year = under(majority_base=base)
    year.building()
    ask(year, "place", place="第9村")
    year.in_session()
    put_to_vote(year, "2027-06-18", present=15)
    count(year, "2027-06-18", 10, present=15)
    sign(year, "2027-06-18")
    year.do("declare_change", year.town.of("chair"), "2027-06-18", confirmed="on")
    assert Change.objects.get().state == "refused"


def test_the_vote_on_a_change_waits_for_two_thirds(year):
    year.building()
    ask(year, "place", place="第9村")
    year.in_session()
    year.do("decide_change", year.town.of("clerk"), "2027-06-18")
    year.do("change_attendance", year.town.of("clerk"), "2027-06-18", present=13, on_leave=0)
    with pytest.raises(Obstructed, match="须有 14 人以上出席"):
        year.do("change_open", year.town.of("chair"), "2027-06-18", issued=13)


def asked_to_recount(change, chief, reason):
    data, moment = {"reason": reason}, at("2027-06-18", 14)
    perform("supervision.change_recount", change, actor=chief, data=data, at=moment, reauthenticated=True)


def test_a_vote_on_a_change_is_counted_again_and_held_again(year, client):
    year.building()
    ask(year, "place", place="第9村")
    year.in_session()
    put_to_vote(year, "2027-06-18")
    count(year, "2027-06-18", 9)
    change, reason = Change.objects.get(), "两叠票点混了，重新清点。"
    more_counters(year.town, 2)
    chief = year.town.of("chief_teller")
    asked_to_recount(change, chief, reason)
    year.do("change_recount_confirm", year.town.of("teller"), "2027-06-18", decision="agree")
    page = page_of("supervision.change_count_again", chief, "chief_teller", client)
    assert "项目调整表决：复票清点" in page and "前次收回 20" in " ".join(page.split())
    collect(year, "2027-06-18", 1, 20)
    count(year, "2027-06-18", 12, first=3)
    day = year.presidium("2027-06-18")
    early = day | {"held_on": "2027-06-17"}
    with pytest.raises(InvalidForm, match="会议日期不能早于所议事项发生之日"):
        year.event("change_void", year.town.of("clerk"), "2027-06-18", change, reason=reason, **early)
    year.event("change_void", year.town.of("clerk"), "2027-06-18", change, reason=reason, **day)
    assert Vote.objects.filter(purpose="change").last().state == "keyed"
    year.do("change_void_confirm", year.town.of("chair"), "2027-06-18", decision="agree")
    attend_and_collect(year, "2027-06-18", returned=21)  # one too many: void by itself
    with pytest.raises(Deadline.DoesNotExist):
        year.task("change_attendance")
    with pytest.raises(InvalidForm, match="会议日期不能早于所议事项发生之日"):
        year.do("change_revote", year.town.of("presidium"), "2027-06-18", **early, return_reason="")
    year.do("change_revote", year.town.of("presidium"), "2027-06-18", **day, return_reason="")
    attend_and_collect(year, "2027-06-18")
    count(year, "2027-06-18", 12)
    sign(year, "2027-06-18")
    year.do("declare_change", year.town.of("chair"), "2027-06-18", confirmed="on")
    states = list(Vote.objects.filter(purpose="change").order_by("pk").values_list("state", flat=True))
    assert states == ["keyed", "void", "void", "declared"]
    change.refresh_from_db()
    assert change.state == "agreed" and year.task("announce_change")
    with pytest.raises(Obstructed, match="结果已经宣布"):
        asked_to_recount(change, chief, reason)


def test_a_recount_asked_for_leaves_the_inbox_when_the_vote_on_the_change_is_announced(year):
    year.building()
    ask(year, "place", place="第9村")
    year.in_session()
    put_to_vote(year, "2027-06-18")
    count(year, "2027-06-18", 12)
    more_counters(year.town, 2)
    asked_to_recount(Change.objects.get(), year.town.of("chief_teller"), "代表要求复核票数。")
    sign(year, "2027-06-18")
    assert year.task("change_recount_confirm")
    year.do("declare_change", year.town.of("chair"), "2027-06-18", confirmed="on")
    with pytest.raises(Deadline.DoesNotExist):
        year.task("change_recount_confirm")
    assert "结果已经宣布，不再复票。" in Entry.objects.get(action="flow.cancel").body


def test_a_hall_with_a_device_presses_a_change_too(under):
    year = under(ballot_channel="keypad", ballot_mode="each")
    year.building()
    ask(year, "place", place="第9村")
    year.in_session()
    vote = put_to_vote(year, "2027-06-18")
    data = {f"{mark}_{vote.options.get().pk}": n for mark, n in
            (("for", 12), ("against", 4), ("abstain", 2), ("not_pressed", 2))}  # fmt: skip
    for n, key in enumerate(("change_key_first", "change_key_second"), 1):
        year.do(key, year.town.of("counter", n), "2027-06-18", **data)
    sign(year, "2027-06-18")
    year.do("declare_change", year.town.of("chair"), "2027-06-18", confirmed="on")
    paper = Paper.objects.get(kind="resolution", subject=Change.objects.get().reference)
    assert "赞成 12 票，反对 4 票，弃权 2 票，未按 2 人。需 11 票" in paper.body
    assert "得 12 票（另有 2 人未按），通过。" in paper.body


def test_refused_changes_are_not_announced(year):
    year.building()
    ask(year, "place", place="第9村")
    year.in_session()
    decide(year, "2027-06-18", votes_for=10)
    assert not Paper.objects.filter(kind="change_notice").exists()


def test_a_decided_change_is_announced_and_takes_effect(year):
    year.building()
    ask(year, "place", place="第9村")
    year.in_session()
    decide(year, "2027-06-18", votes_for=11)
    assert year.project().place == "第1村"  # decided, but not announced yet
    year.do("announce_change", year.town.of("clerk"), "2027-06-20", **NOTICE)
    change = Change.objects.get()
    assert (change.state, change.before) == ("announced", {"place": "第1村"})
    assert year.project().place == "第9村"
    notice = Paper.objects.get(kind="change_notice")
    assert notice.published_at and notice.data["lines"][0]["before"] == "第1村"
    entry = json.loads(Entry.objects.get(action="change.effect").body)
    assert (entry["before"], entry["after"]) == ({"place": "第1村"}, {"place": "第9村"})


def test_a_later_deadline_moves_the_plan_and_the_acceptance(year):
    year.building()
    ask(year, "deadline", finish_by="2028-03-20")
    year.in_session()
    decide(year, "2027-06-18")
    year.do("announce_change", year.town.of("clerk"), "2027-06-20", **NOTICE)
    project = year.project()
    assert project.finish_by == date(2028, 3, 20) == project.plan.finish_by
    days = [m.due_on for m in project.milestones.all()]
    assert days[0] == date(2027, 4, 20) and days[1] > date(2027, 8, 20) and days == sorted(days)
    assert year.task("accept").due_on == date(2028, 3, 20)


def test_another_department_takes_over_the_open_tasks(year):
    year.building()
    new = year.town.departments[4]
    open_due_reports(at("2027-04-02"))
    ask(year, "unit", department=str(new.pk))
    year.in_session()
    decide(year, "2027-06-18")
    old = year.clerk_of(year.project())
    year.do("announce_change", year.town.of("clerk"), "2027-06-20", **NOTICE)
    figures = {"percent": 4, "invested_fen": "10", "funded_fen": "20", "problems": "移交衔接。"}
    with pytest.raises(NotYourTurn):
        year.do("progress", old, "2027-06-21", **figures)
    year.do("progress", year.town.department_clerk(new), "2027-06-21", **figures)
    assert year.project().reports.count() == 1


def test_a_suspended_project_reports_nothing_until_it_is_resumed(year):
    year.building()
    open_due_reports(at("2027-04-02"))
    ask(year, "suspend", day="2027-04-10")
    year.in_session()
    decide(year, "2027-06-18")
    year.do("announce_change", year.town.of("clerk"), "2027-06-20", **NOTICE)
    assert year.project().state == "suspended"
    assert open_due_reports(at("2027-09-02")) == 0
    assert not Deadline.objects.filter(key="supervision.progress", done_at=None, cancelled=False).exists()
    ask(year, "resume", day="2027-06-21")
    decide(year, "2027-06-22")
    year.do("announce_change", year.town.of("clerk"), "2027-09-10", **NOTICE)
    assert (year.project().state, year.project().building_since) == ("building", date(2027, 9, 10))
    open_due_reports(at("2027-10-02"))
    assert year.task("progress").task.data == {"period": "2027-09"}


def test_a_stopped_project_leaves_no_open_task(year):
    year.building()
    year.do(
        "inspect",
        year.members()[0],
        "2027-05-20",
        on="2027-05-20",
        place="第1村",
        words="察看现场。",
        findings="路基压实度不够",
    )
    open_due_reports(at("2027-06-02"))
    ask(year, "stop")
    year.in_session()
    decide(year, "2027-06-18")
    year.do("announce_change", year.town.of("clerk"), "2027-06-20", **NOTICE)
    project = year.project()
    assert project.state == "stopped"
    references = [project.reference, project.findings.get().reference]
    assert not Deadline.objects.filter(subject__in=references, done_at=None, cancelled=False).exists()


def test_a_stopped_project_under_contract_is_settled_all_the_same(year):
    contracted(year)
    ask(year, "stop")
    year.in_session()
    decide(year, "2027-06-18")
    year.do("announce_change", year.town.of("clerk"), "2027-06-20", **NOTICE)
    assert year.project().state == "stopped" and year.task("settlement").office == "finance"
    year.do("settlement", year.town.of("finance"), "2027-12-01", **(SETTLED | {"amount_fen": "90"}))
    assert year.project().contracts.get(kind="settlement").amount_fen == 90_000_000


def reserve(year) -> Item:
    """A candidate of the year that was not elected."""
    act = year.town.act("clerk", at("2027-01-20"))
    item = Item.objects.create(
        unit=year.town.unit,
        cycle=year.cycle,
        number=9,
        title="口袋公园",
        content="建口袋公园一处。",
        category="文化体育",
        investment_fen=50_000_000,
        department=year.town.departments[3],
        finish_by=date(2027, 12, 1),
    )
    for arrow in ("pass_screening", "draft", "list_candidate", "put_on_ballot", "not_elect"):
        fire(item, arrow, act)
    return item


def test_a_replacement_comes_from_the_pool_and_starts_with_a_plan(year):
    year.building()
    item = reserve(year)
    ask(year, "replace", item=str(item.pk))
    # The congress sees what it is to decide on.
    assert [(x["before"], x["after"]) for x in lines_of(Change.objects.get())] == [
        ("村道硬化", "口袋公园（50 万元）")
    ]
    year.in_session()
    decide(year, "2027-06-18")
    year.do("announce_change", year.town.of("clerk"), "2027-06-20", **NOTICE)
    new = Project.objects.get(item=item)
    assert (new.number, new.state, new.group_id) == (4, "assigned", year.project().group_id)
    assert year.project().state == "stopped"
    assert year.task("plan", 4).seat == year.town.departments[3]


@pytest.mark.parametrize("pooled", [False, True])
def test_the_item_that_comes_in_says_so_with_its_trail(year, pooled):
    year.building()
    item = reserve(year)
    if pooled:
        fire(item, "reserve", year.town.act("clerk", at("2027-02-01")))
    ask(year, "replace", item=str(item.pk))
    year.in_session()
    decide(year, "2027-06-18")
    item.refresh_from_db()
    assert item.state == ("reserved" if pooled else "not_elected")  # decided, but not announced yet
    year.do("announce_change", year.town.of("clerk"), "2027-06-20", **NOTICE)
    item.refresh_from_db()
    assert (item.state, item.decision_reason) == ("substituted", REASON)
    entry = json.loads(Entry.objects.get(action="item.substitute").body)
    assert (entry["after"]["state"], entry["reason"]) == ("substituted", REASON)


def test_a_replacement_the_congress_refuses_leaves_the_item_where_it_was(year):
    year.building()
    item = reserve(year)
    ask(year, "replace", item=str(item.pk))
    year.in_session()
    decide(year, "2027-06-18", votes_for=10)
    item.refresh_from_db()
    assert item.state == "not_elected" and not Project.objects.filter(item=item).exists()


def test_an_item_taken_in_the_meantime_replaces_nothing(year):
    year.building()
    item = reserve(year)
    ask(year, "replace", item=str(item.pk))
    year.in_session()
    decide(year, "2027-06-18")
    fire(item, "substitute", year.town.act("clerk", at("2027-06-19")))
    with pytest.raises(Taken, match="替换入选"):
        year.do("announce_change", year.town.of("clerk"), "2027-06-20", **NOTICE)
    assert year.project().state == "building" and Change.objects.get().state == "agreed"


# Other policies


def test_the_presidium_decides_in_the_interim_and_the_congress_ratifies(under):
    year = under(change_policy="presidium_interim")
    year.building()
    ask(year, "place", place="第9村")
    assert year.task("decide_change").office == "presidium"
    year.do("decide_change", year.town.of("clerk"), "2027-05-20", **year.presidium("2027-05-20"))
    year.do("announce_change", year.town.of("clerk"), "2027-05-22", **NOTICE)
    assert year.project().place == "第9村"
    year.in_session()
    ratify(year, "2027-06-18", votes_for=15)
    assert Change.objects.get().state == "ratified"
    (decided,) = decided_by_presidium(year.cycle)
    assert (decided.change.state, decided.decided_on) == ("ratified", date(2027, 5, 20))
    assert [(line["before"], line["after"]) for line in decided.lines] == [("第1村", "第9村")]


def test_neither_the_next_session_nor_the_year_ends_before_the_congress_has_spoken(under):
    year = under(change_policy="presidium_interim")
    year.building()
    ask(year, "place", place="第9村")
    year.do("decide_change", year.town.of("clerk"), "2027-05-20", **year.presidium("2027-05-20"))
    year.do("announce_change", year.town.of("clerk"), "2027-05-22", **NOTICE)
    waiting = "尚未经代表大会追认"
    assert any(waiting in reason for reason in obstacles_to_ending_year(year.cycle))
    year.in_session()
    with pytest.raises(Obstructed, match=waiting):
        do("supervision.close_session", year.town.of("chair"), "2027-06-18")
    ratify(year, "2027-06-18", votes_for=15)
    do("supervision.close_session", year.town.of("chair"), "2027-06-18")
    assert not any(waiting in reason for reason in obstacles_to_ending_year(year.cycle))


def test_a_change_the_congress_does_not_ratify_is_undone_and_announced(under):
    year = under(change_policy="presidium_interim")
    year.building()
    before = fixed(year.project())
    ask(year, "place", place="第9村")
    year.do("decide_change", year.town.of("clerk"), "2027-05-20", **year.presidium("2027-05-20"))
    year.do("announce_change", year.town.of("clerk"), "2027-05-22", **NOTICE)
    year.in_session()
    refused = ratify(year, "2027-06-18", votes_for=3)
    assert json.loads(refused.body)["after"]["agreed"] is False
    in_force = "未获代表大会追认"
    assert any(in_force in reason for reason in obstacles_to_ending_year(year.cycle))
    year.do("announce_undo", year.town.of("clerk"), "2027-06-20", **NOTICE)
    assert not any(in_force in reason for reason in obstacles_to_ending_year(year.cycle))
    assert Change.objects.get().state == "revoked" and fixed(year.project()) == before
    assert Paper.objects.filter(kind="change_notice").count() == 2


def test_the_presidium_refuses_a_change(under):
    year = under(change_policy="presidium_decides")
    year.building()
    ask(year, "place", place="第9村")
    data = year.presidium("2027-05-20", agree=False)
    year.do("decide_change", year.town.of("clerk"), "2027-05-20", **data)
    assert Change.objects.get().state == "refused" and year.project().place == "第1村"
    assert decided_by_presidium(year.cycle) == [], "only what was changed is reported"


def test_more_money_goes_to_the_congress_even_where_the_presidium_decides(under):
    year = under(change_policy="presidium_decides")
    year.building()
    ask(year, "cost", budget_fen="420")
    assert Change.objects.get().body == "congress"
    year.in_session()
    decide(year, "2027-06-18")
    year.do("announce_change", year.town.of("clerk"), "2027-06-20", **NOTICE)
    assert year.project().budget_fen == 420_000_000
    assert decided_by_presidium(year.cycle) == [], "the congress need not be told of its own decision"


# Minor changes


def classify(year, day="2027-05-20", *, agree=True, grounds="换到村部旁，不影响目标、投资和受益范围。"):
    data = year.presidium(day, agree=agree) | {"grounds": grounds}
    data.pop("return_reason", None)
    return year.do("classify_change", year.town.of("clerk"), day, **data)


def test_a_minor_change_is_classified_with_its_grounds_and_announced(year):
    year.building()
    ask(year, "place", place="第9村", grade="minor")
    task = year.task("classify_change")
    assert (task.office, Change.objects.get().body) == ("presidium", "presidium")
    with pytest.raises(InvalidForm):
        classify(year, grounds="")
    with pytest.raises(NotYourTurn):
        year.do("classify_change", year.town.of("mayor"), "2027-05-20", **year.presidium("2027-05-20"))
    entry = classify(year)
    meeting = Meeting.objects.latest("pk")
    assert meeting.finding == "会议认定为轻微调整。"
    assert meeting.decided == [["认定理由", "换到村部旁，不影响目标、投资和受益范围。"]]
    assert year.project().place == "第1村"  # classified, not announced yet
    year.do("announce_change", year.town.of("clerk"), "2027-05-22", **NOTICE)
    change = Change.objects.get()
    assert (change.state, change.grade, year.project().place) == ("announced", "minor", "第9村")
    assert "不影响" in json.loads(entry.body)["after"]["grounds"]
    assert json.loads(Entry.objects.get(action="change.agree").body)["reason"] == change.grounds
    notice = Paper.objects.get(kind="change_notice")
    assert notice.published_at and (notice.data["grade"], notice.data["grounds"]) == (
        "minor",
        change.grounds,
    )
    assert not Deadline.objects.filter(key="supervision.ratify_change").exists()


def test_what_the_presidium_does_not_find_minor_goes_to_the_congress(year):
    year.building()
    ask(year, "deadline", finish_by="2028-03-31", grade="minor")
    classify(year, agree=False, grounds="完成时限推迟到下一年度，属于重大调整。")
    change = Change.objects.get()
    assert (change.state, change.grade, change.body) == ("asked", "major", "congress")
    assert Meeting.objects.latest("pk").finding == "会议未认定为轻微调整，按重大调整办理。"
    assert year.project().finish_by == date(2027, 12, 20)
    year.in_session()
    decide(year, "2027-06-18")
    year.do("announce_change", year.town.of("clerk"), "2027-06-20", **NOTICE)
    assert year.project().finish_by == date(2028, 3, 31)


@pytest.mark.parametrize("what", ["cost", "suspend", "stop"])
def test_money_and_whether_there_is_a_project_are_never_minor(year, what):
    year.building()
    values = {"budget_fen": "420"} if what == "cost" else {}
    with pytest.raises(InvalidForm, match="都是重大调整"):
        ask(year, what, grade="minor", **values)
    ask(year, what, grade="major", **values)
    assert Change.objects.get().body == "congress"


def test_the_page_says_which_way_a_change_is_decided(year):
    year.building()
    ask(year, "place", place="第9村", grade="minor")
    page = render_to_string("steps/supervision/change.html", change_facts(Change.objects.get()))
    assert "轻微调整：由主席团认定并说明理由" in page
    classify(year, agree=False, grounds="群众意见较大。")
    page = render_to_string("steps/supervision/change.html", change_facts(Change.objects.get()))
    assert "重大调整：由代表大会" in page and "群众意见较大。" in page


# Sessions


def test_an_extra_session_needs_two_thirds(year):
    chair = year.town.of("chair")
    session = {
        "term": 19,
        "number": 3,
        "session_on": "2027-06-18",
        "called_by": "presidium",
        "agenda": "调整。",
    }
    data = session | year.presidium("2027-06-01")
    with pytest.raises(NotYourTurn):
        year.event("call_session", year.town.of("mayor"), "2027-06-01", year.cycle, **data)
    split = data | {"votes_for": 1, "votes_against": int(data["votes_for"]) - 1}
    with pytest.raises(InvalidForm, match="没有形成决定"):
        year.event("call_session", year.town.of("clerk"), "2027-06-01", year.cycle, **split)
    year.event("call_session", year.town.of("clerk"), "2027-06-01", year.cycle, **data)
    assert Meeting.objects.filter(body="presidium", title="决定召集临时会议", agreed=True).exists()
    assert Paper.objects.filter(kind="convening", published_at__isnull=False).exists()
    with pytest.raises(InvalidForm, match="须 14 人以上") as few:
        year.opened("2027-06-18", present=13, votes_for=13)
    with pytest.raises(InvalidForm, match="多于全体代表 20 人") as many:
        year.opened("2027-06-18", present=21, votes_for=21)
    assert [list(wrong.value.form.errors) for wrong in (few, many)] == [["present_number"]] * 2
    year.opened("2027-06-18", present=14, votes_for=14)
    closing = open_task("supervision.close_session")
    assert (closing.office, closing.due_on) == ("chair", date(2027, 6, 18))
    do("supervision.close_session", chair, "2027-06-18")
    assert not Session.objects.filter(state="open").exists()


def test_an_extra_session_elects_its_presidium_and_adopts_its_agenda(year):
    town, elected = year.town, year.town.deputies[5:12]
    with pytest.raises(Obstructed, match="没有已通知召开的临时会议"):
        year.opened("2027-06-18")
    call(year, 4)
    shown = render_to_string("steps/evaluation/opening.html", opening_facts(year.cycle))
    assert "第三次会议" in shown and "调整项目。" in shown
    with pytest.raises(Obstructed, match="尚未到会期"):
        year.opened("2027-06-17")
    with pytest.raises(InvalidForm, match="主席团"):
        year.opened("2027-06-18", presidium=[])
    with pytest.raises(InvalidForm, match="没有形成决定"):
        year.opened("2027-06-18", presidium=elected, votes_for=10)
    with pytest.raises(NotYourTurn):
        year.event("open_session", town.of("mayor"), "2027-06-18", year.cycle)
    year.opened("2027-06-18", presidium=elected)
    session = Session.objects.get(state="open")
    assert (session.number, session.deputies_in_office) == (3, 20)
    assert holders_of("presidium", town.unit, date(2027, 6, 18)) == elected
    told = json.loads(Entry.objects.get(action="supervision.open_session").body)["after"]
    assert (told["session"], len(told["presidium"])) == (session.reference, 7)
    agenda = Paper.objects.get(kind="agenda")
    assert agenda.published_at and agenda.title == f"{session}议程"
    held = Meeting.objects.get(body="congress")
    assert (held.members, held.present, held.agreed) == (20, 20, True)
    with pytest.raises(Obstructed, match="已有会议正在举行"):
        year.opened("2027-06-18", presidium=elected)


def test_an_extra_session_adopts_its_own_tellers_and_they_leave_with_it(year):
    clerk, town, day = year.town.of("clerk"), year.town, date(2027, 6, 18)
    names = {
        "chief_teller": str(town.deputies[0].pk),
        "tellers": [str(user.pk) for user in town.deputies[1:3]],
        "counters": [str(user.pk) for user in town.people["counter"]],
    }
    with pytest.raises(Obstructed, match="没有会议正在举行"):
        year.event("adopt_tellers", clerk, "2027-06-18", year.cycle, **year.congress("2027-06-18"), **names)
    year.building().in_session()
    with pytest.raises(InvalidForm, match="没有形成决定"):
        refused = year.congress("2027-06-18", votes_for=10)
        year.event("adopt_tellers", clerk, "2027-06-18", year.cycle, **refused, **names)
    year.event("adopt_tellers", clerk, "2027-06-18", year.cycle, **year.congress("2027-06-18"), **names)
    assert holders_of("teller", town.unit, day) == town.deputies[1:3]
    assert Meeting.objects.get(body="congress", title="通过监票人、计票人名单").members == 20
    do("supervision.close_session", town.of("chair"), "2027-06-18")
    assert not [o for o in ("chief_teller", "teller", "counter") if holders_of(o, town.unit, day)]


def test_who_is_missing_at_the_desk_of_a_change_is_entered_as_the_session_adopts_them(year):
    clerk, town, day = year.town.of("clerk"), year.town, "2027-06-18"
    year.building()
    ask(year, "place", place="第9村")
    year.in_session(day)
    year.do("decide_change", clerk, day)
    act = town.act("clerk", at(day))
    end_offices(unit=town.unit, offices=["chief_teller"], act=act, reason="代表资格终止")
    with pytest.raises(Obstructed, match="由人大办提请大会通过人选后，办理“登记大会通过的监票人、计票人”"):
        year.do("change_attendance", clerk, day, present=20, on_leave=0)

    names = {
        "chief_teller": str(town.deputies[0].pk),
        "tellers": [str(user.pk) for user in town.deputies[1:3]],
        "counters": [str(user.pk) for user in town.people["counter"]],
    }
    year.event("adopt_tellers", clerk, day, year.cycle, **year.congress(day), **names)
    year.do("change_attendance", clerk, day, present=20, on_leave=0)
    assert vote_on(Change.objects.get()).deputies_present == 20


def call(year, proposers: int, *, signed: bool = True, **more):
    data = {
        "term": 19,
        "number": 3,
        "session_on": "2027-06-18",
        "called_by": "one_fifth",
        "agenda": "调整项目。",
        "proposers": [str(user.pk) for user in year.town.deputies[:proposers]],
        **year.presidium("2027-06-01"),
        **more,
    }
    return perform(
        "supervision.call_session",
        year.cycle,
        actor=year.town.of("clerk"),
        data=data,
        files={"signed": [picture("提议书.jpg")]} if signed else {},
        at=at("2027-06-01"),
    )


def test_one_fifth_of_the_deputies_call_by_name_and_with_their_signatures(year):
    with pytest.raises(InvalidForm, match="须 4 名以上（五分之一）提议，现为 3 名"):
        call(year, 3)
    with pytest.raises(InvalidForm, match="签名的提议书"):
        call(year, 4, signed=False)
    with pytest.raises(InvalidForm, match="不填提议的代表"):
        call(year, 4, called_by="presidium")
    entry = call(year, 4)
    chosen = [user.pk for user in year.town.deputies[:4]]
    assert json.loads(entry.body)["after"]["proposers"] == chosen
    paper = Paper.objects.get(kind="session_proposal")
    assert paper.data == {"proposers": chosen} and "提议代表 4 名" in paper.body
    assert Attachment.objects.get(subject=paper.reference).name == "提议书.jpg"
    assert Paper.objects.get(kind="convening").data["proposers"] == 4


# 质询


def interpellate(year, movers: int, day: str = "2027-06-18", **more):
    chosen = year.town.deputies[:movers]
    return year.event(
        "interpellate",
        year.town.deputies[0],
        day,
        year.cycle,
        project=str(year.project().pk),
        words="村道硬化项目为何长期停工，责任如何落实？",
        movers=[str(user.pk) for user in chosen],
        files={"signed": [picture("质询案.jpg")]},
        **more,
    )


def test_an_interpellation_between_sessions_is_refused_and_taken_once_one_is_open(year):
    year.building()
    with pytest.raises(Obstructed, match="会议期间"):
        interpellate(year, 10, "2027-05-20")
    year.in_session()
    interpellate(year, 10)
    assert Interpellation.objects.get().movers.count() == 10


def test_nine_movers_are_refused(year):
    year.building().in_session()
    with pytest.raises(InvalidForm, match="10 名以上"):
        interpellate(year, 9)


def test_a_mover_who_does_not_sign_is_refused(year):
    year.building().in_session()
    with pytest.raises(InvalidForm, match="联名代表之一"):
        year.event(
            "interpellate",
            year.town.deputies[15],
            "2027-06-18",
            year.cycle,
            words="村道硬化项目为何长期停工？",
            movers=[str(user.pk) for user in year.town.deputies[:10]],
            files={"signed": [picture("质询案.jpg")]},
        )


def cosign(year, user, day="2027-06-18"):
    return year.event("cosign", user, day, Interpellation.objects.get())


def draft(year, **more):
    words = "村道硬化项目为何长期停工，责任如何落实？"
    return year.event("interpellate", year.town.deputies[0], "2027-06-18", year.cycle, words=words, **more)


def test_nobody_is_ticked_by_another_without_the_signed_paper(year):
    year.building().in_session()
    with pytest.raises(InvalidForm, match="不代他人勾选"):
        draft(year, movers=[str(user.pk) for user in year.town.deputies[:10]])
    draft(year)
    put = Interpellation.objects.get()
    assert (put.state, list(put.movers.all())) == ("gathering", year.town.deputies[:1])
    assert not Deadline.objects.filter(key="supervision.admit_interpellation").exists()


def test_the_tenth_deputys_own_signature_puts_it_before_the_presidium(year):
    year.building().in_session()
    entry = draft(year)
    assert json.loads(entry.body)["after"]["lodged"] is False
    for user in year.town.deputies[1:9]:
        cosign(year, user)
    with pytest.raises(NotYourTurn):  # a second signature of the same deputy
        cosign(year, year.town.deputies[8])
    with pytest.raises(NotYourTurn):
        cosign(year, year.town.of("senior_deputy"))
    assert not Deadline.objects.filter(key="supervision.admit_interpellation").exists()
    entry = cosign(year, year.town.deputies[9])
    assert json.loads(entry.body)["after"] == {"movers": 10, "lodged": True}
    assert open_task("supervision.admit_interpellation").office == "presidium"
    assert Interpellation.objects.get().state == "tabled"
    with pytest.raises(Obstructed, match="已提交主席团"):
        cosign(year, year.town.deputies[10])


def test_what_too_few_have_signed_ends_with_its_session(year):
    year.building().in_session()
    draft(year)
    cosign(year, year.town.deputies[1])
    do("supervision.close_session", year.town.of("chair"), "2027-06-18")
    lapsed = Interpellation.objects.get()
    entry = Entry.objects.get(action="interpellation.lapse")
    assert (lapsed.state, entry.subject) == ("lapsed", lapsed.reference)
    signers = [user.username for user in year.town.deputies[:2]]
    assert json.loads(entry.body)["after"]["signers"] == signers
    with pytest.raises(Obstructed, match="已经闭会"):
        cosign(year, year.town.deputies[2], "2027-06-19")


def test_what_enough_have_signed_does_not_lapse(year):
    year.building().in_session()
    interpellate(year, 10)
    data = year.presidium("2027-06-18") | {"answer_form": "written"}
    do("supervision.admit_interpellation", year.town.of("clerk"), "2027-06-18", **data)
    do("supervision.close_session", year.town.of("chair"), "2027-06-18")
    assert Interpellation.objects.get().state == "admitted"
    assert not Entry.objects.filter(action="interpellation.lapse").exists()


def test_a_deputy_finds_what_is_to_be_signed_on_the_years_page(year):
    year.building().in_session()
    draft(year)

    def offered(user) -> list[str]:
        grant = RoleGrant.objects.get(user=user, office="deputy")
        return [o.event.key for o in offers_in(year.cycle, grant, at("2027-06-18"))]

    assert "supervision.cosign" in offered(year.town.deputies[1])
    assert "supervision.cosign" not in offered(year.town.deputies[0])


def test_ten_deputies_put_an_interpellation_and_the_mayor_answers(year):
    year.building().in_session()
    interpellate(year, 10)
    do(
        "supervision.admit_interpellation",
        year.town.of("clerk"),
        "2027-06-18",
        **(year.presidium("2027-06-18") | {"answer_form": "written"}),
    )
    assert open_task("supervision.answer_interpellation").office == "mayor"
    do(
        "supervision.answer_interpellation",
        year.town.of("mayor"),
        "2027-06-18",
        answer="已约谈施工单位，七月复工。",
    )
    put = Interpellation.objects.get()
    assert (put.state, put.form, put.movers.count(), put.department) == ("answered", "written", 10, None)


def test_the_unit_the_movers_name_answers_and_no_other(year):
    year.building().in_session()
    road = year.project().department
    interpellate(year, 10, answering=str(road.pk))
    admitted = year.presidium("2027-06-18") | {"answer_form": "session", "answering": ""}
    do("supervision.admit_interpellation", year.town.of("clerk"), "2027-06-18", **admitted)
    assert open_task("supervision.department_interpellation").seat == road
    answer = {"answer": "已约谈施工单位，七月复工。"}
    for other in (year.town.of("mayor"), year.clerk_of(year.project(2))):
        with pytest.raises(NotYourTurn):
            do("supervision.department_interpellation", other, "2027-06-18", **answer)
    do("supervision.department_interpellation", year.clerk_of(year.project()), "2027-06-18", **answer)
    put = Interpellation.objects.get()
    assert (put.state, put.department, put.answer) == ("answered", road, answer["answer"])


def test_every_event_of_the_room_names_its_offices_and_its_basis_or_hint():
    mine = {e.key: e for e in events() if e.key.startswith("supervision.")}
    assert set(mine) >= {
        "supervision.further_line",
        "supervision.receive_audit",
        "supervision.ask_change",
        "supervision.inspect",
        "supervision.interpellate",
    }
    assert all(e.offices and e.step == 5 for e in mine.values())


def test_whoever_asks_for_a_change_reads_whose_turn_it_is_and_is_led_to_the_project(year, client):
    year.building()
    ask(year, "place", place="第9村", grade="minor")
    entry = Entry.objects.get(action="supervision.ask_change")
    client.force_login(year.town.of("mayor"))

    def told() -> str:
        page = client.get(f"/acts/{entry.pk}/done/").content.decode()
        apply(SYSTEM)
        return page.partition("<main")[2]

    before = told()
    assert "<strong>认定是否为轻微调整</strong>" in before and "主席团成员" in before
    assert "决定并公告以前，项目按原定内容实施" in before
    assert f'href="/projects/{year.project().pk}/"' in before
    classify(year)
    after = told()
    assert "<strong>认定是否为轻微调整" not in after and "<strong>" in after, (
        "of what it has begun the next step is open"
    )
