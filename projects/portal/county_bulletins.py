"""The county's bulletins: drafts filled from the figures, edited, sent; each as Word, every figure with its list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.http import require_safe

from projects.cycles.documents.composing import text_parts
from projects.cycles.documents.parts import Document, Heading, Paragraph, Table
from projects.cycles.documents.pdf import obstacle_to_pdf
from projects.cycles.documents.sealing import seal_over
from projects.offices import standing_committee_of
from projects.oversight.bulletins import addressed, drafted
from projects.oversight.models import Bulletin, BulletinKind
from projects.portal.acts import offers_on
from projects.portal.county import overseer
from projects.portal.county_lists import LISTS, filters_asked, words_of
from projects.portal.documents import written
from workflow.administration.purpose import purpose_first, purpose_of
from workflow.administration.taking import file_taken
from workflow.people.texts import in_words
from workflow.roles.models import RoleGrant

PER_PAGE = 30
DRAFTING = "oversight.draft_bulletin"


def _bulletin(request: HttpRequest, pk: int) -> tuple[RoleGrant, Bulletin]:
    """One of the viewer's own house; another county's is not there."""
    grant = overseer(request)
    return grant, get_object_or_404(Bulletin.objects.select_related("unit", "by"), pk=pk, unit=grant.tenant)


@require_safe
def bulletins(request: HttpRequest) -> HttpResponse:
    """All of them, the latest first."""
    grant = overseer(request)
    found = Bulletin.objects.filter(unit=grant.tenant).select_related("by").order_by("-pk")
    offers = offers_on([grant.tenant], grant, timezone.now())
    context = {
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "events": [offer for offer in offers if offer.event.key == DRAFTING],
    }
    return render(request, "portal/bulletins.html", context)


@require_safe
def bulletin(request: HttpRequest, pk: int) -> HttpResponse:
    """One: its text, the figures it was filled with and what may be done with it."""
    grant, held = _bulletin(request, pk)
    again, trace = drawn_again(held), held.trace()
    context = {
        "bulletin": held,
        "addressee": addressee_of(held),
        "figures": [
            (_source(held, one, again.get(_key(one), ""), request.path), at in trace.gone)
            for at, one in enumerate(held.figures)
        ],
        "untold": [held.called(one) for one in held.figures if _key(one) not in again],
        "without": trace.without,
        "events": offers_on([held], grant, timezone.now()),
        "no_pdf": obstacle_to_pdf(),
    }
    return render(request, "portal/bulletin.html", context)


@dataclass(frozen=True)
class Source:
    """A figure as it was filled in, and the list of the rows it counts, as of the same day.

    rows: that list in words. now: what the same day adds up to from the records of today, where that is another, as
    something was entered late or put right; else empty.
    """

    label: str
    text: str
    url: str
    rows: str
    now: str


def drawn_again(held: Bulletin) -> dict[tuple[str, str, str], str]:
    """The figures of the same day from the records of today; what can no longer be told of that day is missing."""
    draft = drafted(held.unit, held.year, held.quarter, held.as_of)
    return {_key(one): one["text"] for one in draft.figures} if draft else {}


def _key(one: dict[str, Any]) -> tuple[str, str, str]:
    return one["label"], one["filters"]["year"], one["filters"].get("unit", "")


def _source(held: Bulletin, one: dict[str, Any], again: str = "", page: str = "") -> Source:
    """page: the one its list leads back to; none for a file."""
    listing, filters = LISTS[one["list"]], one["filters"]
    words = words_of(listing, filters_asked(listing, filters))
    asked = filters | ({"back": page} if page else {})
    url = reverse("county_list", args=[one["list"]]) + "?" + urlencode(asked)
    rows = f"{listing.title}（{words}）" if words else str(listing.title)
    return Source(held.called(one), one["text"], url, rows, again if again != one["text"] else "")


@require_safe
def bulletin_file(request: HttpRequest, pk: int, ending: str) -> HttpResponse:
    """As Word, to go on with, or PDF; where no PDF can be made, back to the page."""
    grant, held = _bulletin(request, pk)
    if ask := purpose_first(request, grant):
        return ask
    with translation.override("zh-hans"):
        made = written(document_of(held, request.build_absolute_uri), ending, held.title)
    if made is None:
        return redirect("bulletin", pk)
    act = grant.act(held.unit, timezone.now())
    file_taken(
        act, held.reference, what="bulletin", form=ending, label=held.title, reason=purpose_of(request)
    )
    return made


def addressee_of(held: Bulletin) -> str:
    """主送机关 of a bulletin: as it went out, or all there are today; none of paragraphs, which go into a report."""
    if held.of != BulletinKind.QUARTER:
        return ""
    return held.addressee if held.sent_on else addressed(held.unit)


def document_of(held: Bulletin, address: Callable[[str], str]) -> Document:
    """The sheet: signed by the standing committee, on the day it went out or else the day it was drafted.

    Attached to it every figure its text tells with the list it comes from and that list's address, and the numbers
    somebody has written into the text, which have none.
    """
    trace = held.trace()
    told = [_source(held, one) for at, one in enumerate(held.figures) if at not in trace.gone]
    rows = tuple((str(at), one.label, one.text, one.rows, address(one.url)) for at, one in enumerate(told, 1))
    typed = f"正文中的{'、'.join(trace.without)}由起草人写入，没有系统来源。" if trace.without else ""
    sources = (
        Heading("附件 数字来源"),
        Table(
            ("序号", "指标", "数字", "来源", "查阅地址"),
            rows,
            (7, 18, 15, 20, 40),
            frozenset({0, 2}),
            tight=True,
        ),
        Paragraph(
            f"数字均截至{in_words(held.as_of)}，由系统按办理记录汇总；查阅地址供本级人大登录后打开，所列为当日的明细。{typed}",
            small=True,
        ),
    )
    return Document(
        title=held.title,
        addressee=addressee_of(held),
        enclosures=("数字来源",) if rows else (),
        parts=tuple(text_parts(held.body)),
        annex=sources if rows else (),
        signature=standing_committee_of(held.unit),
        day=in_words(held.sent_on or held.drafted_on),
        seal=seal_over(held.unit) if held.sent_on else None,
    )
