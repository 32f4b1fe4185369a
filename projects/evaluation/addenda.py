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
from django.template.loader import render_to_string
from django.utils.timezone import localtime

from projects.cycles.models import Attachment, Cycle, Paper
from projects.evaluation import dossier as volumes
from projects.evaluation.dossier import Dossier, Entered
from projects.evaluation.ledgers import LEDGERS, OF_PROJECT
from projects.evaluation.models import Addendum, Archive
from projects.supervision.models import Project
from workflow.audit.services import Act, write_down
from workflow.people.texts import in_words

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
        name = f"archive/{volumes.safe_name(cycle.unit.code)}-{cycle.year}-{cycle.pk}-{number}.zip"
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
    papers = _papers_of(project, filed)
    with zipfile.ZipFile(file, "w") as out:
        volume = Dossier(out, at)
        for step in STEPS_OF_PROJECT:
            _enter(volume, project, [paper for paper in papers if (paper.step or 6) == step], step, filed)
        title = f"{project.cycle}补充卷宗（第 {number} 卷：{project.title}）"
        volumes.add_trail(volume, volumes.trail_up_to_now(project.unit))
        volumes.add_catalogue(volume, title)
        facts = _facts_of(project, volume, title)
        text = render_to_string("steps/evaluation/dossier/addendum.txt", facts)
        volume.add("说明.txt", [volumes.as_text(text.splitlines())])
        volumes.add_sums(volume)
    return volume.entered


def _papers_of(project: Project, filed: set[str]) -> list[Paper]:
    found = Paper.objects.filter(subject__in=references_of(project)).select_related("unit", "made_by")
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
        volumes.enter_paper(volume, paper)
        _attachments(volume, [paper.reference], step, filed)
    if step == STEPS_OF_PROJECT[0]:
        _attachments(volume, references_of(project), step, filed)
    for file in volumes.files_on_notes(subject__in=references_of(project), step=step):
        if volumes.reference_of_note_file(file) not in filed:
            volumes.enter_note_file(volume, file, step)
    _registers(volume, project, step)


def _attachments(volume: Dossier, subjects: list[str], step: int, filed: set[str]) -> None:
    for attachment in Attachment.objects.filter(subject__in=subjects).select_related("unit").order_by("pk"):
        if volumes.reference_of(attachment) not in filed:
            volumes.enter_attachment(volume, attachment, step)


def _registers(volume: Dossier, project: Project, step: int) -> None:
    mine = (project.number, project.title)
    for ledger in LEDGERS:
        if ledger.step == step and ledger.columns[:2] == OF_PROJECT:
            rows = [row for row in ledger.rows(project.cycle) if tuple(row[:2]) == mine]
            volumes.enter_ledger(volume, project.cycle, ledger, rows)


def _facts_of(project: Project, volume: Dossier, title: str) -> dict[str, Any]:
    transfer = Paper.objects.filter(subject=project.reference, kind="transfer_list").order_by("-pk").first()
    return {
        "title": title,
        "project": project,
        "made_on": in_words(localtime(volume.at)),
        "total": len(volume.entered),
        "missing": volume.missing,
        "transfer": transfer,
        "names": transfer.data if transfer else {},
    }
