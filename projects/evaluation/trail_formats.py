"""The formats of the trail's export that need more than the trail: a printed list, and the year's dossier."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.cycles.documents.pdf import NoPdf, laid_out
from projects.cycles.documents.sealing import seal_over
from projects.cycles.models import Cycle
from projects.evaluation.dossier import CHUNK, write_dossier
from workflow.audit.exporters import Format, NotExported, add_format
from workflow.audit.exporters.extract import Extract
from workflow.audit.models import Entry
from workflow.audit.selectors import Line
from workflow.inbox.story import Line as Told
from workflow.inbox.story import lines_of

# Laying out holds every page in memory; a township's year is some hundreds to two thousand entries.
LONGEST_PDF = 3_000


def as_pdf(extract: Extract) -> Iterator[bytes]:
    """The entries told in Chinese, each with its number and hash, the head's code and square at the end."""
    count = extract.total()
    if count > LONGEST_PDF:
        raise NotExported(
            _("共%(count)d条，超过PDF一份最多%(most)d条，请按年份或事项分开导出，或改用其他格式。")
            % {"count": count, "most": LONGEST_PDF}
        )
    rows = [_printed(line) for line in extract.lines()]
    with extract.within():
        seal = seal_over(extract.unit)
    page = {
        "unit": extract.unit,
        "extract": extract,
        "rows": _named(rows, extract),
        "count": count,
        "gaps": bool(rows) and rows[-1]["index"] - rows[0]["index"] + 1 != count,
        "seal": seal,
        "at": localtime(timezone.now()),
    }
    try:
        yield bytes(
            laid_out(render_to_string("documents/trail.html", page), "documents/trail.css").write_pdf()
        )
    except NoPdf as reason:
        raise NotExported(str(reason)) from reason


def _printed(line: Line) -> dict[str, Any]:
    envelope = line.envelope
    return {name: envelope[name] for name in ("index", "id", "hash", "prev", "subject")}


def _named(rows: list[dict[str, Any]], extract: Extract) -> list[tuple[dict[str, Any], Told]]:
    with extract.within():
        entries = Entry.objects.filter(pk__in=[row["id"] for row in rows]).select_related("actor", "unit")
        told = {line.entry.pk: line for line in lines_of(entries)}
        return [(row, told[row["id"]]) for row in rows]


def as_dossier(extract: Extract) -> Iterator[bytes]:
    """The year's dossier as it stands now; of the year's periods the one that is asked for, else the latest."""
    if extract.year is None:
        raise NotExported(_("卷宗按年度编制，请写明年份。"))
    with tempfile.TemporaryFile() as file:
        with extract.within():
            cycles = Cycle.objects.filter(unit=extract.unit, year=extract.year).order_by("-pk")
            wanted = [cycle for cycle in cycles if extract.subject in ("", cycle.reference)]
            if not wanted:
                raise NotExported(_("%(year)d年没有年度工作，无卷宗可导出。") % {"year": extract.year})
            write_dossier(file, wanted[0], at=timezone.now())
        file.seek(0)
        yield from iter(lambda: file.read(CHUNK), b"")


add_format("pdf", Format(gettext_lazy("PDF（打印）"), "pdf", "application/pdf", as_pdf))
add_format(
    "dossier", Format(gettext_lazy("年度卷宗（压缩包）"), "zip", "application/zip", as_dossier, whole=True)
)
