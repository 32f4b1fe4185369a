"""How long texts stand in the trail: to be shown by whoever has the record, to be guessed by nobody."""

from __future__ import annotations

import hashlib
import json
from itertools import product

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from projects.lifecycle.intake import start_year
from tests.builders import at, do, township
from tests.notifications.conftest import PLAN, SCHEME
from workflow.audit.commitments import SALTED, commit, is_of, new_salt
from workflow.audit.exporters.extract import extract_of
from workflow.audit.models import Salt
from workflow.audit.selectors import says
from workflow.audit.verify import verify

LONG = "按照三个阶段六个环节组织实施。" * 20


def test_a_commitment_is_of_one_text_in_one_place_under_one_salt() -> None:
    salt = new_salt()
    kept = commit(salt, "body", "同意")
    assert is_of(kept, "body", "同意", salt)
    wrong = [("minutes", "同意", salt), ("body", "不同意", salt), ("body", "同意", new_salt())]
    assert not any(is_of(kept, *each) for each in wrong)
    assert not is_of(kept, "body", "同意", None)


def test_entries_from_before_salts_were_kept_can_still_be_shown() -> None:
    bare = {"sha256": hashlib.sha256(LONG.encode()).hexdigest()}
    assert is_of(bare, "body", LONG, None) and not is_of(bare, "body", "别的", None)
    assert is_of("短", "body", "短", None) and not is_of(None, "body", "短", None)


@pytest.fixture
def town(db):
    from workflow.people.isolation import SYSTEM, apply

    apply(SYSTEM)
    made = township()
    start_year(made.act("chair", at("2026-08-10")), **PLAN)
    return made


@pytest.fixture
def entry(town):
    return do("collection.scheme", town.of("chair"), "2026-08-20", **(SCHEME | {"body": LONG}))


@pytest.mark.django_db
def test_whoever_has_the_record_can_show_what_was_handed_in(entry) -> None:
    assert says(entry, "body", LONG)
    assert says(entry, "leading_group", SCHEME["leading_group"])
    assert not says(entry, "body", LONG + "。") and not says(entry, "nothing.0.here", LONG)


@pytest.mark.django_db
def test_the_trail_alone_confirms_no_guess(entry, town) -> None:
    value = json.loads(entry.body)["after"]["body"]
    assert list(value) == [SALTED]
    guesses = [LONG, f"body\n{LONG}", f"body{LONG}"]
    digests = {hashlib.sha256(g.encode()).hexdigest() for g in guesses}
    digests |= {commit(salt, "body", LONG)[SALTED] for salt in (b"", b"body", entry.body.encode())}
    assert value[SALTED] not in digests
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    salt = bytes(Salt.objects.get(entry=entry).value)
    exported = [(line.body + json.dumps(line.envelope)) for line in extract_of(town.unit).lines()]
    assert exported and not any(s in text for s, text in product((salt.hex(),), exported))


@pytest.mark.django_db
def test_with_the_salt_erased_nothing_can_be_shown_and_the_chain_stays_whole(entry, town) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    assert verify(town.unit.pk).fault is None
    Salt.objects.filter(entry=entry).delete()
    assert not says(entry, "body", LONG)
    assert verify(town.unit.pk).fault is None


@pytest.mark.django_db
def test_short_texts_need_no_salt(town) -> None:
    entry = do("collection.scheme", town.of("chair"), "2026-08-20", **SCHEME)
    assert says(entry, "body", SCHEME["body"]) and not Salt.objects.filter(entry=entry).exists()


@pytest.mark.django_db
def test_the_operator_checks_a_text_against_an_entry(entry, tmp_path, capsys) -> None:
    text = tmp_path / "原文.txt"
    text.write_bytes(LONG.encode())
    call_command("check_text", str(entry.pk), "body", str(text))
    assert capsys.readouterr().out == "一致\n"
    text.write_bytes((LONG + "。").encode())
    with pytest.raises(SystemExit) as different:
        call_command("check_text", str(entry.pk), "body", str(text))
    assert different.value.code == 1
    for number, file in ((0, text), (entry.pk, tmp_path / "missing")):
        with pytest.raises(CommandError) as refused:
            call_command("check_text", str(number), "body", str(file))
        assert refused.value.returncode == 2
    Salt.objects.filter(entry=entry).delete()
    with pytest.raises(CommandError) as refused:
        call_command("check_text", str(entry.pk), "body", str(text))
    assert refused.value.returncode == 2
