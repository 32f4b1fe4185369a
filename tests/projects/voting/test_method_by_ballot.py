"""Where the rulebook says so the congress adopts the 票决办法 by ballot, over the desk that then holds the vote itself."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pytest

import projects.voting.events  # noqa: F401  registers the events
from projects.ballots.models import Vote
from projects.cycles.divisions import division_of
from projects.cycles.models import Cycle, Paper
from projects.cycles.rulebook import Rules
from projects.cycles.selectors import paper_of
from projects.deliberation.flows import DeliberationFlow
from projects.deliberation.readiness import readiness_sheet
from projects.deliberation.readiness import sheet_of as sheet_shown
from projects.deliberation.rules import Level
from projects.deliberation.selectors import candidates_of, is_settled
from projects.deliberation.sitting import adopt_method
from projects.demo.play.collection import play_collection
from projects.demo.play.deliberation import (
    play_delegations,
    play_opening,
    play_preparation,
    settlement_data,
)
from projects.demo.play.selection import play_selection
from projects.demo.play.stage import assembly, do_task
from projects.demo.play.voting import Sheet, play_attendance, play_ballot
from projects.demo.play.voting import play_opening as play_issuing
from projects.evaluation.conforming import conformance_of
from projects.lifecycle.intake import start_year
from projects.voting.desk import DESK
from projects.voting.drafts import resolution_text
from projects.voting.flows import VotingFlow
from projects.voting.readiness import has_begun
from projects.voting.selectors import elected_items
from projects.voting.superseding import told_superseded
from tests.builders import at, do, township
from tests.projects.ballots.conftest import PASSPHRASES, quick_stretching  # noqa: F401
from tests.projects.voting.conftest import DAY
from workflow.flows.errors import Obstructed, Refused
from workflow.flows.events import perform
from workflow.flows.models import Deadline, Meeting
from workflow.inbox.pages import next_steps
from workflow.roles.models import RoleGrant
from workflow.roles.services import revoke

T = date(2027, 1, 20)
SUMS = {
    "柳林村安全饮水管网改造": 17,
    "集镇停车场建设": 15,
    "东山村日间照料中心建设": 11,
    "石坝村危桥改造": 10,
}
RULES = Rules(method_adoption="ballot", resolution_adoption="ballot")


def heard(town, book=RULES):
    """A year of its own flow, whose delegations have been heard by the presidium's sitting: 20 deputies in office."""
    cycle = start_year(
        town.act("chair", at("2026-08-03")), year=2027, opens_on=date(2026, 9, 1), planned_t=T,
        planned_t2=date(2028, 1, 18),
    )  # fmt: skip
    play_collection(town, cycle, proposals=14, titles=list(SUMS)[:3])
    play_selection(town, cycle, list(SUMS), 3)
    Cycle.objects.filter(pk=cycle.pk).update(rules_data=book.frozen_json())
    cycle = Cycle.objects.get(pk=cycle.pk)
    play_preparation(town, cycle, t=T, term=19, number=2, seats=3)
    play_opening(town, cycle, t=T)
    play_delegations(town, cycle, t=T)
    cycle.refresh_from_db()
    return cycle


def settled(town, cycle):
    data = settlement_data(town, cycle, t=T, seats=3, mode="select")
    do_task(cycle, "deliberation.settle", town.of("presidium"), T, hour=11, **data)


def put(town, cycle, **more):
    do_task(cycle, "deliberation.put_method", town.of("clerk"), T, hour=13, **assembly(20, 18, T), **more)


def voted(town, cycle, in_favour, against=0):
    (title,) = DESK.vote_of(cycle).options.values_list("title", flat=True)
    play_ballot(town, cycle, t=T, present=18, sheet=Sheet({title: in_favour}, {title: against}))


def foretold(flow, name, year):
    """Of the steps in question those the page of a task says may follow."""
    node, process = flow.instance.node, SimpleNamespace(artifact=year, parent_task=None)
    titles = {step.title for step in next_steps(node(name), year, T, process)}
    asked = ("adopt_method", "put_method") if flow is DeliberationFlow else ("resolution", "put_resolution")
    return {name for name in asked if node(name).task_title in titles}


def test_of_two_ways_on_a_page_foretells_the_rulebooks_alone(db):
    year = Cycle(unit=township("QT").unit, rules_data=Rules().frozen_json())
    assert foretold(DeliberationFlow, "settle", year) == {"adopt_method"}
    assert foretold(VotingFlow, "settle_tie", year) == {"resolution"}
    year.rules_data = RULES.frozen_json()
    assert foretold(DeliberationFlow, "settle", year) == {"put_method"}
    assert foretold(VotingFlow, "settle_tie", year) == {"put_resolution"}


def asked_back(town, cycle):
    data = {"reason": "上级已立项实施。"}
    item = candidates_of(cycle).last()
    return perform("deliberation.withdraw", item, actor=town.of("mayor"), data=data, at=at(DAY, 13))


def waiting():
    return set(Deadline.objects.filter(done_at=None, cancelled=False).values_list("key", flat=True))


def test_the_method_is_voted_on_before_the_vote_it_is_about_settled_anew_where_it_fails_and_leads_the_year_on(
    db,
):
    town = township()
    cycle = heard(town)
    settled(town, cycle)
    assert "deliberation.put_method" in waiting() and "deliberation.adopt_method" not in waiting()
    put(town, cycle)
    vote = Vote.objects.get()
    assert (vote.purpose, vote.mode, vote.step, vote.deputies_in_office) == ("method", "each", 3, 20)
    assert vote.options.get().title == paper_of(cycle, "method").title
    assert Paper.objects.get(kind="tellers", published_at__isnull=False), (
        "whoever counts it is adopted before"
    )
    assert is_settled(cycle) and "voting.attendance" in waiting()
    with pytest.raises(Obstructed, match="票决办法已经付投票表决，不能再撤回"):
        asked_back(town, cycle)
    shown = Meeting(members=20, present=18, votes_for=18, votes_against=0, votes_abstain=0, agreed=True)
    act = town.act("clerk", at(DAY, 13))
    with pytest.raises(Refused, match="尚未宣布结果"):
        adopt_method(act, cycle, meeting=shown)

    voted(town, cycle, 10, against=8)
    cycle.refresh_from_db()
    assert cycle.state == "deliberating" and "deliberation.settle" in waiting()
    assert not is_settled(cycle) and not Vote.objects.filter(purpose="projects").exists()
    with pytest.raises(Refused, match="未通过：需 11 票（全体代表 20 人的过半数），得 10 票"):
        adopt_method(act, cycle, meeting=shown)

    settled(town, cycle)
    put(town, cycle)
    first, again = Paper.objects.filter(kind="tellers").exclude(published_at=None).order_by("pk")
    assert (first.title, again.title) == ("监票人、计票人名单", "监票人、计票人名单（第二次通过）")
    assert [one.superseded for one in told_superseded([first, again])] == [f"已由《{again.title}》取代", ""]
    voted(town, cycle, 11, against=2)
    assert "deliberation.adopt_method" in waiting()
    with pytest.raises(Obstructed, match="大会已经通过票决办法，不能再撤回"):
        asked_back(town, cycle)
    typed = {"votes_for": 18, "votes_against": 0, "present_number": 18}
    do("deliberation.adopt_method", town.of("clerk"), DAY, **typed)
    adopted = paper_of(cycle, "method")
    assert adopted.published_at and (adopted.data["adopted"]["for"], adopted.data["adopted"]["against"]) == (
        11,
        2,
    )
    assert "以无记名投票方式表决，发出表决票 18 张" in division_of(adopted)
    assert Meeting.objects.get(task__deadline__key="deliberation.adopt_method").votes_for == 11
    cycle.refresh_from_db()
    held = DESK.vote_of(cycle)
    assert cycle.state == "voting" and (held.purpose, held.options.count()) == ("projects", 4)

    play_ballot(town, cycle, t=T, present=18, sheet=Sheet(SUMS))
    do("voting.put_resolution", town.of("clerk"), DAY, body=resolution_text(cycle), number="")
    voted(town, cycle, 18)
    do("voting.resolution", town.of("clerk"), DAY)
    assert [item.title for item in elected_items(cycle)] == list(SUMS)[:3]
    assert waiting() >= {"voting.announce"}
    codes = (
        "method", "resolution", "congress", "majority", "quorum", "keyed_twice", "signed_by_two", "span", "order"
    )  # fmt: skip
    found = {
        check.code: str(finding.status) for check, finding in conformance_of(cycle, T) if check.code in codes
    }
    assert set(found.values()) <= {"held", "not_yet"} and found["method"] == found["resolution"] == "held"


# What the readiness sheet says of it

KEYS = {"hold_chief": "chief_teller", "hold_teller": "teller", "hold_chair": "chair"}
ON_METHOD, ON_PROJECTS, ON_RESOLUTION = "（票决办法表决）", "（民生实事项目票决）", "（决议表决）"


def told(cycle, name=""):
    """The notes of the sheet's open lines on the vote of this name, by what and whom they are about."""
    cycle.refresh_from_db()
    return {
        (line.what.removesuffix(name), line.who): (str(line.level), line.note)
        for line in readiness_sheet(cycle, T)
        if line.what.endswith(name) and line.level not in (Level.DONE, Level.WARNING)
    }


@pytest.mark.usefixtures("quick_stretching")
def test_the_sheet_asks_for_what_the_vote_on_the_method_still_lacks_and_its_opening_is_refused_by_just_that(
    db,
):
    town = township()
    cycle = heard(town, Rules(method_adoption="ballot", ballot_channel="device"))
    settled(town, cycle)
    assert told(cycle)["票决办法", "大会"] == ("waiting", "草案已拟定，待付投票表决")
    assert told(cycle)["监票人、计票人", "主席团"][1] == "名单由大会通过"
    put(town, cycle)
    assert told(cycle)["票决办法", "大会"] == ("waiting", "已付投票表决，结果尚未宣布")
    lacking = {
        ("开箱口令", "总监票人"): ("waiting", "总监票人尚未设定开箱口令"),
        ("开箱口令", "监票人"): ("waiting", "监票人尚未设定开箱口令"),
        ("开箱口令", "人大主席"): ("waiting", "主席团保管人尚未设定开箱口令"),
        ("到会人数", "人大办"): ("waiting", "投票前清点"),
    }
    assert told(cycle, ON_METHOD) == lacking
    assert told(cycle, ON_PROJECTS)["开箱口令", "总监票人"][1] == "票面确定后由三名保管人设定"
    assert not has_begun(cycle)
    refused = DESK.obstacles(cycle, at(DAY, 13))
    assert {note + "。" for what, (_level, note) in lacking.items() if what[0] == "开箱口令"} <= set(refused)
    assert len(refused) == 4 and "尚未清点到会人数" in "".join(refused)
    with_task = {row.line.what: row.task_id for row in sheet_shown(cycle, T).rows}
    assert with_task["开箱口令" + ON_METHOD], "the line leads to the task that stands"

    for key, office in KEYS.items():
        secret = PASSPHRASES[office]
        do(f"voting.{key}", town.of(office), DAY, passphrase=secret, repeated=secret)
    assert set(told(cycle, ON_METHOD)) == {("到会人数", "人大办")}
    play_attendance(town, cycle, t=T, present=19, hour=14)
    assert told(cycle, ON_METHOD) == {} and DESK.obstacles(cycle, at(DAY, 14)) == []
    play_issuing(town, cycle, t=T)
    assert DESK.vote_of(cycle).state == "open" and told(cycle, ON_METHOD) == {}
    assert not has_begun(cycle), "the vote on the projects is still to come"


def test_on_paper_the_sheet_follows_the_desk_from_the_method_to_the_projects_and_the_resolution(db):
    town = township()
    cycle = heard(town)
    settled(town, cycle)
    put(town, cycle)
    assert set(told(cycle, ON_METHOD)) == {("到会人数", "人大办")}
    assert told(cycle, ON_PROJECTS) == {("票面", "主席团"): ("waiting", "票决办法通过后确定")}
    voted(town, cycle, 10, against=8)
    assert told(cycle)["票决办法", "主席团"] == ("waiting", "投票表决未通过，待重新拟定")
    assert told(cycle, ON_METHOD) == {}

    settled(town, cycle)
    put(town, cycle)
    voted(town, cycle, 18)
    assert told(cycle)["票决办法", "大会"] == ("waiting", "投票表决已经通过，待记录")
    assert "监票人、计票人" not in {what.removesuffix(ON_PROJECTS) for what, _who in told(cycle)}
    do("deliberation.adopt_method", town.of("clerk"), DAY)
    assert told(cycle, ON_PROJECTS) == {("到会人数", "人大办"): ("waiting", "投票前清点")}
    assert not has_begun(cycle)

    play_ballot(town, cycle, t=T, present=18, sheet=Sheet(SUMS))
    assert has_begun(cycle)
    do("voting.put_resolution", town.of("clerk"), DAY, body=resolution_text(cycle), number="")
    assert told(cycle) == {("到会人数" + ON_RESOLUTION, "人大办"): ("waiting", "投票前清点")}
    assert not has_begun(cycle), "the vote on the resolution is still to come"


def test_who_is_missing_at_the_desk_of_the_method_stops_its_opening_and_stands_on_the_sheet_of_the_page(
    db, client
):
    town = township()
    cycle = heard(town)
    settled(town, cycle)
    put(town, cycle)
    assert DESK.ready(cycle, at(DAY, 13)) == []
    for held in RoleGrant.objects.filter(office="counter", unit=town.unit)[1:]:
        revoke(grant=held, act=town.act("clerk", at(DAY, 13)), reason="因病请假")
    [missing] = DESK.ready(cycle, at(DAY, 13))
    assert missing in DESK.obstacles(cycle, at(DAY, 13))
    assert told(cycle, ON_METHOD)["监票人、计票人", "人大办"] == ("blocking", missing.removesuffix("。"))

    client.force_login(town.of("clerk"))
    page = client.get(f"/years/{cycle.pk}/readiness/").content.decode()
    assert "监票人、计票人（票决办法表决）" in page and "计票人不足两人" in page
    assert "到会人数（票决办法表决）" in page and "票面（民生实事项目票决）" in page
