"""Reads whose shape never changes, put into SQL once per process; only their values change from call to call.

Measured on the completion of a task: Django takes longer to write such a statement than PostgreSQL to answer it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.db import connection, models
from django.db.models.query import get_related_populators

Row = TypeVar("Row", bound=models.Model)


class Prepared(Generic[Row]):
    """A queryset compiled at its first use.

    build: makes the queryset from the stand-ins, inside a transaction where it locks. stand_ins: for each value that
    will be given, one of its type that is nowhere else in the statement; values go to the database as they are given.
    """

    def __init__(self, build: Callable[..., models.QuerySet[Row]], **stand_ins: Any) -> None:
        self._build, self._stand_ins = build, stand_ins
        self._statement: tuple[str, list[Any], Any] | None = None

    def first(self, **values: Any) -> Row | None:
        """The first row the statement finds, with what it joins; None where there is none."""
        if values.keys() != self._stand_ins.keys():
            raise TypeError(f"a prepared read takes {', '.join(self._stand_ins)}")
        sql, params, compiler = self._statement or self._compiled()
        given = {stand_in: values[name] for name, stand_in in self._stand_ins.items()}
        with connection.cursor() as cursor:
            cursor.execute(sql, [given.get(param, param) for param in params])
            found = cursor.fetchone()
        return None if found is None else _instance(compiler, found)

    def _compiled(self) -> tuple[str, list[Any], Any]:
        compiler = self._build(**self._stand_ins).query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        if missing := [name for name, stand_in in self._stand_ins.items() if stand_in not in params]:
            raise TypeError(f"a prepared read does not ask for {', '.join(missing)}")
        self._statement = sql, list(params), compiler
        return self._statement


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
