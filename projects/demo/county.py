"""Builds the demonstration county through the services, township by township."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import repeat
from math import inf

from django.db import connections

from projects.cycles.models import Cycle
from projects.demo import mark
from projects.demo.cast import Casting, Township
from projects.demo.names import name_of, seeded
from projects.demo.play.collection import play_collection
from projects.demo.play.deliberation import play_preparation, play_sitting
from projects.demo.play.evaluation import (
    AFTER_DELIBERATION,
    HOURS,
    Figures,
    Hours,
    conclusion,
    inquiry,
    play_convening,
    play_session,
)
from projects.demo.play.oversight import play_oversight
from projects.demo.play.retention import erasure
from projects.demo.play.selection import play_selection
from projects.demo.play.stage import (
    Beside,
    Strand,
    by_now,
    curtain,
    going_on,
    moment,
    planned,
    say_what_is_generated,
)
from projects.demo.play.supervision import play_matters_for_one_meeting, supervision
from projects.demo.play.terms import enter_term, play_chair_elected, play_election
from projects.demo.play.voting import play_after_vote, play_voting
from projects.demo.programme import (
    COUNTY,
    PROGRAMME,
    ROOT,
    SESSIONS_A_YEAR,
    Play,
    Year,
    cases,
    day,
    points_of,
    sums_of,
    titles_of,
)
from projects.demo.worker import start_worker
from projects.oversight.examining import examine_due
from projects.supervision.inviting import EXPERT
from projects.supervision.models import Project
from workflow.audit.heads import seal_grown
from workflow.audit.services import Act
from workflow.calendar.workdays import previous_working_day
from workflow.flows.events import perform
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit, UnitKind, User
from workflow.people.services import create_unit

TODAY = date(2026, 11, 20)
SINCE_DAYS = 1500
CURTAIN_HOUR = 13
# Whose closed year's contacts have been erased; elsewhere they wait for it.
ERASED = ("SF02",)
MEETING = "SF06"  # where the presidium has several matters for one meeting
NOTICED = timedelta(days=45)  # how long ago the audit's notice was given
CALLED = 17  # days before its session that an evaluation is called
# How the projects of a township go, by their number; the others are steady.
COURSES = ({2: "behind", 4: "stalled", 6: "unfinished"}, {3: "behind"}, {1: "behind", 5: "stalled"})
Say = Callable[[str], None]


@dataclass(frozen=True)
class Evaluation:
    """Steps 5 and 6 of one year, in the parts a later year's vote at the same session falls between."""

    town: Township
    year: Year
    cycle: Cycle
    t2: date
    until: date
    course: Mapping[int, str]
    figures: Figures

    def run_up(self) -> Strand:
        """The year's work, what is asked about it before the session, and the session's calling."""
        yield from supervision(self.town, self.cycle, until=self.until, outcomes=self.course)
        self.cycle.refresh_from_db()
        yield from inquiry(self.town, self.cycle, t2=self.t2, figures=self.figures)
        yield planned(self.t2 - timedelta(days=CALLED), 12)  # after a vote's own calling of the same session
        number = self.year.number + SESSIONS_A_YEAR
        play_convening(self.town, self.cycle, t2=self.t2, term=self.year.term, number=number)

    def meet(self, hours: Hours = HOURS) -> None:
        """The session."""
        play_session(self.town, self.cycle, t2=self.t2, figures=self.figures, hours=hours)

    def conclude(self) -> Strand:
        """To the closed year, and what is kept of people no longer than it takes."""
        yield from conclusion(self.town, self.cycle, t2=self.t2, figures=self.figures)
        if self.town.unit.code in ERASED:
            self.cycle.refresh_from_db()
            yield from erasure(self.town, self.cycle)

    def alone(self) -> Strand:
        """All of it, where no later year votes at the session."""
        yield from self.run_up()
        yield planned(self.t2, 8)
        self.meet()
        yield from self.conclude()


@dataclass(frozen=True)
class Builder:
    """One building of the county. today: the day it stands at; seed: everything generated follows from it.

    programme: the townships that are built; a part of them is what the whole county has of those.
    """

    today: date
    seed: int
    say: Say
    programme: Sequence[Play] = PROGRAMME

    def build(self, *, jobs: int = 1) -> int:
        """The county with its townships at every one of the six steps; returns how many townships.

        jobs: how many processes build at once; townships never meet, so the outcome is the same. The county is whole
        only with `finish`, until which it is known to be half built.
        """
        with within(SYSTEM), seeded(self.seed):
            self._county()
        # Puts the signing key in use: a township's first head would, and have all others wait until it is built.
        seal_grown(planned(self._since))
        plays = sorted(self.programme, key=lambda play: -len(play.years))
        if jobs == 1:
            for play in plays:
                self.township(play)
        else:
            self._build_side_by_side(plays, jobs)
        # Last of all: what the county says goes into the trails of many townships at once.
        with within(SYSTEM), self._until_today():
            self._audit()
            play_oversight(Unit.objects.get(code=COUNTY), today=self.today, seed=self.seed)
        examine_due(by_now(planned(self.today, CURTAIN_HOUR)), seconds=inf)
        return len(plays)

    def finish(self) -> None:
        """Say that everything is there; the last act of a building, after its letters."""
        mark.finish(by_now(planned(self.today, CURTAIN_HOUR)))

    def _build_side_by_side(self, plays: Sequence[Play], jobs: int) -> None:
        connections.close_all()
        spawned = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(jobs, mp_context=spawned, initializer=start_worker) as pool:
            for number, name in enumerate(pool.map(_one_township, repeat((self.today, self.seed)), plays), 1):
                self.say(f"[{number}/{len(plays)}] {name}")

    def township(self, play: Play) -> str:
        """One township of the county that stands already, its people and its years; returns its name."""
        with seeded(self.seed):
            # A transaction of its own: granting stands in the county's trail, whose head all the builders share.
            with within(SYSTEM):
                town = self._township(play)
            with within(SYSTEM):
                self._lead_up(play, town)
        self.say(play.name)
        return play.name

    def _county(self) -> None:
        province = create_unit(code=ROOT, name="示范省", kind=UnitKind.PROVINCE)
        city = create_unit(code=f"{ROOT}-C", name="示范市", kind=UnitKind.CITY, parent=province)
        unit = create_unit(code=COUNTY, name="示范县", kind=UnitKind.COUNTY, parent=city)
        mark.begin(unit, planned(self._since), today=self.today, seed=self.seed)
        admin = User.objects.create(username=f"admin@{COUNTY}", name="系统管理员")
        casting = self._casting(Act(admin, "admin", unit, planned(self._since)))
        admin.password = casting.stored_password
        admin.save(update_fields=["password"])
        casting.appoint(admin, "admin", unit)
        casting.appoint(casting.person(f"county@{COUNTY}", "孙伟"), "county", unit)
        casting.person(f"auditor@{COUNTY}", "周正")

    def _audit(self) -> None:
        """The auditor's office begins with the notice it is granted by."""
        county, noticed = Unit.objects.get(code=COUNTY), previous_working_day(self.today - NOTICED)
        admin = User.objects.get(username=f"admin@{COUNTY}")
        granting = Casting(Act(admin, "admin", county, planned(noticed, 15)), noticed)
        granting.appoint(
            User.objects.get(username=f"auditor@{COUNTY}"),
            "auditor",
            county,
            until=self.today + timedelta(days=400),
            document=f"示审通〔{noticed.year}〕12 号",
        )

    @property
    def _since(self) -> date:
        return self.today - timedelta(days=SINCE_DAYS)

    def _casting(self, act: Act) -> Casting:
        return Casting(act, self._since)

    def _township(self, play: Play) -> Township:
        county = Unit.objects.get(code=COUNTY)
        admin = User.objects.get(username=f"admin@{COUNTY}")
        casting = self._casting(Act(admin, "admin", county, planned(self._since)))
        town = casting.township(play.code, play.name, county, deputies=play.deputies, kind=play.kind)
        if any(year.t < 0 for year in play.years):
            username = f"{EXPERT}@{play.code}"
            town.people[EXPERT] = [casting.person(username, name_of(username))]
        first = play.years[0]
        if sitting := first.term - (first.number == 1):
            enter_term(town, sitting, since=self._since)
        return town

    def _lead_up(self, play: Play, town: Township) -> None:
        """The years in the order things happen: a later year is collected while an earlier one is built and judged."""
        beside, evaluations = Beside(), list[Evaluation]()
        for year in play.years:
            with self._until_today(), going_on(beside):
                self._prepare(play, town, year, beside, evaluations)
        with self._until_today():
            beside.play_out()
        if play.code == MEETING:
            with self._until_today():
                play_matters_for_one_meeting(town, at=moment(self.today, CURTAIN_HOUR))

    @contextmanager
    def _until_today(self) -> Iterator[None]:
        """Each year stops at the curtain by itself and lets the next go on."""
        with curtain(planned(self.today, CURTAIN_HOUR)):
            yield

    def _project_year(self, year: Year) -> int:
        return self.today.year + year.year_from_today

    def _prepare(
        self, play: Play, town: Township, year: Year, beside: Beside, evaluations: list[Evaluation]
    ) -> None:
        """From the founding of the year to the announcement of the vote, as far as the curtain.

        What follows the vote goes on beside what is played next. evaluations: of the years before, to which this one's is
        added.
        """
        opens, t, t2 = (day(self.today, n) for n in (year.opens, year.t, year.t2))
        founded = min(opens - timedelta(days=30), self.today)
        self._rules(year, town, founded)
        perform(
            "lifecycle.start_year",
            town.unit,
            actor=town.of("chair"),
            data={
                "year": self._project_year(year),
                "opens_on": opens.isoformat(),
                "planned_t": t.isoformat(),
                "planned_t2": t2.isoformat(),
            },
            at=moment(founded),
        )
        cycle = Cycle.objects.get(unit=town.unit, year=self._project_year(year))
        say_what_is_generated(town, cycle, founded, _generated(year))
        titles = titles_of(year, self.seed, play.code)
        play_collection(town, cycle, proposals=year.proposals, titles=titles)
        play_selection(town, cycle, titles, year.seats)
        cycle.refresh_from_db()
        if year.number == 1:
            self._elect(town, year, t - timedelta(days=30))
        play_preparation(town, cycle, t=t, term=year.term, number=year.number, seats=year.seats)
        play_sitting(town, cycle, t=t, seats=year.seats, mode=year.mode, lively=year.lively)
        for judged in (one for one in evaluations if one.year.is_judged_with(year)):
            judged.meet(AFTER_DELIBERATION)
            beside.add(judged.conclude())
        if year.number == 1:
            play_chair_elected(town, on=t)
        present = year.present or play.deputies - 3
        sums = sums_of(year, titles, play.deputies, present, self.seed)
        on_leave = play.deputies - present
        points = points_of(year, sums, present)
        play_voting(town, cycle, t=t, present=present, sums=sums, points=points, on_leave=on_leave)
        evaluation = self._evaluation(play, town, year, Cycle.objects.get(pk=cycle.pk))
        evaluations.append(evaluation)
        shared = any(year.is_judged_with(later) for later in play.years)
        beside.add(evaluation.run_up() if shared else evaluation.alone())
        play_after_vote(town, cycle, t=t)

    def _elect(self, town: Township, year: Year, on: date) -> None:
        """A new congress is elected: the administrator enters whom nobody knew before."""
        county, at = Unit.objects.get(code=COUNTY), moment(on)
        admin = User.objects.get(username=f"admin@{COUNTY}")
        play_election(town, Casting(Act(admin, "admin", county, at), on), term=year.term, on=on)

    def _rules(self, year: Year, town: Township, on: date) -> None:
        wanted = {
            "ballot_mode": (year.mode, "select"),
            "allow_equal_vote": ("yes" if year.equal else "no", "no"),
        }
        for setting, (value, default) in wanted.items():
            if value != default:
                perform(
                    "cycles.revise_rules",
                    town.unit,
                    actor=town.of("chair"),
                    data={"setting": setting, "value": value, "note": "按本镇票决办法修订"},
                    at=moment(on),
                )

    def _evaluation(self, play: Play, town: Township, year: Year, cycle: Cycle) -> Evaluation:
        course = COURSES[int(play.code.removeprefix("SF")) % len(COURSES)]
        t2 = day(self.today, year.t2)
        until = min(self.today, t2 - timedelta(days=46))
        return Evaluation(town, year, cycle, t2, until, course, self._figures(play, cycle))

    def _figures(self, play: Play, cycle: Cycle) -> Figures:
        """Nearly everybody is satisfied; the last project of the year less so at first."""
        valid = play.deputies - 4
        numbers = list(
            Project.objects.filter(cycle=cycle).order_by("number").values_list("number", flat=True)
        )
        good = {n: [(valid - 3 - n % 4, 2 + n % 4, 1)] * 2 for n in numbers}
        good[numbers[-1]] = [(valid // 2, valid // 5, valid - valid // 2 - valid // 5), (valid - 6, 5, 1)]
        residents = {n: (26 + n % 9, 6, n % 3) for n in numbers[:-1]} | {numbers[-1]: (5, 2, 1)}
        return Figures(marks=good, absent=4, residents=residents)


def _generated(year: Year) -> str:
    case = cases().get(year.case)
    if not case:
        return "本年度的项目名称、票数、金额、人员均为演示生成。"
    return (
        f"本年度参照“{case['place']} {case['session'] if 'session' in case else case['vote_date']}”公开报道："
        "候选数、应选数、到会和得票，凡报道载明的照录；其余项目名称、票数、金额、人员均为演示生成。"
    )


def _one_township(setting: tuple[date, int], play: Play) -> str:
    """A worker's part of `build`: a process of its own builds one township."""
    today, seed = setting
    return Builder(today, seed, lambda words: None).township(play)
