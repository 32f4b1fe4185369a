"""The export of a township's trail for those who look on: the county and the auditor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeGuard

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from workflow.audit.exporters import FORMATS, MEDIA_TYPES, lines_in, record_export
from workflow.flows.saving import to_save
from workflow.inbox.asked import year_asked
from workflow.people.isolation import Context, within
from workflow.people.models import Unit
from workflow.roles import registry
from workflow.roles.middleware import in_office
from workflow.roles.models import RoleGrant


def may_export(grant: RoleGrant | None) -> TypeGuard[RoleGrant]:
    """An office that sees every unit below its own and does business: not the administrator's."""
    if grant is None:
        return False
    office = registry.office(grant.office)
    return office.reads_below and office.works


@login_required
@require_POST
def trail_export(request: HttpRequest, code: str) -> HttpResponseBase:
    """Stream a unit's trail, of it what the office's scope shows; the export is on record before its first byte, hence a POST."""
    grant, context = in_office(request).acting, getattr(request, "context", None)
    if not may_export(grant) or context is None:
        raise PermissionDenied(_("只有县级和审计人员可以导出办理记录。"))
    form, chosen = request.GET.get("format", "jsonl"), year_asked(request)
    if form not in FORMATS or (chosen is None and request.GET.get("year")):
        raise Http404
    with within(context):
        unit = _seen(code, grant)
        act = grant.act(unit, timezone.now())
        record_export(act, unit, form=form, year=chosen, scope=grant.scope)
    answer = StreamingHttpResponse(_streamed(context, unit, form, chosen), content_type=MEDIA_TYPES[form])
    name = f"trail-{unit.code}{f'-{chosen}' if chosen else ''}.{form}"
    answer["Content-Disposition"] = to_save(name)
    return answer


trail_export.own_transaction = True  # type: ignore[attr-defined]


def _seen(code: str, grant: RoleGrant) -> Unit:
    """A unit with a trail below the viewer's own; 404 for any other."""
    unit = Unit.objects.filter(code=code, path__startswith=grant.tenant.path).first()
    if unit is None or not unit.is_tenant:
        raise Http404
    return unit


def _streamed(context: Context, unit: Unit, form: str, year: int | None) -> Iterator[bytes]:
    with within(context):
        yield from FORMATS[form](lines_in(unit, year))
