"""The settings of step 1, 征集."""

from __future__ import annotations

from typing import Annotated

from annotated_types import Ge, Le
from django.utils.translation import gettext_lazy as _

from projects.cycles.rulebook.kinds import Names, Part
from projects.cycles.rulebook.notes import Said
from projects.cycles.tables import CATEGORIES, CHANNELS


class Collection(Part):
    """Step 1, 征集."""

    collection_window_days: Annotated[
        int,
        Ge(1),
        Le(180),
        Said(
            _("征集期"),
            "collection",
            "R",
            "景洪市实施办法（一般不少于 30 天）",
            unit=_("天"),
            help=_("实际公告为 5 至 31 天；短于 30 天只提示，不拒绝"),
        ),
    ] = 30
    anonymous_proposals: Annotated[
        bool,
        Said(
            _("允许匿名提出"),
            "collection",
            "N",
            "松门镇",
            help=_("不留姓名电话也可提出，凭查询码查看结果"),
        ),
    ] = True
    pool_all_year: Annotated[
        bool,
        Said(
            _("全年收集入库"),
            "collection",
            "R",
            "宁海、宁波",
            help=_("征集期外的意见建议列入项目库"),
        ),
    ] = True
    channels: Annotated[Names, Said(_("征集渠道"), "collection", "N", "各地做法")] = CHANNELS
    categories: Annotated[Names, Said(_("项目类别"), "collection", "N", "各地做法")] = CATEGORIES
