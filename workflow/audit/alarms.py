"""What is written down where a trail is found to be another than it was: for the auditor, the county, the administrator.

It is an entry of the unit's own trail and, as that one can no longer be signed for, of the trail of the unit above.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from workflow.audit.chain import Break
from workflow.audit.models import Entry, TrailCheck
from workflow.audit.services import Act, write_down
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit

ALARM = "trail.alarm"
SIGNING, COSIGNING, VERIFYING = "sign", "cosign", "verify"
FOUND_BY = {SIGNING: _("签名前核对"), COSIGNING: _("县级签名前核对"), VERIFYING: _("每日核验")}
LOCK = 0x70_6C_00_00_00_00_00_00  # one alarm of a unit at a time: "pl", then the unit


def raise_alarm(fault: Break, found_by: str, at: datetime) -> bool:
    """Write down where a unit's trail is broken and what found it; False where that stands already.

    The minute's sweep finds the same break again and again: it is told once, and once more after a nightly
    verification found the trail whole in between.
    """
    said: dict[str, Any] = {
        "found_by": found_by, "fault": fault.code, "index": fault.index, "entry": fault.entry_id,
    }  # fmt: skip
    with within(SYSTEM):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK + fault.unit_id])
        unit = Unit.objects.select_related("parent").get(pk=fault.unit_id)
        said["unit"] = unit.code
        if _stands(unit, said):
            return False
        # In the order of units, as every act on several: their ends are locked one after the other.
        for told in sorted({unit, unit.parent or unit}, key=lambda one: one.pk):
            write_down(Act(None, "system", told, at), ALARM, f"unit:{unit.pk}", after=said, label=unit.name)
    return True


def _stands(unit: Unit, said: dict[str, Any]) -> bool:
    """Whether the same was written down since the trail was last found whole."""
    told = Entry.objects.filter(unit=unit, subject=f"unit:{unit.pk}", action=ALARM)
    check = TrailCheck.objects.filter(unit=unit, whole_at__isnull=False).first()
    if check:
        told = told.filter(at__gt=check.whole_at)
    return any(json.loads(body)["after"] == said for body in told.values_list("body", flat=True))
