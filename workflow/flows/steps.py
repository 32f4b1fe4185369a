"""The steps a year is divided into, named by the domain above; the engine knows their numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_names: dict[int, Any] = {}


def name_steps(names: Mapping[int, Any]) -> None:
    """Register what the steps are called, in their order; read once, when the application starts."""
    _names.clear()
    _names.update(names)


def steps() -> dict[int, Any]:
    """Number → name, in order."""
    return dict(_names)


def name_of_step(number: int | None) -> str:
    """What a step is called; empty for what belongs to none."""
    return str(_names[number]) if number in _names else ""
