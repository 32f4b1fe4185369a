"""A unit's trail on a page: searched by subject, person, office, step, time and act; who looked, who exported."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import JSONField, Q, QuerySet, TextField, Value
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast, Concat
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.http import urlencode
from django.utils.timezone import make_aware
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from projects.collection.models import Proposal
from projects.cycles.steps import STEPS
from projects.portal.scope import scope_told
from projects.portal.story_selectors import STORIED
from workflow.administration.taking import EXPORTED
from workflow.administration.trail import may_stream
from workflow.audit.models import Entry
from workflow.audit.nightly import last_verified
from workflow.audit.rows import ACTIONS
from workflow.flows.fields import ChineseDateField, PlainForm
from workflow.inbox.reading import PERSONAL
from workflow.inbox.story import entries_called, lines_of
from workflow.people.models import HALLS, Unit
from workflow.people.selectors import tenants_below
from workflow.roles import registry
from workflow.roles.middleware import acting_grant
from workflow.roles.models import RoleGrant

PER_PAGE = 30
READ = "record.read"
# What somebody comes to ask for, before any filter: code → title and the acts.
KINDS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "": (gettext_lazy("全部"), ()),
    "read": (gettext_lazy("谁查阅过"), (READ, PERSONAL)),
    "personal": (gettext_lazy("谁看过个人信息"), (PERSONAL,)),
    "rows": (gettext_lazy("未经办理程序的数据改动"), ACTIONS),
    "exported": (
        gettext_lazy("谁导出过"),
        (
            "trail.export",
            "trail.download",
            "trail.cancel_export",
            "trail.export_failed",
            "vote.export_box",
            "archive.make",
            "archive.add",
            "archive.download",
            EXPORTED,
        ),
    ),
}
LAST = 2**63 - 1
REFERENCE = re.compile(r"[a-z_]+:[0-9]{1,18}")


class TrailFilter(PlainForm):
    """What to look for; every field narrows."""

    words = forms.CharField(label=gettext_lazy("办理事项"), required=False, max_length=40)
    number = forms.IntegerField(label=gettext_lazy("记录编号"), required=False, min_value=1, max_value=LAST)
    subject = forms.CharField(label=gettext_lazy("对象"), required=False, max_length=60)
    person = forms.CharField(label=gettext_lazy("办理人"), required=False, max_length=40)
    office = forms.ChoiceField(label=gettext_lazy("职务"), required=False)
    step = forms.TypedChoiceField(label=gettext_lazy("环节"), required=False, coerce=int, empty_value=None)
    since = ChineseDateField(label=gettext_lazy("自"), required=False, help_text="")
    until = ChineseDateField(label=gettext_lazy("至"), required=False, help_text="")
    unit = forms.CharField(required=False, widget=forms.HiddenInput)
    kind = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, unit: Unit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        everything = [("", _("全部"))]
        offices = [(one.code, str(registry.title_of(one.code, unit))) for one in registry.offices()]
        steps = [(str(step), str(title)) for step, title in STEPS.items()]
        for name, choices in (("office", offices), ("step", steps)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = everything + choices

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        since, until = data.get("since"), data.get("until")
        if until == date.max:  # no day comes after it
            self.add_error("until", _("请填写真实存在的日期，年、月、日都要填，例如 2026 年 1 月 12 日。"))
        if since and until and until < since:
            self.add_error("until", _("结束日期不能早于开始日期。"))
        return data


def found(
    entries: QuerySet[Entry], asked: dict[str, Any], unit: Unit, *, read: bool = False
) -> QuerySet[Entry]:
    """Of a unit's entries those that answer every field asked for. asked: a filter's cleaned data.

    read: it is asked who looked at the subject, so that opening it counts, which is nothing done to it.
    """
    inside = Cast("body", JSONField())
    if words := asked.get("words"):
        entries = entries_called(entries, words, unit)
    if subject := asked.get("subject"):
        entries = entries.filter(_on(subject, inside) | (_opened(entries, subject, inside) if read else Q()))
    if person := asked.get("person"):
        entries = entries.filter(Q(actor__name__contains=person) | Q(actor__username=person))
    if office := asked.get("office"):
        entries = entries.alias(office=KeyTextTransform("office", inside)).filter(office=office)
    if step := asked.get("step"):
        entries = entries.alias(step=KeyTextTransform("step", inside)).filter(step=str(step))
    return _numbered(_between(entries, asked.get("since"), asked.get("until")), asked.get("number"))


def _between(entries: QuerySet[Entry], since: date | None, until: date | None) -> QuerySet[Entry]:
    if since:
        entries = entries.filter(at__gte=make_aware(datetime.combine(since, time())))
    if until:
        entries = entries.filter(at__lt=make_aware(datetime.combine(until + timedelta(days=1), time())))
    return entries


def _numbered(entries: QuerySet[Entry], number: int | None) -> QuerySet[Entry]:
    return entries.filter(pk=number) if number else entries


def _on(subject: str, inside: Cast) -> Q:
    """A record by its reference with all done inside it, or whatever is called so."""
    if REFERENCE.fullmatch(subject):
        return Q(subject=subject) | Q(about=subject)
    # What residents wrote stands in the record alone, and in no entry.
    written = Proposal.objects.filter(title__contains=subject)
    named = Concat(Value(f"{Proposal.kind}:"), Cast("pk", TextField()), output_field=TextField())
    numbers = written.annotate(named=named).values("named")
    called = Entry.objects.alias(label=KeyTextTransform("label", inside)).filter(label__contains=subject)
    return Q(pk__in=called) | Q(subject__in=numbers)


def _opened(entries: QuerySet[Entry], subject: str, inside: Cast) -> Q:
    """Among these entries the reads whose page showed this record."""
    record = KeyTextTransform("record", KeyTransform("after", inside))
    reads = entries.filter(action=READ).alias(record=record).filter(record=subject)
    # Their numbers, not a subquery: beside one the indexes of the other conditions would be of no use.
    return Q(pk__in=list(reads.order_by().values_list("pk", flat=True)))


def units_to_choose(grant: RoleGrant) -> list[Unit]:
    """Whose trails an office may turn to: its own and all below it; none for one that reads its own alone."""
    return tenants_below(grant.tenant) if registry.office(grant.office).reads_below else []


def unit_asked(grant: RoleGrant, code: str, choice: list[Unit]) -> Unit:
    """Whose trail a page is about: one's own, or the one an address names; without one the first township there is."""
    if not choice or code == grant.tenant.code:
        return grant.tenant
    if not code:
        return next((unit for unit in choice if unit.kind in HALLS and unit.ends_on is None), grant.tenant)
    found = next((unit for unit in choice if unit.code == code), None)
    if found is None:
        raise Http404(_("没有这个单位。"))
    return found


@require_safe
def trail(request: HttpRequest) -> HttpResponse:
    """A unit's trail, newest first, of it what is asked for; whoever looks on from above chooses whose, its own too."""
    grant = acting_grant(request)
    choice = units_to_choose(grant)
    unit = unit_asked(grant, request.GET.get("unit", ""), choice)
    asked = bool(request.GET.keys() - {"unit", "page", "kind"})
    kind = request.GET.get("kind", "") if request.GET.get("kind", "") in KINDS else ""
    initial = {"unit": unit.code, "kind": kind}
    form = TrailFilter(request.GET if asked else None, unit=unit, initial=initial)
    entries = Entry.objects.filter(unit=unit).select_related("actor", "unit").order_by("-id")
    if acts := KINDS[kind][1]:
        entries = entries.filter(action__in=acts)
    if asked:
        valid, reading = form.is_valid(), kind == "read"
        entries = found(entries, form.cleaned_data, unit, read=reading) if valid else entries.none()
    page = Paginator(entries, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "unit": unit,
        "page": page,
        "form": form,
        "asked": asked,
        "kind": kind,
        "tabs": [
            {"label": title, "url": _address(unit, code, request.GET), "current": kind == code}
            for code, (title, _acts) in KINDS.items()
        ],
        "lines": lines_of(page),
        "units": choice,
        "may_export": may_stream(grant),
        "proofs": registry.office(grant.office).takes_proofs,
        "limit": scope_told(grant),
        "told_whole": _told_whole(request.GET.get("subject", "")),
        "verified": last_verified(unit),
    }
    return render(request, "portal/trail.html", context)


@require_safe
def changed_rows(request: HttpRequest) -> HttpResponse:
    """What was changed past the acts, in every unit the viewer reads, newest first."""
    grant = acting_grant(request)
    entries = Entry.objects.filter(action__in=ACTIONS).select_related("actor", "unit").order_by("-id")
    page = Paginator(entries, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "lines": lines_of(page),
        "unit": grant.tenant,
        "limit": scope_told(grant),
        "proofs": registry.office(grant.office).takes_proofs,
    }
    return render(request, "portal/changed_rows.html", context)


def _address(unit: Unit, kind: str, asked: QueryDict) -> str:
    """Another kind of acts of the same that is asked for, from its first page."""
    kept = {name: str(value) for name, value in asked.items() if value and name != "page"}
    return "?" + urlencode(kept | {"unit": unit.code, "kind": kind})


def _told_whole(subject: str) -> tuple[str, int] | None:
    """The record asked for, where it is part of one thing's story."""
    kind, _colon, number = subject.partition(":")
    return (kind, int(number)) if kind in STORIED and REFERENCE.fullmatch(subject) else None
