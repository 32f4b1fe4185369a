"""Who holds a vote's key: three people, each under a passphrase; two of them open the box (integrity.md §2.1).

The key pair is made when the third passphrase is there, and made anew when a holder changes before the vote opens. A
vote that repeats or continues another one has a key pair of its own, sealed to the same three people.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy

from projects.ballots import sealing
from projects.ballots.models import KeyHolder, Vote, VoteState
from workflow.audit.models import Entry
from workflow.audit.services import Act, write_down
from workflow.flows.errors import Refused, WrongEntry
from workflow.people.saying import said as _

HOLDERS = {
    "chief_teller": gettext_lazy("总监票人"),
    "teller": gettext_lazy("监票人"),
    "chair": gettext_lazy("主席团保管人"),
}
SHORTEST = 12


def needs_keys(vote: Vote) -> bool:
    """Whether passphrases are still missing before this vote can open."""
    return vote.device and not vote.public_key


def obstacles_to_opening(vote: Vote) -> list[str]:
    """Which passphrases are missing, each with who has to set it; empty means the ballots can be sealed."""
    if not needs_keys(vote):
        return []
    there = set(vote.holders.values_list("office", flat=True))
    return [
        _("%(office)s尚未设定开箱口令。") % {"office": title}
        for office, title in HOLDERS.items()
        if office not in there
    ]


def faults_of_passphrase(passphrase: str) -> list[str]:
    """Why a passphrase cannot be taken: short ones are guessed from a copy of the database."""
    if len(passphrase) < SHORTEST:
        return [_("口令至少 %(n)s 个字符，建议用一句自己记得住的话。") % {"n": SHORTEST}]
    if len(set(passphrase)) < 5:
        return [_("口令不能只用几个相同的字符。")]
    return []


def hold_key(act: Act, vote: Vote, office: str, passphrase: str) -> None:
    """Take one holder's passphrase; with the third the key pair is made, split and forgotten.

    vote: locked by the caller. Refused: after opening, an office that holds no share, one person for two shares.
    """
    if reasons := _obstacles_to_holding(act, vote, office) + faults_of_passphrase(passphrase):
        raise Refused(*reasons)
    kept = sealing.new_holder(passphrase)
    KeyHolder.objects.update_or_create(
        vote=vote,
        office=office,
        defaults={
            "unit_id": vote.unit_id,
            "by": act.person,
            "salt": kept.salt,
            "public_key": kept.public_key,
            "stretching": dict(kept.stretching),
            "sealed_share": "",
        },
    )
    _write(act, vote, "vote.hold_key", {"office": office, "stretching": kept.stretching["name"]})
    make_keys(act, vote)


def _obstacles_to_holding(act: Act, vote: Vote, office: str) -> list[str]:
    if office not in HOLDERS:
        return [_("密钥由总监票人、监票人和主席团分别保管。")]
    if not vote.device or vote.state != VoteState.DEFINED:
        return [_("密钥只在电子表决开始以前设定。")]
    if vote.holders.exclude(office=office).filter(by=act.person).exists():
        return [_("三份密钥须由三个人分别保管，您已经保管一份。")]
    return []


def make_keys(act: Act, vote: Vote) -> None:
    """Make the vote's pair once all three holders are known; its public half stands in the trail."""
    holders = list(vote.holders.all())
    if len(holders) < sealing.SHARES:
        return
    made = sealing.make_keys([holder.public_key for holder in holders])
    for holder, share in zip(holders, made.sealed_shares, strict=True):
        holder.sealed_share = share
    KeyHolder.objects.bulk_update(holders, ["sealed_share"])
    vote.public_key = made.public_key
    vote.save(update_fields=["public_key"])
    _write(
        act,
        vote,
        "vote.make_keys",
        {
            "public_key": made.public_key,
            "algorithm": sealing.ALGORITHM,
            "holders": [[holder.office, holder.by.username] for holder in holders],
        },
    )


def carry_over(act: Act, old: Vote, new: Vote) -> None:
    """The same three people hold the new vote's key, under the passphrases they have."""
    KeyHolder.objects.bulk_create(
        KeyHolder(
            unit_id=new.unit_id,
            vote=new,
            office=holder.office,
            by=holder.by,
            salt=holder.salt,
            public_key=holder.public_key,
            stretching=holder.stretching,
        )
        for holder in old.holders.select_related("by")
    )
    make_keys(act, new)


def release_holder(act: Act, vote: Vote, office: str, *, reason: str) -> None:
    """A holder leaves before the vote opens: the pair is forgotten, the next one sets a passphrase of their own."""
    if vote.state != VoteState.DEFINED:
        raise Refused(_("投票已经开始，密钥保管人不能更换；另两份密钥仍可开箱。"))
    left = vote.holders.filter(office=office).select_related("by").first()
    if left is None:
        raise Refused(_("%(office)s尚未设定口令。") % {"office": HOLDERS[office]})
    left.delete()
    forget(vote)
    _write(act, vote, "vote.release_holder", {"office": office, "holder": left.by.username}, reason)


def forget(vote: Vote) -> None:
    """The key pair is gone with its shares: nothing was sealed to it yet, and nothing can be any more."""
    vote.holders.update(sealed_share="")
    vote.public_key = ""
    vote.save(update_fields=["public_key"])


@dataclass(frozen=True)
class Opening:
    """What one holder brings to the opening: the passphrase, or the recovery sheet typed in.

    fields: the boxes of the form these two were typed into.
    """

    office: str
    passphrase: str = ""
    sheet: str = ""
    fields: tuple[str, str] = ("passphrase", "sheet")

    def wrong(self, reason: str) -> WrongEntry:
        """That it is not this holder's, at the box it was typed into."""
        return WrongEntry(reason, field=self.fields[1] if self.sheet else self.fields[0])


def share_of(vote: Vote, brought: Opening) -> bytes:
    """A holder's share; WrongEntry in plain words where passphrase or sheet is wrong, or the sheet another holder's.

    A share bears the place of its holder (`make_keys`): who opened stands in the trail by office, so it must be theirs.
    """
    holders = list(vote.holders.all())
    place, holder = next(
        ((n, one) for n, one in enumerate(holders, 1) if one.office == brought.office and one.salt), (0, None)
    )
    if holder is None:
        raise Refused(
            _("没有%(office)s保管的密钥。") % {"office": HOLDERS.get(brought.office, brought.office)}
        )
    try:
        share = _brought(holder, brought)
    except sealing.CannotOpen as error:
        raise brought.wrong(
            _("%(office)s：%(why)s") % {"office": HOLDERS[brought.office], "why": error.args[0]}
        ) from None
    if share[0] != place:
        raise brought.wrong(
            _("这不是%(office)s的恢复单，请选定恢复单所属的保管人。") % {"office": HOLDERS[brought.office]}
        )
    return share


def _brought(holder: KeyHolder, brought: Opening) -> bytes:
    if brought.sheet:
        return sealing.share_from_sheet(brought.sheet)
    kept = sealing.Holder(holder.salt, holder.public_key, holder.stretching)
    return sealing.open_share(kept, holder.sealed_share, brought.passphrase)


def private_key(vote: Vote, first: Opening, second: Opening) -> Any:
    """The vote's private key out of two holders' hands, for as long as the caller keeps it."""
    try:
        return sealing.join_shares(share_of(vote, first), share_of(vote, second), vote.public_key)
    except sealing.CannotOpen as error:
        raise Refused(*error.args) from None


def recovery_sheet(act: Act, vote: Vote, office: str, passphrase: str) -> str:
    """The holder's share as text to print and keep apart; that it was printed stands in the trail."""
    if not vote.public_key:
        raise Refused(_("三份口令设定以后才有恢复单。"))
    if vote.destroyed_on:
        raise Refused(_("选票和密钥封存期满，已经销毁。"))
    if not vote.holders.filter(office=office, by=act.person).exists():
        raise Refused(_("恢复单只由本人打印。"))
    text = sealing.sheet_of(share_of(vote, Opening(office, passphrase)))
    _write(act, vote, "vote.print_recovery_sheet", {"office": office})
    return text


def without_sheet(vote: Vote) -> list[str]:
    """The offices whose recovery sheet of the vote's present key nobody has printed; none before the key is made.

    A recount has the key of the vote whose box it counts.
    """
    if not vote.public_key:
        return []
    of_vote = Entry.objects.filter(subject=(vote.box_of or vote).reference)
    made = of_vote.filter(action="vote.make_keys").latest("pk")
    printed = of_vote.filter(action="vote.print_recovery_sheet", pk__gt=made.pk).values_list(
        "body", flat=True
    )
    there = {json.loads(body)["after"]["office"] for body in printed}
    return [office for office in HOLDERS if office not in there]


def _write(act: Act, vote: Vote, action: str, after: dict[str, Any], reason: str = "") -> None:
    write_down(
        act, action, vote.reference, about=vote.about, step=vote.step, after=after, reason=reason,
        label=vote.label,
    )  # fmt: skip
