"""演练: the year's rules on figures that count for nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.ballots.files import Unusable
from projects.ballots.models import Vote
from projects.ballots.rules import (
    End,
    Gap,
    MajorityBase,
    Mode,
    Paper,
    Rules,
    Swing,
    Verdict,
    VoteFile,
    decide,
)
from projects.cycles.rulebook import Rules as Rulebook
from projects.cycles.services import create_cycle
from projects.demo.play.voting import Sheet, play_ballot
from projects.voting import rehearsing
from tests.builders import at
from tests.projects.voting.conftest import Hall, T
from workflow.audit.models import Entry
from workflow.machines.services import fire

SUMS = {"文化礼堂": 34, "村道硬化": 11}
FILE = {
    "deputies_in_office": 64,
    "deputies_present": 59,
    "ballots_issued": 55,
    "mode": "select",
    "seats": 1,
    "candidates": ["A", "B"],
    "sums": {
        "A": {"for": 31, "against": 0, "abstain": 24},
        "B": {"for": 20, "against": 0, "abstain": 35},
    },
    "valid": 55,
    "invalid": 0,
    "rules": {"quorum": "none", "majority_base": "none"},
}


@pytest.fixture
def next_year(hall: Hall):
    """The year after a declared vote, opened with rules of its own."""
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet(SUMS))
    act = hall.town.act("chair", at("2027-09-01"))
    cycle = create_cycle(
        act, year=2028, opens_on=date(2027, 9, 1), planned_t=date(2028, 1, 20), planned_t2=date(2029, 1, 18)
    )
    fire(cycle, "open", act, rules_data=Rulebook(majority_base="present").frozen_json())
    return cycle


def test_the_count_is_given_the_rulebooks_own_rules():
    book = Rulebook(tie="all", shortfall="second_round", majority_base="present")
    assert rehearsing.counting_rules(Rulebook()) == Rules()
    told = rehearsing.counting_rules(book)
    assert told.quorum == Fraction(2, 3) and told.majority_base is MajorityBase.PRESENT
    assert (told.tie, told.shortfall) == ("all", "second_round")
    assert rehearsing.counting_rules(Rulebook(runoff_majority=True)).runoff_majority is True


def test_last_years_sums_are_counted_by_this_years_rules(hall: Hall, next_year):
    vote = rehearsing.last_vote(next_year)
    assert vote == hall.vote
    outcome = decide(rehearsing.on_last_sums(next_year, vote))
    assert (outcome.majority.base, outcome.majority.needed) == (MajorityBase.PRESENT, 23)
    assert outcome.result.elected == ("文化礼堂",)
    said = rehearsing.rehearsed(outcome.vote)
    assert [(row.title, row.end) for row in said.rows] == [
        ("文化礼堂", End.ELECTED),
        ("村道硬化", End.NOT_ELECTED),
    ]
    assert said.rows[0].closeness == ["少 12 票即不入选"]
    assert said.rows[1].closeness == ["“文化礼堂”的 12 票改投本项即入选"], (
        "45 ballots with a mark each have no room"
    )


def test_how_close_it_was_is_said_as_each_way_of_marking_allows():
    def told(vote: VoteFile) -> dict[str, list[str]]:
        return {row.title: row.closeness for row in rehearsing.rehearsed(vote).rows}

    titles, rules = ("甲", "乙", "丙"), Rules(None, MajorityBase.NONE)
    one = VoteFile(9, 9, 9, Paper(titles, Mode.SELECT, 1), rules, (("甲",),) * 5 + (("乙",),) * 3 + ((),))
    assert told(one) == {
        "甲": ["少 2 票即与他项票数相等，须再次投票"],
        "乙": ["“甲”的 1 票改投本项即与他项票数相等，须再次投票"],
        "丙": ["“甲”的 3 票改投本项即与他项票数相等，须再次投票"],
    }
    each = [{"甲": "for", "乙": "for"}] * 3 + [{"甲": "for", "乙": "against"}] * 3 + [{}] * 3
    apart = VoteFile(9, 9, 9, Paper(titles, Mode.EACH, 1), rules, tuple(each))
    assert told(apart)["乙"] == ["多 3 票即与他项票数相等，须再次投票"], (
        "each project has its own line to mark"
    )
    ranked = VoteFile(
        9, 9, 9, Paper(titles, Mode.RANK, 2), Rules(), (("甲", "乙"),) * 6 + (("乙", "丙"),) * 3
    )
    assert told(ranked) == {
        "甲": ["比所需票数多 1 票"],
        "乙": ["比所需票数多 4 票"],
        "丙": ["比所需票数少 2 票", "比“甲”少 9 分"],
    }
    assert told(replace(ranked, rules=rules))["乙"] == ["比“丙”多 9 分"], "no majority asked, none to spare"
    unheard = replace(ranked, deputies_present=3, ballots_issued=3, ballots=ranked.ballots[:3])
    assert told(unheard) == {"甲": [], "乙": [], "丙": []}, "below the quorum nothing was close"
    sound = replace(apart, rules=Rules(None), deputies_in_office=64, deputies_present=64)
    assert told(sound)["甲"] == ["只改这一项的票，结果都不变"], "nine ballots are no majority of 64"


@pytest.mark.parametrize(
    ("gap", "end", "words"),
    [
        (Gap(0, "乙", 0, 1), End.ELECTED, ["刚好达到所需票数", "与“乙”得分相等，多 1 票"]),
        (Gap(3, "乙", 0, -2), End.NOT_ELECTED, ["与“乙”得分相等，少 2 票"]),
        (Gap(3, "乙"), End.TIED, ["与“乙”得分、得票都相等"]),
        (Gap(3, "乙", 4), End.ELECTED, ["比所需票数多 3 票", "比“乙”多 4 分"]),
    ],
)
def test_a_gap_in_words(gap, end, words):
    assert rehearsing.gap_told(gap, end, majority=True) == words


def test_whatever_is_given_up_is_said_without_a_name():
    assert rehearsing.sentence_of(Swing(3, End.ELECTED, ""), Rules()) == "3 票改投本项即入选"


def test_an_undeclared_vote_and_ones_own_are_no_last_years(hall: Hall, next_year):
    assert rehearsing.last_vote(hall.cycle) is None


def test_a_rehearsal_leaves_no_vote_and_no_entry(hall: Hall, next_year):
    before = (Vote.objects.count(), Entry.objects.count())
    rehearsing.rehearsed(rehearsing.on_last_sums(next_year, rehearsing.last_vote(next_year)))
    rehearsing.rehearsed(rehearsing.on_drawn_ballots(next_year, 7, T))
    rehearsing.rehearsed(rehearsing.on_file(next_year, json.dumps(FILE).encode(), own_rules=False))
    assert (Vote.objects.count(), Entry.objects.count()) == before


def test_one_seed_draws_one_box_and_another_seed_another(hall: Hall):
    one, again, other = (rehearsing.on_drawn_ballots(hall.cycle, seed, T) for seed in (7, 7, 8))
    assert one == again and one != other
    assert one.paper.candidates == ("文化礼堂", "村道硬化") and one.paper.mode is Mode.SELECT


@pytest.mark.parametrize("mode", ["select", "each", "rank"])
def test_drawn_ballots_are_counted_in_every_mode(hall: Hall, mode: str):
    hall.cycle.rules_data = Rulebook(ballot_mode=mode).frozen_json()
    for seed in range(20):
        outcome = decide(rehearsing.on_drawn_ballots(hall.cycle, seed, T))
        assert outcome.verdict in (Verdict.DECIDED, Verdict.SHORTFALL, Verdict.RUNOFF)
        assert outcome.quorum.met and outcome.count.valid + outcome.count.invalid == outcome.ballots_issued


def test_before_there_are_candidates_invented_ones_are_drawn(hall: Hall, next_year):
    vote = rehearsing.on_drawn_ballots(next_year, 1, T)
    assert vote.paper.candidates == rehearsing.INVENTED and vote.paper.seats == 6


def test_a_file_is_counted_by_this_years_rules_or_on_wish_by_its_own(hall: Hall):
    content = json.dumps(FILE).encode()
    by_year = decide(rehearsing.on_file(hall.cycle, content, own_rules=False))
    assert by_year.majority.needed == 33 and by_year.verdict is Verdict.SHORTFALL
    by_file = decide(rehearsing.on_file(hall.cycle, content, own_rules=True))
    assert by_file.majority.needed == 1 and by_file.result.elected == ("A",)


def test_an_unusable_file_names_every_fault_with_its_place(hall: Hall):
    wrong = FILE | {"seats": 0, "sums": {"A": {"for": "x"}}}
    with pytest.raises(Unusable) as refused:
        rehearsing.on_file(hall.cycle, json.dumps(wrong).encode(), own_rules=False)
    places = [fault.place for fault in refused.value.faults]
    assert {"seats", "sums.A.for", "sums.A.against", "sums.B"} <= set(places)


@given(
    st.integers(0, rehearsing.LARGEST_SEED),
    st.sampled_from(Mode),
    st.integers(1, 8),
    st.integers(1, 120),
    st.booleans(),
)
def test_no_seed_draws_a_box_that_cannot_be_counted(seed, mode, seats, in_office, capped):
    paper = Paper(rehearsing.INVENTED, mode, seats, each_cap=capped and mode is Mode.EACH)
    outcome = decide(rehearsing.draw(paper, Rules(), in_office, seed))
    assert outcome.quorum.met and outcome.problems == ()
    assert outcome.count.valid + outcome.count.invalid == outcome.ballots_issued
