"""A township whose year has come to step 6: three projects elected and built, one item not elected."""

from __future__ import annotations

from datetime import date

import pytest

from projects.collection.models import Proposal
from projects.cycles.models import Cycle
from projects.cycles.rulebook import Rules
from projects.cycles.services import create_cycle
from projects.demo.cast import Township
from projects.evaluation.flows import EvaluationFlow
from projects.selection.models import Item, Source
from projects.supervision.models import Project
from tests.builders import SINCE, at, township
from tests.standing import standing
from workflow.audit.services import Act
from workflow.flows.acting import acting
from workflow.machines.services import fire
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import UnitKind
from workflow.people.services import create_unit
from workflow.roles.services import grant

DAY = "2027-11-20"
TO_SUPERVISION = ("begin_selection", "begin_deliberation", "begin_vote", "begin_supervision")
TO_BALLOT = ("pass_screening", "draft", "list_candidate", "put_on_ballot")
TO_ACCEPTANCE = ("assign", "begin", "finish", "accept")


def item_of(act: Act, cycle: Cycle, number: int, title: str, outcome: str) -> Item:
    """An item that went through steps 2 to 4, with the proposal it was made of answered."""
    item = Item.objects.create(
        unit=cycle.unit,
        cycle=cycle,
        number=number,
        title=title,
        content=f"{title}，全长三公里。",
        category="交通出行",
    )
    for arrow in (*TO_BALLOT, outcome):
        fire(item, arrow, act)
    proposal = Proposal.objects.create(
        unit=cycle.unit,
        cycle=cycle,
        code=f"CDE-{cycle.pk:04d}-{number}",
        title=title,
        content="群众反映强烈。",
        proposer_kind="resident",
        received_at=act.at,
    )
    for arrow in ("accept", "merge", "carry", "answer"):
        fire(proposal, arrow, act)
    Source.objects.create(unit=cycle.unit, item=item, proposal=proposal)
    return item


def project_of(town: Township, act: Act, item: Item, *, arrows: tuple[str, ...] = TO_ACCEPTANCE) -> Project:
    """An elected project with its department and a group of two deputies."""
    group = create_unit(
        code=f"{town.unit.code}-G{item.number}",
        name=f"第{item.number}监督小组",
        kind=UnitKind.GROUP,
        parent=town.unit,
    )
    for deputy in town.deputies[item.number * 2 : item.number * 2 + 2]:
        grant(user=deputy, office="inspector", unit=group, act=act, since=SINCE)
    project = Project.objects.create(
        unit=town.unit,
        cycle=item.cycle,
        item=item,
        number=item.number,
        title=item.title,
        content=item.content,
        category=item.category,
        budget_fen=100_000_000,
        funded_fen=100_000_000,
        invested_fen=96_000_000,
        percent=100,
        finish_by=date(2027, 10, 31),
        department=town.departments[item.number % len(town.departments)],
        group=group,
    )
    for arrow in arrows:
        fire(project, arrow, act)
    return project


def year_under_supervision(
    town: Township, titles: list[str], *, rules: Rules | None = None, unfinished: tuple[int, ...] = ()
) -> Cycle:
    """A cycle in step 5 with one project per title, and one candidate that was not elected."""
    rules = rules or Rules()
    key = f"year under supervision of {town.unit.code} {titles} {rules.frozen_json()} {unfinished}"
    return standing(key, lambda: _year_under_supervision(town, titles, rules, unfinished))


def _year_under_supervision(
    town: Township, titles: list[str], rules: Rules, unfinished: tuple[int, ...]
) -> Cycle:
    act = town.act("clerk", at("2027-01-20"))
    cycle = create_cycle(
        act, year=2027, opens_on=date(2026, 9, 1), planned_t=date(2027, 1, 20), planned_t2=date(2028, 1, 18)
    )
    fire(cycle, "open", act, rules_data=rules.frozen_json())
    for arrow in TO_SUPERVISION:
        fire(cycle, arrow, act)
    for number, title in enumerate(titles, 1):
        item = item_of(act, cycle, number, title, "elect")
        arrows = TO_ACCEPTANCE[:2] if number in unfinished else TO_ACCEPTANCE
        project_of(town, act, item, arrows=arrows)
    item_of(act, cycle, len(titles) + 1, "村史馆建设", "not_elect")
    with acting(town.act("clerk", at(DAY))):
        EvaluationFlow.begin(cycle)
    return cycle


@pytest.fixture(autouse=True)
def _system(db):
    apply(SYSTEM)


@pytest.fixture(autouse=True)
def _uploads(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def town(_system):
    return township()


@pytest.fixture
def cycle(town):
    return year_under_supervision(town, ["村道硬化", "自来水管网改造", "老年食堂"])
