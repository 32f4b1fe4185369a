"""What the trail calls the room's acts that are no step, no event and no machine's arrow."""

from django.utils.translation import gettext_lazy as _

from projects.ballots.rules import Mode
from workflow.audit.hooks import mark_moments
from workflow.inbox.story import call_acts, call_moves
from workflow.inbox.telling import call_codes

# Who holds a head of these moments holds what the vote was when it was opened, closed, counted, signed and declared.
mark_moments(
    {
        "vote.open": "open",
        "vote.close": "close",
        "vote.accept_tally": "count",
        "vote.certify": "certify",
        "vote.declare": "declare",
    }
)

call_acts(
    {
        "vote.define": _("确定表决票"),
        "vote.follow_roll": _("按代表名册更正应到人数"),
        "vote.reject_tally": _("两次录入不一致，重新录入"),
        "vote.hold_key": _("设定开箱口令"),
        "vote.make_keys": _("生成本次投票的密钥"),
        "vote.release_holder": _("更换密钥保管人"),
        "vote.print_recovery_sheet": _("打印密钥恢复单"),
        "vote.print_codes": _("打印投票码"),
        "vote.ask_for_codes": _("提出换发投票码"),
        "vote.to_paper": _("改领纸质票"),
        "vote.empty_box": _("电子票改为纸质票"),
        "vote.open_box": _("开箱计票"),
        "vote.export_box": _("导出票箱"),
    }
)


# A recount goes along the arrows of a vote, but nobody votes in it.
call_moves("is_recount", {"vote.open": _("开始复票"), "vote.close": _("收回的票重新清点完毕")})
call_codes("vote.mode", {Mode.SELECT: _("差额选择"), Mode.EACH: _("逐项表决"), Mode.RANK: _("排序")})
