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
from projects.lifecycle.services import start_year
from tests.builders import at, township
from tests.projects.oversight.county_world import leader_of
from tests.workflow.audit.test_export import chained
from workflow.audit import heads
from workflow.people.isolation import SYSTEM, apply

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


def test_a_paper_to_be_kept_carries_the_latest_head_and_another_does_not(town):
    assert seal_of(paper(town, "minutes")) is None, "there is no head yet"
    head = heads.seal(town.unit.pk, "open", at("2027-01-20"))
    code = heads.code_of(head, town.unit)
    seal = seal_of(paper(town, "minutes"))
    assert code in seal.words and f"共{head.size}条" in seal.words and "2027年1月20日09:00" in seal.words
    assert bytes(head.root).hex() in seal.qr.splitlines()
    assert seal_of(paper(town, "call")) is None
    assert set(KINDS) >= SEALED


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
    assert heads.code_of(head, town.unit) in client.get(f"/papers-on-file/{held.pk}/").content.decode()
    page = client.get(f"/trail/heads/?unit={town.unit.code}").content.decode()
    assert heads.code_of(head, town.unit) in page and "投票开始" in page
    assert f'href="/trail/?unit={town.unit.code}"' in page
    assert client.get("/trail/heads/?unit=T99").status_code == 404


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
