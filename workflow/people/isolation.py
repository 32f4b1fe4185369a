"""Row-level security: who a transaction speaks for, and the policy every table with a unit carries.

A context is five transaction-local settings, read by the policies in the database:
`piaojue.mode` (unit | public | system), `piaojue.units` (ids that may be read), `piaojue.writes` (ids that may be
written), `piaojue.user` (own grants are always readable) and `piaojue.scope` (what of those units an office limited to a
part of the work may read; empty: no such limit). Outside a context nothing is seen. (integrity.md §3)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection, migrations, models, transaction

SETTINGS = ("mode", "units", "writes", "user", "scope")


@dataclass(frozen=True)
class Context:
    """What the database lets a transaction see. units, writes: unit ids; user: a user id or None.

    scope: the parts of the work that may be read, as `NarrowPolicy` names them; empty for all of it.
    """

    mode: str
    units: tuple[int, ...] = ()
    writes: tuple[int, ...] = ()
    user: int | None = None
    scope: tuple[str, ...] = ()

    def values(self) -> tuple[str, str, str, str, str]:
        return (
            self.mode,
            _array(self.units),
            _array(self.writes),
            "" if self.user is None else str(self.user),
            _array(self.scope) if self.scope else "",
        )


SYSTEM = Context("system")
PUBLIC = Context("public")


def of_units(
    units: Iterable[int], *, writes: Iterable[int] = (), user: int | None = None, scope: Iterable[str] = ()
) -> Context:
    """The context of somebody who may read `units`, of them `scope` alone where it names anything, and write `writes`."""
    return Context("unit", tuple(sorted(units)), tuple(sorted(writes)), user, tuple(scope))


def _array(values: Iterable[int | str]) -> str:
    return "{" + ",".join(map(str, values)) + "}"


SET = "SELECT " + ", ".join(f"set_config('piaojue.{name}', %s, true)" for name in SETTINGS)
_GET = "SELECT " + ", ".join(f"coalesce(current_setting('piaojue.{name}', true), '')" for name in SETTINGS)


def apply(context: Context) -> None:
    """Set the context for the rest of this transaction. Needs one: a setting outside it would vanish unseen."""
    if not connection.in_atomic_block:
        raise RuntimeError("a row-level-security context needs a transaction")
    with connection.cursor() as cursor:
        cursor.execute(SET, context.values())


@contextmanager
def within(context: Context) -> Iterator[None]:
    """Run a block in `context`, in a transaction; a context around it is put back afterwards."""
    nested = connection.in_atomic_block
    with transaction.atomic():
        outer = _current() if nested else None
        apply(context)
        yield
        if outer is not None:
            with connection.cursor() as cursor:
                cursor.execute(SET, outer)


def _current() -> tuple[str, ...]:
    with connection.cursor() as cursor:
        cursor.execute(_GET)
        return tuple(cursor.fetchone())


# A setting stands in a subquery of its own: worked out once a statement. Bare, its text is read again at every row.
_MODE = "(SELECT current_setting('piaojue.mode', true))"
_SYSTEM = f"{_MODE} = 'system'"


def _among(column: str, setting: str) -> str:
    """SQL: whether a column names one of the units of a setting."""
    array = f"nullif(current_setting('piaojue.{setting}', true), '')::bigint[]"
    if setting == "units":  # a province's thousands: looked up in a hash, not one after the other
        return f"{column} IN (SELECT unnest({array}))"
    return f"{column} = ANY ((SELECT {array})::bigint[])"


class ForcePolicy(migrations.operations.base.Operation):
    """Give a model's table its forced policies.

    column: the column with the tenant's id. public: an SQL condition under which anybody may read a row.
    write: "writes" (only units the context may write) or "units" (whoever may read may add: notes of the county).
    own: a column with a user id whose rows that user may always read.
    """

    reversible = True

    def __init__(
        self, model: str, column: str = "unit_id", *, public: str = "", write: str = "writes", own: str = ""
    ) -> None:
        self.model, self.column, self.public, self.write, self.own = model, column, public, write, own

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        kwargs = {"column": self.column, "public": self.public, "write": self.write, "own": self.own}
        return (self.__class__.__name__, [self.model], kwargs)

    def state_forwards(self, app_label: str, state: Any) -> None:
        return None

    def _table(self, app_label: str, state: Any) -> str:
        return state.apps.get_model(app_label, self.model)._meta.db_table

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        for statement in policy_sql(
            self._table(app_label, to_state), self.column, public=self.public, write=self.write, own=self.own
        ):
            schema_editor.execute(statement)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        table = self._table(app_label, from_state)
        for name in ("reads", "adds", "edits", "removes"):
            schema_editor.execute(f'DROP POLICY {name} ON "{table}"')
        schema_editor.execute(f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY')
        schema_editor.execute(f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY')

    def describe(self) -> str:
        return f"Row-level security on {self.model}"


def policy_sql(
    table: str, column: str, *, public: str = "", write: str = "writes", own: str = ""
) -> list[str]:
    """The statements that put `table` behind row-level security, forced for its owner too."""
    reads = [_SYSTEM, _among(column, "units")]
    if public:
        reads.append(f"({_MODE} = 'public' AND ({public}))")
    if own:
        reads.append(f"{own} = (SELECT nullif(current_setting('piaojue.user', true), '')::bigint)")
    readable, writable = " OR ".join(reads), f"{_SYSTEM} OR {_among(column, write)}"
    return [
        f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
        f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY',
        f'CREATE POLICY reads ON "{table}" FOR SELECT USING ({readable})',
        f'CREATE POLICY adds ON "{table}" FOR INSERT WITH CHECK ({writable})',
        f'CREATE POLICY edits ON "{table}" FOR UPDATE USING ({writable}) WITH CHECK ({writable})',
        f'CREATE POLICY removes ON "{table}" FOR DELETE USING ({writable})',
    ]


class NarrowPolicy(migrations.operations.base.Operation):
    """Let an office limited to a part of the work read only the rows of a model that are in its scope.

    condition: SQL over the row, of `in_scope(...)` and `whole_scope()`; anybody without a limit reads as before. The
    policy is a restrictive one: it takes away from what the others show and never adds.
    """

    reversible = True

    def __init__(self, model: str, condition: str) -> None:
        self.model, self.condition = model, condition

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (self.__class__.__name__, [self.model, self.condition], {})

    def state_forwards(self, app_label: str, state: Any) -> None:
        return None

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        table = to_state.apps.get_model(app_label, self.model)._meta.db_table
        # CASE, so that nobody without a limit pays for the condition.
        schema_editor.execute(
            f'CREATE POLICY scope ON "{table}" AS RESTRICTIVE FOR SELECT USING '
            f"(CASE WHEN {_LIMIT} IS NULL THEN true ELSE ({self.condition}) END)"
        )

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        table = from_state.apps.get_model(app_label, self.model)._meta.db_table
        schema_editor.execute(f'DROP POLICY scope ON "{table}"')

    def describe(self) -> str:
        return f"What of {self.model} an office limited to a part of the work reads"


_LIMIT = "(SELECT nullif(current_setting('piaojue.scope', true), ''))"
_PARTS = "(SELECT nullif(current_setting('piaojue.scope', true), '')::text[])"
EVERYTHING = ("1", "2", "3", "4", "5", "6")  # whoever may read all six steps may read what belongs to none


def in_scope(*wanted: str) -> str:
    """SQL: whether the limit names one of these. wanted: SQL expressions of type text, null for none."""
    return f"{_PARTS} && ARRAY[{', '.join(wanted)}]::text[]"


def whole_scope() -> str:
    """SQL: whether the limit leaves nothing of the six steps out."""
    return f"{_PARTS} @> ARRAY{list(EVERYTHING)}::text[]"


# What a policy's condition is made of as the database tells it.
_SETTING = r"current_setting\('piaojue\.\w+'::text, true\)"
_TEXT = rf"NULLIF\({_SETTING}, ''::text\)"
_CAST = rf"\({_TEXT}\)::\w+(?:\[\])?"
_UNITS = re.compile(
    r"(?<![.\w])(unit_id|tenant_id) = ANY "
    r"\((\(NULLIF\(current_setting\('piaojue\.units'::text, true\), ''::text\)\)::bigint\[\])\)"
)
_BARE = re.compile(rf"(SELECT (?:unnest\()?)?(?:({_CAST})|({_TEXT})|({_SETTING}))")


def worked_out_once(condition: str) -> str:
    """A policy's condition, as the database tells it, with every setting in a subquery of its own.

    Unchanged where every one is already: what `_among` and its neighbours make needs nothing.
    """

    def once(found: re.Match[str]) -> str:
        ready, cast, *_rest = found.groups()
        if ready:
            return found[0]
        # With the cast outside too, = ANY takes it for the array that it is, not for rows.
        return f"(SELECT {cast})::{cast.rpartition('::')[2]}" if cast else f"(SELECT {found[0]})"

    return _BARE.sub(once, _UNITS.sub(r"\1 IN (SELECT unnest(\2))", condition))


def work_out_once(apps: Any, schema_editor: Any) -> None:
    """Write every policy of the database anew whose settings are read at every row; for `RunPython`."""
    for table, name, using, check in policies():
        parts = [
            f"{word} ({worked_out_once(condition)})"
            for word, condition in (("USING", using), ("WITH CHECK", check))
            if condition
        ]
        if any(condition and worked_out_once(condition) != condition for condition in (using, check)):
            schema_editor.execute(f'ALTER POLICY "{name}" ON "{table}" {" ".join(parts)}')


def policies() -> list[tuple[str, str, str | None, str | None]]:
    """Every policy of the connected database: its table, its name, which rows are seen, which may be written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename, policyname, qual, with_check FROM pg_policies WHERE schemaname = 'public'"
            " ORDER BY tablename, policyname"
        )
        return list(cursor.fetchall())


def unscoped_tables() -> list[str]:
    """Tables of models with a tenant that an office limited to a part of the work reads whole."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_policies WHERE policyname = 'scope'")
        narrowed = {row[0] for row in cursor.fetchall()}
    return sorted(set(tenant_tables()) - narrowed)


def unprotected_tables() -> list[str]:
    """Tables of models with a tenant that have no forced policy in the connected database; empty means sound."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relforcerowsecurity")
        open_tables = {row[0] for row in cursor.fetchall()}
    return sorted(table for table in tenant_tables() if table in open_tables)


def tenant_tables() -> list[str]:
    """Tables that carry a unit (`unit`) or a tenant (`tenant`), the tree of units itself left out."""
    from django.apps import apps

    def carries_unit(model: type[models.Model]) -> bool:
        return any(
            field.name in {"unit", "tenant"}
            and field.is_relation
            and getattr(field.related_model, "__name__", "") == "Unit"
            for field in model._meta.local_fields
        )

    return [m._meta.db_table for m in apps.get_models() if m.__name__ != "Unit" and carries_unit(m)]
