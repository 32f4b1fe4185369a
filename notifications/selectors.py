"""Reads of letters: one's own, and the post office's figures."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Count, QuerySet

from notifications.models import Channel, Delivery, Status
from workflow.audit.models import Leaf
from workflow.people.isolation import Context
from workflow.people.models import User


def own_letters(user: User) -> Context:
    """The context in which the database shows a person's own letters, whatever office they act in."""
    return Context("unit", user=user.pk)


def letters_of(user: User) -> QuerySet[Delivery]:
    """A person's letters inside the site, newest first; what waits for a summary or stands in one is left to it."""
    mine = Delivery.objects.filter(recipient=user, channel=Channel.IN_APP, status=Status.SENT)
    return mine.select_related("unit").order_by("-id")


def letters_in(user: User, number: int) -> QuerySet[Delivery]:
    """What one of a person's summaries sums up, whichever way it went, newest first."""
    parts = Delivery.objects.filter(recipient=user, carried_by=number, carried_by__recipient=user)
    return parts.select_related("unit").order_by("-id")


def unread_letters(user: User) -> QuerySet[Delivery]:
    """Those of them that have not been opened; in any context that speaks for the person."""
    return letters_of(user).filter(read_at=None)


def figures() -> dict[tuple[str, str], int]:
    """How many letters there are by channel and status. Needs the system's context."""
    rows = (
        Delivery.objects.values("channel", "status").annotate(count=Count("pk")).order_by("channel", "status")
    )
    return {(row["channel"], row["status"]): row["count"] for row in rows}


def example_of(letter: str, path: str) -> Leaf | None:
    """The newest act below a path that such a letter was written about. For the context to narrow."""
    sent = Delivery.objects.filter(letter=letter, unit__path__startswith=path).order_by("-pk")
    newest = sent.values_list("entry_id", flat=True).first()
    leaves = Leaf.objects.select_related("unit", "entry__actor")
    return leaves.filter(pk=newest).first() if newest else None


def letters_stay_here() -> bool:
    """Whether what would go to services outside goes to the demonstration's receiver."""
    return bool(settings.LETTERS_RECEIVER)
