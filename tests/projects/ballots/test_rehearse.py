"""The rehearsal command: its two outputs and its two exit statuses."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from projects.management.commands.rehearse import Command

ROOT = Path(__file__).parents[3]
EXAMPLE = json.loads((ROOT / "tests/data/count/both_kinds_add_up.json").read_text())["file"]
TIED = json.loads((ROOT / "tests/data/count/tie_of_three_for_two_places.json").read_text())["file"]
VOID = EXAMPLE | {"ballots_issued": 58}
UNBALANCED = EXAMPLE | {"valid": 54, "ballots_returned": 58}
NO_QUORUM = EXAMPLE | {"deputies_present": 42}


def rehearse(tmp_path: Path, raw: object, *arguments: str) -> tuple[str, str, int]:
    path = tmp_path / "vote.json"
    path.write_text(json.dumps(raw), encoding="utf-8")
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command(Command(), str(path), *arguments, stdout=out, stderr=err)
    except SystemExit as ended:
        return out.getvalue(), err.getvalue(), ended.code
    return out.getvalue(), err.getvalue(), 0


@pytest.mark.parametrize(
    ("raw", "outcome"),
    [
        (EXAMPLE, "shortfall"),
        (TIED, "runoff"),
        (VOID, "void"),
        (UNBALANCED, "unbalanced"),
        (NO_QUORUM, "no_quorum"),
        (EXAMPLE | {"seats": 1, "ballots": []}, "unbalanced"),
    ],
)
def test_whatever_the_outcome_the_file_is_counted(tmp_path, raw, outcome):
    out, err, status = rehearse(tmp_path, raw, "--json")
    assert (json.loads(out)["outcome"], err, status) == (outcome, "", 0)


def test_the_report_for_people_says_every_part_in_chinese(tmp_path):
    out, _, status = rehearse(tmp_path, EXAMPLE)
    assert status == 0
    for part in (
        "法定人数  需 43 人（全体代表的 2/3 以上），达到",
        "过 半 数  需 33 票（全体代表 64 人的过半数）",
        "发出 59 张，收回 59 张；有效 58 张，无效 1 张",
        "各项数目相符",
        "需 33 票（全体代表 64 人的过半数），得 32 票，未通过。",
        "结论：通过的项目少于应选数。",
        "下一步：余下 1 个名额空缺，不再另行票决；未入选项目转入储备库。",
    ):
        assert part in out


def test_the_report_sorts_the_table_by_votes(tmp_path):
    out, _, _ = rehearse(tmp_path, TIED)
    table = out[out.index("序号") : out.index("理由")].split("\n")[1:]
    assert [(line.split()[1], line.split()[-2], line.split()[-1]) for line in table if line] == [
        ("9", "入选", "A"), ("7", "票数相等", "D"), ("7", "票数相等", "C"), ("7", "票数相等", "B"), ("5", "未入选", "E"),
    ]  # fmt: skip


def test_the_report_names_each_contradiction(tmp_path):
    out, _, _ = rehearse(tmp_path, UNBALANCED)
    assert "项目“A”：赞成 38 ＋ 反对 0 ＋ 弃权 17 ＝ 55 票 ≠ 有效票 54 张。" in out
    assert "没有项目入选。" in out


def test_a_second_round_is_only_another_next_step(tmp_path):
    rules = EXAMPLE["rules"] | {"shortfall": "second_round"}
    out, _, _ = rehearse(tmp_path, EXAMPLE | {"rules": rules})
    assert "就未入选的“B”“C”进行第二轮票决，选 1 项。" in out


def test_an_unusable_file_ends_with_2_its_faults_and_no_output(tmp_path):
    out, err, status = rehearse(tmp_path, EXAMPLE | {"seats": "2", "ballots": [["A"], 5]}, "--json")
    assert (out, status) == ("", 2)
    assert err.splitlines() == ['seats: 应为整数，现为 "2"', "ballots[1]: 应为项目编号的列表，现为 5"]


def test_options_go_before_the_file(tmp_path):
    out, _, _ = rehearse(
        tmp_path, EXAMPLE, "--json", "--quorum", "none", "--majority-base", "none", "--seats", "3"
    )
    outcome = json.loads(out)
    assert (outcome["quorum"]["needed"], outcome["majority"]["of"], outcome["elected"]) == (
        0,
        None,
        ["A", "B", "C"],
    )


def test_a_bad_option_ends_with_2(tmp_path):
    assert rehearse(tmp_path, EXAMPLE, "--seats", "2")[2] == 0
    out, err, status = rehearse(tmp_path, EXAMPLE, "--seats", "none")
    assert (out, status, len(err.splitlines())) == ("", 2, 1)


def in_a_process(
    var: Path, *arguments: str, text: str = "", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """The operator's own command, in an environment that says nothing but where the data folder would be."""
    environ = {"PATH": os.environ["PATH"], "PIAOJUE_VAR": str(var), **environment}
    return subprocess.run(
        [sys.executable, "manage.py", "rehearse", *arguments],
        input=text.encode(), capture_output=True, cwd=ROOT, env=environ, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "raw", "status"),
    [
        (("-", "--json"), EXAMPLE, 0),
        (("-",), VOID, 0),
        (("-", "--json"), EXAMPLE | {"seats": "2"}, 2),
        (("-", "--seats", "none"), EXAMPLE, 2),
        ((), EXAMPLE, 2),
    ],
)
def test_the_command_starts_no_server_makes_no_folder_and_ends_with_0_or_2(tmp_path, arguments, raw, status):
    var = tmp_path / "var"
    ended = in_a_process(var, *arguments, text=json.dumps(raw))
    assert ended.returncode == status, ended.stderr
    assert bool(ended.stdout) is (status == 0) and bool(ended.stderr) is (status == 2)
    assert not var.exists()


def test_an_environment_that_stops_every_other_command_stops_no_count(tmp_path):
    said = {"PIAOJUE_PROFILE": "production", "DATABASE_URL": "mysql://nowhere", "PIAOJUE_PORT": "none"}
    ended = in_a_process(tmp_path / "var", "-", "--json", text=json.dumps(EXAMPLE), **said)
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["elected"] == ["A"]
    assert list(tmp_path.iterdir()) == []


def test_a_terminal_that_lacks_the_letters_does_not_stop_the_count(tmp_path):
    raw = EXAMPLE | {"candidates": ["A", "B", "C"]}
    for arguments in (("-",), ("-", "--json")):
        ended = in_a_process(tmp_path, *arguments, text=json.dumps(raw), PYTHONIOENCODING="ascii")
        assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout.decode("utf-8"))["reasons"]["B"].endswith("未通过。")


def test_in_a_process_an_unusable_file_leaves_standard_output_empty(tmp_path):
    ended = in_a_process(tmp_path / "var", "no-such-file.json")
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert len(ended.stderr.decode().splitlines()) == 1
