"""Step 4's forms beside those of the desk."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.functional import cached_property, lazy
from django.utils.translation import gettext_lazy as _

from projects.ballots.figures import decided
from projects.ballots.forms import AdoptionForm, DeclaringForm
from projects.ballots.models import Vote
from projects.ballots.selectors import lines_of
from projects.collection.forms import Lines
from projects.cycles.models import Session
from projects.cycles.selectors import chair_of
from projects.voting import drafts, selectors, services
from projects.voting.selectors import vote_of
from workflow.flows.fields import choice_field
from workflow.flows.forms import AssemblyForm, MeetingForm, MinutesForm, Resolved, StepForm

MEETING = MeetingForm.field_order


class DeclareForm(DeclaringForm):
    """宣布结果."""

    confirmed = forms.BooleanField(label=_("已当场宣读每个项目的得票数和结果"))


class DeclareQuestionForm(DeclaringForm):
    """宣布结果, of what the congress adopts by ballot."""

    confirmed = forms.BooleanField(label=_("已当场宣读赞成、反对、弃权的票数和结果"))


if TYPE_CHECKING:
    Text = StepForm
    Recorded = MinutesForm
else:
    Text = Recorded = object  # a mixin brings rules, no fields


class AtTheVote(Text):
    """About what was decided at the session the vote was held at, asked for once."""

    @cached_property
    def held(self) -> Session:
        return selectors.vote_session(self.subject)


class OnTheResult(AtTheVote):
    """A text that tells the result: it names what was elected; where it names anything else, whoever confirms it is told."""

    def clean_body(self) -> str:
        body: str = self.cleaned_data["body"]
        for title in drafts.left_out(self.subject, body):
            self.add_error("body", _("正文没有写明入选项目“%(title)s”。") % {"title": title})
        for word, n in drafts.attendance_stated(body):
            if n > max(self.in_office):
                told = {"word": word, "n": n, "of": max(self.in_office)}
                self.add_error("body", _("正文写%(word)s %(n)s 人，多于全体代表 %(of)s 人。") % told)
        return body

    def foreseen(self) -> list[str]:
        body = self.cleaned_data["body"]
        return [
            *(
                _("正文提到未入选的“%(title)s”，请核对是否写成了入选。") % {"title": title}
                for title in drafts.named_besides(self.subject, body)
            ),
            *self._attendance_foreseen(drafts.attendance_stated(body)),
        ]

    @cached_property
    def in_office(self) -> list[int]:
        return selectors.in_office_at_votes(self.subject, self.held)

    @cached_property
    def here_at_votes(self) -> list[int]:
        return selectors.present_at_votes(self.subject, self.held)

    def _attendance_foreseen(self, stated: list[tuple[str, int]]) -> list[str]:
        known = {"应到": self.in_office, "实到": self.here_at_votes} if stated else {}
        told = _("正文写%(word)s %(n)s 人，票决时%(word)s %(known)s 人，请核对。")
        return [
            told % {"word": word, "n": n, "known": known[word][-1]}
            for word, n in stated
            if known[word] and n not in known[word]
        ]


class AfterTheVote(AtTheVote, Recorded):
    """The record of a body that met on the result: not before the session the vote was held at."""

    def not_before(self) -> date | None:
        return self.held.held_on


class PutResolutionForm(OnTheResult, StepForm):
    """关于确定年度民生实事项目的决议（草案）, as the deputies vote on it."""

    body = forms.CharField(label=_("决议正文"), widget=Lines(attrs={"rows": 12}), max_length=20000)
    number = forms.CharField(label=_("文号"), max_length=60, required=False)

    def prepare(self) -> None:
        self.fields["body"].initial = partial(drafts.resolution_text, self.subject)


class ResolutionForm(OnTheResult, AfterTheVote, AdoptionForm):
    """关于确定年度民生实事项目的决议: more than half of all deputies in office (组织法 25).

    By ballot nothing is entered any more: the text is the draft's, the figures are the declared vote's.
    """

    body = forms.CharField(label=_("决议正文"), widget=Lines(attrs={"rows": 12}), max_length=20000)
    number = forms.CharField(label=_("文号"), max_length=60, required=False)
    return_reason = forms.CharField(
        label=_("未通过时的说明"),
        help_text=_("未过全体代表半数时必填；可修改后再次提请表决。"),
        widget=Lines(attrs={"rows": 2}),
        max_length=1000,
        required=False,
    )
    field_order = ["body", "number", *AssemblyForm.field_order, "return_reason"]
    TYPED = tuple(field_order)

    def by_ballot(self) -> bool:
        return selectors.resolves_by_ballot(self.subject)

    def ballot(self) -> Vote | None:
        return selectors.resolution_vote(self.subject)

    def prepare(self) -> None:
        super().prepare()
        if not self.by_ballot():
            self.fields["body"].initial = partial(drafts.resolution_text, self.subject)
            # Asked of the database where the page is shown, not where it is sent.
            self.fields["present_number"].help_text = lazy(self._here_then, str)()

    def _here_then(self) -> str:
        here = self.here_at_votes
        return str(_("票决时实到 %(n)s 人。") % {"n": here[-1]}) if here else ""

    def recorded(self, vote: Vote) -> dict[str, Any]:
        draft = selectors.draft_voted_on(vote)
        return super().recorded(vote) | {"body": draft.body, "number": draft.number}

    def foreseen(self) -> list[str]:
        if self.agreed():
            return [*super().foreseen(), *self._unlike_the_vote()]
        for_it, of = self.cleaned_data["votes_for"], self.members()
        told = _(
            "赞成 %(votes)s 票，没有超过全体代表 %(of)s 人的半数，决议未通过；确认后退回，可以修改后再次提请表决。"
        )
        return [told % {"votes": for_it, "of": of}, *self._unlike_the_vote()]

    def _unlike_the_vote(self) -> list[str]:
        """That another number is entered than was here when the projects were voted on."""
        present, here = self.cleaned_data.get("present_number"), self.here_at_votes
        if self.by_ballot() or not here or present in here:
            return []
        told = _(
            "填写的实到 %(n)s 人，与票决时实到 %(known)s 人不同：其间有人到会或者离会的照实填写，否则请改正。"
        )
        return [told % {"n": present, "known": here[-1]}]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not self.errors and not self.agreed() and len(data.get("return_reason", "")) < 4:
            self.add_error("return_reason", _("赞成票未超过全体代表的半数，决议未通过，须写明情况。"))
        return data


class TieForm(AfterTheVote, Resolved, MeetingForm):
    """末位票数相等: the presidium names among those tied as many as places are left."""

    chosen = forms.MultipleChoiceField(label=_("入选项目"), widget=forms.CheckboxSelectMultiple)
    field_order = ["chosen", *MEETING]

    def prepare(self) -> None:
        super().prepare()
        tied = [line for line in lines_of(vote_of(self.subject)) if line.tied or self.over]
        choice_field(self, "chosen").choices = [(line.reference, line.title) for line in tied]
        self.fields["chosen"].help_text = _("票数相等的项目，选 %(places)s 项。") % {"places": self.places()}

    def places(self) -> int:
        return decided(vote_of(self.subject)).places_left

    def clean_chosen(self) -> list[str]:
        chosen: list[str] = self.cleaned_data["chosen"]
        if len(chosen) != self.places():
            raise forms.ValidationError(
                _("名额余 %(places)s 个，选了 %(chosen)s 项。")
                % {"places": self.places(), "chosen": len(chosen)}
            )
        return chosen


class RemainderForm(AfterTheVote, Resolved, MeetingForm):
    """余下名额: put to the vote of the session that sits, or left vacant, with the reason."""

    VOTE, VACANT = "vote", "vacant"
    decision = forms.ChoiceField(
        label=_("余下名额"),
        widget=forms.RadioSelect,
        choices=[(VOTE, _("提请本次会议另行票决")), (VACANT, _("不再另行票决，名额空缺"))],
    )
    reason = forms.CharField(
        label=_("名额空缺的理由"),
        required=False,
        help_text=_("决定空缺时必填，向社会公布。"),
        widget=Lines(attrs={"rows": 2}),
        max_length=500,
    )
    field_order = ["decision", "reason", *MEETING]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("decision") == self.VACANT and len(data.get("reason", "")) < 4:
            self.add_error("reason", _("决定空缺的，请写明理由。"))
        if data.get("decision") == self.VOTE:
            for sentence in services.faults_of_voting_later(self.subject):
                self.add_error("decision", sentence)
        return data


class AnnounceForm(OnTheResult, AfterTheVote, Resolved, MeetingForm):
    """公告〔N届〕第M号, signed by the session's presidium."""

    number = forms.CharField(label=_("公告号"), max_length=60)
    body = forms.CharField(label=_("公告正文"), widget=Lines(attrs={"rows": 10}), max_length=20000)
    field_order = ["number", "body", *MEETING]

    def prepare(self) -> None:
        super().prepare()
        self.fields["number"].initial = partial(selectors.next_announcement, self.subject)
        self.fields["body"].initial = partial(drafts.announcement_text, self.subject)


class HandOpinionsForm(AfterTheVote, Resolved, MeetingForm):
    """审议意见交办单."""

    number = forms.CharField(label=_("文号"), max_length=60, required=False)
    body = forms.CharField(
        label=_("交办要求"), widget=Lines(attrs={"rows": 4}), min_length=4, max_length=20000
    )
    field_order = ["number", "body", *MEETING]


class OpinionsReplyForm(StepForm):
    """研究处理情况报告: one answer per opinion."""

    body = forms.CharField(
        label=_("研究处理情况报告"), widget=Lines(attrs={"rows": 6}), min_length=4, max_length=20000
    )

    def prepare(self) -> None:
        for opinion in selectors.opinions_of(self.subject):
            self.fields[f"reply_{opinion.pk}"] = forms.CharField(
                label=_("%(delegation)s：%(words)s")
                % {"delegation": opinion.delegation.name, "words": opinion.words[:60]},
                widget=Lines(attrs={"rows": 3}),
                min_length=4,
                max_length=2000,
            )


class TellForm(StepForm):
    """One act tells every proposer of a candidate; they read the words by their query codes."""

    words_elected = forms.CharField(
        label=_("告知入选项目的提出人"), widget=Lines(attrs={"rows": 2}), max_length=500
    )
    words_not_elected = forms.CharField(
        label=_("告知未入选项目的提出人"), widget=Lines(attrs={"rows": 2}), max_length=500
    )

    def prepare(self) -> None:
        # Proposed in the language of the answer, whatever the page speaks.
        words = self.subject.rules.words
        elected, not_elected = self.fields["words_elected"], self.fields["words_not_elected"]
        decided = f"经{words['congress']}{words['vote']}入选"
        elected.initial = f"您提出的意见已纳入年度{words['project']}，{decided}，将按计划实施。"
        not_elected.initial = "您提出的意见所在项目未入选，已转入储备库，以后年度可再次列为候选项目。"


class FilingForm(StepForm):
    """备案报告 to the county, with the list of documents sent along."""

    number = forms.CharField(label=_("文号"), max_length=60, required=False)
    issued_by = forms.CharField(
        label=_("签发人"), max_length=30, help_text=_("上报的公文应当标注签发人姓名。")
    )
    body = forms.CharField(label=_("备案报告正文"), widget=Lines(attrs={"rows": 6}), max_length=20000)

    def prepare(self) -> None:
        self.fields["issued_by"].initial = partial(chair_of, self.subject.unit, self.act.on)
        self.fields["body"].initial = partial(drafts.filing_text, self.subject)
