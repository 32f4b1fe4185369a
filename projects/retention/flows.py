"""Whose turn it is: 党政办's when a proposer asks for the own contact to be erased, the chair's when a desk asks for what
is due."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from viewflow import this

from projects.cycles.flows import YearlyFlow
from projects.cycles.selectors import cycle_of, rules_in_force
from projects.retention import forms, selectors, services
from workflow.calendar.offsets import DueDate, resolve
from workflow.flows.base import Begin
from workflow.flows.nodes import OfficeEnd, OfficeView

BASIS = _("《个人信息保护法》第十九条、第四十七条：保存期限届满的，主动删除")
# Nothing can be taken out of a backup.
IN_BACKUPS = format_lazy(
    _("清除前所作备份中的副本，最迟 {days} 天后随备份轮换删除；另存他处的备份须另行销毁。"),
    days=settings.BACKUP_KEPT_DAYS,
)


class KeepingFlow(YearlyFlow):
    """What becomes of personal data goes on when the year it is of has ended."""

    room = "retention"
    outlasts = True

    @classmethod
    def due(cls, node: OfficeView, subject: Any, opened_on: date) -> DueDate | None:
        """Of what belongs to no year, by the rules in force."""
        if cycle_of(subject) is not None:
            return super().due(node, subject, opened_on)
        return resolve(rules_in_force(subject.unit).offset(node.key), {"receipt": opened_on})


class RequestFlow(KeepingFlow):
    """删除联系方式的申请"""

    step = 1
    process_title = _("办理删除联系方式的申请")

    start = Begin().Next(this.answer)
    answer = OfficeView(
        office="gov_clerk",
        title=_("答复删除联系方式的申请"),
        form=forms.AnswerForm,
        act=services.answer_request,
        context=selectors.request_page,
        page="steps/retention/request.html",
        irreversible=True,
        in_person=True,
        basis=_(
            "《个人信息保护法》第四十七条、第五十条；收到之日起 %(retention.answer)s内答复，拒绝的说明理由"
        ),
        output=_("书面答复、数据清除证明"),
        hint=_("只删除联系方式，意见建议本身仍然办理、公开和归档；删除后只能凭查询码告知结果。"),
    ).Next(this.end)
    end = OfficeEnd()


class ErasureFlow(KeepingFlow):
    """清除到期的个人信息"""

    process_title = _("清除到期的个人信息")

    start = Begin().Next(this.confirm)
    confirm = OfficeView(
        office="chair",
        title=_("确认清除个人信息"),
        form=forms.ConfirmForm,
        act=services.confirm,
        barred=services.barred_from_confirming,
        context=selectors.erasure_page,
        page="steps/retention/erasure.html",
        irreversible=True,
        in_person=True,
        basis=BASIS,
        output=_("数据清除证明"),
        hint=IN_BACKUPS,
    ).Next(this.end)
    end = OfficeEnd()
