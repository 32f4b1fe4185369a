"""The totals of a hall's device: a table to fill in, an upload, what it says and whether it balances, then accepted.

Each of the two counters imports for himself, and what both imported is compared like two keyings (rules.md §6.2). With paper
beside the device the paper is keyed on the same page, and the page shows the two as one sum.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from projects.ballots import figures as fig
from projects.ballots import keypad
from projects.ballots.forms import TallyForm
from projects.ballots.models import Vote
from projects.ballots.rules import GRADING
from projects.ballots.selectors import keyings_of, last_rejection, round_of
from workflow.administration.previews import WORKBOOK, payload_of, previewed
from workflow.flows.errors import Refused
from workflow.flows.fields import PlainForm
from workflow.flows.models import Deadline
from workflow.flows.saving import saved_as
from workflow.flows.services import barred_from, complete
from workflow.inbox.in_person import InPersonForm
from workflow.inbox.views import is_turn_of, visible_task
from workflow.roles.middleware import acting_grant, in_office

AGAIN = "again"  # another file, with the paper's figures as they were keyed
TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": WORKBOOK}


class TotalsForm(PlainForm):
    """The file a hall's device wrote."""

    file = forms.FileField(
        label=_lazy("表决器导出的结果"),
        help_text=_lazy("Excel 工作簿（.xlsx）或文本表格（.csv），最多 2 MB；只在本页读取，不保存"),
        widget=forms.ClearableFileInput({"accept": ".csv,.xlsx"}),
        error_messages={"empty": _lazy("文件是空的。"), "missing": _lazy("请选择文件。")},
    )


def _task(request: HttpRequest, task_id: int) -> tuple[Deadline, Vote, TallyForm | None]:
    """The open task that keys the totals of a hall's device; 404 for any other, 403 for whoever may not do it.

    With it the form of the paper beside the device, filled from what was sent; None where there is none.
    """
    grant, deadline = acting_grant(request), visible_task(task_id)
    node = deadline.task.flow_task
    if not issubclass(getattr(node, "form", object), TallyForm):
        raise Http404
    if not is_turn_of(deadline, grant):
        raise PermissionDenied(_("表决器的结果由计票人导入。"))
    if reasons := barred_from(deadline.task, grant.user):
        raise PermissionDenied(" ".join(reasons))
    act = grant.act(deadline.unit, timezone.now())
    sent: dict[str, Any] = {"data": request.POST} if request.method == "POST" else {}
    if request.POST.get("op") == AGAIN:
        sent = {"initial": previewed(request, _purpose(deadline))}
    tally = node.form(subject=deadline.task.process.artifact, act=act, node=node, seat=deadline.seat, **sent)
    if not fig.is_pressed(tally.vote):
        raise Http404
    if not fig.is_mixed(tally.vote):
        return deadline, tally.vote, None
    tally.without_totals()
    return deadline, tally.vote, tally


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sensitive_post_parameters("own_password", "own_code")
def totals_import(request: HttpRequest, task_id: int) -> HttpResponse:
    """Upload, see the totals and their balance, accept them as one's own keying or nothing."""
    deadline, vote, paper = _task(request, task_id)
    if request.method != "POST" or request.POST.get("op") == AGAIN:
        return _ask(request, deadline, vote, TotalsForm(), paper)
    if request.POST.get("op") == "confirm":
        return _confirm(request, deadline, vote)
    form = TotalsForm(request.POST, request.FILES)
    if not all([form.is_valid(), paper is None or paper.is_valid()]):
        return _ask(request, deadline, vote, form, paper, status=422)
    given = form.cleaned_data["file"]
    try:
        sums = keypad.read_totals(given.read(keypad.MOST_BYTES + 1), fig.titles_of(vote), _heads_of(vote))
    except keypad.Unreadable as error:
        return _ask(request, deadline, vote, form, paper, faults=error.faults, status=422)
    return _preview(request, deadline, vote, _keyed(vote, sums, paper), source=given.name)


def _heads_of(vote: Vote) -> keypad.Heads:
    return keypad.GRADE_HEADS if fig.words_of(vote) is GRADING else keypad.MARK_HEADS


def _keyed(vote: Vote, sums: keypad.Sums, paper: TallyForm | None) -> dict[str, int]:
    """What the task's own form would be sent: the figures of the file, and the paper's as they were keyed beside it."""
    prefix = fig.PRESSED if paper else ""
    on_paper = {name: figure or 0 for name, figure in paper.cleaned_data.items()} if paper else {}
    return on_paper | {
        prefix + fig.field_name(mark, option): figure
        for option in fig.options_of(vote)
        for mark, figure in sums[option.title].items()
    }


def _ask(
    request: HttpRequest,
    deadline: Deadline,
    vote: Vote,
    form: TotalsForm,
    paper: TallyForm | None,
    *,
    faults: Any = (),
    status: int = 200,
) -> HttpResponse:
    context = {
        "deadline": deadline,
        "vote": vote,
        "form": form,
        "paper": paper,
        "columns": _heads_of(vote).columns,
        "faults": faults,
    }
    return render(request, "portal/totals_import.html", context, status=status)


def _preview(
    request: HttpRequest,
    deadline: Deadline,
    vote: Vote,
    keyed: dict[str, int],
    *,
    source: str = "",
    reasons: Any = (),
    own: InPersonForm | None = None,
) -> HttpResponse:
    figures = _tally(vote, keyed)
    problems, whole = fig.problems_of(vote, figures), fig.whole_of(vote, figures)
    context = {
        "deadline": deadline,
        "vote": vote,
        "rows": keypad.preview_rows(fig.titles_of(vote), whole["sums"], _heads_of(vote)),
        "figures": [_(name) for name in _heads_of(vote).figures],
        "equations": fig.equations(vote, whole),
        "valid": whole["valid"],
        "mixed": fig.is_mixed(vote),
        "problems": problems,
        "reasons": reasons,
        "source": source,
        "payload": payload_of(keyed, _purpose(deadline)),
        "own": own or InPersonForm(request),
    }
    status = 409 if reasons else 422 if problems or own else 200
    return render(request, "portal/totals_preview.html", context, status=status)


def _purpose(deadline: Deadline) -> str:
    return f"totals:{deadline.pk}"


def _tally(vote: Vote, keyed: dict[str, int]) -> dict[str, Any]:
    valid, invalid = keyed.get("valid", fig.to_key(vote, "returned")), keyed.get("invalid", 0)
    return fig.sheet(vote, valid=valid, invalid=invalid, marks=keyed)


@sensitive_variables("own")
def _confirm(request: HttpRequest, deadline: Deadline, vote: Vote) -> HttpResponse:
    """Do the keying's task with the totals that were previewed, unchanged, for who gives the own password again."""
    keyed = previewed(request, _purpose(deadline))
    own = InPersonForm(request, checked=True)
    if not own.is_valid():
        return _preview(request, deadline, vote, keyed, own=own)
    if fig.problems_of(vote, _tally(vote, keyed)):
        return _preview(request, deadline, vote, keyed)
    try:
        complete(
            deadline.pk,
            actor=in_office(request).user,
            data=keyed,
            at=timezone.now(),
            reauthenticated=True,
        )
    except Refused as refused:
        return _preview(request, deadline, vote, keyed, reasons=refused.reasons)
    _tell(request, Vote.objects.get(pk=vote.pk))
    return redirect("task", task_id=deadline.pk)


def _tell(request: HttpRequest, vote: Vote) -> None:
    """What became of a keying: it waits for the other one, stands with it, or neither of the two does."""
    rejected = last_rejection(vote)
    if keyings_of(vote, round_of(vote)):
        messages.success(request, _("表决器的结果已录入，等待另一名计票人导入后比对。"))
    elif not rejected:
        messages.success(request, _("两名计票人录入的结果相符，票数平衡，计票结果成立。"))
    elif rejected.lost:
        messages.warning(request, _("系统恢复后没有前一次录入的数字，两人须重新导入。"))
    elif rejected.differences:
        messages.warning(request, _("表决器的结果已录入，但与另一名计票人录入的不一致，两人须重新导入。"))
    else:
        messages.warning(request, _("两名计票人录入的结果相符，但票数不平衡，两人须核对后重新导入。"))


@require_safe
def totals_table(request: HttpRequest, task_id: int, ending: str) -> HttpResponse:
    """The table with the projects of the ballot, its figures empty, as CSV or XLSX."""
    _deadline, vote, _paper = _task(request, task_id)
    if ending not in TYPES:
        raise Http404
    heads = _heads_of(vote)
    rows = keypad.as_rows(fig.titles_of(vote), heads=heads)
    content = keypad.as_csv(rows, heads) if ending == "csv" else keypad.as_xlsx(rows, heads)
    return saved_as(content, f"totals.{ending}", TYPES[ending])
