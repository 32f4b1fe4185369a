"""The letters of a demonstration as they would stand had its days been lived: dated like their acts, read where done.

The play writes years into the trail within minutes; letters written afterwards would all carry that hour.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Exists, F, Max, OuterRef, Subquery

from notifications.models import Channel, Delivery, Status, Told
from notifications.post import post_unit, units_behind
from workflow.audit.models import Entry
from workflow.flows.models import Deadline
from workflow.people.isolation import SYSTEM, within

# What has only just happened has not been looked at yet; a letter is read on the day after it came.
LATEST, READ_AFTER = timedelta(days=3), timedelta(days=1)


def settle() -> int:
    """Write every letter of the trails as they stand, date them by their acts, and leave open what is still to be done.

    Returns how many are left unread. What is done is read on the site and not sent anywhere any more.
    """
    with within(SYSTEM):
        behind = units_behind()
    for unit_id in behind:
        post_unit(unit_id)
    with within(SYSTEM):
        happened = Entry.objects.filter(pk=OuterRef("entry")).values("at")
        Delivery.objects.update(created_at=Subquery(happened), changed_at=Subquery(happened))
        last = Entry.objects.aggregate(last=Max("at"))["last"]
        if last is None:
            return 0
        done = Delivery.objects.exclude(_to_do()).filter(created_at__lt=last - LATEST)
        done.filter(status__in=(Status.QUEUED, Status.HELD)).update(status=Status.SENT, not_before=None)
        on_site = done.filter(channel=Channel.IN_APP, read_at=None)
        on_site.update(read_at=F("created_at") + READ_AFTER)
        return Delivery.objects.filter(channel=Channel.IN_APP, read_at=None).count()


def _to_do() -> Exists:
    """Whether a letter tells of a task that is still open."""
    open_tasks = Deadline.objects.filter(done_at=None, cancelled=False).values("task")
    return Exists(Told.objects.filter(entry=OuterRef("entry"), task__in=open_tasks))
