"""Reads of step 6. No figure of a measurement is read out before both tellers have signed (integrity.md §2.6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from projects.ballots.models import Purpose, Vote
from projects.ballots.selectors import current_vote
from projects.cycles.models import Cycle, Paper, Session
from projects.cycles.selectors import open_session, paper_of, session_of
from projects.cycles.tables import DIMENSIONS
from projects.evaluation.models import Grade, Measurement, MeasurementState, Rating
from projects.evaluation.rules import (
    Base,
    Consequence,
    Formula,
    Marks,
    ResidentsRating,
    Thresholds,
    percent,
    residents_rating,
    satisfaction_rate,
    weighted_score,
)
from projects.evaluation.sheets import Hall, Terms
from projects.supervision.models import Project, ProjectState
from workflow.flows.models import Deadline
from workflow.people.models import Unit
from workflow.roles.selectors import holders_of

OPEN = (
    MeasurementState.PLANNED,
    MeasurementState.MEASURED,
    MeasurementState.RECTIFYING,
    MeasurementState.RECTIFIED,
)
COUNTED = (
    MeasurementState.CLOSED,
    MeasurementState.RECTIFYING,
    MeasurementState.RECTIFIED,
    MeasurementState.SUPERSEDED,
)


# Projects


def judged_projects(cycle: Cycle) -> list[Project]:
    """The projects the year is judged by: every elected one the congress has not stopped, by number."""
    found = Project.objects.filter(cycle=cycle).exclude(state=ProjectState.STOPPED)
    return list(found.select_related("department", "group", "cycle").order_by("number"))


def completion_of(cycle: Cycle) -> dict[str, Any]:
    """For the mayor's report: which projects are accepted and which not, and the year's money in fen."""
    projects = judged_projects(cycle)
    return {
        "projects": projects,
        "accepted": [p for p in projects if p.state == ProjectState.ACCEPTED],
        "unfinished": [p for p in projects if p.state != ProjectState.ACCEPTED],
        "budget_fen": sum(p.budget_fen or 0 for p in projects),
        "funded_fen": sum(p.funded_fen for p in projects),
        "invested_fen": sum(p.invested_fen for p in projects),
    }


# Residents


@dataclass(frozen=True)
class RatingLine:
    """Residents' marks on one project, and the rate where the sample is large enough."""

    project: Project
    marks: Marks
    rating: ResidentsRating

    @property
    def rate(self) -> str:
        """The rate as per cent; 样本不足 where there are too few answers."""
        return percent(self.rating.rate) if self.rating.rate is not None else _("样本不足")


def ratings_of(cycle: Cycle) -> list[RatingLine]:
    """Every judged project with its sample."""
    grouped = (
        Rating.objects.filter(project__cycle=cycle).values_list("project_id", "grade").annotate(n=Count("pk"))
    )
    counted = {(project, grade): n for project, grade, n in grouped}
    return [
        _rating_line(project, counted, cycle.rules.resident_sample_min) for project in judged_projects(cycle)
    ]


def _rating_line(project: Project, counted: dict[tuple[int, str], int], smallest: int) -> RatingLine:
    marks = Marks(*(counted.get((project.pk, grade), 0) for grade in Grade.values))
    return RatingLine(project, marks, residents_rating(marks, smallest_sample=smallest))


def rating_round_is_open(cycle: Cycle) -> bool:
    """Whether residents may still rate: from the completion report until the clerk closes the round."""
    return Deadline.objects.filter(
        about=cycle.reference, key="evaluation.residents", done_at=None, cancelled=False
    ).exists()


def rating_facts(cycle: Cycle) -> dict[str, Any]:
    """For the task that closes the residents' round."""
    return {"ratings": ratings_of(cycle), "smallest": cycle.rules.resident_sample_min}


# On-site review


def dimensions_of(cycle: Cycle) -> dict[str, tuple[str, int]]:
    """The weighted dimensions in use: code → (title, weight in per cent)."""
    weights = cycle.rules.dimensions
    return {code: (str(DIMENSIONS[code].title), weight) for code, weight in weights.items() if weight}


def reviews_to_make(cycle: Cycle) -> list[dict[str, int]]:
    """One review per judged project that has a supervision group."""
    return [{"project": p.pk} for p in judged_projects(cycle) if p.group_id]


def review_score(project: Project) -> Fraction | None:
    """The mean of the weighted scores of a project's reviews, 0–100 exact; None without a review."""
    weights = {code: weight for code, (_title, weight) in dimensions_of(project.cycle).items()}
    scores = [
        weighted_score({code: review.marks.get(code) for code in weights}, weights)
        for review in project.reviews.all()
    ]
    return sum(scores, Fraction(0)) / len(scores) if scores else None


def said_score(score: Fraction | None) -> str:
    """A score with one decimal, cut off and never rounded up."""
    return "" if score is None else percent(score / 100).removesuffix("%")


# The measurement


def deputies_in_office(unit: Unit, session: Session | None, on: date) -> int:
    """N: as the session fixed it, else its roll, else whoever holds the office of deputy on the day."""
    if session:
        return session.deputies_in_office or session.roll.count() or deputies_in_office(unit, None, on)
    return len(holders_of("deputy", unit, on))


def measuring_vote(cycle: Cycle) -> Vote | None:
    """The ballot the measurement is at: the last one defined; None before any."""
    return current_vote(cycle.reference, Purpose.MEASUREMENT)


def ballot_under_way(cycle: Cycle) -> Vote:
    """The same, for steps that cannot be open without one; Vote.DoesNotExist before any."""
    vote = measuring_vote(cycle)
    if vote is None:
        raise Vote.DoesNotExist
    return vote


def occasion_of(cycle: Cycle) -> dict[str, Any]:
    """Where the ballot is held: {"held_on": date, "session": Session | None, "title": text}."""
    call = Paper.objects.filter(cycle=cycle, kind="convening", step=6).order_by("-pk").first()
    session = session_of(cycle, "evaluation")
    if call is None:
        held_on, title = (session.held_on, str(session)) if session else (None, "")
        return {"held_on": held_on, "session": session, "title": title}
    held_on = date.fromisoformat(call.data["held_on"])
    return {"held_on": held_on, "session": None, "title": call.data["occasion"]}


def hall_of(vote: Vote) -> Hall:
    """People and ballots of an opened vote."""
    return Hall(vote.deputies_in_office, vote.deputies_present or 0, vote.issued or 0)


def terms_of(cycle: Cycle) -> Terms:
    """How the year's frozen rulebook judges a measurement."""
    rules = cycle.rules
    return Terms(
        Formula(rules.satisfaction_formula),
        Base(rules.satisfaction_base),
        Thresholds(close=rules.satisfaction_pass, name=rules.satisfaction_fail),
    )


def earlier_failures(project: Project, *, before_round: int) -> int:
    """Rounds of a project that did not reach the rate."""
    earlier = project.measurements.filter(round__lt=before_round, state__in=COUNTED)
    return earlier.exclude(verdict=Consequence.CLOSE).count()


def measurements_of(vote: Vote) -> list[Measurement]:
    """What one ballot measures, in the order of the paper."""
    return list(vote.measurements.select_related("project__cycle", "cycle").order_by("project__number"))


def failing(cycle: Cycle) -> QuerySet[Measurement]:
    """Measurements below the rate whose department is to rectify now."""
    return Measurement.objects.filter(cycle=cycle, state=MeasurementState.RECTIFYING).select_related(
        "project__department"
    )


def open_measurements(cycle: Cycle) -> QuerySet[Measurement]:
    """Measurements whose last word is not spoken; the year closes over none of them."""
    return Measurement.objects.filter(cycle=cycle, state__in=OPEN).select_related("project")


def never_measured(cycle: Cycle) -> list[Project]:
    """Judged projects without any measurement."""
    measured = set(Measurement.objects.filter(cycle=cycle).values_list("project_id", flat=True))
    return [project for project in judged_projects(cycle) if project.pk not in measured]


@dataclass(frozen=True)
class MeasuredLine:
    """One certified round of one project. rate: text, "" where the rulebook judges by levels."""

    project: Project
    round: int
    marks: Marks
    unmarked: int
    base: int
    rate: str
    verdict: str
    reason: str
    severe: bool
    state: str
    remedy: str

    @property
    def passed(self) -> bool:
        return self.verdict == Consequence.CLOSE

    @property
    def verdict_label(self) -> str:
        return Consequence(self.verdict).label


def measurement_table(cycle: Cycle) -> list[MeasuredLine]:
    """Every certified round, by project and round; empty before the signatures."""
    found = Measurement.objects.filter(cycle=cycle, state__in=COUNTED).select_related("project")
    terms = terms_of(cycle) if found else None
    return [_measured_line(m, terms) for m in found.order_by("project__number", "round")]


def _measured_line(measurement: Measurement, terms: Any) -> MeasuredLine:
    m = measurement
    marks = Marks(m.satisfied or 0, m.basic or 0, m.dissatisfied or 0)
    by_level = terms.formula is Formula.MAJORITY_CLASSES
    rate = "" if by_level else percent(satisfaction_rate(marks, base=m.base or 0, formula=terms.formula))
    return MeasuredLine(
        m.project,
        m.round,
        marks,
        m.unmarked or 0,
        m.base or 0,
        rate,
        m.verdict,
        m.judgement,
        m.severe,
        m.get_state_display(),
        m.remedy,
    )


def projects_to_question(cycle: Cycle) -> list[Project]:
    """Projects ten deputies may put a 质询 on now: severe, and a session is open (组织法 24)."""
    if open_session(cycle.unit) is None:
        return []
    severe = Measurement.objects.filter(cycle=cycle, severe=True, state=MeasurementState.RECTIFYING)
    return [one.project for one in severe.select_related("project").order_by("project__number")]


def measuring_facts(cycle: Cycle) -> dict[str, Any]:
    """For the tasks in the hall: the ballot and the occasion, no figures; and why the last keyings were refused."""
    vote = measuring_vote(cycle)
    return {
        "vote": vote,
        "occasion": occasion_of(cycle),
        "lines": list(vote.options.all()) if vote else [],
        "differing": (vote.outcome.get("differing", []) if vote else []),
        "void": vote.follows.void_reason if vote and vote.follows else "",
    }


def sheet_to_sign(cycle: Cycle) -> dict[str, Any]:
    """The agreed sheet with its findings, for whoever is about to sign it and nobody else (integrity.md §2.6)."""
    vote = ballot_under_way(cycle)
    sums, findings = vote.figures.get("sums", {}), vote.outcome.get("findings", {})
    rows = [
        {"title": o.title, **sums.get(o.title, {}), "reason": findings.get(o.reference, {}).get("reason", "")}
        for o in vote.options.all()
    ]
    return {"rows": rows, "valid": vote.figures.get("valid"), "invalid": vote.figures.get("invalid")}


# The account


@dataclass(frozen=True)
class AccountLine:
    """One project in the 明白账: what was promised, what was done, what it cost, what people say. Money in fen."""

    project: Project
    rounds: list[MeasuredLine]
    residents: RatingLine
    score: str

    @property
    def last(self) -> MeasuredLine | None:
        return self.rounds[-1] if self.rounds else None

    @property
    def outcome(self) -> str:
        """How the project stands in one word: the last certified round's, or that there is none."""
        return self.last.verdict_label if self.last else _("尚未测评")


@dataclass(frozen=True)
class Account:
    """明白账 of a year: every judged project, the sums in fen, the projects stopped and those not elected."""

    cycle: Cycle
    lines: list[AccountLine]
    stopped: list[Project]
    budget_fen: int
    funded_fen: int
    invested_fen: int


def account_of(cycle: Cycle) -> Account:
    """The year's account from the records; measurements only as certified."""
    rounds: dict[int, list[MeasuredLine]] = {}
    for line in measurement_table(cycle):
        rounds.setdefault(line.project.pk, []).append(line)
    lines = [
        AccountLine(
            rating.project,
            rounds.get(rating.project.pk, []),
            rating,
            said_score(review_score(rating.project)),
        )
        for rating in ratings_of(cycle)
    ]
    money = completion_of(cycle)
    stopped = list(Project.objects.filter(cycle=cycle, state=ProjectState.STOPPED).order_by("number"))
    return Account(cycle, lines, stopped, money["budget_fen"], money["funded_fen"], money["invested_fen"])


def account_facts(cycle: Cycle) -> dict[str, Any]:
    """For the tasks that rest on the account: the account, and what deputies may be questioning now."""
    return {"account": account_of(cycle), "to_question": projects_to_question(cycle)}


# Looking back


def last_look(cycle: Cycle) -> Paper | None:
    """The latest 回头看记录."""
    return paper_of(cycle, "look_back")


def look_back_problems(cycle: Cycle) -> dict[int, str]:
    """Projects the latest look found wanting: id → what is wrong."""
    look = last_look(cycle)
    found = look.data["projects"] if look else {}
    return {int(pk): line["words"] for pk, line in found.items() if line["state"] == "problem"}


def projects_to_look_back_at(cycle: Cycle) -> list[Project]:
    """All judged projects the first time, later those found wanting the time before."""
    wanting = look_back_problems(cycle)
    projects = judged_projects(cycle)
    return [project for project in projects if project.pk in wanting] if wanting else projects


def look_back_facts(cycle: Cycle) -> dict[str, Any]:
    """For the presidium: the account as it was closed, and what the last look found."""
    wanting = look_back_problems(cycle)
    fixes = Paper.objects.filter(cycle=cycle, kind="rectification", data__look_back=True).order_by("pk")
    return {
        "account": account_of(cycle),
        "wanting": [(p, wanting[p.pk]) for p in judged_projects(cycle) if p.pk in wanting],
        "fixes": list(fixes) if wanting else [],
    }
