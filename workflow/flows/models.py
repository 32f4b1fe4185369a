"""What the engine keeps beside viewflow's own tables: when a task is due, and what was said and decided on it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Case, Q, When
from django.utils.translation import gettext_lazy as _
from viewflow.workflow.models import Task

from workflow.people.models import Unit
from workflow.roles import registry


class Deadline(models.Model):
    """A human task's own row: whose, about what, since when, until when. Overdue is derived, never stored.

    unit: the tenant. seat: where the office is held (the township, a department, a delegation, a group).
    key: the task's name in the rulebook ("collection.screen"). about: the reference of the year's cycle. done_for: the
    user name of whom its doer stood in for. seen_at, seen_by: when somebody whose turn it is first opened it, and who.
    started_by: whose act put it before its office. begun_by: who began the matter it belongs to of their own accord.
    opened_on: the day the clock started. due_on: None for a task without a term. year: the project year.
    provisional: its day rests on holidays nobody has arranged yet. binds_on: the day that can be missed, worked out by
    the database: due_on, None while that is provisional. Overdue is what is open after it, late what was done after it.
    """

    task = models.OneToOneField(Task, models.CASCADE, primary_key=True, related_name="deadline")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    seat = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    office = models.CharField(max_length=20)
    key = models.CharField(max_length=60)
    step = models.SmallIntegerField(null=True)
    year = models.SmallIntegerField(null=True)
    subject = models.CharField(max_length=60, db_index=True)
    about = models.CharField(max_length=60, db_index=True)
    label = models.CharField(max_length=200)
    opened_on = models.DateField()
    due_on = models.DateField(null=True)
    provisional = models.BooleanField(default=False)
    binds_on = models.GeneratedField(
        expression=Case(When(provisional=False, then="due_on")),
        output_field=models.DateField(null=True),
        db_persist=True,
    )
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    begun_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    seen_at = models.DateTimeField(null=True)
    seen_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    done_office = models.CharField(max_length=20, blank=True)
    done_for = models.CharField(max_length=150, blank=True)
    entry_id = models.BigIntegerField(null=True)
    cancelled = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("期限")
        indexes = [
            models.Index(
                fields=["unit", "due_on"], name="deadline_open", condition=Q(done_at=None, cancelled=False)
            ),
            models.Index(fields=["done_by", "-done_at"], name="deadline_done_by", condition=~Q(done_at=None)),
            models.Index(fields=["begun_by", "unit"], name="deadline_begun_by", condition=~Q(begun_by=None)),
            models.Index(
                fields=["due_on"],
                name="deadline_provisional",
                condition=Q(provisional=True, done_at=None, cancelled=False),
            ),
        ]

    @property
    def waits(self) -> bool:
        """Whether it is somebody's turn still: neither done nor called off."""
        return self.done_at is None and not self.cancelled

    @property
    def whose_turn(self) -> str:
        """Who does it, for readers who know of which hall it is: 镇长, 第一代表团团长, 农业农村办."""
        if self.seat_id == self.unit_id:
            return registry.title_of(self.office, self.unit)
        return registry.seat_called(self.office, self.seat)


class Draft(models.Model):
    """What somebody has typed on a task and not yet handed in; not an act, so it leaves no entry.

    key: for an act without a task, what it is typed for, as `holding.key_of_event` gives it; empty where there is one.
    """

    task = models.ForeignKey(Task, models.CASCADE, null=True, related_name="drafts")
    key = models.CharField(max_length=120, blank=True)
    unit = models.ForeignKey(Unit, models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    data = models.JSONField(default=dict)
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["task", "key", "user"], name="one_draft_each", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(task=None) ^ Q(key=""), name="draft_of_a_task_or_of_an_act"),
        ]


class PendingFile(models.Model):
    """An upload kept between two pages of one act, for the person who sent it; no act, so it leaves no entry.

    key: what it was sent for, as `holding.key_of` gives it. field: the form's field. It has been looked into
    (`uploads.checked`); sha256 is of what is stored. Gone when the act is done, or at expires_at.
    """

    unit = models.ForeignKey(Unit, models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=120)
    field = models.CharField(max_length=60)
    file = models.FileField(upload_to="pending/")
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [models.Index(fields=["user", "key"], name="pending_of_user")]


class Urge(models.Model):
    """One reminder by a person (催办); counted and shown."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="urges")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    words = models.CharField(_("催办说明"), max_length=200, blank=True)


class Comment(models.Model):
    """A note between offices on one task; carries no decision."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="comments")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    words = models.CharField(max_length=500)


class CommentFile(models.Model):
    """A file that goes with a note; it has been looked into (`uploads.checked`). sha256 is of what is stored."""

    comment = models.ForeignKey(Comment, models.CASCADE, related_name="files")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    file = models.FileField(upload_to="comments/")
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)


class NotesRead(models.Model):
    """Until when one person has read the notes on a task: when they last opened it while something new stood there."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    task = models.ForeignKey(Task, models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "user"], name="notes_read_once")]


class SavedFilter(models.Model):
    """What one person has narrowed a list of the inbox to, under a name of their own; no act, so it leaves no entry.

    box: the list's code. query: the filter's fields as they stand in the address, without those left empty.
    """

    unit = models.ForeignKey(Unit, models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    box = models.CharField(max_length=10)
    name = models.CharField(_("名称"), max_length=20)
    query = models.CharField(max_length=300)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "unit", "name"], name="filter_named_once")]


class CalendarFeed(models.Model):
    """The secret address one person's calendar is read at by a program without signing in.

    Only the token's digest is kept: whoever reads this table can read nobody's calendar.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", primary_key=True)
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()


class Copy(models.Model):
    """A task or what became of it, shown to somebody who need not act on it (抄送).

    office, seat: the receiving office and the unit it is held at, in the township or above it. person: the one
    holder meant, None for all of them. finished: whether the task was done when it was copied. entry_id: the act's.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    task = models.ForeignKey(Task, models.CASCADE, related_name="copies")
    sender = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    sender_office = models.CharField(max_length=20)
    office = models.CharField(max_length=20)
    seat = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    words = models.CharField(_("抄送说明"), max_length=200)
    finished = models.BooleanField()
    at = models.DateTimeField()
    entry_id = models.BigIntegerField()

    class Meta:
        verbose_name = _("抄送")
        constraints = [
            models.UniqueConstraint(
                fields=["task", "office", "seat", "person", "finished"],
                name="copied_once",
                nulls_distinct=False,
            )
        ]
        indexes = [models.Index(fields=["seat", "office", "-id"], name="copy_inbox")]


class CopyRead(models.Model):
    """That one person has opened a copy, and when first."""

    copy = models.ForeignKey(Copy, models.CASCADE, related_name="readings")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["copy", "user"], name="copy_read_once")]


class MeetingCall(models.Model):
    """A body called to a meeting on several matters: when, where, on what (会议通知).

    tasks: the numbers of its tasks in the order of the agenda. replaced_by: the later call on any of them.
    called_off_at, called_off_by, called_off_because: when, by whom and why it was called off; it stands otherwise.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    seat = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    body = models.CharField(max_length=20)
    held_on = models.DateField(_("会议日期"))
    hour = models.TimeField(_("会议时间"))
    place = models.CharField(_("地点"), max_length=80)
    words = models.CharField(_("会议要求"), max_length=200, blank=True)
    tasks = models.JSONField(default=list)
    replaced_by = models.ForeignKey("self", models.PROTECT, null=True, related_name="replaces")
    called_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    called_off_at = models.DateTimeField(null=True)
    called_off_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    called_off_because = models.CharField(_("取消理由"), max_length=200, blank=True)

    STANDS = Q(replaced_by=None, called_off_at=None)

    class Meta:
        constraints = [
            # Nobody is told that a meeting is off without being told why and by whom.
            models.CheckConstraint(
                condition=Q(called_off_at=None, called_off_by=None, called_off_because="")
                | Q(called_off_at__isnull=False, called_off_by__isnull=False) & ~Q(called_off_because=""),
                name="called_off_with_a_reason",
            )
        ]
        indexes = [
            models.Index(
                fields=["seat", "body"],
                name="meeting_called",
                condition=Q(replaced_by=None, called_off_at=None),
            ),
        ]

    @property
    def reference(self) -> str:
        """How the trail names it."""
        return f"call:{self.pk}"

    @property
    def stands(self) -> bool:
        """Whether it was neither replaced nor called off; what a meeting has followed stands."""
        return self.replaced_by_id is None and self.called_off_at is None


class Sitting(models.Model):
    """One meeting of a body on several matters: attended once, voted on matter by matter.

    call: the notice it was called by; None where it was recorded without one.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    seat = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    body = models.CharField(max_length=20)
    held_on = models.DateField(_("会议日期"))
    place = models.CharField(_("地点"), max_length=80)
    presided_by = models.CharField(_("主持人"), max_length=40)
    members = models.PositiveSmallIntegerField(_("组成人员"))
    attended = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+")
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    call = models.OneToOneField(MeetingCall, models.PROTECT, null=True, related_name="sitting")

    @property
    def reference(self) -> str:
        """How the trail names it."""
        return f"sitting:{self.pk}"


class Meeting(models.Model):
    """A body's decision with its attendance and votes (组织法 19, 25); the record of a meeting task.

    finding: what it came to, in words; decided: what was entered of it besides, each a label and a text. Both are empty
    where nothing but the votes was recorded. sitting: the meeting it was one of several matters of; None where it was
    called for this one alone.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    task = models.OneToOneField(Task, models.PROTECT, related_name="meeting", null=True)
    body = models.CharField(max_length=20)
    about = models.CharField(max_length=60, db_index=True)
    title = models.CharField(_("议题"), max_length=120)
    held_on = models.DateField(_("会议日期"))
    members = models.PositiveSmallIntegerField(_("组成人员"))
    present = models.PositiveSmallIntegerField(_("出席"))
    votes_for = models.PositiveSmallIntegerField(_("赞成"))
    votes_against = models.PositiveSmallIntegerField(_("反对"))
    votes_abstain = models.PositiveSmallIntegerField(_("弃权"))
    agreed = models.BooleanField(_("通过"))
    attended = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+")
    minutes = models.TextField(_("会议纪要"))
    finding = models.CharField(_("会议结论"), max_length=100, blank=True)
    decided = models.JSONField(_("决定事项"), default=list)
    sitting = models.ForeignKey(Sitting, models.PROTECT, null=True, related_name="matters")
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
