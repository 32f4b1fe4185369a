"""Addresses of the staff's pages over several rooms."""

from django.contrib.auth.decorators import login_required
from django.urls import path

from projects.portal import (
    ballots,
    before_vote,
    county,
    county_map,
    county_papers,
    county_screen,
    county_words,
    documents,
    matters,
    meetings,
    roll,
    staff,
    totals,
    voter_practice,
    week,
)

urlpatterns = [
    path("home/", staff.home, name="home"),
    path("meetings/<int:pk>/", login_required(meetings.sitting), name="sitting"),
    path(
        "meetings/<int:pk>/<slug:ending>/", login_required(meetings.sitting_minutes), name="sitting_minutes"
    ),
    path("week/", login_required(week.week), name="week"),
    path("years/", login_required(staff.years), name="years"),
    path("years/start/", login_required(staff.start), name="start_year"),
    path("years/<int:pk>/", login_required(staff.year), name="year"),
    path("years/<int:pk>/proposals/", login_required(matters.proposals), name="year_proposals"),
    path("years/<int:pk>/items/", login_required(matters.items), name="year_items"),
    path("years/<int:pk>/readiness/", login_required(before_vote.readiness), name="readiness"),
    path("years/<int:pk>/rehearsal/", login_required(before_vote.rehearsal), name="rehearsal"),
    path("years/<int:pk>/practice/", login_required(voter_practice.practice), name="practice"),
    path("tasks/<int:task_id>/roll/", login_required(roll.roll_import), name="roll_import"),
    path("tasks/<int:task_id>/roll/template/", login_required(roll.roll_template), name="roll_template"),
    path("proposals-on-file/<int:pk>/", login_required(matters.proposal), name="staff_proposal"),
    path("items/<int:pk>/", login_required(matters.item), name="item"),
    path("notices/<int:pk>/", login_required(matters.notice), name="notice"),
    path("tasks/<int:task_id>/totals/", login_required(totals.totals_import), name="totals_import"),
    path(
        "tasks/<int:task_id>/totals/<slug:ending>/",
        login_required(totals.totals_table),
        name="totals_table",
    ),
    path("projects/", login_required(staff.projects), name="projects"),
    path("pool/", login_required(staff.pool), name="pool"),
    path("projects/<int:pk>/", login_required(staff.project), name="project"),
    path("papers-on-file/<int:pk>/", login_required(staff.paper), name="staff_paper"),
    path(
        "papers-on-file/<int:pk>/<slug:ending>/",
        login_required(documents.staff_document),
        name="staff_document",
    ),
    path("files-on-file/<int:pk>/", login_required(staff.staff_file), name="staff_file"),
    path("votes/", login_required(staff.sessions), name="sessions"),
    path("votes/<int:pk>/", login_required(staff.vote), name="vote"),
    path("votes/<int:pk>/ballots/", login_required(ballots.print_ballots), name="print_ballots"),
    path("rulebook/", login_required(staff.rulebook), name="rulebook"),
    path("rulebook/<str:key>/", login_required(staff.rulebook_edit), name="rulebook_edit"),
    path("seat-table/", login_required(staff.seat_table), name="seat_table"),
    path("trail/", login_required(staff.trail), name="trail"),
    path("county/", login_required(county.county), name="county"),
    path("county/file/<slug:ending>/", login_required(county_papers.county_file), name="county_file"),
    path("county/map/", login_required(county_map.county_map), name="county_map"),
    path("county/screen/", login_required(county_screen.county_screen), name="county_screen"),
    path("county/list/<slug:code>/", login_required(county.county_list), name="county_list"),
    path(
        "county/list/<slug:code>/file/<slug:ending>/",
        login_required(county_papers.county_list_file),
        name="county_list_file",
    ),
    path("county/words/", login_required(county_words.county_words), name="county_notes"),
]
