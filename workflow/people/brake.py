"""A simple brake: how often something may be done within an hour."""

from __future__ import annotations

from django.core.cache import cache

HOUR = 60 * 60


def is_beyond(limit: int, key: str) -> bool:
    """Count one more act under a key and say whether the hour has had more than `limit` of them."""
    cache.add(f"brake:{key}", 0, HOUR)
    try:
        return cache.incr(f"brake:{key}") > limit
    except ValueError:  # the hour ended between the two calls
        return False
