"""The demonstration county as it is built: a part of its townships in make test, all of them in make long."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from io import StringIO
from itertools import zip_longest
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.utils.module_loading import import_string
from pytest_django import DjangoDbBlocker

from projects.ballots.models import Vote
from projects.cycles.models import Cycle, CycleState
from projects.demo.county import CURTAIN_HOUR, MEETING, TODAY, Builder
from projects.demo.mark import Found, Stands, found
from projects.demo.play.stage import planned
from projects.demo.programme import COUNTY, PROGRAMME, Play, Year, cases
from tests.databases import Server, connected_to
from tests.long import sized
from workflow.audit.models import Entry
from workflow.flows.models import Deadline
from workflow.flows.sittings import may_be_joined
from workflow.inbox.meetings import LEAST_MATTERS
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit
from workflow.roles.models import RoleGrant

pytestmark = [pytest.mark.long, pytest.mark.minutes]

# One that builds, after a printed case; one on the day of its vote; one that collects: the cheapest that show so much.
FIRST = ("SF04", "SF03", "SF08")
PLAYS = sorted(PROGRAMME, key=lambda play: FIRST.index(play.code) if play.code in FIRST else len(FIRST))
ALL = len(PROGRAMME)
BUILT = PLAYS[: sized("townships", len(FIRST), ALL)]


@contextmanager
def county_of(
    server: Server, template: str, plays: Sequence[Play], *, today: date = TODAY, seed: int = 1
) -> Iterator[str]:
    """A database of its own with these townships, built as the command builds them."""
    name = server.clone(template)
    try:
        with connected_to(name):
            builder = Builder(today, seed, lambda words: None, plays)
            builder.build()
            call_command("demo_letters", stdout=StringIO())
            builder.finish()
            yield name
    finally:
        server.drop(name)


@pytest.fixture(scope="module")
def built(
    database_server: Server, template_database: str, django_db_blocker: DjangoDbBlocker
) -> Iterator[str]:
    """The database of the county, built once for the module; tests do no more in it than sign in."""
    made = county_of(database_server, template_database, BUILT)
    with django_db_blocker.unblock(), made as name, django_db_blocker.block():
        yield name


@pytest.fixture
def county(built: str, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    with django_db_blocker.unblock(), connected_to(built):
        yield built


def verified() -> str:
    """What verify_trail says of every chain; a broken one ends it with 1."""
    out = StringIO()
    try:
        call_command("verify_trail", stdout=out)
    except SystemExit as ended:
        assert ended.code == 0, out.getvalue()
    return out.getvalue()


def entries(**which: Any) -> list[dict[str, Any]]:
    with within(SYSTEM):
        bodies = list(Entry.objects.filter(**which).order_by("id").values_list("body", flat=True))
    return [json.loads(body) for body in bodies]


def states() -> dict[str, list[str]]:
    """The states of every township's years, the earliest first."""
    told: dict[str, list[str]] = {}
    with within(SYSTEM):
        for code, state in Cycle.objects.order_by("unit__code", "year").values_list("unit__code", "state"):
            told.setdefault(code, []).append(state)
    return told


@pytest.mark.skipif(MEETING not in {play.code for play in BUILT}, reason="built with the whole county alone")
def test_a_presidium_has_several_matters_for_one_meeting(county: str) -> None:
    with within(SYSTEM):
        waiting = Deadline.objects.filter(
            unit__code=MEETING, office="presidium", done_at=None, cancelled=False
        )
        joined = [one for one in waiting.select_related("task") if may_be_joined(one.task.flow_task)]
    assert len(joined) >= LEAST_MATTERS


def test_its_trails_are_whole_and_say_that_it_is(county: str, size: Callable[..., int]) -> None:
    assert size("townships", len(FIRST), ALL) == len(BUILT)
    verified()
    assert found() == Found(Stands.WHOLE, TODAY, 1)
    with within(SYSTEM):
        halls = set(Unit.objects.filter(parent__code=COUNTY).values_list("code", flat=True))
    assert halls == {play.code for play in BUILT}


def test_nothing_was_written_past_the_acts_and_nothing_lies_after_the_day_it_stands_at(county: str) -> None:
    told = entries()
    assert not {entry["action"] for entry in told if entry["action"].startswith("row.")}
    # The trail's own signing key is taken into use when it is first needed, by the clock of the machine.
    with within(SYSTEM):
        played = Entry.objects.exclude(action="trail.key")
        assert not played.filter(at__gt=planned(TODAY, CURTAIN_HOUR)).exists()


def test_its_townships_stand_at_the_steps_the_programme_gives_them(county: str) -> None:
    told, whole = states(), len(BUILT) == ALL
    assert (told["SF04"], told["SF03"], told["SF08"]) == (
        [CycleState.SUPERVISING],
        [CycleState.VOTING],
        [CycleState.COLLECTING],
    )
    steps = {entry["step"] for entry in entries()} - {None}
    assert steps == ({1, 2, 3, 4, 5, 6} if whole else {1, 2, 3, 4, 5})
    if whole:
        now = {state for of_one in told.values() for state in of_one}
        assert set(CycleState.values) - {CycleState.ENDED} <= now
        assert sum(CycleState.CLOSED in of_one for of_one in told.values()) >= 2
        assert any(year.number == 1 for play in BUILT for year in play.years)


def voted() -> list[tuple[Play, Year, Vote]]:
    """Every year after a printed case whose vote is declared."""
    found: list[tuple[Play, Year, Vote]] = []
    with within(SYSTEM):
        for play in BUILT:
            for year in (year for year in play.years if year.case):
                cycle = Cycle.objects.filter(unit__code=play.code, year=TODAY.year + year.year_from_today)
                votes = Vote.objects.filter(
                    about_reference__in=[one.reference for one in cycle], purpose="projects", state="declared"
                )
                found += [(play, year, vote) for vote in votes]
    return found


def printed(case: dict[str, Any]) -> dict[str, int]:
    """Votes for each project as the case prints them."""
    rows = ((row["name"], row.get("approve", row.get("votes"))) for row in case.get("projects", ()))
    return {name: votes for name, votes in rows if votes is not None}


def test_what_the_cases_print_stands_in_the_count_and_on_the_public_page(county: str) -> None:
    shown = voted()
    assert "SF04" in {play.code for play, _year, _vote in shown}
    for play, year, vote in shown:
        case = cases()[year.case]
        assert vote.seats == case["seats"], play.code
        assert case.get("deputies_present") in (None, vote.deputies_present), play.code
        sums = {title: one["for"] for title, one in vote.figures["sums"].items()}
        assert len(sums) == case["candidates"], play.code
        assert printed(case).items() <= sums.items(), play.code
        page = Client().get(f"/t/{play.code}/{TODAY.year + year.year_from_today}/").content.decode()
        assert [title for title in printed(case) if title not in page] == [], play.code


def test_everybody_whose_turn_it_is_signs_in_and_finds_it_and_nothing_of_another_township(
    county: str,
) -> None:
    out = StringIO()
    call_command("cast", "--json", stdout=out)
    cast = {(row["office"], row["unit"]): row for row in json.loads(out.getvalue())}
    turns: dict[tuple[str, str], list[int]] = {}
    with within(SYSTEM):
        held = RoleGrant.objects.values_list("user__username", "office", "unit__code", "pk")
        grants = {(username, office, seat): pk for username, office, seat, pk in held}
        names = dict(Unit.objects.filter(parent__code=COUNTY).values_list("code", "name"))
        waiting = Deadline.objects.filter(
            unit__parent__code=COUNTY, done_at=None, cancelled=False, task__status="NEW"
        )
        for task, office, seat in waiting.values_list("task_id", "office", "seat__code").order_by("due_on"):
            turns.setdefault((office, seat), []).append(task)
    halls = {seat[:4] for _office, seat in turns}
    assert halls == {play.code for play in BUILT}
    foreign = {
        hall: next(tasks[0] for (_, seat), tasks in turns.items() if seat[:4] != hall) for hall in halls
    }
    for (office, seat), tasks in turns.items():
        if (office, seat) not in cast:
            continue  # a body's own, whose record an office keeps
        row, hall, client = cast[office, seat], seat[:4], Client()
        client.post("/login/", {"username": row["username"], "password": row["password"]})
        client.post("/office/", {"grant": grants[row["username"], office, seat]})
        page = client.get("/inbox/").content.decode()
        assert f"/tasks/{tasks[0]}/" in page, (office, seat)
        assert [name for code, name in names.items() if code != hall and name in page] == [], (office, seat)
        assert client.get(f"/tasks/{foreign[hall]}/").status_code in (403, 404), (office, seat)


def acts_and_figures(code: str) -> tuple[list[tuple[Any, ...]], list[Any]]:
    """What was done in a township, by whom and when, and what was counted; without the numbers of rows.

    And without what its county wrote to it, and the answers: that goes to the first of the townships there are.
    """
    told = ("at", "action", "actor", "office", "step", "label", "reason")
    played = (
        entry
        for entry in entries(unit__code=code)
        if not entry["action"].startswith(("auth.", "oversight."))
        and not entry["subject"].startswith("note:")
    )
    done = [tuple(entry[name] for name in told) for entry in played]
    with within(SYSTEM):
        votes = Vote.objects.filter(unit__code=code).order_by("id")
        counted = [(vote.title, vote.state, vote.figures.get("sums"), vote.outcome) for vote in votes]
    return done, counted


def test_the_same_seed_plays_the_same_acts_with_the_same_figures(
    county: str, database_server: Server, template_database: str, size: Callable[..., int]
) -> None:
    again = PLAYS[1 : 1 + size("townships_again", 1, 6)]
    first = {play.code: acts_and_figures(play.code) for play in again}
    with county_of(database_server, template_database, again):
        for code, (acts, figures) in first.items():
            acts_again, figures_again = acts_and_figures(code)
            pairs = zip_longest(acts, acts_again)
            assert [(before, now) for before, now in pairs if before != now][:3] == [], code
            assert figures_again == figures, code


def test_a_county_around_another_day_has_the_same_years_around_it(
    county: str, database_server: Server, template_database: str, size: Callable[..., int]
) -> None:
    collecting = [play for play in PROGRAMME if play.code == "SF08"]
    drawn = random.Random(2)
    for _ in range(size("days", 1, 12)):
        today = TODAY + timedelta(days=drawn.randint(-400, 400))
        with county_of(database_server, template_database, collecting, today=today):
            verified()
            assert found() == Found(Stands.WHOLE, today, 1)
            with within(SYSTEM):
                cycle = Cycle.objects.get(unit__code="SF08")
                last = Entry.objects.filter(unit=cycle.unit).order_by("-at").values_list("at", flat=True)[0]
            assert (cycle.state, cycle.year) == (CycleState.COLLECTING, today.year + 1), today
            assert timedelta(0) <= planned(today, CURTAIN_HOUR) - last < timedelta(days=5), today


SWEEPS = sorted(
    {str(one["task"]) for one in settings.CELERY_BEAT_SCHEDULE.values()} - {"projects.site.tasks.make_backup"}
)


def test_what_the_system_begins_by_itself_is_written_down_like_any_act(
    county: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last of the module: it moves the county on."""
    for days in (1, 45):
        moment = planned(TODAY + timedelta(days=days), CURTAIN_HOUR)
        monkeypatch.setattr("django.utils.timezone.now", lambda moment=moment: moment)
        for name in SWEEPS:
            import_string(name)()
    begun = {entry["action"] for entry in entries(at__gt=planned(TODAY, CURTAIN_HOUR))}
    assert "project.ask_progress" in begun, "the sweeps had something to begin"
    assert not {action for action in begun if action.startswith("row.")}
