"""A resident's form sent twice, by a double tap or on a slow line: one objection, one rating."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from projects.evaluation.models import Rating
from projects.selection.models import Objection
from tests.builders import open_task, township
from tests.projects.portal.public_world import cycle_of, item_of, text_of, travel
from tests.projects.portal.test_public_pages import path_of, posted, rating_town
from tests.racing import at_once
from workflow.audit.models import Entry
from workflow.people.isolation import SYSTEM, within

OBJECTION = "/t/T01/2027/objection/"
WORDS = {"words": "与上年项目重复，请核实。"}


@pytest.fixture
def posted_list(fresh_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list posted for objections, committed: threads meet it as web workers do."""
    cache.clear()
    with within(SYSTEM):
        town = township()
        cycle = cycle_of(town, "begin_selection")
        posted(town, cycle, item_of(town, cycle, 1, "柳林村饮水管网", "pass_screening", "draft"))
    travel(monkeypatch, "2026-12-02")


@pytest.fixture
def rated(fresh_database: str) -> str:
    """An accepted project while the round of ratings is open; its address."""
    cache.clear()
    with within(SYSTEM):
        return path_of(rating_town(township()))


def token_on(client: Client, path: str) -> dict[str, str]:
    """The token of the form a page hands out."""
    return {"once": re.findall(r'name="once" value="(\w+)"', text_of(client, path))[0]}


def sending(client: Client, path: str, data: dict[str, str]) -> Callable[[], Any]:
    """The same browser sends, as far as it knows before any answer."""
    browser = Client()
    browser.cookies = client.cookies
    return lambda: browser.post(path, data)


def test_an_objection_sent_twice_at_once_is_one_with_one_code(client: Client, posted_list: None) -> None:
    sent = WORDS | token_on(client, OBJECTION)

    first, second = at_once(sending(client, OBJECTION, sent), sending(client, OBJECTION, sent))

    with within(SYSTEM):
        made = Objection.objects.get()
        assert first.url == second.url == f"/t/T01/objections/{made.code}/"
        assert open_task("selection.objection").subject == made.reference
        assert Entry.objects.filter(action="selection.object").count() == 1


def test_the_form_filled_in_anew_is_another_objection(client: Client, posted_list: None) -> None:
    token = token_on(client, OBJECTION)
    client.post(OBJECTION, WORDS | token)
    client.post(OBJECTION, {"words": "选址离水源太近。"} | token)
    client.post(OBJECTION, WORDS | token_on(client, OBJECTION))
    with within(SYSTEM):
        assert Objection.objects.count() == 3


def test_a_rating_sent_twice_at_once_is_one_and_both_answers_say_it_is_in(client: Client, rated: str) -> None:
    sent = {"grade": "satisfied", "words": "路修得好。"} | token_on(client, rated)

    answers = at_once(sending(client, f"{rated}rate/", sent), sending(client, f"{rated}rate/", sent))

    assert [(answer.status_code, answer.url) for answer in answers] == [(302, rated)] * 2
    with within(SYSTEM):
        assert Rating.objects.count() == Entry.objects.filter(action="evaluation.rate").count() == 1


def test_two_residents_of_one_mind_are_two_ratings(rated: str) -> None:
    for browser in (Client(), Client()):
        browser.post(f"{rated}rate/", {"grade": "satisfied"} | token_on(browser, rated))
    with within(SYSTEM):
        assert Rating.objects.count() == 2
