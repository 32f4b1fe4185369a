"""A decision of the congress by show of hands, as its paper keeps it and prints it (组织法 14, 25).

The 票决办法 and the resolution are adopted so: nothing is handed out, so there is no box, no teller and nothing to key
twice. What the decision takes is the one rule of `workflow.flows.meetings`, as for a ballot.
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
    """What is printed under a paper the congress adopted or refused by show of hands; empty for any other."""
    figures = paper.data.get("adopted", paper.data)
    return sentence_of(figures) if isinstance(figures, Mapping) and "needed" in figures else ""


def sentence_of(figures: Mapping[str, Any]) -> str:
    """表决情况, with every figure and the base of the majority."""
    base = "出席代表" if figures["base"] == "present" else "全体代表"
    end = "通过" if figures["agreed"] else "未通过"
    return (
        f"表决情况：实有代表 {figures['members']} 人，出席 {figures['present']} 人；"
        f"赞成 {figures['for']} 票，反对 {figures['against']} 票，弃权 {figures['abstain']} 票。"
        f"须有{base} {figures['of']} 人的过半数即 {figures['needed']} 票以上赞成，{end}。"
    )
