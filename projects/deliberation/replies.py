"""Answers to what was asked: questions, withdrawals, matters tabled jointly."""

from __future__ import annotations

from django.db.models import Max

from projects.collection.services import put_in_reserve
from projects.cycles.models import Cycle
from projects.cycles.papers import make_paper
from projects.deliberation import rules, selectors
from projects.deliberation.models import AddedMatter, Question, Withdrawal
from projects.selection.models import Item
from workflow.audit.services import Act
from workflow.flows.errors import Obstructed, Refused
from workflow.flows.models import Meeting
from workflow.flows.services import Outcome
from workflow.machines.services import fire
from workflow.people.saying import said as _


def answer(act: Act, question: Question, *, answer: str) -> None:
    """The department answers on record (组织法 23)."""
    fire(question, "reply", act, answer=answer)


def decide_withdrawal(act: Act, withdrawal: Withdrawal, *, meeting: Meeting, words: str) -> Outcome:
    """The presidium agrees, and the candidate's deliberation ends; or it refuses (组织法 22)."""
    item = withdrawal.item
    make_paper(
        act,
        item.cycle,
        "minutes",
        f"主席团会议纪要（撤回“{item.title}”）",
        body=meeting.minutes,
        subject=item.reference,
    )
    if meeting.agreed:
        if reasons := selectors.obstacles_to_agreeing(withdrawal):
            raise Obstructed(*reasons)
        fire(withdrawal, "agree", act)
        fire(item, "withdraw", act, reason=withdrawal.reason, decision_reason=withdrawal.reason)
    else:
        fire(withdrawal, "refuse", act, reason=words)
    return Outcome(
        after={"item": item.reference, "agreed": meeting.agreed}, reason="" if meeting.agreed else words
    )


def decide_matter(
    act: Act, matter: AddedMatter, *, meeting: Meeting, decision: str, category: str, words: str
) -> Outcome:
    """列入票决, 转作代表建议 or 列入储备库 (组织法 22): the presidium decides."""
    if decision == "add":
        item = _made_candidate(act, matter, category)
        fire(matter, "add", act, reason=words, item=item)
    elif decision == "suggestion":
        fire(matter, "make_suggestion", act, reason=words)
    else:
        _reserved(act, matter, words)
        fire(matter, "reserve", act, reason=words)
    plainly = f"\n{rules.ADDED_PLAINLY}" if decision == "add" else ""
    make_paper(
        act,
        matter.cycle,
        "minutes",
        f"主席团会议纪要（代表联名提出“{matter.title}”）",
        body=f"{meeting.minutes}\n{words}{plainly}",
        subject=matter.reference,
    )
    return Outcome(reason=words)


def _made_candidate(act: Act, matter: AddedMatter, category: str) -> Item:
    """A candidate by the same arrows as every other, marked as added and said plainly to be unexamined."""
    cycle = Cycle.objects.select_for_update().get(pk=matter.cycle_id)
    last = Item.objects.filter(cycle=cycle).aggregate(last=Max("number"))["last"] or 0
    item = Item.objects.create(
        unit=cycle.unit,
        cycle=cycle,
        number=last + 1,
        title=matter.title,
        content=matter.content,
        category=category,
        support=matter.movers.count(),
        added_in_session=True,
        decision_reason=rules.ADDED_PLAINLY,
    )
    for arrow in ("pass_screening", "draft", "list_candidate"):
        fire(item, arrow, act, reason=rules.ADDED_PLAINLY)
    return item


def _reserved(act: Act, matter: AddedMatter, words: str) -> None:
    """Kept for another year, whatever is collected now: the presidium decides that, no window does."""
    mover = matter.movers.order_by("pk").first()
    if mover is None:
        raise Refused(_("没有联名代表。"))
    put_in_reserve(
        act,
        title=matter.title,
        content=matter.content,
        proposer=mover,
        organisation=_("代表联名提出"),
        reason=_("主席团决定列入储备库"),
        words=words,
    )
