"""The formats of the trail's export that need more than the trail: a printed list, and the year's dossier."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.cycles.documents.pdf import obstacle_to_pdf
from projects.cycles.documents.rendering import pdf_apart
from projects.cycles.documents.sealing import seal_over
from projects.cycles.models import Cycle
from projects.evaluation.dossier import CHUNK, write_dossier
from workflow.audit.exporters import Format, NotExported, add_format
from workflow.audit.exporters.extract import Extract
from workflow.audit.models import Entry
from workflow.audit.selectors import Line
from workflow.inbox.story import Line as Told
from workflow.inbox.story import lines_of

# Laying out holds every page of a part in memory: a part is laid out in a process of its own, and its pages then joined.
PART = 500


def as_pdf(extract: Extract) -> Iterator[bytes]:
    """The entries told in Chinese, each with its number and hash, the head's code and square on the last page.

    Laid out a part at a time and written out with page numbers that go on, so that no more than a part is held.
    """
    if reason := obstacle_to_pdf():
        raise NotExported(reason)
    from projects.cycles.documents.joining import Joined

    count = extract.total()
    first, last = extract.span()
    with extract.within():
        seal = seal_over(extract.unit)
    page = {
        "unit": extract.unit,
        "extract": extract,
        "count": count,
        "gaps": bool(count) and last - first + 1 != count,
        "seal": seal,
        "at": localtime(timezone.now()),
    }
    joined, done = Joined(), 0
    for rows in _parts(extract):
        done += len(rows)
        begins, ends = done == len(rows), done >= count
        part = page | {"rows": _named(rows, extract), "begins": begins, "ends": ends}
        yield joined.add(_laid_out(part, pages_before=joined.pages))
        # Laying out takes longer than reading: whoever looks on hears after each part that it goes on.
        extract.beat()
    yield joined.finish()


def _parts(extract: Extract) -> Iterator[list[dict[str, Any]]]:
    """The entries a part at a time; one empty part where there is none."""
    lines = map(_printed, extract.lines())
    yield list(islice(lines, PART))
    while rows := list(islice(lines, PART)):
        yield rows


def _laid_out(part: dict[str, Any], *, pages_before: int) -> bytes:
    goes_on = f"@page :first {{ counter-reset: page {pages_before + 1}; }}"
    styles = [render_to_string("documents/trail.css"), goes_on if pages_before else ""]
    return pdf_apart(render_to_string("documents/trail.html", part), styles)


def _printed(line: Line) -> dict[str, Any]:
    envelope = line.envelope
    return {name: envelope[name] for name in ("index", "id", "hash", "prev", "subject")}


def _named(rows: list[dict[str, Any]], extract: Extract) -> list[tuple[dict[str, Any], Told]]:
    with extract.within():
        entries = Entry.objects.filter(pk__in=[row["id"] for row in rows]).select_related("actor", "unit")
        told = {line.entry.pk: line for line in lines_of(entries)}
        return [(row, told[row["id"]]) for row in rows]


def as_dossier(extract: Extract) -> Iterator[bytes]:
    """The year's dossier as it stands now; of the year's periods the one that is asked for, else the latest.

    The trail in it goes as far as the extract, whole; the papers are those there are when they are written.
    """
    if extract.year is None:
        raise NotExported(_("卷宗按年度编制，请写明年份。"))
    with tempfile.TemporaryFile() as file:
        with extract.within():
            cycles = Cycle.objects.filter(unit=extract.unit, year=extract.year).select_related("unit")
            wanted = [cycle for cycle in cycles.order_by("-pk") if extract.subject in ("", cycle.reference)]
        if not wanted:
            raise NotExported(_("%(year)d年没有年度工作，无卷宗可导出。") % {"year": extract.year})
        write_dossier(file, wanted[0], at=timezone.now(), trail=extract.whole())
        file.seek(0)
        yield from iter(lambda: file.read(CHUNK), b"")


add_format("pdf", Format(gettext_lazy("PDF（打印）"), "pdf", "application/pdf", as_pdf))
add_format(
    "dossier", Format(gettext_lazy("年度卷宗（压缩包）"), "zip", "application/zip", as_dossier, whole=True)
)
