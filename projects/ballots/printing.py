"""The paper ballot: one sheet per vote, the same for everybody (rules.md §6.2, ballot layout).

One common form code made from the definition, never a number per ballot, no time and no name: two sheets of one vote
are the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from docx.shared import Mm, Pt

from projects.ballots.figures import has_against, words_of
from projects.ballots.models import Purpose, Vote, VoteState
from projects.ballots.rules import Mode
from projects.cycles.documents.parts import Table
from projects.cycles.documents.pdf import laid_out
from projects.cycles.documents.word import (
    CENTRE,
    FANG_SONG,
    LEFT,
    MM_PER_PT,
    RIGHT,
    TITLE,
    blank,
    line,
    lines_in,
    row_heights,
    saved,
    write_table,
)
from workflow.audit.chain import canonical
from workflow.audit.services import Act
from workflow.flows.errors import Refused
from workflow.flows.services import Outcome
from workflow.people.saying import in_the_records_language
from workflow.people.saying import said as _

A4, A3 = (210, 297), (297, 420)
TOO_LONG = gettext_lazy("项目太多，一张 A3 纸印不下，请先缩短项目名称。")


@dataclass(frozen=True)
class Facts:
    """What a ballot says of one project besides its name; what is not known is empty. A line may break where told."""

    investment: str = ""
    account: str = ""
    finish_by: str = ""
    support: str = ""

    @property
    def told(self) -> list[tuple[Promise, str]]:
        """What is known of them as a telephone shows it, each under the head of its column on the sheet: the account no
        longer than on the sheet that has most of it, and no break for a narrow column."""
        whole = replace(
            self, account=_cut(self.account, MOST_OF_ACCOUNT), finish_by=_in_one_line(self.finish_by)
        )
        return [(head, text) for name, head, _width in FACTS if (text := getattr(whole, name))]


@dataclass(frozen=True)
class Layout:
    """One way to set a ballot. paper: mm, upright; pt: size of the table's text; most: characters of the account.

    row_mm: the least height of a row, so that a mark has its place; rows: more need not be tried.
    """

    paper: tuple[int, int]
    landscape: bool
    pt: float
    most: int
    row_mm: int = 13
    rows: int = 1000

    @property
    def size(self) -> str:
        return "A4" if self.paper == A4 else "A3"

    @property
    def width_mm(self) -> int:
        """Of the sheet as it lies."""
        return self.paper[1] if self.landscape else self.paper[0]

    @property
    def height_mm(self) -> int:
        return self.paper[0] if self.landscape else self.paper[1]


# From the largest type to the smallest; a longer list takes the larger sheet before it takes a smaller type.
LAYOUTS = (
    Layout(A4, False, 14, 120, rows=8),
    Layout(A4, False, 12, 120, rows=10),
    Layout(A4, False, 12, 50, rows=12),
    Layout(A3, True, 16, 160, rows=10),
    Layout(A3, True, 14, 160, rows=12),
    Layout(A3, False, 14, 120, rows=20),
    Layout(A3, False, 12, 60, rows=22),
    Layout(A3, False, 12, 30, row_mm=10, rows=30),
    Layout(A3, False, 10.5, 0, row_mm=6),
)
MOST_OF_ACCOUNT = max(layout.most for layout in LAYOUTS)


@dataclass(frozen=True)
class Ballot:
    """What stands on the sheet. heads: what a line is called; marks: titles of the columns to be marked; rows: number,
    name and facts."""

    congress: str
    title: str
    notes: tuple[str, ...]
    heads: str
    marks: tuple[str, ...]
    rows: tuple[tuple[int, str, Facts], ...]
    form_code: str
    seal: str

    def has(self, fact: str) -> bool:
        """Whether any project has this fact, so that it has a column."""
        return any(getattr(facts, fact) for _number, _title, facts in self.rows)


@dataclass(frozen=True)
class Sheet:
    """A printed sheet: its bytes and the paper it is for."""

    content: bytes
    size: str


def ballot_of(vote: Vote, facts: Mapping[str, Facts], *, presidium: str) -> Ballot:
    """The sheet of a vote. facts: reference of an option → what is said of it; presidium: whose seal it bears."""
    congress = str(vote.session) if vote.session else vote.unit.name
    return Ballot(
        congress=congress,
        title=vote.title.removeprefix(vote.unit.name).strip(),
        notes=tuple(_notes(vote)),
        heads="表决事项" if vote.is_question else "项目名称",
        marks=_marks(vote),
        rows=tuple(
            (option.position, option.title, facts.get(option.reference, Facts()))
            for option in vote.options.all()
        ),
        form_code=form_code(vote),
        seal=presidium,
    )


def form_code(vote: Vote) -> str:
    """Eight digits of the definition's digest: every ballot of the vote bears it, no other vote's does."""
    definition = {
        "vote": vote.reference,
        "mode": vote.mode,
        "seats": vote.seats,
        "each_cap": bool(vote.rules.get("each_cap")),
        "options": list(vote.options.values_list("reference", "title")),
    }
    digest = hashlib.sha256(canonical(definition).encode()).hexdigest().upper()
    return f"{digest[:4]}-{digest[4:8]}"


def _marks(vote: Vote) -> tuple[str, ...]:
    if vote.purpose == Purpose.MEASUREMENT:
        return ("满意", "基本满意", "不满意")
    if vote.mode == Mode.EACH:
        return ("赞成", "反对", "弃权")
    return ("次序",) if vote.mode == Mode.RANK else ("表决栏",)


def _notes(vote: Vote) -> list[str]:
    """The marking rule, as the count reads it (`rules.read_ballot`)."""
    last = (
        f"请用黑色钢笔或签字笔填写；涂改后无法辨认的、未使用统一印制的{words_of(vote).ballot}的为无效票。"
        "无记名投票，不署名、不做记号。"
    )
    return [*how_to_mark(vote), last]


def how_to_mark(vote: Vote) -> list[str]:
    """What each mark on the sheet means, for whoever fills it in and whoever counts it; of a mark for which the vote has
    no figure (`words_of`) what it is counted as."""
    options = vote.options.count()
    if vote.is_question:
        return ["在“赞成”“反对”“弃权”中选一栏划“○”，不划的为弃权。"]
    if vote.purpose == Purpose.MEASUREMENT:
        return [
            f"本票共 {options} 个项目，每个项目在“满意”“基本满意”“不满意”中选一栏划“○”，不划的为未作评价。"
        ]
    if vote.mode == Mode.EACH:
        capped = f"赞成的项目不超过 {vote.seats} 个，超过的为无效票。" if vote.rules.get("each_cap") else ""
        return [
            f"本票共 {options} 个候选项目，应选 {vote.seats} 个。{capped}",
            "每个项目在“赞成”“反对”“弃权”中选一栏划“○”，不划的为弃权。",
        ]
    if vote.mode == Mode.RANK:
        return [
            f"本票共 {options} 个候选项目，应选 {vote.seats} 个。赞成的项目按轻重缓急在“次序”栏内填写 1、2、3……，"
            f"最多排 {vote.seats} 个，多排的、次序重复的为无效票；次序有空缺的按先后递补；"
            + ("反对的划“×”，不填的为弃权。" if has_against(vote) else "不填的、划“×”的都为弃权。")
        ]
    return [
        f"本票共 {options} 个候选项目，应选 {vote.seats} 个：等于或少于 {vote.seats} 个的为有效票，多于的为无效票。",
        "赞成的在“表决栏”内划“○”，反对的划“×”，弃权的不划。"
        if has_against(vote)
        else "赞成的在“表决栏”内划“○”，不划的、划“×”的都为弃权。",
    ]


# The sheet


def pdf_ballot(ballot: Ballot) -> Sheet:
    """The ballot as PDF on one sheet: A4, A3 for a long list. Raises NoPdf; Refused where no layout takes it."""
    for layout in LAYOUTS:
        if len(ballot.rows) > layout.rows:
            continue
        fitted = _fitted(ballot, layout)
        page = {"ballot": fitted, "layout": layout, "table": _table(fitted)}
        pages = laid_out(render_to_string("ballots/sheet.html", page))
        if len(pages.pages) == 1:
            return Sheet(bytes(pages.write_pdf()), layout.size)
    raise Refused(str(TOO_LONG))


def word_ballot(ballot: Ballot) -> Sheet:
    """The ballot as Word on one sheet: A4, A3 for a long list. Refused where no layout takes it.

    Lines and rows have fixed heights, so that the sheet is as high here as in any program that opens it; whoever edits
    it sees to it that it stays one sheet.
    """
    for layout in LAYOUTS:
        if len(ballot.rows) > layout.rows:
            continue
        fitted = _fitted(ballot, layout)
        if _height_in_word(fitted, layout) <= layout.height_mm - 2 * MARGIN_MM:
            return Sheet(_written(fitted, layout), layout.size)
    raise Refused(str(TOO_LONG))


MARGIN_MM = 15
HEADING_PT, NOTE_PT, SMALL_PT = 20.0, 12.0, 10.5
HEADING_LINE_PT, NOTE_LINE_PT, FOOT_LINE_PT = 29.0, 18.0, 20.0


def _written(ballot: Ballot, layout: Layout) -> bytes:
    file = blank(title=ballot.title, landscape=layout.landscape, paper=layout.paper)
    section = file.sections[0]
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(MARGIN_MM)
    for text in (ballot.congress, ballot.title):
        line(file, text, font=TITLE, size=HEADING_PT, align=CENTRE, spacing=Pt(HEADING_LINE_PT))
    for text in _numbered(ballot):
        line(file, text, size=NOTE_PT, spacing=Pt(NOTE_LINE_PT))
    write_table(file, _table(ballot), size=layout.pt, width_mm=_width_in_word(layout), row_mm=layout.row_mm)
    line(file, _foot(ballot), font=FANG_SONG, size=SMALL_PT, align=LEFT, spacing=Pt(FOOT_LINE_PT))
    line(file, f"（{ballot.seal}印章）", size=NOTE_PT, align=RIGHT, spacing=Pt(FOOT_LINE_PT))
    return saved(file)


def _numbered(ballot: Ballot) -> list[str]:
    return [f"{number}. {note}" for number, note in enumerate(ballot.notes, 1)]


def _foot(ballot: Ballot) -> str:
    return f"票样代码 {ballot.form_code}（本次投票各张票相同）"


def _width_in_word(layout: Layout) -> int:
    return layout.width_mm - 2 * MARGIN_MM


def _height_in_word(ballot: Ballot, layout: Layout) -> float:
    """How high the sheet is in Word, in mm: every line of text at its fixed height, every row at least its own."""
    wide = _width_in_word(layout)
    of_text = sum(
        lines_in(text, wide, size) * high
        for texts, size, high in (
            ((ballot.congress, ballot.title), HEADING_PT, HEADING_LINE_PT),
            (_numbered(ballot), NOTE_PT, NOTE_LINE_PT),
            ((_foot(ballot), ballot.seal), NOTE_PT, FOOT_LINE_PT),
        )
        for text in texts
    )
    part = _table(ballot)
    head, *rows = row_heights(part, size=layout.pt, width_mm=wide, row_mm=layout.row_mm)
    return of_text * MM_PER_PT + head + sum(rows)


def _fitted(ballot: Ballot, layout: Layout) -> Ballot:
    """With the accounts cut to what the layout takes; low rows have one line."""
    rows = tuple((number, title, _fit(facts, layout)) for number, title, facts in ballot.rows)
    return replace(ballot, rows=rows)


def _fit(facts: Facts, layout: Layout) -> Facts:
    finish_by = facts.finish_by if layout.most else _in_one_line(facts.finish_by)
    return replace(facts, account=_cut(facts.account, layout.most), finish_by=finish_by)


def _in_one_line(text: str) -> str:
    return text.replace("\n", "")


def _cut(text: str, most: int) -> str:
    text = " ".join(text.split())
    if len(text) <= most or not most:
        return text[:most]
    end = max(text.rfind(mark, 0, most) for mark in "。；，、")
    return f"{text[: end if end > most // 2 else most - 2]}……"


FACTS = (
    ("investment", gettext_lazy("总投资"), 15),
    ("account", gettext_lazy("项目论述"), 46),
    ("finish_by", gettext_lazy("完成时间"), 17),
    ("support", gettext_lazy("民意"), 9),
)


def _table(ballot: Ballot) -> Table:
    # One sheet for everybody: its heads do not follow whoever prints it.
    with in_the_records_language():
        shown = [(name, str(title), width) for name, title, width in FACTS if ballot.has(name)]
    mark = 13 if len(ballot.marks) == 1 else 10
    widths = (
        7,
        34 if len(shown) > 1 else 60,
        *(width for _n, _t, width in shown),
        *(mark,) * len(ballot.marks),
    )
    texts = {at for at, name in enumerate(("", "", *(n for n, _t, _w in shown))) if name == "account"} | {1}
    return Table(
        head=("序号", ballot.heads, *(title for _n, title, _w in shown), *ballot.marks),
        rows=tuple(
            (
                str(number),
                title,
                *(getattr(facts, name) for name, _t, _w in shown),
                *("",) * len(ballot.marks),
            )
            for number, title, facts in ballot.rows
        ),
        widths=widths,
        centred=frozenset(range(len(widths))) - texts,
    )


# The recorded act


def obstacles_to_printing(vote: Vote) -> list[str]:
    """Why ballots cannot be printed: the vote is under way or over, so that none may be added to those counted out.

    While deputies vote by device or keypad paper may still be needed: who changes to it, or all of them.
    """
    beside = (vote.device or vote.keypad) and not vote.is_recount
    if vote.state == VoteState.DEFINED or (beside and vote.state == VoteState.OPEN):
        return []
    return [
        _(
            "“%(vote)s”现为“%(state)s”，%(ballot)s只在投票开始以前印制；"
            "电子表决、会场表决器表决进行中可以补印纸质票。"
        )
        % {"vote": vote.title, "state": vote.get_state_display(), "ballot": words_of(vote).ballot}
    ]


def print_ballots(act: Act, vote: Vote, *, copies: int, ending: str) -> Outcome:
    """印制表决票: who, how many, which form; the sheet itself is `ballot_of`."""
    return Outcome(
        after={
            "form_code": form_code(vote),
            "copies": copies,
            "ending": ending,
            "while_open": vote.state == VoteState.OPEN,
        }
    )
