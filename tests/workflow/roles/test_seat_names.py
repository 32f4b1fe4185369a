"""An office and the unit it is held at are one name, as official papers have it; never the two one behind the other."""

from __future__ import annotations

import pytest

from projects.offices import standing_committee_of
from workflow.flows.models import Deadline
from workflow.people.models import Unit, UnitKind
from workflow.roles.registry import seat_called


@pytest.mark.parametrize(
    ("office", "kind", "name", "called"),
    [
        ("county", UnitKind.COUNTY, "示范县", "示范县人大常委会"),
        ("county", UnitKind.CITY, "示范市", "示范市人大常委会"),
        ("mayor", UnitKind.TOWNSHIP, "刘岗镇", "刘岗镇镇长"),
        ("mayor", UnitKind.TOWNSHIP, "三水瑶族乡", "三水瑶族乡乡长"),
        ("mayor", UnitKind.SUBDISTRICT, "青溪街道", "青溪街道办事处主任"),
        ("party", UnitKind.TOWNSHIP, "刘岗镇", "刘岗镇党委"),
        ("party", UnitKind.SUBDISTRICT, "青溪街道", "青溪街道党工委"),
        ("chair", UnitKind.TOWNSHIP, "刘岗镇", "刘岗镇人大主席、副主席"),
        ("chair", UnitKind.SUBDISTRICT, "青溪街道", "青溪街道人大街道工委主任、副主任"),
        ("finance", UnitKind.TOWNSHIP, "刘岗镇", "刘岗镇财政所"),
        ("department", UnitKind.DEPARTMENT, "刘岗镇农业农村办", "刘岗镇农业农村办"),
        ("delegation_lead", UnitKind.DELEGATION, "第一代表团", "第一代表团团长"),
        # An entry of the trail names the office and the township alone.
        ("delegation_lead", UnitKind.TOWNSHIP, "刘岗镇", "刘岗镇代表团团长"),
    ],
)
def test_an_office_is_called_with_its_unit(office, kind, name, called):
    assert seat_called(office, Unit(name=name, kind=kind)) == called


@pytest.mark.parametrize(
    ("office", "kind", "name", "called"),
    [
        ("mayor", UnitKind.TOWNSHIP, "刘岗镇", "乡镇长"),
        ("delegation_lead", UnitKind.DELEGATION, "第一代表团", "第一代表团团长"),
        ("department", UnitKind.DEPARTMENT, "农业农村办", "农业农村办"),
        ("county", UnitKind.COUNTY, "示范县", "示范县人大常委会"),
    ],
)
def test_a_task_is_told_by_the_same_name_without_the_hall_it_is_of(office, kind, name, called):
    hall = Unit(pk=1, name="刘岗镇", kind=UnitKind.TOWNSHIP)
    seat = hall if kind == UnitKind.TOWNSHIP else Unit(pk=2, name=name, kind=kind)
    assert Deadline(office=office, unit=hall, seat=seat).whose_turn == called


def test_the_standing_committee_has_its_full_name_on_paper():
    assert standing_committee_of(Unit(name="示范县", kind=UnitKind.COUNTY)) == "示范县人民代表大会常务委员会"
