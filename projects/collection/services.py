"""Step 1's acts: the scheme, the call, proposals in and out, the books closed."""

from __future__ import annotations

import hashlib
import secrets
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.formats import date_format
from django.utils.timezone import localdate

from projects.collection.models import Contact, Proposal, ProposalState, ProposerKind
from projects.collection.models import Outcome as ProposalOutcome
from projects.collection.selectors import call_of, too_early_to_pool, undecided, window_warnings
from projects.cycles.models import Cycle, CycleState
from projects.cycles.papers import make_paper, take_out
from projects.cycles.selectors import collecting_cycles, open_windows, plan_of, rules_for, rules_in_force
from projects.cycles.services import open_cycle
from workflow.audit.models import Entry
from workflow.audit.services import Act, write_down
from workflow.flows.errors import Refused
from workflow.flows.models import Meeting
from workflow.flows.services import Outcome
from workflow.flows.taking_back import what_was
from workflow.machines.services import fire
from workflow.people.models import Unit, User
from workflow.people.saying import said as _

CODE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def record_scheme(act: Act, cycle: Cycle, *, body: str, leading_group: str, **days: date) -> Outcome:
    """年度实施方案, with the planned days as they now stand; what they do not hold stands in the entry."""
    was = {name: str(getattr(cycle, name)) for name in days}
    Cycle.objects.filter(pk=cycle.pk).update(**days)
    for name, day in days.items():
        setattr(cycle, name, day)
    make_paper(act, cycle, "scheme", f"{cycle}实施方案", body=body, data={"leading_group": leading_group})
    return Outcome(after=plan_of(cycle, act.on).for_trail() | {"was": was})


def undo_scheme(act: Act, cycle: Cycle, *, done: Entry, reason: str) -> None:
    """The counter-act of the scheme: its paper leaves the file, the planned days are what they were."""
    days = {name: date.fromisoformat(day) for name, day in what_was(done).items()}
    Cycle.objects.filter(pk=cycle.pk).update(**days)
    take_out(cycle, "scheme", done)


def decide_scheme(act: Act, cycle: Cycle, *, meeting: Meeting, return_reason: str) -> Outcome | None:
    """The Party committee agrees to the scheme or sends it back."""
    make_paper(act, cycle, "minutes", _("党委会议纪要（年度实施方案）"), body=meeting.minutes)
    return None if meeting.agreed else Outcome(returns_to="scheme", reason=return_reason)


def open_year(act: Act, cycle: Cycle) -> Outcome:
    """启动: the rulebook is frozen (rules.md §2.3)."""
    return open_cycle(act, cycle)


def publish_call(
    act: Act, cycle: Cycle, *, window_from: date, window_to: date, number: str, joint: bool, body: str
) -> Outcome:
    """征集公告: the window opens, or, issued jointly with the presidium, the chair confirms it first (rules.md §3.1).

    A window that is short, or that ends too late for the planned session, is noted here and in the paper, never refused.
    """
    days = (window_to - window_from).days + 1
    warnings = window_warnings(cycle, window_from, window_to)
    make_paper(
        act,
        cycle,
        "call",
        f"关于公开征集{cycle}的公告" + ("（送主席团联合发布）" if joint else ""),
        body=body,
        number=number,
        data={
            "from": str(window_from),
            "to": str(window_to),
            "days": days,
            "joint": joint,
            "warnings": warnings,
        },
        publish=not joint,
    )
    if not joint:
        _open_window(cycle, window_from, window_to)
    return Outcome(after={"published": not joint, "days": days, "warnings": warnings})


def _open_window(cycle: Cycle, start: date, end: date) -> None:
    Cycle.objects.filter(pk=cycle.pk).update(window_from=start, window_to=end)
    cycle.window_from, cycle.window_to = start, end


def cosign_call(act: Act, cycle: Cycle) -> Outcome:
    """主席团联合发布: the chair's own act publishes the joint call."""
    draft = call_of(cycle)
    if reasons := obstacles_to_cosigning(cycle, act.at):
        raise Refused(*reasons)
    start, end = (date.fromisoformat(draft.data[name]) for name in ("from", "to"))
    make_paper(
        act,
        cycle,
        "call",
        f"关于公开征集{cycle}的公告",
        body=draft.body,
        number=draft.number,
        data=draft.data,
        publish=True,
    )
    _open_window(cycle, start, end)
    window = {"window_from": str(start), "window_to": str(end)}
    return Outcome(after=window | {"draft": draft.reference, "warnings": draft.data["warnings"]})


def obstacles_to_cosigning(cycle: Cycle, at: datetime) -> list[str]:
    """A window that has begun unpublished goes back to be set anew."""
    start = date.fromisoformat(call_of(cycle).data["from"])
    if start >= localdate(at):
        return []
    return [_("征集开始日%(day)s已过，请退回党政办重新确定征集期。") % {"day": date_format(start)}]


def submit_proposal(
    act: Act,
    *,
    title: str,
    content: str,
    proposer_kind: str = ProposerKind.RESIDENT,
    cycle: Cycle | None = None,
    name: str = "",
    phone: str = "",
    organisation: str = "",
    village: Unit | None = None,
    **fields: Any,
) -> Proposal:
    """Take in one proposal: into a cycle inside its window, otherwise into the all-year pool.

    cycle: the one it is made for; where it is left out and several collect, the one whose window ends first.
    Refused outside the window where the rulebook takes nothing in all year, whoever hands it in.
    The contact is kept apart and erasable; the trail knows only its salted hash. The caller begins the flow.
    """
    if reasons := obstacles_to_submitting(act.unit, act.at, cycle=cycle):
        raise Refused(*reasons)
    into = next(iter(windows_for(act.unit, act.on, cycle)), None)
    contact = {"name": name, "phone": phone, "organisation": organisation}
    fields |= {"title": title, "content": content, "proposer_kind": proposer_kind, "village": village}
    with transaction.atomic():
        proposal = _written_down(act, into, contact, proposer=act.actor, **fields)
        if into is None:
            fire(proposal, "pool", act, reason=_("不在征集期内，列入项目库"))
    return proposal


def put_in_reserve(
    act: Act, *, title: str, content: str, proposer: User, organisation: str, reason: str, words: str
) -> Proposal:
    """列入储备库 by a decision: into the pool whatever collects now, for another year to take up.

    `pool_all_year` is about what is handed in outside the window; a decision to keep a matter asks for no window.
    proposer: the deputy who stands for those who asked. words: the decision as the proposer is told it.
    """
    with transaction.atomic():
        proposal = _written_down(
            act,
            None,
            {"name": "", "phone": "", "organisation": organisation},
            title=title,
            content=content,
            proposer_kind=ProposerKind.DEPUTY,
            proposer=proposer,
        )
        fire(
            proposal,
            "pool",
            act,
            reason=reason,
            outcome=ProposalOutcome.RESERVE,
            outcome_words=words,
            answered_at=act.at,
        )
    return proposal


def _written_down(act: Act, cycle: Cycle | None, contact: dict[str, str], **fields: Any) -> Proposal:
    """A proposal as it was received, and its entry; the contact apart."""
    salt = secrets.token_hex(16)
    commitment = hashlib.sha256("|".join((salt, *contact.values())).encode()).hexdigest()
    proposal = Proposal.objects.create(
        unit=act.unit,
        cycle=cycle,
        code=new_code(),
        received_at=act.at,
        contact_commitment=commitment,
        **fields,
    )
    Contact.objects.create(unit=act.unit, proposal=proposal, salt=salt, **contact)
    write_down(
        act,
        "proposal.submit",
        proposal.reference,
        about=proposal.about,
        step=1,
        after={
            "kind": proposal.proposer_kind,
            "contact": commitment,
            "inside_window": cycle is not None,
        },
        label=proposal.title,
    )
    return proposal


def windows_for(unit: Unit, on: date, cycle: Cycle | None) -> list[Cycle]:
    """The open windows a proposal of this day may go into: the one it is made for, or all where it is made for none."""
    return [held for held in open_windows(unit, on) if cycle is None or held.pk == cycle.pk]


def obstacles_to_submitting(unit: Unit, at: datetime, *, cycle: Cycle | None = None) -> list[str]:
    """Why nothing can be proposed on a day: outside the window, where the rulebook takes nothing in all year, or to a
    township that is no more."""
    if unit.ends_on:
        return [_("“%(unit)s”已经撤销，请向接收的乡镇提出。") % {"unit": unit.name}]
    if windows_for(unit, localdate(at), cycle):
        return []
    year = cycle or next(iter(collecting_cycles(unit)), None)
    book = rules_for(year) if year else rules_in_force(unit)
    if book.pool_all_year:
        return []
    return [_("现在不在征集期，本年度规则不全年收集入库，请在征集期内提出。")]


def new_code() -> str:
    """A query code: nine characters that cannot be confused, in groups of three."""
    code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(9))
    return "-".join((code[:3], code[3:6], code[6:]))


def receive(act: Act, proposal: Proposal, *, decision: str, reason: str) -> None:
    """受理 or 退回补正 (5 working days after receipt)."""
    if decision == "accept":
        fire(proposal, "accept", act)
    else:
        fire(proposal, "send_back", act, reason=reason, return_reason=reason)


def undo_receipt(act: Act, proposal: Proposal, *, done: Entry, reason: str) -> None:
    """The counter-act of 受理 and 退回补正: it waits to be received again, until the year's books are closed."""
    if proposal.cycle and proposal.cycle.state != CycleState.COLLECTING:
        raise Refused(_("征集情况已经汇总，不能取回。"))
    fire(proposal, "unreceive", act, reason=reason, return_reason="")


def chase(act: Act, proposal: Proposal, *, decision: str, content: str) -> None:
    """The returned form came back complete, or goes to the pool when its days are over."""
    if decision == "completed":
        put_right(act, proposal, content)
    else:
        lapse(act, proposal)


def lapse(act: Act, proposal: Proposal) -> None:
    """期满未补正: into the pool, and the proposer is told; refused while there is a day left."""
    if reasons := too_early_to_pool(proposal, act.on):
        raise Refused(*reasons)
    fire(proposal, "pool", act, reason=_("期满未补正，列入项目库"))


def put_right(act: Act, proposal: Proposal, content: str) -> None:
    """The completed form is received again. What people write may name somebody: the text stays out of the trail."""
    fire(proposal, "complete", act)
    Proposal.objects.filter(pk=proposal.pk).update(content=content)
    proposal.content = content


def take_from_pool(act: Act, proposal: Proposal, cycle: Cycle) -> None:
    """A pooled proposal enters the collecting cycle; the caller begins its flow."""
    if proposal.state != ProposalState.POOLED:
        raise Refused(_("“%(title)s”不在项目库中。") % {"title": proposal.title})
    fire(proposal, "take_up", act, cycle=cycle)


def close_books(act: Act, cycle: Cycle, *, number: str, body: str) -> None:
    """征集汇总表; refused while a proposal is undecided."""
    if reasons := obstacles_to_closing_books(cycle, act.at):
        raise Refused(*reasons)
    proposals = Proposal.objects.filter(cycle=cycle)
    make_paper(
        act,
        cycle,
        "collection_summary",
        f"{cycle}征集汇总表",
        body=body,
        number=number,
        data={"received": proposals.count(), "accepted": proposals.filter(state="accepted").count()},
    )


def obstacles_to_closing_books(cycle: Cycle, at: datetime) -> list[str]:
    """What still stands in the way of closing collection: the window, and undecided proposals."""
    found = []
    if cycle.window_to and localdate(at) <= cycle.window_to:
        found.append(_("征集期到%(day)s止，尚未结束。") % {"day": date_format(cycle.window_to)})
    if count := undecided(cycle).count():
        found.append(_("还有 %(count)s 件意见建议未受理或待补正，须先办完。") % {"count": count})
    if not found and not Proposal.objects.filter(cycle=cycle, state=ProposalState.ACCEPTED).exists():
        found.append(_("本年度还没有受理任何意见建议，请从项目库转入或者补充登记后再汇总。"))
    return found
