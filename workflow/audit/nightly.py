"""Every trail verified each night against the heads and stamps that are kept of it, and how that ended.

Signing reads what is new alone. Here every leaf is recomputed and compared with every head there ever was, so that an
entry changed long ago is found within a day without anybody asking.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError

from workflow.audit.alarms import VERIFYING, raise_alarm
from workflow.audit.chain import Break
from workflow.audit.checking import OutsideHead, Verdict
from workflow.audit.heads import feed_of
from workflow.audit.models import TrailCheck
from workflow.audit.stamping import Stamped, stamped
from workflow.audit.verify import WORDS, chained_units, faults_by_head, one_view, verify
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checked:
    """What came of verifying a unit's trail. forged: the sizes of kept heads whose signatures do not hold, each with why."""

    verdict: Verdict
    stamps: Stamped
    forged: tuple[tuple[int, str], ...]

    @property
    def fault(self) -> Break | None:
        """The first thing that is wrong; None where the trail is whole."""
        if self.verdict.fault:
            return self.verdict.fault
        if self.forged:
            return Break(self.verdict.unit_id, self.forged[0][0], 0, "signature")
        if self.stamps.faults:
            return Break(self.verdict.unit_id, self.verdict.size, 0, "stamp")
        return None


def check(unit: Unit, outside: Sequence[OutsideHead] = ()) -> Checked:
    """Recompute a unit's chain inside `one_view()`. outside: heads from elsewhere, beside those the database keeps.

    A kept head whose signature does not hold is named, and nothing is compared with it.
    """
    feed, stamps = feed_of(unit), stamped(unit)
    faults = faults_by_head(feed)
    kept = [
        OutsideHead(head["size"], head["hash"], head["root"])
        for head, said in zip(feed["heads"], faults, strict=True)
        if not said
    ]
    forged = tuple((head["size"], said) for head, said in zip(feed["heads"], faults, strict=True) if said)
    # One head may be kept, stamped and brought from outside: it is compared once.
    heads = list(dict.fromkeys([*outside, *stamps.outside, *kept]))
    return Checked(verify(unit.pk, outside=heads), stamps, forged)


@dataclass(frozen=True)
class Verified:
    """How the last nightly verification of a trail ended. words: what is wrong from leaf `index` on, empty where whole.

    whole_at: when it was last found whole.
    """

    at: datetime
    size: int
    index: int
    words: str
    whole_at: datetime | None


def last_verified(unit: Unit) -> Verified | None:
    """As the database has it now; None before the first night."""
    found = TrailCheck.objects.filter(unit=unit).first()
    if found is None:
        return None
    words = str(WORDS[found.code]) if found.code else ""
    return Verified(found.at, found.size, found.index, words, found.whole_at)


def verify_all(at: datetime) -> int:
    """Verify every trail, each as of one instant; how many are not whole. One that cannot be read holds up no other."""
    with within(SYSTEM):
        units = list(Unit.objects.filter(pk__in=chained_units()).order_by("pk"))
    return sum(_verify_or_log(unit, at) for unit in units)


def _verify_or_log(unit: Unit, at: datetime) -> bool:
    try:
        with one_view():
            checked = check(unit)
    except DatabaseError:
        log.exception("unit %s: its trail could not be verified", unit.code)
        return False
    fault = checked.fault
    if fault:
        log.error("unit %s: leaf %s, entry %s: %s", unit.code, fault.index, fault.entry_id, fault.code)
        raise_alarm(fault, VERIFYING, at)
    with within(SYSTEM):
        TrailCheck.objects.update_or_create(unit=unit, defaults=_told(checked, at))
    return fault is not None


def _told(checked: Checked, at: datetime) -> dict[str, object]:
    fault = checked.fault
    if fault is None:
        return {"at": at, "size": checked.verdict.size, "whole_at": at, "code": "", "index": 0, "entry": 0}
    return {
        "at": at, "size": checked.verdict.size, "code": fault.code, "index": fault.index, "entry": fault.entry_id,
    }  # fmt: skip
