"""What the county's pages, papers and tables tell of a township's year: every measure once, with the list behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from projects.oversight.figures import Figures

COUNT, PERCENT, MONEY, DAYS = "count", "percent", "money", "days"


@dataclass(frozen=True)
class Measure:
    """One column. code: the name of the figure; base: the figure it is a share of, or is shown beside.

    behind: the list that opens behind it, with its filters; most_first: whether the largest is looked at first.
    dated: the figure that says as of which day it is, of a measure that is not counted as it happens.
    """

    code: str
    title: str | Promise
    kind: str = COUNT
    part: str = ""
    base: str = ""
    unit: str | Promise = ""
    behind: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)
    most_first: bool = True
    dated: str = ""

    def value(self, figures: Figures, today: date) -> int | None:
        """What it is: a number, whole per cent, fen, or days; None where there is nothing to tell of."""
        if self.kind == DAYS:
            first = figures.oldest_finding
            return (today - first).days if first else None
        return getattr(figures, self.code)

    def parts(self, figures: Figures) -> tuple[int | None, int | None]:
        """Of a share: how much of how much."""
        return (
            getattr(figures, self.part) if self.part else None,
            getattr(figures, self.base) if self.base else None,
        )


@dataclass(frozen=True)
class Section:
    """Measures told together; question: what they answer, as a heading asks it."""

    code: str
    title: str | Promise
    question: str | Promise
    measures: tuple[Measure, ...]
    note: str | Promise = ""


THINGS, CASES, SHEETS, TIMES = _("个"), _("件"), _("份"), _("次")

SECTIONS = (
    Section(
        "progress",
        _("按期办理"),
        _("各项工作是否按期办理"),
        (
            Measure("overdue", _("超期未办"), unit=CASES, behind="tasks", filters={"when": "overdue"}),
            Measure("late", _("逾期办结"), unit=CASES, behind="late"),
            Measure(
                "on_time_percent", _("按期办结率"), PERCENT, base="ended", behind="ended", most_first=False
            ),
            Measure("notes_late", _("提示函逾期未回复"), unit=CASES, behind="notes", filters={"when": "overdue"}),
        ),
        _("按期办结率＝（已办事项－逾期办结事项）÷已办事项；提示函的回复另列，不计入事项。"),
    ),
    Section(
        "building",
        _("项目完成"),
        _("入选项目完成得怎样"),
        (
            Measure("projects", _("实施项目"), unit=THINGS, behind="projects", filters={"which": "live"}),
            Measure(
                "done_percent", _("完工率"), PERCENT, "done", "projects", behind="projects",
                filters={"which": "done"}, most_first=False,
            ),
            Measure("red", _("亮红灯"), unit=THINGS, behind="projects", filters={"which": "red"}),
        ),
        _("终止的项目不计入；完工率＝（已完工＋已验收）÷实施项目。"),
    ),
    Section(
        "money",
        _("资金"),
        _("资金是否按计划到位和完成"),
        (
            Measure("budget", _("总投资"), MONEY, behind="projects", filters={"which": "live"}),
            Measure("funded_percent", _("资金到位率"), PERCENT, "funded", "budget", behind="projects",
                    filters={"which": "live"}, most_first=False),
            Measure("invested_percent", _("投资完成率"), PERCENT, "invested", "budget", behind="projects",
                    filters={"which": "live"}, most_first=False),
            Measure("paid", _("已付款"), MONEY, behind="payments", most_first=False),
        ),
        _("按总投资计算，终止的项目不计入；完成投资可以超过总投资；已付款含终止的项目，退回的已扣除。"),
    ),
    Section(
        "satisfaction",
        _("满意度"),
        _("代表和群众是否满意"),
        (
            Measure(
                "marks_percent", _("代表测评满意率"), PERCENT, base="marks_base", unit=SHEETS,
                behind="measurements", most_first=False,
            ),
            Measure("failing", _("测评未通过"), unit=THINGS, behind="measurements", filters={"which": "failing"}),
            Measure(
                "ratings_percent", _("群众评价满意率"), PERCENT, "ratings_content", "ratings", unit=SHEETS,
                behind="ratings", most_first=False,
            ),
        ),
        _("满意率＝（满意＋基本满意）÷基数。代表测评的基数按各项目测评时的规则，合并计算。"),
    ),
    Section(
        "participation",
        _("代表和群众参与"),
        _("代表和群众参与了多少"),
        (
            Measure("by_residents", _("群众提出"), unit=CASES, behind="proposals", filters={"from": "residents"}),
            Measure("by_deputies", _("代表提出"), unit=CASES, behind="proposals", filters={"from": "deputies"}),
            Measure("visits", _("代表走访"), unit=TIMES, behind="visits"),
            Measure("voters", _("走访选民"), unit=_("人次"), behind="voters"),
            Measure("inspections", _("代表视察"), unit=TIMES, behind="inspections"),
            Measure("present_percent", _("票决到会率"), PERCENT, "present", "due", behind="votes", most_first=False),
        ),
        _(
            "群众提出包括群众、村（社区）、代表联络站和企业、社会组织提出；走访选民按每次走访登记的人数合计，同一人多次走访的重复计算；"
            "同一年度多次投票的，到会率合并计算。"
        ),
    ),
    Section(
        "findings",
        _("问题整改"),
        _("监督发现的问题整改了没有"),
        (
            Measure("findings_open", _("未销号问题"), unit=THINGS, behind="findings", filters={"which": "open"}),
            Measure("oldest_finding", _("最早未销号问题已过"), DAYS, unit=_("天"), behind="findings", filters={"which": "open"}),
            Measure("rectified_percent", _("销号率"), PERCENT, base="findings", unit=THINGS, behind="findings",
                    most_first=False),
        ),
    ),
    Section(
        "conformance",
        _("程序规范"),
        _("办理程序是否符合规定"),
        (
            Measure("deviations", _("不符合事项"), unit=_("项"), behind="conformance", filters={"which": "not_held"},
                    dated="examined_on"),
            Measure("conforming_percent", _("程序符合率"), PERCENT, "checks_held", "checks_decided", unit=_("项"),
                    behind="conformance", most_first=False),
        ),
        _("逐条对照法律、法规和规则检查办理记录，记录增加后和每日零时以后重新检查；程序符合率＝符合÷（符合＋不符合）。"),
    ),
)  # fmt: skip
MEASURES = {measure.code: measure for section in SECTIONS for measure in section.measures}
# Shares of a hundred, all of which are better the higher they are: what a county may weigh.
WEIGHED = tuple(code for code, measure in MEASURES.items() if measure.kind == PERCENT)


@dataclass(frozen=True)
class Stage:
    """A stage of the way from a proposal to a project people are content with."""

    code: str
    title: str | Promise
    unit: str | Promise
    behind: str
    filters: Mapping[str, str] = field(default_factory=dict)


FUNNEL = (
    Stage("proposals", _("征集意见建议"), CASES, "proposals"),
    Stage("accepted", _("受理"), CASES, "proposals", {"which": "accepted"}),
    Stage("candidates", _("候选项目"), THINGS, "items", {"which": "candidates"}),
    Stage("elected", _("票决入选"), THINGS, "items", {"which": "elected"}),
    Stage("done", _("建成完工"), THINGS, "projects", {"which": "done"}),
    Stage("judged", _("测评通过"), THINGS, "measurements", {"which": "judged"}),
)


def score(figures: Figures, weights: Mapping[str, int], today: date) -> int | None:
    """The county's own order: the weighted mean of the measures it chose, in hundredths of a point.

    What a township has nothing to tell of does not count for or against it; a share above 100 counts as 100. None
    where it has nothing to tell of at all. No formula for this is published: the weights are the county's (rules.md §9).
    """
    told = [
        (min(share, 100), weight)
        for code, weight in weights.items()
        if code in WEIGHED and (share := MEASURES[code].value(figures, today)) is not None
    ]
    whole = sum(weight for _share, weight in told)
    return sum(share * weight for share, weight in told) * 100 // whole if whole else None
