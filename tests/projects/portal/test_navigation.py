"""A page's heading says what the link to it in the navigation says."""

from __future__ import annotations

import re
from datetime import date
from html import unescape

import pytest
from django.test import Client

from tests.builders import SINCE, at, township
from tests.notifications.conftest import administrator
from tests.projects.oversight.county_world import leader_of
from workflow.audit.services import Act
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import UnitKind, User
from workflow.people.services import create_unit
from workflow.roles.services import grant

pytestmark = pytest.mark.django_db

LINK = re.compile(r'<li><a href="([^"]+)"[^>]*><span>([^<]+)</span>')


def words_of(client: Client, path: str) -> str:
    """What a page is called: its heading, on the residents' pages its title, for their heading is a sentence."""
    page = client.get(path, follow=True)
    assert page.status_code == 200, path
    called = "title" if path == "/" else "h1"
    found = re.search(rf"<{called}[^>]*>(.*?)</{called}>", page.content.decode(), re.DOTALL)
    assert found, path
    return unescape(re.sub(r"<[^>]+>", "", found[1]))


@pytest.fixture
def people(db: None) -> dict[str, User]:
    apply(SYSTEM)
    town = township()
    county = town.unit.parent
    create_unit(
        code="T02", name="白沙镇", kind=UnitKind.TOWNSHIP, parent=county
    )  # the only one needs no choice
    admin = administrator(town)
    auditor = User.objects.create(username="auditor@county", name="周正")
    act = Act(admin, "admin", county, at("2026-03-01"))
    grant(
        user=auditor, office="auditor", unit=county, act=act, since=SINCE, until=date(2090, 1, 1), document="审通〔2026〕1 号"
    )  # fmt: skip
    own = {office: town.of(office) for office in ("clerk", "chair", "gov_clerk", "deputy")}
    return own | {"admin": admin, "county": leader_of(county), "auditor": auditor}


@pytest.mark.parametrize("office", ["clerk", "chair", "gov_clerk", "deputy", "county", "auditor", "admin"])
def test_every_page_of_the_navigation_is_headed_as_its_link_says(
    client: Client, people: dict[str, User], office: str
) -> None:
    client.force_login(people[office])
    links = LINK.findall(client.get("/messages/").content.decode())
    assert len(links) > 3
    differing = {label: words for path, label in links if label not in (words := words_of(client, path))}
    assert differing == {}
