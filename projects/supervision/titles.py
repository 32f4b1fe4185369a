"""What the trail calls the room's acts that are no step and no event, and no arrow that leads to another state."""

from django.utils.translation import gettext_lazy as _

from projects.supervision.models import ANSWER_FORMS
from projects.supervision.rules import LIGHT_WORDS
from workflow.audit.hooks import mark_moments
from workflow.inbox.story import call_acts
from workflow.inbox.telling import call_codes
from workflow.people.saying import said_later

mark_moments({"change.announce": "publish"})
call_acts(
    {
        "project.found": _("建立项目档案"),
        "supervision.summarise": _("汇总实施进度"),
        "project.form_group": _("组建代表监督小组"),
        "finding.raise": _("提出问题"),
        "inquiry.ask": _("提出书面询问"),
        "change.ask": _("申请项目调整"),
        "change.effect": _("项目调整生效"),
        "change.undo": _("撤销项目调整"),
        "interpellation.table": _("提出质询案"),
        "project.ask_progress": _("要求报告进度"),
        "project.report": _("更新项目进度"),
        "project.unreport": _("撤下进度报告"),
        "project.adjust_light": _("人工调整亮灯"),
        "project.restore_light": _("撤销亮灯的人工调整"),
        "finding.unplan": _("撤下整改方案"),
        "project.alter": _("变更项目内容"),
        "project.alter_planning": _("变更项目内容"),
        "project.carry_over": _("决定跨年续建"),
        "finding.plan": _("登记整改方案"),
        "change.make_major": _("改按重大调整办理"),
    }
)
for field in ("light", "light_set_aside"):
    call_codes(f"project.{field}", {light: said_later(words) for light, words in LIGHT_WORDS.items()})
call_codes("change.body", {"congress": _("人民代表大会"), "presidium": _("主席团")})
call_codes("interpellation.form", dict(ANSWER_FORMS))
