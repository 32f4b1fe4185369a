"""Voting by device: keys, roll, casting exactly once, the frozen box, the count of both kinds of ballot as one."""

from __future__ import annotations

import json
import re
from datetime import date

import pytest
from django.db import transaction

from projects.ballots import boxes, keys, offline, rolls, sealing
from projects.ballots.casting import AlreadyVoted, VoteClosed, Voter
from projects.ballots.figures import (
    decided,
    digest_of,
    equations,
    file_of,
    has_against,
    marks_of,
    signed_text,
)
from projects.ballots.forms import columns_of
from projects.ballots.models import Box, KeyHolder, RollEntry, Vote
from projects.ballots.printing import how_to_mark
from projects.ballots.selectors import signatures_hold
from projects.ballots.services import (
    close_vote,
    continue_vote,
    declare,
    enter_closing,
    enter_opening,
    open_box,
    open_vote,
    record_attendance,
    recount,
    sign,
    void_vote,
)
from projects.ballots.together import cast
from projects.cycles.models import RollLine
from projects.evaluation.conformance import CHECKS, Year, act_of
from tests.builders import at
from tests.projects.ballots.conftest import PASSPHRASES, met, opening
from workflow.audit.models import Entry
from workflow.flows.errors import Refused

pytestmark = pytest.mark.django_db

WATER, CLINIC, ROAD = "水厂", "卫生室", "村道"


FIVE = tuple(f"代表{n}" for n in range(1, 6))


def lines_of(hall, names):
    return [hall.line(name).pk for name in names]


def everybody(hall, ballot=(WATER,), *, but=()):
    """All who vote by device cast the same ballot."""
    for entry in RollEntry.objects.filter(vote=hall.vote, channel="device").select_related("line"):
        if entry.line.name not in but:
            hall.cast(entry.line.name, list(ballot))


def paper(hall, *, valid, invalid=0, **sums):
    zero = {"for": 0, "abstain": valid}
    named = {WATER: zero, CLINIC: zero, ROAD: zero} | {
        title: {"for": votes, "abstain": valid - votes} for title, votes in sums.items()
    }
    return {"valid": valid, "invalid": invalid, "sums": named}


def told(entry):
    return json.loads(entry.body)["after"]


# Keys


def test_the_key_is_made_with_the_third_passphrase_and_stands_in_the_trail(hall_of):
    hall = hall_of()
    for office in ("chief_teller", "teller"):
        keys.hold_key(hall.act(office), hall.locked, office, PASSPHRASES[office])
    assert hall.locked.public_key == ""

    keys.hold_key(hall.act("chair"), hall.locked, "chair", PASSPHRASES["chair"])

    made = Entry.objects.get(action="vote.make_keys")
    assert told(made)["public_key"] == hall.locked.public_key != ""
    assert [office for office, _name in told(made)["holders"]] == ["chief_teller", "teller", "chair"]


def test_no_passphrase_and_no_share_stands_anywhere_in_the_clear(hall):
    kept = json.dumps(
        [*KeyHolder.objects.values(), *Entry.objects.values("body")], default=str, ensure_ascii=False
    )

    for office, passphrase in PASSPHRASES.items():
        share = keys.share_of(hall.vote, opening(office))
        assert passphrase not in kept
        assert share.hex() not in kept and share[1:17].hex() not in kept


@pytest.mark.parametrize("passphrase", ["短口令", "aaaaaaaaaaaaaaaa", ""])
def test_a_weak_passphrase_is_refused(hall_of, passphrase):
    hall = hall_of()

    with pytest.raises(Refused, match="口令"):
        keys.hold_key(hall.act("teller"), hall.locked, "teller", passphrase)


def test_one_person_cannot_hold_two_shares(hall_of):
    hall = hall_of()
    keys.hold_key(hall.act("chief_teller"), hall.locked, "chief_teller", PASSPHRASES["chief_teller"])

    with pytest.raises(Refused, match="三个人"):
        keys.hold_key(hall.act("chief_teller"), hall.locked, "teller", PASSPHRASES["teller"])


def test_the_vote_cannot_open_while_a_passphrase_is_missing(hall_of):
    hall = hall_of()
    keys.hold_key(hall.act("teller"), hall.locked, "teller", PASSPHRASES["teller"])

    with pytest.raises(Refused) as refused:
        hall.open()

    assert [str(reason) for reason in refused.value.reasons] == [
        "总监票人尚未设定开箱口令。", "主席团保管人尚未设定开箱口令。"
    ]  # fmt: skip


def test_a_teller_who_leaves_takes_the_key_along_and_the_next_one_makes_a_new_one(hall):
    before = hall.vote.public_key

    keys.release_holder(hall.act("chair"), hall.locked, "teller", reason="因病离会，主席团决定更换")
    with pytest.raises(Refused, match="监票人尚未设定"):
        hall.open()
    keys.hold_key(hall.act("another"), hall.locked, "teller", "换了人也换了口令，重新来")

    assert hall.locked.public_key not in ("", before)
    assert (
        json.loads(Entry.objects.get(action="vote.release_holder").body)["reason"]
        == "因病离会，主席团决定更换"
    )


def test_no_holder_changes_once_the_vote_is_open(hall):
    hall.open()

    with pytest.raises(Refused, match="投票已经开始"):
        keys.release_holder(hall.act("chair"), hall.locked, "teller", reason="离会")
    with pytest.raises(Refused, match="开始以前"):
        keys.hold_key(hall.act("another"), hall.locked, "teller", PASSPHRASES["teller"])


def test_a_recovery_sheet_is_printed_by_its_holder_alone_and_recorded(hall):
    text = keys.recovery_sheet(hall.act("chair"), hall.vote, "chair", PASSPHRASES["chair"])

    assert sealing.share_from_sheet(text) == keys.share_of(hall.vote, opening("chair"))
    assert Entry.objects.filter(action="vote.print_recovery_sheet").count() == 1
    with pytest.raises(Refused, match="本人"):
        keys.recovery_sheet(hall.act("teller"), hall.vote, "chair", PASSPHRASES["chair"])
    with pytest.raises(Refused, match="口令不对"):
        keys.recovery_sheet(hall.act("chair"), hall.vote, "chair", PASSPHRASES["teller"])


# The roll


def test_opening_freezes_the_roll_with_its_hash(hall):
    hall.open(on_paper=FIVE, absent=("代表12",))

    channels = dict(RollEntry.objects.filter(vote=hall.vote).values_list("line__name", "channel"))
    assert (channels["代表1"], channels["代表6"], channels["代表12"]) == ("paper", "device", "none")
    opened = Entry.objects.get(action="vote.open")
    assert told(opened)["roll_digest"] == hall.vote.roll_digest == boxes.digest_of_roll(hall.vote.roll.all())
    assert told(opened)["public_key"] == hall.vote.public_key
    assert (hall.vote.issued, hall.vote.paper_issued) == (11, 5)


def test_a_roll_that_is_not_n_cannot_be_voted_on_by_device(hall):
    hall.line("代表12").delete()

    with pytest.raises(Refused, match="名册 11 人，与应到 12 人不符"):
        open_vote(hall.act("chair"), hall.vote, present=12, on_leave=0, issued=12)


def test_who_takes_paper_before_voting_votes_on_paper_only(hall):
    hall.open()

    rolls.to_paper(hall.act("teller"), hall.locked, lines_of(hall, FIVE), reason="网络中断")

    assert hall.locked.paper_issued == 5
    with pytest.raises(AlreadyVoted, match="用纸质票投票"):
        hall.cast("代表3", [WATER])


def test_who_has_voted_by_device_gets_no_paper(hall):
    hall.open()
    hall.cast("代表3", [WATER])

    with pytest.raises(Refused, match="代表3已经投票"):
        rolls.to_paper(hall.act("teller"), hall.locked, [hall.line("代表3").pk], reason="反悔")


# Casting


def test_a_ballot_is_cast_once_whatever_is_sent_after_it(hall):
    hall.open()
    tracker = hall.cast("代表1", [WATER])

    assert hall.cast("代表1", [WATER]) == tracker
    assert hall.cast("代表1", [ROAD]) == tracker
    with pytest.raises(AlreadyVoted, match="每人只投一次"):
        hall.cast("代表1", [WATER], token=sealing.new_token())
    assert Box.objects.filter(vote_number=hall.vote.pk).count() == 1


def test_casting_leaves_no_entry_in_the_trail(hall):
    hall.open()
    before = Entry.objects.count()

    everybody(hall)

    assert Entry.objects.count() == before


def test_nobody_votes_before_opening_or_after_closing(hall):
    hall.open()
    everybody(hall, but=("代表7",))
    hall.close()

    with pytest.raises(VoteClosed, match="没有投出"):
        hall.cast("代表7", [WATER])


def test_a_retry_after_closing_still_learns_that_the_ballot_is_in(hall):
    hall.open()
    everybody(hall)
    token = hall.tokens["代表2"]
    tracker = hall.cast("代表2", [WATER], token)
    hall.close()

    assert hall.cast("代表2", [WATER], token) == tracker
    assert tracker in boxes.trackers_of(hall.vote)


def test_who_has_left_the_roll_is_let_into_the_earlier_vote_alone(hall_of, new_hall):
    one = hall_of()
    one.hold_keys()
    one.open()
    everybody(one)
    one.close()
    frozen = one.vote.roll_digest
    RollLine.objects.filter(pk=one.line("代表12").pk).update(left_at=at("2027-01-20"))

    other = new_hall(beside=one)
    other.hold_keys()
    other.open()

    assert (one.vote.deputies_in_office, other.vote.deputies_in_office) == (12, 11)
    assert boxes.obstacles_to_counting(one.vote) == [] and one.vote.roll_digest == frozen
    assert one.entry("代表12").voted and not RollEntry.objects.filter(vote=other.vote, line__name="代表12")
    with pytest.raises(Refused, match="名册"):
        other.cast("代表12", [WATER])
    everybody(other)
    assert other.vote.roll.filter(voted=True).count() == 11


def test_who_is_absent_cannot_vote(hall):
    hall.open(absent=("代表12",))

    with pytest.raises(Refused, match="不在本次投票的到会名册上"):
        hall.cast("代表12", [WATER])


@pytest.mark.parametrize(
    ("mode", "ballot", "words"),
    [
        ("select", [WATER, CLINIC, ROAD], "最多选 2 项，您选了 3 项，请去掉 1 项"),
        ("rank", [WATER, CLINIC, ROAD], "最多选 2 项，您选了 3 项，请去掉 1 项"),
        ("select", ["别处的项目"], "没有的项目"),
        ("each", {WATER: "maybe"}, "没有的项目"),
    ],
)
def test_a_ballot_that_would_be_invalid_is_refused_before_it_is_sealed(hall_of, mode, ballot, words):
    hall = hall_of(mode=mode)
    hall.hold_keys()
    hall.open()

    with pytest.raises(Refused, match=words):
        hall.cast("代表1", ballot)

    assert not hall.entry("代表1").voted


def test_an_entry_of_another_vote_opens_no_ballot_here(hall):
    hall.open()
    other = hall.entry("代表1")
    again = void_vote(hall.act("chair"), hall.vote, reason="重来", ordered_by=met(hall.unit))
    first, hall.vote = hall.vote, again
    hall.open()

    with pytest.raises(Refused, match="名册"):
        voter = Voter(hall.unit.pk, again.pk, other.pk)
        cast(voter, [WATER], boxes.paper_of(again), "t", hall.vote.public_key)
    assert first.pk != again.pk


# Codes


def test_a_code_opens_one_ballot_on_one_device(hall):
    hall.open()
    printed = {entry.line.name: code for entry, code in rolls.new_codes(hall.act("clerk"), hall.locked)}

    entry = rolls.enter_by_code(printed["代表5"].lower())

    assert entry == hall.entry("代表5")
    with pytest.raises(Refused, match="另一台设备"):
        rolls.enter_by_code(printed["代表5"])
    with pytest.raises(Refused, match="投票码不对"):
        rolls.enter_by_code("ABCDEFGHJKMN")


def test_a_new_code_makes_the_old_one_void_and_no_code_is_kept(hall):
    hall.open()
    [(_entry, old)] = rolls.new_codes(hall.act("clerk"), hall.locked, [hall.line("代表5").pk])
    rolls.ask_for_codes(hall.act("teller"), hall.locked, [hall.line("代表5").pk], reason="纸条遗失")
    [(_entry, new)] = rolls.new_codes(hall.act("clerk"), hall.locked, [hall.line("代表5").pk])

    with pytest.raises(Refused, match="投票码不对"):
        rolls.enter_by_code(old)
    assert rolls.enter_by_code(new) == hall.entry("代表5")
    line = hall.line("代表5").pk
    first, second = (told(entry) for entry in Entry.objects.filter(action="vote.print_codes").order_by("pk"))
    assert (first["lines"], first["replaced"], first["used"]) == ([line], [], [])
    assert (second["lines"], second["replaced"], second["used"]) == ([line], [line], [])
    assert (first["asked_by"], second["asked_by"]) == ("", "teller")
    rolls.ask_for_codes(hall.act("teller"), hall.locked, [line], reason="手机坏了")
    rolls.new_codes(hall.act("clerk"), hall.locked, [line])
    assert told(Entry.objects.filter(action="vote.print_codes").latest("pk"))["used"] == [line]
    kept = json.dumps([*RollEntry.objects.values(), *Entry.objects.values("body")], default=str)
    assert old not in kept and new not in kept


def test_a_code_is_replaced_by_two_people_and_first_printed_by_one(hall):
    hall.open()
    mine, other = hall.line("代表5").pk, hall.line("代表6").pk
    [(_entry, first)] = rolls.new_codes(hall.act("clerk"), hall.locked, [mine])
    with pytest.raises(Refused, match="只为已有投票码"):
        rolls.ask_for_codes(hall.act("clerk"), hall.locked, [mine, other], reason="纸条遗失")
    with pytest.raises(Refused, match="换发投票码须由两人办理"):
        rolls.new_codes(hall.act("teller"), hall.locked, [mine])

    rolls.ask_for_codes(hall.act("clerk"), hall.locked, [mine], reason="纸条遗失")
    with pytest.raises(Refused, match="须由另一人确认"):
        rolls.new_codes(hall.act("clerk"), hall.locked, [mine])
    assert rolls.enter_by_code(first) == hall.entry("代表5")
    [(_entry, second)] = rolls.new_codes(hall.act("teller"), hall.locked, [mine])

    assert rolls.enter_by_code(second) == hall.entry("代表5")
    asked = Entry.objects.get(action="vote.ask_for_codes")
    assert told(asked)["lines"] == [mine] and json.loads(asked.body)["reason"] == "纸条遗失"
    with pytest.raises(Refused, match="换发投票码须由两人办理"):
        rolls.new_codes(hall.act("teller"), hall.locked, [mine])


def test_who_has_voted_gets_no_new_code(hall):
    hall.open()
    hall.cast("代表5", [WATER])

    with pytest.raises(Refused, match="没有需要打印"):
        rolls.new_codes(hall.act("clerk"), hall.locked, [hall.line("代表5").pk])


# Closing


def test_closing_freezes_the_digest_of_the_box(hall):
    hall.open()
    everybody(hall)

    hall.close()

    closed = Entry.objects.get(action="vote.close")
    assert told(closed)["box_digest"] == hall.vote.box_digest
    assert hall.vote.box_digest == sealing.digest_of_box(boxes.in_box(hall.vote))
    assert (hall.vote.returned, hall.vote.paper_returned) == (12, 0)


def test_fewer_than_five_ballots_by_device_go_to_paper(hall):
    hall.open()
    for name in ("代表1", "代表2", "代表3", "代表4"):
        hall.cast(name, [WATER])
    with pytest.raises(Refused, match="电子票只有 4 张，少于 5 张"):
        hall.close()

    left = [f"代表{n}" for n in range(5, 13)]
    rolls.to_paper(hall.act("teller"), hall.locked, lines_of(hall, left), reason="不用手机投票")

    rolls.empty_box(hall.act("chief_teller"), hall.locked, reason="电子票太少")

    assert not Box.objects.exists()
    emptied = told(Entry.objects.get(action="vote.empty_box"))
    assert (emptied["destroyed"], emptied["deputies"], emptied["paper_issued"]) == (4, 4, 12)
    assert hall.locked.paper_issued == 12
    assert hall.close(on_paper=12).state == "closed"


def test_a_box_is_not_emptied_while_its_deputies_can_still_fill_it(hall):
    hall.open()
    for name in ("代表1", "代表2", "代表3", "代表4"):
        hall.cast(name, [WATER])

    with pytest.raises(Refused, match="用电子票的代表还有 12 人，票数仍可达到 5 张"):
        rolls.empty_box(hall.act("chief_teller"), hall.locked, reason="电子票太少")

    assert Box.objects.count() == 4


# A few on paper beside many by device would be read off the roll


@pytest.mark.parametrize("few", [1, 4])
def test_a_vote_does_not_open_with_a_handful_on_paper(hall, few):
    with pytest.raises(Refused, match=f"纸质票只有 {few} 人，少于 5 人.*平板电脑"):
        hall.open(on_paper=FIVE[:few])
    hall.open(on_paper=FIVE)
    assert hall.vote.paper_issued == 5


def test_a_vote_does_not_open_with_a_handful_by_device(hall):
    most = tuple(f"代表{n}" for n in range(1, 9))
    with pytest.raises(Refused, match="电子票只有 4 人，少于 5 人"):
        hall.open(on_paper=most)
    hall.open(on_paper=(*most, "代表9", "代表10", "代表11", "代表12"))
    assert hall.vote.paper_issued == 12


def test_a_single_deputy_is_not_moved_to_paper_but_five_are(hall):
    hall.open()
    with pytest.raises(Refused, match="纸质票只有 1 人"):
        rolls.to_paper(hall.act("teller"), hall.locked, lines_of(hall, ("代表1",)), reason="手机没电")
    rolls.to_paper(hall.act("teller"), hall.locked, lines_of(hall, FIVE), reason="网络中断")
    rolls.to_paper(hall.act("teller"), hall.locked, lines_of(hall, ("代表6",)), reason="手机没电")
    assert hall.locked.paper_issued == 6


def test_a_handful_left_on_paper_and_none_by_device_is_turned_to_paper_first(hall):
    hall.open(absent=("代表9", "代表10", "代表11", "代表12"))
    for name in FIVE[:4]:
        hall.cast(name, [WATER])
    rolls.to_paper(
        hall.act("teller"), hall.locked, lines_of(hall, [f"代表{n}" for n in (5, 6, 7, 8)]), reason="不用手机"
    )
    with pytest.raises(Refused, match="电子票只有 4 张"):
        hall.close(on_paper=4)
    rolls.empty_box(hall.act("chief_teller"), hall.locked, reason="电子票太少")
    assert hall.close(on_paper=8).state == "closed"


@pytest.mark.parametrize(("on_paper", "came_back"), [(FIVE, 5), (FIVE, 4), (FIVE, 0), ((), 0)])
def test_what_may_be_closed_is_lawful_however_many_of_five_papers_come_back(hall, on_paper, came_back):
    hall.open(on_paper=on_paper)
    everybody(hall)
    hall.close(on_paper=came_back)

    entries = Entry.objects.order_by("pk").values_list("pk", "body")
    year = Year(tuple(act_of(number, json.loads(body)) for number, body in entries), date(2027, 1, 21))
    [found] = [check.find(year) for check in CHECKS if check.code == "secret"]

    closed = Entry.objects.get(action="vote.close")
    assert (found.status, found.evidence) == ("held", (closed.pk,))


def test_of_phones_and_paper_only_the_total_is_kept(hall):
    hall.open(on_paper=FIVE)
    everybody(hall, [ROAD])
    hall.close(on_paper=5)
    hall.key(paper(hall, valid=5, **{WATER: 3}))
    counted(hall)
    before = digest_of(hall.vote)
    assert all(keying.figures["sums"][WATER]["for"] == 3 for keying in hall.vote.keyings.all())

    for office in ("chief_teller", "teller"):
        sign(hall.act(office), hall.vote, office)

    first, second = (keying.figures for keying in hall.vote.keyings.all())
    assert first == second and list(first) == ["hmac-sha256"]
    hall.vote.refresh_from_db()
    assert digest_of(hall.vote) == before and signatures_hold(hall.vote)
    assert hall.vote.figures["sums"][WATER]["for"] == 3


def test_a_box_with_enough_ballots_is_not_emptied(hall):
    hall.open()
    everybody(hall)

    with pytest.raises(Refused, match="不须改用"):
        rolls.empty_box(hall.act("chief_teller"), hall.locked, reason="改主意")


def test_too_few_by_device_do_not_hide_that_more_paper_came_back_than_was_issued(hall):
    hall.open(on_paper=FIVE)
    for name in ("代表6", "代表7", "代表8"):
        hall.cast(name, [WATER])
    with pytest.raises(Refused, match="电子票只有 3 张"):
        hall.close(on_paper=5)

    enter_closing(hall.act("chief_teller"), hall.vote, returned=6)
    assert hall.close(on_paper=6).follows == hall.vote
    assert (hall.vote.state, hall.vote.returned) == ("void", 9)


def test_the_box_of_a_void_vote_is_sealed_with_a_digest_and_not_exported(hall):
    hall.open()
    everybody(hall)

    again = void_vote(hall.act("chair"), hall.vote, reason="主席团决定重新投票", ordered_by=met(hall.unit))

    hall.vote.refresh_from_db()
    assert hall.vote.box_digest == sealing.digest_of_box(boxes.in_box(hall.vote))
    assert told(Entry.objects.get(action="vote.make_void"))["box_digest"] == hall.vote.box_digest
    with pytest.raises(Refused, match="这次投票无效，票箱封存备查"):
        boxes.export(hall.vote)
    hall.vote = again
    hall.tokens.clear()
    hall.open()
    everybody(hall)
    hall.close()
    announced(hall)
    assert boxes.export(hall.vote)


def test_who_votes_on_paper_is_on_the_roll_and_here(hall):
    absent, elsewhere = hall.line("代表12").pk, 987654
    paper = lines_of(hall, FIVE)
    record_attendance(hall.act("clerk"), hall.vote, present=11, on_leave=1, leave=[str(absent)])
    for wrong in (absent, elsewhere):
        with pytest.raises(Refused, match="领取纸质票的有 1 人不在到会名册上"):
            open_vote(
                hall.act("chair"), hall.vote, present=11, on_leave=1, issued=11, on_paper=[*paper, wrong]
            )
    open_vote(hall.act("chair"), hall.vote, present=11, on_leave=1, issued=11, on_paper=[*paper, paper[0]])
    assert hall.locked.paper_issued == 5


def test_more_paper_returned_than_issued_makes_the_whole_vote_void(hall):
    hall.open(on_paper=FIVE)
    everybody(hall)
    before = hall.vote.public_key

    again = close_vote(hall.act("chief_teller"), hall.vote, returned=6)

    assert (hall.vote.state, again.state) == ("void", "defined")
    assert again.public_key not in ("", before)
    assert [holder.office for holder in again.holders.all()] == list(keys.HOLDERS)


# Chosen by telephone and on paper: nobody opposes


@pytest.mark.parametrize(
    ("mode", "device", "marks"),
    [
        ("select", True, ("for", "abstain")),
        ("rank", True, ("for", "abstain", "points")),
        ("each", True, ("for", "against", "abstain")),
        ("select", False, ("for", "against", "abstain")),
        ("rank", False, ("for", "against", "abstain", "points")),
        ("each", False, ("for", "against", "abstain")),
    ],
)
def test_where_telephones_choose_or_rank_no_vote_against_is_keyed_and_elsewhere_it_is(
    hall_of, mode, device, marks
):
    vote = hall_of(mode=mode, device=device).vote
    assert marks_of(vote) == marks and has_against(vote) == ("against" in marks)
    assert tuple(column.mark for column in columns_of(vote)) == marks


@pytest.mark.parametrize(
    ("mode", "device", "rule"),
    [
        ("select", True, "不划的、划“×”的都为弃权。"),
        ("rank", True, "不填的、划“×”的都为弃权。"),
        ("select", False, "反对的划“×”，弃权的不划。"),
        ("rank", False, "反对的划“×”，不填的为弃权。"),
    ],
)
def test_what_a_cross_on_the_paper_means_stands_on_it(hall_of, mode, device, rule):
    assert how_to_mark(hall_of(mode=mode, device=device).vote)[-1].endswith(rule)


def test_a_keying_that_names_votes_against_is_refused_and_the_same_without_them_stands(hall):
    hall.open(on_paper=FIVE)
    everybody(hall, [WATER])
    hall.close(on_paper=5)
    sheet = paper(hall, valid=5, **{WATER: 2, ROAD: 3})
    for against in (0, 2):
        opposed = {title: of | {"against": against} for title, of in sheet["sums"].items()}
        with pytest.raises(Refused, match="本次投票没有“反对”这一项，不能录入。"):
            hall.key(sheet | {"sums": opposed})
    assert not hall.vote.keyings.exists()

    assert hall.key(sheet) is None
    counted(hall)

    assert hall.vote.figures["sums"][WATER] == {"for": 9, "abstain": 3}
    assert file_of(hall.vote)["sums"][WATER] == {"for": 9, "against": 0, "abstain": 3}
    assert f"{WATER}：赞成 9 ＋ 弃权 3 ＝ 有效票 12 张" in [line.text for line in equations(hall.vote)]


def test_what_does_not_balance_is_said_without_votes_against(hall):
    hall.open(on_paper=FIVE)
    everybody(hall, [WATER])
    hall.close(on_paper=5)
    sheet = paper(hall, valid=5, **{WATER: 2})
    sheet["sums"][WATER]["abstain"] = 1

    rejected = hall.key(sheet)

    assert rejected.sentences == ["项目“水厂”：赞成 2 ＋ 弃权 1 ＝ 3 票 ≠ 有效票 5 张。"]


def test_turned_to_paper_whole_or_in_part_and_counted_again_nobody_opposes_either(hall):
    hall.open(on_paper=FIVE)
    more = ("代表6", "代表7", "代表8")
    everybody(hall, but=more)
    rolls.to_paper(hall.act("teller"), hall.locked, lines_of(hall, more), reason="手机没电")
    hall.vote.refresh_from_db()
    assert hall.vote.paper_issued == 8 and not has_against(hall.vote)
    rolls.empty_box(hall.act("chief_teller"), hall.locked, reason="电子票少于规定张数")
    hall.vote.refresh_from_db()
    assert hall.vote.paper_issued == 12 and not has_against(hall.vote)
    hall.close(on_paper=12)
    assert not has_against(recount(hall.act("chair"), hall.vote, reason="有代表要求复核"))


# The box against the roll


def add(hall, cipher):
    """What somebody with the database's password may do: a row in the box without a mark on the roll."""
    Box.objects.create(
        key=sealing.new_token(), unit=hall.unit, vote_number=hall.vote.pk, cipher=bytes(cipher)
    )


def take_away(hall):
    Box.objects.filter(vote_number=hall.vote.pk).first().delete()


def put_in(hall):
    add(hall, sealing.seal_ballot([ROAD], boxes.paper_of(hall.vote), hall.vote.public_key))


def copy_one(hall):
    first, second = Box.objects.filter(vote_number=hall.vote.pk)[:2]
    Box.objects.filter(pk=second.pk).update(cipher=first.cipher)


@pytest.mark.parametrize(
    ("tamper", "words"),
    [
        (take_away, "电子票箱 11 张 ≠ 名册划记 12 人"),
        (put_in, "电子票箱 13 张 ≠ 名册划记 12 人"),
        (copy_one, "完全相同的票，是复制进去的，回执号：[A-Z2-7]{4}-"),
    ],
)
def test_a_box_that_is_not_what_the_roll_says_was_cast_is_not_closed(hall, tamper, words):
    hall.open()
    everybody(hall)
    kept = {one.pk: bytes(one.cipher) for one in Box.objects.all()}
    tamper(hall)

    with pytest.raises(Refused, match=words):
        hall.close()
    with pytest.raises(Refused, match=words):
        enter_closing(hall.act("chief_teller"), hall.vote, returned=0)

    Box.objects.all().delete()
    for key, cipher in kept.items():
        Box.objects.create(key=key, unit=hall.unit, vote_number=hall.vote.pk, cipher=cipher)
    assert hall.close().state == "closed"


def stranger(hall):
    return b"\1" * 80


def unlawful(hall):
    return sealing.seal_ballot([WATER, CLINIC, ROAD], boxes.paper_of(hall.vote), hall.vote.public_key)


@pytest.mark.parametrize("cipher_of", [stranger, unlawful])
def test_a_ballot_nobody_cast_is_named_when_the_box_is_opened(hall, cipher_of):
    hall.open()
    everybody(hall)
    cipher = cipher_of(hall)
    replaced = Box.objects.first()
    Box.objects.filter(pk=replaced.pk).update(cipher=cipher)
    hall.close()

    with pytest.raises(Refused, match=f"1 张票打不开或不合票面.*{sealing.tracker_of(cipher)}"):
        counted(hall)
    assert hall.vote.state == "closed" and not hall.vote.figures
    assert sealing.tracker_of(bytes(replaced.cipher)) not in boxes.trackers_of(hall.vote)


def test_a_box_taken_away_after_closing_is_missed_and_not_passed_over(hall):
    hall.open(on_paper=FIVE)
    everybody(hall)
    hall.close(on_paper=5)
    Box.objects.all().delete()

    assert hall.key(paper(hall, valid=5)) is None

    hall.vote.refresh_from_db()
    assert hall.vote.state == "closed" and not hall.vote.figures
    with pytest.raises(Refused, match="与截止时封存的不一致"):
        counted(hall)


def test_a_box_touched_after_it_was_counted_is_not_signed(hall):
    hall.open()
    everybody(hall)
    hall.close()
    counted(hall)
    sign(hall.act("chief_teller"), hall.vote, "chief_teller")
    gone = Box.objects.first()
    Box.objects.filter(pk=gone.pk).delete()

    with pytest.raises(Refused, match="与截止时封存的不一致"):
        sign(hall.act("teller"), hall.vote, "teller")

    Box.objects.create(key=gone.pk, unit=hall.unit, vote_number=hall.vote.pk, cipher=gone.cipher)
    assert sign(hall.act("teller"), hall.vote, "teller").certified


def another_sum(vote):
    sums = vote.figures["sums"] | {ROAD: {"for": 12, "abstain": 0}}
    Vote.objects.filter(pk=vote.pk).update(figures=vote.figures | {"sums": sums})


def another_outcome(vote):
    Vote.objects.filter(pk=vote.pk).update(outcome=vote.outcome | {"elected": [ROAD], "not_elected": []})


def one_signature_less(vote):
    vote.signatures.filter(office="teller").delete()


@pytest.mark.parametrize("tamper", [another_sum, another_outcome, one_signature_less])
def test_a_result_that_is_not_what_both_signed_is_not_declared_and_can_be_counted_again(hall, tamper):
    hall.open()
    everybody(hall, [WATER])
    hall.close()
    counted(hall)
    for office in ("chief_teller", "teller"):
        sign(hall.act(office), hall.vote, office)
    hall.vote.refresh_from_db()
    tamper(hall.vote)

    with pytest.raises(Refused, match="与总监票人、监票人签字时不一致"):
        declare(hall.act("chair"), hall.vote)

    assert Vote.objects.get(pk=hall.vote.pk).state == "certified"
    assert recount(hall.act("chief_teller"), hall.vote, reason="数字被改动过").is_recount


def test_a_vote_that_is_open_is_not_opened_a_second_time_by_two_people_either(hall):
    hall.open()
    with pytest.raises(Refused, match="投票已经开始"):
        enter_opening(hall.act("chair"), hall.vote, issued=12)
    assert Vote.objects.get(pk=hall.vote.pk).awaiting == {}


# The roll against its digest


def made_present(hall):
    RollEntry.objects.filter(pk=hall.entry("代表12").pk).update(channel="device")


def another_line(hall):
    line = RollLine.objects.create(unit=hall.unit, session=hall.vote.session, name="代表13")
    RollEntry.objects.create(unit=hall.unit, vote=hall.vote, line=line, channel="device")


def another_name(hall):
    RollLine.objects.filter(pk=hall.line("代表11").pk).update(name="某某")


def one_line_less(hall):
    hall.entry("代表12").delete()


@pytest.mark.parametrize("tamper", [made_present, another_line, another_name, one_line_less])
def test_a_roll_that_is_not_the_one_frozen_at_opening_closes_no_vote_and_is_not_signed(hall, tamper):
    hall.open(absent=("代表12",))
    everybody(hall, but=("代表12",))
    with transaction.atomic():
        tamper(hall)
        with pytest.raises(Refused, match="代表名册与开始投票时封存的不一致"):
            hall.close()
        transaction.set_rollback(True)
    hall.close()
    counted(hall)
    tamper(hall)

    with pytest.raises(Refused, match="代表名册与开始投票时封存的不一致"):
        sign(hall.act("chief_teller"), hall.vote, "chief_teller")


def test_the_roll_of_a_vote_on_paper_is_held_to_its_digest_too(hall_of):
    hall = hall_of(device=False)
    hall.open(absent=("代表12",))
    with transaction.atomic():
        made_present(hall)
        with pytest.raises(Refused, match="代表名册与开始投票时封存的不一致"):
            hall.close(on_paper=11)
        transaction.set_rollback(True)

    assert hall.close(on_paper=11).state == "closed"


def test_whoever_takes_paper_after_the_opening_leaves_the_roll_as_it_was_frozen(hall):
    hall.open(on_paper=FIVE)
    everybody(hall, but=("代表7",))
    rolls.to_paper(hall.act("teller"), hall.locked, lines_of(hall, ["代表7"]), reason="手机故障")

    assert hall.close(on_paper=6).state == "closed"


def test_a_roll_marked_after_closing_is_not_counted(hall):
    hall.open()
    everybody(hall, but=("代表7",))
    hall.close()
    RollEntry.objects.filter(pk=hall.entry("代表7").pk).update(voted=True)

    with pytest.raises(Refused, match="电子票箱 11 张 ≠ 名册划记 12 人"):
        counted(hall)
    RollEntry.objects.filter(pk=hall.entry("代表7").pk).update(voted=False)
    counted(hall)


def test_the_box_against_the_roll_is_among_the_equations_and_signed(hall):
    hall.open(on_paper=FIVE)
    everybody(hall)
    hall.close(on_paper=5)
    hall.key(paper(hall, valid=5))
    counted(hall)

    assert ("电子票箱 7 张 ＝ 名册划记 7 人", True) in [(one.text, one.holds) for one in equations(hall.vote)]
    assert '"cast":{"box":7,"roll":7}' in signed_text(hall.vote)


def test_a_tally_signed_before_the_box_was_compared_keeps_its_signed_text(hall):
    hall.open()
    everybody(hall)
    hall.close()
    counted(hall)
    del hall.vote.figures["cast"]

    assert '"cast"' not in signed_text(hall.vote)
    assert not any("票箱" in one.text for one in equations(hall.vote))


def test_a_box_that_is_not_what_was_cast_is_not_emptied(hall):
    hall.open()
    for name in ("代表1", "代表2", "代表3", "代表4"):
        hall.cast(name, [WATER])
    left = lines_of(hall, [f"代表{n}" for n in range(5, 13)])
    rolls.to_paper(hall.act("teller"), hall.locked, left, reason="不用手机投票")
    put_in(hall)

    with pytest.raises(Refused, match="电子票箱 5 张 ≠ 名册划记 4 人"):
        rolls.empty_box(hall.act("chief_teller"), hall.locked, reason="电子票太少")

    void_vote(hall.act("chair"), hall.vote, reason="票箱被改动，主席团决定重新投票")


# The count


def counted(hall, first="chief_teller", second="teller", **more):
    given = (opening(one) if isinstance(one, str) else one for one in (first, second))
    open_box(hall.act("chief_teller"), hall.vote, *given, **more)
    hall.vote.refresh_from_db()
    return decided(hall.vote)


@pytest.mark.parametrize("pair", [("chief_teller", "teller"), ("teller", "chair"), ("chair", "chief_teller")])
def test_any_two_holders_open_the_box(hall, pair):
    hall.open()
    everybody(hall, [WATER, ROAD])
    hall.close()

    outcome = counted(hall, *pair)

    assert hall.vote.state == "keyed"
    assert outcome.result.elected == (WATER, ROAD)
    assert outcome.count.sums[WATER].in_favour == 12


def test_a_forgotten_passphrase_is_replaced_by_the_recovery_sheet(hall):
    sheet = keys.recovery_sheet(hall.act("chair"), hall.vote, "chair", PASSPHRASES["chair"])
    hall.open()
    everybody(hall)
    hall.close()

    open_box(hall.act("chief_teller"), hall.vote, opening("teller"), opening("chair", sheet=sheet))

    assert Vote.objects.get(pk=hall.vote.pk).state == "keyed"


def test_the_recovery_sheet_of_one_holder_does_not_stand_under_another_s_office(hall):
    sheet = keys.recovery_sheet(hall.act("chair"), hall.vote, "chair", PASSPHRASES["chair"])
    hall.open()
    everybody(hall)
    hall.close()

    with pytest.raises(Refused, match="这不是监票人的恢复单"):
        counted(hall, "chief_teller", opening("teller", sheet=sheet))

    counted(hall, "chief_teller", opening("chair", sheet=sheet))
    assert told(Entry.objects.get(action="vote.open_box"))["holders"] == ["chief_teller", "chair"]


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        (opening("chief_teller", passphrase="不是这一句口令啊啊"), opening("teller"), "总监票人：口令不对"),
        (opening("chief_teller"), opening("chief_teller"), "两名持有人"),
        (opening("chief_teller"), opening("chair", sheet="AAAA BBBB"), "抄写有误"),
    ],
)
def test_a_wrong_passphrase_opens_nothing_and_can_be_tried_again(hall, first, second, words):
    hall.open()
    everybody(hall)
    hall.close()

    with pytest.raises(Refused, match=words):
        open_box(hall.act("chief_teller"), hall.vote, first, second)

    assert counted(hall).count.valid == 12


def test_a_box_that_was_touched_after_closing_is_not_opened(hall):
    hall.open()
    everybody(hall)
    hall.close()
    Box.objects.first().delete()

    with pytest.raises(Refused, match="与截止时封存的不一致"):
        counted(hall)


def test_paper_and_device_are_counted_as_one(hall):
    hall.open(on_paper=FIVE)
    everybody(hall, [ROAD])
    hall.close(on_paper=5)
    assert hall.key(paper(hall, valid=4, invalid=1, **{ROAD: 1, WATER: 2})) is None
    assert hall.vote.state == "closed" and not hall.vote.figures

    outcome = counted(hall)

    assert (outcome.ballots_issued, outcome.ballots_returned) == (12, 12)
    assert (outcome.count.valid, outcome.count.invalid) == (11, 1)
    assert outcome.count.sums[ROAD].in_favour == 8
    assert outcome.count.sums[WATER].in_favour == 2
    assert outcome.problems == ()


def test_the_box_is_not_opened_before_the_paper_is_keyed(hall):
    hall.open(on_paper=FIVE)
    everybody(hall)
    hall.close(on_paper=5)

    with pytest.raises(Refused, match="尚未录入相符"):
        counted(hall)


def test_paper_that_does_not_balance_by_itself_is_keyed_again(hall):
    hall.open(on_paper=FIVE)
    everybody(hall)
    hall.close(on_paper=5)

    rejected = hall.key(paper(hall, valid=6))

    assert rejected and "收回" in rejected.problems[0].sentence


def test_paper_that_stands_is_not_keyed_a_third_time(hall):
    hall.open(on_paper=FIVE)
    everybody(hall)
    hall.close(on_paper=5)
    hall.key(paper(hall, valid=5))

    with pytest.raises(Refused, match="等待开箱"):
        hall.key(paper(hall, valid=5))


def test_no_sum_stands_in_the_trail_before_the_signatures(hall):
    hall.open(on_paper=FIVE)
    everybody(hall, [ROAD])
    hall.close(on_paper=5)
    hall.key(paper(hall, valid=5))
    counted(hall)

    said = json.dumps([told(entry) for entry in Entry.objects.filter(action__startswith="vote.")])

    assert '"for"' not in said and "sums" not in said


def test_the_signatures_are_over_roll_key_and_box(hall):
    hall.open()
    everybody(hall, [WATER, CLINIC])
    hall.close()
    counted(hall)
    before = digest_of(hall.vote)

    hall.vote.box_digest = "0" * 64

    assert digest_of(hall.vote) != before


def test_a_recount_opens_the_same_box_again(hall):
    hall.open()
    everybody(hall, [WATER, CLINIC])
    hall.close()
    counted(hall)
    first, hall.vote = hall.vote, recount(hall.act("chief_teller"), hall.vote, reason="主席团要求复票")
    hall.close()

    with pytest.raises(Refused, match="这两名保管人开过前次计票的票箱"):
        counted(hall, "teller", "chief_teller")
    outcome = counted(hall, "teller", "chair")

    assert hall.vote.box_digest == first.box_digest
    assert file_of(hall.vote)["sums"] == file_of(first)["sums"]
    assert outcome.result.elected == (WATER, CLINIC)


def tied(hall):
    """Announced with two level across the last place, and the vote that goes on from it."""
    hall.open()
    for number in range(1, 13):
        hall.cast(f"代表{number}", [WATER, CLINIC if number > 6 else ROAD])
    hall.vote.rules["majority_base"] = "none"
    Vote.objects.filter(pk=hall.vote.pk).update(rules=hall.vote.rules)
    hall.close()
    counted(hall)
    for office in ("chief_teller", "teller"):
        sign(hall.act(office), hall.vote, office)
    declare(hall.act("chair"), hall.vote)
    return continue_vote(hall.act("chair"), hall.vote)


def test_a_tie_is_voted_on_again_with_a_key_of_its_own(hall):
    again = tied(hall)

    assert again.device and again.public_key not in ("", hall.vote.public_key)
    assert list(again.options.values_list("title", flat=True)) == [CLINIC, ROAD]


def test_the_key_of_a_vote_withdrawn_for_a_recount_opens_nothing_any_more(hall):
    runoff, key = tied(hall), hall.vote.public_key
    assert keys.recovery_sheet(hall.act("chair"), runoff, "chair", PASSPHRASES["chair"])

    again = recount(hall.act("chief_teller"), hall.vote, reason="代表要求复核。")

    runoff.refresh_from_db()
    assert (runoff.state, runoff.public_key) == ("void", "")
    assert set(runoff.holders.values_list("sealed_share", flat=True)) == {""}
    with pytest.raises(Refused, match="三份口令设定以后"):
        keys.recovery_sheet(hall.act("chair"), runoff, "chair", PASSPHRASES["chair"])
    assert (again.box_of, again.public_key) == (hall.vote, key)
    hall.vote = again
    hall.close()
    counted(hall, "teller", "chair")
    for office in ("chief_teller", "teller"):
        sign(hall.act(office), hall.vote, office)
    declare(hall.act("chair"), hall.vote)
    anew = continue_vote(hall.act("chair"), hall.vote)
    assert anew.public_key not in ("", key) and anew.holders.exclude(sealed_share="").count() == 3


def test_the_offline_tool_counts_the_exported_box_to_the_same_sums(hall):
    hall.open()
    everybody(hall, [WATER, ROAD])
    hall.close()
    announced(hall)
    box = json.loads(boxes.export(hall.vote))

    private = opened_offline(box)
    assert box["marks"] == 12 and offline.foreign(box, private) == []
    found = offline.count(box, private)

    assert found["sums"] == {title: of | {"points": 0} for title, of in hall.vote.figures["sums"].items()}
    assert "没有纸质票。开箱计出的票数与已签字的计票结果一致" in offline.report(box, found)


def opened_offline(box):
    one, two = (
        offline.share_from_passphrase(holder, PASSPHRASES[holder["office"]]) for holder in box["holders"][:2]
    )
    return offline.private_key(one, two, box["public_key"])


def key_paper(hall):
    assert hall.key(paper(hall, valid=5, **{WATER: 2, ROAD: 3})) is None


def announced(hall):
    """Counted, signed by both and declared."""
    counted(hall)
    for office in ("chief_teller", "teller"):
        sign(hall.act(office), hall.vote, office)
    declare(hall.act("chair"), hall.vote)


def test_the_offline_tool_tells_the_tally_of_phones_and_paper_and_never_the_parts(hall):
    hall.open(on_paper=FIVE)
    everybody(hall, [WATER, ROAD])
    hall.close(on_paper=5)
    key_paper(hall)
    announced(hall)
    box = json.loads(boxes.export(hall.vote))

    found = offline.count(box, opened_offline(box))
    told, signed = offline.report(box, found), hall.vote.figures

    assert offline.figures_of(box, found) == {name: signed[name] for name in ("valid", "invalid", "sums")}
    of = signed["sums"][WATER]
    phones = found["sums"][WATER]["for"]
    assert f"赞成 {of['for']}，弃权 {of['abstain']}" in told and "反对" not in told
    assert 0 < phones < of["for"] and not re.search(rf"赞成 ({phones}|{of['for'] - phones})\b", told)
    for forged in (
        box | {"paper": 4},
        box | {"total": box["total"] | {"valid": found["valid"] - 1}},
    ):
        with pytest.raises(offline.Wrong, match="与已签字的计票结果不符"):
            offline.report(forged, found)
    opposed = box["total"]["sums"] | {WATER: of | {"against": 3, "abstain": of["abstain"] - 3}}
    with pytest.raises(offline.Wrong, match="有电子票没有的表决意见"):
        offline.report(box | {"total": box["total"] | {"sums": opposed}}, found)


def test_the_offline_tool_does_not_take_another_tally_for_a_box_without_paper(hall):
    hall.open()
    everybody(hall, [WATER, ROAD])
    hall.close()
    announced(hall)
    box = json.loads(boxes.export(hall.vote))
    found = offline.count(box, opened_offline(box))
    more = {title: of | {"for": of["for"] + 1} for title, of in box["total"]["sums"].items()}

    with pytest.raises(offline.Wrong, match="与已签字的计票结果不符"):
        offline.report(box | {"total": box["total"] | {"sums": more}}, found)


def test_no_box_is_exported_before_the_result_is_announced(hall):
    hall.open(on_paper=FIVE)
    refused(hall)
    everybody(hall)
    hall.close(on_paper=5)
    refused(hall)
    key_paper(hall)
    refused(hall)
    counted(hall)
    for office in ("chief_teller", "teller"):
        refused(hall)
        sign(hall.act(office), hall.vote, office)
    refused(hall)


def refused(hall):
    with pytest.raises(Refused, match="结果宣布以后才能导出"):
        boxes.export(hall.vote)
