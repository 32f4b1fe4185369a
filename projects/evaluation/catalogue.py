"""归档目录 of a dossier: its items in their order, with 件号, 档号 and how long each is kept, as table and as text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from projects.cycles.rulebook.retention import ARCHIVED
from projects.cycles.steps import STEPS

STAGES = {1: "第一阶段 项目征集初定", 2: "第二阶段 审议票决", 3: "第三阶段 监督评估"}
CATALOGUE = (
    "件号",
    "档号",
    "环节",
    "文种",
    "文号",
    "责任者",
    "题名",
    "日期",
    "保管期限",
    "文件",
    "大小（字节）",
    "SHA-256",
    "备注",
)
LONGEST = 60
# What every year that was voted on leaves, whatever its rulebook; the rest depends on what happened in it.
EXPECTED = {
    1: ("scheme", "call", "collection_summary"),
    2: ("draft_list", "public_notice"),
    3: ("candidate_table", "bill", "budget_table", "convening", "method", "tellers"),
    4: ("tally_report", "resolution", "announcement", "filing"),
    5: ("assignment",),
    6: ("completion_report", "measurement", "account", "transfer_list"),
}


@dataclass(frozen=True)
class Entered:
    """One line of the catalogue (件). file: its path in the zip, "" where the original is missing.

    fault: what is wrong with the original; note: what else an inspector must know of it (备注). term: how long it is kept,
    code: its 档号. made: the code of a paper's kind. reference: the paper or file it is, "" for a register; a later
    volume leaves out what this one holds.
    """

    number: int
    step: int
    kind: str
    document: str
    author: str
    title: str
    on: str
    term: str
    code: str = ""
    file: str = ""
    size: int = 0
    sha256: str = ""
    fault: str = ""
    note: str = ""
    made: str = ""
    reference: str = ""

    @property
    def remarks(self) -> str:
        """备注 of the line."""
        return "；".join(filter(None, (self.fault, self.note)))

    def row(self) -> tuple[Any, ...]:
        """The line in the order of CATALOGUE."""
        return (
            self.number, self.code, str(STEPS[self.step]), self.kind, self.document, self.author, self.title, self.on,
            str(ARCHIVED[self.term]), self.file, self.size, self.sha256, self.remarks,
        )  # fmt: skip


def folder_of(step: int) -> str:
    """The folder of a step inside its stage."""
    return f"{STAGES[(step + 1) // 2]}/{step} {STEPS[step]}"


def safe_name(title: str) -> str:
    """A title as a file name: nothing that leads out of its folder, no control character, no leading dot."""
    name = re.sub(r'[\x00-\x1f\x7f/\\:*?"<>|]+', "", title).strip(" .")
    return name[:LONGEST] or "无题名"


def lines_told(title: str, entered: Sequence[Entered]) -> Iterator[str]:
    """The catalogue as lines of text, step by step."""
    yield from (title, "")
    for step in STEPS:
        yield from ("", folder_of(step))
        lines = [_line(one) for one in entered if one.step == step]
        yield from lines or ["　　（本环节没有文件）"]


def _line(one: Entered) -> str:
    number = f"（{one.document}）" if one.document else ""
    note = f"　【{one.remarks}】" if one.remarks else ""
    return f"　　{one.number:03d}　{one.on}　{one.author}　{one.title}{number}　{ARCHIVED[one.term]}{note}"


def counts_of(entered: Sequence[Entered], steps: Iterable[int] = STEPS) -> list[tuple[str, int]]:
    """How many items each step's folder has."""
    return [(folder_of(step), sum(one.step == step for one in entered)) for step in steps]


def absent_from(entered: Sequence[Entered]) -> list[tuple[int, str]]:
    """The papers every year leaves that are not among the items: step and code of the kind."""
    there = {one.made for one in entered}
    return [(step, kind) for step, kinds in EXPECTED.items() for kind in kinds if kind not in there]
