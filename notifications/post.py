"""The outbox: reads the trail of a unit and writes its letters, exactly once."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import F, OuterRef, Q, Subquery
from django.utils import timezone

from notifications.composing import Batch, tasks_untold
from notifications.models import Delivery, Posted, Status, Told
from workflow.audit.models import Head, Leaf
from workflow.flows.waking import send
from workflow.people.isolation import SYSTEM, within

CHUNK = 200


def post_unit(unit_id: int) -> bool:
    """Write the letters of every entry of a unit that has not been read; safe twice, late and in parallel.

    Letters and mark are one transaction for every 200 entries. False: somebody else is at it, and may or may not
    see the entries one was woken for.
    """
    read = CHUNK
    while read == CHUNK:
        with within(SYSTEM):
            mark = _mark_for_update(unit_id)
            if mark is None:
                return False
            read = _post_from(mark, timezone.now())
    return True


def units_behind() -> list[int]:
    """The units whose trail is longer than what has been read of it. Needs the system's context."""
    read = Posted.objects.filter(pk=OuterRef("pk")).values("index")
    behind = Head.objects.annotate(read=Subquery(read)).filter(Q(read=None) | Q(read__lt=F("size")))
    return list(behind.filter(size__gt=0).order_by("pk").values_list("pk", flat=True))


def _mark_for_update(unit_id: int) -> Posted | None:
    Posted.objects.bulk_create([Posted(unit_id=unit_id)], ignore_conflicts=True)
    marks = Posted.objects.select_for_update(skip_locked=True, of=("self",)).select_related("unit")
    return marks.filter(pk=unit_id).first()


def _post_from(mark: Posted, at: datetime) -> int:
    """Read the next entries after the mark, write their letters and move the mark; how many were read."""
    # Tasks before entries: whoever opened a task seen here is among the entries seen next.
    untold = tasks_untold(mark.unit)
    leaves = Leaf.objects.filter(unit_id=mark.pk, index__gt=mark.index).select_related("entry__actor")
    read = list(leaves.order_by("index")[:CHUNK])
    if read:
        batch = Batch(mark.unit, read, untold, complete=len(read) < CHUNK)
        _keep(batch.letters(at), batch.told())
        mark.index = read[-1].index
        mark.save(update_fields=["index"])
    return len(read)


def _keep(letters: list[Delivery], told: list[Told]) -> None:
    # The constraint has the last word: a mark set back by hand repeats no letter.
    Delivery.objects.bulk_create(letters, ignore_conflicts=True, batch_size=500)
    Told.objects.bulk_create(told, ignore_conflicts=True)
    if any(letter.status == Status.QUEUED for letter in letters):
        from notifications.tasks import send_queued

        transaction.on_commit(partial(send, send_queued), robust=True)
