"""Completing a human task: ours against bare viewflow and against the same statements raw, in one run.

Ours checks the office, validates the form, runs the service, moves the machine, writes the trail and opens the next
deadline. Goals: ≥ 0.6 × bare viewflow, at most thirty statements.
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

from projects.collection.intake import propose
from projects.lifecycle.services import start_year
from tests.bench.report import milliseconds, publish
from tests.builders import at, do, meeting_of, township
from tests.projects.collection.test_collection import CALL, PLAN, SCHEME
from workflow.flows.models import Deadline
from workflow.flows.services import complete
from workflow.people.isolation import SYSTEM, apply, within

RUNS, ROUNDS = 60, 3


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


def bare(actor: Any) -> float:
    from tests.bench.flows import BareFlow

    with within(SYSTEM):
        process = BareFlow.start.run()
        task = process.task_set.get(flow_task=BareFlow.instance.node("work"))
    start = time.perf_counter()
    with within(SYSTEM), task.activation() as activation:
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
    town = prepared()
    tasks, counts = waiting(), []
    seen: dict[str, list[float]] = {"raw": [], "bare viewflow": [], "ours": []}
    with psycopg.connect(database_server.url("owner", fresh_database)) as opened:
        for _ in range(ROUNDS):
            for _ in range(RUNS // ROUNDS):
                seen["ours"].append(ours(tasks.pop(), town))
                seen["bare viewflow"].append(bare(town.of("gov_clerk")))
                before, statements = positions(opened), captured(task_id := tasks.pop(), town)
                counts.append(len(statements))
                seen["raw"].append(raw(statements, opened, before))
                assert task_id
    medians = {name: statistics.median(values) for name, values in seen.items()}
    rows = [
        {"way": name, "steps_per_s": round(1 / medians[name]), **milliseconds(seen[name])} for name in seen
    ]
    notes = [
        f"ours / bare viewflow: {medians['bare viewflow'] / medians['ours']:.2f} (goal ≥ 0.6, stretch 1.0)",
        f"ours / raw, same statements: {medians['raw'] / medians['ours']:.2f}",
        f"statements per completed task: {max(counts)} (goal ≤ 30)",
    ]
    publish("complete", rows, notes)
