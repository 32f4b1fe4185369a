"""How the post office stands, and a letter sent once more."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from notifications.channels.text import message_id
from notifications.models import Channel, Status
from notifications.post import units_behind
from notifications.selectors import figures
from notifications.sending import stopped
from notifications.stuck import requeue_by_operator
from workflow.flows.errors import Refused
from workflow.people.isolation import SYSTEM, within


class Command(BaseCommand):
    help = "显示消息的发送情况，列出结果不明和已放弃的消息；--again 将其中一条重新排队。有这样的消息时退出码为 1。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--again", type=int, metavar="编号", help="确认对方没有收到后，重新发送这一条")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["again"] is not None:
            self._again(options["again"])
            return
        with within(SYSTEM):
            doubtful = self._show()
        if doubtful:
            raise SystemExit(1)

    def _again(self, number: int) -> None:
        try:
            requeue_by_operator(timezone.now(), number)
        except Refused as refused:
            raise CommandError(f"第 {number} 号：{refused}") from refused
        self.stdout.write(f"第 {number} 号已重新排队。")

    def _show(self) -> int:
        for (channel, status), count in figures().items():
            self.stdout.write(f"{Channel(channel).label}  {Status(status).label}  {count}")
        self.stdout.write(f"尚有未读办理记录的单位：{len(units_behind())}")
        found = list(stopped())
        for letter in found:
            state = Status(letter.status).label
            self.stdout.write(f"{letter.pk}  {state}  {message_id(letter)}  {letter.title}  {letter.error}")
        return len(found)
