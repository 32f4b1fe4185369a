"""Reads of step 3, and what stands in the way of its acts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.timezone import localdate, localtime

from projects.ballots.models import Purpose, Vote, VoteState
from projects.ballots.questions import figures_by_ballot, is_carried
from projects.ballots.selectors import current_vote
from projects.ballots.tellers import count_another, obstacles_to_changing_roll
from projects.cycles.divisions import sentence_of
from projects.cycles.models import Cycle, CycleState, Paper, RollLine, Session, SessionState
from projects.cycles.selectors import (
    deputies_at,
    open_session,
    paper_of,
    papers_of,
    session_of,
    sitting_term,
)
from projects.cycles.terms import term_faults
from projects.deliberation import rules
from projects.deliberation.models import (
    AddedMatter,
    MatterState,
    Opinion,
    Question,
    QuestionState,
    Receipt,
    Visit,
    Withdrawal,
    WithdrawalState,
)
from projects.selection.models import Item, ItemState
from projects.selection.rules import surplus_warnings
from projects.selection.selectors import candidates_of as listed_of
from projects.selection.selectors import unanswered as proposals_unanswered
from workflow.flows.meetings import majority_needed
from workflow.flows.models import Deadline
from workflow.inbox.reading import PersonalData
from workflow.people.models import Unit, UnitKind, User
from workflow.people.saying import said as _
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import holders_of, live_grants, seats_of

STAFF = ("counter", "clerk", "gov_clerk", "department", "finance", "legal", "station")
AFTER_THE_VOTE = (CycleState.SUPERVISING, CycleState.EVALUATING)
BEFORE_THE_CONGRESS = ("deliberation.put_method", "deliberation.adopt_method")
ASKED_ABOUT = (CycleState.DELIBERATING, CycleState.VOTING, *AFTER_THE_VOTE)


def candidates_of(cycle: Cycle) -> QuerySet[Item]:
    """The candidates that stand now, in the order of their numbers."""
    return (
        Item.objects.filter(cycle=cycle, state=ItemState.CANDIDATE)
        .select_related("department")
        .order_by("number")
    )


def session_for(cycle: Cycle) -> Session:
    """The session the cycle votes at; only before the report to the Party committee there is none."""
    session = session_of(cycle, "vote")
    if session is None:
        raise Session.DoesNotExist(cycle.reference)
    return session


def session_is_open(cycle: Cycle) -> bool:
    """Whether the session the cycle votes at is being held now (组织法 23)."""
    session = session_of(cycle, "vote")
    return session is not None and session.state == SessionState.OPEN


def method_vote(cycle: Cycle) -> Vote | None:
    """The ballot on the 票决办法, the last one where one did not carry it; None before there is one."""
    return current_vote(cycle.reference, Purpose.METHOD)


def is_method_at_desk(cycle: Cycle) -> bool:
    """Whether the ballot on the 票决办法 is defined and its result not announced."""
    vote = method_vote(cycle)
    return vote is not None and vote.state != VoteState.DECLARED


def is_adopted_by_ballot(cycle: Cycle) -> bool:
    """Whether the ballot on the 票决办法 has carried it."""
    return is_carried(method_vote(cycle))


def is_put_to_ballot(cycle: Cycle) -> bool:
    """Whether what the presidium settled is voted on by ballot now, or has been carried: neither is touched any more."""
    return is_method_at_desk(cycle) or is_adopted_by_ballot(cycle)


def adopts_method_by_ballot(cycle: Cycle) -> bool:
    """Whether the rulebook has the 票决办法 adopted by ballot."""
    return bool(cycle.rules.method_adoption == "ballot")


def is_settled(cycle: Cycle) -> bool:
    """Whether the ballot is settled: the congress has the 票决办法 before it or votes on it, or the vote has begun."""
    if cycle.state != CycleState.DELIBERATING:
        return True
    return (
        is_before_the_congress(cycle)
        or is_put_to_ballot(cycle)
        or Item.objects.filter(cycle=cycle, state=ItemState.ON_BALLOT).exists()
    )


def is_before_the_congress(cycle: Cycle) -> bool:
    """Whether what the presidium settled waits for the congress: to adopt it, or to put it to the ballot."""
    waiting = Deadline.objects.filter(
        about=cycle.reference, key__in=BEFORE_THE_CONGRESS, done_at=None, cancelled=False
    )
    return not is_put_to_ballot(cycle) and waiting.exists()


def roll_at(session: Session) -> QuerySet[RollLine]:
    """The roll of a session as it stands now."""
    return session.roll.in_office().select_related("user", "delegation").order_by("pk")


@dataclass(frozen=True)
class RollChange:
    """A line of a session's roll that began (joined) or ended after the roll was fixed: when, and on what grounds."""

    name: str
    at: datetime
    joined: bool
    because: str

    @property
    def word(self) -> str:
        """What became of the seat."""
        return _("补选到任") if self.joined else _("代表资格终止")

    @property
    def sentence(self) -> str:
        """The change without the name, as a register has it."""
        return _("%(at)s %(word)s：%(because)s") % {
            "at": f"{localtime(self.at):%Y-%m-%d %H:%M}",
            "word": self.word,
            "because": self.because,
        }


def changes_of(line: RollLine) -> list[RollChange]:
    """What became of one line since the roll was fixed."""
    began = [RollChange(line.name, line.joined_at, True, line.joined_because)] if line.joined_at else []
    ended = [RollChange(line.name, line.left_at, False, line.left_because)] if line.left_at else []
    return began + ended


def changes_at(session: Session) -> list[RollChange]:
    """Who joined a session's roll or left it since it was fixed, in the order of time."""
    lines = session.roll.exclude(joined_at=None, left_at=None).order_by("pk")
    return sorted((change for line in lines for change in changes_of(line)), key=lambda change: change.at)


def seated_at(session: Session, on: date) -> list[User]:
    """Who sits at a session: the persons on its roll; before it has one, whoever would be on it that day."""
    return [line.user for line in roll_at(session) if line.user] or deputies_at(session, session.unit, on)


def sitting(session: Session | None, unit: Unit, on: date) -> list[User]:
    """Who sits at a session; where there is none, whoever is a deputy that day."""
    return seated_at(session, on) if session else deputies_at(None, unit, on)


def roll_of(cycle: Cycle) -> QuerySet[RollLine]:
    """The roll of the session the cycle votes at, as it stands now."""
    return (
        RollLine.objects.in_office()
        .filter(session__uses__cycle=cycle, session__uses__use="vote")
        .select_related("user", "delegation")
        .order_by("pk")
    )


def deputies_on_the_roll(cycle: Cycle) -> list[User]:
    """The persons on the roll, in its order."""
    return [line.user for line in roll_of(cycle) if line.user]


def deputies_in_office(unit: Unit, on: date) -> list[User]:
    """Everybody who holds a deputy's office at a township on a day, by id."""
    return holders_of("deputy", unit, on)


def deputies_to_attend(cycle: Cycle, on: date) -> list[User]:
    """Who sits at the cycle's session: at the first of a new congress those elected to it, by id."""
    return deputies_at(session_of(cycle, "vote"), cycle.unit, on)


def by_delegation(session: Session) -> list[tuple[Unit, list[User]]]:
    """The persons on a session's roll under their delegations, by the delegations' codes."""
    found: dict[Unit, list[User]] = {}
    for line in roll_at(session).exclude(delegation=None).order_by("delegation__code", "pk"):
        if line.delegation and line.user:
            found.setdefault(line.delegation, []).append(line.user)
    return list(found.items())


def delegations_before(unit: Unit) -> dict[int, str]:
    """Where each deputy sat at the last session that had a roll."""
    lines = RollLine.objects.filter(unit=unit).exclude(user=None).exclude(delegation=None)
    return {
        line.user_id: str(line.delegation_id)
        for line in lines.order_by("session__held_on", "pk")
        if line.user_id
    }


def obstacles_to_roll(cycle: Cycle, at: datetime) -> list[str]:
    """The roll of a new congress waits for the examination of credentials (组织法 37)."""
    return term_faults(session_for(cycle), sitting_term(cycle.unit))


def staff_of(unit: Unit, on: date) -> list[User]:
    """Who may count: people of the offices' staff who are no deputies, by id."""
    grants = live_grants(on).filter(office__in=STAFF, tenant=unit).select_related("user")
    deputies = {user.pk for user in deputies_in_office(unit, on)}
    # Whoever has counted before may be asked again: the office itself ended with that session.
    before = User.objects.filter(grants__office="counter", grants__tenant=unit, is_active=True)
    found = {*(g.user for g in grants), *before}
    return sorted((user for user in found if user.pk not in deputies), key=lambda user: user.pk)


def staff_grants(users: Iterable[User], unit: Unit, on: date) -> dict[int, list[RoleGrant]]:
    """By whose they are, the offices on a day that make people of a township's staff; a counter's own is none of them."""
    offices = [office for office in STAFF if office != "counter"]
    found: dict[int, list[RoleGrant]] = {user.pk: [] for user in users}
    held = live_grants(on).filter(office__in=offices, tenant=unit, user__in=list(found))
    for grant in held.select_related("unit", "tenant", "principal").order_by("pk"):
        found[grant.user_id].append(grant)
    return found


def delegations_of(unit: Unit, on: date) -> QuerySet[Unit]:
    """The delegations somebody leads."""
    return seats_of("delegation_lead", unit, on)


def unanswered(cycle: Cycle) -> QuerySet[Question]:
    return Question.objects.filter(cycle=cycle, state=QuestionState.ASKED).select_related("department")


def undecided_withdrawals(cycle: Cycle) -> QuerySet[Withdrawal]:
    return Withdrawal.objects.filter(item__cycle=cycle, state=WithdrawalState.ASKED).select_related("item")


def undecided_matters(cycle: Cycle) -> QuerySet[AddedMatter]:
    return AddedMatter.objects.filter(cycle=cycle, state=MatterState.TABLED)


def surplus_told(cycle: Cycle, candidates: int, seats: int) -> list[str]:
    """The warning of the frozen rulebook about a small surplus."""
    return surplus_warnings(candidates, seats, least=cycle.rules.least_candidates(seats))


# --- what stands in the way


def in_session(cycle: Cycle, at: datetime) -> list[str]:
    """Why an act that belongs inside the session cannot be done (组织法 23)."""
    if session_is_open(cycle):
        return []
    return [_("会议没有开会，此事只能在会议期间办理。")]


def obstacles_to_beginning(cycle: Cycle, at: datetime) -> list[str]:
    """Why the session cannot begin: not its day yet, not convened, no roll."""
    session = session_for(cycle)
    found = rules.beginning_faults(localdate(at), session.held_on)
    if session.state == SessionState.PLANNED:
        found.append(_("会期尚未公布，须由主席团发布会议通知。"))
    if session.state == SessionState.CLOSED:
        found.append(_("会议已经闭会。"))
    if cycle.deputies_in_office is None:
        found.append(_("代表名册尚未核定，须由人大办核定实有代表。"))
    return found


def obstacles_to_settling(cycle: Cycle, at: datetime) -> list[str]:
    """Why the presidium cannot settle the ballot yet, and who must act."""
    return [*in_session(cycle, at), *open_matters(cycle), *unanswered_proposers(cycle)]


def unanswered_proposers(cycle: Cycle) -> list[str]:
    """No vote while a proposer whose candidate was left off the agenda waits for an answer (steps.md, step 2)."""
    count = proposals_unanswered(cycle).count()
    return [_("还有 %(n)s 件意见建议未答复提出人，请党政办先答复。") % {"n": count}] if count else []


def open_matters(cycle: Cycle) -> list[str]:
    """Questions without an answer, withdrawals and added matters without a decision."""
    return [*open_questions(cycle), *open_motions(cycle)]


def open_questions(cycle: Cycle) -> list[str]:
    """Which departments have not answered a deputy's question."""
    names = sorted({q.department.name for q in unanswered(cycle)})
    return [_("%(unit)s尚未答复代表的询问。") % {"unit": name} for name in names]


def open_motions(cycle: Cycle) -> list[str]:
    """Withdrawals asked for and matters tabled that the presidium has not decided."""
    return [
        *(
            _("“%(title)s”的撤回申请，主席团尚未决定。") % {"title": w.item.title}
            for w in undecided_withdrawals(cycle)
        ),
        *(
            _("代表联名提出的“%(title)s”，主席团尚未决定。") % {"title": m.title}
            for m in undecided_matters(cycle)
        ),
    ]


def obstacles_to_vote(cycle: Cycle, at: datetime) -> list[str]:
    """What deliberation still owes the vote: an open session, answers, decisions, a method, the roll, free tellers."""
    found = obstacles_to_settling(cycle, at)
    session = session_of(cycle, "vote")
    if session and count_another(session, cycle.reference):
        found.append(_("本次会议另一项投票尚未结束，监票人、计票人正在履职，结束后再通过。"))
    method = paper_of(cycle, "method")
    if method is None:
        found.append(_("票决办法尚未拟定，须由主席团确定。"))
    if cycle.deputies_in_office is None:
        found.append(_("代表名册尚未核定，须由人大办核定实有代表。"))
    return found


def obstacles_to_withdrawing(item: Item, at: datetime) -> list[str]:
    """Why a candidate cannot be withdrawn now: only before it is put to the vote, by its proposer (组织法 22).

    Until the congress has adopted what it votes on; a list settled with the candidate on it is settled anew.
    """
    found = []
    if item.state != ItemState.CANDIDATE:
        found.append(
            _("“%(title)s”现为“%(state)s”，不能撤回。")
            % {"title": item.title, "state": item.get_state_display()}
        )
    elif is_settled(item.cycle) and not is_before_the_congress(item.cycle):
        found.append(_adopted_already(item.cycle))
    if item.added_in_session:
        found.append(_("代表联名提出的项目不由乡镇人民政府撤回。"))
    if item.withdrawals.filter(state=WithdrawalState.ASKED).exists():
        found.append(_("已经申请撤回，等待主席团决定。"))
    return found


def obstacles_to_agreeing(withdrawal: Withdrawal) -> list[str]:
    """Why the presidium cannot agree to a withdrawal any more: what the congress votes on by ballot, or has carried."""
    cycle = withdrawal.item.cycle
    return [_adopted_already(cycle)] if is_put_to_ballot(cycle) else []


def _adopted_already(cycle: Cycle) -> str:
    if is_method_at_desk(cycle):
        return _("票决办法已经付投票表决，不能再撤回。")
    return _("大会已经通过票决办法，不能再撤回。")


def obstacles_to_tabling(cycle: Cycle, at: datetime) -> list[str]:
    """Why a matter cannot be added now: only in session and before the ballot is settled."""
    found = in_session(cycle, at)
    if is_settled(cycle):
        found.append(_("表决事项已经确定，不能再增加。"))
    return found


def obstacles_to_cosigning(matter: AddedMatter, at: datetime) -> list[str]:
    """Why a matter can no longer be signed."""
    if matter.state not in (MatterState.GATHERING, MatterState.LAPSED):
        return [_("签名已满法定人数，已提交主席团。")]
    return obstacles_to_tabling(matter.cycle, at)


def signers_of(movers: QuerySet[User]) -> list[str]:
    """The usernames of who has signed a motion, to be told what became of it."""
    return list(movers.order_by("pk").values_list("username", flat=True))


def session_to_ask_in(cycle: Cycle) -> Session | None:
    """The session in which a year's matters may be asked about now: its own, or any once the year has voted (组织法 23).

    A list that is not before the congress yet is no matter of another session.
    """
    if cycle.state not in ASKED_ABOUT:
        return None
    if session_is_open(cycle):
        return session_of(cycle, "vote")
    return open_session(cycle.unit) if cycle.state in AFTER_THE_VOTE else None


def matters_asked_about(cycle: Cycle) -> QuerySet[Item]:
    """What a question may name: the candidates, and after the vote the projects that came of them."""
    if cycle.state == CycleState.DELIBERATING:
        return candidates_of(cycle)
    return listed_of(cycle).exclude(state__in=(ItemState.NOT_ELECTED, ItemState.RESERVED))


def obstacles_to_asking(cycle: Cycle, at: datetime) -> list[str]:
    """询问 belongs inside a session that is being held (组织法 23)."""
    if session_to_ask_in(cycle):
        return []
    return [
        _(
            "询问在人民代表大会会议期间提出（《地方组织法》第二十三条），现在没有审议本年度事项的会议正在举行。"
        )
    ]


def obstacles_to_replying(question: Question, at: datetime) -> list[str]:
    """A question is answered in the session it was put in (组织法 23)."""
    if question.session.state == SessionState.OPEN:
        return []
    return [
        _("询问在会议期间答复（《地方组织法》第二十三条），%(session)s没有开会。")
        % {"session": question.session}
    ]


def unanswered_at(session: Session) -> list[str]:
    """Which departments owe a session an answer; it does not end over one."""
    asked = Question.objects.filter(session=session, state=QuestionState.ASKED).select_related("department")
    names = sorted({question.department.name for question in asked})
    return [_("%(unit)s尚未答复代表的询问。") % {"unit": name} for name in names]


def obstacles_to_roll_change(session: Session, at: datetime) -> list[str]:
    """A session's roll moves from its fixing until the session is closed, but never while a vote is held on it (组织法 14, 25)."""
    if not session.roll.exists():
        return [_("代表名册尚未核定。")]
    if session.state == SessionState.CLOSED:
        return [_("会议已经闭会，代表名册不再变动。")]
    return obstacles_to_changing_roll(session)


def obstacles_to_visiting(cycle: Cycle, at: datetime) -> list[str]:
    """Visits belong to the time before the session, until the round is closed."""
    if cycle.state != CycleState.DELIBERATING:
        return [_("会前走访视察在审议阶段登记。")]
    if paper_of(cycle, "visits"):
        return [_("会前走访视察已经汇总，不再登记。")]
    return []


# --- what the pages of the steps show


def leaderless(unit: Unit, on: date) -> list[str]:
    """The delegations without a lead, by name."""
    led = delegations_of(unit, on)
    return [
        other.name
        for other in Unit.objects.filter(parent=unit, kind=UnitKind.DELEGATION, ends_on=None).order_by("code")
        if other not in led
    ]


def list_page(cycle: Cycle) -> dict[str, Any]:
    """The candidates, the seats and the session: what every step before the vote looks at."""
    items = list(candidates_of(cycle))
    return {
        "candidates": items,
        "seats": cycle.seats,
        "session": session_of(cycle, "vote"),
        "surplus_percent": cycle.rules.surplus_percent,
        "warnings": surplus_told(cycle, len(items), cycle.seats) if cycle.seats else [],
    }


def budget_page(cycle: Cycle) -> dict[str, Any]:
    return list_page(cycle) | {"funds_note": paper_of(cycle, "funds_note")}


def roll_page(session: Session) -> dict[str, Any]:
    """N as it stands, and what has become of the roll since it was fixed."""
    return {"in_office": session.deputies_in_office, "changes": changes_at(session)}


def convening_page(cycle: Cycle) -> dict[str, Any]:
    return {
        "session": session_of(cycle, "vote"),
        "notice_days": cycle.rules.deadlines["deliberation.convene"],
    }


def visits_page(cycle: Cycle) -> dict[str, Any]:
    """The visits as recorded; personal: those that still say where and what, which every reader of the page sees."""
    visits = list(Visit.objects.filter(cycle=cycle).select_related("by").order_by("on", "pk"))
    telling = tuple(visit.reference for visit in visits if visit.place or visit.words)
    return {
        "visits": visits,
        "voters": sum(visit.voters for visit in visits),
        "personal": PersonalData(Visit.PERSONAL, telling) if telling else None,
        "personal_to_all": True,
    }


def materials_of(cycle: Cycle) -> list[Paper]:
    """The papers the deputies are sent, the last of each kind."""
    kinds = ("agenda", "candidate_table", "bill", "explanation", "funds_note", "budget_table", "convening")
    latest = {paper.kind: paper for paper in papers_of(cycle, step=3).filter(kind__in=kinds).order_by("pk")}
    return [latest[kind] for kind in kinds if kind in latest]


def materials_page(cycle: Cycle) -> dict[str, Any]:
    return {"papers": materials_of(cycle), "deputies": len(deputies_on_the_roll(cycle))}


def departed(cycle: Cycle) -> list[int]:
    """The numbers of the users whose line on the roll of the voting session has ended."""
    lines = RollLine.objects.filter(session__uses__cycle=cycle, session__uses__use="vote").exclude(user=None)
    present = set(lines.filter(left_at=None).values_list("user_id", flat=True))
    return sorted(set(lines.exclude(left_at=None).values_list("user_id", flat=True)) - present)


def preliminary_page(cycle: Cycle) -> dict[str, Any]:
    receipts = Receipt.objects.filter(cycle=cycle).exclude(user__in=departed(cycle))
    return {
        "session": session_of(cycle, "vote"),
        "deputies": cycle.deputies_in_office,
        "agenda": paper_of(cycle, "agenda"),
        "sent": receipts.count(),
        "unconfirmed": receipts.filter(received_at=None).count(),
    }


def deliberating_page(cycle: Cycle) -> dict[str, Any]:
    return list_page(cycle) | {"explanation": paper_of(cycle, "explanation"), **_said(cycle)}


def _said(cycle: Cycle) -> dict[str, Any]:
    return {
        "opinions": list(
            Opinion.objects.filter(cycle=cycle).select_related("delegation", "item").order_by("pk")
        ),
        "questions": list(
            Question.objects.filter(cycle=cycle).select_related("department", "item").order_by("pk")
        ),
        "withdrawals": list(Withdrawal.objects.filter(item__cycle=cycle).select_related("item")),
        "matters": list(AddedMatter.objects.filter(cycle=cycle).order_by("pk")),
    }


def settling_page(cycle: Cycle) -> dict[str, Any]:
    book = cycle.rules
    return (
        list_page(cycle) | _said(cycle) | {"tellers_min": book.tellers_min, "tellers_max": book.tellers_max}
    )


def adopting_page(cycle: Cycle) -> dict[str, Any]:
    method, tellers = paper_of(cycle, "method"), paper_of(cycle, "tellers")
    vote = method_vote(cycle)
    return list_page(cycle) | {
        "division": sentence_of(figures_by_ballot(vote)) if vote and is_carried(vote) else "",
        "method": method,
        "tellers": tellers,
        "notes": method.data.get("warnings", []) if method else [],
        "majority": majority_needed(cycle.deputies_in_office) if cycle.deputies_in_office else None,
        "by_device": cycle.rules.ballot_channel == "device",
    }


def asking_page(cycle: Cycle) -> dict[str, Any]:
    """The session a question would be put in, what it may name, and what has been asked there already."""
    session = session_to_ask_in(cycle)
    asked = Question.objects.filter(cycle=cycle, session=session).select_related("department", "item")
    return {
        "session": session,
        "candidates": list(matters_asked_about(cycle).select_related("department")),
        "questions": list(asked.order_by("pk")),
    }


def question_page(question: Question) -> dict[str, Any]:
    return {"question": question}


def withdrawal_page(withdrawal: Withdrawal) -> dict[str, Any]:
    cycle, item = withdrawal.item.cycle, withdrawal.item
    left = candidates_of(cycle).count() - 1
    return {
        "withdrawal": withdrawal,
        "item": item,
        "warnings": surplus_told(cycle, left, cycle.seats) if cycle.seats else [],
    }


def matter_page(matter: AddedMatter) -> dict[str, Any]:
    return {"matter": matter, "movers": list(matter.movers.order_by("pk")), "plainly": rules.ADDED_PLAINLY}
