"""What tests start from, always built through the services, so no test meets an impossible record."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q

from projects.demo.cast import Casting, Township
from tests.standing import standing
from workflow.audit.services import Act
from workflow.flows.models import Deadline
from workflow.flows.services import complete
from workflow.people.models import Unit, UnitKind, User
from workflow.people.services import create_unit
from workflow.roles import registry
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import WITH_PERSONS, live_grants
from workflow.roles.services import grant

SHANGHAI = ZoneInfo("Asia/Shanghai")
SINCE = date(2020, 1, 1)
# What an office asks for that rests on a document and has an end (审计通知书).
NOTICE: dict[str, Any] = {"document": "审通〔2027〕1 号", "until": date(2040, 1, 1)}


def at(day: str, hour: int = 9) -> datetime:
    """An instant of a day in local time."""
    return datetime.combine(date.fromisoformat(day), time(hour), SHANGHAI)


def township(code: str = "T01", *, deputies: int = 20, name: str = "青溪镇", **more: Any) -> Township:
    """A township with its whole cast, under a county of its own."""

    def build() -> Township:
        county = create_unit(code=f"{code}-C", name="示范县", kind=UnitKind.COUNTY)
        admin = User.objects.create(username=f"admin@{code}", name="系统管理员")
        act = Act(admin, "admin", county, at("2020-01-01"))
        return Casting(act, SINCE).township(code, name, county, deputies=deputies, **more)

    return standing((code, deputies, name, *sorted(more.items())), build)


def every_office(town: Township) -> dict[str, RoleGrant]:
    """A holder of every office there is, in the township or above it; who is missing is appointed, by themselves.

    An inspector is a deputy besides: the last of the township's.
    """
    county = Unit.objects.get(pk=town.unit.parent_id)
    if not Unit.objects.filter(tenant=town.unit, kind=UnitKind.GROUP).exists():
        create_unit(code=f"{town.unit.code}-G1", name="第1监督小组", kind=UnitKind.GROUP, parent=town.unit)
    reach, casting = (
        Q(tenant=town.unit) | Q(tenant=county),
        Casting(town.act("chair", at("2020-01-01")), SINCE),
    )
    held = RoleGrant.objects.filter(reach).select_related(*WITH_PERSONS).order_by("-pk")
    found = {one.office: one for one in held}
    for office in registry.offices():
        if office.code not in found:
            unit = Unit.objects.filter(reach, kind__in=office.kinds).order_by("path").first()
            if office.code == "inspector":
                person = town.deputies[-1]
            else:
                person = casting.person(f"{office.code}-of-all@{town.unit.code}", f"只任{office.title}")
            casting.appoint(person, office.code, unit, **(NOTICE if office.documented else {}))
            found[office.code] = held.get(user=person, office=office.code)
    return found


def seat_chair(user: User, unit: Unit, act: Act) -> RoleGrant:
    """One more chair of a congress, elected from its deputies as the law has it (组织法 18)."""
    if not live_grants(act.on).filter(user=user, office="deputy", unit=unit).exists():
        grant(user=user, office="deputy", unit=unit, act=act, since=SINCE)
    return grant(user=user, office="chair", unit=unit, act=act, since=SINCE)


def open_task(key: str, **filters: Any) -> Deadline:
    """The one open task of a key; fails the test when there is none or more than one."""
    return Deadline.objects.select_related("task").get(key=key, done_at=None, cancelled=False, **filters)


def arranged() -> None:
    """As if the holidays of every year were arranged: days that were provisional can be missed."""
    Deadline.objects.filter(provisional=True).update(provisional=False)


def do(key: str, actor: User, day: str, _filters: dict[str, Any] | None = None, **data: Any):  # type: ignore[no-untyped-def]
    """Complete the open task of a key as `actor` on a day, in person where it asks for that."""
    return complete(
        open_task(key, **(_filters or {})).task_id, actor=actor, data=data, at=at(day), reauthenticated=True
    )


def meeting_of(members: list[User], day: str, *, agree: bool = True, **more: Any) -> dict[str, Any]:
    """A full meeting's data: everyone attends and agrees, or nobody does."""
    n = len(members)
    return {
        "held_on": day,
        "attended": [str(user.pk) for user in members],
        "votes_for": n if agree else 0,
        "votes_against": 0 if agree else n,
        "votes_abstain": 0,
        "minutes": "会议研究了有关事项，形成纪要。",
        **({} if agree else {"return_reason": "资金来源未说明，请补充。"}),
        **more,
    }
