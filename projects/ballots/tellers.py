"""总监票人、监票人、计票人: adopted for one vote and in office no longer than what they were adopted for (steps.md, Offices)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy

from projects.ballots import figures as fig
from projects.ballots import keys
from projects.ballots.models import Vote, VoteState
from projects.ballots.selectors import keyers_of
from projects.cycles.models import Presence, Session
from projects.cycles.selectors import cycle_of, paper_of
from projects.cycles.terms import fill_office
from workflow.audit.services import Act
from workflow.flows.errors import Refused
from workflow.people.models import Unit, User
from workflow.people.saying import said as _
from workflow.roles.selectors import holders_of, live_grants
from workflow.roles.services import end_offices

TELLERS = ("chief_teller", "teller", "counter")
OVER = (VoteState.DECLARED, VoteState.VOID)
# The act by which the presidium names counters for a recount, beside those who have counted.
NAMING = gettext_lazy("确定复票计票人")


def appoint(act: Act, people: Mapping[str, Sequence[str]], *, document: str) -> None:
    """Exactly those adopted hold the three offices from now on. people: office → ids of persons."""
    for office, ids in people.items():
        fill_office(act, office, User.objects.filter(pk__in=ids).order_by("pk"), document=document)


def release(act: Act, unit: Unit, *, reason: str) -> None:
    """What they were adopted for is over; the next vote adopts its own."""
    end_offices(unit=unit, offices=TELLERS, act=act, reason=reason)


def serving(unit: Unit, on: date) -> dict[str, list[User]]:
    """Who holds the three offices on a day, by office."""
    return {office: holders_of(office, unit, on) for office in TELLERS}


def replace(
    act: Act, vote: Vote, office: str, leaving: User, successor: User, *, document: str, reason: str
) -> None:
    """One of them leaves before the vote opens and another takes the place, as the congress decided.

    vote: its row locked by the caller. Whose office has ended already (a seat lost) leaves a vacancy, which is filled the
    same way. Of a vote by device a share of the key the leaving one held is forgotten with the pair: the successor sets a
    passphrase of their own. Refused: once this or another vote of the session has opened, and whoever may not take the
    place (`obstacles_to_succeeding`).
    """
    if reasons := obstacles_to_replacing(vote) or obstacles_to_succeeding(vote, office, successor, act.on):
        raise Refused(*reasons)
    now = serving(act.unit, act.on)
    end_offices(unit=act.unit, offices=[office], act=act, reason=reason, holder=leaving)
    staying = [user for user in now[office] if user != leaving]
    fill_office(act, office, [*staying, successor], document=document)
    if vote.holders.filter(office=office, by=leaving).exists():
        keys.release_holder(act, vote, office, reason=reason)


def missing_counters(vote: Vote, on: date) -> int:
    """How many a recount lacks of two who have not keyed these ballots yet (复票); 0 where there is nothing to key."""
    if not fig.to_key(vote, "issued"):
        return 0
    others = {user.pk for user in holders_of("counter", vote.unit, on)} - keyers_of(vote)
    return max(0, 2 - len(others))


def counted_or_serving(vote: Vote, on: date) -> set[int]:
    """Whom nobody can name to count a vote's ballots again, by id: who serves at the desk already, and who has keyed them."""
    return {user.pk for users in serving(vote.unit, on).values() for user in users} | keyers_of(vote)


def add_counters(act: Act, vote: Vote, users: Sequence[User], *, document: str) -> None:
    """Counters beside those who serve, as the presidium named them for a recount: nobody loses the office by it.

    vote: its row locked by the caller. Refused: as `faults_in_naming`, and a deputy (`offices`).
    """
    if reasons := faults_in_naming(vote, users, act.on):
        raise Refused(*reasons)
    fill_office(act, "counter", [*serving(act.unit, act.on)["counter"], *users], document=document)


def named_to_count(vote: Vote, on: date) -> list[User]:
    """Whom the presidium has named to count a vote's ballots again and who have not done so, as the list keeps them."""
    cycle = cycle_of(vote)
    paper = paper_of(cycle, "tellers") if cycle else None
    named, keyed = paper.data.get("by_presidium", ()) if paper else (), keyers_of(vote)
    return [
        user
        for user in holders_of("counter", vote.unit, on)
        if str(user.pk) in named and user.pk not in keyed
    ]


def faults_in_naming(vote: Vote, users: Sequence[User], on: date) -> list[str]:
    """Why these are not the counters a recount lacks: one of them is not free, or they are too few."""
    taken, missing = counted_or_serving(vote, on), missing_counters(vote, on)
    found = [
        _("%(name)s已是监票人或计票人，或者已录入过这些票，请另选。") % {"name": user.name}
        for user in users
        if user.pk in taken
    ]
    if len(users) < missing:
        told = {"missing": missing, "n": len(users)}
        found.append(_("复票还缺 %(missing)s 名计票人，现确定 %(n)s 名。") % told)
    return found


def obstacles_to_replacing(vote: Vote) -> list[str]:
    """Why none of them can be replaced now: ballots are out, of this vote or of another one at its session."""
    if vote.state != VoteState.DEFINED:
        return [_("投票已经开始，监票人、计票人不再更换。")]
    # Two changes of one year are votes about one record: every other vote of the session is asked.
    if vote.session and count_another(vote.session, ""):
        return [_("本次会议另有投票正在进行，结果宣布以后再更换监票人、计票人。")]
    return []


def not_free(vote: Vote, on: date) -> set[User]:
    """Who can watch over no ballots: whoever presides, for two people open the vote, and whoever is not here."""
    away = (
        vote.session.roll.in_office().filter(presence__in=(Presence.LEAVE, Presence.ABSENT))
        if vote.session
        else []
    )
    return {*holders_of("chair", vote.unit, on), *(line.user for line in away if line.user)}


def obstacles_to_succeeding(vote: Vote, office: str, successor: User, on: date) -> list[str]:
    """Why somebody may not take a place at the desk: they serve there already, preside or are away, or hold another share."""
    found, named = [], {"name": successor.name}
    if any(successor in users for users in serving(vote.unit, on).values()):
        found.append(_("%(name)s已是监票人或计票人。") % named)
    if successor in not_free(vote, on):
        found.append(_("%(name)s主持会议或者没有到会，不能接任。") % named)
    if office in keys.HOLDERS and vote.holders.exclude(office=office).filter(by=successor).exists():
        found.append(_("%(name)s已保管一份密钥，三份密钥须由三个人分别保管，请另选。") % named)
    return found


def serve_another(session: Session | None, about: str) -> bool:
    """Whether a ballot on another matter is settled at a session and not declared: its tellers are in office for it."""
    return session is not None and _unfinished(session).exclude(about_reference=about).exists()


def count_another(session: Session, about: str) -> bool:
    """Whether a ballot on another matter has been opened at a session and its tellers have not finished it."""
    return _under_way(session).exclude(about_reference=about).exists()


def obstacles_to_changing_roll(session: Session) -> list[str]:
    """Why a session's roll cannot change now: a vote is held on it, until its result is announced (组织法 14, 25)."""
    return [
        _("“%(vote)s”正在进行，代表变动在结果宣布以后登记。") % {"vote": vote.title}
        for vote in _under_way(session).order_by("pk")
    ]


def _under_way(session: Session) -> QuerySet[Vote]:
    """The votes of a session that have been opened and are not finished."""
    return _unfinished(session).exclude(state=VoteState.DEFINED)


def _unfinished(session: Session) -> QuerySet[Vote]:
    """The votes of a session that are not over; one that is counted again goes on in its recount."""
    return Vote.objects.filter(session=session).exclude(state__in=OVER).exclude(followed_by__is_recount=True)


def obstacles_at_desk(unit: Unit, at: datetime, *, door: str | Promise = "") -> list[str]:
    """Who is missing at the desk: a chief teller and another teller, both deputies, and two counters who are none
    (rules.md §6.2). An office past its last day stands on paper until the sweep has ended what rested on it.

    door: the title of the act by which 人大办 enters whom the congress has adopted instead; without one (a meeting of
    deputies outside a session) the offices are given by hand.
    """
    held, remedy = _held_at(unit, localdate(at)), adopted_first(door)
    found, able = [], {}
    for office in TELLERS:
        able[office] = {pk for pk in held[office] if (pk in held["deputy"]) != (office == "counter")}
        found += [_not_able(office, name) for pk, name in held[office].items() if pk not in able[office]]
    chief, tellers, counters = (able[office] for office in TELLERS)
    if not chief:
        found.append(_("尚未确定总监票人，%(remedy)s") % {"remedy": remedy})
    if not tellers - chief and not (tellers and chief - tellers):
        found.append(_("总监票人以外还须有监票人，%(remedy)s") % {"remedy": remedy})
    if len(counters) < 2:
        found.append(_("计票人不足两人，两次录入须由不同的人进行，%(remedy)s") % {"remedy": remedy})
    return found


def adopted_first(door: str | Promise = "") -> str:
    """Who puts it right, as the end of a sentence: whom the meeting adopts is entered by an act of its own.

    door: its title; where there is none, by the administrator's grant.
    """
    if door:
        return _("由人大办提请大会通过人选后，办理“%(door)s”。") % {"door": door}
    return _("由人大办提请会议通过人选后，请系统管理员按通过的名单授权。")


def obstacles_in_keys(vote: Vote, at: datetime) -> list[str]:
    """Whose share of the key is with somebody who has left the office it belongs to (integrity.md §2.1).

    Empty once the vote has opened: then the other two shares open the box.
    """
    if not vote.device or vote.state != VoteState.DEFINED:
        return []
    grants = live_grants(localdate(at)).filter(unit=vote.unit_id, office__in=keys.HOLDERS)
    in_office = set(grants.values_list("office", "user_id"))
    return [
        _("%(name)s已不担任%(office)s，却仍保管开箱密钥，请人大主席更换密钥保管人，由在任者重新设定口令。")
        % {"name": holder.by.name, "office": keys.HOLDERS[holder.office]}
        for holder in vote.holders.select_related("by")
        if (holder.office, holder.by_id) not in in_office
    ]


def _held_at(unit: Unit, on: date) -> dict[str, dict[int, str]]:
    """Who holds a deputy's or a teller's office, by office: ids with names, read at once."""
    held: dict[str, dict[int, str]] = {office: {} for office in ("deputy", *TELLERS)}
    grants = live_grants(on).filter(unit=unit, office__in=held).order_by("user_id")
    for office, pk, name in grants.values_list("office", "user_id", "user__name"):
        held[office][pk] = name
    return held


def _not_able(office: str, name: str) -> str:
    if office == "counter":
        return _("%(name)s是代表，不能担任计票人，请另行确定工作人员。") % {"name": name}
    return _("%(name)s不是在任代表，不能监票，请另行确定监票人。") % {"name": name}
