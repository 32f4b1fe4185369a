"""Casting a ballot by device: exactly once, sealed before it is stored, and without a trace of when or by whom.

No trail entry, no log line: their order would name the voter (integrity.md §2.2). What is stored is the roll's mark
and a cipher under a random key; the token that leads to both is in the voter's page alone. While the vote is open,
mark and cipher of one transaction bear its number; closing writes both anew (`boxes.forget_the_order`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext as _

from projects.ballots import sealing
from projects.ballots.models import Channel, VoteState
from projects.ballots.rules import Mode, Paper, read_ballot
from workflow.flows.errors import Refused

# Lock the vote, mark the roll, fill the box, for any number of ballots in one statement; the ciphers that come back are
# in: one token sent twice at once is one key with two ciphers, and only one of them is the ballot.
# A shared lock on the vote: casts do not wait for one another, closing waits for all of them. The roll before the box:
# two taps of one phone meet here, not in the count. By key into the box: the order of the roll is not its order.
_STORE = """
    WITH given AS (
        SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[],
            %s::bytea[]) AS g (unit_id, vote_id, entry_id, code, public_key, mark, key, cipher)
    ), held AS MATERIALIZED (
        SELECT v.id, v.unit_id, v.public_key FROM projects_vote v
        WHERE v.id = ANY (%s::bigint[]) AND v.state = 'open' AND v.device ORDER BY v.id FOR SHARE {busy}
    ), free AS MATERIALIZED (
        SELECT r.id FROM projects_rollentry r JOIN held ON held.id = r.vote_id
        WHERE r.id = ANY (%s::bigint[]) ORDER BY r.id FOR NO KEY UPDATE OF r {busy}
    ), marked AS (
        UPDATE projects_rollentry r SET voted = true, mark = g.mark
        FROM given g JOIN free ON free.id = g.entry_id
            JOIN held v ON v.id = g.vote_id AND v.unit_id = g.unit_id AND v.public_key = g.public_key
        WHERE r.id = g.entry_id AND r.vote_id = g.vote_id AND r.channel = 'device' AND NOT r.voted
            AND left(r.code_hash, length(g.code)) = g.code
        RETURNING g.key, g.unit_id, g.vote_id, g.cipher
    )
    INSERT INTO projects_box (key, unit_id, vote_number, cipher)
    SELECT key, unit_id, vote_id, cipher FROM marked ORDER BY key RETURNING cipher
"""
STORE = _STORE.format(busy="")
# For many at once: never waits, and so never meets another batch half-way; who was busy comes again alone.
STORE_FREE = _STORE.format(busy="SKIP LOCKED")


class VoteClosed(Refused):
    """The vote is not open (any more): nothing was stored."""


class AlreadyVoted(Refused):
    """This deputy's ballot is in already, by device or on paper; nothing was changed."""


class CodeReplaced(Refused):
    """Another code was printed for this deputy since this browser came in by the older one; nothing was stored."""


@dataclass(frozen=True)
class Voter:
    """Who may cast: an entry of a vote's roll. code: the start of the hash of the code they came in by, "" without."""

    unit_id: int
    vote_id: int
    entry_id: int
    code: str = ""


@dataclass(frozen=True)
class Sealed:
    """One ballot as the database is told of it."""

    voter: Voter
    public_key: str
    mark: str
    key: str
    cipher: bytes

    @property
    def tracker(self) -> str:
        return sealing.tracker_of(self.cipher)


@dataclass(frozen=True)
class Cast:
    """A ballot that is in. before: an earlier attempt brought it, and what this one said is not counted."""

    tracker: str
    before: bool


def faults_of_ballot(ballot: object, paper: Paper) -> list[str]:
    """Why a ballot would be invalid, said before it is sealed; empty means it can be cast."""
    if read_ballot(ballot, paper) is not None:
        return []
    marked = len(ballot) if isinstance(ballot, (list, tuple)) else _in_favour(ballot)
    if marked > paper.seats:
        figures = {"most": paper.seats, "marked": marked, "over": marked - paper.seats}
        if paper.mode is Mode.EACH:
            return [_("最多赞成 %(most)s 项，您赞成了 %(marked)s 项，请去掉 %(over)s 项。") % figures]
        return [_("最多选 %(most)s 项，您选了 %(marked)s 项，请去掉 %(over)s 项。") % figures]
    return [_("所填内容中有本次投票没有的项目，请刷新页面重新填写。")]


def _in_favour(ballot: object) -> int:
    return sum(mark == "for" for mark in ballot.values()) if isinstance(ballot, dict) else 0


def seal(voter: Voter, ballot: object, paper: Paper, token: str, public_key: str) -> Sealed:
    """Seal a ballot to the vote's public key, which it has once it opens. Refused where it would be invalid."""
    if not public_key:
        raise VoteClosed(_("投票还没有开始。"))
    if faults := faults_of_ballot(ballot, paper):
        raise Refused(*faults)
    cipher = sealing.seal_ballot(ballot, paper, public_key)
    return Sealed(voter, public_key, _mark(voter, token), _key(voter, token), cipher)


def _mark(voter: Voter, token: str) -> str:
    return sealing.mark_on_roll(_own(voter, token))


def _key(voter: Voter, token: str) -> str:
    return sealing.key_in_box(_own(voter, token))


def _own(voter: Voter, token: str) -> str:
    # The browser names the token: two that name the same one still cast two ballots.
    return f"{voter.vote_id}:{voter.entry_id}:{token}"


def store(sealed: Sealed, token: str) -> str:
    """Store one sealed ballot in the transaction and context of the caller; its tracker, or why it is not in (`refused`)."""
    with connection.cursor() as cursor:
        cursor.execute(STORE, arguments([sealed]))
        stored = cursor.fetchone()
    return sealed.tracker if stored else refused(sealed.voter, token)


def arguments(ballots: Sequence[Sealed]) -> list[str]:
    """What STORE is given for these ballots: arrays as PostgreSQL reads them."""
    voters = [ballot.voter for ballot in ballots]
    votes, entries = [voter.vote_id for voter in voters], [voter.entry_id for voter in voters]
    return [
        _numbers(voter.unit_id for voter in voters),
        _numbers(votes),
        _numbers(entries),
        _texts(voter.code for voter in voters),
        _texts(ballot.public_key for ballot in ballots),
        _texts(ballot.mark for ballot in ballots),
        _texts(ballot.key for ballot in ballots),
        _texts("\\x" + ballot.cipher.hex() for ballot in ballots),
        _numbers(sorted(set(votes))),
        _numbers(sorted(set(entries))),
    ]


# By hand: the driver asks of each value in a list what it is. Whatever a text holds, it stays one value of its array.
def _numbers(values: Iterable[int]) -> str:
    return "{" + ",".join(map(str, values)) + "}"


def _texts(values: Iterable[str]) -> str:
    quoted = [value.replace("\\", "\\\\").replace('"', '\\"') for value in values]
    return '{"' + '","'.join(quoted) + '"}'


def receipt(voter: Voter, token: str) -> str | None:
    """The tracker of the ballot that is in by this very token; None where none is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT b.cipher FROM projects_rollentry r JOIN projects_box b ON b.key = %s"
            " WHERE r.id = %s AND r.vote_id = %s AND r.voted AND r.mark = %s",
            [_key(voter, token), voter.entry_id, voter.vote_id, _mark(voter, token)],
        )
        found = cursor.fetchone()
    return sealing.tracker_of(bytes(found[0])) if found else None


def refused(voter: Voter, token: str) -> str:
    """What a cast that stored nothing is told: the tracker where this very token's ballot is in, else why not."""
    if tracker := receipt(voter, token):
        return tracker
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.channel, r.voted, v.state FROM projects_rollentry r JOIN projects_vote v ON v.id = r.vote_id"
            " WHERE r.id = %s AND r.vote_id = %s",
            [voter.entry_id, voter.vote_id],
        )
        channel, voted, state = cursor.fetchone() or (Channel.NONE, False, "")
    if voted:
        raise AlreadyVoted(_("您已经投过票，每人只投一次，投出的票不能更改。"))
    if channel == Channel.PAPER:
        raise AlreadyVoted(_("名册上您用纸质票投票，不能再用手机投票。"))
    if channel == Channel.NONE:
        raise Refused(_("您不在本次投票的到会名册上，请告诉工作人员。"))
    if state == VoteState.OPEN:
        raise CodeReplaced(_("投票码已经换发，请用新纸条上的投票码进入。"))
    raise VoteClosed(_("投票已经截止，这张票没有投出，请告诉监票人。"))
