"""Periods of a report as people read them: "2027-03" is 2027年3月, "2027-Q1" 2027年第一季度."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

WORDS = {
    "Q1": _lazy("%(year)s年第一季度"),
    "Q2": _lazy("%(year)s年第二季度"),
    "Q3": _lazy("%(year)s年第三季度"),
    "Q4": _lazy("%(year)s年第四季度"),
    "H1": _lazy("%(year)s年上半年"),
    "H2": _lazy("%(year)s年下半年"),
}


def words_of_period(label: str) -> str:
    """A period's label in words; a label that names none as it stands."""
    year, _dash, part = label.partition("-")
    if part in WORDS:
        return str(WORDS[part]) % {"year": year}
    if part.isdigit():
        return _("%(year)s年%(month)s月") % {"year": year, "month": int(part)}
    return _("%(year)s年度") % {"year": year} if year.isdigit() and not part else label
