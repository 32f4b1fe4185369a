"""A published paper as a sheet: who issued it, and its text in paragraphs (after GB/T 9704)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from projects.cycles.divisions import division_of
from projects.cycles.documents.issuing import day_of, issuer_of
from projects.cycles.models import Paper
from workflow.people.texts import lines_of


@dataclass(frozen=True)
class Sheet:
    """What the page prints. letterhead: above the red line, only where the paper has a number of its own.

    signature, day: under the text, in the paper's own language; rows: the list of candidates of a notice.
    """

    paper: Paper
    letterhead: str
    signature: str
    day: str
    paragraphs: list[str]
    rows: list[dict[str, Any]]


def sheet_of(paper: Paper) -> Sheet:
    """The sheet of a paper; empty lines only part its paragraphs."""
    issuer = issuer_of(paper)
    return Sheet(
        paper,
        issuer if paper.number else "",
        paper.data.get("signature") or issuer,
        day_of(paper),
        lines_of(f"{paper.body}\n{division_of(paper)}"),
        paper.data.get("items", []) if paper.kind == "public_notice" else [],
    )
