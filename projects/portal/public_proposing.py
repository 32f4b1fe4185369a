"""Proposing, one question per page; what was typed is kept in the session until it is sent or given up."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods, require_POST

from projects.collection.intake import propose as take_in
from projects.collection.models import Proposal
from projects.portal.forms import SendForm, StepOfProposal, WhatForm, WhereForm, WhoForm
from projects.portal.public import (
    TOO_OFTEN,
    is_caught,
    private,
    public_page,
    refusable,
    resident,
    shown,
    township_or_404,
    writing,
)
from projects.portal.public_brake import first_time, is_over, not_yet, sending_of
from projects.portal.public_selectors import Intake, days_promised, intake_of
from workflow.audit.services import chain_now
from workflow.people.isolation import of_units, within
from workflow.people.models import Unit

STEPS: dict[str, type[StepOfProposal]] = {"what": WhatForm, "where": WhereForm, "who": WhoForm}
TITLES = {"what": _lazy("您想办一件什么事"), "where": _lazy("办在哪里"), "who": _lazy("怎样联系您")}
ORDER = [*STEPS, "check"]


@require_http_methods(["GET", "HEAD", "POST"])
@public_page
def propose(request: HttpRequest, code: str, step: str = "what") -> HttpResponse:
    """One page of the form; without the pages before it, the first of them."""
    unit = township_or_404(code)
    intake = intake_of(unit, timezone.localdate())
    if not intake.is_open:
        return shown(request, "propose_closed", unit, intake=intake)
    if step not in ORDER:
        raise Http404(_("没有这一步。"))
    if (missing := first_missing(request, unit, intake, before=step)) is not None:
        return redirect(_url(unit, missing))
    return _check(request, unit, intake) if step == "check" else _question(request, unit, intake, step)


def _question(request: HttpRequest, unit: Unit, intake: Intake, step: str) -> HttpResponse:
    form = _form(unit, intake, step, request.POST if request.method == "POST" else answers(request, unit))
    if request.method == "POST":
        _keep(request, unit, form)
        if form.is_valid():
            back = request.GET.get("from") == "check"
            return redirect(_url(unit, "check" if back else _after(step)))
    elif not any(name in answers(request, unit) for name in form.fields):
        form = _form(unit, intake, step, None)
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "step": step, "title": TITLES[step], "number": ORDER.index(step) + 1}
    return private(
        shown(request, "propose", unit, status, intake=intake, back=_back(unit, step, request), **context)
    )


def _check(request: HttpRequest, unit: Unit, intake: Intake) -> HttpResponse:
    forms = {step: _form(unit, intake, step, answers(request, unit)) for step in STEPS}
    if not all(form.is_valid() for form in forms.values()):
        return redirect(_url(unit, next(step for step, form in forms.items() if not form.is_valid())))
    sending, status = SendForm(request.POST if request.method == "POST" else None), 200
    if request.method == "POST":
        if _may_send(request, sending):
            data: dict[str, Any] = {}
            for form in forms.values():
                data |= form.cleaned_data
            if refusable(sending, lambda: _send(request, unit, data)):
                return redirect("propose_done", unit.code)
        status = 429 if TOO_OFTEN in sending.non_field_errors() else 422
    rows = [(step, field) for step, form in forms.items() for field in form]
    context = {
        "form": sending,
        "rows": [_row(unit, step, field) for step, field in rows],
        "days": days_promised("collection.receive", unit, intake.cycle),
    }
    return private(
        shown(request, "propose_check", unit, status, intake=intake, back=_url(unit, "who"), **context)
    )


def _may_send(request: HttpRequest, form: SendForm) -> bool:
    if not form.is_valid() or is_caught(form):
        return False
    if not is_over(request, "propose"):
        return True
    form.add_error(None, TOO_OFTEN)
    return False


def _send(request: HttpRequest, unit: Unit, data: dict[str, Any]) -> bool:
    """Hand the proposal in once; what was typed leaves the session with it, and stays where it is not taken in."""
    sent = sending_of(f"{request.session.session_key}|{unit.pk}", data)
    if not first_time(f"propose:{sent}"):
        return True
    request.session.pop("proposed", None)
    try:
        with writing(unit):
            made = take_in(resident(unit), channel=_("网上提交"), **data)
            # What could still fail fails here, not once the words have left the session.
            chain_now()
    except BaseException:
        not_yet(f"propose:{sent}")
        raise
    request.session.pop(_key(unit), None)
    request.session["proposed"] = made.code
    return True


@require_http_methods(["GET", "HEAD"])
@public_page
def propose_done(request: HttpRequest, code: str) -> HttpResponse:
    """The confirmation with the query code, shown to the browser that sent it."""
    unit = township_or_404(code)
    query_code = request.session.get("proposed")
    if not query_code:
        return redirect("propose", unit.code)
    with within(of_units((unit.pk,))):
        made = Proposal.objects.filter(unit=unit, code=query_code).select_related("cycle").first()
    if made is None:
        return redirect("propose", unit.code)
    days = days_promised("collection.receive", unit, made.cycle)
    return private(shown(request, "propose_done", unit, proposal=made, days=days))


@require_POST
@public_page
def propose_drop(request: HttpRequest, code: str) -> HttpResponse:
    """Forget what was typed."""
    unit = township_or_404(code)
    request.session.pop(_key(unit), None)
    return redirect("township", unit.code)


def answers(request: HttpRequest, unit: Unit) -> dict[str, str]:
    """What has been typed so far, by field."""
    return request.session.get(_key(unit), {})


def first_missing(request: HttpRequest, unit: Unit, intake: Intake, *, before: str) -> str | None:
    """The first page before this one that is not filled in properly yet."""
    kept = answers(request, unit)
    for step in ORDER[: ORDER.index(before)]:
        if step in STEPS and not _form(unit, intake, step, kept).is_valid():
            return step
    return None


def _keep(request: HttpRequest, unit: Unit, form: StepOfProposal) -> None:
    typed = {name: request.POST.get(name, "")[:4000] for name in form.fields}
    request.session[_key(unit)] = answers(request, unit) | typed


def _form(unit: Unit, intake: Intake, step: str, data: Any) -> StepOfProposal:
    rules = intake.rules
    return STEPS[step](
        data,
        unit=unit,
        cycles=intake.cycles,
        categories=list(rules.categories),
        anonymous=rules.anonymous_proposals,
    )


def _row(unit: Unit, step: str, field: Any) -> dict[str, Any]:
    """One line of the check page: the label, what was answered, the way back to change it."""
    value = field.form.cleaned_data.get(field.name)
    return {"label": field.label, "value": value or _("未填写"), "url": f"{_url(unit, step)}?from=check"}


def _key(unit: Unit) -> str:
    return f"propose:{unit.pk}"


def _url(unit: Unit, step: str) -> str:
    if step == "what":
        return reverse("propose", args=[unit.code])
    return reverse("propose_step", args=[unit.code, step])


def _after(step: str) -> str:
    return ORDER[ORDER.index(step) + 1]


def _back(unit: Unit, step: str, request: HttpRequest) -> str:
    if request.GET.get("from") == "check":
        return _url(unit, "check")
    n = ORDER.index(step)
    return _url(unit, ORDER[n - 1]) if n else reverse("township", args=[unit.code])
