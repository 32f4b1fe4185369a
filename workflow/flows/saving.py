"""What a page hands over as a file to save."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from workflow.flows.uploads import safe_name


def saved_as(content: bytes, name: str, media_type: str) -> HttpResponse:
    """Bytes as a file to save."""
    return HttpResponse(content, content_type=media_type, headers={"Content-Disposition": to_save(name)})


def to_save(name: str) -> str:
    """The header that has a file saved under a name, in any language, instead of shown."""
    return content_disposition_header(as_attachment=True, filename=safe_name(name)) or "attachment"
