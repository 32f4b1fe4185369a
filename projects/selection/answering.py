"""Every proposer not carried forward is answered, in the days that run from the decision itself (steps.md, step 2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import F
from viewflow.workflow.models import Process

from projects.collection.models import Outcome as Fate
from projects.collection.models import Proposal, ProposalState
from projects.cycles.models import Cycle
from projects.selection.models import Exclusion, ExclusionState, Item, ItemState
from projects.selection.selectors import excluded_now, last_notice, owed
from workflow.audit.services import Act
from workflow.flows.errors import Refused
from workflow.flows.models import Deadline
from workflow.flows.services import cancel_flow
from workflow.machines.services import fire
from workflow.people.models import User
from workflow.people.saying import said as _

Rows = Mapping[int, Mapping[str, Any]]


def record_exclusion(act: Act, cycle: Cycle, stage: str) -> Exclusion | None:
    """The decision that has just left items out, with their proposers to answer; None where nobody waits.

    An item with a decision of its own already keeps it, and its days.
    """
    left = list(excluded_now(cycle, stage).values_list("pk", flat=True))
    if not left:
        return None
    made = Exclusion.objects.create(unit=act.unit, cycle=cycle, stage=stage, on=act.on)
    Item.objects.filter(pk__in=left).update(excluded_by=made, excluded_because=F("decision_reason"))
    return made


def take_back(act: Act, items: Iterable[Item]) -> None:
    """These items are on their way again: nothing is answered for them, and a task left without a row is called off."""
    held = [item for item in items if item.excluded_by_id]
    decisions = sorted({item.excluded_by_id for item in held if item.excluded_by_id})
    Item.objects.filter(pk__in=[item.pk for item in held]).update(excluded_by=None, excluded_because="")
    for item in held:
        item.excluded_by, item.excluded_because = None, ""
    for exclusion in Exclusion.objects.filter(pk__in=decisions).order_by("pk"):
        lift_if_answered(act, exclusion, _("项目重新办理，无须答复"))


def lift_if_answered(act: Act, exclusion: Exclusion, reason: str) -> None:
    """Call the answering task off where nobody is left in it."""
    if exclusion.state != ExclusionState.OPEN or owed(exclusion).exists():
        return
    task = Deadline.objects.filter(
        subject=exclusion.reference, key="selection.answer", done_at=None, cancelled=False
    ).first()
    if task:
        process = Process.objects.get(pk=task.task.process_id)
        with process.flow_class.lock(process.pk):
            cancel_flow(process, act, reason=reason)
    fire(exclusion, "lift", act, reason=reason)


def answer(act: Act, exclusion: Exclusion, *, rows: Rows, **_typed: Any) -> None:
    """答复: an outcome for everybody the decision left out. A suggestion waits for the deputy's signature."""
    waiting = {p.pk: p for p in owed(exclusion).select_for_update(of=("self",))}
    if set(waiting) != set(rows):
        raise Refused(_("待答复的意见建议已有变化，请重新打开后再答复。"))
    for pk, row in rows.items():
        answer_one(act, waiting[pk], **row)
    fire(exclusion, "settle", act)


def answer_one(act: Act, proposal: Proposal, *, outcome: str, words: str, deputy: int | None = None) -> None:
    """One proposer is told the outcome, or a deputy is asked first: without a signature there is no suggestion.

    The trail names the deputy by id alone, so the person is set outside the entry.
    """
    if outcome == Fate.SUGGESTION:
        if deputy is None:
            raise Refused(_("转代表建议须有代表签名，请选择请哪位代表签名。"))
        _ask(proposal, User.objects.get(pk=deputy), words)
        return
    fire(proposal, "answer", act, outcome=outcome, outcome_words=words, answered_at=act.at)
    _reserve(act, proposal)


def _ask(proposal: Proposal, deputy: User | None, words: str) -> None:
    Proposal.objects.filter(pk=proposal.pk).update(asked_deputy=deputy, outcome_words=words)
    proposal.asked_deputy, proposal.outcome_words = deputy, words


def _reserve(act: Act, proposal: Proposal) -> None:
    """An item one of whose proposers was promised the pool goes into it."""
    item = Item.objects.filter(sources__proposal=proposal).first()
    if item and proposal.outcome == Fate.RESERVE and item.state in (ItemState.LEFT_OUT, ItemState.BLOCKED):
        fire(item, "reserve", act, reason=item.decision_reason)


def sign(act: Act, proposal: Proposal) -> None:
    """签名提出: the deputy's own act makes it a deputy's suggestion, and the proposer is told."""
    Proposal.objects.filter(pk=proposal.pk).update(signed_by=act.person, asked_deputy=None)
    words = proposal.outcome_words
    fire(proposal, "answer", act, outcome=Fate.SUGGESTION, outcome_words=words, answered_at=act.at)


def decline(act: Act, proposal: Proposal, *, to: str, reason: str) -> None:
    """The deputy does not sign: the government's clerk chooses another outcome, or asks another deputy."""
    _ask(proposal, None, "")


def answer_again(act: Act, proposal: Proposal, *, outcome: str, words: str, deputy: int | None) -> None:
    """Another outcome after a deputy declined, or another deputy."""
    answer_one(act, proposal, outcome=outcome, words=words, deputy=deputy)


def tell(act: Act, proposal: Proposal, *, outcome: str, words: str) -> None:
    """One proposer is answered ahead of the others; the last one answered so ends the waiting task."""
    answer_one(act, proposal, outcome=outcome, words=words)
    if exclusion := proposal.source.item.excluded_by:
        lift_if_answered(act, exclusion, _("已先行答复提出人"))


def obstacles_to_telling(proposal: Proposal, at: datetime) -> list[str]:
    """Why one proposer cannot be answered ahead: nothing is decided about the item, or a deputy has been asked."""
    if proposal.state != ProposalState.MERGED:
        return [_("这件意见建议不在待答复之列。")]
    item = proposal.source.item
    if item.excluded_by and item.excluded_by.state == ExclusionState.ANSWERED:
        return [_("此件正在请代表签名或者另定处理结果，请在该事项中办理。")]
    left_out = item.state == ItemState.LEFT_OUT and (item.excluded_by_id or last_notice(item.cycle))
    if left_out or item.state in (ItemState.BLOCKED, ItemState.RESERVED):
        return []
    return [_("“%(title)s”是否列入名单尚未决定，暂不能答复。") % {"title": item.title}]
