"""Any walk of arrows, allowed or not, leaves a record where the machine's table says, and the trail whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import at
from tests.long import sized
from tests.records import one_of_every_kind
from workflow.audit.exporters.extract import extract_of
from workflow.audit.models import Entry
from workflow.audit.services import Act
from workflow.audit.verify import verify
from workflow.machines.graph import arrows, machines, states
from workflow.machines.models import Record
from workflow.machines.services import Conflict, fire
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import UnitKind, User
from workflow.people.services import create_unit

pytestmark = [pytest.mark.long, pytest.mark.django_db]

Table = dict[tuple[str, str], str]
MOVES = sized("moves", 16, 50)
# Which arrow is picked; whether among all of the machine's or only those that may leave; by a copy read at the start.
move = st.tuples(st.integers(0, 40), st.booleans(), st.booleans())


@pytest.fixture
def records() -> dict[str, Record]:
    apply(SYSTEM)
    county = create_unit(code="C", name="示范县", kind=UnitKind.COUNTY)
    unit = create_unit(code="T", name="青溪镇", kind=UnitKind.TOWNSHIP, parent=county)
    return one_of_every_kind(unit, county, User.objects.create(username="clerk", name="王伟"))


def test_there_is_a_record_of_every_machine_to_walk(records):
    assert sorted(records) == [machine.kind for machine in machines()]


@pytest.mark.minutes
@pytest.mark.parametrize("kind", [machine.kind for machine in machines()])
@settings(
    max_examples=sized("walks", 8, 200),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(moves=st.lists(move, min_size=MOVES // 2, max_size=MOVES))
def test_any_walk_keeps_to_the_machine_and_leaves_the_trail_whole(records, kind, moves):
    record = records[kind]
    with taken_back():
        steps = walk(record, table_of(type(record)), moves)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        assert verify(record.unit_id).fault is None
        bodies = [line.envelope for line in extract_of(record.unit).lines()]
        assert [(b["action"], b["before"]["state"], b["after"]["state"]) for b in bodies] == steps
        assert Entry.objects.count() == len(steps)


@contextmanager
def taken_back() -> Iterator[None]:
    """Every example starts from the record as it was made."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def table_of(model: type[Record]) -> Table:
    """The plain model: (state, arrow) → the state it reaches."""
    return {
        (state, arrow.name): arrow.target
        for arrow in arrows(model)
        for state in (states(model) if arrow.source == "*" else [arrow.source])
    }


def walk(first: Record, table: Table, moves: list[tuple[int, bool, bool]]) -> list[tuple[str, str, str]]:
    """Make the moves, each checked against the plain model; what the trail has to say of them."""
    act = Act(None, "clerk", first.unit, at("2026-10-09"))
    record, state, steps = copy(first), first.state, []
    for pick, any_arrow, stale in moves:
        name = chosen(table, state, pick, any_arrow)
        mover, target = copy(first) if stale else record, table.get((state, name))
        if target is None:
            refused(mover, name, act)
        else:
            fire(mover, name, act)
            steps.append((f"{first.kind}.{name}", state, target))
            assert mover.state == target
            state = target
        assert row_of(first)["state"] == state
        assert state in states(type(first))
    return steps


def chosen(table: Table, state: str, pick: int, any_arrow: bool) -> str:
    leaving = sorted(name for source, name in table if source == state)
    among = sorted({name for _, name in table}) if any_arrow or not leaving else leaving
    return among[pick % len(among)]


def refused(record: Record, arrow: str, act: Act) -> None:
    """The move is a conflict, and had written nothing even before the act was taken back."""
    before = row_of(record), Entry.objects.count()
    with pytest.raises(Conflict):
        fire(record, arrow, act)
    transaction.set_rollback(False)
    assert (row_of(record), Entry.objects.count()) == before


def row_of(record: Record) -> dict[str, Any]:
    return type(record)._base_manager.filter(pk=record.pk).values().get()
