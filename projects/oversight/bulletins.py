"""The words of a bulletin and of the annual report's paragraphs, filled with the figures of a day; every figure keeps its list.

A quarter's figures are those of its last day (`past`), the annual paragraphs' those of the day they are drafted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from projects.cycles.numerals import numeral
from projects.oversight import figures as fig
from projects.oversight.past import Past
from projects.oversight.selectors import halls_below, townships_on
from projects.selection.models import FundSource
from workflow.flows.money import FEN_PER_WAN, money
from workflow.people.models import Unit
from workflow.people.saying import in_the_records_language
from workflow.people.texts import in_words

MOST_NAMED = 10
CLOSING = "请各乡镇（街道）继续按期办理，并按规定公开项目进展。"


@dataclass
class Told:
    """Collects the figures a text names, in the order it names them, each with the list of the rows it counts.

    day: as of which day they are; a list opened from a figure is of the same day.
    """

    year: int
    day: date
    found: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, label: str, text: Any, listed: str, **filters: str) -> str:
        kept = filters | {"year": str(self.year), "as_of": self.day.isoformat()}
        self.found.append({"label": label, "text": str(text), "list": listed, "filters": kept})
        return str(text)


@dataclass(frozen=True)
class Draft:
    """A drafted text with the figures it is filled with, as of a day."""

    title: str
    body: str
    figures: list[dict[str, Any]]
    as_of: date


def day_of(quarter: int | None, year: int, today: date) -> date | None:
    """As of which day a text's figures are: its quarter's last one, or today; None while the quarter has not begun.

    The quarter is one of the project year's own calendar year.
    """
    if quarter is None:
        return today
    if date(year, quarter * 3 - 2, 1) > today:
        return None
    last = date(year + quarter // 4, quarter * 3 % 12 + 1, 1) - timedelta(days=1)
    return min(last, today)


def drafted(county: Unit, kind: str, year: int, quarter: int | None, day: date) -> Draft | None:
    """The text for a county and a year as of a day; None where no township below had that year then."""
    there = {unit.pk: unit for unit in townships_on(county, day)}
    below = {unit.pk: unit for unit in halls_below(county)}
    years = [one for one in fig.years_seen() if one.year == year and one.unit_id in below]
    past = Past(tuple(one.cycle_id for one in years), day)
    begun = [one for one in years if one.cycle_id in set(past.begun)]
    if not begun:
        return None
    kept = past.figures()
    by_hall: dict[int, fig.Figures] = {}
    for one in begun:  # a township may have several years of one number: the halves of it, or its months
        by_hall[one.unit_id] = fig.together([by_hall.get(one.unit_id, fig.Figures()), kept[one.cycle_id]])
    whole, told = fig.together(by_hall.values()), Told(year, day)
    parts = [
        _begun(county, len(there), len(there.keys() & by_hall.keys()), told),
        _elected(whole, told),
        _money(whole, told),
        _watched(whole, told),
        _content(whole, told),
    ]
    if kind == "annual":
        title = f"{year}年度民生实事项目票决制工作情况（年度工作报告段落）"
        return Draft(title, "\n".join(parts), told.found, day)
    heads = ("基本情况", "征集和票决情况", "资金和建设情况", "监督情况", "满意度情况", "存在的问题和要求")
    untold = {one.unit_id for one in begun if one.cycle_id in past.moved}
    late = [(below[pk], figures.overdue) for pk, figures in by_hall.items() if figures.overdue]
    parts.append(
        _left_out([below[pk] for pk in by_hall if pk in untold])
        + ("" if untold >= by_hall.keys() else _problems(late, whole, told))
        + CLOSING
    )
    body = "\n".join(
        f"{numeral(at)}、{head}\n{part}" for at, (head, part) in enumerate(zip(heads, parts, strict=True), 1)
    )
    period = f"第{numeral(quarter)}季度" if quarter else ""
    return Draft(f"关于{year}年度民生实事项目{period}工作情况的通报", body, told.found, day)


def _begun(county: Unit, halls: int, begun: int, told: Told) -> str:
    return (
        f"截至{in_words(told.day)}，{county.name}{told('乡镇（街道）', halls, 'townships')}个乡镇（街道）中，"
        f"{told('已启动的乡镇（街道）', begun, 'townships', which='begun')}个已启动{told.year}年度民生实事项目工作。"
    )


def _elected(whole: fig.Figures, told: Told) -> str:
    return (
        f"共征集意见建议{told('征集意见建议', whole.proposals, 'proposals')}件，"
        f"其中群众提出{told('群众提出', whole.by_residents, 'proposals', **{'from': 'residents'})}件、"
        f"代表提出{told('代表提出', whole.by_deputies, 'proposals', **{'from': 'deputies'})}件；"
        f"受理{told('受理', whole.accepted, 'proposals', which='accepted')}件，"
        f"形成候选项目{told('候选项目', whole.candidates, 'items', which='candidates')}个，"
        f"票决入选{told('票决入选', whole.elected, 'items', which='elected')}个。"
    )


def _money(whole: fig.Figures, told: Told) -> str:
    if not whole.projects:
        return "本年度尚未产生入选项目。"
    live = {"which": "live"}
    return (
        f"实施项目{told('实施项目', whole.projects, 'projects', **live)}个，"
        f"已完工{told('已完工', whole.done, 'projects', which='done')}个，"
        f"完工率{told('完工率', _share(whole.done_percent), 'projects', **live)}；"
        f"总投资{told('总投资', _wan(whole.budget), 'projects', **live)}万元，"
        f"资金到位率{told('资金到位率', _share(whole.funded_percent), 'projects', **live)}，"
        f"投资完成率{told('投资完成率', _share(whole.invested_percent), 'projects', **live)}，"
        f"已付款{told('已付款', _wan(whole.paid), 'payments')}万元{_by_source(whole, told)}；"
        f"亮红灯项目{told('亮红灯', whole.red, 'projects', which='red')}个。"
    )


def _by_source(whole: fig.Figures, told: Told) -> str:
    """Out of which source how much was paid; nothing where nothing was."""
    with in_the_records_language():
        names = {one: str(one.label) for one in FundSource if whole.of("paid", one)}
    found = [
        f"{name}{told(f'已付款（{name}）', _wan(whole.of('paid', one)), 'payments', source=one.value)}万元"
        for one, name in names.items()
    ]
    return f"（其中{'、'.join(found)}）" if found else ""


def _watched(whole: fig.Figures, told: Told) -> str:
    return (
        f"代表走访{told('代表走访', whole.visits, 'visits')}次，"
        f"走访选民{told('走访选民', whole.voters, 'voters')}人次，"
        f"视察项目{told('代表视察', whole.inspections, 'inspections')}次，"
        f"提出问题{told('提出问题', whole.findings, 'findings')}个，"
        f"尚未销号{told('未销号', whole.findings_open, 'findings', which='open')}个。"
    )


def _content(whole: fig.Figures, told: Told) -> str:
    if not whole.marks_base and not whole.ratings:
        return "本年度尚未开展满意度测评和群众评价。"
    found = []
    if whole.marks_base:
        found.append(
            f"代表满意度测评满意率{told('代表测评满意率', _share(whole.marks_percent), 'measurements')}"
            f"（基数{told('代表测评基数', whole.marks_base, 'measurements')}），"
            f"测评未通过的项目{told('测评未通过', whole.failing, 'measurements', which='failing')}个"
        )
    if whole.ratings:
        found.append(
            f"群众评价{told('群众评价', whole.ratings, 'ratings')}份，"
            f"满意率{told('群众评价满意率', _share(whole.ratings_percent), 'ratings')}"
        )
    return "；".join(found) + "。"


def _left_out(halls: list[Unit]) -> str:
    """Of which townships the overdue tasks of the day cannot be told any more."""
    names = "、".join(unit.name for unit in sorted(halls, key=lambda unit: unit.code))
    return (
        f"{names}在该日以后会期、工期或者待办事项有过调整，当日的超期情况不能追溯，未列入。" if names else ""
    )


def _problems(late: list[tuple[Unit, int]], whole: fig.Figures, told: Told) -> str:
    if not late:
        return "没有超期未办的事项。"
    all_of_it = told("超期未办", whole.overdue, "tasks", when="overdue")
    worst = sorted(late, key=lambda one: (-one[1], one[0].code))[:MOST_NAMED]
    named = "、".join(
        f"{unit.name}{told(f'{unit.name}超期未办', n, 'tasks', when='overdue', unit=unit.code)}件"
        for unit, n in worst
    )
    return (
        f"超期未办的事项{all_of_it}件，其中{named}"
        f"{'等' if len(late) > MOST_NAMED else ''}。请有关乡镇（街道）查明原因，抓紧办理。"
    )


def _share(percent: int | None) -> str:
    return "—" if percent is None else f"{percent}%"


def _wan(fen: int) -> str:
    return money(fen, FEN_PER_WAN)
