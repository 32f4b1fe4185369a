"""``manage.py settle_deadlines``: provisional days worked out anew after the holidays data were updated."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from workflow.calendar.workdays import last_published
from workflow.flows.settling import settle_due


class Command(BaseCommand):
    help = (
        "放假安排数据更新后，重新计算暂定的期限并逐项记录；后台任务启动时和每天也会自动进行，可以重复执行。"
    )

    def handle(self, *args: Any, **options: Any) -> None:
        n = settle_due(timezone.now())
        self.stdout.write(f"放假安排数据到 {last_published()} 年为止，重新计算了 {n} 项暂定期限。")
