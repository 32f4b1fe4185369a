"""Who the members of a body were on the day it met, which may lie before the day its meeting is recorded."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta

from django.utils.formats import date_format
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from workflow.people.models import Unit, User
from workflow.people.saying import listed
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import grants_between, members_among, members_on, persons_of, was_held

LOOK_BACK = timedelta(days=60)  # whoever was a member within it may have attended a meeting recorded late


class Membership:
    """A body's members: whom the record of a meeting offers, and who they were on the day it was held.

    today: the day it is recorded on. A member who came or left within LOOK_BACK is offered with that day. Counted as
    members of a meeting are those in office when its day was over, and whoever left on that day and attended it.
    """

    def __init__(self, body: str, seat: Unit, today: date) -> None:
        self.body, self.seat, self.today = body, seat, today
        self.first = today - LOOK_BACK
        found = grants_between(body, seat, self.first, today)
        # One that was revoked on its first day was given by mistake.
        self.grants = [grant for grant in found if was_held(grant, grant.since)]

    def on(self, day: date | None, attended: Collection[str] = ()) -> list[User]:
        """Who the members were on a day; on the day of recording where none is known yet.

        attended: the codes of those who attended a meeting of that day, where it is known (`members_on`).
        """
        day, there = day or self.today, {int(code) for code in attended}
        if day <= self.first:
            return members_on(self.body, self.seat, day, there)
        return members_among(self.grants, day, there)

    def offered(self, day: date | None = None) -> list[tuple[str, str]]:
        """Code and name of whoever may have attended, those of a day longer ago among them; by id."""
        found = {user.pk: user.name for user in self.on(day)} if day and day < self.first else {}
        found |= {user.pk: self._named(user) for user in persons_of(self.grants)}
        return [(str(pk), name) for pk, name in sorted(found.items())]

    def _named(self, user: User) -> str:
        own = [grant for grant in self.grants if grant.user_id == user.pk]
        if not any(was_held(grant, self.today) for grant in own):
            last = max(_last_day(grant) for grant in own)
            return _("%(name)s（任职至%(day)s）") % {"name": user.name, "day": date_format(last)}
        if not any(was_held(grant, self.first) for grant in own):
            since = min(grant.since for grant in own)
            return _("%(name)s（%(day)s起任职）") % {"name": user.name, "day": date_format(since)}
        return user.name

    def strangers(self, codes: Collection[str], day: date) -> list[str]:
        """The names of those who were no members on the day."""
        members = {str(user.pk) for user in self.on(day, codes)}
        names = {str(user.pk): user.name for user in persons_of(self.grants)}
        return [names.get(code, code) for code in codes if code not in members]


def not_members(names: Sequence[str]) -> str:
    """Why a record does not stand that has these attend."""
    return _("%(who)s在会议当日不是组成人员，不能列入出席。") % {"who": listed(names)}


def _last_day(grant: RoleGrant) -> date:
    """The last day an office that has ended was held on, be it for a part of that day."""
    revoked = localdate(grant.revoked_at) if grant.revoked_at else date.max
    return min(revoked, grant.until or date.max)
