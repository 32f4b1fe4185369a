"""What the county has said to townships: notes with their replies, guidance and circulars, samplings."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_safe

from projects.cycles.models import Cycle
from projects.oversight import selectors
from projects.oversight.models import Guidance, Note, NoteState
from projects.oversight.selectors import Reply, latest_years
from projects.portal.acts import offers_on
from projects.portal.county import files_to_save
from projects.portal.county_cells import Cell
from projects.portal.county_papers import Sheet, file_of, whole_or_cut
from projects.portal.scope import refuse_part
from workflow.administration.purpose import purpose_first, purpose_of
from workflow.administration.taking import file_taken
from workflow.flows.events import event
from workflow.inbox.asked import number_asked
from workflow.people.models import Unit, UnitKind
from workflow.people.saying import bracketed
from workflow.roles import registry
from workflow.roles.middleware import acting_grant
from workflow.roles.models import RoleGrant

PER_PAGE = 20
OPEN, LATE = "open", "late"  # of notes, by whether their reply is waited for
STANDS = {"": _lazy("全部"), OPEN: _lazy("待回复"), LATE: _lazy("逾期未回复")}
WRITING = (
    "oversight.note",
    "oversight.guide",
    "oversight.sample",
)  # to one township, about the year it is in
TO_SEVERAL = ("oversight.circulate", "oversight.train", "oversight.draw")


def _told(request: HttpRequest) -> Unit | None:
    """Whose words: of the township whose office reads them, None for all townships below an office above."""
    grant = acting_grant(request)
    refuse_part(grant)
    return None if registry.office(grant.office).reads_below else grant.tenant


@require_safe
def county_words(request: HttpRequest) -> HttpResponse:
    """The county finds all its townships here and may write to one, a township what was addressed to it."""
    unit, grant, today = _told(request), acting_grant(request), timezone.localdate()
    halls = latest_years(grant.tenant) if may_write(grant) else []
    if begun := _begun(request, halls):
        return redirect("event", *begun)
    notes = _notes_asked(request, _standing(selectors.notes(unit), _reply_asked(request), today))
    replies = selectors.replies_to(notes)
    context = {
        "above": unit is None,
        "today": today,
        "halls": halls,
        "writing": [event(key) for key in WRITING],
        "events": [
            one for one in offers_on([grant.tenant], grant, timezone.now()) if one.event.key in TO_SEVERAL
        ]
        if halls
        else [],
        "tabs": _tabs(request, unit, today),
        "files": files_to_save(
            lambda ending: _narrowed(reverse("county_notes_file", args=[ending]), _reply_asked(request))
        ),
        "notes": notes,
        "replies": {note.pk: replies.get(note.pk) for note in notes},
        "guidance": _texts_asked(request, selectors.guidance(unit)),
        "samples": _page(request, "samples", selectors.samples(unit)),
    }
    return render(request, "portal/county_words.html", context)


def may_write(grant: RoleGrant) -> bool:
    """Whether an office writes to townships, near enough to have them in one list."""
    return grant.office == "county" and grant.tenant.kind == UnitKind.COUNTY


def _begun(request: HttpRequest, halls: list[Cycle]) -> tuple[str, int] | None:
    """The act and the year that were chosen to write to a township."""
    key, code = request.GET.get("do", ""), request.GET.get("to", "")
    chosen = next((cycle for cycle in halls if cycle.unit.code == code), None)
    return (key, chosen.pk) if key in WRITING and chosen else None


def _reply_asked(request: HttpRequest) -> str:
    """Which notes the address asks for, by how they stand: all of them, OPEN or LATE."""
    asked = request.GET.get("reply", "")
    return asked if asked in (OPEN, LATE) else ""


def _narrowed(address: str, reply: str) -> str:
    return f"{address}?reply={reply}" if reply else address


def _standing(found: QuerySet[Note], reply: str, today: date) -> QuerySet[Note]:
    """Of notes those that stand as asked for."""
    if not reply:
        return found
    found = found.filter(state=NoteState.SENT)
    return found.filter(reply_by__lt=today) if reply == LATE else found


def _tabs(request: HttpRequest, unit: Unit | None, today: date) -> list[dict[str, Any]]:
    """All notes, those that wait for their reply, those that do so past their day; each with how many there are."""
    late = Q(state=NoteState.SENT, reply_by__lt=today)
    counts = selectors.notes(unit).aggregate(
        all=Count("pk"), open=Count("pk", filter=Q(state=NoteState.SENT)), late=Count("pk", filter=late)
    )
    page, asked = reverse("county_notes"), _reply_asked(request)
    return [
        {
            "label": label,
            "url": _narrowed(page, code) + "#notes",
            "count": counts[code or "all"],
            "current": code == asked,
        }
        for code, label in STANDS.items()
    ]


@require_safe
def county_words_file(request: HttpRequest, ending: str) -> HttpResponse:
    """The same whole, as a workbook, PDF or Word: the notes alone where those that wait were asked for.

    Where no PDF can be made, back to the page.
    """
    unit, grant, reply = _told(request), acting_grant(request), _reply_asked(request)
    if ask := purpose_first(request, grant):
        return ask
    title = _("提示函与指导（%(unit)s）") % {"unit": grant.tenant.name}
    made = file_of(
        title,
        ending,
        lambda: [sheet for sheet, _cut in _sheets(unit, reply)],
        lambda: _notes(unit, reply),
    )
    if made is None:
        return redirect(_narrowed(reverse("county_notes"), reply))
    act, why = grant.act(grant.tenant, timezone.now()), purpose_of(request)
    file_taken(act, grant.tenant.reference, what="county_words", form=ending, label=title, reason=why)
    return made


def _sheets(unit: Unit | None, reply: str) -> list[tuple[Sheet, list[str]]]:
    """The three tables of the page, each with the sentence that says where it was cut; of notes that wait, theirs alone."""
    notes, cut_notes = whole_or_cut(_standing(selectors.notes(unit), reply, timezone.localdate()))
    replies = selectors.replies_to(notes)
    first = (
        Sheet(_("工作提示函"), (_("乡镇"), _("事由"), _("提示内容"), _("发出日期"), _("回复期限"), _("回复"),
                           _("回复日期"), _("回复人")),
              tuple(_note(note, replies.get(note.pk)) for note in notes)), cut_notes,
    )  # fmt: skip
    if reply:
        return [first]
    said, cut_said = whole_or_cut(selectors.guidance(unit))
    samples, cut_samples = whole_or_cut(selectors.samples(unit))
    return [
        first,
        (Sheet(_("指导意见和通报"), (_("发出日期"), _("标题"), _("内容"), _("发至")),
               tuple((_day(one["at"]), one["title"], one["words"], one["townships"]) for one in said)), cut_said),
        (Sheet(_("抽查"), (_("抽查日期"), _("乡镇"), _("抽查对象"), _("说明")),
               tuple((_day(one.at), one.unit.name, one.get_of_display(), one.told) for one in samples)), cut_samples),
    ]  # fmt: skip


def _note(note: Note, reply: Reply | None) -> tuple[Cell, ...]:
    said = note.reply or note.get_state_display()
    answered = (reply.on, bracketed(reply.by, reply.office)) if reply else (None, None)
    return note.unit.name, note.title, note.words, note.sent_on, note.reply_by, said, *answered


def _day(at: datetime) -> date:
    return localtime(at).date()


def _notes(unit: Unit | None, reply: str) -> list[str]:
    told = [_("截至%(day)s。") % {"day": date_format(timezone.localdate())}]
    if reply:
        told.append(_("只列%(which)s的工作提示函。") % {"which": STANDS[reply]})
    cuts = [f"{sheet.title}：{said}" for sheet, cut in _sheets(unit, reply) for said in cut]
    return ["".join([*told, *cuts])]


def _notes_asked(request: HttpRequest, found: QuerySet[Note]) -> Page[Note]:
    """The page of the notes that is asked for, or the one on which the note stands that is."""
    number = number_asked(request.GET, "note")
    held = found.filter(pk=number).first() if number and "notes" not in request.GET else None
    if held is None:
        return _page(request, "notes", found)
    later = found.filter(Q(sent_on__gt=held.sent_on) | Q(sent_on=held.sent_on, pk__gt=held.pk))
    return Paginator(found, PER_PAGE).get_page(later.count() // PER_PAGE + 1)


def _texts_asked(request: HttpRequest, found: QuerySet[Guidance, Any]) -> Page[Any]:
    """The page of the texts that is asked for, or the one on which the text stands that is."""
    number = number_asked(request.GET, "text")
    held = found.filter(Q(number=number)).first() if number and "guidance" not in request.GET else None
    if held is None:
        return _page(request, "guidance", found)
    later = found.filter(at__gt=held["at"]).count()
    return Paginator(found, PER_PAGE).get_page(later // PER_PAGE + 1)


def _page(request: HttpRequest, name: str, found: QuerySet[Any]) -> Page[Any]:
    return Paginator(found, PER_PAGE).get_page(request.GET.get(name))
