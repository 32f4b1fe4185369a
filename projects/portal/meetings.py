"""A meeting on several matters: the notice that called it, and how it was recorded, with its 纪要; both as Word."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from projects.cycles.documents.composing import text_parts
from projects.cycles.documents.issuing import body_in_full
from projects.cycles.documents.parts import Document, Heading, Paragraph, Part
from projects.cycles.numerals import numeral
from projects.cycles.selectors import chair_of
from projects.portal.documents import written
from workflow.administration.purpose import purpose_first, purpose_of
from workflow.administration.taking import file_taken
from workflow.flows.models import Deadline, Meeting, MeetingCall, Sitting
from workflow.inbox.acts_done import told_open
from workflow.inbox.selectors import offices_served, opened_after
from workflow.people.models import User
from workflow.people.saying import in_the_records_language, listed, titled
from workflow.people.services import unit_on
from workflow.people.wording import worded
from workflow.roles import registry
from workflow.roles.middleware import acting_grant
from workflow.roles.selectors import members_on

PRESIDIUM = "presidium"
CHINESE_DAY = "Y年n月j日"


def _sitting(request: HttpRequest, pk: int) -> Sitting:
    """A meeting for those it is open to."""
    seen = Sitting.objects.select_related("unit", "seat", "recorded_by", "call").prefetch_related("attended")
    held = get_object_or_404(seen, pk=pk)
    _check_reader(request, held.body)
    return held


def _check_reader(request: HttpRequest, body: str) -> None:
    """403 for whoever does not read a body's records in the office acted in."""
    if not registry.reads_record(acting_grant(request).office, body):
        raise PermissionDenied(_("会议记录由该机构的成员、记录人和人大主席查阅。"))


def _call(request: HttpRequest, pk: int) -> MeetingCall:
    """The notice of a meeting, for the same, and in whatever office they act for those it calls: it went to persons."""
    seen = MeetingCall.objects.select_related(
        "unit", "seat", "called_by", "called_off_by", "replaced_by", "sitting"
    )
    called = get_object_or_404(seen, pk=pk)
    if acting_grant(request).user not in members_on(called.body, called.seat, called.held_on):
        _check_reader(request, called.body)
    return called


@require_safe
def call(request: HttpRequest, pk: int) -> HttpResponseBase:
    """When and where a body meets, on what, who is called; from here the meeting is recorded once it was held."""
    called, grant = _call(request, pk), acting_grant(request)
    held = getattr(called, "sitting", None)
    keeps = called.body in offices_served(grant) and grant.unit_id == called.seat_id
    due, agenda = called.held_on <= timezone.localdate(), agenda_of(called)
    may_follow = held is None and called.stands
    left = any(one.waits for one in agenda)
    context = {
        "call": called,
        "body": _name(called),
        "issuer": _issuer(called, timezone.localdate(called.at)),
        "convener": _convener(called, timezone.localdate(called.at)),
        "members": names_of(members_on(called.body, called.seat, called.held_on)),
        "agenda": agenda,
        "left": left,
        "held": held,
        "reads_record": registry.reads_record(grant.office, called.body),
        "may_record": keeps and due and may_follow and left,
        "may_call_off": keeps and may_follow,
    }
    return render(request, "portal/meeting_call.html", context)


@require_safe
def call_notice(request: HttpRequest, pk: int, ending: str) -> HttpResponseBase:
    """The notice as a file; back to its page, which says why, where it is void or no PDF can be made."""
    called = _call(request, pk)
    if not called.stands:
        return redirect("meeting_call", pk=pk)
    return _as_file(request, called, partial(notice_of, called), ending, what="call", page="meeting_call")


def _as_file(
    request: HttpRequest,
    meeting: MeetingCall | Sitting,
    document_of: Callable[[], Document],
    ending: str,
    *,
    what: str,
    page: str,
) -> HttpResponseBase:
    """A paper of a meeting for somebody to take away, written down; what: its code, page: the name of its page."""
    grant = acting_grant(request)
    if ask := purpose_first(request, grant):
        return ask
    with in_the_records_language():
        document = document_of()
    made = written(document, ending, document.title)
    if made is None:
        return redirect(page, pk=meeting.pk)
    act, why = grant.act(meeting.unit, timezone.now()), purpose_of(request)
    file_taken(act, meeting.reference, what=what, form=ending, label=document.title, reason=why)
    return made


def agenda_of(called: MeetingCall) -> list[Deadline]:
    """Its matters in the order of the agenda."""
    found = Deadline.objects.select_related("task", "unit").in_bulk(called.tasks)
    return [found[number] for number in called.tasks if number in found]


def notice_of(called: MeetingCall) -> Document:
    """会议通知: when and where, the agenda, who is called, what is asked of them."""
    told = {
        "day": date_format(called.held_on, CHINESE_DAY),
        "hour": f"{called.hour:%H:%M}",
        "place": called.place,
        "body": _name(called),
    }
    matters = [
        _("%(n)s. %(what)s（%(about)s）")
        % {"n": at, "what": worded(one.task.flow_task.task_title, one.unit), "about": one.label}
        for at, one in enumerate(agenda_of(called), 1)
    ]
    asked = [called.words] if called.words else []
    parts: list[Part] = [
        Paragraph(_("定于%(day)s %(hour)s 在%(place)s召开%(body)s，现将有关事项通知如下。") % told),
        Heading(_("一、会议议题")),
        *map(Paragraph, matters),
        Heading(_("二、参加人员")),
        Paragraph(names_of(members_on(called.body, called.seat, called.held_on))),
        Heading(_("三、有关要求")),
        *map(Paragraph, [*asked, _("请准时出席；因故不能出席的，请提前请假。")]),
    ]
    return Document(
        title=_("关于召开%(body)s的通知") % told,
        parts=tuple(parts),
        signature=_issuer(called, timezone.localdate(called.at)),
        day=date_format(timezone.localdate(called.at), CHINESE_DAY),
    )


@require_safe
def sitting(request: HttpRequest, pk: int) -> HttpResponseBase:
    """When, where, who attended, how each matter was decided, the 纪要, and whose turn it is now."""
    held, grant = _sitting(request, pk), acting_grant(request)
    matters = matters_of(held)
    come = {one.pk: one for matter in matters if matter.task for one in opened_after(matter.task)}
    with in_the_records_language():
        minutes = minutes_of(held)
    context = {
        "sitting": held,
        "listed_here": grant.unit_id == held.seat_id and not registry.office(grant.office).reads_below,
        "body": _name(held),
        "attended": names_of(held.attended.all()),
        "absent": names_of(absent_at(held)),
        "matters": matters,
        "minutes": minutes,
        "opened": told_open(come.values(), held.unit),
        "hall": held.unit,
    }
    return render(request, "portal/sitting.html", context)


@require_safe
def sitting_minutes(request: HttpRequest, pk: int, ending: str) -> HttpResponseBase:
    """The 纪要 of the meeting as a file; back to its page where no PDF can be made."""
    held = _sitting(request, pk)
    return _as_file(request, held, partial(minutes_of, held), ending, what="minutes", page="sitting")


def matters_of(held: Sitting) -> list[Meeting]:
    """Its matters in the order they were decided."""
    return list(held.matters.select_related("task__deadline").order_by("pk"))


def absent_at(held: Sitting) -> list[User]:
    """The members of the body on that day who were not there."""
    there = {user.pk for user in held.attended.all()}
    return [user for user in members_on(held.body, held.seat, held.held_on) if user.pk not in there]


def names_of(people: Any) -> str:
    return listed(user.name for user in people)


def _name(held: Sitting | MeetingCall) -> str:
    """What the meeting is called: 青溪镇主席团会议."""
    return f"{held.unit.name}{registry.meeting_of(held.body, held.unit)}"


def _issuer(held: Sitting | MeetingCall, day: date) -> str:
    """Who signs what is written of it: the body in full, as it was called on that day; a meeting issues nothing."""
    return body_in_full(held.body, unit_on(held.unit, day))


def _convener(held: Sitting | MeetingCall, day: date) -> str:
    """Who calls the body together, not who entered it: the presidium's meetings are the chair's to call, by whom its
    day-to-day work is done (组织法 18); of other bodies nothing is laid down here, and nobody is named."""
    return chair_of(held.seat, day) if held.body == PRESIDIUM else ""


def minutes_of(held: Sitting) -> Document:
    """会议纪要: facts of the meeting, then each matter: its text, what was decided and why, its votes, what they came to."""
    day = date_format(held.held_on, CHINESE_DAY)
    absent = absent_at(held)
    facts = [
        _("时间：%(day)s") % {"day": day},
        _("地点：%(place)s") % {"place": held.place},
        *([_("召集：%(who)s") % {"who": convener}] if (convener := _convener(held, held.held_on)) else []),
        _("主持：%(who)s") % {"who": held.presided_by},
        _("出席：%(who)s（应到 %(members)s 人，实到 %(present)s 人）")
        % {"who": names_of(held.attended.all()), "members": held.members, "present": held.attended.count()},
        *([_("缺席：%(who)s") % {"who": names_of(absent)}] if absent else []),
        _("记录：%(who)s") % {"who": held.recorded_by.name},
    ]
    parts: list[Part] = [Paragraph(fact) for fact in facts]
    for at, matter in enumerate(matters_of(held), 1):
        parts += [Heading(f"{numeral(at)}、{matter.title}"), *_matter(matter)]
    title, signature = f"{_name(held)}{_('纪要')}", _issuer(held, held.held_on)
    return Document(title=title, parts=tuple(parts), signature=signature, day=day)


def _matter(matter: Meeting) -> list[Part]:
    figures = {"yes": matter.votes_for, "no": matter.votes_against, "none": matter.votes_abstain}
    votes = _("表决：赞成 %(yes)s 票，反对 %(no)s 票，弃权 %(none)s 票。") % figures
    about = [Paragraph(matter.task.deadline.label)] if matter.task else []
    decided = [part for label, text in matter.decided for part in text_parts(titled(label, text))]
    return [*about, *text_parts(matter.minutes), *decided, Paragraph(votes + matter.finding)]
