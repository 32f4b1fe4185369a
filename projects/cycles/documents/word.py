"""A document as Word (docx), which officials edit: the same sheet as the PDF, in the fonts their machines have."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable, Sequence
from copy import deepcopy
from typing import Any

import docx
import segno
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Length, Mm, Pt, RGBColor
from docx.table import Table as DocxTable
from docx.table import _Cell

from projects.cycles.documents.lines import masthead_of, title_lines
from projects.cycles.documents.lines import width as characters_of
from projects.cycles.documents.parts import (
    Document,
    Drawing,
    Equations,
    Heading,
    Paragraph,
    Seal,
    Table,
    ToSign,
)

SONG, FANG_SONG, HEI, KAI, TITLE = "宋体", "仿宋_GB2312", "黑体", "楷体_GB2312", "方正小标宋简体"
# What a machine without the first font takes instead.
OTHERWISE = {FANG_SONG: "仿宋", KAI: "楷体", TITLE: "华文中宋"}
RED = RGBColor(0xD5, 0x13, 0x1B)
# 28 characters of 15.75 pt on 156 mm: 3号 set a quarter of a point closer; in twentieths of a point.
TEXT_PT, CLOSER = 16, -5
LINE, SMALL_LINE = Pt(28.95), Pt(17)
ROW_SPACING = 1.4  # of a table's lines, in their size
CELL_MARGIN_MM, RULE_MM = 1, 0.3
MM_PER_PT = 25.4 / 72
LEFT, RIGHT, CENTRE = WD_ALIGN_PARAGRAPH.LEFT, WD_ALIGN_PARAGRAPH.RIGHT, WD_ALIGN_PARAGRAPH.CENTER


def word_of(document: Document) -> bytes:
    """The document on A4 with the type area of GB/T 9704: 22 lines of 28 characters, page numbers on the outer side."""
    file = blank(title=document.title or document.masthead, landscape=document.wide)
    _page(file, wide=document.wide)
    _write_head(file, document)
    if document.addressee:
        line(file, f"{document.addressee}：")
    for part in document.parts:
        WRITERS[type(part)](file, part)
    _write_enclosures(file, document.enclosures)
    if document.signature:
        _write_signature(file, document)
    if document.seal:
        _keep_the_end(file)
        _write_seal(file, document.seal)
    if document.annex:
        file.add_page_break()
        for part in document.annex:
            WRITERS[type(part)](file, part)
    return saved(file)


def blank(*, title: str, landscape: bool = False, paper: tuple[int, int] = (210, 297)) -> Any:
    """An empty file with the styles of a document. paper: width and height in mm, upright."""
    file = docx.Document()
    core = file.core_properties
    core.title, core.author, core.comments = title, "", ""
    normal = file.styles["Normal"]
    normal.font.size, normal.font.name = Pt(16), "Times New Roman"
    _fonts(normal.element.get_or_add_rPr(), FANG_SONG)
    for language in file.styles.element.iter(qn("w:lang")):
        language.set(qn("w:eastAsia"), "zh-CN")
    normal.paragraph_format.space_after = Pt(0)
    section, (width, height) = file.sections[0], paper
    # Lines and characters are spaced by themselves: programs do not agree on what a grid does to a table.
    if (grid := section._sectPr.find(qn("w:docGrid"))) is not None:
        section._sectPr.remove(grid)
    section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = (
        (Mm(height), Mm(width)) if landscape else (Mm(width), Mm(height))
    )
    for font, instead in OTHERWISE.items():
        _name_font(file, font, instead)
    return file


def saved(file: Any) -> bytes:
    """The file's bytes."""
    out = io.BytesIO()
    file.save(out)
    return out.getvalue()


# Setting type


def line(
    file: Any,
    text: str,
    *,
    font: str = FANG_SONG,
    size: float = 16,
    align: Any = None,
    indent: int = 0,
    spacing: Any = LINE,
    bold: bool = False,
) -> Any:
    """One paragraph. indent: of its first line, in characters."""
    paragraph = file.add_paragraph()
    paragraph.alignment = align
    form = paragraph.paragraph_format
    form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.EXACTLY, spacing
    if indent:
        _indent(paragraph, firstLineChars=indent * 100, firstLine=round(indent * size * 20))
    write(paragraph, text, font=font, size=size, bold=bold)
    return paragraph


def write(paragraph: Any, text: str, *, font: str = FANG_SONG, size: float = 16, bold: bool = False) -> Any:
    """Add text to a paragraph in one font."""
    run = paragraph.add_run(text)
    run.font.size, run.bold = Pt(size), bold
    properties = run._element.get_or_add_rPr()
    _fonts(properties, font)
    if size == TEXT_PT:
        properties.insert_element_before(
            element("spacing", val=CLOSER), "w:w", "w:kern", "w:position", "w:sz"
        )
    return run


def _fonts(properties: Any, font: str) -> None:
    fonts = properties.get_or_add_rFonts()
    for side in ("eastAsia", "hAnsi", "ascii"):
        fonts.set(qn(f"w:{side}"), font if side == "eastAsia" else "Times New Roman")


def _name_font(file: Any, font: str, instead: str) -> None:
    """Say in the file which font stands in for one that is missing."""
    part = next(p for p in file.part.package.iter_parts() if str(p.partname).endswith("fontTable.xml"))
    entry = f'<w:font w:name="{font}"><w:altName w:val="{instead}"/></w:font></w:fonts>'
    part._blob = part.blob.replace(b"</w:fonts>", entry.encode())


def _indent(paragraph: Any, **values: int) -> None:
    ind = paragraph._p.get_or_add_pPr().get_or_add_ind()
    for name, value in values.items():
        ind.set(qn(f"w:{name}"), str(value))


def element(name: str, **values: object) -> Any:
    """An element of the file's own markup."""
    made = OxmlElement(f"w:{name}")
    for key, value in values.items():
        made.set(qn(f"w:{key}"), str(value))
    return made


# The page


def _page(file: Any, *, wide: bool) -> None:
    section = file.sections[0]
    section.top_margin, section.bottom_margin = (Mm(20), Mm(22)) if wide else (Mm(37), Mm(35))
    section.left_margin, section.right_margin = (Mm(20), Mm(20)) if wide else (Mm(28), Mm(26))
    section.footer_distance = Mm(12 if wide else 25)
    file.settings.odd_and_even_pages_header_footer = True
    _number_pages(section.footer, RIGHT, right=100)
    _number_pages(section.even_page_footer, LEFT, left=100)


def _number_pages(footer: Any, side: Any, **chars: int) -> None:
    """— 1 — in 4号, one character from the outer edge."""
    paragraph = footer.paragraphs[0]
    paragraph.alignment = side
    _indent(paragraph, **{f"{edge}Chars": value for edge, value in chars.items()})
    write(paragraph, "— ", font=SONG, size=14)
    run = write(paragraph, "", font=SONG, size=14)
    for part in (
        element("fldChar", fldCharType="begin"),
        _instruction(" PAGE "),
        element("fldChar", fldCharType="end"),
    ):
        run._element.append(part)
    write(paragraph, " —", font=SONG, size=14)


def _instruction(text: str) -> Any:
    made = OxmlElement("w:instrText")
    made.set(qn("xml:space"), "preserve")
    made.text = text
    return made


# The parts of a document


def _write_head(file: Any, document: Document) -> None:
    lines, size = masthead_of(document.masthead)
    for at, text in enumerate(lines):
        top = line(file, text, font=TITLE, size=round(size * 2) / 2, align=CENTRE, spacing=Pt(size * 1.35))
        top.runs[0].font.color.rgb = RED
        if not at:
            top.paragraph_format.space_before = Mm(35 if document.ruled else 20)
    if document.number:
        number = _write_number(file, document)
        number.paragraph_format.space_before, number.paragraph_format.space_after = LINE, Pt(0)
        if document.ruled:
            _rule_under(number)
            number.paragraph_format.space_after = Pt(40)
    for text in title_lines(document.title):
        line(file, text, font=TITLE, size=22, align=CENTRE, spacing=Pt(34))
    if document.caption:
        line(file, document.caption, font=KAI, align=CENTRE)
    line(file, "")


def _write_number(file: Any, document: Document) -> Any:
    """文号 in the middle; with 签发人 it stands on the left and the name on the right, each a character from the edge."""
    if not document.issued_by:
        return line(file, document.number, align=CENTRE)
    number = line(file, f"{document.number}\t签发人：")
    write(number, document.issued_by, font=KAI)
    _indent(number, leftChars=100, left=320, rightChars=100, right=320)
    number.paragraph_format.tab_stops.add_tab_stop(Mm(156) - Pt(16), WD_TAB_ALIGNMENT.RIGHT)
    return number


def _rule_under(paragraph: Any) -> None:
    borders = element("pBdr")
    borders.append(element("bottom", val="single", sz=12, space=11, color="D5131B"))
    paragraph._p.get_or_add_pPr().insert_element_before(
        borders, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def _write_paragraph(file: Any, part: Paragraph) -> None:
    if part.small or part.fine:
        written = line(file, part.text, size=12 if part.small else 9, spacing=SMALL_LINE)
    else:
        written = line(file, part.text, indent=2, align=WD_ALIGN_PARAGRAPH.JUSTIFY)
    written.paragraph_format.keep_with_next = written.paragraph_format.keep_together = part.kept


def _write_heading(file: Any, part: Heading) -> None:
    line(file, part.text, font=HEI, indent=2).paragraph_format.keep_with_next = True


def write_table(file: Any, part: Table, *, size: float = 12, width_mm: float = 156, row_mm: float = 0) -> Any:
    """A ruled table over the line; its head is repeated on every page. row_mm: the least height of a row.

    How high its rows are is `row_heights`.
    """
    head = 1 if part.head else 0
    table = file.add_table(rows=len(part.rows) + head, cols=len(part.widths), style="Table Grid")
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    _narrow_cells(table)
    widths = [Mm(width_mm * width / sum(part.widths)) for width in part.widths]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    # A cell is set once for its column and copied: setting each anew takes many times as long.
    patterns: dict[tuple[int, bool], Any] = {}
    for row, texts in zip(table.rows, [*([part.head] if head else []), *part.rows], strict=True):
        is_head = bool(head) and texts is part.head
        if row_mm and not is_head:
            row.height = Mm(row_mm)
        _keep_whole(row, repeated=is_head)
        for at, (cell, text) in enumerate(zip(row._tr.tc_lst, texts, strict=True)):
            if (at, is_head) not in patterns:
                align = CENTRE if is_head or at in part.centred else LEFT
                font = HEI if is_head else FANG_SONG
                patterns[at, is_head] = _set_cell(_Cell(cell, table), widths[at], align, font, size)
            filled = deepcopy(patterns[at, is_head])
            filled.p_lst[0].r_lst[0].text = text
            row._tr.replace(cell, filled)
    return table


def _set_cell(cell: _Cell, width: int, align: Any, font: str, size: float) -> Any:
    """The markup of a cell with nothing in it yet."""
    cell.width, cell.vertical_alignment = Length(width), WD_CELL_VERTICAL_ALIGNMENT.CENTER
    paragraph = cell.paragraphs[0]
    paragraph.alignment, paragraph.paragraph_format.line_spacing = align, Pt(size * ROW_SPACING)
    write(paragraph, "", font=font, size=size)
    return cell._tc


def row_heights(part: Table, *, size: float, width_mm: float, row_mm: float = 0) -> list[float]:
    """The heights in mm of the rows `write_table` makes, the head's first; rules included.

    Lines are spaced exactly, whatever the font; how many a text takes is `lines_in`.
    """
    widths = [width_mm * width / sum(part.widths) - 2 * CELL_MARGIN_MM for width in part.widths]

    def high(texts: Iterable[str]) -> float:
        lines = max(lines_in(text, wide, size) for text, wide in zip(texts, widths, strict=True))
        return lines * size * ROW_SPACING * MM_PER_PT + RULE_MM

    head = [high(part.head)] if part.head else []
    return head + [max(high(texts), row_mm + RULE_MM) for texts in part.rows]


# What a line never breaks inside: letters and digits, and a mark with what it clings to.
UNBROKEN = re.compile(r"[（《“‘「『【]*(?:[!-~]+|.)[，。、；：？！）》”’」』】…%％]*")


def lines_in(text: str, width_mm: float, size: float) -> int:
    """How many lines a text takes at most in so wide a place, in type of `size` pt; an empty one takes one.

    Between Chinese and letters Word leaves a quarter of a character.
    """
    most = width_mm / MM_PER_PT / size
    lines = 0
    for told in text.split("\n"):
        lines, left = lines + 1, most
        for piece in UNBROKEN.findall(told):
            wide = characters_of(piece) + (0.5 if piece[0].isascii() and not piece.isspace() else 0)
            # What is wider than a whole line is cut where the line ends.
            further = math.ceil(wide / most) if wide > left else 0
            lines, left = lines + further, (further * most if further else left) - wide
    return lines


def _narrow_cells(table: Any) -> None:
    """A millimetre beside the text instead of two."""
    margins = element("tblCellMar")
    for side in ("left", "right"):
        margins.append(element(side, w=round(CELL_MARGIN_MM * 1440 / 25.4), type="dxa"))
    table._tbl.tblPr.insert_element_before(margins, "w:tblLook", "w:tblCaption", "w:tblDescription")


def _keep_whole(row: Any, *, repeated: bool) -> None:
    properties = row._tr.get_or_add_trPr()
    properties.append(element("cantSplit"))
    if repeated:
        properties.append(element("tblHeader"))


def _write_table(file: Any, part: Table) -> None:
    page = file.sections[0]
    table = write_table(file, part, width_mm=(page.page_width - page.left_margin - page.right_margin) / Mm(1))
    if part.kept:
        _keep_with_next(table.rows[-1])


def _keep_with_next(row: Any) -> None:
    for cell in row.cells:
        for paragraph in cell.paragraphs:
            paragraph.paragraph_format.keep_with_next = True


def _write_equations(file: Any, part: Equations) -> None:
    """Two columns, read downwards."""
    title = line(file, part.title, font=HEI, size=12, spacing=SMALL_LINE).paragraph_format
    title.space_before, title.keep_with_next = Pt(6), True
    half = -(-len(part.lines) // 2)
    table = file.add_table(rows=1, cols=2)
    for cell, texts in zip(table.rows[0].cells, (part.lines[:half], part.lines[half:]), strict=True):
        paragraph = cell.paragraphs[0]
        for at, text in enumerate(texts):
            paragraph = cell.add_paragraph() if at else paragraph
            paragraph.paragraph_format.line_spacing = Pt(14)
            write(paragraph, text, size=10.5)
    _keep_with_next(table.rows[0])


def _write_drawing(file: Any, part: Drawing) -> None:
    """Word holds no SVG: what stands instead says where it is."""
    _write_paragraph(file, Paragraph(part.instead, small=True))


def _write_to_sign(file: Any, part: ToSign) -> None:
    table = file.add_table(rows=1, cols=len(part.titles))
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    _narrow_cells(table)
    _keep_whole(table.rows[0], repeated=False)
    for cell, title in zip(table.rows[0].cells, part.titles, strict=True):
        paragraph = cell.paragraphs[0]
        paragraph.paragraph_format.space_before = Pt(16)
        write(paragraph, title, size=12)
        write(cell.add_paragraph(), "＿＿＿＿＿＿＿", size=12)


def _write_enclosures(file: Any, enclosures: Sequence[str]) -> None:
    """Numbered where there are several (GB/T 9704—2012 §7.3.4)."""
    several = len(enclosures) > 1
    for number, name in enumerate(enclosures, 1):
        lead = "附件：" if number == 1 else ""
        paragraph = line(file, f"{lead}{number}．{name}" if several else f"{lead}{name}")
        # The names stand under one another, behind 附件：.
        hanging = (3 if lead else 0) + several
        _indent(
            paragraph,
            leftChars=500 + 100 * several,
            left=1600 + 320 * several,
            hangingChars=100 * hanging,
            hanging=320 * hanging,
        )
        if lead:
            paragraph.paragraph_format.space_before = LINE


def _write_signature(file: Any, document: Document) -> None:
    """Both lines in one block two characters from the right, the shorter centred over the longer; kept with the text."""
    for _blank in range(2):
        line(file, "").paragraph_format.keep_with_next = True
    longest = max(len(document.signature), len(document.day) - 4)
    for text, length, last in (
        (document.signature, len(document.signature), False),
        (document.day, len(document.day) - 4, True),
    ):
        signed = line(file, text, align=RIGHT)
        right = 200 + round((longest - length) * 50)
        _indent(signed, rightChars=right, right=round(right * 3.2))
        signed.paragraph_format.keep_with_next = not last


def _keep_the_end(file: Any) -> None:
    """What stands last, places to sign above all, goes with the square to the sheet it is on: Word has no foot of a last page."""
    last = list(file.iter_inner_content())[-1]
    if isinstance(last, DocxTable):
        _keep_with_next(last.rows[-1])
    else:
        last.paragraph_format.keep_with_next = True


def _write_seal(file: Any, seal: Seal) -> None:
    """The square, and beside it the words it says."""
    paragraph = file.add_paragraph()
    paragraph.paragraph_format.space_before = Pt(18)
    drawn = io.BytesIO()
    segno.make(seal.qr, error="m").save(drawn, kind="png", scale=4, border=2)
    paragraph.add_run().add_picture(drawn, width=Mm(20))
    write(paragraph, seal.words, size=9)


WRITERS: dict[type, Any] = {
    Paragraph: _write_paragraph,
    Heading: _write_heading,
    Table: _write_table,
    Equations: _write_equations,
    ToSign: _write_to_sign,
    Drawing: _write_drawing,
}
