"""What was typed and is read once more, unjudged: choices by their words, days and sums as they are written."""

from __future__ import annotations

import pytest
from django import forms
from django.http import QueryDict

from tests.builders import township
from workflow.flows.answers import answers_of, typed_of
from workflow.flows.fields import ChineseDateField, FenField, PlainForm
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import Unit, UnitKind


class Everything(PlainForm):
    """A field of each kind."""

    decision = forms.ChoiceField(label="决定", choices=[("add", "列入票决"), ("reserve", "列入储备库")])
    chosen = forms.MultipleChoiceField(
        label="入选项目", choices=[("item:1", "文化礼堂"), ("item:2", "村道硬化")]
    )
    agreed = forms.BooleanField(label="同意", required=False)
    on = ChineseDateField(label="日期")
    sum_fen = FenField(label="金额")
    votes = forms.IntegerField(label="赞成", max_value=10)
    against = forms.IntegerField(label="反对", initial=0)
    words = forms.CharField(label="纪要", min_length=4, required=False)


TYPED = (
    "decision=reserve&chosen=item:1&chosen=item:2&agreed=on&on_year=2026&on_month=12&on_day=3&sum_fen=12.5"
)


def read(typed: str) -> dict[str, str]:
    return {answer.label: answer.text for answer in typed_of(Everything(QueryDict(typed)))}


def test_what_was_typed_reads_as_it_was_chosen() -> None:
    assert read(f"{TYPED}&votes=5&against=0&words=") == {
        "决定": "列入储备库",
        "入选项目": "文化礼堂、村道硬化",
        "同意": "是",
        "日期": "2026年12月3日",
        "金额": "12.5 万元",
        "赞成": "5",
    }


def test_what_no_form_would_take_reads_as_it_was_typed() -> None:
    assert read("on_year=2026&on_month=13&on_day=3&sum_fen=十万&votes=50&words=同意") == {
        "日期": "2026-13-3",
        "金额": "十万",
        "赞成": "50",
        "纪要": "同意",
    }


class Several(PlainForm):
    units = forms.ModelMultipleChoiceField(Unit.objects.none(), label="责任单位", required=False)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["units"].queryset = Unit.objects.filter(kind=UnitKind.DEPARTMENT)  # type: ignore[attr-defined]


@pytest.mark.django_db
def test_several_records_chosen_are_named_on_the_page_that_asks_to_confirm_them() -> None:
    apply(SYSTEM)
    first, second = township().departments[:2]
    form = Several(QueryDict(f"units={first.pk}&units={second.pk}"))
    assert form.is_valid() and [answer.text for answer in answers_of(form)] == [
        f"{first.name}、{second.name}"
    ]
    none = Several(QueryDict(""))
    assert none.is_valid() and [answer.text for answer in answers_of(none)] == ["（未填写）"]
