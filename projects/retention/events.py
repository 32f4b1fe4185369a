"""Erasing what is due, by two offices; holding it back, and lifting that again."""

from __future__ import annotations

from django.conf import settings
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from projects.retention import forms, services
from projects.retention.models import Erasure, Hold
from workflow.flows.events import Event, OpenAct, at_home, register_event, register_open_act
from workflow.machines.models import Record
from workflow.people.models import Unit
from workflow.roles.models import RoleGrant

BASIS = _("《个人信息保护法》第十九条、第四十七条：保存期限届满的，主动删除")
DESKS = ("gov_clerk", "clerk")
# Nothing can be taken out of a backup.
IN_BACKUPS = format_lazy(
    _("清除前所作备份中的副本，最迟 {days} 天后随备份轮换删除；另存他处的备份须另行销毁。"),
    days=settings.BACKUP_KEPT_DAYS,
)


def _of_the_township(record: Record, grant: RoleGrant) -> bool:
    return record.unit_id == grant.tenant_id


ASK = register_event(
    Event(
        key="retention.ask",
        title=_("提出清除到期的个人信息"),
        offices=DESKS,
        subject=Unit,
        form=forms.AskForm,
        act=services.ask,
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
CONFIRM = register_event(
    Event(
        key="retention.confirm",
        title=_("确认清除个人信息"),
        offices=("chair",),
        subject=Erasure,
        form=forms.ConfirmForm,
        act=services.confirm,
        when=services.obstacles_to_confirming,
        offered=_of_the_township,
        basis=BASIS,
        output=_("数据清除证明"),
        hint=IN_BACKUPS,
        irreversible=True,
        in_person=True,
    )
)
DECLINE = register_event(
    Event(
        key="retention.decline",
        title=_("不同意清除"),
        offices=("chair",),
        subject=Erasure,
        form=forms.DeclineForm,
        act=services.decline,
        when=services.obstacles_to_declining,
        offered=_of_the_township,
        basis=BASIS,
        irreversible=True,
    )
)
HOLD = register_event(
    Event(
        key="retention.hold",
        title=_("暂缓清除"),
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
