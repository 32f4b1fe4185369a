"""The queue page's query as the number of tasks grows: flat, whatever lies behind it (goal ≤ 1.5×)."""

from __future__ import annotations

import pytest
from django.db import connection

from tests.bench.report import milliseconds, publish, timed
from tests.builders import township
from workflow.inbox.selectors import queue_of
from workflow.people.isolation import SYSTEM, within
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import context_of

SIZES = (10_000, 500_000)
OPEN_PER_OFFICE = 200
RUNS, ROUNDS = 200, 3

FILL = """
    WITH p AS (
        INSERT INTO viewflow_process (flow_class, status, created, data)
        VALUES ('projects/collection.flows.ProposalFlow', 'NEW', now(), '{}') RETURNING id
    ), t AS (
        INSERT INTO viewflow_task (flow_task, flow_task_type, status, created, token, data, process_id,
            owner_permission, owner_permission_content_type_id, owner_permission_obj_pk)
        SELECT 'projects/collection.flows.ProposalFlow.receive', 'HUMAN',
            CASE WHEN g <= %(open)s THEN 'NEW' ELSE 'DONE' END, now() - g * interval '1 second', 'start', '{}', p.id,
            'gov_clerk', %(type)s, %(unit)s::text
        FROM p, generate_series(1, %(size)s) g RETURNING id, status
    )
    INSERT INTO workflow_deadline (task_id, unit_id, seat_id, office, key, step, year, subject, about, label,
        opened_on, due_on, provisional, done_at, done_office, done_for, cancelled)
    SELECT id, %(unit)s, %(unit)s, 'gov_clerk', 'collection.receive', 1, 2027, 'proposal:1', 'cycle:1', '路灯',
        current_date, current_date + 5, false, CASE WHEN status = 'NEW' THEN NULL ELSE now() END, '', '', false FROM t
"""


def fill(grant: RoleGrant, size: int) -> None:
    from django.contrib.contenttypes.models import ContentType

    from workflow.people.models import Unit

    kind = ContentType.objects.get_for_model(Unit).pk
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"open": OPEN_PER_OFFICE, "type": kind, "unit": grant.unit_id, "size": size})


def read(grant: RoleGrant) -> int:
    with within(context_of(grant)):
        return len(list(queue_of(grant)))


@pytest.mark.bench
def test_queue_page_query(fresh_database: str, owner_connection) -> None:
    grants = {}
    for size in SIZES:
        with within(SYSTEM):
            town = township(f"B{size}")
            grants[size] = RoleGrant.objects.select_related("tenant", "unit").get(user=town.of("gov_clerk"))
            fill(grants[size], size)
    owner_connection.execute("VACUUM ANALYZE viewflow_task, workflow_deadline")
    seen: dict[int, list[float]] = {size: [] for size in SIZES}
    for _ in range(ROUNDS):
        for size in SIZES:
            assert read(grants[size]) == OPEN_PER_OFFICE
            seen[size] += timed(lambda size=size: read(grants[size]), RUNS // ROUNDS)
    rows = [{"tasks": size, **milliseconds(seen[size])} for size in SIZES]
    ratio = rows[1]["p50_ms"] / rows[0]["p50_ms"]
    note = f"{SIZES[1]} / {SIZES[0]} tasks: {ratio:.2f}× (goal ≤ 1.5×)"
    note += f"; {OPEN_PER_OFFICE} open per office, through row-level security and the ORM"
    publish("queue", rows, [note])
