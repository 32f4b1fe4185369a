"""Granting and revoking: recorded acts, each with its check."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from workflow.audit.services import Act, write_down
from workflow.people.models import Unit, User
from workflow.roles import registry
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import live_grants


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
) -> RoleGrant:
    """Give an office. Refused: unknown office, a unit of the wrong kind, a conflict of offices (组织法 18)."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        _check(user, office, unit, at_date=since)
        given = RoleGrant.objects.create(
            user=user,
            office=office,
            unit=unit,
            tenant=unit.tenant or unit,
            since=since,
            until=until,
            document=document,
            title=title,
        )
        write_down(
            act,
            "grant.give",
            f"grant:{given.pk}",
            after={"user": user.username, "office": office, "unit": unit.code, "since": since.isoformat()},
        )
    return given


def _check(user: User, office: str, unit: Unit, *, at_date: date) -> None:
    try:
        wanted = registry.office(office)
    except KeyError:
        raise GrantRefused("unknown_office", _("没有“%(office)s”这一职务。") % {"office": office}) from None
    if unit.kind not in wanted.kinds:
        raise GrantRefused(
            "wrong_kind",
            _("“%(office)s”不能设在%(unit)s。") % {"office": wanted.title, "unit": unit.name},
        )
    held = RoleGrant.objects.filter(user=user, revoked_at=None).exclude(until__lt=at_date)
    reason = registry.conflict_between(office, held.values_list("office", flat=True))
    if reason:
        raise GrantRefused("conflict", str(reason))


def revoke(*, grant: RoleGrant, act: Act, reason: str) -> None:
    """End an office now. A task being completed under it is finished first or refused, never half."""
    with transaction.atomic():
        held = RoleGrant.objects.select_for_update().get(pk=grant.pk)
        if held.revoked_at:
            return
        held.revoked_at = act.at
        held.save(update_fields=["revoked_at"])
        write_down(
            act,
            "grant.revoke",
            f"grant:{held.pk}",
            before={"user": held.user.username, "office": held.office, "unit": held.unit.code},
            reason=reason,
        )
    grant.revoked_at = held.revoked_at


def holder_for_update(user: User, office: str, unit_id: int, at_date: date) -> RoleGrant | None:
    """The grant under which `user` may act for `office` at the unit, held until the transaction ends.

    A meeting's record may also be kept by a recording office at the same unit. None: may not act.
    """
    codes = [office, *registry.office(office).recorders]
    return (
        live_grants(at_date)
        .filter(user=user, office__in=codes, unit_id=unit_id)
        .select_for_update(of=("self",))
        .first()
    )


def grants_for_update(user: User, offices: list[str], tenants: list[int], at_date: date) -> list[RoleGrant]:
    """The grants for any of `offices` anywhere in the tenants, held until the transaction ends; none: may not act."""
    grants = live_grants(at_date).filter(user=user, office__in=offices, tenant_id__in=tenants)
    return list(grants.select_related("unit", "tenant").select_for_update(of=("self",)).order_by("pk"))
