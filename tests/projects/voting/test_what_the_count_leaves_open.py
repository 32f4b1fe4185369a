"""A tie across the last place that the presidium decides, and places left to the next session (rules.md §6.2)."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

import projects.supervision.events
import projects.voting.events  # noqa: F401  registers the events
from projects.ballots import rules as count
from projects.ballots.figures import count_rules, counted_figures, export, handed_told, signed_outcome
from projects.ballots.files import outcome_as_json, read_vote
from projects.ballots.selectors import handed, signatures_hold, vote_page
from projects.collection.models import Proposal
from projects.cycles.documents.composing import document_of
from projects.cycles.models import Paper, Session
from projects.cycles.rulebook import Rules
from projects.deliberation.method import method_draft
from projects.demo.play.stage import assembly, meeting, open_tasks
from projects.demo.play.voting import (
    Sheet,
    keyed,
    play_announcement,
    play_ballot,
    play_closing,
    play_voting,
)
from projects.portal.hall import board_of
from projects.portal.public_selectors import results_of
from projects.supervision.flows.year import SupervisionFlow
from projects.supervision.models import Project
from projects.voting.drafts import resolution_text
from projects.voting.rehearsing import counting_rules, sentence_of
from projects.voting.selectors import elected_items, filed_papers, result_of, result_page
from projects.voting.services import business_left
from tests.builders import at, do, open_task
from tests.fallen import entered
from tests.projects.voting.conftest import DAY, T, in_a_subdistrict, page_of, settled
from tests.projects.voting.test_voting import proposed, recount, second_pair
from tests.projects.voting.test_voting_pages import done_page, may_follow
from tests.standing import standing
from workflow.audit.models import Entry
from workflow.flows.acting import acting
from workflow.flows.errors import InvalidForm, NotYourTurn, Obstructed, Refused
from workflow.flows.events import perform
from workflow.inbox.selectors import opened_after
from workflow.machines.services import fire
from workflow.people.isolation import SYSTEM, apply
from workflow.people.sentences import Sentence

LATER = date(2027, 6, 18)
THEN = LATER.isoformat()


def presided(hall, day=T, **more):
    """The presidium's meeting, agreeing."""
    record = meeting(hall.town.people["presidium"], day) | more
    record.pop("return_reason")
    return record


# A tie the presidium decides


@pytest.fixture
def tied(db):
    """乙 and 丙 are level across the second of two places; the presidium is to decide."""
    hall = settled(["甲", "乙", "丙", "丁"], seats=2, in_office=50, tie="presidium")

    def play():
        sheet = Sheet({"甲": 38, "乙": 26, "丙": 26, "丁": 0})
        play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=sheet)
        return hall

    return standing("level across the second of two places", play)


def choose(hall, *titles, actor=None, **more):
    chosen = [hall.item(title).reference for title in titles]
    data = presided(hall, **more) | {"chosen": chosen}
    return do("voting.settle_tie", actor or hall.town.of("clerk"), DAY, **data)


def states(hall):
    return {item.title: item.state for item in hall.cycle.items.all()}


def test_the_presidium_decides_among_those_tied_and_the_congress_confirms_it(tied):
    first = tied.vote
    assert states(tied) == {"甲": "elected", "乙": "on_ballot", "丙": "on_ballot", "丁": "not_elected"}
    assert not open_tasks(tied.cycle, "voting.resolution")
    assert open_task("voting.settle_tie").office == "presidium"
    entry = choose(tied, "丙")
    assert states(tied) == {"甲": "elected", "乙": "not_elected", "丙": "elected", "丁": "not_elected"}
    assert [item.title for item in elected_items(tied.cycle)] == ["甲", "丙"]
    assert tied.vote == first and tied.item("丙").reference in entry.body
    row = next(row for row in result_of(tied.cycle) if row.title == "丙")
    assert row.reason == tied.item("丙").decision_reason
    assert row.reason.endswith("由主席团在票数相等的项目中决定，暂未入选。主席团2027年1月20日决定入选。")
    do(
        "voting.resolution",
        tied.town.of("clerk"),
        DAY,
        body=resolution_text(tied.cycle),
        number="",
        **assembly(50, 45, T),
    )
    assert tied.item("丙").reference in Paper.objects.get(kind="resolution").data["items"]


def test_the_screen_and_the_end_of_the_announcement_leave_to_nobody_what_the_presidium_has_decided(
    tied, client
):
    to_decide, chair = "由主席团会议在票数相等的", tied.town.of("chair")

    def screen():
        return render_to_string("voter/hall/board.html", board_of(tied.vote))

    assert to_decide in screen() and to_decide in done_page("voting.declare", chair, client)
    choose(tied, "丙")
    apply(SYSTEM)
    assert to_decide not in screen() and screen().count("未入选") == 2
    assert to_decide not in done_page("voting.declare", chair, client)


def test_a_signed_outcome_is_told_in_another_language_as_long_as_the_rules_say_the_very_same(tied):
    vote = tied.vote
    signed = vote.outcome
    assert signed_outcome(vote) is signed
    with translation.override("en"):
        told = signed_outcome(vote)
        assert told == signed and {type(text) for text in told["reasons"].values()} == {Sentence}
    vote.outcome = signed | {"reasons": {**signed["reasons"], "甲": "已经入选。"}}
    with translation.override("en"):
        assert signed_outcome(vote)["reasons"]["甲"] == "已经入选。"


def test_the_presidium_names_as_many_of_those_tied_as_places_are_left(tied):
    with pytest.raises(InvalidForm, match="名额余 1 个，选了 2 项"):
        choose(tied, "乙", "丙")
    with pytest.raises(InvalidForm, match="入选项目"):
        choose(tied, "丁")
    with pytest.raises(InvalidForm, match="未超过全体成员的半数"):
        choose(tied, "乙", votes_for=1, votes_against=len(tied.town.people["presidium"]) - 1)
    with pytest.raises(NotYourTurn):
        choose(tied, "乙", actor=tied.town.of("mayor"))
    choose(tied, "乙")
    assert tied.item("乙").state == "elected"


def test_the_report_says_how_the_tie_is_settled_and_stays_as_it_was_signed(tied):
    report = Paper.objects.get(kind="tally_report")
    then = "末位票数相等：由主席团会议在票数相等的“乙”“丙”中决定 1 项入选，提请大会以决议确定。"
    assert then in report.body and report.data["then"] == then
    kept, body = report.data, report.body
    choose(tied, "丙")
    report.refresh_from_db()
    assert (report.data, report.body) == (kept, body) and signatures_hold(tied.vote)
    decision = Paper.objects.get(kind="vote_decision")
    assert decision.published_at and decision.subject == tied.vote.reference
    assert "赞成" in decision.body and decision.body.endswith("末位票数相等，决定丙入选。")
    told = [getattr(part, "text", "") for part in document_of(report).parts]
    assert then in told and decision.body in told
    assert decision in filed_papers(tied.cycle)
    page = vote_page(tied.vote)
    assert [row["word"] for row in page["results"]] == ["入选", "未入选", "入选", "未入选"]
    html = result_shown(tied)
    assert then in html and decision.body in html


def result_shown(hall) -> str:
    context = result_page(hall.cycle) | {"hall": hall.town.unit}
    return render_to_string("steps/voting/result.html", context)


def words_in(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def test_how_a_tie_is_settled_is_told_in_the_words_of_the_hall_on_every_page_of_the_result(tied, client):
    def pages() -> str:
        client.force_login(tied.town.of("clerk"))
        shown = [client.get(f"/votes/{tied.vote.pk}/"), client.get("/t/T01/2027/")]
        apply(SYSTEM)
        return "".join([result_shown(tied), *(page.content.decode() for page in shown)])

    assert pages().count("由主席团会议在票数相等的") == 3 and "由主席团在票数相等的项目中决定" in pages()
    in_a_subdistrict(tied)
    tied.town.unit.refresh_from_db()
    assert pages().count("由人大街道工委会议在票数相等的") == 3 and "由主席团" not in pages()


def test_a_ranked_result_is_told_with_the_points_that_decided_it(db):
    hall = settled(["甲", "乙"], seats=1, in_office=50, ballot_mode="rank")
    sums = {"甲": 30, "乙": 15}
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet(sums, points=sums))
    told = words_in(result_shown(hall))
    assert "项目 赞成 反对 弃权 得分 结果" in told and "30 0 15 30" in told
    (public,) = results_of(hall.cycle)
    assert public.columns == ["赞成", "弃权", "得分"], "nobody was opposed"


def test_what_went_out_and_came_back_is_told_with_what_was_valid(tied):
    told = words_in(result_shown(tied))
    assert "应选 2 项。 发出表决票 45 张，收回 45 张，有效票 45 张，无效票 0 张。" in told.replace(
        "。发", "。 发"
    )
    assert "项目 赞成 反对 弃权 结果" in told, "points only where the paper is ranked"
    assert handed_told(tied.vote) in Paper.objects.get(kind="tally_report").body, "the report says it so"


def test_what_went_out_and_came_back_is_called_alike_where_it_is_told_and_where_counts_are_compared(tied):
    called = [name for name, _number in handed(tied.vote)]
    assert called == list(counted_figures(tied.vote)[""])[:2] == ["发出表决票", "收回表决票"]
    assert {type(name) for name in called} == {Sentence}, "a page says it in its reader's language"
    base = results_of(tied.cycle)[0].base
    assert base == "全体代表 50 人"


def test_a_tie_is_told_with_blanks_about_its_figures_and_its_projects_in_quotation_marks(tied):
    (row,) = [row for row in result_of(tied.cycle) if row.title == "乙"]
    assert "票数达到，但有 2 个项目得票相等，同列第 2 位，名额只余 1 个" in row.reason


def test_the_page_offers_the_presidium_those_tied_and_nobody_else(tied, client):
    page = page_of("voting.settle_tie", tied.town.people["presidium"][1], "presidium", client)
    for words in ("票数相等的项目，选 1 项", "末位票数相等：", "乙", "丙", "提请大会以决议确定"):
        assert words in page
    task = open_task("voting.settle_tie")
    html = client.get(f"/tasks/{task.pk}/").content.decode()
    apply(SYSTEM)
    assert html.count('name="chosen"') == 2 and tied.item("丁").reference not in html
    choose(tied, "丙")
    votes = client.get(f"/votes/{tied.vote.pk}/").content.decode()
    apply(SYSTEM)
    address = reverse("township_year", args=[tied.town.unit.code, tied.cycle.year])
    public = client.get(address).content.decode()
    apply(SYSTEM)
    assert "末位票数相等，决定丙入选。" in votes and "末位票数相等，决定丙入选。" in public


def test_who_had_chosen_among_them_too_late_reads_the_project_and_no_reference(tied):
    chosen, task = tied.item("乙").reference, open_task("voting.settle_tie")
    choose(tied, "丙")
    task.refresh_from_db()
    assert entered(task, tied.town.of("clerk"), "clerk", chosen=[chosen]) == {"入选项目": "乙"}


def test_a_recount_before_or_after_the_presidiums_decision_puts_it_aside(tied):
    second_pair(tied)
    recount(tied)
    assert states(tied)["乙"] == "on_ballot" and not open_tasks(tied.cycle, "voting.settle_tie")
    sheet = Sheet({"甲": 38, "乙": 26, "丙": 26, "丁": 0})
    counted_again(tied, sheet)
    choose(tied, "乙")
    assert Paper.objects.get(kind="vote_decision").subject == tied.vote.reference
    with pytest.raises(Obstructed, match="另外两名计票人"):
        recount(tied)


def counted_again(hall, sheet):
    """A recount by the second pair, to the announcement of its result."""
    play_closing(hall.town, hall.cycle, t=T, returned=45)
    for turn, n in (("first", 3), ("second", 4)):
        do(f"voting.key_{turn}", hall.town.of("counter", n), DAY, **keyed(hall.vote, sheet))
    do("voting.certify_chief", hall.town.of("chief_teller"), DAY, confirmed=True)
    do("voting.certify_teller", hall.town.of("teller"), DAY, confirmed=True)
    do("voting.declare", hall.town.of("chair"), DAY, confirmed=True)


def test_the_count_of_a_tie_is_the_same_whoever_decides_on_it(tied):
    vote = tied.vote
    assert vote.rules["tie"] == "runoff" and vote.rules["tie_by_presidium"]
    assert "tie_by_presidium" not in export(vote)
    again = count.decide(read_vote(export(vote).encode(), pabulib=False))
    told, signed = outcome_as_json(again), vote.outcome
    assert {k: v for k, v in told.items() if k != "reasons"} == {
        k: v for k, v in signed.items() if k != "reasons"
    }


def test_a_rulebook_that_leaves_a_tie_to_the_presidium_says_so_and_is_warned():
    book = Rules().with_values({"tie": "presidium"})
    assert book.warnings() == ["末位票数相等由主席团决定，法律没有规定；入选名单仍须由大会以决议确定。"]
    assert "由主席团会议在票数相等的项目中决定，提请大会以决议确定" in method_draft(book, 12, 10)
    later = Rules().with_values({"shortfall": "next_session"})
    assert later.warnings() == [] and "余下名额留待下次会议" in method_draft(later, 12, 10)
    swing = count.Swing(2, count.End.TIED)
    assert sentence_of(swing, counting_rules(book)) == "多 2 票即与他项票数相等，由主席团决定"
    assert sentence_of(swing, counting_rules(Rules())) == "多 2 票即与他项票数相等，须再次投票"
    assert count_rules(Rules())["tie_by_presidium"] is False


# Places left to the next session


SHORT = {"甲": 40, "乙": 25, "丙": 20}


@pytest.fixture
def short(db):
    """One of two places is left; the session is over and the year under supervision."""
    hall = settled(["甲", "乙", "丙"], seats=2, in_office=50, shortfall="next_session")

    def play():
        for title in "甲乙丙":
            proposed(hall, hall.item(title))
        play_voting(hall.town, hall.cycle, t=T, present=45, sums=SHORT)
        act = hall.town.act("chair", at(DAY, 18))
        with acting(act):
            fire(hall.session, "end", act)
            fire(hall.cycle, "begin_supervision", act)
            SupervisionFlow.begin(hall.cycle)
        return hall

    return standing("one of two places left", play)


def in_later_session(hall):
    """The next session: called, and opened by its preliminary meeting."""
    clerk = hall.town.of("clerk")
    called = presided(hall, date(2027, 6, 1)) | {
        "term": 19, "number": 3, "session_on": THEN, "called_by": "presidium", "agenda": "余下名额另行票决。",
    }  # fmt: skip
    perform("supervision.call_session", hall.cycle, actor=clerk, data=called, at=at("2027-06-01"))
    opened = assembly(50, 45, LATER) | {
        "deputies_in_office": 50, "agenda": "余下名额另行票决。",
        "presidium": [str(user.pk) for user in hall.town.people["presidium"]],
    }  # fmt: skip
    perform("supervision.open_session", hall.cycle, actor=clerk, data=opened, at=at(THEN))
    return Session.objects.get(number=3)


def remainder(hall, decision, **more):
    data = presided(hall, LATER) | {"decision": decision} | more
    return do("voting.remainder", hall.town.of("clerk"), THEN, **data)


def handed_over(hall, day, number):
    project = Project.objects.get(cycle=hall.cycle, number=number)
    data = presided(hall, date.fromisoformat(day)) | {f"leader_{project.pk}": "副镇长"}
    if project.department_id is None:
        data[f"department_{project.pk}"] = str(hall.town.departments[0].pk)
    do("supervision.hand_over", hall.town.of("clerk"), day, **data)
    return project


def test_those_not_elected_wait_for_the_next_session_and_are_told_nothing_yet(short):
    assert states(short) == {"甲": "elected", "乙": "on_ballot", "丙": "on_ballot"}
    words = {row.title: row.line.word for row in result_of(short.cycle)}
    assert words == {"甲": "入选", "乙": "待下次会议另行票决", "丙": "待下次会议另行票决"}
    then = "过半数的项目少于应选数：余下 1 个名额留待下次会议，就未入选的“乙”“丙”另行票决。"
    assert then in Paper.objects.get(kind="tally_report").body
    do(
        "voting.tell_proposers",
        short.town.of("gov_clerk"),
        "2027-01-28",
        words_elected="入选。",
        words_not_elected="未入选。",
    )
    told = dict(Proposal.objects.values_list("title", "state"))
    assert told == {"甲": "answered", "乙": "carried", "丙": "carried"}
    with pytest.raises(Obstructed, match="下次会议尚未举行"):
        remainder(short, "vote")


def test_what_is_elected_later_is_handed_over_with_the_first_where_that_waits_and_is_no_step_of_its_own(
    short,
):
    in_later_session(short)
    remainder(short, "vote")
    play_ballot(short.town, short.cycle, t=LATER, present=45, sheet=Sheet({"乙": 30, "丙": 15}))
    text = resolution_text(short.cycle)
    do("voting.resolution", short.town.of("clerk"), THEN, body=text, number="", **assembly(50, 45, LATER))
    assert may_follow("voting.announce") == {"告知提出人票决结果", "报县级人大常委会备案"}
    play_announcement(short.town, short.cycle, date(2027, 6, 20))
    assert list(Project.objects.order_by("number").values_list("title", flat=True)) == ["甲", "乙"]


def test_where_places_are_left_the_announcement_foretells_that_the_presidium_decides_on_them(db):
    hall = settled(["甲", "乙", "丙"], seats=2, in_office=50, shortfall="next_session")
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet(SHORT))
    text = resolution_text(hall.cycle)
    do("voting.resolution", hall.town.of("clerk"), DAY, body=text, number="", **assembly(50, 45, T))
    left = "决定余下名额是否提请本次会议另行票决"
    assert may_follow("voting.announce") == {"告知提出人票决结果", "报县级人大常委会备案", left}
    announcing = open_task("voting.announce").task
    play_announcement(hall.town, hall.cycle, date(2027, 1, 22))
    announcing.refresh_from_db()
    assert left in [str(one.task.flow_task.task_title) for one in opened_after(announcing)]


def test_the_page_of_the_places_left_says_what_is_left_and_what_it_waits_for(short, client):
    page = page_of("voting.remainder", short.town.people["presidium"][1], "presidium", client)
    for words in (
        "提请本次会议另行票决",
        "不再另行票决，名额空缺",
        "下次会议尚未举行",
        "余下 1 个名额留待下次会议",
    ):
        assert words in page


def test_the_next_session_votes_on_the_places_left_and_the_year_has_one_project_more(short):
    handed_over(short, "2027-01-25", 1)
    session = in_later_session(short)
    assert business_left(session) == [
        f"{short.cycle}余下名额留待本次会议，由主席团提请另行票决或者决定空缺。"
    ]
    first = short.vote
    remainder(short, "vote")
    later = short.vote
    assert (later.follows, later.session, later.seats, later.deputies_present) == (first, session, 1, None)
    assert list(later.options.values_list("title", flat=True)) == ["乙", "丙"]
    assert "另行票决" in later.title and "留待下次会议" in later.follows_because
    assert business_left(session) == [f"{short.cycle}尚有事项须在本次会议办理。"]
    with pytest.raises(Obstructed, match="须有 34 人以上出席"):
        play_ballot(short.town, short.cycle, t=LATER, present=33, sheet=Sheet({"乙": 30, "丙": 3}))


def test_what_the_next_session_elects_is_resolved_announced_and_handed_over(short):
    handed_over(short, "2027-01-25", 1)
    in_later_session(short)
    remainder(short, "vote")
    play_ballot(short.town, short.cycle, t=LATER, present=45, sheet=Sheet({"乙": 30, "丙": 15}))
    assert states(short) == {"甲": "elected", "乙": "elected", "丙": "not_elected"}
    assert open_task("voting.resolution").due_on == LATER
    draft = resolution_text(short.cycle)
    assert "第三次会议" in draft and "一、乙" in draft and "甲" not in draft
    do(
        "voting.resolution",
        short.town.of("clerk"),
        THEN,
        body=resolution_text(short.cycle),
        number="",
        **assembly(50, 45, LATER),
    )
    assert open_task("voting.announce").due_on == date(2027, 6, 25)
    announcing, after = open_task("voting.announce").task, {"告知提出人票决结果", "报县级人大常委会备案"}
    assert may_follow("voting.announce") == after | {"交办入选项目"}
    play_announcement(short.town, short.cycle, date(2027, 6, 20))
    announcing.refresh_from_db()
    begun = {str(one.task.flow_task.task_title) for one in opened_after(announcing)}
    assert begun == after | {"交办入选项目"}
    one, two = Paper.objects.filter(kind="announcement").order_by("pk")
    assert "乙" in two.body and "甲" not in two.body.replace("青溪镇", "") and one.number != two.number
    assert Paper.objects.filter(kind="resolution").latest("pk").data["items"] == [short.item("乙").reference]
    new = handed_over(short, "2027-06-23", 2)
    assert (new.title, new.votes) == ("乙", 30)
    plan = open_task("supervision.plan", subject=new.reference)
    assert plan.due_on == date(2027, 7, 19), "thirty days from the session that elected it"
    assert open_tasks(short.cycle, "supervision.groups")


def test_the_presidium_may_leave_the_places_vacant_after_all_and_the_proposers_are_told(short):
    do(
        "voting.tell_proposers",
        short.town.of("gov_clerk"),
        "2027-01-28",
        words_elected="入选。",
        words_not_elected="未入选。",
    )
    session = in_later_session(short)
    with pytest.raises(InvalidForm, match="决定空缺的，请写明理由"):
        remainder(short, "vacant", reason="")
    remainder(short, "vacant", reason="年度过半，资金已作安排。")
    assert states(short) == {"甲": "elected", "乙": "not_elected", "丙": "not_elected"}
    assert business_left(session) == []
    decision = Paper.objects.get(kind="vote_decision")
    assert decision.body.endswith("余下 1 个名额空缺。理由：年度过半，资金已作安排。")
    assert result_of(short.cycle)[1].reason.endswith("主席团2027年6月18日决定未入选。")
    do(
        "voting.tell_left",
        short.town.of("gov_clerk"),
        THEN,
        words_elected="入选。",
        words_not_elected="未入选。",
    )
    assert set(Proposal.objects.values_list("state", flat=True)) == {"answered"}
    assert states(short)["乙"] == "reserved"


def test_a_year_that_is_being_judged_elects_nothing_more(short):
    in_later_session(short)
    fire(short.cycle, "begin_evaluation", short.town.act("mayor", at(THEN)))
    with pytest.raises(InvalidForm, match="本年度已进入评估"):
        remainder(short, "vote")
    remainder(short, "vacant", reason="年度过半，资金已作安排。")
    assert states(short)["乙"] == "not_elected"


def test_a_later_vote_can_be_counted_again_until_its_own_announcement(short):
    in_later_session(short)
    remainder(short, "vote")
    second_pair(short)
    data = {"reason": "代表要求复核票数。"}
    chief = short.town.of("chief_teller")
    with pytest.raises(
        Obstructed, match="票尚未收回"
    ):  # the earlier session's ballots are no matter of this one
        perform("voting.recount", short.cycle, actor=chief, data=data, at=at(THEN), reauthenticated=True)
    play_ballot(short.town, short.cycle, t=LATER, present=45, sheet=Sheet({"乙": 30, "丙": 15}))
    perform("voting.recount", short.cycle, actor=chief, data=data, at=at(THEN, 15), reauthenticated=True)
    assert open_task("voting.recount_confirm")
    do(
        "voting.resolution",
        short.town.of("clerk"),
        THEN,
        body=resolution_text(short.cycle),
        number="",
        **assembly(50, 45, LATER),
    )
    play_announcement(short.town, short.cycle, date(2027, 6, 20))
    assert not open_tasks(short.cycle, "voting.recount_confirm")
    with pytest.raises(Refused, match="结果已经公告"):
        perform(
            "voting.recount", short.cycle, actor=chief, data=data, at=at("2027-06-21"), reauthenticated=True
        )
    assert Entry.objects.filter(action="flow.cancel").exists()
