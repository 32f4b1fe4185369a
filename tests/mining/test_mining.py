"""pm4py, a tool of process mining in an environment of its own, reads our logs and judges years as our checks do.

What the two sides share: the exported files, the names of acts, and the seat table with the law behind it, from which
both were written. What they do not: `oracle.py` has no line of ours, knows our checks by their codes alone, finds the
order of a year by DECLARE constraints, four eyes and time profiles over traces it reads from XES and OCEL, and counts
plain days where we count working days (so it says nothing where rest days decide).

Left to our own tests: figures and texts of an entry, and days of the calendar (`NOT_OF_ORDER`).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from projects.evaluation.conformance import CHECKS, Status, Terms, Year, act_of, examine
from projects.site.env import PROJECT
from tests.builders import township
from tests.databases import PACKAGES
from tests.mining.years import Made, Trail, trail_of, year
from tests.projects.evaluation.conftest import year_under_supervision
from workflow.audit.exporters import FORMATS
from workflow.audit.exporters.extract import extract_of
from workflow.people.isolation import SYSTEM, apply

APART = PROJECT / "var" / "mining"
PYTHON = APART / ".venv" / "bin" / "python"
# The seat table's days.
TERMS = Terms(announce_wd=5, tell_wd=10, file_days=15, hand_over_wd=5, plan_days=45, groups_days=30)
# What a model of order and hands cannot say: an oracle of these would be arithmetic written a second time.
NOT_OF_ORDER = {
    # Sums and shares: votes for a decision, who was present, candidates over seats, ballots of one way.
    "majority", "congress", "quorum", "surplus", "secret",
    # How many there are of a list: signatures, members, those who ask for a session.
    "motions", "interpellation_movers", "group_size", "one_fifth",
    # Days of the calendar alone, whatever was done before.
    "third_quarter", "archive", "look_back", "sessions",
    # What one entry says of another record: which votes stand in a void one's place, which session a presidium was elected for.
    "ordered_anew", "presidium",
}  # fmt: skip
Told = dict[str, Any]

needs_pm4py = pytest.mark.skipif(not (APART / ".made").exists(), reason="no pm4py here: make mining")


def mined(folder: Path, trail: Any, looked: dict[str, str] | None = None) -> Told:
    """What pm4py says of a trail's XES and OCEL."""
    for form, name in {"xes": "trail.xes", "ocel": "trail.json"}.items():
        with (folder / name).open("wb") as file:
            file.writelines(FORMATS[form].write(trail))
    if looked:
        (folder / "looked.json").write_text(json.dumps(looked))
    done = subprocess.run(
        [PYTHON, "-I", Path(__file__).with_name("oracle.py"), folder],
        env={**os.environ, "PM4PY_SHOW_PROGRESS_BAR": "False"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads((folder / "told.json").read_text())  # type: ignore[no-any-return]


def ours(made: Made, trail: Trail) -> dict[str, bool]:
    """Which checks find the year at fault, over the entries `conforming.year_of` would give them."""
    lines = [*trail.lines(about=made.cycle)]
    sessions = {line.envelope["subject"] for line in lines if line.envelope["action"] == "session.fix"}
    lines += [line for line in trail.lines(about="") if line.envelope["subject"] in sessions]
    acts = tuple(act_of(line.link.entry_id, json.loads(line.body)) for line in lines)
    ordered = tuple(sorted(acts, key=lambda act: act.id))
    return {
        check.code: finding.status == Status.NOT_HELD
        for check, finding in examine(Year(ordered, made.looked, TERMS))
    }


def test_the_tool_stands_apart() -> None:
    ours = ("pyproject.toml", "requirements/base.txt", "requirements/dev.txt")
    assert [name for name in ours if "pm4py" in (PROJECT / name).read_text(encoding="utf-8")] == []
    modules = (path for name in (*PACKAGES, "tests", "scripts") for path in (PROJECT / name).rglob("*.py"))
    using = {
        path.name for path in modules if re.search(r"^\s*(import|from) pm4py", path.read_text("utf-8"), re.M)
    }
    assert using == {"oracle.py"}


def test_a_year_is_the_same_for_the_same_number_and_one_untouched_breaks_nothing() -> None:
    assert year(7) == year(7) != year(8)
    lawful = next(made for made in map(year, range(1, 100)) if not made.done)
    found = ours(lawful, trail_of([lawful]))
    assert not any(found.values()), [code for code, fault in found.items() if fault]


@needs_pm4py
@pytest.mark.django_db
def test_it_reads_a_townships_logs_with_the_ids_and_hashes_of_the_plain_lines(tmp_path: Path) -> None:
    apply(SYSTEM)
    town = township()
    cycle = year_under_supervision(town, ["村道硬化", "自来水管网改造"])
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    extract = extract_of(town.unit)
    told = mined(tmp_path, extract)
    lines = [json.loads(line) for line in b"".join(FORMATS["jsonl"].write(extract)).splitlines()]
    rows = [[line["index"], line["id"], line["hash"]] for line in lines]
    assert len(rows) > 30 and told["xes"] == told["ocel"] == rows
    assert cycle.reference in told["cases"]
    assert {line["subject"] for line in lines} <= set(told["objects"])


@needs_pm4py
@pytest.mark.long
def test_its_verdict_is_ours_on_every_rule_of_every_year(
    tmp_path: Path, size: Callable[[str, int, int], int], record_property: Callable[..., None]
) -> None:
    years = [year(number) for number in range(1, size("years", 20, 1_000) + 1)]
    trail = trail_of(years)
    told = mined(tmp_path, trail, {made.cycle: made.looked.isoformat() for made in years})
    rows = [[line.link.index, line.link.entry_id, line.link.hash.hex()] for line in trail.lines()]
    assert told["xes"] == told["ocel"] == rows
    rules = set(next(iter(told["verdicts"].values())))
    assert rules == {check.code for check in CHECKS} - NOT_OF_ORDER
    seen, apart = Counter[str](), []
    for made in years:
        here, there = ours(made, trail), told["verdicts"][made.cycle]
        for rule in sorted(rules):
            if there[rule] is None:
                seen["unsaid"] += 1
            elif there[rule] != here[rule]:
                apart.append((rule, made.number, made.done, f"we {here[rule]}"))
            else:
                seen["broken" if here[rule] else "kept"] += 1
    for name, count in seen.items():
        record_property(name, count)
    assert not apart, (len(apart), Counter(rule for rule, *_rest in apart), apart[:20])
    assert seen["broken"] > len(years) / 2 and seen["unsaid"] < sum(seen.values()) / 50
