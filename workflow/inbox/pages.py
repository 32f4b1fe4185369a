"""What a step's page shows around its form: what comes next, and who it is with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from workflow.flows.events import Event
from workflow.flows.models import Deadline
from workflow.flows.nodes import BeginFlows, EachSplit, Gate, OfficeEnd, OfficeView, SubFlow, Switch
from workflow.flows.services import able_for_each
from workflow.people.models import Unit, User
from workflow.people.saying import listed
from workflow.people.wording import worded
from workflow.roles import registry
from workflow.roles.selectors import holders_of

NAMED = 3  # of people and of tasks beside one: as many are told by name


@dataclass(frozen=True)
class Next:
    """A step that may follow, with whom; without an office a sentence on what does."""

    title: str
    office: str = ""
    names: str = ""


def next_steps(
    node: Any,
    subject: Any,
    today: date,
    process: Any = None,
    *,
    doing: bool = True,
    back: bool = False,
    said: Sequence[str] = (),
) -> list[Next]:
    """The human steps that may follow a task; of a gate's ways those that are open to the subject. Of an act without a
    task what it says itself, else the step in which a second person answers.

    process: the task's own; where its flow ends, the flow that waits for it goes on. Empty where none does.
    doing: whether it is whoever does the task that reads this; others are told no more than they may know (`Gate`).
    back: what is entered sends the matter back, and the steps are those it may return to. said: in sentences, what follows
    what is entered; where there are none the step itself may have some (`OfficeView.what_follows`).
    """
    if not said and not back and isinstance(node, OfficeView) and node.what_follows:
        said = node.what_follows(subject)
    if said:
        return [Next(worded(sentence, subject.unit)) for sentence in said]
    if isinstance(node, (Event, OfficeView)) and node.then and not back:
        return [Next(worded(node.then, subject.unit))]
    if isinstance(node, Event):
        following: Iterable[OfficeView] = node.asks.steps()[:1] if node.asks else ()
    else:
        following = node.returns if back else _following(node, process, doing)
    return [
        Next(
            worded(step.task_title, subject.unit),
            registry.title_of(step.office, subject.unit),
            _names(step, subject, today),
        )
        for step in following
    ]


@dataclass(frozen=True)
class _Way:
    """Where a walk along a flow is, and for whom: what the flow is about (None: not known), the task of another that waits
    for its end."""

    doing: bool
    subject: Any = None
    waiting: Any = None

    @classmethod
    def along(cls, process: Any, doing: bool) -> _Way:
        return cls(doing, process.artifact, process.parent_task)

    def out_of(self, node: Any) -> list[tuple[Any, _Way]]:
        return [(edge.dst, self) for edge in node._outgoing()]


def _following(node: Any, process: Any, doing: bool) -> Iterator[OfficeView]:
    way = _Way.along(process, doing) if process is not None else _Way(doing)
    begun = [node.begins] if node.begins else []
    ahead = [*begun, *(edge.dst for edge in node._outgoing() if edge.label is None)]
    seen, queue = set(), [(step, way) for step in ahead]
    while queue:
        step, way = queue.pop(0)
        if id(step) in seen:
            continue
        seen.add(id(step))
        if isinstance(step, OfficeView):
            yield step
        else:
            queue.extend(_beyond(step, way))


def _beyond(step: Any, way: _Way) -> list[tuple[Any, _Way]]:
    """Where it goes on from a node that is nobody's turn."""
    if isinstance(step, OfficeEnd) and way.waiting:
        return _Way.along(way.waiting.process, way.doing).out_of(way.waiting.flow_task)
    if isinstance(step, SubFlow):
        return way.out_of(step.child.instance.node("start"))
    if isinstance(step, Gate | Switch) and way.subject is not None:
        return [(node, way) for node in step.ways_of(way.subject, doing=way.doing)]
    if isinstance(step, EachSplit):
        return [(step._each, way)]  # the way for no item at all is not what follows
    begun = step.flows_of(way.subject) if isinstance(step, BeginFlows) and way.subject is not None else ()
    starts = [_Way(way.doing, way.subject).out_of(flow.instance.node("start")) for flow in begun]
    return [*way.out_of(step), *(ahead for start in starts for ahead in start)]


def _names(step: OfficeView, subject: Any, today: date) -> str:
    """Who of the office may do the step as the matter stands now; "" where a body does it, or another unit."""
    if step.seat or registry.office(step.office).body:
        return ""
    unit: Unit = subject.unit
    holders = holders_of(step.office, unit, today)
    reasons = step.barred([subject]) if step.barred is not None else lambda *_asked: ()
    return _first_named([one for one in holders if not reasons(subject, one)])


def who_may_do(deadlines: Iterable[Deadline], on: date) -> dict[int, str]:
    """Whose each of these open tasks is on a day, by its id: whoever has claimed it, else who may; none where a body does
    it. Tasks with their owners."""
    of_people = [one for one in deadlines if not registry.office(one.office).body]
    claimed = {one.pk: one.task.owner.name for one in of_people if one.task.owner}
    able = able_for_each([one for one in of_people if one.pk not in claimed], on)
    return claimed | {pk: _first_named(people) for pk, people in able.items()}


def _first_named(people: Sequence[User]) -> str:
    """The first few of these people by name, and how many they are where they are more."""
    told = listed(user.name for user in people[:NAMED])
    return told if len(people) <= NAMED else _("%(names)s等 %(n)s 人") % {"names": told, "n": len(people)}
