"""The demonstration's texts fit the works they are about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.demo.kinds import BUILDING, POINTS, ROAD, SERVICE, WATER, WORDS, Kind, kind_of
from projects.demo.play.collection import MATTERS, VILLAGES
from projects.demo.play.stage import Beside, Strand, curtain, going_on, moment, planned

KINDS = (*(kind for kind, _words in WORDS), BUILDING)


@pytest.mark.parametrize(
    ("matter", "kind"),
    [
        ("通组道路硬化", ROAD),
        ("危桥改造", ROAD),
        ("安全饮水管网改造", WATER),
        ("老旧小区排水改造", WATER),
        ("卫生室标准化改造", BUILDING),
        ("小学运动场改造", BUILDING),
        ("太阳能路灯安装", POINTS),
        ("义诊和慢病随访", SERVICE),
    ],
)
def test_works_are_of_the_kind_their_title_names(matter: str, kind: Kind) -> None:
    assert kind_of(matter) is kind


def test_the_name_of_a_village_says_nothing_of_the_works() -> None:
    for matter, *_rest in MATTERS:
        assert {id(kind_of(f"{village}{matter}")) for village in VILLAGES} == {id(kind_of(matter))}, matter


def test_every_kind_has_nodes_and_words_of_its_own_for_every_course() -> None:
    assert len({kind.nodes for kind in KINDS}) == len(KINDS) == 5
    for kind in KINDS:
        for told in (kind.findings, kind.measures, kind.remedies):
            assert set(told) == {"behind", "stalled", "unfinished", "steady"}
        assert set(kind.problems) == {"behind", "stalled", "unfinished"}


# ------------------------------------------------------------------------------- what goes on side by side

DAYS = st.lists(st.integers(1, 28), max_size=8).map(sorted)


def played(days: Sequence[int], log: list[datetime]) -> Strand:
    """Something is done on each of these days, and written down."""
    for day in days:
        yield planned(date(2026, 3, day))
        log.append(moment(date(2026, 3, day)))


@given(main=DAYS, one=DAYS, other=DAYS, last=st.integers(1, 28))
def test_what_goes_on_beside_is_written_down_in_the_order_of_time_up_to_the_curtain(
    main: list[int], one: list[int], other: list[int], last: int
) -> None:
    log: list[datetime] = []
    beside = Beside()
    with curtain(planned(date(2026, 3, last))), going_on(beside):
        beside.add(played(one, log))
        beside.add(played(other, log))
        for day in main:
            log.append(moment(date(2026, 3, day)))
    with curtain(planned(date(2026, 3, last))):
        beside.play_out()
    assert log == sorted(planned(date(2026, 3, day)) for day in (*main, *one, *other) if day <= last)
