"""An act without a task once it is done: its page, and the token by which its form is sent once only.

The token comes with the form and is kept with the entry (`events.perform`), so that no other place has to remember it.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_safe

from workflow.audit.models import Entry
from workflow.flows.events import Event, event, events
from workflow.flows.models import Deadline
from workflow.inbox import selectors
from workflow.inbox.agenda import has_inbox
from workflow.inbox.beside import Page, page_of
from workflow.inbox.pages import who_may_do
from workflow.inbox.story import line_of
from workflow.inbox.telling import REFERENCE, machine_of
from workflow.machines.references import kind_in
from workflow.people.models import Unit
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
        "opened": told_open(opened, entry.unit),
        "then": node.then,
        "line": line,
        "subject": line,
        "hall": entry.unit,
        "handed": _handed(node, entry, grant),
    }
    return render(request, "workflow/done.html", context | ways_on(node, entry, grant))


@dataclass(frozen=True)
class Open:
    """An open task as a done page tells of it: the step, where and in which office it waits, and who of it may do it."""

    deadline: Deadline
    office: str
    names: str

    @property
    def node(self) -> Any:
        return self.deadline.task.flow_task


def told_open(deadlines: Iterable[Deadline], hall: Unit) -> list[Open]:
    """Whose turn it is: these open tasks, each with its office and people, read for all of them at once."""
    told = list(deadlines)
    names = who_may_do(told, timezone.localdate())
    return [Open(one, registry.title_of(one.office, hall), names.get(one.pk, "")) for one in told]


def ways_on(node: Any, entry: Entry | None, grant: RoleGrant) -> dict[str, Any]:
    """Where a done page leads: what waits for the office, the pages of what was made and of what it was done on, the first
    of them in place of a list with nothing in it. node: the step or the event that was done."""
    remaining = selectors.count_to_go_on(grant) if has_inbox(grant) else 0
    return {
        "remaining": remaining,
        "pages": pages_about(node, entry) if entry else [],
        "has_inbox": has_inbox(grant),
    }


def pages_about(node: Any, entry: Entry) -> list[Page]:
    """The pages of the records an act has made or changed beside its own, then of its own; each once, as the context shows
    them.

    What its form asked for only says whom or what it is about: those records are none of the act's making, nor is a unit.
    """
    after = json.loads(entry.body)["after"]
    besides = [one for name, one in after.items() if name not in node.form.base_fields]
    named = [one for one in besides if isinstance(one, str) and REFERENCE.fullmatch(one)]
    found = [page_of(record) for one in named if kind_in(one) != "unit" and (record := _record_of(one))]
    if own := _record_of(entry.subject):
        found.append(page_of(own, entry.action))
    return list({page.url: page for page in found if page}.values())


def _record_of(reference: str) -> Any:
    kind, number = kind_in(reference), reference.partition(":")[2]
    model = Unit if kind == "unit" else machine_of(kind)
    return model._base_manager.filter(pk=number).first() if model else None


def _handed(node: Event, entry: Entry, grant: RoleGrant) -> dict[str, Any] | None:
    """What the page shows besides, of the record as it stands now; None where it shows nothing."""
    if node.handed_told is None:
        return None
    number = entry.subject.partition(":")[2]
    return node.handed_told(node.subject._base_manager.get(pk=number), grant)
