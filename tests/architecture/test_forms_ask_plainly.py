"""No form says of an empty box that it is a field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django import forms
from django.urls import get_resolver, reverse

from workflow.flows.fields import PlainForm

OURS = ("projects.", "workflow.", "notifications.")


def ours(base: type[Any] = forms.Form) -> Iterator[type[Any]]:
    for kind in base.__subclasses__():
        if kind.__module__.startswith(OURS):
            yield kind
        yield from ours(kind)


def test_every_form_of_ours_stands_on_the_one_that_asks_plainly() -> None:
    assert get_resolver().url_patterns  # every page's module is read
    found = {kind for kind in ours() if kind is not PlainForm}
    assert len(found) > 100
    assert [kind for kind in found if not issubclass(kind, PlainForm)] == []


def test_an_empty_box_says_what_to_do() -> None:
    class Asked(PlainForm):
        name = forms.CharField()
        kind = forms.ChoiceField(choices=[("a", "甲")])
        agreed = forms.BooleanField()
        why = forms.CharField(error_messages={"required": "请写明用途。"})

    form = Asked({})
    form.fields["late"] = forms.IntegerField()
    assert {name: str(errors[0]) for name, errors in form.errors.items()} == {
        "name": "请填写。",
        "kind": "请选择。",
        "agreed": "请勾选确认。",
        "why": "请写明用途。",
        "late": "请填写。",
    }


@pytest.mark.django_db
def test_an_empty_password_is_asked_for_plainly(client, django_user_model) -> None:  # type: ignore[no-untyped-def]
    page = client.post(reverse("login"), {}).content.decode()
    assert "请填写。" in page and "必填项" not in page
