"""Several at once: open tasks taken, put back or given to one colleague, copies marked as read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from workflow.flows import copies
from workflow.flows.errors import InvalidForm, Refused
from workflow.flows.models import Deadline
from workflow.flows.services import able_holders, claim_all, hand_over_all, release_all
from workflow.inbox.attempts import attempted
from workflow.inbox.forms import AssignForm
from workflow.inbox.keeping import known, to_list
from workflow.inbox.selectors import claimed_by, offices_served, queue_of
from workflow.people.models import User
from workflow.roles.middleware import acting_grant
from workflow.roles.models import RoleGrant
from workflow.roles.standing_in import why_personal

MOST_AT_ONCE = 100
# What a button may ask of tasks of the queue, and what is said when it is done.
TAKING: dict[str, tuple[Callable[..., int], Any]] = {
    "claim": (claim_all, gettext_lazy("已认领 %(n)s 件事项，由您办理。")),
    "release": (release_all, gettext_lazy("已将 %(n)s 件事项放回待领，可由本职务的其他人认领。")),
}


@require_POST
def several(request: HttpRequest) -> HttpResponse:
    """Take or put back the chosen tasks, or the one whose own button it is; on to the page that hands them over.

    claim, release: the number of one task. op: what the button under the list asks of those ticked in it.
    """
    grant, op, given = acting_grant(request), request.POST.get("op", ""), request.POST.getlist("task")
    for one in TAKING:
        if request.POST.get(one):
            op, given = one, [request.POST[one]]
    chosen = _of_the_office(grant, given)
    back = to_list(_box(request), known(request.POST.get("query", "")))
    if not chosen:
        messages.error(request, _("请先勾选事项。"))
        return back
    if op == "assign":
        answer = redirect("assign")
        answer["Location"] += f"?{urlencode([('task', number) for number in chosen])}"
        return answer
    return _taken(request, grant, op, chosen, back)


def _box(request: HttpRequest) -> str:
    return "queue" if request.POST.get("box") == "queue" else "todo"


def _taken(
    request: HttpRequest, grant: RoleGrant, op: str, ids: list[int], back: HttpResponse
) -> HttpResponse:
    taking, told = TAKING.get(op, TAKING["claim"])

    def act() -> HttpResponse:
        n = taking(ids, actor=grant.user, at=timezone.now())
        messages.success(request, told % {"n": n})
        return back

    def again(refused: Refused, _status: int) -> HttpResponse:
        for reason in refused.reasons:
            messages.error(request, reason)
        return back

    return attempted(act, again)


@require_http_methods(["GET", "HEAD", "POST"])
def assign(request: HttpRequest) -> HttpResponse:
    """Look at the chosen tasks, choose the colleague, say why; all are handed over or none."""
    grant = acting_grant(request)
    given = request.POST if request.method == "POST" else request.GET
    chosen = _chosen(grant, given.getlist("task"))
    if not chosen:
        messages.error(request, _("请先勾选要转办的事项。"))
        return redirect("inbox")
    form = AssignForm(request.POST or None, people=_colleagues(grant, chosen))
    if request.method != "POST":
        return _shown(request, chosen, form)

    def act() -> HttpResponse:
        if not form.is_valid():
            raise InvalidForm(form)
        to, reason = form.cleaned_data["to"], form.cleaned_data["reason"]
        ids = [deadline.pk for deadline in chosen]
        hand_over_all(ids, actor=grant.user, to=to, reason=reason, at=timezone.now())
        messages.success(request, _("%(n)s 件事项已转给%(who)s办理。") % {"n": len(ids), "who": to.name})
        return redirect("inbox")

    def again(refused: Refused, status: int) -> HttpResponse:
        reasons = () if isinstance(refused, InvalidForm) else refused.reasons
        return _shown(request, chosen, form, reasons, status=status)

    return attempted(act, again)


def _numbers(given: Sequence[str]) -> list[int]:
    return [int(n) for n in given if n.isascii() and n.isdecimal() and len(n) < 18]


def _of_the_office(grant: RoleGrant, given: Sequence[str]) -> list[int]:
    """The tasks of the office a request names, whoever has taken them since: the service says so by name."""
    tasks = Deadline.objects.filter(
        pk__in=_numbers(given)[:MOST_AT_ONCE], seat=grant.unit_id, office__in=offices_served(grant)
    )
    return list(tasks.values_list("pk", flat=True))


def _chosen(grant: RoleGrant, given: Sequence[str]) -> list[Deadline]:
    """The tasks of the office a request names, as far as they are in its lists; by due date."""
    wanted = _numbers(given)[:MOST_AT_ONCE]
    rows = [row for one in (claimed_by(grant), queue_of(grant)) for row in one.filter(pk__in=wanted)]
    return sorted(rows, key=lambda row: (row.due_on is None, row.due_on, row.pk))


def _colleagues(grant: RoleGrant, chosen: Sequence[Deadline]) -> list[User]:
    """Whoever could do every one of them, the person themselves left out."""
    able = able_holders(chosen, timezone.localdate())
    return sorted((user for user in able if user.pk != grant.user_id), key=lambda user: user.name)


def _shown(
    request: HttpRequest,
    chosen: Sequence[Deadline],
    form: Any,
    reasons: Sequence[str] = (),
    *,
    status: int = 200,
) -> HttpResponse:
    context = {
        "rows": [(deadline, deadline.task.flow_task) for deadline in chosen],
        "form": form,
        "reasons": reasons,
        "personal": why_personal(acting_grant(request)),
        "today": timezone.localdate(),
    }
    return render(request, "workflow/assign.html", context, status=status)


@require_POST
def read_copies(request: HttpRequest) -> HttpResponse:
    """Mark the chosen copies as read, or all of them."""
    grant = acting_grant(request)
    only = None if request.POST.get("op") == "all" else _numbers(request.POST.getlist("copy"))
    n = copies.mark_all_read(grant, offices_served(grant), timezone.now(), only=only)
    if n:
        messages.success(request, _("%(n)s 件抄送已标为已读。") % {"n": n})
    else:
        messages.warning(request, _("没有选中未读的抄送。"))
    return redirect("copies")
