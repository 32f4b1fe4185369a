"""What the trail calls the room's acts that are no step, no event and no machine's arrow."""

from django.utils.translation import gettext_lazy as _

from projects.retention.models import ErasureRequest
from workflow.audit.services import leave_unnamed
from workflow.inbox.story import call_acts

call_acts(
    {
        "retention.request": _("申请删除联系方式"),
        "retention.due": _("个人信息保存期满，提醒清除"),
        "retention.due_changed": _("到期应清除的个人信息有变化"),
    }
)
leave_unnamed(ErasureRequest.kind)  # it is called after the proposal
