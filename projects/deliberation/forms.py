"""Step 3's forms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from projects.ballots import tellers
from projects.ballots.forms import AdoptionForm, MetOnVote
from projects.ballots.models import Vote, VoteState
from projects.ballots.rules import Mode
from projects.ballots.tellers import TELLERS, serve_another
from projects.collection.forms import DecisionForm
from projects.cycles import moving
from projects.cycles.forms import MoveForm, named
from projects.cycles.models import Session, SessionState
from projects.cycles.rulebook import said
from projects.cycles.selectors import deputies_at, opens_term, session_date, session_of, standard_of
from projects.cycles.terms import held_as_deputy
from projects.deliberation import rules, selectors
from projects.deliberation.method import MANNERS, contradictions, is_drawn_up, method_draft
from projects.deliberation.models import BudgetLine
from projects.deliberation.naming import Departments, conflicts
from projects.deliberation.replacing import Place, able_to_serve, obstacles_of_kind, places_of
from projects.selection.models import Item
from projects.selection.rules import surplus_faults
from workflow.flows.fields import (
    ChineseDateField,
    FenField,
    FilesField,
    PeopleField,
    choice_field,
    record_field,
)
from workflow.flows.forms import AssemblyForm, Foreseen, MeetingForm, MinutesForm, Resolved, StepForm
from workflow.flows.meetings import Standard
from workflow.people.models import Unit, User
from workflow.people.saying import bracketed, listed
from workflow.roles.models import RoleGrant
from workflow.roles.registry import title_of
from workflow.roles.selectors import holders_of, office_called, offices_called, seats_of

MODES = [(mode.value, said("ballot_mode").choices[mode.value]) for mode in Mode]


def text(label: Any, *, rows: int = 5, required: bool = True, **more: Any) -> forms.CharField:
    """A long text."""
    more.setdefault("max_length", 20000)
    return forms.CharField(
        label=label, widget=forms.Textarea(attrs={"rows": rows}), required=required, **more
    )


def titled(items: list[Item]) -> list[tuple[str, str]]:
    return [(str(item.pk), item.title) for item in items]


if TYPE_CHECKING:
    Recorded = MinutesForm
else:
    Recorded = object  # a mixin brings rules, no fields


class WhenAgreed(Recorded):
    """Fields a body fills only when it agrees; when it sends the matter back it needs its reason alone."""

    needed: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.needed_when = dict.fromkeys(cls.needed, _("会议同意时必填"))

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not self.errors and self.agreed():
            for name in self.needed:
                if data.get(name) in (None, "", []):
                    self.add_error(name, _("会议同意时，这一项必填。"))
            if not self.errors:
                self.check_agreed(data)
        return data

    def check_agreed(self, data: dict[str, Any]) -> None:
        """What must hold of an agreed decision; does nothing here."""


class MoveConvenedForm(Resolved, MoveForm, MeetingForm):
    """改期: the presidium's decision on a day it has published already, and the notice that publishes the new one."""

    state = SessionState.CONVENED
    document = forms.CharField(label=_("改期通知文号"), max_length=60, required=False)
    body = text(_("改期通知正文"), rows=4)
    field_order = ["use", "new_day", "reason", *MeetingForm.field_order, "document", "body"]


# --- before the session


def table_of_new_day(form: StepForm, day: date | None) -> Foreseen | None:
    """What moves with the session of the vote where a task sets its day; None where it stays."""
    if day is None or day == session_date(form.subject, moving.VOTE):
        return None
    return moving.table_of_move(form.subject, moving.VOTE, day, doing=form.node.key)


class ReportForm(StepForm):
    """请示: which session, when, how long, and what is to be prepared."""

    may_foresee = True

    term = forms.IntegerField(label=_("第几届"), min_value=1, max_value=99)
    number = forms.IntegerField(label=_("第几次会议"), min_value=1, max_value=99)
    session_on = ChineseDateField(label=_("拟定会议日期"))
    session_days = forms.DecimalField(
        label=_("会期（天）"), min_value=0.5, max_value=10, max_digits=3, decimal_places=1, initial=1
    )
    document = forms.CharField(label=_("文号"), max_length=60, required=False)
    body = text(_("请示正文"), rows=8)

    def prepare(self) -> None:
        known = session_of(self.subject, "vote")
        last = known or Session.objects.filter(unit=self.subject.unit).order_by("-held_on").first()
        if last:
            self.fields["term"].initial = last.term
            self.fields["number"].initial = last.number if known else last.number + 1
        self.fields["session_on"].initial = known.held_on if known else self.subject.planned_t

    def clean_session_on(self) -> date:
        return future_session(self, self.cleaned_data["session_on"])

    def foreseen_table(self) -> Foreseen | None:
        return table_of_new_day(self, self.cleaned_data["session_on"])


def future_session(form: StepForm, day: date) -> date:
    """A session's day: not past, and before the evaluation's."""
    if day < form.act.on:
        raise forms.ValidationError(_("会议日期不能早于今天。"))
    if day >= form.subject.planned_t2:
        raise forms.ValidationError(_("须早于拟定评估会期。"))
    return day


class AgendaForm(WhenAgreed, DecisionForm):
    """The presidium puts the candidates on the agenda, or sends the list back to the government."""

    may_foresee = True
    needed = ("session_on", "session_days", "seats", "candidates", "agenda", "attending")
    session_on = ChineseDateField(label=_("会议日期"), required=False)
    session_days = forms.DecimalField(
        label=_("会期（天）"), min_value=0.5, max_value=10, max_digits=3, decimal_places=1, required=False
    )
    seats = forms.IntegerField(label=_("拟应选项目数"), min_value=1, max_value=100, required=False)
    candidates = forms.MultipleChoiceField(
        label=_("列入议程的候选项目"), widget=forms.CheckboxSelectMultiple, required=False
    )
    left_out_reason = text(_("不列入议程的理由"), rows=2, required=False, max_length=1000)
    agenda = text(_("会议议程（草案）"), required=False)
    attending = text(_("列席人员名单"), rows=3, required=False, help_text=_("列席人员没有表决权。"))
    field_order = [*MeetingForm.field_order, *needed[:4], "left_out_reason", *needed[4:], "return_reason"]

    def prepare(self) -> None:
        super().prepare()
        items = list(selectors.candidates_of(self.subject))
        choice_field(self, "candidates").choices = titled(items)
        self.fields["candidates"].initial = [str(item.pk) for item in items]
        session = selectors.session_for(self.subject)
        for name, value in (
            ("session_on", session.held_on),
            ("session_days", session.days),
            ("seats", self.subject.seats),
        ):
            self.fields[name].initial = value

    def check_agreed(self, data: dict[str, Any]) -> None:
        try:
            future_session(self, data["session_on"])
        except forms.ValidationError as error:
            self.add_error("session_on", error)
        book, chosen = self.subject.rules, len(data["candidates"])
        for fault in surplus_faults(chosen, data["seats"], allow_equal=book.allow_equal_vote):
            self.add_error("seats", fault)
        if chosen < selectors.candidates_of(self.subject).count() and len(data["left_out_reason"]) < 4:
            self.add_error("left_out_reason", _("有候选项目不列入议程，须写明理由。"))

    def foreseen_table(self) -> Foreseen | None:
        sent_back = self.cleaned_data.get("return_reason")
        return None if sent_back else table_of_new_day(self, self.cleaned_data.get("session_on"))


class ReviseForm(StepForm):
    """The government answers the presidium: which candidates it keeps, and what it says to the reason given."""

    kept = forms.MultipleChoiceField(
        label=_("保留的候选项目"),
        help_text=_("增加项目须重新经党委研究和公示，不能在此办理。"),
        widget=forms.CheckboxSelectMultiple,
    )
    words = text(_("修改情况说明"), rows=4, min_length=4, max_length=1000)

    def prepare(self) -> None:
        items = list(selectors.candidates_of(self.subject))
        choice_field(self, "kept").choices = titled(items)
        self.fields["kept"].initial = [str(item.pk) for item in items]


class BillForm(StepForm):
    """议案, 情况报告 and 资金安排说明."""

    document = forms.CharField(label=_("文号"), max_length=60, required=False)
    body = text(_("议案正文"), rows=6)
    report = text(_("候选项目形成过程及基本情况的报告"), rows=8)
    funds = text(_("资金安排说明"), rows=5)


class BudgetForm(StepForm):
    """One budget line for each candidate."""

    def prepare(self) -> None:
        for item in selectors.candidates_of(self.subject):
            line = BudgetLine.objects.filter(item=item).first()
            self._row(item, line)

    def _row(self, item: Item, line: BudgetLine | None) -> None:
        title = {"title": item.title}
        own = item.funding.get("own", item.investment_fen)
        self.fields[f"code_{item.pk}"] = forms.CharField(
            label=_("“%(title)s”预算科目") % title, max_length=60, initial=line.code if line else ""
        )
        self.fields[f"amount_{item.pk}"] = FenField(
            label=_("“%(title)s”列入金额") % title, initial=line.amount_fen if line else own
        )
        self.fields[f"source_{item.pk}"] = forms.CharField(
            label=_("“%(title)s”资金来源") % title,
            max_length=60,
            initial=line.source if line else "本级财政预算",
        )
        short = {"code": _("预算科目"), "amount": _("列入金额"), "source": _("资金来源")}
        self.together(
            f"{item.number}. {item.title}", {f"{name}_{item.pk}": label for name, label in short.items()}
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for item in selectors.candidates_of(self.subject):
            amount = data.get(f"amount_{item.pk}")
            if amount is not None and item.investment_fen is not None and amount > item.investment_fen:
                self.add_error(f"amount_{item.pk}", _("列入金额多于项目总投资，请核对。"))
        return data


class ConveneForm(Resolved, MeetingForm):
    """会议通知: the day and the length agreed are published (组织法 14)."""

    document = forms.CharField(label=_("文号"), max_length=60, required=False)
    body = text(_("会议通知正文"), rows=6)


class RollForm(StepForm):
    """代表名册: everybody in a deputy's office today, with the delegation each belongs to."""

    statement = text(_("代表资格审查和变动情况"), rows=3, required=False, max_length=4000)

    def prepare(self) -> None:
        units = selectors.delegations_of(self.subject.unit, self.act.on)
        choices = [("", _("未编入")), *((str(unit.pk), unit.name) for unit in units)]
        before = selectors.delegations_before(self.subject.unit)
        deputies = self.deputies()
        for user in deputies:
            self.fields[f"delegation_{user.pk}"] = forms.ChoiceField(
                label=user.name, choices=choices, required=False, initial=before.get(user.pk, "")
            )
        self.together(_("编入代表团"), {f"delegation_{user.pk}": user.name for user in deputies})

    def deputies(self) -> list[User]:
        """Who is on the roll."""
        return selectors.deputies_to_attend(self.subject, self.act.on)

    def for_trail(self) -> dict[str, Any]:
        """Who sits in which delegation stands on the roll, not in the trail."""
        told = super().for_trail()
        return {name: value for name, value in told.items() if not name.startswith("delegation_")}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.deputies():
            self.add_error(None, _("没有在任代表，请先由系统管理员登记代表职务。"))
        return data


class VisitsForm(StepForm):
    """The round of visits before the session is closed with a summary."""

    body = text(_("走访视察情况汇总"), rows=6)


class TrainingForm(StepForm):
    """代表培训: when, on what, how many came."""

    trained_on = ChineseDateField(label=_("培训日期"))
    topic = forms.CharField(label=_("培训内容"), max_length=200)
    expected = forms.IntegerField(label=_("应到人数"), min_value=1, max_value=2000)
    present = forms.IntegerField(label=_("实到人数"), min_value=0, max_value=2000)

    def prepare(self) -> None:
        self.fields["expected"].initial = len(selectors.deputies_to_attend(self.subject, self.act.on))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("trained_on") and data["trained_on"] > self.act.on:
            self.add_error("trained_on", _("培训日期不能晚于今天。"))
        if data.get("present", 0) > data.get("expected", 2000):
            self.add_error("present", _("实到人数多于应到人数。"))
        return data


class ReadinessForm(StepForm):
    """程序体检表: the chair's note on the sheet."""

    words = text(_("体检意见"), rows=3, required=False, max_length=1000)


class MaterialsForm(StepForm):
    """What the deputies are sent."""

    words = text(_("材料清单和说明"), rows=4, max_length=4000)


# --- in the session


class PreliminaryForm(Resolved, AssemblyForm):
    """预备会议: the presidium elected, the agenda adopted (组织法 19).

    A subdistrict elects neither: its working committee, set up by the county, presides (组织法 59; rules.md §10).
    """

    presidium = PeopleField(label=_("选举产生的主席团成员"))
    agenda = text(_("通过的会议议程"))
    field_order = [*AssemblyForm.field_order, "presidium", "agenda"]

    def held(self) -> Session | None:
        """The session that is to begin; None where none is called."""
        return selectors.session_for(self.subject)

    def prepare(self) -> None:
        members = holders_of("presidium", self.subject.unit, self.act.on)
        session = self.held()
        deputies = selectors.sitting(session, self.subject.unit, self.act.on)
        if session and opens_term(session):
            self._ask_for_the_first(session, deputies)
        if self.subject.unit.is_subdistrict:
            del self.fields["presidium"]
            return
        if session and opens_term(session):
            members = [user for user in members if user in deputies]
        eligible = {user.pk: user for user in [*members, *deputies]}
        choice_field(self, "presidium").choices = named(list(eligible.values()))
        self.fields["presidium"].initial = [str(user.pk) for user in members]

    def _ask_for_the_first(self, session: Session, deputies: list[User]) -> None:
        """In a new congress nobody presides or leads a delegation yet."""
        if not self.subject.unit.is_subdistrict:
            self._ask_for("presiding", _("大会执行主席"), deputies)
            self.fields["presiding"].help_text = _("选举产生新一届人大主席前，由一名主席团成员主持会议。")
        for unit, users in selectors.by_delegation(session):
            self._ask_for(f"lead_{unit.pk}", _("%(unit)s团长") % {"unit": unit.name}, users)

    def _ask_for(self, name: str, label: Any, users: list[User]) -> None:
        self.fields[name] = forms.ChoiceField(label=label, choices=[("", _("请选择")), *named(users)])

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("presiding") and data["presiding"] not in data.get("presidium", []):
            self.add_error("presiding", _("大会执行主席由主席团成员担任。"))
        return data


class ExplainForm(StepForm):
    """候选项目形成过程及基本情况的报告, as given to the congress."""

    body = text(_("报告正文"), rows=8)


class DeliberateForm(StepForm):
    """A delegation's opinions: on the whole, and on a candidate where there is one."""

    present = forms.IntegerField(label=_("到会代表"), min_value=1, max_value=2000)
    words = text(_("总体审议意见"), rows=5, min_length=4, max_length=4000)

    def prepare(self) -> None:
        for item in selectors.candidates_of(self.subject):
            self.fields[f"opinion_{item.pk}"] = text(
                _("对“%(title)s”的意见") % {"title": item.title}, rows=2, required=False, max_length=2000
            )


class NamesTellers(StepForm):
    """总监票人, 监票人 and 计票人 by name; filled in only where the body agrees."""

    chief_teller = forms.ChoiceField(label=_("总监票人"), required=False)
    tellers = PeopleField(label=_("监票人"), required=False, help_text=_("由代表团在代表中推荐。"))
    counters = PeopleField(label=_("计票人"), required=False, help_text=_("由工作人员担任，两人分别录入。"))

    def offer_tellers(self, chiefs: list[User], tellers: list[User], counters: list[User]) -> None:
        """Who may be named for each of the three."""
        choice_field(self, "chief_teller").choices = [("", _("请选择")), *named(chiefs)]
        choice_field(self, "tellers").choices = named(tellers)
        choice_field(self, "counters").choices = named(counters)

    def check_tellers(self, data: dict[str, Any]) -> None:
        """A chief who is no teller, as many tellers as the rulebook says, two counters."""
        book = self.subject.rules
        if not data["chief_teller"]:
            self.add_error("chief_teller", _("请选择总监票人。"))
        faults = rules.teller_faults(
            data["chief_teller"], data["tellers"], least=book.tellers_min, most=book.tellers_max
        )
        for name, sentences in (("tellers", faults), ("counters", rules.counter_faults(data["counters"]))):
            for sentence in sentences:
                self.add_error(name, sentence)


class TellersForm(NamesTellers, Resolved, AssemblyForm):
    """A meeting adopts who counts at it (组织法 25); while another vote is settled there, whoever serves for that."""

    field_order = [*AssemblyForm.field_order, "chief_teller", "tellers", "counters"]

    def held(self) -> Session | None:
        """The session; None at a deputies' meeting."""
        raise NotImplementedError

    def prepare(self) -> None:
        super().prepare()
        session, unit, on = self.session, self.subject.unit, self.act.on
        serving = [holders_of(office, unit, on) for office in TELLERS]
        if serve_another(session, self.subject.reference) and all(serving):
            self.offer_tellers(*serving)
            return
        deputies = self._deputies
        self.offer_tellers(deputies, deputies, selectors.staff_of(unit, on))

    @cached_property
    def session(self) -> Session | None:
        """The same, read once for all that the form asks of it."""
        return self.held()

    @cached_property
    def _deputies(self) -> list[User]:
        return selectors.sitting(self.session, self.subject.unit, self.act.on)

    def members(self) -> int:
        return (self.session.deputies_in_office if self.session else None) or len(self._deputies)

    def standard(self) -> Standard:
        return standard_of(self.subject)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not self.errors:
            self.check_tellers(data)
        return data


class ReplaceTellerForm(MetOnVote, Resolved, AssemblyForm):
    """Who leaves, who takes the place, why; proposed by the presidium, adopted by the congress (rules.md §6.2).

    members_of: vote, day → N, as the desk it is drawn for counts it.
    """

    members_of: ClassVar[Callable[[Vote, date], int]]
    leaving = forms.ChoiceField(label=_("更换的人"), widget=forms.RadioSelect)
    successor = forms.ChoiceField(
        label=_("接任的人"),
        help_text=_("监票人由主席团在到会、不主持会议的代表中提名，计票人由工作人员担任，都由大会通过。"),
    )
    reason = forms.CharField(
        label=_("更换的原因"), min_length=4, max_length=500, help_text=_("如：因病离会、任职回避")
    )
    field_order = ["leaving", "successor", "reason", *AssemblyForm.field_order]

    def prepare(self) -> None:
        super().prepare()
        on, places = self.act.on, places_of(self.vote, self.act.on)
        busy = {place.user for place in places} | tellers.not_free(self.vote, on)
        offered = [
            (user, kind)
            for office, kind in (("teller", _("代表")), ("counter", _("工作人员")))
            for user in able_to_serve(self.vote, office, on)
            if user not in busy
        ]
        self.offered = [user for user, _kind in offered]
        self.offer("leaving", [(place.code, self._named(place)) for place in places])
        people = [(str(user.pk), bracketed(user.name, kind)) for user, kind in offered]
        self.offer("successor", [("", str(_("请选择"))), *people])

    def _named(self, place: Place) -> str:
        told = f"{title_of(place.office)} {place.user.name}"
        return told if place.holds else bracketed(told, _("职务已终止"))

    def members(self) -> int:
        return type(self).members_of(self.vote, self.act.on)

    def standard(self) -> Standard:
        return standard_of(self.subject)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("leaving") and data.get("successor"):
            for sentence in self._faults(data["leaving"].split(":")[0], data["successor"]):
                self.add_error("successor", sentence)
        return data

    def _faults(self, office: str, successor: str) -> list[str]:
        (user,) = (user for user in self.offered if str(user.pk) == successor)
        return [
            *obstacles_of_kind(self.vote, office, user, self.act.on),
            *tellers.obstacles_to_succeeding(self.vote, office, user, self.act.on),
        ]


class NameCountersForm(MetOnVote, Resolved, MeetingForm):
    """Whom the presidium names to count the ballots again beside those who have counted, and why.

    departments_of: vote → the units that answer for what is on its ballot, as the desk it is drawn for knows them.
    """

    departments_of: ClassVar[Departments]
    counters = PeopleField(
        label=_("增加的计票人"),
        widget=forms.CheckboxSelectMultiple(),
        help_text=_(
            "从工作人员中确定，代表、已任监票人或计票人的、已录入过这些票的除外；名单上没有的，先由系统管理员登记职务。"
        ),
        error_messages={
            "invalid_choice": _(
                "只能在名单上选择：代表、已任监票人或计票人的、已录入过这些票的，不能担任复票计票人。"
            )
        },
    )
    reason = text(_("确定的理由"), rows=2, min_length=4, max_length=500)
    field_order = ["counters", "reason", *MeetingForm.field_order]

    def prepare(self) -> None:
        super().prepare()
        taken = tellers.counted_or_serving(self.vote, self.act.on)
        staff = selectors.staff_of(self.subject.unit, self.act.on)
        free = [user for user in staff if user.pk not in taken]
        grants = selectors.staff_grants(free, self.subject.unit, self.act.on)
        called = [(str(user.pk), _with_offices(user, grants[user.pk])) for user in free]
        choice_field(self, "counters").choices = called

    def clean_counters(self) -> list[str]:
        chosen: list[str] = self.cleaned_data["counters"]
        users = list(User.objects.filter(pk__in=chosen))
        if faults := tellers.faults_in_naming(self.vote, users, self.act.on):
            raise forms.ValidationError(faults)
        return chosen

    def foreseen(self) -> list[str]:
        """Who of them serves a unit that answers for a project on the ballot."""
        users = list(User.objects.filter(pk__in=self.cleaned_data["counters"]).order_by("pk"))
        return conflicts(users, type(self).departments_of(self.vote), self.vote.unit, self.act.on)


def _with_offices(user: User, grants: Sequence[RoleGrant]) -> str:
    """A person with the offices held and, where that is not the township's own, the unit each is held at."""
    told = [
        office_called(grant)
        if grant.unit_id == grant.tenant_id
        else listed([grant.unit.name, office_called(grant)], " ")
        for grant in grants
    ]
    return bracketed(user.name, listed(told, "；")) if told else user.name


class SettleForm(WhenAgreed, NamesTellers, DecisionForm):
    """The ballot settled: the list in the paper's order, how many to choose, the 票决办法, the tellers."""

    needed = ("seats", "mode", "method", "chief_teller", "tellers", "counters")
    seats = forms.IntegerField(label=_("应选项目数"), min_value=1, max_value=100, required=False)
    mode = forms.ChoiceField(label=_("票决方式"), choices=MODES, widget=forms.RadioSelect, required=False)
    method = text(_("票决办法（草案）"), rows=8, required=False)
    field_order = [*MeetingForm.field_order, *needed, "return_reason"]

    def prepare(self) -> None:
        super().prepare()
        self.items = list(selectors.candidates_of(self.subject))
        for n, item in enumerate(self.items, 1):
            self.fields[f"order_{item.pk}"] = forms.IntegerField(
                label=_("“%(title)s”票面序号") % {"title": item.title}, min_value=1, initial=n, required=False
            )
        self.together(_("票面序号"), {f"order_{item.pk}": item.title for item in self.items})
        self.fields["seats"].initial = self.subject.seats
        self.fields["mode"].initial = self.subject.rules.ballot_mode
        if self.subject.rules.ballot_channel == "keypad":
            mode = cast("forms.ChoiceField", self.fields["mode"])
            mode.choices = [(code, label) for code, label in MODES if code == Mode.EACH]
            mode.help_text = _("会场表决器逐项按赞成、反对、弃权，只能逐项表决。")
        self.fields["method"].initial = method_draft(
            self.subject.rules, len(self.items), self.subject.seats or 0
        )
        deputies = selectors.deputies_on_the_roll(self.subject)
        self.offer_tellers(deputies, deputies, selectors.staff_of(self.subject.unit, self.act.on))

    def check_agreed(self, data: dict[str, Any]) -> None:
        book, numbers = self.subject.rules, self.numbers(data)
        faults = {
            "seats": surplus_faults(len(self.items), data["seats"], allow_equal=book.allow_equal_vote),
            None: rules.order_faults(numbers),
            "method": self._settle_method(data),
        }
        self.check_tellers(data)
        for name, sentences in faults.items():
            for sentence in sentences:
                self.add_error(name, sentence)

    def _settle_method(self, data: dict[str, Any]) -> list[str]:
        """A draft nobody wrote over is drawn up anew by what was chosen; what somebody wrote must not say otherwise."""
        mode, seats = data["mode"], data["seats"]
        drafts = (method_draft(self.subject.rules, len(self.items), seats, way) for way in MANNERS)
        if any(is_drawn_up(data["method"], draft) for draft in drafts):
            data["method"] = method_draft(self.subject.rules, len(self.items), seats, mode)
            return []
        return contradictions(data["method"], candidates=len(self.items), seats=seats, mode=mode)

    def numbers(self, data: dict[str, Any]) -> list[int]:
        """The number of each candidate on the paper; one left empty keeps its place."""
        return [data.get(f"order_{item.pk}") or n for n, item in enumerate(self.items, 1)]


class AdoptForm(AdoptionForm):
    """The congress adopts the 票决办法 and the tellers, or does not (组织法 25).

    By ballot nothing is entered any more: the figures are the declared vote's.
    """

    return_reason = text(_("未通过时的理由"), rows=3, required=False, max_length=1000)
    field_order = [*AssemblyForm.field_order, "return_reason"]
    TYPED = tuple(field_order)

    def by_ballot(self) -> bool:
        return selectors.adopts_method_by_ballot(self.subject)

    def ballot(self) -> Vote | None:
        return selectors.method_vote(self.subject)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors and not self.agreed() and len(data.get("return_reason", "")) < 4:
            self.add_error("return_reason", _("赞成票未超过全体代表的半数，须写明理由。"))
        return data


class PutMethodForm(AdoptForm):
    """The tellers are adopted by show of hands, whatever the 票决办法 is adopted by."""

    def by_ballot(self) -> bool:
        return False


# --- questions, withdrawals, added matters


class ReplyForm(StepForm):
    """The department answers on record."""

    answer = text(_("答复"), rows=6, min_length=4, max_length=4000)


class ConsentForm(MeetingForm):
    """Whether the presidium agrees to a withdrawal; a refusal is given with its reason."""

    words = text(_("不同意撤回的理由"), rows=3, required=False, max_length=1000)
    field_order = [*MeetingForm.field_order, "words"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors and not self.agreed() and len(data.get("words", "")) < 4:
            self.add_error("words", _("赞成票未超过半数即不同意撤回，须写明理由。"))
        return data


class MatterForm(Resolved, MeetingForm):
    """What becomes of a matter deputies have tabled jointly."""

    decision = forms.ChoiceField(
        label=_("处理决定"),
        choices=[("add", _("列入票决")), ("suggestion", _("转作代表建议")), ("reserve", _("列入储备库"))],
        widget=forms.RadioSelect,
    )
    needed_when = {"category": _("列入票决时必填")}
    category = forms.ChoiceField(label=_("类别"), required=False)
    words = text(_("决定的理由"), rows=3, min_length=4, max_length=1000)
    field_order = [*MeetingForm.field_order, "decision", "category", "words"]

    def prepare(self) -> None:
        super().prepare()
        names = self.subject.cycle.rules.categories
        choice_field(self, "category").choices = [("", _("请选择")), *((name, name) for name in names)]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("decision") == "add" and not data.get("category"):
            self.add_error("category", _("列入票决的项目须写明类别。"))
        return data


class VisitForm(StepForm):
    """A visit to voters or to a site; where it was and what was heard there may name somebody."""

    committed = ("place", "words")
    on = ChineseDateField(label=_("日期"))
    place = forms.CharField(label=_("地点"), max_length=120)
    voters = forms.IntegerField(label=_("走访选民数"), min_value=0, max_value=5000, initial=0)
    words = text(_("情况和意见"), rows=4, min_length=4, max_length=4000)

    def clean_on(self) -> date:
        if self.cleaned_data["on"] > self.act.on:
            raise forms.ValidationError(_("走访日期不能晚于今天。"))
        return self.cleaned_data["on"]


class RollChangeForm(StepForm):
    """A deputy joins the roll (补选) or leaves it: before the session, or in it between two votes."""

    needed_when = {
        "joiner": _("补选到任时必填"),
        "delegation": _("补选到任时选填"),
        "leaver": _("代表资格终止时必填"),
    }
    change = forms.ChoiceField(
        label=_("变动"),
        choices=[("join", _("补选到任")), ("leave", _("代表资格终止"))],
        widget=forms.RadioSelect,
    )
    joiner = forms.ChoiceField(
        label=_("到任代表"), required=False, help_text=_("先由系统管理员登记代表职务。")
    )
    delegation = forms.ChoiceField(label=_("编入代表团"), required=False)
    leaver = forms.ChoiceField(label=_("离任代表"), required=False)
    reason = text(_("依据"), rows=2, min_length=4, max_length=500)
    ONE_AT_A_TIME: ClassVar[dict[str, Any]] = {
        "join": _("一次登记一项变动：补选到任的，不选离任代表；代表资格终止的另行登记。"),
        "leave": _("一次登记一项变动：代表资格终止的，不选到任代表；补选到任的另行登记。"),
    }

    def prepare(self) -> None:
        nobody = [("", _("请选择"))]
        lines = list(selectors.roll_at(self.subject))
        listed = {line.user_id for line in lines}
        sitting = deputies_at(self.subject, self.subject.unit, self.act.on)
        fresh = [user for user in sitting if user.pk not in listed]
        units = selectors.delegations_of(self.subject.unit, self.act.on)
        choice_field(self, "joiner").choices = [*nobody, *named(fresh)]
        choice_field(self, "leaver").choices = [*nobody, *((str(line.pk), line.name) for line in lines)]
        choice_field(self, "delegation").choices = [*nobody, *((str(unit.pk), unit.name) for unit in units)]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if change := data.get("change"):
            wanted, other = ("joiner", "leaver") if change == "join" else ("leaver", "joiner")
            if wanted not in self.errors and not data[wanted]:
                self.add_error(wanted, _("请选择代表。"))
            if data.get(other):
                self.add_error(other, self.ONE_AT_A_TIME[change])
            if change == "leave" and data.get("delegation"):
                self.add_error("delegation", _("代表资格终止的，不编入代表团。"))
        return data

    def foreseen(self) -> list[str]:
        """N before and after, the offices that end, and the roll calls that count for nothing then."""
        before = selectors.roll_at(self.subject).count()
        after = before + (1 if self.cleaned_data["change"] == "join" else -1)
        told = _("实有代表由 %(before)s 人变为 %(after)s 人，用于以后的投票。") % {
            "before": before,
            "after": after,
        }
        called = (
            self.subject.votes.filter(state=VoteState.DEFINED).exclude(deputies_present=None).order_by("pk")
        )
        return [told, *self._offices_that_end()] + [
            _("“%(vote)s”已清点的到会人数作废，由人大办重新清点后再投票。") % {"vote": vote.title}
            for vote in called
        ]

    def _offices_that_end(self) -> list[str]:
        if self.cleaned_data["change"] == "join":
            return []
        line = self.subject.roll.select_related("user").get(pk=self.cleaned_data["leaver"])
        held = held_as_deputy(self.subject.unit, line.user, self.act.on) if line.user else []
        if not held:
            return []
        return [
            _("%(name)s的下列职务同时终止：%(offices)s。")
            % {"name": line.name, "offices": offices_called(held)}
        ]


class AskForm(StepForm):
    """询问: to whom, about which candidate or project, what."""

    department: forms.ModelChoiceField[Unit] = forms.ModelChoiceField(
        label=_("询问的单位"), queryset=Unit.objects.none()
    )
    candidate: forms.ModelChoiceField[Item] = forms.ModelChoiceField(
        label=_("关于哪个项目"), queryset=Item.objects.none(), required=False
    )
    words = text(_("询问内容"), rows=4, min_length=4, max_length=2000)

    def prepare(self) -> None:
        departments = seats_of("department", self.subject.unit, self.act.on)
        record_field(self, "department").queryset = departments
        record_field(self, "candidate").queryset = selectors.matters_asked_about(self.subject)


class WithdrawForm(StepForm):
    """The government asks to withdraw one candidate."""

    reason = text(_("撤回理由"), rows=4, min_length=4, max_length=1000)


class TableForm(StepForm):
    """Deputies table a matter jointly (组织法 22): signed here one after another, or on a paper whose picture is kept."""

    title = forms.CharField(label=_("项目名称"), max_length=80)
    content = text(_("项目内容和理由"), rows=5, min_length=4, max_length=4000)
    signed: Any = FilesField(
        label=_("联名签名原件（扫描件）"),
        help_text=_(
            "已在纸上联名的附原件；没有原件的不附，提出后由其他代表本人在系统中附议签名，满五名即提交主席团。"
        ),
        required=False,
    )
    movers = PeopleField(
        label=_("原件上签名的代表"), help_text=_("附原件的必选，五名以上，提出人也须在内。"), required=False
    )

    def prepare(self) -> None:
        choice_field(self, "movers").choices = named(selectors.deputies_on_the_roll(self.subject))

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        movers = data.get("movers") or []
        if "signed" in self.errors:
            return data
        if not data.get("signed"):
            if movers:
                self.add_error("movers", _("没有签名原件的，不代他人勾选；提出后由各位代表本人附议签名。"))
            return data
        for sentence in rules.mover_faults(len(movers)):
            self.add_error("movers", sentence)
        if self.act.actor and str(self.act.actor.pk) not in movers:
            self.add_error("movers", _("提出人须是联名代表之一。"))
        return data
