"""付款: by source, against what was planned of it; more than the contract says is not paid, and money may come back."""

from __future__ import annotations

import json
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from projects.evaluation.ledgers import LEDGERS
from projects.selection.models import Item
from projects.supervision.models import Payment
from projects.supervision.selectors import project_file
from tests.builders import at
from tests.projects.portal.public_world import travel
from tests.projects.supervision.conftest import TITLES
from tests.projects.supervision.test_supervision import SETTLED, contracted
from workflow.audit.models import Entry
from workflow.audit.services import done_with
from workflow.flows.errors import AlreadyDone, InvalidForm, NotYourTurn, Refused
from workflow.flows.events import events, perform
from workflow.people.isolation import SYSTEM, apply

pytestmark = pytest.mark.django_db

PAID = {
    "way": "paid", "source": "own", "amount_fen": "120", "paid_on": "2027-06-01", "party": "恒立建设有限公司",
    "number": "2027-06-003",
}  # fmt: skip
BEYOND = "上级补助尚未到位，先由本级财政垫付。"
BACK = PAID | {"way": "back", "amount_fen": "20", "words": "多付部分退回国库。"}


@pytest.fixture
def paying(year):
    """The first project under contract for 370 万元, of which 200 were planned from the township and 180 from above."""
    contracted(year)
    planned = {"own": 200_000_000, "upper": 180_000_000, "social": 0}
    Item.objects.filter(pk=year.project().item_id).update(funding=planned)
    return year


def pay(year, **more) -> Entry:
    return year.event("pay", year.town.of("finance"), "2027-06-02", **PAID | more)


def test_what_is_paid_stands_with_its_source_against_what_was_planned_of_it(paying):
    entry = pay(paying)
    pay(paying, source="upper", amount_fen="45")
    known = project_file(paying.project())
    assert known["paid"] == 165_000_000 and len(known["payments"]) == 2
    assert [(one["planned"], one["paid"], one["percent"]) for one in known["money_sources"]] == [
        (200_000_000, 120_000_000, 60),
        (180_000_000, 45_000_000, 25),
    ]
    after = json.loads(entry.body)["after"]
    assert (after["source"], after["amount_fen"]) == ("own", 120_000_000)
    assert after["payment"] == Payment.objects.order_by("pk")[0].pk


def test_the_finance_office_alone_registers_it_and_not_before_the_plan(year):
    year.grouped()
    with pytest.raises(Refused, match="实施计划尚未公布"):
        pay(year)
    year.planned()
    with pytest.raises(NotYourTurn):
        year.event("pay", year.clerk_of(year.project()), "2027-06-02", **PAID)
    assert pay(year)


def test_more_than_the_contract_is_not_paid_and_more_than_the_settlement_neither(paying):
    pay(paying, amount_fen="300", words=BEYOND)
    with pytest.raises(Refused, match="付款合计超出合同金额"):
        pay(paying, amount_fen="71", words=BEYOND)
    pay(paying, amount_fen="70", words=BEYOND)
    assert sum(Payment.objects.values_list("amount_fen", flat=True)) == 370_000_000


def test_after_the_settlement_it_is_the_limit(paying):
    paying.project().contracts.create(
        unit=paying.town.unit, kind="settlement", party="恒立", amount_fen=375_000_000, signed_on="2027-05-30"
    )
    pay(paying, amount_fen="375", words=BEYOND)
    with pytest.raises(Refused, match="付款合计超出结算审定金额"):
        pay(paying, amount_fen="1", words=BEYOND)
    assert SETTLED["amount_fen"] == "375"


def test_money_that_comes_back_says_why_and_is_no_more_than_was_paid_from_that_source(paying):
    pay(paying)
    with pytest.raises(InvalidForm, match="退回、冲销的，须写明原因"):
        pay(paying, **BACK | {"words": ""})
    with pytest.raises(Refused, match="多于该来源已付的金额"):
        pay(paying, **BACK | {"source": "upper"})
    pay(paying, **BACK)
    with pytest.raises(Refused, match="多于该来源已付的金额"):
        pay(paying, **BACK | {"amount_fen": "101"})
    assert project_file(paying.project())["paid"] == 100_000_000
    (ledger,) = (ledger for ledger in LEDGERS if ledger.title == "付款台账")
    assert [row[3] for row in ledger.rows(paying.cycle)] == ["1200000.00", "-200000.00"]


def test_more_than_was_planned_of_a_source_says_why(paying):
    pay(paying)
    pay(paying, amount_fen="80")
    with pytest.raises(
        InvalidForm, match="本级财政入选时安排200 万元，付款合计201 万元，须写明超出安排的原因"
    ):
        pay(paying, amount_fen="1")
    pay(paying, amount_fen="1", words=BEYOND)
    assert Payment.objects.latest("pk").words == BEYOND


def test_a_source_nothing_was_planned_of_says_why(paying):
    with pytest.raises(InvalidForm, match="入选时没有安排社会资金，须写明从该来源付款的原因"):
        pay(paying, source="social", amount_fen="1")
    pay(paying, source="social", amount_fen="1", words="企业捐款，定向用于本项目。")
    assert Payment.objects.get().source == "social"


def test_where_no_sources_were_planned_a_payment_explains_nothing(paying):
    Item.objects.filter(pk=paying.project().item_id).update(funding={"own": 0})
    assert pay(paying, source="social")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"amount_fen": "0"}, "须大于零"),
        ({"paid_on": "2027-06-03"}, "不能晚于今天"),
        ({"source": "loan"}, "资金来源"),
        ({"party": ""}, "对方单位"),
    ],
)
def test_a_payment_of_nothing_of_tomorrow_or_from_nowhere_is_refused(paying, wrong, said):
    with pytest.raises(InvalidForm, match=said):
        pay(paying, **wrong)
    assert pay(paying)


def test_the_pages_show_payments_by_source(client, paying):
    pay(paying)
    client.force_login(paying.town.of("finance"))
    page = client.get(f"/projects/{paying.project().pk}/").content.decode()
    assert "资金来源和付款" in page and "2027-06-003" in page and "60%" in page
    form = client.get(f"/do/supervision.pay/{paying.project().pk}/").content.decode()
    assert "入选时的安排：本级财政 200 万元，上级补助 180 万元。" in form


def test_residents_read_sums_by_source_and_not_to_whom_they_went(client, paying):
    address = f"/t/{paying.town.unit.code}/projects/{paying.project().pk}/"
    page = client.get(address).content.decode()
    apply(SYSTEM)
    assert "资金来源和付款" in page and "200 万元" in page and "还没有登记付款" in page
    pay(paying)
    page = client.get(address).content.decode()
    apply(SYSTEM)
    assert "120 万元" in page and "60%" in page and "还没有登记付款" not in page
    for inside in (PAID["party"], PAID["number"], paying.town.of("finance").name):
        assert inside not in page


def form_of(client, address: str) -> dict[str, str]:
    """The form of an act as the page hands it out, filled in for a payment, to be confirmed."""
    page = client.get(address).content.decode()
    return PAID | {"op": "confirm", "once": re.findall(r'name="once" value="(\w+)"', page)[0]}


@pytest.fixture
def at_the_desk(client, paying, monkeypatch):
    """The finance office on the day of the payment; the address of the act."""
    travel(monkeypatch, "2027-06-02")
    client.force_login(paying.town.of("finance"))
    return f"/do/supervision.pay/{paying.project().pk}/"


def test_a_payment_leads_to_an_address_of_its_own_that_may_be_opened_again(client, at_the_desk):
    done = client.post(at_the_desk, form_of(client, at_the_desk))
    apply(SYSTEM)
    entry = Entry.objects.get(action="supervision.pay")
    assert (done.status_code, done.url) == (302, f"/acts/{entry.pk}/done/")
    for _reload in range(2):
        page = client.get(done.url).content.decode()
        assert f"{entry.unit.code}-{entry.pk}" in page and "已办结" in page and TITLES[0] in page
    assert client.post(done.url).status_code == 405
    apply(SYSTEM)
    assert Payment.objects.count() == 1


def test_the_same_form_sent_twice_pays_once_and_a_new_one_pays_again(client, at_the_desk):
    form = form_of(client, at_the_desk)
    first = client.post(at_the_desk, form)
    second = client.post(at_the_desk, form | {"amount_fen": "1"})
    assert second.url == first.url
    assert "没有重复办理" in client.get(second.url).content.decode()
    apply(SYSTEM)
    assert Payment.objects.count() == 1
    client.post(at_the_desk, form_of(client, at_the_desk) | {"amount_fen": "1"})
    apply(SYSTEM)
    assert sorted(Payment.objects.values_list("amount_fen", flat=True)) == [1_000_000, 120_000_000]


def test_the_token_is_checked_again_where_the_act_is_done_and_goes_by_who_does_it(paying):
    finance, project, token = paying.town.of("finance"), paying.project(), "0f" * 16
    sent = {"actor": finance, "data": PAID, "at": at("2027-06-02"), "request_id": token}
    entry = perform("supervision.pay", project, **sent)
    with pytest.raises(AlreadyDone, match="没有重复办理") as refused:
        perform("supervision.pay", project, **sent)
    assert refused.value.entry == entry and Payment.objects.count() == 1
    assert done_with("supervision.pay", [project.reference], paying.town.of("chair"), token) is None
    assert done_with("supervision.pay", [project.reference], finance, "") is None


def test_a_form_refused_may_be_put_right_and_sent_with_the_same_token(client, at_the_desk):
    form = form_of(client, at_the_desk)
    assert client.post(at_the_desk, form | {"amount_fen": "0"}).status_code == 422
    assert client.post(at_the_desk, form).status_code == 302


def test_what_one_did_is_read_by_oneself_alone(client, at_the_desk, paying):
    shown = client.post(at_the_desk, form_of(client, at_the_desk)).url
    apply(SYSTEM)
    by_a_task = Entry.objects.exclude(action__in=[one.key for one in events()]).latest("pk")
    assert client.get(f"/acts/{by_a_task.pk}/done/").status_code == 404
    client.force_login(paying.town.of("chair"))
    assert client.get(shown).status_code == 404


def test_two_payments_at_once_meet_at_the_projects_row(paying):
    with CaptureQueriesContext(connection) as asked:
        pay(paying)
    locks = [q["sql"] for q in asked if "FOR UPDATE" in q["sql"] and '"projects_project"' in q["sql"]]
    sums = [n for n, q in enumerate(asked) if '"projects_payment"' in q["sql"] and "amount_fen" in q["sql"]]
    assert locks and [q["sql"] for q in asked].index(locks[0]) < max(sums)
