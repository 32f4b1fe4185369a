"""``manage.py demo``: the demonstration county, built once through the services.

What was broken off is built anew, what is whole is kept, and a database with any other data is left alone. Exit status:
0 the county stands, built now or before; 1 it does not, with a line that says why.
"""

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
from projects.demo.mark import BuiltElsewhere, Found, Stands, alone, found
from projects.demo.reset import empty_database

MOST_JOBS = 8


def _jobs(text: str) -> int:
    """How many processes build: at least one. ValueError for anything else."""
    if (number := int(text)) < 1:
        raise ValueError(text)
    return min(number, MOST_JOBS)


class Command(BaseCommand):
    help = (
        "建立演示县：十余个乡镇和一个街道，分处六个环节，两个乡镇有完整的上一年度。"
        "已经建好的不动，没有建完的重建，有其他数据的数据库不动。"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reset", action="store_true", help="清空演示数据库后重建（不可恢复）")
        parser.add_argument("--seed", type=int, default=1, help="生成人名和票数的种子，同一种子结果相同")
        parser.add_argument(
            "--today", type=date.fromisoformat, default=TODAY, help="演示所处的日期，如 2026-11-20"
        )

        parser.add_argument(
            "--jobs", type=_jobs, default=os.cpu_count() or 1, help="同时建立的进程数，默认为处理器数"
        )

    def handle(self, *args: Any, reset: bool, seed: int, today: date, jobs: int, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("正式环境不能放入演示数据。")
        try:
            with alone():
                if self._has_room(found(), reset=reset):
                    self._build(Builder(today, seed, self.stderr.write), jobs)
        except BuiltElsewhere as busy:
            raise CommandError("另一个进程正在这个数据库里建立演示县，请等它完成后再运行。") from busy

    def _has_room(self, stood: Found, *, reset: bool) -> bool:
        """Whether the county is to be built, with everything out of its way that may be; False where it stands."""
        if stood.stands is Stands.OTHER:
            raise CommandError(
                "数据库里有演示以外的数据，不能放入演示县，也不会清空。演示请另设 PIAOJUE_VAR 或 DATABASE_URL。"
            )
        if reset:
            self._empty("正在清空演示数据库……")
        elif stood.stands is Stands.NO_TABLES:
            raise CommandError("数据库还没有建表，请先运行 manage.py migrate。")
        elif stood.stands is Stands.WHOLE:
            self.stdout.write(
                f"演示县已经建好（所处日期 {stood.today}，种子 {stood.seed}），数据保持不变。要重建请加 --reset。"
            )
            return False
        elif stood.stands is Stands.UNFINISHED:
            self._recover(stood)
        return True

    def _recover(self, stood: Found) -> None:
        if stood.stranger:
            raise CommandError(
                f"上一次建立演示县没有完成，但其中已有不是演示生成的“{stood.stranger}”，因此不自动清空。"
                "确实不要这些数据，请加 --reset。"
            )
        self._empty("上一次建立演示县没有完成，正在清空重建……")

    def _empty(self, said: str) -> None:
        self.stderr.write(said)
        empty_database()

    def _build(self, builder: Builder, jobs: int) -> None:
        started = time.monotonic()
        townships = builder.build(jobs=jobs)
        # The post office's own: the two packages know each other by command alone.
        call_command("demo_letters")
        builder.finish()
        seconds = time.monotonic() - started
        self.stdout.write(f"演示县已建成：{townships} 个乡镇（街道），用时 {seconds:.0f} 秒。")
