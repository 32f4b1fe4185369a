"""The base of every task's form."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any, ClassVar, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.formats import date_format
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext_lazy as _

from workflow.audit.commitments import commit, new_salt
from workflow.audit.models import Entry, Salt
from workflow.audit.services import Act
from workflow.flows.fields import UNSHOWN, ChineseDateField, PeopleField, PlainForm, choice_field
from workflow.flows.meetings import BY_LAW, Division, Standard, agreed, faults
from workflow.flows.membership import Membership, not_members
from workflow.people.models import Unit
from workflow.people.wording import has_own_words, worded

LONG = 200
TICKED = "ticked"  # in an entry: what stood beside a box, by the box's name
BLANK_DASH = "-" * 9  # what Django shows where nothing is chosen


def _say_in(unit: Unit, field: forms.Field) -> None:
    """Put what the program says of a field into a hall's words: its texts are lazy ones, and no data."""
    said = cast(Any, field)
    for part in ("label", "help_text", "empty_label"):
        if isinstance(getattr(said, part, None), Promise):
            setattr(said, part, worded(getattr(said, part), unit))
    if type(field) in (forms.ChoiceField, forms.MultipleChoiceField):
        said.choices = [
            (value, worded(label, unit) if isinstance(label, Promise) else label)
            for value, label in said.choices
        ]


@dataclass(frozen=True)
class Foreseen:
    """A table of what an act would bring with it. heads: the columns' headings; lines: a word for each of them."""

    title: str
    heads: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]

    @property
    def in_cards(self) -> bool:
        """Whether a phone shows its lines as cards: with one word to a line, each would repeat its heading."""
        return len(self.heads) > 2

    @property
    def rows(self) -> list[list[tuple[str, str]]]:
        """Every word with its heading."""
        return [list(zip(self.heads, line, strict=True)) for line in self.lines]


class StepForm(PlainForm):
    """A task's form; knows the record it is about and the act it will become.

    over: the task is done or called off, and what somebody had typed is read once more: with every field it may have had.
    private: names of fields that never enter the trail (personal data). committed: names of those that stand there by a
    commitment however short they are, so that erasing the text and the salt leaves nothing. foresees: whether the act
    is confirmed after a look at what it would bring with it (`foreseen`), even one that can be undone; may_foresee:
    only where there is a table of it (`foreseen_table`). drafts: whether what is typed may be
    kept unfinished; not where it is a secret or a tally nobody may see yet. needed_when: fields that are asked for in one
    case alone, each with that case as the page says it; left empty in the other, they are not among the answers.
    """

    template_name = "django/forms/sections.html"
    private: ClassVar[tuple[str, ...]] = ()
    committed: ClassVar[tuple[str, ...]] = ()
    foresees: ClassVar[bool] = False
    may_foresee: ClassVar[bool] = False
    drafts: ClassVar[bool] = True
    needed_when: ClassVar[Mapping[str, str | Promise]] = {}

    def __init__(
        self,
        *args: Any,
        subject: Any,
        act: Act,
        node: Any,
        seat: Any,
        item: dict[str, Any] | None = None,
        over: bool = False,
        **kwargs: Any,
    ) -> None:
        self.subject, self.act, self.node, self.seat, self.item = subject, act, node, seat, item or {}
        self.over = over
        self._salt, self.hall = b"", act.unit if act else None
        super().__init__(*args, **kwargs)
        self.rows_together: list[tuple[str, list[str]]] = []
        self.prepare()
        # As the program says them, in no language yet: below they may be put into the hall's words for the page alone.
        self._own_words = {name: field.label for name, field in self.fields.items() if self._is_own(name)}
        for field in self.fields.values():
            if isinstance(field, forms.ModelChoiceField) and field.empty_label == BLANK_DASH:
                field.empty_label = _("请选择")
            if self.hall and has_own_words(self.hall):
                _say_in(self.hall, field)
            if isinstance(field.widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
                # Gone back to, a browser ticks again by place: where the list is another by then, somebody else.
                field.widget.attrs.setdefault("autocomplete", "off")
        for name, case in self.needed_when.items():
            if name in self.fields:
                cast(Any, self.fields[name]).needed_when = worded(case, self.hall)

    def full_clean(self) -> None:
        """Judge what was typed; what is wrong with it is said in the hall's words."""
        super().full_clean()
        if self.hall and has_own_words(self.hall):
            for error in [error for errors in self.errors.values() for error in errors.as_data()]:
                error.message = worded(error.message, self.hall)

    def prepare(self) -> None:
        """Add or narrow fields by the subject; does nothing here."""

    def clean(self) -> dict[str, Any]:
        """What has been cleaned so far; a form's own rules add to it."""
        super().clean()
        return self.cleaned_data

    def foreseen(self) -> list[str]:
        """What the act would bring with it, in sentences for the page that asks to confirm it; asked of a valid form."""
        return []

    def goes_back(self) -> bool:
        """Whether what is entered sends the matter back; asked of a valid form."""
        return False

    def what_follows(self) -> list[str]:
        """What comes after it in sentences, where what is entered leads elsewhere than the next step; empty where it does
        not. Asked of a valid form."""
        return []

    def foreseen_table(self) -> Foreseen | None:
        """What the act would change, old and new side by side, for the same page; None: nothing of that kind."""
        return None

    def foreseen_tables(self) -> list[Foreseen]:
        """That table, and what stands on the page beside it."""
        return list(filter(None, [self.foreseen_table()]))

    def together(self, title: Any, labels: Mapping[str, Any]) -> None:
        """Show the fields of one row side by side under its title, each under a short label.

        labels: field name → label; the field's own label stays whole for the error summary and the check page.
        """
        for name, label in labels.items():
            field = cast(Any, self.fields[name])
            field.short_label, field.row_title = label, title
        self.rows_together.append((str(title), list(labels)))

    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The rows shown together: a title and its fields."""
        return [(title, [self[name] for name in names]) for title, names in self.rows_together]

    def others(self) -> list[forms.BoundField]:
        """The fields that stand outside the rows, in their order."""
        inside = {name for _title, names in self.rows_together for name in names}
        return [self[name] for name in self.fields if name not in inside]

    def secrets(self) -> list[str]:
        """The fields whose values no page shows again and nothing but the act itself may carry."""
        return [name for name, field in self.fields.items() if isinstance(field.widget, UNSHOWN)]

    def for_trail(self) -> dict[str, Any]:
        """What of the cleaned data stands in the trail: short values as they are, files by the digest of their
        content, long texts by a commitment (`audit.commitments`) whose salt `keep_salt` keeps. Under `TICKED` the words
        beside a box where this record's own stood there: what somebody confirmed or counted is what they read."""
        told = {
            k: self._plain(k, v)
            for k, v in self.cleaned_data.items()
            if k not in self.private and v not in (None, "")
        }
        ticked = {name: worded(label, self.hall) for name, label in self._own_words.items() if name in told}
        return told | ({TICKED: ticked} if ticked else {})

    def _is_own(self, name: str) -> bool:
        """Whether a box to tick or for a number has other words here than on the form of every such record."""
        now, usual = self.fields[name], self.base_fields.get(name)
        boxes = (forms.BooleanField, forms.IntegerField)
        return isinstance(now, boxes) and usual is not None and now.label != usual.label

    def keep_salt(self, entry: Entry) -> None:
        """Keep what opens the commitments of `for_trail` beside the entry they stand in; nothing where there are none."""
        if self._salt:
            Salt.objects.create(entry=entry, unit_id=entry.unit_id, value=self._salt)

    def _plain(self, path: str, value: Any) -> Any:
        if isinstance(value, bool | int):
            return value
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, time):
            return value.isoformat("minutes")
        if isinstance(value, UploadedFile):
            return {"file": value.name, "sha256": digest_of(value)}
        if isinstance(value, dict):
            return {str(k): self._plain(f"{path}.{k}", v) for k, v in value.items()}
        if isinstance(value, list | tuple | set) or hasattr(value, "values_list"):
            return [self._plain(f"{path}.{at}", v) for at, v in enumerate(value)]
        text = getattr(value, "reference", None) or str(value)
        short = len(text) <= LONG and path not in self.committed
        return text if short else self._commitment(path, text)

    def _commitment(self, path: str, text: str) -> dict[str, str]:
        self._salt = self._salt or new_salt()
        return commit(self._salt, path, text)


def digest_of(upload: UploadedFile) -> str:
    """SHA-256 of a file's content, in hexadecimal; it is read from its beginning again afterwards."""
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    upload.seek(0)
    return digest.hexdigest()


class ReturnForm(PlainForm):
    """Sending a matter back: to whom where there is a choice, and why, always in writing."""

    to = forms.ChoiceField(label=_("退回到"))
    reason = forms.CharField(
        label=_("退回理由"),
        help_text=_("写明哪里不符合要求、如何改正，对方能据此办理。"),
        widget=forms.Textarea(attrs={"rows": 4}),
        min_length=4,
        max_length=1000,
    )

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice_field(self, "to").choices = choices
        if len(choices) == 1:
            self.fields["to"].initial = choices[0][0]
            self.fields["to"].widget = forms.HiddenInput()


def held_already(held_on: date, today: date) -> date:
    """The day of a meeting that is put on record; refused where it is still to come."""
    if held_on > today:
        raise forms.ValidationError(_("会议日期不能晚于今天。"))
    return held_on


class MinutesForm(StepForm):
    """A meeting's votes and minutes; who or how many attended is added below.

    present_at: the field that says so, at which it is said what is wrong with how many attended.
    """

    present_at: ClassVar[str]
    held_on = ChineseDateField(label=_("会议日期"))
    votes_for = forms.IntegerField(label=_("赞成"), min_value=0, max_value=2000)
    votes_against = forms.IntegerField(label=_("反对"), min_value=0, max_value=2000, initial=0)
    votes_abstain = forms.IntegerField(label=_("弃权"), min_value=0, max_value=2000, initial=0)
    minutes = forms.CharField(
        label=_("会议纪要"), widget=forms.Textarea(attrs={"rows": 6}), min_length=4, max_length=20000
    )

    def clean_held_on(self) -> date:
        held_on = held_already(self.cleaned_data["held_on"], self.act.on)
        if (first := self.not_before()) and held_on < first:
            raise forms.ValidationError(
                _("会议日期不能早于所议事项发生之日（%(day)s）。") % {"day": date_format(first)}
            )
        return held_on

    def not_before(self) -> date | None:
        """The first day the body can have met on the matter; None where nothing says so."""
        return None

    def division(self) -> Division:
        """The figures of the decision, once the form is valid."""
        data = self.cleaned_data
        return Division(
            self._of_members, self.present(), data["votes_for"], data["votes_against"], data["votes_abstain"]
        )

    @cached_property
    def _of_members(self) -> int:
        return self.members()

    def members(self) -> int:
        raise NotImplementedError

    def present(self) -> int:
        raise NotImplementedError

    def standard(self) -> Standard:
        """What the decision takes: the law's figures, or the body's own where the node says so."""
        asked = getattr(self.node, "standard_of", None)
        return asked(self.subject) if asked else BY_LAW

    def agreed(self) -> bool:
        return agreed(self.division(), self.standard())

    def goes_back(self) -> bool:
        return bool(self.node.returns) and not self.agreed()

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not self.errors:
            for fault in faults(self.division(), self.standard()):
                self.add_error(self.present_at if fault.figure == "present" else fault.figure, fault.sentence)
        return data

    def for_trail(self) -> dict[str, Any]:
        """The figures with how many members the body has, whether it agreed, and what the decision took where that is not
        the law's: whoever recounts must know."""
        own = self.standard()
        taken = {"quorum": f"{own.quorum.numerator}/{own.quorum.denominator}", "of_present": own.of_present}
        said = {"agreed": self.agreed()} | super().for_trail() | {"of_members": self._of_members}
        return said | ({} if own == BY_LAW else {"standard": taken})


def day_typed(form: forms.Form) -> date | None:
    """The day of a meeting as it was typed, before its form is judged; None where that is no day."""
    if not form.is_bound:
        return None
    field = form.fields["held_on"]
    try:
        typed = field.widget.value_from_datadict(form.data, form.files, form.add_prefix("held_on"))
        return cast(date, field.clean(typed))
    except forms.ValidationError:
        return None


class MeetingForm(MinutesForm):
    """A small body's record: its members are ticked one by one (presidium, Party committee).

    Its members are those of the day the meeting was held, not of the day it is recorded (`Membership`).
    """

    present_at = "attended"
    attended = PeopleField(label=_("出席人员"))
    field_order = ["held_on", "attended", "votes_for", "votes_against", "votes_abstain", "minutes"]

    def prepare(self) -> None:
        self.membership = Membership(self.node.deciding, self.seat, self.act.on)
        choice_field(self, "attended").choices = self.membership.offered(day_typed(self))

    def members(self) -> int:
        return len(self.membership.on(self.cleaned_data["held_on"], self.cleaned_data["attended"]))

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if {"held_on", "attended"} <= data.keys() and (
            strangers := self.membership.strangers(data["attended"], data["held_on"])
        ):
            self.add_error("attended", not_members(strangers))
        return super().clean()

    def present(self) -> int:
        return len(self.cleaned_data["attended"])


class Resolved(MinutesForm):
    """A record that stands only when the body agreed: there is nowhere to send the matter back to."""

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not self.errors and not self.agreed():
            self.add_error("votes_for", _("赞成票未超过全体成员的半数，没有形成决定；请再次表决后填报。"))
        return data


class AssemblyForm(MinutesForm):
    """A large body's record by numbers (the congress, 组织法 25): the base is the deputies in office."""

    present_at = "present_number"
    present_number = forms.IntegerField(label=_("实到人数"), min_value=0, max_value=2000)
    field_order = ["held_on", "present_number", "votes_for", "votes_against", "votes_abstain", "minutes"]

    def members(self) -> int:
        return self.node.members_of(self.subject)

    def present(self) -> int:
        return self.cleaned_data["present_number"]
