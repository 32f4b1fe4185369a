"""What the trail calls the room's acts that are no step, no event and no machine's arrow."""

from django.utils.translation import gettext_lazy as _

from workflow.inbox.story import call_acts

call_acts(
    {
        "proposal.submit": _("提出意见建议"),
    }
)
