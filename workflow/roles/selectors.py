"""Reads of offices held."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, timedelta

from django.db.models import F, Q, QuerySet
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from workflow.people.isolation import Context, of_units
from workflow.people.models import TENANT_KINDS, Unit, User
from workflow.people.prepared import Prepared
from workflow.people.saying import listed
from workflow.roles import registry
from workflow.roles.models import RoleGrant

WITH_PERSONS = ("unit", "tenant", "user", "principal")


def open_grants(on: date) -> QuerySet[RoleGrant]:
    """Offices held on a day or still to begin: not ended, not revoked."""
    return RoleGrant.objects.filter(Q(until=None) | Q(until__gte=on), revoked_at=None)


def live_grants(on: date) -> QuerySet[RoleGrant]:
    """Offices held on a day: begun, not ended, not revoked."""
    return open_grants(on).filter(since__lte=on)


def grants_of(user: User, on: date) -> list[RoleGrant]:
    """A person's offices on a day, with their units, in a stable order."""
    return _HELD_BY.every(user_id=user.pk, on=on)


_HELD_BY = Prepared(
    lambda user_id, on: live_grants(on).filter(user_id=user_id).select_related(*WITH_PERSONS).order_by("pk"),
    user_id=-1,
    on=date.min,
)


def office_called(grant: RoleGrant) -> str:
    """What an office is called where its holder is named: its title, and whom the holder stands in for (代办)."""
    title = grant.title or registry.title_of(grant.office, grant.tenant)
    if grant.principal is None:
        return title
    return _("%(office)s（代%(name)s）") % {"office": title, "name": grant.principal.name}


def offices_called(grants: Iterable[RoleGrant]) -> str:
    """Several offices one after another, each once; ； between them where one is called by two (人大主席、副主席)."""
    titles = list(dict.fromkeys(map(office_called, grants)))
    return listed(titles, "；" if any("、" in title for title in titles) else "、")


def holders_of(office: str, unit: Unit, on: date) -> list[User]:
    """The persons who hold an office at a unit on a day, by id; one who was granted it twice is one person."""
    return persons_of(_HOLDERS.every(office=office, unit_id=unit.pk, on=on))


_HOLDERS = Prepared(
    lambda office, unit_id, on: (
        live_grants(on).filter(office=office, unit_id=unit_id).select_related("user").order_by("user_id")
    ),
    office="\0office",
    unit_id=-1,
    on=date.min,
)


def holders_at(seats: Collection[tuple[str, int]], on: date) -> dict[tuple[str, int], list[User]]:
    """The same of several offices, each at a unit by its id; one query for all of them, none where there are none."""
    found: dict[tuple[str, int], list[RoleGrant]] = {seat: [] for seat in seats}
    if not found:
        return {}
    offices, units = zip(*found, strict=True)
    grants = live_grants(on).filter(office__in=offices, unit_id__in=units).select_related("user")
    for grant in grants.order_by("user_id"):
        if (seat := (grant.office, grant.unit_id)) in found:
            found[seat].append(grant)
    return {seat: persons_of(there) for seat, there in found.items()}


def grants_between(office: str, unit: Unit, first: date, last: date) -> list[RoleGrant]:
    """Who held an office at a unit on any of these days, also where it has ended or been revoked since; by person."""
    begun = RoleGrant.objects.filter(office=office, unit=unit, since__lte=last)
    held = begun.filter(
        Q(until=None) | Q(until__gte=first), Q(revoked_at=None) | Q(revoked_at__date__gt=first)
    )
    return list(held.select_related("user").order_by("user_id", "pk"))


def was_held(grant: RoleGrant, on: date) -> bool:
    """Whether an office was held on a day, whatever became of it since; not on the day it was revoked."""
    ended = grant.revoked_at is not None and localdate(grant.revoked_at) <= on
    return grant.since <= on and (grant.until is None or grant.until >= on) and not ended


def left_on(grant: RoleGrant, on: date) -> bool:
    """Whether an office that had been held before was revoked on that very day: it was held for a part of it."""
    if grant.revoked_at is None or localdate(grant.revoked_at) != on:
        return False
    return grant.since < on and (grant.until is None or grant.until >= on)


def members_on(office: str, unit: Unit, on: date, attended: Collection[int] = ()) -> list[User]:
    """The persons who held an office at a unit on a day that may be past (`holders_of`: who still does), by id.

    attended: ids of those who were at a meeting of that day. Whoever left on the day itself is a member if they were: at
    what hour they left and the body met is not known. Otherwise they are not counted, as on every later day.
    """
    found = grants_between(office, unit, on - timedelta(days=1), on)
    return members_among(found, on, attended)


def members_among(grants: Iterable[RoleGrant], on: date, attended: Collection[int] = ()) -> list[User]:
    """The same of grants that have been read: all those that may have been held on the day or revoked on it."""
    return persons_of(
        grant for grant in grants if was_held(grant, on) or (grant.user_id in attended and left_on(grant, on))
    )


def persons_of(grants: Iterable[RoleGrant]) -> list[User]:
    """Their holders, each once."""
    return list({grant.user_id: grant.user for grant in grants}.values())


def own_grants(office: str, unit: Unit, on: date) -> list[RoleGrant]:
    """The grants of an office that are their holders' own on a day, by user; of each the one that runs longest.

    Who only stands in for a holder (代办) has none.
    """
    held = live_grants(on).filter(office=office, unit=unit, stands_for=None).select_related("user")
    longest = held.order_by("user_id", F("until").desc(nulls_first=True), "pk").distinct("user_id")
    return list(longest)


def seats_of(office: str, unit: Unit, on: date) -> QuerySet[Unit]:
    """The units inside a township where somebody holds an office on a day, by code: a task sent there is someone's."""
    held = live_grants(on).filter(office=office, tenant=unit).values("unit")
    kinds = registry.office(office).kinds
    return Unit.objects.filter(tenant=unit, kind__in=kinds, ends_on=None, pk__in=held).order_by("code")


def context_of(grant: RoleGrant) -> Context:
    """What the database shows to somebody acting in this office: its township, or everything below a county.

    Of these only what the grant's scope names, where it names anything (an auditor's, by its notice).
    """
    scope = registry.acts_in(grant.scope)
    if registry.office(grant.office).reads_below:
        # Rows belong to townships and what is above them, never to what sits inside: a province has a hundred times more.
        tenants = Unit.objects.filter(path__startswith=grant.tenant.path, kind__in=TENANT_KINDS)
        below = tenants.values_list("pk", flat=True)
        return of_units(below, writes=(grant.tenant_id,), user=grant.user_id, scope=scope)
    return of_units((grant.tenant_id,), writes=(grant.tenant_id,), user=grant.user_id, scope=scope)
