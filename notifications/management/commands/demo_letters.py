"""Robots for the demonstration's groups: one kind a unit, each leading to the receiver of the house."""

from __future__ import annotations

from itertools import cycle
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from notifications.models import Address, Channel
from notifications.sealing import masked, seal
from notifications.settling import settle
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import HALLS, Unit, UnitKind

WITH_LETTERS = (UnitKind.COUNTY, *HALLS)
ROBOTS = (Channel.WECOM, Channel.DINGTALK, Channel.FEISHU)


class Command(BaseCommand):
    help = (
        "给演示县每个单位设置一个群机器人，消息都送到本系统自带的演示接收端，已有的不动；"
        "已办事项的消息按办理时间记为已读。正式环境不可用。"
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.LETTERS_RECEIVER:
            raise CommandError("没有演示接收端，不能设置演示用的群机器人。")
        with within(SYSTEM):
            units = Unit.objects.filter(kind__in=WITH_LETTERS).order_by("path")
            rows = [_robot(unit, kind) for unit, kind in zip(units, cycle(ROBOTS), strict=False)]
            Address.objects.bulk_create(rows, ignore_conflicts=True)
        unread = settle()
        self.stdout.write(
            f"演示用的群机器人：{len(rows)} 个；未读消息：{unread} 条，其余已按办理时间记为已读。"
        )


def _robot(unit: Unit, kind: Channel) -> Address:
    token = f"demonstration{unit.pk:04d}"
    return Address(
        unit=unit,
        channel=kind,
        sealed=seal({"token": token}),
        hint=masked(token),
        changed_at=timezone.now(),
    )
