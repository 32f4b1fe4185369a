"""A subdistrict's assembly decides by its own rulebook, a congress by the law, whatever its rulebook says."""

from __future__ import annotations

import json
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from projects.ballots import rules as count
from projects.cycles.models import Cycle
from projects.cycles.rulebook import Rules
from projects.cycles.selectors import standard_of
from projects.cycles.services import adopt_rulebook, create_cycle
from projects.deliberation.flows import DeliberationFlow
from projects.demo.cast import Township
from projects.demo.play import deliberation as play
from projects.demo.play.stage import assembly, do_task, meeting
from tests.builders import at, township
from tests.projects.deliberation.test_deliberation import TITLES, candidate
from workflow.audit.models import Entry
from workflow.flows.acting import acting
from workflow.flows.errors import InvalidForm
from workflow.flows.meetings import BY_LAW, Division, Standard, agreed, faults
from workflow.flows.models import Meeting
from workflow.machines.services import fire
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import UnitKind

T = date(2027, 1, 20)
OWN = {"assembly_quorum": "1/2", "majority_base": "present"}


@pytest.fixture(autouse=True)
def _system(db: None) -> None:
    apply(SYSTEM)


def year_at_the_door(kind: str, **rules: Any) -> tuple[Township, Cycle]:
    """A hall of twenty whose session is prepared, under a rulebook of its own."""
    town = township(kind=kind)
    book = Rules(body="congress" if kind == UnitKind.TOWNSHIP else "assembly").with_values(rules)
    act = town.act("chair", at("2026-09-01"))
    cycle = create_cycle(act, year=2027, opens_on=date(2026, 9, 1), planned_t=T, planned_t2=date(2028, 1, 18))
    fire(cycle, "open", act, rules_data=book.frozen_json())
    fire(cycle, "begin_selection", act)
    for n, title in enumerate(TITLES, 1):
        candidate(town, cycle, n, title)
    begin = town.act("chair", at("2026-12-20"))
    fire(cycle, "begin_deliberation", begin)
    with acting(begin):
        DeliberationFlow.begin(cycle)
    play.play_preparation(town, cycle, t=T, term=3, number=2, seats=4)
    cycle.refresh_from_db()
    return town, cycle


def begin(town: Township, cycle: Cycle, present: int, votes_for: int | None = None) -> Entry:
    chosen = {"presidium": [str(u.pk) for u in town.people["presidium"]], "agenda": play.AGENDA}
    data = assembly(20, present, T, votes_for=votes_for) | chosen
    return do_task(cycle, "deliberation.preliminary", town.of("clerk"), T, **data)


def test_an_assembly_meets_with_half_where_its_rulebook_says_half() -> None:
    town, cycle = year_at_the_door(UnitKind.SUBDISTRICT, **OWN)
    with pytest.raises(InvalidForm, match="须 10 人以上（二分之一）出席，实到 9 人"):
        begin(town, cycle, 9)
    entry = begin(town, cycle, 10)
    assert json.loads(entry.body)["after"]["standard"] == {"quorum": "1/2", "of_present": True}


def test_a_congress_does_not_meet_with_half_whatever_its_rulebook_says() -> None:
    town, cycle = year_at_the_door(UnitKind.TOWNSHIP, **OWN)
    for present in (10, 13):
        with pytest.raises(InvalidForm, match="须 14 人以上（三分之二）出席"):
            begin(town, cycle, present)
    assert "standard" not in json.loads(begin(town, cycle, 14).body)["after"]


def test_an_assembly_with_a_higher_quorum_waits_for_it() -> None:
    town, cycle = year_at_the_door(UnitKind.SUBDISTRICT, assembly_quorum="3/4")
    with pytest.raises(InvalidForm, match="须 15 人以上（四分之三）出席，实到 14 人"):
        begin(town, cycle, 14)
    begin(town, cycle, 15)


def test_an_assembly_agrees_by_those_present_where_its_rulebook_says_so() -> None:
    town, cycle = year_at_the_door(UnitKind.SUBDISTRICT, **OWN)
    with pytest.raises(InvalidForm, match="没有形成决定"):
        begin(town, cycle, 12, votes_for=6)
    begin(town, cycle, 12, votes_for=7)
    assert Meeting.objects.order_by("-pk")[0].agreed


@pytest.mark.parametrize("kind", [UnitKind.TOWNSHIP, UnitKind.SUBDISTRICT])
def test_otherwise_more_than_half_of_all_members_must_agree(kind: str) -> None:
    town, cycle = year_at_the_door(kind)
    with pytest.raises(InvalidForm, match="没有形成决定"):
        begin(town, cycle, 18, votes_for=10)
    begin(town, cycle, 18, votes_for=11)


def test_a_presidium_keeps_the_laws_figures_in_an_assembly_too() -> None:
    town, cycle = year_at_the_door(UnitKind.SUBDISTRICT, **OWN)
    begin(town, cycle, 20)
    body = "候选项目按照三个阶段六个环节形成，请予审议。"
    do_task(cycle, "deliberation.explain", town.of("mayor"), T, body=body)
    play.play_delegations(town, cycle, t=T)
    settled = play.settlement_data(town, cycle, t=T, seats=4, mode="select")
    few = settled | meeting(town.people["presidium"][:4], T)
    with pytest.raises(InvalidForm, match="组成人员 7 人，须 5 人以上（三分之二）出席，实到 4 人"):
        do_task(cycle, "deliberation.settle", town.of("presidium"), T, hour=11, **few)
    do_task(cycle, "deliberation.settle", town.of("presidium"), T, hour=11, **settled)


def test_a_subdistricts_rulebook_reaches_acts_outside_every_year() -> None:
    town = township(kind=UnitKind.SUBDISTRICT)
    rules = Rules(body="assembly").with_values({"assembly_quorum": "3/4"})
    adopt_rulebook(town.act("chair", at("2026-01-01")), town.unit, rules)
    assert standard_of(town.unit) == Standard(Fraction(3, 4))
    assert standard_of(township("T02").unit) == BY_LAW


@pytest.mark.parametrize(
    ("quorum", "members", "needed"),
    [("2/3", 45, 30), ("2/3", 64, 43), ("2/3", 103, 69), ("1/2", 37, 19), ("1/2", 36, 18), ("3/4", 37, 28)],
)
def test_a_quorum_is_rounded_up(quorum: str, members: int, needed: int) -> None:
    assert Standard(Fraction(quorum)).quorum_of(members) == needed


def test_half_is_no_majority() -> None:
    assert not agreed(Division(64, 60, 32, 28, 0)) and agreed(Division(64, 60, 33, 27, 0))
    of_present = Standard(of_present=True)
    assert not agreed(Division(64, 60, 30, 30, 0), of_present) and agreed(
        Division(64, 60, 31, 29, 0), of_present
    )


@pytest.mark.parametrize("of_present", [False, True])
@pytest.mark.parametrize("members", [30, 45, 51, 64, 93, 103])
def test_a_show_of_hands_and_a_ballot_of_one_question_always_end_alike(
    members: int, of_present: bool
) -> None:
    standard = Standard(of_present=of_present)
    for present in (standard.quorum_of(members) - 1, standard.quorum_of(members), members):
        for votes_for in range(members // 2 - 2, members // 2 + 3):
            shown = Division(members, present, votes_for, 0, present - votes_for)
            sums = {"决议": count.Sum(votes_for, 0, present - votes_for)}
            ballot = count.VoteFile(
                members,
                present,
                present,
                count.Paper(("决议",), count.Mode.EACH, 1),
                count.Rules(
                    standard.quorum,
                    count.MajorityBase.PRESENT if of_present else count.MajorityBase.IN_OFFICE,
                ),
                tally=count.Count(sums, present, 0),
            )
            carried = not faults(shown, standard) and agreed(shown, standard)
            assert (count.decide(ballot).result.elected == ("决议",)) == carried
