"""Door: Django looks here for models; they live in the rooms."""

from workflow.audit.models import Entry, Head, Leaf, Salt
from workflow.flows.models import (
    CalendarFeed,
    Comment,
    CommentFile,
    Copy,
    CopyRead,
    Deadline,
    Draft,
    Meeting,
    PendingFile,
    SavedFilter,
    Sitting,
    Urge,
)
from workflow.people.models import Unit, User
from workflow.roles.models import RoleGrant

__all__ = [
    "CalendarFeed",
    "Comment",
    "CommentFile",
    "Copy",
    "CopyRead",
    "Deadline",
    "Draft",
    "Entry",
    "Head",
    "Leaf",
    "Meeting",
    "PendingFile",
    "RoleGrant",
    "Salt",
    "SavedFilter",
    "Sitting",
    "Unit",
    "Urge",
    "User",
]
