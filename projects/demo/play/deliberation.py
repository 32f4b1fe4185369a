"""Step 3 as a township plays it: from the report to the Party committee to the adopted 票决办法."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import projects.deliberation.events  # noqa: F401  (its events are performed here)
from projects.ballots.models import Vote
from projects.cycles.models import Cycle
from projects.deliberation import selectors
from projects.deliberation.method import method_draft
from projects.deliberation.models import AddedMatter
from projects.demo.cast import Township
from projects.demo.play.stage import assembly, do_task, meeting, moment, open_tasks
from projects.demo.play.terms import first_offices
from projects.selection.models import Item
from workflow.flows.events import perform
from workflow.flows.services import complete
from workflow.people.models import Unit

OPINIONS = (
    "总体同意政府提出的候选项目，建议进一步细化资金安排，优先实施群众反映集中的项目。",
    "候选项目覆盖面较广，建议在偏远村组适当倾斜，并明确完工后的管护责任。",
    "建议加强施工期间的质量监督，工程结算及时审计并向代表通报。",
)
VISITS = (
    ("集镇老街", 18, "居民反映雨后积水严重，希望尽快改造排水管网。"),
    ("中心小学", 12, "家长希望增设护学岗和校门口人行过道。"),
    ("敬老院", 9, "老人希望增加助餐点，改善无障碍设施。"),
)
ATTENDING = "非人大代表的政府副职、各办公室（站、所）负责人、村（社区）主任。"
AGENDA = "一、听取和审议政府工作报告；二、审议民生实事候选项目；三、通过票决办法；四、票决；五、其他。"


def play_sitting(
    town: Township, cycle: Cycle, *, t: date, seats: int, mode: str, lively: bool = False
) -> Vote:
    """The session from its preliminary meeting to the settled ballot.

    lively: the mayor asks for a candidate back in vain, and deputies table a matter that becomes a suggestion.
    """
    play_opening(town, cycle, t=t)
    play_delegations(town, cycle, t=t)
    play_question(town, cycle, t=t)
    if lively:
        play_withdrawal(town, selectors.candidates_of(cycle)[0], t, agree=False)
        play_added_matter(town, cycle, t, title="集镇农贸市场改造", decision="suggestion")
    play_settlement(town, cycle, t=t, seats=seats, mode=mode)
    return Vote.objects.get(about_reference=cycle.reference, purpose="projects", follows=None)


def play_preparation(
    town: Township, cycle: Cycle, *, t: date, term: int, number: int, seats: int, unconfirmed: int = 1
) -> None:
    """Everything before the session, each on its day before `t`; the last few deputies confirm no materials."""
    play_report(town, cycle, t=t, term=term, number=number)
    play_agenda(town, cycle, t=t, seats=seats)
    play_papers(town, cycle, t=t)
    play_visits(town, cycle, t=t)
    do_task(cycle, "deliberation.readiness", town.of("chair"), _before(t, 10), words="各项准备基本就绪。")
    play_materials(town, cycle, t=t, unconfirmed=unconfirmed)


def _before(t: date, days: int) -> date:
    return t - timedelta(days=days)


def play_report(town: Township, cycle: Cycle, *, t: date, term: int, number: int) -> None:
    """请示 and 批复."""
    body = (
        f"拟于 {t.year} 年 {t.month} 月 {t.day} 日召开人民代表大会会议，审议票决民生实事项目。妥否，请批示。"
    )
    do_task(
        cycle,
        "deliberation.report_party",
        town.of("chair"),
        _before(t, 27),
        term=term,
        number=number,
        session_on=t.isoformat(),
        session_days="1",
        body=body,
    )
    day = _before(t, 24)
    do_task(cycle, "deliberation.party_reply", town.of("party"), day, **meeting(town.people["party"], day))


def play_agenda(town: Township, cycle: Cycle, *, t: date, seats: int, agree: bool = True) -> None:
    """The presidium puts the candidates on the agenda, or sends them back."""
    day, session = _before(t, 21), selectors.session_for(cycle)
    data = meeting(town.people["presidium"], day, agree=agree, minutes="会议决定会期、议程和列席人员。")
    decided: dict[str, Any] = {
        "session_on": session.held_on.isoformat(),
        "session_days": str(session.days),
        "seats": seats,
        "candidates": [str(item.pk) for item in selectors.candidates_of(cycle)],
        "agenda": AGENDA,
        "attending": ATTENDING,
    }
    do_task(cycle, "deliberation.agenda", town.of("presidium"), day, **data, **(decided if agree else {}))


def play_papers(town: Township, cycle: Cycle, *, t: date) -> None:
    """Bill, budget, notice and roll."""
    do_task(
        cycle,
        "deliberation.bill",
        town.of("mayor"),
        _before(t, 20),
        body="现将民生实事候选项目提请审议票决。",
        report="候选项目经公开征集、归并梳理、部门论证、合法性审查、党委研究和公示形成。",
        funds="项目资金列入年度预算草案，不足部分争取上级补助，专款专用。",
    )
    do_task(cycle, "deliberation.budget", town.of("finance"), _before(t, 19), **budget_data(cycle))
    day = _before(t, 18)
    do_task(
        cycle,
        "deliberation.convene",
        town.of("presidium"),
        day,
        **meeting(town.people["presidium"], day, minutes="会议决定公布会期和建议议程。"),
        body=f"会议定于 {t.year} 年 {t.month} 月 {t.day} 日举行，会期一天，请代表准时出席。",
    )
    do_task(cycle, "deliberation.roll", town.of("clerk"), _before(t, 17), **roll_data(town))


def budget_data(cycle: Cycle) -> dict[str, Any]:
    """One budget line for every candidate: its own share of the money, in 万元 as typed."""
    data: dict[str, Any] = {}
    for n, item in enumerate(selectors.candidates_of(cycle), 1):
        own = item.funding.get("own", item.investment_fen or 0)
        data[f"code_{item.pk}"] = f"21{n:02d} 民生实事项目"
        data[f"amount_{item.pk}"] = f"{own // 10_000 / 100:.2f}"
        data[f"source_{item.pk}"] = "本级财政预算"
    return data


def roll_data(town: Township) -> dict[str, Any]:
    """Every deputy in a delegation, in turn; the leads in their own."""
    leads = {town.delegation_lead(unit).pk: unit.pk for unit in town.delegations}
    units = [unit.pk for unit in town.delegations]
    return {
        f"delegation_{user.pk}": str(leads.get(user.pk, units[n % len(units)]))
        for n, user in enumerate(town.deputies)
    } | {"statement": "经代表资格审查委员会审查，代表资格全部有效。"}


def play_visits(town: Township, cycle: Cycle, *, t: date) -> None:
    """A visit of each delegation and one of a deputy's own, the round closed, the deputies trained."""
    for n, task in enumerate(open_tasks(cycle, "deliberation.visit_voters")):
        day = _before(t, 16 - n % len(VISITS))
        data = _visit(day, n)
        complete(task.task_id, actor=town.delegation_lead(task.seat), data=data, at=moment(day, 15))
    day = _before(t, 14)
    perform(
        "deliberation.visit",
        cycle,
        actor=town.deputies[0],
        office="deputy",
        data=_visit(day, 0),
        at=moment(day, 16),
    )
    do_task(
        cycle,
        "deliberation.training",
        town.of("clerk"),
        _before(t, 12),
        trained_on=_before(t, 12).isoformat(),
        topic="民生实事项目人大代表票决制的程序、审议要点和票决办法",
        expected=len(town.deputies),
        present=len(town.deputies) - 1,
    )
    words = "代表走访选民、视察现场，群众对道路、饮水、养老等项目需求集中。"
    do_task(cycle, "deliberation.visits", town.of("clerk"), _before(t, 11), body=words)


def _visit(day: date, n: int) -> dict[str, Any]:
    place, voters, words = VISITS[n % len(VISITS)]
    return {"on": day.isoformat(), "place": place, "voters": voters, "words": words}


def play_materials(town: Township, cycle: Cycle, *, t: date, unconfirmed: int = 1) -> None:
    """The materials are sent, and all but the last few deputies confirm them."""
    do_task(
        cycle, "deliberation.materials", town.of("clerk"), _before(t, 9), words="议程、议案、汇总表等材料。"
    )
    for user in town.deputies[: len(town.deputies) - unconfirmed]:
        perform(
            "deliberation.confirm_materials",
            cycle,
            actor=user,
            data={},
            at=moment(_before(t, 8), 10),
        )


def play_opening(town: Township, cycle: Cycle, *, t: date, absent: int = 1) -> None:
    """The preliminary meeting and the mayor's explanation."""
    cycle.refresh_from_db()
    n = cycle.deputies_in_office or 0
    do_task(
        cycle,
        "deliberation.preliminary",
        town.of("clerk"),
        t,
        hour=8,
        **assembly(n, n - absent, t, minutes="会议选举产生主席团，通过会议议程。"),
        presidium=[str(user.pk) for user in town.people["presidium"]],
        agenda=AGENDA,
        **first_offices(town, cycle),
    )
    body = "候选项目按照三个阶段六个环节形成，资金已列入预算草案，请予审议。"
    do_task(cycle, "deliberation.explain", town.of("mayor"), t, body=body)


def play_delegations(town: Township, cycle: Cycle, *, t: date) -> None:
    """Every delegation deliberates; each says something of one candidate."""
    items = list(selectors.candidates_of(cycle))
    for n, task in enumerate(open_tasks(cycle, "deliberation.deliberate")):
        item = items[n % len(items)]
        data = {
            "present": 6,
            "words": OPINIONS[n % len(OPINIONS)],
            f"opinion_{item.pk}": f"“{item.title}”群众期盼已久，建议明确完成时限。",
        }
        lead = town.delegation_lead(task.seat)
        complete(task.task_id, actor=lead, data=data, at=moment(t, 9, 30))


def play_question(town: Township, cycle: Cycle, *, t: date, answered: bool = True) -> None:
    """A deputy asks the first candidate's department, which answers on the spot."""
    item = selectors.candidates_of(cycle).first()
    unit: Unit = item.department if item and item.department else town.departments[0]
    perform(
        "deliberation.ask",
        cycle,
        actor=town.deputies[-1],
        office="deputy",
        data={
            "department": unit.pk,
            "candidate": item.pk if item else "",
            "words": "项目建成后由谁管护，经费如何保障？",
        },
        at=moment(t, 10),
    )
    if answered:
        words = "建成后由所在村（社区）管护，管护经费列入村级公共服务经费，我单位每半年检查一次。"
        task = open_tasks(cycle, "deliberation.reply")[0]
        clerk = town.department_clerk(unit)
        complete(task.task_id, actor=clerk, data={"answer": words}, at=moment(t, 10, 20))


def play_withdrawal(town: Township, item: Item, day: date, *, agree: bool = True) -> None:
    """The mayor asks to withdraw a candidate; the presidium decides the same morning."""
    reason = "上级同类项目已立项实施，不宜重复安排。"
    perform(
        "deliberation.withdraw", item, actor=town.of("mayor"), data={"reason": reason}, at=moment(day, 10)
    )
    data = meeting(town.people["presidium"], day, agree=agree) | {
        "words": "" if agree else "群众呼声较高，仍提交票决。"
    }
    do_task(item.cycle, "deliberation.consent_withdraw", town.of("presidium"), day, hour=10, **data)


def play_added_matter(town: Township, cycle: Cycle, day: date, *, title: str, decision: str = "add") -> None:
    """A deputy tables a matter and four more sign it; the presidium decides what becomes of it."""
    movers = town.deputies[-5:]
    perform(
        "deliberation.added_matter",
        cycle,
        actor=movers[0],
        office="deputy",
        data={
            "title": title,
            "content": f"建议实施{title}，群众多次反映。",
        },
        at=moment(day, 10),
    )
    matter = AddedMatter.objects.filter(cycle=cycle).latest("pk")
    for user in movers[1:]:
        perform("deliberation.cosign", matter, actor=user, office="deputy", data={}, at=moment(day, 10))
    data = meeting(town.people["presidium"], day) | {
        "decision": decision,
        "category": cycle.rules.categories[0] if decision == "add" else "",
        "words": "代表联名依法提出，经研究作出决定。",
    }
    do_task(cycle, "deliberation.added_matter", town.of("presidium"), day, hour=10, **data)


def settlement_data(town: Township, cycle: Cycle, *, t: date, seats: int, mode: str) -> dict[str, Any]:
    """What the presidium records when it settles the ballot."""
    count = selectors.candidates_of(cycle).count()
    return meeting(town.people["presidium"], t, minutes="会议听取各代表团审议情况，确定表决事项。") | {
        "seats": seats,
        "mode": mode,
        "method": method_draft(cycle.rules, count, seats, mode),
        "chief_teller": str(town.of("chief_teller").pk),
        "tellers": [str(user.pk) for user in town.people["teller"]],
        "counters": [str(user.pk) for user in town.people["counter"]],
    }


def play_settlement(town: Township, cycle: Cycle, *, t: date, seats: int, mode: str) -> None:
    """The ballot settled by the presidium and its method adopted by the congress."""
    data = settlement_data(town, cycle, t=t, seats=seats, mode=mode)
    do_task(cycle, "deliberation.settle", town.of("presidium"), t, hour=11, **data)
    n = cycle.deputies_in_office or 0
    do_task(cycle, "deliberation.adopt_method", town.of("clerk"), t, hour=13, **assembly(n, n - 1, t))
