"""What works of a kind look like on paper: the nodes of the plan, what goes wrong, what is found and put right.

The kind is told by words of the title; a purchase has no foundations, and a clinic is not paved.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """nodes: what is begun, what is done for the most part, what is finished, after the contract. problems, findings,
    measures, remedies: by the course of the project that meets them. looked: what the deputies' group does on a visit;
    handed: what is handed in for the acceptance."""

    nodes: tuple[str, str, str]
    problems: Mapping[str, str]
    findings: Mapping[str, str]
    measures: Mapping[str, str]
    remedies: Mapping[str, str]
    looked: str
    handed: str


# Told alike of every kind: what hangs at the site, and what a builder promises who has stopped.
SIGN = "项目公示牌上的完工日期和监督电话没有填写。"
NEW_SIGN = "按样式更换公示牌，补齐完工日期、责任人和监督电话。"
SIGN_CHANGED = "已更换公示牌，写明完工日期、责任人和监督电话。"

ROAD = Kind(
    nodes=("路基处理完成", "路面铺筑完成", "标线护栏完成，竣工"),
    problems={
        "behind": "连续降雨，路基含水率超标，摊铺推迟；已调整作业时段，预计两个月内赶上。",
        "stalled": "商品混凝土供应中断，摊铺停工；已发催告函，要求限期恢复施工。",
        "unfinished": "路口一处通信杆线尚未迁改，影响末段铺筑；正在与运营单位对接。",
    },
    findings={
        "behind": "砂石料堆放占用半幅村道，施工路段未设绕行标志。",
        "stalled": "摊铺机已撤场，只有看守人员，已摊铺段没有养护。",
        "unfinished": "路基压实度检测缺两个断面，监理日志缺页。",
        "steady": SIGN,
    },
    measures={
        "behind": "三日内清走砂石料，按规范设置围挡和绕行标志，每天收工前巡查。",
        "stalled": "约谈施工单位，另行落实料源，倒排摊铺工期，已摊铺段补做养护，每周报告。",
        "unfinished": "由检测机构补测两个断面，监理单位补齐日志并签字。",
        "steady": NEW_SIGN,
    },
    remedies={
        "behind": "砂石料已清走，绕行标志和警示灯已设置，安排专人巡查。",
        "stalled": "已另行落实料源，增加一个摊铺班组，设备全部进场，已摊铺段完成养护。",
        "unfinished": "两个断面已补测合格，监理日志已补齐签字。",
        "steady": SIGN_CHANGED,
    },
    looked="察看路基、路面和排水，抽量路面宽度和厚度，走访沿线群众",
    handed="竣工图、压实度和厚度检测报告、结算资料、影像资料、沿线群众签字的回访表。",
)
WATER = Kind(
    nodes=("沟槽（基槽）开挖完成", "管道（渠段）施工完成", "试压、通水合格，竣工"),
    problems={
        "behind": "开挖遇地下障碍，沟槽改线；已完成设计变更，预计两个月内赶上。",
        "stalled": "管材到货不足，施工单位人员撤走；已发催告函，要求限期恢复施工。",
        "unfinished": "末端两户庭院穿管未谈妥，影响分段试压；村委会正在协调。",
    },
    findings={
        "behind": "沟槽未及时回填，夜间没有警示灯，出行不便。",
        "stalled": "沟槽开挖后停工积水，只有看守人员，管材未进场。",
        "unfinished": "隐蔽管段没有影像记录，分段试压记录缺一段。",
        "steady": SIGN,
    },
    measures={
        "behind": "开挖一段、铺设一段、回填一段，夜间设警示灯，每天收工前巡查。",
        "stalled": "约谈施工单位，排净积水，管材一周内到场，增派班组，每周向监督小组报告。",
        "unfinished": "开孔复核隐蔽管段并留存影像，补做一段试压，由监理单位签字。",
        "steady": NEW_SIGN,
    },
    remedies={
        "behind": "沟槽已全部回填，警示灯和便桥已设置，安排专人巡查。",
        "stalled": "积水已排净，管材全部到场，增加两个班组，恢复连续施工。",
        "unfinished": "已开孔复核并留存影像，补做的一段试压合格，监理单位已签字。",
        "steady": SIGN_CHANGED,
    },
    looked="察看沟槽、管道和渠段，查阅试压和水质记录，走访用水户",
    handed="竣工图、试压（通水）和水质检测报告、结算资料、影像资料、用水户签字的回访表。",
)
BUILDING = Kind(
    nodes=("基础（拆除清理）完成", "主体和屋面完成", "装修、水电、设备安装完成，竣工"),
    problems={
        "behind": "连续降雨，基础施工推迟；已调整作业时段，预计两个月内赶上。",
        "stalled": "施工单位人员不足，门窗和设备供应不及时；已发催告函，要求限期恢复施工。",
        "unfinished": "电力增容尚未完成，设备不能调试；正在与供电所对接。",
    },
    findings={
        "behind": "材料堆放占用消防通道，施工现场未设围挡和警示标志。",
        "stalled": "主体停工，只有看守人员，设备未进场。",
        "unfinished": "隐蔽工程没有影像记录，监理日志缺页。",
        "steady": SIGN,
    },
    measures={
        "behind": "清理占道材料，按规范设置围挡和警示标志，每天收工前巡查。",
        "stalled": "约谈施工单位，重新编排工期，增加作业班组和设备，每周向监督小组报告。",
        "unfinished": "补拍隐蔽工程影像，补齐监理日志，由监理单位核对签字。",
        "steady": NEW_SIGN,
    },
    remedies={
        "behind": "已清理占道材料，消防通道恢复畅通，设置围挡和警示灯，安排专人巡查。",
        "stalled": "已约谈施工单位，重新编排工期，增加两个作业班组，设备已全部进场。",
        "unfinished": "已补拍影像、补齐监理日志，并由监理单位签字确认。",
        "steady": SIGN_CHANGED,
    },
    looked="察看主体、屋面和无障碍设施，查阅材料报验和监理记录，走访周边群众",
    handed="竣工图、质量和消防检测报告、结算资料、影像资料、使用单位和群众签字的回访表。",
)
POINTS = Kind(
    nodes=("点位基础（线路）完成", "设备安装完成", "调试、试运行合格，竣工"),
    problems={
        "behind": "部分点位与管线冲突，重新放样；已逐点确认，预计两个月内赶上。",
        "stalled": "设备厂家排产推迟，安装班组撤走；已发催告函，要求限期供货。",
        "unfinished": "三处点位电源尚未接通，影响联调；正在与供电所对接。",
    },
    findings={
        "behind": "点位基坑未加盖板，夜间没有警示。",
        "stalled": "已浇筑基础闲置，设备未到场，只有看守人员。",
        "unfinished": "接地电阻测试记录缺三处点位。",
        "steady": SIGN,
    },
    measures={
        "behind": "基坑当天加盖板并设警示带，逐点登记责任人。",
        "stalled": "约谈供货单位，分批供货、到一处装一处，每周向监督小组报告。",
        "unfinished": "由检测机构补测三处点位，记录归档。",
        "steady": NEW_SIGN,
    },
    remedies={
        "behind": "基坑已全部加盖板并设警示带，责任人已逐点公示。",
        "stalled": "首批设备已到场安装，其余按周供货，增加一个安装班组。",
        "unfinished": "三处点位已补测合格，记录已归档。",
        "steady": SIGN_CHANGED,
    },
    looked="逐点核对位置和数量，抽查设备运行，走访附近群众",
    handed="点位清单、设备合格证和调试记录、结算资料、影像资料、村（社区）确认单。",
)
SERVICE = Kind(
    nodes=("物资（服务）到位过半", "全部到位并投入使用", "使用情况回访，验收"),
    problems={
        "behind": "首批物资规格不符，退换耽误；已与供货单位约定到货时间，预计两个月内赶上。",
        "stalled": "供货单位违约，交货中断；已发催告函，要求限期履约。",
        "unfinished": "偏远村组受益名单尚未核定，余下部分不能发放；正在逐户核对。",
    },
    findings={
        "behind": "发放登记缺受益人签字。",
        "stalled": "仓库存货与台账不符，多数物资没有到货。",
        "unfinished": "服务记录缺两个月，回访没有登记。",
        "steady": "服务点公示栏没有写明服务时间和监督电话。",
    },
    measures={
        "behind": "逐户补签登记表，村（社区）干部到场见证。",
        "stalled": "约谈供货单位，盘点存货，重新约定交货时间，逾期依合同追责。",
        "unfinished": "补齐两个月服务记录，逐户电话回访并登记。",
        "steady": "更换公示栏内容，写明服务时间、责任人和监督电话。",
    },
    remedies={
        "behind": "登记表已逐户补签，村（社区）干部签字见证。",
        "stalled": "存货已盘点相符，供货单位已按新约定交货。",
        "unfinished": "两个月服务记录已补齐，回访登记已归档。",
        "steady": "公示栏已更换，写明服务时间、责任人和监督电话。",
    },
    looked="核对台账和发放登记，抽查物资和服务记录，走访受益群众",
    handed="采购和发放台账、服务记录、结算资料、影像资料、受益群众签字的回访表。",
)
# The first whose word stands in a title; what none fits is built.
WORDS: tuple[tuple[Kind, tuple[str, ...]], ...] = (
    (
        SERVICE,
        (
            "义诊",
            "随访",
            "培训",
            "图书",
            "午休",
            "适老化",
            "器材租借",
            "体检",
            "保险",
            "补贴",
            "救助",
            "代办",
        ),
    ),
    (
        POINTS,
        ("路灯", "亮化", "监控", "红绿灯", "候车亭", "收集点", "消防站", "电力", "变压器", "充电", "广播"),
    ),
    (
        WATER,
        ("水", "管网", "渠", "塘", "护岸", "河道", "灌溉", "清淤", "河堤"),
    ),
    (
        ROAD,
        ("道路", "公路", "村道", "桥", "护栏", "硬化", "人行道", "停车", "步道", "路"),
    ),
)


# A village may be called after a bridge or a pond, which says nothing of the works.
PLACE = re.compile(r"^.{1,4}?(村|社区)")


def matter_in(title: str) -> str:
    """A project's title without the village it is in."""
    return PLACE.sub("", title)


def kind_of(title: str) -> Kind:
    """Of which kind a project's works are."""
    matter = matter_in(title)
    return next((kind for kind, words in WORDS if any(word in matter for word in words)), BUILDING)
