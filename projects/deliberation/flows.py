"""Whose turn it is in step 3 (steps.md, 3 审议; responsible: 乡镇人民代表大会, under its 主席团)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _
from viewflow import this
from viewflow.workflow import nodes

from projects.cycles.flows import YearlyFlow
from projects.cycles.models import Cycle
from projects.cycles.papers import taking_out
from projects.cycles.selectors import standard_of
from projects.deliberation import forms, readiness, replies, selectors, services, sitting
from projects.deliberation.models import Question, WithdrawalState
from projects.selection.flows import begin_answers
from projects.selection.models import Exclusion
from workflow.flows.acting import current_act
from workflow.flows.base import Begin
from workflow.flows.nodes import EachSplit, Gate, MeetingView, OfficeEnd, OfficeView, RuleGate
from workflow.flows.services import give_back
from workflow.people.models import Unit

PAGES = "steps/deliberation/"


class Delegations(EachSplit):
    """One task for every delegation; a matter may be sent back to all of them."""

    task_title = _("代表团审议")
    _each: Any

    @property
    def key(self) -> str:
        """The rulebook's name of the tasks it leads to."""
        return f"{self.flow_class.room}.{self._each.name}"


def each_delegation(cycle: Cycle) -> list[dict[str, int]]:
    """The delegations that have somebody to lead them."""
    return [{"delegation": unit.pk} for unit in selectors.delegations_of(cycle.unit, current_act().on)]


def delegation(cycle: Cycle, item: dict[str, Any]) -> Unit:
    return Unit.objects.get(pk=item["delegation"])


def _asks(question: Callable[[Cycle], Any]) -> Callable[[Any], bool]:
    """A condition on the flow's year."""
    return lambda activation: bool(question(activation.process.artifact))


def members(cycle: Cycle) -> int:
    """N: the deputies on the roll are the base of every decision of the congress (组织法 14, 25)."""
    return cycle.deputies_in_office or 0


class DeliberationFlow(YearlyFlow):
    """审议"""

    room, step = "deliberation", 3
    process_title = _("审议")

    # By ballot the 票决办法 is voted on at the desk in between (`lifecycle`), and the flow goes on where that has led.
    start = Begin().Next(this.voted_on)
    voted_on = Gate(_asks(selectors.method_vote)).Then(this.carried).Else(this.report_party)
    carried = Gate(_asks(selectors.is_adopted_by_ballot)).Then(this.adopt_method).Else(this.settle)
    report_party = OfficeView(
        office="chair",
        title=_("向党委请示会议筹备"),
        form=forms.ReportForm,
        act=services.report_to_party,
        page=PAGES + "list.html",
        context=selectors.list_page,
        basis=_("坚持党的领导：召开人民代表大会会议报同级党委"),
        output=_("请示"),
        stays=_("请示报送同级党委时会次和会期已经登记；需要更正的，由党委会议退回后重新请示。"),
    ).Next(this.party_reply)
    party_reply = (
        MeetingView(
            office="party",
            title=_("党委批复会议筹备"),
            form=forms.DecisionForm,
            act=services.decide_report,
            page=PAGES + "list.html",
            context=selectors.list_page,
            basis=_("坚持党的领导：重要事项报同级党委研究"),
            output=_("批复、党委会议纪要"),
        )
        .Returns(this.report_party)
        .Next(this.agenda)
    )
    agenda = (
        MeetingView(
            office="presidium",
            title=_("主席团决定会期、议程和列入的候选项目"),
            form=forms.AgendaForm,
            act=services.put_on_agenda,
            page=PAGES + "list.html",
            context=selectors.list_page,
            basis=_("《地方组织法》第十四条、第二十二条：会期由主席团决定并公布，议案由主席团决定列入议程"),
            output=_("主席团会议纪要、候选项目汇总表"),
        )
        .Returns(this.revise_list)
        .Next(this.left_off)
    )
    left_off = nodes.Function(this.answer_the_dropped).Next(this.prepare)
    revise_list = OfficeView(
        office="mayor",
        title=_("修改候选项目名单"),
        form=forms.ReviseForm,
        act=services.revise_list,
        page=PAGES + "list.html",
        context=selectors.list_page,
        basis=_("主席团退回候选项目名单，由乡镇人民政府研究修改"),
        output=_("候选项目建议方案（修改）"),
        stays=_("修改后未列入的项目随即答复提出人；仍需修改的，由主席团再次退回。"),
    ).Next(this.dropped)
    dropped = nodes.Function(this.answer_the_dropped).Next(this.agenda)

    # Visits and training run on beside the papers: they end by T−7, the readiness check is at T−10.
    prepare = nodes.Split().Always(this.papers).Always(this.each_visit).Always(this.training)
    papers = nodes.Split().Always(this.bill).Always(this.convene).Always(this.roll)
    bill = OfficeView(
        office="mayor",
        title=_("提交议案"),
        form=forms.BillForm,
        act=services.submit_bill,
        page=PAGES + "list.html",
        context=selectors.list_page,
        irreversible=True,
        basis=_("《地方组织法》第二十二条：乡镇人民政府可以提出属于本级人民代表大会职权范围内的议案"),
        output=_("议案、情况报告、资金安排说明"),
    ).Next(this.budget)
    budget = (
        OfficeView(
            office="finance",
            title=_("资金列入预算草案"),
            form=forms.BudgetForm,
            act=services.list_in_budget,
            page=PAGES + "budget.html",
            context=selectors.budget_page,
            basis=_("《地方组织法》第十二条第一款第四项：预算由人民代表大会审查批准；项目资金纳入本级预算"),
            output=_("预算草案对应表"),
            undo=services.undo_budget,
        )
        .Returns(this.bill)
        .Next(this.papers_ready)
    )
    convene = MeetingView(
        office="presidium",
        title=_("公布会期和议题"),
        form=forms.ConveneForm,
        act=services.convene,
        page=PAGES + "convene.html",
        context=selectors.convening_page,
        irreversible=True,
        basis=_("《地方组织法》第十四条；绩溪县乡镇人民代表大会议事规则：会前十五日公布"),
        output=_("会议通知"),
    ).Next(this.papers_ready)
    roll = OfficeView(
        office="clerk",
        title=_("核定代表名册"),
        form=forms.RollForm,
        act=services.fix_roll,
        obstacles=selectors.obstacles_to_roll,
        page=PAGES + "roll.html",
        basis=_("《地方组织法》第十四条、第二十五条：法定人数和过半数以全体代表为基数"),
        hint=_("核定后补选、终止资格的，另行登记代表变动；会议期间在两次投票之间登记。"),
        stays=_("名册是法定人数和过半数的基数，核定后由登记代表变动更正。"),
        output=_("代表名册"),
    ).Next(this.papers_ready)
    papers_ready = nodes.Join().Next(this.readiness)
    readiness = OfficeView(
        office="chair",
        title=_("程序体检"),
        form=forms.ReadinessForm,
        act=services.confirm_readiness,
        obstacles=readiness.obstacles_to_ready,
        page=PAGES + "readiness.html",
        context=readiness.readiness_page,
        basis=_("规范实施：会前逐项核对程序；县级只读"),
        output=_("程序体检表"),
        undo=taking_out("readiness"),
    ).Next(this.materials)
    materials = OfficeView(
        office="clerk",
        title=_("印发会议材料"),
        form=forms.MaterialsForm,
        act=services.send_materials,
        page=PAGES + "materials.html",
        context=selectors.materials_page,
        irreversible=True,
        basis=_("会前七日印发代表（广东 1995 年规定）"),
        output=_("会议材料、签收记录"),
    ).Next(this.prepared)
    each_visit = EachSplit(each_delegation).Each(this.visit_voters).Empty(this.visited)
    visit_voters = OfficeView(
        office="delegation_lead",
        seat=delegation,
        title=_("组织代表团走访选民、视察现场"),
        form=forms.VisitForm,
        act=services.visit_by_delegation,
        page=PAGES + "visits.html",
        context=selectors.visits_page,
        basis=_("《地方组织法》第十九条：组织代表开展视察、调研"),
        output=_("走访、视察记录"),
        hint=_("登记本团集中走访、视察的情况；另有走访的，代表可以各自登记。"),
        undo=services.undo_visit,
    ).Next(this.visited)
    visited = nodes.Join().Next(this.visits)
    visits = OfficeView(
        office="clerk",
        title=_("汇总走访视察情况"),
        form=forms.VisitsForm,
        act=services.close_visits,
        page=PAGES + "visits.html",
        context=selectors.visits_page,
        basis=_("《地方组织法》第十九条：组织代表开展视察、调研"),
        output=_("走访、视察记录"),
        undo=services.undo_visits,
    ).Next(this.prepared)
    training = OfficeView(
        office="clerk",
        title=_("培训代表"),
        form=forms.TrainingForm,
        act=services.record_training,
        basis=_("会前组织代表培训，了解候选项目和票决办法"),
        output=_("培训签到"),
        undo=taking_out("training"),
    ).Next(this.prepared)
    prepared = nodes.Join().Next(this.preliminary)

    preliminary = MeetingView(
        office="clerk",
        body="congress",
        title=_("预备会议：选举主席团，通过议程"),
        form=forms.PreliminaryForm,
        act=sitting.open_session,
        members=members,
        standard=standard_of,
        obstacles=selectors.obstacles_to_beginning,
        page=PAGES + "preliminary.html",
        context=selectors.preliminary_page,
        irreversible=True,
        basis=_("《地方组织法》第十四条、第十九条：三分之二以上代表出席始得举行；会议选举主席团"),
        output=_("主席团名单、会议议程"),
    ).Next(this.explain)
    explain = OfficeView(
        office="mayor",
        title=_("说明候选项目形成过程"),
        form=forms.ExplainForm,
        act=sitting.explain,
        obstacles=selectors.in_session,
        page=PAGES + "list.html",
        context=selectors.list_page,
        basis=_("海南省实施意见：政府负责人在会议上作说明"),
        output=_("候选项目形成过程及基本情况的报告"),
        undo=taking_out("explanation"),
    ).Next(this.delegations)
    delegations = Delegations(each_delegation).Each(this.deliberate).Empty(this.heard)
    deliberate = OfficeView(
        office="delegation_lead",
        seat=delegation,
        title=_("代表团审议"),
        form=forms.DeliberateForm,
        act=sitting.deliberate,
        obstacles=selectors.in_session,
        page=PAGES + "deliberate.html",
        context=selectors.deliberating_page,
        basis=_("各代表团审议候选项目，可以提出询问（《地方组织法》第二十三条）"),
        output=_("审议意见"),
        undo=sitting.undo_deliberation,
    ).Next(this.heard)
    heard = nodes.Join().Next(this.settle)
    settle = (
        MeetingView(
            office="presidium",
            title=_("听取审议情况，确定表决事项"),
            form=forms.SettleForm,
            act=sitting.settle,
            obstacles=selectors.obstacles_to_settling,
            page=PAGES + "settle.html",
            context=selectors.settling_page,
            basis=_("主席团听取代表团审议情况，确定提交表决的名单；票决办法写明应选数、差额数、表决方式"),
            output=_("主席团会议纪要、票决办法（草案）、监票人名单（草案）"),
        )
        .Returns(this.delegations)
        .Next(this.manner)
    )
    manner = RuleGate(selectors.adopts_method_by_ballot).Then(this.put_method).Else(this.adopt_method)
    put_method = (
        MeetingView(
            office="clerk",
            body="congress",
            title=_("大会通过监票人名单，票决办法付投票表决"),
            form=forms.PutMethodForm,
            act=sitting.put_method,
            members=members,
            standard=standard_of,
            obstacles=selectors.obstacles_to_vote,
            page=PAGES + "adopt_method.html",
            context=selectors.adopting_page,
            irreversible=True,
            basis=_(
                "监票人名单由大会举手通过；规则定为无记名投票的，票决办法付投票表决（《地方组织法》第二十五条）"
            ),
            output=_("监票人名单、表决票"),
        )
        .Returns(this.settle)
        .Next(this.end)
    )
    adopt_method = (
        MeetingView(
            office="clerk",
            body="congress",
            title=_("大会通过票决办法和监票人名单"),
            form=forms.AdoptForm,
            act=sitting.adopt_method,
            members=members,
            standard=standard_of,
            obstacles=selectors.obstacles_to_vote,
            page=PAGES + "adopt_method.html",
            context=selectors.adopting_page,
            irreversible=True,
            basis=_("《地方组织法》第二十五条：以全体代表的过半数通过"),
            output=_("票决办法、监票人名单"),
        )
        .Returns(this.settle)
        .Next(this.end)
    )
    end = OfficeEnd()

    def answer_the_dropped(self, activation: Any) -> None:
        """What was just left off the list is decided: the days to answer run from today."""
        begin_answers(current_act(), activation.process.artifact, Exclusion.Stage.AGENDA)


def answering(question: Question, item: dict[str, Any]) -> Unit:
    return question.department


class QuestionFlow(YearlyFlow):
    """一件询问"""

    room, step = "deliberation", 3
    process_title = _("询问")

    start = Begin().Next(this.reply)
    reply = OfficeView(
        office="department",
        seat=answering,
        title=_("答复代表询问"),
        form=forms.ReplyForm,
        act=replies.answer,
        obstacles=selectors.obstacles_to_replying,
        page=PAGES + "question.html",
        context=selectors.question_page,
        irreversible=True,
        basis=_("《地方组织法》第二十三条：有关机关应当派人到会说明"),
        output=_("答复"),
    ).Next(this.end)
    end = OfficeEnd()


class WithdrawalFlow(YearlyFlow):
    """撤回一个候选项目"""

    room, step = "deliberation", 3
    process_title = _("撤回候选项目")

    start = Begin().Next(this.consent_withdraw)
    consent_withdraw = MeetingView(
        office="presidium",
        title=_("主席团决定是否同意撤回"),
        findings=(_("会议同意撤回。"), _("会议不同意撤回。")),
        form=forms.ConsentForm,
        act=replies.decide_withdrawal,
        page=PAGES + "withdrawal.html",
        context=selectors.withdrawal_page,
        irreversible=True,
        basis=_("参照《地方组织法》第二十二条：经主席团同意，审议即行终止"),
        output=_("主席团会议纪要"),
    ).Next(this.resettle)
    resettle = nodes.Function(this.settle_anew).Next(this.end)
    end = OfficeEnd()

    def settle_anew(self, activation: Any) -> None:
        """A list settled with the candidate on it is not put to the congress: the presidium settles it anew."""
        withdrawal = activation.process.artifact
        if withdrawal.state == WithdrawalState.AGREED:
            reason = _("“%(title)s”已经撤回，表决事项须由主席团重新确定。") % {"title": withdrawal.item.title}
            for key in selectors.BEFORE_THE_CONGRESS:
                give_back(withdrawal.item.cycle, key, current_act(), to="settle", reason=str(reason))


class MatterFlow(YearlyFlow):
    """代表联名提出的一个项目"""

    room, step = "deliberation", 3
    process_title = _("代表联名提出项目")

    start = Begin().Next(this.added_matter)
    added_matter = MeetingView(
        office="presidium",
        title=_("处理代表联名提出的项目"),
        form=forms.MatterForm,
        act=replies.decide_matter,
        page=PAGES + "matter.html",
        context=selectors.matter_page,
        irreversible=True,
        basis=_("《地方组织法》第二十二条：由主席团决定是否列入议程"),
        output=_("主席团会议纪要"),
    ).Next(this.end)
    end = OfficeEnd()
