"""Door: Django looks here for models; they live in the rooms."""

from projects.ballots.models import Box, KeyHolder, Keying, Option, RollEntry, Signature, Vote
from projects.collection.models import Contact, Proposal
from projects.cycles.models import Attachment, Cycle, CycleSession, Paper, RollLine, Rulebook, Session, Term
from projects.deliberation.models import (
    AddedMatter,
    BudgetLine,
    Opinion,
    Question,
    Receipt,
    Visit,
    Withdrawal,
)
from projects.evaluation.models import Addendum, Archive, Measurement, Rating, Review
from projects.oversight.models import (
    Boundary,
    Bulletin,
    Examination,
    Guidance,
    Note,
    Sample,
    Weighting,
    YearFigure,
    YearSum,
)
from projects.retention.models import Erasure, ErasureRequest, Hold
from projects.selection.models import (
    Appraisal,
    AppraisalReturn,
    Item,
    Notice,
    Objection,
    Score,
    Screening,
    Source,
)
from projects.supervision.models import (
    Audit,
    Change,
    Contract,
    Finding,
    Inspection,
    Interpellation,
    Milestone,
    Payment,
    Plan,
    Progress,
    Project,
)

__all__ = [
    "AddedMatter", "Addendum", "Appraisal", "AppraisalReturn", "Archive", "Attachment", "Audit", "Boundary",
    "Box", "BudgetLine", "Bulletin", "Change", "Contact", "Contract", "Cycle", "CycleSession", "Erasure",
    "ErasureRequest", "Examination", "Finding", "Guidance", "Hold", "Inspection", "Interpellation", "Item",
    "KeyHolder", "Keying", "Measurement", "Milestone", "Note", "Notice", "Objection", "Opinion", "Option",
    "Paper", "Payment", "Plan", "Progress", "Project", "Proposal", "Question", "Rating", "Receipt", "Review",
    "RollEntry", "RollLine", "Rulebook", "Sample", "Score", "Screening", "Session", "Signature", "Source", "Term", "Visit",
    "Vote", "Weighting", "Withdrawal", "YearFigure", "YearSum",
]  # fmt: skip
