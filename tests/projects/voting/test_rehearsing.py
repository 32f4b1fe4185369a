"""演练: the year's rules on figures that count for nothing."""

from __future__ import annotations

import json
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.ballots.files import Unusable
from projects.ballots.models import Vote
from projects.ballots.rules import End, MajorityBase, Mode, Paper, Rules, Verdict, decide
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
    assert said.rows[1].closeness == ["多 23 票即与他项票数相等，须再次投票"]


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
