"""The county's acts: guidance and notes, never an approval (组织法 50(11))."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from projects.cycles.models import Cycle
from projects.oversight.tracing import Traced, traced
from workflow.machines.models import Record
from workflow.people.models import Unit
from workflow.people.saying import listed, titled

LONGEST_TITLE = 120  # characters of what the county writes to a township


class GuidanceKind(models.TextChoices):
    OPINION = "opinion", _("指导意见")
    CIRCULAR = "circular", _("通报")
    TRAINING = "training", _("培训通知")


class Guidance(models.Model):
    """What the county says to a township and wants no reply to; to several, one row each.

    held_on, place: of a training, the day it is held and where.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    county = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    of = models.CharField(
        _("文种"), max_length=10, choices=GuidanceKind.choices, default=GuidanceKind.OPINION
    )
    title = models.CharField(_("标题"), max_length=LONGEST_TITLE)
    words = models.TextField(_("内容"))
    held_on = models.DateField(_("培训日期"), null=True)
    place = models.CharField(_("培训地点"), max_length=120, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(of="training", held_on__isnull=False)
                | (~Q(of="training") & Q(held_on=None, place="")),
                name="a_training_has_its_day",
            )
        ]


class NoteState(models.TextChoices):
    SENT = "sent", _("待回复")
    REPLIED = "replied", _("已回复")


class Note(Record):
    """工作提示函: the county points something out and asks for a reply by a day."""

    kind: ClassVar[str] = "note"
    county = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    cycle = models.ForeignKey(Cycle, models.PROTECT, null=True, related_name="notes")
    title = models.CharField(_("事由"), max_length=LONGEST_TITLE)
    words = models.TextField(_("提示内容"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    sent_on = models.DateField()
    reply_by = models.DateField(_("回复期限"))
    reply = models.TextField(_("回复"), blank=True)
    state = FSMField(default=NoteState.SENT, choices=NoteState.choices, protected=True)

    def __str__(self) -> str:
        return titled(_("工作提示函"), self.title)

    @property
    def about(self) -> str:
        return f"{Cycle.kind}:{self.cycle_id}" if self.cycle_id else ""

    @property
    def step(self) -> int | None:
        return self.cycle.step if self.cycle else None

    @transition(field=state, source=NoteState.SENT, target=NoteState.REPLIED)
    def answer(self) -> None:
        """The township's presidium has replied."""


class SampleOf(models.TextChoices):
    """What a sample is drawn from (rules.md §1: 镇平县 draws stations each month)."""

    PROJECT = "project", _("入选项目档案")
    PROPOSAL = "proposal", _("意见建议档案")
    STATION = "station", _("代表联络站")


class Sample(models.Model):
    """What the county drew to look at, by lot. seed: what the draw follows from (`rules.drawn`).

    among: how many there were to draw from; drawn: reference and name of each that was, in the order of the draw.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    county = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="+")
    of = models.CharField(_("抽查对象"), max_length=10, choices=SampleOf.choices, default=SampleOf.PROJECT)
    seed = models.CharField(max_length=40)
    among = models.PositiveIntegerField(default=0)
    drawn = models.JSONField(default=list)
    words = models.TextField(_("抽查要求"), blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    @property
    def told(self) -> str:
        """What was drawn and how, for the township and for whoever draws again; the words alone before there was a lot."""
        if not self.drawn:
            return self.words
        return _("%(words)s\n从全部%(among)s个%(of)s中随机抽取：%(drawn)s（随机编号 %(seed)s）") % {
            "words": self.words,
            "among": self.among,
            "of": self.get_of_display(),
            "drawn": listed(one["label"] for one in self.drawn),
            "seed": self.seed,
        }


class YearFigure(models.Model):
    """A difference some write has made to what is counted of a township's year; all of one kind add up to its figure.

    Appended by the database in the writer's own transaction (migration 0030 says which rows count for what), folded and
    checked at night (`counting`). measure, facet: what is counted and of which sort; day: when it falls due or was
    raised, for what is still open. amount: a number of things, or fen. cycle_id and unit stand without a constraint:
    every act writes here, and years and units are never deleted. summed: whether the sums above hold it (`YearSum`).
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    cycle_id = models.BigIntegerField()
    year = models.PositiveSmallIntegerField()
    measure = models.CharField(max_length=12)
    facet = models.CharField(max_length=30)
    day = models.DateField(null=True)
    amount = models.BigIntegerField()
    summed = models.BooleanField(db_default=False)

    class Meta:
        indexes = [
            models.Index(fields=["cycle_id"], name="figure_cycle"),
            # With all that tells which years there are: it is read from the index alone.
            models.Index(
                fields=["unit", "year"],
                include=["cycle_id", "facet", "amount"],
                name="figure_years",
                condition=Q(measure="cycle"),
            ),
            models.Index(fields=["unit"], name="figure_unsummed", condition=Q(summed=False)),
        ]


class YearSum(models.Model):
    """What the figures of all townships below a unit add up to in a calendar year, of those that are summed.

    Kept for every unit above a township, by the sweep alone (`counting.sum_up`); with what no sum holds yet, read beside
    it, it is never stale. measure, facet, day, amount: as `YearFigure` has them.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", db_index=False)
    year = models.PositiveSmallIntegerField()
    measure = models.CharField(max_length=12)
    facet = models.CharField(max_length=30)
    day = models.DateField(null=True)
    amount = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "year", "measure", "facet", "day"], name="summed_once", nulls_distinct=False
            )
        ]


class Examination(models.Model):
    """What the checks of conformance found of a year when they were last run over its trail (`examining`).

    held … not_applicable: how many of the checks; broken: the codes of those not held, in their order. size: how many
    entries of its township's trail have been looked at: none of them is of the year and newer than the finding.
    checks: the digest of the checks themselves (`examining.CHECKED_BY`). at: the moment, whose day the terms count to.
    """

    cycle = models.OneToOneField(Cycle, models.CASCADE, primary_key=True, related_name="examination")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    held = models.PositiveSmallIntegerField(_("符合"))
    not_held = models.PositiveSmallIntegerField(_("不符合"))
    not_yet = models.PositiveSmallIntegerField(_("尚未完成"))
    not_applicable = models.PositiveSmallIntegerField(_("不适用"))
    broken = models.JSONField(default=list)
    size = models.BigIntegerField()
    checks = models.CharField(max_length=16)
    at = models.DateTimeField(_("检查时间"))


class Weighting(models.Model):
    """The weights a county orders its townships by, of its own choosing; the latest one holds (rules.md §9).

    weights: code of a measure (`measures.WEIGHED`) → 1 to 100; a measure left out weighs nothing.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    weights = models.JSONField(default=dict)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()


class Boundary(models.Model):
    """The outlines a county has loaded to draw its map; the latest one is drawn. shapes, size: as `boundaries.Drawing`."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    shapes = models.JSONField(default=dict)
    size = models.JSONField(default=list)
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()


class BulletinKind(models.TextChoices):
    QUARTER = "quarter", _("季度通报")
    ANNUAL = "annual", _("年度工作报告段落")


class BulletinState(models.TextChoices):
    DRAFT = "draft", _("草稿")
    SENT = "sent", _("已发出")


class Bulletin(Record):
    """A text about its townships that the county drafts from the figures, edits, and may send (rules.md §1, 镇平县).

    unit: the county. year: the project year of annual paragraphs; of a bulletin the calendar year of its quarter.
    figures: what the draft was filled with, in order: label, text, list and filters behind it, as they were at the end
    of `as_of`; editing leaves them as they are, and `trace` says which of them the text still tells. addressee: 主送机关
    as it went out, whatever becomes of the townships; empty before.
    """

    kind: ClassVar[str] = "bulletin"
    of = models.CharField(_("文种"), max_length=8, choices=BulletinKind.choices)
    year = models.PositiveSmallIntegerField(_("年度"))
    quarter = models.PositiveSmallIntegerField(_("季度"), null=True)
    title = models.CharField(_("标题"), max_length=110)
    body = models.TextField(_("正文"))
    figures = models.JSONField(default=list)
    as_of = models.DateField(_("数字截至"))
    drafted_on = models.DateField(_("起草日期"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    sent_on = models.DateField(_("发出日期"), null=True)
    addressee = models.TextField(_("主送机关"), blank=True)
    state = FSMField(default=BulletinState.DRAFT, choices=BulletinState.choices, protected=True)

    def __str__(self) -> str:
        return self.title

    def trace(self, text: str | None = None) -> Traced:
        """Which of its figures its text, or another one in its place, still tells, and which numbers have no source."""
        return traced([one["text"] for one in self.figures], self.body if text is None else text)

    @property
    def several_years(self) -> bool:
        """Whether its figures are of more than one project year, so that each has to say of which."""
        return len({one["filters"]["year"] for one in self.figures}) > 1

    def called(self, figure: dict[str, Any]) -> str:
        """What one of its figures is called."""
        label = str(figure["label"])
        year = figure["filters"]["year"]
        return _t("%(year)s 年度%(label)s") % {"year": year, "label": label} if self.several_years else label

    @transition(field=state, source=BulletinState.DRAFT, target=BulletinState.DRAFT)
    def edit(self) -> None:
        """Its words are changed before it goes out."""

    @transition(field=state, source=BulletinState.DRAFT, target=BulletinState.SENT)
    def send(self) -> None:
        """Sent to townships as a circular."""


class ModelRulebook(models.Model):
    """示范规则: rules a county holds out to a township, which may adopt them or not; one row for each township.

    unit: the township; or the county itself, of what it composes before it is held out: a row for each change, the latest
    one holds, `words` says what was changed. data: the whole rulebook, as a `Rulebook` keeps it. version: the township's
    own version that adopted it, None while it has not.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    county = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    title = models.CharField(_("名称"), max_length=110)
    words = models.TextField(_("说明"))
    data = models.JSONField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    version = models.PositiveSmallIntegerField(_("采用后的版本"), null=True)

    def __str__(self) -> str:
        return self.title
