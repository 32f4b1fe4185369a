"""The desk's forms: attendance, issuing, returning, keying, signing. They know a vote, not what it is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from functools import cached_property
from typing import Any, ClassVar, cast

from django import forms
from django.forms.boundfield import BoundWidget
from django.utils.text import format_lazy
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from projects.ballots import figures as fig
from projects.ballots import keys, witnessing
from projects.ballots.boxes import in_box, obstacles_to_closing
from projects.ballots.models import Option, Vote, VoteState
from projects.ballots.outcomes import outcome_of
from projects.ballots.questions import division_of, is_carried, obstacles_to_recording
from projects.ballots.reporting import report_text
from projects.ballots.rolls import HERE, obstacles_to_groups, obstacles_to_totals, yet_to_vote
from projects.ballots.rules import GRADING, Spoiled
from projects.ballots.selectors import (
    ENTERED,
    STANDING,
    came_back_before,
    compared_with_first,
    entered_on,
    issued_as,
    lacks_paper,
    named_figures,
    pairs_before,
    quorum_needed,
    returned_as,
    told_besides,
    went_out,
)
from projects.ballots.services import (
    obstacles_to_issuing,
    obstacles_to_quorum,
    until_quorum,
    void_on_return,
)
from projects.cycles.documents.pdf import obstacle_to_pdf
from projects.cycles.models import Presence
from workflow.flows.fields import CheckedFileField, PeopleField, UnshownInput, choice_field
from workflow.flows.forms import AssemblyForm, Foreseen, MeetingForm, MinutesForm, Resolved, StepForm
from workflow.flows.uploads import PICTURES
from workflow.people.saying import listed, titled
from workflow.people.sentences import in_a_row, sentence

LARGEST = 2000
LARGEST_POINTS = 100_000
NAMED, PARTED = sentence("%(name)s %(n)s"), sentence("%(first)s，%(rest)s")


def number(label: Any, *, largest: int = LARGEST, **more: Any) -> forms.IntegerField:
    """A box for a number of people or ballots."""
    return forms.IntegerField(
        label=label,
        min_value=0,
        max_value=largest,
        widget=forms.NumberInput(attrs={"class": "input-short", "inputmode": "numeric"}),
        **more,
    )


def secret(label: Any, **more: Any) -> forms.CharField:
    """A box for a passphrase: never filled in again, never trimmed."""
    return forms.CharField(
        label=label,
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        **more,
    )


class VoteForm(StepForm):
    """A form about the vote its subject is at, as the step or the form itself says (`Desk`)."""

    vote_of: ClassVar[Callable[[Any], Vote] | None] = None

    @cached_property
    def vote(self) -> Vote:
        asked = getattr(self.node, "vote_of", None) or type(self).vote_of
        if asked is None:
            raise TypeError(
                f"{type(self).__name__}: neither the step nor the form says which vote it is about"
            )
        return asked(self.subject)

    def offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        """Give a choice field its choices."""
        cast(forms.ChoiceField, self.fields[name]).choices = choices


class MetOnVote(VoteForm, MinutesForm):
    """The record of a body that met on a vote: not before the session the vote is held at."""

    def not_before(self) -> date | None:
        return self.vote.session.held_on if self.vote.session else None


class AttendanceForm(VoteForm):
    """应到、请假、实到; who is on leave or absent is marked on the roll, which is frozen at opening."""

    template_name = "steps/voting/attendance_form.html"
    may_foresee = True
    present = number(_("实到人数"))
    on_leave = number(_("请假人数"))
    leave = PeopleField(label=_("请假的代表"), required=False)
    absent = PeopleField(label=_("缺席的代表"), required=False)

    def prepare(self) -> None:
        lines = list(self.vote.session.roll.in_office()) if self.vote.session else []
        self.fields["present"].initial = self.vote.deputies_present
        self.fields["on_leave"].initial = self.vote.on_leave
        for name, mark in (("leave", Presence.LEAVE), ("absent", Presence.ABSENT)):
            if lines:
                self.offer(name, [(str(line.pk), line.name) for line in lines])
                # As last established at this session: confirmed or changed, not ticked anew.
                self.fields[name].initial = [str(line.pk) for line in lines if line.presence == mark]
            else:
                del self.fields[name]

    def foreseen(self) -> list[str]:
        """That so many cannot vote, and that they are put on record all the same."""
        if not (reasons := self._below_quorum()):
            return []
        return [*reasons, str(_("到会人数照此记录。"))]

    def foreseen_table(self) -> Foreseen | None:
        """The figures, where they are below the quorum."""
        if not self._below_quorum():
            return None
        told = {name: self.cleaned_data[name] for name in ("present", "on_leave")}
        in_office = self.vote.deputies_in_office
        figures = [
            (_("应到代表"), in_office),
            *named_figures(self.vote, told),
            (_("缺席"), in_office - sum(told.values())),
            (_("法定人数"), quorum_needed(self.vote)),
        ]
        return figures_told(_("未达到法定人数"), figures)

    def what_follows(self) -> list[str]:
        """Below the quorum no ballot is issued yet."""
        return until_quorum(self.vote, self.cleaned_data["present"])

    def _below_quorum(self) -> list[str]:
        return obstacles_to_quorum(self.vote, self.cleaned_data["present"])

    @property
    def heads(self) -> list[forms.BoundField]:
        """The numbers that were counted in the hall."""
        return [self[name] for name in ("present", "on_leave")]

    @property
    def marks(self) -> list[tuple[Any, forms.BoundField]]:
        """What a line of the roll may be marked as; empty without a roll."""
        words = {"leave": Presence.LEAVE.label, "absent": Presence.ABSENT.label}
        return [(label, self[name]) for name, label in words.items() if name in self.fields]

    @property
    def roll(self) -> list[tuple[str, list[tuple[Any, BoundWidget]]]]:
        """Every deputy once, with a box for each mark."""
        boxes = [[(label, box) for box in field] for label, field in self.marks]
        return [(line[0][1].choice_label, list(line)) for line in zip(*boxes, strict=True)]

    def clean(self) -> dict[str, Any]:
        super().clean()
        data = self.cleaned_data
        if not self.errors:
            self._refuse_more_than_in_office(data)
        if not self.errors:
            self._refuse_marks_that_differ(data)
        return data

    def _refuse_more_than_in_office(self, data: dict[str, Any]) -> None:
        if data["present"] + data["on_leave"] > self.vote.deputies_in_office:
            self.add_error(
                "present",
                _("实到 %(present)s 人 ＋ 请假 %(leave)s 人，多于应到 %(of)s 人。")
                % {
                    "present": data["present"],
                    "leave": data["on_leave"],
                    "of": self.vote.deputies_in_office,
                },
            )

    def _refuse_marks_that_differ(self, data: dict[str, Any]) -> None:
        leave, absent = data.get("leave", []), data.get("absent", [])
        missing = self.vote.deputies_in_office - data.get("present", 0) - data.get("on_leave", 0)
        if "leave" not in self.fields:  # a session without a roll: numbers are all there is
            return
        names = dict(cast("list[tuple[str, str]]", choice_field(self, "leave").choices))
        if both := [str(names[line]) for line in leave if line in absent]:
            self.add_error("absent", _("%(names)s不能既是请假又是缺席。") % {"names": listed(both)})
        if len(leave) != data.get("on_leave"):
            self.add_error(
                "leave",
                _("勾选请假 %(marked)s 人，按人数应为 %(of)s 人。")
                % {"marked": len(leave), "of": data.get("on_leave")},
            )
        if len(absent) != missing:
            self.add_error(
                "absent",
                _("勾选缺席 %(marked)s 人，按人数应为 %(missing)s 人。")
                % {"marked": len(absent), "missing": missing},
            )


class OpenForm(VoteForm):
    """发出表决票: how many, and to whom on paper; the vote opens when the chief teller has confirmed it."""

    issued = number(_("发出表决票"))
    on_paper = PeopleField(
        label=_("领取纸质票的代表"),
        help_text=_(
            "其余到会代表用手机投票。投票开始后手机不能用的，换发投票码，用会场的平板电脑投票；"
            "可以改领纸质票，但纸质票合计须不少于规定张数。"
        ),
        required=False,
    )

    def foreseen(self) -> list[str]:
        """Which vote it is, and on how many deputies it opens."""
        vote = self.vote
        return [
            _("%(title)s：应到 %(of)s 人，实到 %(present)s 人，法定人数 %(quorum)s 人。")
            % {
                "title": vote.title,
                "of": vote.deputies_in_office,
                "present": vote.deputies_present,
                "quorum": quorum_needed(vote),
            }
        ]

    def prepare(self) -> None:
        self.fields["issued"].label = issued_as(self.vote)
        if self.vote.keypad:
            self.fields["on_paper"].help_text = _(
                "其余到会代表按会场表决器；投票开始后，没有按键的仍可改领纸质票。"
            )
        session = self.vote.session
        here = session.roll.in_office().filter(presence__in=HERE) if session else None
        # By keypad without a roll there is only the number of those who press: nobody can be said to vote on paper.
        if not self.vote.device and not (self.vote.keypad and here):
            del self.fields["on_paper"]
            return
        del self.fields["issued"]
        self.offer("on_paper", [(str(line.pk), line.name) for line in here or []])
        nobody = _("无，都按会场表决器") if self.vote.keypad else _("无，都用手机投票")
        cast(Any, self.fields["on_paper"]).told_empty = nobody

    def clean(self) -> dict[str, Any]:
        super().clean()
        issued, present = self.cleaned_data.get("issued"), self.vote.deputies_present
        if issued is not None and present is not None:
            for sentence in obstacles_to_issuing(self.vote, present=present, issued=issued):
                self.add_error("issued", sentence)
        if "on_paper" in self.cleaned_data and present is not None:
            paper = len(set(self.cleaned_data["on_paper"]))
            for sentence in obstacles_to_groups(self.vote, paper, present - paper):
                self.add_error("on_paper", sentence)
        return self.cleaned_data


def entered_by_the_first(vote: Vote, what: str) -> Foreseen | None:
    """What the first of two people entered, and who, beside what is fixed already; None where nothing waits."""
    entered = entered_on(vote, what)
    if entered is None:
        return None
    title = _("%(who)s填写，待您确认") % {"who": entered["by"].name}
    here = [(ENTERED["present"], vote.deputies_present)] if what == "close" and vote.deputies_present else []
    before = [(_("应到代表"), vote.deputies_in_office), *here, *went_out(vote)]
    return figures_told(title, [*before, *entered["figures"], *came_back_before(vote)])


def figures_told(title: Any, figures: Sequence[tuple[Any, int]]) -> Foreseen:
    """Figures one under the other, each with what it is called."""
    return Foreseen(
        str(title),
        (str(_("事项")), str(_("人数、票数"))),
        tuple((str(label), str(number)) for label, number in figures),
    )


def void_foreseen(vote: Vote, figures: Mapping[str, int]) -> list[str]:
    """That the vote is void if so many have come back; empty where they have not. figures: as the closing form has them."""
    if not (reason := void_on_return(vote, figures["returned"], figures.get("paper_returned", 0))):
        return []
    return [_("%(reason)s，监票人确认后本次投票无效，由主席团决定重新投票。") % {"reason": reason}]


def warned_on_return(vote: Vote) -> list[str]:
    """What whoever confirms a closing is warned of in the figures that wait; empty where there is nothing, or none wait."""
    if (entered := witnessing.entered(vote, "close")) is None:
        return []
    return [*void_foreseen(vote, entered.figures), *unlike_before(vote, entered.figures)]


def none_on_paper(vote: Vote) -> list[str]:
    """That nobody was given a ballot on paper, where others vote by telephone; empty where somebody was."""
    if not vote.device or fig.on_paper(vote, "issued"):
        return []
    return [str(_("本次没有发出纸质票，无须清点；电子票由系统清点。"))]


def unlike_before(vote: Vote, figures: Mapping[str, int]) -> list[str]:
    """That a recount has counted out another number than had come back before; empty where it has not, and for any other
    vote. figures: as the closing form has them."""
    first = vote.follows
    if not vote.is_recount or first is None:
        return []
    paper = _("重新清点 %(now)s 张，与前次收回的 %(before)s 张不同，请再清点一遍。")
    pressed = _("表决器记录 %(now)s 人，与前次记录的 %(before)s 人不同，请再核对一遍。")
    on_paper = (paper, fig.on_paper(first, "returned"))
    before = {
        "returned": (pressed, first.recorded or 0) if vote.keypad else on_paper,
        "paper_returned": on_paper,
    }
    counted = [(figures[name], *before[name]) for name in before if name in figures]
    return [told % {"now": now, "before": then} for now, told, then in counted if now != then]


def result_told(vote: Vote) -> Foreseen | None:
    """What the tally comes to, line by line, as it is signed and announced; None before it stands.

    No sum is anybody's to read before that but the signers' and the chair's: the page that asks to confirm is theirs alone.
    """
    if vote.state not in (VoteState.KEYED, *STANDING):
        return None
    counted = fig.decided(vote)
    lines = fig.counted_lines(vote, outcome_of(vote, counted))
    if not lines:
        return None
    about = _("表决事项") if vote.is_question else _("项目")
    words = [str(word) for word, _number in lines[0]["figures"]]
    title = _("计票结果报告单：有效票 %(valid)s 张，无效票 %(invalid)s 张")
    if fig.is_without_ballots(vote):
        title = _("计票结果报告单：表决器记录 %(recorded)s 人")
    told = {
        "valid": counted.count.valid,
        "invalid": counted.count.invalid,
        "recorded": vote.recorded,
    }
    return Foreseen(
        title % told,
        (str(about), *words, str(_("结果"))),
        tuple(
            (
                f"{line['position']}. {line['title']}",
                *(str(number) for _word, number in line["figures"]),
                str(line["word"]),
            )
            for line in lines
        ),
    )


def comparison_told(vote: Vote) -> Foreseen | None:
    """A recount beside the count before it, line by line; what has changed is named. None where nothing has, and for any
    other vote."""
    compared = compared_with_first(vote)
    if compared is None or not compared.differences:
        return None
    places = {title: number for number, title in enumerate(fig.titles_of(vote), 1)}
    return Foreseen(
        str(_("与前次计票比较")),
        (
            str(_("表决事项") if vote.is_question else _("项目")),
            str(_("前次")),
            str(_("本次")),
            str(_("比较")),
        ),
        tuple(
            (
                f"{places[one.line]}. {one.line}" if one.line else str(_("合计")),
                _row_of([(name, before) for name, before, _now in one.figures]),
                _row_of([(name, now) for name, _before, now in one.figures]),
                _("有变动：%(figures)s") % {"figures": listed(str(name) for name, *_both in one.changed)}
                if one.changed
                else str(_("一致")),
            )
            for one in compared.lines
        ),
    )


def _row_of(figures: Sequence[tuple[str, int | str]]) -> str:
    """Figures of one line as they are read out."""
    return in_a_row([NAMED % {"name": name, "n": n} for name, n in figures], PARTED)


def compared_in_short(vote: Vote) -> list[str]:
    """Whether a recount has come to the same as the count before it; empty for any other vote."""
    compared = compared_with_first(vote)
    if compared is None:
        return []
    if not compared.comparable:
        return [compared.sentence]
    told = _("与前次计票“%(first)s”一致：各项票数和结果都没有变动。")
    if compared.differences:
        told = _("与前次计票“%(first)s”不一致，请对照“与前次计票比较”逐项核对。")
    return [told % {"first": compared.first.title}]


class ResultForm(VoteForm):
    """What confirms a result; of a recount, what it changes."""

    def foreseen(self) -> list[str]:
        return compared_in_short(self.vote)

    def foreseen_table(self) -> Foreseen | None:
        """What is confirmed."""
        return result_told(self.vote)

    def foreseen_tables(self) -> list[Foreseen]:
        return [*super().foreseen_tables(), *filter(None, [comparison_told(self.vote)])]


class ConfirmOpenForm(VoteForm):
    """开始投票: the chief teller confirms what the chair entered."""

    def foreseen(self) -> list[str]:
        """Who takes paper where others vote by device."""
        entered = entered_on(self.vote, "open")
        if not entered or not entered["on_paper"]:
            return []
        return [_("领取纸质票的代表：%(names)s。") % {"names": listed(entered["on_paper"])}]

    def foreseen_table(self) -> Foreseen | None:
        """The figures the vote opens on."""
        return entered_by_the_first(self.vote, "open")

    confirmed = forms.BooleanField(label=_("我已当众检查票箱，确认是空的；发出的张数与上列数字一致"))

    def prepare(self) -> None:
        if told := self._confirmed_as():
            self.fields["confirmed"].label = told

    def _confirmed_as(self) -> Any:
        """What is confirmed where not all vote on paper: a box is looked into only where there is paper to put in it."""
        if not self.vote.keypad and not self.vote.device:
            return None
        entered = witnessing.entered(self.vote, "open")
        paper = len(entered.figures["on_paper"]) if entered else self.vote.paper_issued
        if self.vote.keypad:
            if paper:
                return _(
                    "我已当众测试表决器，各键有效、记录已清零；票箱是空的；按键表决的人数、发出纸质票的张数与上列数字一致"
                )
            return _("我已当众测试表决器，各键有效、记录已清零；按键表决的人数与上列数字一致")
        if paper:
            return _("我已当众检查票箱，确认是空的；发出纸质票的张数、用手机投票的人数与上列数字一致")
        return _("我确认没有发出纸质票，到会代表都用手机投票，人数与上列数字一致")


class CloseForm(VoteForm):
    """收回表决票: how many came back; more than issued makes the vote void, which is no error of the form.

    Of a hall's device: whom it counted, and the paper beside it; its own figure alone or the paper's where only one is used.
    Where everybody votes by telephone no paper went out, and no number is asked for.
    """

    returned = number(
        ENTERED["returned"], help_text=_("多于发出的，本次投票无效，须重新投票；提交前请再数一遍。")
    )
    paper_returned = number(
        ENTERED["paper_returned"],
        help_text=_("按键的代表不在其内。多于发出的纸质票，本次投票无效，须重新投票。"),
    )

    def foreseen(self) -> list[str]:
        """That no paper is out; that the vote will be void, where more has come back than went out; that a recount's number
        is another."""
        told = none_on_paper(self.vote)
        return [
            *told, *void_foreseen(self.vote, self.cleaned_data), *unlike_before(self.vote, self.cleaned_data)
        ]  # fmt: skip

    def foreseen_table(self) -> Foreseen:
        """What came back beside what went out."""
        counted = [*went_out(self.vote), *named_figures(self.vote, self.cleaned_data)]
        if self.vote.is_recount:
            return figures_told(_("重新清点和前次收回"), [*counted, *came_back_before(self.vote)])
        return figures_told(_("发出和收回"), counted)

    def prepare(self) -> None:
        labels = returned_as(self.vote)
        for name in ("returned", "paper_returned"):
            self.fields[name].label = labels[name]
        if self.vote.device:
            self.fields["returned"].help_text = (
                _("电子票由系统清点，不在其内。多于发出的，投票无效。")
                if self.vote.is_recount
                else _("电子票由系统清点，不在其内；监票人确认以前，电子票仍可投出。多于发出的，投票无效。")
            )
        if self.vote.keypad:
            self.fields["returned"].help_text = _("含未按的。多于按键表决的代表，本次投票无效，须重新投票。")
        if not (self.vote.keypad and self.vote.paper_issued):
            del self.fields["paper_returned"]
        elif not fig.is_pressed(self.vote):
            del self.fields["returned"]
        if none_on_paper(self.vote):
            del self.fields["returned"]

    def clean(self) -> dict[str, Any]:
        super().clean()
        if "returned" not in self.fields:
            self.cleaned_data["returned"] = 0
        returned = self.cleaned_data.get("returned")
        if self.vote.keypad:
            asked = "returned" if "returned" in self.fields else None
            for sentence in obstacles_to_totals(self.vote, returned or 0):
                self.add_error(asked, sentence)
            return self.cleaned_data
        if returned is None or not void_on_return(self.vote, returned, 0):
            for sentence in obstacles_to_closing(self.vote, in_box(self.vote)):
                self.add_error(None, sentence)
        return self.cleaned_data


class ConfirmCloseForm(VoteForm):
    """截止投票: a teller confirms what the chief teller entered."""

    def foreseen(self) -> list[str]:
        """What whoever entered the figures was told of them (`CloseForm`)."""
        if witnessing.entered(self.vote, "close") is None:
            return []
        return [*none_on_paper(self.vote), *warned_on_return(self.vote)]

    def foreseen_table(self) -> Foreseen | None:
        """The figures the vote closes on."""
        return entered_by_the_first(self.vote, "close")

    confirmed = forms.BooleanField(label=_("我已当众清点收回的票，张数与上列数字一致"))

    def prepare(self) -> None:
        if self.vote.is_recount:
            self.fields["confirmed"].label = _("我已当众重新清点，张数与上列数字一致")
        if none_on_paper(self.vote):
            self.fields["confirmed"].label = (
                _("我确认本次没有纸质票，无须清点")
                if self.vote.is_recount
                else _("我确认没有发出纸质票，可以截止投票")
            )
        if self.vote.keypad:
            told = _("我已当众核对表决器记录的人数，与上列数字一致")
            if self.vote.paper_issued:
                told = _("我已当众核对表决器记录的人数，清点收回的纸质票，与上列数字一致")
            self.fields["confirmed"].label = told


class KeyForm(VoteForm):
    """One holder's passphrase, typed twice; it stands in no trail, no log, no draft and no session."""

    drafts = False
    passphrase = secret(_("开箱口令"), help_text=_("至少 12 个字符，可以用中文。"))
    repeated = secret(_("再输入一次"))

    def clean(self) -> dict[str, Any]:
        super().clean()
        data = self.cleaned_data
        passphrase, repeated = data.get("passphrase"), data.get("repeated")
        if passphrase is not None:
            for fault in keys.faults_of_passphrase(passphrase):
                self.add_error("passphrase", fault)
            if repeated not in (None, passphrase):
                self.add_error("repeated", _("两次输入的口令不一致。"))
        return self.cleaned_data

    def for_trail(self) -> dict[str, Any]:
        """Nothing: a passphrase is nobody's but its holder's."""
        return {}


class OpenBoxForm(VoteForm):
    """Two holders at one desk: each by passphrase, or by the recovery sheet where it was forgotten.

    Nothing is asked where the paper has to be keyed again first.
    """

    drafts = False
    needed_when = dict.fromkeys(
        ("first_passphrase", "first_sheet", "second_passphrase", "second_sheet"),
        _("口令和恢复单填写一项"),
    )
    first = forms.ChoiceField(label=_("第一份密钥"))
    first_passphrase = secret(_("第一人口令"), required=False)
    first_sheet = forms.CharField(
        label=_("或者第一份恢复单"),
        required=False,
        help_text=_("口令忘记时逐组输入"),
        widget=UnshownInput(attrs={"autocomplete": "off"}),
    )
    second = forms.ChoiceField(label=_("第二份密钥"))
    second_passphrase = secret(_("第二人口令"), required=False)
    second_sheet = forms.CharField(
        label=_("或者第二份恢复单"),
        required=False,
        help_text=_("口令忘记时逐组输入"),
        widget=UnshownInput(attrs={"autocomplete": "off"}),
    )
    because = forms.CharField(
        label=_("仍由前次开箱的两人开箱的理由"),
        help_text=_("复票至少换一名保管人开箱；换了人的不填。"),
        required=False,
        min_length=4,
        max_length=500,
    )

    def prepare(self) -> None:
        if lacks_paper(self.vote):
            self.fields.clear()
            return
        if not pairs_before(self.vote):
            del self.fields["because"]
        for name, initial in (("first", "chief_teller"), ("second", "teller")):
            self.offer(name, [(office, str(title)) for office, title in keys.HOLDERS.items()])
            self.fields[name].initial = initial

    def clean(self) -> dict[str, Any]:
        super().clean()
        data = self.cleaned_data
        if not self.fields:
            return data
        if data.get("first") and data.get("first") == data.get("second"):
            self.add_error("second", _("须由两名保管人各出一份。"))
        for which in ("first", "second"):
            if not data.get(f"{which}_passphrase") and not data.get(f"{which}_sheet"):
                self.add_error(f"{which}_passphrase", _("请输入口令，或者输入恢复单。"))
        return data

    def for_trail(self) -> dict[str, Any]:
        """Who opened stands in the vote's own entry; no secret and no sum."""
        return {}


MARK_LABELS = {
    "for": _("赞成"),
    "against": _("反对"),
    "abstain": _("弃权"),
    "not_pressed": _("未按"),
    "points": _("得分"),
}
GRADE_LABELS = {
    "for": _("满意"),
    "abstain": _("基本满意"),
    "against": _("不满意"),
    "not_pressed": _("未作评价"),
}


@dataclass(frozen=True)
class Column:
    """A figure keyed of every candidate. prefix: before its field's name (`figures.PRESSED`), "" of paper and alone."""

    prefix: str
    mark: str
    label: Any

    def name(self, option: Option) -> str:
        return self.prefix + fig.field_name(self.mark, option)


def columns_of(vote: Vote) -> list[Column]:
    """What is keyed per candidate, in the order of this vote's paper; with a hall's device beside paper, first the paper's.

    On paper nobody presses nothing: an unmarked line of a valid ballot is an abstention, and a grade not given is keyed.
    """
    graded = fig.words_of(vote) is GRADING
    named, marks = GRADE_LABELS if graded else MARK_LABELS, fig.marks_of(vote)
    if not fig.is_mixed(vote):
        return [Column("", mark, named[mark]) for mark in marks]
    on_paper = [mark for mark in marks if graded or mark != "not_pressed"]
    return [
        *(Column("", mark, format_lazy("{}{}{}", _("纸质票"), _("："), named[mark])) for mark in on_paper),
        *(Column(fig.PRESSED, mark, format_lazy("{}{}{}", _("表决器"), _("："), named[mark])) for mark in marks),
    ]  # fmt: skip


SPOILED_LABELS = {
    Spoiled.TOO_MANY: _("其中：多选"),
    Spoiled.UNREADABLE: _("其中：涂改、无法辨认"),
    Spoiled.NOT_THE_FORM: _("其中：未使用统一印制的票"),
    Spoiled.OTHER: _("其中：其他原因"),
}


class TallyForm(VoteForm):
    """The tally, once: valid and invalid, then the figures of every candidate in the order of the paper.

    A hall's device has no paper: everybody it counted is in each candidate's figures, and nothing is spoiled. With paper
    beside it both are keyed here, and kept as one sum once two keyings agree and balance.
    """

    drafts = False
    template_name = "steps/voting/tally_form.html"
    valid = number(_("有效票"))
    invalid = number(_("无效票"))

    def prepare(self) -> None:
        self.columns = columns_of(self.vote)
        if fig.is_without_ballots(self.vote):
            del self.fields["valid"], self.fields["invalid"]
        else:
            for why, label in SPOILED_LABELS.items():
                self.fields[f"spoiled_{why}"] = number(label, required=False)
        for option in self.vote.options.all():
            for column in self.columns:
                self.fields[column.name(option)] = self._box(option, column)

    def _box(self, option: Option, column: Column) -> forms.IntegerField:
        label = titled(f"{option.position}. {option.title}", column.label)
        return number(label, largest=LARGEST_POINTS if column.mark == "points" else LARGEST)

    def without_totals(self) -> None:
        """Ask for the paper alone: what the hall's device counted comes from its own file."""
        for name in [name for name in self.fields if name.startswith(fig.PRESSED)]:
            del self.fields[name]
        self.columns = [column for column in self.columns if not column.prefix]

    def clean(self) -> dict[str, Any]:
        super().clean()
        data = self.cleaned_data
        if fig.is_without_ballots(self.vote):
            return data | {"valid": fig.to_key(self.vote, "returned"), "invalid": 0}
        reasons = {why: data.get(f"spoiled_{why}") or 0 for why in SPOILED_LABELS}
        if "invalid" in data and not self.errors:
            for sentence in fig.spoiled_faults({"spoiled": reasons, "invalid": data["invalid"]}):
                self.add_error("invalid", sentence)
        if "valid" in data and "invalid" in data:
            for sentence in self._unlike_returned(data["valid"], data["invalid"]):
                self.add_error("valid", sentence)
        return data

    def _unlike_returned(self, valid: int, invalid: int) -> list[Any]:
        """That as many ballots as these did not come back on paper, and what is to be looked at: no sum of the other sheet."""
        if not (found := fig.unlike_returned(self.vote, valid=valid, invalid=invalid)):
            return []
        only = [_("只录入纸质票，电子票由系统计票。")] if self.vote.device else []
        return [
            *found,
            *only,
            _("逐张清点仍与收回的张数不符的，不要改数字，请总监票人提出复票，重新清点收回的票。"),
        ]

    @property
    def figures(self) -> dict[str, Any]:
        """The tally as it is kept, once every field is valid."""
        marks = {name: value for name, value in self.cleaned_data.items() if name not in ("valid", "invalid")}
        data = self.cleaned_data
        return fig.sheet(self.vote, valid=data["valid"], invalid=data["invalid"], marks=marks)

    @property
    def spoiled(self) -> list[forms.BoundField]:
        """The invalid ballots by reason."""
        return [self[name] for name in self.fields if name.startswith("spoiled_")]

    @property
    def heads(self) -> list[forms.BoundField]:
        """The figures of the whole box."""
        return [self[name] for name in ("valid", "invalid") if name in self.fields]

    @property
    def marks(self) -> list[Any]:
        """The titles of the columns."""
        return [column.label for column in self.columns]

    @property
    def rows(self) -> list[tuple[str, list[tuple[Any, forms.BoundField]]]]:
        """Each candidate with its boxes, each under its column's title."""
        return [
            (
                f"{option.position}. {option.title}",
                [(column.label, self[column.name(option)]) for column in self.columns],
            )
            for option in self.vote.options.all()
        ]

    def for_trail(self) -> dict[str, Any]:
        """Nothing: until both tellers have signed, the trail shows no sum."""
        return {}


class PrintForm(StepForm):
    """印制表决票: how many, and as which file."""

    copies = forms.IntegerField(
        label=_("印制张数"),
        help_text=_("按到会代表人数印制，不多于全体代表人数；打印时选“实际大小”。"),
        min_value=1,
        max_value=LARGEST,
        widget=forms.NumberInput(attrs={"class": "input-short", "inputmode": "numeric"}),
    )
    ending = forms.ChoiceField(label=_("文件"), widget=forms.RadioSelect)

    def prepare(self) -> None:
        pdf = [] if obstacle_to_pdf() else [("pdf", _("PDF（一张 A4 或 A3）"))]
        field = cast(forms.ChoiceField, self.fields["ending"])
        field.choices = [*pdf, ("docx", _("Word"))]
        field.initial = field.choices[0][0]
        self.fields["copies"].initial = self.subject.deputies_in_office

    def clean_copies(self) -> int:
        copies = int(self.cleaned_data["copies"])
        if copies > self.subject.deputies_in_office:
            raise forms.ValidationError(
                _("不能多于全体代表 %(of)s 人。") % {"of": self.subject.deputies_in_office}
            )
        return copies


class ScanForm(StepForm):
    """The report as signed by hand, scanned or photographed."""

    scan = CheckedFileField(
        label=_("已签字的计票结果报告单"),
        help_text=_("扫描件或清晰照片，PDF、JPG、PNG；各页合成一个文件。"),
        endings=("pdf", *PICTURES),
    )


class DestroyForm(StepForm):
    """销毁选票: what whoever asks for it has before them."""

    confirmed = forms.BooleanField(label=_("已核对封存的选票和封条，无缺失、无拆动，现提出销毁"))


class ConfirmDestroyForm(StepForm):
    """销毁选票: what whoever stands by has seen."""

    confirmed = forms.BooleanField(label=_("我在场监督销毁，纸质票已全部销毁，同意同时删除电子票"))


class SignForm(ResultForm):
    """计票结果报告单: a teller's signature."""

    confirmed = forms.BooleanField(label=_("我已核对计票结果报告单，数字属实，签字负责"))


# What the congress adopts


class AdoptionForm(AssemblyForm):
    """The record of what the congress adopts: by show of hands as entered; by ballot, where the rulebook says so, with the
    figures of the declared vote, and nobody types any.
    """

    TYPED: ClassVar[tuple[str, ...]] = tuple(AssemblyForm.field_order)

    def prepare(self) -> None:
        super().prepare()
        if self.by_ballot():
            for name in self.TYPED:
                del self.fields[name]

    def by_ballot(self) -> bool:
        """Whether the rulebook has it adopted by ballot."""
        raise NotImplementedError

    def ballot(self) -> Vote | None:
        """The vote it is adopted by; None before there is one."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        if not self.by_ballot():
            return super().clean()
        StepForm.clean(self)
        vote = self.ballot()
        if reasons := obstacles_to_recording(vote):
            for sentence in reasons:
                self.add_error(None, sentence)
        elif vote:
            self.cleaned_data |= self.recorded(vote)
        return self.cleaned_data

    def recorded(self, vote: Vote) -> dict[str, Any]:
        """What stands in place of the fields nobody fills in."""
        counted = division_of(vote)
        return {
            "held_on": self.act.on,
            "present_number": counted.present,
            "votes_for": counted.votes_for,
            "votes_against": counted.votes_against,
            "votes_abstain": counted.votes_abstain,
            "minutes": report_text(vote),
        }

    def agreed(self) -> bool:
        return is_carried(self.ballot()) if self.by_ballot() else super().agreed()


# Asked for by one, done by two


class NewVoteForm(MetOnVote, Resolved, MeetingForm):
    """The presidium orders a new vote, with its reason."""

    reason = forms.CharField(
        label=_("重新投票的理由"),
        help_text=_("会场大屏显示这一理由，不写得票数。"),
        widget=forms.Textarea(attrs={"rows": 3}),
        min_length=4,
        max_length=1000,
    )
    field_order = ["reason", *MeetingForm.field_order]


class VoteAnewForm(MetOnVote, MeetingForm):
    """More came back than was issued: the presidium decides to vote again, or why not yet."""

    return_reason = forms.CharField(
        label=_("没有形成决定的情况"),
        help_text=_("赞成未过全体成员半数时必填；由主席团再次会议决定。"),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=1000,
        required=False,
    )
    field_order = [*MeetingForm.field_order, "return_reason"]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not self.errors and not self.agreed() and len(data.get("return_reason", "")) < 4:
            self.add_error("return_reason", _("赞成票未超过全体成员的半数，没有形成决定，须写明情况。"))
        return data


class SecondForm(VoteForm):
    """A second person's answer to what a first one asks for: carried out at once, or refused with a reason."""

    AGREE, DECLINE = "agree", "decline"
    decision = forms.ChoiceField(
        label=_("您的意见"),
        widget=forms.RadioSelect,
        choices=[(AGREE, _("同意，立即办理")), (DECLINE, _("不同意"))],
    )
    reason = forms.CharField(
        label=_("不同意的理由"),
        required=False,
        help_text=_("不同意时必填"),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=500,
    )

    def foreseen(self) -> list[str]:
        """Who asks for it, and why; agreed to, what has to be done anew. Empty where nothing waits any more."""
        facts = self.node.context(self.subject)
        if not (asked := facts["entered"]):
            return []
        told = _("%(who)s提出，理由：%(reason)s") % {"who": asked["by"].name, "reason": asked["reason"]}
        agreed = self.cleaned_data["decision"] == self.AGREE
        return [told, *(facts.get("undone", ()) if agreed else ())]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("decision") == self.DECLINE and len(data.get("reason", "")) < 4:
            self.add_error("reason", _("不同意的，请写明理由。"))
        return data

    def what_follows(self) -> list[str]:
        """Declined, nothing begins that agreeing would begin."""
        return (
            [str(_("不同意，所提事项不予办理，其他事项照常办理。"))]
            if self.cleaned_data["decision"] == self.DECLINE
            else []
        )


class ReleaseHolderForm(VoteForm):
    """Whose passphrase is set anew, and why."""

    office = forms.ChoiceField(label=_("保管人"), widget=forms.RadioSelect)
    reason = forms.CharField(label=_("原因和决定"), max_length=500, min_length=4)

    def prepare(self) -> None:
        there = self.vote.holders.select_related("by")
        self.offer("office", [(one.office, f"{keys.HOLDERS[one.office]} {one.by.name}") for one in there])


class RecountForm(StepForm):
    """复票: why the ballots are counted again."""

    reason = forms.CharField(
        label=_("复票的理由"), widget=forms.Textarea(attrs={"rows": 3}), min_length=4, max_length=1000
    )

    def foreseen(self) -> list[str]:
        """What has been done on the result and has to be done anew, where the room's page tells it."""
        return [*self.node.context(self.subject).get("undone", ())] if self.node.context else []


class DeclaringForm(ResultForm):
    """宣布结果; whoever is about to announce it is told that somebody still asks to count again, and what it leads to."""

    def foreseen(self) -> list[str]:
        return [
            *witnessing.asked_before_announcing(self.vote),
            *super().foreseen(),
            *told_besides(self.vote),
        ]


class ArriveForm(VoteForm):
    """Who came late, and when; confirmed by name and number, for the quorum is reckoned by it."""

    foresees = True

    lines = PeopleField(
        label=_("迟到的代表"), help_text=_("同时到会的可以一并勾选；到会时间不同的分次登记。")
    )
    arrived_at = forms.TimeField(
        label=_("到会时间"),
        help_text=_("例如 9:25"),
        widget=forms.TextInput(attrs={"class": "input-short"}),
        error_messages={"invalid": _("请写明时、分，例如 9:25。")},
    )

    def prepare(self) -> None:
        away = (Presence.LEAVE, Presence.ABSENT)
        session = self.vote.session
        lines = session.roll.in_office().filter(presence__in=away) if session else []
        self.offer("lines", [(str(line.pk), line.name) for line in lines])
        self.fields["arrived_at"].initial = localtime(self.act.at).strftime("%H:%M")

    def _present(self) -> int:
        """How many will be here with those who have come."""
        return (self.vote.deputies_present or 0) + len(self.cleaned_data["lines"])

    def foreseen(self) -> list[str]:
        told = _("实到由 %(before)s 人变为 %(after)s 人。")
        if "open" in self.vote.awaiting:
            told = _(
                "实到由 %(before)s 人变为 %(after)s 人；已经填写、尚未确认的发出张数作废，由主持人重新填写。"
            )
        counted = told % {"before": self.vote.deputies_present or 0, "after": self._present()}
        return [counted, *obstacles_to_quorum(self.vote, self._present())]

    def what_follows(self) -> list[str]:
        """With them there may still be too few: no ballot is issued yet then."""
        return until_quorum(self.vote, self._present())

    def clean_arrived_at(self) -> time:
        arrived_at: time = self.cleaned_data["arrived_at"]
        if arrived_at > localtime(self.act.at).time():
            raise forms.ValidationError(_("到会时间不能晚于现在。"))
        return arrived_at


class HandPaperForm(VoteForm):
    """Who changes to paper: deputies present who have not voted by device, nor pressed the hall's."""

    lines = PeopleField(label=_("改领纸质票的代表"))
    reason = forms.CharField(label=_("原因"), max_length=200, help_text=_("如：手机故障、本人要求"))

    def prepare(self) -> None:
        if self.vote.keypad:
            self.fields["lines"].help_text = _("限没有按键的代表：先在会场表决器上退出其席位，再发给纸质票。")
            self.fields["reason"].help_text = _("如：按键器失灵、本人要求")
        else:
            self.fields["lines"].error_messages["invalid_choice"] = _(
                "所选代表中有的刚刚用手机投了票，不能再领纸质票。名单已经更新，请核对后重新提交。"
            )
        waiting = yet_to_vote(self.vote)
        self.offer("lines", [(str(entry.line_id), entry.line.name) for entry in waiting])


class TurnToPaperForm(VoteForm):
    """Too few ballots by device: all of them to paper."""

    reason = forms.CharField(label=_("原因"), max_length=200, initial="电子票少于规定张数")
    confirmed = forms.BooleanField(label=_("已当众说明：电子票未经开启即行作废，有关代表改领纸质票重新投票"))
