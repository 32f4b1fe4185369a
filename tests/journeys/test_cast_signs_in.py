"""Every office of the cast signs in and sees its own work."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from django.test import Client
from django.utils import timezone

from projects.demo.cast import PASSWORD, Township
from projects.demo.play.collection import play_collection
from projects.lifecycle.intake import start_year
from tests.builders import every_office, township
from tests.journeys.pages import addresses_in
from tests.long import LONG
from workflow.people.isolation import SYSTEM, apply
from workflow.roles import registry

pytestmark = [pytest.mark.django_db, pytest.mark.long]
# Audited are money and steps 5 and 6, and an invited expert reads step 5 (steps.md).
OUTSIDE = dict.fromkeys(("auditor", "expert"), ("/votes/", "/pool/"))


ENOUGH = 4


@pytest.fixture
def own(db) -> Township:
    """A township that collects, with everybody a county has besides: its own people, and those above it."""
    apply(SYSTEM)
    town = township("AA", name="青溪镇")
    today = timezone.localdate()
    cycle = start_year(
        town.act("chair", timezone.now().replace(year=today.year - 1, month=8, day=1)),
        year=today.year,
        opens_on=date(today.year - 1, 9, 1),
        planned_t=date(today.year, 1, 20),
        planned_t2=date(today.year + 1, 1, 19),
    )
    play_collection(town, cycle, proposals=5)
    for office, grant in every_office(town).items():
        town.people.setdefault(office, [grant.user])
    return town


def test_every_office_signs_in_with_its_password_and_the_pages_it_is_led_to_open(own):
    """In make test a page is opened by the first offices that are led to it, in make long by all of them."""
    opened = Counter[str]()
    assert set(own.people) == {office.code for office in registry.offices()}
    for office in own.people:
        client, user = Client(), own.of(office)
        home = client.post("/login/", {"username": user.username, "password": PASSWORD}, follow=True)
        assert home.status_code == 200 and home.wsgi_request.user == user, user.username
        assert home.wsgi_request.path in ("/inbox/", "/county/", "/people/", "/trail/"), office
        links = addresses_in(client.get("/inbox/", follow=True).content.decode())
        outside = set(OUTSIDE.get(office, ()))
        assert links and not links & outside, office
        for path in {link for link in links if LONG or opened[link] < ENOUGH} | outside:
            opened[path] += 1
            answer = client.get(path, follow=True)
            assert answer.status_code == (403 if path in outside else 200), f"{office} {path}"


def test_the_governments_clerk_finds_the_merging_to_do_and_the_finance_office_does_not(own):
    for office, has in (("gov_clerk", True), ("finance", False)):
        client = Client()
        client.force_login(own.of(office))
        assert ("归并梳理" in client.get("/inbox/").content.decode()) is has


def test_a_wrong_password_signs_nobody_in(own):
    client = Client()
    page = client.post("/login/", {"username": own.of("chair").username, "password": "wrong-password"})
    assert not page.wsgi_request.user.is_authenticated
