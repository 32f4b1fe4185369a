"""Past every page: as the run-time role in somebody else's context, a township's rows are not there.

For every table of the database, the libraries' too: a row of each township is put in by the system's context, filled by
the types of its columns alone; what is tested is the policy, not the record. Constraints between tables are never
checked, for everything is taken back.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, time, timedelta
from itertools import count
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction
from django.utils import timezone
from viewflow.workflow.models import Process

from projects.lifecycle.intake import start_year
from projects.oversight.flows import NoteFlow
from tests.builders import at, township
from tests.projects.oversight.county_world import leader_of
from tests.tenancy.world import tenants
from workflow.people.isolation import OPEN, PUBLIC, SYSTEM, Context, all_tables, apply, of_units, policies
from workflow.people.models import Unit, User
from workflow.roles import registry
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import context_of

pytestmark = pytest.mark.django_db

PLAN = {"opens_on": date(2026, 9, 1), "planned_t": date(2027, 1, 20), "planned_t2": date(2028, 1, 18)}
REFUSED = r"row-level security|permission denied"
# Written by the database's own functions alone, and found there already.
WRITTEN_BELOW = {"workflow_leaf", "workflow_head"}
# What a person keeps, and what is of nobody: only the system writes it.
OF_A_PERSON = {"notifications_preference", "otp_totp_totpdevice", "workflow_calendarfeed"}
OF_NOBODY = {
    "auth_group", "auth_group_permissions", "workflow_signingkey", "workflow_stampfailure", "workflow_user_groups",
    "workflow_user_user_permissions",
}  # fmt: skip
# Printed for everybody: the tree of units, the keys heads are checked with, the days the time-stamp server did not answer.
SHOWN_TO_ALL = {"workflow_signingkey", "workflow_stampfailure", "workflow_unit"}
# Of these anybody reads every row; of others the public reads what is published, which no new row is.
PUBLISHED = {
    "projects_cyclesession", "projects_notice", "projects_notice_items", "projects_progress", "projects_project",
    "projects_rulebook", "projects_session", "projects_term", "workflow_cosignature", "workflow_stamp",
    "workflow_treehead", "workflow_unitchange",
}  # fmt: skip
# What a check of the table asks for and its columns' types do not say.
BESIDES: dict[str, Callable[[User], dict[str, Any]]] = {
    "notifications_delivery": lambda user: {"recipient_id": user.pk},
    "workflow_entry": lambda _user: {"body": '{"action": "x", "subject": "y"}'},
    "projects_guidance": lambda _user: {"place": ""},
    "workflow_meetingcall": lambda _user: {"called_off_because": ""},
    "viewflow_process": lambda _user: {"flow_class": NoteFlow},
    "viewflow_task": lambda _user: {"flow_task": NoteFlow.instance.note_reply, "flow_task_type": "HUMAN"},
}
numbers = count(1)


def every_model() -> dict[str, type[models.Model]]:
    """The model of every table that has policies; those of relations too, which Django makes itself."""
    found = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}
    return {table: found[table] for table in sorted(all_tables()) if table not in OPEN}


def home_of(model: type[models.Model], unit: Unit, user: User) -> dict[str, Any]:
    """The columns that say whose a row is, and what stands there for this unit or person; none for what is of nobody."""
    table = model._meta.db_table
    if table in OF_NOBODY:
        return {}
    if table in OF_A_PERSON:
        return {"user_id": user.pk}
    if table == "workflow_unit":
        return {"tenant_id": unit.pk}
    if table == "viewflow_process":
        return {"data": {"unit": unit.pk}}
    if table == "viewflow_task":
        return {"owner_permission_obj_pk": str(unit.pk), "process_id": put(Process, unit, user)}
    if whole := model._meta.auto_created:
        field = next(f for f in whole._meta.local_many_to_many if f.remote_field.through is model)
        return {field.m2m_column_name(): put(whole, unit, user)}
    return {tenants()[model]: unit.pk}


def row_of(model: type[models.Model], unit: Unit, user: User) -> models.Model:
    """A row of the unit as far as the types of its columns go; user: wherever it names a person."""
    filled = [field for field in model._meta.local_concrete_fields if not (field.null or field.generated)]
    given = {
        field.attname: _value(field, user) for field in filled if not isinstance(field, models.AutoField)
    }
    given |= home_of(model, unit, user)
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
        ((models.TimeField,), time(9)),
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


def put(model: type[models.Model], unit: Unit, user: User) -> Any:
    """Put such a row in; its primary key."""
    return _put(row_of(model, unit, user))


def _put(row: models.Model) -> Any:
    return type(row)._base_manager.bulk_create([row])[0].pk


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


def the_row(model: type[models.Model], unit: Unit, user: User) -> Any:
    """A row of the unit, by its primary key: put in, or found where the database alone writes."""
    if model._meta.db_table not in WRITTEN_BELOW:
        return put(model, unit, user)
    return model._base_manager.filter(unit_id=unit.pk).values_list("pk", flat=True)[0]


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


def contexts_of(town: Any) -> dict[str, Context]:
    """Whoever is not of the other township: of this one and its county, and who is of none."""
    unit, user = town.unit, town.of("clerk")
    leader = RoleGrant.objects.select_related("tenant").get(user=leader_of(unit.parent, "county"))
    limited = registry.acts_in(registry.office("auditor").scope)
    return {
        "another township": at_home_in(unit, user),
        "another county": context_of(leader),
        "an auditor": of_units((unit.pk,), writes=(unit.pk,), user=user.pk, scope=limited),
        "who holds no office": Context("public", user=user.pk),
        "the public": PUBLIC,
        "nobody": Context(""),
    }


def test_every_table_has_policies_for_reading_and_each_way_of_writing_or_a_reason_why_not():
    tables = all_tables()
    assert set(OPEN) <= set(tables), "a reason for a table there is not"
    assert [table for table, forced in tables.items() if not forced and table not in OPEN] == []
    assert [table for table, forced in tables.items() if forced and table in OPEN] == []
    named = {(table, name) for table, name, _using, _check in policies()}
    wanted = {(table, name) for table in every_model() for name in ("reads", "adds", "edits", "removes")}
    # Rows of the chain are never removed by anybody: no policy lets them be.
    assert wanted - named == {(table, "removes") for table in WRITTEN_BELOW}


def test_no_table_shows_changes_or_takes_in_a_townships_rows_in_anybody_elses_context(towns):
    own, other = towns
    theirs, others, wrong = other.of("clerk"), contexts_of(own), []
    for table, model in every_model().items():
        pk = model._meta.pk.column
        with transaction.atomic():
            apply(SYSTEM)
            row, another = the_row(model, other.unit, theirs), row_of(model, other.unit, theirs)
            apply(at_home_in(other.unit, theirs))
            seen = f"SELECT 1 FROM {table} WHERE {pk} = %s"
            if touched(seen, row) != (table not in OF_NOBODY - SHOWN_TO_ALL):
                wrong.append(f"{table}: at home it is seen")
            for name, context in others.items():
                apply(context)
                public = context.mode == "public" and table in PUBLISHED
                found = {
                    "seen": touched(seen, row) == (public or table in SHOWN_TO_ALL),
                    "changed": touched(f"UPDATE {table} SET {pk} = {pk} WHERE {pk} = %s", row) == 0,
                    "removed": touched(f"DELETE FROM {table} WHERE {pk} = %s", row) == 0,
                    "taken in": table in WRITTEN_BELOW or refused(lambda another=another: _put(another)),
                }
                wrong += [f"{table} to {name}: {what}" for what, held in found.items() if not held]
            transaction.set_rollback(True)
    assert wrong == []


def test_no_row_of_ones_own_is_given_to_another_township_or_person(towns):
    (own, other), wrong = towns, []
    mine, theirs = (town.of("clerk") for town in towns)
    for table, model in every_model().items():
        with transaction.atomic():
            apply(SYSTEM)
            row, given = the_row(model, own.unit, mine), home_of(model, other.unit, theirs)
            apply(at_home_in(own.unit, mine))
            for column, value in given.items():
                move = f"UPDATE {table} SET {column} = %s WHERE {model._meta.pk.column} = %s"
                to = json.dumps(value) if isinstance(value, dict) else value
                if touched(move, to, row):
                    wrong.append(table)
            transaction.set_rollback(True)
    assert wrong == []


def test_what_nobody_but_the_system_writes_is_not_written_in_ones_own_township_either(towns):
    own, wrong = towns[0], []
    for table in OF_NOBODY:
        model = every_model()[table]
        with transaction.atomic():
            row, another = (put(model, own.unit, own.of("clerk")), row_of(model, own.unit, own.of("clerk")))
            apply(at_home_in(own.unit, own.of("clerk")))
            removed = touched(f"DELETE FROM {table} WHERE id = %s", row)
            if removed or not refused(lambda another=another: _put(another)):
                wrong.append(table)
            transaction.set_rollback(True)
    assert wrong == []
