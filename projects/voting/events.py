"""What is done of its own accord around a vote: a new vote ordered, a recount and its counters, a teller replaced, a
passphrase set anew."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _

from projects.ballots.desk.floor import register_floor_acts
from projects.ballots.forms import NewVoteForm, RecountForm, ReleaseHolderForm
from projects.ballots.models import Vote
from projects.cycles.models import Cycle
from projects.deliberation.desk_acts import register_naming, register_replacing
from projects.deliberation.replacing import Replacing
from projects.selection.models import Item
from projects.voting import selectors
from projects.voting.desk import DESK
from projects.voting.flows import STEPS, RecountFlow, TurnFlow, VoidFlow, VotingFlow
from workflow.flows.events import Event, OpenAct, register_event, register_open_act
from workflow.people.models import Unit


def _voting(cycle: Any, _grant: Any) -> bool:
    return selectors.is_at_desk(cycle)


CAST_ON_PAPER = register_open_act(
    OpenAct(
        key="voting.cast",
        title=_("投票"),
        office="deputy",
        step=4,
        term="voting.open",
        basis=_("无记名投票，不得委托他人；票决办法由大会通过"),
        output=_("领票在名册上划记，表决票投入票箱"),
    )
)
register_floor_acts(
    DESK,
    key="voting.",
    subject=Cycle,
    step=4,
    turning=TurnFlow,
    opening=VotingFlow.open,
    offered=_voting,
)
NEW_VOTE = register_event(
    Event(
        key="voting.void",
        title=_("决定重新投票"),
        offices=("presidium", "clerk"),
        subject=Cycle,
        form=STEPS.form(NewVoteForm),
        act=DESK.asking("void", VoidFlow),
        asks=VoidFlow,
        step=4,
        when=DESK.obstacles_to_asking_void,
        also_on=DESK.current,
        offered=_voting,
        basis=_("投票有违票决办法的，由主席团决定重新投票；原投票保留备查"),
        output=_("主席团会议纪要"),
        hint=_("录入后由会议主持人确认，确认后原投票才作废。"),
        irreversible=True,
        in_person=True,
        body="presidium",
    )
)
RECOUNT = register_event(
    Event(
        key="voting.recount",
        title=_("复票"),
        offices=("chief_teller",),
        subject=Cycle,
        form=RecountForm,
        act=DESK.asking("recount", RecountFlow),
        asks=RecountFlow,
        step=4,
        when=DESK.obstacles_to_asking_recount,
        listed_when=DESK.is_time_to_count_again,
        also_on=DESK.to_count_again,
        offered=_voting,
        basis=_("闭会、公告以前可以复票；已签字的计票结果不改动，另立新的记录并写明理由，由另外两人计票"),
        hint=_(
            "提出后由监票人确认。结果已经当场宣布的，复票后重新宣布，决议以复票结果为准；须再次投票的，再次投票开始以前可以复票。"
        ),
        irreversible=True,
        in_person=True,
        page="steps/voting/desk.html",
        context=DESK.at_asking_recount,
    )
)


def _items(vote: Vote) -> Iterable[Item]:
    return selectors.items_of(vote.options.values_list("reference", flat=True)).values()


def _leaders(vote: Vote) -> dict[str, str]:
    return {item.title: item.leader for item in _items(vote)}


def _departments(vote: Vote) -> dict[str, Unit]:
    return {item.title: item.department for item in _items(vote) if item.department}


REPLACE_TELLER = register_replacing(
    Replacing(DESK, VotingFlow, step=4, leaders=_leaders), key="voting.", subject=Cycle, offered=_voting
)
register_naming(DESK, key="voting.", subject=Cycle, step=4, offered=_voting, departments=_departments)
RELEASE_HOLDER = register_event(
    Event(
        key="voting.release_holder",
        title=_("重新设定开箱口令"),
        then=_("由总监票人、监票人、人大主席重新设定开箱口令。"),
        offices=("chair",),
        subject=Cycle,
        form=STEPS.form(ReleaseHolderForm),
        act=DESK.releasing(VotingFlow),
        step=4,
        when=DESK.obstacles_to_releasing,
        also_on=DESK.current,
        offered=_voting,
        basis=_("投票开始以前，保管人忘记口令的，由主席团决定重新设定；监票人更换的，由大会通过，另行办理"),
        irreversible=True,
        in_person=True,
        page="steps/voting/keys.html",
        context=DESK.at_keys,
    )
)
