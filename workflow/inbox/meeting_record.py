"""记录会议: the page on which one meeting on several matters is recorded, checked, and all of them decided or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from workflow.flows import drafts, services
from workflow.flows.acting import acting
from workflow.flows.answers import Answer, answers_of
from workflow.flows.errors import Refused
from workflow.flows.fields import ChineseDateField, PeopleField, PlainForm, choice_field
from workflow.flows.forms import day_typed, held_already
from workflow.flows.membership import Membership, not_members
from workflow.flows.models import Deadline, Draft, MeetingCall, Sitting
from workflow.flows.sittings import COMMON, Called, hold, why_over, why_too_early
from workflow.inbox import recording
from workflow.inbox.asked import number_asked
from workflow.inbox.attempts import REFUSED, attempted, kept, not_kept
from workflow.inbox.meetings import LEAST_MATTERS, chosen_of, notice_of, posted_of, too_few
from workflow.people.models import Unit, User
from workflow.people.wording import worded
from workflow.roles.middleware import acting_grant
from workflow.roles.models import RoleGrant


class SittingForm(PlainForm):
    """What is the same for all matters of a meeting; any of the body's members on its day may preside."""

    held_on = ChineseDateField(label=gettext_lazy("会议日期"))
    place = forms.CharField(label=gettext_lazy("地点"), min_length=2, max_length=80)
    presided_by = forms.ChoiceField(label=gettext_lazy("主持人"))
    attended = PeopleField(label=gettext_lazy("出席人员"))

    def __init__(
        self, *args: Any, membership: Membership, called: MeetingCall | None = None, **kwargs: Any
    ) -> None:
        if called:
            there = [str(user.pk) for user in membership.on(called.held_on)]
            kwargs["initial"] = {"held_on": called.held_on, "place": called.place, "attended": there}
        super().__init__(*args, **kwargs)
        self.call = called
        self.membership, self.today = membership, membership.today
        named = membership.offered(day_typed(self))
        choice_field(self, "presided_by").choices = [("", _("请选择")), *named]
        choice_field(self, "attended").choices = named

    def clean_held_on(self) -> date:
        day = held_already(self.cleaned_data["held_on"], self.today)
        if self.call and (early := why_too_early(self.call, day)):
            raise forms.ValidationError(early)
        return day

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if {"held_on", "attended"} <= data.keys() and (
            strangers := self.membership.strangers(data["attended"], data["held_on"])
        ):
            self.add_error("attended", not_members(strangers))
        if {"presided_by", "attended"} <= data.keys() and data["presided_by"] not in data["attended"]:
            self.add_error("presided_by", _("主持人须在出席人员之中。"))
        return data

    def called(self) -> Called:
        """The meeting as it was called, once the form is valid."""
        data = self.cleaned_data
        members = {str(user.pk): user for user in self.membership.on(data["held_on"], data["attended"])}
        attended = [members[code] for code in data["attended"]]
        return Called(data["held_on"], data["place"], members[data["presided_by"]], attended)


@dataclass(frozen=True)
class Matter:
    """One task of the meeting with its own form; own: the data of that form as `complete` takes it."""

    deadline: Deadline
    form: Any
    own: QueryDict
    obstacles: list[str]

    def untold(self) -> Matter:
        """The same, its form not judged."""
        self.form.unchecked()
        return self

    @property
    def title(self) -> str:
        return worded(self.deadline.task.flow_task.task_title, self.deadline.unit)

    def answers(self) -> list[Answer]:
        """What was entered on it, as people read it; of a valid form."""
        return [answer for answer in answers_of(self.form) if answer.name not in COMMON]


@dataclass(frozen=True)
class Recording:
    """The page on which one meeting is recorded, as it was sent. gone: what it was sent with and does not record.

    notice: the one that counts of what it was begun from; over: why what it was sent by records nothing. sitting.call: the
    one it is recorded by when it is sent once more, None for a meeting without notice.
    """

    request: HttpRequest
    grant: RoleGrant
    sitting: SittingForm
    matters: Sequence[Matter]
    notice: MeetingCall | None = None
    over: str = ""
    gone: Sequence[recording.Gone] = ()

    @property
    def meeting(self) -> tuple[str, Unit, MeetingCall | None, list[int]]:
        """By what its drafts are found: the body, where it sits, the notice, the tasks."""
        membership = self.sitting.membership
        tasks = [matter.deadline.pk for matter in self.matters]
        return membership.body, membership.seat, self.sitting.call, tasks

    @property
    def alone(self) -> bool:
        """Whether one matter without notice is left: it is recorded on its own page."""
        return self.sitting.call is None and len(self.matters) == 1

    def objections(self) -> list[str]:
        """Why what was sent is not recorded as it was."""
        said = [self.over] if self.over else []
        said += [one.why for one in self.gone]
        if self.alone:
            said.append(_("尚待研究的只有一项议题，请保存草稿后在该事项页面记录会议。"))
        return said

    def hint(self) -> str:
        """By what it is recorded when it is sent once more."""
        if not self.objections() or not self.matters or self.alone:
            return ""
        if not self.over:
            return _("请核对后重新提交。")
        if self.sitting.call:
            return _("再次提交的，按新的会议通知记录。")
        if self.notice and self.notice.called_off_at:
            return _("会议实际已经召开的，再次提交后按直接记录办理，不关联原通知。")
        return _("其余议题由另一次会议研究的，再次提交后按直接记录办理，不关联原通知。")

    def left_out(self) -> list[Deadline]:
        """What the notice lists, still waits, and is not recorded with these."""
        recorded = [matter.deadline for matter in self.matters]
        return recording.left_out(self.sitting.call, recorded) if self.sitting.call else []

    def shown(
        self, reasons: Sequence[str] = (), *, draft: Draft | None = None, status: int = 200
    ) -> HttpResponse:
        """The form of the meeting and of each matter. reasons: what stands against recording it as it was sent."""
        context = {
            "sitting": self.sitting,
            "matters": self.matters,
            "gone": self.gone,
            "notice": self.notice,
            "alone": self.alone,
            "left_out": self.left_out(),
            "reasons": reasons,
            "hint": self.hint() if reasons else "",
            "draft": draft,
        }
        return render(self.request, "workflow/meeting.html", context, status=status)

    def checked(self) -> HttpResponse:
        """What was entered, to be looked at once more; kept, for the form is gone back to as its own page (ui.js)."""
        self.keep(timezone.now())
        context = {
            "answers": answers_of(self.sitting),
            "matters": self.matters,
            "left_out": self.left_out(),
            "posted": posted_of(self.request),
            "irreversible": any(matter.deadline.task.flow_task.irreversible for matter in self.matters),
        }
        return render(self.request, "workflow/meeting_check.html", context)

    def refused(self, why: Refused, status: int) -> HttpResponse:
        """The page once more, after an act on it was refused."""
        return self.shown(why.reasons, status=status)

    def untold(self) -> Recording:
        """The same, none of its forms judged."""
        matters = [matter.untold() for matter in self.matters]
        return replace(self, sitting=self.sitting.unchecked(), matters=matters)

    def told_in_common(self) -> Recording:
        """The same; what its matters find wrong with day or attendance is said at the meeting's own boxes too, each once."""
        for name in COMMON:
            for sentence in dict.fromkeys(
                error for matter in self.matters for error in matter.form.errors.get(name, ())
            ):
                self.sitting.add_error(name, sentence)
        return self

    def keep(self, at: datetime) -> None:
        """Keep what was typed, to be opened again; refused where nothing of it is left to be recorded."""
        if not self.matters:
            raise Refused(*self.objections())
        sent: dict[str, Any] = {"given": self.request.POST, "gone": self.gone, "grant": self.grant, "at": at}
        if self.alone:
            recording.keep_alone(self.matters[0], **sent)
        else:
            body, seat, call, _tasks = self.meeting
            recording.keep(recording.key_of(body, seat.pk, call), self.matters, **sent)
        recording.keep_waiting(self.gone, grant=self.grant, at=at)

    def reopened(self) -> HttpResponse:
        """Back to the page as it is opened; of one matter without notice its own page, on which it is recorded."""
        tasks = [matter.deadline.pk for matter in self.matters]
        if self.sitting.call:
            asked = urlencode({"call": self.sitting.call.pk})
        elif len(tasks) == 1:
            return redirect("task", tasks[0])
        else:
            asked = urlencode({"task": tasks}, doseq=True)
        return redirect(f"{reverse('meeting_record')}?{asked}")


@require_http_methods(["GET", "HEAD", "POST"])
def record(request: HttpRequest) -> HttpResponse:
    """Date, place and attendance once, votes and minutes of each matter; checked, then all decided or none.

    call: the number of the notice the meeting was called by; the record begins as that says, with what is left of its
    agenda. A notice that falls while one types records nothing: what was typed is shown again, to be recorded by the
    notice that has replaced it, else as a meeting without notice.
    """
    grant = acting_grant(request)
    bound = request.POST if request.method == "POST" else None
    given = request.GET if bound is None else bound
    named = None
    if given.get("call"):  # named and unreadable is no meeting without notice
        named = notice_of(grant, number_asked(given, "call"), _("会议由该机构的成员或者记录人记录。"))
    over = why_over(named) if named else ""
    if named and over and bound is None:
        return redirect("meeting_call", pk=named.pk)  # its page says what has become of it
    notice = recording.last_of(named) if named else None
    fallen = why_over(notice) if notice else ""
    called = None if fallen else notice
    # A notice that has taken another's place has an agenda of its own, of which nothing was typed yet.
    numbers = _numbers(given, called or named, begun=bound is not None and notice == named)
    chosen = chosen_of(request, grant, numbers, least=1 if named or bound is not None else LEAST_MATTERS)
    if bound is None:
        if not chosen:
            return _none_left(request, named, "") if named else too_few(request)
        return _begun(request, grant, chosen, called)
    gone = recording.gone(given.getlist("task"), chosen, bound, call=called, grant=grant)
    drafted = _DRAFTED.get(request.POST.get("op", ""))
    if not chosen and not drafted and (made := _recorded_already(gone, grant.user)):
        messages.info(request, _("这次会议已经记录过。"))
        return redirect("sitting", pk=made.pk)
    if not chosen and not gone:
        return _none_left(request, named, over) if named else too_few(request)
    first = (chosen or [one.deadline for one in gone])[0]
    sitting = _sitting_of(first, bound, called)
    common = sitting.cleaned_data if sitting.is_valid() else None
    matters = [_matter(row, grant, bound, common) for row in chosen]
    page = Recording(request, grant, sitting, matters, notice, fallen or over, gone)
    return drafted(page) if drafted else _judged(page)


def _recorded_already(gone: Sequence[recording.Gone], user: User) -> Sitting | None:
    """The meeting in which a person has recorded all of these: what they sent is sent once more."""
    tasks = [one.deadline.pk for one in gone]
    found = Sitting.objects.filter(recorded_by=user, matters__task__in=tasks).distinct().order_by("-pk")
    made = found.first() if tasks else None
    return made if made and made.matters.filter(task__in=tasks).count() == len(tasks) else None


def _numbers(given: QueryDict, called: MeetingCall | None, *, begun: bool) -> list[str]:
    """The tasks to be recorded: those named; by a notice all of its agenda, once begun what of it is named."""
    named = given.getlist("task")
    if called is None:
        return named
    return [number for pk in called.tasks if (number := str(pk)) in named or not begun]


def _none_left(request: HttpRequest, called: MeetingCall, over: str) -> HttpResponse:
    words = _("会议通知所列的议题都不在您的待办之中；会议不再召开的，请取消会议。")
    messages.error(request, over or words)
    return redirect("meeting_call", pk=called.pk)


def _begun(
    request: HttpRequest, grant: RoleGrant, chosen: Sequence[Deadline], called: MeetingCall | None
) -> HttpResponse:
    """The page as it is opened: what was typed before, of the meeting and of each matter, else empty."""
    first = chosen[0]
    tasks = [row.pk for row in chosen]
    draft = recording.kept_of_meeting(first.task.flow_task.deciding, first.seat, called, tasks, grant)
    data = recording.as_typed(draft) if draft else None
    sitting = _sitting_of(first, data, called)
    matters = [_matter(row, grant, _typed_before(row, grant), None) for row in chosen]
    page = Recording(request, grant, sitting.unchecked() if draft else sitting, matters, called)
    return page.shown(draft=draft)


def _sitting_of(first: Deadline, data: QueryDict | None, called: MeetingCall | None) -> SittingForm:
    """The form of the meeting, from any one of its matters."""
    membership = Membership(first.task.flow_task.deciding, first.seat, timezone.localdate())
    return SittingForm(data, membership=membership, called=called)


def _typed_before(deadline: Deadline, grant: RoleGrant) -> QueryDict | None:
    draft = recording.kept_of_matter(deadline, grant)
    return recording.as_typed(draft, recording.prefix_of(deadline)) if draft else None


def _keep(page: Recording) -> HttpResponse:
    """What the browser sends while one types."""
    at = timezone.now()

    def act() -> HttpResponse:
        page.keep(at)
        return kept(at, *page.objections())

    return attempted(act, not_kept)


def _save(page: Recording) -> HttpResponse:
    def act() -> HttpResponse:
        page.keep(timezone.now())
        messages.success(page.request, _("草稿已保存，下次打开接着填。"))
        if said := page.objections():
            messages.warning(page.request, "".join([*said, page.hint()]))
        if any(one.entered() for one in page.gone if not one.waits):  # to be copied, it is kept nowhere
            return page.untold().shown(status=REFUSED)
        return page.reopened()

    return attempted(act, page.untold().refused)


def _discard(page: Recording) -> HttpResponse:
    recording.forget(*page.meeting, page.grant)
    for matter in page.matters:
        drafts.drop_draft_of_task(matter.deadline, page.grant.user)
    messages.success(page.request, _("草稿已清除。"))
    return page.reopened() if page.matters else redirect("meetings")


_DRAFTED = {"keep": _keep, "save": _save, "discard": _discard}


def _judged(page: Recording) -> HttpResponse:
    """What was sent and is no draft: shown again with what stands against it, shown to be checked, or recorded."""
    op = page.request.POST.get("op")
    if objections := page.objections():

        def act() -> HttpResponse:
            recording.keep_waiting(page.gone, grant=page.grant, at=timezone.now())
            return page.untold().shown(objections, status=REFUSED)

        return attempted(act, page.refused)
    if not page.sitting.is_valid() or not all(matter.form.is_valid() for matter in page.matters):
        return page.told_in_common().shown(status=422)
    if op == "edit":
        return page.shown()
    if op != "confirm":
        return attempted(page.checked, page.refused)
    return _held(page)


def _held(page: Recording) -> HttpResponse:
    def act() -> HttpResponse:
        now = timezone.now()
        with acting(page.grant.act(page.matters[0].deadline.unit, now)):
            own = {matter.deadline.pk: _lists(matter.own) for matter in page.matters}
            called, call = page.sitting.called(), page.sitting.call
            made = hold(own, called=called, actor=page.grant.user, at=now, call=call)
            recording.forget(*page.meeting, page.grant)
        messages.success(page.request, _("会议已记录，%(n)s 项议题均已办结。") % {"n": len(page.matters)})
        return redirect("sitting", pk=made.pk)

    return attempted(act, page.refused)


def _lists(data: QueryDict) -> dict[str, Any]:
    return {name: values if len(values) > 1 else values[0] for name, values in data.lists() if values}


def _matter(deadline: Deadline, grant: RoleGrant, given: QueryDict | None, common: Any) -> Matter:
    """One matter's form; what is common to all is put into it unseen, so that it judges the whole record."""
    prefix = recording.prefix_of(deadline)
    own = recording.own_of(given, prefix) if given is not None else QueryDict()
    data = QueryDict(mutable=True) if given is not None else None
    if data is not None:
        for name, values in own.lists():
            data.setlist(f"{prefix}-{name}", values)
        if common:
            data[f"{prefix}-held_on"] = common["held_on"].isoformat()
            data.setlist(f"{prefix}-attended", common["attended"])
    form = recording.form_of(deadline, data, grant, prefix=prefix)
    form.fields["held_on"].widget = forms.HiddenInput()
    form.fields["attended"].widget = forms.MultipleHiddenInput()
    if given is not None and not common:
        form.unchecked()
    obstacles = services.obstacles_of(deadline.task.flow_task, form.subject, form.act.at)
    return Matter(deadline, form, own, obstacles)
