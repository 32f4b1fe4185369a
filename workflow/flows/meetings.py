"""When a body has decided: pure. Two thirds attend, more than half of all members agree (steps.md, presidium)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

QUORUM = Fraction(2, 3)


@dataclass(frozen=True)
class Division:
    """The figures of one decision; all are persons. members: all members of the body in office."""

    members: int
    present: int
    votes_for: int
    votes_against: int
    votes_abstain: int


def quorum_of(members: int) -> int:
    """How many must attend: two thirds, rounded up."""
    return -(-members * QUORUM.numerator // QUORUM.denominator)


def majority_of(members: int) -> int:
    """How many must agree: more than half of all members."""
    return members // 2 + 1


def faults(d: Division) -> list[str]:
    """Why these figures cannot stand as a meeting's record; empty means they can. Whether it agreed is another matter."""
    found = []
    if d.present < quorum_of(d.members):
        found.append(
            f"组成人员 {d.members} 人，须 {quorum_of(d.members)} 人以上（三分之二）出席，实到 {d.present} 人，不能开会。"
        )
    if d.present > d.members:
        found.append(f"出席 {d.present} 人，多于组成人员 {d.members} 人。")
    cast = d.votes_for + d.votes_against + d.votes_abstain
    if cast != d.present:
        found.append(
            f"赞成 {d.votes_for} ＋ 反对 {d.votes_against} ＋ 弃权 {d.votes_abstain} ＝ {cast}，与出席 {d.present} 人不符。"
        )
    return found


def agreed(d: Division) -> bool:
    """Whether the body agreed: more than half of all its members voted for."""
    return d.votes_for >= majority_of(d.members)
