"""Step 3's acts in the session: opened, explained, deliberated, the ballot settled and adopted."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from projects.ballots.models import Purpose
from projects.ballots.questions import figures_by_ballot, is_carried, obstacles_to_recording
from projects.ballots.services import define_vote, put_question
from projects.ballots.tellers import appoint
from projects.cycles.divisions import figures_of
from projects.cycles.models import Cycle, Paper, Session, SessionState
from projects.cycles.numerals import numeral
from projects.cycles.papers import digest_of, make_paper
from projects.cycles.selectors import paper_of, standard_of
from projects.cycles.terms import PRESIDING, begin_session, fill_office
from projects.deliberation import rules, selectors
from projects.deliberation.method import ballot_rules
from projects.deliberation.models import MatterState, Opinion
from projects.deliberation.services import doer
from projects.selection.models import Item
from workflow.audit.models import Entry
from workflow.audit.services import Act
from workflow.flows.errors import Obstructed, Refused
from workflow.flows.models import Meeting
from workflow.flows.services import Outcome
from workflow.machines.services import fire
from workflow.people.models import Unit, User
from workflow.people.saying import said as _
from workflow.people.wording import worded
from workflow.roles.selectors import holders_of


def open_session(
    act: Act, cycle: Cycle, *, meeting: Meeting, presidium: list[str] | None = None, agenda: str, **first: str
) -> Outcome:
    """预备会议 of the session the year votes at."""
    session = selectors.session_for(cycle)
    return assemble(act, cycle, session, meeting=meeting, presidium=presidium, agenda=agenda, **first)


def assemble(
    act: Act,
    cycle: Cycle,
    session: Session,
    *,
    meeting: Meeting,
    presidium: list[str] | None = None,
    agenda: str,
    **first: str,
) -> Outcome:
    """预备会议: the presidium is elected for this session, the agenda adopted, and the session begins.

    presidium: ids of those elected; None at a subdistrict, whose working committee the county sets up (组织法 59).
    first: at the first session of a term also `presiding` and `lead_<delegation>`, ids of persons: the old offices
    have ended by then, and the congress must have somebody to preside and somebody to lead each delegation.
    """
    if session.state == SessionState.CONVENED:
        begin_session(act, session)
    document = f"{session}预备会议选举"
    if presidium is not None:
        chosen = User.objects.filter(pk__in=presidium).order_by("pk")
        fill_office(act, "presidium", chosen, document=document)
    _fill_first_offices(act, document, **first)
    seated = {
        "session": session.reference,
        "presidium": [user.username for user in holders_of("presidium", act.unit, act.on)],
    }
    make_paper(act, cycle, "minutes", f"{session}预备会议纪要", body=meeting.minutes, data=seated)
    adopted = {"adopted": True, "session": session.reference}
    make_paper(act, cycle, "agenda", f"{session}议程", body=agenda, data=adopted, publish=True)
    return Outcome(after=seated)


def _fill_first_offices(act: Act, document: str, *, presiding: str = "", **leads: str) -> None:
    if presiding:
        chosen = User.objects.filter(pk=presiding)
        fill_office(act, "chair", chosen, document=document, title=PRESIDING)
    for name, user_id in leads.items():
        delegation = Unit.objects.get(pk=name.removeprefix("lead_"), tenant=act.unit)
        chosen = User.objects.filter(pk=user_id)
        fill_office(act, "delegation_lead", chosen, document=document, at=delegation)


def explain(act: Act, cycle: Cycle, *, body: str) -> None:
    """The government explains how the candidates came about."""
    title = f"{cycle.candidates}形成过程及基本情况的报告"
    make_paper(act, cycle, "explanation", title, body=body, data={"given": True})


def deliberate(
    act: Act, cycle: Cycle, *, item: dict[str, Any], present: int, words: str, **each: str
) -> Outcome:
    """One delegation's opinions; `item` names the delegation, opinion_<id> its words on a candidate."""
    delegation = Unit.objects.get(pk=item["delegation"])
    said: list[tuple[Item | None, str]] = [(None, words)]
    for candidate in selectors.candidates_of(cycle):
        if opinion := each.get(f"opinion_{candidate.pk}"):
            said.append((candidate, opinion))
    who = doer(act)
    Opinion.objects.bulk_create(
        Opinion(unit=act.unit, cycle=cycle, delegation=delegation, item=about, words=opinion, by=who)
        for about, opinion in said
    )
    return Outcome(after={"delegation": delegation.code, "opinions": len(said)})


def undo_deliberation(act: Act, cycle: Cycle, *, done: Entry, reason: str, item: dict[str, Any]) -> None:
    """The counter-act of one delegation's deliberation: its opinions go; the trail keeps that there were some."""
    Opinion.objects.filter(cycle=cycle, delegation=item["delegation"]).delete()


def settle(
    act: Act,
    cycle: Cycle,
    *,
    meeting: Meeting,
    seats: int | None,
    mode: str,
    method: str,
    chief_teller: str,
    tellers: list[str],
    counters: list[str],
    return_reason: str,
    **numbers: int | None,
) -> Outcome:
    """The presidium, having heard the delegations, settles list, places, method and tellers (rules.md §6.1)."""
    make_paper(act, cycle, "minutes", _("主席团会议纪要（确定表决事项）"), body=meeting.minutes)
    if not meeting.agreed:
        return Outcome(returns_to="delegations", reason=return_reason)
    items = _hold_candidates(cycle)
    # The rest of what stood in the way when the form was checked, under the same lock.
    if reasons := selectors.obstacles_to_settling(cycle, act.at):
        raise Obstructed(*reasons)
    order = _in_order(items, numbers)
    Cycle.objects.filter(pk=cycle.pk).update(seats=seats)
    cycle.seats = seats
    people = {"chief_teller": [chief_teller], "teller": tellers, "counter": counters}
    warnings = [
        *selectors.surplus_told(cycle, len(order), seats or 0),
        *_teller_warnings([chief_teller, *tellers], order),
        *_mode_warning(cycle, mode),
    ]
    settled = {"seats": seats, "mode": mode, "order": [i.reference for i in order], "warnings": warnings}
    make_paper(act, cycle, "method", f"{cycle}票决办法（草案）", body=method, data=settled)
    make_paper(act, cycle, "tellers", _("监票人、计票人名单（草案）"), body=listed(people), data=people)
    return Outcome(after=settled)


def _hold_candidates(cycle: Cycle) -> list[Item]:
    """Locks in the order of the year; who wants to withdraw or to add waits here.

    Asked again under the lock: a withdrawal or a matter may have come in since the form was checked.
    """
    Cycle.objects.select_for_update().get(pk=cycle.pk)
    items = Item.objects.select_for_update().filter(cycle=cycle, state="candidate").order_by("number")
    held = list(items)
    if reasons := selectors.open_motions(cycle):
        raise Obstructed(*reasons)
    return held


def _in_order(items: list[Item], numbers: dict[str, int | None]) -> list[Item]:
    places = {item.pk: numbers.get(f"order_{item.pk}") or n for n, item in enumerate(items, 1)}
    return sorted(items, key=lambda item: places[item.pk])


def _teller_warnings(ids: list[str], items: list[Item]) -> list[str]:
    names = {user.name for user in User.objects.filter(pk__in=ids)}
    return rules.teller_warnings(names, {item.title: item.leader for item in items})


def _mode_warning(cycle: Cycle, mode: str) -> list[str]:
    if mode == cycle.rules.ballot_mode:
        return []
    return [_("票决方式与本年度规则所定不同，以大会通过的票决办法为准。")]


def listed(people: dict[str, list[str]]) -> str:
    """The list as people read it: 总监票人 …; 监票人 …; 计票人 …."""
    names = {
        str(u.pk): u.name for u in User.objects.filter(pk__in=[pk for ids in people.values() for pk in ids])
    }
    titles = {"chief_teller": _("总监票人"), "teller": _("监票人"), "counter": _("计票人")}
    return "\n".join(
        f"{titles[office]}：{'、'.join(names[pk] for pk in ids)}" for office, ids in people.items()
    )


def published_lists(cycle: Cycle | None, session: Session | None) -> QuerySet[Paper]:
    """The lists of tellers published in a year, the last first; of a session those since it began."""
    lists = Paper.objects.filter(cycle=cycle, kind="tellers").exclude(published_at=None).order_by("-pk")
    return lists.filter(made_on__gte=session.held_on) if session else lists


def list_title(hall: Unit, because: str, before: Iterable[Paper]) -> str:
    """What a list of tellers is called: two of one day are told apart by what has changed them, and how often.

    because: what has changed it, in its words; "" where the hall adopts it. before: those published so far.
    """
    first = (
        _("监票人、计票人名单（%(because)s）") % {"because": because} if because else _("监票人、计票人名单")
    )
    used, again = {paper.title for paper in before}, _("监票人、计票人名单（第%(n)s次%(because)s）")
    further = (again % {"n": numeral(n), "because": because or _("通过")} for n in itertools.count(2))
    titles = (worded(title, hall) for title in itertools.chain([first], further))
    return next(title for title in titles if title not in used)


def adopt_tellers(
    act: Act,
    cycle: Cycle,
    *,
    meeting: Meeting,
    occasion: str,
    chief_teller: str,
    tellers: list[str],
    counters: list[str],
    step: int | None = None,
) -> Outcome:
    """监票人、计票人名单 adopted for the votes of one occasion; whoever served before does so no longer."""
    people = {"chief_teller": [chief_teller], "teller": tellers, "counter": counters}
    appoint(act, people, document=f"{occasion}通过")
    body, data = listed(people), people | {"adopted": figures_of(meeting, standard_of(cycle))}
    make_paper(act, cycle, "minutes", _("会议纪要（通过监票人名单）"), body=meeting.minutes, step=step)
    title = f"{occasion}监票人、计票人名单"
    make_paper(act, cycle, "tellers", title, body=body, data=data, step=step, publish=True)
    return Outcome(after={"tellers": len(tellers) + 1, "counters": len(counters)})


def put_method(act: Act, cycle: Cycle, *, meeting: Meeting, return_reason: str) -> Outcome:
    """票决办法付投票表决: the tellers, without whom no ballot is held, are adopted by show of hands before it."""
    make_paper(act, cycle, "minutes", _("大会纪要（通过监票人名单）"), body=meeting.minutes)
    if not meeting.agreed:
        return Outcome(returns_to="settle", reason=return_reason)
    method, tellers, _items = _settled(cycle)
    session, words = selectors.session_for(cycle), cycle.rules.words
    _adopt_tellers(act, cycle, session, tellers)
    vote = put_question(
        act,
        session,
        cycle.rules,
        about=cycle.reference,
        purpose=Purpose.METHOD,
        title=f"{session}{words['vote']}办法的表决",
        option=(method.reference, method.title),
        deputies_in_office=_in_office(cycle),
        step=3,
    )
    return Outcome(after={"vote": vote.reference})


def adopt_method(act: Act, cycle: Cycle, *, meeting: Meeting, return_reason: str = "") -> Outcome:
    """More than half of all deputies adopt method and tellers (组织法 25); then the ballot is defined.

    By ballot, where the rulebook says so: the figures are those of the vote, which has carried the method; the tellers are
    in office by then.
    """
    by_ballot = selectors.adopts_method_by_ballot(cycle)
    figures = figures_of(meeting, standard_of(cycle))
    if by_ballot:
        counted = selectors.method_vote(cycle)
        if counted is None or not is_carried(counted):
            raise Refused(*obstacles_to_recording(counted))
        figures = figures_by_ballot(counted)
    make_paper(act, cycle, "minutes", _("大会纪要（通过票决办法）"), body=meeting.minutes)
    if not meeting.agreed:
        return Outcome(returns_to="settle", reason=return_reason)
    method, tellers, items = _settled(cycle)
    if not by_ballot:
        _adopt_tellers(act, cycle, selectors.session_for(cycle), tellers)
    order = [items[reference] for reference in method.data["order"]]
    for n, item in enumerate(order, 1):
        fire(item, "put_on_ballot", act, ballot_number=n)
    _lapse_unsigned(act, cycle)
    vote = _define(act, cycle, order, method.data)
    adopted = make_paper(
        act,
        cycle,
        "method",
        f"{cycle}票决办法",
        body=method.body,
        data=method.data | {"adopted": figures},
        publish=True,
    )
    # The trail ties the vote to the text that governs it, word for word.
    governed_by = {"vote": vote.reference, "method": adopted.reference, "method_digest": digest_of(adopted)}
    return Outcome(after=governed_by)


def _settled(cycle: Cycle) -> tuple[Paper, Paper, dict[str, Item]]:
    """What the presidium has settled: method, tellers, and the candidates by reference, locked and as the method lists them."""
    items = {item.reference: item for item in _hold_candidates(cycle)}
    method, tellers = paper_of(cycle, "method"), paper_of(cycle, "tellers")
    if method is None or tellers is None or set(items) != set(method.data["order"]):
        raise Obstructed(_("候选项目与票决办法所列不一致，须由主席团重新确定。"))
    return method, tellers, items


def _adopt_tellers(act: Act, cycle: Cycle, session: Session, tellers: Paper) -> None:
    appoint(act, tellers.data, document=f"{session}通过")
    before = list(published_lists(cycle, session))
    data = tellers.data | ({"instead_of": before[0].reference} if before else {})
    make_paper(
        act, cycle, "tellers", list_title(act.unit, "", before), body=tellers.body, data=data, publish=True
    )


def _in_office(cycle: Cycle) -> int:
    """N as the clerk has established it."""
    if cycle.deputies_in_office is None:
        raise Obstructed(_("代表名册尚未核定，须由人大办核定实有代表。"))
    return cycle.deputies_in_office


def _lapse_unsigned(act: Act, cycle: Cycle) -> None:
    """What is voted on stands now: a matter too few have signed is not added any more (组织法 22); who signed is told."""
    for matter in cycle.matters.filter(state=MatterState.GATHERING).order_by("pk"):
        reason = _("表决事项确定时签名未满法定人数")
        fire(
            matter,
            "lapse",
            act,
            reason=reason,
            besides={"signers": selectors.signers_of(matter.movers.all())},
        )


def _define(act: Act, cycle: Cycle, order: list[Item], settled: dict[str, Any]) -> Any:
    session, words = selectors.session_for(cycle), cycle.rules.words
    return define_vote(
        act,
        session=session,
        about=cycle.reference,
        purpose=Purpose.PROJECTS,
        title=f"{session}{words['project']}{words['vote']}",
        mode=settled["mode"],
        seats=settled["seats"],
        rules=ballot_rules(cycle.rules, settled["mode"]),
        deputies_in_office=_in_office(cycle),
        options=[(item.reference, item.title) for item in order],
        step=4,
        device=cycle.rules.ballot_channel == "device",
        device_least=cycle.rules.device_min_ballots,
        keypad=cycle.rules.ballot_channel == "keypad",
    )
