"""What ends with a year (终止年度), and what stands in the way of it."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from projects.collection.models import Proposal, ProposalState
from projects.cycles.models import BEFORE_THE_VOTE, Cycle
from projects.cycles.selectors import open_session
from projects.selection.models import Item, ItemState, Notice, NoticeState
from workflow.people.saying import said as _

WAITING = (
    ProposalState.RECEIVED,
    ProposalState.RETURNED,
    ProposalState.ACCEPTED,
    ProposalState.MERGED,
    ProposalState.CARRIED,
)
KEPT = (
    ItemState.MERGED,
    ItemState.ELIGIBLE,
    ItemState.BLOCKED,
    ItemState.DRAFTED,
    ItemState.LEFT_OUT,
    ItemState.CANDIDATE,
    ItemState.WITHDRAWN,
)


def obstacles_to_ending(cycle: Cycle, at: datetime) -> list[str]:
    """Once the congress votes the year is the congress's: what it decided is carried out and judged."""
    if cycle.state not in BEFORE_THE_VOTE:
        return [_("只有尚未进入票决的年度可以终止；票决确定的项目须实施、监督和评估。")]
    if session := open_session(cycle.unit):
        return [_("“%(session)s”正在举行，闭会后再办理。") % {"session": session}]
    return []


def posted_notices(cycle: Cycle) -> QuerySet[Notice]:
    """The list as it is still posted; none where it was not or its days were concluded."""
    return Notice.objects.filter(cycle=cycle, state=NoticeState.POSTED).order_by("pk")


def items_put_aside(cycle: Cycle) -> QuerySet[Item]:
    """What an ended year puts into the reserve, in the order of its numbers."""
    return Item.objects.filter(cycle=cycle, state__in=KEPT).order_by("number")


def proposals_put_aside(cycle: Cycle) -> QuerySet[Proposal]:
    """What an ended year puts into the pool."""
    return Proposal.objects.filter(cycle=cycle, state__in=WAITING).order_by("pk")


def counted(cycle: Cycle) -> dict[str, int]:
    """How much of a year would be put aside: n proposals, m items."""
    return {"n": proposals_put_aside(cycle).count(), "m": items_put_aside(cycle).count()}
