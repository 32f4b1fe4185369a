"""What a rule says: a Chinese sentence that keeps what it was made of, so that whoever shows it may say it in another
language (`people.saying.said_again`). Pure: rules know no framework. Rooms import `sentence` as `_`, so that the
catalogue finds their texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Self

from workflow.people.texts import in_words


class Sentence(str):
    """A text with the message it was filled from. values: what fills it, by name; None where nothing does."""

    __slots__ = ("msgid", "values")
    msgid: str
    values: Any

    @classmethod
    def filled(cls, text: str, msgid: str, values: Any) -> Self:
        made = cls(text if values is None else text % values)
        made.msgid, made.values = msgid, values
        return made

    def __mod__(self, values: Any) -> Sentence:
        return sentence(self.msgid, values)


def sentence(msgid: str, values: Mapping[str, Any] | None = None) -> Sentence:
    """A rule's sentence in Chinese; a day that fills it is told as an official writes it."""
    told = Sentence.filled(msgid, msgid, values and {name: _told(one) for name, one in values.items()})
    told.values = values
    return told


def _told(value: Any) -> Any:
    return in_words(value) if isinstance(value, date) else value
