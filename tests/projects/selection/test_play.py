"""The plays of steps 1 and 2 bring a year to its list of candidates, on time."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils.timezone import localdate

from projects.collection.models import Proposal
from projects.cycles.models import Cycle
from projects.demo.play.collection import play_collection
from projects.demo.play.selection import finished_by, play_selection
from projects.lifecycle.intake import start_year
from projects.selection.flows import SelectionFlow
from projects.selection.models import Item
from projects.selection.selectors import candidates_of
from projects.selection.services import obstacles_to_deliberation
from tests.builders import at, township
from workflow.flows.acting import acting
from workflow.flows.models import Deadline
from workflow.people.isolation import SYSTEM, apply

pytestmark = pytest.mark.django_db
TITLES = ["柳林村安全饮水管网改造", "集镇停车场建设", "东山村日间照料中心建设", "石坝村危桥改造"]


@pytest.fixture
def town(db):
    apply(SYSTEM)
    return township()


@pytest.fixture
def cycle(town):
    return start_year(
        town.act("chair", at("2026-08-03")),
        year=2027,
        opens_on=date(2026, 9, 1),
        planned_t=date(2027, 1, 20),
        planned_t2=date(2028, 1, 18),
    )


def begun(town, cycle, day):
    """The year's own flow begins step 2; where it does not, it is begun here."""
    if not Deadline.objects.filter(key="selection.merge", about=cycle.reference).exists():
        with acting(town.act("gov_clerk", at(str(day)))):
            SelectionFlow.begin(cycle)


def test_the_plays_produce_exactly_the_wanted_candidates_with_every_task_on_time(town, cycle):
    closed = play_collection(town, cycle, proposals=14, titles=TITLES[:3])
    begun(town, cycle, closed)
    ended = play_selection(town, cycle, TITLES, 3)
    assert sorted(candidates_of(cycle).values_list("title", flat=True)) == sorted(TITLES)
    assert obstacles_to_deliberation(cycle, at(str(ended))) == []
    assert ended < date(2026, 12, 31)
    late = [
        d.key for d in Deadline.objects.exclude(done_at=None) if d.due_on and localdate(d.done_at) > d.due_on
    ]
    assert late == []
    assert (Proposal.objects.filter(cycle=cycle).count(), candidates_of(cycle).count(), cycle.seats) == (
        14,
        4,
        3,
    )
    assert Item.objects.filter(screenings__verdict="block").distinct().count() == 2
    kinds = set(Proposal.objects.values_list("proposer_kind", flat=True))
    assert len(kinds) >= 6
    assert set(Proposal.objects.values_list("state", flat=True)) == {"carried", "answered", "pooled"}


@pytest.mark.parametrize("t2", [date(2027, 1, 20), date(2026, 8, 31), date(2026, 4, 30), date(2027, 3, 10)])
def test_projects_are_to_be_finished_before_the_evaluation_and_inside_their_year(t2):
    planned = [finished_by(Cycle(year=2026, planned_t2=t2), number) for number in range(1, 7)]
    assert all(timedelta(days=45) < t2 - day < timedelta(days=240) for day in planned)
    assert max(planned) <= date(2026, 12, 31) and len(set(planned)) >= 5
