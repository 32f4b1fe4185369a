"""The settings of the body, its words and every task's term."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Ge, Le, MaxLen, MinLen
from django.utils.translation import gettext_lazy as _
from pydantic import BeforeValidator, Field

from projects.cycles.rulebook.kinds import Part, complete, default_lengths
from projects.cycles.rulebook.notes import Said


class General(Part):
    """The body, its words and every task's term."""

    body: Annotated[
        Literal["congress", "assembly"],
        Said(
            _("议事组织"),
            "general",
            "L",
            "《地方组织法》第五十九条",
            help=_("街道没有人民代表大会，用议事会的用语和人数规则"),
            choices={"congress": _("乡镇人民代表大会"), "assembly": _("街道议事会")},
        ),
    ] = "congress"
    assembly_quorum: Annotated[
        Literal["1/2", "2/3", "3/4"],
        Said(
            _("议事会到会比例"),
            "general",
            "D",
            "本地规定",
            help=_("只用于街道议事会；乡镇依法为三分之二"),
            choices={"1/2": _("二分之一"), "2/3": _("三分之二"), "3/4": _("四分之三")},
        ),
    ] = "2/3"
    terms: Annotated[
        dict[str, Annotated[str, MinLen(1), MaxLen(20)]],
        Said(
            _("用语"),
            "general",
            "N",
            "各地做法",
            help=_("例如票决改称票选，民生实事改称为民办实事"),
        ),
    ] = {}
    deadlines: Annotated[
        dict[str, int],
        BeforeValidator(complete(default_lengths, _("办理期限"))),
        Said(
            _("办理期限"),
            "general",
            "D",
            "本地规定",
            help=_("只改长短，不改起算点和方向"),
        ),
    ] = Field(default_factory=default_lengths)
    remind_before_days: Annotated[
        int,
        Ge(0),
        Le(30),
        Said(
            _("到期前提醒"),
            "general",
            "D",
            "本地规定",
            unit=_("天"),
            help=_("到期前几天提醒一次；0 为不提前提醒，到期当天和超期后照常提醒"),
        ),
    ] = 3
    remind_again_days: Annotated[
        int,
        Ge(1),
        Le(30),
        Said(
            _("超期后再次提醒"),
            "general",
            "D",
            "本地规定",
            unit=_("天"),
            help=_("超期第 1、3 天各提醒一次，以后每隔几天提醒一次"),
        ),
    ] = 7
    escalate_days: Annotated[
        int,
        Ge(0),
        Le(60),
        Said(
            _("超期报告主管职务"),
            "general",
            "D",
            "本地规定",
            unit=_("天"),
            help=_(
                "超期几天报告：政府各部门的报乡镇长，人大办和代表的报人大主席，乡镇长的报人大主席督办；0 为不报"
            ),
        ),
    ] = 5
    escalate_county_days: Annotated[
        int,
        Ge(0),
        Le(120),
        Said(
            _("超期报告县人大"),
            "general",
            "D",
            "本地规定",
            unit=_("天"),
            help=_("超期几天报告县人大常委会，由其指导督促，不作审批；0 为不报"),
        ),
    ] = 15
