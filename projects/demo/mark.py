"""What of the demonstration stands in this database: told by the county's own trail, and by nothing beside it.

The first act of a building is written down with the county itself, the last one when everything else is there. So what
was broken off is known from what is whole, whichever folder or server holds it, and neither is taken for a real county.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from django.db import connection

from projects.demo.programme import COUNTY, ROOT
from workflow.audit.models import Entry
from workflow.audit.services import Act, write_down
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit, User

BUILDING = (
    0x70_6C_00_00_00_00_00_00  # one building at a time: "pl", beside the locks of the trail's heads and keys
)


class Stands(Enum):
    """What the database holds. NO_TABLES: not even migrated. OTHER: data that no demonstration made."""

    NO_TABLES = "no_tables"
    NOTHING = "nothing"
    UNFINISHED = "unfinished"
    WHOLE = "whole"
    OTHER = "other"


@dataclass(frozen=True)
class Found:
    """What stands, and of a demonstration the day it stands at and its seed.

    stranger: the name of a unit or the user name of a person that no building makes; empty where there is none.
    """

    stands: Stands
    today: date | None = None
    seed: int | None = None
    stranger: str = ""


class BuiltElsewhere(Exception):
    """Another process is building in this database now."""


def begin(county: Unit, at: datetime, *, today: date, seed: int) -> None:
    """Say in the county's trail that what follows is a demonstration; belongs into the transaction that makes the county."""
    act, said = Act(None, "system", county, at), {"seed": seed, "today": today.isoformat()}
    write_down(act, "demo.begin", county.reference, after=said, label=county.name)


def finish(at: datetime) -> None:
    """Say that the demonstration is whole: the last act of its building."""
    with within(SYSTEM):
        county = Unit.objects.get(code=COUNTY)
        write_down(Act(None, "system", county, at), "demo.finish", county.reference, label=county.name)


def found() -> Found:
    """What stands in the database."""
    tables = connection.introspection.table_names()
    if not {Unit._meta.db_table, User._meta.db_table, Entry._meta.db_table} <= set(tables):
        return Found(Stands.NO_TABLES)
    with within(SYSTEM):
        return _found()


def _found() -> Found:
    said = {
        entry.action: json.loads(entry.body)["after"]
        for entry in Entry.objects.filter(unit__code=COUNTY, action__in=("demo.begin", "demo.finish"))
    }
    if "demo.begin" not in said:
        anything = Unit.objects.exists() or User.objects.exists()
        return Found(Stands.OTHER if anything else Stands.NOTHING)
    begun = said["demo.begin"]
    stands = Stands.WHOLE if "demo.finish" in said else Stands.UNFINISHED
    return Found(stands, date.fromisoformat(begun["today"]), begun["seed"], _stranger())


def _stranger() -> str:
    root = Unit.objects.get(code=ROOT)
    unit = Unit.objects.exclude(path__startswith=root.path, code__startswith=ROOT).first()
    user = User.objects.exclude(username__regex=rf"@{ROOT}\d\d$").first()
    return unit.name if unit else user.username if user else ""


@contextmanager
def alone() -> Iterator[None]:
    """Decide and build with nobody else doing so in this database; BuiltElsewhere while another process is at it.

    The lock is held by a line of its own, which ends with the process: one that was killed holds up nobody.
    """
    line = connection.copy()
    try:
        with line.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [BUILDING])
            if not cursor.fetchone()[0]:
                raise BuiltElsewhere
        yield
    finally:
        line.close()
