"""The texts of step 6's papers, put together from the records; what people typed comes first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from projects.cycles.documents.issuing import presidium_of
from projects.cycles.models import Cycle
from projects.evaluation.models import Measurement
from projects.evaluation.selectors import Account, AccountLine, MeasuredLine, RatingLine, line_of
from projects.supervision.models import Project
from projects.supervision.selectors import DecidedChange
from workflow.flows.money import wan
from workflow.people.models import Unit
from workflow.people.texts import in_words
from workflow.people.wording import worded


def joined(*parts: str) -> str:
    """Paragraphs with an empty line between them; empty ones left out."""
    return "\n\n".join(part for part in parts if part)


def completion_text(body: str, facts: Mapping[str, Any], why: Mapping[int, str]) -> str:
    """完成情况报告: the report and one line per project with its state and money. why: id → reason of a delay."""
    accepted, all_ = len(facts["accepted"]), len(facts["projects"])
    head = f"共 {all_} 个项目，已验收 {accepted} 个，未验收 {all_ - accepted} 个。{_sums(facts)}"
    lines = [_completion_line(project, why.get(project.pk, "")) for project in facts["projects"]]
    return joined(body, head, "\n".join(lines))


def _sums(facts: Mapping[str, Any]) -> str:
    return (
        f"总投资 {wan(facts['budget_fen'])}，资金到位 {wan(facts['funded_fen'])}，"
        f"完成投资 {wan(facts['invested_fen'])}。"
    )


def _completion_line(project: Project, why: str) -> str:
    when = f"，{in_words(project.accepted_on)}验收" if project.accepted_on else ""
    told = f"未验收原因及完成时间：{why}" if why else ""
    return (
        f"{project.number}. {project.title}：{project.get_state_display()}{when}；{_money(project)}。{told}"
    )


def _money(project: Project) -> str:
    promised = wan(project.budget_fen) or "未定"
    return f"总投资 {promised}，到位 {wan(project.funded_fen)}，完成 {wan(project.invested_fen)}"


def result_text(cycle: Cycle, occasion: str, lines: Iterable[MeasuredLine], hall: str) -> str:
    """满意度测评结果: one line per project with figures, base, formula and consequence."""
    told = [f"{line_of(line.project, cycle)}：{marks_text(line)}。{line.reason}" for line in lines]
    return joined(f"{occasion}以无记名方式进行满意度测评。{hall}", "\n".join(told))


def marks_text(line: MeasuredLine) -> str:
    """满意 28、基本满意 1、不满意 0 and what was left unmarked."""
    unmarked = f"，未作评价 {line.unmarked} 票" if line.unmarked else ""
    m = line.marks
    return f"满意 {m.satisfied} 票，基本满意 {m.basically} 票，不满意 {m.dissatisfied} 票{unmarked}"


def circular_text(measurement: Measurement, department: str) -> str:
    """通报 of a project below the lower threshold or failing again (the 80/60 practice, rules.md §1)."""
    return joined(
        f"{measurement.project.title}（责任单位：{department}）第 {measurement.round} 次满意度测评未达到要求。",
        measurement.judgement,
        f"现予通报。{department}应在规定期限内完成整改并书面报告，整改后再次测评；未经再次测评，不得销号。",
        ""
        if measurement.unit.is_subdistrict
        else "会议期间，代表十人以上联名，可以依法书面提出质询案（《地方组织法》第二十四条）。",
    )


def party_report_text(measurement: Measurement, department: str) -> str:
    """What the presidium reports to the Party committee of the same level."""
    return joined(
        f"{measurement.project.title}（责任单位：{department}）满意度测评未达到要求，现将有关情况报告如下。",
        measurement.judgement,
        "已责成责任单位整改，并向社会通报；整改后将再次组织测评，结果另行报告。",
    )


def account_text(body: str, account: Account) -> str:
    """明白账: what was promised, done, spent and said, project by project, then what was not done."""
    sums = (
        f"共 {len(account.lines)} 个项目，总投资 {wan(account.budget_fen)}，资金到位 {wan(account.funded_fen)}，"
        f"完成投资 {wan(account.invested_fen)}。"
    )
    ends = [f"经决定终止：{project.title}。" for project in account.stopped]
    ends += [f"{project.title}：{carried_text(project)}" for project in account.carried]
    entries = (_account_entry(line) for line in account.lines)
    return joined(body, sums, *entries, "\n".join(ends), changes_text(account.cycle, account.changes))


def changes_text(cycle: Cycle, changes: Iterable[DecidedChange]) -> str:
    """What the presidium changed by its own decision, reported to the congress (rules.md §7); empty without any."""
    told = [_change_entry(n, decided) for n, decided in enumerate(changes, 1)]
    return "\n".join([worded("主席团决定的项目调整：", cycle.unit), *told]) if told else ""


def _change_entry(number: int, decided: DecidedChange) -> str:
    change = decided.change
    day = f"{in_words(decided.decided_on)}决定" if decided.decided_on else ""
    states = (change.get_grade_display(), day, change.get_state_display())
    head = (
        f"{number}. “{change.project.title}”{change.get_what_display()}（{'，'.join(filter(None, states))}）"
    )
    altered = (f"{line['label']}由“{line['before']}”改为“{line['after']}”" for line in decided.lines)
    grounds = f"认定理由：{change.grounds}" if change.grounds else ""
    sentences = (head, "，".join(altered), f"理由：{change.reason}", grounds)
    return "".join(f"{sentence.rstrip('。')}。" for sentence in sentences if sentence)


def carried_text(project: Project) -> str:
    """跨年续建: until when, and why."""
    until = f"，预计{in_words(project.carried_until)}完成" if project.carried_until else ""
    return f"跨年续建{until}。理由：{project.carried_reason}"


def reviews_text(minutes: str, conclusion: str, reviews: Iterable[tuple[Project, str, list[str]]]) -> str:
    """The presidium's record of the on-site reviews: the meeting's words, its conclusion, then each project."""
    told = [
        f"{p.number}. {p.title}：{f'{score} 分' if score else '未评议'}。{'；'.join(words)}"
        for p, score, words in reviews
    ]
    return joined(minutes, conclusion, "\n".join(told))


def _account_entry(line: AccountLine) -> str:
    p = line.project
    parts = [line.title, f"　　目标：{p.target}" if p.target else ""]
    parts += [f"　　资金：{_money(p)}。", f"　　进展：{p.get_state_display()}，形象进度 {p.percent}%。"]
    parts += [f"　　第 {m.round} 次测评：{marks_text(m)}。{m.reason}" for m in line.rounds]
    parts += [f"　　整改：{m.remedy}" for m in line.rounds if m.remedy]
    parts.append(f"　　群众评价：{line.residents.rating.reason}")
    parts.append(f"　　{worded('代表现场评议', p.unit)}：{line.score} 分。" if line.score else "")
    return "\n".join(part for part in parts if part)


def handed_over_text(unit: Unit, receiver: str) -> str:
    """Who hands the file over and who takes it."""
    return f"移交单位：{presidium_of(unit)}；接收单位：{receiver}。"


def look_back_text(minutes: str, lines: Iterable[tuple[Project, str, str]]) -> str:
    """回头看记录: the meeting's words, then each project. lines: project, label of its state, words."""
    told = [f"{p.number}. {p.title}：{label}。{words}" for p, label, words in lines]
    return joined(minutes, "\n".join(told))


def residents_text(body: str, ratings: Iterable[RatingLine]) -> str:
    """The residents' round as it is closed: the sample of every project, sufficient or not."""
    return joined(body, "\n".join(f"{line.project.title}：{line.rating.reason}" for line in ratings))


def title_of_year(cycle: Cycle, what: str) -> str:
    """A paper's title: the year's name and what the paper is."""
    return f"{cycle}{what}"
