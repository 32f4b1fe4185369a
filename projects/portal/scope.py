"""Pages an office limited to a part of the work has nothing to look for on: refused, rather than shown empty.

What a page shows of one record or list is narrowed by the database (projects/migrations/0004_scopes.py).
"""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from workflow.roles import registry
from workflow.roles.models import RoleGrant

# The navigation's pages, and the parts of the work each is about; the others are for every scope.
PAGES: dict[str, tuple[str, ...]] = {
    "pool": ("1", "2"),
    "sessions": ("3", "4", "5", "6"),
    "votes": ("4",),
}
# Those that count or tell over all six steps.
WHOLE = ("county", "county_notes")


def is_open(grant: RoleGrant, page: str) -> bool:
    """Whether a page of the navigation has something to look for in this office; page: the name of its address."""
    if page in WHOLE:
        return grant.reads_all
    return page not in PAGES or grant.covers(*PAGES[page])


def refuse_outside(grant: RoleGrant, *parts: str) -> None:
    """Refuse the page to an office that reads none of these parts of the work."""
    if not grant.covers(*parts):
        told = {"scope": registry.words_of_scope(grant.scope)}
        raise PermissionDenied(_("此页不在您的查阅范围内（%(scope)s）。") % told)


def refuse_part(grant: RoleGrant) -> None:
    """Refuse a page that counts over all six steps to an office that does not read all of them."""
    if not grant.reads_all:
        refuse_outside(grant)


def scope_told(grant: RoleGrant) -> dict[str, str]:
    """What a page says of the limit it is read under; empty without one."""
    if not grant.scope:
        return {}
    return {"document": grant.document, "scope": registry.words_of_scope(grant.scope)}
