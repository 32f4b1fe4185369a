"""The export of a trail for those who look on (the county, the auditor, the administrator), of a year's whole dossier
also for the office that hands it to the archive.

At once for what can be streamed, in the background for everything; each with what it is for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, TypeGuard, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from workflow.administration import exporting
from workflow.administration.keeping import keep
from workflow.administration.models import ExportState, TrailExport, name_of
from workflow.administration.purpose import purpose_first, purpose_of
from workflow.administration.taking import file_taken
from workflow.administration.tasks import make_export
from workflow.audit.exporters import FORMATS, LONGEST_REASON, SHORTEST_REASON, Format, record_export
from workflow.audit.exporters.extract import extract_of
from workflow.audit.exporters.manifest import ENDING, manifest_of
from workflow.audit.heads import WHY, code_of, feeds_written, kept_size, standing_of
from workflow.audit.models import Cosignature, Entry, Stamp, TreeHead
from workflow.audit.nightly import last_verified
from workflow.audit.proofs import NotProved, proof_of_entry
from workflow.flows.errors import Refused
from workflow.flows.fields import PlainForm
from workflow.flows.saving import to_save
from workflow.flows.waking import send
from workflow.inbox.asked import unit_asked, year_asked
from workflow.people.brake import is_beyond
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import HALLS, Unit, User
from workflow.people.selectors import tenants_below
from workflow.roles import registry
from workflow.roles.middleware import acting_grant, in_office
from workflow.roles.models import RoleGrant

AT_ONCE = ("csv", "jsonl")
PER_PAGE = 20
INVALID = 422
PROOFS_AN_HOUR = 30  # by one person: each reads every entry under its head


def may_export(grant: RoleGrant | None) -> TypeGuard[RoleGrant]:
    """An office that exports something, be it the own unit's dossier alone."""
    return grant is not None and bool(exporting.formats_of(grant))


def may_stream(grant: RoleGrant) -> bool:
    """Whether the office exports the entries themselves, as a table or line by line."""
    return not set(AT_ONCE).isdisjoint(exporting.formats_of(grant))


def export_grant(request: HttpRequest) -> RoleGrant:
    """The office acted in, where it may export; refused for any other."""
    grant = in_office(request).acting
    if not may_export(grant):
        raise PermissionDenied(_("办理记录由县级、审计人员和系统管理员导出，本乡镇年度卷宗由人大办导出。"))
    return grant


class ExportForm(PlainForm):
    """What to export and what for."""

    unit = forms.ChoiceField(label=gettext_lazy("单位"))
    form = forms.ChoiceField(label=gettext_lazy("格式"))
    year = forms.IntegerField(
        label=gettext_lazy("年份"), required=False, min_value=2000, max_value=2100,
        help_text=gettext_lazy("按办理时间，不填为全部"),
    )  # fmt: skip
    subject = forms.RegexField(
        r"\A[a-z_]+:[0-9]{1,18}\Z",
        max_length=60,
        label=gettext_lazy("事项"),
        required=False,
        help_text=gettext_lazy("只要一个事项的，填它的编号，例如 project:12；不填为全部"),
        error_messages={"invalid": gettext_lazy("事项编号由类别、冒号和数字组成，例如 project:12。")},
    )
    reason = forms.CharField(
        label=gettext_lazy("用途"),
        min_length=SHORTEST_REASON,
        max_length=LONGEST_REASON,
        help_text=gettext_lazy("写明因何导出、交给谁，例如：县档案馆检查；记入办理记录"),
    )

    def __init__(self, *args: Any, units: list[Unit], formats: dict[str, Format], **kwargs: Any) -> None:
        """formats: those the office may have, by their codes."""
        super().__init__(*args, **kwargs)
        self.units = {unit.code: unit for unit in units}
        for name, choices in (
            ("unit", [(unit.code, unit.name) for unit in units]),
            ("form", [(code, form.title) for code, form in formats.items()]),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("form") == "dossier" and not data.get("year"):
            self.add_error("year", _("卷宗按年度编制，请填写年份。"))
        return data


@login_required
@never_cache
def exports(request: HttpRequest) -> HttpResponse:
    """Ask for an export; below, what was asked for before and how far it is."""
    grant = export_grant(request)
    units = tenants_below(grant.tenant)
    asked = unit_asked(request, units)
    form = ExportForm(
        request.POST or None,
        units=units,
        formats=exporting.formats_of(grant),
        initial={
            "unit": asked.code if asked else "",
            "year": year_asked(request),
            "form": request.GET.get("form", ""),
        },
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made = exporting.ask(
                grant, form.units[data["unit"]], form=data["form"], year=data["year"], subject=data["subject"],
                reason=data["reason"], at=timezone.now(),
            )  # fmt: skip
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            transaction.on_commit(lambda: send(make_export, made.pk), robust=True)
            standing = standing_of(made.unit)
            told = (
                _("已开始导出，完成后在下面下载。最近一次留存到系统之外的校验码之后有%(after)d条。")
                if standing.outside
                else _("已开始导出，完成后在下面下载。还没有校验码留存到系统之外。")
            )
            messages.success(request, told % {"after": standing.after})
            return redirect("trail_exports")
    status = INVALID if form.is_bound and form.errors else 200
    return render(
        request,
        "workflow/exports.html",
        _listed(request, grant)
        | {
            "form": form,
            "dossier_only": not may_stream(grant),
            "taken": exporting.taken_at_once(grant) if may_stream(grant) else [],
        },
        status=status,
    )


@login_required
@never_cache
@require_safe
def export_list(request: HttpRequest) -> HttpResponse:
    """The list alone, for the page to show how far things are."""
    return render(request, "workflow/_exports.html", _listed(request, export_grant(request)))


export_list.unrecorded = True  # type: ignore[attr-defined]  # every two seconds of a page that is on record itself


def _listed(request: HttpRequest, grant: RoleGrant) -> dict[str, Any]:
    page = Paginator(exporting.exports_of(grant), PER_PAGE).get_page(request.GET.get("page"))
    rows = [(one, FORMATS[one.form].title, _percent(one)) for one in page]
    return {
        "page": page,
        "rows": rows,
        "unfinished": any(one.is_open for one in page),
        "done": ExportState.DONE,
    }


def _percent(one: TrailExport) -> int:
    return min(100, one.done * 100 // one.total) if one.total else 100


@login_required
@require_POST
def export_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop an export."""
    grant = export_grant(request)
    try:
        exporting.cancel(get_object_or_404(exporting.exports_of(grant), pk=pk), grant, timezone.now())
        messages.success(request, _("已取消导出。"))
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("trail_exports")


@login_required
@require_POST
def export_download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file; each time it is taken away is on record, hence a POST."""
    grant = export_grant(request)
    one = get_object_or_404(exporting.exports_of(grant), pk=pk)
    try:
        exporting.record_download(one, grant, timezone.now())
        file = one.file.open("rb")
    except (Refused, OSError) as refused:
        reason = str(refused) if isinstance(refused, Refused) else _("文件已不在，请重新导出。")
        messages.error(request, reason)
        return redirect("trail_exports")
    answer = FileResponse(file, content_type=FORMATS[one.form].media_type)
    answer["Content-Disposition"] = to_save(one.file_name)
    return answer


@login_required
@require_safe
def trail_manifest(request: HttpRequest, pk: int) -> HttpResponse:
    """What goes beside a file this person has exported, as the export's entry says it. pk: that entry."""
    if not may_stream(export_grant(request)):
        raise PermissionDenied(_("您的职务只导出本乡镇年度卷宗。"))
    with within(SYSTEM):  # an office limited to a part of the work does not read of exports
        exported = get_object_or_404(
            Entry.objects.select_related("unit"), pk=pk, action="trail.export", actor=cast(User, request.user)
        )
        made = TrailExport.objects.filter(entry=exported).first()
    said = json.loads(exported.body)["after"]
    if not FORMATS[said["format"]].bare:
        raise Http404
    file = name_of(exported.unit, said["format"], said["year"])
    answer = HttpResponse(
        manifest_of(exported, file=file, sha256=made.sha256 if made else ""), content_type="application/json"
    )
    answer["Content-Disposition"] = to_save(f"{file}{ENDING}")
    return answer


@login_required
@require_POST
def trail_export(request: HttpRequest, code: str) -> HttpResponseBase:
    """Stream a unit's trail, of it what the office's scope shows; the export is on record before its first byte, hence a POST."""
    grant, context = export_grant(request), getattr(request, "context", None)
    form, chosen = request.GET.get("format", "jsonl"), year_asked(request)
    if context is None or form not in AT_ONCE or (chosen is None and request.GET.get("year")):
        raise Http404
    if not may_stream(grant):
        raise PermissionDenied(_("您的职务只导出本乡镇年度卷宗。"))
    reason = (request.POST.get("reason") or request.GET.get("reason", "")).strip()[:LONGEST_REASON]
    with within(context):
        unit = _seen(code, grant)
        if len(reason) < SHORTEST_REASON:
            messages.error(request, _("请先写明导出的用途，至少两个字。"))
            return redirect(f"{reverse('trail_exports')}?unit={unit.code}")
        act = grant.act(unit, timezone.now())
        extract = extract_of(unit, year=chosen)
        exported = record_export(act, extract, form=form, reason=reason, scope=grant.scope)
    # As far as the record of it says: what is written from here on, that record among it, is in the next one.
    streamed = replace(extract, within=lambda: within(context))
    answer = StreamingHttpResponse(FORMATS[form].write(streamed), content_type=FORMATS[form].media_type)
    answer["Content-Disposition"] = to_save(name_of(unit, form, chosen))
    # Nothing of it can stand in the file: whoever keeps it finds it there (RFC 8288, as in CSV on the Web).
    beside = reverse("trail_manifest", args=[exported.pk])
    answer["Link"] = f'<{beside}>; rel="describedby"; type="application/json"'
    return answer


trail_export.own_transaction = True  # type: ignore[attr-defined]


def _seen(code: str, grant: RoleGrant) -> Unit:
    """A unit with a trail below the viewer's own; 404 for any other."""
    unit = Unit.objects.filter(code=code, path__startswith=grant.tenant.path).first()
    if unit is None or not unit.is_tenant:
        raise Http404
    return unit


class KeepForm(PlainForm):
    """A head somebody holds outside the system, from the paper or the file in their hand."""

    size = forms.IntegerField(label=gettext_lazy("条数"), min_value=1, max_value=2**63 - 1)
    code = forms.CharField(
        label=gettext_lazy("校验码"),
        max_length=40,
        help_text=gettext_lazy("照纸面或文件抄录，不要从本页复制"),
    )
    kept_by = forms.CharField(
        label=gettext_lazy("保存处"),
        min_length=2,
        max_length=100,
        help_text=gettext_lazy("写明由谁保存在哪里，例如：县档案馆电脑，会议纪要纸质件存党政办"),
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def head_page(request: HttpRequest) -> HttpResponse:
    """The heads of a unit by their short codes, to be compared with what stands on a paper; one kept outside is told here."""
    grant = in_office(request).acting
    if grant is None:
        raise PermissionDenied(_("您目前没有任职，请与系统管理员联系。"))
    keeps = registry.office(grant.office).keeps_heads
    if request.method == "POST" and not keeps:
        raise PermissionDenied(_("留存在外的校验码由人大办、党政办和县级登记。"))
    unit = _seen(request.GET.get("unit") or grant.tenant.code, grant)
    form = KeepForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            keep(
                grant.act(unit, timezone.now()),
                unit,
                size=said["size"],
                code=said["code"],
                where=said["kept_by"],
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("已登记。"))
            return redirect(f"{reverse('trail_head_page')}?unit={unit.code}")
    heads = (
        TreeHead.objects.filter(unit=unit).select_related("cosignature__by", "stamp").order_by("-size", "-at")
    )
    page = Paginator(heads, PER_PAGE).get_page(request.GET.get("page"))
    # Whoever tells what is kept elsewhere copies it from there: what is not told yet does not stand beside the form.
    told = kept_size(unit) if keeps else max((head.size for head in page), default=0)
    context = {
        "unit": unit,
        "keeps": keeps,
        "of_township": unit.kind in HALLS,
        "page": page,
        "rows": [
            (
                head,
                WHY.get(head.why, head.why),
                code_of(head, unit) if head.size <= told else "",
                getattr(head, "cosignature", None),
                getattr(head, "stamp", None),
            )
            for head in page
        ],
        "stamps": bool(settings.TSA_URL) or Stamp.objects.filter(unit=unit).exists(),
        "standing": standing_of(unit),
        "verified": last_verified(unit),
        "form": form,
        "below": _last_heads_below(unit),
        "reads_below": registry.office(grant.office).reads_below,
    }
    status = INVALID if form.is_bound and form.errors else 200
    return render(request, "workflow/heads.html", context, status=status)


def _last_heads_below(unit: Unit) -> list[tuple[Unit, TreeHead | None, Cosignature | None]]:
    """The units below that have a trail, each with its last head and the county's signature on it."""
    units = [one for one in tenants_below(unit) if one != unit]
    last = TreeHead.objects.filter(unit__in=units).select_related("cosignature")
    heads = {head.unit_id: head for head in last.order_by("unit_id", "-size", "-at").distinct("unit_id")}
    return [(one, heads.get(one.pk), getattr(heads.get(one.pk), "cosignature", None)) for one in units]


@login_required
@require_safe
def heads_below(request: HttpRequest) -> HttpResponseBase:
    """The heads of the own unit and of every one below it in one file, to be kept on another machine; streamed.

    Of each the last and those of moments that matter: all there are leave by each unit's own feed, or by `trail_heads`.
    """
    grant, context = acting_grant(request), getattr(request, "context", None)
    if context is None or not registry.office(grant.office).reads_below:
        raise PermissionDenied(_("各单位校验值由查阅下级办理记录的机关下载。"))

    def pieces() -> Iterator[bytes]:
        with within(context):
            yield from feeds_written(grant.tenant, tenants_below(grant.tenant), brief=True)

    answer = StreamingHttpResponse(pieces(), content_type="application/json")
    answer["Content-Disposition"] = to_save(f"heads-{grant.tenant.code}.json")
    return answer


heads_below.own_transaction = True  # type: ignore[attr-defined]


@login_required
@never_cache
@require_safe
def entry_proof(request: HttpRequest, pk: int) -> HttpResponse:
    """The proof of one entry as a file, for offices that look on, archive or keep heads; that it is taken is on record.

    It holds that entry whole, as it was hashed: more than the pages tell of it, with long texts as commitments. Of the
    others it holds hashes alone. Every entry under the head is read for it, so that a person takes so many an hour.
    """
    grant = acting_grant(request)
    if not registry.office(grant.office).takes_proofs:
        raise PermissionDenied(_("记录的证明由人大办、党政办、县级、审计人员和系统管理员下载。"))
    entries = Entry.objects.select_related("unit").filter(unit__path__startswith=grant.tenant.path)
    entry = get_object_or_404(entries, pk=pk)
    if ask := purpose_first(request, grant):
        return ask
    if is_beyond(PROOFS_AN_HOUR, f"proof:{grant.user_id}"):
        messages.error(request, _("一小时内下载的证明过多，请稍后再试。"))
        return redirect(f"{reverse('trail_head_page')}?unit={entry.unit.code}")
    try:
        with within(SYSTEM):
            proof = proof_of_entry(entry.unit, entry.pk)
    except NotProved as missing:
        messages.error(request, str(missing))
        return redirect(f"{reverse('trail_head_page')}?unit={entry.unit.code}")
    file_taken(
        grant.act(entry.unit, timezone.now()),
        entry.unit.reference,
        what="proof",
        form="json",
        label=_("记录%(n)s的证明") % {"n": entry.pk},
        reason=purpose_of(request),
    )
    answer = HttpResponse(
        json.dumps(proof, ensure_ascii=False, indent=1), content_type="application/json; charset=utf-8"
    )
    answer["Content-Disposition"] = to_save(f"proof-{entry.unit.code}-{entry.pk}.json")
    return answer
