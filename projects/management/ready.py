"""What an operator's command needs before it can do anything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError
from django.db import ProgrammingError
from psycopg.errors import UndefinedTable

NOT_USABLE = 2


@contextmanager
def tables_there() -> Iterator[None]:
    """Run a block on a database whose tables are made; CommandError with one line where they are not."""
    try:
        yield
    except ProgrammingError as error:
        if isinstance(error.__cause__, UndefinedTable):
            raise CommandError(
                "数据库还没有建表，请先运行 manage.py migrate。", returncode=NOT_USABLE
            ) from error
        raise
