"""The list behind every number of the county's pages: the very rows it counts, over the same years and filters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import reduce
from operator import add
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.db.models import (
    BigIntegerField,
    CharField,
    Count,
    F,
    Min,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, Concat, TruncDate
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from projects.ballots.models import Vote
from projects.collection.models import Proposal
from projects.cycles.models import Cycle, CycleState
from projects.cycles.steps import STEPS
from projects.deliberation.models import Visit
from projects.evaluation.conformance import CHECKS
from projects.evaluation.models import Grade, Measurement, MeasurementState
from projects.oversight.figures import DEPUTIES, DONE, RESIDENTS, reached
from projects.oversight.models import Examination
from projects.oversight.past import Past
from projects.oversight.selectors import NOTE_REPLY
from projects.portal.county_cells import Cell, Fen, Share, Term, early, left, said
from projects.selection.models import FundSource, Item, ItemState
from projects.selection.selectors import ON_THE_LIST
from projects.supervision.models import Finding, FindingState, Inspection, Payment, Project, ProjectState
from projects.supervision.selectors import lateness_of, light_shown
from workflow.flows.models import Deadline
from workflow.flows.money import wan
from workflow.inbox.reading import PersonalData
from workflow.machines.references import references_to
from workflow.people.models import Unit
from workflow.people.saying import bracketed, listed
from workflow.people.wording import worded
from workflow.roles import registry

Words = str | Promise
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Line:
    """A row of a list: what it is, where it is looked at, and its cells."""

    title: str
    url: str
    cells: Sequence[Cell]

    def under(self, titles: tuple[Words, ...]) -> list[tuple[Words, str, str]]:
        """Each cell in words with the title of its column, and the kind of cell it is on a page (`c-cell`)."""
        return [
            (title, said(cell), "" if isinstance(cell, str) else "line")
            for title, cell in zip(titles, self.cells, strict=True)
        ]


@dataclass(frozen=True)
class Asked:
    """What a list is asked for: the years and townships, the filters of its address, the day.

    past: the years as they stood at the end of `today`, where that day is over; counted: the rows its figure counted.
    """

    cycles: list[int]
    filters: Mapping[str, str]
    today: date
    halls: frozenset[int] = frozenset()
    past: Past | None = None
    counted: list[int] | None = None

    @property
    def references(self) -> list[str]:
        return references_to(Cycle, self.cycles)

    def wants(self, name: str, value: str) -> bool:
        return self.filters.get(name) == value

    def stood(self, model: type[Row]) -> QuerySet[Row] | None:
        """Of a day that is over the rows that were counted then; None where the list is of today."""
        return None if self.counted is None else model._default_manager.filter(pk__in=self.counted)

    def left_out(self) -> list[str]:
        """Of a list of tasks the years of which they cannot be told as of the day."""
        if self.past is None or not self.past.moved or self.counted is None or "when" not in self.filters:
            return []
        years = (
            Cycle.objects.filter(pk__in=self.past.moved).select_related("unit").order_by("unit__code", "pk")
        )
        return [_year(cycle) for cycle in years]

    def shown(self, row: Any) -> Any:
        """A row as it stood."""
        return self.past.put_back(row) if self.past else row


@dataclass(frozen=True)
class Listing:
    """One kind of list. columns: titles after the first; counted: how many things a row stands for.

    personal: whether a row (a visit) shows personal data, kept with the row's year. money: the place of each column of sums among
    `columns` with its field, in fen; they are added up under the list.
    """

    title: Words
    columns: tuple[Words, ...]
    rows: Callable[[Asked], QuerySet[Any]]
    line: Callable[[Any, date], Line]
    unit: Words
    counted: str = ""
    filters: Mapping[str, Mapping[str, Words]] | None = None
    personal: Callable[[Any], bool] | None = None
    money: Mapping[int, str] = field(default_factory=dict)

    def personal_of(self, rows: Iterable[Any]) -> dict[Cycle, PersonalData]:
        """The personal data these rows show, by the year it is kept with."""
        told: dict[Cycle, list[str]] = {}
        for row in filter(self.personal, rows) if self.personal else ():
            told.setdefault(row.cycle, []).append(row.reference)
        return {cycle: PersonalData(Visit.PERSONAL, tuple(of)) for cycle, of in told.items()}

    def total(self, rows: QuerySet[Any]) -> int:
        """How many things the whole list has: what the number it opens from says."""
        if not self.counted:
            return rows.count()
        return sum(rows.values_list(self.counted, flat=True))

    def sums(self, rows: QuerySet[Any], asked: Asked) -> list[Cell]:
        """What the columns of sums of the whole list come to, a cell for each column; of any other list none at all."""
        if not self.money:
            return []
        if asked.past:
            stood = [asked.shown(row) for row in rows]
            whole = {name: sum(getattr(row, name) or 0 for row in stood) for name in self.money.values()}
        else:
            added = {f"{name}_sum": Sum(name) for name in self.money.values()}
            found = rows.order_by().aggregate(**added)
            whole = {name: found[f"{name}_sum"] or 0 for name in self.money.values()}
        return [Fen(whole[self.money[at]]) if at in self.money else "" for at in range(len(self.columns))]


def _fen(fen: int | None) -> Cell:
    return None if fen is None else Fen(fen)


def _day(at: datetime | None) -> Cell:
    return localtime(at).date() if at else None


def _year(cycle: Cycle) -> str:
    return f"{cycle.unit.name} {cycle.year}{cycle.period}"


# ------------------------------------------------------------------------------- tasks


def _tasks(asked: Asked) -> QuerySet[Deadline]:
    rows = asked.stood(Deadline)
    if rows is None:
        rows = Deadline.objects.filter(about__in=asked.references, cancelled=False)
    rows = rows.filter(step__in=STEPS)
    if step := asked.filters.get("step", ""):
        rows = rows.filter(step=int(step))
    return rows.select_related("task", "seat", "unit", "done_by").order_by("due_on", "pk")


def _open_tasks(asked: Asked) -> QuerySet[Deadline]:
    rows = _tasks(asked)
    if asked.past:
        return rows
    rows = rows.filter(done_at=None)
    if asked.wants("when", "overdue"):
        rows = rows.filter(binds_on__lt=asked.today)
    if office := asked.filters.get("office", ""):
        rows = rows.filter(office=office)
    return rows


def _ended_tasks(asked: Asked) -> QuerySet[Deadline]:
    return _tasks(asked).filter(done_at__isnull=False).order_by("-done_at", "-pk")


def _late_tasks(asked: Asked) -> QuerySet[Deadline]:
    return _ended_tasks(asked).annotate(done_on=TruncDate("done_at")).filter(done_on__gt=F("binds_on"))


def _task_line(held: Deadline, today: date) -> Line:
    title = str(worded(held.task.flow_task.task_title, held.unit))
    return Line(
        title,
        reverse("task", args=[held.pk]),
        [held.unit.name, held.label, held.whose_turn, *_dated(held, today)],
    )


def _dated(held: Deadline, today: date) -> list[Cell]:
    due = Term(held.due_on, held.provisional) if held.due_on else None
    if held.done_at:
        return [due, _day(held.done_at), _early(held)]
    return [due, left((held.binds_on - today).days) if held.binds_on else None]


def _early(held: Deadline) -> Cell:
    """How many days before or after its day a task was done."""
    done_on = _day(held.done_at)
    if held.binds_on is None or not isinstance(done_on, date):
        return None
    return early((held.binds_on - done_on).days)


def _notes(asked: Asked) -> QuerySet[Deadline]:
    """The replies to 工作提示函 that are waited for."""
    rows = Deadline.objects.filter(about__in=asked.references, key=NOTE_REPLY, done_at=None, cancelled=False)
    if asked.wants("when", "overdue"):
        rows = rows.filter(binds_on__lt=asked.today)
    return rows.select_related("unit").order_by("due_on", "pk")


def _note_line(held: Deadline, today: date) -> Line:
    number = held.subject.partition(":")[2]
    url = f"{reverse('county_notes')}?note={number}#note-{number}"
    return Line(held.label, url, [held.unit.name, held.opened_on, *_dated(held, today)])


STEP_FILTER: Mapping[str, Words] = {str(n): name for n, name in STEPS.items()}
OFFICE_FILTER: Mapping[str, Words] = {office.code: office.title for office in registry.offices()}
TASK_COLUMNS = (_("乡镇"), _("事由"), _("由谁办理"), _("期限"))
ENDED_COLUMNS = (_("办结日期"), _("提前、逾期"))

# ------------------------------------------------------------------------------- proposals, items, projects


def _proposals(asked: Asked) -> QuerySet[Proposal]:
    rows = asked.stood(Proposal)
    if rows is None:
        rows = Proposal.objects.filter(cycle__in=asked.cycles)
        if asked.wants("which", "accepted"):
            rows = rows.filter(state__in=("accepted", "merged", "carried", "answered"))
        kinds = {"residents": RESIDENTS, "deputies": DEPUTIES}.get(asked.filters.get("from", ""))
        if kinds:
            rows = rows.filter(proposer_kind__in=kinds)
    return rows.select_related("unit", "cycle").order_by("unit__code", "pk")


def _proposal_line(held: Proposal, today: date) -> Line:
    cells = [
        held.unit.name,
        held.get_proposer_kind_display(),
        _day(held.received_at),
        held.get_state_display(),
    ]
    return Line(held.title, reverse("staff_proposal", args=[held.pk]), cells)


def _items(asked: Asked) -> QuerySet[Item]:
    rows = asked.stood(Item)
    if rows is None:
        rows = Item.objects.filter(cycle__in=asked.cycles)
        if asked.wants("which", "candidates"):
            rows = rows.filter(ON_THE_LIST)
        if asked.wants("which", "elected"):
            rows = rows.filter(state=ItemState.ELECTED)
    return rows.select_related("unit", "department").order_by("unit__code", "cycle_id", "number")


def _item_line(held: Item, today: date) -> Line:
    sources = listed(
        f"{one.label} {wan(held.funding[one.value])}" for one in FundSource if held.funding.get(one.value)
    )
    cells = [
        held.unit.name,
        held.department.name if held.department else None,
        _fen(held.investment_fen),
        sources or None,
        held.get_state_display(),
    ]
    return Line(held.title, reverse("item", args=[held.pk]), cells)


def _sources(asked: Asked) -> QuerySet[Item, Any]:
    """Elected items with what was planned for each out of the source asked for, or out of all of them."""
    rows, source = (
        Item.objects.filter(cycle__in=asked.cycles, state=ItemState.ELECTED),
        asked.filters.get("source"),
    )
    chosen = [source] if source else FundSource.values
    parts = [Coalesce(Cast(KT(f"funding__{one}"), BigIntegerField()), 0) for one in chosen]
    planned = rows.annotate(planned_fen=reduce(add, parts)).filter(planned_fen__gt=0)
    return planned.select_related("unit", "department").order_by("unit__code", "cycle_id", "number")


def _source_line(held: Any, today: date) -> Line:
    line = _item_line(held, today)
    return replace(line, cells=[*line.cells[:-1], Fen(held.planned_fen)])


def _projects(asked: Asked) -> QuerySet[Project]:
    rows = asked.stood(Project)
    if rows is None:
        rows = _projects_now(asked)
    return rows.select_related("unit", "department").order_by("unit__code", "cycle_id", "number")


def _projects_now(asked: Asked) -> QuerySet[Project]:
    rows = Project.objects.filter(cycle__in=asked.cycles)
    which = asked.filters.get("which", "")
    if which in ("live", "red", "building"):
        rows = rows.exclude(state="stopped")
    if which == "red":
        rows = rows.filter(light="red")
    if which == "done":
        rows = rows.filter(state__in=DONE)
    if which == "building":
        rows = rows.filter(state="building")
    return rows


def _project_line(held: Project, today: date) -> Line:
    cells = [
        held.unit.name,
        held.department.name if held.department else None,
        listed(filter(None, (_state_and_lateness(held, today), light_shown(held).note)), "；"),
        Share(held.percent, 100),
        _fen(held.budget_fen),
        Fen(held.funded_fen),
        Fen(held.invested_fen),
    ]
    return Line(held.title, reverse("project", args=[held.pk]), cells)


def _state_and_lateness(held: Project, today: date) -> str:
    state, late = str(held.get_state_display()), lateness_of(held, today)
    if late is None:
        return state
    told = _t("逾期 %(n)s 天完工") if late.finished else _t("超期 %(n)s 天")
    return bracketed(state, told % {"n": late.days})


def _payments(asked: Asked) -> QuerySet[Payment]:
    rows = asked.stood(Payment)
    if rows is None:
        rows = Payment.objects.filter(project__cycle__in=asked.cycles)
        if source := asked.filters.get("source", ""):
            rows = rows.filter(source=source)
    return rows.select_related("unit", "project").order_by("unit__code", "project__number", "paid_on", "pk")


def _payment_line(held: Payment, today: date) -> Line:
    cells: list[Cell] = [
        held.unit.name,
        held.get_source_display(),
        held.party,
        held.paid_on,
        Fen(held.amount_fen),
    ]
    return Line(held.project.title, reverse("project", args=[held.project_id]), cells)


# ------------------------------------------------------------------------------- what is said, seen and found


def _measurements(asked: Asked) -> QuerySet[Measurement]:
    rows = asked.stood(Measurement)
    if rows is None:
        rows = _measurements_now(asked)
    return rows.select_related("unit", "project").order_by("unit__code", "project__number", "round")


def _measurements_now(asked: Asked) -> QuerySet[Measurement]:
    which = asked.filters.get("which", "")
    states = {
        "judged": [MeasurementState.CLOSED],
        "failing": [MeasurementState.RECTIFYING, MeasurementState.RECTIFIED],
    }.get(which, ["measured", "closed", "rectifying", "rectified"])
    rows = Measurement.objects.filter(cycle__in=asked.cycles, state__in=states)
    if which == "judged":
        rows = rows.filter(project__state__in=DONE)  # one carried over may pass before it is finished
    return rows


def _measurement_line(held: Measurement, today: date) -> Line:
    marks = [held.satisfied, held.basic, held.dissatisfied, held.base]
    cells = [held.unit.name, *marks, held.get_state_display()]
    return Line(held.project.title, reverse("project", args=[held.project_id]), cells)


def _ratings(asked: Asked) -> QuerySet[Project]:
    given = Q() if asked.counted is None else Q(ratings__pk__in=asked.counted)
    counts = {grade.value: Count("ratings", filter=Q(ratings__grade=grade) & given) for grade in Grade}
    rows = Project.objects.filter(cycle__in=asked.cycles).annotate(
        rated=Count("ratings", filter=Q(ratings__isnull=False) & given), **counts
    )
    return rows.filter(rated__gt=0).select_related("unit").order_by("unit__code", "number", "pk")


def _rating_line(held: Any, today: date) -> Line:
    cells = [held.unit.name, *(getattr(held, grade.value) for grade in Grade), held.rated]
    return Line(held.title, reverse("project", args=[held.pk]), cells)


def _visits(asked: Asked) -> QuerySet[Visit]:
    rows = asked.stood(Visit)
    if rows is None:
        rows = Visit.objects.filter(cycle__in=asked.cycles)
    return rows.select_related("unit", "cycle__unit", "by").order_by("-on", "-pk")


def _tells_where(held: Visit) -> bool:
    return bool(held.place)


def _visit_line(held: Visit, today: date) -> Line:
    return Line(
        held.place,
        reverse("year", args=[held.cycle_id]),
        [held.unit.name, held.by.name, held.on, held.voters],
    )


def _inspections(asked: Asked) -> QuerySet[Inspection]:
    rows = asked.stood(Inspection)
    if rows is None:
        rows = Inspection.objects.filter(project__cycle__in=asked.cycles)
    return rows.select_related("unit", "project", "by").order_by("-on", "-pk")


def _inspection_line(held: Inspection, today: date) -> Line:
    cells: list[Cell] = [held.unit.name, held.place, held.by.name, held.on]
    return Line(held.project.title, reverse("project", args=[held.project_id]), cells)


def _votes(asked: Asked) -> QuerySet[Vote]:
    rows = Vote.objects.filter(
        about_reference__in=asked.references,
        purpose="projects",
        is_recount=False,
        deputies_present__isnull=False,
    ).exclude(state="void")
    return rows.select_related("unit", "session").order_by("unit__code", "pk")


def _vote_line(held: Vote, today: date) -> Line:
    held_on = held.session.held_on if held.session else None
    cells = [held.unit.name, held_on, held.deputies_in_office, held.deputies_present]
    return Line(held.title, reverse("vote", args=[held.pk]), cells)


def _findings(asked: Asked) -> QuerySet[Finding]:
    rows = asked.stood(Finding)
    if rows is None:
        rows = Finding.objects.filter(project__cycle__in=asked.cycles)
        if asked.wants("which", "open"):
            rows = rows.exclude(state=FindingState.CLOSED)
    return rows.select_related("unit", "project").order_by("raised_on", "pk")


def _finding_line(held: Finding, today: date) -> Line:
    age = None if held.state == FindingState.CLOSED else (today - held.raised_on).days
    cells: list[Cell] = [held.unit.name, held.words, held.raised_on, age, held.get_state_display()]
    return Line(held.project.title, reverse("project", args=[held.project_id]), cells)


TITLES = {check.code: check.title for check in CHECKS}


def _examinations(asked: Asked) -> QuerySet[Examination]:
    rows = Examination.objects.filter(cycle__in=asked.cycles)
    if asked.wants("which", "not_held"):
        rows = rows.filter(not_held__gt=0)
    return rows.select_related("cycle__unit").order_by("cycle__unit__code", "-cycle__year", "cycle_id")


def _examination_line(held: Examination, today: date) -> Line:
    broken = listed((TITLES.get(code, code) for code in held.broken), "；")
    counts = (held.not_held, held.held, held.not_yet, held.not_applicable)
    url = reverse("conformance", args=[held.cycle_id]) + ("?status=not_held" if held.not_held else "")
    looked = {"at": date_format(localtime(held.at), "DATETIME_FORMAT"), "n": held.size}
    told = _t("%(at)s，查至第 %(n)s 条办理记录") % looked
    return Line(_year(held.cycle), url, [broken or None, *counts, told])


def _cycles(asked: Asked) -> QuerySet[Cycle, Any]:
    """The years; of one step those that stand in it, whose next day there comes first ahead of the others."""
    rows, step = Cycle.objects.filter(pk__in=asked.cycles).select_related("unit"), asked.filters.get("step")
    reference = Concat(Value(f"{Cycle.kind}:"), Cast(OuterRef("pk"), CharField()))
    waiting = Deadline.objects.filter(about=reference, done_at=None, cancelled=False, step__in=STEPS)
    order: list[Any] = ["unit__code", "-year", "-pk"]
    if step:
        rows = rows.filter(state__in=[state for state in CycleState if reached(state) == int(step)])
        waiting = waiting.filter(step=int(step))
        order.insert(0, F("first_due").asc(nulls_last=True))
    first = waiting.order_by().values("about").annotate(first=Min("binds_on")).values("first")
    return rows.annotate(first_due=Subquery(first)).order_by(*order)


def _cycle_line(held: Any, today: date) -> Line:
    cells = [held.get_state_display(), held.opens_on, held.first_due]
    return Line(_year(held), reverse("year", args=[held.pk]), cells)


def _townships(asked: Asked) -> QuerySet[Unit]:
    rows = Unit.objects.filter(pk__in=asked.halls)
    rows = rows.filter(Q(ends_on=None) | Q(ends_on__gt=asked.today))
    if asked.wants("which", "begun"):
        years = asked.past.begun if asked.past else asked.cycles
        rows = rows.filter(pk__in=Cycle.objects.filter(pk__in=years).values("unit_id"))
    return rows.order_by("code")


def _township_line(held: Unit, today: date) -> Line:
    url = reverse("county_list", args=["years"]) + "?" + urlencode({"unit": held.code})
    return Line(held.name, url, [held.code, held.get_kind_display()])


LISTS: dict[str, Listing] = {
    "tasks": Listing(
        _("待办事项"), (*TASK_COLUMNS, _("剩余或者超期")), _open_tasks, _task_line, _("件"),
        filters={"when": {"overdue": _("超期未办")}, "step": STEP_FILTER, "office": OFFICE_FILTER},
    ),
    "ended": Listing(
        _("已办事项"), (*TASK_COLUMNS, *ENDED_COLUMNS), _ended_tasks, _task_line, _("件"), filters={"step": STEP_FILTER}
    ),
    "late": Listing(
        _("逾期办结事项"), (*TASK_COLUMNS, *ENDED_COLUMNS), _late_tasks, _task_line, _("件"), filters={"step": STEP_FILTER}
    ),
    "notes": Listing(
        _("待回复的工作提示函"), (_("乡镇"), _("发出日期"), _("回复期限"), _("剩余或者超期")), _notes, _note_line, _("件"),
        filters={"when": {"overdue": _("逾期未回复")}},
    ),
    "proposals": Listing(
        _("意见建议"), (_("乡镇"), _("提出人类别"), _("收到日期"), _("状态")), _proposals, _proposal_line, _("件"),
        filters={"which": {"accepted": _("已受理")}, "from": {"residents": _("群众提出"), "deputies": _("代表提出")}},
    ),
    "items": Listing(
        _("归并项和候选项目"), (_("乡镇"), _("责任单位"), _("总投资"), _("资金来源"), _("状态")), _items, _item_line, _("个"),
        filters={"which": {"candidates": _("候选项目"), "elected": _("票决入选")}}, money={2: "investment_fen"},
    ),
    "sources": Listing(
        _("入选项目资金来源"), (_("乡镇"), _("责任单位"), _("总投资"), _("资金来源"), _("入选时的安排")), _sources, _source_line,
        _("个"), filters={"source": dict(FundSource.choices)}, money={2: "investment_fen", 4: "planned_fen"},
    ),
    "projects": Listing(
        _("入选项目"),
        (_("乡镇"), _("责任单位"), _("状态"), _("形象进度"), _("总投资"), _("资金到位"), _("完成投资")),
        _projects, _project_line, _("个"),
        filters={"which": {"live": _("实施项目"), "building": _("在建"), "done": _("已完工、已验收"), "red": _("亮红灯")}},
        money={4: "budget_fen", 5: "funded_fen", 6: "invested_fen"},
    ),
    "payments": Listing(
        _("付款"), (_("乡镇"), _("资金来源"), _("对方单位"), _("付款日期"), _("金额")), _payments, _payment_line, _("笔"),
        filters={"source": dict(FundSource.choices)}, money={4: "amount_fen"},
    ),
    "measurements": Listing(
        _("代表满意度测评"), (_("乡镇"), _("满意"), _("基本满意"), _("不满意"), _("基数"), _("结论")),
        _measurements, _measurement_line, _("个"),
        filters={"which": {"judged": _("测评通过"), "failing": _("测评未通过")}},
    ),
    "ratings": Listing(
        _("群众评价"), (_("乡镇"), _("满意"), _("基本满意"), _("不满意"), _("合计")), _ratings, _rating_line, _("份"), "rated"
    ),
    "visits": Listing(_("代表走访"), (_("乡镇"), _("代表"), _("日期"), _("走访选民数")), _visits, _visit_line, _("次"),
        personal=_tells_where),
    "voters": Listing(
        _("走访选民"), (_("乡镇"), _("代表"), _("日期"), _("走访选民数")), _visits, _visit_line, _("人次"), "voters",
        personal=_tells_where,
    ),
    "townships": Listing(
        _("乡镇（街道）"), (_("编码"), _("类别")), _townships, _township_line, _("个"),
        filters={"which": {"begun": _("已启动本年度工作")}},
    ),
    "inspections": Listing(
        _("代表视察"), (_("乡镇"), _("地点"), _("记录人"), _("日期")), _inspections, _inspection_line, _("次")
    ),
    "votes": Listing(_("票决到会情况"), (_("乡镇"), _("会议日期"), _("应到"), _("实到")), _votes, _vote_line, _("次")),
    "findings": Listing(
        _("监督发现的问题"), (_("乡镇"), _("问题"), _("提出日期"), _("已过天数"), _("状态")), _findings, _finding_line, _("个"),
        filters={"which": {"open": _("未销号")}},
    ),
    "conformance": Listing(
        _("程序规范检查"), (_("不符合的事项"), _("不符合"), _("符合"), _("尚未完成"), _("不适用"), _("检查时间")),
        _examinations, _examination_line, _("项不符合"), "not_held", filters={"which": {"not_held": _("有不符合的")}},
    ),
    "years": Listing(
        _("各乡镇年度"), (_("进度"), _("启动日"), _("最近期限")), _cycles, _cycle_line, _("个"), filters={"step": STEP_FILTER}
    ),
}  # fmt: skip


# Of a day that is over: the figure that a list, by the one filter it is asked for, is of: measure, facets, past the day.
FIGURES: Mapping[tuple[str, str], tuple[str, tuple[str, ...], bool]] = {
    ("proposals", ""): ("proposal", (), False),
    ("proposals", "residents"): ("proposal", RESIDENTS, False),
    ("proposals", "deputies"): ("proposal", DEPUTIES, False),
    ("proposals", "accepted"): ("accepted", (), False),
    ("items", "candidates"): ("candidate", (), False),
    ("items", "elected"): ("elected", (), False),
    ("projects", "live"): ("project", tuple({*ProjectState.values} - {ProjectState.STOPPED.value}), False),
    ("projects", "done"): ("project", DONE, False),
    ("projects", "red"): ("red", (), False),
    ("payments", ""): ("paid", (), False),
    **{("payments", one.value): ("paid", (one.value,), False) for one in FundSource},
    ("measurements", ""): ("mark", (), False),
    ("measurements", "failing"): ("failing", (), False),
    ("ratings", ""): ("rating", (), False),
    ("visits", ""): ("visit", (), False),
    ("voters", ""): ("voters", (), False),
    ("inspections", ""): ("inspection", (), False),
    ("findings", ""): ("finding", (), False),
    ("findings", "open"): ("finding", (FindingState.OPEN.value, FindingState.RECTIFIED.value), False),
    ("tasks", "overdue"): ("open", (), True),
}


def as_it_stood(
    code: str, cycles: list[int], filters: Mapping[str, str], halls: frozenset[int], day: date
) -> Asked | None:
    """What a list of a day that is over is asked for; None for a list that cannot be told of a past day."""
    past = Past(tuple(cycles), day)
    if code == "townships":
        return Asked(cycles, filters, day, halls, past)
    figure = FIGURES.get((code, "".join(filters.values())))
    if figure is None:
        return None
    measure, facets, late = figure
    return Asked(cycles, filters, day, halls, past, past.ids(measure, facets, late=late))


def filters_asked(listing: Listing, given: Mapping[str, str]) -> dict[str, str]:
    """Of an address the filters this list knows, with values it knows."""
    known = listing.filters or {}
    return {name: given[name] for name, values in known.items() if given.get(name) in values}


def words_of(listing: Listing, filters: Mapping[str, str]) -> str:
    """What the filters in use are called."""
    known = listing.filters or {}
    return listed((str(known[name][value]) for name, value in filters.items()), "，")
