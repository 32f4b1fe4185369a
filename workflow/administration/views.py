"""The administrator's pages, and the few of them a township's clerk has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from workflow.administration import accounts, imports, invitations, sheets
from workflow.administration.accounts import Slip, WrittenTo, at_unit, is_admin, is_keeper, why_not_reset
from workflow.administration.forms import GrantForm, PeopleFilter, RevokeForm, UploadForm
from workflow.administration.previews import payload_of, previewed, uploaded, workbook
from workflow.audit.services import Act
from workflow.flows.errors import Refused
from workflow.flows.services import busy_if_locked
from workflow.flows.settling import still_provisional
from workflow.inbox.asked import unit_asked
from workflow.people.models import Unit, User
from workflow.people.selectors import tenants_below
from workflow.people.wording import worded
from workflow.roles import registry
from workflow.roles.middleware import in_office
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import WITH_PERSONS, grants_of, live_grants, office_called, offices_called
from workflow.roles.services import GrantRefused, grant, left_without, revoke

PER_PAGE = 40
MOST_SHOWN = 200


def keeper_grant(request: HttpRequest) -> RoleGrant:
    """The office acted in, where it keeps accounts: the administrator's or a township keeper's."""
    acting = in_office(request).acting
    if acting is None or not (is_admin(acting) or is_keeper(acting)):
        raise PermissionDenied(_("人员由系统管理员和本级人大办管理。"))
    return acting


def admin_grant(request: HttpRequest) -> RoleGrant:
    """The administrator's office; refused for any other."""
    acting = keeper_grant(request)
    if not is_admin(acting):
        raise PermissionDenied(_("只有系统管理员可以授予和解除职务。"))
    return acting


def _act(request: HttpRequest, acting: RoleGrant) -> Act:
    return acting.act(acting.tenant, timezone.now())


# ------------------------------------------------------------------------------------ the list


@login_required
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Offices held today in the viewer's units, by unit, office and words.

    What the administrator alone can mend stands above: accounts that are locked, holidays that are not known.
    """
    acting = keeper_grant(request)
    units = tenants_below(acting.tenant)
    chosen = unit_asked(request, units) or acting.tenant
    form = PeopleFilter(request.GET or None, units=units)
    found = _filtered(form, acting, timezone.localdate())
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page": page,
        "rows": [(g, office_called(g)) for g in page],
        "admin": is_admin(acting),
        "in_use": acting.pk,
        "chosen": chosen,
        "locked": accounts.locks(acting.tenant).count() if is_admin(acting) else 0,
        "provisional": still_provisional().count() if is_admin(acting) else 0,
    }
    return render(request, "people/people.html", context)


def _filtered(form: PeopleFilter, acting: RoleGrant, on: date) -> QuerySet[RoleGrant]:
    grants = live_grants(on).filter(tenant__path__startswith=acting.tenant.path)
    grants = grants.select_related(*WITH_PERSONS).order_by("tenant__code", "unit__code", "office", "pk")
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        grants = grants.filter(tenant__code=data["unit"]) if data["unit"] else grants
        grants = grants.filter(office=data["office"]) if data["office"] else grants
        words = Q(user__name__icontains=data["words"]) | Q(user__username__icontains=data["words"])
        grants = grants.filter(words) if data["words"] else grants
    return grants


@dataclass(frozen=True)
class _Held:
    grant: RoleGrant
    title: str

    @property
    def scope(self) -> str:
        """What of the work the office reads, where it is limited."""
        return registry.words_of_scope(self.grant.scope)


def _person_or_404(acting: RoleGrant, user_id: int) -> tuple[User, list[_Held]]:
    """A person with an office in the viewer's units; what they hold elsewhere is not shown."""
    user = get_object_or_404(User, pk=user_id)
    held = [g for g in grants_of(user, timezone.localdate()) if g.tenant.path.startswith(acting.tenant.path)]
    if not held:
        raise Http404
    return user, [_Held(g, office_called(g)) for g in held]


@login_required
@require_safe
def person(request: HttpRequest, user_id: int) -> HttpResponse:
    """One person: offices, and what may be done about the account."""
    acting = keeper_grant(request)
    user, held = _person_or_404(acting, user_id)
    context = {
        "person": user,
        "held": held,
        "admin": is_admin(acting),
        "in_use": acting.pk,
        "why_not_reset": why_not_reset(acting, user, timezone.localdate()),
        "second_factor": accounts.has_second_factor(user),
        "awaits": invitations.awaits(user),
    }
    return render(request, "people/person.html", context)


# ------------------------------------------------------------------------------------ passwords


@login_required
@never_cache
def person_reset(request: HttpRequest, user_id: int) -> HttpResponse:
    """Ask, then make a one-time password and show its slip to print; it is never shown again."""
    acting = keeper_grant(request)
    user, held = _person_or_404(acting, user_id)
    if reason := why_not_reset(acting, user, timezone.localdate()):
        raise PermissionDenied(reason)
    if request.method == "POST":
        slip = accounts.reset_password(_act(request, acting), acting, user)
        return _slips(request, [slip], acting)
    return render(request, "people/reset.html", {"person": user, "held": held})


def _welcomed(request: HttpRequest, new: Sequence[Slip | WrittenTo], acting: RoleGrant) -> HttpResponse:
    """New people: their slips to print, and who was written to, with a slip for any of them in place of the letter."""
    slips = [one for one in new if isinstance(one, Slip)]
    written = [one for one in new if isinstance(one, WrittenTo)]
    if slips:
        unwritten = not invitations.can_write() and any(slip.user.email for slip in slips)
        return _slips(request, slips, acting, written=written, unwritten=unwritten)
    return render(request, "people/written_to.html", {"written": written, "days": invitations.days()})


def _slips(request: HttpRequest, slips: list[Slip], acting: RoleGrant, **more: Any) -> HttpResponse:
    context = {
        "slips": slips,
        "unit": acting.tenant,
        "address": request.build_absolute_uri("/"),
        "on": timezone.localdate(),
        **more,
    }
    return render(request, "people/slips.html", context)


@login_required
@never_cache
@require_POST
def people_slips(request: HttpRequest) -> HttpResponse:
    """Print slips for people who were written to, chosen from the list; whoever has used the link keeps the password."""
    acting, on = keeper_grant(request), timezone.localdate()
    numbers = {int(number) for number in request.POST.getlist("person") if number.isdecimal()}
    chosen = list(User.objects.filter(pk__in=numbers).order_by("pk"))
    if reason := next(filter(None, (why_not_reset(acting, user, on) for user in chosen)), ""):
        raise PermissionDenied(reason)
    slips = accounts.print_instead(_act(request, acting), acting, chosen)
    if not slips:
        messages.warning(request, _("没有打印登录单：没有选人，或者所选人员已经自己设置了密码、领过登录单。"))
        return redirect("people")
    printed = {slip.user.pk for slip in slips}
    return _slips(request, slips, acting, settled=[user for user in chosen if user.pk not in printed])


@login_required
@never_cache
def person_drop_factor(request: HttpRequest, user_id: int) -> HttpResponse:
    """Ask, then take a lost telephone's second factor away."""
    acting = admin_grant(request)
    user, held = _person_or_404(acting, user_id)
    if request.method != "POST":
        return render(request, "people/drop_factor.html", {"person": user, "held": held})
    accounts.drop_second_factor(_act(request, acting), acting, user)
    messages.success(request, _("已取消%(name)s的两步验证。") % {"name": user.name})
    return redirect("person", user_id=user_id)


# --------------------------------------------------------------------------------------- grants


@login_required
@never_cache
def grant_give(request: HttpRequest, code: str) -> HttpResponse:
    """Give an office at a unit or inside it, to somebody known or to a new person."""
    acting = admin_grant(request)
    tenant = get_object_or_404(Unit, code=code, path__startswith=acting.tenant.path)
    units = list(Unit.objects.filter(tenant=tenant).select_related("tenant").order_by("code"))
    form = GrantForm(request.POST or None, units=units, initial={"since": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic(), busy_if_locked():
                new = _given(_act(request, acting), acting, form.cleaned_data)
        except (GrantRefused, Refused) as refused:
            form.add_error(None, str(refused))
        else:
            if new:
                return _welcomed(request, [new], acting)
            messages.success(request, _("已授予职务。"))
            return redirect("people")
    status = 422 if form.errors else 200
    return render(request, "people/grant.html", {"form": form, "tenant": tenant}, status=status)


def _given(act: Act, acting: RoleGrant, data: dict[str, Any]) -> Slip | WrittenTo | None:
    """Grant; for a user name nobody has, make the account first and return how its holder gets in.

    Refused: another county's person.
    """
    here = at_unit(act, data["unit"])
    user, new = User.objects.filter(username=data["username"]).first(), None
    if user and accounts.is_anothers(user, acting.tenant, act.on):
        raise Refused(_("用户名“%(username)s”属于其他地区的人员。") % {"username": user.username})
    if user is None:
        title = f"{data['unit'].name} {registry.title_of(data['office'])}"
        made = accounts.create_person(here, username=data["username"], name=data["name"], email=data["email"])
        new, user = replace(made, offices=(title,)), made.user
    grant(
        user=user,
        office=data["office"],
        unit=data["unit"],
        act=here,
        since=data["since"],
        until=data["until"],
        document=data["document"],
        scope=data["scope"],
    )
    return new


@login_required
def grant_revoke(request: HttpRequest, grant_id: int) -> HttpResponse:
    """End an office now, with a reason; of one that has ended meanwhile the list says so."""
    acting = admin_grant(request)
    held = get_object_or_404(
        RoleGrant.objects.select_related(*WITH_PERSONS),
        pk=grant_id,
        tenant__path__startswith=acting.tenant.path,
    )
    if held.revoked_at:
        messages.info(request, _("这一职务已经解除。"))
        return redirect("people")
    if held.pk == acting.pk:
        raise PermissionDenied(_("不能解除自己正在使用的职务。"))
    form = RevokeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        act = at_unit(_act(request, acting), held.tenant)
        try:
            with transaction.atomic(), busy_if_locked():
                revoke(grant=held, act=act, reason=form.cleaned_data["reason"])
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            told = {"name": held.user.name, "office": office_called(held)}
            messages.success(request, _("已解除%(name)s的“%(office)s”职务。") % told)
            return redirect("people")
    resting = offices_called(left_without(held, timezone.localdate()))
    context = {
        "form": form,
        "held": held,
        "title": office_called(held),
        "resting": resting,
        "ended_by": worded(registry.office(held.office).ended_by, held.tenant),
    }
    return render(request, "people/revoke.html", context, status=422 if form.errors else 200)


# ---------------------------------------------------------------------------------------- locks


@login_required
@require_safe
def locks(request: HttpRequest) -> HttpResponse:
    """Which of the viewer's people cannot sign in just now because of wrong passwords."""
    acting = admin_grant(request)
    shown = list(accounts.locks(acting.tenant)[:MOST_SHOWN])
    people = User.objects.filter(username__in={lock.username for lock in shown})
    names = dict(people.values_list("username", "name"))
    rows = [(lock, names[lock.username]) for lock in shown]
    return render(request, "people/locks.html", {"rows": rows})


@login_required
@require_POST
def lock_release(request: HttpRequest, lock_id: int) -> HttpResponse:
    """Let one of them try again."""
    acting = admin_grant(request)
    lock = get_object_or_404(accounts.attempts_below(acting.tenant), pk=lock_id)
    accounts.release_lock(_act(request, acting), lock)
    messages.success(request, _("已解除锁定，可以重新登录。"))
    return redirect("locks")


# --------------------------------------------------------------------------------------- imports


@login_required
@never_cache
def import_page(request: HttpRequest, kind: str) -> HttpResponse:
    """Upload, see every row with its errors, then import all or nothing."""
    acting, wanted = admin_grant(request), imports.KINDS[kind]
    operation = request.POST.get("op", "") if request.method == "POST" else "form"
    if operation == "errors":
        return _error_sheet(request, wanted, acting)
    if operation == "confirm":
        return _confirm(request, wanted, acting)
    if operation == "form":
        return _upload(request, wanted, UploadForm())
    return _preview(request, wanted, acting)


def _upload(request: HttpRequest, kind: imports.Kind, form: UploadForm, status: int = 200) -> HttpResponse:
    entrance = imports.how_people_get_in() if kind is imports.PEOPLE else ""
    context = {"kind": kind, "form": form, "entrance": entrance}
    return render(request, "people/import.html", context, status=status)


def _preview(request: HttpRequest, kind: imports.Kind, acting: RoleGrant) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES)
    raw = uploaded(form, kind.columns, kind.required)
    if raw is None:
        return _upload(request, kind, form, status=422)
    return _show_preview(request, kind, imports.checked(kind, raw, acting.tenant, timezone.localdate()), raw)


def _show_preview(
    request: HttpRequest, kind: imports.Kind, rows: list[imports.Row], raw: list[dict[str, str]]
) -> HttpResponse:
    wrong = [row for row in rows if row.errors]
    context = {
        "kind": kind,
        "rows": [
            (row, list(row.values.items()))
            for row in [*wrong, *(r for r in rows if not r.errors)][:MOST_SHOWN]
        ],
        "total": len(rows),
        "wrong": len(wrong),
        "shown": min(len(rows), MOST_SHOWN),
        "payload": payload_of(raw, kind.code),
    }
    return render(request, "people/preview.html", context, status=422 if wrong else 200)


def _confirm(request: HttpRequest, kind: imports.Kind, acting: RoleGrant) -> HttpResponse:
    raw = previewed(request, kind.code)
    try:
        new = imports.run(kind, raw, _act(request, acting), acting.tenant)
    except imports.ImportRefused as refused:
        return _show_preview(request, kind, refused.rows, raw)
    if new:
        return _welcomed(request, new, acting)
    messages.success(request, _("已导入 %(n)s 行。") % {"n": len(raw)})
    return redirect("people")


def _error_sheet(request: HttpRequest, kind: imports.Kind, acting: RoleGrant) -> HttpResponse:
    rows = imports.checked(kind, previewed(request, kind.code), acting.tenant, timezone.localdate())
    columns = [*kind.columns, str(imports.ERROR_COLUMN)]
    body = sheets.write(str(kind.title), columns, imports.error_sheet_rows(rows, kind.columns))
    return workbook(body, f"{kind.code}-errors.xlsx")


@login_required
@require_safe
def import_template(request: HttpRequest, kind: str) -> HttpResponse:
    """An empty workbook with the right header, an example and explanations."""
    admin_grant(request)
    wanted = imports.KINDS[kind]
    body = sheets.write(str(wanted.title), wanted.columns, wanted.samples, notes=wanted.notes())
    return workbook(body, f"{kind}-template.xlsx")
