"""Step 3's acts before the session: from the report to the Party committee to the materials in the deputies' hands."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from projects.ballots.models import RollEntry
from projects.collection.models import ProposalState
from projects.cycles.models import Cycle, RollLine, Session, SessionState
from projects.cycles.moving import EVALUATION, VOTE, movable, move
from projects.cycles.papers import make_paper, take_out
from projects.cycles.selectors import deputies_at, opens_term, session_of
from projects.cycles.services import fix_session, move_session, presidium_decided
from projects.deliberation import readiness, rules, selectors
from projects.deliberation.models import BudgetLine, Receipt, Visit
from projects.selection.models import Item
from projects.selection.selectors import candidate_rows, history_of
from workflow.audit.models import Entry
from workflow.audit.services import Act
from workflow.flows.errors import Refused
from workflow.flows.models import Meeting
from workflow.flows.services import Outcome, is_return
from workflow.machines.services import fire
from workflow.people.models import Unit, User
from workflow.people.saying import said as _

# The task whose term says how long before the session its day is published.
CONVENING = {VOTE: "deliberation.convene", EVALUATION: "evaluation.convene"}


def doer(act: Act) -> User:
    """The person who acts: what a deputy says or sees is never the system's."""
    if act.actor is None:
        raise Refused(_("此事须由本人办理。"))
    return act.actor


def report_to_party(
    act: Act,
    cycle: Cycle,
    *,
    term: int,
    number: int,
    session_on: date,
    session_days: Decimal,
    document: str,
    body: str,
) -> None:
    """请示: names the session and its day; reported again after a return, the same session takes the new day."""
    _follow_new_plan(cycle, term=term, number=number, held_on=session_on, days=session_days)
    session = fix_session(
        act, cycle, use="vote", term=term, number=number, held_on=session_on, days=session_days
    )
    if session_on != cycle.planned_t:
        move_session(act, cycle, use="vote", held_on=session_on, reason=_("按会议筹备请示确定的会期"))
    make_paper(
        act,
        cycle,
        "request",
        f"关于召开{session}的请示",
        body=body,
        number=document,
        data={"session": session.reference, "held_on": str(session_on), "days": str(session_days)},
    )


def _follow_new_plan(cycle: Cycle, *, held_on: date, **named: Any) -> None:
    """A session that was only planned, and for this vote alone, is renamed rather than left behind."""
    session = session_of(cycle, "vote")
    taken = Session.objects.filter(unit=cycle.unit, term=named["term"], number=named["number"])
    if (
        session is not None
        and session.state == SessionState.PLANNED
        and session.uses.count() == 1
        and not taken.exclude(pk=session.pk).exists()
    ):
        Session.objects.filter(pk=session.pk).update(held_on=held_on, **named)


def decide_report(act: Act, cycle: Cycle, *, meeting: Meeting, return_reason: str) -> Outcome | None:
    """The Party committee approves the preparation or sends it back."""
    if not meeting.agreed:
        make_paper(act, cycle, "minutes", _("党委会议纪要（会议筹备）"), body=meeting.minutes)
        return Outcome(returns_to="report_party", reason=return_reason)
    title = f"关于召开{selectors.session_for(cycle)}的批复"
    make_paper(act, cycle, "reply", title, body=meeting.minutes)
    return None


def put_on_agenda(
    act: Act,
    cycle: Cycle,
    *,
    meeting: Meeting,
    session_on: date | None,
    session_days: Decimal | None,
    seats: int | None,
    candidates: list[str],
    left_out_reason: str,
    agenda: str,
    attending: str,
    return_reason: str,
) -> Outcome:
    """The presidium decides the date and what goes on the agenda (组织法 14, 22), or returns the list."""
    make_paper(act, cycle, "minutes", _("主席团会议纪要（列入议程）"), body=meeting.minutes)
    if not meeting.agreed:
        return Outcome(returns_to="revise_list", reason=return_reason)
    _leave_out(act, cycle, {int(pk) for pk in candidates}, left_out_reason)
    _hold_on(act, cycle, session_on, session_days)
    Cycle.objects.filter(pk=cycle.pk).update(seats=seats)
    cycle.seats = seats
    items = list(selectors.candidates_of(cycle))
    session = selectors.session_for(cycle)
    rows = candidate_rows(items)
    make_paper(act, cycle, "agenda", f"{session}议程（草案）", body=agenda, data={"attending": attending})
    make_paper(
        act, cycle, "candidate_table", f"{cycle.candidates}汇总表", data={"rows": rows, "seats": seats}
    )
    told = selectors.surplus_told(cycle, len(items), seats or 0)
    return Outcome(after={"items": [item.reference for item in items], "warnings": told})


def _leave_out(act: Act, cycle: Cycle, kept: set[int], reason: str) -> None:
    """What is dropped now is decided now: its proposers, told that it was a candidate, wait for an answer again."""
    for item in selectors.candidates_of(cycle).exclude(pk__in=kept):
        fire(item, "leave_out", act, reason=reason, decision_reason=reason)
        for proposal in history_of(item).filter(state=ProposalState.CARRIED):
            fire(proposal, "drop", act, reason=reason, outcome="", outcome_words="", answered_at=None)


def _hold_on(act: Act, cycle: Cycle, held_on: date | None, days: Decimal | None) -> None:
    session = selectors.session_for(cycle)
    if held_on and held_on != session.held_on:
        move_session(act, cycle, use="vote", held_on=held_on, reason=_("主席团决定的会期"))
    if days and days != session.days:
        Session.objects.filter(pk=session.pk).update(days=days)


def revise_list(act: Act, cycle: Cycle, *, kept: list[str], words: str) -> Outcome:
    """The government answers the presidium's reason; a candidate it drops goes with the reason written."""
    _leave_out(act, cycle, {int(pk) for pk in kept}, words)
    items = list(selectors.candidates_of(cycle))
    make_paper(
        act,
        cycle,
        "draft_list",
        f"{cycle.candidates}建议方案（修改）",
        body=words,
        data={"rows": candidate_rows(items)},
    )
    return Outcome(after={"items": [item.reference for item in items]})


def submit_bill(act: Act, cycle: Cycle, *, document: str, body: str, report: str, funds: str) -> None:
    """议案 with its report and the note on the money."""
    rows = candidate_rows(selectors.candidates_of(cycle))
    make_paper(
        act,
        cycle,
        "bill",
        f"关于提请审议票决{cycle.candidates}的议案",
        body=body,
        number=document,
        data={"rows": rows},
    )
    make_paper(act, cycle, "explanation", f"{cycle.candidates}形成过程及基本情况的报告", body=report)
    make_paper(act, cycle, "funds_note", f"{cycle.candidates}资金安排说明", body=funds)


def list_in_budget(act: Act, cycle: Cycle, **lines: Any) -> Outcome:
    """预算草案对应表: one line for every candidate; listed again after a return, the lines are replaced."""
    items = list(selectors.candidates_of(cycle))
    BudgetLine.objects.filter(item__cycle=cycle).delete()
    made = BudgetLine.objects.bulk_create(_line(act, item, lines) for item in items)
    rows = [
        {
            "reference": line.item.reference,
            "title": line.item.title,
            "code": line.code,
            "amount_fen": line.amount_fen,
            "source": line.source,
        }
        for line in made
    ]
    total = sum(line.amount_fen for line in made)
    make_paper(
        act,
        cycle,
        "budget_table",
        f"{cycle.candidates}与预算草案对应表",
        data={"rows": rows, "total_fen": total},
    )
    return Outcome(after={"total_fen": total})


def undo_budget(act: Act, cycle: Cycle, *, done: Entry, reason: str) -> None:
    """The counter-act of the budget table: its lines and its paper go; a return listed none."""
    if not is_return(done):
        BudgetLine.objects.filter(item__cycle=cycle).delete()
        take_out(cycle, "budget_table", done)


def _line(act: Act, item: Item, lines: dict[str, Any]) -> BudgetLine:
    return BudgetLine(
        unit=act.unit,
        item=item,
        code=lines[f"code_{item.pk}"],
        amount_fen=lines[f"amount_{item.pk}"],
        source=lines[f"source_{item.pk}"],
    )


def convene(act: Act, cycle: Cycle, *, meeting: Meeting, document: str, body: str) -> Outcome:
    """会议通知: day and length are published; a notice shorter than the rulebook's is told, not refused."""
    session = selectors.session_for(cycle)
    warnings = rules.notice_warnings(
        "会议通知", act.on, session.held_on, cycle.rules.deadlines["deliberation.convene"]
    )
    if session.state == SessionState.PLANNED:
        fire(session, "convene", act)
    make_paper(act, cycle, "minutes", _("主席团会议纪要（召集会议）"), body=meeting.minutes)
    make_paper(
        act,
        cycle,
        "convening",
        f"关于召开{session}的通知",
        body=body,
        number=document,
        data={
            "session": session.reference,
            "held_on": str(session.held_on),
            "days": str(session.days),
            "warnings": warnings,
        },
        publish=True,
    )
    return Outcome(
        after={"session": session.reference, "opens_term": opens_term(session), "warnings": warnings}
    )


def obstacles_to_moving_convened(cycle: Cycle, at: datetime) -> list[str]:
    """Only a day that is published and still ahead is the presidium's to change."""
    return [] if movable(cycle, SessionState.CONVENED) else [_("没有已公布、尚未举行的会议。")]


def move_convened(
    act: Act,
    cycle: Cycle,
    *,
    use: str,
    new_day: date,
    reason: str,
    document: str,
    body: str,
    **minutes: Any,
) -> Outcome:
    """改期: the presidium decides anew and publishes; a notice shorter than the rulebook's is told, not refused.

    minutes: the presidium's meeting as its form took it down; the form has refused one that did not agree.
    """
    presidium_decided(act, cycle, _("决定会议改期"), **minutes)
    told = move(act, cycle, use=use, new_day=new_day, reason=reason)
    session = session_of(cycle, use)
    if session is None:
        raise Refused(_("没有已公布、尚未举行的会议。"))
    least = cycle.rules.deadlines[CONVENING[use]]
    warnings = rules.notice_warnings("改期通知", act.on, session.held_on, least)
    make_paper(act, cycle, "minutes", _("主席团会议纪要（会议改期）"), body=minutes["minutes"])
    make_paper(
        act,
        cycle,
        "convening",
        _("关于%(session)s改期的通知") % {"session": session},
        body=body,
        number=document,
        data={"held_on": str(session.held_on), "days": str(session.days), "warnings": warnings},
        subject=session.reference,
        publish=True,
    )
    return Outcome(after=told.after | {"session": session.reference, "warnings": warnings}, reason=reason)


def fix_roll(act: Act, cycle: Cycle, *, statement: str, **delegations: str) -> Outcome:
    """N is fixed for the session the cycle votes at; it is the base of quorum and majority."""
    return set_roll(act, selectors.session_for(cycle), delegations)


def set_roll(act: Act, session: Session, delegations: dict[str, str]) -> Outcome:
    """One line for every deputy in office on the day. delegations: delegation_<user id> → the delegation's id or "".

    A roll that has been voted on keeps its lines, where it names exactly these, each with its delegation; Refused where it
    does not.
    """
    deputies = deputies_at(session, session.unit, act.on)
    if not deputies:
        raise Refused(_("没有在任代表，请先由系统管理员登记代表职务。"))
    seats = {user: delegations.get(f"delegation_{user.pk}", "") for user in deputies}
    if not RollEntry.objects.filter(line__session=session).exists():
        session.roll.in_office().exclude(user__in=deputies).delete()
        put_on_roll(act, session, seats)
    elif {line.user for line in selectors.roll_at(session)} == set(deputies):
        put_on_roll(act, session, seats, voted_on=True)
    else:
        raise Refused(_("名册已用于投票，与今天在任的代表不一致，请先登记代表变动。"))
    n = count_roll(session)
    return Outcome(after={"session": session.reference, "deputies_in_office": n})


def put_on_roll(act: Act, session: Session, seats: Mapping[User, str], *, voted_on: bool = False) -> None:
    """A line for each, written at once: a congress may have hundreds. seats: their delegations' ids, or empty.

    voted_on: the names stay, which the digest of a vote's roll has.
    """
    roll = session.roll.in_office().filter(user__in=seats)
    known = {line.user_id: line for line in roll.select_for_update()}
    lines = [known.get(user.pk) or RollLine(session=session, user=user) for user in seats]
    for line, (user, delegation) in zip(lines, seats.items(), strict=True):
        line.unit, line.name = act.unit, user.name
        line.delegation_id = int(delegation) if delegation else None
    RollLine.objects.bulk_create([line for line in lines if line.pk is None])
    RollLine.objects.bulk_update(
        known.values(), ["delegation"] if voted_on else ["unit", "name", "delegation"]
    )


def count_roll(session: Session) -> int:
    """N is the number of lines that count now, for the session and for every year that votes at it."""
    n = session.roll.in_office().count()
    Session.objects.filter(pk=session.pk).update(deputies_in_office=n)
    Cycle.objects.filter(uses__session=session, uses__use="vote").update(deputies_in_office=n)
    return n


def visit_by_delegation(
    act: Act, cycle: Cycle, *, item: dict[str, Any], on: date, place: str, voters: int, words: str
) -> Outcome:
    """A delegation's visit, recorded by its lead; what its deputies did besides they record themselves."""
    delegation = Unit.objects.get(pk=item["delegation"])
    made = record_visit(act, cycle, on=on, place=place, voters=voters, words=words)
    return Outcome(after={"visit": made.pk, "delegation": delegation.code})


def undo_visit(act: Act, cycle: Cycle, *, done: Entry, reason: str, item: dict[str, Any]) -> None:
    """The counter-act of a delegation's visit: its record goes; the trail keeps that there was one."""
    Visit.objects.filter(pk=json.loads(done.body)["after"]["visit"], cycle=cycle).delete()


def undo_visits(act: Act, cycle: Cycle, *, done: Entry, reason: str) -> None:
    """The counter-act of the summary of the visits: its paper goes."""
    take_out(cycle, "visits", done)


def record_visit(act: Act, cycle: Cycle, *, on: date, place: str, voters: int, words: str) -> Visit:
    """走访、视察 before the session, by whoever acts."""
    return Visit.objects.create(
        unit=act.unit, cycle=cycle, by=doer(act), on=on, place=place, voters=voters, words=words
    )


def close_visits(act: Act, cycle: Cycle, *, body: str) -> Outcome:
    """The round of visits is closed with a summary."""
    page = selectors.visits_page(cycle)
    figures = {"visits": len(page["visits"]), "voters": page["voters"]}
    make_paper(act, cycle, "visits", f"{cycle}会前走访视察情况", body=body, data=figures)
    return Outcome(after=figures)


def record_training(
    act: Act, cycle: Cycle, *, trained_on: date, topic: str, expected: int, present: int
) -> None:
    """代表培训 with its attendance."""
    make_paper(
        act,
        cycle,
        "training",
        _("代表培训记录"),
        body=topic,
        data={"on": str(trained_on), "expected": expected, "present": present},
    )


def confirm_readiness(act: Act, cycle: Cycle, *, words: str) -> Outcome:
    """程序体检表 as it stood, and as the page showed it, when the chair confirmed it."""
    sheet = readiness.sheet_of(cycle, act.on)
    rows = [
        {
            "what": row.line.what,
            "who": row.line.who,
            "level": row.standing,
            "note": row.line.note,
            "grade": row.line.point.grade,
            "basis": row.line.point.basis,
        }
        for row in sheet.rows
    ]
    make_paper(act, cycle, "readiness", f"{cycle}程序体检表", body=words, data={"lines": rows})
    return Outcome(after={"warnings": [row.line.note for row in sheet.told]})


def send_materials(act: Act, cycle: Cycle, *, words: str) -> Outcome:
    """A receipt for every deputy on the roll; later than the rulebook's days before T is told, not refused."""
    session = selectors.session_for(cycle)
    deputies = selectors.deputies_on_the_roll(cycle)
    send_to(act, cycle, deputies)
    warnings = rules.notice_warnings(
        "会议材料", act.on, session.held_on, cycle.rules.deadlines["deliberation.materials"]
    )
    papers = [paper.reference for paper in selectors.materials_of(cycle)]
    make_paper(
        act,
        cycle,
        "materials",
        f"{session}会议材料",
        body=words,
        data={"papers": papers, "sent": len(deputies), "warnings": warnings},
    )
    return Outcome(after={"sent": len(deputies), "opens_term": opens_term(session), "warnings": warnings})


def send_to(act: Act, cycle: Cycle, users: Iterable[User]) -> None:
    """A receipt each, in one statement; who was sent them before keeps the first."""
    receipts = [Receipt(unit=act.unit, cycle=cycle, user=user, sent_at=act.at) for user in users]
    Receipt.objects.bulk_create(receipts, ignore_conflicts=True)
