"""The ballot engine's records. Knows no project: options carry references it never reads."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from projects.cycles.models import RollLine, Session
from workflow.flows.models import Meeting
from workflow.machines.models import Record
from workflow.people.models import Unit


class Purpose(models.TextChoices):
    """What is put to the vote."""

    PROJECTS = "projects", _("民生实事项目票决")
    RUN_OFF = "run_off", _("再次投票")
    MEASUREMENT = "measurement", _("满意度测评")
    CHANGE = "change", _("项目调整表决")
    METHOD = "method", _("票决办法表决")
    RESOLUTION = "resolution", _("决议表决")


# One question for, against or abstaining: it is carried or not, nobody is elected by it and nothing graded.
QUESTIONS = (Purpose.CHANGE, Purpose.METHOD, Purpose.RESOLUTION)


class Recounting(models.TextChoices):
    """What has become of counting a vote's ballots again, as its page and lists say it.

    Of a void recount, where the vote in its place stands: not announced yet, announced, or counted again itself.
    """

    COUNTING = "counting", _("正在复票")
    DECLARED = "declared", _("已复票")
    ORDERED = "ordered", _("复票无效")
    HELD = "held", _("复票无效")
    COUNTING_ANEW = "counting_anew", _("复票无效")


class VoteState(models.TextChoices):
    DEFINED = "defined", _("已确定")
    OPEN = "open", _("投票中")
    CLOSED = "closed", _("已截止")
    KEYED = "keyed", _("计票相符")
    CERTIFIED = "certified", _("已签字")
    DECLARED = "declared", _("已宣布")
    VOID = "void", _("无效")


class Vote(Record):
    """One ballot of one body: what is asked, who may vote, what was issued, returned and counted.

    mode, seats and rules are the definition (count.md). about_reference: the record it belongs to ("cycle:3").
    figures: the accepted tally in the count's format; outcome: what `rules.decide` said of it, kept as certified.
    follows: the vote this one repeats (void), counts again (复票) or continues (a tie); follows_because: why.
    ordered_by: the presidium's meeting that decided on it in place of a void vote.
    device: deputies may vote by phone, others on paper, on one roll; then paper_issued and paper_returned are the paper
    among issued and returned, public_key (hexadecimal) seals the ballots, roll_digest and box_digest are what was frozen
    at opening and closing. box_of: the vote whose box and roll a recount counts again. device_least: fewer ballots by
    device are not counted by device. is_recount: it counts the ballots of `follows` again (复票).
    awaiting: what one person at the desk entered and a second has yet to confirm (`witnessing`).
    destroyed_on: the day its ballots were destroyed after the time they are kept; digests and sums stay.
    keypad: deputies press the hall's own device (表决器), others may vote on paper on the same roll: issued and returned are
    both, paper_issued and paper_returned the paper among them, the rest those who press and those its totals count.
    """

    kind: ClassVar[str] = "vote"
    session = models.ForeignKey(Session, models.PROTECT, null=True, related_name="votes")
    about_reference = models.CharField(max_length=60, db_index=True)
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    title = models.CharField(_("标题"), max_length=200)
    mode = models.CharField(_("投票方式"), max_length=8)
    seats = models.PositiveSmallIntegerField(_("应选数"))
    rules = models.JSONField(default=dict)
    deputies_in_office = models.PositiveSmallIntegerField(_("应到"))
    deputies_present = models.PositiveSmallIntegerField(_("实到"), null=True)
    on_leave = models.PositiveSmallIntegerField(_("请假"), null=True)
    issued = models.PositiveSmallIntegerField(_("发出"), null=True)
    returned = models.PositiveSmallIntegerField(_("收回"), null=True)
    figures = models.JSONField(default=dict)
    outcome = models.JSONField(default=dict)
    follows = models.ForeignKey("self", models.PROTECT, null=True, related_name="followed_by")
    follows_because = models.CharField(_("重新进行的理由"), max_length=1000, blank=True)
    ordered_by = models.ForeignKey(Meeting, models.PROTECT, null=True, related_name="+")
    void_reason = models.CharField(_("无效的理由"), max_length=1000, blank=True)
    device = models.BooleanField(_("电子表决"), default=False)
    keypad = models.BooleanField(_("会场表决器"), default=False)
    device_least = models.PositiveSmallIntegerField(_("电子表决最少票数"), default=5)
    paper_issued = models.PositiveSmallIntegerField(_("发出纸质票"), null=True)
    paper_returned = models.PositiveSmallIntegerField(_("收回纸质票"), null=True)
    public_key = models.CharField(max_length=64, blank=True)
    roll_digest = models.CharField(max_length=64, blank=True)
    box_digest = models.CharField(max_length=64, blank=True)
    box_of = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    is_recount = models.BooleanField(_("复票"), default=False)
    awaiting = models.JSONField(default=dict)
    destroyed_on = models.DateField(_("选票销毁日期"), null=True)
    step_number = models.SmallIntegerField(default=4)
    state = FSMField(default=VoteState.DEFINED, choices=VoteState.choices, protected=True)

    def __str__(self) -> str:
        return self.title

    @property
    def own_channel(self) -> str:
        """How those vote who take no ballot on paper."""
        return Channel.DEVICE if self.device else Channel.KEYPAD if self.keypad else Channel.PAPER

    @property
    def pressing(self) -> int | None:
        """Who press the hall's device, of those issued; None before the vote opens."""
        return None if self.issued is None else self.issued - (self.paper_issued or 0)

    @property
    def recorded(self) -> int | None:
        """Whom the hall's device counted, of those returned; None before the vote closes."""
        return None if self.returned is None else self.returned - (self.paper_returned or 0)

    @property
    def about(self) -> str:
        return self.about_reference

    @property
    def step(self) -> int:
        return self.step_number

    @property
    def goes_on_from(self) -> Vote | None:
        """The announced vote this one goes on from at the same session: a run-off, a second round; None for any other.

        A re-vote of one that became void goes on from the same.
        """
        first = self.follows
        while first and first.state == VoteState.VOID:
            first = first.follows
        on_the_spot = first and first.state == VoteState.DECLARED and first.session_id == self.session_id
        return first if on_the_spot and not self.is_recount else None

    @property
    def to_count_again(self) -> Vote:
        """The vote whose ballots a recount asked for now counts: what this one goes on from, as long as nobody has begun it."""
        first = self.goes_on_from
        return first if first and first == self.follows and self.state == VoteState.DEFINED else self

    @property
    def state_told(self) -> str:
        """The state as its page and lists say it: of ballots counted again, that. `recounted`: as `with_recounts` adds it."""
        if recounted := getattr(self, "recounted", None):
            return str(recounted.label)
        counting = (VoteState.OPEN, VoteState.CLOSED, VoteState.KEYED)
        return str(_("复票中")) if self.is_recount and self.state in counting else self.get_state_display()

    @property
    def is_withdrawn(self) -> bool:
        """Whether it was withdrawn before any ballot was issued; it takes nobody's place."""
        return self.state == VoteState.VOID and self.issued is None

    @property
    def is_question(self) -> bool:
        """Whether it asks one question, as its pages and papers say it."""
        return self.purpose in QUESTIONS

    @transition(field=state, source=VoteState.DEFINED, target=VoteState.OPEN)
    def open(self) -> None:
        """Quorum met, tellers in place, ballots issued."""

    @transition(field=state, source=VoteState.OPEN, target=VoteState.CLOSED)
    def close(self) -> None:
        """Boxes closed, ballots counted as returned."""

    @transition(field=state, source=VoteState.CLOSED, target=VoteState.KEYED)
    def accept_tally(self) -> None:
        """Two independent keyings agree and the figures balance."""

    @transition(field=state, source=VoteState.KEYED, target=VoteState.CERTIFIED)
    def certify(self) -> None:
        """Both signatures are there; nothing of it is edited again."""

    @transition(field=state, source=VoteState.CERTIFIED, target=VoteState.DECLARED)
    def declare(self) -> None:
        """The chair has announced it on the spot."""

    @transition(
        field=state, source=[VoteState.OPEN, VoteState.CLOSED, VoteState.KEYED], target=VoteState.VOID
    )
    def make_void(self) -> None:
        """Returned exceeds issued, or the presidium orders a new vote; kept as it was."""

    @transition(field=state, source=VoteState.DEFINED, target=VoteState.VOID)
    def withdraw(self) -> None:
        """The ballots it goes on from are counted again before anybody has voted here; kept as it was."""


class Option(models.Model):
    """One line of the paper. reference: the record it stands for; position: its number on the paper, from 1."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    vote = models.ForeignKey(Vote, models.CASCADE, related_name="options")
    position = models.PositiveSmallIntegerField(_("序号"))
    reference = models.CharField(max_length=60)
    title = models.CharField(max_length=120)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["vote", "position"], name="option_position_once")]


class Keying(models.Model):
    """One person's keying of the paper tally; the second is keyed without sight of the first.

    turn: 1 or 2. round: counts from 1; keyings that differ or do not balance are kept and a new round begins.
    Of a vote by device they are forgotten once it is signed, void or counted again: then a commitment stands here.
    figures: {"valid", "invalid", "sums": {title: {…}}}, numbers of ballots, of each title the figures `figures.marks_of`
    names; empty where it came back from a backup made before that.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    vote = models.ForeignKey(Vote, models.CASCADE, related_name="keyings")
    turn = models.PositiveSmallIntegerField()
    round = models.PositiveSmallIntegerField(default=1)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    figures = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["vote", "round", "turn"], name="one_keying_per_turn"),
            models.UniqueConstraint(fields=["vote", "round", "by"], name="keyed_by_two_people"),
        ]


class Signature(models.Model):
    """A teller's signature under the tally: over the digest of the figures and the outcome."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    vote = models.ForeignKey(Vote, models.CASCADE, related_name="signatures")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    office = models.CharField(max_length=20)
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["vote", "office"], name="one_signature_per_office"),
            models.UniqueConstraint(fields=["vote", "by"], name="signed_by_two_people"),
        ]


class KeyHolder(models.Model):
    """One of the three who hold a share of a vote's private key, each under a passphrase nobody else knows.

    office: chief_teller, teller, or chair (the presidium's sealed envelope). salt, public_key, stretching: what is kept
    of the passphrase (`sealing.Holder`); sealed_share: the share sealed to public_key, empty until all three are there.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    vote = models.ForeignKey(Vote, models.CASCADE, related_name="holders")
    office = models.CharField(max_length=20)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    salt = models.CharField(max_length=64)
    public_key = models.CharField(max_length=64)
    stretching = models.JSONField()
    sealed_share = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["vote", "office"], name="one_share_per_office"),
            models.UniqueConstraint(fields=["vote", "by"], name="shares_of_three_people"),
        ]


class Channel(models.TextChoices):
    """How a deputy on a vote's roll votes."""

    PAPER = "paper", _("纸质票")
    DEVICE = "device", _("电子票")
    KEYPAD = "keypad", _("会场表决器")
    NONE = "none", _("未出席")


class RollEntry(models.Model):
    """One deputy on the roll of one vote, frozen at opening. voted: by device; mark: the roll's hash of the ballot's token.

    Nothing here leads to the box: its key is another hash of the token, which is kept nowhere (integrity.md §2.2).
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    vote = models.ForeignKey(Vote, models.CASCADE, related_name="roll")
    line = models.ForeignKey(RollLine, models.PROTECT, related_name="+")
    channel = models.CharField(max_length=8, choices=Channel.choices)
    voted = models.BooleanField(default=False)
    mark = models.CharField(max_length=64, blank=True)
    code_hash = models.CharField(max_length=64, blank=True)
    code_used = models.BooleanField(default=False)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["vote", "line"], name="on_the_vote_roll_once"),
            models.UniqueConstraint(
                fields=["code_hash"], name="entry_code_once", condition=~models.Q(code_hash="")
            ),
        ]


class Box(models.Model):
    """A sealed ballot. No time, no sequence, no foreign key, no history: the random key is all it has."""

    key = models.CharField(primary_key=True, max_length=64)
    unit = models.ForeignKey(Unit, models.DO_NOTHING, db_constraint=False, related_name="+")
    vote_number = models.BigIntegerField(db_index=True)
    cipher = models.BinaryField()
