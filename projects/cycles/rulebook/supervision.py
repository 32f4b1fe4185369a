"""The settings of step 5, 监督."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Ge, Le
from django.utils.translation import gettext_lazy as _

from projects.cycles.rulebook.kinds import PERIODS, Part, Percent, Period
from projects.cycles.rulebook.notes import Said


class Supervision(Part):
    """Step 5, 监督."""

    plan_days_spring_festival: Annotated[
        int,
        Ge(5),
        Le(120),
        Said(
            _("实施计划期限（跨春节）"),
            "supervision",
            "D",
            "本地规定",
            unit=_("天"),
            help=_("期限内遇春节时代替一般期限"),
        ),
    ] = 45
    group_min: Annotated[
        int,
        Ge(2),
        Le(10),
        Said(_("监督小组最少人数"), "supervision", "N", "敬安镇", unit=_("人")),
    ] = 2
    group_max: Annotated[
        int,
        Ge(2),
        Le(30),
        Said(_("监督小组最多人数"), "supervision", "N", "台州", unit=_("人")),
    ] = 10
    progress_period: Annotated[
        Literal["monthly", "quarterly"],
        Said(_("进度报告"), "supervision", "D", "本地规定", choices=PERIODS),
    ] = "monthly"
    small_project_fen: Annotated[
        int,
        Ge(0),
        Le(10_000_000_000),
        Said(
            _("小项目投资上限"),
            "supervision",
            "D",
            "本地规定",
            unit=_("万元"),
            scale=1_000_000,
            help=_("不超过此数的项目每季度报告进度；0 为不设"),
        ),
    ] = 20_000_000
    inspection_period: Annotated[
        Literal["monthly", "quarterly", "half_year"],
        Said(_("代表视察"), "supervision", "N", "张甸镇", choices=PERIODS),
    ] = "quarterly"
    presidium_report_period: Annotated[
        Period,
        Said(_("向主席团报告"), "supervision", "D", "本地规定", choices=PERIODS),
    ] = "quarterly"
    congress_report_period: Annotated[
        Literal["half_year", "yearly"],
        Said(_("向代表大会报告"), "supervision", "D", "本地规定", choices=PERIODS),
    ] = "half_year"
    light_scale: Annotated[
        Literal["three", "five"],
        Said(
            _("亮灯分级"),
            "supervision",
            "N",
            "银川；大足双路街道",
            choices={
                "three": _("红黄绿三色（按落后幅度）"),
                "five": _("红橙黄绿蓝五色（按完成进度）"),
            },
        ),
    ] = "three"
    light_yellow_points: Annotated[
        Percent,
        Said(_("黄灯：落后"), "supervision", "N", "银川", unit=_("个百分点")),
    ] = 10
    light_red_points: Annotated[
        Percent,
        Said(_("红灯：落后超过"), "supervision", "N", "银川", unit=_("个百分点")),
    ] = 30
    light_red_months: Annotated[
        int,
        Ge(1),
        Le(12),
        Said(_("红灯：应开工未开工"), "supervision", "N", "银川", unit=_("个月")),
    ] = 3
    light_red_below: Annotated[
        Percent,
        Said(_("五色红灯：进度低于"), "supervision", "N", "大足双路街道", unit="%"),
    ] = 30
    light_orange_below: Annotated[
        Percent, Said(_("五色橙灯：进度低于"), "supervision", "D", "本地规定", unit="%")
    ] = 50
    light_yellow_below: Annotated[
        Percent, Said(_("五色黄灯：进度低于"), "supervision", "D", "本地规定", unit="%")
    ] = 80
    change_policy: Annotated[
        Literal["congress_vote", "presidium_interim", "presidium_decides"],
        Said(
            _("项目变更的决定"),
            "supervision",
            "R",
            "《陕西省民生实事项目人大代表票决制规定》第十八条",
            choices={
                "congress_vote": _("代表大会表决"),
                "presidium_interim": _("主席团先行决定，代表大会追认"),
                "presidium_decides": _("主席团决定并报告"),
            },
        ),
    ] = "congress_vote"
