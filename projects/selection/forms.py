"""Step 2's forms. Those with a row per proposal or item clean into `rows`: {id: {field: value}}."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from projects.collection.forms import IntoYearForm, Lines
from projects.collection.models import Outcome
from projects.cycles.models import Cycle
from projects.cycles.rulebook import SEVERITIES
from projects.selection import rules
from projects.selection.models import Appraisal, FundSource, Item, ItemState, Verdict
from projects.selection.selectors import (
    active_checks,
    appraisable_of,
    check_title,
    criterion_title,
    drafted_of,
    items_of,
    mergeable_of,
    owed,
    shortcoming,
    told_items,
    with_everything,
    years_without,
)
from workflow.calendar.workdays import add_working_days
from workflow.flows.fields import ChineseDateField, FenField, choice_field
from workflow.flows.forms import StepForm, held_already
from workflow.people.saying import bracketed, listed, titled
from workflow.roles.selectors import holders_of, seats_of


def _words(label: Any, *, required: bool = True, rows: int = 2, **more: Any) -> forms.CharField:
    more.setdefault("max_length", 1000)
    return forms.CharField(label=label, required=required, widget=Lines(attrs={"rows": rows}), **more)


class RowsForm(StepForm):
    """A form with the same fields for every row. Subclasses say which rows, which fields, and what a row must hold."""

    def row_objects(self) -> Iterable[Any]:
        """The records the rows stand for; their `pk` is the row's id."""
        raise NotImplementedError

    def row_title(self, row: Any) -> str:
        """What the row is called on the page."""
        return f"{row.number}. {row.title}"

    def row_fields(self, row: Any) -> dict[str, forms.Field]:
        """The row's fields by their short names."""
        raise NotImplementedError

    def check_row(self, row: Any, values: dict[str, Any]) -> Iterable[tuple[str, str]]:
        """What is wrong with a row: short name of the field, sentence."""
        return ()

    def prepare(self) -> None:
        self.rows = list(self.row_objects())
        self.names: dict[Any, list[str]] = {}
        for row in self.rows:
            fields = self.row_fields(row)
            self.names[row.pk] = [f"{name}_{row.pk}" for name in fields]
            labels = {f"{name}_{row.pk}": field.label for name, field in fields.items()}
            for name, field in fields.items():
                field.label = titled(self.row_title(row), field.label)
                self.fields[f"{name}_{row.pk}"] = field
            self.together(self.row_title(row), labels)

    def _inside(self) -> set[str]:
        return {name for names in self.names.values() for name in names}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        gathered = {row.pk: self._values(row, data) for row in self.rows}
        for row in self.rows:
            for name, sentence in self.check_row(row, gathered[row.pk]):
                self.add_error(f"{name}_{row.pk}", sentence)
        return data | {"rows": gathered}

    def _values(self, row: Any, data: dict[str, Any]) -> dict[str, Any]:
        return {name.rpartition("_")[0]: data.get(name) for name in self.names[row.pk]}

    def for_trail(self) -> dict[str, Any]:
        """The rows once, not also field by field."""
        inside = self._inside()
        return {name: value for name, value in super().for_trail().items() if name not in inside}


class MergeForm(RowsForm):
    """归并: proposals that are given the same number become one item."""

    def row_objects(self) -> Iterable[Any]:
        found = list(mergeable_of(self.subject))
        self.index = {proposal.pk: n for n, proposal in enumerate(found, 1)}
        return found

    def row_title(self, row: Any) -> str:
        return row.title

    def row_fields(self, row: Any) -> dict[str, forms.Field]:
        source = getattr(row, "source", None)
        fields: dict[str, forms.Field] = {
            "number": forms.IntegerField(
                label=_("归并序号"),
                min_value=1,
                max_value=999,
                initial=source.item.number if source else self.index[row.pk],
                widget=forms.NumberInput(attrs={"class": "input-short"}),
            )
        }
        if not row.category:
            choices = [("", _t("请选择")), *((c, _t(c)) for c in self.subject.rules.categories)]
            fields["category"] = forms.ChoiceField(label=_("类别"), choices=choices)
        return fields


class ScreenForm(RowsForm):
    """资格筛查: the rules an item does not meet, each with its evidence; the rulebook says what follows."""

    template_name = "steps/selection/screen_form.html"

    def row_objects(self) -> Iterable[Any]:
        self.severities = active_checks(self.subject.rules)
        self.departments = [(d.pk, d.name) for d in seats_of("department", self.subject.unit, self.act.on)]
        return items_of(self.subject).filter(state=ItemState.MERGED).prefetch_related("screenings")

    def row_fields(self, row: Any) -> dict[str, forms.Field]:
        before = {s.rule: s for s in row.screenings.all()}
        return {
            "unmet": forms.MultipleChoiceField(
                label=_("须提示、预警或不予列入的情形"),
                help_text=_("都没有的不勾选，即逐条符合。"),
                choices=[(c, bracketed(shortcoming(c), SEVERITIES[s])) for c, s in self.severities.items()],
                widget=forms.CheckboxSelectMultiple(attrs={"class": "choices-inline"}),
                required=False,
                initial=[code for code, s in before.items() if s.verdict != Verdict.PASS],
            ),
            **{
                f"evidence_{code}": forms.CharField(
                    label=check_title(code),
                    max_length=500,
                    required=False,
                    initial=before[code].evidence if code in before else "",
                )
                for code in self.severities
            },
            "department": forms.TypedChoiceField(
                label=_("责任单位（参加论证）"),
                help_text=_("除不予列入的以外，都须选择。"),
                choices=[("", _("请选择")), *self.departments],
                coerce=int,
                empty_value=None,
                required=False,
                initial=row.department_id,
            ),
        }

    def check_row(self, row: Any, values: dict[str, Any]) -> Iterable[tuple[str, str]]:
        unmet = values.get("unmet") or []
        for code in unmet:
            if len(values.get(f"evidence_{code}") or "") < 4:
                yield f"evidence_{code}", _t("勾选了这一情形的，须写明依据。")
        verdicts = [rules.verdict_of(self.severities[code], met=False) for code in unmet]
        if not rules.is_blocked(verdicts) and not values.get("department"):
            yield "department", _t("筛查通过的项目须确定责任单位。")

    def sections(self) -> Iterator[Section]:
        """Each item's fields, the evidence folded together and open where there is some, or some is asked for."""
        for title, fields in self.groups():
            evidence = [field for field in fields if field.name.startswith("evidence_")]
            unmet, *_others, department = fields
            is_open = bool(unmet.value()) or any(field.value() or field.errors for field in evidence)
            yield Section(title, unmet, evidence, department, is_open)


class Section(NamedTuple):
    """One item in the screening form."""

    title: str
    unmet: forms.BoundField
    evidence: list[forms.BoundField]
    department: forms.BoundField
    is_open: bool


class DepartmentForm(RowsForm):
    """部门论证: necessity and feasibility, the estimate and where the money comes from, the year's target."""

    def row_objects(self) -> Iterable[Any]:
        return appraisable_of(self.subject).filter(department=self.seat).prefetch_related("appraisals")

    def row_fields(self, row: Any) -> dict[str, forms.Field]:
        money = row.funding or {}
        return {
            **_opinion_fields(row, Appraisal.Kind.DEPARTMENT, _("必要性、可行性、要素保障")),
            **{
                source.value: FenField(
                    label=source.label,
                    initial=money.get(source.value, row.investment_fen if source is FundSource.OWN else 0),
                )
                for source in FundSource
            },
            "finish": ChineseDateField(label=_("完成时限"), initial=row.finish_by),
            "target": _words(_("年度目标（可考核）"), max_length=300, initial=row.target),
            "milestone": _words(
                _("跨年度项目的年度阶段性目标"), required=False, max_length=300, initial=row.milestone
            ),
            "beneficiaries": forms.CharField(
                label=_("受益范围、人数"), max_length=120, required=False, initial=row.beneficiaries
            ),
            "leader": forms.CharField(label=_("责任领导"), max_length=40, required=False, initial=row.leader),
        }

    def check_row(self, row: Any, values: dict[str, Any]) -> Iterable[tuple[str, str]]:
        parts = [values.get(name) for name in FundSource.values]
        if None not in parts and not sum(parts):  # type: ignore[arg-type]
            yield "own", _t("资金来源合计为零，请填写投资估算。")
        finish = values.get("finish")
        if finish and finish <= self.act.on:
            yield "finish", _t("完成时限须在今天之后。")
        if (
            finish
            and rules.takes_more_than_the_year(finish, self.subject.year)
            and not values.get("milestone")
        ):
            yield "milestone", _t("跨年度完成的项目须写明本年度可考核的阶段性目标。")

    def for_trail(self) -> dict[str, Any]:
        """The responsible leader is a person's name and stays out."""
        data = super().for_trail()
        rows = data.get("rows", {})
        return data | {"rows": {pk: {k: v for k, v in r.items() if k != "leader"} for pk, r in rows.items()}}


def _opinion_fields(row: Item, kind: str, words: Any) -> dict[str, forms.Field]:
    before = next((a for a in row.appraisals.all() if a.kind == kind), None)
    return {
        "opinion": forms.ChoiceField(
            label=_("意见"),
            choices=Appraisal.Opinion.choices,
            widget=forms.RadioSelect(attrs={"class": "choices-inline"}),
            initial=before.opinion if before else None,
        ),
        "words": _words(words, min_length=2, initial=before.words if before else ""),
    }


class FinanceForm(RowsForm):
    """财政论证: what the township can bear, item by item."""

    kind, words_label = Appraisal.Kind.FINANCE, _("资金来源和财政承受能力")

    def row_objects(self) -> Iterable[Any]:
        return appraisable_of(self.subject).prefetch_related("appraisals")

    def row_fields(self, row: Any) -> dict[str, forms.Field]:
        return _opinion_fields(row, self.kind, self.words_label)


class LegalForm(FinanceForm):
    """合法性审查."""

    kind, words_label = Appraisal.Kind.LEGAL, _("合法性审查意见")


class DraftForm(StepForm):
    """候选项目建议方案: which items, how many to choose, and the record of the government's meeting."""

    items = forms.MultipleChoiceField(label=_("列入建议方案的项目"), widget=forms.CheckboxSelectMultiple)
    seats = forms.IntegerField(label=_("应选项目数"), min_value=1, max_value=99)
    accept_small_surplus = forms.BooleanField(label=_("差额低于规则要求，仍按此提出"), required=False)
    left_reason = _words(
        _("其他项目未列入的理由"), required=False, help_text=_("有项目未列入时必填，答复提出人时引用。")
    )
    held_on = ChineseDateField(label=_("政府办公会（党政联席会）日期"))
    minutes = _words(_("会议纪要"), rows=5, min_length=4, max_length=20000)
    body = _words(_("建议方案正文"), rows=5, min_length=4, max_length=20000)

    def prepare(self) -> None:
        self.known = {i.pk: i for i in with_everything(appraisable_of(self.subject))}
        choice_field(self, "items").choices = [(i.pk, f"{i.number}. {i.title}") for i in self.known.values()]
        self.fields["items"].initial = [pk for pk, i in self.known.items() if i.state == ItemState.DRAFTED]
        self.fields["seats"].initial = self.subject.seats

    def clean_items(self) -> list[int]:
        chosen = [int(pk) for pk in self.cleaned_data["items"]]
        refused = [self.known[pk].title for pk in chosen if _is_illegal(self.known[pk])]
        if refused:
            raise forms.ValidationError(
                _("合法性审查不同意，不能列入：%(titles)s。"), params={"titles": listed(refused)}
            )
        return chosen

    def clean_held_on(self) -> date:
        return held_already(self.cleaned_data["held_on"], self.act.on)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if "items" in data and "seats" in data:
            self._check_surplus(len(data["items"]), data["seats"], accepted=data["accept_small_surplus"])
            if len(data["items"]) < len(self.known) and len(data.get("left_reason") or "") < 4:
                self.add_error("left_reason", _("有项目未列入，须写明理由。"))
        return data

    def _check_surplus(self, candidates: int, seats: int, *, accepted: bool) -> None:
        book = self.subject.rules
        faults = rules.surplus_faults(candidates, seats, allow_equal=book.allow_equal_vote)
        for sentence in faults:
            self.add_error("seats", sentence)
        if not accepted and not faults:
            for sentence in rules.surplus_warnings(candidates, seats, least=book.least_candidates(seats)):
                self.add_error("accept_small_surplus", sentence)


def _is_illegal(item: Item) -> bool:
    return any(
        a.kind == Appraisal.Kind.LEGAL and a.opinion == Appraisal.Opinion.OPPOSE
        for a in item.appraisals.all()
    )


class NoticeForm(StepForm):
    """公示: the list is posted for at least the rulebook's working days."""

    to_on = ChineseDateField(label=_("公示结束"))
    number = forms.CharField(label=_("文号"), max_length=60, required=False)
    body = _words(_("公示正文"), rows=5, min_length=4, max_length=20000)

    def prepare(self) -> None:
        self.least = self.subject.rules.deadlines["selection.notice_period"]
        self.fields["to_on"].initial = add_working_days(self.act.on, self.least)

    def clean_to_on(self) -> date:
        to_on = self.cleaned_data["to_on"]
        if faults := rules.notice_faults(self.act.on, to_on, self.least):
            raise forms.ValidationError(faults)
        return to_on


class AnswerForm(RowsForm):
    """答复: what became of every proposal one decision left out."""

    outcomes = [
        Outcome.MERGED,
        Outcome.SUGGESTION,
        Outcome.DEPARTMENT,
        Outcome.RESERVE,
        Outcome.DECLINED,
        Outcome.REPORTED,
    ]

    def row_objects(self) -> Iterable[Any]:
        self.deputies = deputies_of(self.subject.unit, self.act.on)
        return owed(self.subject)

    def row_title(self, row: Any) -> str:
        return row.title

    def row_fields(self, row: Any) -> dict[str, forms.Field]:
        return answer_fields(row, self.deputies)

    def check_row(self, row: Any, values: dict[str, Any]) -> Iterable[tuple[str, str]]:
        return answer_faults(values)


def deputies_of(unit: Any, on: date) -> list[tuple[int, str]]:
    """The township's deputies in office: id and name, for a choice."""
    return [(user.pk, user.name) for user in holders_of("deputy", unit, on)]


def answer_fields(proposal: Any, deputies: list[tuple[int, str]]) -> dict[str, forms.Field]:
    """Outcome, words and the deputy asked to sign; proposed from what was decided on the item."""
    item = proposal.source.item if hasattr(proposal, "source") else None
    blocked = item is not None and item.state == ItemState.BLOCKED
    return {
        "outcome": forms.ChoiceField(
            label=_("处理结果"),
            choices=[(o, o.label) for o in AnswerForm.outcomes],
            initial=Outcome.DECLINED if blocked else Outcome.RESERVE,
        ),
        "words": _words(_("答复"), min_length=4, initial=item.why_left_out if item else ""),
        "deputy": forms.TypedChoiceField(
            label=_("请哪位代表签名"),
            help_text=_("只有转代表建议时选择；代表本人签名后才转，不签名的退回另定处理结果。"),
            choices=[("", _("无")), *deputies],
            coerce=int,
            empty_value=None,
            required=False,
        ),
    }


def answer_faults(values: dict[str, Any]) -> Iterable[tuple[str, str]]:
    """A suggestion needs a deputy to sign it; nothing else does."""
    signed, suggestion = values.get("deputy"), values.get("outcome") == Outcome.SUGGESTION
    if suggestion and not signed:
        yield "deputy", _t("转代表建议须有代表签名，请选择请哪位代表签名。")
    if signed and not suggestion:
        yield "deputy", _t("只有转代表建议才需要代表签名。")


class TellForm(StepForm):
    """One proposer is answered anew after a deputy declined to sign."""

    def prepare(self) -> None:
        for name, field in answer_fields(self.subject, deputies_of(self.subject.unit, self.act.on)).items():
            self.fields[name] = field

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for name, sentence in answer_faults(data):
            self.add_error(name, sentence)
        return data


class AheadForm(TellForm):
    """One proposer is answered ahead of the others; a suggestion, which a deputy must sign, waits for the task itself."""

    def prepare(self) -> None:
        super().prepare()
        del self.fields["deputy"]
        outcome = choice_field(self, "outcome")
        outcome.choices = [(o, o.label) for o in AnswerForm.outcomes if o != Outcome.SUGGESTION]


class UnmergeForm(StepForm):
    """拆分: which proposals are taken out, each into an item of its own."""

    proposals = forms.MultipleChoiceField(label=_("拆出的意见建议"), widget=forms.CheckboxSelectMultiple)

    def prepare(self) -> None:
        sources = self.subject.sources.select_related("proposal").order_by("proposal_id")
        self.known = [(s.proposal_id, s.proposal.title) for s in sources]
        choice_field(self, "proposals").choices = self.known

    def clean_proposals(self) -> list[int]:
        chosen = [int(pk) for pk in self.cleaned_data["proposals"]]
        if len(chosen) == len(self.known):
            raise forms.ValidationError(_("至少须留下一件。"))
        return chosen


class EditItemForm(StepForm):
    """The item's own words, until the list is fixed."""

    title = forms.CharField(label=_("项目名称"), max_length=80)
    content = _words(_("建设内容"), rows=4, max_length=4000)
    place = forms.CharField(label=_("建设地点"), max_length=120, required=False)
    category = forms.ChoiceField(label=_("类别"))

    def prepare(self) -> None:
        categories = self.subject.cycle.rules.categories
        choice_field(self, "category").choices = [(c, _t(c)) for c in categories]
        for name in self.fields:
            self.fields[name].initial = getattr(self.subject, name)


class ScoreForm(StepForm):
    """评分表: 0–100 for each criterion with a weight."""

    def prepare(self) -> None:
        for code, weight in self.subject.cycle.rules.score_weights.items():
            if weight:
                self.fields[code] = forms.IntegerField(
                    label=bracketed(criterion_title(code), f"{weight}%"), min_value=0, max_value=100
                )


class ObjectForm(StepForm):
    """对公示名单的异议, registered for whoever says it."""

    private = ("words",)
    project = forms.TypedChoiceField(label=_("针对的项目"), coerce=int, empty_value=None, required=False)
    words = _words(_("异议内容"), rows=4, min_length=4, max_length=2000)

    def prepare(self) -> None:
        listed = [(i.pk, f"{i.number}. {i.title}") for i in self.subject.items.all()]
        choice_field(self, "project").choices = [("", _t("整个名单")), *listed]


class ObjectionForm(StepForm):
    """异议的答复: upheld or dismissed, with the words; an upheld one may change the list."""

    decision = forms.ChoiceField(
        label=_("处理意见"),
        choices=[("uphold", _("采纳")), ("dismiss", _("不予采纳"))],
        widget=forms.RadioSelect,
    )
    answer = _words(_("答复"), rows=4, min_length=4, max_length=2000)
    takes_out = forms.TypedChoiceField(
        label=_("移出名单的项目"), coerce=int, empty_value=None, required=False
    )
    puts_in = forms.TypedChoiceField(
        label=_("补入名单的项目"),
        help_text=_("改变名单的，须经政府研究，并重新送党委研究、再次公示。"),
        coerce=int,
        empty_value=None,
        required=False,
    )

    def prepare(self) -> None:
        cycle = self.subject.notice.cycle
        drafted = [(i.pk, f"{i.number}. {i.title}") for i in drafted_of(cycle)]
        outside = items_of(cycle).filter(state=ItemState.LEFT_OUT).exclude(pk__in=told_items(cycle))
        spare = [(i.pk, f"{i.number}. {i.title}") for i in outside]
        choice_field(self, "takes_out").choices = [("", _t("不移出")), *drafted]
        choice_field(self, "puts_in").choices = [("", _t("不补入")), *spare]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        changes = bool(data.get("takes_out") or data.get("puts_in"))
        if changes and data.get("decision") == "dismiss":
            self.add_error("decision", _("不予采纳的异议不能改变名单。"))
        elif changes and not self.errors:
            self._check_surplus(data)
        return data

    def _check_surplus(self, data: dict[str, Any]) -> None:
        cycle = self.subject.notice.cycle
        candidates = drafted_of(cycle).count() + bool(data["puts_in"]) - bool(data["takes_out"])
        allow = cycle.rules.allow_equal_vote
        for sentence in rules.surplus_faults(candidates, cycle.seats or 0, allow_equal=allow):
            self.add_error("takes_out", sentence)


class BringBackForm(IntoYearForm):
    """Out of the reserve into a year in which the matter has not been proposed yet."""

    def cycles(self) -> list[Cycle]:
        return years_without(self.subject)
