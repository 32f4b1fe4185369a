"""Which act is told to whom, how urgently and by which way: one table, pure.

The post office knows acts and offices by their names alone; what they mean is the domain's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from fnmatch import fnmatchcase
from typing import Any

IN_APP, EMAIL = "in_app", "email"
BOTH = (IN_APP, EMAIL)
URGENT, NORMAL, LOW = "urgent", "normal", "low"


class Audience(Enum):
    """Who is meant, to be looked up when the letter is written.

    NEXT: the holders of the tasks the act opened. ASKED: the holders of the task the entry names (`after.task_id`).
    AUTHOR: whoever wrote the first entry on the subject. OFFICES: the route's offices, anywhere in the township.
    ABOVE: the route's offices at the units above. NAMED: the person whose username stands under the route's `found_in`.
    SEATED: the holders of `after.office` at the unit of code `after.seat`, in the township or above; of them
    `after.to` alone where it names one.
    """

    NEXT = "next"
    ASKED = "asked"
    AUTHOR = "author"
    OFFICES = "offices"
    ABOVE = "above"
    NAMED = "named"
    SEATED = "seated"


@dataclass(frozen=True)
class Route:
    """One row. pattern: the entry's action, with `*`; where: values the entry's `after` must have; unless: must not have.

    letter: the template's name in templates/notifications/letters. found_in: "after.to" or the like, for NAMED.
    """

    pattern: str
    audience: Audience
    letter: str
    urgency: str = NORMAL
    channels: tuple[str, ...] = BOTH
    offices: tuple[str, ...] = ()
    found_in: str = ""
    where: Mapping[str, Any] = field(default_factory=dict)
    unless: Mapping[str, Any] = field(default_factory=dict)

    def takes(self, action: str, after: Mapping[str, Any]) -> bool:
        """Whether an entry goes this way."""
        return (
            fnmatchcase(action, self.pattern)
            and all(after.get(key) == value for key, value in self.where.items())
            and not any(after.get(key) == value for key, value in self.unless.items())
        )


CONGRESS = ("deputy", "delegation_lead")
GOVERNMENT = ("mayor", "gov_clerk", "department", "finance")
SEVERE = {"severe": True}
DESKS = ("chair", "clerk", "mayor", "gov_clerk")
PROPOSING = ("deputy", "senior_deputy", "department", "party", "station")
NEW_CONGRESS = {"opens_term": True}


def _to_the_hall(
    pattern: str, letter: str, urgency: str = NORMAL, others: tuple[str, ...] = ()
) -> tuple[Route, Route]:
    """Whoever sits at a session: its deputies; at the first of a new congress those elected to it, not the old ones."""
    return (
        Route(
            pattern, Audience.OFFICES, letter, urgency, offices=("deputy_elect", *others), where=NEW_CONGRESS
        ),
        Route(pattern, Audience.OFFICES, letter, urgency, offices=(*CONGRESS, *others), unless=NEW_CONGRESS),
    )


# A person gets one letter for one entry: of the rows that reach them, the first.
ROUTES: tuple[Route, ...] = (
    Route("*.return", Audience.NEXT, "returned", URGENT),
    Route("task.urge", Audience.ASKED, "urged", URGENT),
    Route("deadline.remind", Audience.ASKED, "overdue", URGENT, where={"when": "after"}),
    Route("deadline.remind", Audience.ASKED, "reminded"),
    Route("task.hand_over", Audience.NAMED, "handed_over", found_in="after.to"),
    Route("task.copy", Audience.SEATED, "copied"),
    Route("flow.cancel", Audience.OFFICES, "called_off", offices=DESKS),
    Route("grant.revoke", Audience.NAMED, "office_ended", found_in="before.user"),
    # step 1
    # A joint call is published when the chair confirms it.
    Route("collection.publish_call", Audience.OFFICES, "call", offices=PROPOSING, where={"published": True}),
    Route("collection.cosign_call", Audience.OFFICES, "call", offices=PROPOSING),
    Route("proposal.accept", Audience.AUTHOR, "proposal_accepted", LOW, (IN_APP,)),
    Route("proposal.send_back", Audience.AUTHOR, "proposal_returned", URGENT),
    Route("proposal.pool", Audience.AUTHOR, "proposal_pooled", LOW),
    Route("proposal.answer", Audience.AUTHOR, "proposal_answered"),
    # step 3
    *_to_the_hall("cycle.move_session", "session_moved", URGENT, DESKS),
    *_to_the_hall("deliberation.convene", "convened", URGENT, GOVERNMENT),
    *_to_the_hall("deliberation.materials", "materials"),
    Route(
        "deliberation.added_matter",
        Audience.OFFICES,
        "cosign",
        URGENT,
        offices=("deputy",),
        where={"lodged": False},
    ),
    # step 4
    Route("vote.make_void", Audience.OFFICES, "vote_void", URGENT, offices=(*CONGRESS, *DESKS)),
    Route("voting.declare", Audience.OFFICES, "declared", offices=(*CONGRESS, *DESKS, "department")),
    Route("voting.file_county", Audience.ABOVE, "filed", offices=("county",)),
    # step 5
    *_to_the_hall("supervision.call_session", "convened", URGENT, GOVERNMENT),
    Route(
        "supervision.summarise",
        Audience.OFFICES,
        "summarised",
        LOW,
        offices=("presidium", "chair", "clerk"),
        where={"reader": "presidium"},
    ),
    Route(
        "supervision.summarise",
        Audience.OFFICES,
        "summarised",
        LOW,
        offices=CONGRESS,
        where={"reader": "congress"},
    ),
    Route(
        "supervision.interpellate",
        Audience.OFFICES,
        "cosign",
        URGENT,
        offices=("deputy",),
        where={"lodged": False},
    ),
    Route("change.announce", Audience.OFFICES, "change_announced", offices=(*CONGRESS, "department")),
    # step 6
    *_to_the_hall("evaluation.convene", "convened", URGENT, GOVERNMENT),
    *_to_the_hall("evaluation.second_measure", "convened", URGENT, GOVERNMENT),
    # The county and the Party committee hear of a severe failure alone (steps.md, step 6, consequence).
    Route("measurement.fail", Audience.ABOVE, "measured_badly", URGENT, offices=("county",), where=SEVERE),
    Route("measurement.fail", Audience.OFFICES, "measured_badly", URGENT, offices=("party",), where=SEVERE),
    Route("measurement.fail", Audience.OFFICES, "measured_badly", URGENT, offices=DESKS),
    # the county
    Route("oversight.guide", Audience.OFFICES, "guided", offices=("chair", "clerk", "presidium")),
    Route("oversight.circular", Audience.OFFICES, "circulated", offices=(*DESKS, "presidium")),
    Route("oversight.sample", Audience.OFFICES, "sampled", LOW, offices=("chair", "clerk")),
    Route("note.answer", Audience.ABOVE, "note_answered", offices=("county",)),
    # whatever opened a task
    Route("*", Audience.NEXT, "opened"),
)


def routes_of(action: str, after: Mapping[str, Any]) -> Iterator[Route]:
    """The rows an entry goes by, the most telling first."""
    return (route for route in ROUTES if route.takes(action, after))
