"""Whoever has done an act of their own accord reads what comes after it and with whom, and is led to what it was done on."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.utils import timezone

from projects.cycles.models import Cycle
from projects.portal.acts import PAGES
from tests.architecture.test_acts_are_reachable import records, seat_of, town  # noqa: F401
from workflow.audit.services import write_down
from workflow.flows.events import Event, events
from workflow.flows.forms import StepForm
from workflow.inbox import acts_done
from workflow.machines.references import kind_in
from workflow.people.isolation import SYSTEM, apply
from workflow.roles.middleware import SESSION_KEY as GRANT_KEY
from workflow.roles.models import RoleGrant

pytestmark = pytest.mark.django_db


def next_box(page: str) -> str:
    """The words of what a done page says comes next."""
    [box] = re.findall(r'<section class="next-box">(.*?)</section>', page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", box).split()).removeprefix("接下来").strip()


def test_an_act_that_does_not_say_what_follows_is_not_registered() -> None:
    given = {
        "key": "test.silent",
        "title": "不说明后续",
        "offices": ("clerk",),
        "subject": Cycle,
        "form": StepForm,
        "act": lambda act, cycle: None,
    }
    with pytest.raises(ValueError, match="says what comes after it"):
        Event(**given)
    assert Event(**given, then="没有后续事项。").then


def test_the_done_page_of_every_act_says_what_follows_and_leads_to_its_record(
    monkeypatch,
    town,  # noqa: F811
    records,  # noqa: F811
):
    monkeypatch.setattr(
        acts_done, "_handed", lambda *_asked: None
    )  # what it shows of a vote there is not one of here
    silent, unlinked = [], []
    for office in sorted({office for event in events() for office in event.offices}):
        client, user = Client(), seat_of(town, office)
        grant = RoleGrant.objects.get(user=user, office=office)
        client.force_login(user)
        session = client.session
        session[GRANT_KEY] = grant.pk
        session.save()
        for event in (one for one in events() if office in one.offices):
            above = event.kind == "unit" and office == "county"
            record = town.unit.parent if above else records[event.kind]
            apply(SYSTEM)
            entry = write_down(grant.act(record.unit, timezone.now()), event.key, record.reference)
            answer = client.get(f"/acts/{entry.pk}/done/")
            apply(SYSTEM)
            assert answer.status_code == 200, event.key
            page = answer.content.decode().partition("<main")[2]
            if len(next_box(page)) < 5:
                silent.append(f"{office} {event.key}")
            if f'href="{PAGES[kind_in(record.reference)](record)}"' not in page:
                unlinked.append(f"{office} {event.key}")
    assert (silent, unlinked) == ([], [])
