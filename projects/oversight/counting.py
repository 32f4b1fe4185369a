"""The townships' figures: checked against the slow count, put right where they differ, folded (architecture.md §7).

And their sums for every unit above them: added to each minute, so that whoever looks at a province or a nation reads a
few hundred rows whatever lies below; checked against the figures each night.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter

from django.db import connection

from projects.cycles.models import Cycle
from workflow.audit.services import Act, write_down
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit

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
# As one that is summed: whether the sums hold what was wrong or what is right is seen when they are checked themselves.
REPAIR = f"""
INSERT INTO projects_yearfigure ({KEY}, amount, summed) VALUES (%s, %s, %s, %s, %s, %s, %s, true)
"""  # noqa: S608
# Rows appended meanwhile are not seen and stay; readers see the rows or their sum, never both.
FOLD = f"""
WITH gone AS (DELETE FROM projects_yearfigure WHERE cycle_id = %(cycle)s RETURNING {KEY}, amount, summed)
INSERT INTO projects_yearfigure ({KEY}, amount, summed)
SELECT {KEY}, sum(amount), summed FROM gone GROUP BY {KEY}, summed HAVING sum(amount) <> 0
"""  # noqa: S608
# The units above a figure's own, each with a row of it.
ABOVE = """
    {} f JOIN workflow_unit u ON u.id = f.unit_id
    CROSS JOIN LATERAL unnest(string_to_array(trim(BOTH '/' FROM u.path), '/')::bigint[]) AS above (id)
    WHERE above.id <> u.id
"""
SUM_KEY = "unit_id, year, measure, facet, day"
ADD = f"ON CONFLICT ({SUM_KEY}) DO UPDATE SET amount = projects_yearsum.amount + excluded.amount"
# One statement: whoever reads meanwhile finds a figure unsummed or in the sums, never both and never neither.
SUM_UP = f"""
WITH taken AS (
    UPDATE projects_yearfigure SET summed = true WHERE NOT summed RETURNING {SUM_KEY}, amount
), added AS (
    INSERT INTO projects_yearsum ({SUM_KEY}, amount)
    SELECT above.id, f.year, f.measure, f.facet, f.day, sum(f.amount) FROM {ABOVE.format("taken")}
    GROUP BY 1, 2, 3, 4, 5 HAVING sum(f.amount) <> 0 ORDER BY 1, 2, 3, 4, 5 {ADD}
)
SELECT count(*) FROM taken
"""  # noqa: S608
# The sums that are not what the summed figures add up to, put right as they are found.
WRONG_SUMS = f"""
WITH wrong AS (
    SELECT {SUM_KEY}, sum(kept)::bigint AS kept, sum(counted)::bigint AS counted FROM (
        SELECT {SUM_KEY}, amount AS kept, 0 AS counted FROM projects_yearsum
        UNION ALL
        SELECT above.id, f.year, f.measure, f.facet, f.day, 0, f.amount FROM {ABOVE.format("projects_yearfigure")} AND f.summed
    ) sides GROUP BY {SUM_KEY} HAVING sum(kept) <> sum(counted)
), mended AS (
    INSERT INTO projects_yearsum ({SUM_KEY}, amount) SELECT {SUM_KEY}, counted - kept FROM wrong {ADD}
)
SELECT unit_id, 0, year, measure, facet, day, kept, counted FROM wrong ORDER BY unit_id, year, measure, facet, day
"""  # noqa: S608
FORGET = "DELETE FROM projects_yearsum WHERE amount = 0"
MOST_NAMED = 20


@dataclass(frozen=True)
class Difference:
    """One figure that was not what its records add up to. kept: as it stood; counted: as it is.

    cycle_id: 0 of a sum over townships.
    """

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
    """Check every year, repair those that are wrong, fold the rest, then the sums; how many figures had to be put right.

    Each year is a transaction of its own; one that fails is logged by its number and keeps nobody else's waiting.
    """
    sum_up()
    with within(SYSTEM), connection.cursor() as cursor:
        cursor.execute(f"{WRONG} ORDER BY 1")
        wrong = [row[0] for row in cursor.fetchall()]
        cursor.execute(UNFOLDED)
        unfolded = [row[0] for row in cursor.fetchall()]
    found = sum(done_or_logged(check_year, pk, at) for pk in wrong)
    for pk in unfolded:
        done_or_logged(_fold, pk, at)
    return found + check_sums(at)


def sum_up() -> int:
    """Add every figure no sum holds yet to those of the units above it; how many there were."""
    with within(SYSTEM), connection.cursor() as cursor:
        cursor.execute(SUM_UP)
        return int(cursor.fetchone()[0])


def check_sums(at: datetime) -> int:
    """Put every sum right that is not what its figures add up to, with an entry in its unit's trail; forget empty ones."""
    with within(SYSTEM), connection.cursor() as cursor:
        cursor.execute(WRONG_SUMS)
        found = [Difference(*row) for row in cursor.fetchall()]
        cursor.execute(FORGET)
        units = Unit.objects.in_bulk({one.unit_id for one in found})
        for pk, wrong in groupby(found, key=attrgetter("unit_id")):
            _write_down(units[pk], units[pk], "", list(wrong), at)
    return len(found)


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
        _write_down(cycle.unit, cycle, cycle.reference, found, at)
    return len(found)


def _write_down(unit: Unit, subject: Cycle | Unit, about: str, found: list[Difference], at: datetime) -> None:
    write_down(
        Act(None, "system", unit, at, task="oversight.check_figures"),
        ACTION,
        subject.reference,
        about=about,
        after={"differences": len(found), "figures": [one.told for one in found[:MOST_NAMED]]},
        label=subject.label,
    )
