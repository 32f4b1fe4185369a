"""Step 4: from the attendance to the announcement, with every way it may go wrong."""

from __future__ import annotations

import io
import json
import re
from datetime import date

import docx
import pytest
from django.template.loader import render_to_string
from django.utils.timezone import localtime

import projects.voting.events  # noqa: F401  registers the events
from projects.ballots import services as ballots
from projects.ballots.boxes import digest_of_roll
from projects.ballots.models import Keying, Vote
from projects.ballots.reporting import short_code
from projects.ballots.selectors import compared_with_first
from projects.ballots.services import record_arrivals
from projects.cycles.divisions import division_of
from projects.cycles.documents.composing import document_of
from projects.cycles.documents.word import word_of
from projects.cycles.models import Cycle, Paper, RollLine, Session
from projects.cycles.papers import make_paper
from projects.cycles.selectors import chair_of
from projects.deliberation.models import Opinion
from projects.demo.play.stage import assembly, meeting, open_tasks
from projects.demo.play.voting import (
    Sheet,
    keyed,
    play_after_vote,
    play_announcement,
    play_ballot,
    play_voting,
)
from projects.portal.beside import papers_beside
from projects.portal.public_selectors import published_paper, published_papers
from projects.portal.staff_selectors import papers_by_step, vote_papers
from projects.selection.models import Item
from projects.supervision.selectors import votes_by_item
from projects.supervision.services import found_projects
from projects.supervision.sessions import obstacles_to_closing
from projects.voting.desk import DESK
from projects.voting.drafts import (
    announcement_text,
    filing_text,
    left_out,
    named_besides,
    resolution_text,
)
from projects.voting.flows import RecountFlow, VoidFlow, VotingFlow
from projects.voting.selectors import (
    declared_of,
    elected_items,
    result_of,
    vote_of,
)
from projects.voting.services import announce, business_left
from projects.voting.superseding import filing_page
from tests.builders import at, do, open_task
from tests.projects.voting.conftest import DAY, T, page_of, settled
from tests.standing import stands
from workflow.audit.models import Entry
from workflow.flows.acting import acting
from workflow.flows.errors import InvalidForm, NotInPerson, NotYourTurn, Obstructed, Refused, Taken
from workflow.flows.events import events_on, perform
from workflow.flows.models import Deadline, Meeting
from workflow.flows.processes import begun_anew
from workflow.flows.services import complete, send_back
from workflow.flows.taking_back import take_back
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import User
from workflow.roles.models import RoleGrant
from workflow.roles.services import grant, revoke
from workflow.roles.standing_in import name_stand_in

LANTING = {
    "文化惠民": 61,
    "整洁兰亭": 61,
    "两江整治": 60,
    "康庄道路": 58,
    "安全饮水": 57,
    "居家养老": 55,
    "农贸市场": 52,
    "污水管网": 50,
    "公交站亭": 47,
    "卫生院扩建": 44,
    "派出所新建": 40,
    "停车场": 33,
}


def attend(hall, present, on_leave=0, day=DAY, **marks):
    return do("voting.attendance", hall.town.of("clerk"), day, present=present, on_leave=on_leave, **marks)


def open_(hall, issued):
    do("voting.open", hall.town.of("chair"), DAY, issued=issued)
    return do("voting.open_confirm", hall.town.of("chief_teller"), DAY, confirmed=True)


def close(hall, returned):
    step = "voting.count_again" if hall.vote.is_recount else "voting.close"
    do(step, hall.town.of("chief_teller"), DAY, returned=returned)
    return do(f"{step}_confirm", hall.town.of("teller"), DAY, confirmed=True)


@stands
def collected(hall, present=45, returned=45):
    attend(hall, present)
    open_(hall, present)
    close(hall, returned)


def key(hall, turn, counter, sums, **more):
    name = "voting.key_first" if turn == 1 else "voting.key_second"
    data = keyed(hall.vote, Sheet(sums, **more))
    return do(name, hall.town.of("counter", counter), DAY, **data)


def counted(hall, sums, *, pair=(1, 2)):
    key(hall, 1, pair[0], sums)
    return key(hall, 2, pair[1], sums)


def second_pair(hall, pair=(3, 4)):
    """Two more counters, so that others than those before can count again."""
    act = hall.town.act("chair", at("2027-01-19"))
    for n in pair:
        user = User.objects.create(username=f"counter-{n}", name=f"计票人{n}")
        grant(user=user, office="counter", unit=hall.town.unit, act=act, since=date(2027, 1, 1))
        hall.town.people["counter"].append(user)


def ask_recount(hall):
    if len(hall.town.people["counter"]) == 2:
        second_pair(hall)
    perform(
        "voting.recount", hall.cycle, actor=hall.town.of("chief_teller"), at=at(DAY), reauthenticated=True,
        data={"reason": "代表要求复核票数。"},
    )  # fmt: skip


def recount(hall):
    ask_recount(hall)
    return do("voting.recount_confirm", hall.town.of("teller"), DAY, decision="agree")


def announced_again(hall, sums, pair=(3, 4)):
    """The recount to its end: returned, keyed by another pair, signed, declared."""
    close(hall, 45)
    counted(hall, sums, pair=pair)
    do("voting.certify_chief", hall.town.of("chief_teller"), DAY, confirmed=True)
    do("voting.certify_teller", hall.town.of("teller"), DAY, confirmed=True)
    do("voting.declare", hall.town.of("chair"), DAY, confirmed=True)


SIPING = {"文化礼堂": 42, "村道硬化": 3}


def test_siping_45_issued_45_returned_42_for_elects_its_project(hall):
    play_voting(hall.town, hall.cycle, t=T, present=45, on_leave=3, sums=SIPING)
    assert hall.vote.state == "declared"
    won, lost = hall.item("文化礼堂"), hall.item("村道硬化")
    assert (won.state, lost.state) == ("elected", "not_elected")
    assert won.decision_reason == (
        "需 26 票（全体代表 50 人的过半数），得 42 票，通过；按得票列第 1 位，在应选 1 项之内，入选。"
    )
    first, second = result_of(hall.cycle)
    assert (first.title, first.line.in_favour, first.line.abstain, first.line.of, first.line.needed) == (
        "文化礼堂",
        42,
        3,
        50,
        26,
    )
    assert not second.elected and "得 3 票，未通过" in second.reason


def test_lanting_twelve_candidates_ten_seats_61_61_60():
    hall = settled(list(LANTING), seats=10, in_office=68)
    play_voting(hall.town, hall.cycle, t=T, present=65, on_leave=3, sums=LANTING)
    assert [row.title for row in result_of(hall.cycle)][:3] == ["文化惠民", "整洁兰亭", "两江整治"]
    assert len(elected_items(hall.cycle)) == 10
    out = {item.title for item in Item.objects.filter(state="not_elected")}
    assert out == {"派出所新建", "停车场"}
    assert Paper.objects.get(kind="resolution").body.count("、文化惠民") == 1


def test_every_act_of_the_vote_is_in_the_trail_and_no_sum_before_the_signatures(hall):
    collected(hall)
    counted(hall, SIPING)
    do("voting.certify_chief", hall.town.of("chief_teller"), DAY, confirmed=True)
    before = list(Entry.objects.order_by("id").values_list("action", "body"))
    assert [action for action, _body in before][-10:] == [
        "voting.open",
        "vote.open",
        "voting.open_confirm",
        "voting.close",
        "vote.close",
        "voting.close_confirm",
        "voting.key_first",
        "vote.accept_tally",
        "voting.key_second",
        "voting.certify_chief",
    ]
    assert not any('"for"' in body or re.search(r'":42[,}]', body) for _action, body in before)
    # A digest of a file with few unknowns is as good as the file.
    assert '"digest"' not in before[-1][1]
    entry = do("voting.certify_teller", hall.town.of("teller"), DAY, confirmed=True)
    assert '"digest"' in entry.body and '"for":' not in entry.body
    assert '"for":42' in do("voting.declare", hall.town.of("chair"), DAY, confirmed=True).body


def test_below_the_quorum_the_vote_cannot_open(hall):
    attend(hall, 33)
    with pytest.raises(
        Obstructed, match="《地方组织法》第十四条：应到 50 人，须有 34 人以上出席，实到 33 人"
    ):
        open_(hall, 33)
    assert hall.vote.state == "defined"


def test_who_comes_late_is_counted_when_the_chair_sends_it_back(hall):
    attend(hall, 33)
    task = open_task("voting.open")
    send_back(
        task.task_id,
        actor=hall.town.of("chair"),
        to="attendance",
        reason="又有一名代表到会，请重新清点。",
        at=at(DAY),
    )
    attend(hall, 34)
    open_(hall, 34)
    assert hall.vote.deputies_present == 34


def test_more_ballots_than_present_are_refused(hall):
    attend(hall, 45)
    with pytest.raises(InvalidForm, match="发出表决票 46 张，多于实到 45 人"):
        open_(hall, 46)


def test_more_people_than_in_office_are_refused(hall):
    with pytest.raises(InvalidForm, match="多于应到 50 人"):
        attend(hall, 48, 3)


def test_the_roll_is_marked_when_the_absent_are_named(hall):
    lines = [
        RollLine.objects.create(unit=hall.town.unit, session=hall.session, name=f"代表{n}") for n in range(50)
    ]
    with pytest.raises(InvalidForm, match="勾选请假 2 人，按人数应为 1 人"):
        attend(hall, 48, 1, leave=[str(lines[0].pk), str(lines[1].pk)])
    attend(hall, 48, 1, leave=[str(lines[0].pk)], absent=[str(lines[1].pk)])
    assert RollLine.objects.filter(presence="present").count() == 48
    assert RollLine.objects.get(presence="leave") == lines[0]


@pytest.fixture
def on_roll(hall):
    """The hall with its fifty deputies on the session's roll."""
    RollLine.objects.bulk_create(
        RollLine(unit=hall.town.unit, session=hall.session, name=f"代表{n}") for n in range(50)
    )
    return list(RollLine.objects.order_by("pk"))


def named(lines):
    return [str(line.pk) for line in lines]


def test_a_vote_on_paper_freezes_its_roll_with_a_hash_too(hall, on_roll):
    with pytest.raises(InvalidForm, match="按人数应为 2 人"):
        attend(hall, 47, 1, leave=named(on_roll[:1]))
    attend(hall, 47, 1, leave=named(on_roll[:1]), absent=named(on_roll[1:3]))
    open_(hall, 47)
    vote = hall.vote
    assert vote.roll.filter(channel="paper").count() == 47 and vote.roll.filter(channel="none").count() == 3
    assert vote.roll_digest == digest_of_roll(vote.roll.select_related("line"))
    assert vote.roll_digest in Entry.objects.get(action="vote.open").body


def test_a_deputy_who_comes_late_is_counted_with_the_time_until_the_vote_opens(hall, on_roll):
    clerk, late = hall.town.of("clerk"), on_roll[0]
    attend(hall, 47, 1, leave=named(on_roll[:1]), absent=named(on_roll[1:3]))
    do("voting.open", hall.town.of("chair"), DAY, issued=47)
    data = {"lines": [str(late.pk)], "arrived_at": "8:40"}
    perform("voting.arrive", hall.cycle, actor=clerk, data=data, at=at(DAY))
    late.refresh_from_db()
    assert (late.presence, localtime(late.arrived_at).strftime("%H:%M")) == ("late", "08:40")
    assert (hall.vote.deputies_present, hall.vote.on_leave, hall.vote.awaiting) == (48, 0, {})
    open_(hall, 48)
    assert hall.vote.roll.get(line=late).channel == "paper"
    with pytest.raises(Obstructed, match="投票开始以前才登记迟到"):
        data = {"lines": [str(on_roll[1].pk)], "arrived_at": "9:00"}
        perform("voting.arrive", hall.cycle, actor=clerk, data=data, at=at(DAY))


def test_deputies_who_come_late_together_are_registered_at_once_all_of_them_or_none(hall, on_roll):
    clerk, (first, second, third) = hall.town.of("clerk"), on_roll[:3]
    attend(hall, 47, 1, leave=named([first]), absent=named([second, third]))

    def come(*lines, **more):
        data = {"lines": named(lines), "arrived_at": "8:40"} | more
        return perform("voting.arrive", hall.cycle, actor=clerk, data=data, at=at(DAY))

    with pytest.raises(InvalidForm, match="迟到的代表"):
        come()
    come(first, second)
    assert (hall.vote.deputies_present, hall.vote.on_leave) == (49, 0)
    came = RollLine.objects.filter(pk__in=[first.pk, second.pk]).values_list("presence", "arrived_at")
    assert {(how, localtime(when).strftime("%H:%M")) for how, when in came} == {("late", "08:40")}
    act = hall.town.act("clerk", at(DAY))
    with pytest.raises(Refused, match=f"^{first.name}已在到会名册上。$"):
        record_arrivals(act, hall.vote, lines=[first.pk, third.pk], arrived_at=at(DAY))
    third.refresh_from_db()
    assert (third.presence, hall.vote.deputies_present) == ("absent", 49)
    come(third)
    assert hall.vote.deputies_present == 50


def test_who_is_marked_late_in_another_tab_is_no_number_to_whoever_marks_them_again(hall, on_roll):
    late = on_roll[0]
    attend(hall, 47, 1, leave=named(on_roll[:1]), absent=named(on_roll[1:3]))
    data = {"lines": [str(late.pk)], "arrived_at": "8:40"}
    clerk = hall.town.of("clerk")
    perform("voting.arrive", hall.cycle, actor=clerk, data=data, at=at(DAY))
    with pytest.raises(InvalidForm, match="所选的一项已不在可选范围内") as refused:
        perform("voting.arrive", hall.cycle, actor=clerk, data=data, at=at(DAY))
    assert str(late.pk) not in str(refused.value)


def test_without_a_second_teller_the_vote_cannot_open(hall):
    attend(hall, 45)
    for held in RoleGrant.objects.filter(office="teller"):
        revoke(grant=held, act=hall.town.act("chair", at("2027-01-19")), reason="另行确定")
    with pytest.raises(Obstructed, match="总监票人以外还须有监票人"):
        open_(hall, 45)


def test_a_teller_whose_mandate_is_over_is_named_before_the_sweep_has_ended_the_office(hall):
    attend(hall, 45)
    teller = hall.town.of("teller")
    mandate = RoleGrant.objects.filter(user=teller, office="deputy")
    mandate.update(until=date(2027, 1, 19))
    with pytest.raises(Obstructed, match=f"{teller.name}不是在任代表，不能监票"):
        open_(hall, 45)
    mandate.update(until=None)
    open_(hall, 45)
    assert hall.vote.state == "open"


def test_only_the_chair_opens_and_only_the_chief_teller_closes(hall):
    attend(hall, 45)
    with pytest.raises(NotYourTurn):
        do("voting.open", hall.town.of("clerk"), DAY, issued=45)
    open_(hall, 45)
    with pytest.raises(NotYourTurn):
        do("voting.close", hall.town.of("teller"), DAY, returned=45)
    close(hall, 45)


def test_the_vote_opens_when_the_chief_teller_confirms_the_chairs_figures(hall):
    attend(hall, 45, 3)
    do("voting.open", hall.town.of("chair"), DAY, issued=44)
    assert hall.vote.state == "defined"
    told = DESK.at_opening(hall.cycle)["entered"]
    assert told["by"] == hall.town.of("chair")
    assert [number for _label, number in told["figures"]] == [45, 3, 44]
    entry = do("voting.open_confirm", hall.town.of("chief_teller"), DAY, confirmed=True)
    assert (hall.vote.state, hall.vote.issued, hall.vote.awaiting) == ("open", 44, {})
    assert f'"entered_by":"{hall.town.of("chair").username}"' in entry.body and '"issued":44' in entry.body


def test_figures_that_are_wrong_go_back_to_whoever_entered_them(hall):
    attend(hall, 45)
    do("voting.open", hall.town.of("chair"), DAY, issued=44)
    chief = hall.town.of("chief_teller")
    reason = "实发 45 张，请更正。"
    send_back(open_task("voting.open_confirm").task_id, actor=chief, reason=reason, at=at(DAY))
    assert hall.vote.awaiting == {}
    open_(hall, 45)
    do("voting.close", chief, DAY, returned=44)
    teller = hall.town.of("teller")
    send_back(open_task("voting.close_confirm").task_id, actor=teller, reason="少数一张。", at=at(DAY))
    assert (hall.vote.state, hall.vote.awaiting) == ("open", {})
    close(hall, 45)
    assert (hall.vote.state, hall.vote.returned) == ("closed", 45)


def test_nobody_confirms_what_they_entered_themselves(hall):
    attend(hall, 45)
    open_(hall, 45)
    chief = hall.town.of("chief_teller")
    RoleGrant.objects.create(
        user=chief, office="teller", unit=hall.town.unit, tenant=hall.town.unit, since=date(2020, 1, 1)
    )
    do("voting.close", chief, DAY, returned=45)
    with pytest.raises(Refused, match="须由另一人确认"):
        do("voting.close_confirm", chief, DAY, confirmed=True)
    do("voting.close_confirm", hall.town.of("teller"), DAY, confirmed=True)


def test_a_new_count_of_who_is_here_takes_back_what_waits(hall):
    attend(hall, 45)
    do("voting.open", hall.town.of("chair"), DAY, issued=45)
    ballots.record_attendance(hall.town.act("clerk", at(DAY)), hall.vote, present=44, on_leave=0)
    with pytest.raises(Refused, match="没有待确认的内容"):
        do("voting.open_confirm", hall.town.of("chief_teller"), DAY, confirmed=True)


def test_more_returned_than_issued_is_void_and_voted_again(hall):
    attend(hall, 45)
    open_(hall, 45)
    first = hall.vote
    entry = close(hall, 46)
    first.refresh_from_db()
    assert (first.state, first.returned) == ("void", 46)
    assert "收回表决票 46 张，多于发出的 45 张" in first.void_reason
    assert (hall.vote.follows, hall.vote.state) == (first, "defined")
    assert first.reference in entry.body
    assert hall.vote.deputies_present is None
    assert waiting_for() == ["voting.revote"]
    revote(hall)
    assert waiting_for() == ["voting.attendance"]
    attend(hall, 45)
    open_(hall, 45)
    close(hall, 45)
    assert (hall.vote.state, open_task("voting.key_first").office) == ("closed", "counter")


def waiting_for():
    return [d.key for d in Deadline.objects.filter(done_at=None, cancelled=False)]


def revote(hall, **record):
    data = meeting(hall.town.people["presidium"], T, minutes="收回的票多于发出的，决定重新投票。") | record
    return do("voting.revote", hall.town.of("presidium"), DAY, **data)


def void_by_one_too_many(hall):
    attend(hall, 45)
    open_(hall, 45)
    close(hall, 46)


def test_nobody_is_counted_for_a_vote_held_again_before_the_presidium_has_decided_on_it(hall, client):
    void_by_one_too_many(hall)
    act = hall.town.act("clerk", at(DAY))
    with pytest.raises(Refused, match="须由主席团决定重新投票以后才清点到会人数"):
        DESK.attend(act, hall.cycle, present=45, on_leave=0)
    page = page_of("voting.revote", hall.town.of("presidium"), "presidium", client)
    assert "收回表决票 46 张，多于发出的 45 张" in page
    entry = revote(hall)
    void, again = Vote.objects.order_by("pk")
    met = again.ordered_by
    assert (met.body, met.agreed, met.present) == ("presidium", True, len(hall.town.people["presidium"]))
    assert met.minutes == Paper.objects.get(kind="minutes", subject=again.reference).body
    told = json.loads(entry.body)["after"]
    assert (told["void"], told["new_vote"], told["agreed"]) == (void.reference, again.reference, True)
    DESK.attend(act, hall.cycle, present=45, on_leave=0)
    assert hall.vote.deputies_present == 45


def test_a_presidium_that_does_not_decide_to_vote_again_keeps_the_matter_with_its_reason(hall):
    void_by_one_too_many(hall)
    members = hall.town.people["presidium"]
    against = meeting(members, T, agree=False, reason="先核对发票登记，再行决定。")
    with pytest.raises(InvalidForm, match="须写明情况"):
        revote(hall, **against | {"return_reason": ""})
    with pytest.raises(InvalidForm, match="三分之二"):
        revote(hall, **meeting(members[:1], T))
    with pytest.raises(NotYourTurn):
        do("voting.revote", hall.town.of("teller"), DAY, **meeting(members, T))
    entry = revote(hall, **against)
    assert (entry.action, json.loads(entry.body)["reason"]) == (
        "voting.revote.return", "先核对发票登记，再行决定。"
    )  # fmt: skip
    assert not Meeting.objects.get(about=hall.cycle.reference, title="主席团决定重新投票").agreed
    assert (waiting_for(), hall.vote.ordered_by) == (["voting.revote"], None)
    revote(hall)
    assert waiting_for() == ["voting.attendance"] and hall.vote.ordered_by.agreed


def begin_anew(hall):
    act = hall.town.act("clerk", at(DAY))
    with acting(act), begun_anew(VotingFlow, hall.cycle, act, reason="更换监票人。"):
        pass


def test_a_flow_begun_anew_still_waits_for_the_presidium(hall):
    void_by_one_too_many(hall)
    begin_anew(hall)
    assert waiting_for() == ["voting.revote"]
    revote(hall)
    begin_anew(hall)
    assert waiting_for() == ["voting.attendance"]


def test_two_keyings_that_differ_are_refused_and_named_and_keyed_again(hall):
    collected(hall)
    key(hall, 1, 1, SIPING)
    entry = key(hall, 2, 2, {"文化礼堂": 41, "村道硬化": 3})
    assert "“文化礼堂”的赞成" in entry.body and "“文化礼堂”的弃权" in entry.body
    assert hall.vote.state == "closed" and hall.vote.figures == {}
    page = DESK.at_keying(hall.cycle)
    assert page["differ"] == ["“文化礼堂”的赞成", "“文化礼堂”的弃权"]
    assert "41" not in str(page["differ"])
    assert Keying.objects.count() == 2
    counted(hall, SIPING)
    assert hall.vote.state == "keyed"
    assert sorted(Keying.objects.values_list("round", "turn")) == [(1, 1), (1, 2), (2, 1), (2, 2)]


def test_the_same_person_cannot_key_twice(hall):
    collected(hall)
    key(hall, 1, 1, SIPING)
    with pytest.raises(Refused, match="不同的人"):
        key(hall, 2, 1, SIPING)
    key(hall, 2, 2, SIPING)


def test_the_second_keying_may_come_first_and_its_page_shows_no_figure(hall):
    collected(hall)
    key(hall, 2, 2, SIPING)
    shown = render_to_string("steps/voting/keying.html", DESK.at_keying(hall.cycle) | {"mine": True})
    assert "发出" in shown and "42" not in shown
    assert "rows" not in DESK.at_signing(hall.cycle)
    key(hall, 1, 1, SIPING)
    assert hall.vote.state == "keyed"


def test_figures_that_do_not_balance_are_keyed_again(hall):
    collected(hall)
    option = hall.vote.options.first()
    data = keyed(hall.vote, Sheet(SIPING)) | {f"abstain_{option.pk}": 0}
    for turn, name in ((1, "voting.key_first"), (2, "voting.key_second")):
        do(name, hall.town.of("counter", turn), DAY, **data)
    assert hall.vote.state == "closed"
    problems = DESK.at_keying(hall.cycle)["unbalanced"]
    assert len(problems) == 1 and problems[0].startswith(f"项目“{option.title}”：")
    assert len(open_tasks(hall.cycle, "voting.key_first")) == 1
    assert not open_tasks(hall.cycle, "voting.certify_chief")


def test_ballots_keyed_that_are_not_as_many_as_came_back_are_refused_at_their_field(hall):
    collected(hall)
    counter, data = hall.town.of("counter", 1), keyed(hall.vote, Sheet(SIPING))
    with pytest.raises(InvalidForm) as refused:
        do("voting.key_first", counter, DAY, **(data | {"valid": 44}))
    assert refused.value.form.errors["valid"] == [
        "收回表决票 45 张 ≠ 有效票 44 ＋ 无效票 0 ＝ 44 张。",
        "逐张清点仍与收回的张数不符的，不要改数字，请总监票人提出复票，重新清点收回的票。",
    ]
    assert not hall.vote.keyings.exists()
    do("voting.key_first", counter, DAY, **data)
    assert hall.vote.keyings.count() == 1


def test_one_person_cannot_sign_for_both_offices(hall):
    collected(hall)
    counted(hall, SIPING)
    chief = hall.town.of("chief_teller")
    RoleGrant.objects.create(
        user=chief, office="teller", unit=hall.town.unit, tenant=hall.town.unit, since=date(2020, 1, 1)
    )
    do("voting.certify_chief", chief, DAY, confirmed=True)
    with pytest.raises(Refused, match="须是两个人"):
        do("voting.certify_teller", chief, DAY, confirmed=True)
    do("voting.certify_teller", hall.town.of("teller"), DAY, confirmed=True)
    assert hall.vote.state == "certified"


def test_nothing_is_shown_before_it_is_declared(hall):
    collected(hall)
    counted(hall, SIPING)
    do("voting.certify_chief", hall.town.of("chief_teller"), DAY, confirmed=True)
    do("voting.certify_teller", hall.town.of("teller"), DAY, confirmed=True)
    assert result_of(hall.cycle) == [] and declared_of(hall.cycle) == []
    report = Paper.objects.get(kind="tally_report")
    assert report.published_at is None
    assert report in vote_papers(hall.cycle, "teller")
    for office in ("clerk", "mayor", "county", "auditor", "counter"):
        assert report not in vote_papers(hall.cycle, office)
        assert not any(report in papers for _step, papers in papers_by_step(hall.cycle, office))
    assert report.title not in str(papers_beside(hall.cycle, hall.cycle.reference))
    do("voting.declare", hall.town.of("chair"), DAY, confirmed=True)
    assert len(result_of(hall.cycle)) == 2
    assert report in vote_papers(hall.cycle, "county")
    assert Paper.objects.get(kind="tally_report").published_at


def test_a_tie_across_the_last_place_is_voted_on_again_and_the_most_votes_decide():
    titles = ["甲", "乙", "丙", "丁"]
    hall = settled(titles, seats=2, in_office=50)
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet({"甲": 38, "乙": 26, "丙": 26, "丁": 0}))
    second = hall.vote
    assert (second.purpose, second.seats, second.mode) == ("run_off", 1, "select")
    assert list(second.options.values_list("title", flat=True)) == ["乙", "丙"]
    assert second.rules["majority_base"] == "none"
    states = dict(Item.objects.values_list("title", "state"))
    assert states == {"甲": "elected", "乙": "on_ballot", "丙": "on_ballot", "丁": "not_elected"}
    attend(hall, 33)
    with pytest.raises(Obstructed, match="须有 34 人以上出席"):
        open_(hall, 33)
    send_back(
        open_task("voting.open").task_id, actor=hall.town.of("chair"), reason="重新清点到会人数。", at=at(DAY)
    )
    play_ballot(hall.town, hall.cycle, t=T, present=44, sheet=Sheet({"乙": 20, "丙": 22}))
    assert [item.title for item in elected_items(hall.cycle)] == ["甲", "丙"]
    assert hall.item("乙").state == "not_elected"
    row = next(row for row in result_of(hall.cycle) if row.title == "丙")
    assert (row.line.in_favour, row.line.of, row.line.needed) == (22, None, 1)
    assert "再次投票" in row.vote_title
    assert open_task("voting.resolution")


def test_a_tie_in_the_run_off_is_voted_on_once_more():
    hall = settled(["甲", "乙"], seats=1, in_office=50, majority_base="valid", ballot_mode="each")
    equal = Sheet({"甲": 30, "乙": 30})
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=equal)
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet({"甲": 20, "乙": 20}))
    assert Vote.objects.count() == 3
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet({"甲": 20, "乙": 21}))
    assert [item.title for item in elected_items(hall.cycle)] == ["乙"]


def test_where_the_rules_ask_for_it_the_run_off_needs_the_majority_again():
    hall = settled(["甲", "乙"], seats=1, in_office=50, runoff_majority=True, ballot_mode="each")
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet({"甲": 30, "乙": 30}))
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet({"甲": 20, "乙": 25}))
    assert elected_items(hall.cycle) == []
    assert open_task("voting.resolution")


def test_fewer_than_seats_leave_a_place_vacant():
    hall = settled(["甲", "乙", "丙"], seats=2, in_office=50)
    play_voting(hall.town, hall.cycle, t=T, present=45, sums={"甲": 40, "乙": 25, "丙": 20})
    assert [item.title for item in elected_items(hall.cycle)] == ["甲"]
    assert Vote.objects.count() == 1


def test_a_second_round_is_held_once_where_the_rules_want_it():
    hall = settled(["甲", "乙", "丙"], seats=2, in_office=50, shortfall="second_round")
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet({"甲": 40, "乙": 25, "丙": 20}))
    assert hall.item("乙").state == "on_ballot"
    assert (hall.vote.seats, hall.vote.options.count()) == (1, 2)
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet({"乙": 25, "丙": 20}))
    assert [item.title for item in elected_items(hall.cycle)] == ["甲"]
    assert open_task("voting.resolution")


@stands
def declared(hall):
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet(SIPING))


def test_a_resolution_without_half_of_all_deputies_is_put_to_them_again(hall):
    declared(hall)
    clerk = hall.town.of("clerk")
    text = {"body": "会议决定，确定文化礼堂为民生实事项目。", "number": ""}
    failed = text | assembly(50, 45, T, votes_for=25)
    with pytest.raises(InvalidForm, match="未超过全体代表的半数"):
        do("voting.resolution", clerk, DAY, **failed)
    entry = do("voting.resolution", clerk, DAY, **failed, return_reason="代表要求补充完成时限。")
    assert entry.action == "voting.resolution.return"
    assert not Paper.objects.filter(kind="resolution").exists()
    do("voting.resolution", clerk, DAY, **text, **assembly(50, 45, T, votes_for=26))
    paper = Paper.objects.get(kind="resolution")
    told = (
        "表决情况：实有代表 50 人，出席 45 人；赞成 26 票，反对 0 票，弃权 19 票。"
        "须有全体代表 50 人的过半数即 26 票以上赞成，通过。"
    )
    assert division_of(paper) == told == document_of(paper).parts[-1].text
    assert Paper.objects.get(kind="resolution").published_at
    hall.session.refresh_from_db()
    assert hall.session.state == "open", "the chair closes it: the elections may still be to come"


def test_a_session_owes_the_resolution_and_what_another_year_does_at_it(hall):
    assert [str(hall.cycle) in reason for reason in business_left(hall.session)] == [True]
    other = Cycle.objects.create(
        unit=hall.town.unit,
        year=2026,
        opens_on=date(2025, 9, 1),
        planned_t=date(2026, 1, 20),
        planned_t2=T,
    )
    from projects.cycles.services import fix_session
    from workflow.machines.services import fire

    act = hall.town.act("chair", at(DAY))
    for arrow in (
        "open",
        "begin_selection",
        "begin_deliberation",
        "begin_vote",
        "begin_supervision",
        "begin_evaluation",
    ):
        fire(other, arrow, act)
    fix_session(act, other, use="evaluation", term=19, number=2, held_on=T)
    play_voting(hall.town, hall.cycle, t=T, present=45, sums=SIPING)
    assert [str(other) in reason for reason in business_left(hall.session)] == [True]
    fire(other, "close", act)
    assert business_left(hall.session) == []


def test_a_resolution_or_announcement_that_leaves_out_what_was_elected_is_refused(hall):
    declared(hall)
    clerk, members = hall.town.of("clerk"), hall.town.people["presidium"]
    silent = "会议决定，村道硬化为民生实事项目。"
    with pytest.raises(InvalidForm, match="正文没有写明入选项目“文化礼堂”"):
        do("voting.resolution", clerk, DAY, body=silent, **assembly(50, 45, T))
    do(
        "voting.resolution",
        clerk,
        DAY,
        body="会议决定，确定文化\n礼堂为民生实事项目。",
        **assembly(50, 45, T),
    )
    with pytest.raises(InvalidForm, match="正文没有写明入选项目“文化礼堂”"):
        do("voting.announce", clerk, DAY, number="1号", body="。", **meeting(members, T))


def test_a_title_that_stands_inside_a_longer_one_is_not_named_by_it(db):
    hall = settled(["桥头村道路硬化", "桥头村道路硬化及路灯"], seats=1, in_office=50)
    play_voting(
        hall.town,
        hall.cycle,
        t=T,
        present=45,
        on_leave=3,
        sums={"桥头村道路硬化": 42, "桥头村道路硬化及路灯": 3},
    )
    inner, outer = "桥头村道路硬化", "桥头村道路硬化及路灯"
    for text, missing, besides in (
        (f"确定{outer}。", [inner], [outer]),
        (f"确定{inner}。", [], []),
        (f"确定{inner}，{outer}未入选。", [], [outer]),
    ):
        assert (left_out(hall.cycle, text), named_besides(hall.cycle, text)) == (missing, besides), text


def test_whoever_confirms_a_text_that_names_what_was_not_elected_is_told_so(hall, client, monkeypatch):
    declared(hall)
    monkeypatch.setattr("django.utils.timezone.now", lambda: at(DAY))
    client.force_login(hall.town.of("clerk"))
    number = open_task("voting.resolution").pk
    typed = {name: str(value) for name, value in assembly(50, 45, T).items() if name != "held_on"}
    typed |= {"held_on_year": T.year, "held_on_month": T.month, "held_on_day": T.day, "op": "submit"}
    warned = "正文提到未入选的“村道硬化”"
    for body, told in (("确定文化礼堂。", False), ("确定文化礼堂、村道硬化。", True)):
        page = client.post(f"/tasks/{number}/", typed | {"body": body}).content.decode()
        apply(SYSTEM)
        assert "请核对后确认" in page and (warned in page) is told


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, ""),
        ({"present": 44}, "填写的实到 44 人，与票决时实到 45 人不同"),
        ({"body": "应到代表 50 人，实到代表45人，确定文化礼堂。"}, ""),
        (
            {"body": "应到代表 50 人，实到 46 人，确定文化礼堂。"},
            "正文写实到 46 人，票决时实到 45 人，请核对。",
        ),
        (
            {"body": "应到代表 49 人，实到 45 人，确定文化礼堂。"},
            "正文写应到 49 人，票决时应到 50 人，请核对。",
        ),
    ],
)
def test_whoever_confirms_a_resolution_whose_attendance_is_not_that_of_the_vote_is_told_so(
    hall, client, monkeypatch, typed, said
):
    declared(hall)
    monkeypatch.setattr("django.utils.timezone.now", lambda: at(DAY))
    client.force_login(hall.town.of("clerk"))
    data = {"body": "确定文化礼堂。"} | assembly(50, typed.get("present", 45), T) | typed
    data |= {"held_on_year": T.year, "held_on_month": T.month, "held_on_day": T.day, "op": "submit"}
    address = f"/tasks/{open_task('voting.resolution').pk}/"
    assert "票决时实到 45 人。" in client.get(address).content.decode()
    page = client.post(address, data).content.decode()
    apply(SYSTEM)
    assert "请核对后确认" in page and (
        said in page if said else "请核对。" not in page and "不同" not in page
    )


def test_a_text_that_tells_of_more_deputies_than_there_are_is_refused_at_the_text(hall):
    declared(hall)
    clerk = hall.town.of("clerk")
    more = "实到代表 51 人，确定文化礼堂。"
    with pytest.raises(InvalidForm, match="正文写实到 51 人，多于全体代表 50 人。"):
        do("voting.resolution", clerk, DAY, body=more, **assembly(50, 45, T))
    with pytest.raises(InvalidForm, match="出席 51 人，多于全体代表 50 人"):
        do("voting.resolution", clerk, DAY, body="确定文化礼堂。", **assembly(51, 51, T))
    resolved(hall)
    members = meeting(hall.town.people["presidium"], T)
    with pytest.raises(InvalidForm, match="正文写应到 60 人，多于全体代表 50 人。"):
        text = announcement_text(hall.cycle).replace("应到代表 50 人", "应到代表 60 人")
        do("voting.announce", clerk, DAY, number="1号", body=text, **members)
    do("voting.announce", clerk, DAY, number="1号", body=announcement_text(hall.cycle), **members)


def test_what_goes_to_the_county_says_which_report_another_has_taken_the_place_of(hall):
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet(SIPING))
    recount(hall)
    announced_again(hall, SIPING)
    reports = [one for one in filing_page(hall.cycle)["documents"] if "计票结果报告单" in one["name"]]
    assert ["取代" in one["note"] for one in reports] == [True, False]


def test_whoever_confirms_a_resolution_that_failed_is_told_so_and_where_it_goes(hall, client, monkeypatch):
    declared(hall)
    monkeypatch.setattr("django.utils.timezone.now", lambda: at(DAY))
    client.force_login(hall.town.of("clerk"))
    typed = assembly(50, 45, T, votes_for=25) | {
        "body": resolution_text(hall.cycle),
        "return_reason": "再次审议。",
    }
    typed |= {"held_on_year": T.year, "held_on_month": T.month, "held_on_day": T.day, "op": "submit"}
    page = client.post(f"/tasks/{open_task('voting.resolution').pk}/", typed).content.decode()
    apply(SYSTEM)
    assert "赞成 25 票，没有超过全体代表 50 人的半数，决议未通过" in page
    after = page.partition("确认以后")[2]
    assert "大会通过决议" in after and "发布公告" not in after


@pytest.mark.parametrize(
    ("code", "name", "terms", "government"),
    [
        ("T01", "青溪镇", {}, "镇人民政府"),
        ("T07", "三水瑶族乡", {}, "乡人民政府"),
        ("T01", "青溪镇", {"government": "镇政府"}, "镇政府"),
    ],
)
def test_a_resolution_speaks_to_the_units_own_government(code, name, terms, government):
    hall = settled(["文化礼堂", "村道硬化"], seats=1, in_office=50, code=code, name=name, terms=terms)
    declared(hall)
    told = resolution_text(hall.cycle)
    assert f"听取和审议了{government}关于" in told and f"会议要求，{government}精心组织实施" in told
    drafts = [told, announcement_text(hall.cycle), filing_text(hall.cycle)]
    assert not [draft for draft in drafts if "乡镇" in draft]


def test_nobody_met_on_the_result_before_the_session_it_came_of(hall):
    declared(hall)
    early = date(2027, 1, 19)
    with pytest.raises(InvalidForm, match="会议日期不能早于所议事项发生之日（2027年1月20日）"):
        do("voting.resolution", hall.town.of("clerk"), DAY, body="文化礼堂", **assembly(50, 45, early))
    resolved(hall)
    record = {"number": "1号", "body": announcement_text(hall.cycle)}
    with pytest.raises(InvalidForm, match="会议日期不能早于所议事项发生之日"):
        data = record | meeting(hall.town.people["presidium"], early)
        do("voting.announce", hall.town.of("clerk"), DAY, **data)


def test_the_announcement_is_numbered_and_signed_by_the_sessions_presidium(hall):
    declared(hall)
    do(
        "voting.resolution",
        hall.town.of("clerk"),
        DAY,
        body=resolution_text(hall.cycle),
        **assembly(50, 45, T),
    )
    task = open_task("voting.announce")
    assert task.due_on == date(2027, 1, 27)
    members = hall.town.people["presidium"]
    record = {"number": "公告〔十九届〕第1号", "body": announcement_text(hall.cycle)} | meeting(members, T)
    with pytest.raises(InvalidForm, match="半数"):
        do("voting.announce", hall.town.of("clerk"), DAY, **record | meeting(members, T, agree=False))
    do("voting.announce", hall.town.of("clerk"), DAY, **record)
    paper = Paper.objects.get(kind="announcement")
    assert paper.data["signature"] == "青溪镇第十九届人民代表大会第二次会议主席团"
    assert paper.published_at and paper.number == "公告〔十九届〕第1号"


def test_the_announcement_says_when_how_many_came_and_what_was_decided(hall):
    declared(hall)
    assert announcement_text(hall.cycle) == (
        "青溪镇第十九届人民代表大会第二次会议于2027年1月20日举行，应到代表 50 人，实到 45 人。"
        "会议以无记名投票方式，对 2 个2027年度民生实事候选项目进行了票决，"
        "确定下列 1 个项目为2027年度民生实事项目：\n一、文化礼堂\n现予公告。"
    )


def test_the_announcement_of_a_vote_that_elected_nothing_has_no_empty_list(hall):
    Session.objects.filter(pk=hall.session.pk).update(days=2)
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet(dict.fromkeys(SIPING, 10)))
    assert announcement_text(hall.cycle) == (
        "青溪镇第十九届人民代表大会第二次会议于2027年1月20日至1月21日举行，应到代表 50 人，实到 45 人。"
        "会议以无记名投票方式，对 2 个2027年度民生实事候选项目进行了票决，没有项目获得通过。\n现予公告。"
    )


def test_a_number_of_an_announcement_is_given_once_in_a_township(hall):
    play_voting(hall.town, hall.cycle, t=T, present=45, sums=SIPING)
    used = Paper.objects.get(kind="announcement").number
    act = hall.town.act("clerk", at(DAY))
    with pytest.raises(Refused, match=f"{used}已经用过"):
        announce(act, hall.cycle, meeting=Meeting(), number=used, body="现予公告。")
    announce(act, hall.cycle, meeting=Meeting(), number="公告〔十九届〕第2号", body="现予公告。")
    make_paper(act, hall.cycle, "filing", "备案报告", number=used)
    numbers = list(Paper.objects.filter(kind="announcement").order_by("pk").values_list("number", flat=True))
    assert numbers == [used, "公告〔十九届〕第2号"]


def test_what_follows_the_vote_runs_beside_the_year(hall):
    Opinion.objects.create(
        unit=hall.town.unit,
        cycle=hall.cycle,
        delegation=hall.town.delegations[0],
        item=hall.items[0],
        words="请明确管护单位。",
        by=hall.town.of("delegation_lead"),
    )
    proposals = [proposed(hall, item) for item in hall.items]
    play_voting(hall.town, hall.cycle, t=T, present=45, sums=SIPING)
    keys = set(Deadline.objects.filter(done_at=None).values_list("key", flat=True))
    assert keys == {"voting.hand_opinions", "voting.tell_proposers", "voting.file_county"}
    assert open_task("voting.hand_opinions").due_on == date(2027, 2, 3)
    assert open_task("voting.file_county").due_on == date(2027, 2, 4)
    play_after_vote(hall.town, hall.cycle, t=T)
    assert not Deadline.objects.filter(done_at=None).exists()
    for proposal in proposals:
        proposal.refresh_from_db()
    assert [(p.state, p.outcome) for p in proposals] == [("answered", "carried"), ("answered", "reserve")]
    assert "储备库" in proposals[1].outcome_words
    assert (hall.item("文化礼堂").state, hall.item("村道硬化").state) == ("elected", "reserved")
    assert Opinion.objects.get().reply
    filed = [document["kind"] for document in Paper.objects.get(kind="filing").data["documents"]]
    assert filed == ["resolution", "announcement", "tally_report"]
    report = Paper.objects.get(kind="filing")
    assert report.body.endswith("随文报送决议、公告、计票结果报告单，请予备案。"), "as its list has it"
    assert report.data["issued_by"] == hall.town.of("chair").name
    assert [row.elected for row in result_of(hall.cycle)] == [True, False]


def test_the_filing_names_the_one_chair_who_lets_it_go_out_no_stand_in_and_nobody_where_several_hold_the_office(
    hall,
):
    town, chair = hall.town, hall.town.of("chair")
    stands_in = (
        User.objects.filter(pk__lt=chair.pk, grants__tenant=town.unit).exclude(grants__office="chair").first()
    )
    held = RoleGrant.objects.get(user=chair, office="chair")
    name_stand_in(
        grant=held,
        person=stands_in,
        since=T,
        until=date(2027, 2, 10),
        reason="外出学习",
        act=town.act("chair", at(DAY)),
    )
    assert chair_of(hall.town.unit, T) == chair.name
    vice = User.objects.create(username="vice-chair", name="副主席")
    for office in ("deputy", "chair"):
        grant(user=vice, office=office, unit=town.unit, act=town.act("chair", at(DAY)), since=T)
    assert chair_of(hall.town.unit, T) == ""
    revoke(grant=held, act=town.act("clerk", at(DAY)), reason="工作调动")
    assert chair_of(hall.town.unit, T) == "副主席"


def test_what_was_not_elected_is_reserved_as_its_proposer_is_told_with_or_without_an_all_year_pool(hall):
    rules = hall.cycle.rules.with_values({"pool_all_year": False})
    Cycle.objects.filter(pk=hall.cycle.pk).update(rules_data=rules.frozen_json())
    proposals = [proposed(hall, item) for item in hall.items]
    play_voting(hall.town, hall.cycle, t=T, present=45, sums=SIPING)
    play_after_vote(hall.town, hall.cycle, t=T)
    proposals[1].refresh_from_db()
    assert proposals[1].outcome == "reserve" and hall.item("村道硬化").state == "reserved"


def test_without_opinions_there_is_nothing_to_hand_over(hall):
    play_voting(hall.town, hall.cycle, t=T, present=45, sums=SIPING)
    assert not open_tasks(hall.cycle, "voting.hand_opinions")
    play_after_vote(hall.town, hall.cycle, t=T)
    assert not Deadline.objects.filter(done_at=None).exists()


def test_the_mayor_sends_unclear_opinions_back_to_the_presidium(hall):
    Opinion.objects.create(
        unit=hall.town.unit,
        cycle=hall.cycle,
        delegation=hall.town.delegations[0],
        words="请抓紧。",
        by=hall.town.of("delegation_lead"),
    )
    play_voting(hall.town, hall.cycle, t=T, present=45, sums=SIPING)
    data = meeting(hall.town.people["presidium"], T)
    do("voting.hand_opinions", hall.town.of("clerk"), DAY, body="请研究处理。", **data)
    task = open_task("voting.opinions_reply")
    assert task.due_on == date(2027, 4, 20)
    opinion, mayor = Opinion.objects.get(), hall.town.of("mayor")
    do("voting.opinions_reply", mayor, DAY, body="逐项研究处理。", **{f"reply_{opinion.pk}": "已列入安排。"})
    take_back(task.pk, actor=mayor, reason="漏写一项", at=at(DAY, 15))
    opinion.refresh_from_db()
    assert opinion.reply == "" and not Paper.objects.filter(kind="opinions_reply").exists()
    send_back(task.task_id, actor=hall.town.of("mayor"), reason="意见所指项目不明确。", at=at(DAY))
    assert open_task("voting.hand_opinions").office == "presidium"


def proposed(hall, item):
    from projects.collection.models import Proposal
    from projects.selection.models import Source
    from workflow.machines.services import fire

    proposal = Proposal.objects.create(
        unit=hall.town.unit,
        cycle=hall.cycle,
        code=f"AAA-{item.pk}",
        title=item.title,
        content="请办理。",
        received_at=at("2026-09-10"),
    )
    for arrow in ("accept", "merge", "carry"):
        fire(proposal, arrow, hall.town.act("gov_clerk", at("2026-11-10")))
    Source.objects.create(unit=hall.town.unit, item=item, proposal=proposal)
    return proposal


def ask_for_new_vote(hall, actor, data, office="presidium"):
    return perform(
        "voting.void", hall.cycle, actor=actor, office=office, data=data, at=at(DAY), reauthenticated=True
    )


def minutes(hall, reason):
    data = {"reason": reason} | meeting(hall.town.people["presidium"], T)
    data.pop("return_reason")
    return data


def test_a_new_vote_the_chair_does_not_confirm_is_not_ordered(hall, client):
    collected(hall)
    before = hall.vote
    ask_for_new_vote(hall, hall.town.of("clerk"), minutes(hall, "投票箱封条破损。"), "clerk")
    page = page_of("voting.void_confirm", hall.town.of("chair"), "chair", client)
    assert "投票箱封条破损。" in page and "主席团会议日期" in page and "会议纪要" in page

    do("voting.void_confirm", hall.town.of("chair"), DAY, decision="decline", reason="主席团没有这样决定。")

    assert hall.vote == before and hall.vote.state == "closed" and hall.vote.awaiting == {}
    assert not Meeting.objects.filter(title="决定重新投票").exists()


def test_who_enters_the_minutes_does_not_confirm_them(hall):
    collected(hall)
    chair = hall.town.of("chair")
    ask_for_new_vote(hall, chair, minutes(hall, "投票箱封条破损。"))

    with pytest.raises(Refused, match="须由另一人确认"):
        do("voting.void_confirm", chair, DAY, decision="agree")


def test_the_presidium_orders_a_new_vote_with_a_reason(hall):
    collected(hall)
    key(hall, 1, 1, SIPING)
    first = hall.vote
    members = hall.town.people["presidium"]
    data = {"reason": "投票箱封条破损，结果不能认定。"} | meeting(members, T)
    data.pop("return_reason")
    with pytest.raises(InvalidForm, match="三分之二"):
        alone = data | {"attended": data["attended"][:1], "votes_for": 1}
        ask_for_new_vote(hall, members[1], alone)
    with pytest.raises(NotInPerson):
        perform("voting.void", hall.cycle, actor=members[1], office="presidium", data=data, at=at(DAY))
    ask_for_new_vote(hall, members[1], data)
    first.refresh_from_db()
    assert first.state == "closed"
    with pytest.raises(Obstructed, match="正在等待主持人确认"):
        ask_for_new_vote(hall, members[1], data)
    do("voting.void_confirm", hall.town.of("chair"), DAY, decision="agree")
    first.refresh_from_db()
    met = Meeting.objects.get(title="决定重新投票")
    assert (met.recorded_by, met.present, met.minutes) == (members[1], len(data["attended"]), data["minutes"])
    assert (first.state, first.void_reason) == ("void", "投票箱封条破损，结果不能认定。")
    assert (hall.vote.follows, hall.vote.ordered_by) == (first, met)
    assert waiting_for() == ["voting.attendance"]
    play_voting(hall.town, hall.cycle, t=T, present=45, sums=SIPING)
    assert hall.item("文化礼堂").state == "elected"


def test_what_cannot_be_asked_for_any_more_is_refused_under_the_lock_too(hall):
    """Both have signed between the page and the act: what was possible then is not asked for now."""
    collected(hall)
    act, asked = hall.town.act("clerk", at(DAY)), minutes(hall, "投票箱封条破损。") | {"held_on": T}
    order, again = DESK.asking("void", VoidFlow), DESK.asking("recount", RecountFlow)
    with acting(act):
        order(act, hall.cycle, **asked)
        with pytest.raises(Refused, match="正在等待主持人确认"):
            order(act, hall.cycle, **asked)
    do("voting.void_confirm", hall.town.of("chair"), DAY, decision="decline", reason="主席团没有这样决定。")
    counted(hall, SIPING)
    do("voting.certify_chief", hall.town.of("chief_teller"), DAY, confirmed=True)
    do("voting.certify_teller", hall.town.of("teller"), DAY, confirmed=True)
    second_pair(hall)
    with acting(act):
        with pytest.raises(Refused, match="没有正在进行、尚未签字的投票"):
            order(act, hall.cycle, **asked)
        again(act, hall.cycle, reason="代表要求复核票数。")
        with pytest.raises(Refused, match="正在等待监票人确认"):
            again(act, hall.cycle, reason="代表要求复核票数。")
    assert list(hall.vote.awaiting) == ["recount"]


def test_a_presidium_that_met_before_the_session_cannot_have_ordered_a_new_vote_at_it(hall):
    collected(hall)
    clerk, early = hall.town.of("clerk"), {"held_on": "2027-01-19"}
    with pytest.raises(InvalidForm, match="会议日期不能早于所议事项发生之日"):
        ask_for_new_vote(hall, clerk, minutes(hall, "投票箱封条破损。") | early, "clerk")
    assert hall.vote.awaiting == {}
    ask_for_new_vote(hall, clerk, minutes(hall, "投票箱封条破损。"), "clerk")
    assert list(hall.vote.awaiting) == ["void"]


def test_a_presidium_that_met_before_the_session_cannot_have_decided_on_a_void_vote_of_it(hall):
    void_by_one_too_many(hall)
    with pytest.raises(InvalidForm, match="会议日期不能早于所议事项发生之日"):
        revote(hall, held_on="2027-01-19")
    assert waiting_for() == ["voting.revote"]
    revote(hall)
    assert waiting_for() == ["voting.attendance"]


def test_without_a_vote_under_way_there_is_nothing_to_order_anew(hall):
    clerk = RoleGrant.objects.get(office="clerk", unit=hall.town.unit)
    assert "voting.void" not in [event.key for event in events_on(hall.cycle, clerk, at(DAY))]
    attend(hall, 45)
    open_(hall, 45)
    assert "voting.void" in [event.key for event in events_on(hall.cycle, clerk, at(DAY))]


def test_a_recount_is_a_new_signed_record_that_names_the_old_one(hall):
    collected(hall)
    counted(hall, {"文化礼堂": 40, "村道硬化": 5})
    do("voting.certify_chief", hall.town.of("chief_teller"), DAY, confirmed=True)
    do("voting.certify_teller", hall.town.of("teller"), DAY, confirmed=True)
    signed = hall.vote
    chief = hall.town.of("chief_teller")
    recount(hall)
    new = hall.vote
    assert (new.follows, new.follows_because, new.state) == (signed, "代表要求复核票数。", "open")
    close(hall, 45)
    counted(hall, SIPING, pair=(3, 4))
    do("voting.certify_chief", chief, DAY, confirmed=True)
    do("voting.certify_teller", hall.town.of("teller"), DAY, confirmed=True)
    do("voting.declare", hall.town.of("chair"), DAY, confirmed=True)
    signed.refresh_from_db()
    assert signed.state == "certified" and signed.signatures.count() == 2
    assert signed.figures["sums"]["文化礼堂"]["for"] == 40
    assert result_of(hall.cycle)[0].line.in_favour == 42
    told = compared_with_first(hall.vote)
    assert told.first == signed
    assert told.differences == (
        "“文化礼堂”的赞成前次 40，本次 42", "“文化礼堂”的弃权前次 5，本次 3",
        "“村道硬化”的赞成前次 5，本次 3", "“村道硬化”的弃权前次 40，本次 42",
    )  # fmt: skip
    report = Paper.objects.filter(kind="tally_report").latest("pk")
    assert report.data["compared"] == told.sentence and "前次 40，本次 42" in told.sentence


def test_the_report_of_a_recount_says_why_it_was_held_and_which_report_it_follows(hall):
    collected(hall)
    counted(hall, SIPING)
    do("voting.certify_chief", hall.town.of("chief_teller"), DAY, confirmed=True)
    do("voting.certify_teller", hall.town.of("teller"), DAY, confirmed=True)
    first = Paper.objects.get(kind="tally_report")
    recount(hall)
    close(hall, 45)
    counted(hall, SIPING, pair=(3, 4))
    do("voting.certify_chief", hall.town.of("chief_teller"), DAY, confirmed=True)
    do("voting.certify_teller", hall.town.of("teller"), DAY, confirmed=True)
    again = Paper.objects.filter(kind="tally_report").latest("pk")
    code = short_code(first.data["digest"])
    told = (
        f"复票理由：代表要求复核票数。前次计票见《{first.title}》（数字摘要 {code}，2027年1月20日签字），"
        "前次报告单保留备查，以本报告单为准。"
    )
    assert told in again.body
    assert told in [getattr(part, "text", "") for part in document_of(again).parts]
    assert "复票" not in first.body and first.data["why_held"] == ""
    file = docx.Document(io.BytesIO(word_of(document_of(again))))
    assert told in [paragraph.text for paragraph in file.paragraphs]


def test_the_report_of_a_vote_held_in_place_of_a_void_one_says_why(hall):
    void_by_one_too_many(hall)
    void = hall.vote.follows
    revote(hall)
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet(SIPING))
    (report,) = Paper.objects.filter(kind="tally_report")
    why = void.void_reason.rstrip("。")
    assert f"重新投票理由：{why}。原投票“{void.title}”无效，没有计票结果。" in report.body


def test_the_report_of_a_vote_held_in_place_of_a_void_recount_names_that_and_the_first_report(hall):
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet(SIPING))
    first = Paper.objects.get(kind="tally_report")
    recount(hall)
    close(hall, 46)
    void = hall.vote.follows
    revote(hall)
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet(SIPING))
    report, why = Paper.objects.filter(kind="tally_report").latest("pk"), void.void_reason.rstrip("。")
    assert (
        f"重新投票理由：{why}。复票“{void.title}”无效，没有计票结果。"
        f"前次计票见《{first.title}》（数字摘要 {short_code(first.data['digest'])}，2027年1月20日签字），"
        "前次报告单保留备查，以本报告单为准。"
    ) in report.body
    assert "原投票" not in report.body


def test_a_report_signed_when_only_recounts_told_their_reason_is_printed_with_it_still(hall):
    collected(hall)
    counted(hall, SIPING)
    recount(hall)
    announced_again(hall, SIPING)
    report = Paper.objects.filter(kind="tally_report").latest("pk")
    told = report.data.pop("why_held")
    report.data["recount"] = told
    assert told.startswith("复票理由：")
    assert told in [getattr(part, "text", "") for part in document_of(report).parts]


def test_the_report_of_a_recount_says_that_the_count_before_was_never_signed(hall):
    collected(hall)
    counted(hall, SIPING)
    before = hall.vote
    recount(hall)
    close(hall, 45)
    counted(hall, SIPING, pair=(3, 4))
    do("voting.certify_chief", hall.town.of("chief_teller"), DAY, confirmed=True)
    do("voting.certify_teller", hall.town.of("teller"), DAY, confirmed=True)
    told = f"复票理由：代表要求复核票数。前次计票“{before.title}”没有签字，未形成计票结果报告单。"
    assert told in Paper.objects.get(kind="tally_report").body


def test_the_pair_that_counted_does_not_count_again(hall):
    collected(hall)
    counted(hall, SIPING)
    chief = hall.town.of("chief_teller")
    with pytest.raises(
        Obstructed, match="另外两名计票人录入，人选由主席团确定后，人大办办理“确定复票计票人”。"
    ):
        perform(
            "voting.recount",
            hall.cycle,
            actor=chief,
            data={"reason": "代表要求复核。"},
            at=at(DAY),
            reauthenticated=True,
        )
    recount(hall)
    close(hall, 45)
    with pytest.raises(Refused, match="您已录入过这些票"):
        key(hall, 1, 1, SIPING)
    counted(hall, SIPING, pair=(3, 4))
    assert compared_with_first(hall.vote).differences == ()


def test_a_recount_needs_a_second_persons_consent(hall):
    collected(hall)
    counted(hall, SIPING)
    first = hall.vote
    ask_recount(hall)
    assert hall.vote == first
    teller = hall.town.of("teller")
    do("voting.recount_confirm", teller, DAY, decision="decline", reason="两次录入相符，没有必要。")
    assert hall.vote == first and open_task("voting.certify_chief")
    ask_recount(hall)
    do("voting.recount_confirm", teller, DAY, decision="agree")
    assert hall.vote.follows == first


def waiting(key="voting.recount_confirm"):
    """Whether somebody still has the task in the inbox."""
    return Deadline.objects.filter(key=key, done_at=None, cancelled=False).exists()


def called_off():
    """Why flows were called off, by the trail."""
    bodies = Entry.objects.filter(action="flow.cancel").order_by("pk").values_list("body", flat=True)
    return [json.loads(body)["reason"] for body in bodies]


def test_a_recount_nobody_can_confirm_any_more_leaves_the_inbox_when_the_vote_is_made_void(hall):
    collected(hall)
    ask_recount(hall)
    first, task = hall.vote, open_task("voting.recount_confirm").task_id
    counted(hall, SIPING)
    assert waiting() and "recount" in hall.vote.awaiting, "it may still be agreed to"
    ask_for_new_vote(hall, hall.town.of("clerk"), minutes(hall, "投票箱封条破损，结果不能认定。"), "clerk")
    do("voting.void_confirm", hall.town.of("chair"), DAY, decision="agree")
    first.refresh_from_db()
    assert not waiting() and first.awaiting == {}
    assert called_off()[0] == "投票已经作废，重新投票。"
    with pytest.raises(Taken):
        complete(
            task, actor=hall.town.of("teller"), data={"decision": "agree"}, at=at(DAY), reauthenticated=True
        )


def test_a_session_is_not_closed_while_a_recount_is_asked_for(hall):
    declared(hall)
    ask_recount(hall)
    text = {"body": "会议决定，确定文化礼堂为民生实事项目。", "number": ""}
    do("voting.resolution", hall.town.of("clerk"), DAY, **text, **assembly(50, 45, T, votes_for=45))
    (owed,) = obstacles_to_closing(hall.session, at(DAY))
    assert "已提出复票" in owed
    do("voting.recount_confirm", hall.town.of("teller"), DAY, decision="decline", reason="两次录入相符。")
    assert obstacles_to_closing(hall.session, at(DAY)) == []


def test_a_recount_asked_for_leaves_the_inbox_when_the_result_is_announced(hall):
    declared(hall)
    ask_recount(hall)
    text = {"body": "会议决定，确定文化礼堂为民生实事项目。", "number": ""}
    do("voting.resolution", hall.town.of("clerk"), DAY, **text, **assembly(50, 45, T, votes_for=45))
    play_announcement(hall.town, hall.cycle, T)
    assert not waiting() and called_off() == ["结果已经公告，不再复票。"]


def test_a_result_announced_on_the_spot_is_corrected_by_a_new_signed_record(hall):
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet({"文化礼堂": 18, "村道硬化": 27}))
    first = hall.vote
    assert hall.item("村道硬化").state == "elected"
    recount(hall)
    assert result_of(hall.cycle) == [] and hall.item("村道硬化").state == "on_ballot"
    announced_again(hall, SIPING)
    first.refresh_from_db()
    assert (first.state, first.figures["sums"]["村道硬化"]["for"]) == ("declared", 27)
    assert [item.title for item in elected_items(hall.cycle)] == ["文化礼堂"]
    assert [held.vote for held in declared_of(hall.cycle)] == [hall.vote]
    assert (hall.item("村道硬化").state, hall.item("文化礼堂").state) == ("not_elected", "elected")
    assert "文化礼堂" in str(Entry.objects.filter(action="voting.declare").latest("pk").body)


def resolved(hall):
    text = resolution_text(hall.cycle)
    return do("voting.resolution", hall.town.of("clerk"), DAY, body=text, **assembly(50, 45, T))


def test_a_session_is_not_closed_while_the_ballots_are_counted_again_and_the_congress_has_not_resolved(hall):
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet({"文化礼堂": 18, "村道硬化": 27}))
    resolved(hall)
    assert obstacles_to_closing(hall.session, at(DAY)) == []
    recount(hall)
    owed = [f"{hall.cycle}尚有事项须在本次会议办理。"]
    assert obstacles_to_closing(hall.session, at(DAY)) == owed
    announced_again(hall, SIPING)
    assert obstacles_to_closing(hall.session, at(DAY)) == owed, "the resolution on file is on the first count"
    resolved(hall)
    assert obstacles_to_closing(hall.session, at(DAY)) == []


def superseded(papers):
    """Of tally reports and resolutions, in the order they were made, what each is said to be superseded by."""
    told = [paper for paper in papers if paper.kind in ("tally_report", "resolution")]
    return [paper.superseded for paper in sorted(told, key=lambda paper: paper.pk)]


def test_a_report_and_a_resolution_say_that_a_recount_took_their_place(hall, client):
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet({"文化礼堂": 18, "村道硬化": 27}))
    resolved(hall)
    assert superseded(vote_papers(hall.cycle, "clerk")) == ["", ""]
    recount(hall)
    counting = "正在复票，结果以重新宣布的为准"
    assert superseded(vote_papers(hall.cycle, "clerk")) == [counting, counting]
    announced_again(hall, SIPING)
    by_report = "已由复票后的计票结果报告单取代"
    waiting = "票决结果已经复票更正，待重新作出决议"
    assert superseded(published_papers(hall.cycle)) == [by_report, waiting, ""]
    resolved(hall)
    by_resolution = "已由复票后重新通过的决议取代"
    assert superseded(published_papers(hall.cycle)) == [by_report, by_resolution, "", ""]
    old, new = Paper.objects.filter(kind="resolution").order_by("pk")
    assert by_resolution in str(document_of(published_paper(old.pk)).parts)
    client.force_login(hall.town.of("clerk"), backend="django.contrib.auth.backends.ModelBackend")
    for address in ("/papers/{}/", "/papers-on-file/{}/"):
        pages = [client.get(address.format(paper.pk)).content.decode() for paper in (old, new)]
        assert [by_resolution in page for page in pages] == [True, False]


def founded(hall):
    """The year's projects with the votes they carry into supervision."""
    found = found_projects(hall.town.act("chair", at(DAY)), hall.cycle)
    return {project.title: project.votes for project in found}


def test_a_project_carries_the_corrected_figure_and_without_a_recount_the_only_one(hall):
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet({"文化礼堂": 30, "村道硬化": 3}))
    assert votes_by_item(hall.cycle)[hall.items[0].reference] == 30
    recount(hall)
    announced_again(hall, SIPING)
    assert founded(hall) == {"文化礼堂": 42}


def test_a_project_of_a_run_off_carries_the_figure_that_decided():
    hall = settled(["甲", "乙", "丙"], seats=2, in_office=50)
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet({"甲": 38, "乙": 26, "丙": 26}))
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet({"乙": 20, "丙": 22}))
    assert founded(hall) == {"甲": 38, "丙": 22}


def test_once_the_session_is_closed_only_the_congress_decides_otherwise(hall):
    play_voting(hall.town, hall.cycle, t=T, present=45, sums=SIPING)
    second_pair(hall)
    assert DESK.obstacles_to_recount(hall.cycle, at(DAY)) == [
        "会议已经闭会或结果已经公告，不再复票；认为结果有误的，由代表大会依法另行决定。"
    ]


def test_a_counter_who_is_no_counter_is_refused(hall):
    collected(hall)
    task = open_task("voting.key_first")
    with pytest.raises(NotYourTurn):
        complete(task.task_id, actor=hall.town.of("clerk"), data=keyed(hall.vote, Sheet(SIPING)), at=at(DAY))


def test_the_vote_of_a_cycle_without_a_ballot_is_an_error(hall):
    other = Cycle.objects.create(
        unit=hall.town.unit,
        year=2030,
        opens_on=date(2029, 9, 1),
        planned_t=date(2030, 1, 20),
        planned_t2=date(2031, 1, 20),
    )
    with pytest.raises(Vote.DoesNotExist):
        vote_of(other)
