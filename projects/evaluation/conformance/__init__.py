"""Whether a township's year was done as the articles say: held, not held, not yet, not applicable, with the entries.

Pure checks over the entries of the trail and nothing else, so that whoever has an export can ask the same.
"""

from __future__ import annotations

from dataclasses import replace

from projects.cycles.over import END
from projects.evaluation.conformance import after_vote, before_vote, vote
from projects.evaluation.conformance.year import (
    Act,
    Check,
    Finding,
    Status,
    Terms,
    Year,
    act_of,
    not_applicable,
)

CHECKS: tuple[Check, ...] = tuple(
    sorted((*before_vote.CHECKS, *vote.CHECKS, *after_vote.CHECKS), key=lambda check: check.step)
)


def examine(year: Year) -> list[tuple[Check, Finding]]:
    """Every check's finding, in the order of the steps; what runs through the year first.

    Of a year that was ended before its vote nothing falls due after that day, and what it had not come to is not applicable.
    """
    ended = year.last(END)
    if ended is None:
        return [(check, check.find(year)) for check in CHECKS]
    as_it_ended = replace(year, today=min(year.today, ended.on))
    found = ((check, check.find(as_it_ended)) for check in CHECKS)
    return [
        (check, not_applicable("年度工作已经终止") if finding.status == Status.NOT_YET else finding)
        for check, finding in found
    ]


__all__ = ["CHECKS", "Act", "Check", "Finding", "Status", "Terms", "Year", "act_of", "examine"]
