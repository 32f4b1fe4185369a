"""The settings of the county above."""

from __future__ import annotations

from typing import Annotated

from django.utils.translation import gettext_lazy as _

from projects.cycles.rulebook.kinds import PERIODS, Part, Period
from projects.cycles.rulebook.notes import Said


class Oversight(Part):
    """The county above."""

    county_notice_period: Annotated[
        Period,
        Said(_("县级通报"), "oversight", "N", "镇平县", choices=PERIODS),
    ] = "quarterly"
