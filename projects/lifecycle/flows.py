"""The year: six flows, one after the other, and the arrow of the cycle between them (rules.md §1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _
from viewflow import this
from viewflow.workflow import nodes

from projects.collection.flows import CollectionFlow
from projects.cycles.flows import YearlyFlow
from projects.deliberation.flows import DeliberationFlow
from projects.deliberation.selectors import is_method_at_desk
from projects.evaluation.flows import EvaluationFlow
from projects.selection.flows import SelectionFlow
from projects.supervision.flows.year import SupervisionFlow
from projects.voting.flows import VotingFlow
from workflow.flows.acting import current_act
from workflow.flows.base import Begin
from workflow.flows.nodes import Gate, OfficeEnd, SubFlow
from workflow.machines.services import fire


def _move(arrow: str) -> Callable[[Any], None]:
    """A node's work: fire the cycle's arrow as part of the act that ended the step before."""

    def work(activation: Any) -> None:
        fire(activation.process.artifact, arrow, current_act())

    return work


def _method_is_put(activation: Any) -> bool:
    return is_method_at_desk(activation.process.artifact)


class YearFlow(YearlyFlow):
    """年度流程

    Steps 5 and 6 meet where the government reports on completion: that act itself moves the cycle to evaluation.
    """

    room = "lifecycle"
    process_title = _("年度流程")

    start = Begin().Next(this.collection)
    collection = SubFlow(lambda: CollectionFlow, _("征集")).Next(this.to_selection)
    to_selection = nodes.Function(_move("begin_selection")).Next(this.selection)
    selection = SubFlow(lambda: SelectionFlow, _("初定")).Next(this.to_deliberation)
    to_deliberation = nodes.Function(_move("begin_deliberation")).Next(this.deliberation)
    deliberation = SubFlow(lambda: DeliberationFlow, _("审议")).Next(this.method_put)
    # By ballot the 票决办法 goes over the desk first; the deliberation then ends, or the presidium settles it anew.
    method_put = Gate(_method_is_put).Then(this.method).Else(this.to_voting)
    method = SubFlow(lambda: VotingFlow, _("票决办法投票表决")).Next(this.deliberation)
    to_voting = nodes.Function(_move("begin_vote")).Next(this.voting)
    voting = SubFlow(lambda: VotingFlow, _("票决")).Next(this.to_supervision)
    to_supervision = nodes.Function(_move("begin_supervision")).Next(this.supervision)
    supervision = SubFlow(lambda: SupervisionFlow, _("监督")).Next(this.evaluation)
    evaluation = SubFlow(lambda: EvaluationFlow, _("评估")).Next(this.end)
    end = OfficeEnd()
