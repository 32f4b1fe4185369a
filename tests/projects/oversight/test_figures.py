"""The figures the writers keep are those the records add up to, whatever is done and in whatever order."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notifications.models import Delivery
from notifications.post import post_unit
from projects.ballots.models import Vote
from projects.collection.intake import propose
from projects.collection.models import ProposerKind
from projects.cycles.models import Cycle
from projects.deliberation.models import Visit
from projects.evaluation.models import Grade, Measurement, Rating
from projects.oversight import counting
from projects.oversight.figures import (
    BY_PARENT,
    Cell,
    Figures,
    cell_of,
    chosen,
    figures_below,
    figures_by_parent,
    figures_by_year,
    together,
    years_seen,
)
from projects.oversight.models import YearFigure, YearSum
from projects.oversight.tasks import check_figures
from projects.selection.models import Item
from projects.supervision import lights
from projects.supervision.models import Finding, Inspection, Payment, Project, ProjectState
from tests.builders import arranged, at, township
from tests.long import sized
from tests.notifications.conftest import administrator
from tests.projects.oversight.county_world import county_of, leader_of, townships_of
from tests.projects.oversight.slow import slow_cells, slow_figures, slow_offices, slow_paid, slow_sources
from tests.projects.portal.public_world import cycle_of, item_of, project_of
from tests.projects.supervision.conftest import year_of
from workflow.audit.models import Entry
from workflow.calendar.offsets import SOON
from workflow.flows.errors import Refused
from workflow.flows.models import Deadline
from workflow.machines.graph import arrows
from workflow.machines.services import fire
from workflow.people.isolation import SYSTEM, apply, of_units
from workflow.people.models import UnitKind
from workflow.people.services import create_unit

pytestmark = pytest.mark.django_db
START = date(2026, 9, 1)


@pytest.fixture
def towns(db):
    apply(SYSTEM)
    return [township("F01"), township("F02", name="柳河镇")]


def named(figures: Figures) -> dict[str, Any]:
    return {n: getattr(figures, n) for n, kind in vars(Figures).items() if isinstance(kind, property)}


def assert_equal_to_the_slow_count(today: date) -> None:
    cycles = list(Cycle.objects.select_related("unit"))
    kept = figures_by_year([c.pk for c in cycles], today)
    for cycle in cycles:
        figures = kept[cycle.pk]
        assert named(figures) == slow_figures(cycle, today)
        assert figures.cells(cycle.state, today) == slow_cells(cycle, today)
        assert figures.overdue_by_office() == slow_offices(cycle, today)
        sources = {s: figures.of("source", s) for s in ("own", "upper", "social")}
        assert {s: n for s, n in sources.items() if n} == slow_sources(cycle)
        paid = {s: figures.of("paid", s) for s in sources}
        assert {s: n for s, n in paid.items() if n} == slow_paid(cycle)
    for home in {c.unit.parent_id: c.unit.parent for c in cycles}.values():
        years = {c.year for c in cycles if c.unit.parent_id == home.pk}
        below = figures_below(home, today)
        assert set(below) == years
        for year in years:
            parts = [kept[c.pk] for c in cycles if c.year == year and c.unit.parent_id == home.pk]
            assert named(below[year]) == named(together(parts))
    assert counting.check_sums(at("2026-12-01")) == 0
    for parent, figures in figures_by_parent([c.pk for c in cycles], today).items():
        assert named(figures) == named(together(kept[c.pk] for c in cycles if c.unit.parent_id == parent))
    seen = {(one.cycle_id, one.unit_id, one.year, one.state) for one in years_seen()}
    assert seen == {(c.pk, c.unit_id, c.year, c.state) for c in cycles}
    for cycle in cycles:
        assert counting.differences(cycle.pk) == []


def test_soon_is_three_days():
    assert SOON.days == 3  # the slow count says it in a number


KINDS = st.sampled_from(
    ["propose", "item", "project", "year", "fire", "rate", "visit", "find", "inspect", "pay", "measure", "task", "done",
     "figures", "relight", "vote", "delete", "fold", "many", "sum"]
)  # fmt: skip
ACTS = st.lists(st.tuples(KINDS, st.integers(0, 10_000)), min_size=1, max_size=25)


class Player:
    """Does acts drawn at random to whatever is there, through the machines where there is one."""

    def __init__(self, towns: list[Any]) -> None:
        self.towns, self.n = towns, 0

    def one_of(self, model: Any, draw: int) -> Any:
        rows = list(model.objects.order_by("pk"))
        return rows[draw % len(rows)] if rows else None

    def play(self, kind: str, draw: int) -> None:
        self.n += 1
        getattr(self, kind)(self.towns[draw % 2], draw)

    def cycle(self, town: Any, draw: int) -> Cycle:
        mine = list(Cycle.objects.filter(unit=town.unit).order_by("pk"))
        return mine[draw % len(mine)] if mine else self.year(town, draw)

    def year(self, town: Any, draw: int) -> Cycle:
        return cycle_of(town, year=2020 + self.n)

    def propose(self, town: Any, draw: int) -> None:
        cycle = self.cycle(town, draw)
        made = propose(
            town.act("clerk", at("2026-09-07")), title="修桥", content="修一座桥。",
            proposer_kind=ProposerKind.values[draw % len(ProposerKind.values)],
        )  # fmt: skip
        if draw % 5:
            type(made).objects.filter(pk=made.pk).update(cycle=cycle)

    def item(self, town: Any, draw: int) -> None:
        item_of(town, self.cycle(town, draw), 100 + self.n, "路灯")
        Item.objects.filter(number=100 + self.n).update(funding={"own": draw, "upper": 7, "social": 0})

    def project(self, town: Any, draw: int) -> None:
        project_of(town, self.cycle(town, draw), 300 + self.n, "村道")

    def fire(self, town: Any, draw: int) -> None:
        from projects.collection.models import Proposal

        model = (Proposal, Item, Project, Finding, Cycle, Measurement)[draw % 6]
        record = self.one_of(model, draw // 6)
        if record is None:
            return
        leaving = sorted({arrow.name for arrow in arrows(model) if arrow.source in (record.state, "*")})
        if leaving:
            fire(record, leaving[draw % len(leaving)], self.towns[0].act("clerk", at("2026-10-07")))

    def rate(self, town: Any, draw: int) -> None:
        if project := self.one_of(Project, draw):
            grade = Grade.values[draw % 3]
            Rating.objects.create(unit=project.unit, project=project, grade=grade, on=START)

    def visit(self, town: Any, draw: int) -> None:
        cycle = self.cycle(town, draw)
        Visit.objects.create(
            unit=town.unit,
            cycle=cycle,
            by=town.deputies[0],
            on=START,
            place="村",
            voters=draw % 9,
            words="看了。",
        )

    def find(self, town: Any, draw: int) -> None:
        if project := self.one_of(Project, draw):
            raised = START + timedelta(days=draw % 40)
            Finding.objects.create(unit=project.unit, project=project, words="裂缝", raised_on=raised)

    def inspect(self, town: Any, draw: int) -> None:
        if project := self.one_of(Project, draw):
            Inspection.objects.create(
                unit=project.unit, project=project, on=START, place="村", words="看了。", by=town.deputies[0]
            )

    def pay(self, town: Any, draw: int) -> None:
        if project := self.one_of(Project, draw):
            Payment.objects.create(
                unit=project.unit, project=project, source=("own", "upper", "social")[draw % 3], by=town.deputies[0],
                amount_fen=(1 + draw % 900) * (-1 if draw % 4 == 0 else 1), paid_on=START, party="公司",
            )  # fmt: skip

    def measure(self, town: Any, draw: int) -> None:
        if project := self.one_of(Project, draw):
            figures = {"satisfied": draw % 20, "basic": draw % 3, "dissatisfied": 1, "base": 20 + draw % 20}
            Measurement.objects.create(
                unit=project.unit, cycle=project.cycle, project=project, round=self.n, **figures
            )

    def task(self, town: Any, draw: int) -> None:
        held = self.one_of(Deadline, draw)
        if held is not None:
            due = None if draw % 11 == 0 else START + timedelta(days=draw % 60)
            Deadline.objects.filter(pk=held.pk).update(
                due_on=due, step=None if draw % 13 == 0 else 1 + draw % 6, provisional=draw % 3 == 0
            )

    def done(self, town: Any, draw: int) -> None:
        held = self.one_of(Deadline, draw)
        if held is not None:
            # An hour before midnight here is still the same day; in UTC it is the same day too, at one it is not.
            Deadline.objects.filter(pk=held.pk).update(
                done_at=at(str(START + timedelta(days=draw % 60)), hour=(1, 9, 23)[draw % 3]),
                cancelled=draw % 7 == 0,
            )

    def figures(self, town: Any, draw: int) -> None:
        if project := self.one_of(Project, draw):
            Project.objects.filter(pk=project.pk).update(
                invested_fen=draw * 100, funded_fen=draw, light=("red", "green", "")[draw % 3]
            )

    def relight(self, town: Any, draw: int) -> None:
        """A light set by hand, or what was set withdrawn, and the work ended over it now and then."""
        project = self.one_of(Project, draw)
        if project is None:
            return
        act = self.towns[0].act("chair", at("2026-10-07"))
        for arrow in {"elected": ("assign", "begin"), "assigned": ("begin",)}.get(project.state, ()):
            fire(project, arrow, act)
        if project.state != ProjectState.BUILDING:
            return
        with suppress(Refused):
            if draw % 4:
                lights.set_light(
                    act, project, light=("green", "yellow", "red")[draw % 3], reason="现场停工。"
                )
            else:
                lights.restore_light(act, project, reason="已经复工。")
        if draw % 5 == 0:
            fire(project, "stop", act, **lights.setting_ended(project))

    def vote(self, town: Any, draw: int) -> None:
        cycle = self.cycle(town, draw)
        Vote.objects.create(
            unit=town.unit, about_reference=cycle.reference, purpose=("projects", "change")[draw % 2],
            title="票", mode="select", seats=1, deputies_in_office=20,
            deputies_present=None if draw % 3 == 0 else draw % 20, is_recount=draw % 5 == 0,
        )  # fmt: skip

    def delete(self, town: Any, draw: int) -> None:
        if rating := self.one_of(Rating, draw):
            rating.delete()

    def fold(self, town: Any, draw: int) -> None:
        cycle = self.cycle(town, draw)
        assert counting.check_year(cycle.pk, at("2026-12-01")) == 0

    def sum(self, town: Any, draw: int) -> None:
        counting.sum_up()
        assert counting.sum_up() == 0

    def many(self, town: Any, draw: int) -> None:
        """A set statement over all rows counts every one of them."""
        Deadline.objects.filter(done_at=None).update(due_on=START + timedelta(days=draw % 50))
        Project.objects.update(invested_fen=draw)


@settings(
    max_examples=sized("figures", 15, 400),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=ACTS, after=st.integers(-5, 70))
def test_what_is_kept_is_what_the_records_add_up_to(towns, acts, after):
    with transaction.atomic():
        player = Player(towns)
        for town in towns:
            player.year(town, 0)
            player.n += 1
        for kind, draw in acts:
            player.play(kind, draw)
        assert_equal_to_the_slow_count(START + timedelta(days=after))
        transaction.set_rollback(True)


def test_a_year_played_through_the_services_is_counted_as_it_stands(db):
    apply(SYSTEM)
    year_of(township()).building()
    assert_equal_to_the_slow_count(date(2027, 6, 1))
    arranged()
    for day in (date(2027, 2, 1), date(2027, 6, 1), date(2028, 1, 1)):
        assert_equal_to_the_slow_count(day)
    kept = next(iter(figures_by_year([Cycle.objects.get().pk], date(2027, 6, 1)).values()))
    assert kept.projects == 3 and kept.overdue > 0 and kept.budget == 515_000_000


def test_a_year_that_was_ended_stands_in_no_step(client, towns):
    cycle = cycle_of(towns[0], "begin_selection", "begin_deliberation", "end")
    assert_equal_to_the_slow_count(START)
    kept = figures_by_year([cycle.pk], START)[cycle.pk]
    assert kept.cells("ended", START) == (Cell("ended"),) * 6 and kept.townships_at == {0: 1}
    client.force_login(leader_of(towns[0].unit.parent))
    page = client.get("/county/").content.decode()
    assert page.count("matrix-cell matrix-ended") == 6 and "终止" in page


def test_a_project_that_passed_counts_once_it_is_finished(towns):
    cycle = cycle_of(towns[0])
    project = project_of(towns[0], cycle, 1, "村道", "assign", "begin")
    Measurement.objects.create(unit=towns[0].unit, cycle=cycle, project=project, base=20, state="closed")
    for state, passed in (("building", 0), ("completed", 1), ("accepted", 1), ("building", 0)):
        Project.objects.filter(pk=project.pk).update(state=state)
        assert figures_by_year([cycle.pk], START)[cycle.pk].judged == passed, state
        assert_equal_to_the_slow_count(START)


def test_what_is_open_in_a_closed_year_and_has_time_is_archived():
    days = {305: Cell("archived"), 3: Cell("soon", 3), -2: Cell("overdue", 2)}
    for left, cell in days.items():
        assert cell_of(6, 7, True, START + timedelta(days=left), START) == cell
    assert cell_of(6, 6, True, START + timedelta(days=305), START) == Cell("running", 305)
    assert cell_of(6, 7, True, None, START) == Cell("archived"), "what has no day yet has time"
    assert cell_of(6, 6, True, None, START) == Cell("running")


def test_an_act_that_is_taken_back_counts_nothing(towns):
    cycle = cycle_of(towns[0])
    before = figures_by_year([cycle.pk], START)[cycle.pk].amounts
    with transaction.atomic():
        item_of(towns[0], cycle, 1, "路灯")
        transaction.set_rollback(True)
    assert figures_by_year([cycle.pk], START)[cycle.pk].amounts == before
    item_of(towns[0], cycle, 1, "路灯")
    assert figures_by_year([cycle.pk], START)[cycle.pk].items == 1


def test_the_nightly_check_puts_a_wrong_figure_right_and_says_so_in_the_trail(towns):
    cycle = cycle_of(towns[0])
    item_of(towns[0], cycle, 1, "路灯")
    assert check_figures() == 0
    assert not Entry.objects.filter(action="oversight.repair").exists()
    YearFigure.objects.filter(cycle_id=cycle.pk, measure="item").update(amount=7)
    assert [(d.measure, d.kept, d.counted) for d in counting.differences(cycle.pk)] == [("item", 7, 1)]
    assert check_figures() == 1
    assert_equal_to_the_slow_count(START)
    entry = json.loads(Entry.objects.get(action="oversight.repair").body)
    assert (entry["unit"], entry["subject"]) == (towns[0].unit.code, cycle.reference)
    assert entry["after"] == {"differences": 1, "figures": ["item 7→1"]}
    assert check_figures() == 0 and Entry.objects.filter(action="oversight.repair").count() == 1


def letters_about(home) -> list[Delivery]:
    """What has been written of a repair, after the entries have been read."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    assert post_unit(home.pk)
    return list(Delivery.objects.filter(letter="repaired", unit=home).select_related("recipient"))


def test_a_figure_put_right_is_told_to_the_administrator_and_to_the_county(towns):
    cycle, home = cycle_of(towns[0]), towns[0].unit
    told = {administrator(towns[0]), leader_of(home.parent)}
    assert check_figures() == 0 and letters_about(home) == []
    YearFigure.objects.filter(cycle_id=cycle.pk, measure="cycle").update(amount=3)
    assert check_figures() > 0
    letters = letters_about(home)
    assert {letter.recipient for letter in letters} == told
    assert all("个县级汇总数字与办理记录不一致" in letter.body for letter in letters)


def test_the_nightly_check_folds_what_was_appended(towns):
    cycle = cycle_of(towns[0])
    for n in range(1, 6):
        item_of(towns[0], cycle, n, "路灯")
    rows = YearFigure.objects.filter(cycle_id=cycle.pk, measure="item")
    assert rows.count() == 5
    check_figures()
    assert list(rows.values_list("amount", flat=True)) == [5]


def test_the_sums_of_a_county_are_those_of_its_townships(towns):
    cycles = [cycle_of(town) for town in towns]
    for number, cycle in enumerate(cycles, 1):
        for n in range(number):
            item_of(towns[number - 1], cycle, n + 1, "路灯")
    sums = figures_by_parent([c.pk for c in cycles], START)
    assert {key: found.items for key, found in sums.items()} == {
        town.unit.parent_id: n for n, town in enumerate(towns, 1)
    }
    assert "workflow_unit" in BY_PARENT


@pytest.fixture
def tree(towns):
    """A nation with a province, a county of that and another beside it, a township in each; its years."""
    nation = create_unit(code="N", name="全国", kind=UnitKind.PROVINCE)
    province = create_unit(code="P", name="示范省", kind=UnitKind.PROVINCE, parent=nation)
    counties = [county_of("A", "甲县", province), county_of("B", "乙县", nation)]
    cycles = [one for county in counties for one in townships_of(county, ["青溪镇", "柳河镇"])]
    return {"nation": nation, "province": province, "A": counties[0], "B": counties[1]}, cycles


def below_of(units: dict[str, Any], cycles: list[Cycle]) -> dict[str, dict[str, Any]]:
    """What the sums of each unit say of the year, having been compared with the townships' own figures."""
    told = {}
    for name, unit in units.items():
        kept = figures_by_year([c.pk for c in cycles if c.unit.path.startswith(unit.path)], START)
        (told[name],) = map(named, figures_below(unit, START).values())
        assert told[name] == named(together(kept.values())), name
    return told


def test_a_sum_holds_for_every_unit_above_and_is_never_stale(towns, tree):
    units, cycles = tree
    before = below_of(units, cycles)
    assert (
        before["nation"]["items"] == before["A"]["items"] + before["B"]["items"] > before["province"]["items"]
    )
    assert counting.sum_up() > 0
    assert below_of(units, cycles) == before
    Item.objects.create(
        unit=cycles[0].unit, cycle=cycles[0], number=90, title="路灯", content="。", category="交通"
    )
    assert below_of(units, cycles)["nation"]["items"] == before["nation"]["items"] + 1
    assert counting.sum_up() > 0 and counting.sum_up() == 0
    assert below_of(units, cycles)["province"]["items"] == before["province"]["items"] + 1
    check_figures()
    below_of(units, cycles)


def test_a_sum_that_is_wrong_is_put_right_at_night_and_said_in_its_units_trail(tree):
    units, cycles = tree
    counting.sum_up()
    assert check_figures() == 0
    held = YearSum.objects.filter(unit=units["province"], measure="item")
    held.update(amount=50)
    YearSum.objects.filter(unit=units["A"], measure="visit").delete()
    assert check_figures() == 2
    told = {
        entry.unit.code: json.loads(entry.body)
        for entry in Entry.objects.filter(action="oversight.repair").select_related("unit")
    }
    assert set(told) == {"P", "A"}
    assert told["P"]["after"] == {"differences": 1, "figures": [f"item 50→{held.get().amount}"]}
    assert told["A"]["after"] == {"differences": 1, "figures": ["visit 0→2"]}
    below_of(units, cycles)
    assert check_figures() == 0


def test_the_database_shows_the_sums_of_a_unit_to_whoever_reads_it(tree):
    units, _cycles = tree
    counting.sum_up()
    for reader in (of_units([units["A"].pk]), of_units([], writes=[units["A"].pk])):
        apply(reader)
        assert set(YearSum.objects.values_list("unit_id", flat=True)) == {units["A"].pk}
    apply(of_units([units["A"].pk]))
    assert YearSum.objects.update(amount=9) == 0 and YearSum.objects.all().delete()[0] == 0


def test_the_latest_year_of_each_township_or_all_of_one_year(towns):
    first = cycle_of(towns[0], year=2026)
    second = cycle_of(towns[0], year=2027)
    other = cycle_of(towns[1], year=2026)
    seen = years_seen()
    assert {one.cycle_id for one in chosen(seen, None)} == {second.pk, other.pk}
    assert {one.cycle_id for one in chosen(seen, 2026)} == {first.pk, other.pk}


def test_the_database_shows_a_county_its_own_figures_and_nobody_elses(towns):
    for town in towns:
        cycle_of(town)
    mine, theirs = towns[0].unit, towns[1].unit
    apply(of_units([mine.parent_id, mine.pk], writes=[mine.parent_id]))
    assert {one.unit_id for one in years_seen()} == {mine.pk}
    assert set(YearFigure.objects.values_list("unit_id", flat=True)) == {mine.pk}
    assert YearFigure.objects.update(amount=9) == 0 and YearFigure.objects.all().delete()[0] == 0
    apply(of_units([]))
    assert not YearFigure.objects.exists()
    apply(SYSTEM)
    assert YearFigure.objects.filter(unit=theirs).exists()


def test_the_slow_count_is_behind_the_same_policies(towns):
    for town in towns:
        cycle_of(town)
    mine = towns[0].unit
    apply(of_units([mine.parent_id, mine.pk]))
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT unit_id FROM projects_yearcount")
        assert cursor.fetchall() == [(mine.pk,)]
