"""Every office of the cast signs in, sees its own work, and nothing of another township."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client
from django.utils import timezone

from projects.demo.cast import PASSWORD
from projects.demo.play.collection import play_collection
from projects.lifecycle.services import start_year
from tests.builders import township
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import User

pytestmark = pytest.mark.django_db
PAGES = (
    "/inbox/",
    "/years/",
    "/projects/",
    "/votes/",
    "/pool/",
    "/rulebook/",
    "/seat-table/",
    "/trail/",
    "/messages/",
)


@pytest.fixture
def two_towns(db):
    apply(SYSTEM)
    made = []
    for code, name in (("AA", "青溪镇"), ("BB", "柳河镇")):
        town = township(code, name=name)
        year = timezone.localdate().year
        plan = {
            "year": year,
            "opens_on": date(year - 1, 9, 1),
            "planned_t": date(year, 1, 20),
            "planned_t2": date(year + 1, 1, 19),
        }
        cycle = start_year(town.act("chair", timezone.now().replace(year=year - 1, month=8, day=1)), **plan)
        play_collection(town, cycle, proposals=5)
        made.append(town)
    return made


def test_every_office_signs_in_with_its_password_and_meets_only_its_own_township(two_towns):
    own, other = two_towns
    offices = [office for office, people in own.people.items() if people]
    assert len(offices) >= 15
    for office in offices:
        apply(SYSTEM)
        user = User.objects.get(pk=own.of(office).pk)
        client = Client()
        page = client.post("/login/", {"username": user.username, "password": PASSWORD}, follow=True)
        assert page.status_code == 200 and page.wsgi_request.user == user, office
        for path in PAGES:
            answer = client.get(path)
            text = answer.content.decode()
            assert answer.status_code == 200, f"{office} {path}: {answer.status_code}"
            assert other.unit.name not in text, f"{office} {path}"


def test_the_governments_clerk_finds_the_merging_to_do_and_the_finance_office_does_not(two_towns):
    own, _other = two_towns
    for office, has in (("gov_clerk", True), ("finance", False)):
        client = Client()
        client.force_login(own.of(office))
        assert ("归并梳理" in client.get("/inbox/").content.decode()) is has


def test_a_wrong_password_signs_nobody_in(two_towns):
    own, _other = two_towns
    client = Client()
    page = client.post("/login/", {"username": own.of("chair").username, "password": "wrong-password"})
    assert not page.wsgi_request.user.is_authenticated
