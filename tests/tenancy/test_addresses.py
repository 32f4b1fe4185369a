"""Every address of the site in every office, with what a township of another county has standing in it: nothing opens.

The addresses come from the URL configuration. A new one fails here until it says what of a township stands in it
(`records_in`), that it names no record (`WORDS`), or why anybody may open it (`PUBLIC`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client

from projects.portal.county_lists import LISTS
from tests.addresses import readable, routes, signed_in
from tests.long import LONG
from tests.purpose import WHY
from tests.tenancy.world import MARKS, Side, tenants
from workflow.audit.models import Entry
from workflow.flows.events import events
from workflow.inbox.lists import boxes
from workflow.machines.graph import machines
from workflow.people.isolation import SYSTEM, apply, of_units
from workflow.roles import registry

pytestmark = pytest.mark.django_db

Cases = dict[str, list[tuple[object, ...]]]
NOT_BY_THIS_METHOD = 405
ABOVE = ("county", "auditor", "admin")

# Why anybody may open these, by the page's name.
PUBLIC = {
    **dict.fromkeys(("text_size", "set_language"), "how the page is shown to whoever reads it"),
    **dict.fromkeys(("login", "login_code", "logout"), "the way in and out"),
    **dict.fromkeys(("invitation", "invitation_open"), "somebody new comes with the link of a letter"),
    **dict.fromkeys(
        ("trail_head_list", "trail_heads", "trail_verifier", "check_code"),
        "heads are there to be kept by anybody",
    ),
    "home": "it leads everybody to where they begin",
    "calendar_feed": "a calendar's program does not sign in: the address is the secret",
    **dict.fromkeys(("ballot_enter", "ballot_slip", "ballot"), "a deputy comes with a voting code"),
    "trackers": "receipts are published to be compared",
    **dict.fromkeys(
        ("public_home", "township", "township_year", "public_project", "paper", "document", "public_file"),
        "what has been published",
    ),
    **dict.fromkeys(
        ("propose", "propose_done", "propose_drop", "propose_step", "object", "rate", "project_sign"),
        "residents have no account",
    ),
    **dict.fromkeys(
        ("follow", "proposal", "objection", "proposal_story", "proposal_story_sheet", "ask_erasure"),
        "a resident comes with the query code",
    ),
    **dict.fromkeys(("project_story", "project_story_sheet"), "what has been published of a project"),
}

# What stands in these names no record: each shows the viewer's own.
WORDS: Cases = {
    "inbox_box": [(box.code,) for box in boxes()],
    "inbox_sheet": [(box.code,) for box in boxes()],
    "letter_address": [("wecom",)],
    "letter_wording": [("overdue", "zh-hans")],
    "rulebook_edit": [("ballot_mode",)],
    "county_file": [("xlsx",), ("docx",)],
    "county_model_edit": [("ballot_mode",)],
    "county_map_file": [("xlsx",), ("docx",)],
    "county_notes_file": [("xlsx",), ("docx",)],
    "county_list": [(code,) for code in LISTS],
    "county_list_file": [(code, "xlsx") for code in LISTS],
}

# The office at home that opens a page, where it is not the chair.
AT_HOME = {
    "trail_proof": "clerk",
    **dict.fromkeys(
        (
            "drop_filter",
            "person",
            "person_reset",
            "letter",
            "letter_digest",
            "letter_group",
            "call_meeting_off",
        ),
        "clerk",
    ),
    **dict.fromkeys(("task_copy", "vote_codes", "vote_recovery"), "chief_teller"),
    **dict.fromkeys(("grant_give", "grant_revoke", "lock_release", "person_drop_factor"), "admin"),
    **dict.fromkeys(
        ("trail_export", "trail_export_cancel", "trail_export_download", "trail_manifest"), "admin"
    ),
    **dict.fromkeys(("bulletin", "bulletin_file"), "county"),
    **dict.fromkeys(("county_file", "county_map_file", "county_notes_file", "county_model_edit"), "county"),
    **dict.fromkeys(("county_list", "county_list_file"), "county"),
    "letter_wording": "admin",
}

# Why no office at home opens these in this world.
NOT_AT_HOME = {
    "roll_import": "the roll was adopted before the vote",
    "roll_template": "the roll was adopted before the vote",
    "totals_import": "the hall has no device",
    "totals_table": "the hall has no device",
    "vote_box": "the box is handed out once the result is announced",
    "print_ballots": "nobody votes on paper",
}


def records_in(other: Side) -> Cases:
    """What of the other township stands in an address, by the page's name."""
    one, code = other.one, other.town.unit.code
    task, clerk = one["task"].pk, other.offices["clerk"]
    year, vote = (one["cycle"].pk,), (one["vote"].pk,)
    told: dict[tuple[str, ...], list[tuple[object, ...]]] = {
        ("task",): [(task,), (one["done"].pk,)],
        ("task_copy", "roll_import", "roll_template", "totals_import"): [(task,)],
        ("task_done",): [(one["done"].pk,)],
        ("totals_table",): [(task, "xlsx")],
        ("comment_file",): [(task, one["comment_file"].pk)],
        ("drop_filter",): [(one["filter"].pk,)],
        ("event",): [(event.key, one[event.kind].pk) for event in events()],
        ("act_done",): [(one["entry"].pk,)],
        ("history",): [(kind, one[kind].pk) for kind in ["unit", *(model.kind for model in machines())]],
        ("grant_give", "trail_export"): [(code,)],
        ("grant_revoke",): [(clerk.pk,)],
        ("lock_release",): [(one["lock"].pk,)],
        ("person", "person_reset", "person_drop_factor"): [(other.offices["gov_clerk"].user_id,)],
        ("stand_in_end",): [(one["stand_in"].pk,)],
        ("trail_export_cancel", "trail_export_download"): [(one["export"].pk,)],
        ("trail_manifest",): [(one["export"].entry_id,)],
        ("trail_proof",): [(one["entry"].pk,)],
        ("sitting",): [(one["sitting"].pk,)],
        ("sitting_minutes",): [(one["sitting"].pk, "docx")],
        ("meeting_call", "call_meeting_off"): [(one["call"].pk,)],
        ("meeting_call_file",): [(one["call"].pk, "docx")],
        ("session",): [(one["session"].pk,)],
        ("year", "year_proposals", "year_items"): [year],
        ("readiness", "conformance", "rehearsal", "practice", "booklet", "year_dossier"): [year],
        ("booklet_file",): [(one["cycle"].pk, "docx")],
        ("story", "story_sheet"): [
            (kind, one[kind].pk) for kind in ("proposal", "item", "project", "finding")
        ],
        ("staff_proposal",): [(one["proposal"].pk,)],
        ("item",): [(one["item"].pk,)],
        ("notice",): [(one["notice"].pk,)],
        ("project",): [(one["project"].pk,)],
        ("staff_paper",): [(one["paper"].pk,)],
        ("staff_document",): [(one["paper"].pk, "docx")],
        ("staff_file",): [(one["attachment"].pk,)],
        ("vote", "print_ballots", "hall", "hall_board"): [vote],
        ("vote_codes", "vote_recovery", "vote_box"): [vote],
        ("bulletin",): [(one["bulletin"].pk,)],
        ("bulletin_file",): [(one["bulletin"].pk, "docx")],
        ("letter",): [(one["letter"].pk,)],
        ("letter_digest",): [(one["summary"].pk,)],
        ("letter_group",): [(code, "wecom")],
    }
    return {name: given for names, given in told.items() for name in names}


@dataclass(frozen=True)
class Page:
    """An address filled in. given: what stands in it."""

    name: str
    path: str
    given: tuple[object, ...]

    @property
    def at_home(self) -> tuple[str, ...]:
        """The offices that open it where the record is at home."""
        if self.name == "event":
            return next(event.offices for event in events() if event.key == self.given[0])
        if self.given[:1] == ("bulletin",):  # the county's own record
            return ("county",)
        return (AT_HOME.get(self.name, "chair"),)


def pages_of(cases: Cases) -> Iterator[Page]:
    """Every page that these say something of, filled in."""
    for route in routes():
        for given in cases.get(route.name, ()):
            yield Page(route.name, route.filled(given), given)


def pages_of_ones_own(other: Side) -> list[Page]:
    """Every page that names no record of a township."""
    told = records_in(other)
    bare = {route.name: [()] for route in routes() if not route.parts and route.name not in PUBLIC}
    assert not set(bare) & set(told)
    return list(pages_of(WORDS | bare))


def chosen(pages: Iterable[Page], offices: list[str]) -> Iterator[tuple[str, Page]]:
    """Who calls what: in make long everybody everything; else each page by who opens it at home, and by somebody above
    a township and one of all the others in turn.
    """
    for number, page in enumerate(pages):
        turn = ABOVE if number % 2 else offices
        some = {page.at_home[number % len(page.at_home)]: None, turn[number // 2 % len(turn)]: None}
        yield from ((office, page) for office in (offices if LONG else some))


class Caller:
    """People at the site, each as they signed in. Outside a request the database shows nothing, as in production."""

    def __init__(self, side: Side) -> None:
        """Everybody signs in now, and those who look on say what they take files for.

        What a call changes may be taken back, and a sign-in within it would be too.
        """
        clients = {office: signed_in(grant) for office, grant in side.offices.items()}
        clients[""] = Client(raise_request_exception=False)
        self.clients = {office: (client, client.cookies.copy()) for office, client in clients.items()}
        for office in ABOVE:
            assert self.call(office, "post", "/purpose/", {"purpose": WHY})[0] == 302

    def call(self, office: str, method: str, path: str, data: Any = None) -> tuple[int, str]:
        """The answer's status and what it says, the place it leads to first. office: empty for nobody."""
        client, cookies = self.clients[office]
        client.cookies = cookies.copy()
        cache.clear()
        apply(of_units(()))
        answer = getattr(client, method)(path, data)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        apply(SYSTEM)
        place = answer.headers.get("Location", "")
        assert not office or not place.startswith("/login/"), f"{office} is no longer signed in at {path}"
        return answer.status_code, f"{place}\n{readable(body)}"

    def tried(
        self, office: str, method: str, path: str, data: Any = None, after: Callable[[], Any] = lambda: None
    ) -> tuple[int, str, Any]:
        """The same, whatever it changes taken back; with what `after` finds before that."""
        with transaction.atomic():
            status, said = self.call(office, method, path, data)
            found = after()
            transaction.set_rollback(True)
        return status, said, found


@pytest.fixture
def inside_caller(inside: Side) -> Caller:
    return Caller(inside)


def state_of(side: Side) -> dict[str, str]:
    """A digest of everything a township and its county have, by table; and of its people and their locks."""
    which = {model._meta.db_table: f"{column} = ANY (%(units)s)" for model, column in tenants().items()}
    which |= dict.fromkeys(("workflow_user", "axes_accessattempt"), "username LIKE %(people)s")
    which["viewflow_task"] = "id IN (SELECT task_id FROM workflow_deadline WHERE unit_id = ANY (%(units)s))"
    digest = "md5(coalesce(string_agg(one::text, '|' ORDER BY one::text), ''))"
    asked = [f"SELECT '{table}', {digest} FROM {table} one WHERE {rows}" for table, rows in which.items()]
    given = {"units": side.units, "people": f"%@{side.town.unit.code}"}
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(asked), given)
        return dict(cursor.fetchall())


def changed(before: dict[str, str], side: Side) -> list[str]:
    """The tables in which something of the township is no longer as it was."""
    after = state_of(side)
    return sorted(table for table in before if before[table] != after[table])


def forged(other: Side) -> dict[str, Any]:
    """What a form may name a record by, each with one of the other township's."""
    one, office = other.one, other.offices["clerk"]
    return {
        "grant": office.pk, "task": [one["task"].pk, one["done"].pk], "person": office.user_id, "to": office.user_id,
        "unit": other.town.unit.code, "username": office.user.username, "letters": [one["letter"].pk],
        "copy": ["1"], "vote": one["vote"].pk, "cycle": one["cycle"].pk, "place": office.pk, "op": "confirm",
        "reason": "试一试", "subject": one["project"].reference, "form": "csv", "year": 2027,
    }  # fmt: skip


# ------------------------------------------------------------------------------------- what is tried


def test_every_address_says_what_of_a_township_stands_in_it(other):
    told, known = records_in(other), []
    for route in routes():
        lists = [PUBLIC, told, WORDS] if route.parts else [PUBLIC]
        known.append(route.name)
        assert route.name, f"{route.path}: give the address a name"
        if route.parts:
            assert sum(route.name in one for one in lists) == 1, (
                f"{route.path}: say in records_in() what of a township stands in it, in WORDS that it names no record, "
                f"or in PUBLIC why anybody may open it"
            )
    assert {name for one in (PUBLIC, told, WORDS, AT_HOME, NOT_AT_HOME) for name in one} <= set(known)
    assert [name for name, given in told.items() if not given] == []


@pytest.mark.long
def test_no_office_opens_or_changes_what_another_township_has(inside, other, inside_caller):
    assert set(inside.offices) == {office.code for office in registry.offices()}
    before, entries = state_of(other), Entry.objects.filter(unit__in=other.units).count()
    opened, calls = [], 0
    for office, page in chosen(pages_of(records_in(other)), sorted(inside.offices)):
        answers = [
            inside_caller.call(office, method, page.path, {"op": "confirm", "reason": "试一试"})
            for method in ("get", "post")
        ]
        calls += len(answers)
        statuses = {status for status, _said in answers} - {NOT_BY_THIS_METHOD}
        # Whoever does such an act at home is told that there is no such record, not that the act is another's.
        refused = (
            statuses == {404} if page.name == "event" and office in page.at_home else statuses <= {403, 404}
        )
        if not statuses or not refused or any(mark in said for _status, said in answers for mark in MARKS):
            opened.append(f"{office} {page.path}: {[status for status, _said in answers]}")
    assert opened == []
    assert calls > 400
    assert changed(before, other) == []
    assert Entry.objects.filter(unit__in=other.units).count() == entries


@pytest.mark.long
def test_pages_of_ones_own_say_nothing_of_another_township_whatever_they_are_asked(
    inside, other, inside_caller
):
    before, asked, told = state_of(other), forged(other), []
    for office, page in chosen(pages_of_ones_own(other), sorted(inside.offices)):
        for method in ("get", "post"):
            status, said, harm = inside_caller.tried(
                office,
                method,
                page.path,
                asked,
                lambda method=method: changed(before, other) if method == "post" else [],
            )
            if status >= 500 or harm or any(mark in said for mark in MARKS):
                told.append(f"{office} {method} {page.path}: {status} {harm}")
    assert told == []


@pytest.mark.long
def test_whoever_has_not_signed_in_is_sent_to_the_entrance(other, inside_caller):
    before, opened = state_of(other), []
    pages = [*pages_of(records_in(other)), *pages_of_ones_own(other)]
    once = pages if LONG else {page.name: page for page in pages}.values()
    for page, method in product(once, ("get", "post")):
        status, said = inside_caller.call("", method, page.path)
        asked_in = (status == 302 and said.startswith("/login/")) or status in (401, 403, NOT_BY_THIS_METHOD)
        if not asked_in or any(mark in said for mark in MARKS):
            opened.append(f"{method} {page.path}: {status}")
    assert opened == []
    assert changed(before, other) == []


def test_its_own_offices_open_the_same_addresses(other):
    caller, closed = Caller(other), []
    for page in pages_of(records_in(other)):
        if page.name in ("event", *NOT_AT_HOME):
            continue
        answers = [
            caller.tried(page.at_home[0], method, page.path, {"reason": "归档"})[0]
            for method in ("get", "post")
        ]
        if not {200, 302} & set(answers):
            closed.append(f"{page.at_home[0]} {page.path}: {answers}")
    assert "\n".join(closed) == ""


def test_what_names_no_record_is_there_for_its_office_at_home(other):
    caller, closed = Caller(other), []
    for page in pages_of(WORDS):
        (office,) = page.at_home
        status = caller.tried(office, "get", page.path)[0]
        if status != 200:
            closed.append(f"{office} {page.path}: {status}")
    assert "\n".join(closed) == ""
    assert caller.tried("chair", "get", "/inbox/claim/")[0] == 404
    assert caller.tried("county", "get", "/county/list/overdue/")[0] == 404


def test_an_act_is_open_to_the_office_at_home_that_is_offered_it(other):
    caller, open_to = Caller(other), set()
    for page in pages_of(records_in(other)):
        if page.name == "event":
            office = page.at_home[0]
            status = caller.tried(office, "get", page.path)[0]
            assert status in (200, 403), f"{office} {page.path}: {status}"
            open_to |= {page.given[0]} if status == 200 else set()
    assert len(open_to) > 20, sorted(open_to)
