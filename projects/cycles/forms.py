"""Forms of what is done about a township as a whole: its rules, its terms."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from projects.cycles import moving
from projects.cycles.models import SessionState
from projects.cycles.rulebook import RulebookError, Rules, said
from projects.cycles.selectors import coming_term, rules_in_force, sitting_term
from projects.cycles.terms import COMMITTEE
from workflow.flows.fields import ChineseDateField, PeopleField, choice_field
from workflow.flows.forms import Foreseen, StepForm
from workflow.people.models import Unit, User
from workflow.people.texts import lines_of
from workflow.people.wording import worded
from workflow.roles import registry
from workflow.roles.selectors import holders_of


class RuleForm(StepForm):
    """A new value of one setting, asked for as its kind wants: a choice, a number, a list, a text; and why."""

    setting = forms.ChoiceField(label=_("设置"))
    value = forms.CharField(label=_("新的取值"), max_length=2000)
    note = forms.CharField(label=_("修订说明"), max_length=200)

    def held(self) -> Rules:
        """The rules a setting of which is changed."""
        return rules_in_force(self.subject)

    def prepare(self) -> None:
        self.book = self.held()
        rows = {row.key: row for row in self.book.describe()}
        choice_field(self, "setting").choices = [(key, row.title) for key, row in rows.items()]
        wanted = self.data.get("setting") if self.is_bound else self.initial.get("setting")
        self.row = rows.get(str(wanted))
        if self.row is None:
            return
        self.like, self.said = self.row.value, said(self.row.key.partition(".")[0])
        self.fields["setting"].widget = forms.HiddenInput()
        self.fields["setting"].initial = self.row.key
        self.fields["value"] = self._asked()
        self.fields["value"].help_text = self.row.range
        self.fields["value"].initial = self._shown()

    def _asked(self) -> forms.Field:
        if isinstance(self.like, bool):
            return forms.ChoiceField(
                label=_("新的取值"), choices=[("yes", _("是")), ("no", _("否"))], widget=forms.RadioSelect
            )
        if isinstance(self.like, str) and self.like in self.said.choices:
            return forms.ChoiceField(
                label=_("新的取值"), choices=list(self.said.choices.items()), widget=forms.RadioSelect
            )
        lines = isinstance(self.like, list | tuple)
        return forms.CharField(
            label=_("新的取值（每行一项）") if lines else _("新的取值"),
            max_length=2000,
            widget=forms.Textarea(attrs={"rows": 8}) if lines else forms.TextInput(),
        )

    def _shown(self) -> Any:
        if isinstance(self.like, bool):
            return "yes" if self.like else "no"
        if isinstance(self.like, list | tuple):
            return "\n".join(map(str, self.like))
        if isinstance(self.like, int) and self.said.scale > 1:
            return Decimal(self.like) / self.said.scale
        return self.like

    def clean(self) -> dict[str, Any]:
        """`value` becomes what the setting holds; refused where the whole rulebook would not hold together."""
        data = super().clean()
        if self.row is None or self.errors:
            return data
        data["value"] = self._typed(data["value"])
        try:
            self.book.with_values({self.row.key: data["value"]})
        except RulebookError as error:
            for sentence in error.reasons:
                self.add_error("value", str(sentence))
        return data

    def _typed(self, text: str) -> Any:
        """What was entered, as the kind of value the setting holds; left as text where it is not one."""
        if isinstance(self.like, bool):
            return text == "yes"
        if isinstance(self.like, list | tuple):
            return lines_of(text)
        if isinstance(self.like, str):
            return text
        try:
            number = Decimal(text) * self.said.scale
        except InvalidOperation:
            return text
        return int(number) if number == number.to_integral_value() else float(number)

    def for_trail(self) -> dict[str, Any]:
        return super().for_trail() | {"value": self.cleaned_data["value"]}


def named(users: list[User]) -> list[tuple[str, str]]:
    """The choices of `people`: each id with its name."""
    return [(str(user.pk), user.name) for user in users]


class CredentialsForm(StepForm):
    """代表资格审查 of a newly elected congress (组织法 37): who was duly elected."""

    number = forms.IntegerField(label=_("届"), min_value=1, max_value=99)
    again = PeopleField(label=_("连任的代表"), required=False, help_text=_("现任代表中再次当选的。"))
    fresh = PeopleField(
        label=_("新当选的代表"),
        required=False,
        help_text=_("先由系统管理员授予“当选代表”职务；当选无效的不选。"),
    )
    statement = forms.CharField(
        label=_("代表资格审查报告"), widget=forms.Textarea(attrs={"rows": 6}), min_length=4, max_length=20000
    )

    def prepare(self) -> None:
        unit, on = self.subject, self.act.on
        deputies, elected = holders_of("deputy", unit, on), holders_of("deputy_elect", unit, on)
        serving = {user.pk for user in deputies}
        fresh = [user for user in elected if user.pk not in serving]
        choice_field(self, "again").choices = named(deputies)
        choice_field(self, "fresh").choices = named(fresh)
        self.fields["again"].initial = [str(user.pk) for user in elected if user.pk in serving]
        self.fields["fresh"].initial = [str(user.pk) for user in fresh]
        sitting, coming = sitting_term(unit), coming_term(unit)
        self.fields["number"].initial = coming.number if coming else sitting.number + 1 if sitting else None

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not self.errors and not [*data["again"], *data["fresh"]]:
            self.add_error("again", _("没有当选代表，请勾选连任的和新当选的代表。"))
        return data


class ElectionForm(StepForm):
    """What the congress in session elected among the deputies (组织法 18, 19); in a subdistrict the leads alone."""

    ELECTED: ClassVar[list[tuple[str, Any]]] = [
        ("chair", _("人大主席、副主席")),
        ("presidium", _("主席团成员")),
        ("delegation_lead", _("代表团团长")),
    ]

    office = forms.ChoiceField(label=_("选举或推选的职务"), choices=ELECTED, widget=forms.RadioSelect)
    seat = forms.ChoiceField(label=_("代表团"), required=False, help_text=_("推选代表团团长时选择。"))
    persons = PeopleField(label=_("当选人"), help_text=_("从代表中选举；原任而未当选的，职务即行终止。"))
    statement = forms.CharField(label=_("选举结果"), max_length=200, min_length=4)

    def prepare(self) -> None:
        unit = self.subject
        if unit.is_subdistrict:
            choice_field(self, "office").choices = [row for row in self.ELECTED if row[0] not in COMMITTEE]
        delegations = Unit.objects.filter(tenant=unit, kind="delegation", ends_on=None).order_by("code")
        choice_field(self, "seat").choices = [("", _("请选择")), *((str(u.pk), u.name) for u in delegations)]
        choice_field(self, "persons").choices = named(holders_of("deputy", unit, self.act.on))

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        office, chosen = data.get("office"), data.get("persons") or []
        if (office == "delegation_lead") != bool(data.get("seat")):
            self.add_error("seat", _("推选代表团团长须选择代表团，其他职务不选。"))
        if office and (reason := registry.too_many(office, self.subject, len(chosen))):
            self.add_error("persons", worded(reason, self.subject))
        return data


class MoveForm(StepForm):
    """调整会期: which session, to what day, and why; the deadlines that move with it are shown before it is done."""

    foresees = True
    state: ClassVar[str] = SessionState.PLANNED

    use = forms.ChoiceField(label=_("调整哪次会议"), widget=forms.RadioSelect)
    new_day = ChineseDateField(label=_("调整后的日期"))
    reason = forms.CharField(
        label=_("调整理由"), widget=forms.Textarea(attrs={"rows": 3}), min_length=4, max_length=200
    )

    def prepare(self) -> None:
        super().prepare()
        uses = moving.movable(self.subject, self.state)
        choice_field(self, "use").choices = moving.choices_of(self.subject, uses)
        if len(uses) == 1:
            self.fields["use"].initial = uses[0]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not self.errors:
            for sentence in moving.faults_of_move(self.subject, data["use"], data["new_day"], self.act.on):
                self.add_error("new_day", sentence)
        return data

    def foreseen(self) -> list[str]:
        return moving.told_of_move(self.subject, self.cleaned_data["use"], self.cleaned_data["new_day"])

    def foreseen_table(self) -> Foreseen | None:
        return moving.table_of_move(self.subject, self.cleaned_data["use"], self.cleaned_data["new_day"])
