"""The letters there are: what each is called, and what its words may be filled with; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from notifications.routing import LEGAL, OVERDUE, ROUTES, SECURITY

# By the template's name in templates/notifications/letters.
TITLES: dict[str, Any] = {
    "opened": _("新的待办事项"),
    "returned": _("事项被退回"),
    "taken_back": _("事项被取回"),
    "urged": _("催办"),
    "reminded": _("到期以前和当天的提醒"),
    "overdue": _("超期提醒"),
    "escalated": _("超期上报"),
    "handed_over": _("转办"),
    "copied": _("抄送"),
    "noted": _("留言"),
    "meeting_called": _("会议召集"),
    "meeting_called_off": _("会议取消"),
    "called_off": _("事项终止"),
    "office_ended": _("任职终止"),
    "invited": _("设置首个密码"),
    "stand_in_named": _("指定代办人"),
    "stand_in_ended": _("代办终止"),
    "call": _("征集公告发布"),
    "proposal_accepted": _("意见建议受理"),
    "proposal_returned": _("意见建议退回补正"),
    "proposal_pooled": _("意见建议列入项目库"),
    "proposal_answered": _("意见建议答复"),
    "session_moved": _("会期调整"),
    "convened": _("会议通知"),
    "materials": _("会议材料印发"),
    "cosign": _("征集联名"),
    "lapsed": _("联名事项终止"),
    "vote_void": _("投票无效"),
    "box_emptied": _("改用纸质票"),
    "destroying": _("选票销毁在即"),
    "destroyed": _("选票已销毁"),
    "counters_named": _("确定复票计票人"),
    "recount_possible": _("可以提出复票"),
    "not_agreed": _("复票、重新投票或改用纸质票未获同意"),
    "recount_declined": _("复票未获同意，不必在会场等候"),
    "recount_lapsed": _("复票不再办理，不必在会场等候"),
    "asked_in_vain": _("提出的复票、重新投票或改用纸质票不再办理"),
    "declared": _("票决结果"),
    "filed": _("报送备案"),
    "summarised": _("进度汇总"),
    "light_set": _("亮灯人工调整"),
    "light_restored": _("亮灯人工调整撤销"),
    "change_announced": _("项目调整公告"),
    "change_refused": _("项目调整未获批准"),
    "change_revoked": _("项目恢复原定内容"),
    "measured_badly": _("测评未达标"),
    "guided": _("指导意见"),
    "circulated": _("通报"),
    "sampled": _("随机抽查"),
    "training": _("培训通知"),
    "model_offered": _("推荐示范规则"),
    "note_answered": _("提示函答复"),
    "repaired": _("汇总数字更正"),
    "unit_changed": _("区划变动"),
    "trail_broken": _("办理记录被改动"),
    "erasure_due": _("个人信息保存期满"),
    "erasing": _("个人信息到期清除"),
    "erased": _("个人信息已清除"),
    "erasure_declined": _("不同意清除"),
}
DUTIES: dict[str, Any] = {
    LEGAL: _("法律和会议制度要求送达的通知，每位接收人都必须收到。"),
    OVERDUE: _("事项已经超过期限，责任人必须知道。"),
    SECURITY: _("关系到本人的任职和账号安全。"),
}
TASK = {
    "task": _("事项"),
    "task_label": _("事项对象"),
    "seat": _("办理单位"),
    "due": _("办理期限"),
}
OFFICE = {"office": _("职务")}
MEETING = {"held_on": _("会议日期"), "hour": _("会议时间"), "place": _("会议地点")}
# What every letter may name, and what only some may.
GENERAL = {
    "unit": _("单位"),
    "who": _("作出办理的职务"),
    "label": _("对象"),
    "reason": _("理由"),
    "day": _("日期"),
}
OWN: Mapping[str, Mapping[str, Any]] = {
    **dict.fromkeys(("returned", "urged", "handed_over", "noted"), TASK),
    "opened": TASK | {"tasks": _("全部事项")},
    "copied": {"task": TASK["task"], "copied": _("抄送内容")},
    "reminded": TASK | {"when_due": _("时限说明")},
    **dict.fromkeys(("overdue", "escalated"), TASK | {"days": _("天数")}),
    **dict.fromkeys(("meeting_called", "meeting_called_off"), OFFICE | MEETING),
    "called_off": {"ended": _("终止的事项")},
    "office_ended": OFFICE,
    "stand_in_ended": OFFICE,
    "invited": {"user": _("用户名"), "days": _("链接有效天数")},
    "stand_in_named": OFFICE | {"since": _("代办开始"), "until": _("代办结束")},
    "call": {"window_from": _("征集开始"), "window_to": _("征集结束")},
    "session_moved": {"session": _("会议"), "new_day": _("新的会期")},
    "declared": {"corrects": _("原结果宣布日期")},
    "box_emptied": {"destroyed": _("作废的电子票数")},
    "trail_broken": {"index": _("记录序号")},
    "erasure_due": {"kinds": _("期满项数"), "rows": _("期满件数")},
    "erased": {"rows": _("清除件数"), "number": _("清除证明编号")},
    "repaired": {"differences": _("更正的数字个数")},
    "destroyed": {"sealed": _("销毁的电子票数"), "on_paper": _("销毁的纸质票数")},
}
# What an editor begins with, of letters whose usual words depend on the case.
START: Mapping[str, tuple[Any, Any]] = {
    "opened": (
        _("请办理：{事项}"),
        _("{全部事项}\n对象：{事项对象}\n办理单位：{办理单位}\n办理期限：{办理期限}"),
    ),
    "reminded": (
        _("{时限说明}：{事项}"),
        _("对象：{事项对象}\n办理单位：{办理单位}\n办理期限：{办理期限}"),
    ),
    "copied": (
        _("抄送：{事项}"),
        _("{作出办理的职务}将{抄送内容}抄送您知悉，无须办理。\n抄送说明：{理由}\n来自：{单位}\n对象：{对象}"),
    ),
    "summarised": (
        _("实施进度汇总：{对象}"),
        _("{单位}入选项目的实施进度已按期汇总，请在年度流程的文件中查阅。"),
    ),
    "not_agreed": (
        _("您提出的事项未获同意：{对象}"),
        _("{作出办理的职务}不同意，没有办理。\n理由：{理由}"),
    ),
    "declared": (
        _("票决结果已宣布：{对象}"),
        _(
            "票决结果已经宣布，入选和未入选的项目及其得票可在办理记录中查看。\n"
            "本次结果更正{原结果宣布日期}宣布的结果，以本次宣布的为准。"
        ),
    ),
    "session_moved": (
        _("会期调整：{对象}"),
        _("{会议}改为 {新的会期} 举行，有关办理期限随之调整。\n理由：{理由}"),
    ),
}


def placeholders_of(letter: str) -> dict[str, Any]:
    """What the words of a letter may be filled with: what each is called, by its code."""
    return {**GENERAL, **OWN.get(letter, {})}


def duties() -> list[tuple[str, list[str]]]:
    """Why some letters cannot be switched off, and which these are, by title."""
    found = []
    for code, reason in DUTIES.items():
        letters = {route.letter: None for route in ROUTES if route.duty == code}
        found.append((str(reason), [str(TITLES[letter]) for letter in letters]))
    return found
