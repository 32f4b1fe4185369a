"""Every office of the cast signs in, sees its own work, and nothing of another township."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from django.test import Client
from django.utils import timezone

from projects.cycles.models import Paper
from projects.cycles.papers import make_paper
from projects.demo.cast import PASSWORD, Casting, Township
from projects.demo.play.collection import play_collection
from projects.lifecycle.services import start_year
from projects.supervision.models import Project
from tests.builders import SINCE, at, township
from tests.projects.evaluation.conftest import project_of
from tests.projects.voting.conftest import DAY, Hall, settled
from workflow.flows.models import Deadline
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import Unit, UnitKind, User
from workflow.people.services import create_unit
from workflow.roles import registry

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

# Audited are money and steps 5 and 6, and an invited expert reads step 5 (steps.md).
OUTSIDE = dict.fromkeys(("auditor", "expert"), ("/votes/", "/pool/"))


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
    create_unit(code="AA-G1", name="第1监督小组", kind=UnitKind.GROUP, parent=town.unit)
    casting = Casting(town.act("chair", at("2020-01-01")), SINCE)
    for office in registry.offices():
        if office.code not in town.people:
            unit = Unit.objects.filter(kind__in=office.kinds, path__startswith=town.unit.parent.path).last()
            user = casting.person(f"{office.code}-of-all@AA", office.code)
            town.people[office.code] = [casting.appoint(user, office.code, unit)] if unit else []
    return town


@pytest.fixture
def other(own) -> Hall:
    """A township of another county, on the day of its vote, with a project under way."""
    hall = settled(["文化礼堂", "村道硬化"], seats=1, in_office=50, code="BB", name="柳河镇")
    project_of(hall.town, hall.town.act("clerk", at(DAY)), hall.items[0])
    make_paper(
        hall.town.act("clerk", at(DAY)), cycle=hall.cycle, kind="minutes", title="主席团会议纪要", body="略"
    )
    return hall


def sign_in(user: User) -> Client:
    client = Client()
    page = client.post("/login/", {"username": user.username, "password": PASSWORD}, follow=True)
    assert page.status_code == 200 and page.wsgi_request.user == user, user.username
    return client


def test_every_office_signs_in_with_its_password_and_meets_only_its_own_township(own, other):
    offices = [office for office, people in own.people.items() if people]
    assert set(offices) == {office.code for office in registry.offices()}
    for office in offices:
        client = sign_in(own.of(office))
        for path in PAGES:
            answer = client.get(path)
            assert answer.status_code == (403 if path in OUTSIDE.get(office, ()) else 200), f"{office} {path}"
            assert other.town.unit.name not in answer.content.decode(), f"{office} {path}"


def test_no_office_opens_a_record_of_another_township(own, other):
    addresses = list(records_of(other))
    for office, people in own.people.items():
        client = sign_in(people[0])
        answers = {path: client.get(path).status_code for path in addresses}
        assert {path: status for path, status in answers.items() if status != 404} == {}, office


def test_its_own_offices_open_the_same_records(other):
    client = sign_in(other.town.of("chair"))
    answers = {path: client.get(path).status_code for path in records_of(other)}
    assert {path: status for path, status in answers.items() if status != 200} == {}


def records_of(hall: Hall) -> Iterator[str]:
    """The address of every kind of record a township has, as its own staff open it."""
    apply(SYSTEM)
    year, vote, item = hall.cycle.pk, hall.vote.pk, hall.items[0].pk
    yield f"/years/{year}/"
    yield from (f"/years/{year}/{part}/" for part in ("proposals", "items", "readiness", "rehearsal"))
    yield from (f"/items/{item}/", f"/votes/{vote}/", f"/history/cycle/{year}/", f"/history/item/{item}/")
    yield from (
        f"/projects/{pk}/" for pk in Project.objects.filter(cycle=hall.cycle).values_list("pk", flat=True)
    )
    for pk in Paper.objects.filter(unit=hall.town.unit).values_list("pk", flat=True):
        yield from (f"/papers-on-file/{pk}/", f"/papers-on-file/{pk}/docx/")
    tasks = Deadline.objects.filter(seat=hall.town.unit, office="chair")
    yield from (f"/tasks/{pk}/" for pk in tasks.values_list("task_id", flat=True))


def test_the_governments_clerk_finds_the_merging_to_do_and_the_finance_office_does_not(own):
    for office, has in (("gov_clerk", True), ("finance", False)):
        client = Client()
        client.force_login(own.of(office))
        assert ("归并梳理" in client.get("/inbox/").content.decode()) is has


def test_a_wrong_password_signs_nobody_in(own):
    client = Client()
    page = client.post("/login/", {"username": own.of("chair").username, "password": "wrong-password"})
    assert not page.wsgi_request.user.is_authenticated
