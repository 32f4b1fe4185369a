"""What the vote by device and the desk add to the readiness sheet."""

from __future__ import annotations

import pytest

from projects.ballots import database, keys
from projects.ballots.models import Vote
from projects.cycles.models import RollLine
from projects.deliberation.readiness import readiness_sheet, sheet_of
from projects.deliberation.rules import Level, Line
from projects.voting.desk import DESK
from tests.builders import at, do, open_task
from tests.projects.ballots.conftest import PASSPHRASES, quick_stretching  # noqa: F401
from tests.projects.voting.conftest import DAY, Hall, T, settled
from workflow.people.isolation import SYSTEM, apply
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
    done, *sheets = lines(hall, "开箱口令")
    assert (done.note, done.level) == ("三份口令均已设定", Level.DONE)
    assert [line.who for line in sheets] == ["总监票人", "监票人", "人大主席"]
    assert {line.level for line in sheets} == {Level.WARNING} and "恢复单" in sheets[0].note

    act = hall.town.act("teller", at(DAY))
    keys.recovery_sheet(act, hall.vote, "teller", PASSPHRASES["teller"])

    assert [line.who for line in lines(hall, "开箱口令")[1:]] == ["总监票人", "人大主席"]


@pytest.mark.usefixtures("quick_stretching")
def test_what_is_somebodys_turn_now_is_told_apart_from_what_has_to_wait_and_led_to(db: None, client) -> None:
    hall = settled(TITLES, seats=1, in_office=20, ballot_channel="device")
    client.force_login(hall.town.of("chair"))

    def read() -> tuple[list[str], list[str], str]:
        hall.cycle.refresh_from_db()
        sheet = sheet_of(hall.cycle, T)
        page = client.get(f"/years/{hall.cycle.pk}/readiness/").content.decode()
        apply(SYSTEM)
        told = [
            [f"{row.line.who}：{row.line.what}" for row in rows] for rows in (sheet.open_now, sheet.waiting)
        ]
        return told[0], told[1], page

    now, later, page = read()
    assert now == ["总监票人：开箱口令", "监票人：开箱口令", "人大主席：开箱口令"]
    assert "人大办：到会人数" in later
    for key in ("hold_chief", "hold_teller", "hold_chair"):
        assert f'href="/tasks/{open_task(f"voting.{key}").task_id}/"' in page
    assert page.count("● 待办</span>") == 3 and page.count("○ 未到时间</span>") == len(later)
    assert f"另有 3 项待办，现在就可以办理。另有 {len(later)} 项未到时间" in page
    for key, office in {"hold_chief": "chief_teller", "hold_teller": "teller", "hold_chair": "chair"}.items():
        secret = PASSPHRASES[office]
        do(f"voting.{key}", hall.town.of(office), DAY, passphrase=secret, repeated=secret)
    now, later, page = read()
    assert now == ["人大办：到会人数"] and "人大办：到会人数" not in later
    assert f'href="/tasks/{open_task("voting.attendance").task_id}/"' in page


@pytest.fixture
def by_device(db: None) -> Hall:
    """Twenty deputies in office by the vote, nineteen on the roll."""
    hall = settled(TITLES, seats=1, in_office=20, ballot_channel="device")
    RollLine.objects.bulk_create(
        RollLine(unit=hall.town.unit, session=hall.session, user=hall.town.of("deputy", n), name=f"代表{n}")
        for n in range(1, 20)
    )
    return hall


def test_whatever_would_refuse_the_opening_stands_on_the_sheet(
    by_device: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    telling = database.Telltale("log_statement", "all", "none")
    monkeypatch.setattr(database, "telltales", lambda: [telling])
    Vote.objects.filter(pk=by_device.vote.pk).update(deputies_present=4, device_least=5)

    found = DESK.in_the_way(by_device.cycle, at(DAY))

    assert {matter for matter, reasons in found.items() if reasons} == {
        "present", "roll", "keys", "server", "groups"
    }  # fmt: skip
    told = {line.note for line in readiness_sheet(by_device.cycle, T) if line.level is not Level.DONE}
    for reason in (reason for reasons in found.values() for reason in reasons):
        assert any(reason.rstrip("。") in note for note in told), reason
    refused = DESK.obstacles(by_device.cycle, at(DAY))
    for matter, reasons in found.items():
        assert (set(reasons) <= set(refused)) == (matter != "groups"), matter


def test_a_server_that_would_tell_stops_the_opening_and_names_the_administrator(
    by_device: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lines(by_device, "数据库参数") == []
    telling = database.Telltale("log_statement", "all", "none")
    monkeypatch.setattr(database, "telltales", lambda: [telling])
    [line] = lines(by_device, "数据库参数")
    assert (line.level, line.who) == (Level.BLOCKING, "系统管理员") and "log_statement" in line.note


def test_a_missing_teller_stops_the_vote_and_says_who_appoints(hall: Hall) -> None:
    assert [line.level for line in lines(hall, "监票人、计票人")] == [Level.DONE]
    for held in RoleGrant.objects.filter(office="teller", unit=hall.town.unit):
        revoke(grant=held, act=hall.town.act("clerk", at(DAY)), reason="因病请假")
    [line] = lines(hall, "监票人、计票人")
    assert line.level is Level.BLOCKING and line.who == "人大办" and "还须有监票人" in line.note
