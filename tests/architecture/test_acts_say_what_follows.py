"""Whoever has done an act of their own accord reads what comes after it and with whom, and is led to what it was done on."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from projects.cycles.models import Cycle
from projects.portal.beside import own_page
from tests.architecture.test_acts_are_reachable import records, seat_of, town  # noqa: F401
from tests.builders import at
from workflow.audit.services import write_down
from workflow.flows.events import Event, events
from workflow.flows.forms import StepForm
from workflow.inbox import acts_done
from workflow.people.isolation import SYSTEM, apply
from workflow.people.wording import worded
from workflow.roles.middleware import SESSION_KEY as GRANT_KEY
from workflow.roles.models import RoleGrant

pytestmark = pytest.mark.django_db

NOTHING_OPEN = "目前没有待办的后续事项，结果见办理记录。"


def next_box(page: str) -> str:
    """The words of what a done page says comes next."""
    [box] = re.findall(r'<section class="next-box">(.*?)</section>', page, re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", box)).split()).removeprefix("接下来").strip()


def what_follows(event: Event, record: Any) -> str:
    """What it has to say where no task of another is open."""
    then = worded(event.then, record.unit) if event.then else NOTHING_OPEN
    return " ".join(then.split())


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
            if next_box(page) != what_follows(event, record):
                silent.append(f"{office} {event.key}")
            if f'href="{own_page(record, event.key).url}"' not in page:
                unlinked.append(f"{office} {event.key}")
    assert (silent, unlinked) == ([], [])


def test_a_done_page_leads_to_what_was_made_and_to_nothing_its_form_asked_for(town, records):  # noqa: F811
    cycle, interpellation = records["cycle"], records["interpellation"]
    act = town.act("deputy", at("2027-01-20"))
    registered = {one.key: one for one in events()}
    asked, held = registered["deliberation.ask"], registered["retention.hold"]
    typed = {"department": town.unit.reference, "candidate": records["item"].reference}
    assert typed.keys() <= asked.form.base_fields.keys()
    after = typed | {"interpellation": interpellation.reference, "vote": records["vote"].reference}
    entry = write_down(act, asked.key, cycle.reference, after=after)
    pages = acts_done.pages_about(asked, entry)
    assert [page.url for page in pages] == [f"/years/{cycle.pk}/", f"/votes/{records['vote'].pk}/"]
    kept = write_down(act, held.key, town.unit.reference, after={"hold": records["hold"].reference})
    assert [page.url for page in acts_done.pages_about(held, kept)] == ["/retention/"]


@pytest.mark.parametrize(
    ("key", "office", "leads", "words"),
    [
        ("retention.hold", "clerk", "/retention/", "返回保管和清除"),
        ("oversight.circulate", "county", "/county/words/", "返回提示函与指导"),
        ("oversight.weigh", "county", "/county/", "返回民生实事总览"),
        ("cycles.review_credentials", "clerk", "/years/", "返回年度流程"),
    ],
)
def test_an_act_on_a_unit_leads_back_to_the_page_it_is_listed_on(town, client, key, office, leads, words):  # noqa: F811
    unit = town.unit.parent if office == "county" else town.unit
    client.force_login(seat_of(town, office))
    page = client.get(f"/do/{key}/{unit.pk}/").content.decode()
    [(url, said)] = re.findall(r'class="back-link" href="([^"]*)">.*?</span>([^<]*)</a>', page)
    assert (url, said) == (leads, words)
