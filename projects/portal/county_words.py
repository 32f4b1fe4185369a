"""What the county has said to townships: notes with their replies, guidance and circulars, samplings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from projects.oversight import selectors
from projects.oversight.models import Note
from projects.portal.county import files_to_save
from projects.portal.county_papers import Sheet, file_of, whole_or_cut
from projects.portal.scope import refuse_part
from workflow.administration.purpose import purpose_first, purpose_of
from workflow.administration.taking import file_taken
from workflow.inbox.asked import number_asked
from workflow.people.models import Unit
from workflow.roles import registry
from workflow.roles.middleware import acting_grant

PER_PAGE = 20


def _told(request: HttpRequest) -> Unit | None:
    """Whose words: of the township whose office reads them, None for all townships below an office above."""
    grant = acting_grant(request)
    refuse_part(grant)
    return None if registry.office(grant.office).reads_below else grant.tenant


@require_safe
def county_words(request: HttpRequest) -> HttpResponse:
    """The county finds all its townships here, a township what was addressed to it."""
    unit = _told(request)
    context = {
        "above": unit is None,
        "today": timezone.localdate(),
        "files": files_to_save(lambda ending: reverse("county_notes_file", args=[ending])),
        "notes": _notes_asked(request, selectors.notes(unit)),
        "guidance": _page(request, "guidance", selectors.guidance(unit)),
        "samples": _page(request, "samples", selectors.samples(unit)),
    }
    return render(request, "portal/county_words.html", context)


@require_safe
def county_words_file(request: HttpRequest, ending: str) -> HttpResponse:
    """The same whole, as a workbook, PDF or Word; where no PDF can be made, back to the page."""
    unit, grant = _told(request), acting_grant(request)
    if ask := purpose_first(request, grant):
        return ask
    title = _("提示函与指导（%(unit)s）") % {"unit": grant.tenant.name}
    made = file_of(title, ending, lambda: [sheet for sheet, _cut in _sheets(unit)], lambda: _notes(unit))
    if made is None:
        return redirect("county_notes")
    act, why = grant.act(grant.tenant, timezone.now()), purpose_of(request)
    file_taken(act, grant.tenant.reference, what="county_words", form=ending, label=title, reason=why)
    return made


def _sheets(unit: Unit | None) -> list[tuple[Sheet, list[str]]]:
    """The three tables of the page, each with the sentence that says where it was cut."""
    notes, cut_notes = whole_or_cut(selectors.notes(unit))
    said, cut_said = whole_or_cut(selectors.guidance(unit))
    samples, cut_samples = whole_or_cut(selectors.samples(unit))
    return [
        (Sheet(_("工作提示函"), (_("乡镇"), _("事由"), _("提示内容"), _("发出日期"), _("回复期限"), _("回复")),
               tuple(_note(note) for note in notes)), cut_notes),
        (Sheet(_("指导意见和通报"), (_("发出日期"), _("标题"), _("内容"), _("发至")),
               tuple((_day(one["at"]), one["title"], one["words"], one["townships"]) for one in said)), cut_said),
        (Sheet(_("抽查"), (_("抽查日期"), _("乡镇"), _("抽查对象"), _("说明")),
               tuple((_day(one.at), one.unit.name, one.get_of_display(), one.told) for one in samples)), cut_samples),
    ]  # fmt: skip


def _note(note: Note) -> tuple[str, ...]:
    reply = note.reply or note.get_state_display()
    return (
        note.unit.name,
        note.title,
        note.words,
        date_format(note.sent_on),
        date_format(note.reply_by),
        reply,
    )


def _day(at: datetime) -> str:
    return date_format(localtime(at))


def _notes(unit: Unit | None) -> list[str]:
    told = _("截至%(day)s。") % {"day": date_format(timezone.localdate())}
    cuts = [f"{sheet.title}：{said}" for sheet, cut in _sheets(unit) for said in cut]
    return ["".join([told, *cuts])]


def _notes_asked(request: HttpRequest, found: QuerySet[Note]) -> Page[Note]:
    """The page of the notes that is asked for, or the one on which the note stands that is."""
    held = found.filter(pk=number_asked(request.GET, "note")).first()
    if held is None or "notes" in request.GET:
        return _page(request, "notes", found)
    later = found.filter(Q(sent_on__gt=held.sent_on) | Q(sent_on=held.sent_on, pk__gt=held.pk))
    return Paginator(found, PER_PAGE).get_page(later.count() // PER_PAGE + 1)


def _page(request: HttpRequest, name: str, found: QuerySet[Any]) -> Page[Any]:
    return Paginator(found, PER_PAGE).get_page(request.GET.get(name))
