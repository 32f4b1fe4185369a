"""The settings of step 6, 评估."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Ge, Le
from django.utils.translation import gettext_lazy as _
from pydantic import BeforeValidator, Field

from projects.cycles.rulebook.kinds import BASES, Base, Part, Percent, complete, defaults
from projects.cycles.rulebook.notes import Said
from projects.cycles.tables import DIMENSIONS


class Evaluation(Part):
    """Step 6, 评估."""

    satisfaction_pass: Annotated[
        int,
        Ge(50),
        Le(100),
        Said(
            _("满意度达标"),
            "evaluation",
            "S",
            "制度文件",
            unit="%",
            help=_("达到即销号"),
        ),
    ] = 80
    satisfaction_fail: Annotated[
        int,
        Ge(0),
        Le(99),
        Said(
            _("满意度不合格"),
            "evaluation",
            "S",
            "制度文件",
            unit="%",
            help=_("低于此数：整改、通报并报同级党委"),
        ),
    ] = 60
    satisfaction_base: Annotated[
        Base,
        Said(
            _("满意度基数"),
            "evaluation",
            "N",
            "汉阴、湖州；镇海以全体为基数",
            choices=BASES,
        ),
    ] = "valid"
    satisfaction_formula: Annotated[
        Literal["satisfied_and_basic", "satisfied_only", "majority_classes"],
        Said(
            _("满意度算法"),
            "evaluation",
            "N",
            "各地做法",
            choices={
                "satisfied_and_basic": _("（满意＋基本满意）÷基数"),
                "satisfied_only": _("满意÷基数"),
                "majority_classes": _("按全体半数分级（镇海）"),
            },
        ),
    ] = "satisfied_and_basic"
    resident_sample_min: Annotated[
        int,
        Ge(1),
        Le(10_000),
        Said(
            _("群众评价最小样本"),
            "evaluation",
            "D",
            "本地规定",
            unit=_("份"),
            help=_("不足时显示样本不足"),
        ),
    ] = 30
    second_measure: Annotated[
        Literal["next_session", "deputies_meeting"],
        Said(
            _("再次测评的场合"),
            "evaluation",
            "D",
            "本地规定",
            choices={
                "next_session": _("下次代表大会"),
                "deputies_meeting": _("主席团组织的代表会议"),
            },
        ),
    ] = "next_session"
    dimensions: Annotated[
        dict[str, Percent],
        BeforeValidator(complete(lambda: defaults(DIMENSIONS), _("评议维度权重"))),
        Said(
            _("评议维度权重"),
            "evaluation",
            "N",
            "华泾镇（八个维度）",
            unit="%",
            help=_("合计 100%，不用的维度设为 0"),
        ),
    ] = Field(default_factory=lambda: defaults(DIMENSIONS))
