"""Whether a township's year was done as the articles say: held, not held, not yet, not applicable, with the entries.

Pure checks over the entries of the trail and nothing else, so that whoever has an export can ask the same.
"""

from __future__ import annotations

from projects.evaluation.conformance import after_vote, before_vote, vote
from projects.evaluation.conformance.year import Act, Check, Finding, Status, Terms, Year, act_of

CHECKS: tuple[Check, ...] = tuple(
    sorted((*before_vote.CHECKS, *vote.CHECKS, *after_vote.CHECKS), key=lambda check: check.step)
)


def examine(year: Year) -> list[tuple[Check, Finding]]:
    """Every check's finding, in the order of the steps; what runs through the year first."""
    return [(check, check.find(year)) for check in CHECKS]


__all__ = ["CHECKS", "Act", "Check", "Finding", "Status", "Terms", "Year", "act_of", "examine"]
