"""Which numbers of a text still are the figures it was filled with, once somebody has edited it; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

# Digits that count nothing: those of a name, days and years, numbers of papers, of articles and of the points of a list.
NO_FIGURE = re.compile(
    r"“[^”]*”|\d+年(?:\d+月(?:\d+日)?|度)?|\d+月(?:\d+日)?|\d+日|〔\d+〕第?\d+号|第\d+[条款项届次季]|^\s*[（(]?\d+[）).．、]",
    re.MULTILINE,
)
NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?%?")


@dataclass(frozen=True)
class Traced:
    """gone: the places, from 0, of figures the text no longer tells; without: numbers it tells that are none of them."""

    gone: frozenset[int]
    without: tuple[str, ...]


def traced(figures: Sequence[str], text: str) -> Traced:
    """Hold a text to the figures it was filled with, in their order; what has been moved is found by its value.

    A figure without digits, where there was nothing to tell, is never gone.
    """
    told = [(at, figure) for at, figure in enumerate(figures) if NUMBER.fullmatch(figure)]
    found = NUMBER.findall(NO_FIGURE.sub(" ", text.replace("％", "%")))
    missing, without = dict(told), list(enumerate(found))
    same = SequenceMatcher(None, [figure for _at, figure in told], found, autojunk=False)
    for block in same.get_matching_blocks():
        for n in range(block.size):
            del missing[told[block.a + n][0]]
            without.remove((block.b + n, found[block.b + n]))
    for place, figure in list(missing.items()):
        elsewhere = next((one for one in without if one[1] == figure), None)
        if elsewhere:
            del missing[place]
            without.remove(elsewhere)
    return Traced(frozenset(missing), tuple(number for _at, number in without))
