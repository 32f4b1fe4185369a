"""取回 in step 2: what its desks wrote down is undone again until somebody acts on it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from django.db.models import QuerySet

from projects.collection.models import Proposal
from projects.cycles.models import Cycle
from projects.cycles.papers import take_out
from projects.selection.models import Appraisal, Item, ItemState, Screening
from projects.selection.selectors import appraisable_of, items_of, open_returns, told_items
from projects.selection.services import MONEY, put_in, recount, remove_empty, reopen, take_apart
from workflow.audit.models import Entry
from workflow.audit.services import Act
from workflow.flows.errors import Refused
from workflow.flows.services import is_return
from workflow.flows.taking_back import what_was
from workflow.machines.services import fire
from workflow.people.saying import said as _
from workflow.people.sentences import in_a_row


def undo_merging(act: Act, cycle: Cycle, *, done: Entry, reason: str) -> None:
    """The counter-act of a merging: each proposal it moved is where it was, in an earlier item or in none yet.

    Refused where an item it would go back to is no more, or where a proposal has gone its way since.
    """
    was = {int(pk): number for pk, number in what_was(done).items()}
    moved = Proposal.objects.select_for_update(of=("self",)).filter(pk__in=was).order_by("pk")
    homes = {item.number: item for item in items_of(cycle).filter(state=ItemState.MERGED)}
    if lost := sorted({number for number in was.values() if number is not None} - set(homes)):
        raise Refused(
            _("本次归并撤销了原有的第%(number)s项，不能取回；请在资格筛查时退回，重新归并。")
            % {"number": in_a_row([*map(str, lost)])}
        )
    take_apart(act, moved)
    for proposal in moved.all():
        number = was[proposal.pk]
        if number is not None:
            put_in(act, homes[number], [proposal])
    remove_empty(act, cycle)
    recount(cycle)


def undo_screening(act: Act, cycle: Cycle, *, done: Entry, reason: str) -> None:
    """The counter-act of the screening: its items are merged ones again, and nobody is answered for what it blocked.

    Refused where it was sent back instead, or where somebody has been answered already.
    """
    if is_return(done):
        raise Refused(_("名单已经退回重新归并，不能取回。"))
    if told_items(cycle).exists():
        raise Refused(_("筛查不予列入的项目已有答复，不能取回；确需更正的，请由论证环节退回。"))
    reopen(act, cycle, to="screen", reason=reason)
    Screening.objects.filter(item__in=items_of(cycle).filter(state=ItemState.MERGED)).delete()


def undo_department(act: Act, cycle: Cycle, *, done: Entry, reason: str, item: Mapping[str, int]) -> None:
    """The counter-act of a department's appraisal: its opinions go, and its items' figures are what they were.

    Refused where the figures had an item blocked: whoever proposed it is being answered.
    """
    _refuse_once_taken_up(cycle)
    if is_return(done):
        open_returns(cycle).filter(kind=Appraisal.Kind.DEPARTMENT, department=item["department"]).delete()
    else:
        held = _opinions_of(cycle, Appraisal.Kind.DEPARTMENT, done)
        for appraisal in held.select_related("item").order_by("item_id"):
            _put_back(appraisal)
        held.delete()
    take_out(cycle, "appraisal", done)


def _opinions_of(cycle: Cycle, kind: str, done: Entry) -> QuerySet[Appraisal]:
    """What an office's act appraised: an item decided since an earlier round keeps what was said of it then."""
    items = [int(one.partition(":")[2]) for one in json.loads(done.body)["after"]["items"]]
    return Appraisal.objects.filter(kind=kind, item__cycle=cycle, item__in=items)


def _put_back(appraisal: Appraisal) -> None:
    item, before = appraisal.item, dict(appraisal.replaced)
    if item.state == ItemState.BLOCKED:
        raise Refused(
            _("“%(title)s”因社会资金过半不予列入，已经进入答复，不能取回。") % {"title": item.title}
        )
    money = before.pop("money")
    Item.objects.filter(pk=item.pk).update(**before)
    said = Screening.objects.filter(item=item, rule=MONEY)
    if money:
        said.update(**money)
    else:
        said.delete()


def _refuse_once_taken_up(cycle: Cycle) -> None:
    if open_returns(cycle).exists() and not appraisable_of(cycle).exists():
        raise Refused(_("论证已经结束，名单已退回重新筛查，不能取回。"))


def undo_appraisal(act: Act, cycle: Cycle, *, kind: str, done: Entry, reason: str) -> None:
    """The counter-act of one office's appraisal: its opinions go, or its return while nobody has taken it up yet."""
    _refuse_once_taken_up(cycle)
    if is_return(done):
        open_returns(cycle).filter(kind=kind).delete()
    else:
        _opinions_of(cycle, kind, done).delete()
    take_out(cycle, "appraisal", done)


def undo_drafting(act: Act, cycle: Cycle, *, done: Entry, reason: str) -> None:
    """The counter-act of the draft list: items, the number to elect and the file are what they were.

    Refused where it was sent back instead, or where it brought in an item whose proposers were being answered.
    """
    if is_return(done):
        raise Refused(_("名单已经退回重新办理，不能取回。"))
    was = what_was(done)
    held = appraisable_of(cycle).select_for_update(of=("self",)).in_bulk()
    before = {int(pk): stood for pk, stood in was["items"].items()}
    if any(held[pk].state == ItemState.DRAFTED for pk in was["excluded"] if pk in held):
        raise Refused(_("此前未列入、正在答复提出人的项目已经列入名单，不能取回；请由主席团或者党委退回。"))
    for pk, item in sorted(held.items()):
        if pk in before and item.state != before[pk]["state"]:
            fire(item, BACK_TO[before[pk]["state"]], act, reason=reason, decision_reason=before[pk]["reason"])
        elif pk in before:
            Item.objects.filter(pk=pk).update(decision_reason=before[pk]["reason"])
    Cycle.objects.filter(pk=cycle.pk).update(seats=was["seats"])
    cycle.seats = was["seats"]
    for kind in ("draft_list", "minutes"):
        take_out(cycle, kind, done)


BACK_TO = {
    ItemState.ELIGIBLE: "undraft",
    ItemState.DRAFTED: "draft",
    ItemState.LEFT_OUT: "leave_out",
}
