"""A part of a whole as pages and papers print it."""

from __future__ import annotations


def share(part: int, whole: int | None) -> int | None:
    """Whole per cent, the half rounded up, 100 only once all of it is; None of nothing.

    May exceed 100 (宁海 2013: 105), and a figure that must be exact is worked out from part and whole, not from this.
    """
    if not whole:
        return None
    near = (part * 200 + whole) // (whole * 2)
    return 99 if part < whole and near >= 100 else near
