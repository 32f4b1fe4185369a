"""Where the rulebook says telephones, a change too is voted on by sealed ballots, at a session with a roll."""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string

from projects.ballots import boxes, sealing
from projects.ballots.casting import Voter
from projects.ballots.models import Box, Vote
from projects.ballots.together import cast
from projects.cycles.models import Paper, RollLine
from projects.portal.hall import board_of
from projects.portal.voter_paper import filled
from projects.supervision.changing import DESK
from projects.supervision.models import Change
from tests.builders import at
from tests.projects.ballots.conftest import PASSPHRASES, QUICK, two_holders
from tests.projects.supervision.test_changes import ask, collect, count, put_to_vote, sign
from workflow.audit.models import Entry
from workflow.flows.errors import InvalidForm, Obstructed
from workflow.flows.events import perform
from workflow.flows.models import Deadline

pytestmark = pytest.mark.django_db

DAY = "2027-06-18"
HOLDING = {"chief_teller": "change_hold_chief", "teller": "change_hold_teller", "chair": "change_hold_chair"}


@pytest.fixture
def called(under, monkeypatch):
    """A change is asked for, an extra session is called that votes by telephone."""
    real = sealing.new_holder
    monkeypatch.setattr(sealing, "new_holder", lambda passphrase: real(passphrase, QUICK))
    year = under(ballot_channel="device")
    year.building()
    ask(year, "place", place="第9村")
    return year.called(DAY)


@pytest.fixture
def keyed(called):
    """The session has a roll and is open, the change is put to the vote and the three passphrases are set."""
    year = called
    year.event("session_roll", year.town.of("clerk"), "2027-06-02", year.cycle)
    year.opened(DAY)
    year.do("decide_change", year.town.of("clerk"), DAY)
    for office, task in HOLDING.items():
        words = PASSPHRASES[office]
        year.do(task, year.town.of(office), DAY, passphrase=words, repeated=words)
    return year


@pytest.fixture
def hall(keyed):
    """Open: five deputies vote on paper and fifteen by telephone."""
    keyed.do("change_attendance", keyed.town.of("clerk"), DAY, present=20, on_leave=0)
    lines = list(RollLine.objects.filter(session=vote().session).order_by("pk"))
    on_paper = [str(line.pk) for line in lines[:5]]
    keyed.do("change_open", keyed.town.of("chair"), DAY, on_paper=on_paper)
    keyed.do("change_open_confirm", keyed.town.of("chief_teller"), DAY, confirmed="on")
    return keyed


def vote() -> Vote:
    return DESK.vote_of(Change.objects.get())


def vote_all(marks: list[str]) -> None:
    now = vote()
    (title,) = boxes.paper_of(now).candidates
    for entry, mark in zip(now.roll.filter(channel="device", voted=False), marks, strict=False):
        voter = Voter(now.unit_id, now.pk, entry.pk)
        cast(voter, {title: mark}, boxes.paper_of(now), sealing.new_token(), now.public_key)


def on_the_floor(year, act: str, by: str, **data):
    return year.event(f"change_{act}", year.town.of(by), DAY, Change.objects.get(), **data)


def hand_paper(year, lines: list[str]):
    return on_the_floor(year, "hand_paper", "teller", lines=lines, reason="手机没电")


def waiting_on_device() -> list[str]:
    """The roll's lines of who votes by telephone and has not."""
    found = vote().roll.filter(channel="device", voted=False).order_by("line_id")
    return [str(line) for line in found.values_list("line_id", flat=True)]


def test_sealed_ballots_and_paper_decide_a_change_together(hall):
    vote_all(["for"] * 10 + ["against"] * 3 + ["abstain"] * 2)
    collect(hall, DAY, 1, 5)
    count(hall, DAY, 2, present=5)
    hall.do("change_open_box", hall.town.of("chief_teller"), DAY, **two_holders())
    sign(hall, DAY)
    shown = render_to_string("voter/hall/board.html", board_of(vote()))
    assert "赞成 12 · 反对 5 · 弃权 3" in shown and "✓ 通过" in shown and "应选" not in shown
    hall.do("declare_change", hall.town.of("chair"), DAY, confirmed="on")

    (sums,) = vote().outcome["sums"].values()
    assert (sums["for"], sums["against"], sums["abstain"]) == (12, 5, 3)
    assert Change.objects.get().state == "agreed" and hall.task("announce_change")
    assert len(Paper.objects.get(kind="trackers").data["trackers"]) == 15
    assert Box.objects.filter(vote_number=vote().pk).count() == 15


def test_where_a_deputy_leaves_after_the_roll_call_the_clerk_calls_it_again(keyed):
    keyed.do("change_attendance", keyed.town.of("clerk"), DAY, present=20, on_leave=0)
    assert keyed.task("change_open")
    perform(
        "deliberation.roll_change",
        vote().session,
        actor=keyed.town.of("clerk"),
        data={"change": "leave", "leaver": RollLine.objects.latest("pk").pk, "reason": "大会接受其辞职"},
        at=at(DAY),
    )
    assert keyed.task("change_attendance") and (vote().deputies_in_office, vote().deputies_present) == (
        19,
        None,
    )
    keyed.do("change_attendance", keyed.town.of("clerk"), DAY, present=19, on_leave=0)
    assert keyed.task("change_open")


def test_paper_on_a_change_that_no_backup_held_is_keyed_again_before_the_box_is_opened(hall):
    vote_all(["for"] * 10 + ["against"] * 3 + ["abstain"] * 2)
    collect(hall, DAY, 1, 5)
    count(hall, DAY, 2, present=5)
    vote().keyings.update(figures={})
    hall.do("change_open_box", hall.town.of("chief_teller"), DAY)
    assert vote().state == "closed"
    count(hall, DAY, 2, present=5)
    hall.do("change_open_box", hall.town.of("chief_teller"), DAY, **two_holders())
    sign(hall, DAY)
    (sums,) = vote().outcome["sums"].values()
    assert (sums["for"], sums["against"], sums["abstain"]) == (12, 5, 3)


def test_too_few_on_a_change_by_telephone_are_turned_to_paper_keyed_closed_and_declared(hall):
    vote_all(["for"] * 3)
    with pytest.raises(InvalidForm, match="请先将电子票改为纸质票"):
        hall.do("change_close", hall.town.of("chief_teller"), DAY, returned=5)
    hand_paper(hall, waiting_on_device())
    on_the_floor(hall, "turn_to_paper", "chief_teller", reason="电子票少于规定张数", confirmed="on")
    hall.do("change_turn_confirm", hall.town.of("teller"), DAY, decision="agree")
    assert not Box.objects.exists()
    assert '"destroyed":3' in Entry.objects.get(action="vote.empty_box").body

    collect(hall, DAY, 1, 20)
    count(hall, DAY, 11)
    sign(hall, DAY)
    hall.do("declare_change", hall.town.of("chair"), DAY, confirmed="on")
    assert Change.objects.get().state == "agreed" and vote().state == "declared"


def test_a_deputy_who_comes_late_to_the_vote_on_a_change_is_counted(keyed):
    line = RollLine.objects.filter(session=vote().session).order_by("pk").first()
    keyed.do(
        "change_attendance",
        keyed.town.of("clerk"),
        DAY,
        present=19,
        on_leave=1,
        leave=[str(line.pk)],
        absent=[],
    )
    on_the_floor(keyed, "arrive", "clerk", lines=[str(line.pk)], arrived_at="8:30")
    assert (vote().deputies_present, vote().on_leave) == (20, 0)


def test_a_passphrase_forgotten_before_the_vote_on_a_change_opens_is_set_anew(keyed):
    on_the_floor(
        keyed, "release_holder", "chair", office="teller", reason="监票人忘记口令，主席团决定重新设定"
    )
    waiting = set(Deadline.objects.filter(done_at=None, cancelled=False).values_list("key", flat=True))
    assert "supervision.change_hold_teller" in waiting and "supervision.change_attendance" not in waiting


def test_a_session_without_a_roll_votes_on_a_change_on_paper(called):
    called.opened(DAY)
    held = put_to_vote(called, DAY)
    assert not held.device and not held.public_key


def test_the_roll_is_made_between_the_notice_and_the_opening_and_is_what_the_session_counts_on(called):
    clerk = called.town.of("clerk")
    called.event("session_roll", clerk, "2027-06-02", called.cycle)
    with pytest.raises(InvalidForm, match="代表名册上是 20 人"):
        called.event(
            "open_session", clerk, DAY, called.cycle, deputies_in_office=21, agenda="审议民生实事项目调整事项。",
            presidium=[str(user.pk) for user in called.town.people["presidium"]], **called.congress(DAY),
        )  # fmt: skip
    called.opened(DAY)
    with pytest.raises(Obstructed, match="没有已通知召开的临时会议"):
        called.event("session_roll", clerk, DAY, called.cycle)


def test_the_ballot_page_asks_about_the_change_and_speaks_of_no_candidates(hall):
    marks = filled(vote())
    page = {"marks": marks, "mode": "each", "token": "x", "vote": marks.vote}
    shown = render_to_string("voter/ballot.html", page)
    assert "请对调整事项表态" in shown and "没有表态的按弃权计" in shown and "候选" not in shown
