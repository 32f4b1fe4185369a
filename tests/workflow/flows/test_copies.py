"""抄送: who may copy what to whom, and who has read it."""

from __future__ import annotations

import json
from datetime import date

import pytest
from django.utils import timezone

from projects.lifecycle.intake import start_year
from tests.builders import SINCE, at, do, open_task, township
from workflow.audit.models import Entry
from workflow.audit.services import Act
from workflow.flows import copies
from workflow.flows.copies import Receiver
from workflow.flows.errors import NotYourTurn, Refused, Taken
from workflow.flows.models import Copy, CopyRead, Deadline
from workflow.flows.services import cancel_flow
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import UnitKind, User
from workflow.roles import registry
from workflow.roles.models import RoleGrant
from workflow.roles.services import grant, revoke

pytestmark = pytest.mark.django_db

YEAR = timezone.localdate().year + 1
PLAN = {"opens_on": date(YEAR - 1, 9, 1), "planned_t": date(YEAR, 1, 20), "planned_t2": date(YEAR + 1, 1, 18)}
DAY = f"{YEAR - 1}-08-11"


@pytest.fixture
def town(db):
    apply(SYSTEM)
    made = township()
    county = made.unit.parent
    made.county_member = User.objects.create(username="npc@county", name="县人大张主任")
    admin = User.objects.get(username="admin@T01")
    grant(
        user=made.county_member,
        office="county",
        unit=county,
        act=Act(admin, "admin", county, at("2020-01-01")),
        since=SINCE,
    )
    start_year(made.act("chair", at(f"{YEAR - 1}-08-10")), year=YEAR, **PLAN)
    return made


def send(town, to: Receiver, *, words: str = "请知悉。", actor=None):
    task = Deadline.objects.get(key="collection.scheme", unit=town.unit)
    return copies.copy(task.pk, actor=actor or town.of("chair"), to=to, words=words, at=at(DAY))


def mayor(town) -> Receiver:
    return Receiver("mayor", town.unit)


def grant_of(user: User, office: str) -> RoleGrant:
    return RoleGrant.objects.select_related("unit", "tenant", "user").get(user=user, office=office)


def scheme() -> dict[str, str]:
    return {
        "opens_on": f"{YEAR - 1}-09-01",
        "planned_t": f"{YEAR}-01-20",
        "planned_t2": f"{YEAR + 1}-01-18",
        "leading_group": "组长、副组长和成员",
        "body": "按照三个阶段六个环节组织实施。",
    }


def test_a_copy_is_an_entry_and_stands_in_the_receivers_box_unread(town) -> None:
    entry = send(town, mayor(town))
    body = json.loads(entry.body)
    assert (body["action"], body["reason"], body["after"]["office"]) == ("task.copy", "请知悉。", "mayor")
    held = grant_of(town.of("mayor"), "mayor")
    assert [c.words for c in copies.copies_for(held, ["mayor"])] == ["请知悉。"]
    assert copies.unread_by(held, ["mayor"]).count() == 1
    assert copies.unread_by(grant_of(town.of("finance"), "finance"), ["finance"]).count() == 0


def test_opening_the_task_reads_the_copy_once(town) -> None:
    send(town, mayor(town))
    held, task = grant_of(town.of("mayor"), "mayor"), open_task("collection.scheme")
    for hour in (9, 11):
        copies.mark_read(task, held, ["mayor"], at(DAY, hour))
    assert CopyRead.objects.get().at == at(DAY, 9)
    assert copies.unread_by(held, ["mayor"]).count() == 0


def test_one_person_of_an_office_is_meant_alone(town) -> None:
    one, other = town.deputies[0], town.deputies[1]
    send(town, Receiver("deputy", town.unit, one))
    assert copies.unread_by(grant_of(one, "deputy"), ["deputy"]).count() == 1
    assert copies.unread_by(grant_of(other, "deputy"), ["deputy"]).count() == 0


def test_a_finished_act_may_be_copied_by_whoever_did_it_and_once_more_than_the_open_task(town) -> None:
    send(town, mayor(town))
    do("collection.scheme", town.of("chair"), DAY, **scheme())
    assert json.loads(send(town, mayor(town)).body)["after"]["finished"] is True
    with pytest.raises(Taken, match="已抄送过"):
        send(town, mayor(town))
    assert Copy.objects.count() == 2


def test_the_county_above_may_be_told(town) -> None:
    send(town, Receiver("county", town.unit.parent))
    assert copies.unread_by(grant_of(town.county_member, "county"), ["county"]).count() == 1


def test_another_township_may_not(town) -> None:
    other = township("T02", name="柳河镇")
    assert send(town, Receiver("mayor", town.unit))
    with pytest.raises(Refused, match="不能抄送给其他乡镇"):
        send(town, Receiver("mayor", other.unit))
    with pytest.raises(Refused, match="不能抄送给其他乡镇"):
        send(town, Receiver("county", other.unit.parent))
    assert Copy.objects.count() == 1


@pytest.mark.parametrize("office", ["admin", "auditor"])
def test_neither_the_administrator_nor_the_auditor_is_told(town, office) -> None:
    with pytest.raises(Refused, match="不能抄送给其他乡镇"):
        send(town, Receiver(office, town.unit.parent))


def test_nobody_is_no_receiver(town) -> None:
    for held in RoleGrant.objects.filter(office="mayor", unit=town.unit):
        revoke(grant=held, act=town.act("chair", at("2026-01-01")), reason="调离")
    with pytest.raises(Refused, match="无人任职"):
        send(town, mayor(town))
    with pytest.raises(Refused, match="不担任"):
        send(town, Receiver("finance", town.unit, town.of("clerk")))
    with pytest.raises(Refused, match="自己"):
        send(town, Receiver("chair", town.unit, town.of("chair")))
    assert not Copy.objects.exists() and not Entry.objects.filter(action="task.copy").exists()


def test_a_copy_says_why(town) -> None:
    with pytest.raises(Refused, match="抄送说明"):
        send(town, mayor(town), words="  ")


def test_only_a_holder_of_the_tasks_office_copies_it(town) -> None:
    with pytest.raises(NotYourTurn):
        send(town, mayor(town), actor=town.of("gov_clerk"))
    with pytest.raises(NotYourTurn):
        send(town, mayor(town), actor=town.county_member)


def test_what_was_called_off_is_not_copied(town) -> None:
    task = Deadline.objects.select_related("task__process").get(key="collection.scheme")
    cancel_flow(task.task.process, town.act("chair", at(DAY)), reason="年度工作终止。")
    with pytest.raises(Taken, match="终止"):
        send(town, mayor(town))


def test_the_choice_holds_the_township_and_the_county_and_nobody_else(town) -> None:
    township("T02", name="柳河镇")
    task = open_task("collection.scheme")
    found = copies.receivers_for(task, town.of("chair"), at(DAY).date())
    seats = {one.seat.tenant.code for one in found}
    assert seats == {town.unit.code, town.unit.parent.code}
    assert {one.office for one in found if one.seat == town.unit.parent} == {"county"}
    assert not any(one.person == town.of("chair") for one in found)


# ------------------------------------------------------------------------------- the pages


def test_the_pages_copy_show_and_read(client, town) -> None:
    task = open_task("collection.scheme").pk
    client.force_login(town.of("chair"))
    assert "抄送他人" in client.get(f"/tasks/{task}/").content.decode()
    shown = client.get(f"/tasks/{task}/copy/").content.decode()
    assert "本单位职务" in shown and "示范县 · 县人大常委会" in shown and "柳河" not in shown
    to = Receiver("mayor", town.unit).code
    page = client.post(f"/tasks/{task}/copy/", {"to": to, "words": "请知悉。"}, follow=True).content.decode()
    assert "已抄送" in page and "未读" in page
    client.force_login(town.of("mayor"))
    box = client.get("/inbox/copies/").content.decode()
    assert "拟订年度实施方案" in box and "请知悉。" in box and "未读</span>" in box
    task_page = client.get(f"/tasks/{task}/").content.decode()
    assert 'value="submit"' not in task_page and "抄送他人" not in task_page
    assert "没有未读的抄送" in client.get("/inbox/copies/?unread=1").content.decode()
    assert client.post(f"/tasks/{task}/", {"op": "submit", **scheme()}).status_code == 403


def test_the_county_reads_its_copy_and_cannot_act(client, town) -> None:
    task = open_task("collection.scheme").pk
    client.force_login(town.of("chair"))
    to = Receiver("county", town.unit.parent).code
    assert client.post(f"/tasks/{task}/copy/", {"to": to, "words": "请知悉。"}).status_code == 302
    client.force_login(town.county_member)
    assert "未读</span>" in client.get("/inbox/copies/").content.decode()
    assert client.get(f"/tasks/{task}/").status_code == 200
    assert "未读</span>" not in client.get("/inbox/copies/").content.decode()
    assert client.get(f"/tasks/{task}/copy/").status_code == 403


def test_a_page_refuses_a_receiver_that_is_not_in_the_choice(client, town) -> None:
    other = township("T02", name="柳河镇")
    task = open_task("collection.scheme").pk
    client.force_login(town.of("chair"))
    page = client.post(
        f"/tasks/{task}/copy/", {"to": Receiver("mayor", other.unit).code, "words": "请知悉。"}
    )
    assert page.status_code == 422
    assert client.post(f"/tasks/{task}/copy/", {"to": "", "words": "请知悉。"}).status_code == 422
    apply(SYSTEM)
    assert not Copy.objects.exists()
    assert client.get(f"/tasks/{task}/copy/").status_code == 200
    client.force_login(town.of("finance"))
    assert client.get(f"/tasks/{task}/copy/").status_code == 403


def test_a_subdistricts_receivers_are_named_in_its_own_words(client, db) -> None:
    apply(SYSTEM)
    street = township("T13", name="青溪街道", kind=UnitKind.SUBDISTRICT)
    chair = registry.title_of("chair", street.unit)
    assert chair != registry.title_of("chair")
    start_year(street.act("chair", at(f"{YEAR - 1}-08-10")), year=YEAR, **PLAN)
    task = open_task("collection.scheme", unit=street.unit)
    client.force_login(street.of("chair"))
    page = client.get(f"/tasks/{task.pk}/copy/").content.decode()
    assert f"青溪街道 · {registry.title_of('party', street.unit)}" in page
    assert f"青溪街道 · {registry.title_of('party')}" not in page
    to = Receiver("party", street.unit)
    said = client.post(f"/tasks/{task.pk}/copy/", {"to": to.code, "words": "请知悉。"}, follow=True)
    assert to.name in said.content.decode() and registry.title_of("party", street.unit) in to.name
