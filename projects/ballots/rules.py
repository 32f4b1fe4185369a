"""The count: what a box of ballots says under a rulebook (rules.md §6.2; 组织法 14, 25, 29).

One function, `decide`, serves the page, the rehearsal command, a recount and the tests. Pure: no clock, no
database, no framework; every share is a Fraction or a whole number, never a float. Figures are numbers of
people or of ballots. Sentences meant for people are Chinese and carry a stable code beside them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

from workflow.flows.meetings import majority_needed, quorum_needed


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

    order: the four figures as the paper has them.
    """

    in_favour: str = "赞成"
    against: str = "反对"
    abstain: str = "弃权"
    not_pressed: str = "未按"
    points: str = "得分"
    whole: str = "有效票 {} 张"
    order: tuple[str, ...] = ("in_favour", "against", "abstain", "not_pressed")

    def parts(self, of: Sum, *, all_four: bool = False) -> str:
        """One candidate's figures as a sum is written; not_pressed only where there is any, or all four are asked."""
        named = self.order if all_four or of.not_pressed else self.order[:3]
        return " ＋ ".join(f"{getattr(self, name)} {getattr(of, name)}" for name in named)


VOTING = Words()
# A hall's device: there is no paper, and whoever pressed nothing is counted apart (rules.md §6.2).
PRESSING = Words(whole="参加按键表决 {} 人")
# Satisfaction: three grades, and a line left empty is none of them (rules.md §8).
GRADING = Words(
    in_favour="满意",
    against="不满意",
    abstain="基本满意",
    not_pressed="未作评价",
    order=("in_favour", "abstain", "against", "not_pressed"),
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
    """One contradiction among the figures. code: stable; sentence: Chinese, with the figures as an equation."""

    code: str
    sentence: str
    candidate: str | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one candidate stands where it stands. code: stable; sentence: Chinese, with its figures."""

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


def decide(vote: VoteFile) -> Outcome:
    """Count, reconcile and elect (rules.md §6.2).

    Nothing in the figures is an exception: a missing quorum, too many ballots returned and contradictory figures are
    outcomes, in that order, and nobody is elected then; the sums are reported all the same.
    """
    count = whole_count(vote)
    quorum = quorum_of(vote)
    majority = majority_of(vote, valid=count.valid)
    problems = tuple(reconcile(vote))
    bar = _bar_to_electing(vote, quorum, problems)
    result = nobody_elected(vote, bar) if bar else _elected(vote, count, majority)
    verdict = Verdict(bar.code) if bar else verdict_of(result, vote.paper.seats)
    return Outcome(
        verdict, quorum, majority, vote.ballots_issued, vote.returned, count, problems, result, vote
    )


def _elected(vote: VoteFile, count: Count, majority: Majority) -> Result:
    rules = vote.rules
    return elect(count.sums, vote.paper, majority, rules.tie, by_presidium=rules.tie_by_presidium)


# Quorum and majority


def quorum_of(vote: VoteFile) -> Quorum:
    """The quorum of this vote; a rulebook without one is met whoever came."""
    needed = quorum_needed(vote.rules.quorum, vote.deputies_in_office)
    met = vote.rules.quorum is None or vote.deputies_present >= needed
    return Quorum(needed, vote.deputies_present, met)


def majority_of(vote: VoteFile, *, valid: int) -> Majority:
    """The majority of this vote. valid: valid ballots of the whole count."""
    base = vote.rules.majority_base
    if base is MajorityBase.NONE:
        return Majority(base, None, 1)
    figures = {
        MajorityBase.IN_OFFICE: vote.deputies_in_office,
        MajorityBase.PRESENT: vote.deputies_present,
        MajorityBase.VALID: valid,
    }
    return Majority(base, figures[base], majority_needed(figures[base]))


# Counting


@dataclass(frozen=True, slots=True)
class Marks:
    """What one valid ballot says: ids in favour (in `rank` in order of urgency), ids against; all others abstain.

    abstaining: ids expressly marked so; only a paper that counts the unmarked apart asks.
    """

    in_favour: tuple[str, ...]
    against: tuple[str, ...] = ()
    abstaining: tuple[str, ...] = ()


def whole_count(vote: VoteFile) -> Count:
    """The opened ballots and the tally added up."""
    count = count_ballots(vote.ballots, paper=vote.paper)
    return count + vote.tally if vote.tally else count


def count_ballots(box: Iterable[object], *, paper: Paper) -> Count:
    """Count an opened box (rules.md §6.2).

    box: in `select` and `rank` lists of ids, in `each` mappings of id to Choice; any order of ballots. Every id on the
    paper gets a sum; valid + invalid = ballots in the box. A bad ballot is invalid, never an exception; an empty one
    is valid and abstains on all.
    """
    read = [read_ballot(ballot, paper) for ballot in box]
    valid = [marks for marks in read if marks is not None]
    in_favour = Counter(one for marks in valid for one in marks.in_favour)
    against = Counter(one for marks in valid for one in marks.against)
    points = _points(valid, paper)
    blank = _left_blank(valid, paper)
    sums = {
        one: Sum(
            in_favour[one],
            against[one],
            len(valid) - in_favour[one] - against[one] - blank[one],
            blank[one],
            points[one],
        )
        for one in paper.candidates
    }
    return Count(sums, len(valid), len(read) - len(valid))


def _left_blank(valid: Iterable[Marks], paper: Paper) -> Counter[str]:
    """How many ballots left each candidate empty, where that is counted apart."""
    if not paper.blank_apart:
        return Counter()
    return Counter(
        one
        for marks in valid
        for one in paper.candidates
        if one not in {*marks.in_favour, *marks.against, *marks.abstaining}
    )


def read_ballot(ballot: object, paper: Paper) -> Marks | None:
    """The marks of one ballot, or None where it is invalid: an id not on the paper, an unknown mark, too many marks."""
    if paper.mode is Mode.EACH:
        return _read_each(ballot, paper)
    ids = _distinct_ids(ballot, ordered=paper.mode is Mode.RANK)
    if ids is None or len(ids) > paper.seats or not set(ids) <= set(paper.candidates):
        return None
    return Marks(ids)


def _distinct_ids(ballot: object, *, ordered: bool) -> tuple[str, ...] | None:
    kinds = (list, tuple) if ordered else (list, tuple, set, frozenset)
    if not isinstance(ballot, kinds) or not all(isinstance(one, str) for one in ballot):
        return None
    # A repeat counts once, at its first place, and takes no place of its own.
    return tuple(dict.fromkeys(ballot))


def _read_each(ballot: object, paper: Paper) -> Marks | None:
    if not isinstance(ballot, Mapping) or not set(ballot) <= set(paper.candidates):
        return None
    if not all(isinstance(mark, str) and mark in _CHOICES for mark in ballot.values()):
        return None
    in_favour = tuple(one for one, mark in ballot.items() if mark == Choice.FOR)
    if paper.each_cap and len(in_favour) > paper.seats:
        return None
    against, abstaining = (
        tuple(one for one, mark in ballot.items() if mark == choice)
        for choice in (Choice.AGAINST, Choice.ABSTAIN)
    )
    return Marks(in_favour, against, abstaining)


_CHOICES = frozenset(str(choice) for choice in Choice)


def _points(valid: Iterable[Marks], paper: Paper) -> Counter[str]:
    points: Counter[str] = Counter()
    if paper.mode is Mode.RANK:
        for marks in valid:
            for place, one in enumerate(marks.in_favour):
                points[one] += paper.seats - place
    return points


# Reconciling


def reconcile(vote: VoteFile) -> list[Problem]:
    """Every contradiction among the figures, empty where they balance (rules.md §6.2).

    More ballots returned than issued is not among them: that makes a vote void, not unbalanced.
    """
    return [
        *_negative_figures(vote),
        *_attendance_problems(vote),
        *_returned_problems(vote),
        *_tally_problems(vote),
    ]


def _negative_figures(vote: VoteFile) -> list[Problem]:
    figures = {
        "应到代表": vote.deputies_in_office,
        "实到代表": vote.deputies_present,
        "发出表决票": vote.ballots_issued,
        "收回表决票": vote.returned,
    }
    if vote.tally:
        figures |= {"有效票": vote.tally.valid, "无效票": vote.tally.invalid}
    problems = [
        Problem("negative", f"{name} {figure}，不能是负数。")
        for name, figure in figures.items()
        if figure < 0
    ]
    return problems + _negative_sums(vote.tally, vote.paper.words)


_FIGURES_OF_A_SUM = ("in_favour", "against", "abstain", "not_pressed", "points")


def _negative_sums(tally: Count | None, words: Words) -> list[Problem]:
    return [
        Problem("negative", f"项目“{one}”：{getattr(words, key)} {getattr(of, key)}，不能是负数。", one)
        for one, of in (tally.sums.items() if tally else ())
        for key in _FIGURES_OF_A_SUM
        if getattr(of, key) < 0
    ]


def _attendance_problems(vote: VoteFile) -> list[Problem]:
    problems = []
    if vote.ballots_issued > vote.deputies_present:
        sentence = f"发出表决票 {vote.ballots_issued} 张 ＞ 实到代表 {vote.deputies_present} 人。"
        problems.append(Problem("issued_over_present", sentence))
    if vote.deputies_present > vote.deputies_in_office:
        sentence = f"实到代表 {vote.deputies_present} 人 ＞ 应到代表 {vote.deputies_in_office} 人。"
        problems.append(Problem("present_over_in_office", sentence))
    return problems


def _returned_problems(vote: VoteFile) -> list[Problem]:
    if vote.returned == vote.contained:
        return []
    parts = [f"逐张表决票 {len(vote.ballots)}"] if vote.ballots or not vote.tally else []
    if vote.tally:
        parts += [f"有效票 {vote.tally.valid}", f"无效票 {vote.tally.invalid}"]
    sentence = f"收回表决票 {vote.returned} 张 ≠ {' ＋ '.join(parts)} ＝ {vote.contained} 张。"
    return [Problem("returned_differs", sentence)]


def _tally_problems(vote: VoteFile) -> list[Problem]:
    if not vote.tally:
        return []
    problems = [
        Problem("sum_differs", _sum_equation(one, of, vote.tally.valid, vote.paper.words), one)
        for one, of in vote.tally.sums.items()
        if of.accounted != vote.tally.valid
    ]
    return problems + _too_many_marks(vote.paper, vote.tally)


def _sum_equation(one: str, of: Sum, valid: int, words: Words) -> str:
    return f"项目“{one}”：{words.parts(of)} ＝ {of.accounted} 票 ≠ {words.whole.format(valid)}。"


def _too_many_marks(paper: Paper, tally: Count) -> list[Problem]:
    marks = sum(of.in_favour for of in tally.sums.values())
    most = paper.seats * tally.valid
    if paper.mode is not Mode.SELECT or marks <= most:
        return []
    sentence = f"各项目赞成合计 {marks} 票 ＞ 应选 {paper.seats} 项 × 有效票 {tally.valid} 张 ＝ {most} 票。"
    return [Problem("too_many_marks", sentence)]


# Electing


def elect(
    sums: Mapping[str, Sum], paper: Paper, majority: Majority, tie: TieRule, *, by_presidium: bool = False
) -> Result:
    """Who takes the seats: the majority filters first, then rank decides (组织法 25; rules.md §6.2).

    sums: every candidate of the paper. Rank is by votes in favour, in `rank` by points and then marks. A tie across
    the last place or places is reported, never broken; a tie that exactly fills the seats is none. by_presidium: only
    the sentence about those tied says so.
    """
    ranked, equals, elected, tied = _places(sums, paper, majority, tie)
    not_elected = [one for one in paper.candidates if one not in {*elected, *tied}]
    place = _Placing(
        sums, paper, majority, tuple(ranked), tuple(equals), frozenset(elected), frozenset(tied), by_presidium
    )
    reasons = {one: place.reason(one) for one in paper.candidates}
    return Result(tuple(elected), tuple(tied), tuple(not_elected), reasons, len(ranked))


def _places(
    sums: Mapping[str, Sum], paper: Paper, majority: Majority, tie: TieRule
) -> tuple[list[str], list[str], list[str], list[str]]:
    """Those with the majority by rank, the equals across the last place, those elected and those tied."""
    ranked = ranked_with_majority(sums, paper, majority)
    equals = _equals_across_the_last_place(ranked, sums, paper)
    if equals and tie is TieRule.RUNOFF:
        return ranked, equals, ranked[: ranked.index(equals[0])], equals
    if equals:
        return ranked, equals, ranked[: ranked.index(equals[-1]) + 1], []
    return ranked, equals, ranked[: paper.seats], []


def standing(of: Sum, mode: Mode) -> tuple[int, int]:
    """What candidates are compared by, the greater first: votes, or in `rank` points and then marks."""
    return (of.points, of.in_favour) if mode is Mode.RANK else (of.in_favour, 0)


def ranked_with_majority(sums: Mapping[str, Sum], paper: Paper, majority: Majority) -> list[str]:
    """Those with the majority, best first, equals in the order of the paper."""
    passed = [one for one in paper.candidates if sums[one].in_favour >= majority.needed]
    return sorted(passed, key=lambda one: standing(sums[one], paper.mode), reverse=True)


def _equals_across_the_last_place(ranked: list[str], sums: Mapping[str, Sum], paper: Paper) -> list[str]:
    """Those level with each other of whom some would be inside the seats and some outside; empty without a tie."""
    if len(ranked) <= paper.seats:
        return []
    last_in, first_out = (
        standing(sums[one], paper.mode) for one in ranked[paper.seats - 1 : paper.seats + 1]
    )
    return (
        [one for one in ranked if standing(sums[one], paper.mode) == last_in] if last_in == first_out else []
    )


def verdict_of(result: Result, seats: int) -> Verdict:
    """The outcome of a vote that was held and balances."""
    if result.tied:
        return Verdict.RUNOFF
    return Verdict.SHORTFALL if result.passed < seats else Verdict.DECIDED


def nobody_elected(vote: VoteFile, bar: Reason) -> Result:
    """The result where the vote itself does not stand: nobody elected, nobody tied, one reason for all."""
    return Result((), (), vote.paper.candidates, dict.fromkeys(vote.paper.candidates, bar))


def _bar_to_electing(vote: VoteFile, quorum: Quorum, problems: tuple[Problem, ...]) -> Reason | None:
    """The first thing that keeps the vote from having a result, with its figures."""
    if not quorum.met:
        sentence = (
            f"到会不足法定人数：需 {quorum.needed} 人，实到 {quorum.present} 人，票决不能进行，未入选。"
        )
        return Reason(Verdict.NO_QUORUM, sentence)
    if vote.returned > vote.ballots_issued:
        sentence = (
            f"收回表决票 {vote.returned} 张，多于发出的 {vote.ballots_issued} 张，本次票决无效，未入选。"
        )
        return Reason(Verdict.VOID, sentence)
    if problems:
        return Reason(Verdict.UNBALANCED, f"票数不平衡（{len(problems)} 处），不能认定结果，未入选。")
    return None


# How close it was


class End(StrEnum):
    """Where a candidate ends; in this order more votes lead from the first towards the last."""

    NOT_ELECTED = "not_elected"
    TIED = "tied"
    ELECTED = "elected"


@dataclass(frozen=True, slots=True)
class Swing:
    """The smallest change of one candidate's sum that changes its end. votes: ballots more (> 0) or fewer (< 0)."""

    votes: int
    end: End


def swings(outcome: Outcome) -> dict[str, tuple[Swing, ...]]:
    """For every candidate the fewest ballots that, marked otherwise for it alone, would change its end.

    All other sums stay, and none goes below 0 or above the valid ballots. In `rank` a ballot more names the candidate
    first, a ballot fewer had it first. One tied may have two swings, up and down; none where nothing changes the end.
    Empty where the vote itself has no result.
    """
    if outcome.verdict in (Verdict.NO_QUORUM, Verdict.VOID, Verdict.UNBALANCED):
        return {}
    return {
        one: tuple(found for sign in (1, -1) if (found := _swing(outcome, one, sign)))
        for one in outcome.vote.paper.candidates
    }


def _swing(outcome: Outcome, one: str, sign: int) -> Swing | None:
    """The least change in one direction. More votes never lower a candidate, so halving the range finds it."""
    of, now = outcome.count.sums[one], _end_of(outcome, one, 0)
    most = outcome.count.valid - of.in_favour if sign > 0 else of.in_favour
    if most < 1 or _end_of(outcome, one, sign * most) is now:
        return None
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _end_of(outcome, one, sign * middle) is not now else (middle, high)
    return Swing(sign * high, _end_of(outcome, one, sign * high))


def _end_of(outcome: Outcome, one: str, votes: int) -> End:
    """Where a candidate ends with so many ballots more or fewer."""
    vote, sums = outcome.vote, outcome.count.sums
    changed = {**sums, one: moved(sums[one], votes, vote.paper)}
    _ranked, _equals, elected, tied = _places(changed, vote.paper, outcome.majority, vote.rules.tie)
    return End.ELECTED if one in elected else End.TIED if one in tied else End.NOT_ELECTED


def moved(of: Sum, votes: int, paper: Paper) -> Sum:
    """A sum with so many ballots more or fewer in favour, as far as its place is concerned: marks and points.

    In `rank` each ballot has its whole weight, `seats` points, as far as the marks left allow (one point at least).
    """
    if paper.mode is not Mode.RANK:
        return Sum(of.in_favour + votes)
    marks = of.in_favour + votes
    return Sum(marks, points=max(of.points + votes * paper.seats, min(of.points, marks)))


# Saying why


@dataclass(frozen=True, slots=True)
class _Placing:
    """The places of one election, for the sentences about them."""

    sums: Mapping[str, Sum]
    paper: Paper
    majority: Majority
    ranked: tuple[str, ...]
    equals: tuple[str, ...]
    elected: frozenset[str]
    tied: frozenset[str]
    by_presidium: bool = False

    def reason(self, one: str) -> Reason:
        figures = f"{majority_phrase(self.majority)}，{self._got(one)}"
        if one not in self.ranked:
            return Reason("below_majority", f"{figures}，未通过。")
        if one in self.tied:
            then = "由主席团在票数相等的项目中决定" if self.by_presidium else "须就票数相等的项目再次投票"
            return Reason("tied", f"{figures}，票数达到，但{self._tie()}，{then}，暂未入选。")
        if one not in self.elected:
            return Reason(
                "outside_seats",
                f"{figures}，票数达到，但{self._rank(one)}，在应选 {self.paper.seats} 项之外，未入选。",
            )
        if one in self.equals:
            return Reason(
                "elected_with_equals", f"{figures}，通过；{self._tie()}，按规则票数相等的全部入选。"
            )
        return Reason(
            "elected", f"{figures}，通过；{self._rank(one)}，在应选 {self.paper.seats} 项之内，入选。"
        )

    def _got(self, one: str) -> str:
        of = self.sums[one]
        if self.paper.mode is Mode.RANK:
            return f"得 {of.in_favour} 票、{of.points} 分"
        # Whoever pressed nothing did not agree: of all deputies the majority must come without them.
        return f"得 {of.in_favour} 票" + (f"（另有 {of.not_pressed} 人未按）" if of.not_pressed else "")

    def _rank(self, one: str) -> str:
        mine = standing(self.sums[one], self.paper.mode)
        better = sum(standing(self.sums[other], self.paper.mode) > mine for other in self.ranked)
        return f"{self._by()}列第 {better + 1} 位"

    def _tie(self) -> str:
        first = self.ranked.index(self.equals[0])
        places = self.paper.seats - first
        figure = "得分" if self.paper.mode is Mode.RANK else "得票"
        return f"{len(self.equals)} 个项目{figure}相等，同列第 {first + 1} 位，名额只余 {places} 个"

    def _by(self) -> str:
        return "按得分" if self.paper.mode is Mode.RANK else "按得票"


def majority_phrase(majority: Majority) -> str:
    """What a candidate needs, in Chinese: 需 33 票（全体代表 64 人的过半数）."""
    bases = {
        MajorityBase.IN_OFFICE: f"全体代表 {majority.of} 人的过半数",
        MajorityBase.PRESENT: f"实到代表 {majority.of} 人的过半数",
        MajorityBase.VALID: f"有效票 {majority.of} 张的过半数",
        MajorityBase.NONE: "不要求过半数",
    }
    return f"需 {majority.needed} 票（{bases[majority.base]}）"


def next_step(outcome: Outcome) -> str:
    """What the presiding side does now, in Chinese (rules.md §6.2)."""
    if outcome.verdict is Verdict.NO_QUORUM:
        missing = outcome.quorum.needed - outcome.quorum.present
        return f"还差 {missing} 人达到法定人数，暂不能票决；达到后重新清点人数。"
    if outcome.verdict is Verdict.RUNOFF:
        return _next_after_a_tie(outcome)
    if outcome.verdict is Verdict.SHORTFALL:
        return _next_after_a_shortfall(outcome)
    return {
        Verdict.VOID: "本次票决无效，由主席团决定重新投票。",
        Verdict.UNBALANCED: "逐项核对后重新计票；票数不平衡的报告单不能签字。",
        Verdict.DECIDED: "由主持人当场宣布结果，提请大会通过决议。",
    }[outcome.verdict]


def _next_after_a_tie(outcome: Outcome) -> str:
    if outcome.vote.rules.tie_by_presidium:
        tied = "、".join(outcome.result.tied)
        return f"由主席团会议在票数相等的 {tied} 中决定 {outcome.places_left} 项入选，提请大会以决议确定。"
    again = f"重新核对法定人数后，只就票数相等的 {'、'.join(outcome.result.tied)} 再次投票，选 {outcome.places_left} 项"
    if outcome.vote.rules.runoff_majority:
        return f"{again}，仍须过半数。"
    return f"{again}，得票多的入选，不再要求过半数。"


def _next_after_a_shortfall(outcome: Outcome) -> str:
    left = outcome.places_left
    if not outcome.result.not_elected:
        return f"候选项目全部入选，余下 {left} 个名额没有候选项目，空缺。"
    if outcome.vote.rules.left_to_next_session:
        names = "、".join(outcome.result.not_elected)
        return f"余下 {left} 个名额留待下次会议，就未入选的 {names} 另行票决。"
    if outcome.vote.rules.shortfall is ShortfallRule.VACANT:
        return f"余下 {left} 个名额空缺，不再另行票决；未入选项目转入储备库。"
    return f"就未入选的 {'、'.join(outcome.result.not_elected)} 进行第二轮票决，选 {left} 项。"


# Two keyings of one paper tally


@dataclass(frozen=True, slots=True)
class Keying:
    """One person's keying of the tally sheets (rules.md §6.2; the tally is keyed twice)."""

    issued: int
    returned: int
    count: Count


@dataclass(frozen=True, slots=True)
class Difference:
    """One field two keyings disagree on. first, second: None where a keying lacks the candidate."""

    field: str
    first: int | None
    second: int | None
    candidate: str | None = None
    words: Words = VOTING

    @property
    def sentence(self) -> str:
        name = _FIGURES_OF_A_KEYING.get(self.field) or getattr(self.words, self.field)
        about = f"项目“{self.candidate}”：" if self.candidate is not None else ""
        return f"{about}{name}两次录入不一致，第一次 {_shown(self.first)}，第二次 {_shown(self.second)}。"


_FIGURES_OF_A_KEYING = {
    "issued": "发出表决票",
    "returned": "收回表决票",
    "valid": "有效票",
    "invalid": "无效票",
    "spoiled_too_many": "无效票中多选的",
    "spoiled_unreadable": "无效票中涂改、无法辨认的",
    "spoiled_not_the_form": "无效票中未使用统一表决票的",
    "spoiled_other": "无效票中其他原因的",
}


def _shown(figure: int | None) -> str:
    return "未录入" if figure is None else str(figure)


def compare_keyings(first: Keying, second: Keying, words: Words = VOTING) -> list[Difference]:
    """Every field on which two independent keyings differ, in the order of the sheet; empty means they agree."""
    one, other = _head_figures(first), _head_figures(second)
    heads = [Difference(name, one[name], other[name]) for name in one if one[name] != other[name]]
    candidates = dict.fromkeys([*first.count.sums, *second.count.sums])
    return heads + [
        Difference(name, _figure(first, candidate, name), _figure(second, candidate, name), candidate, words)
        for candidate in candidates
        for name in _FIGURES_OF_A_SUM
        if _figure(first, candidate, name) != _figure(second, candidate, name)
    ]


def compare_spoiled(first: Mapping[str, int], second: Mapping[str, int]) -> list[Difference]:
    """Every reason for which two keyings name different numbers of invalid ballots; a reason left out is 0."""
    return [
        Difference(f"spoiled_{why}", first.get(why, 0), second.get(why, 0))
        for why in Spoiled
        if first.get(why, 0) != second.get(why, 0)
    ]


def reconcile_spoiled(spoiled: Mapping[str, int], invalid: int) -> list[Problem]:
    """What is wrong with the invalid ballots by reason: together they must be the invalid ballots."""
    told = sum(spoiled.get(why, 0) for why in Spoiled)
    if told == invalid:
        return []
    parts = " ＋ ".join(str(spoiled.get(why, 0)) for why in Spoiled)
    sentence = f"无效票分原因 {parts} ＝ {told} 张 ≠ 无效票 {invalid} 张。"
    return [Problem("spoiled_differs", sentence)]


def _head_figures(keying: Keying) -> dict[str, int]:
    count = keying.count
    return {
        "issued": keying.issued,
        "returned": keying.returned,
        "valid": count.valid,
        "invalid": count.invalid,
    }


def _figure(keying: Keying, candidate: str, name: str) -> int | None:
    of = keying.count.sums.get(candidate)
    return None if of is None else getattr(of, name)
