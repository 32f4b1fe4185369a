"""Completing a human task: ours against bare viewflow and against the same statements raw, in one run.

Ours checks the office, validates the form, runs the service, moves the machine, writes the trail, wakes the post
office and opens the next deadline. Bare viewflow goes through the same nodes, a task and the gate behind it, and does
none of that. Goals: ≥ 0.6 × bare viewflow, at most thirty statements.
"""

from __future__ import annotations

import re
import statistics
import time
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from viewflow.workflow import Flow
from viewflow.workflow.models import Task

from projects.collection.intake import propose
from projects.lifecycle.intake import start_year
from tests.bench.report import milliseconds, publish
from tests.builders import at, do, meeting_of, township
from tests.projects.collection.test_collection import CALL, PLAN, SCHEME
from workflow.flows.models import Deadline
from workflow.flows.services import complete
from workflow.people.isolation import SYSTEM, apply, within

RUNS = 60
RAW, BARE, GATED = "raw, same statements", "bare viewflow, no gate", "bare viewflow, same nodes"
OURS = "ours"


def prepared() -> Any:
    with within(SYSTEM):
        town = township()
        start_year(town.act("chair", at("2026-08-10")), **PLAN)
        do("collection.scheme", town.of("chair"), "2026-08-12", **SCHEME)
        party = meeting_of(town.people["party"], "2026-08-20", return_reason="")
        do("collection.scheme_party", town.of("party"), "2026-08-20", **party)
        do("collection.open", town.of("chair"), "2026-09-01")
        do("collection.publish_call", town.of("gov_clerk"), "2026-09-02", **CALL)
        for number in range(RUNS * 2 + 5):
            propose(town.act("station", at("2026-09-10")), title=f"路灯 {number}", content="村口无灯。")
    return town


def waiting() -> list[int]:
    with within(SYSTEM):
        return list(
            Deadline.objects.filter(key="collection.receive", done_at=None).values_list("pk", flat=True)
        )


def accept(task_id: int, town: Any) -> None:
    complete(
        task_id,
        actor=town.of("gov_clerk"),
        data={"decision": "return", "reason": "请写明地点"},
        at=at("2026-09-11"),
    )


def ours(task_id: int, town: Any) -> float:
    start = time.perf_counter()
    with within(SYSTEM):
        accept(task_id, town)
    return time.perf_counter() - start


def bare(flow: type[Flow], actor: Any) -> float:
    """The library alone: the task is found by its number and done under the library's own lock, as ours is."""
    with within(SYSTEM):
        process = flow.start.run()
        process.data = {"more": True}
        process.save(update_fields=["data"])
        task_id = process.task_set.get(flow_task=flow.instance.node("work")).pk
    start = time.perf_counter()
    with within(SYSTEM), Task.objects.get(pk=task_id).activation() as activation:
        activation.assign(actor)
        activation.start(None)
        activation.execute()
    return time.perf_counter() - start


def captured(task_id: int, town: Any) -> list[str]:
    """The statements of one completion that is then taken back."""
    with transaction.atomic():
        apply(SYSTEM)
        with CaptureQueriesContext(connection) as seen:
            accept(task_id, town)
        transaction.set_rollback(True)
    return [q["sql"] for q in seen if not re.match(r"SAVEPOINT|RELEASE", q["sql"])]


SEQUENCES = ("viewflow_task_id_seq", "workflow_entry_id_seq", "viewflow_task_previous_id_seq")


def raw(statements: list[str], opened: psycopg.Connection[Any], before: dict[str, int]) -> float:
    """The same statements by psycopg alone, committed; sequences are put back so that their ids fit."""
    for name, value in before.items():
        opened.execute(f"SELECT setval('{name}', {value}, true)")
    opened.commit()
    start = time.perf_counter()
    opened.execute("SELECT set_config('piaojue.mode', 'system', true)")
    for statement in statements:
        opened.execute(statement)
    opened.commit()
    return time.perf_counter() - start


def positions(opened: psycopg.Connection[Any]) -> dict[str, int]:
    found = {name: opened.execute(f"SELECT last_value FROM {name}").fetchone()[0] for name in SEQUENCES}
    opened.commit()
    return found


@pytest.mark.bench
def test_completing_a_task(fresh_database: str, database_server) -> None:
    # Here and not above: a flow that exists is checked, and these hold no office on purpose.
    from tests.bench.flows import BareFlow, GatedFlow

    town = prepared()
    tasks, counts = waiting(), []
    seen: dict[str, list[float]] = {RAW: [], BARE: [], GATED: [], OURS: []}
    with psycopg.connect(database_server.url("owner", fresh_database)) as opened:
        for _ in range(RUNS):
            seen[OURS].append(ours(tasks.pop(), town))
            seen[BARE].append(bare(BareFlow, town.of("gov_clerk")))
            seen[GATED].append(bare(GatedFlow, town.of("gov_clerk")))
            before, statements = positions(opened), captured(tasks.pop(), town)
            counts.append(len(statements))
            seen[RAW].append(raw(statements, opened, before))
    medians = {name: statistics.median(values) for name, values in seen.items()}
    rows = [
        {"way": name, "steps_per_s": round(1 / medians[name]), **milliseconds(seen[name])} for name in seen
    ]
    notes = [
        f"ours / {GATED}: {medians[GATED] / medians[OURS]:.2f} (goal ≥ 0.6, stretch 1.0)",
        f"ours / {BARE}: {medians[BARE] / medians[OURS]:.2f}",
        f"ours / {RAW}: {medians[RAW] / medians[OURS]:.2f}",
        f"statements per completed task: {max(counts)} (goal ≤ 30)",
        f"{RUNS} runs of each, in turn; ours passes a gate on its way to the next task, so the library is measured "
        "with that gate and without it",
    ]
    publish("complete", rows, notes)
