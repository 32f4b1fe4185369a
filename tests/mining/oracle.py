"""What pm4py makes of an exported trail: what it read, and which rules each year broke by a declarative model.

Run by the interpreter of `var/mining/.venv` alone; imports nothing of this project and nothing here imports it.

    oracle.py FOLDER        trail.xes, trail.json (OCEL 2.0) and looked.json ({"cycle:1": day it is looked at})

The model is written from the seat table and the law, as DECLARE constraints (precedence, response, absence), four eyes
and time profiles. What is answered only until a moment ("until") is judged on the trace before it, once it has come.
Where rest days decide whether a day was the last one, nothing is said.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pm4py

CASE, ACT, TIME, WHO, OFFICE = (
    "case:concept:name", "concept:name", "time:timestamp", "org:resource", "org:role",
)  # fmt: skip
DAY = 24 * 60 * 60
Cases = set[str]

STEPS = [
    "cycle.open", "cycle.begin_selection", "cycle.begin_deliberation", "cycle.begin_vote", "cycle.begin_supervision",
    "cycle.begin_evaluation", "cycle.close",
]  # fmt: skip
APPRAISALS = ["selection.appraise_department", "selection.appraise_finance", "selection.appraise_legal"]
# rule → (what must have been done, before what)
PRECEDENCE: dict[str, list[tuple[str, str]]] = {
    "order": list(pairwise(STEPS)),
    "scheme_agreed": [("collection.scheme", "cycle.open"), ("collection.scheme_party", "cycle.open")],
    "call": [("collection.publish_call", "collection.close_books"), ("cycle.open", "collection.close_books")],
    "merged": [("collection.close_books", "selection.merge")],
    "screened": [("selection.merge", "selection.screen")],
    "screen_first": [("selection.screen", one) for one in APPRAISALS],
    "appraised": [(one, "selection.draft_list") for one in APPRAISALS],
    "presidium_opinion": [("selection.presidium_opinion", "selection.notice")],
    "party_study": [("selection.party_study", "selection.notice")],
    "reported_party": [("deliberation.report_party", "deliberation.convene"),
                       ("deliberation.party_reply", "deliberation.convene")],
    "agenda": [("deliberation.agenda", "deliberation.bill")],
    "convened": [("deliberation.convene", "vote.open")],
    "materials": [("deliberation.materials", "vote.open")],
    "budget": [("deliberation.bill", "vote.open"), ("deliberation.budget", "vote.open")],
    "roll": [("deliberation.roll", "vote.open")],
    "readiness": [("deliberation.readiness", "vote.open")],
    "explained": [("deliberation.explain", "vote.open")],
    "deliberated": [("deliberation.deliberate", "deliberation.settle")],
    "method": [("deliberation.settle", "vote.open"), ("deliberation.adopt_method", "vote.open")],
    "attendance": [("voting.attendance", "vote.open")],
    "special_report": [("supervision.special_report", "cycle.begin_evaluation")],
    "completion": [("evaluation.completion_report", "evaluation.measure_open")],
    "residents": [("evaluation.residents", "evaluation.measure_open")],
    "presidium_report": [("evaluation.presidium_report", "evaluation.publish")],
    "account": [("evaluation.publish", "cycle.close")],
}  # fmt: skip
OF_RECORDS: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "declared": ("vote", [("vote.certify", "vote.declare")]),
    "accepted": ("project", [("supervision.agree_acceptance", "project.accept")]),
    "changes": ("project", [("change.agree", one) for one in ("project.alter", "project.alter_planning", "project.stop",
                                                              "project.suspend")]),
    "stops": ("project", [("change.agree", "project.stop")]),
}  # fmt: skip
# rule → kind of record, what asks for an answer, what answers, until when (empty: whenever)
RESPONSE: dict[str, tuple[str, str, tuple[str, ...], str]] = {
    "completed": ("proposal", "proposal.send_back", ("proposal.complete", "proposal.pool"), "collection.close_books"),
    "answered": ("proposal", "proposal.accept",
                 ("proposal.answer", "proposal.carry", "proposal.merge", "proposal.pool"), "cycle.begin_deliberation"),
    "objections": ("objection", "selection.object", ("objection.dismiss", "objection.uphold"), "cycle.begin_deliberation"),
    "motions_decided": ("matter", "matter.lodge", ("matter.add", "matter.make_suggestion", "matter.reserve"), "vote.open"),
    "withdrawals": ("withdrawal", "deliberation.withdraw", ("withdrawal.agree", "withdrawal.refuse"), "vote.open"),
    "findings": ("finding", "finding.raise", ("finding.close",), "cycle.close"),
    "inquiries": ("inquiry", "inquiry.ask", ("inquiry.reply",), "cycle.close"),
    "second": ("measurement", "measurement.fail", ("measurement.supersede",), "cycle.close"),
}  # fmt: skip
# A vote's desk: what its steps begin with → the kind of record they stand on (a year where there is none).
DESKS = {"voting.": "", "evaluation.measure_": "", "supervision.change_": "change"}
FOUR_EYES = {
    "opened_by_two": [("open", "open_confirm")], "closed_by_two": [("close", "close_confirm")],
    "keyed_twice": [("key_first", "key_second")],
    "signed_by_two": [("certify_chief", "certify_teller"), ("certify", "certify_teller")],
    "asked_by_two": [
        ("void", "void_confirm"), ("recount", "recount_confirm"), ("count_again", "count_again_confirm"),
        ("turn_to_paper", "turn_confirm"),
    ],
}  # fmt: skip
# What is done on the floor → the step it follows, with nothing but its like between, among these.
FLOOR = [
    (("arrive",), "attendance", ("attendance", "open_confirm")),
    (("hand_paper", "turn_to_paper", "turn_confirm"), "open_confirm", ("open_confirm", "close_confirm")),
]
# rule, kind of the case (a year where there is none), from, to, days, how many more rest days can make of them
DEADLINES = [
    ("announced", "", "voting.declare", "voting.announce", 5, 16),
    ("told", "", "voting.declare", "voting.tell_proposers", 10, 20),
    ("filed", "", "voting.declare", "voting.file_county", 15, 10),
    ("handed_over", "", "voting.declare", "supervision.hand_over", 5, 16),
    ("groups", "", "voting.declare", "supervision.groups", 30, 10),
    ("planned", "project", "project.found", "supervision.confirm_plan", 45, 10),
    ("received", "proposal", "proposal.submit", "proposal.decided", 5, 16),
    ("received", "proposal", "proposal.complete", "proposal.decided", 5, 16),
]
AT_LEAST = {"convened": ("deliberation.convene", "vote.open", 15, 0), "materials": ("deliberation.materials", "vote.open", 7, 0),
            "notice": ("selection.notice", "selection.conclude", 5, 16)}  # fmt: skip
NEVER = {
    "past_acts": ("row.add", "row.change", "row.remove"),
}  # fmt: skip
GOVERNMENT = {"mayor", "gov_clerk", "department", "finance", "legal"}
LOOKING_ON = (
    "record.read",
    "record.export",
    "trail.export",
    "trail.download",
    "trail.cancel_export",
    "auth.",
    "personal.read",
    "archive.download",
)
MAY_DO = {
    "county": ("oversight.", "note.", "trail.keep", *LOOKING_ON), "auditor": LOOKING_ON,
    "admin": ("grant.", "person.", "people.", "units.", *LOOKING_ON),
}  # fmt: skip
DECIDED = ("proposal.accept", "proposal.send_back", "proposal.pool")


class Verdicts:
    """Which years broke a rule, and of which nothing is said."""

    def __init__(self, years: Iterable[str]) -> None:
        self.years, self.owners = sorted(years), dict[str, Cases]()
        self.broken: dict[str, Cases] = defaultdict(set)
        self.unsaid: dict[str, Cases] = defaultdict(set)

    def add(self, rule: str, cases: Iterable[str], unsaid: Iterable[str] = ()) -> None:
        for found, told in ((self.broken, cases), (self.unsaid, unsaid)):
            found[rule] |= {year for case in told for year in self.owners.get(case, {case})}

    def told(self) -> dict[str, dict[str, bool | None]]:
        return {
            year: {
                rule: True if year in self.broken[rule] else None if year in self.unsaid[rule] else False
                for rule in sorted(self.broken)
            }
            for year in self.years
        }


def declared(log: pd.DataFrame, template: str, pairs: Iterable[tuple[str, str] | str]) -> dict[object, Cases]:
    """The cases that deviate from each constraint of one template."""
    found: dict[object, Cases] = {pair: set() for pair in pairs}
    if log.empty:
        return found
    model = {template: {pair: {"support": 1, "confidence": 1.0} for pair in found}}
    cases = list(dict.fromkeys(log[CASE]))  # sorted, so also in the order of the answer
    for case, said in zip(cases, pm4py.conformance_declare(log, model), strict=True):
        for _template, pair in said["deviations"]:
            found[pair].add(case)
    return found


def having(log: pd.DataFrame, *acts: str) -> Cases:
    return set(log[log[ACT].isin(acts)][CASE])


def following(log: pd.DataFrame, one: str, other: str) -> Cases:
    """The cases in which one act is, somewhere, followed by the other."""
    return set() if log.empty else set(pm4py.filter_eventually_follows_relation(log, [(one, other)])[CASE])


def renamed(log: pd.DataFrame, names: Iterable[str], to: str) -> pd.DataFrame:
    """Branching constraints: any of these acts counts as one."""
    return log.assign(**{ACT: log[ACT].mask(log[ACT].isin(list(names)), to)})


def same_eyes(log: pd.DataFrame, one: str, other: str) -> Cases:
    """The cases in which one person did both."""
    if log.empty:
        return set()
    return set(pm4py.filter_four_eyes_principle(log, one, other, keep_violations=True)[CASE])


def spans(log: pd.DataFrame, start: str, end: str, looked: dict[str, str]) -> pd.DataFrame:
    """Of each case the first `start` and the first `end` after it, on whole local days; the day it is looked at for a missing end."""
    rows = []
    for case, trace in log[log[ACT].isin([start, end])].groupby(CASE):
        begun = trace[trace[ACT] == start].head(1)
        if begun.empty:
            continue
        ended = trace[(trace[ACT] == end) & (trace["index"] > begun["index"].iloc[0])].head(1)
        days = [begun[TIME].iloc[0], None if ended.empty else ended[TIME].iloc[0]]
        local = [
            day.tz_convert("Asia/Shanghai").normalize().tz_localize(None) for day in days if day is not None
        ]
        if len(local) == 1:
            if case not in looked:
                continue
            local.append(pd.Timestamp(looked[case]))
        rows += [
            {CASE: case, ACT: act, TIME: day.tz_localize("UTC")}
            for act, day in zip((start, end), local, strict=True)
        ]
    return pd.DataFrame(rows, columns=[CASE, ACT, TIME])


def beyond(log: pd.DataFrame, start: str, end: str, days: float) -> Cases:
    """The cases whose time from `start` to `end` is more than so many days."""
    if log.empty:
        return set()
    profile = {(start, end): (0.0, days * DAY)}
    cases = list(dict.fromkeys(log[CASE]))
    found = pm4py.conformance_temporal_profile(log, profile, zeta=1.0)
    return {case for case, said in zip(cases, found, strict=True) if said}


def judge_years(log: pd.DataFrame, said: Verdicts) -> None:
    """What is a rule of the year as a whole."""
    pairs = {pair: rule for rule, these in PRECEDENCE.items() for pair in these}
    for rule in PRECEDENCE:
        said.add(rule, ())
    for pair, cases in declared(log, "precedence", pairs).items():
        said.add(pairs[pair], cases)  # type: ignore[index]
    for rule, acts in NEVER.items():
        for cases in declared(log, "absence", acts).values():
            said.add(rule, cases)
    for rule, (start, end, days, rest) in AT_LEAST.items():
        found = spans(log, start, end, {})
        long, surely = beyond(found, start, end, days - 1), beyond(found, start, end, days + rest - 1)
        both = set(found[CASE])
        said.add(rule, both - long, (long - surely) | (set(said.years) - both if rule != "notice" else set()))
    judge_people(log, said)
    judge_resolution(log, said)
    judge_returns(log, said)


def judge_desks(years: pd.DataFrame, logs: dict[str, pd.DataFrame], said: Verdicts) -> None:
    """Two people at every two-handed step of every kind of vote, and nothing on the floor out of its time."""
    for desk, kind in DESKS.items():
        log = logs[kind] if kind else years
        for rule, pairs in FOUR_EYES.items():
            for one, other in pairs:
                said.add(rule, same_eyes(log, desk + one, desk + other))
        for acts, step, among in FLOOR:
            names = [desk + name for name in acts]
            near = renamed(log[log[ACT].isin([*names, *(desk + name for name in among)])], names, "floor")
            again = (near[ACT] == "floor") & (near.groupby(CASE)[ACT].shift() == "floor")
            for cases in declared(near[~again], "chainprecedence", [(desk + step, "floor")]).values():
                said.add("span", cases)


def judge_people(log: pd.DataFrame, said: Verdicts) -> None:
    """Who may not be whom, and who may do nothing."""
    for rule, one, others in (
        ("chair", {"chair"}, GOVERNMENT),
        ("apart", {"counter"}, {"teller", "chief_teller"}),
    ):
        said.add(rule, ())
        for case, trace in log.groupby(CASE):
            here, there = (set(trace[trace[OFFICE].isin(offices)][WHO].dropna()) for offices in (one, others))
            said.add(rule, {case} if here & there else ())
    for office, allowed in MAY_DO.items():
        done = log[log[OFFICE] == office]
        said.add(office, done[~done[ACT].str.startswith(allowed)][CASE])


def judge_resolution(log: pd.DataFrame, said: Verdicts) -> None:
    """Once there is a result, the congress resolves on it before its session closes, or any later one.

    What the chair declares is the result; of a year without that act, what the first vote came to.
    """
    chaired = log[CASE].isin(having(log, "voting.declare"))
    is_result = (log[ACT] == "voting.declare") | ((log[ACT] == "vote.declare") & ~chaired)
    log = log.assign(**{ACT: log[ACT].mask(is_result, "declared")})
    result = log[CASE].map(log[log[ACT] == "declared"].groupby(CASE)["index"].min())
    closes = (log[ACT] == "session.end") & (log["votes"] | (log["index"] > result))
    log = log.assign(**{ACT: log[ACT].mask(closes, "closes")})[result.notna()]
    for cases in declared(log, "precedence", [("voting.resolution", "closes")]).values():
        said.add("resolution", cases)
    said.add("resolution", having(log, "closes") - following(log, "declared", "voting.resolution"))


def judge_returns(log: pd.DataFrame, said: Verdicts) -> None:
    """Nothing is sent back without a word: that it is, is an act of its own, which must not occur."""
    back = log[ACT].str.endswith((".return", ".send_back")) | log["after"].fillna("").str.contains(
        '"returns_to":'
    )
    mute = log["reason"].fillna("").str.strip() == ""
    log = log.assign(**{ACT: log[ACT].mask(back & mute, "mute")})
    for cases in declared(log, "absence", ["mute"]).values():
        said.add("reasons", cases)


def judge_records(logs: dict[str, pd.DataFrame], said: Verdicts) -> None:
    """What is a rule of each proposal, vote, project, finding and so on; a log has the milestones of the year as well."""
    for rule, (kind, pairs) in OF_RECORDS.items():
        cases = declared(logs[kind], "precedence", pairs)
        said.add(rule, set().union(*cases.values()))
    for rule, (kind, asked, answers, until) in RESPONSE.items():
        log = renamed(logs[kind], answers, "answered")
        before = log if log.empty else pm4py.filter_prefixes(log.copy(), until)
        for cases in declared(before, "response", [(asked, "answered")]).values():
            said.add(rule, cases)
    said.add("counted_once", following(logs["vote"], "vote.certify", "vote.accept_tally"))
    said.add("recheck", same_eyes(logs["finding"], "supervision.rectify", "finding.close"))
    eyes = same_eyes(logs["project"], "supervision.accept", "supervision.agree_acceptance")
    said.add("accepted", eyes & having(logs["project"], "project.accept"))
    judge_projects(logs["project"], logs["change"], said)
    judge_questions(logs["question"], said)
    judge_interpellations(logs["interpellation"], said)


def judge_projects(projects: pd.DataFrame, changes: pd.DataFrame, said: Verdicts) -> None:
    dropped = having(projects, "project.stop", "project.suspend")
    built = renamed(projects, ["project.begin", "project.assign"], "built")
    built = built[built[CASE].isin(having(built, "cycle.begin_evaluation") - dropped)]
    for rule, act in {"inspected": "supervision.inspect", "reported": "supervision.progress"}.items():
        said.add(rule, declared(built, "responded_existence", [("built", act)])["built", act])
    judged = changes[changes[CASE].isin(having(changes, "cycle.begin_evaluation"))]
    for cases in declared(judged, "response", [("change.agree", "change.announce")]).values():
        said.add("changes", cases)


def judge_questions(log: pd.DataFrame, said: Verdicts) -> None:
    """Asked while a session is open, answered before it closes: next to its opening or closing, nothing else looked at."""
    asked = log[log[CASE].isin(having(log, "deliberation.ask"))]
    near = asked[asked[ACT].isin(["session.begin", "session.end", "deliberation.ask"])]
    for cases in declared(near, "chainprecedence", [("session.begin", "deliberation.ask")]).values():
        said.add("questions", cases)
    near = asked[asked[ACT].isin(["session.end", "deliberation.ask", "question.reply"])]
    near = near[near[CASE].isin(following(near, "deliberation.ask", "session.end"))]
    for cases in declared(near, "chainresponse", [("deliberation.ask", "question.reply")]).values():
        said.add("questions", cases)


def judge_interpellations(log: pd.DataFrame, said: Verdicts) -> None:
    """Put and admitted while a session is open; answered before it closes, in writing before the year does, by whoever is
    questioned."""
    rule, lodge, admit, answer = (
        "interpellations",
        *(f"interpellation.{act}" for act in ("lodge", "admit", "answer_given")),
    )
    said.add(rule, ())
    asked = log[log[CASE].isin(having(log, lodge))]
    if asked.empty:
        return
    near = asked[asked[ACT].isin(["session.begin", "session.end", lodge])]
    for cases in declared(near, "chainprecedence", [("session.begin", lodge)]).values():
        said.add(rule, cases)
    near = asked[asked[ACT].isin(["session.end", lodge, admit])]
    near = near[near[CASE].isin(following(near, lodge, "session.end"))]
    for cases in declared(near, "chainresponse", [(lodge, admit)]).values():
        said.add(rule, cases)
    admitted = asked[asked[ACT] == admit].drop_duplicates(CASE)
    told = {case: json.loads(after) for case, after in zip(admitted[CASE], admitted["after"], strict=True)}
    for form, end in (("oral", "session.end"), ("written", "cycle.close")):
        near = asked[
            asked[CASE].isin([case for case, after in told.items() if after["form"] == form])
            & asked[ACT].isin([end, admit, answer])
        ]
        if end == "cycle.close":  # nothing is in time once the year is over
            said.add(rule, following(near, end, admit))
        near = near[near[CASE].isin(following(near, admit, end))]
        for cases in declared(near, "chainresponse", [(admit, answer)]).values():
            said.add(rule, cases)
    given = asked[(asked[ACT] == answer) & asked[CASE].isin(set(told))]
    wanted = given[CASE].map(
        {case: "department" if after["department"] else "mayor" for case, after in told.items()}
    )
    begun = given[CASE].map(admitted.set_index(CASE)["index"])
    said.add(rule, given[(given[OFFICE] != wanted) & (given["index"] > begun)][CASE])


def judge_deadlines(
    log: pd.DataFrame, logs: dict[str, pd.DataFrame], said: Verdicts, looked: dict[str, str]
) -> None:
    for rule, kind, start, end, days, rest in DEADLINES:
        chosen = renamed(logs[kind], DECIDED, "proposal.decided") if kind else log
        if rule == "planned":
            dropped = having(chosen, "project.stop", "project.suspend") - following(chosen, start, end)
            chosen = chosen[~chosen[CASE].isin(dropped)]
        days_of = {case: looked[year] for case in set(chosen[CASE]) for year in said.owners.get(case, {case})}
        found = spans(chosen, start, end, days_of)
        surely = beyond(found, start, end, days + rest)
        said.add(rule, surely, beyond(found, start, end, days) - surely)


def years_in(xes: pd.DataFrame) -> pd.DataFrame:
    """A trace for each year, with the sessions that serve it, which the log keeps outside of the years."""
    years = xes[xes[CASE].str.startswith("cycle:")].assign(votes=False)
    fixed = years[years[ACT] == "session.fix"]
    parts = [years]
    for case, session, after in zip(fixed[CASE], fixed["subject"], fixed["after"], strict=True):
        held = xes[(xes["subject"] == session) & ~xes[CASE].str.startswith("cycle:")]
        parts.append(held.assign(**{CASE: case, "votes": json.loads(after)["use"] == "vote"}))
    return pd.concat(parts).sort_values([CASE, "index"], ignore_index=True)


def records_in(ocel: pm4py.OCEL, years: pd.DataFrame, said: Verdicts) -> dict[str, pd.DataFrame]:
    """A log of each kind of record (its flattening), every trace with the milestones of its year and its sessions."""
    milestones = years[
        years[ACT].str.startswith(("cycle.", "session."))
        | years[ACT].isin(["collection.close_books", "vote.open"])
    ]
    cycles = related(ocel, "cycle")
    logs = {}
    kinds = {kind for kind, *_rest in (*OF_RECORDS.values(), *RESPONSE.values())} | {
        "change",
        "question",
        "interpellation",
    }
    for kind in sorted(kinds):
        log = (
            columns_of(pm4py.ocel_flattening(ocel, kind))
            if kind in set(ocel.objects["ocel:type"])
            else years.head(0)
        )
        of = log.get("ocel:eid", pd.Series(dtype=str)).map(cycles)
        owner = pd.DataFrame({"record": log[CASE], "year": of}).dropna().drop_duplicates()
        said.owners |= {case: {year} for case, year in zip(owner["record"], owner["year"], strict=True)}
        own = milestones.merge(owner, left_on=CASE, right_on="year")
        own = own.assign(**{CASE: own["record"]}).drop(columns=["record", "year"])
        both = pd.concat([log, own]).drop_duplicates([CASE, "index"])
        logs[kind] = both.sort_values([CASE, "index"], ignore_index=True)
    decided = logs["change"][logs["change"][ACT] == "change.agree"]
    pairs = pm4py.ocel_flattening(ocel, "change") if len(decided) else decided
    asked = pairs[pairs[ACT] == "change.ask"] if len(pairs) else pairs
    projects = related(ocel, "project")
    project_of = {
        case: projects.get(eid) for case, eid in zip(asked[CASE], asked.get("ocel:eid", ()), strict=True)
    }
    moved = decided.assign(**{CASE: decided[CASE].map(project_of)}).dropna(subset=[CASE])
    logs["project"] = pd.concat([logs["project"], moved]).sort_values([CASE, "index"], ignore_index=True)
    return logs


def related(ocel: pm4py.OCEL, kind: str) -> pd.Series:
    """Of each event the object of a kind it is related to."""
    found = ocel.relations[ocel.relations["ocel:type"] == kind].drop_duplicates("ocel:eid")
    return found.set_index("ocel:eid")["ocel:oid"]


def columns_of(log: pd.DataFrame) -> pd.DataFrame:
    """Both logs with the same kinds of columns, in order."""
    times = pd.to_datetime(log[TIME], utc=True).astype("datetime64[ns, UTC]")
    return log.assign(index=log["index"].astype(int), **{TIME: times}).sort_values(
        [CASE, "index"], ignore_index=True
    )


def with_people(ocel: pm4py.OCEL) -> None:
    """Put who acted, and in which office, beside each event."""
    ocel.events[WHO] = ocel.events["ocel:eid"].map(related(ocel, "person").str.partition(":")[2])
    seats = related(ocel, "office").str.partition(":")[2]
    ocel.events[OFFICE] = ocel.events["ocel:eid"].map(seats.str.partition("@")[0])


def main(folder: Path) -> None:
    xes = pm4py.read_xes(str(folder / "trail.xes"), variant="iterparse")
    ocel = pm4py.read_ocel2_json(str(folder / "trail.json"))
    with_people(ocel)
    told: dict[str, object] = {
        "xes": sorted(
            [int(row["index"]), int(row["id"]), row["hash"]]
            for row in xes[["index", "id", "hash"]].to_dict("records")
        ),
        "ocel": sorted(
            [int(row["index"]), int(row["id"]), row["hash"]]
            for row in ocel.events[["index", "id", "hash"]].to_dict("records")
        ),
        "cases": sorted(set(xes[CASE])),
        "objects": sorted(set(ocel.objects["ocel:oid"])),
    }
    if (folder / "looked.json").exists():
        looked = json.loads((folder / "looked.json").read_text())
        years = years_in(columns_of(xes))
        said = Verdicts(set(years[CASE]))
        logs = records_in(ocel, years, said)
        judge_years(years, said)
        judge_records(logs, said)
        judge_desks(years, logs, said)
        judge_deadlines(years, logs, said, looked)
        told["verdicts"] = said.told()
    (folder / "told.json").write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
