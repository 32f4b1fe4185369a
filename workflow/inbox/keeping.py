"""What a person keeps of the inbox's filters under a name of their own."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from workflow.flows.fields import PlainForm
from workflow.flows.models import SavedFilter
from workflow.inbox.lists import boxes
from workflow.roles.middleware import acting_grant

MOST_KEPT = 12
KEPT = ("year", "step", "due", "month", "words", "place", "unread")


class KeepForm(PlainForm):
    """A name for what a list is narrowed to."""

    name = forms.CharField(label=gettext_lazy("名称"), max_length=20)
    box = forms.CharField(max_length=10)
    query = forms.CharField(max_length=300)

    def clean_box(self) -> str:
        code = self.cleaned_data["box"]
        if code not in {b.code for b in boxes()}:
            raise forms.ValidationError(_("没有这一列表。"))
        return code

    def clean_query(self) -> str:
        """Only what the filter knows: anything else in an address is nobody's wish."""
        if not (kept := known(self.cleaned_data["query"])):
            raise forms.ValidationError(_("请先选定筛选条件。"))
        return kept


def known(query: str) -> str:
    """Of an address's query what the filter knows and is not left empty."""
    given, kept = QueryDict(query), QueryDict(mutable=True)
    for name in KEPT:
        if given.get(name):
            kept[name] = given[name]
    return kept.urlencode()


@require_POST
def keep_filter(request: HttpRequest) -> HttpResponse:
    """Keep it for the person in the township acted in; a name used before is given to the new one."""
    grant, form = acting_grant(request), KeepForm(request.POST)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, str(errors[0]))
        return redirect("inbox")
    data = form.cleaned_data
    mine = SavedFilter.objects.filter(user=grant.user_id, unit=grant.tenant)
    if mine.exclude(name=data["name"]).count() >= MOST_KEPT:
        messages.error(request, _("常用筛选最多保存 %(most)s 个，请先删除不用的。") % {"most": MOST_KEPT})
    else:
        SavedFilter.objects.update_or_create(
            user_id=grant.user_id,
            unit=grant.tenant,
            name=data["name"],
            defaults={"box": data["box"], "query": data["query"]},
        )
        messages.success(request, _("已保存常用筛选“%(name)s”。") % {"name": data["name"]})
    return to_list(data["box"], data["query"])


@require_POST
def drop_filter(request: HttpRequest, number: int) -> HttpResponse:
    """Delete one of one's own."""
    grant = acting_grant(request)
    mine = SavedFilter.objects.filter(user=grant.user_id, unit=grant.tenant)
    kept = get_object_or_404(mine, pk=number)
    kept.delete()
    messages.success(request, _("已删除常用筛选“%(name)s”。") % {"name": kept.name})
    return to_list(kept.box, "")


def to_list(box: str, query: str) -> HttpResponse:
    """To a list of the inbox, narrowed as a query says."""
    answer = redirect("inbox") if box == "todo" else redirect("inbox_box", box=box)
    if query:
        answer["Location"] += f"?{query}"
    return answer
