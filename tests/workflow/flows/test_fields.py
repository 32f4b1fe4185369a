from datetime import date

import pytest
from django import forms
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from workflow.flows.fields import ChineseDateField, FenField, PlainForm
from workflow.people.models import Unit


class Meeting(forms.Form):
    held_on = ChineseDateField(label="日期")


def meeting(**data: str) -> Meeting:
    return Meeting({f"held_on{name}": value for name, value in data.items()})


def test_a_date_is_read_from_its_three_boxes() -> None:
    form = meeting(_year="2026", _month="1", _day=" 12 ")
    assert form.is_valid() and form.cleaned_data["held_on"] == date(2026, 1, 12)


def test_a_date_is_also_read_from_one_iso_value() -> None:
    form = Meeting({"held_on": "2026-01-12"})
    assert form.is_valid() and form.cleaned_data["held_on"] == date(2026, 1, 12)


@pytest.mark.parametrize(("month", "day"), [("2", "30"), ("13", "1"), ("", "12"), ("一", "1")])
def test_a_day_that_does_not_exist_is_refused_and_stays_as_typed(month: str, day: str) -> None:
    form = meeting(_year="2026", _month=month, _day=day)
    assert "请填写真实存在的日期" in form.errors["held_on"][0]
    assert 'value="2026"' in str(form["held_on"])
    assert f'value="{day}"' in str(form["held_on"])


def test_an_empty_date_is_missing_not_wrong() -> None:
    assert meeting(_year="", _month="", _day="").errors.as_data()["held_on"][0].code == "required"


def test_a_stored_date_fills_the_three_boxes() -> None:
    html = str(Meeting(initial={"held_on": date(2026, 1, 12)})["held_on"])
    assert 'value="2026"' in html and 'value="1"' in html and 'value="12"' in html


@given(st.integers(0, 10**12))
def test_a_sum_comes_back_as_it_was_shown(fen: int) -> None:
    field = FenField(unit="yuan", max_digits=20)
    assert field.clean(field.prepare_value(fen)) == fen


@pytest.mark.parametrize(
    ("typed", "fen"), [("380", 380_000_000), ("12.5", 12_500_000), ("1,200", 1_200_000_000), ("0", 0)]
)
def test_a_sum_typed_in_wan_is_kept_in_fen(typed: str, fen: int) -> None:
    kept = FenField().clean(typed)
    assert kept == fen and type(kept) is int


@pytest.mark.parametrize("typed", ["-1", "12.3456789", "三百", "NaN", "1e999999", ""])
def test_what_is_not_a_sum_in_whole_fen_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError):
        FenField().clean(typed)


def test_the_bounds_of_a_sum_are_allowed_and_beyond_them_is_refused() -> None:
    field = FenField(min_fen=1_000_000, max_fen=5_000_000)
    assert field.clean("1") == 1_000_000 and field.clean("5") == 5_000_000
    with pytest.raises(ValidationError, match="不能小于 1 万元"):
        field.clean("0.99")
    with pytest.raises(ValidationError, match="不能大于 5 万元"):
        field.clean("5.01")


def test_an_empty_optional_sum_is_none() -> None:
    assert FenField(required=False).clean("") is None


def test_two_fields_keep_their_own_units() -> None:
    class Costs(forms.Form):
        total = FenField()
        fee = FenField(unit="yuan")

    assert "万元" in str(Costs()["total"])
    assert "万元" not in str(Costs()["fee"]) and "元" in str(Costs()["fee"])


def test_an_unchanged_sum_is_not_a_change() -> None:
    field = FenField()
    assert not field.has_changed(380_000_000, "380")
    assert field.has_changed(380_000_000, "381") and field.has_changed(None, "380")


# --- a choice that is gone


class Choosing(PlainForm):
    one = forms.ChoiceField(choices=[("1", "甲")])
    several = forms.MultipleChoiceField(choices=[("1", "甲")])
    record = forms.ModelChoiceField(Unit.objects.none())
    records = forms.ModelMultipleChoiceField(Unit.objects.none())
    of_its_own_words = forms.ChoiceField(
        choices=[("1", "甲")], error_messages={"invalid_choice": "没有这个职务。"}
    )


@pytest.mark.django_db
@pytest.mark.parametrize("gone", ["303", "no number"])
def test_what_can_no_longer_be_chosen_is_told_without_the_number_it_has_in_the_database(gone: str) -> None:
    form = Choosing(
        dict.fromkeys(("one", "record", "of_its_own_words"), gone) | {"several": [gone], "records": [gone]}
    )
    told = {name: list(errors) for name, errors in form.errors.items()}
    assert told.pop("of_its_own_words") == ["没有这个职务。"]
    gone_now = "所选的一项已不在可选范围内，可能刚被他人办理，请重新选择。"
    assert told == {name: [gone_now] for name in ("one", "several", "record", "records")}
    taken = Choosing({"one": "1", "several": ["1"], "of_its_own_words": "1"})
    assert set(taken.errors) == {"record", "records"}
