"""The county's map: outlines or tiles, coloured by a measure, every value in words and in a table."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from projects.oversight.measures import MEASURES
from projects.oversight.models import Boundary
from projects.portal.county_map import band_of, bounds_of
from tests.projects.oversight.county_world import county_of, leader_of, townships_of
from tests.projects.oversight.test_boundaries import feature, file, square
from tests.projects.portal.public_world import text_of, travel
from workflow.audit.models import Entry
from workflow.people.isolation import SYSTEM, apply
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import context_of

pytestmark = pytest.mark.django_db
NAMES = ["青溪镇", "柳河镇", "双桥镇"]


@pytest.fixture
def county(db, monkeypatch):
    apply(SYSTEM)
    travel(monkeypatch, "2027-06-01")
    found = county_of("K")
    townships_of(found, NAMES)
    return found


@pytest.fixture
def reader(client, county):
    client.force_login(leader_of(county))
    return client


def load(client, county, content: bytes):
    upload = SimpleUploadedFile("county.geojson", content, "application/geo+json")
    return client.post(f"/do/oversight.load_boundaries/{county.pk}/", {"op": "submit", "file": upload})


def test_without_a_boundary_file_the_townships_are_tiles_and_the_page_says_so(reader):
    page = text_of(reader, "/county/map/?measure=done_percent")
    assert page.count('<g class="band-') == len(NAMES) + 5 and "不表示位置" in page
    assert all(f">{name}</text>" in page for name in NAMES)
    assert page.count("cell-title") == len(NAMES)  # and the same figures as a table
    assert page.count('class="map-value"') == len(NAMES)


def test_a_boundary_file_draws_the_townships_it_has_and_names_those_it_has_not(reader, county):
    assert load(reader, county, file(feature(), feature("柳河镇", square(111, 30)))).status_code in (200, 302)
    apply(SYSTEM)
    kept = Boundary.objects.get()
    assert set(kept.shapes) == {"K01", "K02"} and kept.unit == county
    entry = json.loads(Entry.objects.get(action="oversight.load_boundaries").body)
    assert entry["after"]["units"] == ["K01", "K02"]
    page = text_of(reader, "/county/map/")
    assert kept.shapes["K01"][0] in page and "边界文件中没有：双桥镇" in page and "不表示位置" not in page


def test_a_file_with_a_township_of_another_county_is_refused_with_its_place(reader, county):
    townships_of(county_of("Z", "邻县"), ["外县镇"])
    answer = load(reader, county, file(feature(), feature("外县镇")))
    apply(SYSTEM)
    assert answer.status_code == 422 and not Boundary.objects.exists()
    assert "第 2 个要素：“外县镇”不是本级以下的单位" in answer.content.decode()


def test_what_a_file_calls_itself_reaches_no_page(reader, county):
    load(reader, county, file(feature("青溪镇", code="K01", note="<script>alert(1)</script>")))
    assert "alert(1)" not in text_of(reader, "/county/map/")


def test_the_outlines_of_one_county_are_not_there_for_another(client, reader, county):
    load(reader, county, file(feature()))
    apply(SYSTEM)
    other = county_of("Z", "邻县")
    leader_of(other, "next")
    apply(context_of(RoleGrant.objects.get(user__username="next")))
    assert not Boundary.objects.exists()
    apply(SYSTEM)
    assert Boundary.objects.exists()


def test_the_bands_are_quarters_of_the_largest_or_fixed_for_shares():
    counts, shares = MEASURES["overdue"], MEASURES["done_percent"]
    assert bounds_of(counts, [0, 8, 3]) == [0, 2, 4, 6]
    assert [band_of(n, bounds_of(counts, [0, 8, 3])) for n in (None, 0, 2, 5, 8)] == [0, 1, 2, 3, 4]
    assert [band_of(n, bounds_of(shares, [])) for n in (0, 49, 50, 89, 90, 105)] == [1, 1, 2, 3, 4, 4]
    assert [band_of(n, bounds_of(counts, [0, 1])) for n in (0, 1)] == [
        1,
        2,
    ]  # one thing late is not the most there is
