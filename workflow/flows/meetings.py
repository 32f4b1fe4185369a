"""When a body has decided: pure. By law two thirds attend and more than half of all members agree (组织法 14, 25).

The two figures of every decision, a show of hands and a ballot alike, are worked out here and nowhere else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction

from workflow.people.sentences import sentence as _

QUORUM = Fraction(2, 3)
_SHARES = {
    Fraction(1, 2): _("二分之一"),
    Fraction(2, 3): _("三分之二"),
    Fraction(3, 4): _("四分之三"),
    Fraction(1): _("全体"),
}


def quorum_needed(share: Fraction | None, members: int) -> int:
    """How many must attend: ⌈share × members⌉, the share itself included (组织法 14); None, no quorum asked → 0."""
    return 0 if share is None else math.ceil(share * members)


def majority_needed(of: int) -> int:
    """The least number that is more than half of `of`: ⌊of / 2⌋ + 1 (组织法 25). Of 64, 32 are not a majority."""
    return of // 2 + 1


@dataclass(frozen=True)
class Standard:
    """What a body's decision takes. quorum: the share of members who must attend, the share itself included.

    of_present: more than half of those present agree, where the body's own rules say so; else of all members. called: what
    its members are called together.
    """

    quorum: Fraction = QUORUM
    of_present: bool = False
    called: str = field(default=_("组成人员"), compare=False)

    def quorum_of(self, members: int) -> int:
        """How many must attend, rounded up."""
        return quorum_needed(self.quorum, members)

    @property
    def share(self) -> str:
        """The quorum in words."""
        return _SHARES.get(
            self.quorum,
            _("%(denominator)s 分之 %(numerator)s")
            % {"denominator": self.quorum.denominator, "numerator": self.quorum.numerator},
        )


BY_LAW = Standard()
BY_DEPUTIES = Standard(called=_("全体代表"))  # the same for a congress, which has no other members


@dataclass(frozen=True)
class Division:
    """The figures of one decision; all are persons. members: all members of the body in office."""

    members: int
    present: int
    votes_for: int
    votes_against: int
    votes_abstain: int


@dataclass(frozen=True)
class Fault:
    """Why figures cannot stand as a meeting's record. figure: the one of a `Division` that is looked at first."""

    figure: str
    sentence: str


def faults(d: Division, standard: Standard = BY_LAW) -> list[Fault]:
    """Why these figures cannot stand as a meeting's record; empty means they can. Whether it agreed is another matter."""
    found: list[Fault] = []
    needed = standard.quorum_of(d.members)
    if d.present < needed:
        said = _(
            "%(called)s %(members)s 人，须 %(needed)s 人以上（%(share)s）出席，实到 %(present)s 人，不能开会。"
        )
        told = {
            "called": standard.called,
            "members": d.members,
            "needed": needed,
            "share": standard.share,
            "present": d.present,
        }
        found.append(Fault("present", said % told))
    if d.present > d.members:
        said = _("出席 %(present)s 人，多于%(called)s %(members)s 人。")
        told = {"called": standard.called, "present": d.present, "members": d.members}
        found.append(Fault("present", said % told))
    cast = d.votes_for + d.votes_against + d.votes_abstain
    if cast != d.present:
        said = _(
            "赞成、反对、弃权合计 %(cast)s 票（%(votes_for)s ＋ %(votes_against)s ＋ %(votes_abstain)s），与出席 %(present)s 人不符。"
        )
        told = {
            "votes_for": d.votes_for,
            "votes_against": d.votes_against,
            "votes_abstain": d.votes_abstain,
            "cast": cast,
            "present": d.present,
        }
        found.append(Fault("votes_for", said % told))
    return found


def agreed(d: Division, standard: Standard = BY_LAW) -> bool:
    """Whether the body agreed: more than half voted for, of all its members or, where its rules say so, of those present."""
    return d.votes_for >= majority_needed(d.present if standard.of_present else d.members)
