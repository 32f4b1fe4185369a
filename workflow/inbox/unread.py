"""What somebody has not opened yet, for the navigation: copies, and the messages the post office above has for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from django.db.models import Count, QuerySet, Value
from django.http import HttpRequest

from workflow.flows.copies import unread_by
from workflow.inbox.selectors import offices_served
from workflow.people.models import User
from workflow.roles.middleware import acting_grant, in_office
from workflow.roles.models import RoleGrant

Source = Callable[[User], QuerySet[Any]]
_sources: list[Source] = []


class Unread(NamedTuple):
    """copies: to the person or an office they act in; messages: to the person, whatever office they act in."""

    copies: int
    messages: int


def count_messages_of(source: Source) -> Source:
    """Register where a person's unopened messages are read, in a context that speaks for that person."""
    if source not in _sources:
        _sources.append(source)
    return source


def unread_of(grant: RoleGrant) -> Unread:
    """How much somebody acting in an office has not opened; one query for all of it."""
    copies = unread_by(grant, offices_served(grant))
    first, *others = (
        rows.order_by()
        .annotate(what=Value(what))
        .values("what")
        .annotate(n=Count("pk"))
        .values_list("what", "n")
        for what, rows in [("copies", copies), *(("messages", source(grant.user)) for source in _sources)]
    )
    found: Counter[str] = Counter()
    for what, n in first.union(*others, all=True):
        found[what] += n
    return Unread(found["copies"], found["messages"])


def unread_in(request: HttpRequest) -> Unread:
    """The same of whoever a request speaks for, asked once: the navigation tells it, and so does the page that lists it."""
    seen = in_office(request)
    if seen.unread is None:
        seen.unread = unread_of(acting_grant(request))
    return Unread(*seen.unread)
