"""An export of eight times the entries takes no more memory: nothing of what was written is kept."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from tests.workflow.audit.test_tampering import UNIT, trail
from workflow.audit.exporters import FORMATS
from workflow.audit.exporters.cells import COLUMNS
from workflow.audit.selectors import Line

SPARE = 400_000  # bytes: what the interpreter itself keeps differs from run to run
pytestmark = pytest.mark.long


@dataclass
class Entries:
    """As many entries as asked for, made while they are read; read as an extract is."""

    count: int
    outside: int = 0
    year: int | None = None
    subject: str = ""

    def total(self) -> int:
        return self.count

    @property
    def until(self) -> int:
        return self.count

    @property
    def after_head(self) -> int:
        return self.count

    @property
    def unit(self) -> Any:
        return SimpleNamespace(code="T7", name="青溪镇")

    def lines(self, *, about: str | None = None) -> Iterator[Line]:
        for row in trail(UNIT, self.count, random.Random(3)):
            line = Line(row.link)
            line.envelope.update(
                dict.fromkeys(("label", "office", "request", "subject", "task"), "x:1"), step=5
            )
            yield line

    def copied(self, columns: str, options: str, *, read: str = "") -> Iterator[list[bytes]]:
        between = b"\t" if "FORMAT text" in options else b","
        cells = between.join([b"%d", *[b"x" * 20] * (len(COLUMNS) - 1)]) + b"\n"
        for number in range(0, self.count, 100):
            yield [cells % (number + place) for place in range(100)]

    def joined(self, line: str) -> Iterator[bytes]:
        for number in range(0, self.count, 100):
            yield b"".join(b"%d,%s\n" % (number + place, b"x" * 400) for place in range(100))

    def distinct(self, *columns: str) -> list[tuple[str, ...]]:
        return [("x:1",) * len(columns)]


def peak_of(form: str, count: int) -> int:
    tracemalloc.start()
    written = sum(len(piece) for piece in FORMATS[form].write(Entries(count)))  # type: ignore[arg-type]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert written > 20 * count
    return peak


@pytest.mark.parametrize("form", ["jsonl", "csv", "xlsx", "xes", "ocel"])
def test_memory_does_not_grow_with_the_entries(form: str, size: Callable[[str, int, int], int]) -> None:
    few = size("entries_of_files", 400, 8_000)
    peak_of(form, 50)  # what is loaded at the first use is no part of it
    assert peak_of(form, 8 * few) < peak_of(form, few) + SPARE
