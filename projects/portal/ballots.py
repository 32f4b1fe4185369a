"""The ballot sheet: asked for by the desk, recorded, and handed over as a file in one act."""

from __future__ import annotations

import json

from django.core.exceptions import PermissionDenied
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from projects.ballots.events import PRINT
from projects.ballots.models import Vote
from projects.ballots.printing import form_code, pdf_ballot, word_ballot
from projects.cycles.documents.pdf import NoPdf, obstacle_to_pdf
from projects.portal import staff_selectors as selectors
from projects.portal.documents import FORMATS
from projects.voting.ballot_sheet import sheet_of
from workflow.audit.models import Entry
from workflow.audit.services import Act
from workflow.flows.errors import InvalidForm, Refused
from workflow.flows.events import perform
from workflow.flows.saving import saved_as
from workflow.inbox.attempts import attempted
from workflow.inbox.story import lines_of
from workflow.roles.middleware import acting_grant

WRITERS = {"pdf": pdf_ballot, "docx": word_ballot}


@require_http_methods(["GET", "HEAD", "POST"])
def print_ballots(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Print a vote's ballots: the number stands in the trail before the sheet is handed over; a refusal does neither."""
    grant = acting_grant(request)
    vote = get_object_or_404(selectors.votes_visible(grant), pk=pk)
    act = grant.act(vote.unit, timezone.now())
    if grant.office not in PRINT.offices or not PRINT.offered or not PRINT.offered(vote, grant):
        raise PermissionDenied
    if request.method != "POST":
        return _page(request, vote, act, PRINT.form_for(vote, act, grant))

    def done() -> HttpResponseBase:
        perform(PRINT.key, vote, actor=act.person, office=grant.office, data=request.POST, at=act.at)
        try:
            return _sheet(vote, request.POST["ending"])
        except NoPdf as reason:
            raise Refused(str(reason)) from reason

    def again(refused: Refused, status: int) -> HttpResponseBase:
        if isinstance(refused, InvalidForm):
            return _page(request, vote, act, refused.form, status=status)
        form = PRINT.form_for(vote, act, grant, request.POST).unchecked()
        form.add_error(None, str(refused))
        return _page(request, vote, act, form, status=status)

    return attempted(done, again)


def _sheet(vote: Vote, ending: str) -> HttpResponseBase:
    sheet = WRITERS[ending](sheet_of(vote, selectors.cycle_named(vote.about_reference)))
    return saved_as(sheet.content, f"{vote.title}（{sheet.size}）.{ending}", FORMATS[ending][0])


def _page(request: HttpRequest, vote: Vote, act: Act, form: BaseForm, status: int = 200) -> HttpResponse:
    printed = Entry.objects.filter(unit=vote.unit, subject=vote.reference, action=PRINT.key).order_by("pk")
    context = {
        "vote": vote,
        "form": form,
        "node": PRINT,
        "obstacles": PRINT.obstacles_of(vote, act.at),
        "no_pdf": obstacle_to_pdf(),
        "form_code": form_code(vote),
        "options": list(vote.options.all()),
        "prints": [(line, json.loads(line.entry.body)["after"]["copies"]) for line in lines_of(printed)],
    }
    return render(request, "portal/print_ballots.html", context, status=status)
