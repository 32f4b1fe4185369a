"""An act without a task once it is done: its page, and the token by which its form is sent once only.

The token comes with the form and is kept with the entry (`events.perform`), so that no other place has to remember it.
"""

from __future__ import annotations

import re
import secrets
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_safe

from workflow.audit.models import Entry
from workflow.flows.events import Event, event, events
from workflow.inbox import selectors
from workflow.inbox.story import line_of
from workflow.roles import registry
from workflow.roles.middleware import acting_grant
from workflow.roles.models import RoleGrant

ONCE = "once"  # the field of the form
BYTES = 16
SENT_BEFORE = _lazy("本表此前已经提交并办结，没有重复办理；要再办一件，请重新打开页面填写。")


def new_token() -> str:
    """For one form shown once: 32 hexadecimal digits."""
    return secrets.token_hex(BYTES)


def token_of(request: HttpRequest) -> str:
    """The token that came with a form; empty where none did, or something that was never one."""
    sent = request.POST.get(ONCE, "")
    return sent if re.fullmatch(rf"[0-9a-f]{{{2 * BYTES}}}", sent) else ""


def to_what_was_done(request: HttpRequest, entry: Entry, *, again: bool = False) -> HttpResponseRedirect:
    """To the page of what was done. again: with a word that the form had been sent before."""
    if again:
        messages.warning(request, SENT_BEFORE)
    return redirect("act_done", number=entry.pk)


@require_safe
def act_done(request: HttpRequest, number: int) -> HttpResponse:
    """What one did of one's own accord, and its reference number; 404 for anybody else, and for a task."""
    grant = acting_grant(request)
    own = Entry.objects.select_related("unit", "actor").filter(actor=grant.user)
    entry = get_object_or_404(own, pk=number, action__in=[one.key for one in events()])
    line = line_of(entry)
    node = event(entry.action)
    answers = node.asks.steps() if node.asks else [node.leads_to] if node.leads_to else []
    opened = selectors.opened_by(entry, [step.key for step in answers])
    context = {
        "node": node,
        "entry": entry,
        "opened": [(d, d.task.flow_task, registry.title_of(d.office, entry.unit)) for d in opened],
        "line": line,
        "subject": line,
        "hall": entry.unit,
        "handed": _handed(node, entry, grant),
        "remaining": selectors.count_to_go_on(grant),
    }
    return render(request, "workflow/done.html", context)


def _handed(node: Event, entry: Entry, grant: RoleGrant) -> dict[str, Any] | None:
    """What the page shows besides, of the record as it stands now; None where it shows nothing."""
    if node.handed_told is None:
        return None
    number = entry.subject.partition(":")[2]
    return node.handed_told(node.subject._base_manager.get(pk=number), grant)
