"""Years as a township could have had them, lawful and not: lists of entries out of a seed, without a database.

Days of what has a deadline stand well inside it or well past it; which day exactly is the last one is the calendar's.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from itertools import chain
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from workflow.audit.chain import GENESIS, Link, canonical, leaf_bytes, link_hash, stamp
from workflow.audit.selectors import Line

SHANGHAI = ZoneInfo("Asia/Shanghai")
UNIT, CODE = 7, "T07"
T, T2 = date(2027, 1, 20), date(2028, 1, 18)
AYES = {"votes_for": 7, "votes_against": 1, "votes_abstain": 1}
CONGRESS = {"votes_for": 28, "votes_against": 1, "votes_abstain": 1}
# The year's own arrows and its sessions' are about nothing: they stand on the year, on the session.
ABOUT_NOTHING = ("cycle.", "session.begin", "session.end")


@dataclass(frozen=True)
class Step:
    """One entry to be: the day it is done, what is done on what, in which office; who: the person, if not that of the office."""

    day: date
    action: str
    subject: str
    office: str
    after: dict[str, Any] = field(default_factory=dict)
    who: str = ""
    reason: str = ""


Steps = list[Step]
Do = Callable[..., None]
Mutation = Callable[[Steps, random.Random], Steps]


@dataclass(frozen=True)
class Made:
    """A year: its number, the bodies of its entries in order, the day it is looked at, what was done to it."""

    number: int
    bodies: list[dict[str, Any]]
    looked: date
    done: tuple[str, ...]

    @property
    def cycle(self) -> str:
        return f"cycle:{self.number}"


def lawful(number: int, chance: random.Random) -> Steps:
    """Everything done, in order; how many proposals, questions, projects, findings there are is chance."""
    steps: Steps = []

    def do(
        day: date,
        action: str,
        office: str,
        subject: str = f"cycle:{number}",
        after: dict[str, Any] | None = None,
        **more: str,
    ) -> None:
        steps.append(Step(day, action, subject, office, after or {}, **more))

    _collection(do, number, chance)
    _selection(do, number, chance)
    _deliberation(do, number, chance)
    _vote(do, number, chance)
    projects = [f"project:{number * 100 + k}" for k in range(chance.randint(1, 3))]
    _result(do, number, projects)
    for k, project in enumerate(projects):
        _project(do, project, number * 100 + 10 * k, chance)
    _supervision(do, number, chance)
    for project in projects:
        if not any(
            step.subject == project and step.action in ("project.stop", "project.suspend") for step in steps
        ):
            do(date(2027, 10, 1), "supervision.accept", "department", project)
            do(date(2027, 10, 9), "supervision.agree_acceptance", "inspector", project)
            do(date(2027, 10, 9), "project.accept", "inspector", project)
    _evaluation(do, number, chance)
    return sorted(steps, key=lambda step: step.day)


def _collection(do: Do, number: int, chance: random.Random) -> None:
    do(date(2026, 8, 10), "cycle.create", "chair", after={"year": 2027, "T": str(T), "T2": str(T2)})
    do(date(2026, 8, 12), "collection.scheme", "chair")
    do(date(2026, 8, 20), "collection.scheme_party", "party", after=AYES)
    do(date(2026, 9, 1), "cycle.open", "chair", after={"state": "collecting"})
    do(date(2026, 9, 2), "collection.publish_call", "gov_clerk")
    for k in range(chance.randint(1, 4)):
        proposal = f"proposal:{number * 100 + k}"
        do(date(2026, 9, 7), "proposal.submit", "", proposal)
        if chance.random() < 0.3:
            do(date(2026, 9, 8), "proposal.send_back", "gov_clerk", proposal, reason="请写明地点")
            do(date(2026, 9, 9), "proposal.complete", "", proposal)
        do(date(2026, 9, 9), "proposal.accept", "gov_clerk", proposal)
        fate = chance.choice(["proposal.merge", "proposal.answer", "proposal.pool"])
        do(date(2026, 10, 15), fate, "gov_clerk", proposal)
    do(date(2026, 10, 12), "collection.close_books", "gov_clerk")
    do(date(2026, 10, 12), "cycle.begin_selection", "gov_clerk")


def _selection(do: Do, number: int, chance: random.Random) -> None:
    n = number * 100
    do(date(2026, 10, 14), "selection.merge", "gov_clerk")
    do(date(2026, 10, 19), "selection.screen", "gov_clerk")
    for office in chance.sample(["department", "finance", "legal"], 3):
        do(date(2026, 10, 26), f"selection.appraise_{office}", office)
    do(date(2026, 10, 28), "selection.draft_list", "mayor")
    for study in chance.sample(["presidium_opinion", "party_study"], 2):
        do(
            date(2026, 11, 2),
            f"selection.{study}",
            "party" if study == "party_study" else "presidium",
            after=AYES,
        )
    do(date(2026, 11, 4), "selection.notice", "gov_clerk")
    for k in range(chance.randint(0, 2)):
        if chance.random() < 0.5:
            do(
                date(2026, 11, 5),
                "selection.object",
                "station",
                f"notice:{n}",
                {"objection": f"objection:{n + k}"},
            )
        else:
            do(date(2026, 11, 5), "selection.object", "", f"objection:{n + k}", {"notice": f"notice:{n}"})
        answer = chance.choice(["objection.dismiss", "objection.uphold"])
        do(date(2026, 11, 6), answer, "gov_clerk", f"objection:{n + k}")
    do(date(2026, 11, 26), "selection.conclude", "gov_clerk")
    do(date(2026, 11, 26), "cycle.begin_deliberation", "gov_clerk")


def _result(do: Do, number: int, projects: list[str]) -> None:
    for project in projects:
        do(T, "project.found", "chair", project)
    do(T, "voting.resolution", "clerk", after=CONGRESS)
    do(T, "session.end", "chair", f"session:{number * 100}")
    do(T + timedelta(2), "voting.announce", "presidium", after=AYES)
    do(T + timedelta(3), "cycle.begin_supervision", "presidium")
    do(T + timedelta(3), "supervision.hand_over", "presidium", after=AYES)
    for project in projects:
        do(T + timedelta(3), "project.assign", "presidium", project)
    do(T + timedelta(4), "voting.tell_proposers", "gov_clerk")
    do(T + timedelta(5), "voting.file_county", "clerk")
    do(T + timedelta(20), "supervision.groups", "presidium", after=AYES)


def _supervision(do: Do, number: int, chance: random.Random) -> None:
    for k in range(chance.randint(0, 2)):
        do(date(2027, 7, 20), "inquiry.ask", "presidium", f"inquiry:{number * 100 + k}")
        do(date(2027, 7, 28), "inquiry.reply", "mayor", f"inquiry:{number * 100 + k}")
    do(date(2027, 8, 25), "supervision.special_report", "presidium", after=AYES)


def _deliberation(do: Do, number: int, chance: random.Random) -> None:
    n = number * 100
    do(T - timedelta(26), "deliberation.report_party", "chair")
    do(T - timedelta(23), "deliberation.party_reply", "party", after=AYES)
    do(T - timedelta(21), "deliberation.agenda", "presidium", after=AYES)
    do(T - timedelta(21), "session.fix", "presidium", f"session:{n}", {"use": "vote", "held_on": str(T)})
    do(T - timedelta(19), "deliberation.bill", "mayor")
    do(T - timedelta(19), "deliberation.budget", "finance")
    do(T - timedelta(16), "deliberation.convene", "presidium", after=AYES)
    do(T - timedelta(15), "deliberation.roll", "clerk")
    do(T - timedelta(11), "deliberation.readiness", "chair")
    do(T - timedelta(8), "deliberation.materials", "clerk")
    do(T, "session.begin", "clerk", f"session:{n}")
    do(T, "deliberation.preliminary", "clerk", after={"session": f"session:{n}", "presidium": ["deputy"]})
    do(T, "deliberation.explain", "mayor")
    do(T, "deliberation.deliberate", "delegation_lead")
    for k in range(chance.randint(0, 2)):
        do(T, "deliberation.ask", "deputy", after={"question": f"question:{n + k}"})
        do(T, "question.reply", "department", f"question:{n + k}")
    if chance.random() < 0.4:
        do(T, "deliberation.withdraw", "mayor", f"item:{n}", {"withdrawal": f"withdrawal:{n}"})
        do(T, chance.choice(["withdrawal.agree", "withdrawal.refuse"]), "presidium", f"withdrawal:{n}")
    if chance.random() < 0.4:
        matter = f"matter:{n}"
        do(T, "matter.lodge", "deputy", matter)
        do(T, "deliberation.added_matter", "deputy", after={"matter": matter, "movers": 5, "lodged": True})
        decision = chance.choice(["matter.add", "matter.make_suggestion", "matter.reserve"])
        do(T, decision, "presidium", matter)
    if chance.random() < 0.4:
        _interpellation(do, f"interpellation:{n}", chance)
    do(T, "deliberation.settle", "presidium", after=AYES)
    do(T, "deliberation.adopt_method", "clerk", after=CONGRESS)


def _interpellation(do: Do, one: str, chance: random.Random) -> None:
    """Put while the session is open and admitted before it closes; answered there, or in writing while the year lasts."""
    form, department = chance.choice(["oral", "written"]), chance.choice(["", "unit:9"])
    do(T, "interpellation.lodge", "deputy", one)
    do(T, "supervision.cosign", "deputy", after={"interpellation": one, "movers": 10})
    do(T, "interpellation.admit", "presidium", one, {"form": form, "department": department})
    day = T if form == "oral" else T + timedelta(40)
    do(day, "interpellation.answer_given", "department" if department else "mayor", one)


def _desk(do: Do, desk: str, day: date, subject: str, chief: str, chance: random.Random) -> None:
    """A vote's steps on its record but for what the vote itself goes through."""
    do(day, f"{desk}attendance", "clerk", subject)
    if chance.random() < 0.5:
        do(day, f"{desk}arrive", "clerk", subject)
    do(day, f"{desk}open", "chair", subject)
    do(day, f"{desk}open_confirm", "chief_teller", subject)
    if chance.random() < 0.5:
        do(day, f"{desk}hand_paper", "teller", subject)
        do(day, f"{desk}turn_to_paper", "chief_teller", subject)
        do(day, f"{desk}turn_confirm", "teller", subject, {"agreed": True})
    do(day, f"{desk}close", "chief_teller", subject)
    do(day, f"{desk}close_confirm", "teller", subject)
    do(day, f"{desk}key_first", "counter", subject)
    do(day, f"{desk}key_second", "counter", subject, who="second")
    do(day, f"{desk}{chief}", "chief_teller", subject)
    do(day, f"{desk}certify_teller", "teller", subject)


def _vote(do: Do, number: int, chance: random.Random) -> None:
    vote = f"vote:{number * 100}"
    do(T, "cycle.begin_vote", "clerk")
    do(T, "vote.define", "presidium", vote, {"purpose": "projects", "seats": 1, "deputies_in_office": 45,
                                             "options": [["item:1", "甲"], ["item:2", "乙"]], "follows": ""})  # fmt: skip
    do(T, "voting.attendance", "clerk", after={"present": 31})
    do(T, "voting.arrive", "clerk")
    do(T, "voting.open", "chair")
    do(T, "voting.open_confirm", "chief_teller")
    do(T, "vote.open", "chief_teller", vote, {"deputies_present": 30})
    if chance.random() < 0.5:
        do(T, "voting.hand_paper", "teller")
        do(T, "voting.turn_to_paper", "chief_teller")
        do(T, "voting.turn_confirm", "teller", after={"agreed": True})
    do(T, "voting.close", "chief_teller")
    do(T, "voting.close_confirm", "teller")
    do(T, "vote.close", "teller", vote)
    do(T, "voting.key_first", "counter")
    do(T, "voting.key_second", "counter", who="second")
    do(T, "vote.accept_tally", "counter", vote, who="second")
    do(T, "voting.certify_chief", "chief_teller")
    do(T, "voting.certify_teller", "teller")
    do(T, "vote.certify", "teller", vote)
    do(T, "vote.declare", "chair", vote)
    do(T, "voting.declare", "chair")


def _project(do: Do, project: str, n: int, chance: random.Random) -> None:
    do(T + timedelta(25), "supervision.confirm_plan", "mayor", project)
    do(T + timedelta(31), "project.begin", "department", project)
    for month in range(4, 4 + chance.randint(1, 3)):
        do(date(2027, month, 5), "supervision.progress", "department", project)
    do(date(2027, 4, 20), "supervision.inspect", "inspector", project)
    for k in range(chance.randint(0, 2)):
        finding = f"finding:{n + k}"
        do(date(2027, 4, 20), "finding.raise", "inspector", finding, {"project": project})
        do(date(2027, 5, 6), "supervision.rectify", "department", finding)
        do(date(2027, 5, 10), "finding.close", "inspector", finding)
    if chance.random() < 0.4:
        change = f"change:{n}"
        do(date(2027, 7, 1), "change.ask", "mayor", change, {"project": project})
        _desk(do, "supervision.change_", date(2027, 7, 5), change, "certify_chief", chance)
        do(date(2027, 7, 5), "change.agree", "clerk", change)
        do(
            date(2027, 7, 5),
            chance.choice(["project.alter", "project.alter", "project.stop", "project.suspend"]),
            "clerk",
            project,
        )
        do(date(2027, 7, 7), "change.announce", "clerk", change)


def _evaluation(do: Do, number: int, chance: random.Random) -> None:
    n = number * 100
    do(date(2027, 12, 10), "evaluation.completion_report", "mayor")
    do(date(2027, 12, 10), "cycle.begin_evaluation", "mayor")
    do(date(2027, 12, 20), "evaluation.residents", "clerk")
    do(
        T2 - timedelta(17),
        "session.fix",
        "clerk",
        f"session:{n + 1}",
        {"use": "evaluation", "held_on": str(T2)},
    )
    do(T2, "session.begin", "clerk", f"session:{n + 1}")
    do(T2, "evaluation.preliminary", "clerk", after={"session": f"session:{n + 1}", "presidium": ["deputy"]})
    do(T2, "evaluation.presidium_report", "chair")
    _desk(do, "evaluation.measure_", T2, f"cycle:{number}", "certify", chance)
    if chance.random() < 0.4:
        do(T2, "measurement.fail", "chair", f"measurement:{n}")
        do(
            T2 + timedelta(40),
            "measurement.supersede",
            "department",
            f"measurement:{n}",
        )
    do(T2, "session.end", "chair", f"session:{n + 1}")
    do(T2 + timedelta(50), "evaluation.publish", "clerk")
    do(T2 + timedelta(60), "archive.make", "system", f"archive:{n}")
    do(T2 + timedelta(60), "cycle.close", "clerk")
    do(date(2028, 8, 1), "evaluation.look_back", "presidium", after=AYES)


# What is done to a lawful year. What an act carries with it (the year's own time goes on) is left as it stands.

FIXED = {"cycle.create", "session.fix", "vote.define", "change.ask", "project.found"}
PAIRS = [
    ("voting.open", "voting.open_confirm"), ("voting.close", "voting.close_confirm"), ("voting.key_first", "voting.key_second"),
    ("voting.certify_chief", "voting.certify_teller"), ("supervision.rectify", "finding.close"),
    ("supervision.accept", "supervision.agree_acceptance"), ("voting.turn_to_paper", "voting.turn_confirm"),
    ("evaluation.measure_open", "evaluation.measure_open_confirm"), ("evaluation.measure_close", "evaluation.measure_close_confirm"),
    ("evaluation.measure_key_first", "evaluation.measure_key_second"),
    ("evaluation.measure_certify", "evaluation.measure_certify_teller"),
    ("supervision.change_open", "supervision.change_open_confirm"),
    ("supervision.change_certify_chief", "supervision.change_certify_teller"),
]  # fmt: skip
LATE = ["voting.announce", "voting.tell_proposers", "voting.file_county", "supervision.hand_over", "supervision.groups",
        "supervision.confirm_plan", "proposal.accept"]  # fmt: skip
ADDED = [
    ("vote.accept_tally", "counter"), ("project.stop", "clerk"), ("project.alter", "clerk"), ("voting.cast", "deputy"),
    ("voting.arrive", "clerk"), ("voting.arrive", "county"), ("voting.hand_paper", "teller"),
    ("evaluation.measure_arrive", "clerk"), ("deliberation.roll", "admin"), ("finding.raise", "auditor"),
    ("supervision.inspect", "county"), ("record.read", "auditor"), ("trail.keep", "auditor"), ("trail.keep", "county"),
    ("oversight.guide", "county"), ("proposal.send_back", "gov_clerk"),
    ("deliberation.explain", "chair"), ("voting.key_first", "teller"), ("finding.raise", "inspector"), ("inquiry.ask", "presidium"),
    ("row.change", "database"),
]  # fmt: skip


def _some(steps: Steps, chance: random.Random) -> int:
    return chance.choice([place for place, step in enumerate(steps) if step.action not in FIXED])


def moved(steps: Steps, chance: random.Random) -> Steps:
    """One act, done at another place in the year, on the day of what stands before it there."""
    place, rest = _some(steps, chance), list(steps)
    taken = rest.pop(place)
    there = chance.randrange(1, len(rest))
    return [*rest[:there], replace(taken, day=rest[there - 1].day), *rest[there:]]


def swapped(steps: Steps, chance: random.Random) -> Steps:
    """Two acts near each other the other way round."""
    here = _some(steps, chance)
    there = min(len(steps) - 1, here + chance.randint(1, 6))
    made = list(steps)
    made[here], made[there] = (
        replace(steps[there], day=steps[here].day),
        replace(steps[here], day=steps[there].day),
    )
    return made


def skipped(steps: Steps, chance: random.Random) -> Steps:
    """One kind of act never done."""
    gone = steps[_some(steps, chance)].action
    return [step for step in steps if step.action != gone]


def left_out(steps: Steps, chance: random.Random) -> Steps:
    """One act not done."""
    gone = _some(steps, chance)
    return [*steps[:gone], *steps[gone + 1 :]]


def one_person(steps: Steps, chance: random.Random) -> Steps:
    """Two acts that ask for two people, done by one."""
    one, other = chance.choice(PAIRS)
    who = next((person_of(step) for step in steps if step.action == one), "")
    return [replace(step, who=who) if step.action == other else step for step in steps]


def late(steps: Steps, chance: random.Random) -> Steps:
    """One act long after its last day; what waits for it waits as well."""
    action = chance.choice(LATE)
    place = next(place for place, step in enumerate(steps) if step.action == action)
    taken = steps[place]
    day = taken.day + timedelta(chance.randint(70, 90))
    rest = [*steps[:place], *steps[place + 1 :]]
    there = next(n for n, step in enumerate(rest) if step.day > day)
    return [*rest[:there], replace(taken, day=day), *rest[there:]]


def added(steps: Steps, chance: random.Random) -> Steps:
    """One act more, somewhere."""
    action, office = chance.choice(ADDED)
    there = chance.randrange(4, len(steps))
    same = [step.subject for step in steps if step.action == action]
    kind = action.partition(".")[0]
    number = int(steps[0].subject.partition(":")[2]) * 100
    subject = chance.choice(same) if same and chance.random() < 0.7 else f"{kind}:{number + 90}"
    if kind not in ("vote", "project", "finding", "proposal", "inquiry"):
        subject = steps[0].subject
    if kind == "project":
        subject = chance.choice([step.subject for step in steps if step.action == "project.found"])
    more = Step(
        steps[there - 1].day,
        action,
        subject,
        office,
        who="" if chance.random() < 0.7 else "another",
        reason="理由",
    )
    return [*steps[:there], more, *steps[there:]]


def silent(steps: Steps, chance: random.Random) -> Steps:
    """What was sent back, without its reason; where nothing was, a step that is, of the year."""
    back = [place for place, step in enumerate(steps) if step.action.endswith(".send_back")]
    if back:
        here = chance.choice(back)
        return [*steps[:here], replace(steps[here], reason=" "), *steps[here + 1 :]]
    there = chance.randrange(4, len(steps))
    more = Step(steps[there - 1].day, "selection.draft_list.return", steps[0].subject, "mayor")
    return [*steps[:there], more, *steps[there:]]


def answered_by_another(steps: Steps, chance: random.Random) -> Steps:
    """An interpellation answered by an office it was not put to."""
    return [
        replace(step, office="gov_clerk") if step.action == "interpellation.answer_given" else step
        for step in steps
    ]


def under_way(steps: Steps, chance: random.Random) -> Steps:
    """No further than this."""
    return steps[: chance.randrange(3, len(steps))]


MUTATIONS: tuple[Mutation, ...] = (
    moved, moved, swapped, swapped, skipped, left_out, left_out, one_person, late, added, added, silent,
    answered_by_another,
)  # fmt: skip


def person_of(step: Step) -> str:
    return step.who if "@" in step.who else f"{step.who or step.office}@{CODE}" if step.office else ""


def year(number: int, seed: str = "") -> Made:
    """The year of a number, the same each time: one in four lawful, the others with up to three things wrong, or still under way."""
    chance = random.Random(f"{seed} {number}")
    steps = lawful(number, chance)
    chosen = [chance.choice(MUTATIONS) for _ in range(chance.choice((0, 0, 1, 1, 2, 3)))]
    if chance.random() < 0.25:
        chosen.append(under_way)
    for mutation in chosen:
        steps = mutation(steps, chance)
    last = max(step.day for step in steps)
    looked = (
        chance.choice([last, last + timedelta(500)]) if under_way in chosen else max(last, date(2029, 10, 10))
    )
    return Made(number, list(_bodies(number, steps)), looked, tuple(mutation.__name__ for mutation in chosen))


def _bodies(number: int, steps: Steps) -> Iterator[dict[str, Any]]:
    """Entries as `write_down` makes them, each a second or more after the one before."""
    at = datetime(2020, 1, 1, tzinfo=SHANGHAI)
    for step in steps:
        at = max(at + timedelta(seconds=1), datetime.combine(step.day, time(9), SHANGHAI))
        yield {
            "about": "" if step.action.startswith(ABOUT_NOTHING) else f"cycle:{number}",
            "action": step.action, "actor": person_of(step), "after": step.after, "at": stamp(at), "before": {}, "label": "",
            "office": step.office, "reason": step.reason, "request": "", "step": None, "subject": step.subject, "task": "",
            "unit": CODE,
        }  # fmt: skip


class Trail:
    """Years one after the other as one unit's trail, read as the exporters read an extract."""

    unit = SimpleNamespace(code=CODE, name="青溪镇")
    outside = 0  # no head of it has left

    def __init__(self, lines: Iterable[Line]) -> None:
        self.wholes: dict[str, list[Line]] = {}
        for line in lines:
            about, subject = line.envelope["about"], line.envelope["subject"]
            self.wholes.setdefault(about or (subject if subject.startswith("cycle:") else ""), []).append(
                line
            )

    @property
    def until(self) -> int:
        return sum(map(len, self.wholes.values()))

    @property
    def after_head(self) -> int:
        return self.until

    def lines(self, *, about: str | None = None) -> Iterator[Line]:
        if about is not None:
            return iter(self.wholes.get(about, ()))
        return iter(sorted(chain(*self.wholes.values()), key=lambda line: line.link.index))

    def distinct(self, *columns: str) -> list[tuple[str, ...]]:
        return sorted({tuple(line.envelope[column] for column in columns) for line in self.lines()})


def trail_of(years: Iterable[Made]) -> Trail:
    """The chained entries of these years."""
    prev, lines = GENESIS, list[Line]()
    for body in chain.from_iterable(made.bodies for made in years):
        index, text = len(lines) + 1, canonical(body)
        at = datetime.fromisoformat(body["at"])
        digest = link_hash(prev, leaf_bytes(UNIT, index, index + 1000, stamp(at), text))
        lines.append(Line(Link(UNIT, index, index + 1000, at, text, prev, digest)))
        prev = digest
    return Trail(lines)
