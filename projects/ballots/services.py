"""What is done to a vote, whatever it is about: define, open, close, key twice, accept, sign twice, declare.

Every act locks the vote's row first and checks under the lock. Outcomes are `rules.decide`'s alone. A signed tally is
never edited: a recount (复票) is a new vote record that names the old one and says why (integrity.md §2).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy

from projects.ballots import boxes, database, keys, rolls, witnessing
from projects.ballots import figures as fig
from projects.ballots import rules as count
from projects.ballots.models import Channel, Keying, Option, Purpose, Signature, Vote, VoteState
from projects.ballots.outcomes import obstacles_in, outcome_of, without_sentences
from projects.ballots.selectors import (
    Rejection,
    agreed_on_paper,
    awaits_order,
    counts_before,
    is_left_over,
    keyers_before,
    keyings_of,
    pairs_before,
    quorum_needed,
    rejection_of,
    round_of,
    signatures_hold,
)
from projects.ballots.tellers import obstacles_to_changing_roll
from projects.cycles.models import Presence, RollLine, Session
from projects.cycles.numerals import numeral
from projects.cycles.rulebook import Rules
from workflow.audit.chain import canonical
from workflow.audit.commitments import commit, new_salt
from workflow.audit.services import Act, write_down
from workflow.flows.errors import Refused
from workflow.flows.models import Meeting
from workflow.machines.services import fire
from workflow.people.models import User
from workflow.people.saying import said as _
from workflow.people.services import hold_as_it_is

COUNTED_AGAIN = (VoteState.CLOSED, VoteState.KEYED, VoteState.CERTIFIED, VoteState.DECLARED)
SIGNERS = {"chief_teller": gettext_lazy("总监票人"), "teller": gettext_lazy("监票人")}
NO_RESULT = (count.Verdict.NO_QUORUM, count.Verdict.VOID, count.Verdict.UNBALANCED)


@contextmanager
def _held(vote: Vote) -> Iterator[Vote]:
    """The vote as it really is, its row locked until the transaction ends."""
    with transaction.atomic():
        yield Vote.objects.select_for_update(of=("self",)).select_related("follows").get(pk=vote.pk)


def _person(act: Act) -> User:
    """Who acts; keying and signing are nobody's but a person's."""
    if act.actor is None:
        raise Refused(_("录入和签字须由本人办理。"))
    return act.actor


def _follow(vote: Vote, held: Vote, *names: str) -> None:
    """Bring the caller's copy up to date with what was written under the lock."""
    for name in names:
        setattr(vote, name, getattr(held, name))


# Defining


def define_vote(
    act: Act,
    *,
    session: Session | None,
    about: str,
    purpose: str,
    title: str,
    mode: str,
    seats: int,
    rules: dict[str, Any],
    deputies_in_office: int,
    options: list[tuple[str, str]],
    step: int,
    follows: Vote | None = None,
    because: str = "",
    device: bool = False,
    device_least: int = 5,
    keypad: bool = False,
    is_recount: bool = False,
) -> Vote:
    """Fix what is put to the vote (rules.md §6.2).

    about: the reference of the record voted on ("cycle:3"). options: (reference, title) in the order of the paper.
    rules: `figures.count_rules(rulebook)`, or a dict of its keys. deputies_in_office: N, the base of quorum and
    majority, where the session has no roll that says it; is_recount: N of the vote it counts again, whoever has left or
    joined since. device: deputies may vote by phone; keypad: they press the hall's device; on one roll with those who vote
    on paper. device_least: fewer of either kind are not counted by themselves. Refused with every fault that would keep
    the vote from being counted.
    """
    if keypad and mode != count.Mode.EACH:
        raise Refused(
            _(
                "会场表决器只能逐项按赞成、反对、弃权，不能用于差额选择或者排序，请改用纸质表决票，或者改为逐项表决。"
            )
        )
    with transaction.atomic():
        on_roll = rolls.members_at(session) if session and not is_recount else 0
        vote = Vote.objects.create(
            unit=act.unit,
            session=session,
            about_reference=about,
            purpose=purpose,
            title=title[:200],
            mode=mode,
            seats=seats,
            rules=dict(rules),
            deputies_in_office=on_roll or deputies_in_office,
            step_number=step,
            follows=follows,
            follows_because=because,
            device=device,
            device_least=device_least,
            keypad=keypad,
            is_recount=is_recount,
        )
        _print_options(vote, options)
        if faults := fig.faults_of(vote):
            raise Refused(*faults)
        write_down(
            act,
            "vote.define",
            vote.reference,
            about=about,
            step=step,
            after=_definition(vote),
            reason=because,
            label=vote.title,
        )
    return vote


def put_question(
    act: Act,
    session: Session | None,
    book: Rules,
    *,
    about: str,
    purpose: str,
    title: str,
    option: tuple[str, str],
    deputies_in_office: int,
    step: int,
) -> Vote:
    """付表决: one line on the paper, for, against or abstaining; carried by more than half of all deputies (组织法 25).

    purpose: one of `QUESTIONS`. option: the reference and the name of what is asked about. On paper, by the hall's device
    or by telephone, as the rulebook says; by telephone only where the session's roll says who may vote. A congress's base
    is the law's whatever its rulebook says.
    """
    by_law = {} if book.body != "congress" else {"majority_base": str(count.MajorityBase.IN_OFFICE)}
    reference, name = option
    return define_vote(
        act,
        session=session,
        about=about,
        purpose=purpose,
        title=title,
        mode=str(count.Mode.EACH),
        seats=1,
        rules=fig.count_rules(book) | {"each_cap": False} | by_law,
        deputies_in_office=deputies_in_office,
        options=[(reference, name[:120])],
        step=step,
        device=book.ballot_channel == "device" and session is not None and session.roll.exists(),
        device_least=book.device_min_ballots,
        keypad=book.ballot_channel == "keypad",
    )


def _print_options(vote: Vote, options: Sequence[tuple[str, str]]) -> None:
    printed: set[str] = set()
    for position, (reference, title) in enumerate(options, 1):
        # Two projects of one name would be one line of the count; the second says its number on the paper.
        name = title if title not in printed else f"{title[:100]}（第 {position} 号）"
        printed.add(name)
        Option.objects.create(
            unit_id=vote.unit_id, vote=vote, position=position, reference=reference, title=name
        )


def _definition(vote: Vote) -> dict[str, Any]:
    return {
        "purpose": str(vote.purpose),
        "mode": vote.mode,
        "seats": vote.seats,
        "rules": vote.rules,
        "deputies_in_office": vote.deputies_in_office,
        "options": list(vote.options.values_list("reference", "title")),
        "follows": vote.follows.reference if vote.follows else "",
        "device": vote.device,
        "keypad": vote.keypad,
        **({"is_recount": True} if vote.is_recount else {}),
    }


# Attendance, opening, closing


def record_attendance(
    act: Act,
    vote: Vote,
    *,
    present: int,
    on_leave: int,
    leave: Sequence[str] = (),
    absent: Sequence[str] = (),
) -> None:
    """应到、请假、实到 before the vote opens; counted again as often as somebody comes or goes.

    leave, absent: ids of lines of the session's roll, if it has one: everybody else on it is marked as here.
    Refused where the presidium has yet to decide that it is held in place of a void one.
    """
    with _held(vote) as held:
        if held.state != VoteState.DEFINED:
            raise Refused(_("投票已经开始，到会人数不再变动。"))
        if reasons := _unordered(held):
            raise Refused(*reasons)
        held.deputies_present, held.on_leave = present, on_leave
        held.save(update_fields=["deputies_present", "on_leave"])
        witnessing.take_back(held, "open")
        if held.session_id:
            _mark_roll(held.session_id, leave, absent)
    _follow(vote, held, "deputies_present", "on_leave")


def _mark_roll(session_id: int, leave: Sequence[str], absent: Sequence[str]) -> None:
    roll = RollLine.objects.in_office().filter(session_id=session_id)
    roll.exclude(presence=Presence.LATE).update(presence=Presence.PRESENT)
    roll.filter(pk__in=leave).update(presence=Presence.LEAVE, arrived_at=None)
    roll.filter(pk__in=absent).update(presence=Presence.ABSENT, arrived_at=None)


def record_arrivals(act: Act, vote: Vote, *, lines: Sequence[int], arrived_at: datetime) -> None:
    """迟到: deputies marked as absent or on leave have come before the vote opened, and are counted from now on.

    lines: of the session's roll, all of them or none. Figures that wait to be confirmed are entered again, with the new
    number present.
    """
    with _held(vote) as held:
        if held.state != VoteState.DEFINED or held.deputies_present is None:
            raise Refused(_("清点到会人数以后、投票开始以前才登记迟到。"))
        roll = RollLine.objects.in_office().filter(session=held.session, pk__in=lines)
        late = list(roll.select_for_update(of=("self",)).order_by("pk"))
        if here := [line.name for line in late if line.presence not in (Presence.LEAVE, Presence.ABSENT)]:
            raise Refused(*(_("%(name)s已在到会名册上。") % {"name": name} for name in here))
        if len(late) != len(set(lines)):
            raise Refused(_("所选代表已不在名册上，请重新选择。"))
        on_leave = sum(line.presence == Presence.LEAVE for line in late)
        held.on_leave = max(0, (held.on_leave or 0) - on_leave)
        held.deputies_present += len(late)
        held.save(update_fields=["deputies_present", "on_leave"])
        roll.update(presence=Presence.LATE, arrived_at=arrived_at)
        told = _("登记迟到，实到改为 %(n)s 人，请重新填写发出张数。") % {"n": held.deputies_present}
        witnessing.overtake_issue(act, held, reason=told)
    _follow(vote, held, "deputies_present", "on_leave", "awaiting")


def hold_turns(session: Session) -> None:
    """Hold the tasks of a session's votes that have not opened, as whoever changes its roll sends them back.

    Before offices and votes are held: whoever has a turn of a vote holds the flow first, then the office, then the vote.
    """
    witnessing.hold_turns(Vote.objects.filter(session=session, state=VoteState.DEFINED).order_by("pk"))


def between_votes(session: Session) -> list[Vote]:
    """The votes of a session that have not opened, locked with all its others, so that its roll can change for them.

    Refused while one is under way.
    """
    votes = list(Vote.objects.select_for_update(of=("self",)).filter(session=session).order_by("pk"))
    if reasons := obstacles_to_changing_roll(session):
        raise Refused(*reasons)
    return [vote for vote in votes if vote.state == VoteState.DEFINED]


def follow_roll(act: Act, votes: Sequence[Vote], in_office: int, *, reason: str) -> None:
    """N changed: the base of the votes that have not opened follows, and whoever is present is counted again: the task is the
    clerk's once more.

    votes: as `between_votes` gives them. A vote that has been held keeps the roll it was frozen with (组织法 14, 25).
    """
    for vote in votes:
        if vote.deputies_in_office != in_office:
            before, vote.deputies_in_office = vote.deputies_in_office, in_office
            vote.deputies_present = vote.on_leave = None
            vote.save(update_fields=["deputies_in_office", "deputies_present", "on_leave"])
            write_down(
                act,
                "vote.follow_roll",
                vote.reference,
                about=vote.about,
                step=vote.step,
                before={"deputies_in_office": before},
                after={"deputies_in_office": in_office},
                reason=reason,
                label=vote.label,
            )
            witnessing.overtake_roll_call(act, vote, reason=reason)


def obstacles_to_quorum(vote: Vote, present: int | None = None) -> list[str]:
    """Why so many present cannot open the vote (组织法 14); present: what was recorded where left out."""
    present = vote.deputies_present if present is None else present
    if present is None:
        return [_("尚未清点到会人数，请人大办先清点。")]
    needed = quorum_needed(vote)
    if present >= needed:
        return []
    article = _("《地方组织法》第十四条：") if vote.rules.get("quorum", "2/3") == "2/3" else ""
    return [
        _("%(article)s应到 %(of)s 人，须有 %(needed)s 人以上出席，实到 %(present)s 人，不能投票。")
        % {
            "article": article,
            "of": vote.deputies_in_office,
            "needed": needed,
            "present": present,
        }
    ]


def until_quorum(vote: Vote, present: int | None = None) -> list[str]:
    """How many are missing while so many present cannot open the vote, and the two ways to it; empty where they can.

    present: as above; empty as well while nobody is counted.
    """
    present = vote.deputies_present if present is None else present
    if present is None or not obstacles_to_quorum(vote, present):
        return []
    missing = quorum_needed(vote) - present
    return [
        _(
            "还差 %(n)s 人达到法定人数，达到后再开始投票：以后到会的代表，由人大办登记迟到；"
            "或者由主持人退回人大办，重新清点到会人数。"
        )
        % {"n": missing}
    ]


def obstacles_to_opening(vote: Vote, *, present: int, on_leave: int, issued: int) -> list[str]:
    """Why the vote cannot open on these figures; empty means it can."""
    found = obstacles_to_quorum(vote, present)
    if present + on_leave > vote.deputies_in_office:
        found.append(
            _("实到 %(present)s 人 ＋ 请假 %(leave)s 人，多于应到 %(of)s 人。")
            % {"present": present, "leave": on_leave, "of": vote.deputies_in_office}
        )
    return found + obstacles_to_issuing(vote, present=present, issued=issued)


def obstacles_to_issuing(vote: Vote, *, present: int, issued: int) -> list[str]:
    """Why so many ballots cannot be issued to so many present: more than they are, or none."""
    found, ballot = [], fig.words_of(vote).ballot
    if issued > present:
        found.append(
            _("发出%(ballot)s %(issued)s 张，多于实到 %(present)s 人。")
            % {"ballot": ballot, "issued": issued, "present": present}
        )
    if issued < 1:
        found.append(_("没有发出%(ballot)s。") % {"ballot": ballot})
    return found


def enter_opening(act: Act, vote: Vote, *, issued: int, on_paper: Sequence[int] = ()) -> None:
    """The first of two people says what is issued, on the attendance last counted; `confirm_opening` opens the vote.

    issued, on_paper: as for `open_vote`, and refused for the same reasons.
    """
    with _held(vote) as held:
        if held.state != VoteState.DEFINED:
            raise Refused(_("投票已经开始，不能再次发出%(ballot)s。") % {"ballot": fig.words_of(held).ballot})
        present, on_leave = held.deputies_present or 0, held.on_leave or 0
        reasons = obstacles_to_opening(held, present=present, on_leave=on_leave, issued=issued)
        if reasons := reasons + _obstacles_to_freezing(held, present, on_paper):
            raise Refused(*reasons)
        figures = {"present": present, "on_leave": on_leave, "issued": issued}
        witnessing.enter(act, held, "open", figures | {"on_paper": sorted(set(on_paper))})
    _follow(vote, held, "awaiting")


def confirm_opening(act: Act, vote: Vote) -> None:
    """The second of two people has seen the very figures and opens the vote on them."""
    with _held(vote) as held:
        figures = witnessing.confirm(act, held, "open").figures
        open_vote(act, vote, **figures)
    _follow(vote, held, "awaiting")


def open_vote(
    act: Act, vote: Vote, *, present: int, on_leave: int, issued: int, on_paper: Sequence[int] = ()
) -> None:
    """开始投票: ballots are issued (issued ≤ present ≤ in office) and the definition is fixed for good.

    on_paper: where the vote is by device or keypad, the roll's lines that vote on paper, who are among those issued; the
    vote's roll is frozen with its hash.
    Refused below the quorum, naming 组织法 14. Of two people opening at once one gets Conflict.
    """
    with _held(vote) as held:
        hold_as_it_is(
            vote.unit
        )  # a change of the township is refused while a vote is open, and looks under this lock
        if reasons := obstacles_to_opening(held, present=present, on_leave=on_leave, issued=issued):
            raise Refused(*reasons)
        fire(
            vote,
            "open",
            act,
            deputies_present=present,
            on_leave=on_leave,
            issued=issued,
            besides=_again_told(held),
            **_frozen(held, present, on_paper),
        )


def in_the_way(
    vote: Vote, *, present: int | None = None, on_paper: Sequence[int] = ()
) -> dict[str, list[str]]:
    """All that would refuse the opening of a vote itself, by its matter; its desk adds what it asks for (`Desk.in_the_way`).

    "order": the presidium's decision to vote again after a void vote; "present": the quorum; "roll": the session's; of a
    vote by device or keypad "paper" (who takes a paper ballot) and "groups" (too few on either way), by device "keys" and
    "server"; "recount": asked for of the vote it goes on from. present: as recorded where left out; while nobody is counted,
    the roll's marks are not asked for, and everybody in office may yet come. Empty for a vote that has opened: nothing is in
    its way.
    """
    if vote.is_recount or vote.state != VoteState.DEFINED:
        return {}
    present = vote.deputies_present if present is None else present
    found = {
        "order": _unordered(vote),
        "present": obstacles_to_quorum(vote, present),
        "roll": rolls.obstacles_to_freezing(vote, present),
        "recount": witnessing.asked_on(Vote.objects.filter(pk=vote.pk)),
    }
    if vote.device or vote.keypad:
        paper = len(set(on_paper))
        by_device = (vote.deputies_in_office if present is None else present) - paper
        found |= {
            "paper": rolls.obstacles_to_paper(vote, on_paper),
            "groups": rolls.obstacles_to_groups(vote, paper, by_device),
        }
    if vote.device:
        found |= {"keys": keys.obstacles_to_opening(vote), "server": database.obstacles_to_silence()}
    return found


def _unordered(vote: Vote) -> list[str]:
    """That the presidium has yet to decide on another vote in place of a void one."""
    if not awaits_order(vote):
        return []
    return [_("原投票无效，须由主席团决定重新投票以后才清点到会人数。")]


def _obstacles_to_freezing(vote: Vote, present: int, on_paper: Sequence[int]) -> list[str]:
    """What stands in the way beside the figures, which `obstacles_to_opening` has asked for with the quorum."""
    found = in_the_way(vote, present=present, on_paper=on_paper)
    return [reason for matter, reasons in found.items() if matter != "present" for reason in reasons]


def _frozen(vote: Vote, present: int, on_paper: Sequence[int]) -> dict[str, Any]:
    """What opening fixes besides: the roll, of a vote by device the key. A recount opens on those of the first count."""
    if vote.is_recount or vote.state != VoteState.DEFINED:
        return {}
    if reasons := _obstacles_to_freezing(vote, present, on_paper):
        raise Refused(*reasons)
    digest = rolls.freeze(vote, on_paper)
    roll = {"roll_digest": digest} if digest else {}
    if vote.own_channel == Channel.PAPER:
        return roll
    key = {"public_key": vote.public_key} if vote.device else {}
    return roll | key | {"paper_issued": rolls.issued_on_paper(vote)}


def enter_closing(act: Act, vote: Vote, *, returned: int, paper_returned: int = 0) -> None:
    """The first of two people says how many came back; `confirm_closing` closes the vote, freezing its box.

    Until then ballots by device are still taken. Refused as `close_vote` refuses; more than were issued is no refusal.
    """
    with _held(vote) as held:
        if held.state != VoteState.OPEN:
            raise Refused(_("投票没有在进行，不能收回%(ballot)s。") % {"ballot": fig.words_of(held).ballot})
        if not void_on_return(held, returned, paper_returned):
            _frozen_on_return(held, boxes.in_box(held), returned, paper_returned)
        beside = {"paper_returned": paper_returned} if held.keypad and held.paper_issued else {}
        witnessing.enter(act, held, "close", {"returned": returned} | beside)
    _follow(vote, held, "awaiting")


def void_on_return(vote: Vote, returned: int, paper_returned: int) -> str:
    """Why more has come back than went out, on paper or on the hall's device; "" where it has not (rules.md §6.2)."""
    pressing = vote.pressing or 0
    if vote.keypad and returned > pressing:
        return _("表决器记录 %(returned)s 人，多于按键表决的 %(issued)s 人") % {
            "returned": returned,
            "issued": pressing,
        }
    on_paper, issued = paper_returned if vote.keypad else returned, fig.on_paper(vote, "issued")
    if on_paper > issued:
        told = (
            _("重新清点%(ballot)s %(returned)s 张，多于发出的 %(issued)s 张")
            if vote.is_recount
            else _("收回%(ballot)s %(returned)s 张，多于发出的 %(issued)s 张")
        )
        return told % {
            "ballot": fig.ballot_on_paper(vote),
            "returned": on_paper,
            "issued": issued,
        }
    return ""


def _frozen_on_return(vote: Vote, box: list[bytes], returned: int, paper_returned: int) -> dict[str, Any]:
    """What closing fixes besides how many came back; Refused where one way has too few to be counted."""
    if not vote.keypad:
        return boxes.frozen(vote, box, returned)
    if reasons := rolls.obstacles_to_totals(vote, returned):
        raise Refused(*reasons)
    return {"paper_returned": paper_returned}


def confirm_closing(act: Act, vote: Vote) -> Vote:
    """The second of two people has counted too and closes the vote; returns what `close_vote` does."""
    with _held(vote) as held:
        return close_vote(act, vote, **witnessing.confirm(act, held, "close").figures)


def send_back(vote: Vote, what: str) -> None:
    """The second person does not confirm: what the first entered no longer waits."""
    with _held(vote) as held:
        witnessing.take_back(held, what)
    _follow(vote, held, "awaiting")


def close_vote(act: Act, vote: Vote, *, returned: int, paper_returned: int = 0) -> Vote:
    """收回表决票. More returned than issued: the vote is void and kept, and the vote to hold instead is returned.

    returned: ballots on paper; those in a vote's box are added. Of a vote by the hall's device: whom it counted, and
    paper_returned the paper beside it. Waits for the casts in flight, then freezes the digest of the box. Refused while
    the box holds, or the hall's device counted, too few to be counted by device (integrity.md §2.4, §2.6).
    """
    with _held(vote) as held:
        box = boxes.in_box(held)
        # Void first: a vote that is void is not counted, so nothing in its box can be too few to be.
        back = returned + paper_returned + len(box)
        if held.state == VoteState.OPEN and (reason := void_on_return(held, returned, paper_returned)):
            return void_vote(act, vote, reason=reason, returned=back)
        is_open = held.state == VoteState.OPEN
        frozen = _frozen_on_return(held, box, returned, paper_returned) if is_open else {}
        fire(vote, "close", act, besides=_again_told(held), returned=back, **frozen)
        boxes.forget_the_order(held)
        _overtake(act, vote, reason=_("投票已经截止，不再改用纸质票。"), asked=["turn"])
    return vote


def void_vote(
    act: Act, vote: Vote, *, reason: str, ordered_by: Meeting | None = None, **figures: Any
) -> Vote:
    """Make a vote void before it is signed; it stays as it was, its box sealed with a digest and never opened.

    Returns the new vote to be held instead, from the start: whoever is present is counted again.
    ordered_by: the presidium's meeting that decided so; without one it is still to decide (`order_vote`).
    """
    with _held(vote) as held:
        figures |= boxes.sealed_as_void(held)
        fire(vote, "make_void", act, reason=reason, void_reason=reason, **figures)
        _forget_keyings(vote)
        boxes.forget_the_order(vote)
        _overtake(act, vote, reason=_("投票已经作废，重新投票。"))
        new = _again(act, vote, _("重新投票"), because=reason)
        if ordered_by:
            order_vote(new, ordered_by)
        return _with_keys(act, vote, new)


def order_vote(vote: Vote, meeting: Meeting) -> Vote:
    """由主席团决定重新投票: the new vote may be held from now on (rules.md §6.2); returns the void one.

    Refused where it is not to be decided on.
    """
    void = vote.follows
    if void is None or not awaits_order(vote):
        raise Refused(_("没有待主席团决定的重新投票。"))
    vote.ordered_by = meeting
    vote.save(update_fields=["ordered_by"])
    return void


def _overtake(act: Act, vote: Vote, *, reason: str, asked: Sequence[str] = witnessing.ASKED) -> None:
    witnessing.overtake(act, Vote.objects.filter(pk=vote.pk), reason=reason, asked=asked)
    vote.refresh_from_db(fields=["awaiting"])


def recount(act: Act, vote: Vote, *, reason: str) -> Vote:
    """复票: the same ballots counted again, as a new record; the old one stays as it is, signed, announced or not.

    Allowed once the ballots have been collected; how long after the announcement is the caller's to say. A vote that goes
    on from it and has not opened is withdrawn; one that has opened refuses the recount. Returns the new vote, its ballots
    issued and not yet returned. Others than who keyed it before key it now.
    """
    with _held(vote) as held:
        if held.state not in COUNTED_AGAIN:
            raise Refused(
                _("“%(vote)s”现为“%(state)s”，%(ballot)s收回以后才可以复票。")
                % {
                    "vote": held.title,
                    "state": held.get_state_display(),
                    "ballot": fig.words_of(held).ballot,
                }
            )
        _withdraw_what_goes_on(act, held, reason=reason)
        counts = [held, *counts_before(held)]
        words = _("复票") if len(counts) == 1 else _("第%(n)s次复票") % {"n": numeral(len(counts))}
        new = _again(act, held, words, named_after=counts[-1], because=reason, is_recount=True)
        _counts_box_of(new, held)
        _forget_keyings(held)
        _overtake(act, held, reason=_("已经复票；仍须重新投票的，请重新提出。"), asked=["void"])
        open_vote(
            act,
            new,
            present=held.deputies_present or 0,
            on_leave=held.on_leave or 0,
            issued=held.issued or 0,
        )
    return new


def _again_told(vote: Vote) -> dict[str, bool]:
    """What an entry says besides of a recount, in which nobody votes and nothing comes back (`titles`)."""
    return {"is_recount": True} if vote.is_recount else {}


def obstacles_to_going_back(vote: Vote) -> list[str]:
    """Why the ballots a vote goes on from are not counted again: it has begun, or had begun before it became void."""
    if vote.goes_on_from and vote.to_count_again == vote:
        return [_("再次投票已经开始，不能复核上一次计票。")]
    return []


def _withdraw_what_goes_on(act: Act, vote: Vote, *, reason: str) -> None:
    """Whatever the recount comes to decides whether there is anything to vote on again; until then nobody does."""
    there = vote.followed_by.exclude(state=VoteState.VOID, issued=None)
    for other in there.select_for_update(of=("self",)).order_by("pk"):
        if other.to_count_again != vote:
            told = _("“%(vote)s”已经重新进行。") % {"vote": vote.title}
            raise Refused(*(obstacles_to_going_back(other) or [told]))
        witnessing.take_back(other, "open")
        if other.device:
            keys.forget(other)
        told = _("“%(vote)s”复票，本次投票尚未开始即撤回。") % {"vote": vote.title}
        fire(other, "withdraw", act, reason=reason, void_reason=told)


def _counts_box_of(new: Vote, vote: Vote) -> None:
    """A recount has no box, roll or key of its own: it counts those of the vote it repeats."""
    new.box_of = boxes.of(vote) if vote.device else None
    new.public_key, new.roll_digest, new.paper_issued = vote.public_key, vote.roll_digest, vote.paper_issued
    new.save(update_fields=["box_of", "public_key", "roll_digest", "paper_issued"])


def _again(
    act: Act, vote: Vote, words: str, *, because: str, named_after: Vote | None = None, **changes: Any
) -> Vote:
    """A vote that follows another one, on the same terms but for `changes`; whoever is present is counted anew.

    Its N is that of its session's roll as it stands now (`define_vote`). named_after: whose title it bears, with `words`;
    the first's of the chain unless said otherwise.
    """
    terms = {
        "session": vote.session,
        "deputies_in_office": vote.deputies_in_office,
        "device": vote.device,
        "purpose": vote.purpose,
        "mode": vote.mode,
        "seats": vote.seats,
        "rules": vote.rules,
        "options": list(vote.options.values_list("reference", "title")),
    }
    return define_vote(
        act,
        about=vote.about_reference,
        title=f"{(named_after or _root(vote)).title[:180]}（{words}）",
        step=vote.step_number,
        follows=vote,
        because=because,
        device_least=vote.device_least,
        keypad=vote.keypad,
        **terms | changes,
    )


def _root(vote: Vote) -> Vote:
    """The first vote of a chain, whose title the others are named after."""
    while vote.follows:
        vote = vote.follows
    return vote


# Counting


def key_tally(act: Act, vote: Vote, *, turn: int, figures: dict[str, Any]) -> Rejection | None:
    """Enter the tally sheets once; the second person does so without sight of the first.

    turn: 1 or 2. figures: `figures.sheet(...)`. When both are in they are compared and reconciled: None means still
    waiting or accepted (the vote is then KEYED), a Rejection that both are kept and both people key again.
    Refused: a turn keyed already, the same person twice, figures that name other candidates than the paper.
    """
    who = _person(act)
    with _held(vote) as held:
        now = round_of(held)
        if reasons := _obstacles_to_keying(held, who, turn, now, figures):
            raise Refused(*reasons)
        Keying.objects.create(
            unit_id=held.unit_id, vote=held, turn=turn, round=now, by=who, figures=figures, at=act.at
        )
        if len(keyings_of(held, now)) < 2:
            return None
        rejected = compare(act, held, now)
    _follow(vote, held, "figures")
    vote.__dict__["state"] = held.state
    return rejected or None


def _obstacles_to_keying(vote: Vote, who: User, turn: int, now: int, figures: dict[str, Any]) -> list[str]:
    found = []
    if vote.state != VoteState.CLOSED or vote.followed_by.exists():
        found.append(
            _("%(ballot)s尚未收回，或计票已经相符，不能录入。") % {"ballot": fig.words_of(vote).ballot}
        )
    if boxes.waits_to_be_opened(vote) and agreed_on_paper(vote) is not None:
        found.append(_("纸质票已经录入相符，等待开箱合并计票。"))
    keyed = keyings_of(vote, now)
    found += barred_from_keying(vote, who, keyed)
    if turn not in (1, 2) or any(keying.turn == turn for keying in keyed):
        found.append(_("这一次录入已经完成。"))
    return found + fig.faults_in_keying(vote, figures)


def barred_from_keying(vote: Vote, who: User, keyed: Sequence[Keying]) -> list[str]:
    """Why this very person may not key the vote as it stands, though a counter; empty lets them.

    Two people key a round, and others than who keyed the counts a recount repeats. keyed: the round under way.
    """
    found = []
    if who.pk in keyers_before(vote):
        found.append(_("复票由另外两名计票人录入，您已录入过这些票。"))
    if any(keying.by_id == who.pk for keying in keyed):
        found.append(_("两次录入须由不同的人分别进行，您已经录入过一次。"))
    return found


def compare(act: Act, vote: Vote, round_number: int) -> Rejection:
    """Compare the two keyings of a round and reconcile them: empty and they stand, or neither is accepted.

    With a box of sealed ballots still to be opened the vote waits for it, else it is KEYED. The trail names where
    keyings differ or do not balance, and that one was lost; sums stand in it only once they are signed.
    """
    rejected = rejection_of(vote, round_number)
    if not rejected:
        if not boxes.waits_to_be_opened(vote):
            _accept(act, vote, keyings_of(vote, round_number)[0].figures)
        return rejected
    write_down(
        act,
        "vote.reject_tally",
        vote.reference,
        about=vote.about,
        step=vote.step,
        after={
            "round": round_number,
            "differ": rejected.places,
            "unbalanced": [[problem.code, problem.candidate or ""] for problem in rejected.problems],
            **({"lost": True} if rejected.lost else {}),
        },
        label=vote.label,
    )
    return rejected


def _accept(act: Act, vote: Vote, figures: dict[str, Any]) -> None:
    vote.figures = fig.whole_of(vote, figures) | boxes.reconciled(vote)
    vote.save(update_fields=["figures"])
    fire(vote, "accept_tally", act)


def open_box(act: Act, vote: Vote, first: keys.Opening, second: keys.Opening, *, because: str = "") -> None:
    """Open the box with two holders' keys and add its sums to the paper's; only the total is kept.

    A recount is another pair's than the counts before it; because: why it is the same two all the same, which the trail,
    the signatures and the report keep. Refused before the paper's keyings stand, where the whole does not balance, or with
    a wrong passphrase.
    """
    with _held(vote) as held:
        if not boxes.waits_to_be_opened(held):
            raise Refused(_("票箱尚未截止，或已经开箱计票。"))
        paper = agreed_on_paper(held)
        if paper is None:
            raise Refused(_("纸质票尚未录入相符，相符后再开箱，电子票和纸质票合并计票。"))
        pair = [office for office in keys.HOLDERS if office in (first.office, second.office)]
        again = set(pair) in pairs_before(held)
        if again and not because:
            raise Refused(
                _(
                    "这两名保管人开过前次计票的票箱，复票须至少换一人开箱。"
                    "确实只能由这两人开箱的，请写明理由。"
                )
            )
        opened = {"opened_by": pair} | ({"same_pair_because": because} if again else {})
        total = fig.with_box(held, paper, boxes.open_box(held, first, second)) | opened
        if problems := count.reconcile(fig.vote_file(held, total)):
            raise Refused(*[problem.sentence for problem in problems])
        write_down(
            act,
            "vote.open_box",
            held.reference,
            about=held.about,
            step=held.step,
            after={"holders": [first.office, second.office], "box_digest": held.box_digest},
            reason=because if again else "",
            label=held.label,
        )
        _accept(act, held, total)
    _follow(vote, held, "figures")
    vote.__dict__["state"] = held.state


# Signing


@dataclass(frozen=True)
class Signed:
    """What a signature was set under; certified: both are there now."""

    digest: str
    certified: bool


def sign(act: Act, vote: Vote, office: str) -> Signed:
    """Sign the tally as chief_teller or teller: over the digest of the vote's file and its outcome.

    With both signatures the outcome is stored and the vote CERTIFIED. Refused: figures that do not balance or have
    no result, an office that has signed, one person for both offices (rules.md §6.2).
    """
    who = _person(act)
    with _held(vote) as held:
        if reasons := obstacles_to_signing(held, who, office):
            raise Refused(*reasons)
        digest = fig.digest_of(held)
        Signature.objects.create(
            unit_id=held.unit_id, vote=held, by=who, office=office, digest=digest, at=act.at
        )
        certified = held.signatures.count() == len(SIGNERS)
        if certified:
            held.outcome = outcome_of(held, fig.decided(held))
            held.save(update_fields=["outcome"])
            _forget_keyings(held)
            fire(held, "certify", act)
            _overtake(act, held, reason=_("计票结果已经签字，不再重新投票。"), asked=["void"])
    _follow(vote, held, "outcome")
    vote.__dict__["state"] = held.state
    return Signed(digest, certified)


def _forget_keyings(vote: Vote) -> None:
    """Of two ways to vote only the total is kept: what two people keyed of one way alone becomes a commitment.

    One salt for all of them, kept nowhere: keyings that agreed still look alike, and no guess can be confirmed.
    """
    if not fig.is_of_two_ways(vote):
        return
    salt = new_salt()
    keyings = list(vote.keyings.all())
    for keying in keyings:
        keying.figures = commit(salt, "figures", canonical(keying.figures))
    Keying.objects.bulk_update(keyings, ["figures"])


def obstacles_to_signing(vote: Vote, who: User, office: str) -> list[str]:
    """Why this person may not sign in this office; empty means the signature would stand."""
    if office not in SIGNERS:
        return [_("计票结果由总监票人和监票人签字。")]
    if vote.state != VoteState.KEYED or vote.followed_by.exists():
        return [_("计票结果尚未相符，或已经签字，不能签字。")]
    signed = list(vote.signatures.all())
    found = _obstacles_in_figures(vote, [signature.digest for signature in signed])
    found += boxes.obstacles_to_counting(vote)
    if any(signature.office == office for signature in signed):
        found.append(_("%(office)s已经签字。") % {"office": SIGNERS[office]})
        return found
    return found + barred_from_signing(who, signed)


def barred_from_signing(who: User, signed: Iterable[Signature]) -> list[str]:
    """Why this very person may not sign a tally, whatever office they hold: one of its signatures is theirs already."""
    if any(signature.by_id == who.pk for signature in signed):
        return [_("总监票人和监票人须是两个人，您已经签字。")]
    return []


def _obstacles_in_figures(vote: Vote, digests: list[str]) -> list[str]:
    outcome = fig.decided(vote)
    found = [problem.sentence for problem in outcome.problems]
    if outcome.verdict in NO_RESULT and not found:
        found.append(outcome.result.reasons[outcome.vote.paper.candidates[0]].sentence)
    if not found:
        found += obstacles_in(vote, outcome)
    if any(digest != fig.digest_of(vote) for digest in digests):
        found.append(_("数字与前一人签字时不同，不能签字。"))
    return found


# Declaring, and what comes after


def declare(act: Act, vote: Vote) -> None:
    """宣布结果: the chair has read it out; from now on anybody may read it.

    Refused while it is counted again, and where it is not what both tellers signed.
    """
    with _held(vote) as held:
        if held.followed_by.exists():
            raise Refused(_("“%(vote)s”正在重新进行，不能宣布。") % {"vote": held.title})
        if held.state == VoteState.CERTIFIED and not _is_as_signed(held):
            raise Refused(
                _(
                    "计票结果与总监票人、监票人签字时不一致，被改动过，不能宣布。"
                    "请保存现场并报告主席团，由总监票人提出复票。"
                )
            )
        fire(vote, "declare", act)


def _is_as_signed(vote: Vote) -> bool:
    """Whether both signatures are over the figures and the outcome that stand here now, and the one follows from the other,
    however the rules word it by now."""
    signed = set(vote.signatures.values_list("office", flat=True))
    again = outcome_of(vote, fig.decided(vote))
    follows = canonical(without_sentences(vote.outcome)) == canonical(without_sentences(again))
    return signed == set(SIGNERS) and signatures_hold(vote) and follows


def continue_vote(act: Act, vote: Vote) -> Vote | None:
    """The vote a declared one calls for: a run-off among the tied, or a second round where the rules want one.

    None where nothing more is voted on now: decided, the presidium decides on those tied, or the places left stay vacant,
    for good or until the next session (rules.md §6.2). A run-off has as many seats as places are left and, unless the
    rules ask otherwise, no majority: the most votes decide (组织法 29).
    """
    outcome = fig.decided(vote)
    if _wants_run_off(outcome):
        return _in_its_place(act, vote, _run_off(act, vote, outcome))
    if _wants_second_round(outcome):
        return _in_its_place(act, vote, _second_round(act, vote, outcome))
    return None


def _in_its_place(act: Act, vote: Vote, new: Vote) -> Vote:
    """The vote goes on with the new one, which does not open while a recount asked for before is neither agreed to nor not."""
    witnessing.hand_on(vote, new, "recount")
    return _with_keys(act, vote, new)


def _with_keys(act: Act, vote: Vote, new: Vote) -> Vote:
    """The new vote with a key pair of its own, held by the people who hold this one's."""
    if new.device:
        keys.carry_over(act, boxes.of(vote), new)
    return new


def is_voted_on_again(vote: Vote) -> bool:
    """Whether a signed vote calls for another one once it is announced (`continue_vote`)."""
    outcome = fig.decided(vote)
    return _wants_run_off(outcome) or _wants_second_round(outcome)


def _wants_run_off(outcome: count.Outcome) -> bool:
    return outcome.verdict is count.Verdict.RUNOFF and not outcome.vote.rules.tie_by_presidium


def _wants_second_round(outcome: count.Outcome) -> bool:
    second = outcome.vote.rules.shortfall is count.ShortfallRule.SECOND_ROUND
    return outcome.verdict is count.Verdict.SHORTFALL and second and bool(outcome.result.not_elected)


def _run_off(act: Act, vote: Vote, outcome: count.Outcome) -> Vote:
    """As many to choose as places are left; a hall's device cannot hold anybody to that, so there each is put to the vote.

    Whoever presses 赞成 for all who tie then helps none of them over the others, and the most votes decide all the same.
    """
    base = vote.rules["majority_base"] if vote.rules.get("runoff_majority") else count.MajorityBase.NONE
    return _again(
        act,
        vote,
        _("再次投票"),
        because=_("%(count)s 个项目票数相等，名额只余 %(places)s 个")
        % {"count": len(outcome.result.tied), "places": outcome.places_left},
        purpose=Purpose.RUN_OFF,
        mode=str(count.Mode.EACH if vote.keypad else count.Mode.SELECT),
        seats=outcome.places_left,
        rules=vote.rules
        | {
            "majority_base": str(base),
            "tie": str(count.TieRule.RUNOFF),
            "shortfall": str(count.ShortfallRule.VACANT),
            "left_to_next_session": False,
            "each_cap": False,
        },
        options=_options_named(vote, outcome.result.tied),
    )


def _second_round(act: Act, vote: Vote, outcome: count.Outcome) -> Vote:
    """A second round is held once: what it leaves empty stays empty."""
    return _again(
        act,
        vote,
        _("第二轮"),
        because=_("过半数的项目少于应选数，还有 %(places)s 个名额") % {"places": outcome.places_left},
        seats=outcome.places_left,
        rules=vote.rules | {"shortfall": str(count.ShortfallRule.VACANT)},
        options=_options_named(vote, outcome.result.not_elected),
    )


def vote_later(act: Act, vote: Vote, session: Session, *, deputies_in_office: int) -> Vote:
    """另行票决 at a later session: the places left, among those not elected (rules.md §6.2; 组织法 29 by analogy).

    Its desk is that session's: attendance, tellers and keys are new. By telephone only where the session has a roll.
    Refused where no places wait for it. What this vote leaves empty stays empty.
    """
    with _held(vote) as held:
        if not is_left_over(held):
            raise Refused(_("没有留待下次会议的名额。"))
        outcome = fig.decided(held)
        return _again(
            act,
            held,
            _("另行票决"),
            because=_("过半数的项目少于应选数，余下 %(places)s 个名额留待下次会议另行票决")
            % {"places": outcome.places_left},
            session=session,
            deputies_in_office=deputies_in_office,
            device=held.device and session.roll.exists(),
            seats=outcome.places_left,
            rules=held.rules | {"left_to_next_session": False},
            options=_options_named(held, outcome.result.not_elected),
        )


def _options_named(vote: Vote, titles: Sequence[str]) -> list[tuple[str, str]]:
    return list(vote.options.filter(title__in=titles).values_list("reference", "title"))
