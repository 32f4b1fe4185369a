"""What may go wrong on the way."""

from __future__ import annotations

NOT_NEEDED = "not needed"  # why a letter was not delivered that its reader has no use for any more


class NotDelivered(Exception):
    """The letter has surely not left; trying again cannot double it."""


class TooFast(NotDelivered):
    """The service takes no more for the moment; that is nobody's failure, and the others for it should wait too."""


class InDoubt(Exception):
    """The letter may have left or may not: it is never sent again by itself. The text names no address."""
