"""One meeting on several matters: each with its votes and entry, all of them or none, and the 纪要 as Word."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from typing import Any

import docx
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import escape

from notifications.models import Delivery
from notifications.post import post_unit
from projects.cycles.models import Cycle
from projects.demo.cast import Township
from projects.lifecycle.intake import start_year
from projects.portal.meetings import absent_at, minutes_of, notice_of
from tests.builders import at, meeting_of, township
from tests.plays import ask_to_withdraw
from tests.projects.deliberation.test_deliberation import TITLES, year_at_step_3
from workflow.administration.taking import EXPORTED
from workflow.audit.models import Entry
from workflow.audit.services import Act
from workflow.flows.calling import Planned, call, call_off
from workflow.flows.errors import NotYourTurn, Obstructed, Refused, Taken
from workflow.flows.models import Deadline, Draft, Meeting, MeetingCall, Sitting
from workflow.flows.services import cancel_flow, claim, complete
from workflow.flows.sittings import Called, hold, may_be_joined
from workflow.inbox.selectors import opened_after
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import User
from workflow.roles.models import RoleGrant
from workflow.roles.services import grant, revoke

pytestmark = pytest.mark.django_db

YEAR = timezone.localdate().year + 1
DAY = "2026-08-20"


def plan(year: int) -> dict[str, date]:
    return {
        "opens_on": date(year - 1, 9, 1),
        "planned_t": date(year, 1, 20),
        "planned_t2": date(year + 1, 1, 18),
    }


def begun(years: int) -> Township:
    """A township with the schemes of so many years before its Party committee."""
    made = township()
    for year in range(YEAR, YEAR + years):
        start_year(made.act("chair", at("2026-08-10")), year=year, **plan(year))
        task = Deadline.objects.get(key="collection.scheme", year=year)
        data = {name: day.isoformat() for name, day in plan(year).items()}
        complete(
            task.pk,
            actor=made.of("chair"),
            data=data | {"leading_group": "组长和成员", "body": "按照三个阶段六个环节组织实施。"},
            at=at("2026-08-12"),
        )
    return made


@pytest.fixture
def town(db):
    apply(SYSTEM)
    return begun(2)


def waiting() -> list[Deadline]:
    return list(Deadline.objects.filter(key="collection.scheme_party", done_at=None).order_by("pk"))


def votes(agree: bool = True) -> dict[str, str]:
    given = meeting_of([], DAY, agree=agree)
    yes = {"votes_for": "5", "votes_against": "0"} if agree else {"votes_for": "0", "votes_against": "5"}
    return {k: str(v) for k, v in given.items() if k not in ("held_on", "attended")} | yes


def called(town, number: int = 5, presiding: int = 0) -> Called:
    members = town.people["party"]
    return Called(date.fromisoformat(DAY), "三楼会议室", members[presiding], members[:number])


def held(town, matters, **more) -> Sitting:
    if notice := more.get("call"):
        come(notice)
    return hold(
        matters, called=more.pop("called", called(town)), actor=town.of("party"), at=at(DAY, 15), **more
    )


def test_each_matter_is_decided_with_its_own_votes_and_names_the_meeting(town):
    one, other = waiting()
    made = held(town, {one.pk: votes(), other.pk: votes(agree=False)})
    meetings = list(Meeting.objects.order_by("pk"))
    assert [m.agreed for m in meetings] == [True, False] and {m.sitting for m in meetings} == {made}
    assert (made.members, made.attended.count(), made.presided_by) == (7, 5, town.people["party"][0].name)
    bodies = [json.loads(e.body) for e in Entry.objects.filter(action__startswith="collection.scheme_party")]
    assert [b["after"]["sitting"] for b in bodies] == [made.pk] * 2
    assert {b["action"] for b in bodies} == {"collection.scheme_party", "collection.scheme_party.return"}
    called_for = json.loads(Entry.objects.get(action="meeting.hold").body)["after"]
    assert called_for["tasks"] == [one.pk, other.pk] and called_for["present"] == 5
    assert not waiting()


def test_a_matter_that_cannot_stand_leaves_none_of_them_and_is_named(town):
    one, other = waiting()
    with pytest.raises(Refused) as refused:
        held(town, {one.pk: votes(), other.pk: votes() | {"votes_for": "4"}})
    (reason,) = refused.value.reasons
    assert str(YEAR + 1) in reason and "与出席 5 人不符" in reason
    assert not Sitting.objects.exists() and not Meeting.objects.exists() and len(waiting()) == 2
    assert held(town, {one.pk: votes(), other.pk: votes()})


def test_without_a_quorum_nothing_is_decided(town):
    few = {"votes_for": "4", "votes_against": "0"}
    with pytest.raises(Refused, match="不能开会"):
        held(town, {d.pk: votes() | few for d in waiting()}, called=called(town, 4))
    assert len(waiting()) == 2


def test_who_presides_attends_and_who_attends_is_a_member(town):
    matters = {d.pk: votes() for d in waiting()}
    with pytest.raises(Refused, match="主持人须在出席人员之中"):
        held(town, matters, called=called(town, 5, presiding=6))
    strange = Called(
        date.fromisoformat(DAY), "会议室", town.of("mayor"), [town.of("mayor"), *town.people["party"][:5]]
    )
    with pytest.raises(Refused, match="在会议当日不是组成人员"):
        held(town, matters, called=strange)


# ------------------------------------------------------------------------------- members of the day


def changed(town) -> tuple[User, User]:
    """One member of seven leaves the day after the meeting, and one comes: who left, who came."""
    left, came = town.people["party"][6], town.deputies[5]
    gone = RoleGrant.objects.get(office="party", user=left)
    revoke(grant=gone, act=town.act("clerk", at("2026-08-21")), reason="调离")
    act = town.act("clerk", at("2026-08-21"))
    grant(user=came, office="party", unit=town.unit, act=act, since=date(2026, 8, 21))
    return left, came


def recorded(town, attended, **figures: str) -> Sitting:
    made = Called(date.fromisoformat(DAY), "三楼会议室", attended[0], attended)
    matters = {d.pk: votes() | figures for d in waiting()}
    return hold(matters, called=made, actor=town.of("party"), at=at("2026-08-25", 9))


def test_its_members_are_those_of_the_day_it_was_held_and_not_of_the_day_it_is_recorded(town):
    left, came = changed(town)
    six = [*town.people["party"][:5], left]
    with pytest.raises(Refused, match=f"{came.name}在会议当日不是组成人员"):
        recorded(town, [*six, came], votes_for="7")
    made = recorded(town, six, votes_for="6")
    assert made.members == 7 and {m.members for m in Meeting.objects.all()} == {7}
    absent = absent_at(made)
    assert absent == [town.people["party"][5]]
    assert made.members == made.attended.count() + len(absent)


def test_of_two_fewer_since_the_meeting_none_makes_a_quorum_of_it(town):
    """Four of seven attended: no quorum, though four of five would have been one."""
    for left in town.people["party"][5:]:
        gone = RoleGrant.objects.get(office="party", user=left)
        revoke(grant=gone, act=town.act("clerk", at("2026-08-21")), reason="调离")
    with pytest.raises(Refused, match="组成人员 7 人，须 5 人以上"):
        recorded(town, town.people["party"][:4], votes_for="4")


def test_the_record_of_one_matter_offers_who_left_and_who_came_with_the_day(client, town):
    today = timezone.localdate()
    left, came = town.people["party"][6], town.deputies[5]
    act = town.act("clerk", timezone.now())
    revoke(grant=RoleGrant.objects.get(office="party", user=left), act=act, reason="调离")
    grant(user=came, office="party", unit=town.unit, act=act, since=today)
    one = waiting()[0]
    client.force_login(town.of("party"))
    page = client.get(f"/tasks/{one.pk}/").content.decode()
    assert f"{left.name}（任职至" in page and f"{came.name}（" in page and "起任职）" in page
    yesterday = today - timedelta(days=1)
    data = meeting_of([*town.people["party"][:5], came], yesterday.isoformat()) | {"op": "confirm"}
    refused = client.post(f"/tasks/{one.pk}/", data)
    assert refused.status_code == 422 and f"{came.name}在会议当日不是组成人员" in refused.content.decode()
    data = meeting_of([*town.people["party"][:5], left], yesterday.isoformat()) | {"op": "confirm"}
    client.post(f"/tasks/{one.pk}/", data)
    apply(SYSTEM)
    assert (Meeting.objects.get().members, Meeting.objects.get().present) == (7, 6)


def left_on_the_day(town) -> User:
    """One member of seven leaves in the morning of the day the body meets on."""
    left = town.people["party"][6]
    gone = RoleGrant.objects.get(office="party", user=left)
    revoke(grant=gone, act=town.act("clerk", at(DAY, 11)), reason="调离")
    return left


def test_who_left_on_the_day_of_the_meeting_was_a_member_at_it_if_they_were_there(town):
    left = left_on_the_day(town)
    made = recorded(town, [*town.people["party"][:4], left], votes_for="5")
    assert made.members == 7 and {m.members for m in Meeting.objects.all()} == {7}
    assert absent_at(made) == town.people["party"][4:6]
    assert made.members == made.attended.count() + len(absent_at(made))


def test_who_left_on_the_day_of_the_meeting_and_was_not_there_is_not_counted(town):
    left = left_on_the_day(town)
    made = recorded(town, town.people["party"][:5], votes_for="5")
    assert made.members == 6 and left not in absent_at(made)


def test_who_left_the_day_before_or_whose_office_ended_on_its_first_day_was_no_member(town):
    left = town.people["party"][6]
    gone = RoleGrant.objects.get(office="party", user=left)
    revoke(grant=gone, act=town.act("clerk", at("2026-08-19")), reason="调离")
    act = town.act("clerk", at(DAY))
    by_mistake = grant(
        user=town.deputies[5], office="party", unit=town.unit, act=act, since=date.fromisoformat(DAY)
    )
    revoke(grant=by_mistake, act=act, reason="误登记")
    for stranger in (left, town.deputies[5]):
        with pytest.raises(Refused, match=f"{stranger.name}在会议当日不是组成人员"):
            recorded(town, [*town.people["party"][:5], stranger], votes_for="6")


def test_the_record_of_one_matter_names_the_very_day_somebody_left_and_takes_them_for_it(client, town):
    today, left = timezone.localdate(), town.people["party"][6]
    gone = RoleGrant.objects.get(office="party", user=left)
    revoke(grant=gone, act=town.act("clerk", timezone.now()), reason="调离")
    one = waiting()[0]
    client.force_login(town.of("party"))
    page = client.get(f"/tasks/{one.pk}/").content.decode()
    assert f"{left.name}（任职至{date_format(today)}）" in page
    data = meeting_of([*town.people["party"][:5], left], today.isoformat()) | {"op": "confirm"}
    client.post(f"/tasks/{one.pk}/", data)
    apply(SYSTEM)
    assert (Meeting.objects.get().members, Meeting.objects.get().present) == (7, 6)


def test_one_matter_is_no_joint_meeting_and_two_bodies_hold_none_together(town):
    one = waiting()[0]
    with pytest.raises(Refused, match="至少要有两项"):
        held(town, {one.pk: votes()})
    other_town = township("T02", name="柳河镇")
    start_year(other_town.act("chair", at("2026-08-10")), year=YEAR, **plan(YEAR))
    scheme = Deadline.objects.get(key="collection.scheme", unit=other_town.unit)
    with pytest.raises(Refused, match="不能合并议事"):
        held(town, {one.pk: votes(), scheme.pk: votes()})
    data = {name: day.isoformat() for name, day in plan(YEAR).items()}
    data |= {"leading_group": "组长和成员", "body": "按照三个阶段六个环节组织实施。"}
    complete(scheme.pk, actor=other_town.of("chair"), data=data, at=at("2026-08-12"))
    theirs = Deadline.objects.get(key="collection.scheme_party", unit=other_town.unit)
    with pytest.raises(Refused, match="不由同一机构决定"):
        held(town, {one.pk: votes(), theirs.pk: votes()})


def test_only_the_body_or_its_recorder_records_it(town):
    matters = {d.pk: votes() for d in waiting()}
    with pytest.raises(NotYourTurn):
        hold(matters, called=called(town), actor=town.of("finance"), at=at(DAY))
    assert held(town, matters)


def test_the_congress_and_forms_with_files_are_not_joined():
    from workflow.flows.base import flows
    from workflow.flows.holding import takes_files

    joined = [node for flow in flows() for node in flow.steps() if may_be_joined(node)]
    assert {node.deciding for node in joined} == {"presidium", "party"} and len(joined) > 15
    assert not [node.key for node in joined if takes_files(node.form) or node.in_person]


def typed(town, tasks) -> dict[str, object]:
    data: dict[str, object] = {
        "task": [d.pk for d in tasks],
        "held_on": timezone.localdate().isoformat(),
        "place": "三楼会议室",
        "presided_by": town.people["party"][0].pk,
        "attended": [user.pk for user in town.people["party"][:5]],
    }
    for deadline in tasks:
        data |= {f"m{deadline.pk}-{name}": value for name, value in votes().items()}
    return data


def test_the_pages_list_record_check_and_write_the_minutes(client, town):
    tasks = waiting()
    client.force_login(town.of("party"))
    assert 'href="/meetings/"' in client.get("/inbox/").content.decode()
    assert client.get("/meetings/").content.decode().count('name="task"') == 2
    shown = client.get("/meetings/record/", {"task": [d.pk for d in tasks]}).content.decode()
    assert f'name="m{tasks[0].pk}-votes_for"' in shown and shown.count('name="attended"') == 7
    data = typed(town, tasks)
    wrong = client.post("/meetings/record/", data | {f"m{tasks[1].pk}-votes_for": "3"})
    assert wrong.status_code == 422 and "与出席 5 人不符" in wrong.content.decode()
    assert "三楼会议室" in wrong.content.decode()
    late = client.post("/meetings/record/", data | {"held_on": "2099-01-01"})
    assert late.status_code == 422 and "不能晚于今天" in late.content.decode()
    check = client.post("/meetings/record/", data).content.decode()
    assert "请核对后确认" in check and "三楼会议室" in check
    apply(SYSTEM)
    assert not Sitting.objects.exists()
    done = client.post("/meetings/record/", data | {"op": "confirm"}, follow=True)
    page = done.content.decode()
    assert "2 项议题均已办结" in page and "缺席人员" in page and page.count("通过</span>") == 2
    apply(SYSTEM)
    made = Sitting.objects.get()
    answer = client.get(f"/meetings/{made.pk}/docx/")
    words = [p.text for p in docx.Document(io.BytesIO(answer.content)).paragraphs]
    assert "中共青溪镇委员会" in words and "青溪镇党委会议" not in words
    shown = client.get(f"/meetings/{made.pk}/").content.decode()
    assert all(escape(text) in shown for text in words[words.index("青溪镇党委会议纪要") + 1 :] if text)
    opened = [one for task in tasks for one in opened_after(task.task)]
    assert opened and all(
        str(one.task.flow_task.task_title) in shown.partition("办结以后")[2] for one in opened
    )
    assert "青溪镇党委会议纪要" in words and any("应到 7 人，实到 5 人" in w for w in words)
    assert sum("赞成 5 票" in w for w in words) == 2 and any(w.startswith("二、") for w in words)
    client.force_login(town.of("chair"))
    assert client.get(f"/meetings/{made.pk}/").status_code == 200
    for refused in (town.deputies[9], town.of("finance")):
        client.force_login(refused)
        assert client.get(f"/meetings/{made.pk}/").status_code == 403
        assert client.get(f"/meetings/{made.pk}/docx/").status_code == 403
    apply(SYSTEM)
    client.force_login(township("T02", name="柳河镇").of("chair"))
    assert client.get(f"/meetings/{made.pk}/").status_code == 404


def test_what_is_wrong_with_a_meetings_figures_is_said_at_its_boxes(client, town):
    task = waiting()[0]
    client.force_login(town.of("party"))
    there = [user.pk for user in town.people["party"][:5]]
    data = votes() | {"held_on": timezone.localdate().isoformat(), "attended": there}
    for wrong, box, link in (
        ({"votes_for": "3"}, "votes_for", "#id_votes_for"),
        ({"votes_for": "4", "attended": there[:4]}, "attended", "#id_attended_0"),
    ):
        answer = client.post(f"/tasks/{task.pk}/", data | wrong)
        page, form = answer.content.decode(), answer.context["form"]
        assert answer.status_code == 422 and list(form.errors) == [box]
        assert f'<li><a href="{link}">' in page and f'id="id_{box}_error"' in page
    assert client.post(f"/tasks/{task.pk}/", data).status_code == 302, "the same without them is recorded"


def test_what_a_matter_finds_wrong_with_the_attendance_is_said_at_the_meetings_box_once(client, town):
    tasks = waiting()
    client.force_login(town.of("party"))
    data = typed(town, tasks)
    few = data | {"attended": data["attended"][:4]} | {f"m{d.pk}-votes_for": "4" for d in tasks}
    answer = client.post("/meetings/record/", few)
    page, sitting = answer.content.decode(), answer.context["sitting"]
    assert answer.status_code == 422 and list(sitting.errors) == ["attended"]
    assert len(sitting.errors["attended"]) == 1 and "不能开会" in sitting.errors["attended"][0]
    assert '<a href="#id_attended_0">' in page and 'id="id_attended_error"' in page
    assert page.count("不能开会") == 2 + len(tasks), "in the summary, at the box, and on each matter"
    assert f'name="m{tasks[1].pk}-votes_for" value="4"' in page, "nothing typed is lost"
    split = client.post("/meetings/record/", data | {f"m{tasks[1].pk}-votes_for": "3"})
    assert not split.context["sitting"].errors
    assert f'<a href="#id_m{tasks[1].pk}-votes_for">' in split.content.decode()
    assert "请核对后确认" in client.post("/meetings/record/", data).content.decode()


def test_a_page_with_fewer_than_two_or_another_offices_tasks_goes_back(client, town):
    tasks = waiting()
    client.force_login(town.of("party"))
    assert client.get("/meetings/record/", {"task": [tasks[0].pk]}).status_code == 302
    client.force_login(town.of("finance"))
    assert client.get("/meetings/record/", {"task": [d.pk for d in tasks]}).status_code == 302
    empty = client.get("/meetings/").content.decode()
    assert "没有待会议研究的事项" in empty and "转来后列在这里" in empty
    assert "可以合并召开一次会议" in empty


# ------------------------------------------------------------------------------- the meeting is called

SOON = timezone.localdate() + timedelta(days=3)
PLANNED = Planned(SOON, time(9, 0), "三楼会议室", "请提前阅看方案。")


def come(notice: MeetingCall) -> MeetingCall:
    """The notice with the day of the meetings of these tests as its own, which has come."""
    MeetingCall.objects.filter(pk=notice.pk).update(held_on=DAY)
    notice.held_on = date.fromisoformat(DAY)
    return notice


def call_of(town, office: str = "party", *, planned: Planned = PLANNED, tasks=None) -> MeetingCall:
    ids = [d.pk for d in (waiting() if tasks is None else tasks)]
    return call(ids, planned=planned, actor=town.of(office), at=timezone.now())


def test_a_body_is_called_by_one_act_with_one_entry_that_names_every_member(town):
    before = Entry.objects.count()
    made = call_of(town)
    entry = Entry.objects.get(action="meeting.call")
    after = json.loads(entry.body)["after"]
    assert Entry.objects.count() == before + 1 and entry.subject == made.reference
    assert after["told"] == sorted(user.username for user in town.people["party"])
    assert (after["held_on"], after["hour"], after["tasks"]) == (SOON.isoformat(), "09:00", made.tasks)
    assert len(waiting()) == 2, "a call decides nothing"


def test_every_member_has_a_letter_that_leads_to_the_notice(town):
    made = call_of(town)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    post_unit(town.unit.pk)
    letters = Delivery.objects.filter(letter="meeting_called", channel="in_app")
    others = {user.pk for user in town.people["party"]} - {town.of("party").pk}
    assert set(letters.values_list("recipient", flat=True)) == others
    letter = letters[0]
    assert letter.link == f"/meetings/called/{made.pk}/" and "三楼会议室" in letter.title
    assert "请提前阅看方案。" in letter.body


def test_who_may_not_call_and_what_cannot_be_called_for_is_refused(town):
    one, other = waiting()
    with pytest.raises(NotYourTurn):
        call_of(town, "finance")
    with pytest.raises(Refused, match="至少要有两项"):
        call_of(town, tasks=[one])
    past = Planned(timezone.localdate() - timedelta(days=1), time(9), "三楼会议室")
    with pytest.raises(Refused, match="须在现在以后"):
        call_of(town, planned=past)
    Deadline.objects.filter(pk=other.pk).update(cancelled=True)
    with pytest.raises(Taken, match="已经办结或者终止"):
        call_of(town, tasks=[one, other])
    Deadline.objects.filter(pk=other.pk).update(cancelled=False)
    assert call_of(town, tasks=[one, other])


def test_calling_again_on_a_matter_replaces_the_notice_before(town):
    first = call_of(town)
    second = call_of(town, planned=Planned(SOON + timedelta(days=1), time(15), "二楼会议室"))
    first.refresh_from_db()
    assert first.replaced_by == second
    assert json.loads(Entry.objects.filter(action="meeting.call").latest("pk").body)["after"]["replaces"] == [
        first.pk
    ]


def test_the_pages_call_write_the_notice_and_begin_the_record_from_it(client, town):
    tasks = waiting()
    client.force_login(town.of("party"))
    data = {"task": [d.pk for d in tasks], "held_on": SOON.isoformat(), "hour": "9:00", "place": "三楼会议室"}
    assert 'formaction="/meetings/call/"' in client.get("/meetings/").content.decode()
    assert client.get("/meetings/call/", {"task": data["task"]}).status_code == 200
    assert client.post("/meetings/call/", data | {"hour": "早上"}).status_code == 422
    assert "请核对后确认" in client.post("/meetings/call/", data).content.decode()
    apply(SYSTEM)
    assert not MeetingCall.objects.exists()
    page = client.post("/meetings/call/", data | {"op": "confirm"}, follow=True).content.decode()
    apply(SYSTEM)
    made = MeetingCall.objects.get()
    assert "会议通知已发给全体组成人员" in page and "记录会议" not in page
    assert "召集人" not in page, "who calls the Party committee is not laid down"
    answer = client.get(f"/meetings/called/{made.pk}/docx/")
    words = [p.text for p in docx.Document(io.BytesIO(answer.content)).paragraphs]
    assert "关于召开青溪镇党委会议的通知" in words and any("09:00 在三楼会议室召开" in w for w in words)
    assert town.people["party"][3].name in " ".join(words)
    assert "中共青溪镇委员会" in page and "中共青溪镇委员会" in words and "青溪镇党委会议" not in words
    apply(SYSTEM)
    taken = Entry.objects.get(action=EXPORTED)
    assert taken.subject == made.reference and json.loads(taken.body)["after"] == {
        "file": "call",
        "form": "docx",
    }
    client.force_login(town.of("finance"))
    assert client.get(f"/meetings/called/{made.pk}/docx/").status_code == 403
    assert client.get(f"/meetings/called/{made.pk}/").status_code == 403

    apply(SYSTEM)
    MeetingCall.objects.update(held_on=timezone.localdate())
    client.force_login(town.of("party"))
    assert "记录会议" in client.get(f"/meetings/called/{made.pk}/").content.decode()
    form = client.get("/meetings/record/", {"call": made.pk}).content.decode()
    assert 'value="三楼会议室"' in form and len(re.findall(r'name="attended"[^>]*checked', form)) == 7
    typed_in = typed(town, tasks) | {"call": made.pk, "op": "confirm"}
    client.post("/meetings/record/", typed_in)
    apply(SYSTEM)
    assert Sitting.objects.get().call == made
    assert json.loads(Entry.objects.get(action="meeting.hold").body)["after"]["call"] == made.pk
    assert "会议已经召开并记录" in client.get(f"/meetings/called/{made.pk}/").content.decode()


@pytest.mark.parametrize(
    ("body", "issuer"), [("presidium", "青溪镇人民代表大会主席团"), ("party", "中共青溪镇委员会")]
)
def test_the_body_signs_its_notice_and_its_minutes_and_no_meeting_does(town, body, issuer):
    made = call_of(town)
    written = held(town, {d.pk: votes() for d in waiting()})
    made.body = written.body = body
    assert notice_of(made).signature == minutes_of(written).signature == issuer


def test_one_called_meeting_is_recorded_once(town):
    made = call_of(town)
    matters = {d.pk: votes() for d in waiting()}
    held(town, matters, call=made)
    with pytest.raises(Refused, match="已经记录过"):
        held(town, matters, call=made)


# ------------------------------------------------------------------------------- a meeting called off


def posted(town) -> list[Delivery]:
    """The letters of the town so far, the latest last."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    post_unit(town.unit.pk)
    return list(Delivery.objects.filter(channel="in_app").order_by("pk"))


def test_a_called_meeting_is_called_off_by_one_entry_and_every_member_is_told_why(town):
    made, other = call_of(town), town.people["party"][1]
    with pytest.raises(NotYourTurn, match="会议由召集机构的组成人员或者会议记录人取消。"):
        call_off(made.pk, actor=town.of("finance"), reason="主要领导外出。", at=timezone.now())
    with pytest.raises(Refused, match="请写明取消理由"):
        call_off(made.pk, actor=other, reason=" ", at=timezone.now())
    call_off(made.pk, actor=other, reason="主要领导外出。", at=timezone.now())
    made.refresh_from_db()
    assert (made.called_off_by, made.called_off_because) == (other, "主要领导外出。") and len(waiting()) == 2
    body = json.loads(Entry.objects.get(action="meeting.call_off").body)
    assert body["after"]["told"] == sorted(user.username for user in town.people["party"])
    assert (body["subject"], body["reason"]) == (made.reference, "主要领导外出。")
    letters = [one for one in posted(town) if one.letter == "meeting_called_off"]
    assert {one.recipient_id for one in letters} == {user.pk for user in town.people["party"]} - {other.pk}
    assert letters[0].link == f"/meetings/called/{made.pk}/"
    assert "会议取消" in letters[0].title and "取消理由：主要领导外出。" in letters[0].body


def test_what_is_called_off_replaced_or_recorded_is_not_called_off_and_not_recorded_again(town):
    def off(one: MeetingCall) -> None:
        call_off(one.pk, actor=town.of("party"), reason="改由书面征求意见。", at=timezone.now())

    first, matters = call_of(town), {d.pk: votes() for d in waiting()}
    second = call_of(town, planned=Planned(SOON + timedelta(days=1), time(15), "二楼会议室"))
    with pytest.raises(Taken, match="已经重新召集"):
        off(first)
    off(second)
    with pytest.raises(Taken, match="已经取消"):
        off(second)
    with pytest.raises(Taken, match="已经取消"):
        held(town, matters, call=second)
    third = call_of(town)
    second.refresh_from_db()
    assert second.replaced_by is None, "what is called off is replaced by nothing"
    held(town, matters, call=third)
    with pytest.raises(Taken, match="已经记录过"):
        off(third)


def test_a_notice_that_is_void_is_no_file_any_more_and_one_whose_meeting_was_held_is(client, town):
    replaced = call_of(town)
    off = call_of(town, planned=Planned(SOON + timedelta(days=1), time(15), "二楼会议室"))
    client.force_login(town.of("party"))

    def taken(one: MeetingCall) -> tuple[bool, int]:
        """Whether its page offers the file, and what its address answers."""
        address = f"/meetings/called/{one.pk}/docx/"
        offered = address in client.get(f"/meetings/called/{one.pk}/").content.decode()
        answer = client.get(address)
        if answer.status_code == 302:
            assert answer.headers["Location"] == f"/meetings/called/{one.pk}/"
        apply(SYSTEM)
        return offered, answer.status_code

    assert taken(off) == (True, 200) and taken(replaced) == (False, 302)
    call_off(off.pk, actor=town.of("party"), reason="主要领导外出。", at=timezone.now())
    assert taken(off) == (False, 302)
    followed = call_of(town)
    held(town, {d.pk: votes() for d in waiting()}, call=followed)
    assert taken(followed) == (True, 200)
    assert Entry.objects.filter(action=EXPORTED).count() == 2


def test_what_is_left_of_a_called_meeting_is_recorded_be_it_one_matter(client, town):
    one, other = waiting()
    made = call_of(town)
    complete(one.pk, actor=town.of("party"), data=meeting_of(town.people["party"], DAY), at=at(DAY, 16))
    MeetingCall.objects.update(held_on=timezone.localdate())
    client.force_login(town.of("party"))
    page = client.get(f"/meetings/called/{made.pk}/").content.decode()
    assert "已单独办结" in page and "记录会议" in page
    assert f"/meetings/record/?call={made.pk}" in client.get("/meetings/").content.decode()
    assert client.get("/meetings/record/", {"task": [other.pk]}).status_code == 302, "one matter, no notice"
    form = client.get("/meetings/record/", {"call": made.pk}).content.decode()
    assert f'name="m{other.pk}-votes_for"' in form and f'name="m{one.pk}-votes_for"' not in form
    client.post("/meetings/record/", typed(town, [other]) | {"call": made.pk, "op": "confirm"})
    apply(SYSTEM)
    assert [m.task_id for m in Sitting.objects.get(call=made).matters.all()] == [other.pk]


def test_a_called_meeting_with_nothing_left_says_so_and_is_called_off_from_its_page(client, town):
    made = call_of(town)
    Deadline.objects.filter(pk__in=made.tasks).update(cancelled=True)  # as a job of the system ends a flow
    MeetingCall.objects.update(held_on=timezone.localdate())
    client.force_login(town.of("party"))
    page = client.get(f"/meetings/called/{made.pk}/").content.decode()
    assert "没有待研究的事项" in page and "记录会议" not in page
    assert "/meetings/record/?call=" not in client.get("/meetings/").content.decode()
    sent = client.get("/meetings/record/", {"call": made.pk}, follow=True).content.decode()
    assert "会议不再召开的，请取消会议" in sent
    address = f"/meetings/call/{made.pk}/off/"
    assert address in page and client.get(address).status_code == 200
    assert client.post(address, {"reason": ""}).status_code == 422
    said = client.post(address, {"reason": "议题已另行研究。"}, follow=True).content.decode()
    assert "会议已取消" in said and "取消理由：议题已另行研究。" in said and address not in said
    assert "待召开的会议" not in client.get("/meetings/").content.decode()
    assert client.get(address).status_code == 302
    apply(SYSTEM)
    client.force_login(town.of("finance"))
    refused = client.get(address)
    assert refused.status_code == 403
    assert "会议由召集机构的组成人员或者会议记录人取消。" in refused.content.decode()


# ------------------------------------------------------------------------------- decided elsewhere

NOTHING_LEFT = "所列议题均已另行办结或者终止，会议不再召开。"


def alone(town, task: Deadline, day: str = DAY, hour: int = 16, member: int = 0) -> Entry:
    """A matter recorded on its own page, by the first member unless said."""
    members = town.people["party"]
    return complete(task.pk, actor=members[member], data=meeting_of(members, day), at=at(day, hour))


def test_a_notice_whose_last_matter_is_decided_before_its_day_is_called_off_of_itself(client, town):
    (one, other), made = waiting(), call_of(town)
    alone(town, one)
    made.refresh_from_db()
    assert made.stands, "the other matter is left"
    alone(town, other, hour=17)
    made.refresh_from_db()
    assert (made.called_off_by, made.called_off_because) == (town.of("party"), NOTHING_LEFT)
    body = json.loads(Entry.objects.get(action="meeting.call_off").body)
    assert (body["subject"], body["reason"], body["office"]) == (made.reference, NOTHING_LEFT, "party")
    letters = [one for one in posted(town) if one.letter == "meeting_called_off"]
    members = {user.pk for user in town.people["party"]}
    assert {one.recipient_id for one in letters} == members - {town.of("party").pk}
    assert NOTHING_LEFT in letters[0].body
    client.force_login(town.of("party"))
    assert "待召开的会议" not in client.get("/meetings/").content.decode()
    calendar = client.get("/calendar/", {"year": SOON.year, "month": SOON.month}).content.decode()
    assert f"/meetings/called/{made.pk}/" not in calendar


def test_a_joint_meeting_before_the_called_day_leaves_the_notice_nothing_too(town):
    made = call_of(town)
    held(town, {one.pk: votes() for one in waiting()})
    made.refresh_from_db()
    assert made.called_off_because == NOTHING_LEFT
    assert Entry.objects.filter(action="meeting.call_off").count() == 1


def test_a_notice_whose_matters_are_called_off_is_called_off_by_whoever_did(town):
    (one, other), made = waiting(), call_of(town)
    act = town.act("chair", at(DAY))
    cancel_flow(one.task.process, act, reason="年度工作终止。")
    made.refresh_from_db()
    assert made.stands
    cancel_flow(other.task.process, act, reason="年度工作终止。")
    made.refresh_from_db()
    assert (made.called_off_by, made.called_off_because) == (town.of("chair"), NOTHING_LEFT)


def test_a_job_of_the_system_calls_no_meeting_off(town):
    made = call_of(town)
    for one in waiting():
        cancel_flow(one.task.process, Act(None, "system", town.unit, at(DAY)), reason="年度工作终止。")
    made.refresh_from_db()
    assert made.stands


def test_from_its_day_on_a_called_meeting_is_recorded_by_its_notice_or_called_off_first(town):
    (one, other), made = waiting(), come(call_of(town))
    why = "此事项已列入2026年8月20日的会议通知，请从会议通知记录会议"
    with pytest.raises(Obstructed, match=why):
        alone(town, one)
    with pytest.raises(Refused, match=why):
        held(town, {row.pk: votes() for row in (one, other)})
    assert len(waiting()) == 2 and not Meeting.objects.exists()
    held(town, {one.pk: votes()}, call=made)
    alone(town, other)  # the notice is used up
    assert not waiting() and not Entry.objects.filter(action="meeting.call_off").exists()


def test_a_called_meeting_that_was_not_held_is_called_off_and_its_matter_recorded_alone(client, town):
    (one, other), made = waiting(), call_of(town)
    MeetingCall.objects.update(held_on=timezone.localdate())
    client.force_login(town.of("party"))
    data = meeting_of(town.people["party"], timezone.localdate().isoformat()) | {"op": "confirm"}
    refused = client.post(f"/tasks/{one.pk}/", data)
    page = refused.content.decode()
    assert refused.status_code == 409 and "请先取消该会议通知" in page
    assert f"/meetings/called/{made.pk}/" in page
    apply(SYSTEM)
    call_off(made.pk, actor=town.of("party"), reason="主要领导外出。", at=timezone.now())
    assert client.post(f"/tasks/{one.pk}/", data).status_code == 302
    apply(SYSTEM)
    assert [row.pk for row in waiting()] == [other.pk]


# ------------------------------------------------------------------------------- recorded from its notice


def on_its_day(client, town, made: MeetingCall, tasks) -> dict[str, object]:
    """The day of a called meeting has come, and one of the body has its record typed and checked; what was typed."""
    MeetingCall.objects.filter(pk=made.pk).update(held_on=timezone.localdate())
    client.force_login(town.of("party"))
    data = typed(town, tasks) | {"call": made.pk, "place": "二楼党员活动室"}
    data |= {f"m{tasks[-1].pk}-minutes": "会议听取汇报，原则同意。"}
    assert "请核对后确认" in client.post("/meetings/record/", data).content.decode()
    apply(SYSTEM)
    return data | {"op": "confirm"}


def called_anew(made: MeetingCall, **more: Any) -> MeetingCall:
    """The same meeting called once more, for another day or on other matters."""
    kept = ("unit", "seat", "body", "hour", "place", "tasks", "called_by", "at")
    later = MeetingCall.objects.create(**{f: getattr(made, f) for f in kept} | {"held_on": SOON} | more)
    MeetingCall.objects.filter(pk=made.pk).update(replaced_by=later)
    return later


@dataclass
class Fallen:
    """A notice that has fallen while its meeting was typed. sent: what the page was sent with; later: what replaced it."""

    made: MeetingCall
    later: MeetingCall | None
    tasks: list[Deadline]
    sent: dict[str, object]

    @property
    def shown(self) -> dict[str, object]:
        """What the page that is shown again sends."""
        rest = {name: value for name, value in self.sent.items() if name not in ("call", "op")}
        return rest | ({"call": self.later.pk} if self.later else {})


@pytest.fixture
def fallen(client, town) -> Callable[[int, bool], Fallen]:
    """Of so many matters that are left; off: called off, else called anew for a day to come."""

    def made_fall(left: int, off: bool) -> Fallen:
        both, made = waiting(), call_of(town)
        if left == 1:
            data = meeting_of(town.people["party"], DAY)
            complete(both[0].pk, actor=town.of("party"), data=data, at=at(DAY, 16))
        sent = on_its_day(client, town, made, both[-left:])
        if off:
            call_off(made.pk, actor=town.of("party"), reason="主要领导外出。", at=timezone.now())
        return Fallen(made, None if off else called_anew(made), both[-left:], sent)

    return made_fall


@pytest.mark.parametrize("left", [2, 1])
@pytest.mark.parametrize(("off", "why"), [(True, "这次会议已经取消。"), (False, "以新的会议通知为准。")])
def test_a_notice_that_falls_while_the_meeting_is_typed_records_nothing_and_what_was_typed_stays(
    client, fallen, left, off, why
):
    notice = fallen(left, off)
    for op in ("confirm", "submit", "edit"):
        answer = client.post("/meetings/record/", notice.sent | {"op": op})
        page = answer.content.decode()
        assert answer.status_code == 409 and why in page
        assert 'value="二楼党员活动室"' in page and "会议听取汇报，原则同意。" in page
        assert f'href="/meetings/called/{(notice.later or notice.made).pk}/"' in page
    assert re.findall(r'name="call" value="(\d+)"', page) == ([str(notice.later.pk)] if notice.later else [])
    apply(SYSTEM)
    assert not Sitting.objects.exists() and len(waiting()) == left
    opened = client.get("/meetings/record/", {"call": notice.made.pk})
    assert opened.status_code == 302 and opened.headers["Location"] == f"/meetings/called/{notice.made.pk}/"


@pytest.mark.parametrize("left", [2, 1])
def test_the_page_shown_again_is_recorded_by_the_new_notice_and_not_before_its_day(
    client, town, fallen, left
):
    notice = fallen(left, False)
    early = client.post("/meetings/record/", notice.shown | {"op": "confirm"})
    assert early.status_code == 422 and "不能记录为在此之前召开" in early.content.decode()
    apply(SYSTEM)
    with pytest.raises(Refused, match="不能记录为在此之前召开"):
        hold(
            {one.pk: votes() for one in notice.tasks},
            called=called(town),
            actor=town.of("party"),
            at=at(DAY, 15),
            call=notice.later,
        )
    MeetingCall.objects.filter(pk=notice.later.pk).update(held_on=timezone.localdate())
    client.post("/meetings/record/", notice.shown | {"op": "confirm"})
    apply(SYSTEM)
    assert Sitting.objects.get().call == notice.later and waiting() == []


def test_the_page_shown_again_of_a_meeting_called_off_is_recorded_without_notice(client, fallen):
    client.post("/meetings/record/", fallen(2, True).shown | {"op": "confirm"})
    apply(SYSTEM)
    assert Sitting.objects.get().call is None and waiting() == []


def test_of_a_meeting_called_off_the_one_matter_left_is_recorded_on_its_own_page(client, town, fallen):
    notice = fallen(1, True)
    refused = client.post("/meetings/record/", notice.shown | {"op": "confirm"})
    assert refused.status_code == 409 and "只有一项议题" in refused.content.decode()
    day, [task] = timezone.localdate(), notice.tasks
    sent = {name: value for name, value in notice.shown.items() if name != "held_on"}
    sent |= {"held_on_year": day.year, "held_on_month": day.month, "held_on_day": day.day}
    saved = client.post("/meetings/record/", sent | {"op": "save"}, follow=True)
    assert saved.redirect_chain[-1][0] == f"/tasks/{task.pk}/" and "草稿已保存" in saved.content.decode()
    apply(SYSTEM)
    claim(task.pk, actor=town.of("party"), at=timezone.now())
    page = client.get(f"/tasks/{task.pk}/").content.decode()
    assert "会议听取汇报，原则同意。" in page and f'name="held_on_year" value="{day.year}"' in page


def test_a_draft_saved_when_the_notice_has_fallen_is_found_again(client, town):
    both, made = waiting(), call_of(town)
    data = on_its_day(client, town, made, both)
    call_off(made.pk, actor=town.of("party"), reason="主要领导外出。", at=timezone.now())
    saved = client.post("/meetings/record/", data | {"op": "save"}, follow=True)
    page = saved.content.decode()
    assert saved.status_code == 200 and "草稿已保存" in page and 'name="call"' not in page
    assert "这次会议已经取消。" in page and "不关联原通知" in page
    assert 'value="二楼党员活动室"' in page and "会议听取汇报，原则同意。" in page


def test_what_was_typed_of_a_meeting_all_of_whose_matters_are_taken_is_shown_to_be_copied(client, town):
    tasks, made = waiting(), call_of(town)
    data = on_its_day(client, town, made, tasks)
    for task in tasks:
        claim(task.pk, actor=town.people["party"][1], at=timezone.now())
    for sent in (data, {name: value for name, value in data.items() if name != "call"}):
        answer = client.post("/meetings/record/", sent)
        page = answer.content.decode()
        assert answer.status_code == 409 and page.count("认领，不列入本次记录") >= 2
        assert "会议听取汇报，原则同意。" in page and 'value="二楼党员活动室"' in page
        assert "赞成" in page and 'value="submit"' not in page and "data-draft" not in page
        apply(SYSTEM)
    assert not Sitting.objects.exists()


def test_what_was_typed_on_a_matter_the_new_notice_leaves_out_is_kept_with_that_matter(client, town):
    one, other = waiting()
    made = call_of(town)
    data = on_its_day(client, town, made, [one, other]) | {f"m{one.pk}-minutes": "先行研究第一项。"}
    later = called_anew(made, tasks=[other.pk], held_on=timezone.localdate())
    page = client.post("/meetings/record/", data).content.decode()
    assert "不在现行会议通知的议题之中" in page and "先行研究第一项。" in page
    assert f'name="m{one.pk}-votes_for"' not in page and f'name="m{other.pk}-votes_for"' in page
    held_back = f"m{one.pk}-"
    there = {name: value for name, value in data.items() if not name.startswith(held_back)}
    client.post("/meetings/record/", there | {"task": [other.pk], "call": later.pk, "op": "save"})
    again = client.get("/meetings/record/", {"call": later.pk}).content.decode()
    apply(SYSTEM)
    claim(one.pk, actor=town.of("party"), at=timezone.now())
    assert "先行研究第一项。" in client.get(f"/tasks/{one.pk}/").content.decode()
    assert "会议听取汇报，原则同意。" in again and 'value="二楼党员活动室"' in again


def test_the_new_notices_further_matter_is_on_the_page_that_is_shown_again(client, db):
    apply(SYSTEM)
    town = begun(3)
    one, two, three = waiting()
    made = call_of(town, tasks=[one, two])
    data = on_its_day(client, town, made, [one, two])
    called_anew(made, tasks=[one.pk, two.pk, three.pk], held_on=timezone.localdate())
    page = client.post("/meetings/record/", data).content.decode()
    assert f'name="m{three.pk}-votes_for"' in page and "会议听取汇报，原则同意。" in page


def test_what_was_typed_by_a_notice_that_has_fallen_is_found_by_what_took_its_place_and_cleared_with_it(
    client, town
):
    both, made = waiting(), call_of(town)
    client.force_login(town.of("party"))
    first = typed(town, both) | {"call": made.pk, "place": "二楼党员活动室", "op": "keep"}
    assert client.post("/meetings/record/", first).status_code == 200
    apply(SYSTEM)
    later = PLANNED
    for _again in range(2):
        later = replace(later, held_on=later.held_on + timedelta(days=1))
        made = call_of(town, planned=later)
    opened = {"call": made.pk}
    assert 'value="二楼党员活动室"' in client.get("/meetings/record/", opened).content.decode()
    apply(SYSTEM)
    call_off(made.pk, actor=town.of("party"), reason="主要领导外出。", at=timezone.now())
    again = client.post(
        "/meetings/record/", typed(town, both) | {"call": made.pk, "op": "discard"}, follow=True
    )
    assert "草稿已清除" in again.content.decode() and 'value="二楼党员活动室"' not in again.content.decode()


def test_a_meeting_without_notice_sent_twice_leads_to_its_record(client, town):
    tasks = waiting()
    client.force_login(town.of("party"))
    sent = typed(town, tasks) | {"op": "confirm"}
    client.post("/meetings/record/", sent)
    apply(SYSTEM)
    made = Sitting.objects.get()
    assert client.post("/meetings/record/", sent).headers["Location"] == f"/meetings/{made.pk}/"


def test_a_draft_saved_beside_a_matter_somebody_has_taken_says_what_is_not_in_it(client, db):
    apply(SYSTEM)
    town = begun(3)
    tasks = waiting()
    client.force_login(town.of("party"))
    data = typed(town, tasks) | {f"m{tasks[0].pk}-minutes": "第一项的纪要。", "op": "save"}
    claim(tasks[0].pk, actor=town.people["party"][1], at=timezone.now())
    answer = client.post("/meetings/record/", data)
    page = answer.content.decode()
    assert answer.status_code == 409 and "草稿已保存" in page and "第一项的纪要。" in page
    assert "不列入本次记录" in page


def test_a_call_whose_matters_are_taken_while_it_is_typed_keeps_its_words(client, town):
    tasks = waiting()
    claim(tasks[0].pk, actor=town.people["party"][1], at=timezone.now())
    client.force_login(town.of("party"))
    data = {
        "task": [task.pk for task in tasks],
        "held_on": SOON.isoformat(),
        "hour": "9:00",
        "place": "会议室",
    }
    answer = client.post("/meetings/call/", data | {"words": "请带齐材料。", "op": "confirm"})
    page = answer.content.decode()
    assert answer.status_code == 409 and "不足两项" in page and "请带齐材料。" in page
    apply(SYSTEM)
    assert not MeetingCall.objects.exists()


def test_of_more_matters_than_a_meeting_may_have_the_first_are_taken_and_it_is_said(
    client, town, monkeypatch
):
    monkeypatch.setattr("workflow.inbox.meetings.MOST_MATTERS", 1)
    client.force_login(town.of("party"))
    page = client.get("/meetings/record/", {"task": [task.pk for task in waiting()]}).content.decode()
    assert "一次会议最多列 1 项议题；其余 1 项仍在待办" in page


def test_a_meeting_whose_notice_stands_is_recorded_by_it(client, town):
    tasks, made = waiting(), call_of(town)
    client.post("/meetings/record/", on_its_day(client, town, made, tasks))
    apply(SYSTEM)
    assert Sitting.objects.get().call == made
    again = client.post("/meetings/record/", typed(town, tasks) | {"call": made.pk}, follow=True)
    assert "这次会议已经记录过。" in again.content.decode()


def test_a_notice_that_is_unreadable_or_anothers_is_no_meeting_without_notice(client, town):
    tasks, made = [d.pk for d in waiting()], call_of(town)
    client.force_login(town.of("party"))
    assert client.get("/meetings/record/", {"task": tasks}).status_code == 200
    assert client.get("/meetings/record/", {"task": tasks, "call": made.pk}).status_code == 200
    assert client.get("/meetings/record/", {"task": tasks, "call": "²"}).status_code == 404
    assert client.get("/meetings/record/", {"task": tasks, "call": made.pk + 999}).status_code == 404
    client.force_login(town.of("finance"))
    assert client.get("/meetings/record/", {"task": tasks, "call": made.pk}).status_code == 403


def test_a_matter_of_the_agenda_a_colleague_has_claimed_is_named_and_not_dropped_in_silence(client, town):
    one, other = waiting()
    made, colleague = call_of(town), town.people["party"][1]
    data = on_its_day(client, town, made, [one, other])
    assert "不列入本次记录" not in client.get("/meetings/record/", {"call": made.pk}).content.decode()
    apply(SYSTEM)
    claim(one.pk, actor=colleague, at=timezone.now())
    answer = client.post("/meetings/record/", data)
    page = answer.content.decode()
    assert answer.status_code == 409 and f"已由{colleague.name}认领，不列入本次记录" in page
    assert 'value="二楼党员活动室"' in page and f'name="m{one.pk}-votes_for"' not in page
    apply(SYSTEM)
    assert not Sitting.objects.exists()
    form = client.get("/meetings/record/", {"call": made.pk}).content.decode()
    rest = typed(town, [other]) | {"call": made.pk}
    for page in (form, client.post("/meetings/record/", rest).content.decode()):
        assert "会议通知所列的下列议题不在这次记录之中" in page and f"由{colleague.name}认领" in page
        assert f'href="/tasks/{one.pk}/"' in page
    client.post("/meetings/record/", rest | {"op": "confirm"})
    apply(SYSTEM)
    assert [m.task_id for m in Sitting.objects.get(call=made).matters.all()] == [other.pk]


def test_of_a_meeting_without_notice_a_matter_done_meanwhile_is_named_too(client, db):
    apply(SYSTEM)
    town = begun(3)
    one, two, three = waiting()
    data = typed(town, [one, two, three]) | {"op": "confirm"}
    complete(one.pk, actor=town.of("party"), data=meeting_of(town.people["party"], DAY), at=at(DAY, 16))
    client.force_login(town.of("party"))
    answer = client.post("/meetings/record/", data)
    assert answer.status_code == 409 and "已经办结或者终止，不列入本次记录" in answer.content.decode()
    apply(SYSTEM)
    assert not Sitting.objects.exists()
    client.post("/meetings/record/", data | {"task": [two.pk, three.pk]})
    apply(SYSTEM)
    assert Sitting.objects.get().matters.count() == 2


def test_nothing_beside_its_agenda_is_recorded_by_a_notice(client, db):
    apply(SYSTEM)
    town = begun(3)
    one, two, three = waiting()
    made = call_of(town, tasks=[one, two])
    with pytest.raises(Refused, match="会议通知没有列入"):
        held(town, {one.pk: votes(), three.pk: votes()}, call=made)
    MeetingCall.objects.update(held_on=timezone.localdate())
    client.force_login(town.of("party"))
    form = client.get("/meetings/record/", {"call": made.pk, "task": three.pk}).content.decode()
    assert f'name="m{one.pk}-votes_for"' in form and f'name="m{three.pk}-votes_for"' not in form
    beside = typed(town, [three]) | {"call": made.pk, "op": "confirm"}
    refused = client.post("/meetings/record/", beside)
    assert refused.status_code == 409 and "不在现行会议通知的议题之中" in refused.content.decode()
    apply(SYSTEM)
    assert not Sitting.objects.exists()
    assert held(town, {one.pk: votes(), two.pk: votes()}, call=made).call == made


# ------------------------------------------------------------------------------- a meeting found again


def test_a_meeting_held_is_found_again_from_the_list_its_matters_and_its_years(client, town):
    tasks = waiting()
    made = held(town, {d.pk: votes() for d in tasks})
    found = f'href="/meetings/{made.pk}/"'
    pages = ["/meetings/", *(f"/tasks/{d.pk}/" for d in tasks)]
    pages += [f"/years/{cycle.pk}/" for cycle in Cycle.objects.filter(unit=town.unit)]
    assert len(pages) == 5
    for office in ("party", "chair"):
        apply(SYSTEM)
        client.force_login(town.of(office))
        assert 'href="/meetings/"' in client.get("/inbox/").content.decode()
        for page in pages:
            assert found in client.get(page).content.decode(), (office, page)
        listed = client.get("/meetings/").content.decode()
        assert f"/meetings/{made.pk}/docx/" in listed and "党委会议</span>" in listed
    for office in ("finance", "clerk"):  # who does not read how the Party committee met
        apply(SYSTEM)
        client.force_login(town.of(office))
        for page in pages:
            assert found not in client.get(page).content.decode(), (office, page)
    client.force_login(town.of("finance"))
    assert 'href="/meetings/"' not in client.get("/inbox/").content.decode()


def test_a_matter_on_the_agenda_of_a_called_meeting_says_so_until_it_is_called_off(client, town):
    made, one = call_of(town), waiting()[0]
    client.force_login(town.of("party"))
    assert f'href="/meetings/called/{made.pk}/"' in client.get(f"/tasks/{one.pk}/").content.decode()
    apply(SYSTEM)
    call_off(made.pk, actor=town.of("party"), reason="主要领导外出。", at=timezone.now())
    assert "/meetings/called/" not in client.get(f"/tasks/{one.pk}/").content.decode()


def test_one_meeting_and_many_are_listed_with_the_same_number_of_queries(client, town):
    made = held(town, {d.pk: votes() for d in waiting()})
    client.force_login(town.of("chair"))
    client.get("/meetings/")
    with CaptureQueriesContext(connection) as one:
        client.get("/meetings/")
    apply(SYSTEM)
    for day in range(1, 5):
        made.pk, made.held_on = None, date(2026, 9, day)
        made.save()
    with CaptureQueriesContext(connection) as five:
        page = client.get("/meetings/").content.decode()
    assert page.count("下载纪要（Word）") == 5 and len(five) == len(one)


# ------------------------------------------------------------------------------- the clerk and the presidium


def test_the_clerk_calls_the_presidium_on_three_matters_records_from_the_notice_and_takes_the_minutes(
    client, town
):
    there = township("T02", name="柳河镇")
    ask_to_withdraw(there, year_at_step_3(there), 3)
    tasks = list(Deadline.objects.filter(key="deliberation.consent_withdraw").order_by("pk"))
    presidium, clerk = there.people["presidium"], there.of("clerk")
    client.force_login(clerk)
    assert client.get("/meetings/").content.decode().count('name="task"') == 3
    notice = {
        "task": [d.pk for d in tasks],
        "held_on": SOON.isoformat(),
        "hour": "9:00",
        "place": "主席团会议室",
        "op": "confirm",
    }
    page = client.post("/meetings/call/", notice, follow=True).content.decode()
    apply(SYSTEM)
    made = MeetingCall.objects.get()
    assert "柳河镇人民代表大会主席团" in page and presidium[0].name in page
    who = dict(re.findall(r"<dt[^>]*>\s*(召集人|经办人)\s*</dt>\s*<dd[^>]*>\s*([^<\s]+)", page))
    assert who == {"召集人": there.of("chair").name, "经办人": clerk.name}
    told = json.loads(Entry.objects.get(action="meeting.call").body)["after"]["told"]
    assert told == sorted(user.username for user in presidium)
    assert {one.recipient_id for one in posted(there) if one.letter == "meeting_called"} == {
        user.pk for user in presidium
    }

    MeetingCall.objects.update(held_on=timezone.localdate())  # the day has come
    assert f"/meetings/record/?call={made.pk}" in client.get("/meetings/").content.decode()
    form = client.get("/meetings/record/", {"call": made.pk}).content.decode()
    assert 'value="主席团会议室"' in form and all(f'name="m{d.pk}-votes_for"' in form for d in tasks)
    attended = [user.pk for user in presidium]
    record = {
        "call": made.pk,
        "task": [d.pk for d in tasks],
        "held_on": timezone.localdate().isoformat(),
        "place": "主席团会议室",
        "presided_by": attended[0],
        "attended": attended,
    }
    n = len(presidium)
    for deadline, agree in zip(tasks, (True, True, False), strict=True):
        given = {"votes_for": n, "votes_against": 0} if agree else {"votes_for": 0, "votes_against": n}
        given |= {"votes_abstain": 0, "minutes": "会议研究了撤回申请。"}
        given |= {} if agree else {"words": "群众呼声较高，仍提交票决。"}
        record |= {f"m{deadline.pk}-{name}": value for name, value in given.items()}
    assert "请核对后确认" in client.post("/meetings/record/", record).content.decode()
    done = client.post("/meetings/record/", record | {"op": "confirm"}, follow=True).content.decode()
    assert "3 项议题均已办结" in done
    apply(SYSTEM)
    sitting = Sitting.objects.get()
    assert (sitting.call, sitting.body, sitting.recorded_by) == (made, "presidium", clerk)
    assert [m.agreed for m in sitting.matters.order_by("pk")] == [True, True, False]
    entries = Entry.objects.filter(action="deliberation.consent_withdraw")
    assert {json.loads(entry.body)["office"] for entry in entries} == {"clerk"}, (
        "who wrote it down, not who decided"
    )
    file = client.get(f"/meetings/{sitting.pk}/docx/").content
    words = [p.text for p in docx.Document(io.BytesIO(file)).paragraphs]
    assert "柳河镇人大主席团会议纪要" in words and "柳河镇人民代表大会主席团" in words
    assert all(any(title in line for line in words) for title in TITLES[:3])
    assert [line.split("。")[-2] for line in words if line.startswith("表决：")] == [
        "会议同意撤回", "会议同意撤回", "会议不同意撤回"
    ]  # fmt: skip
    assert "不同意撤回的理由：群众呼声较高，仍提交票决。" in words
    assert f"召集：{there.of('chair').name}" in words and f"记录：{clerk.name}" in words


def test_the_partys_office_calls_and_records_its_meeting_and_has_neither_seat_nor_vote_in_it(client, town):
    tasks, office, members = waiting(), town.of("gov_clerk"), town.people["party"]
    client.force_login(office)
    assert 'href="/meetings/"' in client.get("/inbox/").content.decode()
    assert client.get("/meetings/").content.decode().count('name="task"') == 2
    apply(SYSTEM)
    made = come(call_of(town, "gov_clerk"))
    told = json.loads(Entry.objects.get(action="meeting.call").body)["after"]["told"]
    assert told == sorted(user.username for user in members) and office.username not in told
    matters = {d.pk: votes() for d in tasks}
    there = Called(date.fromisoformat(DAY), "三楼会议室", members[0], [*members[:5], office])
    with pytest.raises(Refused, match=f"{office.name}在会议当日不是组成人员"):
        hold(matters, called=there, actor=office, at=at(DAY, 15), call=made)
    for stranger in ("clerk", "mayor"):
        with pytest.raises(NotYourTurn):
            hold(matters, called=called(town), actor=town.of(stranger), at=at(DAY, 15), call=made)
    sitting = hold(matters, called=called(town), actor=office, at=at(DAY, 15), call=made)
    assert (sitting.recorded_by, sitting.attended.count(), sitting.members) == (office, 5, 7)
    assert f"记录：{office.name}" in [
        part.text for part in minutes_of(sitting).parts if hasattr(part, "text")
    ]


# ------------------------------------------------------------------------------- drafts of the joint page


def drafted(client, town, tasks, **more):
    """What the page sends by itself while one types, and what it is when it is opened again."""
    client.force_login(town.of("party"))
    data = typed(town, tasks) | {"op": "keep", **more}
    answer = client.post("/meetings/record/", data)
    apply(SYSTEM)
    return answer


def reopened(client, tasks) -> str:
    page = client.get("/meetings/record/", {"task": [d.pk for d in tasks]}).content.decode()
    apply(SYSTEM)
    return page


def test_what_one_types_of_a_joint_meeting_is_kept_and_comes_back(client, town):
    tasks, before = waiting(), Entry.objects.count()
    answer = drafted(client, town, tasks, **{f"m{tasks[0].pk}-minutes": "会议听取汇报，原则同意。"})
    assert answer.status_code == 200 and "草稿已保存" in answer.json()["said"]
    assert not Sitting.objects.exists() and Entry.objects.count() == before
    page = reopened(client, tasks)
    assert "会议听取汇报，原则同意。" in page and 'value="三楼会议室"' in page and "草稿保存于" in page
    assert len(re.findall(r'name="attended"[^>]*checked', page)) == 5 and "请填写" not in page
    other = client.get(f"/tasks/{tasks[0].pk}/").content.decode()
    assert "会议听取汇报，原则同意。" in other, "typed on the joint page it is on the matter's own page too"
    apply(SYSTEM)
    client.post("/meetings/record/", typed(town, tasks) | {"op": "confirm"})
    apply(SYSTEM)
    assert Sitting.objects.exists() and not Draft.objects.filter(key__startswith="sitting:").exists()


def test_what_was_typed_on_a_matter_alone_is_on_the_joint_page(client, town):
    tasks = waiting()
    client.force_login(town.of("party"))
    client.post(
        f"/tasks/{tasks[1].pk}/", {"op": "keep", "minutes": "会上意见：预算须核实。", "votes_for": "5"}
    )
    apply(SYSTEM)
    page = reopened(client, tasks)
    assert "会上意见：预算须核实。" in page and page.count("会上意见") == 1


def test_a_draft_of_a_joint_meeting_is_its_writers_alone_and_thrown_away(client, town):
    tasks = waiting()
    drafted(client, town, tasks, place="二楼党员活动室")
    client.force_login(town.people["party"][2])
    assert "二楼党员活动室" not in reopened(client, tasks)
    client.force_login(town.of("party"))
    assert "二楼党员活动室" in reopened(client, tasks)
    answer = client.post("/meetings/record/", typed(town, tasks) | {"op": "discard"}, follow=True)
    apply(SYSTEM)
    assert "草稿已清除" in answer.content.decode()
    assert not Draft.objects.filter(user=town.of("party")).exists()
    assert "二楼党员活动室" not in reopened(client, tasks)


def test_the_button_keeps_a_joint_meeting_without_script(client, town):
    tasks = waiting()
    client.force_login(town.of("party"))
    answer = client.post("/meetings/record/", typed(town, tasks) | {"op": "save"}, follow=True)
    page = answer.content.decode()
    assert "草稿已保存，下次打开接着填" in page and 'value="三楼会议室"' in page and "清除草稿" in page


def test_a_matter_done_meanwhile_is_no_longer_typed_on(client, town):
    tasks = waiting()
    held(town, {d.pk: votes() for d in tasks})
    refused = drafted(client, town, tasks)
    assert refused.status_code == 409 and "已经办结或者终止" in refused.json()["said"]
    assert not Draft.objects.filter(key__startswith="sitting:").exists()


def test_the_draft_of_a_called_meeting_is_kept_by_its_notice(client, town):
    tasks, made = waiting(), call_of(town)
    MeetingCall.objects.update(held_on=timezone.localdate())
    drafted(client, town, tasks, call=str(made.pk), place="二楼党员活动室")
    page = client.get("/meetings/record/", {"call": made.pk}).content.decode()
    apply(SYSTEM)
    assert 'value="二楼党员活动室"' in page
    assert "二楼党员活动室" not in reopened(client, tasks), "another meeting begins empty"
