"""What the checks of conformance find of each year, kept beside it: no page can read the trails of forty townships.

A year is examined anew once its trail has grown, once a day has passed on which something could have fallen due, and
once the checks themselves are others; until then the finding says of which moment it is (`grown_since`).
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from importlib import resources
from typing import Any

from django.db import connection
from django.utils.timezone import localdate

from projects.cycles.models import Cycle
from projects.cycles.over import ENDINGS
from projects.evaluation import conforming
from projects.evaluation.conformance import Status
from projects.oversight.counting import done_or_logged
from projects.oversight.models import Examination
from workflow.audit.models import Head
from workflow.audit.rows import ACTIONS
from workflow.people.isolation import SYSTEM, within


def _listed(names: Iterable[str]) -> str:
    """Names of this program's own as a list of SQL."""
    return "(" + ", ".join(f"'{name}'" for name in names) + ")"


SECONDS = 480.0  # how long one sweep goes on, so that the next one does not run beside it

# Whether there is an entry of the year among those its examination `k` has not seen; as `conforming.entries_of` reads it.
GROWN = f"""EXISTS (
    SELECT FROM workflow_leaf l JOIN workflow_entry n ON n.id = l.entry_id
    WHERE l.unit_id = k.unit_id AND l.index > k.size AND (
        n.about = 'cycle:' || k.cycle_id OR n.subject = 'cycle:' || k.cycle_id OR n.subject IN (
            SELECT 'session:' || s.session_id FROM projects_cyclesession s WHERE s.cycle_id = k.cycle_id
            UNION ALL SELECT 'session:' || i.session_id FROM projects_interpellation i WHERE i.cycle_id = k.cycle_id)
        OR (n.about = '' AND n.action IN {_listed(ACTIONS)} AND n.id > (
                SELECT min(o.id) FROM workflow_entry o
                WHERE o.subject = 'cycle:' || k.cycle_id AND o.action = 'cycle.create')
            AND NOT EXISTS (
                SELECT FROM workflow_entry o
                WHERE o.subject = 'cycle:' || k.cycle_id AND o.action IN {_listed(ENDINGS)} AND o.id <= n.id))))
"""  # noqa: S608
# What its township has done otherwise is passed over, so that the next look begins where this one ended.
PASS_OVER = f"""
UPDATE projects_examination k SET size = h.size FROM workflow_head h
WHERE h.unit_id = k.unit_id AND h.size > k.size AND NOT {GROWN}
"""  # noqa: S608
# The longest ago first: what one sweep does not come to is the next one's.
DUE = f"""
SELECT c.id FROM projects_cycle c LEFT JOIN projects_examination k ON k.cycle_id = c.id
WHERE k.cycle_id IS NULL OR k.checks <> %(checks)s
   OR (k.not_yet > 0 AND (k.at AT TIME ZONE 'Asia/Shanghai')::date < %(today)s) OR {GROWN}
ORDER BY k.at NULLS FIRST, c.id
"""  # noqa: S608
GROWN_SINCE = f"SELECT k.cycle_id FROM projects_examination k WHERE k.cycle_id = ANY (%s) AND {GROWN}"  # noqa: S608


def _digest() -> str:
    """What names the checks as they are: SHA-256 over their sources and over what reads the trail for them."""
    of_checks = resources.files("projects.evaluation.conformance")
    sources = sorted(
        (one for one in of_checks.iterdir() if one.name.endswith(".py")), key=lambda one: one.name
    )
    reading = resources.files("projects.evaluation") / "conforming.py"
    return hashlib.sha256(b"".join(one.read_bytes() for one in (*sources, reading))).hexdigest()[:16]


CHECKED_BY = _digest()


def grown_since(cycles: Iterable[int]) -> frozenset[int]:
    """Of these years those with entries their examination has not seen; one query."""
    with connection.cursor() as cursor:
        cursor.execute(GROWN_SINCE, [list(cycles)])
        return frozenset(row[0] for row in cursor.fetchall())


def examine_due(at: datetime, *, seconds: float = SECONDS) -> int:
    """Examine the years that are due, each in a transaction of its own, for as long as given; how many were."""
    until = time.monotonic() + seconds
    with within(SYSTEM), connection.cursor() as cursor:
        cursor.execute(PASS_OVER)
        cursor.execute(DUE, {"checks": CHECKED_BY, "today": localdate(at)})
        due = [row[0] for row in cursor.fetchall()]
    done = 0
    for cycle_id in due:
        if time.monotonic() > until:
            break
        done += done_or_logged(examine_year, cycle_id, at)
    return done


def examine_year(cycle_id: int, at: datetime) -> int:
    """Run every check over one year and keep what they found; always 1.

    Two at once do no harm: the one that has seen less leaves a smaller `size`, and the year is examined again.
    """
    cycle = Cycle.objects.select_related("unit").get(pk=cycle_id)
    # Before the entries: what is written meanwhile is read perhaps, and counted as not yet seen.
    head = Head.objects.filter(unit=cycle.unit_id).first()
    found = conforming.conformance_of(cycle, localdate(at))
    counts = Counter(finding.status for _check, finding in found)
    kept: dict[str, Any] = {
        "unit": cycle.unit,
        **{status.value: counts[status] for status in Status},
        "broken": [check.code for check, finding in found if finding.status == Status.NOT_HELD],
        "size": head.size if head else 0,
        "checks": CHECKED_BY,
        "at": at,
    }
    Examination.objects.bulk_create(
        [Examination(cycle=cycle, **kept)],
        update_conflicts=True,
        unique_fields=["cycle"],
        update_fields=list(kept),
    )
    return 1
