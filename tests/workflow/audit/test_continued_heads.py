"""Nobody signs a trail that was rewritten under a signed head: the owner's rewriting, chain and all, is refused and told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError
from django.utils import timezone

from tests.builders import at
from tests.workflow.audit.test_signed_heads import NOW, act, keys, made
from tests.workflow.audit.test_tampered_database import POWERLESS, RECHAIN
from workflow.audit import heads, nightly, signing
from workflow.audit.alarms import ALARM, raise_alarm
from workflow.audit.chain import Break
from workflow.audit.hooks import mark_moments
from workflow.audit.models import Entry, Head, Leaf, SigningKey, TreeHead
from workflow.audit.tasks import sweep_heads, verify_trails
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit

__all__ = ["keys"]  # a fixture every test here uses
LATER = at("2027-01-21")


@pytest.fixture
def committed(fresh_database: str) -> Iterator[Unit]:
    with within(SYSTEM):
        unit = made()
    yield unit


@contextmanager
def powerless(owner: psycopg.Connection[Any]) -> Iterator[None]:
    """The owner with triggers and policies off, in one transaction, and on again at its end."""
    with owner.transaction():
        for statement in POWERLESS:
            owner.execute(statement)
        yield
        for table in ("workflow_entry", "workflow_leaf", "workflow_head"):
            owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER, FORCE ROW LEVEL SECURITY")


def rewrite(owner: psycopg.Connection[Any], unit: Unit, index: int) -> None:
    """Change what an entry says, compute every hash after it anew, and register the new end."""
    with within(SYSTEM):
        entry = Leaf.objects.get(unit=unit, index=index).entry_id
    with powerless(owner):
        owner.execute(RECHAIN)
        owner.execute("UPDATE workflow_entry SET body = replace(body, '同意', '反对') WHERE id = %s", [entry])
        owner.execute(
            "UPDATE workflow_head SET hash = pg_temp.rechain(unit_id) WHERE unit_id = %s", [unit.pk]
        )


def grow(unit: Unit) -> None:
    with within(SYSTEM):
        act(unit)


def signed(unit: Unit) -> tuple[int, int]:
    """How many entries the last head of each kind stands for."""
    with within(SYSTEM):
        standing = heads.standing_of(unit)
    return standing.signed, standing.cosigned


def verified(unit: Unit) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("verify_trail", "--unit", unit.code, stdout=out)
    except SystemExit as ended:
        return int(str(ended.code)), out.getvalue()
    return 0, out.getvalue()


def alarms(unit: Unit) -> list[tuple[str, dict[str, Any]]]:
    with within(SYSTEM):
        entries = Entry.objects.filter(action=ALARM, subject=f"unit:{unit.pk}").order_by("pk")
        return [(e.unit.code, json.loads(e.body)["after"]) for e in entries.select_related("unit")]


def test_an_entry_rewritten_under_a_cosigned_head_gets_neither_signature_again(
    committed: Unit, owner_connection: psycopg.Connection[Any], caplog: pytest.LogCaptureFixture
) -> None:
    sweep_heads()
    assert signed(committed) == (3, 3) and verified(committed)[0] == 0
    rewrite(owner_connection, committed, 2)
    grow(committed)
    sweep_heads()
    assert signed(committed) == (3, 3) and "no head" in caplog.text
    code, said = verified(committed)
    assert code == 1 and "outside" in said and "index=3" in said and "第1条至第3条之间" in said


def test_the_alarm_is_an_entry_of_the_trail_and_of_the_one_above_and_is_told_once(
    committed: Unit, owner_connection: psycopg.Connection[Any]
) -> None:
    sweep_heads()
    rewrite(owner_connection, committed, 2)
    grow(committed)
    for _minute in range(3):
        sweep_heads()
    told = {"found_by": "sign", "fault": "outside", "index": 3, "entry": 3, "unit": "T01"}
    assert alarms(committed) == [("C1", told), ("T01", told)]
    # The trail above goes on being signed for: the alarm stands under a head there.
    with within(SYSTEM):
        above = Entry.objects.get(action=ALARM, unit__code="C1")
        head = heads.last_head(above.unit_id)
        assert head is not None and above.leaf.index <= head.size


def test_an_act_that_matters_is_refused_its_head_at_once_and_committed_all_the_same(
    committed: Unit, owner_connection: psycopg.Connection[Any]
) -> None:
    mark_moments({"test.open": "open"})
    sweep_heads()
    rewrite(owner_connection, committed, 2)
    with within(SYSTEM):
        act(committed, action="test.open")
    assert signed(committed) == (3, 3) and len(alarms(committed)) == 2
    with within(SYSTEM):
        assert Entry.objects.filter(action="test.open").exists()


def test_the_county_compares_with_the_head_it_signed_itself(
    committed: Unit, owner_connection: psycopg.Connection[Any]
) -> None:
    """Whoever holds the trail's key and the database signs a rewritten trail anew; the county's own last head finds it."""
    sweep_heads()
    rewrite(owner_connection, committed, 2)
    grow(committed)
    with within(SYSTEM):
        signer, end = signing.signer_of(signing.HEAD, NOW), Head.objects.get(unit=committed)
        assert signer is not None
        forged = heads._sign(end, None, "asked", NOW, signer)
        assert heads.is_signed(forged, committed)
    sweep_heads()
    assert signed(committed) == (4, 3)
    assert {(where, told["found_by"]) for where, told in alarms(committed)} == {
        ("C1", "cosign"),
        ("T01", "cosign"),
    }
    code, said = verified(committed)
    assert code == 1 and "outside" in said


def test_a_head_nobody_signed_is_no_head_to_go_on_from(
    committed: Unit, owner_connection: psycopg.Connection[Any]
) -> None:
    """The owner puts a head of the rewritten trail in, which their key cannot sign, for the next one to be grown from."""
    sweep_heads()
    rewrite(owner_connection, committed, 2)
    with within(SYSTEM):
        end = Head.objects.get(unit=committed)
        peaks = heads.grown(committed.pk, None, end.size, bytes(end.hash))
        TreeHead.objects.create(
            unit=committed, size=end.size, root=peaks.root(), hash=bytes(end.hash), peaks=peaks.kept(), at=LATER,
            why="close", key=SigningKey.objects.get(purpose="head").key, signature=bytes(64),
        )  # fmt: skip
    grow(committed)
    sweep_heads()
    assert signed(committed) == (3, 3)
    assert {told["fault"] for _where, told in alarms(committed)} == {"signature"}
    code, said = verified(committed)
    assert code == 1 and "系统内保存的校验值（3 条）" in said


def test_leaves_taken_from_the_end_get_no_head(
    committed: Unit, owner_connection: psycopg.Connection[Any]
) -> None:
    sweep_heads()
    grow(committed)
    with powerless(owner_connection):
        owner_connection.execute("DELETE FROM workflow_leaf WHERE unit_id = %s AND index = 4", [committed.pk])
    sweep_heads()
    assert signed(committed) == (3, 3)
    assert {(told["fault"], told["index"]) for _where, told in alarms(committed)} == {("gap", 4)}


def test_signing_reads_what_is_new_and_the_leaf_it_stands_on(
    committed: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the trail: a sweep over a county's townships costs what they did since the last minute."""
    with within(SYSTEM):
        act(committed, 60)
    sweep_heads()
    grow(committed)
    read: list[int] = []
    real = heads.leaf_of
    monkeypatch.setattr(heads, "leaf_of", lambda link: read.append(link.index) or real(link))
    with within(SYSTEM):
        assert heads.seal(committed.pk, heads.MINUTE, NOW) is not None
    assert read == [63, 64]


# Each night


def checked(unit: Unit) -> nightly.Verified:
    with within(SYSTEM):
        found = nightly.last_verified(unit)
    assert found is not None
    return found


def test_a_trail_never_verified_says_so_and_a_whole_one_when_it_was(committed: Unit) -> None:
    with within(SYSTEM):
        assert nightly.last_verified(committed) is None
    sweep_heads()
    assert verify_trails() == 0
    found = checked(committed)
    assert (found.size, found.words, found.whole_at) == (3, "", found.at) and not alarms(committed)


def test_what_was_changed_long_ago_is_found_at_night_and_told_once(
    committed: Unit, owner_connection: psycopg.Connection[Any]
) -> None:
    """Without any act since, and without a hash computed anew, nothing is signed that would show it."""
    sweep_heads()
    assert verify_trails() == 0
    whole_at = checked(committed).whole_at
    with powerless(owner_connection):
        owner_connection.execute(
            "UPDATE workflow_entry SET body = replace(body, '同意', '反对') WHERE id = 2"
        )
    sweep_heads()
    assert not alarms(committed)
    for _night in range(2):
        assert verify_trails() == 1
    told = {"found_by": "verify", "fault": "hash", "index": 2, "entry": 2, "unit": "T01"}
    assert alarms(committed) == [("C1", told), ("T01", told)]
    found = checked(committed)
    assert (found.index, found.whole_at) == (2, whole_at) and "不符" in found.words


def test_a_chain_rewritten_whole_is_found_at_night_by_the_heads_kept_of_it(
    committed: Unit, owner_connection: psycopg.Connection[Any]
) -> None:
    sweep_heads()
    rewrite(owner_connection, committed, 2)
    assert verify_trails() == 1
    assert {(told["found_by"], told["fault"]) for _where, told in alarms(committed)} == {
        ("verify", "outside")
    }


def test_a_break_that_comes_back_after_a_whole_night_is_told_again(committed: Unit) -> None:
    fault, now = Break(committed.pk, 2, 2, "hash"), timezone.now()
    assert raise_alarm(fault, "verify", now) and raise_alarm(fault, "sign", now)
    assert not raise_alarm(fault, "verify", now) and not raise_alarm(fault, "sign", now)
    assert verify_trails() == 0
    assert raise_alarm(fault, "verify", timezone.now()) and len(alarms(committed)) == 6


def test_one_trail_that_cannot_be_read_holds_up_no_other(
    committed: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_for_the_county(unit: Unit, *rest: Any) -> nightly.Checked:
        if unit.code == "C1":
            raise OperationalError("away")
        return check(unit, *rest)

    sweep_heads()
    check = nightly.check
    monkeypatch.setattr(nightly, "check", fail_for_the_county)
    assert verify_trails() == 0
    assert checked(committed).size == 3


def test_the_clock_verifies_every_night() -> None:
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert verify_trails.name in scheduled
