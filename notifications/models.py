"""What is to be told to whom, by which way, and how far it got."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from viewflow.workflow.models import Task

from workflow.audit.models import Entry
from workflow.people.models import Unit


class Status(models.TextChoices):
    QUEUED = "queued", _("待发送")
    SENDING = "sending", _("发送中")
    SENT = "sent", _("已送达")
    FAILED = "failed", _("发送失败")
    UNKNOWN = "unknown", _("结果不明")


class Channel(models.TextChoices):
    IN_APP = "in_app", _("站内消息")
    EMAIL = "email", _("电子邮件")


class Urgency(models.TextChoices):
    URGENT = "urgent", _("紧急")
    NORMAL = "normal", _("一般")
    LOW = "low", _("知悉")


class Delivery(models.Model):
    """One letter of one entry to one person by one channel; unique, so that sending twice is impossible.

    unit: the township in whose trail the entry stands. tries: how often it was handed to the channel. changed_at:
    when its status last changed; a failed one is tried again a while after it. error: of the last try.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    entry = models.ForeignKey(Entry, models.PROTECT, related_name="deliveries")
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="deliveries")
    channel = models.CharField(_("渠道"), max_length=12, choices=Channel.choices)
    urgency = models.CharField(_("紧急程度"), max_length=10, choices=Urgency.choices)
    title = models.CharField(_("标题"), max_length=200)
    body = models.TextField(_("正文"))
    link = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.QUEUED)
    tries = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("通知")
        constraints = [
            models.UniqueConstraint(fields=["entry", "recipient", "channel"], name="delivered_once"),
        ]
        indexes = [
            models.Index(fields=["status", "changed_at"], name="delivery_open", condition=~Q(status="sent")),
            models.Index(fields=["recipient", "-id"], name="delivery_inbox", condition=Q(channel="in_app")),
            models.Index(
                fields=["recipient"],
                name="delivery_unread",
                condition=Q(channel="in_app", read_at=None),
            ),
        ]


class Posted(models.Model):
    """How far the post office has read each unit's trail: the index of the last leaf read.

    The chain's index, not the entry's id: it has no gaps and follows the order of commits, so an act that was
    committed late is never passed over.
    """

    unit = models.OneToOneField(Unit, models.PROTECT, primary_key=True, related_name="+")
    index = models.BigIntegerField(default=0)


class Told(models.Model):
    """A task whose holders have been written to, and the entry they were told by."""

    task = models.OneToOneField(Task, models.CASCADE, primary_key=True, related_name="+")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    entry = models.ForeignKey(Entry, models.PROTECT, related_name="+")
