"""The rulebook: every rule a township may set, said once, with its range, default, grade and basis.

A cycle freezes one `Rules` when it opens; the frozen JSON is complete, so a later default changes nothing
in it. `load` reads older JSON (missing keys take the default) and refuses unknown keys. What the law fixes
is not a setting: it stands in `FIXED`, shown beside the settings. Sources: rules.md §3–§8, §13; steps.md.

Grades: L national law, R local regulation, N observed practice, T borrowed from election rules,
S founding documents, D a default without a source (本地规定).
"""

from __future__ import annotations

from projects.cycles.deadlines import DEADLINES, TASK_TIMES, TaskTime
from projects.cycles.rulebook.book import QUORUM_BY_LAW, Rules, diff, explain, load, said
from projects.cycles.rulebook.faults import COLLECTION_DAYS_RECOMMENDED
from projects.cycles.rulebook.kinds import SEVERITIES
from projects.cycles.rulebook.notes import GRADES, GROUPS, Change, Row, RulebookError
from projects.cycles.tables import FIXED, Fixed

__all__ = [
    "COLLECTION_DAYS_RECOMMENDED",
    "DEADLINES",
    "FIXED",
    "GRADES",
    "GROUPS",
    "QUORUM_BY_LAW",
    "SEVERITIES",
    "TASK_TIMES",
    "Change",
    "Fixed",
    "Row",
    "RulebookError",
    "Rules",
    "TaskTime",
    "diff",
    "explain",
    "load",
    "said",
]
