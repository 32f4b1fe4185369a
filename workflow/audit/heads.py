"""Signed heads of a unit's trail: taken each minute it grew and at the moments that matter, co-signed by the county.

A head is worth what is kept of it elsewhere. It leaves by the public feed, by the code on every printed paper, and by
the county, which signs a township's head only after it has itself added the leaves to the last head it signed.

Neither signs what does not continue its own last head: the chain must still have that head's hash at its size, and
every leaf since must follow from it. Who rewrites what was signed for gets no further signature, and an alarm is
written down (`alarms.py`). Only the leaves since the last head are read; the nightly verification reads them all.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Max, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from workflow.audit.alarms import COSIGNING, SIGNING, raise_alarm
from workflow.audit.chain import GENESIS, Break, Link, leaf_of, link_hash, stamp
from workflow.audit.merkle import Peaks, leaf_hash
from workflow.audit.models import Cosignature, Entry, Head, Stamp, TreeHead
from workflow.audit.selectors import streamed
from workflow.audit.signing import COSIGN, HEAD, NoKey, Signer, configured, every_key, holds, signer_of
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit

log = logging.getLogger(__name__)

FORMAT, STATEMENT, COSIGNED = "piaojue-heads/1", "piaojue-head-v1", "piaojue-cosign-v1"
TOGETHER = "piaojue-heads-together/1"  # the feeds of several units in one file
MINUTE = "minute"
PRINTED = "print"
# No moments of their own: taken where entries stand after the last head, and not stamped each.
WHEN_GROWN = (MINUTE, PRINTED)
KEPT = "trail.keep"  # the act of telling that a head is kept elsewhere
WHY = {
    MINUTE: _("每分钟定时"),
    PRINTED: _("印制文件"),
    "asked": _("人工"),
    "open": _("投票开始"),
    "close": _("投票截止"),
    "count": _("计票"),
    "certify": _("签字"),
    "declare": _("宣布结果"),
    "publish": _("发布公告"),
    "archive": _("移交归档"),
}
LOCK = 0x70_6A_00_00_00_00_00_00  # one head of a unit at a time: "pj", then the unit
CODE_BYTES, CODE_GROUP = 10, 4

_LEAVES = """
    SELECT l.unit_id, l.index, l.entry_id, l.recorded_at, e.body, l.prev, l.hash
    FROM workflow_leaf l JOIN workflow_entry e ON e.id = l.entry_id
    WHERE l.unit_id = %s AND l.index > %s AND l.index <= %s ORDER BY l.index
"""
_GROWN = """
    SELECT h.unit_id FROM workflow_head h
    WHERE h.size > 0 AND NOT EXISTS (SELECT 1 FROM workflow_treehead t WHERE t.unit_id = h.unit_id AND t.size = h.size)
    ORDER BY 1
"""


class NotContinued(Exception):
    """A head does not continue the one before it: entries under it were changed or taken away.

    fault: the first leaf that shows it, by a code of `verify.WORDS`.
    """

    def __init__(self, fault: Break) -> None:
        super().__init__(f"unit {fault.unit_id}: leaf {fault.index}, entry {fault.entry_id}: {fault.code}")
        self.fault = fault


# What is signed


def statement_of(head: TreeHead, unit: Unit) -> bytes:
    """The bytes of a head's signature, a field a line, hashes in hexadecimal."""
    fields = (
        STATEMENT, unit.pk, unit.code, head.size, bytes(head.root).hex(), bytes(head.hash).hex(), stamp(head.at),
        head.why, head.key,
    )  # fmt: skip
    return "\n".join(map(str, fields)).encode()


def cosign_statement(head: TreeHead, unit: Unit, cosigned: Cosignature) -> bytes:
    """The bytes of a county's signature over a township's head and its signature."""
    digest = hashlib.sha256(statement_of(head, unit) + bytes(head.signature)).hexdigest()
    return "\n".join((COSIGNED, cosigned.by.code, stamp(cosigned.at), cosigned.key, digest)).encode()


def stamped_bytes(head: TreeHead, unit: Unit) -> bytes:
    """What a time-stamp server is asked about: the head with its signature."""
    return statement_of(head, unit) + bytes(head.signature)


def code_of(head: TreeHead, unit: Unit) -> str:
    """A head in sixteen letters and digits, to be printed and compared by eye: XXXX-XXXX-XXXX-XXXX."""
    short = base64.b32encode(hashlib.sha256(statement_of(head, unit)).digest()[:CODE_BYTES]).decode()
    return "-".join(short[at : at + CODE_GROUP] for at in range(0, len(short), CODE_GROUP))


def bare_code(typed: str) -> str:
    """A short code as it is compared, whatever stands between its letters; case does not matter."""
    return "".join(filter(str.isalnum, typed)).upper()


def head_of_code(typed: str) -> TreeHead | None:
    """The signed head a short code was printed of, with its unit and what it was given; None where there is none.

    One whose row was changed so that it no longer has this code, or whose signature does not hold, is none.
    """
    wanted = bare_code(typed)
    heads = TreeHead.objects.select_related("unit", "cosignature__by", "stamp").filter(code=wanted)
    return next(
        (
            head
            for head in heads
            if bare_code(code_of(head, head.unit)) == wanted and is_signed(head, head.unit)
        ),
        None,
    )


# Taking heads


def seal(unit_id: int, why: str, at: datetime) -> TreeHead | None:
    """Sign the unit's trail as it stands now; None where a head for that says it already, or no key is set.

    It adds the leaves since the last head to that head's peaks. Raises NoKey, and NotContinued where they do not follow.
    """
    if configured(HEAD) is None:
        return None
    with within(SYSTEM):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK + unit_id])
        end, last = Head.objects.filter(unit_id=unit_id).first(), last_head(unit_id)
        if end is None or end.size == 0 or not _is_news(last, end, why):
            return None
        signer = signer_of(HEAD, at)
        return _sign(end, last, why, at, signer) if signer else None


def _is_news(last: TreeHead | None, end: Head, why: str) -> bool:
    if last is None or last.size < end.size:
        return True
    return (
        why not in WHEN_GROWN
        and not TreeHead.objects.filter(unit_id=end.unit_id, size=end.size, why=why).exists()
    )


def _sign(end: Head, last: TreeHead | None, why: str, at: datetime, signer: Signer) -> TreeHead:
    unit = Unit.objects.get(pk=end.unit_id)
    if last and not is_signed(last, unit):
        raise NotContinued(Break(unit.pk, last.size, 0, "signature"))
    peaks = grown(unit.pk, last, end.size, bytes(end.hash))
    head = TreeHead(unit=unit, size=end.size, hash=bytes(end.hash), why=why, key=signer.key)
    head.at = max(at, signer.since)
    head.root, head.peaks = peaks.root(), peaks.kept()
    head.code = bare_code(code_of(head, unit))
    head.signature = signer.sign(statement_of(head, unit))
    head.save(force_insert=True)
    return head


def grown(unit_id: int, last: TreeHead | None, size: int, digest: bytes) -> Peaks:
    """The tree of `size` leaves, from the peaks of a head before it. digest: the chain's hash at that size.

    NotContinued: the chain's hash at the head before is another now, a leaf since is missing or does not follow from
    the one before it, or they do not end in `digest`. Reads the leaf of that head and those after it, no more.
    """
    peaks = Peaks.read(last.size, bytes(last.peaks)) if last else Peaks()
    prev, began = (bytes(last.hash), peaks.size) if last else (GENESIS, 0)
    for link in links_of(unit_id, max(began - 1, 0), size):
        leaf = leaf_of(link)
        if link.index == began:
            code = "" if link_hash(link.prev, leaf) == link.hash == prev else "outside"
        else:
            code = _unlinked(link, leaf, prev, peaks.size + 1)
            peaks.add(leaf)
        if code:
            raise NotContinued(Break(unit_id, link.index, link.entry_id, code))
        prev = link.hash
    if peaks.size != size:
        raise NotContinued(Break(unit_id, peaks.size + 1, 0, "gap"))
    if prev != digest:
        raise NotContinued(Break(unit_id, size, 0, "head"))
    return peaks


def _unlinked(link: Link, leaf: bytes, prev: bytes, index: int) -> str:
    """Why a leaf is not the next one after the hash `prev`; empty where it is."""
    if link.index != index:
        return "gap"
    if link.prev != prev:
        return "prev"
    return "" if link_hash(prev, leaf) == link.hash else "hash"


def links_of(unit_id: int, after: int, until: int) -> Iterator[Link]:
    """The leaves with index `after` + 1 to `until`; needs a transaction."""
    return map(Link._make, streamed(_LEAVES, [unit_id, after, until]))


def leaves_of(unit_id: int, after: int, until: int) -> Iterator[bytes]:
    """The bytes of the same leaves."""
    return map(leaf_of, links_of(unit_id, after, until))


def leaf_hashes(unit_id: int, size: int) -> list[bytes]:
    """What proofs are made of: the hashes of the first `size` leaves."""
    return [leaf_hash(leaf) for leaf in leaves_of(unit_id, 0, size)]


def last_head(unit_id: int) -> TreeHead | None:
    """The unit's latest head."""
    return TreeHead.objects.filter(unit_id=unit_id).order_by("-size", "-at").first()


def seal_moment(unit_id: int, why: str, at: datetime | None = None) -> None:
    """After the commit of an act that matters; what goes wrong is logged and left to the next minute. at: None for now."""
    _seal_or_log(unit_id, why, at or timezone.now())


def head_to_print(unit_id: int) -> TreeHead | None:
    """The head a paper carries out of the system: of the trail as it stands, taken now where entries stand after the last.

    The last one there is where none can be taken; None where there is none.
    """
    with within(SYSTEM):
        end, last = Head.objects.filter(unit_id=unit_id).first(), last_head(unit_id)
    if end and end.size > (last.size if last else 0):
        _seal_or_log(unit_id, PRINTED, timezone.now())
    return last_head(unit_id)


def seal_grown(at: datetime) -> int:
    """Take a head of every unit whose trail grew; how many were taken. One that cannot be signed holds up no other."""
    with within(SYSTEM), connection.cursor() as cursor:
        cursor.execute(_GROWN)
        grown_units = [row[0] for row in cursor.fetchall()]
    return sum(_seal_or_log(unit_id, MINUTE, at) for unit_id in grown_units)


def _seal_or_log(unit_id: int, why: str, at: datetime) -> bool:
    try:
        return seal(unit_id, why, at) is not None
    except NoKey as error:
        log.error("unit %s: no head at %s: %s", unit_id, why, error)
    except NotContinued as error:
        log.error("unit %s: no head at %s: %s", unit_id, why, error)
        raise_alarm(error.fault, SIGNING, at)
    return False


# The county's signature


def cosign_waiting(at: datetime) -> int:
    """Sign every township's new heads for the county above it, each after its check; how many were signed."""
    with within(SYSTEM):
        signer = signer_of(COSIGN, at)
        waiting = TreeHead.objects.filter(cosignature=None, unit__parent__isnull=False)
        units = Unit.objects.filter(pk__in=waiting.values("unit_id")).select_related("parent").order_by("pk")
        found = [unit for unit in units if unit.is_tenant] if signer else []
    return sum(_cosign_or_log(unit, signer, at) for unit in found if signer)


def _cosign_or_log(unit: Unit, signer: Signer, at: datetime) -> int:
    try:
        with within(SYSTEM):
            return cosign(unit, signer, at)
    except NotContinued as error:
        log.error("unit %s: the county does not sign: %s", unit.code, error)
        raise_alarm(error.fault, COSIGNING, at)
        return 0


def cosign(unit: Unit, signer: Signer, at: datetime) -> int:
    """Sign a township's heads since the last one signed. NotContinued: one is not what the leaves give, or is forged."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK + unit.pk])
    signed = _last_cosigned(unit)
    if signed and not is_cosigned(signed, unit):
        raise NotContinued(Break(unit.pk, signed.size, 0, "cosignature"))
    heads = list(TreeHead.objects.filter(unit=unit, cosignature=None).order_by("size", "at"))
    for head in heads:
        _check(head, unit, signed)
        given = Cosignature(head=head, unit=unit, by=unit.parent, key=signer.key, at=max(at, signer.since))
        given.signature = signer.sign(cosign_statement(head, unit, given))
        given.save(force_insert=True)
        signed = head
    return len(heads)


def _last_cosigned(unit: Unit) -> TreeHead | None:
    heads = TreeHead.objects.filter(unit=unit, cosignature__isnull=False).select_related("cosignature__by")
    return heads.order_by("-size", "-at").first()


def _check(head: TreeHead, unit: Unit, signed: TreeHead | None) -> None:
    """NotContinued unless the head is signed, no shorter than the last one and what the leaves since it give."""
    if not is_signed(head, unit):
        raise NotContinued(Break(unit.pk, head.size, 0, "signature"))
    if signed and head.size < signed.size:
        raise NotContinued(Break(unit.pk, head.size, 0, "outside"))
    if grown(unit.pk, signed, head.size, bytes(head.hash)).root() != bytes(head.root):
        raise NotContinued(Break(unit.pk, head.size, 0, "outside"))


def is_signed(head: TreeHead, unit: Unit) -> bool:
    """Whether the key that was in use for heads at its time signed this one."""
    return holds(HEAD, head.key, head.at, statement_of(head, unit), bytes(head.signature))


def is_cosigned(head: TreeHead, unit: Unit) -> bool:
    """Whether the key the county used at its time gave the signature that stands beside this head."""
    given = head.cosignature
    return holds(COSIGN, given.key, given.at, cosign_statement(head, unit, given), bytes(given.signature))


# What leaves


@dataclass(frozen=True)
class Standing:
    """How much of a trail heads stand for. size: its entries; signed, cosigned, stamped: under the last head of each kind.

    kept: under the last head somebody in office says they hold elsewhere (`KEPT`). Both signatures are given by this
    very system, so neither takes a head out of it.
    """

    size: int
    signed: int
    cosigned: int
    stamped: int
    kept: int

    @property
    def outside(self) -> int:
        """How many entries are under the last head that left: stamped by a server, or kept elsewhere; 0: none has left."""
        return max(self.stamped, self.kept)

    @property
    def after(self) -> int:
        """How many entries stand after that head; all of them where none has left."""
        return self.size - self.outside


def standing_of(unit: Unit) -> Standing:
    """As the database has it now, whatever of the trail the reader may see."""
    with within(SYSTEM):
        end, last = Head.objects.filter(unit=unit).first(), last_head(unit.pk)
        given = TreeHead.objects.filter(unit=unit).aggregate(
            cosigned=Max("size", filter=Q(cosignature__isnull=False)),
            stamped=Max("size", filter=Q(stamp__isnull=False)),
        )
        return Standing(
            size=end.size if end else 0,
            signed=last.size if last else 0,
            cosigned=given["cosigned"] or 0,
            stamped=given["stamped"] or 0,
            kept=kept_size(unit),
        )


def kept_size(unit: Unit) -> int:
    """How many entries the last head told as kept elsewhere stands for; 0 before the first."""
    last = Entry.objects.filter(unit=unit, subject=f"unit:{unit.pk}", action=KEPT).order_by("-id").first()
    return int(json.loads(last.body)["after"]["size"]) if last else 0


def feed_of(
    unit: Unit, *, after: int = 0, until: int | None = None, limit: int | None = None
) -> dict[str, Any]:
    """The unit's heads over more than `after` entries, oldest first, with the keys to verify them by.

    until: none over more entries than these, beside a trail that goes no further.
    """
    rows = [head_told(head, unit) for head in _heads(unit, after, until)[:limit]]
    return {
        "format": FORMAT,
        "unit": unit.code,
        "unit_id": unit.pk,
        "name": unit.name,
        "hash": "sha256",
        "signature": "ed25519",
        "keys": keys_told(),
        "heads": rows,
    }


def feed_written(unit: Unit, *, until: int | None = None, brief: bool = False) -> Iterator[bytes]:
    """`feed_of` as JSON, a head at a time; read in one transaction, the caller's.

    brief: the last head and those of moments that matter, none of those taken because the trail had grown.
    """
    empty = json.dumps(feed_of(unit, limit=0), ensure_ascii=False)
    yield empty.removesuffix("]}").encode()
    told = _heads(unit, 0, until)
    if brief:
        last = told.order_by("-size", "-at").values("pk")[:1]
        told = told.filter(Q(pk=Subquery(last)) | ~Q(why__in=WHEN_GROWN))
    for number, head in enumerate(told.iterator()):
        yield (b",\n" if number else b"\n") + json.dumps(head_told(head, unit), ensure_ascii=False).encode()
    yield b"\n]}\n"


def feeds_written(above: Unit, units: Sequence[Unit], *, brief: bool = False) -> Iterator[bytes]:
    """The feeds of several units as one JSON file, for whoever keeps the heads of all of them; brief as `feed_written`.

    The verifying command and the stand-alone verifier read it as they read a single feed.
    """
    told = {"format": TOGETHER, "unit": above.code, "name": above.name, "made_at": stamp(timezone.now())}
    yield f'{json.dumps(told, ensure_ascii=False)[:-1]}, "units": [\n'.encode()
    for number, unit in enumerate(units):
        yield b",\n" if number else b""
        yield from feed_written(unit, brief=brief)
    yield b"]}\n"


def _heads(unit: Unit, after: int, until: int | None) -> QuerySet[TreeHead]:
    heads = TreeHead.objects.filter(unit=unit, size__gt=after).order_by("size", "at")
    if until is not None:
        heads = heads.filter(size__lte=until)
    return heads.select_related("cosignature__by", "stamp")


def keys_told() -> list[dict[str, str]]:
    """Every key there was, oldest first, as a file of heads has it; until: empty for one in use."""
    return [
        {
            "id": key.key,
            "purpose": key.purpose,
            "public": base64.b64encode(bytes(key.public)).decode(),
            "since": stamp(key.adopted_at),
            "until": stamp(key.until) if key.until else "",
        }
        for key in every_key()
    ]


def head_told(head: TreeHead, unit: Unit) -> dict[str, Any]:
    """A head as a file of heads has it, with the signatures and stamps it was given."""
    cosigned: Cosignature | None = getattr(head, "cosignature", None)
    stamped: Stamp | None = getattr(head, "stamp", None)
    return {
        "size": head.size,
        "root": bytes(head.root).hex(),
        "hash": bytes(head.hash).hex(),
        "at": stamp(head.at),
        "why": head.why,
        "key": head.key,
        "signature": base64.b64encode(bytes(head.signature)).decode(),
        "code": code_of(head, unit),
        "cosignatures": [_cosigned_told(cosigned)] if cosigned else [],
        "stamps": [_stamped_told(stamped)] if stamped else [],
    }


def _cosigned_told(cosigned: Cosignature) -> dict[str, str]:
    return {
        "unit": cosigned.by.code,
        "at": stamp(cosigned.at),
        "key": cosigned.key,
        "signature": base64.b64encode(bytes(cosigned.signature)).decode(),
    }


def _stamped_told(stamped: Stamp) -> dict[str, str]:
    return {
        "at": stamp(stamped.at),
        "by": stamped.by,
        "token": base64.b64encode(bytes(stamped.token)).decode(),
    }
