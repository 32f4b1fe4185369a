"""The base of every flow: one lock, one way to begin, one way to open a deadline."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, ClassVar

from viewflow.workflow import Flow, nodes
from viewflow.workflow.lock import SelectForUpdateLock
from viewflow.workflow.models import Process, Task

from workflow.calendar.offsets import DueDate
from workflow.flows.acting import current_act
from workflow.flows.models import Deadline
from workflow.flows.nodes import OfficeView

BEGUN_BY, BEGUN_AT = "begun_by", "begun_at"


class OfficeFlow(Flow):
    """A flow of offices on one subject (viewflow's `artifact`).

    room: the rulebook's prefix of its tasks; step: which of the six steps, None where it belongs to none.
    not_at: the kinds of units that know no such matter. outlasts: it goes on when what its subject is about ends.
    The default lock of the library is no lock at all: two users completed one task and the next step ran twice.
    """

    lock_impl = SelectForUpdateLock(nowait=False, attempts=1)
    room: ClassVar[str] = ""
    not_at: ClassVar[frozenset[str]] = frozenset()
    step: ClassVar[int | None] = None
    outlasts: ClassVar[bool] = False

    start: Any = None

    @classmethod
    def begin(
        cls,
        subject: Any,
        *,
        parent: Task | None = None,
        instead_of: Process | None = None,
        item: Mapping[str, Any] | None = None,
    ) -> Process:
        """Start the flow on a saved subject, inside `acting(...)` and a transaction.

        parent: the task that waits for it. instead_of: the process it takes the place of: whoever began that one has
        begun it. item: ids and words the process and its first task carry.
        """
        start = cls.instance.node("start")
        activation = start.activation_class.create(start, None, None, data=dict(item) if item else None)
        activation.process.artifact = subject
        # Its gates and jobs belong to nobody's seat: the database shows them where the subject is at home.
        activation.process.data = {**(item or {}), "unit": subject.unit_id} | _begun_by(parent, instead_of)
        activation.process.parent_task = parent
        activation.execute()
        return activation.process

    @classmethod
    def resume(cls, task_id: int) -> None:
        """Let a waiting node go on (its child flow ended, or its job is done)."""
        task = Task.objects.select_related("process").get(pk=task_id)
        with task.flow_task.flow_class.lock(task.process_id):
            task.refresh_from_db()
            task.flow_task.activation_class(task).resume()

    @classmethod
    def due(cls, node: OfficeView, subject: Any, opened_on: date) -> DueDate | None:
        """When a task opened on a day is due; None for no term. The domain's flows override it."""
        return None

    @classmethod
    def year_of(cls, subject: Any) -> int | None:
        """The project year a subject belongs to."""
        return None

    @classmethod
    def open_deadline(cls, activation: Any) -> None:
        """The deadline row beside a new human task; its clock starts with the act that made it possible."""
        act, subject, node = current_act(), activation.process.artifact, activation.flow_task
        due = cls.due(node, subject, act.on)
        Deadline.objects.create(
            task=activation.task,
            unit_id=subject.unit_id,
            seat_id=int(activation.task.owner_permission_obj_pk),
            office=node.office,
            key=node.key,
            step=node.step,
            year=cls.year_of(subject),
            subject=subject.reference,
            about=subject.about or subject.reference,
            label=subject.label[:200],
            opened_on=act.on,
            due_on=due.on if due else None,
            provisional=bool(due and due.provisional),
            started_by=act.actor,
            begun_by_id=activation.process.data.get(BEGUN_BY),
        )

    @classmethod
    def steps(cls) -> list[OfficeView]:
        """The human steps in the order they are declared."""
        return [node for node in cls.instance.nodes() if isinstance(node, OfficeView)]


def _begun_by(parent: Task | None, instead_of: Process | None) -> dict[str, Any]:
    """Who has begun a process of their own accord and when, to be kept with it; nothing where a task, a job or a resident
    did. The moment is the act's own: by it the page that ends the act finds what it has begun (`begun_at`)."""
    if instead_of is not None:
        return {BEGUN_BY: instead_of.data[BEGUN_BY]} if BEGUN_BY in instead_of.data else {}
    act = current_act()
    if parent is not None or not act.of_own_accord:
        return {}
    return {BEGUN_BY: act.person.pk, BEGUN_AT: begun_at(act.at)}


def begun_at(at: datetime) -> str:
    """The moment of an act as a process that it has begun keeps it."""
    return at.astimezone(UTC).isoformat()


def flows() -> list[type[OfficeFlow]]:
    """Every concrete flow that has been imported, by room and name."""
    found: list[type[OfficeFlow]] = []
    queue = list(OfficeFlow.__subclasses__())
    while queue:
        flow = queue.pop()
        queue.extend(flow.__subclasses__())
        if isinstance(flow.instance.node("start", no_obsolete=True), nodes.StartHandle):
            found.append(flow)
    return sorted(found, key=lambda f: (f.step or 9, f.room, f.__name__))


def Begin() -> nodes.StartHandle:
    """A flow's start, begun by code alone."""
    return nodes.StartHandle()
