"""第N届第M次会议 on one page: who was there, what was decided, what was asked, and what it still owes before it closes.

No sum of a vote stands here before the chair has announced it: results come from `lines_of` and `lines_told` of declared
votes alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.ballots import figures as fig
from projects.ballots.models import Purpose, Recounting, Vote, VoteState
from projects.ballots.outcomes import lines_told
from projects.ballots.reporting import readable_papers
from projects.ballots.selectors import PROJECTS, lines_of, with_recounts
from projects.cycles.models import CycleSession, Paper, Presence, RollLine, Session, SessionState
from projects.deliberation.models import AddedMatter, MatterState, Question, Withdrawal
from projects.deliberation.selectors import RollChange, changes_at, roll_at
from projects.evaluation.selectors import measured_at
from projects.supervision.models import Interpellation, InterpellationState
from projects.supervision.sessions import obstacles_to_closing
from projects.voting.superseding import told_superseded
from workflow.flows.models import Deadline, Meeting
from workflow.people.models import User
from workflow.people.saying import bracketed, listed
from workflow.roles import registry
from workflow.roles.models import RoleGrant

BEGUN = (SessionState.OPEN, SessionState.CLOSED)
HERE = (Presence.PRESENT, Presence.LATE)
# What a session leaves in the files of its years; other papers made on its days are none of its business.
LEFT = (
    "minutes",
    "explanation",
    "method",
    "tellers",
    "completion_report",
    "presidium_report",
    "resolution",
    "announcement",
)


def sessions_visible(grant: RoleGrant) -> QuerySet[Session]:
    """Sessions an office sees, the latest first, with the years they serve."""
    held = Session.objects.select_related("unit").prefetch_related("uses__cycle__unit")
    held = held.order_by("-held_on", "-pk")
    return held if registry.office(grant.office).reads_below else held.filter(unit=grant.tenant)


def years_held(held: QuerySet[Session]) -> list[int]:
    """The calendar years in which sessions are held, the latest first."""
    return [day.year for day in held.order_by().dates("held_on", "year", order="DESC")]


# ------------------------------------------------------------------------------- one session


def session_page(session: Session, grant: RoleGrant, at: datetime) -> dict[str, Any]:
    """Everything of one session that an office may read."""
    closing = _closing_of(session)
    until = _until(session, closing, localdate(at))
    votes = votes_at(session)
    papers = papers_at(session, [row.vote for row in votes], grant.office, until)
    return {
        "uses": list(session.uses.select_related("cycle__unit").order_by("cycle__year", "pk")),
        "closed_on": until if session.state == SessionState.CLOSED else None,
        "attendance": attendance_at(session),
        "agenda": _last(papers, "agenda"),
        "presidium": presidium_of(session, papers),
        "yet_to_count": yet_to_count(votes),
        "votes": votes,
        "measured": measured_at(session),
        "decisions": decisions_at(session, until),
        "questions": questions_at(session),
        "interpellations": interpellations_at(session),
        "motions": motions_at(session),
        "papers": [paper for paper in papers if paper.kind != "minutes"],
        "minutes": [paper for paper in papers if paper.kind == "minutes"],
        **_before_closing(session, closing, grant, at),
    }


def _closing_of(session: Session) -> Deadline | None:
    """The task of closing it, which opens with the session; None before, or where the office may not read it."""
    tasks = Deadline.objects.filter(subject=session.reference, key="supervision.close_session")
    return tasks.filter(cancelled=False).select_related("unit", "seat").first()


def _until(session: Session, closing: Deadline | None, today: date) -> date | None:
    """The last day of what was done at it: when it was closed; as long as it is held, today; None before it begins."""
    if session.state not in BEGUN:
        return None
    if session.state == SessionState.OPEN:
        return max(session.last_on, today)
    return localdate(closing.done_at) if closing and closing.done_at else session.last_on


def _before_closing(
    session: Session, closing: Deadline | None, grant: RoleGrant, at: datetime
) -> dict[str, Any]:
    """What the session still owes. Not told to whom reads a part of the work only: much of it would not be seen."""
    if session.state != SessionState.OPEN or not grant.reads_all:
        return {"is_held": False}
    return {"is_held": True, "owed": obstacles_to_closing(session, at), "closing": closing}


# Who was there


@dataclass(frozen=True)
class Attendance:
    """The roll as it stands, as it was last called. in_office: N, None before it is known; the others None before the first
    roll call.

    changes: who joined it or left it since it was fixed. delegations: the lines of the roll under the name of their
    delegation, by its code; "" where there is none.
    """

    in_office: int | None
    present: int | None
    late: int
    leave: int | None
    absent: int | None
    delegations: list[tuple[str, list[RollLine]]]
    changes: list[RollChange]

    @property
    def on_roll(self) -> int:
        """How many lines the roll has."""
        return sum(len(lines) for _name, lines in self.delegations)


def attendance_at(session: Session) -> Attendance:
    """应到, 出席, 请假 and 缺席 of a session, and everybody on its roll."""
    lines = list(roll_at(session))
    called = any(line.presence != Presence.EXPECTED for line in lines)

    def number(*kinds: str) -> int | None:
        return sum(line.presence in kinds for line in lines) if called else None

    found: dict[tuple[str, str], list[RollLine]] = {}
    for line in lines:
        of = line.delegation
        found.setdefault((of.code, of.name) if of else ("", ""), []).append(line)
    return Attendance(
        session.deputies_in_office or len(lines) or None,
        number(*HERE),
        number(Presence.LATE) or 0,
        number(Presence.LEAVE),
        number(Presence.ABSENT),
        [(name, found[code, name]) for code, name in sorted(found)],
        changes_at(session),
    )


def presidium_of(session: Session, papers: Iterable[Paper]) -> list[str]:
    """The names of the presidium its preliminary meeting elected; empty before, and at a subdistrict's.

    Whoever has left the roll since is a member no more, and is told as such.
    """
    elected = [paper.data["presidium"] for paper in papers if paper.data.get("presidium")]
    if not elected:
        return []
    members = User.objects.filter(username__in=elected[-1]).order_by("pk").values_list("pk", "name")
    still = set(session.roll.in_office().values_list("user", flat=True))
    gone = set(session.roll.exclude(left_at=None).values_list("user", flat=True)) - still
    return [bracketed(name, _("已离任")) if pk in gone else name for pk, name in members]


def yet_to_count(votes: Iterable[VoteRow]) -> list[str]:
    """The votes to come that who is here has not been counted for, or not since the roll changed, by title."""
    return [
        row.vote.title
        for row in votes
        if row.vote.state == VoteState.DEFINED and row.vote.deputies_present is None
    ]


# What was decided


@dataclass(frozen=True)
class VoteRow:
    """One vote. told: its result in words, "" before it is announced; named: the projects elected by it."""

    vote: Vote
    told: str = ""
    good: bool = False
    named: tuple[str, ...] = ()


RECOUNTED = {
    Recounting.COUNTING: gettext_lazy("正在复票，以重新宣布的结果为准"),
    Recounting.DECLARED: gettext_lazy("已复票，以复票结果为准"),
    Recounting.ORDERED: gettext_lazy("复票无效，由主席团决定重新投票"),
    Recounting.HELD: gettext_lazy("复票无效，已经重新投票，以重新投票的结果为准"),
    Recounting.COUNTING_ANEW: gettext_lazy("复票无效，重新投票后正在复票，以重新宣布的结果为准"),
}


def votes_at(session: Session) -> list[VoteRow]:
    """The votes of a session in the order defined."""
    votes = session.votes.select_related("unit").prefetch_related("options").order_by("pk")
    return [_row_of(vote) for vote in with_recounts(votes)]


def _row_of(vote: Any) -> VoteRow:
    if vote.recounted:
        return VoteRow(vote, str(RECOUNTED[vote.recounted]))
    if vote.state == VoteState.VOID:
        return VoteRow(vote, vote.state_told)
    if vote.state != VoteState.DECLARED:
        return VoteRow(vote)
    if vote.purpose in PROJECTS:
        lines = lines_of(vote)
        elected = tuple(line.title for line in lines if line.elected)
        told = _("入选 %(n)s 个") % {"n": len(elected)}
        if waiting := sum(line.is_open for line in lines):
            told = _("入选 %(n)s 个，待定 %(waiting)s 个") % {"n": len(elected), "waiting": waiting}
        return VoteRow(vote, told, bool(elected), elected)
    lines_said = lines_told(vote, fig.signed_outcome(vote))
    if vote.purpose == Purpose.MEASUREMENT:
        return VoteRow(vote, _("已测评 %(n)s 个项目") % {"n": len(lines_said)}, bool(lines_said))
    return VoteRow(
        vote, listed(line["word"] for line in lines_said), all(line["good"] for line in lines_said)
    )


def decisions_at(session: Session, until: date | None) -> list[Meeting]:
    """What the hall decided on the days of a session, by show of hands or by ballot: 票决办法, tellers, resolutions, 追认."""
    if until is None:
        return []
    decided = Meeting.objects.filter(
        unit=session.unit, body="congress", held_on__range=(session.held_on, until)
    )
    return list(decided.select_related("task__deadline").order_by("held_on", "pk"))


# What was asked and moved


def questions_at(session: Session) -> list[Question]:
    """询问 put at a session, in the order put."""
    asked = Question.objects.filter(session=session).select_related("department", "by", "item")
    return list(asked.order_by("pk"))


def interpellations_at(session: Session) -> list[Interpellation]:
    """质询案 of a session, each with how many signed. One still being signed is not before it, and its signers' own."""
    found = session.interpellations.exclude(state=InterpellationState.GATHERING)
    return list(found.select_related("department", "project").annotate(signed=Count("movers")).order_by("pk"))


@dataclass(frozen=True)
class Motion:
    """A withdrawal asked for, or a matter tabled jointly, and what became of it. words: why; signed: 0 for the former."""

    record: Any
    words: str
    signed: int = 0


def motions_at(session: Session) -> list[Motion]:
    """撤回和增加 before the vote of every year that votes at a session (组织法 22)."""
    years = CycleSession.objects.filter(session=session, use=CycleSession.Use.VOTE).values("cycle")
    asked = Withdrawal.objects.filter(item__cycle__in=years).select_related("item")
    tabled = AddedMatter.objects.filter(cycle__in=years).exclude(state=MatterState.GATHERING)
    return [
        *(Motion(one, one.reason) for one in asked.order_by("pk")),
        *(
            Motion(one, one.content, one.signed)
            for one in tabled.annotate(signed=Count("movers")).order_by("pk")
        ),
    ]


# Its papers


def papers_at(session: Session, votes: Iterable[Vote], office: str, until: date | None) -> list[Paper]:
    """The papers of a session that an office may read, in the order made: its notice, its votes', what it left."""
    counted = [vote.reference for vote in votes]
    its_own = Q(subject=session.reference) | Q(data__session=session.reference)
    its_own |= Q(subject__in=counted) | Q(data__vote__in=counted)
    if until:
        its_own |= Q(kind__in=LEFT, made_on__range=(session.held_on, until))
    papers = readable_papers(Paper.objects.filter(its_own, unit=session.unit), office)
    return told_superseded(papers.order_by("made_on", "pk"))


def _last(papers: Iterable[Paper], kind: str) -> Paper | None:
    found = [paper for paper in papers if paper.kind == kind]
    return found[-1] if found else None
