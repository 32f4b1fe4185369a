"""Door: Django looks here for models; they live in the rooms."""

from workflow.audit.models import Entry, Head, Leaf, Salt
from workflow.flows.models import Comment, Copy, CopyRead, Deadline, Draft, Meeting, PendingFile, Urge
from workflow.people.models import Unit, User
from workflow.roles.models import RoleGrant

__all__ = [
    "Comment",
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
    "Unit",
    "Urge",
    "User",
]
