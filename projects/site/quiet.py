"""What is not written to the log."""

import logging

VOTERS_PAGES = "/ballot/"
LETTERS_PAGES = "/invitation/"


class QuietBallot(logging.Filter):
    """Drops what would be said of a request to a voter's page, but for crashes: times and order name voters (integrity.md §2.2)."""

    def filter(self, record: logging.LogRecord) -> bool:
        path = getattr(getattr(record, "request", None), "path", "")
        if str(path).startswith(LETTERS_PAGES):
            _name_page_alone(record, str(path))
        return bool(record.exc_info) or not str(path).startswith(VOTERS_PAGES)


def _name_page_alone(record: logging.LogRecord, path: str) -> None:
    """The link of a letter to somebody new is a secret until it is used: the log says that it was followed, not which."""
    given = record.args if isinstance(record.args, tuple) else ()
    record.args = tuple(LETTERS_PAGES if one == path else one for one in given)
