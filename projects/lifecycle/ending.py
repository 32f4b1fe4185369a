"""终止年度: a year that will not come to its vote is ended by the presidium's decision, as before a merging or a 街道."""

from __future__ import annotations

from typing import Any

from projects.cycles.models import Cycle
from projects.cycles.papers import make_paper
from projects.cycles.services import presidium_decided
from projects.lifecycle.selectors import items_put_aside, posted_notices, proposals_put_aside
from projects.selection.flows import ObjectionFlow
from projects.selection.models import Exclusion, ExclusionState
from projects.selection.selectors import open_objections
from workflow.audit.services import Act
from workflow.flows.processes import call_off, call_off_all
from workflow.flows.services import Outcome
from workflow.machines.services import fire
from workflow.people.saying import said as _


def end_year(act: Act, cycle: Cycle, *, number: str, reason: str, **minutes: Any) -> Outcome:
    """Nothing of the year goes on; proposals and candidates go to the pool and the reserve, each proposer told so.

    minutes: the presidium's meeting as its form took it down; the form has refused one that did not agree.
    """
    meeting = presidium_decided(act, cycle, _("决定终止年度工作"), **minutes)
    called_off = call_off_all(cycle, act, reason=reason)
    pooled = _shelve(act, cycle)
    fire(cycle, "end", act, reason=reason)
    answered = _take_down(act, cycle, reason)
    make_paper(
        act,
        cycle,
        "minutes",
        _("主席团会议纪要（终止%(year)s）") % {"year": cycle},
        body=f"{meeting.minutes}\n{reason}",
        number=number,
        data={"for": meeting.votes_for, "of": meeting.members},
        step=3,
    )
    return Outcome(after={"called_off": called_off, "pooled": pooled, "objections": answered}, reason=reason)


def _take_down(act: Act, cycle: Cycle, reason: str) -> int:
    """The posted list is over, and who objected to it and waits is answered; how many are."""
    # Held first: who objects at this moment has done so and is answered, or comes too late.
    for notice in posted_notices(cycle).select_for_update(of=("self",)):
        fire(notice, "close", act, reason=reason)
    answer = _("年度工作已经终止，公示的名单不再提交票决，异议不再另行处理。终止理由：%(reason)s") % {
        "reason": reason
    }
    objections = list(open_objections(cycle).order_by("pk"))
    for objection in objections:
        call_off(ObjectionFlow, objection, act, reason=reason)
        fire(objection, "dismiss", act, answer=answer)
    return len(objections)


def _shelve(act: Act, cycle: Cycle) -> int:
    """Into reserve and pool for another year; how many proposals."""
    for item in items_put_aside(cycle):
        fire(item, "reserve", act, reason=_("年度工作终止，转入储备库"))
    for exclusion in Exclusion.objects.filter(cycle=cycle, state=ExclusionState.OPEN).order_by("pk"):
        fire(exclusion, "lift", act, reason=_("年度工作终止，提出人已另行得到通知"))
    waiting = list(proposals_put_aside(cycle))
    for proposal in waiting:
        fire(proposal, "pool", act, reason=_("年度工作终止，列入项目库"))
    return len(waiting)
