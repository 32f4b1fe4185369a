"""What watching rows costs a save: in an act, and past every act, where the database writes the entry (goal: ≥ 0.86).

A save is one UPDATE of one row or of many, committed; in an act its entry goes with it, as a service does it and as
bare statements. The limit is the same with the watch off.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from datetime import date

import psycopg
import pytest
from django.db.models import F

from projects.cycles.models import Cycle
from tests.bench.report import milliseconds, publish, timed
from tests.builders import at
from tests.databases import Server
from workflow.audit.services import Act, write_down
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import UnitKind
from workflow.people.services import create_unit

ROUNDS, SAVES = 5, 60
ROWS = 100  # changed by one act, as a roll or a plan with its milestones is
ENTRY = (
    "INSERT INTO workflow_entry (unit_id, at, body) SELECT unit_id, now(),"
    ' \'{"action": "project.report", "subject": "project:1"}\' FROM projects_cycle WHERE year = 2027'
)
SAVE = "UPDATE projects_cycle SET seats = coalesce(seats, 0) % 100 + 1 WHERE year = 2027"
ALL = SAVE.partition(" WHERE")[0]


def saver(opened: psycopg.Connection[object], *statements: str) -> Callable[[], None]:
    def save() -> None:
        with opened.transaction():
            opened.execute("SELECT set_config('piaojue.mode', 'system', true)")
            for statement in statements:
                opened.execute(statement)

    return save


@pytest.mark.bench
def test_watched_rows(
    fresh_database: str, database_server: Server, owner_connection: psycopg.Connection[object]
) -> None:
    with within(SYSTEM):
        unit = create_unit(code="T01", name="青溪镇", kind=UnitKind.TOWNSHIP)
        Cycle.objects.bulk_create(
            Cycle(
                unit=unit, year=2027 + n, seats=1, opens_on=date(2026, 9, 1), planned_t=date(2027, 1, 20),
                planned_t2=date(2028, 1, 18),
            )
            for n in range(ROWS)
        )  # fmt: skip
        write_down(Act(None, "system", unit, at("2026-08-10")), "cycle.create", "cycle:1")
    act, cycle = Act(None, "system", unit, at("2026-08-10")), Cycle.objects.filter(year=2027).only("pk")
    found: dict[tuple[str, str], list[float]] = {}

    def by_service() -> None:
        with within(SYSTEM):
            held = cycle.select_for_update(no_key=True).get()
            Cycle.objects.filter(pk=held.pk).update(seats=F("seats") % 100 + 1)
            write_down(act, "cycle.agree_seats", held.reference, about=held.reference)

    def many_by_service() -> None:
        with within(SYSTEM):
            Cycle.objects.update(seats=F("seats") % 100 + 1)
            write_down(act, "cycle.agree_seats", "cycle:1", about="cycle:1")

    with psycopg.connect(database_server.url("app", fresh_database), autocommit=True) as opened:
        kinds = {
            "in an act, by a service": by_service,
            f"{ROWS} rows in an act, by a service": many_by_service,
            "in an act, raw": saver(opened, SAVE, ENTRY),
            f"{ROWS} rows in an act, raw": saver(opened, ALL, ENTRY),
            "past every act, raw": saver(opened, SAVE),
        }
        for _ in range(ROUNDS):
            for watch in ("DISABLE", "ENABLE"):
                for name in ("watched", "watched_whole"):
                    owner_connection.execute(f"ALTER TABLE projects_cycle {watch} TRIGGER {name}")
                for kind, save in kinds.items():
                    found.setdefault((kind, watch), []).extend(timed(save, SAVES))
    rows = []
    for kind in kinds:
        off, on = (found[kind, watch] for watch in ("DISABLE", "ENABLE"))
        ratio = round(statistics.median(off) / statistics.median(on), 2)
        rows.append({"save": kind, "watch": "off", **milliseconds(off), "relative": 1.0})
        rows.append({"save": kind, "watch": "on", **milliseconds(on), "relative": ratio})
    publish("rows", rows, ["goal: ≥ 0.86 by a service; past every act a chained entry is written beside"])
