"""What was typed for a meeting's record that has fallen is shown in the words its reader saw, though the matter is over."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fallen import entered
from tests.projects.supervision.conftest import Year
from workflow.flows.models import Deadline
from workflow.roles.models import RoleGrant

pytestmark = pytest.mark.django_db


def shown_of(year: Year, key: str, **typed: Any) -> dict[str, str]:
    """What the clerk reads of it."""
    task = Deadline.objects.get(key=f"supervision.{key}")
    return entered(task, year.town.of("clerk"), "clerk", **typed)


def test_a_unit_chosen_for_a_project_is_named(year: Year) -> None:
    project, unit = year.handed_over().project(), year.town.departments[1]

    shown = shown_of(
        year,
        "hand_over",
        **{f"leader_{project.pk}": "周副镇长", f"department_{project.pk}": unit.pk, "votes_for": 6},
    )

    assert shown == {
        "责任领导：1 村道硬化": "周副镇长",
        "责任单位：1 村道硬化": unit.name,
        "赞成": "6",
    }


def test_deputies_ticked_are_named_and_one_who_has_left_is_told_as_such(year: Year) -> None:
    project = year.grouped().project()
    first, second, other = year.members()

    shown = shown_of(year, "groups", **{f"members_{project.pk}": [first.pk, second.pk]})
    RoleGrant.objects.filter(user=other, office="deputy").update(until="2026-01-01")
    left = shown_of(year, "groups", **{f"members_{project.pk}": [first.pk, other.pk]})

    assert shown == {"监督小组：1 村道硬化": f"{first.name}、{second.name}"}
    assert left == {"监督小组：1 村道硬化": f"{first.name}、原选项已不在可选范围"}
