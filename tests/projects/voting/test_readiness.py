"""What the vote by device and the desk add to the readiness sheet."""

from __future__ import annotations

import pytest

from projects.deliberation.readiness import readiness_sheet
from projects.deliberation.rules import Level, Line
from tests.builders import at, do
from tests.projects.ballots.conftest import PASSPHRASES, quick_stretching  # noqa: F401
from tests.projects.voting.conftest import DAY, Hall, T, settled
from workflow.roles.models import RoleGrant
from workflow.roles.services import revoke

TITLES = ["文化礼堂", "村道硬化"]


def lines(hall: Hall, what: str) -> list[Line]:
    hall.cycle.refresh_from_db()
    return [line for line in readiness_sheet(hall.cycle, T) if line.what == what]


def test_on_paper_nobody_is_asked_for_a_key(hall: Hall) -> None:
    assert lines(hall, "开箱口令") == []
    assert [line.level for line in lines(hall, "票面")] == [Level.DONE]


@pytest.mark.usefixtures("quick_stretching")
def test_by_device_each_of_the_three_holders_is_named_until_the_passphrases_are_there(db: None) -> None:
    hall = settled(TITLES, seats=1, in_office=20, ballot_channel="device")
    assert [(line.who, line.level) for line in lines(hall, "开箱口令")] == [
        ("总监票人", Level.WAITING),
        ("监票人", Level.WAITING),
        ("人大主席", Level.WAITING),
    ]
    for key, office in {"hold_chief": "chief_teller", "hold_teller": "teller", "hold_chair": "chair"}.items():
        secret = PASSPHRASES[office]
        do(f"voting.{key}", hall.town.of(office), DAY, passphrase=secret, repeated=secret)
    assert [(line.note, line.level) for line in lines(hall, "开箱口令")] == [("三份口令均已设定", Level.DONE)]


def test_a_missing_teller_stops_the_vote_and_says_who_appoints(hall: Hall) -> None:
    assert [line.level for line in lines(hall, "监票人、计票人")] == [Level.DONE]
    for held in RoleGrant.objects.filter(office="teller", unit=hall.town.unit):
        revoke(grant=held, act=hall.town.act("clerk", at(DAY)), reason="因病请假")
    [line] = lines(hall, "监票人、计票人")
    assert line.level is Level.BLOCKING and line.who == "人大办" and "还须有监票人" in line.note
