"""``manage.py cast``: the invented people of the demonstration, and how to sign in as each."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import localdate

from projects.demo.cast import PASSWORD
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import User
from workflow.roles import registry
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import live_grants

FEW = 2


class Command(BaseCommand):
    help = "演示人员名单：职务、单位、用户名、密码。正式环境不可用。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", dest="as_json", help="以 JSON 输出")

    def handle(self, *args: Any, as_json: bool, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("正式环境没有演示人员。")
        with within(SYSTEM):
            grants = list(_demo_grants())
        rows = [_row(grant) for grant in grants]
        self.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2) if as_json else _table(grants))


def _demo_grants() -> Any:
    """Offices held today by people who still have the demonstration's password; they share one stored hash."""
    hashes = User.objects.filter(is_active=True).values_list("password", flat=True).distinct()
    known = [stored for stored in hashes if check_password(PASSWORD, stored)]
    return (
        live_grants(localdate())
        .filter(user__password__in=known)
        .select_related("user", "unit", "tenant")
        .order_by("tenant__code", "unit__code", "pk")
    )


def summary() -> list[str]:
    """The cast in one line a township: every office with its user names, many that follow one another by the first and the last.

    Empty where nobody of the demonstration is there. Reads in the system's context.
    """
    with within(SYSTEM):
        grants = list(_demo_grants())
    halls: dict[str, dict[str, set[str]]] = {}
    for grant in grants:
        hall = halls.setdefault(f"{grant.tenant.code} {grant.tenant.name}", {})
        hall.setdefault(_title(grant), set()).add(grant.user.username)
    lines = [
        f"{hall}：{'；'.join(_told(title, users) for title, users in held.items())}"
        for hall, held in halls.items()
    ]
    return [f"演示人员（密码都是 {PASSWORD}）：", *lines] if lines else []


def _title(grant: RoleGrant) -> str:
    return registry.title_of(grant.office, grant.tenant)


def _told(title: str, usernames: set[str]) -> str:
    told = "、".join(
        f"{run[0]} 至 {run[-1]}" if len(run) > FEW else "、".join(run) for run in _runs(usernames)
    )
    return f"{title} {told}" + (f"（{len(usernames)} 人）" if len(usernames) > FEW else "")


def _runs(usernames: Iterable[str]) -> list[list[str]]:
    """User names in order, those that follow one another by number (deputy8@SF03, deputy9@SF03) together."""
    runs: list[list[str]] = []
    for name in sorted(usernames, key=_numbered):
        if runs and _numbered(name) == _following(runs[-1][-1]):
            runs[-1].append(name)
        else:
            runs.append([name])
    return runs


def _numbered(username: str) -> tuple[str, int, str]:
    """A user name in its parts: office, number (0 for none) and place."""
    office, _at, place = username.partition("@")
    stem = office.rstrip("0123456789")
    return stem, int(office[len(stem) :] or 0), place


def _following(username: str) -> tuple[str, int, str]:
    stem, number, place = _numbered(username)
    return stem, number + 1, place


def _row(grant: RoleGrant) -> dict[str, str]:
    return {
        "office": grant.office,
        "unit": grant.unit.code,
        "username": grant.user.username,
        "password": PASSWORD,
        "name": grant.user.name,
    }


def _table(grants: list[RoleGrant]) -> str:
    if not grants:
        return "还没有演示人员，请先运行 manage.py demo。"
    lines = [f"所有演示人员的密码：{PASSWORD}", "| 职务 | 单位 | 用户名 | 姓名 |", "|---|---|---|---|"]
    lines += [
        f"| {_title(grant)} | {grant.unit.code} | {grant.user.username} | {grant.user.name} |"
        for grant in grants
    ]
    return "\n".join(lines)
