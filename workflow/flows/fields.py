"""Form fields every room uses: a date in three parts, a sum of money kept in fen, files that have been looked into."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Any, Self, cast

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.forms.utils import ErrorDict
from django.utils.functional import lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from workflow.flows import uploads
from workflow.flows.money import FEN_PER_WAN, FEN_PER_YUAN, money, wan, yuan
from workflow.people.saying import listed, said_again
from workflow.people.sentences import Sentence

# Django's own words speak of variables and values.
_BOUNDS = {
    "min_length": _("至少写 %(limit_value)d 个字，现有 %(show_value)d 个字。"),
    "max_length": _("至多写 %(limit_value)d 个字，现有 %(show_value)d 个字。"),
    "min_value": _("不能小于 %(limit_value)s。"),
    "max_value": _("不能大于 %(limit_value)s。"),
}
_GONE = _("所选的一项已不在可选范围内，可能刚被他人办理，请重新选择。")
# They name the value, which is a number of the database; a form's own words for its choice stay.
_UNPLAIN = [
    kind.default_error_messages[code]
    for code, kinds in {
        "invalid_choice": (
            forms.ChoiceField,
            forms.MultipleChoiceField,
            forms.ModelChoiceField,
            forms.ModelMultipleChoiceField,
        ),
        "invalid_pk_value": (forms.ModelMultipleChoiceField,),
    }.items()
    for kind in kinds
]


def ask_plainly(field: forms.Field) -> None:
    """Say what is to be done where a field is left empty, goes too far or names what cannot be chosen any more, not that
    it is a field.
    """
    for code, words in _BOUNDS.items():
        field.error_messages.setdefault(code, words)
    for code in ("invalid_choice", "invalid_pk_value"):
        if field.error_messages.get(code) in _UNPLAIN:
            field.error_messages[code] = _GONE
    if field.error_messages["required"] == forms.Field.default_error_messages["required"]:
        field.error_messages["required"] = _what_to_do(field)


def _what_to_do(field: forms.Field) -> Any:
    if isinstance(field, forms.BooleanField):
        return _("请勾选确认。")
    return _("请选择。") if isinstance(field, forms.ChoiceField) else _("请填写。")


def _in_the_readers_language(text: Any) -> Any:
    return said_again(text) if isinstance(text, Sentence) else text


class PlainForm(forms.Form):
    """The base of every form of ours: says of a box left empty or overfull what to do, also of one added to it late."""

    def full_clean(self) -> None:
        for field in self.fields.values():
            ask_plainly(field)
        super().full_clean()

    def add_error(self, field: str | None, error: Any) -> None:
        """What a rule finds wrong is told in the language of whoever fills the form in."""
        if isinstance(error, ValidationError):
            for one in getattr(error, "error_list", ()):
                one.message = _in_the_readers_language(one.message)
        super().add_error(field, _in_the_readers_language(error))

    def unchecked(self) -> Self:
        """The same form, showing what was typed without judging it yet (a draft)."""
        self._errors, self.cleaned_data = ErrorDict(), {}
        return self


def choice_field(form: forms.BaseForm, name: str) -> forms.ChoiceField:
    """A form's field that is declared as a choice, to be given the choices of one record."""
    return cast(forms.ChoiceField, form.fields[name])


def record_field(form: forms.BaseForm, name: str) -> forms.ModelChoiceField[Any]:
    """A form's field that is declared as a choice of records, to be narrowed to those one record may name."""
    return cast("forms.ModelChoiceField[Any]", form.fields[name])


class PeopleField(forms.MultipleChoiceField):
    """Persons by id, ticked by name; a name never reaches the trail."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.CheckboxSelectMultiple(attrs={"class": "choices-names"}))
        super().__init__(**kwargs)


class UnshownInput(forms.TextInput):
    """A box one sees what one types in, but which is empty again on every page after it."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        return super().get_context(name, None, attrs)


UNSHOWN = (forms.PasswordInput, UnshownInput)


class ChineseDateWidget(forms.MultiWidget):
    """年, 月, 日 as three short number boxes. Also reads one ISO value posted under the field's own name."""

    template_name = "django/forms/widgets/date_parts.html"
    use_fieldset = True

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        parts = {"year": ("input-year", 4), "month": ("", 2), "day": ("", 2)}
        super().__init__(
            {
                name: forms.TextInput({"inputmode": "numeric", "maxlength": length, "class": css})
                for name, (css, length) in parts.items()
            },
            attrs,
        )

    def decompress(self, value: date | str | None) -> list[Any]:
        if isinstance(value, date):
            return [value.year, value.month, value.day]
        parts = (value or "").split("-")
        return parts if len(parts) == 3 else [value, "", ""]

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        if data.get(name):
            return data[name]
        parts = [(part or "").strip() for part in super().value_from_datadict(data, files, name)]
        return "-".join(parts) if any(parts) else None

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data and super().value_omitted_from_data(data, files, name)


class ChineseDateField(forms.DateField):
    """A `date` typed as 年/月/日. Refused: a part missing, a day the month does not have."""

    widget = ChineseDateWidget
    default_error_messages = {
        "invalid": _("请填写真实存在的日期，年、月、日都要填，例如 2026 年 1 月 12 日。")
    }

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", _("例如 2026 年 1 月 12 日"))
        kwargs.setdefault("input_formats", ["%Y-%m-%d"])
        super().__init__(**kwargs)


class FenWidget(forms.TextInput):
    """A box for a sum with its unit printed behind it."""

    template_name = "django/forms/widgets/fen.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"inputmode": "decimal", "autocomplete": "off", **(attrs or {})})
        self.unit_label: Any = ""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["unit_label"] = self.unit_label
        return context


class FenField(forms.DecimalField):
    """A sum typed in 万元 (default) or 元 that cleans to a whole number of fen: int.

    unit: "wan" or "yuan". min_fen, max_fen: bounds in fen, both allowed values.
    Refused: parts of a fen, negative sums (unless min_fen says otherwise), anything that is not a number.
    """

    widget = FenWidget
    UNITS = {"wan": (FEN_PER_WAN, _("万元")), "yuan": (FEN_PER_YUAN, _("元"))}
    default_error_messages = {
        "invalid": _("请填写数字，例如 380 或 12.5。"),
        "part_of_fen": _("金额最小到分，请核对小数位数。"),
        "too_small": _("金额不能小于 %(bound)s。"),
        "too_large": _("金额不能大于 %(bound)s。"),
    }

    def __init__(
        self, *, unit: str = "wan", min_fen: int = 0, max_fen: int | None = None, **kwargs: Any
    ) -> None:
        self.fen_per_unit, self.unit_label = self.UNITS[unit]
        self.min_fen, self.max_fen = min_fen, max_fen
        kwargs.setdefault("max_digits", 12)  # also refuses 1e999999 before it is made an int
        super().__init__(**kwargs)
        self.widget.unit_label = self.unit_label

    def prepare_value(self, value: Any) -> Any:
        """Stored fen (int) become the typed unit; what was typed (str) stays as typed."""
        return money(value, self.fen_per_unit) if isinstance(value, int) else value

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            value = value.replace(",", "").replace("，", "").strip()
        return super().to_python(value)

    def clean(self, value: Any) -> int | None:
        typed: Decimal | None = super().clean(value)
        if typed is None:
            return None
        fen = typed * self.fen_per_unit
        if fen != int(fen):
            raise ValidationError(self.error_messages["part_of_fen"], code="part_of_fen")
        self._refuse_out_of_bounds(int(fen))
        return int(fen)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(
            None if initial is None else self.to_python(self.prepare_value(initial)), data
        )

    def _refuse_out_of_bounds(self, fen: int) -> None:
        if fen < self.min_fen:
            self._refuse("too_small", self.min_fen)
        if self.max_fen is not None and fen > self.max_fen:
            self._refuse("too_large", self.max_fen)

    def _refuse(self, code: str, bound: int) -> None:
        params = {"bound": wan(bound) if self.fen_per_unit == FEN_PER_WAN else yuan(bound)}
        raise ValidationError(self.error_messages[code], code=code, params=params)


class CheckedFileField(forms.FileField):
    """One file that `uploads.checked` has passed; endings: those allowed, all kinds where left out."""

    def __init__(
        self, *, endings: Collection[str] = (), most_bytes: int = uploads.MOST_BYTES, **kwargs: Any
    ) -> None:
        self.endings, self.most_bytes = endings, most_bytes
        super().__init__(**kwargs)
        self.widget.attrs.setdefault("accept", ",".join(f".{ending}" for ending in endings or uploads.KINDS))

    def clean(self, data: Any, initial: Any = None) -> Any:
        given = super().clean(data, initial)
        return self.looked_into(given) if isinstance(given, UploadedFile) else given

    def looked_into(self, upload: UploadedFile) -> UploadedFile:
        """The file as it may be kept; ValidationError with the rule it breaks."""
        try:
            return uploads.checked(upload, endings=self.endings, most_bytes=self.most_bytes)
        except uploads.Unfit as unfit:
            raise ValidationError(str(unfit), code="unfit") from unfit


class ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(CheckedFileField):
    """Any number of files up to MOST; cleans to a list. Refused: what `uploads.checked` refuses, an empty file.

    A form declares it as `files: Any`: the declaration goes into `fields`, while `form.files` stays the upload.
    """

    MOST = 20
    widget = ManyFiles

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.help_text = self.help_text or format_lazy(
            _("可一次选多个，最多 {most} 个，每个不超过 {size} MB；收 {endings}。"),
            most=self.MOST,
            size=self.most_bytes // uploads.MB,
            endings=lazy(listed, str)(tuple(self.endings or uploads.KINDS)),
        )

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        given = data if isinstance(data, list | tuple) else [data] if data else []
        if not given and self.required:
            raise ValidationError(self.error_messages["required"], code="required")
        if len(given) > self.MOST:
            raise ValidationError(_("最多 %(most)s 个文件。") % {"most": self.MOST}, code="too_many")
        return [super(FilesField, self).clean(upload) for upload in given]


class PhotosField(FilesField):
    """Pictures only."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(endings=uploads.PICTURES, **kwargs)
