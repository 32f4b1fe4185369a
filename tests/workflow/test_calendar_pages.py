"""The month, the feed by its secret address, and the list as a workbook."""

from __future__ import annotations

import io
import json
import re
from datetime import date, time, timedelta

import openpyxl
import pytest
from django.utils import timezone

from projects.lifecycle.intake import start_year
from tests.builders import SINCE, at, open_task, seat_chair, township
from workflow.audit.models import Entry
from workflow.flows.calling import call_off
from workflow.flows.models import CalendarFeed, Deadline, MeetingCall
from workflow.inbox.agenda import digest_of_token
from workflow.people.isolation import SYSTEM, apply
from workflow.roles.models import RoleGrant
from workflow.roles.services import grant, revoke

pytestmark = pytest.mark.django_db

YEAR = timezone.localdate().year + 1
PLAN = {"opens_on": date(YEAR - 1, 9, 1), "planned_t": date(YEAR, 1, 20), "planned_t2": date(YEAR + 1, 1, 18)}


@pytest.fixture
def town(db):
    apply(SYSTEM)
    made = township()
    start_year(made.act("chair", at(f"{YEAR - 1}-08-10")), year=YEAR, **PLAN)
    return made


def due(day: date) -> Deadline:
    Deadline.objects.filter(key="collection.scheme").update(due_on=day)
    return open_task("collection.scheme")


def secret(client) -> str:
    """The address the page shows once."""
    page = client.post("/calendar/link/", {"op": "make"}).content.decode()
    shown = page.partition('class="secret-link">')[2].partition("<")[0]
    assert shown.endswith(".ics")
    return shown.replace("http://testserver", "")


def test_the_month_shows_what_is_due_and_the_planned_session(client, town):
    task = due(date(YEAR, 1, 14))
    client.force_login(town.of("chair"))
    page = client.get(f"/calendar/?month={YEAR}-01").content.decode()
    assert f'href="/tasks/{task.pk}/"' in page and "拟定会期：票决会议" in page
    assert f"month={YEAR - 1}-12" in page and f"month={YEAR}-02" in page
    client.force_login(town.of("finance"))
    other = client.get(f"/calendar/?month={YEAR}-01").content.decode()
    assert f'href="/tasks/{task.pk}/"' not in other and "拟定会期：票决会议" in other
    for odd in ("2027-13", "²027-01", "x", "99999-01"):
        assert client.get("/calendar/", {"month": odd}).status_code == 200


def test_a_feed_is_read_without_signing_in_by_whoever_has_its_address(client, town):
    task = due(timezone.localdate() + timedelta(days=3))
    client.force_login(town.of("chair"))
    address = secret(client)
    apply(SYSTEM)
    kept = CalendarFeed.objects.get()
    token = address.removeprefix("/calendar/").removesuffix(".ics")
    assert kept.digest == digest_of_token(token) and token not in str(kept.__dict__)
    assert json.loads(Entry.objects.get(action="calendar.make_link").body)["after"] == {}
    client.logout()
    answer = client.get(address)
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/calendar")
    assert "no-store" in answer.headers["Cache-Control"]
    body = answer.content.decode().replace("\r\n ", "")
    assert f"UID:task-{task.pk}@testserver" in body and f"URL:http://testserver/tasks/{task.pk}/" in body
    assert "SUMMARY:到期：拟订年度实施方案" in body


def test_a_new_address_ends_the_old_and_a_dropped_one_reads_nothing(client, town):
    client.force_login(town.of("chair"))
    first, second = secret(client), secret(client)
    assert first != second
    assert client.get(first).status_code == 404 and client.get(second).status_code == 200
    client.post("/calendar/link/", {"op": "drop"})
    assert client.get(second).status_code == 404
    assert client.get("/calendar/anything.ics").status_code == 404
    apply(SYSTEM)
    assert Entry.objects.filter(action="calendar.drop_link").count() == 1


def test_a_feed_shows_offices_held_today_alone_and_no_closed_account(client, town):
    task, chair = due(timezone.localdate() + timedelta(days=3)), town.of("chair")
    client.force_login(chair)
    address = secret(client)
    assert f"task-{task.pk}@" in client.get(address).content.decode()
    apply(SYSTEM)
    for held in RoleGrant.objects.filter(user=chair, office="chair"):
        revoke(grant=held, act=town.act("clerk", timezone.now()), reason="调离")
    assert f"task-{task.pk}@" not in client.get(address).content.decode()
    apply(SYSTEM)
    chair.is_active = False
    chair.save()
    assert client.get(address).status_code == 404


def test_a_feed_holds_both_townships_of_a_person_and_no_third(client, town):
    other, third = township("T02", name="柳河镇"), township("T03", name="三溪镇")
    for one in (other, third):
        start_year(one.act("chair", at(f"{YEAR - 1}-08-10")), year=YEAR, **PLAN)
    Deadline.objects.filter(key="collection.scheme").update(due_on=timezone.localdate())
    chair = town.of("chair")
    seat_chair(chair, other.unit, other.act("clerk", at("2026-01-01")))
    client.force_login(chair)
    body = client.get(secret(client)).content.decode().replace("\r\n ", "")
    assert "青溪镇" in body and "柳河镇" in body and "三溪镇" not in body


def rows_of(answer) -> list[tuple[str, ...]]:
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]
    return [tuple(row) for row in sheet.iter_rows(values_only=True)]


def test_the_list_is_saved_as_a_workbook_as_it_is_narrowed(client, town):
    due(date(2020, 1, 1))
    client.force_login(town.of("chair"))
    answer = client.get("/inbox/todo/export/?due=late")
    assert "spreadsheetml" in answer.headers["Content-Type"]
    header, row = rows_of(answer)
    assert header[:2] == ("单位", "事项") and row[:2] == ("青溪镇", "拟订年度实施方案") and "已超期" in row
    notes = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[1]
    assert any("期限：已超期" in str(cell.value) for (cell,) in notes.iter_rows())
    assert len(rows_of(client.get("/inbox/todo/export/?due=soon"))) == 1
    assert client.get("/inbox/nowhere/export/").status_code == 404
    page = client.get("/inbox/?due=late").content.decode()
    assert 'href="/inbox/todo/export/?due=late"' in page and "筛选条件：期限：已超期" in page


# ------------------------------------------------------------------------------- meetings called


MET = timezone.localdate() + timedelta(days=5)


def called(town, *, replaces: MeetingCall | None = None, hour: str = "9:30") -> MeetingCall:
    """The Party committee called to a meeting in five days."""
    made = MeetingCall.objects.create(
        unit=town.unit,
        seat=town.unit,
        body="party",
        held_on=MET,
        hour=time.fromisoformat(hour.zfill(5)),
        place="三楼会议室",
        tasks=[1, 2, 3],
        called_by=town.of("party"),
        at=timezone.now(),
    )
    if replaces:
        MeetingCall.objects.filter(pk=replaces.pk).update(replaced_by=made)
    return made


def events(client, address: str) -> list[dict[str, str]]:
    """The feed's events, name → value."""
    text = client.get(address).content.decode().replace("\r\n ", "")
    found = re.findall(r"BEGIN:VEVENT\r\n(.*?)END:VEVENT", text, re.DOTALL)
    return [dict(line.split(":", 1) for line in event.split("\r\n") if line) for event in found]


def test_who_is_called_to_a_meeting_finds_it_in_the_month_with_hour_and_place(client, town):
    made = called(town)
    member = town.people["party"][3]
    client.force_login(member)
    page = client.get(f"/calendar/?month={MET:%Y-%m}").content.decode()
    assert f'href="/meetings/called/{made.pk}/"' in page
    assert "党委会议（3 项议题）" in page and "09:30 三楼会议室" in page
    client.force_login(town.of("finance"))
    assert "三楼会议室" not in client.get(f"/calendar/?month={MET:%Y-%m}").content.decode()


def test_a_called_meeting_is_in_the_feed_at_its_hour_and_a_call_replaced_is_not(client, town):
    first = called(town, hour="8:00")
    made = called(town, replaces=first)
    client.force_login(town.people["party"][3])
    address = secret(client)
    client.logout()
    (meeting,) = [one for one in events(client, address) if one["UID"].startswith("call-")]
    assert meeting["UID"].startswith(f"call-{made.pk}@") and meeting["LOCATION"] == "三楼会议室"
    assert meeting["DTSTART"] == f"{MET:%Y%m%d}T013000Z", "half past nine in Shanghai"
    assert meeting["TRANSP"] == "OPAQUE" and meeting["URL"].endswith(f"/meetings/called/{made.pk}/")


def test_a_meeting_called_off_leaves_the_month_and_the_feed(client, town):
    made = called(town)
    client.force_login(town.people["party"][3])
    address = secret(client)
    assert any(one["UID"].startswith("call-") for one in events(client, address))
    apply(SYSTEM)
    call_off(made.pk, actor=town.of("party"), reason="主要领导外出。", at=timezone.now())
    assert not any(one["UID"].startswith("call-") for one in events(client, address))
    assert "三楼会议室" not in client.get(f"/calendar/?month={MET:%Y-%m}").content.decode()


def test_whoever_leaves_before_the_meeting_is_not_called_to_it(client, town):
    called(town)
    member = town.people["party"][3]
    RoleGrant.objects.filter(office="party", user=member).update(until=MET - timedelta(days=1))
    client.force_login(member)
    assert "三楼会议室" not in client.get(f"/calendar/?month={MET:%Y-%m}").content.decode()


def test_the_clerk_who_keeps_the_presidiums_record_sees_its_meeting(client, town):
    made = called(town)
    MeetingCall.objects.filter(pk=made.pk).update(body="presidium")
    client.force_login(town.of("clerk"))
    page = client.get(f"/calendar/?month={MET:%Y-%m}").content.decode()
    assert "人大主席团会议（3 项议题）" in page and f'href="/meetings/called/{made.pk}/"' in page


def acting_as(client, user, office: str) -> None:
    client.force_login(user)
    held = RoleGrant.objects.get(user=user, office=office)
    client.post("/office/", {"grant": held.pk})
    apply(SYSTEM)


def test_a_member_who_acts_as_a_deputy_opens_the_notice_the_calendar_leads_to(client, town):
    made = called(town)
    MeetingCall.objects.filter(pk=made.pk).update(body="presidium")
    member = next(user for user in town.people["presidium"] if user in town.deputies)
    acting_as(client, member, "deputy")
    address = f"/meetings/called/{made.pk}/"
    assert f'href="{address}"' in client.get(f"/calendar/?month={MET:%Y-%m}").content.decode()
    assert client.get(address).status_code == 200
    assert client.get(f"{address}docx/").status_code == 200

    apply(SYSTEM)
    other = next(user for user in town.deputies if user not in town.people["presidium"])
    acting_as(client, other, "deputy")
    assert client.get(address).status_code == 403
    assert client.get(f"{address}docx/").status_code == 403


def test_who_is_called_in_one_township_reads_nothing_of_it_while_acting_in_another(client, town):
    made, member = called(town), town.people["party"][3]
    there = township("T02", name="柳河镇")
    grant(
        user=member, office="gov_clerk", unit=there.unit, act=there.act("chair", timezone.now()), since=SINCE
    )
    acting_as(client, member, "gov_clerk")
    assert client.get(f"/meetings/called/{made.pk}/").status_code == 404
    page = client.get(f"/calendar/?month={MET:%Y-%m}").content.decode()
    assert "三楼会议室" in page and "/meetings/called/" not in page


def test_whoever_keeps_the_record_has_no_link_while_acting_in_an_office_that_does_not(client, town):
    made, clerk = called(town), town.of("clerk")
    MeetingCall.objects.filter(pk=made.pk).update(body="presidium")
    grant(
        user=clerk,
        office="station",
        unit=town.stations[0],
        act=town.act("chair", timezone.now()),
        since=SINCE,
    )
    acting_as(client, clerk, "station")
    page = client.get(f"/calendar/?month={MET:%Y-%m}").content.decode()
    assert "人大主席团会议（3 项议题）" in page and "/meetings/called/" not in page
    assert client.get(f"/meetings/called/{made.pk}/").status_code == 403
