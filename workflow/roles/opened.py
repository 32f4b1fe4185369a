"""Whose record a page shows, told by its address: in whose trail it stands that somebody opened it, and of which record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from workflow.people.models import Unit


@dataclass(frozen=True)
class Shown:
    """What a page's address names. unit: the id of the unit it is of; record: its reference, empty where it has none."""

    unit: int
    record: str = ""


# From a page's name and what its address names to what it shows; None for another page.
Finder = Callable[[str, Mapping[str, Any]], Shown | None]
_finders: list[Finder] = []


def find_shown_by(finder: Finder) -> None:
    """Register how what a kind of page shows is found; asked within the reader's context."""
    _finders.append(finder)


def shown_by(page: str, named: Mapping[str, Any], code: str, home: Unit) -> tuple[Unit, str]:
    """The unit with a trail whose records are opened, and the reference of the one record; empty for a page of several.

    The reader's own unit where the address names none below it. named: what the address names; code: the unit it asks
    for (`?unit=`), which says nothing where a record is named.
    """
    told = next((shown for finder in _finders if (shown := finder(page, named))), None)
    asked = {"pk": told.unit} if told else {"code": code or str(named.get("code", ""))}
    unit = Unit.objects.filter(**asked).select_related("tenant").filter(path__startswith=home.path).first()
    if unit is None:
        return home, ""
    return unit.tenant or unit, told.record if told else ""
