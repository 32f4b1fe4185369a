"""A published paper as a sheet: who issued it, and its text in paragraphs (after GB/T 9704)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from projects.cycles.models import Paper

# Whose paper it is, by kind: the congress itself, its presidium, or the government.
OF_CONGRESS = frozenset({"resolution", "method", "measurement"})
OF_PRESIDIUM = frozenset(
    {
        "announcement", "convening", "agenda", "materials", "opinions", "tally_report", "tellers", "change_notice",
        "presidium_report", "filing", "account", "circular", "look_back", "minutes", "readiness",
    }
)  # fmt: skip


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
        f"{paper.made_on.year}年{paper.made_on.month}月{paper.made_on.day}日",
        [line.strip() for line in paper.body.splitlines() if line.strip()],
        paper.data.get("items", []) if paper.kind == "public_notice" else [],
    )


def issuer_of(paper: Paper) -> str:
    """The body that signs, in full; a subdistrict has an assembly and an office instead (组织法 59)."""
    name = paper.unit.name
    if paper.unit.is_subdistrict:
        return f"{name}人大工作委员会" if paper.kind in OF_CONGRESS | OF_PRESIDIUM else f"{name}办事处"
    if paper.kind in OF_CONGRESS:
        return f"{name}人民代表大会"
    return f"{name}人民代表大会主席团" if paper.kind in OF_PRESIDIUM else f"{name}人民政府"
