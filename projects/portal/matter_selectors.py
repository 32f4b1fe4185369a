"""What the staff's pages of proposals, items and notices show."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Count, Model, QuerySet

from projects.collection.models import Proposal
from projects.cycles.models import Cycle
from projects.selection.models import FundSource, Item, Notice, Objection
from projects.selection.selectors import KIND_ORDER, check_title, score_of
from projects.supervision.models import Project
from workflow.flows.models import Deadline
from workflow.machines.models import Record
from workflow.roles import registry
from workflow.roles.models import RoleGrant

Row = TypeVar("Row", bound=Model)


def _visible(rows: QuerySet[Row], grant: RoleGrant) -> QuerySet[Row]:
    """An office's own township, or whatever its context shows below a county."""
    return rows if registry.office(grant.office).reads_below else rows.filter(unit=grant.tenant)


def proposals_visible(grant: RoleGrant) -> QuerySet[Proposal]:
    return _visible(Proposal.objects.select_related("unit", "cycle__unit", "village", "signed_by"), grant)


def items_visible(grant: RoleGrant) -> QuerySet[Item]:
    return _visible(Item.objects.select_related("unit", "cycle__unit", "department"), grant)


def notices_visible(grant: RoleGrant) -> QuerySet[Notice]:
    return _visible(Notice.objects.select_related("unit", "cycle__unit"), grant)


def proposals_in(cycle: Cycle) -> QuerySet[Proposal]:
    """A year's proposals with the items they went into, in the order received."""
    return Proposal.objects.filter(cycle=cycle).select_related("source__item").order_by("pk")


def items_in(cycle: Cycle) -> QuerySet[Item]:
    """A year's items by number, with their departments and the number of their sources."""
    items = Item.objects.filter(cycle=cycle).select_related("department")
    return items.annotate(proposals=Count("sources")).order_by("number")


def notices_of(cycle: Cycle) -> list[Notice]:
    """A year's public notices in the order posted, with the number of objections to each."""
    return list(
        Notice.objects.filter(cycle=cycle)
        .select_related("cycle__unit")
        .annotate(objected=Count("objections"))
        .order_by("round")
    )


def by_state(rows: QuerySet[Any]) -> dict[str, int]:
    """How many rows are in each state that occurs."""
    return dict(rows.order_by().values_list("state").annotate(number=Count("pk")))


def item_of(proposal: Proposal) -> Item | None:
    """The item a proposal was merged into; None for one that stands alone yet."""
    source = getattr(proposal, "source", None)
    return source.item if source else None


def objections_to(notice: Notice) -> QuerySet[Objection]:
    """The objections to a notice in the order raised."""
    return notice.objections.select_related("item").order_by("pk")


def open_tasks_on(record: Record) -> list[Deadline]:
    """What is to be done on a record now, by date."""
    held = Deadline.objects.filter(subject=record.reference, done_at=None, cancelled=False)
    return list(held.select_related("task", "seat", "unit").order_by("due_on", "pk"))


def item_file(item: Item) -> dict[str, Any]:
    """Everything on one item: sources, verdicts, appraisals, score, money, objections, withdrawals, its project."""
    sources = [
        source.proposal for source in item.sources.select_related("proposal__village").order_by("proposal_id")
    ]
    screenings = [{"title": check_title(line.rule), "line": line} for line in item.screenings.order_by("pk")]
    appraisals = sorted(item.appraisals.select_related("by"), key=lambda a: KIND_ORDER.index(a.kind))
    return {
        "item": item,
        "sources": sources,
        "kinds": _kinds(sources),
        "screenings": screenings,
        "appraisals": appraisals,
        "score": score_of(item, item.cycle.rules) if item.cycle.rules_data else None,
        "funding": funding_of(item),
        "budget_lines": list(item.budget_lines.order_by("pk")),
        "opinions": list(item.opinions.select_related("delegation").order_by("pk")),
        "objections": list(item.objections.select_related("notice").order_by("pk")),
        "withdrawals": list(item.withdrawals.order_by("pk")),
        "project": Project.objects.filter(item=item).first(),
    }


def _kinds(sources: list[Proposal]) -> list[tuple[str, int]]:
    """How many of the sources came from which kind of proposer, the most first."""
    counted: dict[str, int] = {}
    for proposal in sources:
        kind = str(proposal.get_proposer_kind_display())
        counted[kind] = counted.get(kind, 0) + 1
    return sorted(counted.items(), key=lambda pair: -pair[1])


def funding_of(item: Item) -> list[tuple[str, int]]:
    """Where an item's money comes from, in fen; the sources that give nothing are left out."""
    return [(str(one.label), item.funding[one.value]) for one in FundSource if item.funding.get(one.value)]
