"""Whose rules say how often a task is reminded of: the domain's, asked for by the whole a task belongs to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from workflow.reminders.rules import Policy

Source = Callable[[str], Policy]
DEFAULT = Policy()


@dataclass
class _Known:
    source: Source | None = None


_known = _Known()


def use_policies(source: Source) -> None:
    """Have the policy of a whole ("cycle:7", "" for none) looked up by the domain. Called when it starts."""
    _known.source = source


def policy_of(about: str) -> Policy:
    """How the tasks of a whole are reminded of. Needs a context that sees it."""
    return _known.source(about) if _known.source else DEFAULT


@dataclass
class Policies:
    """Policies looked up once each, for a sweep over many tasks."""

    found: dict[str, Policy] = field(default_factory=dict)

    def of(self, about: str) -> Policy:
        if about not in self.found:
            self.found[about] = policy_of(about)
        return self.found[about]
