"""Addresses of the letters."""

from django.urls import path

from notifications import views

urlpatterns = [
    path("messages/", views.letters, name="letters"),
    path("messages/read/", views.read_all, name="letters_read"),
    path("messages/<int:number>/", views.letter, name="letter"),
]
