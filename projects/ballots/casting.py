"""Casting a ballot by device: exactly once, sealed before it is stored, and without a trace of when or by whom.

No trail entry, no log line: their order would name the voter (integrity.md §2.2). What is stored is the roll's mark
and a cipher under a random key; the token that leads to both is in the voter's page alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from projects.ballots import sealing
from projects.ballots.rules import Mode, Paper, read_ballot
from workflow.flows.errors import Refused


class VoteClosed(Refused):
    """The vote is not open (any more): nothing was stored."""


class AlreadyVoted(Refused):
    """This deputy's ballot is in already, by device or on paper; nothing was changed."""


@dataclass(frozen=True)
class Voter:
    """Who may cast: an entry of a vote's roll, whatever way its deputy came in."""

    unit_id: int
    vote_id: int
    entry_id: int


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
    return [_("表决票上有本次投票没有的项目，请刷新页面重新填写。")]


def _in_favour(ballot: object) -> int:
    return sum(mark == "for" for mark in ballot.values()) if isinstance(ballot, dict) else 0


def cast(voter: Voter, ballot: object, paper: Paper, token: str) -> str:
    """Cast a ballot and return its tracker, in the transaction and context of the caller.

    ballot, paper: as `rules.read_ballot` takes them. The same token again is the same ballot and the same tracker,
    whatever the ballot says then. Raises VoteClosed, AlreadyVoted, or Refused for a ballot that would be invalid.
    """
    if faults := faults_of_ballot(ballot, paper):
        raise Refused(*faults)
    with connection.cursor() as cursor:
        # A shared lock: casts do not wait for one another, closing waits for all of them.
        cursor.execute(
            "SELECT state = 'open' AND device, public_key FROM projects_vote WHERE id = %s AND unit_id = %s FOR SHARE",
            [voter.vote_id, voter.unit_id],
        )
        found = cursor.fetchone()
        if found is None or not found[0]:
            return _answer_again(cursor, voter, token, closed=True)
        cursor.execute(
            "UPDATE projects_rollentry SET voted = true, mark = %s"
            " WHERE id = %s AND vote_id = %s AND channel = 'device' AND NOT voted",
            [sealing.mark_on_roll(token), voter.entry_id, voter.vote_id],
        )
        if not cursor.rowcount:
            return _answer_again(cursor, voter, token, closed=False)
        cipher = sealing.seal_ballot(ballot, paper, found[1])
        cursor.execute(
            "INSERT INTO projects_box (key, unit_id, vote_number, cipher) VALUES (%s, %s, %s, %s)",
            [sealing.key_in_box(token), voter.unit_id, voter.vote_id, cipher],
        )
    return sealing.tracker_of(cipher)


def _answer_again(cursor: Any, voter: Voter, token: str, *, closed: bool) -> str:
    """What a cast that stored nothing is told: the tracker where this very token's ballot is in, else why not."""
    cursor.execute(
        "SELECT channel, voted, mark FROM projects_rollentry WHERE id = %s AND vote_id = %s",
        [voter.entry_id, voter.vote_id],
    )
    channel, voted, mark = cursor.fetchone() or ("none", False, "")
    if voted and mark == sealing.mark_on_roll(token):
        cursor.execute("SELECT cipher FROM projects_box WHERE key = %s", [sealing.key_in_box(token)])
        return sealing.tracker_of(bytes(cursor.fetchone()[0]))
    if voted:
        raise AlreadyVoted(_("您已经投过票，每人只投一次，投出的票不能更改。"))
    if channel == "paper":
        raise AlreadyVoted(_("您已领取纸质表决票，请用纸质票投票。"))
    if channel == "none":
        raise Refused(_("您不在本次投票的到会名册上，请告诉工作人员。"))
    assert closed  # an entry by device that has not voted is always marked while the vote is open
    raise VoteClosed(_("投票已经截止，这张票没有投出，请告诉监票人。"))
