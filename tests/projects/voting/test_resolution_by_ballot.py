"""Where the rulebook says so the congress adopts its resolution by ballot, over the desk that counted the result."""

from __future__ import annotations

import pytest

import projects.voting.events  # noqa: F401  registers the events
from projects.ballots.models import Vote
from projects.ballots.printing import obstacles_to_printing
from projects.cycles.divisions import division_of
from projects.cycles.documents.composing import document_of
from projects.cycles.models import Paper
from projects.demo.play.stage import assembly
from projects.demo.play.voting import Sheet, play_announcement, play_ballot
from projects.evaluation.conforming import conformance_of
from projects.portal.hall import board_of
from projects.portal.session_selectors import decisions_at, votes_at
from projects.supervision.sessions import obstacles_to_closing
from projects.voting.ballot_sheet import sheet_of
from projects.voting.desk import DESK
from projects.voting.selectors import elected_items, resolution_vote, vote_of
from projects.voting.services import resolve
from projects.voting.superseding import told_superseded
from tests.builders import at, do, open_task
from tests.projects.voting.conftest import DAY, T, page_of, settled
from tests.projects.voting.test_replacing import free_deputy, replace, with_list
from tests.projects.voting.test_voting import SIPING, announced_again, ask_recount, recount
from workflow.audit.models import Entry
from workflow.flows.errors import InvalidForm, Obstructed, Refused
from workflow.flows.models import Deadline, Meeting

BODY = "会议决定，确定文化礼堂为民生实事项目。"
RULES = {"seats": 1, "in_office": 50, "resolution_adoption": "ballot"}


@pytest.fixture
def hall(db):
    """50 deputies, two candidates, one seat, the result declared; by ballot the resolution is adopted."""
    made = settled(["文化礼堂", "村道硬化"], **RULES)
    play_ballot(made.town, made.cycle, t=T, present=45, sheet=Sheet(SIPING))
    return made


def put(hall, body=BODY, number="青人发〔2027〕1号"):
    return do("voting.put_resolution", hall.town.of("clerk"), DAY, body=body, number=number)


def voted(hall, in_favour, against=0, invalid=0):
    (title,) = DESK.vote_of(hall.cycle).options.values_list("title", flat=True)
    sheet = Sheet({title: in_favour}, {title: against}, invalid=invalid)
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=sheet)


def recorded(hall, **typed):
    return do("voting.resolution", hall.town.of("clerk"), DAY, **typed)


def waiting():
    return set(Deadline.objects.filter(done_at=None, cancelled=False).values_list("key", flat=True))


def test_by_show_of_hands_nothing_is_put_to_the_vote(db):
    made = settled(["文化礼堂", "村道硬化"], seats=1, in_office=50)
    play_ballot(made.town, made.cycle, t=T, present=45, sheet=Sheet(SIPING))
    assert waiting() == {"voting.resolution"} and not Vote.objects.filter(purpose="resolution").exists()


def test_the_resolution_is_put_to_the_vote_as_one_question_and_recorded_from_the_declared_figures(hall):
    assert waiting() == {"voting.put_resolution"}
    put(hall)
    vote = hall.vote
    assert (vote.purpose, vote.mode, vote.seats, vote.rules["majority_base"]) == (
        "resolution",
        "each",
        1,
        "in_office",
    )
    assert (vote.session, vote.deputies_in_office) == (hall.session, 50)
    draft = Paper.objects.get(kind="resolution_draft")
    assert draft.published_at is None and vote.options.get().title == draft.title
    voted(hall, 26, against=10, invalid=2)
    assert waiting() == {"voting.resolution"}
    typed = {
        "votes_for": 45,
        "votes_against": 0,
        "present_number": 45,
        "body": "会议决定，确定村道硬化。",
        "number": "9号",
    }
    entry = recorded(hall, **typed)
    paper = Paper.objects.get(kind="resolution")
    assert (paper.body, paper.number, bool(paper.published_at)) == (BODY, "青人发〔2027〕1号", True)
    told = (
        "表决情况：实有代表 50 人，出席 45 人；以无记名投票方式表决，发出表决票 45 张，收回 45 张，有效票 43 张，无效票 2 张；"
        "赞成 26 票，反对 10 票，弃权 7 票。须有全体代表 50 人的过半数即 26 票以上赞成，通过。"
    )
    assert division_of(paper) == told == document_of(paper).parts[-1].text
    meeting = Meeting.objects.get(task__deadline__key="voting.resolution")
    assert (meeting.votes_for, meeting.votes_against, meeting.votes_abstain, meeting.agreed) == (
        26,
        10,
        7,
        True,
    )
    assert '"votes_for":26' in entry.body and "村道硬化" not in entry.body
    assert (
        paper.data["vote"] == vote_of(hall.cycle).reference and paper.data["ballot"]["vote"] == vote.reference
    )
    assert [item.title for item in elected_items(hall.cycle)] == ["文化礼堂"]
    assert obstacles_to_closing(hall.session, at(DAY)) == []
    play_announcement(hall.town, hall.cycle, T)


def test_one_vote_short_of_more_than_half_of_all_deputies_it_is_put_to_them_again(hall):
    put(hall)
    voted(hall, 25, against=0, invalid=0)
    assert waiting() == {"voting.put_resolution"}
    minutes = Paper.objects.filter(kind="minutes").latest("pk")
    assert "赞成 25 票" in minutes.body and "未通过" in division_of(minutes)
    assert not Paper.objects.filter(kind="resolution").exists()
    assert obstacles_to_closing(hall.session, at(DAY)) == [f"{hall.cycle}尚有事项须在本次会议办理。"]
    put(hall, body="会议决定，确定文化礼堂为民生实事项目，于年内完成。")
    voted(hall, 45)
    recorded(hall)
    assert Paper.objects.get(kind="resolution").body.endswith("于年内完成。")
    assert Vote.objects.filter(purpose="resolution", state="declared").count() == 2


def test_without_a_declared_vote_that_carried_it_nothing_can_be_recorded(hall):
    act = hall.town.act("clerk", at(DAY))
    shown = Meeting(members=50, present=45, votes_for=45, votes_against=0, votes_abstain=0, agreed=True)
    typed = {"meeting": shown, "body": BODY, "number": ""}
    with pytest.raises(Refused, match="尚未提请大会投票表决"):
        resolve(act, hall.cycle, **typed)
    put(hall)
    with pytest.raises(Refused, match="尚未宣布结果"):
        resolve(act, hall.cycle, **typed)
    voted(hall, 25)
    with pytest.raises(Refused, match="未通过：需 26 票（全体代表 50 人的过半数），得 25 票"):
        resolve(act, hall.cycle, **typed)
    assert not Paper.objects.filter(kind="resolution").exists()


def test_no_sum_of_it_is_shown_before_it_is_declared_and_the_hall_sees_it_afterwards(hall):
    put(hall)
    vote = hall.vote
    assert obstacles_to_printing(vote) == []
    ballot = sheet_of(vote, hall.cycle)
    assert (ballot.heads, ballot.marks) == ("表决事项", ("赞成", "反对", "弃权"))
    assert "bars" not in board_of(vote)
    assert [row.told for row in votes_at(hall.session)] == ["入选 1 个", ""]
    before = Entry.objects.latest("id").pk
    voted(hall, 30)
    vote.refresh_from_db()
    (bar,) = board_of(vote)["bars"]
    assert (bar.word, bar.good, bar.figures[0]) == ("通过", True, "赞成 30")
    until_declared = Entry.objects.filter(id__gt=before).exclude(
        action__in=("vote.declare", "voting.declare_resolution")
    )
    assert not any('"for":30' in body for body in until_declared.values_list("body", flat=True))
    assert [row.told for row in votes_at(hall.session)] == ["入选 1 个", "通过"]
    report = Paper.objects.filter(kind="tally_report").latest("pk")
    assert report.published_at and report.data["asks"] and not report.data["elects"]
    recorded(hall)
    assert [decision.votes_for for decision in decisions_at(hall.session, T)] == [30]


def test_the_clerk_reads_what_was_carried_and_has_nothing_to_fill_in(hall, client):
    put(hall)
    voted(hall, 30, against=15)
    page = page_of("voting.resolution", hall.town.of("clerk"), "clerk", client)
    assert BODY in page and "赞成 30 票，反对 15 票，弃权 0 票" in page
    form = client.get(f"/tasks/{open_task('voting.resolution').pk}/").content.decode()
    assert 'name="votes_for"' not in form and 'name="body"' not in form


def test_a_result_asked_to_be_counted_again_is_not_resolved_on_yet(hall):
    ask_recount(hall)
    with pytest.raises(Obstructed, match="已提出复票"):
        put(hall)


def test_a_result_counted_again_takes_a_ballot_on_its_own_resolution(hall):
    put(hall)
    with pytest.raises(Obstructed, match="票尚未收回"):
        recount(hall)  # the ballots on the resolution are at the desk now
    voted(hall, 45)
    recorded(hall)
    recount(hall)
    assert resolution_vote(hall.cycle) is None
    announced_again(hall, SIPING)
    assert waiting() == {"voting.put_resolution"}
    first = Paper.objects.get(kind="resolution")
    assert [paper.superseded for paper in told_superseded([first])] == [
        "票决结果已经复票更正，待重新作出决议"
    ]
    put(hall)
    assert "voting.resolution" not in waiting()
    voted(hall, 45)
    recorded(hall)
    assert Paper.objects.filter(kind="resolution").count() == 2


def test_a_teller_who_leaves_before_its_ballots_are_out_is_replaced(hall):
    with_list(hall)
    put(hall)
    leaving, successor = hall.town.of("teller"), free_deputy(hall)
    replace(hall, "teller", leaving, successor, present_number=45, votes_for=45)
    hall.town.people["teller"] = [successor]
    voted(hall, 45)
    recorded(hall)


def test_the_years_examination_reads_it_like_any_other(hall):
    put(hall)
    voted(hall, 40)
    recorded(hall)
    found = {check.code: finding.status for check, finding in conformance_of(hall.cycle, T)}
    codes = (
        "resolution",
        "congress",
        "majority",
        "keyed_twice",
        "signed_by_two",
        "opened_by_two",
        "span",
        "declared",
    )
    assert {code: str(found[code]) for code in codes} == dict.fromkeys(codes, "held")


def test_by_show_of_hands_the_figures_are_entered_and_the_paper_says_no_ballot(db):
    made = settled(["文化礼堂", "村道硬化"], seats=1, in_office=50)
    play_ballot(made.town, made.cycle, t=T, present=45, sheet=Sheet(SIPING))
    with pytest.raises(InvalidForm):
        recorded(made, body=BODY, number="")
    recorded(made, body=BODY, number="", **assembly(50, 45, T))
    assert "无记名" not in division_of(Paper.objects.get(kind="resolution"))
    assert open_task("voting.announce")
