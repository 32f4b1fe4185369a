"""Whose records a page shows, told by its address: in whose trail it stands that somebody opened it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from workflow.people.models import Unit

# From a page's name and what its address names to the id of the unit those records are of; None for another page.
Finder = Callable[[str, Mapping[str, Any]], int | None]
_finders: list[Finder] = []


def find_units_by(finder: Finder) -> None:
    """Register how the unit of a kind of page is found; asked within the reader's context."""
    _finders.append(finder)


def unit_opened(page: str, named: Mapping[str, Any], code: str, home: Unit) -> Unit:
    """The unit with a trail whose records are opened; the reader's own where the address names none below it.

    named: what the address names; code: the unit it asks for (`?unit=`).
    """
    code = code or str(named.get("code", ""))
    if code:
        found = Unit.objects.filter(code=code)
    else:
        ids = (finder(page, named) for finder in _finders)
        found = Unit.objects.filter(pk__in=[number for number in ids if number is not None])
    unit = found.select_related("tenant").filter(path__startswith=home.path).first()
    return (unit.tenant or unit) if unit else home
