"""A decision of the congress, as its paper keeps it and prints it (组织法 14, 25).

By show of hands nothing is handed out, so there is no box, no teller and nothing to key twice; by ballot, where the
rulebook says so, the figures are those of a declared vote (`ballots.questions`). What the decision takes is the one rule
of `workflow.flows.meetings` either way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from projects.cycles.models import Paper
from workflow.flows.meetings import Standard, majority_needed
from workflow.flows.models import Meeting


def figures_of(meeting: Meeting, standard: Standard) -> dict[str, Any]:
    """members, present, for, against, abstain in persons; base, of and needed of the majority; whether it was agreed."""
    of = meeting.present if standard.of_present else meeting.members
    return {
        "members": meeting.members,
        "present": meeting.present,
        "for": meeting.votes_for,
        "against": meeting.votes_against,
        "abstain": meeting.votes_abstain,
        "base": "present" if standard.of_present else "in_office",
        "of": of,
        "needed": majority_needed(of),
        "agreed": meeting.agreed,
    }


def division_of(paper: Paper) -> str:
    """What is printed under a paper the congress adopted or refused; empty for any other."""
    figures = paper.data.get("adopted", paper.data)
    return sentence_of(figures) if isinstance(figures, Mapping) and "needed" in figures else ""


BASES = {"in_office": "全体代表 {of} 人", "present": "出席代表 {of} 人", "valid": "有效票 {of} 张"}


def sentence_of(figures: Mapping[str, Any]) -> str:
    """表决情况, with every figure and the base of the majority."""
    base = BASES[figures["base"]].format(of=figures["of"])
    end = "通过" if figures["agreed"] else "未通过"
    return (
        f"表决情况：实有代表 {figures['members']} 人，出席 {figures['present']} 人；{_handed_out(figures)}"
        f"赞成 {figures['for']} 票，反对 {figures['against']} 票，弃权 {figures['abstain']} 票{_not_pressed(figures)}。"
        f"须有{base}的过半数即 {figures['needed']} 票以上赞成，{end}。"
    )


def _handed_out(figures: Mapping[str, Any]) -> str:
    """The ballots of a decision by ballot; nothing by show of hands."""
    ballot = figures.get("ballot")
    if not ballot:
        return ""
    if "not_pressed" in ballot:
        return (
            f"以无记名方式按表决器表决，按键表决 {ballot['issued']} 人，表决器记录 {ballot['returned']} 人；"
        )
    return (
        f"以无记名投票方式表决，发出表决票 {ballot['issued']} 张，收回 {ballot['returned']} 张，"
        f"有效票 {ballot['valid']} 张，无效票 {ballot['invalid']} 张；"
    )


def _not_pressed(figures: Mapping[str, Any]) -> str:
    ballot = figures.get("ballot") or {}
    return f"，未按 {ballot['not_pressed']} 人" if "not_pressed" in ballot else ""
