"""What offices do of their own accord in step 5."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from projects.ballots.desk.floor import register_floor_acts
from projects.ballots.forms import NewVoteForm, RecountForm, ReleaseHolderForm
from projects.ballots.models import Vote
from projects.cycles.models import Cycle, CycleState
from projects.deliberation.desk_acts import register_naming, register_replacing
from projects.deliberation.replacing import Replacing
from projects.supervision import (
    asking,
    changing,
    duties,
    inviting,
    lights,
    money,
    selectors,
    sessions,
)
from projects.supervision.flows.changes import (
    STEPS,
    ChangeFlow,
    ChangeRecountFlow,
    ChangeTurnFlow,
    ChangeVoidFlow,
)
from projects.supervision.forms import changes as change_forms
from projects.supervision.forms import findings as finding_forms
from projects.supervision.forms import money as money_forms
from projects.supervision.forms import progress as progress_forms
from projects.supervision.forms import sessions as session_forms
from projects.supervision.forms.year import InviteForm
from projects.supervision.models import GOING_ON, Change, Interpellation, Project
from workflow.flows.events import Event, register_event
from workflow.flows.forms import StepForm
from workflow.people.models import Unit
from workflow.roles.models import RoleGrant

UNDER_SUPERVISION = (CycleState.SUPERVISING, CycleState.EVALUATING)


def own_project(project: Project, grant: RoleGrant) -> bool:
    """A department acts on its own projects only; other offices on all of the township's."""
    return grant.office != "department" or grant.unit_id == project.department_id


def own_group(project: Project, grant: RoleGrant) -> bool:
    """An inspector or an invited expert visits the project of the own group; a senior deputy any."""
    return grant.office not in ("inspector", inviting.EXPERT) or grant.unit_id == project.group_id


def under_supervision(cycle: Cycle, grant: RoleGrant) -> bool:
    return cycle.state in UNDER_SUPERVISION


def not_signed_yet(interpellation: Interpellation, grant: RoleGrant) -> bool:
    return not interpellation.movers.filter(pk=grant.user_id).exists()


def obstacles_to_inspecting(project: Project, at: datetime) -> list[str]:
    """Work must be under way or just finished."""
    if project.state in GOING_ON:
        return []
    state: Any = project.get_state_display()
    return [str(_("项目当前为“%(state)s”，不再登记视察。")) % {"state": state}]


register_event(
    Event(
        key="supervision.further_line",
        title=_("登记合同变更和另行的招标、合同、结算"),
        then=_("没有后续事项。登记内容列入项目档案。"),
        offices=("department", "finance"),
        subject=Project,
        form=money_forms.FurtherLineForm,
        act=money.register_line,
        step=5,
        when=money.obstacles_to_registering,
        offered=own_project,
        basis=_("项目资金公开、可查；合计不得超出票决确定的总投资"),
        output=_("招采、合同、变更、结算审核"),
        hint=_("实施计划列明的招标采购、合同和验收后的结算审核在待办中登记；这里登记变更和另有的。"),
        page="steps/supervision/project.html",
        context=selectors.project_file,
    )
)
register_event(
    Event(
        key="supervision.pay",
        title=_("登记付款"),
        then=_("没有后续事项。付款列入项目档案。"),
        offices=("finance",),
        subject=Project,
        form=money_forms.PaymentForm,
        act=money.pay,
        step=5,
        when=money.obstacles_to_paying,
        basis=_("项目资金公开、可查；按资金来源登记，付款合计不得超出合同、结算审定金额"),
        output=_("付款记录"),
        hint=_("登记有误的，用“退回、冲销”冲减后重新登记，原记录保留。"),
        page="steps/supervision/project.html",
        context=selectors.project_file,
    )
)
register_event(
    Event(
        key="supervision.inspect",
        title=_("登记视察"),
        then=_("提出问题的，由责任单位整改，整改后复查；没有提出问题的，没有后续事项。"),
        offices=("inspector", inviting.EXPERT, "senior_deputy"),
        subject=Project,
        form=finding_forms.InspectForm,
        act=duties.inspect,
        step=5,
        when=obstacles_to_inspecting,
        offered=own_group,
        basis=_("《地方组织法》第十九条：代表视察；上级人大代表、受邀的专家和第三方可以参加"),
        output=_("视察记录、问题清单"),
        page="steps/supervision/project.html",
        context=selectors.project_file,
    )
)
register_event(
    Event(
        key="supervision.invite",
        title=_("邀请专家、第三方参加监督小组"),
        then=_("没有后续事项。受邀人员可以参加监督小组的视察；新账号的登录单由人大办打印。"),
        offices=("presidium", "clerk"),
        subject=Project,
        form=InviteForm,
        act=inviting.invite,
        step=5,
        when=inviting.obstacles_to_inviting,
        basis=_("制度文件：代表缺少招投标、验收等专业知识的，可以邀请专家、第三方参加监督"),
        output=_("主席团会议纪要"),
        hint=_("受邀人员可以视察、提出问题，不复查整改，也不在验收时表示同意；这些由代表办理。"),
        page="steps/supervision/project.html",
        context=selectors.project_file,
        body="presidium",
    )
)
register_event(
    Event(
        key="supervision.set_light",
        title=_("人工调整亮灯"),
        then=_("责任单位收到消息；调整为红灯的，由乡镇长办理督办。调整至下一期进度报告提交时止。"),
        offices=("chair",),
        subject=Project,
        form=progress_forms.SetLightForm,
        act=duties.set_light,
        step=5,
        when=lights.obstacles_to_setting,
        basis=_(
            "亮灯按本年度规则计算，与实际不符的，由人大主席说明理由后人工调整"
            "（《地方组织法》第十八条：闭会期间负责处理主席团的日常工作）"
        ),
        output=_("调整后的亮灯和理由，公开"),
        hint=_(
            "至下一期进度报告提交时止；其间报完工、暂缓或者终止的，当即终止；进度报告逾期未报、按逾期应亮的灯更严的，按逾期亮灯。"
        ),
        page="steps/supervision/project.html",
        context=selectors.project_file,
    )
)
register_event(
    Event(
        key="supervision.restore_light",
        title=_("撤销亮灯的人工调整"),
        then=_("没有后续事项。恢复按规则计算的亮灯，责任单位收到消息。"),
        offices=("chair",),
        subject=Project,
        form=progress_forms.RestoreLightForm,
        act=duties.restore_light,
        step=5,
        when=lights.obstacles_to_restoring,
        basis=_("人工调整的理由不再成立的，恢复按规则计算的亮灯"),
        page="steps/supervision/project.html",
        context=selectors.project_file,
    )
)
register_event(
    Event(
        key="supervision.receive_audit",
        title=_("收到审计报告"),
        then=_("由财政所在期限内登记审计报告。"),
        offices=("gov_clerk",),
        subject=Project,
        form=money_forms.ReceivedAuditForm,
        act=duties.receive_audit,
        irreversible=True,
        step=5,
        when=money.obstacles_to_receiving,
        basis=_("《陕西省民生实事项目人大代表票决制规定》第十九条：审计机关依法审计"),
        hint=_("收文后转财政所登记，登记的期限从收到之日起算。"),
        page="steps/supervision/project.html",
        context=selectors.project_file,
    )
)
register_event(
    Event(
        key="supervision.ask_change",
        title=_("申请项目调整"),
        then=_("由有权机关按调整的轻重决定；决定并公告以前，项目按原定内容实施。"),
        offices=("mayor",),
        subject=Project,
        form=change_forms.ChangeForm,
        act=duties.ask_change,
        step=5,
        when=changing.obstacles_to_asking,
        basis=_("《陕西省民生实事项目人大代表票决制规定》第十八条：重大调整、暂缓、终止由代表大会决定并公布"),
        hint=_("提出申请不改变项目；决定并公告之后才执行。"),
        page="steps/supervision/project.html",
        context=selectors.project_file,
    )
)
register_event(
    Event(
        key="supervision.interpellate",
        title=_("提出质询案"),
        then=_("签名满十人的，由主席团决定答复形式，交受质询机关答复；不足十人的，等待其他代表附议签名。"),
        offices=("deputy",),
        subject=Cycle,
        form=session_forms.InterpellationForm,
        act=duties.interpellate,
        step=5,
        when=asking.obstacles_to_interpellation,
        offered=under_supervision,
        basis=_("《地方组织法》第二十四条：会议期间，十名以上代表联名，书面提出"),
        output=_("质询案"),
        irreversible=True,
        not_at=asking.NOT_AT,
    )
)
register_event(
    Event(
        key="supervision.cosign",
        title=_("附议签名（质询案）"),
        then=_("签名满十人的，由主席团决定答复形式，交受质询机关答复；不足十人的，等待其他代表附议签名。"),
        offices=("deputy",),
        subject=Interpellation,
        form=StepForm,
        act=duties.cosign,
        step=5,
        when=asking.obstacles_to_cosigning,
        offered=not_signed_yet,
        basis=_("《地方组织法》第二十四条：十名以上代表联名"),
        page="steps/supervision/interpellation.html",
        context=selectors.interpellation_facts,
        hint=_("签名由代表本人办理；满十名即提交主席团。"),
        irreversible=True,
        not_at=asking.NOT_AT,
    )
)
register_event(
    Event(
        key="supervision.call_session",
        title=_("通知召开临时会议"),
        then=_("由人大办在会前核定代表名册，会议当日办理开幕（预备会议）。"),
        offices=("presidium", "clerk"),
        subject=Cycle,
        form=session_forms.CallSessionForm,
        act=sessions.call_session,
        step=5,
        when=sessions.obstacles_to_calling,
        offered=under_supervision,
        basis=_(
            "《地方组织法》第十四条：会议召开的日期由主席团决定并公布；五分之一以上的代表提议，可以临时召集"
        ),
        output=_("主席团会议纪要、会议通知"),
        body="presidium",
        irreversible=True,
    )
)
register_event(
    Event(
        key="supervision.session_roll",
        title=_("核定临时会议代表名册"),
        then=_("会议当日由人大办办理开幕（预备会议）。"),
        offices=("clerk",),
        subject=Cycle,
        form=session_forms.SessionRollForm,
        act=sessions.fix_roll,
        step=5,
        when=sessions.obstacles_to_roll,
        offered=under_supervision,
        basis=_("《地方组织法》第十四条：三分之二以上代表出席始得举行，以全体代表为基数"),
        output=_("代表名册"),
        hint=_(
            "今天在任的代表全部列入名册，名册人数就是全体代表人数。会议用手机表决的，须在开幕前核定名册。"
        ),
    )
)
register_event(
    Event(
        key="supervision.open_session",
        title=_("临时会议开幕（预备会议）"),
        then=_("会议表决项目调整的，由人大办登记通过的监票人、计票人；议程完毕，由人大主席宣布闭会。"),
        offices=("clerk",),
        subject=Cycle,
        form=session_forms.OpenSessionForm,
        act=sessions.open_extra,
        step=5,
        when=sessions.obstacles_to_opening,
        offered=under_supervision,
        basis=_("《地方组织法》第十四条、第十九条：三分之二以上代表出席始得举行；会议选举主席团"),
        output=_("主席团名单、会议议程"),
        page="steps/evaluation/opening.html",
        context=sessions.opening_facts,
        irreversible=True,
        body="congress",
    )
)
register_event(
    Event(
        key="supervision.adopt_tellers",
        title=changing.ADOPTING,
        then=_("由人大办清点到会人数，再开始投票。"),
        offices=("clerk",),
        subject=Cycle,
        form=session_forms.SessionTellersForm,
        act=sessions.adopt_session_tellers,
        step=5,
        when=sessions.obstacles_to_adopting,
        offered=under_supervision,
        basis=_(
            "监票人、计票人由会议通过，任务随会议终止（《地方组织法》第二十五条：以全体代表的过半数通过）"
        ),
        output=_("监票人、计票人名单"),
        hint=_("会议表决项目调整的，先通过本次会议的监票人、计票人。"),
        body="congress",
        irreversible=True,
    )
)


def _by_vote(change: Change, grant: RoleGrant) -> bool:
    return change.body == "congress" and changing.is_put_to_vote(change)


register_floor_acts(
    changing.DESK,
    key="supervision.change_",
    subject=Change,
    step=5,
    turning=ChangeTurnFlow,
    opening=ChangeFlow.change_open,
    offered=_by_vote,
)
register_replacing(
    Replacing(changing.DESK, ChangeFlow, step=5), key="supervision.change_", subject=Change, offered=_by_vote
)


def _departments(vote: Vote) -> dict[str, Unit]:
    projects = [one.project for one in changing.DESK.subjects_of(vote) if isinstance(one, Change)]
    return {project.title: project.department for project in projects if project.department}


register_naming(
    changing.DESK,
    key="supervision.change_",
    subject=Change,
    step=5,
    offered=_by_vote,
    departments=_departments,
)
register_event(
    Event(
        key="supervision.change_release_holder",
        title=_("重新设定项目调整表决开箱口令"),
        then=_("由总监票人、监票人、人大主席重新设定开箱口令。"),
        offices=("chair",),
        subject=Change,
        form=STEPS.form(ReleaseHolderForm),
        act=changing.DESK.releasing(ChangeFlow),
        step=5,
        when=changing.DESK.obstacles_to_releasing,
        also_on=changing.DESK.current,
        offered=_by_vote,
        basis=_("表决开始以前，保管人忘记口令的，由主席团决定重新设定；监票人更换的，由会议通过，另行办理"),
        irreversible=True,
        in_person=True,
        page="steps/voting/keys.html",
        context=changing.DESK.at_keys,
    )
)
NEW_VOTE = register_event(
    Event(
        key="supervision.change_void",
        title=_("决定重新表决项目调整"),
        offices=("presidium", "clerk"),
        subject=Change,
        form=STEPS.form(NewVoteForm),
        act=changing.DESK.asking("void", ChangeVoidFlow),
        asks=ChangeVoidFlow,
        step=5,
        when=changing.DESK.obstacles_to_asking_void,
        also_on=changing.DESK.current,
        offered=_by_vote,
        basis=_("表决有违规定的，由主席团决定重新表决；原表决保留备查"),
        output=_("主席团会议纪要"),
        hint=_("录入后由会议主持人确认，确认后原表决才作废。"),
        irreversible=True,
        in_person=True,
        body="presidium",
    )
)
register_event(
    Event(
        key="supervision.change_recount",
        title=_("项目调整表决复票"),
        offices=("chief_teller",),
        subject=Change,
        form=RecountForm,
        act=changing.DESK.asking("recount", ChangeRecountFlow),
        asks=ChangeRecountFlow,
        step=5,
        when=changing.DESK.obstacles_to_asking_recount,
        listed_when=changing.DESK.is_time_to_count_again,
        also_on=changing.DESK.to_count_again,
        offered=_by_vote,
        basis=_("宣布结果以前可以复票；已签字的计票结果不改动，另立新的记录并写明理由"),
        in_person=True,
        irreversible=True,
    )
)
