"""How the county draws what it looks at; pure, so that anybody can draw again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def drawn(seed: str, among: Iterable[str], number: int) -> list[str]:
    """`number` references out of `among`, by the order of SHA-256 over "seed|reference"; all of them where fewer.

    The seed is recorded with the draw: the same seed and the same references give the same draw, in any order.
    """
    return sorted(set(among), key=lambda reference: _rank(seed, reference))[:number]


def _rank(seed: str, reference: str) -> str:
    return hashlib.sha256(f"{seed}|{reference}".encode()).hexdigest()


def digest_of(among: Iterable[str]) -> str:
    """What names the whole that was drawn from: SHA-256 over its sorted references, one to a line."""
    return hashlib.sha256("\n".join(sorted(set(among))).encode()).hexdigest()
