"""Statements whose shape never changes, put into SQL once per process; only their values change from call to call.

Measured on the completion of a task: Django takes longer to write such a statement than PostgreSQL to answer it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.db import connection, models
from django.db.models.query import get_related_populators
from django.db.models.sql import UpdateQuery

Row = TypeVar("Row", bound=models.Model)


class _Statement:
    """A statement compiled at its first use.

    build: makes it from the stand-ins, inside a transaction where it locks. stand_ins: for each value that will be
    given, one of its type that is nowhere else in the statement; values go to the database as they are given.
    """

    def __init__(self, build: Callable[..., Any], **stand_ins: Any) -> None:
        self._build, self._stand_ins = build, stand_ins
        self._statement: tuple[str, list[Any], Any] | None = None

    def _query(self, built: Any) -> Any:
        """The query of what `build` has made."""
        raise NotImplementedError

    def _run(self, values: dict[str, Any], answer: Callable[[Any, Any], Any]) -> Any:
        """Execute the statement with these values; `answer` is handed its cursor and its compiler."""
        if values.keys() != self._stand_ins.keys():
            raise TypeError(f"a prepared statement takes {', '.join(self._stand_ins)}")
        sql, params, compiler = self._statement or self._compiled()
        given = {stand_in: values[name] for name, stand_in in self._stand_ins.items()}
        with connection.cursor() as cursor:
            cursor.execute(sql, [given.get(param, param) for param in params])
            return answer(cursor, compiler)

    def _compiled(self) -> tuple[str, list[Any], Any]:
        compiler = self._query(self._build(**self._stand_ins)).get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        if missing := [name for name, stand_in in self._stand_ins.items() if stand_in not in params]:
            raise TypeError(f"a prepared statement does not ask for {', '.join(missing)}")
        self._statement = sql, list(params), compiler
        return self._statement


class Prepared(_Statement, Generic[Row]):
    """A read: `build` makes its queryset."""

    def __init__(self, build: Callable[..., models.QuerySet[Row]], **stand_ins: Any) -> None:
        super().__init__(build, **stand_ins)

    def _query(self, built: models.QuerySet[Row]) -> Any:
        return built.query

    def first(self, **values: Any) -> Row | None:
        """The first row the statement finds, with what it joins; None where there is none."""
        return next(iter(self.every(**values)), None)

    def every(self, **values: Any) -> list[Row]:
        """All the rows the statement finds, in its order."""
        return self._run(
            values, lambda cursor, compiler: [_instance(compiler, row) for row in cursor.fetchall()]
        )


class PreparedUpdate(_Statement):
    """An update: `build` makes the queryset of its rows, and what each field is set to."""

    def _query(self, built: tuple[models.QuerySet[Any], dict[str, Any]]) -> Any:
        rows, changes = built
        query: Any = rows.query.chain(UpdateQuery)
        query.add_update_values(changes)
        return query

    def apply(self, **values: Any) -> int:
        """Change the rows; how many."""
        return self._run(values, lambda cursor, _compiler: cursor.rowcount)


def _instance(compiler: Any, found: Any) -> Any:
    """One row as a model instance with its joined ones, as a queryset makes it."""
    info, select = compiler.klass_info, compiler.select
    first, last = info["select_fields"][0], info["select_fields"][-1] + 1
    names = [column[0].target.attname for column in select[first:last]]
    (row,) = compiler.results_iter([[found]])
    instance = info["model"].from_db(connection.alias, names, row[first:last])
    for populator in get_related_populators(info, select, connection.alias):  # type: ignore[call-arg]
        populator.populate(row, instance)
    return instance
