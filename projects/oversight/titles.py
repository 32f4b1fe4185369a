"""What the trail calls the room's acts that are no step, no event and no machine's arrow."""

from django.utils.translation import gettext_lazy as _

from workflow.inbox.story import call_acts

call_acts(
    {
        "oversight.circular": _("收到县级通报"),
        "oversight.training": _("收到县级培训通知"),
        "oversight.model": _("收到县级示范规则"),
        "oversight.look": _("县级人大查看程序体检表"),
        "oversight.repair": _("夜间核对更正县级汇总数字"),
    }
)
