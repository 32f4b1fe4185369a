"""Numbers as Chinese papers write them."""

from __future__ import annotations

NUMERALS = "〇一二三四五六七八九"


def numeral(n: int) -> str:
    """A number below 100 as papers count sessions and paragraphs: 十二."""
    tens, ones = divmod(n, 10)
    head = "" if not tens else "十" if tens == 1 else f"{NUMERALS[tens]}十"
    return head + (NUMERALS[ones] if ones or not tens else "")
