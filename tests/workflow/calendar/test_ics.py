"""The calendar file, read back by the rules of RFC 5545."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from workflow.calendar.ics import LONGEST_LINE, Event, calendar_of, escaped, folded

NOON = datetime(2026, 11, 28, 4, tzinfo=UTC)


def read(body: bytes) -> list[tuple[str, str]]:
    """Name and value of every line, unfolded."""
    assert body.endswith(b"\r\n")
    lines = body.decode().replace("\r\n ", "").split("\r\n")[:-1]
    return [(name, value) for name, _colon, value in (line.partition(":") for line in lines)]


def plain(value: str) -> str:
    found, chars = "", iter(value)
    for char in chars:
        if char == "\\":
            char = next(chars)
            found += "\n" if char == "n" else char
        else:
            found += char
    return found


def test_a_day_is_a_whole_day_event_that_ends_before_the_next() -> None:
    body = calendar_of(
        "待办", [Event("task-7@host", date(2026, 12, 31), "到期", "青溪镇", "https://h/tasks/7/")], NOON
    )
    lines = read(body)
    assert lines[0] == ("BEGIN", "VCALENDAR") and lines[-1] == ("END", "VCALENDAR")
    assert ("DTSTART;VALUE=DATE", "20261231") in lines and ("DTEND;VALUE=DATE", "20270101") in lines
    assert ("DTSTAMP", "20261128T040000Z") in lines and ("UID", "task-7@host") in lines


def test_what_begins_at_an_hour_is_no_whole_day_and_says_where() -> None:
    begins = datetime(2026, 12, 31, 9, 30, tzinfo=timezone(timedelta(hours=8)))
    event = Event("call-7@host", date(2026, 12, 31), "会议", begins=begins, place="三楼, 会议室")
    lines = read(calendar_of("待办", [event], NOON))
    assert ("DTSTART", "20261231T013000Z") in lines and ("TRANSP", "OPAQUE") in lines
    assert plain(dict(lines)["LOCATION"]) == "三楼, 会议室"
    assert not [name for name, _value in lines if name.startswith("DTEND")]


def test_a_calendar_without_events_is_whole() -> None:
    assert ("BEGIN", "VEVENT") not in read(calendar_of("待办", [], NOON))


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"])))
def test_whatever_a_title_says_comes_back_and_no_line_is_too_long(text: str) -> None:
    body = calendar_of("待办", [Event("u@h", date(2026, 1, 1), text)], NOON)
    assert all(len(line) <= LONGEST_LINE for line in body.split(b"\r\n"))
    assert plain(dict(read(body))["SUMMARY"]) == text


def test_no_text_begins_a_line_of_its_own() -> None:
    assert escaped("甲\r\nEND:VCALENDAR") == "甲\\nEND:VCALENDAR"
    assert list(folded("")) == [""]
