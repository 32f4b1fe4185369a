"""Whether figures agree with each other: of one vote, of two keyings of one paper tally."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from projects.ballots.rules.terms import VOTING, Count, Mode, Paper, Problem, Spoiled, Sum, VoteFile, Words


def reconcile(vote: VoteFile) -> list[Problem]:
    """Every contradiction among the figures, empty where they balance (rules.md §6.2).

    More ballots returned than issued is not among them: that makes a vote void, not unbalanced.
    """
    return [
        *_negative_figures(vote),
        *_attendance_problems(vote),
        *_returned_problems(vote),
        *_tally_problems(vote),
    ]


def _negative_figures(vote: VoteFile) -> list[Problem]:
    ballot = vote.paper.words.ballot
    figures = {
        "应到代表": vote.deputies_in_office,
        "实到代表": vote.deputies_present,
        f"发出{ballot}": vote.ballots_issued,
        f"收回{ballot}": vote.returned,
    }
    if vote.tally:
        figures |= {"有效票": vote.tally.valid, "无效票": vote.tally.invalid}
    problems = [
        Problem("negative", f"{name} {figure}，不能是负数。")
        for name, figure in figures.items()
        if figure < 0
    ]
    return problems + _negative_sums(vote.tally, vote.paper.words)


_FIGURES_OF_A_SUM = ("in_favour", "against", "abstain", "not_pressed", "points")


def _negative_sums(tally: Count | None, words: Words) -> list[Problem]:
    return [
        Problem("negative", f"项目“{one}”：{getattr(words, key)} {getattr(of, key)}，不能是负数。", one)
        for one, of in (tally.sums.items() if tally else ())
        for key in _FIGURES_OF_A_SUM
        if getattr(of, key) < 0
    ]


def _attendance_problems(vote: VoteFile) -> list[Problem]:
    problems = []
    if vote.ballots_issued > vote.deputies_present:
        ballot = vote.paper.words.ballot
        sentence = f"发出{ballot} {vote.ballots_issued} 张 ＞ 实到代表 {vote.deputies_present} 人。"
        problems.append(Problem("issued_over_present", sentence))
    if vote.deputies_present > vote.deputies_in_office:
        sentence = f"实到代表 {vote.deputies_present} 人 ＞ 应到代表 {vote.deputies_in_office} 人。"
        problems.append(Problem("present_over_in_office", sentence))
    return problems


def _returned_problems(vote: VoteFile) -> list[Problem]:
    if vote.returned == vote.contained:
        return []
    ballot = vote.paper.words.ballot
    parts = [f"逐张{ballot} {len(vote.ballots)}"] if vote.ballots or not vote.tally else []
    if vote.tally:
        parts += [f"有效票 {vote.tally.valid}", f"无效票 {vote.tally.invalid}"]
    sentence = f"收回{ballot} {vote.returned} 张 ≠ {' ＋ '.join(parts)} ＝ {vote.contained} 张。"
    return [Problem("returned_differs", sentence)]


def _tally_problems(vote: VoteFile) -> list[Problem]:
    if not vote.tally:
        return []
    problems = [
        Problem("sum_differs", _sum_equation(one, of, vote.tally.valid, vote.paper.words), one)
        for one, of in vote.tally.sums.items()
        if of.accounted != vote.tally.valid
    ]
    return problems + _too_many_marks(vote.paper, vote.tally)


def _sum_equation(one: str, of: Sum, valid: int, words: Words) -> str:
    return f"项目“{one}”：{words.parts(of)} ＝ {of.accounted} 票 ≠ {words.whole.format(valid)}。"


def _too_many_marks(paper: Paper, tally: Count) -> list[Problem]:
    marks = sum(of.in_favour for of in tally.sums.values())
    most = paper.seats * tally.valid
    if paper.mode is not Mode.SELECT or marks <= most:
        return []
    words, valid = paper.words, paper.words.whole.format(tally.valid)
    sentence = f"各项目{words.in_favour}合计 {marks} 票 ＞ 应选 {paper.seats} 项 × {valid} ＝ {most} 票。"
    return [Problem("too_many_marks", sentence)]


# Two keyings of one paper tally


@dataclass(frozen=True, slots=True)
class Keying:
    """One person's keying of the tally sheets (rules.md §6.2; the tally is keyed twice)."""

    issued: int
    returned: int
    count: Count


@dataclass(frozen=True, slots=True)
class Difference:
    """One field two keyings disagree on. first, second: None where a keying lacks the candidate."""

    field: str
    first: int | None
    second: int | None
    candidate: str | None = None
    words: Words = VOTING

    @property
    def sentence(self) -> str:
        named = _FIGURES_OF_A_KEYING.get(self.field) or getattr(self.words, self.field)
        name = named.format(self.words.ballot)
        about = f"项目“{self.candidate}”：" if self.candidate is not None else ""
        return f"{about}{name}两次录入不一致，第一次 {_shown(self.first)}，第二次 {_shown(self.second)}。"


_FIGURES_OF_A_KEYING = {
    "issued": "发出{}",
    "returned": "收回{}",
    "valid": "有效票",
    "invalid": "无效票",
    "spoiled_too_many": "无效票中多选的",
    "spoiled_unreadable": "无效票中涂改、无法辨认的",
    "spoiled_not_the_form": "无效票中未使用统一印制的票的",
    "spoiled_other": "无效票中其他原因的",
}


def _shown(figure: int | None) -> str:
    return "未录入" if figure is None else str(figure)


def compare_keyings(first: Keying, second: Keying, words: Words = VOTING) -> list[Difference]:
    """Every field on which two independent keyings differ, in the order of the sheet; empty means they agree."""
    one, other = _head_figures(first), _head_figures(second)
    heads = [
        Difference(name, one[name], other[name], words=words) for name in one if one[name] != other[name]
    ]
    candidates = dict.fromkeys([*first.count.sums, *second.count.sums])
    return heads + [
        Difference(name, _figure(first, candidate, name), _figure(second, candidate, name), candidate, words)
        for candidate in candidates
        for name in _FIGURES_OF_A_SUM
        if _figure(first, candidate, name) != _figure(second, candidate, name)
    ]


def compare_spoiled(first: Mapping[str, int], second: Mapping[str, int]) -> list[Difference]:
    """Every reason for which two keyings name different numbers of invalid ballots; a reason left out is 0."""
    return [
        Difference(f"spoiled_{why}", first.get(why, 0), second.get(why, 0))
        for why in Spoiled
        if first.get(why, 0) != second.get(why, 0)
    ]


def reconcile_spoiled(spoiled: Mapping[str, int], invalid: int) -> list[Problem]:
    """What is wrong with the invalid ballots by reason: together they must be the invalid ballots."""
    told = sum(spoiled.get(why, 0) for why in Spoiled)
    if told == invalid:
        return []
    parts = " ＋ ".join(str(spoiled.get(why, 0)) for why in Spoiled)
    sentence = f"无效票分原因 {parts} ＝ {told} 张 ≠ 无效票 {invalid} 张。"
    return [Problem("spoiled_differs", sentence)]


def _head_figures(keying: Keying) -> dict[str, int]:
    count = keying.count
    return {
        "issued": keying.issued,
        "returned": keying.returned,
        "valid": count.valid,
        "invalid": count.invalid,
    }


def _figure(keying: Keying, candidate: str, name: str) -> int | None:
    of = keying.count.sums.get(candidate)
    return None if of is None else getattr(of, name)
