"""What PostgreSQL must not write down while deputies vote by device: its log would name a voter beside a time.

The embedded server is set so (`projects/site/postgres.py`); a server given by address is asked (integrity.md §2.2).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from workflow.people.saying import said as _

# What each may be, the best first. A setting the server does not have writes nothing.
SILENT = {
    "log_statement": ("none", "ddl"),
    "log_duration": ("off",),
    "log_min_duration_statement": ("-1",),
    "log_min_duration_sample": ("-1",),
    "log_transaction_sample_rate": ("0",),
    "log_min_error_statement": ("panic", "fatal"),
    # From debug on it writes the number of every transaction; who waits for a row, and an error's context, name its place.
    "log_min_messages": ("warning", "notice", "info", "error", "log", "fatal", "panic"),
    "log_lock_waits": ("off",),
    "log_error_verbosity": ("terse",),
    "log_parameter_max_length": ("0",),
    "log_parameter_max_length_on_error": ("0",),
    "track_commit_timestamp": ("off",),
    "auto_explain.log_min_duration": ("-1",),
    "pgaudit.log": ("none", ""),
}


@dataclass(frozen=True)
class Telltale:
    """A setting of the server that would tell who voted when. value: as it is now; wanted: as it should be."""

    name: str
    value: str
    wanted: str


def telltales() -> list[Telltale]:
    """Settings of the connected server that would write down who voted when; empty means it keeps silent."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, setting FROM pg_settings WHERE name = ANY (%s) ORDER BY name", [list(SILENT)]
        )
        found = cursor.fetchall()
    return [Telltale(name, value, SILENT[name][0]) for name, value in found if value not in SILENT[name]]


def obstacles_to_silence() -> list[str]:
    """Why no vote by device may open on this server, each naming the setting; empty means it may."""
    return [
        _(
            "数据库参数 %(name)s 现为“%(value)s”，会把谁在什么时间投票写进数据库日志。"
            "请系统管理员改为“%(wanted)s”，再开始电子表决。"
        )
        % {"name": one.name, "value": one.value, "wanted": one.wanted}
        for one in telltales()
    ]
