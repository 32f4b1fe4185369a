"""The trail: entries written per second, and files of it per second with the memory they take.

Writing: pgbench, one entry a transaction, with all the trail's triggers, on one unit and on thirty at once, against the
same row into a table with the same columns and indexes and no trigger, on a server of its own that is safe on the disk at
every commit, as in production. Reading: each format in a process of its own,
against COPY of the same rows and of the same columns, in turn.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from pytest_django import DjangoDbBlocker

from projects.site import postgres
from projects.site.env import PROJECT
from projects.site.postgres import DATABASE, Cluster
from tests.bench.exporting import ADDITIONS
from tests.bench.large import own_server
from tests.bench.report import publish
from tests.builders import at
from tests.databases import Server, as_url
from tests.polling import connected_to
from workflow.audit.services import Act, write_down
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit, UnitKind
from workflow.people.services import create_unit

UNITS, CLIENTS = 30, 30
SECONDS = float(os.environ.get("PIAOJUE_BENCH_SECONDS", "8"))
MANY = int(os.environ.get("PIAOJUE_BENCH_ROWS", "1000000"))
FEW = min(10_000, MANY // 10)
ROUNDS = 3
GOAL_WRITES, GOAL_MB, GOAL_VERIFY = 300, 64, 10
PAGES = (500, 1_500)  # entries printed: each takes two lines
STORED, FIELDS = "COPY of the rows as stored", "COPY of the table's columns"
FORMS = ("jsonl", "csv", "xlsx", "xes", "ocel")

BODY = (
    '{"about":"cycle:3","action":"supervision.progress","actor":"","after":{"percent":40,"sum":1200000,'
    '"text":"完成路基三公里，开始铺设路面；=1+1"},"at":"2027-04-05T01:00:00.000000Z","before":{"percent":20},'
    '"label":"村道硬化","office":"department","reason":"","request":"8c5f","step":5,"subject":"project:12",'
    '"task":"supervision.progress 77","unit":"T01"}'
)
WRITE = """
\\set unit random(1, {units})
BEGIN;
SELECT set_config('piaojue.mode', 'system', true);
INSERT INTO {table} (unit_id, at, body) VALUES ((ARRAY{ids}::bigint[])[:unit], '2027-04-05 09:00+08', '{body}');
COMMIT;
"""
FILL = """
INSERT INTO workflow_entry (unit_id, at, body)
SELECT %(unit)s, '2027-04-05 09:00+08'::timestamptz + g * interval '1 second',
    replace(replace(%(body)s, '2027-04-05T01:00:00', to_char(timestamp '2027-04-05 01:00' + g * interval '1 second',
        'YYYY-MM-DD"T"HH24:MI:SS')), 'project:12', 'project:' || (g %% 500))
FROM generate_series(1, %(rows)s) g ORDER BY g
"""
# What the deferred trigger does at each commit, for all of them at once.
CHAIN = """
DO $$
DECLARE entry record; prev bytea := decode(repeat('00', 32), 'hex'); digest bytea; n bigint := 0;
BEGIN
    FOR entry IN SELECT id, at, body FROM workflow_entry WHERE unit_id = {unit} ORDER BY id LOOP
        n := n + 1;
        digest := sha256(prev || convert_to('piaojue-leaf-v1' || E'\\n' || {unit} || E'\\n' || n || E'\\n' || entry.id || E'\\n'
            || to_char(entry.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || E'\\n' || entry.body, 'UTF8'));
        INSERT INTO workflow_leaf (entry_id, unit_id, index, recorded_at, prev, hash)
            VALUES (entry.id, {unit}, n, entry.at, prev, digest);
        prev := digest;
    END LOOP;
    INSERT INTO workflow_head (unit_id, size, hash) VALUES ({unit}, n, prev);
END $$
"""
Owner = psycopg.Connection[Any]
Measured = dict[str, list[dict[str, float]]]  # way → rounds


def thirty_units() -> list[int]:
    with within(SYSTEM):
        made = [create_unit(code=f"B{n}", name=f"第{n}镇", kind=UnitKind.TOWNSHIP) for n in range(UNITS)]
    return [unit.pk for unit in made]


@pytest.fixture
def units(fresh_database: str) -> list[int]:
    return thirty_units()


def pgbench() -> str:
    """The one of the embedded server, else the one installed."""
    found = (
        shutil.which("pgbench")
        if settings.CLUSTER is None
        else str(postgres._shipped_install() / "bin" / "pgbench")
    )
    if found is None:
        pytest.skip("no pgbench here")
    return found


def transactions(conninfo: str, script: Path, clients: int) -> float:
    """Transactions per second of one run."""
    said = subprocess.run(
        [pgbench(), "-n", "-c", str(clients), "-j", "2", "-T", str(max(1, round(SECONDS))), "-f", str(script), conninfo],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    found = re.search(r"tps = ([\d.]+)", said)
    assert found and "failed transactions: 0" in said, said
    return float(found[1])


def by_the_service(unit_id: int) -> float:
    """Entries per second of `write_down`, one client, a transaction each."""
    with within(SYSTEM):
        unit = Unit.objects.get(pk=unit_id)
    act, count = Act(None, "department", unit, at("2027-04-05")), max(20, round(SECONDS * 40))
    begun = time.perf_counter()
    for n in range(count):
        with within(SYSTEM):
            write_down(
                act, "supervision.progress", f"project:{n}", about="cycle:3", step=5, after={"percent": 40}
            )
    return count / (time.perf_counter() - begun)


@pytest.fixture
def durable(template_database: str, django_db_blocker: DjangoDbBlocker) -> Iterator[Cluster]:
    """A server of its own: what is committed is on the disk."""
    with own_server(template_database, durable=True) as made, django_db_blocker.unblock(), connected_to(made):
        yield made


@pytest.mark.bench
def test_writing_the_trail(durable: Cluster, tmp_path: Path) -> None:
    units = thirty_units()
    with durable.superuser(DATABASE) as opened:
        opened.execute("CREATE TABLE bench_entry (LIKE workflow_entry INCLUDING ALL)")
        opened.execute("GRANT INSERT ON bench_entry TO PUBLIC")
    conninfo = durable.urls().app

    def of(table: str, ids: list[int]) -> Callable[[], float]:
        script = tmp_path / f"{table}-{len(ids)}.sql"
        script.write_text(WRITE.format(table=table, ids=ids, units=len(ids), body=BODY), encoding="utf-8")
        return lambda: transactions(conninfo, script, CLIENTS)

    ways: dict[str, Callable[[], float]] = {
        "plain insert": of("bench_entry", units),
        "trail, thirty units": of("workflow_entry", units),
        "trail, one unit": of("workflow_entry", units[:1]),
        "write_down, one unit, one client": lambda: by_the_service(units[0]),
    }
    seen: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(ROUNDS):
        for way, run in ways.items():
            seen[way].append(run())
    medians = {way: statistics.median(found) for way, found in seen.items()}
    rows = [
        {"way": way, "clients": 1 if "one client" in way else CLIENTS, "entries_per_s": round(medians[way])}
        for way in ways
    ]
    share = medians["trail, thirty units"] / medians["plain insert"]
    notes = [
        f"one unit: {medians['trail, one unit']:.0f} entries/s (goal ≥ {GOAL_WRITES})",
        f"thirty units at once / plain insert: {share:.2f} (goal ≥ 0.5)",
        f"one entry a transaction; {ROUNDS} rounds of {SECONDS:.0f} s of each, in turn",
    ]
    publish("trail", rows, notes)


def fill(owner: Owner, unit: int, rows: int) -> None:
    """A whole chain of so many entries; refusals and the deferred trigger are off while it is made."""
    tables = ("workflow_entry", "workflow_leaf")
    with owner.transaction():
        owner.execute("SELECT set_config('piaojue.mode', 'system', true)")
        for table in tables:
            owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        owner.execute(FILL, {"unit": unit, "body": BODY, "rows": rows})
        owner.execute(CHAIN.format(unit=unit))
        owner.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    owner.execute("VACUUM ANALYZE workflow_entry, workflow_leaf")


def measured(server: Server, database: str, ways: Sequence[str], unit: int, rounds: int) -> Measured:
    """What `exporting.py` found in a process of its own."""
    addresses = {
        "DATABASE_URL": as_url(server.url("app", database)),
        "DATABASE_OWNER_URL": as_url(server.url("owner", database)),
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.exporting"],
        input=json.dumps({"ways": list(ways), "unit": unit, "rounds": rounds}),
        env={**os.environ, **addresses}, cwd=PROJECT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)  # type: ignore[no-any-return]


@pytest.mark.bench
def test_reading_the_trail(
    fresh_database: str, units: list[int], database_server: Server, owner_connection: Owner
) -> None:
    sizes = {FEW: units[0], MANY: units[1]}
    for count, unit in sizes.items():
        fill(owner_connection, unit, count)
    rows, rates = [], dict[tuple[str, int], float]()
    for count, unit in sizes.items():

        def read(ways: Sequence[str], rounds: int, unit: int = unit) -> Measured:
            return measured(database_server, fresh_database, ways, unit, rounds)

        # Together what is compared; then each format alone, for its memory.
        found = read((STORED, FIELDS, "jsonl", "csv", "verify", "additions"), ROUNDS)
        found |= read(("xlsx", "openpyxl"), ROUNDS) if count == FEW else {}
        alone = {form: read((form,), 1)[form] for form in FORMS}
        found = {form: alone[form] for form in FORMS if form not in found} | found
        loop = statistics.median(run["seconds"] for run in found.pop("additions"))
        for way, runs in found.items():
            rates[way, count] = rate = count / statistics.median(run["seconds"] for run in runs)
            row = {"way": way, "rows": count, "rows_per_s": round(rate), "s": round(count / rate, 2)}
            of_file = (
                {"MB": round(runs[0]["bytes"] / 1e6, 1)} if way not in ("verify", "openpyxl") else {"MB": ""}
            )
            rows.append(row | of_file | {"peak_MB": alone[way][0]["peak_mb"] if way in alone else ""})
    loops = MANY / rates["verify", MANY] / loop
    of_the_machine = f"{loops:.1f} × {ADDITIONS} additions by Python, {loop:.2f} s, on {os.cpu_count()} cores"
    publish("trail-export", rows, [*notes_on(rows, rates), f"so many entries verified: {of_the_machine}"])


def notes_on(rows: list[dict[str, Any]], rates: dict[tuple[str, int], float]) -> list[str]:
    peaks = {(row["way"], row["rows"]): row["peak_MB"] for row in rows if row["way"] in FORMS}
    grown = max(peaks[form, MANY] - peaks[form, FEW] for form in FORMS)
    return [
        f"jsonl / {STORED}: {rates['jsonl', MANY] / rates[STORED, MANY]:.2f} (goal ≥ 0.8)",
        f"csv / {FIELDS}: {rates['csv', MANY] / rates[FIELDS, MANY]:.2f} (goal ≥ 0.8)",
        f"xlsx / openpyxl, {FEW} rows: {rates['xlsx', FEW] / rates['openpyxl', FEW]:.1f} (goal ≥ 4, stretch 10)",
        f"peak at {MANY} rows: {max(peaks[form, MANY] for form in FORMS)} MB beyond the idle process (goal ≤ {GOAL_MB}),"
        f" at most {grown:.1f} more than at {FEW}",
        f"{MANY} entries verified in {MANY / rates['verify', MANY]:.1f} s (goal ≤ {GOAL_VERIFY})",
    ]


@pytest.mark.bench
def test_printing_the_trail(
    fresh_database: str, units: list[int], database_server: Server, owner_connection: Owner
) -> None:
    rows, sizes = [], dict(zip(PAGES, units, strict=False))
    for count, unit in sizes.items():
        fill(owner_connection, unit, count)
    for count, unit in sizes.items():
        (run,) = measured(database_server, fresh_database, ("pdf",), unit, 1)["pdf"]
        rows.append(
            {
                "entries": count,
                "s": round(run["seconds"], 1),
                "MB": round(run["bytes"] / 1e6, 2),
                "peak_MB": run["peak_mb"],
                "laid_out_by_MB": run["apart_mb"],
            }
        )
    grown = rows[1]["peak_MB"] - rows[0]["peak_MB"]
    publish(
        "trail-print", rows, [f"{grown:.1f} MB more for {PAGES[1]} entries than for {PAGES[0]} (goal: flat)"]
    )
