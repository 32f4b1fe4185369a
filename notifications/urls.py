"""Addresses of the letters."""

from django.urls import path

from notifications import office, settings_pages, views, wording_pages

urlpatterns = [
    path("messages/", views.letters, name="letters"),
    path("messages/read/", views.read_all, name="letters_read"),
    path("messages/<int:number>/", views.letter, name="letter"),
    path("messages/<int:number>/digest/", views.digest, name="letter_digest"),
    path("messages/settings/", settings_pages.settings_page, name="letter_settings"),
    path("messages/settings/choice/", settings_pages.choose, name="letter_choice"),
    path("messages/settings/email/", settings_pages.own_mailbox, name="letter_mailbox"),
    path("messages/settings/<slug:channel>/", settings_pages.own_address, name="letter_address"),
    path("post/outside/", office.deliveries, name="letters_outside"),
    path("post/outside/again/", office.again, name="letters_again"),
    path("post/received/", office.received, name="letters_received"),
    path("post/wording/", wording_pages.wordings, name="letter_wordings"),
    path("post/wording/<slug:letter>/<slug:language>/", wording_pages.edit, name="letter_wording"),
    path("post/groups/", settings_pages.groups, name="letter_groups"),
    path("post/groups/<str:code>/<slug:channel>/", settings_pages.group_address, name="letter_group"),
]
