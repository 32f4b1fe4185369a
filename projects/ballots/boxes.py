"""A vote's box of sealed ballots and the roll it was cast on: what is in it, freezing it, exporting it, opening it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.models import Model

from projects.ballots import figures as fig
from projects.ballots import keys, sealing
from projects.ballots import rules as count
from projects.ballots.models import Box, Channel, RollEntry, Vote, VoteState
from workflow.audit.chain import canonical
from workflow.audit.services import Act, write_down
from workflow.flows.errors import Refused
from workflow.people.saying import said as _

FORMAT = "piaojue-box/3"


def of(vote: Vote) -> Vote:
    """The vote whose box, roll and keys this one counts: itself, unless it is a recount."""
    return vote.box_of or vote


def in_box(vote: Vote) -> list[bytes]:
    """The ciphers of a vote's box, sorted: the order they came in is nobody's business."""
    if not vote.device:
        return []
    return sorted(
        bytes(cipher)
        for cipher in Box.objects.filter(vote_number=of(vote).pk).values_list("cipher", flat=True)
    )


def frozen(vote: Vote, box: list[bytes], returned_on_paper: int) -> dict[str, Any]:
    """What closing fixes of a vote by device; Refused as `obstacles_to_closing` says."""
    if reasons := obstacles_to_closing(vote, box):
        raise Refused(*reasons)
    if not vote.device:
        return {}
    digest = sealing.digest_of_box(box)
    if vote.box_of and digest != vote.box_of.box_digest:
        raise Refused(_("票箱与截止时封存的不一致，不能复票，请保存现场并报告主席团。"))
    return {"box_digest": digest, "paper_returned": returned_on_paper}


def obstacles_to_closing(vote: Vote, box: list[bytes]) -> list[str]:
    """Why a vote cannot close: its roll or its box is not what was frozen and cast, or so few ballots would name people."""
    found = obstacles_in_roll(vote)
    if vote.device:
        found += obstacles_in_box(vote, box) + _obstacles_in_groups(vote, len(box))
    return found


def digest_of_roll(entries: Iterable[RollEntry]) -> str:
    """SHA-256 of who is on the roll and who came (canonical JSON, `roll`: [line id, name, here]); not of who votes how."""
    told = sorted([entry.line_id, entry.line.name, entry.channel != Channel.NONE] for entry in entries)
    return hashlib.sha256(canonical({"roll": told}).encode()).hexdigest()


def obstacles_in_roll(vote: Vote) -> list[str]:
    """Why this roll is not the one frozen at opening: somebody added, taken away, renamed, or made present afterwards.

    Who votes how is not in the digest: whoever has not voted may take paper instead.
    """
    opened = vote
    while opened.is_recount and opened.follows:  # a recount has no roll of its own
        opened = opened.follows
    if not vote.roll_digest or digest_of_roll(opened.roll.select_related("line")) == vote.roll_digest:
        return []
    return [
        _(
            "表决用的代表名册与开始投票时封存的不一致，被改动过。"
            "请保存现场并报告主席团，由主席团决定重新投票。"
        )
    ]


def obstacles_in_box(vote: Vote, box: list[bytes]) -> list[str]:
    """Why this box is not what the roll says was cast: other than one ballot per mark, or one ballot twice.

    A cast marks the roll and fills the box in one transaction, so the two differ only where somebody wrote to the
    database past the system. Two things are not seen here, and leave people as witnesses (integrity.md §2.3): a ballot
    replaced by another one sealed to the same key, whose deputy does not find the own tracker in the published list;
    and one put in, with its mark, for a deputy who is here and has not voted, whose name is missing among those read
    out at closing.
    """
    found = []
    if len(box) != (marks := marks_on_roll(vote)):
        found.append(
            _(
                "电子票箱 %(box)s 张 ≠ 名册划记 %(marks)s 人，票箱或名册被改动过。"
                "请保存现场并报告主席团，由主席团决定重新投票。"
            )
            % {"box": len(box), "marks": marks}
        )
    if twice := [cipher for cipher, n in Counter(box).items() if n > 1]:
        found.append(
            _(
                "电子票箱里有完全相同的票，是复制进去的，回执号：%(trackers)s。"
                "请保存现场并报告主席团，由主席团决定重新投票。"
            )
            % {"trackers": _trackers(twice)}
        )
    return found


def _trackers(ciphers: Iterable[bytes]) -> str:
    return "、".join(sorted(sealing.tracker_of(cipher) for cipher in ciphers))


def marks_on_roll(vote: Vote) -> int:
    """How many deputies the roll has marked as having voted by device."""
    return of(vote).roll.filter(voted=True).count()


def obstacles_to_counting(vote: Vote) -> list[str]:
    """Why a closed vote's box cannot be counted, or its count signed: it or its roll is not as frozen, or as cast."""
    found = obstacles_in_roll(vote)
    if not vote.device:
        return found
    box = in_box(vote)
    if sealing.digest_of_box(box) == vote.box_digest:
        return found + obstacles_in_box(vote, box)
    return [
        *found,
        _("票箱与截止时封存的不一致，不能计票、签字。请保存现场并报告主席团，由主席团决定重新投票。"),
    ]


def reconciled(vote: Vote) -> dict[str, Any]:
    """What the accepted tally of a vote by device says of its box: ballots in it, and marks on its roll."""
    if not vote.device:
        return {}
    return {"cast": {"box": len(in_box(vote)), "roll": marks_on_roll(vote)}}


def _obstacles_in_groups(vote: Vote, box: int) -> list[str]:
    figures = {"n": box, "paper": vote.paper_issued, "least": vote.device_least}
    if 0 < box < vote.device_least:
        return [
            _(
                "电子票只有 %(n)s 张，少于 %(least)s 张，为保守秘密不得单独计票。请先将电子票改为纸质票："
                "由总监票人在本次投票页面的“您可以办理”中提出，监票人确认。"
            )
            % figures
        ]
    group = of(vote).roll.filter(channel=Channel.DEVICE).count()
    if group and 0 < (vote.paper_issued or 0) < vote.device_least:
        return [
            _(
                "纸质票只有 %(paper)s 张，少于 %(least)s 张，不得单独计票。请先将电子票改为纸质票："
                "由总监票人在本次投票页面的“您可以办理”中提出，监票人确认。"
            )
            % figures
        ]
    return []


def forget_the_order(vote: Vote) -> None:
    """Write box and roll anew: nothing in the database pairs a ballot with a voter by order or transaction any more.

    vote: its row locked, so that nobody casts. A mark and its cipher were written by one transaction, whose number
    stands on both rows (xmin), and in the order of casting (ctid). Now all of a vote's rows are of one transaction: the
    box's in the order of their keys, the roll's in that of their ids. Keys, ids and marks stay, so a ballot sent again
    still finds itself; the hashes of the printed codes, useless from now on, go.
    """
    codes = {"code_hash": "''", "code_used": "false"}
    with connection.cursor() as cursor:
        cursor.execute(_written_anew(Box, "vote_number"), [vote.pk])
        cursor.execute(_written_anew(RollEntry, "vote_id", **codes), [vote.pk])


def _written_anew(model: type[Model], column: str, **changes: str) -> str:
    """A statement that removes the rows with a value in `column` and writes them again in the order of their keys."""
    # Gone first and written then: rows that are updated keep the order in which they lay.
    table, key = model._meta.db_table, model._meta.pk.column
    columns = [str(one.column) for one in model._meta.local_concrete_fields]
    names, values = ", ".join(columns), ", ".join(changes.get(one, one) for one in columns)
    gone = f"WITH gone AS (DELETE FROM {table} WHERE {column} = %s RETURNING {names})"  # noqa: S608
    return f"{gone} INSERT INTO {table} ({names}) SELECT {values} FROM gone ORDER BY {key}"  # noqa: S608


def waits_to_be_opened(vote: Vote) -> bool:
    """Whether two holders have to open the box before the count is whole."""
    # By what closing counted, not by what lies there now: a box taken away is missed, not passed over.
    return vote.device and vote.state == VoteState.CLOSED and vote.returned != vote.paper_returned


def open_box(vote: Vote, first: keys.Opening, second: keys.Opening) -> count.Count:
    """The sums of the box, from two holders' hands; key and opened ballots live in this call only.

    Refused where the box is not the one frozen at closing or not what was cast, where a ballot in it was never cast
    (casting takes valid ones only), or a passphrase or sheet is wrong.
    """
    if reasons := obstacles_to_counting(vote):
        raise Refused(*reasons)
    box, paper = in_box(vote), paper_of(vote)
    private = keys.private_key(of(vote), first, second)
    if foreign := sealing.foreign_in(box, private, paper):
        raise Refused(
            _(
                "电子票箱里有 %(n)s 张票打不开或不合票面，不是代表投出的，回执号：%(trackers)s。"
                "请保存现场并报告主席团，由主席团决定重新投票。"
            )
            % {"n": len(foreign), "trackers": _trackers(foreign)}
        )
    return count.count_ballots(sealing.open_box(box, private, paper), paper=paper)


def paper_of(vote: Vote) -> count.Paper:
    """What stands on the vote's ballot, as the count takes it."""
    return fig.vote_file(vote, fig.empty_sheet(vote)).paper


def trackers_of(vote: Vote) -> list[str]:
    """Every tracker of a closed vote, sorted; empty while it is open."""
    if vote.state in (VoteState.DEFINED, VoteState.OPEN):
        return []
    return sorted(sealing.tracker_of(cipher) for cipher in in_box(vote))


def obstacles_to_export(vote: Vote) -> list[str]:
    """Why the box cannot be taken away to be counted: no result announced, void and so never counted, or destroyed.

    Two holders could read the sums of the phones alone from a box that left before the paper was keyed and both signed.
    """
    if of(vote).destroyed_on:
        return [_("选票封存期满，已经销毁，不能导出。")]
    if vote.state == VoteState.VOID:
        return [_("这次投票无效，票箱封存备查，不开箱，也不导出。")]
    if vote.device and vote.state == VoteState.DECLARED:
        return []
    return [_("电子票箱在结果宣布以后才能导出：电子票和纸质票不分别计票。")]


def sealed_as_void(vote: Vote) -> dict[str, str]:
    """What a vote by device that becomes void fixes: the digest of its box as it lies, where closing has not."""
    if not vote.device or vote.box_digest:
        return {}
    return {"box_digest": sealing.digest_of_box(in_box(vote))}


def export(vote: Vote) -> str:
    """A counted box as the offline counting tool reads it: definition, keys, sorted ciphers (JSON, `piaojue-box/3`).

    The sealed shares go with it: two passphrases or recovery sheets open it on a machine without network. So does the
    tally as signed, of phones and paper together: what the tool counts is a part of it.
    """
    if reasons := obstacles_to_export(vote):
        raise Refused(*reasons)
    kept, paper = of(vote), paper_of(vote)
    told = {
        "format": FORMAT,
        "vote": vote.reference,
        "title": vote.title,
        "algorithm": sealing.ALGORITHM,
        "public_key": kept.public_key,
        "mode": str(paper.mode),
        "seats": paper.seats,
        "each_cap": paper.each_cap,
        "blank_apart": paper.blank_apart,
        "candidates": list(paper.candidates),
        "digest": vote.box_digest,
        "marks": marks_on_roll(vote),
        "paper": vote.paper_returned,
        "total": {name: vote.figures[name] for name in ("valid", "invalid", "sums")},
        "holders": [
            {
                "office": holder.office,
                "title": str(keys.HOLDERS[holder.office]),
                "salt": holder.salt,
                "public_key": holder.public_key,
                "stretching": holder.stretching,
                "sealed_share": holder.sealed_share,
            }
            for holder in kept.holders.all()
        ],
        "ballots": [base64.b64encode(cipher).decode() for cipher in in_box(vote)],
    }
    return json.dumps(told, ensure_ascii=False, indent=1)


def hand_out(act: Act, vote: Vote) -> str:
    """The same for an office to take away, whose holder has just given the own password; the trail says so."""
    text = export(vote)
    write_down(
        act, "vote.export_box", vote.reference, about=vote.about, step=vote.step,
        after={"box_digest": vote.box_digest, "reauthenticated": True}, label=vote.label,
    )  # fmt: skip
    return text
