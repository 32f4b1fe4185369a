"""Granting and revoking: recorded acts, each with its check."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime
from functools import cache

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.formats import date_format
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from workflow.audit.services import Act, write_down
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit, User
from workflow.people.prepared import Prepared
from workflow.people.wording import worded
from workflow.roles import registry
from workflow.roles.models import RoleGrant
from workflow.roles.registry import Holding
from workflow.roles.selectors import WITH_PERSONS, live_grants, open_grants

log = logging.getLogger(__name__)

# Whoever holds an office and stands in for another acts in the one of their own.
OWN_FIRST = (F("stands_for").asc(nulls_first=True), "pk")


class GrantRefused(Exception):
    """The office may not be given; `code` is stable, the text is for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def grant(
    *,
    user: User,
    office: str,
    unit: Unit,
    act: Act,
    since: date,
    until: date | None = None,
    document: str = "",
    title: str = "",
    scope: Iterable[str] = (),
) -> RoleGrant:
    """Give an office. Refused: unknown office, a unit of the wrong kind, a conflict of offices (组织法 18), an office
    whose holder must hold another there and does not, one that as many hold as may, and one that asks for a document
    without its number or without an end date (审计通知书).

    scope: the parts of the work an office that is limited to some may read; its own usual ones where none is named.
    """
    with transaction.atomic():
        hold_seats([(office, unit)])
        User.objects.select_for_update().get(pk=user.pk)
        check_holding(user, office, unit, at_date=since, until=until)
        if registry.office(office).documented and not (document and until):
            raise GrantRefused("no_document", _("这一职务须写明依据文号和结束日期。"))
        limit = _limit(office, scope)
        given = RoleGrant.objects.create(
            user=user,
            office=office,
            unit=unit,
            tenant=unit.tenant or unit,
            since=since,
            until=until,
            document=document,
            title=title,
            scope=limit,
        )
        write_down(
            act,
            "grant.give",
            f"grant:{given.pk}",
            after={"user": user.username, "office": office, "unit": unit.code, "since": since.isoformat()}
            | (
                {"scope": limit, "document": document, "until": until.isoformat() if until else ""}
                if limit
                else {}
            ),
        )
    return given


def _given_already(
    held: Iterable[RoleGrant], office: str, unit: Unit, since: date, until: date | None
) -> RoleGrant | None:
    """The very same given before: a form sent twice, or an office without end that holds already or will.

    For other days one may hold an office twice.
    """
    own = (one for one in held if (one.office, one.unit_id, one.stands_for_id) == (office, unit.pk, None))
    return next((one for one in own if one.until == until and (until is None or one.since == since)), None)


def _limit(office: str, wanted: Iterable[str]) -> list[str]:
    """The scope a grant is given, in the order of the registry. Refused: a part nobody registered."""
    usual, known = registry.office(office).scope, [scope.code for scope in registry.scopes()]
    chosen = set(wanted) or set(usual)
    if not usual and chosen:
        raise GrantRefused("no_scope", _("这一职务不限定查阅范围。"))
    if chosen - set(known):
        raise GrantRefused("unknown_scope", _("没有这一查阅范围。"))
    return [code for code in known if code in chosen]


def check_holding(user: User, office: str, unit: Unit, *, at_date: date, until: date | None = None) -> None:
    """Refuse what is held already, an unknown office, a unit of the wrong kind, and what the rules between offices do not
    allow.
    """
    held = list(open_grants(at_date).filter(user=user))
    if given := _given_already(held, office, unit, at_date, until):
        words = (
            _("%(name)s已担任%(seat)s，不用再次授予。")
            if given.since <= at_date
            else _("%(name)s的%(seat)s职务已授予，自%(day)s起；要提前的，先解除再授予。")
        )
        seat, day = registry.seat_called(office, unit), date_format(given.since)
        told = {"name": user.name, "seat": seat, "day": day}
        raise GrantRefused("held", words % told)
    own, others = [one.holding for one in held], _seats_taken(office, unit, at_date, but=user)
    if refused := why_not_held(office, unit, own, at_date=at_date, until=until, others=others):
        raise refused


def hold_seats(wanted: Iterable[tuple[str, Unit]]) -> None:
    """Whoever fills a seat of these offices at these units waits until the transaction ends, the lower unit first.

    Only where there is a limit to count against. Before a person's row, never after it.
    """
    halls = {hall_of(unit).pk for office, unit in wanted if registry.seats_limited(office, hall_of(unit))}
    if halls:
        # An administrator of the county reads its townships' rows and writes none.
        with within(SYSTEM):
            list(Unit.objects.select_for_update(no_key=True).filter(pk__in=halls).order_by("pk"))


def hall_of(unit: Unit) -> Unit:
    """The township or county a unit is, or is inside of."""
    return unit if unit.is_tenant else unit.tenant or unit


def _seats_taken(office: str, unit: Unit, since: date, *, but: User) -> list[Holding]:
    """What others hold of an office that only so many may hold; nothing of one without a limit."""
    if not registry.seats_limited(office, hall_of(unit)):
        return []
    taken = open_grants(since).filter(office=office, tenant=hall_of(unit)).exclude(user=but)
    return [one.holding for one in taken]


def why_not_held(
    office: str,
    unit: Unit,
    held: Iterable[Holding],
    *,
    at_date: date,
    until: date | None = None,
    others: Iterable[Holding] = (),
    stands_in: bool = False,
) -> GrantRefused | None:
    """Why somebody with the offices `held` may not hold another at a unit from a day on; None: they may.

    until: its last day. others: what other people hold of the same office there, where only so many may. stands_in: the
    person only acts in it for its holder.
    """
    try:
        wanted = registry.office(office)
    except KeyError:
        return GrantRefused("unknown_office", _("没有“%(office)s”这一职务。") % {"office": office})
    if unit.kind not in wanted.kinds:
        words = _("“%(office)s”不能设在%(unit)s。") % {"office": wanted.title, "unit": unit.name}
        return GrantRefused("wrong_kind", words)
    hall, own = hall_of(unit), list(held)
    holding = Holding(office, hall.pk, at_date, until, stands_in)
    if reason := registry.conflict_between(holding, own):
        return GrantRefused("conflict", str(reason))
    if reason := registry.need_unmet(holding, own, hall):
        return GrantRefused("unmet", worded(reason, hall))
    if reason := registry.seat_refused(holding, own, others, hall):
        return GrantRefused("seats", worded(reason, hall))
    return None


Listener = Callable[[RoleGrant], None]
_on_end: list[Listener] = []


def on_end(listener: Listener) -> None:
    """Have `listener` called with every grant that is revoked, inside the revoking transaction."""
    if listener not in _on_end:
        _on_end.append(listener)


def revoke(*, grant: RoleGrant, act: Act, reason: str) -> None:
    """End an office now, and with it whatever rests on it. A task being completed under it is finished first or refused."""
    with transaction.atomic():
        held = RoleGrant.objects.select_for_update().get(pk=grant.pk)
        if held.revoked_at:
            return
        for other in held.stand_ins.filter(revoked_at=None).order_by("pk"):
            revoke(grant=other, act=act, reason=reason)
        held.revoked_at = act.at
        held.save(update_fields=["revoked_at"])
        write_down(
            act,
            "stand_in.end" if held.principal else "grant.revoke",
            f"grant:{held.pk}",
            before={"user": held.user.username, "office": held.office, "unit": held.unit.code}
            | ({"stands_for": held.principal.username} if held.principal else {}),
            reason=reason,
        )
        for listener in _on_end:
            listener(held)
        for other in left_without(held, act.on):
            revoke(grant=other, act=act, reason=reason)
    grant.revoked_at = held.revoked_at


def left_without(ended: RoleGrant, on: date) -> list[RoleGrant]:
    """What the holder of an office that ends may no longer hold without it, in the same township; by id."""
    resting = registry.resting_on(ended.office)
    if not resting:
        return []
    there = open_grants(on).filter(user=ended.user_id, tenant=ended.tenant_id).exclude(pk=ended.pk)
    others = list(there.select_related(*WITH_PERSONS).order_by("pk"))
    held = [one.holding for one in others if one.since <= on]
    return [
        one
        for one in others
        if one.office in resting and registry.need_unmet(replace(one.holding, since=on), held, one.tenant)
    ]


def lapse(at: datetime) -> int:
    """Write down the end of every office whose last day is over, and free what was claimed in it; how many.

    The office itself ended with that day: nobody acts in it in between (`live_grants`). Safe twice and in parallel. Each
    is a transaction of its own; one that fails is logged and keeps nobody else's.
    """
    with within(SYSTEM):
        over = RoleGrant.objects.filter(revoked_at=None, until__lt=localdate(at))
        # A stand-in before whom it stands for: each end has its own reason.
        over = over.order_by("tenant", F("stands_for").asc(nulls_last=True), "pk")
        numbers = list(over.values_list("pk", flat=True))
    return sum(_lapse_or_log(pk, at) for pk in numbers)


def _lapse_or_log(pk: int, at: datetime) -> int:
    try:
        with within(SYSTEM):
            return _lapse(pk, at)
    except Exception:
        log.exception("grant:%s: its end was not written down", pk)
        return 0


def _lapse(pk: int, at: datetime) -> int:
    ended = RoleGrant.objects.filter(pk=pk, revoked_at=None).select_related(*WITH_PERSONS).first()
    if ended is None:
        return 0
    reason = _("代办期满，自动终止。") if ended.stands_for_id else _("任职期满，自动终止。")
    revoke(grant=ended, act=Act(None, "system", ended.tenant, at), reason=reason)
    return 1


def end_offices(
    *, unit: Unit, offices: Iterable[str], act: Act, reason: str, holder: User | None = None
) -> list[RoleGrant]:
    """Revoke every grant of `offices` in a township, at its inner units too; one entry each. Returns them by id.

    holder: of this person alone.
    """
    live = live_grants(act.on).filter(tenant=unit, office__in=list(offices))
    live = live.filter(user=holder) if holder else live
    with transaction.atomic():
        held = list(live.select_related("user", "unit").select_for_update(of=("self",)).order_by("pk"))
        for given in held:
            revoke(grant=given, act=act, reason=reason)
    return held


def holder_for_update(user: User, office: str, unit_id: int, at_date: date) -> RoleGrant | None:
    """The grant under which `user` may act for `office` at the unit, held until the transaction ends.

    A meeting's record may also be kept by a recording office at the same unit. None: may not act.
    """
    codes = [office, *registry.office(office).recorders]
    named = {f"code{n}": code for n, code in enumerate(codes)}
    found = _holder(len(codes)).first(user_id=user.pk, unit_id=unit_id, on=at_date, **named)
    if found:
        found.user = user
    return found


@cache
def _holder(offices: int) -> Prepared[RoleGrant]:
    """The read of one grant for any of so many offices."""

    def build(user_id: int, unit_id: int, on: date, **codes: str) -> QuerySet[RoleGrant]:
        held = live_grants(on).filter(user_id=user_id, unit_id=unit_id, office__in=list(codes.values()))
        return held.select_for_update(of=("self",)).order_by(*OWN_FIRST)[:1]

    codes = {f"code{n}": f"code{n}" for n in range(offices)}
    return Prepared(build, user_id=-1, unit_id=-2, on=date.min, **codes)


def grants_for_update(user: User, offices: list[str], tenants: list[int], at_date: date) -> list[RoleGrant]:
    """The grants for any of `offices` anywhere in the tenants, held until the transaction ends; none: may not act."""
    grants = live_grants(at_date).filter(user=user, office__in=offices, tenant_id__in=tenants)
    grants = grants.select_related(*WITH_PERSONS).select_for_update(of=("self",))
    return list(grants.order_by(*OWN_FIRST))
