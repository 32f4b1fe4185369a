"""How long the papers of the file are kept, and what an archive calls them (档案保管期限、档号; rules.md §9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from projects.cycles.rulebook.retention import Retention

PERMANENT = "permanent"
CLASSES = ("decisions", "business", "routine")
# 永久, 30年, 10年: what decides or shows rights; what shows how the work was done; what served the day.
DECISIONS = frozenset(
    {
        "scheme", "minutes", "reply", "bill", "candidate_table", "agenda", "explanation", "method", "tellers", "trackers",
        "tally_report", "vote_decision", "resolution_draft", "resolution", "announcement", "change_notice", "measurement", "account",
        "presidium_report", "erasure_certificate",
    }
)  # fmt: skip
ROUTINE = frozenset({"convening", "readiness", "materials", "training", "visits", "circular", "demo_note"})
# 文书档案, and the terms as a 档号 writes them (DA/T 13—2022, DA/T 22—2015).
CATEGORY = "WS"
CODES = {PERMANENT: "Y", "30": "D30", "10": "D10"}


def class_of(kind: str) -> str:
    """The class of a kind of paper by how long it is kept: "decisions", "business" or "routine"."""
    if kind in DECISIONS:
        return "decisions"
    return "routine" if kind in ROUTINE else "business"


def terms_of(rules: Retention) -> dict[str, str]:
    """How long each class is kept by a rulebook: "permanent", or a number of years."""
    return {name: getattr(rules, f"{name}_archived") for name in CLASSES}


def archived_until(year: int, term: str) -> date | None:
    """The last day of a term counted from the first of January after the file's year; None for 永久.

    term: "permanent", or a number of years.
    """
    return None if term == PERMANENT else date(year + int(term), 12, 31)


@dataclass(frozen=True)
class Shelf:
    """Where in an archive the items of a year's dossier stand.

    terms: of each class, as the rulebook the year was frozen to has them. fonds: 全宗号 as whoever receives the dossier gave
    it; "" where it gave none and numbers the items itself. before: how many items earlier volumes of the year hold.
    """

    year: int
    terms: Mapping[str, str]
    fonds: str = ""
    before: int = 0

    def term_of(self, kind: str) -> str:
        """How long a kind of paper is kept; what is none ("") was made in the business itself."""
        return self.terms[class_of(kind)]

    def code_of(self, number: int, term: str) -> str:
        """档号 of an item of a volume: 全宗号-门类·年度-保管期限-件号, unique in the year's dossier; "" without a 全宗号."""
        if not self.fonds:
            return ""
        return f"{self.fonds}-{CATEGORY}·{self.year}-{CODES[term]}-{self.before + number:04d}"
