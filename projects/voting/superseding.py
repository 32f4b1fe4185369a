"""Published papers that hold no longer: kept as they were made, and said to be superseded (rules.md §6.2).

Reports and resolutions whose result was counted again; lists of tellers one of whom was replaced, or that were added to.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from projects.ballots.models import Recounting, Vote
from projects.ballots.selectors import Recounted, recounts_on
from projects.cycles.models import Cycle, Paper
from projects.voting.selectors import AT_DESK, filed_papers
from workflow.machines.references import number_in
from workflow.people.saying import bracketed

KINDS = ("tally_report", "resolution")
# Of both, before a result is announced in place of theirs.
NOT_YET = {
    Recounting.COUNTING: _lazy("正在复票，结果以重新宣布的为准"),
    Recounting.ORDERED: _lazy("复票无效，由主席团决定重新投票"),
    Recounting.COUNTING_ANEW: _lazy("复票无效，重新投票后正在复票，结果以重新宣布的为准"),
}
# After that: of a report; of a resolution in whose place the congress has passed another, and of one where it has not yet.
REPORTED = NOT_YET | {
    Recounting.DECLARED: _lazy("已由复票后的计票结果报告单取代"),
    Recounting.HELD: _lazy("复票无效，已由重新投票的计票结果报告单取代"),
}
RESOLVED_ANEW = NOT_YET | {
    Recounting.DECLARED: _lazy("已由复票后重新通过的决议取代"),
    Recounting.HELD: _lazy("复票无效，已由重新投票后通过的决议取代"),
}
TO_RESOLVE = NOT_YET | {
    Recounting.DECLARED: _lazy("票决结果已经复票更正，待重新作出决议"),
    Recounting.HELD: _lazy("复票无效，已经重新投票，待重新作出决议"),
}


def told_superseded(papers: Iterable[Paper]) -> list[Paper]:
    """The same papers, each that holds no longer with what became of it.

    Three queries at most, for however many papers. Needs a context that may read the township.
    """
    told = list(papers)
    concerned = [paper for paper in told if paper.kind in KINDS and paper.cycle_id]
    recounts = _recounts_in({paper.cycle_id for paper in concerned})
    if recounts:
        on_file = list(Paper.objects.filter(cycle_id__in={p.cycle_id for p in concerned}, kind__in=KINDS))
        for paper in concerned:
            paper.superseded = _words_for(paper, recounts, on_file)
    _tell_lists([paper for paper in told if paper.kind == "tellers" and paper.published_at])
    return told


def _tell_lists(lists: list[Paper]) -> None:
    """Which of these lists of tellers another one has taken the place of."""
    if not lists:
        return
    later = Paper.objects.filter(kind="tellers", cycle_id__in={paper.cycle_id for paper in lists})
    instead = {
        data["instead_of"]: title
        for data, title in later.values_list("data", "title")
        if "instead_of" in data
    }
    for paper in lists:
        if title := instead.get(paper.reference):
            paper.superseded = _("已由《%(title)s》取代") % {"title": title}


def _recounts_in(cycles: set[int | None]) -> dict[int, Recounted]:
    """The recounts of the votes of these years' desks, by the number of the vote whose ballots they count again."""
    return recounts_on([f"{Cycle.kind}:{number}" for number in cycles], *AT_DESK)


def _words_for(paper: Paper, recounts: dict[int, Recounted], on_file: list[Paper]) -> str:
    counted = _vote_under(paper)
    again = recounts.get(counted) if counted else None
    if again is None:
        return ""
    if paper.kind == "tally_report":
        words = REPORTED
    else:
        passed = any(other.subject == paper.subject and other.pk > paper.pk for other in on_file)
        words = RESOLVED_ANEW if passed else TO_RESOLVE
    return str(words[again.came_to])


def _vote_under(paper: Paper) -> int | None:
    """The number of the vote a report is of, or of that the congress resolved on."""
    if paper.kind == "tally_report":
        return number_in(paper.subject, Vote)
    if number_in(paper.subject, Cycle) is None:  # a decision on one project's change
        return None
    return number_in(paper.data.get("vote", ""), Vote)


def filing_page(cycle: Cycle) -> dict[str, Any]:
    """What is sent to the county with the report: each document's name, and what has taken its place where anything has."""
    return {
        "documents": [
            {
                "name": bracketed(paper.title, paper.number) if paper.number else paper.title,
                "note": paper.superseded,
            }
            for paper in told_superseded(filed_papers(cycle))
        ]
    }
