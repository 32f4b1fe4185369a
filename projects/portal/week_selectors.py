"""本周工作: what a township's clerk asks on a Monday morning, read off the tasks and the records that wait."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from projects.collection.models import Proposal, ProposalState
from projects.cycles.models import Session, SessionState
from projects.deliberation.models import Question, QuestionState
from projects.oversight.models import GuidanceKind, Note, NoteState
from projects.oversight.selectors import guidance, models_for, samples
from projects.portal.beside import sessions, trainings
from projects.retention.models import ErasureRequest
from projects.retention.selectors import open_requests_of
from projects.selection.models import Objection, ObjectionState
from workflow.flows.models import Deadline
from workflow.inbox.agenda import meetings_called
from workflow.inbox.selectors import at_midnight
from workflow.people.models import Unit
from workflow.people.wording import worded
from workflow.roles import registry
from workflow.roles.models import RoleGrant

RECENT = timedelta(days=30)  # how long what asks for no reply stays on the page
MOST = 40
CALLED = (SessionState.CONVENED, SessionState.OPEN)


@dataclass(frozen=True)
class Line:
    """One thing: title, what it is about, with whom it lies, since when; url: its page.

    on: the day of a meeting or a training, which is no deadline. provisional: `due` rests on holidays nobody has arranged.
    """

    title: str
    about: str
    url: str
    who: str = ""
    since: date | None = None
    due: date | None = None
    note: str = ""
    on: date | None = None
    provisional: bool = False


@dataclass(frozen=True)
class Part:
    """One question of the page. lines: those shown; total: how many there are; empty: what is said where none is."""

    title: str
    empty: str
    lines: list[Line] = field(default_factory=list)
    total: int = 0
    late: bool = False


def week_of(unit: Unit, today: date, reader: RoleGrant | None = None) -> list[Part]:
    """The page's parts for the week a day lies in: due, stuck, sessions, the county's words, the public's.

    reader: the office it is read in, whose meetings that have been called stand among the sessions.
    """
    monday = today - timedelta(days=today.weekday())
    sunday = monday + timedelta(days=6)
    return [
        _part(_("本周到期"), _("本周没有到期的事项。"), _due(unit, today, sunday)),
        _part(_("超期未办事项及承办单位"), _("没有超期的事项。"), _stuck(unit, today), late=True),
        _part(_("本周会议和培训"), _("本周没有会议和培训。"), _held(unit, monday, sunday, today, reader)),
        _part(_("县级要求"), _("没有待回复的提示函，近期没有新的要求。"), _asked_above(unit, today)),
        _part(_("群众和代表提出的"), _("没有待办的意见建议、异议、询问和申请。"), _asked_below(unit)),
    ]


def _part(title: str, empty: str, lines: Iterable[Line], *, late: bool = False) -> Part:
    found = list(lines)
    return Part(title, empty, found[:MOST], len(found), late)


def _open(unit: Unit) -> Any:
    return (
        Deadline.objects.filter(unit=unit, done_at=None, cancelled=False)
        .select_related("task__owner", "task", "unit", "seat")
        .annotate(urged=Count("task__urges"))
        .order_by("due_on", "pk")
    )


def _due(unit: Unit, today: date, sunday: date) -> list[Line]:
    return [_of_task(row) for row in _open(unit).filter(due_on__range=(today, sunday))]


def _stuck(unit: Unit, today: date) -> list[Line]:
    """What is past the day that binds, the longest first."""
    return [_of_task(row) for row in _open(unit).filter(binds_on__lt=today)]


def _of_task(row: Any) -> Line:
    return Line(
        title=worded(row.task.flow_task.task_title, row.unit),
        about=row.label,
        url=reverse("task", args=[row.pk]),
        who=_with_whom(row),
        since=row.opened_on,
        due=row.due_on,
        note=_("已催办 %(n)s 次") % {"n": row.urged} if row.urged else "",
        provisional=row.provisional,
    )


def _with_whom(row: Deadline) -> str:
    return f"{row.whose_turn} · {row.task.owner.name}" if row.task.owner else row.whose_turn


def _held(unit: Unit, monday: date, sunday: date, today: date, reader: RoleGrant | None) -> list[Line]:
    """The week's meetings and trainings by their days; a session whose day is past and that nobody closed says so."""
    called_to = meetings_called(reader, monday, sunday, reader) if reader else ()
    found = sorted(
        (*sessions(unit, monday, sunday), *trainings(unit, monday, sunday), *called_to),
        key=lambda one: one.on,
    )
    called = Session.objects.filter(unit=unit, state__in=CALLED, held_on__range=(monday, sunday))
    unclosed = {f"session-{pk}" for pk in called.filter(held_on__lt=today).values_list("pk", flat=True)}
    return [
        Line(one.title, one.words, one.url, on=one.on, note=_("尚未宣布闭会") if one.uid in unclosed else "")
        for one in found
    ]


def _asked_above(unit: Unit, today: date) -> list[Line]:
    waiting = Note.objects.filter(unit=unit, state=NoteState.SENT).select_related("unit").order_by("reply_by")
    tasks = _tasks_on(note.reference for note in waiting)
    page = reverse("county_notes")
    asked = [
        Line(
            str(note),
            _("须回复"),
            tasks[note.reference].url if note.reference in tasks else page,
            tasks[note.reference].who if note.reference in tasks else "",
            note.sent_on,
            note.reply_by,
        )
        for note in waiting
    ]
    return [*asked, *_said(unit, today)]


def _said(unit: Unit, today: date) -> Iterator[Line]:
    """What the county has said lately and wants no reply to; a training stays until its day."""
    page, lately = reverse("county_notes"), at_midnight(today - RECENT)
    told = {
        GuidanceKind.OPINION: _("指导意见，无须回复"),
        GuidanceKind.CIRCULAR: _("通报，无须回复"),
        GuidanceKind.TRAINING: _("培训通知，无须回复"),
    }
    for row in guidance(unit).filter(Q(at__gte=lately) | Q(held_on__gte=today)):
        about = told[GuidanceKind(row["of"])]
        address = f"{page}?text={row['number']}#guidance"
        yield Line(row["title"], about, address, since=localdate(row["at"]), on=row["held_on"])
    for one in samples(unit).filter(at__gte=lately):
        title = _("随机抽查：%(what)s") % {"what": one.get_of_display()}
        yield Line(title, one.words or _("未提其他要求"), f"{page}#samples", since=localdate(one.at))
    for model in models_for(unit).filter(at__gte=lately):
        title = _("示范规则：%(title)s") % {"title": model.title}
        chair = registry.title_of("chair", unit)
        about = _("供参考，是否采用由本级决定")
        yield Line(title, about, reverse("rulebook"), chair, localdate(model.at))


def _asked_below(unit: Unit) -> list[Line]:
    """Proposals nobody has decided; objections, questions and requests for erasure nobody has answered; the oldest first."""
    states = (ProposalState.RECEIVED, ProposalState.RETURNED)
    proposals = Proposal.objects.filter(unit=unit, state__in=states).order_by("received_at", "pk")
    objections = Objection.objects.filter(unit=unit, state=ObjectionState.RAISED).order_by("pk")
    questions = Question.objects.filter(unit=unit, state=QuestionState.ASKED).order_by("pk")
    found = [
        *(
            (_("意见建议：%(what)s") % {"what": p.title}, p.get_state_display(), p, p.received_at)
            for p in proposals
        ),
        *((_("对公示的异议"), o.words[:60], o, o.raised_at) for o in objections),
        *((_("代表询问"), q.words[:60], q, None) for q in questions),
        *((str(r), r.get_state_display(), r, r.asked_at) for r in open_requests_of(unit)),
    ]
    tasks = _tasks_on(record.reference for _title, _about, record, _at in found)
    return [
        _of_record(title, about, record, at, tasks.get(record.reference))
        for title, about, record, at in found
    ]


def _of_record(title: str, about: str, record: Any, at: datetime | None, task: Line | None) -> Line:
    since = localdate(at) if at else task.since if task else None
    if task:
        return replace(task, title=title, about=about, since=since)
    return Line(title, about, _page_of(record), since=since)


def _page_of(record: Any) -> str:
    if isinstance(record, Proposal):
        return reverse("staff_proposal", args=[record.pk])
    if isinstance(record, Objection):
        return reverse("notice", args=[record.notice_id])
    if isinstance(record, ErasureRequest):
        return reverse("staff_proposal", args=[record.proposal_id])
    return reverse("year", args=[record.cycle_id])


def _tasks_on(references: Iterable[str]) -> dict[str, Line]:
    """The open task of each record that has one."""
    wanted = list(references)
    if not wanted:
        return {}
    rows = (
        Deadline.objects.filter(subject__in=wanted, done_at=None, cancelled=False)
        .select_related("task__owner", "task", "unit", "seat")
        .annotate(urged=Count("task__urges"))
    )
    return {row.subject: _of_task(row) for row in rows}


def title_of_week(today: date) -> str:
    """The days the page is about, in words."""
    monday = today - timedelta(days=today.weekday())
    days = {
        "first": date_format(monday, "DATE_FORMAT"),
        "last": date_format(monday + timedelta(days=6), "DATE_FORMAT"),
    }
    return _("%(first)s至%(last)s") % days
