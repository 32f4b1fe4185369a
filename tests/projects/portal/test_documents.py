"""Papers as PDF and Word: to whom, and what a machine without Pango says."""

from __future__ import annotations

import sys

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile

from projects.cycles.documents import pdf
from projects.cycles.models import Cycle
from projects.cycles.papers import KINDS, attach, make_paper
from projects.portal.public_brake import LIMITS
from tests.builders import at, township
from tests.projects.portal.public_world import cycle_of, text_of
from workflow.people.isolation import SYSTEM, apply

pytestmark = pytest.mark.django_db
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.fixture(autouse=True)
def _start(db):
    apply(SYSTEM)
    cache.clear()


@pytest.fixture
def town(db):
    apply(SYSTEM)
    return township()


def paper_in(town, *, kind: str = "minutes", title: str = "", publish: bool = False, **more):
    apply(SYSTEM)
    act = town.act("chair", at("2027-03-01"))
    cycle = Cycle.objects.filter(unit=town.unit).first() or cycle_of(town)
    return make_paper(act, cycle, kind, title or KINDS[kind], body="研究有关事项。", publish=publish, **more)


def sign_in(client, town, office: str = "clerk") -> None:
    client.force_login(town.of(office), backend="django.contrib.auth.backends.ModelBackend")


def address(paper, ending: str, *, public: bool = False) -> str:
    return f"/papers/{paper.pk}/{ending}/" if public else f"/papers-on-file/{paper.pk}/{ending}/"


@pytest.mark.parametrize(
    ("ending", "kind", "head"), [("pdf", "application/pdf", b"%PDF"), ("docx", WORD, b"PK")]
)
def test_staff_save_a_paper_of_the_file_under_its_title(client, town, ending, kind, head):
    paper = paper_in(town)
    sign_in(client, town)
    answer = client.get(address(paper, ending))
    assert answer["Content-Type"] == kind and answer.content.startswith(head)
    assert f".{ending}" in answer["Content-Disposition"] and "attachment" in answer["Content-Disposition"]


def test_the_page_of_a_paper_links_to_both(client, town):
    paper = paper_in(town, publish=True)
    sign_in(client, town)
    for page, public in ((f"/papers-on-file/{paper.pk}/", False), (f"/papers/{paper.pk}/", True)):
        shown = client.get(page).content.decode()
        assert all(address(paper, ending, public=public) in shown for ending in ("pdf", "docx"))


def test_the_public_page_bears_what_its_files_bear(client, town):
    session = "青溪镇第十九届人民代表大会第二次会议"
    told = paper_in(
        town, kind="announcement", title=f"{session}公告", number="公告〔十九届〕第1号", publish=True,
        data={"signature": f"{session}主席团"},
    )  # fmt: skip
    page = text_of(client, f"/papers/{told.pk}/")
    assert f'<h1 class="paper-issuer announced">{session}公告</h1>' in page and "文件</p>" not in page
    assert '<p class="paper-number">公告〔十九届〕第1号</p>' in page and f"{session}主席团<br>" in page
    numbered = text_of(client, f"/papers/{paper_in(town, number='青溪人大〔2027〕3号', publish=True).pk}/")
    assert "青溪镇人民代表大会主席团文件</p>" in numbered and '<p class="paper-number ruled">' in numbered
    adopted = text_of(client, f"/papers/{paper_in(town, kind='resolution', publish=True).pk}/")
    assert "（2027年3月1日通过）" in adopted and "paper-sign" not in adopted


def test_a_published_paper_is_anybodys_and_another_is_nobodys(client, town):
    published, internal = paper_in(town, publish=True), paper_in(town)
    for ending in ("pdf", "docx"):
        assert client.get(address(published, ending, public=True)).status_code == 200
        text_of(client, address(internal, ending, public=True), 404)


def test_without_an_office_in_the_township_a_paper_of_the_file_is_not_shown(client, town):
    paper, other = paper_in(town), township("T02", name="石桥镇")
    assert client.get(address(paper, "pdf")).status_code == 302  # to sign in
    sign_in(client, other)
    assert client.get(address(paper, "pdf")).status_code == 404
    sign_in(client, town)
    assert client.get(address(paper, "pdf")).status_code == 200


def test_no_other_format_is_offered(client, town):
    paper = paper_in(town, publish=True)
    text_of(client, address(paper, "html", public=True), 404)


def test_only_public_files_are_named_among_the_enclosures(client, town, monkeypatch):
    paper = paper_in(town, publish=True)
    act = town.act("chair", at("2027-03-01"))
    for name, public in (("名单.pdf", True), ("内部.pdf", False)):
        attach(act, paper.reference, SimpleUploadedFile(name, b"x"), public=public)
    seen = []
    monkeypatch.setattr(
        "projects.portal.documents.FORMATS", {"pdf": ("application/pdf", lambda d: seen.append(d) or b"")}
    )
    client.get(address(paper, "pdf", public=True))
    sign_in(client, town)
    client.get(address(paper, "pdf"))
    assert [document.enclosures for document in seen] == [("名单.pdf",), ("名单.pdf", "内部.pdf")]


def test_where_pango_is_missing_the_page_says_so_and_word_stays(client, town, monkeypatch):
    paper = paper_in(town, publish=True)
    sign_in(client, town)
    monkeypatch.setitem(sys.modules, "weasyprint", None)  # an import of it fails
    assert "请联系系统管理员安装排版组件" in pdf.obstacle_to_pdf()
    for public in (False, True):
        page = f"/papers/{paper.pk}/" if public else f"/papers-on-file/{paper.pk}/"
        shown = client.get(page).content.decode()
        assert "没有安装排版组件" in shown and "打印" in shown
        assert address(paper, "docx", public=public) in shown
        assert address(paper, "pdf", public=public) not in shown
        assert client.get(address(paper, "pdf", public=public)).url == page
        assert client.get(address(paper, "docx", public=public)).status_code == 200


def test_one_address_cannot_have_documents_made_without_end(client, town, monkeypatch):
    paper = paper_in(town, publish=True)
    monkeypatch.setitem(LIMITS, "document", 2)
    answers = [client.get(address(paper, "docx", public=True)).status_code for _ in range(3)]
    assert answers == [200, 200, 429]


def test_every_kind_of_paper_can_be_written_as_word(client, town):
    papers = [
        paper_in(town, kind=kind, number="青溪〔2027〕1号")
        for kind in ("bill", "convening", "call", "account")
    ]
    sign_in(client, town)
    assert {client.get(address(paper, "docx")).status_code for paper in papers} == {200}
