"""How long papers are kept, and what an archive calls them. No database."""

from __future__ import annotations

from datetime import date

from projects.cycles.keeping import CODES, DECISIONS, ROUTINE, Shelf, archived_until, class_of, terms_of
from projects.cycles.papers import KINDS
from projects.cycles.rulebook import Rules
from projects.cycles.rulebook.retention import ARCHIVED


def test_a_term_of_archives_runs_from_the_year_after_the_file():
    assert archived_until(2027, "10") == date(2037, 12, 31)
    assert archived_until(2027, "30") == date(2057, 12, 31)
    assert archived_until(2027, "permanent") is None


def test_every_paper_has_a_class_and_the_classes_name_real_papers():
    assert set(KINDS) >= DECISIONS | ROUTINE and not DECISIONS & ROUTINE
    assert {class_of(kind) for kind in KINDS} == {"decisions", "business", "routine"}
    assert class_of("erasure_certificate") == class_of("resolution") == "decisions"


def test_an_item_is_kept_as_its_years_rulebook_says_and_named_so():
    shelf = Shelf(2027, terms_of(Rules().with_values({"business_archived": "10"})), "X012", before=40)
    assert (shelf.term_of("resolution"), shelf.term_of("acceptance"), shelf.term_of("")) == (
        "permanent",
        "10",
        "10",
    )
    assert shelf.code_of(3, "permanent") == "X012-WS·2027-Y-0043"
    assert shelf.code_of(4, "10") == "X012-WS·2027-D10-0044"
    assert set(CODES) == set(ARCHIVED)


def test_without_a_fonds_the_receiving_archive_numbers_the_items_itself():
    assert Shelf(2027, terms_of(Rules())).code_of(1, "30") == ""
