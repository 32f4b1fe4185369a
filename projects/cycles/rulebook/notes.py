"""What people are told about a setting, and the words a refusal is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel
from pydantic_core import PydanticCustomError

from projects.cycles.tables import Grade

GRADES: dict[str, Any] = {
    "L": _("国家法律"),
    "R": _("地方法规、规定"),
    "N": _("各地实践"),
    "T": _("参照选举办法"),
    "S": _("制度文件"),
    "D": _("本地规定"),
}
GROUPS: dict[str, Any] = {
    "general": _("总则"),
    "collection": _("征集"),
    "selection": _("初定"),
    "deliberation": _("审议"),
    "voting": _("票决"),
    "supervision": _("监督"),
    "evaluation": _("评估"),
    "oversight": _("县级指导"),
    "retention": _("保管和清除"),
}


@dataclass(frozen=True)
class Said:
    """What people are told about a setting; carried in the field's annotation."""

    title: Any
    group: str
    grade: Grade
    basis: str
    unit: Any = ""
    help: Any = ""
    scale: int = 1  # the value is shown divided by this: money is kept in fen and read in 万元
    choices: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One line of the rulebook page: `value` raw, `text`, `default` and `range` for people."""

    key: str
    group: str
    group_title: str
    title: str
    value: Any
    text: str
    default: str
    range: str
    unit: str
    grade: str
    basis: str
    help: str
    changed: bool

    @property
    def grade_title(self) -> str:
        """The grade in words."""
        return str(GRADES[self.grade])


@dataclass(frozen=True)
class Change:
    """One difference between two rulebooks, in the words of the page."""

    key: str
    title: str
    before: str
    after: str


class RulebookError(ValueError):
    """The values do not make a rulebook; `reasons` are Chinese sentences naming field and rule."""

    def __init__(self, reasons: Iterable[str]) -> None:
        self.reasons = list(reasons)
        super().__init__("；".join(self.reasons))


def note_of(kind: type[BaseModel], name: str) -> Said:
    """What people are told about a field of the rulebook or of one of its parts."""
    return next(note for note in kind.model_fields[name].metadata if isinstance(note, Said))


def wrong(sentence: Any, **values: Any) -> str:
    """One sentence with its values in the page's words."""
    return str(sentence) % {key: str(value) for key, value in values.items()}


def refusal(sentences: Iterable[str]) -> PydanticCustomError:
    """What a validator raises for these sentences."""
    # One error may hold several sentences: pydantic stops at the first exception of a validator.
    return PydanticCustomError("rule", "\n".join(sentences))
