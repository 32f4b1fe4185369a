"""What the rulebook starts from: lists and tables a township may edit, and the rules nobody may (FIXED).

Grades: L national law, R local regulation, N observed practice, T borrowed from election rules,
S founding documents, D a default without a source (本地规定). Sources: rules.md §4, §5, §8, §10, §13.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext_lazy as _

Grade = Literal["L", "R", "N", "T", "S", "D"]


@dataclass(frozen=True)
class Item:
    """An entry of a table setting: an eligibility check, a scoring criterion, a review dimension."""

    title: Any
    default: Any
    grade: Grade = "D"
    basis: str = "本地规定"


@dataclass(frozen=True)
class Fixed:
    """A rule no township may set."""

    title: Any
    text: Any
    group: str
    grade: Grade
    basis: str


CHECKS: dict[str, Item] = {
    "public_money": Item(_("以财政性资金为主"), "warn", "S", "制度文件；巴南；徐圩；新密；常州"),
    "benefit": Item(
        _("普惠、公益、区域均衡、可持续"),
        "warn",
        "S",
        "制度文件；《陕西省民生实事项目人大代表票决制规定》第五条",
    ),
    "single_interest": Item(_("个别单位或个人的要求"), "block", "R", "内江"),
    "within_year": Item(_("当年完成；跨年度的须有年度目标"), "block", "S", "制度文件；陕西；巴南"),
    "resources": Item(_("资金、土地等要素有保障"), "warn", "S", "制度文件；合水"),
    "upper_level": Item(_("上级部署项目"), "warn", "S", "制度文件；巴南；宁海"),
    "continuation": Item(_("续建、配套辅助项目"), "warn", "S", "制度文件"),
    "burden": Item(_("增加群众或企业负担、政府债务风险、稳定风险"), "block", "R", "陕西；巴南"),
    "negative_list": Item(_("负面清单：办公楼、办公设备、烂尾、挪用工程款等"), "block", "N", "苍溪"),
    "major_investment": Item(_("与政府重大投资项目相区别"), "note", "S", "制度文件"),
    "routine": Item(_("常规工作或已列入计划"), "warn", "S", "制度文件"),
}
CRITERIA: dict[str, Item] = {
    "demand": Item(_("群众需求程度"), 20),
    "reach": Item(_("受益面"), 20),
    "necessity": Item(_("必要性"), 15),
    "feasibility": Item(_("可行性（要素保障）"), 15),
    "affordability": Item(_("财政承受能力"), 15),
    "balance": Item(_("区域平衡"), 10),
    "this_year": Item(_("当年完成"), 5),
}
DIMENSIONS: dict[str, Item] = {
    "target": Item(_("目标完成度"), 20, "N", "华泾镇（八个维度）"),
    "quality": Item(_("建设质量"), 15),
    "time": Item(_("进度时效"), 10),
    "reach": Item(_("受益成效"), 15),
    "residents": Item(_("群众评价"), 15),
    "upkeep": Item(_("后续管护"), 10),
    "openness": Item(_("公开透明"), 5),
    "money": Item(_("资金规范性"), 10, "N", "华泾镇（八个维度）"),
}
CATEGORIES = (
    "教育助学",
    "医疗卫生",
    "就业创业",
    "社会保障",
    "养老服务",
    "托育妇幼",
    "助残帮困",
    "住房保障",
    "交通出行",
    "水利饮水",
    "电力",
    "生态环境",
    "文化体育",
    "食品安全",
    "公共安全",
    "乡村建设",
    "市政公用",
    "便民服务",
    "社会治理",
    "科技",
)
CHANNELS = (
    "政府网站、公告栏",
    "新闻媒体",
    "微信公众号、小程序",
    "二维码",
    "村广播",
    "电子邮箱",
    "信函",
    "电话",
    "现场登记",
    "座谈会",
    "走访问卷",
    "代表联络站",
    "12345 热线",
    "代表建议、审议意见转化",
    "部门申报",
    "政府投资项目计划",
)
WORDS: dict[str, dict[str, str]] = {
    "congress": {
        "vote": "票决",
        "project": "民生实事项目",
        "deputy": "代表",
        "congress": "人民代表大会",
        "presidium": "主席团",
        "chair": "人大主席",
        "resolution": "决议",
        "government": "乡镇人民政府",
        "party": "党委",
    },
    "assembly": {
        "vote": "票选",
        "project": "民生实事项目",
        "deputy": "议事代表",
        "congress": "议事会",
        "presidium": "人大街道工委",
        "chair": "人大街道工委主任",
        "resolution": "决定",
        "government": "街道办事处",
        "party": "党工委",
    },
}
FIXED: list[Fixed] = [
    Fixed(
        _("三个阶段六个环节"),
        _("征集、初定、审议、票决、监督、评估，次序不变"),
        "general",
        "S",
        "制度文件",
    ),
    Fixed(
        _("主席、副主席不任行政职务"),
        _("兼任的授权不予办理"),
        "general",
        "L",
        "《地方组织法》第十八条",
    ),
    Fixed(
        _("主席团会议"),
        _("三分之二出席，全体成员过半数决定"),
        "general",
        "D",
        "本地规定",
    ),
    Fixed(
        _("一事一提"),
        _("一张征集表只提一件事"),
        "collection",
        "N",
        "彭泽、松门、合水、内江",
    ),
    Fixed(_("党委研究"), _("候选项目须经同级党委研究"), "selection", "S", "制度文件"),
    Fixed(
        _("逐件答复"),
        _("未采纳的意见建议全部答复后，方可进入审议"),
        "selection",
        "R",
        "璧山区工作办法",
    ),
    Fixed(
        _("代表联名"),
        _("五名以上代表联名可以提出，由主席团决定是否列入"),
        "deliberation",
        "L",
        "《地方组织法》第二十二条",
    ),
    Fixed(
        _("撤回"),
        _("表决前由提出人申请，经主席团同意"),
        "deliberation",
        "L",
        "《地方组织法》第二十二条（参照）",
    ),
    Fixed(
        _("询问"),
        _("会议审议时提出，有关机关派人说明"),
        "deliberation",
        "L",
        "《地方组织法》第二十三条",
    ),
    Fixed(_("法定人数"), _("全体代表的三分之二以上出席"), "voting", "L", "《地方组织法》第十四条"),
    Fixed(_("通过决议"), _("全体代表的过半数通过"), "voting", "L", "《地方组织法》第二十五条"),
    Fixed(_("无记名"), _("不保存投票人与表决票的对应关系"), "voting", "N", "各地做法"),
    Fixed(_("不得委托投票"), _("不委托他人投票，不设流动票箱"), "voting", "T", "选举办法"),
    Fixed(_("收回多于发出"), _("投票无效，由主席团决定重新投票"), "voting", "T", "选举办法"),
    Fixed(
        _("多选作废"),
        _("选择或排序时，所选多于应选数的表决票无效"),
        "voting",
        "T",
        "选举办法",
    ),
    Fixed(
        _("两次录入"),
        _("纸质票由两名计票人分别录入，数字一致方可签字"),
        "voting",
        "D",
        "本地规定",
    ),
    Fixed(_("质询案"), _("十名以上代表联名，限会议期间"), "supervision", "L", "《地方组织法》第二十四条"),
    Fixed(_("预算调整"), _("由人民代表大会批准"), "supervision", "L", "《地方组织法》第十二条第一款第四项"),
    Fixed(_("红灯必督办"), _("亮红灯即产生督办事项"), "supervision", "N", "大足双路街道"),
    Fixed(
        _("人工调整亮灯"),
        _("人大主席说明理由后可以调整，至下一期进度报告提交时止；页面注明按规则计算的亮灯和理由"),
        "supervision",
        "D",
        "本地规定",
    ),
    Fixed(
        _("变更须公布"),
        _("目标、投资、工期、地点未经决定和公布不得变更"),
        "supervision",
        "R",
        "《陕西省民生实事项目人大代表票决制规定》第十八条",
    ),
    Fixed(
        _("特定问题调查"),
        _("县级以上方可组织，乡镇不设"),
        "evaluation",
        "L",
        "《地方组织法》第三十六条",
    ),
    Fixed(
        _("再次测评"),
        _("未达标的项目未经再次测评不得销号"),
        "evaluation",
        "S",
        "制度文件",
    ),
    Fixed(
        _("县级不审批"),
        _("县级只指导、查阅，不批准、不修改乡镇事项"),
        "oversight",
        "L",
        "《地方组织法》第五十条第十一项",
    ),
    Fixed(
        _("查阅个人信息的记录"),
        _("谁在何时看过哪一件，记入办理记录，只有编号，永久保存"),
        "retention",
        "L",
        "《个人信息保护法》第五十六条（至少三年）",
    ),
    Fixed(
        _("申请删除"),
        _("提出人可以凭查询码申请删除自己的联系方式；拒绝的，说明理由"),
        "retention",
        "L",
        "《个人信息保护法》第四十七条、第五十条",
    ),
]
