"""Cells a spreadsheet neither runs nor rounds. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

COLUMNS = (
    "unit", "index", "id", "at", "recorded_at", "action", "step", "actor", "office", "subject", "about", "label",
    "before", "after", "reason", "task", "request", "hash", "prev", "unit_id", "stands_for",
)  # fmt: skip
WHITE = " \t\n\x0b\x0c\r\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
# What begins a formula, or a field of its own, in one of the programs officials have; in full width too.
FORMULA_STARTS = "=+@|%＝＋－＠\t\r\n-"
DIGITS = "0-9０-９"
# In words Python and PostgreSQL read alike: a formula, a ' of its own, or what is longer than a spreadsheet keeps a
# number exactly (an identity card has 18 digits) or has an exponent in it.
RISKY = (
    rf"\A[{WHITE}]*[{FORMULA_STARTS}]|\A'"
    rf"|\A[{WHITE}]*[{DIGITS}]{{12,}}[xX]?[{WHITE}]*\Z|\A[{DIGITS}]+[eE][{DIGITS}]+\Z"
)
_risky = re.compile(RISKY)
# First and last of the characters no risky text begins with: A to {, and what is written with Chinese characters.
HARMLESS = ((0x41, 0x7B), (0x4E00, 0x9FFF))
# What begins with a digit and has the one in it, as a day or a moment has, is no number; what is hexadecimal is none once
# it has the other.
IN_A_DAY, IN_A_HASH = "-", "a"


def value_of(value: Any) -> str | int | None:
    """A field of the envelope as one cell: numbers stay numbers, what has fields of its own is JSON."""
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")) if value else ""
    return str(value)


def guarded(text: str) -> str:
    """A text as it may stand in CSV, where no cell says it is text: with a ' before it if it could be anything else.

    One that begins with ' gets another, so that taking the first ' away always gives the text back.
    """
    return f"'{text}" if _risky.search(text) else text
