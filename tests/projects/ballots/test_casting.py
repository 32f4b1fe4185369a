"""How ballots reach the box: many in one transaction, each answered for itself, and no pairing left after closing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from projects.ballots import boxes, casting, rolls, sealing, together
from projects.ballots.casting import AlreadyVoted, CodeReplaced, Sealed, VoteClosed, Voter
from projects.ballots.models import Box, RollEntry, Vote
from projects.ballots.services import close_vote, void_vote
from tests.projects.ballots.conftest import Hall
from tests.projects.ballots.test_device_races import at_once
from tests.site.test_supervisor import eventually
from workflow.people.isolation import SYSTEM, of_units, within

WATER = "水厂"


@pytest.fixture
def open_hall(fresh_database: str, quick_stretching: None, new_hall: Callable[..., Hall]) -> Hall:
    """A vote by device, open and committed."""
    with within(SYSTEM):
        made = new_hall()
        made.hold_keys()
        made.open()
    return made


def voters(hall: Hall) -> list[Voter]:
    with within(SYSTEM):
        return [
            Voter(hall.unit.pk, hall.vote.pk, pk)
            for pk in RollEntry.objects.filter(vote=hall.vote).values_list("pk", flat=True)
        ]


def paper_of(hall: Hall) -> Any:
    with within(SYSTEM):
        return boxes.paper_of(hall.vote)


def sealed(hall: Hall, voter: Voter, token: str) -> Sealed:
    return casting.seal(voter, [WATER], paper_of(hall), token, hall.vote.public_key)


def by_group(hall: Hall, voter: Voter, token: str | None = None) -> Callable[[], str]:
    paper, token = paper_of(hall), token or sealing.new_token()
    return lambda: together.cast(voter, [WATER], paper, token, hall.vote.public_key).tracker


def held_back(monkeypatch: pytest.MonkeyPatch, number: int) -> threading.Event:
    """The first batch is not written before so many ballots wait for the next one; set as soon as it has begun."""
    real, begun = together._Writer._commit, threading.Event()

    def commit(self: Any, ballots: list[Sealed]) -> Any:
        if not begun.is_set():
            begun.set()
            assert eventually(lambda: self._waiting.qsize() >= number)
        return real(self, ballots)

    monkeypatch.setattr(together._Writer, "_commit", commit)
    return begun


def rows(query: str, *values: Any) -> list[Any]:
    with within(SYSTEM), connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()


PAIRS = "SELECT count(*) FROM projects_rollentry r JOIN projects_box b ON r.xmin = b.xmin WHERE r.voted"
BY_PLACE = "SELECT id FROM projects_rollentry ORDER BY ctid"
BOX_BY_PLACE = "SELECT key FROM projects_box ORDER BY ctid"


# Together


def test_ballots_that_wait_together_are_in_by_one_transaction(open_hall):
    ballots = [sealed(open_hall, voter, f"token-{voter.entry_id}") for voter in voters(open_hall)]

    stored = together._Writer()._commit(ballots)

    assert stored == {ballot.cipher for ballot in ballots}
    assert rows("SELECT count(DISTINCT xmin::text) FROM projects_box") == [(1,)]
    assert rows(PAIRS) == [(12 * 12,)], "every mark goes with every ballot of the batch"
    assert [key for (key,) in rows(BOX_BY_PLACE)] == sorted(ballot.key for ballot in ballots)


def test_a_ballot_that_cannot_be_stored_takes_no_other_along(open_hall):
    first, second, late, strange, *_others = voters(open_hall)
    by_group(open_hall, late, "here-already")()
    elsewhere = Voter(open_hall.unit.pk, open_hall.vote.pk + 999, strange.entry_id)
    ballots = [
        sealed(open_hall, first, "t1"),
        sealed(open_hall, late, "another-token"),
        sealed(open_hall, elsewhere, "t2"),
        sealed(open_hall, second, "t3"),
        sealed(open_hall, second, "t3-second-tap"),
    ]

    stored = together._Writer()._commit(ballots)

    assert ballots[0].cipher in stored and not {ballots[1].cipher, ballots[2].cipher} & stored
    assert len({ballots[3].cipher, ballots[4].cipher} & stored) == 1
    with within(SYSTEM):
        assert Box.objects.count() == 3


def test_what_a_text_holds_stays_one_value_of_its_array(open_hall):
    texts = ["", "a,b", 'quote " and \\ backslash', "{NULL}", "null", "'; --", "票"]

    assert rows("SELECT %s::text[]", casting._texts(texts)) == [(texts,)]
    assert rows("SELECT %s::bigint[]", casting._numbers([3, 1])) == [([3, 1],)]


def test_one_ballot_sent_twice_is_stored_once_even_in_one_batch(open_hall):
    first, *_others = voters(open_hall)
    twins = [sealed(open_hall, first, "one-token"), sealed(open_hall, first, "one-token")]

    stored = together._Writer()._commit(twins)

    assert rows("SELECT cipher FROM projects_box") == [(cipher,) for cipher in stored]
    assert len(stored & {twin.cipher for twin in twins}) == 1


def test_all_who_send_one_ballot_are_told_the_receipt_that_is_in_the_box(open_hall, monkeypatch):
    begun = held_back(monkeypatch, 5)
    first, second, *_others = voters(open_hall)
    taps = [by_group(open_hall, second, "one-token") for _tap in range(5)]

    ended = at_once(by_group(open_hall, first), *(lambda tap=tap: begun.wait(20) and tap() for tap in taps))

    with within(SYSTEM):
        in_box = {sealing.tracker_of(bytes(one)) for one in Box.objects.values_list("cipher", flat=True)}
    assert set(ended) == in_box and len(in_box) == 2
    assert ended.count(ended[1]) == 5


def test_a_batch_does_not_wait_for_a_vote_or_a_line_somebody_holds(open_hall):
    first, second, *_others = voters(open_hall)
    ballots = [sealed(open_hall, first, "t1"), sealed(open_hall, second, "t2")]

    with within(SYSTEM):
        RollEntry.objects.select_for_update().get(pk=first.entry_id)
        assert together._Writer()._commit(ballots) == {ballots[1].cipher}
    with within(SYSTEM):
        Vote.objects.select_for_update().get(pk=open_hall.vote.pk)
        assert together._Writer()._commit(ballots) == set()


def test_all_who_cast_at_once_are_answered_with_their_own_receipt(open_hall):
    ended = at_once(*(by_group(open_hall, voter) for voter in voters(open_hall)))

    with within(SYSTEM):
        ciphers = Box.objects.values_list("cipher", flat=True)
        assert sorted(ended) == sorted(sealing.tracker_of(bytes(one)) for one in ciphers)
        assert RollEntry.objects.filter(voted=True).count() == len(ended) == 12


def test_each_refusal_names_its_own_reason(open_hall):
    voter, other, third, *_others = voters(open_hall)
    tracker = by_group(open_hall, voter, "mine")()
    with within(SYSTEM):
        rolls.new_codes(open_hall.act("clerk"), open_hall.locked, [open_hall.entry("代表2").line_id])
    old_code = Voter(other.unit_id, other.vote_id, other.entry_id, code="0123456789abcdef")

    assert by_group(open_hall, voter, "mine")() == tracker
    with pytest.raises(AlreadyVoted):
        by_group(open_hall, voter, "another")()
    with pytest.raises(CodeReplaced):
        by_group(open_hall, old_code)()
    by_group(open_hall, other)()  # the same without the old code
    with within(SYSTEM):
        void_vote(open_hall.act("chair"), open_hall.vote, reason="重来")
    with pytest.raises(VoteClosed):
        by_group(open_hall, third)()


def test_a_ballot_is_in_once_when_the_connection_is_lost(open_hall):
    first, second, *_others = voters(open_hall)
    by_group(open_hall, first)()
    pid = together._WRITER._opened.info.backend_pid
    assert rows("SELECT pg_terminate_backend(%s, 5000)", pid) == [(True,)]

    by_group(open_hall, second)()

    with within(SYSTEM):
        assert Box.objects.count() == 2


def test_a_site_may_cast_each_ballot_alone(open_hall, settings, monkeypatch):
    settings.GROUP_COMMIT = False
    monkeypatch.setattr(together._WRITER, "stored", None)

    assert by_group(open_hall, voters(open_hall)[0])()


def test_a_ballot_is_one_round_trip_together_and_one_statement_alone(open_hall, monkeypatch):
    first, second, *_others = voters(open_hall)
    batches, real = [], together._Writer._commit
    monkeypatch.setattr(
        together._Writer, "_commit", lambda self, batch: batches.append(batch) or real(self, batch)
    )
    cast, alone = by_group(open_hall, first), by_group(open_hall, second)

    with CaptureQueriesContext(connection) as seen:
        cast()
    assert (len(seen), len(batches)) == (0, 1)
    with (
        within(of_units((open_hall.unit.pk,), writes=(open_hall.unit.pk,))),
        CaptureQueriesContext(connection) as seen,
    ):
        alone()
    assert len([query for query in seen if "projects_" in query["sql"]]) == 1


def test_a_batch_is_stored_by_a_plan_made_once(open_hall):
    for voter in voters(open_hall)[:3]:
        by_group(open_hall, voter)()

    planned = together._WRITER._opened.execute(
        "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE %s", ["%unnest%"]
    )
    assert planned.fetchall() == [(3, 0)]


# The token is the browser's


def test_two_who_name_the_same_token_both_cast(open_hall):
    first, second, *_others = voters(open_hall)

    trackers = {by_group(open_hall, first, "same")(), by_group(open_hall, second, "same")()}

    assert len(trackers) == 2
    assert rows(
        "SELECT count(DISTINCT mark), count(DISTINCT key) FROM projects_rollentry, projects_box WHERE voted"
    ) == [(2, 2)]


# After closing


def cast_by_all(hall: Hall) -> dict[int, str]:
    """Each alone, in the order opposite to the roll's; the tokens."""
    tokens = {voter.entry_id: sealing.new_token() for voter in voters(hall)}
    for voter in reversed(voters(hall)):
        by_group(hall, voter, tokens[voter.entry_id])()
    return tokens


def test_closing_leaves_nothing_that_pairs_a_ballot_with_a_deputy(open_hall):
    with within(SYSTEM):
        rolls.new_codes(open_hall.act("clerk"), open_hall.locked)
    cast_by_all(open_hall)
    assert rows(PAIRS) == [(12,)]  # each ballot with its deputy, while the vote is open
    ids = [pk for (pk,) in rows("SELECT id FROM projects_rollentry ORDER BY id")]
    assert [pk for (pk,) in rows(BY_PLACE)] != ids

    with within(SYSTEM):
        close_vote(open_hall.act("chief_teller"), open_hall.vote, returned=0)

    assert rows(PAIRS) == [(12 * 12,)]
    assert [pk for (pk,) in rows(BY_PLACE)] == ids
    assert [key for (key,) in rows(BOX_BY_PLACE)] == sorted(key for (key,) in rows(BOX_BY_PLACE))
    assert rows("SELECT DISTINCT code_hash, code_used FROM projects_rollentry") == [("", False)]


def test_a_void_vote_keeps_no_pairing_either(open_hall):
    cast_by_all(open_hall)

    with within(SYSTEM):
        void_vote(open_hall.act("chair"), open_hall.vote, reason="重来")

    assert rows(PAIRS) == [(12 * 12,)]


def test_after_closing_a_ballot_sent_again_finds_itself_and_the_frozen_box_is_the_one_cast(open_hall):
    tokens = cast_by_all(open_hall)
    voter = voters(open_hall)[4]
    tracker = by_group(open_hall, voter, tokens[voter.entry_id])()
    digest = sealing.digest_of_box(bytes(c) for (c,) in rows("SELECT cipher FROM projects_box"))

    with within(SYSTEM):
        close_vote(open_hall.act("chief_teller"), open_hall.vote, returned=0)

    assert by_group(open_hall, voter, tokens[voter.entry_id])() == tracker
    assert [pk for (pk,) in rows("SELECT box_digest FROM projects_vote")] == [digest]
    with within(SYSTEM):
        assert tracker in boxes.trackers_of(Vote.objects.get(pk=open_hall.vote.pk))
