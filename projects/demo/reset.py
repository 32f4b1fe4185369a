"""Starting the demonstration anew: the trail refuses to be emptied, so the whole database is made again."""

from __future__ import annotations

import os
import subprocess
import sys

import psycopg
from django.conf import settings
from django.core.management.base import CommandError
from django.db import connections
from psycopg import sql


def empty_database() -> None:
    """Drop every table of the database in use as the owner and migrate again; refused outside the embedded server."""
    if settings.CLUSTER is None or settings.PRODUCTION:
        raise CommandError("只能清空自带的演示数据库；外接数据库请由管理员清空后再运行。")
    name = connections["default"].settings_dict["NAME"]
    connections.close_all()
    settings.CLUSTER.ensure()
    urls = settings.CLUSTER.urls(name)
    with psycopg.connect(urls.owner, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
        role = sql.Identifier(settings.APP_ROLE)
        connection.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(role))
    subprocess.run(
        [sys.executable, str(settings.BASE_DIR / "manage.py"), "migrate", "--verbosity", "0"],
        check=True,
        env={
            **os.environ,
            "PIAOJUE_DB_ROLE": "owner",
            "DATABASE_URL": urls.app,
            "DATABASE_OWNER_URL": urls.owner,
        },
    )
