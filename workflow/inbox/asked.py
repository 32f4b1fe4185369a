"""What a link or a form asks for by number, read before it meets a query: anybody may type anything there."""

from __future__ import annotations

from django.http import HttpRequest, QueryDict

LONGEST_NUMBER = 18  # decimal digits that still fit a database's key
DIGITS_OF_YEAR = 4


def number_asked(given: QueryDict, name: str, *, longest: int = LONGEST_NUMBER) -> int | None:
    """The whole number given under a name, 0 or more; None where there is none, or more digits than `longest`.

    ASCII digits alone: "²" is a digit to Python and no number.
    """
    asked = given.get(name, "")
    return int(asked) if asked.isascii() and asked.isdecimal() and len(asked) <= longest else None


def year_asked(request: HttpRequest) -> int | None:
    """The year a page's address asks for; None where it asks for none, or for what is no year of four digits."""
    year = number_asked(request.GET, "year", longest=DIGITS_OF_YEAR)
    return None if year is None or len(str(year)) < DIGITS_OF_YEAR else year
