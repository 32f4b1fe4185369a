"""Two worlds that differ in one ballot look the same to every office, on every page, until both tellers have signed.

The same congress votes by device and on paper in databases of its own: once, once more with other chances (keys, codes,
seals), and once with one ballot marked otherwise. Every address of the site is called in every office, and every form is
posted in a way that is refused. Where a page of the first world differs from the one with the other ballot, the repeated
world says whether the ballot is the reason: what chance alone changes (a hash, a receipt, a code) differs there too. A
hash of figures hides among those, and leads to the figures of whoever tries them all: so every answer is searched for it.
Only the desk of the counters and tellers may know more, after closing (integrity.md §2.6).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from pytest_django import DjangoDbBlocker

import projects.voting.events  # noqa: F401  registers the events
from projects.ballots import sealing
from projects.ballots.boxes import paper_of
from projects.ballots.casting import Voter
from projects.ballots.figures import signed_text
from projects.ballots.models import RollEntry, Vote, VoteState
from projects.ballots.together import cast
from projects.cycles.models import Paper, RollLine
from projects.demo.play.voting import Sheet, keyed
from tests.addresses import readable, routes
from tests.builders import at, do, every_office
from tests.databases import Server, connected_to
from tests.long import LONG
from tests.projects.ballots.conftest import QUICK
from tests.projects.voting.conftest import DAY, Hall, settled
from tests.projects.voting.test_device_flow import close, open_box, opened
from workflow.administration.trail import AT_ONCE
from workflow.audit.chain import canonical
from workflow.flows.events import events
from workflow.flows.models import Deadline
from workflow.machines.graph import machines
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import User
from workflow.roles.middleware import SESSION_KEY as GRANT_KEY
from workflow.roles.models import RoleGrant

pytestmark = pytest.mark.long

HALL, ROAD = TITLES = ["文化礼堂", "村道硬化"]
ON_PAPER, BY_DEVICE = 5, 15
OF_HASH = 12  # letters of a hash that are told apart from any other word
DESK = ("chief_teller", "teller", "counter")
STAGES = ("open", "closed", "keyed once", "keyed", "signed once")
SHOWN = ("keyed", "signed once")  # when the tellers' desk has the sums before it


# A congress that votes


@dataclass(frozen=True)
class Said:
    """The ballots for HALL, the others being for ROAD: so many by device, so many on paper."""

    by_device: int = 9
    on_paper: int = 2


def held(said: Said, stage: str) -> Hall:
    """A congress of twenty whose vote has come as far as the stage."""
    hall = settled(TITLES, seats=1, in_office=ON_PAPER + BY_DEVICE, ballot_channel="device")
    RollLine.objects.bulk_create(
        RollLine(unit=hall.town.unit, session=hall.session, user=hall.town.of("deputy", n), name=f"代表{n}")
        for n in range(1, ON_PAPER + BY_DEVICE + 1)
    )
    every_office(hall.town)
    opened(hall, on_paper=range(1, ON_PAPER + 1))
    cast_all(hall, said.by_device)
    for step in STEPS[1 : STAGES.index(stage) + 1]:
        step(hall, said)
    return hall


def cast_all(hall: Hall, for_hall: int) -> None:
    entries = list(RollEntry.objects.filter(vote=hall.vote, channel="device").order_by("pk"))
    for n, entry in enumerate(entries):
        said = [HALL if n < for_hall else ROAD]
        voter = Voter(hall.vote.unit_id, hall.vote.pk, entry.pk)
        cast(voter, said, paper_of(hall.vote), sealing.new_token(), hall.vote.public_key)


def key(hall: Hall, said: Said, turn: str, counter: int) -> None:
    sheet = keyed(hall.vote, Sheet({HALL: said.on_paper, ROAD: ON_PAPER - said.on_paper}))
    do(f"voting.{turn}", hall.town.of("counter", counter), DAY, **sheet)


def key_again_and_open(hall: Hall, said: Said) -> None:
    key(hall, said, "key_second", 2)
    open_box(hall)


STEPS: tuple[Callable[[Hall, Said], Any], ...] = (
    lambda hall, said: None,
    lambda hall, said: close(hall, returned=ON_PAPER),
    lambda hall, said: key(hall, said, "key_first", 1),
    key_again_and_open,
    lambda hall, said: do("voting.certify_chief", hall.town.of("chief_teller"), DAY, confirmed=True),
)


@dataclass
class World:
    """A database in which such a vote was held."""

    name: str
    values: dict[str, list[Any]]
    people: dict[str, tuple[int, int]]
    hashes: tuple[str, ...]


@pytest.fixture
def worlds(
    database_server: Server,
    template_database: str,
    django_db_blocker: DjangoDbBlocker,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[Said, str], World]]:
    """Make worlds; the clock stands still at the hour of the vote."""
    real, names = sealing.new_holder, list[str]()
    monkeypatch.setattr(sealing, "new_holder", lambda passphrase: real(passphrase, QUICK))
    monkeypatch.setattr("django.utils.timezone.now", lambda: at(DAY, 10))

    def made(said: Said, stage: str) -> World:
        names.append(database_server.clone(template_database))
        with connected_to(names[-1]), within(SYSTEM):
            hall = held(said, stage)
            return World(names[-1], values_of(hall), people_of(hall), hashes_of(hall))

    with django_db_blocker.unblock():
        yield made
    for name in names:
        database_server.drop(name)


def people_of(hall: Hall) -> dict[str, tuple[int, int]]:
    """One person of every office, with the grant to act in; and nobody."""
    found = {"": (0, 0)}
    for grant in RoleGrant.objects.order_by("pk"):
        found.setdefault(grant.office, (grant.user_id, grant.pk))
    return found


def hashes_of(hall: Hall) -> tuple[str, ...]:
    """How the hashes of the vote's figures begin, as far as it has any: of what was keyed, and of what is signed."""
    texts = [canonical(figures) for figures in hall.vote.keyings.values_list("figures", flat=True)]
    vote = Vote.objects.get(pk=hall.vote.pk)
    if vote.state == VoteState.KEYED:
        texts += [canonical(vote.figures), signed_text(vote)]
    return tuple(hashlib.sha256(text.encode()).hexdigest()[:OF_HASH] for text in texts)


# Every address


def values_of(hall: Hall) -> dict[str, list[Any]]:
    """What stands in an address, by the name of the part, the most telling last. A new name must be filled in here."""
    records = sorted({hall.cycle.pk, hall.vote.pk, hall.session.pk})
    papers = list(Paper.objects.order_by("pk").values_list("pk", flat=True))
    tasks = Deadline.objects.filter(key__startswith="voting.").order_by("pk")
    return {
        "pk": sorted({*records, *papers}),
        "number": sorted({*records, *papers}),
        "task_id": list(tasks.values_list("task_id", flat=True)),
        "code": [hall.town.unit.code],
        "query_code": ["AAAA-BBBB"],
        "year": [hall.cycle.year],
        "key": ["ballot_method", *(event.key for event in events()), "voting.recount"],
        "kind": [*sorted(machine.kind for machine in machines()), "vote"],
        "box": ["claim", "mine", "started", "done"],
        "ending": ["pdf", "docx"],
        "step": ["check"],
        "slug": ["x"],
        "token": ["x"],
        "grant_id": [1],
        "lock_id": [1],
        "user_id": [hall.town.of("clerk").pk],
        "channel": ["wecom"],
        "letter": ["declared"],
        "language": ["zh-hans"],
    }


def addresses(values: dict[str, list[Any]], *, every: bool = True) -> list[str]:
    """Every route with everything that can stand in it, one that leads nowhere, and the exports streamed at once.

    every: False fills each route in once, with the most telling that can stand in it.
    """
    found = ["/nowhere/", "/trail/?page=2"]
    for route in routes():
        missing = [part for part in route.parts if part not in values]
        assert not missing, f"{route.path}: say in values_of what stands for {missing}"
        for given in product(*(values[part] if every else values[part][-1:] for part in route.parts)):
            found.append(route.filled(given))
    found += [
        f"{one}?format={form}&reason=x" for one in found if one.endswith("/export/") for form in AT_ONCE
    ]
    return found


# Calling them


@dataclass(frozen=True)
class Answer:
    status: int
    place: str
    body: str


Seen = dict[tuple[str, str, str], Answer]  # office, method, address


class Visit:
    """One person in a world; whatever a call changes is taken back."""

    def __init__(self, world: World, office: str) -> None:
        self.client = Client(raise_request_exception=False)
        user, grant = world.people[office]
        if user:
            self.client.force_login(User.objects.get(pk=user))
            session = self.client.session
            session[GRANT_KEY] = grant
            session.save()
        self.cookies = self.client.cookies.copy()

    def call(self, method: str, address: str) -> Answer:
        cache.clear()
        self.client.cookies = self.cookies.copy()
        with transaction.atomic():
            data = {"op": "confirm", "token": "t" * 32} if method == "post" else None
            answer = getattr(self.client, method)(address, data)
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            transaction.set_rollback(True)
        return Answer(answer.status_code, answer.headers.get("Location", ""), NOISE.sub("", readable(body)))


# A form's own secret, that of a second factor (in groups that may be digits alone), the clocks that do not stand
# still (the database's, a workbook's), and the square of a head's code, which stands beside it in letters.
NOISE = re.compile(
    r'class="qrline" stroke="#000" d="[^"]*"|'
    r'name="csrfmiddlewaretoken" value="\w+"|(?:[A-Z2-7]{4} ){3,}[A-Z2-7]{4}|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)'
)


@contextmanager
def visiting(world: World) -> Iterator[Callable[[str], Visit]]:
    with connected_to(world.name):
        visits: dict[str, Visit] = {}

        def by(office: str) -> Visit:
            if office not in visits:
                with within(SYSTEM):
                    visits[office] = Visit(world, office)
            return visits[office]

        yield by


def look_round(world: World, offices: list[str], everywhere: list[str]) -> Seen:
    """Every route by every office, with everything that can stand in it by some; forms are posted where the page is there."""
    seen: Seen = {}

    with visiting(world) as visit:
        for office in offices:
            for address in addresses(world.values, every=office in everywhere):
                got = seen[office, "get", address] = visit(office).call("get", address)
                if got.status in (200, 405):
                    seen[office, "post", address] = visit(office).call("post", address)
    return seen


def look_again(world: World, calls: list[tuple[str, str, str]]) -> Seen:
    with visiting(world) as visit:
        return {call: visit(call[0]).call(*call[1:]) for call in calls}


# What differs, and why

TOKEN = re.compile(r"[A-Za-z0-9_+/=-]+|[^\W]|\S")
# What chance may write: a hash, a key, a receipt, a code, a signed cookie. A number of votes looks like none of them.
BY_CHANCE = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9_+/=-]{4,}")


def reason_to_worry(one: Answer, again: Answer, other: Answer) -> str:
    """What of an answer tells the other ballot from this one; empty where chance alone differs."""
    if (one.status, one.place) != (other.status, other.place):
        return f"{one.status} {one.place} ≠ {other.status} {other.place}"
    mine, repeated, theirs = (TOKEN.findall(answer.body) for answer in (one, again, other))
    if not len(mine) == len(repeated) == len(theirs):
        return f"{len(mine)}, {len(repeated)} ≠ {len(theirs)} words"
    for place, (here, once_more, there) in enumerate(zip(mine, repeated, theirs, strict=True)):
        if here != there and not (here != once_more and BY_CHANCE.fullmatch(here)):
            return " ".join(mine[max(place - 8, 0) : place + 3]) + f" ≠ … {there}"
    return ""


BY_DEVICE_ALONE, ON_PAPER_ALONE = Said(by_device=8), Said(on_paper=1)
BOTH = Said(by_device=8, on_paper=1)
FEW = ["", "clerk", "auditor"]
SOME = ["", "deputy", "clerk", "chair"]


def may_know(office: str, address: str, stage: str) -> bool:
    """The desk of the counters and tellers: the pages of their own tasks, once the vote is closed."""
    return stage != "open" and office in DESK and address.startswith("/tasks/")


def with_a_hash(world: World, seen: Seen) -> set[tuple[str, str, str]]:
    """The calls whose answer bears a hash of the figures."""
    return {call for call, answer in seen.items() if any(one in answer.body.lower() for one in world.hashes)}


def desk_sees_which(one: World, again: World, other: World) -> bool:
    """The control: the tellers' own pages show the sums and their hash, and there both searches find the other ballot."""
    tasks = [address for address in addresses(one.values) if re.fullmatch(r"/tasks/\d+/", address)]
    calls = [("teller", "get", address) for address in tasks]
    seen, repeated, theirs = (look_again(world, calls) for world in (one, again, other))
    worries = [reason_to_worry(seen[call], repeated[call], theirs[call]) for call in calls]
    return any(worries) and bool(with_a_hash(one, seen))


@pytest.mark.parametrize("stage", STAGES if LONG else STAGES[-1:])
def test_no_office_can_tell_one_ballot_from_another_before_both_tellers_have_signed(
    worlds, record_property, stage
):
    """Few offices and each route once in make test; in make long all, and each filling at the last stage by some."""
    one, again = worlds(Said(), stage), worlds(Said(), stage)
    last = LONG and stage == STAGES[-1]
    offices, everywhere = list(one.people) if LONG else FEW, SOME if last else []
    seen = look_round(one, offices, everywhere)
    for said in (BY_DEVICE_ALONE, ON_PAPER_ALONE) if last else (BOTH,):
        other = worlds(said, stage)
        theirs = look_round(other, offices, everywhere)
        assert theirs.keys() == seen.keys()
        different = [call for call in seen if seen[call] != theirs[call]]
        repeated = look_again(again, different)
        worries = {
            call: worry
            for call in different
            if (worry := reason_to_worry(seen[call], repeated[call], theirs[call]))
        }
        assert {call: why for call, why in worries.items() if not may_know(call[0], call[2], stage)} == {}
        record_property(f"differ by chance, {said}", len(different))
        assert {call for call in with_a_hash(other, theirs) if not may_know(call[0], call[2], stage)} == set()
        if stage in SHOWN:
            assert desk_sees_which(one, again, other), "the comparison is blind"
    record_property("calls", len(seen))
    assert [call for call, answer in seen.items() if answer.status >= 500] == []
