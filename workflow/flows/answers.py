"""What was entered in a form, as people read it: on the page that asks to confirm it, in the record of a meeting."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, time
from typing import Any, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Model
from django.template.defaultfilters import filesizeformat
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from workflow.flows.fields import FenField
from workflow.flows.money import wan
from workflow.people.saying import listed

EMPTY: tuple[Any, ...] = (None, "", [], ())


@dataclass(frozen=True)
class Answer:
    """One answered field of a form, for the check page."""

    name: str
    label: str
    text: str


def answers_of(form: forms.Form) -> list[Answer]:
    """A valid form's answers in the order of its fields, as people read them; without those nobody was asked for."""
    given = [(bound, form.cleaned_data.get(bound.name)) for bound in form.visible_fields()]
    return [
        Answer(bound.name, str(bound.label), _shown(bound.field, value))
        for bound, value in given
        if value not in EMPTY or not hasattr(bound.field, "needed_when")
    ]


def decided_by(form: forms.Form, *, besides: Collection[str]) -> list[Answer]:
    """What a body has decided, for the record of its meeting: what was entered, without what was left empty or is personal.

    besides: names of fields that record the meeting itself. form: a valid StepForm.
    """
    kept_back = {*besides, *getattr(form, "private", ()), *getattr(form, "committed", ())}
    given = {name for name, value in form.cleaned_data.items() if value not in EMPTY}
    return [one for one in answers_of(form) if one.name in given - kept_back]


def typed_of(form: forms.Form) -> list[Answer]:
    """What was typed into a form that is not judged, as people read it; without what it began with or was left empty."""
    typed = [form[name] for name in form.changed_data]
    return [
        Answer(bound.name, str(bound.label), _as_typed(bound.field, bound.data))
        for bound in typed
        if bound.data not in (None, "", [])
    ]


def _as_typed(field: forms.Field, typed: Any) -> str:
    if isinstance(field, forms.ModelChoiceField):
        return _as_named(field, typed if isinstance(typed, list) else [typed])
    try:
        return _shown(field, field.clean(typed))
    except forms.ValidationError:
        return listed(map(str, typed)) if isinstance(typed, list) else str(typed)


def _as_named(field: forms.ModelChoiceField[Any], codes: list[Any]) -> str:
    """The records chosen, by their names; a code that names none the field offers any more is told as such."""
    offered = {str(field.prepare_value(one)): field.label_from_instance(one) for one in field.queryset or ()}
    return listed(str(offered.get(str(code), _("原选项已不在可选范围"))) for code in codes)


def _shown(field: forms.Field, value: Any) -> str:
    if value in EMPTY:
        return str(getattr(field, "told_empty", _("（未填写）")))
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(field, FenField):
        return str(wan(value))
    if isinstance(value, date | time):
        return date_format(value, "DATE_FORMAT") if isinstance(value, date) else f"{value:%H:%M}"
    if isinstance(field, forms.ChoiceField):
        return _chosen(field, value)
    if isinstance(field, forms.FileField):
        return "\n".join(_file(one) for one in (value if isinstance(value, list) else [value]))
    return (
        listed(map(str, value)) if hasattr(value, "__iter__") and not isinstance(value, str) else str(value)
    )


def _chosen(field: forms.ChoiceField, value: Any) -> str:
    if isinstance(field, forms.ModelChoiceField):
        chosen = [value] if isinstance(value, Model) else value
        return listed(field.label_from_instance(one) for one in chosen) or _("（未填写）")
    if isinstance(field, forms.MultipleChoiceField):
        return listed(str(label) for code, label in pairs_of(field) if str(code) in {str(v) for v in value})
    return str(dict(pairs_of(field)).get(value, value))


def _file(upload: UploadedFile) -> str:
    return _("%(name)s（%(size)s）") % {"name": upload.name, "size": filesizeformat(upload.size or 0)}


def pairs_of(field: forms.ChoiceField) -> Iterable[tuple[Any, Any]]:
    """A field's choices: what is sent, and how it reads."""
    return cast("Iterable[tuple[Any, Any]]", field.choices)
