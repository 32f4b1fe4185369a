"""What the trail calls the room's acts that are no step, no event and no machine's arrow."""

from django.utils.translation import gettext_lazy as _

import projects.evaluation.trail_formats  # noqa: F401  registers the formats
from projects.evaluation.rules import Consequence
from workflow.audit.hooks import mark_moments
from workflow.inbox.story import call_acts
from workflow.inbox.telling import call_codes

# What a volume's trail and papers stand over is signed before a worker begins to make it: inside of that job's transaction
# the key's lock would be held as long as the whole takes.
HANDED_OVER = "archive"
mark_moments(
    {
        "evaluation.publish": "publish",
        "evaluation.archive": HANDED_OVER,
        "evaluation.addendum": HANDED_OVER,
    }
)
call_acts(
    {
        "archive.make": _("生成电子卷宗"),
        "archive.add": _("生成补充卷宗"),
        "archive.download": _("下载归档卷宗"),
        "evaluation.ask": _("开始群众评价和现场评议"),
        "evaluation.rate": _("群众评价"),
    }
)
call_codes("measurement.verdict", {one: one.label for one in Consequence})
