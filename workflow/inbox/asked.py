"""What a link or a form asks for, read before it meets a query: anybody may type anything there."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import Http404, HttpRequest, QueryDict

from workflow.people.models import Unit

LONGEST_NUMBER = 18  # decimal digits that still fit a database's key
DIGITS_OF_YEAR = 4


def number_asked(given: QueryDict, name: str, *, longest: int = LONGEST_NUMBER) -> int | None:
    """The whole number given under a name, 0 or more; None where there is none, or more digits than `longest`."""
    asked = given.get(name, "")
    return int(asked) if is_number(asked, longest=longest) else None


def is_number(asked: str, *, longest: int = LONGEST_NUMBER) -> bool:
    """Whether a text is a whole number, 0 or more, of no more digits than `longest`.

    ASCII digits alone: "²" is a digit to Python and no number.
    """
    return asked.isascii() and asked.isdecimal() and len(asked) <= longest


def year_asked(request: HttpRequest) -> int | None:
    """The year a page's address asks for; None where it asks for none, or for what is no year of four digits."""
    year = number_asked(request.GET, "year", longest=DIGITS_OF_YEAR)
    return None if year is None or len(str(year)) < DIGITS_OF_YEAR else year


def unit_asked(request: HttpRequest, units: Iterable[Unit]) -> Unit | None:
    """The unit a page's address asks for by code; None where it asks for none, 404 for one that is not among `units`."""
    code = request.GET.get("unit", "")
    if not code:
        return None
    chosen = next((unit for unit in units if unit.code == code), None)
    if chosen is None:
        raise Http404
    return chosen
