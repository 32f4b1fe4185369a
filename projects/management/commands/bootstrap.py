"""``manage.py bootstrap``: the county and its first administrator, on an empty installation."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from projects.management.ready import NOT_USABLE, tables_there
from workflow.administration.accounts import Slip, found_county
from workflow.flows.errors import Refused
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit, UnitKind

NAMED = ("CODE", "NAME")
ABOVE = (UnitKind.CITY, UnitKind.PROVINCE)


class Command(BaseCommand):
    help = "建立县和第一个系统管理员，打印一次性登录单。已有系统管理员时拒绝。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--county", required=True, nargs=2, metavar=NAMED, help="县（市、区）的编码和名称"
        )
        parser.add_argument(
            "--parent",
            action="append",
            default=[],
            nargs=2,
            metavar=NAMED,
            help="上级单位，由近及远：先市后省，可写两次",
        )
        parser.add_argument("--admin", required=True, metavar="USERNAME", help="管理员的用户名")
        parser.add_argument("--name", required=True, help="管理员的姓名")

    def handle(self, *args: Any, county: list[str], parent: list[list[str]], **options: Any) -> None:
        if len(parent) > len(ABOVE):
            raise CommandError("上级单位最多写两级：市、省。", returncode=NOT_USABLE)
        above = [(code, name, str(kind)) for (code, name), kind in zip(parent, ABOVE, strict=False)]
        chain = [*reversed(above), (county[0], county[1], str(UnitKind.COUNTY))]
        try:
            with tables_there(), within(SYSTEM):
                unit, slip = found_county(
                    timezone.now(), chain=chain, username=options["admin"], name=options["name"]
                )
        except Refused as refused:
            raise CommandError(str(refused), returncode=NOT_USABLE) from refused
        self.stdout.write(printed(unit, slip))


def printed(unit: Unit, slip: Slip) -> str:
    """The one-time sign-in slip as text."""
    lines = [
        f"{unit.name}　一次性登录单",
        f"姓    名：{slip.user.name}",
        f"职    务：{'、'.join(slip.offices)}",
        f"用 户 名：{slip.user.username}",
        f"登录密码：{slip.password}",
        "此密码只显示这一次，首次登录须改为自己的密码。",
    ]
    return "\n".join(lines)
