"""Which ballot a browser may cast: a signed cookie, won by a one-time code or by signing in, and what stands against it.

The cookie names an entry of a vote's roll and never a choice. It has no end and no time of its own: voting has no
timeout, and no clock that is wrong shuts anybody out.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _lazy

from projects.ballots import rolls
from projects.ballots.casting import Voter
from projects.ballots.models import Channel, RollEntry, Vote, VoteState
from projects.cycles.models import RollLine
from workflow.people.isolation import SYSTEM, of_units, within
from workflow.people.models import User

COOKIE = "ballot"
# The log filter of the site knows this path too (projects/site/quiet.py).
PATH = "/ballot/"
SALT = "piaojue.ballot"
OF_HASH = 16


@dataclass(frozen=True)
class Admission:
    """unit, vote, entry: ids. code: the start of the hash of the code it was won by; session: of the session, else."""

    unit: int
    vote: int
    entry: int
    code: str = ""
    session: str = ""

    @property
    def voter(self) -> Voter:
        return Voter(self.unit, self.vote, self.entry, self.code)

    def is_of_code(self, code: str) -> bool:
        """Whether this very code won it: the same telephone shown the same slip again is no second device."""
        return bool(self.code) and rolls.hash_of_code(code).startswith(self.code)

    def context(self) -> Any:
        """The database context of the vote's township; to be used as `with`."""
        return within(of_units((self.unit,), writes=(self.unit,)))


def by_code(code: str) -> Admission:
    """Use a one-time code up. Refused in plain words."""
    with within(SYSTEM):
        entry = rolls.enter_by_code(code)
    return Admission(entry.unit_id, entry.vote_id, entry.pk, code=entry.code_hash[:OF_HASH])


def by_sign_in(request: HttpRequest, user: User, vote_id: int) -> Admission | None:
    """The signed-in deputy's own entry of a vote; None where the roll does not name them."""
    with within(SYSTEM):
        entry = RollEntry.objects.filter(line__user=user, vote_id=vote_id).first()
    if entry is None:
        return None
    return Admission(entry.unit_id, entry.vote_id, entry.pk, session=hash_of_session(_session_key(request)))


def hash_of_session(key: str) -> str:
    return hashlib.sha256(b"session:" + key.encode()).hexdigest()[:OF_HASH]


def keep(response: HttpResponse, admission: Admission, *, secure: bool) -> HttpResponse:
    """Bind the browser that gets this response to the entry."""
    signed = Signer(salt=SALT).sign_object(asdict(admission))
    response.set_cookie(COOKIE, signed, path=PATH, secure=secure, httponly=True, samesite="Lax")
    return response


def admission_of(request: HttpRequest) -> Admission | None:
    """What the browser was admitted to; None without a whole cookie, or where its session is another one since."""
    try:
        found = Admission(**Signer(salt=SALT).unsign_object(request.COOKIES.get(COOKIE, "")))
    except (BadSignature, TypeError, ValueError):
        return None
    # The session's key as the browser sent it: on the ballot itself no session is read (projects/site/light.py).
    return found if found.session in ("", hash_of_session(_session_key(request))) else None


def _session_key(request: HttpRequest) -> str:
    return request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")


def token_of(admission: Admission, own: str) -> str:
    """The secret of one ballot page (`sealing.new_token`) with a mark by which it is known for one of this entry's."""
    mark = salted_hmac(f"{SALT}.token", f"{admission.vote}:{admission.entry}:{own}").hexdigest()[:OF_HASH]
    return f"{own}.{mark}"


def is_theirs(admission: Admission, token: str) -> bool:
    """Whether a token was given to this very entry.

    A hall's tablet goes from hand to hand: what its browser keeps of the deputy before is not the next one's to see or cast.
    """
    return constant_time_compare(token, token_of(admission, token.partition(".")[0]))


# Votes a signed-in deputy can go to


def open_votes_of(user: User) -> list[Vote]:
    """Votes by device under way with this deputy on their rolls, the latest first."""
    with within(SYSTEM):
        on_roll = RollEntry.objects.filter(line__user=user).values("vote")
        return list(Vote.objects.filter(state=VoteState.OPEN, device=True, pk__in=on_roll).order_by("-pk"))


def votes_to_come(user: User) -> list[Vote]:
    """Votes by device that have not opened, at sessions this deputy belongs to."""
    with within(SYSTEM):
        sessions = RollLine.objects.in_office().filter(user=user).values("session")
        return list(Vote.objects.filter(state=VoteState.DEFINED, device=True, session__in=sessions))


# What stands against a ballot


@dataclass(frozen=True)
class Stop:
    """Why there is no ballot to mark, and what to do; shown as a page of its own. code is stable, status HTTP's."""

    code: str
    status: int
    title: str | Promise
    words: str | Promise


NO_ENTRY = Stop(
    "no_entry",
    403,
    _lazy("请先输入投票码"),
    _lazy("这台手机还没有进入投票。请扫描纸条上的二维码，或输入投票码。"),
)
UNKNOWN = Stop("unknown", 404, _lazy("没有找到这张表决票"), _lazy("请核对纸条，或请工作人员重新打印投票码。"))
TOO_OFTEN = Stop(
    "too_often", 429, _lazy("输错的次数太多"), _lazy("请稍等一会儿再试，或请工作人员帮您扫描纸条上的二维码。")
)
VOID = Stop(
    "void",
    409,
    _lazy("本次投票已宣布无效"),
    _lazy("将重新投票。重新投票开始后，请用新的投票码或重新登录进入。"),
)
ABSENT = Stop(
    "absent",
    403,
    _lazy("您不在本次投票的到会名册上"),
    _lazy("只有到会的代表可以投票。如果您已到会，请告诉工作人员。"),
)
ON_PAPER = Stop(
    "on_paper",
    409,
    _lazy("您用纸质票投票"),
    _lazy("名册上您用纸质票投票：以投入票箱的纸质票为准，不用手机投票。还没有领到纸质票的，请告诉工作人员。"),
)
# The roll no longer says whose ballot was destroyed and who held paper all along: the words are true of both.
EMPTIED = Stop(
    "emptied",
    409,
    _lazy("本次投票已全部改用纸质票"),
    _lazy(
        "电子票不足规定张数，不能计票，已全部作废，没有开启。用手机投过票的也须重新投票："
        "请领取纸质票，填写后投入票箱；已经领取纸质票的，以纸质票为准。"
    ),
)
VOTED = Stop(
    "voted",
    409,
    _lazy("您已经投过票"),
    _lazy("每人只投一次，投出的票不能更改。如果您没有投过，请立即告诉监票人。"),
)
REPLACED = Stop(
    "replaced",
    403,
    _lazy("投票码已经换发"),
    _lazy("请用新纸条上的投票码进入。不是您要求换发的，请立即告诉监票人。"),
)
CLOSED = Stop("closed", 409, _lazy("投票已经截止"), _lazy("您的票没有投出，请告诉监票人。"))
NOT_OPEN = Stop("not_open", 409, _lazy("投票还没有开始"), _lazy("请等主持人宣布开始投票后再进入。"))


def entry_of(admission: Admission) -> RollEntry | None:
    """The roll's entry, in the context of its township."""
    return _entries().filter(pk=admission.entry, vote_id=admission.vote).first()


def _entries() -> QuerySet[RollEntry]:
    return RollEntry.objects.select_related("vote__unit", "vote__session__unit")


def is_replaced(admission: Admission, entry: RollEntry) -> bool:
    """Whether another code was printed for the deputy since this browser used one."""
    return bool(admission.code) and not entry.voted and not entry.code_hash.startswith(admission.code)


def _is_emptied(entry: RollEntry) -> bool:
    """Whether nobody votes by device any more while the vote is open: what was cast so is void (integrity.md §2.6)."""
    moved = entry.vote.state == VoteState.OPEN and entry.channel == Channel.PAPER
    return moved and not entry.vote.roll.filter(channel=Channel.DEVICE).exists()


def stop_for(admission: Admission, entry: RollEntry | None) -> Stop | None:
    """Why this browser cannot fill in a ballot now; None where it can."""
    if entry is None:
        return UNKNOWN
    standing = {
        VOID: entry.vote.state == VoteState.VOID,
        ABSENT: entry.channel == Channel.NONE,
        EMPTIED: _is_emptied(entry),
        ON_PAPER: entry.channel == Channel.PAPER,
        VOTED: entry.voted,
        NOT_OPEN: entry.vote.state == VoteState.DEFINED,
        # Closing takes the codes back: until then another hash means another code.
        CLOSED: entry.vote.state != VoteState.OPEN,
        REPLACED: is_replaced(admission, entry),
    }
    return next((stop for stop, holds in standing.items() if holds), None)
