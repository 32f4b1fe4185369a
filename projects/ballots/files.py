"""Reading a vote from a file, and writing its outcome (rules.md §6.2).

Two formats come in: JSON, and Pabulib's `.pb` (semicolon-separated META, PROJECTS, VOTES; vote types `approval` and
`choose-1`). A file that is not usable is refused with every fault and its place. Figures that contradict each other
or are negative are not faults: the count reports them as unbalanced. Pure but for `read_vote_at`, which opens a path.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

from projects.ballots.rules import (
    Count,
    MajorityBase,
    Mode,
    Outcome,
    Paper,
    Rules,
    ShortfallRule,
    Sum,
    TieRule,
    VoteFile,
)

LARGEST_FIGURE = 10**12
"""Beyond any congress; it keeps a mistyped figure from becoming arithmetic on thousands of digits."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One reason why a file is not usable. place: where in the file, such as `ballots[3]`; text: Chinese."""

    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


class Unusable(Exception):
    """A file that cannot be counted; `faults` names each place, never empty."""

    code = "unusable"

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


@dataclass(frozen=True, slots=True)
class Overrides:
    """What is asked for instead of what the file says; None leaves the file's word. quorum: `a/b` or `none`."""

    quorum: str | None = None
    majority_base: str | None = None
    seats: int | str | None = None


def read_vote(content: bytes, *, pabulib: bool | None = None, overrides: Overrides = Overrides()) -> VoteFile:
    """A vote from the bytes of a file (UTF-8, with or without BOM).

    pabulib: None recognises the format by its first word. Raises Unusable with every fault found.
    """
    faults: list[Fault] = []
    wanted = _overriding(overrides, faults)
    text = _decoded(content)
    is_pabulib = text.lstrip().startswith("META") if pabulib is None else pabulib
    raw = _raw_from_pabulib(text) if is_pabulib else _raw_from_json(text)
    vote = _vote_from(_overridden(raw, wanted), faults)
    if faults or vote is None:
        raise Unusable(faults)
    return vote


def is_named_pabulib(name: str) -> bool | None:
    """Whether a file is Pabulib's by its name; None where its first word says."""
    return True if name.lower().endswith(".pb") else None


def read_vote_at(path: str, *, overrides: Overrides = Overrides()) -> VoteFile:
    """A vote from a path; a path that cannot be read is a fault like any other (Unusable)."""
    try:
        content = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Unusable([Fault(path, f"文件无法读取（{reason}）")]) from error
    return read_vote(content, pabulib=is_named_pabulib(path), overrides=overrides)


def outcome_as_json(outcome: Outcome) -> dict[str, Any]:
    """The outcome as the plain values of the JSON format; keys and their order are fixed."""
    count, result = outcome.count, outcome.result
    return {
        "outcome": str(outcome.verdict),
        "quorum": {
            "needed": outcome.quorum.needed,
            "present": outcome.quorum.present,
            "met": outcome.quorum.met,
        },
        "majority": {
            "base": str(outcome.majority.base),
            "of": outcome.majority.of,
            "needed": outcome.majority.needed,
        },
        "ballots": {
            "issued": outcome.ballots_issued,
            "returned": outcome.ballots_returned,
            "valid": count.valid,
            "invalid": count.invalid,
            "problems": [problem.sentence for problem in outcome.problems],
        },
        "sums": {one: _sum_as_json(of) for one, of in count.sums.items()},
        "elected": list(result.elected),
        "tied": list(result.tied),
        "not_elected": list(result.not_elected),
        "reasons": {one: reason.sentence for one, reason in result.reasons.items()},
    }


def _sum_as_json(of: Sum) -> dict[str, int]:
    return {
        "for": of.in_favour,
        "against": of.against,
        "abstain": of.abstain,
        "not_pressed": of.not_pressed,
        "points": of.points,
    }


def quorum_from(text: object) -> Fraction | None:
    """A quorum as written: `2/3`, `1`, `0.5`, or `none` (None). Raises ValueError outside (0, 1] or otherwise."""
    if text == "none":
        return None
    if not isinstance(text, str) or not re.fullmatch(r"[0-9]{1,9}(/[0-9]{1,9}|\.[0-9]{1,9})?", text):
        raise ValueError(text)
    try:
        fraction = Fraction(text)
    except ZeroDivisionError as error:
        raise ValueError(text) from error
    if not 0 < fraction <= 1:
        raise ValueError(text)
    return fraction


# Bytes and JSON


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        fault = Fault(f"字节 {error.start + 1}", "不是 UTF-8 编码")
        raise Unusable([fault]) from error


class _Repeated(ValueError):
    """A key written twice in one JSON object: which of the two was meant cannot be known."""


def _raw_from_json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_object_without_repeats, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        place = f"第 {error.lineno} 行第 {error.colno} 列"
        raise Unusable([Fault(place, "不是合法的 JSON")]) from error
    except _Repeated as error:
        raise Unusable([Fault("JSON", f"键 {_quoted(error.args[0])} 在同一个对象里出现两次")]) from error
    except (ValueError, RecursionError) as error:
        raise Unusable([Fault("JSON", "不是合法的 JSON（数字过长、不是数字，或嵌套过深）")]) from error


def _object_without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Repeated(key)
        found[key] = value
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _quoted(value: object) -> str:
    """A value on one line, shortened, for a fault; letters that would break the line are written as escapes."""
    text = json.dumps(value, ensure_ascii=False)
    text = "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in text)
    return text if len(text) <= 60 else text[:57] + "…"


# Overrides


def _overriding(overrides: Overrides, faults: list[Fault]) -> dict[str, Any]:
    """The overrides as raw values of the file, each checked under its own name."""
    wanted: dict[str, Any] = {}
    if overrides.quorum is not None:
        wanted["quorum"] = overrides.quorum
        _quorum(wanted, "--quorum", faults)
    if overrides.majority_base is not None:
        wanted["majority_base"] = overrides.majority_base
        _one_of(MajorityBase, wanted["majority_base"], "--majority-base", faults)
    if overrides.seats is not None:
        wanted["seats"] = _number_written(overrides.seats)
        _seats(wanted["seats"], "--seats", faults)
    if faults:
        raise Unusable(faults)
    return wanted


def _number_written(value: object) -> object:
    is_number = isinstance(value, str) and re.fullmatch(r"[0-9]{1,12}", value.strip())
    return int(str(value)) if is_number else value


def _overridden(raw: Any, wanted: Mapping[str, Any]) -> Any:
    if not isinstance(raw, dict) or not wanted:
        return raw
    raw = dict(raw)
    if "seats" in wanted:
        raw["seats"] = wanted["seats"]
    rules = raw.get("rules", {})
    if isinstance(rules, dict):
        raw["rules"] = rules | {key: wanted[key] for key in ("quorum", "majority_base") if key in wanted}
    return raw


# From raw values to a vote

_REQUIRED = ("deputies_in_office", "deputies_present", "ballots_issued", "mode", "seats", "candidates")
_OPTIONAL = ("ballots", "sums", "valid", "invalid", "ballots_returned", "rules")
_RULES = ("quorum", "majority_base", "tie", "shortfall", "each_cap")
_SUM_FIGURES = ("for", "against", "abstain")
_SUM_OPTIONAL = ("not_pressed", "points")

_Named = TypeVar("_Named", bound=StrEnum)


def _vote_from(raw: Any, faults: list[Fault]) -> VoteFile | None:
    if not isinstance(raw, dict):
        faults.append(Fault("文件", f"最外层应为一个对象，现为 {_kind(raw)}"))
        return None
    _refuse_unknown(raw, (*_REQUIRED, *_OPTIONAL), "", faults)
    faults.extend(Fault(key, "缺少此项") for key in _REQUIRED if key not in raw)
    rules, each_cap = _rules(raw, faults)
    mode = _one_of(Mode, raw["mode"], "mode", faults) if "mode" in raw else None
    seats = _seats(raw["seats"], "seats", faults) if "seats" in raw else 1
    candidates = _candidates(raw, faults)
    paper = Paper(candidates, mode or Mode.SELECT, seats, each_cap)
    # Ballots and sums are read by the mode: without one every line of them would be called a fault.
    _refuse_incomplete_contents(raw, faults)
    ballots = _ballots(raw, mode, faults) if mode else ()
    tally = _tally(raw, paper, faults) if mode and candidates else None
    returned = (
        _whole(raw["ballots_returned"], "ballots_returned", faults) if "ballots_returned" in raw else None
    )
    numbers = [_whole(raw[key], key, faults) if key in raw else 0 for key in _REQUIRED[:3]]
    return VoteFile(numbers[0], numbers[1], numbers[2], paper, rules, ballots, tally, returned)


def _refuse_unknown(found: Mapping[str, Any], known: Iterable[str], place: str, faults: list[Fault]) -> None:
    faults.extend(Fault(place + _key(key), "没有这个键") for key in found if key not in known)


def _key(key: str) -> str:
    return key if re.fullmatch(r"\w{1,60}", key) else _quoted(key)


def _kind(value: object) -> str:
    if value is None or isinstance(value, (bool, int, float, str)):
        return _quoted(value)
    return "对象" if isinstance(value, dict) else "列表"


def _whole(value: object, place: str, faults: list[Fault]) -> int:
    """A whole number, negative ones included: those are for the reconciliation to name."""
    if isinstance(value, bool) or not isinstance(value, int):
        faults.append(Fault(place, f"应为整数，现为 {_kind(value)}"))
        return 0
    if abs(value) > LARGEST_FIGURE:
        faults.append(Fault(place, f"数目过大，绝对值不能超过 {LARGEST_FIGURE}"))
        return 0
    return value


def _seats(value: object, place: str, faults: list[Fault]) -> int:
    before = len(faults)
    seats = _whole(value, place, faults)
    if len(faults) == before and seats < 1:
        faults.append(Fault(place, f"应选数应为不小于 1 的整数，现为 {seats}"))
    return max(seats, 1)


def _one_of(names: type[_Named], value: object, place: str, faults: list[Fault]) -> _Named | None:
    if isinstance(value, str) and value in {str(name) for name in names}:
        return names(value)
    faults.append(Fault(place, f"应为 {'、'.join(names)} 之一，现为 {_kind(value)}"))
    return None


def _candidates(raw: Mapping[str, Any], faults: list[Fault]) -> tuple[str, ...]:
    """The ids in the order of the paper; only the sound ones where others are faulty."""
    listed = raw.get("candidates", [])
    if not isinstance(listed, list):
        faults.append(Fault("candidates", f"应为列表，现为 {_kind(listed)}"))
        return ()
    if "candidates" in raw and not listed:
        faults.append(Fault("candidates", "至少要有一个候选项目"))
    seen: dict[str, int] = {}
    for index, one in enumerate(listed):
        if fault := _candidate_fault(one, seen):
            faults.append(Fault(f"candidates[{index}]", fault))
        else:
            seen[one] = index
    return tuple(seen)


def _candidate_fault(one: object, seen: Mapping[str, int]) -> str | None:
    if not isinstance(one, str):
        return f"应为文字，现为 {_kind(one)}"
    if not one.strip():
        return "不能为空"
    if any("\ud800" <= letter <= "\udfff" for letter in one):
        return "含有不成对的代理字符，不是合法文字"
    return f"{_quoted(one)} 重复，已见于 candidates[{seen[one]}]" if one in seen else None


def _rules(raw: Mapping[str, Any], faults: list[Fault]) -> tuple[Rules, bool]:
    """The rulebook's part of the file and, apart from it, each_cap, which belongs to the paper."""
    given = raw.get("rules", {})
    if not isinstance(given, dict):
        faults.append(Fault("rules", f"应为对象，现为 {_kind(given)}"))
        return Rules(), False
    _refuse_unknown(given, _RULES, "rules.", faults)
    each_cap = given.get("each_cap", False)
    if not isinstance(each_cap, bool):
        faults.append(Fault("rules.each_cap", f"应为 true 或 false，现为 {_kind(each_cap)}"))
    base = _one_of(MajorityBase, given.get("majority_base", "in_office"), "rules.majority_base", faults)
    tie = _one_of(TieRule, given.get("tie", "runoff"), "rules.tie", faults)
    shortfall = _one_of(ShortfallRule, given.get("shortfall", "vacant"), "rules.shortfall", faults)
    rules = Rules(
        _quorum(given, "rules.quorum", faults),
        base or MajorityBase.IN_OFFICE,
        tie or TieRule.RUNOFF,
        shortfall or ShortfallRule.VACANT,
    )
    return rules, each_cap is True


def _quorum(given: Mapping[str, Any], place: str, faults: list[Fault]) -> Fraction | None:
    value = given.get("quorum", "2/3")
    try:
        return quorum_from(value)
    except ValueError:
        text = f'应为大于 0、不大于 1 的分数（写作 "2/3"）或 "none"，现为 {_kind(value)}'
        faults.append(Fault(place, text))
        return None


def _refuse_incomplete_contents(raw: Mapping[str, Any], faults: list[Fault]) -> None:
    if "ballots" not in raw and "sums" not in raw:
        faults.append(Fault("文件", "ballots 与 sums 至少要有一项"))
    for key in ("valid", "invalid"):
        if "sums" in raw and key not in raw:
            faults.append(Fault(key, "有 sums 时缺少此项"))
        if "sums" not in raw and key in raw:
            faults.append(Fault(key, "只能与 sums 一起给出"))


# Ballots


def _ballots(raw: Mapping[str, Any], mode: Mode, faults: list[Fault]) -> tuple[object, ...]:
    """The ballots as they are marked. A badly marked one is the count's business; a badly written one is a fault."""
    listed = raw.get("ballots", [])
    if not isinstance(listed, list):
        faults.append(Fault("ballots", f"应为列表，现为 {_kind(listed)}"))
        return ()
    check = _check_each_ballot if mode is Mode.EACH else _check_list_ballot
    for index, ballot in enumerate(listed):
        check(ballot, f"ballots[{index}]", faults)
    return tuple(listed)


def _check_list_ballot(ballot: object, place: str, faults: list[Fault]) -> None:
    if not isinstance(ballot, list):
        faults.append(Fault(place, f"应为项目编号的列表，现为 {_kind(ballot)}"))
        return
    faults.extend(
        Fault(f"{place}[{index}]", f"项目编号应为文字，现为 {_kind(one)}")
        for index, one in enumerate(ballot)
        if not isinstance(one, str)
    )


def _check_each_ballot(ballot: object, place: str, faults: list[Fault]) -> None:
    if not isinstance(ballot, dict):
        faults.append(Fault(place, f"应为“项目编号: 表决意见”的对象，现为 {_kind(ballot)}"))
        return
    faults.extend(
        Fault(f"{place}.{_key(one)}", f"表决意见应为文字，现为 {_kind(mark)}")
        for one, mark in ballot.items()
        if not isinstance(mark, str)
    )


# Sums


def _tally(raw: Mapping[str, Any], paper: Paper, faults: list[Fault]) -> Count | None:
    if "sums" not in raw:
        return None
    given = raw["sums"]
    if not isinstance(given, dict):
        faults.append(Fault("sums", f"应为对象，现为 {_kind(given)}"))
        return None
    faults.extend(
        Fault(f"sums.{_key(one)}", "不在 candidates 里") for one in given if one not in paper.candidates
    )
    faults.extend(
        Fault(f"sums.{_key(one)}", "缺少此候选项目") for one in paper.candidates if one not in given
    )
    sums = {
        one: _sum(given[one], paper.mode, f"sums.{_key(one)}", faults)
        for one in paper.candidates
        if one in given
    }
    valid, invalid = (_whole(raw[key], key, faults) if key in raw else 0 for key in ("valid", "invalid"))
    return Count(sums, valid, invalid)


def _sum(given: object, mode: Mode, place: str, faults: list[Fault]) -> Sum:
    if not isinstance(given, dict):
        faults.append(Fault(place, f"应为对象，现为 {_kind(given)}"))
        return Sum()
    _refuse_unknown(given, (*_SUM_FIGURES, *_SUM_OPTIONAL), f"{place}.", faults)
    needed = (*_SUM_FIGURES, "points") if mode is Mode.RANK else _SUM_FIGURES
    faults.extend(Fault(f"{place}.{key}", "缺少此项") for key in needed if key not in given)
    figures = {
        key: _whole(given[key], f"{place}.{key}", faults) if key in given else 0
        for key in (*_SUM_FIGURES, *_SUM_OPTIONAL)
    }
    if mode is not Mode.RANK and figures["points"]:
        faults.append(Fault(f"{place}.points", "只有 mode 为 rank 时才有得分"))
    return Sum(*figures.values())


# Pabulib


def _raw_from_pabulib(text: str) -> dict[str, Any]:
    """The raw values of a `.pb` file: everybody who voted was in office and present, no quorum, no majority."""
    sections = _sections(text)
    meta = {row[0].strip().lower(): ";".join(row[1:]).strip() for _, row in sections["META"][1:]}
    faults: list[Fault] = []
    kind = meta.get("vote_type", "").lower()
    if kind not in ("approval", "choose-1"):
        faults.append(Fault("META.vote_type", f"只能计 approval 和 choose-1，现为 {_quoted(kind)}"))
    candidates = _pabulib_candidates(sections["PROJECTS"], faults)
    seats = _pabulib_seats(meta, kind, len(candidates), faults)
    ballots = _pabulib_ballots(sections["VOTES"], faults)
    if faults:
        raise Unusable(faults)
    voters = len(ballots)
    return {
        "deputies_in_office": voters,
        "deputies_present": voters,
        "ballots_issued": voters,
        "mode": "select",
        "seats": seats,
        "candidates": candidates,
        "ballots": ballots,
        "rules": {"quorum": "none", "majority_base": "none"},
    }


_Row = tuple[int, list[str]]
_SECTIONS = ("META", "PROJECTS", "VOTES")


def _sections(text: str) -> dict[str, list[_Row]]:
    """The rows of each section with their line numbers, the header first; a section missing or empty is a fault."""
    found: dict[str, list[_Row]] = {}
    rows: list[_Row] | None = None
    for line, row in _rows(text):
        name = row[0].strip().upper()
        if name in _SECTIONS and name not in found and not any(cell.strip() for cell in row[1:]):
            rows = found[name] = []
        elif rows is None:
            raise Unusable([Fault(f"第 {line} 行", "META 之前不应有内容")])
        else:
            rows.append((line, row))
    faults = [Fault(f"第 {line} 行", "引号没有成对，把后面的行并了进来") for line in _swallowing(found)]
    faults += [Fault(name, "缺少这一节，或这一节没有表头") for name in _SECTIONS if not found.get(name)]
    if faults:
        raise Unusable(faults)
    return found


def _swallowing(sections: Mapping[str, list[_Row]]) -> list[int]:
    """Rows into which a quote that is never closed has drawn later lines: ballots would be lost without a word.

    A text of several lines may stand in a project's cell; in a vote, or with a section's name among its lines, it may not.
    """
    return [
        line
        for name, rows in sections.items()
        for line, row in rows
        for cell in row
        if "\n" in cell and (name == "VOTES" or set(_SECTIONS) & {one.strip() for one in cell.splitlines()})
    ]


def _rows(text: str) -> list[_Row]:
    """Every row that is not blank, with the number of its first line."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";")
    found, before = [], 0
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                found.append((before + 1, row))
            before = reader.line_num
    except csv.Error as error:
        raise Unusable([Fault(f"第 {reader.line_num} 行", "不是合法的分号分隔表格")]) from error
    return found


def _column(rows: list[_Row], name: str, section: str, faults: list[Fault]) -> int | None:
    line, header = rows[0]
    names = [cell.strip().lower() for cell in header]
    if name in names:
        return names.index(name)
    faults.append(Fault(f"{section}（第 {line} 行）", f"表头缺少 {name}"))
    return None


def _pabulib_candidates(rows: list[_Row], faults: list[Fault]) -> list[str]:
    column = _column(rows, "project_id", "PROJECTS", faults)
    if column is None:
        return []
    seen: dict[str, int] = {}
    for line, row in rows[1:]:
        one = row[column].strip() if column < len(row) else ""
        if not one:
            faults.append(Fault(f"PROJECTS（第 {line} 行）", "缺少 project_id"))
        elif one in seen:
            faults.append(
                Fault(f"PROJECTS（第 {line} 行）", f"project_id {_quoted(one)} 重复，已见于第 {seen[one]} 行")
            )
        seen.setdefault(one, line)
    if len(rows) == 1:
        faults.append(Fault("PROJECTS", "至少要有一个项目"))
    return [one for one in seen if one]


def _pabulib_seats(meta: Mapping[str, str], kind: str, projects: int, faults: list[Fault]) -> int:
    written = meta.get("max_length", "")
    if not written:
        return 1 if kind == "choose-1" else max(projects, 1)
    # Files written by a table library have whole numbers as `3.0`.
    return _seats(_number_written(re.sub(r"\.0+$", "", written)), "META.max_length", faults)


def _pabulib_ballots(rows: list[_Row], faults: list[Fault]) -> list[list[str]]:
    column = _column(rows, "vote", "VOTES", faults)
    if column is None:
        return []
    # A row cut off before its vote is an empty ballot: Pabulib drops trailing empty cells.
    cells = [row[column] if column < len(row) else "" for _, row in rows[1:]]
    return [[one.strip() for one in cell.split(",") if one.strip()] for cell in cells]
