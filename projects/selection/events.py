"""What offices do of their own accord in step 2."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from projects.collection.models import Proposal
from projects.collection.services import obstacles_to_submitting
from projects.selection import answering, forms, intake, selectors, services
from projects.selection.models import Item, ItemState, Notice
from workflow.flows.events import Event, OpenAct, register_event, register_open_act


def obstacles_to_bringing_back(item: Item, at: datetime) -> list[str]:
    """Why an item of the pool cannot be proposed now: it is not in it, or nothing is being collected."""
    if item.state != ItemState.RESERVED:
        return [_t("“%(title)s”不在储备库中。") % {"title": item.title}]
    if not selectors.years_ahead(item):
        return [_t("目前没有正在征集的年度，征集公告发布后再提出。")]
    if not selectors.years_without(item):
        return [_t("本年度已提出“%(title)s”。") % {"title": item.title}]
    return obstacles_to_submitting(item.unit, at)


def _item_page(item: Item) -> dict[str, Any]:
    return {"item": item, "sources": list(selectors.history_of(item))}


UNMERGE = register_event(
    Event(
        key="selection.unmerge",
        title=_("拆分项目"),
        then=_("由党政办对拆出的项目重新筛查。"),
        offices=("gov_clerk",),
        subject=Item,
        form=forms.UnmergeForm,
        act=services.unmerge,
        when=services.obstacles_to_unmerging,
        step=2,
        basis=_("归并须保留每件来源，名单确定前可以拆分"),
        context=_item_page,
        page="steps/selection/item.html",
        hint=_("拆出的每件意见建议单独成为一个项目，须重新筛查。"),
    )
)
EDIT = register_event(
    Event(
        key="selection.edit_item",
        title=_("修改项目文字"),
        then=_("没有后续事项。"),
        offices=("gov_clerk",),
        subject=Item,
        form=forms.EditItemForm,
        act=services.edit_item,
        when=services.obstacles_to_editing,
        step=2,
        basis=_("名单确定前由政府经办人核实文字"),
        context=_item_page,
        page="steps/selection/item.html",
    )
)
SCORE = register_event(
    Event(
        key="selection.score",
        title=_("评分"),
        then=_("没有后续事项。两人以上评分的，按权重合计。"),
        offices=("gov_clerk", "department", "finance", "legal", "deputy"),
        subject=Item,
        form=forms.ScoreForm,
        act=services.score,
        when=services.obstacles_to_scoring,
        step=2,
        basis=_("评分表由本地规则设定，两人以上评分有效"),
        context=_item_page,
        page="steps/selection/item.html",
        hint=_("每人一份，各项 0 至 100 分，按年度规则的权重合计。"),
    )
)
TELL = register_event(
    Event(
        key="selection.tell",
        title=_("先行答复提出人"),
        then=_("转为代表建议的，由代表签名；其他答复没有后续事项，提出人凭查询码查看。"),
        offices=("gov_clerk",),
        subject=Proposal,
        form=forms.AheadForm,
        act=answering.tell,
        when=answering.obstacles_to_telling,
        step=2,
        basis=_("决定作出之日起 %(selection.answer)s内答复"),
        irreversible=True,
    )
)
OBJECT = register_event(
    Event(
        key="selection.object",
        title=_("登记异议"),
        then=_("由党政办在期限内书面答复。"),
        offices=("station", "deputy", "senior_deputy", "gov_clerk"),
        subject=Notice,
        form=forms.ObjectForm,
        act=intake.register_objection,
        when=services.obstacles_to_objecting,
        step=2,
        basis=_("公示期内可以提出异议，书面答复"),
        hint=_("群众当面、来电、来信提出的异议，由受理的人登记；群众也可在公示页直接提出。"),
    )
)
OBJECT_OPENLY = register_open_act(
    OpenAct(
        key=OBJECT.key,
        title=_("对公示名单提出异议"),
        office="resident",
        holder=_("群众"),
        step=2,
        window=selectors.objection_window,
        basis=OBJECT.basis,
    )
)
BRING_BACK = register_event(
    Event(
        key="selection.bring_back",
        title=_("从储备库提出"),
        then=_("由党政办按本年度征集的程序决定是否受理。"),
        offices=("gov_clerk",),
        subject=Item,
        form=forms.BringBackForm,
        act=intake.bring_back,
        when=obstacles_to_bringing_back,
        step=2,
        basis=_("未入选项目列入储备库，可在以后年度再次提出"),
        context=_item_page,
        page="steps/selection/item.html",
    )
)
