"""Erasing personal data by two people, holding it back, and answering who asks for the own.

Erased is the text and the salt that opens the trail's commitment to it; the trail keeps numbers alone, and verifies as
before. What is left in its place names the certificate.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils.timezone import localdate

from projects.collection.models import Contact, Proposal
from projects.cycles.models import Cycle
from projects.retention import selectors
from projects.retention.certificates import make_certificate
from projects.retention.models import (
    DataKind,
    Erasure,
    ErasureRequest,
    Hold,
    HoldState,
    RequestState,
)
from projects.retention.rules import next_number
from workflow.audit.models import Entry, Salt
from workflow.audit.services import Act, write_down
from workflow.flows.errors import Refused
from workflow.flows.events import events
from workflow.flows.holding import key_of_event
from workflow.flows.models import Deadline, Draft
from workflow.flows.services import Outcome
from workflow.machines.services import fire
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import HALLS, Unit, User
from workflow.people.saying import said as _

log = logging.getLogger(__name__)

BY_REQUEST = "《个人信息保护法》第四十七条、第五十条"
AGREE = "agree"  # what the second person says
VISITING = ("deliberation.visit", "deliberation.visit_voters")


# ------------------------------------------------------------------------------- told of each day


def tell_all_due(at: datetime) -> int:
    """Write down for each township what may be erased and nobody has asked for; how many had something to be told.

    One that cannot be read is logged and holds up no other.
    """
    with within(SYSTEM):
        units = list(Unit.objects.filter(kind__in=HALLS).order_by("pk"))
    return sum(_tell_or_log(unit, at) for unit in units)


def _tell_or_log(unit: Unit, at: datetime) -> bool:
    try:
        with within(SYSTEM):
            return tell_due(unit, at)
    except Exception:
        log.exception("unit %s: what of its personal data is due was not told", unit.code)
        return False


def tell_due(unit: Unit, at: datetime) -> bool:
    """The letter goes by this entry: when something has fallen due, and again each week it is left, the log each quarter.

    That something else is due than was told last, within the week, is written down by an act no letter goes by; False for it.
    """
    due = {lot.code: lot.rows for lot in selectors.due_lots(unit, localdate(at))}
    calls = not due.keys() <= selectors.told_lately(unit, at)
    if not calls and selectors.codes_due(unit) == due.keys():
        return False
    said = {"lots": sorted(due), "kinds": len(due), "rows": sum(due.values())}
    action = selectors.DUE if calls else selectors.DUE_CHANGED
    write_down(Act(None, "system", unit, at), action, unit.reference, after=said, label=unit.name)
    return calls


# ------------------------------------------------------------------------------- asked for by one


def obstacles_to_asking(unit: Unit, at: datetime) -> list[str]:
    """Why nothing can be asked for now: nothing is due, or all of it is held back or waits already."""
    if any(not lot.reasons and lot.asked is None for lot in selectors.lots_of(unit, localdate(at))):
        return []
    return [_("没有到期、可以清除的个人信息。")]


def ask(act: Act, unit: Unit, lot: str) -> tuple[Erasure, int]:
    """提出清除: what is due is named, with how many rows it has; nothing is erased before another office has confirmed it.

    lot: its code (`Lot.code`). unit: locked by the caller.
    """
    wanted = next((one for one in selectors.lots_of(unit, act.on) if one.code == lot), None)
    if wanted is None or wanted.asked:
        raise Refused(_("这一项已经提出或者已经清除。"))
    if wanted.reasons or wanted.due.on is None:
        raise Refused(*wanted.reasons)
    erasure = Erasure.objects.create(
        unit=unit,
        cycle=wanted.cycle,
        of=wanted.of,
        due_on=wanted.due.on,
        term=wanted.due.term,
        asked_on=act.on,
        asked_by=act.person,
    )
    return erasure, wanted.rows


# ------------------------------------------------------------------------------- confirmed by another


def barred_from_confirming(_erasures: Sequence[Erasure]) -> Callable[[Erasure, User], list[str]]:
    """Why a person may not answer: they asked for it themselves, in whatever office."""

    def reasons(erasure: Erasure, who: User) -> list[str]:
        return [_("须由另一人确认：此项清除是您自己提出的。")] if erasure.asked_by_id == who.pk else []

    return reasons


def confirm(act: Act, erasure: Erasure, *, decision: str, reason: str) -> Outcome:
    """确认清除: gone from here on, with a certificate; or 不同意清除, with the reason, and it may be asked for again.

    Refused: whatever has come to stand in the way since it was asked for.
    """
    if decision != AGREE:
        fire(erasure, "decline", act, reason=reason)
        return Outcome(after={"agreed": False, "asked": "erase"}, reason=reason)
    _lock_unit(erasure.unit_id)
    if reasons := selectors.obstacles_to_erasing(erasure, act.on):
        raise Refused(*reasons)
    return Outcome(after={"agreed": True} | carry_out(act, erasure))


def carry_out(act: Act, erasure: Erasure) -> dict[str, Any]:
    """Erase, write one entry with numbers only, issue the certificate; what the act's own entry says of it.

    The unit is locked by the caller.
    """
    given = Erasure.objects.filter(unit=erasure.unit_id).exclude(number="").values_list("number", flat=True)
    number = next_number(act.on.year, given)
    rows = erase(erasure, number, act)
    entry = fire(
        erasure,
        "carry_out",
        act,
        number=number,
        rows=rows,
        done_on=act.on,
        confirmed_by=act.actor,
        besides=_told(act, erasure),
    )
    paper = make_certificate(act, erasure, entry)
    erasure.paper, erasure.entry_id = paper, entry.pk
    erasure.save(update_fields=["paper", "entry_id"])
    return {"number": number, "rows": rows, "of": erasure.of}


def _lock_unit(unit_id: int) -> None:
    """A hold is set and a certificate numbered under the unit's lock: what comes at the same moment comes before or after."""
    Unit.objects.select_for_update(no_key=True).get(pk=unit_id)


def _told(act: Act, erasure: Erasure) -> dict[str, Any]:
    """People by their user names; of a proposer who asked, that it was the proposer."""
    return {
        "of": erasure.of,
        "due_on": erasure.due_on.isoformat(),
        "asked_by": erasure.asked_by.username if erasure.asked_by else "resident",
        "confirmed_by": act.person.username,
    }


# ------------------------------------------------------------------------------- erasing


def erase(erasure: Erasure, number: str, act: Act) -> int:
    """Erase what it is about, with its salts and what is left of it half-typed; how many rows that were."""
    if erasure.of == DataKind.CONTACTS:
        return _erase_contacts(erasure, number, act)
    if erasure.of == DataKind.RATINGS:
        rated = selectors.ratings_with_words().filter(project__cycle=erasure.cycle)
        return rated.update(words="", salt="", erased=number)
    if erasure.of == DataKind.VISITS:
        return _erase_visits(erasure, number)
    day = selectors.log_day(erasure.unit, act.on)
    gone, _by_model = selectors.sign_ins_before(erasure.unit, day).delete()
    return gone


def _contacts_of(erasure: Erasure, on: date) -> QuerySet[Contact]:
    if erasure.proposal:
        return selectors.contacts_left().filter(proposal=erasure.proposal)
    if erasure.cycle:
        return selectors.contacts_left().filter(proposal__cycle=erasure.cycle)
    return selectors.pooled_contacts_before(erasure.unit, selectors.pool_day(erasure.unit, on))


def _erase_contacts(erasure: Erasure, number: str, act: Act) -> int:
    left = _contacts_of(erasure, act.on)
    proposals = Proposal.objects.filter(pk__in=list(left.values_list("proposal_id", flat=True)))
    gone, _by_model = Contact.objects.filter(proposal__in=proposals).delete()
    proposals.update(contact_erased=number)
    references = [proposal.reference for proposal in proposals]
    _drop_drafts(Deadline.objects.filter(subject__in=references), [e.key for e in events()], references)
    # What a resident typed and never sent stands in the session; it is not left to the sweep.
    Session.objects.filter(expire_date__lt=act.at).delete()
    return gone


def _erase_visits(erasure: Erasure, number: str) -> int:
    visited = selectors.visits_with_words().filter(cycle=erasure.cycle)
    gone = visited.update(place="", words="", erased=number)
    told = Entry.objects.filter(about=erasure.about, action__in=VISITING)
    Salt.objects.filter(entry__in=told).delete()
    _drop_drafts(Deadline.objects.filter(about=erasure.about, key__in=VISITING), VISITING, [erasure.about])
    return gone


def _drop_drafts(tasks: QuerySet[Deadline], acts: Iterable[str], references: Sequence[str]) -> None:
    """What is left half-typed on tasks, and for acts of one's own accord on the records of these references."""
    Draft.objects.filter(task_id__in=tasks.values("task_id")).delete()
    Draft.objects.filter(key__in=[key_of_event(act, one) for act in acts for one in references]).delete()


# ------------------------------------------------------------------------------- held back


def hold(act: Act, unit: Unit, *, cycle: Cycle | None, of: str, reason: str) -> Outcome:
    """暂缓清除, from now until it is lifted."""
    held = Hold.objects.create(unit=unit, cycle=cycle, of=of, reason=reason, set_on=act.on, set_by=act.person)
    return Outcome(after={"hold": held.reference})


def obstacles_to_lifting(held: Hold, at: datetime) -> list[str]:
    """That it is lifted already."""
    return [] if held.state == HoldState.SET else [_("此项暂缓已经解除。")]


def lift(act: Act, held: Hold, *, reason: str) -> Outcome:
    """解除暂缓, with what has settled it."""
    fire(held, "lift", act, reason=reason, lifted_on=act.on)
    return Outcome(reason=reason)


# ------------------------------------------------------------------------------- asked for by whom they are about


def obstacles_to_requesting(proposal: Proposal) -> list[str]:
    """Why a proposer cannot ask: nothing is kept any more, or the request waits already. Needs a context that may write."""
    if proposal.contact_erased:
        return [_("联系方式已经删除。")]
    if not selectors.contacts_left().filter(proposal=proposal).exists():
        return [_("这件意见建议没有留下联系方式。")]
    if proposal.erasure_requests.filter(state=RequestState.ASKED).exists():
        return [_("您的申请已经收到，正在办理。")]
    return []


def answer_request(act: Act, request: ErasureRequest, *, decision: str, reason: str) -> Outcome:
    """The contact is erased at once, or kept with the reason; under a hold it cannot be erased."""
    if decision == "refuse":
        fire(request, "refuse", act, reason=reason, answered_at=act.at)
        ErasureRequest.objects.filter(pk=request.pk).update(reason=reason)
        return Outcome(reason=reason)
    proposal = request.proposal
    _lock_unit(request.unit_id)
    if holds := selectors.holds_on(request.unit, DataKind.CONTACTS, proposal.cycle):
        raise Refused(*(_("暂缓清除期间不能删除：%(reason)s") % {"reason": one.reason} for one in holds))
    erasure = Erasure.objects.create(
        unit=request.unit,
        cycle=proposal.cycle,
        proposal=proposal,
        of=DataKind.CONTACTS,
        due_on=act.on,
        term=_("提出人申请（%(basis)s）") % {"basis": BY_REQUEST},
        asked_on=localdate(request.asked_at),
    )
    told = carry_out(act, erasure)
    fire(request, "grant", act, erasure=erasure, answered_at=act.at)
    return Outcome(after=told)
