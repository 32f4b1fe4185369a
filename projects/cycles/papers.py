"""The papers of the file: their kinds, and the one way to make and publish one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from projects.cycles.models import Attachment, Cycle, Paper
from workflow.audit.chain import canonical
from workflow.audit.models import Entry
from workflow.audit.services import Act
from workflow.flows.services import is_return
from workflow.people.models import User
from workflow.people.wording import worded

KINDS = {
    "scheme": _("年度实施方案"),
    "minutes": _("会议纪要"),
    "call": _("征集公告"),
    "collection_summary": _("征集汇总表"),
    "appraisal": _("论证意见"),
    "draft_list": _("候选项目建议方案"),
    "public_notice": _("公示"),
    "request": _("请示"),
    "reply": _("批复"),
    "candidate_table": _("候选项目汇总表"),
    "bill": _("议案"),
    "funds_note": _("资金安排说明"),
    "budget_table": _("预算草案对应表"),
    "convening": _("会议通知"),
    "session_proposal": _("召集临时会议的代表提议"),
    "readiness": _("程序体检表"),
    "materials": _("会议材料"),
    "agenda": _("会议议程"),
    "explanation": _("候选项目形成过程及基本情况的报告"),
    "training": _("代表培训记录"),
    "visits": _("走访视察记录"),
    "method": _("票决办法"),
    "tellers": _("监票人名单"),
    "trackers": _("电子票回执清单"),
    "tally_report": _("计票结果报告单"),
    "vote_decision": _("主席团关于票决结果的决定"),
    "resolution_draft": _("决议（草案）"),
    "resolution": _("决议"),
    "announcement": _("公告"),
    "opinions": _("审议意见交办单"),
    "opinions_reply": _("审议意见研究处理情况报告"),
    "filing": _("备案报告"),
    "assignment": _("交办单"),
    "progress_summary": _("实施进度汇总"),
    "special_report": _("专项工作报告"),
    "written_answer": _("书面答复"),
    "audit_report": _("审计报告"),
    "acceptance": _("验收材料"),
    "completion_report": _("完成情况报告"),
    "presidium_report": _("主席团工作报告"),
    "measurement": _("满意度测评结果"),
    "rectification": _("整改报告"),
    "circular": _("通报"),
    "account": _("明白账"),
    "transfer_list": _("移交清单"),
    "look_back": _("回头看记录"),
    "erasure_certificate": _("数据清除证明"),
    "change_notice": _("项目调整公告"),
    "demo_note": _("演示数据说明"),
}


def make_paper(
    act: Act,
    cycle: Cycle | None,
    kind: str,
    title: str,
    *,
    body: str = "",
    number: str = "",
    data: dict[str, Any] | None = None,
    subject: str = "",
    step: int | None = None,
    publish: bool = False,
) -> Paper:
    """Put a paper into the year's file. kind: a code of KINDS; publish: anybody may read it from now on.

    cycle: None for a paper of no year, which names its subject and step itself.
    title: in the words of the hall; a name in it stands in “” and stays as it is. Whom its maker stood in for stands in
    the paper's data as `made_for`.
    """
    if kind not in KINDS:
        raise KeyError(kind)
    return Paper.objects.create(
        unit=act.unit,
        cycle=cycle,
        kind=kind,
        step=step or (cycle.step if cycle else None),
        subject=subject or (cycle.reference if cycle else ""),
        number=number,
        title=worded(title, act.unit)[:200],
        body=body,
        data={**(data or {}), **({"made_for": act.stands_for} if act.stands_for else {})},
        made_on=act.on,
        made_by=act.actor,
        published_at=act.at if publish else None,
    )


def digest_of(paper: Paper) -> str:
    """SHA-256 in hex of what a paper says: the canonical JSON (RFC 8785) of its kind, title, body and data."""
    said = {"kind": paper.kind, "title": paper.title, "body": paper.body, "data": paper.data}
    return hashlib.sha256(canonical(said).encode()).hexdigest()


def maker_of(paper: Paper) -> str:
    """Who made a paper, and for whom where that was a stand-in (代办); empty for the system's own."""
    if paper.made_by is None:
        return ""
    if "made_for" not in paper.data:
        return paper.made_by.name
    holder = User.objects.filter(username=paper.data["made_for"]).first()
    name = holder.name if holder else paper.data["made_for"]
    return gettext("%(who)s（代%(name)s）") % {"who": paper.made_by.name, "name": name}


def take_out(cycle: Cycle, kind: str, done: Entry, *, subject: str = "") -> None:
    """Take the paper an act made out of the file again, when the act itself is taken back (取回); never published ones.

    done: the act's entry; the trail keeps that there was one. subject: whose paper it is, where not the act's own. What
    was attached to it goes too.
    """
    made = Paper.objects.filter(
        cycle=cycle,
        kind=kind,
        subject=subject or done.subject,
        made_by=done.actor,
        made_on=localdate(done.at),
    )
    last = made.filter(published_at=None).order_by("-pk").first()
    if last:
        detach(last.reference, done)
        last.delete()


def taking_out(*kinds: str) -> Callable[..., None]:
    """The counter-act of a step on a year that leaves papers of these kinds and nothing else; a return left none."""

    def undo(act: Act, cycle: Cycle, *, done: Entry, reason: str) -> None:
        if not is_return(done):
            for kind in kinds:
                take_out(cycle, kind, done)

    return undo


def detach(subject: str, done: Entry) -> None:
    """Remove the files an act kept with a record, when the act is taken back; the trail keeps their digests."""
    for kept in Attachment.objects.filter(subject=subject, added_at=done.at):
        name = str(kept.file.name)
        kept.delete()
        transaction.on_commit(partial(default_storage.delete, name))


def attach(act: Act, subject: str, upload: UploadedFile, *, public: bool = False) -> Attachment:
    """Keep an uploaded file with a record; the digest of what was stored is what the trail names."""
    import secrets

    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    return Attachment.objects.create(
        unit=act.unit,
        subject=subject,
        file=UploadedFile(upload.file, secrets.token_hex(16), size=upload.size),
        name=(upload.name or "")[:200],
        size=upload.size or 0,
        sha256=digest.hexdigest(),
        public=public,
        added_at=act.at,
    )
