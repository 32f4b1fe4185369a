"""Plain text as people write and read it: the lines of a text, a day in a sentence. Pure."""

from __future__ import annotations

from datetime import date


def lines_of(text: str) -> list[str]:
    """A text's lines, one matter each; empty ones only part them."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def in_words(day: date) -> str:
    """A day in a Chinese sentence: 2026年1月31日."""
    return f"{day.year}年{day.month}月{day.day}日"
