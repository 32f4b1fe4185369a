"""The desk of a vote by device: codes to print, a holder's recovery sheet, the counted box for the offline count."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import segno
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_safe

from projects.ballots import boxes, keys, offline, rolls
from projects.ballots.models import RollEntry, Vote, VoteState
from projects.ballots.selectors import entered_on
from projects.portal.staff_selectors import votes_visible
from projects.portal.voter_forms import CodesForm, RecoveryForm
from workflow.audit.services import Act
from workflow.flows.errors import Refused
from workflow.flows.saving import saved_as
from workflow.inbox.in_person import InPersonForm
from workflow.people.saying import listed
from workflow.roles import registry
from workflow.roles.middleware import acting_grant, in_office
from workflow.roles.models import RoleGrant
from workflow.roles.services import grants_for_update

PRINTERS = ("clerk", "chief_teller", "teller")
EXPORTERS = ("clerk", "chief_teller", "teller")
GROUP = 4


@dataclass(frozen=True)
class Links:
    """What of a vote by device an office finds on the vote's page. hall: whether it may open the screen of the hall."""

    codes: bool = False
    recovery: bool = False
    box: bool = False
    hall: bool = False

    def __bool__(self) -> bool:
        return self.codes or self.recovery or self.box or self.hall


def links_of(vote: Vote, grant: RoleGrant) -> Links:
    """What the office may do now; every page decides again."""
    at_home = grant.tenant_id == vote.unit_id and not registry.office(grant.office).reads_below
    if not vote.device or not at_home:
        return Links(hall=at_home)
    return Links(
        codes=grant.office in PRINTERS and vote.state == VoteState.OPEN and not vote.box_of_id,
        recovery=bool(vote.public_key) and boxes.of(vote).holders.filter(by=grant.user_id).exists(),
        box=grant.office in EXPORTERS and not boxes.obstacles_to_export(vote),
        hall=True,
    )


def _vote_or_404(request: HttpRequest, pk: int) -> Vote:
    return get_object_or_404(votes_visible(acting_grant(request)), pk=pk, device=True)


def _office_of(request: HttpRequest, vote: Vote, offices: Collection[str]) -> RoleGrant:
    """The office the request acts in, if it is one of these at the vote's township; refused for any other."""
    grant = acting_grant(request)
    if grant.office not in offices or grant.tenant_id != vote.unit_id:
        titles = listed(registry.title_of(code) for code in offices)
        raise PermissionDenied(_("这件事由%(who)s办理。") % {"who": titles})
    return grant


def _act(request: HttpRequest, vote: Vote, offices: Collection[str]) -> Act:
    """An act in that office, which cannot be revoked before the transaction ends."""
    grant, at = _office_of(request, vote, offices), timezone.now()
    user = in_office(request).user
    if not grants_for_update(user, [grant.office], [vote.unit_id], timezone.localdate(at)):
        raise PermissionDenied(_("您的任职已经结束。"))
    return grant.act(vote.unit, at)


# ------------------------------------------------------------------------------- codes


@dataclass(frozen=True)
class Slip:
    """What is handed to one deputy. code: in groups of four; drawing: the QR code of the address with the code in it."""

    name: str
    code: str
    drawing: SafeString


@never_cache
@sensitive_post_parameters("own_password", "own_code")
@sensitive_variables("slips", "printed", "own")
def codes(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose whose codes to print, then the slips; they are shown this once, to who has just given the own password.

    Who has a code already: one person asks for another one (`op` "ask"), another one prints it.
    """
    vote = _vote_or_404(request, pk)
    _office_of(request, vote, PRINTERS)
    sent, asking = request.method == "POST", request.POST.get("op") == "ask"
    form = CodesForm(request.POST if sent else None, waiting=list(rolls.yet_to_vote(vote)), asking=asking)
    own = InPersonForm(request, checked=sent)
    # Both are looked at: a wrong password counts whatever else is wrong.
    if sent and (own.is_valid() & form.is_valid()):
        lines = [int(line) for line in form.cleaned_data["lines"]]
        try:
            with transaction.atomic():
                held = Vote.objects.select_for_update(of=("self",)).get(pk=vote.pk)
                act = _act(request, vote, PRINTERS)
                if asking:
                    rolls.ask_for_codes(act, held, lines, reason=form.cleaned_data.get("reason", ""))
                    return redirect("vote_codes", vote.pk)
                printed = rolls.new_codes(act, held, lines)
        except Refused as refused:
            for reason in refused.reasons:
                form.add_error(None, reason)
        else:
            slips = [_slip(request, entry, code) for entry, code in printed]
            address = request.build_absolute_uri(reverse("ballot_enter"))
            context = {"vote": vote, "slips": slips, "address": address}
            return render(request, "voter/desk/slips.html", context)
    context = {
        "vote": vote,
        "form": form,
        "own": InPersonForm(request) if sent and not own.errors else own,
        "open": vote.state == VoteState.OPEN,
        "asked": entered_on(vote, "codes"),
    }
    failed = form.errors or own.errors
    return render(request, "voter/desk/codes.html", context, status=422 if failed else 200)


def _slip(request: HttpRequest, entry: RollEntry, code: str) -> Slip:
    url = request.build_absolute_uri(reverse("ballot_slip", args=[code]))
    drawing = segno.make(url, error="m").svg_inline(scale=4, border=2)
    grouped = "-".join(code[at : at + GROUP] for at in range(0, len(code), GROUP))
    # The drawing holds the address as squares only; nothing of it is text that could be markup.
    return Slip(entry.line.name, grouped, mark_safe(drawing))  # noqa: S308


# ------------------------------------------------------------------------------- the recovery sheet


@never_cache
@sensitive_post_parameters()
@sensitive_variables("form", "text")
def recovery(request: HttpRequest, pk: int) -> HttpResponse:
    """A holder's own share as a sheet to print, against the passphrase."""
    vote = _vote_or_404(request, pk)
    kept = boxes.of(vote)
    holder = kept.holders.filter(by=in_office(request).user).first()
    if holder is None:
        raise PermissionDenied(_("恢复单只由密钥保管人本人打印。"))
    form = RecoveryForm(request.POST if request.method == "POST" else None)
    title = keys.HOLDERS[holder.office]
    if form.is_valid():
        try:
            with transaction.atomic():
                act = _act(request, vote, [holder.office])
                text = keys.recovery_sheet(act, kept, holder.office, form.cleaned_data["passphrase"])
        except Refused as refused:
            for reason in refused.reasons:
                form.add_error("passphrase", reason)
        else:
            context = {"vote": kept, "title": title, "text": text, "on": act.on, "holder": holder}
            return render(request, "voter/desk/recovery_sheet.html", context)
    context = {"vote": kept, "form": form, "title": title}
    return render(request, "voter/desk/recovery.html", context, status=422 if form.errors else 200)


# ------------------------------------------------------------------------------- the box


@never_cache
@sensitive_post_parameters("own_password", "own_code")
@sensitive_variables("own")
def box(request: HttpRequest, pk: int) -> HttpResponse:
    """The counted box as a file for the offline count, to who has just given the own password; the trail says so."""
    vote = _vote_or_404(request, pk)
    _office_of(request, vote, EXPORTERS)
    sent, reasons = request.method == "POST", boxes.obstacles_to_export(vote)
    own = InPersonForm(request, checked=sent)
    if sent and own.is_valid() and not reasons:
        try:
            with transaction.atomic():
                text = boxes.hand_out(_act(request, vote, EXPORTERS), vote)
            return saved_as(text.encode(), f"box-{vote.pk}.json", "application/json")
        except Refused as refused:
            reasons = list(refused.reasons)
    status = 409 if reasons else 422 if own.errors else 200
    context = {"vote": vote, "own": own, "reasons": reasons}
    return render(request, "voter/desk/box.html", context, status=status)


@require_safe
def counting_tool(request: HttpRequest) -> HttpResponse:
    """The offline count, one Python file."""
    acting_grant(request)
    return saved_as(Path(offline.__file__).read_bytes(), "count_box.py", "text/x-python; charset=utf-8")
