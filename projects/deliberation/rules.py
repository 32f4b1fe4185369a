"""Step 3's rules: who may table, how many candidates a vote needs, what still stands in the way.

Pure: figures and dates in, Chinese sentences out; an empty list means nothing is wrong. Faults refuse an act,
warnings are told and kept with the record. Sources: 组织法 14, 22, 23; rules.md §5, §6.1, §6.2.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

JOINT_MOVERS = 5
COUNTERS = 2
ADDED_PLAINLY = "会议期间由代表联名提出，未经论证，未落实资金，未经党委研究。"


def mover_faults(movers: int) -> list[str]:
    """Why so many deputies cannot table a matter (组织法 22: five or more jointly)."""
    if movers >= JOINT_MOVERS:
        return []
    return [f"须由 {JOINT_MOVERS} 名以上代表联名提出（组织法第二十二条），现为 {movers} 名。"]


def surplus_faults(candidates: int, seats: int, *, allow_equal: bool) -> list[str]:
    """Why so few candidates cannot be put to the vote for `seats` places (rules.md §5)."""
    if candidates < seats:
        return [f"候选项目 {candidates} 个，少于应选 {seats} 个。"]
    if candidates == seats and not allow_equal:
        return [f"候选项目 {candidates} 个，等于应选数；本年度规则不允许等额票决，须差额。"]
    return []


def surplus_warnings(candidates: int, seats: int, *, least: int) -> list[str]:
    """A surplus smaller than the rulebook's is told, not refused. least: candidates the rulebook wants."""
    if candidates >= least:
        return []
    return [f"应选 {seats} 个，按规定的差额比例应有候选项目 {least} 个，现为 {candidates} 个。"]


def notice_warnings(what: str, on: date, session_on: date, days: int) -> list[str]:
    """`what` came fewer than `days` calendar days before the session: told, not refused."""
    left = (session_on - on).days
    return [] if left >= days else [f"{what}距会议 {left} 天，少于规定的 {days} 天。"]


def beginning_faults(today: date, session_on: date) -> list[str]:
    """A session does not begin before its published day."""
    if today >= session_on:
        return []
    day = f"{session_on.year} 年 {session_on.month} 月 {session_on.day} 日"
    return [f"会议定于 {day} 举行，尚未到会期，不能开会。"]


def order_faults(numbers: Collection[int]) -> list[str]:
    """The numbers on the paper run from 1 without gap or repeat."""
    if sorted(numbers) == list(range(1, len(numbers) + 1)):
        return []
    return [f"票面序号须从 1 到 {len(numbers)}，不重复、不跳号。"]


def teller_faults(chief: str, tellers: Sequence[str], *, least: int, most: int) -> list[str]:
    """Why these cannot be the tellers of a vote (rules.md §6.2). All are ids of persons."""
    found = []
    if chief in tellers:
        found.append("总监票人不能同时担任监票人。")
    if not least <= len(tellers) <= most:
        found.append(f"监票人须为 {least} 至 {most} 名，现为 {len(tellers)} 名。")
    return found


def counter_faults(counters: Sequence[str]) -> list[str]:
    """A paper ballot is keyed twice, by two people."""
    if len(counters) >= COUNTERS:
        return []
    return [f"计票人不少于 {COUNTERS} 名（两人分别录入），现为 {len(counters)} 名。"]


def teller_warnings(tellers: Collection[str], leaders: Mapping[str, str]) -> list[str]:
    """A teller who is a candidate's responsible leader (rules.md §6.2, D). Names; leaders: project → name."""
    return [
        f"监票人{name}是候选项目“{project}”的责任领导，建议另选。"
        for project, name in leaders.items()
        if name and name in tellers
    ]


class Level(StrEnum):
    """How a line of the readiness sheet stands."""

    DONE = "done"
    WAITING = "waiting"
    WARNING = "warning"
    BLOCKING = "blocking"


@dataclass(frozen=True)
class Line:
    """One line of the sheet: what, with whom, how it stands, and in words what is missing."""

    what: str
    who: str
    level: Level
    note: str


@dataclass(frozen=True)
class Preparation:
    """What is known about a session's preparation.

    unfunded: titles of candidates without a budget line. leaderless: delegations nobody leads, who would get no task.
    """

    deputies: int | None
    convened: bool
    bill: bool
    candidates: int
    seats: int | None
    unfunded: Sequence[str] = ()
    surplus: Sequence[str] = ()
    notice: Sequence[str] = ()
    undecided: Sequence[str] = ()
    leaderless: Sequence[str] = ()
    visits: int = 0
    visits_closed: bool = False
    trained: bool = False
    sent: bool = False


def readiness(p: Preparation) -> list[Line]:
    """程序体检: every point with whoever it waits for. Blocking lines stop the sheet, the others only inform."""
    return [
        _needed("代表名册", "人大办", p.deputies is not None, f"实有代表 {p.deputies} 人", "名册尚未核定"),
        *[
            Line("代表团", "系统管理员", Level.WARNING, f"{name}没有团长，不能分团审议")
            for name in p.leaderless
        ],
        _needed("会议通知", "主席团", p.convened, "已公布会期", "会期尚未公布"),
        *[Line("会议通知", "主席团", Level.WARNING, text) for text in p.notice],
        _needed("议案", "乡镇长", p.bill, "已提交", "议案尚未提交"),
        _needed("候选项目", "主席团", p.candidates > 0, f"共 {p.candidates} 个", "没有候选项目"),
        *[Line("差额", "主席团", Level.WARNING, text) for text in p.surplus],
        _needed("预算草案", "财政所", not p.unfunded, "逐项列入", f"未列入：{'、'.join(p.unfunded)}"),
        *[Line("撤回候选项目", "主席团", Level.BLOCKING, text) for text in p.undecided],
        _later("走访视察", "代表、人大办", p.visits_closed, f"已登记 {p.visits} 次"),
        _later("代表培训", "人大办", p.trained, ""),
        _later("会议材料", "人大办", p.sent, ""),
    ]


def _needed(what: str, who: str, done: bool, yes: str, no: str) -> Line:
    return Line(what, who, Level.DONE if done else Level.BLOCKING, yes if done else no)


def _later(what: str, who: str, done: bool, note: str) -> Line:
    word = "已完成" if done else "尚未完成，会前办结"
    return Line(what, who, Level.DONE if done else Level.WAITING, f"{note}，{word}" if note else word)


def blocking(lines: Sequence[Line]) -> list[str]:
    """The sheet's lines that stand in the way, each naming who must act."""
    return [f"{line.what}：{line.note}（{line.who}）。" for line in lines if line.level is Level.BLOCKING]
