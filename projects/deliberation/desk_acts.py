"""What the hall and its presidium do at the desk of any vote, at nobody's turn.

A teller or counter is replaced before it opens; other counters are named before its ballots are counted again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.utils.translation import gettext_lazy as _

from projects.ballots import tellers
from projects.ballots.desk import Desk
from projects.deliberation.forms import NameCountersForm, ReplaceTellerForm
from projects.deliberation.naming import AFTER_NAMING, Departments, name_counters
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
            then=_("由更换后的监票人、计票人继续办理；离任者保管电子票密钥的，三名保管人重新设定开箱口令。"),
            offices=("clerk",),
            subject=subject,
            form=type(ReplaceTellerForm.__name__, (ReplaceTellerForm,), bound),
            act=replacing.replace,
            step=replacing.step,
            when=replacing.obstacles,
            offered=offered,
            also_on=replacing.desk.current,
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


def register_naming(
    desk: Desk,
    *,
    key: str,
    subject: type[Record],
    step: int,
    offered: Callable[[Any, RoleGrant], bool],
    departments: Departments,
) -> Event:
    """确定复票计票人 at a desk. key: what stands before the act's own word ("voting."); departments: of what is on its
    ballots."""
    bound = {"vote_of": staticmethod(desk.counted_again), "departments_of": staticmethod(departments)}
    return register_event(
        Event(
            key=f"{key}name_counters",
            title=desk.titled(tellers.NAMING),
            then=AFTER_NAMING,
            offices=("presidium", "clerk"),
            subject=subject,
            form=type(NameCountersForm.__name__, (NameCountersForm,), bound),
            act=partial(name_counters, desk, departments),
            step=step,
            when=desk.obstacles_to_naming_counters,
            offered=offered,
            also_on=desk.to_count_again,
            basis=_("复票由没有录入过的另外两人计票；计票人由工作人员担任，在主席团领导下工作（票决办法）"),
            output=_("主席团会议纪要、增加复票计票人后的监票人、计票人名单"),
            hint=_("原有监票人、计票人的职务不变，增加的计票人与他们一同任职，任务完成时终止。"),
            irreversible=True,
            in_person=True,
            body="presidium",
            page="steps/voting/naming.html",
            context=desk.at_naming_counters,
        )
    )
