"""The staff's pages that read several rooms: years, projects, votes, rules, the trail."""

from __future__ import annotations

import json
import mimetypes
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from projects.ballots.chains import ways_of
from projects.ballots.reporting import readable_files
from projects.ballots.retention import in_backups_until
from projects.ballots.selectors import vote_page, with_recounts
from projects.cycles.divisions import division_of
from projects.cycles.documents.pdf import obstacle_to_pdf
from projects.cycles.documents.sealing import seal_of
from projects.cycles.events import REVISE_RULES
from projects.cycles.models import Attachment, Cycle
from projects.cycles.papers import KINDS, maker_of
from projects.cycles.rulebook import FIXED, GROUPS, Rules, diff, said
from projects.cycles.selectors import book_named, book_to_freeze, rulebook_in_force, rules_in_force
from projects.cycles.steps import STEPS
from projects.evaluation.archives import archive_told
from projects.lifecycle.events import START_YEAR
from projects.lifecycle.seat_table import rows_of
from projects.oversight.figures import figures_by_year, reached
from projects.oversight.selectors import township_below, townships_below
from projects.portal import matter_selectors as matters
from projects.portal import staff_selectors as selectors
from projects.portal.acts import offers_in, offers_on
from projects.portal.before_vote import offered_before_vote
from projects.portal.beside import files_on
from projects.portal.conformance import reads_checks
from projects.portal.documents import paper_on_file
from projects.portal.polling import links_of
from projects.portal.public_selectors import Card, carried_words
from projects.portal.scope import PAGES, refuse_outside, scope_told
from projects.portal.staff_selectors import cycle_named
from projects.supervision.models import ChangeState, ProjectState
from projects.supervision.selectors import going_on_after, project_file
from workflow.administration.purpose import purpose_first, purpose_of
from workflow.administration.taking import file_taken
from workflow.audit.models import Entry
from workflow.flows.errors import InvalidForm, Refused
from workflow.flows.events import Event, perform
from workflow.flows.forms import StepForm
from workflow.inbox.asked import number_asked, year_asked
from workflow.inbox.attempts import attempted
from workflow.inbox.story import lines_of
from workflow.inbox.views import event_check
from workflow.machines.references import number_in
from workflow.people.models import Unit
from workflow.people.wording import worded
from workflow.roles import registry
from workflow.roles.middleware import acting_grant, in_office
from workflow.roles.models import RoleGrant

PER_PAGE = 30
LINES = 10
VOTE_STEP = 4
SHOWN = ("image/jpeg", "image/png", "image/webp", "application/pdf")


def home(request: HttpRequest) -> HttpResponse:
    """Where a person lands: work in the inbox, oversight at the county, the public pages for everybody else."""
    grant = getattr(request, "acting", None)
    if grant is None:
        return redirect("public_home")
    if grant.office == "county":
        return redirect("county")
    if grant.office == "admin":
        return redirect("people")
    return redirect("trail" if grant.office == "auditor" else "inbox")


# ------------------------------------------------------------------------------- years


@require_safe
def years(request: HttpRequest) -> HttpResponse:
    """The years of the township, or of all townships below a county."""
    grant = acting_grant(request)
    page = Paginator(selectors.cycles_visible(grant), PER_PAGE).get_page(request.GET.get("page"))
    rows = selectors.matrix(list(page), timezone.localdate(), grant)
    now = timezone.now()
    context = {
        "page": page,
        "rows": rows,
        "limit": scope_told(grant),
        "may_start": grant.office == "chair" and grant.tenant.ends_on is None,
        "unit": grant.tenant,
        "events": [o for o in offers_on([grant.tenant], grant, now) if o.event is not START_YEAR],
        "terms": selectors.terms_of(grant.tenant),
    }
    return render(request, "portal/years.html", context)


def start(request: HttpRequest) -> HttpResponse:
    """The chair founds the next year from its planned days, after a look at what they hold."""
    grant = acting_grant(request)
    if grant.office != "chair":
        raise PermissionDenied(_("年度工作由人大主席启动。"))
    if request.POST.get("op") == "submit":
        act = grant.act(grant.tenant, timezone.now())
        typed = START_YEAR.form_for(grant.tenant, act, grant, request.POST)
        if typed.is_valid():
            return render(
                request, "workflow/check.html", event_check(request, START_YEAR, grant.tenant, typed)
            )
    form, entry = event_done(request, grant, START_YEAR)
    if entry:
        return redirect("year", pk=number_in(json.loads(entry.body)["after"]["cycle"], Cycle))
    context = {"form": form, "book": book_to_freeze(grant.tenant)}
    return render(request, "portal/start.html", context, status=422 if form.errors else 200)


def event_done(
    request: HttpRequest, grant: RoleGrant, wanted: Event, **initial: Any
) -> tuple[StepForm, Entry | None]:
    """An event on one's own township: performed where it was posted, with its entry; else its form, with what is wrong."""
    unit = grant.tenant
    act = grant.act(unit, timezone.now())
    if request.method != "POST":
        return wanted.form_for(unit, act, grant, initial=initial), None

    def done() -> tuple[StepForm, Entry | None]:
        entry = perform(wanted.key, unit, actor=act.person, office=grant.office, data=request.POST, at=act.at)
        return wanted.form_for(unit, act, grant), entry

    def again(refused: Refused, _status: int) -> tuple[StepForm, Entry | None]:
        if isinstance(refused, InvalidForm):
            return cast(StepForm, refused.form), None
        form = wanted.form_for(unit, act, grant, request.POST).unchecked()
        for reason in refused.reasons:
            form.add_error(None, str(reason))
        return form, None

    return attempted(done, again)


@require_safe
def year(request: HttpRequest, pk: int) -> HttpResponse:
    """A township's year as a task list by step, with its papers and what may be done of one's own accord."""
    grant = acting_grant(request)
    cycle = get_object_or_404(Cycle.objects.select_related("unit"), pk=pk)
    going_on = going_on_after(cycle)
    context = {
        "cycle": cycle,
        "hall": cycle.unit,
        "going_on": going_on,
        "carried": carried_words(cycle, going_on),
        "steps": selectors.tasks_by_step(cycle),
        "provisional": selectors.has_provisional(cycle),
        "figures": figures_by_year([cycle.pk], timezone.localdate())[cycle.pk] if grant.reads_all else None,
        "limit": scope_told(grant),
        "reads_proposals": grant.covers("1", "2"),
        "papers": selectors.papers_by_step(cycle, grant.office),
        "projects": selectors.projects_visible(grant).filter(cycle=cycle),
        "sessions": selectors.sessions_of(cycle),
        "votes": selectors.votes_on(cycle),
        "meetings": selectors.meetings_on(cycle, grant.office),
        "county_words": selectors.county_words(cycle),
        "events": offers_in(cycle, grant, timezone.now()),
        "notices": matters.notices_of(cycle),
        "today": timezone.localdate(),
        **offered_before_vote(grant),
        "current_step": reached(cycle.state),
        "dossier": archive_told(cycle, grant),
        "reads_checks": reads_checks(grant),
    }
    return render(request, "portal/year.html", context)


# ------------------------------------------------------------------------------- projects and votes


@require_safe
def projects(request: HttpRequest) -> HttpResponse:
    """Every elected project the office may see."""
    grant = acting_grant(request)
    wanted, state = year_asked(request), request.GET.get("state", "")
    shown = selectors.projects_visible(grant)
    years = list(shown.order_by("-cycle__year").values_list("cycle__year", flat=True).distinct())
    if wanted:
        shown = shown.filter(cycle__year=wanted)
    if state in ProjectState.values:
        shown = shown.filter(state=state)
    context = {
        "page": Paginator(shown, PER_PAGE).get_page(request.GET.get("page")),
        "state": dict(ProjectState.choices).get(state, ""),
        "tabs": [
            {"label": _("全部年度"), "url": request.path, "current": not wanted},
            *({"label": str(y), "url": f"?year={y}", "current": wanted == y} for y in years),
        ],
    }
    return render(request, "portal/projects.html", context)


@require_safe
def pool(request: HttpRequest) -> HttpResponse:
    """The township's pool: proposals outside a window and matters in reserve, each with its way back in."""
    grant = acting_grant(request)
    refuse_outside(grant, *PAGES["pool"])
    unit = township_asked(request, grant)
    page = Paginator(selectors.pooled_proposals(unit), PER_PAGE).get_page(request.GET.get("page"))
    items = Paginator(selectors.reserved_items(unit), PER_PAGE).get_page(request.GET.get("items"))
    context = {
        "unit": unit,
        "townships": choice_of_townships(grant),
        "page": page,
        "items": items,
        "may_take_up": grant.office == "gov_clerk",
    }
    return render(request, "portal/pool.html", context)


@require_safe
def project(request: HttpRequest, pk: int) -> HttpResponse:
    """A project's file: facts, money, milestones, reports, findings, decisions, trail."""
    grant = acting_grant(request)
    held = get_object_or_404(selectors.projects_visible(grant), pk=pk)
    entries = Entry.objects.filter(subject=held.reference).select_related("actor", "unit").order_by("-id")
    lines = lines_of(entries[:LINES])
    context = {
        "project": held,
        "hall": held.unit,
        "lines": lines,
        "events": offers_on([held, *held.changes.filter(state=ChangeState.ASKED)], grant, timezone.now()),
        "files": files_on(held.reference),
        "votes": selectors.votes_on(held.cycle),
        "tasks": matters.open_tasks_on(held),
        "today": timezone.localdate(),
    }
    return render(request, "portal/project.html", project_file(held) | context | {"lit": Card(held).is_lit})


@require_safe
def paper(request: HttpRequest, pk: int) -> HttpResponse:
    """A paper of the file, for whoever works with it."""
    held = paper_on_file(request, pk)
    context = {
        "paper": held,
        "hall": held.unit,
        "no_pdf": obstacle_to_pdf(),
        "kind": KINDS.get(held.kind, ""),
        "attachments": files_on(held.reference),
        "division": division_of(held),
        "maker": maker_of(held),
        "seal": seal_of(held),
        "project": selectors.project_named(held.subject),
        "votes": selectors.votes_on(held.cycle) if held.cycle and held.step == VOTE_STEP else [],
    }
    return render(request, "portal/paper.html", context)


@require_safe
def staff_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A file of the township's records: pictures and PDF are shown, anything else is saved."""
    grant = acting_grant(request)
    files = readable_files(Attachment.objects.select_related("unit"), grant.office)
    held = get_object_or_404(files, pk=pk)
    if not held.file.storage.exists(str(held.file.name)):
        raise Http404(_("没有这个文件。"))
    kind = mimetypes.guess_type(held.name)[0] or ""
    shown = kind in SHOWN
    if not shown and not held.public:
        if ask := purpose_first(request, grant):
            return ask
        act, ending = grant.act(held.unit, timezone.now()), held.name.rpartition(".")[2]
        file_taken(
            act,
            held.subject,
            what="attachment",
            form=ending[:10],
            label=held.name,
            reason=purpose_of(request),
        )
    return FileResponse(
        held.file.open("rb"),
        as_attachment=not shown,
        filename=held.name,
        content_type=kind if shown else "application/octet-stream",
    )


@require_safe
def votes(request: HttpRequest) -> HttpResponse:
    """Every vote the office may see, the latest first."""
    grant = acting_grant(request)
    refuse_outside(grant, *PAGES["votes"])
    page = Paginator(selectors.votes_visible(grant), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "portal/votes.html", {"page": page, "votes": with_recounts(page.object_list)})


@require_safe
def vote(request: HttpRequest, pk: int) -> HttpResponse:
    """One vote: its roll, its reconciliation and, once declared, its result with base and reason."""
    grant = acting_grant(request)
    (held,) = with_recounts([get_object_or_404(selectors.votes_visible(grant), pk=pk)])
    cycle, ways = cycle_named(held.about_reference), ways_of(held)
    modes, channels = said("ballot_mode").choices, said("ballot_channel").choices
    context = {
        "vote": held,
        "hall": held.unit,
        "cycle": cycle,
        "mode": modes.get(held.mode, ""),
        "channel": channels[held.own_channel] if held.device or held.keypad else "",
        "ways": ways,
        "settled": any(way.settles for way in ways),
        "papers": selectors.vote_papers(cycle, grant.office) if cycle else [],
        **offered_before_vote(in_office(request).acting),
        "links": links_of(held, acting_grant(request)),
        "files": files_on(held.reference, office=grant.office),
        "events": [
            *(offers_in(cycle, grant, timezone.now(), also_on=held) if cycle else []),
            *offers_on([held], grant, timezone.now()),
        ],
        "in_backups_until": in_backups_until(held, timezone.localdate()),
    }
    return render(request, "portal/vote.html", context | vote_page(held))


# ------------------------------------------------------------------------------- rules and seats


def township_asked(request: HttpRequest, grant: RoleGrant) -> Unit:
    """The township a page is about: one's own, or the one a county's link names."""
    code = request.GET.get("unit", "")
    if registry.office(grant.office).reads_below:
        found = township_below(grant.tenant, code) if code else townships_below(grant.tenant).first()
        if found is None:
            raise Http404(_("没有这个乡镇。"))
        return found
    return grant.tenant


def _cycle_asked(request: HttpRequest, unit: Unit) -> Cycle | None:
    """The cycle a link names by its number; None where it names none of this township's."""
    wanted = number_asked(request.GET, "cycle")
    return None if wanted is None else Cycle.objects.filter(unit=unit, pk=wanted).first()


def choice_of_townships(grant: RoleGrant) -> list[Unit]:
    """The townships a page may be turned to; none for somebody who sees one's own alone."""
    return list(townships_below(grant.tenant)) if registry.office(grant.office).reads_below else []


@require_safe
def rulebook(request: HttpRequest) -> HttpResponse:
    """Every setting with its grade, range and default; what this year froze; what changed since."""
    grant = acting_grant(request)
    unit = township_asked(request, grant)
    frozen = Cycle.objects.filter(unit=unit).exclude(rules_data={}).order_by("-year", "-pk").first()
    cycle = _cycle_asked(request, unit)
    rules = cycle.rules if cycle and cycle.rules_data else rules_in_force(unit)
    context = {
        "unit": unit,
        "groups": grouped(rules),
        "tabs": selectors.cycle_tabs(unit, cycle, without=_("现行规则")),
        "townships": choice_of_townships(grant),
        "fixed": FIXED,
        "version": _version_shown(unit, cycle),
        "cycle": cycle,
        "frozen": frozen,
        "changes": diff(frozen.rules, rules_in_force(unit)) if frozen else [],
        "warnings": rules.warnings(),
        "may_edit": grant.office == "chair" and not cycle,
        "edited_at": "rulebook_edit",
    }
    return render(request, "portal/rulebook.html", context)


def _version_shown(unit: Unit, cycle: Cycle | None) -> str:
    """Which rules these are: the version a year froze, else the one in force."""
    book = rulebook_in_force(unit)
    in_force = book.version if book else 0
    return book_named(cycle.rules_version if cycle and cycle.rules_data else in_force)


def grouped(rules: Rules) -> list[tuple[Any, list[Any]]]:
    """Every setting with its grade, range and default, by group."""
    rows = rules.describe()
    return [(title, [r for r in rows if r.group == code]) for code, title in GROUPS.items()]


def rulebook_edit(request: HttpRequest, key: str) -> HttpResponse:
    """The chair puts a new version in force; years already open keep what they froze."""
    grant = acting_grant(request)
    if grant.office != "chair":
        raise PermissionDenied(_("规则由人大主席提请修订。"))
    row = next((r for r in rules_in_force(grant.tenant).describe() if r.key == key), None)
    if row is None or request.POST.get("setting", key) != key:
        raise Http404
    form, entry = event_done(request, grant, REVISE_RULES, setting=key)
    if entry:
        messages.success(request, _("新版规则已施行，已启动的年度仍按启动时的规则办理。"))
        return redirect("rulebook")
    context = {"form": form, "row": row}
    return render(request, "portal/rulebook_edit.html", context, status=422 if form.errors else 200)


@require_safe
def seat_table(request: HttpRequest) -> HttpResponse:
    """The seat table of a township and year, from its flows, grants and rulebook."""
    grant = acting_grant(request)
    unit = township_asked(request, grant)
    cycle = _cycle_asked(request, unit) or Cycle.objects.filter(unit=unit).order_by("-year", "-pk").first()
    rows = rows_of(unit, cycle, timezone.localdate())
    by_step = {n: [row for row in rows if row.step == n and not row.any_step] for n in STEPS}
    steps = [(n, worded(name, unit), by_step[n]) for n, name in STEPS.items()]
    context = {
        "unit": unit,
        "cycle": cycle,
        "tabs": selectors.cycle_tabs(unit, cycle),
        "steps": [*steps, (0, _("各环节"), [row for row in rows if row.any_step])],
        "provisional": any(row.provisional for row in rows),
        "townships": choice_of_townships(grant),
    }
    return render(request, "portal/seat_table.html", context)
