"""What an entry changed, in words: each field by its Chinese label, what it was and what it became."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from django import forms
from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.utils import translation
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflow.audit.alarms import FOUND_BY
from workflow.audit.commitments import BARE, SALTED
from workflow.audit.exporters import FORMATS
from workflow.audit.rows import ACTIONS, APPLICATION, BESIDE, HIDDEN, ROLE, ROW, TABLE
from workflow.audit.services import is_unnamed
from workflow.audit.verify import WORDS
from workflow.flows.base import flows
from workflow.flows.events import events
from workflow.flows.fields import FenField, PeopleField
from workflow.flows.forms import TICKED
from workflow.flows.money import FEN_PER_WAN, FEN_PER_YUAN, wan, yuan
from workflow.machines.graph import machines
from workflow.machines.models import STATE
from workflow.people.models import Unit, User
from workflow.people.saying import listed
from workflow.roles import registry

LONGEST = 80
MOST_NAMED = 8  # of the records a field lists, from its beginning; the rest are counted
REFERENCE = re.compile(r"[a-z_]+:[0-9]{1,18}")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}\S*")
# Whether a sum is asked for in 元 or in 万元 its field knows; a record's own sums are told in 万元.
TOLD_IN = {FEN_PER_WAN: wan, FEN_PER_YUAN: yuan}


# What the codes of a record's field are called, by "kind.field"; rooms add theirs (`call_codes`).
_codes: dict[str, list[tuple[str, Any]]] = {}


def call_codes(field: str, labels: Mapping[str, Any]) -> None:
    """Register what the codes of a field are called that has no choices of its own. field: "kind.field"."""
    _codes[field] = [(str(code), label) for code, label in labels.items()]


# Kinds of records without a machine that entries refer to; rooms add theirs (`call_records`).
_records: dict[str, Any] = {}


def call_records(model: Any) -> None:
    """Register what entries refer to that is no machine. model: with kind, reference and label, as a `Record` has them."""
    _records[model.kind] = model


@dataclass(frozen=True)
class Changed:
    """One field. was: empty where nothing stood there before."""

    label: str
    was: str
    now: str


def changes_of(body: Mapping[str, Any], names: Mapping[str, str]) -> list[Changed]:
    """What the entry says was different before and after; fields without a Chinese label are left to the export.

    names: what the records are called that the entry refers to (`names_in`).
    """
    return [one for one in _changes(body, names) if one.was or one.now]


def names_in(bodies: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Reference → name of every record that entries' values refer to, as far as the viewer's context shows it."""
    return _called(
        one
        for body in bodies
        for value in (*body["before"].values(), *body["after"].values(), *_left_unnamed(body))
        for one in (value[:MOST_NAMED] if isinstance(value, list) else [value])
    )


def labels_in(bodies: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Reference → what the record is called, of those whose entries carry no label; as the viewer's context shows it."""
    return _called(one for body in bodies for one in _left_unnamed(body))


def _left_unnamed(body: Mapping[str, Any]) -> tuple[str, ...]:
    return () if body["label"] or not is_unnamed(body["subject"]) else (body["subject"],)


def _called(values: Iterable[Any]) -> dict[str, str]:
    """What the records among these values are called, by their references."""
    wanted: dict[str, set[int]] = {}
    for one in values:
        if isinstance(one, str) and REFERENCE.fullmatch(one):
            kind, _colon, number = one.partition(":")
            wanted.setdefault(kind, set()).add(int(number))
    models: dict[str, Any] = {"unit": Unit, **_machines(), **_records}
    return {
        record.reference: record.label
        for kind in wanted.keys() & models.keys()
        for record in _with_what_names_them(models[kind]).filter(pk__in=wanted[kind])
    }


def _with_what_names_them(model: Any) -> Any:
    """Records with what each hangs on: many are called after it."""
    fields = [one.name for one in model._meta.concrete_fields if one.many_to_one and not one.null]
    return model._base_manager.select_related(*fields) if fields else model._base_manager.all()


def machine_of(kind: str) -> Any:
    """The model of a kind of record that has a machine; None for any other kind."""
    return _machines().get(kind)


def _changes(body: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[Changed]:
    kind, action = str(body["subject"]).partition(":")[0], str(body["action"])
    if action in ACTIONS:
        yield from _row_changes(body, names)
        return
    before, after = body["before"], body["after"]
    ticked = after.get(TICKED, {})
    for name in dict.fromkeys((*before, *after)):
        label = translation.gettext(ticked[name]) if name in ticked else _label(kind, action, name)
        if label and before.get(name) != after.get(name):
            was, now = (_words(kind, action, name, side.get(name), names) for side in (before, after))
            yield Changed(label, was, now)


def _row_changes(body: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[Changed]:
    """What changed in a row without an act: every column, and by whose hand."""
    before, after = body["before"], body["after"]
    model = _tables().get(after[TABLE])
    for name in dict.fromkeys((*before, *after)):
        if name not in BESIDE and before.get(name) != after.get(name):
            was, now = (_row_words(model, name, side.get(name), names) for side in (before, after))
            yield Changed(_row_label(model, name), was, now)
    hidden = [_row_label(model, name) for name in after[HIDDEN].split(",") if name]
    yield Changed(_("内容不记入的字段"), "", listed(hidden))
    yield Changed(_("数据表"), "", _("%(table)s，编号%(row)s") % {"table": after[TABLE], "row": after[ROW]})
    program = _("（程序：%(name)s）") % {"name": after[APPLICATION]} if after[APPLICATION] else ""
    yield Changed(_("数据库账号"), "", f"{after[ROLE]}{program}")


def _row_label(model: Any, name: str) -> str:
    label = str(getattr(_column_of(model, name), "verbose_name", ""))
    return name if not label or label.isascii() else label


def _row_words(model: Any, name: str, value: Any, names: Mapping[str, str]) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if name.endswith("_fen") and isinstance(value, int):
        return str(TOLD_IN[FEN_PER_WAN](value))
    kind = getattr(model, "kind", "")
    choices = _choices(None, kind, name) or dict(getattr(_column_of(model, name), "flatchoices", None) or [])
    return str(choices.get(value, "")) or _text(str(value), names)


@cache
def _tables() -> dict[str, Any]:
    return {model._meta.db_table: model for model in apps.get_models()}


@cache
def _fields() -> dict[str, dict[str, Any]]:
    """The fields of every step's and every act's form, by its key."""
    found: dict[str, dict[str, Any]] = {}
    for flow in flows():
        found |= {node.key: dict(node.form.base_fields) for node in flow.steps()}
    return found | {event.key: dict(event.form.base_fields) for event in events()} | _without_form()


def _without_form() -> dict[str, dict[str, Any]]:
    """What acts without a form say in their entries, in the shape of a form's fields."""
    said_format = forms.ChoiceField(
        label=gettext_lazy("格式"), choices=[(code, one.title) for code, one in FORMATS.items()]
    )
    unmade = {"format": said_format, "entry": forms.IntegerField(label=gettext_lazy("原导出记录编号"))}
    return {
        "trail.export": {
            "format": said_format,
            "entries": forms.IntegerField(label=gettext_lazy("条数")),
            "outside": forms.IntegerField(label=gettext_lazy("已留存到系统之外的条数")),
            "after_head": forms.IntegerField(label=gettext_lazy("尚未留存到系统之外的条数")),
            "year": forms.IntegerField(label=gettext_lazy("年份")),
            "subject": forms.CharField(label=gettext_lazy("事项")),
            "user": forms.CharField(label=gettext_lazy("操作系统用户")),
        },
        "trail.download": {"format": said_format},
        "trail.cancel_export": unmade,
        "trail.export_failed": unmade,
        "personal.read": {
            "data": forms.CharField(label=gettext_lazy("所示个人信息")),
            "of": forms.CharField(label=gettext_lazy("涉及记录")),
        },
        "record.read": {"record": forms.CharField(label=gettext_lazy("查阅对象"))},
        "record.export": {
            "form": forms.CharField(label=gettext_lazy("格式")),
            "narrowed": forms.CharField(label=gettext_lazy("范围")),
            "rows": forms.IntegerField(label=gettext_lazy("条数")),
        },
        **dict.fromkeys(("grant.give", "grant.revoke", "stand_in.name", "stand_in.end"), _of_an_office()),
        "person.create": {
            "user": forms.CharField(label=gettext_lazy("用户名")),
            "entrance": forms.ChoiceField(
                label=gettext_lazy("登录方式"),
                choices=[("letter", gettext_lazy("邮件中的链接")), ("slip", gettext_lazy("一次性登录单"))],
            ),
            "days": forms.IntegerField(label=gettext_lazy("链接有效天数")),
        },
        "trail.keep": {
            "size": forms.IntegerField(label=gettext_lazy("条数")),
            "code": forms.CharField(label=gettext_lazy("校验码")),
            "kept_by": forms.CharField(label=gettext_lazy("保存处")),
        },
        "trail.alarm": {
            "found_by": forms.ChoiceField(label=gettext_lazy("发现于"), choices=list(FOUND_BY.items())),
            "fault": forms.ChoiceField(label=gettext_lazy("问题"), choices=list(WORDS.items())),
            "index": forms.IntegerField(label=gettext_lazy("序号")),
            "entry": forms.IntegerField(label=gettext_lazy("记录编号")),
        },
    }


def _of_an_office() -> dict[str, Any]:
    """Whose office begins or ends, which, where and for how long."""
    titles = [(office.code, office.title) for office in registry.offices()]
    return {
        "user": forms.CharField(label=gettext_lazy("用户名")),
        "stands_for": forms.CharField(label=gettext_lazy("代谁办理")),
        "office": forms.ChoiceField(label=gettext_lazy("职务"), choices=titles),
        "unit": forms.CharField(label=gettext_lazy("单位代码")),
        "since": forms.CharField(label=gettext_lazy("起始日期")),
        "until": forms.CharField(label=gettext_lazy("截止日期")),
        "document": forms.CharField(label=gettext_lazy("文号")),
    }


@cache
def _machines() -> dict[str, Any]:
    return {model.kind: model for model in machines()}


def _label(kind: str, action: str, name: str) -> str:
    if name == STATE:
        return _("状态")
    field = _field(action, name)
    if field is not None:
        return str(field.label or "")
    label = str(getattr(_column(kind, name), "verbose_name", ""))
    return "" if label.isascii() else label


def _field(action: str, name: str) -> Any:
    return _fields().get(action.removesuffix(".return"), {}).get(name)


def _column(kind: str, name: str) -> Any:
    """The record's own field of that name; None where it has none."""
    return _column_of(_machines().get(kind), name)


def _column_of(model: Any, name: str) -> Any:
    try:
        return model._meta.get_field(name) if model else None
    except FieldDoesNotExist:
        return None


def _words(kind: str, action: str, name: str, value: Any, names: Mapping[str, str]) -> str:
    if value in (None, "", [], {}):
        return ""
    field = _field(action, name)
    if per_unit := _fen_per_unit(field, name, value):
        return str(TOLD_IN[per_unit](value))
    choices = _choices(field, kind, name)
    if isinstance(value, list):
        return _listed(value, choices, names, people=_is_of_people(field))
    if isinstance(value, Mapping):
        return _mapped(value)
    if str(value) in choices:
        return choices[str(value)]
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if _had_its_name_there(field, value, choices):
        return ""
    return _text(str(value), names)


def _had_its_name_there(field: Any, value: Any, choices: Mapping[str, str]) -> bool:
    """Whether a value is the number of one of the choices of that day, which stood on that form alone."""
    offered = isinstance(field, forms.ChoiceField) and not isinstance(field, forms.ModelChoiceField)
    return offered and not choices and str(value).isdecimal()


def _fen_per_unit(field: Any, name: str, value: Any) -> int:
    """How many fen the unit has that a sum is told in; 0 for what is no sum."""
    if not isinstance(value, int) or isinstance(value, bool):
        return 0
    if isinstance(field, FenField):
        return field.fen_per_unit
    return FEN_PER_WAN if name.endswith("_fen") else 0


def _choices(field: Any, kind: str, name: str) -> dict[str, str]:
    """Code → label, of the form's field or the record's own; empty where there is nothing to choose from."""
    offered = [] if isinstance(field, forms.ModelChoiceField) else getattr(field, "choices", [])
    own = _codes.get(f"{kind}.{name}") or getattr(_column(kind, name), "flatchoices", None)
    return {str(code): str(label) for code, label in list(offered) or own or [] if code not in (None, "")}


def _is_of_people(field: Any) -> bool:
    """Whether a field is a choice of persons: of accounts, or of the names a body's form offers."""
    offered = getattr(field, "queryset", None)
    return isinstance(field, PeopleField) or (offered is not None and offered.model is User)


def _listed(
    value: list[Any], choices: Mapping[str, str], names: Mapping[str, str], *, people: bool = False
) -> str:
    if all(str(one) in choices for one in value):
        return listed(choices[str(one)] for one in value)
    if people:
        return _("共%(count)d人") % {"count": len(value)}
    known = [names[one] for one in value[:MOST_NAMED] if isinstance(one, str) and one in names]
    if not known:
        return _("共%(count)d项") % {"count": len(value)}
    if len(known) == len(value):
        return listed(known)
    return _("%(labels)s等 %(n)s 项") % {"labels": listed(known), "n": len(value)}


def _text(text: str, names: Mapping[str, str]) -> str:
    if text in names:
        return names[text]
    if DAY.fullmatch(text):
        return date_format(date.fromisoformat(text), "DATE_FORMAT")
    if MOMENT.fullmatch(text):
        at = datetime.fromisoformat(text)
        return date_format(localtime(at) if at.tzinfo else at, "DATETIME_FORMAT")
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}……"


def _mapped(value: Mapping[str, Any]) -> str:
    if SALTED in value or BARE in value:
        return str(value.get("file") or _("全文见材料"))
    return _("共%(count)d项") % {"count": len(value)}
