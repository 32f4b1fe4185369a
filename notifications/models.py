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
    HELD = "held", _("待汇总")
    CARRIED = "carried", _("已并入摘要")


class Channel(models.TextChoices):
    IN_APP = "in_app", _("站内消息")
    EMAIL = "email", _("电子邮件")
    WECOM = "wecom", _("企业微信")
    DINGTALK = "dingtalk", _("钉钉")
    FEISHU = "feishu", _("飞书")
    SMS = "sms", _("短信")


class Urgency(models.TextChoices):
    URGENT = "urgent", _("紧急")
    NORMAL = "normal", _("一般")
    LOW = "low", _("知悉")


class Delivery(models.Model):
    """One letter of one entry to one person, or to one unit's group, by one channel; unique, so that sending twice is
    impossible.

    unit: the township in whose trail the entry stands. recipient or group: whom it is for, one of the two. letter: the
    template it was written by; language: its own. not_before: held until then (quiet hours). tries: how often it was
    handed to the channel. changed_at: when its status last changed; a failed one is tried again a while after it.
    error: of the last try. digest: it sums up others, which name it as carried_by; the entry is the newest of theirs.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    entry = models.ForeignKey(Entry, models.PROTECT, related_name="deliveries")
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="deliveries"
    )
    group = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+")
    channel = models.CharField(_("渠道"), max_length=12, choices=Channel.choices)
    urgency = models.CharField(_("紧急程度"), max_length=10, choices=Urgency.choices)
    letter = models.CharField(max_length=30, blank=True)
    language = models.CharField(max_length=10, default=settings.LANGUAGE_CODE)
    title = models.CharField(_("标题"), max_length=200)
    body = models.TextField(_("正文"))
    link = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.QUEUED)
    tries = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    not_before = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    digest = models.BooleanField(default=False)
    carried_by = models.ForeignKey("self", models.PROTECT, null=True, related_name="parts")

    class Meta:
        verbose_name = _("通知")
        constraints = [
            models.UniqueConstraint(
                fields=["entry", "recipient", "channel", "digest"], name="delivered_once"
            ),
            models.UniqueConstraint(
                fields=["entry", "group", "channel"],
                name="told_to_a_group_once",
                condition=Q(recipient=None),
            ),
            models.CheckConstraint(
                condition=Q(recipient=None, group__isnull=False) | Q(recipient__isnull=False, group=None),
                name="for_a_person_or_a_group",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "changed_at"], name="delivery_open", condition=~Q(status="sent")),
            models.Index(fields=["urgency", "id"], name="delivery_queue", condition=Q(status="queued")),
            models.Index(fields=["recipient", "-id"], name="delivery_inbox", condition=Q(channel="in_app")),
            models.Index(
                fields=["recipient"],
                name="delivery_unread",
                condition=Q(channel="in_app", read_at=None),
            ),
            models.Index(fields=["recipient", "channel"], name="delivery_held", condition=Q(status="held")),
        ]


class Address(models.Model):
    """Where a channel reaches one unit's group or one person: personal data and secrets, so never in the trail.

    unit or user: whose, one of the two. sealed: what `sealing` made of the webhook's token or the number; hint: its
    last characters, all that is ever shown again. least: the least urgency a group is told of.
    """

    unit = models.ForeignKey(Unit, models.CASCADE, null=True, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    channel = models.CharField(_("渠道"), max_length=12, choices=Channel.choices)
    sealed = models.TextField()
    hint = models.CharField(max_length=8)
    least = models.CharField(max_length=10, choices=Urgency.choices, default=Urgency.NORMAL)
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("渠道地址")
        constraints = [
            models.UniqueConstraint(fields=["unit", "channel"], name="one_group_each"),
            models.UniqueConstraint(fields=["user", "channel"], name="one_address_each"),
            models.CheckConstraint(
                condition=Q(unit=None, user__isnull=False) | Q(unit__isnull=False, user=None),
                name="of_a_unit_or_a_person",
            ),
        ]


class Preference(models.Model):
    """How one person wants to be written to; somebody without a row is written to as `choosing.USUAL` says.

    ways: channels by urgency. pace: at_once, daily or weekly by urgency. quiet_from, quiet_until: local time, both or
    neither. rest_days: nothing outside the site on days nobody works. urgent_through: urgent letters do not wait.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="letter_preference"
    )
    language = models.CharField(max_length=10)
    ways = models.JSONField()
    pace = models.JSONField()
    quiet_from = models.TimeField(null=True)
    quiet_until = models.TimeField(null=True)
    rest_days = models.BooleanField()
    urgent_through = models.BooleanField()
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("接收设置")


class Wording(models.Model):
    """A letter's own words in one language, in place of the usual ones, for a unit and everything below it."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    letter = models.CharField(max_length=30)
    language = models.CharField(max_length=10)
    title = models.CharField(_("标题"), max_length=200)
    body = models.TextField(_("正文"))
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("消息模板")
        constraints = [models.UniqueConstraint(fields=["unit", "letter", "language"], name="worded_once")]


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
