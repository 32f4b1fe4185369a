"""A workbook's way in: uploaded, every row shown with its errors, then confirmed as it was shown or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from workflow.administration import sheets
from workflow.administration.forms import UploadForm
from workflow.flows.saving import saved_as

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SALT = "piaojue.preview"
MOST_AGE = 3600

Rows = list[dict[str, str]]


def uploaded(form: UploadForm, columns: Sequence[str], required: Sequence[str]) -> Rows | None:
    """The rows of the workbook sent with a form; None where there are none to read, and the form then says why."""
    if not form.is_valid():
        return None
    try:
        return sheets.read(form.cleaned_data["file"], columns, required=required)
    except sheets.Unreadable as wrong:
        form.add_error("file", str(wrong))
        return None


def payload_of(rows: Any, purpose: str) -> str:
    """What was previewed, signed, for the form that confirms it: plain values. purpose: what they were previewed for."""
    return signing.dumps({"for": purpose, "rows": rows}, salt=SALT, compress=True)


def previewed(request: HttpRequest, purpose: str) -> Any:
    """What was previewed for this purpose, unchanged; 404 when they were tampered with or are too old."""
    try:
        held = signing.loads(request.POST.get("payload", ""), salt=SALT, max_age=MOST_AGE)
    except signing.BadSignature as error:
        raise Http404(_("预览已过期，请重新上传。")) from error
    if held["for"] != purpose:
        raise Http404
    return held["rows"]


def workbook(body: bytes, name: str) -> HttpResponse:
    """A workbook to save."""
    return saved_as(body, name, WORKBOOK)
