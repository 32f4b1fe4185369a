"""A trail verified by several processes: they find what one finds, see what it sees, and none fails unseen."""

from __future__ import annotations

import subprocess
from threading import Thread
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError
from django.db import connection

from tests.builders import at
from tests.workflow.audit.test_verify import ENTRY, LEAF, TAMPERINGS, tamper, trail, verdict
from workflow.audit import beside
from workflow.audit.checking import OutsideHead, Verdict
from workflow.audit.heads import grown
from workflow.audit.models import Head
from workflow.audit.services import Act, chain_now, write_down
from workflow.audit.stretches import Given
from workflow.audit.verify import one_view, verify
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit

Owner = psycopg.Connection[Any]
Started = list[subprocess.Popen[bytes]]
__all__ = ["trail"]  # its two units with six entries each


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    """The processes that are started, where there are two cores and a stretch is of two entries."""
    found: Started = []

    class Noted(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            found.append(self)

    monkeypatch.setattr(beside.subprocess, "Popen", Noted)
    monkeypatch.setattr("workflow.audit.verify.STRETCH", 2)
    monkeypatch.setattr("workflow.audit.verify.os.sched_getaffinity", lambda _process: {0, 1})
    return found


def unit_of(code: str) -> int:
    with within(SYSTEM):
        return Unit.objects.get(code=code).pk


def heads_of(unit: int) -> list[OutsideHead]:
    """A head of every size."""
    found = []
    with within(SYSTEM), connection.cursor() as cursor:
        cursor.execute("SELECT index, hash FROM workflow_leaf WHERE unit_id = %s ORDER BY index", [unit])
        for size, digest in cursor.fetchall():
            root = grown(unit, None, size, bytes(digest)).root()
            found.append(OutsideHead(size, bytes(digest).hex(), root.hex()))
    return found


def one_way_and_the_other(unit: int, heads: list[OutsideHead], started: Started) -> Verdict:
    with one_view():
        found = verify(unit, outside=heads)
        assert started
    with within(SYSTEM):  # may have written: nobody else is asked
        before = len(started)
        assert verify(unit, outside=heads) == found
        assert len(started) == before
    return found


@pytest.mark.parametrize("what", TAMPERINGS)
def test_several_processes_find_what_one_finds(
    trail: None, owner_connection: Owner, started: Started, what: str
) -> None:
    statements, code, index, fault = TAMPERINGS[what]
    tamper(owner_connection, *statements)
    found = one_way_and_the_other(unit_of(code), [], started).fault
    assert found is not None and (found.index, found.code) == (index, fault)


def test_roots_kept_outside_are_compared_in_every_stretch(trail: None, started: Started) -> None:
    unit = unit_of("T01")
    heads = heads_of(unit)
    whole = one_way_and_the_other(unit, heads, started)
    assert (whole.fault, whole.agreed) == (None, 6)
    for place in (3, 4):  # the last of a stretch, the first of the next
        wrong = [*heads]
        wrong[place] = OutsideHead(place + 1, heads[place].hash, "0" * 64)
        found = one_way_and_the_other(unit, wrong, started)
        assert found.fault and (found.fault.index, found.fault.code) == (place + 1, "outside")
        assert (found.size, found.hash, found.agreed) == (place, heads[place - 1].hash, place)


@pytest.mark.parametrize("index", [-5, 10**15])
def test_a_leaf_given_an_index_of_no_stretch_is_a_gap(
    trail: None, owner_connection: Owner, started: Started, index: int
) -> None:
    tamper(owner_connection, f"UPDATE {LEAF} SET index = {index} WHERE entry_id = 6")
    found = one_way_and_the_other(unit_of("T01"), [], started).fault
    assert found is not None and (found.index, found.entry_id, found.code) == (index, 6, "gap")


def test_what_is_written_meanwhile_is_seen_by_none_of_them(trail: None, started: Started) -> None:
    def write() -> None:
        with within(SYSTEM):
            write_down(
                Act(None, "clerk", Unit.objects.get(code="T01"), at("2026-03-02")), "test.act", "thing:7"
            )
        connection.close()

    unit = unit_of("T01")
    with one_view():
        assert Head.objects.get(unit=unit).size == 6
        writing = Thread(target=write)
        writing.start()
        writing.join()
        found = verify(unit)
    assert (found.fault, found.size) == (None, 6) and len(started) == 2
    with one_view():
        assert verify(unit).size == 7


def test_what_the_asking_transaction_wrote_itself_is_verified_by_it_alone(
    trail: None, started: Started
) -> None:
    with within(SYSTEM):
        unit = Unit.objects.get(code="T01")
        write_down(Act(None, "clerk", unit, at("2026-03-02")), "test.act", "thing:7")
        chain_now()
        found = verify(unit.pk)
    assert (found.fault, found.size) == (None, 7) and not started


def test_a_process_that_ends_before_its_answer_is_no_whole_chain(
    trail: None, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = beside.wait

    def struck_down(processes: list[Any]) -> list[Any]:
        started[-1].kill()
        started[-1].wait()
        return asked(processes)

    monkeypatch.setattr(beside, "wait", struck_down)
    with pytest.raises(CommandError, match="核验进程中途退出") as refused:
        verdict("--unit", "T01")
    assert refused.value.returncode == 2
    assert all(process.poll() is not None for process in started)


def test_where_no_process_comes_to_read_what_is_read_the_trail_is_verified_by_one(
    trail: None, started: Started, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    given = beside._given
    monkeypatch.setattr(beside, "_given", lambda: given()._replace(snapshot="00000000-00000000-1"))
    assert verdict("--unit", "T01")[0] == 0
    assert len(started) == 2 and all(process.poll() is not None for process in started)
    assert caplog.text.count("is not ready") == 2 and "snapshot" in caplog.text


@pytest.mark.parametrize("begun", [0, 1])
def test_where_the_machine_starts_no_further_process_those_there_are_verify_it(
    trail: None, owner_connection: Owner, started: Started, monkeypatch: pytest.MonkeyPatch, begun: int
) -> None:
    popen = beside.subprocess.Popen

    def full(*args: Any, **options: Any) -> Any:
        if len(started) == begun:
            raise BlockingIOError("Resource temporarily unavailable")
        return popen(*args, **options)

    monkeypatch.setattr(beside.subprocess, "Popen", full)
    assert verdict("--unit", "T01")[0] == 0
    tamper(
        owner_connection, f"UPDATE {ENTRY} SET body = replace(body, '\"sum\":2', '\"sum\":9') WHERE id = 2"
    )
    status, said = verdict("--unit", "T01")
    assert status == 1 and "index=2\t" in said and len(started) == begun


def test_a_fault_before_the_stretch_that_fails_is_the_verdict(
    trail: None, owner_connection: Owner, started: Started
) -> None:
    """A time beyond every calendar cannot be read; what stands before it can."""
    tamper(owner_connection, f"UPDATE {LEAF} SET recorded_at = 'infinity' WHERE entry_id = 6")
    with pytest.raises(CommandError, match="数据库无法读取"):
        verdict("--unit", "T01")
    tamper(
        owner_connection, f"UPDATE {ENTRY} SET body = replace(body, '\"sum\":2', '\"sum\":9') WHERE id = 2"
    )
    status, said = verdict("--unit", "T01")
    assert status == 1 and "index=2\t" in said and started


def test_no_process_is_left_when_the_verdict_is_told(
    trail: None, owner_connection: Owner, started: Started
) -> None:
    tamper(
        owner_connection, f"UPDATE {ENTRY} SET body = replace(body, '\"sum\":1', '\"sum\":9') WHERE id = 1"
    )
    assert verdict("--unit", "T01")[0] == 1
    assert len(started) == 2 and all(process.poll() is not None for process in started)


def test_the_password_is_no_argument(trail: None, started: Started) -> None:
    with one_view():
        given: Given = beside._given()
        verify(unit_of("T01"))
    assert started and not any(given.address in str(process.args) for process in started)
