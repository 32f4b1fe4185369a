"""A meeting on several matters as it was recorded, and its 纪要 as Word."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from projects.cycles.documents.composing import text_parts
from projects.cycles.documents.parts import Document, Heading, Paragraph, Part
from projects.cycles.numerals import numeral
from projects.portal.documents import written
from workflow.flows.models import Meeting, Sitting
from workflow.people.models import User
from workflow.people.wording import worded
from workflow.roles import registry
from workflow.roles.middleware import acting_grant
from workflow.roles.selectors import members_on

CHINESE_DAY = "Y年n月j日"


def _sitting(request: HttpRequest, pk: int) -> Sitting:
    """A meeting for its own body, whoever keeps its record, the chair, and whoever reads below; 403 for any other."""
    office = acting_grant(request).office
    seen = Sitting.objects.select_related("unit", "seat", "recorded_by").prefetch_related("attended")
    held = get_object_or_404(seen, pk=pk)
    own = (held.body, *registry.office(held.body).recorders, "chair")
    if office not in own and not registry.office(office).reads_below:
        raise PermissionDenied(_("会议记录由该机构的成员、记录人和人大主席查阅。"))
    return held


@require_safe
def sitting(request: HttpRequest, pk: int) -> HttpResponseBase:
    """When, where, who attended, and how each matter was decided."""
    held = _sitting(request, pk)
    context = {
        "sitting": held,
        "body": _name(held),
        "attended": names_of(held.attended.all()),
        "absent": names_of(absent_at(held)),
        "matters": matters_of(held),
    }
    return render(request, "portal/sitting.html", context)


@require_safe
def sitting_minutes(request: HttpRequest, pk: int, ending: str) -> HttpResponseBase:
    """The 纪要 of the meeting as a file; back to its page where no PDF can be made."""
    document = minutes_of(_sitting(request, pk))
    return written(document, ending, document.title) or redirect("sitting", pk=pk)


def matters_of(held: Sitting) -> list[Meeting]:
    """Its matters in the order they were decided."""
    return list(held.matters.select_related("task__deadline").order_by("pk"))


def absent_at(held: Sitting) -> list[User]:
    """The members of the body on that day who were not there."""
    there = {user.pk for user in held.attended.all()}
    return [user for user in members_on(held.body, held.seat, held.held_on) if user.pk not in there]


def names_of(people: Any) -> str:
    return "、".join(user.name for user in people)


def _name(held: Sitting) -> str:
    """What the meeting is called: 青溪镇主席团会议."""
    titles = {"presidium": _("人大主席团会议"), "party": _("党委会议")}
    known = titles.get(held.body) or registry.title_of(held.body, held.unit)
    return f"{held.unit.name}{worded(known, held.unit)}"


def minutes_of(held: Sitting) -> Document:
    """会议纪要: facts of the meeting, then each matter with its text and its votes."""
    day = date_format(held.held_on, CHINESE_DAY)
    absent = absent_at(held)
    facts = [
        _("时间：%(day)s") % {"day": day},
        _("地点：%(place)s") % {"place": held.place},
        _("主持：%(who)s") % {"who": held.presided_by},
        _("出席：%(who)s（应到 %(members)s 人，实到 %(present)s 人）")
        % {"who": names_of(held.attended.all()), "members": held.members, "present": held.attended.count()},
        *([_("缺席：%(who)s") % {"who": names_of(absent)}] if absent else []),
        _("记录：%(who)s") % {"who": held.recorded_by.name},
    ]
    parts: list[Part] = [Paragraph(fact) for fact in facts]
    for at, matter in enumerate(matters_of(held), 1):
        parts += [Heading(f"{numeral(at)}、{matter.title}"), *_matter(matter)]
    return Document(title=f"{_name(held)}{_('纪要')}", parts=tuple(parts), signature=_name(held), day=day)


def _matter(matter: Meeting) -> list[Part]:
    figures = {"yes": matter.votes_for, "no": matter.votes_against, "none": matter.votes_abstain}
    votes = _("表决：赞成 %(yes)s 票，反对 %(no)s 票，弃权 %(none)s 票。") % figures
    outcome = _("会议同意。") if matter.agreed else _("会议未通过。")
    about = [Paragraph(matter.task.deadline.label)] if matter.task else []
    return [*about, *text_parts(matter.minutes), Paragraph(votes + outcome)]
