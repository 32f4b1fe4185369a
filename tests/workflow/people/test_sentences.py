"""A rule's sentence is Chinese where it is made and the reader's language where it is shown."""

from __future__ import annotations

import pickle
from datetime import date

import pytest
from django import forms
from django.template import engines
from django.utils import translation

from workflow.flows.errors import Refused
from workflow.flows.fields import PlainForm
from workflow.people.saying import said_again, said_later
from workflow.people.sentences import Sentence, clause, in_a_row, sentence


def test_it_is_the_chinese_text_and_keeps_what_it_was_made_of():
    told = sentence("候选项目 %(n)s 个，应选 %(seats)s 个。") % {"n": 3, "seats": 2}
    assert told == "候选项目 3 个，应选 2 个。" and isinstance(told, Sentence)
    assert (told.msgid, told.values) == ("候选项目 %(n)s 个，应选 %(seats)s 个。", {"n": 3, "seats": 2})
    assert pickle.loads(pickle.dumps(told)).values == told.values


def test_a_hundred_per_cent_is_no_place_to_fill():
    assert sentence("最后一个节点应为完工，进度 100%。") == "最后一个节点应为完工，进度 100%。"


@pytest.fixture
def english(monkeypatch):
    """A catalogue that answers in capitals what it was asked for, so that no text of ours has to stand in it."""
    known = {
        "到期日%(day)s": "DUE %(day)s",
        "正常": "NORMAL",
        "灯为%(light)s": "LIGHT %(light)s",
        "灯为%(light)s。": "LIGHT %(light)s.",
        "%(first)s、%(rest)s": "%(first)s, %(rest)s",
    }
    plain = translation.gettext
    monkeypatch.setattr(
        translation,
        "gettext",
        lambda text: known.get(str(text), str(text)) if translation.get_language() == "en" else plain(text),
    )


def test_it_is_said_again_with_days_and_texts_inside(english):
    told = sentence("到期日%(day)s") % {"day": date(2027, 3, 1)}
    light = sentence("灯为%(light)s") % {"light": sentence("正常")}
    assert (told, light) == ("到期日2027年3月1日", "灯为正常")
    with translation.override("en"):
        assert said_again(told) == "DUE March 1, 2027" and said_again(light) == "LIGHT NORMAL"
        assert str(said_later(light)) == "LIGHT NORMAL"
    assert str(said_later(light)) == "灯为正常"


def test_a_page_tells_it_in_its_readers_language_and_as_text(english):
    told = sentence("灯为%(light)s") % {"light": "<b>"}
    page = engines["django"].from_string("{{ told }}")
    assert page.render({"told": told}) == "灯为&lt;b&gt;"
    with translation.override("en"):
        assert page.render({"told": told}) == "LIGHT &lt;b&gt;"


def test_several_stand_in_a_row_and_one_in_another_without_its_stop(english):
    row = in_a_row(["甲", sentence("正常"), "乙"])
    part = clause(sentence("灯为%(light)s。") % {"light": sentence("正常")})
    assert (row, part) == ("甲、正常、乙", "灯为正常")
    assert (in_a_row(["甲"]), in_a_row([]), clause("已办结。")) == ("甲", "", "已办结")
    with translation.override("en"):
        assert (said_again(row), said_again(part)) == ("甲, NORMAL, 乙", "LIGHT NORMAL")


class Form(PlainForm):
    n = forms.IntegerField()

    def clean_n(self) -> int:
        raise forms.ValidationError([sentence("正常")])

    def clean(self) -> None:
        self.add_error(None, sentence("正常"))


def test_a_form_and_a_refusal_tell_it_in_the_readers_language(english):
    refused = Refused(sentence("正常"))
    assert Form({"n": 1}).errors["n"] == ["正常"] and list(refused.reasons) == ["正常"]
    with translation.override("en"):
        form = Form({"n": 1})
        assert form.errors["n"] == ["NORMAL"] and form.non_field_errors() == ["NORMAL"]
        assert list(refused.reasons) == ["NORMAL"]
