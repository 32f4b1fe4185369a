"""代办: a holder of an office names somebody of the township who acts in it for a time (steps.md, Offices).

A stand-in's office is a grant like any other, with a last day and the grant it stands for: what it opens, who is
written to and which offices conflict is decided where it is decided for everybody. What is personal in an office is
not handed on: a vote, a membership, a signature.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from workflow.audit.services import Act, write_down
from workflow.people.models import Unit, User
from workflow.people.wording import worded
from workflow.roles import registry
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import WITH_PERSONS, live_grants, offices_called, open_grants
from workflow.roles.services import GrantRefused, revoke, why_not_held


def name_stand_in(
    *, grant: RoleGrant, person: User, since: date, until: date, reason: str, act: Act
) -> RoleGrant:
    """Have `person` act in an office from `since` to `until`, both days included; by its holder alone.

    Refused: an office of personal acts, one that is itself a stand-in's, days that are past, turned round or after the
    holder's own term, a second stand-in for the same days, a person of another township, oneself, somebody who holds
    the same office already, and offices one person may not hold together (the sentence names the article).
    """
    with transaction.atomic():
        named = User.objects.select_for_update().get(pk=person.pk)
        held = _held(grant, act)
        _check_days(held, since, until, act.on)
        if refused := why_not_named(held, named, list(open_grants(since).filter(user=named)), since):
            raise refused
        given = RoleGrant.objects.create(
            user=person,
            office=held.office,
            unit=held.unit,
            tenant=held.tenant,
            since=since,
            until=until,
            title=held.title,
            scope=held.scope,
            stands_for=held,
            principal=held.user,
            reason=reason,
        )
        write_down(
            act,
            "stand_in.name",
            f"grant:{given.pk}",
            after={
                "user": person.username,
                "stands_for": held.user.username,
                "office": held.office,
                "unit": held.unit.code,
                "since": since.isoformat(),
                "until": until.isoformat(),
            },
            reason=reason,
        )
    return given


def _held(grant: RoleGrant, act: Act) -> RoleGrant:
    """The holder's own grant, locked; refused where it has ended, is another's, or allows no stand-in."""
    held = live_grants(act.on).filter(pk=grant.pk, user=act.person).select_for_update(of=("self",)).first()
    if held is None:
        raise GrantRefused("not_yours", _("只能为本人现任的职务指定代办人。"))
    if held.stands_for_id:
        raise GrantRefused("stands_in", _("代办的职务不能再委托他人。"))
    if personal := why_personal(held):
        raise GrantRefused("personal", personal)
    return held


def why_personal(grant: RoleGrant) -> str:
    """Why nobody may stand in for the holder of an office, in the words of its hall; empty where somebody may."""
    return worded(registry.office(grant.office).personal, grant.tenant)


def _check_days(held: RoleGrant, since: date, until: date, today: date) -> None:
    if since < today:
        raise GrantRefused("past", _("代办的起始日不能早于今天。"))
    if until < since:
        raise GrantRefused("turned_round", _("代办的截止日不能早于起始日。"))
    if held.until and until > held.until:
        day = held.until.isoformat()
        raise GrantRefused("beyond_term", _("代办不能超过本人的任期，任期到 %(day)s。") % {"day": day})
    if _of(held).filter(since__lte=until, until__gte=since).exists():
        raise GrantRefused("twice", _("这段时间已经指定了代办人，请先终止原来的代办。"))


def why_not_named(
    held: RoleGrant, person: User, offices: Collection[RoleGrant], since: date
) -> GrantRefused | None:
    """Why the holder of `held` may not name `person` from a day on; None: the person may be named.

    offices: the person's, held on that day or still to begin, others' included for whom the person stands in.
    """
    if person.pk == held.user_id:
        return GrantRefused("oneself", _("不能指定自己为代办人。"))
    there = [one for one in offices if _of_their_own(one, held) and one.since <= since]
    if not (there and person.is_active):
        return GrantRefused("outside", _("代办人须是%(unit)s的在任人员。") % {"unit": held.tenant.name})
    if any((one.office, one.unit_id) == (held.office, held.unit_id) for one in there):
        return GrantRefused(
            "holds_it", _("%(who)s已担任这一职务，请直接转办，无须代办。") % {"who": person.name}
        )
    own = [one.holding for one in offices]
    return why_not_held(held.office, held.unit, own, at_date=since, stands_in=True)


def _of_their_own(one: RoleGrant, held: RoleGrant) -> bool:
    return one.tenant_id == held.tenant_id and one.stands_for_id is None


def end_stand_in(*, standing: RoleGrant, act: Act, reason: str, keepers: tuple[str, ...] = ()) -> None:
    """End it now, by whom it stands for or by an office that keeps the township's accounts; reason in writing."""
    own = standing.principal_id == act.person.pk
    keeps = (
        live_grants(act.on).filter(user=act.person, office__in=keepers, tenant=standing.tenant_id).exists()
    )
    if not own and not keeps:
        raise GrantRefused("not_yours", _("代办由委托人本人或者本级人大办终止。"))
    revoke(grant=standing, act=act, reason=reason)


@dataclass(frozen=True)
class Candidate:
    """Somebody in office in the township; titles: what they are. refused: why they may not be named, None: they may."""

    person: User
    titles: str
    refused: GrantRefused | None


def candidates(grant: RoleGrant, on: date) -> list[Candidate]:
    """The people of the holder's township, by name, and whether they may be named from a day on."""
    there = live_grants(on).filter(tenant=grant.tenant_id, stands_for=None)
    theirs = open_grants(on).filter(user__in=there.values("user"))
    theirs = theirs.select_related(*WITH_PERSONS).order_by("user__name", "user_id", "pk")
    by_person = [(user, list(offices)) for user, offices in groupby(theirs, lambda one: one.user)]
    return [
        Candidate(user, _called(grant, offices, on), why_not_named(grant, user, offices, on))
        for user, offices in by_person
    ]


def _called(grant: RoleGrant, offices: list[RoleGrant], on: date) -> str:
    own = [one for one in offices if _of_their_own(one, grant) and one.since <= on]
    return offices_called(own)


def _of(held: RoleGrant) -> QuerySet[RoleGrant]:
    return RoleGrant.objects.filter(stands_for=held, revoked_at=None)


def stand_ins_of(user: User, on: date) -> QuerySet[RoleGrant]:
    """Who stands or will stand in for a person, and for whom the person does, by first day."""
    return _open(RoleGrant.objects.filter(Q(principal=user) | Q(user=user, stands_for__isnull=False)), on)


def stand_ins_in(unit: Unit, on: date) -> QuerySet[RoleGrant]:
    """All of a township that are not over."""
    return _open(RoleGrant.objects.filter(tenant=unit, stands_for__isnull=False), on)


def _open(grants: QuerySet[RoleGrant], on: date) -> QuerySet[RoleGrant]:
    return grants.filter(revoked_at=None, until__gte=on).select_related(*WITH_PERSONS).order_by("since", "pk")
