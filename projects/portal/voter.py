"""The voter's pages: in, mark, check, done. Nothing is stored before the last step, and that leaves no trace of when.

No session, no message, no entry of the trail, no log line (integrity.md §2.2); marks are in bodies of requests only,
every request of a vote has one length and every page one size, whatever is marked on it and however far somebody is. One
exception: where a browser runs no script, what is ticked (in a vote by `select`) makes the request to the checking page
longer, so that who watches the line may count the ticks, not whose they are; the request that casts has one length there
too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from projects.ballots import sealing
from projects.ballots.casting import Cast, receipt
from projects.ballots.models import RollEntry, Vote, VoteState
from projects.ballots.rules import Mode
from projects.ballots.together import cast
from projects.portal import voter_admission as door
from projects.portal.public import private, public_page
from projects.portal.public_brake import is_over
from projects.portal.public_selectors import published_paper
from projects.portal.voter_admission import Admission, Stop, admission_of
from projects.portal.voter_forms import EntryForm, ReceiptForm
from projects.portal.voter_paper import (
    Filled,
    Kind,
    Pages,
    Sheet,
    filled_on,
    forget_sheet,
    kept_sheet,
    sheet_of,
)
from workflow.flows.errors import Refused
from workflow.flows.services import busy_if_locked
from workflow.inbox.asked import number_asked
from workflow.roles.middleware import in_office

MOST_TOKEN = 64
# What the last page posts: it showed a ballot this request brought, or one that had been kept before.
DONE, KEPT = "done", "kept"
PAGE_BYTES = (
    16 * 1024
)  # ten projects with all that is said of each; a longer ballot's pages are as many times that
# For what may stand on a page of a ballot besides, titles apart: that it is not filled in as it should be. Of a ranked one
# every place may be filled twice, which is said of each.
ROOM, ROOM_OF_PLACE = 1024, 128
View = Callable[..., HttpResponse]


def voters_page(view: View) -> View:
    """A page of the ballot: kept by no cache, told to no error report, in transactions of its own."""

    @wraps(view)
    @sensitive_post_parameters()
    @require_http_methods(["GET", "HEAD", "POST"])
    def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        page = private(view(request, *args, **kwargs))
        return _of_one_size(page, _size_for(request) if page.content else PAGE_BYTES)

    run.own_transaction = run.unrecorded = True  # type: ignore[attr-defined]
    return run


def _of_one_size(page: HttpResponse, size: int) -> HttpResponse:
    """Fill a page up to a whole number of `size`: its size in a log says nothing of what stands on it."""
    if page.content:
        page.content += b" " * (-len(page.content) % size)
    return page


def _size_for(request: HttpRequest) -> int:
    """How large every page of the vote is that this browser was admitted to; before it was, and at the entrance, PAGE_BYTES."""
    admission = admission_of(request) if request.path == reverse("ballot") else None
    if admission is None:
        return PAGE_BYTES
    try:
        sheet = kept_sheet(admission.vote) or _read_sheet(admission)
    except (OperationalError, InterfaceError):
        return PAGE_BYTES
    return _size_of(sheet, get_language() or "") if sheet else PAGE_BYTES


def _size_of(sheet: Sheet, language: str) -> int:
    """The longest page of a vote is its ballot, with what may be said against it: so many times PAGE_BYTES hold it."""
    if (size := sheet.sizes.get(language)) is None:
        blank = filled_on(sheet, {})
        told = {
            "marks": blank,
            "vote": sheet.vote,
            "mode": str(sheet.paper.mode),
            "token": sealing.new_token(),
        }
        named = sum(len(escape(title).encode()) for title in sheet.paper.candidates)
        places = sheet.paper.seats if sheet.paper.mode is Mode.RANK else 0
        most = (
            len(render_to_string("voter/ballot.html", told | {"csrf_token": "0" * 64}).encode())
            + named
            + ROOM
            + ROOM_OF_PLACE * places
        )
        size = sheet.sizes[language] = -(-most // PAGE_BYTES) * PAGE_BYTES
    return size


def _stopped(request: HttpRequest, stop: Stop, entry: RollEntry | None = None) -> HttpResponse:
    context = {"stop": stop, "vote": entry.vote if entry else None}
    return render(request, "voter/stop.html", context, status=stop.status)


# ------------------------------------------------------------------------------- coming in


@voters_page
def enter(request: HttpRequest) -> HttpResponse:
    """Come in by the code of a slip, or as the deputy who is signed in."""
    if request.method != "POST":
        return _straight_in(request) or _entrance(request, EntryForm())
    if "vote" in request.POST:
        return _come_in_by_sign_in(request)
    form = EntryForm(request.POST)
    if not form.is_valid():
        return _entrance(request, form, status=422)
    return _come_in_by_code(request, form)


@voters_page
def enter_from_slip(request: HttpRequest, query_code: str) -> HttpResponse:
    """Where the slip's QR code leads: a button, since a preview of the address must not use the code up.

    The argument is called as in every address that holds a secret, so that no reading of it is recorded.
    """
    form = EntryForm({"code": query_code})
    if not form.is_valid():
        return _entrance(request, form, status=404)
    return render(request, "voter/slip.html", {"code": form.cleaned_data["code"]})


def _straight_in(request: HttpRequest) -> HttpResponse | None:
    """To the ballot at once, where a deputy is signed in and on the roll of one open vote: there is nothing to choose.

    So signing in, marking, checking and the receipt are four screens, as many as by a slip (ui.md). None otherwise, and
    where this browser is in that vote already: the entrance then leads on, or takes a new code.
    """
    user = in_office(request).user
    votes = door.open_votes_of(user) if user.is_authenticated else []
    admitted = admission_of(request)
    if len(votes) != 1 or (admitted and admitted.vote == votes[0].pk):
        return None
    own = door.by_sign_in(request, user, votes[0].pk)
    return _admit(request, own) if own else None


def _entrance(request: HttpRequest, form: EntryForm, status: int = 200) -> HttpResponse:
    user = in_office(request).user
    known = user.is_authenticated
    standing = _standing(request)
    told = standing.get("stopped_at")
    context = {
        "form": form,
        **standing,
        "open_votes": [vote for vote in door.open_votes_of(user) if vote != told] if known else [],
        "votes_to_come": door.votes_to_come(user) if known else [],
    }
    return render(request, "voter/enter.html", context, status=status)


def _standing(request: HttpRequest) -> dict[str, Any]:
    """Whether this browser can go on with a ballot of a vote under way; why not, where something stands against it.

    That a ballot was cast on it is kept and told: the same ballot may be sent again. Whose it was nobody knows who stands
    before a hall's tablet, so the entrance alarms nobody; who brings the code of a ballot that is in reads the alarm.
    """
    admission = admission_of(request)
    if admission is None:
        return {}
    with admission.context():
        entry = door.entry_of(admission)
        if entry is None or entry.vote.state != VoteState.OPEN:
            return {}
        stop = door.stop_for(admission, entry)
        return {"admitted": stop is None, "stop": stop, "stopped_at": entry.vote}


def _come_in_by_code(request: HttpRequest, form: EntryForm) -> HttpResponse:
    code, admitted = form.cleaned_data["code"], admission_of(request)
    if admitted and admitted.is_of_code(code):
        return redirect("ballot")
    try:
        return _admit(request, door.by_code(code))
    except Refused as refused:
        # A hall shares one address, and a code is beyond guessing: who brings a right one is never kept out.
        if is_over(request, "ballot"):
            return _stopped(request, door.TOO_OFTEN)
        for reason in refused.reasons:
            form.add_error("code", reason)
        return _entrance(request, form, status=422)


def _come_in_by_sign_in(request: HttpRequest) -> HttpResponse:
    user, wanted = in_office(request).user, number_asked(request.POST, "vote")
    if not user.is_authenticated or wanted is None:
        return _stopped(request, door.NO_ENTRY)
    admitted = door.by_sign_in(request, user, wanted)
    return _admit(request, admitted) if admitted else _stopped(request, door.ABSENT)


def _admit(request: HttpRequest, admission: Admission) -> HttpResponse:
    return door.keep(redirect("ballot"), admission, secure=request.is_secure())


# ------------------------------------------------------------------------------- the ballot


@voters_page
def ballot(request: HttpRequest) -> HttpResponse:
    """Mark (GET), check, change, cast: one address, so that none says how far somebody is."""
    admission = admission_of(request)
    if admission is None:
        return redirect("ballot_enter") if request.method != "POST" else _stopped(request, door.NO_ENTRY)
    token = request.POST.get("token", "")
    own = request.method == "POST" and len(token) <= MOST_TOKEN and door.is_theirs(admission, token)
    work = _OPERATIONS.get(_operation(request), _fill) if own else _show
    try:
        return work(request, admission)
    except (OperationalError, InterfaceError):
        return _once_more(request)


def _operation(request: HttpRequest) -> str:
    """What was asked for; a change of the text size alone shows the same page again."""
    return request.POST.get("stage" if "text_size" in request.POST else "op", "")


def _show(request: HttpRequest, admission: Admission) -> HttpResponse:
    with admission.context():
        entry = door.entry_of(admission)
        if stop := door.stop_for(admission, entry):
            return _stopped(request, stop, entry)
        assert entry is not None  # an unknown entry is a stop
        return _paper(
            request, filled_on(sheet_of(entry.vote), {}), door.token_of(admission, sealing.new_token())
        )


def _fill(request: HttpRequest, admission: Admission) -> HttpResponse:
    """The ballot with the marks it was posted with."""
    return _filled_in(request, admission, _paper)


def _check(request: HttpRequest, admission: Admission) -> HttpResponse:
    """What was chosen and what not, before it is cast; the ballot again where it could not be."""
    return _filled_in(request, admission, _checked)


@sensitive_variables()
def _filled_in(
    request: HttpRequest, admission: Admission, show: Callable[[HttpRequest, Filled, str], HttpResponse]
) -> HttpResponse:
    with admission.context():
        entry = door.entry_of(admission)
        if stop := door.stop_for(admission, entry):
            return _stopped(request, stop, entry)
        assert entry is not None
        return show(request, filled_on(sheet_of(entry.vote), request.POST), request.POST["token"])


@sensitive_variables()
def _paper(request: HttpRequest, marks: Filled, token: str, *, faults: bool = False) -> HttpResponse:
    context: dict[str, Any] = {
        "marks": marks,
        "vote": marks.vote,
        "token": token,
        "mode": str(marks.paper.mode),
    }
    if faults:
        target = f"m{marks.lines[0].position}" if marks.lines else ""
        context["errors"] = [{"text": fault, "target": target} for fault in marks.faults]
    return render(request, "voter/ballot.html", context, status=422 if faults else 200)


@sensitive_variables()
def _checked(request: HttpRequest, marks: Filled, token: str) -> HttpResponse:
    if marks.faults:
        return _paper(request, marks, token, faults=True)
    context = {"marks": marks, "vote": marks.vote, "token": token, "mode": str(marks.paper.mode)}
    return render(request, "voter/check.html", context)


@sensitive_variables()
def _cast(request: HttpRequest, admission: Admission) -> HttpResponse:
    """Cast; a lock that was not had in time leads to a page that sends the very same ballot again."""
    try:
        with busy_if_locked():
            return _cast_in(request, admission)
    except Refused as refused:
        return _once_more(request) if refused.code == "busy" else _refused(request, admission)


@sensitive_variables()
def _cast_in(request: HttpRequest, admission: Admission) -> HttpResponse:
    sheet, token = kept_sheet(admission.vote) or _read_sheet(admission), request.POST["token"]
    if sheet is None or sheet.vote is None:
        return _stopped(request, door.UNKNOWN)
    marks = filled_on(sheet, request.POST)
    if marks.faults:
        return _filled_in(request, admission, _checked)
    done = cast(admission.voter, marks.ballot, marks.paper, token, sheet.vote.public_key)
    return _done(request, sheet, done)


def _read_sheet(admission: Admission) -> Sheet | None:
    with admission.context():
        entry = door.entry_of(admission)
        return sheet_of(entry.vote) if entry else None


def _refused(request: HttpRequest, admission: Admission) -> HttpResponse:
    """Why nothing was cast: what the roll and the vote say now."""
    with admission.context():
        entry = door.entry_of(admission)
        if stop := door.stop_for(admission, entry):
            return _stopped(request, stop, entry)
    # Nothing stands against it: it was sealed to a key this database does not know (a backup was put back).
    forget_sheet(admission.vote)
    return _once_more(request)


def _once_more(request: HttpRequest) -> HttpResponse:
    """The database gave no answer, or not in time: what was sent can be sent again as it was."""
    context = {"posted": _posted(request), "op": _operation(request)}
    return render(request, "voter/again.html", context, status=503)


def _posted(request: HttpRequest) -> list[tuple[str, str]]:
    return [
        (k, str(v)) for k, v in request.POST.items() if k not in ("csrfmiddlewaretoken", "op", "text_size")
    ]


def _again(request: HttpRequest, admission: Admission) -> HttpResponse:
    """The last page once more, as it was, for a ballot that is in: its token alone names it."""
    token = request.POST["token"]
    with admission.context():
        entry, tracker = door.entry_of(admission), receipt(admission.voter, token)
        if entry is None or tracker is None:
            return _stopped(request, door.stop_for(admission, entry) or door.UNKNOWN, entry)
        return _done(request, sheet_of(entry.vote), Cast(tracker, before=_operation(request) == KEPT))


# The last page differs by a few words only: rendered once per language, size of letters and whether the ballot was in
# before, kept in parts, and for each vote in parts between which the words of its ballots alone are missing. Nothing of
# a voter or a ballot is ever kept.
_LAST_PAGES: Pages = {}
_OF_BALLOT = ("tracker", "token", "csrf_token")
_OF_VOTE = ("body", "unit", "address")
_WORD = re.compile(b"@(" + "|".join(_OF_BALLOT + _OF_VOTE).encode() + b")@")
MOST_KINDS = 32  # what a cookie says of the size of letters is the browser's


def _kind_of(request: HttpRequest, language: str, *, before: bool) -> Kind:
    return language, request.COOKIES.get("text_size", ""), before


def _done(request: HttpRequest, sheet: Sheet, done: Cast) -> HttpResponse:
    kind = _kind_of(request, get_language() or "", before=done.before)
    if (page := _LAST_PAGES.get(kind)) is None:
        words = {word: f"@{word}@" for word in _OF_BALLOT + _OF_VOTE}
        told = words | {"before": done.before, "stage": KEPT if done.before else DONE}
        rendered = render_to_string("voter/done.html", told, request).encode()
        page = _keep(_LAST_PAGES, kind, _WORD.split(rendered))
    return HttpResponse(
        _last_page(_of_vote(sheet, kind, page), done.tracker, request.POST, _size_of(sheet, kind[0]))
    )


def _keep(pages: Pages, kind: Kind, parts: list[bytes]) -> list[bytes]:
    if len(pages) >= MOST_KINDS:
        pages.clear()
    pages[kind] = parts
    return parts


def _of_vote(sheet: Sheet, kind: Kind, page: list[bytes]) -> list[bytes]:
    """The last page of a vote: text and the name of a word of the ballot in turn."""
    kept = sheet.last_pages.get(kind)
    return kept or _keep(sheet.last_pages, kind, _with_words_of(sheet.vote, page))


def _with_words_of(vote: Vote | None, page: list[bytes]) -> list[bytes]:
    assert vote is not None  # nothing is cast at practice
    address = reverse("township", args=[vote.unit.code])
    told = {"body": vote.session or vote.unit.name, "unit": vote.unit.name, "address": address}
    known = {word.encode(): escape(told[word]).encode() for word in _OF_VOTE}
    parts = [page[0]]
    for word, text in zip(page[1::2], page[2::2], strict=True):
        if word in known:
            parts[-1] += known[word] + text
        else:
            parts += [word, text]
    return parts


def _last_page(parts: list[bytes], tracker: str, posted: Mapping[str, Any], size: int) -> bytes:
    """The key the ballot came with opens the form of this page too."""
    words = {
        b"tracker": tracker,
        b"token": posted["token"],
        b"csrf_token": posted.get("csrfmiddlewaretoken", ""),
    }
    page = b"".join(escape(words[part]).encode() if place % 2 else part for place, part in enumerate(parts))
    return page + b" " * (-len(page) % size)


@sensitive_variables()
def cast_without_a_hitch(request: HttpRequest, posted: Mapping[str, str], language: str) -> bytes | None:
    """Cast, and return the last page; None, or any error, leaves the very same request to `ballot`.

    Nothing is stored where None is returned, as where the ballot was in before; where an error is raised the token finds
    what may be. A vote this process has not met yet is read here, in its township's context as `ballot` reads it: whether
    it is open, the deputy is on its roll and has not voted is asked by the statement that stores the ballot, whoever read
    what before.
    """
    admission, token = admission_of(request), posted.get("token", "")
    kind = _kind_of(request, language, before=False)
    page = _LAST_PAGES.get(kind)
    if admission is None or page is None or len(token) > MOST_TOKEN or not door.is_theirs(admission, token):
        return None
    sheet = kept_sheet(admission.vote) or _read_sheet(admission)
    if sheet is None or sheet.vote is None:
        return None
    parts, marks = _of_vote(sheet, kind, page), filled_on(sheet, posted)
    if marks.faults:
        return None
    done = cast(admission.voter, marks.ballot, marks.paper, token, sheet.vote.public_key)
    return None if done.before else _last_page(parts, done.tracker, posted, _size_of(sheet, language))


_OPERATIONS: dict[str, Callable[[HttpRequest, Admission], HttpResponse]] = {
    "fill": _fill,
    "check": _check,
    "cast": _cast,
    DONE: _again,
    KEPT: _again,
}


# ------------------------------------------------------------------------------- the published list


@require_http_methods(["GET", "HEAD", "POST"])
@public_page
def trackers(request: HttpRequest, number: int) -> HttpResponse:
    """The published list of receipts, and whether one is on it. By POST: what somebody looked for stands in no log."""
    paper = published_paper(number)
    if paper is None or paper.kind != "trackers":
        raise Http404(_("没有这份公开文件。"))
    form = ReceiptForm(request.POST if request.method == "POST" else None)
    listed, wanted = paper.data["trackers"], ""
    if form.is_valid():
        wanted = form.cleaned_data["tracker"]
    context = {
        "paper": paper,
        "unit": paper.unit,
        "trackers": listed,
        "form": form,
        "wanted": wanted,
        "is_listed": wanted in listed,
        "digest": paper.data.get("box_digest", ""),
    }
    return private(render(request, "voter/trackers.html", context, status=422 if form.errors else 200))
