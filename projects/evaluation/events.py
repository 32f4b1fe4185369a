"""What may be done in step 6 without a task: a station registers what a resident says of a finished project."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from projects.ballots.desk.floor import register_floor_acts
from projects.ballots.forms import NewVoteForm, RecountForm, ReleaseHolderForm
from projects.ballots.models import Vote
from projects.cycles.models import Cycle, CycleState
from projects.deliberation.desk_acts import register_naming, register_replacing
from projects.deliberation.replacing import Replacing
from projects.evaluation import carrying, forms, hall, selectors, services
from projects.evaluation.flows import (
    STEPS,
    MeasurementFlow,
    MeasurementRecountFlow,
    MeasurementTurnFlow,
    MeasurementVoidFlow,
)
from projects.evaluation.measuring import DESK
from projects.supervision.models import GOING_ON, Project, ProjectState
from projects.supervision.selectors import project_file
from workflow.flows.events import Event, OpenAct, register_event, register_open_act
from workflow.machines.references import number_in
from workflow.people.models import Unit


def _is_finished(project: Project, grant: Any) -> bool:
    return project.state == ProjectState.ACCEPTED


def _is_unfinished(project: Project, grant: Any) -> bool:
    return project.state in GOING_ON


CARRY_OVER = register_event(
    Event(
        key="evaluation.carry_over",
        title=_("决定跨年续建"),
        then=_("没有转出的事项。项目继续接受监督，完工后由责任单位报请验收，再行测评。"),
        offices=("presidium", "clerk"),
        subject=Project,
        form=forms.CarryForm,
        act=carrying.carry_over,
        step=6,
        when=carrying.obstacles_to_carrying,
        offered=_is_unfinished,
        basis=_("当年未完工的项目由主席团写明理由决定跨年续建，继续监督，完工后验收、测评并归入补充卷宗"),
        output=_("主席团会议纪要"),
        hint=_("不改变票决确定的目标、投资、工期和地点。"),
        page="steps/supervision/project.html",
        context=project_file,
        body="presidium",
        irreversible=True,
    )
)


def _measuring(cycle: Cycle, grant: Any) -> bool:
    return cycle.state == CycleState.EVALUATING and selectors.measuring_vote(cycle) is not None


register_open_act(
    OpenAct(
        key="evaluation.measure_cast",
        title=_("满意度测评投票"),
        office="deputy",
        step=6,
        term="evaluation.measure_open",
        basis=_("代表以无记名方式对每个项目评定满意、基本满意或者不满意，不得委托他人"),
        output=_("领票在名册上划记，测评票投入票箱"),
    )
)
register_floor_acts(
    DESK,
    key="evaluation.measure_",
    subject=Cycle,
    step=6,
    turning=MeasurementTurnFlow,
    opening=MeasurementFlow.measure_open,
    offered=_measuring,
)
NEW_MEASUREMENT = register_event(
    Event(
        key="evaluation.measure_void",
        title=_("决定重新测评"),
        offices=("presidium", "clerk"),
        subject=Cycle,
        form=STEPS.form(NewVoteForm),
        act=DESK.asking("void", MeasurementVoidFlow),
        asks=MeasurementVoidFlow,
        step=6,
        when=DESK.obstacles_to_asking_void,
        also_on=DESK.current,
        offered=_measuring,
        basis=_("测评有违规定的，由主席团决定重新测评；原测评保留备查"),
        output=_("主席团会议纪要"),
        hint=_("录入后由会议主持人确认，确认后原测评才作废。"),
        irreversible=True,
        in_person=True,
        body="presidium",
    )
)
RECOUNT = register_event(
    Event(
        key="evaluation.measure_recount",
        title=_("测评票复票"),
        offices=("chief_teller",),
        subject=Cycle,
        form=RecountForm,
        act=DESK.asking("recount", MeasurementRecountFlow),
        asks=MeasurementRecountFlow,
        step=6,
        when=DESK.obstacles_to_asking_recount,
        listed_when=DESK.is_time_to_count_again,
        also_on=DESK.to_count_again,
        offered=_measuring,
        basis=_("宣布结果以前可以复票；已签字的计票结果不改动，另立新的记录并写明理由"),
        in_person=True,
        irreversible=True,
    )
)
register_replacing(
    Replacing(
        DESK,
        MeasurementFlow,
        step=6,
        members=selectors.members_of_hall,
        meets=hall.obstacles_to_adopting,
    ),
    key="evaluation.measure_",
    subject=Cycle,
    offered=_measuring,
)


def _departments(vote: Vote) -> dict[str, Unit]:
    named = (number_in(one, Project) for one in vote.options.values_list("reference", flat=True))
    numbers = [number for number in named if number is not None]
    projects = Project.objects.filter(pk__in=numbers).select_related("department").order_by("pk")
    return {project.title: project.department for project in projects if project.department}


register_naming(
    DESK,
    key="evaluation.measure_",
    subject=Cycle,
    step=6,
    offered=_measuring,
    departments=_departments,
)
register_event(
    Event(
        key="evaluation.measure_release_holder",
        title=_("重新设定测评开箱口令"),
        then=_("由总监票人、监票人、人大主席重新设定开箱口令。"),
        offices=("chair",),
        subject=Cycle,
        form=STEPS.form(ReleaseHolderForm),
        act=DESK.releasing(MeasurementFlow),
        step=6,
        when=DESK.obstacles_to_releasing,
        also_on=DESK.current,
        offered=_measuring,
        basis=_("测评开始以前，保管人忘记口令的，由主席团决定重新设定；监票人更换的，由会议通过，另行办理"),
        irreversible=True,
        in_person=True,
        page="steps/voting/keys.html",
        context=DESK.at_keys,
    )
)
RATE = register_event(
    Event(
        key="evaluation.rate",
        title=_("登记群众评价"),
        then=_("没有后续事项。评价计入该项目的群众评价。"),
        offices=("station",),
        subject=Project,
        form=forms.RateForm,
        act=services.register_rating,
        step=6,
        when=services.obstacles_to_rating,
        offered=_is_finished,
        basis=_("群众可以当面、电话、书面评价，由代表联络站登记，不记姓名"),
        hint=_("不登记评价人的姓名和电话。"),
    )
)
RATE_OPENLY = register_open_act(
    OpenAct(
        key=RATE.key,
        title=_("评价完工项目"),
        office="resident",
        holder=_("群众"),
        step=6,
        term="evaluation.residents",
        basis=_("完工验收后扫描项目二维码评价，不记姓名；样本不足的注明"),
    )
)
