"""What watching rows costs a save: in an act, and past every act, where the database writes the entry (goal: ≥ 0.86 in an act).

A save is one UPDATE of one row, committed; in an act its entry goes with it. The limit is the same with the watch off.
"""

from __future__ import annotations

import statistics
from datetime import date

import psycopg
import pytest

from projects.cycles.models import Cycle
from tests.bench.report import milliseconds, publish, timed
from tests.builders import at
from tests.databases import Server
from workflow.audit.services import Act, write_down
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import UnitKind
from workflow.people.services import create_unit

ROUNDS, SAVES = 7, 150
ENTRY = (
    "INSERT INTO workflow_entry (unit_id, at, body) SELECT unit_id, now(),"
    ' \'{"action": "project.report", "subject": "project:1"}\' FROM projects_cycle'
)
SAVE = "UPDATE projects_cycle SET seats = coalesce(seats, 0) % 100 + 1"


def saver(opened: psycopg.Connection[object], *statements: str) -> object:
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
        Cycle.objects.create(
            unit=unit, year=2027, opens_on=date(2026, 9, 1), planned_t=date(2027, 1, 20),
            planned_t2=date(2028, 1, 18),
        )  # fmt: skip
        write_down(Act(None, "system", unit, at("2026-08-10")), "cycle.create", "cycle:1")
    found: dict[str, list[float]] = {}
    with psycopg.connect(database_server.url("app", fresh_database), autocommit=True) as opened:
        acts, past = saver(opened, SAVE, ENTRY), saver(opened, SAVE)
        for _ in range(ROUNDS):
            for watch in ("DISABLE", "ENABLE"):
                for name in ("watched", "watched_whole"):
                    owner_connection.execute(f"ALTER TABLE projects_cycle {watch} TRIGGER {name}")
                for kind, save in (("in an act", acts), ("past every act", past)):
                    found.setdefault(f"{kind}, {watch}", []).extend(timed(save, SAVES))  # type: ignore[arg-type]
    rows = []
    for kind in ("in an act", "past every act"):
        off, on = (found[f"{kind}, {watch}"] for watch in ("DISABLE", "ENABLE"))
        ratio = round(statistics.median(off) / statistics.median(on), 2)
        rows.append({"save": kind, "watch": "off", **milliseconds(off), "relative": 1.0})
        rows.append({"save": kind, "watch": "on", **milliseconds(on), "relative": ratio})
    publish("rows", rows, ["goal: ≥ 0.86 in an act; past every act a chained entry is written beside"])
