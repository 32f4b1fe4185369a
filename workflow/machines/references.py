"""References: how an entry, a task or a vote names a record, "kind:number"."""

from __future__ import annotations

from collections.abc import Iterable

from workflow.machines.models import Record


def kind_in(reference: str) -> str:
    """The word before the number."""
    return reference.partition(":")[0]


def number_in(reference: str, model: type[Record]) -> int | None:
    """The number of the record of this kind a reference names; None where it names none, or one of another kind."""
    kind, _colon, number = reference.partition(":")
    return int(number) if kind == model.kind and number.isdecimal() else None


def references_to(model: type[Record], numbers: Iterable[int]) -> list[str]:
    """How the records of this kind with these numbers are named."""
    return [f"{model.kind}:{number}" for number in numbers]
