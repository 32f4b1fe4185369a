"""What those who look on say before the first file they take away on a day."""

from __future__ import annotations

from django.test import Client

from workflow.people.isolation import SYSTEM, apply

WHY = "主任会议汇报"


def say_purpose(client: Client, words: str = WHY) -> None:
    """Say it on its page, in the office the client is signed in to."""
    assert client.post("/purpose/", {"purpose": words}).status_code == 302
    apply(SYSTEM)
