"""What is done on the floor while a vote goes on, at nobody's turn: a deputy comes late, or changes to paper.

The same for every kind of vote that may be held by device; a room says what its acts are done on and where they stand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from projects.ballots import forms
from projects.ballots.desk.acts import Desk
from projects.ballots.desk.steps import BECAME, DeskSteps
from workflow.flows.base import OfficeFlow
from workflow.flows.events import Event, register_event
from workflow.flows.nodes import OfficeView
from workflow.machines.models import Record
from workflow.roles.models import RoleGrant


def register_floor_acts(
    desk: Desk,
    *,
    key: str,
    subject: type[Record],
    step: int,
    turning: type[OfficeFlow],
    opening: OfficeView,
    offered: Callable[[Any, RoleGrant], bool],
) -> None:
    """登记迟到、改用纸质票、电子票改为纸质票 of the desk's votes.

    key: what stands before each act's own word ("voting."). turning: the flow in which a teller agrees that the box is
    emptied; it is one of those the desk calls off (`follow_votes`). opening: the step in which the chair says what is
    issued, whose turn it is whenever somebody has come late.
    """

    form = DeskSteps(desk).form
    shared: dict[str, Any] = {
        "subject": subject,
        "step": step,
        "offered": offered,
        "also_on": desk.current,
        "page": "steps/voting/desk.html",
        "context": desk.at_desk,
    }
    register_event(
        Event(
            key=f"{key}arrive",
            title=desk.titled(_("登记迟到")),
            offices=("clerk",),
            form=form(forms.ArriveForm),
            act=desk.arrive,
            leads_to=opening,
            when=desk.obstacles_to_arriving,
            basis=_("投票开始以前到会的，计入实到人数；开始后到会名册不再变动"),
            output=_("到会名册"),
            handed_out=BECAME,
            handed_told=desk.below_quorum,
            **shared,
        )
    )
    register_event(
        Event(
            key=f"{key}hand_paper",
            title=desk.titled(_("改用纸质票")),
            offices=("chief_teller", "teller"),
            form=form(forms.HandPaperForm),
            act=desk.hand_paper,
            then=_("没有转出的事项。领取纸质票的代表当场投票，截止投票时由总监票人清点。"),
            when=desk.obstacles_to_handing_paper,
            basis=_("同一名册，每人一票：未投电子票、没有按键的代表可以改领纸质票，纸质票合计不少于规定张数"),
            output=_("发出纸质票张数"),
            in_person=True,
            handed_out=BECAME,
            handed_told=desk.too_few_by_device,
            **shared,
        )
    )
    register_event(
        Event(
            key=f"{key}turn_to_paper",
            title=desk.titled(_("电子票改为纸质票")),
            offices=("chief_teller",),
            form=form(forms.TurnToPaperForm),
            act=desk.asking("turn", turning),
            asks=turning,
            when=desk.obstacles_to_turning,
            basis=_("电子票少于规定张数的不单独计票，未经开启即行作废，由代表改投纸质票"),
            hint=_("提出后由监票人确认，确认后才作废。"),
            irreversible=True,
            in_person=True,
            **shared,
        )
    )
