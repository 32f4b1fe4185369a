"""Reads of step 6. No figure of a measurement is read out before both tellers have signed (integrity.md §2.6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from projects.ballots.models import Purpose, Vote, VoteState
from projects.ballots.rules import Sum
from projects.ballots.selectors import current_vote, current_votes
from projects.cycles.models import Cycle, CycleState, Paper, Session, SessionState
from projects.cycles.selectors import (
    closing_day,
    deputies_at,
    notice_of,
    open_session,
    paper_of,
    session_of,
)
from projects.cycles.tables import DIMENSIONS
from projects.evaluation.judging import Hall, Terms, judge
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
from projects.supervision.models import GOING_ON, Project, ProjectState
from projects.supervision.selectors import DecidedChange, decided_by_presidium
from workflow.flows.models import Deadline
from workflow.people.models import Unit
from workflow.people.saying import as_written

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


def carried_over(cycle: Cycle) -> list[Project]:
    """The year's projects the presidium decided to go on with after it (跨年续建), accepted since or not."""
    return [project for project in judged_projects(cycle) if project.carried_on]


def unsettled(cycle: Cycle) -> list[Project]:
    """Projects the year cannot close over: neither accepted, nor stopped, nor carried over."""
    return [
        project
        for project in judged_projects(cycle)
        if project.state != ProjectState.ACCEPTED and not project.carried_on
    ]


def owed_projects(cycle: Cycle) -> list[Project]:
    """Projects carried over from years now closed, accepted since and never measured: this year measures them."""
    owed = Project.objects.filter(
        unit=cycle.unit_id,
        cycle__state=CycleState.CLOSED,
        state=ProjectState.ACCEPTED,
        carried_on__isnull=False,
        measurements=None,
    ).exclude(cycle=cycle)
    return list(owed.select_related("department", "group", "cycle").order_by("cycle__year", "number"))


def projects_to_measure(cycle: Cycle) -> list[Project]:
    """What the first measurement asks about: the year's projects but those still being built, then those owed."""
    own = [p for p in judged_projects(cycle) if not (p.carried_on and p.state in GOING_ON)]
    return [*own, *owed_projects(cycle)]


def line_of(project: Project, cycle: Cycle) -> str:
    """How a project stands on a year's paper; one carried over says of which year it is."""
    if project.cycle_id == cycle.pk:
        return f"{project.number}. {project.title}"
    return _("%(title)s（%(year)s 年度续建）") % {"title": project.title, "year": project.cycle.year}


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
    return _rated(judged_projects(cycle), cycle.rules.resident_sample_min)


def _rated(projects: list[Project], smallest: int) -> list[RatingLine]:
    found = Rating.objects.filter(project__in=projects).values_list("project_id", "grade")
    counted = {(project, grade): n for project, grade, n in found.annotate(n=Count("pk"))}
    return [_rating_line(project, counted, smallest) for project in projects]


def _rating_line(project: Project, counted: dict[tuple[int, str], int], smallest: int) -> RatingLine:
    marks = Marks(*(counted.get((project.pk, grade), 0) for grade in Grade.values))
    return RatingLine(project, marks, residents_rating(marks, smallest_sample=smallest))


def rating_round_is_open(cycle: Cycle) -> bool:
    """Whether residents may rate what is finished: from the year's supervision until the clerk closes the round."""
    return cycle.state in (CycleState.SUPERVISING, CycleState.EVALUATING) and not residents_heard(cycle)


def residents_heard(cycle: Cycle) -> bool:
    """Whether the residents' round is closed."""
    return Paper.objects.filter(cycle=cycle, kind="measurement", data__of="residents").exists()


def rating_facts(cycle: Cycle) -> dict[str, Any]:
    """For the task that closes the residents' round."""
    return {"ratings": ratings_of(cycle), "smallest": cycle.rules.resident_sample_min}


# On-site review


def dimensions_of(cycle: Cycle) -> dict[str, tuple[str, int]]:
    """The weighted dimensions in use: code → (title, weight in per cent)."""
    weights = cycle.rules.dimensions
    return {code: (str(DIMENSIONS[code].title), weight) for code, weight in weights.items() if weight}


def review_lines(cycle: Cycle) -> list[tuple[Project, str, list[str]]]:
    """The groups' on-site reviews: project, its score with one decimal ("" without a review), what they wrote."""
    return [
        (p, said_score(review_score(p)), [review.words for review in p.reviews.order_by("pk")])
        for p in judged_projects(cycle)
    ]


def review_facts(cycle: Cycle) -> dict[str, Any]:
    """For the presidium's meeting on the reviews."""
    return {"reviews": review_lines(cycle)}


def reviews_heard(cycle: Cycle) -> bool:
    """Whether the presidium has heard and concluded on the reviews."""
    return Paper.objects.filter(cycle=cycle, kind="minutes", data__has_key="conclusion").exists()


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
    fixed = (session.deputies_in_office or session.roll.in_office().count()) if session else 0
    return fixed or len(deputies_at(session, unit, on))


def coming_sessions(cycle: Cycle) -> list[Session]:
    """Sessions of the congress that are planned, called or being held, the nearest first."""
    found = Session.objects.filter(unit=cycle.unit_id).exclude(state=SessionState.CLOSED)
    return list(found.prefetch_related("uses__cycle__unit").order_by("held_on"))


def convening_facts(cycle: Cycle) -> dict[str, Any]:
    """For the presidium that calls a meeting: what is planned already, by which year, and the notice it needs."""
    return {
        "sessions": [(s, [use.cycle for use in s.uses.all()]) for s in coming_sessions(cycle)],
        "planned_t2": cycle.planned_t2,
        "notice_days": cycle.rules.deadlines["evaluation.convene"],
    }


def convened_facts(cycle: Cycle) -> dict[str, Any]:
    """For the clerk who makes the roll."""
    return {"session": session_of(cycle, "evaluation")}


def second_facts(cycle: Cycle) -> dict[str, Any]:
    """For the presidium that calls the next measurement: the account, and the sessions there are."""
    return account_facts(cycle) | convening_facts(cycle)


def measuring_vote(cycle: Cycle) -> Vote | None:
    """The ballot the measurement is at: the last one defined; None before any."""
    return current_vote(cycle.reference, Purpose.MEASUREMENT)


def measurements_called(cycle: Cycle) -> int:
    """How many measurements of the year have been put on paper; one held or counted again is the same one."""
    return _measurements(cycle.reference).count()


def which_measurement(vote: Vote) -> int:
    """Which of its year's measurements a ballot belongs to, from 1."""
    return _measurements(vote.about_reference).filter(pk__lte=vote.pk).count()


def _measurements(about: str) -> QuerySet[Vote]:
    return Vote.objects.filter(about_reference=about, purpose=Purpose.MEASUREMENT, follows=None)


def ballot_under_way(cycle: Cycle) -> Vote:
    """The same, for steps that cannot be open without one; Vote.DoesNotExist before any."""
    vote = measuring_vote(cycle)
    if vote is None:
        raise Vote.DoesNotExist
    return vote


def ballots_under_way(cycles: Sequence[Cycle]) -> dict[int, Vote]:
    """The same of several years, by their primary keys, in one query; a year without one is not among them."""
    found = current_votes([cycle.reference for cycle in cycles], Purpose.MEASUREMENT)
    return {cycle.pk: found[cycle.reference] for cycle in cycles if cycle.reference in found}


def occasion_of(cycle: Cycle) -> dict[str, Any]:
    """Where the ballot is held: {"held_on": date, "session": Session | None, "title": text}."""
    vote = measuring_vote(cycle)
    session = vote.session if vote else session_of(cycle, "evaluation")
    if session:
        return {"held_on": session.held_on, "session": session, "title": str(session)}
    calls = Paper.objects.filter(cycle=cycle, kind="convening", step=6, data__has_key="occasion")
    call = calls.order_by("-pk").first()
    if call is None:
        return {"held_on": None, "session": None, "title": ""}
    held_on = date.fromisoformat(call.data["held_on"])
    return {"held_on": held_on, "session": None, "title": call.data["occasion"]}


def later_occasion(cycle: Cycle) -> date | None:
    """The day of a measurement that is not held at the year's evaluation session; None where the last one is."""
    vote, session = measuring_vote(cycle), session_of(cycle, "evaluation")
    if vote is None or (session and vote.session_id == session.pk):
        return None
    held_on: date | None = occasion_of(cycle)["held_on"]
    return held_on


def members_of_hall(vote: Vote, on: date) -> int:
    """N of a ballot: as it was opened with; until then as the roll or the offices stand on the day."""
    if vote.deputies_present is not None:
        return vote.deputies_in_office
    return deputies_in_office(vote.unit, vote.session, on) or vote.deputies_in_office


def members_at_occasion(cycle: Cycle) -> int:
    """N of the meeting the ballot is held at, as the roll or the offices stand today."""
    return deputies_in_office(cycle.unit, occasion_of(cycle)["session"], localdate())


def adopting_facts(cycle: Cycle) -> dict[str, Any]:
    """For the meeting that adopts who counts: the occasion, N, and what is to be measured."""
    return {
        "occasion": occasion_of(cycle),
        "in_office": members_at_occasion(cycle),
        "lines": list(ballot_under_way(cycle).options.all()),
    }


def opening_facts(cycle: Cycle) -> dict[str, Any]:
    """For the preliminary meeting: the session, N, and the notice with its proposed agenda."""
    session = occasion_of(cycle)["session"]
    return {
        "session": session,
        "deputies": members_at_occasion(cycle),
        "notice": notice_of(session),
    }


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


def passed_now(cycle: Cycle) -> list[Measurement]:
    """The rounds the year's last ballot closed, of projects carried over from earlier years."""
    vote = measuring_vote(cycle)
    if vote is None:
        return []
    closed = vote.measurements.filter(state=MeasurementState.CLOSED).exclude(project__cycle=cycle)
    return list(closed.select_related("project__cycle", "project__unit").order_by("project__number"))


def open_measurements(cycle: Cycle) -> QuerySet[Measurement]:
    """Measurements whose last word is not spoken; the year closes over none of them."""
    return Measurement.objects.filter(cycle=cycle, state__in=OPEN).select_related("project")


def never_measured(cycle: Cycle) -> list[Project]:
    """Judged projects without any measurement; one carried over is measured by a later year."""
    measured = set(Measurement.objects.filter(cycle=cycle).values_list("project_id", flat=True))
    return [p for p in judged_projects(cycle) if p.pk not in measured and not p.carried_on]


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
    """Every certified round of the year's ballots and of the year's projects, also where a later year measured them.

    By year, project and round; empty before the signatures.
    """
    return [_measured_line(m) for m in _certified_rounds(cycle)]


def measured_at(session: Session) -> list[MeasuredLine]:
    """The rounds whose ballot was held at a session, by year and project; empty until the result is announced."""
    found = Measurement.objects.filter(
        vote__session=session, vote__state=VoteState.DECLARED, state__in=COUNTED
    )
    told = found.select_related("project__cycle", "project__unit", "cycle").order_by(
        "-project__cycle__year", "project__number", "round"
    )
    return [_measured_line(measurement) for measurement in told]


def _certified_rounds(cycle: Cycle) -> QuerySet[Measurement]:
    found = Measurement.objects.filter(Q(cycle=cycle) | Q(project__cycle=cycle), state__in=COUNTED)
    return found.select_related("project__cycle", "project__department", "cycle", "vote").order_by(
        "-project__cycle__year", "project__number", "round"
    )


def _measured_line(measurement: Measurement) -> MeasuredLine:
    m, terms = measurement, terms_of(measurement.cycle)
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
        _judgement(m, marks, terms),
        m.severe,
        m.get_state_display(),
        m.remedy,
    )


def _judgement(measurement: Measurement, marks: Marks, terms: Terms) -> str:
    """The sentence as certified, for a page."""
    base = measurement.base or 0  # whatever a rate is a share of, this many it was

    def again() -> str:
        of = Sum(marks.satisfied, marks.dissatisfied, marks.basically, measurement.unmarked or 0)
        failures = earlier_failures(measurement.project, before_round=measurement.round)
        return judge(of, terms, hall=Hall(base, base, base), earlier_failures=failures).sentence

    return as_written(measurement.judgement, again)


@dataclass(frozen=True)
class Rectification:
    """整改 after one round below the rate, from the verdict to the round that accepts it (steps.md, step 6, consequence).

    due_on: by when the department is to report; reported_on, number: its report; measured_on, again: the day and the
    outcome of the round after it. All None or "" while there is none.
    """

    failed: MeasuredLine
    due_on: date | None
    reported_on: date | None
    number: str
    measured_on: date | None
    again: MeasuredLine | None


def rectifications(cycle: Cycle) -> list[Rectification]:
    """One for every certified round below the rate, in the order of `measurement_table`."""
    rounds = list(_certified_rounds(cycle))
    failed = [m for m in rounds if m.verdict != Consequence.CLOSE]
    later = {(m.project_id, m.round - 1): m for m in rounds}
    due, reports, announced = _rectified_by(failed), _reports_on(failed), _announced(rounds)
    return [
        _rectification(
            m, later.get((m.project_id, m.round)), due.get(m.pk), reports.get(m.reference), announced
        )
        for m in failed
    ]


def _rectification(
    failed: Measurement,
    again: Measurement | None,
    due_on: date | None,
    report: Paper | None,
    announced: dict[str, date],
) -> Rectification:
    return Rectification(
        _measured_line(failed),
        due_on,
        report.made_on if report else None,
        report.number if report else "",
        announced.get(again.vote.reference) if again and again.vote else None,
        _measured_line(again) if again else None,
    )


def _rectified_by(failed: list[Measurement]) -> dict[int, date | None]:
    """Measurement → by when its department's task is due; one task for each."""
    tasks = Deadline.objects.filter(
        key="evaluation.rectify", cancelled=False, task__data__measurement__in=[m.pk for m in failed]
    )
    return dict(tasks.values_list("task__data__measurement", "due_on"))


def _reports_on(failed: list[Measurement]) -> dict[str, Paper]:
    """Measurement → its 整改报告."""
    found = Paper.objects.filter(
        kind="rectification", data__measurement__in=[m.reference for m in failed]
    ).order_by("pk")
    return {paper.data["measurement"]: paper for paper in found}


def _announced(rounds: list[Measurement]) -> dict[str, date]:
    """Ballot → the day its result was announced."""
    votes = {m.vote.reference for m in rounds if m.vote}
    found = Paper.objects.filter(kind="measurement", subject__in=votes)
    return dict(found.values_list("subject", "made_on"))


def projects_to_question(cycle: Cycle) -> list[Project]:
    """Projects ten deputies may put a 质询 on now: severe, and a session is open (组织法 24)."""
    if cycle.unit.is_subdistrict or open_session(cycle.unit) is None:
        return []
    severe = Measurement.objects.filter(cycle=cycle, severe=True, state=MeasurementState.RECTIFYING)
    return [one.project for one in severe.select_related("project").order_by("project__number")]


# The account


@dataclass(frozen=True)
class AccountLine:
    """One project in the 明白账: what was promised, what was done, what it cost, what people say. Money in fen."""

    title: str
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
    """明白账 of a year: every judged project and those it measured of earlier years; the sums in fen are the year's own.

    stopped, carried: the year's projects ended by decision, and those that go on after it. changes: what of them the
    presidium changed by its own decision.
    """

    cycle: Cycle
    lines: list[AccountLine]
    stopped: list[Project]
    carried: list[Project]
    changes: list[DecidedChange]
    budget_fen: int
    funded_fen: int
    invested_fen: int


def account_of(cycle: Cycle) -> Account:
    """The year's account from the records; measurements only as certified."""
    rounds: dict[int, list[MeasuredLine]] = {}
    for line in measurement_table(cycle):
        rounds.setdefault(line.project.pk, []).append(line)
    own = judged_projects(cycle)
    others = {line.project.pk: line.project for of in rounds.values() for line in of[:1]}
    projects = [*own, *(project for project in others.values() if project.cycle_id != cycle.pk)]
    lines = [
        AccountLine(
            line_of(rating.project, cycle),
            rating.project,
            rounds.get(rating.project.pk, []),
            rating,
            said_score(review_score(rating.project)),
        )
        for rating in _rated(projects, cycle.rules.resident_sample_min)
    ]
    money = completion_of(cycle)
    stopped = list(Project.objects.filter(cycle=cycle, state=ProjectState.STOPPED).order_by("number"))
    sums = (money["budget_fen"], money["funded_fen"], money["invested_fen"])
    return Account(cycle, lines, stopped, carried_over(cycle), decided_by_presidium(cycle), *sums)


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


def look_back_from(cycle: Cycle) -> date:
    """The first day of the third quarter of the year after closing (steps.md, look back)."""
    return date(closing_day(cycle).year + 1, 7, 1)


def projects_to_look_back_at(cycle: Cycle) -> list[Project]:
    """All accepted projects the first time, later those found wanting the time before."""
    wanting = look_back_problems(cycle)
    projects = [p for p in judged_projects(cycle) if p.state == ProjectState.ACCEPTED]
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
