"""An act in person: whoever does it gives their own password once more, and a code where they have a second factor.

What is typed is compared and forgotten: it goes into no draft, no trail, no log, and no page shows it again. Wrong
passwords count as at signing in, for the same user and address (django-axes); codes slow down by themselves.
"""

from __future__ import annotations

from copy import copy
from typing import Any

from axes.helpers import get_client_ip_address
from axes.utils import reset
from django import forms
from django.contrib.auth import authenticate
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _
from django_otp import devices_for_user, match_token

from workflow.flows.fields import PlainForm, UnshownInput
from workflow.roles.middleware import in_office

OWN = ("own_password", "own_code")


class InPersonForm(PlainForm):
    """The person's own password, and the code of the second factor where there is one; bound when `checked`."""

    own_password = forms.CharField(
        label=_("本人登录密码"),
        help_text=_("此事须本人当面办理，请再输入一次自己的登录密码。"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": _("请输入本人的登录密码。")},
    )
    own_code = forms.CharField(
        label=_("手机验证码"),
        max_length=10,
        widget=UnshownInput(attrs={"autocomplete": "off", "inputmode": "numeric", "class": "input-short"}),
        error_messages={"required": _("请输入手机上显示的验证码。")},
    )

    def __init__(self, request: HttpRequest, *, checked: bool = False) -> None:
        self.request, self.user = request, in_office(request).user
        super().__init__(request.POST if checked else None)
        if not any(devices_for_user(self.user, confirmed=True)):
            del self.fields["own_code"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "own_password" in data and not self._is_own(data["own_password"]):
            self.add_error("own_password", _("密码不对，没有办理。连续输错五次，将暂时锁定。"))
        if not self.errors and "own_code" in self.fields and not match_token(self.user, data["own_code"]):
            self.add_error("own_code", _("验证码不对，或者刚刚用过，请等手机显示新的一组后再输入。"))
        return data

    def _is_own(self, password: str) -> bool:
        name, bare = self.user.get_username(), _without_answers(self.request)
        found = authenticate(bare, username=name, password=password)
        if getattr(bare, "axes_locked_out", False):  # for its middleware, which sees the real request
            self.request.axes_locked_out = True  # type: ignore[attr-defined]
        if found is None:
            return False
        reset(username=name, ip=get_client_ip_address(bare))
        return found.pk == self.user.pk


def _without_answers(request: HttpRequest) -> HttpRequest:
    """The request as django-axes may keep it: it stores the whole POST of a wrong password, passphrases and all."""
    bare = copy(request)
    bare.POST = QueryDict()
    return bare
