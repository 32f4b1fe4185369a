"""Step 1 as the cast plays it: from the scheme to the closed books, with proposals of every kind of proposer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from projects.collection.intake import propose
from projects.collection.lapsing import pool_overdue
from projects.collection.models import Proposal, ProposerKind
from projects.cycles.models import Cycle
from projects.demo.cast import Township
from projects.demo.names import name_of
from projects.demo.play.stage import by_now, do_task, meeting, moment, planned
from workflow.audit.services import Act
from workflow.calendar.workdays import add_working_days, previous_working_day
from workflow.flows.models import Deadline
from workflow.flows.services import complete
from workflow.people.models import User

VILLAGES = (
    "桥头村", "石坝村", "柳林村", "东山村", "河湾村", "新塘村", "白杨村", "沙岭村", "红星社区", "马家村", "清泉村", "南街社区",
)  # fmt: skip
# What people ask for: the matter, its content, its category and a first estimate in 万元.
MATTERS: tuple[tuple[str, str, str, int], ...] = (
    ("通组道路硬化", "硬化通组道路 2.4 公里，路面宽 4.5 米，增设错车道 6 处。", "交通出行", 168),
    ("安全饮水管网改造", "更换老化供水管网 5.6 公里，改造入户水表 420 块。", "水利饮水", 135),
    ("太阳能路灯安装", "在主干道和文化广场安装太阳能路灯 120 盏。", "公共安全", 48),
    ("日间照料中心建设", "改造闲置校舍，设床位 20 张，提供助餐、助浴、康复服务。", "养老服务", 96),
    ("卫生室标准化改造", "改造卫生室 160 平方米，配备基本诊疗设备。", "医疗卫生", 42),
    ("文化广场提升", "硬化场地 1800 平方米，增设健身器材和遮阳设施。", "文化体育", 55),
    ("污水管网延伸", "铺设污水支管 3.2 公里，接入农户 310 户。", "生态环境", 210),
    ("小学运动场改造", "翻新塑胶跑道和篮球场，改善排水。", "教育助学", 120),
    ("灌溉渠道清淤衬砌", "清淤衬砌支渠 4.1 公里，恢复灌溉面积 1600 亩。", "水利饮水", 150),
    ("危桥改造", "拆除重建跨径 16 米的危桥 1 座，两侧加装护栏。", "交通出行", 185),
    ("老年人助餐点建设", "新建助餐点 1 处，为 80 岁以上老人优惠供餐。", "养老服务", 36),
    ("停车场建设", "利用闲置地新建生态停车位 86 个。", "市政公用", 78),
    ("农贸市场改造", "改造摊位 64 个，完善排水、消防和检测设施。", "食品安全", 160),
    ("公共厕所改建", "改建水冲式公共厕所 2 座，设无障碍厕位。", "乡村建设", 38),
    ("山塘除险加固", "加固坝体，更换启闭设施，消除安全隐患。", "公共安全", 132),
    ("便民服务站升级", "增设自助办理终端，推行代办帮办。", "便民服务", 26),
    ("公交候车亭建设", "新建候车亭 12 座，设座椅和公交信息牌。", "交通出行", 30),
    ("幼儿园午休设施改善", "购置午休床 180 张，改造活动室 6 间。", "托育妇幼", 33),
    ("困难家庭适老化改造", "为 60 户困难老年人家庭安装扶手、坡道和呼叫设备。", "助残帮困", 45),
    ("垃圾分类收集点建设", "新建分类收集点 18 处，配备收运车 2 辆。", "生态环境", 52),
    ("微型消防站建设", "设微型消防站 3 个，配备器材并组织演练。", "公共安全", 40),
    ("电力线路增容", "增设变压器 2 台，改造低压线路 2.8 公里。", "电力", 88),
    ("学生上下学道路护栏", "在临水临崖路段安装护栏 1.6 公里。", "交通出行", 62),
    ("零工驿站建设", "设零工驿站 1 处，提供岗位信息和技能培训。", "就业创业", 28),
    ("视频监控补点", "在路口和重点部位补设监控点位 35 处。", "社会治理", 44),
    ("老旧小区排水改造", "改造雨污管道 1.9 公里，修复路面 2600 平方米。", "住房保障", 140),
    ("村级图书室更新", "更新图书 3000 册，开设亲子阅读角。", "文化体育", 15),
    ("义诊和慢病随访", "每季度开展义诊，随访慢病患者 900 人。", "医疗卫生", 24),
    ("农产品冷藏库建设", "新建冷藏库 300 立方米，服务种植户 210 户。", "乡村建设", 115),
    ("残疾人康复器材租借点", "设器材租借点 1 处，配备轮椅、助行器 80 件。", "助残帮困", 18),
    ("河道护岸整治", "整治护岸 1.2 公里，清理河道淤积。", "水利饮水", 175),
    ("集镇人行道修复", "修复破损人行道 3400 平方米，增设盲道。", "市政公用", 68),
)
# Two that a rule of eligibility blocks, so that the funnel is a real one.
INELIGIBLE = (
    ("镇政府办公楼外墙翻新", "翻新办公楼外墙，更换办公家具。", "市政公用", 90),
    ("个别农户院墙修复", "为本户修复院墙 30 米。", "乡村建设", 3),
)
GUESSES = (
    ("路", "交通出行"), ("桥", "交通出行"), ("水", "水利饮水"), ("渠", "水利饮水"), ("养老", "养老服务"), ("老年", "养老服务"),
    ("助餐", "养老服务"), ("卫生", "医疗卫生"), ("医", "医疗卫生"), ("学", "教育助学"), ("幼", "托育妇幼"), ("托", "托育妇幼"),
    ("文化", "文化体育"), ("体育", "文化体育"), ("健身", "文化体育"), ("污", "生态环境"), ("垃圾", "生态环境"), ("停车", "市政公用"),
    ("灯", "公共安全"), ("消防", "公共安全"), ("市场", "食品安全"), ("电", "电力"), ("残", "助残帮困"), ("就业", "就业创业"),
)  # fmt: skip
KINDS = (
    ProposerKind.RESIDENT, ProposerKind.DEPUTY, ProposerKind.RESIDENT, ProposerKind.VILLAGE, ProposerKind.STATION,
    ProposerKind.RESIDENT, ProposerKind.DEPARTMENT, ProposerKind.SENIOR_DEPUTY, ProposerKind.RESIDENT,
    ProposerKind.ENTERPRISE, ProposerKind.PARTY,
)  # fmt: skip
CHANNEL_OF = {
    ProposerKind.RESIDENT: "二维码",
    ProposerKind.ENTERPRISE: "电子邮箱",
    ProposerKind.STATION: "代表联络站",
    ProposerKind.VILLAGE: "座谈会",
    ProposerKind.DEPARTMENT: "部门申报",
}
RECORDED_BY = {
    ProposerKind.DEPUTY: "deputy",
    ProposerKind.SENIOR_DEPUTY: "senior_deputy",
    ProposerKind.DEPARTMENT: "department",
    ProposerKind.PARTY: "party",
    ProposerKind.STATION: "station",
    ProposerKind.VILLAGE: "station",
}
EVERY_NTH_SAID_TWICE = 6


@dataclass(frozen=True)
class Wish:
    """One proposal of the play."""

    title: str
    content: str
    category: str
    estimate_wan: int
    village: str


def about(title: str) -> str:
    """How a second person puts the same matter; `matter_of` gives the title back."""
    return f"关于{title}的建议"


def matter_of(title: str) -> str:
    """The matter behind a proposal's title."""
    return title.removeprefix("关于").removesuffix("的建议") if title.startswith("关于") else title


def play_collection(town: Township, cycle: Cycle, *, proposals: int = 26, titles: Sequence[str] = ()) -> date:
    """Play step 1 of a cycle in preparation; returns the day the books were closed.

    proposals: how many come in inside the window, `titles` first and at least two more than there are titles. Two are
    returned: one comes back complete, the other goes to the pool when its days are over; one more arrives after the window.
    """
    _open(town, cycle)
    start = add_working_days(cycle.opens_on, 1)
    window_from, window_to = _publish(town, cycle, start)
    wishes = list(_wishes(max(proposals, len(titles) + 2), titles))
    for at, act in sorted(_schedule(town, cycle, wishes, window_from, window_to), key=lambda pair: pair[0]):
        moment(at.date(), at.hour, at.minute)
        act()
    day = add_working_days(window_to, 7)
    received = Proposal.objects.filter(cycle=cycle).count()
    do_task(
        cycle, "collection.close_books", town.of("gov_clerk"), day, hour=16,
        body=f"本年度共征集意见建议 {received} 件，已逐件受理、退回补正或者转入项目库。",
    )  # fmt: skip
    cycle.refresh_from_db()
    return day


def _open(town: Township, cycle: Cycle) -> None:
    """The scheme, the Party committee's agreement, and day C."""
    scheme_on = previous_working_day(cycle.opens_on - timedelta(days=18))
    party_on = previous_working_day(cycle.opens_on - timedelta(days=12))
    do_task(
        cycle, "collection.scheme", town.of("chair"), scheme_on,
        opens_on=str(cycle.opens_on), planned_t=str(cycle.planned_t), planned_t2=str(cycle.planned_t2),
        leading_group="组长：党委书记；副组长：人大主席、乡镇长；成员：各办公室、站所负责人。办公室设在党政办。",
        body="按照项目征集初定、审议票决、监督评估三个阶段，征集、初定、审议、票决、监督、评估六个环节组织实施。",
    )  # fmt: skip
    data = meeting(
        town.people["party"],
        party_on,
        minutes="会议研究了年度民生实事项目人大代表票决工作实施方案，原则同意。",
    )
    do_task(cycle, "collection.scheme_party", town.of("party"), party_on, **data)
    do_task(cycle, "collection.open", town.of("chair"), cycle.opens_on)
    cycle.refresh_from_db()


def _publish(town: Township, cycle: Cycle, day: date) -> tuple[date, date]:
    """The call, issued with the presidium; the window begins on the day after."""
    start = day + timedelta(days=1)
    end = start + timedelta(days=cycle.rules.collection_window_days - 1)
    do_task(
        cycle, "collection.publish_call", town.of("gov_clerk"), day, hour=15,
        window_from=str(start), window_to=str(end), joint="on", number=f"〔{day.year}〕1 号",
        body=f"现就{cycle.year}年度民生实事项目面向全镇公开征集意见建议。一张征集表只提一件事，可凭查询码查看办理结果。",
    )  # fmt: skip
    do_task(cycle, "collection.cosign_call", town.of("chair"), day, hour=16)
    cycle.refresh_from_db()
    return start, end


def _wishes(count: int, titles: Sequence[str]) -> Iterator[Wish]:
    """The given titles, the two ineligible ones, then matter after matter; now and then one is said twice."""
    made = [_given(n, title) for n, title in enumerate(titles)]
    made += [Wish(*matter, VILLAGES[n]) for n, matter in enumerate(INELIGIBLE)]
    taken = {wish.title for wish in made}
    n = 0
    while len(made) < count:
        wish = _second(made, n) if n % EVERY_NTH_SAID_TWICE == EVERY_NTH_SAID_TWICE - 1 else _from_list(n)
        if wish.title not in taken:
            taken.add(wish.title)
            made.append(wish)
        n += 1
    yield from made[:count]


def _second(made: Sequence[Wish], n: int) -> Wish:
    first = made[n % len(made)]
    return Wish(
        about(matter_of(first.title)), first.content, first.category, first.estimate_wan, first.village
    )


def _from_list(n: int) -> Wish:
    matter, content, category, wan = MATTERS[n % len(MATTERS)]
    village = VILLAGES[(n * 7 + n // len(MATTERS)) % len(VILLAGES)]
    again = n // (len(MATTERS) * len(VILLAGES))
    return Wish(f"{village}{matter}{f'（{again + 1} 期）' if again else ''}", content, category, wan, village)


def _given(n: int, title: str) -> Wish:
    """A title from outside the list, with the content of the matter it names where it names one."""
    known = next((m for m in MATTERS if m[0] in title), None)
    content, category, wan = (
        known[1:] if known else (f"{title}，解决群众反映集中的问题。", category_of(title), 40 + n * 17 % 140)
    )
    village = next((v for v in VILLAGES if v in title), VILLAGES[n % len(VILLAGES)])
    return Wish(title, content, category, wan, village)


def category_of(title: str) -> str:
    """The category a title suggests."""
    return next((category for word, category in GUESSES if word in title), "乡村建设")


Deed = tuple[datetime, Callable[[], object]]


def _schedule(
    town: Township, cycle: Cycle, wishes: Sequence[Wish], window_from: date, window_to: date
) -> Iterator[Deed]:
    """Every act of the window with its time, proposals spread evenly over its days."""
    span = (window_to - window_from).days
    to_complete, to_pool = (len(wishes) - 1, len(wishes) - 2) if len(wishes) > 3 else (-1, -1)
    for n, wish in enumerate(wishes):
        at = planned(window_from + timedelta(days=n * span // len(wishes)), 8 + n % 10, n * 7 % 60)
        story = _Story(town, cycle, wish, n, at)
        yield at, story.submit
        if n in (to_complete, to_pool):
            yield from story.returned(pooled=n == to_pool)
        else:
            yield story.later(1), story.accept
    late = planned(window_to + timedelta(days=2), 10)
    wish = Wish("集镇口袋公园建设", "利用边角地建设口袋公园 1 处。", "市政公用", 46, VILLAGES[-1])
    yield late, _Story(town, cycle, wish, 0, late).submit


class _Story:
    """One proposal from its arrival to the books."""

    def __init__(self, town: Township, cycle: Cycle, wish: Wish, n: int, at: datetime) -> None:
        self.town, self.cycle, self.wish, self.n, self.at = town, cycle, wish, n, at
        self.proposal: Proposal | None = None

    def later(self, days: int) -> datetime:
        """A working day after the proposal came in."""
        return planned(add_working_days(self.at.date(), days), 9 + self.n % 8, self.n * 11 % 60)

    def submit(self) -> None:
        kind = KINDS[self.n % len(KINDS)]
        who = f"{self.town.unit.code}:{self.n}"
        self.proposal = propose(
            self._act(kind),
            title=self.wish.title,
            content=self.wish.content,
            necessity="群众反映集中，条件基本具备，建议列入年度民生实事项目。",
            place=self.wish.village,
            category=self.wish.category,
            estimate_fen=self.wish.estimate_wan * 1_000_000,
            funding="本级财政，争取上级补助",
            channel=CHANNEL_OF.get(kind, "现场登记"),
            proposer_kind=kind,
            name=name_of(who),
            phone=f"130 0000 {1000 + self.n:04d}",
        )

    def _act(self, kind: str) -> Act:
        office = RECORDED_BY.get(ProposerKind(kind), "")
        actor: User | None = None
        if office:
            people = self.town.people[office]
            actor = people[self.n % len(people)]
        return Act(actor, office or "resident", self.town.unit, by_now(self.at))

    def accept(self, at: datetime | None = None) -> None:
        self._do("collection.receive", at or self.later(1), decision="accept")

    def returned(self, *, pooled: bool) -> Iterator[Deed]:
        back, chased, taken = self.later(1), self.later(3), self.later(4)
        yield (
            back,
            lambda: self._do(
                "collection.receive", back, decision="return", reason="请写明具体地点、规模和受益户数。"
            ),
        )
        if pooled:
            term = self.cycle.rules.deadlines["collection.complete_proposal"]
            over = planned(add_working_days(back.date(), term) + timedelta(days=1), 8)
            yield over, lambda: pool_overdue(by_now(over), cycle=self.cycle)
        else:
            content = f"{self.wish.content}受益群众约 {120 + self.n * 3} 户。"
            yield (
                chased,
                lambda: self._do(
                    "collection.complete_proposal", chased, decision="completed", content=content
                ),
            )
            yield taken, lambda: self.accept(taken)

    def _do(self, key: str, at: datetime, **data: str) -> None:
        assert self.proposal is not None
        task = Deadline.objects.get(subject=self.proposal.reference, key=key, done_at=None)
        complete(task.task_id, actor=self.town.of("gov_clerk"), data=data, at=by_now(at))
