"""区划变动: a township renamed, made a subdistrict, or merged into another; the county records what was approved.

The approval is the provincial government's (《行政区划管理条例》), the county enters its number and day. Nothing a
township decided changes by it: years voted on go on under the rules they froze, papers and sessions keep their names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from projects.ballots.models import Vote, VoteState
from projects.cycles.models import (
    BEFORE_THE_VOTE,
    OVER,
    Cycle,
    CycleSession,
    CycleState,
    Session,
    SessionState,
    Term,
    TermState,
)
from projects.cycles.selectors import coming_term, cycles_of, open_session, rulebook_in_force, sitting_term
from projects.cycles.services import revise_rules
from workflow.audit.services import Act, write_down
from workflow.flows.errors import Refused
from workflow.flows.models import Deadline
from workflow.flows.services import Outcome
from workflow.machines.services import fire
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit, UnitChange, UnitKind, User
from workflow.people.saying import listed
from workflow.people.saying import said as _
from workflow.people.services import alter_unit
from workflow.people.wording import worded
from workflow.roles import registry
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import holders_of, live_grants, own_grants
from workflow.roles.services import GrantRefused, end_offices, grant

What = UnitChange.What
UNDECIDED = (VoteState.OPEN, VoteState.CLOSED, VoteState.KEYED, VoteState.CERTIFIED)
AT_THE_VOTE = (*BEFORE_THE_VOTE, CycleState.VOTING)
# What is done in a township's name goes over to whoever does it in the other; who sits in its congress joins the other's.
TAKEN_OVER = ("chair", "presidium", "clerk", "party", "mayor", "gov_clerk", "finance", "legal")
ENDING = (*TAKEN_OVER, "chief_teller", "teller", "counter", "deputy_elect")
DEPUTY = "deputy"


# --- what stands in the way


def in_the_way(unit: Unit) -> list[str]:
    """Why nothing of a township may change now: it is abolished, in session, or has not declared what it voted."""
    if unit.ends_on:
        return [_("“%(unit)s”已经撤销。") % {"unit": unit.name}]
    session = open_session(unit)
    found = [_("“%(session)s”正在举行，须在闭会后办理。") % {"session": session}] if session else []
    votes = Vote.objects.filter(unit=unit, state__in=UNDECIDED).order_by("pk")
    return found + [_("“%(vote)s”尚未宣布结果。") % {"vote": vote} for vote in votes]


def in_the_way_of_ending(unit: Unit) -> list[str]:
    """Why a township's congress cannot end now: besides, a year it has still to vote on or to finish for a
    township it took in, or a congress elected anew.
    """
    found = in_the_way(unit)
    for cycle in cycles_of(unit).filter(state__in=AT_THE_VOTE):
        found.append(
            _("%(year)s尚在“%(state)s”阶段：须先票决并公告，或者由主席团决定终止年度工作。")
            % {"year": cycle, "state": cycle.get_state_display()}
        )
    for cycle in _finished_for(unit):
        found.append(_("%(year)s由“%(unit)s”接续办理，须先办理到归档。") % {"year": cycle, "unit": unit.name})
    if term := coming_term(unit):
        found.append(_("%(term)s已选出、尚未举行首次会议，须先完成换届。") % {"term": term})
    return found + _convened(unit)


def in_the_way_of_taking_in(unit: Unit) -> list[str]:
    """Why a township cannot take another in now: besides, a roll that is fixed already would lack the deputies who join."""
    return in_the_way(unit) + _convened(unit)


def _finished_for(unit: Unit) -> QuerySet[Cycle]:
    """The years under way of the townships merged into this one."""
    taken_in = UnitChange.objects.filter(into=unit, what=What.MERGED).values("unit")
    return (
        Cycle.objects.filter(unit__in=taken_in).exclude(state__in=OVER).select_related("unit").order_by("pk")
    )


def _convened(unit: Unit) -> list[str]:
    of_a_year = CycleSession.objects.filter(session=OuterRef("pk")).exclude(cycle__state__in=OVER)
    called = Session.objects.filter(unit=unit, state=SessionState.CONVENED)
    return [
        _("“%(session)s”已经通知召开，须在闭会后办理。") % {"session": session}
        for session in called.filter(Q(uses=None) | Exists(of_a_year)).order_by("pk")
    ]


# --- what goes on


def going_on(unit: Unit) -> list[Cycle]:
    """The years that are being carried out or judged."""
    return list(
        cycles_of(unit).filter(state__in=(CycleState.SUPERVISING, CycleState.EVALUATING)).order_by("pk")
    )


@dataclass(frozen=True)
class Move:
    """An open task at a township's own seat and who will do it: who holds its office in the other township and does not only stand in."""

    deadline: Deadline
    to: list[User]


def moves(unit: Unit, into: Unit, on: date) -> list[Move]:
    """The open tasks of the offices that go over, in the order they are due."""
    held = Deadline.objects.filter(unit=unit, seat=unit, office__in=TAKEN_OVER, done_at=None, cancelled=False)
    tasks = list(held.select_related("task", "unit").order_by("due_on", "pk"))
    to = {
        office: [held.user for held in own_grants(office, into, on)]
        for office in {task.office for task in tasks}
    }
    return [Move(task, to[task.office]) for task in tasks]


# --- the acts


@contextmanager
def _at(act: Act, *units: Unit) -> Iterator[list[Act]]:
    """The county's act as it stands in the trail of each of these townships; their rows are held, the lower key first.

    Its context reads townships and writes none: what follows from the approval is written for them.
    """
    with within(SYSTEM):
        held = (
            Unit.objects.select_for_update(no_key=True)
            .filter(pk__in=[unit.pk for unit in units])
            .order_by("pk")
        )
        by_key = {unit.pk: unit for unit in held}
        yield [replace(act, unit=by_key[unit.pk]) for unit in units]


def _refuse(reasons: Iterable[str]) -> None:
    if found := list(reasons):
        raise Refused(*found)


def rename(
    act: Act, county: Unit, *, township: Unit, name: str, number: str, decided_on: date, reason: str
) -> Outcome:
    """更名: pages say the new name, what was made before keeps the old one; the code stays.

    Refused while the township is in session or has a vote without a result: its papers carry the name.
    """
    with _at(act, township) as (here,):
        _refuse(in_the_way(here.unit))
        before = here.unit.name
        _keep_names(here.unit)
        alter_unit(here.unit, what=What.RENAMED, number=number, decided_on=decided_on, on=act.on, name=name)
        _tell(
            here,
            "unit.rename",
            _("%(old)s更名为%(new)s") % {"old": before, "new": name},
            before={"name": before},
            after={"name": name, **_approved(number, decided_on)},
            reason=reason,
        )
    return Outcome(after={"former": before}, reason=reason)


def _approved(number: str, decided_on: date) -> dict[str, str]:
    return {"number": number, "decided_on": decided_on.isoformat()}


def _tell(here: Act, action: str, label: str, **more: Any) -> None:
    write_down(here, action, here.unit.reference, label=label, **more)


def _keep_names(unit: Unit, *, all_of_them: bool = False) -> None:
    """What was held under the old name goes on bearing it; of a congress that ends, all it has called."""
    sessions = Session.objects.select_related("unit").filter(unit=unit, called="")
    for session in sessions if all_of_them else sessions.filter(state=SessionState.CLOSED):
        Session.objects.filter(pk=session.pk).update(called=str(session))
    terms = Term.objects.select_related("unit").filter(unit=unit, called="")
    for term in terms if all_of_them else terms.filter(state=TermState.ENDED):
        Term.objects.filter(pk=term.pk).update(called=str(term))


def make_subdistrict(
    act: Act, county: Unit, *, township: Unit, name: str, number: str, decided_on: date, reason: str
) -> Outcome:
    """设街道: the congress ends, its deputies go on as 议事代表; years begun from now on follow a subdistrict's words and rules.

    Years voted on are finished under the rules they froze. Refused as `in_the_way_of_ending` says.
    """
    with _at(act, township) as (here,):
        _refuse(in_the_way_of_ending(here.unit))
        before, deputies = here.unit.name, len(holders_of(DEPUTY, here.unit, act.on))
        _keep_names(here.unit, all_of_them=True)
        if term := sitting_term(here.unit):
            fire(term, "end", here, until=act.on)
        if rulebook_in_force(here.unit):
            note = _("改设街道（%(number)s）") % {"number": number}
            revise_rules(here, here.unit, setting="body", value="assembly", note=note)
        alter_unit(
            here.unit,
            what=What.SUBDISTRICT,
            number=number,
            decided_on=decided_on,
            on=act.on,
            name=name,
            kind=str(UnitKind.SUBDISTRICT),
        )
        _tell(
            here,
            "unit.to_subdistrict",
            _("%(old)s改设%(new)s") % {"old": before, "new": name},
            before={"name": before, "kind": str(UnitKind.TOWNSHIP)},
            after={
                "name": name,
                "kind": str(UnitKind.SUBDISTRICT),
                "deputies": deputies,
                **_approved(number, decided_on),
            },
            reason=reason,
        )
    return Outcome(after={"former": before}, reason=reason)


def merge(
    act: Act, county: Unit, *, township: Unit, into: Unit, number: str, decided_on: date, reason: str
) -> Outcome:
    """并入: the deputies join the other congress, its offices take over what is unfinished; nothing moves between trails.

    The township keeps its records, its trail and its code, and begins no year. Its years voted on are finished on its own
    file by the other's offices and congress. Refused as `in_the_way_of_ending` and `in_the_way_of_taking_in` say, and where
    somebody would hold two offices that exclude each other.
    """
    with _at(act, township, into) as (here, there):
        _refuse([*in_the_way_of_ending(here.unit), *in_the_way_of_taking_in(there.unit)])
        label = _("%(unit)s并入%(into)s") % {"unit": here.unit.name, "into": there.unit.name}
        moved, unfinished = moves(here.unit, there.unit, act.on), going_on(here.unit)
        deputies = own_grants(DEPUTY, here.unit, act.on)
        alter_unit(
            here.unit, what=What.MERGED, number=number, decided_on=decided_on, on=act.on, into=there.unit
        )
        _take_over(here, there, f"{label}（{number}）", number, with_deputies=bool(unfinished))
        _give(there, DEPUTY, deputies, number)
        for move in moved:
            _write_move(here, move, label)
        if term := sitting_term(here.unit):
            fire(term, "end", here, until=act.on)
        facts = {
            "deputies": len(deputies),
            "tasks": len(moved),
            "years": [year.reference for year in unfinished],
        }
        approved = _approved(number, decided_on)
        _tell(here, "unit.merge", label, after={"into": there.unit.code, **facts, **approved}, reason=reason)
        _tell(
            there, "unit.take_in", label, after={"from": here.unit.code, **facts, **approved}, reason=reason
        )
    return Outcome(after=facts, reason=reason)


def _take_over(here: Act, there: Act, reason: str, number: str, *, with_deputies: bool) -> None:
    """The offices of the township end; those who hold them in the other hold them here too, so that its file has keepers."""
    end_offices(unit=here.unit, offices=ENDING, act=here, reason=reason)
    for office in (*TAKEN_OVER, *([DEPUTY] if with_deputies else [])):
        _give(here, office, own_grants(office, there.unit, there.on), number)


def _give(here: Act, office: str, grants: Iterable[RoleGrant], number: str) -> None:
    """Who holds these grants holds the office at the township too, as long as there, if they do not yet."""
    held = {one.user_id for one in own_grants(office, here.unit, here.on)}
    for one in grants:
        if one.user_id not in held:
            try:
                grant(
                    user=one.user,
                    office=office,
                    unit=here.unit,
                    act=here,
                    since=here.on,
                    until=one.until,
                    document=number,
                )
            except GrantRefused as error:
                raise Refused(
                    _("%(name)s：%(why)s") % {"name": one.user.name, "why": error.args[0]}
                ) from error


def _write_move(here: Act, move: Move, reason: str) -> None:
    deadline = move.deadline
    write_down(
        here,
        "task.take_over",
        deadline.subject,
        about=deadline.about,
        step=deadline.step,
        after={
            "task": deadline.key,
            "task_id": deadline.pk,
            "office": deadline.office,
            "to": [user.username for user in move.to],
        },
        reason=reason,
        label=deadline.label,
    )


# --- what is told before it is confirmed


def told_of_renaming(township: Unit, name: str) -> list[str]:
    """What a new name changes and what it leaves."""
    return [
        _("“%(old)s”更名为“%(new)s”，编码 %(code)s 不变。")
        % {"old": township.name, "new": name, "code": township.code},
        _("此前形成的文件、已经举行的会议保留原名；今后的页面和文件使用新名；办理记录同时载明两个名称。"),
    ]


def told_of_subdistrict(township: Unit, name: str, on: date) -> list[str]:
    """What ends, what goes on and what is new."""
    found = [
        _("“%(old)s”改设街道，名称为“%(new)s”，编码 %(code)s 不变。")
        % {"old": township.name, "new": name, "code": township.code},
        _("本届人民代表大会终止；%(n)s 名代表转为议事代表。") % {"n": len(holders_of(DEPUTY, township, on))},
        _("现任主席、主席团成员继续履行人大街道工委的职责，由县级人大常委会另行任免后由系统管理员登记。"),
        _("今后启动的年度使用街道的用语和规则。"),
    ]
    return found + [
        _("%(year)s按启动时确定的规则继续办理到归档。") % {"year": cycle} for cycle in going_on(township)
    ]


def told_of_merging(township: Unit, into: Unit, on: date) -> list[str]:
    """Who goes where and what stays."""
    names = {"unit": township.name, "into": into.name}
    ending = live_grants(on).filter(tenant=township, office__in=ENDING)
    found = [
        _("%(n)s 名代表转入%(into)s人民代表大会，任期与该届相同。")
        % {"n": len(holders_of(DEPUTY, township, on)), "into": into.name},
        _("%(unit)s的 %(n)s 项任职终止，未办事项由%(into)s的相应职务接办。") % {**names, "n": ending.count()},
        _("%(unit)s的责任单位、代表团、监督小组和联络站人员不变，由系统管理员另行调整。") % names,
        _("%(unit)s的记录、办理记录和档案仍存原处，可以查阅；不再启动新的年度。") % names,
    ]
    return found + [
        _("%(year)s由%(into)s人民代表大会继续监督、评估到归档。") % {"year": cycle, "into": into.name}
        for cycle in going_on(township)
    ]


def rows_of_moves(township: Unit, into: Unit, on: date) -> list[tuple[str, ...]]:
    """Every task that goes over: what, about what, its office, and who will do it."""
    return [
        (
            worded(move.deadline.task.flow_task.task_title, township),
            move.deadline.label,
            registry.title_of(move.deadline.office, into),
            listed(user.name for user in move.to) or _("暂无人担任"),
        )
        for move in moves(township, into, on)
    ]
