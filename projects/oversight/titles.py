"""What the trail calls the room's acts that are no step and no event, and no arrow that leads to another state."""

from django.utils.translation import gettext_lazy as _

from workflow.inbox.story import call_acts

call_acts(
    {
        "oversight.circular": _("县级人大发来通报"),
        "oversight.training": _("县级人大发来培训通知"),
        "oversight.model": _("县级人大推荐示范规则"),
        "oversight.sampled": _("上级人大随机抽查抽中本乡镇"),
        "oversight.look": _("县级人大查看程序体检表"),
        "oversight.repair": _("夜间核对更正县级汇总数字"),
        "bulletin.edit": _("修改通报内容"),
        "unit.rename": _("更名"),
        "unit.to_subdistrict": _("改设街道"),
        "unit.merge": _("并入其他乡镇"),
        "unit.take_in": _("其他乡镇并入"),
        "task.take_over": _("未办事项转由接收的乡镇办理"),
    }
)
