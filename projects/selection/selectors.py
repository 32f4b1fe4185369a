"""Reads of items, their screening and appraisal, notices and answers."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from projects.collection.models import Proposal, ProposalState
from projects.cycles.models import Cycle, Paper
from projects.cycles.rulebook import Rules
from projects.cycles.selectors import collecting_cycles
from projects.cycles.tables import CHECKS, CRITERIA
from projects.selection.models import (
    Appraisal,
    AppraisalReturn,
    Exclusion,
    ExclusionState,
    Item,
    ItemState,
    Notice,
    Objection,
    ObjectionState,
    Source,
    Verdict,
)
from projects.selection.rules import mean, weighted
from workflow.flows.models import Meeting

KIND_ORDER = [str(kind) for kind in Appraisal.Kind]
APPRAISABLE = (ItemState.ELIGIBLE, ItemState.DRAFTED, ItemState.LEFT_OUT)
LISTED = (
    ItemState.CANDIDATE,
    ItemState.ON_BALLOT,
    ItemState.ELECTED,
    ItemState.NOT_ELECTED,
    ItemState.SUBSTITUTED,
)
# A project not elected goes into the pool as does what never was a candidate; only the former had a place on the ballot.
ON_THE_LIST = Q(state__in=LISTED) | Q(state=ItemState.RESERVED, ballot_number__isnull=False)
UNANSWERED = (
    ProposalState.RECEIVED,
    ProposalState.RETURNED,
    ProposalState.ACCEPTED,
    ProposalState.MERGED,
)


def items_of(cycle: Cycle) -> QuerySet[Item]:
    """A cycle's items by number, with their departments."""
    return Item.objects.filter(cycle=cycle).select_related("cycle", "department").order_by("number")


def candidates_of(cycle: Cycle) -> QuerySet[Item]:
    """The list of candidates: also those since voted on, without those withdrawn."""
    return items_of(cycle).filter(ON_THE_LIST)


def drafted_of(cycle: Cycle) -> QuerySet[Item]:
    """The government's draft list as it stands."""
    return items_of(cycle).filter(state=ItemState.DRAFTED)


def appraisable_of(cycle: Cycle) -> QuerySet[Item]:
    """Items that passed the screening, on the draft list or not; what proposers were told of already stays out."""
    return items_of(cycle).filter(state__in=APPRAISABLE).exclude(pk__in=told_items(cycle))


def told_items(cycle: Cycle) -> QuerySet[Any, Any]:
    """Items decided for this year: the task of answering is done, or one of their proposers was told ahead."""
    answered = Q(excluded_by__state=ExclusionState.ANSWERED)
    told = Source.objects.filter(item__cycle=cycle, proposal__state=ProposalState.ANSWERED)
    return Item.objects.filter(answered | Q(pk__in=told.values("item")), cycle=cycle).order_by().values("pk")


def with_everything(items: QuerySet[Item]) -> QuerySet[Item]:
    """Items with their proposals, verdicts, appraisals and scores, in a fixed number of queries."""
    return items.prefetch_related("sources__proposal", "screenings", "appraisals", "scores")


def candidate_rows(items: Iterable[Item]) -> list[dict[str, Any]]:
    """候选项目汇总表 as JSON rows, in the columns of rules.md §5; money in fen, no date as ""."""
    return [
        {
            "number": item.number,
            "reference": item.reference,
            "title": item.title,
            "category": item.category,
            "place": item.place,
            "content": item.content,
            "beneficiaries": item.beneficiaries,
            "investment_fen": item.investment_fen,
            "funding": item.funding,
            "department": item.department.name if item.department else "",
            "leader": item.leader,
            "finish_by": item.finish_by.isoformat() if item.finish_by else "",
            "target": item.target,
            "milestone": item.milestone,
            "support": item.support,
            "added_in_session": item.added_in_session,
        }
        for item in items
    ]


def open_returns(cycle: Cycle) -> QuerySet[AppraisalReturn]:
    """The appraisers' returns that stand until the list is screened again."""
    return AppraisalReturn.objects.filter(cycle=cycle, settled_on=None).select_related("department", "by")


def departments_appraising(cycle: Cycle) -> list[dict[str, int]]:
    """One branch for each department that is responsible for an item to be appraised."""
    ids = appraisable_of(cycle).exclude(department=None).order_by("department_id")
    return [{"department": pk} for pk in ids.values_list("department_id", flat=True).distinct()]


def mergeable_of(cycle: Cycle) -> QuerySet[Proposal]:
    """Proposals still to be sorted, or already in an item that is not answered yet."""
    states = (ProposalState.ACCEPTED, ProposalState.MERGED)
    return (
        Proposal.objects.filter(cycle=cycle, state__in=states)
        .exclude(source__item__in=told_items(cycle))
        .select_related("source__item", "village")
        .order_by("pk")
    )


def unanswered(cycle: Cycle) -> QuerySet[Proposal]:
    """Proposals whose proposer does not know yet what became of them."""
    return (
        Proposal.objects.filter(cycle=cycle, state__in=UNANSWERED)
        .select_related("source__item")
        .order_by("source__item__number", "pk")
    )


def left_over(cycle: Cycle) -> QuerySet[Proposal]:
    """Unanswered proposals that are not behind a drafted item: each needs an answer of its own."""
    return unanswered(cycle).exclude(source__item__state=ItemState.DRAFTED)


LEFT_BY = {
    Exclusion.Stage.SCREENING: ItemState.BLOCKED,
    Exclusion.Stage.DRAFT: ItemState.LEFT_OUT,
    Exclusion.Stage.AGENDA: ItemState.LEFT_OUT,
}


def excluded_now(cycle: Cycle, stage: str) -> QuerySet[Item]:
    """Items a stage has left out without a decision on file, and with a proposer who waits for an answer."""
    waiting = Proposal.objects.filter(state=ProposalState.MERGED, source__item__cycle=cycle)
    left = items_of(cycle).filter(state=LEFT_BY[Exclusion.Stage(stage)], excluded_by=None)
    return left.filter(pk__in=waiting.values("source__item"))


def owed(exclusion: Exclusion) -> QuerySet[Proposal]:
    """Whom a decision still owes an answer; without those whose answer waits for a deputy's signature."""
    return (
        Proposal.objects.filter(
            source__item__excluded_by=exclusion, state=ProposalState.MERGED, asked_deputy=None
        )
        .select_related("source__item")
        .order_by("source__item__number", "pk")
    )


def asked_of(exclusion: Exclusion) -> QuerySet[Proposal]:
    """Proposals a decision left out whose answer waits for a deputy's signature."""
    waiting = Proposal.objects.filter(source__item__excluded_by=exclusion, state=ProposalState.MERGED)
    return waiting.exclude(asked_deputy=None).order_by("pk")


def last_notice(cycle: Cycle) -> Notice | None:
    """The notice posted last; its `round` says how often the list was posted."""
    return Notice.objects.filter(cycle=cycle).order_by("-round").first()


def objection_window(cycle: Cycle | None, rules: Rules) -> str:
    """When anybody may object, in words: the days the list is posted."""
    notice = last_notice(cycle) if cycle else None
    if notice is None:
        return _("公示期间")
    return _("公示期间（%(start)s至%(end)s）") % {
        "start": date_format(notice.from_on),
        "end": date_format(notice.to_on),
    }


def open_objections(cycle: Cycle) -> QuerySet[Objection]:
    """Objections without an answer."""
    return Objection.objects.filter(notice__cycle=cycle, state=ObjectionState.RAISED)


def is_list_changed(notice: Notice) -> bool:
    """Whether an upheld objection has changed the list since it was posted."""
    return notice.objections.filter(state=ObjectionState.UPHELD, changes_list=True).exists()


def last_meeting(cycle: Cycle, key: str) -> Meeting | None:
    """The last meeting that decided the task `key` in this cycle."""
    held = Meeting.objects.filter(about=cycle.reference, task__deadline__key=key)
    return held.order_by("-pk").first()


def is_agreed(cycle: Cycle) -> bool:
    """Whether the presidium and the Party committee both agreed when they last met on the list."""
    held = [last_meeting(cycle, key) for key in ("selection.presidium_opinion", "selection.party_study")]
    return all(meeting is not None and meeting.agreed for meeting in held)


def returned_opinions(cycle: Cycle) -> list[Paper]:
    """The last minutes of each body that sent the list back, with the reason in `data`; newest decision only."""
    minutes = Paper.objects.filter(cycle=cycle, kind="minutes", data__matter="draft_list").order_by("pk")
    last = {paper.data["body"]: paper for paper in minutes}
    return [paper for paper in last.values() if not paper.data["agreed"]]


def active_checks(rules: Rules) -> dict[str, str]:
    """Eligibility rules in force: code → severity."""
    return {code: severity for code, severity in rules.eligibility.items() if severity != "off"}


def check_title(code: str) -> str:
    """What an eligibility rule is called."""
    return str(CHECKS[code].title)


# Conditions an item has to meet; the other rules name what it should not be.
CONDITIONS = ("public_money", "benefit", "within_year", "resources", "major_investment")


def shortcoming(code: str) -> str:
    """What it means that an item fails a rule, so that nobody ticks a condition because it is met."""
    sentence = _("不符合“%(rule)s”") if code in CONDITIONS else _("属于“%(rule)s”")
    return sentence % {"rule": check_title(code)}


def score_of(item: Item, rules: Rules) -> Fraction | None:
    """The item's mean score, 0–100; None where the sheet is off or has too few scorers."""
    if not rules.score_sheet:
        return None
    totals = [weighted(score.marks, rules.score_weights) for score in item.scores.all()]
    return mean(totals, least=rules.scorers_min)


def criterion_title(code: str) -> str:
    """What a scoring criterion is called."""
    return str(CRITERIA[code].title)


# ------------------------------------------------------------------------------------ page contexts


def merge_page(cycle: Cycle) -> dict[str, Any]:
    """What is to be sorted."""
    proposals = list(mergeable_of(cycle))
    return {
        "proposals": proposals,
        "again": any(p.state == ProposalState.MERGED for p in proposals),
        "returns_made": list(open_returns(cycle)),
    }


def screen_page(cycle: Cycle) -> dict[str, Any]:
    """The items with their sources, and the rules with their severity and basis."""
    rules = cycle.rules
    checks = [
        {"title": CHECKS[code].title, "severity": severity, "basis": CHECKS[code].basis}
        for code, severity in active_checks(rules).items()
    ]
    return {
        "items": list(with_everything(items_of(cycle))),
        "checks": checks,
        "returns_made": list(open_returns(cycle)),
    }


def appraisal_page(cycle: Cycle) -> dict[str, Any]:
    """The items to be appraised, with what the screening noted."""
    return {"items": list(with_everything(appraisable_of(cycle)))}


def draft_page(cycle: Cycle) -> dict[str, Any]:
    """Everything known about each item, and why the list came back if it did."""
    rules = cycle.rules
    rows = [
        {
            "item": item,
            "notes": [s for s in item.screenings.all() if s.verdict != Verdict.PASS],
            "appraisals": sorted(item.appraisals.all(), key=lambda a: KIND_ORDER.index(a.kind)),
            "score": score_of(item, rules),
        }
        for item in with_everything(appraisable_of(cycle))
    ]
    return {"rows": rows, "returned": returned_opinions(cycle), "surplus_percent": rules.surplus_percent}


def list_page(cycle: Cycle) -> dict[str, Any]:
    """The draft list for the bodies that give their opinion, with what objections changed."""
    notice = last_notice(cycle)
    return {
        "items": list(with_everything(drafted_of(cycle))),
        "seats": cycle.seats,
        "least": cycle.rules.least_candidates(cycle.seats or 0),
        "left_out": list(items_of(cycle).filter(state=ItemState.LEFT_OUT)),
        "upheld": list(notice.objections.filter(state=ObjectionState.UPHELD)) if notice else [],
    }


def notice_page(cycle: Cycle) -> dict[str, Any]:
    """What is about to be posted, and how long it must stand."""
    return list_page(cycle) | {"least_days": cycle.rules.deadlines["selection.notice_period"]}


def answer_page(exclusion: Exclusion) -> dict[str, Any]:
    """The decision, and the items it left out with its reasons."""
    left = exclusion.items.order_by("number").prefetch_related("sources__proposal")
    return {"exclusion": exclusion, "items": list(left), "waiting": owed(exclusion).count()}


def proposal_page(proposal: Proposal) -> dict[str, Any]:
    """What was proposed, and what was decided on the item it was joined to."""
    return {"proposal": proposal, "item": proposal.source.item}


def concluding_page(cycle: Cycle) -> dict[str, Any]:
    """The notice, its objections, and how many proposers still wait."""
    notice = last_notice(cycle)
    objections = list(notice.objections.select_related("item").order_by("pk")) if notice else []
    return {
        "notice": notice,
        "objections": objections,
        "changed": bool(notice and is_list_changed(notice)),
        "items": list(with_everything(drafted_of(cycle))),
        "waiting": left_over(cycle).count(),
    }


def objection_page(objection: Objection) -> dict[str, Any]:
    """The objection, and the notice it is about."""
    return {"objection": objection, "notice": objection.notice}


def history_of(item: Item) -> QuerySet[Proposal]:
    """Every proposal an item was made of, the first one leading."""
    return Proposal.objects.filter(source__item=item).select_related("village").order_by("pk")


def years_ahead(item: Item) -> list[Cycle]:
    """The years collecting now, other than the item's own."""
    return [cycle for cycle in collecting_cycles(item.unit) if cycle.pk != item.cycle_id]


def years_without(item: Item) -> list[Cycle]:
    """Those of them in which the matter has not been proposed yet."""
    ahead = years_ahead(item)
    there = Proposal.objects.filter(cycle__in=ahead, title=item.title).values_list("cycle_id", flat=True)
    return [cycle for cycle in ahead if cycle.pk not in set(there)]
