"""The settings of step 2, 初定."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Ge, Le
from django.utils.translation import gettext_lazy as _
from pydantic import BeforeValidator, Field

from projects.cycles.rulebook.kinds import SEVERITIES, Part, Percent, Severity, complete, defaults
from projects.cycles.rulebook.notes import Said
from projects.cycles.tables import CHECKS, CRITERIA


class Selection(Part):
    """Step 2, 初定."""

    eligibility: Annotated[
        dict[str, Severity],
        BeforeValidator(complete(lambda: defaults(CHECKS), _("资格筛查"))),
        Said(_("资格筛查"), "selection", "S", "制度文件", choices=SEVERITIES),
    ] = Field(default_factory=lambda: defaults(CHECKS))
    opinions_order: Annotated[
        Literal["together", "one_after_other"],
        Said(
            _("主席团意见与党委研究"),
            "selection",
            "D",
            "本地规定（次序各地不一）",
            choices={
                "together": _("同时进行"),
                "one_after_other": _("先主席团、后党委"),
            },
        ),
    ] = "together"
    score_sheet: Annotated[bool, Said(_("使用评分表"), "selection", "D", "本地规定")] = False
    scorers_min: Annotated[
        int,
        Ge(2),
        Le(20),
        Said(_("每个项目最少评分人数"), "selection", "D", "本地规定", unit=_("人")),
    ] = 2
    score_weights: Annotated[
        dict[str, Percent],
        BeforeValidator(complete(lambda: defaults(CRITERIA), _("评分权重"))),
        Said(_("评分权重"), "selection", "D", "本地规定", unit="%", help=_("合计 100%")),
    ] = Field(default_factory=lambda: defaults(CRITERIA))
    surplus_percent: Annotated[
        int,
        Ge(0),
        Le(200),
        Said(
            _("差额比例"),
            "selection",
            "D",
            "本地规定（各地 0–100%，多为 20%）",
            unit="%",
            help=_("以应选数为基数，向上取整；低于此数预警"),
        ),
    ] = 20
    allow_equal_vote: Annotated[
        bool,
        Said(
            _("允许等额票决"),
            "selection",
            "N",
            "北坡（7/7）",
            help=_("《陕西省民生实事项目人大代表票决制规定》要求差额"),
        ),
    ] = False
