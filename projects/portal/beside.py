"""The pages and papers of the year that stand beside every step, and the vote that stands above the inbox."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from projects.ballots.models import Vote
from projects.ballots.reporting import readable_files, readable_papers
from projects.collection.models import Proposal
from projects.cycles.models import Attachment, Cycle, CycleSession, Paper, Session, SessionState
from projects.cycles.selectors import SITTING
from projects.oversight.selectors import trainings as trainings_of
from projects.portal.acts import LISTED_ON, LISTS, PAGES, Offer, offers_on
from projects.portal.staff_selectors import cycle_named
from projects.portal.voter_admission import open_votes_of
from projects.selection.models import Item, Notice
from projects.supervision.models import Project
from projects.voting.superseding import told_superseded
from workflow.flows.models import Deadline
from workflow.inbox.agenda import Dated, show_dates
from workflow.inbox.banners import Banner, show_banners
from workflow.inbox.beside import Beside, Page, Subject, lead_to, offer_beside, show_beside
from workflow.machines.references import kind_in
from workflow.people.models import Unit, User
from workflow.people.wording import worded
from workflow.roles.models import RoleGrant

LATEST = 8


@show_beside
def of_record(subject: Subject) -> Beside:
    """The year, the project, the session and the vote of a record; its own files and the latest papers of its year."""
    cycle, project = cycle_of(subject), project_of(subject)
    links = [_page(_("项目档案"), project.title, "project", project.pk)] if project else []
    links += _matters(subject)
    if cycle:
        links.append(_page(_("年度流程"), str(cycle), "year", cycle.pk))
    session = subject if isinstance(subject, Session) else getattr(subject, "session", None)
    if session:
        links.append(_page(_("会议"), str(session), "session", session.pk))
    vote = Vote.objects.filter(about_reference=cycle.reference).order_by("-pk").first() if cycle else None
    if vote:
        links.append(_page(_("大会票决"), vote.title, "vote", vote.pk))
    own = subject.reference if project is None else project.reference
    return Beside(links, files_on(subject.reference) + papers_beside(cycle, own))


@lead_to
def own_page(subject: Subject, act: str) -> Page | None:
    """The page on which a record is shown, and on which its acts are listed; of some acts on a unit the page of their own
    matter. act: the key of one, "" for the record alone."""
    if act in LISTED_ON:
        name, title = LISTED_ON[act]
        return Page(title, reverse(name))
    kind = kind_in(subject.reference)
    return Page(LISTS.get(kind, subject.label), PAGES[kind](subject)) if kind in PAGES else None


@offer_beside
def on_the_year(subject: Subject, grant: RoleGrant, at: datetime, task: Deadline) -> list[Offer]:
    """What an office above may do about the year of a record: write to its township, draw a sample.

    What can be about the task itself, while it waits, begins with it.
    """
    cycle = cycle_of(subject)
    offers = offers_on([cycle], grant, at) if cycle else []
    named = {"task": task.pk} if task.waits else {}
    return [replace(one, named=named) if "task" in one.event.linked else one for one in offers]


@show_banners
def open_votes(user: User, grants: Sequence[RoleGrant]) -> list[Banner]:
    """Votes by device under way that wait for this deputy; nobody else is asked about."""
    if not any(grant.office in SITTING for grant in grants):
        return []
    return [
        Banner(_("正在投票"), vote.title, _("进入投票"), reverse("ballot_enter"))
        for vote in open_votes_of(user)
    ]


@show_dates
def sessions(unit: Unit, first: date, last: date) -> Iterator[Dated]:
    """The congress's sessions of a township, and the planned days of its years that have none yet."""
    held = list(Session.objects.select_related("unit").filter(unit=unit, held_on__range=(first, last)))
    for session in held:
        planned = session.state == SessionState.PLANNED
        title = _("拟定会期：%(session)s") % {"session": session} if planned else str(session)
        page = reverse("session", args=[session.pk])
        yield Dated(f"session-{session.pk}", session.held_on, title, url=page)
    used = CycleSession.objects.filter(cycle__unit=unit).values_list("cycle_id", "use")
    taken = set(used)
    for cycle in Cycle.objects.select_related("unit").filter(unit=unit):
        for use, on in (("vote", cycle.planned_t), ("evaluation", cycle.planned_t2)):
            if (cycle.pk, use) not in taken and first <= on <= last:
                words = _("票决会议") if use == "vote" else _("评估会议")
                yield Dated(
                    f"planned-{use}-{cycle.pk}",
                    on,
                    _("拟定会期：%(what)s") % {"what": worded(words, unit)},
                    str(cycle),
                    reverse("year", args=[cycle.pk]),
                )


@show_dates
def trainings(unit: Unit, first: date, last: date) -> Iterator[Dated]:
    """The trainings the county has told a township of (代表培训)."""
    for one in trainings_of(unit, first, last):
        assert one.held_on is not None
        address = f"{reverse('county_notes')}?text={one.pk}#guidance"
        yield Dated(f"training-{one.pk}", one.held_on, one.title, one.place, address)


def cycle_of(subject: Subject) -> Cycle | None:
    """The year a record belongs to; None for one outside every year."""
    return cycle_named(subject.about or subject.reference)


def project_of(subject: Subject) -> Project | None:
    """The project a record is, or is about."""
    return subject if isinstance(subject, Project) else getattr(subject, "project", None)


def _matters(subject: Subject) -> list[dict[str, Any]]:
    """The pages of the proposal, the item and the notice a record is, or is about."""
    found = []
    if isinstance(subject, Proposal):
        found.append(_page(_("意见建议"), subject.title, "staff_proposal", subject.pk))
    item = subject if isinstance(subject, Item) else getattr(subject, "item", None)
    if item:
        found.append(_page(_("候选项目和来源"), item.title, "item", item.pk))
    notice = subject if isinstance(subject, Notice) else getattr(subject, "notice", None)
    if notice:
        found.append(_page(_("候选项目公示"), str(notice), "notice", notice.pk))
    return found


def _page(kind: str, title: str, name: str, number: int) -> dict[str, Any]:
    return {"kind": kind, "label": title, "url": reverse(name, args=[number])}


def files_on(*references: str, office: str = "") -> list[dict[str, Any]]:
    """The files kept with records that an office may read, each with the address staff open it at."""
    held = readable_files(Attachment.objects.filter(subject__in=references), office).order_by("pk")
    return [
        {"name": f.name, "url": reverse("staff_file", args=[f.pk]), "size": f.size, "note": ""} for f in held
    ]


def papers_beside(cycle: Cycle | None, reference: str) -> list[dict[str, Any]]:
    """The latest papers of a record and of its year, the newest first."""
    about = Q(subject=reference) | Q(subject=cycle.reference) if cycle else Q(subject=reference)
    papers = readable_papers(Paper.objects.filter(about)).order_by("-made_on", "-pk")[:LATEST]
    return [
        {
            "name": paper.title,
            "url": reverse("staff_paper", args=[paper.pk]),
            "size": None,
            "note": paper.superseded or date_format(paper.made_on, "DATE_FORMAT"),
        }
        for paper in told_superseded(papers)
    ]
