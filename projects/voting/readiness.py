"""What the vote itself asks for on the readiness sheet: method, ballot, tellers, counters, keys, attendance.

It is asked of the vote the desk is at: where the congress adopts the 票决办法 by ballot that is the first one of the day, where
it adopts the resolution so the last. What stands in the way is what its opening is refused by (`Desk.in_the_way`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time

from django.utils.timezone import make_aware
from django.utils.translation import gettext

from projects.ballots import keys
from projects.ballots.models import Purpose, Vote, VoteState
from projects.ballots.selectors import PROJECTS, current_vote
from projects.cycles.models import Cycle, SessionState
from projects.cycles.rulebook import said
from projects.cycles.selectors import paper_of, session_of
from projects.deliberation import selectors
from projects.deliberation.readiness import DURING, late_tasks, register_check
from projects.deliberation.rules import Level, Line, Point
from projects.voting.desk import DESK
from projects.voting.selectors import resolves_by_ballot
from workflow.people.sentences import clause
from workflow.people.sentences import sentence as _

METHOD = Point(
    "票决办法",
    "主席团",
    "presidium",
    "deliberation.settle",
    "R",
    "《陕西省民生实事项目人大代表票决制规定》：票决办法写明应选数、差额数",
)
ADOPTION = Point("票决办法", "大会", "clerk", "deliberation.adopt_method", "L", "《地方组织法》第二十五条")
PUTTING = replace(ADOPTION, task="deliberation.put_method")
BALLOT = Point(
    "票面", "主席团", "presidium", "deliberation.adopt_method", "T", "票决办法：序号、应选数和填写方法"
)
TELLERS = Point(
    "监票人、计票人",
    "主席团",
    "presidium",
    "deliberation.settle",
    "T",
    "选举办法（参照）：大会通过监票人名单",
)
REPLACING = Point("监票人、计票人", "人大办", "clerk", "", "T", "选举办法（参照）：大会通过监票人名单")
KEYS = {
    "chief_teller": Point(
        "开箱口令", "总监票人", "chief_teller", "voting.hold_chief", "D", "电子票密钥三人分管"
    ),
    "teller": Point("开箱口令", "监票人", "teller", "voting.hold_teller", "D", "电子票密钥三人分管"),
    "chair": Point("开箱口令", "人大主席", "chair", "voting.hold_chair", "D", "电子票密钥三人分管"),
}
RELEASING = Point("开箱口令", "人大主席", "chair", "", "D", "电子票密钥三人分管")
SESSION = Point(
    "会议举行", "人大办", "clerk", "deliberation.preliminary", "L", "《地方组织法》第十四条、第二十三条"
)
ROLL = Point(
    "本次投票名册", "人大办", "clerk", "voting.attendance", "L", "《地方组织法》第十四条、第二十五条"
)
SERVER = Point("数据库参数", "系统管理员", "admin", "", "D", "无记名投票：不得留下谁在什么时间投票的记录")
GROUPS = Point("电子票和纸质票人数", "人大主席", "chair", "voting.open", "D", "人数过少的一组不单独计票")
RECOUNT = Point(
    "复票", "监票人", "teller", "voting.recount_confirm", "D", "复票与否先行决定，再次投票方可开始"
)
ORDER = Point(
    "主席团决定重新投票", "主席团", "presidium", "voting.revote", "T", "收回多于发出的，由主席团决定重新投票"
)
PRESENT = Point("到会人数", "人大办", "clerk", "voting.attendance", "L", "《地方组织法》第十四条")


@register_check
def of_session(cycle: Cycle, on: date) -> Sequence[Line]:
    """The session is open: nothing is voted on outside one."""
    session = session_of(cycle, "vote")
    if session is not None and session.state == SessionState.OPEN:
        return [SESSION.line(Level.DONE, "会议正在举行")]
    if session is not None and session.state == SessionState.CLOSED:
        return [SESSION.line(Level.BLOCKING, "会议已经闭会")]
    return [_awaited(SESSION, cycle, on, "会议尚未举行")]


@register_check
def of_ballot(cycle: Cycle, on: date) -> Sequence[Line]:
    """The 票决办法 is adopted and the ballot defined by it; what the congress adopts by ballot has a paper of its own."""
    vote, asked = current_vote(cycle.reference, *PROJECTS), vote_now(cycle)
    question = (
        [_named(cycle, BALLOT, asked).line(Level.DONE, asked.title)] if asked and asked.is_question else []
    )
    if vote is None:
        awaited = _awaited(_named(cycle, BALLOT), cycle, on, "票决办法通过后确定")
        return [_of_method(cycle, on), *question, awaited]
    mode = said("ballot_mode").choices[vote.mode]
    ballot = gettext("候选 %(n)s 项，应选 %(seats)s 项，%(mode)s") % {
        "n": vote.options.count(),
        "seats": vote.seats,
        "mode": mode,
    }
    settled = _named(cycle, BALLOT, vote).line(Level.DONE, ballot)
    return [ADOPTION.line(Level.DONE, "大会已通过"), settled, *question]


def _of_method(cycle: Cycle, on: date) -> Line:
    """Where the 票决办法 is before it is adopted; one the congress has voted down is settled anew."""
    drafted = paper_of(cycle, "method") is not None
    if not selectors.adopts_method_by_ballot(cycle):
        if drafted:
            return _awaited(ADOPTION, cycle, on, "草案已拟定，待大会通过")
        return _awaited(METHOD, cycle, on, "尚未拟定")
    if selectors.is_adopted_by_ballot(cycle):
        return _awaited(ADOPTION, cycle, on, "投票表决已经通过，待记录")
    if selectors.is_method_at_desk(cycle):
        return _awaited(ADOPTION, cycle, on, "已付投票表决，结果尚未宣布")
    if selectors.method_vote(cycle) and not selectors.is_before_the_congress(cycle):
        return _awaited(METHOD, cycle, on, "投票表决未通过，待重新拟定")
    if drafted:
        return _awaited(PUTTING, cycle, on, "草案已拟定，待付投票表决")
    return _awaited(METHOD, cycle, on, "尚未拟定")


@register_check
def of_desk(cycle: Cycle, on: date) -> Sequence[Line]:
    """Tellers and counters named: on the day those the congress adopted; whoever held the office before is not meant."""
    vote = vote_now(cycle)
    if vote is None and not selectors.is_adopted_by_ballot(cycle):
        return [_awaited(TELLERS, cycle, on, "名单由大会通过")]
    if found := DESK.ready(cycle, _noon(on)):
        return [_named(cycle, REPLACING, vote).line(Level.BLOCKING, clause(text)) for text in found]
    return [_named(cycle, TELLERS, vote).line(Level.DONE, "总监票人、监票人、计票人已确定")]


@register_check
def of_keys(cycle: Cycle, on: date) -> Sequence[Line]:
    """The three passphrases, where the rulebook lets deputies vote by device (integrity.md §2.1); every vote has its own."""
    vote = vote_now(cycle)
    found = _of_its_keys(cycle, vote, on) if vote and vote.device else []
    if cycle.rules.ballot_channel == "device" and current_vote(cycle.reference, *PROJECTS) is None:
        found.append(_awaited(_named(cycle, KEYS["chief_teller"]), cycle, on, "票面确定后由三名保管人设定"))
    return found


def _of_its_keys(cycle: Cycle, vote: Vote, on: date) -> list[Line]:
    if left := DESK.in_the_way(cycle, _noon(on))["holders"]:
        return [_named(cycle, RELEASING, vote).line(Level.BLOCKING, clause(text)) for text in left]
    if not keys.needs_keys(vote):
        done = _named(cycle, KEYS["chief_teller"], vote).line(Level.DONE, "三份口令均已设定")
        return [done, *_without_sheet(cycle, vote)]
    there = set(vote.holders.values_list("office", flat=True))
    return [
        _awaited(
            _named(cycle, KEYS[office], vote),
            cycle,
            on,
            gettext("%(office)s尚未设定开箱口令") % {"office": keys.HOLDERS[office]},
        )
        for office in keys.HOLDERS
        if office not in there
    ]


def _without_sheet(cycle: Cycle, vote: Vote) -> list[Line]:
    """Not asked for by the opening, but nobody can make it up: whoever then forgets the passphrase has no share."""
    return [
        _named(cycle, KEYS[office], vote).line(
            Level.WARNING,
            gettext("%(office)s尚未打印恢复单，口令忘记后这份密钥无法使用")
            % {"office": keys.HOLDERS[office]},
        )
        for office in keys.without_sheet(vote)
    ]


@register_check
def of_opening(cycle: Cycle, on: date) -> Sequence[Line]:
    """What else the opening is refused by: the roll, a server that would write down who votes when, groups too small; a
    recount of the vote before, asked for and not decided on; another vote the presidium has yet to decide on.

    Who takes paper is said at the opening only, so that the groups are a warning until then.
    """
    vote = vote_now(cycle)
    found = DESK.in_the_way(cycle, _noon(on)) if vote else {}
    return [
        _named(cycle, point, vote).line(level, clause(text))
        for matter, point, level in (
            ("order", ORDER, Level.BLOCKING),
            ("roll", ROLL, Level.BLOCKING),
            ("server", SERVER, Level.BLOCKING),
            ("groups", GROUPS, Level.WARNING),
            ("recount", RECOUNT, Level.BLOCKING),
        )
        for text in found.get(matter, ())
    ]


@register_check
def of_attendance(cycle: Cycle, on: date) -> Sequence[Line]:
    """The deputies present, counted and enough (组织法 14)."""
    vote = vote_now(cycle)
    point = _named(cycle, PRESENT, vote)
    if vote is None or vote.deputies_present is None:
        return [_awaited(point, cycle, on, "投票前清点")]
    if found := DESK.in_the_way(cycle, _noon(on)).get("present"):
        return [point.line(Level.BLOCKING, clause(text)) for text in found]
    told = {"of": vote.deputies_in_office, "present": vote.deputies_present}
    return [point.line(Level.DONE, gettext("应到 %(of)s 人，实到 %(present)s 人") % told)]


def vote_now(cycle: Cycle) -> Vote | None:
    """The vote the year's desk is at: the one to be opened, or the last one held; None before any, and between what was asked
    by ballot and the vote on the projects."""
    vote = DESK.current(cycle)
    return None if vote and vote.is_question and vote.state == VoteState.DECLARED else vote


def has_begun(cycle: Cycle) -> bool:
    """Whether there is nothing left to be ready for: ballots on the projects are out and no other vote waits, or the year
    has voted."""
    if cycle.state not in DURING:
        return True
    vote = vote_now(cycle)
    return vote is not None and vote.state != VoteState.DEFINED and vote.purpose != Purpose.METHOD


def _named(cycle: Cycle, point: Point, vote: Vote | None = None) -> Point:
    """The point with the name of its vote, where the year has more votes than the one on the projects, which none means."""
    purpose = Purpose(vote.purpose) if vote else Purpose.PROJECTS
    several = selectors.adopts_method_by_ballot(cycle) or resolves_by_ballot(cycle)
    if purpose == Purpose.PROJECTS and not several:
        return point
    return replace(point, what=_("%(what)s（%(vote)s）") % {"what": point.what, "vote": purpose.label})


def _noon(on: date) -> datetime:
    return make_aware(datetime.combine(on, time(12)))


def _awaited(point: Point, cycle: Cycle, on: date, told: str) -> Line:
    late = point.task in late_tasks(cycle, on)
    return point.line(
        Level.LATE if late else Level.WAITING,
        gettext("%(told)s，已过期限") % {"told": gettext(told)} if late else told,
    )
