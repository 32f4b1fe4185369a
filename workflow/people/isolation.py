"""Row-level security: who a transaction speaks for, and the policies every table carries, or why it has none (OPEN).

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

from django.db import connection, migrations, transaction

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
_EXCHANGE = f"{_GET}, {SET.removeprefix('SELECT ')}"


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
        outer = _exchanged(context) if nested else None
        if outer is None:
            apply(context)
        yield
        if outer is not None:
            with connection.cursor() as cursor:
                cursor.execute(SET, outer)


@contextmanager
def unlimited(limited: bool) -> Iterator[None]:
    """Take off for a block what limits somebody to a part of the work, where anything does.

    Who may act has been checked by then, and what an act opens may lie outside the part its office reads.
    """
    if not limited:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('piaojue.scope', true), set_config('piaojue.scope', '', true)")
        outer = cursor.fetchone()[0]
        yield
        cursor.execute("SELECT set_config('piaojue.scope', %s, true)", [outer or ""])


def _exchanged(context: Context) -> tuple[str, ...]:
    """What the settings were before they are these; one statement, which works out one after the other."""
    with connection.cursor() as cursor:
        cursor.execute(_EXCHANGE, context.values())
        return tuple(cursor.fetchone()[: len(SETTINGS)])


# A setting stands in a subquery of its own: worked out once a statement. Bare, its text is read again at every row.
_MODE = "(SELECT current_setting('piaojue.mode', true))"
_SYSTEM = f"{_MODE} = 'system'"


def among(column: str, setting: str) -> str:
    """SQL: whether a column names one of the units of a setting."""
    array = f"nullif(current_setting('piaojue.{setting}', true), '')::bigint[]"
    if setting == "units":  # a province's thousands: looked up in a hash, not one after the other
        return f"{column} IN (SELECT unnest({array}))"
    return f"{column} = ANY ((SELECT {array})::bigint[])"


def mine(column: str) -> str:
    """SQL: whether a column names whoever the transaction speaks for."""
    return f"{column} = (SELECT nullif(current_setting('piaojue.user', true), '')::bigint)"


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
        for statement in open_sql(self._table(app_label, from_state)):
            schema_editor.execute(statement)

    def describe(self) -> str:
        return f"Row-level security on {self.model}"


def policy_sql(
    table: str, column: str, *, public: str = "", write: str = "writes", own: str = ""
) -> list[str]:
    """The statements that put `table` behind row-level security, forced for its owner too."""
    reads = [among(column, "units")]
    if public:
        reads.append(f"({_MODE} = 'public' AND ({public}))")
    if own:
        reads.append(mine(own))
    return force_sql(table, " OR ".join(reads), among(column, write))


def force_sql(table: str, reads: str, writes: str) -> list[str]:
    """The same for any table, by SQL over its rows; the system reads and writes all of them."""
    readable, writable = (f"{_SYSTEM} OR {condition}" for condition in (reads, writes))
    return [
        f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
        f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY',
        f'CREATE POLICY reads ON "{table}" FOR SELECT USING ({readable})',
        f'CREATE POLICY adds ON "{table}" FOR INSERT WITH CHECK ({writable})',
        f'CREATE POLICY edits ON "{table}" FOR UPDATE USING ({writable}) WITH CHECK ({writable})',
        f'CREATE POLICY removes ON "{table}" FOR DELETE USING ({writable})',
    ]


def open_sql(table: str) -> list[str]:
    """What takes `force_sql` back."""
    return [
        *(f'DROP POLICY {name} ON "{table}"' for name in ("reads", "adds", "edits", "removes")),
        f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY',
        f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY',
    ]


class ForceTable(migrations.operations.base.Operation):
    """Give a table without a unit of its own its forced policies: a person's, a relation's, a library's.

    reads, writes: SQL over the row, under which a context may read or write it; the system always may.
    """

    reversible = True

    def __init__(self, table: str, *, reads: str, writes: str) -> None:
        self.table, self.reads, self.writes = table, reads, writes

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (self.__class__.__name__, [self.table], {"reads": self.reads, "writes": self.writes})

    def state_forwards(self, app_label: str, state: Any) -> None:
        return None

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        for statement in force_sql(self.table, self.reads, self.writes):
            schema_editor.execute(statement)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        for statement in open_sql(self.table):
            schema_editor.execute(statement)

    def describe(self) -> str:
        return f"Row-level security on {self.table}"


def of_a_person(table: str) -> ForceTable:
    """A table of what somebody keeps: that person's alone."""
    return ForceTable(table, reads=mine("user_id"), writes=mine("user_id"))


def of_a_whole(table: str, column: str, whole: str) -> ForceTable:
    """A relation's table: read by whoever reads the row it belongs to, written by whoever may write that row's unit.

    column: names that row, by its primary key; whole: its table, which has a unit.
    """
    found = f'EXISTS (SELECT 1 FROM "{whole}" w WHERE w.id = "{table}".{column}'  # noqa: S608
    return ForceTable(table, reads=f"{found})", writes=f"{found} AND {among('w.unit_id', 'writes')})")


class NarrowPolicy(migrations.operations.base.Operation):
    """Let an office limited to a part of the work meet only the rows of a model that are in its scope.

    condition: SQL over the row, of `in_scope(...)` and `whole_scope()`; for anybody without a limit all is as before.
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
        for statement in narrow_sql(table, self.condition):
            schema_editor.execute(statement)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        for statement in widen_sql(from_state.apps.get_model(app_label, self.model)._meta.db_table):
            schema_editor.execute(statement)

    def describe(self) -> str:
        return f"What of {self.model} an office limited to a part of the work reads"


# A statement that names no column of a row changes it without reading it, so that a limit on reading is none on that.
SCOPES = {"scope": "SELECT", "scope_edits": "UPDATE", "scope_removes": "DELETE"}


def narrow_sql(table: str, condition: str) -> list[str]:
    """The statements that narrow `table`; the policies are restrictive: they take away from what the others show.

    What the condition asks of other tables goes into a function (`question_sql`).
    """
    apart = []
    if "EXISTS" in condition:
        name = f"{table}_in_scope"
        asked = f'(SELECT {condition} FROM (SELECT (given).*) AS "{table}")'  # noqa: S608
        apart, condition = [question_sql(name, f'given "{table}"', asked)], f'{name}("{table}")'
    # CASE, so that nobody without a limit pays for the condition.
    using = f"(CASE WHEN {_LIMIT} IS NULL THEN true ELSE ({condition}) END)"
    return apart + [
        f'CREATE POLICY {name} ON "{table}" AS RESTRICTIVE FOR {what} USING {using}'
        for name, what in SCOPES.items()
    ]


def widen_sql(table: str) -> list[str]:
    """What takes `narrow_sql` back."""
    policies = [f'DROP POLICY {name} ON "{table}"' for name in SCOPES]
    return [*policies, f'DROP FUNCTION IF EXISTS {table}_in_scope("{table}")']


def question_sql(name: str, of: str, condition: str) -> str:
    """A question a policy asks of other tables, as a function; asked in the caller's own context, like the policy.

    of: its arguments. A question written into the policy is planned, with the policies of what it asks about, for every
    statement that so much as names the table: three quarters of the time of a short one. A function's plan is kept; a
    column renamed is not followed there.
    """
    # A table of a session's own would otherwise stand before the one meant.
    return (
        f"CREATE FUNCTION {name}({of}) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE "
        f"SET search_path = public, pg_temp AS $question$ BEGIN RETURN {condition}; END $question$"
    )


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

    Unchanged where every one is already: what `among` and its neighbours make needs nothing.
    """

    def once(found: re.Match[str]) -> str:
        ready, cast, *_rest = found.groups()
        if ready:
            return found[0]
        # With the cast outside too, = ANY takes it for the array that it is, not for rows.
        return f"(SELECT {cast})::{cast.rpartition('::')[2]}" if cast else f"(SELECT {found[0]})"

    return _BARE.sub(once, _UNITS.sub(r"\1 IN (SELECT unnest(\2))", condition))


# Whose rows are added one at a time: to plan a subquery costs such a statement more than to read a setting.
ONE_AT_A_TIME = (("workflow_entry", "adds"),)


def read_at_each_row(table: str, name: str) -> str:
    """SQL that has a policy of ONE_AT_A_TIME read its settings where it stands; for a table `ForcePolicy` has bound."""
    units = "nullif(current_setting('piaojue.units', true), '')::bigint[]"
    condition = f"current_setting('piaojue.mode', true) = 'system' OR unit_id = ANY ({units})"
    return f'ALTER POLICY {name} ON "{table}" WITH CHECK ({condition})'


def work_out_once(apps: Any, schema_editor: Any) -> None:
    """Write every policy of the database anew whose settings are read at every row, but for ONE_AT_A_TIME; for `RunPython`."""
    for table, name, using, check in policies():
        if (table, name) in ONE_AT_A_TIME:
            continue
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


# Why a table has no policy: whoever connects as the run-time role reads and writes it in every context.
OPEN = {
    "auth_permission": "the names of rights, the same in every installation; nothing in the site asks for one",
    "axes_accessattempt": "wrong passwords are counted before anybody is known; it names no unit",
    "axes_accessattemptexpiration": "as axes_accessattempt",
    "axes_accessfailurelog": "as axes_accessattempt; not written here",
    "axes_accesslog": "as axes_accessattempt; not written here",
    "django_content_type": "the names of models, the same in every installation",
    "django_migrations": "which migrations have run; of no unit",
    "django_session": "read by its secret key before it is known who asks; what is in it is signed, and names no unit",
    "workflow_user": "a person belongs to no unit, offices do: whoever signs in is read and noted before it is known"
    " for whom the request speaks, and names stand beside every act, in public too",
}


def unprotected_tables() -> list[str]:
    """Tables of the connected database without forced policies and without a reason above; empty means sound."""
    return sorted(table for table, forced in all_tables().items() if not forced and table not in OPEN)


def all_tables() -> dict[str, bool]:
    """Every table of the connected database, whosever it is, and whether its policies hold for its owner too."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, relrowsecurity AND relforcerowsecurity FROM pg_class"
            " WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
        )
        return dict(cursor.fetchall())


def powers_of_the_role() -> list[str]:
    """What of the connected role lets it pass by the policies, or take them away; empty means it is bound by them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper, rolbypassrls, EXISTS (SELECT FROM pg_class WHERE relkind IN ('r', 'p')"
            " AND relnamespace = 'public'::regnamespace AND pg_has_role(relowner, 'MEMBER'))"
            " OR EXISTS (SELECT FROM pg_proc"
            " WHERE pronamespace = 'public'::regnamespace AND pg_has_role(proowner, 'MEMBER'))"
            " FROM pg_roles WHERE rolname = current_user"
        )
        superuser, bypasses, owns = cursor.fetchone()
    told = {
        "is a superuser": superuser,
        "may pass by row-level security": bypasses,
        "owns the tables": owns and not superuser,
    }
    return [power for power, has in told.items() if has]
