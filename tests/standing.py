"""What a test stands on: built through the services once in a worker's database, then put back row by row.

A test's transaction is rolled back and its sequences are not, so rows may come back with the ids they had. They come
back without their triggers and foreign keys, which were held to all of them when they were built; only a superuser may
do that, so on a server of others everything is built as ever.
"""

from __future__ import annotations

import functools
import json
import pickle
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

import psycopg
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.models import Model
from psycopg import sql

Made = TypeVar("Made")
Given = ParamSpec("Given")
Rows = dict[str, dict[str, str]]  # table → primary key as text → row as JSON
# What is put back waits in the database itself: sending it anew for every test would cost more than putting it back.
PUT_BACK = """
CREATE SCHEMA standing;
GRANT USAGE ON SCHEMA standing TO PUBLIC;
CREATE TABLE standing.kept (number int, step int, statement text, rows text);
CREATE FUNCTION standing.put_back(wanted int) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET session_replication_role = replica AS $$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT statement, rows FROM standing.kept WHERE number = wanted ORDER BY step LOOP
        EXECUTE one.statement USING one.rows;
    END LOOP;
END $$
"""


@dataclass(frozen=True)
class Kept:
    """The number of the rows to put back, and what the builder returned, pickled: each test gets its own."""

    number: int
    made: bytes


_kept: dict[tuple[Hashable, ...], Kept] = {}
_last: tuple[str, int, tuple[Hashable, ...]] = ("", 0, ())
_seen: tuple[tuple[Hashable, ...], Rows] = ((), {})
_keeper: psycopg.Connection[Any] | None = None


@contextmanager
def kept_in(database: str) -> Iterator[None]:
    """Keep in a worker's own database what its tests stand on, as long as they run."""
    global _keeper
    if settings.CLUSTER is None:
        yield
        return
    with settings.CLUSTER.superuser(database) as _keeper:
        _keeper.execute(PUT_BACK)
        yield


def _database() -> str:
    return str(connection.settings_dict["NAME"])


def standing(key: Hashable, build: Callable[[], Made]) -> Made:
    """What `build` makes, built for real the first time and put back afterwards.

    key: names what is built with everything it depends on. It stands on what stood last, as long as nothing else was
    written in between; otherwise, where commits are real and in a database of a test's own, it is built as ever.
    `build` may write rows and nothing else: what it keeps in a file or changes of what it was given does not come back.
    """
    global _last, _seen
    if not connection.in_atomic_block or _keeper is None or _keeper.info.dbname != _database():
        return build()
    transaction, written = _written()
    if transaction and (transaction, written) != _last[:2]:
        return build()
    chain = (*_last[2], key) if transaction else (_database(), key)
    if chain in _kept:
        with connection.cursor() as cursor:
            cursor.execute("SELECT standing.put_back(%s)", [_kept[chain].number])
    else:
        before = _rows() if not transaction or _seen[0] != chain[:-1] else _seen[1]
        made = build()
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        _kept[chain] = Kept(len(_kept), pickle.dumps(made))
        _seen = (chain, _rows())
        _keep(_keeper, _kept[chain].number, _steps(before, _seen[1]))
    _last = (*_written(), chain)
    return pickle.loads(_kept[chain].made)  # type: ignore[no-any-return]


def _keep(keeper: psycopg.Connection[Any], number: int, steps: list[tuple[sql.Composed, str]]) -> None:
    with keeper.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO standing.kept VALUES (%s, %s, %s, %s)",
            [(number, step, said.as_string(None), rows) for step, (said, rows) in enumerate(steps)],
        )


def stands(step: Callable[Given, Made]) -> Callable[Given, Made]:
    """A builder whose rows `standing` keeps, told apart by what its arguments look like; records among them are read anew.

    What it changes of its other arguments does not come back.
    """

    @functools.wraps(step)
    def kept(*args: Given.args, **kwargs: Given.kwargs) -> Made:
        made = standing(f"{step.__qualname__} {args} {kwargs}", lambda: step(*args, **kwargs))
        for given in (*args, *kwargs.values()):
            if isinstance(given, Model):
                given.refresh_from_db()
        return made

    return kept


def _written() -> tuple[str, int]:
    """The transaction, empty while it has written nothing, and a count of written rows that only grows within it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(pg_current_xact_id_if_assigned()::text, ''),"
            # What the view pg_stat_xact_user_tables adds up, without its joins: asked several times a test.
            " (SELECT sum(pg_stat_get_xact_tuples_inserted(oid) + pg_stat_get_xact_tuples_updated(oid)"
            "  + pg_stat_get_xact_tuples_deleted(oid))::bigint FROM pg_class"
            "  WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace)"
        )
        transaction, written = cursor.fetchone()
    return transaction, written


@functools.cache
def _tables() -> dict[str, str]:
    """Every table with its primary key."""
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]
    return {model._meta.db_table: model._meta.pk.column for model in models}


def _rows() -> Rows:
    asked = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {}, {}::text, to_json(one)::text FROM {} one").format(
            sql.Literal(table), sql.Identifier("one", key), sql.Identifier(table)
        )
        for table, key in _tables().items()
    )
    found: Rows = {table: {} for table in _tables()}
    with connection.cursor() as cursor:
        cursor.execute(asked)
        for table, key, row in cursor.fetchall():
            found[table][key] = row
    return found


def _steps(before: Rows, after: Rows) -> list[tuple[sql.Composed, str]]:
    gone: list[tuple[sql.Composed, str]] = []
    changed, new = [], []
    for table, key in _tables().items():
        was, now = before[table], after[table]
        names = {"table": sql.Identifier(table), "key": sql.Identifier(key), **_columns(table)}
        if left := [pk for pk in was if pk not in now]:
            statement = sql.SQL(
                "DELETE FROM {table} WHERE {key}::text IN (SELECT json_array_elements_text($1::json))"
            )
            gone.append((statement.format(**names), json.dumps(left)))
        if other := [row for pk, row in now.items() if pk in was and was[pk] != row]:
            statement = sql.SQL(
                "UPDATE {table} was SET ({columns}) = ROW ({given})"
                " FROM json_populate_recordset(NULL::{table}, $1::json) given WHERE was.{key} = given.{key}"
            )
            changed.append((statement.format(**names), f"[{','.join(other)}]"))
        if more := [row for pk, row in now.items() if pk not in was]:
            statement = sql.SQL(
                "INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE"
                " SELECT {columns} FROM json_populate_recordset(NULL::{table}, $1::json)"
            )
            new.append((statement.format(**names), f"[{','.join(more)}]"))
    return gone + changed + new


@functools.cache
def _columns(table: str) -> dict[str, sql.Composed]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''",
            [table],
        )
        names = [name for (name,) in cursor.fetchall()]
    return {
        "columns": sql.SQL(", ").join(map(sql.Identifier, names)),
        "given": sql.SQL(", ").join(sql.Identifier("given", name) for name in names),
    }
