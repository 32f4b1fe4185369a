"""合并议事: a body's waiting tasks on one page, and the meeting on several of them called or called off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from workflow.flows.answers import Answer, answers_of
from workflow.flows.calling import Planned, call, call_off, open_calls
from workflow.flows.errors import Refused
from workflow.flows.fields import ChineseDateField, PlainForm
from workflow.flows.models import Deadline, MeetingCall, Sitting
from workflow.flows.notices import with_matters_left
from workflow.flows.sittings import may_be_joined, sittings_of, why_over
from workflow.inbox.attempts import REFUSED, attempted
from workflow.inbox.selectors import by_date, claimed_by, offices_served, queue_of
from workflow.roles import registry
from workflow.roles.middleware import acting_grant
from workflow.roles.models import RoleGrant

LEAST_MATTERS, MOST_MATTERS = 2, 20
TOO_FEW = gettext_lazy("请在同一机构的事项中至少勾选两项。")
HELD_PER_PAGE = 20


class CallForm(PlainForm):
    """When and where a meeting is to be held, and a word on what to bring or read before."""

    held_on = ChineseDateField(label=gettext_lazy("会议日期"))
    hour = forms.TimeField(
        label=gettext_lazy("会议时间"),
        help_text=gettext_lazy("例如 9:00"),
        widget=forms.TextInput(attrs={"class": "input-short"}),
        error_messages={"invalid": gettext_lazy("请写明时、分，例如 9:00。")},
    )
    place = forms.CharField(label=gettext_lazy("地点"), min_length=2, max_length=80)
    words = forms.CharField(
        label=gettext_lazy("会议要求"),
        required=False,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class CallOffForm(PlainForm):
    """Why a meeting is not held."""

    reason = forms.CharField(label=gettext_lazy("取消理由"), min_length=2, max_length=200)


@require_safe
def waiting(request: HttpRequest) -> HttpResponse:
    """The tasks a body has before it, of which several are chosen for one meeting; those called, and those held."""
    grant = acting_grant(request)
    bodies: dict[str, list[Deadline]] = {}
    for deadline in _waiting(grant):
        bodies.setdefault(deadline.task.flow_task.deciding, []).append(deadline)
    calls, held = _open_calls(grant), _held_meetings(request, grant)
    left = with_matters_left(calls)
    context = {
        "bodies": [
            (body, registry.meeting_of(body, grant.tenant), [(d, d.task.flow_task) for d in rows])
            for body, rows in bodies.items()
        ],
        "calls": [(_name(one), one, len(one.tasks), one.pk in left) for one in calls],
        "held": held,
        "held_rows": [(_name(one), one) for one in held],
        "today": timezone.localdate(),
    }
    return render(request, "workflow/meetings.html", context)


def _name(one: MeetingCall | Sitting) -> str:
    return registry.meeting_of(one.body, one.unit)


def _held_meetings(request: HttpRequest, grant: RoleGrant) -> Page[Sitting]:
    """The meetings whose record the office reads in its own township, the latest first."""
    held = sittings_of(registry.bodies_read_by(grant.office), grant.unit)
    return Paginator(held, HELD_PER_PAGE).get_page(request.GET.get("page"))


def _open_calls(grant: RoleGrant) -> list[MeetingCall]:
    """The meetings called of the bodies whose record the office keeps, not held yet."""
    return [one for body in offices_served(grant) for one in open_calls(body, grant.unit)]


def chosen_of(
    request: HttpRequest, grant: RoleGrant, numbers: Iterable[str], *, least: int
) -> list[Deadline]:
    """The waiting tasks a request names, where one body decides them and they are enough for a meeting; else none.

    Of more than a meeting may have the first are taken, and it is said.
    """
    wanted = set(numbers)
    chosen = [row for row in _waiting(grant) if str(row.pk) in wanted]
    if len({row.task.flow_task.deciding for row in chosen}) != 1 or len(chosen) < least:
        return []
    if len(chosen) > MOST_MATTERS and request.method != "POST":
        said = _("一次会议最多列 %(most)s 项议题；其余 %(n)s 项仍在待办，请另行召集或者记录。")
        messages.warning(request, said % {"most": MOST_MATTERS, "n": len(chosen) - MOST_MATTERS})
    return chosen[:MOST_MATTERS]


def too_few(request: HttpRequest) -> HttpResponse:
    messages.error(request, TOO_FEW)
    return redirect("meetings")


@require_http_methods(["GET", "HEAD", "POST"])
def call_meeting(request: HttpRequest) -> HttpResponse:
    """Day, hour and place of a meeting on the chosen tasks; looked at once more, then every member is told."""
    grant = acting_grant(request)
    posted = request.method == "POST"
    numbers = (request.POST if posted else request.GET).getlist("task")
    chosen = chosen_of(request, grant, numbers, least=1 if posted else LEAST_MATTERS)
    form = CallForm(request.POST if posted else None)
    if not chosen and not posted:
        return too_few(request)
    if len(chosen) < len(set(numbers)) and posted:
        return _call_shown(request, chosen, form, reasons=_fewer(chosen), status=REFUSED)
    op = request.POST.get("op", "")
    if not posted or not form.is_valid() or op == "edit":
        return _call_shown(request, chosen, form, status=422 if posted and form.errors else 200)
    if op != "confirm":
        return _call_shown(request, chosen, form, answers=answers_of(form), status=200)

    def act() -> HttpResponse:
        planned = Planned(**form.cleaned_data)
        made = call([row.pk for row in chosen], planned=planned, actor=grant.user, at=timezone.now())
        messages.success(request, _("会议通知已发给全体组成人员。"))
        return redirect("meeting_call", pk=made.pk)

    def again(refused: Refused, status: int) -> HttpResponse:
        return _call_shown(request, chosen, form, reasons=refused.reasons, status=status)

    return attempted(act, again)


def _fewer(chosen: Sequence[Deadline]) -> list[str]:
    """What is said where matters a call was sent with are done or claimed meanwhile."""
    if len(chosen) < LEAST_MATTERS:
        return [_("所选议题已经办结或者由他人认领，不足两项，不能合并召集。")]
    return [
        _("所选议题有的已经办结或者由他人认领，现列其余 %(n)s 项，请核对后重新提交。") % {"n": len(chosen)}
    ]


def _call_shown(
    request: HttpRequest,
    chosen: Sequence[Deadline],
    form: CallForm,
    *,
    answers: Sequence[Answer] = (),
    reasons: Sequence[str] = (),
    status: int,
) -> HttpResponse:
    """The form of a call; with answers the page that asks to confirm them."""
    context = {
        "form": form,
        "answers": answers,
        "reasons": reasons,
        "posted": posted_of(request) if answers else [],
        "rows": [(row, row.task.flow_task) for row in chosen],
        "today": timezone.localdate(),
    }
    return render(request, "workflow/meeting_call.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def call_meeting_off(request: HttpRequest, pk: int) -> HttpResponse:
    """Call a meeting off that has been called and not recorded; every member is told why."""
    grant = acting_grant(request)
    called = notice_of(grant, pk, _("会议由召集机构的组成人员或者会议记录人取消。"))
    if why_over(called):
        return redirect("meeting_call", pk=pk)  # its page says what has become of it
    form = CallOffForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _off_shown(request, called, form, status=422 if form.errors else 200)

    def act() -> HttpResponse:
        call_off(pk, actor=grant.user, reason=form.cleaned_data["reason"], at=timezone.now())
        messages.success(request, _("会议已取消，并通知全体组成人员；所列议题仍在待办。"))
        return redirect("meeting_call", pk=pk)

    def again(refused: Refused, status: int) -> HttpResponse:
        return _off_shown(request, called, form, reasons=refused.reasons, status=status)

    return attempted(act, again)


def _off_shown(
    request: HttpRequest, called: MeetingCall, form: CallOffForm, *, reasons: Sequence[str] = (), status: int
) -> HttpResponse:
    context = {
        "call": called,
        "body": _name(called),
        "form": form,
        "reasons": reasons,
    }
    return render(request, "workflow/meeting_off.html", context, status=status)


def posted_of(request: HttpRequest) -> list[tuple[str, Any]]:
    return [(k, v) for k, vs in request.POST.lists() if k not in ("csrfmiddlewaretoken", "op") for v in vs]


def _waiting(grant: RoleGrant) -> list[Deadline]:
    rows = by_date(row for one in (claimed_by(grant), queue_of(grant)) for row in one)
    return [row for row in rows if may_be_joined(row.task.flow_task)]


def notice_of(grant: RoleGrant, number: int | None, refusal: str) -> MeetingCall:
    """A notice, over or not, for a member of its body and whoever keeps the body's record; refusal: why for nobody else."""
    called = get_object_or_404(MeetingCall.objects.select_related("unit"), pk=number)
    if called.body not in offices_served(grant) or called.seat_id != grant.unit_id:
        raise PermissionDenied(refusal)
    return called
