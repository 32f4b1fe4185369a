"""Door: Django looks here for models; they live in the rooms."""

from workflow.audit.models import Entry, Head, Leaf
from workflow.flows.models import Comment, Deadline, Draft, Meeting, Urge
from workflow.people.models import Unit, User
from workflow.roles.models import RoleGrant

__all__ = [
    "Comment",
    "Deadline",
    "Draft",
    "Entry",
    "Head",
    "Leaf",
    "Meeting",
    "RoleGrant",
    "Unit",
    "Urge",
    "User",
]
