"""When what falls due; how certificates are numbered. No database."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.cycles.rulebook import RulebookError, Rules
from projects.retention.rules import due_after, kept_since, next_number
from workflow.calendar.workdays import is_working_day

DAYS = st.dates(date(2020, 1, 1), date(2060, 12, 31))


@given(DAYS, st.integers(0, 120))
def test_a_term_is_never_shorter_than_its_months(since, months):
    due = due_after(since, months)
    whole = (due.year - since.year) * 12 + due.month - since.month
    assert due >= since and whole >= months and is_working_day(due)


@given(DAYS, st.integers(6, 60))
def test_the_log_kept_is_as_long_as_its_term(on, months):
    since = kept_since(on, months)
    assert (on.year - since.year) * 12 + on.month - since.month == months and since.day <= on.day


@given(st.lists(st.sampled_from([2027, 2028]), max_size=30))
def test_certificates_are_numbered_without_gaps_by_year(years):
    numbers: list[str] = []
    for year in years:
        numbers.append(next_number(year, numbers))
    assert len(set(numbers)) == len(numbers)
    for year in {2027, 2028}:
        own = [int(n.partition("-")[2]) for n in numbers if n.startswith(f"{year}-")]
        assert own == list(range(1, len(own) + 1))


def test_the_law_bounds_what_a_township_may_set():
    assert Rules().with_values({"sign_in_log_months": 6}).sign_in_log_months == 6
    with pytest.raises(RulebookError, match="登录日志保存"):
        Rules().with_values({"sign_in_log_months": 5})
    with pytest.raises(RulebookError, match="决议、决定、会议文件保管期限"):
        Rules().with_values({"decisions_archived": "20"})
