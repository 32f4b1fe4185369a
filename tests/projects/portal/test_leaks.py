"""Two worlds that differ in one ballot look the same to every office, on every page, until both tellers have signed.

The same congress votes by device and on paper in databases of its own: once, once more with other chances (seals,
receipts, salts), and once with one ballot marked otherwise; on projects, on satisfaction, on a change, and by the hall's
own keys. Every address of the site is called in every office, and every form is
posted in a way that is refused. Where a page of the first world differs from the one with the other ballot, the repeated
world says whether the ballot is the reason: what chance alone changes (a hash, a receipt, a code) differs there too. A
hash of figures hides among those, and leads to the figures of whoever tries them all: so every answer is searched for it.
Only the desk of the counters and tellers may know more, after closing (integrity.md §2.6).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from pytest_django import DjangoDbBlocker

from projects.ballots import sealing
from projects.ballots.figures import signed_text
from projects.ballots.models import Vote, VoteState
from projects.cycles.models import Paper
from projects.portal.county_lists import LISTS
from tests.addresses import Route, readable, routes
from tests.builders import at
from tests.databases import Server, connected_to
from tests.long import LONG
from tests.projects.ballots.conftest import QUICK
from tests.projects.portal.votes_under_way import KINDS, STAGES, Said, UnderWay
from workflow.administration.trail import AT_ONCE
from workflow.audit.chain import canonical
from workflow.flows.events import events
from workflow.flows.models import Deadline
from workflow.inbox.lists import boxes
from workflow.machines.graph import machines
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import User
from workflow.roles.middleware import SESSION_KEY as GRANT_KEY
from workflow.roles.models import RoleGrant

pytestmark = pytest.mark.long

OF_HASH = 12  # letters of a hash that are told apart from any other word
DESK = ("chief_teller", "teller", "counter")
SHOWN = ("keyed", "signed once")  # when the tellers' desk has the sums before it


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
    settings: Any,
    tmp_path: Path,
) -> Iterator[Callable[[str, Said, str], World]]:
    """Make worlds of a kind of vote, all from the moment its ballots were out; the clock stands still on its day."""
    real, names, begun = sealing.new_holder, list[str](), dict[str, tuple[str, UnderWay]]()
    monkeypatch.setattr(sealing, "new_holder", lambda passphrase: real(passphrase, QUICK))
    settings.MEDIA_ROOT = tmp_path

    def copied(name: str) -> str:
        names.append(database_server.clone(name))
        return names[-1]

    def begin(kind: str) -> tuple[str, UnderWay]:
        name = copied(template_database)
        with connected_to(name), within(SYSTEM):
            return name, KINDS[kind].build()

    def made(kind: str, said: Said, stage: str) -> World:
        monkeypatch.setattr("django.utils.timezone.now", lambda: at(KINDS[kind].day, 10))
        if kind not in begun:
            begun[kind] = begin(kind)
        opened, held = begun[kind]
        name = copied(opened)
        with connected_to(name), within(SYSTEM):
            held.advance(said, stage)
            return World(name, values_of(held), people_of(), hashes_of(held.vote))

    with django_db_blocker.unblock():
        yield made
    for name in names:
        database_server.drop(name)


def people_of() -> dict[str, tuple[int, int]]:
    """One person of every office, with the grant to act in; and nobody."""
    found = {"": (0, 0)}
    for grant in RoleGrant.objects.order_by("pk"):
        found.setdefault(grant.office, (grant.user_id, grant.pk))
    return found


def hashes_of(vote: Vote) -> tuple[str, ...]:
    """How the hashes of the vote's figures begin, as far as it has any: of what was keyed, and of what is signed."""
    now = Vote.objects.get(pk=vote.pk)
    texts = [canonical(figures) for figures in now.keyings.values_list("figures", flat=True)]
    if now.state == VoteState.KEYED:
        texts += [canonical(now.figures), signed_text(now)]
    return tuple(hashlib.sha256(text.encode()).hexdigest()[:OF_HASH] for text in texts)


# Every address


BOXES = {box.code for box in boxes()}


def values_of(held: UnderWay) -> dict[str, list[Any]]:
    """What stands in an address, by the name of the part, the most telling last. A new name must be filled in here."""
    records = list(dict.fromkeys(record.pk for record in held.records))
    papers = list(Paper.objects.order_by("pk").values_list("pk", flat=True))
    tasks = Deadline.objects.filter(key__startswith=held.tasks).order_by("pk")
    return {
        "pk": [*papers, *records],
        "number": [*papers, *records],
        "paper": [*records, *papers],
        "task_id": list(tasks.values_list("task_id", flat=True)),
        "code": [held.town.unit.code],
        "query_code": ["AAAA-BBBB"],
        "year": [held.cycle.year],
        "key": ["ballot_mode", *(event.key for event in events()), "voting.recount"],
        "kind": [*sorted(machine.kind for machine in machines()), "vote"],
        "box": [*sorted(BOXES - {"done"}), "done"],
        "list": [*sorted(LISTS.keys() - {"items"}), "items"],
        "ending": ["pdf", "docx"],
        "step": ["check"],
        "slug": ["x"],
        "token": ["x"],
        "grant_id": [1],
        "lock_id": [1],
        "user_id": [held.town.of("clerk").pk],
        "channel": ["wecom"],
        "letter": ["declared"],
        "language": ["zh-hans"],
    }


OF_PAPERS = ("/papers", "/files")
OF_LISTS = "/county/list/"
# Where a vote, its tasks, its papers and what is told of it are shown: the routes a short run looks at for every kind.
WHERE_VOTES_ARE_TOLD = {
    "vote", "votes", "vote_box", "print_ballots", "hall", "hall_board", "trackers", "task", "task_done", "event", "history",
    "story", "staff_paper", "paper", "document", "trail", "trail_export", "year", "session", "project", "township_year",
    "public_project", "home", "inbox", "letters",
}  # fmt: skip


def addresses(
    values: dict[str, list[Any]], *, every: bool = True, names: Set[str] = frozenset()
) -> list[str]:
    """Every route with everything that can stand in it, one that leads nowhere, and the exports streamed at once.

    every: False fills each route in once, with the most telling that can stand in it. names: of these routes alone.
    """
    found = ["/nowhere/", "/trail/?page=2"]
    for route in routes():
        missing = [part for part in route.parts if part not in values]
        assert not missing, f"{route.path}: say in values_of what stands for {missing}"
        if names and route.name not in names:
            continue
        parts = [values[_standing_for(route, part)] for part in route.parts]
        for given in product(*(part if every else part[-1:] for part in parts)):
            found.append(route.filled(given))
    found += [
        f"{one}?format={form}&reason=xx" for one in found if one.endswith("/export/") for form in AT_ONCE
    ]
    return list(dict.fromkeys(found))


def _standing_for(route: Route, part: str) -> str:
    """Where the values of a part are found: those of a paper and of a list have names their routes do not tell."""
    if part in ("pk", "number") and route.path.startswith(OF_PAPERS):
        return "paper"
    return "list" if part == "code" and route.path.startswith(OF_LISTS) else part


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


@dataclass(frozen=True)
class Round:
    """Who looks where: each office at every route once; at everything that can stand in it; or where votes are told alone.

    posting: whether forms are posted too where the page is there.
    """

    offices: list[str]
    everywhere: Collection[str] = ()
    narrowly: Collection[str] = ()
    posting: bool = True

    def of(self, office: str, values: dict[str, list[Any]]) -> list[str]:
        """The addresses this office calls."""
        names = WHERE_VOTES_ARE_TOLD if office in self.narrowly else frozenset()
        return addresses(values, every=office in self.everywhere, names=names)


def look_round(world: World, where: Round) -> Seen:
    """What everybody sees."""
    seen: Seen = {}

    with visiting(world) as visit:
        for office in where.offices:
            for address in where.of(office, world.values):
                got = seen[office, "get", address] = visit(office).call("get", address)
                if where.posting and got.status in (200, 405):
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


OTHERWISE = Said(by_device=8, on_paper=1)  # the phones' sum, the paper's and the joined one all differ
FEW = ["", "clerk"]
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
    worried = told = False
    for call in reversed(calls):  # the sums are on the last of them; what is found needs no further page
        seen, repeated, theirs = (look_again(world, [call]) for world in (one, again, other))
        worried = worried or bool(reason_to_worry(seen[call], repeated[call], theirs[call]))
        told = told or bool(with_a_hash(one, seen))
        if worried and told:
            return True
    return False


OTHERS = [kind for kind in KINDS if kind != "projects"]
SHORT = [(kind, STAGES[-1]) for kind in KINDS]
FULL = [("projects", stage) for stage in STAGES] + [
    (kind, stage) for kind in OTHERS for stage in ("keyed once", STAGES[-1])
]


def _is_there(call: tuple[str, str, str]) -> bool:
    """Whether an address must be a page: the clerk's boxes, the county's lists."""
    office, method, address = call
    own = {"clerk": [f"/inbox/{box}/" for box in BOXES], "county": [f"{OF_LISTS}{code}/" for code in LISTS]}
    return method == "get" and address in own.get(office, ())


def looking(kind: str, stage: str, world: World) -> Round:
    """Few offices and each route once in make test, of the other kinds only read where votes are told.

    In make long every office is there. In the vote on projects, while ballots come in and with all but one signature, it
    calls every route, some offices with everything that can stand in it; of the other kinds some offices do, with all
    but one signature. Everybody else, and at the stages between, looks where votes are told.
    """
    last = stage == STAGES[-1]
    if not LONG:
        return Round(FEW) if kind == "projects" else Round(FEW, narrowly=FEW, posting=False)
    everyone = list(world.people)
    if kind == "projects" and (last or stage == "open"):
        return Round(everyone, everywhere=SOME if last else ())
    return Round(everyone, narrowly=set(everyone) - (set(SOME) if last else set()))


@pytest.mark.parametrize(("kind", "stage"), FULL if LONG else SHORT)
def test_no_office_can_tell_one_ballot_from_another_before_both_tellers_have_signed(
    worlds, record_property, kind, stage
):
    one, again = worlds(kind, Said(), stage), worlds(kind, Said(), stage)
    where = looking(kind, stage, one)
    seen = look_round(one, where)
    other = worlds(kind, OTHERWISE, stage)
    theirs = look_round(other, where)
    assert theirs.keys() == seen.keys()
    different = [call for call in seen if seen[call] != theirs[call]]
    repeated = look_again(again, different)
    worries = {
        call: worry
        for call in different
        if (worry := reason_to_worry(seen[call], repeated[call], theirs[call]))
    }
    assert {call: why for call, why in worries.items() if not may_know(call[0], call[2], stage)} == {}
    record_property("differ by chance", len(different))
    assert {call for call in with_a_hash(other, theirs) if not may_know(call[0], call[2], stage)} == set()
    if stage in SHOWN:
        assert desk_sees_which(one, again, other), "the comparison is blind"
    record_property("calls", len(seen))
    assert [call for call, answer in seen.items() if answer.status >= 500] == []
    shown = f"/votes/{one.values['pk'][-1]}/"
    assert seen["clerk", "get", shown].status == 200, "the vote's own page was not looked at"
    assert {answer.status for call, answer in seen.items() if _is_there(call)} <= {200}
