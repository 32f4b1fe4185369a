"""Step 1: from the scheme to the closed books."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta

import pytest
from django.conf import settings
from django.utils.timezone import localdate

from notifications.routing import Audience, routes_of
from projects.collection.intake import propose
from projects.collection.lapsing import pool_overdue
from projects.collection.models import Proposal
from projects.collection.services import lapse
from projects.cycles.models import Cycle, Paper
from projects.cycles.rulebook import Rules
from projects.cycles.services import adopt_rulebook
from projects.lifecycle.intake import start_year
from projects.portal.public_follow import way_of
from tests.builders import SINCE, arranged, at, do, meeting_of, open_task, township
from tests.standing import standing
from workflow.audit.models import Entry
from workflow.flows.errors import InvalidForm, NotYourTurn, Obstructed, Refused, Taken
from workflow.flows.events import perform
from workflow.flows.models import Deadline
from workflow.flows.services import complete, send_back
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import User
from workflow.roles.services import grant

pytestmark = pytest.mark.django_db

PLAN = {
    "opens_on": date(2026, 9, 1),
    "planned_t": date(2027, 1, 20),
    "planned_t2": date(2028, 1, 18),
    "year": 2027,
}
SCHEME = {
    "opens_on": "2026-09-01",
    "planned_t": "2027-01-20",
    "planned_t2": "2028-01-18",
    "leading_group": "组长、副组长和成员",
    "body": "按照三个阶段六个环节组织实施。",
}
CALL = {"window_from": "2026-09-03", "window_to": "2026-10-08", "body": "现面向全镇公开征集民生实事项目。"}


@pytest.fixture(autouse=True)
def _system(db):
    apply(SYSTEM)


@pytest.fixture
def town(db):
    apply(SYSTEM)
    return township()


@pytest.fixture
def cycle(town):
    return standing("year before collection", lambda: start_year(town.act("chair", at("2026-08-10")), **PLAN))


def opened(town, cycle):
    standing(f"opened {cycle}", lambda: _opened(town))
    cycle.refresh_from_db()


def _opened(town):
    do("collection.scheme", town.of("chair"), "2026-08-12", **SCHEME)
    do(
        "collection.scheme_party",
        town.of("party"),
        "2026-08-20",
        **meeting_of(town.people["party"], "2026-08-20", return_reason=""),
    )
    do("collection.open", town.of("chair"), "2026-09-01")
    do("collection.publish_call", town.of("gov_clerk"), "2026-09-02", **CALL)


def test_collection_runs_from_the_scheme_to_the_closed_books(town, cycle):
    opened(town, cycle)
    assert cycle.state == "collecting" and cycle.rules_data
    proposal = propose(
        town.act("station", at("2026-09-10")), title="安装路灯", content="村口无灯。", proposer_kind="station"
    )
    assert open_task("collection.receive").due_on == date(2026, 9, 17)
    do("collection.receive", town.of("gov_clerk"), "2026-09-11", decision="accept")
    do("collection.close_books", town.of("gov_clerk"), "2026-10-12", body="共征集一件。")
    cycle.refresh_from_db()
    proposal.refresh_from_db()
    assert (cycle.state, proposal.state) == ("selecting", "accepted")
    actions = list(Entry.objects.order_by("id").values_list("action", flat=True))
    assert actions[-2:] == ["collection.close_books", "cycle.begin_selection"]


def until_call(town):
    do("collection.scheme", town.of("chair"), "2026-08-12", **SCHEME)
    party = town.people["party"]
    do("collection.scheme_party", party[0], "2026-08-20", **meeting_of(party, "2026-08-20"))
    do("collection.open", town.of("chair"), "2026-09-01")


def test_the_call_proposes_a_window_as_long_as_the_rulebooks(client, town, cycle):
    until_call(town)
    page = shown(client, town.of("gov_clerk"), "collection.publish_call")
    for name, days in (("window_from", 1), ("window_to", 30)):
        day = localdate() + timedelta(days=days)
        assert re.search(rf'name="{name}_year"[^>]*value="{day.year}"', page)
        assert re.search(rf'name="{name}_month"[^>]*value="{day.month}"', page)
        assert re.search(rf'name="{name}_day"[^>]*value="{day.day}"', page)
    assert "5 至 31 天" in page and "征集最迟到2026年11月1日结束" in page.replace(" ", "")


def shown(client, user, key: str) -> str:
    client.force_login(user)
    page = client.get(f"/tasks/{open_task(key).pk}/").content.decode()
    apply(SYSTEM)
    return page


def test_a_short_window_is_noted_in_the_act_and_the_paper_and_never_refused(town, cycle):
    until_call(town)
    call = CALL | {"window_to": "2026-09-14"}
    entry = do("collection.publish_call", town.of("gov_clerk"), "2026-09-02", **call)
    told = ["征集期 12 天，少于本年度规则的 30 天；各地实际公告为 5 至 31 天。"]
    assert json.loads(entry.body)["after"]["warnings"] == told
    paper = Paper.objects.get(kind="call")
    assert (paper.data["warnings"], paper.data["days"]) == (told, 12) and paper.published_at
    assert open_task("collection.close_books")


def test_a_window_that_breaks_the_planned_chain_is_noted(town, cycle):
    until_call(town)
    call = CALL | {"window_to": "2026-11-20"}
    do("collection.publish_call", town.of("gov_clerk"), "2026-09-02", **call)
    length, chain = Paper.objects.get(kind="call").data["warnings"]
    assert "79 天，长于本年度规则的 30 天" in length and "晚于主席团决定列入议程的期限" in chain


def test_a_joint_call_is_published_by_the_chairs_own_act(client, town, cycle):
    until_call(town)
    entry = do("collection.publish_call", town.of("gov_clerk"), "2026-09-02", **CALL, joint="on")
    assert next(routes_of(entry.action, json.loads(entry.body)["after"])).letter == "opened"
    cycle.refresh_from_db()
    assert cycle.window_from is None and not Paper.objects.exclude(published_at=None).exists()
    task = open_task("collection.cosign_call")
    assert (task.office, task.due_on) == ("chair", date(2026, 9, 8))
    with pytest.raises(NotYourTurn):
        do("collection.cosign_call", town.of("gov_clerk"), "2026-09-02")
    assert "现面向全镇公开征集" in shown(client, town.of("chair"), "collection.cosign_call")
    entry = do("collection.cosign_call", town.of("chair"), "2026-09-03")
    assert next(routes_of(entry.action, json.loads(entry.body)["after"])).letter == "call"
    cycle.refresh_from_db()
    assert (cycle.window_from, cycle.window_to) == (date(2026, 9, 3), date(2026, 10, 8))
    paper = Paper.objects.exclude(published_at=None).get()
    assert paper.kind == "call" and paper.data["joint"] and "送主席团" not in paper.title
    assert open_task("collection.close_books")


def test_the_chair_returns_a_joint_call_or_must_where_its_window_has_begun(town, cycle):
    until_call(town)
    do("collection.publish_call", town.of("gov_clerk"), "2026-09-02", **CALL, joint="on")
    with pytest.raises(Obstructed, match="已过"):
        do("collection.cosign_call", town.of("chair"), "2026-09-04")
    task = open_task("collection.cosign_call").task_id
    send_back(task, actor=town.of("chair"), reason="请重新确定征集期。", at=at("2026-09-04"))
    call = CALL | {"window_from": "2026-09-07"}
    do("collection.publish_call", town.of("gov_clerk"), "2026-09-05", **call)
    cycle.refresh_from_db()
    assert cycle.window_from == date(2026, 9, 7)


def test_the_party_committee_sends_the_scheme_back_with_a_reason(town, cycle):
    do("collection.scheme", town.of("chair"), "2026-08-12", **SCHEME)
    data = meeting_of(town.people["party"], "2026-08-20", agree=False)
    entry = do("collection.scheme_party", town.of("party"), "2026-08-20", **data)
    assert entry.action == "collection.scheme_party.return"
    assert open_task("collection.scheme").office == "chair"


def test_one_member_is_not_a_meeting(town, cycle):
    do("collection.scheme", town.of("chair"), "2026-08-12", **SCHEME)
    alone = meeting_of(town.people["party"][:1], "2026-08-20")
    with pytest.raises(InvalidForm, match="三分之二"):
        do("collection.scheme_party", town.of("party"), "2026-08-20", **alone)
    two_thirds = len(town.people["party"]) * 2 // 3 + 1
    together = meeting_of(town.people["party"][:two_thirds], "2026-08-20")
    entry = do("collection.scheme_party", town.of("party"), "2026-08-20", **together)
    assert entry.action == "collection.scheme_party"


def test_another_office_cannot_do_the_task_and_its_own_can(town, cycle):
    with pytest.raises(NotYourTurn):
        do("collection.scheme", town.of("gov_clerk"), "2026-08-12", **SCHEME)
    assert open_task("collection.scheme").done_at is None
    entry = do("collection.scheme", town.of("chair"), "2026-08-12", **SCHEME)
    assert (entry.action, entry.actor) == ("collection.scheme", town.of("chair"))


def test_a_done_task_is_not_done_again(town, cycle):
    task = open_task("collection.scheme")
    complete(task.task_id, actor=town.of("chair"), data=SCHEME, at=at("2026-08-12"))
    with pytest.raises(Taken):
        complete(task.task_id, actor=town.of("chair"), data=SCHEME, at=at("2026-08-12"))


def test_a_plan_that_cannot_hold_is_not_opened_and_one_that_holds_is(town, cycle):
    opened(town, cycle)
    assert cycle.state == "collecting"
    late = PLAN | {"opens_on": date(2026, 12, 1), "period": "补充"}
    start_year(town.act("chair", at("2026-11-01")), **late)
    do("collection.scheme", town.of("chair"), "2026-11-02", **SCHEME | {"opens_on": "2026-12-01"})
    do(
        "collection.scheme_party",
        town.of("party"),
        "2026-11-03",
        **meeting_of(town.people["party"], "2026-11-03"),
    )
    with pytest.raises(Obstructed):
        do("collection.open", town.of("chair"), "2026-12-01")


def test_a_plan_that_cannot_hold_goes_back_to_the_scheme_and_then_opens(town):
    cycle = start_year(town.act("chair", at("2026-08-10")), **PLAN | {"planned_t": date(2026, 12, 1)})
    chair, party = town.of("chair"), town.people["party"]
    do("collection.scheme", chair, "2026-08-12", **SCHEME | {"planned_t": "2026-12-01"})
    do("collection.scheme_party", party[0], "2026-08-20", **meeting_of(party, "2026-08-20"))
    with pytest.raises(Obstructed, match="最迟"):
        do("collection.open", chair, "2026-09-01")
    task = open_task("collection.open")
    send_back(task.task_id, actor=chair, reason="拟定会期排不开，须推迟。", at=at("2026-09-01"))
    do("collection.scheme", chair, "2026-09-02", **SCHEME | {"opens_on": "2026-09-04"})
    do("collection.scheme_party", party[0], "2026-09-03", **meeting_of(party, "2026-09-03"))
    do("collection.open", chair, "2026-09-04")
    cycle.refresh_from_db()
    assert (cycle.state, cycle.planned_t) == ("collecting", date(2027, 1, 20))


def test_the_books_do_not_close_over_an_undecided_proposal(town, cycle):
    opened(town, cycle)
    propose(
        town.act("station", at("2026-09-10")), title="安装路灯", content="村口无灯。", proposer_kind="station"
    )
    with pytest.raises(Obstructed, match="1 件"):
        do("collection.close_books", town.of("gov_clerk"), "2026-10-12", body="共征集一件。")
    do("collection.receive", town.of("gov_clerk"), "2026-10-12", decision="accept")
    entry = do("collection.close_books", town.of("gov_clerk"), "2026-10-12", body="共征集一件。")
    assert entry.action == "collection.close_books"


def test_a_proposal_outside_the_window_goes_to_the_pool(town, cycle):
    opened(town, cycle)
    late = propose(
        town.act("station", at("2026-10-20")), title="修桥", content="桥面破损。", proposer_kind="station"
    )
    assert (late.state, late.cycle) == ("pooled", None)


def test_without_an_all_year_pool_nobody_hands_anything_in_outside_the_window(town):
    rules = Rules().with_values({"pool_all_year": False})
    adopt_rulebook(town.act("chair", at("2026-07-01")), town.unit, rules)
    with pytest.raises(Refused, match="不在征集期"):
        propose(town.act("station", at("2026-08-01")), title="修桥", content="桥面破损。")
    cycle = start_year(town.act("chair", at("2026-08-10")), **PLAN)
    opened(town, cycle)
    perform("collection.propose", cycle, actor=town.of("station"), data=REGISTERED, at=at("2026-10-08"))
    with pytest.raises(Obstructed, match="不在征集期"):
        perform("collection.propose", cycle, actor=town.of("station"), data=REGISTERED, at=at("2026-10-09"))
    assert Proposal.objects.get().state == "received"


def test_a_returned_proposal_that_is_completed_is_received_again(town, cycle):
    opened(town, cycle)
    propose(
        town.act("station", at("2026-09-10")), title="安装路灯", content="路灯。", proposer_kind="station"
    )
    do("collection.receive", town.of("gov_clerk"), "2026-09-11", decision="return", reason="请写明地点和数量")
    do(
        "collection.complete_proposal",
        town.of("gov_clerk"),
        "2026-09-14",
        decision="completed",
        content="村口至学校二十盏",
    )
    do("collection.receive", town.of("gov_clerk"), "2026-09-15", decision="accept")
    assert Proposal.objects.get().state == "accepted"
    assert Proposal.objects.get().content == "村口至学校二十盏"


def test_what_a_step_rests_on_says_the_days_the_rulebook_gives(client, town, cycle):
    opened(town, cycle)
    propose(
        town.act("station", at("2026-09-10")), title="安装路灯", content="路灯。", proposer_kind="station"
    )
    assert "收到之日起 5 个工作日内受理或退回" in shown(client, town.of("gov_clerk"), "collection.receive")
    book = Cycle.objects.get(pk=cycle.pk).rules.with_values({"deadlines.collection.receive": 8})
    Cycle.objects.filter(pk=cycle.pk).update(rules_data=book.frozen_json())
    assert "收到之日起 8 个工作日内受理或退回" in shown(client, town.of("gov_clerk"), "collection.receive")


def returned(town) -> Proposal:
    """A form sent back on 11 September: five working days end on the 18th."""
    made = propose(
        town.act("station", at("2026-09-10")), title="安装路灯", content="路灯。", proposer_kind="station"
    )
    do("collection.receive", town.of("gov_clerk"), "2026-09-11", decision="return", reason="请写明地点和数量")
    return made


def test_a_returned_proposal_is_not_pooled_before_its_days_are_over(town, cycle):
    opened(town, cycle)
    proposal = returned(town)
    assert open_task("collection.complete_proposal").due_on == date(2026, 9, 18)
    with pytest.raises(InvalidForm, match="期满前不能转入项目库"):
        do("collection.complete_proposal", town.of("gov_clerk"), "2026-09-18", decision="pool")
    proposal.refresh_from_db()
    with pytest.raises(Refused, match="期满前不能转入项目库"):
        lapse(town.act("gov_clerk", at("2026-09-18")), proposal)
    do("collection.complete_proposal", town.of("gov_clerk"), "2026-09-19", decision="pool")
    proposal.refresh_from_db()
    assert proposal.state == "pooled"


def test_a_returned_proposal_is_not_pooled_on_a_day_that_is_provisional(town, cycle):
    opened(town, cycle)
    proposal = returned(town)
    Deadline.objects.filter(key="collection.complete_proposal").update(provisional=True)
    assert pool_overdue(at("2026-09-19", 0)) == 0
    with pytest.raises(Refused, match="为暂定"):
        lapse(town.act("gov_clerk", at("2026-09-19")), proposal)
    arranged()
    assert pool_overdue(at("2026-09-19", 0)) == 1


def test_a_returned_proposal_that_does_not_come_back_is_pooled_by_itself_and_the_proposer_told(town, cycle):
    opened(town, cycle)
    proposal = returned(town)
    assert pool_overdue(at("2026-09-18", 23)) == 0
    assert pool_overdue(at("2026-09-19", 0)) == 1
    assert pool_overdue(at("2026-09-19", 0)) == 0
    proposal.refresh_from_db()
    assert proposal.state == "pooled"
    entry = Entry.objects.get(action="proposal.pool")
    assert (entry.actor, entry.subject) == (None, proposal.reference) and "期满未补正" in entry.body
    assert any(route.audience is Audience.AUTHOR for route in routes_of(entry.action, {}))
    waiting = Deadline.objects.filter(subject=proposal.reference, done_at=None, cancelled=False)
    assert not waiting.exists()
    told = [event.note for event in way_of(town.unit, proposal.code).events]
    assert told[-1] == "期满未补正，列入项目库"


def test_the_clock_sweeps_returned_forms():
    assert "projects.collection.tasks.sweep_returned" in {
        beat["task"] for beat in settings.CELERY_BEAT_SCHEDULE.values()
    }


def test_what_a_proposer_wrote_stays_out_of_the_trail(town, cycle):
    opened(town, cycle)
    words = "村口至李大山家门前二十盏"
    fields = {"title": "安装路灯", "proposer_kind": "resident", "channel": cycle.rules.channels[0]}
    fields |= {"category": cycle.rules.categories[0], "name": "李大山", "phone": "13900001111"}
    data = fields | {"content": words, "necessity": f"{words}，夜间无灯。"}
    perform("collection.propose", cycle, actor=town.of("station"), data=data, at=at("2026-09-10"))
    do("collection.receive", town.of("gov_clerk"), "2026-09-11", decision="return", reason="请写明数量")
    task = "collection.complete_proposal"
    do(task, town.of("gov_clerk"), "2026-09-14", decision="completed", content=f"{words}。")
    assert Proposal.objects.get().content == f"{words}。"
    assert not Entry.objects.filter(body__contains="李大山").exists()


def test_a_return_without_a_reason_is_refused(town, cycle):
    opened(town, cycle)
    propose(
        town.act("station", at("2026-09-10")), title="安装路灯", content="路灯。", proposer_kind="station"
    )
    with pytest.raises(InvalidForm, match="理由"):
        do("collection.receive", town.of("gov_clerk"), "2026-09-11", decision="return", reason="")


REGISTERED = {
    "title": "修桥",
    "content": "桥面破损，雨天难行。",
    "proposer_kind": "resident",
    "channel": "电话",
}


def test_a_station_registers_what_somebody_said(town, cycle):
    opened(town, cycle)
    perform("collection.propose", cycle, actor=town.of("station"), data=REGISTERED, at=at("2026-09-10"))
    assert open_task("collection.receive").label == "修桥"


def test_an_office_that_does_not_propose_is_refused(town, cycle):
    opened(town, cycle)
    with pytest.raises(NotYourTurn):
        perform("collection.propose", cycle, actor=town.of("finance"), data=REGISTERED, at=at("2026-09-10"))


def test_the_proposers_name_and_telephone_stay_out_of_the_trail(town, cycle):
    opened(town, cycle)
    data = REGISTERED | {"name": "某某", "phone": "13000000000"}
    entry = perform("collection.propose", cycle, actor=town.of("station"), data=data, at=at("2026-09-10"))
    bodies = "".join(Entry.objects.values_list("body", flat=True))
    assert "13000000000" not in bodies and "某某" not in bodies
    assert entry.action == "collection.propose"


def test_a_pooled_proposal_is_taken_up_only_while_a_year_collects(town, cycle):
    early = propose(
        town.act("station", at("2026-08-20")), title="修桥", content="桥面破损。", proposer_kind="station"
    )
    with pytest.raises(Obstructed, match="没有正在征集的年度"):
        perform("collection.take_up", early, actor=town.of("gov_clerk"), data={}, at=at("2026-08-21"))
    opened(town, cycle)
    perform("collection.take_up", early, actor=town.of("gov_clerk"), data={}, at=at("2026-09-10"))
    early.refresh_from_db()
    assert (early.state, early.cycle) == ("received", cycle)


def test_a_proposers_contact_and_code_are_shown_to_nobody_but_whose_turn_it_is(client, town, cycle):
    opened(town, cycle)
    fields = {"title": "安装路灯", "content": "村口无灯。", "name": "李大山", "phone": "13900001111"}
    proposal = propose(town.act("station", at("2026-09-10")), **fields)
    address = f"/tasks/{open_task('collection.receive').pk}/"
    client.force_login(town.of("gov_clerk"))
    seen = client.get(address).content.decode()
    assert "李大山" in seen and proposal.code in seen
    apply(SYSTEM)
    county = User.objects.create(username="county", name="县人大常委会")
    grant(
        user=county,
        office="county",
        unit=town.unit.parent,
        act=town.act("chair", at("2020-01-01")),
        since=SINCE,
    )
    for other in (county, town.of("deputy", 9), town.of("mayor")):
        client.force_login(other)
        page = client.get(address)
        assert page.status_code == 200 and "安装路灯" in page.content.decode()
        assert not [
            told for told in ("李大山", "13900001111", proposal.code) if told in page.content.decode()
        ]


def test_before_the_opening_terms_are_those_of_the_rulebook_in_force(town):
    start_year(town.act("chair", at("2026-08-01")), **PLAN)
    usual = open_task("collection.scheme").due_on
    other = township("T02", name="柳河镇")
    rules = Rules().with_values({"deadlines": Rules().deadlines | {"collection.scheme": 5}})
    adopt_rulebook(other.act("chair", at("2026-07-01")), other.unit, rules)
    start_year(other.act("chair", at("2026-08-01")), **PLAN)
    assert usual == date(2026, 8, 18)
    assert open_task("collection.scheme", unit=other.unit).due_on == date(2026, 8, 25)


def test_the_books_do_not_close_while_nothing_has_been_accepted(town, cycle):
    opened(town, cycle)
    with pytest.raises(Obstructed, match="还没有受理任何意见建议"):
        do("collection.close_books", town.of("gov_clerk"), "2026-10-12", body="没有征集到意见建议。")
    cycle.refresh_from_db()
    assert cycle.state == "collecting"


def test_whoever_is_shown_a_proposers_contact_is_on_record_once_a_day(client, town, cycle):
    opened(town, cycle)
    act = town.act("station", at("2026-09-10"))
    named = propose(
        act, title="修桥", content="修桥。", proposer_kind="resident", name="李四", phone="13800000000"
    )
    unnamed = propose(act, title="修路", content="修路。", proposer_kind="resident")
    for proposal in (named, named, unnamed):
        task = open_task("collection.receive", subject=proposal.reference)
        assert ("13800000000" in shown_to(client, town.of("gov_clerk"), task)) == (proposal == named)
    (entry,) = Entry.objects.filter(action="personal.read").select_related("actor")
    assert (entry.actor, entry.subject) == (town.of("gov_clerk"), named.reference)
    assert "李四" not in entry.body and "1380" not in entry.body
    assert json.loads(entry.body)["after"] == {"data": "contacts", "of": [named.reference]}
    task = open_task("collection.receive", subject=named.reference)
    assert "13800000000" not in shown_to(client, town.of("clerk"), task)
    assert Entry.objects.filter(action="personal.read").count() == 1, (
        "another office is not shown the contact"
    )
    client.force_login(town.of("clerk"))
    page = client.get("/trail/?kind=personal").content.decode()
    assert page.count("timeline-item") == 1 and "提出人姓名、联系方式" in page and "修桥" in page


def shown_to(client, user, task) -> str:
    client.force_login(user)
    page = client.get(f"/tasks/{task.task_id}/").content.decode()
    apply(SYSTEM)
    return page
