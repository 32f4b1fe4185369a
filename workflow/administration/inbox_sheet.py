"""A list of the inbox as a workbook, as it is narrowed on its page."""

from __future__ import annotations

from itertools import islice
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from workflow.administration import sheets
from workflow.administration.previews import workbook
from workflow.administration.purpose import purpose_first, purpose_of
from workflow.administration.taking import file_taken
from workflow.flows.models import Deadline
from workflow.flows.steps import name_of_step
from workflow.inbox.lists import Listing, as_copy_row, as_row, listing
from workflow.inbox.selectors import COPIES
from workflow.people.wording import worded
from workflow.roles import registry

MOST_ROWS = 5000


@login_required
@require_safe
def inbox_sheet(request: HttpRequest, box: str) -> HttpResponse:
    """The whole list, not one page of it, up to MOST_ROWS; the second sheet says what it was narrowed to."""
    asked = listing(request, box)
    if ask := purpose_first(request, asked.grant):
        return ask
    found = list(islice(iter(asked.rows()), MOST_ROWS))
    if box == COPIES:
        columns, lines = _copy_columns(), [_copy_cells(as_copy_row(row).copy) for row in found]
    else:
        columns, lines = _columns(), [_cells(as_row(row).deadline) for row in found]
    file_taken(
        asked.grant.act(asked.grant.tenant, timezone.now()),
        asked.grant.tenant.reference,
        what=f"inbox.{box}",
        form="xlsx",
        label=str(asked.box.title),
        narrowed="；".join(asked.said()),
        rows=len(found),
        reason=purpose_of(request),
    )
    body = sheets.write(asked.box.title, columns, lines, notes=_notes(asked, len(found)))
    return workbook(body, f"{box}-{timezone.localdate():%Y%m%d}.xlsx")


def _columns() -> list[str]:
    return [
        _("单位"), _("事项"), _("对象"), _("年度"), _("环节"), _("由谁办理"), _("认领人"), _("上一办理人"),
        _("转来日期"), _("办理期限"), _("办理情况"), _("催办次数"),
    ]  # fmt: skip


def _copy_columns() -> list[str]:
    return [
        _("单位"), _("事项"), _("对象"), _("年度"), _("环节"), _("抄送人"), _("抄送人职务"), _("抄送说明"),
        _("抄送日期"), _("办理期限"), _("办理情况"), _("阅读情况"),
    ]  # fmt: skip


def _copy_cells(copy: Any) -> list[str]:
    deadline = copy.task.deadline
    return [
        copy.unit.name,
        worded(copy.task.flow_task.task_title, copy.unit),
        deadline.label,
        str(deadline.year or ""),
        worded(name_of_step(deadline.step), copy.unit),
        copy.sender.name,
        registry.title_of(copy.sender_office, copy.unit),
        copy.words,
        timezone.localdate(copy.at).isoformat(),
        _until(deadline),
        _state(deadline),
        _("已读") if copy.read else _("未读"),
    ]


def _cells(row: Any) -> list[str]:
    return [
        row.unit.name,
        worded(row.task.flow_task.task_title, row.unit),
        row.label,
        str(row.year or ""),
        worded(name_of_step(row.step), row.unit),
        row.whose_turn,
        row.task.owner.name if row.task.owner else "",
        row.started_by.name if row.started_by else _("系统"),
        row.opened_on.isoformat(),
        _until(row),
        _state(row),
        str(row.urged),
    ]


def _until(row: Deadline) -> str:
    """The day a task is due; one that rests on holidays nobody has arranged yet says so."""
    day = row.due_on.isoformat() if row.due_on else ""
    return _("%(day)s（暂定）") % {"day": day} if row.provisional else day


def _state(row: Deadline) -> str:
    if row.cancelled:
        return _("已终止")
    if row.done_at:
        return _("已办结 %(day)s") % {"day": timezone.localdate(row.done_at).isoformat()}
    if row.binds_on and row.binds_on < timezone.localdate():
        return _("已超期")
    return _("办理中")


def _notes(asked: Listing, number: int) -> list[str]:
    return [
        _("%(name)s导出于 %(day)s，共 %(n)s 件。")
        % {"name": asked.grant.user.name, "day": timezone.localdate().isoformat(), "n": number},
        *(asked.said() or [_("没有筛选条件。")]),
        *(
            [_("只导出前 %(most)s 件，请缩小范围后分次导出。") % {"most": MOST_ROWS}]
            if number == MOST_ROWS
            else []
        ),
    ]
