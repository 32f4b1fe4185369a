"""Minutes, reports and decisions carry a head of the trail out of the system; other papers do not."""

from __future__ import annotations

import io
import json
from datetime import date
from io import StringIO
from urllib.parse import urlsplit

import docx
import pytest
from django.core.cache import cache
from django.core.management import call_command

from projects.cycles.documents.composing import document_of
from projects.cycles.documents.pdf import pdf_of
from projects.cycles.documents.sealing import SEALED, seal_of
from projects.cycles.documents.word import word_of
from projects.cycles.models import Cycle
from projects.cycles.papers import KINDS, make_paper
from projects.lifecycle.intake import start_year
from tests.builders import at, every_office, township
from tests.projects.oversight.county_world import leader_of
from tests.purpose import say_purpose
from tests.workflow.audit.test_export import chained
from workflow.administration import trail
from workflow.administration.keeping import keep
from workflow.audit import heads, nightly, standalone
from workflow.audit.models import Entry, TrailCheck, TreeHead
from workflow.audit.proofs import proof_of_entry
from workflow.audit.services import write_down
from workflow.management.commands.verify_trail import feeds_in
from workflow.people.isolation import SYSTEM, apply
from workflow.roles import registry

pytestmark = pytest.mark.django_db
PLAN = {"opens_on": date(2026, 9, 1), "planned_t": date(2027, 1, 20), "planned_t2": date(2028, 1, 18)}


@pytest.fixture
def town(db, settings, tmp_path):
    settings.TRAIL_KEY_FILE = str(tmp_path / "head")
    apply(SYSTEM)
    made = township()
    start_year(made.act("chair", at("2026-08-10")), year=2027, **PLAN)
    chained()
    return made


def paper(town, kind):
    return make_paper(
        town.act("clerk", at("2027-01-20")), Cycle.objects.get(), kind, "主席团会议纪要", body="同意。"
    )


def test_a_paper_to_be_kept_carries_the_head_of_the_trail_as_it_stands_and_another_does_not(town):
    head = heads.seal(town.unit.pk, "open", at("2027-01-20"))
    code = heads.code_of(head, town.unit)
    seal = seal_of(paper(town, "minutes"))
    assert code in seal.words and f"共{head.size}条" in seal.words and "2027年1月20日09:00" in seal.words
    assert seal_of(paper(town, "call")) is None
    assert set(KINDS) >= SEALED


@pytest.mark.parametrize("origins", [[], ["https://*.example.cn"], ["http://10.0.0.8"]])
def test_the_square_leads_to_the_site_where_it_has_an_address_that_lasts_and_holds_the_head_alone_otherwise(
    town, settings, origins
):
    head = heads.seal(town.unit.pk, "open", at("2027-01-20"))
    code, root = heads.code_of(head, town.unit), bytes(head.root).hex()
    held = paper(town, "minutes")
    settings.CSRF_TRUSTED_ORIGINS = ["https://vote.example.cn"]
    place, _hash, kept = seal_of(held).qr.partition("#")
    assert place == f"https://vote.example.cn/verify/?code={code}" and kept == f"T01-{head.size}-{root}"
    settings.CSRF_TRUSTED_ORIGINS = origins
    fields = (heads.STATEMENT, "T01", str(head.size), root, bytes(head.hash).hex(), code)
    assert tuple(seal_of(held).qr.split("\n")) == fields


def test_a_paper_printed_at_once_is_under_its_own_head(town):
    """Entries that stand after the last head are taken in before the code is printed, and only where there are any."""
    first = heads.seal(town.unit.pk, "open", at("2027-01-20"))
    write_down(town.act("clerk", at("2027-01-20")), "test.act", "thing:1")
    chained()
    printed = paper(town, "minutes")
    for _time in range(2):
        seal = seal_of(printed)
        head = heads.last_head(town.unit.pk)
        assert (head.size, head.why) == (first.size + 1, "print")
        assert heads.code_of(head, town.unit) in seal.words and f"共{head.size}条" in seal.words
    assert TreeHead.objects.filter(unit=town.unit).count() == 2


def test_where_no_head_can_be_taken_the_paper_carries_the_last_one_and_says_of_when(town, settings):
    first = heads.seal(town.unit.pk, "open", at("2027-01-20"))
    settings.TRAIL_KEY_FILE = ""
    write_down(town.act("clerk", at("2027-01-20")), "test.act", "thing:1")
    chained()
    assert f"共{first.size}条" in seal_of(paper(town, "minutes")).words


@pytest.mark.parametrize(
    "kind",
    [
        "rectification", "opinions_reply", "progress_summary", "explanation", "audit_report", "look_back", "circular",
        "trackers", "written_answer",
    ],
)  # fmt: skip
def test_what_is_kept_or_sent_out_in_later_steps_carries_it_too(town, kind):
    assert "办理记录校验码：" in seal_of(paper(town, kind)).words


def test_the_code_is_printed_in_pdf_and_word(town):
    head = heads.seal(town.unit.pk, "open", at("2027-01-20"))
    printed = paper(town, "tally_report")
    document = document_of(printed, seal=seal_of(printed))
    assert pdf_of(document).startswith(b"%PDF")
    file = docx.Document(io.BytesIO(word_of(document)))
    assert heads.code_of(head, town.unit) in file.paragraphs[-1].text and len(file.inline_shapes) == 1


def test_the_code_stands_on_the_papers_page(town, client):
    head = heads.seal(town.unit.pk, "open", at("2027-01-20"))
    held = paper(town, "minutes")
    client.force_login(town.of("clerk"))
    page = client.get(f"/papers-on-file/{held.pk}/").content.decode()
    assert heads.code_of(head, town.unit) in page and "<svg" in page[page.index("成文日期") :]
    page = client.get(f"/trail/heads/?unit={town.unit.code}").content.decode()
    assert heads.code_of(head, town.unit) not in page and "登记后显示" in page and "投票开始" in page
    assert f'href="/trail/?unit={town.unit.code}"' in page
    assert "还没有校验码留存到系统之外" in page and "尚未核验" in page
    assert client.get("/trail/heads/?unit=T99").status_code == 404


def test_whoever_holds_a_paper_tells_it_on_the_page_of_codes(town, client):
    head = heads.seal(town.unit.pk, "open", at("2027-01-20"))
    client.force_login(town.of("clerk"))
    sent = {"size": head.size, "code": heads.code_of(head, town.unit), "kept_by": "纸质会议纪要存党政办"}
    wrong = client.post("/trail/heads/", sent | {"code": "AAAA-AAAA-AAAA-AAAA"})
    assert wrong.status_code == 422 and "没有这个校验码" in wrong.content.decode()
    assert client.post("/trail/heads/", sent).status_code == 302
    page = client.get("/trail/heads/").content.decode()
    assert f"含{head.size}条，此后有" in page and heads.code_of(head, town.unit) in page


def test_only_the_offices_named_tell_what_is_kept_elsewhere_and_every_other_is_refused(town, client):
    """An auditor or a deputy who copied a code from the page would have an export say that nothing stands after it."""
    holders = every_office(town)
    head = heads.seal(town.unit.pk, "open", at("2027-01-20"))
    sent = {"size": head.size, "code": heads.code_of(head, town.unit), "kept_by": "县档案馆电脑"}
    keepers = {"clerk", "gov_clerk", "county"}
    for office, held in holders.items():
        client.force_login(held.user)
        session = client.session
        session["grant"] = held.pk
        session.save()
        if office not in keepers:
            page = client.get(f"/trail/heads/?unit={town.unit.code}").content.decode()
            assert "登记留存在外的校验码" not in page and sent["code"] in page, office
            assert client.post(f"/trail/heads/?unit={town.unit.code}", sent).status_code == 403, office
    apply(SYSTEM)
    assert heads.standing_of(town.unit).outside == 0
    client.force_login(holders["county"].user)
    assert client.post(f"/trail/heads/?unit={town.unit.code}", sent).status_code == 302
    apply(SYSTEM)
    assert heads.standing_of(town.unit).outside == head.size
    assert {one.code for one in registry.offices() if one.keeps_heads} == keepers


def test_anybody_looks_up_the_code_on_a_paper_where_its_square_leads_or_by_typing_it(town, client, settings):
    settings.CSRF_TRUSTED_ORIGINS = ["https://vote.example.cn"]
    head = heads.seal(town.unit.pk, "open", at("2027-01-20"))
    seal, code = seal_of(paper(town, "minutes")), heads.code_of(head, town.unit)
    place = urlsplit(seal.qr)
    for address in (
        f"{place.path}?{place.query}",
        f"/verify/?code={code.lower().replace('-', '+')}",
        f"/verify/?code={code.replace('O', '0').replace('B', '8').replace('I', '1')}",
    ):
        page = client.get(address).content.decode()
        assert "校验码存在，签名有效" in page and town.unit.name in page and code in page
        assert "2027年1月20日" in page and f"<dd>{head.size}</dd>" in page and "投票开始" in page
        assert f'href="/trail-heads/{town.unit.code}.json"' in page
    unknown = client.get("/verify/?code=AAAA-AAAA-AAAA-AAAA")
    assert unknown.status_code == 200 and "未查到该校验码" in unknown.content.decode()
    for wrong in ("", "ABCD", "AAAA-AAAA-AAAA-AAA9", "%00"):
        answer = client.get(f"/verify/?code={wrong}")
        assert answer.status_code in (404, 422) and "校验码存在，签名有效" not in answer.content.decode()
    page = client.get("/verify/").content.decode()
    assert "校验码存在" not in page and 'name="code"' in page
    assert 'href="/verify/"' in client.get(f"/t/{town.unit.code}/").content.decode()
    assert b"def verify_signature" in client.get("/trail-heads/verify.py").content


def test_a_head_whose_signature_or_row_is_not_its_own_has_no_code(town, client):
    """Whoever writes a row into the table, or another code beside a head, is not believed."""
    head = heads.seal(town.unit.pk, "open", at("2027-01-20"))
    assert heads.head_of_code(heads.code_of(head, town.unit)) == head
    forged = TreeHead.objects.get(pk=head.pk)
    forged.pk, forged.why, forged.code, forged.signature = None, "close", "", bytes(64)
    forged.code = heads.bare_code(heads.code_of(forged, town.unit))
    forged.save(force_insert=True)
    assert heads.head_of_code(forged.code) is None
    renamed = TreeHead.objects.get(pk=head.pk)
    renamed.pk, renamed.why, renamed.code = None, "count", "A" * 16
    renamed.save(force_insert=True)
    assert heads.head_of_code("AAAA-AAAA-AAAA-AAAA") is None


def test_an_office_that_keeps_heads_takes_the_proof_of_an_entry_and_python_alone_verifies_it(
    town, client, tmp_path
):
    for number in range(2):
        write_down(town.act("clerk", at("2027-01-20")), "test.act", f"thing:{number}", after={"n": number})
    chained()
    entry = Entry.objects.filter(unit=town.unit).order_by("pk")[1]
    client.force_login(town.of("clerk"))
    assert f'href="/trail/entries/{entry.pk}/proof/"' in client.get("/trail/").content.decode()
    answer = client.get(f"/trail/entries/{entry.pk}/proof/")
    assert answer.status_code == 200 and f"proof-T01-{entry.pk}.json" in answer["Content-Disposition"]
    (tmp_path / "proof.json").write_bytes(answer.content)
    assert standalone.main(["proof", str(tmp_path / "proof.json")]) == 0
    told = answer.content.decode()
    others = Entry.objects.filter(unit=town.unit).exclude(pk=entry.pk).values_list("body", flat=True)
    assert entry.body[1:40] in json.loads(told)["proof"]["line"] and not any(
        body[1:] in told for body in others
    )
    altered = json.loads(told)
    altered["proof"]["line"] = altered["proof"]["line"].replace('"n":0', '"n":7')
    (tmp_path / "proof.json").write_text(json.dumps(altered), encoding="utf-8")
    assert standalone.main(["proof", str(tmp_path / "proof.json")]) == 1
    apply(SYSTEM)
    (taken,) = Entry.objects.filter(action="record.export").select_related("actor")
    said = json.loads(taken.body)
    assert (taken.actor, said["subject"], said["after"]["file"]) == (
        town.of("clerk"),
        town.unit.reference,
        "proof",
    )
    assert str(entry.pk) in said["label"]
    client.force_login(leader_of(town.unit.parent))
    say_purpose(client)
    assert client.get(f"/trail/entries/{entry.pk}/proof/").status_code == 200
    client.force_login(town.of("mayor"))
    told = client.get("/trail/")
    assert told.status_code == 200 and f"/trail/entries/{entry.pk}/proof/" not in told.content.decode()
    assert client.get(f"/trail/entries/{entry.pk}/proof/").status_code == 403
    other = township("T02", name="石桥镇")
    client.force_login(other.of("clerk"))
    assert client.get(f"/trail/entries/{entry.pk}/proof/").status_code == 404


def test_one_person_takes_so_many_proofs_an_hour(town, client, monkeypatch):
    monkeypatch.setattr(trail, "PROOFS_AN_HOUR", 1)
    cache.clear()
    entry = Entry.objects.filter(unit=town.unit).order_by("pk")[0]
    for name, status in (("clerk", 200), ("clerk", 302), ("gov_clerk", 200)):
        client.force_login(town.of(name))
        assert client.get(f"/trail/entries/{entry.pk}/proof/").status_code == status
    client.force_login(town.of("clerk"))
    assert "请稍后再试" in client.get(f"/trail/entries/{entry.pk}/proof/", follow=True).content.decode()


def test_a_proof_stands_under_a_head_that_left_the_system_where_there_is_one(town):
    first = heads.seal(town.unit.pk, "open", at("2027-01-20"))
    entry = Entry.objects.filter(unit=town.unit).order_by("pk")[0]
    write_down(town.act("clerk", at("2027-01-21")), "test.act", "thing:1")
    chained()
    last = heads.seal(town.unit.pk, "close", at("2027-01-21"))
    assert proof_of_entry(town.unit, entry.pk)["proof"]["size"] == last.size
    keep(
        town.act("clerk", at("2027-01-22")),
        town.unit,
        size=first.size,
        code=heads.code_of(first, town.unit),
        where="县档案馆",
    )
    chained()
    assert proof_of_entry(town.unit, entry.pk)["proof"]["size"] == first.size
    newest = Entry.objects.filter(unit=town.unit).order_by("-pk")[0]
    assert proof_of_entry(town.unit, newest.pk)["proof"]["size"] > last.size


def test_a_county_takes_the_heads_of_all_its_townships_in_one_file(town, client, tmp_path):
    heads.seal(town.unit.pk, "open", at("2027-01-20"))
    heads.seal(town.unit.parent_id, "asked", at("2027-01-20"))
    client.force_login(leader_of(town.unit.parent))
    page = client.get("/trail/heads/").content.decode()
    assert "下级各单位的校验码" in page and f'href="/trail/heads/?unit={town.unit.code}"' in page
    answer = client.get("/trail/heads/below.json")
    file, trail = tmp_path / "heads.json", tmp_path / "trail.jsonl"
    file.write_bytes(b"".join(answer.streaming_content))
    told = json.loads(file.read_text(encoding="utf-8"))
    assert [one["unit"] for one in told["units"]] == sorted([town.unit.code, town.unit.parent.code])
    apply(SYSTEM)
    assert [one["heads"] for one in told["units"]] == [
        heads.feed_of(unit)["heads"] for unit in (town.unit, town.unit.parent)
    ]
    assert [feed["unit"] for feed in feeds_in(str(file))] == [town.unit.code, town.unit.parent.code]
    call_command("export_trail", "--unit", "T01", "--output", str(trail), "--reason", "留存核对")
    assert standalone.main([str(trail), str(file)]) == 0
    chained()
    call_command("verify_trail", "--heads", str(file), stdout=StringIO())
    out = StringIO()
    call_command("trail_heads", "--unit", town.unit.parent.code, "--below", stdout=out)
    assert json.loads(out.getvalue())["units"] == told["units"]
    told["units"][0]["heads"][0]["hash"] = "00" * 32
    file.write_text(json.dumps(told), encoding="utf-8")
    assert standalone.main([str(trail), str(file)]) == 1
    said = StringIO()
    with pytest.raises(SystemExit) as left:
        call_command("verify_trail", "--heads", str(file), stdout=said)
    assert left.value.code == 1 and f"{town.unit.code}\t" in said.getvalue() and "签名不符" in said.getvalue()
    told["units"] = told["units"][1:]
    file.write_text(json.dumps(told), encoding="utf-8")
    assert standalone.main([str(trail), str(file)]) == 2, "the county's file has nothing of this unit"
    client.force_login(town.of("clerk"))
    assert client.get("/trail/heads/below.json").status_code == 403


def test_the_file_of_all_townships_has_their_last_heads_and_those_of_moments_but_no_older_minute(
    town, client
):
    for why in ("minute", "open", "minute", "minute"):
        heads.seal(town.unit.pk, why, at("2027-01-20"))
        write_down(town.act("clerk", at("2027-01-20")), "test.act", "thing:1")
        chained()
    client.force_login(leader_of(town.unit.parent))
    told = json.loads(b"".join(client.get("/trail/heads/below.json").streaming_content))
    (own,) = (one for one in told["units"] if one["unit"] == town.unit.code)
    apply(SYSTEM)
    taken = heads.feed_of(town.unit)["heads"]
    assert [one["why"] for one in taken] == ["minute", "open", "minute", "minute"]
    assert own["heads"] == [taken[1], taken[3]]


def test_the_page_of_the_trail_says_when_it_was_last_verified(town, client):
    nightly.verify_all(at("2027-01-20"))
    client.force_login(town.of("clerk"))
    for page in ("/trail/", "/trail/heads/"):
        assert "上次核验" in client.get(page).content.decode()
    TrailCheck.objects.update(code="hash", index=2)
    for page in ("/trail/", "/trail/heads/"):
        said = client.get(page).content.decode()
        assert "第2条或者此前有问题" in said and "此前最近一次核验一致" in said


def test_the_codes_of_a_county_lead_back_to_a_trail_that_is_there(town, client):
    county = town.unit.parent
    client.force_login(leader_of(county))
    page = client.get("/trail/heads/").content.decode()
    assert county.name in page and 'href="/trail/"' in page
    assert client.get("/trail/").status_code == 200


def test_a_downloaded_paper_carries_it(town, client):
    head = heads.seal(town.unit.pk, "open", at("2027-01-20"))
    client.force_login(town.of("clerk"))
    for kind, carried in {"minutes": True, "call": False}.items():
        answer = client.get(f"/papers-on-file/{paper(town, kind).pk}/docx/")
        apply(SYSTEM)
        text = "".join(one.text for one in docx.Document(io.BytesIO(answer.content)).paragraphs)
        assert (heads.code_of(head, town.unit) in text) == carried
