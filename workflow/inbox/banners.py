"""What stands above somebody's inbox because it cannot wait in a list, told by the domain above."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from workflow.people.models import User
from workflow.roles.models import RoleGrant


@dataclass(frozen=True)
class Banner:
    """title and words say what is going on, label and url where to go for it."""

    title: str
    words: str
    label: str
    url: str


Source = Callable[[User, Sequence[RoleGrant]], Iterable[Banner]]
_sources: list[Source] = []


def show_banners(source: Source) -> Source:
    """Register what the domain has to show a person, who holds these offices today, above the inbox."""
    if source not in _sources:
        _sources.append(source)
    return source


def banners_for(user: User, grants: Sequence[RoleGrant]) -> list[Banner]:
    """Everything registered sources have for a person in these offices, in the order they were registered."""
    return [banner for source in _sources for banner in source(user, grants)]
