"""A read that is put into SQL once."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.builders import township
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import Unit
from workflow.people.prepared import Prepared

pytestmark = pytest.mark.django_db


def named() -> Prepared[Unit]:
    return Prepared(
        lambda code, kind: Unit.objects.select_related("parent").filter(code=code, kind=kind),
        code="\0code",
        kind="\0kind",
    )


def test_it_finds_what_its_queryset_finds_with_what_it_joins():
    apply(SYSTEM)
    township("P1")
    with CaptureQueriesContext(connection) as seen:
        found = named().first(code="P1", kind="township")
        county = found.parent.code
    assert (found, county, len(seen)) == (Unit.objects.get(code="P1"), "P1-C", 1)


def test_every_call_goes_by_its_own_values():
    apply(SYSTEM)
    read = named()
    assert read.first(code="P2", kind="township") is None
    township("P2")
    township("P3")
    assert [read.first(code=code, kind="township").code for code in ("P2", "P3")] == ["P2", "P3"]
    assert read.first(code="P2", kind="county") is None


def test_a_value_more_or_less_is_refused():
    read = named()
    assert read.first(code="P4", kind="township") is None
    with pytest.raises(TypeError):
        read.first(code="P4")
    with pytest.raises(TypeError):
        read.first(code="P4", kind="township", name="镇")


def test_a_value_the_statement_does_not_ask_for_is_refused():
    with pytest.raises(TypeError, match="kind"):
        Prepared(lambda code, kind: Unit.objects.filter(code=code), code="\0code", kind="\0kind").first(
            code="P5", kind="township"
        )
