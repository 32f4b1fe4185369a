"""The year's dossier: one zip per township and year, in the order of the three stages and six steps.

Inside: 归档目录 (CSV and text, with 件号), every paper as the document it is, with its tables, signature and the trail's
code, in HTML that any browser opens and prints; every attachment as stored, the registers of each step, the trail as JSON
Lines with its hashes, 备考表, 移交清单, SHA256SUMS over all of it and a readme. A county archive inspection is the reader:
complete and in order (integrity.md §1). What is missing is named, never left out in silence; a dossier that is not the
archived one says so, and certifies nothing that has not happened.
"""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO, Any

from django.apps import apps
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import JSONField, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce
from django.template.loader import render_to_string
from django.utils.timezone import localdate, localtime

from projects.ballots.reporting import readable_files, readable_papers
from projects.cycles.documents.composing import document_of
from projects.cycles.documents.issuing import presidium_of, signer_of
from projects.cycles.documents.page import html_of
from projects.cycles.documents.parts import Seal
from projects.cycles.documents.sealing import SEALED, seal_within
from projects.cycles.keeping import Shelf, terms_of
from projects.cycles.models import Attachment, Cycle, Paper
from projects.cycles.papers import KINDS
from projects.cycles.selectors import papers_of
from projects.cycles.steps import STEPS
from projects.evaluation import conforming, selectors
from projects.evaluation.catalogue import (
    CATALOGUE,
    Entered,
    absent_from,
    counts_of,
    folder_of,
    lines_told,
    safe_name,
)
from projects.evaluation.ledgers import LEDGERS, Ledger, Row, as_csv
from projects.evaluation.models import Archive
from projects.voting.superseding import told_superseded
from workflow.audit import standalone
from workflow.audit.exporters.csv_table import as_csv as as_csv_table
from workflow.audit.exporters.extract import Extract, extract_of
from workflow.audit.exporters.jsonl import as_jsonl
from workflow.audit.heads import feed_written
from workflow.audit.models import Entry, Leaf
from workflow.audit.services import Act, chain_now, write_down
from workflow.flows.models import CommentFile, Deadline
from workflow.machines.models import Record
from workflow.people.models import Unit
from workflow.people.services import unit_on
from workflow.people.texts import in_words

CHUNK = 1 << 20
Attached = dict[tuple[int, str], list[Attachment]]
Piece = Callable[[], object]
LAST_STEP = 6  # of what names no step


@dataclass
class Dossier:
    """A zip being written: every file once, its digest taken on the way in.

    shelf: how long its items are kept and what an archive calls them. seal: the head of the trail its papers are printed over.
    """

    zip: zipfile.ZipFile
    at: datetime
    shelf: Shelf
    seal: Seal | None = None
    entered: list[Entered] = field(default_factory=list)
    sums: dict[str, str] = field(default_factory=dict)

    def add(self, path: str, chunks: Iterable[bytes]) -> tuple[int, str]:
        """Write one file; returns its size and SHA-256."""
        digest, size = hashlib.sha256(), 0
        info = zipfile.ZipInfo(path, localtime(self.at).timetuple()[:6])
        info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
        with self.zip.open(info, "w", force_zip64=True) as out:
            for chunk in chunks:
                out.write(chunk)
                digest.update(chunk)
                size += len(chunk)
        self.sums[path] = digest.hexdigest()
        return size, digest.hexdigest()

    def enter(self, *, step: int, suffix: str, chunks: Iterable[bytes], **facts: str) -> None:
        """Write one item under the next 件号, in its stage's and step's folder."""
        path = f"{folder_of(step)}/{len(self.entered) + 1:03d} {safe_name(facts['title'])}{suffix}"
        size, sha256 = self.add(path, chunks)
        self._list(step, file=path, size=size, sha256=sha256, **facts)

    def enter_missing(self, *, step: int, **facts: str) -> None:
        """An item whose original cannot be read keeps its number and says so."""
        self._list(step, **facts)

    def _list(self, step: int, **facts: Any) -> None:
        number = len(self.entered) + 1
        code = self.shelf.code_of(number, facts["term"])
        self.entered.append(Entered(number=number, step=step, code=code, **facts))

    @property
    def faulty(self) -> list[Entered]:
        return [one for one in self.entered if one.fault]


# Putting it together


def build_archive(act: Act, cycle: Cycle) -> Archive:
    """Make the dossier and keep it; done already: the one there is. Safe to run twice."""
    with transaction.atomic():
        Cycle.objects.select_for_update().get(pk=cycle.pk)
        kept = Archive.objects.filter(cycle=cycle).first()
        return kept or _keep(act, cycle)


def archive_year(act: Act, cycle: Cycle) -> None:
    """The worker's job."""
    build_archive(act, cycle)


def _keep(act: Act, cycle: Cycle) -> Archive:
    with tempfile.TemporaryFile() as file:
        entered = write_dossier(file, cycle, at=act.at, archived=True)
        sha256 = digest_of(file)
        archive = Archive(unit=cycle.unit, cycle=cycle, sha256=sha256, made_at=act.at)
        archive.manifest = [asdict(one) for one in entered]
        name = f"archive/{safe_name(cycle.unit.code)}-{cycle.year}-{cycle.pk}.zip"
        # A file a job left behind when its transaction failed would push this one to another name.
        default_storage.delete(name)
        archive.file.name = default_storage.save(name, File(file))
        archive.save()
    write_down(
        act,
        "archive.make",
        f"archive:{archive.pk}",
        about=cycle.reference,
        step=6,
        after={"sha256": sha256, "items": len(entered)},
        label=cycle.label,
    )
    return archive


def digest_of(file: IO[bytes]) -> str:
    """SHA-256 of a whole file, left at its beginning."""
    file.seek(0)
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK):
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def write_dossier(
    file: IO[bytes], cycle: Cycle, *, at: datetime, trail: Extract | None = None, archived: bool = False
) -> list[Entered]:
    """Write the zip into an open file; returns the catalogue.

    trail: how far the unit's trail goes into it, in which context each piece is read, and who is told after each that the
    work goes on and may stop it; by default up to this very act, in the caller's transaction.
    archived: whether this is the volume that is handed to the archive, with its 移交清单; any other says that it is not.
    """
    trail = trail or trail_up_to_now(cycle.unit)
    with zipfile.ZipFile(file, "w") as out:
        with trail.within():
            dossier = Dossier(out, at, shelf_of(cycle), seal_within(cycle.unit, trail.until))
            caution = "" if archived else caution_of(cycle)
            attached = attachments_of(cycle)
            pieces = [piece for step in STEPS for piece in _pieces(dossier, cycle, step, attached)]
        _write(pieces, trail)
        add_trail(dossier, trail)
        _write(
            [
                partial(add_conformance, dossier, cycle),
                partial(add_catalogue, dossier, str(cycle), caution),
                partial(_add_forms, dossier, cycle, trail, caution),
                partial(add_sums, dossier),
            ],
            trail,
        )
    return dossier.entered


def shelf_of(cycle: Cycle, *, before: int = 0) -> Shelf:
    """Where the year's items stand in the archive. before: how many earlier volumes hold."""
    transfer = transfer_of(cycle)
    fonds = transfer.data.get("fonds", "") if transfer else ""
    return Shelf(cycle.year, terms_of(cycle.rules), fonds, before)


def transfer_of(cycle: Cycle) -> Paper | None:
    """The list the year's own dossier is handed over with; later volumes have theirs."""
    return papers_of(cycle, kind="transfer_list").filter(subject=cycle.reference).order_by("-pk").first()


def caution_of(cycle: Cycle) -> str:
    """What a dossier that is not the archived one says of itself, on every sheet an inspector begins with."""
    return "非归档卷宗，仅供核对" if Archive.objects.filter(cycle=cycle).exists() else "未归档，仅供核对"


def _write(pieces: Iterable[Piece], trail: Extract) -> None:
    """Each in a context of its own: nobody waits for a transaction as long as the whole takes."""
    for piece in pieces:
        with trail.within():
            piece()
        trail.beat()


def _pieces(dossier: Dossier, cycle: Cycle, step: int, attached: Attached) -> Iterator[Piece]:
    """What a step's folder is made of: papers with their attachments, other attachments, files of notes, registers."""
    yield from _filed(dossier, cycle, step, attached)
    for file in files_on_notes(about=cycle.reference, step=step):
        yield partial(enter_note_file, dossier, file, step)
    for ledger in LEDGERS:
        if ledger.step == step:
            yield partial(_enter_whole_ledger, dossier, cycle, ledger)


def _filed(dossier: Dossier, cycle: Cycle, step: int, attached: Attached) -> Iterator[Piece]:
    """A step's papers in the order they were made, each followed by its attachments, then the other attachments."""
    papers = readable_papers(papers_of(cycle, step=step)).select_related("unit__parent", "made_by")
    for paper in told_superseded(papers.order_by("made_on", "pk")):
        files = attached.get((step, paper.reference), [])
        yield partial(enter_paper, dossier, paper, [file.name for file in files])
        for attachment in files:
            yield partial(enter_attachment, dossier, attachment, step, of=paper.kind)
    for (where, subject), attachments in attached.items():
        if where == step and not subject.startswith("paper:"):
            for attachment in attachments:
                yield partial(enter_attachment, dossier, attachment, step)


def enter_paper(dossier: Dossier, paper: Paper, files: Sequence[str]) -> None:
    """One paper as the document it is. files: names of what is attached to it."""
    seal = dossier.seal if paper.kind in SEALED else None
    page = html_of(document_of(paper, enclosures=files, seal=seal))
    published = f"{localdate(paper.published_at):%Y-%m-%d}公布" if paper.published_at else ""
    dossier.enter(
        step=paper.step or LAST_STEP,
        suffix=".html",
        chunks=[page.encode()],
        kind=str(KINDS.get(paper.kind, paper.kind)),
        document=paper.number,
        author=signer_of(paper),
        title=paper.title,
        on=paper.made_on.isoformat(),
        term=dossier.shelf.term_of(paper.kind),
        note="；".join(filter(None, (published, paper.superseded))),
        made=paper.kind,
        reference=paper.reference,
    )


def attachments_of(cycle: Cycle) -> Attached:
    """Every attachment of the year's records by (step, reference of its record)."""
    steps = steps_of_records(cycle)
    found: Attached = {}
    files = readable_files(Attachment.objects.filter(subject__in=list(steps)))
    for attachment in files.select_related("unit").order_by("pk"):
        found.setdefault((steps[attachment.subject], attachment.subject), []).append(attachment)
    return found


def steps_of_records(cycle: Cycle) -> dict[str, int]:
    """The step of every record of the year by its reference: its papers', then as the trail and the models say."""
    steps = {paper.reference: paper.step or LAST_STEP for paper in papers_of(cycle)}
    for reference, step in (*_named_in_trail(cycle), *_of_models(cycle), (cycle.reference, 6)):
        steps.setdefault(reference, step)
    return steps


def _named_in_trail(cycle: Cycle) -> Iterator[tuple[str, int]]:
    said = KeyTextTransform("step", Cast("body", JSONField()))
    # The database finds the first entry of each: a year has a hundred times as many as it has records.
    first = Entry.objects.filter(about=cycle.reference).order_by("subject", "id").distinct("subject")
    for subject, step in first.values_list("subject", said):
        yield subject, int(step or LAST_STEP)


def _of_models(cycle: Cycle) -> Iterator[tuple[str, int]]:
    for model in apps.get_app_config("projects").get_models():
        path, step = _way_to_cycle(model)
        for record in model._default_manager.filter(**{path: cycle}).iterator() if path else ():
            kind = model.kind if issubclass(model, Record) else model._meta.model_name
            yield f"{kind}:{record.pk}", getattr(record, "step", None) or step


def _way_to_cycle(model: Any) -> tuple[str, int]:
    """How a model's rows name their cycle, and the step they belong to where they do not say."""
    names = {one.name for one in model._meta.local_fields if one.is_relation}
    ways = {"cycle": ("cycle", 6), "project": ("project__cycle", 5), "item": ("item__cycle", 2)}
    return next((way for name, way in ways.items() if name in names), ("", 0))


def reference_of(attachment: Attachment) -> str:
    """What an attachment is called in a catalogue's data."""
    return f"attachment:{attachment.pk}"


def enter_attachment(dossier: Dossier, attachment: Attachment, step: int, *, of: str = "") -> None:
    """One attachment as stored. of: the kind of the paper it is attached to, as long as which it is kept."""
    added = localdate(attachment.added_at)
    _enter_stored(
        dossier,
        attachment,
        step,
        kind="附件",
        author=unit_on(attachment.unit, added).name,
        on=added.isoformat(),
        term=dossier.shelf.term_of(of),
        reference=reference_of(attachment),
    )


def files_on_notes(*, step: int, **tasks: Any) -> QuerySet[CommentFile]:
    """The files that go with notes on a step's tasks. tasks: which, by what their deadlines say."""
    found = {f"comment__task__deadline__{name}": value for name, value in tasks.items()}
    files = CommentFile.objects.alias(of=Coalesce("comment__task__deadline__step", LAST_STEP))
    return files.filter(of=step, **found).select_related("comment__user", "comment__task").order_by("pk")


def reference_of_note_file(file: CommentFile) -> str:
    """What a note's file is called in a catalogue's data."""
    return f"comment_file:{file.pk}"


def enter_note_file(dossier: Dossier, file: CommentFile, step: int) -> None:
    """One file of a note as stored, under the task the note stands on."""
    _enter_stored(
        dossier,
        file,
        step,
        kind=f"附注文件（{file.comment.task.flow_task.task_title}）",
        author=file.comment.user.name,
        on=f"{localtime(file.comment.at):%Y-%m-%d}",
        term=dossier.shelf.term_of(""),
        reference=reference_of_note_file(file),
    )


def _enter_stored(dossier: Dossier, kept: Attachment | CommentFile, step: int, **told: str) -> None:
    """A file as stored; a missing or altered original is entered with a note."""
    stem, dot, suffix = kept.name.rpartition(".")
    facts = {"document": "", "title": stem or kept.name, **told}
    try:
        with kept.file.open("rb") as stored:
            dossier.enter(
                step=step,
                suffix=f".{safe_name(suffix)}" if stem and dot else "",
                chunks=iter(lambda: stored.read(CHUNK), b""),
                **facts,
            )
    except OSError:
        dossier.enter_missing(step=step, fault="原件缺失", **facts)
        return
    if dossier.entered[-1].sha256 != kept.sha256:
        dossier.entered[-1] = replace(dossier.entered[-1], fault="与入库时的校验值不符")


def _enter_whole_ledger(dossier: Dossier, cycle: Cycle, ledger: Ledger) -> None:
    enter_ledger(dossier, cycle, ledger, list(ledger.rows(cycle)))


def enter_ledger(dossier: Dossier, cycle: Cycle, ledger: Ledger, rows: list[Row]) -> None:
    """One register, or the part of it given; nothing where it has no rows."""
    if rows:
        dossier.enter(
            step=ledger.step,
            suffix=".csv",
            chunks=[as_csv(ledger.columns, rows)],
            kind="台账",
            document="",
            author=presidium_of(cycle.unit),
            title=f"{cycle}{ledger.title}（{STEPS[ledger.step]}）",
            on=f"{localtime(dossier.at):%Y-%m-%d}",
            term=dossier.shelf.terms[ledger.keeping],
        )


def trail_up_to_now(unit: Unit) -> Extract:
    """The unit's whole trail with what this transaction itself has written."""
    chain_now()
    return extract_of(unit)


def add_trail(dossier: Dossier, trail: Extract) -> None:
    """办理记录: the unit's whole chain, its signed heads, and what verifies them with Python alone."""
    dossier.add("办理记录/trail.jsonl", as_jsonl(trail))
    # The same entries once more: they are counted already.
    dossier.add("办理记录/trail.csv", as_csv_table(replace(trail, tick=lambda _read: trail.beat())))
    with trail.within():
        dossier.add("办理记录/heads.json", feed_written(trail.unit, until=trail.until))
    dossier.add("办理记录/verify.py", [Path(standalone.__file__).read_bytes()])


def add_conformance(dossier: Dossier, cycle: Cycle) -> None:
    """程序规范检查表: article by article, with the numbers of the entries that show it."""
    rows = list(conforming.rows_of(cycle, localtime(dossier.at).date()))
    dossier.add("程序规范检查表.csv", [as_csv(conforming.COLUMNS, rows)])


def add_catalogue(dossier: Dossier, title: str, caution: str = "") -> None:
    """归档目录 as a table and as text. caution: what a dossier that is not the archived one says of itself."""
    dossier.add("归档目录.csv", [as_csv(CATALOGUE, [one.row() for one in dossier.entered])])
    headed = f"{title}归档目录" + (f"（{caution}）" if caution else "")
    dossier.add("归档目录.txt", [as_text(lines_told(headed, dossier.entered))])


def add_form(dossier: Dossier, name: str, template: str, facts: dict[str, Any]) -> None:
    """A sheet of the dossier as text."""
    text = render_to_string(f"steps/evaluation/dossier/{template}.txt", facts)
    dossier.add(name, [as_text(text.splitlines())])


def _add_forms(dossier: Dossier, cycle: Cycle, trail: Extract, caution: str) -> None:
    facts = _facts_of(dossier, cycle, trail) | {"caution": caution}
    add_form(dossier, "备考表.txt", "note", facts)
    if not caution:
        add_form(dossier, "移交清单.txt", "transfer", facts)
    add_form(dossier, "说明.txt", "readme", facts)


def facts_of_forms(dossier: Dossier, unit: Unit, trail: Extract, transfer: Paper | None) -> dict[str, Any]:
    """What 备考表 and 移交清单 of any volume say. transfer: the list it is handed over with, None before that."""
    last = Leaf.objects.filter(unit=unit, index=trail.until).first()
    return {
        "presidium": presidium_of(unit),
        "made_on": in_words(localtime(dossier.at)),
        "total": len(dossier.entered),
        "faulty": dossier.faulty,
        "names": transfer.data if transfer else {},
        "trail": trail,
        "head": bytes(last.hash).hex() if last else "",
    }


def _facts_of(dossier: Dossier, cycle: Cycle, trail: Extract) -> dict[str, Any]:
    absent = absent_from(dossier.entered)
    return facts_of_forms(dossier, cycle.unit, trail, transfer_of(cycle)) | {
        "title": str(cycle),
        "counts": counts_of(dossier.entered),
        "absent": [(STEPS[step], KINDS[kind]) for step, kind in absent],
        "unfinished": unfinished_tasks(cycle),
        "carried": selectors.carried_over(cycle),
        "rectifications": selectors.rectifications(cycle),
        "archive": Archive.objects.filter(cycle=cycle).first(),
    }


def unfinished_tasks(cycle: Cycle) -> list[Deadline]:
    """What of the year is still in somebody's inbox; named in 备考表."""
    found = Deadline.objects.filter(about=cycle.reference, done_at=None, cancelled=False)
    return list(found.select_related("seat", "task").exclude(key="evaluation.archive").order_by("step", "pk"))


def add_sums(dossier: Dossier) -> None:
    """SHA256SUMS over everything else; the last file of a volume."""
    lines = "".join(f"{digest}  {path}\n" for path, digest in dossier.sums.items())
    dossier.zip.writestr(zipfile.ZipInfo("SHA256SUMS", localtime(dossier.at).timetuple()[:6]), lines)


def as_text(lines: Iterable[str]) -> bytes:
    """UTF-8 with BOM and CRLF, as the offices' machines read it."""
    return b"\xef\xbb\xbf" + "".join(f"{line}\r\n" for line in lines).encode()


def archive_facts(cycle: Cycle) -> dict[str, Any]:
    """For the task that hands over: papers by step, what was rectified after a measurement, and what is still open."""
    papers = list(papers_of(cycle))
    return {
        "counts": [(str(STEPS[step]), sum(paper.step == step for paper in papers)) for step in STEPS],
        "total": len(papers),
        "rectifications": selectors.rectifications(cycle),
        "unfinished": unfinished_tasks(cycle),
    }
