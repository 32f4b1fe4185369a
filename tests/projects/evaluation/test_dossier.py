"""The year's dossier: complete, in order, checkable; and the job that makes it safe to run twice."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from datetime import date
from pathlib import Path

import pytest
import rfc8785
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.utils.timezone import localdate

from projects.cycles.models import Paper
from projects.cycles.papers import attach, make_paper
from projects.demo.play.evaluation import (
    Figures,
    play_convening,
    play_session,
)
from projects.evaluation import dossier, selectors
from projects.evaluation.conformance import CHECKS, Status
from projects.evaluation.conforming import COLUMNS, STATUS_WORDS, conformance_of, rows_of
from projects.evaluation.ledgers import as_csv, body_of
from projects.evaluation.measuring import DESK
from projects.evaluation.models import Archive, Measurement
from projects.supervision.models import Project
from tests.builders import at, open_task
from tests.hostile import HOSTILE
from tests.plays import play_evaluation, play_inquiry
from tests.standing import standing
from workflow.audit.chain import GENESIS, leaf_bytes, link_hash
from workflow.audit.models import Entry
from workflow.flows.models import Deadline
from workflow.people.texts import in_words

pytestmark = pytest.mark.django_db

T2 = date(2028, 1, 18)
FIGURES = Figures(
    marks={1: [(18, 2, 0)], 2: [(20, 0, 0)], 3: [(14, 1, 5), (18, 1, 1)]}, residents={1: (28, 2, 1)}
)


@pytest.fixture
def closed(town, cycle, settings):
    """A year played to its end, with a paper of an early step and attachments on a paper and on a project."""
    root = Path(settings.MEDIA_ROOT)

    def build() -> dict[Path, bytes]:
        play_the_year(town, cycle)
        return {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}

    for path, content in standing(f"closed {cycle}", build).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    cycle.refresh_from_db()
    return cycle


def play_the_year(town, cycle):
    act = town.act("clerk", at("2027-01-25"))
    early = make_paper(
        act, cycle, "resolution", "关于确定民生实事项目的决议", number="〔2027〕3号", body="通过。", step=4
    )
    attach(act, early.reference, SimpleUploadedFile("票决/..\\办法.pdf", b"%PDF-1.4 method"))
    attach(act, Project.objects.get(number=1).reference, SimpleUploadedFile("路面.jpg", b"\xff\xd8photo"))
    play_evaluation(town, cycle, t2=T2, term=18, number=4, figures=FIGURES)


def opened(cycle) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(Archive.objects.get(cycle=cycle).file.read()))


def catalogue(file: zipfile.ZipFile) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.read("归档目录.csv").decode("utf-8-sig"))))


def test_the_dossier_is_complete_in_order_and_its_checksums_are_true(closed):
    archive, file = Archive.objects.get(), opened(closed)
    archive.file.seek(0)
    assert hashlib.sha256(archive.file.read()).hexdigest() == archive.sha256
    sums = dict(reversed(line.split("  ", 1)) for line in file.read("SHA256SUMS").decode().splitlines())
    assert set(sums) == set(file.namelist()) - {"SHA256SUMS"}
    assert all(hashlib.sha256(file.read(name)).hexdigest() == digest for name, digest in sums.items())
    lines = catalogue(file)
    assert [int(line["件号"]) for line in lines] == list(range(1, len(lines) + 1))
    steps = [dossier_step(line["环节"]) for line in lines]
    assert steps == sorted(steps) and {2, 4, 5, 6} <= set(steps)
    assert all(line["文件"] in sums and sums[line["文件"]] == line["SHA-256"] for line in lines)


def dossier_step(name: str) -> int:
    return next(step for step, title in dossier.STEPS.items() if title == name)


def test_every_paper_of_the_year_is_in_the_catalogue_and_readable(closed):
    file = opened(closed)
    titles = [line["题名"] for line in catalogue(file)]
    for paper in Paper.objects.filter(cycle=closed):
        assert titles.count(paper.title) >= 1
    line = next(line for line in catalogue(file) if line["题名"] == "关于确定民生实事项目的决议")
    assert (line["文号"], line["日期"]) == ("〔2027〕3号", "2027-01-25")
    page = file.read(line["文件"]).decode()
    assert "关于确定民生实事项目的决议" in page.replace("<br>", "") and "<p>通过。</p>" in page


def test_attachments_follow_their_paper_and_cannot_leave_their_folder(closed):
    file = opened(closed)
    lines = catalogue(file)
    place = next(n for n, line in enumerate(lines) if line["文号"] == "〔2027〕3号")
    attached = lines[place + 1]
    assert attached["文种"] == "附件" and file.read(attached["文件"]) == b"%PDF-1.4 method"
    assert all(".." not in name and "\\" not in name for name in file.namelist())
    photo = next(line for line in lines if line["文件"].endswith(".jpg"))
    assert photo["环节"] == "监督" and file.read(photo["文件"]) == b"\xff\xd8photo"


def test_the_trail_in_the_dossier_is_a_whole_chain_by_anybodys_reckoning(closed):
    file = opened(closed)
    prev, count = GENESIS, 0
    extra = ("index", "id", "recorded_at", "hash", "prev", "unit_id")
    for raw in file.read("办理记录/trail.jsonl").decode().splitlines():
        line, count = json.loads(raw), count + 1
        body = rfc8785.dumps({k: v for k, v in line.items() if k not in extra}).decode()
        assert (line["index"], line["prev"]) == (count, prev.hex())
        prev = link_hash(
            prev, leaf_bytes(line["unit_id"], line["index"], line["id"], line["recorded_at"], body)
        )
        assert line["hash"] == prev.hex()
    made = Entry.objects.get(action="archive.make").pk
    assert count == Entry.objects.filter(unit=closed.unit, id__lt=made).count()
    assert prev.hex() in file.read("备考表.txt").decode("utf-8-sig")


def test_the_registers_and_the_forms_of_the_archive_are_there(closed):
    file = opened(closed)
    names = "\n".join(file.namelist())
    for title in ("项目台账", "满意度测评表", "群众评价表", "代表评议表", "签字表", "征集台账"):
        assert title in names
    registers = {
        name: file.read(name).decode("utf-8-sig") for name in file.namelist() if name.endswith(".csv")
    }
    signed = next(text for name, text in registers.items() if "签字表" in name)
    assert ",总监票人," in signed and "teller" not in signed
    assert [body_of(closed, code) for code in ("congress", "presidium", "party")] == [
        "人民代表大会",
        "主席团",
        "党委",
    ]
    note = file.read("备考表.txt").decode("utf-8-sig")
    assert "所列文件的原件均在，校验值相符。" in note and "整理人：" in note and "本年度事项均已办结" in note
    handed = file.read("移交清单.txt").decode("utf-8-sig")
    assert "接收单位：青溪镇档案室" in handed and "移交单位：青溪镇人民代表大会主席团" in handed
    whole = "".join(
        file.read(name).decode("utf-8-sig") for name in ("归档目录.txt", "备考表.txt", "说明.txt")
    )
    assert "仅供核对" not in whole and "截至导出" not in whole
    assert "全宗号为 X012。" in whole and "没有填写全宗号" not in whole


def test_the_register_of_rectifications_has_its_term_its_report_and_the_measurement_that_accepted_it(closed):
    file = opened(closed)
    name = next(name for name in file.namelist() if "测评后整改台账" in name)
    (line,) = csv.DictReader(io.StringIO(file.read(name).decode("utf-8-sig")))
    failed, passed = Measurement.objects.filter(project__number=3).order_by("round")
    due = Deadline.objects.get(key="evaluation.rectify").due_on
    report = Paper.objects.get(kind="rectification")
    assert (line["项目名称"], line["未达标轮次"], line["存在问题"]) == ("老年食堂", "1", failed.judgement)
    assert line["责任单位"] == failed.project.department.name and line["整改期限"] == due.isoformat()
    assert line["整改措施和结果"] == failed.remedy and line["整改报告日期"] == report.made_on.isoformat()
    announced = Paper.objects.get(kind="measurement", subject=passed.vote.reference)
    assert line["再次测评日期"] == announced.made_on.isoformat() > line["整改报告日期"]
    assert (line["再次测评满意率"], line["再次测评结论"]) == ("95%", "可以销号")
    note = file.read("备考表.txt").decode("utf-8-sig")
    assert (
        f"3. 老年食堂：第 1 次测评未达标，整改期限{in_words(due)}，{in_words(report.made_on)}报告整改" in note
    )


def test_a_failure_nobody_has_answered_yet_is_in_the_register_with_its_term_alone(town, cycle):
    play_inquiry(town, cycle, t2=T2, figures=FIGURES)
    play_convening(town, cycle, t2=T2, term=18, number=4)
    assert selectors.rectifications(cycle) == []
    play_session(town, cycle, t2=T2, figures=FIGURES)
    (one,) = selectors.rectifications(cycle)
    assert (one.failed.project.title, one.due_on) == ("老年食堂", open_task("evaluation.rectify").due_on)
    assert (one.reported_on, one.number, one.measured_on, one.again) == (None, "", None, None)


def test_the_dossier_holds_no_query_code(closed):
    file = opened(closed)
    everything = "".join(file.read(name).decode("utf-8", "ignore") for name in file.namelist())
    assert "CDE-" not in everything


def test_a_missing_or_altered_original_is_named(town, cycle):
    act = town.act("clerk", at("2027-01-25"))
    paper = make_paper(act, cycle, "resolution", "决议", body="通过。", step=4)
    lost = attach(act, paper.reference, SimpleUploadedFile("原件.pdf", b"%PDF lost"))
    altered = attach(act, paper.reference, SimpleUploadedFile("附表.pdf", b"%PDF true"))
    lost.file.storage.delete(lost.file.name)
    with altered.file.storage.open(altered.file.name, "wb") as stored:
        stored.write(b"%PDF false")
    out = io.BytesIO()
    entered = dossier.write_dossier(out, cycle, at=at("2028-02-20"))
    faults = {one.title: one.fault for one in entered if one.kind == "附件"}
    assert faults == {"原件": "原件缺失", "附表": "与入库时的校验值不符"}
    text = zipfile.ZipFile(out).read("备考表.txt").decode("utf-8-sig")
    assert "“原件”：原件缺失" in text and "原件均在" not in text
    assert "（报告完成情况）" in text and "evaluation." not in text


def test_the_archive_is_built_once(closed, town):
    kept = Archive.objects.get()
    again = dossier.build_archive(town.act("clerk", at("2028-06-01")), closed)
    assert (again.pk, again.sha256) == (kept.pk, kept.sha256)
    assert len(kept.file.storage.listdir("archive")[1]) == 1


def test_a_file_left_by_a_failed_job_is_replaced(town, cycle):
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage

    name = f"archive/{cycle.unit.code}-{cycle.year}-{cycle.pk}.zip"
    default_storage.save(name, ContentFile(b"half a zip"))
    archive = dossier.build_archive(town.act("clerk", at("2028-02-20")), cycle)
    assert archive.file.name == name
    assert hashlib.sha256(archive.file.read()).hexdigest() == archive.sha256


def test_cells_a_spreadsheet_would_run_are_text_and_numbers_stay_numbers():
    text = as_csv(("甲", "乙"), [("=1+1", 5), ("-2", -2), ("@x", None)]).decode("utf-8-sig")
    assert text == "甲,乙\r\n'=1+1,5\r\n'-2,-2\r\n'@x,\r\n"


def test_no_cell_of_a_register_is_run_or_rounded_and_every_text_is_read_back():
    rows = csv.reader(
        io.StringIO(as_csv(("文",), [(text,) for text in HOSTILE]).decode("utf-8-sig"), newline="")
    )
    _head, *cells = [row[0] if row else "" for row in rows]
    assert [cell.removeprefix("'") for cell in cells] == HOSTILE
    voucher = as_csv(("凭证号",), [("110101199003078515",)]).decode("utf-8-sig")
    assert voucher == "凭证号\r\n'110101199003078515\r\n"


PAGES = {
    "completion": selectors.completion_of,
    "ratings": selectors.rating_facts,
    "account": selectors.account_facts,
    "archive": dossier.archive_facts,
    "look_back": selectors.look_back_facts,
}


def test_every_step_page_shows_the_records_it_is_about(closed):
    pages = {
        name: render_to_string(f"steps/evaluation/{name}.html", facts(closed))
        for name, facts in PAGES.items()
    }
    assert "老年食堂" in pages["completion"] and "100 万元" in pages["completion"]
    assert "样本不足" in pages["ratings"] and "96.7%" in pages["ratings"]
    assert "可以销号" in pages["account"] and "第 2 次" in pages["account"]
    hall = render_to_string("steps/voting/desk.html", DESK.at_desk(closed))
    assert "3. 老年食堂" in hall and "代表会议" in hall and "发出测评票" in hall and "应选" not in hall
    assert "评估" in pages["archive"] and "测评后整改" in pages["archive"] and "可以销号" in pages["archive"]
    assert "村道硬化" in pages["look_back"]


def test_the_dossier_holds_the_heads_the_verifier_and_the_sheet_of_conformance(closed):
    file = opened(closed)
    heads = json.loads(file.read("办理记录/heads.json"))
    assert (heads["unit"], heads["format"]) == (closed.unit.code, "piaojue-heads/1")
    assert b"def verify_inclusion" in file.read("办理记录/verify.py")
    rows = list(csv.DictReader(io.StringIO(file.read("程序规范检查表.csv").decode("utf-8-sig"))))
    assert len(rows) == len(CHECKS) and {row["结论"] for row in rows} <= set(map(str, STATUS_WORDS.values()))
    held = next(row for row in rows if row["检查事项"] == "公布明白账")
    numbers = set(Entry.objects.filter(unit=closed.unit).values_list("pk", flat=True))
    assert held["结论"] == "符合" and {int(one) for one in held["办理记录编号"].split("、")} <= numbers


WAITING_FOR_THE_END = ("问题均已整改销号", "不达标的整改后再次测评", "公布明白账", "按期归档")


def test_the_sheet_of_conformance_is_what_the_page_says_of_the_closed_year(closed):
    """Made before the year was closed, it said of seven checks that they were not finished yet."""
    made_on = localdate(Archive.objects.get().made_at)
    sheet = csv.reader(io.StringIO(opened(closed).read("程序规范检查表.csv").decode("utf-8-sig")))
    head, *rows = (tuple(row) for row in sheet)
    page = [tuple(str(cell) for cell in row) for row in rows_of(closed, made_on)]
    assert head == COLUMNS and rows == page
    # This year was played from step 5 on. What waits for its end has come to it.
    last = [row[2] for row in rows if row[1] == "评估" and row[4] == "尚未完成"]
    assert last == ["翌年回头看"]
    ended = {row[2]: row[4] for row in rows}
    assert {ended[title] for title in WAITING_FOR_THE_END} == {"符合", "不适用"}


def test_a_dossier_is_of_a_closed_year_and_what_closed_it_is_in_its_trail(closed):
    lines = [json.loads(line) for line in opened(closed).read("办理记录/trail.jsonl").decode().splitlines()]
    done = [line["action"] for line in lines]
    assert done.index("evaluation.archive") < done.index("cycle.close") and "archive.make" not in done
    (end,) = (line for line in lines if line["action"] == "cycle.close")
    assert (end["office"], end["task"].partition("/")[0]) == ("clerk", "evaluation.archive")
    made = Entry.objects.get(action="archive.make")
    # Closing, and the candidates and proposals that go back to the pool with it, is all that came between.
    between = done[done.index("evaluation.archive") + 1 :]
    assert {action.partition(".")[0] for action in between} <= {"cycle", "item", "proposal"}
    assert Entry.objects.get(action="cycle.close").pk < made.pk


def test_the_page_of_conformance_tells_every_check_and_those_of_one_status(closed, town, client):
    client.force_login(town.of("clerk"))
    page = client.get(f"/years/{closed.pk}/conformance/").content.decode()
    assert all(check.title in page for check in CHECKS) and "公布明白账" in page
    found = conformance_of(closed, localdate())
    for status in Status:
        one = client.get(f"/years/{closed.pk}/conformance/?status={status}").content.decode()
        assert one.count('class="row-title"') == sum(finding.status == status for _check, finding in found)
    assert client.get("/years/999999/conformance/").status_code == 404
    assert f"/years/{closed.pk}/conformance/" in client.get(f"/years/{closed.pk}/").content.decode()
