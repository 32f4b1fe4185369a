"""A vote's record as the count's file (count.md), and what is keyed, compared, balanced and signed in it.

Candidates are named by their titles as printed on the paper; a vote never holds a title twice. All figures are
numbers of persons or of ballots. Nothing here decides an outcome: that is `rules.decide`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import prefetch_related_objects

from projects.ballots import rules as count
from projects.ballots.files import Unusable, read_vote
from projects.ballots.models import Option, Purpose, Vote
from projects.ballots.outcomes import lines_told, outcome_of
from projects.cycles.rulebook import Rules as Rulebook
from workflow.audit.chain import canonical
from workflow.people.saying import as_written
from workflow.people.sentences import sentence as _

# The count's figure of a candidate → its name in a stored tally.
MARK_OF = {
    "in_favour": "for",
    "against": "against",
    "abstain": "abstain",
    "not_pressed": "not_pressed",
    "points": "points",
}
# Before the name of a field: a figure of the hall's device where there is paper beside it.
PRESSED = "pressed_"
# What an accepted tally says of its box; one accepted before this was kept has none of it, and was signed without.
OF_THE_BOX = ("cast", "opened_by", "same_pair_because")
# Said in the rulebook, of no effect on a count: a file does not know them (count.md).
NOT_IN_FILE = ("runoff_majority", "tie_by_presidium", "left_to_next_session")


def count_rules(book: Rulebook) -> dict[str, Any]:
    """The part of a frozen rulebook a vote keeps: what count.md calls `rules`, and what comes after the count.

    Those tied are tied and places left are vacant as far as the count goes, whoever decides on them then.
    """
    by_presidium, next_session = book.tie == "presidium", book.shortfall == "next_session"
    return {
        "quorum": f"{book.quorum.numerator}/{book.quorum.denominator}",
        "majority_base": book.majority_base,
        "tie": str(count.TieRule.RUNOFF) if by_presidium else book.tie,
        "shortfall": str(count.ShortfallRule.VACANT) if next_session else book.shortfall,
        "each_cap": book.each_cap,
        "runoff_majority": book.runoff_majority,
        "tie_by_presidium": by_presidium,
        "left_to_next_session": next_session,
    }


def with_afterwards(rules: count.Rules, kept: Mapping[str, Any]) -> count.Rules:
    """The count's rules with what comes after it. kept: as `count_rules` has it, an older vote's without some of it."""
    return replace(
        rules,
        runoff_majority=bool(kept.get("runoff_majority")),
        tie_by_presidium=bool(kept.get("tie_by_presidium")),
        left_to_next_session=bool(kept.get("left_to_next_session")),
    )


def options_of(vote: Vote) -> list[Option]:
    """The lines of the paper in their order, read once for a copy of the vote: they are printed when it is defined."""
    prefetch_related_objects([vote], "options")
    return list(vote.options.all())


def titles_of(vote: Vote) -> list[str]:
    """The candidates in the order of the paper."""
    return [option.title for option in options_of(vote)]


def words_of(vote: Vote) -> count.Words:
    """Which figures the vote has and what they are called; every page, paper and keying asks here.

    Three grades for a measurement; the fourth figure of a hall's device; no votes against where projects are chosen or
    ranked by telephone and on paper.
    """
    if vote.purpose == Purpose.MEASUREMENT:
        return count.GRADING
    if is_pressed(vote):
        return count.PRESSING_AND_PAPER if is_mixed(vote) else count.PRESSING
    return count.CHOOSING if vote.device and vote.mode != count.Mode.EACH else count.VOTING


def is_pressed(vote: Vote) -> bool:
    """Whether anybody votes by the hall's device: all may have changed to paper where it failed."""
    return vote.keypad and vote.pressing != 0


def is_mixed(vote: Vote) -> bool:
    """Whether some press the hall's device and others vote on paper, in this one vote (rules.md §6.2)."""
    return is_pressed(vote) and bool(vote.paper_issued)


def is_without_ballots(vote: Vote) -> bool:
    """Whether everybody presses the hall's device: there is no ballot that could be valid or not."""
    return is_pressed(vote) and not is_mixed(vote)


def ballots_told(vote: Vote) -> dict[str, Any] | None:
    """How many ballots were valid and how many not, as the stored outcome has them; None where there was no ballot."""
    return None if is_without_ballots(vote) else vote.outcome["ballots"]


def is_of_two_ways(vote: Vote) -> bool:
    """Whether only the total of two ways to vote may be kept: what one of them came to tells the other (integrity.md §2.6)."""
    return vote.device or is_mixed(vote)


def figures_of(vote: Vote) -> tuple[str, ...]:
    """The count's figures of a candidate that this vote has, in the order of the paper.

    points only where the paper is marked by rank; not_pressed only on a hall's device and where three grades are given.
    """
    words = words_of(vote)
    if vote.mode == count.Mode.RANK:
        return (*words.marked, "points")
    return words.order if words is not count.VOTING else words.marked


def marks_of(vote: Vote) -> tuple[str, ...]:
    """The same figures by their names in a stored tally; these are keyed."""
    return tuple(MARK_OF[figure] for figure in figures_of(vote))


def has_against(vote: Vote) -> bool:
    """Whether a project can be opposed in this vote."""
    return "against" in figures_of(vote)


def told(vote: Vote, sums: Mapping[str, int]) -> list[tuple[str, int]]:
    """One candidate's figures under their words. sums: as an outcome has them."""
    words = words_of(vote)
    return [(getattr(words, figure), sums[MARK_OF[figure]]) for figure in figures_of(vote)]


def counted_lines(vote: Vote, outcome: dict[str, Any]) -> list[dict[str, Any]]:
    """What an outcome says line by line (`lines_told`), each with its `figures` under their words."""
    return [
        line | {"figures": told(vote, outcome["sums"][line["title"]])} for line in lines_told(vote, outcome)
    ]


def field_name(mark: str, option: Option) -> str:
    """The name of the form field one figure is keyed in."""
    return f"{mark}_{option.pk}"


def sheet(vote: Vote, *, valid: int, invalid: int, marks: Mapping[str, int]) -> dict[str, Any]:
    """A keyed tally from a form's fields. marks: `for_12`-like names → figures; what is left out counts as 0.

    With names like `spoiled_too_many` among them the invalid ballots are kept by reason (`rules.Spoiled`). Where some press
    and others vote on paper, the sums are the paper's, and the device's, named like `pressed_for_12`, are "pressed".
    """
    return {
        "valid": valid,
        "invalid": invalid,
        **_by_reason(marks),
        "sums": _sums_of(vote, marks),
        **({"pressed": _sums_of(vote, marks, PRESSED)} if is_mixed(vote) else {}),
    }


def _sums_of(vote: Vote, marks: Mapping[str, int], prefix: str = "") -> dict[str, dict[str, int]]:
    return {
        option.title: {mark: marks.get(prefix + field_name(mark, option), 0) for mark in marks_of(vote)}
        for option in options_of(vote)
    }


def _by_reason(marks: Mapping[str, int]) -> dict[str, Any]:
    if not any(name.startswith("spoiled_") for name in marks):
        return {}
    return {"spoiled": {str(why): marks.get(f"spoiled_{why}") or 0 for why in count.Spoiled}}


def empty_sheet(vote: Vote) -> dict[str, Any]:
    """A tally with nothing in it, for a vote that has not been counted."""
    return sheet(vote, valid=0, invalid=0, marks={})


def on_paper(vote: Vote, which: str) -> int:
    """The ballots on paper among those issued or returned; all of them where there is no other way to vote."""
    return getattr(vote, f"paper_{which}" if vote.device or vote.keypad else which) or 0


def ballot_on_paper(vote: Vote) -> str:
    """What a ballot on paper is called: by its way where others vote by another, else as the vote calls its ballots."""
    return _("纸质票") if vote.device or vote.keypad else words_of(vote).ballot


def to_key(vote: Vote, which: str) -> int:
    """Those issued or returned whose figures two people key: the paper, and who presses; a box is opened."""
    return getattr(vote, f"paper_{which}" if vote.device else which) or 0


def parts_of(vote: Vote, figures: Mapping[str, Any]) -> list[count.VoteFile]:
    """What two people key, part by part as each has to balance: the paper's, the hall device's, or the one there is."""
    if not is_mixed(vote):
        words = words_of(vote)
        if vote.device:
            words = replace(words, ballot=ballot_on_paper(vote))
        return [_part(vote, figures, words, to_key(vote, "issued"), to_key(vote, "returned"))]
    words, paper = words_of(vote), {name: kept for name, kept in figures.items() if name != "pressed"}
    return [
        _part(
            vote, paper,
            replace(words.of_part(_("纸质票"), _("有效纸质票 %(n)s 张")), ballot=ballot_on_paper(vote)),
            vote.paper_issued, vote.paper_returned,
        ),
        _part(
            vote, _pressed(vote, figures), words.of_part(_("按键"), _("表决器记录 %(n)s 人")), vote.pressing, vote.recorded
        ),
    ]  # fmt: skip


def _part(
    vote: Vote, figures: Mapping[str, Any], words: count.Words, issued: int | None, returned: int | None
) -> count.VoteFile:
    file = vote_file(vote, figures)
    paper = replace(file.paper, words=words)
    return replace(file, paper=paper, ballots_issued=issued or 0, ballots_returned=returned or 0)


def _pressed(vote: Vote, figures: Mapping[str, Any]) -> dict[str, Any]:
    """The hall device's totals as a tally: nothing it counts is invalid."""
    return {"valid": vote.recorded or 0, "invalid": 0, "sums": figures["pressed"]}


def problems_of(vote: Vote, figures: Mapping[str, Any]) -> list[count.Problem]:
    """Every contradiction in a keyed tally, each said to be of the part it is in."""
    found: list[count.Problem] = []
    for part in parts_of(vote, figures):
        assert part.tally is not None  # the file always carries sums
        found += [*count.reconcile(part), *count.impossible_points(part.paper, part.tally)]
    return found


def unlike_returned(vote: Vote, *, valid: int, invalid: int) -> list[str]:
    """That the ballots keyed, valid and invalid, are not as many as came back on paper; empty where they are."""
    paper, *_pressed_part = parts_of(vote, sheet(vote, valid=valid, invalid=invalid, marks={}))
    return [problem.sentence for problem in count.reconcile(paper) if problem.code == "returned_differs"]


def differences_of(vote: Vote, first: Mapping[str, Any], second: Mapping[str, Any]) -> list[count.Difference]:
    """Every field on which two keyed tallies differ, part by part."""
    found: list[count.Difference] = []
    for one, other in zip(parts_of(vote, first), parts_of(vote, second), strict=True):
        found += count.compare_keyings(_as_keyed(one), _as_keyed(other), one.paper.words)
    return found + count.compare_spoiled(first.get("spoiled", {}), second.get("spoiled", {}))


def _as_keyed(file: count.VoteFile) -> count.Keying:
    assert file.tally is not None  # the file always carries sums
    return count.Keying(file.ballots_issued, file.returned, file.tally)


def whole_of(vote: Vote, figures: Mapping[str, Any]) -> dict[str, Any]:
    """A keyed tally as it is accepted: what the hall's device counted and the paper beside it as one sum."""
    if "pressed" not in figures:
        return dict(figures)
    paper, pressed = parts_of(vote, figures)
    assert paper.tally is not None and pressed.tally is not None
    kept = {name: told for name, told in figures.items() if name != "pressed"}
    return with_box(vote, kept, pressed.tally)


def with_box(vote: Vote, tally: Mapping[str, Any], box: count.Count) -> dict[str, Any]:
    """The paper's tally and another count's sums as one; a figure neither knows of stays away (rules.md §6.2)."""
    named = marks_of(vote)
    return {
        **tally,
        "valid": tally["valid"] + box.valid,
        "invalid": tally["invalid"] + box.invalid,
        "sums": {
            title: {mark: sums[mark] + _figure(box.sums[title], mark) for mark in named}
            for title, sums in tally["sums"].items()
        },
    }


def _figure(of: count.Sum, mark: str) -> int:
    return {name: getattr(of, figure) for figure, name in MARK_OF.items()}[mark]


def file_of(vote: Vote, figures: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The vote in the format of `rehearse`. figures: another tally than the accepted one."""
    tally = figures or vote.figures or empty_sheet(vote)
    return {
        "deputies_in_office": vote.deputies_in_office,
        "deputies_present": vote.deputies_present or 0,
        "ballots_issued": vote.issued or 0,
        "ballots_returned": vote.returned or 0,
        "mode": vote.mode,
        "seats": vote.seats,
        "candidates": titles_of(vote),
        "sums": {title: _in_file(vote) | of for title, of in tally["sums"].items()},
        "valid": tally["valid"],
        "invalid": tally["invalid"],
        "rules": {key: value for key, value in vote.rules.items() if key not in NOT_IN_FILE},
    }


def _in_file(vote: Vote) -> dict[str, int]:
    """What every sum in a file names (count.md) though this vote has none of it."""
    return {} if has_against(vote) else {"against": 0}


def export(vote: Vote) -> str:
    """The file as text: `rehearse` given it answers what the vote's own count answered, all but whose turn it is then."""
    return json.dumps(file_of(vote), ensure_ascii=False, indent=1)


def faults_of(vote: Vote, figures: Mapping[str, Any] | None = None) -> list[str]:
    """Why a definition or a tally cannot be counted at all, each with its place; empty when it can."""
    try:
        read_vote(json.dumps(file_of(vote, figures)).encode(), pabulib=False)
    except Unusable as error:
        return [str(fault) for fault in error.faults]
    return _foreign_figures(vote, figures or {}) + spoiled_faults(figures or {})


def _foreign_figures(vote: Vote, figures: Mapping[str, Any]) -> list[str]:
    """Why a tally cannot stand that names a figure this vote does not have."""
    words, known = words_of(vote), figures_of(vote)
    named = {mark for of in figures.get("sums", {}).values() for mark in of}
    return [
        _("本次投票没有“%(figure)s”这一项，不能录入。") % {"figure": getattr(words, figure)}
        for figure, mark in MARK_OF.items()
        if mark in named and figure not in known
    ]


def faults_in_keying(vote: Vote, figures: Mapping[str, Any]) -> list[str]:
    """Why a keyed tally cannot be counted at all, in any of its parts; empty when it can."""
    if is_mixed(vote) != ("pressed" in figures):
        return [_("表决器的结果和纸质票须一并录入。")]
    pressed = faults_of(vote, _pressed(vote, figures)) if "pressed" in figures else []
    return faults_of(vote, figures) + pressed


def spoiled_of(vote: Vote) -> list[tuple[str, int]]:
    """The reasons there were invalid ballots for, with their numbers; empty where none was told."""
    told = vote.figures.get("spoiled", {})
    return [(_("无效票：%(why)s") % {"why": SPOILED[why]}, told[why]) for why in SPOILED if told.get(why)]


def spoiled_faults(figures: Mapping[str, Any]) -> list[str]:
    """Why a keyed tally's invalid ballots by reason cannot stand; empty where they can or none were told."""
    if "spoiled" not in figures:
        return []
    found = count.reconcile_spoiled(figures["spoiled"], figures["invalid"])
    return [problem.sentence for problem in found]


def vote_file(vote: Vote, figures: Mapping[str, Any] | None = None) -> count.VoteFile:
    """The vote as the count takes it; Unusable where `faults_of` names a fault."""
    read = read_vote(json.dumps(file_of(vote, figures)).encode(), pabulib=False)
    return replace(
        read,
        rules=with_afterwards(read.rules, vote.rules),
        paper=replace(read.paper, words=words_of(vote)),
    )


def decided(vote: Vote, figures: Mapping[str, Any] | None = None) -> count.Outcome:
    """What the rules say of the accepted tally, or of another one."""
    return count.decide(vote_file(vote, figures))


def counted_figures(vote: Vote) -> dict[str, dict[str, int | str]]:
    """What the accepted tally comes to as `rules.compare_counts` takes it: under "" the ballots, then every candidate's
    figures and what becomes of it; not of a measurement, where that rests on more than these ballots (earlier rounds).
    """
    out, back = handed_as(vote)
    ballots: dict[str, int | str] = {out: vote.issued or 0, back: vote.returned or 0}
    if not is_without_ballots(vote):
        ballots |= {_FIGURES[name]: vote.figures[name] for name in ("valid", "invalid")}
    spoiled = vote.figures.get("spoiled", {})
    ballots |= {_FIGURES[f"spoiled_{why}"]: spoiled[why] for why in SPOILED if spoiled.get(why)}
    sums = vote.figures["sums"]
    lines: dict[str, dict[str, int | str]] = {one: dict(told(vote, sums[one])) for one in titles_of(vote)}
    if vote.purpose == Purpose.MEASUREMENT:
        return {"": ballots, **lines}
    words = {one["title"]: one["word"] for one in lines_told(vote, outcome_of(vote, decided(vote)))}
    return {"": ballots} | {title: figures | {RESULT: words[title]} for title, figures in lines.items()}


def handed_as(vote: Vote) -> tuple[str, str]:
    """What those issued and those returned are called, by the way the vote was held and by what it asks."""
    if is_mixed(vote):
        return _("发出票和按键"), _("收回票和记录")
    return pressed_as(vote) if is_pressed(vote) else ballots_as(vote)


def pressed_as(vote: Vote) -> tuple[str, str]:
    """What those who press the hall's device are called, and those it has counted."""
    measured = vote.purpose == Purpose.MEASUREMENT
    return _("按键测评的代表") if measured else _("按键表决的代表"), _("表决器记录的人数")


def ballots_as(vote: Vote) -> tuple[str, str]:
    """What the ballots issued are called, and those returned."""
    measured = vote.purpose == Purpose.MEASUREMENT
    return (_("发出测评票"), _("收回测评票")) if measured else (_("发出表决票"), _("收回表决票"))


def handed_told(vote: Vote) -> str:
    """How many ballots were out, came back, were valid and not, in a sentence; of a hall's keypads, who pressed and was counted."""
    ballots = vote.outcome["ballots"]
    if not is_pressed(vote):
        told = {
            "ballot": words_of(vote).ballot,
            "issued": vote.issued,
            "returned": vote.returned,
            "valid": ballots["valid"],
            "invalid": ballots["invalid"],
        }
        return (
            _(
                "发出%(ballot)s %(issued)s 张，收回 %(returned)s 张，有效票 %(valid)s 张，无效票 %(invalid)s 张。"
            )
            % told
        )
    told = {"pressing": vote.pressing, "recorded": vote.recorded}
    measured = vote.purpose == Purpose.MEASUREMENT
    if not is_mixed(vote):
        of_pressed = (
            _("按键测评 %(pressing)s 人，表决器记录 %(recorded)s 人。")
            if measured
            else _("按键表决 %(pressing)s 人，表决器记录 %(recorded)s 人。")
        )
        return of_pressed % told
    paper = {"issued": vote.paper_issued, "returned": vote.paper_returned, "invalid": ballots["invalid"]}
    of_both = (
        _(
            "按键测评 %(pressing)s 人，表决器记录 %(recorded)s 人；发出纸质票 %(issued)s 张，收回 %(returned)s 张，无效 %(invalid)s 张。"
        )
        if measured
        else _(
            "按键表决 %(pressing)s 人，表决器记录 %(recorded)s 人；发出纸质票 %(issued)s 张，收回 %(returned)s 张，无效 %(invalid)s 张。"
        )
    )
    return of_both % (told | paper)


def signed_text(vote: Vote) -> str:
    """What the tellers sign, canonical (RFC 8785): which vote, its whole file and the outcome.

    The outcome is the one kept with the second signature, which every page tells of, and before that what the rules say:
    its sentences may be worded anew later, and what was signed still holds.
    """
    return canonical(
        {
            "vote": vote.reference,
            "title": vote.title,
            "follows": vote.follows.reference if vote.follows else "",
            "because": vote.follows_because,
            "file": file_of(vote),
            "outcome": vote.outcome or outcome_of(vote, decided(vote)),
        }
        | _sealed(vote)
        | _beside_the_device(vote)
        | ({"spoiled": vote.figures["spoiled"]} if "spoiled" in vote.figures else {})
    )


def _sealed(vote: Vote) -> dict[str, Any]:
    """What a vote by device is signed over besides: the roll, the key and the box as they were frozen.

    Besides, where the accepted tally has it: ballots in the box and marks on the roll, and who opened it.
    """
    if not vote.device:
        return {}
    frozen = {"roll": vote.roll_digest, "public_key": vote.public_key, "box": vote.box_digest}
    return frozen | {name: vote.figures[name] for name in OF_THE_BOX if name in vote.figures}


def _beside_the_device(vote: Vote) -> dict[str, Any]:
    """What a vote by the hall's device with paper beside it is signed over besides: the roll, and how many voted how."""
    if not is_mixed(vote):
        return {}
    paper = {"issued": vote.paper_issued, "returned": vote.paper_returned}
    return {"roll": vote.roll_digest, "on_paper": paper}


def digest_of(vote: Vote) -> str:
    """SHA-256 of `signed_text`, lower-case hexadecimal."""
    return hashlib.sha256(signed_text(vote).encode()).hexdigest()


# Saying it


@dataclass(frozen=True)
class Equation:
    """One line of the reconciliation: how it is written, and whether it holds."""

    text: str
    holds: bool


def equations(vote: Vote, figures: Mapping[str, Any] | None = None) -> list[Equation]:
    """The reconciliation line by line (rules.md §6.2); which lines hold is `rules.reconcile`'s word."""
    file = vote_file(vote, figures)
    assert file.tally is not None
    problems = count.reconcile(file)
    broken = {(problem.code, problem.candidate) for problem in problems}
    cast = (figures or vote.figures).get("cast")
    lines = [
        *_head_lines(vote, file, {code for code, _candidate in broken}),
        *_box_lines(vote, cast),
        *(
            Equation(_sum_line(vote, one, of, file.tally.valid), ("sum_differs", one) not in broken)
            for one, of in file.tally.sums.items()
        ),
    ]
    negative = [Equation(problem.sentence, False) for problem in problems if problem.code == "negative"]
    return lines + negative


def _head_lines(vote: Vote, file: count.VoteFile, broken: set[str]) -> list[Equation]:
    tally = file.tally or count.Count({}, 0, 0)
    if is_mixed(vote):
        return _mixed_lines(vote, file, tally, broken) + _marks_line(file, tally, broken)
    if file.paper.words is count.PRESSING:
        return _pressed_lines(file, broken) + _marks_line(file, tally, broken)
    attendance = not broken & {"issued_over_present", "present_over_in_office"}
    lines = [
        Equation(
            _("发出 %(issued)s ≤ 实到 %(present)s ≤ 应到 %(in_office)s")
            % {
                "issued": file.ballots_issued,
                "present": file.deputies_present,
                "in_office": file.deputies_in_office,
            },
            attendance,
        ),
        Equation(
            _("收回 %(returned)s ≤ 发出 %(issued)s")
            % {"returned": file.returned, "issued": file.ballots_issued},
            file.returned <= file.ballots_issued,
        ),
        Equation(
            _("有效 %(valid)s ＋ 无效 %(invalid)s ＝ 收回 %(returned)s")
            % {"valid": tally.valid, "invalid": tally.invalid, "returned": file.returned},
            "returned_differs" not in broken,
        ),
    ]
    return lines + _marks_line(file, tally, broken)


def _box_lines(vote: Vote, cast: Mapping[str, int] | None) -> list[Equation]:
    """A vote by device: the box against the roll, both being frozen (integrity.md §2.7); with paper beside it, that the two
    ways together are what went out and came back. How many vote which way is no secret."""
    if cast is None:
        return []
    line = Equation(_("电子票箱 %(box)s 张 ＝ 名册划记 %(roll)s 人") % cast, cast["box"] == cast["roll"])
    if not vote.paper_issued:
        return [line]
    out = {"paper": vote.paper_issued, "issued": vote.issued or 0}
    out["device"] = out["issued"] - out["paper"]
    back = {"box": cast["box"], "paper": vote.paper_returned or 0, "returned": vote.returned or 0}
    paper = {"returned": back["paper"], "issued": vote.paper_issued}
    return [
        Equation(
            _("用手机投票 %(device)s ＋ 发出纸质票 %(paper)s ＝ 发出合计 %(issued)s") % out,
            out["device"] >= 0,
        ),
        line,
        Equation(
            _("收回纸质票 %(returned)s ≤ 发出纸质票 %(issued)s") % paper, paper["returned"] <= paper["issued"]
        ),
        Equation(
            _("电子票 %(box)s ＋ 收回纸质票 %(paper)s ＝ 收回合计 %(returned)s") % back,
            back["box"] + back["paper"] == back["returned"],
        ),
    ]


def _pressed_lines(file: count.VoteFile, broken: set[str]) -> list[Equation]:
    """The same where nobody had a ballot in hand: who was to press, and whom the device counted."""
    return [
        Equation(
            _("按键表决 %(issued)s ≤ 实到 %(present)s ≤ 应到 %(in_office)s")
            % {
                "issued": file.ballots_issued,
                "present": file.deputies_present,
                "in_office": file.deputies_in_office,
            },
            not broken & {"issued_over_present", "present_over_in_office"},
        ),
        Equation(
            _("表决器记录 %(returned)s ≤ 按键表决 %(issued)s")
            % {"returned": file.returned, "issued": file.ballots_issued},
            file.returned <= file.ballots_issued,
        ),
    ]


def _mixed_lines(vote: Vote, file: count.VoteFile, tally: count.Count, broken: set[str]) -> list[Equation]:
    """The same where some pressed and others had paper: one roll, whose people are added up on either side."""
    pressing, recorded = vote.pressing or 0, vote.recorded or 0
    paper = {"issued": vote.paper_issued or 0, "returned": vote.paper_returned or 0}
    return [
        Equation(
            _(
                "按键表决 %(pressing)s ＋ 发出纸质票 %(paper)s ＝ %(issued)s ≤ 实到 %(present)s ≤ 应到 %(in_office)s"
            )
            % {
                "pressing": pressing,
                "paper": paper["issued"],
                "issued": file.ballots_issued,
                "present": file.deputies_present,
                "in_office": file.deputies_in_office,
            },
            not broken & {"issued_over_present", "present_over_in_office"},
        ),
        Equation(
            _("表决器记录 %(returned)s ≤ 按键表决 %(issued)s") % {"returned": recorded, "issued": pressing},
            recorded <= pressing,
        ),
        Equation(
            _("收回纸质票 %(returned)s ≤ 发出纸质票 %(issued)s") % paper, paper["returned"] <= paper["issued"]
        ),
        Equation(
            _(
                "表决器记录 %(recorded)s ＋ 有效纸质票 %(valid)s ＋ 无效纸质票 %(invalid)s ＝ 收回合计 %(returned)s"
            )
            % {
                "recorded": recorded,
                "valid": tally.valid - recorded,
                "invalid": tally.invalid,
                "returned": file.returned,
            },
            "returned_differs" not in broken,
        ),
    ]


def _marks_line(file: count.VoteFile, tally: count.Count, broken: set[str]) -> list[Equation]:
    if file.paper.mode is not count.Mode.SELECT:
        return []
    text = _("赞成合计 %(marks)s ≤ 应选 %(seats)s × 有效票 %(valid)s") % {
        "marks": sum(of.in_favour for of in tally.sums.values()),
        "seats": file.paper.seats,
        "valid": tally.valid,
    }
    return [Equation(text, "too_many_marks" not in broken)]


def _sum_line(vote: Vote, one: str, of: count.Sum, valid: int) -> str:
    words = words_of(vote)
    if words is not count.VOTING:
        return _("%(project)s：%(parts)s ＝ %(whole)s") % {
            "project": one,
            "parts": words.parts(of, in_full=True),
            "whole": words.whole % {"n": valid},
        }
    return _("%(project)s：赞成 %(for)s ＋ 反对 %(against)s ＋ 弃权 %(abstain)s ＝ 有效票 %(valid)s") % {
        "project": one,
        "for": of.in_favour,
        "against": of.against,
        "abstain": of.abstain,
        "valid": valid,
    }


SPOILED = {
    count.Spoiled.TOO_MANY: _("多选"),
    count.Spoiled.UNREADABLE: _("涂改、无法辨认"),
    count.Spoiled.NOT_THE_FORM: _("未使用统一印制的票"),
    count.Spoiled.OTHER: _("其他"),
}
_FIGURES = {
    "issued": _("发出"),
    "returned": _("收回"),
    "valid": _("有效票"),
    "invalid": _("无效票"),
    **{f"spoiled_{why}": _("无效票原因“%(why)s”") % {"why": title} for why, title in SPOILED.items()},
}

RESULT = _("结果")  # beside a candidate's figures, what becomes of it


def figure_on(line: str, name: str) -> str:
    """A figure by its line of the paper; line: a candidate's title, "" of all ballots."""
    return _("“%(one)s”的%(figure)s") % {"one": line, "figure": name} if line else name


def place_of(difference: count.Difference) -> str:
    """Where two keyings differ, without saying what either of them holds."""
    figure = _FIGURES.get(difference.field) or getattr(difference.words, difference.field)
    return figure_on(difference.candidate or "", figure)


def signed_outcome(vote: Vote) -> dict[str, Any]:
    """The stored outcome as it is told on a page."""
    if not vote.outcome:
        return vote.outcome
    return as_written(vote.outcome, lambda: outcome_of(vote, decided(vote)))
