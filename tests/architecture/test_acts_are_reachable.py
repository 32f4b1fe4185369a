"""Whatever an office may do of its own accord is linked from a page: nobody has to know an address by heart."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

import pytest
from django.test import Client

from projects.ballots.figures import count_rules
from projects.ballots.services import define_vote
from projects.collection.intake import propose
from projects.cycles.services import fix_session
from projects.deliberation.models import AddedMatter
from projects.oversight.models import Bulletin
from projects.portal import acts
from projects.portal.acts import PAGES, Offer
from projects.portal.beside import own_page
from projects.retention.models import Erasure, Hold
from projects.selection.models import Notice
from projects.supervision.models import Change, Interpellation
from tests.builders import NOTICE, SINCE, at, township
from tests.projects.portal.public_world import cycle_of, item_of, project_of
from workflow.audit.services import Act
from workflow.flows.events import Event, events
from workflow.machines.references import kind_in
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import Unit, UnitKind, User
from workflow.people.services import create_unit
from workflow.roles import registry
from workflow.roles.middleware import SESSION_KEY as GRANT_KEY
from workflow.roles.models import RoleGrant
from workflow.roles.services import grant

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(db):
    apply(SYSTEM)
    return township(deputies=16)


@pytest.fixture
def records(town):
    """One record of every kind that anything is done on."""
    cycle = cycle_of(town)
    act = town.act("clerk", at("2026-09-07"))
    item = item_of(town, cycle, 1, "石坝村危桥改造")
    notice = Notice.objects.create(
        unit=town.unit, cycle=cycle, from_on=date(2026, 11, 2), to_on=date(2026, 11, 9)
    )
    notice.items.add(item)
    session = fix_session(act, cycle, use="vote", term=18, number=2, held_on=date(2027, 1, 20))
    vote = define_vote(
        act,
        session=session,
        about=cycle.reference,
        purpose="projects",
        title="民生实事项目票决",
        mode="select",
        seats=1,
        rules=count_rules(cycle.rules),
        deputies_in_office=16,
        options=[(item.reference, item.title), ("item:0", "文化礼堂建设")],
        step=4,
    )
    project = project_of(town, cycle, 2)
    change = Change.objects.create(
        unit=town.unit, project=project, what="place", reason="征地未能完成。", asked_on=date(2027, 5, 10)
    )
    in_session = {"unit": town.unit, "cycle": cycle, "session": session}
    made = [
        Interpellation.objects.create(**in_session, words="为何停工？"),
        AddedMatter.objects.create(unit=town.unit, cycle=cycle, title="路灯", content="安装路灯。"),
        town.unit,
        cycle,
        session,
        propose(act, title="修桥", content="危桥须改造。"),
        item,
        notice,
        vote,
        project,
        change,
        Hold.objects.create(
            unit=town.unit, reason="有争议。", set_on=date(2027, 5, 10), set_by=town.of("clerk")
        ),
        Erasure.objects.create(
            unit=town.unit, of="sign_ins", due_on=date(2027, 5, 10), term="十二个月", asked_on=date(2027, 5, 10),
            asked_by=town.of("clerk"),
        ),
        Bulletin.objects.create(
            unit=town.unit.parent, of="quarter", year=2027, title="通报", body="。", by=town.of("clerk"),
            as_of=date(2027, 5, 10),
            drafted_on=date(2027, 5, 10),
        ),
    ]  # fmt: skip
    return {record.reference.partition(":")[0]: record for record in made}


def seat_of(town, office: str) -> User:
    """Somebody who holds this office and no other in the township, but the mandate it may rest on."""
    kinds = registry.office(office).kinds
    county = Unit.objects.get(pk=town.unit.parent_id)
    if town.unit.kind in kinds:
        unit = town.unit
    elif UnitKind.COUNTY in kinds:
        unit = county
    else:
        kind = sorted(kinds)[0]
        unit = create_unit(code=f"X-{office}", name="内设单位", kind=kind, parent=town.unit)
    user = User.objects.create(username=f"only-{office}", name=f"只任{office}")
    admin = Act(User.objects.get(username__startswith="admin@"), "admin", county, at("2020-01-01"))
    if office in registry.resting_on("deputy"):
        grant(user=user, office="deputy", unit=town.unit, act=admin, since=SINCE)
    notice = NOTICE if registry.office(office).documented else {}
    grant(user=user, office=office, unit=unit, act=admin, since=SINCE, **notice)
    return user


def offered_to_all(subject, seat, _at, **_more) -> list[tuple[Event, list[str]]]:
    """Every event of a record and an office, whether or not this is the time for it."""
    return [(e, []) for e in events() if e.subject is type(subject) and seat.office in e.offices]


def test_every_kind_of_record_that_anything_is_done_on_has_a_page():
    assert {event.kind for event in events()} <= set(PAGES)


def test_every_registered_act_is_linked_from_the_page_of_its_record(monkeypatch, town, records):
    monkeypatch.setattr(acts, "listed_on", offered_to_all)
    wanted = defaultdict(list)
    for event in events():
        for office in event.offices:
            wanted[office].append(event)
    missing = []
    for office, theirs in wanted.items():
        client = Client()
        user = seat_of(town, office)
        client.force_login(user)
        session = client.session
        session[GRANT_KEY] = RoleGrant.objects.get(user=user, office=office).pk
        session.save()
        shown: dict[str, str] = {}
        for event in theirs:
            # The county acts of its own house; of a township on that township's records.
            above = event.kind == "unit" and office == "county"
            record = town.unit.parent if above else records[event.kind]
            if event.kind not in shown:
                page = PAGES[kind_in(record.reference)](record)
                answer = client.get(page)
                apply(SYSTEM)
                assert answer.status_code == 200, (office, page, answer.status_code)
                shown[event.kind] = answer.content.decode().partition("<main")[2]
            if f'href="{Offer(event, record).url}"' not in shown[event.kind]:
                missing.append(f"{office} {event.key}")
    assert not missing


# The form of these is the page itself, or one for every setting on it.
BY_SETTING = {"cycles.revise_rules", "oversight.revise_model"}


def test_an_act_that_belongs_to_another_page_than_its_units_is_linked_from_there(monkeypatch, town, records):
    monkeypatch.setattr(acts, "listed_on", offered_to_all)
    on_units = {one.key: one for one in events() if one.kind == "unit"}
    assert acts.LISTED_ON.keys() <= on_units.keys()
    for office, unit in (("county", town.unit.parent), ("clerk", town.unit)):
        client = Client()
        client.force_login(seat_of(town, office))
        for key in (one for one in acts.LISTED_ON.keys() - BY_SETTING if office in on_units[one].offices):
            page = client.get(own_page(unit, key).url)
            apply(SYSTEM)
            assert f'href="{Offer(on_units[key], unit).url}"' in page.content.decode(), key


def test_an_act_that_is_not_offered_has_no_link(town, records):
    """Else the test above would find a link that is always there."""
    client = Client()
    client.force_login(town.of("gov_clerk"))
    item = records["item"]
    assert "/do/selection.edit_item/" not in client.get(PAGES[kind_in(item.reference)](item)).content.decode()
