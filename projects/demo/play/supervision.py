"""Step 5 as a township lives it: plans, reports, visits, findings and acceptance, driven by what is open on a day.

Every project follows one course: "steady", "behind" (yellow for a while, sent back once at acceptance), "stalled"
(red in summer, then caught up) or "unfinished" (not done by the year's end). Nothing is drawn by chance. A minor change
moves some points of the first project that has many; an expert the township knows joins the group of the first works.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, cast

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw

import projects.supervision.events  # noqa: F401  registers what offices do of their own accord
from projects.cycles.models import Cycle
from projects.demo.cast import Township
from projects.demo.kinds import kind_of, matter_in
from projects.demo.play.stage import Strand, meeting, moment, planned
from projects.supervision import rules
from projects.supervision.building import obstacles_to_accepting
from projects.supervision.duties import open_due_reports
from projects.supervision.inviting import EXPERT
from projects.supervision.models import (
    Audit,
    Change,
    ChangeGrade,
    ChangeKind,
    Contract,
    Finding,
    Inspection,
    Payment,
    Project,
    ProjectState,
)
from projects.supervision.selectors import adding_up_with, expected_of, paid_from, projects_of, rectified_by
from workflow.calendar.workdays import next_working_day
from workflow.flows.events import perform
from workflow.flows.models import Deadline
from workflow.flows.money import FEN_PER_WAN
from workflow.flows.services import complete, send_back
from workflow.people.models import Unit, User
from workflow.roles.models import RoleGrant

USUAL: dict[int, str] = {2: "behind", 4: "stalled", 6: "unfinished"}
LEADERS = ("副镇长（分管农业农村）", "副镇长（分管城乡建设）", "副镇长（分管社会事务）", "党委委员、副镇长")
GROUP_SIZE = 3
BUILDER = "示范县恒立建设有限公司"
AUDITED = "finance"  # the office that registers what an audit found
# Days between a task's opening and its being done; other tasks are done on the next day looked at.
PACE = {
    "supervision.hand_over": 3,
    "supervision.plan": 16,
    "supervision.confirm_plan": 2,
    "supervision.review_plan": 3,
    "supervision.groups": 10,
    "supervision.progress": 2,
    "supervision.red_light": 4,
    "supervision.inspect": 70,
    "supervision.plan_rectify": 3,
    "supervision.rectify": 14,
    "supervision.recheck": 5,
    "supervision.special_report": 5,
    "supervision.department_answer": 6,
    "supervision.mayor_answer": 6,
    "supervision.accept_answer": 8,
    "supervision.agree_acceptance": 5,
    "supervision.settlement": 4,
    "supervision.audit": 3,
    "supervision.classify_change": 5,
    "supervision.announce_change": 2,
}
# Days of work on a project before an expert is invited, from there to the visit, and before a minor change is asked for.
INVITED, VISITED, ASKED = 20, 14, 40
# In fen: works below are bought without a tender.
SMALL = 60_000_000
# Days from the plan to the first contract at the earliest, between nodes at least, and from the tender to the contract.
IN_FORCE, NODES_APART, TENDERED_BEFORE = 30, 5, 10
MATTERS = 2  # of a meeting on several
# Days from the settlement to the audit office's report; month and day from which a report names no problem any more.
REPORTED, AUDITED_IN_TIME = 6, (11, 10)
# Words in a title that tell works an expert looks at, and a project of many points.
WORKS = ("桥", "道路", "公路", "硬化", "排水", "管网", "渠", "护岸", "加固", "教学楼", "护理院")
POINTS = ("视频监控", "路灯", "亮化", "红绿灯", "候车亭", "收集点", "公共厕所", "消防站")
# What an expert and an audit raise, whatever the works are.
FINDINGS = {
    EXPERT: "进场材料只有合格证，没有按批次送检的检测报告。",
    AUDITED: "一份工程变更单没有监理单位签字，结算资料未及时归档。",
}
MEASURES = {
    EXPERT: "对已进场材料取样送检，检测合格前不得使用；此后按批次送检，报告存档备查。",
    AUDITED: "由监理单位核对后补签变更单，结算资料一周内整理归档，财政所核对。",
}
REMEDIES = {
    AUDITED: "变更单已由监理单位核对补签，结算资料已全部归档，目录随附。",
    EXPERT: "已取样送检，检测结果全部合格，检测报告随附；监理单位已建立材料进场台账。",
}


def supervision(
    town: Township, cycle: Cycle, *, until: date, outcomes: Mapping[int, str] | None = None
) -> Strand:
    """Live the year's projects up to a day, saying before each day when it begins.

    outcomes: project number → course, the usual mix where left out. May be called again with a later day; what has
    been done stays done.
    """
    play = Supervision(town, cycle, dict(outcomes or USUAL))
    for day in play.days(until):
        yield planned(day, 10)
        play.live(day)


@dataclass
class Supervision:
    """One year's step 5 on stage."""

    town: Township
    cycle: Cycle
    outcomes: dict[int, str]
    swept: set[tuple[int, int]] = field(default_factory=set)

    def days(self, until: date) -> Iterator[date]:
        """Four working days of every month, from the first task to the day asked for."""
        first = Deadline.objects.filter(about=self.cycle.reference, step=5).order_by("opened_on").first()
        if first is None:
            return
        month = first.opened_on.replace(day=1)
        while month <= until:
            for n in (3, 9, 16, 24):
                day = next_working_day(month.replace(day=n))
                if first.opened_on <= day <= until:
                    yield day
            month = (month + timedelta(days=32)).replace(day=1)

    def live(self, day: date) -> None:
        """Do everything whose time has come."""
        if (day.year, day.month) not in self.swept:
            self.swept.add((day.year, day.month))
            open_due_reports(moment(day, 10), cycle=self.cycle)
        done = True
        while done:
            done = sum(self.turn(task, day) for task in self.open(day)) > 0
        for unasked in (self.invite, self.advise, self.ask_change, self.receive_audit):
            unasked(day)

    def open(self, day: date) -> list[Deadline]:
        """Open tasks of step 5 whose time has come, in the order they were opened."""
        tasks = Deadline.objects.filter(
            about=self.cycle.reference, step=5, done_at=None, cancelled=False, opened_on__lte=day
        )
        return [
            task
            for task in tasks.select_related("seat").order_by("pk")
            if task.opened_on + timedelta(days=PACE.get(task.key, 0)) <= day
        ]

    def turn(self, task: Deadline, day: date) -> bool:
        """Do one task where it has a part in the play; False when it waits."""
        part: Callable[[Deadline, date], bool] | None = getattr(self, task.key.partition(".")[2], None)
        return bool(part and part(task, day))

    def do(self, task: Deadline, actor: User, day: date, **data: Any) -> bool:
        complete(task.task_id, actor=actor, data=data, at=moment(day, 10))
        return True

    # Who and what

    def project(self, task: Deadline) -> Project:
        kind, _, number = task.subject.partition(":")
        wanted = Project.objects.select_related("cycle__unit", "department", "group", "unit", "plan")
        held_by = {Finding.kind: "findings", Change.kind: "changes", Audit.kind: "audits"}.get(kind, "pk")
        return wanted.get(**{held_by: int(number)})

    def course(self, project: Project) -> str:
        return self.outcomes.get(project.number, "steady")

    def clerk_of(self, project: Project) -> User:
        return self.town.department_clerk(department_of(project))

    def raised_by_course(self, finding: Finding) -> bool:
        """Whether the deputies met it on the project's course, else it is the expert's or the audit's."""
        return finding.raised_as not in (EXPERT, AUDITED)

    def measures_for(self, finding: Finding) -> str:
        if self.raised_by_course(finding):
            return kind_of(finding.project.title).measures[self.course(finding.project)]
        return MEASURES[finding.raised_as]

    def remedy_for(self, finding: Finding) -> str:
        if self.raised_by_course(finding):
            return kind_of(finding.project.title).remedies[self.course(finding.project)]
        return REMEDIES[finding.raised_as]

    def built_for(self, days: int, day: date, words: tuple[str, ...]) -> Project | None:
        """The first project with one of these words in its title, once it has been built for so many days."""
        for project in projects_of(self.cycle):
            if any(word in matter_in(project.title) for word in words):
                since = project.building_since
                begun = since is not None and since + timedelta(days=days) <= day
                return project if begun and project.state == ProjectState.BUILDING else None
        return None

    def group_of(self, project: Project) -> list[User]:
        deputies = self.town.deputies
        size = max(self.cycle.rules.group_min, min(GROUP_SIZE, self.cycle.rules.group_max))
        first = 7 + (project.number - 1) * size
        return [deputies[(first + n) % len(deputies)] for n in range(size)]

    def presidium(self, day: date, **more: Any) -> dict[str, Any]:
        return meeting(self.town.people["presidium"], day, **more)

    # The year's tasks

    def hand_over(self, task: Deadline, day: date) -> bool:
        rows = {
            f"leader_{p.pk}": p.leader or LEADERS[p.number % len(LEADERS)] for p in projects_of(self.cycle)
        }
        missing = {
            f"department_{p.pk}": self.town.departments[p.number % len(self.town.departments)].pk
            for p in projects_of(self.cycle).filter(department=None)
        }
        words = "请责任单位抓紧编制实施计划，明确节点、资金和责任人，按月报告进度。"
        minutes = "会议听取票决结果，决定将入选项目逐项交办，明确责任单位和责任领导。"
        data = self.presidium(day, minutes=minutes) | rows | missing | {"words": words}
        return self.do(task, self.town.of("clerk"), day, **data)

    def groups(self, task: Deadline, day: date) -> bool:
        members = {
            f"members_{p.pk}": [str(user.pk) for user in self.group_of(p)] for p in projects_of(self.cycle)
        }
        minutes = "会议决定为每个项目组建代表监督小组，由小组按季度视察、全程跟踪。"
        return self.do(task, self.town.of("clerk"), day, **(self.presidium(day, minutes=minutes) | members))

    def give_report(self, task: Deadline, day: date) -> bool:
        if day < min(date(self.cycle.year, 7, 9), task.opened_on + timedelta(days=170)):
            return False
        report = "上半年，各项目按实施计划推进，多数项目进度正常，个别项目受天气和用地影响进度滞后。"
        return self.do(task, self.town.of("mayor"), day, report=report)

    def special_report(self, task: Deadline, day: date) -> bool:
        slowest = (
            projects_of(self.cycle).filter(state=ProjectState.BUILDING).order_by("percent", "number").first()
        )
        data = self.presidium(day, minutes="会议听取并讨论了民生实事项目上半年实施情况的专项工作报告。") | {
            "asked_1": "进度滞后的项目何时能够赶上计划？",
            "answering_1": str(slowest.department_id) if slowest else "",
            "asked_2": "项目资金拨付是否及时，有无拖欠？",
        }
        return self.do(task, self.town.of("clerk"), day, **data)

    def department_answer(self, task: Deadline, day: date) -> bool:
        answer = "已逐项制定赶工措施，增派作业班组，十月底前赶上计划。"
        return self.do(task, self.town.department_clerk(task.seat), day, answer=answer)

    def mayor_answer(self, task: Deadline, day: date) -> bool:
        answer = "项目资金列入年度预算，按形象进度拨付，没有拖欠；下半年继续按季公开拨付情况。"
        return self.do(task, self.town.of("mayor"), day, answer=answer)

    def accept_answer(self, task: Deadline, day: date) -> bool:
        minutes = "会议审议了书面答复，认为答复针对问题、措施具体，同意办结。"
        return self.do(task, self.town.of("clerk"), day, **self.presidium(day, minutes=minutes))

    # One project's tasks

    def plan(self, task: Deadline, day: date) -> bool:
        project = self.project(task)
        # Some years vote when the work is nearly due: the plan then begins before it is written down.
        starts = min(day + timedelta(days=20), project.finish_by - timedelta(days=60))
        usual = date(self.cycle.year, 9 + project.number % 3, 26)
        ends = max(starts + timedelta(days=60), usual)
        ends = min(project.finish_by, ends)
        signed = _signed(starts, ends, written=day)
        target = f"{ends.year} 年 {ends.month} 月底前完成“{project.title}”并投入使用"
        return self.do(
            task,
            self.clerk_of(project),
            day,
            **({} if project.target else {"target": target}),
            starts_on=starts.isoformat(),
            finish_by=ends.isoformat(),
            **_bought(project, starts, signed),
            funds="列入年度预算，按合同约定和形象进度分期拨付；不足部分由镇级财力统筹。",
            safeguards="成立工作专班，每周调度；公开施工单位、工期和监督电话，接受群众监督。",
            responsible=f"{department_of(project).name}负责人",
            **_nodes(project, signed, ends),
        )

    def confirm_plan(self, task: Deadline, day: date) -> bool:
        return self.do(task, self.town.of("mayor"), day)

    def review_plan(self, task: Deadline, day: date) -> bool:
        project = self.project(task)
        minutes = f"会议审查“{project.title}”实施计划，同意公布施行。"
        return self.do(task, self.town.of("clerk"), day, **self.presidium(day, minutes=minutes))

    def tender(self, task: Deadline, day: date) -> bool:
        """Decided as planned, registered on the next day looked at."""
        project = self.project(task)
        decided = max(project.plan.tender_by or day, task.opened_on)
        if day < decided:
            return False
        terms = self.terms(project, BUILDER, decided)
        return self.do(task, self.clerk_of(project), day, outcome="held", **terms)

    def contract(self, task: Deadline, day: date) -> bool:
        """Signed as planned, registered on the next day looked at."""
        project = self.project(task)
        signed = max(project.plan.contract_by or day, task.opened_on)
        if day < signed:
            return False
        return self.do(task, self.clerk_of(project), day, **self.terms(project, BUILDER, signed))

    def settlement(self, task: Deadline, day: date) -> bool:
        project = self.project(task)
        terms = self.terms(project, BUILDER, day, share=95) | {"words": "经审核，核减签证重复计价部分。"}
        return self.do(task, self.town.of("finance"), day, **terms)

    def audit(self, task: Deadline, day: date) -> bool:
        """A report that comes in time names a problem, to be put right before the year is judged."""
        body = "项目资金专款专用，拨付与形象进度相符，结算审定金额真实。"
        found = FINDINGS[AUDITED] if day < date(self.cycle.year, *AUDITED_IN_TIME) else ""
        return self.do(task, self.town.of("finance"), day, body=body, issues=found)

    def terms(self, project: Project, party: str, day: date, *, share: int = 96) -> dict[str, str]:
        """A line of the ledger of contracts, some hundredths below the cost decided."""
        return {
            "number": f"{self.cycle.year}-{project.number:02d}",
            "party": party,
            "amount_fen": str((project.budget_fen or 0) * share // 100 // 1_000_000),
            "signed_on": day.isoformat(),
            "words": "",
        }

    def progress(self, task: Deadline, day: date) -> bool:
        project = self.project(task)
        period = rules.period_named(task.task.data["period"])
        expected = expected_of(project, period.last)
        percent = max(project.percent, _reached(self.course(project), expected, period.last))
        behind = expected - percent >= self.cycle.rules.light_yellow_points
        budget = project.budget_fen or 0
        self.pay(project, percent, day)
        return self.do(
            task,
            self.clerk_of(project),
            day,
            percent=percent,
            invested_fen=str(budget * percent * 96 // 10_000 // 1_000_000),
            funded_fen=str(budget * min(100, percent + 15) // 100 // 1_000_000),
            milestones_done=[
                str(m.pk) for m in project.milestones.filter(done_on=None, percent__lte=percent)
            ],
            problems=kind_of(project.title).problems.get(self.course(project), "") if behind else "",
        )

    def pay(self, project: Project, percent: int, day: date) -> None:
        """Nine tenths of what the work has reached, in whole 万元, from each source as it was planned, a fifth at least."""
        signed = sum(adding_up_with(project, Contract.Kind.CONTRACT))
        planned = {source: fen for source, fen in project.item.funding.items() if fen}
        for source, fen in planned.items():
            part = min(fen, signed * fen // sum(planned.values()))
            wanted = part * percent * 9 // 1000 - sum(paid_from(project, source))
            if wanted >= max(part // 5, FEN_PER_WAN):
                data = {
                    "way": "paid",
                    "source": source,
                    "amount_fen": str(wanted // FEN_PER_WAN),
                    "paid_on": day.isoformat(),
                    "party": BUILDER,
                    "number": self.voucher(day),
                }
                finance = self.town.of("finance")
                perform("supervision.pay", project, actor=finance, data=data, at=moment(day, 10))

    def voucher(self, day: date) -> str:
        """The number of a day's next voucher: 记-05-12 is the twelfth of May."""
        month = Payment.objects.filter(unit=self.town.unit, paid_on__year=day.year, paid_on__month=day.month)
        return f"记-{day:%m}-{month.count() + 1:02d}"

    def red_light(self, task: Deadline, day: date) -> bool:
        return self.do(
            task,
            self.town.of("mayor"),
            day,
            measures="约谈责任单位和施工单位，增派作业力量，按周倒排工期；分管领导驻点督办。",
            responsible="分管副镇长",
            back_on=(day + timedelta(days=60)).isoformat(),
        )

    def inspect(self, task: Deadline, day: date) -> bool:
        project = self.project(task)
        course = self.course(project)
        first = not project.findings.exclude(raised_as=EXPERT).exists()
        found = (
            kind_of(project.title).findings[course]
            if first and (course != "steady" or project.number % 3 == 0)
            else ""
        )
        return self.do(
            task,
            self.group_of(project)[0],
            day,
            on=day.isoformat(),
            place=project.place or self.town.unit.name,
            words=f"监督小组到“{project.title}”现场{kind_of(project.title).looked}。",
            findings=found,
        )

    def plan_rectify(self, task: Deadline, day: date) -> bool:
        finding = Finding.objects.get(pk=task.subject.partition(":")[2])
        fix_by = max(day, min(rectified_by(finding) or day, day + timedelta(days=21)))
        return self.do(
            task,
            self.clerk_of(self.project(task)),
            day,
            measures=self.measures_for(finding),
            responsible="责任单位分管负责人",
            fix_by=fix_by.isoformat(),
        )

    def rectify(self, task: Deadline, day: date) -> bool:
        finding = Finding.objects.get(pk=task.subject.partition(":")[2])
        complete(
            task.task_id,
            actor=self.clerk_of(self.project(task)),
            data={"remedy": self.remedy_for(finding)},
            files={"files": [proof()]},
            at=moment(day, 10),
        )
        return True

    def recheck(self, task: Deadline, day: date) -> bool:
        project = self.project(task)
        finding = Finding.objects.get(pk=task.subject.partition(":")[2])
        stalled = self.raised_by_course(finding) and self.course(project) == "stalled"
        back = stalled and finding.tries == 0
        verdict = (
            {"decision": "back", "reason": "作业班组仍未到位，请按承诺落实。"}
            if back
            else {"decision": "close"}
        )
        # What an expert raised is re-checked by the deputies of the group.
        actor = self.group_of(project)[0] if finding.raised_as == EXPERT else finding.raised_by
        return self.do(task, cast(User, actor), day, **verdict)

    def accept(self, task: Deadline, day: date) -> bool:
        project = self.project(task)
        if project.percent < 100 or obstacles_to_accepting(project, moment(day)):
            return False
        return self.do(
            task,
            self.clerk_of(project),
            day,
            completed_on=day.isoformat(),
            materials=kind_of(project.title).handed,
        )

    def agree_acceptance(self, task: Deadline, day: date) -> bool:
        project = self.project(task)
        actor = self.group_of(project)[0]
        before = Deadline.objects.filter(subject=task.subject, key=task.key).exclude(pk=task.pk)
        if self.course(project) == "behind" and not before.exists():
            send_back(
                task.task_id, actor=actor, reason="台账缺少竣工检测报告，请补齐后再申请。", at=moment(day, 10)
            )
            return True
        return self.do(task, actor, day, words="现场核验与计划一致，资料齐全，同意通过验收。")

    def classify_change(self, task: Deadline, day: date) -> bool:
        project = self.project(task)
        data = self.presidium(
            day,
            minutes=f"会议听取镇人民政府关于“{project.title}”调整建设地点的说明，查看了现场，进行了表决。",
        )
        data.pop("return_reason")
        grounds = "只移动两处点位，建设内容、年度目标、投资、工期和受益范围都不变，认定为轻微调整。"
        return self.do(task, self.town.of("clerk"), day, **data, grounds=grounds)

    def announce_change(self, task: Deadline, day: date) -> bool:
        change = Change.objects.select_related("project").get(pk=task.subject.partition(":")[2])
        words = (
            f"经主席团会议认定，“{change.project.title}”的建设地点由“{change.project.place}”调整为"
            f"“{change.proposed['place']}”，属轻微调整，自公告之日起施行。建设内容、投资和完成时限不变。"
        )
        return self.do(task, self.town.of("clerk"), day, words=words)

    # Of their own accord

    def invite(self, day: date) -> None:
        """The presidium asks an expert to join the group of the first works."""
        project = self.built_for(INVITED, day, WORKS)
        if project is None or EXPERT not in self.town.people or self.invited(project):
            return
        minutes = f"会议认为“{project.title}”技术要求较高，决定邀请一名专家参加代表监督小组。"
        data = self.presidium(day, minutes=minutes)
        data.pop("return_reason")
        expert = self.town.of(EXPERT)
        asked = {
            "username": expert.username,
            "name": expert.name,
            "capacity": "专家",
            "organisation": "县建设工程质量安全站",
            "until": max(self.cycle.planned_t2, project.finish_by).isoformat(),
        }
        perform(
            "supervision.invite", project, actor=self.town.of("clerk"), data=data | asked, at=moment(day, 10)
        )

    def advise(self, day: date) -> None:
        """The expert visits and says what is to be looked after."""
        project = self.built_for(INVITED + VISITED, day, WORKS)
        invited = self.invited(project) if project else None
        if project is None or invited is None or invited.since + timedelta(days=VISITED) > day:
            return
        if Inspection.objects.filter(project=project, by=invited.user).exists():
            return
        words = (
            "查阅施工图纸、材料报验和监理记录，现场抽测主要尺寸。主体做法符合设计，工序衔接偏紧；"
            "建议雨天停止土方和混凝土作业，隐蔽前通知监督小组到场，关键工序留存影像。"
        )
        data = {"on": day.isoformat(), "place": project.place or self.town.unit.name, "words": words}
        perform(
            "supervision.inspect",
            project,
            actor=invited.user,
            data=data | {"findings": FINDINGS[EXPERT]},
            at=moment(day, 10),
        )

    def invited(self, project: Project) -> RoleGrant | None:
        """Who has been invited to the group of a project."""
        given = RoleGrant.objects.filter(office=EXPERT, unit=project.group_id).select_related("user")
        return given.order_by("pk").first()

    def receive_audit(self, day: date) -> None:
        """The audit office's report on the first project that was settled."""
        if Audit.objects.filter(project__cycle=self.cycle).exists():
            return
        lines = Contract.objects.filter(project__cycle=self.cycle, kind=Contract.Kind.SETTLEMENT)
        first = lines.select_related("project").order_by("signed_on", "pk").first()
        if first is None or first.signed_on + timedelta(days=REPORTED) > day:
            return
        project = first.project
        data = {
            "received_on": day.isoformat(),
            "number": f"示审投报〔{day.year}〕{project.number} 号",
            "title": f"“{project.title}”竣工决算审计报告",
        }
        perform(
            "supervision.receive_audit",
            project,
            actor=self.town.of("gov_clerk"),
            data=data,
            at=moment(day, 10),
        )

    def ask_change(self, day: date) -> None:
        """The government asks to move two points of the first project that has many."""
        project = self.built_for(ASKED, day, POINTS)
        if project is None or Change.objects.filter(project=project).exists():
            return
        ask_to_move(self.town, project, at=moment(day, 10))


def ask_to_move(town: Township, project: Project, *, at: datetime) -> None:
    """The government asks to move two points of a project, and takes it for a minor change: the presidium has to say."""
    place = f"{project.place or town.unit.name}（其中两处点位东移约 80 米）"
    reason = (
        "其中两处原定点位与雨污管道施工范围重叠，要等管道完工才能进场；东移约 80 米即可按期施工，"
        "用地已经村民代表会议同意，内容、投资、工期和受益范围都不变。"
    )
    asked = {"what": ChangeKind.PLACE, "grade": ChangeGrade.MINOR, "place": place, "reason": reason}
    perform("supervision.ask_change", project, actor=town.of("mayor"), data=asked, at=at)


def play_matters_for_one_meeting(town: Township, *, at: datetime) -> None:
    """What one meeting of the presidium has before it: as many requests as it takes for a meeting on several matters.

    Of the works under way, the first that nothing has been asked for yet; none where there are too few.
    """
    unchanged = Project.objects.filter(unit=town.unit, state=ProjectState.BUILDING, changes=None)
    projects = list(unchanged.order_by("cycle", "number")[:MATTERS])
    for project in projects if len(projects) == MATTERS else ():
        ask_to_move(town, project, at=at)


def proof() -> SimpleUploadedFile:
    """A picture to show for a rectification: plainly drawn, and said to be so."""
    return SimpleUploadedFile("整改后现场（演示图片）.png", _drawn(), "image/png")


@cache
def _drawn() -> bytes:
    picture, kept = Image.new("RGB", (320, 180), "#dfe7ee"), io.BytesIO()
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 110, 320, 180), fill="#b9b2a3")
    pen.polygon([(110, 180), (150, 110), (170, 110), (210, 180)], fill="#8a8f96")
    picture.save(kept, "PNG")
    return kept.getvalue()


def department_of(project: Project) -> Unit:
    """The responsible unit; every project of the play has been handed over to one."""
    return cast(Unit, project.department)


def _signed(starts: date, ends: date, *, written: date) -> date:
    """The day of the first node: the tender is over and the contract signed, after the plan is in force."""
    usual = starts + timedelta(days=(ends - starts).days * 15 // 100)
    return min(max(usual, written + timedelta(days=IN_FORCE)), ends - timedelta(days=NODES_APART * 3))


def _bought(project: Project, starts: date, signed: date) -> dict[str, str]:
    """What the plan says of tender and contract: small works are bought without one, and the plan says why."""
    if not project.budget_fen:
        return {}
    if project.budget_fen < SMALL:
        return {
            "no_tender": "合同估算价未达到规定的招标限额，集体研究确定承建单位。",
            "contract_by": signed.isoformat(),
        }
    tendered = max(starts, signed - timedelta(days=TENDERED_BEFORE))
    return {"tender_by": tendered.isoformat(), "contract_by": signed.isoformat()}


def _nodes(project: Project, signed: date, ends: date) -> dict[str, Any]:
    """Four nodes: the contract on its day, and three of the kind of works between it and the end."""
    span = (ends - signed).days
    begun, mostly, done = kind_of(project.title).nodes
    rows = (
        (_contracted(project), signed, 10),
        (begun, signed + timedelta(days=span * 30 // 100), 35),
        (mostly, signed + timedelta(days=span * 70 // 100), 80),
        (done, ends, 100),
    )
    return {
        key: value
        for n, (title, on, percent) in enumerate(rows, 1)
        for key, value in (
            (f"node_title_{n}", title),
            (f"node_on_{n}", on.isoformat()),
            (f"node_percent_{n}", percent),
        )
    }


def _contracted(project: Project) -> str:
    """The first node, by how the works are given out."""
    if not project.budget_fen:
        return "落实实施单位"
    return "完成招标、签订合同" if project.budget_fen >= SMALL else "签订合同"


def _reached(course: str, expected: int, on: date) -> int:
    """How far a project of a course is when its plan expects so much."""
    if course == "behind" and on.month in (5, 6, 7):
        return max(1, expected - 14)
    if course == "stalled" and on.month in (6, 7, 8):
        return max(1, expected - 36)
    if course == "unfinished":
        return min(88, max(1, expected - 3))
    return expected
