"""The booklet put together: four chapters of tables, the same for its page, its PDF and its Word file.

Made of `reading.Facts` alone: nothing is looked up here. Days are written as on every page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from projects.cycles.documents.parts import Document, Heading, Paragraph, Part, Seal, Table
from projects.cycles.numerals import numeral
from projects.lifecycle.booklet.reading import Facts, Opened
from projects.lifecycle.booklet.rules import Progress, Standing, Stretch, Trace, standing_of
from projects.lifecycle.seat_table import SeatRow
from workflow.flows.money import wan
from workflow.people.saying import day_said, listed

MOST_NAMED, NAMED_OF_MANY = 8, 3
LONGEST_NAMES = 40  # characters a narrow column of the paper holds
NONE = "—"
NO_STEP, WATCHED = 0, 5  # what belongs to none of the six steps; the step projects are supervised in


@dataclass(frozen=True)
class Line:
    """A row. cells: its texts, the first says what it is of; entries: the trail's numbers, told in the last cell;
    project: whose page the first cell leads to."""

    cells: tuple[str, ...]
    entries: tuple[int, ...] = ()
    project: int | None = None


@dataclass(frozen=True)
class Sheet:
    """A table of a chapter. widths: shares of the line; centred: columns that stand in the middle. long: shown in pages."""

    code: str
    title: str
    head: tuple[str, ...]
    lines: tuple[Line, ...]
    widths: tuple[int, ...]
    centred: frozenset[int] = frozenset()
    note: str = ""
    long: bool = False

    @property
    def labelled(self) -> list[tuple[Line, str, list[tuple[str, str]]]]:
        """Each line with what it is of, and its other cells under the titles of their columns."""
        return [
            (line, line.cells[0], list(zip(self.head[1:], line.cells[1:], strict=False)))
            for line in self.lines
        ]


@dataclass(frozen=True)
class Chapter:
    """One of the four. clear: which of the four clears it is (四个清); told: what it says in one sentence."""

    code: str
    title: str
    clear: str
    told: str
    sheets: tuple[Sheet, ...]


@dataclass(frozen=True)
class Booklet:
    title: str
    as_of: str
    chapters: tuple[Chapter, ...]


def composed(facts: Facts) -> Booklet:
    """The booklet of a year."""
    return Booklet(
        title=_("%(year)s四清一本通") % {"year": facts.cycle},
        as_of=date_format(facts.on),
        chapters=(_seats(facts), _duties(facts), _road(facts), _account(facts)),
    )


def document_of(booklet: Booklet, *, seal: Seal | None = None) -> Document:
    """The booklet as one paper, its contents first. seal: the head of the trail it is printed over."""
    parts: list[Part] = [Heading(_("目录"))]
    parts += [Paragraph(_named(n, chapter)) for n, chapter in enumerate(booklet.chapters, 1)]
    for number, chapter in enumerate(booklet.chapters, 1):
        parts += [Heading(_named(number, chapter)), Paragraph(chapter.told, kept=True)]
        for at, sheet in enumerate(chapter.sheets, 1):
            parts += [Paragraph(f"（{numeral(at)}）{sheet.title}", kept=True), _table(sheet)]
            parts += [Paragraph(sheet.note, small=True)] if sheet.note else []
    caption = _("（截至%(day)s）") % {"day": booklet.as_of}
    return Document(title=booklet.title, caption=caption, parts=tuple(parts), seal=seal, wide=True)


def _named(number: int, chapter: Chapter) -> str:
    return f"{numeral(number)}、{chapter.title}（{chapter.clear}）"


def _table(sheet: Sheet) -> Table:
    rows = tuple(_with_numbers(line) for line in sheet.lines)
    return Table(sheet.head, rows, sheet.widths, sheet.centred, tight=True)


def _with_numbers(line: Line) -> tuple[str, ...]:
    return (*line.cells, listed(map(str, line.entries))) if line.entries else line.cells


# ------------------------------------------------------------------------------- one: who sits where


def _seats(facts: Facts) -> Chapter:
    head = (_("事项"), _("职务"), _("承办人"), _("期限"), _("依据"), _("可退回"))
    sheets = []
    for step, name in {**facts.steps, NO_STEP: _("各环节")}.items():
        mine = [row for row in facts.seats if _step_of(row) == step]
        if mine:
            lines = tuple(Line(_seat_cells(row)) for row in mine)
            sheets.append(Sheet(f"seats-{step}", name, head, lines, (18, 13, 19, 14, 24, 12)))
    return Chapter(
        "seats", _("座位表"), _("边界清"), _("谁在什么时候办什么事，依据什么，可以退回给谁。"), tuple(sheets)
    )


def _step_of(row: SeatRow) -> int:
    return NO_STEP if row.any_step else row.step


def _seat_cells(row: SeatRow) -> tuple[str, ...]:
    day = day_said(row.deadline)
    deadline = _("%(day)s（暂定）") % {"day": day} if row.provisional else day
    back = listed(target["title"] for target in row.returns_to)
    title = (
        _("%(title)s（%(body)s集体决定）") % {"title": row.title, "body": row.body} if row.body else row.title
    )
    return title, row.office_title, _names(row.holder), deadline or NONE, row.basis or NONE, back or NONE


def _names(names: Sequence[str]) -> str:
    """Everybody, or of many the first few and how many they are."""
    told = listed(names)
    if len(names) <= NAMED_OF_MANY or (len(names) <= MOST_NAMED and len(told) <= LONGEST_NAMES):
        return told or NONE
    return _("%(names)s等 %(n)s 人") % {"names": listed(names[:NAMED_OF_MANY]), "n": len(names)}


# ------------------------------------------------------------------------------- two: who answers for what


def _duties(facts: Facts) -> Chapter:
    """Every task that came to a seat, kind by kind, and those of the seat table that have not come to anybody."""
    groups: dict[tuple[str, str], dict[str, list[Opened]]] = defaultdict(lambda: defaultdict(list))
    for one in facts.opened:
        groups[one.office, one.seat][one.key].append(one)
    waiting: dict[tuple[str, str], list[SeatRow]] = defaultdict(list)
    come = {(one.key, one.office) for one in facts.opened}
    for row in facts.seats:
        if not row.event and row.step in facts.readable and (row.task, row.office) not in come:
            waiting[row.office, ""].append(row)
    order = list(facts.offices)
    seats = sorted({*groups, *waiting}, key=lambda seat: (order.index(seat[0]), facts.places.get(seat[1], 0)))
    sheets = tuple(
        _duty_sheet(facts, n, seat, groups[seat], waiting[seat]) for n, seat in enumerate(seats, 1)
    )
    whole = standing_of([one.turn for one in facts.opened if one.counts], facts.on)
    apart = sum(not one.counts for one in facts.opened)
    told = _told_of(whole)
    if apart:
        told += _("会议本身的和不属各环节的 %(n)s 件另列，不计入。") % {"n": apart}
    return Chapter("duties", _("责任书"), _("职责清"), told, sheets)


def _duty_sheet(
    facts: Facts, number: int, seat: tuple[str, str], come: dict[str, list[Opened]], waiting: list[SeatRow]
) -> Sheet:
    office, inner = seat
    title = facts.offices[office] + (f" · {inner}" if inner else "")
    holders = facts.holders.get(seat, [])
    lines = [_duty_line(facts, held) for held in sorted(come.values(), key=lambda held: held[0].step)]
    lines += [
        Line(
            (
                row.title,
                _step_named(facts, _step_of(row)),
                day_said(row.deadline) or NONE,
                _not_come(facts, row.step),
                NONE,
            )
        )
        for row in waiting
    ]
    return Sheet(
        f"duties-{number}",
        _("%(office)s（%(names)s）") % {"office": title, "names": _names(holders)} if holders else title,
        (_("事项"), _("环节"), _("期限"), _("办理情况"), _("经办人")),
        tuple(lines),
        (30, 9, 19, 28, 14),
        frozenset({1}),
        note=_told_of(standing_of([one.turn for held in come.values() for one in held], facts.on))
        if come
        else "",
    )


def _step_named(facts: Facts, step: int) -> str:
    return facts.steps[step] if step else _("各环节")


def _not_come(facts: Facts, step: int) -> str:
    return _("未发生") if step < facts.reached else _("尚未产生")


def _duty_line(facts: Facts, held: list[Opened]) -> Line:
    standing = standing_of([one.turn for one in held], facts.on)
    done_by = list(dict.fromkeys(one.by for one in held if one.by))
    told = _told_of_one(held[0], facts.on) if len(held) == 1 else _told_of(standing)
    return Line(
        (held[0].title, _step_named(facts, held[0].step), _days_of(held, standing), told, _names(done_by))
    )


def _days_of(held: list[Opened], standing: Standing) -> str:
    if standing.due_from is None or standing.due_until is None:
        return _("未定期限")
    if standing.due_from != standing.due_until:
        between = {"since": date_format(standing.due_from), "until": date_format(standing.due_until)}
        return _("%(since)s 至 %(until)s") % between
    provisional = any(one.turn.provisional for one in held)
    day = date_format(standing.due_from)
    return _("%(day)s（暂定）") % {"day": day} if provisional else day


def _told_of_one(one: Opened, today: date) -> str:
    days, done_on = one.turn.days_late(today), one.turn.done_on
    if done_on is None:
        return _("超期 %(days)s 天未办") % {"days": days} if days else _("办理中")
    told = {"day": date_format(done_on), "days": days}
    return _("%(day)s 办结，逾期 %(days)s 天") % told if days else _("%(day)s 办结") % told


def _told_of(standing: Standing) -> str:
    """How many came, were done, and late."""
    told = [_("应办 %(n)s 件，已办 %(done)s 件") % {"n": standing.total, "done": standing.done}]
    if standing.late:
        told.append(_("其中逾期办结 %(n)s 件") % {"n": standing.late})
    if standing.overdue:
        told.append(_("超期未办 %(n)s 件") % {"n": standing.overdue})
    return listed(told, "，") + _("。")


# ------------------------------------------------------------------------------- three: the road


def _road(facts: Facts) -> Chapter:
    head = (_("环节"), _("计划开始"), _("计划结束"), _("实际开始"), _("实际结束"), _("进展"))
    lines = tuple(Line(_stretch_cells(facts, stretch)) for stretch in facts.stretches)
    steps = Sheet(
        "road-steps",
        _("六个环节"),
        head,
        lines,
        (16, 16, 18, 16, 16, 18),
        frozenset(range(1, 6)),
        note=_("计划日期按本年度规则和拟定会期推算，各事项用足期限、不计异议；实际日期为办理记录所载。"),
    )
    titles = {"vote": _("票决会议"), "evaluation": _("评估会议")}
    meetings = Sheet(
        "road-meetings",
        _("会期"),
        (_("会议"), _("拟定日期"), _("召开日期"), _("变动")),
        tuple(
            Line(
                (
                    titles[one.use],
                    date_format(one.planned),
                    _day(one.held_on),
                    _moved(one.planned, one.held_on),
                )
            )
            for one in facts.meetings
        ),
        (28, 24, 24, 24),
        frozenset({1, 2, 3}),
    )
    return Chapter(
        "road",
        _("路线图"),
        _("流程清"),
        _("六个环节计划何时开始、何时结束，实际走到了哪里。"),
        (steps, meetings),
    )


def _stretch_cells(facts: Facts, stretch: Stretch) -> tuple[str, ...]:
    planned = stretch.planned
    until = date_format(planned.until)
    name = facts.steps[stretch.step]
    told = (
        date_format(planned.since),
        _("%(day)s（暂定）") % {"day": until} if planned.provisional else until,
    )
    if stretch.step not in facts.readable:
        return name, *told, NONE, NONE, _("不在查阅范围")
    if stretch.step == WATCHED and facts.going_on and stretch.progress == Progress.DONE:
        going_on = _("已转入评估，%(n)s 个项目继续监督") % {"n": facts.going_on}
        return name, *told, _day(stretch.began), _day(stretch.ended), going_on
    return name, *told, _day(stretch.began), _day(stretch.ended), _progress(stretch, facts.on)


def ended_words(days: int) -> str:
    """How a step ended against its plan. days: after the planned day, below zero before it (`Stretch.days_over`)."""
    if not days:
        return _("按期完成")
    return (_("逾期 %(days)s 天完成") if days > 0 else _("提前 %(days)s 天完成")) % {"days": abs(days)}


def _progress(stretch: Stretch, today: date) -> str:
    days = stretch.days_over(today)
    if stretch.progress == Progress.STOPPED:
        return _("终止") if stretch.began else _("不再进行")
    if stretch.progress == Progress.DONE:
        return ended_words(days)
    if stretch.progress == Progress.RUNNING:
        return _("进行中，已晚 %(days)s 天") % {"days": days} if days else _("进行中")
    return _("未开始，已晚 %(days)s 天") % {"days": days} if days else _("未开始")


def _day(day: date | None) -> str:
    return date_format(day) if day else NONE


def _moved(planned: date, held_on: date | None) -> str:
    if held_on is None:
        return NONE
    days = (held_on - planned).days
    if days > 0:
        return _("推迟 %(days)s 天") % {"days": days}
    return _("提前 %(days)s 天") % {"days": -days} if days else _("未变动")


# ------------------------------------------------------------------------------- four: the account


def _account(facts: Facts) -> Chapter:
    names = {NO_STEP: _("全年"), **facts.steps}
    head = (_("办理事项"), _("日期"), _("办理人"), _("对象"), _("办理记录编号"))
    sheets = []
    for step, name in names.items():
        mine = tuple(_account_line(facts, line) for line in facts.account if line[0].step == step)
        if mine:
            sheets.append(
                Sheet(f"account-{step}", name, head, mine, (24, 12, 24, 26, 14), frozenset({1}), long=True)
            )
    told = _("办理记录共 %(n)s 条，按环节和先后列出；编号可在办理记录中查到原件。") % {"n": facts.acts}
    return Chapter("account", _("明白账"), _("效果清"), told, (*_projects(facts), *sheets))


def _account_line(facts: Facts, line: tuple[Trace, ...]) -> Line:
    numbers = tuple(trace.number for trace in line)
    first = facts.words[numbers[0]]
    labels = tuple(dict.fromkeys(label for n in numbers if (label := facts.words[n].label)))
    cells = (first.what, date_format(line[0].on), _who(first.who, first.office), _labels(labels))
    return Line(cells, numbers)


def _who(who: str, office: str) -> str:
    return _("%(who)s（%(office)s）") % {"who": who, "office": office} if office else who


def _labels(labels: tuple[str, ...]) -> str:
    if len(labels) <= NAMED_OF_MANY:
        return listed(labels) or NONE
    return _("%(labels)s等 %(n)s 项") % {"labels": labels[0], "n": len(labels)}


def _projects(facts: Facts) -> Iterator[Sheet]:
    """Money and progress, project by project, with their sums; stopped ones stand in it and are not in the sums."""
    if not facts.accounts:
        return
    head = (
        *(_("项目"), _("责任单位"), _("总投资"), _("资金到位"), _("完成投资")),
        *(_("形象进度"), _("状态"), _("代表测评"), _("群众评价")),
    )
    lines = []
    for one in facts.accounts:
        project = one.project
        cells = (
            f"{project.number}. {project.title}",
            project.department.name if project.department else NONE,
            wan(project.budget_fen) or NONE,
            wan(project.funded_fen),
            wan(project.invested_fen),
            f"{project.percent}%",
            str(project.get_state_display()),
            one.measured or NONE,
            one.rated or NONE,
        )
        lines.append(Line(cells, project=project.pk))
    live = [one.project for one in facts.accounts if one.project.state != "stopped"]
    sums = [wan(sum(getattr(p, f"{of}_fen") or 0 for p in live)) for of in ("budget", "funded", "invested")]
    lines.append(
        Line((_("合计（不含终止的项目）"), NONE, *sums, NONE, _("%(n)s 个") % {"n": len(live)}, NONE, NONE))
    )
    yield Sheet(
        "account-projects",
        _("项目和资金"),
        head,
        tuple(lines),
        (17, 12, 12, 11, 11, 8, 9, 11, 9),
        frozenset(range(2, 7)),
    )
