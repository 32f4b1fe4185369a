"""The one page of every step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe
from viewflow.workflow.status import PROCESS

from workflow.audit.models import Entry
from workflow.audit.selectors import history_of
from workflow.audit.services import Act, done_with
from workflow.flows import copies, drafts, events, holding, services
from workflow.flows.acting import acting
from workflow.flows.answers import answers_of
from workflow.flows.calling import open_call_on
from workflow.flows.errors import AlreadyDone, InvalidForm, Obstructed, Refused, WrongEntry
from workflow.flows.forms import ReturnForm
from workflow.flows.models import CommentFile, Deadline, Draft, PendingFile
from workflow.flows.sittings import may_be_joined, sitting_of
from workflow.flows.taking_back import reasons_against, return_taken_back, take_back, taken_back_before
from workflow.flows.terms import basis_of
from workflow.inbox import selectors
from workflow.inbox.acts_done import (
    ONCE,
    SENT_BEFORE,
    new_token,
    to_what_was_done,
    token_of,
    told_open,
    ways_on,
)
from workflow.inbox.agenda import has_inbox
from workflow.inbox.asked import Back, came_from
from workflow.inbox.attempts import INVALID, attempted, kept, not_kept
from workflow.inbox.beside import acts_beside, beside, page_of
from workflow.inbox.forms import CommentForm, HandOverForm, SideForm, TakeBackForm, UrgeForm
from workflow.inbox.in_person import OWN, InPersonForm
from workflow.inbox.lists import PER_PAGE
from workflow.inbox.pages import NAMED, next_steps
from workflow.inbox.reading import Showing, personal_data_shown
from workflow.inbox.story import Line, line_of, lines_of
from workflow.machines.graph import machines
from workflow.people.models import Unit, User
from workflow.people.saying import listed, titled
from workflow.people.wording import worded
from workflow.roles import registry
from workflow.roles.middleware import acting_grant, in_office
from workflow.roles.models import RoleGrant
from workflow.roles.standing_in import why_personal

HISTORY = 8
NOT_TYPED = ("csrfmiddlewaretoken", "op", "held", *OWN)


# ------------------------------------------------------------------------------- one task


@sensitive_post_parameters()
def task_page(request: HttpRequest, task_id: int) -> HttpResponse:
    """A step's page: read it, save a draft, check, confirm, return, claim, hand over, urge."""
    grant = acting_grant(request)
    deadline = visible_task(task_id)
    if request.method == "POST":
        operation = _OPERATIONS.get(request.POST.get("op", ""), _submit)
        return operation(request, deadline, grant)
    if may_do(deadline, grant) and deadline.seen_at is None:
        services.mark_seen(deadline.pk, grant.user, timezone.now())
    copies.mark_read(deadline, grant, selectors.offices_served(grant), timezone.now())
    selectors.mark_notes_read(deadline, grant.user, timezone.now())
    return _show_task(request, deadline, grant)


def visible_task(task_id: int) -> Deadline:
    """A task as far as the viewer's context shows it; 404 otherwise."""
    deadline = (
        Deadline.objects.select_related(
            "task", "task__process", "task__owner", "unit", "seat", "done_by", "started_by"
        )
        .filter(pk=task_id)
        .first()
    )
    if deadline is None:
        raise Http404(_("没有这一事项，或者它不属于本单位。"))
    return deadline


def _act(request: HttpRequest, deadline: Deadline, grant: RoleGrant) -> Act:
    return grant.act(deadline.unit, timezone.now(), request_id=token_of(request))


def may_do(deadline: Deadline, grant: RoleGrant) -> bool:
    """Whether whoever acts in this office may do the task now, so that the page shows its form; the service decides again."""
    return is_turn_of(deadline, grant) and not services.barred_from(deadline.task, grant.user)


def is_turn_of(deadline: Deadline, grant: RoleGrant) -> bool:
    """Whether it is this office's turn, and nobody else of it has taken the task; a rule may still keep the person from it."""
    return (
        deadline.waits
        and deadline.seat_id == grant.unit_id
        and deadline.office in selectors.offices_served(grant)
        and deadline.task.owner_id in (None, *selectors.own_claims(grant))
    )


def _form_for(deadline: Deadline, act: Act, data: Any = None, files: Any = None) -> Any:
    node = deadline.task.flow_task
    return node.form(
        data,
        files,
        subject=deadline.task.process.artifact,
        act=act,
        node=node,
        seat=deadline.seat,
        item=deadline.task.data,
    )


def _typed_in(draft: Draft | None) -> QueryDict | None:
    """A draft as the data of its form; None where there is none."""
    if draft is None:
        return None
    data = QueryDict(mutable=True)
    for name, values in draft.data.items():
        data.setlist(name, values)
    return data


def _show_task(
    request: HttpRequest,
    deadline: Deadline,
    grant: RoleGrant,
    form: Any = None,
    reasons: Any = (),
    status: int = 200,
    own: InPersonForm | None = None,
    sent: Any = None,
) -> HttpResponse:
    """sent: one of the small forms beside the task's own, as it came and was not accepted."""
    act, node = _act(request, deadline, grant), deadline.task.flow_task
    subject, turn = deadline.task.process.artifact, is_turn_of(deadline, grant)
    barred = services.barred_from(deadline.task, grant.user) if turn else []
    mine = turn and not barred
    key = holding.key_of_task(deadline.pk)
    draft = drafts.draft_of_task(deadline, grant.user) if mine or deadline.cancelled else None
    if mine and form is None:
        form = _form_for(deadline, act, _typed_in(draft))
        form = form.unchecked() if draft else form
    colleagues = colleagues_of(deadline, grant, act.on) if turn else []
    speaks = not registry.office(grant.office).reads_below
    against = reasons_against(deadline, grant, act.on)
    facts = node.context(subject) if node.context else {}
    if facts.get("personal") and (mine or facts.get("personal_to_all")):
        shown = Showing(act, subject.reference, subject.label, deadline.about, facts["personal"])
        personal_data_shown([shown])
    context = {
        "deadline": deadline,
        "hall": deadline.unit,
        "back": came_from(request, _usual_way_back(subject, grant)),
        "node": node,
        "basis": basis_of(node, subject),
        "subject": subject,
        "form": form if mine else None,
        "draft": draft,
        "taken_back": _taken_back(deadline),
        "sent_back": _sent_back_with(deadline),
        "own": _own(request, node, own) if mine and not is_checked(node) else None,
        "mine": mine,
        "turn": turn,
        "barred": barred,
        "able": listed(user.name for user in colleagues),
        "reasons": reasons,
        "obstacles": _untold(reasons, services.obstacles_of(node, subject, act.at)) if mine else [],
        "facts": facts,
        "history": lines_of(_history(subject)),
        "next_steps": next_steps(node, subject, act.on, deadline.task.process, doing=mine),
        "beside": beside(subject),
        "offers": [] if speaks else acts_beside(subject, grant, act.at, deadline),
        "returns": [(t.name, worded(t.task_title, deadline.unit)) for t in node.returns],
        "return_form": _return_form(deadline) if turn and node.may_send_back else None,
        "hand_over_form": _side(sent, HandOverForm, people=colleagues) if turn and colleagues else None,
        "alone": mine and not colleagues and deadline.office == grant.office,
        "personal": why_personal(grant),
        "urge_form": _side(sent, UrgeForm) if speaks and not turn and deadline.waits else None,
        "take_back_form": _side(sent, TakeBackForm) if against == [] else None,
        "stays": against,
        "urges": selectors.urges_of(deadline),
        "escalations": selectors.escalations_of(deadline, act.on),
        "comments": deadline.task.comments.select_related("user").prefetch_related("files").order_by("at"),
        "comment_form": _side(sent, CommentForm) if speaks else None,
        "word_once": new_token() if speaks else "",
        "done_for": selectors.done_for(deadline),
        "meeting": _joint_meeting(deadline, grant),
        "seat_called": registry.seat_called(deadline.office, deadline.seat),
        "multipart": bool(form is not None and form.is_multipart()),
        "held": _held(act, key, form) if mine else [],
        "copies": copies.copies_of(deadline),
        "may_copy": may_copy(deadline, grant),
    }
    return render(request, "workflow/task.html", context, status=status)


def _usual_way_back(subject: Any, grant: RoleGrant) -> Back:
    """Where one goes from a task whose page was opened from nowhere: to the own list, an office that has none to what the
    task is about."""
    return Back(reverse("inbox"), _lazy("返回待办")) if has_inbox(grant) else _page_of_record(subject)


def _page_of_record(subject: Any, act: str = "") -> Back:
    page = page_of(subject, act)
    title = format_lazy(_lazy("返回{page}"), page=page.title) if page else _lazy("返回首页")
    return Back(page.url if page else reverse("home"), title)


def colleagues_of(deadline: Deadline, grant: RoleGrant, on: date) -> list[User]:
    """Who else could do the task on a day."""
    return [user for user in services.able_holders([deadline], on) if user.pk != grant.user_id]


def _untold(reasons: Iterable[str], obstacles: list[str]) -> list[str]:
    """What still stands in the way and is not said above already, as the reason of a refusal."""
    told = set(reasons)
    return [obstacle for obstacle in obstacles if obstacle not in told]


def _joint_meeting(deadline: Deadline, grant: RoleGrant) -> dict[str, Any]:
    """The meeting on several matters a task was decided at, or the call to one it is on; for whoever reads its record."""
    node = deadline.task.flow_task
    if not may_be_joined(node) or not registry.reads_record(grant.office, node.deciding):
        return {}
    if deadline.done_at:
        return {"held": sitting_of(deadline.pk)}
    return {"called": open_call_on(deadline.pk, node.deciding, deadline.seat)}


def _taken_back(deadline: Deadline) -> Line | None:
    """The act by which the task was called off with what came before it, as the history tells it."""
    entry = taken_back_before(deadline)
    return line_of(entry) if entry else None


def _sent_back_with(deadline: Deadline) -> Line | None:
    """The act the task ended with where that sent the matter back, as the history tells it."""
    entry = services.sent_back_with(deadline)
    return line_of(entry) if entry else None


def _side(sent: Any, kind: type[SideForm], **kwargs: Any) -> SideForm:
    return sent if isinstance(sent, kind) else kind(**kwargs)


def may_copy(deadline: Deadline, grant: RoleGrant) -> bool:
    """Whether to offer the copying of a task; the service decides again."""
    at_home = deadline.seat_id == grant.unit_id and deadline.office in selectors.offices_served(grant)
    return at_home and not deadline.cancelled


def _held(act: Act, key: str, form: Any) -> list[PendingFile]:
    """What is kept for the form's file fields: the files just sent with it that passed, else those sent before."""
    if form is None or not form.is_multipart():
        return []
    if form.is_bound and form.errors:
        return holding.hold(act, key, holding.files_of(form))
    return holding.held(act.person, key, act.at)


def _sent(request: HttpRequest, key: str) -> MultiValueDict[str, Any]:
    """The files of a request and those kept before that it names. Refused: one of these is gone."""
    files = request.FILES.copy()
    taken = holding.take(in_office(request).user, key, request.POST.getlist("held"), timezone.now())
    for name, given in taken.lists():
        files.setlist(name, [*given, *files.getlist(name)])
    return files


def _posted(request: HttpRequest, form: Any) -> list[tuple[str, Any]]:
    """What was typed, to be sent once more by the page that confirms it; no secret is among it."""
    kept_back = {*NOT_TYPED, *form.secrets()}
    return [(k, v) for k, vs in request.POST.lists() if k not in kept_back for v in vs]


def _own(request: HttpRequest, node: Any, asked: InPersonForm | None) -> InPersonForm | None:
    """The fields that ask for the person's own password, where the act is done in person."""
    return asked or (InPersonForm(request) if node.in_person else None)


def _return_form(deadline: Deadline) -> ReturnForm:
    """The form to send the matter back; where a return was taken back, as it had been filled in."""
    node = deadline.task.flow_task
    choices = [(t.name, worded(t.task_title, deadline.unit)) for t in node.returns]
    given = return_taken_back(deadline.task) if node.undo else {}
    return ReturnForm(auto_id="return_%s", choices=choices, initial=given)


def _history(subject: Any) -> list[Entry]:
    return list(history_of(subject.reference)[:HISTORY])


def _submit(request: HttpRequest, deadline: Deadline, grant: RoleGrant) -> HttpResponse:
    """Do the task; one that is irreversible, or foresees what it brings about, shows its answers to check first.

    One that is done in person asks who is there before it is done.
    """
    node, act = deadline.task.flow_task, _act(request, deadline, grant)
    mine, in_person = may_do(deadline, grant), False
    if (is_checked(node) or node.form.may_foresee) and request.POST.get("op") == "submit" and mine:
        return _try(request, deadline, grant, lambda: _check(request, deadline, grant, act))
    if node.in_person and mine:
        # Before the act's own transaction: a wrong password is counted whatever becomes of the act.
        own = InPersonForm(request, checked=True)
        if not own.is_valid():
            return _try(request, deadline, grant, lambda: _ask_again(request, deadline, grant, act, own))
        in_person = True
    return _try(request, deadline, grant, lambda: _complete(request, deadline, act, in_person))


def is_checked(node: Any) -> bool:
    """Whether a step or an act is confirmed on a page of its own."""
    return bool(node.irreversible or node.form.foresees)


def _ask_again(
    request: HttpRequest, deadline: Deadline, grant: RoleGrant, act: Act, own: InPersonForm
) -> HttpResponse:
    if is_checked(deadline.task.flow_task):
        return _check(request, deadline, grant, act, own)
    form = _form_for(deadline, act, request.POST).unchecked()
    return _show_task(request, deadline, grant, form, status=INVALID, own=own)


def _check(
    request: HttpRequest, deadline: Deadline, grant: RoleGrant, act: Act, own: InPersonForm | None = None
) -> HttpResponse:
    key = holding.key_of_task(deadline.pk)
    form = _form_for(deadline, act, request.POST, _sent(request, key))
    if not form.is_valid():
        raise InvalidForm(form)
    if not is_checked(deadline.task.flow_task) and form.foreseen_table() is None:
        return _complete(request, deadline, act, in_person=False)
    # Told before anybody checks the answers and types a password for what cannot be done.
    if reasons := services.obstacles_of(deadline.task.flow_task, form.subject, act.at):
        raise Obstructed(*reasons)
    held = holding.hold(act, key, holding.files_of(form))
    if form.drafts and form.fields:
        # The form is gone back to as its own page (ui.js), with what has been typed.
        services.save_draft(deadline.pk, actor=grant.user, data=_draft_data(request), at=act.at)
    context = _check_context(request, deadline, form, own) | {"held": held}
    return render(request, "workflow/check.html", context, status=INVALID if own else 200)


def _check_context(
    request: HttpRequest, deadline: Deadline, form: Any, own: InPersonForm | None
) -> dict[str, Any]:
    return {
        "deadline": deadline,
        "about": deadline.label,
        "hall": deadline.unit,
        "node": deadline.task.flow_task,
        "answers": answers_of(form),
        "posted": _posted(request, form),
        "foreseen": form.foreseen(),
        "tables": form.foreseen_tables(),
        "own": _own(request, deadline.task.flow_task, own),
        "drafts": form.drafts and bool(form.fields),
        "back": reverse("task", args=[deadline.pk]),
        "next_steps": next_steps(
            deadline.task.flow_task,
            form.subject,
            form.act.on,
            deadline.task.process,
            back=form.goes_back(),
            said=form.what_follows(),
        ),
    }


def _complete(request: HttpRequest, deadline: Deadline, act: Act, in_person: bool) -> HttpResponse:
    key = holding.key_of_task(deadline.pk)
    services.complete(
        deadline.pk,
        actor=act.person,
        data=request.POST,
        files=_sent(request, key) if deadline.waits else request.FILES,
        at=act.at,
        request_id=request.headers.get("X-Request-ID", ""),
        reauthenticated=in_person,
    )
    if holding.takes_files(deadline.task.flow_task.form):
        holding.let_go(act.person, key)
    return redirect("task_done", task_id=deadline.pk)


def _try(request: HttpRequest, deadline: Deadline, grant: RoleGrant, act: Any) -> HttpResponse:
    """Run an operation; a refusal leaves nothing behind and comes back as sentences on the page."""

    def again(refused: Refused, status: int) -> HttpResponse:
        form = _typed(request, deadline, grant)
        reasons = _besides(form, refused)
        if isinstance(refused, InvalidForm):
            if not hasattr(refused.form, "subject"):
                sent = refused.form
                return _show_task(
                    request, visible_task(deadline.pk), grant, reasons=reasons, status=status, sent=sent
                )
            form, reasons = refused.form, ()
        return _show_task(request, visible_task(deadline.pk), grant, form, reasons, status=status)

    return attempted(act, again)


def _besides(form: Any, refused: Refused) -> Sequence[str]:
    """What is said above the form of a refusal: nothing, where that is about one box of it and is said there."""
    if not isinstance(refused, WrongEntry) or form is None or refused.field not in form.fields:
        return refused.reasons
    for reason in refused.reasons:
        form.add_error(refused.field, reason)
    return ()


def _typed(request: HttpRequest, deadline: Deadline, grant: RoleGrant) -> Any:
    """The task's form with what was sent in it, not judged again; None for another operation."""
    if request.POST.get("op") not in ("submit", "confirm") or not may_do(deadline, grant):
        return None
    return _form_for(deadline, _act(request, deadline, grant), request.POST).unchecked()


def _draft_data(request: HttpRequest) -> dict[str, Any]:
    return {k: v for k, v in request.POST.lists() if k not in (*NOT_TYPED, ONCE)}


def _keep(request: HttpRequest, deadline: Deadline, grant: RoleGrant) -> HttpResponse:
    """The draft as the browser sends it while one types: without files, which go with 保存草稿."""
    at = timezone.now()

    def act() -> HttpResponse:
        services.save_draft(deadline.pk, actor=grant.user, data=_draft_data(request), at=at)
        return kept(at)

    return attempted(act, not_kept)


def _discard(request: HttpRequest, deadline: Deadline, grant: RoleGrant) -> HttpResponse:
    drafts.drop_draft_of_task(deadline, grant.user)
    holding.let_go(grant.user, holding.key_of_task(deadline.pk))
    messages.success(request, _("草稿已清除。"))
    return redirect("task", task_id=deadline.pk)


def _save(request: HttpRequest, deadline: Deadline, grant: RoleGrant) -> HttpResponse:
    def act() -> HttpResponse:
        services.save_draft(deadline.pk, actor=grant.user, data=_draft_data(request), at=timezone.now())
        _save_files(request, deadline, grant)
        messages.success(request, _("草稿已保存，下次打开接着填。"))
        return redirect("task", task_id=deadline.pk)

    return _try(request, deadline, grant, act)


def _save_files(request: HttpRequest, deadline: Deadline, grant: RoleGrant) -> None:
    act, key = _act(request, deadline, grant), holding.key_of_task(deadline.pk)
    _hold_files(request, act, key, _form_for(deadline, act, request.POST, _sent(request, key)))


def _hold_files(request: HttpRequest, act: Act, key: str, form: Any) -> None:
    """Keep a draft's files that pass, and say why the others do not."""
    if not form.is_multipart():
        return
    form.full_clean()
    holding.hold(act, key, holding.files_of(form))
    for name in holding.files_of(form):
        for sentence in form.errors.get(name, ()):
            messages.warning(request, titled(form.fields[name].label, sentence))


def _send_back(request: HttpRequest, deadline: Deadline, grant: RoleGrant) -> HttpResponse:
    def act() -> HttpResponse:
        services.send_back(
            deadline.pk,
            actor=grant.user,
            to=request.POST.get("to", ""),
            reason=request.POST.get("reason", ""),
            at=timezone.now(),
        )
        return redirect("task_done", task_id=deadline.pk)

    return _try(request, deadline, grant, act)


def _claim(request: HttpRequest, deadline: Deadline, grant: RoleGrant) -> HttpResponse:
    def act() -> HttpResponse:
        services.claim(deadline.pk, actor=grant.user, at=timezone.now())
        messages.success(request, _("已认领，此事项由您办理。"))
        return redirect("task", task_id=deadline.pk)

    return _try(request, deadline, grant, act)


def _release(request: HttpRequest, deadline: Deadline, grant: RoleGrant) -> HttpResponse:
    def act() -> HttpResponse:
        services.release(deadline.pk, actor=grant.user, at=timezone.now())
        messages.success(request, _("已放回待领。"))
        return redirect("inbox")

    return _try(request, deadline, grant, act)


def _hand_over(request: HttpRequest, deadline: Deadline, grant: RoleGrant) -> HttpResponse:
    form = HandOverForm(request.POST, people=colleagues_of(deadline, grant, timezone.localdate()))

    def act() -> HttpResponse:
        if not form.is_valid():
            raise InvalidForm(form)
        to, reason = form.cleaned_data["to"], form.cleaned_data["reason"]
        services.hand_over(deadline.pk, actor=grant.user, to=to, reason=reason, at=timezone.now())
        messages.success(request, _("已转给%(who)s办理。") % {"who": to.name})
        return redirect("inbox")

    return _try(request, deadline, grant, act)


def _take_back(request: HttpRequest, deadline: Deadline, grant: RoleGrant) -> HttpResponse:
    form = TakeBackForm(request.POST)

    def act() -> HttpResponse:
        if not form.is_valid():
            raise InvalidForm(form)
        take_back(deadline.pk, actor=grant.user, reason=form.cleaned_data["reason"], at=timezone.now())
        messages.success(request, _("已取回，请更正后重新提交。"))
        return redirect("task", task_id=deadline.pk)

    return _try(request, deadline, grant, act)


def _urge(request: HttpRequest, deadline: Deadline, grant: RoleGrant) -> HttpResponse:
    form = UrgeForm(request.POST)

    def act() -> HttpResponse:
        if not form.is_valid():
            raise InvalidForm(form)
        services.urge(deadline.task, act=_act(request, deadline, grant), words=form.cleaned_data["words"])
        messages.success(request, _("已催办，对方会收到提醒。"))
        return redirect("task", task_id=deadline.pk)

    return _said_once(request, deadline, grant, act)


def _comment(request: HttpRequest, deadline: Deadline, grant: RoleGrant) -> HttpResponse:
    form = CommentForm(request.POST, request.FILES)

    def act() -> HttpResponse:
        if not form.is_valid():
            raise InvalidForm(form)
        data = form.cleaned_data
        act = _act(request, deadline, grant)
        services.comment(deadline.task, act=act, words=data["words"], files=data["attached"])
        messages.success(request, _("已留言，办理人和转来此事项的人会收到消息。"))
        return redirect("task", task_id=deadline.pk)

    return _said_once(request, deadline, grant, act)


def _said_once(
    request: HttpRequest, deadline: Deadline, grant: RoleGrant, act: Callable[[], HttpResponse]
) -> HttpResponse:
    """Say a word beside a task; of the form sent twice the task as it is, which has it already."""

    def once() -> HttpResponse:
        try:
            return act()
        except AlreadyDone:
            messages.warning(request, SENT_BEFORE)
            return redirect("task", task_id=deadline.pk)

    return _try(request, deadline, grant, once)


_OPERATIONS = {
    "submit": _submit,
    "confirm": _submit,
    "save": _save,
    "keep": _keep,
    "discard": _discard,
    "return": _send_back,
    "claim": _claim,
    "release": _release,
    "hand_over": _hand_over,
    "take_back": _take_back,
    "urge": _urge,
    "comment": _comment,
}


@require_safe
def comment_file(request: HttpRequest, task_id: int, number: int) -> FileResponse:
    """A file that goes with a note, to be saved; for whoever sees the task."""
    acting_grant(request)
    kept = get_object_or_404(CommentFile, pk=number, comment__task=visible_task(task_id).task)
    return FileResponse(
        kept.file.open("rb"), as_attachment=True, filename=kept.name, content_type=kept.media_type
    )


@require_safe
def task_done(request: HttpRequest, task_id: int) -> HttpResponse:
    """What was done, its reference number, and what happens next."""
    grant = acting_grant(request)
    deadline = visible_task(task_id)
    if deadline.done_at is None:
        return redirect("task", task_id=task_id)
    entry = Entry.objects.filter(pk=deadline.entry_id).first() if deadline.entry_id else None
    opened = selectors.opened_after(deadline.task)
    goes_on = deadline.task.process.status == PROCESS.NEW
    others = selectors.waited_for(deadline.task) if goes_on and not opened else []
    made_by_it = deadline.task.flow_task.handed_told
    return render(
        request,
        "workflow/done.html",
        {
            "deadline": deadline,
            "hall": deadline.unit,
            "node": deadline.task.flow_task,
            "entry": entry,
            "line": line_of(entry) if entry else None,
            "opened": told_open(opened, deadline.unit),
            "subject": deadline.task.process.artifact,
            "goes_on": goes_on,
            "waited_for": told_open(others[:NAMED], deadline.unit),
            "more_waited_for": len(others[NAMED:]),
            "handed": made_by_it(deadline.task.process.artifact, grant) if made_by_it else None,
        }
        | ways_on(deadline.task.flow_task, entry, grant),
    )


# ------------------------------------------------------------------------------- one event


def record_of(kind: str, number: int, *, within: Unit) -> Any:
    """The record a reference names, as far as the viewer's context shows it; 404 otherwise.

    within: the viewer's own unit; units themselves stand before no policy, so they are looked for below it.
    """
    if kind == "unit":
        return get_object_or_404(Unit, pk=number, path__startswith=within.path)
    model = next((m for m in machines() if m.kind == kind), None)
    record = model._base_manager.select_related("unit").filter(pk=number).first() if model else None
    if record is None:
        raise Http404
    return record


@sensitive_post_parameters()
def event_page(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """An act without a task: the same page, without a deadline."""
    grant = acting_grant(request)
    try:
        wanted = events.event(key)
    except KeyError as unknown:
        raise Http404 from unknown
    subject = record_of(wanted.kind, number, within=grant.tenant)
    act = grant.act(subject.unit, timezone.now())
    # Before anything else: what is done may well not be offered any more.
    if before := done_with(wanted.key, [subject.reference], act.person, token_of(request)):
        return to_what_was_done(request, before, again=True)
    if grant.office not in wanted.offices or (wanted.offered and not wanted.offered(subject, grant)):
        raise PermissionDenied(_("这件事不由您现在的职务办理；有办理这件事的职务的，请先切换。"))
    if request.method == "POST":
        operation = _EVENT_OPERATIONS.get(request.POST.get("op", ""), _perform)
        return operation(request, wanted, subject, act, grant)
    draft = drafts.draft_of_act(holding.key_of_event(wanted.key, subject.reference), grant.user)
    linked = {name: request.GET[name] for name in wanted.linked if name in request.GET}
    form = wanted.form_for(subject, act, grant, _typed_in(draft), initial=linked)
    return _show_event(request, wanted, subject, act, form.unchecked() if draft else form, draft=draft)


def _save_event(request: HttpRequest, wanted: Any, subject: Any, act: Act, grant: RoleGrant) -> HttpResponse:
    """Keep what has been typed, with its files; the page once more."""
    key = holding.key_of_event(wanted.key, subject.reference)

    def saved() -> HttpResponse:
        form = wanted.form_for(subject, act, grant, request.POST, _sent(request, key))
        _keep_event_draft(request, key, form, act, grant)
        _hold_files(request, act, key, form)
        messages.success(request, _("草稿已保存，下次打开接着填。"))
        return redirect(request.path)

    def again(refused: Refused, status: int) -> HttpResponse:
        form = wanted.form_for(subject, act, grant, request.POST).unchecked()
        return _show_event(request, wanted, subject, act, form, refused.reasons, status=status)

    return attempted(saved, again)


def _keep_event(request: HttpRequest, wanted: Any, subject: Any, act: Act, grant: RoleGrant) -> HttpResponse:
    key = holding.key_of_event(wanted.key, subject.reference)

    def saved() -> HttpResponse:
        _keep_event_draft(request, key, wanted.form_for(subject, act, grant), act, grant)
        return kept(act.at)

    return attempted(saved, not_kept)


def _keep_event_draft(request: HttpRequest, key: str, form: Any, act: Act, grant: RoleGrant) -> None:
    data = _draft_data(request)
    drafts.save_draft_of_act(key, form, user=grant.user, home=grant.tenant, data=data, at=act.at)


def _discard_event(
    request: HttpRequest, wanted: Any, subject: Any, act: Act, grant: RoleGrant
) -> HttpResponse:
    key = holding.key_of_event(wanted.key, subject.reference)
    drafts.drop_draft_of_act(key, grant.user)
    holding.let_go(grant.user, key)
    messages.success(request, _("草稿已清除。"))
    return redirect(request.path)


def _perform(request: HttpRequest, wanted: Any, subject: Any, act: Act, grant: RoleGrant) -> HttpResponse:
    key = holding.key_of_event(wanted.key, subject.reference)
    asked = wanted.in_person and (request.POST.get("op") == "confirm" or not is_checked(wanted))
    # Before the act's own transaction: a wrong password is counted whatever becomes of the act.
    own = InPersonForm(request, checked=True) if asked else None
    wrong = own is not None and not own.is_valid()

    def done() -> HttpResponse:
        files = _sent(request, key)
        if is_checked(wanted) and (wrong or request.POST.get("op") != "confirm"):
            form = wanted.form_for(subject, act, grant, request.POST, files)
            with acting(act):
                if not form.is_valid():
                    raise InvalidForm(form)
                if reasons := wanted.obstacles_of(subject, act.at):
                    raise Obstructed(*reasons)
                held = holding.hold(act, key, holding.files_of(form))
                context = event_check(request, wanted, subject, form, own) | {"held": held}
                context["drafts"] = form.drafts and bool(form.fields)
                if context["drafts"]:
                    _keep_event_draft(request, key, form, act, grant)
                return render(request, "workflow/check.html", context, status=INVALID if wrong else 200)
        if wrong:
            form = wanted.form_for(subject, act, grant, request.POST).unchecked()
            return _show_event(request, wanted, subject, act, form, status=INVALID, own=own)
        entry = events.perform(
            wanted.key,
            subject,
            actor=act.person,
            office=grant.office,
            data=request.POST,
            files=files,
            at=act.at,
            request_id=token_of(request),
            reauthenticated=own is not None,
        )
        if holding.takes_files(wanted.form):
            holding.let_go(act.person, key)
        return to_what_was_done(request, entry)

    return attempted(done, partial(_not_performed, request, wanted, subject, act, grant))


def _not_performed(
    request: HttpRequest,
    wanted: Any,
    subject: Any,
    act: Act,
    grant: RoleGrant,
    refused: Refused,
    status: int,
) -> HttpResponse:
    """The page of the act once more, with what was typed and why it was refused; or of what the form has done before."""
    if isinstance(refused, AlreadyDone):
        return to_what_was_done(request, refused.entry, again=True)
    if isinstance(refused, InvalidForm):
        return _show_event(request, wanted, subject, act, refused.form, status=status)
    form = wanted.form_for(subject, act, grant, request.POST).unchecked()
    return _show_event(request, wanted, subject, act, form, _besides(form, refused), status=status)


_EVENT_OPERATIONS = {"save": _save_event, "keep": _keep_event, "discard": _discard_event}


def event_check(
    request: HttpRequest, wanted: Any, subject: Any, form: Any, own: InPersonForm | None = None
) -> dict[str, Any]:
    """What the page shows that asks to confirm an act without a task. own: the password asked for and found wrong."""
    return {
        "node": wanted,
        "hall": subject.unit,
        "subject": subject,
        "answers": answers_of(form),
        "posted": _posted(request, form),
        "foreseen": form.foreseen(),
        "tables": form.foreseen_tables(),
        "next_steps": next_steps(wanted, subject, form.act.on, said=form.what_follows()),
        "own": _own(request, wanted, own),
        "back": request.path,
    }


def _show_event(
    request: HttpRequest,
    wanted: Any,
    subject: Any,
    act: Act,
    form: Any,
    reasons: Any = (),
    status: int = 200,
    own: InPersonForm | None = None,
    draft: Draft | None = None,
) -> HttpResponse:
    context = {
        "node": wanted,
        "back": came_from(request, _page_of_record(subject, wanted.key)),
        "draft": draft,
        "basis": basis_of(wanted, subject),
        "hall": subject.unit,
        "subject": subject,
        "form": form,
        "own": None if is_checked(wanted) else _own(request, wanted, own),
        "reasons": reasons,
        "obstacles": _untold(reasons, wanted.obstacles_of(subject, act.at)),
        "history": lines_of(_history(subject)),
        "beside": beside(subject),
        "multipart": form.is_multipart(),
        "held": _held(act, holding.key_of_event(wanted.key, subject.reference), form),
        "mine": True,
        "once": new_token(),
        "facts": wanted.context(subject) if wanted.context else {},
    }
    return render(request, "workflow/event.html", context, status=status)


@require_safe
def history(request: HttpRequest, kind: str, number: int) -> HttpResponse:
    """Everything done on one record or inside it, as a readable story."""
    grant = acting_grant(request)
    subject = record_of(kind, number, within=grant.tenant)
    page = Paginator(history_of(subject.reference), PER_PAGE).get_page(request.GET.get("page"))
    proofs = registry.office(grant.office).takes_proofs
    context = {"subject": subject, "lines": lines_of(page), "page": page, "proofs": proofs}
    return render(request, "workflow/history.html", context)
