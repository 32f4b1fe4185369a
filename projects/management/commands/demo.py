"""``manage.py demo``: the demonstration county, built once through the services."""

from __future__ import annotations

import os
import time
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from projects.demo.county import TODAY, Builder
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit


class Command(BaseCommand):
    help = "建立演示县：十余个乡镇和一个街道，分处六个环节，两个乡镇有完整的上一年度。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reset", action="store_true", help="清空演示数据库后重建（不可恢复）")
        parser.add_argument("--seed", type=int, default=1, help="生成人名和票数的种子，同一种子结果相同")
        parser.add_argument(
            "--today", type=date.fromisoformat, default=TODAY, help="演示所处的日期，如 2026-11-20"
        )

        parser.add_argument(
            "--jobs", type=int, default=os.cpu_count() or 1, help="同时建立的进程数，默认为处理器数"
        )

    def handle(self, *args: Any, reset: bool, seed: int, today: date, jobs: int, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("正式环境不能放入演示数据。")
        if reset:
            self._reset()
        with within(SYSTEM):
            if Unit.objects.exists():
                raise CommandError("数据库里已有数据；要重建请加 --reset。")
        started = time.monotonic()
        townships = Builder(today, seed, self.stderr.write).build(jobs=min(jobs, 8))
        call_command(
            "demo_letters"
        )  # the post office's own: the two packages know each other by command alone
        seconds = time.monotonic() - started
        self.stdout.write(f"演示县已建成：{townships} 个乡镇（街道），用时 {seconds:.0f} 秒。")

    def _reset(self) -> None:
        from projects.demo.reset import empty_database

        self.stderr.write("正在清空演示数据库……")
        empty_database()
