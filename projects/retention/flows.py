"""Whose turn it is when a proposer asks for the own contact to be erased: the office that keeps it, 党政办."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _
from viewflow import this

from projects.cycles.flows import YearlyFlow
from projects.cycles.selectors import cycle_of, rules_in_force
from projects.retention import forms, selectors, services
from workflow.calendar.offsets import DueDate, resolve
from workflow.flows.base import Begin
from workflow.flows.nodes import OfficeEnd, OfficeView


class RequestFlow(YearlyFlow):
    """删除联系方式的申请"""

    room, step = "retention", 1
    outlasts = True
    process_title = _("办理删除联系方式的申请")

    @classmethod
    def due(cls, node: OfficeView, subject: Any, opened_on: date) -> DueDate | None:
        """Of a proposal in the pool, which belongs to no year, by the rules in force."""
        if cycle_of(subject) is not None:
            return super().due(node, subject, opened_on)
        return resolve(rules_in_force(subject.unit).offset(node.key), {"receipt": opened_on})

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
