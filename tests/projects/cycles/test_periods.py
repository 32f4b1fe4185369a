"""A report's period as people read it."""

from __future__ import annotations

import pytest

from projects.cycles.periods import words_of_period


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("2027-03", "2027年3月"),
        ("2027-12", "2027年12月"),
        ("2027-Q1", "2027年第一季度"),
        ("2027-H2", "2027年下半年"),
        ("2027", "2027年度"),
        ("上半年", "上半年"),
    ],
)
def test_a_period_is_said_in_words(label, words):
    assert words_of_period(label) == words
