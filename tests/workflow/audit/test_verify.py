"""Tampering by somebody who owns the database is found; a trail nobody touched is whole."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

import manage
from projects.site.postgres import ClusterError
from tests.builders import at
from workflow.audit.models import Head
from workflow.audit.services import Act, write_down
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import UnitKind, User
from workflow.people.services import create_unit

Owner = psycopg.Connection[Any]
ENTRY, LEAF = "workflow_entry", "workflow_leaf"


@pytest.fixture
def trail(fresh_database: str) -> Iterator[None]:
    """Two units with six committed entries each."""
    with within(SYSTEM):
        user = User.objects.create(username="clerk@T01", name="王伟")
        for code in ("T01", "T02"):
            unit = create_unit(code=code, name=f"{code}镇", kind=UnitKind.TOWNSHIP)
            for number in range(1, 7):
                act = Act(user, "clerk", unit, at("2026-03-01"))
                write_down(act, "test.act", f"thing:{number}", after={"sum": number})
    yield


def verdict(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("verify_trail", *arguments, stdout=out)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
    return 0, out.getvalue()


def tamper(owner: Owner, *statements: str, forced: tuple[str, ...] = (ENTRY, LEAF)) -> None:
    """What the owner can do: switch triggers and policies off, change rows, switch them on again."""
    with owner.transaction():
        for table in forced:
            owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER, NO FORCE ROW LEVEL SECURITY")
        for statement in statements:
            changed = owner.execute(statement)
            assert changed.rowcount > 0, statement
        owner.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in forced:
            owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER, FORCE ROW LEVEL SECURITY")


# Entries 1–6 are T01's, 7–12 T02's, each with the index 1–6.
TAMPERINGS: dict[str, tuple[list[str], str, int, str]] = {
    "an edited body": (
        [f"UPDATE {ENTRY} SET body = replace(body, '\"sum\":3', '\"sum\":9') WHERE id = 3"], "T01", 3, "hash",
    ),
    "an edited actor beside the body": ([f"UPDATE {ENTRY} SET actor_id = NULL WHERE id = 3"], "T01", 3, "columns"),
    "an edited time beside the body": (
        [f"UPDATE {ENTRY} SET at = at + interval '1 day' WHERE id = 3"], "T01", 3, "columns",
    ),
    "an edited time of recording": (
        [f"UPDATE {LEAF} SET recorded_at = recorded_at - interval '1 day' WHERE entry_id = 3"], "T01", 3, "hash",
    ),
    "a deleted pair in the middle": (
        [f"DELETE FROM {LEAF} WHERE entry_id IN (3, 4)", f"DELETE FROM {ENTRY} WHERE id IN (3, 4)"], "T01", 5, "gap",
    ),
    "a deleted pair with the rest moved up": (
        [
            f"DELETE FROM {LEAF} WHERE entry_id = 3",
            f"DELETE FROM {ENTRY} WHERE id = 3",
            f"UPDATE {LEAF} SET index = -index WHERE unit_id = (SELECT unit_id FROM {ENTRY} WHERE id = 4) AND index > 3",
            f"UPDATE {LEAF} SET index = -index - 1 WHERE index < 0",
        ],
        "T01", 3, "prev",
    ),
    "a deleted end": (
        [f"DELETE FROM {LEAF} WHERE entry_id = 6", f"DELETE FROM {ENTRY} WHERE id = 6"], "T01", 6, "head",
    ),
    "two bodies swapped": (
        [
            f"UPDATE {ENTRY} AS e SET body = o.body FROM {ENTRY} AS o "
            "WHERE (e.id, o.id) IN ((2, 4), (4, 2))"
        ],
        "T01", 2, "hash",
    ),
    "a leaf taken away": ([f"DELETE FROM {LEAF} WHERE entry_id = 6"], "T01", 6, "head"),
    "an entry moved to another unit": (
        [f"UPDATE {ENTRY} SET unit_id = (SELECT unit_id FROM {ENTRY} WHERE id = 1) WHERE id = 9"], "T02", 3, "unit",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERINGS)
def test_tampering_is_found_where_it_was_done(trail: None, owner_connection: Owner, what: str) -> None:
    statements, unit, index, code = TAMPERINGS[what]
    tamper(owner_connection, *statements)
    status, said = verdict()
    assert status == 1
    (line,) = [line for line in said.splitlines() if "完好" not in line]
    assert line.startswith(unit) and f"index={index}\t" in line and f"\t{code}\t" in line


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE {LEAF} SET index = index", f"TRUNCATE {LEAF}",
        f"UPDATE {ENTRY} SET at = at", f"DELETE FROM {ENTRY}",
    ],
)  # fmt: skip
def test_the_owner_too_is_refused_by_the_triggers_as_long_as_they_stand(
    trail: None, owner_connection: Owner, statement: str
) -> None:
    """The policies of the chain's own tables let its owner write: this is what keeps its hand off them."""
    with (
        owner_connection.transaction(),
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"),
    ):
        owner_connection.execute("SELECT set_config('piaojue.mode', 'system', true)")
        owner_connection.execute(statement)  # type: ignore[arg-type]
    assert verdict()[0] == 0


@pytest.mark.parametrize("table", [LEAF, "workflow_head"])
def test_no_policy_lets_the_owner_remove_a_row_of_the_chain(
    trail: None, owner_connection: Owner, table: str
) -> None:
    with owner_connection.transaction():
        owner_connection.execute("SELECT set_config('piaojue.mode', 'system', true)")
        assert owner_connection.execute(f"DELETE FROM {table}").rowcount == 0  # type: ignore[arg-type]
    assert verdict()[0] == 0


COLUMNS = ("action", "subject", "about", "task")


@pytest.mark.parametrize("column", COLUMNS)
def test_a_column_read_from_the_body_can_be_written_by_nobody_not_even_with_every_trigger_off(
    trail: None, owner_connection: Owner, column: str
) -> None:
    owner_connection.execute("SELECT set_config('piaojue.mode', 'system', false)")
    before = owner_connection.execute(f"SELECT {column} FROM {ENTRY} ORDER BY id").fetchall()  # type: ignore[arg-type]
    for statement in (
        f"UPDATE {ENTRY} SET {column} = 'vote.void' WHERE id = 3",
        f"INSERT INTO {ENTRY} (unit_id, at, body, {column}) SELECT unit_id, at, body, {column} FROM {ENTRY} WHERE id = 3",
    ):
        with pytest.raises(psycopg.errors.GeneratedAlways):
            tamper(owner_connection, statement)
    # With the body it is another at once, and the body is what is hashed.
    tamper(
        owner_connection,
        f"UPDATE {ENTRY} SET body = jsonb_set(body::jsonb, '{{{column}}}', '\"x\"') WHERE id = 3",
    )
    after = owner_connection.execute(f"SELECT {column} FROM {ENTRY} ORDER BY id").fetchall()  # type: ignore[arg-type]
    assert after == [*before[:2], ("x",), *before[3:]]
    assert "index=3\tid=3\thash" in verdict("--unit", "T01")[1]


@pytest.mark.parametrize("column", COLUMNS)
def test_a_column_that_an_owner_takes_from_the_body_is_compared_with_it(
    trail: None, owner_connection: Owner, column: str
) -> None:
    owner_connection.execute(f"ALTER TABLE {ENTRY} ALTER COLUMN {column} DROP EXPRESSION")  # type: ignore[arg-type]
    assert verdict()[0] == 0, "as long as it says what the body says"
    tamper(owner_connection, f"UPDATE {ENTRY} SET {column} = 'vote.void' WHERE id = 3")
    status, said = verdict("--unit", "T01")
    assert status == 1 and "index=3\tid=3\tcolumns" in said


def test_a_trail_nobody_touched_is_whole(trail: None) -> None:
    status, said = verdict()
    assert status == 0
    assert [line.split("\t")[2:4] for line in said.splitlines()] == [["完好", "6 条"]] * 2


def test_an_entry_slipped_in_without_a_leaf_is_found(trail: None, owner_connection: Owner) -> None:
    tamper(
        owner_connection,
        f"INSERT INTO {ENTRY} (unit_id, at, actor_id, body) SELECT unit_id, at, actor_id, body FROM {ENTRY} WHERE id = 1",
    )
    status, said = verdict("--unit", "T01")
    assert status == 1 and "no_leaf" in said and "没有入链" in said


def test_a_leaf_whose_entry_is_gone_is_found(trail: None, owner_connection: Owner) -> None:
    (constraint,) = owner_connection.execute(
        "SELECT conname FROM pg_constraint WHERE conrelid = 'workflow_leaf'::regclass AND confrelid = 'workflow_entry'::regclass"
    ).fetchone()  # type: ignore[misc]
    owner_connection.execute(f'ALTER TABLE {LEAF} DROP CONSTRAINT "{constraint}"')
    tamper(owner_connection, f"DELETE FROM {ENTRY} WHERE id = 3")
    status, said = verdict()
    assert status == 1 and "index=3\tid=3\tno_entry" in said


def test_a_chain_rewritten_whole_is_found_only_by_a_head_kept_outside(
    trail: None, owner_connection: Owner
) -> None:
    with within(SYSTEM):
        head = Head.objects.get(unit__code="T01")
        kept = f"{head.size}:{bytes(head.hash).hex()}"
    assert verdict("--unit", "T01", "--head", kept)[0] == 0
    # Take the unit's last entry and its leaf away and put the head back: inside, nothing is left to see.
    tamper(
        owner_connection,
        f"UPDATE workflow_head h SET size = 5, hash = l.prev FROM {LEAF} l WHERE l.entry_id = 6 AND h.unit_id = l.unit_id",
        f"DELETE FROM {LEAF} WHERE entry_id = 6",
        f"DELETE FROM {ENTRY} WHERE id = 6",
        forced=(ENTRY, LEAF, "workflow_head"),
    )
    assert verdict("--unit", "T01")[0] == 0
    status, said = verdict("--unit", "T01", "--head", kept)
    assert status == 1 and "outside" in said


@pytest.mark.parametrize(
    "arguments", [["--unit", "T99"], ["--head", "6:00"], ["--unit", "T01", "--head", "x"]]
)
def test_what_cannot_be_verified_is_status_two(trail: None, arguments: list[str]) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("verify_trail", *arguments)
    assert refused.value.returncode == 2


def test_a_database_that_cannot_be_read_is_status_two(trail: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable() -> list[int]:
        raise OperationalError("connection refused")

    assert verdict()[0] == 0
    monkeypatch.setattr("workflow.management.commands.verify_trail.chained_units", unreachable)
    with pytest.raises(CommandError, match="数据库无法读取") as refused:
        call_command("verify_trail")
    assert refused.value.returncode == 2


class NoCluster:
    """An embedded server that cannot be started."""

    released = 0

    def ensure(self) -> None:
        raise ClusterError("内嵌 PostgreSQL 未能启动。")

    def release(self) -> None:
        self.released += 1


@pytest.mark.parametrize(("command", "code"), [("verify_trail", 2), ("seat_table", 1)])
def test_a_database_that_does_not_start_is_no_broken_chain(
    command: str,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(manage.signal, "signal", lambda *_: None)
    settings.CLUSTER = NoCluster()
    with pytest.raises(SystemExit) as ended:
        manage.main(["manage.py", command])
    assert ended.value.code == code
    assert "未能启动" in capsys.readouterr().err and settings.CLUSTER.released == 1
