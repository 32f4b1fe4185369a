"""The county's page at 40 townships and the province's at 1 300: page, statements, and what counting costs a writer.

Goals (performance.md): county page ≤ 100 ms, as many statements whatever there is; counting ≤ 10 % of a write.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable
from datetime import date
from typing import Any

import psycopg
import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext

from projects.oversight import counting
from projects.oversight.figures import chosen, figures_by_parent, figures_by_year, years_seen
from projects.portal.county_view import View
from tests.bench.report import milliseconds, publish, timed
from tests.projects.oversight.county_world import leader_of
from workflow.flows.models import Deadline
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit, UnitKind, User
from workflow.people.services import create_unit
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import context_of

COUNTIES, TOWNSHIPS, COUNTY, INSIDE, YEARS = 97, 13, 40, 30, 1
PAGES, READS, WRITES, ROUNDS = 30, 60, 150, 3

# Townships below a county, each with units inside it, years, proposals, items, projects, ratings, findings and tasks.
FILL = """
WITH towns AS (
    INSERT INTO workflow_unit (code, name, kind, parent_id, tenant_id, path, ends_on)
    SELECT c.code || lpad(n::text, 2, '0'), c.name || n || '镇', 'township', c.id, NULL, '/', NULL
    FROM workflow_unit c, generate_series(1, %(towns)s) n WHERE c.id = ANY (%(counties)s) RETURNING id
), placed AS (SELECT id FROM towns)
SELECT array_agg(id) FROM placed
"""
PLACE = """
UPDATE workflow_unit t SET tenant_id = t.id, path = c.path || t.id || '/'
FROM workflow_unit c WHERE c.id = t.parent_id AND t.id = ANY (%(towns)s)
"""
INNER = """
INSERT INTO workflow_unit (code, name, kind, parent_id, tenant_id, path, ends_on)
SELECT t.code || '-V' || n, '村', 'village', t.id, t.id, t.path || 'v' || n || '/', NULL
FROM workflow_unit t, generate_series(1, %(inside)s) n WHERE t.id = ANY (%(towns)s)
"""
RECORDS = (
    """INSERT INTO projects_cycle (unit_id, year, period, opens_on, planned_t, planned_t2, rules_data, rules_version, state)
    SELECT t, y, '', make_date(y - 1, 9, 1), make_date(y, 1, 20), make_date(y + 1, 1, 18), '{}', 0,
        CASE WHEN y = 2027 THEN 'supervising' ELSE 'closed' END
    FROM unnest(%(towns)s::bigint[]) t, generate_series(2028 - %(years)s, 2027) y""",
    """INSERT INTO projects_proposal (unit_id, cycle_id, code, title, content, necessity, place, category, funding, channel,
        proposer_kind, received_at, contact_commitment, contact_erased, return_reason, outcome,
        outcome_words, state)
    SELECT c.unit_id, c.id, c.id || '-' || n, '路灯', '。', '', '', '', '', '', (ARRAY['resident', 'deputy', 'village'])[n %% 3 + 1],
        now(), '', '', '', '', '', 'accepted'
    FROM projects_cycle c, generate_series(1, 20) n WHERE c.unit_id = ANY (%(towns)s)""",
    """INSERT INTO projects_item (unit_id, cycle_id, number, title, content, category, place, beneficiaries, funding, leader,
        target, multi_year, milestone, support, added_in_session, decision_reason, excluded_because, state)
    SELECT c.unit_id, c.id, n, '路灯', '。', '交通', '', '', '{"own": 100, "upper": 50}', '', '', false, '', 1, false, '', '',
        CASE WHEN n <= 8 THEN 'elected' ELSE 'not_elected' END
    FROM projects_cycle c, generate_series(1, 12) n WHERE c.unit_id = ANY (%(towns)s)""",
    """INSERT INTO projects_project (unit_id, cycle_id, item_id, number, title, content, category, place, target, budget_fen,
        finish_by, leader, light, light_set_aside, light_reason, percent, invested_fen, funded_fen, carried_reason, state)
    SELECT i.unit_id, i.cycle_id, i.id, i.number, i.title, '。', '交通', '', '', 100000000, date '2027-12-01', '',
        (ARRAY['green', 'red'])[i.number %% 2 + 1], '', '', 50, 40000000, 60000000, '',
        (ARRAY['building', 'accepted'])[i.number %% 2 + 1]
    FROM projects_item i WHERE i.unit_id = ANY (%(towns)s) AND i.state = 'elected'""",
    """INSERT INTO projects_rating (unit_id, project_id, grade, words, salt, erased, "on")
    SELECT p.unit_id, p.id, (ARRAY['satisfied', 'basic', 'dissatisfied'])[n %% 3 + 1], '', '', '', date '2027-10-01'
    FROM projects_project p, generate_series(1, 3) n WHERE p.unit_id = ANY (%(towns)s)""",
    """INSERT INTO projects_finding (unit_id, project_id, words, raised_as, raised_on, measures, responsible, remedy, unproved,
        tries, state)
    SELECT p.unit_id, p.id, '裂缝', 'inspector', date '2027-05-01' + p.number, '', '', '', '', 0, 'open'
    FROM projects_project p WHERE p.unit_id = ANY (%(towns)s) AND p.number <= 3""",
    """WITH p AS (
        INSERT INTO viewflow_process (flow_class, status, created, data)
        VALUES ('projects/collection.flows.ProposalFlow', 'NEW', now(), '{}') RETURNING id
    ), t AS (
        INSERT INTO viewflow_task (flow_task, flow_task_type, status, created, token, data, process_id, owner_permission,
            owner_permission_content_type_id, owner_permission_obj_pk)
        SELECT 'projects/collection.flows.ProposalFlow.receive', 'HUMAN', CASE WHEN n %% 4 = 0 THEN 'NEW' ELSE 'DONE' END,
            now(), 'start', jsonb_build_object('cycle', c.id, 'n', n), p.id, 'gov_clerk', %(type)s, c.unit_id::text
        FROM p, projects_cycle c, generate_series(1, 40) n WHERE c.unit_id = ANY (%(towns)s) RETURNING id, data
    )
    INSERT INTO workflow_deadline (task_id, unit_id, seat_id, office, key, step, year, subject, about, label, opened_on,
        due_on, provisional, done_at, done_office, done_for, cancelled)
    SELECT t.id, c.unit_id, c.unit_id, (ARRAY['gov_clerk', 'department', 'chair'])[(t.data ->> 'n')::int %% 3 + 1],
        'collection.receive', (t.data ->> 'n')::int %% 6 + 1, c.year, 'proposal:1', 'cycle:' || c.id, '路灯',
        date '2027-05-01', date '2027-05-20' + (t.data ->> 'n')::int, false,
        CASE WHEN (t.data ->> 'n')::int %% 4 = 0 THEN NULL ELSE timestamptz '2027-06-01' END, '', '', false
    FROM t JOIN projects_cycle c ON c.id = (t.data ->> 'cycle')::bigint""",
)


COUNTED = ("cycle", "proposal", "item", "project", "rating", "finding")


def switched(opened: psycopg.Connection[Any], to: str) -> None:
    """The writers' counting off while there is nobody to look, and on again."""
    for table in (*(f"projects_{name}" for name in COUNTED), "workflow_deadline"):
        opened.execute(f"ALTER TABLE {table} {to} TRIGGER counted")


def fill(counties: list[Unit], towns: int) -> list[int]:
    kind = ContentType.objects.get_for_model(Unit).pk
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"counties": [county.pk for county in counties], "towns": towns})
        made = cursor.fetchone()[0]
        given = {"towns": made, "inside": INSIDE, "years": YEARS, "type": kind}
        for statement in (PLACE, INNER, *RECORDS):
            cursor.execute(statement, given)
    return list(made)


def world() -> tuple[User, User]:
    """A province of 97 counties with 13 townships each and one with 40; whoever looks at the one and at the other."""
    province = create_unit(code="P", name="示范省", kind=UnitKind.PROVINCE)
    counties = [
        create_unit(code=f"P{n:03d}", name=f"第{n}县", kind=UnitKind.COUNTY, parent=province)
        for n in range(COUNTIES + 1)
    ]
    fill(counties[:COUNTIES], TOWNSHIPS)
    fill(counties[COUNTIES:], COUNTY)
    return leader_of(counties[COUNTIES], "county"), leader_of(province, "province")


def page(client: Client) -> None:
    assert client.get("/county/").status_code == 200


def statements(client: Client) -> int:
    with CaptureQueriesContext(connection) as seen:
        page(client)
    return len(seen)


def reading(user: User) -> Callable[[], Any]:
    """The figures alone, through row-level security: of each township's latest year, and their sums."""
    grant = RoleGrant.objects.select_related("tenant").get(user=user)
    read = figures_by_year if grant.tenant.kind == UnitKind.COUNTY else figures_by_parent

    def work() -> None:
        with within(context_of(grant)):
            assert read([one.cycle_id for one in chosen(years_seen(), None)], date(2027, 6, 1))

    return work


def slowly(user: User) -> Callable[[], Any]:
    """The same figures counted from the records, as the nightly check counts them."""
    grant = RoleGrant.objects.select_related("tenant").get(user=user)
    units = tuple(
        Unit.objects.filter(path__startswith=grant.tenant.path, kind="township").values_list("pk", flat=True)
    )

    def work() -> None:
        with within(SYSTEM), connection.cursor() as cursor:
            cursor.execute(
                "SELECT measure, facet, sum(amount) FROM projects_yearcount WHERE unit_id = ANY (%s) GROUP BY 1, 2",
                [list(units)],
            )
            assert cursor.fetchall()

    return work


def writing() -> tuple[float, float]:
    """Milliseconds a task's deadline takes to be done, and of these its counting, as the database itself times them."""
    with within(SYSTEM):
        pk = Deadline.objects.filter(done_at=None).order_by("pk").values_list("pk", flat=True)[0]
    whole, counted = [], []
    for _time in range(WRITES):
        with within(SYSTEM), connection.cursor() as cursor:
            cursor.execute(
                "EXPLAIN (ANALYZE) UPDATE workflow_deadline SET done_at = now() WHERE task_id = %s", [pk]
            )
            told = "\n".join(row[0] for row in cursor.fetchall())
            transaction.set_rollback(True)
        trigger, all_of_it = (
            re.search(rf"{what}([\d.]+)", told) for what in ("Trigger counted: time=", "Execution Time: ")
        )
        assert trigger and all_of_it
        counted.append(float(trigger[1]))
        whole.append(float(all_of_it[1]))
    return statistics.median(whole), statistics.median(counted)


@pytest.mark.bench
def test_the_countys_page_and_the_provinces(
    fresh_database: str, owner_connection: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.projects.portal.public_world import travel

    travel(monkeypatch, "2027-06-01")
    switched(owner_connection, "DISABLE")
    with within(SYSTEM):
        readers = dict(zip((COUNTY, COUNTIES * TOWNSHIPS + COUNTY), world(), strict=True))
    switched(owner_connection, "ENABLE")
    with within(SYSTEM), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO projects_yearfigure ({counting.KEY}, amount) SELECT {counting.KEY}, amount FROM projects_yearcount"
        )
    counting.sum_up()
    owner_connection.execute("VACUUM ANALYZE")
    clients = {size: Client() for size in readers}
    for size, user in readers.items():
        with within(SYSTEM):
            clients[size].force_login(user)
        page(clients[size])
    ways: dict[tuple[int, str], Callable[[], Any]] = {}
    for size, user in readers.items():
        with within(SYSTEM):
            ways[size, "figures, database and sums"] = reading(user)
            ways[size, "the same from the records"] = slowly(user)
        ways[size, "page"] = lambda size=size: page(clients[size])
    seen: dict[tuple[int, str], list[float]] = {way: [] for way in ways}
    for _round in range(ROUNDS):
        for (size, name), work in ways.items():
            times = READS if name.startswith("figures") else PAGES if size == COUNTY else PAGES // 3
            times = 3 if "records" in name else times
            seen[size, name] += timed(work, max(1, times // ROUNDS))
    counts = {size: statements(client) for size, client in clients.items()}
    rows = [
        {"townships": size, "what": name, **milliseconds(seen[size, name]),
         "statements": counts[size] if name == "page" else ""}
        for size, name in seen
    ]  # fmt: skip
    whole, counted = writing()
    with within(SYSTEM):
        kept = View(Unit.objects.get(code="P"), QueryDict(""), date(2027, 6, 1))
        assert kept.by_county and len(kept.rows) == COUNTIES + 1
    publish(
        "county",
        rows,
        [
            f"county page {rows[2]['p50_ms']} ms (goal ≤ 100); figures / records at {rows[3]['townships']} townships:"
            f" {rows[4]['p50_ms'] / rows[3]['p50_ms']:.0f}×",
            f"counting a deadline that is done takes {counted:.3f} ms of the {whole:.3f} ms of its one statement, before the"
            " commit; completing a task has some thirty statements, three or four of which are counted (part complete)",
            f"{YEARS} year of each township, {INSIDE} units inside it; through row-level security and Django's test client",
        ],
    )
