"""What a count comes to, by what is put to the vote: projects are elected, a question is carried, satisfaction is graded.

`rules.decide` counts and balances every vote. What follows from its figures is the judge's of the vote's purpose; a room
above registers its own with `judges`. Without one the vote elects (count.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _lazy

from projects.ballots import rules as count
from projects.ballots.files import outcome_as_json
from projects.ballots.models import QUESTIONS, Vote
from workflow.people.sentences import sentence as _


@dataclass(frozen=True)
class Judge:
    """outcome: what is stored and signed as the vote's outcome, plain values with the count's `ballots` and `sums`.

    Where it has "lines", title → {"word", "good", "reason"}, those are what is said of each line of the paper; what word and
    reason say is there in codes and figures too, for these two alone are not held against the figures (`without_sentences`).
    obstacles: why figures that balance still have no outcome.
    """

    outcome: Callable[[Vote, count.Outcome], dict[str, Any]]
    obstacles: Callable[[Vote, count.Outcome], list[str]] = lambda _vote, _outcome: []


_judges: dict[str, Judge] = {}


def judges(purpose: str, judge: Judge) -> Judge:
    """Have `judge` say what votes of a purpose come to."""
    _judges[purpose] = judge
    return judge


def outcome_of(vote: Vote, counted: count.Outcome) -> dict[str, Any]:
    """The outcome as it is stored and signed."""
    return judge_of(vote).outcome(vote, counted)


def without_sentences(told: dict[str, Any]) -> dict[str, Any]:
    """What an outcome says in codes and figures: who is elected or what carried, by what, not how it is put in words."""
    codes = {key: value for key, value in told.items() if key != "reasons"}
    if "lines" in told:
        codes["lines"] = {title: _in_codes(line) for title, line in told["lines"].items()}
    return codes


def _in_codes(line: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in line.items() if key not in ("word", "reason")}


def obstacles_in(vote: Vote, counted: count.Outcome) -> list[str]:
    """Why figures that balance have no outcome; empty means they have one."""
    return judge_of(vote).obstacles(vote, counted)


def judge_of(vote: Vote) -> Judge:
    return _judges.get(vote.purpose, ELECTION)


PLACES = {
    "elected": _lazy("入选"),
    "tied": _lazy("票数相等"),
    "left": _lazy("待下次会议另行票决"),
    "not_elected": _lazy("未入选"),
}


def lines_told(vote: Vote, told: dict[str, Any]) -> list[dict[str, Any]]:
    """What an outcome says line by line, in the order of the paper: position, title, word, reason, whether it is good
    and, where the vote elects, whether it is tied.

    Empty where the outcome is of a kind this does not know (kept before lines were).
    """
    if "lines" in told:
        of = told["lines"]
        return [
            {"position": o.position, "title": o.title, **of[o.title]}
            for o in vote.options.all()
            if o.title in of
        ]
    if "reasons" not in told:
        return []
    word = {title: str(text) for place, text in PLACES.items() for title in told.get(place, ())}
    return [
        {
            "position": o.position,
            "title": o.title,
            "word": word[o.title],
            "reason": told["reasons"][o.title],
            "good": o.title in told["elected"],
            "tied": o.title in told["tied"],
        }
        for o in vote.options.all()
    ]


ELECTION = Judge(lambda _vote, counted: outcome_as_json(counted))


def _carried(vote: Vote, counted: count.Outcome) -> dict[str, Any]:
    """A question is carried by the majority, whatever its rank; nothing is 入选."""
    needed = count.majority_phrase(counted.majority, counted.vote.paper.mode)
    return outcome_as_json(counted) | {
        "lines": {
            title: _line(needed, of, carried=title in counted.result.elected)
            for title, of in counted.count.sums.items()
        }
    }


def _line(needed: str, of: count.Sum, *, carried: bool) -> dict[str, Any]:
    told = _("%(majority)s，%(got)s，通过。") if carried else _("%(majority)s，%(got)s，未通过。")
    return {
        "word": _("通过") if carried else _("未通过"),
        "good": carried,
        "reason": told % {"majority": needed, "got": count.votes_phrase(of)},
    }


for question in QUESTIONS:
    judges(question, Judge(_carried))
