"""Addresses of a vote by device: the voter's pages, the desk's, the screen of the hall."""

from django.contrib.auth.decorators import login_required
from django.urls import path

from projects.portal import hall, polling, voter

urlpatterns = [
    path("ballot/", voter.enter, name="ballot_enter"),
    path("ballot/c/<str:query_code>/", voter.enter_from_slip, name="ballot_slip"),
    path("ballot/paper/", voter.ballot, name="ballot"),
    path("papers/<int:number>/trackers/", voter.trackers, name="trackers"),
    path("votes/<int:pk>/codes/", login_required(polling.codes), name="vote_codes"),
    path("votes/<int:pk>/recovery/", login_required(polling.recovery), name="vote_recovery"),
    path("votes/<int:pk>/box/", login_required(polling.box), name="vote_box"),
    path("votes/count_box.py", login_required(polling.counting_tool), name="counting_tool"),
    path("hall/<int:pk>/", login_required(hall.screen), name="hall"),
    path("hall/<int:pk>/board/", hall.board, name="hall_board"),
]
