"""What an address asks for by number is a number, or nothing."""

from __future__ import annotations

import pytest
from django.http import QueryDict
from django.test import RequestFactory

from workflow.inbox.asked import number_asked, year_asked

NO_NUMBERS = ["", "²", "٢", "２０２７", "-1", "1.5", " 7", "甲", "9" * 5000]


def test_a_number_is_read():
    assert number_asked(QueryDict("seed=0&cycle=12"), "cycle") == 12
    assert number_asked(QueryDict("seed=0&cycle=12"), "seed") == 0
    assert number_asked(QueryDict("cycle=12"), "cycle", longest=1) is None


@pytest.mark.parametrize("typed", NO_NUMBERS)
def test_what_only_looks_like_a_number_is_none(typed):
    given = QueryDict(mutable=True)
    given["cycle"] = typed
    assert number_asked(given, "cycle") is None
    assert number_asked(given, "year") is None


@pytest.mark.parametrize("typed", [*NO_NUMBERS, "27", "0027", "20277"])
def test_a_year_has_four_digits(typed):
    assert year_asked(RequestFactory().get("/projects/", {"year": "2027"})) == 2027
    assert year_asked(RequestFactory().get("/projects/", {"year": typed})) is None
