"""How long a vote's ballots are kept, and their destruction by two people (rulebook `ballot_retention`; rules.md §13).

Kept sealed until the next session has closed, or a month after this one. The clerk asks for it; a teller stands by and
confirms. Tellers leave office with their session: where none is in office the chair, or a vice-chair, stands by for the
presidium. Destroyed are the sealed ballots, the shares of their key and what is left of the codes; the digest of the
box, the roll and every sum stay.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from math import ceil

from django.conf import settings
from django.utils.formats import date_format
from django.utils.timezone import localdate

from projects.ballots import boxes, sealing, witnessing
from projects.ballots import figures as fig
from projects.ballots.models import Box, Vote, VoteState
from projects.cycles.models import Cycle, Session, SessionState
from projects.cycles.rulebook import Rules
from projects.cycles.selectors import rules_in_force
from workflow.audit.services import Act
from workflow.calendar.offsets import Offset, resolve
from workflow.flows.errors import Refused
from workflow.flows.services import Outcome
from workflow.people.saying import said as _
from workflow.roles.selectors import live_grants

UNDER_WAY = (VoteState.DEFINED, VoteState.OPEN)
WATCHERS = ("chief_teller", "teller")
A_MONTH = Offset("after", 1, "month")


def obstacles_to_destroying(vote: Vote, at: datetime) -> list[str]:
    """Why the ballots must still be kept, or are gone already; empty means they may be destroyed."""
    if vote.destroyed_on:
        return [_("选票已经销毁。")]
    if vote.is_withdrawn:
        return [_("本次投票尚未开始即已撤回，没有选票。")]
    if vote.is_recount:
        return [_("复票使用原投票的选票，请在原投票中办理。")]
    if vote.session is None or vote.session.state != SessionState.CLOSED or vote.state in UNDER_WAY:
        return [_("会议尚未闭会，选票须封存保管。")]
    if _rules_of(vote).ballot_retention == "one_month":
        return _within_the_month(vote.session, at)
    later = Session.objects.filter(unit=vote.unit_id, held_on__gt=vote.session.held_on)
    if later.filter(state=SessionState.CLOSED).exists():
        return []
    return [_("选票封存至下次会议闭会，尚未到期。")]


def _rules_of(vote: Vote) -> Rules:
    """The frozen rulebook of the year voted on; the township's own where the vote is about no year."""
    kind, _colon, number = vote.about_reference.partition(":")
    cycle = Cycle.objects.filter(pk=number).first() if kind == Cycle.kind else None
    return cycle.rules if cycle and cycle.rules_data else rules_in_force(vote.unit)


def _within_the_month(session: Session, at: datetime) -> list[str]:
    last = session.held_on + timedelta(days=ceil(session.days) - 1)
    until = resolve(A_MONTH, {"after": last}).on
    if localdate(at) >= until:
        return []
    return [_("选票封存至%(until)s，尚未到期。") % {"until": date_format(until)}]


def ask_to_destroy(act: Act, vote: Vote, *, confirmed: bool) -> Outcome:
    """销毁选票, asked for by whoever keeps them; a second person stands by and confirms. vote: locked by the caller."""
    witnessing.enter(act, vote, "destroy", {})
    return Outcome()


def out_of_backups_on(gone_on: date) -> date:
    """By when the last backup that may hold what was deleted on a day has been rotated away."""
    return gone_on + timedelta(days=settings.BACKUP_KEPT_DAYS)


def in_backups_until(vote: Vote, today: date) -> date | None:
    """Until when backups made before the destruction may still hold the sealed ballots; None for no longer."""
    if vote.destroyed_on is None:
        return None
    until = out_of_backups_on(vote.destroyed_on)
    return until if today < until else None


def obstacles_to_confirming(vote: Vote, at: datetime) -> list[str]:
    """Why nobody can confirm it now."""
    if "destroy" not in vote.awaiting:
        return [_("人大办尚未提出销毁选票。")]
    return obstacles_to_destroying(vote, at)


def obstacles_to_standing_in(vote: Vote, at: datetime) -> list[str]:
    """Why the chair does not confirm in the tellers' place: one of them is in office, or nobody can confirm it now."""
    if live_grants(localdate(at)).filter(office__in=WATCHERS, unit=vote.unit_id).exists():
        return [_("监票人在任，由监票人在场监督销毁。")]
    return obstacles_to_confirming(vote, at)


def destroy_ballots(act: Act, vote: Vote, *, confirmed: bool) -> Outcome:
    """The second person confirms: box, shares and codes are gone from here on. vote: locked by the caller.

    The trail says how many sealed ballots and how many on paper that were, which digest stays, and whether it was
    still the box's own to the end (None where none was frozen).
    """
    if reasons := obstacles_to_confirming(vote, act.at):
        raise Refused(*reasons)
    asked = witnessing.confirm(act, vote, "destroy")
    frozen = vote.box_digest == sealing.digest_of_box(boxes.in_box(vote)) if vote.box_digest else None
    sealed, _by_model = Box.objects.filter(vote_number=vote.pk).delete()
    vote.holders.update(sealed_share="", salt="", stretching={})
    vote.roll.update(code_hash="", mark="")
    vote.destroyed_on = act.on
    vote.save(update_fields=["destroyed_on"])
    on_paper = fig.on_paper(vote, "returned")
    return Outcome(
        after={
            "sealed": sealed,
            "on_paper": on_paper,
            "box_digest": vote.box_digest,
            "box_as_frozen": frozen,
            "asked_by": asked.by.username,
        }
    )
