"""What is registered of a project's money."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _
from viewflow import this

from projects.cycles.flows import YearlyFlow, due_date
from projects.supervision import building, selectors
from projects.supervision.flows.seats import department_of
from projects.supervision.forms import money as forms
from workflow.calendar.offsets import DueDate
from workflow.flows.base import Begin
from workflow.flows.nodes import OfficeEnd, OfficeView


class ContractFlow(YearlyFlow):
    """登记实施计划列明的合同"""

    room, step = "supervision", 5
    process_title = _("登记合同")

    start = Begin().Next(this.contract)
    contract = OfficeView(
        office="department",
        seat=department_of,
        title=_("登记合同"),
        form=forms.PlannedContractForm,
        act=building.register_contract,
        context=selectors.project_file,
        page="steps/supervision/project.html",
        basis=_("项目资金公开、可查；合计不得超出票决确定的总投资"),
        output=_("合同"),
    ).Next(this.end)
    end = OfficeEnd()

    @classmethod
    def due(cls, node: OfficeView, subject: Any, opened_on: date) -> DueDate | None:
        """From the day the plan has the contract signed, or from its publication where that is later."""
        signed = max(subject.plan.contract_by or opened_on, opened_on)
        return due_date(subject.cycle, node.key, signed)
