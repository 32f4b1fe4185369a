"""The draft of the 票决办法 states the rules its ballots are counted by: both come from the same settings."""

from __future__ import annotations

import pytest

from projects.ballots.rules import Mode, Sum, standing
from projects.cycles.rulebook import Rules
from projects.deliberation.method import ballot_rules, contradictions, is_drawn_up, method_draft


def fourth_clause(draft: str) -> str:
    return next(line for line in draft.splitlines() if line.startswith("四、"))


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("mode", list(Mode))
def test_the_method_ranks_and_breaks_ties_as_the_count_does(mode, again):
    book = Rules(ballot_mode=str(mode), runoff_majority=again)
    clause, rules = fourth_clause(method_draft(book, 12, 10)), ballot_rules(book, str(mode))

    points_first = standing(Sum(in_favour=1, points=2), mode) > standing(Sum(in_favour=2, points=1), mode)
    assert ("按得分高低依次入选，得分相同的，得票多的在前" in clause) is points_first
    assert ("按得票多少依次入选" in clause) is not points_first
    assert ("末位得分、得票都相等不能确定的" in clause) is points_first
    assert rules["runoff_majority"] is again
    assert ("再次投票，仍须获得全体代表过半数赞成" in clause) is again
    assert ("不再要求过半数" in clause) is not again


def test_where_all_equals_are_elected_no_second_ballot_is_spoken_of():
    clause = fourth_clause(method_draft(Rules(tie="all"), 12, 10))
    assert "末位票数相等的，全部入选" in clause and "再次投票" not in clause


def test_the_cap_on_marks_in_favour_is_stated_where_it_is_counted():
    free, capped = (method_draft(Rules(ballot_mode="each", each_cap=cap), 12, 10) for cap in (False, True))
    assert "赞成的不超过应选数" in capped and "赞成的不超过应选数" not in free
    assert ballot_rules(Rules(ballot_mode="each", each_cap=True), "each")["each_cap"]


def test_a_ranked_ballot_says_what_each_place_is_worth():
    assert "排第一位的得分与应选数相同，以后每位递减 1 分" in method_draft(Rules(ballot_mode="rank"), 12, 10)


def test_what_is_written_over_must_not_contradict_the_ballot():
    ranked = method_draft(Rules(), 12, 8, "rank")
    assert contradictions(ranked, candidates=12, seats=8, mode="rank") == []
    told = contradictions(ranked, candidates=12, seats=10, mode="each")
    assert (
        len(told) == 3
        and "应选 8 个" in told[0]
        and "差额 4 个" in told[1]
        and "按轻重缓急写明次序" in told[2]
    )


def test_a_candidate_withdrawn_since_the_method_was_written_is_noticed():
    written = method_draft(Rules(), 12, 10).replace("不设流动票箱", "不设流动票箱、委托投票箱")
    told = contradictions(written, candidates=11, seats=10, mode="select")
    assert len(told) == 2 and "12 个候选项目" in told[0] and "差额 2 个" in told[1]


def test_what_a_later_clause_says_of_a_second_vote_contradicts_nothing():
    written = method_draft(Rules(), 12, 10) + "\n六、再次投票应选 1 个。"
    assert contradictions(written, candidates=12, seats=10, mode="select") == []


def test_a_draft_is_known_whatever_numbers_it_was_drawn_up_for():
    draft = method_draft(Rules(), 11, 10)
    assert is_drawn_up(method_draft(Rules(), 12, 10), draft)
    assert not is_drawn_up(method_draft(Rules(), 12, 10, "rank"), draft)
    assert not is_drawn_up(draft.replace("不设流动票箱", "设流动票箱"), draft)


def test_a_year_by_keypad_says_how_it_counts():
    assert "没有按键的单独列出" in method_draft(Rules(ballot_channel="keypad", ballot_mode="each"), 12, 10)
