"""The rows the benches make by SQL fit the tables as they are now: nobody runs a bench between two changes of a model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from projects.cycles.models import Cycle
from projects.supervision.models import Project
from tests.bench import test_county, test_inbox, test_nation
from tests.builders import township
from workflow.flows.models import Deadline
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit, UnitKind
from workflow.people.services import create_unit


@pytest.fixture(autouse=True)
def by_the_system(db: None) -> Iterator[None]:
    with within(SYSTEM):
        yield


def run(statements: tuple[str, ...], given: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, given)


def test_the_countys() -> None:
    county = create_unit(code="C", name="示范县", kind=UnitKind.COUNTY)
    (town,) = test_county.fill([county], 1)
    assert Cycle.objects.filter(unit=town).count() == test_county.YEARS
    assert Project.objects.filter(unit=town).exists() and Deadline.objects.filter(unit=town).exists()


def test_the_nations() -> None:
    county = create_unit(code="TOP", name="各地", kind=UnitKind.COUNTY)
    level = {"letter": "T", "word": "镇", "kind": "township", "number": 2, "above": county.code}
    years = {"last": test_nation.LAST, "years": test_nation.YEARS, "projects": test_nation.PROJECTS}
    run((test_nation.LEVEL, test_nation.PLACE), level)
    with connection.cursor() as cursor:  # as the bench loads them: no item stands behind a project
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    run((test_nation.CYCLES, test_nation.RECORDS, test_nation.FIGURES), years)
    run((test_nation.SUMS.format(rows="projects_yearfigure"), test_nation.SINCE), level | years)
    assert Project.objects.count() == 2 * test_nation.YEARS * test_nation.PROJECTS
    Project.objects.all().delete()


def test_the_inboxes() -> None:
    clerk = township("B1").of("gov_clerk")
    unit = clerk.grants.get().unit_id
    kind = ContentType.objects.get_for_model(Unit).pk
    given = {"halls": 1, "size": 8, "open": 4, "claimed": 2, "type": kind, "unit": unit, "clerk": clerk.pk}
    run((*test_inbox.HALLS, test_inbox.PROCESSES, test_inbox.TASKS, test_inbox.DEADLINES), given)
    assert Deadline.objects.filter(unit=unit, done_at=None).count() == 4
