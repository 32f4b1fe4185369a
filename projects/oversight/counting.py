"""The county's figures checked against the slow count, put right where they differ, and folded (architecture.md §7)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from projects.cycles.models import Cycle
from workflow.audit.services import Act, write_down
from workflow.people.isolation import SYSTEM, within

log = logging.getLogger(__name__)
ACTION = "oversight.repair"
KEY = "unit_id, cycle_id, year, measure, facet, day"

# One statement, so one snapshot: what is written meanwhile counts on both sides or on neither.
_DIFFERENT = """
    SELECT {key}, sum(kept)::bigint AS kept, sum(counted)::bigint AS counted FROM (
        SELECT {key}, amount AS kept, 0 AS counted FROM projects_yearfigure {where}
        UNION ALL
        SELECT {key}, 0, amount FROM projects_yearcount {where}
    ) sides GROUP BY {key} HAVING sum(kept) <> sum(counted) ORDER BY measure, facet, day
"""
DIFFERENCES = _DIFFERENT.format(key=KEY, where="WHERE cycle_id = %(cycle)s")
# Every record is read once for all the years: which of them are wrong, which have rows to fold.
WRONG = f"SELECT DISTINCT cycle_id FROM ({_DIFFERENT.format(key=KEY, where='')}) different"  # noqa: S608
UNFOLDED = """
SELECT cycle_id FROM projects_yearfigure GROUP BY cycle_id HAVING count(*) > count(DISTINCT (measure, facet, day))
"""
REPAIR = f"INSERT INTO projects_yearfigure ({KEY}, amount) VALUES (%s, %s, %s, %s, %s, %s, %s)"  # noqa: S608
# Rows appended meanwhile are not seen and stay; readers see the rows or their sum, never both.
FOLD = f"""
WITH gone AS (DELETE FROM projects_yearfigure WHERE cycle_id = %(cycle)s RETURNING {KEY}, amount)
INSERT INTO projects_yearfigure ({KEY}, amount)
SELECT {KEY}, sum(amount) FROM gone GROUP BY {KEY} HAVING sum(amount) <> 0
"""  # noqa: S608
MOST_NAMED = 20


@dataclass(frozen=True)
class Difference:
    """One figure that was not what its records add up to. kept: as it stood; counted: as it is."""

    unit_id: int
    cycle_id: int
    year: int
    measure: str
    facet: str
    day: date | None
    kept: int
    counted: int

    @property
    def told(self) -> str:
        """As the trail has it."""
        named = ":".join(part for part in (self.measure, self.facet, str(self.day or "")) if part)
        return f"{named} {self.kept}→{self.counted}"


def differences(cycle_id: int) -> list[Difference]:
    """Where the figures kept of a year are not those its records add up to; empty means they agree."""
    with connection.cursor() as cursor:
        cursor.execute(DIFFERENCES, {"cycle": cycle_id})
        return [Difference(*row) for row in cursor.fetchall()]


def check_all(at: datetime) -> int:
    """Check every year, repair those that are wrong, fold the rest; how many figures had to be put right.

    Each year is a transaction of its own; one that fails is logged by its number and keeps nobody else's waiting.
    """
    with within(SYSTEM), connection.cursor() as cursor:
        cursor.execute(f"{WRONG} ORDER BY 1")
        wrong = [row[0] for row in cursor.fetchall()]
        cursor.execute(UNFOLDED)
        unfolded = [row[0] for row in cursor.fetchall()]
    found = sum(done_or_logged(check_year, pk, at) for pk in wrong)
    for pk in unfolded:
        done_or_logged(_fold, pk, at)
    return found


def done_or_logged(work: Callable[[int, datetime], int], cycle_id: int, at: datetime) -> int:
    """Do one year's part of a sweep in a transaction of its own; what fails is logged and counts as 0."""
    try:
        with within(SYSTEM):
            return work(cycle_id, at)
    except Exception:
        log.exception("%s failed for cycle:%s", work.__name__, cycle_id)
        return 0


def _fold(cycle_id: int, at: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(FOLD, {"cycle": cycle_id})
    return 0


def check_year(cycle_id: int, at: datetime) -> int:
    """Check one year, repair it with an entry in its township's trail, and fold what was appended."""
    # Two checks of one year must not both repair it.
    cycle = Cycle.objects.select_for_update(of=("self",), no_key=True).select_related("unit").get(pk=cycle_id)
    found = differences(cycle_id)
    with connection.cursor() as cursor:
        for one in found:
            key = (one.unit_id, one.cycle_id, one.year, one.measure, one.facet, one.day)
            cursor.execute(REPAIR, [*key, one.counted - one.kept])
    _fold(cycle_id, at)
    if found:
        write_down(
            Act(None, "system", cycle.unit, at, task="oversight.check_figures"),
            ACTION,
            cycle.reference,
            about=cycle.reference,
            after={"differences": len(found), "figures": [one.told for one in found[:MOST_NAMED]]},
            label=cycle.label,
        )
    return len(found)
