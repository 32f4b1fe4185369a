"""A township whose congress has elected three projects, brought there by the machines' own arrows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

import projects.supervision.events  # noqa: F401  registers the room's events
from projects.cycles.models import Cycle
from projects.cycles.rulebook import Rules
from projects.cycles.services import create_cycle
from projects.demo.cast import Township
from projects.demo.play.stage import moment
from projects.selection.models import Item
from projects.supervision.duties import open_due_reports
from projects.supervision.flows.year import SupervisionFlow
from projects.supervision.models import Project
from tests.builders import at, do, meeting_of, township
from tests.standing import standing
from workflow.audit.models import Entry
from workflow.flows.acting import acting
from workflow.flows.events import perform
from workflow.flows.models import Deadline
from workflow.machines.services import fire
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import User

T = date(2027, 1, 20)
TITLES = ("村道硬化", "老年食堂", "路灯安装")
BUDGETS = (380_000_000, 120_000_000, 15_000_000)  # fen; the last is a small project
ARROWS = ("begin_selection", "begin_deliberation", "begin_vote", "begin_supervision")
PLAN = {
    "target": "硬化村道 6 公里",  # read only where the congress decided none
    "starts_on": "2027-03-20",
    "finish_by": "2027-11-20",
    "funds": "县级补助 200 万元，镇级配套 180 万元，按进度拨付。",
    "safeguards": "专班推进，每周调度。",
    "responsible": "责任单位负责人",
    "node_title_1": "完成招标",
    "node_on_1": "2027-04-20",
    "node_percent_1": 10,
    "node_title_2": "路基完工",
    "node_on_2": "2027-08-20",
    "node_percent_2": 60,
    "node_title_3": "竣工",
    "node_on_3": "2027-11-20",
    "node_percent_3": 100,
}


@dataclass
class Year:
    """A township and its year, with the ways tests move it on."""

    town: Township
    cycle: Cycle

    def project(self, number: int = 1) -> Project:
        return Project.objects.get(cycle=self.cycle, number=number)

    def clerk_of(self, project: Project) -> User:
        return self.town.department_clerk(project.department)

    def members(self, number: int = 1) -> list[User]:
        first = 7 + (number - 1) * 3
        return self.town.deputies[first : first + 3]

    def presidium(self, day: str, **more: Any) -> dict[str, Any]:
        return meeting_of(self.town.people["presidium"], day, **more)

    def congress(self, day: str, votes_for: int = 20, present: int = 20) -> dict[str, Any]:
        return {
            "held_on": day,
            "present_number": present,
            "votes_for": votes_for,
            "votes_against": present - votes_for,
            "votes_abstain": 0,
            "minutes": "大会审议并表决。",
        }

    def task(self, key: str, number: int = 1) -> Deadline:
        """The one open task of a key on a project or on one of its findings and changes."""
        project = self.project(number)
        references = [project.reference]
        for kept in (project.findings.all(), project.changes.all(), project.audits.all()):
            references += [record.reference for record in kept]
        return Deadline.objects.get(
            key=f"supervision.{key}", subject__in=references, done_at=None, cancelled=False
        )

    def do(self, key: str, actor: User, day: str, number: int = 1, /, **data: Any) -> Entry:
        from workflow.flows.services import complete

        return complete(
            self.task(key, number).task_id, actor=actor, data=data, at=at(day), reauthenticated=True
        )

    def event(
        self, key: str, actor: User, day: str, subject: Any = None, files: Any = None, **data: Any
    ) -> Entry:
        return perform(
            f"supervision.{key}",
            subject or self.project(),
            actor=actor,
            data=data,
            files=files,
            at=at(day),
            reauthenticated=True,
        )

    def handed_over(self) -> Year:
        standing(f"handed over {self.cycle}", self._hand_over)
        return self

    def _hand_over(self) -> None:
        rows = {f"leader_{p.pk}": "副镇长" for p in Project.objects.filter(cycle=self.cycle)}
        data = self.presidium("2027-01-25") | rows
        do("supervision.hand_over", self.town.of("clerk"), "2027-01-25", **data)

    def grouped(self) -> Year:
        standing(f"grouped {self.cycle}", self.handed_over()._group)
        return self

    def _group(self) -> None:
        rows = {
            f"members_{p.pk}": [str(user.pk) for user in self.members(p.number)]
            for p in Project.objects.filter(cycle=self.cycle)
        }
        do("supervision.groups", self.town.of("clerk"), "2027-02-01", **(self.presidium("2027-02-01") | rows))

    def building(self, number: int = 1) -> Year:
        return self.grouped().planned(number)

    def planned(self, number: int = 1) -> Year:
        standing(f"planned {self.cycle} {number}", lambda: self._plan(number))
        return self

    def _plan(self, number: int) -> None:
        self.do("plan", self.clerk_of(self.project(number)), "2027-02-15", number, **PLAN)
        self.do("confirm_plan", self.town.of("mayor"), "2027-02-16", number)
        self.do("review_plan", self.town.of("clerk"), "2027-03-01", number, **self.presidium("2027-03-01"))

    def report(self, day: str, percent: int, number: int = 1, **more: Any) -> Entry:
        """Sweep on a day and hand in the one report that is open then."""
        open_due_reports(at(day, 7))
        data = {"percent": percent, "invested_fen": "10", "funded_fen": "20", "problems": "连续降雨", **more}
        return self.do("progress", self.clerk_of(self.project(number)), day, number, **data)

    def in_session(self, day: str = "2027-06-18") -> Year:
        """An extra session, called and opened."""
        standing(f"in session {self.cycle} {day}", lambda: self.called(day).opened(day))
        return self

    def called(self, day: str) -> Year:
        """An extra session, its notice out."""
        self.event(
            "call_session",
            self.town.of("clerk"),
            "2027-06-01",
            self.cycle,
            term=19,
            number=3,
            session_on=day,
            called_by="presidium",
            agenda="审议民生实事项目调整事项。",
            **self.presidium("2027-06-01"),
        )
        return self

    def opened(self, day: str, *, presidium: list[User] | None = None, **figures: Any) -> Year:
        """The preliminary meeting of a session called: its presidium elected, its agenda adopted."""
        elected = self.town.people["presidium"] if presidium is None else presidium
        self.event(
            "open_session",
            self.town.of("clerk"),
            day,
            self.cycle,
            deputies_in_office=20,
            presidium=[str(user.pk) for user in elected],
            agenda="审议民生实事项目调整事项。",
            **self.congress(day, **figures),
        )
        return self


def elect_items(town: Township, cycle: Cycle, count: int = 3) -> None:
    """Elected items with a department each, moved by their machine."""
    act = town.act("clerk", at("2027-01-20"))
    for n in range(1, count + 1):
        item = Item.objects.create(
            unit=town.unit,
            cycle=cycle,
            number=n,
            ballot_number=n,
            title=TITLES[(n - 1) % 3],
            content="建设内容和规模以实施计划为准。",
            category="交通出行",
            place=f"第{n}村",
            target=f"完成“{TITLES[(n - 1) % 3]}”",
            investment_fen=BUDGETS[(n - 1) % 3],
            department=town.departments[(n - 1) % len(town.departments)],
            finish_by=date(2027, 12, 20),
        )
        for arrow in ("pass_screening", "draft", "list_candidate", "put_on_ballot", "elect"):
            fire(item, arrow, act)


def year_of(town: Township, **settings: Any) -> Year:
    """A year in supervision under a rulebook with the given settings."""
    return standing(f"year of {town.unit.code} {settings}", lambda: _year_of(town, settings))


def _year_of(town: Township, settings: dict[str, Any]) -> Year:
    act = town.act("chair", at("2026-08-10"))
    cycle = create_cycle(act, year=2027, opens_on=date(2026, 9, 1), planned_t=T, planned_t2=date(2028, 1, 18))
    fire(cycle, "open", act, rules_data=Rules().with_values(settings).frozen_json(), deputies_in_office=20)
    for arrow in ARROWS[:-1]:
        fire(cycle, arrow, act)
    elect_items(town, cycle)
    fire(cycle, ARROWS[-1], act)
    with acting(town.act("chair", moment(T))):
        SupervisionFlow.begin(cycle)
    return Year(town, cycle)


@pytest.fixture(autouse=True)
def _system(db: None) -> None:
    apply(SYSTEM)


@pytest.fixture
def town(db: None) -> Township:
    apply(SYSTEM)
    return township()


@pytest.fixture
def year(town: Township) -> Year:
    return year_of(town)


@pytest.fixture
def under(town: Township) -> Any:
    """A year under settings of one's own: `under(change_policy="presidium_interim")`."""
    return lambda **settings: year_of(town, **settings)
