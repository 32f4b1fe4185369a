"""Step 4 with ballots by device: the three passphrases, the roll, paper beside phones, the box opened by two."""

from __future__ import annotations

import io
import json
import re

import pytest
from django.template.loader import render_to_string
from django.test import Client
from pypdf import PdfReader

import projects.voting.events  # noqa: F401  registers the events
from notifications.routing import routes_of
from projects.ballots import boxes, offline, rolls, sealing
from projects.ballots import figures as fig
from projects.ballots.boxes import paper_of
from projects.ballots.casting import Voter
from projects.ballots.forms import OpenForm
from projects.ballots.models import Box, RollEntry, Vote
from projects.ballots.selectors import DeclaredVote, lines_of
from projects.ballots.together import cast
from projects.cycles.documents.composing import document_of
from projects.cycles.documents.pdf import pdf_of
from projects.cycles.models import Paper, RollLine
from projects.cycles.rulebook import Rules
from projects.deliberation.method import method_draft
from projects.deliberation.readiness import readiness_sheet
from projects.deliberation.selectors import adopting_page
from projects.demo.play.voting import Sheet, keyed
from projects.voting.ballot_sheet import sheet_of
from projects.voting.desk import DESK
from projects.voting.flows import TurnFlow
from tests.builders import at, do, open_task
from tests.polling import token_with
from tests.projects.ballots.conftest import PASSPHRASES, QUICK, two_holders
from tests.projects.voting.conftest import DAY, T, in_a_subdistrict, page_of, settled
from tests.projects.voting.test_voting_pages import ANEW, DECLINED, KEYINGS, checked, done_page, may_follow
from workflow.audit.models import Entry
from workflow.flows.acting import acting
from workflow.flows.errors import InvalidForm, NotInPerson, NotYourTurn, Obstructed, Refused
from workflow.flows.events import perform
from workflow.flows.models import Deadline
from workflow.flows.services import send_back
from workflow.inbox.story import line_of
from workflow.people.isolation import SYSTEM, apply
from workflow.roles.models import RoleGrant

TITLES = ["文化礼堂", "村道硬化"]


def made(monkeypatch):
    """Twenty deputies on the session's roll, one seat, the vote by device."""
    real = sealing.new_holder
    monkeypatch.setattr(sealing, "new_holder", lambda passphrase: real(passphrase, QUICK))
    found = settled(TITLES, seats=1, in_office=20, ballot_channel="device")
    RollLine.objects.bulk_create(
        RollLine(
            unit=found.town.unit, session=found.session, user=found.town.of("deputy", n), name=f"代表{n}"
        )
        for n in range(1, 21)
    )
    return found


@pytest.fixture
def hall(db, monkeypatch):
    return made(monkeypatch)


def waiting():
    """The keys of the open tasks."""
    return sorted(Deadline.objects.filter(done_at=None, cancelled=False).values_list("key", flat=True))


HOLDING = {"chief_teller": "hold_chief", "teller": "hold_teller", "chair": "hold_chair"}


def hold(hall, *offices):
    for office in offices or HOLDING:
        words = PASSPHRASES[office]
        do(f"voting.{HOLDING[office]}", hall.town.of(office), DAY, passphrase=words, repeated=words)


def line(hall, n):
    return str(RollLine.objects.get(session=hall.session, name=f"代表{n}").pk)


def attend(hall, leave=()):
    return do(
        "voting.attendance", hall.town.of("clerk"), DAY, present=20 - len(leave), on_leave=len(leave),
        leave=[line(hall, n) for n in leave], absent=[],
    )  # fmt: skip


def opened(hall, on_paper=()):
    hold(hall)
    attend(hall)
    do("voting.open", hall.town.of("chair"), DAY, on_paper=[line(hall, n) for n in on_paper])
    return do("voting.open_confirm", hall.town.of("chief_teller"), DAY, confirmed=True)


def vote_all(hall, ballot=("文化礼堂",), *, most=20, only=()):
    vote, on_roll = hall.vote, RollEntry.objects.filter(vote=hall.vote, channel="device")
    for entry in list(on_roll.filter(line__name__in=only) if only else on_roll)[:most]:
        voter = Voter(vote.unit_id, vote.pk, entry.pk)
        cast(voter, list(ballot), paper_of(vote), sealing.new_token(), vote.public_key)


def close(hall, returned=0):
    step = "voting.count_again" if hall.vote.is_recount else "voting.close"
    do(step, hall.town.of("chief_teller"), DAY, returned=returned)
    return do(f"{step}_confirm", hall.town.of("teller"), DAY, confirmed=True)


def hand_paper(hall, *numbers):
    return perform(
        "voting.hand_paper", hall.cycle, actor=hall.town.of("teller"), at=at(DAY),
        data={"lines": [line(hall, n) for n in numbers], "reason": "手机没电"}, reauthenticated=True,
    )  # fmt: skip


def open_box(hall, **more):
    given = two_holders("teller") | more
    return do("voting.open_box", hall.town.of("chief_teller"), DAY, **given)


def test_a_vote_by_device_begins_with_three_passphrases_and_then_takes_attendance(hall):
    assert set(waiting()) == {
        "voting.hold_chief", "voting.hold_teller", "voting.hold_chair"
    }  # fmt: skip

    hold(hall)

    assert waiting() == ["voting.attendance"]
    assert len(hall.vote.public_key) == 64


def test_whoever_holds_a_key_or_opens_the_vote_is_led_to_what_is_printed_now(hall, client):
    chief, teller, chair = (hall.town.of(office) for office in ("chief_teller", "teller", "chair"))
    hold(hall, "chief_teller")
    first = done_page("voting.hold_chief", chief, client)
    assert "三人都设定口令后" in first and "/recovery/" not in first and f"/votes/{hall.vote.pk}/" in first
    hold(hall, "teller", "chair")
    last = done_page("voting.hold_chair", chair, client)
    assert "密钥已经生成" in last and f"/votes/{hall.vote.pk}/recovery/" in last
    client.force_login(chair)
    assert client.get(f"/votes/{hall.vote.pk}/recovery/").status_code == 200
    apply(SYSTEM)
    attend(hall)
    do("voting.open", chair, DAY)
    do("voting.open_confirm", chief, DAY, confirmed=True)
    told = done_page("voting.open_confirm", chief, client)
    assert "请打印投票码" in told and f"/votes/{hall.vote.pk}/codes/" in told
    assert "请打印投票码" not in done_page("voting.hold_teller", teller, client)


def test_every_deputy_stands_once_on_the_roll_that_is_called_with_a_box_for_leave_and_one_for_absence(
    hall, client
):
    hold(hall)
    page = page_of("voting.attendance", hall.town.of("clerk"), "clerk", client)
    called = re.findall(r"(代表\d+)\s+\1：\s*(请假)\s+\1：\s*(缺席)", page)
    assert called == [(f"代表{n}", "请假", "缺席") for n in range(1, 21)]
    assert "没有勾选的，记为到会" in page


def test_a_roll_that_does_not_agree_with_the_numbers_says_so_above_it_and_keeps_its_marks(hall, client):
    hold(hall)
    task, gone = open_task("voting.attendance"), line(hall, 3)
    client.force_login(hall.town.of("clerk"))
    data = {"present": 18, "on_leave": 1, "leave": [], "absent": [gone], "op": "submit"}
    page = client.post(f"/tasks/{task.pk}/", data).content.decode()
    apply(SYSTEM)
    assert "勾选请假 0 人，按人数应为 1 人。" in page and task.pk == open_task("voting.attendance").pk
    assert re.findall(r'name="(\w+)" value="(\d+)"[^>]*checked', page) == [("absent", gone)]
    data |= {"on_leave": 2, "leave": [gone], "op": "submit"}
    page = client.post(f"/tasks/{task.pk}/", data).content.decode()
    apply(SYSTEM)
    assert "代表3不能既是请假又是缺席。" in page


def test_a_roll_that_is_called_again_comes_as_it_was_last_established(hall, client):
    hold(hall)
    attend(hall, leave=[3])
    opening = open_task("voting.open")
    send_back(opening.pk, actor=hall.town.of("chair"), reason="又到会一人，请重新清点。", at=at(DAY))
    client.force_login(hall.town.of("clerk"))
    page = client.get(f"/tasks/{open_task('voting.attendance').pk}/").content.decode()
    apply(SYSTEM)
    assert re.findall(r'name="(leave|absent)" value="(\d+)"[^>]*checked', page) == [("leave", line(hall, 3))]
    assert re.search(r'name="present" value="19"', page) and re.search(r'name="on_leave" value="1"', page)


def test_a_passphrase_typed_differently_the_second_time_is_refused(hall):
    with pytest.raises(InvalidForm, match="两次输入的口令不一致"):
        do(
            "voting.hold_chief",
            hall.town.of("chief_teller"),
            DAY,
            passphrase=PASSPHRASES["teller"],
            repeated="x",
        )


def test_a_key_is_held_by_its_own_office_alone(hall):
    words = PASSPHRASES["chair"]
    with pytest.raises(NotYourTurn):
        do("voting.hold_chair", hall.town.of("teller"), DAY, passphrase=words, repeated=words)


def test_who_is_here_must_be_known_by_name(hall):
    hold(hall)
    with pytest.raises(InvalidForm, match="勾选请假 0 人，按人数应为 1 人"):
        do("voting.attendance", hall.town.of("clerk"), DAY, present=19, on_leave=1, leave=[], absent=[])


def test_phones_and_paper_make_one_result(hall):
    opened(hall, on_paper=(1, 2, 3, 4, 5))
    vote_all(hall)
    close(hall, returned=5)
    sheet = keyed(hall.vote, Sheet({"文化礼堂": 1, "村道硬化": 4}))
    for turn, counter in (("key_first", 1), ("key_second", 2)):
        do(f"voting.{turn}", hall.town.of("counter", counter), DAY, **sheet)
    assert waiting() == ["voting.open_box"]

    open_box(hall)

    for office in ("chief", "teller"):
        do(f"voting.certify_{office}", hall.town.of("chief_teller" if office == "chief" else "teller"), DAY, confirmed=True)  # fmt: skip
    do("voting.declare", hall.town.of("chair"), DAY, confirmed=True)
    assert hall.item("文化礼堂").decision_reason == (
        "需 11 票（全体代表 20 人的过半数），得 16 票，通过；按得票列第 1 位，在应选 1 项之内，入选。"
    )
    assert hall.vote.outcome["ballots"] == {
        "issued": 20, "returned": 20, "valid": 20, "invalid": 0, "problems": []
    }  # fmt: skip


def seen_of_one_count(hall, client, sums):
    """What each page and paper says of a vote keyed, signed and declared, by its place."""
    seen = {"sheet": "".join(sheet_of(hall.vote, hall.cycle).notes)}
    seen["keying"] = page_of("voting.key_first", hall.town.of("counter", 1), "counter", client)
    sheet = keyed(hall.vote, Sheet(sums))
    for turn, counter in (("key_first", 1), ("key_second", 2)):
        do(f"voting.{turn}", hall.town.of("counter", counter), DAY, **sheet)
    if hall.vote.device:
        open_box(hall)
    seen["signing"] = page_of("voting.certify_chief", hall.town.of("chief_teller"), "chief_teller", client)
    for office in ("chief", "teller"):
        do(f"voting.certify_{office}", hall.town.of("chief_teller" if office == "chief" else "teller"), DAY, confirmed=True)  # fmt: skip
    report = Paper.objects.get(kind="tally_report")
    seen["report"] = report.body
    pages = PdfReader(io.BytesIO(pdf_of(document_of(report)))).pages
    seen["printed report"] = "".join("".join(page.extract_text() for page in pages).split())
    vote = hall.vote
    do("voting.declare", hall.town.of("chair"), DAY, confirmed=True)
    vote.refresh_from_db()
    declared = {"declared": [DeclaredVote(vote, lines_of(vote))], "hall": hall.town.unit}
    seen["result"] = render_to_string("steps/voting/result.html", declared)
    seen["vote"] = client.get(f"/votes/{vote.pk}/").content.decode()
    apply(SYSTEM)
    return seen


def test_where_some_vote_by_telephone_and_some_on_paper_nothing_asks_or_tells_who_opposed(hall, client):
    opened(hall, on_paper=(1, 2, 3, 4, 5))
    vote_all(hall, most=14)
    hand_paper(hall, 20)
    close(hall, returned=6)

    seen = seen_of_one_count(hall, client, {"文化礼堂": 2, "村道硬化": 4})

    for place in ("sheet", "keying"):
        assert "赞成的在“表决栏”内划“○”，不划的、划“×”的都为弃权。" in seen[place], place
    assert all("弃权" in words for words in seen.values())
    assert [place for place, words in seen.items() if "反对" in words] == []
    assert "文化礼堂：赞成 16 票，弃权 4 票。" in seen["report"]
    assert "文化礼堂：赞成16＋弃权4＝有效票20张" in seen["printed report"]


def test_where_all_vote_on_paper_the_cross_is_printed_keyed_and_told(db, client):
    hall = settled(TITLES, seats=1, in_office=20)
    do("voting.attendance", hall.town.of("clerk"), DAY, present=20, on_leave=0)
    do("voting.open", hall.town.of("chair"), DAY, issued=20)
    do("voting.open_confirm", hall.town.of("chief_teller"), DAY, confirmed=True)
    close(hall, returned=20)

    seen = seen_of_one_count(hall, client, {"文化礼堂": 12, "村道硬化": 4})

    for place in ("sheet", "keying"):
        assert "赞成的在“表决栏”内划“○”，反对的划“×”，弃权的不划。" in seen[place], place
    assert [place for place, words in seen.items() if "反对" not in words] == []


def test_the_digests_of_box_and_roll_are_signed_and_printed_in_full(hall, client):
    opened(hall, on_paper=(1, 2, 3, 4, 5))
    vote_all(hall)
    close(hall, returned=5)
    sheet = keyed(hall.vote, Sheet({"文化礼堂": 1, "村道硬化": 4}))
    for turn, counter in (("key_first", 1), ("key_second", 2)):
        do(f"voting.{turn}", hall.town.of("counter", counter), DAY, **sheet)
    open_box(hall)
    vote, box, roll = hall.vote.pk, hall.vote.box_digest, hall.vote.roll_digest

    page = page_of("voting.certify_chief", hall.town.of("chief_teller"), "chief_teller", client)
    assert box in page and roll in page and "电子票箱 15 张 ＝ 名册划记 15 人" in page

    do("voting.certify_chief", hall.town.of("chief_teller"), DAY, confirmed=True)
    do("voting.certify_teller", hall.town.of("teller"), DAY, confirmed=True)
    content = pdf_of(document_of(Paper.objects.get(kind="tally_report")))
    pages = PdfReader(io.BytesIO(content)).pages
    text = "".join("".join(page.extract_text() for page in pages).split())
    assert f"票箱摘要（SHA-256）{box}" in text and f"名册摘要（SHA-256）{roll}" in text
    assert "电子票箱15张＝名册划记15人" in text and len(pages) == 1
    do("voting.declare", hall.town.of("chair"), DAY, confirmed=True)
    exported = json.loads(boxes.export(Vote.objects.get(pk=vote)))
    assert len(offline.check(exported, box)) == 15


def test_where_all_vote_by_telephone_closing_asks_for_no_number(hall, client):
    opened(hall)
    vote_all(hall)
    page = page_of("voting.close", hall.town.of("chief_teller"), "chief_teller", client)
    assert "本事项无须填写内容" in page and "收回纸质票" not in page
    do("voting.close", hall.town.of("chief_teller"), DAY, returned=14)

    page = page_of("voting.close_confirm", hall.town.of("teller"), "teller", client)
    assert "我确认没有发出纸质票，可以截止投票" in page and "作废" not in page
    do("voting.close_confirm", hall.town.of("teller"), DAY, confirmed=True)
    assert hall.vote.state == "closed" and (hall.vote.returned, hall.vote.paper_returned) == (20, 0)


def test_paper_handed_out_while_the_vote_is_open_is_counted_at_its_closing(hall, client):
    opened(hall)
    vote_all(hall, most=15)
    hand_paper(hall, 16, 17, 18, 19, 20)
    page = page_of("voting.close", hall.town.of("chief_teller"), "chief_teller", client)
    assert "收回纸质票" in page and "本事项无须填写内容" not in page


def test_whoever_keys_beside_telephones_reads_that_the_paper_alone_is_keyed_and_how_much_there_is(
    hall, client
):
    opened(hall, on_paper=(1, 2, 3, 4, 5, 6))
    vote_all(hall, most=13)
    close(hall, returned=6)
    counter = hall.town.of("counter", 1)
    page = page_of("voting.key_first", counter, "counter", client)
    assert "只录入纸质票" in page
    assert "发出纸质票 6 张，收回纸质票 6 张，只录入这些票；电子票由系统计票，不录入。" in page
    assert "发出纸质票 6" in " ".join(page.split()) and "请对照计票单，独立录入" in page

    whole = keyed(hall.vote, Sheet({"文化礼堂": 1, "村道硬化": 5})) | {"valid": 19}
    with pytest.raises(InvalidForm) as refused:
        do("voting.key_first", counter, DAY, **whole)
    assert list(refused.value.form.errors["valid"])[:2] == [
        "收回纸质票 6 张 ≠ 有效票 19 ＋ 无效票 0 ＝ 19 张。",
        "只录入纸质票，电子票由系统计票。",
    ]
    do("voting.key_first", counter, DAY, **(whole | {"valid": 6}))
    assert hall.vote.keyings.count() == 1


def test_telephones_and_paper_are_added_up_wherever_the_count_is_reconciled(hall, client):
    opened(hall, on_paper=(1, 2, 3, 4, 5, 6))
    vote_all(hall, most=13)
    close(hall, returned=6)
    seen = seen_of_one_count(hall, client, {"文化礼堂": 1, "村道硬化": 5})
    lines = [
        "用手机投票 14 ＋ 发出纸质票 6 ＝ 发出合计 20",
        "收回纸质票 6 ≤ 发出纸质票 6",
        "电子票 13 ＋ 收回纸质票 6 ＝ 收回合计 19",
    ]
    for line_told in lines:
        assert line_told in seen["signing"] and line_told in seen["vote"]
        assert "".join(line_told.split()) in seen["printed report"]


def test_a_vote_whose_ways_do_not_add_up_says_so(hall):
    opened(hall, on_paper=(1, 2, 3, 4, 5, 6))
    vote_all(hall)
    close(hall, returned=6)
    figures = fig.empty_sheet(hall.vote) | {"cast": {"box": 13, "roll": 13}}
    broken = [one.text for one in fig.equations(hall.vote, figures) if not one.holds]
    assert "电子票 13 ＋ 收回纸质票 6 ＝ 收回合计 20" in broken


def test_more_paper_back_than_went_out_beside_telephones_is_told_as_paper_and_before_it_is_confirmed(
    hall, client
):
    opened(hall, on_paper=(1, 2, 3, 4, 5, 6))
    vote_all(hall)
    void = "收回纸质票 7 张，多于发出的 6 张，监票人确认后本次投票无效，由主席团决定重新投票。"
    chief, teller = hall.town.of("chief_teller"), hall.town.of("teller")
    do("voting.close", chief, DAY, returned=6)
    assert "监票人确认后本次投票无效" not in page_of("voting.close_confirm", teller, "teller", client)
    do_again(hall, "voting.close_confirm", teller)
    assert void in checked("voting.close", chief, "chief_teller", client, returned=7)
    do("voting.close", chief, DAY, returned=7)
    assert void in page_of("voting.close_confirm", teller, "teller", client)


def do_again(hall, key, user):
    """Send a task back to whoever did the one before."""
    send_back(open_task(key).pk, actor=user, reason="清点的数字不符", at=at(DAY))


def test_without_paper_nobody_keys_and_the_box_is_opened_at_once(hall):
    opened(hall)
    vote_all(hall)
    close(hall)
    assert waiting() == ["voting.open_box"]

    open_box(hall, second="chair", second_passphrase=PASSPHRASES["chair"])

    assert set(waiting()) == {"voting.certify_chief", "voting.certify_teller"}


def test_who_confirms_the_opening_confirms_what_there_is_of_paper_and_of_telephones(hall, client):
    hold(hall)
    attend(hall)
    chair, chief = hall.town.of("chair"), hall.town.of("chief_teller")
    asked = checked("voting.open", chair, "chair", client)
    assert "领取纸质票的代表 无，都用手机投票" in asked and "未填写" not in asked
    assert "提交后本人不能撤回；总监票人确认后生效，数字不符的由其退回。" in asked
    assert "确认后不能撤销" not in asked
    do("voting.open", chair, DAY, on_paper=[])
    page = " ".join(page_of("voting.open_confirm", chief, "chief_teller", client).split())
    assert (
        "我确认没有发出纸质票，到会代表都用手机投票，人数与上列数字一致" in page
        and "票箱" not in page.split("投票前当众检查票箱")[-1]
    )
    assert "用手机投票的代表 20" in page and "发出纸质票 " not in page
    do_again(hall, "voting.open_confirm", chief)

    do("voting.open", chair, DAY, on_paper=[line(hall, n) for n in range(1, 7)])
    page = " ".join(page_of("voting.open_confirm", chief, "chief_teller", client).split())
    assert "发出纸质票 6 用手机投票的代表 14" in page
    assert "我已当众检查票箱，确认是空的；发出纸质票的张数、用手机投票的人数与上列数字一致" in page
    confirming = checked("voting.open_confirm", chief, "chief_teller", client, confirmed="on")
    assert "发出纸质票 6 用手机投票的代表 14" in confirming and "确认后不能撤销" in confirming


def test_too_few_on_paper_are_told_at_their_field_with_what_helps_before_the_opening(hall):
    hold(hall)
    attend(hall)
    chair = hall.town.of("chair")
    with pytest.raises(InvalidForm) as refused:
        do("voting.open", chair, DAY, on_paper=[line(hall, 1), line(hall, 2)])
    assert refused.value.form.errors["on_paper"] == [
        "纸质票只有 2 人，少于 5 人，容易看出是谁投的票。"
        "请改为都用手机或者会场的平板电脑投票，或者领取纸质票的不少于 5 人。"
    ]
    do("voting.open", chair, DAY, on_paper=[line(hall, n) for n in range(1, 6)])
    assert waiting() == ["voting.open_confirm"]


def test_a_passphrase_or_its_sheet_is_asked_for_and_neither_is_optional(hall, client):
    opened(hall)
    vote_all(hall)
    close(hall)
    page = page_of("voting.open_box", hall.town.of("chief_teller"), "chief_teller", client)
    assert page.count("（口令和恢复单填写一项）") == 4
    assert re.findall(r"(\S+)\s+（选填）", page) == ["附件"]


def test_the_trail_says_of_what_came_back_beside_telephones_that_it_is_paper(hall):
    opened(hall, on_paper=(1, 2, 3, 4, 5, 6))
    vote_all(hall)
    close(hall, returned=6)
    told = {one.label: one.now for one in line_of(Entry.objects.get(action="voting.close")).changes}
    assert told["收回纸质票"] == "6" and "收回表决票" not in told


def test_the_page_of_a_vote_says_by_which_way_it_is_held(hall, client):
    client.force_login(hall.town.of("clerk"))
    lead = client.get(f"/votes/{hall.vote.pk}/").content.decode()
    apply(SYSTEM)
    assert "差额选择 · 电子表决" in lead and "部分代表用纸质票" not in lead
    opened(hall, on_paper=(1, 2, 3, 4, 5, 6))
    client.force_login(hall.town.of("clerk"))
    lead = client.get(f"/votes/{hall.vote.pk}/").content.decode()
    apply(SYSTEM)
    assert "差额选择 · 电子表决 · 部分代表用纸质票" in lead


def test_a_wrong_passphrase_leaves_the_box_closed_and_the_task_open(hall):
    opened(hall)
    vote_all(hall)
    close(hall)

    with pytest.raises(Refused, match="监票人：口令不对"):
        open_box(hall, second_passphrase="这不是原来的口令啊")

    assert waiting() == ["voting.open_box"]


def test_the_same_holder_twice_is_refused_on_the_form(hall):
    opened(hall)
    vote_all(hall)
    close(hall)

    with pytest.raises(InvalidForm, match="两名保管人"):
        open_box(hall, second="chief_teller")


def test_closing_publishes_every_tracker_sorted(hall):
    opened(hall)
    vote_all(hall)
    close(hall)

    paper = Paper.objects.get(kind="trackers")
    assert paper.data["trackers"] == sorted(paper.data["trackers"]) and len(paper.data["trackers"]) == 20
    assert paper.published_at is not None


def test_by_device_a_page_tells_as_what_may_follow_the_box_and_of_the_paper_beside_it_the_keying(hall):
    assert may_follow("voting.hold_chief") == {"清点到会人数"}
    opened(hall)
    vote_all(hall)
    do("voting.close", hall.town.of("chief_teller"), DAY, returned=0)
    assert may_follow("voting.close_confirm") == {"开箱计票"}


def test_with_paper_beside_it_what_may_follow_is_the_keying_and_only_then_the_box(hall):
    opened(hall, on_paper=(1, 2, 3, 4, 5))
    vote_all(hall)
    do("voting.close", hall.town.of("chief_teller"), DAY, returned=5)
    assert may_follow("voting.close_confirm") == KEYINGS
    do("voting.close_confirm", hall.town.of("teller"), DAY, confirmed=True)
    agreed = "两次录入相符且票数平衡的，由总监票人开箱计票，电子票和纸质票合并计票。"
    assert agreed not in may_follow("voting.key_first")
    do(
        "voting.key_first",
        hall.town.of("counter", 1),
        DAY,
        **keyed(hall.vote, Sheet({"文化礼堂": 1, "村道硬化": 4})),
    )
    assert may_follow("voting.key_second") == {agreed, ANEW}


def test_who_has_not_voted_is_read_out_before_the_closing_is_confirmed(hall, client):
    opened(hall, on_paper=(1, 2, 3, 4, 5))
    vote_all(hall, most=13)
    do("voting.close", hall.town.of("chief_teller"), DAY, returned=5)
    missing = [
        entry.line.name for entry in RollEntry.objects.filter(vote=hall.vote, channel="device", voted=False)
    ]

    page = page_of("voting.close_confirm", hall.town.of("teller"), "teller", client)

    assert len(missing) == 2 and f"{'、'.join(missing)}。确认截止后，他们不能再投票" in page
    vote_all(hall, only=missing)
    assert "尚未投票的代表" not in page_of("voting.close_confirm", hall.town.of("teller"), "teller", client)


def test_too_few_ballots_by_device_are_turned_to_paper_before_closing(hall):
    opened(hall)
    vote_all(hall, most=4)
    with pytest.raises(InvalidForm, match="电子票只有 4 张"):
        close(hall)

    ask = {"reason": "电子票太少", "confirmed": True}
    chief = hall.town.of("chief_teller")
    with pytest.raises(Obstructed, match="用电子票的代表还有 20 人"):
        perform("voting.turn_to_paper", hall.cycle, actor=chief, at=at(DAY), data=ask, reauthenticated=True)
    hand_paper(hall, *range(5, 21))
    with pytest.raises(NotInPerson):
        perform("voting.turn_to_paper", hall.cycle, actor=chief, at=at(DAY), data=ask)
    perform("voting.turn_to_paper", hall.cycle, actor=chief, at=at(DAY), data=ask, reauthenticated=True)
    assert Box.objects.count() == 4 and DESK.at_turning(hall.cycle)["entered"]["figures"] == [
        ("将作废的电子票", 4)
    ]
    do("voting.turn_confirm", hall.town.of("teller"), DAY, decision="agree")

    assert not Box.objects.exists()
    assert '"destroyed":4' in Entry.objects.get(action="vote.empty_box").body
    close(hall, returned=20)
    assert set(waiting()) == {"voting.key_first", "voting.key_second"}


@pytest.fixture
def few(hall):
    """Nobody has voted yet; sixteen have gone over to paper, and it is asked to turn the other four."""
    opened(hall, on_paper=range(1, 6))
    hand_paper(hall, *range(6, 17))
    ask = {"reason": "电子票太少", "confirmed": True}
    chief = hall.town.of("chief_teller")
    perform("voting.turn_to_paper", hall.cycle, actor=chief, at=at(DAY), data=ask, reauthenticated=True)
    return hall


def test_the_question_to_turn_to_paper_leaves_the_inbox_once_nobody_is_left_by_device(few):
    hand_paper(few, 17, 18, 19)
    assert "voting.turn_confirm" in waiting(), "one is still left to be turned"
    hand_paper(few, 20)
    assert "voting.turn_confirm" not in waiting() and few.vote.awaiting == {}
    assert "没有电子票须要改用。" in Entry.objects.get(action="flow.cancel").body


def test_whoever_agrees_reads_who_is_to_have_paper_whether_they_have_voted_or_not(few, client):
    vote_all(few, most=1)
    page = page_of("voting.turn_confirm", few.town.of("teller"), "teller", client)
    assert "同意后改领纸质票的代表" in page and "代表17、代表18、代表19、代表20" in page
    assert "不论是否已经用手机投票" in page and "代表16" not in page


def test_whoever_hands_out_so_much_paper_that_too_few_are_left_reads_what_comes_next(hall):
    chief = RoleGrant.objects.get(user=hall.town.of("chief_teller"), office="chief_teller")
    opened(hall, on_paper=range(1, 6))
    hand_paper(hall, *range(6, 16))
    assert DESK.too_few_by_device(hall.cycle, chief) == {"became": []}
    hand_paper(hall, 16)
    told = DESK.too_few_by_device(hall.cycle, chief)
    assert "只余 4 人，少于 5 人" in told["became"][0]
    assert [door.key for door in told["doors"]] == ["voting.turn_to_paper"]
    teller = RoleGrant.objects.get(user=hall.town.of("teller"), office="teller")
    assert DESK.too_few_by_device(hall.cycle, teller)["doors"] == []


def test_whoever_declines_to_turn_to_paper_reads_that_the_vote_goes_on(few, client):
    task, teller = "voting.turn_confirm", few.town.of("teller")
    assert DECLINED in checked(task, teller, "teller", client, decision="decline", reason="请先改领纸质票。")
    assert DECLINED not in checked(task, teller, "teller", client, decision="agree")
    do(task, teller, DAY, decision="decline", reason="请先改领纸质票。")
    told = done_page(task, teller, client)
    assert "<h1>不同意</h1>" in told and DECLINED in told and "没有后续事项" not in told
    assert "发放纸质票" not in told


def test_whoever_agrees_to_turn_to_paper_reads_before_and_after_that_paper_is_to_be_handed_out(few, client):
    task, teller = "voting.turn_confirm", few.town.of("teller")
    hand_out = "请即向原用电子票的代表发放纸质票，由其当场投票"
    assert hand_out in page_of(task, teller, "teller", client)
    assert hand_out in checked(task, teller, "teller", client, decision="agree")
    do(task, teller, DAY, decision="agree")
    told = done_page(task, teller, client)
    assert hand_out in told and "没有后续事项" not in told


def test_turning_to_paper_is_refused_under_the_lock_once_it_is_asked_for_or_the_vote_is_closed(few):
    act, ask = few.town.act("chief_teller", at(DAY)), DESK.asking("turn", TurnFlow)
    with acting(act):
        with pytest.raises(Refused, match="正在等待监票人确认"):
            ask(act, few.cycle, reason="电子票太少", confirmed=True)
        no = {"decision": "decline", "reason": "请先改领纸质票。"}
        do("voting.turn_confirm", few.town.of("teller"), DAY, **no)
        ask(act, few.cycle, reason="电子票太少", confirmed=True)
        assert list(few.vote.awaiting) == ["turn"]
    close(few, returned=16)
    with acting(act), pytest.raises(Refused, match="只有电子表决进行中可以改用纸质票"):
        ask(act, few.cycle, reason="电子票太少", confirmed=True)
    assert few.vote.awaiting == {}


def test_whoever_asked_to_turn_to_paper_is_the_one_told_that_it_is_not_agreed_to(few):
    why = "还可以等他们投票。"
    do("voting.turn_confirm", few.town.of("teller"), DAY, decision="decline", reason=why)
    entry = Entry.objects.get(action="voting.turn_confirm")
    (route, _last) = routes_of(entry.action, json.loads(entry.body)["after"])
    assert (route.letter, route.found_in) == ("not_agreed", "after.asked_by")
    assert json.loads(entry.body)["after"]["asked_by"] == few.town.of("chief_teller").username


def test_the_question_to_turn_to_paper_leaves_the_inbox_once_the_vote_is_closed(few):
    close(few, returned=16)
    assert "voting.turn_confirm" not in waiting() and few.vote.awaiting == {}
    assert "投票已经截止，不再改用纸质票。" in Entry.objects.get(action="flow.cancel").body


def test_a_deputy_whose_phone_died_takes_paper_instead(hall):
    opened(hall, on_paper=(16, 17, 18, 19, 15))
    vote_all(hall, most=14)

    hand_paper(hall, 20)

    assert hall.vote.paper_issued == 6
    with pytest.raises(InvalidForm, match="刚刚用手机投了票，不能再领纸质票"):
        perform(
            "voting.hand_paper", hall.cycle, actor=hall.town.of("teller"), at=at(DAY),
            data={"lines": [line(hall, 1)], "reason": "已经投过电子票"}, reauthenticated=True,
        )  # fmt: skip


def test_where_nobody_is_on_paper_whose_phone_died_votes_on_a_tablet_of_the_hall(hall):
    """As the pages say: a single ballot on paper would tell whose it is."""
    opened(hall)
    vote_all(hall, most=19)
    [waiting_one] = RollEntry.objects.filter(vote=hall.vote, channel="device", voted=False)
    with pytest.raises(Refused, match="请在会场提供平板电脑并换发新的投票码"):
        hand_paper(hall, int(waiting_one.line.name.removeprefix("代表")))
    told = str(OpenForm.base_fields["on_paper"].help_text)
    assert "换发投票码，用会场的平板电脑投票" in told and "纸质票合计须不少于规定张数" in told

    act, tablet = hall.town.act("clerk", at(DAY)), Client()
    vote = Vote.objects.select_for_update(of=("self",)).get(pk=hall.vote.pk)
    [(_entry, code)] = rolls.new_codes(act, vote, [waiting_one.line_id])
    tablet.post("/ballot/", {"code": code})
    apply(SYSTEM)
    token = token_with(tablet.cookies["ballot"].value, "tablet")
    done = tablet.post("/ballot/paper/", {"op": "cast", "token": token, "m1": "1"})
    apply(SYSTEM)

    assert "您的票已投出" in done.content.decode()
    close(hall)
    assert (hall.vote.state, hall.vote.returned) == ("closed", 20)


def test_paper_handed_out_after_the_returned_were_counted_is_counted_before_the_vote_closes(hall):
    opened(hall, on_paper=range(1, 6))
    vote_all(hall, most=14)
    do("voting.close", hall.town.of("chief_teller"), DAY, returned=5)

    hand_paper(hall, 20)

    teller = hall.town.of("teller")
    with pytest.raises(Refused, match="没有待确认的内容"):
        do("voting.close_confirm", teller, DAY, confirmed=True)
    task = open_task("voting.close_confirm").task_id
    send_back(task, actor=teller, reason="又发出一张纸质票，请重新清点。", at=at(DAY))
    close(hall, returned=6)
    assert (hall.vote.state, hall.vote.returned, hall.vote.paper_returned) == ("closed", 20, 6)


def test_a_holder_who_forgot_the_passphrase_sets_it_anew_before_the_opening(hall):
    hold(hall)

    perform(
        "voting.release_holder", hall.cycle, actor=hall.town.of("chair"), at=at(DAY),
        data={"office": "teller", "reason": "监票人忘记口令，主席团决定重新设定"}, reauthenticated=True,
    )  # fmt: skip

    keys = set(waiting())
    assert "voting.hold_teller" in keys and "voting.attendance" not in keys


def test_no_holder_is_replaced_once_voting_has_begun(hall):
    opened(hall)

    with pytest.raises(Obstructed, match="没有尚未开始的电子表决"):
        perform(
            "voting.release_holder", hall.cycle, actor=hall.town.of("chair"), at=at(DAY),
            data={"office": "teller", "reason": "监票人忘记口令，主席团决定重新设定"}, reauthenticated=True,
        )  # fmt: skip


def test_a_recount_opens_the_box_again_by_another_pair(hall):
    opened(hall)
    vote_all(hall)
    close(hall)
    open_box(hall)
    first = hall.vote

    perform(
        "voting.recount", hall.cycle, actor=hall.town.of("chief_teller"), at=at(DAY),
        data={"reason": "代表要求复核，主席团同意"}, reauthenticated=True,
    )  # fmt: skip
    do("voting.recount_confirm", hall.town.of("teller"), DAY, decision="agree")
    without = [line for line in readiness_sheet(hall.cycle, T) if "恢复单" in line.note]
    assert len(without) == 3, "it has the key of the vote whose box it counts"
    close(hall)
    with pytest.raises(Refused, match="复票须至少换一人开箱"):
        open_box(hall)
    open_box(hall, first="chair", first_passphrase=PASSPHRASES["chair"])

    assert hall.vote.pk != first.pk
    assert hall.vote.figures["sums"] == first.figures["sums"]
    assert (first.figures["opened_by"], hall.vote.figures["opened_by"]) == (
        ["chief_teller", "teller"], ["teller", "chair"]
    )  # fmt: skip


def test_who_may_print_the_codes_is_told_in_the_words_of_the_hall(hall, client):
    opened(hall)
    chief = hall.town.of("chief_teller")
    assert "人大办和监票人都可以打印" in done_page("voting.open_confirm", chief, client)
    in_a_subdistrict(hall)
    told = done_page("voting.open_confirm", chief, client)
    assert "人大街道工委办公室和监票人都可以打印" in told and "人大办和监票人" not in told


def test_a_teller_confirms_of_a_recount_without_paper_that_there_is_none_to_count_and_nothing_of_closing(
    hall, client
):
    opened(hall)
    vote_all(hall)
    close(hall)
    open_box(hall)
    perform(
        "voting.recount", hall.cycle, actor=hall.town.of("chief_teller"), at=at(DAY),
        data={"reason": "代表要求复核，主席团同意"}, reauthenticated=True,
    )  # fmt: skip
    do("voting.recount_confirm", hall.town.of("teller"), DAY, decision="agree")
    do("voting.count_again", hall.town.of("chief_teller"), DAY)
    page = page_of("voting.count_again_confirm", hall.town.of("teller"), "teller", client)
    assert "我确认本次没有纸质票，无须清点" in page and "可以截止投票" not in page
    do("voting.count_again_confirm", hall.town.of("teller"), DAY, confirmed=True)
    kept = Entry.objects.filter(action="voting.count_again_confirm").latest("pk").body
    assert "我确认本次没有纸质票，无须清点" in kept and "截止投票" not in kept


def test_the_same_two_open_it_again_only_with_their_reason_kept(hall, client):
    opened(hall)
    vote_all(hall)
    close(hall)
    assert "仍由前次开箱的两人" not in page_of(
        "voting.open_box", hall.town.of("chief_teller"), "chief_teller", client
    )
    open_box(hall)
    perform(
        "voting.recount", hall.cycle, actor=hall.town.of("chief_teller"), at=at(DAY),
        data={"reason": "代表要求复核，主席团同意"}, reauthenticated=True,
    )  # fmt: skip
    do("voting.recount_confirm", hall.town.of("teller"), DAY, decision="agree")
    close(hall)
    assert "仍由前次开箱的两人" in page_of(
        "voting.open_box", hall.town.of("chief_teller"), "chief_teller", client
    )

    with pytest.raises(InvalidForm):
        open_box(hall, because="忘")
    open_box(hall, because="主席遗失口令和恢复单")

    assert "主席遗失口令和恢复单" in Entry.objects.filter(action="vote.open_box").latest("pk").body
    for office in ("chief", "teller"):
        do(f"voting.certify_{office}", hall.town.of("chief_teller" if office == "chief" else "teller"), DAY, confirmed=True)  # fmt: skip
    report = Paper.objects.get(kind="tally_report")
    assert report.data["opened"] == (
        "电子票箱由总监票人、监票人共同开箱。与前次计票由相同的两人开箱，理由：主席遗失口令和恢复单"
    )


def test_paper_is_printed_while_deputies_vote_by_device_and_not_once_it_is_closed(hall):
    opened(hall)
    vote_all(hall)
    clerk = hall.town.of("clerk")
    printed = {"copies": 5, "ending": "docx"}

    entry = perform("ballots.print", hall.vote, actor=clerk, data=printed, at=at(DAY))

    assert '"while_open":true' in entry.body and '"copies":5' in entry.body
    close(hall)
    with pytest.raises(Obstructed, match="只在投票开始以前印制"):
        perform("ballots.print", hall.vote, actor=clerk, data=printed, at=at(DAY))


LIMITS = ("服务器", "逼迫", "两名密钥保管人")


def test_what_the_device_does_not_protect_against_is_said_where_it_matters(hall, client):
    method = method_draft(Rules(ballot_channel="device"), 12, 10)
    pages = [method, client.get("/ballot/").content.decode()]
    apply(SYSTEM)
    pages += [
        render_to_string("steps/voting/open_box.html", DESK.at_keys(hall.cycle)),
        render_to_string("steps/deliberation/adopt_method.html", adopting_page(hall.cycle)),
    ]
    for page in pages:
        assert all(words in page for words in LIMITS)
    assert "电子" not in method_draft(Rules(), 12, 10)
