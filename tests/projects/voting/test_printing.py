"""The paper ballot, the printed tally report, its signed scan, and the invalid ballots by reason."""

from __future__ import annotations

import io
import json
import math
from dataclasses import replace

import docx
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from docx.shared import Mm
from pypdf import PdfReader

from projects.ballots.models import Purpose
from projects.ballots.printing import Facts, ballot_of, form_code, pdf_ballot, word_ballot
from projects.ballots.reporting import short_code
from projects.cycles.documents.composing import document_of
from projects.cycles.documents.parts import Seal
from projects.cycles.documents.pdf import pdf_of
from projects.cycles.documents.word import word_of
from projects.cycles.models import Attachment, Paper
from projects.demo.play.voting import Sheet, keyed, play_ballot
from projects.voting.ballot_sheet import sheet_of
from tests.builders import at, do
from tests.projects.voting.conftest import DAY, Hall, T, page_of, settled
from tests.projects.voting.test_voting_pages import at_keying
from workflow.audit.models import Entry
from workflow.flows.errors import InvalidForm, NotYourTurn, Obstructed, Refused
from workflow.flows.events import perform
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import Unit, UnitKind
from workflow.roles.models import RoleGrant

pytestmark = pytest.mark.django_db
SUMS = {"文化礼堂": 34, "村道硬化": 5}
ACCOUNT = "新建村级供水管道 12 公里，改造泵房 3 座，解决 4 个村 2300 人季节性缺水问题，配套智能水表。"
SCAN = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def read(content: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(content))


def text_of(content: bytes) -> str:
    """The words of all pages, without any space: where a cell breaks is not what is asked."""
    return "".join("".join(page.extract_text() for page in read(content).pages).split())


def facts_of(vote) -> dict[str, Facts]:
    facts = Facts("380 万元", ACCOUNT, "2027年10月", "126")
    return dict.fromkeys(vote.options.values_list("reference", flat=True), facts)


def sized(content: bytes) -> tuple[int, int]:
    box = read(content).pages[0].mediabox
    return round(box.width * 25.4 / 72), round(box.height * 25.4 / 72)


def sign_in(client, hall: Hall, office: str, number: int = 1):
    user = hall.town.of(office, number)
    client.force_login(user)
    client.post("/office/", {"grant": RoleGrant.objects.get(user=user, office=office).pk})
    return user


def main_of(page) -> str:
    return page.content.decode()


# The sheet


@pytest.mark.parametrize(
    ("mode", "marks", "rule"),
    [
        ("select", ["表决栏"], "等于或少于1个的为有效票"),
        ("each", ["赞成", "反对", "弃权"], "选一栏划“○”"),
        ("rank", ["次序"], "最多排1个"),
    ],
)
def test_each_mode_has_its_columns_and_its_marking_rule_on_one_sheet(db, mode, marks, rule):
    hall = settled(["文化礼堂", "村道硬化"], seats=1, in_office=50, ballot_mode=mode)
    sheet = pdf_ballot(ballot_of(hall.vote, facts_of(hall.vote), presidium="主席团"))
    text = text_of(sheet.content)
    assert len(read(sheet.content).pages) == 1 and sheet.size == "A4" and sized(sheet.content) == (210, 297)
    for words in ("序号", "项目名称", "总投资", "项目论述", "完成时间", "文化礼堂", "380万元", *marks):
        assert words in text, words
    assert rule in text and "（主席团印章）" in text


@pytest.mark.parametrize("count", [12, 20, 30, 40])
def test_a_long_list_is_one_sheet_of_a3(db, count):
    hall = settled(
        [f"农村饮用水管网延伸工程{n}" for n in range(count)], seats=10, in_office=50, ballot_mode="each"
    )
    sheet = pdf_ballot(ballot_of(hall.vote, facts_of(hall.vote), presidium="主席团"))
    assert len(read(sheet.content).pages) == 1 and sheet.size == "A3"
    assert sorted(sized(sheet.content)) == [297, 420]
    assert f"工程{count - 1}" in text_of(sheet.content)


def test_a_list_no_sheet_can_hold_is_refused(db):
    hall = settled([f"工程{n}" for n in range(90)], seats=10, in_office=50)
    with pytest.raises(Refused, match="一张 A3 纸印不下"):
        pdf_ballot(sheet_of(hall.vote, hall.cycle))


def test_a_measurement_has_its_three_grades(hall):
    vote = hall.vote
    vote.purpose, vote.mode = Purpose.MEASUREMENT, "each"
    text = text_of(pdf_ballot(ballot_of(vote, {}, presidium="主席团")).content)
    assert all(words in text for words in ("满意", "基本满意", "不满意")) and "总投资" not in text


def test_a_question_put_to_the_vote_has_no_candidates_and_no_places(hall):
    vote = hall.vote
    vote.purpose, vote.mode = Purpose.CHANGE, "each"
    text = text_of(pdf_ballot(ballot_of(vote, {}, presidium="主席团")).content)
    assert "在“赞成”“反对”“弃权”中选一栏划“○”，不划的为弃权。" in text and "应选" not in text


def test_every_sheet_of_a_vote_is_the_same_and_bears_the_votes_own_code(hall):
    ballot = sheet_of(hall.vote, hall.cycle)
    assert pdf_ballot(ballot).content == pdf_ballot(ballot).content
    assert form_code(hall.vote) in text_of(pdf_ballot(ballot).content)
    other = settled_again(hall)
    assert form_code(other) != form_code(hall.vote)


def settled_again(hall: Hall):
    vote = hall.vote
    vote.seats = 2
    return vote


def test_the_sheet_names_the_session_and_says_what_is_known_of_each_project(hall):
    item = hall.items[0]
    item.investment_fen, item.finish_by = 38000000, T
    item.save()
    ballot = sheet_of(hall.vote, hall.cycle)
    assert ballot.congress == "青溪镇第十九届人民代表大会第二次会议"
    assert ballot.seal == "青溪镇第十九届人民代表大会第二次会议主席团"
    assert ballot.rows[0][2] == Facts("38 万元", "建设内容", "2027年\n1月", "1")
    assert ballot.rows[1][2].investment == ""


def test_word_has_the_same_table(hall):
    sheet = word_ballot(sheet_of(hall.vote, hall.cycle))
    (table,) = docx.Document(io.BytesIO(sheet.content)).tables
    assert [cell.text for cell in table.rows[0].cells][-1] == "表决栏"
    assert [row.cells[1].text for row in table.rows][1:] == ["文化礼堂", "村道硬化"]


def lines_of(text: str, wide_mm: float, pt: float) -> int:
    """How many lines a text fills, letters and digits being half as wide as the others."""
    wide = [sum(0.5 if letter.isascii() else 1 for letter in part) for part in text.split("\n")]
    return sum(max(1, math.ceil(characters * pt * 25.4 / 72 / wide_mm)) for characters in wide)


def height_of(file) -> float:
    """How high a ballot in Word is, in mm, added up from what stands in the file."""
    section, (table,) = file.sections[0], file.tables
    wide = (section.page_width - section.left_margin - section.right_margin) / Mm(1)
    total = 0.0
    for paragraph in file.paragraphs:
        lines = lines_of(paragraph.text, wide, paragraph.runs[0].font.size.pt)
        total += lines * paragraph.paragraph_format.line_spacing.mm
    for row in table.rows:
        texts = [(cell.paragraphs[0], cell.width.mm - 2) for cell in row.cells]
        filled = [
            lines_of(paragraph.text, room, paragraph.runs[0].font.size.pt)
            * paragraph.paragraph_format.line_spacing.mm
            for paragraph, room in texts
        ]
        total += max(row.height.mm if row.height else 0, *filled)
    return total


@pytest.mark.parametrize("mode", ["select", "each"])
@pytest.mark.parametrize(("count", "size"), [(2, "A4"), (15, "A3"), (20, "A3"), (40, "A3")])
def test_in_word_a_list_of_any_length_is_one_sheet_too(db, count, size, mode):
    titles = [f"农村饮用水管网延伸工程{n}" for n in range(count)]
    hall = settled(titles, seats=1, in_office=50, ballot_mode=mode)
    sheet = word_ballot(ballot_of(hall.vote, facts_of(hall.vote), presidium="主席团"))
    file = docx.Document(io.BytesIO(sheet.content))
    section = file.sections[0]
    room = (section.page_height - section.top_margin - section.bottom_margin) / Mm(1)
    assert sheet.size == size and len(file.tables[0].rows) == count + 1
    assert height_of(file) <= room, (height_of(file), room)
    paper = {"A4": [210, 297], "A3": [297, 420]}[size]
    assert sorted((round(section.page_width.mm), round(section.page_height.mm))) == paper
    least = min(row.height.mm for row in file.tables[0].rows[1:])
    assert round(least) >= (6 if count == 40 else 10), "a mark has its place"


@pytest.mark.parametrize("ballot_as", [pdf_ballot, word_ballot])
def test_titles_no_sheet_can_hold_are_refused_in_word_as_in_pdf(db, ballot_as):
    hall = settled([f"农村饮用水管网延伸改造提升工程{n}" for n in range(40)], seats=10, in_office=50)
    short = sheet_of(hall.vote, hall.cycle)
    assert ballot_as(short).size == "A3"
    sheet = replace(short, rows=tuple((n, title * 6, facts) for n, title, facts in short.rows))
    with pytest.raises(Refused, match="项目太多，一张 A3 纸印不下，请先缩短项目名称。"):
        ballot_as(sheet)


# Printing is recorded


def test_the_clerk_prints_and_the_trail_says_how_many(hall, client):
    clerk = sign_in(client, hall, "clerk")
    assert "登记并下载表决票" in main_of(client.get(f"/votes/{hall.vote.pk}/ballots/"))
    answer = client.post(f"/votes/{hall.vote.pk}/ballots/", {"copies": 50, "ending": "pdf"})
    assert answer["Content-Type"] == "application/pdf"
    assert len(read(answer.content).pages) == 1
    apply(SYSTEM)
    entry = Entry.objects.get(action="ballots.print")
    said = json.loads(entry.body)
    assert entry.actor == clerk and said["after"]["copies"] == 50
    assert said["after"]["form_code"] == form_code(hall.vote)
    assert "印制 50 张" in main_of(client.get(f"/votes/{hall.vote.pk}/ballots/"))


def test_more_than_all_deputies_are_not_printed(hall, client):
    sign_in(client, hall, "clerk")
    answer = client.post(f"/votes/{hall.vote.pk}/ballots/", {"copies": 51, "ending": "pdf"})
    assert answer.status_code == 422 and "不能多于全体代表 50 人" in main_of(answer)
    apply(SYSTEM)
    assert not Entry.objects.filter(action="ballots.print").exists()


@pytest.mark.parametrize("office", ["teller", "chief_teller"])
def test_tellers_print_too(hall, office):
    perform(
        "ballots.print",
        hall.vote,
        actor=hall.town.of(office),
        data={"copies": 3, "ending": "docx"},
        at=at(DAY),
    )


@pytest.mark.parametrize("office", ["chair", "mayor", "deputy", "counter"])
def test_nobody_else_prints(hall, client, office):
    with pytest.raises(NotYourTurn):
        perform(
            "ballots.print",
            hall.vote,
            actor=hall.town.of(office),
            data={"copies": 3, "ending": "pdf"},
            at=at(DAY),
        )
    sign_in(client, hall, office)
    assert client.post(f"/votes/{hall.vote.pk}/ballots/", {"copies": 3, "ending": "pdf"}).status_code == 403


def test_once_the_vote_is_open_no_ballot_is_printed(hall, client):
    at_keying(hall)
    with pytest.raises(Obstructed, match="只在投票开始以前印制"):
        perform(
            "ballots.print",
            hall.vote,
            actor=hall.town.of("clerk"),
            data={"copies": 1, "ending": "pdf"},
            at=at(DAY),
        )
    sign_in(client, hall, "clerk")
    answer = client.post(f"/votes/{hall.vote.pk}/ballots/", {"copies": 1, "ending": "pdf"})
    assert answer.status_code == 409 and "只在投票开始以前印制" in main_of(answer)


def test_without_pango_only_word_is_offered(hall, client, monkeypatch):
    for module in ("projects.ballots.forms", "projects.portal.ballots"):
        monkeypatch.setattr(f"{module}.obstacle_to_pdf", lambda: "本机没有安装排版组件 Pango")
    sign_in(client, hall, "clerk")
    page = main_of(client.get(f"/votes/{hall.vote.pk}/ballots/"))
    assert "没有安装排版组件 Pango" in page and 'value="pdf"' not in page and 'value="docx"' in page
    answer = client.post(f"/votes/{hall.vote.pk}/ballots/", {"copies": 1, "ending": "docx"})
    assert answer.status_code == 200 and "wordprocessingml" in answer["Content-Type"]


# The tally report


def test_the_report_has_its_sums_equations_code_and_places_to_sign(hall):
    play_ballot(hall.town, hall.cycle, t=T, present=43, on_leave=2, sheet=Sheet(SUMS, invalid=1))
    paper = Paper.objects.get(kind="tally_report")
    content = pdf_of(document_of(paper))
    text = text_of(content)
    for words in (
        "应到请假实到发出收回有效无效应选",
        "文化礼堂",
        "入选",
        "未入选",
        "有效42＋无效1＝收回43",
        "涂改、无法辨认1张",
        "需26票（全体代表50人的过半数）",
        short_code(paper.data["digest"]).replace(" ", ""),
        "总监票人（签名）",
        "监票人（签名）",
        "计票人（签名）",
    ):
        assert words in text, words
    assert len(read(content).pages) == 1


def counted(titles: list[str], **more) -> Paper:
    """The report of a vote by telephone and paper whose last place is tied. more: of what it keeps besides."""
    sums = {title: {"for": 9, "abstain": 6} for title in titles}
    needed = {"base": "in_office", "of": 16, "needed": 9}
    file = {
        "deputies_in_office": 16, "deputies_present": 15, "ballots_issued": 15, "ballots_returned": 15, "valid": 15,
        "invalid": 0, "seats": 2, "mode": "select", "candidates": titles,
    }  # fmt: skip
    data = {
        "digest": "b3a63a8b79cd8b45" * 4,
        "sealed": [["票箱摘要", "e3e1" * 16], ["名册摘要", "fefd" * 16]],
        "opened": "电子票箱由总监票人、监票人共同开箱。",
        "file": file,
        "outcome": {"sums": sums, "majority": needed},
        "on_leave": 1,
        "figures": [["赞成", "for"], ["弃权", "abstain"]],
        "words": dict.fromkeys(titles, "票数相等"),
        "equations": [
            "发出 15 ≤ 实到 15 ≤ 应到 16", "收回 15 ≤ 发出 15", "电子票箱 9 张 ＝ 名册划记 9 人",
            *(f"{title}：赞成 9 ＋ 弃权 6 ＝ 有效票 15 张" for title in titles),
        ],
        "then": f"末位票数相等：重新核对法定人数后，只就票数相等的“{titles[0]}”“{titles[-1]}”再次投票，选 1 项，不再要求过半数。",
        "signed": [{"office": "chief_teller", "name": "张松洋"}, {"office": "teller", "name": "曹国国"}],
    }  # fmt: skip
    unit = Unit(name="白水镇", kind=UnitKind.TOWNSHIP)
    title = "白水镇第五届人民代表大会第二次会议民生实事项目票决计票结果报告单"
    return Paper(unit=unit, kind="tally_report", title=title, body="", data=data | more, made_on=T)


def pages_of(paper: Paper) -> list[str]:
    return ["".join(page.extract_text().split()) for page in read(pdf_of(document_of(paper))).pages]


def test_the_report_on_four_projects_is_one_sheet():
    (sheet,) = pages_of(counted([f"石坝村太阳能路灯安装改造{n}" for n in range(4)]))
    assert "票数核对" in sheet and "总监票人（签名）" in sheet and "e3e1" * 16 in sheet


@pytest.mark.parametrize("count", [6, 9, 12, 25, 40])
def test_no_sheet_bears_the_places_to_sign_without_figures_they_sign(count):
    *before, last = pages_of(counted([f"农村饮用水管网延伸改造提升工程{n:02}" for n in range(count)]))
    assert before, "it takes more than one sheet"
    assert "总监票人（签名）监票人（签名）计票人（签名）日期" in last
    title = f"农村饮用水管网延伸改造提升工程{count - 1:02}"
    assert f"{title}：赞成9＋弃权6＝有效票15张" in last and "数字摘要b3a63a8b79cd8b45" in last


def test_in_word_the_places_to_sign_follow_what_is_signed_too():
    file = docx.Document(io.BytesIO(word_of(document_of(counted(["文化礼堂", "村道硬化"])))))
    _hall, sums, equations, signing = file.tables
    chained = [sums.rows[-1].cells[0].paragraphs[0], *equations.rows[0].cells[1].paragraphs]
    after = [
        p
        for p in file.paragraphs
        if p.text.startswith(("末位", "票数核对", "电子票箱", "票箱", "名册", "数字"))
    ]
    assert len(after) == 6 and all(p.paragraph_format.keep_with_next for p in chained + after)
    assert signing.rows[0].cells[0].text.startswith("总监票人（签名）")


def test_in_word_the_square_stands_on_the_sheet_with_the_places_to_sign():
    seal = Seal("校验码 1234-5678", "https://vote.example.cn/verify/?code=1234-5678")
    report = counted(["文化礼堂", "村道硬化"])
    loose, held = (
        docx.Document(io.BytesIO(word_of(document_of(report, seal=one)))).tables[-1].rows[-1].cells
        for one in (None, seal)
    )
    assert all(p.paragraph_format.keep_with_next for cell in held for p in cell.paragraphs)
    assert not any(p.paragraph_format.keep_with_next for cell in loose for p in cell.paragraphs)


def test_a_report_kept_before_figures_stood_in_it_stays_as_it_was_written(hall):
    paper = Paper(unit=hall.cycle.unit, kind="tally_report", title="报告单", body="赞成 37 票。", made_on=T)
    assert "赞成37票。" in text_of(pdf_of(document_of(paper)))


# The signed scan


def scan() -> SimpleUploadedFile:
    return SimpleUploadedFile("报告单.pdf", SCAN, "application/pdf")


def keep(hall: Hall, office: str = "clerk", upload=None):
    files = {"scan": upload or scan()}
    return perform(
        "ballots.keep_scan", hall.vote, actor=hall.town.of(office), data={}, files=files, at=at(DAY)
    )


def test_the_signed_scan_is_kept_with_its_digest_in_the_trail(hall, client):
    import hashlib

    play_ballot(hall.town, hall.cycle, t=T, present=43, sheet=Sheet(SUMS))
    entry = keep(hall)
    kept = Attachment.objects.get(subject=hall.vote.reference)
    assert kept.sha256 == hashlib.sha256(SCAN).hexdigest() == json.loads(entry.body)["after"]["sha256"]
    sign_in(client, hall, "clerk")
    assert "报告单.pdf" in main_of(client.get(f"/votes/{hall.vote.pk}/"))


def test_before_both_have_signed_no_scan_is_taken(hall):
    at_keying(hall)
    with pytest.raises(Obstructed, match="尚未由总监票人和监票人签字"):
        keep(hall)
    assert not Attachment.objects.filter(subject=hall.vote.reference).exists()


def test_a_scan_is_a_pdf_or_a_picture_and_only_the_desk_sends_it(hall):
    play_ballot(hall.town, hall.cycle, t=T, present=43, sheet=Sheet(SUMS))
    with pytest.raises(InvalidForm):
        keep(hall, upload=SimpleUploadedFile("报告单.pdf", b"not a scan", "application/pdf"))
    with pytest.raises(NotYourTurn):
        keep(hall, "mayor")


# Invalid ballots by reason


def spoiled(hall: Hall, **reasons: int) -> dict:
    data = keyed(hall.vote, Sheet(SUMS, invalid=3))
    return data | {"spoiled_unreadable": 0} | {f"spoiled_{why}": n for why, n in reasons.items()}


def test_invalid_ballots_are_keyed_by_reason_and_shown_once_declared(hall, client):
    at_keying(hall)
    data = spoiled(hall, too_many=2, not_the_form=1)
    do("voting.key_first", hall.town.of("counter", 1), DAY, **data)
    do("voting.key_second", hall.town.of("counter", 2), DAY, **data)
    assert hall.vote.figures["spoiled"] == {"too_many": 2, "unreadable": 0, "not_the_form": 1, "other": 0}
    chief, teller = hall.town.of("chief_teller"), hall.town.of("teller")
    page = page_of("voting.certify_chief", chief, "chief_teller", client)
    assert "无效票：多选" in page
    do("voting.certify_chief", chief, DAY, confirmed=True)
    do("voting.certify_teller", teller, DAY, confirmed=True)
    do("voting.declare", hall.town.of("chair"), DAY, confirmed=True)
    sign_in(client, hall, "clerk")
    assert "无效票：未使用统一印制的票" in main_of(client.get(f"/votes/{hall.vote.pk}/"))


def test_reasons_that_do_not_add_up_to_the_invalid_ballots_are_refused(hall):
    at_keying(hall)
    with pytest.raises(InvalidForm) as refused:
        do("voting.key_first", hall.town.of("counter", 1), DAY, **spoiled(hall, too_many=2))
    assert "2 ＋ 0 ＋ 0 ＋ 0 ＝ 2 张，与无效票 3 张不符" in str(refused.value.form.errors)


def test_keyings_that_differ_in_a_reason_alone_are_not_accepted(hall, client):
    at_keying(hall)
    do("voting.key_first", hall.town.of("counter", 1), DAY, **spoiled(hall, too_many=3))
    do("voting.key_second", hall.town.of("counter", 2), DAY, **spoiled(hall, unreadable=3))
    assert hall.vote.state == "closed"
    page = page_of("voting.key_first", hall.town.of("counter", 1), "counter", client)
    assert "无效票原因“多选”" in page and "无效票原因“涂改、无法辨认”" in page


def test_the_reasons_are_under_the_tellers_signatures(hall):
    from projects.ballots.figures import digest_of

    play_ballot(hall.town, hall.cycle, t=T, present=43, sheet=Sheet(SUMS, invalid=1))
    vote = hall.vote
    before = digest_of(vote)
    assert before == vote.signatures.first().digest
    vote.figures["spoiled"] = {"too_many": 1}
    assert digest_of(vote) != before
