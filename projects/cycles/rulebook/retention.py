"""The settings of what is kept how long, and of when personal data are erased."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Ge, Le
from django.utils.translation import gettext_lazy as _

from projects.cycles.rulebook.kinds import Part
from projects.cycles.rulebook.notes import Said

ARCHIVED = {"permanent": _("永久"), "30": _("30 年"), "10": _("10 年")}
TermOfArchive = Literal["permanent", "30", "10"]
SHORTEST = "本地规定；《个人信息保护法》第十九条（最短时间）"
OF_FILES = "《机关文件材料归档范围和文书档案保管期限规定》"


class Retention(Part):
    """What is kept how long: personal data by months, the papers of the file by the terms of archives."""

    contact_months: Annotated[
        int,
        Ge(0),
        Le(60),
        Said(
            _("提出人姓名、联系方式保存"),
            "retention",
            "D",
            SHORTEST,
            unit=_("个月"),
            help=_("自年度归档之日起；期满后由两人办理清除"),
        ),
    ] = 3
    rating_words_months: Annotated[
        int,
        Ge(0),
        Le(120),
        Said(
            _("群众评价的文字保存"),
            "retention",
            "D",
            SHORTEST,
            unit=_("个月"),
            help=_("自年度归档之日起；满意、不满意的件数长期保存"),
        ),
    ] = 12
    visit_months: Annotated[
        int,
        Ge(12),
        Le(120),
        Said(
            _("走访登记的地点、情况保存"),
            "retention",
            "D",
            SHORTEST,
            unit=_("个月"),
            help=_("自年度归档之日起；走访次数、人数和汇总记录长期保存"),
        ),
    ] = 60
    sign_in_log_months: Annotated[
        int,
        Ge(6),
        Le(60),
        Said(
            _("登录日志保存"),
            "retention",
            "D",
            "本地规定；《网络安全法》（网络日志留存不少于六个月）",
            unit=_("个月"),
            help=_("工作人员登录的时间、地址和设备；谁在何时登录另有办理记录"),
        ),
    ] = 12
    decisions_archived: Annotated[
        TermOfArchive,
        Said(_("决议、决定、会议文件保管期限"), "retention", "N", OF_FILES, choices=ARCHIVED),
    ] = "permanent"
    business_archived: Annotated[
        TermOfArchive,
        Said(_("计划、汇总、验收、评估文件保管期限"), "retention", "N", OF_FILES, choices=ARCHIVED),
    ] = "30"
    routine_archived: Annotated[
        TermOfArchive,
        Said(_("通知、提示、日常记录保管期限"), "retention", "N", OF_FILES, choices=ARCHIVED),
    ] = "10"
