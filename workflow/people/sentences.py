"""What a rule says: a Chinese sentence that keeps what it was made of, so that whoever shows it may say it in another
language (`people.saying.said_again`; a page does it by itself). Pure: rules know no framework. Rooms import `sentence`
as `_`, so that the catalogue finds their texts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from html import escape
from typing import Any, ClassVar, Self

from workflow.people.texts import in_words


class Sentence(str):
    """A text with the message it was filled from. values: what fills it, by name; None where nothing does.

    reader: how it is said to whoever reads the page it stands on; `people.saying` knows their language.
    """

    __slots__ = ("msgid", "values")
    reader: ClassVar[Callable[[Sentence], str]] = str
    msgid: str
    values: Any

    @classmethod
    def filled(cls, text: str, msgid: str, values: Any) -> Self:
        made = cls(text if values is None else text % values)
        made.msgid, made.values = msgid, values
        return made

    def __mod__(self, values: Any) -> Sentence:
        return sentence(self.msgid, values)

    def __html__(self) -> str:
        return escape(Sentence.reader(self))


def sentence(msgid: str, values: Mapping[str, Any] | None = None) -> Sentence:
    """A rule's sentence in Chinese; a day that fills it is told as an official writes it."""
    told = Sentence.filled(msgid, msgid, values and {name: _told(one) for name, one in values.items()})
    told.values = values
    return told


def _told(value: Any) -> Any:
    return in_words(value) if isinstance(value, date) else value


_ = sentence
IN_A_ROW = _("%(first)s、%(rest)s")


class Clause(Sentence):
    """A sentence as a part of another: without the stop at its end, whatever language it is said in."""

    __slots__ = ()


def clause(text: str) -> str:
    """A sentence without its stop; a text that keeps no message stays as it is but for that."""
    if not isinstance(text, Sentence):
        return text.rstrip("。.")
    part = Clause(text.rstrip("。."))
    part.msgid, part.values = text.msgid, text.values
    return part


def in_a_row(texts: Sequence[str], parted: Sentence = IN_A_ROW) -> str:
    """Texts one after another, parted as each language parts them; empty for none."""
    if len(texts) < 2:
        return texts[0] if texts else ""
    return parted % {"first": texts[0], "rest": in_a_row(texts[1:], parted)}
