"""What stands beside a step: pages and documents of the record it is about, told by the domain above."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from workflow.flows.models import Deadline
from workflow.machines.models import Record
from workflow.people.models import Unit
from workflow.roles.models import RoleGrant


@dataclass(frozen=True)
class Beside:
    """links: {label, url} of pages about the same matter; documents: {name, url, size, note} as c-documents reads them."""

    links: list[dict[str, Any]] = field(default_factory=list)
    documents: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Page:
    """A page of a record. title: what the record is called, or the list it stands in."""

    title: Any
    url: str


Subject = Record | Unit
Pages = Callable[[Subject, str], Page | None]
Acts = Callable[[Subject, RoleGrant, datetime, Deadline], list[Any]]
_sources: list[Callable[[Subject], Beside]] = []
_acts: list[Acts] = []
_pages: list[Pages] = []


def show_beside(source: Callable[[Subject], Beside]) -> Callable[[Subject], Beside]:
    """Register what the domain has to show beside its records."""
    if source not in _sources:
        _sources.append(source)
    return source


def lead_to(source: Pages) -> Pages:
    """Register where the domain shows its records, and lists what is done on them."""
    if source not in _pages:
        _pages.append(source)
    return source


def page_of(subject: Subject, act: str = "") -> Page | None:
    """The page a record is shown and acted on at; None where it has none.

    act: the key of what is done on it, where that may be listed on another page than the record's own.
    """
    return next((page for source in _pages if (page := source(subject, act))), None)


def offer_beside(source: Acts) -> Acts:
    """Register what the domain lets an office do from beside a task, which it is given: {title, url, note} each."""
    if source not in _acts:
        _acts.append(source)
    return source


def acts_beside(subject: Subject, grant: RoleGrant, at: datetime, task: Deadline) -> list[Any]:
    """What an office that looks on may do about the matter of a task, in the order the sources were registered."""
    return [act for source in _acts for act in source(subject, grant, at, task)]


def beside(subject: Subject) -> Beside:
    """Everything registered sources have on a record, in the order they were registered."""
    found = [source(subject) for source in _sources]
    return Beside(
        links=[link for one in found for link in one.links],
        documents=[document for one in found for document in one.documents],
    )
