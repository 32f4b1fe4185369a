"""Who a route means, looked up in the township's offices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import OuterRef, Q, Subquery

from workflow.audit.models import Entry
from workflow.flows.models import Deadline
from workflow.people.models import Unit, User
from workflow.roles import registry
from workflow.roles.models import RoleGrant


@dataclass(frozen=True)
class Roster:
    """The offices held in one township and above it, read once for a whole batch of entries."""

    unit: Unit
    grants: list[RoleGrant]

    @classmethod
    def of(cls, unit: Unit) -> Roster:
        """Every grant that is not revoked, of people who may sign in."""
        above = [int(number) for number in unit.path.strip("/").split("/") if number]
        grants = (
            RoleGrant.objects.filter(Q(tenant=unit) | Q(unit_id__in=above))
            .filter(revoked_at=None, user__is_active=True)
            .select_related("user", "unit")
            .order_by("user_id")
        )
        return cls(unit, list(grants))

    def in_offices(self, codes: Iterable[str], on: date) -> list[User]:
        """Whoever holds one of the offices anywhere in the township on a day."""
        return _people(g for g in self._live(codes, on) if g.tenant_id == self.unit.pk)

    def above(self, codes: Iterable[str], on: date) -> list[User]:
        """Whoever holds one of the offices at a unit above the township."""
        return _people(g for g in self._live(codes, on) if g.tenant_id != self.unit.pk)

    def seated(self, code: str, seat: str, on: date) -> list[User]:
        """Whoever holds an office at the unit of a code, in the township or above it."""
        return _people(g for g in self._live([code], on) if g.unit.code == seat)

    def whose_turn(self, deadline: Deadline, on: date) -> list[User]:
        """The one person a task is meant for, or all who may do it: holders, and a body's record keepers."""
        if deadline.task.owner_id:
            return self._owner_and_stand_ins(deadline, on)
        codes = [deadline.office, *registry.office(deadline.office).recorders]
        return _people(g for g in self._live(codes, on) if g.unit_id == deadline.seat_id)

    def _owner_and_stand_ins(self, deadline: Deadline, on: date) -> list[User]:
        """Whoever has taken the task, and whoever stands in for them in its office."""
        owner = deadline.task.owner
        codes = [deadline.office, *registry.office(deadline.office).recorders]
        for_them = [
            g.user
            for g in self._live(codes, on)
            if g.principal_id == owner.pk and g.unit_id == deadline.seat_id
        ]
        return [*([owner] if owner.is_active else []), *for_them]

    def _live(self, codes: Iterable[str], on: date) -> list[RoleGrant]:
        wanted = set(codes)
        return [
            g
            for g in self.grants
            if g.office in wanted and g.since <= on and (g.until is None or g.until >= on)
        ]


def authors_of(subjects: Iterable[str]) -> dict[str, User]:
    """Whoever wrote the first entry on each record; residents without an account are nobody to write to."""
    first = Entry.objects.filter(subject__in=list(subjects), actor__is_active=True).select_related("actor")
    created = Entry.objects.filter(subject=OuterRef("subject")).order_by("id").values("pk")[:1]
    return {e.subject: e.actor for e in first.filter(pk=Subquery(created)) if e.actor}


def named(usernames: Iterable[str]) -> dict[str, User]:
    """The persons of these usernames who may sign in."""
    found = User.objects.filter(username__in=list(usernames), is_active=True)
    return {user.username: user for user in found}


def _people(grants: Iterable[RoleGrant]) -> list[User]:
    return list({g.user_id: g.user for g in grants}.values())
