"""Signed heads: when they are taken, by which key, what the county looks at before it signs, and what leaves."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client

from tests.builders import at
from tests.workflow.audit.test_export import chained
from workflow.administration.keeping import keep
from workflow.audit import heads, signing, standalone
from workflow.audit.hooks import mark_moments
from workflow.audit.models import Cosignature, Entry, SigningKey, Stamp, TreeHead
from workflow.audit.services import Act, write_down
from workflow.audit.tasks import sweep_heads
from workflow.flows.errors import Refused
from workflow.people.isolation import PUBLIC, SYSTEM, apply, of_units, within
from workflow.people.models import Unit, UnitKind
from workflow.people.services import create_unit

NOW = at("2027-01-20")


@pytest.fixture(autouse=True)
def keys(settings: Any, tmp_path: Path) -> Path:
    settings.TRAIL_KEY_FILE, settings.COUNTY_KEY_FILE = str(tmp_path / "head"), str(tmp_path / "county")
    return tmp_path


def made() -> Unit:
    county = create_unit(code="C1", name="示范县", kind=UnitKind.COUNTY)
    unit = create_unit(code="T01", name="青溪镇", kind=UnitKind.TOWNSHIP, parent=county)
    act(unit, 3)
    return unit


def act(unit: Unit, times: int = 1, action: str = "test.act") -> None:
    for number in range(times):
        write_down(Act(None, "clerk", unit, NOW), action, f"thing:{number}", after={"text": "同意，😀"})


@pytest.fixture
def unit(db: None) -> Unit:
    apply(SYSTEM)
    unit = made()
    chained()
    return unit


def sealed(unit: Unit, why: str = heads.MINUTE) -> TreeHead:
    head = heads.seal(unit.pk, why, NOW)
    assert head is not None
    chained()
    return head


def test_a_head_is_taken_when_the_trail_grew_and_not_otherwise(unit: Unit) -> None:
    first = sealed(unit)
    assert (first.size, first.why) == (3, "minute")
    assert heads.seal(unit.pk, heads.MINUTE, NOW) is None
    act(unit, 2)
    chained()
    assert sealed(unit).size == 5


def test_a_moment_has_its_own_head_once(unit: Unit) -> None:
    minute, opened = sealed(unit), sealed(unit, "open")
    assert bytes(minute.root) == bytes(opened.root) and opened.why == "open"
    assert heads.seal(unit.pk, "open", NOW) is None


def test_a_head_grown_from_the_last_one_is_the_head_of_all_leaves(unit: Unit) -> None:
    for _ in range(7):
        act(unit)
        chained()
        head = sealed(unit)
        assert bytes(head.root) == heads.grown(unit.pk, None, head.size, bytes(head.hash)).root()


def test_what_is_exported_proves_the_feed_and_one_changed_byte_does_not(
    unit: Unit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sealed(unit)
    act(unit)
    chained()
    heads.cosign_waiting(NOW)
    sealed(unit, "close")
    trail, feed = tmp_path / "trail.jsonl", tmp_path / "heads.json"
    call_command("export_trail", "--unit", "T01", "--output", str(trail))
    apply(SYSTEM)
    feed.write_text(json.dumps(heads.feed_of(unit)), encoding="utf-8")
    assert standalone.main([str(trail), str(feed)]) == 0
    said = capsys.readouterr().out
    (key,) = SigningKey.objects.filter(purpose=signing.HEAD)
    assert "与所附校验值一致（比对2个）" in said and "完好" not in said
    assert f"公钥：{key.key}（{base64.b64encode(bytes(key.public)).decode()}）" in said
    assert standalone.main([str(trail)]) == 0
    assert "未提供校验值，不能排除整链被改写" in capsys.readouterr().out
    none = tmp_path / "none.json"
    none.write_text(json.dumps(heads.feed_of(unit) | {"heads": []}), encoding="utf-8")
    assert standalone.main([str(trail), str(none)]) == 0
    said = capsys.readouterr().out
    assert "还没有签过，签过的就是被取走了" in said and "不能排除整链被改写" in said and "未提供" not in said
    for place in (trail, feed):
        whole = place.read_text(encoding="utf-8")
        old, new = ("同意", "反对") if place == trail else ('"size": 3', '"size": 4')
        assert old in whole
        place.write_text(whole.replace(old, new, 1), encoding="utf-8")
        assert standalone.main([str(trail), str(feed)]) == 1
        place.write_text(whole, encoding="utf-8")
    assert standalone.main([str(trail), str(feed)]) == 0
    trail.write_bytes(b"".join(trail.read_bytes().splitlines(keepends=True)[:3]))
    assert standalone.main([str(trail), str(feed)]) == 1, "the last entries are missing"
    assert standalone.main([str(feed)]) == 2


def test_a_proof_by_command_is_verified_by_python_alone(unit: Unit) -> None:
    older = sealed(unit)
    act(unit, 6)
    chained()
    newest = sealed(unit)
    entry = Entry.objects.filter(unit=unit).order_by("pk")[4]
    out = StringIO()
    arguments = ("--unit", "T01", "--entry", str(entry.pk), "--since", str(older.size))
    call_command("trail_heads", *arguments, stdout=out)
    apply(SYSTEM)
    proof = json.loads(out.getvalue())["proof"]
    root, steps = bytes.fromhex(proof["root"]), [bytes.fromhex(one) for one in proof["inclusion"]]
    assert root == bytes(newest.root)
    leaf = next(iter(heads.leaves_of(unit.pk, proof["index"], proof["index"] + 1)))
    assert standalone.verify_inclusion(leaf, proof["index"], proof["size"], steps, root)
    steps = [bytes.fromhex(one) for one in proof["consistency"]]
    before = bytes.fromhex(proof["older_root"])
    assert standalone.verify_consistency(proof["older"], before, proof["size"], root, steps)
    for wrong in (("--entry", "999999"), ("--since", "2")):
        with pytest.raises(CommandError) as refused:
            call_command("trail_heads", "--unit", "T01", *wrong)
        apply(SYSTEM)
        assert refused.value.returncode == 2


def test_a_file_of_proofs_is_verified_by_the_verifier_alone_and_whatever_is_altered_in_it_is_named(
    unit: Unit, tmp_path: Path
) -> None:
    older = sealed(unit)
    act(unit, 6)
    chained()
    sealed(unit)
    entry = Entry.objects.filter(unit=unit).order_by("pk")[4]
    out = StringIO()
    call_command(
        "trail_heads", "--unit", "T01", "--entry", str(entry.pk), "--since", str(older.size), stdout=out
    )
    apply(SYSTEM)
    file, made = tmp_path / "proof.json", json.loads(out.getvalue())

    def said(told: Any) -> tuple[int, str]:
        file.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-I", "-S", standalone.__file__, "proof", str(file)],
            capture_output=True,
            text=True,
            cwd="/",
        )
        return done.returncode, done.stdout + done.stderr

    code, words = said(made)
    assert (
        code == 0
        and f"编号{entry.pk}" in words
        and f"延续了{older.size}条" in words
        and "与所附校验值一致" in words
    )

    def altered(**new: Any) -> dict[str, Any]:
        return made | {"proof": made["proof"] | new}

    proof = made["proof"]
    other = Entry.objects.filter(unit=unit).order_by("pk")[3].pk
    for wrong, named in (
        (altered(line=proof["line"].replace("同意", "反对", 1)), f"编号{entry.pk}"),
        (altered(line=proof["line"].replace(f'"id":{entry.pk}', f'"id":{other}', 1)), f"编号{other}"),
        (altered(inclusion=proof["inclusion"][::-1]), f"编号{entry.pk}"),
        (altered(inclusion=proof["inclusion"][:-1]), f"编号{entry.pk}"),
        (altered(root="00" * 32), "不在文件所附的签名之中"),
        (altered(older_root="00" * 32), "不能证明"),
        (altered(consistency=[]), "不能证明"),
        (
            made | {"heads": [one | {"at": "2020-01-01T00:00:00.000000Z"} for one in made["heads"]]},
            "签名不符",
        ),
    ):
        assert wrong != made
        code, words = said(wrong)
        assert code == 1 and named in words and "有问题" in words, words
    for unreadable in ({}, made | {"proof": {"size": 1, "root": "00"}}, altered(line="不是一行记录")):
        assert said(unreadable)[0] == 2
    assert "用法" in subprocess.run(
        [sys.executable, "-I", "-S", standalone.__file__], capture_output=True, text=True, cwd="/"
    ).stderr  # fmt: skip


# Keys


def test_the_first_key_is_adopted_on_record_and_another_signs_nothing_until_it_is(
    unit: Unit, keys: Path
) -> None:
    head = sealed(unit)
    (adopted,) = SigningKey.objects.all()
    assert head.key == adopted.key and heads.is_signed(head, unit)
    (entry,) = Entry.objects.filter(action="trail.key").select_related("unit")
    assert (
        entry.unit.code == "C1" and json.loads(entry.body)["after"]["public"] == bytes(adopted.public).hex()
    )
    (keys / "head").write_text("ab" * 32)
    act(unit)
    chained()
    with pytest.raises(signing.NoKey) as refused:
        heads.seal(unit.pk, heads.MINUTE, NOW)
    assert refused.value.code == "not_adopted"
    call_command("trail_keys", "--adopt", "--reason", "保管人更换", stdout=StringIO())
    apply(SYSTEM)
    assert sealed(unit).key != head.key


def test_what_an_old_key_signed_stays_verifiable(unit: Unit) -> None:
    old = sealed(unit)
    call_command("trail_keys", "--renew", "--reason", "年度更换", stdout=StringIO())
    apply(SYSTEM)
    act(unit)
    chained()
    new = sealed(unit)
    assert new.key != old.key and heads.is_signed(old, unit) and heads.is_signed(new, unit)
    feed = heads.feed_of(unit)
    for until, size in ((0, 0), (old.size, 1), (new.size, 2)):
        written = json.loads(b"".join(heads.feed_written(unit, until=until)))
        assert written == heads.feed_of(unit, until=until) and len(written["heads"]) == size
    assert not any(standalone.head_fault(feed, head) for head in feed["heads"])
    assert [bool(key["until"]) for key in feed["keys"]] == [True, False]
    body = json.loads(Entry.objects.filter(action="trail.key").order_by("-pk")[0].body)
    assert (body["before"], body["reason"]) == ({"key": old.key}, "年度更换")


def test_a_retired_key_signs_nothing_new_and_a_key_for_one_purpose_nothing_of_another(
    unit: Unit, keys: Path
) -> None:
    """Whoever got hold of a key that was put out of use has heads of before it, and none of after."""
    old = sealed(unit)
    heads.cosign_waiting(NOW)
    leaked, county = signing.configured(signing.HEAD), signing.configured(signing.COSIGN)
    call_command("trail_keys", "--renew", "--reason", "密钥外泄", stdout=StringIO())
    apply(SYSTEM)
    act(unit)
    chained()
    new = sealed(unit)
    assert old.at < new.at and heads.is_signed(old, unit) and heads.is_signed(new, unit)
    named = {
        leaked: "签名的密钥不作此用，或者当时不在使用期内",
        county: "签名的密钥不作此用，或者当时不在使用期内",
    }
    for signer, said in named.items():
        assert signer is not None
        forged = TreeHead.objects.get(pk=new.pk)
        forged.key = signer.key
        forged.signature = signer.sign(heads.statement_of(forged, unit))
        assert not heads.is_signed(forged, unit)
        feed = heads.feed_of(unit)
        feed["heads"][-1] |= {"key": forged.key, "signature": base64.b64encode(forged.signature).decode()}
        assert standalone.head_fault(feed, feed["heads"][-1]) == said
    early = TreeHead.objects.get(pk=new.pk)
    early.at = old.at  # the key in use now, for a time before it was
    current = signing.configured(signing.HEAD)
    assert current is not None
    early.signature = current.sign(heads.statement_of(early, unit))
    assert not heads.is_signed(early, unit)


def test_a_key_called_by_the_name_of_another_signs_nothing(unit: Unit) -> None:
    """Whoever makes a file of heads writes its list of keys as well: the name a reader compares is the key's own."""
    sealed(unit)
    feed = heads.feed_of(unit)
    (head,), other = feed["heads"], signing.Secret(bytes(range(32)))
    assert standalone.head_fault(feed, head) == ""
    statement = standalone.head_statement(feed["unit_id"], feed["unit"], head)
    head["signature"] = base64.b64encode(other.sign(statement).signature).decode()
    feed["keys"][0]["public"] = base64.b64encode(bytes(other.verify_key)).decode()
    assert standalone.head_fault(feed, head) == "签名的密钥编号与公钥不符"


def test_a_sweep_begun_before_a_key_was_put_in_use_signs_with_the_time_it_is_in_use_from(unit: Unit) -> None:
    sealed(unit)
    call_command("trail_keys", "--renew", "--reason", "年度更换", stdout=StringIO())
    apply(SYSTEM)
    act(unit)
    chained()
    head = heads.seal(unit.pk, heads.MINUTE, at("2026-01-01"))
    assert head is not None and head.at == SigningKey.objects.get(key=head.key).adopted_at
    assert heads.is_signed(head, unit)


def test_a_key_is_changed_with_a_reason_and_an_old_one_never_comes_back(unit: Unit, keys: Path) -> None:
    sealed(unit)
    kept = (keys / "head").read_text()
    with pytest.raises(CommandError, match="更换原因"):
        call_command("trail_keys", "--renew")
    call_command("trail_keys", "--renew", "--reason", "遗失", stdout=StringIO())
    (keys / "head").write_text(kept)
    with pytest.raises(CommandError, match="不能再用"):
        call_command("trail_keys", "--adopt", "--reason", "找回")


@pytest.mark.parametrize(
    ("mode", "text", "code"),
    [(0o640, "ab" * 32, "open"), (0o600, "短", "unreadable"), (0o600, "ab", "format")],
)
def test_a_key_file_others_may_read_or_that_is_none_is_refused(
    keys: Path, mode: int, text: str, code: str
) -> None:
    file = keys / "head"
    file.write_text("ab" * 32)
    file.chmod(0o600)
    assert signing.configured(signing.HEAD) is not None
    file.write_text(text)
    file.chmod(mode)
    with pytest.raises(signing.NoKey) as refused:
        signing.configured(signing.HEAD)
    assert refused.value.code == code


def test_a_key_file_that_is_a_link_is_refused(keys: Path) -> None:
    (keys / "elsewhere").write_text("ab" * 32)
    (keys / "elsewhere").chmod(0o600)
    (keys / "head").symlink_to(keys / "elsewhere")
    with pytest.raises(signing.NoKey):
        signing.configured(signing.HEAD)


def test_a_key_from_the_environment_is_used_and_none_is_made_in_production(settings: Any, keys: Path) -> None:
    settings.SIGNING_KEYS_MADE = False
    with pytest.raises(signing.NoKey):
        signing.configured(signing.HEAD)
    settings.TRAIL_KEY = "cd" * 32
    signer = signing.configured(signing.HEAD)
    assert signer is not None and "cd" * 8 not in repr(signer)
    settings.TRAIL_KEY, settings.TRAIL_KEY_FILE = "", ""
    assert signing.configured(signing.HEAD) is None


# The county


def test_the_county_signs_heads_of_its_townships_and_none_of_its_own(unit: Unit) -> None:
    head = sealed(unit)
    county = heads.seal(unit.parent_id, heads.MINUTE, NOW)  # type: ignore[arg-type]  # its key was adopted there
    assert heads.cosign_waiting(NOW) == 1 and heads.cosign_waiting(NOW) == 0
    (given,) = Cosignature.objects.all()
    assert (given.head, given.by.code) == (head, "C1") and county is not None
    (told,) = heads.feed_of(unit)["heads"]
    assert standalone.head_fault(heads.feed_of(unit), told) == ""
    told["cosignatures"][0]["signature"] = base64.b64encode(bytes(64)).decode()
    assert standalone.head_fault(heads.feed_of(unit), told) == "县级签名不符"


def test_a_forged_head_gets_no_signature_of_the_county(unit: Unit, caplog: pytest.LogCaptureFixture) -> None:
    genuine = sealed(unit)
    TreeHead.objects.create(
        unit=unit, size=3, root=bytes(32), hash=bytes(genuine.hash), peaks=bytes(genuine.peaks), at=NOW, why="close",
        key=genuine.key, signature=bytes(64),
    )  # fmt: skip
    assert heads.cosign_waiting(NOW) == 0 and not Cosignature.objects.exists()
    assert "the county does not sign" in caplog.text


# What has left


def kept(unit: Unit, head: TreeHead, code: str = "", size: int = 0) -> TreeHead:
    told = {"size": size or head.size, "code": code or heads.code_of(head, unit), "where": "县档案馆电脑"}
    return keep(Act(None, "county", unit, NOW), unit, **told)  # type: ignore[arg-type]


def test_both_signatures_are_this_systems_own_and_take_no_head_out_of_it(unit: Unit) -> None:
    sealed(unit)
    heads.cosign_waiting(NOW)
    standing = heads.standing_of(unit)
    assert (standing.signed, standing.cosigned, standing.outside, standing.after) == (3, 3, 0, 3)


def test_a_head_told_as_kept_elsewhere_has_left_and_what_stands_after_it_is_counted(unit: Unit) -> None:
    head = sealed(unit)
    kept(unit, head, heads.code_of(head, unit).lower().replace("-", " "))
    chained()
    standing = heads.standing_of(unit)
    assert (standing.size, standing.outside, standing.after) == (4, 3, 1), "the telling is an entry itself"
    (entry,) = Entry.objects.filter(action="trail.keep")
    told = {"size": 3, "code": heads.code_of(head, unit), "kept_by": "县档案馆电脑"}
    assert json.loads(entry.body)["after"] == told


def test_a_code_that_is_none_and_a_head_no_newer_are_not_taken(unit: Unit) -> None:
    first = sealed(unit)
    for code, size in (("ABCD-EFGH-IJKL-MNOP", 3), (heads.code_of(first, unit), 2)):
        with pytest.raises(Refused, match="立即报告"):
            kept(unit, first, code, size)
    act(unit)
    chained()
    newer = sealed(unit)
    kept(unit, newer)
    for head in (first, newer):
        with pytest.raises(Refused, match="无须再登记"):
            kept(unit, head)
    assert Entry.objects.filter(action="trail.keep").count() == 1


def test_a_stamp_takes_its_head_out(unit: Unit) -> None:
    head = sealed(unit)
    act(unit, 2)
    chained()
    sealed(unit)
    Stamp.objects.create(head=head, unit=unit, at=NOW, by="示例时间戳服务", token=b"")
    standing = heads.standing_of(unit)
    assert (standing.stamped, standing.outside, standing.after) == (3, 3, 2)


# The database


@pytest.mark.parametrize("table", ["workflow_treehead", "workflow_cosignature", "workflow_signingkey"])
@pytest.mark.parametrize("sql", ["DELETE FROM {}", "UPDATE {} SET key = 'x'", "TRUNCATE {} CASCADE"])
def test_the_run_time_role_changes_no_head_and_no_key(unit: Unit, table: str, sql: str) -> None:
    sealed(unit)
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql.format(table))


def test_anybody_reads_heads_and_nobody_outside_writes_them(unit: Unit) -> None:
    head = sealed(unit)
    for context in (PUBLIC, of_units(())):
        apply(context)
        assert TreeHead.objects.count() == (1 if context is PUBLIC else 0)
        head.pk, head.why = None, "forged"
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            head.save(force_insert=True)


def test_the_feed_is_open_to_all(unit: Unit) -> None:
    sealed(unit)
    sealed(unit, "open")
    listed = Client().get("/trail-heads/").json()
    assert [one["unit"] for one in listed["units"]] == ["T01"]
    feed = Client().get(listed["units"][0]["heads"]).json()
    assert [head["why"] for head in feed["heads"]] == ["minute", "open"]
    assert not any(standalone.head_fault(feed, head) for head in feed["heads"])
    assert Client().get("/trail-heads/T01.json?after=3").json()["heads"] == []
    assert Client().get("/trail-heads/T99.json").status_code == 404


def test_a_long_feed_leads_on_and_tells_every_head_once(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workflow.administration.heads.AT_ONCE", 3)
    for number in range(5):
        act(unit)
        chained()
        sealed(unit)
        if number % 2:
            sealed(unit, "open")
    told, path = [], "/trail-heads/T01.json"
    while path:
        feed = Client().get(path).json()
        told += [(head["size"], head["why"]) for head in feed["heads"]]
        path = feed.get("next", "")
    apply(SYSTEM)
    assert (
        told == list(TreeHead.objects.order_by("size", "at", "pk").values_list("size", "why"))
        and len(told) == 7
    )


# After real commits


@pytest.fixture
def committed(fresh_database: str) -> Iterator[Unit]:
    with within(SYSTEM):
        unit = made()
    yield unit


def test_the_moment_of_an_act_is_sealed_with_its_commit(committed: Unit) -> None:
    mark_moments({"test.open": "open"})
    with within(SYSTEM):
        act(committed, action="test.open")
    with within(SYSTEM):
        (head,) = TreeHead.objects.filter(unit=committed)
    assert (head.size, head.why) == (4, "open")


@pytest.mark.parametrize(
    "action", ["selection.notice", "voting.announce", "change.announce", "evaluation.publish"]
)
def test_what_is_published_is_sealed_as_it_is_published(committed: Unit, action: str) -> None:
    with within(SYSTEM):
        act(committed, action=action)
    with within(SYSTEM):
        assert heads.last_head(committed.pk).why == "publish"  # type: ignore[union-attr]


def test_the_sweep_seals_and_cosigns_and_a_missing_key_stops_no_act(
    committed: Unit, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    kept, settings.SIGNING_KEYS_MADE = settings.TRAIL_KEY_FILE, False
    assert sweep_heads() == 0 and "no head" in caplog.text
    settings.SIGNING_KEYS_MADE, settings.TRAIL_KEY_FILE = True, kept
    assert sweep_heads() >= 1
    with within(SYSTEM):
        assert heads.standing_of(committed) == heads.Standing(3, 3, 3, stamped=0, kept=0)
        act(committed)
    with within(SYSTEM):
        assert heads.standing_of(committed) == heads.Standing(4, 3, 3, stamped=0, kept=0)
    sweep_heads()
    with within(SYSTEM):
        assert heads.standing_of(committed) == heads.Standing(4, 4, 4, stamped=0, kept=0)


def test_the_county_signs_no_head_of_a_trail_rewritten_under_it(
    committed: Unit, owner_connection: psycopg.Connection[Any]
) -> None:
    """The owner rewrites an entry that is not yet under a co-signed head, after its head was taken."""
    with within(SYSTEM):
        heads.seal(committed.pk, heads.MINUTE, NOW)
    with owner_connection.transaction():
        owner_connection.execute(
            "ALTER TABLE workflow_entry DISABLE TRIGGER USER, NO FORCE ROW LEVEL SECURITY"
        )
        owner_connection.execute(
            "UPDATE workflow_entry SET body = replace(body, '同意', '反对') WHERE id = 2"
        )
        owner_connection.execute("ALTER TABLE workflow_entry ENABLE TRIGGER USER, FORCE ROW LEVEL SECURITY")
    assert heads.cosign_waiting(NOW) == 0
