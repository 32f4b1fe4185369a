"""Databases of millions of rows: on a server of their own, on the disk, filled by SQL and thrown away with it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings

from projects.site.postgres import DATABASE, Cluster
from tests.polling import restore

# What an embedded server of the tests is told besides, so that loading does not wait for its log.
WHILE_LOADING = {"max_wal_size": "4GB", "checkpoint_timeout": "30min", "autovacuum": "off"}
# Indexes that belong to no constraint: whatever is written first goes without them.
INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index i
WHERE indrelid = ANY (%s::regclass[]) AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
"""


def at_most(variable: str, *sizes: int) -> tuple[int, ...]:
    """The sizes measured: all of them, unless the environment names the largest there is room for."""
    most = int(os.environ.get(variable, sizes[-1]))
    return tuple(sorted({min(size, most) for size in sizes}))


@contextmanager
def own_server(template: str, *, durable: bool) -> Iterator[Cluster]:
    """A server on the disk with a copy of a database of the tests' server; gone afterwards with all it holds."""
    if settings.CLUSTER is None:
        pytest.skip("the bench makes its server from the embedded one")
    with tempfile.TemporaryDirectory(prefix="pj", dir="/var/tmp") as folder:
        Path(folder).chmod(0o711)
        made = Cluster(Path(folder) / "pg", durable=durable)
        made.ensure()
        try:
            restore(template, made)
            yield made
        finally:
            made.release()
            made.stop()


@contextmanager
def large_server(template: str) -> Iterator[Cluster]:
    """One that is quick to load and safe against nothing."""
    with own_server(template, durable=False) as made:
        with made.superuser() as opened:
            for name, value in WHILE_LOADING.items():
                opened.execute(f"ALTER SYSTEM SET {name} = '{value}'")
            opened.execute("SELECT pg_reload_conf()")
        yield made


def copy_of(cluster: Cluster, name: str) -> str:
    """A database beside the server's own, as that stands."""
    with cluster.superuser() as opened:
        opened.execute(f"CREATE DATABASE {name} TEMPLATE {DATABASE} STRATEGY file_copy")
    return name


@contextmanager
def loading(cluster: Cluster, database: str, *tables: str) -> Iterator[psycopg.Connection[Any]]:
    """Fill tables while nothing reacts to a row, neither trigger nor foreign key; indexes are made anew at the end."""
    with cluster.superuser(database) as opened:
        opened.execute("SET session_replication_role = replica")
        opened.execute("SET maintenance_work_mem = '512MB'")
        opened.execute("SET work_mem = '256MB'")
        indexes = opened.execute(INDEXES, [list(tables)]).fetchall()
        for name, _definition in indexes:
            opened.execute(f"DROP INDEX {name}")
        yield opened
        for _name, definition in indexes:
            opened.execute(definition)
        opened.execute(f"VACUUM ANALYZE {', '.join(tables)}")


@contextmanager
def without(cluster: Cluster, database: str, *indexes: str) -> Iterator[None]:
    """The database without some of its indexes, for who has to do without them."""
    with cluster.superuser(database) as opened:
        definitions = [
            opened.execute("SELECT pg_get_indexdef(%s::regclass)", [name]).fetchone()[0] for name in indexes
        ]
        opened.execute(f"DROP INDEX {', '.join(indexes)}")
        try:
            yield
        finally:
            for definition in definitions:
                opened.execute(definition)
