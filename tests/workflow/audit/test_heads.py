"""Writing the trail: acts wait for the head of their own unit's chain and for no other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from django.db import OperationalError, connection

from projects.lifecycle.intake import start_year
from tests.builders import at, township
from tests.projects.collection.test_collection import SCHEME
from workflow.audit.models import Entry
from workflow.flows.models import Deadline
from workflow.flows.services import complete
from workflow.people.isolation import SYSTEM, within

PLAN = {"opens_on": date(2026, 9, 1), "planned_t": date(2027, 1, 20), "planned_t2": date(2028, 1, 18)}


@pytest.fixture
def towns(fresh_database):
    with within(SYSTEM):
        found = [township("H1"), township("H2")]
        for town in found:
            start_year(town.act("chair", at("2026-08-10")), year=2027, **PLAN)
    return found


@contextmanager
def held(opened, *units) -> Iterator[None]:
    """The heads of these units' chains are locked by somebody who does not commit."""
    with opened.transaction(force_rollback=True):
        rows = opened.execute(
            "SELECT unit_id FROM workflow_head WHERE unit_id = ANY(%s) FOR UPDATE", [[u.pk for u in units]]
        ).fetchall()
        assert len(rows) == len(units)
        yield


def finish_scheme(town) -> None:
    with within(SYSTEM):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '300ms'")
        task = Deadline.objects.get(key="collection.scheme", unit=town.unit)
        complete(task.pk, actor=town.of("chair"), data=SCHEME, at=at("2026-08-12"))


def written(town) -> int:
    with within(SYSTEM):
        return Entry.objects.filter(unit=town.unit, action="collection.scheme", leaf__isnull=False).count()


def test_a_township_writes_while_the_heads_of_its_county_and_its_neighbour_are_held(towns, owner_connection):
    mine, neighbour = towns
    with held(owner_connection, mine.unit.parent, neighbour.unit):
        finish_scheme(mine)
    assert written(mine) == 1


def test_two_acts_of_one_township_meet_at_its_head(towns, owner_connection):
    mine, _neighbour = towns
    with held(owner_connection, mine.unit), pytest.raises(OperationalError):
        finish_scheme(mine)
    assert written(mine) == 0
    finish_scheme(mine)
    assert written(mine) == 1
