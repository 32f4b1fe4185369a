"""RFC 3161 time stamps of signed heads: a word from outside about when a head existed, asked for after it is taken.

Every head of a moment that matters gets one, and once a day the last head of every other trail that grew. A server that
is away, or answers with what does not hold, stops nothing: it is asked again after a pause that doubles up to an hour.
"""

from __future__ import annotations

import hashlib
import logging
import re
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

import requests
from cryptography import x509
from django.conf import settings
from django.db.models import OuterRef, Q, QuerySet, Subquery
from requests import certs
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from workflow.audit.checking import OutsideHead
from workflow.audit.der import in_order
from workflow.audit.heads import WHEN_GROWN, stamped_bytes
from workflow.audit.models import Stamp, StampFailure, TreeHead
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit

log = logging.getLogger(__name__)

AWAY, REFUSED, INVALID = "away", "refused", "invalid"
FAILURES = (AWAY, REFUSED, INVALID)
PATIENCE_SECONDS = (5, 10)  # to connect, to answer
LONGEST_ANSWER = 1 << 16
LONGEST_PAUSE_MINUTES = 60
LONGEST_SAID = 120
AT_ONCE_SECONDS = 40  # a sweep ends before the next one begins
LATE = timedelta(days=7)  # older heads are under the day's stamp of a later one
DAY = timedelta(days=1)


# What openssl says where nothing trusted here stands behind who signed, whether or not the signature holds.
STRANGER = re.compile(
    "issuer certificate|self-signed certificate|certificate signature failure|No roots provided"
)


class NotStamped(Exception):
    """No stamp came of it. code: `away` (no answer), `refused` (the server says no), `invalid` (it proves nothing)."""

    def __init__(self, code: str, why: object) -> None:
        super().__init__(f"{code}: {why}")
        self.code = code


class NoTrust(NotStamped):
    """Whether it holds cannot be told: the trusted certificates cannot be read, or none of them stands behind it."""

    def __init__(self, why: object) -> None:
        super().__init__(INVALID, why)


@dataclass(frozen=True)
class Stamped:
    """What the stamps of a unit's trail say. heads: those whose stamps hold, by size.

    faults: a sentence for each that does not hold; untold: for each of which that cannot be told (`NoTrust`).
    """

    heads: tuple[TreeHead, ...]
    faults: tuple[str, ...]
    untold: tuple[str, ...] = ()

    @property
    def last(self) -> TreeHead | None:
        return self.heads[-1] if self.heads else None

    @property
    def outside(self) -> list[OutsideHead]:
        """The heads the server stands for: a trail rewritten since then no longer agrees with them."""
        return [OutsideHead(head.size, bytes(head.hash).hex(), bytes(head.root).hex()) for head in self.heads]


# Asking


def stamp_waiting(at: datetime) -> int:
    """Ask for the stamps that are due, one after the other, until one fails; how many were given."""
    if not settings.TSA_URL:
        return 0
    with within(SYSTEM):
        if _pausing(at):
            return 0
        waiting = list(_due(at))
    given, until = 0, time.monotonic() + AT_ONCE_SECONDS
    for head in waiting:
        if time.monotonic() > until or not _stamp_or_note(head, at):
            break
        given += 1
    return given


def _due(at: datetime) -> QuerySet[TreeHead]:
    """The heads to be stamped: of moments, and the last one of a trail that no stamp of the last day stands for."""
    unstamped = TreeHead.objects.filter(stamp=None, at__gt=at - LATE)
    last = TreeHead.objects.filter(unit=OuterRef("unit")).order_by("-size", "-at", "-pk").values("pk")[:1]
    today = Stamp.objects.filter(at__gt=at - DAY).values("unit_id")
    daily = Q(pk=Subquery(last)) & ~Q(unit__in=today)
    return unstamped.filter(~Q(why__in=WHEN_GROWN) | daily).select_related("unit").order_by("at", "pk")


def _pausing(at: datetime) -> bool:
    asking = asking_of()
    if asking.failed_at is None:
        return False
    minutes = min(2 ** min(asking.failures - 1, 10), LONGEST_PAUSE_MINUTES)
    return at < asking.failed_at + timedelta(minutes=minutes)


def _stamp_or_note(head: TreeHead, at: datetime) -> bool:
    try:
        stamp = stamp_of(head, head.unit)
    except NotStamped as failed:
        log.error("unit %s: the head of %s entries got no stamp: %s", head.unit.code, head.size, failed)
        with within(SYSTEM):
            StampFailure.objects.create(at=at, code=failed.code)
        return False
    with within(SYSTEM):
        # Two sweeps at once may both have asked.
        Stamp.objects.bulk_create([stamp], ignore_conflicts=True)
    return True


def stamp_of(head: TreeHead, unit: Unit) -> Stamp:
    """A stamp from the server, checked, not yet stored. NotStamped; asks over the network, so in no transaction."""
    message = stamped_bytes(head, unit)
    request = TimestampRequestBuilder(
        data=message, hash_algorithm=HashAlgorithm.SHA256, nonce=True, cert_req=True
    ).build()
    try:
        answer = decode_timestamp_response(in_order(_answer(request.as_bytes())))
    except ValueError as error:
        raise NotStamped(INVALID, error) from error
    if answer.status:
        raise NotStamped(REFUSED, f"{answer.status} {'; '.join(answer.status_string)}")
    check(answer, message, nonce=request.nonce)
    return Stamp(
        head=head, unit=unit, at=answer.tst_info.gen_time, by=_name_of(answer), token=answer.as_bytes()
    )


def _answer(request: bytes) -> bytes:
    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    try:
        with requests.post(
            settings.TSA_URL, data=request, headers=headers, timeout=PATIENCE_SECONDS, stream=True
        ) as answer:
            answer.raise_for_status()
            found: bytes = answer.raw.read(LONGEST_ANSWER + 1, decode_content=True)
    except (requests.RequestException, OSError) as error:
        raise NotStamped(AWAY, _kind_of(error)) from error
    if len(found) > LONGEST_ANSWER:
        raise NotStamped(INVALID, "too long")
    return found


def _kind_of(error: Exception) -> str:
    """What went wrong without its words, which hold the address and any token in it; with an answer's status."""
    answer = getattr(error, "response", None)
    return type(error).__name__ + (f" {answer.status_code}" if answer is not None else "")


# Checking


def check(answer: TimeStampResponse, message: bytes, *, nonce: int | None = None) -> None:
    """NotStamped unless a certificate for time stamps, trusted and valid then, signed the digest of this very message.

    NoTrust where it is the digest of this message, and nothing here can say who signed it.
    nonce: the request's own, so that no older answer is taken for this one; None where it was checked before.
    """
    try:
        # Before who signed it: SHA-256 is asked for, so any other imprint is another message's.
        if answer.tst_info.message_imprint.message != hashlib.sha256(message).digest():
            raise NotStamped(INVALID, "Mismatch between messages")
        # No certificate of the answer's own is handed over: whatever stands here is trusted.
        builder = VerifierBuilder(roots=_trusted())
        verifier = (builder if nonce is None else builder.nonce(nonce)).build()
        verifier.verify_message(answer, message)
    except (VerificationError, ValueError) as error:
        # Of openssl's stack of errors the sentence that says what is wrong, where there is one.
        found = re.search(r'Verify error: ([^"]+)', str(error))
        why = found[1] if found else str(error)[:LONGEST_SAID]
        if STRANGER.search(why):
            raise NoTrust(why) from error
        raise NotStamped(INVALID, why) from error


def _trusted() -> list[x509.Certificate]:
    path = Path(settings.TSA_CA_FILE or certs.where())
    try:
        return list(_certificates(path, path.stat().st_mtime_ns))
    except (OSError, ValueError) as error:
        raise NoTrust(f"{path}: {error}") from error


@lru_cache(maxsize=4)
def _certificates(path: Path, changed: int) -> tuple[x509.Certificate, ...]:
    """Read once for all the stamps of a trail. changed: a file put in its place is read anew."""
    return tuple(x509.load_pem_x509_certificates(path.read_bytes()))


def _name_of(answer: TimeStampResponse) -> str:
    """The name on the certificate that signed: its common name, else all of it."""
    (signer,) = answer.signed_data.signer_infos
    for der in answer.signed_data.certificates:
        found = x509.load_der_x509_certificate(der)
        if found.serial_number == signer.serial_number and found.issuer == signer.issuer:
            named = found.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
            return str(named[0].value if named else found.subject.rfc4514_string())[:200]
    return ""


def stamped(unit: Unit) -> Stamped:
    """Verify every stamp of a unit's trail as it is stored."""
    heads, faults, untold = [], [], []
    for head in (
        TreeHead.objects.filter(unit=unit, stamp__isnull=False).select_related("stamp").order_by("size")
    ):
        try:
            said = _fault(head, unit)
        except NoTrust as unknown:
            untold.append(f"{head.size}\t{unknown}")
            continue
        if said:
            faults.append(f"{head.size}\t{said}")
        else:
            heads.append(head)
    return Stamped(tuple(heads), tuple(faults), tuple(untold))


def _fault(head: TreeHead, unit: Unit) -> str:
    """What is wrong with a stored stamp; empty where it holds. NoTrust: nobody here can say."""
    try:
        answer = decode_timestamp_response(bytes(head.stamp.token))
        check(answer, stamped_bytes(head, unit))
    except NoTrust:
        raise
    except (NotStamped, ValueError) as error:
        return str(error)
    same = (answer.tst_info.gen_time, _name_of(answer)) == (head.stamp.at, head.stamp.by)
    return "" if same else "time or name differ from the token"


@dataclass(frozen=True)
class Asking:
    """How the time-stamp server does. last: its last stamp; failures: how often it was asked in vain since, last at failed_at."""

    last: Stamp | None
    failures: int
    failed_at: datetime | None


def asking_of() -> Asking:
    """As the database has it now."""
    last = Stamp.objects.order_by("-at").first()
    since = StampFailure.objects.filter(at__gt=last.at) if last else StampFailure.objects.all()
    failed = since.order_by("-at").first()
    return Asking(last, since.count(), failed.at if failed else None)
