"""The words of a bulletin and of the annual report's paragraphs, filled with the figures of a day; every figure keeps its list.

A quarter's figures are those of its last day (`past`), the annual paragraphs' those of the day they are drafted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from projects.cycles.models import Cycle
from projects.cycles.numerals import numeral
from projects.cycles.over import ENDINGS
from projects.evaluation.models import Measurement
from projects.oversight import figures as fig
from projects.oversight.past import Past, end_of
from projects.oversight.selectors import halls_below, townships_below, townships_on
from projects.selection.models import FundSource
from projects.supervision.models import Finding, FindingState, Project
from workflow.audit.models import Entry
from workflow.flows.money import FEN_PER_WAN, money
from workflow.machines.references import references_to
from workflow.people.models import Unit, UnitKind
from workflow.people.saying import in_the_records_language
from workflow.people.texts import in_words

MOST_NAMED = 10
CLOSING = "请各乡镇（街道）继续按期办理，并按规定公开项目进展。"


@dataclass
class Told:
    """Collects the figures a text names, in the order it names them, each with the list of the rows it counts.

    year: the project year they are of; lead: what its sentences begin with. day: as of which day they are; a list opened
    from a figure is of the same day.
    """

    year: int
    day: date
    lead: str
    found: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, label: str, text: Any, listed: str, **filters: str) -> str:
        kept = filters | {"year": str(self.year), "as_of": self.day.isoformat()}
        self.found.append({"label": label, "text": str(text), "list": listed, "filters": kept})
        return str(text)


@dataclass
class ProjectYear:
    """One project year of the townships below, as it stood on the day. by_hall: township's id → its figures.

    A township may have several years of one number, the halves of it or its months. moved: the townships whose overdue
    tasks of that day cannot be told any more (`Past.moved`). below: the units below the county by their ids.
    """

    told: Told
    past: Past
    below: dict[int, Unit]
    by_hall: dict[int, fig.Figures] = field(default_factory=dict)
    moved: set[int] = field(default_factory=set)

    @property
    def whole(self) -> fig.Figures:
        return fig.together(self.by_hall.values())

    @property
    def halls(self) -> list[tuple[Unit, fig.Figures]]:
        """The townships in it with their figures, by code."""
        found = [(self.below[pk], figures) for pk, figures in self.by_hall.items()]
        return sorted(found, key=lambda one: one[0].code)

    def named(self, measure: str, *facets: str, of: type[Project | Finding | Measurement]) -> str:
        """The projects a figure counts, each with its township: （刘岗镇“…”、…）; empty where it counts none."""
        rows = of._default_manager.filter(pk__in=self.past.ids(measure, facets))
        there = "" if of is Project else "project__"
        order = ("unit__code", f"{there}cycle_id", f"{there}number")
        names = [
            f"{unit}“{title}”"
            for unit, title in rows.order_by(*order).values_list("unit__name", f"{there}title")
        ]
        named = list(dict.fromkeys(names))
        if not named:
            return ""
        return f"（{'、'.join(named[:MOST_NAMED])}{'等' if len(named) > MOST_NAMED else ''}）"


@dataclass(frozen=True)
class Draft:
    """A drafted text with the figures it is filled with, as of a day."""

    title: str
    body: str
    figures: list[dict[str, Any]]
    as_of: date


def days_of(quarter: int, year: int) -> tuple[date, date]:
    """The first and the last day of a quarter of a calendar year."""
    after = date(year + quarter // 4, quarter * 3 % 12 + 1, 1)
    return date(year, quarter * 3 - 2, 1), after - timedelta(days=1)


def day_of(quarter: int | None, year: int, today: date) -> date | None:
    """As of which day a text's figures are: its quarter's last one, or today; None while the quarter has not begun."""
    if quarter is None:
        return today
    first, last = days_of(quarter, year)
    return None if first > today else min(last, today)


def drafted(county: Unit, year: int, quarter: int | None, day: date) -> Draft | None:
    """The text for a county as of a day; None where no township below had anything under way.

    quarter: of a calendar year; its bulletin is of every project year under way in it, the one being collected for as
    much as the one being built. Without one, the annual paragraphs on the project year.
    """
    below = {unit.pk: unit for unit in halls_below(county)}
    seen = [one for one in fig.years_seen() if one.unit_id in below]
    lead = "{}年度" if quarter else "本年度"
    wanted = _under_way(seen, days_of(quarter, year)[0], day) if quarter else [year]
    found: list[dict[str, Any]] = []
    told = (Told(one, day, lead.format(one), found) for one in wanted)
    years = [held for one in told if (held := _of_year(one, seen, below)).by_hall]
    if not years:
        return None
    parts = [
        _begun(county, {unit.pk for unit in townships_on(county, day)}, years),
        *("\n".join(said(held) for held in years) for said in (_elected, _money, _watched, _content)),
    ]
    if quarter is None:
        title = f"{year}年度民生实事项目票决制工作情况（年度工作报告段落）"
        return Draft(title, "\n".join(parts), found, day)
    heads = ("基本情况", "征集和票决情况", "资金和建设情况", "监督情况", "满意度情况", "存在的问题和要求")
    parts.append("".join(map(_problems, years)) + CLOSING)
    body = "\n".join(
        f"{numeral(at)}、{head}\n{part}" for at, (head, part) in enumerate(zip(heads, parts, strict=True), 1)
    )
    return Draft(f"关于{year}年第{numeral(quarter)}季度民生实事项目工作情况的通报", body, found, day)


def _under_way(seen: Iterable[fig.YearOf], first: date, day: date) -> list[int]:
    """The project years of which something was open between two days: collecting had begun, the file was not closed."""
    ids = [one.cycle_id for one in seen]
    ended = Entry.objects.filter(
        action__in=ENDINGS, subject__in=references_to(Cycle, ids), at__lt=end_of(first - timedelta(days=1))
    )
    over = set(ended.values_list("subject", flat=True))
    held = Cycle.objects.filter(pk__in=ids, opens_on__lte=day)
    return sorted({cycle.year for cycle in held if cycle.reference not in over})


def _of_year(told: Told, seen: Iterable[fig.YearOf], below: dict[int, Unit]) -> ProjectYear:
    years = [one for one in seen if one.year == told.year]
    past = Past(tuple(one.cycle_id for one in years), told.day)
    begun, kept = set(past.begun), past.figures()
    held = ProjectYear(told, past, below)
    for one in years:
        if one.cycle_id in begun:
            before = held.by_hall.get(one.unit_id, fig.Figures())
            held.by_hall[one.unit_id] = fig.together([before, kept[one.cycle_id]])
            if one.cycle_id in past.moved:
                held.moved.add(one.unit_id)
    return held


def _begun(county: Unit, there: set[int], years: Sequence[ProjectYear]) -> str:
    told = years[0].told
    halls = told("乡镇（街道）", len(there), "townships")
    begun = "、".join(_begun_in(there, held) for held in years)
    return f"截至{in_words(told.day)}，{county.name}{halls}个乡镇（街道）中，{begun}民生实事项目工作。"


def _begun_in(there: set[int], held: ProjectYear) -> str:
    told = held.told
    count = told("已启动的乡镇（街道）", len(there & held.by_hall.keys()), "townships", which="begun")
    return f"{count}个已启动{told.year}年度"


def _elected(held: ProjectYear) -> str:
    whole, told = held.whole, held.told
    return (
        f"{told.lead}共征集意见建议{told('征集意见建议', whole.proposals, 'proposals')}件，"
        f"其中群众提出{told('群众提出', whole.by_residents, 'proposals', **{'from': 'residents'})}件、"
        f"代表提出{told('代表提出', whole.by_deputies, 'proposals', **{'from': 'deputies'})}件；"
        f"受理{told('受理', whole.accepted, 'proposals', which='accepted')}件，"
        f"形成候选项目{told('候选项目', whole.candidates, 'items', which='candidates')}个，"
        f"票决入选{told('票决入选', whole.elected, 'items', which='elected')}个{_elected_where(held)}。"
    )


def _elected_where(held: ProjectYear) -> str:
    """How many in which township; nothing while none has voted."""
    found = [
        f"{unit.name}{held.told(f'{unit.name}票决入选', figures.elected, 'items', which='elected', unit=unit.code)}个"
        for unit, figures in held.halls
        if figures.elected
    ]
    return f"（其中{'、'.join(found)}）" if found else ""


def _money(held: ProjectYear) -> str:
    whole, told = held.whole, held.told
    if not whole.projects:
        return f"{told.lead}尚未产生入选项目。"
    live = {"which": "live"}
    return (
        f"{told.lead}实施项目{told('实施项目', whole.projects, 'projects', **live)}个，"
        f"已完工{told('已完工', whole.done, 'projects', which='done')}个，"
        f"完工率{told('完工率', _share(whole.done_percent), 'projects', **live)}；"
        f"总投资{told('总投资', _wan(whole.budget), 'projects', **live)}万元，"
        f"资金到位率{told('资金到位率', _share(whole.funded_percent), 'projects', **live)}，"
        f"投资完成率{told('投资完成率', _share(whole.invested_percent), 'projects', **live)}，"
        f"已付款{told('已付款', _wan(whole.paid), 'payments')}万元{_by_source(whole, told)}；"
        f"亮红灯项目{told('亮红灯', whole.red, 'projects', which='red')}个{held.named('red', of=Project)}。"
        f"{_built_where(held)}"
    )


def _built_where(held: ProjectYear) -> str:
    """How many are finished in which township, of those it carries out."""
    live = {"which": "live"}
    found = [
        f"{unit.name}{held.told(f'{unit.name}实施项目', figures.projects, 'projects', unit=unit.code, **live)}个、"
        f"已完工{held.told(f'{unit.name}已完工', figures.done, 'projects', unit=unit.code, which='done')}个"
        for unit, figures in held.halls
        if figures.projects
    ]
    return f"各地实施项目：{'；'.join(found)}。" if found else ""


def _by_source(whole: fig.Figures, told: Told) -> str:
    """Out of which source how much was paid; nothing where nothing was."""
    with in_the_records_language():
        names = {one: str(one.label) for one in FundSource if whole.of("paid", one)}
    found = [
        f"{name}{told(f'已付款（{name}）', _wan(whole.of('paid', one)), 'payments', source=one.value)}万元"
        for one, name in names.items()
    ]
    return f"（其中{'、'.join(found)}）" if found else ""


def _watched(held: ProjectYear) -> str:
    whole, told = held.whole, held.told
    unsolved = held.named("finding", FindingState.OPEN.value, FindingState.RECTIFIED.value, of=Finding)
    return (
        f"{told.lead}代表走访{told('代表走访', whole.visits, 'visits')}次，"
        f"走访选民{told('走访选民', whole.voters, 'voters')}人次，"
        f"视察项目{told('代表视察', whole.inspections, 'inspections')}次，"
        f"提出问题{told('提出问题', whole.findings, 'findings')}个，"
        f"尚未销号{told('未销号', whole.findings_open, 'findings', which='open')}个{unsolved}。"
    )


def _content(held: ProjectYear) -> str:
    whole, told = held.whole, held.told
    if not whole.marks_base and not whole.ratings:
        return f"{told.lead}尚未开展满意度测评和群众评价。"
    found = []
    if whole.marks_base:
        found.append(
            f"代表满意度测评满意率{told('代表测评满意率', _share(whole.marks_percent), 'measurements')}"
            f"（基数{told('代表测评基数', whole.marks_base, 'measurements')}），"
            f"测评未通过的项目{told('测评未通过', whole.failing, 'measurements', which='failing')}个"
            f"{held.named('failing', of=Measurement)}"
        )
    if whole.ratings:
        found.append(
            f"群众评价{told('群众评价', whole.ratings, 'ratings')}份，"
            f"满意率{told('群众评价满意率', _share(whole.ratings_percent), 'ratings')}"
        )
    return told.lead + "；".join(found) + "。"


def _problems(held: ProjectYear) -> str:
    """What was overdue, and of which townships that cannot be told of the day."""
    late = [(unit, figures.overdue) for unit, figures in held.halls if figures.overdue]
    return _left_out([held.below[pk] for pk in held.by_hall if pk in held.moved], held.told) + (
        "" if held.moved >= held.by_hall.keys() else _overdue(late, held.whole, held.told)
    )


def _left_out(halls: list[Unit], told: Told) -> str:
    names = "、".join(unit.name for unit in sorted(halls, key=lambda unit: unit.code))
    if not names:
        return ""
    moved = "在该日以后会期、工期有过调整，或者有事项取回，当日的超期情况不能追溯，未列入。"
    return f"{told.lead}{names}{moved}"


def _overdue(late: list[tuple[Unit, int]], whole: fig.Figures, told: Told) -> str:
    if not late:
        return f"{told.lead}没有超期未办的事项。"
    all_of_it = told("超期未办", whole.overdue, "tasks", when="overdue")
    worst = sorted(late, key=lambda one: (-one[1], one[0].code))[:MOST_NAMED]
    named = "、".join(
        f"{unit.name}{told(f'{unit.name}超期未办', n, 'tasks', when='overdue', unit=unit.code)}件"
        for unit, n in worst
    )
    return (
        f"{told.lead}超期未办的事项{all_of_it}件，其中{named}"
        f"{'等' if len(late) > MOST_NAMED else ''}。请有关乡镇（街道）查明原因，抓紧办理。"
    )


def _share(percent: int | None) -> str:
    return "—" if percent is None else f"{percent}%"


def _wan(fen: int) -> str:
    return money(fen, FEN_PER_WAN)


def addressed(county: Unit, to: Iterable[Unit] = ()) -> str:
    """主送机关 of a 通报: the congresses' presidiums of the townships and the working committees of the subdistricts.

    As they are today. to: those it goes to; where that is all there are, or none yet, they are not named one by one.
    """
    below, named = {unit.pk for unit in townships_below(county)}, sorted(to, key=lambda unit: unit.code)
    if named and {unit.pk for unit in named} != below:
        return "、".join(
            f"{unit.name}{'人大工委' if unit.is_subdistrict else '人大主席团'}" for unit in named
        )
    kinds = set(townships_below(county).values_list("kind", flat=True))
    all_of_them = {UnitKind.TOWNSHIP: "各乡镇人大主席团", UnitKind.SUBDISTRICT: "各街道人大工委"}
    return "、".join(words for kind, words in all_of_them.items() if kind in kinds)
