"""The residents' pages: no account, nothing unpublished, and a way in for whoever has something to say."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any, cast

import segno
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from projects.collection.intake import complete_returned
from projects.collection.models import Proposal
from projects.cycles.documents.composing import document_of
from projects.cycles.documents.pdf import obstacle_to_pdf
from projects.cycles.models import Attachment, Cycle, CycleState
from projects.cycles.papers import KINDS
from projects.evaluation.services import rate_project
from projects.portal import public_follow as follow_selectors
from projects.portal import public_selectors as selectors
from projects.portal.forms import AskErasureForm, CodeForm, CompleteForm, ObjectionForm, RateForm
from projects.portal.public_brake import is_over, sending_of
from projects.retention.intake import request_erasure
from projects.selection.intake import raise_objection
from projects.selection.models import Item, Notice, Objection
from projects.supervision.models import Project
from workflow.audit.services import Act
from workflow.flows.errors import AlreadyDone, Refused
from workflow.inbox.acts_done import new_token, token_of
from workflow.machines.references import number_in
from workflow.people.isolation import PUBLIC, of_units, within
from workflow.people.models import Unit

View = Callable[..., HttpResponseBase]
PLACES_PER_PAGE = 60
TOO_OFTEN = _lazy("操作太频繁，请过一会儿再试。")
CAUGHT = _lazy("页面上有一栏请勿填写，被浏览器自动填上了。请关闭自动填写，刷新页面后再提交。")


def public_page(view: View) -> View:
    """Run a view as the public, whoever is signed in: staff see on these pages what residents see.

    The view renders its page itself: a response rendered later would be rendered outside this context.
    """

    @wraps(view)
    def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with within(PUBLIC):
            return view(request, *args, **kwargs)

    return run


def township_or_404(code: str) -> Unit:
    unit = selectors.township_of(code)
    if unit is None:
        raise Http404(_("没有这个乡镇。"))
    return unit


def shown(
    request: HttpRequest, name: str, unit: Unit | None, status: int = 200, **context: Any
) -> HttpResponse:
    """A page of `templates/public/` under the township's name."""
    context |= {
        "unit": unit,
        "hall": unit,
        "unit_name": f"{unit.name} · {_('居民服务')}" if unit else _("居民服务"),
    }
    return render(request, f"public/{name}.html", context, status=status)


def private(response: HttpResponse) -> HttpResponse:
    """A page whose address is a secret: kept by no cache and no search engine."""
    response["Cache-Control"] = "no-store, private"
    response["X-Robots-Tag"] = "noindex"
    return response


def resident(unit: Unit, request_id: str = "") -> Act:
    """An act of somebody without an account, now. request_id: of the one sending it is done with (`sending_of`)."""
    return Act(None, "resident", unit, timezone.now(), request_id=request_id)


def writing(unit: Unit) -> Any:
    """The context a resident's checked act is written in: this township alone."""
    return within(of_units((unit.pk,), writes=(unit.pk,)))


# ------------------------------------------------------------------------------- townships


@require_safe
@public_page
def public_home(request: HttpRequest) -> HttpResponse:
    """Choose the township; the only one there is needs no choice."""
    search = request.GET.get("q", "").strip()[:40]
    page = Paginator(selectors.townships(search), PLACES_PER_PAGE).get_page(request.GET.get("page"))
    if page.paginator.count == 1 and not search:
        return redirect("township", page[0].code)
    return shown(request, "home", None, places=selectors.places_of(page), page=page, search=search)


@require_safe
@public_page
def township(request: HttpRequest, code: str) -> HttpResponse:
    """A township's first page: what is going on and what a resident can do now."""
    unit, today = township_or_404(code), timezone.localdate()
    cycles = selectors.years_of(unit)
    projects = Project.objects.filter(unit=unit, cycle__in=_with_projects(cycles))
    cards = selectors.cards_of(unit, projects)
    return shown(
        request,
        "township",
        unit,
        intake=selectors.intake_of(unit, today),
        years=selectors.open_years(cycles, today),
        all_years=cycles,
        chosen=[card for card in cards if card.project.state in selectors.CHOSEN],
        ongoing=[card for card in cards if card.project.state in selectors.ONGOING],
        finished=[card for card in cards if card.project.state in selectors.FINISHED],
        can_rate=any(card.can_be_rated for card in cards),
        papers=selectors.latest_papers(unit),
        notice=_open_notice(cycles),
        changes=selectors.changes_told(unit),
    )


def _with_projects(cycles: list[Cycle]) -> list[Cycle]:
    """Years being carried out, and the last one that was."""
    running = [c for c in cycles if c.state in (CycleState.SUPERVISING, CycleState.EVALUATING)]
    return running or [c for c in cycles if c.state == CycleState.CLOSED][:1]


def _open_notice(cycles: list[Cycle]) -> Any:
    """The list that is posted today, if any."""
    today = timezone.localdate()
    notices = selectors.latest_notices(cycles)
    return next((n for n in notices.values() if selectors.is_posted(n, today)), None)


# ------------------------------------------------------------------------------- a year


@require_safe
@public_page
def township_year(request: HttpRequest, code: str, year: int) -> HttpResponse:
    """Everything published about one year, in the order of the steps."""
    unit = township_or_404(code)
    cycles = [cycle for cycle in selectors.years_of(unit) if cycle.year == year]
    cycle = _chosen(cycles, request.GET.get("period", ""))
    return shown(request, "year", unit, periods=cycles, **with_anchors(year_context(unit, cycle)))


def _chosen(cycles: list[Cycle], period: str) -> Cycle:
    """The cycle of a period, or the newest of the year."""
    if not cycles:
        raise Http404(_("没有这个年度的公开内容。"))
    return next((cycle for cycle in cycles if cycle.period == period), cycles[0])


def year_context(unit: Unit, cycle: Cycle) -> dict[str, Any]:
    """The parts of a year's page."""
    today, papers = timezone.localdate(), selectors.published_papers(cycle)
    notice = selectors.latest_notices([cycle]).get(cycle.pk)
    rounds: dict[int, list[Any]] = {}
    for line in selectors.measurement_table(cycle):
        rounds.setdefault(line.project.pk, []).append(line)
    return {
        "cycle": cycle,
        "now": selectors.year_of(cycle, today, notice),
        "call": next((p for p in reversed(papers) if p.kind == "call"), None),
        "account": next((p for p in reversed(papers) if p.kind == "account"), None),
        "papers": [{"paper": p, "kind": KINDS.get(p.kind, "")} for p in papers],
        "notice": notice,
        "items": list(selectors.posted_items(notice)) if notice else [],
        "may_object": bool(notice and selectors.is_posted(notice, today)),
        "results": selectors.results_of(cycle),
        "cards": [
            {"card": card, "rounds": rounds.get(card.project.pk, [])}
            for card in selectors.cards_of(unit, Project.objects.filter(cycle=cycle))
        ],
        "measured": bool(rounds),
        "rules": cycle.rules,
    }


def with_anchors(context: dict[str, Any]) -> dict[str, Any]:
    """Where the step bar leads on a year's page; a step without a part of its own there leads nowhere."""
    has_session_papers = any(row["paper"].step == 3 for row in context["papers"])
    parts = [
        ("call", context["call"]),
        ("candidates", context["notice"]),
        ("papers", has_session_papers),
        ("results", context["results"]),
        ("projects", context["cards"]),
        ("satisfaction", context["cards"]),
    ]
    return context | {"anchors": [f"#{name}" if there else "" for name, there in parts]}


@require_http_methods(["GET", "HEAD", "POST"])
@public_page
def object_to_notice(request: HttpRequest, code: str, year: int) -> HttpResponse:
    """Raise an objection to the posted list; whoever does gets a code to read the answer by."""
    unit = township_or_404(code)
    cycles = [cycle for cycle in selectors.years_of(unit) if cycle.year == year]
    if "period" in request.GET:
        cycles = [_chosen(cycles, request.GET["period"])]
    notices = selectors.latest_notices(cycles).values()
    notice = next((n for n in notices if selectors.is_posted(n, timezone.localdate())), None)
    if notice is None:
        raise Http404(_("现在没有公示中的名单。"))
    form = ObjectionForm(request.POST or None, items=selectors.posted_items(notice))
    raised = None
    if form.is_valid() and _may(request, form, "object"):
        sent = sending_of(token_of(request), form.cleaned_data)
        raised = refusable(form, lambda: _object(unit, notice, sent, **form.cleaned_data))
    if raised:
        request.session["objected"] = raised.code
        return redirect("objection", unit.code, raised.code)
    more = {"form": form, "notice": notice, "year": year, "once": new_token()}
    return shown(request, "object", unit, status=_status(form), **more)


def _object(unit: Unit, notice: Notice, sent: str, *, words: str, item: Item | None) -> Objection:
    """The objection; of a form sent twice the one it was."""
    with writing(unit):
        try:
            return raise_objection(resident(unit, sent), notice, words=words, item=item.pk if item else None)
        except AlreadyDone as before:
            return Objection.objects.get(pk=cast(int, number_in(before.entry.subject, Objection)))


def _may(request: HttpRequest, form: Any, what: str) -> bool:
    """The brakes: an address that acts too often, and a box only machines fill."""
    if is_caught(form):
        return False
    if is_over(request, what):
        form.add_error(None, TOO_OFTEN)
        return False
    return True


def is_caught(form: Any) -> bool:
    """Whether the box people do not see was filled in; then the form says which: a browser may have done it by itself."""
    if not getattr(form, "caught", lambda: False)():
        return False
    form.add_error(None, CAUGHT)
    return True


def refusable(form: Any, act: Callable[[], Any]) -> Any:
    """Do it; a refusal becomes the form's own error and nothing is returned."""
    try:
        return act()
    except Refused as refused:
        for reason in refused.reasons:
            form.add_error(None, reason)
    return None


def _status(form: Any) -> int:
    return 422 if form.is_bound and form.errors else 200


# ------------------------------------------------------------------------------- following


@require_http_methods(["GET", "HEAD", "POST"])
@public_page
def follow(request: HttpRequest) -> HttpResponse:
    """Ask for a proposal or an objection by its code."""
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _may(request, form, "lookup"):
        code = form.cleaned_data["code"]
        if found := selectors.find_code(code):
            return redirect(found.kind, found.unit.code, code)
        form.add_error("code", _("没有这个查询码，请核对后再试。"))
    return private(shown(request, "follow", None, status=_status(form), form=form))


@require_http_methods(["GET", "HEAD", "POST"])
@public_page
def proposal(request: HttpRequest, code: str, query_code: str) -> HttpResponse:
    """What became of one proposal; a returned one can be put right here."""
    unit = township_or_404(code)
    way = follow_selectors.way_of(unit, query_code)
    if way is None:
        if is_over(request, "lookup"):
            return shown(request, "too_often", unit, status=429)
        raise Http404(_("没有这件意见建议。"))
    form = _completing(request, unit, way)
    if form is not None and form.is_bound and not form.errors:
        messages.success(request, _("已收到您的补充，将重新受理。"))
        return redirect("proposal", unit.code, query_code)
    return private(
        shown(request, "proposal", unit, status=_status(form) if form else 200, way=way, form=form)
    )


def _completing(request: HttpRequest, unit: Unit, way: follow_selectors.Way) -> CompleteForm | None:
    """The form that completes a returned proposal, done when it was posted and is without errors."""
    if not way.can_complete:
        return None
    form = CompleteForm(request.POST or None, initial={"content": way.proposal.content})
    if form.is_valid() and _may(request, form, "complete"):
        refusable(form, lambda: _complete(unit, way.proposal.code, form.cleaned_data["content"]))
    return form


def _complete(unit: Unit, code: str, content: str) -> None:
    with writing(unit):
        returned = follow_selectors.returned_proposal(unit, code)
        if returned is None:
            raise Refused(_("这件意见建议已在办理，不用再补充。"))
        complete_returned(resident(unit), returned, content=content)


@require_http_methods(["GET", "HEAD", "POST"])
@public_page
def ask_erasure(request: HttpRequest, code: str, query_code: str) -> HttpResponse:
    """Whoever has a proposal's code asks for its contact to be erased; the proposal's page tells the answer."""
    unit = township_or_404(code)
    way = follow_selectors.way_of(unit, query_code)
    if way is None:
        if is_over(request, "lookup"):
            return shown(request, "too_often", unit, status=429)
        raise Http404(_("没有这件意见建议。"))
    form = AskErasureForm(request.POST or None)
    sent = form.is_valid() and _may(request, form, "complete")
    if sent and refusable(form, lambda: _ask_erasure(unit, query_code)):
        messages.success(request, _("已收到您的申请，答复在本页查看。"))
        return redirect("proposal", unit.code, query_code)
    return private(shown(request, "ask_erasure", unit, status=_status(form), way=way, form=form))


def _ask_erasure(unit: Unit, code: str) -> Any:
    with writing(unit):
        return request_erasure(resident(unit), Proposal.objects.get(unit=unit, code=code))


@require_safe
@public_page
def objection(request: HttpRequest, code: str, query_code: str) -> HttpResponse:
    """An objection and its answer, for whoever has its code."""
    unit = township_or_404(code)
    found = follow_selectors.objection_of(unit, query_code)
    if found is None:
        if is_over(request, "lookup"):
            return shown(request, "too_often", unit, status=429)
        raise Http404(_("没有这件异议。"))
    fresh = request.session.pop("objected", "") == found.code
    days = selectors.days_promised("selection.objection", unit, found.notice.cycle)
    return private(shown(request, "objection", unit, objection=found, fresh=fresh, days=days))


# ------------------------------------------------------------------------------- projects


def _card_or_404(unit: Unit, number: int) -> selectors.Card:
    card = selectors.public_project(unit, number)
    if card is None:
        raise Http404(_("没有这个项目。"))
    return card


def _project_context(card: selectors.Card, form: RateForm | None = None) -> dict[str, Any]:
    form = form or (RateForm() if card.can_be_rated else None)
    return {
        "card": card,
        "project": card.project,
        "form": form,
        "once": new_token(),
        **selectors.project_page(card),
    }


@require_safe
@public_page
def public_project(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """One project as the public may know it."""
    unit = township_or_404(code)
    return shown(request, "project", unit, **_project_context(_card_or_404(unit, number)))


@require_http_methods(["GET", "HEAD", "POST"])
@public_page
def rate(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """A resident's rating of a finished project: once per browser, no name asked. The form is on the project's page."""
    unit = township_or_404(code)
    if request.method != "POST":
        return redirect("public_project", unit.code, number)
    card, form = _card_or_404(unit, number), RateForm(request.POST)
    rated, done = request.session.get("rated", []), False
    if number in rated:
        form.add_error(None, _("您已经评价过这个项目，谢谢。"))
    elif form.is_valid() and _may(request, form, "rate"):
        sent = sending_of(token_of(request), form.cleaned_data)
        done = refusable(form, lambda: _rate(unit, card.project, sent, **form.cleaned_data))
    if not done:
        return shown(request, "project", unit, status=422, **_project_context(card, form))
    request.session["rated"] = [*rated, number]
    messages.success(request, _("谢谢，您的评价已经收到。"))
    return redirect("public_project", unit.code, number)


def _rate(unit: Unit, project: Project, sent: str, *, grade: str, words: str) -> bool:
    """Whether the rating is in; of a form sent twice it is in once."""
    with writing(unit), suppress(AlreadyDone):
        rate_project(resident(unit, sent), project, grade=grade, words=words)
    return True


@require_safe
@public_page
def project_sign(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """A sheet to hang at the site: what is being built, by whom, and the code that leads to its page."""
    unit = township_or_404(code)
    card = _card_or_404(unit, number)
    url = request.build_absolute_uri(reverse("public_project", args=[unit.code, number]))
    drawing = segno.make(url, error="m").svg_inline(scale=6, border=2)
    # The drawing holds the address as squares only; nothing of it is text that could be markup.
    return shown(request, "sign", unit, project=card.project, url=url.split("/"), drawing=mark_safe(drawing))  # noqa: S308


# ------------------------------------------------------------------------------- papers and files


@require_safe
@public_page
def paper(request: HttpRequest, number: int) -> HttpResponse:
    """A published paper as its PDF and its Word file are; the files kept with it are links here."""
    found = selectors.published_paper(number)
    if found is None:
        raise Http404(_("没有这份公开文件。"))
    if found.kind == "trackers":
        return redirect("trackers", found.pk)
    files = Attachment.objects.filter(subject=found.reference, public=True).order_by("pk")
    document = document_of(found)
    return shown(
        request, "paper", found.unit, paper=found, document=document, files=files, no_pdf=obstacle_to_pdf()
    )


@require_GET
@public_page
def public_file(request: HttpRequest, number: int) -> FileResponse:
    """A file that was made public: pictures are shown, anything else is saved."""
    found = Attachment.objects.filter(pk=number, public=True).first()
    if found is None or not found.file.storage.exists(str(found.file.name)):
        raise Http404(_("没有这个文件。"))
    is_picture = found.name.lower().endswith(selectors.PICTURES)
    kind = mimetypes.guess_type(found.name)[0] if is_picture else "application/octet-stream"
    return FileResponse(
        found.file.open("rb"), as_attachment=not is_picture, filename=found.name, content_type=kind
    )
