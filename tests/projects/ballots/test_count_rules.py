"""The count's rules on worked figures (rules.md §6.2)."""

from dataclasses import replace
from fractions import Fraction

import pytest

from projects.ballots.rules import (
    GRADING,
    Compared,
    Count,
    Difference,
    End,
    Gap,
    Keying,
    MajorityBase,
    Mode,
    Paper,
    Rules,
    ShortfallRule,
    Sum,
    Swing,
    TieRule,
    Verdict,
    VoteFile,
    compare_counts,
    compare_keyings,
    count_ballots,
    decide,
    gaps,
    impossible_points,
    is_beyond_change,
    next_step,
    reconcile,
    swings,
)
from workflow.flows.meetings import majority_needed, quorum_needed

TWO_THIRDS = Fraction(2, 3)


def tally_of(votes: dict[str, int], *, valid: int, invalid: int = 0) -> Count:
    sums = {one: Sum(in_favour=n, abstain=valid - n) for one, n in votes.items()}
    return Count(sums, valid, invalid)


def vote_of(
    votes: dict[str, int], *, in_office: int, seats: int, mode: Mode = Mode.EACH, **rules
) -> VoteFile:
    """Everybody in office came and handed in a valid ballot."""
    paper = Paper(tuple(votes), mode, seats)
    tally = tally_of(votes, valid=in_office)
    return VoteFile(in_office, in_office, in_office, paper, Rules(**rules), tally=tally)


@pytest.mark.parametrize(
    ("in_office", "quorum", "majority"),
    [(45, 30, 23), (64, 43, 33), (93, 62, 47), (103, 69, 52), (30, 20, 16), (51, 34, 26)],
)
def test_quorum_and_majority_of_published_congresses(in_office, quorum, majority):
    assert quorum_needed(TWO_THIRDS, in_office) == quorum
    assert majority_needed(in_office) == majority


def test_exactly_two_thirds_is_a_quorum_and_one_less_is_none():
    vote = vote_of({"A": 20}, in_office=30, seats=1)
    vote = replace(vote, deputies_present=20, ballots_issued=20, tally=tally_of({"A": 20}, valid=20))
    assert decide(vote).verdict is Verdict.DECIDED
    one_less = replace(vote, deputies_present=19, ballots_issued=19, tally=tally_of({"A": 19}, valid=19))
    assert decide(one_less).verdict is Verdict.NO_QUORUM


def test_a_share_that_floats_would_miss_is_exact():
    assert quorum_needed(Fraction("0.7"), 10) == 7
    assert quorum_needed(Fraction(1, 3), 3 * 10**17 + 1) == 10**17 + 1


def test_thirty_two_of_sixty_four_are_not_a_majority():
    outcome = decide(vote_of({"A": 33, "B": 32}, in_office=64, seats=2))
    assert outcome.result.elected == ("A",)
    assert outcome.result.reasons["B"].code == "below_majority"
    assert outcome.result.reasons["B"].sentence == "需 33 票（全体代表 64 人的过半数），得 32 票，未通过。"


def twelve_candidates(*, tenth_and_eleventh: int) -> dict[str, int]:
    above = {f"P{n:02}": 70 - n for n in range(1, 10)}
    return above | {"P10": tenth_and_eleventh, "P11": tenth_and_eleventh, "P12": 30}


def test_the_tenth_and_eleventh_level_with_a_majority_are_tied():
    outcome = decide(vote_of(twelve_candidates(tenth_and_eleventh=48), in_office=80, seats=10))
    assert outcome.verdict is Verdict.RUNOFF
    assert len(outcome.result.elected) == 9
    assert outcome.result.tied == ("P10", "P11")
    assert outcome.places_left == 1
    assert "选 1 项" in next_step(outcome)


def test_the_tenth_and_eleventh_level_without_a_majority_leave_a_seat_empty():
    outcome = decide(vote_of(twelve_candidates(tenth_and_eleventh=40), in_office=80, seats=10))
    assert outcome.verdict is Verdict.SHORTFALL
    assert len(outcome.result.elected) == 9
    assert outcome.result.tied == ()


def test_a_tie_that_exactly_fills_the_seats_is_none():
    outcome = decide(vote_of({"A": 8, "B": 7, "C": 7, "D": 6}, in_office=10, seats=3))
    assert outcome.verdict is Verdict.DECIDED
    assert outcome.result.elected == ("A", "B", "C")


def test_two_level_inside_the_seats_need_no_second_ballot():
    """兰亭镇: two projects with 61 votes each, both inside the ten seats."""
    votes = {"文化惠民": 61, "整洁兰亭": 61, "两江整治": 60, "派出所新建": 30}
    outcome = decide(vote_of(votes, in_office=80, seats=3))
    assert outcome.verdict is Verdict.DECIDED
    assert outcome.result.elected == ("文化惠民", "整洁兰亭", "两江整治")


def test_everybody_level_for_fewer_seats_is_a_tie_with_nobody_elected():
    outcome = decide(vote_of({"B": 6, "A": 6, "C": 6}, in_office=10, seats=2))
    assert (outcome.verdict, outcome.result.elected) == (Verdict.RUNOFF, ())
    assert outcome.result.tied == ("B", "A", "C")
    assert outcome.places_left == 2


def test_the_tie_rule_all_elects_beyond_the_seats():
    outcome = decide(vote_of({"A": 9, "B": 6, "C": 6, "D": 5}, in_office=10, seats=2, tie=TieRule.ALL))
    assert outcome.verdict is Verdict.DECIDED
    assert outcome.result.elected == ("A", "B", "C")
    assert outcome.result.reasons["C"].code == "elected_with_equals"
    assert outcome.result.reasons["D"].code == "below_majority"


def test_a_runoff_by_most_votes_asks_no_majority():
    outcome = decide(vote_of({"A": 20, "B": 19}, in_office=64, seats=1, majority_base=MajorityBase.NONE))
    assert outcome.verdict is Verdict.DECIDED
    assert (outcome.majority.of, outcome.majority.needed) == (None, 1)
    assert outcome.result.elected == ("A",)


def test_without_a_majority_rule_nobody_is_elected_on_no_votes():
    outcome = decide(vote_of({"A": 1, "B": 0}, in_office=5, seats=2, majority_base=MajorityBase.NONE))
    assert outcome.verdict is Verdict.SHORTFALL
    assert outcome.result.elected == ("A",)


@pytest.mark.parametrize(
    ("base", "of", "needed"),
    [(MajorityBase.IN_OFFICE, 64, 33), (MajorityBase.PRESENT, 59, 30), (MajorityBase.VALID, 55, 28)],
)
def test_the_base_of_the_majority(base, of, needed):
    vote = VoteFile(
        64,
        59,
        59,
        Paper(("A",), Mode.EACH, 1),
        Rules(majority_base=base),
        tally=tally_of({"A": 30}, valid=55),
    )
    majority = decide(vote).majority
    assert (majority.of, majority.needed) == (of, needed)


def test_the_real_vote_of_siping():
    """四屏镇 2023: one of two, 45 issued and returned, the winner 93.3 % = 42 votes."""
    vote = vote_of({"农村人居环境整治和饮水工程": 42, "民生公路": 3}, in_office=45, seats=1, mode=Mode.SELECT)
    outcome = decide(vote)
    assert outcome.verdict is Verdict.DECIDED
    assert outcome.result.elected == ("农村人居环境整治和饮水工程",)


def test_the_real_vote_of_beipo():
    """北坡镇 2019: seven for seven seats, 51 in favour of each itemised project."""
    outcome = decide(vote_of({"教学楼": 51, "亮化工程": 51}, in_office=51, seats=2))
    assert outcome.verdict is Verdict.DECIDED
    assert outcome.majority.needed == 26


@pytest.mark.parametrize(("in_office", "present", "met"), [(64, 59, True), (103, 93, True), (103, 68, False)])
def test_attendance_of_published_congresses(in_office, present, met):
    """建明镇 64 with 59 present, 樟木镇 103 with 93 present (needs 69)."""
    vote = VoteFile(in_office, present, present, Paper(("A",), Mode.EACH, 1))
    assert decide(vote).quorum.met is met


def test_more_seats_than_candidates_is_a_shortfall_without_error():
    outcome = decide(vote_of({"A": 9, "B": 8}, in_office=10, seats=5, shortfall=ShortfallRule.SECOND_ROUND))
    assert outcome.verdict is Verdict.SHORTFALL
    assert outcome.result.elected == ("A", "B")
    assert "没有候选项目" in next_step(outcome)


def test_only_the_next_step_tells_the_two_shortfall_rules_apart():
    vacant = decide(vote_of({"A": 9, "B": 1}, in_office=10, seats=2))
    again = decide(vote_of({"A": 9, "B": 1}, in_office=10, seats=2, shortfall=ShortfallRule.SECOND_ROUND))
    assert (vacant.verdict, vacant.result) == (again.verdict, again.result)
    assert "空缺" in next_step(vacant)
    assert "第二轮" in next_step(again)


# Ballots

SELECT_TWO = Paper(("A", "B", "C"), Mode.SELECT, 2)
RANK_TWO = Paper(("A", "B", "C"), Mode.RANK, 2)
EACH = Paper(("A", "B", "C"), Mode.EACH, 1)


def test_an_empty_ballot_is_valid_and_abstains_on_all():
    for paper, empty in ((SELECT_TWO, []), (RANK_TWO, []), (EACH, {})):
        count = count_ballots([empty], paper=paper)
        assert (count.valid, count.invalid) == (1, 0)
        assert set(count.sums.values()) == {Sum(abstain=1)}


@pytest.mark.parametrize("paper", [SELECT_TWO, RANK_TWO])
def test_more_marks_than_seats_spoil_the_whole_ballot(paper):
    assert count_ballots([["A", "B"]], paper=paper).valid == 1
    count = count_ballots([["A", "B", "C"]], paper=paper)
    assert (count.valid, count.invalid) == (0, 1)
    assert set(count.sums.values()) == {Sum()}


@pytest.mark.parametrize("paper", [SELECT_TWO, RANK_TWO])
def test_an_id_marked_twice_counts_once(paper):
    count = count_ballots([["A", "A", "B"]], paper=paper)
    assert (count.valid, count.sums["A"].in_favour, count.sums["B"].in_favour) == (1, 1, 1)


def test_in_rank_a_repeat_takes_its_first_place_and_leaves_no_gap():
    count = count_ballots([["B", "B", "A", "B"]], paper=RANK_TWO)
    assert (count.sums["B"].points, count.sums["A"].points, count.sums["C"].points) == (2, 1, 0)


@pytest.mark.parametrize(
    ("paper", "ballot"), [(SELECT_TWO, ["A", "X"]), (RANK_TWO, ["X"]), (EACH, {"X": "abstain"})]
)
def test_an_id_not_on_the_paper_spoils_the_ballot(paper, ballot):
    count = count_ballots([ballot], paper=paper)
    assert (count.valid, count.invalid) == (0, 1)


@pytest.mark.parametrize("ballot", [{"A": "yes"}, {"A": None}, {"A": ["for"]}, ["A"], "A", None, 3])
def test_a_bad_ballot_of_mode_each_is_invalid_and_never_an_exception(ballot):
    assert count_ballots([{"A": "for"}], paper=EACH).valid == 1
    assert count_ballots([ballot], paper=EACH).invalid == 1


@pytest.mark.parametrize("ballot", [{"A": "for"}, [["A"]], [None], "A", None, 3])
def test_a_bad_list_ballot_is_invalid_and_never_an_exception(ballot):
    assert count_ballots([["A"]], paper=SELECT_TWO).valid == 1
    assert count_ballots([ballot], paper=SELECT_TWO).invalid == 1


def test_a_set_has_no_order_and_is_no_ranking():
    assert count_ballots([frozenset("AB")], paper=SELECT_TWO).valid == 1
    assert count_ballots([frozenset("AB")], paper=RANK_TWO).invalid == 1


def test_mode_each_has_no_cap_unless_the_rulebook_sets_one():
    ballot = {"A": "for", "B": "for"}
    assert count_ballots([ballot], paper=EACH).valid == 1
    capped = replace(EACH, each_cap=True)
    assert count_ballots([ballot], paper=capped).invalid == 1
    assert count_ballots([{"A": "for", "B": "against"}], paper=capped).valid == 1


# Reconciliation


def sound() -> VoteFile:
    return VoteFile(
        10, 9, 9, SELECT_TWO, tally=tally_of({"A": 8, "B": 7, "C": 1}, valid=8, invalid=1), ballots_returned=9
    )


def with_sum(vote: VoteFile, one: str, **figures: int) -> VoteFile:
    sums = {**vote.tally.sums, one: replace(vote.tally.sums[one], **figures)}
    return replace(vote, tally=replace(vote.tally, sums=sums))


def test_sound_figures_have_no_problem():
    assert reconcile(sound()) == []
    assert decide(sound()).verdict is Verdict.DECIDED


@pytest.mark.parametrize(
    ("change", "code", "equation"),
    [
        (
            lambda v: replace(v, deputies_in_office=8),
            "present_over_in_office",
            "实到代表 9 人 ＞ 应到代表 8 人",
        ),
        (lambda v: replace(v, deputies_present=8), "issued_over_present", "发出表决票 9 张 ＞ 实到代表 8 人"),
        (
            lambda v: replace(v, ballots_returned=8),
            "returned_differs",
            "收回表决票 8 张 ≠ 有效票 8 ＋ 无效票 1 ＝ 9 张",
        ),
        (
            lambda v: with_sum(v, "B", against=1),
            "sum_differs",
            "赞成 7 ＋ 反对 1 ＋ 弃权 1 ＝ 9 票 ≠ 有效票 8 张",
        ),
        (lambda v: with_sum(v, "B", not_pressed=2), "sum_differs", "＋ 未按 2 ＝ 10 票 ≠ 有效票 8 张"),
        (
            lambda v: with_sum(v, "C", in_favour=2, abstain=6),
            "too_many_marks",
            "17 票 ＞ 应选 2 项 × 有效票 8 张 ＝ 16 票",
        ),
        (lambda v: with_sum(v, "A", against=-1, abstain=1), "negative", "项目“A”：反对 -1，不能是负数"),
    ],
)
def test_each_contradiction_is_named_with_its_figures(change, code, equation):
    outcome = decide(change(sound()))
    assert outcome.verdict is Verdict.UNBALANCED
    assert [problem.code for problem in outcome.problems] == [code]
    assert equation in outcome.problems[0].sentence
    assert outcome.result.elected == outcome.result.tied == ()
    assert outcome.result.not_elected == ("A", "B", "C")


def test_marks_beyond_the_seats_are_a_contradiction_in_select_only():
    vote = with_sum(sound(), "C", in_favour=2, abstain=6)
    each = replace(vote, paper=replace(vote.paper, mode=Mode.EACH))
    assert decide(vote).verdict is Verdict.UNBALANCED
    assert decide(each).verdict is Verdict.DECIDED


def test_more_returned_than_issued_is_void_and_no_problem():
    vote = replace(sound(), ballots_issued=8)
    outcome = decide(vote)
    assert (outcome.verdict, outcome.problems) == (Verdict.VOID, ())
    assert outcome.result.not_elected == ("A", "B", "C")


def test_no_quorum_comes_before_void_and_void_before_unbalanced():
    unbalanced = with_sum(sound(), "A", against=5)
    void = replace(unbalanced, ballots_issued=8)
    empty_hall = replace(void, deputies_present=1)
    verdicts = [decide(vote).verdict for vote in (unbalanced, void, empty_hall)]
    assert verdicts == [Verdict.UNBALANCED, Verdict.VOID, Verdict.NO_QUORUM]


def test_opened_ballots_and_the_tally_are_returned_together():
    vote = replace(
        sound(), deputies_in_office=12, deputies_present=11, ballots_issued=11, ballots_returned=None
    )
    vote = replace(vote, ballots=(["A"], ["X"]))
    outcome = decide(vote)
    assert (outcome.ballots_returned, outcome.count.valid, outcome.count.invalid) == (11, 9, 2)
    assert outcome.verdict is Verdict.DECIDED
    assert decide(replace(vote, ballots_returned=10)).verdict is Verdict.UNBALANCED


def test_every_candidate_has_a_reason_whatever_the_outcome():
    votes = [sound(), replace(sound(), ballots_issued=8), replace(sound(), deputies_present=1)]
    for vote in [*votes, with_sum(sound(), "A", against=5)]:
        outcome = decide(vote)
        assert list(outcome.result.reasons) == ["A", "B", "C"]
        assert all(reason.sentence.endswith("。") for reason in outcome.result.reasons.values())


def test_a_place_outside_the_seats_is_said_with_the_rank():
    reason = decide(vote_of({"A": 9, "B": 8, "C": 8, "D": 7}, in_office=10, seats=3)).result.reasons["D"]
    assert reason.code == "outside_seats"
    assert "按得票列第 4 位，在应选 3 项之外" in reason.sentence


def test_where_no_majority_is_asked_the_report_says_what_decides_instead():
    vote = vote_of({"A": 25, "B": 20, "C": 0}, in_office=50, seats=1, majority_base=MajorityBase.NONE)
    reasons = {one: reason.sentence for one, reason in decide(vote).result.reasons.items()}
    most = "以得票多的入选，不要求过半数"
    assert reasons == {
        "A": f"{most}，得 25 票，按得票列第 1 位，在应选 1 项之内，入选。",
        "B": f"{most}，得 20 票，按得票列第 2 位，在应选 1 项之外，未入选。",
        "C": f"{most}，得 0 票，未入选。",
    }
    ranked = replace(vote, paper=replace(vote.paper, mode=Mode.RANK))
    assert decide(ranked).result.reasons["A"].sentence.startswith("以得分高的入选，不要求过半数，")


def test_a_measurement_calls_its_ballots_by_one_name():
    vote = replace(sound(), deputies_present=8, ballots_returned=8)
    measured = replace(vote, paper=replace(vote.paper, mode=Mode.EACH, words=GRADING))
    assert [problem.sentence for problem in reconcile(measured)] == [
        "发出测评票 9 张 ＞ 实到代表 8 人。",
        "收回测评票 8 张 ≠ 有效票 8 ＋ 无效票 1 ＝ 9 张。",
    ]
    void = decide(replace(sound(), ballots_issued=8, paper=measured.paper)).result.reasons["A"].sentence
    assert void.startswith("收回测评票 9 张，多于发出的 8 张")
    one, other = (Keying(issued, 9, Count({}, 9, 0)) for issued in (9, 10))
    [found] = compare_keyings(one, other, GRADING)
    assert found.sentence == "发出测评票两次录入不一致，第一次 9，第二次 10。"


# Two keyings


def keying(**changes: int) -> Keying:
    return Keying(9, 9, tally_of({"A": 8, "B": 7} | changes, valid=8, invalid=1))


def test_equal_keyings_differ_in_nothing():
    assert compare_keyings(keying(), keying()) == []


def test_each_differing_field_of_two_keyings_is_named():
    differences = compare_keyings(keying(), keying(B=6))
    assert differences == [Difference("in_favour", 7, 6, "B"), Difference("abstain", 1, 2, "B")]
    assert differences[0].sentence == "项目“B”：赞成两次录入不一致，第一次 7，第二次 6。"


def test_differing_heads_and_a_candidate_keyed_once_are_named():
    other = Keying(9, 8, tally_of({"A": 7}, valid=7, invalid=1))
    named = {(one.candidate, one.field) for one in compare_keyings(keying(), other)}
    assert {(None, "returned"), (None, "valid"), ("A", "in_favour"), ("B", "in_favour")} <= named
    assert ("B", "points") in named


# A count and the count before it


def test_two_counts_are_held_against_each_other_line_by_line_and_what_has_changed_is_named():
    before = {"": {"有效票": 9}, "A": {"赞成": 8, "结果": "入选"}, "B": {"赞成": 7, "结果": "未入选"}}
    now = {"": {"有效票": 8, "无效票": 1}, "A": before["A"], "B": {"赞成": 7, "结果": "入选"}}
    assert compare_counts(before, now) == [
        Compared("", (("有效票", 9, 8), ("无效票", 0, 1))),
        Compared("A", (("赞成", 8, 8), ("结果", "入选", "入选"))),
        Compared("B", (("赞成", 7, 7), ("结果", "未入选", "入选"))),
    ]
    assert [one.changed for one in compare_counts(before, now)] == [
        (("有效票", 9, 8), ("无效票", 0, 1)), (), (("结果", "未入选", "入选"),),
    ]  # fmt: skip
    assert not any(one.changed for one in compare_counts(before, before))


# How close it was


def test_how_many_votes_swing_each_project():
    """33 of 64 pass: A stands three above B, who takes the last seat; C lacks two votes of the majority."""
    close = swings(decide(vote_of({"A": 40, "B": 37, "C": 31, "D": 33}, in_office=64, seats=2)))
    assert close["A"] == (Swing(-7, End.TIED),)
    assert close["B"] == (Swing(-4, End.TIED),)
    assert close["C"] == (Swing(6, End.TIED),)
    assert close["D"] == (Swing(4, End.TIED),)


def test_without_a_rival_the_majority_alone_decides_how_close_it_was():
    close = swings(decide(vote_of({"A": 35, "B": 30}, in_office=64, seats=2)))
    assert close == {"A": (Swing(-3, End.NOT_ELECTED),), "B": (Swing(3, End.ELECTED),)}


def test_one_vote_more_or_fewer_ends_a_tie():
    close = swings(decide(vote_of({"A": 50, "B": 40, "C": 40}, in_office=64, seats=2)))
    assert close["B"] == close["C"] == (Swing(1, End.ELECTED), Swing(-1, End.NOT_ELECTED))


def test_a_project_no_change_of_its_own_sum_can_move_has_no_swing():
    tally = Count({"A": Sum(20, abstain=0), "B": Sum(20)}, 20, 0)
    paper = Paper(("A", "B"), Mode.EACH, 2)
    vote = VoteFile(64, 43, 20, paper, Rules(), tally=tally)
    assert swings(decide(vote)) == {"A": (), "B": ()}


def test_where_the_vote_has_no_result_nothing_swings():
    vote = replace(vote_of({"A": 40}, in_office=64, seats=1), deputies_present=10, ballots_issued=10)
    assert decide(vote).verdict is Verdict.NO_QUORUM and swings(decide(vote)) == {}


def choosing(ballots: list[list[str]], *, seats: int, in_office: int = 0, **rules) -> VoteFile:
    """These ballots, at most `seats` marks on each, of everybody who came."""
    present, paper = len(ballots), Paper(("A", "B", "C"), Mode.SELECT, seats)
    given = tuple(tuple(ballot) for ballot in ballots)
    return VoteFile(in_office or present, present, present, paper, Rules(**rules), given)


def test_a_full_ballot_has_no_room_for_one_more_and_gives_up_another_mark_for_it():
    """One mark a ballot, 45 ballots: B needs 23 votes and A's ballots have none to add."""
    close = swings(decide(choosing([["A"]] * 34 + [["B"]] * 11, seats=1)))
    assert close["A"] == (Swing(-12, End.NOT_ELECTED),)
    assert close["B"] == (Swing(12, End.ELECTED, "A"),)


@pytest.mark.parametrize(
    ("empty", "swing"), [(12, Swing(12, End.ELECTED)), (11, Swing(12, End.ELECTED, "A"))]
)
def test_a_ballot_left_empty_has_room(empty, swing):
    vote = choosing([["A"]] * (34 - empty) + [["B"]] * 11 + [[]] * empty, seats=1)
    assert swings(decide(vote))["B"] == (swing,)


def test_where_no_other_has_so_many_to_give_whatever_is_given_up_elects_it():
    """C needs twelve of 23; there are eight ballots of A's and eight of B's, and three with room."""
    vote = choosing([["A"]] * 8 + [["B"]] * 8 + [["C"]] * 4 + [[]] * 3, seats=1)
    assert swings(decide(vote))["C"] == (Swing(8, End.ELECTED, "A"),)
    vote = choosing([["A"]] * 7 + [["B"]] * 7 + [["C"]] * 4 + [[]] * 5, seats=1)
    assert swings(decide(vote))["C"] == (Swing(8, End.ELECTED, ""),)


def test_of_sums_alone_only_what_holds_of_every_box_they_may_come_of_is_told():
    """Ten, six and eight votes, two marks a ballot: whether a ballot without B has room, the sums do not say."""
    full = choosing(
        [["A", "C"]] * 8 + [["A", "B"]] * 2 + [["B"]] * 4, seats=2, majority_base=MajorityBase.NONE
    )
    room = choosing(
        [["A", "C"]] * 4 + [["C"]] * 4 + [["A", "B"]] * 6, seats=2, majority_base=MajorityBase.NONE
    )
    known = replace(room, ballots=(), tally=decide(room).count)
    assert decide(full).count == decide(room).count
    assert swings(decide(room))["B"] == (Swing(2, End.TIED),)
    assert swings(decide(full))["B"] == swings(decide(known))["B"] == (Swing(1, End.TIED, "C"),)
    spare = choosing(
        [["A", "C"]] * 8 + [["A", "B"]] * 2 + [["B"]] * 4 + [[]] * 2, seats=2, majority_base=MajorityBase.NONE
    )
    known = replace(spare, ballots=(), tally=decide(spare).count)
    assert swings(decide(known))["B"] == (Swing(2, End.TIED),), "of ten without B eight at most can be full"


def test_no_end_is_beyond_change_that_the_candidates_own_votes_could_change():
    far = decide(vote_of({"A": 20, "B": 20}, in_office=64, seats=2))
    assert not is_beyond_change(far, "A")
    tally = Count({"A": Sum(20), "B": Sum(20)}, 20, 0)
    few = decide(VoteFile(64, 43, 20, Paper(("A", "B"), Mode.EACH, 2), Rules(), tally=tally))
    assert is_beyond_change(few, "A") and is_beyond_change(few, "B")


def test_in_rank_it_is_told_how_far_it_is_to_what_is_needed_and_to_whom():
    sums = {
        "A": Sum(20, points=40), "B": Sum(18, abstain=2, points=31), "C": Sum(12, abstain=8, points=18),
        "D": Sum(9, abstain=11, points=18),
    }  # fmt: skip
    vote = VoteFile(20, 20, 20, Paper(("A", "B", "C", "D"), Mode.RANK, 2), Rules(), tally=Count(sums, 20, 0))
    found = gaps(decide(vote))
    assert swings(decide(vote)) == {}
    assert (found["A"], found["B"]) == (Gap(9, "C", 22), Gap(7, "C", 13))
    assert (found["C"], found["D"]) == (Gap(1, "B", -13), Gap(-2, "B", -13))
    level = replace(vote, tally=Count({**sums, "B": Sum(18, abstain=2, points=18)}, 20, 0))
    assert gaps(decide(level))["C"] == Gap(1, "B", 0, -6) and gaps(decide(level))["B"] == Gap(7, "C", 0, 6)
    alone = replace(vote, tally=Count({**sums, "C": Sum(8, abstain=12, points=18)}, 20, 0))
    assert gaps(decide(alone))["B"] == Gap(7)


@pytest.mark.parametrize(
    ("sums", "codes"),
    [
        ({"a": (3, 5), "b": (2, 3)}, []),
        ({"a": (3, 4), "b": (2, 4)}, []),  # b before a on two ballots, a alone on the third
        ({"a": (3, 3), "b": (2, 2)}, ["too_few_points"]),  # the votes copied where the points belong
        (
            {"a": (3, 6), "b": (2, 3)},
            ["too_many_points"],
        ),  # nine points; five marks on three ballots bring eight
        ({"a": (3, 0), "b": (2, 3)}, ["points_differ"]),
        ({"a": (3, 7), "b": (2, 2)}, ["points_differ"]),
        ({"a": (3, 6), "b": (3, 4)}, ["too_many_points"]),
    ],
)
def test_points_no_ballots_can_add_up_to_are_named(sums, codes):
    paper = Paper(("a", "b"), Mode.RANK, 2)
    told = {one: Sum(marks, abstain=3 - marks, points=points) for one, (marks, points) in sums.items()}
    assert [problem.code for problem in impossible_points(paper, Count(told, 3, 0))] == codes
