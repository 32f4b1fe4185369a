"""What is registered of a project's money: tender and contract, settlement, the audit."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _
from viewflow import this
from viewflow.workflow import nodes

from projects.cycles.due import due_date
from projects.cycles.flows import YearlyFlow
from projects.supervision import money, selectors
from projects.supervision.flows.findings import AuditFindingFlow, begin_finding_flows
from projects.supervision.flows.seats import department_of, subject_of
from projects.supervision.forms import money as forms
from projects.supervision.models import Audit, Contract, Project
from workflow.calendar.offsets import DueDate
from workflow.flows.base import Begin
from workflow.flows.nodes import Gate, OfficeEnd, OfficeView
from workflow.flows.processes import processes, running


def _tender_planned(activation: Any) -> bool:
    return subject_of(activation).plan.tender_by is not None


class ContractFlow(YearlyFlow):
    """登记实施计划列明的招标采购和合同"""

    room, step = "supervision", 5
    process_title = _("登记招标采购、合同")

    start = Begin().Next(this.whether_tender)
    whether_tender = Gate(_tender_planned).Then(this.tender).Else(this.contract)
    tender = OfficeView(
        office="department",
        seat=department_of,
        title=_("登记招标采购"),
        form=forms.TenderForm,
        act=money.register_tender,
        context=selectors.project_file,
        page="steps/supervision/project.html",
        basis=_("制度文件：代表对招投标全程监督；中标金额不得超出票决确定的总投资，不招标的写明理由"),
        output=_("招标采购结果，或者不招标的理由"),
        undo=money.undo_line,
    ).Next(this.contract)
    contract = OfficeView(
        office="department",
        seat=department_of,
        title=_("登记合同"),
        form=forms.ContractForm,
        act=money.register_line,
        context=selectors.project_file,
        page="steps/supervision/project.html",
        basis=_("项目资金公开、可查；合计不得超出票决确定的总投资"),
        output=_("合同"),
        undo=money.undo_line,
    ).Next(this.end)
    end = OfficeEnd()

    @classmethod
    def due(cls, node: OfficeView, subject: Any, opened_on: date) -> DueDate | None:
        """From the day the plan names, or from the task's opening where that is later."""
        planned = {"tender": subject.plan.tender_by, "contract": subject.plan.contract_by}[node.name]
        return due_date(subject.cycle, node.key, max(planned or opened_on, opened_on))


def begin_contract(project: Project) -> None:
    """Ask for the tender and the contract a published plan names, once."""
    if project.plan.contract_by and not running(ContractFlow, project).exists():
        ContractFlow.begin(project)


class SettlementFlow(YearlyFlow):
    """登记结算审核"""

    room, step = "supervision", 5
    process_title = _("登记结算审核")

    start = Begin().Next(this.settlement)
    settlement = OfficeView(
        office="finance",
        title=_("登记结算审核"),
        form=forms.SettlementForm,
        act=money.register_line,
        context=selectors.project_file,
        page="steps/supervision/project.html",
        basis=_("项目资金公开、可查；审定金额超出票决确定的总投资的，写明原因和资金来源"),
        output=_("结算审核"),
        undo=money.undo_line,
    ).Next(this.end)
    end = OfficeEnd()


def begin_settlement(project: Project) -> None:
    """Ask for the settlement of work that has ended under a contract, unless it is registered already."""
    kinds = set(project.contracts.values_list("kind", flat=True))
    wanted = Contract.Kind.CONTRACT in kinds and Contract.Kind.SETTLEMENT not in kinds
    if wanted and not processes(SettlementFlow, project).exists():
        SettlementFlow.begin(project)


def _begin_findings(activation: Any) -> None:
    begin_finding_flows(subject_of(activation).project)


class AuditFlow(YearlyFlow):
    """登记一份审计报告"""

    room, step = "supervision", 5
    process_title = _("登记审计报告")

    start = Begin().Next(this.audit)
    audit = OfficeView(
        office="finance",
        title=_("登记审计报告"),
        form=forms.AuditForm,
        act=money.register_audit,
        context=selectors.audit_facts,
        page="steps/supervision/audit.html",
        irreversible=True,
        basis=_("《陕西省民生实事项目人大代表票决制规定》第十九条：审计机关依法审计"),
        output=_("审计报告、问题清单"),
        hint=_("审计发现的问题登记后交责任单位整改，由财政所复查，未整改到位的退回责任单位。"),
        gives_back=lambda: AuditFindingFlow.instance.node("plan_rectify"),
    ).Next(this.raise_findings)
    raise_findings = nodes.Function(_begin_findings).Next(this.end)
    end = OfficeEnd()

    @classmethod
    def due(cls, node: OfficeView, subject: Audit, opened_on: date) -> DueDate | None:
        """From the day the report was received; entered late, the task is due at once."""
        due = selectors.audit_due(subject)
        return DueDate(max(due.on, opened_on), due.provisional) if due else None
