"""The letter of a count goes to the counters who may key it."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.models import Delivery, Posted, Told
from notifications.post import post_unit
from projects.ballots.models import Keying
from tests.builders import at, open_task
from tests.notifications.office import give_mailboxes
from tests.projects.voting.conftest import DAY
from tests.projects.voting.test_voting import SIPING, close, collected, counted, key, recount
from workflow.flows.services import urge
from workflow.people.models import User


def written_to(hall):
    """The counters whom the post has written to since it was asked last, by number."""
    with connection.cursor() as cursor:  # what a commit does
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    before = Delivery.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    assert post_unit(hall.town.unit.pk)
    counters = [user.pk for user in hall.town.people["counter"]]
    told = Delivery.objects.filter(pk__gt=before, recipient__in=counters, body__contains="录入计票")
    return {counters.index(pk) + 1 for pk in told.values_list("recipient", flat=True)}


def recounting(hall):
    """A recount at the keying of its first sheet, and everything before its return has been written about."""
    give_mailboxes()
    collected(hall)
    counted(hall, SIPING)
    recount(hall)
    written_to(hall)
    close(hall, 45)


def test_of_a_first_count_every_counter_reads(hall):
    give_mailboxes()
    collected(hall)
    assert written_to(hall) == {1, 2}


def test_of_a_recount_only_the_counters_who_did_not_key_before_read(hall):
    recounting(hall)
    assert written_to(hall) == {3, 4}


def test_where_a_rule_keeps_every_counter_from_the_recount_all_of_them_read(hall):
    recounting(hall)
    User.objects.filter(username__in=("counter-3", "counter-4")).update(is_active=False)
    assert written_to(hall) == {1, 2}


def test_urging_the_keying_of_a_recount_reaches_only_who_may_key_it(hall):
    recounting(hall)
    key(hall, 1, 3, SIPING)
    written_to(hall)
    urge(open_task("voting.key_second").task, act=hall.town.act("clerk", at(DAY)), words="请尽快录入计票。")
    assert written_to(hall) == {4}


def test_only_of_sheets_that_wait_does_the_post_read_who_keyed(hall):
    recounting(hall)
    for waits in (True, False):
        if not waits:
            counted(hall, SIPING, pair=(3, 4))
        Told.objects.all().delete()
        Posted.objects.all().delete()
        with CaptureQueriesContext(connection) as asked:
            written_to(hall)
        assert any(Keying._meta.db_table in one["sql"] for one in asked) is waits
