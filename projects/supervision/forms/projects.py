"""One project's plan and its acceptance."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from projects.supervision import rules
from projects.supervision.forms.days import DayForm
from workflow.flows.fields import ChineseDateField, FilesField
from workflow.flows.forms import StepForm

ROWS = 6  # nodes of a plan
# What a plan that came back starts from.
KEPT = (
    "target",
    "starts_on",
    "finish_by",
    "tender_by",
    "no_tender",
    "contract_by",
    "funds",
    "safeguards",
    "responsible",
)


class PlanForm(StepForm):
    """项目建设计划书 (陕西 17): dates, money, safeguards, who answers for it, and the nodes.

    What the congress decided is shown beside the form and not asked for; the target only where it decided none.
    """

    private = ("responsible", "milestones", "titles")
    target = forms.CharField(label=_("年度目标"), widget=forms.Textarea(attrs={"rows": 2}), max_length=300)
    starts_on = ChineseDateField(label=_("计划开工"))
    finish_by = ChineseDateField(label=_("计划完工"))
    tender_by = ChineseDateField(
        label=_("计划招标采购日期"),
        help_text=_("招标采购有结果的日期，登记招标采购的期限从这一天起算；不招标的不填。"),
        required=False,
    )
    no_tender = forms.CharField(
        label=_("不招标的理由"),
        help_text=_("签订合同而不招标采购的必填，如未达到规定限额。"),
        max_length=300,
        required=False,
    )
    contract_by = ChineseDateField(
        label=_("计划签订合同日期"),
        help_text=_("签订合同的日期，登记合同的期限从这一天起算；不签合同的不填。"),
        required=False,
    )
    funds = forms.CharField(label=_("资金安排"), widget=forms.Textarea(attrs={"rows": 3}), max_length=4000)
    safeguards = forms.CharField(
        label=_("保障措施"), widget=forms.Textarea(attrs={"rows": 3}), max_length=4000
    )
    responsible = forms.CharField(label=_("责任人"), max_length=40)

    def prepare(self) -> None:
        if self.subject.target:
            del self.fields["target"]
        self.fields["finish_by"].initial = self.subject.finish_by
        self.fields["finish_by"].help_text = _("不晚于票决确定的完成时限 %(day)s。") % {
            "day": date_format(self.subject.finish_by)
        }
        for n in range(1, ROWS + 1):
            self._add_row(n)
        self._fill_in_earlier()

    def _add_row(self, n: int) -> None:
        here = {"n": n}
        self.fields[f"node_title_{n}"] = forms.CharField(
            label=_("节点 %(n)s") % here, max_length=80, required=n == 1
        )
        self.fields[f"node_on_{n}"] = ChineseDateField(label=_("节点 %(n)s 计划日期") % here, required=n == 1)
        self.fields[f"node_percent_{n}"] = forms.IntegerField(
            label=_("节点 %(n)s 应达进度（%%）") % here, min_value=1, max_value=100, required=n == 1
        )
        short = {"title": _("名称"), "on": _("计划日期"), "percent": _("应达进度（%）")}
        self.together(_("节点 %(n)s") % here, {f"node_{name}_{n}": label for name, label in short.items()})

    def _fill_in_earlier(self) -> None:
        """A plan that came back starts from what was handed in."""
        plan = getattr(self.subject, "plan", None)
        if plan is None:
            return
        for name in KEPT:
            if name in self.fields:
                self.fields[name].initial = getattr(plan, name)
        for n, row in enumerate(self.subject.milestones.all()[:ROWS], 1):
            self.fields[f"node_title_{n}"].initial = row.title
            self.fields[f"node_on_{n}"].initial = row.due_on
            self.fields[f"node_percent_{n}"].initial = row.percent

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        titles, points = [], []
        for n in range(1, ROWS + 1):
            title, on, percent = (data.pop(f"node_{part}_{n}", None) for part in ("title", "on", "percent"))
            if title and on and percent:
                titles.append(title)
                points.append(rules.Point(on, percent))
            elif title or on or percent:
                self.add_error(f"node_title_{n}", _("节点 %(n)s 的名称、日期和进度都要填写。") % {"n": n})
        for name, sentence in rules.tender_faults(
            data.get("tender_by"), data.get("contract_by"), data.get("no_tender", ""), data.get("finish_by")
        ):
            self.add_error(name, sentence)
        if not self.errors:
            for sentence in rules.plan_faults(
                data["starts_on"], data["finish_by"], self.subject.finish_by, points
            ):
                self.add_error(None, sentence)
        return data | {"titles": titles, "milestones": points}


class AcceptanceForm(DayForm):
    """验收材料."""

    past = ("completed_on",)
    completed_on = ChineseDateField(label=_("完工日期"))
    materials = forms.CharField(
        label=_("完成情况和验收材料目录"),
        widget=forms.Textarea(attrs={"rows": 5}),
        min_length=4,
        max_length=20000,
    )
    files: Any = FilesField(label=_("验收材料"), required=False)


class AgreeForm(StepForm):
    """The group's opinion when it agrees; sending back is the general act with its reason."""

    words = forms.CharField(
        label=_("验收意见"), widget=forms.Textarea(attrs={"rows": 3}), min_length=4, max_length=4000
    )
