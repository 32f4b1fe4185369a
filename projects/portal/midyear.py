"""年度内变动事项: what may change while a year is under way, whose act it is, what becomes of the tasks, and the way there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_safe

from projects.cycles.models import OVER, Session, SessionState
from projects.cycles.selectors import cycles_of
from projects.portal.acts import Offer, offers_on
from projects.portal.week import DESKS
from workflow.flows.models import Deadline
from workflow.people.models import Unit, UnitChange
from workflow.people.wording import worded
from workflow.roles import registry
from workflow.roles.middleware import acting_grant
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import live_grants

CHANGES_SHOWN = 20


@dataclass(frozen=True)
class Situation:
    """One kind of change. who: whose act it is; what: what becomes of tasks and papers; acts: the keys of its acts.

    pages: names of pages where it is done, by the offices that may.
    """

    title: Any
    who: Any
    what: Any
    acts: tuple[str, ...] = ()
    pages: tuple[tuple[str, Any, tuple[str, ...]], ...] = ()


SITUATIONS = (
    Situation(
        _lazy("人员调整（岗位换人）"),
        _lazy("系统管理员"),
        _lazy("先给继任者授予职务，再解除原任者的职务；原任者已认领的事项自动放回该职务的待领，办结的不变。"),
        pages=(("people", _lazy("人员与任职"), ("admin", "clerk")),),
    ),
    Situation(
        _lazy("短期离岗"),
        _lazy("本人"),
        _lazy("指定代办人和起止日期，到期自动终止；会议表决、当面签字不能代办。"),
        pages=(("stand_ins", _lazy("代办"), DESKS),),
    ),
    Situation(
        _lazy("代表补选、代表资格终止"),
        _lazy("系统管理员授予或者解除代表职务，人大办登记代表名册"),
        _lazy(
            "名册核定以后变动的，由人大办登记，会议期间在两次投票之间登记，用于以后的投票；"
            "资格终止的，其以代表身份担任的职务同时终止。"
        ),
        acts=("deliberation.roll_change",),
        pages=(("people", _lazy("人员与任职"), ("admin", "clerk")),),
    ),
    Situation(
        _lazy("换届"),
        _lazy("人大办"),
        _lazy("新一届首次会议开始时，上届选举产生的职务全部终止，当选代表到任；未办事项由继任者接办。"),
        acts=("cycles.review_credentials", "cycles.record_election"),
    ),
    Situation(
        _lazy("会期改动"),
        _lazy("公布以前为人大主席，公布以后为主席团"),
        _lazy("以会期推算的期限随之变动，确认以前逐项列出。"),
        acts=("cycles.move_session", "deliberation.move_session"),
    ),
    Situation(
        _lazy("年度不能进入票决"),
        _lazy("主席团"),
        _lazy("未办事项结束，意见建议转入项目库，候选项目转入储备库，提出人逐一得到通知。"),
        acts=("lifecycle.end_year",),
    ),
    Situation(
        _lazy("乡镇更名、撤乡设镇"),
        _lazy("县人大常委会据批准文件登记"),
        _lazy("此前的文件和会议保留原名，今后使用新名，编码不变；会议期间、投票未宣布结果时不办理。"),
        acts=("oversight.rename",),
    ),
    Situation(
        _lazy("乡镇改设街道"),
        _lazy("县人大常委会据批准文件登记"),
        _lazy(
            "本届人民代表大会终止，代表转为议事代表；已经票决的年度按原规则办到归档，今后的年度用街道的用语和规则。"
        ),
        acts=("oversight.make_subdistrict",),
    ),
    Situation(
        _lazy("乡镇合并"),
        _lazy("县人大常委会据批准文件登记"),
        _lazy(
            "代表转入接收的乡镇，未办事项由对方的相应职务接办，已经票决的年度由对方继续办到归档；撤并乡镇的档案仍存原处。"
        ),
        acts=("oversight.merge",),
    ),
)


@dataclass(frozen=True)
class Shown:
    """A situation as one office sees it."""

    title: str
    who: str
    what: str
    offers: list[Offer]
    links: list[tuple[str, str]]


@require_safe
def midyear(request: HttpRequest) -> HttpResponse:
    """Every situation with what the viewer may do in it, seats nobody holds, and what has changed so far."""
    grant = acting_grant(request)
    if grant.office not in (*DESKS, "county", "admin"):
        raise PermissionDenied(
            _("“年度内变动事项”供人大办、党政办、主席团、政府负责人和县人大、系统管理员使用。")
        )
    context = {
        "situations": [*_shown(grant)],
        "unheld": unheld(timezone.localdate()),
        "changes": changes_seen(grant)[:CHANGES_SHOWN],
    }
    return render(request, "portal/midyear.html", context)


def _shown(grant: RoleGrant) -> Iterable[Shown]:
    offers = offers_on(_records(grant), grant, timezone.now())
    for one in SITUATIONS:
        links = [(reverse(name), str(label)) for name, label, offices in one.pages if grant.office in offices]
        yield Shown(
            worded(one.title, grant.tenant),
            worded(one.who, grant.tenant),
            worded(one.what, grant.tenant),
            [offer for offer in offers if offer.event.key in one.acts],
            links,
        )


def _records(grant: RoleGrant) -> list[Any]:
    """What any of these acts is done on: the unit itself, its years under way, its sessions called or held."""
    years = cycles_of(grant.tenant).exclude(state__in=OVER)
    sessions = Session.objects.filter(
        unit=grant.tenant, state__in=(SessionState.CONVENED, SessionState.OPEN)
    ).select_related("unit")
    return [grant.tenant, *years, *sessions]


@dataclass(frozen=True)
class Unheld:
    """An office with open tasks and nobody in it. seat: as `registry.seat_called` has it; n: how many tasks wait."""

    seat: str
    n: int


def unheld(on: date) -> list[Unheld]:
    """Seats whose tasks nobody can do, as far as the viewer's context shows them; two queries whatever their number."""
    asked = (
        Deadline.objects.filter(done_at=None, cancelled=False)
        .values("seat", "office")
        .annotate(n=Count("pk"))
        .order_by("seat", "office")
    )
    held = set(live_grants(on).filter(user__is_active=True).values_list("unit", "office").distinct())
    empty = [
        (row["seat"], row["office"], row["n"])
        for row in asked
        if not any(
            (row["seat"], code) in held for code in (row["office"], *registry.office(row["office"]).recorders)
        )
    ]
    seats = Unit.objects.in_bulk({seat for seat, _office, _n in empty})
    return [Unheld(registry.seat_called(office, seats[seat]), n) for seat, office, n in empty]


def changes_seen(grant: RoleGrant) -> Any:
    """The changes of the viewer's own unit, or of those below it, the latest first."""
    mine = Q(unit=grant.tenant) | Q(unit__path__startswith=grant.tenant.path)
    return UnitChange.objects.filter(mine).select_related("unit", "into").order_by("-on", "-pk")
