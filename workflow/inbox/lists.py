"""The inbox's lists: 待办 / 待领 / 已办 / 我发起和转出 / 催办提醒, narrowed, kept under a name, across a person's offices."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any, cast

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from workflow.flows.models import Copy, Deadline, SavedFilter
from workflow.flows.sittings import may_be_joined
from workflow.inbox import selectors
from workflow.inbox.agenda import has_inbox
from workflow.inbox.asked import number_asked
from workflow.inbox.banners import banners_for
from workflow.inbox.forms import FilterForm
from workflow.inbox.selectors import barred_among, unread_notes
from workflow.people.isolation import within
from workflow.people.saying import listed, titled
from workflow.roles.middleware import SESSION_KEY, acting_grant, in_office
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import context_of, office_called

PER_PAGE = 30
EVERYWHERE = "all"


@dataclass(frozen=True)
class Box:
    """One of the inbox's lists."""

    code: str
    title: str


def boxes() -> list[Box]:
    """The inbox's lists in the order of the navigation."""
    return [
        Box("todo", _("待办")),
        Box("queue", _("待领")),
        Box("done", _("已办")),
        Box("started", _("我发起和转出")),
        Box("copies", _("抄送")),
        Box("urged", _("催办提醒")),
    ]


@dataclass(frozen=True)
class Row:
    """One line: the task, its step, and the office it is listed under (None: the one acted in).

    noted: whether somebody left a note on it that the person has not read. barred: whether a rule keeps the person from
    doing it, so that another of the office has to.
    """

    deadline: Deadline
    elsewhere: RoleGrant | None = None
    noted: bool = False
    barred: bool = False

    @property
    def node(self) -> Any:
        return self.deadline.task.flow_task


@dataclass(frozen=True)
class CopyRow:
    """One copy, and the office it is listed under (None: the one acted in)."""

    copy: Copy
    elsewhere: RoleGrant | None = None

    @property
    def deadline(self) -> Deadline:
        return self.copy.task.deadline

    @property
    def node(self) -> Any:
        return self.copy.task.flow_task


@dataclass(frozen=True)
class Listing:
    """A list of the inbox as its address asks for it: the filter's form, and the rows of the chosen offices."""

    box: Box
    grant: RoleGrant
    form: FilterForm
    served: selectors.Served

    @property
    def grants(self) -> Sequence[RoleGrant]:
        """The offices whose tasks are listed."""
        return self.served.grants

    def rows(self) -> Any:
        """What may be paged: a queryset of the office acted in, or rows already read of several."""
        if [g.pk for g in self.grants] == [self.grant.pk]:
            found = self._narrowed(self.grant)
            return found[0] if len(found) == 1 else selectors.by_date(row for one in found for row in one)
        return self._across()

    def _narrowed(self, grant: RoleGrant) -> list[QuerySet[Any]]:
        asked = self.form.cleaned_data if self.form.is_valid() else {}
        narrow = {name: value for name, value in asked.items() if name != "place"}
        return selectors.listed(self.box.code, grant, timezone.localdate(), **narrow)

    def _across(self) -> list[Row] | list[CopyRow]:
        """The rows of several offices, each read as that office sees them; one task or copy once."""
        found: dict[int, tuple[Any, RoleGrant | None]] = {}
        for grant in self.grants:
            with selectors.seen_by(grant, self.grant):
                for one in (row for rows in self._narrowed(grant) for row in rows):
                    found.setdefault(one.pk, (one, None if grant.pk == self.grant.pk else grant))
        if self.box.code == selectors.COPIES:
            return [CopyRow(*found[pk]) for pk in sorted(found, reverse=True)]
        rows = [Row(*one) for one in found.values()]
        if self.box.code == "done":
            return sorted(rows, key=lambda row: row.deadline.done_at, reverse=True)  # type: ignore[arg-type, return-value]
        place = {d.pk: at for at, d in enumerate(selectors.by_date(row.deadline for row in rows))}
        return sorted(rows, key=lambda row: place[row.deadline.pk])

    def place(self) -> str:
        """The township whose offices are listed, as the address asks for it; empty for the office acted in."""
        return "" if [g.pk for g in self.grants] == [self.grant.pk] else self.form.data.get("place", "")

    def said(self) -> list[str]:
        """What the list is narrowed to, in words."""
        if not self.query():
            return []
        return [titled(bound.label, _chosen_words(bound)) for bound in self.form if bound.value()]

    def query(self) -> str:
        """The filter as an address carries it, without what was left empty; empty where nothing is narrowed."""
        if not self.form.is_bound or not self.form.is_valid():
            return ""
        given = cast(Any, self.form.data)
        return urlencode([(name, given[name]) for name in self.form.fields if given.get(name)])


def _chosen_words(bound: Any) -> str:
    choices = {str(code): label for code, label in getattr(bound.field, "choices", [])}
    return str(choices.get(str(bound.value()), bound.value()))


def as_row(found: Deadline | Row) -> Row:
    """A row of either kind of listing."""
    return found if isinstance(found, Row) else Row(found)


def as_copy_row(found: Copy | CopyRow) -> CopyRow:
    """The same of the copies' listing."""
    return found if isinstance(found, CopyRow) else CopyRow(found)


def _marked(rows: Sequence[Row], grant: RoleGrant, *, own: bool) -> list[Row]:
    """The rows with the signs of unread notes and of what the person may not do, those of another office read as that
    office sees them. own: whether the list is of what waits for the person.

    Which rows these are their votes and figures say, not a column that a list could be narrowed by, so they are marked and
    stay: the page, its figures and its sheet count the same.
    """
    noted: set[int] = set()
    barred: set[int] = set()
    for there in {row.elsewhere.pk if row.elsewhere else None: row.elsewhere for row in rows}.values():
        with within(context_of(there)) if there else nullcontext():
            here = [row.deadline for row in rows if row.elsewhere == there]
            noted |= unread_notes([deadline.pk for deadline in here], grant.user)
            barred |= barred_among(here, grant.user) if own else set()
    return [replace(row, noted=row.deadline.pk in noted, barred=row.deadline.pk in barred) for row in rows]


def listing(request: HttpRequest, code: str) -> Listing:
    """The list a request asks for; 404 for one there is not."""
    grant = acting_grant(request)
    box = next((b for b in boxes() if b.code == code), None)
    if box is None:
        raise Http404
    own = [g for g in in_office(request).grants if has_inbox(g)]
    places = list({g.tenant_id: g.tenant for g in own}.values())
    served = selectors.Served(_chosen(request.GET.get("place", ""), own, grant), grant, timezone.localdate())
    form = FilterForm(
        request.GET or None,
        years=served.years(code),
        hall=grant.tenant,
        places=[(unit.code, unit.name) for unit in places] if len(places) > 1 else [],
        months=served.months() if code == "done" else (),
        copies=code == selectors.COPIES,
    )
    return Listing(box, grant, form, served)


def _chosen(place: str, own: Sequence[RoleGrant], grant: RoleGrant) -> list[RoleGrant]:
    """The offices whose tasks are listed: the one acted in, or all a person has in a township or anywhere."""
    wanted = [g for g in own if place in (EVERYWHERE, g.tenant.code)]
    return wanted or [grant]


@require_safe
def inbox(request: HttpRequest, box: str = "todo") -> HttpResponse:
    """One list, with four figures that are links, a filter, and what this person has kept under a name."""
    if not has_inbox(acting_grant(request)):
        return redirect("home")  # no task comes to the office: it begins elsewhere
    asked = listing(request, box)
    page = Paginator(asked.rows(), PER_PAGE).get_page(request.GET.get("page"))
    rows = _marked([as_row(row) for row in page], asked.grant, own=box in ("todo", "queue", "urged"))
    figures = asked.served.figures()
    if not asked.place():
        in_office(request).todo = figures.open
    context = shelf(asked) | {
        "title": asked.box.title,
        "banners": banners_for(in_office(request).user, in_office(request).grants),
        "elsewhere": waiting_elsewhere(in_office(request).grants, asked.grants, asked.grant)
        if box in ("todo", "queue")
        else [],
        "figures": figures,
        "place": asked.place(),
        "page": page,
        "rows": rows,
        "provisional": any(r.deadline.provisional and r.deadline.done_at is None for r in rows),
        "today": timezone.localdate(),
        "selectable": box in ("todo", "queue"),
        "ended_kept": selectors.ENDED_KEPT.days,
        "meetings": sum(may_be_joined(as_row(row).node) for row in page) > 1 and box in ("todo", "queue"),
    }
    return render(request, "workflow/inbox.html", context)


@dataclass(frozen=True)
class Elsewhere:
    """An office somebody holds besides the one they act in, and how much waits for it."""

    grant: RoleGrant
    count: int

    @property
    def title(self) -> str:
        return f"{self.grant.unit.name} · {office_called(self.grant)}"


def waiting_elsewhere(
    own: Sequence[RoleGrant], listed_now: Sequence[RoleGrant], acting: RoleGrant
) -> list[Elsewhere]:
    """What waits for the other offices of a person, each asked as that office sees it.

    What stands in the list already, or for an office before it, is left out: a clerk keeps the presidium's record, and may
    sit in it too.
    """
    shown = {grant.pk for grant in listed_now}
    told: selectors.Told = {}
    for grant in listed_now:
        selectors.tell_of(grant, told)
    found = []
    for grant in (one for one in own if one.pk not in shown and has_inbox(one)):
        same = grant.tenant_id == acting.tenant_id and grant.scope == acting.scope
        with nullcontext() if same else within(context_of(grant)):
            count = selectors.count_todo(grant, told)
        if count:
            found.append(Elsewhere(grant, count))
        selectors.tell_of(grant, told)
    return found


def shelf(asked: Listing) -> dict[str, Any]:
    """What stands around every list: its filter, what it is narrowed to, and what the person has kept under a name."""
    saved = list(SavedFilter.objects.filter(user=asked.grant.user_id, unit=asked.grant.tenant).order_by("pk"))
    box, query = asked.box.code, asked.query()
    return {
        "box": box,
        "form": asked.form,
        "saved": saved,
        "query": query,
        "narrowed": listed(asked.said(), "；"),
        "may_save": bool(query) and (box, query) not in {(one.box, one.query) for one in saved},
        "several": len(asked.form.places) > 1,
    }


@require_POST
def switch_office(request: HttpRequest) -> HttpResponse:
    """Act in another of one's offices from now on; task: a task of that office to go to."""
    wanted, task_id = request.POST.get("grant", ""), number_asked(request.POST, "task")
    if any(str(g.pk) == wanted for g in in_office(request).grants):
        request.session[SESSION_KEY] = int(wanted)
    return redirect("task", task_id=task_id) if task_id is not None else redirect("home")
