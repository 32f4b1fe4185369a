"""Reads of letters: one's own, and the post office's figures."""

from __future__ import annotations

from django.db.models import Count, QuerySet

from notifications.models import Channel, Delivery
from workflow.people.isolation import Context
from workflow.people.models import User


def own_letters(user: User) -> Context:
    """The context in which the database shows a person's own letters, whatever office they act in."""
    return Context("unit", user=user.pk)


def letters_of(user: User) -> QuerySet[Delivery]:
    """A person's letters inside the site, newest first."""
    return (
        Delivery.objects.filter(recipient=user, channel=Channel.IN_APP).select_related("unit").order_by("-id")
    )


def unread_count(user: User) -> int:
    """How many of them have not been opened."""
    return letters_of(user).filter(read_at=None).count()


def figures() -> dict[tuple[str, str], int]:
    """How many letters there are by channel and status. Needs the system's context."""
    rows = (
        Delivery.objects.values("channel", "status").annotate(count=Count("pk")).order_by("channel", "status")
    )
    return {(row["channel"], row["status"]): row["count"] for row in rows}
