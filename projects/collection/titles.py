"""What the trail calls the room's acts that are no step, no event and no machine's arrow."""

from django.utils.translation import gettext_lazy as _

from projects.collection.models import Proposal
from workflow.audit.services import leave_unnamed
from workflow.inbox.story import call_acts

call_acts(
    {
        "proposal.submit": _("提出意见建议"),
    }
)
# A title is what a resident wrote, and may say whose wall or well it is about.
leave_unnamed(Proposal.kind)
