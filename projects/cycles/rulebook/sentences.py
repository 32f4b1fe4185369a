"""Pydantic's errors in the words of the page."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, ValidationError

from projects.cycles.deadlines import TASK_TIMES
from projects.cycles.rulebook.notes import note_of
from projects.cycles.rulebook.rows import TABLES
from workflow.people.saying import titled


def sentences_of(kind: type[BaseModel], error: ValidationError) -> list[str]:
    """Chinese sentences, each naming the setting of `kind` and the rule it breaks."""
    return [line for item in error.errors(include_url=False) for line in _sentence(kind, item).split("\n")]


def _named(kind: type[BaseModel], place: tuple[Any, ...]) -> str:
    """The setting an error points at, in the words of the page."""
    name, entry = str(place[0]), str(place[1]) if len(place) > 1 else ""
    if name not in kind.model_fields:
        return name
    if name == "deadlines" and entry in TASK_TIMES:
        return titled(note_of(kind, name).title, TASK_TIMES[entry].title)
    if name in TABLES and entry in TABLES[name]:
        return titled(note_of(kind, name).title, TABLES[name][entry].title)
    return str(note_of(kind, name).title)


def _sentence(kind: type[BaseModel], item: Any) -> str:
    code, bounds = item["type"], item.get("ctx", {})
    if code == "rule":
        return item["msg"]
    template = SENTENCES.get(code, _("“%(name)s”的值不合要求"))
    return str(template) % {
        "name": _named(kind, item["loc"]),
        **{key: str(value) for key, value in bounds.items()},
    }


SENTENCES: dict[str, Any] = {
    "greater_than_equal": _("“%(name)s”不得小于 %(ge)s"),
    "less_than_equal": _("“%(name)s”不得大于 %(le)s"),
    "literal_error": _("“%(name)s”不在可选范围内"),
    "extra_forbidden": _("规则中没有“%(name)s”这一项"),
    "int_type": _("“%(name)s”应为整数"),
    "int_parsing": _("“%(name)s”应为整数"),
    "int_from_float": _("“%(name)s”应为整数"),
    "bool_type": _("“%(name)s”应为是或否"),
    "bool_parsing": _("“%(name)s”应为是或否"),
    "string_too_short": _("“%(name)s”中有空白的文字"),
    "string_too_long": _("“%(name)s”中的文字超过 %(max_length)s 字"),
    "too_short": _("“%(name)s”至少要有 %(min_length)s 项"),
    "too_long": _("“%(name)s”最多 %(max_length)s 项"),
}
