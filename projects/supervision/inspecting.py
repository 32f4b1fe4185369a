"""Visits and findings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.core.files.uploadedfile import UploadedFile

from projects.cycles.papers import attach, detach
from projects.supervision.models import Finding, Inspection, Project
from workflow.audit.models import Entry
from workflow.audit.services import Act, write_down
from workflow.flows.errors import Refused
from workflow.flows.services import Outcome
from workflow.flows.taking_back import what_was
from workflow.machines.services import fire
from workflow.people.saying import said as _


def record_inspection(
    act: Act,
    project: Project,
    *,
    on: date,
    place: str,
    words: str,
    findings: Sequence[str] = (),
    photos: Sequence[UploadedFile] = (),
) -> Inspection:
    """代表视察: a visit with its place and what was found; the caller begins a flow per finding."""
    visit = Inspection.objects.create(
        unit=project.unit, project=project, on=on, place=place, words=words, by=act.person
    )
    for sentence in findings:
        raise_finding(act, project, sentence, inspection=visit)
    for photo in photos:
        attach(act, project.reference, photo)
    return visit


def inspect_by_task(act: Act, project: Project, **fields: object) -> None:
    """The group's visit of the period."""
    record_inspection(act, project, **fields)  # type: ignore[arg-type]


def raise_finding(act: Act, project: Project, words: str, *, inspection: Inspection | None = None) -> Finding:
    """A problem for the department to put right; whoever raised it re-checks."""
    finding = Finding.objects.create(
        unit=project.unit,
        project=project,
        inspection=inspection,
        words=words,
        raised_by=act.actor,
        raised_as=act.office,
        raised_on=act.on,
    )
    write_down(
        act,
        "finding.raise",
        finding.reference,
        about=finding.about,
        step=5,
        after={"project": project.reference, "as": act.office},
        label=finding.label,
    )
    return finding


def plan_rectification(act: Act, finding: Finding, *, measures: str, responsible: str, fix_by: date) -> None:
    """整改方案: the measures, who answers for them, and the day they are done by."""
    fire(finding, "plan", act, fix_by=fix_by)
    # Beside the arrow: a person's name stays out of the trail, a long text stands in the task's own entry.
    Finding.objects.filter(pk=finding.pk).update(measures=measures, responsible=responsible)
    finding.measures, finding.responsible = measures, responsible


def undo_planning(act: Act, finding: Finding, *, done: Entry, reason: str) -> None:
    """The counter-act of the plan: there is none yet."""
    fire(finding, "unplan", act, reason=reason, fix_by=None)
    Finding.objects.filter(pk=finding.pk).update(measures="", responsible="")
    finding.measures, finding.responsible = "", ""


def rectify(
    act: Act, finding: Finding, *, remedy: str, unproved: str = "", files: Sequence[UploadedFile] = ()
) -> Outcome:
    """The department reports what was done, with the proof, or with the reason why there is none to show."""
    if not files and not unproved:
        raise Refused(_("须附整改佐证材料；确实没有的，写明原因。"))
    was = {"remedy": finding.remedy, "unproved": finding.unproved}
    fire(finding, "rectify", act, remedy=remedy, unproved="" if files else unproved)
    for upload in files:
        attach(act, finding.reference, upload)
    return Outcome(after={"was": was})


def undo_rectifying(act: Act, finding: Finding, *, done: Entry, reason: str) -> None:
    """The counter-act of the report: what was said and shown before it, or nothing yet."""
    fire(finding, "unrectify", act, reason=reason, **what_was(done))
    detach(finding.reference, done)


def recheck(act: Act, finding: Finding, *, decision: str, reason: str) -> Outcome | None:
    """销号, or back to the department and counted."""
    if decision == "close":
        fire(finding, "close", act, reason=reason)
        return None
    fire(finding, "reject", act, reason=reason, tries=finding.tries + 1)
    return Outcome(returns_to="rectify", reason=reason)


def send_finding_back(act: Act, finding: Finding, *, to: str, reason: str) -> None:
    """The same, by the general act of sending back."""
    fire(finding, "reject", act, reason=reason, tries=finding.tries + 1)
