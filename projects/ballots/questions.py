"""What a question put to the vote has come to (`services.put_question`): carried or not, and with which figures.

A change of a project is decided so and, where the rulebook says so, the 票决办法 and the resolution are adopted so: by a
ballot over the same desk as every other. What the congress has adopted is recorded from the declared vote.
"""

from __future__ import annotations

from typing import Any

from projects.ballots.models import Vote, VoteState
from projects.ballots.outcomes import lines_told
from workflow.flows.meetings import Division
from workflow.people.saying import said as _


def is_carried(vote: Vote | None) -> bool:
    """Whether a question's vote is declared and has its majority."""
    return vote is not None and vote.state == VoteState.DECLARED and bool(_line(vote)["good"])


def obstacles_to_recording(vote: Vote | None) -> list[str]:
    """Why nothing can be recorded as adopted by this vote: it was not held, not declared, or did not carry it."""
    if vote is None:
        return [_("尚未提请大会投票表决。")]
    if vote.state != VoteState.DECLARED:
        return [_("“%(vote)s”尚未宣布结果。") % {"vote": vote.title}]
    if is_carried(vote):
        return []
    return [_("“%(vote)s”未通过：%(reason)s") % {"vote": vote.title, "reason": _line(vote)["reason"]}]


def division_of(vote: Vote) -> Division:
    """The figures of a declared question as those of a decision; an invalid ballot agrees to nothing and is none of them."""
    sums = _sums(vote)
    return Division(
        vote.deputies_in_office,
        vote.deputies_present or 0,
        sums["for"],
        sums["against"],
        sums["abstain"],
    )


def figures_by_ballot(vote: Vote) -> dict[str, Any]:
    """What the paper of the decision keeps of it besides (`cycles.divisions`): the ballots, and what the majority took."""
    majority, sums = vote.outcome["majority"], _sums(vote)
    return {
        "members": vote.deputies_in_office,
        "present": vote.deputies_present,
        "for": sums["for"],
        "against": sums["against"],
        "abstain": sums["abstain"],
        "base": majority["base"],
        "of": majority["of"],
        "needed": majority["needed"],
        "agreed": _line(vote)["good"],
        "ballot": {
            "vote": vote.reference,
            "issued": vote.issued,
            "returned": vote.returned,
            "valid": vote.outcome["ballots"]["valid"],
            "invalid": vote.outcome["ballots"]["invalid"],
        }
        | ({"not_pressed": sums["not_pressed"]} if vote.keypad else {}),
    }


def _line(vote: Vote) -> dict[str, Any]:
    (line,) = lines_told(vote, vote.outcome)
    return line


def _sums(vote: Vote) -> dict[str, int]:
    (sums,) = vote.outcome["sums"].values()
    return dict(sums)
