"""代表名册 from a workbook: template, upload, every row with its errors, then the roll's task done with it or nothing."""

from __future__ import annotations

import json
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
from django.views.decorators.http import require_http_methods, require_safe

from projects.cycles.models import Cycle
from projects.deliberation import rolls
from workflow.administration import sheets
from workflow.administration.forms import UploadForm
from workflow.administration.imports import ERROR_COLUMN, error_sheet_rows
from workflow.administration.previews import payload_of, previewed, uploaded, workbook
from workflow.flows.errors import Refused
from workflow.flows.fields import PlainForm
from workflow.flows.models import Deadline
from workflow.flows.services import complete
from workflow.inbox.views import may_do, visible_task
from workflow.roles.middleware import acting_grant, in_office

KEY = "deliberation.roll"


class StatementForm(PlainForm):
    """What the task asks for besides the roll itself."""

    statement = forms.CharField(
        label=_lazy("代表资格审查和变动情况"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


def _task(request: HttpRequest, task_id: int) -> tuple[Deadline, Cycle]:
    """The open task of the roll, for whoever may do it; 404 for any other task, 403 for anybody else."""
    grant, deadline = acting_grant(request), visible_task(task_id)
    if deadline.key != KEY:
        raise Http404
    if not may_do(deadline, grant):
        raise PermissionDenied(_("代表名册由人大办导入；核定以后的变动请逐人登记。"))
    return deadline, deadline.task.process.artifact


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def roll_import(request: HttpRequest, task_id: int) -> HttpResponse:
    """Upload, see every row with its errors and both numbers, then the whole roll or nothing."""
    deadline, cycle = _task(request, task_id)
    operation = request.POST.get("op", "") if request.method == "POST" else "form"
    if operation == "form":
        return _ask(request, deadline, cycle, UploadForm())
    if operation == "errors":
        return _error_sheet(cycle, previewed(request, _purpose(deadline)))
    if operation == "confirm":
        return _confirm(request, deadline, cycle)
    return _upload(request, deadline, cycle)


def _ask(
    request: HttpRequest, deadline: Deadline, cycle: Cycle, form: UploadForm, status: int = 200
) -> HttpResponse:
    context = {"deadline": deadline, "cycle": cycle, "form": form, "columns": rolls.COLUMNS}
    return render(request, "portal/roll_import.html", context, status=status)


def _upload(request: HttpRequest, deadline: Deadline, cycle: Cycle) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES)
    raw = uploaded(form, rolls.COLUMNS, rolls.REQUIRED)
    if raw is None:
        return _ask(request, deadline, cycle, form, status=422)
    return _preview(request, deadline, cycle, raw)


def _preview(
    request: HttpRequest, deadline: Deadline, cycle: Cycle, raw: list[dict[str, str]], reasons: Any = ()
) -> HttpResponse:
    read = rolls.read_roll(cycle, raw, timezone.localdate())
    context = {
        "deadline": deadline,
        "cycle": cycle,
        "read": read,
        "rows": [*read.wrong, *(row for row in read.rows if not row.errors)],
        "columns": rolls.COLUMNS,
        "reasons": reasons,
        "form": StatementForm(request.POST if request.POST.get("op") == "confirm" else None),
        "payload": payload_of(raw, _purpose(deadline)),
    }
    status = 409 if reasons else 200 if read.is_sound else 422
    return render(request, "portal/roll_preview.html", context, status=status)


def _purpose(deadline: Deadline) -> str:
    return f"{KEY}:{deadline.pk}"


def _confirm(request: HttpRequest, deadline: Deadline, cycle: Cycle) -> HttpResponse:
    raw = previewed(request, _purpose(deadline))
    read = rolls.read_roll(cycle, raw, timezone.localdate())
    form = StatementForm(request.POST)
    if not read.is_sound or not form.is_valid():
        return _preview(request, deadline, cycle, raw)
    data = read.data | {"statement": form.cleaned_data["statement"]}
    try:
        done = complete(deadline.pk, actor=in_office(request).user, data=data, at=timezone.now())
    except Refused as refused:
        return _preview(request, deadline, cycle, raw, reasons=refused.reasons)
    told = {"file": read.in_file, "roll": json.loads(done.body)["after"]["deputies_in_office"]}
    messages.success(request, _("名册已核定：文件 %(file)s 人，名册 %(roll)s 人。") % told)
    return redirect("task", task_id=deadline.pk)


def _error_sheet(cycle: Cycle, raw: list[dict[str, str]]) -> HttpResponse:
    read = rolls.read_roll(cycle, raw, timezone.localdate())
    rows = error_sheet_rows(read.rows, rolls.COLUMNS)
    rows += [[name, "", "", _("在任代表，不在表中。")] for name in read.missing]
    body = sheets.write(_("代表名册"), [*rolls.COLUMNS, str(ERROR_COLUMN)], rows)
    return workbook(body, "roll-errors.xlsx")


@require_safe
def roll_template(request: HttpRequest, task_id: int) -> HttpResponse:
    """The roll as it would be today, to be corrected and uploaded."""
    _deadline, cycle = _task(request, task_id)
    on = timezone.localdate()
    rows, notes = rolls.template_rows(cycle, on), rolls.template_notes(cycle, on)
    return workbook(sheets.write(_("代表名册"), rolls.COLUMNS, rows, notes=notes), "roll.xlsx")
