"""The deadline of every task of the year, by "room.task": default, range, grade and basis (steps.md, "when")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from projects.cycles.tables import Grade
from workflow.calendar.offsets import Offset


@dataclass(frozen=True)
class TaskTime:
    """The deadline of one task: default offset, the range its length may take, and where that comes from."""

    title: Any
    offset: Offset
    low: int
    high: int
    grade: Grade = "D"
    basis: str = "本地规定"


def _wd(anchor: Any, days: int) -> Offset:
    return Offset(anchor, days, "wd")


def _d(anchor: Any, days: int = 0) -> Offset:
    return Offset(anchor, days, "d")


def _by(anchor: Any, month: int, day: int, years: int = 0) -> Offset:
    return Offset(anchor, month=month, day=day, years=years)


def _at_session(title: Any, anchor: Any = "T") -> TaskTime:
    """Done in the session itself: the day is the session's and nobody's setting."""
    return TaskTime(title, _d(anchor), 0, 0, "S", "制度文件")


def _in_session(title: Any) -> TaskTime:
    """Done at once, while a session called for it sits."""
    return TaskTime(title, _d("receipt"), 0, 30, "D", "本地规定（会议期间）")


TASK_TIMES: dict[str, TaskTime] = {
    # step 1
    "collection.scheme": TaskTime(_("拟订年度实施方案"), _wd("C", -10), 1, 60),
    "collection.scheme_party": TaskTime(_("党委同意实施方案"), _wd("C", -5), 0, 60),
    "collection.open": TaskTime(_("启动年度工作"), _d("C"), 0, 0),
    "collection.publish_call": TaskTime(_("发布征集公告"), _wd("C", 5), 0, 30),
    "collection.cosign_call": TaskTime(_("主席团联合发布征集公告"), _wd("C", 5), 0, 30),
    "collection.receive": TaskTime(_("受理或退回意见建议"), _wd("receipt", 5), 1, 30),
    "collection.complete_proposal": TaskTime(_("补正意见建议"), _wd("receipt", 5), 1, 30),
    "collection.close_books": TaskTime(_("汇总征集情况"), _wd("window", 10), 1, 40),
    # step 2
    "selection.merge": TaskTime(_("归并梳理"), _wd("after", 5), 1, 30),
    "selection.screen": TaskTime(_("资格筛查"), _wd("after", 3), 1, 30),
    "selection.appraise_department": TaskTime(_("部门论证"), _wd("after", 10), 1, 40),
    "selection.appraise_finance": TaskTime(_("财政论证"), _wd("after", 10), 1, 40),
    "selection.appraise_legal": TaskTime(_("合法性审查"), _wd("after", 10), 1, 40),
    "selection.draft_list": TaskTime(_("政府研究提出候选项目建议方案"), _wd("after", 5), 1, 30),
    "selection.presidium_opinion": TaskTime(_("主席团提出意见"), _wd("after", 5), 1, 30),
    "selection.party_study": TaskTime(_("党委研究"), _wd("after", 5), 1, 30),
    "selection.notice": TaskTime(_("发布候选项目公示"), _wd("after", 1), 0, 30),
    "selection.notice_period": TaskTime(
        _("候选项目公示期"), _wd("after", 5), 1, 30, "D", "本地规定（各地 5–7 天）"
    ),
    "selection.objection": TaskTime(_("答复异议"), _wd("receipt", 5), 1, 30),
    "selection.answer": TaskTime(_("答复未采纳的提出人"), _wd("after", 5), 1, 30),
    "selection.sign": TaskTime(_("代表签名提出"), _wd("after", 3), 1, 30),
    "selection.answer_again": TaskTime(_("另定处理结果"), _wd("after", 5), 1, 30),
    "selection.conclude": TaskTime(_("公示期满，确定候选项目"), _wd("after", 2), 1, 30),
    # step 3
    "deliberation.visit_voters": TaskTime(_("组织代表团走访选民、视察现场"), _d("T", -8), 1, 60),
    "deliberation.visits": TaskTime(_("汇总走访视察情况"), _d("T", -7), 1, 60),
    "deliberation.training": TaskTime(_("培训代表"), _d("T", -7), 1, 60),
    "deliberation.report_party": TaskTime(_("向党委请示会议筹备"), _d("T", -25), 10, 90),
    "deliberation.party_reply": TaskTime(_("党委批复会议筹备"), _d("T", -21), 7, 90),
    "deliberation.agenda": TaskTime(_("主席团决定列入议程"), _d("T", -20), 7, 60),
    "deliberation.revise_list": TaskTime(_("修改候选项目建议方案"), _wd("after", 3), 1, 20),
    "deliberation.bill": TaskTime(_("提交议案"), _d("T", -18), 7, 60),
    "deliberation.budget": TaskTime(_("资金列入预算草案"), _d("T", -18), 7, 60),
    "deliberation.convene": TaskTime(
        _("公布会期、议题"), _d("T", -15), 7, 60, "R", "绩溪县乡镇人民代表大会议事规则"
    ),
    "deliberation.roll": TaskTime(_("核定代表名册"), _d("T", -15), 1, 60),
    "deliberation.readiness": TaskTime(_("程序体检"), _d("T", -10), 1, 60),
    "deliberation.materials": TaskTime(_("印发会议材料"), _d("T", -7), 1, 30, "R", "广东（1995 年规定）"),
    "deliberation.preliminary": _at_session(_("预备会议")),
    "deliberation.explain": _at_session(_("说明候选项目形成过程")),
    "deliberation.deliberate": _at_session(_("代表团审议")),
    "deliberation.reply": _at_session(_("答复询问")),
    "deliberation.withdraw": _at_session(_("申请撤回候选项目")),
    "deliberation.consent_withdraw": _at_session(_("主席团同意撤回")),
    "deliberation.added_matter": _at_session(_("处理代表联名提出的项目")),
    "deliberation.settle": _at_session(_("确定表决事项")),
    "deliberation.put_method": _at_session(_("提请大会投票表决票决办法")),
    "deliberation.adopt_method": _at_session(_("通过票决办法")),
    # step 4
    "voting.hold_chief": _at_session(_("总监票人设定开箱口令")),
    "voting.hold_teller": _at_session(_("监票人设定开箱口令")),
    "voting.hold_chair": _at_session(_("人大主席代主席团设定开箱口令")),
    "voting.attendance": _at_session(_("清点到会人数")),
    "voting.open": _at_session(_("开始投票")),
    "voting.open_confirm": _at_session(_("确认开始投票")),
    "voting.close": _at_session(_("截止投票")),
    "voting.close_confirm": _at_session(_("确认截止投票")),
    "voting.count_again": _at_session(_("复票清点")),
    "voting.count_again_confirm": _at_session(_("确认复票清点")),
    "voting.key_first": _at_session(_("第一次录入计票")),
    "voting.key_second": _at_session(_("第二次录入计票")),
    "voting.open_box": _at_session(_("开箱计票")),
    "voting.certify_chief": _at_session(_("总监票人签字")),
    "voting.certify_teller": _at_session(_("监票人签字")),
    "voting.declare_method": _at_session(_("宣布票决办法表决结果")),
    "voting.declare_resolution": _at_session(_("宣布决议表决结果")),
    "voting.declare": _at_session(_("宣布结果")),
    "voting.settle_tie": _at_session(_("主席团决定末位入选项目")),
    "voting.turn_confirm": _at_session(_("确认电子票改为纸质票")),
    "voting.recount_confirm": _at_session(_("确认复票")),
    "voting.revote": _at_session(_("主席团决定重新投票")),
    "voting.void_confirm": _at_session(_("确认重新投票")),
    "voting.put_resolution": _at_session(_("提请大会投票表决决议")),
    "voting.resolution": _at_session(_("通过决议")),
    "voting.announce": TaskTime(_("发布公告"), _wd("T", 5), 1, 20),
    "voting.remainder": TaskTime(_("决定余下名额"), _d("after", 180), 1, 400),
    "voting.tell_left": TaskTime(_("告知提出人余下名额的结果"), _wd("after", 10), 1, 40),
    "voting.hand_opinions": TaskTime(_("交办审议意见"), _wd("T", 10), 1, 40),
    "voting.opinions_reply": TaskTime(_("研究处理审议意见并报告"), Offset("after", 3, "month"), 1, 6),
    "voting.tell_proposers": TaskTime(_("告知提出人票决结果"), _wd("T", 10), 1, 40),
    "voting.file_county": TaskTime(_("报县级备案"), _d("T", 15), 1, 60),
    "supervision.close_session": _at_session(_("宣布闭会")),
    # step 5
    "supervision.hand_over": TaskTime(_("交办入选项目"), _wd("T", 5), 1, 40),
    "supervision.plan": TaskTime(_("编制实施计划"), _d("T", 30), 5, 90, "R", "宁海县决定（一个月内）"),
    "supervision.confirm_plan": TaskTime(_("确认实施计划"), _wd("after", 5), 1, 30),
    "supervision.review_plan": TaskTime(_("主席团审查实施计划"), _wd("after", 5), 1, 30),
    "supervision.groups": TaskTime(_("组建代表监督小组"), _d("T", 30), 1, 90),
    "supervision.regroup": TaskTime(_("换届后重新组建代表监督小组"), _d("after", 30), 1, 90),
    "supervision.tender": TaskTime(_("登记招标采购"), _wd("receipt", 10), 1, 40),
    "supervision.contract": TaskTime(_("登记合同"), _wd("receipt", 10), 1, 40),
    "supervision.progress": TaskTime(_("报告进度"), _wd("after", 5), 1, 20),
    "supervision.red_light": TaskTime(_("办理红灯督办"), _wd("receipt", 10), 1, 40),
    "supervision.inspect": TaskTime(_("代表视察"), Offset("after", 3, "month"), 1, 6),
    "supervision.plan_rectify": TaskTime(_("制定整改方案"), _wd("receipt", 5), 1, 20),
    "supervision.rectify": TaskTime(_("整改问题"), _d("receipt", 30), 5, 120, "D", "本地规定"),
    "supervision.recheck": TaskTime(_("复查整改"), _wd("after", 10), 1, 40),
    "supervision.give_report": TaskTime(_("提交专项工作报告"), _by("year", 8, 15), 0, 60),
    "supervision.special_report": TaskTime(_("听取专项工作报告"), _by("year", 8, 31), 0, 60),
    "supervision.department_answer": TaskTime(_("责任单位书面答复询问"), _wd("after", 10), 1, 40),
    "supervision.mayor_answer": TaskTime(_("乡镇长书面答复询问"), _wd("after", 10), 1, 40),
    "supervision.accept_answer": TaskTime(_("审议书面答复"), _wd("after", 15), 1, 60),
    "supervision.admit_interpellation": TaskTime(
        _("决定质询案的答复形式"), _d("receipt"), 0, 30, "D", "《地方组织法》第二十四条（会议期间）"
    ),
    "supervision.answer_interpellation": TaskTime(
        _("答复质询案"), _d("receipt"), 0, 30, "D", "《地方组织法》第二十四条（会议期间）"
    ),
    "supervision.department_interpellation": TaskTime(
        _("责任单位答复质询案"), _d("receipt"), 0, 30, "D", "《地方组织法》第二十四条（会议期间）"
    ),
    "supervision.classify_change": TaskTime(_("认定是否为轻微调整"), _wd("after", 10), 1, 40),
    "supervision.decide_change": TaskTime(_("决定项目变更"), _d("after", 60), 1, 180),
    "supervision.change_hold_chief": _in_session(_("项目调整表决总监票人设定开箱口令")),
    "supervision.change_hold_teller": _in_session(_("项目调整表决监票人设定开箱口令")),
    "supervision.change_hold_chair": _in_session(_("项目调整表决人大主席设定开箱口令")),
    "supervision.change_attendance": _in_session(_("项目调整表决清点到会人数")),
    "supervision.change_open": _in_session(_("项目调整表决开始")),
    "supervision.change_open_confirm": _in_session(_("项目调整表决确认开始")),
    "supervision.change_close": _in_session(_("项目调整表决截止")),
    "supervision.change_close_confirm": _in_session(_("项目调整表决确认截止")),
    "supervision.change_count_again": _in_session(_("项目调整表决复票清点")),
    "supervision.change_count_again_confirm": _in_session(_("项目调整表决确认复票清点")),
    "supervision.change_key_first": _in_session(_("项目调整表决第一次录入")),
    "supervision.change_key_second": _in_session(_("项目调整表决第二次录入")),
    "supervision.change_open_box": _in_session(_("项目调整表决开箱计票")),
    "supervision.change_certify_chief": _in_session(_("项目调整表决总监票人签字")),
    "supervision.change_certify_teller": _in_session(_("项目调整表决监票人签字")),
    "supervision.change_turn_confirm": _in_session(_("项目调整表决确认电子票改为纸质票")),
    "supervision.change_recount_confirm": _in_session(_("项目调整表决确认复票")),
    "supervision.change_revote": _in_session(_("项目调整表决主席团决定重新投票")),
    "supervision.change_void_confirm": _in_session(_("项目调整表决确认重新表决")),
    "supervision.declare_change": _in_session(_("宣布项目调整表决结果")),
    "supervision.announce_change": TaskTime(_("公告项目调整"), _wd("after", 10), 1, 40),
    "supervision.ratify_change": TaskTime(_("代表大会追认项目调整"), _d("after", 180), 1, 400),
    "supervision.announce_undo": TaskTime(_("公告恢复原定内容"), _wd("after", 10), 1, 40),
    "supervision.audit": TaskTime(_("登记审计报告"), _wd("receipt", 10), 1, 40),
    "supervision.accept": TaskTime(_("完工验收"), _d("plan"), 0, 60),
    "supervision.agree_acceptance": TaskTime(_("代表监督小组确认验收"), _wd("after", 10), 1, 40),
    "supervision.settlement": TaskTime(_("登记结算审核"), _d("after", 60), 10, 180),
    # step 6
    "evaluation.completion_report": TaskTime(_("报告完成情况"), _d("T2", -30), 7, 90),
    "evaluation.residents": TaskTime(_("群众评价"), _by("year", 12, 31), 0, 60),
    "evaluation.review": TaskTime(_("现场评议"), _by("year", 12, 31), 0, 60),
    "evaluation.conclude_reviews": TaskTime(_("主席团听取现场评议情况"), _by("year", 12, 31), 0, 60),
    "evaluation.convene": TaskTime(
        _("召集评估会议"), _d("T2", -15), 7, 60, "R", "参照绩溪县乡镇人民代表大会议事规则"
    ),
    "evaluation.roll": TaskTime(_("核定评估会议代表名册"), _d("T2", -15), 1, 60),
    "evaluation.preliminary": _at_session(_("评估会议开幕（预备会议）"), "T2"),
    "evaluation.presidium_report": _at_session(_("主席团工作报告"), "T2"),
    "evaluation.adopt_tellers": _at_session(_("通过测评监票人、计票人名单"), "T2"),
    "evaluation.measure_hold_chief": _at_session(_("满意度测评总监票人设定开箱口令"), "T2"),
    "evaluation.measure_hold_teller": _at_session(_("满意度测评监票人设定开箱口令"), "T2"),
    "evaluation.measure_hold_chair": _at_session(_("满意度测评人大主席设定开箱口令"), "T2"),
    "evaluation.measure_attendance": _at_session(_("满意度测评清点到会人数"), "T2"),
    "evaluation.measure_open": _at_session(_("满意度测评开始"), "T2"),
    "evaluation.measure_open_confirm": _at_session(_("满意度测评确认开始"), "T2"),
    "evaluation.measure_close": _at_session(_("满意度测评截止"), "T2"),
    "evaluation.measure_close_confirm": _at_session(_("满意度测评确认截止"), "T2"),
    "evaluation.measure_count_again": _at_session(_("满意度测评复票清点"), "T2"),
    "evaluation.measure_count_again_confirm": _at_session(_("满意度测评确认复票清点"), "T2"),
    "evaluation.measure_key_first": _at_session(_("满意度测评第一次录入"), "T2"),
    "evaluation.measure_key_second": _at_session(_("满意度测评第二次录入"), "T2"),
    "evaluation.measure_open_box": _at_session(_("满意度测评开箱计票"), "T2"),
    "evaluation.measure_certify": _at_session(_("满意度测评签字"), "T2"),
    "evaluation.measure_certify_teller": _at_session(_("满意度测评监票人签字"), "T2"),
    "evaluation.measure_turn_confirm": _at_session(_("满意度测评确认电子票改为纸质票"), "T2"),
    "evaluation.measure_recount_confirm": _at_session(_("满意度测评确认复票"), "T2"),
    "evaluation.measure_revote": _at_session(_("满意度测评主席团决定重新投票"), "T2"),
    "evaluation.measure_void_confirm": _at_session(_("满意度测评确认重新测评"), "T2"),
    "evaluation.measure_declare": _at_session(_("宣布测评结果"), "T2"),
    "evaluation.rectify": TaskTime(_("测评后整改"), _d("after", 60), 30, 180, "D", "本地规定"),
    "evaluation.second_measure": TaskTime(_("召集再次测评"), _d("after", 30), 1, 400),
    "evaluation.publish": TaskTime(_("公布结果"), _wd("T2", 10), 1, 40),
    "evaluation.archive": TaskTime(_("移交归档"), _by("year", 6, 30, 1), 0, 60),
    "evaluation.addendum": TaskTime(_("移交补充卷宗"), _wd("after", 20), 1, 120),
    "evaluation.look_back": TaskTime(_("翌年回头看"), _by("closing", 9, 30, 1), 0, 60, "N", "江门做法"),
    "evaluation.look_back_fix": TaskTime(_("整改回头看发现的问题"), _d("after", 30), 5, 120),
    "oversight.note_reply": TaskTime(_("回复工作提示函"), _d("receipt", 15), 3, 60),
    "retention.confirm": TaskTime(_("确认清除个人信息"), _wd("receipt", 10), 1, 60),
    "retention.answer": TaskTime(
        _("答复删除联系方式的申请"),
        _wd("receipt", 15),
        1,
        20,
        "D",
        "本地规定；《个人信息保护法》第五十条（及时处理）",
    ),
}
DEADLINES: dict[str, Offset] = {key: task.offset for key, task in TASK_TIMES.items()}

# Counted back from T, each of these must be due no later than the one after it (steps.md, step 3).
BEFORE_SESSION = (
    "deliberation.report_party",
    "deliberation.party_reply",
    "deliberation.agenda",
    "deliberation.bill",
    "deliberation.convene",
    "deliberation.readiness",
    "deliberation.materials",
)
