"""What the checks found of each year is kept for the county, is as of a moment it says, and is never silently old."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection

from projects.collection.intake import propose
from projects.evaluation.conformance import CHECKS, Status
from projects.evaluation.conforming import conformance_of, entries_of
from projects.oversight import counting, examining
from projects.oversight.examining import examine_due, grown_since
from projects.oversight.figures import figures_by_year
from projects.oversight.models import Examination
from projects.oversight.tasks import sweep_examinations
from tests.builders import Township, at, township
from tests.projects.oversight.county_world import leader_of
from tests.projects.oversight.slow import slow_figures
from tests.projects.portal.public_world import cycle_of, text_of, travel
from tests.projects.supervision.conftest import year_of
from tests.purpose import say_purpose
from workflow.audit.models import Head
from workflow.audit.services import write_down
from workflow.machines.services import fire
from workflow.people.isolation import SYSTEM, apply
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import context_of

pytestmark = pytest.mark.django_db
NOW = at("2027-06-01")


def recorded() -> None:
    """What a commit would do: the entries so far get their places in the chains."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@pytest.fixture
def town(db: None) -> Township:
    apply(SYSTEM)
    return township()


def test_what_is_kept_is_what_the_checks_find_and_the_figures_count_it(town):
    year = year_of(town).building()
    recorded()
    assert examine_due(NOW) == 1
    kept, found = Examination.objects.get(), conformance_of(year.cycle, NOW.date())
    by_status = {status: [c.code for c, f in found if f.status == status] for status in Status}
    assert kept.broken == by_status[Status.NOT_HELD] and kept.broken
    counts = (kept.held, kept.not_held, kept.not_yet, kept.not_applicable)
    assert counts == tuple(len(by_status[status]) for status in Status) and sum(counts) == len(CHECKS)
    assert kept.size == Head.objects.get(unit=town.unit).size and kept.at == NOW
    figures = figures_by_year([year.cycle.pk], NOW.date())[year.cycle.pk]
    assert figures.deviations == kept.not_held and figures.examined_on == NOW.date()
    slow = slow_figures(year.cycle, NOW.date())
    assert {name: getattr(figures, name) for name in slow} == slow
    assert counting.differences(year.cycle.pk) == []


def past_the_acts(town: Township) -> None:
    """A row of no year is changed beside the services, as the database itself writes it down."""
    write_down(town.act("clerk", NOW), "row.change", "grant:1")
    recorded()


@pytest.mark.parametrize("arrow", ["close", "end"])
def test_a_row_changed_past_the_acts_is_of_every_year_that_is_not_over(town, arrow):
    cycle = cycle_of(town)
    recorded()
    examine_due(NOW)
    past_the_acts(town)
    assert grown_since([cycle.pk]) == {cycle.pk}
    assert examine_due(NOW + timedelta(hours=1)) == 1 and grown_since([cycle.pk]) == frozenset()
    seen = entries_of(cycle).count()
    write_down(town.act("chair", NOW), f"cycle.{arrow}", cycle.reference, about=cycle.reference)
    recorded()
    examine_due(NOW + timedelta(hours=2))
    past_the_acts(town)
    assert grown_since([cycle.pk]) == frozenset()
    assert entries_of(cycle).count() == seen + 1


def test_a_year_is_examined_again_once_its_trail_has_grown_and_not_before(town):
    cycle = cycle_of(town)
    recorded()
    assert examine_due(NOW) == 1 and examine_due(NOW) == 0
    act = town.act("clerk", NOW)
    write_down(act, "auth.sign_in", f"user:{act.person.pk}" if act.person else "user:1")
    recorded()
    seen = Examination.objects.get().size
    assert grown_since([cycle.pk]) == frozenset()  # an entry, but none of the year
    assert examine_due(NOW) == 0
    assert Examination.objects.get().size == seen + 1  # passed over
    fire_one(town, cycle)
    assert grown_since([cycle.pk]) == {cycle.pk}
    assert examine_due(NOW + timedelta(hours=1)) == 1
    assert Examination.objects.get().at == NOW + timedelta(hours=1) and grown_since([cycle.pk]) == frozenset()


def test_a_row_changed_beside_a_year_is_looked_at_until_the_year_is_over(town):
    cycle = cycle_of(town)
    recorded()
    examine_due(NOW)
    change_beside(town)
    assert grown_since([cycle.pk]) == {cycle.pk} and examine_due(NOW) == 1
    assert grown_since([cycle.pk]) == frozenset()
    fire(cycle, "end", town.act("clerk", NOW))
    recorded()
    assert grown_since([cycle.pk]) == {cycle.pk} and examine_due(NOW) == 1
    change_beside(town)
    assert grown_since([cycle.pk]) == frozenset()
    assert Examination.objects.get().not_yet == 0
    assert examine_due(NOW + timedelta(days=9)) == 0


def change_beside(town) -> None:
    """An office's row changed past the acts."""
    grant = RoleGrant.objects.filter(tenant=town.unit, office="clerk")
    write_down(town.act("clerk", NOW), "row.change", f"grant:{grant.get().pk}")
    recorded()


def fire_one(town, cycle) -> None:
    write_down(town.act("clerk", NOW), "collection.close_books", cycle.reference, about=cycle.reference)
    recorded()


def test_a_day_that_passes_is_looked_at_anew_while_anything_may_still_fall_due(town):
    cycle_of(town)
    recorded()
    examine_due(NOW)
    assert Examination.objects.get().not_yet > 0
    assert examine_due(NOW + timedelta(hours=10)) == 0 and examine_due(NOW + timedelta(days=1)) == 1
    Examination.objects.update(not_yet=0)
    assert examine_due(NOW + timedelta(days=9)) == 0


def test_other_checks_examine_every_year_again(town, monkeypatch):
    cycle_of(town)
    recorded()
    examine_due(NOW)
    monkeypatch.setattr(examining, "CHECKED_BY", "0" * 16)
    assert examine_due(NOW) == 1 and examine_due(NOW) == 0


def test_one_year_that_cannot_be_examined_keeps_no_other_waiting(town, monkeypatch):
    first, second = cycle_of(town), cycle_of(town, year=2028)
    recorded()
    real = examining.conforming.conformance_of

    def failing(cycle, on):
        if cycle.pk == first.pk:
            raise ValueError(cycle.pk)
        return real(cycle, on)

    monkeypatch.setattr(examining.conforming, "conformance_of", failing)
    travel(monkeypatch, "2027-06-01")
    assert sweep_examinations() == 1
    assert list(Examination.objects.values_list("cycle_id", flat=True)) == [second.pk]


def test_a_sweep_ends_in_time_and_the_next_goes_on_with_the_oldest(town):
    first, second = cycle_of(town), cycle_of(town, year=2028)
    recorded()
    examine_due(NOW)
    Examination.objects.filter(cycle=second).update(at=NOW - timedelta(days=3))
    Examination.objects.filter(cycle=first).update(at=NOW - timedelta(days=2))
    assert examine_due(NOW, seconds=-1) == 0
    with connection.cursor() as cursor:
        cursor.execute(examining.DUE, {"checks": examining.CHECKED_BY, "today": NOW.date()})
        assert [row[0] for row in cursor.fetchall()] == [second.pk, first.pk]


def test_the_county_reads_its_own_examinations_and_a_part_of_the_work_none(town):
    cycle_of(town)
    other = township("T02", name="柳河镇")
    cycle_of(other)
    recorded()
    assert examine_due(NOW) == 2
    apply(context_of(RoleGrant.objects.get(user=town.of("clerk"), office="clerk")))
    assert [e.unit_id for e in Examination.objects.all()] == [town.unit.pk]
    limited = RoleGrant(office="auditor", unit=town.unit, tenant=town.unit, scope=["5", "6", "money"])
    apply(context_of(limited))
    assert not Examination.objects.exists()


def test_the_matrix_says_how_many_as_of_when_and_that_more_was_done_since(client, town, monkeypatch):
    year = year_of(town).building()
    travel(monkeypatch, "2027-06-01")
    leader = leader_of(town.unit.parent)
    client.force_login(leader)
    assert "尚未检查" in text_of(client, "/county/")
    apply(SYSTEM)
    recorded()
    examine_due(NOW)
    kept = Examination.objects.get()
    page = text_of(client, "/county/?sort=deviations")
    cell = re.search(rf'href="/years/{year.cycle.pk}/conformance/\?status=not_held">{kept.not_held}<', page)
    assert cell and "截至6月1日" in page and "此后有新记录" not in page
    live = text_of(client, f"/years/{year.cycle.pk}/conformance/?status=not_held")
    assert live.count('data-label="结论"') == kept.not_held
    apply(SYSTEM)
    town_act = town.act("gov_clerk", NOW)
    propose(town_act, title="修桥", content="修一座桥。", proposer_kind="resident")
    fire_one(town, year.cycle)
    apply(SYSTEM)
    assert "截至6月1日，此后有新记录" in text_of(client, "/county/")


def test_the_list_behind_names_the_checks_and_leads_to_the_years_page(client, town, monkeypatch):
    year = year_of(town).building()
    travel(monkeypatch, "2027-06-01")
    recorded()
    examine_due(NOW)
    kept, titles = Examination.objects.get(), {check.code: check.title for check in CHECKS}
    client.force_login(leader_of(town.unit.parent))
    page = text_of(client, "/county/list/conformance/?which=not_held")
    assert f"data-total>{kept.not_held}<" in page and titles[kept.broken[0]] in page
    assert f"/years/{year.cycle.pk}/conformance/?status=not_held" in page
    assert f"查至第 {kept.size} 条办理记录" in page
    assert "程序规范检查截至2027年6月1日" in notes(client)


def notes(client) -> str:
    import io

    import openpyxl

    say_purpose(client)
    book = openpyxl.load_workbook(io.BytesIO(client.get("/county/file/xlsx/").content))
    assert "程序规范" in book.sheetnames
    return "".join(str(row[0]) for row in book["说明"].iter_rows(values_only=True))


def test_the_evidence_of_a_check_leads_to_the_entry_on_the_trail(client, town, monkeypatch):
    year = year_of(town).building()
    travel(monkeypatch, "2027-06-01")
    client.force_login(town.of("clerk"))
    page = text_of(client, f"/years/{year.cycle.pk}/conformance/")
    code = town.unit.code
    found = re.findall(rf'href="(/trail/\?unit={code}&amp;number=(\d+))">(\d+)</a>', page)
    assert found and all(number == shown for _url, number, shown in found)
    one = text_of(client, found[0][0].replace("&amp;", "&"))
    assert one.count("timeline-item") == 1
    for wrong in ("0", "x", "9" * 30):
        assert text_of(client, f"/trail/?unit={code}&number={wrong}").count("timeline-item") == 0
