"""Where somebody was reached is forgotten once no office needs it; the trail says of how many, and of nobody by name."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from notifications.addresses import KEPT_DAYS, forget_former, save_own
from notifications.models import Address
from notifications.tasks import sweep_addresses
from tests.builders import at
from workflow.audit.models import Entry
from workflow.people.models import User
from workflow.roles.models import RoleGrant

LEFT = date(2027, 3, 1)
OVER = at((LEFT + timedelta(days=KEPT_DAYS + 1)).isoformat())
NUMBER = "13977418520"


@pytest.fixture
def former(town) -> User:
    """A clerk with a mailbox and a number, whose office has ended."""
    clerk = town.of("clerk")
    save_own(clerk, at("2026-09-01"), channel="sms", given=NUMBER)
    RoleGrant.objects.filter(user=clerk).update(until=LEFT)
    return clerk


def reached(user: User) -> tuple[bool, bool]:
    """Whether there is an address, and a mailbox."""
    return Address.objects.filter(user=user).exists(), bool(User.objects.get(pk=user.pk).email)


@pytest.fixture(autouse=True)
def by_text(settings) -> None:
    settings.SMS_URL, settings.SMS_TOKEN = "https://sms.example/send", "x" * 20


def test_address_and_mailbox_go_when_the_last_office_has_been_over_long_enough(town, former) -> None:
    assert forget_former(OVER - timedelta(days=1)) == 0 and reached(former) == (True, True)
    assert forget_former(OVER) == 1 and reached(former) == (False, False)
    assert reached(town.of("chair")) == (False, True), "who is in office is still written to"
    (entry,) = Entry.objects.filter(action="letters.forget")
    body = json.loads(entry.body)
    assert (entry.unit, body["office"], body["after"]) == (town.unit, "system", {"persons": 1})
    assert former.username not in entry.body and NUMBER[-4:] not in entry.body
    assert forget_former(OVER) == 0 and Entry.objects.filter(action="letters.forget").count() == 1


def test_an_office_that_was_revoked_runs_out_like_one_that_ended(town, former) -> None:
    RoleGrant.objects.filter(user=former).update(until=None, revoked_at=OVER)
    assert forget_former(OVER + timedelta(days=KEPT_DAYS)) == 0
    assert forget_former(OVER + timedelta(days=KEPT_DAYS + 1)) == 1 and reached(former) == (False, False)


@pytest.mark.parametrize("until", [None, LEFT + timedelta(days=30)])
def test_another_office_still_held_or_lately_left_keeps_them(town, former, until) -> None:
    RoleGrant.objects.create(
        user=former, office="deputy", unit=town.unit, tenant=town.unit, since=date(2020, 1, 1), until=until
    )
    assert forget_former(OVER) == 0 and reached(former) == (True, True)


def test_what_was_entered_since_is_kept_as_long_again(town, former) -> None:
    save_own(former, OVER, channel="sms", given=NUMBER)
    assert forget_former(OVER) == 0
    assert forget_former(OVER + timedelta(days=KEPT_DAYS + 1)) == 1


def test_whoever_never_held_an_office_keeps_the_mailbox(town) -> None:
    operator = User.objects.create(username="operator", name="值班员", email="operator@example.com")
    assert forget_former(OVER) == 0 and reached(operator) == (False, True)


def test_the_clock_asks_for_it_every_night(town, settings) -> None:
    assert sweep_addresses.name in {one["task"] for one in settings.CELERY_BEAT_SCHEDULE.values()}
    assert sweep_addresses() == 0
