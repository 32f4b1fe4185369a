"""Celery's door into the backups: one each night."""

from __future__ import annotations

import logging

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from projects.site.backups.making import Afterwards, back_up
from projects.site.backups.programs import Unusable
from projects.site.backups.rotation import Keep

log = logging.getLogger(__name__)


@shared_task
def make_backup() -> str:
    """Make a backup and rotate; its name, empty where none was made: then the administrator's page warns."""
    try:
        made, _gone = back_up(settings.BACKUPS_DIR, Keep(*settings.BACKUPS_KEPT), at=timezone.now())
    except Unusable as refused:
        log.error("no backup: %s", refused)
        return ""
    except Afterwards as failed:
        log.error("after a backup: %s", failed)
        return failed.made.name
    return made.name
