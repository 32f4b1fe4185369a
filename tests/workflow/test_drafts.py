"""Drafts: kept by the browser while one types or by the button, for a task and for an act without one, and no act themselves."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone

from projects.lifecycle.intake import start_year
from projects.retention.models import Hold
from tests.builders import at, open_task, township
from workflow.audit.models import Entry
from workflow.flows import drafts
from workflow.flows.models import Draft
from workflow.flows.services import complete
from workflow.people.isolation import SYSTEM, apply

pytestmark = pytest.mark.django_db

YEAR = timezone.localdate().year + 1
PLAN = {"opens_on": date(YEAR - 1, 9, 1), "planned_t": date(YEAR, 1, 20), "planned_t2": date(YEAR + 1, 1, 18)}
SCHEME = {
    "opens_on": f"{YEAR - 1}-09-01",
    "planned_t": f"{YEAR}-01-20",
    "planned_t2": f"{YEAR + 1}-01-18",
    "leading_group": "组长、副组长和成员",
    "body": "按照三个阶段六个环节组织实施。",
}
TYPED = {"reason": "二组村民就选址提起诉讼", "op": "keep"}


@pytest.fixture
def town(db):
    apply(SYSTEM)
    made = township()
    start_year(made.act("chair", at(f"{YEAR - 1}-08-10")), year=YEAR, **PLAN)
    return made


def sent(client, user, path: str, **data: str):
    client.force_login(user)
    answer = client.post(path, data)
    apply(SYSTEM)
    return answer


def shown(client, path: str) -> str:
    page = client.get(path).content.decode()
    apply(SYSTEM)
    return page


def address() -> str:
    return f"/tasks/{open_task('collection.scheme').pk}/"


def holding(town) -> str:
    return f"/do/retention.hold/{town.unit.pk}/"


def test_what_one_types_is_kept_with_its_time_and_leaves_no_entry(client, town):
    before = Entry.objects.count()
    answer = sent(client, town.of("chair"), address(), op="keep", body="先写这一句")
    assert answer.status_code == 200 and answer.json()["said"].startswith("草稿已保存 ")
    page = shown(client, address())
    assert "先写这一句" in page and "草稿保存于" in page
    assert Entry.objects.count() == before


def test_a_draft_or_a_form_sent_after_the_session_has_ended_is_answered_in_words_and_leads_back(client, town):
    path = address()
    as_script = {"headers": {"Accept": "application/json"}}
    client.force_login(town.of("chair"))
    assert client.post(path, {"op": "keep", "body": "先写这一句"}, **as_script).status_code == 200
    client.logout()
    kept = client.post(path, {"op": "keep", "body": "又一句"}, **as_script)
    assert (kept.status_code, kept.json()["said"]) == (401, "您已退出登录，草稿没有保存。")
    for page, back in (
        (f"http://testserver{path}", path),
        ("", "/home/"),
        ("https://elsewhere.example/", "/home/"),
        ("http://testserver//elsewhere.example/", "/home/"),
    ):
        sent_away = client.post(path, {"op": "submit"}, headers={"Referer": page})
        said = sent_away.content.decode()
        assert (
            sent_away.status_code == 401 and "您已退出登录" in said and f'href="/login/?next={back}"' in said
        )
    assert client.get(path).status_code == 302, "who only looks is asked to sign in"
    apply(SYSTEM)
    assert Draft.objects.get().data["body"] == ["先写这一句"]


def test_a_form_whose_session_ended_asks_for_the_token_of_the_next_one(client, town):
    as_script = {"headers": {"Accept": "application/json"}}
    assert client.get("/signed-in/", **as_script).status_code == 401
    assert client.get("/signed-in/").headers["Location"] == "/login/?next=/signed-in/"
    client.force_login(town.of("chair"))
    told = client.get("/signed-in/", **as_script)
    assert told.json()["token"] and "no-store" in told.headers["Cache-Control"]
    assert "回到刚才填写的页面" in shown(client, "/signed-in/")
    page = shown(client, address())
    assert 'data-signed-in="/signed-in/"' in page and "<div data-signed-out hidden>" in page


def test_it_is_the_persons_alone_and_of_the_office_alone(client, town):
    assert sent(client, town.of("chair"), address(), op="keep", body="先写这一句").status_code == 200
    refused = sent(client, town.of("gov_clerk"), address(), op="keep", body="不是我的事")
    assert refused.status_code == 403 and Draft.objects.get().user == town.of("chair")


def test_a_draft_of_what_was_done_meanwhile_is_refused_in_words(client, town):
    task = open_task("collection.scheme")
    path = address()
    complete(task.pk, actor=town.of("chair"), data=SCHEME, at=timezone.now())
    answer = sent(client, town.of("chair"), path, op="keep", body="晚到的一句")
    assert answer.status_code == 409 and "已由" in answer.json()["said"]
    assert "晚到的一句" not in str(list(Draft.objects.values_list("data", flat=True)))


def test_answers_to_check_that_come_after_the_task_was_done_are_refused_and_leave_no_draft(
    client, town, monkeypatch
):
    path, typed = address(), {**SCHEME, "body": "晚到的一句", "op": "submit"}
    done: list[int] = []

    def meanwhile(form):
        done.append(open_task("collection.scheme").pk)
        complete(done[0], actor=town.of("chair"), data=SCHEME, at=timezone.now())
        return {}

    monkeypatch.setattr("workflow.inbox.views.holding.files_of", meanwhile)
    answer = sent(client, town.of("chair"), path, **typed)
    assert done and answer.status_code == 409 and "已由" in answer.content.decode()
    assert "晚到的一句" not in str(list(Draft.objects.values_list("data", flat=True)))


def test_a_draft_is_thrown_away(client, town):
    sent(client, town.of("chair"), address(), op="keep", body="先写这一句")
    assert 'value="discard"' in shown(client, address())
    sent(client, town.of("chair"), address(), op="discard")
    assert not Draft.objects.exists() and "先写这一句" not in shown(client, address())


def test_an_act_without_a_task_keeps_its_draft_until_it_is_done(client, town):
    before = Entry.objects.count()
    assert sent(client, town.of("clerk"), holding(town), **TYPED).json()["said"].startswith("草稿已保存 ")
    assert TYPED["reason"] in shown(client, holding(town)) and Entry.objects.count() == before
    sent(client, town.of("clerk"), holding(town), **TYPED | {"reason": "改成这一句话", "once": "0f" * 16})
    draft = Draft.objects.get().data
    assert draft["reason"] == ["改成这一句话"] and "once" not in draft, "the form's token is no part of it"
    sent(client, town.of("clerk"), holding(town), **TYPED | {"op": "submit"})
    assert Hold.objects.exists() and not Draft.objects.exists()


def test_without_script_the_button_keeps_it_and_another_throws_it_away(client, town):
    page = sent(client, town.of("clerk"), holding(town), **TYPED | {"op": "save"})
    assert page.status_code == 302 and TYPED["reason"] in shown(client, holding(town))
    assert TYPED["reason"] not in shown_to(client, town.of("chair"), holding(town))
    sent(client, town.of("clerk"), holding(town), op="discard")
    assert not Draft.objects.exists()


def shown_to(client, user, path: str) -> str:
    client.force_login(user)
    return shown(client, path)


def test_what_was_typed_for_an_act_nobody_did_goes_after_its_term(client, town):
    sent(client, town.of("clerk"), holding(town), **TYPED)
    sent(client, town.of("chair"), address(), op="keep", body="先写这一句")
    saved = Draft.objects.get(task=None).saved_at
    assert drafts.sweep(saved + drafts.KEPT_FOR / 2) == 0
    assert drafts.sweep(saved + drafts.KEPT_FOR) == 1
    assert Draft.objects.get().task is not None
