"""What deputies, the mayor and the clerk begin of their own accord: the record and the task that follows it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet

from projects.ballots.services import between_votes, follow_roll, hold_turns
from projects.cycles.models import Cycle, CycleState, RollLine, Session
from projects.cycles.papers import attach
from projects.cycles.terms import unseat
from projects.deliberation import rules, selectors, services
from projects.deliberation.flows import MatterFlow, QuestionFlow, WithdrawalFlow
from projects.deliberation.models import AddedMatter, Question, Receipt, Withdrawal
from projects.selection.models import Item
from workflow.audit.services import Act
from workflow.flows.errors import Refused
from workflow.flows.services import Outcome
from workflow.machines.services import fire
from workflow.people.models import Unit, User
from workflow.people.saying import said as _


def visit(act: Act, cycle: Cycle, *, on: date, place: str, voters: int, words: str) -> Outcome:
    """走访、视察 before the session."""
    made = services.record_visit(act, cycle, on=on, place=place, voters=voters, words=words)
    return Outcome(after={"visit": made.pk})


def confirm_materials(act: Act, cycle: Cycle) -> Outcome:
    """A deputy confirms having received the materials, once."""
    receipt = Receipt.objects.select_for_update().filter(cycle=cycle, user=act.actor).first()
    if receipt is None:
        raise Refused(_("没有发给您的会议材料。"))
    if receipt.received_at:
        raise Refused(_("您已经确认收到会议材料。"))
    receipt.received_at = act.at
    receipt.save(update_fields=["received_at"])
    return Outcome(after={"receipt": receipt.pk})


def change_roll(
    act: Act, session: Session, *, change: str, joiner: str, delegation: str, leaver: str, reason: str
) -> Outcome:
    """A by-elected deputy's line begins, a departed one's ends; N follows, and with it every vote that has not opened.

    Who leaves is no deputy any more, and all offices held as one end on the same basis.
    Votes that have been held keep the roll they were frozen with. Refused while one is under way (组织法 14, 25).
    """
    hold_turns(session)
    line = None if change == "join" else session.roll.in_office().get(pk=leaver)
    if line and line.user:
        unseat(act, line.user, reason=reason)
    votes, before = between_votes(session), session.roll.in_office().count()
    user = (
        _leave(act, line, reason=reason) if line else _join(act, session, joiner, delegation, reason=reason)
    )
    n = services.count_roll(session)
    follow_roll(act, votes, n, reason=reason)
    told = {"username": user.username} if user else {}
    return Outcome(after={"before": before, "deputies_in_office": n, **told}, reason=reason)


def _join(act: Act, session: Session, joiner: str, delegation: str, *, reason: str) -> User:
    """The line begins now; materials that were sent for a vote to come are sent to who has joined, too."""
    user = User.objects.get(pk=joiner)
    session.roll.create(
        unit=act.unit,
        user=user,
        name=user.name,
        delegation_id=int(delegation) if delegation else None,
        joined_at=act.at,
        joined_because=reason,
    )
    sent = _voting_at(session).filter(pk__in=Receipt.objects.values("cycle"))
    for cycle in sent.filter(state__in=(CycleState.DELIBERATING, CycleState.VOTING)):
        services.send_to(act, cycle, [user])
    return user


def _leave(act: Act, line: RollLine, *, reason: str) -> User | None:
    """The line ends now and is kept; materials not confirmed yet are asked after no more."""
    line.left_at, line.left_because = act.at, reason
    line.save(update_fields=["left_at", "left_because"])
    if line.user:
        waiting = Receipt.objects.filter(cycle__in=_voting_at(line.session), user=line.user, received_at=None)
        waiting.delete()
    return line.user


def _voting_at(session: Session) -> QuerySet[Cycle]:
    return Cycle.objects.filter(uses__session=session, uses__use="vote")


def ask(act: Act, cycle: Cycle, *, department: Unit, candidate: Item | None, words: str) -> Outcome:
    """询问: recorded, and put before the department (组织法 23)."""
    session = selectors.session_to_ask_in(cycle)
    if session is None:
        raise Refused(*selectors.obstacles_to_asking(cycle, act.at))
    question = Question.objects.create(
        unit=act.unit,
        cycle=cycle,
        session=session,
        item=candidate,
        department=department,
        by=services.doer(act),
        words=words,
    )
    QuestionFlow.begin(question)
    return Outcome(after={"question": question.reference})


def ask_to_withdraw(act: Act, item: Item, *, reason: str) -> Outcome:
    """The government asks; the presidium decides (组织法 22)."""
    withdrawal = Withdrawal.objects.create(unit=act.unit, item=item, reason=reason)
    WithdrawalFlow.begin(withdrawal)
    return Outcome(after={"withdrawal": withdrawal.reference}, reason=reason)


def table_matter(
    act: Act,
    cycle: Cycle,
    *,
    title: str,
    content: str,
    movers: Sequence[str] = (),
    signed: Sequence[UploadedFile] = (),
) -> Outcome:
    """A deputy tables a matter for others to sign, or with the paper five or more have signed (组织法 22).

    movers: who stands on that paper, the deputy among them; nobody signs for another without it.
    """
    matter = AddedMatter.objects.create(unit=act.unit, cycle=cycle, title=title, content=content)
    matter.movers.set(User.objects.filter(pk__in=movers) if signed else [services.doer(act)])
    for upload in signed:
        attach(act, matter.reference, upload)
    return Outcome(after={"matter": matter.reference, **_lodged(act, matter)})


def cosign_matter(act: Act, matter: AddedMatter) -> Outcome:
    """附议签名, by the deputy in person; with the fifth the matter is before the presidium."""
    if matter.movers.filter(pk=services.doer(act).pk).exists():
        raise Refused(_("您已经签名。"))
    matter.movers.add(services.doer(act))
    return Outcome(after=_lodged(act, matter))


def _lodged(act: Act, matter: AddedMatter) -> dict[str, Any]:
    """Put the matter before the presidium once enough have signed; how many have, and whether that was it."""
    movers = matter.movers.count()
    enough = not rules.mover_faults(movers)
    if enough:
        fire(matter, "lodge", act)
        MatterFlow.begin(matter)
    return {"movers": movers, "lodged": enough}
