import re
from datetime import date

import pytest
from django.test import RequestFactory
from django.utils import translation
from django_cotton import render_component
from hypothesis import given
from hypothesis import strategies as st

from workflow.templatetags.ui import DeadlineState, deadline_state, shape, share, state_of_deadline, wan, yuan

TODAY = date(2026, 1, 12)


@pytest.mark.parametrize(
    ("due", "state"),
    [
        (date(2026, 1, 9), DeadlineState("overdue", 3)),
        (TODAY, DeadlineState("today", 0)),
        (date(2026, 1, 15), DeadlineState("soon", 3)),
        (date(2026, 1, 16), DeadlineState("left", 4)),
        (None, DeadlineState("open", 0)),
    ],
)
def test_a_deadline_is_named_by_the_days_left(due: date | None, state: DeadlineState) -> None:
    assert deadline_state(due, TODAY) == state


def test_days_counted_elsewhere_go_before_the_calendar() -> None:
    assert deadline_state(date(2026, 1, 9), TODAY, days=2) == DeadlineState("soon", 2)


@pytest.mark.parametrize(("days", "words"), [(0, "今日到期"), (2, "剩 2 天")])
def test_a_cell_of_the_countys_matrix_says_the_day_itself_in_words(days: int, words: str) -> None:
    shown = render_component(RequestFactory().get("/"), "matrix-cell", state="soon", days=days)
    assert words in re.sub("<[^>]+>", "", shown)


@given(st.integers(-400, 400))
def test_what_is_done_or_provisional_is_never_late(days: int) -> None:
    assert state_of_deadline(days, done=True).kind == "done"
    assert state_of_deadline(days, provisional=True).kind == "provisional"
    assert state_of_deadline(days).days >= 0


@pytest.mark.parametrize(
    ("fen", "in_wan", "in_yuan"),
    [
        (380_000_000, "380 万元", "3,800,000 元"),
        (12_345_678, "12.345678 万元", "123,456.78 元"),
        (0, "0 万元", "0 元"),
    ],
)
def test_a_sum_is_shown_exactly(fen: int, in_wan: str, in_yuan: str) -> None:
    assert (wan(fen), yuan(fen)) == (in_wan, in_yuan)


def test_whoever_reads_english_is_told_sums_in_yuan_alone() -> None:
    with translation.override("en"):
        assert (wan(380_000_000), yuan(380_000_000), wan(None)) == ("¥3,800,000", "¥3,800,000", "")


def test_no_sum_shows_nothing() -> None:
    assert wan(None) == yuan(None) == ""


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_a_share_is_a_hundred_only_when_it_is_all(part: int, whole: int) -> None:
    assert (share(part, whole) == 100) == (part >= whole)


def test_a_share_of_nothing_is_nothing() -> None:
    assert share(3, 0) == share(None, 10) == 0


def test_a_shape_is_hidden_from_screen_readers() -> None:
    assert 'aria-hidden="true"' in shape("triangle")
