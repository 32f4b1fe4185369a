"""System checks of the domain: `manage.py check --deploy --database default`."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register

from projects.ballots.database import telltales


@register(Tags.database, deploy=True)
def the_database_keeps_silent_about_votes(
    app_configs: Any, databases: Any = None, **kwargs: Any
) -> list[CheckMessage]:
    """A server that logs statements, their times or their parameters would name voters."""
    if not databases:
        return []
    return [
        Error(
            f"PostgreSQL's {one.name} is {one.value!r}: its log would tell who voted when.",
            hint=f"Set it to {one.wanted!r}; until then no vote by device can open.",
            id="projects.E001",
        )
        for one in telltales()
    ]
