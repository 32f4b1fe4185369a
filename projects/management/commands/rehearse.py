"""Count a vote from a file with the very rules of the real vote: a rehearsal before, a recount after.

Needs no database. Exit status: 0 counted, whatever the outcome; 2 the file is not usable, one line per fault on
standard error and nothing on standard output.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any
from unicodedata import east_asian_width

from django.core.management.base import BaseCommand

from projects.ballots.files import Overrides, Unusable, outcome_as_json, read_vote, read_vote_at
from projects.ballots.rules import (
    MajorityBase,
    Mode,
    Outcome,
    ShortfallRule,
    TieRule,
    Verdict,
    VoteFile,
    decide,
    majority_phrase,
    next_step,
    standing,
)

NOT_USABLE = 2

_VERDICTS = {
    Verdict.NO_QUORUM: "到会不足法定人数，票决不能进行",
    Verdict.VOID: "收回的表决票多于发出的，本次票决无效",
    Verdict.UNBALANCED: "票数不平衡，不能认定结果",
    Verdict.RUNOFF: "末位票数相等，须再次投票",
    Verdict.SHORTFALL: "通过的项目少于应选数",
    Verdict.DECIDED: "票决有结果",
}
_MODES = {Mode.SELECT: "差额选项（每票至多选应选数）", Mode.EACH: "逐项表决", Mode.RANK: "排序计分"}
_TIES = {TieRule.RUNOFF: "票数相等的再次投票", TieRule.ALL: "票数相等的全部入选"}
_SHORTFALLS = {ShortfallRule.VACANT: "名额空缺", ShortfallRule.SECOND_ROUND: "进行第二轮票决"}


class Command(BaseCommand):
    help = "按实际票决所用的同一套规则计算一个文件（JSON 或 Pabulib .pb）：会前演练、会后复核。不需要数据库。"
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="JSON 或 .pb 文件；- 为标准输入")
        parser.add_argument("--json", action="store_true", dest="as_json", help="以 JSON 输出")
        parser.add_argument("--quorum", help="法定人数占全体代表的比例，如 2/3；none 为不要求")
        parser.add_argument("--majority-base", help=f"过半数的基数：{'、'.join(MajorityBase)}")
        parser.add_argument("--seats", help="应选项目数")

    def handle(self, *args: Any, **options: Any) -> None:
        overrides = Overrides(options["quorum"], options["majority_base"], options["seats"])
        try:
            outcome = decide(_vote(options["file"], overrides))
        except Unusable as refusal:
            for fault in refusal.faults:
                self.stderr.write(str(fault))
            sys.exit(NOT_USABLE)
        if options["as_json"]:
            _set_up(self.stdout, encoding="utf-8")
            self.stdout.write(_as_json(outcome))
        else:
            _set_up(self.stdout, errors="backslashreplace")
            self.stdout.write(report(outcome))


def _vote(file: str, overrides: Overrides) -> VoteFile:
    if file == "-":
        return read_vote(sys.stdin.buffer.read(), overrides=overrides)
    return read_vote_at(file, overrides=overrides)


def _as_json(outcome: Outcome) -> str:
    return json.dumps(outcome_as_json(outcome), ensure_ascii=False, indent=2)


def _set_up(stream: Any, **how: str) -> None:
    """A name that the terminal's encoding lacks must not end the command after the count."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure:
        reconfigure(**how)


def report(outcome: Outcome) -> str:
    """The outcome for people, in Chinese: attendance, majority, balance, a table of projects, conclusion, next step."""
    parts = [_heading(outcome), _balance(outcome), _table(outcome), _reasons(outcome), _conclusion(outcome)]
    return "\n\n".join(parts)


def _heading(outcome: Outcome) -> str:
    vote, quorum, rules = outcome.vote, outcome.quorum, outcome.vote.rules
    return "\n".join(
        [
            "票决计算报告",
            f"票决方式  {_MODES[vote.paper.mode]}；候选 {len(vote.paper.candidates)} 项，应选 {vote.paper.seats} 项",
            f"出    席  应到 {vote.deputies_in_office} 人，实到 {quorum.present} 人",
            f"法定人数  {_quorum(outcome)}",
            f"过 半 数  {majority_phrase(outcome.majority, vote.paper.mode)}",
            f"规    则  {_TIES[rules.tie]}；通过的少于应选数时{_SHORTFALLS[rules.shortfall]}",
        ]
    )


def _quorum(outcome: Outcome) -> str:
    share, quorum = outcome.vote.rules.quorum, outcome.quorum
    if share is None:
        return "不要求"
    return f"需 {quorum.needed} 人（全体代表的 {share} 以上），{'达到' if quorum.met else '未达到'}"


def _balance(outcome: Outcome) -> str:
    count = outcome.count
    figures = (
        f"表 决 票  发出 {outcome.ballots_issued} 张，收回 {outcome.ballots_returned} 张；"
        f"有效 {count.valid} 张，无效 {count.invalid} 张"
    )
    if not outcome.problems:
        return f"{figures}\n平    衡  各项数目相符"
    lines = [f"  {number}. {problem.sentence}" for number, problem in enumerate(outcome.problems, 1)]
    return "\n".join([figures, f"平    衡  有 {len(lines)} 处不符", *lines])


def _table(outcome: Outcome) -> str:
    head = ["序号", "赞成", "反对", "弃权", "未按", "得分", "结果", "项目"]
    rows = [head, *(_row(outcome, number, one) for number, one in enumerate(in_order_of_rank(outcome), 1))]
    if outcome.vote.paper.mode is not Mode.RANK:
        rows = [row[:5] + row[6:] for row in rows]
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_line(row, widths) for row in rows)


def in_order_of_rank(outcome: Outcome) -> list[str]:
    """All candidates, best figures first, equals in the order of the paper."""
    sums, mode = outcome.count.sums, outcome.vote.paper.mode
    return sorted(outcome.vote.paper.candidates, key=lambda one: standing(sums[one], mode), reverse=True)


def _row(outcome: Outcome, number: int, one: str) -> list[str]:
    of = outcome.count.sums[one]
    figures = (number, of.in_favour, of.against, of.abstain, of.not_pressed, of.points)
    return [*map(str, figures), _standing_of(outcome, one), one]


def _standing_of(outcome: Outcome, one: str) -> str:
    if one in outcome.result.elected:
        return "入选"
    return "票数相等" if one in outcome.result.tied else "未入选"


def _width(text: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _line(row: list[str], widths: list[int]) -> str:
    """Figures to the right, words to the left."""
    figures = [" " * (width - _width(cell)) + cell for cell, width in zip(row[:-2], widths, strict=False)]
    result = row[-2] + " " * (widths[-2] - _width(row[-2]))
    return "  ".join([*figures, result, row[-1]])


def _reasons(outcome: Outcome) -> str:
    reasons = outcome.result.reasons
    return "\n".join(["理由", *(f"  {one}：{reasons[one].sentence}" for one in in_order_of_rank(outcome))])


def _conclusion(outcome: Outcome) -> str:
    result = outcome.result
    lines = [f"结论：{_VERDICTS[outcome.verdict]}。"]
    lines += (
        [f"入选 {len(result.elected)} 项：{'、'.join(result.elected)}"]
        if result.elected
        else ["没有项目入选。"]
    )
    lines += [f"票数相等 {len(result.tied)} 项：{'、'.join(result.tied)}"] if result.tied else []
    lines += [f"下一步：{next_step(outcome)}"]
    if outcome.verdict is Verdict.RUNOFF and not outcome.vote.rules.runoff_majority:
        lines += ["再次投票另作一个文件，其中 rules.majority_base 写 none。"]
    return "\n".join(lines)
