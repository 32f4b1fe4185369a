"""Who has the database cannot tell who voted how: an attacker pairs voters with ballots and does no better than chance.

Every voter's ballot is different, so a right pairing is a match and chance gives one match per vote. The attacker sees
every row with its system columns (transaction id, place in the heap), and even the opened ballots as they leave the
count. Beside it a control that keeps choices in the clear, as usual systems do, is broken by the same attack
(integrity.md §2).
"""

from __future__ import annotations

import math
import subprocess
import time
from collections.abc import Callable
from itertools import combinations, islice
from random import Random
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from projects.ballots import boxes, keys, sealing
from projects.ballots.casting import cast
from projects.ballots.models import RollEntry
from projects.ballots.services import close_vote
from tests.projects.ballots.conftest import Hall, opening
from workflow.people.isolation import SYSTEM, of_units, within

pytestmark = pytest.mark.long

VOTERS = 200
TITLES = tuple(f"项目{n}" for n in range(1, 13))
BALLOTS = [list(chosen) for chosen in islice(combinations(TITLES, 5), VOTERS)]
ORDERS = {
    "the transaction's number": "xmin::text::bigint",
    "the place in the heap": "ctid",
    "the order of the roll": "id",
    "the roll's mark": "mark",
}


def most_by_chance(votes: int) -> int:
    """Matches of blind guessing, and three standard deviations: 33 for 20 votes (integrity.md §4)."""
    return math.floor(votes + 3 * math.sqrt(votes))


@pytest.fixture
def halls(fresh_database: str, quick_stretching: None, new_hall: Any, size: Any) -> list[Hall]:
    """Votes under way with two hundred deputies each, every one in a township's vote of its own."""
    made: list[Hall] = []
    with within(SYSTEM):
        for _vote in range(size("linkage_votes", 4, 20)):
            beside = made[0] if made else None
            hall = new_hall(TITLES, deputies=VOTERS, seats=5, beside=beside)
            hall.hold_keys()
            hall.open()
            made.append(hall)
    return made


def vote_in_random_order(hall: Hall, draws: Random) -> dict[int, list[str]]:
    """Every deputy casts a ballot nobody else casts, each in a transaction of its own; who cast what."""
    with within(SYSTEM):
        entries = list(RollEntry.objects.filter(vote=hall.vote).values_list("pk", "line__name"))
        voters, paper = {pk: hall.voter(name) for pk, name in entries}, boxes.paper_of(hall.vote)
    said = dict(zip(voters, draws.sample(BALLOTS, VOTERS), strict=True))
    for pk in draws.sample(list(voters), VOTERS):
        with within(of_units((hall.unit.pk,), writes=(hall.unit.pk,))):
            cast(voters[pk], said[pk], paper, sealing.new_token())
    return said


def opened(hall: Hall) -> list[Any]:
    """The ballots as they leave the count, which nobody keeps: more than an attacker ever gets."""
    with within(SYSTEM):
        close_vote(hall.act("chief_teller"), hall.vote, returned=0)
        hall.vote.refresh_from_db()
        private = keys.private_key(hall.vote, opening("chief_teller"), opening("teller"))
        return sealing.open_box(boxes.in_box(hall.vote), private, boxes.paper_of(hall.vote))


def voters_by(order: str, vote: int) -> list[int]:
    with within(SYSTEM), connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM projects_rollentry WHERE vote_id = %s ORDER BY {order}", [vote])
        return [pk for (pk,) in cursor.fetchall()]


def test_nobody_is_linked_to_a_ballot_better_than_by_chance(halls):
    draws, matches = Random(20270120), dict.fromkeys(ORDERS, 0)
    for hall in halls:
        said, ballots = vote_in_random_order(hall, draws), opened(hall)
        assert sorted(map(sorted, ballots)) == sorted(map(sorted, said.values()))
        for name, order in ORDERS.items():
            pairs = zip(voters_by(order, hall.vote.pk), ballots, strict=True)
            matches[name] += sum(sorted(said[pk]) == sorted(ballot) for pk, ballot in pairs)

    assert matches["the transaction's number"] <= most_by_chance(len(halls)), matches
    assert all(found <= 2 * most_by_chance(len(halls)) for found in matches.values()), matches


def test_the_same_attack_breaks_a_table_that_keeps_choices(fresh_database, owner_connection):
    """The control: choices beside no name at all, without a foreign key, in a table of their own."""
    owner_connection.execute("CREATE TABLE roll_of_control (voter int PRIMARY KEY, voted bool DEFAULT false)")
    owner_connection.execute("CREATE TABLE box_of_control (key uuid DEFAULT gen_random_uuid(), said text)")
    owner_connection.execute(f"INSERT INTO roll_of_control SELECT n FROM generate_series(1, {VOTERS}) n")
    said = dict(zip(range(1, VOTERS + 1), map(str, BALLOTS), strict=True))
    for voter in Random(7).sample(list(said), VOTERS):
        with owner_connection.transaction():
            owner_connection.execute("UPDATE roll_of_control SET voted = true WHERE voter = %s", [voter])
            owner_connection.execute("INSERT INTO box_of_control (said) VALUES (%s)", [said[voter]])

    linked = owner_connection.execute(
        "SELECT r.voter, b.said FROM roll_of_control r JOIN box_of_control b ON r.xmin = b.xmin"
    ).fetchall()

    assert sum(said[voter] == choice for voter, choice in linked) >= 0.99 * VOTERS


def test_the_token_that_leads_to_both_is_kept_nowhere(halls, owner_connection):
    """Cast with a marked token, look through every file of the server (tables, write-ahead log, logs) and of the site.

    A word written into a table after it is found there, so the search would have found the token.
    """
    if settings.CLUSTER is None:
        pytest.skip("the files of an external server are not at hand")
    hall, token, control = halls[0], "canary-7f3a9c-in-no-file", "canary-51b2-of-the-control"
    with within(SYSTEM):
        voter, paper = hall.voter("代表9"), boxes.paper_of(hall.vote)
    with within(of_units((hall.unit.pk,), writes=(hall.unit.pk,))):
        cast(voter, [TITLES[2]], paper, token)
    owner_connection.execute("CREATE TABLE kept (said text)")
    owner_connection.execute("INSERT INTO kept VALUES (%s)", [control])

    assert eventually(lambda: files_with(control))
    assert files_with(token) == []


def files_with(word: str) -> list[str]:
    """Files of the database's server and of the site that hold a word."""
    searched = subprocess.run(
        ["grep", "-rlaF", word, str(settings.CLUSTER.data), str(settings.VAR_DIR)],
        capture_output=True, text=True,
    )  # fmt: skip
    return searched.stdout.split()


def eventually(question: Callable[[], Any], seconds: float = 30) -> bool:
    """Whether it comes true: the server writes its log a moment after the commit where tests run without fsync."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if question():
            return True
        time.sleep(0.2)
    return False
