"""What the pages of step 4 show, and to whom."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

import projects.voting.events  # noqa: F401  registers the events
from projects.ballots.models import Vote
from projects.ballots.selectors import votes_about, with_recounts
from projects.cycles.models import Paper
from projects.demo.cast import PASSWORD
from projects.demo.play.voting import Sheet, keyed, play_attendance, play_ballot, play_closing, play_opening
from projects.portal.session_selectors import votes_at
from projects.supervision.flows.sessions import SessionFlow
from projects.voting.superseding import told_superseded
from tests.builders import at, do, open_task
from tests.projects.voting.conftest import DAY, Hall, T, page_of, settled
from tests.projects.voting.test_voting import (
    SIPING,
    announced_again,
    ask_for_new_vote,
    ask_recount,
    close,
    collected,
    counted,
    minutes,
    recount,
    resolved,
    second_pair,
)
from workflow.flows.acting import recording
from workflow.flows.base import flows
from workflow.flows.events import perform
from workflow.flows.models import Deadline, Draft
from workflow.flows.services import send_back
from workflow.inbox.pages import next_steps
from workflow.inbox.selectors import opened_after
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import User
from workflow.roles.models import RoleGrant

SUMS = {"文化礼堂": 37, "村道硬化": 6}


def at_keying(hall: Hall) -> None:
    do("voting.attendance", hall.town.of("clerk"), DAY, present=43, on_leave=2)
    play_opening(hall.town, hall.cycle, t=T, issued=43)
    play_closing(hall.town, hall.cycle, t=T, returned=43)


def key(hall: Hall, turn: str, counter: int, sums: dict[str, int] = SUMS) -> None:
    do(f"voting.key_{turn}", hall.town.of("counter", counter), DAY, **keyed(hall.vote, Sheet(sums)))


@pytest.fixture
def counting(hall: Hall) -> Hall:
    at_keying(hall)
    return hall


def test_the_desk_shows_people_and_papers(hall, client):
    do("voting.attendance", hall.town.of("clerk"), DAY, present=43, on_leave=2)
    page = page_of("voting.open", hall.town.of("chair"), "chair", client)
    for words in ("应到代表", "法定人数", "34", "43", "文化礼堂", "发出表决票"):
        assert words in page


def test_closing_the_session_stands_after_what_the_chair_has_to_do_at_it(hall, client):
    act = hall.town.act("chair", at(DAY))
    with recording(act):
        SessionFlow.begin(hall.session)
    do("voting.attendance", hall.town.of("clerk"), DAY, present=43, on_leave=2)
    closing, opening = open_task("supervision.close_session"), open_task("voting.open")
    assert closing.due_on == opening.due_on and closing.pk < opening.pk
    client.force_login(hall.town.of("chair"))
    page = client.get("/inbox/").content.decode()
    apply(SYSTEM)
    assert 0 < page.index(f"/tasks/{opening.task_id}/") < page.index(f"/tasks/{closing.task_id}/")


def test_below_the_quorum_the_page_says_so_before_anybody_tries(hall, client):
    do("voting.attendance", hall.town.of("clerk"), DAY, present=33, on_leave=2)
    page = page_of("voting.open", hall.town.of("chair"), "chair", client)
    assert "《地方组织法》第十四条：应到 50 人，须有 34 人以上出席，实到 33 人，不能投票。" in page


def test_the_second_counter_sees_nothing_of_the_first_keying(counting, client):
    key(counting, "first", 1)
    page = page_of("voting.key_second", counting.town.of("counter", 2), "counter", client)
    assert "1. 文化礼堂：赞成" in page
    assert "37" not in page


def test_after_keyings_that_differ_the_page_names_the_places_and_no_figure(counting, client):
    key(counting, "first", 1)
    key(counting, "second", 2, {"文化礼堂": 36, "村道硬化": 6})
    page = page_of("voting.key_first", counting.town.of("counter", 2), "counter", client)
    assert "“文化礼堂”的赞成" in page and "“文化礼堂”的弃权" in page
    assert "37" not in page and "36" not in page


def done_page(key: str, user: User, client: Client) -> str:
    """What whoever did the last task of a key is told at its end."""
    apply(SYSTEM)
    number = Deadline.objects.filter(key=key).exclude(done_at=None).latest("pk").pk
    client.force_login(user)
    page = client.get(f"/tasks/{number}/done/").content.decode()
    apply(SYSTEM)
    return page


def test_who_keys_what_does_not_stand_is_told_so_at_once(counting, client):
    key(counting, "first", 1)
    assert "不作数" not in done_page("voting.key_first", counting.town.of("counter", 1), client)
    key(counting, "second", 2, {"文化礼堂": 36, "村道硬化": 6})
    told = done_page("voting.key_second", counting.town.of("counter", 2), client)
    assert "两名计票人录入的数字不一致，两次都不作数" in told


def test_the_first_of_two_is_told_who_does_the_other_part_and_is_not_sent_on_to_it(counting, client):
    town = counting.town
    key(counting, "first", 1)
    told = done_page("voting.key_first", town.of("counter", 1), client)
    assert "第二次录入计票" in told and f"计票人：{town.of('counter', 2).name} ·" in told
    assert "继续办理" not in told and "打开相关页面" in told, "the other sheet is not theirs to key"
    key(counting, "second", 2)
    do("voting.certify_chief", town.of("chief_teller"), DAY, confirmed=True)
    told = done_page("voting.certify_chief", town.of("chief_teller"), client)
    assert "监票人在计票结果报告单上签字" in told and f"监票人：{town.of('teller').name}" in told
    do("voting.certify_teller", town.of("teller"), DAY, confirmed=True)
    told = done_page("voting.certify_teller", town.of("teller"), client)
    assert "宣布票决结果" in told and "同一环节的其他事项" not in told


def test_who_may_key_another_sheet_is_sent_on_to_it(counting, client):
    key(counting, "first", 1)
    key(counting, "second", 2, {"文化礼堂": 36, "村道硬化": 6})
    told = done_page("voting.key_second", counting.town.of("counter", 2), client)
    assert "继续办理（还有 2 项）" in told


def test_who_closes_a_vote_that_is_void_is_told_so_at_once(hall, client):
    do("voting.attendance", hall.town.of("clerk"), DAY, present=43, on_leave=2)
    play_opening(hall.town, hall.cycle, t=T, issued=43)
    play_closing(hall.town, hall.cycle, t=T, returned=44)
    assert "本次投票无效" in done_page("voting.close_confirm", hall.town.of("teller"), client)


def test_signers_and_chair_have_the_result_before_them_where_they_confirm_what_cannot_be_undone(
    counting, client
):
    town, result = counting.town, "1. 文化礼堂 37 0 6 入选 2. 村道硬化 6 0 37 未入选"
    key(counting, "first", 1)
    key(counting, "second", 2)
    for office, step in (
        ("chief_teller", "certify_chief"),
        ("teller", "certify_teller"),
        ("chair", "declare"),
    ):
        told = checked(f"voting.{step}", town.of(office), office, client, confirmed="on")
        table = told.partition("计票结果报告单：有效票 43 张，无效票 0 张 ")[2]
        assert result in table, told
        do(f"voting.{step}", town.of(office), DAY, confirmed=True)


@pytest.mark.parametrize(
    ("before", "again", "told", "table"),
    [
        (
            SIPING, SIPING,
            "与前次计票“青溪镇2027年度民生实事项目表决票”一致：各项票数和结果都没有变动。", "",
        ),
        (
            {"文化礼堂": 20, "村道硬化": 3}, SIPING,
            "与前次计票“青溪镇2027年度民生实事项目表决票”不一致，请对照“与前次计票比较”逐项核对。",
            "与前次计票比较 项目 前次 本次 比较"
            " 合计 发出表决票 45，收回表决票 45，有效票 45，无效票 0 发出表决票 45，收回表决票 45，有效票 45，无效票 0 一致"
            " 1. 文化礼堂 赞成 20，反对 0，弃权 25，结果 未入选 赞成 42，反对 0，弃权 3，结果 入选"
            " 有变动：赞成、弃权、结果"
            " 2. 村道硬化 赞成 3，反对 0，弃权 42，结果 未入选 赞成 3，反对 0，弃权 42，结果 未入选 一致",
        ),
    ],
)  # fmt: skip
def test_who_signs_or_announces_a_recount_reads_what_it_changes_where_that_is_confirmed(
    hall, client, before, again, told, table
):
    town = hall.town
    collected(hall)
    counted(hall, before)
    first = checked("voting.certify_chief", town.of("chief_teller"), "chief_teller", client, confirmed="on")
    assert "前次" not in first, "a first count has none before it"
    recount(hall)
    close(hall, 45)
    counted(hall, again, pair=(3, 4))
    for office, step in (
        ("chief_teller", "certify_chief"),
        ("teller", "certify_teller"),
        ("chair", "declare"),
    ):
        page = checked(f"voting.{step}", town.of(office), office, client, confirmed="on")
        assert told in page and (table in page if table else "与前次计票比较" not in page), page
        do(f"voting.{step}", town.of(office), DAY, confirmed=True)
    assert ("结果前次“未入选”，本次“入选”" in last_report()) == bool(table)


def last_report() -> str:
    return str(Paper.objects.filter(kind="tally_report").latest("pk").data["compared"])


def test_whose_turn_it_is_not_gets_no_page_with_the_result_before_it_is_declared(counting, client):
    key(counting, "first", 1)
    key(counting, "second", 2)
    for office in ("mayor", "chair", "counter", "teller"):
        user = counting.town.of(office)
        client.force_login(user)
        client.post("/office/", {"grant": RoleGrant.objects.get(user=user, office=office).pk})
        data = {"op": "submit", "confirmed": "on"}
        page = client.post(f"/tasks/{open_task('voting.certify_chief').pk}/", data).content.decode()
        apply(SYSTEM)
        assert "请核对后确认" not in page and "37" not in re.sub(r'"[^"]*"', "", page.partition("<main")[2])


def test_only_the_signer_sees_the_sums_before_they_are_declared(counting, client):
    key(counting, "first", 1)
    key(counting, "second", 2)
    chief = page_of("voting.certify_chief", counting.town.of("chief_teller"), "chief_teller", client)
    for words in ("37", "有效 43 ＋ 无效 0 ＝ 收回 43", "需 26 票（全体代表 50 人的过半数），得 37 票"):
        assert words in chief
    for office in ("mayor", "chair", "counter"):
        page = page_of("voting.certify_chief", counting.town.of(office), office, client)
        assert "37" not in page and "此处不显示" in page


def test_the_result_is_shown_with_sum_base_and_reason_to_whom_it_concerns_next(hall, client):
    play_ballot(hall.town, hall.cycle, t=T, present=43, sheet=Sheet(SUMS))
    page = page_of("voting.resolution", hall.town.of("clerk"), "clerk", client)
    for words in ("入选", "未入选", "全体代表 50 人的过半数", "一、文化礼堂"):
        assert words in page


def test_a_vote_that_is_opened_on_its_page_asks_to_check_first(hall, client):
    do("voting.attendance", hall.town.of("clerk"), DAY, present=43, on_leave=2)
    task = open_task("voting.open")
    client.force_login(hall.town.of("chair"))
    data = {"issued": 43}
    page = client.post(f"/tasks/{task.pk}/", data | {"op": "submit"}).content.decode()
    apply(SYSTEM)
    assert "请核对后确认" in page and "本人登录密码" in page and hall.vote.awaiting == {}
    client.post(f"/tasks/{task.pk}/", data | {"op": "confirm", "own_password": PASSWORD})
    apply(SYSTEM)
    assert hall.vote.awaiting["open"]["issued"] == 43 and hall.vote.state == "defined"


def sit_down(user: User, office: str, client: Client) -> None:
    """Somebody with several offices acts in this one from now on."""
    grant = RoleGrant.objects.get(user=user, office=office)
    client.force_login(user)
    client.post("/office/", {"grant": grant.pk})


def checked(key: str, user: User, office: str, client: Client, **data: Any) -> str:
    """The words of the page on which a task's answers are checked before they are confirmed."""
    number = open_task(key).pk
    sit_down(user, office, client)
    shown = client.post(f"/tasks/{number}/", data | {"op": "submit"})
    apply(SYSTEM)
    assert shown.status_code == 200
    page = re.sub(r"<[^>]*>", " ", re.search(r"<main.*</main>", shown.content.decode(), re.DOTALL)[0])
    assert "请核对后确认" in page
    return " ".join(page.split())


def test_the_second_of_two_reads_the_figures_and_whose_they_are_on_the_page_that_asks_to_confirm_them(
    hall, client
):
    town = hall.town
    do("voting.attendance", town.of("clerk"), DAY, present=43, on_leave=2)
    do("voting.open", town.of("chair"), DAY, issued=42)
    opening = checked("voting.open_confirm", town.of("chief_teller"), "chief_teller", client, confirmed="on")
    assert f"{town.of('chair').name}填写，待您确认" in opening
    assert "应到代表 50 实到代表 43 请假 2 发出表决票 42" in opening
    do("voting.open_confirm", town.of("chief_teller"), DAY, confirmed=True)
    do("voting.close", town.of("chief_teller"), DAY, returned=41)
    page = said_on(page_of("voting.close_confirm", town.of("teller"), "teller", client))
    assert "应到代表 50 实到代表 43 发出表决票 42 收回表决票 41" in page
    closing = checked("voting.close_confirm", town.of("teller"), "teller", client, confirmed="on")
    assert f"{town.of('chief_teller').name}填写，待您确认" in closing
    assert (
        "应到代表 50 实到代表 43 发出表决票 42 收回表决票 41" in closing
        and "投票无效，由主席团决定" not in closing
    )


def test_both_who_close_a_vote_read_before_they_confirm_that_it_will_be_void(hall, client):
    town = hall.town
    do("voting.attendance", town.of("clerk"), DAY, present=45, on_leave=2)
    play_opening(town, hall.cycle, t=T, issued=44)
    void = "收回表决票 45 张，多于发出的 44 张，监票人确认后本次投票无效，由主席团决定重新投票。"
    chief = town.of("chief_teller")
    sound = checked("voting.close", chief, "chief_teller", client, returned=44)
    assert "发出表决票 44 收回表决票 44" in sound and "监票人确认后本次投票无效" not in sound
    assert void in checked("voting.close", chief, "chief_teller", client, returned=45)
    do("voting.close", chief, DAY, returned=45)
    assert void in checked("voting.close_confirm", town.of("teller"), "teller", client, confirmed="on")


def test_figures_that_are_of_no_use_any_more_say_what_to_do_and_those_confirmed_say_nothing(hall, client):
    town, told = (
        hall.town,
        "待确认的数字已经作废：填写以后到会人数有变动，或者已经重新清点。请退回，重新办理。",
    )
    do("voting.attendance", town.of("clerk"), DAY, present=43, on_leave=2)
    do("voting.open", town.of("chair"), DAY, issued=43)
    confirming = open_task("voting.open_confirm")
    assert told not in page_of("voting.open_confirm", town.of("chief_teller"), "chief_teller", client)
    Vote.objects.update(awaiting={})
    assert told in page_of("voting.open_confirm", town.of("chief_teller"), "chief_teller", client)
    send_back(confirming.task_id, actor=town.of("chief_teller"), reason="到会人数有变动。", at=at(DAY))
    play_opening(town, hall.cycle, t=T, issued=43)
    done = Deadline.objects.filter(key="voting.open_confirm").exclude(done_at=None).latest("pk")
    page = client.get(f"/tasks/{done.pk}/").content.decode()
    apply(SYSTEM)
    assert "办结。" in page and "作废" not in page and "实到代表" in page


def may_follow(key: str) -> set[str]:
    """The titles of the steps that the page of the open task of a key tells as what may follow."""
    task = open_task(key).task
    return {step.title for step in next_steps(task.flow_task, task.process.artifact, T, task.process)}


KEYINGS = {"第一次录入计票", "第二次录入计票"}
AFTER_ONE = "另一名计票人办理“%s”；两次都录入以后，系统比对两次的数字。"
SIGNED = "两次录入相符且票数平衡的，由总监票人、监票人在计票结果报告单上签字。"
AFTER_BOTH = "总监票人、监票人两人都签字以后，由主持人宣布结果。"
ANEW = "不相符或者不平衡的，两次都不作数，由两名计票人重新录入。"


def test_on_paper_a_page_tells_as_what_may_follow_nothing_that_cannot(hall):
    do("voting.attendance", hall.town.of("clerk"), DAY, present=43, on_leave=2)
    play_opening(hall.town, hall.cycle, t=T, issued=43)
    do("voting.close", hall.town.of("chief_teller"), DAY, returned=43)
    assert may_follow("voting.close_confirm") == KEYINGS
    send_back(
        open_task("voting.close_confirm").task_id,
        actor=hall.town.of("teller"),
        reason="再数一遍。",
        at=at(DAY),
    )
    do("voting.close", hall.town.of("chief_teller"), DAY, returned=44)
    assert may_follow("voting.close_confirm") == {"主席团决定重新投票"}
    send_back(
        open_task("voting.close_confirm").task_id,
        actor=hall.town.of("teller"),
        reason="再数一遍。",
        at=at(DAY),
    )
    play_closing(hall.town, hall.cycle, t=T, returned=43)
    assert may_follow("voting.key_first") == {AFTER_ONE % "第二次录入计票"}
    assert may_follow("voting.key_second") == {AFTER_ONE % "第一次录入计票"}
    key(hall, "first", 1)
    assert may_follow("voting.key_second") == {SIGNED, ANEW}
    key(hall, "second", 2, {"文化礼堂": 36, "村道硬化": 6})
    assert may_follow("voting.key_first") == {AFTER_ONE % "第二次录入计票"}, "the round is another"
    key(hall, "second", 2)
    assert may_follow("voting.key_first") == {SIGNED, ANEW}
    key(hall, "first", 1)
    assert may_follow("voting.certify_chief") == may_follow("voting.certify_teller") == {AFTER_BOTH}
    do("voting.certify_chief", hall.town.of("chief_teller"), DAY, confirmed=True)
    assert may_follow("voting.certify_teller") == {"宣布票决结果"}
    do("voting.certify_teller", hall.town.of("teller"), DAY, confirmed=True)
    assert may_follow("voting.declare") == {"大会通过决议"}


@pytest.mark.parametrize(
    ("rules", "follows"),
    [({}, "清点到会人数"), ({"tie": "presidium"}, "主席团决定末位入选项目")],
    ids=["run-off", "presidium"],
)
def test_of_a_tie_the_page_of_the_announcement_tells_what_the_rules_make_of_it(rules, follows):
    hall = settled(["文化礼堂", "村道硬化", "路灯"], seats=2, in_office=50, **rules)
    at_keying(hall)
    for turn, counter in (("first", 1), ("second", 2)):
        key(hall, turn, counter, {"文化礼堂": 30, "村道硬化": 28, "路灯": 28})
    do("voting.certify_chief", hall.town.of("chief_teller"), DAY, confirmed=True)
    do("voting.certify_teller", hall.town.of("teller"), DAY, confirmed=True)
    assert may_follow("voting.declare") == {follows}


@pytest.mark.parametrize("level", [28, 27], ids=["tie", "no tie"])
def test_what_follows_the_announcement_tells_nobody_but_whoever_makes_it_what_the_sums_come_to(
    level, client, db
):
    hall = settled(["文化礼堂", "村道硬化", "路灯"], seats=2, in_office=50)
    at_keying(hall)
    for turn, counter in (("first", 1), ("second", 2)):
        key(hall, turn, counter, {"文化礼堂": 30, "村道硬化": 28, "路灯": level})
    do("voting.certify_chief", hall.town.of("chief_teller"), DAY, confirmed=True)
    do("voting.certify_teller", hall.town.of("teller"), DAY, confirmed=True)
    again, over = "清点到会人数", "大会通过决议"
    told = {
        office: {
            words
            for words in (again, over)
            if words in page_of("voting.declare", hall.town.of(office), office, client)
        }
        for office in ("chair", "mayor", "deputy", "clerk")
    }
    assert told.pop("chair") == {again if level == 28 else over}
    assert set(map(frozenset, told.values())) == {frozenset({again, over})}


def test_who_asks_for_or_agrees_to_a_recount_reads_what_has_to_be_done_anew_after_it(hall, client):
    at_keying(hall)
    second_pair(hall)
    anew, resolve = "复票后由会议主持人重新宣布", "复票后须由大会重新通过决议"
    chief, teller = hall.town.of("chief_teller"), hall.town.of("teller")

    def told() -> list[set[str]]:
        ask_recount(hall)
        client.force_login(chief)
        client.post("/office/", {"grant": RoleGrant.objects.get(user=chief, office="chief_teller").pk})
        asking = client.get(f"/do/voting.recount/{hall.cycle.pk}/").content.decode()
        agreeing = page_of("voting.recount_confirm", teller, "teller", client)
        confirming = checked("voting.recount_confirm", teller, "teller", client, decision="agree")
        no = {"decision": "decline", "reason": "票数无误，不必复票。"}
        assert anew not in checked("voting.recount_confirm", teller, "teller", client, **no)
        do("voting.recount_confirm", teller, DAY, **no)
        return [
            {words for words in (anew, resolve) if words in page} for page in (asking, agreeing, confirming)
        ]

    assert told() == [set()] * 3
    counted(hall, SUMS)
    do("voting.certify_chief", chief, DAY, confirmed=True)
    do("voting.certify_teller", teller, DAY, confirmed=True)
    assert told() == [set()] * 3
    do("voting.declare", hall.town.of("chair"), DAY, confirmed=True)
    assert told() == [{anew}] * 3
    resolved(hall)
    assert told() == [{anew, resolve}] * 3


def test_who_agrees_to_a_recount_is_told_why_and_that_the_ballots_are_counted_out_again(counting, client):
    perform(
        "voting.recount", counting.cycle, actor=counting.town.of("chief_teller"), at=at(DAY),
        data={"reason": "代表要求复核票数。"}, reauthenticated=True,
    )  # fmt: skip
    assert may_follow("voting.recount_confirm") == {"复票清点"}
    second_pair(counting)
    teller = counting.town.of("teller")
    check = checked("voting.recount_confirm", teller, "teller", client, decision="agree")
    assert f"{counting.town.of('chief_teller').name}提出，理由：代表要求复核票数。" in check
    task = open_task("voting.recount_confirm").task
    do("voting.recount_confirm", counting.town.of("teller"), DAY, decision="agree")
    task.refresh_from_db()
    assert [one.key for one in opened_after(task)] == ["voting.count_again"]


def said_on(page: str) -> str:
    return " ".join(page.split())


OF_A_VOTE_UNDER_WAY = ("截止", "收票", "收回表决票", "尚未投票")


def test_where_a_line_has_one_figure_a_phone_shows_lines_and_where_it_has_several_cards(counting, client):
    key(counting, "first", 1)
    key(counting, "second", 2)
    for task, office, cards in (
        ("voting.certify_chief", "chief_teller", True),
        ("voting.count_again", "chief_teller", False),
    ):
        if not cards:
            recount(counting)
        number, data = open_task(task).pk, {"confirmed": "on", "returned": 43, "op": "submit"}
        sit_down(counting.town.of(office), office, client)
        page = client.post(f"/tasks/{number}/", data).content.decode()
        apply(SYSTEM)
        assert "请核对后确认" in page and ("table-cards" in page) is cards


def test_what_is_checked_is_kept_for_whoever_goes_back_to_the_form_but_no_password(counting, client):
    chief = counting.town.of("chief_teller")
    recount(counting)
    number = open_task("voting.count_again").pk
    sit_down(chief, "chief_teller", client)
    typed = {"returned": 42, "own_password": PASSWORD}
    assert "请核对后确认" in client.post(f"/tasks/{number}/", typed | {"op": "submit"}).content.decode()
    form = client.get(f"/tasks/{number}/").content.decode()
    assert re.search(r'<input[^>]*name="returned"[^>]*value="42"|value="42"[^>]*name="returned"', form)
    apply(SYSTEM)
    assert Draft.objects.get(task=number).data == {"returned": ["42"]}
    sit_down(chief, "chief_teller", client)
    client.post(f"/tasks/{number}/", {"returned": 43, "own_password": PASSWORD, "op": "confirm"})
    apply(SYSTEM)
    assert open_task("voting.count_again_confirm") and not Draft.objects.exists(), "done is done"


def test_what_is_checked_of_an_act_is_kept_too(counting, client):
    second_pair(counting)
    sit_down(counting.town.of("chief_teller"), "chief_teller", client)
    address, typed = f"/do/voting.recount/{counting.cycle.pk}/", {"reason": "代表要求复核票数。"}
    assert "请核对后确认" in client.post(address, typed | {"op": "submit"}).content.decode()
    assert typed["reason"] in client.get(address).content.decode()


def test_a_recounts_steps_are_about_counting_out_again_what_had_come_back(counting, client):
    town = counting.town
    first = said_on(page_of("voting.key_first", town.of("counter", 1), "counter", client))
    assert "收回表决票 43" in first and "前次收回" not in first
    recount(counting)
    chief, teller = town.of("chief_teller"), town.of("teller")
    page = said_on(page_of("voting.count_again", chief, "chief_teller", client))
    assert "复票清点" in page and "前次收回 43" in page
    check = checked("voting.count_again", chief, "chief_teller", client, returned=42)
    assert "重新清点和前次收回" in check and "重新清点张数 42 前次收回 43" in check
    unlike = "重新清点 42 张，与前次收回的 43 张不同，请再清点一遍。"
    assert unlike in check
    assert "请再清点一遍" not in checked("voting.count_again", chief, "chief_teller", client, returned=43)
    do("voting.count_again", chief, DAY, returned=42)
    second = said_on(page_of("voting.count_again_confirm", teller, "teller", client))
    assert "确认复票清点" in second and "前次收回 43" in second
    assert "我已当众重新清点，张数与上列数字一致" in second
    agreed = checked("voting.count_again_confirm", teller, "teller", client, confirmed="on")
    assert "重新清点张数 42" in agreed and "前次收回 43" in agreed and unlike in agreed
    for shown in (page, check, second, agreed):
        own = shown.partition("办理记录")[0]  # the year's record tells of the vote as well
        assert not [words for words in OF_A_VOTE_UNDER_WAY if words in own]
    send_back(
        open_task("voting.count_again_confirm").task_id, actor=teller, to="count_again",
        reason="少数了一张。", at=at(DAY, 16),
    )  # fmt: skip
    do("voting.count_again", chief, DAY, returned=43)
    do("voting.count_again_confirm", teller, DAY, confirmed=True)
    assert (counting.vote.state, counting.vote.returned) == ("closed", 43)


def test_no_desk_speaks_of_taking_ballots_where_a_recount_counts_them_out():
    steps = {node.key: node for flow in flows() for node in flow.steps() if "count_again" in node.key}
    assert set(steps) == {
        f"{desk}{name}"
        for desk in ("voting.", "evaluation.measure_", "supervision.change_")
        for name in ("count_again", "count_again_confirm")
    }
    for step in steps.values():
        told = "".join(str(part) for part in (step.task_title, step.hint, step.output))
        assert "清点" in told and not [words for words in OF_A_VOTE_UNDER_WAY if words in told], step.key
    assert "不再收票" in str(steps["voting.count_again"].flow_class.close_confirm.hint)


ONE_MISSING = (
    "还差 1 人达到法定人数，达到后再开始投票：以后到会的代表，由人大办登记迟到；"
    "或者由主持人退回人大办，重新清点到会人数。"
)


def test_who_counts_fewer_than_the_quorum_is_told_so_before_they_are_put_on_record(hall, client):
    clerk = hall.town.of("clerk")
    told = checked("voting.attendance", clerk, "clerk", client, present=33, on_leave=2)
    assert "应到 50 人，须有 34 人以上出席，实到 33 人，不能投票。" in told
    assert "应到代表 50 实到代表 33 请假 2 缺席 15 法定人数 34" in told
    assert told.count("到会人数照此记录。") == 1
    follows = told.partition("确认以后")[2]
    assert ONE_MISSING in follows and ONE_MISSING not in told.partition("确认以后")[0]
    assert "人大主席、副主席" not in follows, "nobody issues ballots yet"
    assert "开始投票" in may_follow("voting.attendance"), "enough may be here"
    number, data = open_task("voting.attendance").pk, {"present": 33, "on_leave": 2}
    client.post(f"/tasks/{number}/", data | {"op": "confirm"})
    apply(SYSTEM)
    assert hall.vote.deputies_present == 33
    done = done_page("voting.attendance", clerk, client)
    assert "实到 33 人，不能投票。" in done and ONE_MISSING in done
    page = page_of("voting.open", hall.town.of("chair"), "chair", client)
    assert page.count(ONE_MISSING) == 1, "the chair reads of both ways, as the clerk does"


def test_at_the_quorum_who_is_here_is_put_on_record_without_a_page_between(hall, client):
    client.force_login(hall.town.of("clerk"))
    data = {"present": 34, "on_leave": 2, "op": "submit"}
    client.post(f"/tasks/{open_task('voting.attendance').pk}/", data)
    apply(SYSTEM)
    assert hall.vote.deputies_present == 34
    assert "达到法定人数" not in done_page("voting.attendance", hall.town.of("clerk"), client)


def test_no_ballot_at_all_is_refused_before_anybody_checks_it_and_types_a_password(hall, client):
    do("voting.attendance", hall.town.of("clerk"), DAY, present=43, on_leave=2)
    client.force_login(hall.town.of("chair"))
    answer = client.post(f"/tasks/{open_task('voting.open').pk}/", {"issued": 0, "op": "submit"})
    apply(SYSTEM)
    assert answer.status_code == 422 and "没有发出表决票。" in answer.content.decode()
    assert "请核对后确认" in checked("voting.open", hall.town.of("chair"), "chair", client, issued=1)


def test_what_stands_in_the_way_is_told_before_anybody_checks_figures_and_types_a_password(hall, client):
    do("voting.attendance", hall.town.of("clerk"), DAY, present=43, on_leave=2)
    Vote.objects.update(deputies_present=None)
    client.force_login(hall.town.of("chair"))
    answer = client.post(f"/tasks/{open_task('voting.open').pk}/", {"issued": 43, "op": "submit"})
    page = answer.content.decode()
    assert answer.status_code == 409 and page.count("尚未清点到会人数") == 1
    assert "请核对后确认" not in page and "本人登录密码" not in page and 'value="43"' in page


def test_a_vote_that_is_counted_again_no_longer_stands_as_what_was_decided(hall, client):
    first, titles, sums = hall.vote, f"/votes/{hall.vote.pk}/", {"文化礼堂": 39, "村道硬化": 6}
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet(sums))
    recount(hall)
    client.force_login(hall.town.of("clerk"))

    def read(address: str) -> str:
        page = client.get(address).content.decode()
        apply(SYSTEM)
        return page

    page, again = read(titles), read(f"/votes/{hall.vote.pk}/")
    assert "正在复票，以重新宣布的结果为准" in page and f'href="/votes/{hall.vote.pk}/"' in page
    assert "已宣布" not in page and "复票中" in again and "结果为准" not in again
    assert f"复票理由：{hall.vote.follows_because}" in again and f'href="{titles}"' in again
    for address in ("/votes/", f"/years/{hall.cycle.pk}/"):
        listed = read(address)
        assert "正在复票" in listed and "复票中" in listed and "投票中" not in listed, address
    assert "正在复票，以重新宣布的结果为准" in read(f"/sessions/{hall.session.pk}/")
    announced_again(hall, sums)
    assert "本次计票已经复票，以复票结果为准" in read(titles) and read("/votes/").count("已复票") == 1
    assert first.followed_by.get().state == "declared"


def test_what_is_only_asked_for_says_so_and_who_answers(counting, client):
    chief = counting.town.of("chief_teller")
    second_pair(counting)
    client.force_login(chief)
    client.post("/office/", {"grant": RoleGrant.objects.get(user=chief, office="chief_teller").pk})
    address, data = f"/do/voting.recount/{counting.cycle.pk}/", {"reason": "代表要求复核票数。"}
    check = client.post(address, data | {"op": "submit"}).content.decode()
    assert "确认以后" in check and "确认复票" in check.partition("确认以后")[2]
    done = client.post(
        address, data | {"op": "confirm", "own_password": PASSWORD}, follow=True
    ).content.decode()
    apply(SYSTEM)
    assert "已提出" in done and "确认复票" in done and "已办结</h1>" not in done


DECLINED = "不同意，所提事项不予办理，其他事项照常办理。"


def test_whoever_declines_what_another_asks_for_reads_that_it_begins_nothing(counting, client):
    """The recount and the new vote: the check page tells what each answer leads to."""
    town, no = counting.town, {"decision": "decline", "reason": "没有必要。"}
    key(counting, "first", 1)
    key(counting, "second", 2)
    ask_recount(counting)
    ask_for_new_vote(counting, town.of("clerk"), minutes(counting, "投票箱封条破损。"), "clerk")
    for task, office, begins in (
        ("voting.recount_confirm", "teller", "复票清点"),
        ("voting.void_confirm", "chair", "清点到会人数"),
    ):
        follows = [
            checked(task, town.of(office), office, client, **answer).partition("确认以后")[2]
            for answer in (no, {"decision": "agree"})
        ]
        assert [DECLINED in told for told in follows] == [True, False], task
        assert [begins in told for told in follows] == [False, True], task


def test_whoever_declines_is_told_so_at_the_end_and_whoever_agrees_is_not(counting, client):
    town, no = counting.town, {"decision": "decline", "reason": "没有必要。"}
    key(counting, "first", 1)
    key(counting, "second", 2)
    ask_for_new_vote(counting, town.of("clerk"), minutes(counting, "投票箱封条破损。"), "clerk")
    do("voting.void_confirm", town.of("chair"), DAY, **no)
    ask_recount(counting)
    do("voting.recount_confirm", town.of("teller"), DAY, **no)
    for task, office in (("voting.recount_confirm", "teller"), ("voting.void_confirm", "chair")):
        told = done_page(task, town.of(office), client)
        assert "<h1>不同意</h1>" in told and DECLINED in told, task
        assert 'class="confirmation confirmation-plain"' in told, "nothing was carried out"
        assert "已办结" not in told and "没有后续事项" not in told, task
    ask_recount(counting)
    do("voting.recount_confirm", town.of("teller"), DAY, decision="agree")
    told = done_page("voting.recount_confirm", town.of("teller"), client)
    assert "<h1>已办结</h1>" in told and "不同意" not in told and 'class="confirmation"' in told


def test_whoever_announces_a_result_is_told_that_a_recount_is_asked_for(hall, client):
    play_attendance(hall.town, hall.cycle, t=T, present=43)
    play_opening(hall.town, hall.cycle, t=T, issued=43)
    play_closing(hall.town, hall.cycle, t=T, returned=43)
    counted(hall, SUMS)
    do("voting.certify_chief", hall.town.of("chief_teller"), DAY, confirmed=True)
    do("voting.certify_teller", hall.town.of("teller"), DAY, confirmed=True)
    chair, task = hall.town.of("chair"), open_task("voting.declare")
    warned = "总监票人已提出复票，监票人尚未确认，请先问明再宣布。"
    client.force_login(chair)
    for asked in (False, True):
        if asked:
            ask_recount(hall)
        page = client.post(f"/tasks/{task.pk}/", {"confirmed": "on", "op": "submit"}).content.decode()
        apply(SYSTEM)
        assert "请核对后确认" in page and (warned in page) is asked
        assert (warned in page_of("voting.declare", chair, "chair", client)) is asked


def test_what_is_wrong_with_an_act_done_in_person_is_told_by_its_field_before_any_password(hall, client):
    play_attendance(hall.town, hall.cycle, t=T, present=45)
    play_opening(hall.town, hall.cycle, t=T, issued=45)
    play_closing(hall.town, hall.cycle, t=T, returned=45)
    chief = hall.town.of("chief_teller")
    client.force_login(chief)
    client.post("/office/", {"grant": RoleGrant.objects.get(user=chief, office="chief_teller").pk})
    address = f"/do/voting.recount/{hall.cycle.pk}/"
    answer = client.post(address, {"reason": "数", "op": "submit"})
    page = answer.content.decode()
    apply(SYSTEM)
    assert answer.status_code == 422 and "至少写 4 个字，现有 1 个字。" in page
    assert "本人登录密码" not in page and "\n数</textarea>" in page


def test_a_votes_own_page_shows_its_result_once_it_is_declared(hall, client):
    client.force_login(hall.town.of("clerk"))
    before = client.get(f"/votes/{hall.vote.pk}/").content.decode()
    apply(SYSTEM)
    assert "结果宣布前" in before
    play_ballot(hall.town, hall.cycle, t=T, present=43, sheet=Sheet(SUMS))
    after = client.get(f"/votes/{hall.vote.pk}/").content.decode()
    assert "得 37 票，通过" in after


def told(hall):
    """Of every vote of the year, in order, what lists call its state and which record its page leads to."""
    return [
        (vote.state_told, vote.recount and vote.recount.now.pk)
        for vote in with_recounts(votes_about(hall.cycle.reference))
    ]


def test_a_recount_that_is_counted_again_has_come_to_what_the_last_one_comes_to(hall, client):
    first, sums = hall.vote, {"文化礼堂": 39, "村道硬化": 6}
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet(sums))
    recount(hall)
    close(hall, 45)
    counted(hall, sums, pair=(3, 4))
    second_pair(hall, (5, 6))
    recount(hall)
    last = hall.vote
    assert told(hall) == [("正在复票", last.pk), ("正在复票", last.pk), ("复票中", None)]
    counting = "正在复票，结果以重新宣布的为准"
    assert [paper.superseded for paper in told_superseded(Paper.objects.filter(kind="tally_report"))] == [
        counting
    ]
    announced_again(hall, sums, pair=(5, 6))
    assert told(hall) == [("已复票", last.pk), ("已复票", last.pk), ("已宣布", None)]
    client.force_login(hall.town.of("clerk"))
    page = client.get(f"/votes/{first.pk}/").content.decode()
    apply(SYSTEM)
    assert "本次计票已经复票，以复票结果为准" in page and f'href="/votes/{last.pk}/">查看复票' in page
    assert next(row.told for row in votes_at(hall.session)) == "已复票，以复票结果为准"


def result_cells(page: str) -> list[str]:
    """What the result column of a session's votes says, row by row, in words alone."""
    rows = page.partition('id="votes"')[2].partition("</table>")[0].split("<tr")[2:]
    return [re.sub(r"<[^>]+>|\s", "", row.rpartition("<td")[2].partition(">")[2]) for row in rows]


def test_a_session_tells_counts_overtaken_before_any_announcement_as_the_list_of_votes_does(hall, client):
    sums = {"文化礼堂": 39, "村道硬化": 6}
    collected(hall)
    counted(hall, sums)
    client.force_login(hall.town.of("clerk"))

    def cells() -> list[str]:
        page = client.get(f"/sessions/{hall.session.pk}/").content.decode()
        apply(SYSTEM)
        return result_cells(page)

    assert cells() == ["计票相符结果尚未宣布"]
    recount(hall)
    waiting, running = "正在复票，以重新宣布的结果为准", "复票中结果尚未宣布"
    assert cells() == [waiting, running]
    close(hall, 45)
    counted(hall, sums, pair=(3, 4))
    second_pair(hall, (5, 6))
    recount(hall)
    assert cells() == [waiting, waiting, running]
    announced_again(hall, sums, pair=(5, 6))
    overtaken = "已复票，以复票结果为准"
    assert cells() == [overtaken, overtaken, "入选1个"]


def test_a_count_that_was_never_announced_leaves_its_figures_to_the_recount_once_that_is(hall, client):
    sums, first = {"文化礼堂": 39, "村道硬化": 6}, hall.vote
    collected(hall)
    counted(hall, sums)
    recount(hall)
    client.force_login(hall.town.of("clerk"))

    def read(vote: Vote) -> str:
        page = client.get(f"/votes/{vote.pk}/").content.decode()
        apply(SYSTEM)
        return page

    before, elsewhere = "结果宣布前", "这里只显示到会和票数，得票以复票结果为准。"
    assert before in read(first) and elsewhere not in read(first)
    assert before in read(hall.vote)
    announced_again(hall, sums)
    overtaken, announced = read(first), read(hall.vote)
    assert elsewhere in overtaken and before not in overtaken and "39 票" not in overtaken
    assert "得 39 票，通过" in announced and elsewhere not in announced and before not in announced


def test_a_recount_leads_back_to_the_first_count_and_a_later_one_to_the_recount_before_it(hall, client):
    first = hall.vote
    collected(hall)
    counted(hall, {"文化礼堂": 39, "村道硬化": 6})
    client.force_login(hall.town.of("clerk"))
    before, link = first, "查看原计票"
    for pair in ((3, 4), (5, 6)):
        second_pair(hall, pair)
        recount(hall)
        page = client.get(f"/votes/{hall.vote.pk}/").content.decode()
        apply(SYSTEM)
        assert re.findall(r'href="/votes/(\d+)/">(查看\S+计票)<', page) == [(str(before.pk), link)]
        close(hall, 45)
        counted(hall, {"文化礼堂": 39, "村道硬化": 6}, pair=pair)
        before, link = hall.vote, "查看前次计票"


def test_a_void_recount_is_told_as_void_and_leads_to_the_vote_held_instead(hall, client):
    first = hall.vote
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet({"文化礼堂": 39, "村道硬化": 6}))
    recount(hall)
    assert told(hall)[0][0] == "正在复票"
    close(hall, 46)
    instead = hall.vote
    assert (instead.state, instead.is_recount, instead.follows.state) == ("defined", False, "void")
    assert told(hall) == [("复票无效", instead.pk), ("无效", None), ("已确定", None)]
    client.force_login(hall.town.of("clerk"))
    for address in (
        f"/votes/{first.pk}/",
        "/votes/",
        f"/years/{hall.cycle.pk}/",
        f"/sessions/{hall.session.pk}/",
    ):
        page = client.get(address).content.decode()
        apply(SYSTEM)
        assert "复票无效" in page and "正在复票" not in page, address
        if address == f"/votes/{first.pk}/":
            assert "由主席团决定重新投票；原计票结果保留备查" in page
            assert f'href="/votes/{instead.pk}/">查看重新投票' in page
    report = Paper.objects.filter(kind="tally_report")
    assert [paper.superseded for paper in told_superseded(report)] == ["复票无效，由主席团决定重新投票"]


def test_the_list_of_votes_reads_the_recounts_of_one_and_of_three_in_as_many_statements(hall, client):
    client.force_login(hall.town.of("clerk"))

    def statements():
        with CaptureQueriesContext(connection) as read:
            client.get("/votes/")
        apply(SYSTEM)
        return len(read)

    statements()
    one = statements()
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet({"文化礼堂": 39, "村道硬化": 6}))
    recount(hall)
    close(hall, 46)
    assert Vote.objects.count() == 3 and statements() == one
