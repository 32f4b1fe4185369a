"""What the dossier's papers say is what the papers are: tables, who signed, what took their place; and what it certifies."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path

import pytest
from django.apps import apps

from projects.cycles.models import Paper, RollLine
from projects.cycles.papers import KINDS, make_paper
from projects.deliberation.models import AddedMatter, BudgetLine, Opinion, Question, Withdrawal
from projects.demo.play.collection import play_collection
from projects.demo.play.evaluation import Figures, play_convening, play_session
from projects.demo.play.selection import play_selection
from projects.demo.play.stage import do_task
from projects.demo.play.voting import play_after_vote, play_voting
from projects.evaluation.catalogue import EXPECTED
from projects.evaluation.dossier import build_archive, write_dossier
from projects.evaluation.ledgers import LEDGERS
from projects.evaluation.models import Archive
from projects.lifecycle.intake import start_year
from projects.selection.models import Exclusion, Item
from tests.builders import at, township
from tests.plays import play_deliberation, play_evaluation, play_inquiry
from tests.projects.evaluation.conftest import year_under_supervision
from tests.standing import standing
from tests.workflow.audit.test_export import chained
from workflow.audit import heads
from workflow.audit.models import Leaf
from workflow.machines.models import Record
from workflow.people.models import UnitChange, UnitKind

pytestmark = pytest.mark.django_db

T = date(2027, 1, 20)
SUMS = {
    "柳林村安全饮水管网改造": 17,
    "集镇停车场建设": 15,
    "东山村日间照料中心建设": 11,
    "石坝村危桥改造": 10,
}
LATER = "2028-06-01"


def written(cycle, **more) -> zipfile.ZipFile:
    out = io.BytesIO()
    write_dossier(out, cycle, at=at(LATER), **more)
    return zipfile.ZipFile(out)


def text_of(file: zipfile.ZipFile, name: str) -> str:
    return file.read(name).decode("utf-8-sig")


def lines_of(file: zipfile.ZipFile, name: str = "归档目录.csv") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text_of(file, name))))


def register(file: zipfile.ZipFile, title: str) -> list[dict[str, str]]:
    return lines_of(file, next(name for name in file.namelist() if title in name))


def page(file: zipfile.ZipFile, kind: str) -> str:
    """The text of the last paper of a kind, without what breaks lines and without style."""
    line = [line for line in lines_of(file) if line["文种"] == str(KINDS[kind])][-1]
    return re.sub(r"<style>.*?</style>|<br>", "", file.read(line["文件"]).decode(), flags=re.DOTALL)


@pytest.fixture
def voted():
    """A year from its scheme to the announcement of what was elected, every act done by its office."""

    def build():
        town = township()
        cycle = start_year(
            town.act("chair", at("2026-08-03")),
            year=2027,
            opens_on=date(2026, 9, 1),
            planned_t=T,
            planned_t2=date(2028, 1, 18),
        )
        play_collection(town, cycle, proposals=14, titles=list(SUMS)[:3])
        play_selection(town, cycle, list(SUMS), 3)
        cycle.refresh_from_db()
        play_deliberation(town, cycle, t=T, term=19, number=2, seats=3, mode="select")
        play_voting(town, cycle, t=T, present=18, on_leave=2, sums=SUMS)
        play_after_vote(town, cycle, t=T)
        cycle.refresh_from_db()
        return town, cycle

    return standing("voted year of the dossier's papers", build)


def test_every_candidate_and_every_line_of_the_budget_is_in_the_papers(voted):
    _town, cycle = voted
    file = written(cycle)
    tables = {kind: page(file, kind) for kind in ("draft_list", "candidate_table", "bill", "budget_table")}
    candidates = Item.objects.filter(cycle=cycle, state__in=("elected", "not_elected", "reserved"))
    assert {item.title for item in candidates} >= set(SUMS)
    for kind, told in tables.items():
        assert "<table>" in told and not [title for title in SUMS if title not in told], kind
    lines = BudgetLine.objects.filter(item__cycle=cycle)
    assert lines.count() == len(SUMS)
    for line in lines:
        assert line.code in tables["budget_table"] and line.source in tables["budget_table"]
    assert "程序体检表" in page(file, "readiness") and "<td" in page(file, "readiness")
    report = page(file, "tally_report")
    assert "票数核对" in report and "总监票人（签名）" in report
    # Nothing in the file fetches anything or runs.
    for name in file.namelist():
        if name.endswith(".html"):
            assert not re.search(r"<script|<link|src=|url\(|@import", text_of(file, name)), name


def test_a_year_played_to_its_announcement_lacks_no_paper_every_year_leaves(voted):
    _town, cycle = voted
    note = text_of(written(cycle), "备考表.txt")
    absent = re.findall(r"^　　(征集|初定|审议|票决|监督|评估)：(.+?)\r?$", note, flags=re.MULTILINE)
    assert {step for step, _kind in absent} <= {"监督", "评估"}
    Paper.objects.filter(cycle=cycle, kind="resolution").delete()
    without = text_of(written(cycle), "备考表.txt")
    assert "　　票决：决议" in without and "　　票决：决议" not in note and "没有收到的应有文件" in without
    assert set(KINDS) >= {kind for kinds in EXPECTED.values() for kind in kinds}


def test_what_was_said_and_signed_before_the_vote_has_its_registers(voted):
    town, cycle = voted
    act = town.act("clerk", at("2027-01-20"))
    item, session = Item.objects.filter(cycle=cycle)[0], cycle.uses.get(use="vote").session
    asked = {"unit": cycle.unit, "cycle": cycle, "item": item, "by": act.actor}
    Opinion.objects.filter(cycle=cycle).delete()
    Opinion.objects.create(
        **asked, delegation=town.departments[0], words="水压不足，应一并解决。", reply="已列入设计。"
    )
    Question.objects.create(
        **asked,
        session=session,
        department=town.departments[0],
        words="资金何时到位？",
        answer="三月前到位。",
    )
    Withdrawal.objects.create(unit=cycle.unit, item=item, reason="用地未获批准")
    matter = AddedMatter.objects.create(unit=cycle.unit, cycle=cycle, title="河堤护栏", content="护栏破损。")
    matter.movers.set(town.deputies[:5])
    file = written(cycle)
    assert register(file, "审议意见台账")[0]["研究处理情况"] == "已列入设计。"
    questions = {line["询问内容"]: line for line in register(file, "询问答复台账")}
    question = questions["资金何时到位？"]
    assert len(questions) == Question.objects.count() and question["答复"] == "三月前到位。"
    assert question["询问人"] == act.actor.name and question["被询问单位"] == town.departments[0].name
    assert register(file, "撤回候选项目台账")[0]["撤回理由"] == "用地未获批准"
    (moved,) = register(file, "代表联名提出项目台账")
    assert moved["人数"] == "5" and set(moved["联名代表"].split("、")) == {
        one.name for one in town.deputies[:5]
    }
    roll = register(file, "代表出席名册")
    assert len(roll) == RollLine.objects.filter(session=session).count() == 20
    assert {line["出席情况"] for line in roll} == {"出席", "请假"}


def test_what_was_left_out_and_why_is_in_the_register_of_the_step_that_decided_it(voted):
    _town, cycle = voted
    Item.objects.filter(cycle=cycle).update(excluded_by=None)
    Exclusion.objects.filter(cycle=cycle).delete()
    items = list(Item.objects.filter(cycle=cycle)[:2])
    for item, stage in zip(items, ("screening", "agenda"), strict=True):
        decided = Exclusion.objects.create(unit=cycle.unit, cycle=cycle, stage=stage, on=date(2026, 11, 2))
        # What a later decision gave as its own reason is not what the item was left out for.
        Item.objects.filter(pk=item.pk).update(
            excluded_by=decided, excluded_because="用地未获批准", decision_reason="替换入选的理由"
        )
    file = written(cycle)
    for title, item, step in (
        ("未列入决定台账", items[0], "初定"),
        ("未列入会议议程决定台账", items[1], "审议"),
    ):
        (line,) = register(file, title)
        assert line["未列入的项目和理由"] == f"{item.number}. {item.title}（用地未获批准）"
        assert [step in name for name in file.namelist() if title in name] == [True]


# Records of a year without a register of their own, and where they are instead.
ELSEWHERE = {
    "cycle": "归档目录、备考表",
    "session": "会议通知、议程、会议纪要，出席名册",
    "term": "不属一个年度",
    "note": "县人大的工作提示函，由县人大归档",
    "bulletin": "县人大的通报，由县人大归档",
    "hold": "暂缓清除不属一个年度",
    "erasure": "数据清除证明",
    "erasure_request": "删除联系方式的申请含联系方式，不入卷",
}


def test_every_kind_of_record_has_a_register_or_says_where_it_is():
    kinds = {
        model.kind for model in apps.get_app_config("projects").get_models() if issubclass(model, Record)
    }
    registered = {ledger.of for ledger in LEDGERS if ledger.of}
    assert registered <= kinds and not registered & set(ELSEWHERE)
    assert kinds - registered == set(ELSEWHERE)


def test_a_paper_is_signed_in_the_dossier_as_it_is_and_by_the_name_of_its_day(town, cycle):
    act = town.act("clerk", at("2027-01-20"))
    make_paper(act, cycle, "resolution_draft", "决议（草案）", body="按程序。", step=4)
    make_paper(
        act, cycle, "announcement", "公告", body="现予公布。", step=4, data={"signature": "大会主席团"}
    )
    UnitChange.objects.create(
        unit=town.unit, what="renamed", name="旧溪镇", kind=UnitKind.TOWNSHIP, number="民批1号",
        decided_on=date(2027, 6, 1), on=date(2027, 6, 1),
    )  # fmt: skip
    file = written(cycle)
    authors = {line["文种"]: line["责任者"] for line in lines_of(file)}
    assert authors["决议（草案）"] == "旧溪镇人民代表大会主席团" and authors["公告"] == "大会主席团"
    assert "<p>旧溪镇人民代表大会主席团</p>" in page(file, "resolution_draft")
    assert "<p>大会主席团</p>" in page(file, "announcement")


def test_a_paper_another_took_the_place_of_says_so_on_its_sheet_and_in_the_catalogue(town, cycle):
    act = town.act("clerk", at("2027-01-20"))
    first = make_paper(act, cycle, "tellers", "监票人名单", body="总监票人：甲", step=3, publish=True)
    assert "取代" not in text_of(written(cycle), "归档目录.txt")
    data = {"instead_of": first.reference}
    make_paper(act, cycle, "tellers", "监票人名单", body="总监票人：乙", step=3, data=data, publish=True)
    file = written(cycle)
    old, new = (line for line in lines_of(file) if line["文种"] == "监票人名单")
    assert old["备注"] == "2027-01-20公布；已由《监票人名单》取代" and new["备注"] == "2027-01-20公布"
    assert "（已由《监票人名单》取代）" in text_of(file, old["文件"])
    assert "取代" not in text_of(file, new["文件"])


def test_a_paper_to_be_kept_carries_a_head_that_is_among_those_beside_it(town, cycle, settings, tmp_path):
    settings.TRAIL_KEY_FILE = str(tmp_path / "head")
    make_paper(town.act("clerk", at("2027-01-20")), cycle, "filing", "备案报告", body="报送。", step=4)
    make_paper(town.act("clerk", at("2027-01-20")), cycle, "call", "征集公告", body="征集。", step=1)
    chained()
    assert "校验码" not in page(written(cycle), "filing")
    heads.seal(town.unit.pk, "asked", at(LATER))
    chained()
    file = written(cycle)
    sealed = heads.last_head(town.unit.pk)
    assert heads.code_of(sealed, town.unit) in page(file, "filing") and "<svg" in page(file, "filing")
    assert bytes(sealed.root).hex() in text_of(file, "办理记录/heads.json")
    assert "校验码" not in page(file, "call")


def test_a_dossier_that_is_not_archived_says_so_and_certifies_nothing_that_has_not_happened(town, cycle):
    make_paper(town.act("clerk", at("2027-01-20")), cycle, "filing", "备案报告", body="报送。", step=4)
    file = written(cycle)
    assert "移交清单.txt" not in file.namelist()
    for name in ("归档目录.txt", "备考表.txt", "说明.txt"):
        assert "未归档，仅供核对" in text_of(file, name)
    note = text_of(file, "备考表.txt")
    assert "截至导出时尚未办结的事项" in note and "导出日期：" in note
    assert not [word for word in ("至归档时", "整理人", "已办结", "文件齐全", "归档时尚未") if word in note]
    archive = build_archive(town.act("clerk", at(LATER)), cycle)
    with zipfile.ZipFile(archive.file) as kept:
        assert "移交清单.txt" in kept.namelist() and "仅供核对" not in text_of(kept, "备考表.txt")
    again = written(cycle)
    assert "非归档卷宗，仅供核对" in text_of(again, "备考表.txt") and "移交清单.txt" not in again.namelist()
    assert archive.sha256 in text_of(again, "说明.txt")
    assert "没有填写全宗号，档号由接收单位编制" in text_of(again, "说明.txt")


def test_a_subdistrict_hands_over_what_its_own_body_made():
    town = township("T13", name="青溪街道", kind=UnitKind.SUBDISTRICT)
    cycle = year_under_supervision(town, ["村道硬化"])
    build_archive(town.act("clerk", at(LATER)), cycle)
    with zipfile.ZipFile(Archive.objects.get().file) as file:
        handed = text_of(file, "移交清单.txt")
    assert "移交单位：青溪街道人大工作委员会" in handed and "主席团" not in handed


def test_each_item_says_how_long_it_is_kept_and_its_number_once_the_archive_gave_one(town, cycle):
    act = town.act("clerk", at("2027-01-20"))
    make_paper(act, cycle, "resolution", "决议", body="通过。", step=4)
    make_paper(act, cycle, "training", "培训记录", body="培训。", step=3)
    lines = {line["文种"]: line for line in lines_of(written(cycle))}
    kept = {kind: lines[kind]["保管期限"] for kind in ("决议", "代表培训记录", "台账")}
    assert kept == {"决议": "永久", "代表培训记录": "10 年", "台账": "30 年"}
    assert {line["档号"] for line in lines.values()} == {""}
    make_paper(act, cycle, "transfer_list", "移交清单", step=6, data={"fonds": "X012"})
    lines = {line["文种"]: line for line in lines_of(written(cycle))}
    number = int(lines["决议"]["件号"])
    assert lines["决议"]["档号"] == f"X012-WS·2027-Y-{number:04d}"
    codes = [line["档号"] for line in lines.values()]
    assert len(set(codes)) == len(codes)


# What it is held against

SIGNED = Figures(marks={number: [(18, 2, 0)] for number in (1, 2, 3)})


def unpacked(file: zipfile.ZipFile, folder: Path) -> tuple[int, str]:
    """What the dossier's own verifier says of it on a machine of its own, and its exit status."""
    file.extractall(folder)
    command = [sys.executable, "-I", folder / "办理记录" / "verify.py", "dossier", folder]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout


def test_a_head_over_all_that_was_done_is_signed_before_the_dossier_is_made(town, cycle, settings, tmp_path):
    settings.TRAIL_KEY_FILE = str(tmp_path / "head")
    play_evaluation(town, cycle, t2=date(2028, 1, 18), term=18, number=4, figures=SIGNED)
    head = heads.last_head(town.unit.pk)
    with zipfile.ZipFile(Archive.objects.get(cycle=cycle).file) as file:
        (told,) = json.loads(text_of(file, "办理记录/heads.json"))["heads"]
        assert (told["why"], told["size"]) == ("archive", head.size)
        # The closing of the year is under it, and nothing stands after it.
        assert len(text_of(file, "办理记录/trail.jsonl").splitlines()) == head.size
        assert heads.code_of(head, town.unit) in page(file, "transfer_list")
        status, said = unpacked(file, tmp_path / "volume")
    assert status == 0 and "之后有0条" in said and "与所附校验值一致（比对1个）" in said


def test_a_dossier_without_a_head_says_what_it_proves_and_what_not(town, cycle, tmp_path):
    make_paper(town.act("clerk", at("2027-01-20")), cycle, "filing", "备案报告", body="报送。", step=4)
    build_archive(town.act("clerk", at(LATER)), cycle)
    with zipfile.ZipFile(Archive.objects.get(cycle=cycle).file) as file:
        assert json.loads(text_of(file, "办理记录/heads.json"))["heads"] == []
        status, said = unpacked(file, tmp_path / "volume")
    assert status == 0 and "还没有签过" in said and "不能证明的是" in said
    assert "未提供校验值" not in said and "与所附校验值一致" not in said


def test_the_head_is_taken_before_a_worker_is_woken(
    town, cycle, settings, tmp_path, monkeypatch, django_capture_on_commit_callbacks
):
    settings.TRAIL_KEY_FILE = str(tmp_path / "head")
    t2, clerk = date(2028, 1, 18), town.of("clerk")
    play_inquiry(town, cycle, t2=t2, figures=SIGNED)
    play_convening(town, cycle, t2=t2, term=18, number=4)
    play_session(town, cycle, t2=t2, figures=SIGNED)
    do_task(cycle, "evaluation.publish", clerk, date(2028, 1, 28), body="现将结果公布。")
    woken: list[tuple[str, int, int]] = []

    def wake(_task: int) -> None:
        head = heads.last_head(town.unit.pk)
        assert head
        woken.append((head.why, head.size, Leaf.objects.filter(unit=town.unit).count()))

    monkeypatch.setattr("workflow.flows.nodes.wake_for_job", wake)
    handed = {"receiver": "档案室", "fonds": "X012", "keeper": clerk.name, "checker": clerk.name}
    with django_capture_on_commit_callbacks(execute=True):
        do_task(cycle, "evaluation.archive", clerk, date(2028, 2, 28), body="一年一卷。", **handed)
        chained()
    ((why, size, leaves),) = woken
    assert why == "archive" and size == leaves and not Archive.objects.exists()
