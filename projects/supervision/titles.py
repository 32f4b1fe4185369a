"""What the trail calls the room's acts that are no step, no event and no machine's arrow."""

from django.utils.translation import gettext_lazy as _

from workflow.inbox.story import call_acts

call_acts(
    {
        "project.found": _("建立项目档案"),
        "supervision.summarise": _("汇总实施进度"),
        "project.form_group": _("组建代表监督小组"),
        "finding.raise": _("提出问题"),
        "inquiry.ask": _("提出书面询问"),
        "change.ask": _("申请项目调整"),
        "change.effect": _("项目调整生效"),
        "change.undo": _("撤销项目调整"),
        "interpellation.table": _("提出质询案"),
    }
)
