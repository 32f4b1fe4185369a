"""补充卷宗: what became of a project carried over, for the dossier of its year, which is closed and never rebuilt.

The project's papers and attachments that no earlier volume holds, its lines of the registers, the trail up to now.
"""

from __future__ import annotations

import tempfile
import zipfile
from dataclasses import asdict
from datetime import datetime
from typing import IO, Any

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction

from projects.cycles.documents.sealing import seal_within
from projects.cycles.models import Attachment, Cycle, Paper
from projects.evaluation import dossier as volumes
from projects.evaluation.catalogue import Entered, counts_of, safe_name
from projects.evaluation.dossier import Dossier
from projects.evaluation.ledgers import LEDGERS, OF_PROJECT
from projects.evaluation.models import Addendum, Archive
from projects.supervision.models import Project
from projects.voting.superseding import told_superseded
from workflow.audit.exporters.extract import Extract
from workflow.audit.services import Act, write_down

STEPS_OF_PROJECT = (5, 6)


def build_addendum(act: Act, project: Project) -> Addendum | None:
    """Make the project's next volume and keep it; None where nothing is new. Safe to run twice."""
    with transaction.atomic():
        Cycle.objects.select_for_update().get(pk=project.cycle_id)
        archive = Archive.objects.get(cycle=project.cycle_id)
        filed = _filed(archive)
        return _keep(act, project, archive, filed) if _papers_of(project, filed) else None


def archive_project(act: Act, project: Project) -> None:
    """The worker's job."""
    build_addendum(act, project)


def _filed(archive: Archive) -> set[str]:
    """References of papers and attachments the archive or an earlier addendum holds."""
    volumes_made = [archive.manifest, *(one.manifest for one in archive.addenda.all())]
    return {line["reference"] for lines in volumes_made for line in lines if line.get("reference")}


def _keep(act: Act, project: Project, archive: Archive, filed: set[str]) -> Addendum:
    number = archive.addenda.count() + 1
    addendum = Addendum(unit=project.unit, archive=archive, project=project, number=number, made_at=act.at)
    with tempfile.TemporaryFile() as file:
        entered = write_addendum(file, project, number=number, filed=filed, at=act.at)
        addendum.sha256 = volumes.digest_of(file)
        addendum.manifest = [asdict(one) for one in entered]
        cycle = project.cycle
        name = f"archive/{safe_name(cycle.unit.code)}-{cycle.year}-{cycle.pk}-{number}.zip"
        # A file a job left behind when its transaction failed would push this one to another name.
        default_storage.delete(name)
        addendum.file.name = default_storage.save(name, File(file))
        addendum.save()
    write_down(
        act,
        "archive.add",
        f"addendum:{addendum.pk}",
        about=cycle.reference,
        step=6,
        after={
            "project": project.reference,
            "number": number,
            "sha256": addendum.sha256,
            "items": len(entered),
        },
        label=project.title,
    )
    return addendum


def write_addendum(
    file: IO[bytes], project: Project, *, number: int, filed: set[str], at: datetime
) -> list[Entered]:
    """Write the volume's zip into an open file; returns its catalogue. Needs a transaction (the trail is streamed)."""
    papers = told_superseded(_papers_of(project, filed))
    trail = volumes.trail_up_to_now(project.unit)
    with zipfile.ZipFile(file, "w") as out:
        shelf = volumes.shelf_of(project.cycle, before=items_before(project.cycle))
        volume = Dossier(out, at, shelf, seal_within(project.unit, trail.until))
        for step in STEPS_OF_PROJECT:
            _enter(volume, project, [paper for paper in papers if (paper.step or 6) == step], step, filed)
        title = f"{project.cycle}补充卷宗（第 {number} 卷：{project.title}）"
        volumes.add_trail(volume, trail)
        volumes.add_catalogue(volume, title)
        facts = _facts_of(project, volume, trail, title)
        volumes.add_form(volume, "备考表.txt", "addendum_note", facts)
        volumes.add_form(volume, "移交清单.txt", "transfer", facts)
        volumes.add_form(volume, "说明.txt", "addendum", facts)
        volumes.add_sums(volume)
    return volume.entered


def items_before(cycle: Cycle) -> int:
    """How many items the year's dossier and its later volumes hold so far; their 档号 go on from there."""
    archive = Archive.objects.get(cycle=cycle)
    return sum(map(len, [archive.manifest, *archive.addenda.values_list("manifest", flat=True)]))


def _papers_of(project: Project, filed: set[str]) -> list[Paper]:
    found = Paper.objects.filter(subject__in=references_of(project)).select_related("unit__parent", "made_by")
    return [paper for paper in found.order_by("made_on", "pk") if paper.reference not in filed]


def references_of(project: Project) -> list[str]:
    """The project and whatever of steps 5 and 6 is about it alone, or measured it among others."""
    kept: list[Any] = [
        project,
        *project.findings.all(),
        *project.changes.all(),
        *project.audits.all(),
        *project.interpellations.all(),
        *project.measurements.select_related("vote"),
    ]
    votes = {one.vote.reference for one in project.measurements.select_related("vote") if one.vote}
    return sorted({record.reference for record in kept} | votes)


def _enter(volume: Dossier, project: Project, papers: list[Paper], step: int, filed: set[str]) -> None:
    """One step's papers, each followed by its attachments, then the records' own attachments, notes' files and registers."""
    for paper in papers:
        files = Attachment.objects.filter(subject=paper.reference).order_by("pk")
        volumes.enter_paper(volume, paper, list(files.values_list("name", flat=True)))
        _attachments(volume, [paper.reference], step, filed, of=paper.kind)
    if step == STEPS_OF_PROJECT[0]:
        _attachments(volume, references_of(project), step, filed)
    for file in volumes.files_on_notes(subject__in=references_of(project), step=step):
        if volumes.reference_of_note_file(file) not in filed:
            volumes.enter_note_file(volume, file, step)
    _registers(volume, project, step)


def _attachments(volume: Dossier, subjects: list[str], step: int, filed: set[str], *, of: str = "") -> None:
    for attachment in Attachment.objects.filter(subject__in=subjects).select_related("unit").order_by("pk"):
        if volumes.reference_of(attachment) not in filed:
            volumes.enter_attachment(volume, attachment, step, of=of)


def _registers(volume: Dossier, project: Project, step: int) -> None:
    mine = (project.number, project.title)
    for ledger in LEDGERS:
        if ledger.step == step and ledger.columns[:2] == OF_PROJECT:
            rows = [row for row in ledger.rows(project.cycle) if tuple(row[:2]) == mine]
            volumes.enter_ledger(volume, project.cycle, ledger, rows)


def _facts_of(project: Project, volume: Dossier, trail: Extract, title: str) -> dict[str, Any]:
    transfer = Paper.objects.filter(subject=project.reference, kind="transfer_list").order_by("-pk").first()
    facts = volumes.facts_of_forms(volume, project.unit, trail, transfer)
    facts["names"] = {**facts["names"], "fonds": volume.shelf.fonds}
    return facts | {
        "title": title,
        "project": project,
        "counts": counts_of(volume.entered, STEPS_OF_PROJECT),
    }
