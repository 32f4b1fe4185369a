"""What two people do one does not do twice: the page, the lists, the claim and the hand-over say so before anybody types."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import projects.voting.events  # noqa: F401  registers the events
from projects.cycles.services import create_cycle
from projects.demo.play.voting import Sheet, keyed, play_attendance, play_closing, play_opening
from projects.voting.desk import DESK
from tests.builders import SINCE, at, do, open_task, township
from tests.projects.voting.conftest import DAY, T, page_of, settled
from tests.projects.voting.test_voting import close, collected, counted, recount, second_pair
from tests.projects.voting.test_voting_pages import SUMS
from workflow.flows.errors import Barred, InvalidForm, NotYourTurn, Refused
from workflow.flows.models import Deadline
from workflow.flows.services import able_holders, claim, claim_all, complete, hand_over, release
from workflow.inbox.pages import next_steps
from workflow.inbox.selectors import barred_among, count_todo
from workflow.people.isolation import SYSTEM, apply
from workflow.roles.models import RoleGrant
from workflow.roles.services import grant

KEYED_ONCE = "两次录入须由不同的人分别进行，您已经录入过一次。"
KEYED_BEFORE = "复票由另外两名计票人录入，您已录入过这些票。"
MARK = "须由他人办理"


@pytest.fixture
def counting(hall):
    """The ballots are back; the first counter has keyed the first sheets."""
    play_attendance(hall.town, hall.cycle, t=T, present=43)
    play_opening(hall.town, hall.cycle, t=T, issued=43)
    play_closing(hall.town, hall.cycle, t=T, returned=43)
    key(hall, "first", 1)
    return hall


def key(hall, turn, counter):
    return do(f"voting.key_{turn}", hall.town.of("counter", counter), DAY, **keyed(hall.vote, Sheet(SUMS)))


def barred_from_keying(hall, counter):
    return DESK.barred_from_keying([hall.cycle])(hall.cycle, counter)


def signed_in(client, user, office):
    apply(SYSTEM)
    held = RoleGrant.objects.get(user=user, office=office)
    client.force_login(user)
    client.post("/office/", {"grant": held.pk})
    apply(SYSTEM)
    return held


def shown(client, address, **data):
    answer = client.post(address, data) if data else client.get(address)
    apply(SYSTEM)
    return answer.content.decode()


def as_counter(client, hall, n):
    return signed_in(client, hall.town.of("counter", n), "counter")


# --- the task's page


def test_who_keyed_the_first_sheets_reads_that_another_keys_the_second_and_gets_no_form(counting, client):
    task, (first, second) = open_task("voting.key_second"), counting.town.people["counter"]
    page = page_of("voting.key_second", first, "counter", client)
    assert "此事项须由他人办理" in page and KEYED_ONCE in page and f"可以办理的人：{second.name}。" in page
    html = shown(client, f"/tasks/{task.pk}/")
    assert 'name="valid"' not in html and 'name="own_password"' not in html and 'value="claim"' not in html
    assert 'value="hand_over"' in html, "who may not do it may give it to whoever may"
    task.refresh_from_db()
    assert task.seen_at is None, "nobody whose turn it is has seen it"

    page = page_of("voting.key_second", second, "counter", client)
    html = shown(client, f"/tasks/{task.pk}/")
    assert KEYED_ONCE not in page and 'name="valid"' in html and 'value="claim"' in html
    task.refresh_from_db()
    assert task.seen_by == second


def test_where_nobody_else_may_do_it_the_page_says_so(counting, client):
    first, second = counting.town.people["counter"]
    RoleGrant.objects.filter(user=second, office="counter").update(until=SINCE)
    page = page_of("voting.key_second", first, "counter", client)
    assert "目前没有其他可以办理的人，请告知系统管理员。" in page and "转给他人办理" not in page


def test_a_form_that_was_open_already_comes_back_with_the_reason_and_keeps_nobody_typing(counting, client):
    as_counter(client, counting, 1)
    address = f"/tasks/{open_task('voting.key_second').pk}/"
    answer = client.post(address, {"op": "submit", "valid": "", "own_password": "falsch"})
    apply(SYSTEM)
    page = answer.content.decode()
    assert answer.status_code == 409 and KEYED_ONCE in page and 'name="valid"' not in page
    assert "口令" not in page and "密码" not in re.search(r"<main.*</main>", page, re.DOTALL)[0]


# --- the service


def test_whoever_may_not_is_refused_before_the_form_is_judged_and_the_other_by_the_form(counting):
    task = open_task("voting.key_second").task_id
    first, second = counting.town.people["counter"]
    with pytest.raises(InvalidForm):
        complete(task, actor=second, data={}, at=at(DAY), reauthenticated=True)
    with pytest.raises(Barred, match=KEYED_ONCE) as refused:
        complete(task, actor=first, data={}, at=at(DAY))
    assert refused.value.code == "barred"
    with pytest.raises(NotYourTurn):
        complete(task, actor=counting.town.of("clerk"), data={}, at=at(DAY))
    key(counting, "second", 2)
    assert counting.vote.state == "keyed"


def test_whoever_may_not_do_it_takes_it_neither_alone_nor_among_others(counting):
    task = open_task("voting.key_second").task_id
    first, second = counting.town.people["counter"]
    with pytest.raises(Barred, match=KEYED_ONCE):
        claim(task, actor=first, at=at(DAY))
    with pytest.raises(Refused, match=f"“第二次录入计票.*{KEYED_ONCE}"):
        claim_all([task], actor=first, at=at(DAY))
    claim(task, actor=second, at=at(DAY))
    assert open_task("voting.key_second").task.owner == second


def test_what_was_taken_before_the_first_keying_can_be_put_back_or_given_to_who_may(hall):
    play_attendance(hall.town, hall.cycle, t=T, present=43)
    play_opening(hall.town, hall.cycle, t=T, issued=43)
    play_closing(hall.town, hall.cycle, t=T, returned=43)
    first, second = hall.town.people["counter"]
    task = open_task("voting.key_second").task_id
    claim(task, actor=first, at=at(DAY))
    key(hall, "first", 1)
    release(task, actor=first, at=at(DAY))
    hand_over(task, actor=first, to=second, reason="须由另一人录入", at=at(DAY))
    assert open_task("voting.key_second").task.owner == second
    with pytest.raises(Refused, match=f"此事项按规定不能由{first.name}办理，不能转给他。"):
        hand_over(task, actor=second, to=first, reason="请代为录入", at=at(DAY))


def test_a_hand_over_offers_only_who_may_do_it_alone_and_with_others(counting, client):
    first, second = counting.town.people["counter"]
    deadline = open_task("voting.key_second")
    assert able_holders([deadline], T) == [second]
    as_counter(client, counting, 2)
    assert 'value="hand_over"' not in shown(client, f"/tasks/{deadline.pk}/")
    page = shown(client, f"/inbox/assign/?task={deadline.pk}")
    assert first.name not in re.search(r"<main.*</main>", page, re.DOTALL)[0]
    as_counter(client, counting, 1)
    assert f'value="{second.pk}"' in shown(client, f"/inbox/assign/?task={deadline.pk}")


# --- the lists


def test_a_list_marks_what_the_person_may_not_do_and_offers_neither_doing_nor_taking_it(counting, client):
    task = open_task("voting.key_second").pk
    for n, barred in ((1, True), (2, False)):
        held = as_counter(client, counting, n)
        for address in ("/inbox/", "/inbox/queue/"):
            page = shown(client, address)
            assert (MARK in page) is barred and (f'name="claim" value="{task}"' in page) is not barred
            assert (">查看</a>" in page) is barred and (">办理</a>" in page) is not barred
        assert count_todo(held) == 1, "the figure is that of the list"


def test_two_marked_rows_read_the_record_they_are_on_as_often_as_one(counting, client):
    def reads():
        as_counter(client, counting, 1)
        shown(client, "/inbox/")
        with CaptureQueriesContext(connection) as read:
            page = shown(client, "/inbox/")
        return page.count(MARK), sum('FROM "projects_cycle"' in query["sql"] for query in read)

    one = reads()
    key(counting, "second", 2)
    recount(counting)
    close(counting, 43)
    assert (one[0], reads()) == (1, (2, one[1]))


def open_keyings(*halls):
    keys, about = ["voting.key_first", "voting.key_second"], [hall.cycle.reference for hall in halls]
    there = Deadline.objects.filter(key__in=keys, subject__in=about, done_at=None, cancelled=False)
    return list(there.select_related("task", "seat").order_by("pk"))


def statements(work):
    with CaptureQueriesContext(connection) as read:
        found = work()
    return len(read), found


def test_six_rows_of_three_votes_one_counted_twice_again_are_marked_in_as_many_statements_as_two():
    sums = {"文化礼堂": 37, "村道硬化": 6}

    def ballots_back(code):
        found = settled(list(sums), seats=1, in_office=50, code=code)
        collected(found, 43, 43)
        return found

    def marked(*halls):
        return statements(lambda: barred_among(open_keyings(*halls), keyer))

    first = ballots_back("T01")
    keyer = first.town.of("counter")
    once = marked(first)
    assert len(open_keyings(first)) == 2 and once[1] == set()
    for before, pair in (((1, 2), (3, 4)), ((3, 4), (5, 6))):
        counted(first, sums, pair=before)
        second_pair(first, pair)
        recount(first)
        close(first, 43)
        again = {row.pk for row in open_keyings(first)}
        assert len(again) == 2 and marked(first) == (once[0], again)
    halls = [first, ballots_back("T02"), ballots_back("T03")]
    assert len(open_keyings(*halls)) == 6 and marked(*halls) == (once[0], again)


def test_whom_several_can_be_given_to_is_read_in_as_many_statements_for_more_rows_and_more_counters(hall):
    collected(hall, 43, 43)
    one = statements(lambda: able_holders(open_keyings(hall)[:1], T))
    second_pair(hall)
    counters = hall.town.people["counter"]
    two = statements(lambda: able_holders(open_keyings(hall), T))
    assert two[0] == one[0] and (len(one[1]), two[1]) == (2, counters)
    key(hall, "first", 1)
    assert able_holders(open_keyings(hall), T) == counters[1:]


# --- a recount


def test_in_a_recount_neither_keying_is_offered_to_whoever_keyed_before(counting, client):
    key(counting, "second", 2)
    recount(counting)
    close(counting, 43)
    RoleGrant.objects.filter(office="counter").update(since=SINCE)  # a page asks who is in office today
    first, _second, third, fourth = counting.town.people["counter"]
    for turn in ("first", "second"):
        page = page_of(f"voting.key_{turn}", first, "counter", client)
        assert KEYED_BEFORE in page and f"{third.name}、{fourth.name}" in page
        assert 'name="valid"' not in shown(client, f"/tasks/{open_task(f'voting.key_{turn}').pk}/")
        assert barred_from_keying(counting, third) == []
        with pytest.raises(Barred, match=KEYED_BEFORE):
            claim(open_task(f"voting.key_{turn}").task_id, actor=first, at=at(DAY))
    key(counting, "first", 3)
    assert barred_from_keying(counting, third) == [KEYED_ONCE]
    key(counting, "second", 4)
    assert counting.vote.state == "keyed"


def test_what_follows_is_told_with_those_alone_who_may_do_it_and_how_many_they_are(counting):
    town = counting.town

    def named():
        task = open_task("voting.count_again_confirm").task
        told = next_steps(task.flow_task, task.process.artifact, T, task.process)
        return {step.title: step.names for step in told}

    key(counting, "second", 2)
    recount(counting)
    do("voting.count_again", town.of("chief_teller"), DAY, returned=43)
    _first, _second, third, fourth = town.people["counter"]
    two = f"{third.name}、{fourth.name}"
    assert named() == {"第一次录入计票": two, "第二次录入计票": two}
    for office in ("clerk", "mayor"):
        also(counting, town.of(office), "counter")
    told = set(named().values()).pop()
    assert told.endswith("等 4 人") and told.count("、") == 2, "the first three of four"


def test_after_keyings_that_did_not_stand_either_of_the_two_may_key_either_sheet(counting):
    wrong = keyed(counting.vote, Sheet({**SUMS, "文化礼堂": 36}))
    do("voting.key_second", counting.town.of("counter", 2), DAY, **wrong)
    assert {d.key for d in Deadline.objects.filter(done_at=None)} == {"voting.key_first", "voting.key_second"}
    for counter in counting.town.people["counter"]:
        assert barred_from_keying(counting, counter) == []


# --- the other acts of two


def also(hall, user, office):
    grant(
        user=user,
        office=office,
        unit=hall.town.unit,
        act=hall.town.act("chair", at("2027-01-19")),
        since=SINCE,
    )


def test_whoever_entered_the_figures_is_not_asked_to_confirm_them_in_another_office_and_may_send_them_back(
    hall, client
):
    chair, own = hall.town.of("chair"), "须由另一人确认：这些内容是您自己填写的。"
    also(hall, chair, "chief_teller")
    play_attendance(hall.town, hall.cycle, t=T, present=43)
    do("voting.open", chair, DAY, issued=43)
    page = page_of("voting.open_confirm", chair, "chief_teller", client)
    assert own in page and f"可以办理的人：{hall.town.of('chief_teller').name}。" in page
    html = shown(client, f"/tasks/{open_task('voting.open_confirm').pk}/")
    assert 'name="confirmed"' not in html and 'value="return"' in html
    with pytest.raises(Barred, match=own):
        do("voting.open_confirm", chair, DAY, confirmed=True)
    do("voting.open_confirm", hall.town.of("chief_teller"), DAY, confirmed=True)
    assert hall.vote.state == "open"


def test_who_has_counted_the_ballots_again_is_not_asked_to_confirm_the_number_in_another_office(
    counting, client
):
    chief, own = counting.town.of("chief_teller"), "须由另一人确认：这些内容是您自己填写的。"
    key(counting, "second", 2)
    recount(counting)
    also(counting, chief, "teller")
    do("voting.count_again", chief, DAY, returned=43)
    page = page_of("voting.count_again_confirm", chief, "teller", client)
    others = "、".join(user.name for user in counting.town.people["teller"])
    assert own in page and f"可以办理的人：{others}。" in page
    html = shown(client, f"/tasks/{open_task('voting.count_again_confirm').pk}/")
    assert 'name="confirmed"' not in html and 'value="return"' in html
    with pytest.raises(Barred, match=own):
        do("voting.count_again_confirm", chief, DAY, confirmed=True)
    assert own not in page_of("voting.count_again_confirm", counting.town.of("teller"), "teller", client)
    do("voting.count_again_confirm", counting.town.of("teller"), DAY, confirmed=True)
    assert counting.vote.state == "closed"


def test_whoever_has_signed_does_not_sign_in_another_office(counting, client):
    key(counting, "second", 2)
    chief, own = counting.town.of("chief_teller"), "总监票人和监票人须是两个人，您已经签字。"
    also(counting, chief, "teller")
    assert own not in page_of("voting.certify_teller", chief, "teller", client)
    do("voting.certify_chief", chief, DAY, confirmed=True)
    assert own in page_of("voting.certify_teller", chief, "teller", client)
    with pytest.raises(Barred, match=own):
        do("voting.certify_teller", chief, DAY, confirmed=True)
    do("voting.certify_teller", counting.town.of("teller"), DAY, confirmed=True)
    assert counting.vote.state == "certified"


def test_nobody_is_kept_from_what_is_done_at_a_vote_before_there_is_one(db):
    apply(SYSTEM)
    town = township()
    plan = {"opens_on": date(2026, 9, 1), "planned_t": T, "planned_t2": date(2028, 1, 18)}
    cycle = create_cycle(town.act("chair", at("2026-08-01")), year=2027, **plan)
    for asked in (
        DESK.barred_from_keying,
        DESK.barred_from_signing,
        DESK.barred_from_opening,
        DESK.barred_from_closing,
    ):
        assert asked([cycle])(cycle, town.of("chief_teller")) == []
