"""Letters that leave the site: each is claimed before it is tried, so that no crash sends one twice."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone, translation

from notifications.channels import InDoubt, NotDelivered, TooFast, channel
from notifications.desk import address_of
from notifications.models import Delivery, Status, Urgency
from workflow.people.isolation import SYSTEM, within

log = logging.getLogger(__name__)

MOST_TRIES = 6
FIRST_PAUSE = timedelta(minutes=1)
DOUBTFUL_AFTER = timedelta(minutes=5)
REST_AT_MOST = timedelta(days=1)
ERROR_LENGTH = 300


def pause_after(tries: int) -> timedelta:
    """How long a failed letter rests before its next try: 1, 2, 4, 8, 16 minutes."""
    return FIRST_PAUSE * 2 ** (tries - 1)


def send_some(limit: int) -> int:
    """Send up to `limit` letters that are due, one claim at a time; how many were tried."""
    for tried in range(limit):
        delivery = claim_one(timezone.now())
        if delivery is None:
            return tried
        _try(delivery)
    return limit


def claim_one(at: datetime) -> Delivery | None:
    """Take the oldest letter that is due, urgent ones first, and say so in the database before anything leaves.

    None: there is none. A worker killed after this leaves one letter in doubt, never a letter sent twice.
    """
    with within(SYSTEM):
        found = (_first_of(letters) for letters in due(at))
        number = next((pk for pk in found if pk is not None), None)
        if number is None:
            return None
        delivery = Delivery.objects.select_related("recipient", "group").get(pk=number)
        delivery.status, delivery.tries, delivery.changed_at = Status.SENDING, delivery.tries + 1, at
        delivery.error = ""
        delivery.save(update_fields=["status", "tries", "changed_at", "error"])
        return delivery


def _first_of(letters: QuerySet[Delivery]) -> int | None:
    """The oldest of them that nobody else is taking, locked. Alone: joined tables would be read for all that wait."""
    free = letters.select_for_update(skip_locked=True).order_by("pk")
    return free.values_list("pk", flat=True).first()


def due(at: datetime) -> list[QuerySet[Delivery]]:
    """Letters to be sent now, in turn: new ones that are not held, by urgency; then failed ones whose pause is over."""
    free = Delivery.objects.filter(Q(not_before=None) | Q(not_before__lte=at))
    rested = Q()
    for tries in range(1, MOST_TRIES):
        rested |= Q(tries=tries, changed_at__lte=at - pause_after(tries))
    queued = [free.filter(status=Status.QUEUED, urgency=urgency) for urgency in Urgency.values]
    return [*queued, free.filter(rested, status=Status.FAILED)]


def doubt(at: datetime) -> int:
    """Say of letters whose sender has died that nobody knows; they are never sent again silently."""
    with within(SYSTEM):
        stuck = Delivery.objects.filter(status=Status.SENDING, changed_at__lt=at - DOUBTFUL_AFTER)
        return stuck.update(status=Status.UNKNOWN, changed_at=at)


def stopped() -> QuerySet[Delivery]:
    """Letters nothing more happens to by itself: in doubt, or given up. Needs the system's context."""
    given_up = Q(status=Status.FAILED, tries__gte=MOST_TRIES)
    return Delivery.objects.filter(Q(status=Status.UNKNOWN) | given_up).order_by("pk")


def _try(delivery: Delivery) -> None:
    try:
        with within(SYSTEM):
            address = address_of(delivery)
        with translation.override(delivery.language):
            channel(delivery.channel).deliver(delivery, address)
    except TooFast as error:
        _rest(delivery, str(error))
    except NotDelivered as error:
        _note(delivery, Status.FAILED, str(error))
    except InDoubt as error:
        _note(delivery, Status.UNKNOWN, str(error))
    except Exception as error:
        # It may have left: the letter is in doubt, and the next one is not held up by it.
        log.warning("letter %s is in doubt: %s", delivery.pk, type(error).__name__)
        _note(delivery, Status.UNKNOWN, type(error).__name__)
    else:
        _note(delivery, Status.SENT, "")


def _rest(delivery: Delivery, error: str) -> None:
    """Let a letter and all that wait for the same address rest a minute; the try does not count, for a day."""
    now = timezone.now()
    if now - delivery.created_at > REST_AT_MOST:
        _note(delivery, Status.FAILED, error)
        return
    with within(SYSTEM):
        free_at = now + FIRST_PAUSE
        held = Delivery.objects.filter(pk=delivery.pk, status=Status.SENDING)
        held.update(status=Status.QUEUED, tries=delivery.tries - 1, error=error, changed_at=now)
        waiting = Delivery.objects.filter(
            Q(not_before=None) | Q(not_before__lt=free_at), status=Status.QUEUED
        )
        same = waiting.filter(
            channel=delivery.channel, recipient=delivery.recipient_id, group=delivery.group_id
        )
        same.update(not_before=free_at)


def _note(delivery: Delivery, status: str, error: str) -> None:
    with within(SYSTEM):
        # A slow sender may find itself doubted already; it knows better.
        held = Delivery.objects.filter(pk=delivery.pk, status__in=[Status.SENDING, Status.UNKNOWN])
        held.update(status=status, error=error[:ERROR_LENGTH], changed_at=timezone.now())
