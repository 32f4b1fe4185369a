"""Whether figures agree with each other: of one vote, of two keyings of one paper tally."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from projects.ballots.rules.terms import (
    VOTING,
    Count,
    Mode,
    Paper,
    Problem,
    Spoiled,
    Sum,
    VoteFile,
    Words,
    added_up,
)
from workflow.people.sentences import sentence as _


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
        _("应到代表"): vote.deputies_in_office,
        _("实到代表"): vote.deputies_present,
        _("发出%(ballot)s") % {"ballot": ballot}: vote.ballots_issued,
        _("收回%(ballot)s") % {"ballot": ballot}: vote.returned,
    }
    if vote.tally:
        figures |= {_("有效票"): vote.tally.valid, _("无效票"): vote.tally.invalid}
    problems = [
        Problem("negative", _("%(name)s %(n)s，不能是负数。") % {"name": name, "n": figure})
        for name, figure in figures.items()
        if figure < 0
    ]
    return problems + _negative_sums(vote.tally, vote.paper.words)


_FIGURES_OF_A_SUM = ("in_favour", "against", "abstain", "not_pressed", "points")


def _negative_sums(tally: Count | None, words: Words) -> list[Problem]:
    return [
        Problem(
            "negative",
            _("项目“%(one)s”：%(name)s %(n)s，不能是负数。")
            % {"one": one, "name": getattr(words, key), "n": getattr(of, key)},
            one,
        )
        for one, of in (tally.sums.items() if tally else ())
        for key in _FIGURES_OF_A_SUM
        if getattr(of, key) < 0
    ]


def _attendance_problems(vote: VoteFile) -> list[Problem]:
    problems = []
    if vote.ballots_issued > vote.deputies_present:
        sentence = _("发出%(ballot)s %(issued)s 张 ＞ 实到代表 %(present)s 人。") % {
            "ballot": vote.paper.words.ballot,
            "issued": vote.ballots_issued,
            "present": vote.deputies_present,
        }
        problems.append(Problem("issued_over_present", sentence))
    if vote.deputies_present > vote.deputies_in_office:
        sentence = _("实到代表 %(present)s 人 ＞ 应到代表 %(in_office)s 人。") % {
            "present": vote.deputies_present,
            "in_office": vote.deputies_in_office,
        }
        problems.append(Problem("present_over_in_office", sentence))
    return problems


def _returned_problems(vote: VoteFile) -> list[Problem]:
    if vote.returned == vote.contained:
        return []
    ballot = vote.paper.words.ballot
    one_by_one = _("逐张%(ballot)s") % {"ballot": ballot}
    parts = [(one_by_one, len(vote.ballots))] if vote.ballots or not vote.tally else []
    if vote.tally:
        parts += [(_("有效票"), vote.tally.valid), (_("无效票"), vote.tally.invalid)]
    sentence = _("收回%(ballot)s %(returned)s 张 ≠ %(parts)s ＝ %(contained)s 张。") % {
        "ballot": ballot,
        "returned": vote.returned,
        "parts": added_up(parts),
        "contained": vote.contained,
    }
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
    return _("项目“%(one)s”：%(parts)s ＝ %(accounted)s 票 ≠ %(whole)s。") % {
        "one": one,
        "parts": words.parts(of),
        "accounted": of.accounted,
        "whole": words.whole % {"n": valid},
    }


def _too_many_marks(paper: Paper, tally: Count) -> list[Problem]:
    marks = sum(of.in_favour for of in tally.sums.values())
    most = paper.seats * tally.valid
    if paper.mode is not Mode.SELECT or marks <= most:
        return []
    sentence = _("各项目%(mark)s合计 %(marks)s 票 ＞ 应选 %(seats)s 项 × %(valid)s ＝ %(most)s 票。") % {
        "mark": paper.words.in_favour,
        "marks": marks,
        "seats": paper.seats,
        "valid": paper.words.whole % {"n": tally.valid},
        "most": most,
    }
    return [Problem("too_many_marks", sentence)]


def impossible_points(paper: Paper, tally: Count) -> list[Problem]:
    """Points no valid ballots marked by rank can add up to; beside `reconcile`, whose problems the file format names.

    A place is worth from `seats` points down to one: a mark brings at least one and at most `seats`, a whole ballot their sum.
    """
    if paper.mode is not Mode.RANK:
        return []
    found = [
        Problem(
            "points_differ",
            _("项目“%(one)s”得 %(marks)s 票，得分应在 %(marks)s 至 %(most)s 分之间，现为 %(points)s 分。")
            % {"one": one, "marks": of.in_favour, "most": of.in_favour * paper.seats, "points": of.points},
            one,
        )
        for one, of in tally.sums.items()
        if not of.in_favour <= of.points <= of.in_favour * paper.seats
    ]
    if found:
        return found
    marks, points = (sum(getattr(of, name) for of in tally.sums.values()) for name in ("in_favour", "points"))
    if marks > paper.seats * tally.valid:
        sentence = _(
            "各项目得票合计 %(marks)s 票：有效票 %(valid)s 张，每张至多排 %(seats)s 项，至多 %(most)s 票。"
        ) % {
            "marks": marks,
            "valid": tally.valid,
            "seats": paper.seats,
            "most": paper.seats * tally.valid,
        }
        return [Problem("too_many_points", sentence)]
    least, most = _points_of_all(marks, tally.valid, paper.seats)
    if not least <= points <= most:
        sentence = _(
            "各项目得票合计 %(marks)s 票，有效票 %(valid)s 张，每张至多排 %(seats)s 项："
            "得分合计应在 %(least)s 至 %(most)s 分之间，现为 %(points)s 分。"
        ) % {
            "marks": marks,
            "valid": tally.valid,
            "seats": paper.seats,
            "least": least,
            "most": most,
            "points": points,
        }
        return [Problem("too_many_points" if points > most else "too_few_points", sentence)]
    return []


def _points_of_all(marks: int, ballots: int, seats: int) -> tuple[int, int]:
    """The fewest and the most points so many marks may bring on so many ballots, at most `seats` on each.

    A ballot with k marks brings seats + (seats − 1) + … : each mark further down is worth less. So they come to the fewest
    on as few ballots as hold them, and to the most spread evenly over all of them.
    """

    def brought(k: int) -> int:
        return k * seats - k * (k - 1) // 2

    full, rest = divmod(marks, seats)
    evenly, more = divmod(marks, ballots) if ballots else (0, 0)
    return full * brought(seats) + brought(rest), (ballots - more) * brought(evenly) + more * brought(
        evenly + 1
    )


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
        named = _FIGURES_OF_A_KEYING.get(self.field)
        told = {
            "name": named % {"ballot": self.words.ballot} if named else getattr(self.words, self.field),
            "first": _shown(self.first),
            "second": _shown(self.second),
        }
        if self.candidate is None:
            return _("%(name)s两次录入不一致，第一次 %(first)s，第二次 %(second)s。") % told
        return _("项目“%(one)s”：%(name)s两次录入不一致，第一次 %(first)s，第二次 %(second)s。") % (
            told | {"one": self.candidate}
        )


_FIGURES_OF_A_KEYING = {
    "issued": _("发出%(ballot)s"),
    "returned": _("收回%(ballot)s"),
    "valid": _("有效票"),
    "invalid": _("无效票"),
    "spoiled_too_many": _("无效票中多选的"),
    "spoiled_unreadable": _("无效票中涂改、无法辨认的"),
    "spoiled_not_the_form": _("无效票中未使用统一印制的票的"),
    "spoiled_other": _("无效票中其他原因的"),
}


def _shown(figure: int | None) -> str:
    return _("未录入") if figure is None else str(figure)


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


# Two counts of the same ballots


@dataclass(frozen=True, slots=True)
class Compared:
    """One line of two counts of the same ballots: a candidate's, or "" what is of all ballots together.

    figures: each with its name, what it was and what it is; a number, or the word for what the line comes to.
    """

    line: str
    figures: tuple[tuple[str, int | str, int | str], ...]

    @property
    def changed(self) -> tuple[tuple[str, int | str, int | str], ...]:
        """Those that are not what they were."""
        return tuple(one for one in self.figures if one[1] != one[2])


def compare_counts(
    before: Mapping[str, Mapping[str, int | str]], now: Mapping[str, Mapping[str, int | str]]
) -> list[Compared]:
    """A recount held against the count before it, line by line in the order of the paper.

    before, now: figures by their names, by line (`Compared.line`). A figure one of the two does not name is 0 there.
    """
    return [
        Compared(
            line,
            tuple(
                (name, before.get(line, {}).get(name, 0), now.get(line, {}).get(name, 0))
                for name in dict.fromkeys([*before.get(line, {}), *now.get(line, {})])
            ),
        )
        for line in dict.fromkeys([*before, *now])
    ]


def reconcile_spoiled(spoiled: Mapping[str, int], invalid: int) -> list[Problem]:
    """What is wrong with the invalid ballots by reason: together they must be the invalid ballots."""
    told = sum(spoiled.get(why, 0) for why in Spoiled)
    if told == invalid:
        return []
    parts = " ＋ ".join(str(spoiled.get(why, 0)) for why in Spoiled)
    sentence = _("无效票各原因 %(parts)s ＝ %(told)s 张，与无效票 %(invalid)s 张不符。") % {
        "parts": parts,
        "told": told,
        "invalid": invalid,
    }
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
