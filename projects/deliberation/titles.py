"""What the trail calls the room's records that have no machine."""

from projects.deliberation.models import Visit
from workflow.inbox.telling import call_records

call_records(Visit)
