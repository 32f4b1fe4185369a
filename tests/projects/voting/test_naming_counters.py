"""A recount wants two others to key it: the presidium names them beside those who have counted, on the record."""

from __future__ import annotations

import json
import re

import pytest
from django.db import connection

import projects.voting.events  # noqa: F401  registers the events
from notifications.models import Delivery
from notifications.post import post_unit
from projects.ballots.selectors import compared_with_first
from projects.ballots.tellers import NAMING, faults_in_naming, release
from projects.cycles.documents.composing import document_of
from projects.cycles.models import Paper
from projects.deliberation.naming import name_counters
from projects.demo.cast import PASSWORD
from projects.demo.play.stage import meeting
from projects.demo.play.voting import Sheet, keyed, play_ballot, play_voting
from projects.selection.models import Item
from projects.voting.desk import DESK
from projects.voting.superseding import told_superseded
from tests.builders import at, do, open_task
from tests.notifications.office import give_mailboxes
from tests.projects.voting.conftest import DAY, T, settled
from tests.projects.voting.test_replacing import lists, replace, with_list
from tests.projects.voting.test_secrets import at_desk
from tests.projects.voting.test_voting import SIPING, attend, close, collected, counted, open_
from workflow.audit.models import Entry
from workflow.flows.acting import acting
from workflow.flows.errors import InvalidForm, NotInPerson, NotYourTurn, Obstructed, Refused
from workflow.flows.events import event, events_on, perform
from workflow.flows.models import Meeting
from workflow.inbox.story import line_of
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import User
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import holders_of
from workflow.roles.services import end_offices

KEY = "voting.name_counters"
REASON = "代表要求复核票数，原计票人不再录入"


def staff(hall):
    """Two of the offices' staff who have not counted."""
    return hall.town.of("gov_clerk"), hall.town.of("finance")


def decision(hall, users, **more):
    data = {"counters": [str(user.pk) for user in users], "reason": REASON} | meeting(
        hall.town.people["presidium"], T, minutes="主席团研究，确定复票计票人。"
    )
    data.pop("return_reason")
    return data | more


def name(hall, *users, office="clerk", holder=1, in_person=True, **more):
    return perform(
        KEY, hall.cycle, actor=hall.town.of(office, holder), office=office, at=at(DAY),
        data=decision(hall, users or staff(hall), **more), reauthenticated=in_person,
    )  # fmt: skip


def counters(hall):
    return holders_of("counter", hall.town.unit, T)


def ask_recount(hall):
    return perform(
        "voting.recount", hall.cycle, actor=hall.town.of("chief_teller"), at=at(DAY),
        data={"reason": "代表要求复核票数。"}, reauthenticated=True,
    )  # fmt: skip


@pytest.fixture
def counted_once(hall):
    """Keyed alike by the only two counters, whom the congress has adopted; nobody has signed."""
    with_list(hall)
    collected(hall)
    counted(hall, {"文化礼堂": 40, "村道硬化": 5})
    return hall


def test_those_named_count_again_from_the_request_to_the_comparison(counted_once):
    hall, old = counted_once, counters(counted_once)
    with pytest.raises(
        Obstructed, match="另外两名计票人录入，人选由主席团确定后，人大办办理“确定复票计票人”。"
    ):
        ask_recount(hall)

    name(hall)

    assert counters(hall) == sorted([*old, *staff(hall)], key=lambda user: user.pk)
    hall.town.people["counter"] += staff(hall)
    first = hall.vote
    ask_recount(hall)
    do("voting.recount_confirm", hall.town.of("teller"), DAY, decision="agree")
    assert (hall.vote.follows, hall.vote.is_recount) == (first, True)
    close(hall, 45)
    with pytest.raises(Refused, match="您已录入过这些票"):
        counted(hall, SIPING, pair=(1, 3))
    counted(hall, SIPING, pair=(3, 4))
    assert hall.vote.state == "keyed"
    assert "“文化礼堂”的赞成前次 40，本次 42" in compared_with_first(hall.vote).differences


def test_at_a_second_recount_the_reason_of_the_first_is_told_apart_from_its_own(counted_once, monkeypatch):
    hall = counted_once
    name(hall)
    hall.town.people["counter"] += staff(hall)
    ask_recount(hall)
    do("voting.recount_confirm", hall.town.of("teller"), DAY, decision="agree")
    close(hall, 45)
    counted(hall, SIPING, pair=(3, 4))
    name(hall, hall.town.of("legal"), hall.town.of("clerk"))
    monkeypatch.setattr("django.utils.timezone.now", lambda: at(DAY))

    def read(office, address):
        page = at_desk(hall.town.of(office), office).get(address).content.decode()
        apply(SYSTEM)
        return page

    asking = read("chief_teller", f"/do/voting.recount/{hall.cycle.pk}/")
    ask_recount(hall)
    confirming = read("teller", f"/tasks/{open_task('voting.recount_confirm').pk}/")
    for page in (asking, confirming):
        assert "前次复票理由" in page and "为什么重新进行" not in page
    do("voting.recount_confirm", hall.town.of("teller"), DAY, decision="agree")
    assert hall.vote.title.endswith("（第二次复票）")
    closing = read("chief_teller", f"/tasks/{open_task('voting.count_again').pk}/")
    assert "复票理由" in closing and "前次复票理由" not in closing


def test_the_trail_of_a_recount_says_what_was_ticked_when_the_ballots_were_counted_out_again(counted_once):
    hall = counted_once
    name(hall)
    ask_recount(hall)
    do("voting.recount_confirm", hall.town.of("teller"), DAY, decision="agree")
    close(hall, 45)

    first, again = (
        [change.label for change in line_of(Entry.objects.get(action=key)).changes]
        for key in ("voting.close_confirm", "voting.count_again_confirm")
    )

    assert "我已当众清点收回的票，张数与上列数字一致" in first
    assert "我已当众重新清点，张数与上列数字一致" in again and not any("收回的票" in label for label in again)


def test_the_meeting_the_minutes_the_offices_and_the_entry_stand_on_record(counted_once):
    hall, (one, other) = counted_once, staff(counted_once)

    entry = name(hall, office="presidium", holder=2)

    met = Meeting.objects.get(title="确定复票计票人")
    members = len(hall.town.people["presidium"])
    assert (met.body, met.members, met.present, met.votes_for) == ("presidium", members, members, members)
    assert met.recorded_by == hall.town.of("presidium", 2)
    paper = Paper.objects.get(kind="minutes", title="主席团会议纪要（确定复票计票人）")
    assert (paper.body, paper.subject, paper.step) == (met.minutes, hall.vote.reference, 4)
    body = json.loads(entry.body)
    assert body["after"]["counters"] == [one.username, other.username]
    assert (body["after"]["votes_for"], body["after"]["vote"]) == (members, hall.vote.reference)
    assert body["reason"] == REASON and body["office"] == "presidium"
    assert not Entry.objects.filter(action="grant.revoke").exists()
    given = RoleGrant.objects.get(user=one, office="counter")
    assert (given.since, given.document) == (T, f"{hall.session}主席团会议确定")


def test_the_list_tells_the_halls_decision_as_the_halls_and_who_was_named_by_the_presidium(hall):
    with_list(hall)
    replace(
        hall,
        "counter",
        hall.town.of("counter"),
        hall.town.of("clerk"),
        present_number=45,
        votes_for=44,
        votes_abstain=1,
    )
    hall.town.people["counter"][0] = hall.town.of("clerk")
    collected(hall)
    counted(hall, SIPING)

    name(hall)

    one, other = sorted(staff(hall), key=lambda user: user.pk)
    _first, (_replaced, was), (body, now) = lists(hall)
    assert was == "已由《监票人、计票人名单（增加复票计票人）》取代" and now == ""
    assert f"\n计票人：{hall.town.of('counter', 2).name}、{hall.town.of('clerk').name}\n" in body or (
        f"\n计票人：{hall.town.of('clerk').name}、{hall.town.of('counter', 2).name}\n" in body
    )
    assert f"复票计票人（主席团确定）：{one.name}、{other.name}" in body
    assert "名单由会议于2027年1月20日通过。表决情况：实有代表 50 人，出席 45 人；赞成 44 票" in body
    assert body.endswith("复票计票人由主席团确定，未提交代表表决。")
    paper = Paper.objects.filter(kind="tellers").latest("pk")
    printed = document_of(paper)
    assert paper.published_at and printed.caption == "" and printed.signature.endswith("主席团")


def test_who_is_named_later_still_does_not_pass_for_adopted(counted_once):
    """One of the two has left again: another is named, and the list keeps what the hall decided and all who were named."""
    hall, (one, gone) = counted_once, staff(counted_once)
    name(hall)
    act = hall.town.act("clerk", at(DAY))
    end_offices(unit=hall.town.unit, offices=["counter"], act=act, reason="因病", holder=gone)

    name(hall, hall.town.of("legal"))

    *_earlier, (before, told), (body, _now) = lists(hall)
    named = sorted([one, hall.town.of("legal")], key=lambda user: user.pk)
    assert f"复票计票人（主席团确定）：{'、'.join(user.name for user in named)}" in body
    assert (
        gone.name in before
        and gone.name not in body
        and told == "已由《监票人、计票人名单（第二次增加复票计票人）》取代"
    )
    adopted = [user.name for user in hall.town.people["counter"]]
    assert f"\n计票人：{'、'.join(adopted)}\n" in body and "名单由会议于2027年1月20日通过。" in body


def test_a_list_the_hall_changes_afterwards_still_tells_who_was_named_by_the_presidium():
    hall = with_list(settled(["甲", "乙", "丙"], seats=2, in_office=50))
    collected(hall)
    counted(hall, {"甲": 38, "乙": 26, "丙": 26})
    name(hall)
    do("voting.certify_chief", hall.town.of("chief_teller"), DAY, confirmed=True)
    do("voting.certify_teller", hall.town.of("teller"), DAY, confirmed=True)
    do("voting.declare", hall.town.of("chair"), DAY, confirmed=True)
    assert hall.vote.purpose == "run_off"

    replace(
        hall, "teller", hall.town.of("teller"), hall.town.of("deputy", 19), present_number=45, votes_for=45
    )

    papers = sorted(told_superseded(Paper.objects.filter(kind="tellers")), key=lambda paper: paper.pk)
    assert [paper.superseded for paper in papers] == [
        "已由《监票人、计票人名单（增加复票计票人）》取代",
        "已由《监票人、计票人名单（更换后）》取代",
        "",
    ]
    assert "复票计票人（主席团确定）" in papers[-1].body and "于2027年1月20日通过" not in papers[-1].body
    assert papers[-1].data["adopted"]["for"] == 45


def test_a_result_announced_on_the_spot_is_counted_again_by_those_named(hall):
    with_list(hall)
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet({"文化礼堂": 18, "村道硬化": 27}))
    first = hall.vote
    assert first.state == "declared"
    name(hall)
    ask_recount(hall)
    do("voting.recount_confirm", hall.town.of("teller"), DAY, decision="agree")
    assert hall.vote.follows == first


def refused_at(hall, field, *users, **more):
    """What the form says at one field, and nothing anywhere else."""
    with pytest.raises(InvalidForm) as refused:
        name(hall, *users, **more)
    errors = refused.value.form.errors
    assert set(errors) == {field}
    return " ".join(errors[field])


def test_whoever_may_not_be_named_is_refused_at_the_field(counted_once):
    hall, (one, other) = counted_once, staff(counted_once)
    for nobody in (
        hall.town.of("deputy", 19), hall.town.of("chief_teller"), hall.town.of("counter"), hall.town.of("party"),
    ):  # fmt: skip
        assert "不能担任复票计票人" in refused_at(hall, "counters", one, nobody)
    assert refused_at(hall, "counters", one) == "复票还缺 2 名计票人，现确定 1 名。"
    assert refused_at(hall, "reason", one, other, reason="")
    assert refused_at(hall, "held_on", one, other, held_on="2027-01-19").startswith("会议日期不能早于")
    assert counters(hall) == hall.town.people["counter"] and not Meeting.objects.filter(title=NAMING).exists()
    name(hall, one, other)


def test_nobody_but_staff_is_named_whatever_a_form_would_have_let_through(counted_once):
    hall, (one, other) = counted_once, staff(counted_once)
    passer_by, act = User.objects.create(username="passer-by", name="路人"), hall.town.act("clerk", at(DAY))

    def served(*users):
        with acting(act):
            name_counters(DESK, lambda _vote: {}, act, hall.cycle, **decision(hall, users, held_on=T))

    for nobody in (passer_by, hall.town.of("deputy", 19)):
        with pytest.raises(Refused, match="计票人由工作人员担任，请另选。"):
            served(one, nobody)
    assert counters(hall) == hall.town.people["counter"] and not Meeting.objects.filter(title=NAMING).exists()
    served(one, other)
    assert {one, other} < set(counters(hall))


def test_whoever_keyed_before_is_not_named_though_the_office_has_ended(counted_once):
    hall, (one, other) = counted_once, staff(counted_once)
    keyed = hall.town.of("counter")
    act = hall.town.act("clerk", at(DAY))
    end_offices(unit=hall.town.unit, offices=["counter"], act=act, reason="因病", holder=keyed)
    assert "不能担任复票计票人" in refused_at(hall, "counters", one, keyed)
    assert keyed.name in faults_in_naming(hall.vote, [keyed], T)[0]
    name(hall, one, other)
    assert keyed not in counters(hall)


def test_where_one_other_counter_serves_already_one_more_is_enough(hall):
    with_list(hall)
    third, named = staff(hall)
    replace(hall, "counter", hall.town.of("counter"), third, present_number=45, votes_for=45)
    collected(hall)
    do("voting.key_first", hall.town.of("counter", 2), DAY, **sheet(hall))
    name(hall, named)
    assert DESK.obstacles_to_recount(hall.cycle, at(DAY)) == []


def sheet(hall):
    return keyed(hall.vote, Sheet(SIPING))


def test_what_the_presidium_has_not_decided_names_nobody(counted_once):
    hall, old = counted_once, counters(counted_once)
    with pytest.raises(InvalidForm, match="没有形成决定"):
        name(hall, votes_for=3, votes_against=4)
    with pytest.raises(InvalidForm, match="三分之二"):
        alone = [str(hall.town.of("presidium").pk)]
        name(hall, attended=alone, votes_for=1)
    with pytest.raises(NotInPerson):
        name(hall, in_person=False)
    assert counters(hall) == old and Paper.objects.filter(kind="tellers").count() == 1


def test_nobody_but_the_presidium_and_the_clerk_enters_it(counted_once):
    for office in ("chief_teller", "counter", "chair", "gov_clerk"):
        with pytest.raises(NotYourTurn):
            name(counted_once, office=office)


def test_it_is_offered_while_a_recount_is_possible_and_others_are_missing_for_it(hall):
    with_list(hall)
    clerk = RoleGrant.objects.get(office="clerk", unit=hall.town.unit)

    def offered():
        return KEY in [one.key for one in events_on(hall.cycle, clerk, at(DAY))]

    for stage in (attend, open_):
        stage(hall, 45)
        assert not offered()
        with pytest.raises(Obstructed, match="票尚未收回，或结果已经宣布，不能复票"):
            name(hall)
    close(hall, 45)
    counted(hall, SIPING)
    assert offered()
    name(hall)
    assert not offered()
    with pytest.raises(Obstructed, match="已有另外两名计票人，可以复票"):
        name(hall, hall.town.of("legal"))


def offers_read(hall, office, *addresses):
    """What an office finds listed as its own to do, on each page."""
    client, found = at_desk(hall.town.of(office), office), []
    for address in addresses:
        html = client.get(address).content.decode()
        apply(SYSTEM)
        found.append(html.partition('id="offers"')[2].partition("</ul>")[0])
    return found


def test_a_recount_that_waits_for_counters_is_listed_with_who_must_act_first(hall, monkeypatch):
    """On the year's and on the vote's page, from the ballots' return on; to the clerk the naming is offered there."""
    with_list(hall)
    monkeypatch.setattr("django.utils.timezone.now", lambda: at(DAY))
    waits = "暂不能办理：复票须由另外两名计票人录入，人选由主席团确定后，人大办办理“确定复票计票人”。"
    asking, naming = (f'href="/do/{key}/{hall.cycle.pk}/"' for key in ("voting.recount", KEY))

    def listed(office, words):
        """On how many of the two pages the words stand among the offers."""
        offers = offers_read(hall, office, f"/votes/{hall.vote.pk}/", f"/years/{hall.cycle.pk}/")
        return sum(words in page for page in offers)

    for stage in (attend, open_):
        stage(hall, 45)
        assert listed("chief_teller", "复票") == 0
    close(hall, 45)
    counted(hall, SIPING)
    assert (listed("chief_teller", waits), listed("chief_teller", asking)) == (2, 0)
    assert (listed("clerk", naming), listed("clerk", "复票须由")) == (2, 0)
    name(hall)
    assert (listed("chief_teller", asking), listed("chief_teller", "暂不能办理")) == (2, 0)
    assert listed("clerk", naming) == 0
    ask_recount(hall)
    assert listed("chief_teller", "暂不能办理：已经提出，正在等待监票人确认。") == 2


def test_the_page_of_a_vote_offers_what_is_done_at_its_desk_and_that_of_the_vote_before_does_not(
    hall, monkeypatch
):
    with_list(hall)
    collected(hall)
    monkeypatch.setattr("django.utils.timezone.now", lambda: at(DAY))
    first, act = hall.vote, f'href="/do/voting.void/{hall.cycle.pk}/"'

    def offered(office, vote):
        return act in offers_read(hall, office, f"/votes/{vote.pk}/")[0]

    assert offered("clerk", first) and not offered("chair", first)
    ask_recount(hall)
    do("voting.recount_confirm", hall.town.of("teller"), DAY, decision="agree")
    assert offered("clerk", hall.vote) and not offered("clerk", first)


def test_once_the_result_is_on_record_nobody_is_named_any_more(hall):
    with_list(hall)
    play_voting(hall.town, hall.cycle, t=T, present=45, sums=SIPING)
    with pytest.raises(Obstructed, match="会议已经闭会或结果已经公告，不再复票"):
        name(hall)


def test_whoever_was_named_leaves_the_office_with_the_others(counted_once):
    name(counted_once)
    release(counted_once.town.act("chair", at(DAY)), counted_once.town.unit, reason="任务完成")
    assert counters(counted_once) == []


def test_the_page_offers_those_who_may_be_named_and_asks_to_check_before_it_is_done(
    counted_once, monkeypatch
):
    hall, (one, other) = counted_once, staff(counted_once)
    monkeypatch.setattr("django.utils.timezone.now", lambda: at(DAY))
    client, address = at_desk(hall.town.of("clerk"), "clerk"), f"/do/{KEY}/{hall.cycle.pk}/"
    page = client.get(address).content.decode()
    apply(SYSTEM)
    boxes = set(re.findall(r'name="counters" value="(\d+)"', page))
    assert {str(one.pk), str(other.pk)} <= boxes
    assert f"“{hall.vote.title}”复票还缺 2 名计票人" in page
    assert f"{one.name}（党政办" in page and f"{other.name}（" in page
    assert not boxes & {str(user.pk) for user in [*hall.town.deputies, *hall.town.people["counter"]]}

    def post(**more):
        answer = client.post(address, decision(hall, [one, other]) | more)
        apply(SYSTEM)
        return answer

    wrong = post(op="submit", counters=[str(one.pk)])
    assert wrong.status_code == 422 and "复票还缺 2 名计票人，现确定 1 名。" in wrong.content.decode()
    check = post(op="submit")
    checked = check.content.decode()
    assert check.status_code == 200 and one.name in checked and one not in counters(hall)
    follows = "总监票人现在可以提出复票；监票人确认后，收回的票重新清点，由确定的计票人录入。"
    assert "确认以后" in checked and follows in checked and "请注意" not in checked
    done = post(op="confirm", own_password=PASSWORD)
    assert done.status_code == 302 and one in counters(hall)
    after = client.get(done.url).content.decode()
    assert "接下来" in after and follows in after


def test_staff_of_the_unit_that_answers_for_a_project_on_the_ballot_may_be_named_and_the_check_page_warns(
    counted_once, monkeypatch
):
    hall, one, other = counted_once, counted_once.town.of("gov_clerk"), counted_once.town.of("department")
    unit = RoleGrant.objects.get(user=other, office="department").unit
    item = hall.items[0]
    monkeypatch.setattr("django.utils.timezone.now", lambda: at(DAY))
    client, address = at_desk(hall.town.of("clerk"), "clerk"), f"/do/{KEY}/{hall.cycle.pk}/"
    told = f"{other.name}是项目“{item.title}”责任单位{unit.name}的工作人员，建议另选计票人。"

    def checked():
        page = client.post(address, decision(hall, [one, other]) | {"op": "submit"}).content.decode()
        apply(SYSTEM)
        return page

    Item.objects.filter(pk=item.pk).update(department=None)
    assert "建议另选" not in checked()
    Item.objects.filter(pk=item.pk).update(department=unit)
    assert told in checked() and f"{other.name}（{unit.name} " in checked()
    entry = name(hall, one, other)
    assert json.loads(entry.body)["after"]["warnings"] == [told]


def test_the_act_is_the_presidiums_and_cannot_be_undone():
    act = event(KEY)
    assert (act.offices, act.body, act.irreversible, act.in_person) == (
        ("presidium", "clerk"), "presidium", True, True,
    )  # fmt: skip


def test_those_named_are_told_what_they_are_named_for_and_the_chief_teller_that_a_recount_is_possible(
    counted_once,
):
    give_mailboxes()
    name(counted_once)
    with connection.cursor() as cursor:  # what a commit does
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    assert post_unit(counted_once.town.unit.pk)
    letters = Delivery.objects.filter(entry__action=KEY)
    titles = {letter.recipient: letter.title.partition("：")[0] for letter in letters}
    assert titles == dict.fromkeys(staff(counted_once), "您已被确定为复票计票人") | {
        counted_once.town.of("chief_teller"): "复票计票人已确定，可以提出复票"
    }
    assert all(REASON in letter.body for letter in letters)
