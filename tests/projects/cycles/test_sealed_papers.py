"""Minutes, reports and decisions carry a head of the trail out of the system; other papers do not."""

from __future__ import annotations

import io
from datetime import date

import docx
import pytest

from projects.cycles.documents.composing import document_of
from projects.cycles.documents.pdf import pdf_of
from projects.cycles.documents.sealing import SEALED, seal_of
from projects.cycles.documents.word import word_of
from projects.cycles.models import Cycle
from projects.cycles.papers import KINDS, make_paper
from projects.lifecycle.intake import start_year
from tests.builders import at, every_office, township
from tests.projects.oversight.county_world import leader_of
from tests.workflow.audit.test_export import chained
from workflow.audit import heads, nightly
from workflow.audit.models import TrailCheck, TreeHead
from workflow.audit.services import write_down
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
    assert bytes(head.root).hex() in seal.qr.splitlines()
    assert seal_of(paper(town, "call")) is None
    assert set(KINDS) >= SEALED


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
    assert seal_of(paper(town, kind)).qr.startswith(heads.STATEMENT)


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
