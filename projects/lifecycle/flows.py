"""The year: six flows, one after the other, and the arrow of the cycle between them (rules.md §1)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from viewflow import this
from viewflow.workflow import nodes

from projects.collection.flows import CollectionFlow
from projects.cycles.flows import YearlyFlow
from workflow.flows.acting import current_act
from workflow.flows.base import Begin
from workflow.flows.nodes import OfficeEnd, SubFlow
from workflow.machines.services import fire


def _move(arrow: str) -> Any:
    """A node's work: fire the cycle's arrow as part of the act that ended the step before."""

    def work(activation: Any) -> None:
        fire(activation.process.artifact, arrow, current_act())

    return work


class YearFlow(YearlyFlow):
    """年度流程"""

    room = "lifecycle"
    process_title = _("年度流程")

    start = Begin().Next(this.collection)
    collection = SubFlow(lambda: CollectionFlow, _("征集")).Next(this.to_selection)
    to_selection = nodes.Function(_move("begin_selection")).Next(this.end)
    end = OfficeEnd()
