"""What the county says to its townships by the day of the demonstration: the quarter's 通报, notes with their replies,
and one sampling.

Its figures are those of the records; the lot follows from the demonstration's seed, nothing is drawn by chance.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import projects.oversight.events  # noqa: F401  registers the county's acts
from projects.cycles.models import Cycle, CycleState
from projects.demo.play.stage import moment
from projects.oversight.models import Note, SampleOf
from projects.oversight.selectors import townships_below
from projects.oversight.services import lots_from
from projects.supervision.models import Progress, Project, ProjectState
from projects.supervision.rules import GREEN, LIGHT_WORDS, Period, period_over
from projects.supervision.selectors import projects_of
from workflow.calendar.workdays import add_working_days, next_working_day
from workflow.flows.events import perform
from workflow.flows.models import Deadline
from workflow.flows.services import complete
from workflow.people.models import Unit, User
from workflow.roles.selectors import holders_of

# Working days: from the quarter's end to the circular, from a note to its reply, and until which a reply is asked for.
CIRCULATED, REPLIED, REPLY_BY = 7, 5, 10
SAMPLED, STATIONS = (
    9,
    1,
)  # days before the demonstration's own on which the lot is drawn, and how many stations it takes
SAMPLE_WORDS = "请备齐本季度接待选民登记、意见建议转办和答复的记录，县人大常委会派员到站查阅并听取情况。"
NOTED = (28, 21, 14, 4)  # days before the demonstration's own on which a note goes out
QUARTERS = "一二三四"
REPLIES = (
    "主席团已组织代表监督小组到现场察看，听取责任单位说明。镇人民政府已倒排工期，增派作业班组；"
    "资金按合同和形象进度拨付，没有拖欠。到期不能完工的，依规定研究工期调整或者跨年续建。",
    "主席团召开会议专题听取了汇报。主要工程已经完成，余下工序受材料到货影响；责任单位已与供货方重新约定"
    "到货时间，主席团每半月调度一次，完工后及时组织验收。",
    "镇人民政府已书面说明进度滞后的原因，明确分管负责人驻点督办；代表监督小组每周到现场一次，"
    "资金到位情况已向代表通报。",
)
FILE_CHECKED = (
    "已对照归档目录逐件核对，会议纪要、计票结果报告单、合同和验收材料齐全，"
    "两份视察记录补齐了现场照片；评估会议后按期移交归档。"
)


def play_oversight(county: Unit, *, today: date, seed: int) -> None:
    """The circular on the last quarter, a note to each of the first townships that are building, a sampling, up to a day."""
    leader = holders_of("county", county, today)[0]
    quarter = period_over(today - timedelta(days=CIRCULATED * 2), 3)
    play_circular(county, leader, quarter)
    years = Cycle.objects.filter(
        unit__in=townships_below(county), state__in=(CycleState.SUPERVISING, CycleState.EVALUATING)
    )
    noted = zip(years.select_related("unit").order_by("unit__code", "year"), NOTED, strict=False)
    for (cycle, ago), reply in zip(noted, itertools.cycle(REPLIES), strict=False):
        play_note(cycle, leader, next_working_day(today - timedelta(days=ago)), until=today, reply=reply)
    if sampled := years.order_by("unit__code", "year").first():
        play_sampling(sampled, leader, next_working_day(today - timedelta(days=SAMPLED)), seed=seed)


def play_sampling(cycle: Cycle, leader: User, day: date, *, seed: int) -> None:
    """Stations of one township by lot, as 镇平县 does each month: by their codes, which are the same in every building."""
    lot = hashlib.sha256(f"{seed}:{cycle.unit.code}".encode()).hexdigest()[:16]
    data = {"of": SampleOf.STATION, "number": STATIONS, "words": SAMPLE_WORDS}
    with lots_from(lambda: lot):
        perform("oversight.sample", cycle, actor=leader, data=data, at=moment(day, 15))


def play_circular(county: Unit, leader: User, quarter: Period) -> None:
    """One text on the year's projects to every township that was building in the quarter; none where nobody was."""
    begun = Project.objects.filter(
        unit__in=townships_below(county), cycle__year=quarter.last.year, building_since__lte=quarter.last
    )
    projects = list(begun.select_related("unit", "cycle").order_by("unit__code", "cycle__year", "number"))
    if not projects:
        return
    number, day = (quarter.last.month - 1) // 3, add_working_days(quarter.last, CIRCULATED)
    perform(
        "oversight.circulate",
        county,
        actor=leader,
        data={
            "title": f"{quarter.last.year} 年第{QUARTERS[number]}季度民生实事项目推进情况",
            "words": circular_words(projects, quarter.last, on=day),
            "townships": sorted({project.unit_id for project in projects}),
        },
        at=moment(day),
    )


def circular_words(projects: Sequence[Project], last: date, *, on: date) -> str:
    """The quarter in figures: how many, how many accepted, and by name what the last report before `on` shows behind."""
    accepted = [p for p in projects if p.accepted_on and p.accepted_on <= last]
    building = [p for p in projects if p not in accepted]
    latest = reported(building, on)
    behind = [latest[p.pk] for p in projects if p.pk in latest and latest[p.pk].light not in (GREEN, "")]
    named = {project.pk: project for project in projects}
    townships = len({project.unit_id for project in projects})
    head = (
        f"截至 {last.year} 年 {last.month} 月 {last.day} 日，{townships} 个乡镇（街道）票决产生的 {len(projects)} 个"
        f"民生实事项目已进入实施，其中 {len(accepted)} 个通过验收，{len(building)} 个正在建设。"
    )
    lines = [
        f"{named[r.project_id].unit.name}“{named[r.project_id].title}”：{LIGHT_WORDS[r.light]}，"
        f"形象进度 {r.percent}%，应达 {r.expected}%。"
        for r in behind
    ]
    told = ["进度落后于计划的有：", *lines] if lines else ["各项目最近一期报告的进度均与计划相符。"]
    asked = (
        "请有关乡镇人大主席团组织代表监督小组到现场察看，督促镇人民政府逐项排出工期、落实责任；"
        "已完工的抓紧验收，验收后及时开放群众评价。"
    )
    return "\n\n".join([head, "\n".join(told), asked])


def reported(projects: Iterable[Project], on: date) -> dict[int, Progress]:
    """Project → its last progress report before a day."""
    found = Progress.objects.filter(project__in=list(projects), on__lt=on).select_related("project")
    return {report.project_id: report for report in found.order_by("on", "pk")}


def play_note(cycle: Cycle, leader: User, day: date, *, until: date, reply: str) -> None:
    """工作提示函 on the slowest project of a year, or on its file where all are finished; answered within a week.

    None where work has begun and nothing of it has been reported yet.
    """
    finished = (ProjectState.COMPLETED, ProjectState.ACCEPTED, ProjectState.STOPPED)
    unfinished = list(projects_of(cycle).exclude(state__in=finished))
    reports = reported(unfinished, day).values()
    slowest = min(reports, key=lambda r: (r.percent, r.project.number), default=None)
    if unfinished and slowest is None:
        return
    title, words = _of_progress(slowest) if slowest else _of_the_file(cycle)
    data = {"title": title, "words": words, "reply_by": add_working_days(day, REPLY_BY).isoformat()}
    perform("oversight.note", cycle, actor=leader, data=data, at=moment(day, 10))
    replied = add_working_days(day, REPLIED)
    if replied > until:
        return
    note = Note.objects.filter(cycle=cycle).latest("pk")
    task = Deadline.objects.get(subject=note.reference, key="oversight.note_reply")
    chair = holders_of("chair", cycle.unit, replied)[0]
    said = reply if slowest else FILE_CHECKED
    complete(task.task_id, actor=chair, data={"reply": said}, at=moment(replied, 10))


def _of_progress(report: Progress) -> tuple[str, str]:
    project = report.project
    return (
        f"关于“{project.title}”实施进度",
        f"“{project.title}”形象进度 {report.percent}%，票决确定的完成时限为 "
        f"{project.finish_by.year} 年 {project.finish_by.month} 月 {project.finish_by.day} 日。"
        "请主席团了解进度安排和资金拨付情况，督促责任单位按期完工，并将督促措施书面回复。",
    )


def _of_the_file(cycle: Cycle) -> tuple[str, str]:
    return (
        "关于整理票决制工作档案",
        f"{cycle}各项目已完工。请对照归档目录核对票决、监督、验收各环节文件，"
        "缺少签字、日期和佐证材料的及时补齐，为年度评估和移交归档做好准备，并将核对情况书面回复。",
    )
