"""How a measurement is taken and printed: several rounds in turn, medians, ratios of one run."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings


def timed(work: Callable[[], Any], times: int) -> list[float]:
    """Seconds of each of `times` runs."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return found


def milliseconds(seconds: list[float]) -> dict[str, float]:
    """p50 and p99 in ms."""
    ordered = sorted(seconds)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return {"p50_ms": round(statistics.median(ordered) * 1000, 3), "p99_ms": round(p99 * 1000, 3)}


def publish(part: str, rows: list[dict[str, Any]], notes: list[str]) -> None:
    """Print the table of one part and keep it as JSON under the var folder."""
    print(f"\n## {part}")
    heads = list(rows[0])
    print("| " + " | ".join(heads) + " |")
    print("|" + "---|" * len(heads))
    for row in rows:
        print("| " + " | ".join(str(row[h]) for h in heads) + " |")
    for note in notes:
        print(f"- {note}")
    folder = Path(settings.VAR_DIR) / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"part": part, "rows": rows, "notes": notes}, ensure_ascii=False, indent=1)
    (folder / f"{part}.json").write_text(text, encoding="utf-8")
