"""What the vote itself asks for on the readiness sheet: method, ballot, tellers, counters, keys, attendance."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time

from django.utils.timezone import make_aware
from django.utils.translation import gettext

from projects.ballots import keys
from projects.ballots.models import Vote, VoteState
from projects.ballots.selectors import PROJECTS, current_vote
from projects.ballots.services import in_the_way
from projects.ballots.tellers import obstacles_at_desk, obstacles_in_keys
from projects.cycles.models import Cycle, SessionState
from projects.cycles.rulebook import said
from projects.cycles.selectors import paper_of, session_of
from projects.deliberation import replacing
from projects.deliberation.readiness import DURING, late_tasks, register_check
from projects.deliberation.rules import Level, Line, Point
from workflow.people.sentences import clause

METHOD = Point(
    "票决办法",
    "主席团",
    "presidium",
    "deliberation.settle",
    "R",
    "《陕西省民生实事项目人大代表票决制规定》：票决办法写明应选数、差额数",
)
ADOPTION = Point("票决办法", "大会", "clerk", "deliberation.adopt_method", "L", "《地方组织法》第二十五条")
BALLOT = Point(
    "票面", "主席团", "presidium", "deliberation.adopt_method", "T", "票决办法：序号、应选数和填写方法"
)
DESK = Point(
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
    """The 票决办法 is adopted and the ballot defined by it."""
    vote, drafted = vote_now(cycle), paper_of(cycle, "method") is not None
    if vote is None:
        point, told = (ADOPTION, "草案已拟定，待大会通过") if drafted else (METHOD, "尚未拟定")
        return [_awaited(point, cycle, on, told), _awaited(BALLOT, cycle, on, "票决办法通过后确定")]
    mode = said("ballot_mode").choices[vote.mode]
    ballot = gettext("候选 %(n)s 项，应选 %(seats)s 项，%(mode)s") % {
        "n": vote.options.count(),
        "seats": vote.seats,
        "mode": mode,
    }
    return [ADOPTION.line(Level.DONE, "大会已通过"), BALLOT.line(Level.DONE, ballot)]


@register_check
def of_desk(cycle: Cycle, on: date) -> Sequence[Line]:
    """Tellers and counters named: on the day those the congress adopted; whoever held the office before is not meant."""
    if vote_now(cycle) is None:
        return [_awaited(DESK, cycle, on, "名单由大会通过")]
    noon = make_aware(datetime.combine(on, time(12)))
    found = obstacles_at_desk(cycle.unit, noon, door=replacing.REPLACING)
    if found:
        return [REPLACING.line(Level.BLOCKING, clause(text)) for text in found]
    return [DESK.line(Level.DONE, "总监票人、监票人、计票人已确定")]


@register_check
def of_keys(cycle: Cycle, on: date) -> Sequence[Line]:
    """The three passphrases, where the rulebook lets deputies vote by device (integrity.md §2.1)."""
    vote = vote_now(cycle)
    if vote is None and cycle.rules.ballot_channel != "device":
        return []
    if vote is None:
        return [_awaited(KEYS["chief_teller"], cycle, on, "票面确定后由三名保管人设定")]
    if not vote.device:
        return []
    there = set(vote.holders.values_list("office", flat=True))
    noon = make_aware(datetime.combine(on, time(12)))
    if left := obstacles_in_keys(vote, noon):
        return [RELEASING.line(Level.BLOCKING, clause(text)) for text in left]
    if not keys.needs_keys(vote):
        return [KEYS["chief_teller"].line(Level.DONE, "三份口令均已设定"), *_without_sheet(vote)]
    missing = [office for office in keys.HOLDERS if office not in there]
    return [
        _awaited(
            KEYS[office], cycle, on, gettext("%(office)s尚未设定开箱口令") % {"office": keys.HOLDERS[office]}
        )
        for office in missing
    ]


def _without_sheet(vote: Vote) -> list[Line]:
    """Not asked for by the opening, but nobody can make it up: whoever then forgets the passphrase has no share."""
    return [
        KEYS[office].line(
            Level.WARNING,
            gettext("%(office)s尚未打印恢复单，口令忘记后这份密钥无法使用")
            % {"office": keys.HOLDERS[office]},
        )
        for office in keys.without_sheet(vote)
    ]


@register_check
def of_opening(cycle: Cycle, on: date) -> Sequence[Line]:
    """What else the opening is refused by: the roll, a server that would write down who votes when, groups too small; a
    recount of the vote before, asked for and not decided on.

    Who takes paper is said at the opening only, so that the groups are a warning until then.
    """
    vote = vote_now(cycle)
    found = in_the_way(vote) if vote else {}
    return [
        point.line(level, clause(text))
        for matter, point, level in (
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
    if vote is None or vote.deputies_present is None:
        return [_awaited(PRESENT, cycle, on, "投票前清点")]
    if found := in_the_way(vote).get("present"):
        return [PRESENT.line(Level.BLOCKING, clause(text)) for text in found]
    told = {"of": vote.deputies_in_office, "present": vote.deputies_present}
    return [PRESENT.line(Level.DONE, gettext("应到 %(of)s 人，实到 %(present)s 人") % told)]


def vote_now(cycle: Cycle) -> Vote | None:
    """The project vote the year is at: the one to be opened, or the last one held."""
    return current_vote(cycle.reference, *PROJECTS)


def has_begun(cycle: Cycle) -> bool:
    """Whether there is nothing left to be ready for: ballots are out, or the year has voted."""
    vote = vote_now(cycle)
    return cycle.state not in DURING or (vote is not None and vote.state != VoteState.DEFINED)


def _awaited(point: Point, cycle: Cycle, on: date, told: str) -> Line:
    late = point.task in late_tasks(cycle, on)
    return point.line(
        Level.LATE if late else Level.WAITING,
        gettext("%(told)s，已过期限") % {"told": gettext(told)} if late else told,
    )
