"""Before the vote: the readiness sheet of a year, its rehearsals, and nothing that is kept."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods, require_safe

from projects.ballots.files import Unusable
from projects.cycles.models import Cycle
from projects.cycles.selectors import paper_of, session_of
from projects.deliberation.readiness import BEFORE, sheet_of
from projects.oversight.services import look_at_readiness
from projects.voting import rehearsing
from projects.voting.readiness import has_begun
from workflow.flows.fields import PlainForm
from workflow.flows.uploads import MB
from workflow.inbox.asked import number_asked
from workflow.roles.middleware import acting_grant
from workflow.roles.models import RoleGrant

READINESS = frozenset({"presidium", "clerk", "chair", "county"})
REHEARSAL = READINESS | {"chief_teller", "teller", "counter"}
MOST_BYTES = 4 * MB
MOST_FAULTS = 500


def offered_before_vote(grant: RoleGrant | None) -> dict[str, bool]:
    """Which of these pages an office is led to."""
    office = grant.office if grant else ""
    return {"may_check": office in READINESS, "may_rehearse": office in REHEARSAL}


def _cycle(request: HttpRequest, pk: int, offices: frozenset[str], who: str) -> tuple[Cycle, RoleGrant]:
    grant = acting_grant(request)
    cycle = get_object_or_404(Cycle.objects.select_related("unit"), pk=pk)
    if grant.office not in offices:
        raise PermissionDenied(who)
    return cycle, grant


@require_safe
def readiness(request: HttpRequest, pk: int) -> HttpResponse:
    """程序体检 of a year: every condition of the vote, whether it is met, who must act; prints on one sheet."""
    who = _("程序体检供主席团、人大主席、人大办和县级人大查看。")
    cycle, grant = _cycle(request, pk, READINESS, who)
    if grant.office == "county":
        look_at_readiness(grant.act(cycle.unit, timezone.now()), cycle)
    context = {
        "cycle": cycle,
        "session": session_of(cycle, "vote"),
        "sheet": sheet_of(cycle, timezone.localdate()),
        "today": timezone.localdate(),
        "early": cycle.state in BEFORE,
        "over": has_begun(cycle) and cycle.state not in BEFORE,
        "confirmed": paper_of(cycle, "readiness"),
        "reads_only": grant.office == "county",
    }
    return render(request, "portal/readiness.html", context)


# ------------------------------------------------------------------------------- rehearsing


class FileForm(PlainForm):
    """A file to count: JSON as `manage.py rehearse` takes it, or Pabulib."""

    file = forms.FileField(
        label=_lazy("票数文件"),
        help_text=_lazy("JSON 或 Pabulib（.pb）格式，最多 4 MB；只在本页计算，不保存"),
        widget=forms.ClearableFileInput({"accept": ".json,.pb,.txt,application/json"}),
        error_messages={"empty": _lazy("文件是空的。"), "missing": _lazy("请选择文件。")},
    )
    own_rules = forms.BooleanField(label=_lazy("按文件里写明的规则计算，不用本年度规则"), required=False)

    def clean_file(self) -> Any:
        given = self.cleaned_data["file"]
        if given.size > MOST_BYTES:
            raise forms.ValidationError(_("文件太大，最多 4 MB。"))
        return given


@require_http_methods(["GET", "HEAD", "POST"])
def rehearsal(request: HttpRequest, pk: int) -> HttpResponse:
    """演练: this year's rules on last year's sums, on invented ballots, on a file; nothing is written."""
    who = _("演练供主席团、人大主席、人大办、监票人、计票人和县级人大使用。")
    cycle, _grant = _cycle(request, pk, REHEARSAL, who)
    way = "file" if request.method == "POST" else request.GET.get("way", "")
    return _WAYS.get(way, _begin)(request, cycle)


def _begin(request: HttpRequest, cycle: Cycle) -> HttpResponse:
    return _page(request, cycle)


def _last(request: HttpRequest, cycle: Cycle) -> HttpResponse:
    vote = rehearsing.last_vote(cycle)
    if vote is None:
        return _page(request, cycle, way="last")
    result = rehearsing.rehearsed(rehearsing.on_last_sums(cycle, vote))
    return _page(request, cycle, way="last", result=result, source=vote.title)


def _drawn(request: HttpRequest, cycle: Cycle) -> HttpResponse:
    wanted = number_asked(request.GET, "seed")
    seed = secrets.randbelow(10**6) if wanted is None else min(wanted, rehearsing.LARGEST_SEED)
    vote = rehearsing.on_drawn_ballots(cycle, seed, timezone.localdate())
    return _page(request, cycle, way="drawn", result=rehearsing.rehearsed(vote), seed=seed)


def _file(request: HttpRequest, cycle: Cycle) -> HttpResponse:
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, cycle, way="file", form=form, status=422)
    given = form.cleaned_data["file"]
    try:
        own = form.cleaned_data["own_rules"]
        vote = rehearsing.on_file(cycle, given.read(), own_rules=own, name=given.name)
    except Unusable as unusable:
        faults = {"faults": unusable.faults[:MOST_FAULTS], "fault_count": len(unusable.faults)}
        return _page(request, cycle, way="file", form=form, source=given.name, status=422, **faults)
    result = rehearsing.rehearsed(vote)
    return _page(request, cycle, way="file", form=form, result=result, source=given.name, own_rules=own)


_WAYS: dict[str, Callable[[HttpRequest, Cycle], HttpResponse]] = {
    "last": _last,
    "drawn": _drawn,
    "file": _file,
}


def _page(
    request: HttpRequest,
    cycle: Cycle,
    *,
    way: str = "",
    form: FileForm | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    context = {
        "cycle": cycle,
        "way": way,
        "form": form or FileForm(),
        "last": rehearsing.last_vote(cycle),
        "differs": _differs(cycle, more.get("result")),
    }
    return render(request, "portal/rehearsal.html", context | more, status=status)


def _differs(cycle: Cycle, result: rehearsing.Rehearsal | None) -> bool:
    """Whether the figures were made in another mode than this year's."""
    mode = rehearsing.rules_for(cycle).ballot_mode
    return result is not None and str(result.outcome.vote.paper.mode) != mode
