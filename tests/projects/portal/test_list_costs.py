"""Lists cost as many queries for many rows as for one."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from projects.ballots.models import Vote
from projects.collection.intake import propose
from projects.collection.models import Proposal
from projects.cycles.models import Cycle, CycleSession, Session
from projects.lifecycle.intake import start_year
from projects.oversight.models import Guidance, Note, Sample
from projects.selection.models import Item
from tests.builders import SINCE, Township, at, township
from tests.projects.portal.public_world import item_of, project_of
from workflow.flows.models import Deadline
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import User
from workflow.roles.services import grant

pytestmark = pytest.mark.django_db

LISTS = (
    "/years/",
    "/projects/",
    "/sessions/",
    "/votes/",
    "/pool/",
    "/trail/",
    "/county/words/",
    "/inbox/",
    "/inbox/started/",
)


@pytest.fixture
def hall() -> Township:
    apply(SYSTEM)
    return township()


def cost(client, user: User, address: str) -> int:
    """How many queries a page takes once what stays between requests is there."""
    client.force_login(user)
    client.get(address)
    with CaptureQueriesContext(connection) as seen:
        answer = client.get(address)
    apply(SYSTEM)
    assert answer.status_code == 200, address
    return len(seen)


def one_of_each(hall: Township, n: int) -> None:
    """One row more on every list; n: a number not used before."""
    chair, clerk = hall.of("chair"), hall.of("clerk")
    year, other = (started(hall, 2030 + n, period) for period in ("上半年", "下半年"))
    Deadline.objects.filter(about=other.reference).update(done_by=clerk, done_at=at("2026-09-07"))
    Deadline.objects.filter(about=year.reference).update(started_by=chair)
    project_of(hall, year, n, f"项目{n}")
    Vote.objects.create(
        unit=hall.unit, about_reference=year.reference, purpose="projects", title=f"票{n}", mode="select",
        seats=1, deputies_in_office=20,
    )  # fmt: skip
    met = Session.objects.create(unit=hall.unit, term=19, number=n, held_on=date(2026, 9, 7))
    CycleSession.objects.create(unit=hall.unit, cycle=year, session=met, use="vote")
    made = propose(hall.act("clerk", at("2026-09-07")), title=f"建议{n}", content="内容。")
    Proposal.objects.filter(pk=made.pk).update(state="pooled")
    Item.objects.filter(pk=item_of(hall, year, 50 + n, f"储备{n}").pk).update(state="reserved")
    said = {"unit": hall.unit, "county": hall.unit.parent, "by": clerk, "words": "请抓紧。"}
    days = {"sent_on": date(2026, 9, 1), "reply_by": date(2026, 9, 9)}
    Note.objects.create(**said, **days, cycle=year, title=f"提示{n}")
    Guidance.objects.create(**said, title=f"指导{n}", at=at("2026-09-07"))
    Sample.objects.create(**said, cycle=year, seed=str(n), at=at("2026-09-07"))
    person = User.objects.create(username=f"new{n}", name=f"新人{n}")
    grant(user=person, office="finance", unit=hall.unit, act=hall.act("clerk", at("2026-09-07")), since=SINCE)


def started(hall: Township, year: int, period: str) -> Cycle:
    days = {
        "opens_on": date(year - 1, 9, 1),
        "planned_t": date(year, 1, 20),
        "planned_t2": date(year + 1, 1, 18),
    }
    return start_year(hall.act("chair", at("2026-08-10")), year=year, period=period, **days)


def test_a_list_takes_as_many_queries_for_six_rows_as_for_one(client, hall):
    readers = [(hall.of("chair" if "inbox" in address else "clerk"), address) for address in LISTS]
    readers += [(hall.of("clerk"), "/inbox/done/"), (hall.of("clerk"), "/people/?words=新人")]
    one_of_each(hall, 1)
    few = {(user.name, address): cost(client, user, address) for user, address in readers}
    for n in range(2, 7):
        one_of_each(hall, n)
    assert {(user.name, address): cost(client, user, address) for user, address in readers} == few
