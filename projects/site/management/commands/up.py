"""``manage.py up``: the whole site in one terminal."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from projects.demo.mark import Stands, found
from projects.management.commands.cast import summary
from projects.site.env import PROJECT, SEVERAL_NEED_A_CACHE
from projects.site.postgres import ClusterError
from projects.site.supervisor import Supervisor, answers, site, why_no_listening


class Command(BaseCommand):
    help = (
        "启动整个系统：内嵌数据库（未设置 DATABASE_URL 时）、网站、后台任务、定时任务。按 Ctrl-C 全部停止。"
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="监听地址，默认 127.0.0.1")
        parser.add_argument(
            "--port", type=int, default=settings.PORT, help="监听端口，默认 PIAOJUE_PORT 或 8000"
        )
        parser.add_argument(
            "--workers",
            type=int,
            default=settings.WEB_WORKERS,
            help="网站的进程数，默认 PIAOJUE_WORKERS，正式环境设了 CACHE_URL 的为处理器数（最多 4），其他为 1",
        )
        parser.add_argument(
            "--threads",
            type=int,
            default=settings.WEB_THREADS,
            help="每个进程的线程数，默认 PIAOJUE_THREADS 或 16",
        )

    def handle(self, *args: Any, host: str, port: int, workers: int, threads: int, **options: Any) -> None:
        if workers > 1 and not settings.MAY_BE_SEVERAL:
            raise CommandError(f"--workers：{SEVERAL_NEED_A_CACHE}")
        if reason := why_no_listening(host, port):
            raise CommandError(reason)
        try:
            self._serve(host, port, workers, threads)
        except ClusterError as wrong:
            raise CommandError(str(wrong)) from wrong

    def _serve(self, host: str, port: int, workers: int, threads: int) -> None:
        if settings.CLUSTER is not None:
            settings.CLUSTER.ensure()
        try:
            migrate_if_needed()
            if settings.STATIC_ROOT:
                call_command("collectstatic", interactive=False, verbosity=0)
            os.environ["PIAOJUE_PORT"] = str(port)  # letters name the site's own address
            children = site(host, port, workers=workers, threads=threads)
            supervisor = Supervisor(children, settings.CLUSTER, self._say)
            threading.Thread(target=self._announce, args=(supervisor, host, port), daemon=True).start()
            supervisor.run()
        finally:
            if settings.CLUSTER is not None:
                settings.CLUSTER.release()
        self._say("已全部停止。")

    def _announce(self, supervisor: Supervisor, host: str, port: int) -> None:
        while not answers(host, port):
            if supervisor.stopping.wait(0.1):
                return
        shown = f"[{host}]" if ":" in host else host
        self._say(f"票决系统已就绪：http://{shown}:{port}/　按 Ctrl-C 停止。")
        for line in _cast():
            self._say(line)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _cast() -> list[str]:
    """Who may sign in to the demonstration, to be printed under the address; nothing in production."""
    if settings.PRODUCTION:
        return []
    try:
        if found().stands is Stands.UNFINISHED:
            return [f"演示县没有建完，看到的不全；请停下来运行 {_typed('demo')}，会清空重建。"]
        cast = summary()
        if not cast:
            return [f"还没有演示人员，请先运行 {_typed('demo')}。"]
        return [*cast, f"全部名单：{_typed('cast')}"]
    except DatabaseError:  # being stopped while it starts
        return []
    finally:
        connection.close()


def _typed(command: str) -> str:
    """A command of ours as it is typed in the folder this one was started in: by the Python that runs now."""
    return f"{os.path.relpath(sys.executable)} {os.path.relpath(PROJECT / 'manage.py')} {command}"


def migrate_if_needed() -> None:
    """Bring the database up to date as the owner; refuse to go on when that fails."""
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    finally:
        connection.close()
    if waiting:
        command = [sys.executable, str(PROJECT / "manage.py"), "migrate"]
        done = subprocess.run(command, env={**os.environ, "PIAOJUE_DB_ROLE": "owner"}, cwd=PROJECT)
        if done.returncode:
            raise CommandError("数据库升级失败，未启动。", returncode=done.returncode)
