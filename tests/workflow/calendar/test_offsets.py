from datetime import UTC, date, datetime

import pytest

from workflow.calendar.offsets import (
    AnchorMissing,
    DueDate,
    Offset,
    describe,
    ends_at,
    resolve,
)

T = date(2027, 1, 20)


def on(offset, day):
    return resolve(offset, {offset.anchor: day}).on


def test_a_forward_deadline_on_a_rest_day_moves_forward():
    assert on(Offset("T", 30), date(2026, 9, 1)) == date(2026, 10, 8)


def test_a_deadline_before_the_session_moves_back():
    assert on(Offset("T", -20), date(2026, 10, 24)) == date(2026, 9, 30)


def test_twenty_days_before_the_session_of_20_january_2027():
    assert on(Offset("T", -20), T) == date(2026, 12, 31)


def test_working_days_do_not_count_the_day_itself():
    assert on(Offset("receipt", 5, "wd"), date(2026, 9, 22)) == date(2026, 9, 30)


def test_working_days_before_the_opening_count_back():
    assert on(Offset("C", -10, "wd"), date(2026, 10, 8)) == date(2026, 9, 17)


def test_the_day_of_the_session_never_moves():
    saturday = date(2027, 1, 23)
    assert resolve(Offset("T"), {"T": saturday}) == DueDate(saturday, provisional=False)


def test_months_end_with_the_shorter_month():
    assert on(Offset("after", 3, "month"), date(2025, 11, 30)) == date(2026, 2, 28)


def test_a_fixed_date_belongs_to_the_anchors_year():
    archive = Offset("year", month=6, day=30, years=1)
    assert on(archive, date(2025, 1, 20)) == date(2026, 6, 30)
    assert on(Offset("closing", month=9, day=30, years=1), date(2025, 1, 5)) == date(2026, 9, 30)


def test_a_fixed_date_without_month_and_day_is_refused():
    with pytest.raises(ValueError, match="month and day"):
        Offset("year")


def test_an_anchor_without_a_date_is_refused():
    with pytest.raises(AnchorMissing):
        resolve(Offset("T2", -30), {"T": T})


def test_a_date_resting_on_an_unpublished_year_is_provisional():
    assert resolve(Offset("T", 5, "wd"), {"T": date(2090, 1, 20)}).provisional
    assert not resolve(Offset("T", 5, "wd"), {"T": date(2026, 1, 20)}).provisional


def test_working_days_crossing_into_an_unpublished_year_are_provisional_calendar_days_landing_before_it_are_not():
    assert resolve(Offset("T", -10, "wd"), {"T": date(2090, 1, 5)}).provisional
    assert not resolve(Offset("T", -20), {"T": date(2026, 1, 5)}).provisional


def test_a_deadline_lasts_to_the_end_of_the_day_in_shanghai():
    assert ends_at(date(2026, 9, 22)) > datetime(2026, 9, 22, 15, 59, 59, tzinfo=UTC)
    assert ends_at(date(2026, 9, 22)) < datetime(2026, 9, 22, 16, 0, tzinfo=UTC)
    assert DueDate(date(2026, 9, 22)).ends_at == ends_at(date(2026, 9, 22))


def test_a_new_length_keeps_the_direction():
    assert Offset("T", -20).with_length(15) == Offset("T", -15)
    assert Offset("T", 5, "wd").with_length(3) == Offset("T", 3, "wd")


@pytest.mark.parametrize(
    ("offset", "words"),
    [
        (Offset("T", -20), "票决会议前 20 天"),
        (Offset("receipt", 5, "wd"), "收到后 5 个工作日"),
        (Offset("after", 3, "month"), "上一事项办结后 3 个月"),
        (Offset("window", 10, "wd"), "征集期满后 10 个工作日"),
        (Offset("T2"), "评估会议当天"),
        (Offset("year", month=6, day=30, years=1), "次年 6 月 30 日前"),
        (Offset("year", 5, month=12, day=31), "当年 12 月 31 日前（顺延 5 天）"),
    ],
)
def test_an_offset_is_said_in_chinese(offset, words):
    assert describe(offset) == words
