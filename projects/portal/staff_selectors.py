"""What the staff's pages over several rooms show."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import CharField, Count, DateField, Min, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, Concat
from django.utils.timezone import localdate
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from projects.ballots.models import Vote
from projects.ballots.reporting import readable_papers
from projects.ballots.selectors import votes_about, with_recounts
from projects.collection.models import Proposal
from projects.cycles.models import Cycle, CycleSession, Paper, Session, Term
from projects.cycles.steps import STEPS
from projects.deliberation.models import AddedMatter
from projects.oversight.figures import Cell, cell_of, reached
from projects.oversight.models import Guidance, Note, Sample
from projects.selection.models import Item
from projects.supervision.models import Change, ChangeState, Interpellation, Project
from projects.voting.superseding import told_superseded
from workflow.flows.models import Deadline, Meeting, Sitting
from workflow.machines.models import Record
from workflow.machines.references import number_in
from workflow.people.models import Unit
from workflow.people.wording import worded
from workflow.roles import registry
from workflow.roles.models import RoleGrant

GUIDANCE_SHOWN = 10


@dataclass
class StepTasks:
    """One step's tasks in a year: what is done and what is open."""

    number: int
    name: Any
    open: list[Deadline] = field(default_factory=list)
    done: list[Deadline] = field(default_factory=list)


def cycles_visible(grant: RoleGrant) -> QuerySet[Cycle]:
    """The years an office sees: its township's, or all below a county."""
    cycles = Cycle.objects.select_related("unit").order_by("-year", "unit__code")
    return cycles if registry.office(grant.office).reads_below else cycles.filter(unit=grant.tenant)


def has_provisional(cycle: Cycle) -> bool:
    """Whether an open deadline of a year rests on holidays nobody has arranged yet."""
    held = Deadline.objects.filter(about=cycle.reference, done_at=None, cancelled=False)
    return held.filter(provisional=True).exists()


def tasks_by_step(cycle: Cycle) -> list[StepTasks]:
    """Every task of a year and of its sessions by step, open ones by date, done ones in the order they were done."""
    steps = {n: StepTasks(n, worded(name, cycle.unit)) for n, name in STEPS.items()}
    rows = (
        Deadline.objects.filter(about__in=_whole(cycle), cancelled=False)
        .select_related("task", "seat", "done_by", "unit")
        .order_by("due_on", "pk")
    )
    for deadline in rows:
        step = steps[deadline.step or 1]
        (step.done if deadline.done_at else step.open).append(deadline)
    for step in steps.values():
        step.done.sort(key=lambda d: (d.done_at, d.pk))
    return list(steps.values())


def _whole(cycle: Cycle) -> list[str]:
    """What a year's tasks and decisions are about: itself and its sessions."""
    sessions = Session.objects.filter(uses__cycle=cycle).distinct()
    return [cycle.reference, *(session.reference for session in sessions)]


def meetings_on(cycle: Cycle, office: str) -> list[tuple[str, Sitting]]:
    """The meetings on several matters that decided something of a year, by day, with what each is called.

    Those whose record the office reads.
    """
    bodies = registry.bodies_read_by(office)
    about = Meeting.objects.filter(about__in=_whole(cycle), body__in=bodies).exclude(sitting=None)
    held = Sitting.objects.filter(pk__in=about.values("sitting")).order_by("held_on", "pk")
    return [(registry.meeting_of(one.body, cycle.unit), one) for one in held]


def acted_on_in(cycle: Cycle) -> list[Record]:
    """What may be acted on of one's own accord in a year: itself, its sessions, changes being decided, motions to sign."""
    records: list[Record] = [
        cycle,
        *Session.objects.filter(uses__cycle=cycle).distinct().order_by("pk"),
        *Change.objects.filter(project__cycle=cycle, state=ChangeState.ASKED).order_by("pk"),
    ]
    for motions in (AddedMatter, Interpellation):
        records += motions.objects.filter(cycle=cycle, state="gathering").order_by("pk")
    return records


@dataclass(frozen=True)
class CountyWord:
    """Something the county said of a year; reply: the township's to a note, "" before or where none is asked for."""

    at: date
    title: str
    words: str
    reply: str = ""


def county_words(cycle: Cycle) -> list[CountyWord]:
    """Notes and samplings of a year and the guidance its township was given, the latest first."""
    notes = [
        CountyWord(n.sent_on, str(n), n.words, n.reply)
        for n in Note.objects.filter(cycle=cycle).order_by("pk")
    ]
    guidance = [
        CountyWord(localdate(g.at), g.title, g.words)
        for g in Guidance.objects.filter(unit_id=cycle.unit_id).order_by("-pk")[:GUIDANCE_SHOWN]
    ]
    samples = [
        CountyWord(localdate(s.at), str(_("抽查")), s.told)
        for s in Sample.objects.filter(cycle=cycle).order_by("pk")
    ]
    return sorted([*notes, *guidance, *samples], key=lambda word: word.at, reverse=True)


def papers_by_step(cycle: Cycle, office: str) -> list[tuple[Any, list[Paper]]]:
    """The year's papers an office may read, the latest step first: the step's name and its papers."""
    found: dict[int, list[Paper]] = {}
    papers = readable_papers(Paper.objects.filter(cycle=cycle), office)
    for paper in told_superseded(papers.order_by("-step", "-made_on", "-pk")):
        found.setdefault(paper.step or 1, []).append(paper)
    return [(worded(STEPS[step], cycle.unit), papers) for step, papers in found.items()]


def sessions_of(cycle: Cycle) -> list[CycleSession]:
    """The sessions a year uses and what for, by day."""
    uses = CycleSession.objects.filter(cycle=cycle).select_related("session__unit")
    return list(uses.order_by("session__held_on", "pk"))


def votes_on(cycle: Cycle) -> list[Vote]:
    """The votes of a year, the oldest first."""
    return with_recounts(votes_about(cycle.reference))


def vote_papers(cycle: Cycle, office: str) -> list[Paper]:
    """The papers that say what a year's vote decided: the tally report once announced, the resolution, the announcement."""
    kinds = ("method", "tellers", "tally_report", "vote_decision", "resolution", "announcement")
    papers = Paper.objects.filter(cycle=cycle, kind__in=kinds)
    return told_superseded(readable_papers(papers, office).order_by("pk"))


def cycle_named(reference: str) -> Cycle | None:
    """The year a reference names; None for any other record."""
    number = number_in(reference, Cycle)
    return None if number is None else Cycle.objects.select_related("unit").filter(pk=number).first()


def project_named(reference: str) -> Project | None:
    """The project a reference names; None for any other record."""
    number = number_in(reference, Project)
    return None if number is None else Project.objects.filter(pk=number).first()


def pooled_proposals(unit: Unit) -> QuerySet[Proposal]:
    """Proposals waiting for another year, the oldest first."""
    return Proposal.objects.filter(unit=unit, state="pooled").select_related("cycle").order_by("pk")


def reserved_items(unit: Unit) -> QuerySet[Item]:
    """Matters put in reserve by the government or not elected, with the year they come from."""
    return (
        Item.objects.filter(unit=unit, state="reserved")
        .select_related("cycle")
        .order_by("-cycle__year", "number")
    )


def projects_visible(grant: RoleGrant) -> QuerySet[Project]:
    """Elected projects an office sees, the latest years first."""
    projects = Project.objects.select_related("unit", "cycle", "department").order_by(
        "-cycle__year", "number"
    )
    return projects if registry.office(grant.office).reads_below else projects.filter(unit=grant.tenant)


def _meeting_day() -> QuerySet[Any]:
    """The day of the deputies' meeting a year's measurement was last called to, for a vote outside every session."""
    calls = Paper.objects.filter(kind="convening", step=6, data__has_key="occasion")
    of_vote = calls.annotate(of=Concat(Value("cycle:"), Cast("cycle_id", CharField()))).filter(
        of=OuterRef("about_reference")
    )
    day = Cast(KT("data__held_on"), DateField())
    return of_vote.order_by("-pk").annotate(day=day).values("day")[:1]


def votes_visible(grant: RoleGrant) -> QuerySet[Vote]:
    """The votes an office may see, the latest first: by the day of the session or of the deputies' meeting they are held at."""
    day = Coalesce("session__held_on", Subquery(_meeting_day()))
    votes = Vote.objects.select_related("unit", "session").order_by(day.desc(nulls_last=True), "-pk")
    return votes if registry.office(grant.office).reads_below else votes.filter(unit=grant.tenant)


# ------------------------------------------------------------------------------- the years' matrix


@dataclass(frozen=True)
class Row:
    """A township's year: its cells for the six steps, and how many tasks the office reads are overdue."""

    cycle: Cycle
    cells: tuple[Cell, ...]
    overdue: int


# A step the office does not read: how far it has come, its open tasks would have to tell.
OUTSIDE = Cell("outside")


def matrix(cycles: list[Cycle], today: date, grant: RoleGrant) -> list[Row]:
    """Township × six steps as far as the office reads them, from one query whatever the number of townships."""
    about = [c.reference for c in cycles]
    open_rows = (
        Deadline.objects.filter(about__in=about, done_at=None, cancelled=False)
        .values("about", "step")
        .annotate(first=Min("binds_on"), late=Count("pk", filter=Q(binds_on__lt=today)))
    )
    open_by = {(r["about"], r["step"]): r for r in open_rows}
    read = frozenset(step for step in STEPS if grant.covers(str(step)))
    return [_row(cycle, open_by, today, read) for cycle in cycles]


def _row(cycle: Cycle, open_by: dict[Any, Any], today: date, read: frozenset[int]) -> Row:
    mine = {step: open_by.get((cycle.reference, step)) for step in STEPS}
    cells = tuple(
        cell_of(step, reached(cycle.state), bool(row), row["first"] if row else None, today)
        if step in read
        else OUTSIDE
        for step, row in mine.items()
    )
    return Row(cycle, cells, sum(r["late"] for r in mine.values() if r))


CYCLES_SHOWN = 8


def cycle_tabs(unit: Unit, chosen: Cycle | None, *, without: str = "") -> list[dict[str, Any]]:
    """A township's latest cycles as the tabs of one page. without: what the page shows when none is chosen, if anything."""
    cycles = Cycle.objects.filter(unit=unit).order_by("-year", "-pk")[:CYCLES_SHOWN]
    tabs = [
        {
            "label": _t("%(year)s 年度%(period)s") % {"year": cycle.year, "period": cycle.period},
            "url": f"?unit={unit.code}&cycle={cycle.pk}",
            "current": chosen is not None and chosen.pk == cycle.pk,
        }
        for cycle in cycles
    ]
    first = {"label": without, "url": f"?unit={unit.code}", "current": chosen is None}
    return [first, *tabs] if without else tabs


def terms_of(unit: Unit) -> list[Term]:
    """The terms of a township's congress, the latest first."""
    return list(Term.objects.filter(unit=unit).order_by("-number"))
