"""The tables some papers carry in their data: candidates, budget lines, the readiness sheet, opinions."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext_noop

from projects.cycles.documents.parts import Table
from projects.cycles.models import Paper
from workflow.flows.money import wan

# How a line of the readiness sheet stands, on its page as on the paper the chair confirms.
STANDINGS = {
    "done": gettext_noop("具备"),
    "open": gettext_noop("待办"),
    "waiting": gettext_noop("未到时间"),
    "warning": gettext_noop("提示"),
    "late": gettext_noop("已过期限"),
    "blocking": gettext_noop("须先办结"),
}


def tables_of(paper: Paper) -> list[Table]:
    """The tables of a paper in the order they are read; empty for a paper of words alone."""
    rows = _rows(paper)
    if not rows:
        return []
    if paper.kind == "budget_table":
        return [_budget(rows, paper.data.get("total_fen"))]
    if paper.kind == "readiness":
        return [_readiness(rows)]
    if paper.kind == "opinions":
        return [_opinions(rows)]
    return [_candidates(rows)] if "investment_fen" in rows[0] else []


def _rows(paper: Paper) -> list[dict[str, Any]]:
    for key in ("rows", "items", "lines", "opinions"):
        found = paper.data.get(key)
        if isinstance(found, list) and found and isinstance(found[0], dict):
            return found
    return []


def _candidates(rows: list[dict[str, Any]]) -> Table:
    return Table(
        head=("序号", "项目名称", "建设内容", "总投资", "责任单位", "完成时限"),
        rows=tuple(
            (
                str(row["number"]),
                row["title"],
                row["content"],
                wan(row["investment_fen"]) or "未定",
                row["department"] or "未定",
                month(row["finish_by"]),
            )
            for row in rows
        ),
        widths=(7, 21, 32, 15, 15, 14),
        centred=frozenset({0, 3, 4, 5}),
    )


def month(day: str) -> str:
    """An ISO day as a table says when something is to be finished: 2027年10月; 未定 without one."""
    if not day:
        return "未定"
    on = date.fromisoformat(day)
    return f"{on.year}年{on.month}月"


def _budget(rows: list[dict[str, Any]], total_fen: int | None) -> Table:
    lines = [
        (str(n), row["title"], row["code"], row["source"], wan(row["amount_fen"]))
        for n, row in enumerate(rows, 1)
    ]
    total = [("", "合计", "", "", wan(total_fen))] if total_fen is not None else []
    return Table(
        head=("序号", "项目名称", "预算科目", "资金来源", "金额"),
        rows=(*lines, *total),
        widths=(8, 38, 20, 18, 16),
        centred=frozenset({0, 2, 3, 4}),
    )


def _readiness(rows: list[dict[str, Any]]) -> Table:
    return Table(
        head=("序号", "事项", "由谁办理", "情况", "说明"),
        rows=tuple(
            (str(n), row["what"], row["who"], STANDINGS[row["level"]], row["note"])
            for n, row in enumerate(rows, 1)
        ),
        widths=(8, 30, 18, 14, 30),
        centred=frozenset({0, 3}),
    )


def _opinions(rows: list[dict[str, Any]]) -> Table:
    return Table(
        head=("序号", "代表团", "项目", "审议意见"),
        rows=tuple(
            (str(n), row["delegation"], row["item"] or "总体", row["words"]) for n, row in enumerate(rows, 1)
        ),
        widths=(8, 18, 24, 50),
        centred=frozenset({0, 1}),
    )
