"""A township with a closed year that still keeps who proposed what, and the next year's first proposal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection

from projects.collection.intake import propose
from projects.collection.models import Proposal
from projects.cycles.models import Cycle
from projects.deliberation.models import Visit
from projects.demo.cast import Township
from projects.evaluation.models import Rating
from projects.evaluation.services import register_rating
from projects.retention.models import Erasure
from projects.supervision.models import Project
from tests.builders import at, township
from tests.projects.portal.public_world import STATES, TO_ACCEPTED, cycle_of, project_of
from tests.standing import standing
from workflow.audit.models import Entry
from workflow.flows.events import perform
from workflow.flows.models import Deadline
from workflow.flows.services import complete
from workflow.machines.services import fire
from workflow.people.isolation import SYSTEM, apply

CANARY = "金丝雀周小梅"
PHONE = "13977418520"
CLOSED, BEFORE, DUE = "2028-03-01", "2028-05-31", "2028-06-05"


@dataclass
class World:
    """The township, its closed year, a proposal with a contact and one without."""

    town: Township
    cycle: Cycle
    proposal: Proposal
    silent: Proposal

    def do(self, key: str, office: str, subject: Any = None, day: str = DUE, **data: Any) -> Entry:
        """An act of an office's own accord, in person."""
        return perform(
            key,
            subject or self.town.unit,
            actor=self.town.of(office),
            office=office,
            data=data,
            at=at(day),
            reauthenticated=True,
        )

    def ask(self, of: str = "contacts", *, office: str = "gov_clerk", day: str = DUE) -> Any:
        """Ask for one kind of the year; the erasure that waits."""
        code = f"{of}:{'' if of == 'sign_ins' else self.cycle.pk}"
        self.do("retention.ask", office, day=day, lot=code, confirmed="on")
        return Erasure.objects.get(of=of, state="asked")

    def answer(
        self, erasure: Any, *, by: Any = None, day: str = DUE, decision: str = "agree", **data: Any
    ) -> Entry:
        """The second person's answer, the chair's unless somebody else tries, in person."""
        task = Deadline.objects.get(key="retention.confirm", subject=erasure.reference)
        data = {"decision": decision, "reason": "", **data}
        return complete(
            task.pk, actor=by or self.town.of("chair"), data=data, at=at(day), reauthenticated=True
        )

    def erase(self, of: str = "contacts", day: str = DUE) -> Any:
        """Asked for by the clerk of the government, confirmed by the chair."""
        erasure = self.ask(of, day=day)
        self.answer(erasure, day=day)
        erasure.refresh_from_db()
        return erasure


def _world() -> tuple[Township, Cycle, Proposal, Proposal]:
    town = township()
    cycle = cycle_of(town)
    proposal = propose(
        town.act("station", at("2026-09-10")),
        title="安装路灯",
        content="村口无灯。",
        name=CANARY,
        phone=PHONE,
    )
    silent = propose(town.act("station", at("2026-09-10")), title="修桥", content="危桥须改造。")
    for arrow in STATES[:2]:
        fire(cycle, arrow, town.act("chair", at("2026-12-01")))
    perform(
        "deliberation.visit",
        cycle,
        actor=town.of("deputy"),
        data={"on": "2026-12-02", "place": f"{CANARY}家", "voters": 3, "words": f"{CANARY}反映村口无灯。"},
        at=at("2026-12-02"),
    )
    for arrow in STATES[2:]:
        fire(cycle, arrow, town.act("chair", at("2027-01-20")))
    project = project_of(town, cycle, 1, "村道硬化", *TO_ACCEPTED)
    station = town.act("station", at("2027-12-01"))
    register_rating(station, project, grade="dissatisfied", words=f"{CANARY}：路面不平。")
    register_rating(station, project, grade="satisfied", words="")
    fire(cycle, "close", town.act("chair", at(CLOSED)))
    return town, cycle, proposal, silent


@pytest.fixture
def world(db) -> World:
    apply(SYSTEM)
    town, cycle, proposal, silent = standing("a closed year that keeps contacts", _world)
    assert Visit.objects.count() == 1 and Rating.objects.count() == 2 and Project.objects.count() == 1
    return World(town, cycle, proposal, silent)


def seal() -> None:
    """Have the database write the leaves of what was done so far."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
