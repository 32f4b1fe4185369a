"""What the demonstration county plays: which township, after which published case, how far by today.

Names of projects, numbers of candidates, seats, deputies present and votes are as printed where the case prints
them (data/cases.json); the rest is generated to agree with them and said so in a paper on the year's file.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from projects.demo.play.collection import MATTERS, VILLAGES
from workflow.calendar.workdays import next_working_day
from workflow.flows.meetings import majority_needed
from workflow.people.models import UnitKind

ROOT, COUNTY = "SF", "SF00"  # every unit's code begins with the first; township n of the county is SF and n
SESSIONS_A_YEAR = 2
DATA = Path(__file__).parent / "data" / "cases.json"


@dataclass(frozen=True)
class Year:
    """One year of one township. opens, t, t2: days from today.

    case: the id of the printed case it follows. present, seats, candidates: as printed, or generated where None.
    lively: the session hears more than its agenda (`play_sitting`).
    """

    year_from_today: int
    opens: int
    t: int
    t2: int
    term: int
    number: int
    case: str = ""
    candidates: int = 6
    seats: int = 5
    present: int | None = None
    proposals: int = 16
    mode: str = "select"
    equal: bool = False
    lively: bool = False

    def is_judged_with(self, later: Year) -> bool:
        """Whether a later year votes at the very session that evaluates this one."""
        return (self.t2, self.term, self.number + SESSIONS_A_YEAR) == (later.t, later.term, later.number)


@dataclass(frozen=True)
class Play:
    """One township of the county: its deputies in office and its years, the earliest first."""

    code: str
    name: str
    deputies: int
    years: Sequence[Year] = field(default_factory=tuple)
    kind: str = UnitKind.TOWNSHIP


# Days from today; the usual year takes 140 days from opening to the vote and a year to the evaluation.
PROGRAMME: tuple[Play, ...] = (
    Play(
        "SF01",
        "兰亭镇",
        68,
        (
            Year(-1, -809, -669, -305, 16, 2, "lanting-2013", 12, 10, 65, 26),
            Year(0, -445, -305, 61, 16, 4, "", 6, 5, 64),
            Year(1, -79, 61, 425, 16, 6, "", 6, 5),
        ),
    ),
    Play(
        "SF02",
        "张山镇",
        60,
        (
            Year(-1, -800, -660, -296, 17, 2, "zhangshan-2023", 12, 10, 58, 20),
            Year(0, -436, -296, 70, 17, 4, "", 6, 5),
        ),
    ),
    Play("SF03", "四屏镇", 50, (Year(1, -140, 0, 365, 2, 4, "siping-2023", 2, 1, 45, 8),)),
    Play("SF04", "北坡镇", 58, (Year(0, -450, -310, 55, 17, 7, "beipo-2019", 7, 7, 51, 12, "each", True),)),
    Play("SF05", "张寨镇", 110, (Year(0, -440, -300, 65, 5, 1, "zhangzhai-2022", 10, 8, 102, 16),)),
    Play(
        "SF06", "新安镇", 130, (Year(0, -420, -280, 95, 15, 9, "xinan-2021", 12, 10, 120, 18, lively=True),)
    ),
    Play("SF07", "三水瑶族乡", 42, (Year(1, -131, 9, 370, 9, 8, "sanshui-2020", 7, 5, 37, 12),)),
    Play("SF08", "官垱镇", 55, (Year(1, -20, 125, 480, 16, 2, "guandang-2021", 5, 4, None, 18),)),
    Play("SF09", "刘岗镇", 52, (Year(0, -485, -345, 20, 19, 3, "liugang-2022", 10, 6, None, 26),)),
    Play("SF10", "板芙镇", 60, (Year(1, -72, 70, 430, 16, 6, "banfu-2019", 12, 10, 54, 18),)),
    Play("SF11", "力洋镇", 72, (Year(0, -395, -255, 110, 15, 5, "liyang-2010", 20, 10, None, 26, "rank"),)),
    Play("SF12", "土官镇", 56, (Year(1, -55, 90, 450, 10, 1, "tuguan-2023", 12, 10, None, 18),)),
    Play("SF13", "青溪街道", 40, (Year(1, 6, 150, 500, 1, 1, "", 6, 5),), UnitKind.SUBDISTRICT),
)


@cache
def cases() -> dict[str, dict[str, Any]]:
    """The printed cases by id."""
    return {case["id"]: case for case in json.loads(DATA.read_text(encoding="utf-8"))["cases"]}


def day(today: date, offset: int) -> date:
    """A working day `offset` days from today."""
    return today if offset == 0 else next_working_day(today + timedelta(days=offset))


def titles_of(year: Year, seed: int, salt: str) -> list[str]:
    """The year's candidates: printed names first, then generated ones, as many as the case has candidates."""
    case = cases().get(year.case, {})
    printed = [p["name"] for p in case.get("projects", ())] or list(case.get("candidate_names", ()))
    drawn = random.Random(f"{seed}:{salt}:{year.year_from_today}")
    pool = [f"{village}{matter[0]}" for matter in MATTERS for village in VILLAGES]
    drawn.shuffle(pool)
    spare = (title for title in pool if title not in printed)
    return [*printed[: year.candidates], *(next(spare) for _ in range(year.candidates - len(printed)))]


def points_of(year: Year, sums: Mapping[str, int], ballots: int) -> dict[str, int]:
    """Points for each title where the paper is marked by rank, as that many ballots give them; else none.

    The marks are laid on the ballots one title after the other, the most voted for first: so every ballot ranks them in
    that order, and of two titles the one with more votes has more points.
    """
    if year.mode != "rank":
        return {}
    laid, points = 0, {}
    for title in sorted(sums, key=lambda one: -sums[one]):
        places = range(laid, laid + sums[title])
        points[title] = sum(year.seats - place // ballots for place in places)
        laid += sums[title]
    return points


def sums_of(year: Year, titles: Sequence[str], deputies: int, present: int, seed: int) -> dict[str, int]:
    """Votes for each title: as printed where the case prints them, generated between them and below the majority.

    The first `seats` titles that the case does not call 未入选 are elected; equal votes never lie across the last
    place. In mode select the marks fit on the ballots.
    """
    case = cases().get(year.case, {})
    rows = {p["name"]: p for p in case.get("projects", ())}
    need, lost = (
        majority_needed(deputies),
        {name for name, row in rows.items() if row.get("elected") is False},
    )
    if year.case == "siping-2023":
        return {titles[0]: case["winner_votes_derived"], titles[1]: present - case["winner_votes_derived"]}
    if year.mode == "each":
        return {
            title: rows.get(title, {}).get("approve", present - 1 - n % 3) for n, title in enumerate(titles)
        }
    elected = [t for t in titles if t not in lost][: year.seats]
    drawn = random.Random(f"{seed}:{year.case}:{year.year_from_today}:votes")
    top = min((rows[t]["votes"] for t in elected if rows.get(t, {}).get("votes")), default=present - 2)
    sums, last = {}, top
    for n, title in enumerate(elected):
        last = max(need + (len(elected) - n), last - drawn.randint(0, 2))
        sums[title] = rows.get(title, {}).get("votes") or last
    room = year.seats * present - sum(sums.values())
    for title in (t for t in titles if t not in elected):
        share = max(0, min(need - 1, room // max(1, len(titles) - len(elected)) - drawn.randint(0, 2)))
        sums[title] = share
        room -= share
    return sums
