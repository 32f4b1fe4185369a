"""更换监票人、计票人: one recorded decision of the congress before the vote opens (rules.md §6.2: it adopts the tellers)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from projects.ballots import tellers
from projects.ballots.models import Vote
from projects.cycles.divisions import figures_of
from projects.cycles.models import Cycle, SessionState
from projects.cycles.papers import make_paper
from projects.cycles.selectors import paper_of, standard_of
from projects.cycles.services import congress_decided
from projects.deliberation.rules import teller_warnings
from projects.deliberation.sitting import listed
from projects.voting.desk import DESK
from projects.voting.flows import VotingFlow
from projects.voting.selectors import items_of
from workflow.audit.services import Act
from workflow.flows.models import Meeting
from workflow.flows.processes import begun_anew
from workflow.flows.services import Outcome
from workflow.people.models import User


def obstacles_to_replacing(cycle: Cycle, at: datetime) -> list[str]:
    """Why nobody on the list is replaced now: no vote, no session sitting that could decide, ballots out already."""
    vote = DESK.current(cycle)
    if vote is None:
        return [_("票决办法和监票人名单尚未通过，人选变动的，由主席团重新确定后提请通过。")]
    if vote.session and vote.session.state != SessionState.OPEN:
        return [_("监票人、计票人由会议通过，会议举行期间才更换。")]
    return tellers.obstacles_to_replacing(vote)


def replace_teller(
    act: Act, cycle: Cycle, *, leaving: str, successor: str, reason: str, present_number: int, **record: Any
) -> Outcome:
    """The old one's office ends, the new one's begins, the list is published anew; who held a key has it no longer.

    leaving: a place (`Place.code`); successor: id of a person; record: the congress's, as `congress_decided` takes it.
    The vote's flow begins anew where its key does.
    """
    office, left = leaving.split(":")
    old, new = User.objects.get(pk=left), User.objects.get(pk=successor)
    if not DESK.vote_of(cycle).holders.filter(office=office, by=old).exists():
        vote = _replace(act, cycle, office, old, new, reason)
    else:
        with begun_anew(VotingFlow, cycle, act, reason=reason):
            vote = _replace(act, cycle, office, old, new, reason)
    meeting = congress_decided(
        act,
        cycle,
        _("更换监票人、计票人"),
        members=vote.deputies_in_office,
        present=present_number,
        **record,
    )
    make_paper(act, cycle, "minutes", _("大会纪要（更换监票人、计票人）"), body=meeting.minutes, step=4)
    warnings = _warnings(vote, office, new)
    _publish_list(act, cycle, meeting, warnings)
    told = {"office": office, "left": old.username, "successor": new.username, "warnings": warnings}
    return Outcome(after=told, reason=reason)


def _replace(act: Act, cycle: Cycle, office: str, old: User, new: User, reason: str) -> Vote:
    vote = DESK.locked(cycle)
    tellers.replace(act, vote, office, old, new, document=f"{vote.session or cycle}通过", reason=reason)
    return vote


def _warnings(vote: Vote, office: str, new: User) -> list[str]:
    if office == "counter":
        return []
    items = items_of(vote.options.values_list("reference", flat=True)).values()
    return teller_warnings({new.name}, {item.title: item.leader for item in items})


def _publish_list(act: Act, cycle: Cycle, meeting: Meeting, warnings: list[str]) -> None:
    """The list as it is now; the one it takes the place of is kept, and said to be superseded."""
    people = {
        office: [str(user.pk) for user in users]
        for office, users in tellers.serving(cycle.unit, act.on).items()
    }
    before = paper_of(cycle, "tellers")
    data = people | {"adopted": figures_of(meeting, standard_of(cycle)), "warnings": warnings}
    make_paper(
        act,
        cycle,
        "tellers",
        _("监票人、计票人名单（更换后）"),
        body=listed(people),
        data=data | ({"instead_of": before.reference} if before else {}),
        step=4,
        publish=True,
    )
