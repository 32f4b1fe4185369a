"""The kinds of value a setting may take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le, MaxLen, MinLen
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, ConfigDict

from projects.cycles.deadlines import TASK_TIMES
from projects.cycles.rulebook.notes import refusal, wrong
from projects.cycles.tables import Item

Severity = Literal["off", "note", "warn", "block"]
SEVERITIES = {
    "off": _("不检查"),
    "note": _("提示"),
    "warn": _("预警"),
    "block": _("不予列入"),
}
UNITS = {"wd": _("个工作日"), "d": _("天"), "month": _("个月")}
PERIODS = {
    "monthly": _("每月"),
    "quarterly": _("每季度"),
    "half_year": _("每半年"),
    "yearly": _("每年"),
}
Period = Literal["monthly", "quarterly", "half_year", "yearly"]
BASES = {"in_office": _("全体代表"), "present": _("出席代表"), "valid": _("有效票")}
Base = Literal["in_office", "present", "valid"]
ADOPTIONS = {"hands": _("举手表决"), "ballot": _("无记名投票")}
Adoption = Literal["hands", "ballot"]
Percent = Annotated[int, Ge(0), Le(100)]
Names = Annotated[tuple[Annotated[str, MinLen(1), MaxLen(40)], ...], MinLen(1), MaxLen(60)]


class Part(BaseModel):
    """The settings of one step; `Rules` is made of all of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def complete(table: Callable[[], Mapping[str, Any]], title: Any) -> Callable[[Any], Any]:
    """A table setting holds every known entry: what is missing takes its default, what is unknown is refused."""

    def check(given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        known = table()
        unknown = sorted(str(key) for key in given if key not in known)
        if unknown:
            raise refusal(
                [
                    wrong(
                        _("“%(table)s”中没有这一项：%(keys)s"),
                        table=title,
                        keys="、".join(unknown),
                    )
                ]
            )
        return {key: given.get(key, default) for key, default in known.items()}

    return check


def default_lengths() -> dict[str, int]:
    """The length of every task's term, in its own unit."""
    return {key: abs(task.offset.days) for key, task in TASK_TIMES.items()}


def defaults(items: Mapping[str, Item]) -> dict[str, Any]:
    """Every entry of a table with its default."""
    return {key: item.default for key, item in items.items()}
