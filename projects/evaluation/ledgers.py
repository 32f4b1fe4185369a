"""The registers that go into the dossier beside the papers: every record of the year as a table, step by step.

No contact of a proposer, no query code and nobody's ballot is in any of them. Money in 元 with two decimals.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count
from django.utils.timezone import localtime

from projects.ballots.models import Vote, VoteState
from projects.collection.models import Proposal
from projects.cycles.models import Cycle, CycleSession, RollLine
from projects.deliberation.models import AddedMatter, Question, Withdrawal
from projects.deliberation.selectors import changes_of
from projects.evaluation import selectors
from projects.evaluation.models import Review
from projects.selection.models import Appraisal, Exclusion, Item, Notice, Objection, Screening, Source
from projects.supervision.models import (
    ANSWER_FORMS,
    Audit,
    Change,
    Contract,
    Finding,
    Inquiry,
    Inspection,
    Interpellation,
    Payment,
    Plan,
    Progress,
    Project,
)
from projects.supervision.rules import LIGHT_WORDS
from projects.supervision.selectors import light_shown
from projects.voting.selectors import opinions_of
from workflow.audit.exporters.cells import guarded
from workflow.flows.models import Meeting
from workflow.roles import registry

Row = Sequence[Any]


@dataclass(frozen=True)
class Ledger:
    """One register. step: 1–6; rows: cycle → rows in the order of the columns.

    of: the kind of record it has a line of each of, "" where its lines are no records. keeping: the class it is kept by
    (`cycles.keeping`).
    """

    step: int
    title: str
    columns: tuple[str, ...]
    rows: Callable[[Cycle], Iterable[Row]]
    of: str = ""
    keeping: str = "business"


def as_csv(columns: Row, rows: Iterable[Row]) -> bytes:
    """UTF-8 with BOM, CRLF; see `cells.guarded` for what gets a ' before it, numbers stay numbers."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, int):
        return value
    return guarded(_text(value))


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{localtime(value):%Y-%m-%d %H:%M}"
    return value.isoformat() if isinstance(value, date) else str(value)


def _yuan(fen: int | None) -> str:
    if fen is None:
        return ""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def _proposals(cycle: Cycle) -> Iterator[Row]:
    for p in Proposal.objects.filter(cycle=cycle).select_related("village"):
        kind, outcome = p.get_proposer_kind_display(), p.get_outcome_display()
        yield (
            p.pk, p.received_at, p.title, p.content, p.category, p.place, _yuan(p.estimate_fen), kind, p.channel,
            p.village, p.get_state_display(), outcome, p.outcome_words,
        )  # fmt: skip


def _sources(cycle: Cycle) -> Iterator[Row]:
    for s in (
        Source.objects.filter(item__cycle=cycle)
        .select_related("item", "proposal")
        .order_by("item__number", "pk")
    ):
        yield s.item.number, s.item.title, s.proposal_id, s.proposal.title


def _items(cycle: Cycle) -> Iterator[Row]:
    for i in Item.objects.filter(cycle=cycle).select_related("department"):
        yield (
            i.number, i.title, i.content, i.category, i.place, i.beneficiaries, _yuan(i.investment_fen),
            i.department, i.finish_by, i.target, i.support, i.get_state_display(), i.decision_reason,
        )  # fmt: skip


def _screenings(cycle: Cycle) -> Iterator[Row]:
    for s in (
        Screening.objects.filter(item__cycle=cycle).select_related("item").order_by("item__number", "pk")
    ):
        yield s.item.number, s.item.title, s.rule, s.get_verdict_display(), s.evidence


def _appraisals(cycle: Cycle) -> Iterator[Row]:
    found = Appraisal.objects.filter(item__cycle=cycle).select_related("item").order_by("item__number", "pk")
    for a in found:
        yield a.item.number, a.item.title, a.get_kind_display(), a.get_opinion_display(), a.words, a.on


def _objections(cycle: Cycle) -> Iterator[Row]:
    for o in Objection.objects.filter(notice__cycle=cycle).select_related("item", "notice").order_by("pk"):
        yield o.notice.round, o.item, o.words, o.raised_at, o.get_state_display(), o.answer, o.changes_list


def _exclusions(step: int) -> Callable[[Cycle], Iterator[Row]]:
    """Those decided in a step. What came back onto the list stands in none of them."""

    def rows(cycle: Cycle) -> Iterator[Row]:
        for e in Exclusion.objects.filter(cycle=cycle).prefetch_related("items").order_by("on", "pk"):
            if e.step != step:
                continue
            left = [f"{item.number}. {item.title}（{item.excluded_because}）" for item in e.items.all()]
            yield e.get_stage_display(), e.on, "；".join(left), e.get_state_display()

    return rows


def _notices(cycle: Cycle) -> Iterator[Row]:
    for n in Notice.objects.filter(cycle=cycle).annotate(listed=Count("items")).order_by("round"):
        yield n.round, n.from_on, n.to_on, n.listed, n.get_state_display()


def _opinions(cycle: Cycle) -> Iterator[Row]:
    for o in opinions_of(cycle):
        yield o.delegation.name, o.item.title if o.item else "总体", o.words, o.reply


def _questions(cycle: Cycle) -> Iterator[Row]:
    found = Question.objects.filter(cycle=cycle).select_related("session__unit", "item", "department", "by")
    for q in found.order_by("pk"):
        yield (
            q.session, q.item.title if q.item else "", q.by.name, q.department.name, q.words, q.get_state_display(),
            q.answer,
        )  # fmt: skip


def _withdrawals(cycle: Cycle) -> Iterator[Row]:
    for w in Withdrawal.objects.filter(item__cycle=cycle).select_related("item").order_by("pk"):
        yield w.item.number, w.item.title, w.reason, w.get_state_display()


def _matters(cycle: Cycle) -> Iterator[Row]:
    found = AddedMatter.objects.filter(cycle=cycle).select_related("item").prefetch_related("movers")
    for m in found.order_by("pk"):
        movers = names_of(m.movers.all())
        yield (
            m.title, m.content, movers, len(m.movers.all()), m.get_state_display(), m.item.number if m.item else "",
        )  # fmt: skip


def names_of(people: Iterable[Any]) -> str:
    """Their names, in one order always."""
    return "、".join(one.name for one in sorted(people, key=lambda one: one.pk))


def _attendance(*uses: str) -> Callable[[Cycle], Iterator[Row]]:
    def rows(cycle: Cycle) -> Iterator[Row]:
        sessions = cycle.uses.filter(use__in=uses).values("session_id")
        found = RollLine.objects.filter(session_id__in=sessions).select_related("session__unit", "delegation")
        for line in found.order_by("session__held_on", "pk"):
            yield (
                line.session,
                line.name,
                line.delegation,
                line.get_presence_display(),
                line.arrived_at,
                "；".join(change.sentence for change in changes_of(line)),
            )

    return rows


def _votes(cycle: Cycle) -> Iterator[Row]:
    signed = (VoteState.CERTIFIED, VoteState.DECLARED)
    for v in Vote.objects.filter(about_reference=cycle.reference).order_by("pk"):
        figures = v.figures if v.state in signed else {}
        yield (
            v.pk, v.get_purpose_display(), v.title, v.get_state_display(), v.deputies_in_office, v.deputies_present,
            v.on_leave, v.issued, v.returned, figures.get("valid"), figures.get("invalid"), v.void_reason,
        )  # fmt: skip


def _tallies(cycle: Cycle) -> Iterator[Row]:
    signed = Vote.objects.filter(
        about_reference=cycle.reference, state__in=(VoteState.CERTIFIED, VoteState.DECLARED)
    )
    for vote in signed.order_by("pk"):
        sums = vote.figures.get("sums", {})
        for option in vote.options.all():
            line = sums.get(option.title, {})
            marks = (line.get(mark) for mark in ("for", "abstain", "against", "not_pressed", "points"))
            yield vote.pk, vote.title, option.position, option.title, *marks


def _signatures(cycle: Cycle) -> Iterator[Row]:
    for vote in Vote.objects.filter(about_reference=cycle.reference).order_by("pk"):
        for signature in vote.signatures.select_related("by").order_by("pk"):
            yield (
                vote.pk,
                vote.title,
                registry.title_of(signature.office),
                signature.by.name,
                signature.at,
                signature.digest,
            )


def _projects(cycle: Cycle) -> Iterator[Row]:
    for p in Project.objects.filter(cycle=cycle).select_related("department", "group"):
        light = light_shown(p)
        yield (
            p.number, p.title, p.content, p.place, p.target, p.department, p.leader, p.group, p.votes,
            _yuan(p.budget_fen), _yuan(p.funded_fen), _yuan(p.invested_fen), p.finish_by, p.percent,
            light.words, light.note, p.completed_on, p.accepted_on, p.get_state_display(),
        )  # fmt: skip


def _progress(cycle: Cycle) -> Iterator[Row]:
    found = Progress.objects.filter(project__cycle=cycle).select_related("project")
    for r in found.order_by("project__number", "period"):
        yield (
            r.project.number, r.project.title, r.period, r.on, r.percent, r.expected, _yuan(r.invested_fen),
            _yuan(r.funded_fen), LIGHT_WORDS[r.light], r.problems,
        )  # fmt: skip


def _contracts(cycle: Cycle) -> Iterator[Row]:
    for plan in _of_projects(Plan, cycle).exclude(no_tender="").order_by("project__number"):
        yield plan.project.number, plan.project.title, "不招标", "", "", "", "", plan.no_tender
    for c in _of_projects(Contract, cycle).order_by("project__number", "signed_on", "pk"):
        kind = c.get_kind_display()
        yield (
            c.project.number,
            c.project.title,
            kind,
            c.number,
            c.party,
            _yuan(c.amount_fen),
            c.signed_on,
            c.words,
        )


def _payments(cycle: Cycle) -> Iterator[Row]:
    for p in _of_projects(Payment, cycle).order_by("project__number", "paid_on", "pk"):
        source = p.get_source_display()
        yield (
            p.project.number, p.project.title, source, _yuan(p.amount_fen), p.paid_on, p.party, p.number, p.words,
        )  # fmt: skip


def _of_projects(model: Any, cycle: Cycle) -> Any:
    return model.objects.filter(project__cycle=cycle).select_related("project")


def _inspections(cycle: Cycle) -> Iterator[Row]:
    for i in _of_projects(Inspection, cycle).select_related("by").order_by("on", "pk"):
        yield i.project.number, i.project.title, i.on, i.place, i.words, i.by.name


def _findings(cycle: Cycle) -> Iterator[Row]:
    for f in _of_projects(Finding, cycle).order_by("raised_on", "pk"):
        yield (
            f.project.number, f.project.title, f.words, f.raised_on, f.measures, f.responsible, f.fix_by, f.remedy,
            f.tries, f.get_state_display(),
        )  # fmt: skip


def _audits(cycle: Cycle) -> Iterator[Row]:
    for a in _of_projects(Audit, cycle).order_by("received_on", "pk"):
        yield a.project.number, a.project.title, a.number, a.title, a.received_on, a.get_state_display()


def _inquiries(cycle: Cycle) -> Iterator[Row]:
    for i in Inquiry.objects.filter(cycle=cycle).select_related("department").order_by("asked_on", "pk"):
        yield i.department, i.words, i.asked_on, i.tries, i.get_state_display(), i.answer


def _changes(cycle: Cycle) -> Iterator[Row]:
    for c in _of_projects(Change, cycle).order_by("asked_on", "pk"):
        yield (
            c.project.number,
            c.project.title,
            c.get_what_display(),
            c.reason,
            c.asked_on,
            c.get_state_display(),
        )


def _interpellations(cycle: Cycle) -> Iterator[Row]:
    forms = dict(ANSWER_FORMS)
    found = Interpellation.objects.filter(cycle=cycle).select_related("project", "department")
    for i in found.prefetch_related("movers").order_by("pk"):
        yield (
            i.project, i.words, names_of(i.movers.all()), i.department, i.get_state_display(), forms.get(i.form, ""),
            i.answer,
        )  # fmt: skip


def _ratings(cycle: Cycle) -> Iterator[Row]:
    for line in selectors.ratings_of(cycle):
        m = line.marks
        yield (
            line.project.number,
            line.project.title,
            line.rating.sample,
            m.satisfied,
            m.basically,
            m.dissatisfied,
            line.rate,
        )


def _reviews(cycle: Cycle) -> Iterator[Row]:
    titles = selectors.dimensions_of(cycle)
    for r in (
        Review.objects.filter(project__cycle=cycle)
        .select_related("project", "by")
        .order_by("project__number", "pk")
    ):
        marks = "；".join(f"{title} {r.marks.get(code)}" for code, (title, _weight) in titles.items())
        yield r.project.number, r.project.title, marks, r.words, r.by.name, r.on


def _measurements(cycle: Cycle) -> Iterator[Row]:
    for m in selectors.measurement_table(cycle):
        marks = (m.marks.satisfied, m.marks.basically, m.marks.dissatisfied, m.unmarked)
        yield (
            m.project.number,
            m.project.title,
            m.round,
            *marks,
            m.base,
            m.rate,
            m.verdict_label,
            m.reason,
            m.remedy,
        )


def _rectifications(cycle: Cycle) -> Iterator[Row]:
    for r in selectors.rectifications(cycle):
        project, again = r.failed.project, r.again
        yield (
            project.number, project.title, r.failed.round, r.failed.reason, project.department, r.due_on, r.failed.remedy,
            r.reported_on, r.number, r.measured_on, again.rate if again else "", again.verdict_label if again else "",
            r.failed.state,
        )  # fmt: skip


def body_of(cycle: Cycle, code: str) -> str:
    """What the township calls a deciding body."""
    return cycle.rules.words.get(code, "") or registry.title_of(code)


def _meetings(step: int) -> Callable[[Cycle], Iterator[Row]]:
    def rows(cycle: Cycle) -> Iterator[Row]:
        found = Meeting.objects.filter(about=cycle.reference, task__deadline__step=step).order_by(
            "held_on", "pk"
        )
        for m in found:
            votes = (m.votes_for, m.votes_against, m.votes_abstain)
            yield (
                m.held_on,
                m.title,
                body_of(cycle, m.body),
                m.members,
                m.present,
                *votes,
                m.agreed,
                m.minutes,
            )

    return rows


MEETING = ("日期", "议题", "会议", "组成人员", "出席", "赞成", "反对", "弃权", "通过", "纪要")
ATTENDANCE = ("会议", "姓名", "代表团", "出席情况", "到会时间", "名册变动")
OF_PROJECT = ("编号", "项目名称")
EXCLUDED = ("环节", "决定日期", "未列入的项目和理由", "状态")
Use = CycleSession.Use

LEDGERS = (
    Ledger(1, "征集台账", ("序号", "收到时间", "项目名称", "内容", "类别", "地点", "投资估算（元）", "提出人类别", "渠道",
                       "村（社区）", "状态", "去向", "答复"), _proposals, "proposal"),
    Ledger(2, "归并表", ("归并项序号", "归并项", "意见建议序号", "意见建议"), _sources),
    Ledger(2, "候选项目台账", ("序号", "项目名称", "建设内容", "类别", "地点", "受益范围", "总投资（元）", "责任单位", "完成时限",
                         "年度目标", "民意", "状态", "理由"), _items, "item"),
    Ledger(2, "资格筛查表", ("序号", "项目名称", "规则", "结论", "依据"), _screenings),
    Ledger(2, "论证意见表", ("序号", "项目名称", "论证", "意见", "说明", "日期"), _appraisals),
    Ledger(2, "未列入决定台账", EXCLUDED, _exclusions(2), "exclusion"),
    Ledger(2, "公示台账", ("公示轮次", "公示开始", "公示截止", "项目数", "状态"), _notices, "notice"),
    Ledger(2, "公示异议台账", ("公示轮次", "项目", "异议", "收到时间", "状态", "答复", "改变名单"), _objections, "objection"),
    Ledger(3, "未列入会议议程决定台账", EXCLUDED, _exclusions(3), "exclusion"),
    Ledger(3, "代表联名提出项目台账", ("项目名称", "项目内容和理由", "联名代表", "人数", "状态", "候选项目序号"), _matters,
           "matter"),
    Ledger(3, "审议意见台账", ("代表团", "项目", "审议意见", "研究处理情况"), _opinions),
    Ledger(3, "询问答复台账", ("会议", "项目", "询问人", "被询问单位", "询问内容", "状态", "答复"), _questions, "question"),
    Ledger(3, "撤回候选项目台账", ("候选项目序号", "项目名称", "撤回理由", "状态"), _withdrawals, "withdrawal"),
    Ledger(4, "代表出席名册", ATTENDANCE, _attendance(Use.VOTE), keeping="decisions"),
    Ledger(4, "表决记录表", ("表决", "种类", "标题", "状态", "应到", "实到", "请假", "发出", "收回", "有效", "无效", "无效的理由"),
           _votes, "vote", "decisions"),
    Ledger(4, "逐项计票表", ("表决", "标题", "票面序号", "项目", "赞成（满意）", "弃权（基本满意）", "反对（不满意）", "未按（未作评价）",
                       "得分"), _tallies, keeping="decisions"),
    Ledger(4, "签字表", ("表决", "标题", "职务", "签字人", "时间", "签字内容摘要（SHA-256）"), _signatures, keeping="decisions"),
    Ledger(5, "项目台账", (*OF_PROJECT, "建设内容", "地点", "年度目标", "责任单位", "责任领导", "监督小组", "得票", "总投资（元）",
                       "资金到位（元）", "完成投资（元）", "完成时限", "形象进度（%）", "亮灯", "亮灯说明", "完工日期", "验收日期",
                       "状态"), _projects, "project"),
    Ledger(5, "进度报告台账", (*OF_PROJECT, "报告期", "日期", "形象进度（%）", "应达进度（%）", "完成投资（元）", "资金到位（元）",
                         "亮灯", "存在问题"), _progress),
    Ledger(5, "招标合同结算台账", (*OF_PROJECT, "类型", "编号", "对方单位", "金额（元）", "日期", "说明"), _contracts),
    Ledger(5, "付款台账", (*OF_PROJECT, "资金来源", "金额（元）", "付款日期", "对方单位", "凭证号", "说明"), _payments),
    Ledger(5, "审计报告台账", (*OF_PROJECT, "审计文号", "报告名称", "收到日期", "状态"), _audits, "audit"),
    Ledger(5, "代表视察台账", (*OF_PROJECT, "日期", "地点", "察看情况", "视察人"), _inspections),
    Ledger(5, "问题整改台账", (*OF_PROJECT, "问题", "提出日期", "整改措施", "责任人", "整改期限", "整改情况", "退回次数", "状态"),
           _findings, "finding"),
    Ledger(5, "项目调整台账", (*OF_PROJECT, "事项", "理由", "提出日期", "状态"), _changes, "change"),
    Ledger(5, "书面询问台账", ("被询问单位", "询问内容", "日期", "退回次数", "状态", "书面答复"), _inquiries, "inquiry"),
    Ledger(5, "质询案台账", ("项目", "质询内容", "联名代表", "受质询机关", "状态", "答复形式", "答复"), _interpellations,
           "interpellation"),
    Ledger(6, "群众评价表", (*OF_PROJECT, "样本", "满意", "基本满意", "不满意", "满意率"), _ratings),
    Ledger(6, "代表评议表", (*OF_PROJECT, "各维度得分", "评议意见", "评议人", "日期"), _reviews),
    Ledger(6, "代表出席名册", ATTENDANCE, _attendance(Use.EVALUATION, Use.REMEASURE), keeping="decisions"),
    Ledger(6, "满意度测评表", (*OF_PROJECT, "轮次", "满意", "基本满意", "不满意", "未作评价", "基数", "满意率", "结论", "依据", "整改"),
           _measurements, "measurement", "decisions"),
    Ledger(6, "测评后整改台账", (*OF_PROJECT, "未达标轮次", "存在问题", "责任单位", "整改期限", "整改措施和结果", "整改报告日期", "文号",
                          "再次测评日期", "再次测评满意率", "再次测评结论", "状态"), _rectifications),
    *(Ledger(step, "会议记录表", MEETING, _meetings(step)) for step in range(1, 7)),
)  # fmt: skip
