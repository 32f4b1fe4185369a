"""The desk's forms: attendance, issuing, returning, keying, signing. They know a vote, not what it is about."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from projects.ballots import figures as fig
from projects.ballots.models import Option, Vote
from projects.ballots.selectors import PROJECTS, current_vote
from workflow.flows.forms import StepForm
from workflow.roles.selectors import holders_of

LARGEST = 2000
LARGEST_POINTS = 100_000


def number(label: Any, *, largest: int = LARGEST, **more: Any) -> forms.IntegerField:
    """A box for a number of people or ballots."""
    return forms.IntegerField(
        label=label,
        min_value=0,
        max_value=largest,
        widget=forms.NumberInput(attrs={"class": "input-short", "inputmode": "numeric"}),
        **more,
    )


class VoteForm(StepForm):
    """A form about the vote its subject is at. purposes: which kinds of vote those are."""

    purposes: ClassVar[tuple[str, ...]] = PROJECTS

    @cached_property
    def vote(self) -> Vote:
        vote = current_vote(self.subject.reference, *self.purposes)
        if vote is None:
            raise Vote.DoesNotExist(self.subject.reference)
        return vote

    def offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        """Give a choice field its choices."""
        cast(forms.ChoiceField, self.fields[name]).choices = choices


class AttendanceForm(VoteForm):
    """应到、请假、实到; who is on leave or absent may be marked on the roll."""

    present = number(_("实到人数"))
    on_leave = number(_("请假人数"))
    leave = forms.MultipleChoiceField(
        label=_("请假的代表"),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "choices-names"}),
        required=False,
    )
    absent = forms.MultipleChoiceField(
        label=_("缺席的代表"),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "choices-names"}),
        required=False,
    )

    def prepare(self) -> None:
        lines = list(self.vote.session.roll.all()) if self.vote.session else []
        for name in ("leave", "absent"):
            if lines:
                self.offer(name, [(str(line.pk), line.name) for line in lines])
            else:
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        super().clean()
        data = self.cleaned_data
        if not self.errors:
            self._refuse_more_than_in_office(data)
            self._refuse_marks_that_differ(data)
        return data

    def _refuse_more_than_in_office(self, data: dict[str, Any]) -> None:
        if data["present"] + data["on_leave"] > self.vote.deputies_in_office:
            self.add_error(
                "present",
                _("实到 %(present)s 人 ＋ 请假 %(leave)s 人，多于应到 %(of)s 人。")
                % {
                    "present": data["present"],
                    "leave": data["on_leave"],
                    "of": self.vote.deputies_in_office,
                },
            )

    def _refuse_marks_that_differ(self, data: dict[str, Any]) -> None:
        leave, absent = data.get("leave", []), data.get("absent", [])
        missing = self.vote.deputies_in_office - data.get("present", 0) - data.get("on_leave", 0)
        if not leave and not absent:
            return
        if set(leave) & set(absent):
            self.add_error("absent", _("同一代表不能既是请假又是缺席。"))
        if len(leave) != data.get("on_leave"):
            self.add_error(
                "leave",
                _("勾选请假 %(marked)s 人，与请假人数不符。") % {"marked": len(leave)},
            )
        if len(absent) != missing:
            self.add_error(
                "absent",
                _("勾选缺席 %(marked)s 人，按人数应为 %(missing)s 人。")
                % {"marked": len(absent), "missing": missing},
            )


class WitnessedForm(VoteForm):
    """An act a second person at the desk stands by. witness_office: whose."""

    witness_office: ClassVar[str] = ""
    witness = forms.ChoiceField(label=_("在场监票"), widget=forms.RadioSelect)

    def prepare(self) -> None:
        people = holders_of(self.witness_office, self.subject.unit, self.act.on)
        others = [user for user in people if user != self.act.actor]
        # The trail names people by their accounts, so the choice is the account and not the name.
        self.offer("witness", [(user.username, user.name) for user in others])
        if len(others) == 1:
            self.fields["witness"].initial = others[0].username


class OpenForm(WitnessedForm):
    """开始投票: how many ballots were issued, with the chief teller standing by."""

    witness_office = "chief_teller"
    issued = number(_("发出表决票"))
    confirmed = forms.BooleanField(label=_("总监票人已当众检查票箱，确认是空的，并核对了发出的张数"))
    field_order = ["issued", "witness", "confirmed"]

    def clean(self) -> dict[str, Any]:
        super().clean()
        data = self.cleaned_data
        present = self.vote.deputies_present
        if data.get("issued") is not None and present is not None and data["issued"] > present:
            self.add_error("issued", _("不能多于实到的 %(present)s 人。") % {"present": present})
        return data


class CloseForm(WitnessedForm):
    """收回表决票: how many came back; more than issued makes the vote void, which is no error of the form."""

    witness_office = "teller"
    returned = number(
        _("收回表决票"), help_text=_("收回多于发出的，本次投票无效，须重新投票；提交前请再数一遍。")
    )
    field_order = ["returned", "witness"]


MARK_LABELS = {"for": _("赞成"), "against": _("反对"), "abstain": _("弃权"), "points": _("得分")}


class TallyForm(VoteForm):
    """The tally sheets, once: valid and invalid, then the figures of every candidate in the order of the paper."""

    template_name = "steps/voting/tally_form.html"
    valid = number(_("有效票"))
    invalid = number(_("无效票"))

    def prepare(self) -> None:
        for option in self.vote.options.all():
            for mark in fig.marks_of(self.vote):
                self.fields[fig.field_name(mark, option)] = self._box(option, mark)

    def _box(self, option: Option, mark: str) -> forms.IntegerField:
        label = f"{option.position}. {option.title}：{MARK_LABELS[mark]}"
        return number(label, largest=LARGEST_POINTS if mark == "points" else LARGEST)

    @property
    def heads(self) -> list[forms.BoundField]:
        """The figures of the whole box."""
        return [self["valid"], self["invalid"]]

    @property
    def marks(self) -> list[Any]:
        """The titles of the columns."""
        return [MARK_LABELS[mark] for mark in fig.marks_of(self.vote)]

    @property
    def rows(self) -> list[tuple[str, list[tuple[Any, forms.BoundField]]]]:
        """Each candidate with its boxes, each under its column's title."""
        return [
            (
                f"{option.position}. {option.title}",
                [(MARK_LABELS[mark], self[fig.field_name(mark, option)]) for mark in fig.marks_of(self.vote)],
            )
            for option in self.vote.options.all()
        ]

    def for_trail(self) -> dict[str, Any]:
        """Nothing: until both tellers have signed, the trail shows no sum."""
        return {}


class SignForm(VoteForm):
    """计票结果报告单: a teller's signature."""

    confirmed = forms.BooleanField(label=_("我已核对计票结果报告单，数字属实，签字负责"))
