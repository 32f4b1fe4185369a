"""The processes of a flow on a record: which there are, which still run, and calling those off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Q, QuerySet
from viewflow.workflow.models import Process
from viewflow.workflow.status import PROCESS

from workflow.audit.services import Act
from workflow.flows.base import OfficeFlow, flows
from workflow.flows.models import Deadline
from workflow.flows.services import busy_if_locked, cancel_flow
from workflow.machines.models import Record


def processes(flow: type, subject: Record) -> QuerySet[Process]:
    """Every process of a flow on a record."""
    kind = ContentType.objects.get_for_model(type(subject))
    return Process.objects.filter(flow_class=flow, artifact_content_type=kind, artifact_object_id=subject.pk)


def running(flow: type, subject: Record) -> QuerySet[Process]:
    """Those that are neither ended nor called off."""
    return processes(flow, subject).filter(status=PROCESS.NEW)


def hold(flow: type, subject: Record) -> None:
    """Lock every running process of a flow on a record for the act in hand, as a task of it is held: before any record."""
    with busy_if_locked():
        list(running(flow, subject).select_for_update(of=("self",), no_key=True).order_by("pk"))


def call_off(
    flow: type, subject: Record, act: Act, *, reason: str, told: Mapping[str, Any] | None = None
) -> None:
    """End every running process of a flow on a record. told: what the trail says of it besides."""
    for process in running(flow, subject):
        cancel_flow(process, act, reason=reason, told=told)


def ending_with(about: Record) -> QuerySet[Deadline]:
    """The open tasks about a record that end with it: all but those of flows that outlast it."""
    waiting = Deadline.objects.filter(about=about.reference, done_at=None, cancelled=False)
    return waiting.exclude(task__process__flow_class__in=_outlasting())


def _outlasting() -> list[type[OfficeFlow]]:
    return [flow for flow in flows() if flow.outlasts]


def call_off_all(about: Record, act: Act, *, reason: str) -> int:
    """End every running process on a record, and every one with a task that ends with it; how many."""
    kind = ContentType.objects.get_for_model(type(about))
    on_it = Q(artifact_content_type=kind, artifact_object_id=about.pk)
    found = Process.objects.filter(
        on_it | Q(pk__in=ending_with(about).values("task__process")), status=PROCESS.NEW
    )
    called_off = list(found.order_by("-pk"))
    for process in called_off:
        cancel_flow(process, act, reason=reason)
    return len(called_off)


@contextmanager
def begun_anew(flow: type[OfficeFlow], subject: Record, act: Act, *, reason: str) -> Iterator[None]:
    """Hold the running process of a flow for a block, then call it off and begin it again where its subject now stands.

    Whoever waited for the old one waits for the new one, and whoever began that has begun this. The flow is locked before
    any record, as every task does.
    """
    process = running(flow, subject).select_related("parent_task").get()
    with transaction.atomic(), flow.lock(process.pk):
        yield
        cancel_flow(process, act, reason=reason)
        flow.begin(subject, parent=process.parent_task, instead_of=process)
