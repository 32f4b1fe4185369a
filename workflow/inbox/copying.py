"""抄送: the page that copies a task, and the box of what has been copied to one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from workflow.flows import copies
from workflow.flows.errors import Refused
from workflow.flows.models import Deadline
from workflow.inbox.attempts import attempted
from workflow.inbox.forms import CopyForm
from workflow.inbox.lists import PER_PAGE, as_copy_row, listing, shelf
from workflow.inbox.selectors import COPIES
from workflow.inbox.unread import unread_in
from workflow.inbox.views import may_copy, visible_task
from workflow.roles.middleware import acting_grant, in_office


@require_safe
def box(request: HttpRequest) -> HttpResponse:
    """What was copied to the person or to the office acted in, narrowed; ?unread=1 keeps what has not been opened."""
    asked, waiting = listing(request, COPIES), unread_in(request).copies
    page = Paginator(asked.rows(), PER_PAGE).get_page(request.GET.get("page"))
    query = QueryDict(asked.query(), mutable=True)
    only_unread = bool(query.pop("unread", None))
    plain, unread = query.urlencode(), _with(query, unread="1")
    context = shelf(asked) | {
        "page": page,
        "today": timezone.localdate(),
        "rows": [as_copy_row(one) for one in page],
        "tabs": [
            {
                "label": _("全部"),
                "url": f"{request.path}?{plain}" if plain else request.path,
                "current": not only_unread,
                "count": None,
            },
            {
                "label": _("未读"),
                "url": f"{request.path}?{unread}",
                "current": only_unread,
                "count": waiting,
            },
        ],
        "none_unread": only_unread and not plain,
        "unread": waiting > 0,
    }
    return render(request, "workflow/copies.html", context)


def _with(query: QueryDict, **more: str) -> str:
    wanted = query.copy()
    wanted.update(more)
    return wanted.urlencode()


@require_http_methods(["GET", "HEAD", "POST"])
def copy_page(request: HttpRequest, task_id: int) -> HttpResponse:
    """Choose who is to know of a task, and say why."""
    grant, deadline = acting_grant(request), visible_task(task_id)
    if not may_copy(deadline, grant):
        raise PermissionDenied(_("只有办理此事项的职务可以抄送。"))
    receivers = copies.receivers_for(deadline, in_office(request).user, timezone.localdate())
    form = CopyForm(request.POST or None, receivers=receivers, tenant=deadline.unit)
    if request.method == "POST" and form.is_valid():
        return _copied(request, deadline, form)
    return _shown(request, deadline, form, status=422 if form.is_bound else 200)


def _copied(request: HttpRequest, deadline: Deadline, form: CopyForm) -> HttpResponse:
    to = form.cleaned_data["to"]

    def act() -> HttpResponse:
        copies.copy(
            deadline.pk,
            actor=in_office(request).user,
            to=to,
            words=form.cleaned_data["words"],
            at=timezone.now(),
            request_id=request.headers.get("X-Request-ID", ""),
        )
        messages.success(request, _("已抄送%(who)s。") % {"who": to.name})
        return redirect("task", task_id=deadline.pk)

    def again(refused: Refused, status: int) -> HttpResponse:
        form.add_error(None, str(refused))
        return _shown(request, deadline, form, status=status)

    return attempted(act, again)


def _shown(request: HttpRequest, deadline: Deadline, form: Any, *, status: int) -> HttpResponse:
    context = {
        "deadline": deadline,
        "node": deadline.task.flow_task,
        "form": form,
        "copies": copies.copies_of(deadline),
    }
    return render(request, "workflow/copy.html", context, status=status)
