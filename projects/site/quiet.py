"""What is not written to the log."""

import logging

VOTERS_PAGES = "/ballot/"


class QuietBallot(logging.Filter):
    """Drops what would be said of a request to a voter's page, but for crashes: times and order name voters (integrity.md §2.2)."""

    def filter(self, record: logging.LogRecord) -> bool:
        path = getattr(getattr(record, "request", None), "path", "")
        return bool(record.exc_info) or not str(path).startswith(VOTERS_PAGES)
