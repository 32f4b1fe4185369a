"""Step 2 as the cast plays it: from the accepted proposals to the posted list and everybody answered."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from projects.collection.models import Outcome, Proposal
from projects.cycles.models import Cycle
from projects.demo.cast import Township
from projects.demo.play.collection import INELIGIBLE, category_of, matter_of
from projects.demo.play.stage import do_task, meeting, moment, open_tasks
from projects.selection.events import EDIT
from projects.selection.intake import raise_objection
from projects.selection.models import Exclusion, Item, ItemState, Notice
from projects.selection.selectors import appraisable_of, items_of, mergeable_of, owed
from workflow.audit.services import Act
from workflow.calendar.workdays import add_working_days
from workflow.flows.events import perform
from workflow.flows.services import complete

# Which department answers for a category, by its place in the cast's list.
DEPARTMENT_OF = {
    "水利饮水": 0, "乡村建设": 0, "食品安全": 0, "交通出行": 1, "市政公用": 1, "住房保障": 1, "电力": 1, "养老服务": 2, "助残帮困": 2,
    "就业创业": 2, "社会保障": 2, "便民服务": 2, "社会治理": 2, "公共安全": 2, "医疗卫生": 3, "托育妇幼": 3, "文化体育": 4,
    "教育助学": 4, "科技": 4, "生态环境": 5,
}  # fmt: skip
UNMET = {INELIGIBLE[0][0]: "negative_list", INELIGIBLE[1][0]: "single_interest"}
EVIDENCE = {
    "negative_list": "内容为办公楼建设和办公设备购置，属负面清单所列。",
    "single_interest": "受益对象为一户，属个人要求解决的问题。",
}
ANSWERS = (
    (Outcome.RESERVE, "本年度财力有限，已列入储备库，下一年度优先研究。"),
    (Outcome.DEPARTMENT, "属部门日常工作，已转责任单位办理，办理情况将另行告知。"),
    (Outcome.SUGGESTION, "已由代表签名，转作代表建议办理。"),
    (Outcome.RESERVE, "前期工作尚不具备条件，已列入储备库。"),
    (Outcome.REPORTED, "涉及县级事权，已书面上报县有关部门研究。"),
    (Outcome.DECLINED, "与在建工程重复，经研究不予采纳。"),
)
LEFT_REASON = "受本年度财力和要素条件限制，未列入建议方案。"


def play_selection(
    town: Township,
    cycle: Cycle,
    titles: Sequence[str],
    seats: int,
    *,
    investments: Mapping[str, int] | None = None,
    objection: bool = True,
) -> date:
    """Play step 2 up to the list of candidates, exactly `titles` in any order; returns the day the list was fixed.

    A title no proposal has is given to a spare item by the clerk. investments: title → fen, own estimates elsewhere.
    objection: somebody objects during the notice and is answered. The list must satisfy the year's surplus.
    """
    day = open_tasks(cycle, "selection.merge")[0].opened_on
    day = merge_all(town, cycle, add_working_days(day, 3))
    day = screen_all(town, cycle, add_working_days(day, 2))
    _rename(town, cycle, titles, day)
    answer_open(town, cycle, add_working_days(day, 2))
    day = appraise_all(town, cycle, day, investments or {})
    day = draft(town, cycle, add_working_days(day, 2), titles, seats)
    day = hear_opinions(town, cycle, day)
    end = post(town, cycle, add_working_days(day, 1), objection=objection)
    answer_open(town, cycle, add_working_days(day, 4))
    return conclude(town, cycle, add_working_days(end, 2))


def merge_all(town: Township, cycle: Cycle, day: date) -> date:
    """Proposals about one matter get one number."""
    matters: dict[str, int] = {}
    data: dict[str, Any] = {}
    for proposal in mergeable_of(cycle):
        data[f"number_{proposal.pk}"] = matters.setdefault(matter_of(proposal.title), len(matters) + 1)
        data[f"category_{proposal.pk}"] = proposal.category or category_of(proposal.title)
    do_task(cycle, "selection.merge", town.of("gov_clerk"), day, **data)
    return day


def screen_all(town: Township, cycle: Cycle, day: date) -> date:
    """Every item is screened; the two ineligible ones are blocked with their evidence."""
    data: dict[str, Any] = {}
    for item in items_of(cycle):
        department = town.departments[DEPARTMENT_OF.get(item.category, 0)]
        data[f"department_{item.pk}"] = str(department.pk)
        if rule := UNMET.get(item.title):
            data |= {f"unmet_{item.pk}": [rule], f"evidence_{rule}_{item.pk}": EVIDENCE[rule]}
    do_task(cycle, "selection.screen", town.of("gov_clerk"), day, hour=15, **data)
    return day


def _rename(town: Township, cycle: Cycle, titles: Sequence[str], day: date) -> None:
    """A wanted title nobody proposed is given to a spare item."""
    items = list(items_of(cycle).filter(state=ItemState.ELIGIBLE))
    known = {item.title for item in items}
    spare = iter([item for item in items if item.title not in titles])
    for title in (t for t in titles if t not in known):
        item = next(spare)
        data = {
            "title": title,
            "content": f"{title}，解决群众反映集中的问题。",
            "place": item.place,
            "category": item.category,
        }
        perform(EDIT.key, item, actor=town.of("gov_clerk"), data=data, at=moment(day, 16))


def appraise_all(town: Township, cycle: Cycle, day: date, investments: Mapping[str, int]) -> date:
    """The departments, then finance and legal, each within its ten days."""
    items = list(appraisable_of(cycle))
    for n, task in enumerate(open_tasks(cycle, "selection.appraise_department")):
        data = _figures(cycle, [i for i in items if i.department_id == task.seat_id], investments)
        at = moment(add_working_days(day, 3), 9 + n)
        complete(task.task_id, actor=town.department_clerk(task.seat), data=data, at=at)
    words = "资金可由本级预算安排，不增加政府债务。"
    opinions = _opinions_on(items, words)
    do_task(cycle, "selection.appraise_finance", town.of("finance"), add_working_days(day, 4), **opinions)
    words = "主体、权限、程序和内容合法。"
    last = add_working_days(day, 5)
    do_task(cycle, "selection.appraise_legal", town.of("legal"), last, **_opinions_on(items, words))
    return last


def _opinions_on(items: Sequence[Item], words: str) -> dict[str, Any]:
    return {
        name: value
        for item in items
        for name, value in ((f"opinion_{item.pk}", "agree"), (f"words_{item.pk}", words))
    }


def _figures(cycle: Cycle, items: Sequence[Item], investments: Mapping[str, int]) -> dict[str, Any]:
    data = _opinions_on(items, "群众需求集中，选址和用地已落实，具备实施条件。")
    for item in items:
        fen = investments.get(item.title, item.investment_fen or 60_000_000)
        upper = fen * 3 // 10 // 1_000_000 * 1_000_000
        finish = finished_by(cycle, item.number)
        for name, value in (
            ("own", f"{(fen - upper) / 1_000_000:.6f}".rstrip("0").rstrip(".")),
            ("upper", str(upper // 1_000_000)),
            ("social", "0"),
            ("finish", str(finish)),
            ("target", f"{finish.month} 月底前完工并投入使用。"),
            ("beneficiaries", f"{item.place or '全镇'}约 {600 + item.number * 37} 人"),
            ("leader", "分管副镇长"),
        ):
            data[f"{name}_{item.pk}"] = value
    return data


def finished_by(cycle: Cycle, number: int) -> date:
    """The end of a month, seven to two months before the evaluation is planned, and inside the project year."""
    t2 = cycle.planned_t2
    year, month = divmod(t2.year * 12 + t2.month - 8 + number % 6, 12)
    return min(date(year, month + 1, min(30, monthrange(year, month + 1)[1])), date(cycle.year, 12, 30))


def draft(town: Township, cycle: Cycle, day: date, titles: Sequence[str], seats: int) -> date:
    """The government's list of exactly these titles."""
    wanted = set(titles)
    chosen = [item for item in appraisable_of(cycle) if item.title in wanted]
    if {item.title for item in chosen} != wanted:
        raise LookupError(f"no item for {sorted(wanted - {item.title for item in chosen})}")
    do_task(
        cycle, "selection.draft_list", town.of("mayor"), day, hour=10,
        items=[str(item.pk) for item in chosen], seats=seats, held_on=str(day), left_reason=LEFT_REASON,
        accept_small_surplus="on" if len(chosen) < cycle.rules.least_candidates(seats) else "",
        minutes=f"会议逐项研究了筛查通过的项目，提出候选项目 {len(chosen)} 个，建议应选 {seats} 个。",
        body=f"建议将“{chosen[0].title}”等 {len(chosen)} 个项目作为 {cycle.year}年度民生实事候选项目，实行差额票决。",
    )  # fmt: skip
    return day


def hear_opinions(town: Township, cycle: Cycle, day: date) -> date:
    """The presidium, a day later the Party committee; both agree."""
    first, second = add_working_days(day, 2), add_working_days(day, 3)
    data = meeting(town.people["presidium"], first, minutes="主席团听取候选项目建议方案说明，同意所提方案。")
    do_task(cycle, "selection.presidium_opinion", town.of("clerk"), first, **data)
    data = meeting(
        town.people["party"], second, minutes="党委会议研究候选项目建议方案，同意公示并按程序提请审议。"
    )
    do_task(cycle, "selection.party_study", town.of("party"), second, **data)
    return second


def post(town: Township, cycle: Cycle, day: date, *, objection: bool) -> date:
    """The notice, and an objection that is answered while it stands."""
    end = add_working_days(day, cycle.rules.deadlines["selection.notice_period"])
    do_task(
        cycle, "selection.notice", town.of("gov_clerk"), day, to_on=str(end), number=f"〔{day.year}〕2 号",
        body="现将候选项目予以公示。公示期间如有异议，可在线提出，也可到党政办或代表联络站登记。",
    )  # fmt: skip
    if objection:
        _object(town, cycle, add_working_days(day, 2))
    return end


def _object(town: Township, cycle: Cycle, day: date) -> None:
    notice = Notice.objects.filter(cycle=cycle).latest("round")
    item = notice.items.order_by("number")[0]
    resident = Act(None, "resident", town.unit, moment(day, 11))
    made = raise_objection(
        resident, notice, words="建议说明选址的理由，希望更靠近居住集中的地方。", item=item.pk
    )
    do_task(
        cycle, "selection.objection", town.of("gov_clerk"), add_working_days(day, 1), filters={"subject": made.reference},
        decision="dismiss", answer="选址经现场踏勘和村民代表会议讨论确定，兼顾了用地条件和服务半径，名单不作改变。",
    )  # fmt: skip


def answer_open(town: Township, cycle: Cycle, day: date) -> None:
    """Everybody a decision has left out is answered, in several ways; the deputies asked to sign do so."""
    for task in open_tasks(cycle, "selection.answer"):
        data: dict[str, Any] = {}
        for n, proposal in enumerate(owed(Exclusion.objects.get(pk=task.subject.partition(":")[2]))):
            outcome, words = _answer_to(proposal, n)
            deputy = str(town.deputies[n % len(town.deputies)].pk) if outcome == Outcome.SUGGESTION else ""
            data |= {
                f"outcome_{proposal.pk}": outcome,
                f"words_{proposal.pk}": words,
                f"deputy_{proposal.pk}": deputy,
            }
        complete(task.task_id, actor=town.of("gov_clerk"), data=data, at=moment(day, 14))
    for task in open_tasks(cycle, "selection.sign"):
        asked = Proposal.objects.get(pk=task.subject.partition(":")[2]).asked_deputy
        assert asked is not None
        complete(task.task_id, actor=asked, data={}, at=moment(day, 15))


def conclude(town: Township, cycle: Cycle, day: date) -> date:
    """The notice is over: the list of candidates."""
    do_task(cycle, "selection.conclude", town.of("gov_clerk"), day, hour=16)
    cycle.refresh_from_db()
    return day


def _answer_to(proposal: Proposal, n: int) -> tuple[str, str]:
    item = proposal.source.item
    if item.state == ItemState.BLOCKED:
        return Outcome.DECLINED, item.decision_reason
    return ANSWERS[n % len(ANSWERS)]
