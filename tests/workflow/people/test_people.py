"""The list of people, one-time passwords, grants."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client
from django.utils.timezone import localdate, now

from projects.demo.cast import PASSWORD
from tests.builders import SINCE, at
from tests.workflow.people.conftest import World, sign_in
from workflow.administration import accounts
from workflow.audit.models import Entry
from workflow.audit.services import Act
from workflow.flows.errors import NotYourTurn
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import UnitKind, User
from workflow.people.services import create_unit
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import holders_of
from workflow.roles.services import grant, revoke
from workflow.roles.standing_in import name_stand_in

SignedIn = Callable[[User], Client]


def acts(action: str) -> list[Entry]:
    apply(SYSTEM)
    return list(Entry.objects.filter(action=action).select_related("unit", "actor").order_by("pk"))


def test_the_clerk_sees_the_people_of_the_own_township_only(world: World, signed_in: SignedIn) -> None:
    page = signed_in(world.near.of("clerk")).get("/people/").content.decode()
    assert "chair@T01" in page
    assert "T02" not in page


def test_the_administrator_filters_by_unit_and_words(world: World, signed_in: SignedIn) -> None:
    page = signed_in(world.admin).get("/people/", {"unit": "T02", "office": "chair"})
    assert [grant.user.username for grant, _title in page.context["rows"]] == ["chair@T02"]


def test_units_stand_by_their_code_whichever_was_entered_first(world: World, signed_in: SignedIn) -> None:
    create_unit(code="T00", name="东山镇", kind=UnitKind.TOWNSHIP, parent=world.county)
    admin = signed_in(world.admin)
    for address in ("/people/", "/trail/exports/"):
        choices = admin.get(address).context["form"].fields["unit"].choices
        assert [code for code, _name in choices if code] == ["C1", "T00", "T01", "T02"], address
    apply(SYSTEM)
    groups = [unit.code for unit, _reaches in admin.get("/post/groups/").context["units"]]
    assert groups == ["C1", "T00", "T01", "T02"]


@pytest.mark.parametrize("address", ["/people/", "/trail/exports/"])
def test_a_unit_elsewhere_is_not_found_in_our_own_words(
    world: World, signed_in: SignedIn, address: str
) -> None:
    create_unit(code="C2", name="邻县", kind=UnitKind.COUNTY)
    admin = signed_in(world.admin)
    assert admin.get(address, {"unit": "T02"}).status_code == 200
    for code in ("C2", "C9"):
        refused = admin.get(address, {"unit": code})
        assert refused.status_code == 404 and "没有找到这个页面" in refused.content.decode()


@pytest.mark.parametrize("office", ["chair", "deputy", "mayor", "party"])
def test_other_offices_have_no_page_of_people(world: World, signed_in: SignedIn, office: str) -> None:
    assert signed_in(world.near.of(office)).get("/people/").status_code == 403


def test_the_clerk_resets_a_password_once_and_it_must_be_changed(world: World, signed_in: SignedIn) -> None:
    user = world.near.of("chair")
    slip = signed_in(world.near.of("clerk")).post(f"/people/{user.pk}/reset/")
    password = slip.context["slips"][0].password
    assert password in slip.content.decode() and "no-store" in slip.headers["Cache-Control"]
    assert sign_in(Client(), user.username).status_code == 200, "the old password must be dead"
    client = Client()
    assert sign_in(client, user.username, password).status_code == 302
    assert client.get("/people/").headers["Location"] == "/password/"
    (entry,) = acts("person.reset_password")
    assert (entry.actor, entry.unit) == (world.near.of("clerk"), world.near.unit)
    assert password not in entry.body and user.name not in entry.body


def test_a_reset_ends_the_sessions_of_the_person(world: World, signed_in: SignedIn) -> None:
    user = world.near.of("clerk")
    theirs = signed_in(user)
    assert theirs.get("/people/").status_code == 200
    signed_in(world.admin).post(f"/people/{user.pk}/reset/")
    assert theirs.get("/people/").headers["Location"].startswith("/login/")


def test_the_clerk_of_another_township_cannot_reset(world: World, signed_in: SignedIn) -> None:
    user = world.near.of("chair")
    answer = signed_in(world.far.of("clerk")).post(f"/people/{user.pk}/reset/")
    assert answer.status_code == 404
    assert sign_in(Client(), user.username).status_code == 302, "the password must be the old one"
    assert acts("person.reset_password") == []


def test_the_clerk_cannot_reset_somebody_who_also_serves_elsewhere(world: World, signed_in: SignedIn) -> None:
    user = world.near.of("senior_deputy")
    RoleGrant.objects.create(
        user=user, office="county", unit=world.county, tenant=world.county, since=localdate()
    )
    clerk = signed_in(world.near.of("clerk"))
    assert clerk.post(f"/people/{user.pk}/reset/").status_code == 403
    assert signed_in(world.admin).post(f"/people/{user.pk}/reset/").status_code == 200


def test_nobody_resets_the_own_password_here(world: World, signed_in: SignedIn) -> None:
    assert signed_in(world.admin).post(f"/people/{world.admin.pk}/reset/").status_code == 403


def test_who_stands_in_for_the_clerk_resets_no_password_and_the_clerk_and_the_administrator_do(
    world: World, signed_in: SignedIn
) -> None:
    clerk, person, chair = world.near.of("clerk"), world.near.of("legal"), world.near.of("chair")
    held = RoleGrant.objects.get(user=clerk, office="clerk")
    standing = name_stand_in(
        grant=held,
        person=person,
        since=localdate(),
        until=localdate(),
        reason="休假",
        act=held.act(world.near.unit, now()),
    )
    stand_in = signed_in(person)
    stand_in.post("/office/", {"grant": standing.pk})
    for user in (chair, clerk, world.near.of("mayor")):
        page = stand_in.get(f"/people/{user.pk}/").content.decode()
        assert "不随代办转移" in page and f"/people/{user.pk}/reset/" not in page
        refused = stand_in.post(f"/people/{user.pk}/reset/")
        assert refused.status_code == 403 and "不随代办转移" in refused.content.decode()
    printed = stand_in.post("/people/slips/", {"person": [chair.pk]})
    assert printed.status_code == 403 and "不随代办转移" in printed.content.decode()
    with pytest.raises(NotYourTurn, match="代办人员不办理密码重置"):
        accounts.reset_password(standing.act(world.near.unit, now()), standing, chair)
    assert acts("person.reset_password") == []
    assert sign_in(Client(), chair.username).status_code == 302, "the password must be the old one"
    for keeper in (clerk, world.admin):
        client = signed_in(keeper)
        assert f"/people/{chair.pk}/reset/" in client.get(f"/people/{chair.pk}/").content.decode()
        assert client.post(f"/people/{chair.pk}/reset/").status_code == 200
    assert len(acts("person.reset_password")) == 2


def grant_data(**more: str) -> dict[str, str]:
    return {
        "username": "liu.fang",
        "name": "刘芳",
        "unit": "T01",
        "office": "finance",
        "since": "2026-01-01",
        **more,
    }


@pytest.mark.parametrize(
    ("code", "article"), [("T01", "《地方组织法》第十八条"), ("C1", "审计人员由审计通知书指派")]
)
def test_the_page_of_an_office_to_give_names_what_it_rests_on_there(
    world: World, signed_in: SignedIn, code: str, article: str
) -> None:
    page = signed_in(world.admin).get(f"/people/units/{code}/grant/").content.decode()
    rests_on = ("《地方组织法》第十八条", "审计人员由审计通知书指派")
    assert [one for one in rests_on if one in page] == [article]


def test_granting_to_a_new_person_prints_a_slip_and_writes_in_the_townships_trail(
    world: World, signed_in: SignedIn
) -> None:
    answer = signed_in(world.admin).post("/people/units/T01/grant/", grant_data())
    assert answer.status_code == 200 and len(answer.context["slips"]) == 1
    user = User.objects.get(username="liu.fang")
    assert user.must_change_password
    apply(SYSTEM)
    given = RoleGrant.objects.get(user=user)
    assert (given.office, given.unit) == ("finance", world.near.unit)
    assert acts("grant.give")[-1].unit == world.near.unit


def test_a_chair_is_not_given_a_government_office_and_the_article_is_named(
    world: World, signed_in: SignedIn
) -> None:
    chair = world.near.of("chair")
    data = grant_data(username=chair.username, name=chair.name, office="mayor")
    answer = signed_in(world.admin).post("/people/units/T01/grant/", data)
    assert answer.status_code == 422 and "《地方组织法》第十八条" in answer.content.decode()
    apply(SYSTEM)
    assert not RoleGrant.objects.filter(user=chair, office="mayor").exists()


def test_a_teller_who_is_no_deputy_is_refused_on_the_page_and_a_deputy_is_not(
    world: World, signed_in: SignedIn
) -> None:
    admin, legal, deputy = signed_in(world.admin), world.near.of("legal"), world.near.of("deputy")
    data = grant_data(username=legal.username, name=legal.name, office="teller")
    answer = admin.post("/people/units/T01/grant/", data)
    assert answer.status_code == 422 and "须是本级在任代表" in answer.content.decode()
    data = grant_data(username=deputy.username, name=deputy.name, office="teller")
    assert admin.post("/people/units/T01/grant/", data).status_code == 302
    apply(SYSTEM)
    assert [one.user for one in RoleGrant.objects.filter(office="teller")] == [deputy]


def test_a_chair_is_elected_from_the_deputies_and_there_is_no_third_vice_chair(
    world: World, signed_in: SignedIn
) -> None:
    admin, unit = signed_in(world.admin), world.near.unit
    refused = admin.post("/people/units/T01/grant/", grant_data(office="chair"))
    assert refused.status_code == 422
    assert "须是本级在任代表（《地方组织法》第十八条）" in refused.content.decode()
    apply(SYSTEM)
    assert not User.objects.filter(username="liu.fang").exists()
    act = Act(None, "operator", unit, at("2020-01-01"))
    answers = []
    for number in range(3):
        one = User.objects.create(username=f"one{number}", name=f"代表{number}")
        grant(user=one, office="deputy", unit=unit, act=act, since=SINCE)
        data = grant_data(username=one.username, name=one.name, office="chair")
        answers.append(admin.post("/people/units/T01/grant/", data))
        apply(SYSTEM)
    assert [answer.status_code for answer in answers] == [302, 302, 422]
    assert "副主席一人至二人" in answers[2].content.decode() and "第十八条" in answers[2].content.decode()
    assert len(holders_of("chair", unit, date(2026, 6, 1))) == 3


def test_before_a_mandate_is_ended_the_page_says_what_ends_with_it(world: World, signed_in: SignedIn) -> None:
    chair = RoleGrant.objects.get(office="chair", unit=world.near.unit)
    mandate = RoleGrant.objects.get(office="deputy", user=chair.user)
    act = world.near.act("clerk", at("2026-01-01"))
    member = grant(user=chair.user, office="presidium", unit=world.near.unit, act=act, since=SINCE)
    admin = signed_in(world.admin)
    assert "其他职务同时终止" not in admin.get(f"/people/grants/{chair.pk}/revoke/").content.decode()
    page = admin.get(f"/people/grants/{mandate.pk}/revoke/").content.decode()
    assert "其他职务同时终止" in page and "相应终止：人大主席、副主席；主席团成员。" in page
    assert "由人大办“登记代表变动”" in page
    assert admin.post(f"/people/grants/{mandate.pk}/revoke/", {"reason": "辞去代表职务"}).status_code == 302
    assert len(acts("grant.revoke")) == 3
    for held in (chair, member):
        held.refresh_from_db()
        assert held.revoked_at


def test_a_user_name_of_somebody_else_is_refused(world: World, signed_in: SignedIn) -> None:
    data = grant_data(username=world.near.of("legal").username)
    answer = signed_in(world.admin).post("/people/units/T01/grant/", data)
    assert answer.status_code == 422 and "属于另一人" in answer.content.decode()


def held_in_another_county() -> tuple[Act, RoleGrant]:
    """Somebody's office outside the administrator's county, and the act it was given by."""
    elsewhere = create_unit(code="C2", name="邻县", kind=UnitKind.COUNTY)
    act = Act(None, "operator", elsewhere, at("2020-01-01"))
    person = User.objects.create(username="liu.fang", name="刘芳")
    return act, grant(user=person, office="county", unit=elsewhere, act=act, since=SINCE)


def test_somebody_in_office_in_another_county_is_refused_until_that_office_has_ended(
    world: World, signed_in: SignedIn
) -> None:
    act, held = held_in_another_county()
    admin = signed_in(world.admin)
    refused = admin.post("/people/units/T01/grant/", grant_data())
    assert refused.status_code == 422 and "属于其他地区的人员" in refused.content.decode()
    apply(SYSTEM)
    revoke(grant=held, act=act, reason="调离")
    assert admin.post("/people/units/T01/grant/", grant_data()).status_code == 302


def test_an_auditor_needs_a_document_and_an_end(world: World, signed_in: SignedIn) -> None:
    data = grant_data(office="auditor")
    admin = signed_in(world.admin)
    assert admin.post("/people/units/T01/grant/", data).status_code == 422
    noticed = data | {"document": "审通〔2026〕5号", "until": "2027-12-31"}
    refused = admin.post("/people/units/T01/grant/", noticed)
    assert refused.status_code == 422 and "请选定查阅范围" in refused.content.decode()
    whole = noticed | {"scope": ["5", "money"]}
    assert admin.post("/people/units/T01/grant/", whole).status_code == 200
    apply(SYSTEM)
    given = RoleGrant.objects.get(user__username=data["username"])
    assert (given.scope, given.document) == (["5", "money"], "审通〔2026〕5号")
    page = admin.get(f"/people/{given.user_id}/").content.decode()
    assert "审通〔2026〕5号 · 查阅范围：监督、项目资金" in page


def test_the_form_proposes_money_and_the_last_two_steps(world: World, signed_in: SignedIn) -> None:
    page = signed_in(world.admin).get("/people/units/T01/grant/").content.decode()
    ticked = {part.split('"')[0] for part in page.split('name="scope" value="')[1:] if "checked" in part[:80]}
    assert ticked == {"5", "6", "money"}


def test_the_clerk_may_neither_grant_nor_revoke(world: World, signed_in: SignedIn) -> None:
    clerk = signed_in(world.near.of("clerk"))
    held = RoleGrant.objects.get(office="chair", unit=world.near.unit)
    assert clerk.post("/people/units/T01/grant/", grant_data()).status_code == 403
    assert clerk.post(f"/people/grants/{held.pk}/revoke/", {"reason": "届满"}).status_code == 403
    apply(SYSTEM)
    assert RoleGrant.objects.get(pk=held.pk).revoked_at is None


def test_revoking_needs_a_reason_and_ends_the_office_at_once(world: World, signed_in: SignedIn) -> None:
    held = RoleGrant.objects.get(office="clerk", unit=world.near.unit)
    admin = signed_in(world.admin)
    assert admin.post(f"/people/grants/{held.pk}/revoke/", {"reason": ""}).status_code == 422
    assert (
        admin.post(f"/people/grants/{held.pk}/revoke/", {"reason": "调离，免职〔2026〕2号"}).status_code
        == 302
    )
    (entry,) = acts("grant.revoke")
    assert entry.unit == world.near.unit and "免职〔2026〕2号" in entry.body
    assert signed_in(held.user).get("/people/").status_code == 403


def test_the_office_that_ended_is_named_and_ending_it_once_more_says_that_it_has_ended(
    world: World, signed_in: SignedIn
) -> None:
    held = RoleGrant.objects.get(office="chair", unit=world.near.unit)
    RoleGrant.objects.filter(pk=held.pk).update(title="人大主席")
    admin, address = signed_in(world.admin), f"/people/grants/{held.pk}/revoke/"
    assert "人大主席" in admin.get(address).content.decode()
    page = admin.post(address, {"reason": "辞去主席职务"}, follow=True).content.decode()
    assert f"已解除{held.user.name}的“人大主席”职务。" in page
    for again in (admin.get(address, follow=True), admin.post(address, {"reason": "再次"}, follow=True)):
        assert again.redirect_chain == [("/people/", 302)]
        assert "这一职务已经解除。" in again.content.decode()
    assert len(acts("grant.revoke")) == 1


def test_an_office_of_another_county_is_not_found_whether_it_has_ended_or_not(
    world: World, signed_in: SignedIn
) -> None:
    act, held = held_in_another_county()
    admin = signed_in(world.admin)
    assert admin.get(f"/people/grants/{held.pk}/revoke/").status_code == 404
    apply(SYSTEM)
    revoke(grant=held, act=act, reason="调离")
    assert admin.get(f"/people/grants/{held.pk}/revoke/").status_code == 404


def test_the_administrator_cannot_revoke_the_office_in_use(world: World, signed_in: SignedIn) -> None:
    held = RoleGrant.objects.get(office="admin")
    answer = signed_in(world.admin).post(f"/people/grants/{held.pk}/revoke/", {"reason": "辞职"})
    assert answer.status_code == 403


def test_the_page_offers_to_end_every_office_but_the_one_in_use(world: World, signed_in: SignedIn) -> None:
    admin, other = RoleGrant.objects.get(office="admin"), RoleGrant.objects.get(office="county")
    client = signed_in(world.admin)
    for path in ("/people/", f"/people/{world.admin.pk}/"):
        page = client.get(path).content.decode()
        assert f"/people/grants/{admin.pk}/revoke/" not in page and "须由其他管理员解除" in page, path
    assert f"/people/grants/{other.pk}/revoke/" in client.get("/people/").content.decode()


def test_every_password_given_out_is_different_and_readable() -> None:
    from workflow.administration.accounts import one_time_password

    given = {one_time_password() for _n in range(200)}
    assert len(given) == 200
    assert all(len(p) == 19 and not set(p) & set("0O1lIi o") for p in given)
    assert PASSWORD not in given
