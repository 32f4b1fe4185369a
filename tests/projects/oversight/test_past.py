"""A day that is over is told as it was: the figures and the rows behind them, from the records and their trail."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from projects.oversight.figures import Figures, figures_by_year
from projects.oversight.past import TABLE_OF, Past
from projects.portal.county_lists import LISTS
from projects.supervision.models import Change, ChangeState, Project
from tests.builders import arranged, at, township
from tests.projects.oversight.county_world import county_of, townships_of
from tests.projects.supervision.conftest import Year, year_of
from workflow.audit.services import Act, write_down
from workflow.flows.models import Deadline
from workflow.flows.services import cancel_flow
from workflow.machines.services import fire
from workflow.people.isolation import SYSTEM, apply

pytestmark = pytest.mark.django_db


def told(figures: Figures) -> dict[tuple[str, str], tuple[int, int]]:
    """Of figures what can be told of a past day: how much, and how much of it past its day."""
    return {
        key: (n, figures.past.get(key, 0)) for key, n in figures.amounts.items() if n and key[0] in TABLE_OF
    }


@pytest.fixture
def year(db) -> Year:
    apply(SYSTEM)
    return year_of(township(), progress_period="monthly", small_project_fen=0).building()


def seen(year: Year, day: date) -> dict[tuple[str, str], tuple[int, int]]:
    """What the page of that day shows, every holiday arranged."""
    arranged()
    return told(figures_by_year([year.cycle.pk], day)[year.cycle.pk])


def alter(year: Year, day: str, **values: Any) -> None:
    """The project altered as a change that was decided says."""
    project, said = year.project(), {name: _plain(value) for name, value in values.items()}
    change = Change.objects.create(
        unit=project.unit, project=project, what="cost", proposed=said, reason="经大会决定", asked_on=date(2027, 5, 1),
        state=ChangeState.AGREED,
    )  # fmt: skip
    fire(project, "alter", year.town.act("clerk", at(day)), **values)
    Change.objects.filter(pk=change.pk).update(state=ChangeState.RATIFIED)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def test_what_has_been_done_since_does_not_change_a_day_that_is_over(year):
    days = {}
    days[date(2027, 3, 31)] = seen(year, date(2027, 3, 31))
    year.report("2027-04-08", 30, invested_fen="50", funded_fen="80")
    days[date(2027, 4, 30)] = seen(year, date(2027, 4, 30))
    year.report("2027-05-08", 35, invested_fen="60", funded_fen="90")
    alter(year, "2027-06-09", budget_fen=400_000_000)
    project, act = year.project(), year.town.act("clerk", at("2027-06-10"))
    fire(project, "finish", act, completed_on=date(2027, 6, 10))
    days[date(2027, 6, 30)] = seen(year, date(2027, 6, 30))
    assert len({str(one) for one in days.values()}) == 3
    for day, was in days.items():
        assert told(Past((year.cycle.pk,), day).figures()[year.cycle.pk]) == was, day


def test_the_rows_of_a_figure_are_those_it_counted_as_they_stood(year):
    year.report("2027-04-08", 30, invested_fen="50", funded_fen="80")
    project, act = year.project(), year.town.act("clerk", at("2027-06-10"))
    fire(project, "finish", act, completed_on=date(2027, 6, 10))
    spring, summer = Past((year.cycle.pk,), date(2027, 3, 31)), Past((year.cycle.pk,), date(2027, 6, 30))
    assert spring.ids("project", ("completed",)) == [] and summer.ids("project", ("completed",)) == [
        project.pk
    ]
    assert project.pk in spring.ids("project", ("building",))
    stood = spring.put_back(Project.objects.get(pk=project.pk))
    assert (stood.state, stood.percent, stood.invested_fen) == ("building", 0, 0)
    stands = summer.put_back(Project.objects.get(pk=project.pk))
    assert (stands.state, stands.percent, stands.invested_fen) == ("completed", 30, 50_000_000)


def test_a_list_of_a_day_that_is_over_knows_nothing_of_what_came_later(year):
    """Not that a project was finished late after it, nor until when it was given leave, nor what its deadline became."""
    project = year.project()
    decided, day = project.finish_by, date(2028, 1, 10)
    finished = date(2028, 1, 17)
    fire(project, "finish", year.town.act("clerk", at("2028-01-17")), completed_on=finished)
    for asked, told in ((day, "超期 %s 天"), (date(2028, 1, 31), "逾期 %s 天完工")):
        stood = Past((year.cycle.pk,), asked).put_back(Project.objects.get(pk=project.pk))
        late = (min(asked, finished) - decided).days
        assert told % late in LISTS["projects"].line(stood, asked).cells[2], asked


def test_a_deadline_that_was_moved_stood_on_its_former_day_before(year):
    decided = year.project().finish_by
    alter(year, "2027-05-10", finish_by=date(2028, 3, 1))
    project = Project.objects.get(pk=year.project().pk)
    assert Past((year.cycle.pk,), date(2027, 5, 9)).put_back(project).finish_by == decided
    project.refresh_from_db()
    assert Past((year.cycle.pk,), date(2027, 5, 10)).put_back(project).finish_by == date(2028, 3, 1)


def test_a_task_done_late_was_open_and_past_its_day_before(year):
    arranged()
    report = Deadline.objects.get(key="supervision.plan", subject=year.project(2).reference)
    past = Past((year.cycle.pk,), date(2027, 3, 31))
    late = past.ids("open", late=True)
    assert report.pk in late
    Deadline.objects.filter(pk=report.pk).update(done_at=at("2027-04-02"))
    assert Past((year.cycle.pk,), date(2027, 3, 31)).ids("open", late=True) == late
    assert report.pk not in Past((year.cycle.pk,), date(2027, 4, 2)).ids("open", late=True)
    assert past.put_back(Deadline.objects.get(pk=report.pk)).done_at is None


def test_a_task_called_off_since_waited_before_and_leaves_nothing_of_its_year_untold(year):
    arranged()
    day, pk = date(2027, 3, 31), year.cycle.pk
    late = Past((pk,), day).ids("open", late=True)
    held = Deadline.objects.select_related("task__process").get(pk=late[0])
    cancel_flow(held.task.process, year.town.act("clerk", at("2027-04-05")), reason="已通过验收")
    assert Deadline.objects.get(pk=held.pk).cancelled
    past = Past((pk,), day)
    assert past.moved == frozenset() and past.ids("open", late=True) == late
    assert held.pk not in Past((pk,), date(2027, 4, 5)).ids("open", late=True)


def test_a_day_that_was_settled_since_bound_nobody_before(year):
    arranged()
    day, pk = date(2027, 3, 31), year.cycle.pk
    held = Deadline.objects.get(pk=Past((pk,), day).ids("open", late=True)[0])
    write_down(
        Act(None, "system", year.town.unit, at("2027-04-02")),
        "deadline.settle",
        held.subject,
        about=held.about,
        before={"due_on": "2027-03-20", "provisional": True},
        after={"task": held.key, "task_id": held.pk, "due_on": str(held.due_on), "provisional": False},
        label=held.label,
    )
    past = Past((pk,), day)
    assert (
        past.moved == frozenset()
        and held.pk in past.ids("open")
        and held.pk not in past.ids("open", late=True)
    )
    stood = past.put_back(Deadline.objects.get(pk=held.pk))
    assert (stood.due_on, stood.provisional, stood.binds_on) == (date(2027, 3, 20), True, None)
    assert held.pk in Past((pk,), date(2027, 4, 2)).ids("open", late=True)


def test_before_it_was_founded_a_project_was_not_there_and_a_year_was_not_either(year):
    before = Past((year.cycle.pk,), date(2027, 1, 10))
    assert before.begun == [year.cycle.pk] and before.ids("project") == []
    assert before.figures()[year.cycle.pk].projects == 0
    assert Past((year.cycle.pk,), date(2026, 8, 1)).begun == []


def test_of_a_year_whose_terms_have_moved_since_the_open_tasks_are_left_out(year):
    arranged()
    day, pk = date(2027, 3, 31), year.cycle.pk
    late = Past((pk,), day).ids("open", late=True)
    alter(year, "2027-05-09", budget_fen=1)
    assert Past((pk,), day).moved == frozenset(), "money moves no term"
    assert Past((pk,), day).ids("open", late=True) == late != []
    alter(year, "2027-05-10", finish_by=date(2027, 12, 1))
    past = Past((pk,), day)
    assert past.moved == {pk} and past.ids("open") == [] and past.figures()[pk].overdue == 0
    assert past.figures()[pk].projects == 3, "all else is told"
    assert Past((pk,), date(2027, 5, 10)).moved == frozenset()


def test_what_has_no_trail_is_told_by_its_days(db):
    apply(SYSTEM)
    pks = tuple(cycle.pk for cycle in townships_of(county_of("K"), ["青溪镇", "柳河镇", "双桥镇"]))
    today = date(2027, 12, 31)
    kept, stood = figures_by_year(pks, today), Past(pks, today).figures()
    assert {pk: told(kept[pk]) for pk in pks} == {pk: told(stood[pk]) for pk in pks}
    assert all(
        f.inspections == 0 and f.ratings == 0 and f.visits == 1
        for f in Past(pks, date(2027, 3, 31)).figures().values()
    )
