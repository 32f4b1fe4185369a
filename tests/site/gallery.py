"""Every component of the interface on one page, with invented records; served in tests only."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path

from projects.site.text_size import choose_text_size
from workflow.flows.fields import ChineseDateField, FenField

TODAY = date(2026, 1, 12)


class Deliberation(forms.Form):
    seats = forms.IntegerField(
        label="拟票决项目数",
        help_text="候选项目共 10 项",
        widget=forms.TextInput({"class": "input-short", "inputmode": "numeric"}),
    )
    held_on = ChineseDateField(label="主席团会议日期")
    budget_fen = FenField(label="预算合计")
    conclusion = forms.ChoiceField(
        label="审议结论",
        choices=[("agree", "同意提请大会票决"), ("return", "退回修改（须写明理由）")],
        widget=forms.RadioSelect,
    )
    areas = forms.MultipleChoiceField(
        label="涉及领域",
        required=False,
        choices=[("water", "供水"), ("roads", "道路"), ("care", "养老")],
        widget=forms.CheckboxSelectMultiple({"class": "choices-inline"}),
    )
    opinion = forms.CharField(label="审议意见", widget=forms.Textarea({"rows": 4}), required=False)
    minutes = forms.FileField(label="会议纪要", required=False)
    checked = forms.BooleanField(label="我已核对候选项目名单")

    def clean_seats(self) -> int:
        seats: int = self.cleaned_data["seats"]
        if seats >= 10:
            raise ValidationError("应小于候选项目数 10。")
        return seats


class Filter(forms.Form):
    year = forms.ChoiceField(label="年度", choices=[("", "全部年度"), ("2026", "2026 年度")], required=False)
    step = forms.ChoiceField(label="环节", choices=[("", "全部环节"), ("1", "征集")], required=False)
    words = forms.CharField(
        label="搜索", required=False, widget=forms.TextInput({"placeholder": "事项、项目、办理人"})
    )


FILLED_IN = {
    "seats": "10",
    "held_on_year": "2026",
    "held_on_month": "2",
    "held_on_day": "30",
    "budget_fen": "12.5",
    "conclusion": "agree",
}
NAVIGATION = [
    {
        "title": "我的工作",
        "items": [
            {"label": "待办", "url": "#1", "count": 6, "current": True},
            {"label": "已办", "url": "#2"},
            {"label": "我发起", "url": "#3", "count": 3},
            {"label": "抄送我", "url": "#4", "count": 2},
            {"label": "催办提醒", "url": "#5", "count": 1, "alert": True},
        ],
    },
    {
        "title": "业务",
        "items": [
            {"label": text, "url": "#6"}
            for text in ("年度流程", "项目库", "大会票决", "监督看板", "档案与审计")
        ],
    },
]
ACTING = {
    "office_title": "主席团",
    "name": "周敏",
    "unit_name": "青溪镇人民代表大会",
    "grants": [
        {"id": 1, "label": "青溪镇主席团 主席", "current": True},
        {"id": 2, "label": "青溪镇人大代表"},
    ],
}


def task(title: str, meta: str, step: str, previous: str, days: int, **more: Any) -> dict[str, Any]:
    due = TODAY + timedelta(days=days)
    return {"title": title, "meta": meta, "step": step, "previous": previous, "due": due, **more}


TASKS = [
    task("审定候选项目名单", "2026 年度 · 青溪镇", "审议", "镇人大办 陈秀兰", -3, urged=2),
    task("票决得票复核并签字", "2026 年度 · 青溪镇", "票决", "监票组 王建国", 0),
    task("柳树村供水管网改造 · 三季度进度监督", "2025 年度 · 03 号项目", "监督", "农业农村办 李志强", 2),
    task("满意度测评结果确认", "2025 年度 · 01 号项目", "评估", "系统自动", 12),
    task(
        "代表联络站征集意见合并去重（46 条）",
        "2026 年度 · 青溪镇",
        "征集",
        "镇人大办 陈秀兰",
        20,
        provisional=True,
    ),
]


def township(name: str, *cells: tuple[str, int]) -> dict[str, Any]:
    return {"name": name, "cells": [{"state": state, "days": days} for state, days in cells]}


DONE, RUNNING, WAITING = ("done", 0), ("running", 0), ("waiting", 0)
TOWNSHIPS = [
    township("青溪镇", DONE, DONE, DONE, ("soon", 3), WAITING, WAITING),
    township("石门镇", DONE, DONE, ("overdue", 5), WAITING, WAITING, WAITING),
    township("柳河镇", DONE, DONE, DONE, DONE, RUNNING, WAITING),
]


def gallery(request: HttpRequest) -> HttpResponse:
    return render(
        request,
        "gallery.html",
        {
            "nav": NAVIGATION,
            "acting": ACTING,
            "today": TODAY,
            "tasks": TASKS,
            "townships": TOWNSHIPS,
            "form": Deliberation(FILLED_IN),
            "filter_form": Filter(),
            "budget_fen": 380_000_000,
            "page": Paginator(range(300), 20).page(6),
            "documents": [
                {"name": "候选项目简介.docx", "url": "#", "size": 88_000},
                {"name": "可行性说明.pdf", "url": "#", "size": 1_258_291, "note": "第 2 稿"},
            ],
            "errors": [
                {"text": "收回 50 张，有效 46 张与无效 3 张之和是 49 张。", "target": "main"},
                {"text": "还差一名监票人签字。"},
            ],
            "tabs": [
                {"label": "概况", "url": "#", "current": True},
                {"label": "进度", "url": "#", "count": 6},
                {"label": "照片", "url": "#", "count": 12},
            ],
            "step_urls": ["#s1", "#s2", "#s3"],
        },
    )


def anonymous(request: HttpRequest, name: str) -> HttpResponse:
    return render(request, name, {"form": Filter()})


urlpatterns = [
    path("", gallery, name="home"),
    path("text-size/", choose_text_size, name="text_size"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("login/", gallery, name="login"),
    path("logout/", gallery, name="logout"),
    path("office/", gallery, name="switch_office"),
    path("password/", gallery, name="password_change"),
    path("anonymous/<path:name>", anonymous),
]
