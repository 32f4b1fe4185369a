"""Whose turn it is in step 5 (steps.md, 5 监督; responsible: 乡镇人大主席团), a module a subject.

All of them are imported here: a flow must be known before the first row of its tasks is read. Rows name a flow by its
module, so one that moves takes a migration with it.
"""

from projects.supervision.flows import changes, findings, money, progress, projects, sessions, year

__all__ = ["changes", "findings", "money", "progress", "projects", "sessions", "year"]
