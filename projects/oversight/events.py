"""The county's acts, and no others."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from projects.cycles.models import Cycle
from projects.oversight import forms, intake, services, townships
from projects.oversight.models import Bulletin, BulletinKind, BulletinState
from projects.oversight.selectors import models_for
from workflow.flows.events import Event, at_home, register_event
from workflow.people.models import Unit
from workflow.roles.models import RoleGrant

# The acts stand in the order a county's work goes by: it guides and points out, looks, teaches, reports; then what it
# settles for its own pages, and what it registers (`rank`).
BASIS = _("县级人大常委会指导乡镇人大工作，不审批、不改动乡镇数据")


GUIDE = register_event(
    Event(
        key="oversight.guide",
        rank=1,
        title=_("发出指导意见"),
        then=_("没有后续事项。指导意见已发给乡镇，不要求回复。"),
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
        rank=2,
        title=_("发出工作提示函"),
        then=_("由乡镇人大在期限内书面回复，回复后县级人大收到消息。"),
        offices=("county",),
        subject=Cycle,
        form=forms.NoteForm,
        act=intake.send_note,
        linked=("task",),
        basis=BASIS,
        output=_("工作提示函"),
        from_above=True,
        irreversible=True,
    )
)
CIRCULATE = register_event(
    Event(
        key="oversight.circulate",
        rank=12,
        title=_("发出通报"),
        then=_("没有后续事项。通报已发给选定的乡镇，不要求回复。"),
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
        rank=3,
        title=_("随机抽查"),
        then=_("没有后续事项。抽查记录已发给乡镇；需要说明情况的，另发工作提示函。"),
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
DRAW = register_event(
    Event(
        key="oversight.draw",
        rank=4,
        title=_("本辖区随机抽查"),
        then=_("没有后续事项。抽查记录已发给抽中的乡镇；需要说明情况的，另发工作提示函。"),
        offices=("county",),
        subject=Unit,
        form=forms.DrawForm,
        act=services.draw,
        offered=at_home,
        basis=_("镇平县做法：每月抽查代表联络站；抽查不审批、不改动乡镇数据"),
        output=_("抽查记录"),
        hint=_("由系统先抽乡镇，再抽其中的档案、项目或者联络站；抽中的乡镇都收到消息并留下记录。"),
        irreversible=True,
    )
)
WEIGH = register_event(
    Event(
        key="oversight.weigh",
        rank=13,
        title=_("设置本级权重"),
        then=_("没有后续事项。总览页可以按新的权重排列。"),
        offices=("county",),
        subject=Unit,
        form=forms.WeightsForm,
        act=services.weigh,
        offered=at_home,
        basis=_("没有公布的排名公式；权重由本级人大自行确定，公开显示"),
        output=_("本级权重"),
        hint=_("只影响总览页的一种排列顺序，得分和权重在页上一并显示，不形成其他结论。"),
    )
)
LOAD_BOUNDARIES = register_event(
    Event(
        key="oversight.load_boundaries",
        rank=14,
        title=_("载入地图边界"),
        then=_("没有后续事项。总览页的地图按新的边界绘制。"),
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


def _is_draft(bulletin: Bulletin, grant: RoleGrant) -> bool:
    return bulletin.state == BulletinState.DRAFT and at_home(bulletin.unit, grant)


def _may_go_out(bulletin: Bulletin, grant: RoleGrant) -> bool:
    return _is_draft(bulletin, grant) and bulletin.of == BulletinKind.QUARTER


DRAFT_BULLETIN = register_event(
    Event(
        key="oversight.draft_bulletin",
        rank=9,
        title=_("起草通报、年度报告段落"),
        then=_(
            "由县级人大核对、修改文字。季度通报核对后在文稿页发出，发出以前各乡镇看不到；年度段落核对后下载使用。"
        ),
        offices=("county",),
        subject=Unit,
        form=forms.DraftForm,
        act=services.draft_bulletin,
        linked=("of", "year", "quarter"),
        offered=at_home,
        basis=_("镇平县做法：县级人大常委会每季度通报一次"),
        output=_("通报（草稿）"),
        hint=_(
            "季度通报的数字截至该季度最后一日（季度未完的截至当日），年度段落的数字截至当日；每个数字都能打开它的明细，发出前可以修改文字。"
        ),
    )
)
EDIT_BULLETIN = register_event(
    Event(
        key="oversight.edit_bulletin",
        rank=10,
        title=_("修改文稿"),
        then=_("由县级人大继续核对。季度通报核对后在文稿页发出；年度段落核对后下载使用。"),
        offices=("county",),
        subject=Bulletin,
        form=forms.EditForm,
        act=services.edit_bulletin,
        offered=_is_draft,
        basis=BASIS,
        output=_("修改后的文稿"),
    )
)
SEND_BULLETIN = register_event(
    Event(
        key="oversight.send_bulletin",
        rank=11,
        title=_("发出本通报"),
        then=_("没有后续事项。通报已发给各乡镇，不要求回复。"),
        offices=("county",),
        subject=Bulletin,
        form=forms.SendForm,
        act=services.send_bulletin,
        offered=_may_go_out,
        basis=_("镇平县做法：县级人大常委会每季度通报一次"),
        output=_("通报"),
        hint=_("按草稿的标题和正文发出，发出后不能修改；各乡镇都收到消息并留下记录，不要求回复。"),
        irreversible=True,
    )
)


def _has_models(unit: Unit, grant: RoleGrant) -> bool:
    return at_home(unit, grant) and models_for(unit).exists()


TRAIN = register_event(
    Event(
        key="oversight.train",
        rank=5,
        title=_("发出培训通知"),
        then=_("没有后续事项。培训通知已发给选定的乡镇，不要求回复。"),
        offices=("county",),
        subject=Unit,
        form=forms.TrainingForm,
        act=services.announce_training,
        offered=at_home,
        basis=_("县级人大常委会指导乡镇人大工作，组织代表培训"),
        output=_("培训通知"),
        hint=_("发给选定的全部乡镇，各乡镇都收到消息并留下记录；不要求回复。"),
        irreversible=True,
    )
)
COMPOSE_MODEL = register_event(
    Event(
        key="oversight.compose_model",
        rank=6,
        title=_("起草示范规则"),
        then=_("由县级人大逐项修改后推荐，推荐以前各乡镇看不到。"),
        offices=("county",),
        subject=Unit,
        form=forms.ComposeForm,
        act=services.compose_model,
        offered=at_home,
        basis=BASIS,
        output=_("示范规则（草稿）"),
        hint=_("先选底稿，再逐项修改；推荐以前各乡镇看不到。已有草稿的，重新起草后以新的底稿为准。"),
    )
)
REVISE_MODEL = register_event(
    Event(
        key="oversight.revise_model",
        rank=7,
        title=_("修改示范规则"),
        then=_("由县级人大继续修改或者推荐，推荐以前各乡镇看不到。"),
        offices=("county",),
        subject=Unit,
        form=forms.ModelRuleForm,
        act=services.revise_model,
        offered=at_home,
        basis=_("取值范围与乡镇规则相同；法律和制度规定的，不可更改"),
        output=_("示范规则（草稿）"),
        hint=_("还没有底稿的，在系统默认规则上修改。"),
    )
)
OFFER_MODEL = register_event(
    Event(
        key="oversight.offer_model",
        rank=8,
        title=_("推荐示范规则"),
        then=_("由各乡镇人大主席自行决定是否采用；不采用的，没有后续事项。"),
        offices=("county",),
        subject=Unit,
        form=forms.ModelForm,
        act=services.offer_model,
        offered=at_home,
        basis=BASIS,
        output=_("示范规则"),
        hint=_("只供参考：是否采用由各乡镇自行决定，推荐本身不改动任何乡镇的规则。"),
        irreversible=True,
    )
)
ADOPT_MODEL = register_event(
    Event(
        key="oversight.adopt_model",
        title=_("采用县级示范规则"),
        then=_("没有后续事项。新版规则对施行后启动的年度适用。"),
        offices=("chair",),
        subject=Unit,
        form=forms.AdoptForm,
        act=services.adopt_model,
        page="steps/oversight/models.html",
        context=lambda unit: {"models": models_for(unit).select_related("county")},
        step=1,
        offered=_has_models,
        basis=_("规则由人大主席提请修订，施行后启动的年度适用；示范规则只供参考"),
        output=_("新版规则"),
        hint=_("核对页逐项列出将改变的设置；已启动的年度仍按启动时的规则办理。"),
    )
)
CHANGED = _("《行政区划管理条例》：乡、民族乡、镇的设立、撤销、更名由省级人民政府审批；据批准文件登记")
RENAME = register_event(
    Event(
        key="oversight.rename",
        rank=15,
        title=_("登记乡镇更名"),
        then=_("没有后续事项。登记之日起使用新名称。"),
        offices=("county",),
        subject=Unit,
        form=forms.RenameForm,
        act=townships.rename,
        offered=at_home,
        basis=CHANGED,
        output=_("更名登记"),
        hint=_("撤乡设镇也在此登记。登记之日起使用新名称，编码不变；此前的文件保留原名。"),
        irreversible=True,
    )
)
MAKE_SUBDISTRICT = register_event(
    Event(
        key="oversight.make_subdistrict",
        rank=16,
        title=_("登记乡镇改设街道"),
        then=_("没有转出的事项。尚未办结的事项由人大街道工委等机构按原规则继续办理。"),
        offices=("county",),
        subject=Unit,
        form=forms.SubdistrictForm,
        act=townships.make_subdistrict,
        offered=at_home,
        basis=CHANGED,
        output=_("改设街道登记"),
        hint=_(
            "本届人民代表大会终止，代表转为议事代表；尚未票决的年度须先票决或者终止，已经票决的年度按原规则办到归档。"
        ),
        irreversible=True,
    )
)
MERGE = register_event(
    Event(
        key="oversight.merge",
        rank=17,
        title=_("登记乡镇合并"),
        then=_("没有转出的事项。已列明的未办事项由并入后的乡镇继续办理。"),
        offices=("county",),
        subject=Unit,
        form=forms.MergeForm,
        act=townships.merge,
        offered=at_home,
        basis=CHANGED,
        output=_("合并登记"),
        hint=_("先列明随之转移的事项和办理障碍，确认后才办理。撤并乡镇的档案仍存原处，不再启动新的年度。"),
        irreversible=True,
    )
)
