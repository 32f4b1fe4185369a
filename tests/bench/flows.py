"""The smallest flow the library can run, for comparison."""

from viewflow import this
from viewflow.workflow import Flow, nodes
from viewflow.workflow.lock import SelectForUpdateLock


class BareFlow(Flow):
    """One task, nothing checked, nothing written down."""

    lock_impl = SelectForUpdateLock(nowait=False, attempts=1)

    start = nodes.StartHandle().Next(this.work)
    work = nodes.View(None).Next(this.more)
    more = nodes.View(None).Next(this.end)
    end = nodes.End()


class GatedFlow(Flow):
    """One task and the gate behind it, the nodes a returned proposal goes through; still nothing checked."""

    lock_impl = SelectForUpdateLock(nowait=False, attempts=1)

    start = nodes.StartHandle().Next(this.work)
    work = nodes.View(None).Next(this.gate)
    gate = nodes.If(lambda activation: activation.process.data["more"]).Then(this.more).Else(this.end)
    more = nodes.View(None).Next(this.end)
    end = nodes.End()
