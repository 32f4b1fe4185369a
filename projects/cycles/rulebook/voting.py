"""The settings of step 4, 票决."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Ge, Le
from django.utils.translation import gettext_lazy as _

from projects.cycles.rulebook.kinds import ADOPTIONS, BASES, Adoption, Base, Part
from projects.cycles.rulebook.notes import Said


class Voting(Part):
    """Step 4, 票决."""

    ballot_mode: Annotated[
        Literal["select", "each", "rank"],
        Said(
            _("票决方式"),
            "voting",
            "N",
            "各地做法",
            choices={"select": _("差额选择"), "each": _("逐项表决"), "rank": _("排序")},
        ),
    ] = "select"
    each_cap: Annotated[
        bool,
        Said(
            _("逐项表决限赞成数"),
            "voting",
            "D",
            "本地规定",
            help=_("赞成数多于应选数的表决票无效；只用于逐项表决"),
        ),
    ] = False
    ballot_channel: Annotated[
        Literal["paper", "device", "keypad"],
        Said(
            _("投票形式"),
            "voting",
            "N",
            "板芙镇",
            help=_("会场表决器：代表按键，系统导入表决器的结果，未按的单独列出；同时用纸质票的，合并计票"),
            choices={
                "paper": _("纸质表决票"),
                "device": _("电子表决"),
                "keypad": _("会场表决器"),
            },
        ),
    ] = "paper"
    device_min_ballots: Annotated[
        int,
        Ge(5),
        Le(100),
        Said(
            _("电子表决最少票数"),
            "voting",
            "D",
            "本地规定",
            unit=_("票"),
            help=_("少于此数不用电子计票，改用纸质票，以免推知个人意见"),
        ),
    ] = 5
    majority_base: Annotated[
        Base,
        Said(
            _("过半数的基数"),
            "voting",
            "L",
            "《地方组织法》第二十五条",
            help=_("以全体代表为基数；其他基数与法律不一致，会预警"),
            choices=BASES,
        ),
    ] = "in_office"
    tie: Annotated[
        Literal["runoff", "presidium", "all"],
        Said(
            _("末位票数相等"),
            "voting",
            "T",
            "《地方组织法》第二十九条（参照）",
            help=_("由主席团决定、全部入选没有法律依据，属本地规定，会预警"),
            choices={
                "runoff": _("就票数相等的再次投票"),
                "presidium": _("由主席团决定"),
                "all": _("全部入选"),
            },
        ),
    ] = "runoff"
    runoff_majority: Annotated[
        bool,
        Said(
            _("再次投票仍须过半数"),
            "voting",
            "T",
            "《地方组织法》第二十九条（参照）",
            help=_("默认以得票多的入选，不再要求过半数"),
        ),
    ] = False
    shortfall: Annotated[
        Literal["vacant", "second_round", "next_session"],
        Said(
            _("过半数的项目少于应选数"),
            "voting",
            "D",
            "本地规定",
            help=_("当次再次投票和留待下次会议参照《地方组织法》第二十九条；项目不必选满，默认空缺"),
            choices={
                "vacant": _("空缺"),
                "second_round": _("再次投票"),
                "next_session": _("留待下次会议另行票决"),
            },
        ),
    ] = "vacant"
    resolution_adoption: Annotated[
        Adoption,
        Said(
            _("决议的表决方式"),
            "voting",
            "D",
            "本地规定",
            help=_(
                "法律只规定以全体代表的过半数通过；无记名投票的，发票、计票、签字与票决相同，票数以宣布的为准"
            ),
            choices=ADOPTIONS,
        ),
    ] = "hands"
    ballot_retention: Annotated[
        Literal["next_session", "one_month"],
        Said(
            _("表决票封存"),
            "voting",
            "D",
            "本地规定",
            choices={
                "next_session": _("至下次会议闭会"),
                "one_month": _("闭会后一个月"),
            },
        ),
    ] = "next_session"
