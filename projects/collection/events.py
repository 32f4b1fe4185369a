"""What an office does in step 1 of its own accord: propose, and take a matter out of the pool."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from projects.collection import forms, intake
from projects.collection.models import Proposal
from projects.collection.selectors import collection_window
from projects.cycles.models import Cycle
from workflow.flows.events import Event, OpenAct, register_event, register_open_act

PROPOSE = register_event(
    Event(
        key="collection.propose",
        title=_("提出或登记意见建议"),
        then=_(
            "征集期内提出的，由党政办在期限内决定受理或者退回补正；征集期外提出的列入项目库，下次征集时提出。"
        ),
        offices=("station", "deputy", "senior_deputy", "department", "party"),
        subject=Cycle,
        form=forms.RegisterForm,
        act=intake.register,
        when=intake.obstacles_to_proposing,
        step=1,
        basis=_("一事一提；征集期内进入本年度，期外列入项目库"),
        output=_("征集表"),
    )
)
TAKE_UP = register_event(
    Event(
        key="collection.take_up",
        title=_("从项目库转入本年度征集"),
        then=_("由党政办按本年度征集的程序决定是否受理。"),
        offices=("gov_clerk",),
        subject=Proposal,
        form=forms.IntoYearForm,
        act=intake.take_up,
        when=intake.obstacles_to_taking_up,
        step=1,
        basis=_("项目库常年受理，征集时优先提出"),
        irreversible=True,
    )
)
PROPOSE_OPENLY = register_open_act(
    OpenAct(
        key=PROPOSE.key,
        title=_("提出意见建议"),
        office="resident",
        holder=_("群众"),
        step=1,
        window=collection_window,
        basis=PROPOSE.basis,
        output=PROPOSE.output,
    )
)
COMPLETE_OPENLY = register_open_act(
    OpenAct(
        key="collection.complete_proposal",
        title=_("补正意见建议"),
        office="resident",
        holder=_("提出人"),
        step=1,
        term="collection.complete_proposal",
        basis=_("退回后 %(collection.complete_proposal)s内补正，逾期转入项目库"),
    )
)
