"""Door: Django looks here for models; they live in the rooms."""

from workflow.administration.models import TrailExport
from workflow.audit.models import (
    Cosignature,
    Entry,
    Head,
    Leaf,
    Salt,
    SigningKey,
    Stamp,
    StampFailure,
    TrailCheck,
    TreeHead,
)
from workflow.flows.models import (
    CalendarFeed,
    Comment,
    CommentFile,
    Copy,
    CopyRead,
    Deadline,
    Draft,
    Meeting,
    NotesRead,
    PendingFile,
    SavedFilter,
    Sitting,
    Urge,
)
from workflow.people.models import Unit, UnitChange, User
from workflow.roles.models import RoleGrant

__all__ = [
    "CalendarFeed",
    "Comment",
    "CommentFile",
    "Copy",
    "CopyRead",
    "Cosignature",
    "Deadline",
    "Draft",
    "Entry",
    "Head",
    "Leaf",
    "Meeting",
    "NotesRead",
    "PendingFile",
    "RoleGrant",
    "Salt",
    "SavedFilter",
    "SigningKey",
    "Sitting",
    "Stamp",
    "StampFailure",
    "TrailCheck",
    "TrailExport",
    "TreeHead",
    "Unit",
    "UnitChange",
    "Urge",
    "User",
]
