"""The administrator's page of backups: the last ones, the last drills, and what is due."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from projects.site.backups.telling import standing_of
from workflow.administration.accounts import is_admin
from workflow.administration.views import admin_grant
from workflow.audit.stamping import Asking, asking_of
from workflow.roles.models import RoleGrant


def oversees_all(grant: RoleGrant) -> bool:
    """An administrator of the whole installation: of the unit nothing is above."""
    return is_admin(grant) and grant.tenant.parent_id is None


@login_required
@never_cache
@require_safe
def backups(request: HttpRequest) -> HttpResponse:
    """How backups, drills and time stamps stand; what is done about them is done at the command line."""
    grant = admin_grant(request)
    if not oversees_all(grant):
        raise PermissionDenied(_("备份由全系统的管理员负责。"))
    asking: Asking | None = asking_of() if settings.TSA_URL else None
    standing = standing_of(grant.tenant)
    context: dict[str, Any] = {
        "standing": standing,
        "warnings": standing.warnings(timezone.now()),
        "kept": settings.BACKUPS_KEPT,
        "term": settings.BACKUP_KEPT_DAYS,
        "asking": asking,
    }
    return render(request, "site/backups.html", context)
