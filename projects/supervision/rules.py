"""What supervision works out: progress expected, lights, periods due, who decides a change (rules.md §7).

Pure: no clock, no database. Progress and lag are whole percentage points, 0–100; sentences keep what they are made of.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from workflow.people.sentences import sentence as _

MOVERS = 10  # 组织法 24: ten or more deputies jointly
GREEN, YELLOW, ORANGE, RED, BLUE = "green", "yellow", "orange", "red", "blue"
LIGHT_WORDS = {
    GREEN: _("正常"),
    YELLOW: _("预警"),
    ORANGE: _("滞后"),
    RED: _("严重滞后"),
    BLUE: _("已完工验收"),
    "": _("未报告"),
}
COLOURS = {GREEN: _("绿灯"), YELLOW: _("黄灯"), ORANGE: _("橙灯"), RED: _("红灯")}
# The shape and colour a page shows a light in; words carry the rest.
LEVELS = {GREEN: "green", YELLOW: "yellow", ORANGE: "yellow", RED: "red", BLUE: "green", "": "grey"}
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Point:
    """A dated node of a plan and how far the project should be on that day."""

    on: date
    percent: int


@dataclass(frozen=True, slots=True)
class Scale:
    """The rulebook's light scale. kind "three": points behind plan; "five": progress reached (rules.md §7)."""

    kind: str = "three"
    yellow_points: int = 10
    red_points: int = 30
    red_months: int = 3
    red_below: int = 30
    orange_below: int = 50
    yellow_below: int = 80


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a project is on a day: progress reached and expected, and the planned start."""

    percent: int
    expected: int
    starts_on: date
    on: date


@dataclass(frozen=True, slots=True)
class Period:
    """A reporting period. label: "2027-03" or "2027-Q1"; first and last: its days, both counted."""

    label: str
    first: date
    last: date


# Progress


def expected_percent(starts_on: date, points: Iterable[Point], on: date) -> int:
    """How far a project should be on a day: linear between the start (0) and the milestones, rounded down.

    Before the start 0, after the last milestone its own percent.
    """
    line = [Point(starts_on, 0), *sorted(points, key=lambda p: (p.on, p.percent))]
    if on <= starts_on:
        return 0
    for before, after in pairwise(line):
        if on < after.on:
            return _between(before, after, on)
    return line[-1].percent


def _between(before: Point, after: Point, on: date) -> int:
    passed, whole = (on - before.on).days, (after.on - before.on).days
    return before.percent + (after.percent - before.percent) * passed // whole


def plan_faults(starts_on: date, finish_by: date, limit: date, points: Sequence[Point]) -> list[str]:
    """Why a plan's dates cannot stand (陕西 17); limit: the project's own deadline, which no plan may pass."""
    found: list[str] = []
    if finish_by < starts_on:
        found.append(_("计划完工日期早于计划开工日期。"))
    if finish_by > limit:
        found.append(
            _(
                "计划完工日期%(finish_by)s晚于票决确定的完成时限%(limit)s；须先按规定办理工期调整，计划不能自行推迟。"
            )
            % {"finish_by": finish_by, "limit": limit}
        )
    if not points:
        return [*found, _("须列出节点，写明各节点应达到的进度。")]
    return found + _point_faults(starts_on, finish_by, points)


def _point_faults(starts_on: date, finish_by: date, points: Sequence[Point]) -> list[str]:
    found: list[str] = []
    if any(not starts_on <= p.on <= finish_by for p in points):
        found.append(_("节点日期须在计划开工与计划完工之间。"))
    if any(b.on <= a.on or b.percent <= a.percent for a, b in pairwise(points)):
        found.append(_("节点须按日期先后排列，进度逐步增加。"))
    if points[-1].percent != 100:
        found.append(_("最后一个节点应为完工，进度 100%。"))
    return found


@dataclass(frozen=True, slots=True)
class Lateness:
    """How many days a project is beyond its deadline, and whether it is finished: then they stay as they are."""

    days: int
    finished: bool


def lateness(finish_by: date, ends_by: date, finished_on: date | None, today: date) -> Lateness | None:
    """How late a project was finished or, while it is being built, is; None where it is in time.

    finish_by: the congress's deadline, which a finished project is held to even where it was carried over; ends_by: the
    day until which an unfinished one may go on.
    """
    limit = finish_by if finished_on else ends_by
    days = ((finished_on or today) - limit).days
    return Lateness(days, finished_on is not None) if days > 0 else None


def moved_day(day: date, *, today: date, old_end: date, new_end: date) -> date:
    """Where a coming milestone goes when the deadline moves: the days left are stretched or shrunk alike."""
    if day <= today:
        return day
    left = max((old_end - today).days, 1)
    return min(today + timedelta(days=max(1, (day - today).days * (new_end - today).days // left)), new_end)


# Lights


def light_of(scale: Scale, s: Standing) -> str:
    """The light by the rulebook's scale, which stands unless another is set by hand (`Lit`)."""
    return _by_lag(scale, s) if scale.kind == "three" else _by_progress(scale, s.percent)


def _by_lag(scale: Scale, s: Standing) -> str:
    lag, idle = s.expected - s.percent, idle_months(s)
    if lag > scale.red_points or idle >= scale.red_months:
        return RED
    return YELLOW if lag >= scale.yellow_points or idle else GREEN


def _by_progress(scale: Scale, percent: int) -> str:
    if percent < scale.red_below:
        return RED
    if percent < scale.orange_below:
        return ORANGE
    return YELLOW if percent < scale.yellow_below else GREEN


def idle_months(s: Standing) -> int:
    """Whole months a project that should have begun has not: 1 once the planned month has passed without a start."""
    if s.percent or s.on <= s.starts_on:
        return 0
    return max(0, (s.on.year - s.starts_on.year) * 12 + s.on.month - s.starts_on.month)


def accepted_light(scale: Scale) -> str:
    """The light of a project finished and accepted."""
    return BLUE if scale.kind == "five" else GREEN


def late_light(light: str, overdue: int) -> str:
    """The light while reports are missing: one late report is at least yellow, a second one red (steps.md)."""
    if overdue >= 2:
        return RED
    return YELLOW if overdue == 1 and light in ("", GREEN) else light


@dataclass(frozen=True, slots=True)
class Lit:
    """A project's light (rules.md §7): as shown and, where it was set by hand, the one worked out and why.

    reason: "" where the light shown is the one worked out; set_aside: that one, where another was set.
    """

    shown: str
    set_aside: str = ""
    reason: str = ""

    @property
    def worked_out(self) -> str:
        return self.set_aside if self.reason else self.shown


def colours_to_set(scale: Scale) -> list[str]:
    """What a light may be set to by hand: the scale's colours, the best first, without the one of accepted work."""
    return [GREEN, YELLOW, ORANGE, RED] if scale.kind == "five" else [GREEN, YELLOW, RED]


def set_by_hand(lit: Lit, colour: str, reason: str) -> Lit:
    """The light once a person has set it."""
    return Lit(colour, lit.worked_out, reason)


def lit_while_late(lit: Lit, overdue: int) -> Lit:
    """The light while reports are missing, which no setting by hand stands against: it ends where they ask for more.

    It ends as well where there is nothing left to set aside.
    """
    due = late_light(lit.worked_out, overdue)
    stands = lit.reason and lit.shown != due and late_light(lit.shown, overdue) == lit.shown
    return replace(lit, set_aside=due) if stands else Lit(due)


def setting_faults(scale: Scale, lit: Lit, colour: str, overdue: int) -> list[str]:
    """Why a light may not be set to this colour by hand. overdue: how many reports are past their day."""
    if colour not in colours_to_set(scale):
        return [_("本年度规则的亮灯分级中没有可供人工调整的这种颜色。")]
    words = {"light": LIGHT_WORDS[colour]}
    if colour == lit.shown:
        return [_("现在已经亮“%(light)s”，不需要调整。") % words]
    if colour == lit.worked_out:
        return [_("“%(light)s”就是按规则计算的亮灯；要恢复，请撤销人工调整。") % words]
    least = late_light(colour, overdue)
    if least != colour:
        return [
            _("有 %(overdue)s 期进度报告逾期未报，至少亮“%(least)s”，不能调整为“%(light)s”。")
            % {**words, "overdue": overdue, "least": LIGHT_WORDS[least]}
        ]
    return []


def setting_told(lit: Lit) -> str:
    """That a light was set by hand, what was worked out, until when it stands and why; "" for one worked out."""
    if not lit.reason:
        return ""
    return _(
        "人工调整为“%(light)s”（按规则计算为“%(worked_out)s”），至下一期进度报告提交时止。理由：%(reason)s"
    ) % {
        "light": LIGHT_WORDS[lit.shown],
        "worked_out": LIGHT_WORDS[lit.worked_out],
        "reason": lit.reason,
    }


# Periods


def ended_periods(since: date, today: date, *, quarterly: bool) -> list[Period]:
    """The periods with a day of work in them that are over on `today`; each is reported on once."""
    found, period = [], period_at(since, quarterly=quarterly)
    while period.last < today:
        found.append(period)
        period = period_at(period.last + ONE_DAY, quarterly=quarterly)
    return found


def period_at(day: date, *, quarterly: bool) -> Period:
    """The month or quarter a day lies in."""
    length = 3 if quarterly else 1
    index = (day.month - 1) // length
    first = date(day.year, index * length + 1, 1)
    label = f"{day.year}-Q{index + 1}" if quarterly else f"{day.year}-{day.month:02d}"
    return Period(label, first, _after(first, length) - ONE_DAY)


# Periods by which an overview is given (rules.md §12): how many months each has.
MONTHS = {"monthly": 1, "quarterly": 3, "half_year": 6, "yearly": 12}


def period_over(today: date, months: int) -> Period:
    """The last period of so many months (1, 3, 6 or 12) that is over on `today`.

    Its label is "2027-03", "2027-Q1", "2027-H1" or "2027".
    """
    first_of_this = date(today.year, (today.month - 1) // months * months + 1, 1)
    last = first_of_this - ONE_DAY
    index = (last.month - 1) // months
    label = {1: f"-{last.month:02d}", 3: f"-Q{index + 1}", 6: f"-H{index + 1}", 12: ""}[months]
    return Period(f"{last.year}{label}", date(last.year, index * months + 1, 1), last)


def period_named(label: str) -> Period:
    """The period of a label; ValueError for anything that is none."""
    year, _, part = label.partition("-")
    month = (int(part[1:]) - 1) * 3 + 1 if part.startswith("Q") else int(part)
    return period_at(date(int(year), month, 1), quarterly=part.startswith("Q"))


def _after(first: date, months: int) -> date:
    year, month = divmod(first.month - 1 + months, 12)
    return date(first.year + year, month + 1, 1)


def reports_quarterly(budget_fen: int | None, *, period: str, small_fen: int) -> bool:
    """Whether a project reports by the quarter: the rulebook says so for all, or it is a small one."""
    return period == "quarterly" or (budget_fen is not None and 0 < budget_fen <= small_fen)


# Decisions


def deciding_body(policy: str, what: str) -> str:
    """Who decides a change: "congress" or "presidium" (陕西 18; rules.md §7).

    Money is the congress's alone (组织法 12(4)): what a project costs, and a project in another's place, which brings a
    budget of its own. Ending a project, which a ratification refused could not undo, is not decided in the interim either.
    """
    if policy == "congress_vote" or what in ("cost", "replace"):
        return "congress"
    return "congress" if policy == "presidium_interim" and what == "stop" else "presidium"


# What rules.md §7 lets be minor: never money (组织法 12(4)), nor whether there is a project at all.
MAY_BE_MINOR = ("content", "deadline", "place", "unit")


def minor_faults(what: str) -> list[str]:
    """Why a change may not be asked for as a minor one."""
    return (
        []
        if what in MAY_BE_MINOR
        else [_("投资调整、暂缓、恢复、终止和替换都是重大调整，由规定的机关决定。")]
    )


def way_told(grade: str, body: str, policy: str) -> str:
    """Which way a change is decided, in a sentence (陕西 18; rules.md §7)."""
    if grade == "minor":
        return _("轻微调整：由主席团认定并说明理由，公告后执行；主席团认为不属轻微的，按重大调整决定。")
    if body == "congress":
        return _("重大调整：由代表大会以全体代表的过半数决定，公告后执行。")
    if needs_ratification(policy, body):
        return _(
            "重大调整：闭会期间由主席团先行决定，公告后执行，报下次代表大会追认；未获追认的恢复原定内容。"
        )
    return _("重大调整：按本地规定由主席团决定，公告后执行，向代表大会报告。")


def needs_ratification(policy: str, body: str) -> bool:
    """Whether the congress must confirm afterwards what the presidium decided."""
    return policy == "presidium_interim" and body == "presidium"


CHANGEABLE = {
    "content": ("assigned", "building"),
    "cost": ("assigned", "building"),
    "deadline": ("assigned", "building"),
    "place": ("assigned", "building"),
    "unit": ("assigned", "building"),
    "suspend": ("assigned", "building"),
    "resume": ("suspended",),
    "stop": ("elected", "assigned", "building", "suspended"),
    "replace": ("elected", "assigned", "building", "suspended"),
}


def change_faults(what: str, state: str) -> list[str]:
    """Why this change makes no sense of a project in this state."""
    return [] if state in CHANGEABLE[what] else [_("项目当前所处的阶段不能申请这类调整。")]


def group_faults(size: int, low: int, high: int) -> list[str]:
    """Why a supervision group may not have this many deputies."""
    if size < low:
        return [_("每个监督小组至少 %(low)s 名代表，现为 %(size)s 名。") % {"low": low, "size": size}]
    return (
        [_("每个监督小组至多 %(high)s 名代表，现为 %(size)s 名。") % {"high": high, "size": size}]
        if size > high
        else []
    )


def interpellation_faults(movers: int) -> list[str]:
    """Why so many deputies may not put an interpellation (组织法 24)."""
    return (
        []
        if movers >= MOVERS
        else [
            _("质询案须由 %(needed)s 名以上代表联名，现为 %(movers)s 名（《地方组织法》第二十四条）。")
            % {"needed": MOVERS, "movers": movers}
        ]
    )


def proposers_needed(in_office: int) -> int:
    """How many deputies may call for an extra session: one fifth of those in office or more (组织法 14)."""
    return -(-in_office // 5)


def proposers_faults(proposers: int, in_office: int) -> list[str]:
    """Why so many deputies may not call for an extra session."""
    needed = proposers_needed(in_office)
    if proposers >= needed:
        return []
    return [
        _(
            "实有代表 %(in_office)s 名，须 %(needed)s 名以上（五分之一）提议，现为 %(proposers)s 名（《地方组织法》第十四条）。"
        )
        % {"in_office": in_office, "needed": needed, "proposers": proposers}
    ]


def contract_faults(amounts: Iterable[int], budget_fen: int | None) -> list[str]:
    """Why a further contract may not be registered: together they would pass the cost the congress decided."""
    total = sum(amounts)
    if budget_fen is None or total <= budget_fen:
        return []
    return [_("登记金额合计超出票决确定的总投资，须先按规定办理投资调整。")]


def tender_faults(
    tender_by: date | None, contract_by: date | None, no_tender: str, finish_by: date | None = None
) -> list[tuple[str, str]]:
    """What a plan says wrongly of tender and contract: the field's name and the sentence, each.

    A contract rests on a tender or on the reason why there is none (steps.md, 5); finish_by: the plan's own.
    """
    found: list[tuple[str, str]] = []
    if tender_by and not contract_by:
        found.append(("contract_by", _("列明招标采购的，须填写计划签订合同日期。")))
    if tender_by and contract_by and tender_by > contract_by:
        found.append(("tender_by", _("招标采购不能晚于签订合同。")))
    if contract_by and finish_by and contract_by > finish_by:
        found.append(("contract_by", _("签订合同不能晚于计划完工。")))
    if contract_by and not tender_by and len(no_tender) < 4:
        found.append(("no_tender", _("签订合同而不招标采购的，须写明理由。")))
    if tender_by and no_tender:
        found.append(("no_tender", _("已填写计划招标采购日期的，不填不招标的理由。")))
    return found


def further_faults(kind: str, *, awaited: Collection[str], contracted: bool, ended: bool) -> list[str]:
    """Why a line of the ledger is not registered of one's own accord (steps.md, 5).

    awaited: the kinds a task is open for, which are registered there; ended: accepted or stopped.
    """
    if kind in awaited:
        return [_("这一项已有待办任务，请在待办中登记。")]
    if kind == "contract" and "tender" in awaited:
        return [_("招标采购尚未登记，先在待办中登记招标采购。")]
    if kind == "variation" and not contracted:
        return [_("还没有登记合同，不能登记变更。")]
    if kind == "settlement" and not ended:
        return [_("结算审核在项目通过验收或者终止后登记。")]
    return []


def payment_faults(
    paid: Iterable[int], *, contracted: int, settled: int, budget_fen: int | None
) -> list[str]:
    """Why so much may not be paid in all: more than the settlement found, else the contracts say, else was decided.

    paid: every payment with the new one, fen, paid back below zero.
    """
    total = sum(paid)
    limits = ((_("结算审定金额"), settled), (_("合同金额"), contracted), (_("总投资"), budget_fen or 0))
    name, limit = next(((name, fen) for name, fen in limits if fen), ("", 0))
    return (
        [_("付款合计超出%(name)s，不能登记；金额有变更的，先登记变更或者结算。") % {"name": name}]
        if name and total > limit
        else []
    )


def refund_faults(amount: int, paid: int) -> list[str]:
    """Why so much may not be paid back to a source: more than was paid out of it. Both in fen."""
    return [_("退回金额多于该来源已付的金额。")] if amount > paid else []


def source_faults(name: str, *, planned: int, paid: int, words: str, told: Callable[[int], str]) -> list[str]:
    """Why a payment out of a source may not be registered as it stands: beyond what was planned of it, it says why.

    name: of the source. planned: of it when the project was elected; paid: out of it with the new payment; both in fen.
    told: how a sum in fen is said.
    """
    if paid <= planned or len(words) >= 4:
        return []
    if not planned:
        return [_("入选时没有安排%(name)s，须写明从该来源付款的原因。") % {"name": name}]
    return [
        _("%(name)s入选时安排%(planned)s，付款合计%(paid)s，须写明超出安排的原因。")
        % {"name": name, "planned": told(planned), "paid": told(paid)}
    ]


def settlement_faults(amounts: Iterable[int], budget_fen: int | None, words: str) -> list[str]:
    """Why a settlement may not be registered as it stands: above the cost decided, it says why and who pays.

    A settlement is found, not agreed: it is registered as it is, and moves nothing of what the congress decided.
    """
    if budget_fen is None or sum(amounts) <= budget_fen or len(words) >= 4:
        return []
    return [_("审定金额合计超出票决确定的总投资，须写明超出的原因和资金来源。")]
