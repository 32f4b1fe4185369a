"""What the trail calls the room's acts that are no step, no event and no machine's arrow."""

from django.utils.translation import gettext_lazy as _

from workflow.audit.hooks import mark_moments
from workflow.inbox.story import call_acts

mark_moments({"selection.notice": "publish"})

call_acts(
    {
        "item.dissolve": _("拆分项目"),
    }
)
