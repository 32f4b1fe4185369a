"""演练: a year's rulebook on figures that count for nothing: last year's sums, invented ballots, an uploaded file.

Nothing here writes: no vote, no entry, no file is left behind. The count is `rules.decide`, the very one of the vote.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from random import Random
from typing import Any

from django.utils.translation import gettext as _

from projects.ballots import figures, files
from projects.ballots.models import Purpose, Vote
from projects.ballots.rules import (
    End,
    Gap,
    MajorityBase,
    Mode,
    Outcome,
    Paper,
    Rules,
    ShortfallRule,
    Swing,
    TieRule,
    VoteFile,
    decide,
    gaps,
    is_beyond_change,
    next_step,
    standing,
    swings,
)
from projects.ballots.selectors import declared_votes
from projects.cycles.models import Cycle
from projects.cycles.rulebook import Rules as Rulebook
from projects.cycles.rulebook import said
from projects.cycles.selectors import rules_for
from projects.deliberation.selectors import deputies_to_attend
from projects.selection.selectors import candidates_of
from workflow.flows.meetings import quorum_needed

INVENTED = (
    "村组道路硬化",
    "饮水管网改造",
    "老年助餐点",
    "集镇路灯",
    "文化广场",
    "卫生室改造",
    "公厕改建",
    "停车场",
)
LARGEST_SEED = 2**31 - 1
USUAL_DEPUTIES = 60


def counting_rules(book: Rulebook) -> Rules:
    """A rulebook's part in the count, as the count takes it."""
    told = figures.count_rules(book)
    counted = Rules(
        files.quorum_from(told["quorum"]),
        MajorityBase(told["majority_base"]),
        TieRule(told["tie"]),
        ShortfallRule(told["shortfall"]),
    )
    return figures.with_afterwards(counted, told)


# --- what is counted


def last_vote(cycle: Cycle) -> Vote | None:
    """The township's last declared vote on projects of an earlier year; None before the first one."""
    earlier = Cycle.objects.filter(unit=cycle.unit, planned_t__lt=cycle.planned_t).order_by(
        "-planned_t", "-pk"
    )
    for before in earlier:
        declared = declared_votes(before.reference, Purpose.PROJECTS)
        if declared:
            return declared[0]  # a second round is of fewer projects
    return None


def on_last_sums(cycle: Cycle, vote: Vote) -> VoteFile:
    """An earlier vote's figures under this year's rules. Mode and seats stay the old ones: so the ballots were marked."""
    return replace(figures.vote_file(vote), rules=counting_rules(rules_for(cycle)))


def on_drawn_ballots(cycle: Cycle, seed: int, on: date) -> VoteFile:
    """Invented ballots for this year's candidates, or invented ones before there are any; one seed, one box.

    seed: 0 to LARGEST_SEED. Some deputies are absent and some ballots spoiled; the projects differ in their favour.
    """
    book, titles = rules_for(cycle), _titles(cycle)
    mode = Mode(book.ballot_mode)
    seats = min(cycle.seats or max(1, len(titles) * 4 // 5), len(titles))
    in_office = cycle.deputies_in_office or len(deputies_to_attend(cycle, on)) or USUAL_DEPUTIES
    paper = Paper(titles, mode, seats, book.each_cap and mode is Mode.EACH)
    return draw(paper, counting_rules(book), in_office, seed)


def draw(paper: Paper, rules: Rules, in_office: int, seed: int) -> VoteFile:
    """A box drawn by lot: at least a quorum comes, and everybody present hands in a ballot. Pure."""
    chance = Random(seed)  # noqa: S311  a play, no secret
    present = chance.randint(min(in_office, quorum_needed(rules.quorum, in_office)), in_office)
    favour = {title: chance.uniform(0.35, 0.95) for title in paper.candidates}
    ballots = tuple(_ballot(paper, favour, chance) for _one in range(present))
    return VoteFile(in_office, present, present, paper, rules, ballots)


def _titles(cycle: Cycle) -> tuple[str, ...]:
    """The year's candidates under the names the paper would bear; the second of one name says its place."""
    named: dict[str, None] = {}
    for place, title in enumerate(candidates_of(cycle).values_list("title", flat=True), 1):
        named[title if title not in named else f"{title}（第 {place} 号）"] = None
    return tuple(named) or INVENTED


def _ballot(paper: Paper, favour: dict[str, float], chance: Random) -> object:
    wanted = [one for one in paper.candidates if chance.random() < favour[one]]
    if paper.mode is Mode.EACH:
        against = {one: "against" for one in paper.candidates if one not in wanted and chance.random() < 0.4}
        return dict.fromkeys(_fitting(paper, wanted, favour, chance), "for") | against
    return _fitting(paper, wanted, favour, chance)


def _fitting(paper: Paper, wanted: list[str], favour: dict[str, float], chance: Random) -> list[str]:
    """As many marks as a ballot may have; one in fifty has one too many, as happens."""
    chance.shuffle(wanted)
    if paper.mode is Mode.RANK:
        wanted.sort(key=lambda one: favour[one] + chance.uniform(-0.4, 0.4), reverse=True)
    if paper.mode is Mode.EACH and not paper.each_cap:
        return wanted
    return wanted[: paper.seats + (chance.random() < 0.02)]


def on_file(cycle: Cycle, content: bytes, *, own_rules: bool, name: str = "") -> VoteFile:
    """A file as `rehearse` takes it (JSON or Pabulib). own_rules: by the file's rules instead of this year's. name: of the
    file, which says its format where its first word does not.

    Raises files.Unusable with every fault and its place.
    """
    vote = files.read_vote(content, pabulib=files.is_named_pabulib(name))
    if own_rules:
        return vote
    book = rules_for(cycle)
    capped = book.each_cap and vote.paper.mode is Mode.EACH
    return replace(vote, rules=counting_rules(book), paper=replace(vote.paper, each_cap=capped))


# --- what is shown


@dataclass(frozen=True)
class Row:
    """One candidate's end in the rehearsal, with how close it was. rank: from 1, by figures."""

    rank: int
    title: str
    sum: Any
    end: End
    reason: str
    closeness: list[str]


@dataclass(frozen=True)
class Rehearsal:
    """A count that counts for nothing, as the page says it."""

    outcome: Outcome
    rows: list[Row]
    next_step: str

    @property
    def mode(self) -> Any:
        return said("ballot_mode").choices[str(self.outcome.vote.paper.mode)]

    @property
    def is_ranked(self) -> bool:
        return self.outcome.vote.paper.mode is Mode.RANK

    @property
    def quorum_share(self) -> Any:
        return self.outcome.vote.rules.quorum

    @property
    def has_against(self) -> bool:
        """Whether every project is voted on by itself, or somebody struck one out."""
        return self.outcome.vote.paper.mode is Mode.EACH or any(row.sum.against for row in self.rows)

    @property
    def is_not_pressed(self) -> bool:
        """Whether a device counted deputies who pressed nothing."""
        return any(row.sum.not_pressed for row in self.rows)


def rehearsed(vote: VoteFile) -> Rehearsal:
    """Count and say everything: quorum, majority, ties, reasons, and how many votes would have changed what."""
    outcome = decide(vote)
    close, sums, mode = closeness_of(outcome), outcome.count.sums, vote.paper.mode
    ranked = sorted(vote.paper.candidates, key=lambda one: standing(sums[one], mode), reverse=True)
    rows = [
        Row(
            place,
            one,
            sums[one],
            end_of(outcome, one),
            outcome.result.reasons[one].sentence,
            close.get(one, []),
        )
        for place, one in enumerate(ranked, 1)
    ]
    return Rehearsal(outcome, rows, next_step(outcome))


def closeness_of(outcome: Outcome) -> dict[str, list[str]]:
    """How close it was for each candidate, in words: what would change its end, or how far that is. Empty without a result."""
    asked = outcome.majority.base is not MajorityBase.NONE
    told = {one: gap_told(gap, end_of(outcome, one), majority=asked) for one, gap in gaps(outcome).items()}
    for one, found in swings(outcome).items():
        told[one] = [sentence_of(swing, outcome.vote.rules) for swing in found]
        if not found and is_beyond_change(outcome, one):
            told[one] = [_("只改这一项的票，结果都不变")]
    return told


def end_of(outcome: Outcome, one: str) -> End:
    """Where a candidate stands in an outcome."""
    if one in outcome.result.elected:
        return End.ELECTED
    return End.TIED if one in outcome.result.tied else End.NOT_ELECTED


def sentence_of(swing: Swing, rules: Rules) -> str:
    """A swing in words: 少 3 票即不入选; “路灯”的 2 票改投本项即入选."""
    tied = _("与他项票数相等，由主席团决定") if rules.tie_by_presidium else _("与他项票数相等，须再次投票")
    ends = {
        End.ELECTED: _("入选"),
        End.TIED: tied,
        End.NOT_ELECTED: _("不入选"),
    }
    words = _("多 %(n)s 票即%(end)s") if swing.votes > 0 else _("少 %(n)s 票即%(end)s")
    if swing.instead_of:
        words = _("“%(other)s”的 %(n)s 票改投本项即%(end)s")
    elif swing.instead_of is not None:
        words = _("%(n)s 票改投本项即%(end)s")
    return words % {"n": abs(swing.votes), "end": ends[swing.end], "other": swing.instead_of}


def gap_told(gap: Gap, end: End, *, majority: bool) -> list[str]:
    """A gap in words: 比“路灯”少 3 分. majority: whether one is asked for, of which whoever is elected has so many to spare."""
    found = []
    if end is End.ELECTED and majority:
        found.append(_("比所需票数多 %(n)s 票") % {"n": gap.votes} if gap.votes else _("刚好达到所需票数"))
    elif gap.votes < 0:
        found.append(_("比所需票数少 %(n)s 票") % {"n": -gap.votes})
    if not gap.rival:
        return found
    told = {"other": gap.rival, "n": abs(gap.points or gap.marks)}
    if gap.points:
        words = _("比“%(other)s”多 %(n)s 分") if gap.points > 0 else _("比“%(other)s”少 %(n)s 分")
    elif gap.marks:
        words = (
            _("与“%(other)s”得分相等，多 %(n)s 票")
            if gap.marks > 0
            else _("与“%(other)s”得分相等，少 %(n)s 票")
        )
    else:
        words = _("与“%(other)s”得分、得票都相等")
    return [*found, words % told]
