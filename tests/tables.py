"""Which tables there are, and what of the isolation each of them is under."""

from __future__ import annotations

from django.apps import apps
from django.db import connection, models

from workflow.people.isolation import OPEN, all_tables


def unscoped_tables() -> list[str]:
    """Tables with policies that an office limited to a part of the work reads whole, as far as they show it anything."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_policies WHERE policyname = 'scope'")
        narrowed = {row[0] for row in cursor.fetchall()}
    return sorted(set(all_tables()) - narrowed - set(OPEN))


def tenant_tables() -> list[str]:
    """Tables that carry a unit (`unit`) or a tenant (`tenant`), the tree of units itself left out."""

    def carries_unit(model: type[models.Model]) -> bool:
        return any(
            field.name in {"unit", "tenant"}
            and field.is_relation
            and getattr(field.related_model, "__name__", "") == "Unit"
            for field in model._meta.local_fields
        )

    return [m._meta.db_table for m in apps.get_models() if m.__name__ != "Unit" and carries_unit(m)]
