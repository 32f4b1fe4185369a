"""A calendar as programs read it (RFC 5545): whole days, and moments where an hour is known; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

LONGEST_LINE = 75  # octets, without the line's end (RFC 5545, 3.1)
MEDIA_TYPE = "text/calendar; charset=utf-8"


@dataclass(frozen=True)
class Event:
    """One whole day, or the moment it begins. uid: stable for as long as the event is the same one; url: where to go for
    it, or empty. begins: aware, on that day; how long it takes nobody has said. place: where, or empty.
    """

    uid: str
    on: date
    title: str
    words: str = ""
    url: str = ""
    begins: datetime | None = None
    place: str = ""


def calendar_of(name: str, events: Iterable[Event], at: datetime) -> bytes:
    """The file: UTF-8, CRLF, long lines folded. at: when it is made."""
    stamp = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//piaojue//inbox//ZH",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{escaped(name)}",
        *(line for event in events for line in _lines(event, stamp)),
        "END:VCALENDAR",
    ]
    return "".join(f"{part}\r\n" for line in lines for part in folded(line)).encode()


def _lines(event: Event, stamp: str) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{event.uid}"
    yield f"DTSTAMP:{stamp}"
    if event.begins:
        yield f"DTSTART:{event.begins.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    else:
        yield f"DTSTART;VALUE=DATE:{event.on:%Y%m%d}"
        yield f"DTEND;VALUE=DATE:{event.on + timedelta(days=1):%Y%m%d}"
    yield f"SUMMARY:{escaped(event.title)}"
    if event.words:
        yield f"DESCRIPTION:{escaped(event.words)}"
    if event.place:
        yield f"LOCATION:{escaped(event.place)}"
    if event.url:
        yield f"URL:{event.url}"
    # A deadline leaves the day free; whoever is called to a meeting is not.
    yield f"TRANSP:{'OPAQUE' if event.begins else 'TRANSPARENT'}"
    yield "END:VEVENT"


def escaped(text: str) -> str:
    """Text as a value (RFC 5545, 3.3.11); what would end the line is a line break of the text."""
    text = "\n".join(text.splitlines())
    for plain, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(plain, written)
    return "".join(c for c in text if c >= " " or c == "\t")


def folded(line: str) -> Iterator[str]:
    """A line in pieces of at most 75 octets, no character cut; every piece but the first begins with a space."""
    piece, size = "", 0
    for char in line:
        octets = len(char.encode())
        if size + octets > LONGEST_LINE:
            yield piece
            piece, size = " ", 1
        piece, size = piece + char, size + octets
    yield piece
