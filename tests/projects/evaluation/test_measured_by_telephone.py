"""Where the rulebook says telephones, satisfaction is measured on sealed ballots by the same code as the vote."""

from __future__ import annotations

import base64
from datetime import date

import pytest
from django.template.loader import render_to_string

from projects.ballots import boxes, offline, sealing
from projects.ballots.casting import Voter
from projects.ballots.models import Box, RollEntry, Vote, VoteState
from projects.ballots.rules import GRADING, Mode, Paper
from projects.ballots.together import cast
from projects.cycles.models import RollLine
from projects.cycles.rulebook import Rules
from projects.demo.play.evaluation import play_measure_closing
from projects.evaluation.measuring import DESK, define
from projects.evaluation.models import Measurement
from projects.portal.hall import board_of
from projects.portal.voter_paper import filled
from tests.builders import at, do, open_task
from tests.projects.ballots.conftest import PASSPHRASES, QUICK, two_holders
from tests.projects.evaluation.conftest import year_under_supervision
from tests.projects.evaluation.test_evaluation import T2, announced, before_hall, signed
from workflow.audit.models import Entry
from workflow.flows.errors import InvalidForm, NotInPerson, NotYourTurn, Obstructed
from workflow.flows.events import perform
from workflow.flows.models import Deadline

pytestmark = pytest.mark.django_db

GRADED = [{"1. 村道硬化": "for"}] * 10 + [{"1. 村道硬化": "abstain"}] * 3 + [{"1. 村道硬化": "against"}, {}]
HOLDING = {
    "chief_teller": "measure_hold_chief",
    "teller": "measure_hold_teller",
    "chair": "measure_hold_chair",
}


@pytest.fixture
def keyed(town, monkeypatch):
    """One project; the three passphrases are set."""
    real = sealing.new_holder
    monkeypatch.setattr(sealing, "new_holder", lambda passphrase: real(passphrase, QUICK))
    made = year_under_supervision(town, ["村道硬化"], rules=Rules(ballot_channel="device"))
    before_hall(town, made)
    for office, task in HOLDING.items():
        words = PASSPHRASES[office]
        do(f"evaluation.{task}", town.of(office), T2, passphrase=words, repeated=words)
    return made


@pytest.fixture
def cycle(town, keyed):
    """Open: five deputies vote on paper and fifteen by telephone."""
    made = keyed
    do("evaluation.measure_attendance", town.of("clerk"), T2, present=20, on_leave=0)
    lines = list(RollLine.objects.filter(session=Vote.objects.get().session).order_by("pk"))
    do("evaluation.measure_open", town.of("chair"), T2, on_paper=[str(line.pk) for line in lines[:5]])
    do("evaluation.measure_open_confirm", town.of("chief_teller"), T2, confirmed="on")
    return made


def test_where_a_deputy_leaves_after_the_roll_call_the_clerk_calls_it_again(town, keyed):
    do("evaluation.measure_attendance", town.of("clerk"), T2, present=20, on_leave=0)
    line = RollLine.objects.latest("pk")
    perform(
        "deliberation.roll_change", line.session, actor=town.of("clerk"), at=at(T2),
        data={"change": "leave", "leaver": line.pk, "reason": "大会接受其辞职"},
    )  # fmt: skip
    assert Vote.objects.get().deputies_present is None
    do("evaluation.measure_attendance", town.of("clerk"), T2, present=19, on_leave=0)
    assert open_task("evaluation.measure_open") and Vote.objects.get().deputies_in_office == 19


def release(town, cycle):
    return perform(
        "evaluation.measure_release_holder", cycle, actor=town.of("chair"), at=at(T2),
        data={"office": "teller", "reason": "监票人忘记口令，主席团决定重新设定"}, reauthenticated=True,
    )  # fmt: skip


def test_a_passphrase_forgotten_before_the_measurement_opens_is_set_anew_and_the_key_made_anew(town, keyed):
    release(town, keyed)

    waiting = set(Deadline.objects.filter(done_at=None, cancelled=False).values_list("key", flat=True))
    assert "evaluation.measure_hold_teller" in waiting and "evaluation.measure_attendance" not in waiting


def test_no_passphrase_is_set_anew_once_the_measurement_has_begun(town, cycle):
    with pytest.raises(Obstructed, match="没有尚未开始的电子表决"):
        release(town, cycle)


def vote_all(vote, most=15):
    entries = RollEntry.objects.filter(vote=vote, channel="device")[:most]
    for entry, ballot in zip(entries, GRADED[:most], strict=True):
        voter = Voter(vote.unit_id, vote.pk, entry.pk)
        cast(voter, ballot, boxes.paper_of(vote), sealing.new_token(), vote.public_key)


def key_paper(town, vote, **marks):
    option = vote.options.get()
    marks = {"for": 3, "abstain": 1, "against": 1, "not_pressed": 0} | marks
    data = {"valid": sum(marks.values()), "invalid": 0}
    data |= {f"{mark}_{option.pk}": n for mark, n in marks.items()}
    for n, key in enumerate(("measure_key_first", "measure_key_second"), 1):
        do(f"evaluation.{key}", town.of("counter", n), T2, **data)


def test_sealed_grades_and_paper_make_one_result_and_the_empty_line_is_apart(town, cycle):
    vote = DESK.vote_of(cycle)
    vote_all(vote)
    play_measure_closing(town, cycle, date.fromisoformat(T2), returned=5)
    key_paper(town, vote)
    do("evaluation.measure_open_box", town.of("chief_teller"), T2, **two_holders())
    assert "13" not in screen(vote), "nothing before both tellers have signed"
    signed(town)
    assert "满意 13 · 基本满意 4 · 不满意 2 · 未作评价 1" in screen(vote)
    assert "请听主持人宣布结果" in screen(vote)
    announced(town)
    assert "满意 13 · 基本满意 4" in screen(vote) and "请听主持人" not in screen(vote)
    done = Measurement.objects.get()
    assert (done.satisfied, done.basic, done.dissatisfied, done.unmarked) == (13, 4, 2, 1)
    assert (done.base, done.state) == (20, "closed")
    assert Box.objects.filter(vote_number=vote.pk).count() == 15


def test_grades_on_paper_that_no_backup_held_are_keyed_again_before_the_box_is_opened(town, cycle):
    vote = DESK.vote_of(cycle)
    vote_all(vote)
    play_measure_closing(town, cycle, date.fromisoformat(T2), returned=5)
    key_paper(town, vote)
    vote.keyings.update(figures={})
    do("evaluation.measure_open_box", town.of("chief_teller"), T2)
    assert DESK.vote_of(cycle).state == "closed"
    key_paper(town, vote)
    do("evaluation.measure_open_box", town.of("chief_teller"), T2, **two_holders())
    signed(town)
    assert "满意 13 · 基本满意 4 · 不满意 2 · 未作评价 1" in screen(vote)


def screen(vote) -> str:
    """The screen of the hall."""
    return render_to_string("voter/hall/board.html", board_of(Vote.objects.get(pk=vote.pk)))


def on_the_floor(town, cycle, act, office, **more):
    return perform(
        f"evaluation.measure_{act}", cycle, actor=town.of(office), at=at(T2), reauthenticated=True, **more
    )


def waiting_on_device(vote):
    """The roll's lines of who votes by telephone and has not."""
    found = vote.roll.filter(channel="device", voted=False).order_by("line_id")
    return [str(line) for line in found.values_list("line_id", flat=True)]


def hand_paper(town, cycle, lines):
    data = {"lines": lines, "reason": "手机没电"}
    return on_the_floor(town, cycle, "hand_paper", "teller", data=data)


def test_too_few_grades_by_telephone_are_turned_to_paper_keyed_closed_and_declared(town, cycle):
    vote = DESK.vote_of(cycle)
    vote_all(vote, most=3)
    chief, teller = town.of("chief_teller"), town.of("teller")
    with pytest.raises(
        InvalidForm, match="请先将电子票改为纸质票：由总监票人在本次投票页面的“您可以办理”中提出"
    ):
        do("evaluation.measure_close", chief, T2, returned=5)
    ask = {"reason": "电子票少于规定张数", "confirmed": True}
    with pytest.raises(Obstructed, match="用电子票的代表还有 15 人"):
        on_the_floor(town, cycle, "turn_to_paper", "chief_teller", data=ask)

    hand_paper(town, cycle, waiting_on_device(vote))
    assert Vote.objects.get().paper_issued == 17
    with pytest.raises(NotInPerson):
        perform("evaluation.measure_turn_to_paper", cycle, actor=chief, at=at(T2), data=ask)
    with pytest.raises(NotYourTurn):
        on_the_floor(town, cycle, "turn_to_paper", "teller", data=ask)
    on_the_floor(town, cycle, "turn_to_paper", "chief_teller", data=ask)
    assert DESK.at_turning(cycle)["entered"]["figures"] == [("将作废的电子票", 3)]
    do("evaluation.measure_turn_confirm", teller, T2, decision="agree")
    assert not Box.objects.exists()
    assert '"destroyed":3' in Entry.objects.get(action="vote.empty_box").body

    play_measure_closing(town, cycle, date.fromisoformat(T2), returned=20)
    key_paper(town, vote, **{"for": 15, "abstain": 3, "against": 1, "not_pressed": 1})
    signed(town)
    announced(town)
    done = Measurement.objects.get()
    assert (done.satisfied, done.basic, done.dissatisfied, done.unmarked) == (15, 3, 1, 1)
    assert Vote.objects.get().state == VoteState.DECLARED


def test_a_teller_who_does_not_agree_leaves_the_grades_in_the_box(town, cycle):
    vote = DESK.vote_of(cycle)
    vote_all(vote, most=3)
    hand_paper(town, cycle, waiting_on_device(vote))
    ask = {"reason": "电子票少于规定张数", "confirmed": True}
    on_the_floor(town, cycle, "turn_to_paper", "chief_teller", data=ask)
    do(
        "evaluation.measure_turn_confirm",
        town.of("teller"),
        T2,
        decision="decline",
        reason="尚有代表要求再试一次。",
    )
    assert Box.objects.count() == 3 and Vote.objects.get().awaiting == {}


def test_a_deputy_whose_phone_died_grades_on_paper_and_who_has_graded_does_not(town, cycle):
    vote = DESK.vote_of(cycle)
    vote_all(vote, most=14)
    (last,) = waiting_on_device(vote)
    hand_paper(town, cycle, [last])
    assert Vote.objects.get().paper_issued == 6
    graded = vote.roll.filter(voted=True).values_list("line_id", flat=True)[0]
    with pytest.raises(InvalidForm):
        hand_paper(town, cycle, [str(graded)])


def test_a_deputy_who_comes_late_is_counted_until_the_measurement_opens(town, keyed):
    line = RollLine.objects.filter(session=Vote.objects.get().session).order_by("pk").first()
    here = {"present": 19, "on_leave": 1, "leave": [str(line.pk)], "absent": []}
    do("evaluation.measure_attendance", town.of("clerk"), T2, **here)
    late = {"lines": [str(line.pk)], "arrived_at": "8:30"}
    on_the_floor(town, keyed, "arrive", "clerk", data=late)
    assert (Vote.objects.get().deputies_present, Vote.objects.get().on_leave) == (20, 0)
    do("evaluation.measure_open", town.of("chair"), T2, on_paper=[])
    do("evaluation.measure_open_confirm", town.of("chief_teller"), T2, confirmed="on")
    told = DESK.obstacles_to_arriving(keyed, at(T2))
    assert told == ["清点到会人数以后、投票开始以前才登记迟到。"]


def test_the_page_asks_for_grades_and_reads_them_back(town, cycle):
    vote = DESK.vote_of(cycle)
    (option,) = vote.options.all()
    shown = filled(vote, {f"m{option.position}": "3"})
    assert [str(word) for _code, word in shown.choices] == ["满意", "基本满意", "不满意"]
    assert (shown.ballot, str(shown.lines[0].word), shown.most) == ({option.title: "abstain"}, "基本满意", 0)
    assert str(filled(vote).lines[0].word) == "没有评价，按未作评价计"


def test_the_offline_counter_counts_the_empty_line_apart(town, cycle):
    pair = sealing.PrivateKey.generate()
    paper = Paper(("1. 村道硬化",), Mode.EACH, 1, words=GRADING)
    public = bytes(pair.public_key).hex()
    ciphers = [sealing.seal_ballot(ballot, paper, public) for ballot in GRADED]
    box = {
        "candidates": list(paper.candidates), "mode": "each", "seats": 1, "each_cap": False,
        "blank_apart": paper.blank_apart, "digest": sealing.digest_of_box(ciphers), "title": "测评",
        "ballots": [base64.b64encode(one).decode() for one in ciphers],
    }  # fmt: skip
    counted = offline.count(box, pair)
    assert counted["sums"]["1. 村道硬化"] == {
        "for": 10, "against": 1, "abstain": 3, "not_pressed": 1, "points": 0,
    }  # fmt: skip
    assert "满意 10，基本满意 3，不满意 1，未作评价 1" in offline.report(box, counted)


def test_a_deputies_meeting_has_no_roll_and_measures_on_paper(town, cycle):
    Measurement.objects.update(state="rectified")
    again = define(town.act("chair", at(T2, 15)), cycle, session=None, held_on=date(2028, 3, 20))
    assert not again.device and not again.public_key
    assert open_task("evaluation.measure_close")


def test_the_ballot_page_speaks_of_grades_and_not_of_agreeing(town, cycle):
    marks = filled(DESK.vote_of(cycle))
    page = {"marks": marks, "mode": "each", "token": "x", "vote": marks.vote}
    shown = render_to_string("voter/ballot.html", page) + render_to_string("voter/check.html", page)
    assert "请对每个项目评价" in shown and "没有评价，按未作评价计" in shown
    assert all(word not in shown for word in ("赞成", "弃权"))
