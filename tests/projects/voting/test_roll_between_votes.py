"""A deputy leaves or joins between two votes of one session: what was held stays, what comes counts anew (组织法 14, 25)."""

from __future__ import annotations

import re
from datetime import date

import pytest

import projects.deliberation.events
import projects.voting.events  # noqa: F401  registers the events
from projects.ballots import boxes
from projects.ballots.figures import export
from projects.ballots.models import Vote
from projects.ballots.questions import is_carried
from projects.ballots.selectors import lines_of, quorum_needed, signatures_hold
from projects.cycles.models import Cycle, Paper, RollLine, Session
from projects.deliberation.selectors import changes_at, obstacles_to_roll_change
from projects.deliberation.services import set_roll
from projects.demo.play.stage import assembly, meeting
from projects.demo.play.voting import Sheet, play_attendance, play_ballot
from projects.evaluation.conformance import Status
from projects.evaluation.conforming import conformance_of
from projects.evaluation.ledgers import LEDGERS
from projects.voting.drafts import announcement_text
from tests.builders import at, do, open_task
from tests.projects.voting.conftest import DAY, T, settled
from tests.projects.voting.test_voting import (
    SIPING,
    announced_again,
    ask_recount,
    attend,
    close,
    counted,
    open_,
    recount,
    revote,
)
from workflow.audit.models import Entry
from workflow.flows.errors import InvalidForm, Obstructed, Refused, Taken
from workflow.flows.events import perform
from workflow.flows.models import Deadline
from workflow.flows.services import complete, send_back
from workflow.machines.services import fire
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import UnitKind, User
from workflow.people.services import create_unit
from workflow.roles.models import RoleGrant
from workflow.roles.services import grant

TIED = {"甲": 38, "乙": 26, "丙": 26, "丁": 0}


def seated(titles, **more):
    """A hall whose session has fifty deputies on its roll."""
    made = settled(titles, in_office=50, **more)
    RollLine.objects.bulk_create(
        RollLine(unit=made.town.unit, session=made.session, name=f"代表{n:02}") for n in range(50)
    )
    Session.objects.filter(pk=made.session.pk).update(deputies_in_office=50)
    return made


@pytest.fixture
def hall(db):
    """The result is declared; the resolution on it is put to the vote at the same session."""
    made = seated(["文化礼堂", "村道硬化"], seats=1, resolution_adoption="ballot")
    play_ballot(made.town, made.cycle, t=T, present=45, sheet=Sheet(SIPING))
    return made


@pytest.fixture
def tied(db):
    """乙 and 丙 are level across the second of two places; the run-off between them is defined and not open."""
    made = seated(["甲", "乙", "丙", "丁"], seats=2)
    play_ballot(made.town, made.cycle, t=T, present=45, sheet=Sheet(TIED))
    return made


def changed(hall, hour=15, **data):
    clerk = hall.town.of("clerk")
    return perform("deliberation.roll_change", hall.session, actor=clerk, data=data, at=at(DAY, hour))


def leaves(hall, name="代表00", **more):
    line = RollLine.objects.in_office().get(session=hall.session, name=name)
    return changed(hall, change="leave", leaver=line.pk, reason="大会接受其辞职", **more)


def joins(hall, **more):
    user = User.objects.create(username="by-elected", name="新代表")
    act = hall.town.act("clerk", at(DAY))
    grant(user=user, office="deputy", unit=hall.town.unit, act=act, since=date(2027, 1, 1))
    changed(hall, change="join", joiner=user.pk, reason="代表资格审查报告通过", **more)
    return user


def put(hall):
    body = "会议决定，确定文化礼堂为民生实事项目。"
    do("voting.put_resolution", hall.town.of("clerk"), DAY, body=body, number="青人发〔2027〕1号")
    return hall.vote


def voted(hall, in_favour, *, present=45):
    (title,) = hall.vote.options.values_list("title", flat=True)
    sheet = Sheet({title: in_favour}, {title: present - in_favour})
    play_ballot(hall.town, hall.cycle, t=T, present=present, sheet=sheet)
    return hall.vote


def as_held(vote):
    """All that a vote that was held says of who could vote in it and who came, and of what it came to."""
    vote.refresh_from_db()
    report = Paper.objects.filter(kind="tally_report", data__vote=vote.reference).values_list("body", "data")
    entries = list(vote.roll.order_by("pk").values_list("line_id", "line__name", "channel"))
    return export(vote), vote.on_leave, vote.roll_digest, entries, vote.outcome, list(report)


# --- the vote before, the vote after


def test_a_departure_leaves_the_vote_before_as_it_was_held_and_the_vote_after_counts_one_fewer(hall):
    first = hall.vote
    before = as_held(first)
    leaves(hall)

    assert as_held(first) == before
    assert (first.deputies_in_office, first.deputies_present, first.roll.count()) == (50, 45, 50)
    assert boxes.obstacles_in_roll(first) == [] and signatures_hold(first)
    second = put(hall)
    assert (second.deputies_in_office, quorum_needed(second)) == (49, 33)
    voted(hall, 25)
    second.refresh_from_db()
    assert second.outcome["majority"]["of"] == 49 and second.outcome["majority"]["needed"] == 25
    assert is_carried(second) and second.roll.count() == 49
    assert not second.roll.filter(line__name="代表00").exists()
    assert as_held(first) == before and boxes.obstacles_in_roll(first) == []


def test_of_fifty_deputies_the_same_ballots_carry_nothing(hall):
    put(hall)
    assert not is_carried(voted(hall, 25))


def test_who_joins_is_one_more_for_the_vote_after_and_none_for_the_vote_before(hall):
    first = hall.vote
    before = as_held(first)
    user = joins(hall)
    second = put(hall)
    assert (second.deputies_in_office, quorum_needed(second)) == (51, 34)
    assert not is_carried(voted(hall, 25))
    assert second.roll.filter(line__user=user).count() == 1
    assert as_held(first) == before and not first.roll.filter(line__user=user).exists()


def test_the_line_of_who_left_is_kept_with_time_and_grounds_and_marked_no_more(hall):
    called = RollLine.objects.get(name="代表00").presence
    leaves(hall)
    put(hall)
    attend(hall, 49)
    line = RollLine.objects.get(name="代表00")
    assert (line.left_at, line.left_because, line.presence) == (at(DAY, 15), "大会接受其辞职", called)
    assert hall.session.roll.in_office().count() == 49 and hall.session.roll.count() == 50
    assert [(one.name, one.joined, one.because) for one in changes_at(hall.session)] == [
        ("代表00", False, "大会接受其辞职")
    ]


def test_who_left_by_mistake_joins_on_a_line_of_their_own(hall):
    user = joins(hall)
    line = RollLine.objects.get(user=user)
    changed(hall, change="leave", leaver=line.pk, reason="登记有误，予以更正")
    act = hall.town.act("clerk", at(DAY))
    grant(user=user, office="deputy", unit=hall.town.unit, act=act, since=date(2027, 1, 1))
    changed(hall, hour=16, change="join", joiner=user.pk, reason="代表资格审查报告通过")
    assert hall.session.roll.filter(user=user).count() == 2
    assert hall.session.roll.in_office().get(user=user) != line
    assert [one.joined for one in changes_at(hall.session)] == [True, False, True]


def test_the_paper_of_the_first_vote_tells_the_deputies_it_was_held_with(tied):
    leaves(tied)
    play_ballot(tied.town, tied.cycle, t=T, present=44, sheet=Sheet({"乙": 20, "丙": 24}))
    assert "应到代表 50 人，实到 45 人" in announcement_text(tied.cycle)


def announces(hall, client, text):
    """The page that asks to confirm an announcement of this text."""
    apply(SYSTEM)
    members = meeting(hall.town.people["presidium"], T)
    typed = {"number": "1号", "body": text, **members, "op": "submit"}
    typed |= {"held_on_year": T.year, "held_on_month": T.month, "held_on_day": T.day}
    client.force_login(hall.town.of("clerk"))
    page = client.post(f"/tasks/{open_task('voting.announce').pk}/", typed).content.decode()
    apply(SYSTEM)
    assert "请核对后确认" in page
    return page


@pytest.mark.parametrize(
    ("changes", "now", "present"), [(leaves, 49, 44), (joins, 51, 45)], ids=["one leaves", "one joins"]
)
def test_the_announcement_tells_the_deputies_of_the_vote_though_the_roll_has_changed_since(
    tied, client, monkeypatch, changes, now, present
):
    monkeypatch.setattr("django.utils.timezone.now", lambda: at(DAY))
    changes(tied)
    votes_again = Sheet({"乙": 20, "丙": present - 20})
    play_ballot(tied.town, tied.cycle, t=T, present=present, sheet=votes_again)
    adopted = assembly(now, present, T) | {"body": "会议决定，确定甲、丙为民生实事项目。", "number": "1号"}
    clerk = tied.town.of("clerk")
    do("voting.resolution", clerk, DAY, **adopted)
    draft = announcement_text(tied.cycle)
    assert "应到代表 50 人，实到 45 人" in draft
    assert "票决时" not in announces(tied, client, draft)
    wrong = draft.replace("应到代表 50 人", "应到代表 48 人")
    assert f"正文写应到 48 人，票决时应到 {now} 人，请核对。" in announces(tied, client, wrong)
    members = meeting(tied.town.people["presidium"], T)
    above, most = draft.replace("应到代表 50 人", "应到代表 60 人"), max(50, now)
    with pytest.raises(InvalidForm, match=f"正文写应到 60 人，多于全体代表 {most} 人。"):
        do("voting.announce", clerk, DAY, number="1号", body=above, **members)
    do("voting.announce", clerk, DAY, number="1号", body=draft, **members)
    assert Paper.objects.get(kind="announcement").body == draft


def test_a_resolution_by_show_of_hands_takes_more_than_half_of_those_in_office_then(tied):
    leaves(tied)
    play_ballot(tied.town, tied.cycle, t=T, present=44, sheet=Sheet({"乙": 20, "丙": 24}))
    by_hands = assembly(49, 45, T, votes_for=25) | {
        "body": "会议决定，确定甲、丙为民生实事项目。",
        "number": "1号",
    }
    do("voting.resolution", tied.town.of("clerk"), DAY, **by_hands)
    adopted = Paper.objects.get(kind="resolution").data
    assert (adopted["members"], adopted["needed"], adopted["agreed"]) == (49, 25, True)


# --- the next ballot of the same vote


def test_a_run_off_counts_the_deputies_of_its_own_opening(tied):
    first, runoff = tied.vote.follows, tied.vote
    assert runoff.deputies_in_office == 50
    play_attendance(tied.town, tied.cycle, t=T, present=45)
    do("voting.open", tied.town.of("chair"), DAY, issued=45)
    leaves(tied)
    runoff.refresh_from_db()
    assert (runoff.deputies_in_office, runoff.deputies_present, runoff.awaiting) == (49, None, {})
    play_ballot(tied.town, tied.cycle, t=T, present=44, sheet=Sheet({"乙": 20, "丙": 24}))
    runoff.refresh_from_db()
    assert (runoff.deputies_in_office, runoff.roll.count(), runoff.state) == (49, 49, "declared")
    first.refresh_from_db()
    assert (first.deputies_in_office, first.roll.count()) == (50, 50)


def test_a_recount_counts_the_ballots_of_those_who_cast_them_and_the_run_off_after_it_who_is_there_then(tied):
    first = tied.vote.follows
    leaves(tied)
    recount(tied)
    again = tied.vote
    assert (again.is_recount, again.deputies_in_office, again.deputies_present) == (True, 50, 45)
    assert again.roll_digest == first.roll_digest and boxes.obstacles_in_roll(again) == []
    with pytest.raises(Obstructed, match="代表变动在结果宣布以后登记"):
        leaves(tied, "代表01")
    announced_again(tied, TIED)
    again.refresh_from_db()
    assert [line.in_favour for line in lines_of(again)] == list(TIED.values())
    assert (tied.vote.purpose, tied.vote.deputies_in_office) == ("run_off", 49)


def test_a_recount_asked_for_still_waits_when_the_roll_has_changed(tied):
    ask_recount(tied)
    leaves(tied)
    assert set(tied.vote.awaiting) == {"recount"}
    do("voting.recount_confirm", tied.town.of("teller"), DAY, decision="agree")
    assert (tied.vote.is_recount, tied.vote.deputies_in_office) == (True, 50)


def test_a_void_vote_held_again_counts_the_deputies_of_its_own_opening(db):
    made = seated(["文化礼堂", "村道硬化"], seats=1)
    attend(made, 50)
    open_(made, 50)
    close(made, 51)
    void = made.vote.follows
    leaves(made)
    revote(made)
    attend(made, 49)
    open_(made, 49)
    void.refresh_from_db()
    assert (void.state, void.deputies_in_office, void.roll.count()) == ("void", 50, 50)
    assert (made.vote.state, made.vote.deputies_in_office, made.vote.roll.count()) == ("open", 49, 49)


def test_whoever_confirms_a_change_reads_first_what_it_makes_of_the_number_and_of_the_roll_call(db, client):
    made = seated(["文化礼堂", "村道硬化"], seats=1)
    attend(made, 50)
    client.force_login(made.town.of("clerk"))
    gone = RollLine.objects.get(session=made.session, name="代表00")
    data = {"change": "leave", "leaver": gone.pk, "reason": "大会接受其辞职", "op": "submit"}
    page = client.post(f"/do/deliberation.roll_change/{made.session.pk}/", data).content.decode()
    assert "实有代表由 50 人变为 49 人" in page and f"“{made.vote.title}”已清点的到会人数作废" in page
    assert "离任代表" in page and "到任代表" not in page, "only what was asked for in this case is an answer"


def test_the_page_says_in_which_case_a_field_is_asked_for(hall, client):
    client.force_login(hall.town.of("clerk"))
    page = client.get(f"/do/deliberation.roll_change/{hall.session.pk}/").content.decode()
    assert "（补选到任时必填）" in page and "（代表资格终止时必填）" in page and "（选填）" not in page


def test_the_confirmation_names_the_offices_that_end_with_the_mandate(hall, client):
    chair = hall.town.of("chair")
    RollLine.objects.filter(session=hall.session, name="代表00").update(user=chair, name=chair.name)
    client.force_login(hall.town.of("clerk"))
    line = RollLine.objects.get(session=hall.session, user=chair)
    data = {"change": "leave", "leaver": line.pk, "reason": "大会接受其辞职", "op": "submit"}
    page = client.post(f"/do/deliberation.roll_change/{hall.session.pk}/", data).content.decode()
    assert f"{chair.name}的下列职务同时终止：代表；人大主席、副主席；主席团成员。" in page
    RoleGrant.objects.filter(user=chair, office="chair").update(title="人大主席")
    page = client.post(f"/do/deliberation.roll_change/{hall.session.pk}/", data).content.decode()
    assert f"{chair.name}的下列职务同时终止：代表、人大主席、主席团成员。" in page


def test_too_short_a_reason_is_told_in_words_and_not_in_variables(hall, client):
    client.force_login(hall.town.of("clerk"))
    line = RollLine.objects.get(session=hall.session, name="代表00")
    data = {"change": "leave", "leaver": line.pk, "reason": "辞职", "op": "submit"}
    page = client.post(f"/do/deliberation.roll_change/{hall.session.pk}/", data).content.decode()
    assert "至少写 4 个字，现有 2 个字。" in page and "变量" not in page


def test_a_deputy_registered_meanwhile_is_told_of_once_and_without_a_number(hall, client):
    client.force_login(hall.town.of("clerk"))
    line = RollLine.objects.get(session=hall.session, name="代表00")
    data = {"change": "leave", "leaver": line.pk, "reason": "大会接受其辞职", "op": "submit"}
    address = f"/do/deliberation.roll_change/{hall.session.pk}/"
    assert "请核对" in client.post(address, data).content.decode()
    leaves(hall)
    page = client.post(address, data)
    shown = page.content.decode()
    assert page.status_code == 422 and "已不在可选范围内，可能刚被他人办理，请重新选择。" in shown
    assert "不在可用的选项中" not in shown and "请选择代表。" not in shown
    nobody = client.post(address, data | {"leaver": ""}).content.decode()
    assert "请选择代表。" in nobody


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("leave", "代表资格终止的，不选到任代表；补选到任的另行登记。"),
        ("join", "补选到任的，不选离任代表；代表资格终止的另行登记。"),
    ],
)
def test_one_change_is_registered_at_a_time_and_nobody_is_swapped_for_another(hall, change, told):
    user = User.objects.create(username="by-elected", name="新代表")
    act = hall.town.act("clerk", at(DAY))
    grant(user=user, office="deputy", unit=hall.town.unit, act=act, since=date(2027, 1, 1))
    line = RollLine.objects.get(session=hall.session, name="代表00")
    wanted = {"joiner": user.pk, "leaver": line.pk}
    with pytest.raises(InvalidForm, match=f"一次登记一项变动：{told}"):
        changed(hall, change=change, reason="大会接受其辞职", **wanted)
    assert RollLine.objects.in_office().filter(session=hall.session).count() == 50
    own = "leaver" if change == "leave" else "joiner"
    changed(hall, change=change, reason="大会接受其辞职", **{own: wanted[own]})


def test_the_sessions_page_says_that_the_roll_is_to_be_called_again(tied, client):
    play_attendance(tied.town, tied.cycle, t=T, present=45)
    leaves(tied)
    client.force_login(tied.town.of("clerk"))
    page = client.get(f"/sessions/{tied.session.pk}/").content.decode()
    assert f"“{tied.vote.title}”投票前另行清点到会人数。" in page


# --- when not


def test_while_a_vote_is_held_nobody_leaves_the_roll_or_joins_it_until_its_result_is_declared(db):
    hall = seated(["文化礼堂", "村道硬化"], seats=1)
    attend(hall, 50)
    refused = f"“{hall.vote.title}”正在进行，代表变动在结果宣布以后登记。"

    def nobody_moves(state):
        assert hall.vote.state == state and obstacles_to_roll_change(hall.session, at(DAY)) == [refused]
        for change in (leaves, joins):
            with pytest.raises(Obstructed, match="代表变动在结果宣布以后登记"):
                change(hall)
            User.objects.filter(username="by-elected").update(username=f"by-elected-{state}")
        assert (hall.vote.deputies_in_office, RollLine.objects.in_office().count()) == (50, 50)

    open_(hall, 50)
    nobody_moves("open")
    close(hall, 50)
    nobody_moves("closed")
    counted(hall, {"文化礼堂": 42, "村道硬化": 8})
    nobody_moves("keyed")
    do("voting.certify_chief", hall.town.of("chief_teller"), DAY, confirmed=True)
    do("voting.certify_teller", hall.town.of("teller"), DAY, confirmed=True)
    nobody_moves("certified")
    do("voting.declare", hall.town.of("chair"), DAY, confirmed=True)
    leaves(hall)
    assert RollLine.objects.in_office().count() == 49


def test_after_the_session_is_closed_its_roll_stands(hall):
    Session.objects.filter(pk=hall.session.pk).update(state="closed")
    hall.session.refresh_from_db()
    with pytest.raises(Obstructed, match="会议已经闭会，代表名册不再变动"):
        leaves(hall)
    assert RollLine.objects.in_office().count() == 50


def test_who_has_left_does_not_leave_again(hall):
    leaves(hall)
    gone = RollLine.objects.get(name="代表00")
    with pytest.raises(InvalidForm):
        changed(hall, change="leave", leaver=gone.pk, reason="大会接受其辞职")


def test_a_roll_that_was_voted_on_is_fixed_again_only_where_it_names_the_same_deputies(hall):
    act = hall.town.act("clerk", at(DAY))
    with pytest.raises(Refused, match="请先登记代表变动"):
        set_roll(act, hall.session, {})
    for line, user in zip(RollLine.objects.order_by("pk"), hall.town.deputies, strict=False):
        RollLine.objects.filter(pk=line.pk).update(user=user)
    RollLine.objects.filter(user=None).update(left_at=at(DAY))
    names = list(RollLine.objects.order_by("pk").values_list("name", flat=True))
    moved = hall.town.deputies[0]
    delegation = create_unit(
        code=f"{hall.town.unit.code}-T9", name="第九代表团", kind=UnitKind.DELEGATION, parent=hall.town.unit
    )
    told = set_roll(act, hall.session, {f"delegation_{moved.pk}": str(delegation.pk)})
    assert told.after["deputies_in_office"] == len(hall.town.deputies)
    assert list(RollLine.objects.order_by("pk").values_list("name", flat=True)) == names
    assert RollLine.objects.get(user=moved).delegation == delegation


# --- what is told of it


def test_the_registers_tell_each_votes_own_figures_and_what_became_of_the_roll(hall):
    leaves(hall)
    put(hall)
    voted(hall, 25)
    registers = {one.title: one for one in LEDGERS if one.step == 4}
    votes = list(registers["表决记录表"].rows(hall.cycle))
    assert [(row[4], row[5]) for row in votes] == [(50, 45), (49, 45)]
    columns = registers["代表出席名册"].columns
    rows = [dict(zip(columns, row, strict=True)) for row in registers["代表出席名册"].rows(hall.cycle)]
    assert [row["名册变动"] for row in rows if row["姓名"] == "代表00"] == [
        "2027-01-20 15:00 代表资格终止：大会接受其辞职"
    ]
    assert {row["名册变动"] for row in rows if row["姓名"] != "代表00"} == {""}


def test_the_conformance_checks_hold_each_vote_to_its_own_figures(hall):
    leaves(hall)
    put(hall)
    voted(hall, 25)
    do("voting.resolution", hall.town.of("clerk"), DAY)
    found = {check.code: finding for check, finding in conformance_of(Cycle.objects.get(), T)}
    assert found["quorum"].status is Status.HELD and len(found["quorum"].evidence) == 2
    assert found["congress"].status is Status.HELD


def test_what_was_carried_by_ballot_is_recorded_by_the_roll_it_was_carried_on(hall):
    leaves(hall)
    put(hall)
    voted(hall, 25)
    joins(hall, hour=16)
    do("voting.resolution", hall.town.of("clerk"), DAY)
    found = {check.code: finding for check, finding in conformance_of(Cycle.objects.get(), T)}
    assert found["congress"].status is Status.HELD


def test_the_trail_says_whose_base_followed_and_on_what_grounds(hall):
    vote = put(hall)
    leaves(hall)
    entry = Entry.objects.get(action="vote.follow_roll")
    assert (entry.subject, vote.deputies_in_office) == (vote.reference, 50)
    assert '"before":{"deputies_in_office":50}' in entry.body and "大会接受其辞职" in entry.body
    assert Vote.objects.get(pk=vote.pk).deputies_in_office == 49
    fire(hall.session, "end", hall.town.act("chair", at(DAY, 18)))
    assert Session.objects.get().deputies_in_office == 49


# --- the roll call that counts for nothing any more


def waiting(hall):
    return list(
        Deadline.objects.filter(done_at=None, cancelled=False, key__startswith="voting.").values_list(
            "key", flat=True
        )
    )


@pytest.mark.parametrize("issued", [False, True], ids=["before the ballots are issued", "after"])
def test_the_roll_call_is_the_clerks_again_where_the_roll_changes_after_it(tied, issued):
    play_attendance(tied.town, tied.cycle, t=T, present=45)
    if issued:
        do("voting.open", tied.town.of("chair"), DAY, issued=45)
    key = "voting.open_confirm" if issued else "voting.open"
    assert waiting(tied) == [key]
    leaves(tied)
    assert waiting(tied) == ["voting.attendance"]
    entry = Entry.objects.get(action=f"{key}.return")
    assert f'"actor":"{tied.town.of("clerk").username}"' in entry.body and '"office":"clerk"' in entry.body
    assert '"returns_to":"attendance"' in entry.body and "大会接受其辞职" in entry.body


def test_a_roll_that_changes_before_the_roll_call_moves_no_task(tied):
    assert waiting(tied) == ["voting.attendance"]
    leaves(tied)
    assert (
        waiting(tied) == ["voting.attendance"]
        and not Entry.objects.filter(action__endswith=".return").exists()
    )


def test_the_chief_teller_sends_it_back_to_the_chair_or_to_the_roll_call(tied):
    play_attendance(tied.town, tied.cycle, t=T, present=45)
    do("voting.open", tied.town.of("chair"), DAY, issued=45)
    back = {"actor": tied.town.of("chief_teller"), "reason": "到会人数有误。", "at": at(DAY)}
    send_back(open_task("voting.open_confirm").task_id, to="attendance", **back)
    assert waiting(tied) == ["voting.attendance"] and tied.vote.awaiting == {}


def test_whoever_had_the_task_before_them_is_told_that_it_went_back_and_why(tied, client):
    play_attendance(tied.town, tied.cycle, t=T, present=45)
    task, chair, clerk = open_task("voting.open"), tied.town.of("chair"), tied.town.of("clerk")
    leaves(tied)
    told = f"此事项已由{clerk.name}退回，无须再办。退回理由：大会接受其辞职"
    with pytest.raises(Taken, match=told):
        complete(task.task_id, actor=chair, data={"issued": 45}, at=at(DAY), reauthenticated=True)
    client.force_login(chair)
    page = client.get(f"/tasks/{task.pk}/").content.decode()
    assert (
        f"此事项已由{clerk.name}于" in page
        and "退回。退回理由：大会接受其辞职" in page
        and "办结。" not in page
    )


def test_a_latecomer_after_the_chairs_entry_gives_it_back_to_the_chair(tied):
    play_attendance(tied.town, tied.cycle, t=T, present=45)
    late = RollLine.objects.filter(session=tied.session, presence="absent").first()
    arrival = {"lines": [str(late.pk)], "arrived_at": "08:30"}

    def comes():
        return perform("voting.arrive", tied.cycle, actor=tied.town.of("clerk"), data=arrival, at=at(DAY, 14))

    do("voting.open", tied.town.of("chair"), DAY, issued=45)
    entry = comes()
    assert '"arrived_at":"08:30"' in entry.body and '"present":46' in entry.body
    assert waiting(tied) == ["voting.open"] and tied.vote.awaiting == {}
    back = Entry.objects.get(action="voting.open_confirm.return")
    assert "登记迟到，实到改为 46 人，请重新填写发出张数。" in back.body
    do("voting.open", tied.town.of("chair"), DAY, issued=46)
    do("voting.open_confirm", tied.town.of("chief_teller"), DAY, confirmed=True)
    assert (tied.vote.state, tied.vote.issued) == ("open", 46)


def test_a_latecomer_before_it_moves_no_task_and_is_confirmed_by_name_and_number(tied, client):
    play_attendance(tied.town, tied.cycle, t=T, present=45)
    late = RollLine.objects.filter(session=tied.session, presence="absent").first()
    client.force_login(tied.town.of("clerk"))
    address, data = f"/do/voting.arrive/{tied.cycle.pk}/", {"lines": [late.pk], "arrived_at": "0:00"}
    form = client.get(address).content.decode()
    offered = re.findall(r'<input[^>]*type="checkbox"[^>]*>', form)
    assert len(offered) == 5 and all('autocomplete="off"' in one for one in offered), (
        "none is ticked again by place"
    )
    page = client.post(address, data | {"op": "submit"}).content.decode()
    assert late.name in page and "实到由 45 人变为 46 人。" in page and tied.vote.deputies_present == 45
    client.post(address, data | {"op": "confirm"})
    assert tied.vote.deputies_present == 46 and waiting(tied) == ["voting.open"]


def test_a_latecomer_who_is_still_too_few_is_told_as_such_and_the_one_who_makes_the_quorum_is_not(
    tied, client
):
    play_attendance(tied.town, tied.cycle, t=T, present=32)
    address = f"/do/voting.arrive/{tied.cycle.pk}/"

    def comes():
        late = RollLine.objects.filter(session=tied.session, presence="absent").first()
        data = {"lines": [late.pk], "arrived_at": "0:00"}
        client.force_login(tied.town.of("clerk"))
        check = client.post(address, data | {"op": "submit"}).content.decode()
        done = client.post(address, data | {"op": "confirm"}, follow=True).content.decode()
        apply(SYSTEM)
        assert "已办结</h1>" in done
        return check, done

    check, done = comes()
    for page in (check, done):
        assert "须有 34 人以上出席，实到 33 人，不能投票。" in page
        assert "还差 1 人达到法定人数，达到后再开始投票" in page
    assert f'href="{address}"' in done.partition('class="banner')[2], "the next latecomer is registered there"
    check, done = comes()
    for page in (check, done):
        assert "不能投票" not in page and "达到法定人数" not in page
    assert f'href="{address}"' not in done


def test_whoever_counts_too_few_finds_where_latecomers_are_registered(tied, client):
    address = f"/do/voting.arrive/{tied.cycle.pk}/"
    for present, linked in ((32, True), (45, False)):
        play_attendance(tied.town, tied.cycle, t=T, present=present)
        apply(SYSTEM)
        number = Deadline.objects.filter(key="voting.attendance").exclude(done_at=None).latest("pk").pk
        client.force_login(tied.town.of("clerk"))
        done = client.get(f"/tasks/{number}/done/").content.decode()
        assert ("不能投票" in done) is linked and (f'href="{address}"' in done) is linked
        if linked:
            apply(SYSTEM)
            back = {"to": "attendance", "reason": "再等一等到会的代表。", "at": at(DAY)}
            send_back(open_task("voting.open").task_id, actor=tied.town.of("chair"), **back)


# --- whoever did it is told whose turn it is now


def told_after(hall, client, address, **data):
    """What the page says that ends an act of the clerk's, without what stands around it."""
    apply(SYSTEM)
    client.force_login(hall.town.of("clerk"))
    page = client.post(address, data | {"op": "confirm"}, follow=True).content.decode()
    apply(SYSTEM)
    assert "已办结</h1>" in page
    return re.search(r'<section class="next-box">.*?</section>|$', page, re.DOTALL)[0]


@pytest.mark.parametrize("issued", [False, True], ids=["before the chair's entry", "after it"])
def test_after_a_latecomer_the_clerk_reads_that_the_chair_says_what_is_issued(tied, client, issued):
    play_attendance(tied.town, tied.cycle, t=T, present=45)
    if issued:
        do("voting.open", tied.town.of("chair"), DAY, issued=45)
    late = RollLine.objects.filter(session=tied.session, presence="absent").first()
    address = f"/do/voting.arrive/{tied.cycle.pk}/"
    told = told_after(tied, client, address, lines=[late.pk], arrived_at="0:00")
    assert waiting(tied) == ["voting.open"]
    assert told.count("<strong>开始投票</strong>") == 1 and "青溪镇 · 人大主席、副主席" in told


def departing(hall):
    line = RollLine.objects.in_office().filter(session=hall.session).first()
    return {"change": "leave", "leaver": line.pk, "reason": "大会接受其辞职"}


@pytest.mark.parametrize("issued", [False, True], ids=["before the ballots are issued", "after"])
def test_after_a_change_of_the_roll_the_clerk_reads_that_the_roll_call_is_theirs_again(tied, client, issued):
    play_attendance(tied.town, tied.cycle, t=T, present=45)
    if issued:
        do("voting.open", tied.town.of("chair"), DAY, issued=45)
    address = f"/do/deliberation.roll_change/{tied.session.pk}/"
    told = told_after(tied, client, address, **departing(tied))
    assert waiting(tied) == ["voting.attendance"]
    assert told.count("清点到会人数") == 1 and "青溪镇 · 人大办" in told
    play_attendance(tied.town, tied.cycle, t=T, present=45)
    last = Entry.objects.filter(action="deliberation.roll_change").latest("pk")
    again = client.get(f"/done/{last.pk}/").content.decode()
    assert "清点到会人数" not in again, "what was told is done meanwhile"


def test_a_change_of_the_roll_that_gave_nothing_back_names_nobody(tied, client):
    play_attendance(tied.town, tied.cycle, t=T, present=45)
    leaves(tied)
    address = f"/do/deliberation.roll_change/{tied.session.pk}/"
    told = told_after(tied, client, address, **departing(tied))
    assert "其他情形没有后续事项" in told, "the first has given it back"
    assert tied.town.of("clerk").name not in told and "/tasks/" not in told
