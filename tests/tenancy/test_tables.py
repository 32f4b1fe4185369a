"""Past every page: as the run-time role in one township's context, another township's rows are not there.

For every table with a unit, from the models: a row of each township is put in by the system's context, filled by the
types of its columns alone; what is tested is the policy, not the record. Constraints between tables are never checked,
for everything is taken back.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest
from django.db import DatabaseError, connection, models, transaction
from django.utils import timezone

from projects.lifecycle.services import start_year
from tests.builders import at, township
from tests.tenancy.world import tenants
from workflow.people.isolation import SYSTEM, Context, apply, of_units
from workflow.people.models import Unit, User

pytestmark = pytest.mark.django_db

PLAN = {"opens_on": date(2026, 9, 1), "planned_t": date(2027, 1, 20), "planned_t2": date(2028, 1, 18)}
REFUSED = r"row-level security|permission denied"
# Written by the database's own functions alone, and found there already.
WRITTEN_BELOW = {"workflow_leaf", "workflow_head"}
# What a check of the table asks for and its columns' types do not say.
BESIDES: dict[str, Callable[[User], dict[str, Any]]] = {
    "notifications_delivery": lambda user: {"recipient_id": user.pk},
    "workflow_entry": lambda _user: {"body": '{"action": "x", "subject": "y"}'},
}
numbers = count(1)


def row_of(model: type[models.Model], unit: Unit, user: User) -> models.Model:
    """A row of the unit as far as the types of its columns go; user: wherever it names a person."""
    filled = [field for field in model._meta.local_concrete_fields if not (field.null or field.generated)]
    given = {
        field.attname: _value(field, user) for field in filled if not isinstance(field, models.AutoField)
    }
    given[tenants()[model]] = unit.pk
    return model(**given | BESIDES.get(model._meta.db_table, lambda _user: {})(user))


def _value(field: models.Field[Any, Any], user: User) -> Any:
    number = next(numbers)
    if isinstance(field, models.ForeignKey):
        return user.pk if field.related_model is User and not field.unique else -number
    if field.has_default():
        return field.get_default()
    if field.choices:
        return next(iter(dict(field.flatchoices)))
    for kinds, value in (
        ((models.DateTimeField,), timezone.now()),
        ((models.DateField,), date(2026, 1, 1) + timedelta(days=number)),
        ((models.CharField, models.TextField, models.FileField), f"x{number}"[: field.max_length]),
        ((models.BooleanField,), False),
        ((models.BinaryField,), b"x"),
        ((models.JSONField,), {}),
        ((models.IntegerField, models.DecimalField), number % 30_000),
    ):
        if isinstance(field, kinds):
            return value
    raise AssertionError(f"{field}: say here what stands in a column of this type")


def put(model: type[models.Model], unit: Unit, user: User) -> None:
    model._base_manager.bulk_create([row_of(model, unit, user)])


def refused(do: Callable[[], Any]) -> bool:
    """Whether the database refuses it for whose row it is; what it does otherwise is taken back."""
    try:
        with transaction.atomic():
            do()
            transaction.set_rollback(True)
    except DatabaseError as error:
        assert any(words in str(error) for words in REFUSED.split("|")), error
        return True
    return False


def touched(sql: str, *values: Any) -> int:
    """How many rows a statement touches, taken back; none where the role may not run it at all."""
    found = 0

    def run() -> None:
        nonlocal found
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            found = cursor.rowcount

    return 0 if refused(run) else found


@pytest.fixture
def towns(db: None) -> tuple[Any, Any]:
    apply(SYSTEM)
    towns = township("T01"), township("T02", name="柳河镇")
    for town in towns:
        start_year(town.act("chair", at("2026-08-10")), year=2027, **PLAN)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS entry_leaf IMMEDIATE; SET CONSTRAINTS entry_leaf DEFERRED")
    return towns


def at_home_in(unit: Unit, user: User) -> Context:
    return of_units((unit.pk,), writes=(unit.pk,), user=user.pk)


def test_in_one_townships_context_no_table_shows_changes_or_takes_anothers_rows(towns):
    (own, other), wrong = (town.unit for town in towns), []
    mine, theirs = (town.of("clerk") for town in towns)
    assert len(tenants()) > 60
    for model, column in tenants().items():
        table = model._meta.db_table
        written = table not in WRITTEN_BELOW
        seen = f"SELECT 1 FROM {table} WHERE {column} = %s"
        with transaction.atomic():
            apply(SYSTEM)
            for unit, user in ((own, mine), (other, theirs)) if written else ():
                put(model, unit, user)
            apply(at_home_in(other, theirs))
            found = {"at home it is seen": touched(seen, other.pk) > 0}
            apply(at_home_in(own, mine))
            found |= {
                "seen": touched(seen, other.pk) == 0,
                "changed": touched(f"UPDATE {table} SET {column} = {column} WHERE {column} = %s", other.pk)
                == 0,
                "removed": touched(f"DELETE FROM {table} WHERE {column} = %s", other.pk) == 0,
                "taken in": not written or refused(lambda model=model: put(model, other, mine)),
                "given away": touched(
                    f"UPDATE {table} SET {column} = %s WHERE {column} = %s", other.pk, own.pk
                )
                == 0,
            }
            wrong += [f"{table}: {what}" for what, held in found.items() if not held]
            transaction.set_rollback(True)
    assert wrong == []
