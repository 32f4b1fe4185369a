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
