"""Sums are whole fen everywhere; here they become 元 and 万元 for people, for readers of other languages 元 alone."""

from decimal import Decimal

from django.utils.translation import gettext as _

from workflow.people.saying import in_chinese

FEN_PER_YUAN = 100
FEN_PER_WAN = 1_000_000


def money(fen: int, fen_per_unit: int) -> str:
    """Exact sum in a larger unit: no trailing zeros, thousands grouped. 380_000_000 fen in 万元 is 380."""
    return f"{(Decimal(fen) / fen_per_unit).normalize():,f}"


def wan(fen: int | None) -> str:
    """A sum in fen as 万元, exact, where the reader's language counts in ten thousands, else as 元; empty for None."""
    if fen is None or not in_chinese():
        return yuan(fen)
    return f"{money(fen, FEN_PER_WAN)} 万元"


def yuan(fen: int | None) -> str:
    """A sum in fen as 元, exact; empty for None."""
    return "" if fen is None else _("%(sum)s 元") % {"sum": money(fen, FEN_PER_YUAN)}
