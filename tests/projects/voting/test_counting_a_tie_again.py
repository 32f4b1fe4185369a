"""A result that calls for another ballot at once is counted again until that ballot has opened (rules.md §6.2)."""

from __future__ import annotations

import json
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import projects.voting.events  # noqa: F401  registers the events
from projects.ballots.models import Vote
from projects.ballots.reporting import short_code
from projects.ballots.retention import obstacles_to_destroying
from projects.ballots.selectors import compared_with_first
from projects.cycles.documents.composing import document_of
from projects.cycles.models import Paper
from projects.deliberation.readiness import readiness_sheet
from projects.deliberation.rules import Level
from projects.demo.play.stage import open_tasks
from projects.demo.play.voting import Sheet, play_ballot
from projects.evaluation.conformance import Status
from projects.evaluation.conforming import conformance_of
from projects.portal.hall import current_of
from projects.portal.session_selectors import votes_at
from projects.voting.desk import DESK
from projects.voting.selectors import elected_items, result_of
from projects.voting.superseding import told_superseded
from tests.builders import at, do, open_task
from tests.projects.voting.conftest import DAY, T, page_of, settled
from tests.projects.voting.test_voting import (
    announced_again,
    ask_recount,
    attend,
    close,
    counted,
    open_,
    recount,
    waiting,
)
from tests.standing import standing
from workflow.audit.models import Entry
from workflow.flows.errors import Obstructed, Refused
from workflow.flows.models import Deadline
from workflow.inbox.story import line_of
from workflow.people.isolation import SYSTEM, apply

TIED = {"甲": 38, "乙": 26, "丙": 26, "丁": 0}
BEGUN = "再次投票已经开始，不能复核上一次计票"


@pytest.fixture
def tied(db):
    """乙 and 丙 are level across the second of two places; the run-off between them is defined and not open."""
    hall = settled(["甲", "乙", "丙", "丁"], seats=2, in_office=50)

    def play():
        play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet(TIED))
        return hall

    return standing("a run-off between the second and the third", play)


def states(hall):
    return {item.title: item.state for item in hall.cycle.items.all()}


def waited_for():
    return sorted(Deadline.objects.filter(done_at=None, cancelled=False).values_list("key", flat=True))


def test_a_recount_that_confirms_the_tie_has_it_voted_on_anew(tied):
    runoff = tied.vote
    first = runoff.follows
    assert states(tied) == {"甲": "elected", "乙": "on_ballot", "丙": "on_ballot", "丁": "not_elected"}
    entry = recount(tied)

    again = tied.vote
    assert (again.follows, again.is_recount, again.state) == (first, True, "open")
    assert set(states(tied).values()) == {"on_ballot"} and result_of(tied.cycle) == []
    runoff.refresh_from_db()
    assert (runoff.state, runoff.issued, runoff.awaiting) == ("void", None, {})
    assert runoff.void_reason == f"“{first.title}”复票，本次投票尚未开始即撤回。"
    after = json.loads(entry.body)["after"]
    assert (after["of"], after["withdrawn"], after["new_vote"]) == (
        first.reference, runoff.reference, again.reference,
    )  # fmt: skip
    assert waited_for() == ["voting.count_again"]

    announced_again(tied, TIED)
    assert compared_with_first(again := tied.vote.follows).differences == ()
    assert (tied.vote.purpose, tied.vote.state, tied.vote.follows) == ("run_off", "defined", again)
    assert tied.vote != runoff and waited_for() == ["voting.attendance"]
    play_ballot(tied.town, tied.cycle, t=T, present=45, sheet=Sheet({"乙": 20, "丙": 25}))
    assert [item.title for item in elected_items(tied.cycle)] == ["甲", "丙"]
    assert open_task("voting.resolution")


def test_the_report_of_a_run_off_says_why_it_was_held_and_which_report_it_follows(tied):
    first = Paper.objects.get(kind="tally_report")
    play_ballot(tied.town, tied.cycle, t=T, present=45, sheet=Sheet({"乙": 20, "丙": 25}))
    report = Paper.objects.filter(kind="tally_report").latest("pk")
    told = (
        "本次投票理由：2 个项目票数相等，名额只余 1 个。"
        f"前次计票见《{first.title}》（数字摘要 {short_code(first.data['digest'])}，2027年1月20日签字）。"
    )
    assert told in report.body and told in [getattr(part, "text", "") for part in document_of(report).parts]
    assert "本次投票理由" not in first.body, "a first ballot follows none"


def test_a_recount_that_dissolves_the_tie_lets_the_result_stand_without_another_ballot(tied):
    runoff = tied.vote
    recount(tied)
    announced_again(tied, TIED | {"乙": 27, "丙": 25})
    assert [item.title for item in elected_items(tied.cycle)] == ["甲", "乙"]
    assert states(tied) == {"甲": "elected", "乙": "elected", "丙": "not_elected", "丁": "not_elected"}
    assert tied.vote.is_recount and Vote.objects.count() == 3
    assert open_task("voting.resolution") and not open_tasks(tied.cycle, "voting.attendance")
    reports = told_superseded(Paper.objects.filter(kind="tally_report").order_by("pk"))
    assert [report.superseded for report in reports] == ["已由复票后的计票结果报告单取代", ""]
    assert current_of(runoff.follows) == tied.vote, "the screen in the hall shows the recount's result"
    assert [row.told for row in votes_at(tied.session)] == ["已复票，以复票结果为准", "无效", "入选 2 个"]


def test_a_screen_put_up_for_the_run_off_follows_the_recount_once_that_is_withdrawn(tied):
    runoff = tied.vote
    recount(tied)
    runoff.refresh_from_db()
    assert runoff.is_withdrawn and current_of(runoff) == tied.vote


def test_a_second_round_is_withdrawn_with_the_roll_call_it_had(db):
    hall = settled(["甲", "乙", "丙"], seats=2, in_office=50, shortfall="second_round")
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet({"甲": 40, "乙": 25, "丙": 20}))
    second = hall.vote
    attend(hall, 44)
    do("voting.open", hall.town.of("chair"), DAY, issued=44)
    recount(hall)
    second.refresh_from_db()
    assert (second.state, second.deputies_present, second.awaiting) == ("void", 44, {})
    assert not open_tasks(hall.cycle, "voting.open_confirm")
    announced_again(hall, {"甲": 40, "乙": 26, "丙": 19})
    assert [item.title for item in elected_items(hall.cycle)] == ["甲", "乙"]


def test_whoever_names_counters_for_the_tie_holds_the_run_off_and_the_vote_before_it(tied):
    runoff = tied.vote
    with CaptureQueriesContext(connection) as read:
        assert DESK.locked_to_count_again(tied.cycle) == runoff.follows
    held = [query["sql"] for query in read if "FOR UPDATE" in query["sql"]]
    assert [re.search(r'"id" = (\d+)', sql)[1] for sql in held] == [str(runoff.pk), str(runoff.follows.pk)]


def test_once_the_run_off_is_open_the_tie_before_it_is_not_counted_again(tied):
    attend(tied, 45)
    open_(tied, 45)
    with pytest.raises(Obstructed, match=BEGUN):
        ask_recount(tied)
    runoff = tied.vote
    with pytest.raises(Refused, match=BEGUN):
        DESK.asking("recount", None)(tied.town.act("chief_teller", at(DAY)), tied.cycle, reason="代表要求。")
    close(tied, 46)
    runoff.refresh_from_db()
    assert (runoff.state, tied.vote.follows) == ("void", runoff)
    with pytest.raises(Obstructed, match=BEGUN):
        ask_recount(tied)


def test_the_run_offs_own_ballots_are_counted_again_as_any(tied):
    attend(tied, 45)
    open_(tied, 45)
    close(tied, 45)
    counted(tied, {"乙": 20, "丙": 25})
    runoff = tied.vote
    recount(tied)
    assert tied.vote.follows == runoff and tied.vote.is_recount
    runoff.refresh_from_db()
    assert runoff.state == "keyed"


def test_a_run_off_does_not_open_while_a_recount_of_the_tie_is_asked_for(tied):
    attend(tied, 45)
    do("voting.open", tied.town.of("chair"), DAY, issued=45)
    ask_recount(tied)
    runoff = tied.vote
    [line] = [line for line in readiness_sheet(tied.cycle, T) if line.what.startswith("复票")]
    assert (line.level, line.who) == (Level.BLOCKING, "监票人") and "已提出复票" in line.note
    with pytest.raises(Obstructed, match=f"“{runoff.follows.title}”已提出复票，须先由监票人确认或退回"):
        do("voting.open_confirm", tied.town.of("chief_teller"), DAY, confirmed=True)
    with pytest.raises(Obstructed, match="正在等待监票人确认"):
        ask_recount(tied)
    teller = tied.town.of("teller")
    do("voting.recount_confirm", teller, DAY, decision="decline", reason="两次录入相符，没有必要。")
    do("voting.open_confirm", tied.town.of("chief_teller"), DAY, confirmed=True)
    runoff.refresh_from_db()
    assert (tied.vote, runoff.state) == (runoff, "open")


def test_a_new_roll_call_of_the_run_off_leaves_the_recount_asked_for(tied):
    ask_recount(tied)
    attend(tied, 45)
    assert waiting() and "recount" in tied.vote.awaiting
    first = tied.vote.follows
    do("voting.recount_confirm", tied.town.of("teller"), DAY, decision="agree")
    assert (tied.vote.follows, tied.vote.is_recount) == (first, True)


def test_a_recount_asked_for_before_the_tie_is_announced_waits_beside_the_run_off():
    hall = settled(["甲", "乙"], seats=1, in_office=50, ballot_mode="each")
    attend(hall, 45)
    open_(hall, 45)
    close(hall, 45)
    counted(hall, {"甲": 30, "乙": 30})
    do("voting.certify_chief", hall.town.of("chief_teller"), DAY, confirmed=True)
    do("voting.certify_teller", hall.town.of("teller"), DAY, confirmed=True)
    ask_recount(hall)
    first = hall.vote
    do("voting.declare", hall.town.of("chair"), DAY, confirmed=True)
    first.refresh_from_db()
    assert waiting() and first.awaiting == {} and "recount" in hall.vote.awaiting
    do("voting.recount_confirm", hall.town.of("teller"), DAY, decision="agree")
    assert not waiting() and hall.vote.follows == first and hall.vote.is_recount


def test_the_pages_of_the_recount_show_the_count_it_is_of_and_what_is_withdrawn(tied, client):
    runoff = tied.vote
    assert DESK.at_asking_recount(tied.cycle)["vote"] == runoff.follows
    ask_recount(tied)
    page = page_of("voting.recount_confirm", tied.town.of("teller"), "teller", client)
    assert DESK.at_recount(tied.cycle)["vote"] == runoff.follows and "代表要求复核票数。" in page
    assert f"尚未开始的“{runoff.title}”随即撤回" in page
    do("voting.recount_confirm", tied.town.of("teller"), DAY, decision="agree")
    client.force_login(tied.town.of("clerk"), backend="django.contrib.auth.backends.ModelBackend")
    told = client.get(f"/votes/{runoff.pk}/").content.decode()
    apply(SYSTEM)
    assert "本次投票尚未开始即撤回" in told


def test_the_trail_tells_the_withdrawal_and_the_year_still_conforms(tied):
    runoff = tied.vote
    recount(tied)
    announced_again(tied, TIED)
    play_ballot(tied.town, tied.cycle, t=T, present=45, sheet=Sheet({"乙": 20, "丙": 25}))
    entry = Entry.objects.get(action="vote.withdraw")
    told = line_of(entry)
    assert (entry.subject, told.reason) == (runoff.reference, "代表要求复核票数。")
    assert "无效" in str(told.what)
    assert Entry.objects.filter(subject=runoff.reference).count() == 2, (
        "defined and withdrawn: nothing is gone"
    )
    found = {check.code: finding for check, finding in conformance_of(tied.cycle, T) if check.step == 4}
    assert {key for key, finding in found.items() if finding.status == Status.NOT_HELD} <= {"told", "filed"}
    assert found["asked_by_two"].status == found["counted_once"].status == Status.HELD
    runoff.refresh_from_db()
    assert obstacles_to_destroying(runoff, at(DAY)) == ["本次投票尚未开始即已撤回，没有选票。"]
