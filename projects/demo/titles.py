"""What the trail calls the room's acts that are no step, no event and no machine's arrow."""

from django.utils.translation import gettext_lazy as _

from workflow.inbox.story import call_acts

call_acts(
    {
        "demo.begin": _("开始建立演示县"),
        "demo.finish": _("演示县建成"),
    }
)
