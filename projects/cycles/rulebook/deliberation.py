"""The settings of step 3, 审议."""

from __future__ import annotations

from typing import Annotated

from annotated_types import Ge, Le
from django.utils.translation import gettext_lazy as _

from projects.cycles.rulebook.kinds import ADOPTIONS, Adoption, Part
from projects.cycles.rulebook.notes import Said


class Deliberation(Part):
    """Step 3, 审议."""

    tellers_min: Annotated[
        int,
        Ge(1),
        Le(10),
        Said(
            _("监票人最少"),
            "deliberation",
            "T",
            "选举办法",
            unit=_("人"),
            help=_("另设总监票人 1 人"),
        ),
    ] = 2
    tellers_max: Annotated[
        int,
        Ge(1),
        Le(20),
        Said(_("监票人最多"), "deliberation", "T", "选举办法", unit=_("人")),
    ] = 4
    method_adoption: Annotated[
        Adoption,
        Said(
            _("票决办法的表决方式"),
            "deliberation",
            "N",
            "板芙镇",
            help=_("无记名投票的，大会先举手通过监票人名单，再就票决办法投票，发票、计票、签字与票决相同"),
            choices=ADOPTIONS,
        ),
    ] = "hands"
