"""First wordings of step 4's papers, from the figures; whoever issues the paper may reword it."""

from __future__ import annotations

import re
from datetime import timedelta
from math import ceil

from projects.ballots.models import Vote
from projects.ballots.selectors import PROJECTS, declared_votes
from projects.cycles.documents.issuing import own_government
from projects.cycles.models import Cycle, Session
from projects.cycles.numerals import numeral
from projects.cycles.tables import WORDS
from projects.selection.models import Item
from projects.voting.selectors import ResultRow, filed_papers, result_now, vote_of, vote_session
from workflow.people.texts import in_words


def _chosen(rows: list[ResultRow]) -> list[Item]:
    return [row.item for row in rows if row.elected and row.item]


def _list(items: list[Item]) -> str:
    return "\n".join(f"{numeral(n)}、{item.title}" for n, item in enumerate(items, 1))


def left_out(cycle: Cycle, text: str) -> list[str]:
    """The titles of the projects elected that a text about the result does not name, however it is broken into lines."""
    rows = result_now(cycle)
    told = _named(rows, text)
    return [item.title for item in _chosen(rows) if item.title not in told]


def named_besides(cycle: Cycle, text: str) -> list[str]:
    """The titles of those not elected that it names: it may say so of them, or have mixed them up."""
    rows = result_now(cycle)
    told = _named(rows, text)
    return [row.item.title for row in rows if row.item and not row.elected and row.item.title in told]


STATED = re.compile(r"(应到|实到)[^\d，。；、]{0,8}?(\d+)(?=[人名])")


def attendance_stated(text: str) -> list[tuple[str, int]]:
    """How many were to come (应到) and how many came (实到) as a text says it in figures, in its order."""
    return [(word, int(number)) for word, number in STATED.findall(_unbroken(text))]


def _named(rows: list[ResultRow], text: str) -> set[str]:
    """Which of a vote's titles a text names. One title may stand inside another: the longer one is meant where it stands."""
    titles = {_unbroken(row.item.title): row.item.title for row in rows if row.item}
    if not titles:
        return set()
    longest_first = sorted(titles, key=len, reverse=True)
    return {titles[found] for found in re.findall("|".join(map(re.escape, longest_first)), _unbroken(text))}


def _unbroken(text: str) -> str:
    return "".join(text.split())


def resolution_title(cycle: Cycle) -> str:
    """《关于确定××年度民生实事项目的决议》."""
    words = cycle.rules.words
    return f"{vote_session(cycle)}关于确定{cycle.year}年度{cycle.period}{words['project']}的{words['resolution']}"


def _government(cycle: Cycle) -> str:
    """Whom the resolution speaks to: the unit's own government, or what its rulebook calls it in place of the usual word."""
    called, usual = (words["government"] for words in (cycle.rules.words, WORDS[cycle.rules.body]))
    return own_government(cycle.unit) if called == usual else called


def resolution_text(cycle: Cycle) -> str:
    """The resolution's first wording: what was heard, how it was voted, which projects, who carries them out."""
    words, chosen, government = cycle.rules.words, _chosen(result_now(cycle)), _government(cycle)
    heard = (
        f"{vote_session(cycle)}听取和审议了{government}关于{cycle.year}年度{cycle.period}{cycle.candidate}"
        f"形成过程及基本情况的报告，以无记名投票方式进行了{words['vote']}。"
    )
    if not chosen:
        return f"{heard}\n会议确认，本次{words['vote']}没有项目获得通过。"
    asked = (
        f"会议要求，{government}精心组织实施，按期完成；{words['presidium']}加强监督，年度终了时组织测评。"
    )
    return f"{heard}\n会议决定，确定下列 {len(chosen)} 个项目为{cycle.year}年度{cycle.period}{words['project']}：\n{_list(chosen)}\n{asked}"


def announcement_text(cycle: Cycle) -> str:
    """公告: which session and when, how many attended of how many, what was voted on, the list, or that there is none."""
    words, rows = cycle.rules.words, result_now(cycle)
    session, chosen = vote_session(cycle), _chosen(rows)
    first, year = _first_at(cycle, session), f"{cycle.year}年度{cycle.period}"
    held = (
        f"{session}于{_days(session)}举行，应到{words['deputy']} {first.deputies_in_office} 人，实到 {first.deputies_present} 人。"
        f"会议以无记名投票方式，对 {len(rows)} 个{year}{cycle.candidate}进行了{words['vote']}"
    )
    if not chosen:
        return f"{held}，没有项目获得通过。\n现予公告。"
    return f"{held}，确定下列 {len(chosen)} 个项目为{year}{words['project']}：\n{_list(chosen)}\n现予公告。"


def _days(session: Session) -> str:
    last = session.held_on + timedelta(days=ceil(session.days) - 1)
    until = f"至{last.month}月{last.day}日" if last > session.held_on else ""
    return f"{in_words(session.held_on)}{until}"


def _first_at(cycle: Cycle, session: Session) -> Vote:
    """The session's first ballot that stands, on whose roll it is told who came; those that followed it were counted anew."""
    held = [vote for vote in declared_votes(cycle.reference, *PROJECTS) if vote.session_id == session.pk]
    return held[0] if held else vote_of(cycle)


def filing_text(cycle: Cycle) -> str:
    """备案报告: the result, and what is sent along, which its list of enclosures names in full."""
    words, rows = cycle.rules.words, result_now(cycle)
    chosen = sum(row.elected for row in rows)
    called = {
        "resolution": words["resolution"],
        "announcement": "公告",
        "tally_report": "计票结果报告单",
        "vote_decision": f"{words['presidium']}的决定",
        "method": f"{words['vote']}办法",
        "tellers": "监票人、计票人名单",
    }
    sent = dict.fromkeys(called[paper.kind] for paper in filed_papers(cycle))
    return (
        f"现将{cycle.unit.name}{cycle.year}年度{cycle.period}{words['project']}{words['vote']}情况报告如下：候选项目 {len(rows)} 个，"
        f"入选 {chosen} 个。随文报送{'、'.join(sent)}，请予备案。"
    )
