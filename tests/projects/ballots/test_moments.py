"""A head of the trail is taken at the moments of a vote that somebody may later want to have been otherwise."""

from __future__ import annotations

from workflow.audit import hooks
from workflow.audit.heads import WHY
from workflow.flows.base import flows
from workflow.machines.graph import arrows, machines


def test_opening_closing_counting_signing_declaring_publishing_and_handing_over_are_moments_and_acts_there_are():
    marked = {action: why for action, why in hooks._moments.items() if not action.startswith("test.")}
    assert (
        set(marked.values())
        == {"open", "close", "count", "certify", "declare", "publish", "archive"}
        <= set(WHY)
    )
    known = {f"{model.kind}.{arrow.name}" for model in machines() for arrow in arrows(model)}
    known |= {node.key for flow in flows() for node in flow.steps()}
    assert set(marked) <= known, "a moment nothing ever reaches"
