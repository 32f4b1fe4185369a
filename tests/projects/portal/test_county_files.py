"""Any view of the county's pages as a workbook, a PDF, a Word file or on a wall: the same figures in the same order."""

from __future__ import annotations

import io
from datetime import date

import docx
import openpyxl
import pytest
from django.http import QueryDict

from projects.cycles.documents.pdf import obstacle_to_pdf
from projects.oversight.measures import SECTIONS
from projects.oversight.models import Guidance
from projects.portal import county_papers as papers
from projects.portal.county_view import View
from projects.supervision.models import Payment, Project
from tests.builders import at, township
from tests.projects.oversight.county_world import county_of, leader_of, townships_of
from tests.projects.portal.public_world import text_of, travel
from tests.purpose import say_purpose
from workflow.flows.money import wan
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import User

pytestmark = pytest.mark.django_db
NAMES = ["青溪镇", "柳河镇", "双桥镇"]
ADDRESS = "sort=invested_percent&dir=down&part=money"


@pytest.fixture
def county(db, monkeypatch):
    apply(SYSTEM)
    travel(monkeypatch, "2027-06-01")
    found = county_of("K")
    townships_of(found, NAMES)
    return found


@pytest.fixture
def reader(client, county):
    client.force_login(leader_of(county))
    say_purpose(client)
    return client


def book_of(answer):
    return openpyxl.load_workbook(io.BytesIO(answer.content))


def test_the_workbook_has_the_views_rows_in_its_order_and_numbers_as_numbers(reader, county):
    rows = View(county, QueryDict(ADDRESS), date(2027, 6, 1)).rows
    answer = reader.get(f"/county/file/xlsx/?{ADDRESS}")
    apply(SYSTEM)
    book = book_of(answer)
    assert book.sheetnames[:2] == ["六个环节", "按期办理"] and book.sheetnames[-1] == "说明"
    sheet = book["资金"]
    cells = list(sheet.iter_rows(values_only=True))
    assert cells[0] == ("乡镇（年度）", "总投资（万元）", "资金到位率", "投资完成率", "已付款（万元）")
    assert [row[0] for row in cells[1:-1]] == [row.name for row in rows]
    assert [row[1] for row in cells[1:-1]] == [row.figures.budget / 1_000_000 for row in rows]
    assert [row[3] for row in cells[1:-1]] == [row.figures.invested / row.figures.budget for row in rows]
    assert cells[-1][0] == "合计" and cells[-1][1] == sum(row.figures.budget for row in rows) / 1_000_000
    told = "".join(str(row[0]) for row in book["说明"].iter_rows(values_only=True))
    assert "按“投资完成率”排列" in told and "2027年6月1日" in told and "满意率＝" in told


def test_the_word_file_has_every_table_and_says_of_when_it_is(reader):
    file = docx.Document(io.BytesIO(reader.get("/county/file/docx/").content))
    text = "\n".join(p.text for p in file.paragraphs)
    assert "示范县民生实事总览" in text.replace("\n", "") and "截至2027年6月1日" in text
    assert len(file.tables) == len(SECTIONS) + 4
    assert "青溪镇 2027" in file.tables[0].rows[1].cells[0].text


@pytest.mark.skipif(bool(obstacle_to_pdf()), reason="no Pango here")
def test_the_pdf_is_one(reader):
    answer = reader.get("/county/file/pdf/?year=2027")
    assert answer["Content-Type"] == "application/pdf" and answer.content.startswith(b"%PDF")


def test_where_no_pdf_can_be_made_the_page_comes_back(reader, monkeypatch):
    monkeypatch.setattr(papers, "written", lambda *_: None)
    answer = reader.get("/county/file/pdf/?year=2027")
    assert answer.status_code == 302 and answer["Location"] == "/county/?year=2027"


def test_a_list_is_a_file_too_and_nothing_in_it_is_a_formula(reader):
    apply(SYSTEM)
    Project.objects.filter(number=1).update(title="=1+1")
    answer = reader.get("/county/list/projects/file/xlsx/?which=live")
    apply(SYSTEM)
    sheet = book_of(answer).worksheets[0]
    titles = [row[0].value for row in sheet.iter_rows(min_row=2)]
    assert len(titles) == Project.objects.exclude(state="stopped").count() + 1 and titles[-1] == "合计"
    assert "=1+1" in titles and {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s", "n"}
    assert {row[0].data_type for row in sheet.iter_rows()} == {"s"}
    assert reader.get("/county/list/projects/file/docx/?which=live").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/county/file/exe/",
        "/county/map/file/exe/",
        "/county/list/projects/file/exe/",
        "/county/list/x/file/xlsx/",
    ],
)
def test_what_is_no_file_is_not_there(reader, path):
    assert reader.get(path).status_code == 404


def test_files_and_the_wall_are_not_for_a_township(client, county):
    client.force_login(township().of("chair"))
    for path in (
        "/county/file/xlsx/",
        "/county/map/file/xlsx/",
        "/county/screen/",
        "/county/list/projects/file/xlsx/",
    ):
        assert client.get(path).status_code == 403


def test_the_wall_shows_every_part_and_can_be_paused(reader):
    page = text_of(reader, "/county/screen/?year=2027")
    assert page.count('class="slide"') == 1 + 1 + 1 + len(SECTIONS) + 1 + 1
    assert "data-pause" in page and "青溪镇" in page and 'href="/county/?year=2027"' in page


def test_the_page_leads_to_its_own_files(reader):
    page = text_of(reader, "/county/?year=2027&sort=red")
    for path in ("/county/file/xlsx/", "/county/file/docx/", "/county/screen/"):
        assert f'href="{path}?year=2027&amp;sort=red"' in page
    listed = text_of(reader, "/county/list/projects/?which=red&year=2027")
    assert 'href="/county/list/projects/file/xlsx/?which=red&amp;year=2027"' in listed


def test_days_and_sums_of_a_list_are_days_and_sums_in_its_workbook(reader, county):
    """They can be sorted and added up there; a text that looks like a formula stays a text."""
    apply(SYSTEM)
    live = Project.objects.exclude(state="stopped")
    paid = live.order_by("cycle__unit__code", "number")[0]
    Payment.objects.create(
        unit=paid.unit, project=paid, source="own", party="=HYPERLINK(1)", paid_on=date(2027, 5, 6),
        amount_fen=12_500_000, by=User.objects.get(username="leader"),
    )  # fmt: skip
    book = book_of(reader.get("/county/list/payments/file/xlsx/"))
    _name, _unit, _source, party, day, amount = next(book.worksheets[0].iter_rows(min_row=2))
    assert (party.value, party.data_type) == ("=HYPERLINK(1)", "s")
    assert day.value.date() == date(2027, 5, 6) and day.is_date and amount.value == 12.5
    assert "年" in day.number_format and "万元" in amount.number_format
    apply(SYSTEM)
    book = book_of(reader.get("/county/list/projects/file/xlsx/?which=live"))
    apply(SYSTEM)
    rows = list(book.worksheets[0].iter_rows(min_row=2, values_only=True))
    sums = [sum(getattr(one, f"{of}_fen") for one in live) / 1e6 for of in ("budget", "funded", "invested")]
    assert (
        list(rows[-1][5:]) == sums
        and [round(sum(row[at] for row in rows[:-1]), 6) for at in (5, 6, 7)] == sums
    )


def test_a_list_of_money_is_added_up_on_its_page_and_on_paper(reader):
    page = text_of(reader, "/county/list/projects/?which=live")
    foot = page.partition("<tfoot")[2].partition("</tfoot>")[0]
    apply(SYSTEM)
    budget = sum(one.budget_fen for one in Project.objects.exclude(state="stopped"))
    assert "合计" in foot and wan(budget) in foot
    paper = docx.Document(
        io.BytesIO(reader.get("/county/list/projects/file/docx/?which=live").content)
    ).tables[0]
    assert paper.rows[-1].cells[0].text == "合计" and paper.rows[-1].cells[5].text == wan(budget)
    assert "<tfoot" not in text_of(reader, "/county/list/proposals/"), "nothing but money is added up"


def test_a_list_that_does_not_fit_into_a_file_says_so(reader, monkeypatch):
    monkeypatch.setattr(papers, "MOST_ROWS", 2)
    path = "/county/list/projects/file/{}/?which=live"
    book = book_of(reader.get(path.format("xlsx")))
    apply(SYSTEM)
    live = Project.objects.exclude(state="stopped").count()
    assert live > 2 and book.worksheets[0].max_row == 1 + 2 + 1  # the head, the rows, the sums of all
    told = "".join(str(row[0]) for row in book["说明"].iter_rows(values_only=True))
    assert f"共 {live} 个。共 {live} 行，本文件只列前 2 行，请缩小范围后分次导出。" in told
    file = docx.Document(io.BytesIO(reader.get(path.format("docx")).content))
    assert "只列前 2 行" in "".join(p.text for p in file.paragraphs)
    monkeypatch.setattr(papers, "MOST_ROWS", live)
    book = book_of(reader.get(path.format("xlsx")))
    assert "只列" not in "".join(str(row[0]) for row in book["说明"].iter_rows(values_only=True))


def test_the_map_is_a_file_of_its_figures_in_the_views_order(reader, county):
    address = "measure=done_percent&year=2027"
    assert f'href="/county/map/file/xlsx/?{address.replace("&", "&amp;")}"' in text_of(
        reader, f"/county/map/?{address}"
    )
    book = book_of(reader.get(f"/county/map/file/xlsx/?{address}"))
    apply(SYSTEM)
    rows = View(county, QueryDict(address), date(2027, 6, 1)).rows
    cells = list(book["完工率"].iter_rows(values_only=True))
    assert cells[0] == ("名称", "完工率", "图中分档")
    assert [row[0] for row in cells[1:]] == [row.name for row in rows]
    assert [row[1] for row in cells[1:]] == [row.figures.done / row.figures.projects for row in rows]
    assert all("至不足" in row[2] or "及以上" in row[2] for row in cells[1:])
    told = "".join(str(row[0]) for row in book["说明"].iter_rows(values_only=True))
    assert "按“完工率”着色" in told and "不表示位置" in told
    file = docx.Document(io.BytesIO(reader.get(f"/county/map/file/docx/?{address}").content))
    assert "地图见页面和 PDF" in "".join(p.text for p in file.paragraphs)


@pytest.mark.skipif(bool(obstacle_to_pdf()), reason="no Pango here")
def test_the_maps_pdf_has_the_map(reader, monkeypatch):
    made = []
    monkeypatch.setattr(papers, "written", lambda document, *_: made.append(document))
    assert reader.get("/county/map/file/pdf/").status_code == 302
    (drawing,) = [part for part in made[0].parts if part.kind == "drawing"]
    assert drawing.svg.count("<tspan") == len(NAMES) and all(f">{name}<" in drawing.svg for name in NAMES)
    monkeypatch.undo()
    say_purpose(reader)  # it is another day again
    answer = reader.get("/county/map/file/pdf/")
    assert answer["Content-Type"] == "application/pdf" and answer.content.startswith(b"%PDF")


def test_what_the_county_has_said_is_a_file_for_it_and_for_the_township_it_was_said_to(client, county):
    town = township()
    leader = leader_of(town.unit.parent, "its leader")
    Guidance.objects.create(
        unit=town.unit,
        county=town.unit.parent,
        title="通报：进度",
        words="=1+1",
        by=leader,
        at=at("2027-05-01"),
    )
    for user in (leader, town.of("chair")):
        client.force_login(user)
        if user == leader:
            say_purpose(client)
        assert 'href="/county/words/file/xlsx/"' in text_of(client, "/county/words/")
        book = book_of(client.get("/county/words/file/xlsx/"))
        assert book.sheetnames == ["工作提示函", "指导意见和通报", "抽查", "说明"]
        row = [cell.value for cell in book["指导意见和通报"][2]]
        assert row[1:] == ["通报：进度", "=1+1", town.unit.name]
        assert client.get("/county/words/file/docx/").status_code == 200
        apply(SYSTEM)
    client.force_login(leader_of(county))
    say_purpose(client)
    assert book_of(client.get("/county/words/file/xlsx/"))["指导意见和通报"].max_row == 1
    assert client.get("/county/words/file/exe/").status_code == 404
