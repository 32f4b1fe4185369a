"""The rules between the settings: what makes a rulebook wrong, and what is only unusual."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from projects.cycles.deadlines import BEFORE_SESSION, TASK_TIMES
from projects.cycles.rulebook.notes import note_of, wrong
from projects.cycles.tables import WORDS

if TYPE_CHECKING:
    from projects.cycles.rulebook.book import Rules

COLLECTION_DAYS_RECOMMENDED = 30


def faults_of(rules: Rules) -> list[str]:
    """Chinese sentences on settings that contradict each other; empty means sound."""
    return [
        *_term_faults(rules),
        *_length_faults(rules),
        *_order_faults(rules),
        *_report_faults(rules),
        *_vote_faults(rules),
    ]


def _term_faults(rules: Rules) -> Iterable[str]:
    for key in sorted(set(rules.terms) - set(WORDS["congress"])):
        yield wrong(_("“用语”中没有可改的词：%(key)s"), key=key)


def _length_faults(rules: Rules) -> Iterable[str]:
    for key, length in rules.deadlines.items():
        task = TASK_TIMES[key]
        if not task.low <= length <= task.high:
            yield wrong(
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
            yield wrong(
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
            yield wrong(
                sentence,
                small=note_of(type(rules), small).title,
                large=note_of(type(rules), large).title,
                a=a,
                b=b,
            )


def _report_faults(rules: Rules) -> Iterable[str]:
    if 0 < rules.escalate_county_days <= rules.escalate_days:
        yield wrong(
            _("“超期报告主管职务”（%(near)s 天）应早于“超期报告县人大”（%(far)s 天）"),
            near=rules.escalate_days,
            far=rules.escalate_county_days,
        )


def _vote_faults(rules: Rules) -> Iterable[str]:
    for name in ("score_weights", "dimensions"):
        total = sum(getattr(rules, name).values())
        if total != 100:
            yield wrong(
                _("“%(title)s”合计应为 100%%，现为 %(total)s%%"),
                title=note_of(type(rules), name).title,
                total=total,
            )
    for name in ("channels", "categories"):
        if len(set(getattr(rules, name))) != len(getattr(rules, name)):
            yield wrong(_("“%(title)s”中有重复"), title=note_of(type(rules), name).title)
    yield from _ballot_faults(rules)
    if rules.satisfaction_formula == "majority_classes" and rules.satisfaction_base != "in_office":
        yield wrong(_("“满意度算法”按全体半数分级时，“满意度基数”应为全体代表"))


def _ballot_faults(rules: Rules) -> Iterable[str]:
    if rules.each_cap and rules.ballot_mode != "each":
        yield wrong(_("“逐项表决限赞成数”只用于“票决方式”为逐项表决时"))
    if rules.ballot_channel == "keypad" and rules.ballot_mode != "each":
        yield wrong(
            _("会场表决器只能逐项按赞成、反对、弃权：“投票形式”为会场表决器时，“票决方式”应为逐项表决")
        )
    if rules.runoff_majority and rules.tie != "runoff":
        yield wrong(_("“再次投票仍须过半数”只用于“末位票数相等”为再次投票时"))


def departures(rules: Rules) -> list[tuple[bool, Any]]:
    """What is allowed but departs from a rule or from most practice: whether it holds, and the sentence."""
    return [
        (
            rules.body == "congress" and rules.majority_base != "in_office",
            _("“过半数的基数”不是全体代表，与《地方组织法》第二十五条不一致。"),
        ),
        (rules.allow_equal_vote, _("允许等额票决：陕西等地规定差额票决。")),
        (rules.surplus_percent < 20, _("差额比例低于 20%，少于多数地方的做法。")),
        (
            rules.collection_window_days < COLLECTION_DAYS_RECOMMENDED,
            _("征集期短于 30 天，部分地方规定一般不少于 30 天。"),
        ),
        (rules.tie == "all", _("末位票数相等全部入选时，入选数可能多于应选数。")),
        (
            rules.tie == "presidium",
            _("末位票数相等由主席团决定，法律没有规定；入选名单仍须由大会以决议确定。"),
        ),
        (
            rules.change_policy != "congress_vote",
            _("项目变更不由代表大会表决，与入选名单由代表大会决定的原则有差异。"),
        ),
        (
            rules.deadlines["deliberation.materials"] < 7,
            _("会议材料印发少于会前 7 天。"),
        ),
    ]
