"""The count against another one, written in SQL alone: thousands of random boxes, counted by both (integrity.md §4)."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from django.db import connection

from projects.ballots.rules import Majority, MajorityBase, Mode, Paper, TieRule, count_ballots, elect

pytestmark = pytest.mark.django_db

BATCH = 5_000

# One row per mark as it stands on a ballot, in the order it was made; a ballot without marks has its row in `ballot`.
TABLES = """
CREATE TEMP TABLE box (box int, mode text, seats int, cap bool, needed int) ON COMMIT DROP;
CREATE TEMP TABLE candidate (box int, name text) ON COMMIT DROP;
CREATE TEMP TABLE ballot (box int, ballot int) ON COMMIT DROP;
CREATE TEMP TABLE mark (box int, ballot int, turn int, name text, mark text) ON COMMIT DROP;
"""
COUNT = """
WITH first AS (  -- an id marked twice counts once, at its first place
  SELECT box, ballot, name, mark, row_number() OVER (PARTITION BY box, ballot ORDER BY min(turn)) AS place
  FROM mark GROUP BY box, ballot, name, mark
), judged AS (
  SELECT b.box, b.ballot,
    coalesce(bool_and(c.name IS NOT NULL AND f.mark IN ('for', 'against', 'abstain')) FILTER (WHERE f.name IS NOT NULL), true)
    AND (count(f.name) FILTER (WHERE f.mark = 'for') <= x.seats OR x.mode = 'each' AND NOT x.cap) AS valid
  FROM ballot b JOIN box x USING (box)
    LEFT JOIN first f USING (box, ballot) LEFT JOIN candidate c ON c.box = b.box AND c.name = f.name
  GROUP BY b.box, b.ballot, x.seats, x.mode, x.cap
), cast_ AS (
  SELECT box, count(*) FILTER (WHERE valid) AS valid, count(*) FILTER (WHERE NOT valid) AS invalid
  FROM judged GROUP BY box
), sums AS (
  SELECT c.box, c.name, coalesce(v.valid, 0) AS valid, coalesce(v.invalid, 0) AS invalid,
    count(*) FILTER (WHERE f.mark = 'for' AND j.valid) AS "for",
    count(*) FILTER (WHERE f.mark = 'against' AND j.valid) AS against,
    coalesce(sum(CASE WHEN x.mode = 'rank' THEN x.seats - f.place + 1 ELSE 0 END) FILTER (WHERE j.valid), 0) AS points
  FROM candidate c JOIN box x USING (box) LEFT JOIN cast_ v USING (box)
    LEFT JOIN first f ON f.box = c.box AND f.name = c.name LEFT JOIN judged j ON j.box = f.box AND j.ballot = f.ballot
  GROUP BY c.box, c.name, v.valid, v.invalid
), passed AS (
  SELECT s.box, s.name, x.seats,
    count(*) OVER better AS at_least, count(*) OVER (PARTITION BY s.box, s.points, s."for") AS equals
  FROM sums s JOIN box x USING (box) WHERE s."for" >= x.needed
  WINDOW better AS (PARTITION BY s.box ORDER BY s.points DESC, s."for" DESC RANGE UNBOUNDED PRECEDING)
)
SELECT s.box, s.name, s.valid, s.invalid, s."for", s.against, s.valid - s."for" - s.against, s.points,
  CASE WHEN p.name IS NULL THEN 'out' WHEN p.at_least <= p.seats THEN 'in'
       WHEN p.at_least - p.equals < p.seats THEN 'tied' ELSE 'out' END
FROM sums s LEFT JOIN passed p USING (box, name)
"""


def random_boxes(draws: Random, first: int, many: int) -> Iterator[dict[str, Any]]:
    """Boxes lawful and not: ids not on the paper, unknown marks, repeats, too many marks, empty ballots."""
    for number in range(first, first + many):
        names = tuple("甲乙丙丁戊己"[: draws.randint(1, 6)])
        mode = draws.choice(list(Mode))
        paper = Paper(names, mode, draws.randint(1, 6), each_cap=draws.random() < 0.3)
        wild = [*names, "外"] if draws.random() < 0.3 else [*names]
        ballots = [_ballot(draws, mode, wild) for _turn in range(draws.randint(0, 7))]
        yield {"box": number, "paper": paper, "ballots": ballots, "needed": draws.randint(1, 4)}


def _ballot(draws: Random, mode: Mode, names: list[str]) -> object:
    if mode is Mode.EACH:
        marks = ["for", "for", "against", "abstain", *(["maybe"] if draws.random() < 0.05 else [])]
        return {one: draws.choice(marks) for one in draws.sample(names, draws.randint(0, len(names)))}
    return [draws.choice(names) for _turn in range(draws.randint(0, 5))]


def by_rules(box: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
    """Per candidate: valid, invalid, for, against, abstain, points, and where it ended."""
    paper: Paper = box["paper"]
    counted = count_ballots(box["ballots"], paper=paper)
    majority = Majority(MajorityBase.VALID, counted.valid, box["needed"])
    result = elect(counted.sums, paper, majority, TieRule.RUNOFF)
    ended = dict.fromkeys(result.elected, "in") | dict.fromkeys(result.tied, "tied")
    return {
        one: (
            counted.valid,
            counted.invalid,
            of.in_favour,
            of.against,
            of.abstain,
            of.points,
            ended.get(one, "out"),
        )
        for one, of in counted.sums.items()
    }


def by_sql(boxes: list[dict[str, Any]]) -> dict[int, dict[str, tuple[Any, ...]]]:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS box, candidate, ballot, mark")
        cursor.execute(TABLES)
        _copy(
            cursor,
            "box",
            (
                (b["box"], str(b["paper"].mode), b["paper"].seats, b["paper"].each_cap, b["needed"])
                for b in boxes
            ),
        )
        _copy(cursor, "candidate", ((b["box"], one) for b in boxes for one in b["paper"].candidates))
        _copy(cursor, "ballot", ((b["box"], n) for b in boxes for n in range(len(b["ballots"]))))
        _copy(cursor, "mark", (row for b in boxes for row in _marks(b)))
        cursor.execute("ANALYZE box, candidate, ballot, mark")
        cursor.execute(COUNT)
        found: dict[int, dict[str, tuple[Any, ...]]] = {}
        for number, name, *rest in cursor.fetchall():
            found.setdefault(number, {})[name] = tuple(
                int(one) if not isinstance(one, str) else one for one in rest
            )
    return found


def _copy(cursor: Any, table: str, rows: Iterator[tuple[Any, ...]]) -> None:
    with cursor.copy(f"COPY {table} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _marks(box: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    for number, ballot in enumerate(box["ballots"]):
        marks = ballot.items() if isinstance(ballot, dict) else ((one, "for") for one in ballot)
        for turn, (name, mark) in enumerate(marks):
            yield box["box"], number, turn, name, mark


@pytest.mark.long
def test_rules_and_sql_agree_on_random_boxes(size):
    draws, ended = Random(20270120), set[str]()
    boxes = size("plain_boxes", 10_000, 100_000)
    for first in range(0, boxes, BATCH):
        batch = list(random_boxes(draws, first, BATCH))
        theirs = by_sql(batch)
        for box in batch:
            ours = by_rules(box)
            assert theirs[box["box"]] == ours, box
            ended |= {row[-1] for row in ours.values()}
    assert ended == {"in", "tied", "out"}
