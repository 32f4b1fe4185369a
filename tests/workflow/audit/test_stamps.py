"""Time stamps: what is asked for and when, what is believed, and what they prove of a trail written anew."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, decode_timestamp_response

from projects.site.backups.restoring import check_chains
from tests.builders import township
from tests.workflow.audit import tsa
from tests.workflow.audit.test_export import chained
from tests.workflow.audit.test_signed_heads import act, keys, made  # noqa: F401  the keys heads are signed with
from workflow.audit import heads, stamping, standalone
from workflow.audit.der import in_order
from workflow.audit.models import Stamp, StampFailure, TreeHead
from workflow.audit.tasks import sweep_stamps
from workflow.people.isolation import SYSTEM, apply, within
from workflow.people.models import Unit

NOW = datetime.now(UTC)  # the server stamps by the real clock
# Every hash of a unit's chain made again over what its entries say now, with the times its leaves had.
ANEW = r"""
CREATE FUNCTION pg_temp.anew(whose bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    one record;
    last bytea := decode(repeat('00', 32), 'hex');
    leaf bytea;
BEGIN
    FOR one IN SELECT l.*, e.body FROM workflow_leaf l JOIN workflow_entry e ON e.id = l.entry_id
        WHERE l.unit_id = whose ORDER BY l.index
    LOOP
        leaf := convert_to(concat_ws(E'\n', 'piaojue-leaf-v1', whose, one.index, one.entry_id,
            to_char(one.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), one.body), 'UTF8');
        UPDATE workflow_leaf SET prev = last, hash = sha256(last || leaf) WHERE entry_id = one.entry_id;
        last := sha256(last || leaf);
    END LOOP;
    UPDATE workflow_head SET hash = last WHERE unit_id = whose;
END $$
"""


@pytest.fixture
def authority(tmp_path: Path, settings: Any) -> Iterator[tsa.Authority]:
    made = tsa.Authority(tmp_path / "tsa")
    settings.TSA_CA_FILE = str(made.folder / "ca.pem")
    with tsa.serving(made) as settings.TSA_URL:
        yield made


@pytest.fixture
def unit(db: None) -> Unit:
    apply(SYSTEM)
    unit = made()
    chained()
    return unit


def sealed(unit: Unit, why: str = heads.MINUTE, at: datetime = NOW) -> TreeHead:
    head = heads.seal(unit.pk, why, at)
    assert head is not None
    chained()
    return head


def seen(*arguments: str) -> tuple[int, str]:
    out, status = StringIO(), 0
    try:
        call_command("verify_trail", *arguments, stdout=out)
    except SystemExit as left:
        status = int(str(left.code))
    return status, out.getvalue()


def test_a_moment_is_stamped_and_the_stamp_goes_where_the_head_goes(
    unit: Unit, authority: tsa.Authority, tmp_path: Path
) -> None:
    head = sealed(unit, "open")
    assert stamping.stamp_waiting(NOW) == 1 and stamping.stamp_waiting(NOW) == 0
    given = Stamp.objects.get(head=head)
    assert given.by == "示例时间戳服务" and timedelta(seconds=-1) < given.at - NOW < timedelta(hours=2)
    feed = heads.feed_of(unit)
    (told,) = feed["heads"]
    assert told["stamps"][0]["by"] == given.by and standalone.head_fault(feed, told) == ""
    status, said = seen("--unit", "T01")
    assert status == 0 and f"由示例时间戳服务证明已有 {head.size} 条" in said
    # Anybody's openssl says the same of what the verifier in the dossier writes out.
    file = tmp_path / "heads.json"
    file.write_text(json.dumps(feed), encoding="utf-8")
    assert standalone.main(["--stamps", str(tmp_path), str(file)]) == 0
    name = str(tmp_path / f"{head.size}-open")
    command = ["openssl", "ts", "-verify", "-data", f"{name}.data", "-in", f"{name}.tsr"]
    command += ["-CAfile", str(authority.folder / "ca.pem")]
    assert subprocess.run(command, capture_output=True).returncode == 0
    Path(f"{name}.data").write_bytes(b"another head")
    assert subprocess.run(command, capture_output=True).returncode != 0
    # Of a county's file those of each unit, apart.
    file.write_text("".join(piece.decode() for piece in heads.feeds_written(unit, [unit])), encoding="utf-8")
    assert standalone.main(["--stamps", str(tmp_path), str(file)]) == 0
    name = str(tmp_path / f"{unit.pk}-{head.size}-open")
    command = ["openssl", "ts", "-verify", "-data", f"{name}.data", "-in", f"{name}.tsr"]
    command += ["-CAfile", str(authority.folder / "ca.pem")]
    assert subprocess.run(command, capture_output=True).returncode == 0


def test_a_stamp_moved_to_another_head_is_seen_by_python_alone(unit: Unit, authority: tsa.Authority) -> None:
    sealed(unit, "open")
    sealed(unit, "close")
    stamping.stamp_waiting(NOW)
    feed = heads.feed_of(unit)
    first, second = feed["heads"]
    assert not standalone.head_fault(feed, first) and not standalone.head_fault(feed, second)
    first["stamps"] = second["stamps"]
    assert standalone.head_fault(feed, first) == "时间戳不是为这个校验值签发的"


def test_other_heads_are_stamped_once_a_day_and_old_ones_not_at_all(
    unit: Unit, authority: tsa.Authority
) -> None:
    sealed(unit, "declare", NOW - timedelta(days=8))
    act(unit)
    chained()
    first = sealed(unit, at=NOW - timedelta(minutes=3))
    act(unit)
    chained()
    last = sealed(unit)
    assert stamping.stamp_waiting(NOW) == 1
    assert Stamp.objects.get().head == last != first
    act(unit)
    chained()
    sealed(unit, at=NOW + timedelta(hours=1))
    assert stamping.stamp_waiting(NOW + timedelta(hours=2)) == 0
    assert stamping.stamp_waiting(NOW + timedelta(hours=25)) == 1


def test_without_a_server_nothing_is_asked(unit: Unit, settings: Any) -> None:
    sealed(unit, "open")
    assert settings.TSA_URL == "" and sweep_stamps() == 0 and not StampFailure.objects.exists()


@pytest.mark.parametrize(
    ("trick", "code"),
    [
        ("nonce", "invalid"), ("imprint", "invalid"), ("foreign", "invalid"), ("expired", "invalid"),
        ("garbage", "invalid"), ("endless", "invalid"), ("refusal", "refused"), ("away", "away"),
    ],
)  # fmt: skip
def test_an_answer_that_proves_nothing_is_not_kept(
    unit: Unit, authority: tsa.Authority, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    trick: str, code: str,
) -> None:  # fmt: skip
    head = sealed(unit, "open")
    message, honest = heads.stamped_bytes(head, unit), authority.answer

    def of(data: bytes) -> bytes:
        return TimestampRequestBuilder(data=data, hash_algorithm=HashAlgorithm.SHA256).build().as_bytes()

    if trick in ("foreign", "expired"):
        other = tsa.Authority(tmp_path / trick, expired=trick == "expired")
        monkeypatch.setattr(authority, "answer", other.answer)
        if trick == "expired":
            settings.TSA_CA_FILE = str(other.folder / "ca.pem")
    elif trick == "away":
        settings.TSA_URL = "http://127.0.0.1:9/"
    else:
        answers = {
            "nonce": lambda request: honest(of(message)),
            "imprint": lambda request: honest(of(b"another head")),
            "garbage": lambda request: b"<html>",
            "endless": lambda request: bytes(stamping.LONGEST_ANSWER + 1),
            "refusal": lambda request: honest(b"no request"),
        }
        monkeypatch.setattr(authority, "answer", answers[trick])
    assert stamping.stamp_waiting(NOW) == 0
    assert StampFailure.objects.get().code == code and not Stamp.objects.exists()
    # The pause doubles; then the same head is asked for again, and the honest server's stamp is kept.
    minute = timedelta(minutes=1)
    assert stamping.stamp_waiting(NOW + minute / 2) == 0 and StampFailure.objects.count() == 1
    assert stamping.stamp_waiting(NOW + minute) == 0 and StampFailure.objects.count() == 2
    assert stamping.stamp_waiting(NOW + 2 * minute) == 0 and StampFailure.objects.count() == 2
    monkeypatch.setattr(authority, "answer", honest)
    settings.TSA_CA_FILE = str(authority.folder / "ca.pem")
    if trick != "away":
        assert stamping.stamp_waiting(NOW + 3 * minute) == 1 and Stamp.objects.get().head == head


def test_a_stored_stamp_that_was_changed_is_named(unit: Unit, authority: tsa.Authority) -> None:
    head = sealed(unit, "open")
    given = stamping.stamp_of(head, unit)
    given.by = "另一个名字"
    given.save(force_insert=True)
    status, said = seen("--unit", "T01")
    assert status == 1 and "时间戳不成立" in said


def test_who_trusts_nobody_that_signed_cannot_tell_and_calls_nothing_broken(
    unit: Unit, authority: tsa.Authority, settings: Any, tmp_path: Path
) -> None:
    head = sealed(unit, "open")
    stamping.stamp_waiting(NOW)
    for path in (tmp_path / "nowhere.pem", tsa.Authority(tmp_path / "other").folder / "ca.pem"):
        settings.TSA_CA_FILE = str(path)
        status, said = seen("--unit", "T01")
        assert status == 2 and "时间戳无法核验" in said and "完好" in said and "不成立" not in said, said
        # Whose words they are is seen all the same.
        answer = decode_timestamp_response(bytes(Stamp.objects.get(head=head).token))
        with pytest.raises(stamping.NotStamped, match="Mismatch") as refused:
            stamping.check(answer, b"another head")
        assert not isinstance(refused.value, stamping.NoTrust)


def test_no_line_of_the_log_tells_the_servers_address(
    unit: Unit, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.TSA_URL = "http://127.0.0.1:9/?token=geheim"
    sealed(unit, "open")
    assert stamping.stamp_waiting(NOW) == 0
    assert "away: ConnectionError" in caplog.text and "geheim" not in caplog.text


@pytest.mark.parametrize("table", ["workflow_stamp", "workflow_stampfailure"])
@pytest.mark.parametrize("sql", ["DELETE FROM {}", "UPDATE {} SET at = now()", "TRUNCATE {}"])
def test_the_run_time_role_changes_no_stamp(unit: Unit, table: str, sql: str) -> None:
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql.format(table))


def test_the_page_of_heads_shows_who_stamped_when(unit: Unit, authority: tsa.Authority, client: Any) -> None:
    town = township("SX9")
    act(town.unit)
    chained()
    sealed(town.unit, "open")
    stamping.stamp_waiting(NOW)
    apply(SYSTEM)
    client.force_login(town.of("clerk"))
    page = client.get("/trail/heads/").content.decode()
    assert "时间戳" in page and "示例时间戳服务" in page


def test_what_is_put_back_is_compared_with_the_stamps_that_came_with_it(
    unit: Unit, authority: tsa.Authority
) -> None:
    head = sealed(unit, "open")
    stamping.stamp_waiting(NOW)
    apply(SYSTEM)
    told = {
        "unit": unit.code,
        "unit_id": unit.pk,
        "size": head.size,
        "hash": bytes(head.hash).hex(),
        "head": None,
    }
    backup: Any = SimpleNamespace(manifest={"units": [told]})

    def checked() -> Any:
        (one,) = (one for one in check_chains(backup, []) if one.code == unit.code)
        return one

    found = checked()
    assert found.whole and (found.compared, found.own, len(found.stamps.heads)) == (0, 0, 1)
    given, later = Stamp.objects.get(), sealed(unit, "close")  # what the server stamped was another head
    Stamp(head=later, unit=unit, at=given.at, by=given.by, token=bytes(given.token)).save(force_insert=True)
    found = checked()
    assert not found.whole and len(found.stamps.faults) == 1


def test_a_trail_written_anew_under_a_stamp_is_found_without_any_other_head(
    fresh_database: str, authority: tsa.Authority, owner_connection: psycopg.Connection[Any]
) -> None:
    """The owner rewrites the chain whole and its end; heads and stamps stay, and the stamp cannot be had again."""
    with within(SYSTEM):
        unit = made()
    heads.seal(unit.pk, "open", NOW)
    assert sweep_stamps() == 1 and seen()[0] == 0
    run = owner_connection.execute
    tables = [f"workflow_{name}" for name in ("entry", "leaf", "head")]
    for table in tables:
        run(f"ALTER TABLE {table} DISABLE TRIGGER USER, NO FORCE ROW LEVEL SECURITY")  # type: ignore[arg-type]
    run("UPDATE workflow_entry SET body = replace(body, '同意', '反对') WHERE unit_id = %s", [unit.pk])
    run(ANEW)
    run("SELECT pg_temp.anew(%s)", [unit.pk])
    for table in tables:
        run(f"ALTER TABLE {table} ENABLE TRIGGER USER, FORCE ROW LEVEL SECURITY")  # type: ignore[arg-type]
    status, said = seen("--unit", "T01")
    assert status == 1 and "\toutside\t" in said, said
    for table in ("workflow_stamp", "workflow_treehead"):
        run(f"ALTER TABLE {table} DISABLE TRIGGER USER, NO FORCE ROW LEVEL SECURITY")  # type: ignore[arg-type]
    run("DELETE FROM workflow_stamp")
    status, said = seen("--unit", "T01")
    assert status == 1 and "\toutside\t" in said, "the head it stood for is kept here"
    run("DELETE FROM workflow_treehead")
    assert seen("--unit", "T01")[0] == 0, "without both nothing here could tell"


def test_an_answer_is_put_in_order_and_nothing_else(tmp_path: Path) -> None:
    answer = tsa.Authority(tmp_path / "tsa").answer(
        TimestampRequestBuilder(data=b"x", hash_algorithm=HashAlgorithm.SHA256).build().as_bytes()
    )
    ordered = in_order(answer)
    assert ordered != answer and sorted(ordered) == sorted(answer) and in_order(ordered) == ordered
    for end in range(0, len(answer), 7):
        with pytest.raises(ValueError, match="cut short"):
            in_order(answer[:end])


@given(st.binary(max_size=60))
def test_no_answer_does_worse_than_be_refused(answer: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert sorted(in_order(answer)) == sorted(answer)
