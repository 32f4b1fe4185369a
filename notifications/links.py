"""Where a letter leads."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse

PAGES = {"call": "meeting_call"}  # what is read on a page of its own, and has no history


def link_to_tasks(task_ids: Sequence[int]) -> str:
    """The task's page; the inbox where there are several."""
    return reverse("task", args=[task_ids[0]]) if len(task_ids) == 1 else reverse("inbox")


def link_to_record(reference: str) -> str:
    """The history of a record named "kind:id", or its own page where it has one; nothing for what has no page."""
    kind, _, number = reference.partition(":")
    if kind in PAGES and number:
        return reverse(PAGES[kind], args=[int(number)])
    return "" if kind in ("grant", "user", "") or not number else reverse("history", args=[kind, int(number)])


def link_to_page(page: str, reference: str) -> str:
    """A page by its name, at its part after a `#`; where that is the kind of the record "kind:id", at that record."""
    name, _, part = page.partition("#")
    kind, _, number = reference.partition(":")
    if part == kind:
        return f"{reverse(name)}?{kind}={int(number)}#{kind}-{int(number)}"
    return reverse(name) + (f"#{part}" if part else "")


def link_to_digest(number: int) -> str:
    """The letters a summary sums up."""
    return reverse("letter_digest", args=[number])
