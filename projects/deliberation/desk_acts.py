"""What the hall does at the desk of any of its votes, at nobody's turn: a teller or counter replaced before it opens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from projects.deliberation.forms import ReplaceTellerForm
from projects.deliberation.replacing import REPLACING, Replacing
from workflow.flows.events import Event, register_event
from workflow.machines.models import Record
from workflow.roles.models import RoleGrant


def register_replacing(
    replacing: Replacing, *, key: str, subject: type[Record], offered: Callable[[Any, RoleGrant], bool]
) -> Event:
    """更换监票人、计票人 at a desk. key: what stands before the act's own word ("voting.")."""
    bound = {
        "vote_of": staticmethod(replacing.desk.vote_of),
        "members_of": staticmethod(replacing.members),
    }
    return register_event(
        Event(
            key=f"{key}replace_teller",
            title=replacing.desk.titled(REPLACING),
            offices=("clerk",),
            subject=subject,
            form=type(ReplaceTellerForm.__name__, (ReplaceTellerForm,), bound),
            act=replacing.replace,
            step=replacing.step,
            when=replacing.obstacles,
            offered=offered,
            basis=_(
                "监票人名单由大会通过，更换也由大会通过（《地方组织法》第二十五条：以全体代表的过半数通过）；投票开始以前办理"
            ),
            output=_("大会纪要、更换后的监票人、计票人名单"),
            hint=_("离任者的职务即行终止。离任者保管电子票密钥的，密钥作废，三名保管人重新设定开箱口令。"),
            irreversible=True,
            in_person=True,
            body="congress",
        )
    )
