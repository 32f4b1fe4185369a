"""The year: its cycle, its rulebook, its congress sessions and its papers."""

from __future__ import annotations

import json
from datetime import date, timedelta
from functools import lru_cache
from math import ceil
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from projects.cycles.numerals import numeral
from projects.cycles.rulebook import Rules, load
from workflow.machines.models import Record
from workflow.people.models import Unit
from workflow.people.wording import worded


@lru_cache(maxsize=256)
def _rules(text: str) -> Rules:
    """A frozen rulebook read once per text: every deadline of a year asks for it."""
    return load(json.loads(text))


class Rulebook(models.Model):
    """One version of a township's configurable rules; never edited, only followed by the next version."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    version = models.PositiveSmallIntegerField(_("版本"))
    data = models.JSONField()
    note = models.CharField(_("修订说明"), max_length=200, blank=True)
    adopted_on = models.DateField(_("施行日期"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["unit", "version"], name="rulebook_version_once")]

    @property
    def rules(self) -> Rules:
        return load(self.data)


class CycleState(models.TextChoices):
    """Where a year stands; six of them are the six steps (rules.md §3)."""

    PREPARING = "preparing", _("筹备")
    COLLECTING = "collecting", _("征集")
    SELECTING = "selecting", _("初定")
    DELIBERATING = "deliberating", _("审议")
    VOTING = "voting", _("票决")
    SUPERVISING = "supervising", _("监督")
    EVALUATING = "evaluating", _("评估")
    CLOSED = "closed", _("归档")
    ENDED = "ended", _("终止")


OVER = (CycleState.CLOSED, CycleState.ENDED)
BEFORE_THE_VOTE = (
    CycleState.PREPARING,
    CycleState.COLLECTING,
    CycleState.SELECTING,
    CycleState.DELIBERATING,
)
STEP_OF_STATE = {
    CycleState.PREPARING: 1,
    CycleState.COLLECTING: 1,
    CycleState.SELECTING: 2,
    CycleState.DELIBERATING: 3,
    CycleState.VOTING: 4,
    CycleState.SUPERVISING: 5,
    CycleState.EVALUATING: 6,
    CycleState.CLOSED: 6,
    CycleState.ENDED: 3,  # the last one a year can be ended in
}


class Cycle(Record):
    """A township's year (or half-year, or month) of livelihood projects.

    opens_on is C, planned_t is T, planned_t2 is T2. rules is frozen when the cycle opens. window_*: the public
    collection window, set by the call. period: "" for a whole year, else its label (上半年, 1 月份).
    """

    kind: ClassVar[str] = "cycle"
    year = models.PositiveSmallIntegerField(_("项目年度"))
    period = models.CharField(_("时段"), max_length=20, blank=True)
    opens_on = models.DateField(_("启动日"))
    planned_t = models.DateField(_("拟定票决会期"))
    planned_t2 = models.DateField(_("拟定评估会期"))
    rules_data = models.JSONField(default=dict)
    rules_version = models.PositiveSmallIntegerField(default=0)
    window_from = models.DateField(null=True)
    window_to = models.DateField(null=True)
    deputies_in_office = models.PositiveSmallIntegerField(_("实有代表"), null=True)
    seats = models.PositiveSmallIntegerField(_("应选项目数"), null=True)
    state = FSMField(default=CycleState.PREPARING, choices=CycleState.choices, protected=True)

    class Meta:
        ordering = ["-year", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["unit", "year", "period"], name="cycle_once_per_period"),
            models.CheckConstraint(
                condition=Q(planned_t2__gt=models.F("planned_t")), name="cycle_t2_after_t"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.named}民生实事项目"

    @property
    def named(self) -> str:
        """Whose year, as titles begin: 兰亭镇2027年度."""
        return f"{self.unit.name}{self.year}年度{self.period}"

    @property
    def candidate(self) -> str:
        """What a project is called before the vote, by the year's own word for it: 民生实事候选项目."""
        return f"{self.rules.words['project'].removesuffix('项目')}候选项目"

    @property
    def candidates(self) -> str:
        """What the papers before the vote are about: 兰亭镇2027年度民生实事候选项目."""
        return f"{self.named}{self.candidate}"

    @property
    def rules(self) -> Rules:
        return _rules(json.dumps(self.rules_data, sort_keys=True))

    @property
    def step(self) -> int:
        return STEP_OF_STATE[CycleState(self.state)]

    @transition(field=state, source=CycleState.PREPARING, target=CycleState.COLLECTING)
    def open(self) -> None:
        """C: the rulebook is frozen and collection begins."""

    @transition(field=state, source=CycleState.COLLECTING, target=CycleState.SELECTING)
    def begin_selection(self) -> None:
        """The books of collection are closed."""

    @transition(field=state, source=CycleState.SELECTING, target=CycleState.DELIBERATING)
    def begin_deliberation(self) -> None:
        """The list has been studied, posted and answered."""

    @transition(field=state, source=CycleState.DELIBERATING, target=CycleState.VOTING)
    def begin_vote(self) -> None:
        """The ballot is settled and the 票决办法 adopted."""

    @transition(field=state, source=CycleState.VOTING, target=CycleState.SUPERVISING)
    def begin_supervision(self) -> None:
        """The result is declared, resolved and announced."""

    @transition(field=state, source=CycleState.SUPERVISING, target=CycleState.EVALUATING)
    def begin_evaluation(self) -> None:
        """The year's work is to be judged."""

    @transition(field=state, source=CycleState.EVALUATING, target=CycleState.CLOSED)
    def close(self) -> None:
        """Published and handed over to the archive."""

    @transition(field=state, source=list(BEFORE_THE_VOTE), target=CycleState.ENDED)
    def end(self) -> None:
        """Ended by decision before its vote: its township is merged, becomes a subdistrict, or cannot hold it."""


class TermState(models.TextChoices):
    ELECTED = "elected", _("已选出，待首次会议")
    SITTING = "sitting", _("任期内")
    ENDED = "ended", _("任期届满")


class Term(Record):
    """One term of a township's congress (第N届), from its first session to the next one's (组织法 9).

    since, until: the days of those two sessions, None until they are held. deputies: how many were found duly elected.
    statement: the report of the examination of credentials (代表资格审查, 组织法 37). called: what it was called, where its
    unit has another name or another body now.
    """

    kind: ClassVar[str] = "term"
    called = models.CharField(max_length=120, blank=True)
    number = models.PositiveSmallIntegerField(_("届"))
    since = models.DateField(_("起"), null=True)
    until = models.DateField(_("止"), null=True)
    deputies = models.PositiveSmallIntegerField(_("当选代表"), null=True)
    statement = models.TextField(_("代表资格审查报告"), blank=True)
    state = FSMField(default=TermState.ELECTED, choices=TermState.choices, protected=True)

    class Meta:
        verbose_name = _("届")
        constraints = [
            models.UniqueConstraint(fields=["unit", "number"], name="term_once"),
            models.UniqueConstraint(
                fields=["unit"], condition=Q(state=TermState.SITTING), name="one_term_sits_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        body = worded("人民代表大会", self.unit)
        return self.called or f"{self.unit.name}第{numeral(self.number)}届{body}"

    @transition(field=state, source=TermState.ELECTED, target=TermState.SITTING)
    def begin(self) -> None:
        """Its first session is held."""

    @transition(field=state, source=TermState.SITTING, target=TermState.ENDED)
    def end(self) -> None:
        """The first session of the next congress is held."""


class SessionState(models.TextChoices):
    PLANNED = "planned", _("拟定")
    CONVENED = "convened", _("已通知召开")
    OPEN = "open", _("正在举行")
    CLOSED = "closed", _("已闭会")


class Session(Record):
    """A session of the congress (第N届第M次会议). 询问 and 质询 belong only inside an open one (组织法 23, 24).

    called: what it was called, where its unit has another name or another body now.
    """

    kind: ClassVar[str] = "session"
    called = models.CharField(max_length=120, blank=True)
    term = models.PositiveSmallIntegerField(_("届"))
    number = models.PositiveSmallIntegerField(_("次"))
    held_on = models.DateField(_("会议日期"))
    days = models.DecimalField(_("会期（天）"), max_digits=3, decimal_places=1, default=1)
    deputies_in_office = models.PositiveSmallIntegerField(_("实有代表"), null=True)
    state = FSMField(default=SessionState.PLANNED, choices=SessionState.choices, protected=True)

    class Meta:
        ordering = ["-held_on"]
        constraints = [models.UniqueConstraint(fields=["unit", "term", "number"], name="session_once")]

    def __str__(self) -> str:
        body = worded("人民代表大会", self.unit)
        named = f"{self.unit.name}第{numeral(self.term)}届{body}第{numeral(self.number)}次会议"
        return self.called or named

    @property
    def last_on(self) -> date:
        """The last of the days it is called for; half a day counts as one."""
        return self.held_on + timedelta(days=ceil(self.days) - 1)

    @transition(field=state, source=SessionState.PLANNED, target=SessionState.CONVENED)
    def convene(self) -> None:
        """The presidium publishes date and length (组织法 14)."""

    @transition(field=state, source=SessionState.CONVENED, target=SessionState.OPEN)
    def begin(self) -> None:
        """The preliminary meeting has elected the presidium and adopted the agenda."""

    @transition(field=state, source=SessionState.OPEN, target=SessionState.CLOSED)
    def end(self) -> None:
        """The session is over; questions and interpellations are over with it."""


class Presence(models.TextChoices):
    EXPECTED = "expected", _("应到")
    PRESENT = "present", _("出席")
    LATE = "late", _("迟到（已到会）")
    LEAVE = "leave", _("请假")
    ABSENT = "absent", _("缺席")


class RollLines(models.QuerySet["RollLine"]):
    """Lines of sessions' rolls."""

    def in_office(self) -> RollLines:
        """Those that count now: N is their number (组织法 14, 25)."""
        return self.filter(left_at=None)


class RollLine(models.Model):
    """One deputy on a session's roll, and whether present; arrived_at: when, of one who came late.

    joined_at, left_at: when a by-elected deputy's line began and a departed one's ended, None for all others, with the
    grounds of either. A line that has ended is kept: a vote that was held has it on its own roll.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    session = models.ForeignKey(Session, models.CASCADE, related_name="roll")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    name = models.CharField(_("姓名"), max_length=40)
    delegation = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+")
    presence = models.CharField(max_length=10, choices=Presence.choices, default=Presence.EXPECTED)
    arrived_at = models.DateTimeField(_("到会时间"), null=True)
    joined_at = models.DateTimeField(_("列入名册的时间"), null=True)
    joined_because = models.CharField(_("列入名册的依据"), max_length=500, blank=True)
    left_at = models.DateTimeField(_("退出名册的时间"), null=True)
    left_because = models.CharField(_("退出名册的依据"), max_length=500, blank=True)

    objects = RollLines.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "user"], name="on_the_roll_once", condition=~Q(user=None) & Q(left_at=None)
            )
        ]


class CycleSession(models.Model):
    """Which session a cycle uses for what: its vote (T), its evaluation (T2), the last measurement after 整改."""

    class Use(models.TextChoices):
        VOTE = "vote", _("票决")
        EVALUATION = "evaluation", _("评估")
        REMEASURE = "remeasure", _("再次测评")

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    cycle = models.ForeignKey(Cycle, models.CASCADE, related_name="uses")
    session = models.ForeignKey(Session, models.PROTECT, related_name="uses")
    use = models.CharField(max_length=10, choices=Use.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cycle", "use"], name="one_session_per_use")]


class Paper(models.Model):
    """A paper of the file: minutes, bills, reports, notices, resolutions. Kept as made; a later one supersedes it.

    kind: a code of `papers.KINDS`. subject: the record it is about. published_at: when anybody may read it.
    superseded: not kept; what took its place, in words, where a selector has looked (`voting.superseding`).
    """

    superseded: str = ""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="papers", null=True)
    kind = models.CharField(_("文种"), max_length=40)
    step = models.SmallIntegerField(_("环节"), null=True)
    subject = models.CharField(max_length=60, db_index=True)
    number = models.CharField(_("文号"), max_length=60, blank=True)
    title = models.CharField(_("标题"), max_length=200)
    body = models.TextField(_("正文"), blank=True)
    data = models.JSONField(default=dict)
    made_on = models.DateField(_("成文日期"))
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["step", "pk"]
        # Two years of a township may announce at the same moment; a number of an announcement is given once.
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "kind", "number"],
                name="announcement_number_once",
                condition=Q(kind="announcement") & ~Q(number=""),
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def reference(self) -> str:
        return f"paper:{self.pk}"


class Attachment(models.Model):
    """A file kept with a record; its name on disk is random, its digest stands in the trail."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    subject = models.CharField(max_length=60, db_index=True)
    file = models.FileField(upload_to="attachments/")
    name = models.CharField(_("文件名"), max_length=200)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    public = models.BooleanField(default=False)
    added_at = models.DateTimeField()
