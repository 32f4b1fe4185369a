"""A resident proposes: one question per page, nothing lost, nothing taken in twice."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client

from projects.collection.models import Proposal
from projects.portal.public_brake import LIMITS
from tests.builders import open_task, township
from tests.projects.portal.public_world import cycle_of, text_of, travel
from workflow.audit.models import Entry
from workflow.flows.errors import Refused
from workflow.people.isolation import SYSTEM, apply

pytestmark = pytest.mark.django_db


def broken(*_act, **_fields):
    raise OperationalError("the server went away")


def refused(*_act, **_fields):
    raise Refused("征集已经结束。")


WHAT = {"title": "安装路灯", "content": "村口到学校没有路灯，晚上不安全。"}
WHERE = {"place": "柳林村口", "category": ""}
WHO = {"name": "周小梅", "phone": "13900001111"}


@pytest.fixture(autouse=True)
def _start(db, monkeypatch):
    apply(SYSTEM)
    cache.clear()
    travel(monkeypatch, "2026-09-10")


@pytest.fixture
def town(db):
    apply(SYSTEM)
    return township()


def walk(client: Client, *, what=WHAT, where=WHERE, who=WHO):
    """The three questions; returns the last answer's response."""
    client.post("/t/T01/propose/", what)
    client.post("/t/T01/propose/where/", where)
    return client.post("/t/T01/propose/who/", who)


def send(client: Client, **more):
    return client.post("/t/T01/propose/check/", more)


def test_four_pages_lead_to_a_query_code_and_a_task_for_the_clerk(client, town):
    cycle_of(town)
    assert walk(client).url == "/t/T01/propose/check/"
    page = text_of(client, "/t/T01/propose/check/")
    assert all(words in page for words in ("安装路灯", "柳林村口", "13900001111"))
    assert send(client).url == "/t/T01/propose/done/"
    made = Proposal.objects.get()
    assert (made.state, made.proposer_kind, made.proposer) == ("received", "resident", None)
    assert made.code in text_of(client, "/t/T01/propose/done/")
    assert open_task("collection.receive").subject == made.reference
    assert (made.contact.name, made.contact.phone) == ("周小梅", "13900001111")


def test_the_contact_stays_out_of_the_trail_and_of_the_session(client, town):
    cycle_of(town)
    walk(client)
    send(client)
    assert not any("13900001111" in entry.body or "周小梅" in entry.body for entry in Entry.objects.all())
    assert "13900001111" not in str(dict(client.session))


def test_an_error_is_named_and_what_was_typed_stays(client, town):
    cycle_of(town)
    response = client.post("/t/T01/propose/", {"title": "", "content": "村口没有路灯"})
    page = response.content.decode()
    assert response.status_code == 422
    assert "error-summary" in page and "村口没有路灯" in page


def test_going_back_loses_nothing(client, town):
    cycle_of(town)
    walk(client)
    assert "安装路灯" in text_of(client, "/t/T01/propose/")
    assert "柳林村口" in text_of(client, "/t/T01/propose/where/")
    assert "13900001111" in text_of(client, "/t/T01/propose/who/")


def test_a_change_from_the_check_page_returns_there(client, town):
    cycle_of(town)
    walk(client)
    response = client.post("/t/T01/propose/where/?from=check", WHERE | {"place": "东山村"})
    assert response.url == "/t/T01/propose/check/"
    assert "东山村" in text_of(client, "/t/T01/propose/check/")


def test_a_page_cannot_be_skipped(client, town):
    cycle_of(town)
    for step in ("where", "who", "check"):
        assert client.get(f"/t/T01/propose/{step}/").url == "/t/T01/propose/"
    assert send(client).url == "/t/T01/propose/"
    assert not Proposal.objects.exists()


def test_nobody_needs_to_leave_a_name_where_the_rulebook_allows_it(client, town):
    cycle_of(town, anonymous_proposals=True)
    walk(client, who={"name": "", "phone": ""})
    send(client)
    assert Proposal.objects.get().contact.name == ""


def test_a_name_is_asked_for_where_the_rulebook_wants_one(client, town):
    cycle_of(town, anonymous_proposals=False)
    assert walk(client, who={"name": "", "phone": ""}).status_code == 422
    assert send(client).url == "/t/T01/propose/who/"
    assert not Proposal.objects.exists()


def test_outside_the_window_a_proposal_goes_to_the_pool_and_says_so(client, town, monkeypatch):
    cycle_of(town)
    travel(monkeypatch, "2026-10-20")
    assert "项目库" in text_of(client, "/t/T01/propose/")
    walk(client)
    send(client)
    assert Proposal.objects.get().state == "pooled"
    assert "项目库" in text_of(client, "/t/T01/propose/done/")


def test_without_a_pool_the_form_is_closed_outside_the_window(client, town, monkeypatch):
    cycle_of(town, pool_all_year=False)
    travel(monkeypatch, "2026-10-20")
    assert "现在不能提交" in text_of(client, "/t/T01/propose/")
    walk(client)
    send(client)
    assert not Proposal.objects.exists()


@pytest.mark.parametrize(
    ("phone", "status"),
    [
        ("123abc", 422),
        ("(0575) 8812-3456", 302),
        ("13900001111", 302),
        ("0717-1234567转801", 302),
        ("13900001111、0717-7654321", 302),
        ("１３９００００１１１１", 302),
    ],
)
def test_a_telephone_number_is_one(client, town, phone, status):
    cycle_of(town)
    assert walk(client, who=WHO | {"phone": phone}).status_code == status


def test_a_machine_that_fills_the_hidden_box_is_refused(client, town):
    cycle_of(town)
    walk(client)
    caught = send(client, website="http://spam.example")
    assert caught.status_code == 422 and "被浏览器自动填上了" in caught.content.decode()
    assert not Proposal.objects.exists()


def test_one_address_is_stopped_after_too_many(client, town):
    cycle_of(town)
    for n in range(LIMITS["propose"]):
        walk(client, what=WHAT | {"title": f"安装路灯 {n}"})
        assert send(client).status_code == 302
    walk(client, what=WHAT | {"title": "再装一盏"})
    assert send(client).status_code == 429
    assert Proposal.objects.count() == LIMITS["propose"]


def test_the_same_form_sent_twice_is_one_proposal(client, town):
    cycle_of(town)
    walk(client)
    send(client)
    walk(client)
    assert send(client).url == "/t/T01/propose/done/"
    assert Proposal.objects.count() == 1


@pytest.mark.parametrize("where", ["take_in", "chain_now"])
def test_what_could_not_be_stored_is_kept_and_may_be_sent_again(client, town, monkeypatch, where):
    """Storing it, or chaining what was written of it, which would otherwise come after the answer was settled."""
    cycle_of(town)
    walk(client)
    with monkeypatch.context() as patch:
        patch.setattr(f"projects.portal.public_proposing.{where}", broken)
        with pytest.raises(OperationalError):
            send(client)
    assert "安装路灯" in text_of(client, "/t/T01/propose/")
    assert send(client).url == "/t/T01/propose/done/"
    assert Proposal.objects.count() == 1


def test_what_is_refused_says_why_and_is_kept(client, town, monkeypatch):
    cycle_of(town)
    walk(client)
    monkeypatch.setattr("projects.portal.public_proposing.take_in", refused)
    answer = send(client)
    assert answer.status_code == 422 and "征集已经结束。" in answer.content.decode()
    assert "安装路灯" in text_of(client, "/t/T01/propose/")


def test_the_same_words_for_another_place_are_another_proposal(client, town):
    cycle_of(town)
    walk(client)
    send(client)
    walk(client, where=WHERE | {"place": "石桥村口"})
    send(client)
    assert Proposal.objects.count() == 2


def test_giving_up_forgets_what_was_typed(client, town):
    cycle_of(town)
    walk(client)
    client.post("/t/T01/propose/drop/")
    assert "安装路灯" not in text_of(client, "/t/T01/propose/")


def test_the_answers_for_one_township_do_not_show_in_another(client, town):
    cycle_of(town)
    township("T02", name="石桥镇")
    walk(client)
    assert "安装路灯" not in text_of(client, "/t/T02/propose/")


def test_an_unknown_township_has_no_form(client, town):
    text_of(client, "/t/T99/propose/", 404)
    text_of(client, f"/t/{town.departments[0].code}/propose/", 404)
