"""Two acts at once on one vote, in every order of their statements: what comes out is what one after the other gives.

Each order is played on a vote of its own, by two threads on a real PostgreSQL (tests/interleaving.py). First the two
serial orders say what may come out; then every other order must come to one of those ends, and the box, the roll and
what voters were told must agree whatever the order was (integrity.md §4).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection

from projects.ballots import boxes, rolls, sealing, together
from projects.ballots.casting import Sealed
from projects.ballots.figures import empty_sheet
from projects.ballots.models import Box, RollEntry, Signature, Vote, VoteState
from projects.ballots.services import (
    confirm_closing,
    confirm_opening,
    declare,
    enter_closing,
    enter_opening,
    open_box,
    record_arrivals,
    record_attendance,
    recount,
    send_back,
    sign,
)
from projects.ballots.together import cast
from projects.cycles.models import RollLine
from tests.builders import at
from tests.interleaving import EveryOrder, Scheduler, SomeOrders, Work, one_after_the_other, pause, scheduler
from tests.long import LONG
from tests.projects.ballots.conftest import Hall, opening
from workflow.audit.models import Entry
from workflow.flows.errors import Refused
from workflow.machines.services import Conflict
from workflow.people.isolation import SYSTEM, within

pytestmark = pytest.mark.long

DEPUTIES, ON_PAPER = 16, 5
MOST = 20_000
WATER, CLINIC, ROAD = TITLES = ("水厂", "卫生室", "村道")
FIRST, SECOND = "代表1", "代表2"


# The acts, each in a transaction of its own as a request is


def casting(hall: Hall, name: str = FIRST, token: str = "", ballot: tuple[str, ...] = (WATER,)) -> Work:
    """One deputy's device, as the page of the ballot casts: in a batch, and alone where that left it out."""
    token = token or sealing.new_token()
    with within(SYSTEM):
        voter, paper = hall.voter(name), boxes.paper_of(hall.vote)
    return lambda: cast(voter, list(ballot), paper, token, hall.vote.public_key).tracker


def sending_twice(hall: Hall, token: str) -> tuple[Work, Work]:
    """A double tap; the second says something else, and is not read."""
    return casting(hall, token=token), casting(hall, token=token, ballot=(ROAD,))


def acting(hall: Hall, office: str, do: Callable[[Any, Vote], Any], *, held: bool = False) -> Work:
    """An act of the desk; held: the vote's row is locked by the caller of the service."""
    with within(SYSTEM):
        act = hall.act(office)

    def work() -> Any:
        with within(SYSTEM):
            vote = hall.locked if held else Vote.objects.get(pk=hall.vote.pk)
            return do(act, vote)

    return work


def closing(hall: Hall, office: str = "chief_teller") -> Work:
    with within(SYSTEM):
        hall.act(office)

    def work() -> Any:
        with within(SYSTEM):
            mine = Hall(hall.unit, Vote.objects.get(pk=hall.vote.pk))
            return mine.close(on_paper=ON_PAPER)

    return work


def signing(hall: Hall, office: str) -> Work:
    return acting(hall, office, lambda act, vote: sign(act, vote, office))


def handing_paper(hall: Hall, name: str = FIRST) -> Work:
    with within(SYSTEM):
        line = hall.line(name).pk
    return acting(
        hall, "teller", lambda act, vote: rolls.to_paper(act, vote, [line], reason="手机没电"), held=True
    )


def emptying(hall: Hall) -> Work:
    return acting(
        hall, "chief_teller", lambda act, vote: rolls.empty_box(act, vote, reason="电子票太少"), held=True
    )


def recounting(hall: Hall) -> Work:
    return acting(hall, "chief_teller", lambda act, vote: recount(act, vote, reason="代表要求复核"))


def declaring(hall: Hall) -> Work:
    return acting(hall, "chair", declare)


def confirming_to_open(hall: Hall) -> Work:
    return acting(hall, "chief_teller", confirm_opening)


def arriving(hall: Hall, name: str) -> Work:
    with within(SYSTEM):
        line, now = hall.line(name).pk, at("2027-01-20")
    return acting(hall, "clerk", lambda act, vote: record_arrivals(act, vote, lines=[line], arrived_at=now))


def confirming_to_close(hall: Hall) -> Work:
    return acting(hall, "teller", confirm_closing)


def sending_back(hall: Hall) -> Work:
    return acting(hall, "teller", lambda _act, vote: send_back(vote, "close"))


# How far the vote is when the two begin: 11 by device, 5 on paper, so many of the 11 have voted


def names(first: int, last: int) -> tuple[str, ...]:
    return tuple(f"代表{n}" for n in range(first, last + 1))


def open_with(many: int) -> Callable[[Hall], None]:
    def so_far(hall: Hall) -> None:
        hall.open(on_paper=names(12, 16))
        for name in names(12 - many, 11):
            hall.cast(name, [ROAD])

    return so_far


def with_few_left(many: int) -> Callable[[Hall], None]:
    """Four are left to vote by device, too few; so many of them have."""

    def so_far(hall: Hall) -> None:
        hall.open(on_paper=names(12, 16))
        lines = [hall.line(name).pk for name in names(5, 11)]
        rolls.to_paper(hall.act("teller"), hall.locked, lines, reason="手机没电")
        for name in names(5 - many, 4):
            hall.cast(name, [ROAD])

    return so_far


def keyed(hall: Hall) -> None:
    open_with(6)(hall)
    hall.close(on_paper=ON_PAPER)
    empty = empty_sheet(hall.vote)
    sums = {title: of | {"abstain": ON_PAPER} for title, of in empty["sums"].items()}
    hall.key(empty | {"valid": ON_PAPER, "sums": sums})
    open_box(hall.act("chief_teller"), hall.vote, opening("chief_teller"), opening("teller"))
    hall.vote.refresh_from_db()


def certified(hall: Hall) -> None:
    keyed(hall)
    for office in ("chief_teller", "teller"):
        sign(hall.act(office), hall.vote, office)


def about_to_open(hall: Hall) -> None:
    late = [str(hall.line(f"代表{DEPUTIES}").pk)]
    record_attendance(hall.act("clerk"), hall.vote, present=DEPUTIES - 1, on_leave=0, absent=late)
    on_paper = [hall.line(name).pk for name in names(11, 15)]
    enter_opening(hall.act("chair"), hall.vote, issued=DEPUTIES - 1, on_paper=on_paper)


def about_to_close(hall: Hall) -> None:
    open_with(6)(hall)
    enter_closing(hall.act("chief_teller"), hall.vote, returned=ON_PAPER)


Pair = tuple[Callable[[Hall], None], Callable[[Hall], tuple[Work, Work]]]
CASTING: dict[str, Pair] = {
    "one deputy on two devices": (open_with(0), lambda hall: (casting(hall), casting(hall, ballot=(ROAD,)))),
    "one ballot sent twice": (open_with(0), lambda hall: sending_twice(hall, sealing.new_token())),
    "two deputies": (open_with(0), lambda hall: (casting(hall), casting(hall, SECOND))),
    "cast and close": (open_with(5), lambda hall: (casting(hall), closing(hall))),
    "the least number's last cast and close": (open_with(4), lambda hall: (casting(hall), closing(hall))),
    "cast and confirm closing": (about_to_close, lambda hall: (casting(hall), confirming_to_close(hall))),
    "cast and hand paper": (open_with(5), lambda hall: (casting(hall), handing_paper(hall))),
    "cast and empty the box": (with_few_left(3), lambda hall: (casting(hall), emptying(hall))),
}
AT_THE_DESK: dict[str, Pair] = {
    "confirm opening and arrive late": (
        about_to_open, lambda hall: (confirming_to_open(hall), arriving(hall, f"代表{DEPUTIES}")),
    ),
    "confirm opening twice": (
        about_to_open, lambda hall: (confirming_to_open(hall), confirming_to_open(hall)),
    ),
    "close and close": (open_with(6), lambda hall: (closing(hall), closing(hall))),
    "close and hand paper": (open_with(6), lambda hall: (closing(hall), handing_paper(hall))),
    "confirm closing and send back": (
        about_to_close, lambda hall: (confirming_to_close(hall), sending_back(hall)),
    ),
    "certify and certify": (keyed, lambda hall: (signing(hall, "chief_teller"), signing(hall, "teller"))),
    "one signature twice": (keyed, lambda hall: (signing(hall, "teller"), signing(hall, "teller"))),
    "recount and declare": (certified, lambda hall: (recounting(hall), declaring(hall))),
    "recount and recount": (certified, lambda hall: (recounting(hall), recounting(hall))),
}  # fmt: skip


# What comes out


@dataclass(frozen=True)
class End:
    """How both acts ended (a refusal by its class) and what the database says then, but for hashes and numbers."""

    told: tuple[str, str]
    states: tuple[str, ...]
    figures: tuple[Any, ...]
    voted: tuple[tuple[str, str, bool], ...]
    in_box: int
    signed: tuple[str, ...]
    trail: tuple[str, ...]


def end_of(one: Again, results: list[Any]) -> End:
    with within(SYSTEM):
        chain = list(Vote.objects.filter(pk__gte=one.hall.vote.pk).order_by("pk"))
        now = chain[0]
        return End(
            told=(_told(results[0]), _told(results[1])),
            states=tuple(vote.state for vote in chain),
            figures=(now.issued, now.returned, now.paper_issued, now.paper_returned, *sorted(now.awaiting)),
            voted=tuple(
                RollEntry.objects.filter(vote=now)
                .order_by("pk")
                .values_list("line__name", "channel", "voted")
            ),
            in_box=Box.objects.filter(vote_number=now.pk).count(),
            signed=tuple(
                Signature.objects.filter(vote=now).order_by("office").values_list("office", flat=True)
            ),
            trail=tuple(
                sorted(json.loads(entry.body)["action"] for entry in Entry.objects.filter(pk__gt=one.written))
            ),
        )


def _told(result: Any) -> str:
    """A refusal by its class; any other error is nobody's idea of an answer."""
    if isinstance(result, (Refused, Conflict)):
        return type(result).__name__
    if isinstance(result, Exception):
        raise result
    return "done"


def assert_whole(one: Again, results: list[Any]) -> None:
    """What holds whatever the order was: the roll's marks, the box and what voters were told agree."""
    with within(SYSTEM):
        vote = Vote.objects.get(pk=one.hall.vote.pk)
        ciphers = boxes.in_box(vote)
        trackers = {sealing.tracker_of(cipher) for cipher in ciphers}
        told = {result for result in results if isinstance(result, str)}
        marked = RollEntry.objects.filter(vote=vote, voted=True)
        assert marked.count() == len(ciphers) == len(trackers)
        if vote.paper_issued != DEPUTIES:  # the box was not emptied
            assert told <= trackers and len(trackers) == one.in_box + len(told)
        assert not marked.exclude(channel="device").exists()
        if vote.state not in (VoteState.DEFINED, VoteState.OPEN):
            assert vote.box_digest == sealing.digest_of_box(ciphers)
            assert vote.returned == len(ciphers) + vote.paper_returned


# One vote for all orders of a pair: its rows are put back as they were


def rows_beside() -> list[tuple[type[Any], str]]:
    """Every model that hangs on a vote, with the column that says on which; the box says it by number."""
    found = [
        (model, field.attname)
        for model in apps.get_app_config("projects").get_models()
        for field in model._meta.local_fields
        if field.related_model is Vote and model is not Vote
    ]
    return [*found, (Box, "vote_number")]


class Again:
    """A hall whose vote can be played from the same point again: what acts have changed is put back, row by row."""

    def __init__(self, hall: Hall) -> None:
        self.hall = hall
        self.vote = Vote.objects.filter(pk=hall.vote.pk).values().get()
        self.beside = [
            (model, column, list(model.objects.filter(**{column: hall.vote.pk}).order_by("pk").values()))
            for model, column in rows_beside()
        ]
        self.roll = list(RollLine.objects.filter(session=hall.vote.session).values())
        self.in_box = Box.objects.filter(vote_number=hall.vote.pk).count()
        self.written = 0

    def put_back(self) -> None:
        """Past the acts, which the trail says at the commit: what is played is written after that."""
        with within(SYSTEM):
            self._put_rows_back()
        with within(SYSTEM):
            self.written = Entry.objects.order_by("pk").values_list("pk", flat=True).last()

    def _put_rows_back(self) -> None:
        for later in Vote.objects.filter(pk__gt=self.hall.vote.pk).order_by("-pk"):
            later.delete()
        for model, column, rows in self.beside:
            now = model.objects.filter(**{column: self.hall.vote.pk}).order_by("pk")
            if list(now.values()) != rows:
                now.delete()
                model.objects.bulk_create(model(**row) for row in rows)
        Vote.objects.filter(pk=self.hall.vote.pk).update(**self.vote)
        lines = {row["id"]: row for row in RollLine.objects.filter(session=self.hall.vote.session).values()}
        for row in self.roll:
            if lines[row["id"]] != row:
                RollLine.objects.filter(pk=row["id"]).update(**row)


@pytest.fixture
def again(
    fresh_database: str, quick_stretching: None, new_hall: Callable[..., Hall], settings: Any
) -> Callable[[Callable[[Hall], None]], Again]:
    """Make a vote by device that is as far as asked for."""
    # A head of the trail is signed after the commit, when the acts' order is decided: no key, no statements of it.
    settings.TRAIL_KEY, settings.TRAIL_KEY_FILE = "", ""

    def made(so_far: Callable[[Hall], None]) -> Again:
        with within(SYSTEM):
            hall = new_hall(TITLES, deputies=DEPUTIES)
            hall.hold_keys()
            so_far(hall)
            return Again(hall)

    return made


class Paused:
    """A connection for ballots whose statements are sent one by one, each when its player is let go."""

    def __init__(self, opened: psycopg.Connection[Any]) -> None:
        self._opened = opened

    def pipeline(self) -> AbstractContextManager[None]:
        return nullcontext()

    def execute(self, query: str, values: Any = None) -> psycopg.Cursor[Any]:
        pause(query)
        return self._opened.execute(query, values)


class Process(together._Writer):
    """The writer of a process of the web server; there, the ballots of one process wait in one line."""

    def stored(self, sealed: Sealed) -> bool:
        waiting = together._Waiting(sealed)
        self._write([waiting])
        return waiting.stored

    def _connection(self) -> Any:
        return Paused(super()._connection())


class Processes:
    """In the place of this process' writer: every player is a process of its own."""

    def __init__(self) -> None:
        self.writers: dict[int, Process] = {}

    def stored(self, sealed: Sealed) -> bool:
        return self.writers.setdefault(threading.get_ident(), Process()).stored(sealed)


@pytest.fixture
def stage(
    fresh_database: str, owner_connection: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Scheduler]:
    processes = Processes()
    monkeypatch.setattr(together, "_WRITER", processes)
    with scheduler(owner_connection) as made:
        yield made
    for process in processes.writers.values():
        process._forget()


@pytest.fixture
def every_end(again, stage, record_property) -> Callable[[Pair, Any, int], None]:
    """Play a pair in these orders, so many at most, after the two serial ones; every end must be one of theirs."""

    def played(pair: Pair, orders: Any, most: int) -> None:
        one = again(pair[0])

        def end(choose: Callable[[list[int]], int]) -> End:
            one.put_back()
            results = stage.run(pair[1](one.hall), choose)
            assert_whole(one, results)
            return end_of(one, results)

        serial = {end(one_after_the_other(first)) for first in (0, 1)}
        tried, more = 0, True
        while more and tried < most:
            came_to = end(orders.choose)
            assert came_to in serial, (came_to, stage.said())
            tried, more = tried + 1, orders.advance()
        record_property("orders_played", tried)
        assert not (more and isinstance(orders, EveryOrder)), "more orders than may be played"

    return played


# Whose orders are hundreds or thousands: in make test some of them.
MANY = ("cast and close", "cast and confirm closing", "cast and hand paper", "cast and empty the box")


@pytest.mark.parametrize("pair", CASTING)
def test_every_order_of_a_cast_and_another_act_ends_as_one_after_the_other_does(every_end, pair):
    """Every one, but for those of `MANY`."""
    some = pair in MANY and not LONG
    every_end(CASTING[pair], SomeOrders(20270120) if some else EveryOrder(), 40 if some else MOST)


@pytest.mark.parametrize("pair", AT_THE_DESK)
def test_every_order_of_two_acts_at_the_desk_ends_as_one_after_the_other_does(every_end, size, pair):
    """Some orders, drawn by lot, in make test; every one in make long."""
    most = size("orders", 8, MOST)
    every_end(AT_THE_DESK[pair], EveryOrder() if LONG else SomeOrders(20270120), most)


def test_an_order_in_which_one_change_is_lost_is_found(fresh_database, stage, owner_connection):
    """The control: who reads and then writes what was read loses a change in some order, and the search meets it."""
    owner_connection.execute("CREATE TABLE counted (n int)")
    owner_connection.execute(f"GRANT ALL ON counted TO {settings.APP_ROLE}")
    owner_connection.execute("INSERT INTO counted VALUES (0)")

    def one_more() -> None:
        with within(SYSTEM), connection.cursor() as cursor:
            cursor.execute("SELECT n FROM counted")
            cursor.execute("UPDATE counted SET n = %s", [cursor.fetchone()[0] + 1])

    ends, orders, more = [], EveryOrder(), True
    while more:
        owner_connection.execute("UPDATE counted SET n = 0")
        assert stage.run((one_more, one_more), orders.choose) == [None, None]
        ends.append(owner_connection.execute("SELECT n FROM counted").fetchone()[0])
        more = orders.advance()

    # Three statements each, 20 orders; in those where both have read before either commits, one waits for the other.
    assert ends.count(2) == 2 and set(ends) == {1, 2}
