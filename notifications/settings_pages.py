"""接收设置: where one is reached oneself; and the robots of a unit's groups, for whoever looks after them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from notifications import addresses
from notifications.channels import channel as way_of
from notifications.channels import offered
from notifications.choosing import AT_ONCE, USUAL, Choice
from notifications.desk import choice_of
from notifications.forms import (
    LEAST,
    PACES,
    URGENCIES,
    AddressForm,
    ChoiceForm,
    GroupForm,
    MailboxForm,
    initial_of,
)
from notifications.letters import duties
from notifications.models import Address, Channel, Preference, Urgency
from notifications.selectors import letters_stay_here, own_letters
from notifications.services import save_choice
from workflow.administration.accounts import is_admin
from workflow.administration.views import keeper_grant
from workflow.audit.services import Act
from workflow.flows.errors import Refused
from workflow.people.isolation import within
from workflow.people.models import Unit, User
from workflow.people.saying import listed
from workflow.people.selectors import tenants_below
from workflow.roles.models import RoleGrant


@dataclass(frozen=True)
class Reach:
    """One channel and where it leads: hint as far as it is shown, least in words, both empty where it leads nowhere."""

    channel: str
    label: str
    hint: str = ""
    least: str = ""
    changed_at: datetime | None = None


def _me(request: HttpRequest) -> User:
    return cast(User, request.user)


# ------------------------------------------------------------------------------------- one's own


@login_required
@require_safe
@never_cache
def settings_page(request: HttpRequest) -> HttpResponse:
    """Where one is reached."""
    me = _me(request)
    with within(own_letters(me)):
        kept = {a.channel: a for a in Address.objects.filter(user=me)}
    choice = _choice_of(me)
    context = {
        "choice": choice,
        "rows": [_chosen(code, choice) for code in URGENCIES],
        "duties": duties(),
        "languages": dict(settings.LANGUAGES)[choice.language],
        "reaches": [_reach(name, kept.get(name)) for name in offered(entered=True)],
        "mailbox": me.email,
        "mail_offered": way_of(Channel.EMAIL).offered(),
        "stay_here": letters_stay_here(),
    }
    return render(request, "notifications/settings.html", context)


def _choice_of(me: User) -> Choice:
    kept = Preference.objects.filter(user=me).first()
    return choice_of(kept) if kept else USUAL


def _chosen(code: str, choice: Choice) -> tuple[Any, str, Any]:
    """One urgency in words: what it is called, by which channels, at what pace."""
    ways = [str(Channel(name).label) for name in offered() if name in set(choice.ways.get(code, ()))]
    return (
        URGENCIES[code],
        listed([str(Channel.IN_APP.label), *ways]),
        PACES[choice.pace.get(code, AT_ONCE)],
    )


@login_required
@never_cache
def choose(request: HttpRequest) -> HttpResponse:
    """How one wants to be written to."""
    me = _me(request)
    outside = [(name, Channel(name).label) for name in offered() if name != Channel.IN_APP]
    form = ChoiceForm(request.POST or None, offered=outside, initial=initial_of(_choice_of(me)))
    if request.method == "POST" and form.is_valid():
        save_choice(me, form.choice(), timezone.now())
        messages.success(request, _("已保存。"))
        return redirect("letter_settings")
    status = 422 if form.errors else 200
    return render(request, "notifications/choice.html", {"form": form, "duties": duties()}, status=status)


def _reach(name: str, address: Address | None) -> Reach:
    label = str(Channel(name).label)
    if address is None:
        return Reach(name, label)
    least = str(LEAST[Urgency(address.least)]) if address.unit_id else ""
    return Reach(name, label, address.hint, least, address.changed_at)


@login_required
@never_cache
@sensitive_post_parameters("given", "secret")
def own_address(request: HttpRequest, channel: str) -> HttpResponse:
    """Enter, replace or forget one's own address of a channel."""
    if channel not in offered(entered=True):
        raise Http404
    me = _me(request)
    with within(own_letters(me)):
        kept = Address.objects.filter(user=me, channel=channel).exists()
    form = AddressForm(request.POST or None, channel=channel)
    if request.method == "POST" and request.POST.get("op") == "remove":
        addresses.remove_own(me, channel=channel)
        messages.success(request, _("已删除。"))
        return redirect("letter_settings")
    if request.method == "POST" and form.is_valid():
        try:
            data = form.cleaned_data
            addresses.save_own(
                me, timezone.now(), channel=channel, given=data["given"], secret=data.get("secret", "")
            )
        except Refused as refused:
            form.add_error("given", str(refused))
        else:
            messages.success(request, _("已保存。"))
            return redirect("letter_settings")
    return _address_page(request, form, channel, kept=kept, back="letter_settings")


@login_required
@never_cache
def own_mailbox(request: HttpRequest) -> HttpResponse:
    """One's own mailbox."""
    me = _me(request)
    form = MailboxForm(request.POST or None, initial={"mailbox": me.email})
    if request.method == "POST" and form.is_valid():
        addresses.save_mailbox(me, form.cleaned_data["mailbox"])
        messages.success(request, _("已保存。"))
        return redirect("letter_settings")
    return _address_page(request, form, Channel.EMAIL, kept=False, back="letter_settings")


def _address_page(
    request: HttpRequest, form: Any, channel: str, *, kept: bool, back: str, unit: Unit | None = None
) -> HttpResponse:
    context = {
        "form": form,
        "channel": Channel(channel).label,
        "kept": kept,
        "unit": unit,
        "back": back,
        "stay_here": letters_stay_here(),
    }
    return render(request, "notifications/address.html", context, status=422 if form.errors else 200)


# --------------------------------------------------------------------------------- a unit's groups


@login_required
@require_safe
@never_cache
def groups(request: HttpRequest) -> HttpResponse:
    """The robots of the units' groups: the clerk's own unit, every unit below the administrator's."""
    acting = keeper_grant(request)
    units = _kept_units(acting)
    robots = [name for name in offered(entered=True) if name != Channel.SMS]
    kept = {(a.unit_id, a.channel): a for a in Address.objects.filter(unit__in=units)}
    context = {
        "units": [(unit, [_reach(name, kept.get((unit.pk, name))) for name in robots]) for unit in units],
        "stay_here": letters_stay_here(),
    }
    return render(request, "notifications/groups.html", context)


def _kept_units(acting: RoleGrant) -> list[Unit]:
    if not is_admin(acting):
        return [acting.tenant]
    return tenants_below(acting.tenant)


@login_required
@never_cache
@sensitive_post_parameters("given", "secret")
def group_address(request: HttpRequest, code: str, channel: str) -> HttpResponse:
    """Enter, replace or forget the robot of one unit's group."""
    acting = keeper_grant(request)
    unit = get_object_or_404(Unit, code=code)
    if not addresses.may_keep(acting, unit):
        raise PermissionDenied(_("群机器人由本级人大办和系统管理员设置。"))
    if channel not in offered(entered=True) or channel == Channel.SMS:
        raise Http404
    act = acting.act(acting.tenant, timezone.now())
    kept = Address.objects.filter(unit=unit, channel=channel).first()
    form = GroupForm(
        request.POST or None,
        channel=channel,
        kept=kept is not None,
        initial={"least": kept.least if kept else Urgency.NORMAL},
    )
    if request.method == "POST" and _group_posted(request, form, act, acting, unit, channel):
        return redirect("letter_groups")
    return _address_page(request, form, channel, kept=kept is not None, back="letter_groups", unit=unit)


def _group_posted(
    request: HttpRequest, form: GroupForm, act: Act, acting: RoleGrant, unit: Unit, channel: str
) -> bool:
    """Whether what was posted is done; else the form says why not."""
    try:
        if request.POST.get("op") == "remove":
            addresses.remove_group(act, acting, unit, channel=channel)
            messages.success(request, _("已删除%(unit)s的群机器人。") % {"unit": unit.name})
            return True
        if form.is_valid():
            data = form.cleaned_data
            addresses.save_group(
                act,
                acting,
                unit,
                channel=channel,
                given=data["given"],
                secret=data.get("secret", ""),
                least=data["least"],
            )
            messages.success(request, _("已保存%(unit)s的群机器人。") % {"unit": unit.name})
            return True
    except Refused as refused:
        form.is_valid()
        form.add_error("given", str(refused))
    return False
