"""A congress at the point where the ballot is settled, reached through services and machines alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from django.test import Client

from projects.ballots.figures import count_rules
from projects.ballots.models import Vote
from projects.ballots.services import define_vote
from projects.cycles.models import Cycle, Session
from projects.cycles.rulebook import Rules
from projects.cycles.services import create_cycle, fix_session
from projects.demo.cast import Township
from projects.selection.models import Item
from projects.voting.flows import VotingFlow
from tests.builders import at, open_task, township
from tests.standing import standing
from workflow.flows.acting import acting
from workflow.machines.services import fire
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import Unit, UnitKind, User
from workflow.roles.models import RoleGrant

T = date(2027, 1, 20)
DAY = T.isoformat()


@dataclass
class Hall:
    """A township on the day of its vote: the cycle at step 4, the session open, the flow begun."""

    town: Township
    cycle: Cycle
    session: Session
    items: list[Item]

    @property
    def vote(self) -> Vote:
        return Vote.objects.filter(about_reference=self.cycle.reference).order_by("pk").last()

    def item(self, title: str) -> Item:
        return Item.objects.get(cycle=self.cycle, title=title)


def settled(
    titles: list[str], *, seats: int, in_office: int, accounts: int = 20, code: str = "T01", name: str = "青溪镇",
    **rules: Any,
) -> Hall:  # fmt: skip
    """Items on the ballot and the vote defined; in_office is N, whatever the number of deputies with accounts."""

    def build() -> Hall:
        return _settled(township(code, deputies=accounts, name=name), titles, seats, in_office, rules)

    return standing(f"settled {code} {titles} {seats} {in_office} {accounts} {rules}", build)


def _settled(town: Township, titles: list[str], seats: int, in_office: int, rules: dict[str, Any]) -> Hall:
    act = town.act("chair", at(DAY))
    with acting(act):
        cycle = create_cycle(
            act, year=2027, opens_on=date(2026, 9, 1), planned_t=T, planned_t2=date(2028, 1, 18)
        )
        fire(cycle, "open", act, rules_data=Rules(**rules).frozen_json())
        for arrow in ("begin_selection", "begin_deliberation", "begin_vote"):
            fire(cycle, arrow, act)
        session = fix_session(act, cycle, use="vote", term=19, number=2, held_on=T)
        for arrow in ("convene", "begin"):
            fire(session, arrow, act)
        items = [on_ballot(act, cycle, number, title) for number, title in enumerate(titles, 1)]
        define_vote(
            act,
            session=session,
            about=cycle.reference,
            purpose="projects",
            title=f"{cycle}表决票",
            mode=cycle.rules.ballot_mode,
            seats=seats,
            rules=count_rules(cycle.rules),
            deputies_in_office=in_office,
            options=[(item.reference, item.title) for item in items],
            step=4,
            device=cycle.rules.ballot_channel == "device",
            keypad=cycle.rules.ballot_channel == "keypad",
        )
        VotingFlow.begin(cycle)
    return Hall(town, cycle, session, items)


def in_a_subdistrict(hall: Hall) -> None:
    """From now on the hall is a subdistrict's, whose pages speak of no congress."""
    Unit.objects.filter(pk=hall.town.unit.pk).update(kind=UnitKind.SUBDISTRICT)


def on_ballot(act: Any, cycle: Cycle, number: int, title: str) -> Item:
    item = Item.objects.create(
        unit=cycle.unit, cycle=cycle, number=number, title=title, content="建设内容", category="交通出行"
    )
    for arrow in ("pass_screening", "draft", "list_candidate", "put_on_ballot"):
        fire(item, arrow, act)
    return item


@pytest.fixture(autouse=True)
def _system(db):
    apply(SYSTEM)


@pytest.fixture
def hall(db):
    """50 deputies, two candidates, one seat."""
    return settled(["文化礼堂", "村道硬化"], seats=1, in_office=50)


def page_of(key: str, user: User, office: str, client: Client) -> str:
    """The words of a task's page, as somebody acting in an office reads them."""
    apply(SYSTEM)
    number, grant = open_task(key).pk, RoleGrant.objects.get(user=user, office=office)
    client.force_login(user)
    client.post("/office/", {"grant": grant.pk})
    shown = client.get(f"/tasks/{number}/")
    apply(SYSTEM)
    assert shown.status_code == 200
    main = re.search(r"<main.*</main>", shown.content.decode(), re.DOTALL)
    return re.sub(r"<[^>]*>", " ", main[0])
