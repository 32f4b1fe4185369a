"""What the post office's own acts are called in the trail."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

TITLES: dict[str, Any] = {
    "letters.address": _("设置群机器人"),
    "letters.forget": _("删除离任人员的接收地址"),
    "letters.reword": _("修改消息模板"),
    "letters.restore_wording": _("恢复默认消息模板"),
    "letters.send_again": _("重新发送消息"),
}
