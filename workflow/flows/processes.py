"""The processes of a flow on a record: which there are, which still run, and calling those off."""

from __future__ import annotations

from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet
from viewflow.workflow.models import Process
from viewflow.workflow.status import PROCESS

from workflow.audit.services import Act
from workflow.flows.services import cancel_flow
from workflow.machines.models import Record


def processes(flow: type, subject: Record) -> QuerySet[Process]:
    """Every process of a flow on a record."""
    kind = ContentType.objects.get_for_model(type(subject))
    return Process.objects.filter(flow_class=flow, artifact_content_type=kind, artifact_object_id=subject.pk)


def running(flow: type, subject: Record) -> QuerySet[Process]:
    """Those that are neither ended nor called off."""
    return processes(flow, subject).filter(status=PROCESS.NEW)


def call_off(flow: type, subject: Record, act: Act, *, reason: str) -> None:
    """End every running process of a flow on a record."""
    for process in running(flow, subject):
        cancel_flow(process, act, reason=reason)
