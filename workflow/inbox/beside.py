"""What stands beside a step: pages and documents of the record it is about, told by the domain above."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from workflow.machines.models import Record
from workflow.people.models import Unit


@dataclass(frozen=True)
class Beside:
    """links: {label, url} of pages about the same matter; documents: {name, url, size, note} as c-documents reads them."""

    links: list[dict[str, Any]] = field(default_factory=list)
    documents: list[dict[str, Any]] = field(default_factory=list)


Subject = Record | Unit
_sources: list[Callable[[Subject], Beside]] = []


def show_beside(source: Callable[[Subject], Beside]) -> Callable[[Subject], Beside]:
    """Register what the domain has to show beside its records."""
    if source not in _sources:
        _sources.append(source)
    return source


def beside(subject: Subject) -> Beside:
    """Everything registered sources have on a record, in the order they were registered."""
    found = [source(subject) for source in _sources]
    return Beside(
        links=[link for one in found for link in one.links],
        documents=[document for one in found for document in one.documents],
    )
