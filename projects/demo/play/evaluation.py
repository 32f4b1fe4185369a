"""Step 6 played: from the completion report to the closed year, and the look back."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from viewflow.workflow.models import Task
from viewflow.workflow.status import STATUS

import projects.evaluation.events  # noqa: F401  (its events are performed here)
from projects.ballots.figures import field_name
from projects.cycles.models import Cycle
from projects.demo.cast import Township
from projects.demo.play.deliberation import roll_data
from projects.demo.play.stage import (
    Strand,
    assembly,
    close_session,
    do_task,
    meeting,
    moment,
    open_tasks,
    planned,
)
from projects.demo.play.terms import first_offices
from projects.evaluation.models import Archive, Grade
from projects.evaluation.selectors import (
    ballot_under_way,
    dimensions_of,
    judged_projects,
    members_at_occasion,
    members_of_hall,
    unsettled,
)
from projects.evaluation.services import rate_project
from projects.evaluation.titles import HANDED_OVER
from projects.supervision.models import Project, ProjectState
from workflow.audit.heads import seal_moment
from workflow.audit.services import Act, chain_now
from workflow.calendar.workdays import add_working_days
from workflow.flows.events import perform
from workflow.flows.jobs import do_job
from workflow.flows.services import complete
from workflow.roles.selectors import holders_of

Triple = tuple[int, int, int]
BODY = {
    "completion": "现将本年度民生实事项目完成情况报告如下。",
    "round": "在项目现场和村（社区）公告栏张贴二维码，由联络站上门登记不便扫码群众的评价。",
    "review": "现场察看建设内容与计划一致，使用情况较好，建议落实日常管护责任。",
    "reviewed": "评议认为各项目建设内容与计划一致，群众受益明显，建议责任单位落实日常管护。",
    "convened": "会议定于 {day} 举行，会期一天。建议议程：一、听取主席团工作报告；二、对民生实事项目进行满意度测评。",
    "agenda": "一、听取主席团工作报告；二、通过测评监票人、计票人名单；三、对民生实事项目进行满意度测评；四、其他。",
    "carry": "受雨季影响工期顺延，主体已完工，附属工程须待土地手续办结后继续实施。",
    "presidium": "主席团组织代表监督小组按季视察，听取专项工作报告，督促办理红灯督办事项。",
    "rectify": "成立专班逐条整改：补做未完工程，公开管护责任人和电话，走访受益群众并逐户回访，现已整改完毕。",
    "second": "经主席团研究，召开代表会议，对整改后的项目再次进行满意度测评。",
    "account": "现将本年度民生实事项目办理结果向全镇人民公布，欢迎监督。",
    "archive": "文件按三个阶段六个环节排列，一件一号。",
}


@dataclass(frozen=True)
class Figures:
    """What the play is to come to. marks: project number → one (满意, 基本满意, 不满意) per round, all of valid ballots.

    absent: deputies on leave; invalid: invalid ballots of each round; residents: project number → marks of residents.
    """

    marks: Mapping[int, Sequence[Triple]]
    absent: int = 0
    invalid: int = 0
    residents: Mapping[int, Triple] = field(default_factory=dict)


@dataclass(frozen=True)
class Hours:
    """At which hours of its day a measurement is reported on, voted, counted and signed."""

    reported: int
    voted: int
    counted: int
    signed: int


HOURS = Hours(9, 10, 11, 12)
# Between the deliberation and the vote of a session that does both: nothing is noted down earlier than what was before.
AFTER_DELIBERATION = Hours(13, 13, 13, 13)


def inquiry(town: Township, cycle: Cycle, *, t2: date, figures: Figures) -> Strand:
    """The report on completion, the residents, the groups on site, and the presidium that hears them.

    Says before each part when it begins.
    """
    reported = t2 - timedelta(days=45)
    yield planned(reported)
    _report(town, cycle, reported)
    yield from _residents_rate(town, cycle, reported + timedelta(days=3), figures)
    reviewed = reported + timedelta(days=7)
    yield planned(reviewed, 15)
    _review(cycle, reviewed)
    over = reported + timedelta(days=20)
    yield planned(over)
    do_task(cycle, "evaluation.residents", town.of("clerk"), over, body=BODY["round"])
    day = t2 - timedelta(days=24)
    yield planned(day)
    minutes = meeting(town.people["presidium"], day, minutes="会议听取代表监督小组现场评议情况，逐项研究。")
    do_task(
        cycle, "evaluation.conclude_reviews", town.of("clerk"), day, **minutes, conclusion=BODY["reviewed"]
    )


def play_convening(town: Township, cycle: Cycle, *, t2: date, term: int, number: int) -> None:
    """The presidium calls the session; the roll is made unless the year that votes at it has made it."""
    day = t2 - timedelta(days=17)
    do_task(
        cycle,
        "evaluation.convene",
        town.of("clerk"),
        day,
        **meeting(town.people["presidium"], day, minutes="会议决定召集评估会议，公布会期和建议议程。"),
        term=term,
        session_number=number,
        session_on=t2.isoformat(),
        session_days="1",
        body=BODY["convened"].format(day=f"{t2.year} 年 {t2.month} 月 {t2.day} 日"),
    )
    if open_tasks(cycle, "evaluation.roll"):
        do_task(cycle, "evaluation.roll", town.of("clerk"), t2 - timedelta(days=16), **roll_data(town))


def play_session(town: Township, cycle: Cycle, *, t2: date, figures: Figures, hours: Hours = HOURS) -> None:
    """The preliminary meeting unless the next year's vote has opened the session, the report, the measurement."""
    play_opening(town, cycle, t2)
    do_task(
        cycle,
        "evaluation.presidium_report",
        town.of("chair"),
        t2,
        hour=hours.reported,
        body=BODY["presidium"],
    )
    play_measurement(town, cycle, t2, figures, round_=0, hours=hours)
    close_session(town, t2)


def play_opening(town: Township, cycle: Cycle, day: date) -> None:
    """The congress assembles, elects this session's presidium and adopts the agenda."""
    if open_tasks(cycle, "evaluation.preliminary"):
        n = members_at_occasion(cycle)
        do_task(
            cycle,
            "evaluation.preliminary",
            town.of("clerk"),
            day,
            hour=8,
            **assembly(n, n - 1, day, minutes="会议选举产生主席团，通过会议议程。"),
            presidium=[str(user.pk) for user in town.people["presidium"]],
            agenda=BODY["agenda"],
            **first_offices(town, cycle, "evaluation"),
        )


def play_tellers(town: Township, cycle: Cycle, day: date, *, hour: int = 9) -> None:
    """Who counts this measurement is adopted by the meeting that holds it."""
    n = members_at_occasion(cycle)
    do_task(
        cycle,
        "evaluation.adopt_tellers",
        town.of("clerk"),
        day,
        hour=hour,
        **assembly(n, n - 1, day, minutes="会议通过满意度测评监票人、计票人名单。"),
        chief_teller=str(town.of("chief_teller").pk),
        tellers=[str(user.pk) for user in town.people["teller"]],
        counters=[str(user.pk) for user in town.people["counter"]],
    )


def conclusion(town: Township, cycle: Cycle, *, t2: date, figures: Figures) -> Strand:
    """Rectified and measured again until everything has passed; what is not finished carried over; the year closed.

    Says before each part when it begins.
    """
    last = yield from _again_until_passed(town, cycle, t2, figures)
    carried = add_working_days(last, 3)
    yield planned(carried, 15)
    for project in unsettled(cycle):
        play_carrying(town, project, carried)
    yield from closing(town, cycle, last)


def play_carrying(town: Township, project: Project, day: date) -> None:
    """The presidium decides that an unfinished project goes on after its year."""
    data = meeting(town.people["presidium"], day, minutes=f"会议研究同意“{project.title}”跨年续建。")
    data.pop("return_reason")
    perform(
        "evaluation.carry_over",
        project,
        actor=town.of("clerk"),
        data=data | {"reason": BODY["carry"], "carried_until": (day + timedelta(days=120)).isoformat()},
        at=moment(day, 15),
    )


def _report(town: Township, cycle: Cycle, reported: date) -> None:
    why: dict[str, Any] = {
        f"why_{p.pk}": "受雨季影响工期顺延，计划三个月内完工。"
        for p in judged_projects(cycle)
        if p.state != ProjectState.ACCEPTED
    }
    do_task(cycle, "evaluation.completion_report", town.of("mayor"), reported, body=BODY["completion"], **why)
    cycle.refresh_from_db()


def _review(cycle: Cycle, day: date) -> None:
    for task in open_tasks(cycle, "evaluation.review"):
        marks = {f"mark_{code}": 88 + n % 10 for n, code in enumerate(dimensions_of(cycle))}
        actor = holders_of("inspector", task.seat, day)[0]
        complete(task.task_id, actor=actor, data={**marks, "words": BODY["review"]}, at=moment(day, 15))


def _residents_rate(town: Township, cycle: Cycle, day: date, figures: Figures) -> Strand:
    accepted = [project for project in judged_projects(cycle) if project.state == ProjectState.ACCEPTED]
    rated = [
        (planned(day, 8 + n % 10, n % 60), project, grade)
        for project in accepted
        for grade, count in zip(Grade.values, figures.residents.get(project.number, (0, 0, 0)), strict=True)
        for n in range(count)
    ]
    for at, project, grade in sorted(rated, key=lambda one: one[0]):
        yield at
        act = Act(None, "resident", town.unit, moment(day, at.hour, at.minute))
        rate_project(act, project, grade=grade)


def play_measurement(
    town: Township, cycle: Cycle, day: date, figures: Figures, *, round_: int, hours: Hours = HOURS
) -> None:
    """One ballot in the hall, its tellers adopted: opened, keyed by two counters alike, signed by two tellers, announced.

    round_ counts from 0.
    """
    if open_tasks(cycle, "evaluation.adopt_tellers"):
        play_tellers(town, cycle, day, hour=hours.reported)
    present = play_measure_opening(town, cycle, day, absent=figures.absent, hour=hours.voted)
    play_measure_closing(town, cycle, day, returned=present, hour=hours.voted)
    data = keyed(cycle, figures, present, round_)
    counted, signed = hours.counted, hours.signed
    do_task(cycle, "evaluation.measure_key_first", town.of("counter", 1), day, hour=counted, **data)
    do_task(cycle, "evaluation.measure_key_second", town.of("counter", 2), day, hour=counted, **data)
    do_task(cycle, "evaluation.measure_certify", town.of("chief_teller"), day, hour=signed, confirmed="on")
    do_task(cycle, "evaluation.measure_certify_teller", town.of("teller"), day, hour=signed, confirmed="on")
    do_task(cycle, "evaluation.measure_declare", town.of("chair"), day, hour=signed, confirmed="on")


def play_measure_opening(
    town: Township, cycle: Cycle, day: date, *, absent: int = 0, issued: int | None = None, hour: int = 10
) -> int:
    """The roll call and the ballots handed out; how many are present."""
    vote = ballot_under_way(cycle)
    present = members_of_hall(vote, day) - absent
    lines = (
        [str(pk) for pk in vote.session.roll.in_office().values_list("pk", flat=True)] if vote.session else []
    )
    do_task(
        cycle,
        "evaluation.measure_attendance",
        town.of("clerk"),
        day,
        hour=hour,
        present=present,
        on_leave=absent,
        leave=lines[present:],
    )
    issued = present if issued is None else issued
    do_task(cycle, "evaluation.measure_open", town.of("chair"), day, hour=hour, issued=issued)
    do_task(cycle, "evaluation.measure_open_confirm", town.of("chief_teller"), day, hour=hour, confirmed="on")
    return present


def play_measure_closing(town: Township, cycle: Cycle, day: date, *, returned: int, hour: int = 10) -> None:
    """The ballots collected, or counted once more, by the chief teller, confirmed by a teller."""
    step = "evaluation.measure_" + ("count_again" if ballot_under_way(cycle).is_recount else "close")
    do_task(cycle, step, town.of("chief_teller"), day, hour=hour, returned=returned)
    do_task(cycle, f"{step}_confirm", town.of("teller"), day, hour=hour, confirmed="on")


def keyed(cycle: Cycle, figures: Figures, issued: int, round_: int) -> dict[str, Any]:
    """The sheet as a counter keys it; whoever is in none of the three grades left the line empty."""
    valid = issued - figures.invalid
    data: dict[str, Any] = {
        "valid": valid,
        "invalid": figures.invalid,
        "spoiled_unreadable": figures.invalid,
    }
    for option in ballot_under_way(cycle).options.all():
        project = Project.objects.get(pk=option.reference.partition(":")[2])
        satisfied, basic, dissatisfied = figures.marks[project.number][round_]
        data |= {
            field_name("for", option): satisfied,
            field_name("abstain", option): basic,
            field_name("against", option): dissatisfied,
            field_name("not_pressed", option): valid - satisfied - basic - dissatisfied,
        }
    return data


def _again_until_passed(
    town: Township, cycle: Cycle, t2: date, figures: Figures
) -> Generator[datetime, None, date]:
    day, round_ = t2, 0
    while tasks := open_tasks(cycle, "evaluation.rectify"):
        round_ += 1
        yield planned(day + timedelta(days=50), 16)
        for task in tasks:
            actor = town.department_clerk(task.seat)
            at = moment(day + timedelta(days=50), 16)
            complete(task.task_id, actor=actor, data={"remedy": BODY["rectify"]}, at=at)
        called, day = day + timedelta(days=65), day + timedelta(days=75)
        yield planned(called)
        data = meeting(town.people["presidium"], called, minutes="会议决定召开代表会议，再次进行测评。")
        do_task(
            cycle,
            "evaluation.second_measure",
            town.of("clerk"),
            called,
            **data,
            occasion="deputies_meeting",
            measured_on=day.isoformat(),
            body=BODY["second"],
        )
        yield planned(day)
        play_measurement(town, cycle, day, figures, round_=round_)
    return day


def close_year(town: Township, cycle: Cycle, day: date) -> Archive:
    """The account published, the file handed over, the dossier made by the worker's job."""
    for _at in closing(town, cycle, day):
        pass
    return Archive.objects.get(cycle=cycle)


def closing(town: Township, cycle: Cycle, day: date) -> Strand:
    """The same, saying before each part when it begins."""
    published = add_working_days(day, 8)
    yield planned(published)
    do_task(cycle, "evaluation.publish", town.of("clerk"), published, body=BODY["account"])
    archived = add_working_days(published, 20)
    yield planned(archived)
    do_task(
        cycle,
        "evaluation.archive",
        town.of("clerk"),
        archived,
        receiver=f"{town.unit.name}档案室",
        fonds="X012",
        keeper=town.of("clerk").name,
        checker=town.of("chair").name,
        body=BODY["archive"],
    )
    # What COMMIT would have brought: the leaves and, over them, the head the dossier is made over.
    chain_now()
    seal_moment(town.unit.pk, HANDED_OVER, moment(archived))
    # A worker would come to it within seconds; here it is the play's clock that goes on.
    for task in waiting_jobs(cycle):
        do_job(task.pk, moment(archived, 9, 1))
    cycle.refresh_from_db()


def waiting_jobs(cycle: Cycle) -> list[Task]:
    """The cycle's jobs no worker has done yet."""
    waiting = Task.objects.filter(flow_task_type="JOB", status=STATUS.SCHEDULED).select_related("process")
    return [task for task in waiting.order_by("pk") if task.process.artifact == cycle]
