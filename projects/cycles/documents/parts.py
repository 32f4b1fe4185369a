"""What a document is made of, whatever it is written out as. Texts are whole and Chinese; nothing here is markup."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import segno

from projects.cycles.documents.lines import width

IN_A_COLUMN = 19  # characters of 10.5 pt on a line of one of the two columns of equations


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of the text. small: a note under a table, without indent; fine: one of long codes, a line each.

    kept: on one page with what follows it.
    """

    kind: ClassVar[str] = "paragraph"
    text: str
    small: bool = False
    fine: bool = False
    kept: bool = False

    @property
    def look(self) -> str:
        """How it is set, as the style sheets call it; empty for the text itself."""
        looks = {"small": self.small, "fine": self.fine, "kept": self.kept}
        return " ".join(name for name, holds in looks.items() if holds)


@dataclass(frozen=True)
class Heading:
    """A heading of the first level: 一、基本情况."""

    kind: ClassVar[str] = "heading"
    text: str


@dataclass(frozen=True)
class Table:
    """head: titles of the columns, none where the rows speak for themselves; widths: shares of the line, one per column.

    centred: columns whose cells stand in the middle (numbers, dates, marks). tight: rows as low as the type allows.
    kept: its last row on one page with what follows it.
    """

    kind: ClassVar[str] = "table"
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...]
    centred: frozenset[int] = frozenset()
    tight: bool = False
    kept: bool = False

    @property
    def look(self) -> str:
        """How it is set, as the style sheets call it."""
        return " ".join(name for name, holds in {"tight": self.tight, "kept": self.kept}.items() if holds)

    @property
    def columns(self) -> list[tuple[str, float]]:
        """Each column's title and its share of the line in per cent."""
        titles = self.head or ("",) * len(self.widths)
        return [
            (title, round(width * 100 / sum(self.widths), 2))
            for title, width in zip(titles, self.widths, strict=True)
        ]

    @property
    def lines(self) -> list[list[tuple[str, bool]]]:
        """The rows as cells, each with whether it is centred."""
        return [[(cell, at in self.centred) for at, cell in enumerate(row)] for row in self.rows]


@dataclass(frozen=True)
class Equations:
    """Lines of figures set small and close, as a reconciliation is; on one page with what stands beside them."""

    kind: ClassVar[str] = "equations"
    title: str
    lines: tuple[str, ...]

    @property
    def is_short(self) -> bool:
        """Whether it stands on one page: a longer one would push what follows to a sheet of its own."""
        return sum(math.ceil(width(line) / IN_A_COLUMN) for line in self.lines) <= 20


@dataclass(frozen=True)
class ToSign:
    """Places to sign by hand, side by side: 总监票人（签名）. Never without what is signed: on one page with what is before."""

    kind: ClassVar[str] = "to_sign"
    titles: tuple[str, ...]


@dataclass(frozen=True)
class Drawing:
    """A drawing of lines and areas (SVG, safe as it stands). instead: what is written where a format holds no such drawing."""

    kind: ClassVar[str] = "drawing"
    svg: str
    instead: str


Part = Paragraph | Heading | Table | Equations | ToSign | Drawing


@dataclass(frozen=True)
class Seal:
    """A head of the trail as a paper carries it out of the system. words: with its short code; qr: what the square says."""

    words: str
    qr: str

    @property
    def drawing(self) -> str:
        """The square as SVG inside a page."""
        return str(segno.make(self.qr, error="m").svg_inline(scale=2, border=2))


@dataclass(frozen=True)
class Document:
    """One official document. Empty texts are left out.

    masthead: the red line on top, 发文机关标志; ruled: the red rule under its number, which orders and announcements
    do not have. issued_by: 签发人, named beside the number of a paper that goes to a higher body. caption: 题注, under
    the title in brackets. addressee: 主送机关. enclosures: 附件说明, titles alone.
    annex: what is attached, on a page of its own after the signature.
    seal: what stands at the foot of a paper to be kept outside, about the trail it was printed over.
    wide: on A4 lying on its side, for what is made of wide tables (横排).
    signature, day: 署名 and 成文日期; both empty for what a meeting adopted and for a form that is signed by hand.
    """

    title: str
    parts: tuple[Part, ...]
    masthead: str = ""
    ruled: bool = True
    number: str = ""
    issued_by: str = ""
    caption: str = ""
    addressee: str = ""
    enclosures: tuple[str, ...] = ()
    signature: str = ""
    day: str = ""
    seal: Seal | None = None
    wide: bool = False
    annex: tuple[Part, ...] = ()
