"""代办: the page where a holder names who acts in their office for a time, and where that is ended."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from workflow.administration import conf
from workflow.administration.accounts import is_keeper
from workflow.flows.errors import Refused
from workflow.flows.fields import ChineseDateField, PlainForm
from workflow.flows.services import busy_if_locked
from workflow.people.models import User
from workflow.roles import registry, standing_in
from workflow.roles.middleware import acting_grant, in_office
from workflow.roles.models import RoleGrant
from workflow.roles.services import GrantRefused
from workflow.roles.standing_in import Candidate


class StandInForm(PlainForm):
    """Who, from when until when, why."""

    person = forms.CharField(
        label=gettext_lazy("代办人"),
        widget=forms.Select,
        help_text=gettext_lazy("本单位的在任人员；依规定不能兼任这一职务的不在其中。"),
    )
    since = ChineseDateField(label=gettext_lazy("起始日"))
    until = ChineseDateField(label=gettext_lazy("截止日"), help_text=gettext_lazy("含当日；过后自动终止。"))
    reason = forms.CharField(
        label=gettext_lazy("原因"),
        help_text=gettext_lazy("例如：年休假、外出培训。"),
        min_length=2,
        max_length=200,
    )

    def __init__(self, *args: Any, people: list[Candidate], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(one.person.pk): one for one in people}
        offered = [
            (number, _("%(name)s（%(office)s）") % {"name": one.person.name, "office": one.titles})
            for number, one in self.people.items()
            if one.refused is None
        ]
        cast(forms.Select, self.fields["person"].widget).choices = [("", _("请选择")), *offered]

    def clean_person(self) -> User:
        chosen = self.people.get(self.cleaned_data["person"])
        if chosen is None:
            raise forms.ValidationError(_("请从名单中选择。"))
        if chosen.refused:
            raise forms.ValidationError(str(chosen.refused))
        return chosen.person


class EndForm(PlainForm):
    """Why it ends before its last day."""

    reason = forms.CharField(
        label=gettext_lazy("终止理由"), min_length=2, max_length=200, widget=forms.Textarea({"rows": 2})
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def stand_ins(request: HttpRequest) -> HttpResponse:
    """Who stands in for the viewer and for whom the viewer does; the form for the office acted in."""
    grant = acting_grant(request)
    form, why_not = _form(request, grant), _why_not(grant)
    if form is not None and request.method == "POST" and form.is_valid() and _named(request, grant, form):
        return redirect("stand_ins")
    on, user = timezone.localdate(), in_office(request).user
    mine = list(standing_in.stand_ins_of(user, on))
    all_here = list(standing_in.stand_ins_in(grant.tenant, on)) if is_keeper(grant) else []
    context = {
        "form": form,
        "why_not": why_not,
        "office": registry.title_of(grant.office, grant.tenant),
        "mine": _rows(mine, user),
        "others": _rows([one for one in all_here if one.pk not in {m.pk for m in mine}], user),
    }
    return render(request, "people/stand_ins.html", context, status=422 if form and form.errors else 200)


def _why_not(grant: RoleGrant) -> str:
    if grant.stands_for_id:
        return _("您正在代办这一职务，不能再委托他人；请切换到本人的职务。")
    return standing_in.why_personal(grant)


def _form(request: HttpRequest, grant: RoleGrant) -> StandInForm | None:
    if _why_not(grant):
        return None
    people = standing_in.candidates(grant, timezone.localdate())
    return StandInForm(request.POST or None, people=people)


def _named(request: HttpRequest, grant: RoleGrant, form: StandInForm) -> bool:
    """Whether the person was named; what stands against it is said on the form."""
    data = form.cleaned_data
    try:
        with transaction.atomic():
            standing_in.name_stand_in(grant=grant, act=grant.act(grant.tenant, timezone.now()), **data)
    except GrantRefused as refused:
        form.add_error(FIELDS.get(refused.code), str(refused))
        return False
    messages.success(request, _("已指定%(who)s为代办人，双方都会收到消息。") % {"who": data["person"].name})
    return True


# Which field a refusal is about; those of no field are about the whole.
FIELDS = {
    "past": "since",
    "turned_round": "until",
    "beyond_term": "until",
    "twice": "since",
    "outside": "person",
    "holds_it": "person",
    "conflict": "person",
}


def _rows(found: list[RoleGrant], user: User) -> list[dict[str, Any]]:
    return [
        {
            "grant": one,
            "office": registry.title_of(one.office, one.tenant),
            "begun": one.since <= timezone.localdate(),
            "own": one.principal_id == user.pk,
        }
        for one in found
    ]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def stand_in_end(request: HttpRequest, grant_id: int) -> HttpResponse:
    """End it now, with a reason: by whom it stands for, or by the keeper of the township's accounts."""
    acting, on = acting_grant(request), timezone.localdate()
    seen = standing_in.stand_ins_in(acting.tenant, on)
    standing = get_object_or_404(seen, pk=grant_id)
    form = EndForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic(), busy_if_locked():
                standing_in.end_stand_in(
                    standing=standing,
                    act=acting.act(acting.tenant, timezone.now()),
                    reason=form.cleaned_data["reason"],
                    keepers=conf.keepers(),
                )
        except (GrantRefused, Refused) as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("代办已终止。"))
            return redirect("stand_ins")
    context = {
        "form": form,
        "held": standing,
        "title": registry.title_of(standing.office, standing.tenant),
    }
    return render(request, "people/stand_in_end.html", context, status=422 if form.errors else 200)
