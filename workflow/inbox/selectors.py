"""Whose turn it is: the boxes of a person acting in an office."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, cast

from django.db.models import Count, Q, QuerySet
from viewflow.workflow.models import Task

from workflow.flows.models import Deadline, Urge
from workflow.people.models import User
from workflow.roles import registry
from workflow.roles.models import RoleGrant

SOON = timedelta(days=3)
FAR = date.max


@dataclass(frozen=True)
class Figures:
    """The four numbers above the inbox."""

    overdue: int
    soon: int
    open: int
    done_this_month: int


def offices_served(grant: RoleGrant) -> list[str]:
    """The office itself, and the bodies whose record it may keep."""
    return [grant.office, *registry.recorded_by(grant.office)]


def _rows() -> QuerySet[Deadline]:
    return (
        Deadline.objects.select_related("task", "unit", "seat", "started_by", "task__owner")
        .annotate(urged=Count("task__urges", distinct=True))
        .filter(cancelled=False)
    )


def queue_of(grant: RoleGrant) -> QuerySet[Deadline]:
    """Unclaimed tasks of the office; the literals are those of the partial index `piaojue_queue`."""
    return _rows().filter(
        task__owner_permission_obj_pk=str(grant.unit_id),
        task__owner_permission__in=offices_served(grant),
        task__status="NEW",
        task__flow_task_type="HUMAN",
    )


def claimed_by(grant: RoleGrant) -> QuerySet[Deadline]:
    """Tasks of the office this person has taken or been given (`piaojue_mine`)."""
    return _rows().filter(
        task__owner_id=grant.user_id,
        task__status="ASSIGNED",
        seat_id=grant.unit_id,
        office__in=offices_served(grant),
    )


def todo(grant: RoleGrant) -> list[Deadline]:
    """Everything this person may do now in this office: their own first by date, overdue on top."""
    return sorted([*claimed_by(grant), *queue_of(grant)], key=lambda d: (d.due_on or FAR, d.pk))


def done_by(user: User, grant: RoleGrant) -> QuerySet[Deadline]:
    """What this person has done in this township, the latest first."""
    return _rows().filter(done_by=user, unit=grant.tenant).order_by("-done_at")


def started_by(user: User, grant: RoleGrant) -> QuerySet[Deadline]:
    """Tasks this person's acts have put before others and that are still open."""
    return (
        _rows()
        .filter(started_by=user, unit=grant.tenant, done_at=None)
        .exclude(task__owner=user)
        .order_by("due_on")
    )


def is_urged(deadline: Deadline) -> bool:
    """Whether somebody has urged an open task; for the rows of the lists above, which count it."""
    return bool(cast(Any, deadline).urged)


def figures_of(rows: list[Deadline], user: User, today: date) -> Figures:
    """The four numbers, from the rows already read and one count."""
    first = today.replace(day=1)
    return Figures(
        overdue=sum(1 for d in rows if d.due_on and d.due_on < today),
        soon=sum(1 for d in rows if d.due_on and today <= d.due_on <= today + SOON),
        open=len(rows),
        done_this_month=Deadline.objects.filter(done_by=user, done_at__date__gte=first).count(),
    )


def count_todo(grant: RoleGrant) -> int:
    """How many tasks wait for this office; one query, for the navigation."""
    mine = Q(owner_id=grant.user_id, status="ASSIGNED")
    free = Q(status="NEW", flow_task_type="HUMAN")
    return Task.objects.filter(
        mine | free, owner_permission_obj_pk=str(grant.unit_id), owner_permission__in=offices_served(grant)
    ).count()


def urges_of(deadline: Deadline) -> QuerySet[Urge]:
    """Who urged a task, when and why, the latest first."""
    return Urge.objects.filter(task_id=deadline.pk).select_related("user").order_by("-at")
