"""Can the planned sessions be reached? The chain of deadlines from the opening of the cycle to T−20. Pure.

The chain, as it is read here (every length from the rulebook, every task taking its whole time):

    C → call published (+5 wd) → window (30 d; ends on a working day) → books closed (+10 wd)
      → merge (+5 wd) → screen (+3 wd) → appraisals, three at once (+10 wd, the longest counts)
      → government's draft list (+5 wd) → presidium's opinion and Party study, asked for on the same day
        (+5 wd, the longer counts; one after the other when `opinions_order` says so)
      → list posted (+1 wd) → public notice (+5 wd) → must have ended on the day the presidium puts the list on the
        agenda (T−20).

Accepting proposals runs inside the ten days of the books, and answering proposers runs beside the notice
(it starts with the decision that ended a proposal), so neither lengthens the chain. Without an objection
nobody waits for an answer after the notice. One upheld objection adds: answer (+5 wd after the notice)
→ Party study again (+5 wd) → posted again (+1 wd) → new notice (+5 wd).

With T = 2027-01-20 (T−20 = 2026-12-31) and a window of 30 days the last C without an objection is
2026-09-22: its chain ends on 2026-12-31, that of the next day on 2027-01-11, because the National Day
holidays then fall before the call's last day. Source: steps.md "Dates", steps 1 and 2.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from projects.cycles.rulebook import COLLECTION_DAYS_RECOMMENDED, Rules
from workflow.calendar.offsets import DueDate, Offset, resolve
from workflow.calendar.workdays import is_published, spring_festival
from workflow.people.sentences import in_a_row
from workflow.people.sentences import sentence as _

WINDOW = "window"
APPRAISALS = (
    "selection.appraise_department",
    "selection.appraise_finance",
    "selection.appraise_legal",
)
OPINIONS = ("selection.presidium_opinion", "selection.party_study")
ONE_OBJECTION = (
    ("selection.objection",),
    ("selection.party_study",),
    ("selection.notice",),
    ("selection.notice_period",),
)
THIRD_QUARTER = (7, 8, 9)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a plan does not hold, or what to mind: a stable code, a sentence, days over if counted."""

    code: str
    text: str
    days: int | None = None

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Link:
    """A link of the chain: the tasks done side by side and the day the last of them is due."""

    tasks: tuple[str, ...]
    due: DueDate


@dataclass(frozen=True, slots=True)
class Outlook:
    """What planned days hold: opened on `c`, voted on `t`, evaluated on `t2`. latest: 最迟启动日 with one upheld objection.

    obstacles: why the plan cannot hold (empty: it can); warnings: what to mind about one that does.
    """

    c: date
    t: date
    t2: date
    latest: date
    latest_without_objection: date
    obstacles: tuple[Reason, ...]
    warnings: tuple[Reason, ...]

    @property
    def latest_said(self) -> str:
        """Both last days in one sentence."""
        return _(
            "票决会议拟于%(t)s举行：计入一次异议的最迟启动日为%(latest)s，不计异议的最迟启动日为%(without)s。"
        ) % {"t": self.t, "latest": self.latest, "without": self.latest_without_objection}

    def sentences(self) -> list[str]:
        """Both last days, then what does not fit, then what to mind."""
        return [self.latest_said, *(reason.text for reason in (*self.obstacles, *self.warnings))]

    def for_trail(self) -> dict[str, object]:
        """The same for the entry of the act that was done knowing it."""
        said = {"obstacles": self.obstacles, "warnings": self.warnings}
        reasons = {name: [reason.text for reason in found] for name, found in said.items() if found}
        return {"latest_start": self.latest.isoformat(), **reasons}


def outlook(c: date, t: date, t2: date, rules: Rules) -> Outlook:
    """What opening on `c` with sessions on `t` and `t2` would mean."""
    obstacles = obstacles_to_opening_plan(c, t, t2, rules)
    codes = {reason.code for reason in obstacles}
    # A chain too long without an objection is too long with one: said once.
    warnings = [
        reason
        for reason in warnings_on_opening_plan(c, t, t2, rules)
        if not (reason.code == "objection_too_long" and "chain_too_long" in codes)
    ]
    return Outlook(
        c, t, t2, latest_start(t, rules), latest_start(t, rules, 0), tuple(obstacles), tuple(warnings)
    )


def chain(c: date, rules: Rules, objections: int = 0) -> list[Link]:
    """The links from `c` to the end of the last notice, with `objections` (≥ 0) upheld on the way."""
    published = resolve(rules.offset("collection.publish_call"), {"C": c})
    window = resolve(Offset("after", rules.collection_window_days, "d"), {"after": published.on})
    return [Link(("collection.publish_call",), published), *chain_from_window(window, rules, objections)]


def chain_from_window(window: DueDate, rules: Rules, objections: int = 0) -> list[Link]:
    """The links from a window that ends on a given day, the window itself first."""
    links = [Link((WINDOW,), window)]
    for tasks in _links_after_window(rules, objections):
        links.append(_link(tasks, links[-1].due.on, rules))
    return links


def agenda_day(t: date, rules: Rules) -> date:
    """The day by which the presidium puts the candidates on the agenda: T−20 by default."""
    return resolve(rules.offset("deliberation.agenda"), {"T": t}).on


def latest_start(t: date, rules: Rules, objections: int = 1) -> date:
    """最迟启动日: the last day to open the cycle from which the chain still ends by T−20.

    With one upheld objection by default; `objections=0` gives the last day without any.
    """
    limit = agenda_day(t, rules)
    shortest = limit - timedelta(days=rules.collection_window_days)
    return _latest(shortest, lambda day: _end(day, rules, objections) <= limit)


def latest_window_end(t: date, rules: Rules) -> date:
    """The last day the collection window may end on for the chain, without an objection, to end by T−20."""
    limit = agenda_day(t, rules)
    return _latest(limit, lambda day: _end_from_window(day, rules) <= limit)


def _latest(day: date, holds: Callable[[date], bool]) -> date:
    """The last day up to `day` on which it holds. What begins earlier never ends later: not every day is tried."""

    def held(back: int) -> bool:
        return holds(day - timedelta(days=back))

    far = 1
    while not held(far):
        far *= 2
    return day - timedelta(days=bisect_left(range(far), True, key=held))


def warnings_on_window(window_to: date, t: date, rules: Rules) -> list[Reason]:
    """What a call says that ends its window too late for the planned session; noted, never refused."""
    end, limit = _end_from_window(window_to, rules), agenda_day(t, rules)
    if end <= limit:
        return []
    days, latest = (end - limit).days, latest_window_end(t, rules)
    text = _(
        "征集到%(window)s结束，候选项目公示按期限将于%(end)s结束，晚于主席团决定列入议程的期限%(limit)s %(days)s 天；"
        "征集最迟应于%(latest)s结束，或者推迟票决会议。"
    ) % {"window": window_to, "end": end, "limit": limit, "days": days, "latest": latest}
    return [Reason("window_too_long", text, days)]


def obstacles_to_opening_plan(c: date, t: date, t2: date, rules: Rules) -> list[Reason]:
    """Why a cycle opened on `c` with sessions on `t` and `t2` cannot hold; empty when it can."""
    order = [*_order_of_sessions(c, t, t2)]
    return order or [*_chain_over(c, t, rules), *_no_time_to_carry_out(t, t2, rules)]


def warnings_on_opening_plan(c: date, t: date, t2: date, rules: Rules) -> list[Reason]:
    """What the township should know before it opens such a cycle; nothing here refuses it."""
    return [
        *_objection_over(c, t, rules),
        *_outside_third_quarter(c, t, rules),
        *_short_window(rules),
        *_spring_festival_inside(c, t, rules),
        *_unusual_evaluation(t, t2),
        *_unpublished_years(c, t2),
    ]


def _links_after_window(rules: Rules, objections: int) -> Iterator[tuple[str, ...]]:
    yield ("collection.close_books",)
    yield ("selection.merge",)
    yield ("selection.screen",)
    yield APPRAISALS
    yield ("selection.draft_list",)
    yield from ([OPINIONS] if rules.opinions_order == "together" else [(task,) for task in OPINIONS])
    yield ("selection.notice",)
    yield ("selection.notice_period",)
    yield from ONE_OBJECTION * objections


def _link(tasks: tuple[str, ...], start: date, rules: Rules) -> Link:
    anchors = dict.fromkeys(("after", "receipt", "window"), start)
    dues = [resolve(rules.offset(task), anchors) for task in tasks]
    return Link(tasks, max(dues, key=lambda due: due.on))


def _end(c: date, rules: Rules, objections: int) -> date:
    return chain(c, rules, objections)[-1].due.on


def _end_from_window(window_to: date, rules: Rules) -> date:
    return chain_from_window(DueDate(window_to, False), rules)[-1].due.on


def _order_of_sessions(c: date, t: date, t2: date) -> Iterator[Reason]:
    if t <= c:
        days = (c - t).days
        yield Reason(
            "vote_before_opening",
            _("票决会议（%(t)s）应晚于年度工作启动日（%(c)s）。") % {"t": t, "c": c},
            days,
        )
    if t2 <= t:
        days = (t - t2).days
        yield Reason(
            "evaluation_before_vote",
            _("评估会议（%(t2)s）应晚于票决会议（%(t)s）。") % {"t2": t2, "t": t},
            days,
        )


def _chain_over(c: date, t: date, rules: Rules) -> Iterator[Reason]:
    end, limit = _end(c, rules, 0), agenda_day(t, rules)
    if end > limit:
        days, latest = (end - limit).days, latest_start(t, rules, objections=0)
        yield Reason(
            "chain_too_long",
            _(
                "候选项目公示按期限于%(end)s结束，晚于主席团决定列入议程的期限%(limit)s %(days)s 天；"
                "不计异议，最迟应于%(latest)s启动，或者推迟票决会议。"
            )
            % {"end": end, "limit": limit, "days": days, "latest": latest},
            days,
        )


def _no_time_to_carry_out(t: date, t2: date, rules: Rules) -> Iterator[Reason]:
    report = resolve(rules.offset("evaluation.completion_report"), {"T2": t2}).on
    if report <= t:
        days = (t - report).days
        text = _("完成情况报告应于%(report)s前提出，早于票决会议（%(t)s），项目没有实施时间。")
        yield Reason("no_time_to_carry_out", text % {"report": report, "t": t}, days)


def _objection_over(c: date, t: date, rules: Rules) -> Iterator[Reason]:
    end, limit = _end(c, rules, 1), agenda_day(t, rules)
    if end > limit:
        days, latest = (end - limit).days, latest_start(t, rules)
        yield Reason(
            "objection_too_long",
            _(
                "公示期间如有一次异议成立，须重新研究和公示，至%(end)s结束，超过期限 %(days)s 天；"
                "计入一次异议的最迟启动日为%(latest)s。"
            )
            % {"end": end, "days": days, "latest": latest},
            days,
        )


def _outside_third_quarter(c: date, t: date, rules: Rules) -> Iterator[Reason]:
    call = chain(c, rules)[0].due.on
    if call.month not in THIRD_QUARTER or call.year != t.year - 1:
        yield Reason(
            "not_third_quarter",
            _("征集一般在票决会议上一年的第三季度启动，本计划于%(call)s前发布公告。") % {"call": call},
        )


def _short_window(rules: Rules) -> Iterator[Reason]:
    missing = COLLECTION_DAYS_RECOMMENDED - rules.collection_window_days
    if missing > 0:
        text = _("征集期 %(days)s 天，比一般不少于的 %(usual)s 天少 %(missing)s 天。") % {
            "days": rules.collection_window_days,
            "usual": COLLECTION_DAYS_RECOMMENDED,
            "missing": missing,
        }
        yield Reason("short_window", text, missing)


def _spring_festival_inside(c: date, t: date, rules: Rules) -> Iterator[Reason]:
    for festival in _festivals(range(c.year, t.year + 1)):
        if c <= festival <= t:
            yield Reason(
                "spring_festival",
                _("启动至票决会议之间有春节（%(festival)s），请留足时间。") % {"festival": festival},
            )
    plan = rules.plan_offset(t)
    if plan != rules.offset("supervision.plan"):
        text = _("票决会议后遇春节，实施计划期限为 %(days)s 天，至%(until)s。")
        until = resolve(plan, {"T": t}).on
        yield Reason("spring_festival_plan", text % {"days": plan.days, "until": until}, plan.days)


def _unusual_evaluation(t: date, t2: date) -> Iterator[Reason]:
    if t2.year != t.year + 1:
        yield Reason(
            "evaluation_year",
            _("评估会议一般为票决次年的第一次会议，本计划为%(t2)s。") % {"t2": t2},
        )
    elif t2.month > 6:
        yield Reason(
            "evaluation_summer",
            _("评估会议一般为次年第一次会议，不是年中会议，本计划为%(t2)s。") % {"t2": t2},
        )


def _unpublished_years(c: date, t2: date) -> Iterator[Reason]:
    years = [str(year) for year in range(c.year, t2.year + 1) if not is_published(year)]
    if years:
        text = _("%(years)s 年的放假安排尚未公布，有关日期为暂定。") % {"years": in_a_row(years)}
        yield Reason("provisional", text)


def _festivals(years: Iterable[int]) -> Iterator[date]:
    return (day for day in map(spring_festival, years) if day is not None)
