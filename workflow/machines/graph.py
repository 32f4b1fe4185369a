"""A machine's arrows as data, for pictures, tests and the system checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from django.utils.functional import Promise
from django_fsm import FSMField

from workflow.machines.models import STATE, Record


@dataclass(frozen=True)
class Arrow:
    """One transition: its name, the state it leaves ("*" for any) and the state it reaches."""

    name: str
    source: str
    target: str


def machines() -> list[type[Record]]:
    """Every concrete machine of the installed apps, in a stable order."""
    found: list[type[Record]] = []
    queue = list(Record.__subclasses__())
    while queue:
        model = queue.pop()
        queue.extend(model.__subclasses__())
        if not model._meta.abstract and model._meta.app_config:
            found.append(model)
    return sorted(found, key=lambda m: m.kind)


def state_field(model: type[Record]) -> FSMField:
    return cast(FSMField, model._meta.get_field(STATE))


def arrows(model: type[Record]) -> list[Arrow]:
    """Every arrow of a machine; an arrow that may leave several states appears once for each."""
    moves = state_field(model).get_all_transitions(model)
    return sorted(
        {Arrow(m.name, str(m.source), str(m.target)) for m in moves}, key=lambda a: (a.source, a.name)
    )


def states(model: type[Record]) -> dict[str, str | Promise]:
    """State code → its label, not yet put into anybody's language."""
    return {str(code): label for code, label in state_field(model).flatchoices}


def unlabelled_states(model: type[Record]) -> set[str]:
    """States an arrow names that have no label; a sound machine has none."""
    named = {a.source for a in arrows(model)} | {a.target for a in arrows(model)}
    return {s for s in named if s not in ("*", "+", "None")} - set(states(model))
