"""Addresses of the staff's pages over several rooms."""

from django.contrib.auth.decorators import login_required
from django.urls import path

from projects.portal import staff

urlpatterns = [
    path("home/", staff.home, name="home"),
    path("years/", login_required(staff.years), name="years"),
    path("years/start/", login_required(staff.start), name="start_year"),
    path("years/<int:pk>/", login_required(staff.year), name="year"),
    path("projects/", login_required(staff.projects), name="projects"),
    path("pool/", login_required(staff.pool), name="pool"),
    path("projects/<int:pk>/", login_required(staff.project), name="project"),
    path("papers-on-file/<int:pk>/", login_required(staff.paper), name="staff_paper"),
    path("files-on-file/<int:pk>/", login_required(staff.staff_file), name="staff_file"),
    path("votes/", login_required(staff.sessions), name="sessions"),
    path("votes/<int:pk>/", login_required(staff.vote), name="vote"),
    path("rulebook/", login_required(staff.rulebook), name="rulebook"),
    path("rulebook/<str:key>/", login_required(staff.rulebook_edit), name="rulebook_edit"),
    path("seat-table/", login_required(staff.seat_table), name="seat_table"),
    path("trail/", login_required(staff.trail), name="trail"),
    path("county/", login_required(staff.county), name="county"),
]
