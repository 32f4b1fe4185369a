"""What may go wrong on the way."""

from __future__ import annotations


class NotDelivered(Exception):
    """The letter has surely not left; trying again cannot double it."""
