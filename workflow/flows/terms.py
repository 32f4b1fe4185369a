"""How long something may take, said inside a text: `%(room.task)s` stands for the length the domain gives that task."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Length = Callable[[str, Any], str]
_PLACE = re.compile(r"%\((\w+\.\w+)\)s")
_registry: dict[str, Length] = {}


def tell_lengths(length: Length) -> None:
    """Register who knows: a task's key and the subject of the text → the length in words."""
    _registry["length"] = length


def with_lengths(text: Any, length: Callable[[str], str]) -> str:
    """The text with each length it leaves open put in."""
    return _PLACE.sub(lambda found: length(found[1]), str(text))


def basis_of(act: Any, subject: Any) -> str:
    """What a step or an event rests on, with the lengths that hold for a subject."""
    return with_lengths(act.basis, lambda key: _registry["length"](key, subject))
