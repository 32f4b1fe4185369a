"""Sums are whole fen everywhere; here they become 元 and 万元 for people."""

from decimal import Decimal

from django.utils.translation import gettext as _

FEN_PER_YUAN = 100
FEN_PER_WAN = 1_000_000


def money(fen: int, fen_per_unit: int) -> str:
    """Exact sum in a larger unit: no trailing zeros, thousands grouped. 380_000_000 fen in 万元 is 380."""
    return f"{(Decimal(fen) / fen_per_unit).normalize():,f}"


def wan(fen: int | None) -> str:
    """A sum in fen as 万元, exact; empty for None."""
    return "" if fen is None else _("%(sum)s 万元") % {"sum": money(fen, FEN_PER_WAN)}


def yuan(fen: int | None) -> str:
    """A sum in fen as 元, exact; empty for None."""
    return "" if fen is None else _("%(sum)s 元") % {"sum": money(fen, FEN_PER_YUAN)}
