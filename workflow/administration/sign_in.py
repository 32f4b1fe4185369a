"""Signing in and out, the second factor, one's own password."""

from __future__ import annotations

import io
import re
from typing import Any, cast

import segno
from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_lockout_response
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe
from django_otp import login as otp_login
from django_otp import match_token
from django_otp.plugins.otp_totp.models import TOTPDevice

from workflow.administration import invitations
from workflow.administration.accounts import has_second_factor, record_sign
from workflow.administration.forms import PASSWORD_ADVICE, CodeForm, FirstPasswordForm, SignInForm
from workflow.administration.middleware import asks_as_program
from workflow.flows.errors import Refused
from workflow.flows.fields import ask_plainly
from workflow.people.isolation import Context, within
from workflow.people.models import User

PENDING = "sign_in"
PENDING_SECONDS = 300
INVITATION = "invitation"
INVITATION_SECONDS = 3600
KEPT = re.compile(r"(\d{1,18})\.([0-9a-z]{1,13}-[0-9a-f]{1,64})")


class SignIn(auth.LoginView):
    """User name and password; with a second factor the session begins only after the code."""

    form_class = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        user = form.get_user()
        if has_second_factor(user):
            self.request.session[PENDING] = {
                "user": user.pk,
                "backend": user.backend,
                "at": timezone.now().timestamp(),
                "next": self.get_redirect_url(),
            }
            return redirect("login_code")
        return _enter(self.request, user, self.get_success_url())


def _enter(request: HttpRequest, user: User, target: str) -> HttpResponse:
    login(request, user)
    record_sign(user, "auth.sign_in", timezone.now())
    return HttpResponseRedirect(target)


@sensitive_post_parameters()
@never_cache
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """The second factor: six digits, each good for one sign-in, slower after every wrong one."""
    pending = _pending(request)
    if pending is None:
        messages.warning(request, _("登录已超时，请重新输入用户名和密码。"))
        return redirect("login")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = User.objects.get(pk=pending["user"])
        with within(Context("public", user=user.pk)):
            device = match_token(user, form.cleaned_data["code"])
        if device:
            del request.session[PENDING]
            user.backend = pending["backend"]
            answer = _enter(request, user, _safe(request, pending["next"]))
            otp_login(request, device)
            return answer
        form.add_error("code", _("验证码不对，或者输错后须稍等再试。请用手机上新显示的一组。"))
    return render(request, "people/code.html", {"form": form})


def _pending(request: HttpRequest) -> dict[str, Any] | None:
    pending = request.session.get(PENDING)
    if pending and timezone.now().timestamp() - pending["at"] <= PENDING_SECONDS:
        return pending
    return None


def _safe(request: HttpRequest, target: str) -> str:
    allowed = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if target and allowed else resolve_url(settings.LOGIN_REDIRECT_URL)


@never_cache
@require_safe
def signed_in(request: HttpRequest) -> HttpResponse:
    """Where somebody lands who signed in again beside a form whose session had ended; the form asks here for a new token.

    The token goes to this site's own pages alone: no other origin reads the answer.
    """
    as_program = asks_as_program(request)
    if not request.user.is_authenticated:
        return JsonResponse({}, status=401) if as_program else redirect_to_login(request.path)
    if as_program:
        return JsonResponse({"token": get_token(request)})
    return render(request, "registration/signed_in.html")


class SignOut(auth.LogoutView):
    """Ends the session."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            record_sign(request.user, "auth.sign_out", timezone.now())
        return super().post(request, *args, **kwargs)


class PasswordChange(auth.PasswordChangeView):
    """One's own password; ends the duty to change the one-time one."""

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        for field in form.fields.values():
            ask_plainly(field)
        form.fields["new_password1"].help_text = PASSWORD_ADVICE
        return form

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(forced=cast(User, self.request.user).must_change_password, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        form.user.must_change_password = False  # saved with the password
        answer = super().form_valid(form)
        record_sign(form.user, "auth.password_change", timezone.now())
        return answer


# ----------------------------------------------------------------------------- the first password


@never_cache
@require_safe
def invitation_open(request: HttpRequest, user_id: int, token: str) -> HttpResponse:
    """What a letter's link leads to: this browser keeps it for an hour, and goes on without it in the address.

    Nothing is used up, for mail servers look at links too; nothing is shown, so that no page and no log of one names it.
    """
    answer = redirect("invitation")
    answer.set_cookie(
        INVITATION,
        f"{user_id}.{token}",
        max_age=INVITATION_SECONDS,
        path=reverse("invitation"),
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )
    return answer


@sensitive_post_parameters()
@never_cache
def invitation(request: HttpRequest) -> HttpResponse:
    """Choose the first password by a letter's link. Nobody is signed in or out by it: the sign-in, with the second factor
    of whoever has one, comes afterwards."""
    kept = KEPT.fullmatch(request.COOKIES.get(INVITATION, ""))
    if kept is None:
        return _no_link(request, _("请在同一个浏览器中重新打开邮件里的链接，一小时内设置密码。"), 403)
    writes = request.method == "POST"
    try:
        user = invitations.reader_of(int(kept[1]), kept[2], to_change=writes)
    except Refused as refused:
        return _no_link(request, str(refused), 410)
    who = {"username": user.username}
    if not AxesProxyHandler.is_allowed(request, who):
        locked: HttpResponse = get_lockout_response(request, credentials=who)
        return locked
    if writes and request.POST.get("username") != user.username:
        words = _("这个浏览器后来又打开了另一人的链接，请重新打开您邮件里的链接。")
        return _no_link(request, words, 409)
    form = FirstPasswordForm(user, request.POST if writes else None)
    if form.is_valid():
        user.must_change_password = False  # saved with the password
        form.save()
        record_sign(user, "auth.first_password", timezone.now(), to_come=True)
        answer = render(request, "people/invitation_done.html", {"person": user})
        answer.delete_cookie(INVITATION, path=reverse("invitation"), samesite="Lax")
        return answer
    context = {"form": form, "person": user, "days": invitations.days()}
    return render(request, "people/invitation.html", context, status=422 if form.errors else 200)


def _no_link(request: HttpRequest, words: str, status: int) -> HttpResponse:
    return render(request, "people/invitation_refused.html", {"words": words}, status=status)


# --------------------------------------------------------------------------------- second factor


@login_required
@never_cache
def second_factor(request: HttpRequest) -> HttpResponse:
    """Set up, or see, the second factor: scan, type one code, done."""
    if TOTPDevice.objects.filter(user=request.user, confirmed=True).exists():
        return render(request, "people/second_factor_done.html")
    device = _waiting(request) or TOTPDevice.objects.create(user=request.user, confirmed=False, name="手机")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if device.verify_token(form.cleaned_data["code"]):
            device.confirmed = True
            device.save()
            record_sign(cast(User, request.user), "auth.second_factor", timezone.now())
            otp_login(request, device)
            return render(request, "people/second_factor_done.html", {"fresh": True})
        form.add_error("code", _("验证码不对。请核对手机时间是否准确，再输入新显示的一组。"))
    return render(request, "people/second_factor.html", {"form": form, "key": _grouped(device)})


def _waiting(request: HttpRequest) -> TOTPDevice | None:
    """The device to be confirmed: of several, made by a page opened twice at once, the first."""
    return TOTPDevice.objects.filter(user=request.user, confirmed=False).order_by("pk").first()


def _grouped(device: TOTPDevice) -> str:
    from base64 import b32encode

    key = b32encode(device.bin_key).decode().rstrip("=")
    return " ".join(key[at : at + 4] for at in range(0, len(key), 4))


@login_required
@never_cache
@require_safe
def second_factor_qr(request: HttpRequest) -> HttpResponse:
    """The code to scan; only while the device is not confirmed, so it cannot be copied later."""
    device = _waiting(request)
    if device is None:
        raise Http404
    buffer = io.BytesIO()
    segno.make(device.config_url).save(buffer, kind="svg", scale=5, border=4, light="white")
    return HttpResponse(buffer.getvalue(), content_type="image/svg+xml")
