"""What the trail calls the room's acts that are no step, no event and no machine's arrow."""

from django.utils.translation import gettext_lazy as _

from projects.collection.models import Proposal
from projects.cycles.models import Cycle
from projects.retention.models import DataKind, ErasureRequest
from workflow.audit.services import leave_unnamed
from workflow.inbox.story import call_acts
from workflow.inbox.telling import call_codes

call_acts(
    {
        "retention.request": _("申请删除联系方式"),
        "retention.due": _("个人信息保存期满，提醒清除"),
        "retention.due_changed": _("到期应清除的个人信息有变化"),
    }
)
leave_unnamed(ErasureRequest.kind)  # it is called after the proposal
for kept_with in (Proposal, Cycle):  # what personal data was shown of
    call_codes(f"{kept_with.kind}.data", {one: one.label for one in DataKind})
