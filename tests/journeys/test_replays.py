"""A page's button pressed three times at once: every task of a year, posted by three requests together, is done once."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from projects.cycles.models import Cycle
from projects.demo.cast import Township
from projects.demo.play.collection import play_collection
from projects.demo.play.evaluation import Figures
from projects.demo.play.selection import play_selection
from projects.demo.play.voting import play_after_vote, play_voting
from projects.lifecycle.intake import start_year
from projects.supervision.models import Project
from tests.builders import at, township
from tests.journeys.stage import IN_PERSON, Doubles, session_of
from tests.plays import play_deliberation, play_evaluation, play_supervision
from workflow.audit.models import Entry
from workflow.audit.verify import verify
from workflow.flows.models import Deadline
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import User

TIMES = 3
T, T2 = date(2026, 1, 20), date(2027, 1, 19)
SUMS = {"村道硬化": 18, "集镇停车场": 14, "文化广场": 4}


class EnoughSeen(Exception):
    """As many kinds of task as this run asks for have been met."""


@dataclass
class Crowd(Doubles):
    """Three requests of one session for every task, let go together. kinds: after how many the play ends."""

    kinds: int

    def complete(
        self,
        task_id: int,
        *,
        actor: User,
        data: Mapping[str, Any],
        at: datetime,
        files: Mapping[str, Any] | None = None,
        **_checked: bool,
    ) -> Entry:
        if len(set(self.done)) >= self.kinds:
            raise EnoughSeen
        self.now = at
        with within(SYSTEM):
            deadline = Deadline.objects.select_related("seat").get(pk=task_id)
            cookie = session_of(actor, self.grant_of(actor, deadline))
            before = Entry.objects.order_by("pk").values_list("pk", flat=True).last()
        answers = posted_at_once(cookie, task_id, data, files or {})
        assert sorted(answers.values()) == [302, 409, 409], f"{deadline.key}: {answers}"
        self.done.append(deadline.key)
        with within(SYSTEM):
            written = list(Entry.objects.filter(pk__gt=before))
            assert_one_effect(written, deadline, next(of for of, code in answers.items() if code == 302))
            return Entry.objects.get(pk=Deadline.objects.get(pk=task_id).entry_id)


def posted_at_once(
    cookie: str, task_id: int, data: Mapping[str, Any], files: Mapping[str, Any]
) -> dict[str, int]:
    """The request's own id → the status it was answered with."""
    kept = {name: [(one.name, one.read()) for one in several] for name, several in files.items()}
    ready = threading.Barrier(TIMES)

    def post(request_id: str) -> int:
        client = Client(headers={"X-Request-ID": request_id})
        client.cookies[settings.SESSION_COOKIE_NAME] = cookie
        try:
            ready.wait(30)
            sent = {name: [SimpleUploadedFile(*one) for one in several] for name, several in kept.items()}
            return client.post(f"/tasks/{task_id}/", {**data, **sent, **IN_PERSON}).status_code
        finally:
            connection.close()

    ids = [f"{task_id}-{n}" for n in range(TIMES)]
    with ThreadPoolExecutor(TIMES) as pool:
        return dict(zip(ids, pool.map(post, ids), strict=True))


BESIDE = ("trail.key", "personal.read")


def assert_one_effect(written: list[Entry], deadline: Deadline, winner: str) -> None:
    """The act stands once in the trail, and nothing was written in the name of the other requests.

    The key of the first head is adopted by the site itself, after the act that opens a vote; and whoever is refused still
    reads the task's page, with the names on it.
    """
    bodies = [body for entry in written if (body := json.loads(entry.body))["action"] not in BESIDE]
    acts = [b["action"] for b in bodies if b["action"] in (deadline.key, f"{deadline.key}.return")]
    assert len(acts) == 1, deadline.key
    assert {b["request"] for b in bodies} == {winner}, deadline.key


def play_a_year(town: Township, cycle: Cycle) -> None:
    play_collection(town, cycle, proposals=6, titles=list(SUMS))
    play_selection(town, cycle, list(SUMS), 2)
    cycle.refresh_from_db()
    play_deliberation(town, cycle, t=T, term=2, number=4, seats=2, mode="select")
    play_voting(town, cycle, t=T, present=18, sums=SUMS, on_leave=2)
    play_after_vote(town, cycle, t=T)
    play_supervision(town, cycle, until=T2 - timedelta(days=46))
    cycle.refresh_from_db()
    numbers = Project.objects.filter(cycle=cycle).values_list("number", flat=True)
    figures = Figures(marks={n: [(16, 1, 1)] for n in numbers}, absent=2)
    play_evaluation(town, cycle, t2=T2, term=2, number=6, figures=figures)


@pytest.mark.long(rounds=3)
def test_every_task_posted_three_times_at_once_has_one_effect(
    fresh_database: str, size: Callable[[str, int, int], int], record_property: Callable[[str, object], None]
) -> None:
    crowd = Crowd(size("kinds", 3, 1_000), now=at("2025-08-01"))
    with crowd.on():
        with within(SYSTEM):
            town = township(deputies=20)
            plan = {"year": 2026, "opens_on": date(2025, 9, 1), "planned_t": T, "planned_t2": T2}
            cycle = start_year(town.act("chair", at("2025-08-01")), **plan)
        with crowd.reading():
            try:
                play_a_year(town, cycle)
            except EnoughSeen:
                assert len(set(crowd.done)) == crowd.kinds
    record_property("kinds_met", len(set(crowd.done)))
    record_property("tasks", len(crowd.done))
    with within(SYSTEM):
        assert verify(town.unit.pk).fault is None
        cycle.refresh_from_db()
        assert len(set(crowd.done)) == crowd.kinds or cycle.state == "closed"
