"""更换监票人、计票人: one recorded decision of the hall before a vote opens (rules.md §6.2: it adopts the tellers).

The same at the desk of every vote, whose tellers the hall has adopted (`sitting.adopt_tellers`, `put_method`, `adopt_method`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy

from projects.ballots import tellers
from projects.ballots.desk import Desk
from projects.ballots.models import Vote
from projects.cycles.divisions import figures_of, sentence_of
from projects.cycles.models import Paper, SessionState
from projects.cycles.papers import make_paper
from projects.cycles.selectors import cycle_of, paper_of, standard_of
from projects.cycles.services import congress_decided
from projects.deliberation import selectors
from projects.deliberation.rules import teller_warnings
from projects.deliberation.sitting import list_title, listed, published_lists
from workflow.audit.services import Act
from workflow.flows.base import OfficeFlow
from workflow.flows.errors import Refused
from workflow.flows.processes import begun_anew
from workflow.flows.services import Outcome
from workflow.people.models import Unit, User
from workflow.people.saying import said as _
from workflow.people.wording import worded

# The act by which the hall replaces one of its tellers or counters before a vote opens.
REPLACING = gettext_lazy("更换监票人、计票人")


@dataclass(frozen=True)
class Place:
    """One place on the list adopted. holds: whether its office has not ended yet."""

    office: str
    user: User
    holds: bool

    @property
    def code(self) -> str:
        return f"{self.office}:{self.user.pk}"


def places_of(vote: Vote, on: date) -> list[Place]:
    """Who serves, and whom the list names whose office has ended since: a place to be filled all the same.

    A list of an earlier session is not this vote's: its places ended with that session, and are nobody's to fill.
    """
    now, paper = tellers.serving(vote.unit, on), list_of(vote)
    named = paper.data if paper else {}
    found = []
    for office, users in now.items():
        gone = User.objects.filter(pk__in=named.get(office, [])).exclude(pk__in=[user.pk for user in users])
        found += [Place(office, user, True) for user in users]
        found += [Place(office, user, False) for user in gone.order_by("pk")]
    return found


def able_to_serve(vote: Vote, office: str, on: date) -> list[User]:
    """Of whom a place at a vote's desk is filled: a counter's of the staff, a teller's of those who sit at its session."""
    if office == "counter":
        return selectors.staff_of(vote.unit, on)
    return selectors.sitting(vote.session, vote.unit, on)


def obstacles_of_kind(vote: Vote, office: str, successor: User, on: date) -> list[str]:
    """Why somebody is not of those whose place it is (rules.md §6.2: tellers are deputies, counters are staff)."""
    if successor in able_to_serve(vote, office, on):
        return []
    if office == "counter":
        return [_("计票人由工作人员担任，请另选。")]
    return [_("监票人由代表担任，请另选。")]


def list_of(vote: Vote) -> Paper | None:
    """The list of tellers and counters published last for a vote; None before there is one.

    Its data: ids of persons by office; `adopted`: the figures of the hall's decision on it, or `adopted_before`: of the last
    one on those the presidium has added to since, with its day (`on`); `by_presidium`: ids of the counters it has added.
    """
    cycle = cycle_of(vote)
    paper = paper_of(cycle, "tellers") if cycle else None
    if paper is None or not paper.published_at:
        return None
    return None if vote.session and paper.made_on < vote.session.held_on else paper


def publish_list(
    act: Act, vote: Vote, because: str, *, step: int, data: Mapping[str, Any], added: Iterable[User] = ()
) -> Paper:
    """The list as it is now; the one it takes the place of is kept, and said to be superseded.

    because: what has changed it, as its title says. data: what the list says of itself besides its names (`list_of`).
    added: counters the presidium has named by this act; with those it had named before they stand apart from whom the
    hall has adopted.
    """
    before = list_of(vote)
    people = {
        office: [str(user.pk) for user in users]
        for office, users in tellers.serving(vote.unit, act.on).items()
    }
    named = {*(before.data.get("by_presidium", ()) if before else ()), *(str(user.pk) for user in added)}
    apart = [pk for pk in people["counter"] if pk in named]
    data = people | dict(data) | ({"by_presidium": apart} if apart else {})
    return make_paper(
        act,
        cycle_of(vote),
        "tellers",
        list_title(act.unit, because, published_lists(cycle_of(vote), vote.session)),
        body=_body(act.unit, people, apart, data),
        data=data | ({"instead_of": before.reference} if before else {}),
        step=step,
        publish=True,
    )


def _body(hall: Unit, people: Mapping[str, list[str]], apart: list[str], data: Mapping[str, Any]) -> str:
    """Names by office; whom the hall has adopted and whom the presidium has named are told apart."""
    adopted = {office: [pk for pk in ids if pk not in apart] for office, ids in people.items()}
    lines = [listed(adopted)]
    if apart:
        names = User.objects.filter(pk__in=apart).order_by("pk").values_list("name", flat=True)
        lines.append(f"{worded(_('复票计票人（主席团确定）'), hall)}：{'、'.join(names)}")
    if of_hall := data.get("adopted_before"):
        day = {"day": date_format(date.fromisoformat(of_hall["on"]))}
        figures = sentence_of(of_hall) if "needed" in of_hall else ""
        lines.append(_("总监票人、监票人、计票人名单由会议于%(day)s通过。") % day + figures)
    if apart:
        lines.append(worded(_("复票计票人由主席团确定，未提交代表表决。"), hall))
    return "\n".join(lines)


def _nobody(_vote: Vote) -> Mapping[str, str]:
    return {}


def _in_office(vote: Vote, _on: date) -> int:
    return vote.deputies_in_office


def _meets(_subject: Any, _at: datetime) -> Sequence[str]:
    return ()


@dataclass(frozen=True)
class Replacing:
    """The act at one kind of vote's desk. anew: the vote's flow, which begins again where its key is forgotten.

    members: vote, day → N of the hall. meets: subject, at → why a hall that is no session does not meet now. leaders: vote
    → what is on the paper and who leads it, of whom none should count it (rules.md §6.2, D).
    """

    desk: Desk
    anew: type[OfficeFlow]
    step: int
    members: Callable[[Vote, date], int] = _in_office
    meets: Callable[[Any, datetime], Sequence[str]] = _meets
    leaders: Callable[[Vote], Mapping[str, str]] = _nobody

    def obstacles(self, subject: Any, at: datetime) -> list[str]:
        """Why nobody on the list is replaced now: no vote, no hall that could decide, no list yet, ballots out already."""
        vote = self.desk.current(subject)
        if vote is None:
            return [_("票决办法和监票人名单尚未通过，人选变动的，由主席团重新确定后提请通过。")]
        if vote.session and vote.session.state != SessionState.OPEN:
            return [_("监票人、计票人由会议通过，会议举行期间才更换。")]
        if found := [*self.meets(subject, at), *tellers.obstacles_to_replacing(vote)]:
            return found
        if not places_of(vote, localdate(at)):
            return [_("监票人、计票人名单尚未由会议通过，通过后人选变动的再更换。")]
        return []

    def replace(
        self, act: Act, subject: Any, *, leaving: str, successor: str, reason: str, present_number: int, **record: Any
    ) -> Outcome:  # fmt: skip
        """The old one's office ends, the new one's begins, the list is published anew; who held a key has it no longer.

        leaving: a place (`Place.code`); successor: id of a person; record: the hall's, as `congress_decided` takes it. The
        vote's flow begins anew where its key does. Refused: a successor who is not of those whose place it is, and whom
        `tellers.replace` refuses.
        """
        office, left = leaving.split(":")
        old, new = User.objects.get(pk=left), User.objects.get(pk=successor)
        if not self.desk.vote_of(subject).holders.filter(office=office, by=old).exists():
            vote = self._replaced(act, subject, office, old, new, reason)
        else:
            with begun_anew(self.anew, subject, act, reason=reason):
                vote = self._replaced(act, subject, office, old, new, reason)
        cycle = cycle_of(vote)
        assert cycle is not None  # every vote is about a year
        members = self.members(vote, act.on)
        meeting = congress_decided(
            act, cycle, str(REPLACING), members=members, present=present_number, **record
        )
        title = _("大会纪要（更换监票人、计票人）") if vote.session else _("会议纪要（更换监票人、计票人）")
        make_paper(act, cycle, "minutes", title, body=meeting.minutes, step=self.step)
        warnings = self._warnings(vote, office, new)
        data = {"adopted": figures_of(meeting, standard_of(cycle)), "warnings": warnings}
        publish_list(act, vote, _("更换后"), step=self.step, data=data)
        told = {"office": office, "left": old.username, "successor": new.username, "warnings": warnings}
        return Outcome(after=told, reason=reason)

    def _replaced(self, act: Act, subject: Any, office: str, old: User, new: User, reason: str) -> Vote:
        vote = self.desk.locked(subject)
        if reasons := obstacles_of_kind(vote, office, new, act.on):
            raise Refused(*reasons)
        document = f"{vote.session or cycle_of(vote)}通过"
        tellers.replace(act, vote, office, old, new, document=document, reason=reason)
        return vote

    def _warnings(self, vote: Vote, office: str, new: User) -> list[str]:
        return [] if office == "counter" else teller_warnings({new.name}, self.leaders(vote))
