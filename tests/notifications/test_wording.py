"""Letters in the administrator's own words: filled in, never executed; every change in the trail."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from notifications.letters import START, TITLES, placeholders_of
from notifications.models import Wording
from notifications.rendering import Facts, TaskFacts, render
from notifications.rewording import restore, reword, stamp_of
from notifications.routing import ROUTES
from notifications.wording import codes_of, faults_of, filled, sample, usual_words
from tests.builders import at, open_task, township
from tests.chinese import CHINESE
from tests.notifications.conftest import administrator
from workflow.audit.models import Entry
from workflow.audit.services import Act
from workflow.flows.errors import NotYourTurn, Refused, Taken
from workflow.flows.services import urge
from workflow.people.isolation import SYSTEM, apply, within
from workflow.reminders.services import remind_due
from workflow.roles.models import RoleGrant

TASK = TaskFacts(7, "发布征集公告", "2027 年度", "青溪镇", date(2026, 9, 8), False, False)
FACTS = Facts(
    unit="青溪镇",
    who="党政办",
    office="代表",
    label="安装路灯",
    reason="",
    on=date(2026, 9, 1),
    tasks=(TASK,),
)


# --------------------------------------------------------------------------------------- the rule


def test_every_letter_of_the_table_has_a_title_and_no_other() -> None:
    assert set(TITLES) == {route.letter for route in ROUTES} and set(START) <= set(TITLES)


@pytest.mark.parametrize("letter", sorted(TITLES))
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_words_an_editor_begins_with_are_right_and_say_what_the_letter_says(
    letter: str, language: str
) -> None:
    title, body = usual_words(letter, language)
    assert faults_of(letter, title, body) == {}
    with translation.override(language):
        said, usual = filled(letter, title, body, sample()), render(letter, sample())
    assert said is not None and "{" not in said.title + said.body
    assert said.title == usual.title or letter in START
    if letter not in START:
        assert said.body == usual.body
    for told in (said, usual):
        assert bool(CHINESE.search(told.title + told.body)) == (language == "zh-hans")


def test_names_are_filled_in_in_either_language_and_empty_lines_left_out() -> None:
    said = filled("urged", "催办：{事项}", "{who}催办。\n理由：{reason}\n期限：{办理期限}", FACTS)
    assert said is not None
    assert (said.title, said.body) == ("催办：发布征集公告", "党政办催办。\n期限：2026年9月8日")


@pytest.mark.parametrize("letter", sorted(TITLES))
def test_a_letter_is_plain_text_and_writes_its_days_as_pages_do(letter: str) -> None:
    words = '须有"两人"以上 <联名> & 签字'
    own = {"held_on": "2026-10-09", "hour": "09:00", "place": words}
    facts = replace(sample(), reason=words, who=words, office=words, label=words)
    told = render(letter, replace(facts, after={**facts.after, **own}))
    whole = f"{told.title}\n{told.body}"
    assert not re.search(r"&\w+;|&#|20\d\d-\d\d-\d\d", whole)
    assert ("&" in whole) == (words in whole)


def test_several_tasks_are_one_letter() -> None:
    facts = replace(FACTS, tasks=(TASK, replace(TASK, title="汇总", label="修桥")))
    said = filled("opened", *usual_words("opened", "zh-hans"), facts)
    assert said is not None and said.title == "请办理：发布征集公告等 2 项"
    assert said.body == "发布征集公告：2027 年度\n汇总：修桥"


def test_a_title_that_says_nothing_gives_way_to_the_usual_words() -> None:
    assert filled("copied", "{事项}", "抄送", replace(FACTS, tasks=())) is None


@pytest.mark.parametrize(
    ("title", "body", "field", "said"),
    [
        ("催办：{事项名}", "", "title", "{事项名}"),
        ("催办", "{settings.SECRET_KEY}", "body", "{settings.SECRET_KEY}"),
        ("催办", "{{ it.task.title }}", "body", "花括号"),
        ("催办", "{% load static %}", "body", "{% load static %}"),
        ("催办", "还有 {days", "body", "花括号"),
        ("催办\n两行", "", "title", "只能有一行"),
    ],
)
def test_what_cannot_be_filled_in_is_refused_by_name(title: str, body: str, field: str, said: str) -> None:
    assert faults_of("urged", "催办：{事项}", "{who}催办。") == {}
    assert said in "".join(faults_of("urged", title, body)[field])


@given(st.text(max_size=60), st.text(max_size=60), st.sampled_from(sorted(TITLES)))
def test_no_text_makes_an_editor_or_a_letter_fail(words: str, value: str, letter: str) -> None:
    faults_of(letter, words, words)
    filled(letter, f"标题{words}", words, replace(FACTS, label=value, reason=value))


def test_what_is_filled_in_is_not_looked_through_again() -> None:
    sly = replace(FACTS, label="{reason}{{ it.unit }}{% now 'Y' %}", reason="秘密")
    said = filled("proposal_answered", "{label}", "", sly)
    assert said is not None and said.title == sly.label


def test_a_letter_may_use_only_its_own_names() -> None:
    assert "窗口" not in codes_of("urged") and "征集开始" in codes_of("call")
    assert set(codes_of("call").values()) == set(placeholders_of("call"))


# ------------------------------------------------------------------------------------- the service


@pytest.fixture
def admin(town):  # type: ignore[no-untyped-def]
    return administrator(town)


@pytest.fixture
def hold(town, admin):  # type: ignore[no-untyped-def]
    """The administrator's act and grant."""
    grant = RoleGrant.objects.select_related("tenant").get(user=admin, office="admin")
    return Act(admin, "admin", grant.tenant, at("2026-08-11")), grant


OWN = {
    "letter": "urged",
    "language": "zh-hans",
    "title": "请抓紧：{事项}",
    "body": "{作出办理的职务}请您抓紧。",
    "seen": "",
}


def urged(town, post):  # type: ignore[no-untyped-def]
    post()
    urge(open_task("collection.scheme").task, act=town.act("clerk", at("2026-08-18")), words="请尽快报送。")
    return post()[0]


@pytest.mark.django_db
def test_letters_go_in_the_countys_own_words_from_then_on(town, cycle, post, hold) -> None:
    act, grant = hold
    assert urged(town, post).title.startswith("催办：")
    kept = reword(act, grant, **OWN)
    letter = urged(town, post)
    assert (letter.title, letter.body) == ("请抓紧：拟订年度实施方案", "人大办（人大秘书）请您抓紧。")
    body = json.loads(Entry.objects.get(action="letters.reword").body)
    assert body["after"]["title"] == OWN["title"] and body["before"] == {}
    restore(act, grant, letter="urged", language="zh-hans", seen=stamp_of(kept))
    assert urged(town, post).title.startswith("催办：")
    assert (
        json.loads(Entry.objects.get(action="letters.restore_wording").body)["before"]["title"]
        == OWN["title"]
    )


@pytest.mark.django_db
def test_what_nobody_in_office_did_is_said_to_be_the_systems(town, cycle, post, hold) -> None:
    act, grant = hold
    reword(act, grant, **OWN | {"letter": "overdue", "body": "{作出办理的职务}提醒。"})
    post()
    remind_due(at("2026-08-19"))
    assert post()[0].body == "系统提醒。"


@pytest.mark.django_db
def test_another_countys_words_are_its_own(town, cycle, post, hold) -> None:
    other = township("T02", name="柳河镇")
    county = other.unit.parent
    Wording.objects.create(
        unit=county,
        letter="urged",
        language="zh-hans",
        title="别处：{事项}",
        body="",
        changed_at=timezone.now(),
    )
    assert urged(town, post).title.startswith("催办：")


@pytest.mark.django_db
def test_words_that_are_wrong_unchanged_or_changed_meanwhile_are_refused(town, hold) -> None:
    act, grant = hold
    with pytest.raises(Refused, match=r"\{事项名\}"):
        reword(act, grant, **OWN | {"title": "{事项名}"})
    kept = reword(act, grant, **OWN)
    stamp = stamp_of(kept)
    with pytest.raises(Taken, match="刚刚由他人改过"):
        reword(act, grant, **OWN | {"title": "快办：{事项}"})
    with pytest.raises(Refused, match="没有改动"):
        reword(act, grant, **OWN | {"seen": stamp})
    with pytest.raises(Refused, match="就是默认模板"):
        restore(act, grant, letter="opened", language="en", seen="")
    clerk = RoleGrant.objects.select_related("tenant").get(user=town.of("clerk"), office="clerk")
    with pytest.raises(NotYourTurn):
        reword(town.act("clerk", at("2026-08-11")), clerk, **OWN)
    assert Entry.objects.filter(action="letters.reword").count() == 1


def test_of_two_editors_who_began_alike_one_is_told(fresh_database: str) -> None:
    with within(SYSTEM):
        town = township()
        admin = administrator(town)
        grant = RoleGrant.objects.select_related("tenant").get(user=admin, office="admin")

    def attempt(n: int) -> str:
        try:
            reword(
                Act(admin, "admin", grant.tenant, timezone.now()), grant, **OWN | {"title": f"{n}：{{事项}}"}
            )
        except Refused as refused:
            return refused.code
        finally:
            connection.close()
        return "saved"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(attempt, range(4))) == ["saved", "taken", "taken", "taken"]


# --------------------------------------------------------------------------------------- the page


@pytest.mark.django_db
def test_the_page_previews_a_real_letter_saves_and_restores(town, cycle, post, admin, client: Client) -> None:
    urged(town, post)
    client.force_login(admin)
    url = reverse("letter_wording", args=["urged", "zh-hans"])
    fresh = client.get(url).content.decode()
    assert "{事项}" in fresh and "的一条真实消息代入" in fresh and "催办：拟订年度实施方案" in fresh
    shown = client.post(url, {"op": "preview", **OWN}).content.decode()
    apply(SYSTEM)
    assert "请抓紧：拟订年度实施方案" in shown and not Wording.objects.exists()
    wrong = client.post(url, {"op": "save", **OWN, "title": "{事项名}"})
    assert wrong.status_code == 422 and "没有这样的代入项：{事项名}" in wrong.content.decode()
    saved = client.post(url, {"op": "save", **OWN}, follow=True).content.decode()
    assert "以后的消息用新的模板" in saved and "修改</span>" in saved
    apply(SYSTEM)
    stamp = stamp_of(Wording.objects.get())
    restored = client.post(url, {"op": "restore", **OWN, "seen": stamp}, follow=True).content.decode()
    apply(SYSTEM)
    assert "已恢复默认模板" in restored and not Wording.objects.exists()


@pytest.mark.django_db
def test_a_letter_nobody_was_sent_is_shown_on_an_invented_example(town, admin, client: Client) -> None:
    client.force_login(admin)
    page = client.get(reverse("letter_wording", args=["destroyed", "zh-hans"])).content.decode()
    assert "按虚构的例子代入" in page and "电子票 40 张" in page
    assert client.get(reverse("letter_wording", args=["nothing", "en"])).status_code == 404
    assert client.get(reverse("letter_wordings")).content.decode().count("默认") >= 2 * len(TITLES)


@pytest.mark.django_db
def test_only_the_administrator_may_reword(town, client: Client) -> None:
    client.force_login(town.of("clerk"))
    for name, args in (("letter_wordings", []), ("letter_wording", ["urged", "zh-hans"])):
        assert client.get(reverse(name, args=args)).status_code == 403
