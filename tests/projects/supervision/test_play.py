"""The play brings a year's projects to a day."""

from __future__ import annotations

from datetime import date

import pytest

from projects.demo.play.supervision import Supervision
from projects.selection.models import Item
from projects.supervision.models import Audit, Change, Finding, Inspection, Payment, Progress, Project
from projects.supervision.selectors import paid_from
from tests.plays import play_supervision
from tests.projects.supervision.conftest import year_of
from tests.projects.supervision.test_supervision import contracted
from tests.standing import standing
from tests.statements import counting
from workflow.flows.models import Deadline
from workflow.people.models import User
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import holders_of

pytestmark = pytest.mark.django_db

MIX = {1: "steady", 2: "behind", 3: "stalled"}


@pytest.fixture
def played(town):
    """A year lived to its end, its projects as they were before, and the statements its tasks took."""

    def play():
        year = year_of(town)
        before = {p.pk: (p.target, p.budget_fen, p.finish_by, p.place) for p in Project.objects.all()}
        with counting() as counted:
            play_supervision(town, year.cycle, until=date(2027, 12, 31), outcomes=MIX)
        return year, before, counted

    return standing("a year lived to its end", play)


def test_by_the_end_of_the_year_most_projects_are_accepted(played):
    _year, before, counted = played
    assert counted.over({"members": 6, "desk": 5, "projects": 3}) == {}
    assert [p.state for p in Project.objects.all()] == ["accepted"] * 3
    assert {"yellow", "green"} <= set(Progress.objects.values_list("light", flat=True))
    assert Finding.objects.filter(state="closed", tries=1).exists()
    assert not Finding.objects.exclude(state="closed").exists()
    moved = [
        p.number
        for p in Project.objects.all()
        if (p.target, p.budget_fen, p.finish_by, p.place) != before[p.pk]
    ]
    change = Change.objects.get()
    assert moved == [change.project.number] == [3] and change.state == "announced"
    assert (
        change.grade == "minor" and change.grounds and change.before["place"] == before[change.project_id][3]
    )


def test_in_the_middle_of_the_year_a_stalled_project_is_red_and_somebodys_task(town):
    year = year_of(town, progress_period="monthly", small_project_fen=0)
    play_supervision(town, year.cycle, until=date(2027, 8, 10), outcomes=MIX)
    assert Project.objects.get(number=3).light == "red"
    assert Deadline.objects.filter(key="supervision.red_light").exists()
    assert Deadline.objects.get(key="supervision.special_report").done_at


def test_an_expert_the_township_knows_is_invited_visits_and_has_the_finding_rechecked_by_a_deputy(town):
    year = year_of(town)
    expert = User.objects.create(username="expert@T01", name="何工")
    town.people["expert"] = [expert]
    play_supervision(town, year.cycle, until=date(2027, 12, 31), outcomes=MIX)
    works = Project.objects.get(title="村道硬化")
    assert RoleGrant.objects.get(office="expert").unit == works.group
    visit = Inspection.objects.get(by=expert)
    assert visit.project == works and visit.on <= works.accepted_on
    finding = Finding.objects.get(inspection=visit)
    assert (finding.raised_as, finding.state) == ("expert", "closed") and "送检" in finding.measures
    recheck = Deadline.objects.get(subject=finding.reference, office="inspector")
    assert recheck.done_by in holders_of("inspector", works.group, date(2027, 12, 31))


def test_the_money_of_the_year_is_registered_by_the_tasks_that_ask_for_it(played):
    year, *_told = played
    # The last is settled in January.
    play_supervision(year.town, year.cycle, until=date(2028, 1, 31), outcomes=MIX)
    kinds = {
        p.number: list(p.contracts.order_by("pk").values_list("kind", flat=True))
        for p in Project.objects.all()
    }
    bought = ["tender", "contract", "settlement"]
    assert kinds == {1: bought, 2: bought, 3: bought[1:]}
    assert "招标限额" in Project.objects.get(number=3).plan.no_tender
    keys = ("supervision.tender", "supervision.contract", "supervision.settlement", "supervision.audit")
    assert not Deadline.objects.filter(key__in=keys, done_at=None).exists()
    audit = Audit.objects.get()
    assert audit.state == "registered" and Finding.objects.get(raised_as="finance").state == "closed"


def test_vouchers_are_numbered_through_each_month_and_no_source_pays_beyond_its_plan(year):
    contracted(year)
    planned = {"own": 200_000_000, "upper": 100_000_000, "social": 0}
    Item.objects.filter(pk=year.project().item_id).update(funding=planned)
    play = Supervision(year.town, year.cycle, {})
    for percent, day in ((40, date(2027, 5, 12)), (70, date(2027, 5, 30)), (100, date(2027, 6, 20))):
        play.pay(year.project(), percent, day)
    paid = list(Payment.objects.order_by("pk").values_list("number", "source", "words"))
    assert paid == [
        ("记-05-01", "own", ""),
        ("记-05-02", "upper", ""),
        ("记-05-03", "own", ""),
        ("记-05-04", "upper", ""),
        ("记-06-01", "own", ""),
        ("记-06-02", "upper", ""),
    ]
    for source, fen in planned.items():
        assert sum(paid_from(year.project(), source)) <= fen


def test_without_an_expert_nobody_is_invited(played):
    assert not RoleGrant.objects.filter(office="expert").exists()


def test_playing_on_in_two_goes_is_playing_on_in_one(town):
    year = year_of(town)
    play_supervision(town, year.cycle, until=date(2027, 5, 31), outcomes=MIX)
    done = Deadline.objects.exclude(done_at=None).count()
    play_supervision(town, year.cycle, until=date(2027, 5, 31), outcomes=MIX)
    assert Deadline.objects.exclude(done_at=None).count() == done
    assert {p.state for p in Project.objects.all()} == {"building"}


def test_an_unfinished_project_is_still_being_built_at_the_years_end(town):
    year = year_of(town)
    play_supervision(town, year.cycle, until=date(2027, 12, 31), outcomes={1: "unfinished"})
    first = Project.objects.get(number=1)
    assert (first.state, first.percent) == ("building", 88)
