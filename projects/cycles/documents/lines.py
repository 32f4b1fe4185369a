"""A title broken into lines as officials break it: whole words, lines of like length (GB/T 9704 §7.3.1). Pure."""

from __future__ import annotations

import math
import re
import unicodedata
from functools import cache
from itertools import accumulate, pairwise

# Where a line may well end: after these words, or before these. The text itself decides nothing else.
ENDS = re.compile(
    r"(?<=会议)|(?<=届)|(?<=大会)(?!第)|(?=民生实事)|(?<=项目)(?!票决)|(?<=项目的)|(?<=）)(?=（)|(?<=镇)|(?<=乡)|(?<=街道)|(?<=情况)|(?<=候选)|(?=关于)|(?<=关于)|(?=公告$)|(?=计票结果)|(?=文件$)"
)
# Lines never begin with these.
CLINGING = "的）》〉」』】，。、；：？！”’"
TITLE_PT, MASTHEAD_PT, LEAST_MASTHEAD_PT = 22, 40, 28
LINE_PT = 440  # what a line holds, in points
INSIDE_A_WORD = 40.0  # what such a cut costs, against the squares of how far lines miss their common length


def width(text: str) -> float:
    """A text's width in Chinese characters; letters and digits are half of one."""
    return sum(1 if unicodedata.east_asian_width(c) in "WFA" else 0.5 for c in text)


def title_lines(title: str) -> list[str]:
    """A title's lines at 2号 (22 pt)."""
    return broken(title, LINE_PT / TITLE_PT) if title else []


def masthead_of(masthead: str) -> tuple[list[str], float]:
    """A letterhead's lines and the size they share in points: one line where it can be large enough, else two or more."""
    if not masthead:
        return [], MASTHEAD_PT
    lines = broken(masthead, LINE_PT / LEAST_MASTHEAD_PT)
    return lines, min(MASTHEAD_PT, LINE_PT / max(map(width, lines)))


def broken(title: str, most: float) -> list[str]:
    """The title in as few lines as fit `most` characters each, cut where words end and lines are most alike.

    A line more is taken where it spares a word its cut.
    """
    places = _places(title)
    count = max(1, math.ceil(width(title) / most))
    while count < len(title):
        if cut := _best(title, count, most, places):
            spared = _best(title, count + 1, most, places) if _costs(cut, places) else None
            edges = spared if spared and not _costs(spared, places) else cut
            return [title[start:end].strip() for start, end in pairwise(edges)]
        count += 1
    return [title]


def _costs(edges: list[int], places: dict[int, float]) -> bool:
    """Whether a line ends inside a word."""
    return any(places[at] for at in edges[1:-1])


def _best(title: str, count: int, most: float, places: dict[int, float]) -> list[int] | None:
    """Where the lines of the cheapest cut into `count` begin and the last ends; None where some line would be too wide."""
    ideal = width(title) / count
    upto = [0.0, *accumulate(map(width, title))]

    @cache
    def cheapest(start: int, left: int) -> tuple[float, tuple[int, ...]] | None:
        if left == 1:
            last = upto[-1] - upto[start]
            return ((last - ideal) ** 2, ()) if last <= most else None
        found = []
        for at, cost in places.items():
            here = upto[at] - upto[start]
            if 0 < here <= most and (rest := cheapest(at, left - 1)):
                found.append((cost + (here - ideal) ** 2 + rest[0], (at, *rest[1])))
        return min(found, default=None)

    best = cheapest(0, count)
    return [0, *best[1], len(title)] if best else None


def _places(title: str) -> dict[int, float]:
    """Every place a line may end, with what it costs there. A number and a word of letters stay whole."""
    good = {match.start() for match in ENDS.finditer(title)}
    return {
        at: 0.0 if at in good else INSIDE_A_WORD
        for at in range(1, len(title))
        if title[at] not in CLINGING and not (title[at - 1].isascii() and title[at].isascii())
    }
