"""A share is rounded to the nearest per cent, and is a hundred only of all of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from projects.cycles.shares import share


def test_the_half_goes_up_and_a_hundred_means_all_of_it():
    assert (share(2, 3), share(1, 200), share(1, 3)) == (67, 1, 33)
    assert (share(199, 200), share(999_999, 1_000_000), share(7, 7)) == (99, 99, 100)
    assert (share(105, 100), share(0, 9)) == (105, 0)
    assert share(0, 0) is None and share(3, None) is None


@given(part=st.integers(0, 10**12), whole=st.integers(1, 10**12))
def test_no_share_is_off_by_more_than_a_half_but_the_last_one(part, whole):
    near = share(part, whole)
    assert (near >= 100) == (part >= whole)
    assert abs(near * whole - part * 100) * 2 <= whole or near == 99
