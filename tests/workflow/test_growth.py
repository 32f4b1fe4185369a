"""Who is told after a commit that a unit's trail has grown."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.builders import at
from workflow.audit import hooks
from workflow.audit.services import Act, write_down
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import Unit, UnitKind
from workflow.people.services import create_unit

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    units: list[int] = []
    monkeypatch.setattr(hooks, "_listeners", [units.append])
    return units


@pytest.fixture
def units(db: None) -> Iterator[tuple[Unit, Unit]]:
    apply(SYSTEM)
    yield tuple(create_unit(code=code, name=code, kind=UnitKind.COUNTY) for code in ("A", "B"))  # type: ignore[misc]


def write(unit: Unit, action: str = "x.y") -> None:
    write_down(Act(None, "system", unit, at("2026-09-01")), action, "x:1")


def test_a_transaction_wakes_each_of_its_units_once(heard, units, django_capture_on_commit_callbacks) -> None:
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        for unit in (units[0], units[1], units[0]):
            write(unit)
    assert heard == [units[0].pk, units[1].pk]


def test_an_act_that_was_taken_back_wakes_nobody(heard, units, django_capture_on_commit_callbacks) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            write(units[0])
            raise ZeroDivisionError
        assert not connection.run_on_commit
        with transaction.atomic():
            write(units[0])
    assert heard == [units[0].pk]


def test_waking_costs_no_query(heard, units) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        for _ in range(3):
            write(units[0])
    assert [q["sql"].split()[0] for q in queries] == ["INSERT"] * 3


def test_a_listener_that_fails_fails_nobody_else(
    monkeypatch, units, django_capture_on_commit_callbacks, caplog
) -> None:
    def fail(unit_id: int) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(hooks, "_listeners", [fail])
    with django_capture_on_commit_callbacks() as callbacks:
        write(units[0])
    assert len(callbacks) == 1
    with pytest.raises(RuntimeError):
        callbacks[0]()
    assert connection.run_on_commit[-1][2] is True  # Django logs it and goes on
