"""The short code at the foot of a printed paper, looked up by anybody: whether a signed head with it exists, and of what."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from projects.portal.public import public_page, shown
from workflow.audit.heads import WHY, bare_code, code_of, head_of_code
from workflow.flows.fields import PlainForm

CODE = re.compile(r"[A-Z2-7]{16}")  # base 32 (RFC 4648)
# It has none of these digits: whoever reads one has read the letter that looks like it.
MISREAD = str.maketrans("018", "OIB")


class HeadCodeForm(PlainForm):
    """A short code as people copy it: any case, with or without its hyphens."""

    code = forms.CharField(
        label=_("校验码"),
        help_text=_("文件末尾印的 16 位字母和数字，例如 ABCD-EFGH-IJKL-MN23。"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_code(self) -> str:
        code = bare_code(self.cleaned_data["code"]).translate(MISREAD)
        if not CODE.fullmatch(code):
            raise forms.ValidationError(_("校验码是 16 位字母和数字，请核对。"))
        return code


@require_safe
@public_page
def check_code(request: HttpRequest) -> HttpResponse:
    """Ask for a code, or say what it is of where the address brings it: from the square on the paper."""
    form = HeadCodeForm(request.GET if "code" in request.GET else None)
    context: dict[str, Any] = {"form": form, "asked": form.is_valid()}
    if context["asked"] and (head := head_of_code(form.cleaned_data["code"])):
        context |= {
            "head": head,
            "code": code_of(head, head.unit),
            "why": WHY.get(head.why, head.why),
            "cosigned": getattr(head, "cosignature", None),
            "stamped": getattr(head, "stamp", None),
        }
    return shown(request, "check_code", None, status=422 if form.errors else 200, **context)
