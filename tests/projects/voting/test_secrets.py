"""A passphrase, a recovery sheet, a tally and one's own password: typed, used, and found nowhere afterwards."""

from __future__ import annotations

import re

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client

import projects.ballots.events
import projects.evaluation.events
import projects.supervision.events
import projects.voting.events  # noqa: F401  registers the events
from projects.demo.cast import PASSWORD
from projects.demo.play.voting import Sheet, keyed, play_closing, play_opening
from tests.builders import at, do, open_task
from tests.projects.ballots.conftest import PASSPHRASES, two_holders
from tests.projects.voting.conftest import DAY, T, hall  # noqa: F401
from tests.projects.voting.test_device_flow import attend, close, hold, line, opened, vote_all
from tests.projects.voting.test_device_flow import hall as device_hall  # noqa: F401
from workflow.audit.models import Entry
from workflow.flows.base import flows
from workflow.flows.errors import NotInPerson
from workflow.flows.events import events
from workflow.flows.fields import UNSHOWN
from workflow.flows.models import Draft
from workflow.flows.services import complete
from workflow.people.isolation import SYSTEM, apply
from workflow.roles.models import RoleGrant

CANARY = "金丝雀七百四十一号口令"


def everywhere(canary: str) -> list[str]:
    """The tables in which a text stands."""
    apply(SYSTEM)
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    with connection.cursor() as cursor:
        found = []
        for table in sorted(tables & set(connection.introspection.table_names(cursor))):
            cursor.execute(f'SELECT 1 FROM "{table}" t WHERE t::text LIKE %s LIMIT 1', [f"%{canary}%"])
            found += [table] if cursor.fetchone() else []
    return found


def at_desk(user, office: str) -> Client:
    client = Client()
    client.force_login(user)
    client.post("/office/", {"grant": RoleGrant.objects.get(user=user, office=office).pk})
    return client


def post(client: Client, key: str, **data: object):
    apply(SYSTEM)
    answer = client.post(f"/tasks/{open_task(key).pk}/", data)
    apply(SYSTEM)
    return answer


def test_the_search_finds_what_is_kept(hall):  # noqa: F811
    post(at_desk(hall.town.of("clerk"), "clerk"), "voting.attendance", op="save", present=CANARY)
    assert everywhere(CANARY) == ["workflow_draft"]


@pytest.mark.parametrize("op", ["save", "submit", "confirm"])
def test_a_holders_passphrase_is_kept_nowhere_and_shown_on_no_page(device_hall, op):  # noqa: F811
    client = at_desk(device_hall.town.of("chief_teller"), "chief_teller")
    page = post(client, "voting.hold_chief", op=op, passphrase=CANARY, repeated=CANARY + "又")
    assert page.status_code in (409, 422)
    assert CANARY not in page.content.decode()
    assert everywhere(CANARY) == [] and not Draft.objects.exists()


@pytest.mark.parametrize("op", ["save", "submit"])
def test_what_opens_the_box_is_kept_nowhere_even_with_a_wrong_password(device_hall, op):  # noqa: F811
    opened(device_hall)
    vote_all(device_hall)
    close(device_hall)
    client = at_desk(device_hall.town.of("chief_teller"), "chief_teller")
    data = {
        "first": "chief_teller", "first_passphrase": CANARY, "first_sheet": CANARY + "甲",
        "second": "teller", "second_passphrase": PASSPHRASES["teller"], "own_password": CANARY + "乙",
    }  # fmt: skip
    page = post(client, "voting.open_box", op=op, **data)
    assert page.status_code in (409, 422)
    assert CANARY not in page.content.decode() and PASSPHRASES["teller"] not in page.content.decode()
    assert everywhere(CANARY) == [] and everywhere(PASSPHRASES["teller"]) == []
    assert op == "save" or "error-summary" in page.content.decode()


def test_the_box_is_opened_on_its_page_with_both_passphrases_and_the_own_password(device_hall):  # noqa: F811
    opened(device_hall)
    vote_all(device_hall)
    close(device_hall)
    client = at_desk(device_hall.town.of("chief_teller"), "chief_teller")
    data = two_holders("teller")
    assert "请输入本人的登录密码" in post(client, "voting.open_box", op="submit", **data).content.decode()
    assert post(client, "voting.open_box", op="submit", own_password=PASSWORD, **data).status_code == 302
    assert device_hall.vote.state == "keyed"
    assert everywhere(PASSPHRASES["chief_teller"]) == [] and everywhere(PASSWORD) == []


def told_at(page, name: str) -> str:
    """What is said at a box of a form; empty where nothing is."""
    found = re.search(rf'id="id_{name}_error">(.*?)</div>', page.content.decode(), re.DOTALL)
    return found[1] if found else ""


def test_what_opens_no_share_is_told_at_its_own_box_and_the_summary_leads_there(device_hall):  # noqa: F811
    opened(device_hall)
    vote_all(device_hall)
    close(device_hall)
    client = at_desk(device_hall.town.of("chief_teller"), "chief_teller")
    data = two_holders("teller") | {"own_password": PASSWORD}
    wrong = post(client, "voting.open_box", op="submit", **data | {"second_passphrase": CANARY})
    assert wrong.status_code == 409 and "监票人：口令不对。" in told_at(wrong, "second_passphrase")
    assert 'href="#id_second_passphrase"' in wrong.content.decode() and not told_at(wrong, "first_passphrase")
    sheet = data | {"first_passphrase": "", "first_sheet": "AAAA BBBB"}
    misread = post(client, "voting.open_box", op="submit", **sheet)
    assert "抄写有误" in told_at(misread, "first_sheet") and not told_at(misread, "first_passphrase")
    assert post(client, "voting.open_box", op="submit", **data).status_code == 302


def test_a_wrong_password_of_ones_own_is_told_at_its_box_wherever_it_is_asked_for(device_hall):  # noqa: F811
    """On the page of a step, on the page that asks to confirm one, on the page of an act, where codes are printed."""
    town, said = device_hall.town, "密码不对，没有办理"
    chair, teller = at_desk(town.of("chair"), "chair"), at_desk(town.of("teller"), "teller")
    hold(device_hall)
    attend(device_hall)
    paper = [line(device_hall, n) for n in (1, 2, 3, 4, 5)]
    checked = post(chair, "voting.open", op="confirm", on_paper=paper, own_password=CANARY)
    do("voting.open", town.of("chair"), DAY, on_paper=paper)
    do("voting.open_confirm", town.of("chief_teller"), DAY, confirmed=True)
    clerk = at_desk(town.of("clerk"), "clerk")
    codes = clerk.post(
        f"/votes/{device_hall.vote.pk}/codes/", {"lines": [line(device_hall, 6)], "own_password": CANARY}
    )
    apply(SYSTEM)
    data = {"lines": [line(device_hall, 7)], "reason": "手机没电", "own_password": CANARY}
    act = teller.post(f"/do/voting.hand_paper/{device_hall.cycle.pk}/", data)
    apply(SYSTEM)
    vote_all(device_hall)
    close(device_hall, returned=5)
    step = post(at_desk(town.of("counter"), "counter"), "voting.key_first", op="submit", own_password=CANARY)
    for page in (checked, codes, act, step):
        assert page.status_code == 422 and said in told_at(page, "own_password")
        assert 'href="#id_own_password"' in page.content.decode()


def test_a_tally_is_no_draft(hall):  # noqa: F811
    do("voting.attendance", hall.town.of("clerk"), DAY, present=43, on_leave=2)
    play_opening(hall.town, hall.cycle, t=T, issued=43)
    play_closing(hall.town, hall.cycle, t=T, returned=43)
    client = at_desk(hall.town.of("counter"), "counter")
    data = keyed(hall.vote, Sheet({"文化礼堂": 37, "村道硬化": 6}))
    shown = client.get(f"/tasks/{open_task('voting.key_first').pk}/").content.decode()
    assert "保存草稿" not in shown
    assert "data-draft" not in shown
    for op in ("save", "keep"):
        assert post(client, "voting.key_first", op=op, **data).status_code == 409
    assert not Draft.objects.exists()


def test_no_step_that_is_checked_first_asks_for_a_secret():
    """The page that confirms could only carry it in a hidden field."""
    steps = [node for flow in flows() for node in flow.steps()] + list(events())
    for step in steps:
        secret = [n for n, field in step.form.base_fields.items() if isinstance(field.widget, UNSHOWN)]
        assert not (secret and step.irreversible), step.key
        assert not (secret and step.form.drafts), step.key


# In person

IN_PERSON = {
    "voting.open", "voting.open_confirm", "voting.close", "voting.close_confirm", "voting.open_box",
    "voting.count_again", "voting.count_again_confirm",
    "voting.key_first", "voting.key_second", "voting.certify_chief", "voting.certify_teller", "voting.declare",
    "voting.declare_method", "voting.declare_resolution",
    "voting.announce",
    "voting.turn_confirm", "voting.recount_confirm", "voting.void_confirm",
}  # fmt: skip
# Of one's own accord: only asked for, and done by a second person, but for the last six.
ASKED_IN_PERSON = {
    "voting.void", "voting.recount", "voting.turn_to_paper", "evaluation.measure_void", "evaluation.measure_recount",
    "supervision.change_void", "supervision.change_recount", "ballots.destroy", "ballots.confirm_destroy",
    "ballots.confirm_for_presidium", "retention.ask",
    "voting.hand_paper", "voting.release_holder", "evaluation.measure_release_holder",
    "evaluation.measure_hand_paper", "evaluation.measure_turn_to_paper",
    "supervision.change_hand_paper", "supervision.change_turn_to_paper", "supervision.change_release_holder",
    "voting.replace_teller", "evaluation.measure_replace_teller", "supervision.change_replace_teller",
    "voting.name_counters", "evaluation.measure_name_counters", "supervision.change_name_counters",
}  # fmt: skip


def test_the_acts_that_decide_a_vote_are_done_in_person():
    steps = [node for flow in flows() if flow.room == "voting" for node in flow.steps()]
    assert {step.key for step in steps if step.in_person} == IN_PERSON


def test_what_changes_a_votes_fate_or_erases_for_good_is_done_in_person():
    assert {event.key for event in events() if event.in_person} == ASKED_IN_PERSON


def test_an_act_in_person_needs_the_own_password_and_the_trail_says_it_was_given(hall):  # noqa: F811
    do("voting.attendance", hall.town.of("clerk"), DAY, present=43, on_leave=2)
    client = at_desk(hall.town.of("chair"), "chair")
    check = post(client, "voting.open", op="submit", issued=43)
    assert 'name="own_password"' in check.content.decode() and PASSWORD not in check.content.decode()
    wrong = post(client, "voting.open", op="confirm", issued=43, own_password=CANARY)
    assert wrong.status_code == 422 and "密码不对，没有办理" in wrong.content.decode()
    assert CANARY not in wrong.content.decode() and hall.vote.awaiting == {}
    assert post(client, "voting.open", op="confirm", issued=43, own_password=PASSWORD).status_code == 302
    assert everywhere(CANARY) == [] and everywhere(PASSWORD) == []
    assert '"reauthenticated":true' in Entry.objects.get(action="voting.open").body


def test_a_door_that_has_not_asked_is_refused(hall):  # noqa: F811
    do("voting.attendance", hall.town.of("clerk"), DAY, present=43, on_leave=2)
    task, chair = open_task("voting.open"), hall.town.of("chair")
    with pytest.raises(NotInPerson, match="须本人当面办理"):
        complete(task.pk, actor=chair, data={"issued": 43}, at=at(DAY))
    complete(task.pk, actor=chair, data={"issued": 43}, at=at(DAY), reauthenticated=True)


def test_five_wrong_passwords_lock_the_person_out(hall):  # noqa: F811
    do("voting.attendance", hall.town.of("clerk"), DAY, present=43, on_leave=2)
    client = at_desk(hall.town.of("chair"), "chair")
    answers = [
        post(client, "voting.open", op="confirm", issued=43, own_password=f"wrong {n}").status_code
        for n in range(6)
    ]
    assert answers[0] == 422 and answers[-1] == 429
    locked = post(client, "voting.open", op="confirm", issued=43, own_password=PASSWORD)
    assert locked.status_code == 429 and hall.vote.awaiting == {}


def test_paper_is_handed_out_instead_on_its_page_with_the_own_password(device_hall):  # noqa: F811
    opened(device_hall, on_paper=(1, 2, 3, 4, 5))
    client = at_desk(device_hall.town.of("teller"), "teller")
    address = f"/do/voting.hand_paper/{device_hall.cycle.pk}/"
    data = {"lines": [line(device_hall, 6)], "reason": "手机没电"}
    apply(SYSTEM)
    for wrong in ({}, {"own_password": CANARY}):
        page = client.post(address, data | wrong)
        apply(SYSTEM)
        assert page.status_code == 422 and device_hall.vote.paper_issued == 5
    assert client.post(address, data | {"own_password": PASSWORD}).status_code == 302
    apply(SYSTEM)
    assert device_hall.vote.paper_issued == 6
    assert '"reauthenticated":true' in Entry.objects.get(action="voting.hand_paper").body
