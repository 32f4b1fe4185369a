"""Step 3's acts without a task (steps.md, 3 审议, *event*)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from projects.cycles.models import Cycle, CycleState, Session, SessionState
from projects.cycles.moving import movable
from projects.deliberation import forms, intake, selectors, services
from projects.deliberation.models import AddedMatter
from projects.selection.models import Item
from workflow.flows.events import Event, register_event
from workflow.roles.models import RoleGrant


def _deliberating(cycle: Cycle, grant: RoleGrant) -> bool:
    return cycle.state == CycleState.DELIBERATING


def _has_materials_to_confirm(cycle: Cycle, grant: RoleGrant) -> bool:
    unconfirmed = cycle.receipts.filter(user_id=grant.user_id, received_at=None)
    return _deliberating(cycle, grant) and unconfirmed.exists()


def _has_something_to_ask_about(cycle: Cycle, grant: RoleGrant) -> bool:
    return cycle.state in selectors.ASKED_ABOUT


def _has_published_days(cycle: Cycle, grant: RoleGrant) -> bool:
    return bool(movable(cycle, SessionState.CONVENED))


def _of_a_deliberating_year(item: Item, grant: RoleGrant) -> bool:
    return _deliberating(item.cycle, grant)


def _not_signed_yet(matter: AddedMatter, grant: RoleGrant) -> bool:
    return not matter.movers.filter(pk=grant.user_id).exists()


VISIT = register_event(
    Event(
        key="deliberation.visit",
        title=_("登记走访、视察"),
        then=_("没有后续事项。走访、视察情况由人大办汇总。"),
        offices=("deputy", "deputy_elect", "delegation_lead", "senior_deputy"),
        subject=Cycle,
        form=forms.VisitForm,
        act=intake.visit,
        step=3,
        when=selectors.obstacles_to_visiting,
        offered=_deliberating,
        basis=_("《地方组织法》第十九条：闭会期间组织代表开展视察、调研"),
        output=_("走访、视察记录"),
    )
)
CONFIRM = register_event(
    Event(
        key="deliberation.confirm_materials",
        title=_("确认收到会议材料"),
        then=_("没有后续事项。"),
        offices=("deputy", "deputy_elect"),
        subject=Cycle,
        form=forms.StepForm,
        act=intake.confirm_materials,
        step=3,
        offered=_has_materials_to_confirm,
        basis=_("会议材料会前印发代表"),
    )
)
ROLL_CHANGE = register_event(
    Event(
        key="deliberation.roll_change",
        title=_("登记代表变动"),
        then=_("投票尚未开始而到会人数已经清点的，由人大办重新清点；其他情形没有后续事项。"),
        offices=("clerk",),
        subject=Session,
        form=forms.RollChangeForm,
        act=intake.change_roll,
        step=3,
        when=selectors.obstacles_to_roll_change,
        basis=_("《地方组织法》第三十七条：代表资格审查"),
        output=_("代表名册"),
        page="steps/deliberation/roll_change.html",
        context=selectors.roll_page,
        hint=_(
            "自登记时起，以后的投票按变动后的名册计算应到人数、法定人数和过半数；已经进行的投票仍以当时的名册为准。"
            "代表资格终止的，主席、主席团、代表团团长、监票、监督小组等以代表身份担任的职务同时终止。"
        ),
        irreversible=True,
    )
)
ASK = register_event(
    Event(
        key="deliberation.ask",
        title=_("提出询问"),
        then=_("由被询问的单位在会议期间答复。"),
        offices=("deputy", "delegation_lead"),
        subject=Cycle,
        form=forms.AskForm,
        act=intake.ask,
        step=3,
        when=selectors.obstacles_to_asking,
        offered=_has_something_to_ask_about,
        basis=_("《地方组织法》第二十三条：审议时可以向有关机关提出询问"),
        output=_("询问和答复"),
        page="steps/deliberation/ask.html",
        context=selectors.asking_page,
        hint=_("询问只在会议期间提出，由有关单位派人说明，答复存档。"),
    )
)
WITHDRAW = register_event(
    Event(
        key="deliberation.withdraw",
        title=_("申请撤回候选项目"),
        then=_("由主席团开会决定是否同意撤回。"),
        offices=("mayor",),
        subject=Item,
        form=forms.WithdrawForm,
        act=intake.ask_to_withdraw,
        step=3,
        when=selectors.obstacles_to_withdrawing,
        offered=_of_a_deliberating_year,
        basis=_("参照《地方组织法》第二十二条：交付表决前，提案人要求撤回的，经主席团同意，审议即行终止"),
        output=_("撤回申请"),
    )
)
MOVE_CONVENED = register_event(
    Event(
        key="deliberation.move_session",
        title=_("决定会议改期"),
        then=_("没有转出的事项。改期通知已经公布，随会期变动的期限已经重新计算，有关人员收到消息。"),
        offices=("presidium", "clerk"),
        subject=Cycle,
        form=forms.MoveConvenedForm,
        act=services.move_convened,
        step=3,
        when=services.obstacles_to_moving_convened,
        offered=_has_published_days,
        basis=_("《地方组织法》第十四条：会议召开的日期由主席团决定并公布"),
        output=_("主席团会议纪要、会议改期通知"),
        body="presidium",
        hint=_("会议日期公布以后，改期须由主席团再次开会决定，并重新公布。"),
    )
)
ADDED_MATTER = register_event(
    Event(
        key="deliberation.added_matter",
        title=_("代表联名提出项目"),
        then=_("签名满五人的，由主席团决定如何处理；不足五人的，等待其他代表附议签名。"),
        offices=("deputy",),
        subject=Cycle,
        form=forms.TableForm,
        act=intake.table_matter,
        step=3,
        when=selectors.obstacles_to_tabling,
        offered=_deliberating,
        basis=_("《地方组织法》第二十二条：代表五人以上联名可以提出议案，由主席团决定是否列入议程"),
        output=_("代表联名提出的项目"),
        page="steps/deliberation/list.html",
        context=selectors.list_page,
        hint=_("会议期间增加的项目未经论证，未落实资金，未经党委研究，请慎重提出。"),
        irreversible=True,
    )
)
COSIGN = register_event(
    Event(
        key="deliberation.cosign",
        title=_("附议签名（联名提出项目）"),
        then=_("签名满五人的，由主席团决定如何处理；不足五人的，等待其他代表附议签名。"),
        offices=("deputy",),
        subject=AddedMatter,
        form=forms.StepForm,
        act=intake.cosign_matter,
        step=3,
        when=selectors.obstacles_to_cosigning,
        offered=_not_signed_yet,
        basis=_("《地方组织法》第二十二条：代表五人以上联名可以提出议案"),
        page="steps/deliberation/matter.html",
        context=selectors.matter_page,
        hint=_("签名由代表本人办理；满五名即提交主席团。"),
        irreversible=True,
    )
)
