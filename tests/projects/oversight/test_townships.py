"""区划变动: a township renamed, made a subdistrict, merged; what stands in the way, what moves, and what stays as it was."""

from __future__ import annotations

import json
from datetime import date
from typing import Any, NamedTuple

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from notifications.rendering import Facts, render
from notifications.routing import routes_of
from projects.ballots.figures import count_rules
from projects.ballots.services import define_vote
from projects.cycles.documents.issuing import issuer_of
from projects.cycles.models import Cycle, Rulebook, Session, Term, TermState
from projects.cycles.papers import make_paper
from projects.cycles.rulebook import Rules
from projects.cycles.selectors import rules_in_force
from projects.cycles.services import adopt_rulebook, fix_session
from projects.cycles.terms import begin_session, found_term
from projects.demo.cast import Casting, Township
from projects.lifecycle.intake import start_year
from projects.supervision.flows.year import SupervisionFlow
from tests.builders import SINCE, at
from tests.projects.portal.public_world import cycle_of, item_of, travel
from tests.standing import standing
from workflow.audit.models import Entry
from workflow.audit.services import Act
from workflow.flows.acting import acting
from workflow.flows.errors import InvalidForm, NotYourTurn, Obstructed
from workflow.flows.events import event, perform
from workflow.flows.models import Deadline
from workflow.flows.services import claim
from workflow.inbox.story import line_of
from workflow.machines.services import fire
from workflow.people.isolation import PUBLIC, SYSTEM, apply
from workflow.people.models import Unit, UnitChange, UnitKind, User
from workflow.people.services import create_unit
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import context_of, holders_of
from workflow.roles.services import grant, left_without

pytestmark = pytest.mark.django_db
DAY = "2027-04-12"
PAPER = {"number": "示政函〔2027〕12 号", "decided_on": "2027-04-01", "reason": "据上级批复办理。"}
TO_SUPERVISION = ("begin_selection", "begin_deliberation", "begin_vote", "begin_supervision")
VOTE_PLAN = {"opens_on": date(2027, 9, 1), "planned_t": date(2028, 1, 20), "planned_t2": date(2029, 1, 18)}


class World(NamedTuple):
    """A county with two townships and somebody of its standing committee."""

    county: Unit
    leader: User
    a: Township
    b: Township

    def act(self, key: str, day: str = DAY, **data: Any) -> Entry:
        """The county's act, in the county's own context."""
        apply(context_of(RoleGrant.objects.get(user=self.leader)))
        try:
            return perform(f"oversight.{key}", self.county, actor=self.leader, data=PAPER | data, at=at(day))
        finally:
            apply(SYSTEM)

    def refusals(self, key: str, **data: Any) -> str:
        """What the form says that refuses it."""
        with pytest.raises(InvalidForm) as refused:
            self.act(key, **data)
        return str(refused.value.form.errors)

    def third(self) -> Township:
        """One more township of the county."""
        admin = Act(User.objects.get(username="admin@M"), "admin", self.county, at("2020-01-01"))
        return Casting(admin, SINCE).township("M3", "丙乡", self.county, deputies=14)


def built() -> World:
    county = create_unit(code="M-C", name="示范县", kind=UnitKind.COUNTY)
    admin = Act(User.objects.create(username="admin@M", name="系统管理员"), "admin", county, at("2020-01-01"))
    casting = Casting(admin, SINCE)
    a = casting.township("M1", "甲镇", county, deputies=16)
    b = casting.township("M2", "乙乡", county, deputies=14)
    leader = User.objects.create(username="county@M", name="县人大常委会")
    grant(user=leader, office="county", unit=county, act=admin, since=SINCE)
    return World(county, leader, a, b)


@pytest.fixture
def world(db) -> World:
    apply(SYSTEM)
    return standing("a county of two townships", built)


def bodies(action: str, unit: Unit) -> list[dict[str, Any]]:
    return [json.loads(e.body) for e in Entry.objects.filter(action=action, unit=unit).order_by("pk")]


def session_at(town: Township, cycle: Cycle, *, state: str) -> Session:
    """A session of a year, called or open."""
    act = town.act("clerk", at("2027-04-02"))
    session = fix_session(act, cycle, use="evaluation", term=18, number=3, held_on=date(2027, 4, 12))
    fire(session, "convene", act)
    if state == "open":
        begin_session(act, session)
    return session


# --- renaming


def test_what_was_made_before_keeps_the_old_name_and_pages_say_the_new(client, world):
    town = world.b
    cycle = cycle_of(town, *TO_SUPERVISION)
    papers = [
        make_paper(
            town.act("clerk", at(day)),
            cycle,
            "announcement",
            "公告",
            number="1" if early else "2",
            publish=True,
        )
        for day, early in (("2027-04-11", True), ("2027-04-13", False))
    ]
    held = session_at(town, cycle, state="open")
    fire(held, "end", town.act("chair", at("2027-04-11")))
    entry = world.act("rename", township="M2", name="乙镇")
    town.unit.refresh_from_db()
    assert (town.unit.name, town.unit.code, town.unit.kind) == ("乙镇", "M2", "township")
    for paper in papers:
        paper.refresh_from_db()
        paper.unit.refresh_from_db()
    assert [issuer_of(paper) for paper in papers] == ["乙乡人民代表大会主席团", "乙镇人民代表大会主席团"]
    apply(PUBLIC)
    assert issuer_of(papers[0]) == "乙乡人民代表大会主席团"
    apply(SYSTEM)
    assert str(Session.objects.get(pk=held.pk)).startswith("乙乡第十八届")
    assert str(Cycle.objects.get(pk=cycle.pk)).startswith("乙镇2027年度")
    assert json.loads(entry.body)["after"]["township"] == "M2"
    (told,) = bodies("unit.rename", town.unit)
    assert (told["before"], told["after"]["name"], told["after"]["number"]) == (
        {"name": "乙乡"},
        "乙镇",
        PAPER["number"],
    )
    assert told["label"] == "乙乡更名为乙镇"
    client.force_login(town.of("clerk"))
    assert "乙镇" in client.get("/years/").content.decode()
    page = client.get("/midyear/").content.decode()
    assert "乙乡：更名" in page and PAPER["number"] in page


def test_a_township_in_session_is_not_renamed(world):
    cycle = cycle_of(world.b, *TO_SUPERVISION)
    session = session_at(world.b, cycle, state="open")
    assert "正在举行，须在闭会后办理" in world.refusals("rename", township="M2", name="乙镇")
    fire(session, "end", world.b.act("chair", at(DAY)))
    world.act("rename", township="M2", name="乙镇")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"name": "甲镇"}, "已在使用"),
        ({"name": "乙镇", "number": ""}, "请填写"),
        ({"name": "乙镇", "decided_on": "2027-04-13"}, "批准日期不能晚于今天"),
        ({"name": "乙镇", "township": "M-C"}, "township"),
    ],
)
def test_a_name_in_use_and_a_paper_that_is_not_there_are_refused(world, data, said):
    assert said in world.refusals("rename", **{"township": "M2", **data})
    assert not UnitChange.objects.exists()
    world.act("rename", township="M2", name="乙镇")


def test_no_township_changes_itself_and_no_county_anothers(world):
    chair = world.b.of("chair")
    for key in ("rename", "make_subdistrict", "merge"):
        with pytest.raises(NotYourTurn):
            perform(f"oversight.{key}", world.county, actor=chair, data=PAPER, at=at(DAY))
    other = create_unit(code="N-C", name="邻县", kind=UnitKind.COUNTY)
    create_unit(code="N1", name="邻镇", kind=UnitKind.TOWNSHIP, parent=other)
    assert "township" in world.refusals("rename", township="N1", name="新邻镇")


def test_residents_read_the_old_name_the_new_and_where_a_township_went(client, world):
    world.act("rename", township="M2", name="乙镇")
    assert "2027年4月12日由“乙乡”更名（示政函〔2027〕12 号）" in client.get("/t/M2/").content.decode()
    apply(SYSTEM)
    world.act("merge", "2027-04-14", township="M2", into="M1")
    page = client.get("/t/M2/").content.decode()
    assert "并入“甲镇”" in page and "请向接收的乡镇提出建议" in page and "我要提建议" not in page
    assert "我要提建议" in client.get("/t/M1/").content.decode()


# --- 街道


def test_a_township_becomes_a_subdistrict_and_years_begun_later_follow_its_rules(world):
    town = world.b
    running = cycle_of(town, *TO_SUPERVISION)
    frozen = running.rules_data
    found_term(town.act("clerk", at("2022-01-10")), town.unit, 18)
    adopt_rulebook(town.act("chair", at("2026-05-01")), town.unit, Rules())
    world.act("make_subdistrict", township="M2", name="乙街道")
    unit = Unit.objects.get(pk=town.unit.pk)
    assert (unit.name, unit.kind, unit.code) == ("乙街道", "subdistrict", "M2")
    term = Term.objects.get(unit=unit)
    assert (term.state, str(term)) == (TermState.ENDED, "乙乡第十八届人民代表大会")
    running.refresh_from_db()
    assert running.rules_data == frozen and running.rules.body == "congress"
    assert rules_in_force(unit).body == "assembly" and Rulebook.objects.filter(unit=unit).count() == 2
    assert len(holders_of("deputy", unit, date(2027, 4, 13))) == 14
    (told,) = bodies("unit.to_subdistrict", unit)
    assert (told["after"]["deputies"], told["before"]["kind"]) == (14, "township")
    act = town.act("clerk", at("2028-01-10"))
    session = fix_session(act, running, use="evaluation", term=18, number=4, held_on=date(2028, 1, 18))
    fire(session, "convene", act)
    begin_session(act, session)
    assert Term.objects.filter(unit=unit).count() == 1


def test_a_year_still_to_be_voted_on_stands_in_the_way_until_it_is_ended(world):
    town = world.b
    cycle = start_year(town.act("chair", at("2027-04-01")), year=2028, **VOTE_PLAN)
    said = world.refusals("make_subdistrict", township="M2", name="乙街道")
    assert "2028年度民生实事项目尚在“筹备”阶段" in said and "由主席团决定终止" in said
    members = holders_of("presidium", town.unit, date(2027, 4, 10))
    data = {
        "held_on": "2027-04-10",
        "attended": [str(user.pk) for user in members],
        "votes_for": len(members),
        "votes_against": 0,
        "votes_abstain": 0,
        "minutes": "会议研究了有关事项。",
        "reason": "乡镇改设街道。",
    }
    perform("lifecycle.end_year", cycle, actor=town.of("clerk"), data=data, at=at("2027-04-10"))
    world.act("make_subdistrict", township="M2", name="乙街道")


def test_a_vote_without_a_result_stands_in_the_way(world):
    town = world.b
    cycle = cycle_of(town, *TO_SUPERVISION)
    item, act = item_of(town, cycle, 1, "石坝村危桥改造"), town.act("clerk", at("2027-04-02"))
    vote = define_vote(
        act,
        session=fix_session(act, cycle, use="vote", term=18, number=2, held_on=date(2027, 4, 2)),
        about=cycle.reference,
        purpose="projects",
        title="民生实事项目票决",
        mode="select",
        seats=1,
        rules=count_rules(cycle.rules),
        deputies_in_office=14,
        options=[(item.reference, item.title)],
        step=4,
    )
    for arrow in ("open", "close", "accept_tally", "certify"):
        fire(vote, arrow, act)
        assert "“民生实事项目票决”尚未宣布结果" in world.refusals("rename", township="M2", name="乙镇"), arrow
    fire(vote, "declare", act)
    world.act("rename", township="M2", name="乙镇")


# --- merging


@pytest.fixture
def carried_out(world) -> Cycle:
    """乙乡's year under supervision, with its first tasks open."""
    town = world.b
    cycle = cycle_of(town, *TO_SUPERVISION)
    with acting(town.act("clerk", at("2027-02-01"))):
        SupervisionFlow.begin(cycle)
    return cycle


def test_a_merged_townships_offices_and_tasks_go_over_each_with_an_entry(world, carried_out):
    a, b = world.a, world.b
    task = Deadline.objects.filter(unit=b.unit, seat=b.unit, office="presidium", done_at=None).first()
    assert task is not None
    claim(task.pk, actor=b.of("clerk"), at=at("2027-02-02"))
    others = Deadline.objects.filter(unit=b.unit, seat=b.unit, done_at=None, cancelled=False).count()
    entry = world.act("merge", township="M2", into="M1")
    assert json.loads(entry.body)["after"]["tasks"] == others
    moved = bodies("task.take_over", b.unit)
    assert len(moved) == others and task.pk in [body["after"]["task_id"] for body in moved]
    assert a.of("chair").username in next(b for b in moved if b["after"]["task_id"] == task.pk)["after"]["to"]
    task.refresh_from_db()
    assert (task.task.status, task.task.owner) == ("NEW", None)
    on = date(2027, 4, 13)
    for office in ("chair", "clerk", "mayor", "gov_clerk", "finance", "legal", "party", "presidium"):
        assert holders_of(office, b.unit, on) == holders_of(office, a.unit, on), office
    assert not RoleGrant.objects.filter(user=b.of("mayor"), revoked_at=None).exists()
    assert len(holders_of("deputy", a.unit, on)) == 30 == len(holders_of("deputy", b.unit, on))
    claim(task.pk, actor=a.of("clerk"), at=at("2027-04-13"))
    b.unit.refresh_from_db()
    assert b.unit.ends_on == date(2027, 4, 12) and b.unit.changes.get().into == a.unit
    assert bodies("unit.take_in", a.unit)[0]["after"]["from"] == "M2"
    assert {line_of(e).what for e in Entry.objects.filter(action__in=("unit.merge", "task.take_over"))} == {
        "并入其他乡镇",
        "未办事项转由接收的乡镇办理",
    }


def test_after_a_merging_each_context_reads_what_its_office_is_held_at(client, world, carried_out):
    a, b = world.a, world.b
    there = cycle_of(a, *TO_SUPERVISION)
    world.act("merge", township="M2", into="M1")
    own = RoleGrant.objects.get(user=a.of("clerk"), unit=a.unit, revoked_at=None)
    taken = RoleGrant.objects.get(user=a.of("clerk"), unit=b.unit, revoked_at=None)
    for given, seen in ((own, there), (taken, carried_out)):
        apply(context_of(given))
        assert list(Cycle.objects.all()) == [seen]
        assert set(Deadline.objects.values_list("unit", flat=True)) <= {given.tenant_id}
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            other = b.unit if given is own else a.unit
            Term.objects.create(unit=other, number=99)
    apply(SYSTEM)
    client.force_login(b.of("clerk"))
    assert client.get(f"/years/{carried_out.pk}/").status_code in (302, 403)
    client.force_login(world.leader)
    assert client.get(f"/trail/?unit={b.unit.code}").status_code == 200
    assert client.get(f"/years/{carried_out.pk}/").status_code == 200


def test_a_merged_township_begins_no_year_and_the_other_does(world):
    world.act("merge", township="M2", into="M1")
    plan = {"year": "2028", "opens_on": "2027-09-01", "planned_t": "2028-01-20", "planned_t2": "2029-01-18"}
    world.b.unit.refresh_from_db()
    chair = world.a.of("chair")
    with pytest.raises((Obstructed, NotYourTurn)):
        perform("lifecycle.start_year", world.b.unit, actor=chair, data=plan, at=at("2027-08-01"))
    perform("lifecycle.start_year", world.a.unit, actor=chair, data=plan, at=at("2027-08-01"))


def test_a_later_session_of_a_merged_townships_year_is_the_others(world, carried_out):
    world.act("merge", township="M2", into="M1")
    cycle = Cycle.objects.get(pk=carried_out.pk)
    act = Act(world.a.of("clerk"), "clerk", cycle.unit, at("2027-12-20"))
    session = fix_session(act, cycle, use="evaluation", term=18, number=5, held_on=date(2028, 1, 18))
    assert str(session) == "甲镇第十八届人民代表大会第五次会议"


def test_what_stands_in_the_way_of_a_merging_is_named_for_both(world, carried_out):
    voting = cycle_of(world.b, "begin_selection", "begin_deliberation", "begin_vote", year=2028)
    there = cycle_of(world.a, *TO_SUPERVISION)
    called = session_at(world.a, there, state="called")
    said = world.refusals("merge", township="M2", into="M1")
    assert f"{voting}尚在“票决”阶段" in said and f"“{called}”已经通知召开" in said
    assert "不能并入自身" in world.refusals("merge", township="M1", into="M1")
    assert world.b.unit.changes.count() == 0
    fire(voting, "begin_supervision", world.b.act("clerk", at(DAY)))
    begin_session(world.a.act("clerk", at(DAY)), called)
    fire(called, "end", world.a.act("chair", at(DAY)))
    world.act("merge", township="M2", into="M1")


def test_where_nothing_is_unfinished_the_others_chair_keeps_the_file_without_a_seat_there(world):
    """The merged congress is no more: its file has keepers, and nobody sits in it."""
    a, b = world.a, world.b
    world.act("merge", township="M2", into="M1")
    on = date(2027, 4, 13)
    assert holders_of("chair", b.unit, on) == [a.of("chair")] and a.of("chair") not in holders_of(
        "deputy", b.unit, on
    )
    b.unit.refresh_from_db()
    held = RoleGrant.objects.get(user=a.of("chair"), office="deputy", unit=a.unit)
    assert [one.office for one in left_without(held, on)] == ["chair", "presidium"]


def test_whoever_sits_in_both_congresses_already_holds_the_office_once(world):
    act = Act(User.objects.get(username="admin@M"), "admin", world.a.unit, at("2020-01-01"))
    someone = world.b.of("deputy", 14)
    grant(user=someone, office="deputy", unit=world.a.unit, act=act, since=SINCE)
    entry = world.act("merge", township="M2", into="M1")
    held = RoleGrant.objects.filter(user=someone, office="deputy", unit=world.a.unit, revoked_at=None)
    assert held.count() == 1 and json.loads(entry.body)["after"]["deputies"] == 14
    # Nothing of 乙乡 is unfinished: 甲镇's deputies have nothing to decide there.
    assert len(holders_of("deputy", world.b.unit, date(2027, 4, 13))) == 14


def test_who_stands_in_is_given_nothing_and_a_dated_office_ends_on_its_day(world, carried_out):
    act = Act(User.objects.get(username="admin@M"), "admin", world.a.unit, at("2020-01-01"))
    temporary = User.objects.create(username="temporary@M", name="挂职")
    until = date(2027, 6, 30)
    grant(user=temporary, office="finance", unit=world.a.unit, act=act, since=SINCE, until=until)
    one_day = User.objects.create(username="oneday@M", name="代办人")
    RoleGrant.objects.create(
        user=one_day, office="clerk", unit=world.a.unit, tenant=world.a.unit, since=date(2027, 4, 12),
        until=date(2027, 4, 12), stands_for=RoleGrant.objects.get(office="clerk", unit=world.a.unit),
        principal=world.a.of("clerk"),
    )  # fmt: skip
    world.act("merge", township="M2", into="M1")
    assert not RoleGrant.objects.filter(user=one_day, unit=world.b.unit).exists()
    assert RoleGrant.objects.get(user=temporary, unit=world.b.unit).until == until
    assert RoleGrant.objects.get(user=world.a.of("clerk"), office="clerk", unit=world.b.unit).until is None


def test_a_township_that_finishes_anothers_year_is_not_merged_before_it_is_done(world, carried_out):
    third = world.third()
    world.act("merge", township="M2", into="M1")
    for key, data in (("merge", {"township": "M1", "into": "M3"}), ("make_subdistrict", {"township": "M1", "name": "甲街道"})):  # fmt: skip
        assert f"{carried_out}由“甲镇”接续办理" in world.refusals(key, **data)
    for arrow in ("begin_evaluation", "close"):
        fire(Cycle.objects.get(pk=carried_out.pk), arrow, world.a.act("chair", at(DAY)))
    world.act("merge", township="M1", into="M3")
    assert third.unit.taken_in.get().unit == world.a.unit


def test_a_session_that_begins_holds_its_township_as_it_is(world, carried_out):
    with CaptureQueriesContext(connection) as seen:
        session_at(world.b, carried_out, state="open")
    assert any("FOR SHARE" in one["sql"] and "workflow_unit" in one["sql"] for one in seen)


def test_it_is_shown_before_it_is_done(client, world, carried_out, monkeypatch):
    travel(monkeypatch, DAY)
    client.force_login(world.leader)
    page = f"/do/oversight.merge/{world.county.pk}/"
    data = {name: value for name, value in PAPER.items() if name != "decided_on"}
    data |= {
        "decided_on_year": "2027",
        "decided_on_month": "4",
        "decided_on_day": "1",
        "township": "M2",
        "into": "M1",
    }
    checked = client.post(page, {**data, "op": "submit"}).content.decode()
    assert "14 名代表转入甲镇人民代表大会" in checked and "项未办事项转由对方办理" in checked
    assert "由甲镇人民代表大会继续监督、评估到归档" in checked and not UnitChange.objects.exists()
    assert client.post(page, {**data, "op": "confirm"}).status_code == 302
    apply(SYSTEM)
    assert UnitChange.objects.get().what == "merged"


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ({"name": "乙镇"}, "任职和未办事项不变"),
        ({"name": "乙街道", "kind": "subdistrict"}, "代表转为议事代表"),
        ({"into": "M1"}, "本乡镇的任职终止"),
        ({"from": "M2"}, "并入乡镇的代表转入"),
    ],
)
def test_the_letter_says_what_becomes_of_offices_and_tasks(after, said):
    facts = Facts("乙乡", "县人大常委会", "", "区划变动", "", date(2027, 4, 12), after=after)
    assert said in render("unit_changed", facts).body


def test_the_acts_are_irreversible_and_told_to_whom_they_concern():
    assert all(event(f"oversight.{key}").irreversible for key in ("rename", "make_subdistrict", "merge"))
    for action in ("unit.rename", "unit.to_subdistrict", "unit.merge", "unit.take_in"):
        assert next(routes_of(action, {})).letter == "unit_changed"
    assert next(routes_of("task.take_over", {})).letter == "handed_over"


def test_the_way_there_is_shown_to_those_who_may_act(client, world):
    for user, status in ((world.leader, 200), (world.b.of("clerk"), 200), (world.b.of("deputy", 14), 403)):
        client.force_login(user)
        assert client.get("/midyear/").status_code == status
    client.force_login(world.leader)
    page = client.get("/midyear/").content.decode()
    assert f"/do/oversight.merge/{world.county.pk}/" in page and "有事项无人可办" not in page
    client.force_login(world.b.of("clerk"))
    page = client.get("/midyear/").content.decode()
    assert "/do/oversight." not in page and "/do/cycles.review_credentials/" in page


def test_a_seat_nobody_holds_is_named_while_tasks_wait_there(client, world, carried_out):
    client.force_login(world.b.of("chair"))
    seats = RoleGrant.objects.filter(office__in=("presidium", "clerk"), unit=world.b.unit)
    seats.filter(office="presidium").update(revoked_at=at("2027-02-02"))
    assert "有事项无人可办" not in client.get("/midyear/").content.decode()  # the clerk may keep its record
    apply(SYSTEM)
    seats.update(revoked_at=at("2027-02-02"))
    assert "乙乡主席团成员：1 项未办" in client.get("/midyear/").content.decode()
