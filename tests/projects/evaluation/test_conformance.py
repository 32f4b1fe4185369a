"""Every check holds of a lawful year, and is broken by the one thing it is about; nothing else is said of an unfinished one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from projects.evaluation.conformance import CHECKS, Act, Finding, Status, Terms, Year, act_of, examine
from projects.evaluation.conformance.vote import DESKS
from projects.evaluation.conformance.year import SHANGHAI
from workflow.calendar.workdays import add_working_days

T, T2 = date(2027, 1, 20), date(2028, 1, 18)
CYCLE, VOTE, MEASURE, AGAIN = "cycle:1", "vote:1", "vote:2", "vote:3"
DEFAULT = Terms(archive_by=date(2028, 6, 30), look_back_by=date(2029, 9, 30))
AYES = {"votes_for": 7, "votes_against": 1, "votes_abstain": 1}
CONGRESS = {"votes_for": 28, "votes_against": 1, "votes_abstain": 1}
WHO = {
    "chair": "chair@T", "clerk": "clerk@T", "mayor": "mayor@T", "gov_clerk": "gov@T", "finance": "fin@T", "legal": "leg@T",
    "department": "dep@T", "presidium": "clerk@T", "party": "party@T", "teller": "tel@T", "chief_teller": "chief@T",
    "counter": "count1@T", "inspector": "insp@T", "deputy": "deputy1@T", "delegation_lead": "lead@T",
}  # fmt: skip
Line = tuple[date, str, str, str, dict[str, object]]


def wd(day: date, days: int) -> date:
    return add_working_days(day, days)


def lawful() -> list[Act]:
    """The entries of a year in which everything was done, in the order of the trail."""
    opened = date(2026, 9, 1)
    project = "project:1"
    lines: list[Line] = [
        (date(2026, 8, 10), "cycle.create", CYCLE, "chair", {"year": 2027, "T": str(T), "T2": str(T2)}),
        (date(2026, 8, 12), "collection.scheme", CYCLE, "chair", {}),
        (date(2026, 8, 20), "collection.scheme_party", CYCLE, "party", dict(AYES)),
        (opened, "cycle.open", CYCLE, "chair", {"state": "collecting"}),
        (date(2026, 9, 2), "collection.publish_call", CYCLE, "gov_clerk", {}),
        (date(2026, 9, 7), "proposal.submit", "proposal:1", "", {}),
        (date(2026, 9, 7), "proposal.submit", "proposal:2", "", {}),
        (date(2026, 9, 8), "proposal.send_back", "proposal:1", "gov_clerk", {"return_reason": "请写明地点"}),
        (date(2026, 9, 9), "proposal.complete", "proposal:1", "gov_clerk", {}),
        (date(2026, 9, 10), "proposal.accept", "proposal:1", "gov_clerk", {}),
        (date(2026, 9, 10), "proposal.accept", "proposal:2", "gov_clerk", {}),
        (date(2026, 10, 12), "collection.close_books", CYCLE, "gov_clerk", {}),
        (date(2026, 10, 12), "cycle.begin_selection", CYCLE, "gov_clerk", {}),
        (date(2026, 10, 15), "selection.merge", CYCLE, "gov_clerk", {}),
        (date(2026, 10, 15), "proposal.merge", "proposal:1", "gov_clerk", {}),
        (date(2026, 10, 15), "proposal.merge", "proposal:2", "gov_clerk", {}),
        (date(2026, 10, 19), "selection.screen", CYCLE, "gov_clerk", {}),
        (date(2026, 10, 26), "selection.appraise_department", CYCLE, "department", {}),
        (date(2026, 10, 26), "selection.appraise_finance", CYCLE, "finance", {}),
        (date(2026, 10, 26), "selection.appraise_legal", CYCLE, "legal", {}),
        (date(2026, 10, 28), "selection.draft_list", CYCLE, "mayor", {}),
        (date(2026, 11, 2), "selection.presidium_opinion", CYCLE, "presidium", dict(AYES)),
        (date(2026, 11, 3), "selection.party_study", CYCLE, "party", dict(AYES)),
        (date(2026, 11, 4), "selection.notice", CYCLE, "gov_clerk", {}),
        (date(2026, 11, 5), "selection.object", "notice:1", "station", {"objection": "objection:1"}),
        (date(2026, 11, 6), "objection.dismiss", "objection:1", "gov_clerk", {}),
        (date(2026, 11, 16), "selection.conclude", CYCLE, "gov_clerk", {}),
        (date(2026, 11, 16), "cycle.begin_deliberation", CYCLE, "gov_clerk", {}),
        (T - timedelta(days=26), "deliberation.report_party", CYCLE, "chair", {}),
        (T - timedelta(days=23), "deliberation.party_reply", CYCLE, "party", dict(AYES)),
        (T - timedelta(days=21), "deliberation.agenda", CYCLE, "presidium", dict(AYES)),
        (T - timedelta(days=21), "session.fix", "session:1", "presidium", {"use": "vote", "held_on": str(T)}),
        (T - timedelta(days=19), "deliberation.bill", CYCLE, "mayor", {}),
        (T - timedelta(days=19), "deliberation.budget", CYCLE, "finance", {}),
        (T - timedelta(days=16), "deliberation.convene", CYCLE, "presidium", dict(AYES)),
        (T - timedelta(days=15), "deliberation.roll", CYCLE, "clerk", {}),
        (T - timedelta(days=11), "deliberation.readiness", CYCLE, "chair", {}),
        (T - timedelta(days=8), "deliberation.materials", CYCLE, "clerk", {}),
        (T, "session.begin", "session:1", "clerk", {}),
        (T, "deliberation.preliminary", CYCLE, "clerk", {"session": "session:1", "presidium": ["deputy1@T"], **CONGRESS}),
        (T, "deliberation.explain", CYCLE, "mayor", {}),
        (T, "deliberation.deliberate", CYCLE, "delegation_lead", {}),
        (T, "deliberation.ask", CYCLE, "deputy", {"question": "question:1"}),
        (T, "question.reply", "question:1", "department", {}),
        (T, "deliberation.withdraw", "item:3", "mayor", {"withdrawal": "withdrawal:1"}),
        (T, "withdrawal.agree", "withdrawal:1", "presidium", {}),
        (T, "deliberation.added_matter", CYCLE, "deputy", {"matter": "matter:1", "movers": 1, "lodged": False}),
        (T, "matter.lodge", "matter:1", "deputy", {}),
        (T, "deliberation.cosign", "matter:1", "deputy", {"movers": 5, "lodged": True}),
        (T, "matter.reserve", "matter:1", "presidium", {}),
        (T, "deliberation.settle", CYCLE, "presidium", dict(AYES)),
        (T, "deliberation.adopt_method", CYCLE, "clerk", dict(CONGRESS)),
        (T, "cycle.begin_vote", CYCLE, "clerk", {}),
        (T, "vote.define", VOTE, "presidium", {"purpose": "projects", "seats": 1, "deputies_in_office": 45,
                                               "options": [["item:1", "甲"], ["item:2", "乙"]], "follows": ""}),
        (T, "voting.replace_teller", CYCLE, "clerk", dict(CONGRESS)),
        (T, "voting.attendance", CYCLE, "clerk", {"present": 31}),
        (T, "voting.arrive", CYCLE, "clerk", {}),
        (T, "voting.open", CYCLE, "chair", {}),
        (T, "voting.open_confirm", CYCLE, "chief_teller", {}),
        (T, "vote.open", VOTE, "chief_teller", {"deputies_present": 30}),
        (T, "voting.hand_paper", CYCLE, "teller", {}),
        (T, "voting.turn_to_paper", CYCLE, "chief_teller", {}),
        (T, "voting.turn_confirm", CYCLE, "teller", {"agreed": True}),
        (T, "voting.close", CYCLE, "chief_teller", {}),
        (T, "voting.close_confirm", CYCLE, "teller", {}),
        (T, "vote.close", VOTE, "teller", {"returned": 30, "paper_returned": 6}),
        (T, "voting.key_first", CYCLE, "counter", {}),
        (T, "voting.key_second", CYCLE, "counter2", {}),
        (T, "vote.accept_tally", VOTE, "counter2", {}),
        (T, "voting.certify_chief", CYCLE, "chief_teller", {}),
        (T, "voting.certify_teller", CYCLE, "teller", {}),
        (T, "vote.certify", VOTE, "teller", {}),
        (T, "vote.declare", VOTE, "chair", {}),
        (T, "voting.declare", CYCLE, "chair", {}),
        (T, "project.found", project, "chair", {}),
        (T, "voting.resolution", CYCLE, "clerk", dict(CONGRESS)),
        (T, "session.end", "session:1", "chair", {}),
        (wd(T, 2), "voting.announce", CYCLE, "presidium", dict(AYES)),
        (wd(T, 3), "cycle.begin_supervision", CYCLE, "presidium", {}),
        (wd(T, 3), "supervision.hand_over", CYCLE, "presidium", dict(AYES)),
        (wd(T, 3), "project.assign", project, "presidium", {}),
        (wd(T, 4), "voting.tell_proposers", CYCLE, "gov_clerk", {}),
        (wd(T, 5), "voting.file_county", CYCLE, "clerk", {}),
        (T + timedelta(days=20), "project.form_group", project, "presidium", {"group": "T-G1", "members": 2}),
        (T + timedelta(days=20), "supervision.groups", CYCLE, "presidium", dict(AYES)),
        (T + timedelta(days=30), "supervision.confirm_plan", project, "mayor", {}),
        (T + timedelta(days=31), "project.begin", project, "department", {}),
        (date(2027, 4, 5), "supervision.progress", project, "department", {}),
        (date(2027, 4, 20), "supervision.inspect", project, "inspector", {}),
        (date(2027, 4, 20), "finding.raise", "finding:1", "inspector", {}),
        (date(2027, 5, 6), "supervision.rectify", "finding:1", "department", {}),
        (date(2027, 5, 10), "finding.close", "finding:1", "inspector", {}),
        (date(2027, 6, 1), "inquiry.ask", "inquiry:1", "presidium", {}),
        (date(2027, 6, 8), "inquiry.reply", "inquiry:1", "mayor", {}),
        (date(2027, 7, 1), "change.ask", "change:1", "mayor", {"project": project}),
        *extra_session(date(2027, 7, 5)),
        (date(2027, 7, 5), "change.agree", "change:1", "clerk", {}),
        (date(2027, 7, 5), "project.alter", project, "clerk", {}),
        (date(2027, 7, 7), "change.announce", "change:1", "clerk", {}),
        (date(2027, 8, 25), "supervision.special_report", CYCLE, "presidium", dict(AYES)),
        (date(2027, 10, 1), "supervision.accept", project, "department", {}),
        (date(2027, 10, 9), "supervision.agree_acceptance", project, "inspector", {}),
        (date(2027, 10, 9), "project.accept", project, "inspector", {}),
        (date(2027, 12, 10), "evaluation.completion_report", CYCLE, "mayor", {}),
        (date(2027, 12, 10), "cycle.begin_evaluation", CYCLE, "mayor", {}),
        (date(2027, 12, 20), "evaluation.residents", CYCLE, "clerk", {}),
        (T2, "evaluation.presidium_report", CYCLE, "chair", {}),
        (T2, "vote.define", MEASURE, "clerk", {"purpose": "measurement", "deputies_in_office": 45, "follows": ""}),
        (T2, "vote.open", MEASURE, "chief_teller", {"deputies_present": 40}),
        (T2, "vote.make_void", MEASURE, "teller", {"returned": 41}),
        (T2, "vote.define", AGAIN, "teller", {"purpose": "measurement", "deputies_in_office": 45, "follows": MEASURE}),
        (T2, "evaluation.measure_revote", CYCLE, "presidium", {"agreed": True, **AYES, "void": MEASURE, "new_vote": AGAIN}),
        (T2, "vote.open", AGAIN, "chief_teller", {"deputies_present": 40}),
        *at_the_desk("evaluation.measure_", T2, CYCLE, chief="certify"),
        (T2, "measurement.fail", "measurement:1", "chair", {}),
        (T2 + timedelta(days=40), "measurement.rectify", "measurement:1", "department", {}),
        (T2 + timedelta(days=45), "measurement.supersede", "measurement:1", "clerk", {}),
        (T2 + timedelta(days=50), "evaluation.publish", CYCLE, "clerk", {}),
        (T2 + timedelta(days=60), "archive.make", "archive:1", "system", {}),
        (T2 + timedelta(days=60), "cycle.close", CYCLE, "clerk", {}),
        (date(2029, 8, 1), "evaluation.look_back", CYCLE, "presidium", dict(AYES)),
    ]  # fmt: skip
    return [made(number, line) for number, line in enumerate(lines, 1)]


def extra_session(day: date) -> list[Line]:
    """A session deputies have called: a 质询案 is answered, a change of a project voted on."""
    asked = "interpellation:1"
    called = {"called_by": "one_fifth", "session": "session:9", "proposers": list(range(9)), **AYES}
    return [
        (day - timedelta(days=3), "supervision.call_session", CYCLE, "presidium", called),
        (day, "session.begin", "session:9", "clerk", {"deputies_in_office": 45}),
        (day, "supervision.open_session", CYCLE, "clerk", {"session": "session:9", "presidium": ["deputy1@T"], **CONGRESS}),
        (day, "interpellation.table", asked, "deputy", {"movers": 1, "on_paper": False}),
        (day, "interpellation.lodge", asked, "deputy", {}),
        (day, "supervision.cosign", asked, "deputy", {"movers": 10, "lodged": True}),
        (day, "interpellation.admit", asked, "presidium", {"form": "session", "department": None}),
        (day, "interpellation.answer_given", asked, "mayor", {}),
        *at_the_desk("supervision.change_", day, "change:1", chief="certify_chief"),
        (day, "session.end", "session:9", "chair", {}),
    ]  # fmt: skip


def at_the_desk(desk: str, day: date, subject: str, *, chief: str) -> list[Line]:
    """A vote's steps on its record, each by who is to do it. chief: what the chief teller's signature is called there."""
    steps = [
        ("attendance", "clerk"), ("arrive", "clerk"), ("open", "chair"), ("open_confirm", "chief_teller"),
        ("hand_paper", "teller"), ("turn_to_paper", "chief_teller"), ("turn_confirm", "teller"), ("close", "chief_teller"),
        ("close_confirm", "teller"), ("key_first", "counter"), ("key_second", "counter2"), (chief, "chief_teller"),
        ("certify_teller", "teller"),
    ]  # fmt: skip
    return [(day, f"{desk}{step}", subject, office, {}) for step, office in steps]


def made(number: int, line: Line) -> Act:
    day, action, subject, office, after = line
    at = datetime.combine(day, time(9), SHANGHAI) + timedelta(seconds=number)
    actor = WHO.get(office, f"{office}@T" if office else "")
    reason = "请写明地点" if action.endswith("send_back") else ""
    return Act(number, action, subject, actor, office, at, {}, after, reason)


def found(code: str, acts: list[Act], on: date = date(2029, 10, 10), terms: Terms = DEFAULT) -> Finding:
    check = next(one for one in CHECKS if one.code == code)
    return check.find(Year(tuple(acts), on, terms))


Breaking = Callable[[list[Act]], list[Act]]


def without(*actions: str) -> Breaking:
    return lambda acts: [act for act in acts if act.action not in actions]


def changed(action: str, **values: object) -> Breaking:
    return lambda acts: [replace(act, **values) if act.action == action else act for act in acts]  # type: ignore[arg-type]


def told(action: str, **values: object) -> Breaking:
    """What an act says of itself is another."""
    return lambda acts: [
        replace(act, after={**act.after, **values}) if act.action == action else act for act in acts
    ]


def on(action: str, day: date) -> Breaking:
    return changed(action, at=datetime.combine(day, time(10), SHANGHAI))


def moved(action: str, before: str) -> Breaking:
    """The act was recorded before another one."""

    def move(acts: list[Act]) -> list[Act]:
        taken = [act for act in acts if act.action == action]
        rest = [act for act in acts if act.action != action]
        at = next(place for place, act in enumerate(rest) if act.action == before)
        return renumbered([*rest[:at], *taken, *rest[at:]])

    return move


def added(before: str, action: str, office: str, subject: str = CYCLE, actor: str = "") -> Breaking:
    def add(acts: list[Act]) -> list[Act]:
        at = next(place for place, act in enumerate(acts) if act.action == before)
        more = Act(0, action, subject, actor or f"{office}@X", office, acts[at].at)
        return renumbered([*acts[:at], more, *acts[at:]])

    return add


def renumbered(acts: list[Act]) -> list[Act]:
    return [replace(act, id=number) for number, act in enumerate(acts, 1)]


BREAKINGS: dict[str, Breaking] = {
    "order": without("cycle.begin_deliberation"),
    "chair": changed("deliberation.explain", actor="chair@T"),
    "sessions": on("session.begin", date(2028, 1, 5)),
    "majority": told("deliberation.agenda", votes_for=4, votes_against=3, votes_abstain=2),
    "past_acts": added("voting.open", "row.change", "database"),
    "county": added("voting.open", "voting.open", "county"),
    "auditor": added("finding.raise", "finding.raise", "auditor", "finding:9"),
    "admin": added("deliberation.roll", "deliberation.roll", "admin"),
    "reasons": changed("proposal.send_back", reason="", after={}),
    "scheme_agreed": without("collection.scheme_party"),
    "third_quarter": on("cycle.open", date(2026, 12, 1)),
    "call": without("collection.publish_call"),
    "received": on("proposal.accept", date(2026, 9, 25)),
    "completed": without("proposal.complete"),
    "merged": moved("selection.merge", "collection.close_books"),
    "screened": moved("selection.screen", "selection.merge"),
    "appraised": without("selection.appraise_legal"),
    "screen_first": moved("selection.screen", "selection.draft_list"),
    "presidium_opinion": moved("selection.notice", "selection.presidium_opinion"),
    "party_study": without("selection.party_study"),
    "notice": on("selection.conclude", date(2026, 11, 9)),
    "objections": without("objection.dismiss"),
    "answered": lambda acts: [a for a in acts if (a.action, a.subject) != ("proposal.merge", "proposal:2")],
    "reported_party": without("deliberation.party_reply"),
    "agenda": moved("deliberation.bill", "deliberation.agenda"),
    "convened": on("deliberation.convene", T - timedelta(days=10)),
    "materials": on("deliberation.materials", T - timedelta(days=3)),
    "budget": without("deliberation.budget"),
    "roll": moved("vote.open", "deliberation.roll"),
    "readiness": without("deliberation.readiness"),
    "explained": without("deliberation.explain"),
    "deliberated": moved("deliberation.settle", "deliberation.deliberate"),
    "method": without("deliberation.adopt_method"),
    "surplus": told("vote.define", seats=2),
    "presidium": told("deliberation.preliminary", presidium=[]),
    "motions": told("deliberation.cosign", movers=4),
    "motions_decided": without("matter.reserve"),
    "questions": without("question.reply"),
    "withdrawals": without("withdrawal.agree"),
    "attendance": without("voting.attendance"),
    "quorum": told("vote.open", deputies_present=29),
    "opened_by_two": changed("voting.open_confirm", actor="chair@T"),
    "span": moved("voting.arrive", "voting.close"),
    "secret": told("vote.close", paper_returned=26),
    "closed_by_two": changed("voting.close_confirm", actor="chief@T"),
    "keyed_twice": changed("voting.key_second", actor="count1@T"),
    "apart": changed("voting.key_first", actor="tel@T"),
    "signed_by_two": changed("voting.certify_teller", actor="chief@T"),
    "asked_by_two": changed("voting.turn_confirm", actor="chief@T"),
    "ordered_anew": without("evaluation.measure_revote"),
    "congress": told("voting.resolution", votes_for=22),
    "counted_once": added("vote.declare", "vote.accept_tally", "counter", VOTE),
    "declared": without("vote.certify"),
    "resolution": moved("session.end", "voting.resolution"),
    "announced": on("voting.announce", date(2027, 2, 20)),
    "told": without("voting.tell_proposers"),
    "filed": on("voting.file_county", date(2027, 3, 1)),
    "handed_over": on("supervision.hand_over", date(2027, 3, 1)),
    "planned": on("supervision.confirm_plan", date(2027, 5, 1)),
    "groups": without("supervision.groups"),
    "group_size": told("project.form_group", members=1),
    "one_fifth": told("supervision.call_session", proposers=list(range(8))),
    "interpellation_movers": told("supervision.cosign", movers=9),
    "interpellations": without("interpellation.answer_given"),
    "reported": without("supervision.progress"),
    "inspected": without("supervision.inspect"),
    "findings": without("finding.close"),
    "recheck": changed("finding.close", actor="dep@T"),
    "special_report": without("supervision.special_report"),
    "inquiries": without("inquiry.reply"),
    "changes": without("change.announce"),
    "stops": added("supervision.inspect", "project.stop", "mayor", "project:2"),
    "accepted": without("supervision.agree_acceptance"),
    "completion": without("evaluation.completion_report"),
    "residents": without("evaluation.residents"),
    "presidium_report": without("evaluation.presidium_report"),
    "second": without("measurement.supersede"),
    "account": without("evaluation.publish"),
    "archive": on("archive.make", date(2028, 7, 15)),
    "look_back": without("evaluation.look_back"),
}


def one_person(action: str, actor: str, before: str) -> Breaking:
    """The second person's act done first, and by the first person."""
    return lambda acts: moved(action, before)(changed(action, actor=actor)(acts))


def added_vote(before: str, action: str, ayes: int) -> Breaking:
    """One decision more of the congress, with so many for it."""
    return lambda acts: told(action, votes_for=ayes)(added(before, action, "clerk")(acts))


# What a check let pass while it only asked whether the act is there at all.
OUT_OF_PLACE: dict[str, tuple[str, Breaking]] = {
    "asked before the session": ("questions", moved("deliberation.ask", "session.begin")),
    "asked between sessions": ("questions", moved("deliberation.ask", "supervision.inspect")),
    "answered after the session": ("questions", moved("question.reply", "voting.announce")),
    "agreed to after acceptance": ("accepted", moved("supervision.agree_acceptance", "evaluation.completion_report")),
    "proposals answered when step 3 has begun": ("answered", moved("proposal.merge", "deliberation.report_party")),
    "resolved after the session closed": ("resolution", moved("session.end", "vote.open")),
    "returned again, and left": ("completed", added("collection.close_books", "proposal.send_back", "gov_clerk", "proposal:1")),
    "closed after the year": ("findings", moved("finding.close", "evaluation.look_back")),
    "answered after the vote": ("withdrawals", moved("withdrawal.agree", "voting.announce")),
    "decided on another project": ("changes", told("change.ask", project="project:2")),
    "the second key first": ("opened_by_two", one_person("voting.open_confirm", "chair@T", "voting.open")),
    "planned before it was found": ("planned", moved("supervision.confirm_plan", "vote.declare")),
    "here before the roll call": ("span", moved("voting.arrive", "voting.attendance")),
    "paper before the opening": ("span", moved("voting.hand_paper", "voting.open")),
    "a teller replaced while ballots are out": ("span", moved("voting.replace_teller", "voting.close")),
    "counters named while ballots are out": ("span", added("voting.close", "voting.name_counters", "clerk")),
    "counters named before there is a ballot": ("span", added("voting.attendance", "voting.name_counters", "clerk")),
    "late for a measurement under way": ("span", moved("evaluation.measure_arrive", "evaluation.measure_close")),
    "paper after a change's closing": ("span", moved("supervision.change_hand_paper", "supervision.change_key_first")),
    "turned to paper before the opening": ("span", moved("evaluation.measure_turn_to_paper", "evaluation.measure_open")),
    "a presidium elected after the vote": ("presidium", moved("deliberation.preliminary", "voting.declare")),
    "a motion decided after the vote": ("motions_decided", moved("matter.reserve", "voting.announce")),
    "questioned between sessions": ("interpellations", moved("interpellation.lodge", "supervision.inspect")),
    "answered when the session was over": ("interpellations", moved("interpellation.answer_given", "change.announce")),
    "its form not decided": ("interpellations", without("interpellation.admit", "interpellation.answer_given")),
    "answered by another": ("interpellations", changed("interpellation.answer_given", office="clerk")),
    "answered by the mayor for the department": ("interpellations", told("interpellation.admit", department="unit:7")),
    "four papers issued beside phones": ("secret", told("vote.open", paper_issued=4)),
    "voted again before the presidium decided": (
        "ordered_anew", moved("evaluation.measure_revote", "evaluation.measure_attendance")),
    "voted again against the presidium": ("ordered_anew", told("evaluation.measure_revote", agreed=False)),
    "a decision on another vote": ("ordered_anew", told("evaluation.measure_revote", new_vote=VOTE)),
    "a change ratified by too few": ("congress", added_vote("change.announce", "supervision.ratify_change", 22)),
}  # fmt: skip


@pytest.mark.parametrize("what", OUT_OF_PLACE)
def test_an_act_out_of_its_place_does_not_stand_for_the_one_in_it(what: str) -> None:
    code, breaking = OUT_OF_PLACE[what]
    assert found(code, lawful()).status == Status.HELD
    assert found(code, breaking(lawful())).status == Status.NOT_HELD


@pytest.mark.parametrize(
    ("action", "lookers", "others"),
    [
        ("record.read", ("auditor",), ()),
        ("trail.export", ("auditor", "county", "admin"), ()),
        ("trail.keep", ("county",), ("auditor", "admin")),
        ("trail.key", (), ("auditor", "county", "admin")),
    ],
)
def test_who_looks_on_reads_and_exports_and_tells_nothing_of_the_trail_but_what_is_theirs_to_tell(
    action: str, lookers: tuple[str, ...], others: tuple[str, ...]
) -> None:
    for offices, status in ((lookers, Status.HELD), (others, Status.NOT_HELD)):
        for office in offices:
            acts = added("voting.open", action, office, "unit:1")(lawful())
            assert found(office, acts).status == status, office


@pytest.mark.parametrize("desk", ["evaluation.measure_", "supervision.change_"])
@pytest.mark.parametrize(
    ("code", "one", "other"),
    [
        ("opened_by_two", "open", "open_confirm"),
        ("closed_by_two", "close", "close_confirm"),
        ("keyed_twice", "key_first", "key_second"),
        ("signed_by_two", "certify_chief", "certify_teller"),
        ("asked_by_two", "turn_to_paper", "turn_confirm"),
    ],
)
def test_every_kind_of_vote_asks_for_two_people(desk: str, code: str, one: str, other: str) -> None:
    acts = lawful()
    assert found(code, acts).status == Status.HELD
    names = {desk + one, desk + one.removesuffix("_chief")}
    (first,) = (act for act in acts if act.action in names)
    seen = found(code, changed(desk + other, actor=first.actor)(acts))
    assert seen.status == Status.NOT_HELD and first.id in seen.evidence


def test_a_written_answer_may_come_after_the_session_and_not_after_the_year() -> None:
    in_writing = told("interpellation.admit", form="written")
    late = moved("interpellation.answer_given", "supervision.special_report")
    assert found("interpellations", in_writing(late(lawful()))).status == Status.HELD
    after_all = moved("interpellation.answer_given", "evaluation.look_back")
    assert found("interpellations", in_writing(after_all(lawful()))).status == Status.NOT_HELD


def test_somebody_who_does_not_agree_ends_nothing() -> None:
    """A new vote asked for and declined while ballots are out: what is handed out after that is in its time."""
    acts = added("voting.hand_paper", "voting.void_confirm", "chief_teller")(lawful())
    assert found("span", acts).status == Status.NOT_HELD
    assert found("span", told("voting.void_confirm", agreed=False)(acts)).status == Status.HELD


def test_counters_are_named_for_a_recount_once_the_ballots_are_back() -> None:
    for before in ("voting.key_first", "voting.certify_chief", "voting.resolution"):
        assert found("span", added(before, "voting.name_counters", "clerk")(lawful())).status == Status.HELD


def test_what_hangs_on_the_calendar_is_late_by_the_day_its_task_is_due() -> None:
    """30 June and 30 September move off rest days, and a rulebook may allow up to sixty days more."""
    later = replace(DEFAULT, archive_by=date(2028, 8, 29), look_back_by=date(2029, 10, 8))
    archived, looked = on("archive.make", date(2028, 8, 29)), on("evaluation.look_back", date(2029, 10, 8))
    for code, breaking, note in (
        ("archive", archived, "逾期归档（应在2028年6月30日以前，实为2028年8月29日）"),
        ("look_back", looked, "逾期回头看（应在2029年9月30日以前，实为2029年10月8日）"),
    ):
        assert found(code, breaking(lawful())).note == note
        assert found(code, breaking(lawful()), terms=later).status == Status.HELD
    waiting = without("evaluation.look_back")(lawful())
    assert found("look_back", waiting, date(2029, 10, 8), later).status == Status.NOT_YET
    assert found("look_back", waiting, date(2029, 10, 9), later).note == (
        "逾期回头看（期限2029年10月8日已过，尚未办理）"
    )


def test_a_cycle_of_a_part_of_a_year_is_not_asked_for_the_third_quarter() -> None:
    """The second half of 2027 collects in the spring of that very year (rules.md §3.2: half-years, months)."""
    in_spring = on("cycle.open", date(2027, 3, 1))(lawful())
    assert found("third_quarter", in_spring).note == "2027年3月启动，不在上年第三季度"
    of_a_half = found("third_quarter", in_spring, terms=replace(DEFAULT, part_of_year=True))
    assert of_a_half.status == Status.NOT_APPLICABLE and of_a_half.note


def test_every_check_names_its_ground_as_the_pages_do() -> None:
    """A law by its title and its articles in Chinese numerals; the seat table is what is checked, never the ground."""
    for check in CHECKS:
        assert not re.search("座位表|组织法 ?[0-9]|规定 ?[0-9]", check.article), check.code
        for cited in re.findall("《地方组织法》([^；（]*)", check.article):
            article = "第[一二三四五六七八九十]+条(第[一二三四五六七八九十]+款第[一二三四五六七八九十]+项)?"
            assert re.fullmatch(f"{article}(、{article})*", cited), check.code


def test_a_decision_by_rules_of_ones_own_is_not_measured_by_the_law() -> None:
    few = told("voting.resolution", votes_for=22)(lawful())
    assert found("congress", few).status == Status.NOT_HELD
    own = told("voting.resolution", standard={"quorum": "2/3", "of_present": True})(few)
    assert found("congress", own).status == Status.HELD


def test_a_quorum_is_two_thirds_of_those_in_office_when_the_vote_opens() -> None:
    # 30 of 45 are enough, of 46 too few.
    followed = added("vote.open", "vote.follow_roll", "clerk", VOTE)(
        told("vote.define", deputies_in_office=46)(lawful())
    )
    assert found("quorum", without("vote.follow_roll")(followed)).status == Status.NOT_HELD
    assert found("quorum", told("vote.follow_roll", deputies_in_office=45)(followed)).status == Status.HELD


def test_a_recount_by_an_earlier_roll_does_not_raise_what_the_congress_needs_afterwards() -> None:
    few = told("voting.resolution", votes_for=22)(lawful())
    left = added("voting.resolution", "deliberation.roll_change", "clerk", "session:1")(few)
    left = told("deliberation.roll_change", deputies_in_office=43)(left)
    assert found("congress", left).status == Status.HELD
    again = added("voting.resolution", "vote.define", "chief_teller", "vote:90")(left)
    defined = [
        replace(act, after={"deputies_in_office": 45, "is_recount": True})
        if act.subject == "vote:90"
        else act
        for act in again
    ]
    assert found("congress", defined).status == Status.HELD


def test_the_method_may_be_adopted_by_a_ballot_of_its_own_before_the_one_it_is_about() -> None:
    opened = added("deliberation.adopt_method", "vote.open", "chief_teller", "vote:90")(lawful())
    assert found("method", opened).status == Status.NOT_HELD
    defined = added("vote.open", "vote.define", "clerk", "vote:90")(opened)
    its_own = [
        replace(act, after={"purpose": "method"}) if act.subject == "vote:90" else act for act in defined
    ]
    assert found("method", its_own).status == Status.HELD


def test_an_objection_an_office_registers_stands_on_the_notice_and_is_answered_on_itself() -> None:
    (registered,) = (act for act in lawful() if act.action == "selection.object")
    assert (registered.subject, registered.record) == ("notice:1", "objection:1")
    itself = changed("selection.object", subject="objection:1", after={"notice": "notice:1"})
    for acts in (lawful(), itself(lawful())):
        assert found("objections", acts).status == Status.HELD
        assert found("objections", without("objection.dismiss")(acts)).status == Status.NOT_HELD


def test_the_groups_agreement_stands_behind_the_acceptance_it_made_at_the_same_moment() -> None:
    """As the trail has it: first the arrow, then the task that fired it."""
    acts = moved("project.accept", "supervision.agree_acceptance")(lawful())
    (agreed,) = (act for act in acts if act.action == "supervision.agree_acceptance")
    together = [replace(act, at=agreed.at) if act.action == "project.accept" else act for act in acts]
    assert found("accepted", together).status == Status.HELD
    assert found("accepted", without("supervision.agree_acceptance")(together)).status == Status.NOT_HELD


def test_every_check_has_its_breaking_and_there_are_more_than_forty() -> None:
    assert set(BREAKINGS) == {check.code for check in CHECKS} and len(CHECKS) == len(BREAKINGS) >= 40


@pytest.mark.parametrize("code", BREAKINGS)
def test_a_lawful_year_holds_and_the_one_thing_broken_is_seen(code: str) -> None:
    acts = lawful()
    lawfully = found(code, acts)
    assert lawfully.status == Status.HELD, lawfully
    seen = found(code, BREAKINGS[code](acts))
    assert seen.status == Status.NOT_HELD and seen.note and seen != lawfully
    assert all(number in {act.id for act in BREAKINGS[code](acts)} for number in seen.evidence)


@pytest.mark.parametrize("until", ["cycle.create", "cycle.open", "selection.notice", "deliberation.materials", "vote.open",
                                   "voting.resolution", "supervision.inspect", "evaluation.completion_report"])  # fmt: skip
def test_a_year_under_way_is_reproached_with_nothing(until: str) -> None:
    acts = lawful()
    last = next(place for place, act in enumerate(acts) if act.action == until)
    today = acts[last].on
    broken = [
        check.code for check in CHECKS if found(check.code, acts[: last + 1], today).status == Status.NOT_HELD
    ]
    assert broken == []


@pytest.mark.parametrize("until", ["cycle.create", "cycle.open", "selection.notice", "deliberation.agenda"])
def test_a_year_ended_before_its_vote_has_nothing_left_to_come(until: str) -> None:
    acts = lawful()
    acts = acts[: next(place for place, act in enumerate(acts) if act.action == until) + 1]
    end = replace(acts[-1], id=acts[-1].id + 1, action="cycle.end", subject=CYCLE)
    taken_down = replace(end, id=end.id + 1, action="notice.close", subject="notice:1")
    seen = examine(Year((*acts, end, taken_down), date(2029, 1, 1)))
    assert {finding.status for _check, finding in seen} <= {Status.HELD, Status.NOT_APPLICABLE}
    assert next(finding for check, finding in seen if check.code == "convened").note == "年度工作已经终止"


def test_what_a_year_was_late_with_before_it_was_ended_stays_so() -> None:
    acts = lawful()[:4]
    end_day = datetime.combine(T + timedelta(days=9), time(9), SHANGHAI)
    end = replace(acts[-1], id=99, action="cycle.end", subject=CYCLE, at=end_day)
    seen = {check.code: finding.status for check, finding in examine(Year((*acts, end), date(2029, 1, 1)))}
    assert seen["convened"] == Status.NOT_HELD and seen["roll"] == Status.NOT_APPLICABLE


def test_more_than_half_of_those_present_decide_only_where_the_rules_of_the_body_say_so() -> None:
    votes: dict[str, object] = {"votes_for": 4, "votes_against": 2, "votes_abstain": 0, "of_members": 9}
    by_law = told("deliberation.agenda", **votes)(lawful())
    by_rule = told("deliberation.agenda", **votes, standard={"of_present": True})(lawful())
    assert found("majority", by_law).status == Status.NOT_HELD
    assert found("majority", by_rule).status == Status.HELD


def test_a_body_that_refused_did_not_decide_by_too_few() -> None:
    votes: dict[str, object] = {"votes_for": 4, "votes_against": 2, "votes_abstain": 0, "of_members": 9}
    refused = told("deliberation.agenda", **votes, agreed=False)(lawful())
    assert found("majority", refused).status == Status.HELD
    assert (
        found("majority", told("deliberation.agenda", **votes, agreed=True)(lawful())).status
        == Status.NOT_HELD
    )


def test_a_year_without_a_thing_is_not_judged_by_it() -> None:
    none = without("change.ask", "change.agree", "change.announce", "project.alter", "measurement.fail",
                   "measurement.rectify", "measurement.supersede", "inquiry.ask", "inquiry.reply", "finding.raise", "finding.close",
                   "selection.object", "objection.dismiss", "deliberation.withdraw", "withdrawal.agree",
                   "proposal.send_back", "deliberation.ask", "question.reply", "deliberation.added_matter", "matter.lodge",
                   "deliberation.cosign", "matter.reserve", "interpellation.lodge", "supervision.call_session",
                   *(f"{desk}{step}" for desk in DESKS for step in ("turn_to_paper", "turn_confirm")))(lawful())  # fmt: skip
    for code in (
        "changes",
        "second",
        "inquiries",
        "findings",
        "objections",
        "withdrawals",
        "completed",
        "questions",
        "motions",
        "motions_decided",
        "interpellations",
        "interpellation_movers",
        "one_fifth",
        "asked_by_two",
    ):
        assert found(code, none).status == Status.NOT_APPLICABLE, code


def test_a_deviation_carries_the_reason_on_record() -> None:
    late = on("voting.announce", date(2027, 2, 20))(lawful())
    late = changed("voting.announce", reason="春节假期顺延")(late)
    assert "春节假期顺延" in found("announced", late).note


def test_a_congress_that_met_once_has_met_and_is_told_that_townships_generally_meet_twice() -> None:
    twice = found("sessions", lawful())
    assert (twice.status, len(twice.evidence), twice.note) == (Status.HELD, 2, "")
    once = [act for act in lawful() if (act.action, act.subject) != ("session.begin", "session:9")]
    seen = found("sessions", once)
    assert (seen.status, seen.note) == (Status.HELD, "办理记录中2027年举行一次会议，一般每年举行两次")


def test_no_session_is_not_yet_while_the_year_runs_and_not_held_once_one_was_fixed_for_it_in_vain() -> None:
    none = without("session.begin")(lawful())
    assert found("sessions", none, date(2027, 12, 31)).status == Status.NOT_YET
    seen = found("sessions", none, date(2028, 1, 1))
    assert (seen.status, seen.note) == (Status.NOT_HELD, "已定于2027年举行的会议没有举行的记录")


def test_of_a_year_for_which_no_session_was_fixed_nothing_is_said_of_those_without_such_business() -> None:
    # A vote in December and an evaluation in the January after next: what met between had none of it before it.
    bare = without("session.fix")(without("session.begin")(lawful()))
    assert found("sessions", bare, date(2028, 1, 1)).status == Status.NOT_APPLICABLE
    earlier = told("session.fix", held_on="2026-12-20")(without("session.begin")(lawful()))
    assert found("sessions", earlier, date(2028, 1, 1)).status == Status.NOT_APPLICABLE


def test_a_session_that_serves_another_years_work_is_one_of_the_year_and_none_is_counted_twice() -> None:
    acts = lawful()
    (own,) = (act for act in acts if (act.action, act.subject) == ("session.begin", "session:1"))
    other = replace(
        own, id=900, subject="session:7", at=datetime.combine(date(2027, 9, 1), time(9), SHANGHAI)
    )
    bare = without("session.begin")(acts)
    (check,) = (one for one in CHECKS if one.code == "sessions")
    alone = check.find(Year(tuple(bare), date(2029, 1, 1), DEFAULT, (other,)))
    assert (alone.status, alone.evidence) == (Status.HELD, (900,)) and alone.note
    both = check.find(Year((*bare, own), date(2029, 1, 1), DEFAULT, (own, other)))
    assert (both.status, both.evidence, both.note) == (Status.HELD, (own.id, 900), "")


def test_a_subdistrict_has_no_quorum_of_a_congress() -> None:
    few = told("vote.open", deputies_present=3)(lawful())
    assert found("quorum", few).status == Status.NOT_HELD
    for code in ("quorum", "congress", "presidium", "interpellations", "sessions"):
        assert found(code, few, terms=Terms(subdistrict=True)).status == Status.NOT_APPLICABLE


def test_nothing_done_is_not_yet() -> None:
    assert {found(check.code, [], date(2026, 8, 1)).status for check in CHECKS} == {Status.NOT_YET}


def test_an_entry_is_read_as_it_stands_in_the_trail() -> None:
    act = act_of(7, {"action": "a.b", "subject": "c:1", "actor": "x", "office": "clerk", "at": "2027-01-19T16:30:00.000000Z",
                     "before": {}, "after": {"n": 1}, "reason": "", "label": ""})  # fmt: skip
    assert (act.id, act.on, act.after["n"]) == (7, date(2027, 1, 20), 1)
