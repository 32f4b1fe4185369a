"""Reads of votes. Nothing here shows a sum before both tellers have signed, except to their own desk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any

from django.db.models import QuerySet, prefetch_related_objects
from django.utils.translation import gettext_lazy

from projects.ballots import figures, witnessing
from projects.ballots import rules as count
from projects.ballots.files import quorum_from
from projects.ballots.models import Channel, Keying, Purpose, Recounting, Vote, VoteState
from projects.ballots.outcomes import PLACES
from projects.cycles.models import Paper, RollLine
from workflow.flows import meetings
from workflow.people.prepared import Prepared
from workflow.people.sentences import in_a_row
from workflow.people.sentences import sentence as _

PROJECTS = (Purpose.PROJECTS, Purpose.RUN_OFF)
STANDING = (VoteState.CERTIFIED, VoteState.DECLARED)


def votes_about(about: str, *purposes: str) -> QuerySet[Vote]:
    """The votes on a record, the oldest first. purposes: all kinds where none is named."""
    votes = Vote.objects.filter(about_reference=about).order_by("pk")
    return votes.filter(purpose__in=purposes) if purposes else votes


def current_vote(about: str, *purposes: str) -> Vote | None:
    """The vote a record is at now: the last one defined; None before any."""
    return _last_vote(purposes).first(about=about)


@cache
def _last_vote(purposes: tuple[str, ...]) -> Prepared[Vote]:
    """The read of the last vote of these kinds on a record: nearly every step at the desk asks for it, several times."""

    def build(about: str) -> QuerySet[Vote]:
        votes = votes_about(about, *purposes).select_related("session", "follows", "unit")
        return votes.order_by("-pk")[:1]

    return Prepared(build, about="\0about")


def current_votes(abouts: Iterable[str], *purposes: str) -> dict[str, Vote]:
    """The same of several records, by their references, in one query; one without a vote is not among them."""
    votes = Vote.objects.filter(about_reference__in=set(abouts), purpose__in=purposes)
    last = votes.order_by("about_reference", "-pk").distinct("about_reference")
    return {vote.about_reference: vote for vote in last}


@dataclass(frozen=True)
class DeclaredVote:
    """A declared vote and its lines, in the order of the paper."""

    vote: Vote
    lines: list[Line]

    @property
    def told(self) -> tuple[str, ...]:
        """The count's figures that are told of each line, in the order of the paper (`figures.figures_of`)."""
        return figures.figures_of(self.vote)

    @property
    def columns(self) -> list[str]:
        """What these figures are called in this vote."""
        words = figures.words_of(self.vote)
        return [getattr(words, figure) for figure in self.told]

    @property
    def rows(self) -> list[tuple[Line, list[tuple[str, int]]]]:
        """Each line with its figures under their words."""
        told, columns = self.told, self.columns
        return [
            (line, list(zip(columns, (getattr(line, figure) for figure in told), strict=True)))
            for line in self.lines
        ]

    @property
    def counted(self) -> list[tuple[str, int]]:
        """How many ballots were out and came back; of a hall's keypads, who pressed and whom they counted."""
        return handed(self.vote)

    @property
    def counted_told(self) -> str:
        """The same in a sentence, with how many were valid and how many not."""
        return figures.handed_told(self.vote)

    @property
    def then(self) -> str:
        """How a tie or places left are settled."""
        return then_of(self.vote)

    @property
    def decision(self) -> Paper | None:
        """What the presidium decided on them, where it does."""
        return decision_on(self.vote)


def handed(vote: Vote) -> list[tuple[str, int]]:
    """How many ballots were out and came back, each with what it is called, by the way the vote was held."""
    return list(zip(figures.handed_as(vote), (vote.issued or 0, vote.returned or 0), strict=True))


def repeats_void(vote: Vote) -> bool:
    """Whether it has yet to begin in the place of a void one, which `follows_because` says the reason of."""
    before = vote.follows
    return vote.state == VoteState.DEFINED and before is not None and before.state == VoteState.VOID


def announced_votes(about: str, *purposes: str) -> QuerySet[Vote]:
    """The votes whose result was announced, in order, whatever has become of it since (`recounts_on`)."""
    return votes_about(about, *purposes).filter(state=VoteState.DECLARED).prefetch_related("options")


def declared_votes(about: str, *purposes: str) -> list[Vote]:
    """The votes whose announced result holds, in order; a recounted or void one is not among them.

    Needs a context that may read the township: of a recount that was not announced the public sees nothing.
    """
    return list(announced_votes(about, *purposes).exclude(followed_by__is_recount=True))


def counts_before(vote: Vote) -> list[Vote]:
    """The counts this recount repeats, the latest first and the first count last. Empty for a first count."""
    found: list[Vote] = []
    while vote.is_recount and vote.follows:
        vote = vote.follows
        found.append(vote)
    return found


def corrected_by(vote: Vote) -> Vote | None:
    """The vote announced last whose result this one's takes the place of, counting its ballots again or, where a recount
    became void, held instead; None where it takes no announced result's place."""
    before = vote
    while before.follows and (before.is_recount or before.follows.state == VoteState.VOID):
        before = before.follows
        if before.state == VoteState.DECLARED:
            return before
    return None


def keyers_before(vote: Vote) -> set[int]:
    """Who keyed the counts this recount repeats: a second pair keys it, not they. Empty for a first count."""
    return {keying.by_id for count in counts_before(vote) for keying in count.keyings.all()}


def keyers_of(vote: Vote) -> set[int]:
    """Who keyed this count or one it repeats: whoever counts these ballots again is none of them."""
    return {keying.by_id for keying in vote.keyings.all()} | keyers_before(vote)


def read_keyings(votes: Iterable[Vote]) -> None:
    """Have the keyings of these votes, and of the counts they repeat, at hand: two queries for however many."""
    wanted = list(votes)
    about = {vote.about_reference for vote in wanted}
    known = Vote.objects.filter(about_reference__in=about).in_bulk()
    there = [*wanted, *known.values()]
    for vote in there:
        if vote.follows_id in known:
            vote.follows = known[vote.follows_id]
    prefetch_related_objects(there, "keyings")


def pairs_before(vote: Vote) -> list[set[str]]:
    """Which two holders, by office, opened the box for each count this recount repeats. Empty for a first count."""
    opened = (count.figures.get("opened_by") for count in counts_before(vote))
    return [set(holders) for holders in opened if holders]


def quorum_needed(vote: Vote) -> int:
    """Deputies who must attend (组织法 14); 0 where the rules ask for none."""
    return meetings.quorum_needed(quorum_from(vote.rules.get("quorum", "2/3")), vote.deputies_in_office)


@dataclass(frozen=True)
class Desk:
    """What everybody at the tellers' desk may see: people and papers, no sums. Figures None until entered."""

    vote: Vote
    in_office: int
    on_leave: int | None
    present: int | None
    quorum: int

    @property
    def absent(self) -> int | None:
        """Who is neither here nor on leave."""
        if self.present is None or self.on_leave is None:
            return None
        return self.in_office - self.present - self.on_leave

    @property
    def handed(self) -> list[tuple[Any, int | None]]:
        """What went out and came back by each way, with what it is called."""
        return [*out_by_way(self.vote), *back_by_way(self.vote)]


def desk_of(vote: Vote) -> Desk:
    """应到、请假、实到、法定人数、发出、收回 of one vote."""
    return Desk(
        vote,
        vote.deputies_in_office,
        vote.on_leave,
        vote.deputies_present,
        quorum_needed(vote),
    )


ENTERED = {
    "present": gettext_lazy("实到代表"),
    "on_leave": gettext_lazy("请假"),
    "issued": gettext_lazy("发出表决票"),
    "paper_issued": gettext_lazy("发出纸质票"),
    "by_device": gettext_lazy("用手机投票的代表"),
    "returned": gettext_lazy("收回表决票"),
    "paper_returned": gettext_lazy("收回纸质票"),
    "held_on": gettext_lazy("主席团会议日期"),
    "attended": gettext_lazy("到会主席团成员"),
    "votes_for": gettext_lazy("赞成"),
    "votes_against": gettext_lazy("反对"),
    "votes_abstain": gettext_lazy("弃权"),
}


def entered_on(vote: Vote, what: str) -> dict[str, Any] | None:
    """Who entered it, the figures as (label, number), and who votes on paper where others vote by device.

    Of a new vote asked for: the presidium's meeting and its minutes. Of codes to be replaced: whose (lines).
    """
    found = witnessing.entered(vote, what)
    if found is None:
        return None
    meeting, paper = found.figures.get("meeting", {}), found.figures.get("on_paper", ())
    told = found.figures | meeting | ({"attended": len(meeting["attended"])} if meeting else {})
    if what == "open":
        told |= _by_way(vote, found.figures["issued"], len(paper))
    return {
        "by": found.by,
        "figures": named_figures(vote, told),
        "minutes": meeting.get("minutes", ""),
        "lines": _names(found.figures.get("lines", ())),
        "on_paper": _names(paper),
        "by_device": vote.device and what == "open",
        "reason": found.figures.get("reason", ""),
    }


def _by_way(vote: Vote, issued: int, paper: int) -> dict[str, int]:
    """What is issued by the ways a vote is held, by the names of `ENTERED`; empty where there is one way only, the paper's."""
    if not (vote.device or vote.keypad):
        return {}
    others = {"by_device" if vote.device else "issued": issued - paper}
    return {"paper_issued": paper} | others if paper else others


def named_figures(vote: Vote, figures: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """What is entered at the desk, each with what it is called in this vote. figures: by the names of the desk's forms."""
    labels = ENTERED | {"issued": issued_as(vote)} | returned_as(vote)
    return [(label, figures[name]) for name, label in labels.items() if name in figures]


def issued_as(vote: Vote) -> str:
    """What those out by the vote's own way are called: who presses, or the ballots."""
    return (figures.pressed_as(vote) if vote.keypad else figures.ballots_as(vote))[0]


def returned_as(vote: Vote) -> dict[str, Any]:
    """What the figures of a closing are called in this vote, by the names of its form: in a recount nothing comes back."""
    whole, paper = _back_as(vote)
    return {"returned": paper if vote.device else whole, "paper_returned": paper}


def _back_as(vote: Vote) -> tuple[Any, Any]:
    """What those back by the vote's own way are called, and those on paper beside it."""
    by_hand = (
        (gettext_lazy("重新清点张数"), gettext_lazy("重新清点纸质票"))
        if vote.is_recount
        else (figures.ballots_as(vote)[1], ENTERED["paper_returned"])
    )
    return (figures.pressed_as(vote)[1], by_hand[1]) if vote.keypad else by_hand


def came_back_before(vote: Vote) -> list[tuple[Any, int]]:
    """How many had come back at the count a recount repeats, as they are counted out again; empty for any other vote."""
    return came_back_at(vote.follows) if vote.is_recount and vote.follows else []


def came_back_at(count: Vote) -> list[tuple[Any, int]]:
    """How many came back at a count that is repeated, or is to be, each with what it is called."""
    pressed = (
        [(gettext_lazy("前次表决器记录的人数"), count.recorded or 0)] if figures.is_pressed(count) else []
    )
    if not figures.on_paper(count, "issued"):
        return pressed
    only = count.own_channel == Channel.PAPER
    label = gettext_lazy("前次收回") if only else gettext_lazy("前次收回纸质票")
    return [*pressed, (label, figures.on_paper(count, "returned"))]


def went_out(vote: Vote) -> list[tuple[Any, int]]:
    """How many ballots are out, by the way the vote is held, each with what it is called; empty before it opens.

    Of a vote by device the paper is told apart: it alone is counted by hand when it comes back.
    """
    return [] if vote.issued is None else [(label, number or 0) for label, number in out_by_way(vote)]


def out_by_way(vote: Vote) -> list[tuple[Any, int | None]]:
    """The same at any time: the vote's own way first, None before it opens, then the paper beside it."""
    on_paper = [(ENTERED["paper_issued"], vote.paper_issued)] if vote.paper_issued else []
    return [(issued_as(vote), vote.pressing if vote.keypad else vote.issued), *on_paper]


def back_by_way(vote: Vote) -> list[tuple[Any, int | None]]:
    """How many came back, or are counted out again, likewise; None before they have."""
    whole, paper = _back_as(vote)
    on_paper = [(paper, vote.paper_returned)] if vote.paper_issued else []
    return [(whole, vote.recorded if vote.keypad else vote.returned), *on_paper]


def _names(lines: Sequence[int]) -> list[str]:
    """The names of lines of a roll, in its order."""
    return list(RollLine.objects.filter(pk__in=lines).values_list("name", flat=True))


def round_of(vote: Vote) -> int:
    """The round of keying under way: one more than the rounds both people have keyed."""
    keyed = Counter(keying.round for keying in vote.keyings.all())
    return sum(people == 2 for people in keyed.values()) + 1


def keyings_of(vote: Vote, round_number: int) -> list[Keying]:
    """The keyings of a round by turn."""
    there = [keying for keying in vote.keyings.all() if keying.round == round_number]
    return sorted(there, key=lambda keying: keying.turn)


@dataclass(frozen=True)
class Rejection:
    """Why two keyings were not accepted. places: where they differ, no figures; problems: what does not balance.

    sentences: the same with the figures of both, which no counter may see before keying again. lost: one of the two came
    back from a backup, which does not hold it (`kept_from_backups`).
    """

    differences: tuple[count.Difference, ...] = ()
    problems: tuple[count.Problem, ...] = ()
    lost: bool = False

    @property
    def places(self) -> list[str]:
        return [figures.place_of(one) for one in self.differences]

    @property
    def sentences(self) -> list[str]:
        differences = [one.sentence for one in self.differences]
        return differences + [one.sentence for one in self.problems]

    def __bool__(self) -> bool:
        return bool(self.differences or self.problems or self.lost)


def rejection_of(vote: Vote, round_number: int) -> Rejection:
    """What stands against the two keyings of a round; empty means they agree and balance."""
    first, second = keyings_of(vote, round_number)
    if not (first.figures and second.figures):
        return Rejection(lost=True)
    if differences := figures.differences_of(vote, first.figures, second.figures):
        return Rejection(differences=tuple(differences))
    return Rejection(problems=tuple(figures.problems_of(vote, first.figures)))


def kept_from_backups() -> list[Vote]:
    """The votes whose keyings no backup may hold: signing will forget what one way to vote came to, a backup would not.

    Those counted again or void have forgotten it already. Needs the system's context.
    """
    under_way = Vote.objects.filter(
        state__in=(VoteState.CLOSED, VoteState.KEYED), keyings__isnull=False, followed_by=None
    )
    return [vote for vote in under_way.distinct().order_by("pk") if figures.is_of_two_ways(vote)]


def lacks_paper(vote: Vote) -> bool:
    """Whether it waits for its box with keyings that were lost: the paper is keyed again first."""
    before = round_of(vote) - 1
    return vote.state == VoteState.CLOSED and before > 0 and rejection_of(vote, before).lost


def agreed_on_paper(vote: Vote) -> dict[str, Any] | None:
    """The paper's tally the last two keyings agree on; an empty one where no paper was issued; None while they do not."""
    if not figures.to_key(vote, "issued"):
        return figures.empty_sheet(vote)
    before = round_of(vote) - 1
    if not before or rejection_of(vote, before):
        return None
    return dict(keyings_of(vote, before)[0].figures)


def last_rejection(vote: Vote) -> Rejection | None:
    """What stood against the round before the one under way; None in the first."""
    before = round_of(vote) - 1
    return rejection_of(vote, before) if vote.state == VoteState.CLOSED and before else None


@dataclass(frozen=True)
class Comparison:
    """A recount held against the count before it. lines: every line of the two; none where they cannot be compared.

    comparable: whether the count before had come to figures at all.
    """

    first: Vote
    comparable: bool
    lines: tuple[count.Compared, ...] = ()

    @property
    def differences(self) -> tuple[str, ...]:
        """Each difference in a sentence with both figures; empty where there is none."""
        return tuple(_difference(line.line, *figure) for line in self.lines for figure in line.changed)

    @property
    def sentence(self) -> str:
        """The whole of it in one paragraph, for the report and the vote's page."""
        first = self.first.title
        if not self.comparable:
            return _("本次为复票。前次计票“%(first)s”未形成相符的数字，无从比较。") % {"first": first}
        if not self.differences:
            return _("本次为复票，与前次计票“%(first)s”比较：各项数字与前次完全一致。") % {"first": first}
        told = {"first": first, "differences": in_a_row(self.differences, _("%(first)s；%(rest)s"))}
        return _("本次为复票，与前次计票“%(first)s”比较：%(differences)s。") % told


def _difference(line: str, name: str, before: int | str, now: int | str) -> str:
    told = {"figure": figures.figure_on(line, name), "first": before, "second": now}
    if isinstance(now, str):
        return _("%(figure)s前次“%(first)s”，本次“%(second)s”") % told
    return _("%(figure)s前次 %(first)s，本次 %(second)s") % told


def compared_with_first(vote: Vote) -> Comparison | None:
    """How a recount's figures stand beside those it repeats; None for a first count, or before it has figures."""
    if not (vote.is_recount and vote.follows and vote.figures):
        return None
    first = vote.follows
    if not first.figures:
        return Comparison(first, comparable=False)
    lines = count.compare_counts(figures.counted_figures(first), figures.counted_figures(vote))
    return Comparison(first, True, tuple(lines))


def signatures_hold(vote: Vote) -> bool:
    """Whether what is stored is still what was signed: every signature's digest made again."""
    digest = figures.digest_of(vote)
    return all(signature.digest == digest for signature in vote.signatures.all())


@dataclass(frozen=True)
class Line:
    """One candidate's result in one vote. of: the majority's base in persons or ballots, None where none was asked.

    place: elected, tied, left (to the next session) or not_elected; reason: the count's sentence, with its figures.
    """

    position: int
    reference: str
    title: str
    in_favour: int
    against: int
    abstain: int
    not_pressed: int
    points: int
    base: str
    of: int | None
    needed: int
    place: str
    reason: str

    @property
    def elected(self) -> bool:
        return self.place == "elected"

    @property
    def tied(self) -> bool:
        return self.place == "tied"

    @property
    def is_open(self) -> bool:
        """Whether it is neither elected nor not: tied, or left to the next session."""
        return self.place in ("tied", "left")

    @property
    def word(self) -> str:
        """What every page calls the place."""
        return str(PLACES[self.place])


def lines_of(vote: Vote) -> list[Line]:
    """The result of a certified vote, in the order of the paper; empty before both signatures.

    Those tied, and those left to the next session, stand where the presidium has put them once it has decided.
    """
    if vote.state not in STANDING:
        return []
    outcome = figures.signed_outcome(vote)
    lines = [_line(option, outcome) for option in vote.options.all()]
    if is_left_over(vote):
        return [replace(line, place="left") if line.place == "not_elected" else line for line in lines]
    decision = decision_on(vote)
    return [_as_decided(line, decision) for line in lines] if decision else lines


def decision_on(vote: Vote) -> Paper | None:
    """What the presidium decided after the vote where its rules leave that to it (rules.md §6.2); None before.

    A tie across the last place, or places left that stay vacant after all. The signed tally stays as it is: this stands
    beside it. Its data: `chosen`, the references of those elected; `presidium` and `on`, who decided and when.
    """
    if not (is_tied_for_presidium(vote) or _leaves_places(vote)):
        return None
    return Paper.objects.filter(kind="vote_decision", subject=vote.reference).order_by("-pk").first()


def awaits_order(vote: Vote) -> bool:
    """Whether it is defined in place of a void vote and the presidium has not decided yet that it be held (rules.md §6.2)."""
    return vote.follows is not None and vote.follows.state == VoteState.VOID and vote.ordered_by_id is None


def awaits_presidium(vote: Vote) -> bool:
    """Whether a result is announced in which the presidium has still to decide on those tied."""
    return vote.state == VoteState.DECLARED and is_tied_for_presidium(vote) and decision_on(vote) is None


def is_left_over(vote: Vote) -> bool:
    """Whether places are left that wait for the next session: not voted on again yet, nor given up."""
    return _leaves_places(vote) and decision_on(vote) is None and not vote.followed_by.exists()


def is_tied_for_presidium(vote: Vote) -> bool:
    """Whether a signed result leaves a tie across the last place that the presidium decides on."""
    return bool(vote.rules.get("tie_by_presidium") and vote.outcome.get("tied"))


def _leaves_places(vote: Vote) -> bool:
    short = vote.outcome.get("outcome") == count.Verdict.SHORTFALL
    return bool(short and vote.rules.get("left_to_next_session") and vote.outcome["not_elected"])


def _as_decided(line: Line, decision: Paper) -> Line:
    if line.elected:
        return line
    chosen = line.reference in decision.data["chosen"]
    told = (
        _("%(reason)s%(presidium)s%(day)s决定入选。")
        if chosen
        else _("%(reason)s%(presidium)s%(day)s决定未入选。")
    )
    reason = told % {
        "reason": line.reason,
        "presidium": decision.data["presidium"],
        "day": date.fromisoformat(decision.data["on"]),
    }
    return replace(line, place="elected" if chosen else "not_elected", reason=reason)


def then_of(vote: Vote) -> str:
    """How a tie across the last place or places left are settled, in words; empty where there is neither."""
    told = {
        count.Verdict.RUNOFF: _("末位票数相等：%(then)s"),
        count.Verdict.SHORTFALL: _("过半数的项目少于应选数：%(then)s"),
    }
    what = told.get(vote.outcome.get("outcome"))
    return (
        what % {"then": count.next_step(figures.decided(vote))} if what and vote.purpose in PROJECTS else ""
    )


def told_besides(vote: Vote) -> list[str]:
    """What the announcement of a signed result says besides its lines: how a tie or places left are settled, until the
    presidium has decided and the lines say so themselves, and what of a result announced before it turns."""
    then = "" if decision_on(vote) else then_of(vote)
    return [*([then] if then else []), *_turned_by(vote)]


def _turned_by(vote: Vote) -> list[str]:
    before = corrected_by(vote) if vote.purpose in PROJECTS else None
    if before is None:
        return []
    words = {line.title: line.word for line in lines_of(before)}
    told = _("更正此前宣布的结果：“%(title)s”由%(before)s改为%(now)s。")
    return [
        told % {"title": line.title, "before": words[line.title], "now": line.word}
        for line in lines_of(vote)
        if line.word != words[line.title]
    ]


def ranks_of(vote: Vote, lines: Iterable[Line]) -> dict[str, int]:
    """The rank of everyone elected, from 1, by title: the count's order, then those the presidium chose."""
    counted = vote.outcome["elected"]
    chosen = [line.title for line in lines if line.elected and line.title not in counted]
    return {title: rank for rank, title in enumerate([*counted, *chosen], 1)}


def _line(option: Any, outcome: dict[str, Any]) -> Line:
    sums, majority = outcome["sums"][option.title], outcome["majority"]
    place = next(name for name in ("elected", "tied", "not_elected") if option.title in outcome[name])
    return Line(
        option.position,
        option.reference,
        option.title,
        sums["for"],
        sums["against"],
        sums["abstain"],
        sums["not_pressed"],
        sums["points"],
        majority["base"],
        majority["of"],
        majority["needed"],
        place,
        outcome["reasons"][option.title],
    )


@dataclass(frozen=True)
class Recounted:
    """What has become of counting a vote's ballots again, however often they were. last: the last count of them.

    now: where it stands now: that count or, where it is void, the vote held in its place, however often counted.
    """

    last: Vote
    now: Vote

    @property
    def instead(self) -> Vote | None:
        """The vote whose announced result holds in its place; None as long as none is announced."""
        return self.now if self.now.state == VoteState.DECLARED else None

    @property
    def came_to(self) -> Recounting:
        """Where it stands; whoever tells of it has words for each."""
        if self.last.state != VoteState.VOID:
            return Recounting.DECLARED if self.instead else Recounting.COUNTING
        if self.instead:
            return Recounting.HELD
        return Recounting.COUNTING_ANEW if is_counting_again(self.now) else Recounting.ORDERED


def is_counting_again(vote: Vote) -> bool:
    """Whether it counts ballots again and its result has not been announced yet."""
    return vote.is_recount and vote.state not in (VoteState.VOID, VoteState.DECLARED)


@dataclass(frozen=True)
class Followers:
    """What follows votes, by the number of the vote it follows. recounts: its ballots counted again; others: a vote held
    instead of a void one, or that goes on from it."""

    recounts: Mapping[int | None, Vote]
    others: Mapping[int | None, Vote]

    def now(self, vote: Vote) -> Vote:
        """Where a vote stands: it, the last count of its ballots or, where that is void, the vote held instead."""
        while then := self.recounts.get(vote.pk) or (
            self.others.get(vote.pk) if vote.state == VoteState.VOID else None
        ):
            vote = then
        return vote


def followers_on(about: Collection[str], *purposes: str) -> Followers:
    """What follows the votes on these records; one query."""
    after = Vote.objects.filter(about_reference__in=about, follows__isnull=False).order_by("pk")
    recounts: dict[int | None, Vote] = {}
    others: dict[int | None, Vote] = {}
    for vote in after.filter(purpose__in=purposes) if purposes else after:
        (recounts if vote.is_recount else others)[vote.follows_id] = vote
    return Followers(recounts, others)


def recounts_on(about: Collection[str], *purposes: str) -> dict[int, Recounted]:
    """The recounts on these records, by the number of each vote whose ballots they count again; one query.

    Of a recount that is counted again itself the votes it goes back to come to what that one comes to.
    """
    if not about:
        return {}
    followers = followers_on(about, *purposes)
    found = {}
    for counted, last in followers.recounts.items():
        while last.pk in followers.recounts:
            last = followers.recounts[last.pk]
        found[counted or 0] = Recounted(last, followers.now(last))
    return found


def with_recounts(votes: Iterable[Vote]) -> list[Vote]:
    """The same votes, each with what has become of counting its ballots again; one query for however many.

    `recounted`: that (`Recounting`), `recount`: the same with the counts it rests on (`Recounted`); None where they were not.
    """
    told: list[Any] = list(votes)
    recounts = recounts_on({vote.about_reference for vote in told})
    for vote in told:
        again = recounts.get(vote.pk)
        vote.recounted = again.came_to if again else None
        vote.recount = again
    return told


def vote_page(vote: Vote) -> dict[str, Any]:
    """What a vote's own page adds to its record: candidates, and once declared sums, reconciliation and signatures.

    handed: what went out and came back, each with what it is called. results: position, title, figures under the titles of
    `figures`, word, reason and whether it is good.
    """
    page: dict[str, Any] = {
        "options": list(vote.options.all()),
        "quorum_needed": quorum_needed(vote),
        "elects": vote.purpose in PROJECTS,
        "handed": [*out_by_way(vote), *back_by_way(vote)],
    }
    if vote.state != VoteState.DECLARED or "sums" not in vote.outcome:
        return page | {"results": []}
    decided = {
        line.title: {"word": line.word, "good": line.elected, "tied": line.is_open, "reason": line.reason}
        for line in (lines_of(vote) if vote.purpose in PROJECTS else [])
    }
    words = figures.words_of(vote)
    return page | {
        "figures": [getattr(words, figure) for figure in figures.figures_of(vote)],
        "results": [
            row | decided.get(row["title"], {})
            for row in figures.counted_lines(vote, figures.signed_outcome(vote))
        ],
        "then": then_of(vote),
        "decision": decision_on(vote),
        "equations": figures.equations(vote),
        "ballots": figures.ballots_told(vote),
        "signatures": list(vote.signatures.select_related("by").order_by("at")),
        "signatures_hold": signatures_hold(vote),
        "compared": compared_with_first(vote),
        "spoiled": figures.spoiled_of(vote),
    }


def turnout_of(vote: Vote) -> dict[str, int]:
    """How many may vote by device and how many have; the only figure shown while a vote is open."""
    on_roll = vote.roll.filter(channel=Channel.DEVICE)
    return {"by_device": on_roll.count(), "voted": on_roll.filter(voted=True).count()}
