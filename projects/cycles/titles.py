"""What the trail calls the room's acts that are no step, no event and no machine's arrow."""

from django.utils.translation import gettext_lazy as _

from workflow.inbox.story import call_acts

call_acts(
    {
        "cycle.create": _("建立年度工作"),
        "cycle.move_session": _("调整拟定会期"),
        "session.fix": _("确定会议届次和日期"),
        "rulebook.adopt": _("施行新版规则"),
    }
)
