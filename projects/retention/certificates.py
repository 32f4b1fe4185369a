"""数据清除证明: what was erased, by which term and article, who asked and who confirmed, and the entry that says the same.

A paper of the file like any other: as PDF and Word, with the head of the trail at its foot.
"""

from __future__ import annotations

import json
from typing import Any

from django.utils.timezone import localtime

from projects.ballots.retention import out_of_backups_on
from projects.cycles.models import Paper
from projects.cycles.papers import make_paper
from projects.retention.models import DataKind, Erasure
from workflow.audit.models import Entry
from workflow.audit.services import Act
from workflow.people.models import User
from workflow.people.texts import in_words
from workflow.roles import registry

KIND = "erasure_certificate"
WHAT = {
    DataKind.CONTACTS: "提出人的姓名、联系电话、单位，及用以核对的随机值（盐）",
    DataKind.RATINGS: "群众评价中书写的文字，及用以核对的随机值（盐）；满意度件数保留",
    DataKind.VISITS: "走访登记的地点、情况和意见，及用以核对的随机值（盐）；次数、人数和汇总记录保留",
    DataKind.SIGN_INS: "登录日志，即工作人员每次登录的网络地址、设备和时间",
}
SALT_GONE = "办理记录只有编号和加盐校验值，未作任何改动；盐已一并清除，不能再用来核对或者推出原文。"
# What of it stays in the trail, and what that still tells.
STAYS = {
    DataKind.CONTACTS: SALT_GONE,
    DataKind.RATINGS: SALT_GONE,
    DataKind.VISITS: SALT_GONE,
    DataKind.SIGN_INS: "办理记录未作任何改动；其中工作人员登录、退出的姓名和时间不在清除范围，长期保存。",
}


def make_certificate(act: Act, erasure: Erasure, entry: Entry) -> Paper:
    """Issue the certificate of what `entry` has just written down."""
    return make_paper(
        act,
        erasure.cycle,
        KIND,
        f"{erasure.unit.name}数据清除证明",
        body=text_of(erasure, act, entry),
        data={"entry": entry.pk, "erasure": erasure.reference},
        subject=erasure.reference,
        step=6,
    )


def text_of(erasure: Erasure, act: Act, entry: Entry) -> str:
    """The certificate's text."""
    beside = "全部年度" if erasure.of == DataKind.SIGN_INS else "项目库"
    year = f"{erasure.cycle}" if erasure.cycle else f"{erasure.unit.name}{beside}"
    about = f"“{erasure.proposal.title}”一件" if erasure.proposal else ""
    at = localtime(entry.at)
    rotated = out_of_backups_on(at.date())
    return "\n".join(
        (
            f"证明编号：{erasure.number}。",
            f"清除范围：{year}{about}。",
            f"清除种类：{erasure.get_of_display()}——{WHAT[DataKind(erasure.of)]}。",
            f"清除件数：{erasure.rows}件。",
            f"期限和依据：{erasure.term}；{in_words(erasure.due_on)}起可以清除。",
            f"清除提出人：{_asker(erasure)}（{in_words(erasure.asked_on)}）。",
            f"{'清除办理人' if erasure.asked_by is None else '清除确认人'}：{_named(act.person, act.office, erasure)}"
            f"（{in_words(at)}{at:%H:%M}）。",
            f"办理记录：第{entry.pk}条，所载种类、件数、证明编号与本证明一致，可以凭编号查对。",
            f"以上内容已从系统中清除。{STAYS[DataKind(erasure.of)]}",
            f"清除前所作备份中的副本，最迟于{in_words(rotated)}随备份轮换删除；另存他处的备份须另行销毁。",
        )
    )


def _asker(erasure: Erasure) -> str:
    return erasure.asked_by.name if erasure.asked_by else "意见建议提出人本人（凭查询码申请）"


def _named(person: User, office: str, erasure: Erasure) -> str:
    return f"{person.name}（{registry.title_of(office, erasure.unit)}）"


def agrees(paper: Paper, erasure: Erasure, entry: Entry) -> bool:
    """Whether certificate, record and entry say the same; the entry is what cannot have been changed."""
    body: dict[str, Any] = json.loads(entry.body)
    after = body["after"]
    told = (after.get("number"), after.get("rows"), after.get("of"))
    return (
        body["action"] == "erasure.carry_out"
        and body["subject"] == erasure.reference == paper.data.get("erasure")
        and paper.data.get("entry") == entry.pk == erasure.entry_id
        and told == (erasure.number, erasure.rows, erasure.of)
        and f"清除件数：{after['rows']}件。" in paper.body
    )
