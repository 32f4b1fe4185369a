"""The count: what a box of ballots says under a rulebook (rules.md §6.2; 组织法 14, 25, 29).

One function, `decide`, serves the page, the rehearsal command, a recount and the tests. Pure: no clock, no
database, no framework; every share is a Fraction or a whole number, never a float. Figures are numbers of
people or of ballots. Sentences meant for people carry a stable code beside them.
"""

from projects.ballots.rules.closeness import End, Gap, Swing, gaps, is_beyond_change, swings
from projects.ballots.rules.counting import count_ballots, read_ballot
from projects.ballots.rules.deciding import decide, next_step
from projects.ballots.rules.electing import elect, majority_phrase, standing, votes_phrase
from projects.ballots.rules.reconciling import (
    Compared,
    Difference,
    Keying,
    compare_counts,
    compare_keyings,
    compare_spoiled,
    impossible_points,
    reconcile,
    reconcile_spoiled,
)
from projects.ballots.rules.terms import (
    CHOOSING,
    GRADING,
    PRESSING,
    PRESSING_AND_PAPER,
    VOTING,
    Choice,
    Count,
    Majority,
    MajorityBase,
    Mode,
    Outcome,
    Paper,
    Problem,
    Rules,
    ShortfallRule,
    Spoiled,
    Sum,
    TieRule,
    Verdict,
    VoteFile,
    Words,
)

__all__ = [
    "CHOOSING",
    "GRADING",
    "PRESSING",
    "PRESSING_AND_PAPER",
    "VOTING",
    "Choice",
    "Compared",
    "Count",
    "Difference",
    "End",
    "Gap",
    "Keying",
    "Majority",
    "MajorityBase",
    "Mode",
    "Outcome",
    "Paper",
    "Problem",
    "Rules",
    "ShortfallRule",
    "Spoiled",
    "Sum",
    "Swing",
    "TieRule",
    "Verdict",
    "VoteFile",
    "Words",
    "compare_counts",
    "compare_keyings",
    "compare_spoiled",
    "count_ballots",
    "decide",
    "elect",
    "gaps",
    "impossible_points",
    "is_beyond_change",
    "majority_phrase",
    "next_step",
    "read_ballot",
    "reconcile",
    "reconcile_spoiled",
    "standing",
    "swings",
    "votes_phrase",
]
