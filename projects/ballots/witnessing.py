"""Two people at the desk: what the first enters counts once a second, in their own sign-in, has confirmed it.

Kept on the vote itself (`Vote.awaiting`), by what is to be done: "open", "close", "turn" (the box to paper), "recount",
"void", "codes" (printed anew), "destroy". Nothing of it is in force: it is done in the second person's act alone
(integrity.md §3, steps.md 4).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from projects.ballots.models import Vote, VoteState
from workflow.audit.services import Act
from workflow.flows.errors import Refused
from workflow.people.models import User
from workflow.people.saying import said as _

# Asked for by one; the second person's task is a flow of its own, beside that of the vote.
ASKED = ("turn", "recount", "void")
Holder = Callable[[Vote], None]
_holders: list[Holder] = []


@dataclass(frozen=True)
class Entered:
    """What the first of two people entered, and who that was."""

    by: User
    figures: dict[str, Any]


Listener = Callable[[Act, Vote, str, str, Entered | None], None]
_when_overtaken: list[Listener] = []


def on_overtaken(listener: Listener) -> None:
    """Have `listener` called with act, vote, what, reason and what had been entered, inside the act after which nobody
    needs what was asked for.

    A room above calls off the second person's task, or sends the vote's own back where it is the opening.
    """
    if listener not in _when_overtaken:
        _when_overtaken.append(listener)


def enter(act: Act, vote: Vote, what: str, figures: dict[str, Any]) -> None:
    """Keep what the first person enters until the second confirms it; entered again, it replaces what stood there.

    vote: locked by the caller.
    """
    vote.awaiting = vote.awaiting | {what: {"by": act.person.pk, **figures}}
    vote.save(update_fields=["awaiting"])


def entered(vote: Vote, what: str) -> Entered | None:
    """What waits to be confirmed; None where nothing does."""
    kept = vote.awaiting.get(what)
    if kept is None:
        return None
    figures = {name: value for name, value in kept.items() if name != "by"}
    return Entered(User.objects.get(pk=kept["by"]), figures)


def obstacles_to_asking(vote: Vote, what: str) -> list[str]:
    """That it is asked for already, and of whom it waits; empty where it can be asked for."""
    if what not in vote.awaiting:
        return []
    if what == "void":
        return [_("已经提出，正在等待主持人确认。")]
    return [_("已经提出，正在等待监票人确认。")]


def asked_on(votes: QuerySet[Vote]) -> list[str]:
    """What was asked for on these votes and waits for its second person, in a sentence each."""
    words = {
        "turn": _("“%(title)s”已提出改用纸质票，须先确认或退回。"),
        "recount": _("“%(title)s”已提出复票，须先由监票人确认或退回。"),
        "void": _("“%(title)s”已提出重新投票，须先由主持人确认或退回。"),
    }
    waiting = votes.filter(awaiting__has_any_keys=list(ASKED)).order_by("pk")
    return [
        words[what] % {"title": (vote.to_count_again if what == "recount" else vote).title}
        for vote in waiting
        for what in ASKED
        if what in vote.awaiting
    ]


def asked_before_announcing(vote: Vote) -> list[str]:
    """What whoever announces a signed result asks about first: one teller alone does not hold it up."""
    if vote.state != VoteState.CERTIFIED or "recount" not in vote.awaiting:
        return []
    return [_("总监票人已提出复票，监票人尚未确认，请先问明再宣布。")]


def confirm(act: Act, vote: Vote, what: str) -> Entered:
    """Take what the first person entered, for the second to carry out. vote: locked by the caller.

    Refused: nothing waits (any more), or it is the same person.
    """
    found = entered(vote, what)
    if found is None:
        raise Refused(_("没有待确认的内容，可能已经重新清点或退回，请从头办理。"))
    if reasons := barred_from_confirming(vote, what, act.person):
        raise Refused(*reasons)
    take_back(vote, what)
    return found


def barred_from_confirming(vote: Vote, what: str, who: User) -> list[str]:
    """Why this very person may not confirm what waits, whatever office they hold: they entered it themselves."""
    if vote.awaiting.get(what, {}).get("by") == who.pk:
        return [_("须由另一人确认：这些内容是您自己填写的。")]
    return []


def take_back(vote: Vote, what: str) -> None:
    """Nothing of it waits any longer: confirmed, sent back, or overtaken by a new count of who is here."""
    if what in vote.awaiting:
        vote.awaiting = {name: kept for name, kept in vote.awaiting.items() if name != what}
        vote.save(update_fields=["awaiting"])


def hand_on(vote: Vote, new: Vote, what: str) -> None:
    """What was asked for on a vote waits from now on on the new one, for the same second person."""
    held = Vote.objects.select_for_update(of=("self",)).get(pk=vote.pk)
    if what in held.awaiting:
        new.awaiting = new.awaiting | {what: held.awaiting[what]}
        new.save(update_fields=["awaiting"])
        take_back(held, what)


def on_hold(holder: Holder) -> None:
    """Have `holder` called with a vote whose tasks an act may send back, before the act holds the vote itself.

    A room above holds its flow, as whoever has a turn of it does first.
    """
    if holder not in _holders:
        _holders.append(holder)


def hold_turns(votes: Iterable[Vote]) -> None:
    """Hold the tasks of these votes: whoever is at one waits, or is waited for."""
    for vote in votes:
        for holder in _holders:
            holder(vote)


def overtake_roll_call(act: Act, vote: Vote, *, reason: str) -> None:
    """Who is here is to be counted again: what was entered on the last count opens nothing, and its task goes back.

    vote: locked by the caller.
    """
    _overtaken(act, vote, "open", "open", reason)


def overtake_issue(act: Act, vote: Vote, *, reason: str) -> None:
    """Somebody has come since the chair said what is issued: the chair says it anew, on the number now present.

    vote: locked by the caller, its turns held (`hold_turns`).
    """
    if "open" in vote.awaiting:
        _overtaken(act, vote, "open", "issue", reason)


def overtake(act: Act, votes: QuerySet[Vote], *, reason: str, asked: Sequence[str] = ASKED) -> None:
    """What was asked for on these votes and is of no use any more is taken back, its second person's task called off."""
    waiting = votes.filter(awaiting__has_any_keys=list(asked))
    for vote in waiting.select_for_update(of=("self",)).order_by("pk"):
        for what in asked:
            if what in vote.awaiting:
                _overtaken(act, vote, what, what, reason)


def _overtaken(act: Act, vote: Vote, what: str, told_as: str, reason: str) -> None:
    """Take back what waits, and tell whoever follows it. told_as: as what they know it."""
    waiting = entered(vote, what)
    take_back(vote, what)
    for listener in _when_overtaken:
        listener(act, vote, told_as, reason, waiting)
