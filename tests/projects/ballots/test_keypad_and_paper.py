"""What a hall's device counted and the paper beside it: balanced each by itself, counted as one sum, 未按 kept apart."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from projects.ballots import figures as fig
from projects.ballots.models import Option, Vote

TITLES = ("水厂改造", "村道硬化", "文化礼堂")


def vote_of(pressing: int, recorded: int, paper: int) -> Vote:
    """A closed vote by the hall's device, so many of whose ballots are on paper; all paper has come back."""
    vote = Vote(
        pk=1, purpose="projects", mode="each", seats=1, keypad=True, title="票", rules={},
        deputies_in_office=pressing + paper, deputies_present=pressing + paper,
        issued=pressing + paper, paper_issued=paper, returned=recorded + paper, paper_returned=paper,
    )  # fmt: skip
    options = [Option(pk=n, position=n, title=title) for n, title in enumerate(TITLES, 1)]
    vote._prefetched_objects_cache = {"options": options}
    return vote


@st.composite
def split(draw: Any, whole: int, among: tuple[str, ...]) -> dict[str, int]:
    """A number shared out among names."""
    left, found = whole, {}
    for name in among[:-1]:
        found[name] = draw(st.integers(0, left))
        left -= found[name]
    return found | {among[-1]: left}


@st.composite
def counted(draw: Any) -> tuple[Vote, dict[str, Any]]:
    """A vote and a tally of it that balances in both of its parts."""
    pressing, paper = draw(st.integers(5, 60)), draw(st.integers(5, 40))
    vote = vote_of(pressing, draw(st.integers(5, pressing)), paper)
    valid = draw(st.integers(0, paper))
    marks: dict[str, int] = {}
    for option in fig.options_of(vote):
        on_paper = draw(split(valid, ("for", "against", "abstain")))
        pressed = draw(split(vote.recorded or 0, ("for", "against", "abstain", "not_pressed")))
        marks |= {fig.field_name(mark, option): n for mark, n in on_paper.items()}
        marks |= {fig.PRESSED + fig.field_name(mark, option): n for mark, n in pressed.items()}
    return vote, fig.sheet(vote, valid=valid, invalid=paper - valid, marks=marks)


@given(counted())
def test_the_two_parts_add_up_and_the_whole_balances(made):
    vote, keyed = made
    assert fig.problems_of(vote, keyed) == [] and fig.faults_in_keying(vote, keyed) == []

    whole = fig.whole_of(vote, keyed)

    assert "pressed" not in whole
    assert whole["valid"] == (vote.recorded or 0) + keyed["valid"]
    assert whole["valid"] + whole["invalid"] == vote.returned
    for title in TITLES:
        paper, pressed, both = keyed["sums"][title], keyed["pressed"][title], whole["sums"][title]
        assert both == {mark: paper[mark] + pressed[mark] for mark in both}
        assert both["not_pressed"] == pressed["not_pressed"] and sum(both.values()) == whole["valid"]
    assert all(equation.holds for equation in fig.equations(vote, whole))
    told = fig.decided(vote, whole)
    assert told.problems == () and {one: of.in_favour for one, of in told.count.sums.items()} == {
        title: keyed["sums"][title]["for"] + keyed["pressed"][title]["for"] for title in TITLES
    }


@given(counted(), st.sampled_from(TITLES), st.sampled_from(["sums", "pressed"]), st.integers(1, 9))
def test_one_figure_too_many_on_either_side_is_named_with_its_project_and_its_side(made, title, part, more):
    vote, keyed = made
    keyed[part][title]["for"] += more
    (problem,) = fig.problems_of(vote, keyed)
    assert (problem.code, problem.candidate) == ("sum_differs", title)
    assert ("按键赞成" if part == "pressed" else "纸质票赞成") in problem.sentence


@given(counted(), st.integers(1, 9))
def test_a_loss_on_paper_that_a_gain_on_the_device_would_cover_up_is_found(made, n):
    """The whole balances, neither part does: added up first, nobody would have seen it."""
    vote, keyed = made
    for title in TITLES:
        keyed["sums"][title]["abstain"] -= n
        keyed["pressed"][title]["abstain"] += n
    found = fig.problems_of(vote, keyed)
    assert {problem.candidate for problem in found} == set(TITLES)
    assert any("纸质票弃权" in problem.sentence for problem in found)
    assert any("按键弃权" in problem.sentence for problem in found)
    assert all(equation.holds for equation in fig.equations(vote, fig.whole_of(vote, keyed))[:4])


@given(counted())
def test_a_keying_without_one_of_the_two_sides_is_refused(made):
    vote, keyed = made
    del keyed["pressed"]
    assert fig.faults_in_keying(vote, keyed) == ["表决器的结果和纸质票须一并录入。"]


def test_two_keyings_that_differ_are_told_apart_by_side_without_a_figure():
    vote = vote_of(15, 15, 5)
    marks = {f"for_{n}": 5 for n in (1, 2, 3)} | {f"pressed_against_{n}": 15 for n in (1, 2, 3)}
    first = fig.sheet(vote, valid=5, invalid=0, marks=marks)
    other = marks | {"for_2": 4, "abstain_2": 1, "pressed_against_3": 14, "pressed_not_pressed_3": 1}
    second = fig.sheet(vote, valid=5, invalid=0, marks=other)
    assert [fig.place_of(one) for one in fig.differences_of(vote, first, second)] == [
        "“村道硬化”的纸质票赞成", "“村道硬化”的纸质票弃权", "“文化礼堂”的按键反对", "“文化礼堂”的未按",
    ]  # fmt: skip


def test_a_device_given_up_for_paper_is_counted_as_paper_alone():
    vote = vote_of(0, 0, 20)
    keyed = fig.sheet(vote, valid=20, invalid=0, marks={f"for_{n}": 20 for n in (1, 2, 3)})
    assert "pressed" not in keyed and fig.figures_of(vote) == ("in_favour", "against", "abstain")
    assert fig.problems_of(vote, keyed) == [] and fig.whole_of(vote, keyed) == keyed
