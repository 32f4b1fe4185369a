"""What always holds of a count, and an oracle that counts another way (rules.md §6.2)."""

import json
from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projects.ballots.files import Unusable, outcome_as_json, read_vote
from projects.ballots.rules import (
    Count,
    End,
    Keying,
    MajorityBase,
    Mode,
    Paper,
    Rules,
    Swing,
    TieRule,
    Verdict,
    compare_keyings,
    count_ballots,
    decide,
    elect,
    gaps,
    impossible_points,
    swings,
)
from tests.long import examples
from workflow.flows.meetings import quorum_needed

pytestmark = pytest.mark.long

IDS = ["A", "B", "C", "D", "E"]
MARKS = ["for", "against", "abstain"]


@st.composite
def papers(draw) -> dict:
    candidates = draw(st.permutations(IDS[: draw(st.sampled_from([5, 4, 3, 5, 4, 2, 1]))]))
    return {
        "mode": draw(st.sampled_from(["select", "each", "rank"])),
        "seats": draw(st.sampled_from([2, 1, 3, 2, 1, 4, 6])),
        "candidates": candidates,
    }


def ballots_for(paper: dict, *, spoilt: bool = True):
    ids = paper["candidates"]
    most = paper["seats"]
    if paper["mode"] == "each":
        sound = st.dictionaries(st.sampled_from(ids), st.sampled_from(["for", "for", *MARKS]), max_size=5)
        wild = st.dictionaries(st.sampled_from([*ids, "X"]), st.sampled_from([*MARKS, "maybe"]), max_size=5)
    else:
        sound = st.lists(st.sampled_from(ids), unique=True, max_size=most)
        wild = st.lists(st.sampled_from([*ids, "X"]), max_size=7)
    return st.one_of(sound, sound, sound, wild) if spoilt else sound


def rules_of():
    return st.fixed_dictionaries(
        {},
        optional={
            "quorum": st.sampled_from(["2/3", "1/2", "3/4", "1", "none"]),
            "majority_base": st.sampled_from(["none", "none", *map(str, MajorityBase)]),
            "tie": st.sampled_from(["runoff", "all"]),
            "shortfall": st.sampled_from(["vacant", "second_round"]),
            "each_cap": st.booleans(),
        },
    )


def tallies(draw, paper: dict) -> dict:
    """Sums that mostly balance, made from four figures that share out the valid ballots."""
    valid = draw(st.integers(0, 8))
    wrong = draw(st.sampled_from([0] * 20 + [1, -1, -9]))
    sums = {}
    for one in paper["candidates"]:
        cuts = sorted(draw(st.lists(st.integers(0, valid), min_size=3, max_size=3)))
        figures = [cuts[1] - cuts[0], cuts[0], cuts[2] - cuts[1], valid - cuts[2]]
        sums[one] = dict(zip(["for", "against", "abstain", "not_pressed"], figures, strict=True))
        if paper["mode"] == "rank":
            sums[one]["points"] = draw(st.integers(0, 12))
    sums[draw(st.sampled_from(paper["candidates"]))]["against"] += wrong
    return {"sums": sums, "valid": valid, "invalid": draw(st.integers(0, 2))}


@st.composite
def files(draw) -> dict:
    paper = draw(papers())
    kinds = draw(st.sampled_from(["ballots", "sums", "both"]))
    raw = dict(paper)
    if kinds != "sums":
        raw["ballots"] = draw(st.lists(ballots_for(paper), min_size=2, max_size=9))
    if kinds != "ballots":
        raw |= tallies(draw, paper)
    inside = len(raw.get("ballots", [])) + raw.get("valid", 0) + raw.get("invalid", 0)
    raw["ballots_issued"] = inside + draw(st.sampled_from([0] * 18 + [1, -1]))
    raw["deputies_present"] = raw["ballots_issued"] + draw(st.sampled_from([0] * 18 + [1, -1]))
    raw["deputies_in_office"] = raw["deputies_present"] + draw(st.sampled_from([0] * 12 + [1, 2, 5, -1]))
    if draw(st.integers(0, 9)) == 9:
        raw["ballots_returned"] = inside + draw(st.integers(-1, 1))
    if draw(st.integers(0, 3)):
        raw["rules"] = draw(rules_of())
    return raw


# The oracle: the same contract, written candidate by candidate and with no word of the code under test.


def oracle_is_valid(ballot, raw: dict) -> bool:
    if any(one not in raw["candidates"] for one in ballot):
        return False
    if raw["mode"] != "each":
        return len(set(ballot)) <= raw["seats"]
    capped = raw.get("rules", {}).get("each_cap", False)
    marks = list(ballot.values())
    return all(mark in MARKS for mark in marks) and not (capped and marks.count("for") > raw["seats"])


def oracle_sum(one: str, valid: list, raw: dict) -> dict:
    tally = raw.get("sums", {}).get(one, {})
    of = {key: tally.get(key, 0) for key in ("for", "against", "abstain", "not_pressed", "points")}
    for ballot in valid:
        if raw["mode"] == "each":
            of[ballot.get(one, "abstain")] += 1
        elif one not in ballot:
            of["abstain"] += 1
        else:
            of["for"] += 1
            if raw["mode"] == "rank":
                of["points"] += raw["seats"] - len(set(ballot[: ballot.index(one)]))
    return of


def oracle_balances(raw: dict, returned: int) -> bool:
    sums, valid, invalid = raw.get("sums", {}), raw.get("valid", 0), raw.get("invalid", 0)
    heads = [
        raw["deputies_in_office"],
        raw["deputies_present"],
        raw["ballots_issued"],
        returned,
        valid,
        invalid,
    ]
    if min(heads) < 0 or any(figure < 0 for of in sums.values() for figure in of.values()):
        return False
    if any(sum(of.values()) - of.get("points", 0) != valid for of in sums.values()):
        return False
    if raw["mode"] == "select" and sum(of["for"] for of in sums.values()) > raw["seats"] * valid:
        return False
    in_order = raw["ballots_issued"] <= raw["deputies_present"] <= raw["deputies_in_office"]
    return in_order and returned == len(raw.get("ballots", [])) + valid + invalid


def oracle_quorum(raw: dict) -> int:
    written = raw.get("rules", {}).get("quorum", "2/3")
    if written == "none":
        return 0
    top, _, bottom = written.partition("/")
    needed = min(0, raw["deputies_in_office"])
    while needed * int(bottom or 1) < int(top) * raw["deputies_in_office"]:
        needed += 1
    return needed


def oracle(raw: dict) -> dict:
    rules, seats = raw.get("rules", {}), raw["seats"]
    valid = [ballot for ballot in raw.get("ballots", []) if oracle_is_valid(ballot, raw)]
    sums = {one: oracle_sum(one, valid, raw) for one in raw["candidates"]}
    inside = len(raw.get("ballots", [])) + raw.get("valid", 0) + raw.get("invalid", 0)
    returned = raw.get("ballots_returned", inside)
    base = rules.get("majority_base", "in_office")
    figures = {"in_office": "deputies_in_office", "present": "deputies_present"}
    of = (
        len(valid) + raw.get("valid", 0)
        if base == "valid"
        else raw[figures[base]]
        if base in figures
        else None
    )
    passed = [one for one in sums if (sums[one]["for"] >= 1 if of is None else 2 * sums[one]["for"] > of)]

    def key(one):
        return (sums[one]["points"] if raw["mode"] == "rank" else 0, sums[one]["for"])

    better = {one: sum(key(other) > key(one) for other in passed) for one in passed}
    level = {one: sum(key(other) == key(one) for other in passed) for one in passed}
    elected = [one for one in passed if better[one] + level[one] <= seats]
    tied = [one for one in passed if better[one] < seats < better[one] + level[one]]
    if rules.get("tie") == "all":
        elected, tied = elected + tied, []
    elected.sort(key=lambda one: (better[one], raw["candidates"].index(one)))
    outcome = "runoff" if tied else "shortfall" if len(passed) < seats else "decided"
    if not oracle_balances(raw, returned):
        outcome = "unbalanced"
    if returned > raw["ballots_issued"]:
        outcome = "void"
    if rules.get("quorum") != "none" and raw["deputies_present"] < oracle_quorum(raw):
        outcome = "no_quorum"
    if outcome in ("unbalanced", "void", "no_quorum"):
        elected, tied = [], []
    return {
        "outcome": outcome,
        "sums": sums,
        "needed": oracle_quorum(raw),
        "valid": len(valid) + raw.get("valid", 0),
        "invalid": inside - raw.get("valid", 0) - len(valid),
        "returned": returned,
        "balances": oracle_balances(raw, returned),
        "elected": elected,
        "tied": tied,
        "not_elected": [one for one in raw["candidates"] if one not in elected + tied],
    }


@settings(max_examples=examples(200))
@given(files())
def test_the_count_agrees_with_an_oracle_that_counts_another_way(raw):
    compare_with_the_oracle(raw)


def compare_with_the_oracle(raw: dict) -> str:
    found = outcome_as_json(decide(read_vote(json.dumps(raw).encode())))
    expected = oracle(raw)
    for key in ("outcome", "sums", "elected", "tied", "not_elected"):
        assert found[key] == expected[key], key
    ballots = found["ballots"]
    assert [ballots[key] for key in ("valid", "invalid", "returned")] == [
        expected[key] for key in ("valid", "invalid", "returned")
    ]
    assert (ballots["problems"] == []) is expected["balances"]
    assert found["quorum"]["needed"] == expected["needed"]
    return found["outcome"]


def likely_file(chance: Random) -> dict:
    """A file like those of a real session: a full hall and few slips, so that most votes reach a result."""
    mode = chance.choice(["select", "each", "rank"])
    candidates = chance.sample(IDS, chance.randint(2, 5))
    seats = chance.randint(1, len(candidates))
    raw: dict = {"mode": mode, "seats": seats, "candidates": candidates, "ballots": []}
    for _ in range(chance.randint(3, 12)):
        marked = chance.sample(candidates, chance.randint(1, seats))
        raw["ballots"].append(
            {one: chance.choice(["for", "for", *MARKS]) for one in marked} if mode == "each" else marked
        )
    figure = len(raw["ballots"])
    for name in ("ballots_issued", "deputies_present", "deputies_in_office"):
        figure += chance.choice([0] * 12 + [1, 2, -1])
        raw[name] = figure
    if chance.random() < 0.05:
        raw["ballots_returned"] = len(raw["ballots"]) - 1
    raw["rules"] = {
        "majority_base": chance.choice(["none", "none", "valid", "present", "in_office"]),
        "tie": chance.choice(["runoff", "runoff", "all"]),
        "quorum": chance.choice(["2/3", "1", "none"]),
    }
    return raw


def test_the_oracle_agrees_on_every_outcome_of_every_mode(size):
    chance = Random(20250101)
    met: Counter[tuple[str, str]] = Counter()
    for _ in range(size("boxes", 3_000, 100_000)):
        raw = likely_file(chance)
        met[raw["mode"], compare_with_the_oracle(raw)] += 1
    assert set(met) == {
        (mode, verdict) for mode in ("select", "each", "rank") for verdict in map(str, Verdict)
    }
    assert min(met.values()) >= 20


# What always holds


@settings(max_examples=examples(200))
@given(files(), st.randoms(use_true_random=False))
def test_the_order_of_the_box_does_not_matter(raw, chance):
    shuffled = list(raw.get("ballots", []))
    chance.shuffle(shuffled)
    again = raw | ({"ballots": shuffled} if "ballots" in raw else {})
    first, second = (outcome_as_json(decide(read_vote(json.dumps(one).encode()))) for one in (raw, again))
    assert first == second


@settings(max_examples=examples(200))
@given(papers().flatmap(lambda paper: st.tuples(st.just(paper), st.lists(ballots_for(paper), max_size=12))))
def test_valid_and_invalid_are_all_ballots_and_every_sum_is_the_valid_ones(drawn):
    paper, ballots = drawn
    count = count_ballots(ballots, paper=paper_of(paper))
    assert count.valid + count.invalid == len(ballots)
    assert list(count.sums) == paper["candidates"]
    assert {of.accounted for of in count.sums.values()} == {count.valid}


def paper_of(paper: dict):
    return read_vote(json.dumps(held(paper, [])).encode()).paper


def held(paper: dict, ballots: list, **more: object) -> dict:
    """A vote at which everybody came and handed in one of these ballots."""
    voters = len(ballots)
    attendance = {"deputies_in_office": voters, "deputies_present": voters, "ballots_issued": voters}
    return paper | attendance | {"ballots": ballots} | more


def votes(**paper_changes: object):
    """Votes of sound ballots on which something is always decided."""
    return (
        papers()
        .map(lambda paper: paper | paper_changes)
        .flatmap(
            lambda paper: st.builds(
                lambda ballots, rules: read_vote(json.dumps(held(paper, ballots, rules=rules)).encode()),
                st.lists(ballots_for(paper, spoilt=False), min_size=1, max_size=9),
                rules_of(),
            )
        )
    )


PLACES = {"elected": 2, "tied": 1, "not_elected": 0}


def place_of(one: str, outcome) -> int:
    return next(place for name, place in PLACES.items() if one in getattr(outcome.result, name))


@settings(max_examples=examples(150))
@given(votes(mode="each"), st.data())
def test_one_more_mark_never_lowers_that_project(vote, data):
    vote = replace(vote, paper=replace(vote.paper, each_cap=False))
    one = data.draw(st.sampled_from(vote.paper.candidates))
    unmarked = [index for index, ballot in enumerate(vote.ballots) if ballot.get(one) != "for"]
    if not unmarked:
        return
    index = data.draw(st.sampled_from(unmarked))
    ballots = list(vote.ballots)
    ballots[index] = {**ballots[index], one: "for"}
    assert place_of(one, decide(replace(vote, ballots=tuple(ballots)))) >= place_of(one, decide(vote))


@settings(max_examples=examples(150))
@given(votes())
def test_nobody_below_the_majority_is_elected_or_tied(vote):
    outcome = decide(vote)
    needed = outcome.majority.needed
    for one in (*outcome.result.elected, *outcome.result.tied):
        assert outcome.count.sums[one].in_favour >= needed


@settings(max_examples=examples(150))
@given(votes())
def test_every_candidate_stands_in_exactly_one_place_with_a_reason(vote):
    result = decide(vote).result
    assert sorted((*result.elected, *result.tied, *result.not_elected)) == sorted(vote.paper.candidates)
    assert set(result.reasons) == set(vote.paper.candidates)


@settings(max_examples=examples(150))
@given(votes())
def test_a_tie_on_the_last_seat_is_reported_and_never_broken(vote):
    outcome = decide(vote)
    result, sums, mode = outcome.result, outcome.count.sums, vote.paper.mode

    def key(one):
        return (sums[one].points, sums[one].in_favour) if mode is Mode.RANK else sums[one].in_favour

    passed = [one for one in vote.paper.candidates if sums[one].in_favour >= outcome.majority.needed]
    for one in result.elected:
        assert not any(key(other) == key(one) for other in passed if other not in result.elected)
    if vote.rules.tie is TieRule.RUNOFF:
        assert len(result.elected) <= vote.paper.seats
    if result.tied:
        assert outcome.verdict is Verdict.RUNOFF
        assert len({key(one) for one in result.tied}) == 1
        assert len(result.elected) < vote.paper.seats < len(result.elected) + len(result.tied)


# How close it was, against ballots that are marked otherwise in earnest and counted again


def place_in(result, one: str) -> End:
    return End.ELECTED if one in result.elected else End.TIED if one in result.tied else End.NOT_ELECTED


def favoured(ballot, mode: Mode) -> list[str]:
    return (
        [one for one, mark in ballot.items() if mark == "for"]
        if mode is Mode.EACH
        else list(dict.fromkeys(ballot))
    )


def marked(ballot, mode: Mode, *, add: str = "", drop: str = ""):
    """The same ballot, in favour of one more, of one fewer, or of one in the place of another."""
    if mode is Mode.EACH:
        return {**ballot, **({drop: "abstain"} if drop else {}), **({add: "for"} if add else {})}
    return [one for one in favoured(ballot, mode) if one != drop] + ([add] if add else [])


def end_of_marked(vote, one: str, ballots: int, *, add: str = "", drop: str = "") -> End | None:
    """Where a candidate ends when so many ballots are marked otherwise; None where not so many can be."""
    mode, changed, left = vote.paper.mode, [], ballots
    valid = count_ballots(vote.ballots, paper=vote.paper).valid
    for ballot in vote.ballots:
        if left and count_ballots([ballot], paper=vote.paper).valid:
            on_it = favoured(ballot, mode)
            other = marked(ballot, mode, add=add, drop=drop)
            fits = count_ballots([other], paper=vote.paper).valid
            if (not add or add not in on_it) and (not drop or drop in on_it) and fits:
                ballot, left = other, left - 1
        changed.append(ballot)
    outcome = decide(replace(vote, ballots=tuple(changed)))
    assert outcome.count.valid == valid + (vote.tally.valid if vote.tally else 0)
    return None if left else place_in(outcome.result, one)


def first_change(vote, one: str, **how: str) -> tuple[int, End] | None:
    now = place_in(decide(vote).result, one)
    for ballots in range(1, len(vote.ballots) + 1):
        end = end_of_marked(vote, one, ballots, **how)
        if end is None:
            return None
        if end is not now:
            return ballots, end
    return None


def enough_whatever_they_give_up(vote, one: str) -> int | None:
    """How many more elect it where all others keep their votes; None where no number does, or it is elected."""
    outcome = decide(vote)
    sums, of = outcome.count.sums, outcome.count.sums[one]
    for more in range(outcome.count.valid - of.in_favour + 1):
        changed = {**sums, one: replace(of, in_favour=of.in_favour + more)}
        result = elect(changed, vote.paper, outcome.majority, vote.rules.tie)
        if place_in(result, one) is End.ELECTED:
            return more or None
    return None


def given_up_by_lot(vote, one: str, ballots: int, chance: Random) -> End:
    """Where it ends when so many ballots that leave it out are marked for it, each giving up what chance says."""
    mode, boxes = vote.paper.mode, list(vote.ballots)
    counted = [at for at, ballot in enumerate(boxes) if count_ballots([ballot], paper=vote.paper).valid]
    without = [at for at in counted if one not in favoured(boxes[at], mode)]
    for at in chance.sample(without, ballots):
        ways = [marked(boxes[at], mode, add=one, drop=drop) for drop in ("", *favoured(boxes[at], mode))]
        boxes[at] = chance.choice([way for way in ways if count_ballots([way], paper=vote.paper).valid])
    return place_in(decide(replace(vote, ballots=tuple(boxes))).result, one)


def swings_by_hand(vote, one: str) -> tuple[Swing, ...]:
    """What is asked of `swings`, by marking ballots one after another."""
    found = []
    if more := first_change(vote, one, add=one):
        found.append(Swing(*more))
    else:
        others = [other for other in vote.paper.candidates if other != one]
        moves = [(other, move) for other in others if (move := first_change(vote, one, add=one, drop=other))]
        if moves:
            other, (ballots, end) = min(moves, key=lambda move: (move[1][0], move[1][1] is End.TIED))
            found.append(Swing(ballots, end, other))
        elif ballots := enough_whatever_they_give_up(vote, one):
            found.append(Swing(ballots, End.ELECTED, ""))
    if fewer := first_change(vote, one, drop=one):
        found.append(Swing(-fewer[0], fewer[1]))
    return tuple(found)


NO_RESULT = (Verdict.NO_QUORUM, Verdict.VOID, Verdict.UNBALANCED)


@settings(max_examples=examples(200))
@given(
    st.one_of(
        votes(mode="select"), votes(mode="each"), files().map(lambda raw: read_vote(json.dumps(raw).encode()))
    )
)
def test_a_swing_is_the_fewest_ballots_that_can_be_marked_so_and_change_the_end(vote):
    outcome = decide(vote)
    found = swings(outcome)
    if outcome.verdict in NO_RESULT or vote.paper.mode is Mode.RANK:
        assert found == {}
        return
    if vote.tally is None:
        assert found == {one: swings_by_hand(vote, one) for one in vote.paper.candidates}


@settings(max_examples=examples(200))
@given(
    st.one_of(votes(mode="select"), votes(mode="each")), st.integers(0, 9), st.randoms(use_true_random=False)
)
def test_what_sums_alone_prove_can_be_done_with_the_ballots_they_come_of(vote, cut, chance):
    """However many of the ballots are known by their sums alone."""
    part = count_ballots(vote.ballots[:cut], paper=vote.paper)
    outcome = decide(replace(vote, ballots=vote.ballots[cut:], tally=part))
    for one, found in swings(outcome).items():
        for swing in found:
            now, ballots = place_in(outcome.result, one), abs(swing.votes)
            if swing.instead_of == "":
                assert given_up_by_lot(vote, one, ballots, chance) is swing.end is not now
                continue
            how = {"drop": one} if swing.votes < 0 else {"add": one, "drop": swing.instead_of or ""}
            assert end_of_marked(vote, one, ballots, **how) is swing.end is not now
            assert ballots == 1 or end_of_marked(vote, one, ballots - 1, **how) is now


@settings(max_examples=examples(200))
@given(votes(mode="rank"))
def test_a_gap_is_just_what_keeps_a_ranked_candidate_where_it_is(vote):
    outcome = decide(vote)
    sums, found = outcome.count.sums, gaps(outcome)
    if outcome.verdict in NO_RESULT:
        assert found == {}
        return

    def end_with(one: str, marks: int, points: int) -> End:
        changed = {**sums, one: replace(sums[one], in_favour=marks, points=points)}
        return place_in(elect(changed, vote.paper, outcome.majority, vote.rules.tie), one)

    for one, gap in found.items():
        of, needed = sums[one], outcome.majority.needed
        level = of.points - gap.points
        assert gap.votes == of.in_favour - needed and (not gap.points or not gap.marks)
        if place_in(outcome.result, one) is End.ELECTED:
            assert end_with(one, needed - 1, of.points) is End.NOT_ELECTED
            if gap.rival:
                assert (gap.points, gap.marks) > (0, 0)
                assert end_with(one, of.in_favour, level - 1) is End.NOT_ELECTED
        else:
            enough = max(of.in_favour, needed)
            assert end_with(one, enough, level + 1 if gap.rival else of.points) is End.ELECTED
            assert not gap.rival or end_with(one, enough, level - 1) is End.NOT_ELECTED


@given(votes(), st.integers(0, 9))
def test_ballots_their_sums_and_any_mixture_of_both_say_the_same(vote, cut):
    whole = count_ballots(vote.ballots, paper=vote.paper)
    alone = replace(vote, ballots=(), tally=whole)
    part = count_ballots(vote.ballots[:cut], paper=vote.paper)
    mixed = replace(vote, ballots=vote.ballots[cut:], tally=part)
    first = outcome_as_json(decide(vote))
    assert outcome_as_json(decide(alone)) == first
    assert outcome_as_json(decide(mixed)) == first


@given(st.integers(0, 10**6), st.fractions(0, 1))
def test_the_quorum_is_the_least_number_that_reaches_the_share(in_office, share):
    needed = quorum_needed(share, in_office)
    assert needed >= share * in_office > needed - 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=examples(200))
@given(files(), st.data())
def test_a_file_is_counted_or_refused_with_faults_of_one_line_and_nothing_else(raw, data):
    spoilt = dict(raw)
    spoilt[data.draw(st.sampled_from(sorted(raw)))] = data.draw(JSON)
    try:
        outcome_as_json(decide(read_vote(json.dumps(spoilt).encode())))
    except Unusable as refusal:
        assert refusal.faults
        assert all(len(str(fault).splitlines()) == 1 for fault in refusal.faults)


@settings(max_examples=examples(200))
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode), st.booleans())
def test_any_bytes_are_refused_as_a_file_and_never_crash(content, pabulib):
    start = b"META\nkey;value\nvote_type;approval\nPROJECTS\nproject_id\n" if pabulib else b""
    try:
        decide(read_vote(start + content))
    except Unusable as refusal:
        assert refusal.faults


@given(files(), files())
def test_two_keyings_agree_exactly_where_no_field_differs(one, other):
    first, second = (keying_of(raw) for raw in (one, other))
    assert compare_keyings(first, first) == []
    assert (compare_keyings(first, second) == []) is (first == second)
    assert len(compare_keyings(first, second)) == len(compare_keyings(second, first))


def keying_of(raw: dict) -> Keying:
    outcome = decide(read_vote(json.dumps(raw).encode()))
    count: Count = outcome.count
    return Keying(raw["ballots_issued"], outcome.ballots_returned, count)


def test_the_default_rules_of_a_file_are_those_of_the_law():
    paper = {"mode": "select", "seats": 1, "candidates": ["A"]}
    assert read_vote(json.dumps(held(paper, [["A"]])).encode()).rules == Rules()


@given(st.lists(st.lists(st.sampled_from("abcd"), unique=True, max_size=3), max_size=12))
def test_whatever_ballots_are_cast_their_points_are_possible(ballots):
    paper = Paper(tuple("abcd"), Mode.RANK, 3)
    assert impossible_points(paper, count_ballots(ballots, paper=paper)) == []
