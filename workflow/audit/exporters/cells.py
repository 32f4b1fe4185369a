"""Cells a spreadsheet neither runs nor rounds. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

COLUMNS = (
    "unit", "index", "id", "at", "recorded_at", "action", "step", "actor", "office", "subject", "about", "label",
    "before", "after", "reason", "task", "request", "hash", "prev", "unit_id", "stands_for",
)  # fmt: skip
# What begins a formula, or a field of its own, in one of the programs officials have; in full width too.
FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n", "|", "%")
# Longer than a spreadsheet keeps a number exactly (an identity card has 18 digits), or with an exponent in it.
NUMBER = re.compile(r"\s*\d{12,}[xX]?\s*|\d+[eE]\d+")


def value_of(value: Any) -> str | int | None:
    """A field of the envelope as one cell: numbers stay numbers, what has fields of its own is JSON."""
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else ""
    return str(value)


def guarded(text: str) -> str:
    """A text as it may stand in CSV, where no cell says it is text: with a ' before it if it could be anything else.

    One that begins with ' gets another, so that taking the first ' away always gives the text back.
    """
    risky = (
        text.lstrip(" \u00a0\u3000").startswith(FORMULA_STARTS)
        or text.startswith("'")
        or NUMBER.fullmatch(text)
    )
    return f"'{text}" if risky else text


def unguarded(text: str) -> str:
    """What `guarded` was given."""
    return text.removeprefix("'")
