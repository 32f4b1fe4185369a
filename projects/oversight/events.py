"""The county's acts, and no others."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from projects.cycles.models import Cycle
from projects.oversight import forms, services
from workflow.flows.events import Event, at_home, register_event
from workflow.people.models import Unit

BASIS = _("县级人大常委会指导乡镇人大工作，不审批、不改动乡镇数据")


GUIDE = register_event(
    Event(
        key="oversight.guide",
        title=_("发出指导意见"),
        offices=("county",),
        subject=Cycle,
        form=forms.GuidanceForm,
        act=services.guide,
        basis=BASIS,
        output=_("指导意见"),
        from_above=True,
        irreversible=True,
    )
)
NOTE = register_event(
    Event(
        key="oversight.note",
        title=_("发出工作提示函"),
        offices=("county",),
        subject=Cycle,
        form=forms.NoteForm,
        act=services.send_note,
        basis=BASIS,
        output=_("工作提示函"),
        from_above=True,
        irreversible=True,
    )
)
CIRCULATE = register_event(
    Event(
        key="oversight.circulate",
        title=_("发出通报"),
        offices=("county",),
        subject=Unit,
        form=forms.CircularForm,
        act=services.circulate,
        offered=at_home,
        basis=_("镇平县做法：县级人大常委会每季度通报一次"),
        output=_("通报"),
        hint=_("一份通报发给选定的全部乡镇，各乡镇都收到消息并留下记录；不要求回复。"),
        irreversible=True,
    )
)
SAMPLE = register_event(
    Event(
        key="oversight.sample",
        title=_("随机抽查"),
        offices=("county",),
        subject=Cycle,
        form=forms.SampleForm,
        act=services.sample,
        basis=_("镇平县做法：每月抽查代表联络站；抽查不审批、不改动乡镇数据"),
        output=_("抽查记录"),
        from_above=True,
        irreversible=True,
    )
)
WEIGH = register_event(
    Event(
        key="oversight.weigh",
        title=_("设置本县权重"),
        offices=("county",),
        subject=Unit,
        form=forms.WeightsForm,
        act=services.weigh,
        offered=at_home,
        basis=_("没有公布的排名公式；权重由县级人大自行确定，公开显示"),
        output=_("本县权重"),
        hint=_("只影响总览页的一种排列顺序，得分和权重在页上一并显示，不形成其他结论。"),
    )
)
LOAD_BOUNDARIES = register_event(
    Event(
        key="oversight.load_boundaries",
        title=_("载入地图边界"),
        offices=("county",),
        subject=Unit,
        form=forms.BoundariesForm,
        act=services.load_boundaries,
        offered=at_home,
        basis=BASIS,
        output=_("本级地图"),
        hint=_("没有边界文件的，地图按乡镇排成方格；文件中没有的乡镇列在图下的表中。"),
    )
)
