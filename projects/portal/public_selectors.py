"""What anybody may read, gathered for the residents' pages.

Everything here runs in the public context, where the database itself hides what is not published; the few reads that
need more (one proposal by its code, counts of ratings) open a reading context of one township and give back no more
than the page shows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.formats import date_format
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from projects.ballots.figures import ballots_told
from projects.ballots.models import Recounting, Vote
from projects.ballots.rules import Mode
from projects.ballots.selectors import (
    PROJECTS,
    DeclaredVote,
    Recounted,
    announced_votes,
    lines_of,
    recounts_on,
)
from projects.collection.models import Proposal
from projects.cycles.models import OVER, Attachment, Cycle, CycleState, Paper
from projects.cycles.rulebook import Rules
from projects.cycles.selectors import (
    collecting_cycles,
    cycles_of,
    open_windows,
    rules_in_force,
    session_date,
)
from projects.evaluation.models import Grade, Rating
from projects.evaluation.rules import Marks, ResidentsRating, residents_rating
from projects.evaluation.selectors import measurement_table, rating_round_is_open
from projects.oversight.figures import reached
from projects.selection.models import Item, Notice, NoticeState, Objection
from projects.supervision.models import Change, Project, ProjectState
from projects.supervision.selectors import (
    ShownLight,
    awaits_hand_over,
    expected_now,
    going_on_after,
    light_shown,
    sources_of,
)
from projects.voting.superseding import told_superseded
from workflow.people.isolation import of_units, within
from workflow.people.models import HALLS, Unit, UnitChange
from workflow.people.wording import worded

CHOSEN = (ProjectState.ELECTED,)
ONGOING = (ProjectState.ASSIGNED, ProjectState.BUILDING, ProjectState.SUSPENDED)
FINISHED = (ProjectState.COMPLETED, ProjectState.ACCEPTED)
NOTICES_SHOWN = 8
PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".gif")


# ------------------------------------------------------------------------------- townships


@dataclass(frozen=True)
class Place:
    """A township to choose from, with the year it is at."""

    unit: Unit
    cycle: Cycle | None


def townships(search: str = "") -> QuerySet[Unit]:
    """Townships and subdistricts in being, by county and code; search: part of a name."""
    units = Unit.objects.filter(kind__in=HALLS, ends_on=None).select_related("parent")
    if search:
        units = units.filter(name__icontains=search)
    return units.order_by("parent__code", "code")


def places_of(units: Iterable[Unit]) -> list[Place]:
    """The same with the year each is at."""
    listed = list(units)
    return [Place(unit, cycle) for unit, cycle in zip(listed, _latest(listed), strict=True)]


def _latest(units: list[Unit]) -> list[Cycle | None]:
    """The newest open cycle of each unit."""
    cycles = Cycle.objects.filter(unit__in=units).exclude(state__in=_NOT_SHOWN).order_by("year", "pk")
    by_unit = {cycle.unit_id: cycle for cycle in cycles.select_related("unit")}
    return [by_unit.get(unit.pk) for unit in units]


_NOT_SHOWN = (CycleState.PREPARING, *OVER)


def township_of(code: str) -> Unit | None:
    """A township or subdistrict by its code."""
    return Unit.objects.select_related("parent").filter(code=code, kind__in=HALLS).first()


# ------------------------------------------------------------------------------- proposing


@dataclass(frozen=True)
class Intake:
    """Whether a proposal can be made on a day. inside: it joins a year's collection, else the all-year pool.

    cycle: the one that collects, the first to end of several. cycles: those whose window is open on the day.
    is_over: the township is no more.
    """

    is_open: bool
    inside: bool
    rules: Rules
    cycle: Cycle | None
    is_before: bool = False
    cycles: tuple[Cycle, ...] = ()
    is_over: bool = False

    @property
    def sentence(self) -> str:
        """What a resident should know about it."""
        if self.is_over:
            return _("本单位已经撤销，请向接收的乡镇提出建议。")
        if len(self.cycles) > 1:
            return _("有 %(n)s 次征集正在进行，提出时请选择其中一次。") % {"n": len(self.cycles)}
        if self.inside and self.cycle:
            return _("正在征集，%(day)s截止。") % {"day": said(self.cycle.window_to)}
        if self.cycle and self.cycle.window_from is None:
            until = _("征集公告即将发布。")
        elif self.cycle and self.is_before:
            until = _("征集从%(day)s开始。") % {"day": said(self.cycle.window_from)}
        else:
            until = _("现在不在征集期。")
        if self.is_open:
            return until + _("现在提出的意见建议先列入项目库，下次征集时一并办理。")
        return until + _("征集期内可以在这里提出。")


def intake_of(unit: Unit, today: date) -> Intake:
    """The township's collection as a resident meets it today."""
    cycles = open_windows(unit, today)
    cycle = next(iter(cycles or collecting_cycles(unit)), None)
    rules = cycle.rules if cycle else rules_in_force(unit)
    start = cycle.window_from if cycle else None
    inside, is_before = bool(cycles), bool(start and today < start)
    is_open = unit.ends_on is None and (inside or rules.pool_all_year)
    return Intake(is_open, inside, rules, cycle, is_before, tuple(cycles), unit.ends_on is not None)


def changes_told(unit: Unit) -> list[str]:
    """What the township was called before, or into which it was merged, with the paper that approved it; the oldest first."""
    told = {
        UnitChange.What.RENAMED: _("%(day)s由“%(old)s”更名（%(number)s）。"),
        UnitChange.What.SUBDISTRICT: _("%(day)s由“%(old)s”改设街道（%(number)s）。"),
        UnitChange.What.MERGED: _(
            "%(day)s并入“%(into)s”（%(number)s），以下为并入以前的内容和继续办理的项目。"
        ),
    }
    return [
        told[UnitChange.What(change.what)]
        % {
            "day": said(change.on),
            "old": change.name,
            "number": change.number,
            "into": change.into.name if change.into else "",
        }
        for change in UnitChange.objects.filter(unit=unit).select_related("into")
    ]


def days_promised(task: str, unit: Unit, cycle: Cycle | None) -> int:
    """Within how many working days a task is done: as frozen for the year, else by the rules in force."""
    rules = cycle.rules if cycle and cycle.rules_data else rules_in_force(unit)
    return rules.offset(task).days


def said(day: date | None) -> str:
    """A day as people read it."""
    return date_format(day, "DATE_FORMAT") if day else ""


# ------------------------------------------------------------------------------- a year


@dataclass(frozen=True)
class Year:
    """One year as the township's page shows it. step: 1–6, 7 when closed.

    going_on: how many of its projects are supervised still although it has gone on (`going_on_after`).
    """

    cycle: Cycle
    sentence: str
    step: int
    going_on: int = 0


def year_of(cycle: Cycle, today: date, notice: Notice | None = None) -> Year:
    """What is going on in a year, in one sentence."""
    step = reached(cycle.state)
    going_on = going_on_after(cycle)
    sentence = carried_words(cycle, going_on) or _sentence(cycle, today, notice)
    return Year(cycle, worded(sentence, cycle.unit), step, going_on)


def carried_words(cycle: Cycle, going_on: int) -> str:
    """How a year stands that has gone on while some of its projects are supervised still; empty where none is."""
    if not going_on:
        return ""
    if cycle.state == CycleState.CLOSED:
        return _("年度已归档；%(n)s 个项目跨年续建，继续监督。") % {"n": going_on}
    return _("正在评估；%(n)s 个项目尚未验收，继续监督。") % {"n": going_on}


def _sentence(cycle: Cycle, today: date, notice: Notice | None) -> str:
    if cycle.state == CycleState.COLLECTING:
        return _collecting(cycle, today)
    if cycle.state == CycleState.SELECTING and notice and is_posted(notice, today):
        return _("候选项目正在公示，%(day)s止；有异议可以提出。") % {"day": said(notice.to_on)}
    if cycle.state in (CycleState.DELIBERATING, CycleState.VOTING):
        day = said(session_date(cycle, "vote"))
        return _("候选项目由人大代表审议、票决，会议日期：%(day)s。") % {"day": day}
    if cycle.state == CycleState.SUPERVISING and awaits_hand_over(cycle):
        return _("项目已经票决确定，待政府交办实施。")
    return {
        CycleState.SELECTING: _("政府正在归并、筛查、论证大家的意见建议，每一件都会答复。"),
        CycleState.SUPERVISING: _("入选项目正在实施，代表和群众一起监督。"),
        CycleState.EVALUATING: _("正在评估：群众评价、代表测评，结果向社会公布。"),
        CycleState.CLOSED: _("全年工作已经办结。"),
        CycleState.ENDED: _("本年度工作已经终止，意见建议转入项目库。"),
    }[CycleState(cycle.state)]


def _collecting(cycle: Cycle, today: date) -> str:
    if not cycle.window_from or not cycle.window_to:
        return _("年度工作已经启动，即将公开征集项目。")
    if today < cycle.window_from:
        return _("%(day)s起公开征集项目。") % {"day": said(cycle.window_from)}
    if today <= cycle.window_to:
        return _("正在公开征集项目，%(day)s截止，欢迎提出。") % {"day": said(cycle.window_to)}
    return _("征集已经截止，政府正在受理和汇总。")


def years_of(unit: Unit) -> list[Cycle]:
    """Every year anybody may read, the newest first."""
    return list(cycles_of(unit).exclude(state=CycleState.PREPARING))


def open_years(cycles: Iterable[Cycle], today: date) -> list[Year]:
    """The years under way, the newest first."""
    running = [cycle for cycle in cycles if cycle.state not in OVER]
    notices = latest_notices(running)
    return [year_of(cycle, today, notices.get(cycle.pk)) for cycle in running]


def latest_notices(cycles: Iterable[Cycle]) -> dict[int, Notice]:
    """The last notice of each cycle."""
    posted = Notice.objects.filter(cycle__in=[c.pk for c in cycles]).order_by("round")
    return {notice.cycle_id: notice for notice in posted}


def is_posted(notice: Notice, today: date) -> bool:
    """Whether an objection can still be raised: the notice stands and its days are not over."""
    return notice.state == NoticeState.POSTED and notice.from_on <= today <= notice.to_on


def posted_items(notice: Notice) -> QuerySet[Item]:
    """The items on a notice, by number."""
    return notice.items.select_related("department").order_by("number")


def published_papers(cycle: Cycle) -> list[Paper]:
    """A year's papers that anybody may read, in the order of the steps."""
    papers = Paper.objects.filter(cycle=cycle, published_at__isnull=False)
    return _told_superseded(papers.order_by("step", "pk"))


def published_paper(number: int) -> Paper | None:
    """A paper anybody may read; None for any other."""
    papers = Paper.objects.filter(pk=number, published_at__isnull=False)
    found = _told_superseded(papers.select_related("unit__parent", "cycle"))
    return found[0] if found else None


def latest_papers(unit: Unit) -> list[Paper]:
    """The township's newest published papers."""
    papers = Paper.objects.filter(unit=unit, published_at__isnull=False).select_related("cycle")
    return _told_superseded(papers.order_by("-published_at", "-pk")[:NOTICES_SHOWN])


def _told_superseded(published: Iterable[Paper]) -> list[Paper]:
    """The same, each that holds no longer with what became of it, as the township knows it: see `results_of`."""
    papers = list(published)
    with within(of_units({paper.unit_id for paper in papers})):
        return told_superseded(papers)


# Why an announced result does not hold, or may not for long. title: of the vote whose result is announced in its place.
NOTES = {
    Recounting.COUNTING: _lazy("本结果宣布后正在复票，可能更正，以重新宣布的结果为准。"),
    Recounting.DECLARED: _lazy("本结果已经复票更正，以“%(title)s”的结果为准。"),
    Recounting.ORDERED: _lazy("本结果宣布后复票，复票无效，由主席团决定重新投票，以重新宣布的结果为准。"),
    Recounting.HELD: _lazy("本结果宣布后复票，复票无效，已经重新投票，以“%(title)s”的结果为准。"),
    Recounting.COUNTING_ANEW: _lazy("本结果宣布后复票，复票无效，重新投票后正在复票，以重新宣布的结果为准。"),
}


@dataclass(frozen=True)
class Result(DeclaredVote):
    """What the public reads of one. base: of whom the majority is counted, in words.

    ballots: the valid and invalid ones; None where there was none. recounted: what has become of counting its ballots again;
    None where they were not, and the result holds. corrects: the titles of those announced before in whose place it stands.
    """

    ballots: dict[str, Any] | None
    base: str
    of: int | None
    needed: int
    recounted: Recounted | None
    corrects: list[str]

    @property
    def instead(self) -> Vote | None:
        """The vote whose result is announced in its place; None where it holds, or none is yet."""
        return self.recounted.instead if self.recounted else None

    @property
    def note(self) -> str:
        """Why it does not hold, or may not for long; empty where it holds."""
        if self.recounted is None:
            return ""
        told = str(NOTES[self.recounted.came_to])
        return told % {"title": self.instead.title} if self.instead else told

    @property
    def elected(self) -> int:
        return sum(line.elected for line in self.lines)

    @property
    def told(self) -> tuple[str, ...]:
        """The same to the public, votes against only where every project is voted on by itself or somebody struck one out."""
        struck = self.vote.mode == Mode.EACH or any(line.against for line in self.lines)
        return tuple(figure for figure in super().told if figure != "against" or struck)


_BASES = {
    "in_office": _lazy("全体代表 %(of)s 人"),
    "present": _lazy("出席代表 %(of)s 人"),
    "valid": _lazy("有效票 %(of)s 张"),
}


def results_of(cycle: Cycle) -> list[Result]:
    """The votes on a year's projects that were announced, those corrected since last; nothing before the chair has declared.

    What has become of an announced result the township alone can tell, for the count that leads from it to the next may
    never have been announced. Of a recount under way no more is told than that it is: what the congress has taken back
    before everybody must not stand here as if it held.
    """
    votes = list(announced_votes(cycle.reference, *PROJECTS))
    with within(of_units((cycle.unit_id,))):
        recounts = recounts_on([cycle.reference], *PROJECTS)
    corrected: dict[int, list[str]] = defaultdict(list)
    for vote in votes:
        if vote.pk in recounts and (instead := recounts[vote.pk].instead):
            corrected[instead.pk].append(vote.title)
    results = [_result(vote, recounts.get(vote.pk), corrected[vote.pk]) for vote in votes]
    return sorted(results, key=lambda result: result.instead is not None)


def _result(vote: Vote, again: Recounted | None, corrects: list[str]) -> Result:
    majority = vote.outcome["majority"]
    base = worded(_BASES.get(majority["base"], ""), vote.unit) % {"of": majority["of"]}
    return Result(
        vote,
        lines_of(vote),
        ballots_told(vote),
        base,
        majority["of"],
        majority["needed"],
        again,
        corrects,
    )


# ------------------------------------------------------------------------------- projects


TONE_OF_LEVEL = {"green": "green", "yellow": "amber", "red": "red", "grey": "blue"}


@dataclass(frozen=True)
class Card:
    """A project as a list shows it. rating: residents', None where it was not accepted yet.

    can_be_rated: accepted, and the year's round of ratings is open.
    """

    project: Project
    photos: int = 0
    rating: ResidentsRating | None = None
    can_be_rated: bool = False

    @property
    def light(self) -> ShownLight:
        return light_shown(self.project)

    @property
    def tone(self) -> str:
        return TONE_OF_LEVEL[self.light.level]

    @property
    def is_lit(self) -> bool:
        """Whether a light says anything about it: only while it is being built."""
        return self.project.state in (ProjectState.ASSIGNED, ProjectState.BUILDING)

    @property
    def is_accepted(self) -> bool:
        return self.project.state == ProjectState.ACCEPTED


def cards_of(unit: Unit, projects: QuerySet[Project]) -> list[Card]:
    """Projects with photos, ratings and measurements, in a fixed number of queries."""
    listed = list(projects.select_related("cycle__unit", "department", "plan").order_by("cycle_id", "number"))
    photos = _photos_by_project(listed)
    with within(of_units((unit.pk,))):
        marks, rated = marks_of(listed), _years_being_rated(listed)
    return [
        Card(
            project,
            photos.get(project.reference, 0),
            _rating(project, marks.get(project.pk)),
            project.state == ProjectState.ACCEPTED and project.cycle_id in rated,
        )
        for project in listed
    ]


def _years_being_rated(projects: list[Project]) -> set[int]:
    """The years residents may rate today; a list holds two of them at most."""
    cycles = {project.cycle_id: project.cycle for project in projects}
    return {pk for pk, cycle in cycles.items() if rating_round_is_open(cycle)}


def _photos_by_project(projects: list[Project]) -> dict[str, int]:
    files = Attachment.objects.filter(subject__in=[p.reference for p in projects], public=True)
    rows = files.filter(_is_picture()).values_list("subject").annotate(Count("pk"))
    return dict(rows.order_by())


def _is_picture() -> Q:
    found = Q()
    for ending in PICTURES:
        found |= Q(name__iendswith=ending)
    return found


def marks_of(projects: list[Project]) -> dict[int, Marks]:
    """How residents rated projects, as counts; the words stay inside. Needs a context that may read the township."""
    rows = (
        Rating.objects.filter(project__in=projects)
        .values_list("project_id", "grade")
        .annotate(Count("pk"))
        .order_by()
    )
    counts: dict[int, dict[str, int]] = {}
    for project_id, grade, n in rows:
        counts.setdefault(project_id, {})[grade] = n
    return {pk: Marks(*(grades.get(grade, 0) for grade in Grade.values)) for pk, grades in counts.items()}


def _rating(project: Project, marks: Marks | None) -> ResidentsRating | None:
    if project.state != ProjectState.ACCEPTED:
        return None
    return residents_rating(marks or Marks(0, 0, 0), smallest_sample=project.cycle.rules.resident_sample_min)


def public_project(unit: Unit, number: int) -> Card | None:
    """One project of the township with what its page shows."""
    found = cards_of(unit, Project.objects.filter(unit=unit, pk=number))
    return found[0] if found else None


def project_page(card: Card) -> dict[str, Any]:
    """The published parts of one project: plan, milestones, reports, announced changes, photos, papers."""
    project = card.project
    plan = getattr(project, "plan", None) if _has_plan(project) else None
    files = list(Attachment.objects.filter(subject=project.reference, public=True).order_by("-pk"))
    reports = list(project.reports.order_by("-period"))
    # Sums by source alone: to whom and by which voucher is not published.
    with within(of_units((project.unit_id,))):
        payments = list(project.payments.all()) if plan else []
        money_sources = sources_of(project, payments) if plan else []
    return {
        "plan": plan,
        "milestones": list(project.milestones.all()) if plan else [],
        "reports": reports,
        "money_sources": money_sources,
        "paid": sum(payment.amount_fen for payment in payments),
        "expected": expected_now(project, localdate()) if plan else None,
        "changes": list(announced_changes(project)),
        "photos": [f for f in files if f.name.lower().endswith(PICTURES)],
        "papers": list(Paper.objects.filter(subject=project.reference, published_at__isnull=False)),
        "rounds": [line for line in measurement_table(project.cycle) if line.project == project],
    }


def _has_plan(project: Project) -> bool:
    plan = getattr(project, "plan", None)
    return bool(plan and plan.published_at)


def announced_changes(project: Project) -> QuerySet[Change]:
    """Changes the public was told of."""
    return project.changes.filter(state__in=("announced", "ratified", "revoked")).order_by("asked_on", "pk")


# ------------------------------------------------------------------------------- one code


@dataclass(frozen=True)
class Found:
    """Where a query code leads: "proposal" or "objection", and in which township."""

    kind: str
    unit: Unit


def find_code(code: str) -> Found | None:
    """Whose code it is; only the township's own page opens the record."""
    units = {unit.pk: unit for unit in Unit.objects.filter(kind__in=HALLS)}
    with within(of_units(units)):
        for kind, model in (("proposal", Proposal), ("objection", Objection)):
            if unit_id := model.objects.filter(code=code).values_list("unit_id", flat=True).first():
                return Found(kind, units[unit_id])
    return None
