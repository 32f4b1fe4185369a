"""Which records and which entries one thing's story is made of, whichever of them it is asked from.

Row-level security narrows every read: an office limited to a part of the work is told that part.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.timezone import localdate

from projects.ballots import figures
from projects.ballots.models import Vote
from projects.ballots.selectors import PROJECTS, declared_votes, lines_of
from projects.collection.models import Proposal
from projects.cycles.models import Attachment, Cycle
from projects.evaluation.models import Measurement
from projects.evaluation.rules import Consequence
from projects.evaluation.selectors import COUNTED
from projects.portal.matter_selectors import items_visible, proposals_visible
from projects.portal.public_selectors import PICTURES
from projects.portal.staff_selectors import projects_visible
from projects.portal.story import TOLD, Deed, Round, Story, Study, Tally, Thing, Wish, compose
from projects.selection.models import Appraisal, Item
from projects.supervision.models import Change, Finding, Project
from workflow.audit.models import Entry
from workflow.inbox.story import OUTSIDE
from workflow.machines.models import Record
from workflow.people.models import Unit
from workflow.people.wording import worded
from workflow.roles import registry
from workflow.roles.models import RoleGrant

PHOTOS_SHOWN = 6
# The kinds of record a story can be asked from.
STORIED = (Proposal.kind, Item.kind, Project.kind, Finding.kind)
PHOTOGRAPHED = ("project.report", "supervision.inspect")
# Acts of a whole list or of a year that are told of everything that was on it.
OF_THE_YEAR = tuple(action for action, told in TOLD.items() if told.on_list or told.elected)
STUDIES = {
    "selection.appraise_department": Appraisal.Kind.DEPARTMENT,
    "selection.appraise_finance": Appraisal.Kind.FINANCE,
    "selection.appraise_legal": Appraisal.Kind.LEGAL,
}


@dataclass(frozen=True)
class Lineage:
    """One thing as its records stand: the proposals it was made of, the item they became, the project it became.

    At least one of them is there; what the reader may not see is not.
    """

    unit: Unit
    cycle: Cycle | None
    proposals: tuple[Proposal, ...]
    item: Item | None
    project: Project | None

    @property
    def head(self) -> Record:
        """The record the story has its address by: the item, before there is one the proposal."""
        return self.item or self.project or self.proposals[0]

    @property
    def title(self) -> str:
        return self.head.label

    @property
    def state(self) -> str:
        """Where it stands now."""
        return (self.project or self.head).get_state_display()


def lineage_for(grant: RoleGrant, kind: str, number: int) -> Lineage | None:
    """The thing a record belongs to, as an office may see it. kind: of `Record.kind`; None where there is none."""
    if kind == Finding.kind:
        kind, number = (
            Project.kind,
            Finding.objects.filter(pk=number).values_list("project", flat=True).first() or 0,
        )
    if kind == Project.kind:
        project = projects_visible(grant).filter(pk=number).first()
        return lineage_of_project(project) if project else None
    if kind == Item.kind:
        item = items_visible(grant).filter(pk=number).first()
        return lineage_of_item(item) if item else None
    proposal = proposals_visible(grant).filter(pk=number).first() if kind == Proposal.kind else None
    return lineage_of_proposal(proposal) if proposal else None


def lineage_of_code(unit: Unit, code: str) -> Lineage | None:
    """The thing of the township's one proposal with this query code."""
    joined = ("unit", "cycle", "village", "source__item__cycle", "source__item__unit")
    proposal = Proposal.objects.filter(unit=unit, code=code).select_related(*joined).first()
    return lineage_of_proposal(proposal) if proposal else None


def lineage_of_proposal(proposal: Proposal) -> Lineage:
    """From one of the sentences it began with."""
    source = getattr(proposal, "source", None)
    if source:
        return lineage_of_item(source.item)
    return Lineage(proposal.unit, proposal.cycle, (proposal,), None, None)


def lineage_of_item(item: Item) -> Lineage:
    """From the merged matter, on the list or left off it."""
    sources = Proposal.objects.filter(source__item=item).select_related("village").order_by("pk")
    project = Project.objects.filter(item=item).select_related("department").first()
    return Lineage(item.unit, item.cycle, tuple(sources), item, project)


def lineage_of_project(project: Project) -> Lineage:
    """From the project; whoever may not see the item it was has the project alone."""
    item = Item.objects.filter(pk=project.item_id).select_related("unit", "cycle", "department").first()
    return lineage_of_item(item) if item else Lineage(project.unit, project.cycle, (), None, project)


def story_of(lineage: Lineage, *, public: bool, own: str = "") -> Story:
    """The story of a thing. own: the query code of the reader's proposal, "" for any other reader."""
    records = _records_of(lineage)
    votes = _votes_of(lineage)
    entries = _entries_of(
        lineage, [record.reference for record in records] + [vote.reference for vote in votes]
    )
    thing = Thing(
        title=lineage.title,
        project=lineage.project.reference if lineage.project else "",
        department=_department(lineage),
        wishes=tuple(_wish(proposal, lineage.unit, own) for proposal in lineage.proposals),
        votes=_tallies(lineage, votes),
        studies=_studies(lineage, entries),
        rounds={m.reference: _round(m) for m in records if isinstance(m, Measurement)},
        findings={finding.reference: finding.words for finding in records if isinstance(finding, Finding)},
        changes={c.reference: str(c.get_what_display()) for c in records if isinstance(c, Change)},
        photos=Counter(file.added_at for file in _pictures(lineage, public=public)),
    )
    return compose(thing, [_deed(entry, lineage.unit) for entry in entries], public=public)


@dataclass(frozen=True)
class Photo:
    """A photo of the project. number: the entry of the report or the visit it was handed in with, 0 for another one."""

    file: Attachment
    number: int


def photos_of(lineage: Lineage, *, public: bool) -> list[Photo]:
    """The project's photos, the newest first: those made public, in office those of visits as well.

    What else is kept with a project as a picture is a scanned contract or a receipt.
    """
    files = _pictures(lineage, public=public)
    moments = _moments(lineage) if files else {}
    found = (Photo(file, moments.get(file.added_at, 0)) for file in files)
    return [photo for photo in found if photo.number or photo.file.public][:PHOTOS_SHOWN]


def _pictures(lineage: Lineage, *, public: bool) -> list[Attachment]:
    if lineage.project is None:
        return []
    files = Attachment.objects.filter(subject=lineage.project.reference).order_by("-pk")
    named = files.filter(public=True) if public else files
    return [file for file in named if file.name.lower().endswith(PICTURES)]


def _moments(lineage: Lineage) -> dict[datetime, int]:
    """The entries photos are handed in with, by the moment both carry."""
    subject = lineage.project.reference if lineage.project else ""
    entries = Entry.objects.filter(unit=lineage.unit, subject=subject, action__in=PHOTOGRAPHED)
    return dict(entries.order_by("pk").values_list("at", "pk"))


def _department(lineage: Lineage) -> str:
    department = (lineage.project and lineage.project.department) or (
        lineage.item and lineage.item.department
    )
    return department.name if department else ""


def _records_of(lineage: Lineage) -> list[Record]:
    """Every record whose entries tell of the thing."""
    found: list[Record] = [*lineage.proposals]
    if lineage.item:
        found += [lineage.item, *lineage.item.objections.order_by("pk")]
    if project := lineage.project:
        found.append(project)
        found += project.findings.select_related("project").order_by("pk")
        found += project.changes.select_related("project").order_by("pk")
        found += project.audits.select_related("project").order_by("pk")
        found += Measurement.objects.filter(project=project, state__in=COUNTED).order_by("round")
    return found


def _votes_of(lineage: Lineage) -> list[Vote]:
    """The votes it stood in, of which the result was declared: before that nothing is told of a vote."""
    if lineage.item is None or lineage.cycle is None:
        return []
    reference = lineage.item.reference
    votes = declared_votes(lineage.cycle.reference, *PROJECTS)
    return [vote for vote in votes if any(option.reference == reference for option in vote.options.all())]


def _tallies(lineage: Lineage, votes: Sequence[Vote]) -> dict[str, Tally]:
    if lineage.item is None:
        return {}
    return {
        vote.reference: Tally(
            tuple(figures.told(vote, vote.outcome["sums"][line.title])), line.word, line.reason, line.elected
        )
        for vote in votes
        for line in lines_of(vote)
        if line.reference == lineage.item.reference
    }


def _entries_of(lineage: Lineage, subjects: Sequence[str]) -> list[Entry]:
    """The entries that are told of these records, and of the year what concerned the whole list."""
    told = Entry.objects.filter(unit=lineage.unit, subject__in=subjects, action__in=TOLD)
    found = list(told.select_related("unit"))
    if lineage.item and lineage.cycle:
        whole = Entry.objects.filter(subject=lineage.cycle.reference, action__in=(*OF_THE_YEAR, *STUDIES))
        found += whole.select_related("unit")
    return found


def _studies(lineage: Lineage, entries: Iterable[Entry]) -> dict[int, Study]:
    """Which of the appraisers' acts said what of this item, by entry: the last act of whoever signed it, on its day."""
    if lineage.item is None:
        return {}
    given = {appraisal.kind: appraisal for appraisal in lineage.item.appraisals.all()}
    found: dict[str, int] = {}
    for entry in sorted(entries, key=lambda entry: entry.pk):
        appraisal = given.get(STUDIES.get(entry.action, ""))
        if appraisal and (entry.actor_id, localdate(entry.at)) == (appraisal.by_id, appraisal.on):
            found[appraisal.kind] = entry.pk
    return {
        number: Study(
            str(given[kind].get_kind_display()), str(given[kind].get_opinion_display()), given[kind].words
        )
        for kind, number in found.items()
    }


def _round(measurement: Measurement) -> Round:
    m = measurement
    verdict = str(Consequence(m.verdict).label) if m.verdict else ""
    return Round(m.round, m.satisfied or 0, m.basic or 0, m.dissatisfied or 0, m.judgement, verdict)


def _wish(proposal: Proposal, unit: Unit, own: str) -> Wish:
    return Wish(
        reference=proposal.reference,
        title=proposal.title,
        content=proposal.content,
        kind=worded(proposal.get_proposer_kind_display(), unit),
        village=proposal.village.name if proposal.village else "",
        outcome=worded(proposal.get_outcome_display(), unit) if proposal.outcome else "",
        words=proposal.outcome_words if proposal.answered_at else "",
        own=bool(own) and proposal.code == own,
    )


def _deed(entry: Entry, unit: Unit) -> Deed:
    body: dict[str, Any] = json.loads(entry.body)
    office = body["office"]
    who = str(OUTSIDE[office]) if office in OUTSIDE else registry.title_of(office, unit)
    return Deed(
        entry.pk,
        entry.at,
        localdate(entry.at),
        body["action"],
        body["subject"],
        who,
        body["after"],
        body["reason"],
    )
