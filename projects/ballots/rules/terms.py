"""The words of a vote: its rules, its paper, its figures, what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fractions import Fraction

from workflow.people.sentences import sentence as _


class Mode(StrEnum):
    """How a ballot is marked (rules.md §6.2, modes seen)."""

    SELECT = "select"
    EACH = "each"
    RANK = "rank"


class Choice(StrEnum):
    """The three legal marks of mode `each`; a missing mark is an abstention."""

    FOR = "for"
    AGAINST = "against"
    ABSTAIN = "abstain"


class Spoiled(StrEnum):
    """Why a ballot on paper is invalid. too_many: more marks than seats (rules.md §6.2, one ballot)."""

    TOO_MANY = "too_many"
    UNREADABLE = "unreadable"
    NOT_THE_FORM = "not_the_form"
    OTHER = "other"


class MajorityBase(StrEnum):
    """Of whom more than half must be in favour (组织法 25: all deputies)."""

    IN_OFFICE = "in_office"
    PRESENT = "present"
    VALID = "valid"
    NONE = "none"


class TieRule(StrEnum):
    """What a tie across the last place leads to (组织法 29 by analogy)."""

    RUNOFF = "runoff"
    ALL = "all"


class ShortfallRule(StrEnum):
    """What fewer passed than seats leads to (rules.md §13)."""

    VACANT = "vacant"
    SECOND_ROUND = "second_round"


class Verdict(StrEnum):
    """The outcome of a count; `decide` reports the first that applies, in this order."""

    NO_QUORUM = "no_quorum"
    VOID = "void"
    UNBALANCED = "unbalanced"
    RUNOFF = "runoff"
    SHORTFALL = "shortfall"
    DECIDED = "decided"


@dataclass(frozen=True, slots=True)
class Rules:
    """The part of a rulebook that the count needs. quorum: a share of deputies in office, None switches it off.

    shortfall, runoff_majority, tie_by_presidium and left_to_next_session change no figure, only whose turn it is then.
    tie_by_presidium: with RUNOFF, the presidium chooses among the tied instead of a second ballot. left_to_next_session:
    with VACANT, the places left are voted on at the next session. Neither is of a file (count.md).
    """

    quorum: Fraction | None = Fraction(2, 3)
    majority_base: MajorityBase = MajorityBase.IN_OFFICE
    tie: TieRule = TieRule.RUNOFF
    shortfall: ShortfallRule = ShortfallRule.VACANT
    runoff_majority: bool = False
    tie_by_presidium: bool = False
    left_to_next_session: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """What the figures of a paper are called. whole: what one candidate's figures add up to, with its number.

    order: the figures as the paper has them; against is not among them where nobody can oppose. ballot: the paper itself.
    """

    in_favour: str = _("赞成")
    against: str = _("反对")
    abstain: str = _("弃权")
    not_pressed: str = _("未按")
    points: str = _("得分")
    whole: str = _("有效票 %(n)s 张")
    order: tuple[str, ...] = ("in_favour", "against", "abstain", "not_pressed")
    ballot: str = _("表决票")

    @property
    def marked(self) -> tuple[str, ...]:
        """The figures that a marked or unmarked ballot on paper leads to; not_pressed is none of them."""
        return tuple(figure for figure in self.order if figure != "not_pressed")

    def parts(self, of: Sum, *, in_full: bool = False) -> str:
        """One candidate's figures as a sum is written; not_pressed only where there is any, or all are asked."""
        named = self.order if in_full or of.not_pressed else self.marked
        return added_up([(getattr(self, name), getattr(of, name)) for name in named])

    def of_part(self, part: str, whole: str) -> Words:
        """The same figures of one part of a vote: what differs or does not balance is said to be that part's."""

        def of(figure: str) -> str:
            return _("%(part)s%(figure)s") % {"part": part, "figure": figure}

        return replace(
            self,
            in_favour=of(self.in_favour),
            against=of(self.against),
            abstain=of(self.abstain),
            whole=whole,
        )


def added_up(figures: Sequence[tuple[str, int]]) -> str:
    """Named figures as a sum is written: 赞成 3 ＋ 反对 1."""
    (name, n), *rest = figures
    told = _("%(name)s %(n)s") % {"name": name, "n": n}
    return _("%(figure)s ＋ %(rest)s") % {"figure": told, "rest": added_up(rest)} if rest else told


VOTING = Words()
# By telephone and on paper projects are chosen or ranked, and no more: a telephone has no place to oppose one, so what
# paper alone could say would tell how those with paper voted (integrity.md §2.6).
CHOOSING = Words(order=("in_favour", "abstain"))
# A hall's device: there is no paper, and whoever pressed nothing is counted apart (rules.md §6.2).
PRESSING = Words(whole=_("参加按键表决 %(n)s 人"))
# The device with paper beside it: one sum of both, in which whoever pressed nothing is still counted apart.
PRESSING_AND_PAPER = Words(whole=_("按键表决和有效纸质票 %(n)s 票"))
# Satisfaction: three grades, and a line left empty is none of them (rules.md §8).
GRADING = Words(
    in_favour=_("满意"),
    against=_("不满意"),
    abstain=_("基本满意"),
    not_pressed=_("未作评价"),
    order=("in_favour", "abstain", "against", "not_pressed"),
    ballot=_("测评票"),
)


@dataclass(frozen=True, slots=True)
class Paper:
    """What stands on the ballot. seats: how many may be marked and are to be elected, ≥ 1.

    each_cap: in mode `each`, more than `seats` marks in favour make a ballot invalid. words: what its figures are called;
    with those of GRADING a candidate left unmarked is counted apart, as `not_pressed`, and not as an abstention.
    """

    candidates: tuple[str, ...]
    mode: Mode
    seats: int
    each_cap: bool = False
    words: Words = VOTING

    @property
    def blank_apart(self) -> bool:
        """Whether a candidate left unmarked on a valid ballot is none of the three marks."""
        return self.words is GRADING


@dataclass(frozen=True, slots=True)
class Sum:
    """One candidate's figures. not_pressed: a device's fourth count, no legal option. points: mode `rank` only."""

    in_favour: int = 0
    against: int = 0
    abstain: int = 0
    not_pressed: int = 0
    points: int = 0

    def __add__(self, other: Sum) -> Sum:
        return Sum(
            self.in_favour + other.in_favour,
            self.against + other.against,
            self.abstain + other.abstain,
            self.not_pressed + other.not_pressed,
            self.points + other.points,
        )

    @property
    def accounted(self) -> int:
        """In favour, against, abstaining and not pressed: on a sound sheet the number of valid ballots."""
        return self.in_favour + self.against + self.abstain + self.not_pressed


@dataclass(frozen=True, slots=True)
class Count:
    """Sums per candidate (every candidate named, 0 included) and the numbers of valid and invalid ballots."""

    sums: Mapping[str, Sum]
    valid: int
    invalid: int

    def __add__(self, other: Count) -> Count:
        """Two counts of the same paper together, as a paper tally and a device box are (rules.md §6.2)."""
        sums = {one: self.sums[one] + other.sums[one] for one in self.sums}
        return Count(sums, self.valid + other.valid, self.invalid + other.invalid)


@dataclass(frozen=True, slots=True)
class VoteFile:
    """Everything a count needs. ballots: opened ballots in any order; tally: the sums of a paper or device count.

    Both may be given: they add up. ballots_returned: None means as many as the ballots and the tally contain.
    """

    deputies_in_office: int
    deputies_present: int
    ballots_issued: int
    paper: Paper
    rules: Rules = Rules()
    ballots: tuple[object, ...] = ()
    tally: Count | None = None
    ballots_returned: int | None = None

    @property
    def contained(self) -> int:
        """The ballots this file accounts for: opened ones, and valid and invalid ones of the tally."""
        return len(self.ballots) + (self.tally.valid + self.tally.invalid if self.tally else 0)

    @property
    def returned(self) -> int:
        return self.contained if self.ballots_returned is None else self.ballots_returned


@dataclass(frozen=True, slots=True)
class Quorum:
    """needed and present in people; needed is 0 and met is true where the rulebook asks for none."""

    needed: int
    present: int
    met: bool


@dataclass(frozen=True, slots=True)
class Majority:
    """`needed` votes in favour, more than half of `of`; of is None and needed is 1 for the base `none`."""

    base: MajorityBase
    of: int | None
    needed: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One contradiction among the figures. code: stable; sentence: with the figures as an equation."""

    code: str
    sentence: str
    candidate: str | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one candidate stands where it stands. code: stable; sentence: with its figures."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Result:
    """elected in order of rank; tied and not_elected in the order of the paper; reasons for every candidate.

    passed: how many reached the majority. The three tuples are disjoint and name every candidate together.
    """

    elected: tuple[str, ...]
    tied: tuple[str, ...]
    not_elected: tuple[str, ...]
    reasons: Mapping[str, Reason]
    passed: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """The whole answer of `decide`; `ballots_*` are the figures the tellers report."""

    verdict: Verdict
    quorum: Quorum
    majority: Majority
    ballots_issued: int
    ballots_returned: int
    count: Count
    problems: tuple[Problem, ...]
    result: Result
    vote: VoteFile = field(repr=False)

    @property
    def places_left(self) -> int:
        """Seats nobody has been elected to; 0 where ties filled more than the seats."""
        return max(0, self.vote.paper.seats - len(self.result.elected))
