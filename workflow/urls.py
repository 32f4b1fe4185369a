"""Addresses of the engine's pages."""

from django.contrib.auth.decorators import login_required
from django.urls import include, path

from workflow.administration.inbox_sheet import inbox_sheet
from workflow.inbox import (
    acts_done,
    bulk,
    calendars,
    copying,
    keeping,
    lists,
    meeting_record,
    meetings,
    views,
)

urlpatterns = [
    path("", include("workflow.administration.urls")),
    path("inbox/", login_required(lists.inbox), name="inbox"),
    path("inbox/several/", login_required(bulk.several), name="several"),
    path("inbox/assign/", login_required(bulk.assign), name="assign"),
    path("inbox/filters/", login_required(keeping.keep_filter), name="keep_filter"),
    path("inbox/filters/<int:number>/delete/", login_required(keeping.drop_filter), name="drop_filter"),
    path("inbox/copies/read/", login_required(bulk.read_copies), name="read_copies"),
    path("inbox/copies/", login_required(copying.box), name="copies"),
    path("inbox/<slug:box>/export/", inbox_sheet, name="inbox_sheet"),
    path("inbox/<slug:box>/", login_required(lists.inbox), name="inbox_box"),
    path("office/", login_required(lists.switch_office), name="switch_office"),
    path("tasks/<int:task_id>/", login_required(views.task_page), name="task"),
    path("tasks/<int:task_id>/done/", login_required(views.task_done), name="task_done"),
    path("tasks/<int:task_id>/copy/", login_required(copying.copy_page), name="task_copy"),
    path("tasks/<int:task_id>/files/<int:number>/", login_required(views.comment_file), name="comment_file"),
    path("meetings/", login_required(meetings.waiting), name="meetings"),
    path("meetings/call/", login_required(meetings.call_meeting), name="call_meeting"),
    path("meetings/call/<int:pk>/off/", login_required(meetings.call_meeting_off), name="call_meeting_off"),
    path("meetings/record/", login_required(meeting_record.record), name="meeting_record"),
    path("calendar/", login_required(calendars.month), name="calendar"),
    path("calendar/link/", login_required(calendars.feed_link), name="calendar_link"),
    path("calendar/<str:token>.ics", calendars.feed, name="calendar_feed"),
    path("do/<str:key>/<int:number>/", login_required(views.event_page), name="event"),
    path("acts/<int:number>/done/", login_required(acts_done.act_done), name="act_done"),
    path("history/<slug:kind>/<int:number>/", login_required(views.history), name="history"),
]
