"""Ten years of a county, a province and a nation: the figures, the page, and the records counted anew beside them.

Sixteen projects a year in every township, the rest of what is counted as the figures alone; folded and summed as the
sweep leaves them, but for what was written since the last minute. Goals (performance.md): ten years of a nation ≤ 10 ms in
the database and never stale, county page ≤ 100 ms.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from projects.oversight.figures import (
    chosen,
    figures_below,
    figures_by_parent,
    figures_by_year,
    years_seen,
)
from projects.site.postgres import Cluster
from tests import databases
from tests.bench.large import at_most, copy_of, large_server, loading
from tests.bench.report import milliseconds, publish, timed
from tests.polling import connected_to
from tests.projects.oversight.county_world import leader_of
from tests.projects.portal.public_world import travel
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit, UnitKind
from workflow.people.services import create_unit
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import context_of

SIZES = at_most("PIAOJUE_BENCH_TOWNSHIPS", 40, 1_300, 38_600)
TODAY, LAST, YEARS, PROJECTS = date(2027, 6, 1), 2027, 10, 16
IN_A_COUNTY, IN_A_PROVINCE = 13, 1_300
ROUNDS = 3
RUNS = {40: 30, 1_300: 12}  # a larger one: three
YEARLY, ALL_READ, LATEST = "years, year by year", "which years there are", "latest years, by row"
PAGE, ANEW, FROM_FIGURES = "page", "projects counted anew, by year", "years, from every figure"
TABLES = ("workflow_unit", "projects_cycle", "projects_project", "projects_yearfigure")

# Levels below the unit looked at; each is given how many there are and of what kind.
LEVEL = """
INSERT INTO workflow_unit (code, name, kind, parent_id, tenant_id, path)
SELECT %(letter)s || n, '第' || n || %(word)s, %(kind)s, above[n %% cardinality(above) + 1], NULL, '/'
FROM (SELECT array_agg(id ORDER BY id) AS above FROM workflow_unit WHERE code LIKE %(above)s || '%%') a,
    generate_series(1, %(number)s) n
"""
PLACE = """
UPDATE workflow_unit u SET tenant_id = u.id, path = above.path || u.id || '/'
FROM workflow_unit above WHERE above.id = u.parent_id AND u.code LIKE %(letter)s || '%%'
"""
CYCLES = """
INSERT INTO projects_cycle (unit_id, year, period, opens_on, planned_t, planned_t2, rules_data, rules_version, state)
SELECT u.id, y, '', make_date(y - 1, 9, 1), make_date(y, 1, 20), make_date(y + 1, 1, 18), '{}', 0,
    CASE WHEN y = %(last)s THEN 'supervising' ELSE 'closed' END
FROM generate_series(%(last)s - %(years)s + 1, %(last)s) y, workflow_unit u WHERE u.kind = 'township' ORDER BY y, u.id
"""
RECORDS = """
INSERT INTO projects_project (unit_id, cycle_id, item_id, number, title, content, category, place, target, budget_fen,
    finish_by, leader, light, light_set_aside, light_reason, percent, invested_fen, funded_fen, carried_reason, state)
SELECT c.unit_id, c.id, c.id * 100 + n, n, '路灯', '。', '交通', '', '', 100000000 + n, make_date(c.year, 12, 1), '',
    CASE WHEN n %% 5 = 0 THEN 'red' ELSE 'green' END, '', '', 50, 40000000, 60000000, '',
    CASE WHEN n = 16 THEN 'stopped' WHEN c.year = %(last)s AND n %% 2 = 0 THEN 'building' ELSE 'accepted' END
FROM projects_cycle c, generate_series(1, %(projects)s) n ORDER BY c.id, n
"""
FIGURES = """
INSERT INTO projects_yearfigure (unit_id, cycle_id, year, measure, facet, day, amount, summed)
SELECT c.unit_id, c.id, c.year, v.measure, v.facet, v.day, v.amount, true
FROM projects_cycle c JOIN (
    SELECT cycle_id, count(*) FILTER (WHERE state = 'accepted') AS accepted,
        count(*) FILTER (WHERE state = 'building') AS building, count(*) FILTER (WHERE state = 'stopped') AS stopped,
        count(*) FILTER (WHERE light = 'red' AND state <> 'stopped') AS red,
        sum(budget_fen) FILTER (WHERE state <> 'stopped') AS budget,
        sum(invested_fen) FILTER (WHERE state <> 'stopped') AS invested,
        sum(funded_fen) FILTER (WHERE state <> 'stopped') AS funded
    FROM projects_project GROUP BY cycle_id
) p ON p.cycle_id = c.id, LATERAL (VALUES
    ('project', 'accepted', NULL::date, p.accepted), ('project', 'building', NULL, p.building),
    ('project', 'stopped', NULL, p.stopped), ('red', '', NULL, p.red), ('budget', '', NULL, p.budget),
    ('invested', '', NULL, p.invested), ('funded', '', NULL, p.funded), ('cycle', c.state, NULL, 1),
    ('proposal', 'resident', NULL, 80), ('proposal', 'deputy', NULL, 30), ('proposal', 'village', NULL, 20),
    ('accepted', '', NULL, 90), ('item', '', NULL, 30), ('candidate', '', NULL, 20), ('elected', '', NULL, 16),
    ('source', 'own', NULL, 900000000), ('source', 'upper', NULL, 500000000), ('source', 'social', NULL, 100000000),
    ('rating', 'satisfied', NULL, 200), ('rating', 'basic', NULL, 60), ('rating', 'dissatisfied', NULL, 9),
    ('judged', '', NULL, 14), ('mark', 'satisfied', NULL, 700), ('mark', 'basic', NULL, 100), ('mark', 'base', NULL, 900),
    ('visit', '', NULL, 40), ('voters', '', NULL, 300), ('inspection', '', NULL, 20), ('due', '', NULL, 77),
    ('present', '', NULL, 70), ('paid', 'own', NULL, 500000000), ('paid', 'upper', NULL, 200000000),
    ('finding', 'closed', NULL, 12), ('check', 'held', NULL, 30), ('check', 'not_held', NULL, 2),
    ('check', 'not_yet', NULL, 5), ('check', 'not_applicable', NULL, 4),
    ('examined', '', make_date(c.year, 5, 1 + (c.unit_id %% 28)::int), 1),
    ('ended', '1', NULL, 40), ('ended', '2', NULL, 30), ('ended', '3', NULL, 30), ('ended', '4', NULL, 20),
    ('ended', '5', NULL, 90), ('ended', '6', NULL, 20), ('late', '2', NULL, 1), ('late', '5', NULL, 3)
) v (measure, facet, day, amount) WHERE v.amount > 0
UNION ALL
SELECT c.unit_id, c.id, c.year, v.measure, v.facet, date '2027-05-20' + (c.unit_id %% 40)::int + n * 3, 1, true
FROM projects_cycle c, generate_series(1, 5) n, LATERAL (VALUES
    ('open', '5:department'), ('open', '5:gov_clerk'), ('open', '6:chair'), ('finding', 'open')
) v (measure, facet) WHERE c.year = %(last)s
ORDER BY 2
"""
# From one level to the next, as each sweep adds to all of them at once; and the writes of the last minute.
SUMS = """
INSERT INTO projects_yearsum (unit_id, year, measure, facet, day, amount)
SELECT u.parent_id, f.year, f.measure, f.facet, f.day, sum(f.amount)
FROM {rows} f JOIN workflow_unit u ON u.id = f.unit_id WHERE u.code LIKE %(letter)s || '%%' GROUP BY 1, 2, 3, 4, 5
"""
SINCE = """
INSERT INTO projects_yearfigure (unit_id, cycle_id, year, measure, facet, day, amount)
SELECT unit_id, id, year, 'item', '', NULL, 1 FROM projects_cycle WHERE year = %(last)s ORDER BY id LIMIT 1000
"""
# Limits of a count from below: one measure of the forty from the records, and all of them from the townships' figures.
COUNT = """
SELECT c.year, p.state, count(*), sum(p.budget_fen), sum(p.invested_fen), sum(p.funded_fen)
FROM projects_project p JOIN projects_cycle c ON c.id = p.cycle_id GROUP BY 1, 2
"""
EVERY_FIGURE = "SELECT year, measure, facet, day, sum(amount) FROM projects_yearfigure GROUP BY 1, 2, 3, 4"


def fill(cluster: Cluster, database: str, top: Unit, townships: int) -> None:
    """So many townships below a unit, in counties and provinces where it is large enough for these."""
    levels = [("T", "镇", "township", townships)]
    if top.kind != UnitKind.COUNTY:
        levels.append(("C", "县", "county", max(2, townships // IN_A_COUNTY)))
    if townships > IN_A_PROVINCE:
        levels.append(("P", "省", "province", max(2, townships // IN_A_PROVINCE)))
    with loading(cluster, database, *TABLES) as opened:
        above = top.code
        for letter, word, kind, number in reversed(levels):
            given = {"letter": letter, "word": word, "kind": kind, "number": number, "above": above}
            opened.execute(LEVEL, given)
            opened.execute(PLACE, given)
            above = letter
        given = {"last": LAST, "years": YEARS, "projects": PROJECTS}
        for statement in (CYCLES, RECORDS):
            opened.execute(statement, given)
        opened.execute("ANALYZE projects_cycle, projects_project")
        opened.execute(FIGURES, given)
        for number, (letter, *_level) in enumerate(levels):
            rows = "projects_yearsum" if number else "projects_yearfigure"
            opened.execute(SUMS.format(rows=rows), {"letter": letter})
        opened.execute(SINCE, given)
        opened.execute("ANALYZE projects_yearsum")


def ways_of(grant: RoleGrant) -> dict[str, Callable[[], Any]]:
    """The reads the page is made of, to be done in the context of whoever looks at it; and the same from below."""
    of_rows = figures_by_year if grant.tenant.kind == UnitKind.COUNTY else figures_by_parent
    latest = [one.cycle_id for one in chosen(years_seen(), None)]
    return {
        YEARLY: lambda: figures_below(grant.tenant, TODAY),
        ALL_READ: years_seen,
        LATEST: lambda: of_rows(latest, TODAY),
        FROM_FIGURES: partial(all_of, EVERY_FIGURE),
        ANEW: partial(all_of, COUNT),
    }


def all_of(statement: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def page(client: Client) -> None:
    assert client.get("/county/").status_code == 200


@pytest.mark.bench
def test_ten_years_of_a_county_a_province_and_a_nation(
    template_database: str, django_db_blocker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    travel(monkeypatch, TODAY.isoformat())
    seen: dict[tuple[str, int], list[float]] = {}
    statements = dict[int, int]()
    with large_server(template_database) as cluster, django_db_blocker.unblock(), connected_to(cluster):
        names = {size: copy_of(cluster, f"townships_{size}") for size in SIZES}
        grants, clients = dict[int, RoleGrant](), dict[int, Client]()
        for size, name in names.items():
            with databases.connected_to(name):
                with within(SYSTEM):
                    kind = UnitKind.COUNTY if size <= min(SIZES) else UnitKind.PROVINCE
                    top = create_unit(code="TOP", name="各地", kind=kind)
                    user = leader_of(top)
                    grants[size] = RoleGrant.objects.select_related("tenant").get(user=user)
                    clients[size] = Client()
                    clients[size].force_login(user)
                fill(cluster, name, top, size)
                page(clients[size])
        for _round in range(ROUNDS):
            for size, name in names.items():
                with databases.connected_to(name):
                    times = max(1, RUNS.get(size, ROUNDS) // ROUNDS)
                    with within(context_of(grants[size])):
                        for way, work in ways_of(grants[size]).items():
                            often = 10 * times if way == YEARLY else times
                            seen.setdefault((way, size), []).extend(timed(work, often))
                    seen.setdefault((PAGE, size), []).extend(timed(partial(page, clients[size]), times))
                    with CaptureQueriesContext(connection) as caught:
                        page(clients[size])
                    statements[size] = len(caught)
    table = {key: milliseconds(times) for key, times in seen.items()}
    rows = [
        {"townships": size, "what": way, **table[way, size], "statements": statements[size] if way == PAGE else ""}
        for way, size in sorted(seen, key=lambda one: one[1])
    ]  # fmt: skip
    most = SIZES[-1]
    notes = [
        f"{YEARS} years of {most} townships, {most * YEARS * PROJECTS} projects, year by year:"
        f" {table[YEARLY, most]['p50_ms']} ms (goal ≤ 10); from every figure {table[FROM_FIGURES, most]['p50_ms']} ms, the"
        f" projects alone counted anew {table[ANEW, most]['p50_ms']} ms",
        f"page at {SIZES[0]} townships {table[PAGE, SIZES[0]]['p50_ms']} ms (goal ≤ 100); at {most}"
        f" {table[PAGE, most]['p50_ms']} ms",
        "through row-level security and Django's test client; a thousand writes no sum holds yet are read beside them",
    ]
    publish("nation", rows, notes)
