"""A letter's words, from what the trail says and the tasks it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.template.loader import render_to_string

from workflow.people.texts import lines_of

TITLE_LENGTH = 200


@dataclass(frozen=True)
class TaskFacts:
    """One task as a letter tells it. seat: the unit whose turn it is; meeting: a body must decide it."""

    task_id: int
    title: str
    label: str
    seat: str
    due_on: date | None
    provisional: bool
    meeting: bool


@dataclass(frozen=True)
class Facts:
    """What a letter may say. who: the office that acted, never a person's name; before, after: the entry's own.

    office: the title of the office the entry is about, where it is about one. ended: the titles of the tasks a flow that
    is called off leaves undone, as one text.
    """

    unit: str
    who: str
    office: str
    label: str
    reason: str
    on: date
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    tasks: Sequence[TaskFacts] = ()
    ended: str = ""

    @property
    def task(self) -> TaskFacts | None:
        return self.tasks[0] if self.tasks else None


@dataclass(frozen=True)
class Letter:
    """Plain text; the title is one line of at most 200 characters."""

    title: str
    body: str


def render(name: str, facts: Facts) -> Letter:
    """The letter of a template: its first line is the title."""
    text = render_to_string(f"notifications/letters/{name}.txt", {"it": facts})
    title, _, body = text.strip().partition("\n")
    # What a template left out leaves an empty line behind.
    return Letter(title.strip()[:TITLE_LENGTH], "\n".join(lines_of(body)))
