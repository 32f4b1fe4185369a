"""Official documents of papers: the layout of GB/T 9704, as PDF and as Word, read back."""

from __future__ import annotations

import io
import sys
from datetime import date

import docx
import pytest
from docx.shared import Mm
from PIL import ImageFile
from pypdf import PdfReader

from projects.cycles.documents.composing import document_of, text_parts
from projects.cycles.documents.issuing import own_government
from projects.cycles.documents.lines import broken, title_lines, width
from projects.cycles.documents.parts import Heading, Paragraph, Seal, Table
from projects.cycles.documents.pdf import NoPdf, obstacle_to_pdf, pdf_of
from projects.cycles.documents.word import word_of
from projects.cycles.models import Paper
from workflow.people.models import Unit, UnitKind

SESSION = "青溪镇第十九届人民代表大会第二次会议"
LIST = "一、文化礼堂\n二、村道硬化\n三、饮水管网"
MM = 72 / 25.4


def paper(kind: str, title: str = "关于有关事项的报告", **more) -> Paper:
    county = Unit(name="示范县", kind=UnitKind.COUNTY)
    unit = Unit(name="青溪镇", kind=UnitKind.TOWNSHIP, parent=county)
    return Paper(unit=unit, kind=kind, title=title, made_on=date(2027, 1, 20), **more)


def read(content: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(content))


def text_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in read(content).pages)


def words_of(content: bytes) -> list[str]:
    file = docx.Document(io.BytesIO(content))
    cells = [cell.text for table in file.tables for row in table.rows for cell in row.cells]
    return [paragraph.text for paragraph in file.paragraphs if paragraph.text] + cells


# The type area


def test_a_page_holds_twenty_two_lines_of_twenty_eight_characters():
    body = "\n".join(["甲" * 28 * 60])
    pages = read(pdf_of(document_of(paper("minutes", "纪要", body=body)))).pages
    lines = [line for line in pages[1].extract_text().splitlines() if "甲" in line]
    assert len(lines) == 22 and {len(line.strip()) for line in lines} == {28}
    assert (round(pages[1].mediabox.width / MM), round(pages[1].mediabox.height / MM)) == (210, 297)


def test_pages_are_numbered_between_dashes():
    pages = read(pdf_of(document_of(paper("minutes", "纪要", body="甲" * 28 * 60)))).pages
    assert len(pages) > 2
    assert all(f"— {n} —" in page.extract_text() for n, page in enumerate(pages, 1))


def test_the_square_at_the_foot_takes_no_page_of_its_own():
    seal = Seal("校验码 1234-5678", "https://vote.example.cn/verify/?code=1234-5678")
    for lines in range(14, 24):
        held = paper("minutes", "纪要", body="\n".join(["研究有关事项。"] * lines))
        plain, sealed = (read(pdf_of(document_of(held, seal=one))).pages for one in (None, seal))
        assert len(sealed) == len(plain)
        assert "1234-5678" in sealed[-1].extract_text() and "1234-5678" not in plain[-1].extract_text()


def test_word_has_the_same_page_and_numbers():
    file = docx.Document(io.BytesIO(word_of(document_of(paper("minutes", "纪要", body="甲")))))
    section = file.sections[0]
    margins = [section.top_margin, section.bottom_margin, section.left_margin, section.right_margin]
    assert [round(margin / Mm(1)) for margin in margins] == [37, 35, 28, 26]
    assert (round(section.page_width / Mm(1)), round(section.page_height / Mm(1))) == (210, 297)
    assert "PAGE" in section.footer._element.xml and "PAGE" in section.even_page_footer._element.xml


# The parts of a document


def test_a_numbered_paper_has_its_letterhead_number_and_addressee():
    sent = {
        "documents": [{"title": "决议", "number": ""}, {"title": "公告", "number": "公告〔十九届〕第1号"}]
    }
    made = paper("filing", number="青溪人大〔2027〕3号", body="现将有关情况报告如下。", data=sent)
    text = text_of(pdf_of(document_of(made, enclosures=["清单.xlsx"])))
    for words in (
        "青溪镇人民代表大会主席团文件",
        "青溪人大〔2027〕3号",
        "示范县人民代表大会常务委员会：",
        "1．决议",
        "2．公告（公告〔十九届〕第1号）",
        "3．清单.xlsx",
        "2027年1月20日",
    ):
        assert words in text, words
    words = words_of(word_of(document_of(made)))
    assert "青溪镇人民代表大会主席团文件" in words and "示范县人民代表大会常务委员会：" in words


def test_a_paper_to_a_higher_body_names_who_let_it_go_out_beside_its_number():
    number = "青溪人大〔2027〕3号"
    sent = document_of(paper("filing", number=number, body="请予备案。", data={"issued_by": "王建国"}))
    assert f"{number} 签发人：王建国" in text_of(pdf_of(sent)).splitlines(), "on one line"
    assert f"{number}\t签发人：王建国" in words_of(word_of(sent))
    within = document_of(paper("circular", number=number, body="请遵照执行。"))
    assert "签发人" not in text_of(pdf_of(within)) + "".join(words_of(word_of(within)))


def test_an_addressee_the_text_names_itself_is_not_named_twice():
    made = paper("filing", body="示范县人大常委会：\n现将有关情况报告如下。")
    assert document_of(made).addressee == ""


def test_an_announcement_bears_its_name_on_top_its_number_and_the_sessions_presidium():
    made = paper(
        "announcement",
        f"{SESSION}公告",
        number="公告〔十九届〕第1号",
        body=f"3 个项目入选：\n{LIST}\n现予公告。",
        data={"signature": f"{SESSION}主席团"},
    )
    document = document_of(made)
    assert (document.masthead, document.ruled, document.title) == (made.title, False, "")
    assert document.signature == f"{SESSION}主席团"
    assert "公告〔十九届〕第1号" in text_of(pdf_of(document))


def test_what_a_meeting_adopted_says_when_under_its_title_and_is_not_signed():
    document = document_of(paper("resolution", f"{SESSION}关于确定项目的决议", body=LIST))
    assert document.caption == "（2027年1月20日通过）" and not document.signature
    assert document_of(paper("minutes", body=LIST)).signature == "青溪镇人民代表大会主席团"


@pytest.mark.parametrize(
    ("kind", "title", "issuer"),
    [
        ("minutes", "党委会议纪要（会议筹备）", "中共青溪镇委员会"),
        ("minutes", "主席团会议纪要（召集会议）", "青溪镇人民代表大会主席团"),
        ("minutes", "政府办公会议纪要（候选项目建议方案）", "青溪镇人民政府"),
        ("minutes", "大会纪要（通过票决办法）", "青溪镇人民代表大会"),
        ("minutes", f"{SESSION}预备会议纪要", "青溪镇人民代表大会"),
        ("reply", "批复", "中共青溪镇委员会"),
        ("request", "请示", "青溪镇人民代表大会主席团"),
        ("bill", "议案", "青溪镇人民政府"),
    ],
)
def test_a_paper_is_signed_by_the_body_it_comes_from(kind, title, issuer):
    assert document_of(paper(kind, title)).signature == issuer


@pytest.mark.parametrize(
    ("name", "kind", "told"),
    [
        ("青溪镇", UnitKind.TOWNSHIP, "镇人民政府"),
        ("三水瑶族乡", UnitKind.TOWNSHIP, "乡人民政府"),
        ("巴音苏木", UnitKind.TOWNSHIP, "苏木人民政府"),
        ("红旗农场", UnitKind.TOWNSHIP, "红旗农场人民政府"),
        ("青溪街道", UnitKind.SUBDISTRICT, "街道办事处"),
    ],
)
def test_a_units_government_is_called_by_its_own_kind(name, kind, told):
    assert own_government(Unit(name=name, kind=kind)) == told


def test_a_numbered_line_over_its_text_is_a_heading_and_a_list_of_names_is_not():
    report = text_parts("一、基本情况\n全镇共有 12 个村。\n二、主要做法\n逐村走访。")
    assert [type(part) for part in report] == [Heading, Paragraph, Heading, Paragraph]
    assert {type(part) for part in text_parts(f"确定下列项目：\n{LIST}\n现予公告。")} == {Paragraph}
    assert text_parts("") == []


def test_a_papers_table_is_on_the_sheet():
    row = {
        "number": 1, "title": "饮水管网", "content": "12 公里", "investment_fen": 38000000, "department": "农办",
        "finish_by": "2027-10-31",
    }  # fmt: skip
    made = paper("candidate_table", "候选项目汇总表", data={"rows": [row]})
    (table,) = [part for part in document_of(made).parts if isinstance(part, Table)]
    assert table.rows == (("1", "饮水管网", "12 公里", "38 万元", "农办", "2027年10月"),)
    assert "38 万元" in text_of(pdf_of(document_of(made)))
    assert "2027年10月" in words_of(word_of(document_of(made)))


@pytest.mark.parametrize(
    ("kind", "data", "shown"),
    [
        (
            "budget_table",
            {"rows": [{"title": "饮水", "code": "213", "amount_fen": 100000000, "source": "本级"}], "total_fen": 100000000},
            ("", "合计", "", "", "100 万元"),
        ),
        (
            "readiness",
            {"lines": [{"what": "名册", "who": "人大办", "level": "blocking", "note": "未定"}]},
            ("1", "名册", "人大办", "须先办结", "未定"),
        ),
        (
            "opinions",
            {"opinions": [{"delegation": "第一代表团", "item": "", "words": "抓紧"}]},
            ("1", "第一代表团", "总体", "抓紧"),
        ),
    ],
)  # fmt: skip
def test_every_table_a_paper_keeps_is_shown(kind, data, shown):
    (table,) = [part for part in document_of(paper(kind, data=data)).parts if isinstance(part, Table)]
    assert table.rows[-1] == shown


def test_markup_in_a_text_stays_text():
    made = paper("minutes", "<b>纪要</b>", body="<script>x</script><img src=http://example.invalid/a.png>")
    text = text_of(pdf_of(document_of(made)))
    assert "<script>" in text.replace("\n", "") and "<b>纪要</b>" in text


# Titles


def test_a_title_breaks_where_words_end():
    assert title_lines(f"{SESSION}关于确定2027年度民生实事项目的决议") == [
        SESSION,
        "关于确定2027年度民生实事项目的决议",
    ]
    assert title_lines("会议纪要") == ["会议纪要"]
    assert (
        title_lines("关于召开张山镇第十七届人民代表大会第二次会议的通知")[1] == "人民代表大会第二次会议的通知"
    )


def test_a_title_takes_a_line_more_before_a_word_is_cut():
    again = "民生实事项目票决（再次投票）"
    assert title_lines(f"{SESSION}{again}计票结果报告单") == [SESSION, again, "计票结果报告单"]
    anew = "民生实事项目票决（重新投票）"
    assert title_lines(f"{SESSION}{anew}（复票）计票结果报告单") == [SESSION, anew, "（复票）计票结果报告单"]
    assert len(title_lines("农村饮用水管网延伸改造提升工程农村饮用水管网延伸改造")) == 2, "no line spares it"


@pytest.mark.parametrize("title", ["很长" * 100, "a" * 200, "2027 年度" * 30, "的" * 50])
def test_any_title_is_broken_without_losing_a_character(title):
    lines = broken(title, 20)
    assert "".join(lines).replace(" ", "") == title.replace(" ", "")
    assert all(width(line) <= 20 for line in lines) or len(lines) == 1


# Without Pango


class _NoPango:
    """An importer that fails as WeasyPrint does where its libraries are missing."""

    def find_spec(self, name, path=None, target=None):
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")


@pytest.fixture
def no_pango(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "weasyprint"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [_NoPango(), *sys.meta_path])


def test_without_pango_the_reason_says_whom_to_ask_and_word_remains(no_pango):
    made = document_of(paper("minutes", "纪要", body="甲"))
    with pytest.raises(NoPdf, match="请联系系统管理员"):
        pdf_of(made)
    assert "纪要" in words_of(word_of(made))


def test_with_pango_nothing_stands_in_the_way():
    assert obstacle_to_pdf() == ""


def test_making_a_pdf_does_not_let_cut_off_pictures_through():
    obstacle_to_pdf()

    assert ImageFile.LOAD_TRUNCATED_IMAGES is False
