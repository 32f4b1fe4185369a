"""The rulebook: every rule a township may set, said once, with its range, default, grade and basis.

A cycle freezes one `Rules` when it opens; the frozen JSON is complete, so a later default changes nothing
in it. `load` reads older JSON (missing keys take the default) and refuses unknown keys. What the law fixes
is not a setting: it stands in `FIXED`, shown beside the settings. Sources: rules.md §3–§8, §13; steps.md.

Grades: L national law, R local regulation, N observed practice, T borrowed from election rules,
S founding documents, D a default without a source (本地规定).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import Annotated, Any, Literal, get_args

from annotated_types import Ge, Le, MaxLen, MinLen
from django.utils.translation import gettext_lazy as _
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from projects.cycles.deadlines import BEFORE_SESSION, DEADLINES, TASK_TIMES, TaskTime
from projects.cycles.tables import (
    CATEGORIES,
    CHANNELS,
    CHECKS,
    CRITERIA,
    DIMENSIONS,
    FIXED,
    WORDS,
    Fixed,
    Grade,
    Item,
)
from workflow.calendar.offsets import Offset, describe
from workflow.calendar.workdays import spring_festival

__all__ = [
    "DEADLINES",
    "FIXED",
    "TASK_TIMES",
    "Change",
    "Fixed",
    "Row",
    "RulebookError",
    "Rules",
    "TaskTime",
    "diff",
    "explain",
    "load",
    "said",
]

GRADES: dict[str, Any] = {
    "L": _("国家法律"),
    "R": _("地方法规、规定"),
    "N": _("各地实践"),
    "T": _("参照选举办法"),
    "S": _("制度文件"),
    "D": _("本地规定"),
}
GROUPS: dict[str, Any] = {
    "general": _("总则"),
    "collection": _("征集"),
    "selection": _("初定"),
    "deliberation": _("审议"),
    "voting": _("票决"),
    "supervision": _("监督"),
    "evaluation": _("评估"),
    "oversight": _("县级指导"),
}


@dataclass(frozen=True)
class Said:
    """What people are told about a setting; carried in the field's annotation."""

    title: Any
    group: str
    grade: Grade
    basis: str
    unit: Any = ""
    help: Any = ""
    scale: int = 1  # the value is shown divided by this: money is kept in fen and read in 万元
    choices: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One line of the rulebook page: `value` raw, `text`, `default` and `range` for people."""

    key: str
    group: str
    group_title: str
    title: str
    value: Any
    text: str
    default: str
    range: str
    unit: str
    grade: str
    basis: str
    help: str
    changed: bool

    @property
    def grade_title(self) -> str:
        """The grade in words."""
        return str(GRADES[self.grade])


@dataclass(frozen=True)
class Change:
    """One difference between two rulebooks, in the words of the page."""

    key: str
    title: str
    before: str
    after: str


QUORUM_BY_LAW = Fraction(2, 3)
COLLECTION_DAYS_RECOMMENDED = 30


class RulebookError(ValueError):
    """The values do not make a rulebook; `reasons` are Chinese sentences naming field and rule."""

    def __init__(self, reasons: Iterable[str]) -> None:
        self.reasons = list(reasons)
        super().__init__("；".join(self.reasons))


# ---------------------------------------------------------------------------------- table fields


def _complete(table: Callable[[], Mapping[str, Any]], title: Any) -> Callable[[Any], Any]:
    """A table setting holds every known entry: what is missing takes its default, what is unknown is refused."""

    def check(given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        known = table()
        unknown = sorted(str(key) for key in given if key not in known)
        if unknown:
            raise _refusal(
                [
                    _wrong(
                        _("“%(table)s”中没有这一项：%(keys)s"),
                        table=title,
                        keys="、".join(unknown),
                    )
                ]
            )
        return {key: given.get(key, default) for key, default in known.items()}

    return check


def _wrong(sentence: Any, **values: Any) -> str:
    return str(sentence) % {key: str(value) for key, value in values.items()}


def _refusal(sentences: Iterable[str]) -> PydanticCustomError:
    # One error may hold several sentences: pydantic stops at the first exception of a validator.
    return PydanticCustomError("rule", "\n".join(sentences))


def _default_lengths() -> dict[str, int]:
    return {key: abs(task.offset.days) for key, task in TASK_TIMES.items()}


def _defaults(items: Mapping[str, Item]) -> dict[str, Any]:
    return {key: item.default for key, item in items.items()}


def _titles(items: Mapping[str, Any]) -> dict[str, Any]:
    return {key: item.title for key, item in items.items()}


Severity = Literal["off", "note", "warn", "block"]
SEVERITIES = {
    "off": _("不检查"),
    "note": _("提示"),
    "warn": _("预警"),
    "block": _("不予列入"),
}
UNITS = {"wd": _("个工作日"), "d": _("天"), "month": _("个月")}
PERIODS = {
    "monthly": _("每月"),
    "quarterly": _("每季度"),
    "half_year": _("每半年"),
    "yearly": _("每年"),
}
Period = Literal["monthly", "quarterly", "half_year", "yearly"]
BASES = {"in_office": _("全体代表"), "present": _("出席代表"), "valid": _("有效票")}
Base = Literal["in_office", "present", "valid"]
Percent = Annotated[int, Ge(0), Le(100)]
Names = Annotated[tuple[Annotated[str, MinLen(1), MaxLen(40)], ...], MinLen(1), MaxLen(60)]


class Rules(BaseModel):
    """One township's rulebook for one cycle. Frozen; numbers in the unit each field names, money in fen.

    Building it with values out of range raises pydantic's ValidationError; use `load` or `with_values` to
    get `RulebookError` with Chinese sentences instead.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # --- general
    body: Annotated[
        Literal["congress", "assembly"],
        Said(
            _("议事组织"),
            "general",
            "L",
            "组织法第五十九条",
            help=_("街道没有人民代表大会，用议事会的用语和人数规则"),
            choices={"congress": _("乡镇人民代表大会"), "assembly": _("街道议事会")},
        ),
    ] = "congress"
    assembly_quorum: Annotated[
        Literal["1/2", "2/3", "3/4"],
        Said(
            _("议事会到会比例"),
            "general",
            "D",
            "本地规定",
            help=_("只用于街道议事会；乡镇依法为三分之二"),
            choices={"1/2": _("二分之一"), "2/3": _("三分之二"), "3/4": _("四分之三")},
        ),
    ] = "2/3"
    terms: Annotated[
        dict[str, Annotated[str, MinLen(1), MaxLen(20)]],
        Said(
            _("用语"),
            "general",
            "N",
            "各地做法",
            help=_("例如票决改称票选，民生实事改称为民办实事"),
        ),
    ] = {}
    deadlines: Annotated[
        dict[str, int],
        BeforeValidator(_complete(_default_lengths, _("办理期限"))),
        Said(
            _("办理期限"),
            "general",
            "D",
            "本地规定",
            help=_("只改长短，不改起算点和方向"),
        ),
    ] = Field(default_factory=_default_lengths)

    # --- collection
    collection_window_days: Annotated[
        int,
        Ge(1),
        Le(180),
        Said(
            _("征集期"),
            "collection",
            "R",
            "景洪市实施办法（一般不少于 30 天）",
            unit=_("天"),
            help=_("实际公告为 5 至 31 天；短于 30 天只提示，不拒绝"),
        ),
    ] = 30
    anonymous_proposals: Annotated[
        bool,
        Said(
            _("允许匿名提出"),
            "collection",
            "N",
            "松门镇",
            help=_("不留姓名电话也可提出，凭查询码查看结果"),
        ),
    ] = True
    pool_all_year: Annotated[
        bool,
        Said(
            _("全年收集入库"),
            "collection",
            "R",
            "宁海、宁波",
            help=_("征集期外的意见建议进入储备库"),
        ),
    ] = True
    channels: Annotated[Names, Said(_("征集渠道"), "collection", "N", "各地做法")] = CHANNELS
    categories: Annotated[Names, Said(_("项目类别"), "collection", "N", "各地做法")] = CATEGORIES

    # --- selection
    eligibility: Annotated[
        dict[str, Severity],
        BeforeValidator(_complete(lambda: _defaults(CHECKS), _("资格筛查"))),
        Said(_("资格筛查"), "selection", "S", "制度文件", choices=SEVERITIES),
    ] = Field(default_factory=lambda: _defaults(CHECKS))
    opinions_order: Annotated[
        Literal["together", "one_after_other"],
        Said(
            _("主席团意见与党委研究"),
            "selection",
            "D",
            "本地规定（次序各地不一）",
            choices={
                "together": _("同时进行"),
                "one_after_other": _("先主席团、后党委"),
            },
        ),
    ] = "together"
    score_sheet: Annotated[bool, Said(_("使用评分表"), "selection", "D", "本地规定")] = False
    scorers_min: Annotated[
        int,
        Ge(2),
        Le(20),
        Said(_("每个项目最少评分人数"), "selection", "D", "本地规定", unit=_("人")),
    ] = 2
    score_weights: Annotated[
        dict[str, Percent],
        BeforeValidator(_complete(lambda: _defaults(CRITERIA), _("评分权重"))),
        Said(_("评分权重"), "selection", "D", "本地规定", unit="%", help=_("合计 100%")),
    ] = Field(default_factory=lambda: _defaults(CRITERIA))
    surplus_percent: Annotated[
        int,
        Ge(0),
        Le(200),
        Said(
            _("差额比例"),
            "selection",
            "D",
            "本地规定（各地 0–100%，多为 20%）",
            unit="%",
            help=_("以应选数为基数，向上取整；低于此数预警"),
        ),
    ] = 20
    allow_equal_vote: Annotated[
        bool,
        Said(
            _("允许等额票决"),
            "selection",
            "N",
            "北坡（7/7）",
            help=_("陕西规定要求差额"),
        ),
    ] = False

    # --- deliberation
    tellers_min: Annotated[
        int,
        Ge(1),
        Le(10),
        Said(
            _("监票人最少"),
            "deliberation",
            "T",
            "选举办法",
            unit=_("人"),
            help=_("另设总监票人 1 人"),
        ),
    ] = 2
    tellers_max: Annotated[
        int,
        Ge(1),
        Le(20),
        Said(_("监票人最多"), "deliberation", "T", "选举办法", unit=_("人")),
    ] = 4

    # --- voting
    ballot_mode: Annotated[
        Literal["select", "each", "rank"],
        Said(
            _("票决方式"),
            "voting",
            "N",
            "各地做法",
            choices={"select": _("差额选择"), "each": _("逐项表决"), "rank": _("排序")},
        ),
    ] = "select"
    each_cap: Annotated[
        bool,
        Said(
            _("逐项表决限赞成数"),
            "voting",
            "D",
            "本地规定",
            help=_("赞成数多于应选数的表决票无效；只用于逐项表决"),
        ),
    ] = False
    ballot_channel: Annotated[
        Literal["paper", "device"],
        Said(
            _("投票形式"),
            "voting",
            "N",
            "板芙镇",
            choices={"paper": _("纸质表决票"), "device": _("电子表决")},
        ),
    ] = "paper"
    device_min_ballots: Annotated[
        int,
        Ge(5),
        Le(100),
        Said(
            _("电子表决最少票数"),
            "voting",
            "D",
            "本地规定",
            unit=_("票"),
            help=_("少于此数不用电子计票，改用纸质票，以免推知个人意见"),
        ),
    ] = 5
    majority_base: Annotated[
        Base,
        Said(
            _("过半数的基数"),
            "voting",
            "L",
            "组织法第二十五条",
            help=_("以全体代表为基数；其他基数与法律不一致，会预警"),
            choices=BASES,
        ),
    ] = "in_office"
    tie: Annotated[
        Literal["runoff", "all"],
        Said(
            _("末位票数相等"),
            "voting",
            "T",
            "组织法第二十九条（参照）",
            choices={"runoff": _("就票数相等的再次投票"), "all": _("全部入选")},
        ),
    ] = "runoff"
    runoff_majority: Annotated[
        bool,
        Said(
            _("再次投票仍须过半数"),
            "voting",
            "T",
            "组织法第二十九条（参照）",
            help=_("默认以得票多的入选，不再要求过半数"),
        ),
    ] = False
    shortfall: Annotated[
        Literal["vacant", "second_round"],
        Said(
            _("过半数的项目少于应选数"),
            "voting",
            "D",
            "本地规定",
            choices={"vacant": _("空缺"), "second_round": _("再次投票")},
        ),
    ] = "vacant"
    ballot_retention: Annotated[
        Literal["next_session", "one_month"],
        Said(
            _("表决票封存"),
            "voting",
            "D",
            "本地规定",
            choices={
                "next_session": _("至下次会议闭会"),
                "one_month": _("闭会后一个月"),
            },
        ),
    ] = "next_session"

    # --- supervision
    plan_days_spring_festival: Annotated[
        int,
        Ge(5),
        Le(120),
        Said(
            _("实施计划期限（跨春节）"),
            "supervision",
            "D",
            "本地规定",
            unit=_("天"),
            help=_("期限内遇春节时代替一般期限"),
        ),
    ] = 45
    group_min: Annotated[
        int,
        Ge(2),
        Le(10),
        Said(_("监督小组最少人数"), "supervision", "N", "敬安镇", unit=_("人")),
    ] = 2
    group_max: Annotated[
        int,
        Ge(2),
        Le(30),
        Said(_("监督小组最多人数"), "supervision", "N", "台州", unit=_("人")),
    ] = 10
    progress_period: Annotated[
        Literal["monthly", "quarterly"],
        Said(_("进度报告"), "supervision", "D", "本地规定", choices=PERIODS),
    ] = "monthly"
    small_project_fen: Annotated[
        int,
        Ge(0),
        Le(10_000_000_000),
        Said(
            _("小项目投资上限"),
            "supervision",
            "D",
            "本地规定",
            unit=_("万元"),
            scale=1_000_000,
            help=_("不超过此数的项目每季度报告进度；0 为不设"),
        ),
    ] = 20_000_000
    inspection_period: Annotated[
        Literal["monthly", "quarterly", "half_year"],
        Said(_("代表视察"), "supervision", "N", "张甸镇", choices=PERIODS),
    ] = "quarterly"
    presidium_report_period: Annotated[
        Period,
        Said(_("向主席团报告"), "supervision", "D", "本地规定", choices=PERIODS),
    ] = "quarterly"
    congress_report_period: Annotated[
        Literal["half_year", "yearly"],
        Said(_("向代表大会报告"), "supervision", "D", "本地规定", choices=PERIODS),
    ] = "half_year"
    light_scale: Annotated[
        Literal["three", "five"],
        Said(
            _("亮灯分级"),
            "supervision",
            "N",
            "银川；大足双路街道",
            choices={
                "three": _("红黄绿三色（按落后幅度）"),
                "five": _("红橙黄绿蓝五色（按完成进度）"),
            },
        ),
    ] = "three"
    light_yellow_points: Annotated[
        Percent,
        Said(_("黄灯：落后"), "supervision", "N", "银川", unit=_("个百分点")),
    ] = 10
    light_red_points: Annotated[
        Percent,
        Said(_("红灯：落后超过"), "supervision", "N", "银川", unit=_("个百分点")),
    ] = 30
    light_red_months: Annotated[
        int,
        Ge(1),
        Le(12),
        Said(_("红灯：应开工未开工"), "supervision", "N", "银川", unit=_("个月")),
    ] = 3
    light_red_below: Annotated[
        Percent,
        Said(_("五色红灯：进度低于"), "supervision", "N", "大足双路街道", unit="%"),
    ] = 30
    light_orange_below: Annotated[
        Percent, Said(_("五色橙灯：进度低于"), "supervision", "D", "本地规定", unit="%")
    ] = 50
    light_yellow_below: Annotated[
        Percent, Said(_("五色黄灯：进度低于"), "supervision", "D", "本地规定", unit="%")
    ] = 80
    change_policy: Annotated[
        Literal["congress_vote", "presidium_interim", "presidium_decides"],
        Said(
            _("项目变更的决定"),
            "supervision",
            "R",
            "陕西第十八条",
            choices={
                "congress_vote": _("代表大会表决"),
                "presidium_interim": _("主席团先行决定，代表大会追认"),
                "presidium_decides": _("主席团决定并报告"),
            },
        ),
    ] = "congress_vote"

    # --- evaluation
    satisfaction_pass: Annotated[
        int,
        Ge(50),
        Le(100),
        Said(
            _("满意度达标"),
            "evaluation",
            "S",
            "制度文件",
            unit="%",
            help=_("达到即销号"),
        ),
    ] = 80
    satisfaction_fail: Annotated[
        int,
        Ge(0),
        Le(99),
        Said(
            _("满意度不合格"),
            "evaluation",
            "S",
            "制度文件",
            unit="%",
            help=_("低于此数：整改、通报并报同级党委"),
        ),
    ] = 60
    satisfaction_base: Annotated[
        Base,
        Said(
            _("满意度基数"),
            "evaluation",
            "N",
            "汉阴、湖州；镇海以全体为基数",
            choices=BASES,
        ),
    ] = "valid"
    satisfaction_formula: Annotated[
        Literal["satisfied_and_basic", "satisfied_only", "majority_classes"],
        Said(
            _("满意度算法"),
            "evaluation",
            "N",
            "各地做法",
            choices={
                "satisfied_and_basic": _("（满意＋基本满意）÷基数"),
                "satisfied_only": _("满意÷基数"),
                "majority_classes": _("按全体半数分级（镇海）"),
            },
        ),
    ] = "satisfied_and_basic"
    resident_sample_min: Annotated[
        int,
        Ge(1),
        Le(10_000),
        Said(
            _("群众评价最小样本"),
            "evaluation",
            "D",
            "本地规定",
            unit=_("份"),
            help=_("不足时显示样本不足"),
        ),
    ] = 30
    second_measure: Annotated[
        Literal["next_session", "deputies_meeting"],
        Said(
            _("再次测评的场合"),
            "evaluation",
            "D",
            "本地规定",
            choices={
                "next_session": _("下次代表大会"),
                "deputies_meeting": _("主席团组织的代表会议"),
            },
        ),
    ] = "next_session"
    dimensions: Annotated[
        dict[str, Percent],
        BeforeValidator(_complete(lambda: _defaults(DIMENSIONS), _("评议维度权重"))),
        Said(
            _("评议维度权重"),
            "evaluation",
            "N",
            "华泾镇（八个维度）",
            unit="%",
            help=_("合计 100%，不用的维度设为 0"),
        ),
    ] = Field(default_factory=lambda: _defaults(DIMENSIONS))

    # --- oversight
    county_notice_period: Annotated[
        Period,
        Said(_("县级通报"), "oversight", "N", "镇平县", choices=PERIODS),
    ] = "quarterly"

    # ------------------------------------------------------------------ rules between the settings

    @model_validator(mode="after")
    def _hold_together(self) -> Rules:
        faults = [
            *_term_faults(self),
            *_length_faults(self),
            *_order_faults(self),
            *_vote_faults(self),
        ]
        if faults:
            raise _refusal(faults)
        return self

    # ------------------------------------------------------------------------------- what is read

    @property
    def quorum(self) -> Fraction:
        """The share of deputies in office that must be present: 2/3 by law, set for a subdistrict's assembly."""
        return QUORUM_BY_LAW if self.body == "congress" else Fraction(self.assembly_quorum)

    @property
    def words(self) -> dict[str, str]:
        """The words of this kind of body, with the township's own in their place."""
        return WORDS[self.body] | self.terms

    def offset(self, task: str) -> Offset:
        """The task's deadline with the length set here. KeyError for a task that has none."""
        return DEADLINES[task].with_length(self.deadlines[task])

    def plan_offset(self, t: date) -> Offset:
        """The implementation plan's deadline after the session `t`: longer where the Spring Festival falls inside."""
        usual = self.offset("supervision.plan")
        festivals = [spring_festival(year) for year in (t.year, t.year + 1)]
        inside = any(day is not None and 0 < (day - t).days <= usual.days for day in festivals)
        return usual.with_length(max(usual.days, self.plan_days_spring_festival)) if inside else usual

    def least_candidates(self, seats: int) -> int:
        """Candidates needed for `seats` without a surplus warning: the ratio counts on seats, rounded up."""
        return seats + -(-seats * self.surplus_percent // 100)

    def warnings(self) -> list[str]:
        """What is allowed here but departs from a rule or from most practice; empty when nothing does."""
        return [str(text) for holds, text in _departures(self) if holds]

    # ---------------------------------------------------------------------------- writing it down

    def frozen_json(self) -> dict[str, Any]:
        """The complete rulebook as JSON values; `load` gives an equal one back."""
        return self.model_dump(mode="json")

    def with_values(self, values: Mapping[str, Any]) -> Rules:
        """A rulebook with settings replaced, by the keys of `describe` (`deadlines.voting.announce`).

        Raises RulebookError with Chinese sentences; unknown keys are refused.
        """
        data = self.frozen_json()
        for key, value in values.items():
            _put(data, key, value)
        return load(data)

    def describe(self) -> list[Row]:
        """Every setting as a row for the page and the command, in the order of the steps."""
        rows = [row for name in type(self).model_fields for row in _rows(self, name)]
        order = list(GROUPS)
        return sorted(rows, key=lambda row: order.index(row.group))


def load(data: Mapping[str, Any]) -> Rules:
    """A rulebook from JSON values: missing keys take the default. Raises RulebookError for anything wrong."""
    try:
        return Rules.model_validate(dict(data))
    except ValidationError as error:
        raise RulebookError(explain(error)) from error


def diff(a: Rules, b: Rules) -> list[Change]:
    """Settings that differ from `a` to `b`, in the order of the page."""
    before = {row.key: row for row in a.describe()}
    after = b.describe()
    return [
        Change(row.key, row.title, before[row.key].text, row.text)
        for row in after
        if row.value != before[row.key].value
    ]


def explain(error: ValidationError) -> list[str]:
    """Pydantic's errors as Chinese sentences, each naming the setting and the rule it breaks."""
    return [line for item in error.errors(include_url=False) for line in _sentence(item).split("\n")]


# ------------------------------------------------------------------------------- cross-field rules


def _term_faults(rules: Rules) -> Iterable[str]:
    for key in sorted(set(rules.terms) - set(WORDS["congress"])):
        yield _wrong(_("“用语”中没有可改的词：%(key)s"), key=key)


def _length_faults(rules: Rules) -> Iterable[str]:
    for key, length in rules.deadlines.items():
        task = TASK_TIMES[key]
        if not task.low <= length <= task.high:
            yield _wrong(
                _("“办理期限：%(title)s”应在 %(low)s 至 %(high)s 之间，现为 %(length)s"),
                title=task.title,
                low=task.low,
                high=task.high,
                length=length,
            )


# (smaller, larger, may be equal): pairs of settings that bound each other.
PAIRS = (
    ("tellers_min", "tellers_max", True),
    ("group_min", "group_max", True),
    ("light_yellow_points", "light_red_points", False),
    ("light_red_below", "light_orange_below", False),
    ("light_orange_below", "light_yellow_below", False),
    ("satisfaction_fail", "satisfaction_pass", False),
)


def _order_faults(rules: Rules) -> Iterable[str]:
    for earlier, later in pairwise(BEFORE_SESSION):
        if rules.deadlines[earlier] < rules.deadlines[later]:
            yield _wrong(
                _("“%(earlier)s”应不晚于“%(later)s”：距会议 %(a)s 天，少于 %(b)s 天"),
                earlier=TASK_TIMES[earlier].title,
                later=TASK_TIMES[later].title,
                a=rules.deadlines[earlier],
                b=rules.deadlines[later],
            )
    for small, large, equal in PAIRS:
        a, b = getattr(rules, small), getattr(rules, large)
        if a > b or (a == b and not equal):
            sentence = (
                _("“%(small)s”（%(a)s）不得大于“%(large)s”（%(b)s）")
                if equal
                else _("“%(small)s”（%(a)s）应小于“%(large)s”（%(b)s）")
            )
            yield _wrong(sentence, small=said(small).title, large=said(large).title, a=a, b=b)


def _vote_faults(rules: Rules) -> Iterable[str]:
    for name in ("score_weights", "dimensions"):
        total = sum(getattr(rules, name).values())
        if total != 100:
            yield _wrong(
                _("“%(title)s”合计应为 100%%，现为 %(total)s%%"),
                title=said(name).title,
                total=total,
            )
    for name in ("channels", "categories"):
        if len(set(getattr(rules, name))) != len(getattr(rules, name)):
            yield _wrong(_("“%(title)s”中有重复"), title=said(name).title)
    if rules.each_cap and rules.ballot_mode != "each":
        yield _wrong(_("“逐项表决限赞成数”只用于“票决方式”为逐项表决时"))
    if rules.runoff_majority and rules.tie != "runoff":
        yield _wrong(_("“再次投票仍须过半数”只用于“末位票数相等”为再次投票时"))
    if rules.satisfaction_formula == "majority_classes" and rules.satisfaction_base != "in_office":
        yield _wrong(_("“满意度算法”按全体半数分级时，“满意度基数”应为全体代表"))


def _departures(rules: Rules) -> list[tuple[bool, Any]]:
    return [
        (
            rules.body == "congress" and rules.majority_base != "in_office",
            _("“过半数的基数”不是全体代表，与组织法第二十五条不一致。"),
        ),
        (rules.allow_equal_vote, _("允许等额票决：陕西等地规定差额票决。")),
        (rules.surplus_percent < 20, _("差额比例低于 20%，少于多数地方的做法。")),
        (
            rules.collection_window_days < COLLECTION_DAYS_RECOMMENDED,
            _("征集期短于 30 天，部分地方规定一般不少于 30 天。"),
        ),
        (rules.tie == "all", _("末位票数相等全部入选时，入选数可能多于应选数。")),
        (
            rules.change_policy != "congress_vote",
            _("项目变更不由代表大会表决，与入选名单由代表大会决定的原则有差异。"),
        ),
        (
            rules.deadlines["deliberation.materials"] < 7,
            _("会议材料印发少于会前 7 天。"),
        ),
    ]


# ------------------------------------------------------------------------------ rows and sentences


def said(name: str) -> Said:
    """What people are told about the field."""
    return next(note for note in Rules.model_fields[name].metadata if isinstance(note, Said))


def _put(data: dict[str, Any], key: str, value: Any) -> None:
    name, dot, entry = key.partition(".")
    if dot and isinstance(data.get(name), dict):
        data[name][entry] = value
    else:
        data[key] = value


# Entries of a table setting: their titles, and the group each row is shown in.
TABLES: dict[str, dict[str, Any]] = {
    "eligibility": CHECKS,
    "score_weights": CRITERIA,
    "dimensions": DIMENSIONS,
}


def _rows(rules: Rules, name: str) -> list[Row]:
    if name == "deadlines":
        return [_deadline_row(rules, key) for key in TASK_TIMES]
    if name == "terms":
        return [_term_row(rules, key) for key in WORDS["congress"]]
    if name in TABLES:
        return [_entry_row(rules, name, key) for key in TABLES[name]]
    return [_plain_row(rules, name)]


@dataclass(frozen=True)
class _Cell:
    """One value to show: where it stands, what it is now and by default, and the note it belongs to."""

    key: str
    note: Said
    value: Any
    default: Any
    range: str
    show: Callable[[Any], str]


def _row(cell: _Cell) -> Row:
    note = cell.note
    return Row(
        key=cell.key,
        group=note.group,
        group_title=str(GROUPS[note.group]),
        title=str(note.title),
        value=cell.value,
        text=cell.show(cell.value),
        default=cell.show(cell.default),
        range=cell.range,
        unit=str(note.unit),
        grade=note.grade,
        basis=note.basis,
        help=str(note.help),
        changed=cell.value != cell.default,
    )


def _plain_row(rules: Rules, name: str) -> Row:
    note = said(name)
    default = Rules.model_fields[name].get_default(call_default_factory=True)
    show = partial(_shown, note)
    return _row(_Cell(name, note, getattr(rules, name), default, _range(name, note), show))


def _entry_row(rules: Rules, name: str, entry: str) -> Row:
    table, item = said(name), TABLES[name][entry]
    note = replace(table, title=f"{table.title}：{item.title}", grade=item.grade, basis=item.basis)
    allowed = _choice_range(table) if table.choices else "0–100 %"
    value = getattr(rules, name)[entry]
    return _row(_Cell(f"{name}.{entry}", note, value, item.default, allowed, partial(_shown, note)))


def _term_row(rules: Rules, word: str) -> Row:
    note = said("terms")
    usual = WORDS[rules.body][word]
    named = replace(note, title=f"{note.title}：{usual}")
    return _row(_Cell(f"terms.{word}", named, rules.words[word], usual, str(_("20 字以内")), str))


def _deadline_row(rules: Rules, key: str) -> Row:
    task = TASK_TIMES[key]
    note = Said(
        f"{said('deadlines').title}：{task.title}",
        key.partition(".")[0],
        task.grade,
        task.basis,
        UNITS[task.offset.unit],
    )
    allowed = f"{task.low}–{task.high} {note.unit}" if task.high else str(_("不可改"))
    length = abs(task.offset.days)
    return _row(
        _Cell(
            f"deadlines.{key}",
            note,
            rules.deadlines[key],
            length,
            allowed,
            lambda n: describe(task.offset.with_length(n)),
        )
    )


def _shown(note: Said, value: Any) -> str:
    if isinstance(value, bool):
        return str(_("是") if value else _("否"))
    if isinstance(value, tuple):
        return "、".join(value)
    if value in note.choices:
        return str(note.choices[value])
    return f"{_scaled(note, value)} {note.unit}".strip()


def _range(name: str, note: Said) -> str:
    kind = Rules.model_fields[name].annotation
    if note.choices:
        return " / ".join(str(note.choices[choice]) for choice in get_args(kind))
    if kind is bool:
        return str(_("是 / 否"))
    return _bounds(name, note)


def _choice_range(note: Said) -> str:
    return " / ".join(str(label) for label in note.choices.values())


def _bounds(name: str, note: Said) -> str:
    notes = Rules.model_fields[name].metadata
    low = next((n.ge for n in notes if isinstance(n, Ge)), None)
    high = next((n.le for n in notes if isinstance(n, Le)), None)
    if low is None:
        return str(_("自定名单"))
    return f"{_scaled(note, low)}–{_scaled(note, high)} {note.unit}".strip()


def _scaled(note: Said, value: Any) -> str:
    return f"{value / note.scale:g}" if note.scale != 1 else str(value)


def _named(place: tuple[Any, ...]) -> str:
    """The setting an error points at, in the words of the page."""
    name, entry = str(place[0]), str(place[1]) if len(place) > 1 else ""
    if name not in Rules.model_fields:
        return name
    if name == "deadlines" and entry in TASK_TIMES:
        return f"{said(name).title}：{TASK_TIMES[entry].title}"
    if name in TABLES and entry in TABLES[name]:
        return f"{said(name).title}：{TABLES[name][entry].title}"
    return str(said(name).title)


def _sentence(item: Any) -> str:
    kind, bounds = item["type"], item.get("ctx", {})
    if kind == "rule":
        return item["msg"]
    template = SENTENCES.get(kind, _("“%(name)s”的值不合要求"))
    return str(template) % {
        "name": _named(item["loc"]),
        **{key: str(value) for key, value in bounds.items()},
    }


SENTENCES: dict[str, Any] = {
    "greater_than_equal": _("“%(name)s”不得小于 %(ge)s"),
    "less_than_equal": _("“%(name)s”不得大于 %(le)s"),
    "literal_error": _("“%(name)s”不在可选范围内"),
    "extra_forbidden": _("规则中没有“%(name)s”这一项"),
    "int_type": _("“%(name)s”应为整数"),
    "int_parsing": _("“%(name)s”应为整数"),
    "int_from_float": _("“%(name)s”应为整数"),
    "bool_type": _("“%(name)s”应为是或否"),
    "bool_parsing": _("“%(name)s”应为是或否"),
    "string_too_short": _("“%(name)s”中有空白的文字"),
    "string_too_long": _("“%(name)s”中的文字超过 %(max_length)s 字"),
    "too_short": _("“%(name)s”至少要有 %(min_length)s 项"),
    "too_long": _("“%(name)s”最多 %(max_length)s 项"),
}
