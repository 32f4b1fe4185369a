"""A statement that is put into SQL once."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.builders import township
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import Unit
from workflow.people.prepared import Prepared, PreparedUpdate

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


def renamed() -> PreparedUpdate:
    return PreparedUpdate(
        lambda code, **changes: (Unit.objects.filter(code=code), changes),
        code="\0code",
        name="\0name",
        parent=-1,
    )


def test_every_row_is_found_in_the_order_of_the_queryset():
    apply(SYSTEM)
    townships = Prepared(
        lambda kind: Unit.objects.filter(kind=kind).only("code").order_by("-code"), kind="\0"
    )
    assert townships.every(kind="township") == []
    township("P6")
    township("P7")
    assert [unit.code for unit in townships.every(kind="township")] == ["P7", "P6"]


def test_an_update_changes_the_rows_it_names_and_says_how_many():
    apply(SYSTEM)
    township("P8")
    township("P9")
    update = renamed()
    assert update.apply(code="P8", name="甲镇", parent=None) == 1
    assert update.apply(code="P0", name="乙镇", parent=None) == 0
    changed, other = Unit.objects.get(code="P8"), Unit.objects.get(code="P9")
    assert (changed.name, changed.parent_id) == ("甲镇", None)
    assert other.name != "甲镇" and other.parent_id


def test_an_update_with_a_value_too_few_is_refused():
    apply(SYSTEM)
    with pytest.raises(TypeError, match="parent"):
        renamed().apply(code="P8", name="甲镇")
