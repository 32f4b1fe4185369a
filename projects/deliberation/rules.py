"""Step 3's rules: who may table, who may count, what still stands in the way.

Pure: figures and dates in, sentences out; an empty list means nothing is wrong. Faults refuse an act,
warnings are told and kept with the record. Sources: 组织法 14, 22, 23; rules.md §5, §6.1, §6.2.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from workflow.people.sentences import clause, in_a_row
from workflow.people.sentences import sentence as _

JOINT_MOVERS = 5
COUNTERS = 2
ADDED_PLAINLY = _("会议期间由代表联名提出，未经论证，未落实资金，未经党委研究。")


def mover_faults(movers: int) -> list[str]:
    """Why so many deputies cannot table a matter (组织法 22: five or more jointly)."""
    if movers >= JOINT_MOVERS:
        return []
    return [
        _("须由 %(joint_movers)s 名以上代表联名提出（《地方组织法》第二十二条），现为 %(movers)s 名。")
        % {"joint_movers": JOINT_MOVERS, "movers": movers}
    ]


def notice_warnings(what: str, on: date, session_on: date, days: int) -> list[str]:
    """`what` came fewer than `days` calendar days before the session: told, not refused."""
    left = (session_on - on).days
    return (
        []
        if left >= days
        else [
            _("%(what)s距会议 %(left)s 天，少于规定的 %(days)s 天。")
            % {"what": what, "left": left, "days": days}
        ]
    )


def beginning_faults(today: date, session_on: date) -> list[str]:
    """A session does not begin before its published day."""
    if today >= session_on:
        return []
    return [_("会议定于%(day)s举行，尚未到会期，不能开会。") % {"day": session_on}]


def order_faults(numbers: Collection[int]) -> list[str]:
    """The numbers on the paper run from 1 without gap or repeat."""
    if sorted(numbers) == list(range(1, len(numbers) + 1)):
        return []
    return [_("票面序号须从 1 到 %(n)s，不重复、不跳号。") % {"n": len(numbers)}]


def teller_faults(chief: str, tellers: Sequence[str], *, least: int, most: int) -> list[str]:
    """Why these cannot be the tellers of a vote (rules.md §6.2). All are ids of persons."""
    found: list[str] = []
    if chief in tellers:
        found.append(_("总监票人不能同时担任监票人。"))
    if not least <= len(tellers) <= most:
        found.append(
            _("监票人须为 %(least)s 至 %(most)s 名，现为 %(n)s 名。")
            % {"least": least, "most": most, "n": len(tellers)}
        )
    return found


def counter_faults(counters: Sequence[str]) -> list[str]:
    """A paper ballot is keyed twice, by two people."""
    if len(counters) >= COUNTERS:
        return []
    return [
        _("计票人不少于 %(counters)s 名（两人分别录入），现为 %(n)s 名。")
        % {"counters": COUNTERS, "n": len(counters)}
    ]


def teller_warnings(tellers: Collection[str], leaders: Mapping[str, str]) -> list[str]:
    """A teller who is a candidate's responsible leader (rules.md §6.2, D). Names; leaders: project → name."""
    return [
        _("监票人%(name)s是候选项目“%(project)s”的责任领导，建议另选。") % {"name": name, "project": project}
        for project, name in leaders.items()
        if name and name in tellers
    ]


def counter_warnings(
    counters: Iterable[tuple[str, Collection[str]]], departments: Mapping[str, str]
) -> list[str]:
    """A counter of the staff of the unit that answers for a project on the paper (rules.md §6.2, D).

    counters: each name with the units served; departments: project → its unit.
    """
    return [
        _("%(name)s是项目“%(project)s”责任单位%(unit)s的工作人员，建议另选计票人。")
        % {"name": name, "project": project, "unit": unit}
        for name, units in counters
        for project, unit in departments.items()
        if unit in units
    ]


class Level(StrEnum):
    """How a line of the readiness sheet stands. late: what may wait for its day, and the day is past."""

    DONE = "done"
    WAITING = "waiting"
    WARNING = "warning"
    LATE = "late"
    BLOCKING = "blocking"


@dataclass(frozen=True)
class Point:
    """One thing the sheet asks for. who: as people say it; office: its code; task: the key of the task that settles it.

    grade: of rules.md (L R S N T D); basis: the article or the local rule.
    """

    what: str
    who: str
    office: str
    task: str
    grade: str
    basis: str

    def line(self, level: Level, note: str) -> Line:
        return Line(self.what, self.who, level, note, self)


@dataclass(frozen=True)
class Line:
    """One line of the sheet: what, with whom, how it stands, and in words what is missing."""

    what: str
    who: str
    level: Level
    note: str
    point: Point


ROLL = Point("代表名册", "人大办", "clerk", "deliberation.roll", "L", "《地方组织法》第十四条、第二十五条")
CREDENTIALS = Point("代表资格审查", "人大办", "clerk", "", "L", "《地方组织法》第三十七条")
QUORUM = Point("法定人数", "人大办", "clerk", "deliberation.roll", "L", "《地方组织法》第十四条")
DELEGATIONS = Point("代表团", "系统管理员", "admin", "", "N", "分团审议的通行做法")
CONVENED = Point("会议通知", "主席团", "presidium", "deliberation.convene", "L", "《地方组织法》第十四条")
NOTICE = Point(
    "会议通知", "主席团", "presidium", "deliberation.convene", "R", "绩溪县议事规则：会前十五日公布"
)
BILL = Point("议案", "乡镇长", "mayor", "deliberation.bill", "L", "《地方组织法》第二十二条")
CANDIDATES = Point("候选项目", "主席团", "presidium", "deliberation.agenda", "L", "《地方组织法》第二十二条")
SURPLUS = Point(
    "差额",
    "主席团",
    "presidium",
    "deliberation.agenda",
    "R",
    "《陕西省民生实事项目人大代表票决制规定》：差额票决；差额比例为本地规定",
)
SETTLED = replace(SURPLUS, task="deliberation.settle")
BUDGET = Point(
    "预算草案", "财政所", "finance", "deliberation.budget", "L", "《地方组织法》第十二条第一款第四项"
)
ANSWERS = Point("答复提出人", "党政办", "gov_clerk", "selection.answer", "R", "璧山区工作办法：征集和反馈")
MOTIONS = Point(
    "待决事项", "主席团", "presidium", "deliberation.consent_withdraw", "L", "《地方组织法》第二十二条"
)
QUESTIONS = Point("代表询问", "有关单位", "department", "deliberation.reply", "L", "《地方组织法》第二十三条")
VISITS = Point("走访视察", "代表、人大办", "clerk", "deliberation.visits", "L", "《地方组织法》第十九条")
TRAINING = Point("代表培训", "人大办", "clerk", "deliberation.training", "S", "制度文件：开展代表培训")
MATERIALS = Point(
    "会议材料", "人大办", "clerk", "deliberation.materials", "R", "广东规定（1995 年）：会前七日印发"
)


@dataclass(frozen=True)
class Preparation:
    """What is known about a session's preparation.

    unfunded: titles of candidates without a budget line. leaderless: delegations nobody leads, who would get no task.
    quorum, able: deputies who must attend, and who on the roll still hold their office; None before the roll.
    unsent: names on the roll without the materials once they were sent; unconfirmed: how many have not confirmed them.
    late: keys of open tasks whose day is past.
    """

    deputies: int | None
    convened: bool
    bill: bool
    candidates: int
    seats: int | None
    unfunded: Sequence[str] = ()
    surplus: Sequence[str] = ()
    surplus_faults: Sequence[str] = ()
    notice: Sequence[str] = ()
    undecided: Sequence[str] = ()
    questions: Sequence[str] = ()
    leaderless: Sequence[str] = ()
    credentials: Sequence[str] = ()
    quorum: int | None = None
    able: int | None = None
    unanswered: int = 0
    visits: int = 0
    visits_closed: bool = False
    trained: bool = False
    sent: bool = False
    unsent: Sequence[str] = ()
    unconfirmed: int = 0
    sent_late: Sequence[str] = ()
    late: Collection[str] = ()


def readiness(p: Preparation) -> list[Line]:
    """程序体检: every point with whoever it waits for. Blocking lines stop the sheet, the others only inform."""
    return [
        *[CREDENTIALS.line(Level.BLOCKING, clause(text)) for text in p.credentials],
        _needed(
            ROLL,
            p.deputies is not None,
            _("实有代表 %(deputies)s 人") % {"deputies": p.deputies},
            _("名册尚未核定"),
        ),
        *_quorum(p),
        *[
            DELEGATIONS.line(Level.WARNING, _("%(name)s没有团长，不能分团审议") % {"name": name})
            for name in p.leaderless
        ],
        _needed(CONVENED, p.convened, _("已公布会期"), _("会期尚未公布")),
        *[NOTICE.line(Level.WARNING, text) for text in p.notice],
        _needed(BILL, p.bill, _("已提交"), _("议案尚未提交")),
        _needed(
            CANDIDATES,
            p.candidates > 0,
            _("共 %(candidates)s 个") % {"candidates": p.candidates},
            _("没有候选项目"),
        ),
        *_surplus(p),
        _needed(BUDGET, not p.unfunded, _("逐项列入"), _("未列入：%(names)s") % {"names": few(p.unfunded)}),
        _needed(
            ANSWERS,
            not p.unanswered,
            _("均已答复"),
            _("还有 %(unanswered)s 件意见建议没有答复提出人") % {"unanswered": p.unanswered},
        ),
        *[MOTIONS.line(Level.BLOCKING, clause(text)) for text in p.undecided],
        *[QUESTIONS.line(Level.BLOCKING, clause(text)) for text in p.questions],
        _later(VISITS, p, done=p.visits_closed, note=_("已登记 %(visits)s 次") % {"visits": p.visits}),
        _later(TRAINING, p, done=p.trained),
        *_materials(p),
    ]


def few(names: Sequence[str], most: int = 5) -> str:
    """Names in a row; of many the first ones and how many there are."""
    told = in_a_row(names[:most])
    return told if len(names) <= most else _("%(told)s等 %(n)s 个") % {"told": told, "n": len(names)}


def _quorum(p: Preparation) -> list[Line]:
    if p.quorum is None or p.able is None:
        return []
    figures = _("须有 %(quorum)s 人以上出席，名册上在任 %(able)s 人") % {"quorum": p.quorum, "able": p.able}
    return [
        _needed(QUORUM, p.able >= p.quorum, figures, _("%(figures)s，不能举行会议") % {"figures": figures})
    ]


def _surplus(p: Preparation) -> list[Line]:
    if p.surplus_faults:
        # Places are settled again in the session: what a withdrawal left too few for is mended there.
        return [
            SETTLED.line(Level.WAITING, _("%(text)s确定表决事项时须调整") % {"text": text})
            for text in p.surplus_faults
        ]
    if p.surplus:
        return [SURPLUS.line(Level.WARNING, text) for text in p.surplus]
    if not p.seats or not p.candidates:
        return []
    return [
        SURPLUS.line(
            Level.DONE,
            _("候选 %(candidates)s 个，应选 %(seats)s 个，差额 %(n)s 个")
            % {"candidates": p.candidates, "seats": p.seats, "n": p.candidates - p.seats},
        )
    ]


def _materials(p: Preparation) -> list[Line]:
    if not p.sent:
        return [_later(MATERIALS, p, done=False)]
    if p.unsent:
        return [MATERIALS.line(Level.WARNING, _("已印发，%(names)s没有发送记录") % {"names": few(p.unsent)})]
    told = (
        _("已发送全体代表，%(unconfirmed)s 人尚未确认收到") % {"unconfirmed": p.unconfirmed}
        if p.unconfirmed
        else _("全体代表均已收到")
    )
    return [
        MATERIALS.line(Level.DONE, told),
        *[MATERIALS.line(Level.WARNING, text) for text in p.sent_late],
    ]


def _needed(point: Point, done: bool, yes: str, no: str) -> Line:
    return point.line(Level.DONE if done else Level.BLOCKING, yes if done else no)


def _later(point: Point, p: Preparation, *, done: bool, note: str = "") -> Line:
    return awaited(point, done, note, late=point.task in p.late)


def awaited(point: Point, done: bool, note: str = "", *, late: bool = False) -> Line:
    """A point that may wait until its day; late: the day is past."""
    word = _("已完成") if done else _("已过期限，尚未完成") if late else _("尚未完成，会前办结")
    level = Level.DONE if done else Level.LATE if late else Level.WAITING
    return point.line(level, _("%(note)s，%(word)s") % {"note": note, "word": word} if note else word)


def blocking(lines: Sequence[Line]) -> list[str]:
    """The sheet's lines that stand in the way, each naming who must act."""
    return [
        _("%(what)s：%(note)s（%(who)s）。") % {"what": line.what, "note": line.note, "who": line.who}
        for line in lines
        if line.level is Level.BLOCKING
    ]


def before_its_time(lines: Sequence[Line]) -> list[Line]:
    """The same sheet in a year that has not come to step 3: what is missing is awaited, it blocks nothing yet."""
    return [replace(line, level=Level.WAITING) if line.level is Level.BLOCKING else line for line in lines]
