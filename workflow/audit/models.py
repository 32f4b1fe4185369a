"""The trail: one append-only row per act, and its leaf in the unit's chain (integrity.md §1).

Nobody but `audit.services.write_down` inserts an Entry, nobody but the database's deferred trigger inserts a Leaf,
and the `app` role may neither update nor delete nor truncate either.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from workflow.audit.rows import ACTIONS
from workflow.people.models import Unit


def _from_body(key: str, output: models.Field) -> models.GeneratedField:
    """A column the database reads out of the hashed body (GENERATED ALWAYS … STORED).

    It refuses any value written into one, of its owner too, and works it out anew with the body: so a query meets what was
    hashed. Only a change of the table itself takes a column from the body (DROP EXPRESSION, the catalogue); that is why
    verification compares them all the same (`checking.TOLD`).
    """
    return models.GeneratedField(
        expression=KeyTextTransform(key, Cast("body", models.JSONField())),
        output_field=output,
        db_persist=True,
    )


class Entry(models.Model):
    """One act. `body` holds the canonical JSON (RFC 8785) that is hashed; the other columns are read from it."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField(_("办理时间"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("办理人")
    )
    body = models.TextField()
    action = _from_body("action", models.TextField())
    subject = _from_body("subject", models.TextField())
    about = _from_body("about", models.TextField())
    task = _from_body("task", models.TextField())

    class Meta:
        verbose_name = _("办理记录")
        verbose_name_plural = _("办理记录")
        indexes = [
            models.Index(fields=["unit", "id"], name="entry_unit_order"),
            models.Index(fields=["subject", "id"], name="entry_subject_order"),
            models.Index(fields=["about", "id"], name="entry_about_order"),
            models.Index(fields=["unit", "-id"], name="entry_rows", condition=Q(action__in=list(ACTIONS))),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"


class Leaf(models.Model):
    """An entry's place in its unit's chain; written by the database at COMMIT (`chain.py` has the byte layout)."""

    entry = models.OneToOneField(Entry, models.PROTECT, primary_key=True, related_name="leaf")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", db_index=False)
    index = models.BigIntegerField()
    recorded_at = models.DateTimeField()
    prev = models.BinaryField()
    hash = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["unit", "index"], name="leaf_unit_index_gapless"),
        ]


class Salt(models.Model):
    """What opens an entry's commitments to long texts (`commitments.py`).

    No part of the trail and in no export of it: it stands beside the records that hold the texts, and is erased
    with them.
    """

    entry = models.OneToOneField(Entry, models.PROTECT, primary_key=True, related_name="salt")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    value = models.BinaryField()


class Head(models.Model):
    """The end of a unit's chain: how many leaves, and the last hash."""

    unit = models.OneToOneField(Unit, models.PROTECT, primary_key=True, related_name="+")
    size = models.BigIntegerField()
    hash = models.BinaryField()


class SigningKey(models.Model):
    """A public key heads are signed with; never changed or deleted, so that what an old one signed stays verifiable.

    purpose: "head" for the heads of every unit, "cosign" for the county's co-signatures. key: the first sixteen
    hexadecimal digits of the SHA-256 of the 32 bytes. The latest one of a purpose is in use.
    """

    purpose = models.CharField(max_length=8)
    key = models.CharField(max_length=16, unique=True)
    public = models.BinaryField()
    adopted_at = models.DateTimeField()
    reason = models.CharField(_("更换原因"), max_length=200)


class TreeHead(models.Model):
    """A signed head of a unit's trail (integrity.md §1.4): the Merkle root over its first `size` leaves.

    hash: the chain's own hash at that size. peaks: what is needed to add to the tree (`merkle.Peaks`). why: "minute",
    or the moment it was taken at. signature: Ed25519 over `heads.statement_of`. code: what is printed of it without its
    dashes (`heads.code_of`), to be found by.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    size = models.BigIntegerField(_("条数"))
    root = models.BinaryField()
    hash = models.BinaryField()
    peaks = models.BinaryField()
    at = models.DateTimeField(_("签名时间"))
    why = models.CharField(max_length=12)
    key = models.CharField(max_length=16)
    signature = models.BinaryField()
    code = models.CharField(max_length=16)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["unit", "size", "why"], name="tree_head_once"),
        ]
        indexes = [models.Index(fields=["code"], name="tree_head_code")]


class Cosignature(models.Model):
    """The county's own signature over a township's head, given after it saw the head to continue the last one."""

    head = models.OneToOneField(TreeHead, models.PROTECT, primary_key=True, related_name="cosignature")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    by = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    key = models.CharField(max_length=16)
    signature = models.BinaryField()


class Stamp(models.Model):
    """A time-stamp server's word that a head existed (RFC 3161), over `heads.stamped_bytes`.

    at: the server's time; by: the name on its certificate; token: its whole answer, DER, certificates included.
    """

    head = models.OneToOneField(TreeHead, models.PROTECT, primary_key=True, related_name="stamp")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    by = models.CharField(max_length=200)
    token = models.BinaryField()


class TrailCheck(models.Model):
    """How the last nightly verification of a unit's trail ended (`nightly.py`); what it found is an entry of its own.

    size: leaves recomputed. code: what is wrong, of `verify.WORDS`, at which leaf and entry (0: none); empty where it is
    whole. whole_at: when it was last found whole.
    """

    unit = models.OneToOneField(Unit, models.PROTECT, primary_key=True, related_name="+")
    at = models.DateTimeField()
    size = models.BigIntegerField()
    code = models.CharField(max_length=12)
    index = models.BigIntegerField()
    entry = models.BigIntegerField()
    whole_at = models.DateTimeField(null=True)


class StampFailure(models.Model):
    """A stamp that was asked for in vain. code: one of `stamping.FAILURES`; how often since the last stamp sets the pause."""

    at = models.DateTimeField()
    code = models.CharField(max_length=12)
