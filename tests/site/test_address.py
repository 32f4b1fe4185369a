"""Whose address is counted when log-ins fail."""

from __future__ import annotations

import pytest
from django.test import RequestFactory
from pytest_django.fixtures import Settings

from projects.site.address import client_address


@pytest.mark.parametrize(
    ("proxies", "passed", "expected"),
    [
        (0, "", "10.0.0.9"),
        (0, "1.2.3.4", "10.0.0.9"),
        (1, "1.2.3.4", "1.2.3.4"),
        (1, "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        (2, "6.6.6.6, 1.2.3.4, 10.0.0.1", "1.2.3.4"),
        (2, "6.6.6.6", "10.0.0.9"),
        (1, "", "10.0.0.9"),
    ],
)
def test_only_declared_proxies_are_believed(
    settings: Settings, proxies: int, passed: str, expected: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.9", HTTP_X_FORWARDED_FOR=passed)
    assert client_address(request) == expected
