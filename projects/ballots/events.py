"""What is done on a vote of an office's own accord: its ballots printed, its signed report kept as scanned."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from projects.ballots import forms, printing, reporting, retention
from projects.ballots.models import Vote
from workflow.flows.events import Event, register_event
from workflow.roles.models import RoleGrant

# A backup cannot be opened to take a ballot out of it.
IN_BACKUPS = format_lazy(
    _("销毁前的备份里仍有密封的电子票，最迟 {days} 天后随备份轮换删去；另存他处的备份请一并销毁。"),
    days=settings.BACKUP_KEPT_DAYS,
)
DESK = ("clerk", "chief_teller", "teller")


def _of_the_hall(vote: Vote, grant: RoleGrant) -> bool:
    return vote.unit_id == grant.tenant_id


def _to_print(vote: Vote, at: datetime) -> list[Any]:
    return printing.obstacles_to_printing(vote)


def _to_keep_scan(vote: Vote, at: datetime) -> list[Any]:
    return reporting.obstacles_to_scan(vote)


PRINT = register_event(
    Event(
        key="ballots.print",
        title=_("印制表决票"),
        then=_("没有后续事项。印制张数记入办理记录。"),
        offices=DESK,
        subject=Vote,
        form=forms.PrintForm,
        act=printing.print_ballots,
        step=4,
        when=_to_print,
        offered=_of_the_hall,
        basis=_("表决票由大会统一印制，加盖主席团印章；不编号，张数记入办理记录"),
        output=_("表决票"),
    )
)
KEEP_SCAN = register_event(
    Event(
        key="ballots.keep_scan",
        title=_("上传已签字的计票结果报告单"),
        then=_("没有后续事项。扫描件随票决档案保存。"),
        offices=DESK,
        subject=Vote,
        form=forms.ScanForm,
        act=reporting.keep_scan,
        step=4,
        when=_to_keep_scan,
        offered=_of_the_hall,
        basis=_("计票结果报告单由总监票人、监票人签字，扫描件随票决档案保存"),
        output=_("已签字的计票结果报告单扫描件"),
    )
)
DESTROY = register_event(
    Event(
        key="ballots.destroy",
        title=_("提出销毁选票"),
        then=_(
            "由监票人在场确认后才销毁；没有监票人在任的，由人大主席、副主席在场确认。他们已收到消息，在本次投票的页面办理。"
        ),
        offices=("clerk",),
        subject=Vote,
        form=forms.DestroyForm,
        act=retention.ask_to_destroy,
        step=4,
        when=retention.obstacles_to_destroying,
        offered=_of_the_hall,
        basis=_("选票封存期满后销毁；封存期限按本地规定（规则“表决票封存”）"),
        hint=format_lazy(
            "{}{}",
            _(
                "由监票人在场确认后才销毁；没有监票人在任的，由人大主席、副主席在场确认。票数、名册和票箱摘要长期保存。"
            ),
            IN_BACKUPS,
        ),
        irreversible=True,
        in_person=True,
    )
)
CONFIRM_DESTROY = register_event(
    Event(
        key="ballots.confirm_destroy",
        title=_("监督销毁选票"),
        then=_("没有后续事项。票数、名册和票箱摘要长期保存。"),
        offices=("teller", "chief_teller"),
        subject=Vote,
        form=forms.ConfirmDestroyForm,
        act=retention.destroy_ballots,
        step=4,
        when=retention.obstacles_to_confirming,
        offered=_of_the_hall,
        basis=_("选票由人大办提出、监票人在场监督销毁"),
        output=_("销毁的电子票、纸质票张数"),
        hint=IN_BACKUPS,
        irreversible=True,
        in_person=True,
    )
)
CONFIRM_FOR_PRESIDIUM = register_event(
    Event(
        key="ballots.confirm_for_presidium",
        title=_("代表主席团监督销毁选票"),
        then=_("没有后续事项。票数、名册和票箱摘要长期保存。"),
        offices=("chair",),
        subject=Vote,
        form=forms.ConfirmDestroyForm,
        act=retention.destroy_ballots,
        step=4,
        when=retention.obstacles_to_standing_in,
        offered=_of_the_hall,
        basis=_("本地规定：监票人的职务随会议终止，没有监票人在任的，由人大主席、副主席代表主席团在场监督"),
        output=_("销毁的电子票、纸质票张数"),
        hint=IN_BACKUPS,
        irreversible=True,
        in_person=True,
    )
)
