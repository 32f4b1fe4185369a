"""Reads of projects and what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from django.db.models import Field, QuerySet
from django.utils.formats import date_format
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from projects.ballots.selectors import PROJECTS, declared_votes
from projects.cycles.due import due_date
from projects.cycles.models import Attachment, Cycle, CycleState, Paper
from projects.cycles.rulebook import Rules
from projects.cycles.selectors import open_session
from projects.cycles.shares import share
from projects.selection.models import FundSource, Item, ItemState
from projects.supervision import rules
from projects.supervision.models import (
    ANSWER_FORMS,
    GOING_ON,
    Audit,
    Change,
    ChangeGrade,
    ChangeState,
    Contract,
    Finding,
    FindingState,
    Inquiry,
    Interpellation,
    Payment,
    Plan,
    Project,
    ProjectState,
)
from workflow.calendar.offsets import DueDate
from workflow.flows.models import Deadline
from workflow.flows.money import wan
from workflow.machines.references import number_in
from workflow.people.models import Unit, UnitKind, User
from workflow.people.saying import bracketed, said_again
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import holders_of, live_grants


def projects_of(cycle: Cycle) -> QuerySet[Project]:
    """A year's projects in the order of their numbers."""
    return Project.objects.filter(cycle=cycle).select_related("cycle__unit", "department", "group", "unit")


def holders(office: str, unit: Unit, on: date) -> QuerySet[User]:
    """The persons who hold an office at a unit, for a choice of people."""
    held = live_grants(on).filter(office=office, unit=unit)
    return User.objects.filter(pk__in=held.values("user")).order_by("pk")


def departments(unit: Unit) -> QuerySet[Unit]:
    """The responsible units of a township."""
    return Unit.objects.filter(parent=unit, kind=UnitKind.DEPARTMENT, ends_on=None)


def works_at(department: Unit | None, people: Sequence[User], on: date) -> bool:
    """Whether one of them is on the staff of a responsible unit."""
    staff = live_grants(on).filter(office="department", unit=department)
    return staff.filter(user__in=[user.pk for user in people]).exists()


def unwatched(cycle: Cycle, on: date) -> QuerySet[Project]:
    """A year's projects whose supervision group has no member left, as after a change of term.

    Of a closed year only those that go on (跨年续建).
    """
    watched = live_grants(on).filter(office="inspector", tenant=cycle.unit).values("unit")
    standing = projects_of(cycle).exclude(group=None).exclude(state=ProjectState.STOPPED)
    if cycle.state == CycleState.CLOSED:
        standing = standing.filter(state__in=GOING_ON)
    return standing.exclude(group__in=watched)


def elected_items(cycle: Cycle) -> list[Item]:
    """The items the congress elected, in the order of the paper."""
    return list(Item.objects.filter(cycle=cycle, state=ItemState.ELECTED).order_by("ballot_number", "number"))


def elected_unfounded(cycle: Cycle) -> list[Item]:
    """The items elected that are no projects yet, in the order of the paper."""
    founded = Project.objects.filter(cycle=cycle).values("item_id")
    return [item for item in elected_items(cycle) if item.pk not in {row["item_id"] for row in founded}]


def votes_by_item(cycle: Cycle) -> dict[str, int]:
    """Votes in favour by the item's reference, from its last declared vote; empty where none was counted here.

    A count that was repeated (复票) does not stand; where a run-off was held its figure decides.
    """
    found: dict[str, int] = {}
    for vote in declared_votes(cycle.reference, *PROJECTS):
        sums = vote.figures.get("sums", {})
        for option in vote.options.all():
            line = sums.get(option.title, {})
            if "for" in line:
                found[option.reference] = line["for"]
    return found


def deputies_in_office(change: Change) -> int:
    """N, the base of the congress's majority: the open session's figure, else the cycle's; 0 when none is entered."""
    session = open_session(change.unit)
    return (session.deputies_in_office if session else None) or change.project.cycle.deputies_in_office or 0


def scale_of(book: Rules) -> rules.Scale:
    """The light scale of a rulebook."""
    return rules.Scale(
        book.light_scale,
        book.light_yellow_points,
        book.light_red_points,
        book.light_red_months,
        book.light_red_below,
        book.light_orange_below,
        book.light_yellow_below,
    )


def points_of(project: Project) -> list[rules.Point]:
    """The milestones of a project's plan."""
    return [rules.Point(m.due_on, m.percent) for m in project.milestones.all()]


def expected_of(project: Project, on: date) -> int:
    """How far a project should be on a day, by its plan."""
    return rules.expected_percent(project.plan.starts_on, points_of(project), on)


def going_on_after(cycle: Cycle) -> int:
    """How many projects are supervised still although their year has gone on: handed over and not accepted yet.

    A year comes to its evaluation with the government's report on completion, whatever is still being built then (steps.md,
    steps 5 and 6); of a closed one those count that are carried over (跨年续建). While there is one, the fifth step is not done.
    """
    going_on = Project.objects.filter(cycle=cycle, state__in=GOING_ON)
    if cycle.state == CycleState.EVALUATING:
        return going_on.count()
    return going_on.filter(carried_on__isnull=False).count() if cycle.state == CycleState.CLOSED else 0


def awaits_hand_over(cycle: Cycle) -> bool:
    """Whether a year has projects and none of them has been handed over to be carried out yet."""
    return set(Project.objects.filter(cycle=cycle).values_list("state", flat=True)) == {ProjectState.ELECTED}


def expected_now(project: Project, on: date) -> int | None:
    """Where the plan says a project should be on a day, as every page shows it beside how far it is.

    None where that says nothing: before there is a plan, and once it is finished, suspended or stopped.
    """
    if project.state not in (ProjectState.ASSIGNED, ProjectState.BUILDING):
        return None
    return expected_of(project, on) if hasattr(project, "plan") else None


def reports_quarterly(project: Project) -> bool:
    """Whether a project reports by the quarter, by its cycle's rulebook."""
    book = project.cycle.rules
    return rules.reports_quarterly(
        project.budget_fen, period=book.progress_period, small_fen=book.small_project_fen
    )


def open_findings(project: Project) -> QuerySet[Finding]:
    """Findings not closed yet."""
    return project.findings.exclude(state=FindingState.CLOSED)


def pending_changes(project: Project) -> QuerySet[Change]:
    """Changes asked for and not settled yet."""
    return project.changes.filter(state__in=(ChangeState.ASKED, ChangeState.AGREED))


RATIFY, UNDO = "supervision.ratify_change", "supervision.announce_undo"


_OWED = {
    RATIFY: _("“%(title)s”的项目调整由主席团先行决定，尚未经代表大会追认，由人大办提请大会审议。"),
    UNDO: _("“%(title)s”的项目调整未获代表大会追认，由人大办公告恢复原定内容。"),
}


def unratified(unit: Unit, until: date) -> list[str]:
    """What the presidium has decided and announced by a day and the congress has not spoken on yet, in sentences."""
    return _owed(unit, RATIFY, opened_on__lte=until)


def unratified_or_in_force(cycle: Cycle) -> list[str]:
    """The same of a year, and what was not ratified and nobody has announced as taken back yet."""
    return _owed(cycle.unit, RATIFY, UNDO, about=cycle.reference)


def _owed(unit: Unit, *keys: str, **which: Any) -> list[str]:
    waiting = Deadline.objects.filter(key__in=keys, unit=unit, done_at=None, cancelled=False, **which)
    owed = {
        number: key
        for key, subject in waiting.values_list("key", "subject")
        if (number := number_in(subject, Change))
    }
    changes = Change.objects.filter(pk__in=owed).select_related("project").order_by("pk")
    return [_OWED[owed[change.pk]] % {"title": change.project.title} for change in changes]


REGISTERED_AT = {
    "supervision.tender": Contract.Kind.TENDER,
    "supervision.contract": Contract.Kind.CONTRACT,
    "supervision.settlement": Contract.Kind.SETTLEMENT,
}


def awaited_of(project: Project) -> set[str]:
    """The kinds of line of a project's ledger that a task is open for."""
    tasks = Deadline.objects.filter(
        key__in=REGISTERED_AT, subject=project.reference, done_at=None, cancelled=False
    )
    return {REGISTERED_AT[key] for key in tasks.values_list("key", flat=True)}


def adding_up_with(project: Project, kind: str) -> list[int]:
    """The amounts a new line adds up with: contracts with their variations, each other kind among its own."""
    together = (
        (Contract.Kind.CONTRACT, Contract.Kind.VARIATION)
        if kind in (Contract.Kind.CONTRACT, Contract.Kind.VARIATION)
        else (kind,)
    )
    return list(project.contracts.filter(kind__in=together).values_list("amount_fen", flat=True))


def has_plan(project: Project) -> bool:
    """Whether a project's implementation plan has been published."""
    return Plan.objects.filter(project=project).exclude(published_at=None).exists()


def audit_due(audit: Audit) -> DueDate | None:
    """When registering an audit report is due, from the day it was received."""
    return due_date(audit.project.cycle, "supervision.audit", audit.received_on)


@dataclass(frozen=True)
class ShownLight:
    """A project's light as every page says it. level: its shape and colour; note: who reads learns that it was set by
    hand, what was worked out and why; "" where it was not."""

    level: str
    words: str
    note: str


def light_shown(project: Project) -> ShownLight:
    """The light a project shows, and that it was set by hand where it was."""
    lit = project.lit
    words = said_again(rules.LIGHT_WORDS[lit.shown])
    if lit.reason:
        words = bracketed(words, _("人工调整"))
    return ShownLight(rules.LEVELS[lit.shown], words, said_again(rules.setting_told(lit)))


def lights_of(cycle: Cycle) -> dict[str, int]:
    """How many projects show which light ("" for none yet); stopped ones are not counted."""
    lights = projects_of(cycle).exclude(state=ProjectState.STOPPED).values_list("light", flat=True)
    return dict(Counter(lights))


def money_of(project: Project) -> dict[str, Any]:
    """Money against plan, in fen; rates in whole percent, which may exceed 100 (rules.md §7), None without a budget."""
    return {
        "budget": project.budget_fen,
        "contracted": sum(adding_up_with(project, Contract.Kind.CONTRACT)),
        "settled": sum(adding_up_with(project, Contract.Kind.SETTLEMENT)),
        "invested": project.invested_fen,
        "funded": project.funded_fen,
        "invested_percent": share(project.invested_fen, project.budget_fen),
        "funded_percent": share(project.funded_fen, project.budget_fen),
    }


def paid_from(project: Project, source: str = "") -> list[int]:
    """What has been paid for a project, payment by payment, in fen: out of one source, or of all."""
    payments = project.payments.filter(source=source) if source else project.payments.all()
    return list(payments.values_list("amount_fen", flat=True))


def lateness_of(project: Project, today: date) -> rules.Lateness | None:
    """How late a project is; None where it is in time, and for one suspended or ended by decision."""
    if project.completed_on is None and project.state not in (ProjectState.ASSIGNED, ProjectState.BUILDING):
        return None
    return rules.lateness(project.finish_by, project.ends_by, project.completed_on, today)


def sources_of(project: Project, payments: Iterable[Payment]) -> list[dict[str, Any]]:
    """Of each source that gives or gave something: what was planned of it when the project was elected, and what has
    been paid out of it, in fen."""
    paid: Counter[str] = Counter()
    for payment in payments:
        paid[payment.source] += payment.amount_fen
    planned = project.item.funding
    return [
        {
            "title": source.label,
            "planned": planned.get(source.value, 0),
            "paid": paid[source.value],
            "percent": share(paid[source.value], planned.get(source.value, 0)),
        }
        for source in FundSource
        if planned.get(source.value) or paid[source.value]
    ]


def year_money(cycle: Cycle) -> dict[str, Any]:
    """The year's money against plan, in fen, stopped projects left out."""
    live = projects_of(cycle).exclude(state=ProjectState.STOPPED)
    rows = list(live.values_list("budget_fen", "invested_fen", "funded_fen"))
    budget, invested, funded = (sum(row[i] or 0 for row in rows) for i in range(3))
    return {
        "budget": budget,
        "invested": invested,
        "funded": funded,
        "invested_percent": share(invested, budget),
        "funded_percent": share(funded, budget),
    }


def project_file(project: Project, on: date | None = None) -> dict[str, Any]:
    """Everything on one project: facts, plan, money, light, contracts, reports, findings, changes, papers."""
    plan = getattr(project, "plan", None)
    payments = list(project.payments.select_related("by"))
    return {
        "project": project,
        "plan": plan,
        "milestones": list(project.milestones.all()),
        "expected": expected_now(project, on or localdate()),
        "light": light_shown(project),
        "money": money_of(project),
        "contracts": list(project.contracts.order_by("signed_on", "pk")),
        "payments": payments,
        "paid": sum(payment.amount_fen for payment in payments),
        "money_sources": sources_of(project, payments),
        "reports": list(project.reports.all()),
        "inspections": list(project.inspections.select_related("by").order_by("on", "pk")),
        "findings": list(project.findings.order_by("raised_on", "pk")),
        "changes": list(project.changes.order_by("asked_on", "pk")),
        "papers": list(Paper.objects.filter(subject=project.reference)),
        "photos": list(Attachment.objects.filter(subject=project.reference).order_by("pk")),
        "group": group_members(project, on),
        "experts": experts_of(project, on),
    }


def group_members(project: Project, on: date | None = None) -> list[User]:
    """The deputies of a project's supervision group."""
    return holders_of("inspector", project.group, on or localdate()) if project.group else []


def experts_of(project: Project, on: date | None = None) -> list[RoleGrant]:
    """Who is invited to a project's supervision group beside its deputies, by the title they were invited under."""
    if project.group_id is None:
        return []
    held = live_grants(on or localdate()).filter(office="expert", unit_id=project.group_id)
    return list(held.select_related("user").order_by("pk"))


def year_overview(cycle: Cycle) -> dict[str, Any]:
    """The year's projects with lights and money and the latest special report, for the presidium's tasks."""
    projects = list(projects_of(cycle))
    return {
        "report": Paper.objects.filter(cycle=cycle, kind="special_report").order_by("-pk").first(),
        "projects": projects,
        "rows": [{"project": p, "light": light_shown(p)} for p in projects],
        "lights": lights_of(cycle),
        "money": year_money(cycle),
        "open_findings": Finding.objects.filter(project__cycle=cycle)
        .exclude(state=FindingState.CLOSED)
        .count(),
    }


def inquiry_facts(inquiry: Inquiry) -> dict[str, Any]:
    """One written question with its answer so far and what came with it."""
    return {
        "inquiry": inquiry,
        "attached": list(Attachment.objects.filter(subject=inquiry.reference).order_by("pk")),
    }


def rectified_by(finding: Finding) -> date | None:
    """The last day the rulebook gives for putting a finding right, from the day it was raised."""
    due = due_date(finding.project.cycle, "supervision.rectify", finding.raised_on)
    return due.on if due else None


def finding_facts(finding: Finding) -> dict[str, Any]:
    """One finding with the project, the visit it came from, and the proof."""
    return {
        "finding": finding,
        "project": finding.project,
        "inspection": finding.inspection,
        "proof": list(Attachment.objects.filter(subject=finding.reference).order_by("pk")),
    }


def audit_facts(audit: Audit) -> dict[str, Any]:
    """One audit report with the file of the project it is about."""
    return {"audit": audit, **project_file(audit.project)}


def change_facts(change: Change) -> dict[str, Any]:
    """One change: each value as it stands and as proposed, and which way it is decided."""
    policy = change.project.cycle.rules.change_policy
    return {
        "change": change,
        "project": change.project,
        "lines": lines_of(change),
        "way": said_again(rules.way_told(change.grade, change.body, policy)),
    }


@dataclass(frozen=True)
class DecidedChange:
    """A change the presidium decided itself. lines: as `lines_of` gives them; decided_on: the day of its minutes."""

    change: Change
    lines: list[dict[str, Any]]
    decided_on: date | None


def decided_by_presidium(cycle: Cycle) -> list[DecidedChange]:
    """What the presidium agreed to of a year's projects, minor changes too, and reports on to the congress (rules.md §7).

    Those it decided in the interim stand with what the congress said of them afterwards.
    """
    made = Change.objects.filter(project__cycle=cycle, body="presidium")
    made = made.exclude(state__in=(ChangeState.ASKED, ChangeState.REFUSED)).select_related("project")
    changes = list(made.order_by("pk"))
    minutes = Paper.objects.filter(
        cycle=cycle, kind="minutes", subject__in=[change.reference for change in changes]
    )
    # The first after which it was no longer open: a presidium that found it major decides it later.
    days: dict[str, date] = {}
    for paper in minutes.order_by("pk"):
        if paper.data.get("agreed", True) and paper.data.get("grade") != ChangeGrade.MAJOR:
            days.setdefault(paper.subject, paper.made_on)
    return [DecidedChange(change, lines_of(change), days.get(change.reference)) for change in changes]


def interpellation_facts(interpellation: Interpellation) -> dict[str, Any]:
    """One interpellation with its movers."""
    return {
        "interpellation": interpellation,
        "project": interpellation.project,
        "answering": interpellation.department,
        "movers": list(interpellation.movers.order_by("pk")),
        "answer_form": dict(ANSWER_FORMS).get(interpellation.form, ""),
    }


def lines_of(change: Change) -> list[dict[str, Any]]:
    """What a change alters, one line each: the field's name, its value before and the value proposed.

    A replacement is one line: the project that goes and the matter that comes.
    """
    if "item" in change.proposed:
        return [{"label": _("项目"), "before": change.project.title, "after": _replacing(change)}]
    return [
        {
            "label": cast("Field[Any, Any]", Project._meta.get_field(name)).verbose_name,
            "before": shown(
                name, change.before[name] if name in change.before else value_of(change.project, name)
            ),
            "after": shown(name, value),
        }
        for name, value in change.proposed.items()
    ]


def _replacing(change: Change) -> str:
    item = Item.objects.get(pk=change.proposed["item"])
    return item.title if item.investment_fen is None else bracketed(item.title, wan(item.investment_fen))


def value_of(project: Project, name: str) -> Any:
    """A project's value by field name as JSON keeps it."""
    value = getattr(project, f"{name}_id" if name == "department" else name)
    return value.isoformat() if isinstance(value, date) else value


def shown(name: str, value: Any) -> str:
    """A kept value as people read it."""
    if value is None:
        return "—"
    if name == "department":
        return Unit.objects.get(pk=value).name
    if name == "budget_fen":
        return wan(value)
    return date_format(date.fromisoformat(value)) if name == "finish_by" else str(value)


def overdue_reports(project: Project, at: datetime) -> int:
    """How many progress reports are past their day and not handed in."""
    return Deadline.objects.filter(
        key="supervision.progress",
        subject=project.reference,
        done_at=None,
        cancelled=False,
        binds_on__lt=localdate(at),
    ).count()
