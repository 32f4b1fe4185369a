"""A paper put together as a document: letterhead, number, title, text, tables, enclosures, signature (GB/T 9704—2012 §7)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from projects.cycles.divisions import division_of
from projects.cycles.documents.issuing import day_of, issuer_of, signer_of
from projects.cycles.documents.parts import Document, Heading, Paragraph, Part, Seal
from projects.cycles.documents.tables import tables_of
from projects.cycles.models import Paper
from projects.offices import standing_committee_of
from workflow.people.services import unit_on
from workflow.people.texts import lines_of

# Orders and announcements carry their own name on top and no rule (§10.2); the others 发文机关 with 文件.
ANNOUNCED = frozenset({"announcement", "change_notice"})
HEADING = re.compile(r"[一二三四五六七八九十]{1,3}、[^。；，：]{1,30}")

Layout = Callable[[Paper, Document], Document]
_layouts: dict[str, Layout] = {}


def lay_out(kind: str) -> Callable[[Layout], Layout]:
    """Register how papers of a kind differ from the common layout: a function of the paper and its common document."""

    def register(layout: Layout) -> Layout:
        _layouts[kind] = layout
        return layout

    return register


def document_of(paper: Paper, *, enclosures: Sequence[str] = (), seal: Seal | None = None) -> Document:
    """The document of a paper. enclosures: names of the files kept with it that whoever asks may see; seal: the head of
    the trail it is printed over (`sealing.seal_of`)."""
    common = _headed(
        paper,
        Document(
            title=paper.title,
            parts=(*text_parts(paper.body), *tables_of(paper), *_division(paper)),
            enclosures=(*_listed(paper), *enclosures),
            signature=signer_of(paper),
            day=day_of(paper),
            addressee=_addressee(paper),
            seal=seal,
        ),
    )
    if paper.kind == "resolution" or "adopted" in paper.data:
        common = _adopted(paper, common)
    layout = _layouts.get(paper.kind)
    return _standing(paper, layout(paper, common) if layout else common)


def _division(paper: Paper) -> list[Part]:
    """The figures of the congress's own decision on it."""
    told = division_of(paper)
    return [Paragraph(told, small=True)] if told else []


def _standing(paper: Paper, document: Document) -> Document:
    """With what took its place before the text that no longer stands."""
    if not paper.superseded:
        return document
    return replace(document, parts=(Paragraph(f"（{paper.superseded}）", small=True), *document.parts))


def _headed(paper: Paper, common: Document) -> Document:
    """With its letterhead, 文号 and, where it goes to a higher body, 签发人 (§7.2.6); where it has a number of its own."""
    if not paper.number:
        return common
    if paper.kind in ANNOUNCED:
        return replace(common, masthead=paper.title, ruled=False, number=paper.number, title="")
    issued_by = paper.data.get("issued_by", "")
    return replace(common, masthead=f"{issuer_of(paper)}文件", number=paper.number, issued_by=issued_by)


def _adopted(paper: Paper, common: Document) -> Document:
    """What a meeting adopts says so under its title, and is not signed (§7.3.5.5)."""
    return replace(common, caption=f"（{day_of(paper)}通过）", signature="", day="")


def _addressee(paper: Paper) -> str:
    """主送机关 of a paper that goes to one body by law; one the text names itself is not named twice."""
    lines = lines_of(paper.body)
    if lines and lines[0].endswith("："):
        return ""
    if paper.kind == "filing" and paper.unit.parent:
        return standing_committee_of(paper.unit.parent)
    unit = unit_on(paper.unit, paper.made_on)
    return f"{unit.name}人民代表大会" if paper.kind == "bill" and not unit.is_subdistrict else ""


def _listed(paper: Paper) -> list[str]:
    """The papers sent along with this one."""
    named = paper.data.get("documents", [])
    return [f"{one['title']}（{one['number']}）" if one.get("number") else one["title"] for one in named]


def text_parts(body: str) -> list[Part]:
    """The paragraphs of a text; a short line numbered 一、 that stands alone over its text is a heading."""
    lines = ["", *lines_of(body), ""]
    return [
        Heading(line) if _is_heading(before, line, after) else Paragraph(line)
        for before, line, after in zip(lines, lines[1:], lines[2:], strict=False)
    ]


def _is_heading(before: str, line: str, after: str) -> bool:
    """A list of names is numbered the same way, but there the numbers stand one under the other."""
    listed = HEADING.fullmatch(before) or HEADING.match(after) or not after
    return bool(HEADING.fullmatch(line)) and not listed
