"""What a kind of unit calls by another name than the rest; told by the domain above (a subdistrict has no congress)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workflow.people.models import Unit

Wording = Callable[[str], str]
_wordings: dict[str, Wording] = {}


def use_wording(kind: str, wording: Wording) -> None:
    """From now on what is shown of units of a kind is put into its own words."""
    _wordings[kind] = wording


def has_own_words(unit: Unit | None) -> bool:
    """Whether a unit is of a kind that says things in its own way."""
    return unit is not None and unit.kind in _wordings


def kinds_with_own_words() -> list[str]:
    """The kinds of unit that say things in their own way."""
    return list(_wordings)


def worded(text: Any, unit: Unit | None) -> str:
    """A title, an office or a basis as it is said where it is shown: in a unit's own words, if its kind has any.

    unit: the hall; None, and every kind without words of its own, leave the text as it is.
    """
    wording = _wordings.get(unit.kind) if unit else None
    return wording(str(text)) if wording else str(text)
