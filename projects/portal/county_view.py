"""One view of the county's pages: which years, of whom, in what order; every figure with the list behind it.

The page, its print, its tables and papers, the big screen, the map and the bulletin are all made of this one, so that
what is sent is what was looked at. The address says everything a view depends on, the saved weights apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import pgettext

from projects.cycles.models import Cycle
from projects.cycles.shares import share
from projects.cycles.steps import STEPS
from projects.lifecycle.booklet.composing import ended_words
from projects.oversight import figures as fig
from projects.oversight.examining import grown_since
from projects.oversight.measures import (
    COUNT,
    DAYS,
    FUNNEL,
    MEASURES,
    MONEY,
    PERCENT,
    SECTIONS,
    Measure,
    score,
)
from projects.oversight.selectors import margins, weights_of
from projects.selection.models import FundSource
from workflow.flows.money import wan
from workflow.inbox.asked import DIGITS_OF_YEAR, number_asked
from workflow.people.models import HALLS, Unit, UnitKind
from workflow.people.saying import listed
from workflow.people.wording import worded
from workflow.roles import registry

NAME, OWN, STEP = "name", "own", "step"  # orders that are no measure
BEHIND = {f"step{number}": number for number in STEPS}  # by how far behind a step is
# What is told year by year.
YEARLY = {
    "proposals": Measure("proposals", _lazy("征集意见建议"), behind="proposals"),
    "elected": Measure("elected", _lazy("票决入选"), behind="items", filters={"which": "elected"}),
    **{
        code: MEASURES[code]
        for code in ("done_percent", "budget", "invested_percent", "marks_percent", "ratings_percent")
    },
}
KEPT = ("unit", "year", "past", "only", "sort", "dir", "part")  # what of an address makes the view


@dataclass(frozen=True)
class Number:
    """A figure as it is shown: its text, the list behind it, a bar for a share and what the share is of."""

    value: int | None
    text: str
    url: str = ""
    percent: int | None = None
    meta: str = ""


# The drawing that says the state of a step beside its words.
SHAPES = {
    "done": "check", "late": "check", "archived": "check", "ended": "dash", "waiting": "dash", "overdue": "triangle",
    "soon": "diamond", "running": "circle",
}  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """A step of the matrix as it is shown: its state for colour and drawing, its words, a line under them, the list behind.

    words: whole, as a file has them. spoken: whether they are for screen readers alone, beside a drawing that says it.
    """

    state: str
    words: str
    more: str = ""
    url: str = ""
    spoken: bool = False

    @property
    def shape(self) -> str:
        return SHAPES[self.state]

    @property
    def whole(self) -> str:
        """In one line."""
        return "—" if self.spoken else listed(filter(None, (self.words, self.more)), "，")


class Numbers(dict[str, Number]):
    """A row's measures as they are shown, each worked out when it is asked for: a page shows few of them."""

    def __init__(self, work_out: Callable[[str], Number]) -> None:
        super().__init__()
        self.work_out = work_out

    def __missing__(self, code: str) -> Number:
        self[code] = self.work_out(code)
        return self[code]


@dataclass
class Row:
    """A township's year, or a county with its townships' years. years_url: the list of these years."""

    unit: Unit
    figures: fig.Figures
    cycle: Cycle | None = None
    cells: tuple[fig.Cell, ...] = ()
    score: int | None = None
    numbers: Mapping[str, Number] = field(default_factory=dict)
    steps: list[Shown] = field(default_factory=list)
    years_url: str = ""

    @property
    def score_text(self) -> str:
        """The score in the county's own order, to two places."""
        return "—" if self.score is None else f"{self.score // 100}.{self.score % 100:02d}"

    @property
    def townships(self) -> int:
        """How many years of townships a county's row sums up."""
        return sum(self.figures.townships_at.values())

    @property
    def at_step(self) -> str:
        """The step a township's year stands in, in words."""
        return str(worded(self.cycle.get_state_display(), self.unit)) if self.cycle else ""

    @property
    def name(self) -> str:
        return f"{self.unit.name} {self.cycle.year}{self.cycle.period}" if self.cycle else self.unit.name


class View:
    """What an address asks for, read once. unit: the county (or city, province) whose rows are shown.

    page: the address of the page it is shown on, to which the lists behind its numbers lead back; empty for a file.
    """

    def __init__(self, home: Unit, given: QueryDict, today: date, page: str = "") -> None:
        self.home, self.today, self.given, self.page = home, today, given, page
        self.unit = self._unit(given.get("unit", ""))
        year = number_asked(given, "year", longest=DIGITS_OF_YEAR)
        self.only = "overdue" if given.get("only") == "overdue" else ""
        wanted = given.get("sort", "")
        self.sort = wanted if wanted in (*MEASURES, NAME, OWN, STEP, *BEHIND) else NAME
        self.up = self._upwards(given.get("dir", ""))
        parts = {section.code: section for section in SECTIONS}
        self.part = parts.get(given.get("part", ""), SECTIONS[0])
        seen = fig.years_seen()
        below = set(self.halls) if self.narrowed else None
        self.seen = [one for one in seen if below is None or one.unit_id in below]
        self.years = sorted({one.year for one in self.seen}, reverse=True)
        self.year = year if year in self.years else None
        latest = fig.chosen(self.seen, self.year)
        shown = {one.cycle_id for one in latest}
        # What a view of the latest years leaves out: their tasks may be open still.
        self.earlier = [] if self.year else [one for one in self.seen if one.cycle_id not in shown]
        self.past = bool(given.get("past")) and self.year is None
        self.chosen = self.earlier if self.past else latest

    # -- whose

    def _unit(self, code: str) -> Unit:
        """One's own unit, or one below it that has townships below itself."""
        if not code or code == self.home.code:
            return self.home
        kinds = (UnitKind.CITY, UnitKind.COUNTY)
        found = Unit.objects.filter(path__startswith=self.home.path, code=code, kind__in=kinds).first()
        if found is None:
            raise Http404(_("没有这个单位。"))
        return found

    @property
    def narrowed(self) -> bool:
        return self.unit.pk != self.home.pk

    @cached_property
    def halls(self) -> dict[int, Unit]:
        """The townships and subdistricts below, abolished ones that have a year among them."""
        rows = Unit.objects.filter(path__startswith=self.unit.path, kind__in=HALLS).order_by("code")
        return {unit.pk: unit for unit in rows.select_related("parent")}

    @cached_property
    def by_county(self) -> bool:
        """Whether the rows are counties: the townships below belong to more than the unit looked at."""
        return self.unit.kind != UnitKind.COUNTY and any(
            hall.parent_id != self.unit.pk for hall in self.halls.values()
        )

    @property
    def title(self) -> str:
        return (
            _("各县（市、区）民生实事总览")
            if self.by_county
            else _("%(unit)s民生实事总览") % {"unit": self.unit.name}
        )

    @property
    def period(self) -> str:
        """Which years these are, in words."""
        if self.past:
            return _("往年")
        return _("%(year)s 年度") % {"year": self.year} if self.year else _("各乡镇最近年度")

    # -- the rows

    @cached_property
    def rows(self) -> list[Row]:
        found = self._county_rows() if self.by_county else self._township_rows()
        if self.only:
            found = [row for row in found if row.figures.overdue]
        for row in found:
            row.score = score(row.figures, self.weights, self.today) if self.weights else None
            row.numbers = Numbers(lambda code, row=row: self.number(MEASURES[code], row))  # type: ignore[misc]
            row.steps = self._county_steps(row) if self.by_county else self._steps(row)
            row.years_url = self.behind("years", {}, row) if self.by_county else ""
        return self._sorted(found)

    def _township_rows(self) -> list[Row]:
        ids = [one.cycle_id for one in self.chosen]
        kept = fig.figures_by_year(ids, self.today)
        cycles = {pk: held for pk, held in Cycle.objects.in_bulk(ids).items() if held.unit_id in self.halls}
        for held in cycles.values():
            held.unit = self.halls[held.unit_id]
        early = margins(cycles.values())
        found = []
        for one in self.chosen:
            if one.cycle_id not in cycles:
                continue
            cycle, figures = cycles[one.cycle_id], kept[one.cycle_id]
            cells = tuple(
                replace(cell, margin=early.get((cycle.pk, step)))
                if cell.state in ("done", "archived")
                else cell
                for step, cell in enumerate(figures.cells(one.state, self.today), 1)
            )
            found.append(Row(cycle.unit, figures, cycle, cells))
        return found

    def _county_rows(self) -> list[Row]:
        kept = fig.figures_by_parent([one.cycle_id for one in self.chosen], self.today)
        parents = {hall.parent_id: hall.parent for hall in self.halls.values() if hall.parent}
        return [Row(parents[key], kept[key]) for key in kept if key in parents]

    @cached_property
    def whole(self) -> fig.Figures:
        """The sums of the rows shown."""
        return fig.together(row.figures for row in self.rows)

    @property
    def without(self) -> list[Unit]:
        """Townships without any year, or without the year asked for; none where earlier years are looked at."""
        if self.past:
            return []
        held = {one.unit_id for one in self.chosen}
        return [hall for hall in self.halls.values() if hall.pk not in held and hall.ends_on is None]

    @property
    def is_over(self) -> bool:
        """Whether the year asked for is past: who has not begun it never will."""
        return self.year is not None and self.year < self.today.year

    @cached_property
    def overdue_earlier(self) -> int:
        """Open tasks past their day of the years that are not shown."""
        if self.past or not self.earlier:
            return 0
        every = fig.together(figures for _year, figures in self.calendar)
        return every.overdue - self.whole.overdue

    @cached_property
    def earlier_told(self) -> str:
        """How many these are and, of townships, how long the longest of them is past its day; empty where there are none."""
        if not self.overdue_earlier:
            return ""
        kept = (
            {} if self.by_county else fig.figures_by_year([one.cycle_id for one in self.earlier], self.today)
        )
        due = (figures.first_due(step) for figures in kept.values() for step in STEPS)
        # The sum is of all there are, also of a township whose row is not shown.
        if (first := min(filter(None, due), default=None)) is None:
            return _("另有往年超期未办结 %(n)s 件，不在以下各数之内。") % {"n": self.overdue_earlier}
        told = {"n": self.overdue_earlier, "days": (self.today - first).days}
        return _("另有往年超期未办结 %(n)s 件，最久的超 %(days)s 天，不在以下各数之内。") % told

    @property
    def earlier_url(self) -> str:
        """The list of those tasks."""
        asked: dict[str, str | int] = {"when": "overdue", "past": "1"}
        if self.narrowed:
            asked["unit"] = self.unit.code
        return self._list("tasks", asked)

    @cached_property
    def calendar(self) -> list[tuple[int, fig.Figures]]:
        """Year by year, the latest first, whatever year is looked at."""
        return sorted(fig.figures_below(self.unit, self.today).items(), reverse=True)

    @cached_property
    def outdated(self) -> frozenset[int]:
        """Of the years shown those whose trail has grown since they were examined; not asked for of whole counties."""
        return frozenset() if self.by_county else grown_since(one.cycle_id for one in self.chosen)

    # -- the order

    def _upwards(self, wanted: str) -> bool:
        if wanted in ("up", "down"):
            return wanted == "up"
        return self._upwards_first(self.sort)

    def _upwards_first(self, code: str) -> bool:
        """Whether an order begins with the least where the address does not say: not where the most is looked for."""
        measure = MEASURES.get(code)
        return not measure.most_first if measure else code not in (OWN, *BEHIND)

    def _sorted(self, rows: list[Row]) -> list[Row]:
        """By the order asked for; rows with nothing to tell come last either way, equal ones by code."""
        rows = sorted(rows, key=lambda row: (row.unit.code, row.cycle.pk if row.cycle else 0))
        if self.sort == NAME:
            return rows if self.up else rows[::-1]
        telling = [row for row in rows if self._key(row) is not None]
        silent = [row for row in rows if self._key(row) is None]
        return sorted(telling, key=self._key, reverse=not self.up) + silent  # type: ignore[arg-type]

    def _key(self, row: Row) -> int | tuple[int, int] | None:
        if self.sort == OWN:
            return row.score
        if self.sort in BEHIND:
            step = BEHIND[self.sort]
            return lag_of(row.cells[step - 1] if row.cells else self._latest_cell(row, step))
        if self.sort == STEP:
            at = row.figures.townships_at
            count = sum(at.values())
            return sum(step * n for step, n in at.items()) * 100 // count if count else None
        return MEASURES[self.sort].value(row.figures, self.today)

    @cached_property
    def weights(self) -> Mapping[str, int]:
        """The county's own, as last saved; empty before any."""
        return weights_of(self.unit if not self.narrowed else self.home)

    # -- addresses

    def query(self, **changes: str | int | None) -> str:
        """This view's address with some of it changed; None takes a part out."""
        kept: dict[str, Any] = {name: value for name in KEPT if (value := self.given.get(name, ""))}
        kept |= changes
        return urlencode({name: value for name, value in kept.items() if value not in (None, "")})

    def url(self, name: str = "county", *args: str, **changes: str | int | None) -> str:
        query = self.query(**changes)
        return reverse(name, args=args) + (f"?{query}" if query else "")

    def behind(self, code: str, filters: Mapping[str, str], row: Row | None = None) -> str:
        """The list behind a number of one row, or of all of them."""
        asked: dict[str, str | int] = dict(filters)
        if row is not None:
            asked["unit"] = row.unit.code
        elif self.narrowed:
            asked["unit"] = self.unit.code
        if row is not None and row.cycle is not None:
            asked["cycle"] = row.cycle.pk
        elif self.year:
            asked["year"] = self.year
        elif self.past:
            asked["past"] = "1"
        if self.only:
            asked["only"] = self.only
        return self._list(code, asked)

    def _list(self, code: str, asked: dict[str, str | int]) -> str:
        """A list's address, with the page it leads back to."""
        query = urlencode(asked | ({"back": self.page} if self.page else {}))
        return reverse("county_list", args=[code]) + (f"?{query}" if query else "")

    # -- the figures

    def number(self, measure: Measure, row: Row | None = None) -> Number:
        """One measure of a row, or of all rows together."""
        figures = row.figures if row else self.whole
        value = measure.value(figures, self.today)
        return Number(
            value,
            text_of(measure, value),
            self.behind(measure.behind, measure.filters, row) if value is not None else "",
            min(value, 100) if value is not None and measure.kind == PERCENT else None,
            self._meta(measure, figures, row) if value is not None else "",
        )

    def _meta(self, measure: Measure, figures: fig.Figures, row: Row | None) -> str:
        """What a share is of, or as of which day a figure is; and whether more has been done since."""
        told = meta_of(measure, figures)
        if measure.dated and row and row.cycle and row.cycle.pk in self.outdated:
            return _("%(told)s，此后有新记录") % {"told": told}
        return told

    def part_tabs(self) -> list[dict[str, Any]]:
        """The groups of measures, one of which is shown at a time."""
        return [
            {
                "label": section.title,
                "url": self.url(part=section.code) + "#figures",
                "current": section is self.part,
            }
            for section in SECTIONS
        ]

    def part_heads(self) -> list[tuple[Measure, dict[str, Any]]]:
        """The columns of the group shown, each a link that orders by it."""
        return [(measure, self.head(measure.code, measure.title)) for measure in self.part.measures]

    def part_sums(self) -> list[tuple[Measure, Number]]:
        return [(measure, self.number(measure)) for measure in self.part.measures]

    def head(self, code: str, title: Any, *, place: str = "") -> dict[str, Any]:
        """A column's head: a link that orders by it, the other way round where it is ordered by already.

        place: the part of the page it leads to, where that is not the measures or the matrix as usual.
        """
        current = self.sort == code
        measure = MEASURES.get(code)
        first = "up" if self._upwards_first(code) else "down"
        direction = ("down" if self.up else "up") if current else first
        return {
            "title": title,
            "url": "?"
            + self.query(sort=code, dir=direction)
            + f"#{place or ('figures' if measure else 'matrix')}",
            "sorted": ("ascending" if self.up else "descending") if current else "",
        }

    def funnel(self) -> list[dict[str, Any]]:
        """The way from a proposal to a project judged good, each stage with its share of the one before.

        told: whether there is anything to tell of it yet; of the deputies' measurement only once one has been held.
        """
        found: list[dict[str, Any]] = []
        most = max((getattr(self.whole, stage.code) for stage in FUNNEL), default=0)
        for stage in FUNNEL:
            n = getattr(self.whole, stage.code)
            told = stage.code != "judged" or bool(self.whole.marks_base)
            found.append(
                {
                    "stage": stage,
                    "n": n,
                    "url": self.behind(stage.behind, stage.filters),
                    "width": n * 100 // most if most else 0,
                    "share": share(n, found[-1]["n"]) if found and told else None,
                    "told": told,
                }
            )
        return found

    def sources(self) -> list[dict[str, Any]]:
        """Planned money of what was elected by where it comes from, with its share of all of it, and what was paid of it.

        paid_percent: of what was planned; None where nothing was.
        """
        sums = {one: self.whole.of("source", one) for one in FundSource}
        whole = sum(sums.values())
        return [
            {
                "title": one.label,
                "fen": sums[one],
                "percent": share(sums[one], whole) or 0,
                "paid": (paid := self.whole.of("paid", one)),
                "paid_percent": share(paid, sums[one]),
                "url": self.behind("sources", {"source": one.value}),
                "paid_url": self.behind("payments", {"source": one.value}),
            }
            for one in FundSource
        ]

    def source_sums(self) -> dict[str, Any]:
        """The same of all sources together."""
        whole, paid = sum(self.whole.of("source", one) for one in FundSource), self.whole.paid
        return {
            "fen": whole,
            "paid": paid,
            "paid_percent": share(paid, whole),
            "paid_url": self.behind("payments", {}),
        }

    def offices(self) -> list[dict[str, Any]]:
        """Whose turn the overdue tasks are, the most first."""
        return [
            {
                "title": registry.title_of(office),
                "n": n,
                "url": self.behind("tasks", {"when": "overdue", "office": office}),
            }
            for office, n in self.whole.overdue_by_office().items()
        ]

    @property
    def matrix_note(self) -> str:
        """What the days of the matrix count."""
        if self.by_county:
            return _(
                "县（市、区）一行：有超期的列超期件数和其中超期最久的自然日天数；没有超期的列处在该环节的乡镇数和距最近期限的自然日天数。"
            )
        return _(
            "天数均为自然日：办理中的环节为距最近一项期限的天数；已完成的环节为转入下一环节之日与计划结束日相差的天数，与四清一本通的路线图一致。"
        )

    def step_heads(self) -> list[str]:
        return [str(worded(name, self.unit)) for name in STEPS.values()]

    def step_columns(self) -> list[dict[str, Any]]:
        """The six steps' columns, each a link that puts first who is furthest behind in it."""
        return [self.head(code, title) for code, title in zip(BEHIND, self.step_heads(), strict=True)]

    @property
    def order_told(self) -> str:
        """What the rows are ordered by, as a sentence; empty where that is no measure and no step."""
        if self.sort in BEHIND:
            return _("按“%(step)s”环节的进展排列。") % {"step": self.step_heads()[BEHIND[self.sort] - 1]}
        measure = MEASURES.get(self.sort)
        return _("按“%(measure)s”排列。") % {"measure": measure.title} if measure else ""

    def _latest_cell(self, row: Row, step: int) -> fig.Cell:
        """A county's step as that of its township furthest behind."""
        first = row.figures.first_due(step)
        days = (first - self.today).days if first else None
        if row.figures.overdue_steps.get(step) and days is not None:
            return fig.Cell("overdue", -days)
        return fig.Cell("running" if row.figures.townships_at.get(step) else "waiting", days)

    def _steps(self, row: Row) -> list[Shown]:
        return [shown(cell, self._behind_cell(cell, step, row)) for step, cell in enumerate(row.cells, 1)]

    def _behind_cell(self, cell: fig.Cell, step: int, row: Row) -> str:
        """What is open in the step, else what was done in it; nothing is behind a step that has not begun."""
        if cell.state == "waiting":
            return ""
        return self.behind("ended" if cell.state in ("done", "ended") else "tasks", {"step": str(step)}, row)

    def _county_steps(self, row: Row) -> list[Shown]:
        """A county's six steps: how much is overdue in each and the longest of it, else how many townships stand in it."""
        at, late = row.figures.townships_at, row.figures.overdue_steps
        return [self._county_step(row, step, at.get(step, 0), late.get(step, 0)) for step in STEPS]

    def _county_step(self, row: Row, step: int, townships: int, overdue: int) -> Shown:
        first = row.figures.first_due(step)
        if overdue and first:
            worst = _("最久 %(days)s 天") % {"days": (self.today - first).days}
            url = self.behind("tasks", {"when": "overdue", "step": str(step)}, row)
            return Shown("overdue", _("超期 %(n)s 件") % {"n": overdue}, worst, url)
        if not townships:
            return Shown("waiting", _("没有乡镇在此环节"), spoken=True)
        left = _("最近期限剩 %(days)s 天") % {"days": (first - self.today).days} if first else ""
        url = self.behind("years", {"step": str(step)}, row)
        return Shown("running", _("%(n)s 个乡镇") % {"n": townships}, left, url)

    @property
    def up_url(self) -> str:
        return self.url(unit=None)

    @property
    def notes_late_url(self) -> str:
        """The list of the notes nobody has replied to by their day."""
        return self.behind("notes", {"when": "overdue"})

    @property
    def sources_url(self) -> str:
        return self.behind("sources", {})

    @property
    def year_lines(self) -> list[dict[str, Any]]:
        """Each year's figures with the lists behind them, of every township below."""
        found = []
        for year, figures in self.calendar:
            numbers = []
            for measure in YEARLY.values():
                value = measure.value(figures, self.today)
                asked: dict[str, str | int] = {**measure.filters, "year": year}
                if self.narrowed:
                    asked["unit"] = self.unit.code
                url = self._list(measure.behind, asked)
                meta = meta_of(measure, figures) if value is not None else ""
                numbers.append((measure.title, Number(value, text_of(measure, value), url, None, meta)))
            found.append({"year": year, "url": self.url(year=year), "numbers": numbers})
        return found


def lag_of(cell: fig.Cell) -> tuple[int, int] | None:
    """How far behind a step is, the more the greater; None for one that has not begun or was ended.

    First what is overdue, by the days it is past; then what is open, by the days it has left, without any last; then what
    is done, by the days it was late.
    """
    if cell.state in ("waiting", "ended"):
        return None
    if cell.state in ("done", "archived"):
        return 0, -(cell.margin or 0)
    if cell.days is None:
        return 1, 0
    return (3, cell.days) if cell.state == "overdue" else (2, -cell.days)


def shown(cell: fig.Cell, url: str) -> Shown:
    """A step of a township's year in words."""
    if cell.state in ("done", "archived"):
        words = _margin(cell) if cell.state == "done" else _("已归档")
        more = [_margin(cell)] if cell.state == "archived" and cell.margin is not None else []
        if cell.late:
            more.append(_("其中 %(n)s 件逾期") % {"n": cell.late})
        return Shown("late" if cell.was_late else cell.state, words, listed(more, "，"), url)
    if cell.state == "waiting":
        return Shown("waiting", _("未开始"), spoken=True)
    return Shown(cell.state, _open_words(cell), "", url)


def _margin(cell: fig.Cell) -> str:
    if cell.margin is None or (cell.margin == 0 and cell.late):
        return _("完成")
    return ended_words(-cell.margin)


def _open_words(cell: fig.Cell) -> str:
    if cell.state == "ended":
        return _("终止")
    if cell.state == "overdue":
        return _("超 %(days)s 天") % {"days": cell.days}
    if cell.days is None:
        return _("进行中")
    return _("剩 %(days)s 天") % {"days": cell.days} if cell.days else _("今日到期")


def text_of(measure: Measure, value: int | None) -> str:
    """A value in words of its unit; a dash where there is nothing to tell."""
    if value is None:
        return "—"
    if measure.kind == PERCENT:
        return f"{value}%"
    if measure.kind == MONEY:
        return wan(value)
    return f"{value} {measure.unit}" if measure.kind == DAYS else str(value)


def meta_of(measure: Measure, figures: fig.Figures) -> str:
    """What a share is of, or the day a figure is as of."""
    if measure.dated:
        day = getattr(figures, measure.dated)
        short = pgettext("month and day", "n月j日")
        told = short if day.year == timezone.localdate().year else "DATE_FORMAT"
        return _("截至%(day)s") % {"day": date_format(day, told)}
    part, base = measure.parts(figures)
    if base is None or measure.kind in (COUNT, DAYS, MONEY):
        return ""
    in_money = measure.base == "budget"
    if part is None:
        return _("基数 %(base)s") % {"base": base}
    return f"{wan(part) if in_money else part} / {wan(base) if in_money else base}"


@dataclass(frozen=True)
class Scope:
    """Which years and townships a list is about, and of whom in words."""

    view: View
    cycles: list[int]
    whose: str
    halls: frozenset[int]


def scope_of(home: Unit, given: QueryDict, today: date) -> Scope:
    """Of a list's address its years: one township's one, or all that the view it was opened from shows."""
    hall = Unit.objects.filter(path__startswith=home.path, code=given.get("unit", ""), kind__in=HALLS).first()
    if hall is None:
        view = View(home, given, today)
        return Scope(view, _of_rows(view), view.unit.name, frozenset(view.halls))
    asked = given.copy()
    asked.pop("unit")
    view = View(home, asked, today)
    cycle = number_asked(given, "cycle")
    years = view.seen if cycle is not None else view.chosen
    mine = [one.cycle_id for one in years if one.unit_id == hall.pk and cycle in (None, one.cycle_id)]
    return Scope(view, mine, hall.name, frozenset([hall.pk]))


def _of_rows(view: View) -> list[int]:
    if not view.only:
        return [one.cycle_id for one in view.chosen]
    shown = {row.unit.pk for row in view.rows}
    return [
        one.cycle_id
        for one in view.chosen
        if one.unit_id in shown or (view.by_county and view.halls[one.unit_id].parent_id in shown)
    ]
