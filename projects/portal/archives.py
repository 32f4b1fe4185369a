"""归档卷宗 of a township's year: which one was handed to the archive, its later volumes, and each to be taken away."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from projects.cycles.models import Cycle
from projects.evaluation.archives import archive_of, may_take, take, volumes_of
from projects.evaluation.models import Addendum, Archive
from projects.portal.staff_selectors import cycles_visible
from workflow.administration import exporting
from workflow.audit.exporters import FORMATS
from workflow.flows.errors import Refused
from workflow.flows.fields import PlainForm
from workflow.flows.saving import to_save
from workflow.roles.middleware import acting_grant
from workflow.roles.models import RoleGrant

FORM = "dossier"
INVALID = 422


class TakeForm(PlainForm):
    """Which volume, and what for. volume: 0 for the dossier itself, else an addendum's number."""

    volume = forms.TypedChoiceField(label=gettext_lazy("卷宗"), coerce=int)
    reason = forms.CharField(
        label=gettext_lazy("用途"),
        min_length=2,
        max_length=200,
        help_text=gettext_lazy("写明因何下载、交给谁，例如：县档案馆检查；记入办理记录"),
    )

    def __init__(self, *args: Any, volumes: list[Archive | Addendum], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.volumes = {number_of(one): one for one in volumes}
        field = self.fields["volume"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(number, title_of(one)) for number, one in self.volumes.items()]


def number_of(volume: Archive | Addendum) -> int:
    """0 for the dossier itself, an addendum's number among its later volumes."""
    return volume.number if isinstance(volume, Addendum) else 0


def title_of(volume: Archive | Addendum) -> str:
    """What a volume is called on the page."""
    if isinstance(volume, Addendum):
        told = {"number": volume.number, "title": volume.project.title}
        return _("补充卷宗第 %(number)d 卷：%(title)s") % told
    return _("年度卷宗")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def year_dossier(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The archived dossier with its digest, and how one made now differs; each volume is taken away by a press."""
    grant = acting_grant(request)
    if not may_take(grant):
        raise PermissionDenied(
            _("归档卷宗由本乡镇人大办、人大主席、县人大和查阅范围不受限制的审计人员下载。")
        )
    cycle = get_object_or_404(cycles_visible(grant), pk=pk)
    archive = archive_of(cycle)
    volumes = volumes_of(archive) if archive else []
    if archive is None:
        return _shown(request, grant, cycle, volumes, None)
    form = TakeForm(request.POST if request.method == "POST" else None, volumes=volumes)
    if request.method != "POST" or not form.is_valid():
        return _shown(request, grant, cycle, volumes, form)
    wanted = form.volumes[form.cleaned_data["volume"]]
    try:
        take(grant.act(cycle.unit, timezone.now()), cycle, wanted, reason=form.cleaned_data["reason"])
    except Refused as refused:
        form.add_error(None, str(refused))
        return _shown(request, grant, cycle, volumes, form)
    answer = FileResponse(wanted.file.open("rb"), content_type=FORMATS[FORM].media_type)
    answer["Content-Disposition"] = to_save(_name_of(cycle, wanted))
    return answer


def _shown(
    request: HttpRequest,
    grant: RoleGrant,
    cycle: Cycle,
    volumes: list[Archive | Addendum],
    form: TakeForm | None,
) -> HttpResponse:
    context = {
        "cycle": cycle,
        "hall": cycle.unit,
        "volumes": [(title_of(one), one) for one in volumes],
        "form": form,
        "may_make": FORM in exporting.formats_of(grant),
    }
    invalid = form is not None and form.is_bound and bool(form.errors)
    return render(request, "portal/dossier.html", context, status=INVALID if invalid else 200)


def _name_of(cycle: Cycle, volume: Archive | Addendum) -> str:
    number = number_of(volume)
    return f"archive-{cycle.unit.code}-{cycle.year}{f'-{number}' if number else ''}.{FORMATS[FORM].suffix}"
