"""The table of a hall's device: written and read back, read as devices write it, refused with row and column."""

from __future__ import annotations

import io

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projects.ballots.keypad import GRADE_HEADS, MARK_HEADS, Unreadable, as_csv, as_rows, as_xlsx, read_totals

TITLES = ["水厂改造", "村道硬化"]
SUMS = {
    "水厂改造": {"for": 31, "against": 2, "abstain": 1, "not_pressed": 1},
    "村道硬化": {"for": 10, "against": 20, "abstain": 5, "not_pressed": 0},
}
TEXT = "序号,项目名称,赞成,反对,弃权,未按\n1,水厂改造,31,2,1,1\n2,村道硬化,10,20,5,0\n"


def workbook(*rows: list[object]) -> bytes:
    book, buffer = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(buffer)
    return buffer.getvalue()


def faults_of(content: bytes) -> list[str]:
    with pytest.raises(Unreadable) as refused:
        read_totals(content, TITLES)
    return list(refused.value.faults)


letters = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=12)
figures = st.fixed_dictionaries(
    {name: st.integers(0, 2000) for name in ("for", "against", "abstain", "not_pressed")}
)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        letters | st.sampled_from(["=1+1", "'甲", "合计", "-2", "@x", "项目名称"]),
        figures,
        min_size=1,
        max_size=6,
    )
)
def test_what_is_written_is_read_back_whole(sums):
    titles = list(sums)
    for heads in (MARK_HEADS, GRADE_HEADS):
        rows = as_rows(titles, sums, heads)
        assert read_totals(as_csv(rows, heads), titles, heads) == sums
        assert read_totals(as_xlsx(rows, heads), titles, heads) == sums


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode(),
        TEXT.encode("gbk"),
        TEXT.encode("utf-16"),
        TEXT.replace(",", "\t").encode("gb18030"),
        TEXT.replace(",", ";").encode(),
    ],
    ids=["utf-8", "bom", "gbk", "utf-16", "tabs", "semicolons"],
)
def test_every_usual_encoding_and_delimiter_of_csv_is_read(content):
    assert read_totals(content, TITLES) == SUMS


def test_a_devices_own_head_names_order_and_total_are_understood():
    content = workbook(
        ["青溪镇第十九届人民代表大会第二次会议", None, None],
        ["应到：45", "实到：35"],
        [],
        ["议题", "同意（人）", "弃权票", "反对", "未按键", "结果"],
        ["村道 硬化", "10", 5.0, 20, 0, "未通过"],
        ["水厂改造", "31人", 1, 2, "1.0", "通过"],
        ["合计", 41, 6, 22, 1, None],
    )
    assert read_totals(content, TITLES) == SUMS


@pytest.mark.parametrize(
    ("content", "faults"),
    [
        (TEXT.replace(",31,", ",三十一,"), ["第 2 行“赞成”列：“三十一”不是人数。"]),
        (TEXT.replace(",31,", ",,"), ["第 2 行“赞成”列：应填人数，现为空。"]),
        (TEXT.replace(",31,", ",-1,"), ["第 2 行“赞成”列：“-1”不是人数。"]),
        (TEXT.replace(",31,", ",31.5,"), ["第 2 行“赞成”列：“31.5”不是人数。"]),
        (TEXT + "3,广场,1,1,1,1\n", ["第 4 行“项目名称”列：“广场”不是本次表决的项目。"]),
        (TEXT + "1,水厂改造,1,1,1,1\n", ["第 4 行“项目名称”列：与第 2 行重复。"]),
        (TEXT.replace("2,村道", "1,村道"), ["第 3 行“序号”列：票面上这个项目是第 2 号，不是“1”。"]),
        ("序号,项目名称,赞成,反对,弃权,未按\n1,水厂改造,1,1,1,1\n", ["缺少“村道硬化”的结果。"]),
        ("项目名称,赞成,反对,弃权\n水厂改造,1,1,1\n", ["第 1 行表头缺少“未按”列。"]),
        ("甲,乙\n1,2\n", ["没有找到表头，表头须有这些列：项目名称、赞成、反对、弃权、未按。"]),
    ],
)
def test_what_cannot_be_read_is_named_with_row_and_column(content, faults):
    found = faults_of(content.encode())
    assert found == faults


def test_what_is_no_table_at_all_is_refused_in_words():
    assert faults_of(b"\xd0\xcf\x11\xe0rest") == [
        "这是旧版 Excel 文件（.xls），请另存为 .xlsx 或 .csv 后再导入。"
    ]
    assert "不是 Excel 工作簿" in faults_of(b"PK\x03\x04broken")[0]
    assert faults_of(b"\x89PNG\r\n\x1a\n\x00\x00") == [
        "文件既不是 Excel 工作簿（.xlsx），也不是文本表格（.csv）。"
    ]
    assert faults_of(b"x" * (2 * 1024 * 1024 + 1)) == ["文件太大，最多 2 MB。"]


def test_every_fault_is_named_at_once():
    content = TEXT.replace(",31,", ",x,").replace(",20,", ",y,")
    assert len(faults_of(content.encode())) == 2


def test_grades_are_known_by_the_names_devices_give_them():
    written = "测评项目,满意票,基本满意票,不满意票,未测评\n水厂改造,31,1,2,1\n村道硬化,10,5,20,0\n"
    assert read_totals(written.encode(), TITLES, GRADE_HEADS) == SUMS
