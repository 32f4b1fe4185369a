"""The kinds of node our flows are drawn with; viewflow's own are used unmodified underneath."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.timezone import now
from django.utils.translation import gettext_lazy
from viewflow import this
from viewflow.workflow import nodes
from viewflow.workflow.activation import Activation
from viewflow.workflow.base import Edge, Node
from viewflow.workflow.models import Task
from viewflow.workflow.nodes import mixins
from viewflow.workflow.nodes.if_gate import IfActivation
from viewflow.workflow.nodes.split import SplitActivation
from viewflow.workflow.nodes.view import ViewActivation
from viewflow.workflow.signals import task_finished
from viewflow.workflow.status import STATUS
from viewflow.workflow.token import Token

from workflow.flows.forms import MeetingForm, MinutesForm, StepForm
from workflow.flows.meetings import Standard
from workflow.flows.waking import wake_for_job
from workflow.people.models import Unit, User
from workflow.people.prepared import PreparedUpdate

if TYPE_CHECKING:
    from workflow.flows.base import OfficeFlow

Text = str | Promise
Barring = Callable[[Sequence[Any]], Callable[[Any, User], Sequence[str]]]
Foretold = Callable[[Any], bool | None]

_DONE = PreparedUpdate(
    lambda task_id, **done: (Task.objects.filter(pk=task_id), done),
    task_id=-1,
    owner_id=-2,
    status="\0status",
    started=datetime.min.replace(tzinfo=UTC),
    finished=datetime.max.replace(tzinfo=UTC),
)


class OfficeActivation(ViewActivation):
    """A human task: opens with its deadline, and may go back along a modelled edge."""

    goto: str = ""

    @classmethod
    def create(
        cls, flow_task: Node, prev_activation: Any, token: Any, data: Any = None, seed: Any = None
    ) -> Any:
        activation = super().create(flow_task, prev_activation, token, data=data, seed=seed)
        activation.flow_class.open_deadline(activation)
        return activation

    @Activation.status.transition(source=STATUS.STARTED, target=STATUS.DONE)
    def complete(self) -> None:
        """As the library's own, writing only what completing changes."""
        self.task.finished = now()
        _DONE.apply(
            task_id=self.task.pk,
            owner_id=self.task.owner_id,
            status=self.task.status,
            started=self.task.started,
            finished=self.task.finished,
        )
        task_finished.send(sender=self.flow_class, process=self.process, task=self.task)

    @Activation.status.transition(source=STATUS.DONE)
    def create_next(self) -> Iterator[Any]:
        if self.goto:
            yield self.flow_class.instance.node(self.goto)._create(self, self.task.token)
        elif self.flow_task._next:
            yield self.flow_task._next._create(self, self.task.token)


class OfficeView(nodes.View):
    """A step of a person in an office.

    office: the role code; seat: subject, item → the unit it is held at (default: the subject's unit).
    form: a StepForm; act: the service, called as act(act, subject, **cleaned) → Outcome | None.
    obstacles: subject, at → reasons why it cannot be done yet. irreversible: asks to check before it is confirmed.
    barred: the subjects of a page → subject, person → reasons why this very person may not do it, though in office; what that
    is told by is read for all of them at once, and the service refuses by the same.
    what_follows: subject → what comes after it in sentences, where figures or another branch decide that and the steps its
    flow could go on to would tell too much; empty leaves it to them.
    then: what comes after it where no step does, in a sentence for its page and, unless it is declined, for its done page.
    basis: the article or rule the step rests on; output: the paper it leaves. to: subject, item → the one person.
    body: the body whose decision is recorded, where the office only keeps the record (congress).
    page: a template with the figures this step needs to see. context: subject → variables for it.
    handed_out: a template for the confirmation, of what the step made to be taken away; handed_told: subject, the grant of
    whoever looks → what the template finds as `handed`.
    in_person: asks the actor for their own password again; the door that has checked it says so to `complete`.
    outside: whoever outside the offices the service may give the matter back to (a proposer), for the seat table.
    closes: it ends what the others of its day belong to (a session), and lists have it after them.
    begins: the step of another flow its service makes somebody's turn, where it is agreed to, for what may follow.
    gives_back: the step of another flow by which it gives back what it finds wrong (an audit its problems), for the same.
    undo: the counter-act of a step that may be taken back, undo(act, subject, done=its entry, reason=…, item=…); None
    for one that may not. It may refuse. undo_past: the names of jobs of the flow behind the step whose work it undoes.
    stays: why nobody takes it back, a sentence shown to whoever did it. Every step has one of the two, unless it is
    irreversible, in person or a body's.
    second: of an irreversible step that another person confirms or sends back, that in a sentence for the page that asks.
    """

    activation_class = OfficeActivation

    def __init__(
        self,
        *,
        office: str,
        title: Text,
        act: Callable[..., Any],
        form: type[StepForm] = StepForm,
        seat: Callable[[Any, dict[str, Any]], Unit] | None = None,
        to: Callable[[Any, dict[str, Any]], User | None] | None = None,
        obstacles: Callable[..., Sequence[str]] | None = None,
        barred: Barring | None = None,
        what_follows: Callable[[Any], Sequence[str]] | None = None,
        on_return: Callable[..., Any] | None = None,
        basis: Text = "",
        output: Text = "",
        hint: Text = "",
        irreversible: bool = False,
        in_person: bool = False,
        body: str = "",
        page: str = "",
        context: Callable[[Any], dict[str, Any]] | None = None,
        step: int | None = None,
        outside: Text = "",
        gives_back: Callable[[], OfficeView] | None = None,
        undo: Callable[..., Any] | None = None,
        undo_past: Sequence[str] = (),
        stays: Text = "",
        handed_out: str = "",
        handed_told: Callable[..., dict[str, Any]] | None = None,
        begins: OfficeView | None = None,
        second: Text = "",
        then: Text = "",
        closes: bool = False,
    ) -> None:
        super().__init__(view=None)
        settled = irreversible or in_person or isinstance(self, MeetingView)
        if sum(map(bool, (undo, stays, settled))) != 1:
            raise ValueError(
                f"{title}: is taken back, says why not, or is irreversible, in person or a body's"
            )
        self.undo, self.undo_past, self.stays = undo, tuple(undo_past), stays
        self.handed_out, self.handed_told, self.begins = handed_out, handed_told, begins
        self.second, self.then = second, then
        self.office, self.task_title, self.act, self.form = office, title, act, form
        self.seat, self.to, self.obstacles, self.on_return = seat, to, obstacles, on_return
        self.barred, self.what_follows = barred, what_follows
        self.basis, self.output, self.hint, self.irreversible = basis, output, hint, irreversible
        self.body, self.page, self.context, self._step = body, page, context, step
        self.outside, self.gives_back, self.in_person, self.closes = outside, gives_back, in_person, closes
        self._returns: list[Any] = []
        self.returns_at_join = self.returns_by_outcome = False

    def Returns(self, *targets: Any, at_join: bool = False, by_outcome: bool = False) -> OfficeView:
        """The nodes this step may send the matter back to, with a written reason.

        at_join: the step runs beside others. Its return is recorded like any other, but the token goes on to the join,
        which would wait for it for ever; the gate behind the join takes the way back.
        by_outcome: the service alone takes this way, where what the step finds asks for it; nobody sends back by hand.
        """
        self._returns, self.returns_at_join, self.returns_by_outcome = list(targets), at_join, by_outcome
        return self

    @property
    def may_send_back(self) -> bool:
        """Whether whoever does the step may send the matter back instead, with a reason."""
        return bool(self._returns) and not self.returns_by_outcome

    def _resolve(self, instance: Any) -> None:
        super()._resolve(instance)
        self._returns = [this.resolve(instance, target) for target in self._returns]

    def _outgoing(self) -> Iterator[Edge]:
        yield from super()._outgoing()
        for target in self._returns:
            yield Edge(src=self, dst=target, edge_class="default", label="退回")

    @property
    def key(self) -> str:
        """The task's name in the rulebook: room.task."""
        return f"{self.flow_class.room}.{self.name}"

    @property
    def step(self) -> int | None:
        return self._step or self.flow_class.step

    @property
    def returns(self) -> list[OfficeView]:
        return self._returns

    def seat_of(self, subject: Any, item: dict[str, Any]) -> Unit:
        return self.seat(subject, item) if self.seat else subject.unit

    def calc_owner_permission(self, activation: Any) -> str:
        return self.office

    def calc_owner_permission_obj(self, activation: Any) -> Unit:
        return self.seat_of(activation.process.artifact, activation.task.data)

    def calc_owner(self, activation: Any) -> User | None:
        return self.to(activation.process.artifact, activation.task.data) if self.to else None


class MeetingView(OfficeView):
    """A step a body decides: attendance, votes and minutes are recorded, and no single member completes it.

    members: subject → how many members the body has, where they are not holders of an office (the congress).
    standard: subject → what the decision takes, where the body's own rules may say otherwise than the law.
    findings: what the record says that it came to, where the body agreed and where it did not.
    The service is handed the `meeting`; whether it agreed is `meeting.agreed`.
    """

    def __init__(
        self,
        *,
        form: type[MinutesForm] = MeetingForm,
        members: Callable[[Any], int] | None = None,
        standard: Callable[[Any], Standard] | None = None,
        findings: tuple[Text, Text] = (gettext_lazy("会议同意。"), gettext_lazy("会议未通过。")),
        **kwargs: Any,
    ) -> None:
        super().__init__(form=form, **kwargs)
        self.members_of, self.standard_of, self.findings = members, standard, findings

    @property
    def may_send_back(self) -> bool:
        """Never by hand: a return is the body's decision too."""
        return False

    @property
    def deciding(self) -> str:
        """The office code of the body whose members are counted."""
        return self.body or self.office


class GateActivation(IfActivation):
    """A gate's row is written once, when it has been passed: nobody could meet it in between."""

    @classmethod
    def create(
        cls, flow_task: Node, prev_activation: Any, token: Any, data: Any = None, seed: Any = None
    ) -> Any:
        task = flow_task.flow_class.task_class(
            process=prev_activation.process, flow_task=flow_task, token=token, data=data or {}, seed=seed
        )
        activation = cls(task)
        activation.came_from = prev_activation.task
        return activation

    @Activation.status.super()
    def activate(self) -> None:
        self._condition_result = self.flow_task._condition(self)

    @Activation.status.super()
    def complete(self) -> None:
        super().complete.original()
        self.task.previous.add(self.came_from)

    # The library keeps activations in sets by their row, which is not there yet.
    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


class Gate(nodes.If):
    """Which way on; reads the machines' result and repeats no rule.

    foretold: what the flow is about, before the step that leads here is done → whether the condition will hold then; None
    where that step decides it. Pages tell by it what may follow; the flow itself never asks. withheld: the answer gives away
    what that step announces, so that nobody is told but whoever does it.
    """

    activation_class = GateActivation

    def __init__(
        self, condition: Callable[[Any], Any], *, foretold: Foretold | None = None, withheld: bool = False
    ) -> None:
        super().__init__(condition)
        self._foretold, self.withheld = foretold, withheld

    def ways_of(self, subject: Any, *, doing: bool) -> list[Any]:
        """The nodes this subject may go on to, asked before the step at the gate is done; doing: by whoever does it."""
        answer = self._foretold(subject) if self._foretold and (doing or not self.withheld) else None
        if answer is None:
            return [self._on_true, self._on_false]
        return [self._on_true if answer else self._on_false]


class RuleGate(Gate):
    """Which way its rulebook, or how it stands, sends what the flow is about; known before anybody acts: pages foretell it.

    question: what the flow is about → whether it is so, before the step at the gate as after it.
    """

    def __init__(self, question: Callable[[Any], bool]) -> None:
        super().__init__(lambda activation: question(activation.process.artifact), foretold=question)


class Switch(nodes.Switch):
    """The first case that holds; a case may be foretold as a gate's condition is."""

    def __init__(self) -> None:
        super().__init__()
        self._foretold: list[Foretold | None] = []

    def Case(
        self, node: Any, cond: Callable[[Any], Any] | None = None, *, foretold: Foretold | None = None
    ) -> Switch:
        super().Case(node, cond)
        self._foretold.append(foretold)
        return self

    def Default(self, node: Any) -> Switch:
        return self.Case(node)

    def ways_of(self, subject: Any, *, doing: bool) -> list[Any]:
        """As a gate's; no case withholds anything from who does not do the step."""
        found = []
        for (node, condition), foretold in zip(self._branches, self._foretold, strict=True):
            answer = foretold(subject) if foretold else None if condition else True
            if answer is not False:
                found.append(node)
            if answer:
                break
        return found


class EachSplitActivation(SplitActivation):
    """Gives every item a token of its own, so that the join waits for all of them."""

    def activate(self) -> None:
        self.next_tasks = [(self.flow_task._each, item) for item in self.flow_task.items_of(self)]

    activate = Activation.status.super()(activate)

    @Activation.status.super()
    def create_next(self) -> Iterator[Any]:
        source = Token.split_token_source(self.task.token, self.task.pk)
        if not self.next_tasks:
            yield self.flow_task._none._create(self, next(source))
        for node, item in self.next_tasks:
            yield node._create(self, next(source), data=item)


class EachSplit(Node):
    """One task per item: `EachSplit(items).Each(this.node).Empty(this.join)`; items: subject → list of dicts of ids."""

    activation_class = EachSplitActivation
    task_type = "SPLIT"
    bpmn_element = "parallelGateway"
    shape = nodes.Split.shape

    def __init__(self, items: Callable[[Any], Iterable[dict[str, Any]]]) -> None:
        super().__init__()
        self._items = items
        self._each: Any = None
        self._none: Any = None

    def Each(self, node: Any) -> EachSplit:
        self._each = node
        return self

    def Empty(self, node: Any) -> EachSplit:
        """Where to go when there is no item at all."""
        self._none = node
        return self

    def _resolve(self, instance: Any) -> None:
        self._each, self._none = this.resolve(instance, self._each), this.resolve(instance, self._none)

    def _outgoing(self) -> Iterator[Edge]:
        yield Edge(src=self, dst=self._each, edge_class="next")
        if self._none:
            yield Edge(src=self, dst=self._none, edge_class="next")

    def items_of(self, activation: Any) -> list[dict[str, Any]]:
        return list(self._items(activation.process.artifact))


class WaitingActivation(mixins.NextNodeActivationMixin, Activation):
    """Starts something and waits until it is told to go on."""

    @Activation.status.transition(source=STATUS.NEW, target=STATUS.SCHEDULED)
    def activate(self) -> None:
        self.task.started = now()
        self.task.save()
        self.flow_task.launch(self)

    # From STARTED alone: viewflow completes at once whatever may be completed after it was activated.
    @Activation.status.transition(source=STATUS.STARTED, target=STATUS.DONE)
    def complete(self) -> None:
        super().complete.original()

    @Activation.status.transition(source=STATUS.SCHEDULED, target=STATUS.STARTED)
    def wake(self) -> None:
        """What was waited for has happened."""

    def resume(self) -> None:
        """Go on to the next node."""
        self.wake()
        self.complete()
        self.activate_next()

    @Activation.status.transition(source=STATUS.SCHEDULED, target=STATUS.CANCELED)
    def cancel(self) -> None:
        self.task.finished = now()
        self.task.save()


class SubFlow(mixins.NextNodeMixin, Node):
    """Runs another flow on the same subject and goes on when that one has ended."""

    activation_class = WaitingActivation
    task_type = "SUBPROCESS"
    bpmn_element = "callActivity"
    shape = nodes.Function.shape

    def __init__(self, flow: Callable[[], type[OfficeFlow]], title: Text) -> None:
        super().__init__()
        self._flow, self.task_title = flow, title

    @property
    def child(self) -> type[OfficeFlow]:
        return self._flow()

    def launch(self, activation: Any) -> None:
        """Begin the child; its end finds the way back by the process's parent task."""
        self.child.begin(activation.process.artifact, parent=activation.task)


class BeginFlows(nodes.Function):
    """Begins other flows on the same subject; they go their own way, and nobody waits for them.

    flows: subject → which. Pages ask it before the step that leads here is done, and tell what they begin with; of those
    it has begun the processes are kept with its task.
    """

    BEGUN = "begun"

    def __init__(self, flows: Callable[[Any], Iterable[type[OfficeFlow]]]) -> None:
        super().__init__(self._begin)
        self.flows_of = flows

    def _begin(self, activation: Any) -> None:
        subject = activation.process.artifact
        begun = [flow.begin(subject).pk for flow in self.flows_of(subject)]
        activation.task.data = {**activation.task.data, self.BEGUN: begun}

    def begun_by(self, task: Task) -> list[int]:
        """The keys of the processes a task of this node has begun."""
        found: list[int] = task.data.get(self.BEGUN, [])
        return found


class CeleryJob(mixins.NextNodeMixin, Node):
    """Work a worker does after the act is committed: work(subject, act) → None, safe to run twice.

    The message only wakes the worker; a job whose message was lost is found by the sweep and sent again.
    """

    activation_class = WaitingActivation
    task_type = "JOB"
    bpmn_element = "serviceTask"
    shape = nodes.Function.shape

    def __init__(self, work: Callable[..., None], title: Text) -> None:
        super().__init__()
        self.work, self.task_title = work, title

    def launch(self, activation: Any) -> None:
        task_id = activation.task.pk
        transaction.on_commit(lambda: wake_for_job(task_id))


class OfficeEnd(nodes.End):
    """The end of a flow; a flow that was begun by another's SubFlow wakes that one."""

    class activation_class(nodes.End.activation_class):
        @Activation.status.super()
        def activate(self) -> None:
            super().activate.original()
            if self.process.finished and self.process.parent_task_id:
                self.flow_class.resume(self.process.parent_task_id)
