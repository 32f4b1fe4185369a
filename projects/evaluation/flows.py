"""Whose turn it is in step 6 (steps.md, 6 评估; responsible: 乡镇人民代表大会, organised by its 主席团)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _
from viewflow import this
from viewflow.workflow import nodes

from projects.ballots.desk.steps import DeskSteps
from projects.ballots.tellers import release
from projects.cycles.flows import YearlyFlow
from projects.cycles.models import Cycle
from projects.cycles.selectors import standard_of
from projects.evaluation import (
    addenda,
    archives,
    carrying,
    convening,
    dossier,
    forms,
    hall,
    hearing,
    measuring,
    selectors,
    services,
)
from projects.supervision.flows.projects import on_settled
from projects.supervision.flows.seats import group_of
from projects.supervision.models import Project, ProjectState
from projects.supervision.selectors import project_file
from workflow.flows.acting import current_act
from workflow.flows.base import Begin
from workflow.flows.nodes import (
    CeleryJob,
    EachSplit,
    Gate,
    MeetingView,
    OfficeEnd,
    OfficeView,
    RuleGate,
    SubFlow,
)
from workflow.flows.processes import call_off, processes, running

STEPS = DeskSteps(measuring.DESK)


def _part_of_the_act(work: Callable[[Any, Any], Any]) -> Callable[[Any], None]:
    """A node's work done as part of the act that led to it."""

    def run(activation: Any) -> None:
        work(current_act(), activation.process.artifact)

    return run


def _asks(question: Callable[[Any], Any]) -> Callable[[Any], bool]:
    """A condition on the flow's subject."""
    return lambda activation: bool(question(activation.process.artifact))


class LookBackFlow(YearlyFlow):
    """翌年回头看"""

    room, step = "evaluation", 6
    process_title = _("翌年回头看")

    start = Begin().Next(this.look_back)
    look_back = (
        MeetingView(
            office="presidium",
            title=_("翌年回头看"),
            form=forms.LookBackForm,
            act=services.look_back,
            obstacles=services.obstacles_to_looking,
            context=selectors.look_back_facts,
            page="steps/evaluation/look_back.html",
            basis=_("江门等地做法：办结次年第三季度回头看，防止建而不用、建而不管"),
            output=_("回头看记录"),
        )
        # Taken by the split below: what is found wanting goes to as many departments as are answerable for it.
        .Returns(this.look_back_fix, by_outcome=True)
        .Next(this.sound)
    )
    sound = Gate(_asks(selectors.look_back_problems)).Then(this.each_fix).Else(this.end)
    each_fix = EachSplit(services.items_to_fix).Each(this.look_back_fix).Empty(this.fixed)
    look_back_fix = OfficeView(
        office="department",
        seat=services.seat_of_department,
        title=_("整改回头看发现的问题"),
        form=forms.RectifyForm,
        act=services.fix_after_look,
        context=selectors.look_back_facts,
        page="steps/evaluation/look_back.html",
        basis=_("回头看发现的问题交责任单位整改，整改后再看"),
        output=_("整改报告"),
        undo=services.undo_fix,
    ).Next(this.fixed)
    fixed = nodes.Join().Next(this.look_back)
    end = OfficeEnd()


class AddendumFlow(YearlyFlow):
    """补充卷宗"""

    room, step = "evaluation", 6
    process_title = _("补充卷宗")

    start = Begin().Next(this.addendum)
    addendum = OfficeView(
        office="clerk",
        title=_("移交补充卷宗"),
        form=forms.TransferForm,
        act=carrying.hand_addendum,
        context=project_file,
        page="steps/supervision/project.html",
        irreversible=True,
        basis=_("跨年续建项目在年度卷宗移交后验收、终止、测评的，形成的文件归入补充卷宗"),
        output=_("补充卷宗移交清单"),
        handed_out="steps/evaluation/archived.html",
        handed_told=lambda project, grant: archives.archive_told(project.cycle, grant),
    ).Next(this.make_addendum)
    make_addendum = CeleryJob(addenda.archive_project, _("生成补充卷宗")).Next(this.end)
    end = OfficeEnd()


def _add_to_dossier(act: Any, project: Project) -> None:
    """What becomes of a project carried over, once its year's dossier is handed over, makes a volume of its own."""
    if carrying.adds_to_dossier(project) and not running(AddendumFlow, project).exists():
        AddendumFlow.begin(project)


on_settled(_add_to_dossier)


def settle_and_add(act: Any, cycle: Cycle, **confirmed: bool) -> None:
    """The measurement is announced; that of a project of an earlier year belongs into that year's dossier too.

    The tellers of a session leave with it; a deputies' meeting has nothing that would end them later.
    """
    measuring.settle(act, cycle, **confirmed)
    occasion = selectors.occasion_of(cycle)
    if occasion["session"] is None:
        release(act, cycle.unit, reason=_("%(meeting)s结束") % {"meeting": occasion["title"]})
    for measurement in selectors.passed_now(cycle):
        _add_to_dossier(act, measurement.project)


class MeasurementFlow(YearlyFlow):
    """满意度测评"""

    room, step = "evaluation", 6
    process_title = _("满意度测评")
    desk = STEPS

    start = Begin().Next(this.at_desk)
    # A recount begins this flow anew with the ballots already issued.
    at_desk = desk.ballots_are_out().Then(this.measure_count_again).Else(this.ordered)
    # A void vote is held again once the presidium has decided so, wherever the flow begins anew.
    ordered = desk.awaits_order().Then(this.measure_revote).Else(this.keyless)
    measure_revote = desk.deciding_anew("measure_revote").Returns(this.measure_revote).Next(this.keyless)
    keyless = desk.lacks_keys().Then(this.holding).Else(this.measure_attendance)
    holding = (
        nodes.Split()
        .Next(this.measure_hold_chief)
        .Next(this.measure_hold_teller)
        .Next(this.measure_hold_chair)
    )
    measure_hold_chief = desk.holding("chief_teller", _("总监票人设定开箱口令")).Next(this.held)
    measure_hold_teller = desk.holding("teller", _("监票人设定开箱口令")).Next(this.held)
    measure_hold_chair = desk.holding("chair", _("人大主席代主席团设定开箱口令")).Next(this.held)
    held = nodes.Join().Next(this.measure_attendance)
    measure_attendance = desk.attendance(form=forms.MeasuringAttendanceForm).Next(this.measure_open)
    measure_open = desk.opening_step().Returns(this.measure_attendance).Next(this.measure_open_confirm)
    measure_open_confirm = (
        desk.confirming_opening().Returns(this.measure_open, this.measure_attendance).Next(this.measure_close)
    )
    measure_close = desk.closing_step().Next(this.measure_close_confirm)
    measure_close_confirm = desk.confirming_closing().Returns(this.measure_close).Next(this.closed)
    measure_count_again = desk.counting_again().Next(this.measure_count_again_confirm)
    measure_count_again_confirm = (
        desk.confirming_count_again().Returns(this.measure_count_again).Next(this.closed)
    )
    closed = desk.is_closed().Then(this.on_paper).Else(this.ordered)
    on_paper = desk.has_paper().Then(this.key).Else(this.measure_open_box)
    key = nodes.Split().Next(this.measure_key_first).Next(this.measure_key_second)
    measure_key_first = desk.keying(1).Next(this.keyed)
    measure_key_second = desk.keying(2).Next(this.keyed)
    keyed = nodes.Join().Next(this.compared)
    compared = desk.keyed(sign=this.sign, box=this.measure_open_box, again=this.key)
    measure_open_box = desk.box().Next(this.box_opened)
    box_opened = RuleGate(desk.lacks_paper).Then(this.key).Else(this.sign)
    sign = nodes.Split().Next(this.measure_certify).Next(this.measure_certify_teller)
    measure_certify = desk.signing("chief_teller", _("总监票人签字")).Next(this.signed)
    measure_certify_teller = desk.signing("teller", _("监票人签字")).Next(this.signed)
    signed = nodes.Join().Next(this.measure_declare)
    measure_declare = desk.declaring(
        settle_and_add,
        title=_("宣布结果"),
        form=forms.MeasuredForm,
        basis=_("测评结果当场宣布并向社会公布；低于规定满意率的，整改后再次测评"),
        output=_("满意度测评结果"),
    ).Next(this.end)
    end = OfficeEnd()


class MeasurementTurnFlow(YearlyFlow):
    """测评电子票改为纸质票"""

    room, step = "evaluation", 6
    process_title = _("测评电子票改为纸质票")

    start = Begin().Next(this.measure_turn_confirm)
    measure_turn_confirm = STEPS.confirming_turn().Next(this.end)
    end = OfficeEnd()


class MeasurementRecountFlow(YearlyFlow):
    """测评票复票"""

    room, step = "evaluation", 6
    process_title = _("测评票复票")

    start = Begin().Next(this.measure_recount_confirm)
    measure_recount_confirm = STEPS.confirming_recount(
        MeasurementFlow, MeasurementFlow.measure_count_again
    ).Next(this.end)
    end = OfficeEnd()


class MeasurementVoidFlow(YearlyFlow):
    """决定重新测评"""

    room, step = "evaluation", 6
    process_title = _("决定重新测评")

    start = Begin().Next(this.measure_void_confirm)
    measure_void_confirm = STEPS.confirming_void(
        MeasurementFlow, MeasurementFlow.measure_attendance, title=process_title
    ).Next(this.end)
    end = OfficeEnd()


measuring.DESK.follow_votes(
    {"turn": MeasurementTurnFlow, "recount": MeasurementRecountFlow, "void": MeasurementVoidFlow},
    opening=(MeasurementFlow.measure_open, MeasurementFlow.measure_open_confirm),
    to=MeasurementFlow.measure_attendance.name,
)


def _begin_to_look_back(act: Any, cycle: Cycle) -> None:
    """The look back waits for the third quarter of the year after; the dossier is of what came before it."""
    LookBackFlow.begin(cycle)


# What residents and groups say, beside supervision


class ReviewFlow(YearlyFlow):
    """一个项目的现场评议"""

    room, step = "evaluation", 6
    process_title = _("现场评议")

    start = Begin().Next(this.review)
    review = OfficeView(
        office="inspector",
        seat=group_of,
        title=_("现场评议"),
        form=forms.ReviewForm,
        act=services.review_project,
        context=project_file,
        page="steps/supervision/project.html",
        basis=_("华泾镇等地做法：按八个维度加权评议，维度和权重由本地规则确定"),
        output=_("代表评议意见"),
        undo=services.undo_review,
    ).Next(this.end)
    end = OfficeEnd()


class HearingFlow(YearlyFlow):
    """群众评价和现场评议的汇总"""

    room, step = "evaluation", 6
    process_title = _("群众评价和现场评议")

    start = Begin().Next(this.ask)
    ask = nodes.Split().Always(this.residents).Always(this.conclude_reviews)
    residents = OfficeView(
        office="clerk",
        title=_("结束群众评价"),
        form=forms.RoundForm,
        act=services.close_round,
        obstacles=hearing.obstacles_to_closing_round,
        context=selectors.rating_facts,
        page="steps/evaluation/ratings.html",
        irreversible=True,
        basis=_("群众满意不满意是评判标准；样本不足的只列样本数，不计满意率"),
        hint=_("结束后不再接收群众评价。"),
    ).Next(this.heard)
    conclude_reviews = MeetingView(
        office="presidium",
        title=_("主席团听取现场评议情况"),
        form=forms.ReviewsForm,
        act=services.conclude_reviews,
        obstacles=hearing.obstacles_to_concluding,
        context=selectors.review_facts,
        page="steps/evaluation/reviews.html",
        basis=_("《地方组织法》第十九条：主席团组织代表开展视察、调研；代表监督小组的评议由主席团汇总"),
        output=_("主席团会议纪要（现场评议）"),
    ).Next(this.heard)
    heard = nodes.Join().Next(this.end)
    end = OfficeEnd()


def _ask_on_site(project: Project) -> bool:
    # The sweep and an acceptance may meet here; the project's lock lets one of them ask.
    Project.objects.select_for_update().get(pk=project.pk)
    if not hearing.is_to_be_reviewed(project) or running(ReviewFlow, project).exists():
        return False
    ReviewFlow.begin(project)
    return True


def ask_about_all(act: Any, cycle: Cycle) -> bool:
    """The residents' round and every review of a year that is not under way yet; safe to ask for twice. Whether any began."""
    begins = not processes(HearingFlow, cycle).exists()
    if begins:
        HearingFlow.begin(cycle)
    asked = [_ask_on_site(project) for project in selectors.judged_projects(cycle)]
    return begins or any(asked)


def _ask_or_call_off(act: Any, project: Project) -> None:
    """An accepted project is seen by its group at once; one that was stopped by nobody."""
    if project.state == ProjectState.ACCEPTED:
        _ask_on_site(project)
    else:
        call_off(ReviewFlow, project, act, reason=str(_("项目已终止")))


on_settled(_ask_or_call_off)


class EvaluationFlow(YearlyFlow):
    """评估"""

    room, step = "evaluation", 6
    process_title = _("评估")

    start = Begin().Next(this.completion_report)
    completion_report = OfficeView(
        office="mayor",
        title=_("报告完成情况"),
        form=forms.CompletionForm,
        act=services.report_completion,
        obstacles=services.obstacles_to_reporting,
        context=selectors.completion_of,
        page="steps/evaluation/completion.html",
        irreversible=True,
        basis=_("《地方组织法》第十二条、第十九条：政府向大会报告工作，接受主席团监督"),
        output=_("完成情况报告"),
    ).Next(this.inquire)
    inquire = nodes.Function(_part_of_the_act(ask_about_all)).Next(this.convene)
    convene = MeetingView(
        office="presidium",
        title=_("召集评估会议"),
        form=forms.ConveneForm,
        act=convening.convene,
        context=selectors.convening_facts,
        page="steps/evaluation/convene.html",
        irreversible=True,
        basis=_(
            "《地方组织法》第十四条：会议由主席团召集，会期由主席团决定并公布；参照绩溪议事规则，会前十五日公布"
        ),
        output=_("主席团会议纪要、会议通知"),
    ).Next(this.listed)
    # A session that votes on the next year has its roll from there.
    listed = Gate(_asks(convening.has_roll)).Then(this.assembled).Else(this.roll)
    roll = OfficeView(
        office="clerk",
        title=_("核定评估会议代表名册"),
        form=forms.EvaluationRollForm,
        act=convening.fix_roll,
        obstacles=convening.obstacles_to_roll,
        context=selectors.convened_facts,
        page="steps/evaluation/roll.html",
        basis=_("《地方组织法》第十四条：三分之二以上代表出席始得举行，以全体代表为基数"),
        hint=_("核定后补选、终止资格的，另行登记代表变动；会议期间在两次投票之间登记。"),
        stays=_("名册是法定人数和过半数的基数，核定后由登记代表变动更正。"),
        output=_("代表名册"),
    ).Next(this.assembled)
    # A session that votes on the next year is opened by that vote's preliminary meeting.
    assembled = Gate(_asks(hall.needs_preliminary)).Then(this.preliminary).Else(this.reported)
    preliminary = MeetingView(
        office="clerk",
        body="congress",
        title=_("评估会议开幕（预备会议）"),
        form=forms.OpeningForm,
        act=hall.open_session,
        members=selectors.members_at_occasion,
        standard=standard_of,
        obstacles=hall.obstacles_to_opening,
        context=selectors.opening_facts,
        page="steps/evaluation/opening.html",
        irreversible=True,
        basis=_("《地方组织法》第十四条、第十九条：三分之二以上代表出席始得举行；会议选举主席团"),
        output=_("主席团名单、会议议程"),
    ).Next(this.reported)
    # The same preliminary meeting opens a session that only measures again.
    reported = Gate(_asks(hall.is_reported)).Then(this.adopt_tellers).Else(this.presidium_report)

    presidium_report = OfficeView(
        office="chair",
        title=_("主席团工作报告（监督情况）"),
        form=forms.PresidiumReportForm,
        act=services.report_of_presidium,
        obstacles=hall.obstacles_to_reporting,
        context=selectors.account_facts,
        page="steps/evaluation/account.html",
        basis=_("《地方组织法》第十二条第一款第九项、第十九条"),
        output=_("主席团工作报告"),
        stays=_("工作报告在会议上作出，测评票同时拟定。"),
    ).Next(this.put_on_paper)
    put_on_paper = Gate(_asks(measuring.is_defined)).Then(this.adopt_tellers).Else(this.publish)

    adopt_tellers = MeetingView(
        office="clerk",
        body="congress",
        title=_("通过测评监票人、计票人名单"),
        form=forms.MeasuringTellersForm,
        act=hall.adopt_measuring_tellers,
        members=selectors.members_at_occasion,
        standard=standard_of,
        obstacles=hall.obstacles_to_adopting,
        context=selectors.adopting_facts,
        page="steps/evaluation/tellers.html",
        irreversible=True,
        basis=_(
            "监票人、计票人由会议通过，只担任一次投票（《地方组织法》第二十五条：以全体代表的过半数通过）"
        ),
        output=_("监票人、计票人名单"),
    ).Next(this.measure)
    measure = SubFlow(lambda: MeasurementFlow, _("满意度测评")).Next(this.passed)
    passed = (
        Gate(_asks(lambda cycle: selectors.failing(cycle).exists()))
        .Then(this.each_rectify)
        .Else(this.publish)
    )

    each_rectify = EachSplit(measuring.items_to_rectify).Each(this.rectify).Empty(this.rectified)
    rectify = OfficeView(
        office="department",
        seat=services.seat_of_department,
        title=_("测评后整改"),
        form=forms.RectifyForm,
        act=measuring.rectify,
        context=selectors.account_facts,
        page="steps/evaluation/account.html",
        basis=_("低于达标线的，整改后再次测评；低于不合格线或者再次未达标的，整改、通报并报同级党委"),
        output=_("整改报告"),
        undo=measuring.undo_rectifying,
    ).Next(this.rectified)
    rectified = nodes.Join().Next(this.second_measure)
    second_measure = MeetingView(
        office="presidium",
        title=_("召集再次测评"),
        form=forms.SecondForm,
        act=convening.call_second,
        context=selectors.second_facts,
        page="steps/evaluation/second.html",
        irreversible=True,
        basis=_("未达标的项目未经再次测评不得销号；下次代表大会或主席团组织的代表会议进行"),
        output=_("主席团会议纪要、会议通知"),
    ).Next(this.called_again)
    called_again = Gate(_asks(hall.needs_preliminary)).Then(this.preliminary).Else(this.adopt_tellers)

    publish = OfficeView(
        office="clerk",
        title=_("公布明白账"),
        form=forms.PublishForm,
        act=services.publish_account,
        obstacles=services.obstacles_to_closing,
        context=selectors.account_facts,
        page="steps/evaluation/account.html",
        irreversible=True,
        basis=_("实施结果和测评结果向社会公布"),
        output=_("明白账"),
    ).Next(this.archive)
    archive = OfficeView(
        office="clerk",
        title=_("移交归档"),
        form=forms.ArchiveForm,
        act=services.hand_to_archive,
        obstacles=services.obstacles_to_closing,
        context=dossier.archive_facts,
        page="steps/evaluation/archive.html",
        irreversible=True,
        basis=_("天全县等地做法：一年一卷，按六个环节排列，归档目录、件号、备考表齐全"),
        output=_("归档目录、备考表、移交清单"),
        handed_out="steps/evaluation/archived.html",
        handed_told=archives.archive_told,
    ).Next(this.close)
    # Closed before its dossier is made, which holds that too: its registers, checks and trail are those of a closed year.
    close = nodes.Function(_part_of_the_act(services.close_year)).Next(this.make_dossier)
    make_dossier = CeleryJob(dossier.archive_year, _("生成年度卷宗")).Next(this.look_back)
    look_back = nodes.Function(_part_of_the_act(_begin_to_look_back)).Next(this.end)
    end = OfficeEnd()

    @classmethod
    def later_t2(cls, cycle: Cycle) -> date | None:
        """Once a measurement is called again, the day of that occasion."""
        return selectors.later_occasion(cycle)
