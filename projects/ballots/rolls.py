"""A vote's own roll: frozen at opening with its hash, who votes how, and the codes that open a ballot on a phone."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence

from django.db.models import QuerySet

from projects.ballots import boxes, witnessing
from projects.ballots.models import Box, Channel, RollEntry, Vote, VoteState
from projects.cycles.models import Presence, RollLine, Session
from workflow.audit.services import Act, write_down
from workflow.flows.errors import Refused
from workflow.people.saying import said as _
from workflow.people.sentences import in_a_row

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # no 0, 1, I, L, O: codes are read off paper
CODE_LENGTH = 12
HERE = (Presence.PRESENT, Presence.LATE)


def members_at(session: Session) -> int:
    """N of a session as its roll stands now; 0 for one without a roll. Nobody changes the roll until this is committed."""
    Session.objects.select_for_update(no_key=True).get(pk=session.pk)
    return session.roll.in_office().count()


def obstacles_to_freezing(vote: Vote, present: int | None) -> list[str]:
    """Why a vote has no roll to open on: the lines are not N, or not so many are marked as here (None: not counted yet).

    A vote on paper at a session without a roll has none, and needs none.
    """
    roll = RollLine.objects.in_office().filter(session=vote.session)
    lines = list(roll.values_list("presence", flat=True))
    if not lines and not vote.device:
        return []
    found = []
    if len(lines) != vote.deputies_in_office:
        found.append(
            _("代表名册 %(lines)s 人，与应到 %(of)s 人不符，请先核定代表名册。")
            % {"lines": len(lines), "of": vote.deputies_in_office}
        )
    here = sum(presence in HERE for presence in lines)
    if present is not None and here != present:
        found.append(
            _("名册上标为出席的 %(here)s 人，与实到 %(present)s 人不符，请重新清点到会人数。")
            % {"here": here, "present": present}
        )
    return found


def obstacles_to_groups(vote: Vote, on_paper: int, by_device: int) -> list[str]:
    """Why so many on paper beside so many by device would tell who voted how (integrity.md §2.6).

    Whose ballot is paper stands on the roll, and the paper's sums are keyed by themselves: a group of fewer than
    `device_least` is none. Everybody on one way is always right.
    """
    figures = {"paper": on_paper, "device": by_device, "least": vote.device_least}
    before = vote.state == VoteState.DEFINED
    if vote.keypad:
        return _obstacles_to_pressing(figures, before=before)
    if 0 < by_device < vote.device_least:
        return [
            _("电子票只有 %(device)s 人，少于 %(least)s 人，不能用电子票表决。请全部到会代表领取纸质票。")
            % figures
        ]
    if by_device and 0 < on_paper < vote.device_least:
        # Before the opening there are no codes yet, and whoever is to have paper is still the chair's to say.
        told = (
            _(
                "纸质票只有 %(paper)s 人，少于 %(least)s 人，容易看出是谁投的票。"
                "请改为都用手机或者会场的平板电脑投票，或者领取纸质票的不少于 %(least)s 人。"
            )
            if before
            else _(
                "纸质票只有 %(paper)s 人，少于 %(least)s 人，容易看出是谁投的票。"
                "请在会场提供平板电脑并换发新的投票码，或者改领纸质票的不少于 %(least)s 人。"
            )
        )
        return [told % figures]
    return []


def _obstacles_to_pressing(figures: dict[str, int], *, before: bool) -> list[str]:
    if 0 < figures["device"] < figures["least"]:
        return [
            _("按键表决的只有 %(device)s 人，少于 %(least)s 人，不能用表决器表决。请全部到会代表领取纸质票。")
            % figures
        ]
    if figures["device"] and 0 < figures["paper"] < figures["least"]:
        told = (
            _(
                "纸质票只有 %(paper)s 人，少于 %(least)s 人，容易看出是谁投的票。"
                "请改为都按会场表决器，或者领取纸质票的不少于 %(least)s 人。"
            )
            if before
            else _(
                "纸质票只有 %(paper)s 人，少于 %(least)s 人，容易看出是谁投的票。"
                "请为其更换按键器，或者改领纸质票的不少于 %(least)s 人。"
            )
        )
        return [told % figures]
    return []


def obstacles_to_totals(vote: Vote, recorded: int) -> list[str]:
    """Why what the hall's device counted cannot stand: the roll is not as frozen, or sums of so few would tell who voted how."""
    found = boxes.obstacles_in_roll(vote)
    if not 0 < recorded < vote.device_least:
        return found
    return [
        *found,
        _(
            "表决器只记录 %(n)s 人，少于 %(least)s 人，为保守秘密不得单独计票。请先请按键表决的代表全部改领纸质票。"
        )
        % {"n": recorded, "least": vote.device_least},
    ]


def obstacles_to_paper(vote: Vote, lines: Iterable[int]) -> list[str]:
    """Why these cannot be who votes on paper: they are not on the session's roll, or not here."""
    roll = RollLine.objects.in_office().filter(session=vote.session)
    here = roll.filter(presence__in=HERE, pk__in=lines)
    if missing := len(set(lines)) - here.count():
        return [_("领取纸质票的有 %(n)s 人不在到会名册上，请重新勾选。") % {"n": missing}]
    return []


def issued_on_paper(vote: Vote) -> int:
    """How many on the vote's roll vote on paper."""
    return vote.roll.filter(channel=Channel.PAPER).count()


def freeze(vote: Vote, on_paper: Iterable[int]) -> str:
    """Write the vote's roll from the session's as it stands now and return its digest; "" for a session without a roll.

    on_paper: lines that vote on paper; where nobody votes by device all who are here do.
    """
    lines = list(vote.session.roll.in_office()) if vote.session else []
    if not lines:
        return ""
    paper = {line.pk for line in lines} if vote.own_channel == Channel.PAPER else set(on_paper)
    entries = RollEntry.objects.bulk_create(
        RollEntry(
            unit_id=vote.unit_id,
            vote=vote,
            line=line,
            channel=_channel_of(vote, line, paper),
        )
        for line in lines
    )
    return boxes.digest_of_roll(entries)


def _channel_of(vote: Vote, line: RollLine, paper: set[int]) -> str:
    if line.presence not in HERE:
        return Channel.NONE
    return Channel.PAPER if line.pk in paper else vote.own_channel


def to_paper(act: Act, vote: Vote, lines: Sequence[int], *, reason: str) -> int:
    """Hand a paper ballot to deputies who have not voted by device; on one roll nobody votes twice.

    vote: locked by the caller, open. Returns how many ballots on paper are issued now. Who has pressed the hall's device
    only the device knows: whoever hands the ballot out has seen to it that the seat is off, and a seat counted all the
    same is one more than those who press, which makes the vote void (rules.md §6.2).
    """
    own = vote.own_channel
    if vote.state != VoteState.OPEN or own == Channel.PAPER:
        raise Refused(_("只有电子表决或会场表决器表决进行中可以改用纸质票。"))
    entries = list(vote.roll.select_for_update(of=("self",)).filter(line_id__in=lines).select_related("line"))
    wrong = [entry.line.name for entry in entries if entry.channel != own or entry.voted]
    if wrong or len(entries) != len(set(lines)):
        raise Refused(
            _("%(names)s已经投票、已领纸质票或未出席，不能改用纸质票。")
            % {"names": in_a_row(wrong) or _("有的代表")}
        )
    paper = issued_on_paper(vote) + len(entries)
    left = vote.roll.filter(channel=own).count() - len(entries)
    # Fewer left than may be counted by device is no end: then the whole box turns to paper. A keypad has no box.
    if (vote.keypad or left >= vote.device_least) and (reasons := obstacles_to_groups(vote, paper, left)):
        raise Refused(*reasons)
    vote.roll.filter(pk__in=[entry.pk for entry in entries]).update(
        channel=Channel.PAPER, code_hash="", code_used=False
    )
    return _reissue(act, vote, "vote.to_paper", {"deputies": len(entries)}, reason)


def empty_box(act: Act, vote: Vote, *, reason: str) -> int:
    """Too few vote by device to be counted by device: their ballots are destroyed unopened, all vote on paper.

    vote: locked by the caller, open. Returns how many ballots on paper are issued now (integrity.md §2.6). The trail
    says how many acknowledged ballots were destroyed.
    """
    if reasons := obstacles_to_emptying(vote):
        raise Refused(*reasons)
    destroyed, _by_model = Box.objects.filter(vote_number=vote.pk).delete()
    moved = vote.roll.filter(channel=Channel.DEVICE).update(
        channel=Channel.PAPER, voted=False, mark="", code_hash="", code_used=False
    )
    return _reissue(act, vote, "vote.empty_box", {"deputies": moved, "destroyed": destroyed}, reason)


def obstacles_to_emptying(vote: Vote) -> list[str]:
    """Why a box may not be emptied: no vote by device under way, nobody left on it, enough who can still vote by it.

    Or it is not what the roll says was cast.
    """
    if vote.state != VoteState.OPEN or not vote.device or vote.box_of_id:
        return [_("只有电子表决进行中可以改用纸质票。")]
    group = vote.roll.filter(channel=Channel.DEVICE).count()
    if not group:
        return [_("到会代表都已领取纸质票，没有电子票须要改用。")]
    if group >= vote.device_least:
        return [
            _(
                "用电子票的代表还有 %(group)s 人，票数仍可达到 %(least)s 张，不须改用纸质票。"
                "请先请未投票的代表投票，或者改领纸质票。"
            )
            % {"group": group, "least": vote.device_least}
        ]
    # A box that is not what was cast is kept as it was found.
    return boxes.obstacles_in_roll(vote) + boxes.obstacles_in_box(vote, boxes.in_box(vote))


def _reissue(act: Act, vote: Vote, action: str, after: dict[str, int], reason: str) -> int:
    """More ballots on paper are out: what was counted as returned before is counted again (`witnessing`)."""
    vote.paper_issued = issued_on_paper(vote)
    vote.save(update_fields=["paper_issued"])
    witnessing.take_back(vote, "close")
    write_down(
        act, action, vote.reference, about=vote.about, step=vote.step,
        after=after | {"paper_issued": vote.paper_issued}, reason=reason, label=vote.label,
    )  # fmt: skip
    return vote.paper_issued


# Codes for the hall


def ask_for_codes(act: Act, vote: Vote, lines: Sequence[int], *, reason: str) -> None:
    """换发投票码, asked for by the first of two people: who has a code is given another one by the second alone.

    Whoever holds a code votes by it, so nobody makes a deputy's code void and takes a new one by themselves. vote: locked
    by the caller. lines: deputies who have a code and have not voted. Asked again, it replaces what stood there.
    """
    held = [entry for entry in _without_ballot(vote, lines) if entry.code_hash]
    if not held or len(held) != len(set(lines)):
        raise Refused(_("只为已有投票码、还没有投票的代表提出换发；没有投票码的直接打印。"))
    asked = sorted(entry.line_id for entry in held)
    witnessing.enter(act, vote, "codes", {"lines": asked, "reason": reason})
    write_down(
        act, "vote.ask_for_codes", vote.reference, about=vote.about, step=vote.step, after={"lines": asked},
        reason=reason, label=vote.label,
    )  # fmt: skip


def yet_to_vote(vote: Vote) -> QuerySet[RollEntry]:
    """Who votes by device, the own or the hall's, and has not voted by it as far as the roll says, in its order."""
    return vote.roll.filter(channel=vote.own_channel, voted=False).select_related("line")


def _without_ballot(vote: Vote, lines: Sequence[int]) -> list[RollEntry]:
    """Who votes by device and has not voted, their rows locked; only these lines where any are named."""
    if vote.state != VoteState.OPEN or not vote.device:
        raise Refused(_("投票码在开始投票以后打印。"))
    entries = yet_to_vote(vote).select_for_update(of=("self",))
    if lines:
        entries = entries.filter(line_id__in=lines)
    return list(entries)


def _asked_by_another(act: Act, vote: Vote, replaced: Sequence[int]) -> str:
    """Who asked for these deputies' codes to be replaced; Refused where nobody did, or the one who prints them."""
    asked = witnessing.entered(vote, "codes")
    if asked is None or not set(replaced) <= set(asked.figures["lines"]):
        raise Refused(_("换发投票码须由两人办理：先由一人提出换发，再由另一人核实本人后打印。"))
    witnessing.confirm(act, vote, "codes")
    return asked.by.username


def new_codes(act: Act, vote: Vote, lines: Sequence[int] = ()) -> list[tuple[RollEntry, str]]:
    """Codes to print for deputies who vote by device and have not voted; an older code of theirs is void from now on.

    vote: locked by the caller. lines: only these deputies. Who has a code already gets another one only where another
    person has asked for it (`ask_for_codes`). The codes are kept nowhere; that they were printed stands in the trail.
    """
    printed = [(entry, new_code()) for entry in _without_ballot(vote, lines)]
    if not printed:
        raise Refused(_("没有需要打印投票码的代表。"))
    # Line numbers say nothing of a choice; a second code to one line, or one after a used code, can be asked about.
    replaced = sorted(entry.line_id for entry, _code in printed if entry.code_hash)
    used = sorted(entry.line_id for entry, _code in printed if entry.code_used)
    asked_by = _asked_by_another(act, vote, replaced) if replaced else ""
    for entry, code in printed:
        entry.code_hash, entry.code_used = hash_of_code(code), False
    RollEntry.objects.bulk_update([entry for entry, _code in printed], ["code_hash", "code_used"])
    write_down(
        act, "vote.print_codes", vote.reference, about=vote.about, step=vote.step,
        after={
            "codes": len(printed),
            "lines": sorted(entry.line_id for entry, _code in printed),
            "replaced": replaced,
            "used": used,
            "asked_by": asked_by,
        },
        label=vote.label,
    )  # fmt: skip
    return printed


def new_code() -> str:
    """A one-time code: 12 letters and digits (59 bits)."""
    return "".join(secrets.choice(ALPHABET) for _place in range(CODE_LENGTH))


def hash_of_code(code: str) -> str:
    """What is kept of a code; blanks, hyphens and small letters do not matter."""
    return hashlib.sha256(b"code:" + "".join(code.upper().split()).replace("-", "").encode()).hexdigest()


def enter_by_code(code: str) -> RollEntry:
    """Use a one-time code up and return the roll's entry it belongs to; Refused in plain words otherwise."""
    entry = (
        RollEntry.objects.select_for_update(of=("self",))
        .select_related("vote", "line")
        .filter(code_hash=hash_of_code(code))
        .first()
    )
    if entry is None:
        raise Refused(_("投票码不对、已换发新码，或投票已经截止。请核对纸条，或询问工作人员。"))
    if entry.voted:
        raise Refused(
            _("持此投票码的代表已经投票，每人只投一次，换发新码也不能再投。没有投过的，请立即告诉监票人。")
        )
    if entry.code_used:
        raise Refused(
            _("这个投票码已在另一台设备上用过。如不是您本人，请立即告诉监票人；是您本人的，请换发新码。")
        )
    entry.code_used = True
    entry.save(update_fields=["code_used"])
    return entry
