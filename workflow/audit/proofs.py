"""Proofs under a unit's signed heads, as the file that `standalone.py proof` verifies: of one entry, and of the trail's growth.

Whoever holds such a file needs neither the trail nor this system to know that the entry in it was there when the head was
signed.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from workflow.audit.chain import Link, stamp
from workflow.audit.exporters.jsonl import line_of
from workflow.audit.heads import feed_of, head_to_print, kept_size, last_head, leaf_hashes
from workflow.audit.merkle import consistency_proof, inclusion_proof
from workflow.audit.models import Leaf, TreeHead
from workflow.people.models import Unit


class NotProved(Exception):
    """There is no head the proof could stand under; the text says what is missing."""


def proof_under(head: TreeHead, *, entry: int | None = None, since: int | None = None) -> dict[str, Any]:
    """What a file of heads carries as its `proof`. entry: the number of one to be shown under the head; since: the size of
    an older head it is shown to continue. Needs a context that reads the whole trail.
    """
    unit_id = head.unit_id
    hashes = leaf_hashes(unit_id, head.size)
    found: dict[str, Any] = {"size": head.size, "root": bytes(head.root).hex()}
    if entry:
        leaves = Leaf.objects.select_related("entry").filter(unit=unit_id, index__lte=head.size)
        leaf = leaves.filter(entry_id=entry).first()
        if leaf is None:
            raise NotProved(_("最近一次签名之前没有编号为 %(n)s 的记录。") % {"n": entry})
        found |= {
            "line": _line(leaf),
            "index": leaf.index - 1,
            "inclusion": [one.hex() for one in inclusion_proof(hashes, leaf.index - 1)],
        }
    if since:
        older = TreeHead.objects.filter(unit=unit_id, size=since).first()
        if older is None:
            raise NotProved(_("没有条数为 %(n)s 的校验值。") % {"n": since})
        found |= {
            "older": since,
            "older_root": bytes(older.root).hex(),
            "consistency": [one.hex() for one in consistency_proof(hashes, since)],
        }
    return found


def proof_of_entry(unit: Unit, entry: int) -> dict[str, Any]:
    """A whole file for one entry: the head it stands under with its keys, and the proof. NotProved: none can be signed.

    Under the first head over it that left the system; else under the last there is, or one signed now.
    """
    leaf = Leaf.objects.filter(unit=unit, entry_id=entry).first()
    head = _head_over(unit, leaf.index) if leaf else None
    if head is None:
        raise NotProved(_("这条记录还没有签名的校验值，请稍后再试；一直没有的，请联系系统管理员。"))
    feed = feed_of(unit, after=head.size - 1, until=head.size)
    return feed | {"proof": proof_under(head, entry=entry), "made_at": stamp(timezone.now())}


def _head_over(unit: Unit, index: int) -> TreeHead | None:
    over = TreeHead.objects.filter(unit=unit, size__gte=index)
    left = over.filter(Q(stamp__isnull=False) | Q(size=kept_size(unit))).order_by("size", "pk").first()
    if left:
        return left
    last = last_head(unit.pk)
    if last is None or last.size < index:
        last = head_to_print(unit.pk)
    return last if last and last.size >= index else None


def _line(leaf: Leaf) -> str:
    """The entry as an export has it: what the proof is about, for whoever holds no export."""
    return line_of(
        Link(
            leaf.unit_id,
            leaf.index,
            leaf.entry_id,
            leaf.recorded_at,
            leaf.entry.body,
            bytes(leaf.prev),
            bytes(leaf.hash),
        )
    )
