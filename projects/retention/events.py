"""Erasing what is due is asked for; holding it back, and lifting that again."""

from __future__ import annotations

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from projects.retention import forms, intake, services
from projects.retention.flows import BASIS, IN_BACKUPS, ErasureFlow
from projects.retention.models import Hold
from workflow.flows.events import Event, OpenAct, at_home, register_event, register_open_act
from workflow.machines.models import Record
from workflow.people.models import Unit
from workflow.roles.models import RoleGrant

DESKS = ("gov_clerk", "clerk")


def _of_the_township(record: Record, grant: RoleGrant) -> bool:
    return record.unit_id == grant.tenant_id


ASK = register_event(
    Event(
        key="retention.ask",
        title=_("提出清除到期的个人信息"),
        then=_("由人大主席核对范围、期限和依据，同意后才清除；结果会通知您。"),
        offices=DESKS,
        subject=Unit,
        form=forms.AskForm,
        act=intake.ask,
        asks=ErasureFlow,
        when=services.obstacles_to_asking,
        offered=at_home,
        basis=BASIS,
        hint=format_lazy(
            "{first}{backups}",
            first=_("由人大主席核对、确认后才从系统中清除；意见建议本身和全部件数长期保存。"),
            backups=IN_BACKUPS,
        ),
        irreversible=True,
        in_person=True,
    )
)
HOLD = register_event(
    Event(
        key="retention.hold",
        title=_("暂缓清除"),
        then=_("没有后续事项。解除以前，所列个人信息到期也不清除；解除由人大主席办理。"),
        offices=("chair", "clerk", "gov_clerk"),
        subject=Unit,
        form=forms.HoldForm,
        act=services.hold,
        offered=at_home,
        basis=_(
            "《个人信息保护法》第四十七条第二款：保存期限未届满的，停止除存储和采取必要的安全保护措施之外的处理"
        ),
        hint=_("有争议、质询、审计、诉讼的，先暂缓清除；解除以前，到期的也不清除。"),
    )
)
LIFT = register_event(
    Event(
        key="retention.lift",
        title=_("解除暂缓清除"),
        then=_("没有转出的事项。到期的个人信息由党政办、人大办提出清除。"),
        offices=("chair",),
        subject=Hold,
        form=forms.LiftForm,
        act=services.lift,
        when=services.obstacles_to_lifting,
        offered=_of_the_township,
        basis=BASIS,
    )
)
REQUEST_OPENLY = register_open_act(
    OpenAct(
        key="retention.request",
        title=_("申请删除联系方式"),
        office="resident",
        holder=_("提出人"),
        step=1,
        term="retention.answer",
        basis=_("《个人信息保护法》第四十七条、第五十条；凭查询码申请，%(retention.answer)s内答复"),
        output=_("书面答复"),
    )
)
