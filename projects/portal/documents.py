"""Papers as files: PDF and Word in official layout, under the same access as the paper's own page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from projects.ballots.reporting import readable_papers
from projects.cycles.documents.composing import document_of
from projects.cycles.documents.parts import Document
from projects.cycles.documents.pdf import NoPdf, long_pdf_of, pdf_of
from projects.cycles.documents.sealing import seal_of
from projects.cycles.documents.word import word_of
from projects.cycles.models import Attachment, Paper
from projects.portal import public_selectors as selectors
from projects.portal.beside import files_on
from projects.portal.public import public_page, shown
from projects.portal.public_brake import is_over
from projects.voting.superseding import told_superseded
from workflow.administration.purpose import purpose_first, purpose_of
from workflow.administration.taking import file_taken
from workflow.flows.saving import saved_as
from workflow.roles.middleware import acting_grant

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
FORMATS: dict[str, tuple[str, Callable[[Document], bytes]]] = {
    "pdf": ("application/pdf", pdf_of),
    "docx": (WORD, word_of),
}


def paper_on_file(request: HttpRequest, pk: int) -> Paper:
    """A paper of the file, for whoever holds an office in its township or above it."""
    papers = Paper.objects.select_related("unit__parent", "cycle__unit")
    held = get_object_or_404(readable_papers(papers, acting_grant(request).office), pk=pk)
    return told_superseded([held])[0]


@require_safe
def staff_document(request: HttpRequest, pk: int, ending: str) -> HttpResponseBase:
    """A paper of the file as PDF or Word; where no PDF can be made, back to the page, which says so."""
    held, grant = paper_on_file(request, pk), acting_grant(request)
    if held.published_at is None and (ask := purpose_first(request, grant)):
        return ask
    made = _file_of(held, ending, [file["name"] for file in files_on(held.reference)])
    if made is None:
        return redirect("staff_paper", held.pk)
    if held.published_at is None:  # what is published anybody may fetch
        act, year = grant.act(held.unit, timezone.now()), held.cycle
        file_taken(
            act, held.reference, what="paper", form=ending, label=held.title, step=held.step,
            about=year.reference if year else "", reason=purpose_of(request),
        )  # fmt: skip
    return made


@require_safe
@public_page
def public_document(request: HttpRequest, number: int, ending: str) -> HttpResponseBase:
    """A published paper as PDF or Word, for anybody; names of files that are public alone."""
    held = selectors.published_paper(number)
    if held is None:
        raise Http404(_("没有这份公开文件。"))
    if is_over(request, "document"):
        return shown(request, "too_often", held.unit, status=429)
    files = Attachment.objects.filter(subject=held.reference, public=True).order_by("pk")
    return _file_of(held, ending, [file.name for file in files]) or redirect("paper", held.pk)


def _file_of(paper: Paper, ending: str, enclosures: Sequence[str]) -> HttpResponse | None:
    document = document_of(paper, enclosures=enclosures, seal=seal_of(paper))
    return written(document, ending, paper.title)


def written(document: Any, ending: str, title: str, *, apart: bool = False) -> HttpResponse | None:
    """A document as a file to save, named by its title; None where no PDF can be made on this machine.

    apart: a PDF of many pages, made by a process of its own.
    """
    if ending not in FORMATS:
        raise Http404
    media_type, write = FORMATS[ending]
    if apart and ending == "pdf":
        write = long_pdf_of
    try:
        content = write(document)
    except NoPdf:
        return None
    return saved_as(content, f"{title}.{ending}", media_type)
