"""The county's forms and the township's reply."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from projects.cycles.forms import RuleForm
from projects.cycles.rulebook import Change, RulebookError, Rules, diff
from projects.cycles.selectors import rules_in_force
from projects.oversight import townships
from projects.oversight.boundaries import MOST_BYTES, Unfit, drawing_of
from projects.oversight.measures import MEASURES, WEIGHED
from projects.oversight.models import LONGEST_TITLE, BulletinKind, ModelRulebook, SampleOf
from projects.oversight.prompting import begun_on
from projects.oversight.selectors import (
    called,
    circulars_due,
    latest_years,
    model_composed,
    models_for,
    open_task_of,
    rules_adopted,
    rules_to_offer,
    townships_below,
    weights_of,
)
from workflow.flows.fields import ChineseDateField, record_field
from workflow.flows.forms import Foreseen, StepForm
from workflow.inbox.asked import is_number
from workflow.people.models import Unit, UnitKind
from workflow.people.saying import listed, titled


class GuidanceForm(StepForm):
    """指导意见."""

    title = forms.CharField(label=_("标题"), max_length=LONGEST_TITLE)
    words = forms.CharField(label=_("内容"), widget=forms.Textarea(attrs={"rows": 6}), max_length=5000)


class ToTownships(StepForm):
    """What goes to every township below, or to those chosen."""

    def prepare(self) -> None:
        below = townships_below(self.subject.unit)  # of a county itself, or of what is a county's
        self.fields["townships"] = forms.ModelMultipleChoiceField(
            below,
            label=_("发至"),
            widget=forms.CheckboxSelectMultiple(attrs={"class": "choices-names"}),
            initial=[unit.pk for unit in below],
        )

    def for_trail(self) -> dict[str, Any]:
        """The townships by their codes: a unit has no history of its own to refer to."""
        chosen = self.cleaned_data["townships"]
        return super().for_trail() | {"townships": [unit.code for unit in chosen]}


class ToDue(ToTownships):
    """A 通报: where it is due in some of the townships alone, those are ticked."""

    def prepare(self) -> None:
        super().prepare()
        due = {one.cycle.unit_id for one in circulars_due(latest_years(self.subject.unit), self.act.on)}
        field = self.fields["townships"]
        if due and due != set(field.initial):
            field.initial = [pk for pk in field.initial if pk in due]
            field.help_text = _("已勾选到期应通报的乡镇；其他乡镇需要一并通报的，请补选。")


class CircularForm(ToDue):
    """通报: one text to every township below, or to those chosen."""

    title = forms.CharField(label=_("标题"), max_length=110)
    words = forms.CharField(label=_("内容"), widget=forms.Textarea(attrs={"rows": 8}), max_length=5000)


class TrainingForm(ToTownships):
    """培训通知: what is trained, when and where."""

    title = forms.CharField(label=_("培训内容"), max_length=100)
    held_on = ChineseDateField(label=_("培训日期"))
    place = forms.CharField(label=_("培训地点"), max_length=120)
    words = forms.CharField(label=_("有关事项"), widget=forms.Textarea(attrs={"rows": 6}), max_length=4000)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("held_on") and data["held_on"] < self.act.on:
            self.add_error("held_on", _("培训日期不能早于今天。"))
        return data


class LikeField(forms.ModelChoiceField):
    """Whose rules; the county's own are the model it has composed."""

    def label_from_instance(self, unit: Unit) -> str:
        named = {UnitKind.TOWNSHIP: unit.name, UnitKind.SUBDISTRICT: unit.name}
        return named.get(UnitKind(unit.kind), gettext("本级编写的示范规则"))


class LikeForm(StepForm):
    """`like`: the unit whose rules a model begins with; none for the usual ones. The trail keeps its code."""

    def for_trail(self) -> dict[str, Any]:
        like = self.cleaned_data["like"]
        return super().for_trail() | {"like": like.code if like else ""}


class ComposeForm(LikeForm):
    """What the county's own model begins with."""

    foresees = True
    like: Any = forms.ModelChoiceField(
        Unit.objects.none(),
        label=_("以哪个乡镇的现行规则为底稿"),
        required=False,
        empty_label=_("系统默认规则"),
        to_field_name="code",
    )
    note = forms.CharField(label=_("说明"), max_length=200)

    def prepare(self) -> None:
        record_field(self, "like").queryset = townships_below(self.subject)

    def foreseen(self) -> list[str]:
        """What of a model composed so far would be another."""
        held = model_composed(self.subject)
        begun = rules_to_offer(self.subject, self.cleaned_data["like"])
        if held is None:
            return []
        return [titled(change.title, f"{change.before} → {change.after}") for change in diff(held, begun)]


class ModelRuleForm(RuleForm):
    """One setting of the model a county composes, asked for as a township's own rules ask for it."""

    def held(self) -> Rules:
        return model_composed(self.subject) or Rules()


class ModelForm(LikeForm, ToTownships):
    """示范规则: the model the county composed, the rules in force in a township, or the usual ones, held out to others."""

    title = forms.CharField(label=_("名称"), max_length=110)
    words = forms.CharField(label=_("说明"), widget=forms.Textarea(attrs={"rows": 5}), max_length=4000)
    like: Any = LikeField(
        Unit.objects.none(),
        label=_("推荐哪一份规则"),
        required=False,
        empty_label=_("系统默认规则"),
        to_field_name="code",
    )

    def prepare(self) -> None:
        super().prepare()
        below, field = townships_below(self.subject), record_field(self, "like")
        field.queryset = below
        if model_composed(self.subject):
            field.queryset = Unit.objects.filter(Q(pk__in=below.values("pk")) | Q(pk=self.subject.pk))
            field.initial = self.subject.code


class AdoptForm(StepForm):
    """The township adopts a model: as its own next version, after a look at what would change."""

    foresees = True
    model: Any = forms.ModelChoiceField(
        ModelRulebook.objects.none(), label=_("示范规则"), empty_label=None, widget=forms.RadioSelect
    )
    note = forms.CharField(label=_("修订说明"), max_length=200)

    def prepare(self) -> None:
        record_field(self, "model").queryset = models_for(self.subject)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        try:
            if data.get("model") and not self._changes():
                self.add_error("model", _("与本级现行规则相同，无须采用。"))
        except RulebookError as error:
            for sentence in error.reasons:
                self.add_error("model", str(sentence))
        return data

    def foreseen(self) -> list[str]:
        return [titled(change.title, f"{change.before} → {change.after}") for change in self._changes()]

    def _changes(self) -> list[Change]:
        return diff(rules_in_force(self.subject), rules_adopted(self.subject, self.cleaned_data["model"]))

    def for_trail(self) -> dict[str, Any]:
        return super().for_trail() | {"model": self.cleaned_data["model"].pk}


class DraftForm(StepForm):
    """通报或年度报告段落: what is drafted, and of which quarter or year; the text is filled from the figures of the day."""

    of = forms.ChoiceField(label=_("文种"), choices=BulletinKind.choices, widget=forms.RadioSelect)
    year = forms.IntegerField(
        label=_("年份"),
        min_value=2000,
        max_value=2999,
        help_text=_("季度通报填写该季度所在的年份，写入该季度在办的各个年度；年度段落填写项目年度。"),
    )
    quarter = forms.IntegerField(
        label=_("季度"),
        min_value=1,
        max_value=4,
        required=False,
        help_text=_("季度通报填写 1 至 4；年度段落不填。"),
    )

    def prepare(self) -> None:
        self.fields["year"].initial = self.act.on.year
        self.fields["quarter"].initial = (self.act.on.month + 2) // 3

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("of") == BulletinKind.QUARTER and not data.get("quarter"):
            self.add_error("quarter", _("季度通报须写明是哪一季度。"))
        if data.get("of") == BulletinKind.ANNUAL:
            data["quarter"] = None
        return data


class EditForm(StepForm):
    """The words of a draft, before it goes out."""

    title = forms.CharField(label=_("标题"), max_length=110)
    words = forms.CharField(label=_("正文"), widget=forms.Textarea(attrs={"rows": 18}), max_length=5000)

    def prepare(self) -> None:
        self.fields["title"].initial, self.fields["words"].initial = self.subject.title, self.subject.body


class SendForm(ToDue):
    """To whom a bulletin goes; its words are those of the draft."""

    foresees = True

    def foreseen(self) -> list[str]:
        """What an editor has written over: figures the text no longer tells, and numbers that no list stands behind."""
        held, told = self.subject, []
        trace = held.trace()
        if trace.gone:
            gone = listed(
                titled(held.called(held.figures[at]), held.figures[at]["text"]) for at in sorted(trace.gone)
            )
            told.append(gettext("正文中已找不到的起草数字：%(figures)s") % {"figures": gone})
        if trace.without:
            told.append(gettext("正文中没有来源的数字：%(numbers)s") % {"numbers": listed(trace.without)})
        return told


class NoteForm(StepForm):
    """工作提示函: what, and a reply by when. Opened from a task that is stuck, it says which and how long past its day."""

    title = forms.CharField(label=_("事由"), max_length=LONGEST_TITLE)
    words = forms.CharField(label=_("提示内容"), widget=forms.Textarea(attrs={"rows": 6}), max_length=5000)
    reply_by = ChineseDateField(label=_("请于此日前回复"))

    def prepare(self) -> None:
        named = str(self.initial.get("task", ""))
        held = open_task_of(self.subject, int(named)) if is_number(named) else None
        if held:
            begun = begun_on(held, self.subject, self.act.on)
            for name in ("title", "words", "reply_by"):
                self.fields[name].initial = getattr(begun, name)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("reply_by") and data["reply_by"] < self.act.on:
            self.add_error("reply_by", _("回复期限不能早于今天。"))
        return data


class ReplyForm(StepForm):
    """The presidium's reply to a note."""

    reply = forms.CharField(
        label=_("回复"), widget=forms.Textarea(attrs={"rows": 6}), min_length=4, max_length=5000
    )


class SampleForm(StepForm):
    """抽查: what to draw from, how many, and what is asked of the township."""

    of = forms.ChoiceField(label=_("抽查对象"), choices=SampleOf.choices)
    number = forms.IntegerField(
        label=_("抽取数量"),
        min_value=1,
        max_value=50,
        initial=5,
        help_text=_("由系统随机抽取，不足此数的全部抽取；随机编号记入办理记录，可以复核。"),
    )
    words = forms.CharField(label=_("抽查要求"), widget=forms.Textarea(attrs={"rows": 5}), max_length=5000)


class DrawForm(StepForm):
    """本辖区抽查: what to draw, from how many townships, how many in each, and what is asked of them."""

    of = forms.ChoiceField(label=_("抽查对象"), choices=SampleOf.choices)
    halls = forms.IntegerField(
        label=_("抽取乡镇数"),
        min_value=1,
        max_value=100,
        initial=3,
        help_text=_("先从最近年度有抽查对象的乡镇中随机抽取乡镇，不足此数的全部抽取。"),
    )
    number = forms.IntegerField(
        label=_("每个乡镇抽取数量"),
        min_value=1,
        max_value=50,
        initial=5,
        help_text=_("再在抽中的乡镇中随机抽取；两次抽取用同一个随机编号，编号记入办理记录，可以复核。"),
    )
    words = forms.CharField(label=_("抽查要求"), widget=forms.Textarea(attrs={"rows": 5}), max_length=5000)


class WeightsForm(StepForm):
    """本级权重: how much each measure counts in the order a county chooses for itself; nothing counts unless it says so."""

    def prepare(self) -> None:
        held = weights_of(self.subject)
        for code in WEIGHED:
            self.fields[code] = forms.IntegerField(
                label=str(MEASURES[code].title),
                min_value=0,
                max_value=100,
                required=False,
                initial=held.get(code, 0),
                widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
            )
        self.fields[WEIGHED[0]].help_text = _(
            "0 到 100 的整数；0 表示不计入。没有数据的指标不影响该乡镇的得分。"
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not self.errors and not any(data.values()):
            self.add_error(None, _("至少给一项指标填写大于 0 的权重。"))
        return data


FAULTS: dict[str, Any] = {
    "size": _("文件太大，最多 %(detail)s MB。"),
    "json": _("不是 GeoJSON 文件：内容不能按 JSON 读取。"),
    "collection": _("不是 GeoJSON 文件：最外层应为 FeatureCollection，并且至少有一个要素。"),
    "features": _("要素太多，最多 %(detail)s 个。"),
    "points": _("“%(detail)s”的坐标不能读取：须为经纬度，每个环至少四个点。"),
    "shape": _("“%(detail)s”不是面：只收 Polygon、MultiPolygon。"),
    "unnamed": _("没有名称或编码（name、code）。"),
    "unknown": _("“%(detail)s”不是本级以下的单位，请核对名称或改用单位编码。"),
    "twice": _("“%(detail)s”重复。"),
}
TOO_MANY_POINTS = _("坐标点太多，最多 %(detail)s 个，请先简化边界。")
MOST_FAULTS = 20


class BoundariesForm(StepForm):
    """地图边界文件: GeoJSON of the units below; kept as outlines, the file itself is not."""

    file = forms.FileField(
        label=_("边界文件"),
        help_text=_(
            "GeoJSON（.geojson、.json），最多 2 MB；每个面用名称（name）或单位编码（code）对应乡镇。"
        ),
        widget=forms.ClearableFileInput({"accept": ".geojson,.json,application/geo+json,application/json"}),
        error_messages={"empty": _("文件是空的。"), "missing": _("请选择文件。")},
    )

    def clean_file(self) -> Any:
        """Read it whole, or say of every feature that does not fit which one and why."""
        given = self.cleaned_data["file"]
        content = given.read(MOST_BYTES + 1)
        given.seek(0)
        try:
            drawing_of(content, called(self.subject))
        except Unfit as unfit:
            raise forms.ValidationError([_told(*fault) for fault in unfit.faults[:MOST_FAULTS]]) from unfit
        return given


def _told(place: int, code: str, detail: str) -> forms.ValidationError:
    """A fault in words, after the number of the feature it is of."""
    if not place:
        words = TOO_MANY_POINTS if code == "points" else FAULTS[code]
        return forms.ValidationError(words, code=code, params={"detail": detail})
    said = FAULTS[code] % {"detail": detail}
    return forms.ValidationError(
        _("第 %(place)s 个要素：%(said)s"), code=code, params={"place": place, "said": said}
    )


class TownshipForm(StepForm):
    """区划变动: which township, and the paper that approved it."""

    foresees = True

    township: Any = forms.ModelChoiceField(
        Unit.objects.none(), label=_("乡镇"), to_field_name="code", empty_label=_("请选择")
    )
    number = forms.CharField(
        label=_("批准文号"),
        max_length=80,
        help_text=_("上级人民政府批准行政区划变更的文件，例如：示政函〔2026〕12 号。"),
    )
    decided_on = ChineseDateField(label=_("批准日期"))
    reason = forms.CharField(
        label=_("说明"), widget=forms.Textarea(attrs={"rows": 3}), min_length=2, max_length=500
    )

    def prepare(self) -> None:
        record_field(self, "township").queryset = townships_below(self.subject)

    def clean_decided_on(self) -> Any:
        if self.cleaned_data["decided_on"] > self.act.on:
            raise forms.ValidationError(_("批准日期不能晚于今天。"))
        return self.cleaned_data["decided_on"]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("township"):
            for sentence in self.in_the_way():
                self.add_error("township", sentence)
        return data

    def in_the_way(self) -> list[str]:
        """Why it cannot be done to the township chosen."""
        raise NotImplementedError

    def for_trail(self) -> dict[str, Any]:
        """Townships by their codes: a unit has no history of its own to refer to."""
        chosen = {name: self.cleaned_data[name].code for name in ("township", "into") if name in self.fields}
        return super().for_trail() | chosen


class NewNameForm(TownshipForm):
    """A township and the name it gets, which no other of the county bears."""

    name = forms.CharField(label=_("新名称"), max_length=80)
    field_order = ["township", "name", "number", "decided_on", "reason"]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        name = data.get("name")
        if name and townships_below(self.subject).filter(name=name).exists():
            self.add_error("name", _("“%(name)s”已在使用。") % {"name": name})
        return data


class RenameForm(NewNameForm):
    """更名（含撤乡设镇）."""

    def in_the_way(self) -> list[str]:
        return townships.in_the_way(self.cleaned_data["township"])

    def foreseen(self) -> list[str]:
        return townships.told_of_renaming(self.cleaned_data["township"], self.cleaned_data["name"])


class SubdistrictForm(NewNameForm):
    """撤乡（镇）设街道."""

    def prepare(self) -> None:
        field = record_field(self, "township")
        field.queryset = townships_below(self.subject).filter(kind=UnitKind.TOWNSHIP)

    def in_the_way(self) -> list[str]:
        return townships.in_the_way_of_ending(self.cleaned_data["township"])

    def foreseen(self) -> list[str]:
        data = self.cleaned_data
        return townships.told_of_subdistrict(data["township"], data["name"], self.act.on)


class MergeForm(TownshipForm):
    """并入: which township, into which; what moves and what stands in the way is shown before it is done."""

    into: Any = forms.ModelChoiceField(
        Unit.objects.none(), label=_("并入"), to_field_name="code", empty_label=_("请选择")
    )
    field_order = ["township", "into", "number", "decided_on", "reason"]

    def prepare(self) -> None:
        for name in ("township", "into"):
            field = record_field(self, name)
            field.queryset = townships_below(self.subject).filter(kind=UnitKind.TOWNSHIP)

    def clean(self) -> dict[str, Any]:
        township = self.cleaned_data.get("township")
        data = super().clean()
        if data.get("into") and data["into"] == township:
            self.add_error("into", _("不能并入自身。"))
        elif data.get("into"):
            for sentence in townships.in_the_way_of_taking_in(data["into"]):
                self.add_error("into", sentence)
        return data

    def in_the_way(self) -> list[str]:
        return townships.in_the_way_of_ending(self.cleaned_data["township"])

    def foreseen(self) -> list[str]:
        data = self.cleaned_data
        return townships.told_of_merging(data["township"], data["into"], self.act.on)

    def foreseen_table(self) -> Foreseen | None:
        data = self.cleaned_data
        rows = townships.rows_of_moves(data["township"], data["into"], self.act.on)
        if not rows:
            return None
        title = gettext("%(n)s 项未办事项转由对方办理") % {"n": len(rows)}
        heads = gettext("事项"), gettext("内容"), gettext("职务"), gettext("接办人")
        return Foreseen(title, heads, tuple(rows))
