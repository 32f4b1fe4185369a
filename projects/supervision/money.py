"""What is registered of a project's money: tender, contract, variation, settlement, the audit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime

from django.core.files.uploadedfile import UploadedFile

from projects.cycles.papers import attach, detach, make_paper
from projects.supervision import rules
from projects.supervision.inspecting import raise_finding
from projects.supervision.models import Audit, Contract, Payment, Plan, Project, ProjectState
from projects.supervision.selectors import adding_up_with, has_plan, money_of, paid_from
from workflow.audit.models import Entry
from workflow.audit.services import Act
from workflow.flows.errors import Refused
from workflow.flows.services import Outcome
from workflow.machines.services import fire
from workflow.people.saying import said as _

NOT_HELD = "none"
BACK = "back"  # money that comes back, or that was booked wrongly


def obstacles_to_registering(project: Project, at: datetime) -> list[str]:
    """The plan comes first: it says whether there is a tender and a contract, and their tasks follow from it."""
    return [] if has_plan(project) else [_("实施计划尚未公布，招标、合同在计划公布后登记。")]


def register_line(
    act: Act,
    project: Project,
    *,
    kind: str,
    number: str,
    party: str,
    amount_fen: int,
    signed_on: date,
    words: str,
    files: Sequence[UploadedFile] = (),
) -> Outcome:
    """Tender, contract, variation or settlement; contracts may not together pass the cost the congress decided.

    A settlement may: it says why (`rules.settlement_faults`).
    """
    if kind != Contract.Kind.SETTLEMENT:
        amounts = [*adding_up_with(project, kind), amount_fen]
        if reasons := rules.contract_faults(amounts, project.budget_fen):
            raise Refused(*reasons)
    line = Contract.objects.create(
        unit=project.unit,
        project=project,
        kind=kind,
        number=number,
        party=party,
        amount_fen=amount_fen,
        signed_on=signed_on,
        words=words,
    )
    for upload in files:
        attach(act, project.reference, upload)
    return Outcome(after={"line": line.pk})


def undo_line(act: Act, project: Project, *, done: Entry, reason: str) -> None:
    """The counter-act of registering a tender, contract or settlement: its line and its files go; a tender that was not
    held is planned again.

    Refused once completion was reported on the strength of it, or more was paid than would be covered without it.
    """
    after = json.loads(done.body)["after"]
    if after.get("outcome") == NOT_HELD:
        Plan.objects.filter(project=project).update(no_tender="")
        return
    line = Contract.objects.get(project=project, pk=after["line"])
    if line.kind != Contract.Kind.SETTLEMENT and project.state in (
        ProjectState.COMPLETED,
        ProjectState.ACCEPTED,
    ):
        raise Refused(_("项目已报完工，不能取回；金额有误的，另行登记变更。"))
    if _rests_on(line, project):
        raise Refused(_("已经按此登记付款，不能取回；金额有误的，先冲销付款。"))
    line.delete()
    detach(project.reference, done)


def _rests_on(line: Contract, project: Project) -> bool:
    """Whether more has been paid than the ledger covers without a line; of a tender nothing is paid."""
    covers = {Contract.Kind.CONTRACT: "contracted", Contract.Kind.SETTLEMENT: "settled"}
    if line.kind not in covers:
        return False
    Project.objects.select_for_update().get(pk=project.pk)  # no payment comes in between
    money = money_of(project)
    money[covers[Contract.Kind(line.kind)]] -= line.amount_fen
    # Without settlement and contract nothing covers a payment: the cost decided pays nobody by itself.
    return sum(paid_from(project)) > (money["settled"] or money["contracted"])


def _overpaid(project: Project, payments: Sequence[int]) -> list[str]:
    """Why these payments together may not stand beside the ledger as it is."""
    money = money_of(project)
    return rules.payment_faults(
        payments,
        contracted=money["contracted"],
        settled=money["settled"],
        budget_fen=project.budget_fen,
    )


def register_tender(
    act: Act,
    project: Project,
    *,
    outcome: str,
    no_tender: str,
    number: str,
    party: str,
    amount_fen: int | None,
    signed_on: date | None,
    words: str,
    files: Sequence[UploadedFile] = (),
) -> Outcome | None:
    """招标采购 as it came out; or not held after all, with the reason, which stands in the plan from then on."""
    if outcome == NOT_HELD:
        Plan.objects.filter(project=project).update(no_tender=no_tender)
        return None
    if amount_fen is None or signed_on is None:
        raise Refused(_("须填写中标单位、金额和日期。"))
    return register_line(
        act,
        project,
        kind=Contract.Kind.TENDER,
        number=number,
        party=party,
        amount_fen=amount_fen,
        signed_on=signed_on,
        words=words,
        files=files,
    )


def obstacles_to_paying(project: Project, at: datetime) -> list[str]:
    """Money is paid out under a published plan; what is carried on or ended may still have a last part to pay."""
    return [] if has_plan(project) else [_("实施计划尚未公布，付款在计划公布后登记。")]


def pay(
    act: Act,
    project: Project,
    *,
    way: str,
    source: str,
    amount_fen: int,
    paid_on: date,
    party: str,
    number: str,
    words: str,
    files: Sequence[UploadedFile] = (),
) -> Outcome:
    """付款, or money back (退回、冲销): a sum out of one source, above zero both ways.

    All of them together may not pass the settlement, or before there is one the contracts (`rules.payment_faults`).
    """
    Project.objects.select_for_update().get(pk=project.pk)  # two payments meet here, not beyond the contract
    if way == BACK:
        reasons = rules.refund_faults(amount_fen, sum(paid_from(project, source)))
    else:
        reasons = _overpaid(project, [*paid_from(project), amount_fen])
    if reasons:
        raise Refused(*reasons)
    made = Payment.objects.create(
        unit=project.unit,
        project=project,
        source=source,
        amount_fen=-amount_fen if way == BACK else amount_fen,
        paid_on=paid_on,
        party=party,
        number=number,
        words=words,
        by=act.person,
    )
    for upload in files:
        attach(act, project.reference, upload)
    return Outcome(after={"payment": made.pk})


def obstacles_to_receiving(project: Project, at: datetime) -> list[str]:
    """Audited is what has been handed over."""
    return [] if project.state != ProjectState.ELECTED else [_("项目尚未交办，由主席团先行交办。")]


def receive_audit(act: Act, project: Project, *, number: str, title: str, received_on: date) -> Audit:
    """收文: an audit report has come in; the caller puts it before the finance office."""
    if project.audits.filter(number=number).exists():
        raise Refused(_("文号为“%(number)s”的审计报告已经登记收到。") % {"number": number})
    return Audit.objects.create(
        unit=project.unit, project=project, number=number, title=title, received_on=received_on
    )


def register_audit(
    act: Act,
    audit: Audit,
    *,
    body: str,
    late_reason: str = "",
    issues: Sequence[str] = (),
    files: Sequence[UploadedFile] = (),
) -> None:
    """审计报告 (陕西 19); each issue is for the department to put right and finance to re-check, by flows of their own."""
    project = audit.project
    fire(audit, "register", act)
    paper = make_paper(
        act,
        project.cycle,
        "audit_report",
        audit.title,
        body=body,
        number=audit.number,
        data={
            "issues": len(issues),
            "received_on": str(audit.received_on),
            "late_reason": late_reason,
            "audit": audit.reference,
        },
        subject=project.reference,
        step=5,
    )
    for upload in files:
        attach(act, paper.reference, upload)
    for sentence in issues:
        raise_finding(act, project, sentence)
