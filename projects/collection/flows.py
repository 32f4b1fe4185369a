"""Whose turn it is in step 1 (steps.md, 1 征集; responsible: 乡镇人民政府)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from viewflow import this

from projects.collection import forms, selectors, services
from projects.collection.models import ProposalState
from projects.cycles.flows import YearlyFlow
from projects.cycles.selectors import plan_page
from projects.cycles.services import obstacles_to_opening
from workflow.flows.base import Begin
from workflow.flows.nodes import Gate, MeetingView, OfficeEnd, OfficeView


class CollectionFlow(YearlyFlow):
    """征集"""

    room, step = "collection", 1
    process_title = _("征集")

    start = Begin().Next(this.scheme)
    scheme = OfficeView(
        office="chair",
        title=_("拟订年度实施方案"),
        form=forms.SchemeForm,
        act=services.record_scheme,
        context=plan_page,
        page="steps/collection/plan.html",
        basis=_("《地方组织法》第十九条；实施方案须写明拟定会期和领导小组"),
        output=_("年度实施方案"),
        undo=services.undo_scheme,
    ).Next(this.scheme_party)
    scheme_party = (
        MeetingView(
            office="party",
            title=_("党委研究年度实施方案"),
            form=forms.DecisionForm,
            act=services.decide_scheme,
            basis=_("坚持党的领导：重要事项报同级党委研究"),
            output=_("党委会议纪要"),
        )
        .Returns(this.scheme)
        .Next(this.open)
    )
    open = (
        OfficeView(
            office="chair",
            title=_("启动年度工作"),
            form=forms.OpenForm,
            act=services.open_year,
            context=plan_page,
            page="steps/collection/plan.html",
            obstacles=obstacles_to_opening,
            irreversible=True,
            basis=_("地方规定一般要求上一年第三季度启动征集；规则自启动之日起固定"),
            hint=_("启动后，本年度适用的规则不再变动。计划排不开的，退回修改实施方案中的日期。"),
        )
        .Returns(this.scheme)
        .Next(this.publish_call)
    )
    publish_call = OfficeView(
        office="gov_clerk",
        title=_("发布征集公告"),
        form=forms.CallForm,
        act=services.publish_call,
        context=selectors.call_page,
        page="steps/collection/publish_call.html",
        irreversible=True,
        basis=_("景洪市实施办法：征集时间一般不少于三十日；各地实际五至三十一日"),
        output=_("征集公告"),
    ).Next(this.call_published)
    call_published = (
        Gate(lambda activation: activation.process.artifact.window_to is not None)
        .Then(this.close_books)
        .Else(this.cosign_call)
    )
    cosign_call = (
        OfficeView(
            office="chair",
            title=_("联合发布征集公告"),
            act=services.cosign_call,
            obstacles=services.obstacles_to_cosigning,
            context=selectors.cosigning_page,
            page="steps/collection/cosign_call.html",
            irreversible=True,
            basis=_("射阳县千秋镇做法：镇人大主席团和镇人民政府联合发布公告"),
            output=_("征集公告"),
        )
        .Returns(this.publish_call)
        .Next(this.close_books)
    )
    close_books = OfficeView(
        office="gov_clerk",
        title=_("汇总征集情况"),
        form=forms.SummaryForm,
        act=services.close_books,
        obstacles=services.obstacles_to_closing_books,
        context=selectors.collection_figures,
        page="steps/collection/close_books.html",
        irreversible=True,
        basis=_("征集结束后汇总归类，逐件有着落"),
        output=_("征集汇总表"),
    ).Next(this.end)
    end = OfficeEnd()


class ProposalFlow(YearlyFlow):
    """一件意见建议"""

    room, step = "collection", 1
    process_title = _("受理意见建议")

    start = Begin().Next(this.receive)
    receive = OfficeView(
        office="gov_clerk",
        title=_("受理或退回意见建议"),
        form=forms.ReceiveForm,
        act=services.receive,
        context=selectors.proposal_facts,
        page="steps/collection/proposal.html",
        basis=_("一事一提；收到之日起 %(collection.receive)s内受理或退回"),
        outside=_("提出人"),
        undo=services.undo_receipt,
    ).Next(this.received)
    received = (
        Gate(lambda activation: activation.process.artifact.state == ProposalState.RETURNED)
        .Then(this.complete_proposal)
        .Else(this.end)
    )
    complete_proposal = OfficeView(
        office="gov_clerk",
        title=_("督促补正意见建议"),
        form=forms.ChaseForm,
        act=services.chase,
        context=selectors.proposal_facts,
        page="steps/collection/proposal.html",
        basis=_("退回后 %(collection.complete_proposal)s内补正，逾期转入项目库"),
        stays=_("补正后的内容已经替换原表，受理时可以再次退回补正；转入项目库的，可以从项目库提出。"),
    ).Next(this.completed)
    completed = (
        Gate(lambda activation: activation.process.artifact.state == ProposalState.RECEIVED)
        .Then(this.receive)
        .Else(this.end)
    )
    end = OfficeEnd()
