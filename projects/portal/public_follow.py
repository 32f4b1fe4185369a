"""What became of one proposal or one objection, for whoever has its code."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from projects.ballots.selectors import Line
from projects.collection.models import Proposal, ProposalState
from projects.collection.selectors import completion_due
from projects.portal.public_selectors import Card, cards_of, days_promised, results_of
from projects.retention.models import ErasureRequest
from projects.retention.selectors import last_request_of
from projects.selection.models import Item, Objection
from projects.supervision.models import Project
from workflow.audit.models import Entry
from workflow.people.isolation import of_units, within
from workflow.people.models import Unit
from workflow.people.wording import worded

# What a proposer is told, by the arrow its proposal went along; an arrow not named here stays inside.
TOLD = {
    "proposal.submit": _("您提交了意见建议"),
    "proposal.accept": _("已受理"),
    "proposal.send_back": _("退回，请补充"),
    "proposal.complete": _("已补充，重新受理"),
    "proposal.pool": _("列入项目库"),
    "proposal.take_up": _("从项目库转入本年度征集"),
    "proposal.merge": _("与同类意见建议归并"),
    "proposal.carry": _("所在项目列为候选项目"),
    "proposal.drop": _("所在候选项目未列入会议议程"),
    "proposal.answer": _("已答复"),
}
WITH_REASON = ("proposal.send_back", "proposal.pool", "proposal.drop")


@dataclass(frozen=True)
class Event:
    """One thing that happened, with the reason where the proposer is owed one."""

    at: datetime
    words: str
    note: str = ""


@dataclass(frozen=True)
class Way:
    """A proposal's way so far. item: what it was joined to; line: that item's declared result; card: its project.

    asked: the last request for its contact to be erased. due: the last day on which it may come back complete, while it
    is returned.
    """

    proposal: Proposal
    events: list[Event]
    item: Item | None
    line: Line | None
    card: Card | None
    asked: ErasureRequest | None = None
    due: date | None = None

    @property
    def elected(self) -> bool:
        """Whether the project it was joined to has been elected; until then it is a candidate."""
        return self.card is not None or (self.line is not None and self.line.elected)

    @property
    def standing(self) -> str:
        """Where it stands: what was decided last, the government's answer or the deputies' vote."""
        return self._said(_ELECTED if self.elected else self.proposal.standing)

    @property
    def outcome(self) -> str:
        """What became of it; empty before its answer."""
        if self.elected:
            return self._said(_ELECTED)
        return self._said(self.proposal.get_outcome_display()) if self.proposal.outcome else ""

    def _said(self, words: Any) -> str:
        return worded(words, self.proposal.unit)

    @property
    def may_ask(self) -> bool:
        """Whether the contact may still be asked to be erased; whether there is one, only the asking tells."""
        waits = self.asked is not None and self.asked.state == "asked"
        return not self.proposal.contact_erased and not waits

    @property
    def erasure_days(self) -> int:
        """Within how many working days a request is answered."""
        return self._days("retention.answer")

    @property
    def can_complete(self) -> bool:
        return self.proposal.state == ProposalState.RETURNED

    @property
    def next_words(self) -> str:
        """What comes next, by where it stands now."""
        if self.proposal.state == ProposalState.MERGED and self.item and self.item.excluded_by_id:
            return _("所在项目未列入本年度名单，处理结果将在决定作出后 %(days)s 个工作日内在这里答复。") % {
                "days": self._days("selection.answer")
            }
        if self.due:
            return _("请在%(day)s（含当日）以前补充；期满未补充的，转入项目库，并在这里告知。") % {
                "day": date_format(self.due)
            }
        told = worded(_NEXT.get(self.proposal.state, ""), self.proposal.unit)
        return told % {"days": self._days("collection.receive")}

    def _days(self, task: str) -> int:
        return days_promised(task, self.proposal.unit, self.proposal.cycle)


_ELECTED = _("已票决为民生实事项目")
_NEXT = {
    ProposalState.RECEIVED: _("政府将在 %(days)s 个工作日内决定受理或退回补充。"),
    ProposalState.ACCEPTED: _("征集结束后归并、筛查、论证，结果在这里答复。"),
    ProposalState.MERGED: _("所在项目正在筛查、论证，结果在这里答复。"),
    ProposalState.CARRIED: _("候选项目经公示、代表审议后，由人大代表票决。"),
    ProposalState.POOLED: _("下次征集开始后，从项目库转入办理。"),
}


def way_of(unit: Unit, code: str) -> Way | None:
    """The one proposal of the township with this code; None for any other. The contact is never read."""
    with within(of_units((unit.pk,))):
        proposal = _proposal(unit, code)
        if proposal is None:
            return None
        item = proposal.source.item if hasattr(proposal, "source") else None
        line, card = _line(proposal, item), _card(unit, item)
        due = completion_due(proposal) if proposal.state == ProposalState.RETURNED else None
        return Way(proposal, _events(proposal), item, line, card, last_request_of(proposal), due)


def _proposal(unit: Unit, code: str) -> Proposal | None:
    return (
        Proposal.objects.filter(unit=unit, code=code)
        .select_related("cycle__unit", "source__item", "village")
        .first()
    )


def _events(proposal: Proposal) -> list[Event]:
    """The proposal's own entries of the trail, the oldest first."""
    entries = Entry.objects.filter(subject=proposal.reference, action__in=TOLD).order_by("id")
    return [_event(entry) for entry in entries]


def _event(entry: Entry) -> Event:
    body: dict[str, Any] = json.loads(entry.body)
    note = body["reason"] if entry.action in WITH_REASON else ""
    return Event(entry.at, str(TOLD[entry.action]), note)


def _line(proposal: Proposal, item: Item | None) -> Line | None:
    """The item's line of the last declared vote it stood in, whose result holds."""
    if item is None or proposal.cycle is None:
        return None
    lines = [line for result in results_of(proposal.cycle) if not result.note for line in result.lines]
    return next((line for line in reversed(lines) if line.reference == item.reference), None)


def _card(unit: Unit, item: Item | None) -> Card | None:
    cards = cards_of(unit, Project.objects.filter(item=item)) if item else []
    return cards[0] if cards else None


def returned_proposal(unit: Unit, code: str) -> Proposal | None:
    """The returned proposal of this code, to be put right; needs a context that may read the township."""
    return Proposal.objects.filter(unit=unit, code=code, state=ProposalState.RETURNED).first()


def objection_of(unit: Unit, code: str) -> Objection | None:
    """The one objection of the township with this code."""
    with within(of_units((unit.pk,))):
        return (
            Objection.objects.filter(unit=unit, code=code)
            .select_related("item", "notice__cycle__unit")
            .first()
        )
