"""The rulebook as rows for the page and the command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, get_args

from annotated_types import Ge, Le
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel

from projects.cycles.deadlines import TASK_TIMES
from projects.cycles.rulebook.kinds import UNITS
from projects.cycles.rulebook.notes import GROUPS, Row, Said, note_of
from projects.cycles.tables import CHECKS, CRITERIA, DIMENSIONS, WORDS
from workflow.calendar.offsets import describe
from workflow.flows.money import wan
from workflow.people.saying import listed, titled

if TYPE_CHECKING:
    from projects.cycles.rulebook.book import Rules

# Entries of a table setting: their titles, and the group each row is shown in.
TABLES: dict[str, dict[str, Any]] = {
    "eligibility": CHECKS,
    "score_weights": CRITERIA,
    "dimensions": DIMENSIONS,
}


def rows_of(rules: Rules, name: str) -> list[Row]:
    """The rows of one setting: one, or one for each entry of a table."""
    if name == "deadlines":
        return [_deadline_row(rules, key) for key in TASK_TIMES]
    if name == "terms":
        return [_term_row(rules, key) for key in WORDS["congress"]]
    if name in TABLES:
        return [_entry_row(rules, name, key) for key in TABLES[name]]
    return [_plain_row(rules, name)]


@dataclass(frozen=True)
class _Cell:
    """One value to show: where it stands, what it is now and by default, and the note it belongs to."""

    key: str
    note: Said
    value: Any
    default: Any
    range: str
    show: Callable[[Any], str]


def _row(cell: _Cell) -> Row:
    note = cell.note
    return Row(
        key=cell.key,
        group=note.group,
        group_title=str(GROUPS[note.group]),
        title=str(note.title),
        value=cell.value,
        text=cell.show(cell.value),
        default=cell.show(cell.default),
        range=cell.range,
        unit=str(note.unit),
        grade=note.grade,
        basis=note.basis,
        help=str(note.help),
        changed=cell.value != cell.default,
    )


def _plain_row(rules: Rules, name: str) -> Row:
    note = note_of(type(rules), name)
    default = type(rules).model_fields[name].get_default(call_default_factory=True)
    show = partial(_shown, note)
    return _row(_Cell(name, note, getattr(rules, name), default, _range(type(rules), name, note), show))


def _entry_row(rules: Rules, name: str, entry: str) -> Row:
    table, item = note_of(type(rules), name), TABLES[name][entry]
    note = replace(table, title=titled(table.title, item.title), grade=item.grade, basis=item.basis)
    allowed = _choice_range(table) if table.choices else "0–100 %"
    value = getattr(rules, name)[entry]
    return _row(_Cell(f"{name}.{entry}", note, value, item.default, allowed, partial(_shown, note)))


def _term_row(rules: Rules, word: str) -> Row:
    note = note_of(type(rules), "terms")
    usual = WORDS[rules.body][word]
    named = replace(note, title=titled(note.title, usual))
    return _row(_Cell(f"terms.{word}", named, rules.words[word], usual, str(_("20 字以内")), str))


def _deadline_row(rules: Rules, key: str) -> Row:
    task = TASK_TIMES[key]
    note = Said(
        titled(note_of(type(rules), "deadlines").title, task.title),
        key.partition(".")[0],
        task.grade,
        task.basis,
        UNITS[task.offset.unit],
    )
    allowed = f"{task.low}–{task.high} {note.unit}" if task.high else str(_("不可改"))
    length = abs(task.offset.days)
    return _row(
        _Cell(
            f"deadlines.{key}",
            note,
            rules.deadlines[key],
            length,
            allowed,
            lambda n: describe(task.offset.with_length(n), gettext),
        )
    )


def _shown(note: Said, value: Any) -> str:
    if isinstance(value, bool):
        return str(_("是") if value else _("否"))
    if isinstance(value, tuple):
        return listed(value)
    if value in note.choices:
        return str(note.choices[value])
    return wan(value) if note.scale > 1 else f"{value} {note.unit}".strip()


def _range(kind: type[BaseModel], name: str, note: Said) -> str:
    given = kind.model_fields[name].annotation
    if note.choices:
        return " / ".join(str(note.choices[choice]) for choice in get_args(given))
    if given is bool:
        return str(_("是 / 否"))
    return _bounds(kind, name, note)


def _choice_range(note: Said) -> str:
    return " / ".join(str(label) for label in note.choices.values())


def _bounds(kind: type[BaseModel], name: str, note: Said) -> str:
    notes = kind.model_fields[name].metadata
    low: Any = next((n.ge for n in notes if isinstance(n, Ge)), None)
    high: Any = next((n.le for n in notes if isinstance(n, Le)), None)
    if low is None:
        return str(_("自定名单"))
    return f"{wan(low)}–{wan(high)}" if note.scale > 1 else f"{low}–{high} {note.unit}".strip()
