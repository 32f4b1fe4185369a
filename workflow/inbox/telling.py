"""What an entry changed, in words: each field by its Chinese label, what it was and what it became."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.utils.translation import gettext as _

from workflow.audit.commitments import BARE, SALTED
from workflow.flows.base import flows
from workflow.flows.events import events
from workflow.machines.graph import machines, states
from workflow.machines.models import STATE

LONGEST = 80


@dataclass(frozen=True)
class Changed:
    """One field. was: empty where nothing stood there before."""

    label: str
    was: str
    now: str


def changes_of(body: Mapping[str, Any]) -> list[Changed]:
    """What the entry says was different before and after; fields without a Chinese label are left to the export."""
    return list(_changes(body))


def _changes(body: Mapping[str, Any]) -> Iterator[Changed]:
    kind, action = str(body["subject"]).partition(":")[0], str(body["action"])
    before, after = body["before"], body["after"]
    for name in dict.fromkeys((*before, *after)):
        label = _label(kind, action, name)
        if label and before.get(name) != after.get(name):
            yield Changed(label, _words(kind, name, before.get(name)), _words(kind, name, after.get(name)))


@cache
def _fields() -> dict[str, dict[str, Any]]:
    """The fields of every step's and every act's form, by its key."""
    found: dict[str, dict[str, Any]] = {}
    for flow in flows():
        found |= {node.key: dict(node.form.base_fields) for node in flow.steps()}
    return found | {event.key: dict(event.form.base_fields) for event in events()}


@cache
def _machines() -> dict[str, Any]:
    return {model.kind: model for model in machines()}


def _label(kind: str, action: str, name: str) -> str:
    if name == STATE:
        return _("状态")
    field = _fields().get(action, {}).get(name)
    if field is not None:
        return str(field.label or "")
    try:
        named = _machines()[kind]._meta.get_field(name)
    except (KeyError, FieldDoesNotExist):
        return ""
    label = str(getattr(named, "verbose_name", ""))
    return "" if label.isascii() else label


def _words(kind: str, name: str, value: Any) -> str:
    if name == STATE and kind in _machines():
        return str(states(_machines()[kind]).get(str(value), value or ""))
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, Mapping):
        return _mapped(value)
    if isinstance(value, list):
        return _("共%(count)d项") % {"count": len(value)} if value else ""
    text = "" if value is None else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}……"


def _mapped(value: Mapping[str, Any]) -> str:
    if SALTED in value or BARE in value:
        return str(value.get("file") or _("全文见材料"))
    return _("共%(count)d项") % {"count": len(value)} if value else ""
