"""T and T2 are moved by an act of their own: checked first, told in full, and taken by every year of the session."""

from __future__ import annotations

import json
import re
from datetime import date

import pytest
from django.db import transaction
from django.utils import timezone

from projects.cycles.deadlines_moving import coming, hangs_on_a_session
from projects.cycles.models import CycleSession, Paper, Session, SessionState
from projects.cycles.moving import movable, table_of_move, told_of_move
from projects.cycles.selectors import session_date
from projects.cycles.services import fix_session
from projects.deliberation.selectors import candidates_of
from projects.demo.play import deliberation as play
from projects.lifecycle.intake import start_year
from tests.builders import at, meeting_of, open_task, township
from tests.projects.deliberation.test_deliberation import (  # noqa: F401
    PLAN,
    SEATS,
    T,
    cycle,
    prepared,
    town,
)
from tests.projects.portal.public_world import cycle_of
from workflow.audit.models import Entry
from workflow.flows.errors import InvalidForm, NotYourTurn
from workflow.flows.events import perform
from workflow.flows.models import Deadline
from workflow.machines.services import fire
from workflow.people.isolation import SYSTEM, apply

pytestmark = pytest.mark.django_db
MOVE, DECIDE = "cycles.move_session", "deliberation.move_session"
WORDS = {"reason": "与上级会议时间冲突。"}


@pytest.fixture
def hall(db):
    apply(SYSTEM)
    return township()


@pytest.fixture
def planned(hall):
    """A year in preparation, its sessions only planned."""
    return start_year(
        hall.act("chair", at("2026-08-03")),
        year=2027,
        opens_on=date(2026, 9, 1),
        planned_t=date(2027, 1, 20),
        planned_t2=date(2028, 1, 18),
    )


def move(
    hall, year, use: str, day: str, *, office: str = "chair", on: str = "2026-08-10", key: str = MOVE, **more
):
    data = {"use": use, "new_day": day} | WORDS | more
    return perform(key, year, actor=hall.of(office), data=data, at=at(on))


def test_the_chair_moves_t_and_the_entry_says_why(hall, planned):
    entry = move(hall, planned, "vote", "2027-01-27")
    planned.refresh_from_db()
    assert planned.planned_t == date(2027, 1, 27) == session_date(planned, "vote")
    assert json.loads(entry.body)["reason"] == WORDS["reason"]
    moved = Entry.objects.get(action="cycle.move_session")
    assert json.loads(moved.body)["before"] == {"planned_t": "2027-01-20"}


@pytest.mark.parametrize("office", ["clerk", "mayor", "deputy", "gov_clerk"])
def test_nobody_but_the_chair_moves_a_planned_session(hall, planned, office):
    with pytest.raises(NotYourTurn, match="人大主席"):
        move(hall, planned, "vote", "2027-01-27", office=office)
    move(hall, planned, "vote", "2027-01-27")


@pytest.mark.parametrize(
    ("use", "day", "why"),
    [
        ("vote", "2026-08-10", "须晚于今天"),
        ("vote", "2027-01-20", "与原定日期相同"),
        ("vote", "2028-02-01", "应晚于票决会议"),
        ("vote", "2026-12-20", "晚于主席团决定列入议程的期限"),
        ("evaluation", "2027-02-10", "没有实施时间"),
    ],
)
def test_a_day_that_cannot_hold_is_refused(hall, planned, use, day, why):
    with pytest.raises(InvalidForm, match=why):
        move(hall, planned, use, day)
    move(hall, planned, use, "2027-01-27" if use == "vote" else "2028-01-25")


def test_a_year_that_is_late_may_still_be_moved_to_a_later_day_and_is_told_what_does_not_fit(hall, planned):
    type(planned).objects.filter(pk=planned.pk).update(planned_t=date(2026, 12, 1))
    planned.refresh_from_db()
    assert any("晚于主席团" in line for line in told_of_move(planned, "vote", date(2026, 12, 15)))
    move(hall, planned, "vote", "2026-12-15")
    with pytest.raises(InvalidForm, match="晚于主席团"):
        move(hall, planned, "vote", "2026-12-08")


def test_the_page_counts_and_names_the_deadlines_before_it_moves_them(client, town, prepared, monkeypatch):  # noqa: F811
    held = Deadline.objects.filter(about=prepared.reference, done_at=None, cancelled=False)
    before = dict(held.values_list("key", "due_on"))
    on_the_day = [key for key, due in before.items() if due == T]
    assert on_the_day
    monkeypatch.setattr(timezone, "now", lambda: at("2027-01-13"))
    client.force_login(town.of("clerk"))
    address = f"/do/{DECIDE}/{prepared.pk}/"
    data = {"use": "vote", "new_day": "2027-01-27", "body": "改期通知。"} | WORDS
    data |= meeting_of(town.people["presidium"], "2027-01-12")
    check = client.post(address, data | {"op": "submit"}).content.decode()
    apply(SYSTEM)
    assert "项期限随之变动" in check and "2027年1月27日" in check
    table = check.partition("项期限随之改动")[2].partition("</table>")[0]
    assert table.count("办理中") == len([key for key in before if hangs_on_a_session(prepared, key)])
    assert table.count("未开始") == len(coming(prepared, vote=date(2027, 1, 27))) > 0
    assert dict(held.values_list("key", "due_on")) == before, "nothing moves before it is confirmed"
    done = client.post(address, data | {"op": "confirm"})
    apply(SYSTEM)
    assert done.status_code == 302
    after = dict(held.values_list("key", "due_on"))
    assert {after[key] for key in on_the_day} == {date(2027, 1, 27)}


def test_the_step_bar_of_an_act_on_the_year_says_where_the_year_is(client, town, prepared):  # noqa: F811
    client.force_login(town.of("chair"))
    page = client.get(f"/do/cycles.move_session/{prepared.pk}/").content.decode()
    apply(SYSTEM)
    assert re.findall(r'aria-current="step"><span class="step-dot" aria-hidden="true">(\d)', page) == ["3"]


def test_a_published_day_is_moved_by_the_presidium_alone_and_published_again(town, prepared):  # noqa: F811
    with pytest.raises(InvalidForm, match="调整哪次会议"):
        move(town, prepared, "vote", "2027-01-27", on="2027-01-13")
    meeting = meeting_of(town.people["presidium"], "2027-01-12")
    one = meeting | {"attended": meeting["attended"][:1], "votes_for": 1}
    more = {"office": "clerk", "on": "2027-01-13", "key": DECIDE, "body": "会议改期。"}
    with pytest.raises(InvalidForm):
        move(town, prepared, "vote", "2027-01-27", **more, **one)
    move(town, prepared, "vote", "2027-01-27", **more, **meeting)
    notice = Paper.objects.filter(cycle=prepared, kind="convening").latest("pk")
    assert "改期" in notice.title and notice.published_at and notice.data["held_on"] == "2027-01-27"
    assert "少于规定的 15 天" in notice.data["warnings"][0]
    assert Paper.objects.filter(cycle=prepared, kind="minutes", title__contains="改期").exists()


def test_one_session_of_two_years_moves_for_both(hall):
    voted = cycle_of(hall, "begin_selection", "begin_deliberation", "begin_vote", "begin_supervision")
    coming = cycle_of(hall, year=2028)
    act = hall.act("chair", at("2027-09-01"))
    day = date(2028, 1, 18)
    for year, use in ((voted, "evaluation"), (coming, "vote")):
        fix_session(act, year, use=use, term=18, number=4, held_on=day)
    assert CycleSession.objects.filter(session=Session.objects.get()).count() == 2
    both = table_of_move(coming, "vote", date(2028, 2, 24))
    assert "年度" in both.heads and {line[1] for line in both.lines} == {str(voted), str(coming)}
    move(hall, coming, "vote", "2028-02-24", on="2027-10-08")
    voted.refresh_from_db()
    coming.refresh_from_db()
    assert voted.planned_t2 == coming.planned_t == Session.objects.get().held_on == date(2028, 2, 24)
    assert Entry.objects.filter(action="cycle.move_session").count() == 2
    fire(Session.objects.get(), "convene", act)
    assert "vote" not in movable(coming, SessionState.PLANNED) and "vote" in movable(
        coming, SessionState.CONVENED
    )


@pytest.fixture
def agenda(town, cycle):  # noqa: F811
    """A year whose presidium is about to decide the agenda and the session's day; what it would send."""
    play.play_report(town, cycle, t=T, **PLAN)
    data = meeting_of(town.people["presidium"], "2026-12-29")
    return data | {
        "session_on": T.isoformat(),
        "session_days": "1",
        "seats": SEATS,
        "candidates": [str(item.pk) for item in candidates_of(cycle)],
        "agenda": play.AGENDA,
        "attending": play.ATTENDING,
    }


def test_a_task_that_moves_the_session_shows_what_moves_before_it_is_confirmed(
    client,
    town,  # noqa: F811
    cycle,  # noqa: F811
    agenda,
    monkeypatch,
):
    task = open_task("deliberation.agenda")
    monkeypatch.setattr(timezone, "now", lambda: at("2026-12-29"))
    client.force_login(town.of("clerk"))
    later = agenda | {"session_on": "2027-01-27", "op": "submit"}
    check = client.post(f"/tasks/{task.pk}/", later).content.decode()
    apply(SYSTEM)
    held = Deadline.objects.filter(about=cycle.reference, done_at=None, cancelled=False)
    before = dict(held.values_list("key", "due_on"))
    table = check.partition("项期限随之改动")[2].partition("</table>")[0]
    assert (
        "印发会议材料" in table
        and "未开始" in table
        and "主席团决定" not in table
        and open_task("deliberation.agenda")
    )
    assert client.post(f"/tasks/{task.pk}/", later | {"op": "confirm"}).status_code == 302
    apply(SYSTEM)
    cycle.refresh_from_db()
    assert cycle.planned_t == date(2027, 1, 27)
    after = dict(held.values_list("key", "due_on"))
    assert all(
        after[key] != before[key] for key in set(before) & set(after) if hangs_on_a_session(cycle, key)
    )


def test_a_task_that_leaves_the_session_where_it_is_is_done_at_once(
    client,
    town,  # noqa: F811
    agenda,
    monkeypatch,
):
    task = open_task("deliberation.agenda")
    monkeypatch.setattr(timezone, "now", lambda: at("2026-12-29"))
    client.force_login(town.of("clerk"))
    assert client.post(f"/tasks/{task.pk}/", agenda | {"op": "submit"}).status_code == 302
    apply(SYSTEM)
    assert not Deadline.objects.filter(key="deliberation.agenda", done_at=None).exists()


def test_a_move_that_fails_moves_nothing(hall, planned, monkeypatch):
    held = Deadline.objects.filter(about=planned.reference)
    before = list(held.order_by("pk").values_list("due_on", flat=True))

    def broken(_cycle):
        raise ZeroDivisionError

    monkeypatch.setattr("projects.cycles.services.recompute", broken)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        move(hall, planned, "vote", "2027-01-27")
    planned.refresh_from_db()
    assert planned.planned_t == date(2027, 1, 20)
    assert list(held.order_by("pk").values_list("due_on", flat=True)) == before
